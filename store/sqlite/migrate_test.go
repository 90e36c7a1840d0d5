package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"contacts/store/sqlite"

	lite "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// script runs SQL on the database of a closed store.
func script(t *testing.T, dir, sql string) {
	t.Helper()
	c, err := lite.OpenConn(filepath.Join(dir, sqlite.FileName), lite.OpenReadWrite|lite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(sqlitex.ExecuteScript(c, sql, nil), c.Close()); err != nil {
		t.Fatal(err)
	}
}

// filled makes a closed store with one contact in it.
func filled(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	st, err := openDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := insertOne(st); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestOpen(t *testing.T) {
	t.Run("a store is found again", func(t *testing.T) {
		st := openIn(t, filled(t))
		if err := checkBook(st, nil); err != nil {
			t.Error(err)
		}
		if id, err := insertOne(st); id != 2 || err != nil {
			t.Errorf("the next contact has the ID %v, %v, want 2", id, err)
		}
	})

	t.Run("the files belong to this user alone", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "new", "data")
		st := openIn(t, dir)
		if _, err := insertOne(st); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]os.FileMode{".": 0o700, sqlite.FileName: 0o600, sqlite.FileName + "-wal": 0o600, sqlite.FileName + "-shm": 0o600} {
			info, err := os.Stat(filepath.Join(dir, name))
			if err != nil || info.Mode().Perm() != want {
				t.Errorf("%s has the mode %v, %v, want %v", name, info.Mode().Perm(), err, want)
			}
		}
	})

	refused := func(name, want string, prepare func(t *testing.T) (dir string)) {
		t.Run(name, func(t *testing.T) {
			dir := prepare(t)
			before, _ := os.ReadFile(filepath.Join(dir, sqlite.FileName))
			st, err := openDir(dir)
			if err == nil {
				st.Close()
				t.Fatal("Open succeeded")
			}
			if !strings.Contains(err.Error(), want) {
				t.Errorf("Open = %v, want an error that says %q", err, want)
			}
			if after, _ := os.ReadFile(filepath.Join(dir, sqlite.FileName)); string(after) != string(before) {
				t.Error("Open changed the file")
			}
		})
	}
	refused("a database of a newer version is refused", "schema 1000 and this program knows up to", func(t *testing.T) string {
		dir := filled(t)
		script(t, dir, "PRAGMA user_version = 1000")
		return dir
	})
	refused("a database of another program is refused", "belongs to another program", func(t *testing.T) string {
		dir := t.TempDir()
		script(t, dir, "CREATE TABLE carriage (horses INTEGER)")
		return dir
	})
	refused("a database with the mark of another program is refused", "belongs to another program", func(t *testing.T) string {
		dir := t.TempDir()
		script(t, dir, "PRAGMA application_id = 7")
		return dir
	})
	refused("a file that is no database is refused", "not a database", func(t *testing.T) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, sqlite.FileName), []byte(strings.Repeat("It is a truth universally acknowledged", 100)), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	})
	refused("a file in the place of the directory is refused", "not a directory", func(t *testing.T) string {
		dir := filepath.Join(t.TempDir(), "data")
		if err := os.WriteFile(dir, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	})

	t.Run("a store that is opened by many at once is made once", func(t *testing.T) {
		dir := t.TempDir()
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				st, err := openDir(dir)
				if err != nil {
					t.Error(err)
					return
				}
				_, err = insertOne(st)
				if err := errors.Join(err, st.Close()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if err := checkBook(openIn(t, dir), nil); err != nil {
			t.Error(err)
		}
	})

	t.Run("an Open that is not wanted opens nothing", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		dir := filepath.Join(t.TempDir(), "data")
		if st, err := sqlite.Open(ctx, dir, sqlite.Options{}); st != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("Open = %v, %v, want context.Canceled", st, err)
		}
	})
}

// The number of a migration is its place in the order of the names.
func TestMigrationNames(t *testing.T) {
	files, err := filepath.Glob("migrations/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d migrations, %v", len(files), err)
	}
	for i, file := range files {
		if name := filepath.Base(file); !strings.HasPrefix(name, fmt.Sprintf("%04d_", i+1)) || !strings.HasSuffix(name, ".sql") {
			t.Errorf("migration number %d is called %s", i+1, name)
		}
	}
}
