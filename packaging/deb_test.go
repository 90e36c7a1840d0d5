package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// pack runs this program in the working directory, as make does: compressing
// takes ten times as long under the race detector.
func pack(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("go", append([]string{"run", "./packaging"}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("%q: %v\n%s", args, err, out)
	}
}

// buildDeb makes the package with a version and gives its name.
func buildDeb(t *testing.T, tree, version string) string {
	t.Helper()
	t.Chdir(tree)
	out := t.TempDir()
	pack(t, "deb", "-o", out, "-arch", thisMachine.arch, "-version", version)
	names, err := filepath.Glob(filepath.Join(out, "*"))
	if err != nil || len(names) != 1 {
		t.Fatalf("made %q, %v", names, err)
	}
	return names[0]
}

// The package from its first installation to its end, on a machine of its own.
func TestDebianPackage(t *testing.T) {
	m := newMachine(t)
	before, after := buildDeb(t, "..", "v0.9.0"), buildDeb(t, ".", "v1.0.0-rc1")
	if base := filepath.Base(after); !strings.HasPrefix(base, "contactsd_1.0.0~rc1") {
		t.Errorf("v1.0.0-rc1 is packed as %s", base)
	}
	m.put(t, before, "/tmp/before.deb")
	m.put(t, after, "/tmp/after.deb")
	stat := func(name string) string {
		t.Helper()
		return strings.TrimSpace(m.run(t, "stat", "-c", "%A %U:%G", name))
	}
	gone := func(names ...string) {
		t.Helper()
		for _, name := range names {
			if out, err := m.try("ls", "-d", name); err == nil {
				t.Errorf("%s is still there: %s", name, out)
			}
		}
	}

	// In place of systemd there is a note of what it was asked for.
	m.run(t, "sh", "-ec", `mkdir -p /run/systemd/system
		printf '#!/bin/sh\necho "$@" >>/tmp/asked\n' >/tmp/note
		chmod 755 /tmp/note
		cp /tmp/note /usr/bin/deb-systemd-invoke
		rm -f /var/lib/man-db/auto-update # an index of all pages takes long`)
	asked := func() string {
		t.Helper()
		return m.run(t, "sh", "-c", "cat /tmp/asked; rm /tmp/asked")
	}

	m.run(t, "dpkg", "-i", "/tmp/before.deb")
	t.Run("OPS-122 the service waits for its first start, restarts after an upgrade, and stops when it is removed", func(t *testing.T) {
		if got, want := asked(), "try-restart contactsd.service\n"; got != want {
			t.Errorf("installing asks systemd for %q, want %q", got, want)
		}
		m.run(t, "dpkg", "-i", "/tmp/before.deb")
		if got, want := asked(), "try-restart contactsd.service\n"; got != want {
			t.Errorf("an upgrade asks systemd for %q, want %q", got, want)
		}
		m.run(t, "dpkg", "-r", "contactsd")
		if got, want := asked(), "stop contactsd.service\n"; got != want {
			t.Errorf("removing asks systemd for %q, want %q", got, want)
		}
		m.run(t, "dpkg", "-P", "contactsd")
		m.run(t, "dpkg", "-i", "/tmp/before.deb")
	})
	t.Run("OPS-122 installing makes a user, private data and settings, and enables the service", func(t *testing.T) {
		if out := m.run(t, "getent", "passwd", "contactsd"); !strings.HasSuffix(out, ":/var/lib/contactsd:/usr/sbin/nologin\n") {
			t.Errorf("the user is %s", out)
		}
		if got, want := stat("/var/lib/contactsd"), "drwx------ contactsd:contactsd"; got != want {
			t.Errorf("the data directory is %s, want %s", got, want)
		}
		if got, want := stat(configFile), "-rw-r----- root:contactsd"; got != want {
			t.Errorf("the settings are %s, want %s", got, want)
		}
		m.run(t, "test", "-L", "/etc/systemd/system/multi-user.target.wants/contactsd.service")
		if out := m.run(t, "contactsd", "version"); !strings.HasPrefix(out, "contactsd v0.9.0 (commit ") {
			t.Errorf("contactsd version: %s", out)
		}
		if out := m.run(t, "contacts", "version"); !strings.HasPrefix(out, "contacts v0.9.0 (commit ") {
			t.Errorf("contacts version: %s", out)
		}
		// Anybody may ask for the version and completions, though not read the settings.
		m.run(t, "setpriv", "--reuid", "nobody", "--clear-groups", "contactsd", "version")
	})
	t.Run("OPS-123 systemd accepts the unit, and its exposure is below 1.5", func(t *testing.T) {
		if out, err := m.try("systemd-analyze", "verify", "--man=no", "/usr/lib/systemd/system/contactsd.service"); err != nil || strings.Contains(out, "contactsd") {
			t.Errorf("systemd-analyze verify: %v\n%s", err, out)
		}
		out, err := m.try("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=15", "/usr/lib/systemd/system/contactsd.service")
		if err != nil || !strings.Contains(out, "Overall exposure level") {
			t.Errorf("systemd-analyze security: %v\n%s", err, out)
		}
		t.Log(out[strings.LastIndex(strings.TrimSpace(out), "\n")+1:])
	})

	// What the administrator does then.
	m.run(t, "sed", "-i", `s/^#listen = .*/listen = "127.0.0.1:0"/`, configFile)
	s := m.start(t)
	out := m.run(t, "setpriv", "--reuid", "contactsd", "--regid", "contactsd", "--init-groups",
		"contactsd", "user", "list")
	if out != "" {
		t.Errorf("there are users: %s", out)
	}
	m.run(t, "setpriv", "--reuid", "contactsd", "--regid", "contactsd", "--init-groups", "contactsd", "domain", "add", "example.com")
	password := strings.TrimSpace(m.run(t, "setpriv", "--reuid", "contactsd", "--regid", "contactsd", "--init-groups",
		"contactsd", "user", "add", "elizabeth@example.com"))
	c := signIn(t, http.DefaultClient, s.url, "elizabeth@example.com", password)
	c.insert(t, "Jane Bennet")
	s.stop(t)

	m.run(t, "dpkg", "-i", "/tmp/after.deb")
	t.Run("OPS-122 an upgrade keeps data and settings", func(t *testing.T) {
		if out := m.run(t, "contactsd", "version"); !strings.HasPrefix(out, "contactsd v1.0.0-rc1 ") {
			t.Errorf("contactsd version: %s", out)
		}
		if out := m.run(t, "grep", "^listen", configFile); out != "listen = \"127.0.0.1:0\"\n" {
			t.Errorf("listen: %s", out)
		}
		if got, want := stat(configFile), "-rw-r----- root:contactsd"; got != want {
			t.Errorf("the settings are %s, want %s", got, want)
		}
		s := m.start(t)
		c.base = s.url
		if feed := c.feed(t); !strings.Contains(feed, "Jane Bennet") {
			t.Errorf("after the upgrade the contact is gone:\n%s", feed)
		}
		s.stop(t)
	})

	m.run(t, "dpkg", "-r", "contactsd")
	t.Run("OPS-122 removing keeps data and settings, and they serve again", func(t *testing.T) {
		gone("/usr/bin/contactsd", "/usr/bin/contacts", "/usr/lib/systemd/system/contactsd.service", "/usr/share/man/man8/contactsd.8.gz")
		m.run(t, "test", "-f", "/var/lib/contactsd/contacts.db")
		m.run(t, "test", "-f", configFile)
		m.run(t, "dpkg", "-i", "/tmp/after.deb")
		if out := m.run(t, "contactsd", "user", "list"); !strings.Contains(out, "elizabeth@example.com") {
			t.Errorf("user list: %s", out)
		}
	})

	m.run(t, "dpkg", "-P", "contactsd")
	t.Run("OPS-122 purging removes all but the user", func(t *testing.T) {
		gone("/var/lib/contactsd", filepath.Dir(configFile), "/etc/systemd/system/multi-user.target.wants/contactsd.service",
			"/etc/systemd/system/contactsd.service", "/usr/share/doc/contactsd")
		m.run(t, "getent", "passwd", "contactsd")
		if m.written(t, "passwd", "etc") == "" {
			t.Error("nothing shows what was written")
		}
		if left := m.written(t, "*contactsd*", "etc", "usr", "var"); left != "" {
			t.Errorf("left behind:\n%s", left)
		}
	})
}

// Equal sources give equal packages, whichever folder they lie in.
func TestReproducible(t *testing.T) {
	t.Run("OPS-120 a package built in two places is the same", func(t *testing.T) {
		one, other := filepath.Join(t.TempDir(), "here"), filepath.Join(t.TempDir(), "and", "elsewhere")
		if err := errors.Join(copyTree(one, ".."), copyTree(other, one)); err != nil {
			t.Fatal(err)
		}
		a, err := os.ReadFile(buildDeb(t, one, "v1.0.0"))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(buildDeb(t, other, "v1.0.0"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a, b) {
			t.Errorf("packages of %d and %d bytes differ", len(a), len(b))
		}
	})
}

// copyTree copies what a build needs, without the repository.
func copyTree(to, from string) error {
	return filepath.WalkDir(from, func(name string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch rel {
			case "bin", "data", "dist", ".git", "bench/results":
				return filepath.SkipDir
			}
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		if !d.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), text, 0o644)
	})
}

