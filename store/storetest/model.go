package storetest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"contacts"
)

// A model is what a store does, in the simplest possible way: the state of one
// book as maps.
type model struct {
	contacts, buried map[contacts.ID]*contacts.Contact
	groups, gone     map[contacts.ID]*contacts.Group

	words map[*contacts.Contact][]string // those that were asked for
}

func newModel() *model {
	return &model{map[contacts.ID]*contacts.Contact{}, map[contacts.ID]*contacts.Contact{},
		map[contacts.ID]*contacts.Group{}, map[contacts.ID]*contacts.Group{}, map[*contacts.Contact][]string{}}
}

// clone copies the maps; entries are never changed once they are in a model.
func (m *model) clone() *model {
	return &model{maps.Clone(m.contacts), maps.Clone(m.buried), maps.Clone(m.groups), maps.Clone(m.gone), m.words}
}

func (m *model) searchWords(c *contacts.Contact) []string {
	words, known := m.words[c]
	if !known {
		words = c.SearchWords()
		m.words[c] = words
	}
	return words
}

// An item is what selection and order look at.
type item struct {
	id           contacts.ID
	rev, created contacts.Rev
}

// selectContacts are the contacts of all pages of q, in order.
func (m *model) selectContacts(q contacts.Query) []*contacts.Contact {
	var all []*contacts.Contact
	search := contacts.ParseSearch(q.Text)
	for _, c := range m.contacts {
		if q.Text != "" && !search.Matches(m.searchWords(c)) {
			continue
		}
		if q.Group != 0 && !slices.Contains(c.Memberships, contacts.Membership{Group: q.Group}) {
			continue
		}
		if during(q, item{c.ID, c.Rev, c.Created}) {
			all = append(all, c)
		}
	}
	for _, c := range m.buried {
		member := slices.ContainsFunc(c.Memberships, func(ms contacts.Membership) bool { return ms.Group == q.Group && ms.Removed == c.Rev })
		if q.ShowDeleted && q.Text == "" && (q.Group == 0 || member) && c.Rev >= q.DeletedMin && during(q, item{c.ID, c.Rev, c.Created}) {
			all = append(all, c)
		}
	}
	return inOrder(q, all, func(c *contacts.Contact) item { return item{c.ID, c.Rev, c.Created} })
}

// selectGroups is selectContacts for groups.
func (m *model) selectGroups(q contacts.Query) []*contacts.Group {
	var all []*contacts.Group
	for _, g := range m.groups {
		if during(q, item{g.ID, g.Rev, g.Created}) {
			all = append(all, g)
		}
	}
	for _, g := range m.gone {
		if q.ShowDeleted && g.Rev >= q.DeletedMin && during(q, item{g.ID, g.Rev, g.Created}) {
			all = append(all, g)
		}
	}
	return inOrder(q, all, func(g *contacts.Group) item { return item{g.ID, g.Rev, g.Created} })
}

// during tells whether an entry fulfils the conditions of q on its times.
func during(q contacts.Query, e item) bool {
	within := func(r contacts.Rev, min, max time.Time) bool {
		return (min.IsZero() || !r.Time().Before(min)) && (max.IsZero() || r.Time().Before(max))
	}
	return within(e.rev, q.UpdatedMin, q.UpdatedMax) && within(e.created, q.PublishedMin, q.PublishedMax)
}

func inOrder[E any](q contacts.Query, all []E, itemOf func(E) item) []E {
	slices.SortFunc(all, func(x, y E) int {
		a, b := itemOf(x), itemOf(y)
		switch {
		case q.ByUpdated && q.Descending:
			return cmp.Compare(b.rev, a.rev)
		case q.ByUpdated:
			return cmp.Compare(a.rev, b.rev)
		}
		return cmp.Compare(a.id, b.id)
	})
	return all
}

// page cuts the page of q out of all that it selects.
func page[E any](q contacts.Query, all []E) []E {
	all = all[min(max(q.Start, 1)-1, len(all)):]
	if q.Max >= 0 {
		all = all[:min(q.Max, len(all))]
	}
	return all
}
