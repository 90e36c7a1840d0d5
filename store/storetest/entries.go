package storetest

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"contacts"
	"contacts/store"
	"contacts/wire"
)

// sameContact compares all that a store keeps of a contact.
func sameContact(a, b *contacts.Contact) bool {
	return a.ID == b.ID && a.Rev == b.Rev && a.Created == b.Created && a.Deleted == b.Deleted &&
		bytes.Equal(wire.AppendStoredContact(nil, a), wire.AppendStoredContact(nil, b))
}

func sameGroup(a, b *contacts.Group) bool {
	return a.ID == b.ID && a.Rev == b.Rev && a.Created == b.Created && a.Deleted == b.Deleted &&
		bytes.Equal(wire.AppendStoredGroup(nil, a), wire.AppendStoredGroup(nil, b))
}

func testEntries(t *testing.T, open Opener) {
	t.Run("a book is empty before it is put", func(t *testing.T) {
		st := open(t)
		view(t, st, liz, func(tx store.Tx) error {
			b, err := tx.Book()
			if b != (store.Book{}) {
				t.Errorf("Book = %+v, want the zero book", b)
			}
			return err
		})
		want := store.Book{Rev: rev(2), Created: rev(1), LastID: store.MaxID, Contacts: 200_000, Groups: 2000}
		for _, b := range []store.Book{{Rev: 1}, want} {
			update(t, st, liz, func(tx store.Tx) error { return tx.PutBook(b) })
		}
		view(t, st, liz, func(tx store.Tx) error {
			b, err := tx.Book()
			if b != want {
				t.Errorf("Book = %+v, want %+v", b, want)
			}
			return err
		})
	})

	t.Run("a contact is read as it was written", func(t *testing.T) {
		st := open(t)
		full := Person(1, 0)
		full.ID, full.Rev, full.Created = store.MaxID, rev(5), rev(4)
		full.Photo = photoOf("Lizzy at Pemberley")
		full.Memberships = []contacts.Membership{{Group: 6}, {Group: 7, Removed: rev(3)}}
		full.Properties = []contacts.Property{{Name: "carriage", XML: `<chaise xmlns="http://example.com/"/>`}}
		full.Extra = contacts.Extra{{XML: `<x:y xmlns:x="http://example.com/">z</x:y>`}}
		empty := &contacts.Contact{ID: 1, Rev: rev(1), Created: rev(1)}
		big := named(2, rev(2), "Mary Bennet")
		big.Notes = strings.Repeat("extracts of great books, ", 20_000)
		all := []*contacts.Contact{empty, big, full}
		for _, c := range all {
			update(t, st, liz, func(tx store.Tx) error {
				if c.Photo.Version != "" {
					if err := putPhoto(tx, "Lizzy at Pemberley"); err != nil {
						return err
					}
				}
				return tx.InsertContact(c.Clone())
			})
		}
		view(t, st, liz, func(tx store.Tx) error {
			for _, want := range all {
				got, err := tx.Contact(want.ID)
				if err != nil || !sameContact(got, want) {
					t.Errorf("Contact(%v) = %+v, %v, want %+v", want.ID, got, err, want)
				}
			}
			i := 0
			for got, err := range tx.Contacts(contacts.Query{Max: -1}) {
				if err != nil || !sameContact(got, all[i]) {
					t.Errorf("contact %d of Contacts = %+v, %v, want %+v", i, got, err, all[i])
				}
				i++
			}
			return nil
		})
	})

	t.Run("a contact that a method returns belongs to the caller", func(t *testing.T) {
		st := open(t)
		update(t, st, liz, func(tx store.Tx) error {
			return errors.Join(tx.InsertContact(person(1, 1, rev(1))), tx.InsertContact(person(2, 2, rev(2))))
		})
		var one *contacts.Contact
		var all []*contacts.Contact
		view(t, st, liz, func(tx store.Tx) (err error) {
			if one, err = tx.Contact(1); err != nil {
				return err
			}
			for c, err := range tx.Contacts(contacts.Query{Max: -1}) {
				if err != nil {
					return err
				}
				all = append(all, c.Clone())
			}
			return nil
		})
		update(t, st, liz, func(tx store.Tx) error { return tx.DropBook() })
		if want := person(1, 1, rev(1)); !sameContact(one, want) {
			t.Errorf("Contact changed later to %+v", one)
		}
		for i, c := range all {
			if want := person(i+1, contacts.ID(i+1), rev(i+1)); !sameContact(c, want) {
				t.Errorf("the clone of what Contacts yielded changed later to %+v", c)
			}
		}
	})

	t.Run("what is not there is not found", func(t *testing.T) {
		st := open(t)
		update(t, st, liz, book)
		update(t, st, liz, change)
		view(t, st, liz, func(tx store.Tx) error {
			for _, id := range []contacts.ID{0, 2, 3, 5, store.MaxID, store.MaxID + 1, 1<<41 + 1, 1<<63 + 1, 1<<64 - 1} { // 2 is deleted, 3 and 5 are groups
				if c, err := tx.Contact(id); !errors.Is(err, contacts.NotFound) {
					t.Errorf("Contact(%v) = %+v, %v, want kind not found", id, c, err)
				}
			}
			for _, id := range []contacts.ID{0, 1, 3, store.MaxID + 1} { // 3 is deleted, 1 is a contact
				if g, err := tx.Group(id); !errors.Is(err, contacts.NotFound) {
					t.Errorf("Group(%v) = %+v, %v, want kind not found", id, g, err)
				}
			}
			return nil
		})
		for name, fn := range map[string]func(store.Tx) error{
			"UpdateContact of a deleted one": func(tx store.Tx) error {
				return tx.UpdateContact(named(2, rev(2), "Mary Bennet"), named(2, rev(50), "Mary Bennet"))
			},
			"DeleteContact of a deleted one": func(tx store.Tx) error {
				return tx.DeleteContact(named(2, rev(2), "Mary Bennet"), &contacts.Contact{ID: 2, Rev: rev(50), Deleted: true})
			},
			"UpdateGroup of a deleted one": func(tx store.Tx) error {
				return tx.UpdateGroup(&contacts.Group{ID: 3}, &contacts.Group{ID: 3, Rev: rev(50), Name: "Sisters"})
			},
			"DeleteGroup of a deleted one": func(tx store.Tx) error {
				return tx.DeleteGroup(&contacts.Group{ID: 3}, &contacts.Group{ID: 3, Rev: rev(50), Deleted: true})
			},
		} {
			if err := st.Update(background, liz, fn); !errors.Is(err, contacts.NotFound) {
				t.Errorf("%s: %v, want kind not found", name, err)
			}
		}
		for _, id := range []contacts.ID{0, store.MaxID + 1} {
			if err := st.Update(background, liz, func(tx store.Tx) error { return tx.InsertContact(named(id, rev(50), "Mary King")) }); err == nil {
				t.Errorf("InsertContact under the ID %v succeeded", id)
			}
		}
	})

	t.Run("QRY-43 QRY-45 QRY-47 a tombstone keeps revision and memberships, and nothing else", func(t *testing.T) {
		st := open(t)
		old := person(1, 1, rev(1))
		old.Memberships = []contacts.Membership{{Group: 3}}
		group := &contacts.Group{ID: 3, Rev: rev(2), Created: rev(2), Name: "Sisters", Properties: []contacts.Property{{Name: "n", Value: "v"}}}
		update(t, st, liz, func(tx store.Tx) error { return errors.Join(tx.InsertContact(old), tx.InsertGroup(group)) })
		want := &contacts.Contact{ID: 1, Rev: rev(9), Created: rev(1), Deleted: true, Memberships: []contacts.Membership{{Group: 3, Removed: rev(9)}}}
		full := want.Clone()
		full.Name, full.Notes, full.Photo = old.Name, "secret", photoOf("secret") // to be left out
		update(t, st, liz, func(tx store.Tx) error {
			return errors.Join(tx.DeleteContact(old, full), tx.DeleteGroup(group, &contacts.Group{ID: 3, Rev: rev(10), Created: rev(2), Deleted: true, Name: "secret"}))
		})
		view(t, st, liz, func(tx store.Tx) error {
			for _, q := range []contacts.Query{{}, {UpdatedMin: rev(9).Time()}, {Group: 3}, {ByUpdated: true}} {
				q.ShowDeleted, q.Max = true, -1
				n := 0
				for c, err := range tx.Contacts(q) {
					if err != nil || !sameContact(c, want) {
						t.Errorf("Contacts(%+v) yields %+v, %v, want %+v", q, c, err, want)
					}
					n++
				}
				if n != 1 {
					t.Errorf("Contacts(%+v) yields %d contacts, want one", q, n)
				}
			}
			for g, err := range tx.Groups(contacts.Query{ShowDeleted: true, Max: -1}) {
				if want := (&contacts.Group{ID: 3, Rev: rev(10), Created: rev(2), Deleted: true}); err != nil || !sameGroup(g, want) {
					t.Errorf("Groups yields %+v, %v, want %+v", g, err, want)
				}
			}
			return nil
		})
	})

	t.Run("QRY-40 tombstones are dropped by their revision", func(t *testing.T) {
		st := open(t)
		update(t, st, liz, func(tx store.Tx) error {
			var errs []error
			for i := range 10 {
				id := contacts.ID(i + 1)
				c, g := named(id, rev(i), "Maria Lucas"), &contacts.Group{ID: id, Rev: rev(i), Created: rev(i), Name: "Guests"}
				errs = append(errs, tx.InsertContact(c), tx.InsertGroup(g))
				if i%2 == 1 {
					errs = append(errs, tx.DeleteContact(c, &contacts.Contact{ID: id, Rev: rev(100 + i), Created: rev(i), Deleted: true}),
						tx.DeleteGroup(g, &contacts.Group{ID: id, Rev: rev(100 + i), Created: rev(i), Deleted: true}))
				}
			}
			return errors.Join(errs...)
		})
		for _, step := range []struct {
			before          contacts.Rev
			dropped, remain int
		}{{rev(101), 0, 5}, {rev(104), 4, 3}, {rev(104), 0, 3}, {rev(500), 6, 0}} {
			update(t, st, liz, func(tx store.Tx) error {
				n, err := tx.DropTombstones(step.before)
				if n != step.dropped {
					t.Errorf("DropTombstones(%v) = %d, want %d", step.before, n, step.dropped)
				}
				for name, count := range map[string]func(contacts.Query) (int, error){"contacts": tx.CountContacts, "groups": tx.CountGroups} {
					if n, err := count(contacts.Query{ShowDeleted: true}); n != 5+step.remain || err != nil {
						t.Errorf("%s after DropTombstones(%v): %d, %v, want %d", name, step.before, n, err, 5+step.remain)
					}
				}
				return err
			})
		}
	})

	t.Run("changes are reported from a revision on", func(t *testing.T) {
		st := open(t)
		update(t, st, liz, book) // contacts up to revision 2, a group with 3
		want := func(last contacts.Rev, lastGroup contacts.Rev) {
			t.Helper()
			view(t, st, liz, func(tx store.Tx) error {
				for _, min := range []contacts.Rev{0, last - 1, last, last + 1, lastGroup, lastGroup + 1} {
					if got, err := tx.ChangedContacts(min); got != (min <= last) || err != nil {
						t.Errorf("ChangedContacts(%v) = %v, %v with the last change at %v", min, got, err, last)
					}
					if got, err := tx.ChangedGroups(min); got != (min <= lastGroup) || err != nil {
						t.Errorf("ChangedGroups(%v) = %v, %v with the last change at %v", min, got, err, lastGroup)
					}
				}
				return nil
			})
		}
		want(rev(2), rev(3))
		update(t, st, liz, func(tx store.Tx) error {
			old, err := tx.Contact(2)
			return errors.Join(err, tx.DeleteContact(old, &contacts.Contact{ID: 2, Rev: rev(8), Created: rev(2), Deleted: true}))
		})
		want(rev(8), rev(3))
		update(t, st, liz, func(tx store.Tx) error {
			old, err := tx.Group(3)
			return errors.Join(err, tx.DeleteGroup(old, &contacts.Group{ID: 3, Rev: rev(9), Created: rev(3), Deleted: true}))
		})
		want(rev(8), rev(9))
	})

	t.Run("DUP-2 contacts are found by address without regard to case and blanks", func(t *testing.T) {
		st := open(t)
		for i, addresses := range []string{"lizzy@example.com", "Lizzy@Example.COM other@example.com", "lizzy@example.net", "lizz@example.com", ""} {
			c := named(contacts.ID(i+1), rev(i), "Elizabeth Bennet")
			for _, a := range strings.Fields(addresses) {
				c.Emails = append(c.Emails, contacts.Email{Rel: contacts.RelHome, Address: a})
			}
			update(t, st, liz, func(tx store.Tx) error { return tx.InsertContact(c) })
		}
		find := func(tx store.Tx, address string, want ...contacts.ID) {
			t.Helper()
			got, err := ids(tx.ContactsByEmail(address))
			slices.Sort(got)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("ContactsByEmail(%q) = %v, %v, want %v", address, got, err, want)
			}
		}
		view(t, st, liz, func(tx store.Tx) error {
			find(tx, "lizzy@example.com", 1, 2)
			find(tx, " LIZZY@example.com\t", 1, 2)
			find(tx, "other@EXAMPLE.com", 2)
			find(tx, "lizzy")
			find(tx, "lizzy@example")
			find(tx, "")
			return nil
		})
		update(t, st, liz, func(tx store.Tx) error {
			one, err := tx.Contact(1)
			if err != nil {
				return err
			}
			two, err := tx.Contact(2)
			if err != nil {
				return err
			}
			three := named(3, rev(20), "Elizabeth Bennet")
			three.Emails = []contacts.Email{{Rel: contacts.RelHome, Address: "LIZZY@example.com"}}
			old, err := tx.Contact(3)
			err = errors.Join(err, tx.UpdateContact(old, three),
				tx.UpdateContact(one, named(1, rev(21), "Elizabeth Bennet")),
				tx.DeleteContact(two, &contacts.Contact{ID: 2, Rev: rev(22), Deleted: true}))
			find(tx, "lizzy@example.com", 3)
			find(tx, "other@example.com")
			find(tx, "lizzy@example.net")
			return err
		})
		view(t, st, liz, func(tx store.Tx) error {
			find(tx, "lizzy@example.com", 3)
			find(tx, "other@example.com")
			find(tx, "lizzy@example.net")
			return nil
		})
	})
}
