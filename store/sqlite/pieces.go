package sqlite

import (
	"errors"

	"contacts/store"
)

// The blocks of a run come and go in pieces, each in an update of its own, so
// that no writer waits until a large run is written. Before its last piece a
// run is not listed, nor after it has become part of another; blocks of such a
// run say nothing. They are swept up with the next run that is made of others,
// and when words of the deleted are erased (QRY-47), also after the program was
// killed between two pieces.
//
// A sweep erases the blocks of a run from the first on. So whoever writes a run
// finds the first one gone if another process has taken it for left over.

// pieceBlocks is how many blocks an update writes or erases. They take about a
// millisecond.
const pieceBlocks = 32

// put writes a run. To its last piece belongs also what fn does, which
// completes r.
func (x *indexer) put(owner store.Owner, r *run, blocks []runBlock, fn func(*tx) error) error {
	last, err := x.putAhead(owner, r.number, blocks)
	if err == nil {
		err = x.st.Update(x.ctx, owner, func(st store.Tx) error {
			t := st.(*tx)
			if err := t.putPiece(r.number, blocks, last, len(blocks)); err != nil {
				return err
			}
			if err := fn(t); err != nil {
				return err
			}
			return t.change(func() error { return t.addRun(r) })
		})
	}
	if err != nil && len(blocks) > x.piece && x.ctx.Err() == nil {
		err = errors.Join(err, x.sweep(owner))
	}
	return err
}

// putAhead writes the blocks of a run but for its last piece, and returns where
// that begins.
func (x *indexer) putAhead(owner store.Owner, number int64, blocks []runBlock) (last int, err error) {
	for len(blocks)-last > x.piece {
		err := x.st.Update(x.ctx, owner, func(st store.Tx) error {
			return st.(*tx).putPiece(number, blocks, last, last+x.piece)
		})
		if err != nil {
			return 0, err
		}
		last += x.piece
	}
	return last, nil
}

// putPiece adds blocks[from:to] of a run, unless those before it have been swept
// up.
func (t *tx) putPiece(number int64, blocks []runBlock, from, to int) error {
	if from > 0 {
		stmt, err := t.conn.bind("SELECT EXISTS (SELECT 1 FROM posting WHERE owner = ?1 AND run = ?2 AND first = ?3)", int64(t.owner), number)
		if err != nil {
			return err
		}
		stmt.BindBytes(3, blocks[0].first)
		if _, err := stmt.Step(); err != nil {
			return err
		}
		there := stmt.ColumnInt64(0) != 0
		if err := stmt.Reset(); err != nil {
			return err
		}
		if !there {
			return errOvertaken
		}
	}
	return t.change(func() error {
		for _, b := range blocks[from:to] {
			stmt, err := t.conn.bind("INSERT INTO posting (owner, run, first, data) VALUES (?1, ?2, ?3, ?4)", int64(t.owner), number)
			if err != nil {
				return err
			}
			stmt.BindBytes(3, b.first)
			stmt.BindBytes(4, b.data)
			if _, err := stmt.Step(); err != nil {
				return err
			}
		}
		return nil
	})
}

// addRun lists a run.
func (t *tx) addRun(r *run) error {
	return t.conn.run("INSERT INTO run (owner, run, place, contacts, known, gone, least, greatest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
		int64(t.owner), r.number, r.place, r.contacts, r.known, r.gone, int64(r.least), int64(r.greatest))
}

// sweep erases the blocks of runs that are not listed.
func (x *indexer) sweep(owner store.Owner) error {
	for {
		found := false
		err := x.st.Update(x.ctx, owner, func(st store.Tx) error {
			t := st.(*tx)
			var number int64
			var err error
			if number, found, err = t.unlisted(); err != nil || !found {
				return err
			}
			return t.change(func() error { return t.eraseBlocks(number, x.piece) })
		})
		if err != nil || !found {
			return err
		}
	}
}

// unlisted finds a run that has blocks and is not listed. (UNION, and not UNION
// ALL, ends also where a damaged index gives runs again and again.)
func (t *tx) unlisted() (number int64, found bool, err error) {
	stmt, err := t.conn.bind(`WITH RECURSIVE written (run) AS (
			SELECT min(run) FROM posting WHERE owner = ?1
			UNION
			SELECT (SELECT min(run) FROM posting WHERE owner = ?1 AND run > written.run) FROM written WHERE written.run IS NOT NULL)
		SELECT run FROM written WHERE run IS NOT NULL AND run NOT IN (SELECT run FROM run WHERE owner = ?1) LIMIT 1`, int64(t.owner))
	if err != nil {
		return 0, false, err
	}
	if found, err = stmt.Step(); err != nil || !found {
		return 0, false, err
	}
	return stmt.ColumnInt64(0), true, stmt.Reset()
}

// eraseBlocks erases the first blocks of a run, at most so many.
func (t *tx) eraseBlocks(number int64, most int) error {
	err := t.conn.run(`DELETE FROM posting WHERE owner = ?1 AND run = ?2 AND first IN
		(SELECT first FROM posting WHERE owner = ?1 AND run = ?2 ORDER BY first LIMIT ?3)`, int64(t.owner), number, int64(most))
	if err == nil && t.conn.Changes() == 0 {
		return errBadBlock // they would be found again and again
	}
	return err
}
