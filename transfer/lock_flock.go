//go:build linux || darwin || freebsd || openbsd || netbsd || dragonfly

package transfer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"contacts"
)

// lockFile makes sure that one process at a time does what name stands for, a
// file that is made if it is missing. The lock ends with the process.
func lockFile(name string) (unlock func(), err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, contacts.Errorf(contacts.Unavailable, "", "another program is at it: %s is locked", filepath.Base(name))
		}
		return nil, fmt.Errorf("lock %s: %w", filepath.Base(name), err)
	}
	return func() { f.Close() }, nil
}
