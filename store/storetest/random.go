package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"contacts"
	"contacts/store"
)

// Random compares a store with a simple model of it, under random changes and
// queries. It is a part of Run.
func Random(t *testing.T, open Opener) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			g := &game{Rand: rand.New(rand.NewPCG(seed, 0)), t: t, st: open(t), owner: []store.Owner{liz, large}[seed%2], model: newModel(), now: rev(0)}
			for range 30 {
				g.update(1 + g.IntN(12))
				for range 8 {
					view(t, g.st, g.owner, func(tx store.Tx) error { return g.query(tx, g.model) })
				}
				if t.Failed() {
					return
				}
			}
		})
	}
}

// A game is one run of random moves.
type game struct {
	*rand.Rand
	t      *testing.T
	st     store.Store
	owner  store.Owner
	model  *model
	now    contacts.Rev
	lastID contacts.ID
	groups []contacts.ID // all that ever were
	bulk   int           // entries that were inserted at once
}

// update makes so many changes in one update, which fails now and then.
func (g *game) update(changes int) {
	g.t.Helper()
	next := g.model.clone()
	fails := g.IntN(5) == 0
	err := g.st.Update(background, g.owner, func(tx store.Tx) error {
		for range changes {
			if err := g.change(tx, next); err != nil {
				return err
			}
			if g.IntN(4) == 0 {
				if err := g.query(tx, next); err != nil {
					return err
				}
			}
		}
		if fails {
			return errGiveUp
		}
		return nil
	})
	switch {
	case fails && !errors.Is(err, errGiveUp):
		g.t.Errorf("Update = %v, want the error of its function", err)
	case !fails && err != nil:
		g.t.Errorf("Update: %v", err)
	case !fails:
		g.model = next
	}
}

// tick is the revision of the next change.
func (g *game) tick() contacts.Rev {
	g.now += contacts.Rev(1 + g.IntN(3)*g.IntN(2)*g.IntN(2000))
	return g.now
}

// newID skips IDs sometimes, and is now and then far from the last one.
func (g *game) newID() contacts.ID {
	skip := []int{1, 1, 1, 1, 1, 1, 2, 60, 700, 1 << 30}[g.IntN(10)]
	g.lastID += contacts.ID(skip)
	return g.lastID
}

// change makes one change, to the store and to the model.
func (g *game) change(tx store.Tx, m *model) error {
	switch n := g.IntN(100); {
	case n < 40 || len(m.contacts) == 0:
		c := g.contact()
		c.ID, c.Rev = g.newID(), g.tick()
		c.Created = c.Rev
		m.contacts[c.ID] = c
		return tx.InsertContact(c)
	case n < 60:
		c := g.contact()
		old := pick(g, m.contacts)
		c.ID, c.Rev, c.Created = old.ID, g.tick(), old.Created
		for _, ms := range old.Memberships { // what it was in before is remembered
			if !slices.ContainsFunc(c.Memberships, func(now contacts.Membership) bool { return now.Group == ms.Group }) {
				c.Memberships = append(c.Memberships, contacts.Membership{Group: ms.Group, Removed: c.Rev})
			}
		}
		m.contacts[c.ID] = c
		return tx.UpdateContact(old, c)
	case n < 64: // another state with the same revision, and words
		old := pick(g, m.contacts)
		c := old.Clone()
		for i := range c.Memberships {
			c.Memberships[i].Removed = g.tick()
		}
		m.contacts[c.ID] = c
		return tx.UpdateContact(old, c)
	case n < 78:
		old := pick(g, m.contacts)
		dead := &contacts.Contact{ID: old.ID, Rev: g.tick(), Created: old.Created, Deleted: true}
		for _, ms := range old.Memberships {
			if ms.Removed == 0 {
				ms.Removed = dead.Rev
			}
			dead.Memberships = append(dead.Memberships, ms)
		}
		delete(m.contacts, old.ID)
		m.buried[dead.ID] = dead
		return tx.DeleteContact(old, dead)
	case n < 85 || len(m.groups) == 0:
		e := &contacts.Group{ID: g.newID(), Rev: g.tick(), Name: fmt.Sprint("Guests ", g.IntN(100))}
		e.Created = e.Rev
		g.groups = append(g.groups, e.ID)
		m.groups[e.ID] = e
		return tx.InsertGroup(e)
	case n < 89:
		old := pick(g, m.groups)
		e := &contacts.Group{ID: old.ID, Rev: g.tick(), Created: old.Created, Name: fmt.Sprint("Ladies ", g.IntN(100))}
		m.groups[e.ID] = e
		return tx.UpdateGroup(old, e)
	case n < 92:
		old := pick(g, m.groups)
		e := &contacts.Group{ID: old.ID, Rev: g.tick(), Created: old.Created, Deleted: true}
		delete(m.groups, e.ID)
		m.gone[e.ID] = e
		return tx.DeleteGroup(old, e)
	case n < 94:
		before := g.moment(m)
		want := 0
		for id, c := range m.buried {
			if c.Rev < before {
				delete(m.buried, id)
				want++
			}
		}
		for id, e := range m.gone {
			if e.Rev < before {
				delete(m.gone, id)
				want++
			}
		}
		got, err := tx.DropTombstones(before)
		if got != want {
			g.t.Errorf("DropTombstones(%v) = %d, want %d", before, got, want)
		}
		return err
	case n < 95 && g.IntN(4) == 0:
		*m = *newModel()
		return tx.DropBook()
	case n < 97 && g.bulk < 1: // enough that a store must change its ways
		g.bulk++
		for range 500 {
			c := g.contact()
			c.ID, c.Rev = g.newID(), g.tick()
			c.Created = c.Rev
			m.contacts[c.ID] = c
			if err := tx.InsertContact(c); err != nil {
				return err
			}
		}
	}
	return nil
}

