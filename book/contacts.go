package book

import (
	"context"

	"contacts"
	"contacts/store"
)

// Contact returns a live contact, or kind NotFound.
func (s *Service) Contact(ctx context.Context, at At, id contacts.ID) (c *contacts.Contact, err error) {
	err = s.store.View(ctx, at.Owner, func(tx store.Tx) error {
		c, err = contactOf(tx, id)
		return err
	})
	return c, err
}

// InsertContact adds a contact and returns it as stored. It fails with kind
// Invalid, with Duplicate if its e-mail address is taken, and with Forbidden
// if the book is full. It puts the contact into no group by itself (ELEM-96).
func (s *Service) InsertContact(ctx context.Context, at At, d Draft) (c *contacts.Contact, err error) {
	err = s.Edit(ctx, at, func(e *Edit) error {
		c, err = e.InsertContact(d)
		return err
	})
	return c, err
}

// UpdateContact replaces what at.View shows of a contact by the draft, and
// returns the contact as stored. It fails with kind NotFound, with Stale if it
// is not in the state that m expects, and then returns the contact as it is
// now, and with Invalid.
func (s *Service) UpdateContact(ctx context.Context, at At, id contacts.ID, d Draft, m Match) (c *contacts.Contact, err error) {
	err = s.Edit(ctx, at, func(e *Edit) error {
		c, err = e.UpdateContact(id, d, m)
		return err
	})
	return c, err
}

// DeleteContact deletes a contact, leaves a tombstone, and returns the contact
// as it was. It fails with kind NotFound, and with Stale if the contact is not
// in the state that m expects, and then returns it as it is now.
func (s *Service) DeleteContact(ctx context.Context, at At, id contacts.ID, m Match) (c *contacts.Contact, err error) {
	err = s.Edit(ctx, at, func(e *Edit) error {
		c, err = e.DeleteContact(id, m)
		return err
	})
	return c, err
}

// Contact is Service.Contact, and sees the changes of the Edit.
func (e *Edit) Contact(id contacts.ID) (*contacts.Contact, error) { return contactOf(e.tx, id) }

// InsertContact is Service.InsertContact.
func (e *Edit) InsertContact(d Draft) (*contacts.Contact, error) {
	c := d.Contact
	if c.Name.IsZero() && d.HasTitle { // NAME-2, NAME-8
		c.Name.SetFull(d.Title) // NAME-1
	}
	c.Properties = shown(e.at.View.Projection, c.Properties) // WRT-9, WRT-44, WRT-46
	c.Photo = contacts.Photo{}
	if err := settle(c); err != nil {
		return nil, err // WRT-5
	}
	most := e.s.o.MaxContacts
	if e.at.View.Shared {
		most = e.s.o.MaxSharedContacts
	}
	if e.book.Contacts >= most {
		return nil, errQuota() // WRT-10
	}
	if err := e.checkGroups(c.Memberships); err != nil {
		return nil, err
	}
	if err := e.checkDuplicate(c); err != nil { // DUP-5, DUP-7: against what is stored
		return nil, err
	}
	id, err := e.newID()
	if err != nil {
		return nil, err
	}
	c.ID, c.Rev = id, e.step()
	c.Created = c.Rev
	e.book.Contacts++
	return c, e.tx.InsertContact(c)
}

// UpdateContact is Service.UpdateContact.
func (e *Edit) UpdateContact(id contacts.ID, d Draft, m Match) (*contacts.Contact, error) {
	old, err := e.Contact(id)
	if err != nil {
		return nil, err
	}
	if err := m.check(old.Rev); err != nil { // WRT-40
		return old, err
	}
	c := e.s.merge(e.at.View, old, d)
	c.ID, c.Created, c.Photo = id, old.Created, old.Photo
	if err := settle(c); err != nil {
		return nil, err
	}
	if err := e.checkGroups(c.Memberships); err != nil {
		return nil, err
	}
	c.Rev = e.step() // WRT-23
	c.Memberships = left(old.Memberships, c.Memberships, e.rev, e.s.forgotten())
	return c, e.tx.UpdateContact(old, c)
}

// DeleteContact is Service.DeleteContact.
func (e *Edit) DeleteContact(id contacts.ID, m Match) (*contacts.Contact, error) {
	old, err := e.Contact(id)
	if err != nil {
		return nil, err // WRT-53
	}
	if err := m.check(old.Rev); err != nil { // WRT-51
		return old, err
	}
	e.step()
	e.book.Contacts--
	return old, e.tx.DeleteContact(old, &contacts.Contact{
		ID: id, Rev: e.rev, Created: old.Created, Deleted: true, // QRY-43
		Memberships: left(old.Memberships, nil, e.rev, e.s.forgotten()), // WRT-50
	})
}

// contactOf is tx.Contact with the words of the protocol.
func contactOf(tx store.Tx, id contacts.ID) (*contacts.Contact, error) {
	c, err := tx.Contact(id)
	if contacts.KindOf(err) == contacts.NotFound {
		return nil, contacts.Errorf(contacts.NotFound, contacts.CodeNotFound, "Contact not found") // RES-28
	}
	return c, err
}

// settle brings c into the form in which the book keeps it, and checks it.
func settle(c *contacts.Contact) error {
	live := c.Memberships[:0]
	for _, m := range c.Memberships {
		if m.Removed == 0 { // ELEM-93
			live = append(live, m)
		}
	}
	c.Memberships = live
	c.Normalize()
	return c.Validate() // ELEM-27
}

// checkGroups refuses memberships of groups that do not exist (ELEM-93).
func (e *Edit) checkGroups(ms []contacts.Membership) error {
	for i := range ms {
		if e.at.systemGroup(ms[i].Group) != nil {
			continue
		}
		_, err := e.tx.Group(ms[i].Group) // ELEM-97
		if contacts.KindOf(err) == contacts.NotFound {
			return contacts.Errorf(contacts.Invalid, contacts.CodeAttributeValue, "Group not found: %s", ms[i].Group)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkDuplicate refuses a new contact whose e-mail address is taken: any
// address of it in a domain's book (DUP-1), its primary one in a user's book
// for clients of version 1 (DUP-3, DUP-4). Check and insert are one
// transaction (DUP-8).
func (e *Edit) checkDuplicate(c *contacts.Contact) error {
	view := e.at.View
	if !view.Shared && view.Version > 1 {
		return nil // VER-34
	}
	for i := range c.Emails {
		address := c.Emails[i].Address
		if !view.Shared && address != c.PrimaryEmail() {
			continue
		}
		for other, err := range e.tx.ContactsByEmail(address) {
			if err != nil {
				return err
			}
			if view.Shared || contacts.FoldEmail(other.PrimaryEmail()) == contacts.FoldEmail(address) { // DUP-2
				return contacts.Errorf(contacts.Duplicate, contacts.CodeConflict, "Duplicate e-mail address") // DUP-6
			}
		}
	}
	return nil
}

// left adds to the memberships of a contact those that it had before and has
// no longer, until they are forgotten (ELEM-92).
func left(old, now []contacts.Membership, rev, forgotten contacts.Rev) []contacts.Membership {
	n := len(now)
	for _, m := range old {
		if m.Removed == 0 {
			m.Removed = rev
		}
		if m.Removed < forgotten || contains(now[:n], m.Group) {
			continue
		}
		now = append(now, m)
	}
	return now
}

func contains(ms []contacts.Membership, group contacts.ID) bool {
	for i := range ms {
		if ms[i].Group == group {
			return true
		}
	}
	return false
}
