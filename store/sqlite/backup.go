package sqlite

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"contacts/store"

	lite "zombiezen.com/go/sqlite"
)

// A backup copies the pages of the database as one read transaction sees them,
// whatever is written meanwhile. Two other ways need room for a second database,
// which has to be read again to be compressed: VACUUM INTO, which takes twice as
// long for 100,000 contacts, and SQLite's own backup, which takes as long as this.
//
// As long as the transaction lasts, the write-ahead log cannot begin again at
// its start. So whoever takes the pages must not be slower than a disk.
const (
	copyPages = 64 // read in one go

	// restRatio is how long a backup rests after a while of work, so that
	// requests get the processors and the disk.
	restRatio = 5

	// hurryBytes is how much the log may grow before the backup rests no more.
	hurryBytes = 64 << 20
)

// A Snapshot is the whole store at one moment. It is a store.Store that cannot
// be changed; its methods must not be called concurrently.
type Snapshot struct {
	Schema int   // number of migrations that the database has been through
	Size   int64 // bytes of the database, as WriteTo writes it

	conn     *conn
	now      func() time.Time
	log      string // file of the write-ahead log
	pageSize int64
	rests    bool
}

// Snapshot calls fn with the state of now. With rest, WriteTo leaves most of
// the time to others. It fails with a *DamagedError if the structure of the
// database is damaged.
func (s *Store) Snapshot(ctx context.Context, rest bool, fn func(*Snapshot) error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	c, err := open(s.path, readerCache)
	if err != nil {
		return fault(err)
	}
	defer c.Close()
	c.SetInterrupt(ctx.Done())
	if err := c.checkStructure(ctx, rest); err != nil { // OPS-6
		return fault(err)
	}
	return snapshot(c, s.path, s.o.Now, rest, fn)
}

// snapshot calls fn with the state that a connection without transaction sees.
func snapshot(c *conn, path string, now func() time.Time, rest bool, fn func(*Snapshot) error) error {
	if err := c.run("BEGIN"); err != nil {
		return fault(err)
	}
	defer c.rollback()
	n := &Snapshot{conn: c, now: now, log: path + "-wal", rests: rest}
	version, err := c.number("PRAGMA user_version") // the first read: from here on nothing changes (OPS-1)
	if err != nil {
		return fault(err)
	}
	pages, err := c.number("PRAGMA page_count")
	if err != nil {
		return fault(err)
	}
	if n.pageSize, err = c.number("PRAGMA page_size"); err != nil {
		return fault(err)
	}
	n.Schema, n.Size = int(version), pages*n.pageSize
	return fn(n)
}

