package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"path"
	"slices"

	"contacts"
	"contacts/store"
	"contacts/wire"
)

// lastSystemID is the greatest ID of the groups that every user has and no
// store keeps; see package book.
const lastSystemID contacts.ID = 0xf

// A member is one row of the table of that name.
type member struct{ team, contact contacts.ID }

// A bookCheck looks at all rows of one owner.
type bookCheck struct {
	t     *tx
	v     *Verified
	found func(Fault)

	book     store.Book
	hasBook  bool
	live     map[ref]bool // entries, by ID, with rev 0; dead for groups
	contacts int
	groups   int
	greatest contacts.ID  // of entries and tombstones
	latest   contacts.Rev // of these
	blocks   map[block]int64
	members  []member // as the contacts have them
	photos   map[string]int
	terms    map[contacts.ID]uint64 // sums of the terms by which contacts are found
	seed     maphash.Seed
	encoder  *wire.Encoder
	atom     []byte
	words    []string
}

func newBookCheck(t *tx, v *Verified, found func(Fault)) *bookCheck {
	return &bookCheck{t: t, v: v, found: found, live: map[ref]bool{}, blocks: map[block]int64{}, photos: map[string]int{},
		terms: map[contacts.ID]uint64{}, seed: maphash.MakeSeed(),
		encoder: wire.NewEncoder(wire.Options{View: contacts.Full, Owner: "owner", Base: "http://localhost", IDBase: "http://localhost"})}
}

func (b *bookCheck) fault(entry, format string, args ...any) {
	b.found(Fault{Owner: b.t.owner, Entry: entry, What: fmt.Sprintf(format, args...)}) // OPS-21
}

func (b *bookCheck) derived(entry, format string, args ...any) {
	b.found(Fault{Owner: b.t.owner, Entry: entry, What: fmt.Sprintf(format, args...), Derived: true})
}

