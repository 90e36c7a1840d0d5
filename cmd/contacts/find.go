package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"contacts"
	"contacts/client"
	"contacts/transfer"
)

// find is the one contact that a text means: an id, an e-mail address, a name,
// or the beginning of words of a name. It fails if there is none, or more than
// one, and then names them.
func (s *session) find(ctx context.Context, ref string) (*client.Contact, error) {
	ref = strings.TrimSpace(ref)
	if ref == "" {
		return nil, usageErrorf("an empty text names no contact")
	}
	if !strings.ContainsAny(ref, " /@?#%") {
		c, err := s.Contact(ctx, ref)
		if err == nil {
			return c, nil
		}
		if !errors.Is(err, contacts.NotFound) && !errors.Is(err, contacts.Invalid) {
			return nil, err
		}
	}
	const most = 1000 // a text that fits more is no name for one
	var best []*client.Contact
	rank := 0
	n := 0
	for c, err := range s.Contacts(ctx, client.Query{Text: ref}) {
		if err != nil {
			return nil, err
		}
		if n++; n > most {
			break
		}
		switch r := fit(c, ref); { // CMD-10
		case r > rank:
			best, rank = []*client.Contact{c}, r
		case r == rank && r > 0:
			best = append(best, c)
		}
	}
	switch len(best) {
	case 0:
		return nil, contacts.Errorf(contacts.NotFound, "", "there is no contact %q", ref)
	case 1:
		return best[0], nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s fit %q; name one by its id:", transfer.Count(len(best), "contact", "contacts"), ref)
	const shown = 10
	for i, c := range best {
		if i == shown {
			fmt.Fprintf(&b, "\n  and %d more", len(best)-shown)
			break
		}
		fmt.Fprintf(&b, "\n  %s  %s", c.Entry.ID(), oneLine(title(c)))
	}
	return nil, contacts.Errorf(contacts.NotFound, "", "%s", b.String()) // CMD-10
}

// fit says how well a text names a contact: 3 for the whole of an e-mail
// address, 2 for the whole of a name, 1 for beginnings of its words.
func fit(c *client.Contact, ref string) int {
	for _, e := range c.Emails {
		if strings.EqualFold(e.Address, ref) {
			return 3
		}
	}
	names := []string{c.Name.Full, c.Nickname, c.Name.Given + " " + c.Name.Family, c.FileAs}
	for _, o := range c.Organizations {
		names = append(names, o.Name)
	}
	for _, name := range names {
		if name != "" && strings.EqualFold(strings.TrimSpace(name), ref) {
			return 2
		}
	}
	var words []string
	for _, name := range names {
		words = append(words, strings.Fields(strings.ToLower(name))...)
	}
	for _, e := range c.Emails {
		words = append(words, strings.ToLower(e.Address))
	}
	for _, want := range strings.Fields(strings.ToLower(ref)) {
		found := false
		for _, w := range words {
			found = found || strings.HasPrefix(w, want)
		}
		if !found {
			return 0
		}
	}
	return 1
}

// title is what a contact is called.
func title(c *client.Contact) string {
	texts := []string{c.Name.Full, c.Nickname, c.FileAs}
	for _, o := range c.Organizations {
		texts = append(texts, o.Name)
	}
	if len(c.Emails) > 0 {
		texts = append(texts, c.Emails[0].Address)
	}
	if len(c.Phones) > 0 {
		texts = append(texts, c.Phones[0].Number)
	}
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return "(no name)"
}

// A groupList is all groups of a book.
type groupList []*client.Group

func (s *session) groups(ctx context.Context) (groupList, error) {
	var all groupList
	for g, err := range s.Groups(ctx, client.Query{}) {
		if err != nil {
			return nil, err
		}
		all = append(all, g)
	}
	return all, nil
}

// groupName is what people call a group. System groups have their plain name.
func groupName(g *client.Group) string {
	if g.System != "" {
		return g.System
	}
	return g.Name
}

// find is the group with an id or a name, in any case.
func (l groupList) find(ref string) (*client.Group, error) {
	var found groupList
	for _, g := range l {
		if g.Entry.ID() == ref {
			return g, nil
		}
		if strings.EqualFold(groupName(g), ref) || strings.EqualFold(g.Name, ref) {
			found = append(found, g)
		}
	}
	switch len(found) {
	case 0:
		return nil, contacts.Errorf(contacts.NotFound, "", "there is no group %q; 'contacts group list' shows them", ref)
	case 1:
		return found[0], nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d groups are called %q; name one by its id:", len(found), ref)
	for _, g := range found {
		fmt.Fprintf(&b, "\n  %s", g.Entry.ID())
	}
	return nil, contacts.Errorf(contacts.NotFound, "", "%s", b.String())
}

// names are the groups of a contact, by name.
func (l groupList) names(c *contacts.Contact) []string {
	var names []string
	for _, m := range c.Memberships {
		if m.Removed != 0 {
			continue
		}
		for _, g := range l {
			if g.ID == m.Group {
				names = append(names, groupName(g))
			}
		}
	}
	return names
}
