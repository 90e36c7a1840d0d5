package book

import (
	"cmp"
	"context"
	"reflect"
	"slices"

	"contacts"
	"contacts/store"
)

// Replaced is what Replace has done.
type Replaced struct {
	Same    int // contacts and groups that were as they should be
	Changed int
	Back    int // that were gone, and are there again under new ids
	Deleted int // that the other book does not have
	Kept    int // likewise, with keep
	Refused int // contacts that did not come back, because one that was kept has their e-mail address
}

// Replace gives at's book the contacts and groups that another book has, which
// is an earlier state of it as a rule, in one change. What differs gets a new
// revision, so that clients notice (OPS-13); what the other book does not have
// is deleted, or with keep it stays.
//
// An entry of one book is that of the other which has its id and was created
// at the same time: the id alone may mean something else. Limits do not count.
func (s *Service) Replace(ctx context.Context, at At, from store.Books, keep bool) (r Replaced, err error) {
	err = s.Edit(ctx, at, func(e *Edit) error {
		p := &replacer{ctx: ctx, e: e, from: from, keep: keep, groups: map[contacts.ID]contacts.ID{}}
		err := p.all()
		r = p.done
		return err
	})
	return r, err
}

type replacer struct {
	ctx  context.Context
	e    *Edit
	from store.Books
	keep bool
	done Replaced

	groups map[contacts.ID]contacts.ID // of the other book, to those of this one
}

// all makes groups before contacts, which name them, and takes contacts away
// before others come that may have their addresses.
func (p *replacer) all() error {
	later, err := p.giveGroups()
	if err != nil {
		return err
	}
	known, gone, err := p.compareContacts()
	if err != nil {
		return err
	}
	if err := p.takeContacts(known); err != nil {
		return err
	}
	for _, id := range known {
		if err := p.changeContact(id); err != nil {
			return err
		}
	}
	for _, id := range gone {
		if err := p.bringBack(id); err != nil {
			return err
		}
	}
	for _, id := range later {
		if _, err := p.e.DeleteGroup(id, Match{}); err != nil {
			return err
		}
	}
	return nil
}

// giveGroups makes the groups those of the other book, and returns those that
// are to be deleted.
func (p *replacer) giveGroups() (later []contacts.ID, err error) {
	var groups []*contacts.Group
	for g, err := range p.from.Groups(contacts.Query{Max: -1}) {
		if err != nil {
			return nil, err
		}
		groups = append(groups, g.Clone())
	}
	for _, g := range groups {
		id := g.ID
		now, err := p.e.tx.Group(id)
		switch {
		case contacts.KindOf(err) == contacts.NotFound || err == nil && now.Created != g.Created:
			err = p.insertGroup(g)
			p.done.Back++
		case err != nil:
		case sameGroup(now, g):
			p.done.Same++
		default:
			g.Rev = p.e.step()
			err = p.e.tx.UpdateGroup(now, g)
			p.done.Changed++
		}
		if err != nil {
			return nil, err
		}
		p.groups[id] = g.ID
	}
	for g, err := range p.e.tx.Groups(contacts.Query{Max: -1}) {
		if err != nil {
			return nil, err
		}
		known := false
		for _, id := range p.groups {
			known = known || id == g.ID
		}
		switch {
		case known:
		case p.keep: // OPS-14
			p.done.Kept++
		default:
			p.done.Deleted++
			later = append(later, g.ID)
		}
	}
	return later, nil
}

// insertGroup adds a group under a new id.
func (p *replacer) insertGroup(g *contacts.Group) (err error) {
	if g.ID, err = p.e.newID(); err != nil {
		return err
	}
	g.Rev = p.e.step()
	g.Created = g.Rev
	p.e.book.Groups++
	return p.e.tx.InsertGroup(g)
}

func sameGroup(a, b *contacts.Group) bool {
	x, y := *a, *b
	x.Rev, y.Rev = 0, 0
	return reflect.DeepEqual(x, y)
}