// all looks at the book.
func (b *bookCheck) all(ctx context.Context) error {
	n, err := b.t.conn.number("SELECT count(*) FROM book WHERE owner = ?1", int64(b.t.owner))
	if err != nil {
		return err
	}
	b.hasBook = n > 0
	if b.book, err = b.t.Book(); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{b.entries, b.tombstones} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	b.counts()
	for _, step := range []func() error{b.blockRows, b.memberRows, b.photoRows, b.index} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// entries looks at all live entries, groups first.
func (b *bookCheck) entries(ctx context.Context) error {
	rows := make([]row, 0, ahead)
	for _, k := range []*kind{groupKind, contactKind} {
		for from, full := contacts.ID(0), true; full; {
			if err := ctx.Err(); err != nil {
				return err
			}
			var err error
			if rows, err = b.t.scan(k, from, rows[:0]); err != nil {
				return err
			}
			for i := range rows {
				b.entry(k, &rows[i])
				from = rows[i].id + 1
			}
			full = len(rows) == cap(rows)
		}
	}
	return nil
}

func (b *bookCheck) entry(k *kind, r *row) {
	b.live[ref{id: r.id, dead: k == groupKind}] = true
	b.blocks[block{k.number, int64(r.id >> blockBits)}]++
	name := entryName(k, r.id)
	b.times(name, k, r)
	if k == groupKind {
		b.groups++
		b.v.Groups++
		b.group(name, r)
		return
	}
	b.contacts++
	b.v.Contacts++
	b.contact(name, r)
}

// times looks at the ID and the revisions of an entry or tombstone. What a
// damaged one says of itself counts for nothing.
func (b *bookCheck) times(name string, k *kind, r *row) {
	b.greatest = max(b.greatest, r.id)
	if _, err := unseal(r, k); err == nil {
		b.latest = max(b.latest, r.rev)
	}
	if r.id == 0 {
		b.fault(name, "has no ID")
	}
	if r.created <= 0 || r.created > r.rev {
		b.fault(name, "was created at revision %d, after its last change at %d", r.created, r.rev)
	}
}

func (b *bookCheck) group(name string, r *row) {
	var g contacts.Group
	if err := readGroup(r, &g); err != nil {
		b.fault(name, "cannot be read: %v", err)
		return
	}
	if err := g.Validate(); err != nil {
		b.fault(name, "is not valid: %v", err)
	}
}

func (b *bookCheck) contact(name string, r *row) {
	var c contacts.Contact
	if err := readContact(r, &c); err != nil {
		b.fault(name, "cannot be read: %v", err)
		return
	}
	b.terms[r.id] = b.sum(string(appendTerms(nil, &c)))
	if c.Photo.Version != "" {
		b.photos[c.Photo.Version]++
	}
	for _, m := range c.Memberships {
		if m.Removed != 0 {
			continue
		}
		b.members = append(b.members, member{m.Group, r.id})
		if m.Group > lastSystemID && !b.live[ref{id: m.Group, dead: true}] {
			b.fault(name, "is a member of the group %s, which does not exist", m.Group)
		}
	}
	b.atom = b.encoder.AppendContactDocument(b.atom[:0], &c)
	if _, err := wire.ParseContact(b.atom, groupOfURL); err != nil {
		b.fault(name, "cannot be written as Atom: %v", err)
	}
	c.Memberships = slices.DeleteFunc(c.Memberships, func(m contacts.Membership) bool { return m.Removed != 0 })
	if err := c.Validate(); err != nil {
		b.fault(name, "is not valid: %v", err)
	}
}

// groupOfURL is the group that a membership names.
func groupOfURL(href string) (contacts.ID, error) {
	id, ok := contacts.ParseID(path.Base(href))
	if !ok {
		return 0, contacts.Errorf(contacts.Invalid, "", "the group %q is none", href)
	}
	return id, nil
}

func (b *bookCheck) tombstones(context.Context) error {
	for _, k := range kinds {
		stmt, err := b.t.conn.bind("SELECT id, rev, created, data FROM tombstone WHERE owner = ?1 AND kind = ?2 ORDER BY id", int64(b.t.owner), k.number)
		for err == nil {
			var more bool
			if more, err = stmt.Step(); !more {
				break
			}
			r := readRow(stmt)
			b.v.Tombstones++
			if n := (block{k.number, int64(r.id >> blockBits)}); b.blocks[n] == 0 {
				b.blocks[n] = 0 // tombstones need the row of their block
			}
			name := "deleted " + entryName(k, r.id)
			b.times(name, k, &r)
			if b.live[ref{id: r.id, dead: k == groupKind}] {
				b.fault(name, "is there as well")
			}
			if err := readTombstone(k, &r); err != nil {
				b.fault(name, "cannot be read: %v", err)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func readTombstone(k *kind, r *row) error {
	if k == groupKind {
		return readGroup(r, new(contacts.Group))
	}
	return readContact(r, new(contacts.Contact))
}

// counts compares what the book says of itself with what there is.
func (b *bookCheck) counts() {
	if !b.hasBook {
		if b.greatest > 0 {
			b.derived("book", "is missing, though there are entries")
		}
		return
	}
	if b.book.Contacts != b.contacts {
		b.derived("book", "counts %d contacts and has %d", b.book.Contacts, b.contacts)
	}
	if b.book.Groups != b.groups {
		b.derived("book", "counts %d groups and has %d", b.book.Groups, b.groups)
	}
	if b.book.LastID < b.greatest {
		b.derived("book", "gave out IDs up to %s and has %s", b.book.LastID, b.greatest)
	}
	if b.book.Rev < b.latest {
		b.derived("book", "has the revision %d, and an entry %d", b.book.Rev, b.latest)
	}
	if b.book.Created > b.book.Rev {
		b.fault("book", "was created at revision %d, after its last change at %d", b.book.Created, b.book.Rev)
	}
}

// blockRows compares the counts of blocks of IDs.
func (b *bookCheck) blockRows() error {
	wrong := 0
	seen := map[block]bool{}
	stmt, err := b.t.conn.bind("SELECT kind, block, live FROM block WHERE owner = ?1", int64(b.t.owner))
	for err == nil {
		var more bool
		if more, err = stmt.Step(); !more {
			break
		}
		n := block{stmt.ColumnInt64(0), stmt.ColumnInt64(1)}
		seen[n] = true
		if stmt.ColumnInt64(2) != b.blocks[n] {
			wrong++
		}
	}
	for n := range b.blocks {
		if !seen[n] {
			wrong++
		}
	}
	if wrong > 0 {
		b.derived("counts for paging", "%d of them are wrong", wrong)
	}
	return err
}

// memberRows compares the list of members of groups with the contacts.
func (b *bookCheck) memberRows() error {
	byTeam := func(a, b member) int { return cmp.Or(cmp.Compare(a.team, b.team), cmp.Compare(a.contact, b.contact)) }
	slices.SortFunc(b.members, byTeam)
	b.members = slices.Compact(b.members)
	var rows []member
	stmt, err := b.t.conn.bind("SELECT team, contact FROM member WHERE owner = ?1 ORDER BY team, contact", int64(b.t.owner))
	for err == nil {
		var more bool
		if more, err = stmt.Step(); !more {
			break
		}
		rows = append(rows, member{contacts.ID(stmt.ColumnInt64(0)), contacts.ID(stmt.ColumnInt64(1))})
	}
	if err != nil {
		return err
	}
	for _, m := range b.members {
		if _, ok := slices.BinarySearchFunc(rows, m, byTeam); !ok {
			b.derived(entryName(contactKind, m.contact), "is missing among the members of the group %s", m.team)
		}
	}
	for _, m := range rows {
		if _, ok := slices.BinarySearchFunc(b.members, m, byTeam); !ok {
			b.derived(entryName(contactKind, m.contact), "is listed as a member of the group %s, which it is not", m.team)
		}
	}
	return nil
}

// photoRows looks at the photos, and whether those that contacts name are there.
func (b *bookCheck) photoRows() error {
	seen := map[string]bool{}
	stmt, err := b.t.conn.bind("SELECT version, uses, data FROM photo WHERE owner = ?1", int64(b.t.owner))
	for err == nil {
		var more bool
		if more, err = stmt.Step(); !more {
			break
		}
		b.v.Photos++
		version, uses := stmt.ColumnText(0), stmt.ColumnInt(1)
		seen[version] = true
		if contacts.PhotoVersion(b.t.scratch(stmt, 2, stmt.ColumnLen(2))) != version {
			b.fault("photo "+version, "has another checksum than its name says")
		}
		switch n := b.photos[version]; {
		case n == 0:
			b.fault("photo "+version, "belongs to no contact")
		case n != uses:
			b.derived("photo "+version, "counts %d contacts and has %d", uses, n)
		}
	}
	if err != nil {
		return err
	}
	for version := range b.photos {
		if !seen[version] {
			b.fault("photo "+version, "is missing; %d contacts name it", b.photos[version])
		}
	}
	return nil
}

// records looks at the records.
func (b *bookCheck) records(check func(store.Owner, store.RecordType, string, []byte) error) error {
	stmt, err := b.t.conn.bind("SELECT key, value, expires, sum, type FROM record WHERE owner = ?1", int64(b.t.owner))
	for err == nil {
		var more bool
		if more, err = stmt.Step(); !more {
			break
		}
		b.v.Records++
		rt := store.RecordType(stmt.ColumnInt64(4))
		r, wrong := b.t.record(rt, stmt)
		if wrong == nil && check != nil {
			wrong = check(b.t.owner, rt, r.Key, r.Value)
		}
		if wrong != nil {
			b.fault(fmt.Sprintf("record of type %d", rt), "cannot be read: %v", wrong) // its key may be secret
		}
	}
	return err
}
