package book_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"contacts"
	"contacts/book"
)

// labelled is a contact with one element of each type that has a rel and a
// label.
func labelled(rel, label string) *contacts.Contact {
	return &contacts.Contact{
		Emails:        []contacts.Email{{Rel: rel, Label: label, Address: "jane@example.org"}},
		IMs:           []contacts.IM{{Rel: rel, Label: label, Address: "jane"}},
		Organizations: []contacts.Organization{{Rel: rel, Label: label, Name: "Netherfield"}},
		Phones:        []contacts.Phone{{Rel: rel, Label: label, Number: "1813"}},
		Addresses:     []contacts.Address{{Rel: rel, Label: label, Formatted: "Longbourn"}},
	}
}

// alone leaves one of the elements.
var alone = map[string]func(c *contacts.Contact) *contacts.Contact{
	"ELEM-20": func(c *contacts.Contact) *contacts.Contact { return &contacts.Contact{Emails: c.Emails} },
	"ELEM-21": func(c *contacts.Contact) *contacts.Contact { return &contacts.Contact{IMs: c.IMs} },
	"ELEM-22": func(c *contacts.Contact) *contacts.Contact {
		return &contacts.Contact{Organizations: c.Organizations}
	},
	"ELEM-23": func(c *contacts.Contact) *contacts.Contact { return &contacts.Contact{Phones: c.Phones} },
	"ELEM-24": func(c *contacts.Contact) *contacts.Contact { return &contacts.Contact{Addresses: c.Addresses} },
}

func TestRedundantOtherRel(t *testing.T) {
	ctx := context.Background()
	for id, one := range alone {
		t.Run("ELEM-31 the rel other beside a stored label is dropped if the setting says so, "+id, func(t *testing.T) {
			for _, tc := range []struct {
				setting                bool
				stored, sent           *contacts.Contact
				accepted, redundantRel bool
			}{
				{false, labelled("", "Netherfield"), labelled("other", "Netherfield"), false, true},
				{true, labelled("", "Netherfield"), labelled("other", "Netherfield"), true, true},
				{true, labelled("", "Longbourn"), labelled("other", "Netherfield"), false, true},  // another label
				{true, labelled("other", ""), labelled("other", "Netherfield"), false, true},      // a rel was stored
				{true, &contacts.Contact{}, labelled("other", "Netherfield"), false, true},        // nothing was
				{true, labelled("", "Netherfield"), labelled("home", "Netherfield"), false, true}, // another rel
				{true, labelled("", "Netherfield"), labelled("other", ""), true, false},           // no label
				{true, labelled("", "Netherfield"), labelled("", "Netherfield"), true, false},     // no rel
			} {
				l := newLibrary(t, book.Options{AcceptRedundantOtherRel: tc.setting})
				c := l.insert(mine, book.Draft{Contact: one(tc.stored)})
				got, err := l.UpdateContact(ctx, mine, c.ID, book.Draft{Contact: one(tc.sent.Clone())}, anyState)
				if !tc.accepted {
					wantKind(t, err, contacts.Invalid, contacts.CodeAttributeValue)
					continue
				}
				if err != nil {
					t.Errorf("stored %+v, sent %+v: %v", one(tc.stored), one(tc.sent), err)
					continue
				}
				want := one(tc.sent)
				if tc.redundantRel {
					want = one(labelled("", "Netherfield"))
				}
				want.Normalize()
				want.ID, want.Rev, want.Created = got.ID, got.Rev, got.Created
				if !reflect.DeepEqual(fields(got), fields(want)) {
					t.Errorf("stored %+v,\nwant %+v", got, want)
				}
			}
		})
	}

	t.Run("ELEM-31 an insert is not read in that way", func(t *testing.T) {
		l := newLibrary(t, book.Options{AcceptRedundantOtherRel: true})
		_, err := l.InsertContact(ctx, mine, book.Draft{Contact: labelled("other", "Netherfield")})
		wantKind(t, err, contacts.Invalid, contacts.CodeAttributeValue)
	})
}

// fields is the elements of labelled.
func fields(c *contacts.Contact) []any {
	var f []any
	for _, e := range c.Emails {
		f = append(f, e.Rel, e.Label, e.Address)
	}
	for _, m := range c.IMs {
		f = append(f, m.Rel, m.Label, m.Address)
	}
	for _, o := range c.Organizations {
		f = append(f, o.Rel, o.Label, o.Name)
	}
	for _, p := range c.Phones {
		f = append(f, p.Rel, p.Label, p.Number)
	}
	for _, a := range c.Addresses {
		f = append(f, a.Rel, a.Label, a.Formatted, a.Street)
	}
	return f
}

