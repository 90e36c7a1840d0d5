package wire

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"contacts"
)

// views are all views of contacts and groups.
func views() []Options {
	var all []Options
	for version := 1; version <= 3; version++ {
		all = append(all, user(version, ContactKind), shared(version), user(version, GroupKind))
	}
	return all
}

// selected is what a selection makes of a document.
func selected(t testing.TB, o Options, doc, fields string) string {
	t.Helper()
	f, err := ParseFields(fields)
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewEncoder(o).AppendSelected([]byte("x"), []byte(doc), f)
	if err != nil {
		t.Fatalf("AppendSelected: %v\n%s", err, doc)
	}
	return string(b[1:])
}

// randomEntries makes n random entries of o's kind, without the time of their
// insert, which Atom does not have.
func randomEntries(m maker, o Options, n int) (cs []*contacts.Contact, gs []*contacts.Group) {
	for i := range n {
		if o.Kind == GroupKind {
			g := m.group()
			if g.Deleted = i%5 == 4; m.IntN(4) == 0 {
				g.System = "Friends"
			}
			gs = append(gs, g)
			continue
		}
		c := m.contact()
		c.Created, c.Deleted = 0, i%5 == 4
		for i := range c.Addresses {
			c.Addresses[i].Plain = m.IntN(2) == 0
		}
		for i := range c.Memberships {
			c.Memberships[i].Removed = contacts.Rev(m.IntN(2))
		}
		cs = append(cs, c)
	}
	return cs, gs
}

// wholeFeed is a feed with the entries.
func wholeFeed(o Options, cs []*contacts.Contact, gs []*contacts.Group) string {
	e, f := NewEncoder(o), sampleFeed()
	var entries []byte
	for _, c := range cs {
		entries = e.AppendContact(entries, c)
	}
	for _, g := range gs {
		entries = e.AppendGroup(entries, g)
	}
	f.Empty = len(entries) == 0
	return string(e.AppendFeedTail(append(e.AppendFeedHead(nil, &f), entries...), &f))
}

// wholeEntry is the first of the entries in a document of its own.
func wholeEntry(o Options, cs []*contacts.Contact, gs []*contacts.Group) string {
	if o.Kind == GroupKind {
		return string(NewEncoder(o).AppendGroupDocument(nil, gs[0]))
	}
	return string(NewEncoder(o).AppendContactDocument(nil, cs[0]))
}

func TestSelectEverything(t *testing.T) {
	for i, o := range views() {
		for f, name := range map[Format]string{Atom: "Atom", RSS: "RSS", JSON: "JSON", JSONScript: "JSON in script"} {
			o.Format = f
			o.ShowRemoved = i%2 == 0
			o.MinimalTombstones = i%4 == 3
			atom := NewEncoder(o).Atom().o
			t.Run(fmt.Sprintf("QRY-67 JSON-13 RSS-19 all fields of kind %d in version %d, shared %v, give all of %s", o.Kind, o.View.Version, o.View.Shared, name), func(t *testing.T) {
				for seed := range uint64(rounds / 8) {
					cs, gs := randomEntries(maker{rand.New(rand.NewPCG(seed, 10))}, o, int(seed%7))
					equal(t, selected(t, o, wholeFeed(atom, cs, gs), "@*,*"), wholeFeed(o, cs, gs))
					if seed%7 > 0 {
						equal(t, selected(t, o, wholeEntry(atom, cs, gs), "@*,*"), wholeEntry(o, cs, gs))
					}
					if t.Failed() {
						t.Fatalf("seed %d", seed)
					}
				}
			})
		}
	}
}
