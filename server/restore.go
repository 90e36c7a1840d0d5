package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"contacts"
	"contacts/archive"
	"contacts/store/sqlite"
)

// ReadManifest reads what a backup says of itself. The rest of the backup is
// not read, so it may still be damaged.
func ReadManifest(r io.Reader) (Manifest, error) {
	a, err := archive.NewReader(r)
	if err != nil {
		return Manifest{}, err
	}
	defer a.Close()
	return a.Manifest(), nil
}

// RestoreOptions are the settings of Restore.
type RestoreOptions struct {
	Fault       func(Fault) // called for each fault of the data in the backup
	AcceptFault bool        // restore what has faults that verify names
}

// Restore makes the data directory of c from a backup. It fails with kind
// Duplicate if there is anything in the directory, and with kind Forbidden for
// root in the directory of another user. What the backup holds takes
// its place only when all of it is verified.
func Restore(ctx context.Context, c Config, r io.Reader, o RestoreOptions) (Manifest, error) {
	there, err := inUse(c.Data)
	if err != nil {
		return Manifest{}, err
	}
	if len(there) > 0 { // OPS-10
		return Manifest{}, contacts.Errorf(contacts.Duplicate, "",
			"%s is not empty: there is %s. A backup is restored into a directory of its own; move the old one away, or name another with --data",
			c.Data, strings.Join(there[:min(3, len(there))], ", "))
	}
	if err := foreign(c.Data); err != nil {
		return Manifest{}, err
	}
	place, err := newPlace(c.Data)
	if err != nil {
		return Manifest{}, err
	}
	m, err := restoreInto(ctx, c, r, place.data, o)
	if err == nil {
		err = place.settle()
	}
	return m, errors.Join(err, place.work.remove())
}

// A place is where a data directory is made before it takes its name.
type place struct {
	work   *workFolder
	data   string // the new data directory
	target string // what it shall become
	whole  bool   // by taking the name, because the target does not exist
}

func newPlace(target string) (*place, error) {
	target, err := filepath.Abs(target)
	if err != nil {
		return nil, err
	}
	p := &place{target: target}
	parent := target // one that exists may be a file system of its own, and not ours to replace
	if _, err := os.Stat(target); errors.Is(err, fs.ErrNotExist) {
		p.whole, parent = true, filepath.Dir(target)
		if err := os.MkdirAll(parent, 0o700); err != nil {
			return nil, err
		}
	}
	if p.work, err = newWorkFolder(parent); err != nil {
		return nil, err
	}
	p.data = p.work.file("data")
	if err := os.Mkdir(p.data, 0o700); err != nil {
		return nil, errors.Join(err, p.work.remove())
	}
	return p, nil
}

// settle gives the new directory, or what is in it, its place. The database
// comes last: without it nothing is restored.
func (p *place) settle() error {
	if p.whole {
		if err := os.Rename(p.data, p.target); err != nil {
			return err
		}
		return syncFolder(filepath.Dir(p.target))
	}
	found, err := os.ReadDir(p.data)
	if err != nil {
		return err
	}
	move := func(name string) error { return os.Rename(filepath.Join(p.data, name), filepath.Join(p.target, name)) }
	for _, e := range found {
		if e.Name() != sqlite.FileName {
			if err := move(e.Name()); err != nil {
				return err
			}
		}
	}
	if err := syncFolder(p.target); err != nil {
		return err
	}
	if err := move(sqlite.FileName); err != nil { // OPS-11
		return err
	}
	return syncFolder(p.target)
}

// restoreInto makes a data directory in dir, which is empty, and verifies it.
func restoreInto(ctx context.Context, c Config, r io.Reader, dir string, o RestoreOptions) (Manifest, error) {
	m, err := unpack(ctx, r, dir)
	if err != nil {
		return m, err
	}
	if _, err := readSecretKey(filepath.Join(dir, secretKeyFile)); err != nil {
		return m, fmt.Errorf("the backup has no fit secret key: %w", err)
	}
	st, err := sqlite.Open(ctx, dir, sqlite.Options{Logger: c.Logger, Now: c.Now}) // an older schema is upgraded: OPS-42
	if err != nil {
		return m, fmt.Errorf("the database in the backup: %w", err)
	}
	faults := 0
	found := func(f Fault) {
		faults++
		if o.Fault != nil {
			o.Fault(f)
		}
	}
	_, err = verifyStore(ctx, st, found)
	if err == nil {
		err = compareCounts(ctx, st, m, found)
	}
	if err = errors.Join(err, st.Close()); err != nil { // closing takes the log into the database
		return m, err
	}
	if faults > 0 && !o.AcceptFault { // OPS-11
		return m, fmt.Errorf("the data in the backup have %d faults, and nothing was restored. Take an older backup, "+
			"or restore this one as it is with --accept-faults and then see 'contactsd verify --repair'", faults)
	}
	return m, syncTree(dir)
}

// unpack writes the files of a backup into dir, which is empty. Unless it
// fails, they are what the backup was written with.
func unpack(ctx context.Context, r io.Reader, dir string) (Manifest, error) {
	a, err := archive.NewReader(r)
	if err != nil {
		return Manifest{}, err
	}
	defer a.Close()
	m := a.Manifest()
	hasData := false
	err = a.Files(func(f archive.File, body io.Reader) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		hasData = hasData || f.Name == sqlite.FileName
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return err
		}
		out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		w := bufio.NewWriterSize(out, 1<<18)
		_, err = io.Copy(w, body)
		return errors.Join(err, w.Flush(), out.Close())
	})
	if err == nil && !hasData {
		err = fmt.Errorf("%w: there is no database in it", archive.ErrDamaged)
	}
	return m, err
}

// compareCounts checks that the database has as much as the manifest says.
func compareCounts(ctx context.Context, st *sqlite.Store, m Manifest, found func(Fault)) error {
	counts, err := st.Counts(ctx)
	if err != nil {
		return err
	}
	if len(counts) != len(m.Owners) {
		found(Fault{What: fmt.Sprintf("there are %d books, and the manifest lists %d", len(counts), len(m.Owners))})
		return nil
	}
	for i, c := range counts {
		o := m.Owners[i]
		if int64(c.Owner) != o.Owner || c.Contacts != o.Contacts || c.Groups != o.Groups || c.Photos != o.Photos || c.Tombstones != o.Tombstones {
			found(Fault{Owner: c.Owner, Entry: "book", What: "does not have what the manifest lists"})
		}
	}
	return nil
}

// syncTree sees to it that all files below a directory are on the disk.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return syncFolder(name) // files as well
	})
}

// openBackup opens the store in a backup, in a folder below parent, until fn
// returns.
func openBackup(ctx context.Context, c Config, r io.Reader, parent string, fn func(*sqlite.Store, Manifest) error) (err error) {
	work, err := newWorkFolder(parent)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, work.remove()) }()
	dir := work.file("data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	m, err := unpack(ctx, r, dir)
	if err != nil {
		return err
	}
	st, err := sqlite.Open(ctx, dir, sqlite.Options{Logger: c.Logger, Now: c.Now})
	if err != nil {
		return fmt.Errorf("the database in the backup: %w", err)
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return fn(st, m)
}
