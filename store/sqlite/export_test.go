package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"testing/fstest"

	"contacts/store"
)

// Settle waits until the index of a book is tidy.
func (s *Store) Settle(owner store.Owner) error {
	for {
		if err := s.index.tidy(owner, false); !errors.Is(err, errOvertaken) {
			return err
		}
	}
}

// Purge erases the words of the deleted from the index of a book now.
func (s *Store) Purge(owner store.Owner) error {
	for {
		if err := s.index.tidy(owner, true); !errors.Is(err, errOvertaken) {
			return err
		}
	}
}

// Check has SQLite check the database.
func (s *Store) Check() error {
	c, err := s.pool.get(context.Background())
	if err != nil {
		return err
	}
	defer s.pool.put(c)
	stmt, err := c.Prepare("PRAGMA integrity_check")
	if err != nil {
		return err
	}
	defer stmt.Reset()
	if _, err := stmt.Step(); err != nil {
		return err
	}
	if result := stmt.ColumnText(0); result != "ok" {
		return errors.New(result)
	}
	return nil
}

// OpenLimited opens a store whose database may have so many pages.
func OpenLimited(dir string, pages int64) (*Store, error) {
	return Open(context.Background(), dir, Options{Logger: slog.New(slog.DiscardHandler), maxPages: pages})
}

// OpenSmallRuns opens a store that makes a run of the index of few changes, and
// writes it block by block.
func OpenSmallRuns(dir string) (*Store, error) {
	return Open(context.Background(), dir, Options{Logger: slog.New(slog.DiscardHandler), indexBatch: 3, indexPiece: 1})
}

// OpenWithMigration opens a store as the next version of the program would,
// which has one migration more.
func OpenWithMigration(dir string, o Options, sql string) (*Store, error) {
	next := fstest.MapFS{"migrations/9999_next.sql": {Data: []byte(sql)}}
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := fs.ReadFile(migrations, file)
		if err != nil {
			return nil, err
		}
		next[file] = &fstest.MapFile{Data: text}
	}
	o.migrations = next
	return Open(context.Background(), dir, o)
}

// Filters counts the runs of a book, and those of them that have a filter of
// addresses.
func (s *Store) Filters(owner store.Owner) (runs, known int, err error) {
	err = s.View(context.Background(), owner, func(st store.Tx) error {
		all, err := st.(*tx).runs()
		s.index.filters.mu.Lock()
		defer s.index.filters.mu.Unlock()
		for _, r := range all {
			if _, ok := s.index.filters.byRun[r.number]; ok {
				known++
			}
		}
		runs = len(all)
		return err
	})
	return runs, known, err
}

// Learn makes the filters that were asked for.
func (s *Store) Learn() { s.index.learn() }
