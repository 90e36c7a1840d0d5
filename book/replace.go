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
// at the same time, since the id alone may mean something else; or else a group
// with its name, or a contact that says the same. So to replace a book again
// changes nothing. Limits do not count.
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
	if gone, err = p.takeContacts(known, gone); err != nil {
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
	wanted, err := groupsOf(p.from)
	if err != nil {
		return nil, err
	}
	present, err := groupsOf(p.e.tx)
	if err != nil {
		return nil, err
	}
	taken := map[contacts.ID]bool{}
	for _, alike := range []func(a, b *contacts.Group) bool{
		func(a, b *contacts.Group) bool { return a.ID == b.ID && a.Created == b.Created },
		func(a, b *contacts.Group) bool { return a.Name == b.Name },
	} {
		for _, g := range wanted {
			if p.groups[g.ID] != 0 {
				continue
			}
			i := slices.IndexFunc(present, func(now *contacts.Group) bool { return !taken[now.ID] && alike(now, g) })
			if i >= 0 {
				now := present[i]
				taken[now.ID], p.groups[g.ID] = true, now.ID
				if err := p.changeGroup(now, g); err != nil {
					return nil, err
				}
			}
		}
	}
	for _, g := range wanted {
		if p.groups[g.ID] == 0 {
			if p.groups[g.ID], err = p.insertGroup(g.Clone()); err != nil {
				return nil, err
			}
		}
	}
	for _, g := range present {
		switch {
		case taken[g.ID]:
		case p.keep: // OPS-14
			p.done.Kept++
		default:
			p.done.Deleted++
			later = append(later, g.ID)
		}
	}
	return later, nil
}

func groupsOf(from store.Books) (groups []*contacts.Group, err error) {
	for g, err := range from.Groups(contacts.Query{Max: -1}) {
		if err != nil {
			return nil, err
		}
		groups = append(groups, g.Clone())
	}
	return groups, nil
}

// changeGroup makes a group say what another does.
func (p *replacer) changeGroup(now, g *contacts.Group) error {
	c := g.Clone()
	c.ID, c.Rev, c.Created = now.ID, now.Rev, now.Created
	if reflect.DeepEqual(c, now) {
		p.done.Same++
		return nil
	}
	c.Rev = p.e.step()
	p.done.Changed++
	return p.e.tx.UpdateGroup(now, c)
}

// insertGroup adds a group under a new id, and returns it.
func (p *replacer) insertGroup(g *contacts.Group) (id contacts.ID, err error) {
	if g.ID, err = p.e.newID(); err != nil {
		return 0, err
	}
	g.Rev = p.e.step()
	g.Created = g.Rev
	p.e.book.Groups++
	p.done.Back++
	return g.ID, p.e.tx.InsertGroup(g)
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
// Those that say the same as one of gone take its place, and it returns the
// others of gone.
func (p *replacer) takeContacts(known, gone []contacts.ID) ([]contacts.ID, error) {
	var later []contacts.ID
	alike := map[string][]contacts.ID{} // among later
	for c, err := range p.e.tx.Contacts(contacts.Query{Max: -1}) {
		if err != nil {
			return nil, err
		}
		if _, ok := slices.BinarySearch(known, c.ID); !ok {
			later = append(later, c.ID)
			alike[likeness(c)] = append(alike[likeness(c)], c.ID)
		}
	}
	taken := map[contacts.ID]bool{}
	var missing []contacts.ID
	for _, id := range gone {
		c, err := p.wanted(id)
		if err != nil {
			return nil, err
		}
		found := false
		for _, other := range alike[likeness(c)] {
			now, err := p.e.tx.Contact(other)
			if err != nil {
				return nil, err
			}
			if found = !taken[other] && sameContact(now, c); found {
				taken[other] = true
				p.done.Same++
				break
			}
		}
		if !found {
			missing = append(missing, id)
		}
	}
	for _, id := range later {
		switch {
		case taken[id]:
		case p.keep: // OPS-14
			p.done.Kept++
		default:
			if _, err := p.e.DeleteContact(id, Match{}); err != nil {
				return nil, err
			}
			p.done.Deleted++
		}
	}
	return missing, p.ctx.Err()
}

// likeness is what contacts have in common that say the same.
func likeness(c *contacts.Contact) string { return c.Name.Full + "\x00" + c.PrimaryEmail() }

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

// sameContact compares what contacts say: all but ids, revisions and ended
// memberships.
func sameContact(a, b *contacts.Contact) bool {
	x, y := *a, *b
	x.ID, y.ID, x.Rev, y.Rev, x.Created, y.Created = 0, 0, 0, 0, 0, 0
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