// compareContacts finds the contacts of the other book that this one has, and
// those that it does not have.
func (p *replacer) compareContacts() (known, gone []contacts.ID, err error) {
	for c, err := range p.from.Contacts(contacts.Query{Max: -1}) {
		if err != nil {
			return nil, nil, err
		}
		now, err := p.e.tx.Contact(c.ID)
		switch {
		case contacts.KindOf(err) == contacts.NotFound || err == nil && now.Created != c.Created:
			gone = append(gone, c.ID)
		case err != nil:
			return nil, nil, err
		default:
			known = append(known, c.ID)
		}
	}
	slices.Sort(known)
	return known, gone, p.ctx.Err()
}

// takeContacts deletes the contacts that are not among known, or keeps them.
func (p *replacer) takeContacts(known []contacts.ID) error {
	var later []contacts.ID
	for c, err := range p.e.tx.Contacts(contacts.Query{Max: -1}) {
		if err != nil {
			return err
		}
		if _, ok := slices.BinarySearch(known, c.ID); !ok {
			later = append(later, c.ID)
		}
	}
	if p.keep { // OPS-14
		p.done.Kept += len(later)
		return nil
	}
	for _, id := range later {
		if _, err := p.e.DeleteContact(id, Match{}); err != nil {
			return err
		}
		p.done.Deleted++
	}
	return p.ctx.Err()
}

// wanted is a contact of the other book as this one shall have it.
func (p *replacer) wanted(id contacts.ID) (*contacts.Contact, error) {
	c, err := p.from.Contact(id)
	if err != nil {
		return nil, err
	}
	var live []contacts.Membership
	for _, m := range c.Memberships {
		if m.Removed != 0 {
			continue
		}
		if p.e.at.systemGroup(m.Group) == nil {
			m.Group = p.groups[m.Group]
		}
		if m.Group != 0 {
			live = append(live, m)
		}
	}
	c.Memberships = live
	return c, nil
}

func (p *replacer) changeContact(id contacts.ID) error {
	c, err := p.wanted(id)
	if err != nil {
		return err
	}
	now, err := p.e.tx.Contact(id)
	if err != nil {
		return err
	}
	if sameContact(now, c) {
		p.done.Same++
		return nil
	}
	if err := p.givePhoto(c); err != nil {
		return err
	}
	c.Created = now.Created
	c.Rev = p.e.step()
	c.Memberships = left(now.Memberships, c.Memberships, p.e.rev, p.e.s.forgotten())
	p.done.Changed++
	return p.e.tx.UpdateContact(now, c)
}

// sameContact compares all but revisions and ended memberships.
func sameContact(a, b *contacts.Contact) bool {
	x, y := *a, *b
	x.Rev, y.Rev = 0, 0
	x.Memberships, y.Memberships = liveSorted(x.Memberships), liveSorted(y.Memberships)
	return reflect.DeepEqual(x, y)
}

func liveSorted(ms []contacts.Membership) (live []contacts.Membership) {
	for _, m := range ms {
		if m.Removed == 0 {
			live = append(live, m)
		}
	}
	slices.SortFunc(live, func(a, b contacts.Membership) int { return cmp.Compare(a.Group, b.Group) })
	return live
}

// bringBack adds a contact under a new id (RES-37).
func (p *replacer) bringBack(id contacts.ID) error {
	c, err := p.wanted(id)
	if err != nil {
		return err
	}
	if p.keep && p.e.at.View.Shared {
		err := p.e.checkDuplicate(c) // DUP-1
		if contacts.KindOf(err) == contacts.Duplicate {
			p.done.Refused++
			return nil
		}
		if err != nil {
			return err
		}
	}
	if err := p.givePhoto(c); err != nil {
		return err
	}
	if c.ID, err = p.e.newID(); err != nil {
		return err
	}
	c.Rev = p.e.step()
	c.Created = c.Rev
	p.e.book.Contacts++
	p.done.Back++
	return p.e.tx.InsertContact(c)
}

// givePhoto sees to it that the photo of c is there.
func (p *replacer) givePhoto(c *contacts.Contact) error {
	if c.Photo.Version == "" {
		return nil
	}
	photo, err := p.from.Photo(c.Photo.Version)
	if err != nil {
		return err
	}
	return p.e.tx.PutPhoto(c.Photo.Version, photo)
}
