package sqlite

import (
	"context"
	"fmt"

	"contacts"
	"contacts/store"
)

// Repair makes anew what follows from the entries of an owner: the search
// index, the counts and the lists of members, where they are wrong. It touches
// nothing else, says of each thing that it makes anew what it was, and writes
// it all in one update.
func (s *Store) Repair(ctx context.Context, owner store.Owner, did func(what string)) error {
	var done []string
	err := s.Update(ctx, owner, func(st store.Tx) error {
		t := st.(*tx)
		done = nil
		faults := map[string]bool{}
		b := newBookCheck(t, new(Verified), func(f Fault) {
			if f.Derived {
				faults[f.Entry] = true
			}
		})
		if err := b.all(ctx); err != nil {
			return err
		}
		if len(faults) == 0 {
			return nil
		}
		return t.change(func() (err error) {
			done, err = t.repair(b)
			return err
		})
	})
	if err != nil {
		return err
	}
	for _, what := range done {
		did(what) // OPS-22
	}
	return nil
}

// repair writes what follows from the entries that b has looked at, and returns
// what it has done.
func (t *tx) repair(b *bookCheck) (done []string, err error) {
	for _, sql := range []string{"DELETE FROM block WHERE owner = ?1", "DELETE FROM member WHERE owner = ?1"} {
		if err := t.conn.run(sql, int64(t.owner)); err != nil {
			return nil, err
		}
	}
	for n, live := range b.blocks {
		err := t.conn.run("INSERT INTO block (owner, kind, block, live) VALUES (?1, ?2, ?3, ?4)", int64(t.owner), n.kind, n.number, live)
		if err != nil {
			return nil, err
		}
	}
	for _, m := range b.members {
		err := t.conn.run("INSERT INTO member (owner, team, contact) VALUES (?1, ?2, ?3)", int64(t.owner), int64(m.team), int64(m.contact))
		if err != nil {
			return nil, err
		}
	}
	for version, n := range b.photos {
		stmt, err := t.conn.bind("UPDATE photo SET uses = ?2 WHERE owner = ?1 AND version = ?3", int64(t.owner), int64(n))
		if err != nil {
			return nil, err
		}
		stmt.BindText(3, version)
		if _, err := stmt.Step(); err != nil {
			return nil, err
		}
	}
	done = append(done, "made the counts for paging, the uses of photos and the lists of members anew")

	if b.hasBook || b.greatest > 0 {
		book := b.book
		book.Contacts, book.Groups = b.contacts, b.groups
		book.LastID, book.Rev = max(book.LastID, b.greatest), max(book.Rev, b.latest)
		if book.Created == 0 {
			book.Created = book.Rev
		}
		if book != b.book {
			err := t.conn.run(`INSERT INTO book (owner, rev, created, last_id, contacts, groups) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
				ON CONFLICT (owner) DO UPDATE SET rev = excluded.rev, last_id = excluded.last_id, contacts = excluded.contacts, groups = excluded.groups`,
				int64(t.owner), int64(book.Rev), int64(book.Created), int64(book.LastID), int64(book.Contacts), int64(book.Groups))
			if err != nil {
				return nil, err
			}
			done = append(done, fmt.Sprintf("set the book from %d contacts, %d groups, last ID %s and revision %d to %d, %d, %s and %d",
				b.book.Contacts, b.book.Groups, b.book.LastID, b.book.Rev, book.Contacts, book.Groups, book.LastID, book.Rev))
		}
	}

	if err := t.dropIndex(); err != nil {
		return nil, err
	}
	var c contacts.Contact
	for id := range b.terms {
		r, err := t.get(contactKind, id)
		if err == nil {
			err = readContact(&r, &c)
		}
		if err != nil {
			return nil, err
		}
		if err := t.reindex(id, appendTerms(nil, &c), false); err != nil {
			return nil, err
		}
	}
	return append(done, fmt.Sprintf("made the search index of %d contacts anew", len(b.terms))), nil
}