// A client is a user of a server.
type client struct {
	http        *http.Client
	base, token string
}

func signIn(t *testing.T, hc *http.Client, base, email, password string) *client {
	t.Helper()
	res, err := hc.PostForm(base+"/accounts/ClientLogin", url.Values{"Email": {email}, "Passwd": {password}, "service": {"cp"}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^Auth=(.*)$`).FindSubmatch(text)
	if m == nil {
		t.Fatalf("signing in: %s %s", res.Status, text)
	}
	return &client{hc, base, string(m[1])}
}

func (c *client) do(t *testing.T, method, path, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, c.base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "GoogleLogin auth="+c.token)
	req.Header.Set("GData-Version", "3.0")
	req.Header.Set("Content-Type", "application/atom+xml")
	res, err := c.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(text)
}

func (c *client) insert(t *testing.T, name string) {
	t.Helper()
	res, text := c.do(t, http.MethodPost, "/m8/feeds/contacts/default/full",
		`<entry xmlns="http://www.w3.org/2005/Atom" xmlns:gd="http://schemas.google.com/g/2005"><gd:name><gd:fullName>`+name+`</gd:fullName></gd:name></entry>`)
	if res.StatusCode != http.StatusCreated {
		t.Fatalf("insert: %s %s", res.Status, text)
	}
}

func (c *client) feed(t *testing.T) string {
	t.Helper()
	res, text := c.do(t, http.MethodGet, "/m8/feeds/contacts/default/full", "")
	if res.StatusCode != http.StatusOK {
		t.Fatalf("feed: %s %s", res.Status, text)
	}
	return text
}
