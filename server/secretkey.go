package server

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"contacts/auth"
)

// secretKeyFile is the file in the data directory that has the key of what the
// database must not tell: random bytes, auth.SecretKeySize of them.
const secretKeyFile = "secret.key"

// secretKey reads the key of a data directory, which exists, and makes it on
// first use. It fails if others than the owner may read the file.
func secretKey(dir string) ([]byte, error) {
	name := filepath.Join(dir, secretKeyFile)
	key, err := readSecretKey(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := makeSecretKey(dir, name); err != nil {
		return nil, fmt.Errorf("make the secret key: %w", err)
	}
	return readSecretKey(name)
}

func readSecretKey(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := private(name, info); err != nil {
		return nil, err // SEC-13
	}
	if info.Size() != auth.SecretKeySize {
		return nil, fmt.Errorf("%s is damaged: it has %d bytes instead of %d. Restore it, or remove it and register all programs again",
			name, info.Size(), auth.SecretKeySize)
	}
	key := make([]byte, auth.SecretKeySize)
	if _, err := f.ReadAt(key, 0); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return key, nil
}

// private fails if others than the owner may read a file, as far as the system
// has modes that say so.
func private(name string, info fs.FileInfo) error {
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return fmt.Errorf("%s has the mode %04o: it must be for its owner alone (chmod 600)", name, mode)
	}
	return nil
}

// makeSecretKey makes the file, whole or not at all. Of two processes that do
// so at once, one wins, and both read what it wrote.
func makeSecretKey(dir, name string) error {
	key := make([]byte, auth.SecretKeySize)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "."+secretKeyFile+"-") // with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(key)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), name); err != nil && !errors.Is(err, fs.ErrExist) { // SEC-13
		return err
	}
	return syncFolder(dir)
}
