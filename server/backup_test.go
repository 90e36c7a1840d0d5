package server_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"contacts"
	"contacts/archive"
	"contacts/server"
	"contacts/store/sqlite"

	lite "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// fixed is a configuration whose answers name no port.
func fixed(t testing.TB) server.Config {
	c := config(t)
	c.PublicURL, c.IDBase = "https://contacts.example.com", "http://contacts.example.com"
	return c
}

// backup writes a backup of a server to a file.
func backup(t testing.TB, s *server.Server) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "contacts.tar.zst")
	if _, err := s.BackupFile(t.Context(), name, false); err != nil {
		t.Fatal(err)
	}
	return name
}

func restore(t testing.TB, c server.Config, file string) (server.Manifest, error) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return server.Restore(t.Context(), c, f, server.RestoreOptions{})
}

// names lists a folder.
func names(t testing.TB, dir string) (all []string) {
	t.Helper()
	found, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range found {
		all = append(all, e.Name())
	}
	return all
}

func TestBackup(t *testing.T) {
	t.Run("OPS-2 OPS-4 everything is there again elsewhere", func(t *testing.T) {
		c := fixed(t)
		s, url := start(t, c)
		if _, err := s.Demo(t.Context()); err != nil {
			t.Fatal(err)
		}
		addUser(t, s, "mary@example.com", false)
		token := login(t, url, "mary@example.com", password)
		for _, name := range []string{"Jane Bennet", "Kitty Bennet", "Lydia Bennet"} {
			if a := do(t, "POST", url+feedPath, token, entry(name)); a.status != 201 {
				t.Fatal(a)
			}
		}
		feed := do(t, "GET", url+feedPath, token, "")
		edit, _, _ := strings.Cut(after(t, feed.body, "<link rel='edit' type='application/atom+xml' href='https://contacts.example.com"), "'")
		if a := do(t, "DELETE", url+edit, token, ""); a.status != 200 {
			t.Fatal(a)
		}
		app, secret, err := s.Auth.AddApp(t.Context(), server.NewApp{Name: "Longbourn", CallbackHosts: []string{"longbourn.example.com"}})
		if err != nil || secret.Text == "" {
			t.Fatal(err)
		}
		if err := os.Mkdir(filepath.Join(c.Data, "stand-in"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(c.Data, "stand-in", "authority.pem"), []byte("trust me"), 0o644); err != nil {
			t.Fatal(err)
		}

		file := backup(t, s)
		moved := fixed(t)
		moved.Data = filepath.Join(moved.Data, "new", "data")
		m, err := restore(t, moved, file)
		if err != nil {
			t.Fatal(err)
		}
		var mary archive.Owner
		for _, o := range m.Owners {
			if o.Name == "mary@example.com" {
				mary = o
			}
		}
		if mary.Contacts != 2 || mary.Tombstones != 1 || len(m.Owners) != 4 || m.Schema < 1 || m.Time.IsZero() {
			t.Errorf("the manifest is %+v", m)
		}

		there, thereURL := start(t, moved)
		query := feedPath + "?showdeleted=true&q="
		for _, path := range []string{feedPath + "?showdeleted=true", query + "bennet", "/m8/feeds/groups/default/full"} {
			want, got := do(t, "GET", url+path, token, ""), do(t, "GET", thereURL+path, token, "")
			if got.status != 200 || got.body != want.body || got.header.Get("ETag") != want.header.Get("ETag") {
				t.Errorf("GET %s there = %d %s, want %d %s", path, got.status, got.body, want.status, want.body)
			}
		}
		login(t, thereURL, "mary@example.com", password)
		if got, err := there.Auth.App(t.Context(), app.ID); err != nil || !reflect.DeepEqual(got, app) {
			t.Errorf("App = %+v, %v, want %+v", got, err, app)
		}
		for _, name := range []string{"secret.key", "stand-in/authority.pem"} {
			want, err := os.ReadFile(filepath.Join(c.Data, name))
			got, err2 := os.ReadFile(filepath.Join(moved.Data, name))
			if err := errors.Join(err, err2); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s differs, %v", name, err)
			}
		}
		if got := do(t, "POST", thereURL+feedPath, token, entry("Charlotte Lucas")); got.status != 201 {
			t.Errorf("POST there = %d %s", got.status, got.body)
		}
	})

	t.Run("OPS-3 the file is for its owner alone, and replaces none", func(t *testing.T) {
		s := open(t, config(t))
		dir := t.TempDir()
		name := filepath.Join(dir, "contacts.tar.zst")
		if _, err := s.BackupFile(t.Context(), name, false); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
		}
		if err := os.WriteFile(name, []byte("letters"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := s.BackupFile(t.Context(), name, false); contacts.KindOf(err) != contacts.Duplicate {
			t.Errorf("BackupFile on a file = %v, want %s", err, contacts.Duplicate)
		}
		if text, _ := os.ReadFile(name); string(text) != "letters" {
			t.Errorf("the file says %q", text)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.BackupFile(ctx, name, true); err == nil {
			t.Error("a backup was made that nobody wants")
		}
		if text, _ := os.ReadFile(name); string(text) != "letters" {
			t.Errorf("after a backup that failed the file says %q", text)
		}
		if _, err := s.BackupFile(t.Context(), name, true); err != nil {
			t.Fatal(err)
		}
		if got := names(t, dir); !slices.Equal(got, []string{"contacts.tar.zst"}) {
			t.Errorf("the folder has %q", got)
		}
		if _, err := restore(t, config(t), name); err != nil {
			t.Error(err)
		}
	})

	t.Run("OPS-7 a slow taker holds up nothing", func(t *testing.T) {
		c := config(t)
		s := open(t, c)
		addUser(t, s, "mary@example.com", false)
		r, w := io.Pipe()
		made := make(chan error, 1)
		go func() {
			_, err := s.BackupTo(t.Context(), w)
			w.CloseWithError(err)
			made <- err
		}()
		first := make([]byte, 1)
		if _, err := io.ReadFull(r, first); err != nil {
			t.Fatal(err)
		}
		addUser(t, s, "kitty@example.com", false) // while the taker waits
		if err := truncated(c.Data); err != nil {
			t.Errorf("the log of the database is held: %v", err)
		}
		rest, err := io.ReadAll(r)
		if err := errors.Join(err, <-made); err != nil {
			t.Fatal(err)
		}
		m, err := server.Restore(t.Context(), config(t), bytes.NewReader(append(first, rest...)), server.RestoreOptions{})
		if err != nil || len(m.Owners) != 2 {
			t.Errorf("Restore = %+v, %v, want the domain and mary", m.Owners, err)
		}
	})
}

// truncated empties the write-ahead log, and fails while a transaction reads.
func truncated(dir string) error {
	c, err := lite.OpenConn(filepath.Join(dir, sqlite.FileName), lite.OpenReadWrite)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetBusyTimeout(time.Minute)
	busy := 0
	err = sqlitex.ExecuteTransient(c, "PRAGMA wal_checkpoint(TRUNCATE)", &sqlitex.ExecOptions{ResultFunc: func(stmt *lite.Stmt) error {
		busy = stmt.ColumnInt(0)
		return nil
	}})
	if err == nil && busy != 0 {
		err = errors.New("busy")
	}
	return err
}

// after is the rest of text after its last mark.
func after(t testing.TB, text, mark string) string {
	t.Helper()
	i := strings.LastIndex(text, mark)
	if i < 0 {
		t.Fatalf("no %q in %s", mark, text)
	}
	return text[i+len(mark):]
}

// tampered is a backup of a server whose database somebody has changed.
func tampered(t *testing.T, sql string) string {
	t.Helper()
	c := config(t)
	s, err := server.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Demo(t.Context()); err != nil {
		t.Fatal(err)
	}
	file := backup(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(c.Data, sqlite.FileName)
	conn, err := lite.OpenConn(db, lite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(sqlitex.ExecuteScript(conn, sql, nil), conn.Close()); err != nil {
		t.Fatal(err)
	}

	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := server.ReadManifest(f)
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "tampered.tar.zst"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	files := map[string][]byte{}
	for i, f := range m.Files {
		data, err := os.ReadFile(filepath.Join(c.Data, f.Name))
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name], m.Files[i].Size = data, int64(len(data))
	}
	w, err := archive.NewWriter(out, m)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range m.Files {
		if err := w.File(f.Name, func(w io.Writer) error { _, err := w.Write(files[f.Name]); return err }); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Name()
}

func TestRestore(t *testing.T) {
	good := backup(t, open(t, config(t)))
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	file := func(data []byte) string {
		name := filepath.Join(t.TempDir(), "backup")
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	changed := bytes.Clone(whole)
	changed[len(changed)/2] ^= 1
	for _, tt := range []struct {
		name, file, want string
	}{
		{"OPS-11 a backup that ends too early", file(whole[:len(whole)-1]), "ends too early"},
		{"OPS-11 a backup with a changed byte", file(changed), "damaged"},
		{"OPS-12 a file that is no backup", file([]byte("Dear Jane,")), "not a backup of contactsd"},
		{"OPS-12 an empty file", file(nil), "it is empty"},
		{"OPS-12 a schema of the future", tampered(t, "PRAGMA user_version = 1000"), "use the newer program"},
		{"OPS-12 a database of another program", tampered(t, "PRAGMA application_id = 7"), "belongs to another program"},
		{"OPS-11 a book that counts wrongly", tampered(t, "UPDATE book SET contacts = contacts + 1 WHERE contacts > 0"), "faults"},
		{"OPS-11 a contact that cannot be read", tampered(t, "UPDATE contact SET data = x'00'"), "faults"},
		{"OPS-11 less than the manifest says", tampered(t, "DELETE FROM photo; DELETE FROM contact; DELETE FROM team; DELETE FROM block; DELETE FROM member; "+
			"DELETE FROM waiting; DELETE FROM run; DELETE FROM posting; UPDATE book SET contacts = 0, groups = 0"), "faults"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, exists := range []bool{true, false} {
				c := config(t)
				if !exists {
					c.Data = filepath.Join(c.Data, "data")
				}
				if _, err := restore(t, c, tt.file); err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("Restore = %v, want an error that says %q", err, tt.want)
				}
				if exists {
					if got := names(t, c.Data); len(got) > 0 {
						t.Errorf("the directory has %q", got)
					}
				} else if got := names(t, filepath.Dir(c.Data)); len(got) > 0 {
					t.Errorf("beside the directory there is %q", got)
				}
			}
		})
	}

	t.Run("OPS-11 faults can be accepted", func(t *testing.T) {
		f, err := os.Open(tampered(t, "UPDATE book SET contacts = contacts + 1 WHERE contacts > 0"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		c := config(t)
		named := 0
		_, err = server.Restore(t.Context(), c, f, server.RestoreOptions{AcceptFault: true, Fault: func(server.Fault) { named++ }})
		if err != nil || named == 0 {
			t.Errorf("Restore = %v, and %d faults", err, named)
		}
		open(t, c)
	})

	t.Run("OPS-10 a directory with anything in it is refused, by name", func(t *testing.T) {
		c := config(t)
		if err := os.WriteFile(filepath.Join(c.Data, "letter.txt"), []byte("Dear Jane,"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := restore(t, c, good); contacts.KindOf(err) != contacts.Duplicate || !strings.Contains(err.Error(), "letter.txt") {
			t.Errorf("Restore = %v, want %s that names the letter", err, contacts.Duplicate)
		}
		if got := names(t, c.Data); !slices.Equal(got, []string{"letter.txt"}) {
			t.Errorf("the directory has %q", got)
		}
	})

	t.Run("OPS-10 a directory that is empty, or missing", func(t *testing.T) {
		c := config(t)
		if _, err := restore(t, c, good); err != nil {
			t.Error(err)
		}
		if got := names(t, c.Data); !slices.Equal(got, []string{"contacts.db", "secret.key"}) {
			t.Errorf("the directory has %q", got)
		}
		c.Data = filepath.Join(t.TempDir(), "new")
		if _, err := restore(t, c, good); err != nil {
			t.Error(err)
		}
		if got := names(t, filepath.Dir(c.Data)); !slices.Equal(got, []string{"new"}) {
			t.Errorf("beside the new directory there is %q", got)
		}
	})
}

func TestVerifyBackup(t *testing.T) {
	t.Run("OPS-23 faults in a backup are named", func(t *testing.T) {
		for sql, want := range map[string]string{
			"PRAGMA user_version": "",
			"UPDATE book SET contacts = contacts + 1 WHERE contacts > 0":                                  "counts",
			"UPDATE record SET value = x'7b', sum = NULL WHERE type = 8 OR type = 3":                      "no JSON",
			"UPDATE record SET value = x'7b7d' WHERE key = 'self' AND owner = 1":                          "checksum",
			"UPDATE posting SET data = x'ffffffffffffffffffff'; UPDATE waiting SET terms = x'0077610000'": "search index",
		} {
			f, err := os.Open(tampered(t, sql))
			if err != nil {
				t.Fatal(err)
			}
			var faults []string
			v, _, err := server.VerifyBackup(t.Context(), config(t), f, func(f server.Fault) { faults = append(faults, f.Entry+": "+f.What) })
			f.Close()
			all := strings.Join(faults, "\n")
			if err != nil || (want == "") != (len(faults) == 0) || !strings.Contains(all, want) && !strings.Contains(all, "other words") || v.Faults != len(faults) {
				t.Errorf("after %s: %+v, %v, faults %q", sql, v, err, faults)
			}
		}
	})
}