// pick chooses a value of a map, by its key, so that the same seed plays the
// same game.
func pick[E any](g *game, from map[contacts.ID]E) E {
	keys := make([]contacts.ID, 0, len(from))
	for id := range from {
		keys = append(keys, id)
	}
	slices.Sort(keys)
	return from[keys[g.IntN(len(keys))]]
}

// The words of the game are few, so that searches find several contacts, and
// begin alike.
var gameWords = strings.Fields("Elizabeth Eliza Beth Bennet Bénnet bennets Jane Mary Édouard Öç 555 5550 555-0123 +1(555)0123 example " +
	"mail1 mail12 a.b@example.com A.B@Example.com jane@example.net " + strings.Repeat("x", 119) + " " + strings.Repeat("x", 120) + "y " +
	strings.Repeat("x", 120) + "z " + strings.Repeat("é", 90) + "1 " + strings.Repeat("é", 90) + "2")

// contact is a random contact without ID and revision.
func (g *game) contact() *contacts.Contact {
	c := new(contacts.Contact)
	some := func() string { return gameWords[g.IntN(len(gameWords))] }
	for range g.IntN(4) {
		c.Name.Full += some() + " "
	}
	for range g.IntN(3) {
		c.Emails = append(c.Emails, contacts.Email{Rel: contacts.RelHome, Address: some()})
	}
	if g.IntN(3) == 0 {
		c.Phones = append(c.Phones, contacts.Phone{Rel: contacts.RelHome, Number: some()})
	}
	if g.IntN(8) == 0 {
		c.Notes = strings.Repeat(some()+" ", g.IntN(300))
	}
	for _, id := range g.groups {
		if g.IntN(2+len(g.groups)) == 0 {
			c.Memberships = append(c.Memberships, contacts.Membership{Group: id})
		}
	}
	return c
}

// moment is a revision of some entry, or one near it.
func (g *game) moment(m *model) contacts.Rev {
	all := []contacts.Rev{g.now, rev(0), rev(0) + contacts.Rev(g.IntN(int(g.now-rev(0))+1))}
	if len(m.contacts) > 0 {
		all = append(all, pick(g, m.contacts).Rev, pick(g, m.contacts).Created)
	}
	if len(m.buried) > 0 {
		all = append(all, pick(g, m.buried).Rev)
	}
	return all[g.IntN(len(all))] + contacts.Rev(g.IntN(3)-1)
}

// time is a time at which an entry changed, or one near it.
func (g *game) time(m *model) time.Time {
	return time.UnixMicro(int64(g.moment(m))).Add(time.Duration(g.IntN(3)-1) * time.Nanosecond)
}

