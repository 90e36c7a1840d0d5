package server_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"contacts/server"
)

func TestSecretKey(t *testing.T) {
	key := func(t *testing.T, dir string) []byte {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(dir, "secret.key"))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	open := func(t *testing.T, c server.Config) error {
		t.Helper()
		s, err := server.Open(t.Context(), c)
		if err == nil {
			err = s.Close()
		}
		return err
	}
	t.Run("SEC-13 made once, for its owner alone", func(t *testing.T) {
		c := config(t)
		if err := open(t, c); err != nil {
			t.Fatal(err)
		}
		first := key(t, c.Data)
		info, err := os.Stat(filepath.Join(c.Data, "secret.key"))
		if err != nil || info.Mode().Perm() != 0o600 || len(first) != 32 || bytes.Count(first, first[:1]) == len(first) {
			t.Errorf("secret.key: %v, %d bytes, %v", info.Mode(), len(first), err)
		}
		if err := open(t, c); err != nil || !bytes.Equal(key(t, c.Data), first) {
			t.Errorf("Open() = %v, and the key is another", err)
		}
	})
	t.Run("SEC-13 servers that start at once agree", func(t *testing.T) {
		c := config(t)
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wg.Go(func() { errs[i] = open(t, c) })
		}
		wg.Wait()
		for _, err := range errs {
			if err != nil {
				t.Error(err)
			}
		}
		files, err := filepath.Glob(filepath.Join(c.Data, "*secret.key*"))
		hidden, _ := filepath.Glob(filepath.Join(c.Data, ".secret.key*"))
		if files = append(files, hidden...); err != nil || len(files) != 1 {
			t.Errorf("files %v are left, want secret.key alone", files)
		}
	})
	for name, tt := range map[string]struct {
		text string
		mode os.FileMode
		want string
	}{
		"SEC-13 others may read it": {strings.Repeat("k", 32), 0o644, "chmod 600"},
		"too short":                 {"kitty", 0o600, "is damaged: it has 5 bytes instead of 32"},
	} {
		t.Run(name, func(t *testing.T) {
			c := config(t)
			if err := os.MkdirAll(c.Data, 0o700); err != nil {
				t.Fatal(err)
			}
			name := filepath.Join(c.Data, "secret.key")
			if err := errors.Join(os.WriteFile(name, []byte(tt.text), tt.mode), os.Chmod(name, tt.mode)); err != nil { // whatever the umask
				t.Fatal(err)
			}
			if err := open(t, c); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Open() = %v, want %q", err, tt.want)
			}
		})
	}
}
