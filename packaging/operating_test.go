package main

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A block is a fenced block of docs/operating.md.
type block struct{ language, text string }

// section gives the blocks of docs/operating.md below a heading, up to the next.
func section(t *testing.T, heading string) []block {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "docs", "operating.md"))
	if err != nil {
		t.Fatal(err)
	}
	var found []block
	here, inside, indent := false, false, ""
	for line := range strings.Lines(string(page)) {
		trimmed := strings.TrimSpace(line)
		fence, isFence := strings.CutPrefix(trimmed, "```")
		switch {
		case isFence && !inside:
			inside, indent = true, line[:strings.Index(line, "`")]
			if here {
				found = append(found, block{language: fence})
			}
		case isFence:
			inside = false
		case inside && here:
			found[len(found)-1].text += strings.TrimPrefix(line, indent)
		case !inside && strings.HasPrefix(line, "#"):
			here = strings.TrimLeft(trimmed, "# ") == heading
		}
	}
	if len(found) == 0 {
		t.Fatalf("docs/operating.md has no blocks below %q", heading)
	}
	return found
}

// An administrator carries out docs/operating.md on a machine.
type administrator struct {
	m         *machine
	s         *service          // nil while it is stopped
	away      string            // a folder of another machine, for backups
	passwords map[string]string // by e-mail address
	done      map[string]bool   // lines that instead has
}

// instead has the lines of the page that are not run as they stand, with the
// reason, and what is done in their place.
var instead = map[string]func(t *testing.T, a *administrator){
	// apt asks the network for what the package recommends.
	"apt install ./contactsd_*_amd64.deb": func(t *testing.T, a *administrator) {
		a.run(t, "dpkg -i ./contactsd_*_"+thisMachine.arch+".deb")
	},
	// No systemd runs here: start does by hand what it does with the unit.
	"systemctl start contactsd": func(t *testing.T, a *administrator) { a.s = a.m.start(t) },
	"systemctl stop contactsd":  func(t *testing.T, a *administrator) { a.stop(t) },
	"systemctl restart contactsd": func(t *testing.T, a *administrator) {
		a.stop(t)
		a.s = a.m.start(t)
		a.s.log.await(t, `"made a backup"`)
	},
	// The part of systemd that reads units is here.
	"systemctl daemon-reload": func(t *testing.T, a *administrator) {
		if out, err := a.m.try("systemd-analyze", "verify", "--man=no", "contactsd.service"); err != nil || strings.Contains(out, "contactsd") {
			t.Errorf("systemd-analyze verify: %v\n%s", err, out)
		}
		dropIn := readUnit(a.m.run(t, "cat", "/etc/systemd/system/contactsd.service.d/backup.conf"))
		dir := regexp.MustCompile(`backup_dir = "(.*)"`).FindStringSubmatch(snippet(t, "toml", "backup_dir"))
		if got, want := dropIn["ReadWritePaths"], []string{"-" + dir[1]}; !slices.Equal(got, want) {
			t.Errorf("the unit may write to %q, want %q", got, want)
		}
	},
	// The name is in no DNS. TestProxies has what stands between.
	"curl https://contacts.example.com/readyz": func(t *testing.T, a *administrator) {
		if got := a.get(t, "/readyz"); got != "ready\n" {
			t.Errorf("/readyz: %s", got)
		}
	},
	// There is no third machine, but a folder that outlasts the others.
	"rsync -a --include='contactsd-*.tar.zst' --exclude='*' /srv/backup/ backup.example.com:contactsd/": func(t *testing.T, a *administrator) {
		write(t, filepath.Join(a.away, "last"), a.m.run(t, "sh", "-c", `cat "$(ls /srv/backup/contactsd-*.tar.zst | tail -n 1)"`))
	},
	"rsync -a backup.example.com:contactsd/contactsd-20260102T150405Z.tar.zst contacts.tar.zst": func(t *testing.T, a *administrator) {
		a.m.put(t, filepath.Join(a.away, "last"), "/root/contacts.tar.zst")
	},
	// These show the forms of commands.
	"contactsd backup FILE [--force]":                         func(*testing.T, *administrator) {},
	"contactsd restore FILE [--list | --owner NAME [--keep]]": func(*testing.T, *administrator) {},
	"contactsd verify [FILE] [--repair]":                      func(*testing.T, *administrator) {},
	// Any program that copies will do for one that encrypts.
	"runuser -u contactsd -- contactsd backup - | age -r age1... > contacts.tar.zst.age": func(t *testing.T, a *administrator) {
		a.run(t, "runuser -u contactsd -- contactsd backup - | cat >contacts.tar.zst.age && contactsd verify - <contacts.tar.zst.age")
	},
	// It does not return.
	"contactsd serve --data /srv/contactsd": func(t *testing.T, a *administrator) {
		a.s = a.m.serve(t, "contactsd", "serve", "--data", "/srv/contactsd")
	},
}

