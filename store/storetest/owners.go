package storetest

import (
	"testing"
	"time"

	"contacts"
	"contacts/store"
)

// testOwners fills the books of several owners with entries of the same IDs
// and words, and checks that what one does is not seen by another.
func testOwners(t *testing.T, open Opener) {
	owners := []store.Owner{store.Directory, liz, 12, 121, large}
	st := open(t)
	for _, owner := range owners {
		update(t, st, owner, book)
		// enough that a search index is written, at both ends of the IDs
		update(t, st, owner, func(tx store.Tx) error {
			for i := range 300 {
				if err := tx.InsertContact(person(i, contacts.ID(1000+i), rev(1000+i))); err != nil {
					return err
				}
			}
			return tx.InsertContact(person(300, store.MaxID, rev(2000)))
		})
	}
	pictures := map[store.Owner]string{}
	for _, owner := range owners {
		pictures[owner] = pictureOf(t, st, owner)
		if pictures[owner] != pictures[owners[0]] {
			t.Fatalf("owner %d sees\n%sowner %d\n%s", owner, pictures[owner], owners[0], pictures[owners[0]])
		}
	}
	for _, step := range []struct {
		name string
		fn   func(store.Tx) error
	}{
		{"changes", change},
		{"DropTombstones", func(tx store.Tx) error {
			n, err := tx.DropTombstones(rev(5000))
			if n != 2 {
				t.Errorf("DropTombstones = %d, want 2", n)
			}
			return err
		}},
		{"DropExpired", func(tx store.Tx) error {
			if err := tx.PutRecord(accounts, "gone", nil, time.Now().Add(-time.Hour)); err != nil {
				return err
			}
			_, err := tx.DropExpired(time.Now())
			return err
		}},
		{"DropBook", func(tx store.Tx) error { return tx.DropBook() }},
	} {
		t.Run(step.name+" of one owner leave the others alone", func(t *testing.T) {
			for _, owner := range []store.Owner{12, large} {
				update(t, st, owner, step.fn)
				pictures[owner] = pictureOf(t, st, owner)
			}
			for _, owner := range owners {
				if got := pictureOf(t, st, owner); got != pictures[owner] {
					t.Errorf("owner %d sees\n%swant\n%s", owner, got, pictures[owner])
				}
			}
		})
	}
	t.Run("a dropped book is empty and can be filled again", func(t *testing.T) {
		view(t, st, large, func(tx store.Tx) error {
			b, err := tx.Book()
			if b != (store.Book{}) || err != nil {
				t.Errorf("Book after DropBook = %+v, %v, want the zero book", b, err)
			}
			for _, q := range []contacts.Query{{ShowDeleted: true}, {Text: "e"}, {Group: 3}, {UpdatedMin: time.Unix(0, 0), ShowDeleted: true}} {
				if n, err := tx.CountContacts(q); n != 0 || err != nil {
					t.Errorf("CountContacts(%+v) after DropBook = %d, %v, want 0", q, n, err)
				}
				if n, err := tx.CountGroups(q); n != 0 || err != nil {
					t.Errorf("CountGroups(%+v) after DropBook = %d, %v, want 0", q, n, err)
				}
			}
			if _, err := tx.Record(tokens, "k"); err != nil {
				t.Errorf("a record after DropBook: %v, want it to stay", err)
			}
			return nil
		})
		update(t, st, large, func(tx store.Tx) error { return tx.DeleteRecord(tokens, "k") })
		update(t, st, large, book)
		fresh := open(t)
		update(t, fresh, large, book)
		if got, want := pictureOf(t, st, large), pictureOf(t, fresh, large); got != want {
			t.Errorf("the book filled again is\n%swant\n%s", got, want)
		}
	})
}
