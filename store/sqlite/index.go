package sqlite

import (
	"iter"
	"slices"

	"contacts"

	lite "zombiezen.com/go/sqlite"
)

// The search index of a book is a few runs, see run.go, and the terms of those
// contacts that wait to be put into one. A contact is found by what waits, or
// else by the newest run that speaks for it; an older run may still have the
// terms that it had before. So a change costs one row, and what is sorted and
// merged, in indexer.go, is sorted and merged beside the writer.

// reindex has the index take up the terms of a contact, or forget the contact
// if they are nil. Without known, the contact is new.
func (t *tx) reindex(id contacts.ID, terms []byte, known bool) error {
	stmt, err := t.conn.bind(`INSERT INTO waiting (key, known, terms) VALUES (?1, ?2, ?3)
		ON CONFLICT (key) DO UPDATE SET terms = excluded.terms`, t.key(id))
	if err != nil {
		return err
	}
	stmt.BindBool(2, known)
	if terms == nil {
		stmt.BindNull(3)
	} else {
		stmt.BindBytes(3, terms)
	}
	t.indexed++
	t.buried = t.buried || terms == nil
	if t.mail != nil {
		t.mail.add(id, terms)
	}
	_, err = stmt.Step()
	return err
}

// A run is what is known of a run of the index. The one that was made of the
// newest changes has the greatest place.
type run struct {
	number          int64 // random, so that no two runs of all time have the same
	place           int64
	contacts        int64       // whom it speaks for
	known           int64       // of them, those that were indexed before
	gone            int64       // of them, those that are deleted
	least, greatest contacts.ID // of them
}

// runs lists the runs of the book, newest first.
func (t *tx) runs() (all []run, err error) {
	stmt, err := t.conn.bind("SELECT run, place, contacts, known, gone, least, greatest FROM run WHERE owner = ?1 ORDER BY place DESC", int64(t.owner))
	for err == nil {
		var more bool
		if more, err = stmt.Step(); !more {
			break
		}
		all = append(all, run{stmt.ColumnInt64(0), stmt.ColumnInt64(1), stmt.ColumnInt64(2), stmt.ColumnInt64(3), stmt.ColumnInt64(4),
			contacts.ID(stmt.ColumnInt64(5)), contacts.ID(stmt.ColumnInt64(6))})
	}
	return all, err
}

// find returns the contacts that a lookup finds, ascending.
func (t *tx) find(l lookup) ([]contacts.ID, error) {
	ids, waiting, err := t.findWaiting(l)
	if err != nil {
		return nil, err
	}
	runs, err := t.runs()
	if err != nil {
		return nil, err
	}
	return t.findFurther(l, ids, waiting, runs)
}

// findFurther adds to those that a lookup finds among those who wait the ones
// that it finds in the runs.
func (t *tx) findFurther(l lookup, ids, waiting []contacts.ID, runs []run) ([]contacts.ID, error) {
	spoken := make([][]contacts.ID, len(runs)) // whom each run speaks for, if it was asked
	for i, r := range runs {
		if hash, ok := l.mail(); ok && t.filters.lacks(t.owner, r.number, hash) {
			continue
		}
		found, err := t.findInRun(r, l)
		if err != nil {
			return nil, err
		}
		found = exclude(found, waiting)
		for j, newer := range runs[:i] {
			if len(found) == 0 {
				break
			}
			if newer.known == 0 || newer.least > found[len(found)-1] || newer.greatest < found[0] {
				continue
			}
			if spoken[j] == nil {
				if spoken[j], err = t.spokenFor(newer); err != nil {
					return nil, err
				}
			}
			found = exclude(found, spoken[j])
		}
		ids = append(ids, found...)
	}
	slices.Sort(ids)
	return ids, nil
}

// findWaiting returns those that a lookup finds among those who wait, and all
// who wait.
func (t *tx) findWaiting(l lookup) (ids, waiting []contacts.ID, err error) {
	matches := l.matcher()
	stmt, err := t.conn.bind("SELECT key, terms FROM waiting WHERE key BETWEEN ?1 AND ?2 ORDER BY key", t.key(0), t.key(maxID))
	for err == nil {
		var more bool
		if more, err = stmt.Step(); !more {
			break
		}
		id := idOf(stmt.ColumnInt64(0))
		waiting = append(waiting, id)
		if n := stmt.ColumnLen(1); n > 0 && matches(t.scratch(stmt, 1, n)) {
			ids = append(ids, id)
		}
	}
	if len(waiting) > 2*indexBatch {
		t.overdue = len(waiting)
	}
	return ids, waiting, err
}

