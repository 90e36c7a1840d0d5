package server

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// workPrefix begins the names of the folders in which backups and restores do
// their work. What is in them counts for nothing.
const workPrefix = ".contactsd-work-"

// workLock is the file in a work folder that its process holds locked.
const workLock = "lock"

// youngWork is how long a folder may have been made before its process has
// locked it.
const youngWork = time.Minute

// A workFolder is a folder for files on their way to another place.
type workFolder struct {
	dir  string
	lock *os.File
}

// newWorkFolder makes a folder below parent, for this user alone, and removes
// those that killed processes have left there.
func newWorkFolder(parent string) (*workFolder, error) {
	sweepWork(parent, time.Now().Add(-youngWork))
	dir, err := os.MkdirTemp(parent, workPrefix) // with mode 0700
	if err != nil {
		return nil, err
	}
	lock, err := lockFile(filepath.Join(dir, workLock))
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return &workFolder{dir, lock}, nil
}

func (w *workFolder) file(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

// remove removes the folder with what is left in it.
func (w *workFolder) remove() error {
	return errors.Join(w.lock.Close(), os.RemoveAll(w.dir))
}

// sweepWork removes the work folders below parent that were made before a time
// and that no process works in.
func sweepWork(parent string, before time.Time) {
	found, err := os.ReadDir(parent)
	if err != nil {
		return // whoever needs parent will say so
	}
	for _, e := range found {
		info, err := e.Info()
		if err != nil || !e.IsDir() || !strings.HasPrefix(e.Name(), workPrefix) || info.ModTime().After(before) {
			continue
		}
		w := workFolder{dir: filepath.Join(parent, e.Name())}
		if w.lock, err = lockFile(filepath.Join(w.dir, workLock)); err == nil {
			w.remove()
		}
	}
}

// inUse lists what is in a directory, which may be missing, but for what does
// not count.
func inUse(dir string) (names []string, err error) {
	found, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range found {
		if name := e.Name(); name != "lost+found" && !strings.HasPrefix(name, workPrefix) {
			names = append(names, name)
		}
	}
	return names, err
}
