//go:build unix

package server

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"

	"contacts"
)

// foreign fails with kind Forbidden if this program runs as root and a
// directory, which may be missing, is another user's: a server of that user
// could not read what root makes there.
func foreign(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || stat.Uid == 0 {
		return nil
	}
	owner := "#" + strconv.Itoa(int(stat.Uid))
	if u, err := user.LookupId(owner[1:]); err == nil {
		owner = u.Username
	}
	return contacts.Errorf(contacts.Forbidden, "", // OPS-15
		"%s belongs to the user %s, who could not read what root makes there. Run the command as that user, such as by: runuser -u %s -- contactsd ...",
		dir, owner, owner)
}
