package sqlite

import (
	"fmt"

	"contacts"
)

// A row is an entry as the database has it.
type row struct {
	key          int64 // of a tombstone, the ID
	id           contacts.ID
	rev, created contacts.Rev
	dead         bool   // a tombstone
	data         string // sealed
}

// blockBits sets the size of the blocks of IDs in which live entries are
// counted. A page costs the counts of all blocks before it, and the keys of
// one block.
const blockBits = 8

// A block is a run of IDs of one kind.
type block struct{ kind, number int64 }

// get reads a live entry, or fails with kind NotFound.
func (t *tx) get(k *kind, id contacts.ID) (r row, err error) {
	if id > maxID {
		return r, notFound(k.name)
	}
	stmt, err := t.conn.bind(k.get, t.key(id))
	if err != nil {
		return r, fault(err)
	}
	found, err := stmt.Step()
	if err != nil {
		return r, fault(err)
	}
	defer stmt.Reset()
	if !found {
		return r, notFound(k.name)
	}
	return readRow(stmt), nil
}

// insert adds a live entry with its stored form.
func (t *tx) insert(k *kind, id contacts.ID, rev, created contacts.Rev, data []byte) error {
	if id == 0 || id > maxID {
		return fmt.Errorf("sqlite: insert under the ID %d", id)
	}
	stmt, err := t.conn.bind(k.insert, t.key(id), int64(t.owner), int64(rev), int64(created))
	if err != nil {
		return err
	}
	stmt.BindBytes(5, seal(data, k, t.key(id), rev, created))
	if _, err := stmt.Step(); err != nil {
		return err
	}
	t.count(k, id, +1)
	return nil
}

// update replaces a live entry.
func (t *tx) update(k *kind, id contacts.ID, rev, created contacts.Rev, data []byte) error {
	stmt, err := t.conn.bind(k.update, t.key(id), int64(rev), int64(created))
	if err != nil {
		return err
	}
	stmt.BindBytes(4, seal(data, k, t.key(id), rev, created))
	if _, err := stmt.Step(); err != nil {
		return err
	}
	if t.conn.Changes() == 0 {
		return notFound(k.name)
	}
	return nil
}

// bury replaces a live entry by a tombstone, which has no data but data.
func (t *tx) bury(k *kind, id contacts.ID, rev, created contacts.Rev, data []byte) error {
	if err := t.conn.run(k.delete, t.key(id)); err != nil {
		return err
	}
	if t.conn.Changes() == 0 {
		return notFound(k.name)
	}
	t.count(k, id, -1)
	stmt, err := t.conn.bind(tombstoneInsert, int64(t.owner), k.number, int64(id), int64(rev), int64(created))
	if err != nil {
		return err
	}
	stmt.BindBytes(6, seal(data, k, int64(id), rev, created))
	_, err = stmt.Step()
	return err
}

// count notes that a block has n live entries more. The counts are written
// once, when a query needs them or at the end of the update.
func (t *tx) count(k *kind, id contacts.ID, n int64) {
	if t.blocks == nil {
		t.blocks = map[block]int64{}
	}
	t.blocks[block{k.number, int64(id >> blockBits)}] += n
}

func (t *tx) writeBlocks() error {
	for b, n := range t.blocks { // 0 as well: tombstones are counted by the block's row
		err := t.conn.run(`INSERT INTO block (owner, kind, block, live) VALUES (?1, ?2, ?3, ?4)
			ON CONFLICT (owner, kind, block) DO UPDATE SET live = live + excluded.live`, int64(t.owner), b.kind, b.number, n)
		if err != nil {
			return err
		}
	}
	clear(t.blocks)
	return nil
}

// changed reports whether an entry or tombstone has at least the revision min.
func (t *tx) changed(k *kind, min contacts.Rev) (bool, error) {
	n, err := t.conn.number(k.since, int64(t.owner), int64(min))
	if err == nil && n == 0 {
		n, err = t.conn.number(tombstonesSince, int64(t.owner), k.number, int64(min))
	}
	return n != 0, fault(err)
}

// ChangedContacts implements store.Tx.
func (t *tx) ChangedContacts(min contacts.Rev) (bool, error) { return t.changed(contactKind, min) }

// ChangedGroups implements store.Tx.
func (t *tx) ChangedGroups(min contacts.Rev) (bool, error) { return t.changed(groupKind, min) }

// DropTombstones implements store.Tx.
func (t *tx) DropTombstones(before contacts.Rev) (n int, err error) {
	t.buried = true // if words of the deleted are still in the index, they must go too
	err = t.change(func() error {
		for _, k := range kinds {
			if err := t.conn.run(tombstoneDrop, int64(t.owner), k.number, int64(before)); err != nil {
				return err
			}
			n += t.conn.Changes()
		}
		return nil
	})
	return n, err
}
