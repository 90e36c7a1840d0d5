package sqlite

import (
	"bytes"
	"iter"

	"contacts"
	"contacts/wire"
)

// Contact implements store.Tx.
func (t *tx) Contact(id contacts.ID) (*contacts.Contact, error) {
	r, err := t.get(contactKind, id)
	if err != nil {
		return nil, err
	}
	c := new(contacts.Contact)
	return c, readContact(&r, c)
}

// readContact makes c the contact or tombstone of a row.
func readContact(r *row, c *contacts.Contact) error {
	c.ID, c.Rev, c.Created, c.Deleted = r.id, r.rev, r.created, r.dead
	stored, err := unseal(r, contactKind)
	if err != nil {
		return err
	}
	return wire.ReadStoredContact(stored, c)
}

// Contacts implements store.Tx.
func (t *tx) Contacts(q contacts.Query) iter.Seq2[*contacts.Contact, error] {
	return entries(t, contactKind, q, readContact)
}

// CountContacts implements store.Tx.
func (t *tx) CountContacts(q contacts.Query) (int, error) { return t.total(contactKind, q) }

// InsertContact implements store.Tx.
func (t *tx) InsertContact(c *contacts.Contact) error {
	return t.change(func() error {
		t.usePhoto("", c.Photo.Version)
		t.data = wire.AppendStoredContact(t.data[:0], c)
		if err := t.insert(contactKind, c.ID, c.Rev, c.Created, t.data); err != nil {
			return err
		}
		t.data = appendTerms(t.data[:0], c)
		if err := t.reindex(c.ID, t.data, false); err != nil {
			return err
		}
		return t.members(c.ID, nil, c.Memberships)
	})
}

// UpdateContact implements store.Tx.
func (t *tx) UpdateContact(old, c *contacts.Contact) error {
	return t.change(func() error {
		t.usePhoto(old.Photo.Version, c.Photo.Version)
		t.data = wire.AppendStoredContact(t.data[:0], c)
		if err := t.update(contactKind, c.ID, c.Rev, c.Created, t.data); err != nil {
			return err
		}
		if !t.sameTerms(old, c) {
			t.data = appendTerms(t.data[:0], c)
			if err := t.reindex(c.ID, t.data, true); err != nil {
				return err
			}
		}
		return t.members(c.ID, old.Memberships, c.Memberships)
	})
}

// sameTerms reports whether two states of a contact differ in memberships or
// photo alone, and are found by the same terms. To compare all else is quicker
// than to make the terms of both.
func (t *tx) sameTerms(a, b *contacts.Contact) bool {
	x, y := *a, *b
	x.Memberships, y.Memberships = nil, nil
	x.Photo, y.Photo = contacts.Photo{}, contacts.Photo{}
	t.data, t.other = wire.AppendStoredContact(t.data[:0], &x), wire.AppendStoredContact(t.other[:0], &y)
	return bytes.Equal(t.data, t.other)
}

// DeleteContact implements store.Tx.
func (t *tx) DeleteContact(old, tombstone *contacts.Contact) error {
	return t.change(func() error {
		t.usePhoto(old.Photo.Version, "")
		t.data = wire.AppendStoredContact(t.data[:0], &contacts.Contact{Memberships: tombstone.Memberships})
		if err := t.bury(contactKind, tombstone.ID, tombstone.Rev, tombstone.Created, t.data); err != nil { // QRY-47
			return err
		}
		if err := t.reindex(tombstone.ID, nil, true); err != nil {
			return err
		}
		return t.members(tombstone.ID, old.Memberships, nil)
	})
}

// members brings the rows of a contact's memberships from old to now. Ended
// memberships have none.
func (t *tx) members(id contacts.ID, old, now []contacts.Membership) error {
	for _, m := range old {
		if m.Removed == 0 && !isMember(now, m.Group) {
			err := t.conn.run("DELETE FROM member WHERE owner = ?1 AND team = ?2 AND contact = ?3", int64(t.owner), int64(m.Group), int64(id))
			if err != nil {
				return err
			}
		}
	}
	for _, m := range now {
		if m.Removed == 0 && !isMember(old, m.Group) {
			err := t.conn.run(`INSERT INTO member (owner, team, contact) VALUES (?1, ?2, ?3)
				ON CONFLICT (owner, team, contact) DO NOTHING`, int64(t.owner), int64(m.Group), int64(id))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func isMember(ms []contacts.Membership, group contacts.ID) bool {
	for i := range ms {
		if ms[i].Group == group && ms[i].Removed == 0 {
			return true
		}
	}
	return false
}

// Group implements store.Tx.
func (t *tx) Group(id contacts.ID) (*contacts.Group, error) {
	r, err := t.get(groupKind, id)
	if err != nil {
		return nil, err
	}
	g := new(contacts.Group)
	return g, readGroup(&r, g)
}

// readGroup makes g the group or tombstone of a row.
func readGroup(r *row, g *contacts.Group) error {
	g.ID, g.Rev, g.Created, g.Deleted = r.id, r.rev, r.created, r.dead
	stored, err := unseal(r, groupKind)
	if err != nil {
		return err
	}
	return wire.ReadStoredGroup(stored, g)
}

// Groups implements store.Tx.
func (t *tx) Groups(q contacts.Query) iter.Seq2[*contacts.Group, error] {
	q.Text, q.Group = "", 0
	return entries(t, groupKind, q, readGroup)
}

// CountGroups implements store.Tx.
func (t *tx) CountGroups(q contacts.Query) (int, error) {
	q.Text, q.Group = "", 0
	return t.total(groupKind, q)
}

// InsertGroup implements store.Tx.
func (t *tx) InsertGroup(g *contacts.Group) error {
	return t.change(func() error {
		t.data = wire.AppendStoredGroup(t.data[:0], g)
		return t.insert(groupKind, g.ID, g.Rev, g.Created, t.data)
	})
}

// UpdateGroup implements store.Tx.
func (t *tx) UpdateGroup(_, g *contacts.Group) error {
	return t.change(func() error {
		t.data = wire.AppendStoredGroup(t.data[:0], g)
		return t.update(groupKind, g.ID, g.Rev, g.Created, t.data)
	})
}

// DeleteGroup implements store.Tx.
func (t *tx) DeleteGroup(_, tombstone *contacts.Group) error {
	return t.change(func() error {
		t.data = wire.AppendStoredGroup(t.data[:0], &contacts.Group{})
		return t.bury(groupKind, tombstone.ID, tombstone.Rev, tombstone.Created, t.data)
	})
}
