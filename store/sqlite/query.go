package sqlite

import (
	"cmp"
	"errors"
	"iter"
	"math"
	"slices"

	"contacts"
	"contacts/store"

	lite "zombiezen.com/go/sqlite"
)

const maxID = store.MaxID

// ahead is how many rows are read in one go. No statement stays open while
// the caller works on an entry, so that it may ask for others.
const ahead = 64

// A ref names an entry that a query selects.
type ref struct {
	id   contacts.ID
	rev  contacts.Rev // not set when neither order nor conditions need it
	dead bool         // a tombstone
}

// A selection remembers what a query selects: a feed counts the entries before
// it reads a page of them.
type selection struct {
	query contacts.Query // without its page
	refs  []ref
}

// entries yields what q selects. All entries are read into one E.
func entries[E any](t *tx, k *kind, q contacts.Query, read func(*row, *E) error) iter.Seq2[*E, error] {
	return func(yield func(*E, error) bool) {
		var e E
		err := t.page(k, q, func(r *row) (bool, error) {
			if err := read(r, &e); err != nil {
				return false, err
			}
			return yield(&e, nil), nil
		})
		if err != nil {
			yield(nil, fault(err))
		}
	}
}

// page calls each with the rows that q selects, as long as it returns true.
func (t *tx) page(k *kind, q contacts.Query, each func(*row) (bool, error)) error {
	if q.Max == 0 || q.Start > math.MaxInt32 {
		return nil
	}
	if q.Max < 0 {
		q.Max = math.MaxInt32
	}
	q.Start = max(q.Start, 1)
	if everything(q) && !q.ByUpdated {
		return t.walk(k, q, each)
	}
	var refs []ref
	var err error
	if q.ByUpdated && !q.ShowDeleted && q.Text == "" && q.Group == 0 {
		refs, err = t.live(k, q, int64(q.Max), int64(q.Start-1)) // in order already
		q.Start = 1
	} else {
		refs, err = t.refs(k, q)
	}
	if err != nil {
		return fault(err)
	}
	refs = refs[min(q.Start-1, len(refs)):]
	refs = refs[:min(q.Max, len(refs))]
	for _, f := range refs {
		r, err := t.read(k, f)
		if err != nil {
			return err
		}
		if more, err := each(&r); err != nil || !more {
			return err
		}
	}
	return nil
}

// total counts what q selects.
func (t *tx) total(k *kind, q contacts.Query) (int, error) {
	if q.Text != "" || q.Group != 0 {
		refs, err := t.refs(k, q)
		return len(refs), err
	}
	b := boundsOf(q)
	var live, dead int64
	err := t.settleBlocks()
	if err == nil && everything(q) {
		live, err = t.conn.number("SELECT sum(live) FROM block WHERE owner = ?1 AND kind = ?2", int64(t.owner), k.number)
	} else if err == nil {
		live, err = t.conn.number(k.count, int64(t.owner), b.rev, b.revEnd, b.created, b.createdEnd)
	}
	if err == nil && q.ShowDeleted {
		dead, err = t.conn.number(tombstonesCount, int64(t.owner), k.number, b.revDead, b.revEnd, b.created, b.createdEnd)
	}
	return int(live + dead), fault(err)
}

// everything reports whether q has no condition on live entries.
func everything(q contacts.Query) bool {
	return q.Text == "" && q.Group == 0 && q.UpdatedMin.IsZero() && q.UpdatedMax.IsZero() && q.PublishedMin.IsZero() && q.PublishedMax.IsZero()
}

// bounds are the conditions of a query on times, as revisions.
type bounds struct {
	rev, revEnd         int64 // from, and below
	revDead             int64 // from, for tombstones
	created, createdEnd int64
}

