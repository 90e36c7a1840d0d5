package sqlite_test

import (
	"errors"
	"testing"

	"contacts"
	"contacts/store"
)

// What an update remembers of those who wait must not outlast the undoing of
// one of its parts: a contact that waits is not looked for in the runs.
func TestEmailsAfterAnUndonePart(t *testing.T) {
	st := openIn(t, t.TempDir())
	liz := &contacts.Contact{ID: 1, Rev: 1, Created: 1, Emails: []contacts.Email{{Rel: contacts.RelHome, Address: "elizabeth@example.com"}}}
	update := func(fn func(store.Tx) error) {
		t.Helper()
		if err := st.Update(t.Context(), 1, fn); err != nil {
			t.Fatal(err)
		}
	}
	update(func(tx store.Tx) error { return tx.InsertContact(liz) })
	if err := st.Settle(1); err != nil { // she is in a run now
		t.Fatal(err)
	}
	update(func(tx store.Tx) error {
		found := func(want int) {
			t.Helper()
			n := 0
			for _, err := range tx.ContactsByEmail("elizabeth@example.com") {
				if err != nil {
					t.Fatal(err)
				}
				n++
			}
			if n != want {
				t.Errorf("%d contacts have the address, want %d", n, want)
			}
		}
		found(1)
		undone := errors.New("undone")
		err := tx.Try(func() error {
			other := liz.Clone()
			other.Rev, other.Emails[0].Address = 2, "lizzy@example.com"
			if err := tx.UpdateContact(liz, other); err != nil {
				return err
			}
			found(0)
			return undone
		})
		if !errors.Is(err, undone) {
			t.Errorf("Try() = %v", err)
		}
		found(1)
		return nil
	})
}