// follow carries out a block, line by line.
func (a *administrator) follow(t *testing.T, b block) {
	t.Helper()
	if b.language == "toml" { // the lines go to the end of the file
		a.run(t, "cat >>"+configFile, b.text)
		return
	}
	if b.language != "" {
		t.Fatalf("nobody knows what to do with %s:\n%s", b.language, b.text)
	}
	for line := range strings.Lines(b.text) {
		line = strings.TrimSpace(line)
		if do, ok := instead[line]; ok {
			a.done[line] = true
			do(t, a)
			continue
		}
		out := a.run(t, line)
		if m := regexp.MustCompile(`(?m)^password: (.*)$`).FindStringSubmatch(out); m != nil {
			a.passwords["jane@example.com"] = m[1]
			if !strings.Contains(out, "\n  systemctl start contactsd ") {
				t.Errorf("%s does not say how to start the service:\n%s", line, out)
			}
		}
		if _, user, ok := strings.Cut(line, "user add "); ok {
			a.passwords[user] = strings.TrimSpace(out)
		}
	}
}

// run runs a line in a shell of root, with what it reads, and gives what it
// says on stdout.
func (a *administrator) run(t *testing.T, line string, stdin ...string) string {
	t.Helper()
	cmd := a.m.command("sh", "-c", "cd /root && "+line)
	cmd.Stdin = strings.NewReader(strings.Join(stdin, ""))
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", line, err, out, errs.String())
	}
	return string(out)
}

// refused runs a line that must fail without leaving anything in the data
// directory, and with a sentence that has the text.
func (a *administrator) refused(t *testing.T, line, text string) {
	t.Helper()
	out, err := a.m.try("sh", "-c", "cd /root && "+line)
	if err == nil || !strings.Contains(out, text) {
		t.Errorf("%s: %v, want %q\n%s", line, err, text, out)
	}
	if left := a.m.run(t, "ls", "-A", "/var/lib/contactsd"); left != "" {
		t.Errorf("%s leaves behind\n%s", line, left)
	}
}

func (a *administrator) stop(t *testing.T) {
	t.Helper()
	if a.s != nil {
		a.s.stop(t)
		a.s = nil
	}
}

func (a *administrator) get(t *testing.T, path string) string {
	t.Helper()
	_, text := (&client{http.DefaultClient, a.s.url, "none"}).do(t, http.MethodGet, path, "")
	return text
}

// install does the first steps of the page, to where the server could start.
// What follows is returned.
func (a *administrator) install(t *testing.T, deb string) []block {
	t.Helper()
	steps := section(t, "Ten minutes from an empty machine to a served domain")
	a.m.put(t, deb, "/root/"+filepath.Base(deb))
	a.m.run(t, "rm", "-f", "/var/lib/man-db/auto-update") // an index of all pages takes long
	a.follow(t, steps[0])
	// Of the two ways, the first needs an authority that reaches the machine.
	a.run(t, "cat >acme.toml && contactsd config --config acme.toml", steps[1].text)
	a.follow(t, steps[2])
	// Other servers may have the port.
	a.run(t, "cat >>"+configFile, "listen = \"127.0.0.1:0\"\n")
	return steps[3:]
}

// books gives all that two users and a domain have: status, ETag and body of
// everything that the server tells of them.
func books(t *testing.T, jane, elizabeth *client) map[string]string {
	t.Helper()
	all := map[string]string{}
	read := func(c *client, path string) string {
		res, text := c.do(t, http.MethodGet, path, "")
		all[path] = fmt.Sprintf("%s\n%s\n%s", res.Status, res.Header.Get("ETag"), text)
		return text
	}
	for path, c := range map[string]*client{
		"/m8/feeds/contacts/elizabeth@example.com/full":                  elizabeth,
		"/m8/feeds/contacts/elizabeth@example.com/full?alt=json":         elizabeth,
		"/m8/feeds/contacts/elizabeth@example.com/full?showdeleted=true": elizabeth,
		"/m8/feeds/groups/elizabeth@example.com/full":                    elizabeth,
		"/m8/feeds/contacts/jane@example.com/full":                       jane,
		"/m8/feeds/contacts/example.com/full":                            jane,
	} {
		for _, photo := range regexp.MustCompile(`/m8/feeds/photos/media/[^'"?]+`).FindAllString(read(c, path), -1) {
			read(c, photo)
		}
	}
	return all
}

// sameBooks compares what books gave.
func sameBooks(t *testing.T, got, want map[string]string) {
	t.Helper()
	for _, path := range slices.Sorted(maps.Keys(want)) {
		if got[path] != want[path] {
			t.Errorf("%s was\n%s\nand is\n%s", path, want[path], got[path])
		}
	}
	if len(got) != len(want) {
		t.Errorf("there were %d documents and are %d", len(want), len(got))
	}
}

