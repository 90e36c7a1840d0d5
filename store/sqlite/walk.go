package sqlite

import (
	"cmp"
	"slices"

	"contacts"

	lite "zombiezen.com/go/sqlite"
)

// walk yields the page of a query without conditions, by ascending ID: live
// entries, and among them tombstones if the query wants them.
func (t *tx) walk(k *kind, q contacts.Query, each func(*row) (bool, error)) error {
	var dead []ref
	if q.ShowDeleted {
		var err error
		if dead, err = t.dead(k, q, -1); err != nil {
			return err
		}
		slices.SortFunc(dead, func(a, b ref) int { return cmp.Compare(a.id, b.id) })
	}
	from, err := t.seek(k, dead, q.Start-1)
	if err != nil {
		return err
	}
	dead = dead[before(dead, from):]

	left := q.Max
	yield := func(r *row) (bool, error) {
		left--
		more, err := each(r)
		return more && left > 0, err
	}
	buried := func(below contacts.ID) (bool, error) { // yields the tombstones below an ID
		for len(dead) > 0 && dead[0].id < below {
			r, err := t.read(k, dead[0])
			if err != nil {
				return false, err
			}
			dead = dead[1:]
			if more, err := yield(&r); err != nil || !more {
				return false, err
			}
		}
		return true, nil
	}
	rows := make([]row, 0, min(left, ahead))
	for full := true; full; {
		rows, err = t.scan(k, from, rows[:0])
		if err != nil {
			return err
		}
		for i := range rows {
			if more, err := buried(rows[i].id); err != nil || !more {
				return err
			}
			if more, err := yield(&rows[i]); err != nil || !more {
				return err
			}
			from = rows[i].id + 1
		}
		full = len(rows) == cap(rows)
	}
	_, err = buried(maxID + 1)
	return err
}

// scan fills rows with the live entries from an ID on.
func (t *tx) scan(k *kind, from contacts.ID, rows []row) ([]row, error) {
	if from > maxID {
		return rows, nil
	}
	stmt, err := t.conn.bind(k.scan, t.key(from), t.key(maxID), int64(cap(rows)))
	for err == nil {
		var more bool
		if more, err = stmt.Step(); !more {
			break
		}
		rows = append(rows, readRow(stmt))
	}
	return rows, err
}

// seek finds the entry, live or among dead, that has skip entries before it in
// the order of IDs. Without one it returns an ID above all.
func (t *tx) seek(k *kind, dead []ref, skip int) (contacts.ID, error) {
	if skip == 0 {
		return 0, nil
	}
	if err := t.settleBlocks(); err != nil {
		return 0, err
	}
	number, skip, err := t.seekBlock(k, dead, skip)
	if err != nil || number < 0 {
		return maxID + 1, err
	}
	first := contacts.ID(number) << blockBits
	last := first + 1<<blockBits - 1
	stmt, err := t.conn.bind(k.keys, t.key(first), t.key(last), int64(skip)+1)
	ids, err := collectIDs(stmt, err)
	if err != nil {
		return 0, err
	}
	for _, f := range dead[before(dead, first):before(dead, last+1)] {
		ids = append(ids, f.id)
	}
	slices.Sort(ids)
	return ids[skip], nil
}

// seekBlock finds the block of the entry that has skip entries before it, and
// how many of them are in the block. Without one the block is -1.
func (t *tx) seekBlock(k *kind, dead []ref, skip int) (int64, int, error) {
	var stmt *lite.Stmt
	stmt, err := t.conn.bind("SELECT block, live FROM block WHERE owner = ?1 AND kind = ?2 ORDER BY block", int64(t.owner), k.number)
	if err != nil {
		return 0, 0, err
	}
	defer stmt.Reset()
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return -1, 0, err
		}
		number, n := stmt.ColumnInt64(0), stmt.ColumnInt(1)
		if len(dead) > 0 {
			first := contacts.ID(number) << blockBits
			n += before(dead, first+1<<blockBits) - before(dead, first)
		}
		if skip < n {
			return number, skip, nil
		}
		skip -= n
	}
}

// settleBlocks writes the counts of blocks that this transaction has changed.
func (t *tx) settleBlocks() error {
	if len(t.blocks) == 0 {
		return nil
	}
	return t.change(t.writeBlocks)
}

// before counts the refs below an ID.
func before(refs []ref, id contacts.ID) int {
	n, _ := slices.BinarySearchFunc(refs, id, func(f ref, id contacts.ID) int { return cmp.Compare(f.id, id) })
	return n
}
