package book_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"contacts"
	"contacts/book"
	"contacts/store"
)

func TestRevisions(t *testing.T) {
	for name, step := range map[string]time.Duration{
		"the clock runs": time.Second, "the clock stands still": 0, "the clock runs backwards": -time.Hour,
		"the clock runs in microseconds": time.Microsecond,
	} {
		t.Run("WRT-23 VER-60 every write raises the revision of book and entry, while "+name, func(t *testing.T) {
			l := newLibrary(t, book.Options{})
			var last contacts.Rev
			rises := func(what string, rev contacts.Rev) {
				t.Helper()
				if rev <= last || l.state(mine).Rev != rev {
					t.Errorf("%s: revision %d after %d, the book has %d", what, rev, last, l.state(mine).Rev)
				}
				last = rev
				l.now = l.now.Add(step)
			}
			for range 3 {
				c := l.insert(mine, named("Jane Bennet"))
				rises("insert", c.Rev)
				rises("update", l.update(mine, c.ID, named("Jane Bennet")).Rev)
				g := l.insertGroup(mine, "Militia")
				rises("insert a group", g.Rev)
				g, err := l.UpdateGroup(context.Background(), mine, g.ID, &contacts.Group{Name: "Militia"}, anyState)
				if err != nil {
					t.Fatal(err)
				}
				rises("update a group", g.Rev)
				l.delete(mine, c.ID)
				rises("delete", l.all(mine)[0].Rev)
				l.deleteGroup(mine, g.ID)
				rises("delete a group", l.state(mine).Rev)
				if all := l.all(mine); all[0].Created >= all[0].Rev || !all[0].Deleted {
					t.Errorf("tombstone %+v", all[0])
				}
				if err := l.Drop(context.Background(), mine.Owner); err != nil {
					t.Fatal(err)
				}
				last = 0
			}
		})
	}

	t.Run("a write that fails changes nothing", func(t *testing.T) {
		l := newLibrary(t, book.Options{MaxContacts: 1})
		ctx := context.Background()
		c, g := l.insert(mine, named("Jane Bennet")), l.insertGroup(mine, "Militia")
		before, entries, groups := l.state(mine), l.all(mine), l.allGroups(mine)
		invalid := book.Draft{Contact: &contacts.Contact{Emails: []contacts.Email{{Address: "jane@example.org"}}}}
		_, err := l.UpdateContact(ctx, mine, c.ID, invalid, anyState)
		wantKind(t, err, contacts.Invalid, contacts.CodeAttributeValue)
		_, err = l.UpdateContact(ctx, mine, c.ID, book.Draft{Contact: &contacts.Contact{Memberships: []contacts.Membership{{Group: 999}}}}, anyState)
		wantKind(t, err, contacts.Invalid, contacts.CodeAttributeValue)
		_, err = l.UpdateContact(ctx, mine, c.ID, named("Mary"), book.Match{ETags: []string{`"x."`}})
		wantKind(t, err, contacts.Stale, contacts.CodeETags)
		_, err = l.DeleteContact(ctx, mine, c.ID, book.Match{Version: "1"})
		wantKind(t, err, contacts.Stale, contacts.CodeConflict)
		_, err = l.DeleteContact(ctx, mine, 999, anyState)
		wantKind(t, err, contacts.NotFound, contacts.CodeNotFound)
		_, err = l.InsertContact(ctx, mine, named("Mary"))
		wantKind(t, err, contacts.Forbidden, contacts.CodeQuota)
		_, err = l.UpdateGroup(ctx, mine, g.ID, &contacts.Group{}, anyState)
		wantKind(t, err, contacts.Invalid, contacts.CodeMissingContent)
		_, err = l.DeleteGroup(ctx, mine, g.ID, book.Match{Missing: contacts.Forbidden})
		wantKind(t, err, contacts.Forbidden, "")
		_, err = l.DeleteGroup(ctx, mine, 6, anyState)
		wantKind(t, err, contacts.Forbidden, contacts.CodeCannotEdit)
		if after := l.state(mine); after != before || !reflect.DeepEqual(l.all(mine), entries) || !reflect.DeepEqual(l.allGroups(mine), groups) {
			t.Errorf("the book is %+v, was %+v", after, before)
		}
	})

	t.Run("WRT-30 WRT-32 a stale write returns the entry as it is", func(t *testing.T) {
		l := newLibrary(t, book.Options{})
		c := l.insert(mine, named("Jane Bennet"))
		now, err := l.UpdateContact(context.Background(), mine, c.ID, named("Mary"), book.Match{Version: "1"})
		wantKind(t, err, contacts.Stale, contacts.CodeConflict)
		if now == nil || now.Rev != c.Rev || now.Name.Full != "Jane Bennet" {
			t.Errorf("returned %+v", now)
		}
	})
}

