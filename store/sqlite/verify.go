package sqlite

import (
	"context"
	"fmt"
	"io/fs"
	"slices"

	"contacts"
	"contacts/store"

	lite "zombiezen.com/go/sqlite"
)

// A Fault is something in the store that is not as it must be.
type Fault struct {
	Owner   store.Owner // Directory also for what belongs to no owner
	Entry   string      // what is at fault, such as "contact 1f"; empty for the database as a whole
	What    string      // what is wrong with it, for people
	Derived bool        // Repair makes it anew
}

// VerifyOptions are the settings of Verify.
type VerifyOptions struct {
	// Fault is called for each fault.
	Fault func(Fault)

	// Record, if not nil, says whether a record can be read.
	Record func(owner store.Owner, t store.RecordType, key string, value []byte) error
}

// Verified is how much Verify has looked at.
type Verified struct {
	Owners, Contacts, Groups, Photos, Tombstones, Records, Faults int
}

// Verify looks at everything in the store: structure, references, counts,
// revisions, photos, the search index, and whether each contact can be read,
// is valid and can be written as Atom. It reads each owner's rows in one
// transaction of its own, so it may run beside a server. Its error means that
// it could not look at everything.
func (s *Store) Verify(ctx context.Context, o VerifyOptions) (v Verified, err error) {
	if err := s.enter(ctx); err != nil {
		return v, err
	}
	defer s.leave()
	c, err := open(s.path, writerCache)
	if err != nil {
		return v, fault(err)
	}
	defer c.Close()
	c.SetInterrupt(ctx.Done())
	found := func(f Fault) {
		v.Faults++
		o.Fault(f)
	}
	if err := c.verifyStructure(s.migrations(), found); err != nil {
		found(Fault{What: "the structure cannot be checked: " + err.Error()})
	}
	owners, err := c.owners(found)
	if err != nil {
		return v, fmt.Errorf("list the owners: %w", fault(err))
	}
	for _, owner := range owners {
		if err := ctx.Err(); err != nil {
			return v, err
		}
		v.Owners++
		err := c.reading(func() error {
			b := newBookCheck(&tx{conn: c, owner: owner, now: s.o.Now}, &v, found)
			if err := b.all(ctx); err != nil {
				return err
			}
			return b.records(o.Record)
		})
		if ctx.Err() != nil {
			return v, ctx.Err()
		}
		if err != nil {
			found(Fault{Owner: owner, What: "not everything can be read: " + err.Error()})
		}
	}
	return v, nil
}

// migrations are those of this store.
func (s *Store) migrations() fs.FS {
	if s.o.migrations != nil {
		return s.o.migrations
	}
	return migrations
}

// reading runs fn in a transaction.
func (c *conn) reading(fn func() error) error {
	if err := c.run("BEGIN"); err != nil {
		return err
	}
	defer c.rollback()
	return fn()
}

// verifyStructure has SQLite check the pages, rows and indexes, and compares
// the schema with that of a new database.
func (c *conn) verifyStructure(files fs.FS, found func(Fault)) error {
	results, err := c.texts("PRAGMA integrity_check(1000)") // OPS-20
	if err != nil {
		return err
	}
	for _, r := range results {
		if r != "ok" {
			found(Fault{What: r})
		}
	}
	fresh, err := open(":memory:", backgroundCache)
	if err != nil {
		return err
	}
	defer fresh.Close()
	if err := migrate(fresh, files, nil); err != nil {
		return err
	}
	const schema = "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY 1"
	want, err := fresh.texts(schema)
	if err != nil {
		return err
	}
	got, err := c.texts(schema)
	if err != nil {
		return err
	}
	for _, w := range want {
		if !slices.Contains(got, w) {
			found(Fault{What: "the schema lacks " + firstWords(w)})
		}
	}
	for _, g := range got {
		if !slices.Contains(want, g) {
			found(Fault{What: "the schema has the unknown " + firstWords(g)})
		}
	}
	for _, k := range kinds {
		keys, err := c.ints("SELECT key FROM " + k.name + " WHERE owner <> key >> 40 LIMIT 100")
		if err != nil {
			return err
		}
		for _, key := range keys {
			found(Fault{Owner: store.Owner(key >> 40), Entry: entryName(k, idOf(key)), What: "its row says that it belongs to somebody else"})
		}
	}
	return nil
}

// firstWords is the type and the name of an element of a schema.
func firstWords(s string) string {
	var kind, name string
	fmt.Sscan(s, &kind, &name)
	return kind + " " + name
}

// entryName names an entry as messages do.
func entryName(k *kind, id contacts.ID) string {
	if k == groupKind {
		return "group " + id.String()
	}
	return "contact " + id.String()
}

// owners lists whoever has a row in any table. Where owners are not in order,
// it stops.
func (c *conn) owners(found func(Fault)) (all []store.Owner, err error) {
	for _, table := range []string{"record", "book", "contact", "team", "tombstone", "block", "member", "photo", "run", "posting"} {
		next := "SELECT min(owner) FROM " + table + " WHERE owner > ?1"
		for last := int64(-1); ; {
			stmt, err := c.bind(next, last)
			if err != nil {
				return nil, err
			}
			if _, err := stmt.Step(); err != nil {
				return nil, err
			}
			if stmt.ColumnIsNull(0) {
				stmt.Reset()
				break
			}
			next, number := stmt.ColumnInt64(0), stmt.ColumnType(0) == lite.TypeInteger
			stmt.Reset()
			if next <= last || !number {
				found(Fault{What: "the table " + table + " has rows that are not in order"}) // OPS-95
				break
			}
			last = next
			all = append(all, store.Owner(last))
		}
	}
	waiting, err := c.ints("SELECT DISTINCT key >> 40 FROM waiting")
	if err != nil {
		return nil, err
	}
	for _, w := range waiting {
		all = append(all, store.Owner(w))
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// ints returns the first column of all rows of a statement.
func (c *conn) ints(sql string) (all []int64, err error) {
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
		all = append(all, stmt.ColumnInt64(0))
	}
}