const twoCards = `BEGIN:VCARD
VERSION:3.0
FN:Charlotte Lucas
EMAIL:charlotte@example.net
CATEGORIES:Lucas Lodge
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:Fitzwilliam Darcy
TEL:+44 1298 555010
PHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==
END:VCARD
`

// The page is followed word by word: a machine is set up and lost, and another
// one gets what it had.
func TestOperatingPage(t *testing.T) {
	needs(t, "runuser")
	deb := buildDeb(t, "..", "v1.0.0")
	t.Chdir("packaging")
	a := &administrator{away: t.TempDir(), passwords: map[string]string{}, done: map[string]bool{}}
	var want map[string]string
	var jane, elizabeth *client

	if !t.Run("OPS-15 OPS-30 a machine is set up and has backups", func(t *testing.T) {
		a.m = newMachine(t)
		steps := a.install(t, deb)
		a.refused(t, "contactsd quickstart --domain example.com --admin jane@example.com", "runuser -u contactsd -- ")
		for _, b := range steps {
			a.follow(t, b)
		}
		a.run(t, "contactsd import --dry-run elizabeth@example.com -", twoCards) // by root, who may look
		for _, line := range []string{"contactsd import elizabeth@example.com - </dev/null", "contactsd import --undo elizabeth@example.com"} {
			if out, err := a.m.try("sh", "-c", line); err == nil || !strings.Contains(out, "runuser -u contactsd -- ") {
				t.Errorf("%s: %v\n%s", line, err, out)
			}
		}
		a.m.run(t, "test", "!", "-e", "/var/lib/contactsd/imports")
		for _, owner := range []string{"elizabeth@example.com", "example.com"} {
			a.run(t, "runuser -u contactsd -- contactsd import "+owner+" -", twoCards)
		}
		jane, elizabeth = a.signIn(t, "jane@example.com"), a.signIn(t, "elizabeth@example.com")
		elizabeth.insert(t, "George Wickham")
		wickham := regexp.MustCompile(`/m8/feeds/contacts/[^']*/full/\d+`).FindAllString(elizabeth.feed(t), -1)
		req, err := http.NewRequest(http.MethodDelete, elizabeth.base+wickham[len(wickham)-1], nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "GoogleLogin auth="+elizabeth.token)
		req.Header.Set("If-Match", "*")
		if res, err := http.DefaultClient.Do(req); err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("DELETE %s: %v %v", req.URL, res, err)
		}
		want = books(t, jane, elizabeth)

		for _, b := range section(t, "A schedule") {
			a.follow(t, b)
		}
		elizabeth.base = a.s.url
		elizabeth.insert(t, "Mary King, too late")
		for _, b := range section(t, "Backup and restore") {
			a.follow(t, b)
		}
		a.stop(t)
	}) {
		return
	}

	t.Run("OPS-2 OPS-10 OPS-15 another machine restores the backup and serves the same", func(t *testing.T) {
		a.m = newMachine(t)
		a.install(t, deb)
		schedule := section(t, "A schedule")
		a.follow(t, schedule[0])
		a.follow(t, schedule[1])
		same := func() {
			t.Helper()
			jane.base, elizabeth.base = a.s.url, a.s.url
			sameBooks(t, books(t, jane, elizabeth), want) // with the tokens of before
			for user := range a.passwords {
				a.signIn(t, user)
			}
		}
		steps := section(t, "Restore everything")
		a.follow(t, steps[0])
		a.refused(t, "contactsd restore contacts.tar.zst", "runuser -u contactsd -- ")
		for _, b := range steps[1 : len(steps)-1] {
			a.follow(t, b)
		}
		same()

		// The same again, where something has run already.
		elizabeth.insert(t, "Mary King, too early")
		for _, b := range steps[1 : len(steps)-1] {
			a.follow(t, b)
		}
		same()

		elizabeth.insert(t, "Mary King")
		for _, b := range section(t, "Restore one book") {
			a.follow(t, b)
		}
		if feed := elizabeth.feed(t); strings.Contains(feed, "Mary King") || strings.Count(feed, "<entry ") != 2 {
			t.Errorf("the restored book is\n%s", feed)
		}
		a.stop(t)

		a.follow(t, steps[len(steps)-1])
		same()
		a.stop(t)
	})
	for line := range instead {
		if !a.done[line] {
			t.Errorf("docs/operating.md does not have the line %q any more", line)
		}
	}
}

func (a *administrator) signIn(t *testing.T, user string) *client {
	t.Helper()
	return signIn(t, http.DefaultClient, a.s.url, user, a.passwords[user])
}
