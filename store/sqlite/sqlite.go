// Package sqlite is the store in one embedded SQLite database. It is made for
// this server; package store has the contract.
//
// One connection writes: all updates that wait are run in one transaction and
// committed at once, so that many writers share the wait for the disk. Readers have connections of their own and wait for nobody. After a
// crash SQLite takes up the last commit by itself.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"contacts"
	"contacts/store"
)

// FileName is the name of the database in its directory. SQLite keeps files
// with the endings -wal and -shm beside it while it is in use.
const FileName = "contacts.db"

// Options are the settings of a Store. The zero value is fit for use.
type Options struct {
	Logger *slog.Logger     // for what happens in the background; slog.Default() if nil
	Now    func() time.Time // the clock that records expire by; time.Now if nil

	// BeforeUpgrade is called before Open changes the schema of a database that
	// is not empty, with the state of now and the schema to come. If it fails,
	// Open does, and has changed nothing.
	BeforeUpgrade func(ctx context.Context, n *Snapshot, to int) error

	// for tests
	maxPages   int64 // of the database
	indexBatch int   // see indexer
	indexPiece int   // see indexer
	migrations fs.FS // instead of those of the program
}

// A Store is a store.Store in a directory. Other processes may open the same
// directory at the same time.
type Store struct {
	path string
	o    Options
	pool pool
	w    *writer
	log  *checkpointer

	index *indexer

	counts *counts

	mu     sync.Mutex
	active int           // transactions under way
	closed bool          // no more may begin
	idle   chan struct{} // closed when the last one after Close has ended
}

// Open opens the database in dir, and makes both if they do not exist. It
// fails for a database that a newer version wrote.
func Open(ctx context.Context, dir string, o Options) (*Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Store{path: filepath.Join(dir, FileName), o: o, idle: make(chan struct{}), counts: newCounts()}
	if err := s.open(ctx, dir); err != nil {
		return nil, fmt.Errorf("open %s: %w", s.path, fault(err))
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, dir string) error {
	if err := makeFile(dir, s.path); err != nil {
		return err
	}
	c, err := open(s.path, writerCache)
	if err != nil {
		return err
	}
	if err := s.prepare(ctx, c); err != nil {
		c.Close()
		return err
	}
	background, err := open(s.path, backgroundCache)
	if err != nil {
		c.Close()
		return err
	}
	background.SetBusyTimeout(0)
	index, err := openWALIndex(s.path)
	if err != nil {
		c.Close()
		background.Close()
		return err
	}
	s.pool = pool{path: s.path, index: index, slots: make(chan struct{}, maxReaders), waits: s.counts.waits.At()}
	s.log = startCheckpointer(background, s.o.Logger, s.counts)
	s.w = newWriter(c, s.log, s.o, s.counts)
	s.index = startIndexer(s, s.o)
	s.w.index = s.index
	return nil
}

// prepare sets up the file of the database.
func (s *Store) prepare(ctx context.Context, c *conn) error {
	if s.o.maxPages > 0 {
		if err := c.script(fmt.Sprintf("PRAGMA max_page_count = %d", s.o.maxPages)); err != nil {
			return err
		}
	}
	if _, err := schemaVersion(c, 1<<30); err != nil { // before anything of another program's file changes
		return err
	}
	if err := c.script("PRAGMA journal_mode = WAL"); err != nil {
		return err
	}
	if s.o.BeforeUpgrade == nil {
		return migrate(c, s.migrations(), nil)
	}
	return migrate(c, s.migrations(), func(to int) error {
		if err := c.checkStructure(ctx, false); err != nil {
			return err
		}
		return snapshot(c, s.path, s.o.Now, false, func(n *Snapshot) error { return s.o.BeforeUpgrade(ctx, n, to) })
	})
}

// makeFile makes sure that the database exists and belongs to this user alone.
func makeFile(dir, path string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync() // the new name must outlast a crash
}

// errClosed answers those who come after Close.
var errClosed = contacts.Errorf(contacts.Unavailable, contacts.CodeOverloaded, "The store is closed")

// enter begins a transaction, which ends with leave.
func (s *Store) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	s.active++
	return nil
}

func (s *Store) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active--
	if s.closed && s.active == 0 {
		close(s.idle)
	}
}

// View implements store.Store.
func (s *Store) View(ctx context.Context, owner store.Owner, fn func(store.Tx) error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	c, err := s.pool.get(ctx)
	if err != nil {
		return fault(err)
	}
	defer s.pool.put(c)
	t := &tx{conn: c, owner: owner, now: s.o.Now, filters: &s.index.filters}
	err = fn(t)
	if t.overdue > 0 {
		s.index.changed(owner, t.overdue, false)
	}
	return err
}

// State implements store.Store.
func (s *Store) State() (store.State, bool) { return s.pool.index.state() }

// Update implements store.Store.
func (s *Store) Update(ctx context.Context, owner store.Owner, fn func(store.Tx) error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	return s.w.update(ctx, owner, fn)
}

// Ready implements store.Store.
func (s *Store) Ready(ctx context.Context) error {
	return s.View(ctx, store.Directory, func(t store.Tx) error {
		_, err := t.Book()
		return err
	})
}

// Close implements store.Store. A Store is closed once.
func (s *Store) Close() error {
	s.index.stop()
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return errClosed
	}
	s.closed = true
	if s.active == 0 {
		close(s.idle)
	}
	s.mu.Unlock()
	<-s.idle
	return fault(errors.Join(s.pool.close(), s.w.close(), s.log.stop(), s.pool.index.close()))
}
