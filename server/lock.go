package server

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"contacts"
)

// lockName is the file in the data directory that a running server holds
// locked. It is never removed: only the lock on it counts, and the system
// ends that with the process.
const lockName = "serve.lock"

// errHeld is what lockFile returns while another has the lock.
var errHeld = errors.New("the file is locked")

// lockData makes sure that one server at a time runs on the data directory
// (OPS-90). Two of them would each count login failures, request rates and the
// nonces of signed requests for themselves. Commands take no lock.
func lockData(dir string) (unlock func(), err error) {
	name := filepath.Join(dir, lockName)
	f, err := lockFile(name)
	if errors.Is(err, errHeld) {
		return nil, contacts.Errorf(contacts.Unavailable, contacts.CodeOverloaded,
			"another server%s runs on the data directory %s; stop it first, or give this one a directory of its own", holder(name), dir)
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	if err := f.Truncate(0); err == nil { // for holder; without it the lock holds as well
		fmt.Fprintln(f, os.Getpid())
	}
	return func() { f.Close() }, nil
}

// holder names the process that has the lock, if it can be told.
func holder(name string) string {
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 32))
	pid := strings.TrimSpace(string(text))
	if err != nil || pid == "" || strings.Trim(pid, "0123456789") != "" {
		return ""
	}
	return " (process " + pid + ")"
}