func boundsOf(q contacts.Query) bounds {
	b := bounds{revEnd: math.MaxInt64, createdEnd: math.MaxInt64, rev: math.MinInt64, created: math.MinInt64}
	if !q.UpdatedMin.IsZero() {
		b.rev = int64(contacts.RevAt(q.UpdatedMin))
	}
	if !q.UpdatedMax.IsZero() {
		b.revEnd = int64(contacts.RevAt(q.UpdatedMax))
	}
	if !q.PublishedMin.IsZero() {
		b.created = int64(contacts.RevAt(q.PublishedMin))
	}
	if !q.PublishedMax.IsZero() {
		b.createdEnd = int64(contacts.RevAt(q.PublishedMax))
	}
	b.revDead = max(b.rev, int64(q.DeletedMin))
	return b
}

// refs names all entries that q selects, in its order. With an order by
// revision and no condition but times, it stops after the page.
func (t *tx) refs(k *kind, q contacts.Query) ([]ref, error) {
	whole := q
	whole.Start, whole.Max = 0, 0
	if t.last.refs != nil && t.last.query == whole && k == contactKind {
		return t.last.refs, nil
	}
	derived := q.Text != "" || q.Group != 0
	most := int64(-1)
	if q.ByUpdated && !derived {
		most = int64(q.Start-1) + int64(q.Max)
	}
	refs, err := t.live(k, q, most, 0)
	if err == nil && q.ShowDeleted && q.Text == "" { // QRY-44, QRY-46
		var dead []ref
		dead, err = t.dead(k, q, most)
		refs = append(refs, dead...)
	}
	if err != nil {
		return nil, fault(err)
	}
	slices.SortFunc(refs, func(a, b ref) int {
		switch {
		case q.ByUpdated && q.Descending:
			return cmp.Or(cmp.Compare(b.rev, a.rev), cmp.Compare(b.id, a.id))
		case q.ByUpdated:
			return cmp.Or(cmp.Compare(a.rev, b.rev), cmp.Compare(a.id, b.id))
		}
		return cmp.Compare(a.id, b.id) // QRY-29
	})
	if derived {
		t.last = selection{whole, refs}
	}
	return refs, nil
}

// live names the live entries that q selects. Without text and group, they
// come in the order of their revisions, at most so many after the first skip.
func (t *tx) live(k *kind, q contacts.Query, most, skip int64) ([]ref, error) {
	b := boundsOf(q)
	if q.Text == "" && q.Group == 0 {
		sql := k.byRev
		if q.Descending {
			sql = k.byLast
		}
		stmt, err := t.conn.bind(sql, int64(t.owner), b.rev, b.revEnd, b.created, b.createdEnd, most, skip)
		return collect(stmt, err, false)
	}
	ids, err := t.candidates(q)
	if err != nil {
		return nil, err
	}
	refs := make([]ref, 0, len(ids))
	timeless := everything(contacts.Query{UpdatedMin: q.UpdatedMin, UpdatedMax: q.UpdatedMax, PublishedMin: q.PublishedMin, PublishedMax: q.PublishedMax})
	for _, id := range ids {
		f := ref{id: id}
		if q.ByUpdated || !timeless {
			stmt, err := t.conn.bind(k.times, t.key(id))
			if err != nil {
				return nil, err
			}
			if _, err := stmt.Step(); err != nil {
				return nil, err
			}
			rev, created := stmt.ColumnInt64(0), stmt.ColumnInt64(1)
			stmt.Reset()
			if rev < b.rev || rev >= b.revEnd || created < b.created || created >= b.createdEnd {
				continue
			}
			f.rev = contacts.Rev(rev)
		}
		refs = append(refs, f)
	}
	return refs, nil
}