// WriteTo writes the database: a file that Open opens.
func (n *Snapshot) WriteTo(ctx context.Context, w io.Writer) error {
	stmt, _, err := n.conn.PrepareTransient("SELECT pgno, data FROM sqlite_dbpage") // by ascending number
	if err != nil {
		return fault(err)
	}
	defer stmt.Finalize()
	grown := growth(n.log)
	page := make([]byte, n.pageSize)
	last := n.Size / n.pageSize
	for number := int64(1); number <= last; {
		began := time.Now()
		for end := min(number+copyPages-1, last); number <= end; number++ {
			more, err := stmt.Step()
			if err != nil {
				return fault(err)
			}
			if !more || stmt.ColumnInt64(0) != number || int64(stmt.ColumnLen(1)) != n.pageSize {
				return fmt.Errorf("sqlite: page %d of the database cannot be read", number)
			}
			stmt.ColumnBytes(1, page)
			if _, err := w.Write(page); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if n.rests && grown() < hurryBytes { // OPS-7
			if err := restAfter(ctx, began); err != nil {
				return err
			}
		}
	}
	return nil
}

// growth returns a function that tells by how much a file has grown.
func growth(name string) func() int64 {
	size := func() int64 {
		info, err := os.Stat(name)
		if err != nil {
			return 0
		}
		return info.Size()
	}
	first := size()
	return func() int64 { return size() - first }
}

// restAfter rests in proportion to the work that began at a time.
func restAfter(ctx context.Context, began time.Time) error {
	t := time.NewTimer(restRatio * time.Since(began))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A DamagedError says that the structure of the database is damaged.
type DamagedError struct {
	Reason string // SQLite's words
}

func (e *DamagedError) Error() string {
	return "the structure of the database is damaged: " + e.Reason
}

// checkStructure has SQLite look for damage, one table after the other.
func (c *conn) checkStructure(ctx context.Context, rest bool) error {
	tables, err := c.texts("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
	if err != nil {
		return err
	}
	for _, table := range tables {
		began := time.Now()
		found, err := c.texts(`PRAGMA quick_check("` + table + `")`)
		if lite.ErrCode(err).ToPrimary() == lite.ResultCorrupt {
			return &DamagedError{Reason: table + ": " + err.Error()}
		}
		if err != nil {
			return err
		}
		if len(found) != 1 || found[0] != "ok" {
			return &DamagedError{Reason: table + ": " + found[0]}
		}
		if rest {
			if err := restAfter(ctx, began); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// texts returns the first column of all rows of a statement.
func (c *conn) texts(sql string) (all []string, err error) {
	stmt, _, err := c.PrepareTransient(sql)
	if err != nil {
		return nil, err
	}
	defer stmt.Finalize()
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return all, err
		}
		all = append(all, stmt.ColumnText(0))
	}
}

// A Count is how much an owner has.
type Count struct {
	Owner      store.Owner
	Book       store.Book // as it says of itself
	Contacts   int
	Groups     int
	Photos     int
	Tombstones int // of both kinds
}

// Counts tells of all books, by ascending owner.
func (n *Snapshot) Counts() ([]Count, error) {
	stmt, err := n.conn.bind("SELECT owner FROM book ORDER BY owner")
	owners, err := collectIDs(stmt, err)
	if err != nil {
		return nil, fault(err)
	}
	counts := make([]Count, 0, len(owners))
	for _, id := range owners {
		c := Count{Owner: store.Owner(id)}
		t := &tx{conn: n.conn, owner: c.Owner, now: n.now}
		if c.Book, err = t.Book(); err != nil {
			return nil, err
		}
		for _, q := range []struct {
			n   *int
			sql string
		}{
			{&c.Contacts, "SELECT count(*) FROM contact WHERE owner = ?1"},
			{&c.Groups, "SELECT count(*) FROM team WHERE owner = ?1"},
			{&c.Photos, "SELECT count(*) FROM photo WHERE owner = ?1"},
			{&c.Tombstones, "SELECT count(*) FROM tombstone WHERE owner = ?1"},
		} {
			found, err := n.conn.number(q.sql, int64(c.Owner))
			if err != nil {
				return nil, fault(err)
			}
			*q.n = int(found)
		}
		counts = append(counts, c)
	}
	return counts, nil
}

// View implements store.Store.
func (n *Snapshot) View(ctx context.Context, owner store.Owner, fn func(store.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return fn(&tx{conn: n.conn, owner: owner, now: n.now})
}

// Update implements store.Store: it fails.
func (n *Snapshot) Update(context.Context, store.Owner, func(store.Tx) error) error {
	return errReadOnly
}

// State implements store.Store.
func (n *Snapshot) State() (store.State, bool) { return store.State{}, false }

// Ready implements store.Store.
func (n *Snapshot) Ready(context.Context) error { return nil }

// Close implements store.Store. It does nothing: the snapshot ends with the
// function that was called with it.
func (n *Snapshot) Close() error { return nil }

var _ store.Store = (*Snapshot)(nil)

// Count returns the counts of the store as it is now.
func (s *Store) Counts(ctx context.Context) (counts []Count, err error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.leave()
	c, err := s.pool.get(ctx)
	if err != nil {
		return nil, fault(err)
	}
	defer s.pool.put(c)
	return (&Snapshot{conn: c, now: s.o.Now}).Counts()
}