func TestIDs(t *testing.T) {
	t.Run("RES-37 an ID is never given out again, and none is that of a system group", func(t *testing.T) {
		l := newLibrary(t, book.Options{})
		seen := map[contacts.ID]bool{0: true, 0x6: true, 0xd: true, 0xe: true, 0xf: true}
		for range 20 {
			c, g := l.insert(mine, named("Kitty")), l.insertGroup(mine, "Aunts")
			if seen[c.ID] || seen[g.ID] || c.ID == g.ID {
				t.Fatalf("contact %v and group %v after %v", c.ID, g.ID, seen)
			}
			seen[c.ID], seen[g.ID] = true, true
			l.delete(mine, c.ID)
			l.deleteGroup(mine, g.ID)
			l.now = l.now.Add(2 * book.TombstoneLife)
			if n, err := l.Purge(context.Background(), mine.Owner); n != 2 || err != nil {
				t.Fatalf("Purge() = %d, %v", n, err)
			}
		}
	})

	t.Run("RES-37 a book that has given out all IDs takes no more", func(t *testing.T) {
		l := newLibrary(t, book.Options{})
		l.setState(mine, store.Book{LastID: store.MaxID - 1})
		if c := l.insert(mine, named("Mary")); c.ID != store.MaxID {
			t.Errorf("ID %v, want %v", c.ID, store.MaxID)
		}
		_, err := l.InsertContact(context.Background(), mine, named("Kitty"))
		wantKind(t, err, contacts.Forbidden, contacts.CodeQuota)
	})
}

