package transfer

import (
	"context"
	"fmt"
	"strings"

	"contacts"
)

// systemNames are the words for the groups that every user has, in files that
// name groups by nothing but a name. The first is written; all are read, in any
// case. Google's CSV has words of its own.
var systemNames = []struct {
	system string
	names  []string
}{
	{"Contacts", []string{"My Contacts", "myContacts", "System Group: My Contacts"}},
	{"Friends", []string{"Friends", "System Group: Friends"}},
	{"Family", []string{"Family", "System Group: Family"}},
	{"Coworkers", []string{"Coworkers", "System Group: Coworkers"}},
}

// A groupBook knows the groups of a book by their names.
type groupBook struct {
	book   Book
	all    []contacts.Group
	dry    bool // make none, only say so
	adding func(name string) error
	added  func(g *contacts.Group) error
	made   []string // names of those that were made

	promises []groupRef // groups that entries name and that are not there
}

// firstPromise is the ID of the first group that is not there. No book has IDs
// so large.
const firstPromise contacts.ID = 1 << 62

// promised is the ID of the group that a file means or, if there is none, one
// that keep replaces when it makes the group.
func (g *groupBook) promised(ref groupRef) contacts.ID {
	if group := g.find(ref); group != nil {
		return group.ID
	}
	for i, p := range g.promises {
		if p.nth == ref.nth && p.full == ref.full && strings.EqualFold(p.name, ref.name) {
			return firstPromise + contacts.ID(i)
		}
	}
	g.promises = append(g.promises, ref)
	return firstPromise + contacts.ID(len(g.promises)-1)
}

// keep makes the groups that c was promised. It reports whether there were any.
func (g *groupBook) keep(ctx context.Context, c *contacts.Contact) (changed bool, err error) {
	for i := range c.Memberships {
		m := &c.Memberships[i]
		if m.Group < firstPromise || int(m.Group-firstPromise) >= len(g.promises) {
			continue
		}
		ref := g.promises[m.Group-firstPromise]
		group, _, err := g.need(ctx, ref)
		if err != nil {
			return changed, fmt.Errorf("group %q: %w", cut(ref.name), err)
		}
		m.Group, changed = group.ID, true
	}
	return changed, nil
}

func readGroups(ctx context.Context, b Book) (*groupBook, error) {
	all, err := b.Groups(ctx)
	return &groupBook{book: b, all: all}, err
}

// find is the group that a file means, or nil.
func (g *groupBook) find(ref groupRef) *contacts.Group {
	if ref.full != nil && ref.full.System != "" {
		for i := range g.all {
			if g.all[i].System == ref.full.System {
				return &g.all[i]
			}
		}
	}
	n := 0
	for i := range g.all {
		if g.all[i].System != "" || !strings.EqualFold(g.all[i].Name, ref.name) || ref.full != nil && g.all[i].Name != ref.name {
			continue
		}
		if n == ref.nth {
			return &g.all[i]
		}
		n++
	}
	if ref.full != nil {
		return nil
	}
	for _, s := range systemNames {
		for _, name := range s.names {
			if !strings.EqualFold(name, ref.name) {
				continue
			}
			for i := range g.all {
				if g.all[i].System == s.system {
					return &g.all[i]
				}
			}
		}
	}
	return nil
}

// need is find, and makes the group if there is none.
func (g *groupBook) need(ctx context.Context, ref groupRef) (group *contacts.Group, made bool, err error) {
	if group := g.find(ref); group != nil {
		return group, false, nil
	}
	fresh := &contacts.Group{Name: strings.TrimSpace(ref.name)}
	if ref.full != nil {
		fresh.Properties, fresh.Extra = ref.full.Properties, ref.full.Extra
		if ref.full.System != "" { // IMP-9: the book of a domain has no system groups
			fresh.Name = ref.full.System
			if group := g.find(groupRef{name: fresh.Name}); group != nil {
				return group, false, nil
			}
		}
	}
	if fresh, err = settleGroup(fresh); err != nil {
		return nil, false, err
	}
	g.made = append(g.made, fresh.Name)
	if g.dry {
		fresh.ID = contacts.ID(1<<63 + uint64(len(g.all))) // no book has one so large
		g.all = append(g.all, *fresh)
		return fresh, true, nil
	}
	if g.adding != nil {
		if err := g.adding(fresh.Name); err != nil {
			return nil, false, err
		}
	}
	group, err = g.book.AddGroup(ctx, fresh)
	if err != nil {
		g.made = g.made[:len(g.made)-1]
		return nil, false, err
	}
	g.all = append(g.all, *group)
	if g.added != nil {
		err = g.added(group)
	}
	return group, true, err
}

// names are the groups of c as files name them.
func (g *groupBook) names(c *contacts.Contact) []string {
	var names []string
	for _, m := range c.Memberships {
		if m.Removed != 0 {
			continue
		}
		for i := range g.all {
			if g.all[i].ID == m.Group {
				names = append(names, g.name(&g.all[i]))
				break
			}
		}
	}
	return names
}

// name is how files name a group: a system group by a word of its own, unless
// the owner has a group of that name.
func (g *groupBook) name(group *contacts.Group) string {
	if group.System == "" {
		return group.Name
	}
	for _, s := range systemNames {
		if s.system != group.System {
			continue
		}
		for i := range g.all {
			if g.all[i].System == "" && strings.EqualFold(g.all[i].Name, s.names[0]) {
				return s.names[len(s.names)-1]
			}
		}
		return s.names[0]
	}
	return group.Name
}