// random is a random query.
func (g *game) random(m *model) (q contacts.Query) {
	q.ShowDeleted = g.IntN(2) == 0
	q.ByUpdated, q.Descending = g.IntN(3) == 0, g.IntN(2) == 0
	q.Max = -1
	if g.IntN(3) == 0 {
		q.Max = g.IntN(30)
	}
	if g.IntN(2) == 0 {
		q.Start = g.IntN(20) * g.IntN(20) * g.IntN(3)
	}
	if g.IntN(3) == 0 {
		q.UpdatedMin = g.time(m)
	}
	if g.IntN(6) == 0 {
		q.UpdatedMax = g.time(m)
	}
	if g.IntN(6) == 0 {
		q.PublishedMin = g.time(m)
	}
	if g.IntN(6) == 0 {
		q.PublishedMax = g.time(m)
	}
	if g.IntN(3) == 0 {
		q.DeletedMin = g.moment(m)
	}
	if len(g.groups) > 0 && g.IntN(3) == 0 {
		q.Group = g.groups[g.IntN(len(g.groups))]
	}
	for g.IntN(3) == 0 {
		word := gameWords[g.IntN(len(gameWords))]
		if g.IntN(2) == 0 {
			word = strings.ToUpper(word)
		}
		for cut := g.IntN(len(word)); cut > 0 && g.IntN(2) == 0; {
			word, cut = strings.ToValidUTF8(word[:cut], ""), 0
		}
		q.Text += " " + word
	}
	return q
}

// query compares one query of each kind.
func (g *game) query(tx store.Tx, m *model) error {
	g.t.Helper()
	q := g.random(m)
	all := m.selectContacts(q)
	count := func() {
		if n, err := tx.CountContacts(q); n != len(all) || err != nil {
			g.t.Errorf("CountContacts(%+v) = %d, %v, want %d", q, n, err, len(all))
		}
	}
	before := g.IntN(2) == 0
	if before {
		count()
	}
	var got []*contacts.Contact
	for c, err := range tx.Contacts(q) {
		if err != nil {
			return fmt.Errorf("Contacts(%+v): %w", q, err)
		}
		got = append(got, c.Clone())
		if g.IntN(50) == 0 { // a query within a query
			if _, err := tx.Contact(c.ID); (err == nil) == c.Deleted {
				g.t.Errorf("Contact(%v) = %v for one that Contacts yields with Deleted = %v", c.ID, err, c.Deleted)
			}
		}
	}
	if want := page(q, all); !slices.EqualFunc(got, want, sameContact) {
		g.t.Errorf("Contacts(%+v) yields\n%s want\n%s", q, list(got), list(want))
	}
	if !before {
		count()
	}

	address := gameWords[g.IntN(len(gameWords))]
	var want []contacts.ID
	for id, c := range m.contacts {
		if slices.ContainsFunc(c.Emails, func(e contacts.Email) bool { return contacts.FoldEmail(e.Address) == contacts.FoldEmail(address) }) {
			want = append(want, id)
		}
	}
	found, err := ids(tx.ContactsByEmail(address))
	slices.Sort(found)
	slices.Sort(want)
	if err != nil || !slices.Equal(found, want) {
		g.t.Errorf("ContactsByEmail(%q) = %v, %v, want %v", address, found, err, want)
	}

	groups := m.selectGroups(q)
	if n, err := tx.CountGroups(q); n != len(groups) || err != nil {
		g.t.Errorf("CountGroups(%+v) = %d, %v, want %d", q, n, err, len(groups))
	}
	var gotGroups []*contacts.Group
	for e, err := range tx.Groups(q) {
		if err != nil {
			return fmt.Errorf("Groups(%+v): %w", q, err)
		}
		gotGroups = append(gotGroups, e.Clone())
	}
	if want := page(q, groups); !slices.EqualFunc(gotGroups, want, sameGroup) {
		g.t.Errorf("Groups(%+v) yields %v, want %v", q, gotGroups, want)
	}
	return nil
}

// list shows contacts in a line each.
func list(all []*contacts.Contact) string {
	var b strings.Builder
	for _, c := range all {
		fmt.Fprintf(&b, "\t%v rev %v created %v deleted %v %.40q %v\n", c.ID, c.Rev, c.Created, c.Deleted, c.Name.Full, c.Memberships)
	}
	return b.String()
}
