package sqlite

import (
	"errors"
	"maps"
	"time"

	"contacts"
	"contacts/store"
)

// A tx is a transaction on the rows of one owner.
type tx struct {
	conn  *conn
	owner store.Owner
	now   func() time.Time

	filters *mailFilters // of the runs; may be nil

	writing  bool  // not a View
	changing bool  // the savepoint of this update is open
	failed   error // of a change, which makes the whole update fail

	blocks map[block]int64 // live entries added less those removed, not yet written
	photos map[string]int  // contacts that name a photo now, less those that did before
	last   selection       // what the last query selected

	indexed int  // changes of what contacts are found by
	buried  bool // a contact was deleted
	overdue int  // contacts that wait to be indexed, if they are too many

	mail *mail // once an update has asked for an address

	data, other []byte // for the stored form and the terms of an entry
	column      []byte // for scratch
	term        []byte // for the terms of a block
}

var errReadOnly = errors.New("sqlite: change in a View")

// change runs fn, which changes rows. Its error stays with the transaction,
// because part of the change may have been made.
func (t *tx) change(fn func() error) error {
	if !t.writing {
		return errReadOnly
	}
	if t.failed != nil {
		return t.failed
	}
	if !t.changing {
		if t.failed = fault(t.conn.run("SAVEPOINT one")); t.failed != nil {
			return t.failed
		}
		t.changing = true
	}
	t.last = selection{}
	t.failed = fault(fn())
	return t.failed
}

// Try implements store.Tx.
func (t *tx) Try(fn func() error) error {
	if err := t.change(func() error { return t.conn.run("SAVEPOINT part") }); err != nil {
		return err
	}
	blocks, photos, indexed, buried := maps.Clone(t.blocks), maps.Clone(t.photos), t.indexed, t.buried
	err := fn()
	if err == nil {
		err = t.failed
	}
	if err == nil {
		return t.change(func() error { return t.conn.run("RELEASE part") })
	}
	if t.indexed != indexed {
		t.mail = nil
	}
	t.blocks, t.photos, t.indexed, t.buried, t.failed = blocks, photos, indexed, buried, nil
	undone := t.change(func() error {
		return errors.Join(t.conn.run("ROLLBACK TO part"), t.conn.run("RELEASE part"))
	})
	if undone != nil {
		return undone // nothing of the update can be kept
	}
	return err
}

// finish writes what was kept back for the end of the update.
func (t *tx) finish() error {
	if t.failed == nil && len(t.blocks) != 0 {
		t.change(t.writeBlocks)
	}
	if t.failed == nil && len(t.photos) != 0 {
		t.change(t.writePhotos)
	}
	return t.failed
}

// key is where the row of an entry stands.
func (t *tx) key(id contacts.ID) int64 { return int64(t.owner)<<40 | int64(id) }

// idOf is the ID in a key.
func idOf(key int64) contacts.ID { return contacts.ID(key) & store.MaxID }

// Book implements store.Tx.
func (t *tx) Book() (b store.Book, err error) {
	stmt, err := t.conn.bind("SELECT rev, created, last_id, contacts, groups FROM book WHERE owner = ?1", int64(t.owner))
	if err != nil {
		return b, fault(err)
	}
	row, err := stmt.Step()
	if err != nil || !row {
		return b, fault(err)
	}
	defer stmt.Reset()
	return store.Book{
		Rev:      contacts.Rev(stmt.ColumnInt64(0)),
		Created:  contacts.Rev(stmt.ColumnInt64(1)),
		LastID:   contacts.ID(stmt.ColumnInt64(2)),
		Contacts: stmt.ColumnInt(3),
		Groups:   stmt.ColumnInt(4),
	}, nil
}

// PutBook implements store.Tx.
func (t *tx) PutBook(b store.Book) error {
	return t.change(func() error {
		return t.conn.run(`INSERT INTO book (owner, rev, created, last_id, contacts, groups) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
			ON CONFLICT (owner) DO UPDATE SET rev = excluded.rev, created = excluded.created, last_id = excluded.last_id,
			contacts = excluded.contacts, groups = excluded.groups`,
			int64(t.owner), int64(b.Rev), int64(b.Created), int64(b.LastID), int64(b.Contacts), int64(b.Groups))
	})
}

// DropBook implements store.Tx.
func (t *tx) DropBook() error {
	return t.change(func() error {
		t.blocks, t.photos = nil, nil
		first, last := t.key(0), t.key(store.MaxID)
		for _, k := range kinds {
			if err := t.conn.run(k.drop, first, last); err != nil {
				return err
			}
		}
		for _, sql := range []string{
			"DELETE FROM tombstone WHERE owner = ?1",
			"DELETE FROM member WHERE owner = ?1",
			"DELETE FROM block WHERE owner = ?1",
			"DELETE FROM photo WHERE owner = ?1", // QRY-47
			"DELETE FROM book WHERE owner = ?1",
		} {
			if err := t.conn.run(sql, int64(t.owner)); err != nil {
				return err
			}
		}
		return t.dropIndex()
	})
}
