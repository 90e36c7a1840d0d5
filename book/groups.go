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

// systemGroup is the system group with the ID, or nil. A domain has none
// (RES-38).
func (at At) systemGroup(id contacts.ID) *contacts.Group {
	for i := range systemGroups {
		if systemGroups[i].ID == id && !at.View.Shared {
			return systemGroups[i].Clone()
		}
	}
	return nil
}

// Group returns a live group, or kind NotFound.
func (s *Service) Group(ctx context.Context, at At, id contacts.ID) (g *contacts.Group, err error) {
	if g := at.systemGroup(id); g != nil {
		return g, nil
	}
	err = s.store.View(ctx, at.Owner, func(tx store.Tx) error {
		g, err = groupOf(tx, id)
		return err
	})
	return g, err
}

// InsertGroup adds a group and returns it as stored (WRT-6).
func (s *Service) InsertGroup(ctx context.Context, at At, g *contacts.Group) (stored *contacts.Group, err error) {
	err = s.Edit(ctx, at, func(e *Edit) error {
		stored, err = e.InsertGroup(g)
		return err
	})
	return stored, err
}

// UpdateGroup replaces what at.View shows of a group; see UpdateContact. It
// fails with kind Forbidden on a system group.
func (s *Service) UpdateGroup(ctx context.Context, at At, id contacts.ID, g *contacts.Group, m Match) (stored *contacts.Group, err error) {
	err = s.Edit(ctx, at, func(e *Edit) error {
		stored, err = e.UpdateGroup(id, g, m)
		return err
	})
	return stored, err
}

// DeleteGroup deletes a group, ends the memberships of its contacts, and leaves
// a tombstone; see DeleteContact. The contacts keep their revision (ELEM-95).
func (s *Service) DeleteGroup(ctx context.Context, at At, id contacts.ID, m Match) (g *contacts.Group, err error) {
	err = s.Edit(ctx, at, func(e *Edit) error {
		g, err = e.DeleteGroup(id, m)
		return err
	})
	return g, err
}

// Group is Service.Group, and sees the changes of the Edit.
func (e *Edit) Group(id contacts.ID) (*contacts.Group, error) {
	if g := e.at.systemGroup(id); g != nil {
		return g, nil
	}
	return groupOf(e.tx, id)
}

// InsertGroup is Service.InsertGroup.
func (e *Edit) InsertGroup(g *contacts.Group) (*contacts.Group, error) {
	g.Properties = shown(e.at.View.Projection, g.Properties) // RES-17
	g.System = ""                                            // ELEM-108
	if err := g.Validate(); err != nil {
		return nil, err
	}
	if e.book.Groups >= MaxGroups {
		return nil, errQuota() // WRT-67
	}
	id, err := e.newID()
	if err != nil {
		return nil, err
	}
	g.ID, g.Rev = id, e.step()
	g.Created = g.Rev
	e.book.Groups++
	return g, e.tx.InsertGroup(g)
}

// UpdateGroup is Service.UpdateGroup.
func (e *Edit) UpdateGroup(id contacts.ID, g *contacts.Group, m Match) (*contacts.Group, error) {
	old, err := e.changeable(id)
	if err != nil {
		return nil, err
	}
	if err := m.check(old.Rev); err != nil { // WRT-26
		return old, err
	}
	g.Properties = mergeProperties(e.at.View.Projection, old.Properties, g.Properties)
	g.ID, g.Created, g.System = id, old.Created, ""
	if err := g.Validate(); err != nil {
		return nil, err
	}
	g.Rev = e.step()
	return g, e.tx.UpdateGroup(old, g)
}

// DeleteGroup is Service.DeleteGroup.
func (e *Edit) DeleteGroup(id contacts.ID, m Match) (*contacts.Group, error) {
	old, err := e.changeable(id)
	if err != nil {
		return nil, err
	}
	if err := m.check(old.Rev); err != nil {
		return old, err
	}
	e.step()
	if err := e.endMemberships(id); err != nil {
		return nil, err
	}
	e.book.Groups--
	return old, e.tx.DeleteGroup(old, &contacts.Group{ID: id, Rev: e.rev, Created: old.Created, Deleted: true}) // QRY-45
}

// changeable is a group that is not a system group.
func (e *Edit) changeable(id contacts.ID) (*contacts.Group, error) {
	if e.at.systemGroup(id) != nil {
		return nil, contacts.Errorf(contacts.Forbidden, contacts.CodeCannotEdit, "Cannot modify system group") // ELEM-107
	}
	return groupOf(e.tx, id)
}

// endMemberships makes every member of a group a former one.
func (e *Edit) endMemberships(group contacts.ID) error {
	var members []*contacts.Contact
	for c, err := range e.tx.Contacts(contacts.Query{Group: group, Max: -1}) {
		if err != nil {
			return err
		}
		members = append(members, c.Clone())
	}
	for _, old := range members {
		c := old.Clone()
		for i := range c.Memberships {
			if m := &c.Memberships[i]; m.Group == group && m.Removed == 0 {
				m.Removed = e.rev
			}
		}
		if err := e.tx.UpdateContact(old, c); err != nil {
			return err
		}
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
