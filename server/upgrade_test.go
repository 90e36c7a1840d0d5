package server_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"contacts"
	"contacts/server"
	"contacts/transfer"
)

var newSchema = flag.Bool("new-schema", false, "write the test data of a schema that has none yet")

// The stores of released schemas: a backup that the program of that release
// has written, and what was in it.
var released = filepath.Join("..", "store", "sqlite", "testdata")

// releaseTime is when the stores were made, as far as they know.
var releaseTime = time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)

func releaseConfig(t *testing.T) server.Config {
	c := fixed(t)
	c.Now = func() time.Time { return releaseTime }
	return c
}

var releaseUsers = []string{"elizabeth@example.com", "jane@example.com", "mary@example.com", "example.com"}

// contents writes down what a store holds: each entry with its id and ETag.
func contents(t *testing.T, s *server.Server) string {
	t.Helper()
	var b strings.Builder
	for _, owner := range releaseUsers {
		h := book(t, s, owner)
		groups, err := h.Groups(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range groups {
			fmt.Fprintf(&b, "%s group %s %s %s\n", owner, g.ID, g.ETag(), g.Name)
		}
		lines, items := h.all()
		for _, line := range lines {
			fmt.Fprintf(&b, "%s %s\n", owner, line)
		}
		var ids []string
		for _, it := range items {
			ids = append(ids, it.ID+" "+it.ETag)
			if it.Photo != "" {
				p, err := h.Photo(t.Context(), it)
				if err != nil || contacts.PhotoVersion(p.Data) != it.Photo {
					t.Errorf("the photo of %s: %v", it.ID, err)
				}
			}
		}
		slices.Sort(ids)
		fmt.Fprintf(&b, "%s contacts %s\n", owner, strings.Join(ids, ", "))
	}
	apps, err := s.Auth.Apps(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range apps {
		fmt.Fprintf(&b, "program %s %s %q\n", a.ID, a.Name, a.CallbackHosts)
	}
	domain, err := s.Auth.Domain(t.Context(), "example.com")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&b, "domain %s delegates %q\n", domain.Name, domain.Delegates)
	return b.String()
}

// deletions counts the tombstones that a client sees.
func deletions(t *testing.T, url, token string) int {
	t.Helper()
	return strings.Count(do(t, "GET", url+feedPath+"?showdeleted=true", token, "").body, "<gd:deleted")
}

func TestReleasedSchemas(t *testing.T) {
	if *newSchema {
		writeSchema(t)
	}
	files, err := filepath.Glob(filepath.Join(released, "schema-*.tar.zst"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no test data, %v", err)
	}
	newest := 0
	for _, file := range files {
		t.Run("OPS-42 "+filepath.Base(file), func(t *testing.T) {
			c := releaseConfig(t)
			m, err := restore(t, c, file)
			if err != nil {
				t.Fatal(err)
			}
			newest = max(newest, m.Schema)
			if want := fmt.Sprintf("schema-%d.tar.zst", m.Schema); filepath.Base(file) != want {
				t.Errorf("%s has the schema %d", file, m.Schema)
			}
			text, err := os.ReadFile(strings.TrimSuffix(file, ".tar.zst") + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			token, want, _ := strings.Cut(string(text), "\n")
			s, url := start(t, c)
			if got := contents(t, s); got != want {
				t.Errorf("after the upgrade there is\n%s\nwant\n%s", got, want)
			}
			if n := deletions(t, url, token); n != 1 {
				t.Errorf("a client with a token of before sees %d deleted contacts, want 1", n)
			}
			login(t, url, "mary@example.com", password)
			if a := do(t, "POST", url+feedPath, token, entry("Charlotte Lucas")); a.status != 201 {
				t.Errorf("POST = %d %s", a.status, a.body)
			}
			if v, err := s.Verify(t.Context(), func(f server.Fault) { t.Error(f) }); err != nil || v.Photos == 0 || v.Tombstones == 0 {
				t.Errorf("Verify = %+v, %v", v, err)
			}
		})
	}
	now, err := server.ReadManifest(openFile(t, backup(t, open(t, config(t)))))
	if err != nil || newest != now.Schema {
		t.Errorf("the newest test data have the schema %d, the program %d, %v: run this test with -new-schema", newest, now.Schema, err)
	}
}

func openFile(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// writeSchema writes the test data of today's schema.
func writeSchema(t *testing.T) {
	t.Helper()
	s, url := start(t, releaseConfig(t))
	if _, err := s.Demo(t.Context()); err != nil {
		t.Fatal(err)
	}
	addUser(t, s, "mary@example.com", false)
	token := login(t, url, "mary@example.com", password)
	h := book(t, s, "mary@example.com")
	readers, err := h.AddGroup(t.Context(), &contacts.Group{Name: "Readers"})
	if err != nil {
		t.Fatal(err)
	}
	h.insert("Jane Bennet", "jane@example.com", readers.ID)
	h.apply(transfer.Op{Kind: transfer.Delete, Item: h.insert("George Wickham", "george@example.com", readers.ID)})
	thomas := h.insert("Thomas Bennet", "thomas@example.com", 6)
	h.apply(transfer.Op{Kind: transfer.Update, Item: thomas, Contact: thomas.Contact, Photo: dot})
	app, _, err := s.Auth.AddApp(t.Context(), server.NewApp{Name: "Longbourn", CallbackHosts: []string{"longbourn.example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Auth.SetDomain(t.Context(), "example.com", "delegate", app.ID); err != nil {
		t.Fatal(err)
	}
	file := backup(t, s)
	m, err := server.ReadManifest(openFile(t, file))
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(released, fmt.Sprintf("schema-%d", m.Schema))
	for suffix, text := range map[string][]byte{".tar.zst": data, ".txt": []byte(token + "\n" + contents(t, s))} {
		f, err := os.OpenFile(name+suffix, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) // a released schema stays as it is
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(text); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestUpgradeBackup(t *testing.T) {
	t.Run("OPS-40 before an upgrade a backup lies in the data directory, and the log names it", func(t *testing.T) {
		c := releaseConfig(t)
		var log logBuffer
		c.Logger = logger(&log)
		s := open(t, c)
		addUser(t, s, "mary@example.com", false)
		if err := os.Remove(filepath.Join(c.Data, "secret.key")); err != nil { // as stores of long ago
			t.Fatal(err)
		}
		if err := server.UpgradeBackup(t.Context(), s, 9); err != nil {
			t.Fatal(err)
		}
		name := "before-schema-9-20261122T200000Z.tar.zst"
		m, err := restore(t, config(t), filepath.Join(c.Data, name))
		if err != nil || len(m.Owners) != 2 {
			t.Errorf("Restore = %+v, %v", m, err)
		}
		if !strings.Contains(log.String(), name) {
			t.Errorf("the log says %s", log.String())
		}
	})

	t.Run("OPS-40 without room for it there is an error that says so", func(t *testing.T) {
		c := releaseConfig(t)
		s := open(t, c)
		if err := os.Mkdir(filepath.Join(c.Data, "before-schema-9-20261122T200000Z.tar.zst"), 0o700); err != nil { // its name is taken
			t.Fatal(err)
		}
		if err := server.UpgradeBackup(t.Context(), s, 9); err == nil || !strings.Contains(err.Error(), "Nothing was changed") {
			t.Errorf("the upgrade goes on with %v", err)
		}
	})
}