func TestQuotas(t *testing.T) {
	ctx := context.Background()

	t.Run("WRT-10 the limits of contacts unless they are configured", func(t *testing.T) {
		l := newLibrary(t, book.Options{})
		for _, tc := range []struct {
			at   book.At
			most int
		}{{mine, 25_000}, {shared, 200_000}} {
			l.setState(tc.at, store.Book{Contacts: tc.most - 1})
			l.insert(tc.at, named("Mary"))
			_, err := l.InsertContact(ctx, tc.at, named("Kitty"))
			wantKind(t, err, contacts.Forbidden, contacts.CodeQuota)
		}
	})

	t.Run("WRT-67 a book has at most 2000 groups", func(t *testing.T) {
		l := newLibrary(t, book.Options{})
		for _, at := range []book.At{mine, shared} {
			l.setState(at, store.Book{Groups: 1_999})
			g := l.insertGroup(at, "Militia")
			_, err := l.InsertGroup(ctx, at, &contacts.Group{Name: "Regulars"})
			wantKind(t, err, contacts.Forbidden, contacts.CodeQuota)
			l.deleteGroup(at, g.ID)
			l.insertGroup(at, "Regulars")
		}
	})

	t.Run("WRT-10 WRT-67 the book counts its entries truly", func(t *testing.T) {
		l := newLibrary(t, book.Options{MaxContacts: 12})
		random := rand.New(rand.NewPCG(28, 1813))
		var people, groups []contacts.ID
		for range 150 {
			switch k := random.IntN(5); {
			case k == 0 && len(people) > 0:
				l.delete(mine, people[0])
				people = people[1:]
			case k == 1 && len(groups) > 0:
				l.deleteGroup(mine, groups[0])
				groups = groups[1:]
			case k == 2:
				groups = append(groups, l.insertGroup(mine, "Militia").ID)
			default:
				c, err := l.InsertContact(ctx, mine, named("Mary"))
				if len(people) == 12 {
					wantKind(t, err, contacts.Forbidden, contacts.CodeQuota)
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				people = append(people, c.ID)
			}
			if b := l.state(mine); b.Contacts != len(people) || b.Groups != len(groups) {
				t.Fatalf("the book counts %d contacts and %d groups, want %d and %d", b.Contacts, b.Groups, len(people), len(groups))
			}
		}
	})
}

func TestPurge(t *testing.T) {
	ctx := context.Background()
	l := newLibrary(t, book.Options{})
	for i := range 3 {
		c, g := l.insert(mine, named(fmt.Sprint("Officer ", i))), l.insertGroup(mine, "Militia")
		l.insert(shared, named("Neighbour"))
		l.delete(mine, c.ID)
		l.deleteGroup(mine, g.ID)
		l.now = l.now.Add(24 * time.Hour)
	}
	live := l.insert(mine, named("Mary Bennet"))
	before := l.state(mine)

	t.Run("QRY-40 a purge takes what is older than 30 days, of both kinds, and nothing else", func(t *testing.T) {
		for _, step := range []struct {
			age   time.Duration // of the oldest tombstones
			purge int
			left  int // tombstones of each kind
		}{
			{3 * 24 * time.Hour, 0, 3},
			{book.TombstoneLife, 0, 3},
			{book.TombstoneLife + time.Millisecond, 2, 2},
			{book.TombstoneLife + time.Millisecond, 0, 2},
			{book.TombstoneLife + 3*24*time.Hour, 4, 0},
		} {
			l.now = start.Add(step.age)
			n, err := l.Purge(ctx, mine.Owner)
			if n != step.purge || err != nil {
				t.Errorf("after %v: Purge() = %d, %v, want %d", step.age, n, err, step.purge)
			}
			if people, groups := l.all(mine), l.allGroups(mine); len(people) != step.left+1 || len(groups) != step.left {
				t.Errorf("after %v: %d contacts and %d groups, want %d tombstones of each", step.age, len(people), len(groups), step.left)
			}
		}
		if c, err := l.Contact(ctx, mine, live.ID); err != nil || c.Rev != live.Rev {
			t.Errorf("Contact() = %+v, %v", c, err)
		}
		if after := l.state(mine); after != before {
			t.Errorf("the book is %+v, was %+v", after, before)
		}
		if n := len(l.all(shared)); n != 3 {
			t.Errorf("%d contacts in another book, want 3", n)
		}
	})

	t.Run("a dropped book is empty, and the others are not", func(t *testing.T) {
		if err := l.Drop(ctx, mine.Owner); err != nil {
			t.Fatal(err)
		}
		if b := l.state(mine); b != (store.Book{}) || len(l.all(mine)) != 0 || len(l.allGroups(mine)) != 0 {
			t.Errorf("the book is %+v with %v", b, l.all(mine))
		}
		if _, err := l.Contact(ctx, mine, live.ID); contacts.KindOf(err) != contacts.NotFound {
			t.Errorf("Contact() = %v, want NotFound", err)
		}
		if n := len(l.all(shared)); n != 3 {
			t.Errorf("%d contacts in another book, want 3", n)
		}
		if _, err := l.Contacts(ctx, mine, contacts.Query{Text: "mary", Max: -1}, func(c *contacts.Contact) bool {
			t.Errorf("a search finds %+v", c)
			return true
		}); err != nil {
			t.Error(err)
		}
	})
}
