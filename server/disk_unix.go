//go:build linux || darwin

package server

import "syscall"

// diskFree is the room in bytes that a directory's disk has for this program.
func diskFree(dir string) (uint64, bool) {
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil {
		return 0, false
	}
	return uint64(s.Bavail) * uint64(s.Bsize), true
}
