package sqlite_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"contacts"
	"contacts/store"
)

// The index counts its rows, and refuses to work once it has counted down
// to none: an update that only takes words away must not count as a deletion.
func TestUpdatesThatOnlyTakeWordsAway(t *testing.T) {
	ctx, st := context.Background(), openTest(t)
	const owner = store.Owner(5)
	words := []string{"Jane", "Elizabeth", "Mary", "Kitty", "Lydia"}
	contact := func(n int) *contacts.Contact {
		c := &contacts.Contact{ID: 1, Rev: contacts.RevAt(time.Unix(int64(100-n), 0)), Created: 1}
		c.Notes = strings.Join(words[:n], " ")
		return c
	}
	now := contact(len(words))
	if err := st.Update(ctx, owner, func(tx store.Tx) error { return tx.InsertContact(now) }); err != nil {
		t.Fatal(err)
	}
	for n := len(words) - 1; n >= 0; n-- {
		old := now
		now = contact(n)
		if err := st.Update(ctx, owner, func(tx store.Tx) error { return tx.UpdateContact(old, now) }); err != nil {
			t.Fatalf("update that leaves %d words: %v", n, err)
		}
		for i, word := range words {
			found := 0
			err := st.View(ctx, owner, func(tx store.Tx) error {
				var err error
				found, err = tx.CountContacts(contacts.Query{Text: word})
				return err
			})
			if want := map[bool]int{true: 1}[i < n]; err != nil || found != want {
				t.Errorf("with %d words, %s is found in %d contacts (%v), want %d", n, word, found, err, want)
			}
		}
	}
	now = contact(1)
	for _, step := range []func(store.Tx) error{
		func(tx store.Tx) error { return tx.UpdateContact(contact(0), now) },
		func(tx store.Tx) error {
			return tx.DeleteContact(now, &contacts.Contact{ID: 1, Rev: now.Rev + 1, Created: 1, Deleted: true})
		},
	} {
		if err := st.Update(ctx, owner, step); err != nil {
			t.Fatal(err)
		}
	}
}