// findInRun returns those that a lookup finds in one run.
func (t *tx) findInRun(r run, l lookup) (ids []contacts.ID, err error) {
	for i, pattern := range l.all {
		some, err := t.postings(r, pattern)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			ids = some
		} else {
			ids = intersect(ids, some)
		}
		if len(ids) == 0 {
			break
		}
	}
	if l.any != "" {
		some, err := t.postings(r, l.any)
		if err != nil {
			return nil, err
		}
		ids = union(ids, some)
	}
	return ids, nil
}

// postings returns those who have a term that fits the pattern, in one run,
// ascending.
func (t *tx) postings(r run, pattern string) (ids []contacts.ID, err error) {
	terms := 0
	err = t.scanRun(r, pattern, func(b *blockReader) bool {
		for b.next() {
			switch {
			case hasTerm(b.term, pattern):
				ids = b.ids(ids)
				terms++
			case string(b.term) > pattern:
				return false
			}
		}
		return true
	})
	if terms > 1 {
		ids = distinct(ids)
	}
	return ids, err
}

// spokenFor returns all contacts that a run speaks for, ascending.
func (t *tx) spokenFor(r run) ([]contacts.ID, error) {
	live, err := t.postings(r, liveTerm+"\x00")
	if err != nil {
		return nil, err
	}
	gone, err := t.postings(r, goneTerm+"\x00")
	if err != nil || len(gone) == 0 {
		return live, err
	}
	return union(live, gone), nil
}

// scanRun reads the blocks of a run from the one where terms that begin with
// from may begin, as long as each returns true.
func (t *tx) scanRun(r run, from string, each func(*blockReader) bool) error {
	stmt, err := t.conn.bind(`SELECT data FROM posting WHERE owner = ?1 AND run = ?2 AND first >= coalesce(
		(SELECT max(first) FROM posting WHERE owner = ?1 AND run = ?2 AND first <= ?3), ?3) ORDER BY first`, int64(t.owner), r.number)
	if err != nil {
		return err
	}
	stmt.BindBytes(3, []byte(from))
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return err
		}
		b := blockReader{data: t.scratch(stmt, 0, stmt.ColumnLen(0)), term: t.term[:0]}
		goOn := each(&b)
		t.term = b.term
		if b.bad {
			err = errBadBlock
		}
		if err != nil || !goOn {
			stmt.Reset()
			return err
		}
	}
}

// search returns the contacts that match s, ascending.
func (t *tx) search(s contacts.Search) ([]contacts.ID, error) {
	if s.Empty() {
		return nil, nil
	}
	l, exact := searchLookup(s)
	ids, err := t.find(l)
	if err != nil || exact {
		return ids, err
	}
	matching := ids[:0]
	for _, id := range ids {
		c, err := t.Contact(id)
		if err != nil {
			return nil, err
		}
		if s.Matches(c.SearchWords()) {
			matching = append(matching, id)
		}
	}
	return matching, nil
}

// ContactsByEmail implements store.Tx.
func (t *tx) ContactsByEmail(address string) iter.Seq2[*contacts.Contact, error] {
	return func(yield func(*contacts.Contact, error) bool) {
		ids, err := t.findEmail(address)
		if err != nil {
			yield(nil, fault(err))
			return
		}
		folded := contacts.FoldEmail(address)
		for _, id := range ids {
			c, err := t.Contact(id)
			if contacts.KindOf(err) == contacts.NotFound {
				continue // deleted in this update
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !slices.ContainsFunc(c.Emails, func(e contacts.Email) bool {
				return contacts.FoldEmail(e.Address) == folded // DUP-2
			}) {
				continue // another address with the same hash
			}
			if !yield(c, nil) {
				return
			}
		}
	}
}

// dropIndex removes the index of the book.
func (t *tx) dropIndex() error {
	t.mail = nil
	if err := t.conn.run("DELETE FROM waiting WHERE key BETWEEN ?1 AND ?2", t.key(0), t.key(maxID)); err != nil {
		return err
	}
	if err := t.conn.run("DELETE FROM run WHERE owner = ?1", int64(t.owner)); err != nil {
		return err
	}
	return t.conn.run("DELETE FROM posting WHERE owner = ?1", int64(t.owner))
}

// scratch copies a column into memory that the next call uses again.
func (t *tx) scratch(stmt *lite.Stmt, col, n int) []byte {
	t.column = slices.Grow(t.column[:0], n)[:n]
	stmt.ColumnBytes(col, t.column)
	return t.column
}
