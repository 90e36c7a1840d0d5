package book

import (
	"context"

	"contacts"
	"contacts/store"
)

// systemGroups are the four predefined groups of every user (ELEM-103). They
// never change, so that they are kept here and in no store (ELEM-105).
var systemGroups = [...]contacts.Group{
	{ID: 0x6, Name: "System Group: My Contacts", System: "Contacts"},
	{ID: 0xd, Name: "System Group: Friends", System: "Friends"},
	{ID: 0xe, Name: "System Group: Family", System: "Family"},
	{ID: 0xf, Name: "System Group: Coworkers", System: "Coworkers"},
}

// lastSystemID is the greatest ID of a system group. IDs of entries are above it.
const lastSystemID contacts.ID = 0xf

func systemGroup(id contacts.ID) *contacts.Group {
	for i := range systemGroups {
		if systemGroups[i].ID == id {
			return systemGroups[i].Clone()
		}
	}
	return nil
}

// Group returns a live group, or kind NotFound. A domain has no system groups
// (RES-38).
func (s *Service) Group(ctx context.Context, at At, id contacts.ID) (g *contacts.Group, err error) {
	if !at.View.Shared {
		if g := systemGroup(id); g != nil {
			return g, nil
		}
	}
	err = s.store.View(ctx, at.Owner, func(tx store.Tx) error {
		g, err = groupOf(tx, id)
		return err
	})
	return g, err
}

// InsertGroup adds a group and returns it as stored (WRT-6).
func (s *Service) InsertGroup(ctx context.Context, at At, g *contacts.Group) (*contacts.Group, error) {
	g.Properties = shown(at.View.Projection, g.Properties) // RES-17
	g.System = ""                                          // ELEM-108
	if err := g.Validate(); err != nil {
		return nil, err
	}
	err := s.update(ctx, at.Owner, func(w *write) error {
		if w.book.Groups >= MaxGroups {
			return contacts.Errorf(contacts.Forbidden, contacts.CodeQuota, "Insufficient storage quota") // WRT-67
		}
		id, err := w.newID()
		if err != nil {
			return err
		}
		g.ID, g.Rev, g.Created = id, w.rev, w.rev
		w.book.Groups++
		return w.tx.InsertGroup(g)
	})
	if err != nil {
		return nil, err
	}
	return g, nil
}

// UpdateGroup replaces what at.View shows of a group; see UpdateContact. It
// fails with kind Forbidden on a system group.
func (s *Service) UpdateGroup(ctx context.Context, at At, id contacts.ID, g *contacts.Group, m Match) (*contacts.Group, error) {
	if err := refuseSystem(at, id); err != nil {
		return nil, err
	}
	var stored *contacts.Group
	err := s.update(ctx, at.Owner, func(w *write) error {
		old, err := groupOf(w.tx, id)
		if err != nil {
			return err
		}
		if err := m.check(old.Rev); err != nil { // WRT-26
			stored = old
			return err
		}
		g.Properties = mergeProperties(at.View.Projection, old.Properties, g.Properties)
		g.ID, g.Rev, g.Created, g.System = id, w.rev, old.Created, ""
		if err := g.Validate(); err != nil {
			return err
		}
		stored = g
		return w.tx.UpdateGroup(old, g)
	})
	return stored, err
}

// DeleteGroup deletes a group, ends the memberships of its contacts, and leaves
// a tombstone; see DeleteContact. The contacts keep their revision (ELEM-95).
func (s *Service) DeleteGroup(ctx context.Context, at At, id contacts.ID, m Match) (*contacts.Group, error) {
	if err := refuseSystem(at, id); err != nil {
		return nil, err
	}
	var now *contacts.Group
	err := s.update(ctx, at.Owner, func(w *write) error {
		old, err := groupOf(w.tx, id)
		if err != nil {
			return err
		}
		if err := m.check(old.Rev); err != nil {
			now = old
			return err
		}
		if err := w.endMemberships(id); err != nil {
			return err
		}
		w.book.Groups--
		return w.tx.DeleteGroup(old, &contacts.Group{ID: id, Rev: w.rev, Created: old.Created, Deleted: true}) // QRY-45
	})
	return now, err
}

// endMemberships makes every member of a group a former one.
func (w *write) endMemberships(group contacts.ID) error {
	var members []*contacts.Contact
	for c, err := range w.tx.Contacts(contacts.Query{Group: group, Max: -1}) {
		if err != nil {
			return err
		}
		members = append(members, c.Clone())
	}
	for _, old := range members {
		c := old.Clone()
		for i := range c.Memberships {
			if m := &c.Memberships[i]; m.Group == group && m.Removed == 0 {
				m.Removed = w.rev
			}
		}
		if err := w.tx.UpdateContact(old, c); err != nil {
			return err
		}
	}
	return nil
}

func refuseSystem(at At, id contacts.ID) error {
	if !at.View.Shared && systemGroup(id) != nil {
		return contacts.Errorf(contacts.Forbidden, contacts.CodeCannotEdit, "Cannot modify system group") // ELEM-107
	}
	return nil
}

// groupOf is tx.Group with the words of the protocol.
func groupOf(tx store.Tx, id contacts.ID) (*contacts.Group, error) {
	g, err := tx.Group(id)
	if contacts.KindOf(err) == contacts.NotFound {
		return nil, contacts.Errorf(contacts.NotFound, contacts.CodeNotFound, "Group not found")
	}
	return g, err
}
