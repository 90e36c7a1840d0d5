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
	"time"

	"contacts"
	"contacts/archive"
	"contacts/auth"
	"contacts/store/sqlite"
)

// Manifest says what is in a backup.
type Manifest = archive.Manifest

// Backup writes a backup of the state of now to w: the database, the secret
// key and the authority of the stand-in. As long as it lasts, the write-ahead
// log of the database keeps all that is written meanwhile, so w should be a
// file. With rest it leaves most of the time to others.
//
// A backup is as confidential as the data directory.
func (s *Server) Backup(ctx context.Context, w io.Writer, rest bool) (m Manifest, err error) {
	err = s.db.Snapshot(ctx, rest, func(n *sqlite.Snapshot) error {
		m, err = s.writeBackup(ctx, w, n)
		return err
	})
	return m, err
}

func (s *Server) writeBackup(ctx context.Context, w io.Writer, n *sqlite.Snapshot) (Manifest, error) {
	m := Manifest{Program: "contactsd " + s.config.Version, Time: s.config.Now().UTC().Truncate(time.Second), Schema: n.Schema}
	var err error
	if m.Owners, err = ownersOf(ctx, n); err != nil {
		return m, err
	}
	m.Files = []archive.File{{Name: sqlite.FileName, Size: n.Size}}
	others, err := s.companions()
	if err != nil {
		return m, err
	}
	for _, o := range others {
		m.Files = append(m.Files, archive.File{Name: o.name, Size: int64(len(o.data))})
	}
	a, err := archive.NewWriter(w, m)
	if err != nil {
		return m, err
	}
	err = a.File(sqlite.FileName, func(w io.Writer) error { return n.WriteTo(ctx, w) })
	for _, o := range others {
		if err == nil {
			err = a.File(o.name, func(w io.Writer) error { _, err := w.Write(o.data); return err })
		}
	}
	if err != nil {
		a.Abort()
		return m, err
	}
	m.Format = archive.Format
	return m, a.Close()
}

// A companion is a small file beside the database that belongs to it.
type companion struct {
	name string // with slashes
	data []byte
}

// companions reads the files without which the database is not complete
// (OPS-2). What can be had again, such as certificates of ACME and journals of
// imports, is not among them.
func (s *Server) companions() (all []companion, err error) {
	names := []string{secretKeyFile}
	authority, err := os.ReadDir(filepath.Join(s.config.Data, authorityFolder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range authority {
		if e.Type().IsRegular() {
			names = append(names, authorityFolder+"/"+e.Name())
		}
	}
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(s.config.Data, filepath.FromSlash(name)))
		if err != nil {
			return nil, err
		}
		all = append(all, companion{name, data})
	}
	return all, nil
}

// ownersOf lists the accounts of a store, and what they have.
func ownersOf(ctx context.Context, n *sqlite.Snapshot) ([]archive.Owner, error) {
	counts, err := n.Counts()
	if err != nil {
		return nil, err
	}
	names, err := ownerNames(ctx, auth.New(n, auth.Options{}))
	if err != nil {
		return nil, err
	}
	owners := make([]archive.Owner, 0, len(counts))
	for _, c := range counts {
		owners = append(owners, archive.Owner{Owner: int64(c.Owner), Name: names[c.Owner], Rev: int64(c.Book.Rev),
			Contacts: c.Contacts, Groups: c.Groups, Photos: c.Photos, Tombstones: c.Tombstones})
	}
	return owners, nil
}

// A BackupDone is a backup that was made.
type BackupDone struct {
	File     string
	Size     int64 // of the file
	Took     time.Duration
	Manifest Manifest
}

// BackupFile writes a backup to a new file, which takes its name only when it
// is complete and on the disk. With replace it takes the place of a file that
// has the name; without, it fails with kind Duplicate.
func (s *Server) BackupFile(ctx context.Context, file string, replace bool) (BackupDone, error) {
	return writeBackupFile(file, replace, func(w io.Writer) (Manifest, error) { return s.Backup(ctx, w, true) })
}

func writeBackupFile(file string, replace bool, write func(io.Writer) (Manifest, error)) (done BackupDone, err error) {
	began := time.Now()
	taken := func() error {
		return contacts.Errorf(contacts.Duplicate, "", "%s exists already", file)
	}
	if _, err := os.Lstat(file); err == nil && !replace {
		return done, taken()
	}
	dir := filepath.Dir(file)
	work, err := newWorkFolder(dir)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, work.remove()) }()
	temp := work.file("backup")
	done = BackupDone{File: file}
	if done.Manifest, done.Size, err = writeFileSynced(temp, write); err != nil {
		return done, err
	}
	if replace {
		err = os.Rename(temp, file)
	} else if err = os.Link(temp, file); errors.Is(err, fs.ErrExist) { // OPS-3: a link replaces nothing
		return done, taken()
	} else if err != nil { // a file system without links
		err = os.Rename(temp, file)
	}
	if err == nil {
		err = syncFolder(dir) // OPS-3
	}
	done.Took = time.Since(began)
	return done, err
}

// writeFileSynced has write fill a new file for this user alone.
func writeFileSynced(name string, write func(io.Writer) (Manifest, error)) (m Manifest, size int64, err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // OPS-3
	if err != nil {
		return m, 0, err
	}
	w := bufio.NewWriterSize(f, 1<<18)
	m, err = write(w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync() // OPS-3
	}
	info, infoErr := f.Stat()
	if err = errors.Join(err, infoErr, f.Close()); err != nil {
		return m, 0, err
	}
	return m, info.Size(), nil
}

// BackupTo writes a backup to w, which may be slow: the backup is made in the
// data directory first.
func (s *Server) BackupTo(ctx context.Context, w io.Writer) (done BackupDone, err error) {
	began := time.Now()
	work, err := newWorkFolder(s.config.Data)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, work.remove()) }()
	temp := work.file("backup")
	done.Manifest, done.Size, err = writeFileSynced(temp, func(w io.Writer) (Manifest, error) { return s.Backup(ctx, w, true) })
	if err != nil {
		return done, err
	}
	f, err := os.Open(temp) // OPS-7
	if err != nil {
		return done, err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	done.Took = time.Since(began)
	return done, err
}

// beforeUpgrade makes a backup in the data directory before the schema changes.
func (s *Server) beforeUpgrade(ctx context.Context, n *sqlite.Snapshot, to int) error {
	if _, err := secretKey(s.config.Data); err != nil { // an old store may have none
		return err
	}
	name := fmt.Sprintf("before-schema-%d-%s%s", to, s.config.Now().UTC().Format(backupStamp), backupSuffix)
	done, err := writeBackupFile(filepath.Join(s.config.Data, name), true, func(w io.Writer) (Manifest, error) {
		return s.writeBackup(ctx, w, n)
	})
	if err != nil {
		return fmt.Errorf("make a backup before the upgrade from schema %d to %d: %w. Nothing was changed", n.Schema, to, err) // OPS-40
	}
	s.log.Info("made a backup before the upgrade of the database", "file", done.File, "from", n.Schema, "to", to, "bytes", done.Size) // OPS-40
	return nil
}
