package sqlite

import (
	"context"
	"errors"
	"log/slog"

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

// OpenSmallRuns opens a store that makes a run of the index of few changes.
func OpenSmallRuns(dir string) (*Store, error) {
	return Open(context.Background(), dir, Options{Logger: slog.New(slog.DiscardHandler), indexBatch: 3})
}