// dead names the tombstones that q selects, in the order of their revisions.
func (t *tx) dead(k *kind, q contacts.Query, most int64) ([]ref, error) {
	b := boundsOf(q)
	sql := tombstones
	if q.Descending {
		sql = tombstonesLast
	}
	stmt, err := t.conn.bind(sql, int64(t.owner), k.number, b.revDead, b.revEnd, b.created, b.createdEnd, most)
	refs, err := collect(stmt, err, true)
	if err != nil || q.Group == 0 {
		return refs, err
	}
	members := refs[:0]
	var c contacts.Contact
	for _, f := range refs {
		r, err := t.read(k, f)
		if err == nil {
			err = readContact(&r, &c)
		}
		if err != nil {
			return nil, err
		}
		if wasMember(&c, q.Group) { // QRY-46
			members = append(members, f)
		}
	}
	return members, nil
}

// wasMember reports whether a deleted contact was a member when it was deleted.
func wasMember(c *contacts.Contact, group contacts.ID) bool {
	return slices.ContainsFunc(c.Memberships, func(m contacts.Membership) bool {
		return m.Group == group && (m.Removed == 0 || m.Removed >= c.Rev)
	})
}

// collect reads refs from rows of a key, or ID, and a revision.
func collect(stmt *lite.Stmt, err error, dead bool) (refs []ref, _ error) {
	for err == nil {
		var more bool
		if more, err = stmt.Step(); !more {
			break
		}
		refs = append(refs, ref{idOf(stmt.ColumnInt64(0)), contacts.Rev(stmt.ColumnInt64(1)), dead})
	}
	return refs, err
}

// candidates are the contacts that match the text and the group of q, ascending.
func (t *tx) candidates(q contacts.Query) (ids []contacts.ID, err error) {
	if q.Text != "" {
		if ids, err = t.search(contacts.ParseSearch(q.Text)); err != nil || q.Group == 0 {
			return ids, err
		}
	}
	stmt, err := t.conn.bind("SELECT contact FROM member WHERE owner = ?1 AND team = ?2 ORDER BY contact", int64(t.owner), int64(q.Group))
	members, err := collectIDs(stmt, err)
	if err != nil || q.Text == "" {
		return members, err
	}
	return slices.DeleteFunc(ids, func(id contacts.ID) bool {
		_, member := slices.BinarySearch(members, id)
		return !member
	}), nil
}

// collectIDs reads IDs from rows of a key or ID.
func collectIDs(stmt *lite.Stmt, err error) (ids []contacts.ID, _ error) {
	for err == nil {
		var more bool
		if more, err = stmt.Step(); !more {
			break
		}
		ids = append(ids, idOf(stmt.ColumnInt64(0)))
	}
	return ids, err
}

// errIndex is what a query gets whose indexes do not fit the entries.
var errIndex = errors.New("sqlite: an index is damaged: it names an entry that is not there, or another state of it")

// read reads the row of an entry or tombstone that an index has named.
func (t *tx) read(k *kind, f ref) (r row, err error) {
	if f.dead {
		r, err = t.tombstone(k, f.id)
	} else {
		r, err = t.get(k, f.id)
	}
	if contacts.KindOf(err) == contacts.NotFound || err == nil && f.rev != 0 && r.rev != f.rev {
		return r, errIndex // OPS-95
	}
	return r, err
}

// tombstone reads a tombstone, or fails with kind NotFound.
func (t *tx) tombstone(k *kind, id contacts.ID) (r row, err error) {
	stmt, err := t.conn.bind(tombstoneGet, int64(t.owner), k.number, int64(id))
	if err != nil {
		return r, err
	}
	found, err := stmt.Step()
	if err != nil {
		return r, err
	}
	defer stmt.Reset()
	if !found {
		return r, notFound("tombstone")
	}
	r = readRow(stmt)
	r.dead = true
	return r, nil
}

func readRow(stmt *lite.Stmt) row {
	return row{
		key:     stmt.ColumnInt64(0),
		id:      idOf(stmt.ColumnInt64(0)),
		rev:     contacts.Rev(stmt.ColumnInt64(1)),
		created: contacts.Rev(stmt.ColumnInt64(2)),
		data:    text(stmt, 3),
	}
}