func TestFormerMembers(t *testing.T) {
	ctx := context.Background()

	t.Run("ELEM-92 the store forgets a membership with the first write after 30 days", func(t *testing.T) {
		l := newLibrary(t, book.Options{})
		c := l.insert(mine, book.Draft{Contact: &contacts.Contact{Memberships: []contacts.Membership{{Group: 6}, {Group: 0xd}}}})
		left := l.update(mine, c.ID, book.Draft{Contact: &contacts.Contact{Memberships: []contacts.Membership{{Group: 0xd}}}})
		want := []contacts.Membership{{Group: 0xd}, {Group: 6, Removed: left.Rev}}
		if !reflect.DeepEqual(left.Memberships, want) {
			t.Errorf("memberships %v, want %v", left.Memberships, want)
		}
		for age, n := range map[time.Duration]int{book.TombstoneLife: 2, book.TombstoneLife + time.Millisecond: 1} {
			l.now = start.Add(age)
			if got := l.all(mine)[0].Memberships; len(got) != n {
				t.Errorf("after %v: memberships %v", age, got)
			}
		}
		l.now = start.Add(2 * book.TombstoneLife)
		if got := l.update(mine, c.ID, book.Draft{Contact: &contacts.Contact{}}).Memberships; len(got) != 1 || got[0].Group != 0xd {
			t.Errorf("memberships %v, want that of d alone", got)
		}
	})

	t.Run("ELEM-93 a membership that has ended in a draft is none", func(t *testing.T) {
		l := newLibrary(t, book.Options{})
		draft := func() book.Draft {
			return book.Draft{Contact: &contacts.Contact{Memberships: []contacts.Membership{{Group: 6, Removed: 1}, {Group: 999, Removed: 1}, {Group: 0xd}}}}
		}
		c := l.insert(mine, draft())
		if want := []contacts.Membership{{Group: 0xd}}; !reflect.DeepEqual(c.Memberships, want) {
			t.Errorf("inserted %v, want %v", c.Memberships, want)
		}
		if c = l.update(mine, c.ID, draft()); len(c.Memberships) != 1 || !c.MemberOf(0xd) {
			t.Errorf("updated %v", c.Memberships)
		}
	})

	t.Run("QRY-47 WRT-50 the store keeps of a deleted contact what its tombstone shows", func(t *testing.T) {
		l := newLibrary(t, book.Options{})
		c := labelled("", "Netherfield")
		c.Memberships = []contacts.Membership{{Group: 6}}
		c.Name.Full, c.Notes, c.Properties = "Jane Bennet", "Eldest", []contacts.Property{{Name: "pet", Value: "hamster"}}
		c = l.insert(mine, book.Draft{Contact: c})
		l.delete(mine, c.ID)
		rev := l.state(mine).Rev
		want := &contacts.Contact{ID: c.ID, Rev: rev, Created: c.Created, Deleted: true, Memberships: []contacts.Membership{{Group: 6, Removed: rev}}}
		got := l.all(mine)[0]
		if !reflect.DeepEqual(compact(got), compact(want)) {
			t.Errorf("the tombstone is %+v,\nwant %+v", got, want)
		}
	})

	t.Run("ELEM-95 members keep their revision when their group is deleted", func(t *testing.T) {
		l := newLibrary(t, book.Options{})
		g := l.insertGroup(mine, "Militia")
		var before []*contacts.Contact
		for range 5 {
			before = append(before, l.insert(mine, book.Draft{Contact: &contacts.Contact{Memberships: []contacts.Membership{{Group: g.ID}}}}))
		}
		l.now = l.now.Add(time.Hour)
		l.deleteGroup(mine, g.ID)
		rev := l.state(mine).Rev
		for i, c := range l.all(mine) {
			if c.Rev != before[i].Rev || c.MemberOf(g.ID) || len(c.Memberships) != 1 || c.Memberships[0].Removed != rev {
				t.Errorf("%+v, was %+v", c, before[i])
			}
		}
		_, err := l.InsertContact(ctx, mine, book.Draft{Contact: &contacts.Contact{Memberships: []contacts.Membership{{Group: g.ID}}}})
		wantKind(t, err, contacts.Invalid, contacts.CodeAttributeValue)
	})
}

func TestSystemGroups(t *testing.T) {
	t.Run("ELEM-108 nobody makes a system group", func(t *testing.T) {
		l := newLibrary(t, book.Options{})
		g, err := l.InsertGroup(context.Background(), mine, &contacts.Group{Name: "Friends", System: "Friends"})
		if err != nil || g.System != "" {
			t.Fatalf("InsertGroup() = %+v, %v", g, err)
		}
		g, err = l.UpdateGroup(context.Background(), mine, g.ID, &contacts.Group{Name: "Friends", System: "Friends"}, anyState)
		if err != nil || g.System != "" {
			t.Errorf("UpdateGroup() = %+v, %v", g, err)
		}
		if all := l.allGroups(mine); len(all) != 1 || all[0].System != "" {
			t.Errorf("groups %+v", all)
		}
	})

	t.Run("ELEM-103 ELEM-105 a caller may change the system group that it is given", func(t *testing.T) {
		l := newLibrary(t, book.Options{})
		g, err := l.Group(context.Background(), mine, 6)
		if err != nil {
			t.Fatal(err)
		}
		g.Name = "changed"
		if g, err = l.Group(context.Background(), mine, 6); err != nil || g.Name != "System Group: My Contacts" {
			t.Errorf("Group(6) = %+v, %v", g, err)
		}
	})
}

// compact makes empty slices nil, which mean the same.
func compact(c *contacts.Contact) *contacts.Contact {
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Slice && f.Len() == 0 {
			f.SetZero()
		}
	}
	return c
}
