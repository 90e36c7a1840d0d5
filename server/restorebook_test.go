package server_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"contacts"
	"contacts/server"
	"contacts/transfer"
)

// A household is the book of a user, or of a domain, as transfer sees it.
type household struct {
	t testing.TB
	transfer.Book
}

// apply makes one change, and returns the contact.
func (h household) apply(op transfer.Op) *transfer.Item {
	h.t.Helper()
	results, err := h.Apply(h.t.Context(), []transfer.Op{op})
	if err != nil || results[0].Err != nil {
		h.t.Fatal(err, results)
	}
	return results[0].Item
}

func (h household) insert(name, email string, group contacts.ID) *transfer.Item {
	h.t.Helper()
	c := &contacts.Contact{Name: contacts.Name{Full: name}, Emails: []contacts.Email{{Rel: contacts.RelHome, Address: email}}}
	if group != 0 {
		c.Memberships = []contacts.Membership{{Group: group}}
	}
	return h.apply(transfer.Op{Kind: transfer.Insert, Contact: c})
}

// all writes down the contacts with the names of their groups, by name, and
// returns them by name.
func (h household) all() (lines []string, items map[string]*transfer.Item) {
	h.t.Helper()
	groups, err := h.Groups(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	items = map[string]*transfer.Item{}
	for it, err := range h.Contacts(h.t.Context()) {
		if err != nil {
			h.t.Fatal(err)
		}
		c := it.Contact.Clone()
		line := c.Name.Full + " photo " + c.Photo.Version
		for _, e := range c.Emails {
			line += " " + e.Address
		}
		for _, m := range c.Memberships {
			i := slices.IndexFunc(groups, func(g contacts.Group) bool { return g.ID == m.Group })
			if m.Removed == 0 && i < 0 {
				h.t.Errorf("%s is a member of the group %s, which does not exist", c.Name.Full, m.Group)
			} else if m.Removed == 0 {
				line += " in " + groups[i].Name
			}
		}
		lines = append(lines, line)
		copied := *it
		copied.Contact = c
		items[c.Name.Full] = &copied
	}
	slices.Sort(lines)
	return lines, items
}

func book(t testing.TB, s *server.Server, owner string) household {
	t.Helper()
	b, err := s.Book(t.Context(), owner)
	if err != nil {
		t.Fatal(err)
	}
	return household{t, b}
}

// dot is the smallest photo.
var dot = &transfer.Photo{Type: "image/gif", Data: []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")}

func TestRestoreBook(t *testing.T) {
	// scene makes a book, backs it up, and changes it in every way.
	scene := func(t *testing.T) (s *server.Server, h household, file string, before []string, items map[string]*transfer.Item) {
		s = open(t, config(t))
		addUser(t, s, "mary@example.com", false)
		addUser(t, s, "kitty@example.com", false)
		h = book(t, s, "mary@example.com")
		reader, err := h.AddGroup(t.Context(), &contacts.Group{Name: "Readers"})
		if err != nil {
			t.Fatal(err)
		}
		dancers, err := h.AddGroup(t.Context(), &contacts.Group{Name: "Dancers"})
		if err != nil {
			t.Fatal(err)
		}
		h.insert("Jane Bennet", "jane@example.com", reader.ID)
		h.insert("Lydia Bennet", "lydia@example.com", dancers.ID)
		h.insert("Kitty Bennet", "kitty@example.com", dancers.ID)
		stays := h.insert("Thomas Bennet", "thomas@example.com", 6)
		h.apply(transfer.Op{Kind: transfer.Update, Item: stays, Contact: stays.Contact, Photo: dot})
		book(t, s, "kitty@example.com").insert("Maria Lucas", "maria@example.com", 0)
		before, items = h.all()
		file = backup(t, s)

		jane := items["Jane Bennet"]
		renamed := jane.Contact.Clone()
		renamed.Name = contacts.Name{Full: "Jane Bingley"}
		renamed.Memberships = nil
		h.apply(transfer.Op{Kind: transfer.Update, Item: jane, Contact: renamed})
		h.apply(transfer.Op{Kind: transfer.Delete, Item: items["Lydia Bennet"]})
		if err := h.DeleteGroup(t.Context(), dancers.ID); err != nil {
			t.Fatal(err)
		}
		late, err := h.AddGroup(t.Context(), &contacts.Group{Name: "Officers"})
		if err != nil {
			t.Fatal(err)
		}
		h.insert("George Wickham", "lydia@example.com", late.ID)
		return s, h, file, before, items
	}
	run := func(t *testing.T, s *server.Server, file, owner string, keep bool) server.BookReplaced {
		t.Helper()
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		done, err := s.RestoreBook(t.Context(), f, owner, keep)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := s.Verify(t.Context(), func(f server.Fault) { t.Error(f) }); err != nil || v.Faults > 0 {
			t.Errorf("Verify = %+v, %v", v, err)
		}
		return done
	}

	t.Run("OPS-13 a book is again as in the backup, and clients notice", func(t *testing.T) {
		s, h, file, before, items := scene(t)
		all, err := h.Changes(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		var wickham string
		for it := range all.Items() {
			if it.Contact.Name.Full == "George Wickham" {
				wickham = it.ID
			}
		}
		done := run(t, s, file, "mary@example.com", false)
		if want := (server.BookReplaced{Same: 2, Changed: 2, Back: 2, Deleted: 2}); done != want {
			t.Errorf("RestoreBook = %+v, want %+v", done, want)
		}
		got, now := h.all()
		if !slices.Equal(got, before) {
			t.Errorf("the book has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(before, "\n"))
		}
		if was, is := items["Thomas Bennet"], now["Thomas Bennet"]; is.ETag != was.ETag || is.ID != was.ID {
			t.Errorf("Thomas had not changed, and has ETag %s, was %s", is.ETag, was.ETag)
		}
		if was, is := items["Jane Bennet"], now["Jane Bennet"]; is.ETag == was.ETag || is.ID != was.ID {
			t.Errorf("Jane came back with ETag %s and id %s, was %s and %s", is.ETag, is.ID, was.ETag, was.ID)
		}
		if now["Lydia Bennet"].ID == items["Lydia Bennet"].ID {
			t.Error("Lydia came back under an id that had been deleted")
		}
		changes, err := h.Changes(t.Context(), all.Mark())
		if err != nil {
			t.Fatal(err)
		}
		changed := map[string]bool{}
		for it, err := range changes.Items() {
			if err != nil {
				t.Fatal(err)
			}
			changed[it.ID] = it.Deleted
		}
		want := map[string]bool{now["Jane Bennet"].ID: false, now["Kitty Bennet"].ID: false, now["Lydia Bennet"].ID: false, wickham: true}
		for id, deleted := range want {
			if got, ok := changed[id]; !ok || got != deleted {
				t.Errorf("a client that asks for changes sees %s %v %v, want deleted %v", id, ok, got, deleted)
			}
		}
		if _, ok := changed[now["Thomas Bennet"].ID]; ok {
			t.Error("a client sees a change of Thomas")
		}
		if lines, _ := book(t, s, "kitty@example.com").all(); len(lines) != 1 {
			t.Errorf("another book has %q", lines)
		}
		if again := run(t, s, file, "mary@example.com", true); again != (server.BookReplaced{Same: 6}) {
			t.Errorf("restored again, RestoreBook = %+v, want no changes", again)
		}
	})

	t.Run("OPS-14 what came later may stay", func(t *testing.T) {
		s, h, file, before, _ := scene(t)
		done := run(t, s, file, "mary@example.com", true)
		if want := (server.BookReplaced{Same: 2, Changed: 2, Back: 2, Kept: 2}); done != want {
			t.Errorf("RestoreBook = %+v, want %+v", done, want)
		}
		got, _ := h.all()
		want := append(slices.Clone(before), "George Wickham photo  lydia@example.com in Officers")
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("the book has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})

	t.Run("OPS-13 OPS-14 the shared contacts of a domain", func(t *testing.T) {
		s, _, _, _, _ := scene(t)
		h := book(t, s, "example.com")
		for i := range 3 {
			h.insert(fmt.Sprint("Guest ", i), fmt.Sprintf("guest%d@example.com", i), 0)
		}
		before, items := h.all()
		file := backup(t, s)
		h.apply(transfer.Op{Kind: transfer.Delete, Item: items["Guest 1"]})
		h.insert("Guest 9", "guest1@example.com", 0)
		if done := run(t, s, file, "example.com", true); done != (server.BookReplaced{Same: 2, Kept: 1, Refused: 1}) {
			t.Errorf("RestoreBook = %+v, want that the address of Guest 1 is taken", done)
		}
		if done := run(t, s, file, "example.com", false); done != (server.BookReplaced{Same: 2, Back: 1, Deleted: 1}) {
			t.Errorf("RestoreBook = %+v, want Guest 1 instead of Guest 9", done)
		}
		if got, _ := h.all(); !slices.Equal(got, before) {
			t.Errorf("the book has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(before, "\n"))
		}
	})

	t.Run("OPS-13 an account that was made anew", func(t *testing.T) {
		s, _, file, before, _ := scene(t)
		if err := s.RemoveUser(t.Context(), "mary@example.com"); err != nil {
			t.Fatal(err)
		}
		addUser(t, s, "mary@example.com", false)
		h := book(t, s, "mary@example.com")
		for i := range 6 { // so that ids of before mean something else
			h.insert(fmt.Sprint("Guest ", i), fmt.Sprintf("guest%d@example.com", i), 0)
		}
		done := run(t, s, file, "mary@example.com", false)
		if want := (server.BookReplaced{Back: 6, Deleted: 6}); done != want {
			t.Errorf("RestoreBook = %+v, want %+v", done, want)
		}
		if got, _ := h.all(); !slices.Equal(got, before) {
			t.Errorf("the book has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(before, "\n"))
		}
	})

	t.Run("OPS-13 a name that is not in the backup, or not here", func(t *testing.T) {
		s, h, file, _, _ := scene(t)
		before, _ := h.all()
		addUser(t, s, "charlotte@example.com", false)
		for _, owner := range []string{"charlotte@example.com", "nobody@example.com", "example.net"} {
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.RestoreBook(t.Context(), f, owner, false); contacts.KindOf(err) != contacts.NotFound {
				t.Errorf("RestoreBook of %s = %v, want %s", owner, err, contacts.NotFound)
			}
			f.Close()
		}
		if after, _ := h.all(); !slices.Equal(after, before) {
			t.Error("the book of mary has changed")
		}
	})
}
