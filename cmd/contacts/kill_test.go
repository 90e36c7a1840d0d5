package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"contacts/server"
)

// A person is a user of a world with a configuration directory.
type person struct {
	t     testing.TB
	world *world
	email string
	dir   string
}

// newPerson adds a user to a world.
func newPerson(t testing.TB, w *world, email string) *person {
	t.Helper()
	if email != elizabeth && email != jane {
		if _, err := w.server.Auth.AddUser(context.Background(), server.NewUser{Email: email, Password: password}); err != nil {
			t.Fatal(err)
		}
	}
	return &person{t: t, world: w, email: email, dir: t.TempDir()}
}

// command is a process of the program, of a person who is signed in by the
// environment.
func (p *person) command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), runAsProgram+"=1", "GORACE="+atOnce, "CONTACTS_CONFIG="+filepath.Join(p.dir, "config"),
		"CONTACTS_SERVER="+p.world.front.URL, "CONTACTS_ACCOUNT="+p.email, "CONTACTS_PASSWORD="+password)
	return cmd
}

// run runs the program to its end, which must be good, and returns its stdout.
func (p *person) run(args ...string) string {
	p.t.Helper()
	var errs bytes.Buffer
	cmd := p.command(args...)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		p.t.Fatalf("contacts %s: %v\n%s%s", strings.Join(args, " "), err, out, errs.Bytes())
	}
	return string(out)
}

func (p *person) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func testWorld(t testing.TB) *world {
	t.Helper()
	w, err := newWorld(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// crowd is a file of n cards, some with a UID, an e-mail address, a group or a
// photo, and some twice.
func crowd(n int) string {
	var b strings.Builder
	for i := range n {
		c := fmt.Sprintf("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Guest No%d\r\n", i)
		if i%3 == 0 {
			c += fmt.Sprintf("UID:guest-%d\r\n", i)
		}
		if i%4 == 0 {
			c += fmt.Sprintf("EMAIL:guest%d@example.com\r\n", i)
		}
		if i%5 == 0 {
			c += fmt.Sprintf("CATEGORIES:Ball %d\r\n", i%15)
		}
		if i%90 == 0 {
			c += "PHOTO;ENCODING=b;TYPE=GIF:R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7\r\n"
		}
		c += "END:VCARD\r\n"
		b.WriteString(c)
		if i%60 == 5 { // again, without anything to tell it by
			b.WriteString(c)
		}
	}
	return b.String()
}

func TestKill(t *testing.T) {
	t.Run("IMP-11 an import killed at 20 random points goes on and makes nothing twice", func(t *testing.T) {
		w := testWorld(t)
		text := crowd(340)
		undisturbed := newPerson(t, w, jane)
		undisturbed.write("crowd.vcf", text)
		undisturbed.run("import", "crowd.vcf")
		want := undisturbed.run("export", "--json")

		random := rand.New(rand.NewPCG(1813, 28))
		kills := 0
		for round := 0; kills < 20; round++ {
			p := newPerson(t, w, fmt.Sprintf("lydia%d@example.com", round))
			p.write("crowd.vcf", text)
			for done := false; !done; {
				done = !p.killed(1+random.IntN(14), random.IntN(2) == 0, "import", "crowd.vcf")
				if !done {
					kills++
				}
			}
			if got := p.run("export", "--json"); got != want {
				t.Fatalf("after %d kills the book differs from one whose import was not disturbed:\n%s\nwant\n%s", kills, got, want)
			}
		}
		t.Logf("%d kills", kills)
	})
}

// killed runs the program and kills it at its n-th request: before the server
// gets it, or before the program gets the answer. It reports whether it came
// to that.
func (p *person) killed(n int, before bool, args ...string) bool {
	p.t.Helper()
	cmd := p.command(args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	var killed atomic.Bool
	started := make(chan struct{})
	kill := func() {
		<-started
		killed.Store(true)
		cmd.Process.Kill()
	}
	w := p.world
	w.mu.Lock()
	at := w.count + n
	w.before = func(n int) bool {
		if n == at && before {
			kill()
			return true
		}
		return killed.Load()
	}
	w.after = func(n int) {
		if n == at && !before {
			kill()
		}
	}
	w.mu.Unlock()
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	close(started)
	err := cmd.Wait()
	w.mu.Lock()
	w.before, w.after = nil, nil
	w.mu.Unlock()
	if err != nil && !killed.Load() {
		p.t.Fatalf("contacts %s: %v\n%s", strings.Join(args, " "), err, errs.Bytes())
	}
	return killed.Load()
}

func TestSyncNothing(t *testing.T) {
	t.Run("SYNC-1 a large folder with nothing to do costs one request", testSyncNothing)
}

func testSyncNothing(t *testing.T) {
	w := testWorld(t)
	p := newPerson(t, w, elizabeth)
	p.write("crowd.vcf", crowd(1500))
	p.run("import", "crowd.vcf")
	p.run("sync", "book")
	w.mu.Lock()
	from := w.count
	w.mu.Unlock()
	out := p.run("sync", "book")
	w.mu.Lock()
	n := w.count - from
	w.mu.Unlock()
	if n != 1 || !strings.HasPrefix(out, "nothing to do: 15") {
		t.Errorf("a sync with nothing to do took %d requests and says %s", n, out)
	}
}
