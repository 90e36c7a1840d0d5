package sqlite_test

import (
	"errors"
	"fmt"
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

// Runs of the index have filters of addresses, from the beginning or, after a
// start of the program, once they were asked for.
func TestFiltersOfRuns(t *testing.T) {
	dir := t.TempDir()
	st, err := openDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	address := func(i int) string { return fmt.Sprintf("guest%d@netherfield.example", i) }
	const n = 60
	for i := range n {
		c := &contacts.Contact{ID: contacts.ID(i + 1), Rev: contacts.Rev(i + 1), Created: 1, Emails: []contacts.Email{{Rel: contacts.RelHome, Address: address(i)}}}
		if err := st.Update(t.Context(), 1, func(tx store.Tx) error { return tx.InsertContact(c) }); err != nil {
			t.Fatal(err)
		}
		if i%20 == 19 { // a run of so few is not made beside
			if err := st.Settle(1); err != nil {
				t.Fatal(err)
			}
		}
	}
	allFound := func() {
		t.Helper()
		err := st.View(t.Context(), 1, func(tx store.Tx) error {
			for i := range n + 20 {
				found := 0
				for _, err := range tx.ContactsByEmail(address(i)) {
					if err != nil {
						return err
					}
					found++
				}
				if want := min(1, max(0, n-i)); found != want {
					t.Errorf("%d contacts have the address %s, want %d", found, address(i), want)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	known := func(all bool) {
		t.Helper()
		runs, known, err := st.Filters(1)
		if err != nil || runs != n/20 || all && known != runs || !all && known != 0 {
			t.Errorf("%d of %d runs have a filter, %v; want all: %t", known, runs, err, all)
		}
	}
	known(true)
	allFound()
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if st, err = openDir(dir); err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	known(false)
	allFound()
	for runs, known := 1, 0; known != runs; { // which the store does beside
		st.Learn()
		if runs, known, err = st.Filters(1); err != nil {
			t.Fatal(err)
		}
	}
	allFound()
}
