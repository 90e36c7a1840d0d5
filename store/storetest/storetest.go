// Package storetest holds every store to the contract in package store. The
// tests of each store call Run.
package storetest

import (
	"context"
	"testing"

	"contacts"
	"contacts/store"
)

// An Opener opens an empty store for one test and closes it when it ends. The
// clock of the store is time.Now.
type Opener func(testing.TB) store.Store

// Run runs the whole suite.
func Run(t *testing.T, open Opener) {
	t.Run("Basic", func(t *testing.T) { testBasic(t, open(t)) })
}

func testBasic(t *testing.T, st store.Store) {
	ctx := context.Background()
	c := &contacts.Contact{ID: 1, Rev: 1000, Created: 1000, Name: contacts.Name{Full: "Elizabeth Bennet"}, Emails: []contacts.Email{{Address: "Liz@Example.com"}}}
	must(t, st.Update(ctx, 1, func(tx store.Tx) error {
		if err := tx.InsertContact(c); err != nil {
			return err
		}
		for d, err := range tx.ContactsByEmail("liz@example.com ") {
			must(t, err)
			t.Log("found in tx", d.ID)
		}
		return tx.PutBook(store.Book{Rev: 1000, Created: 1000, LastID: 1, Contacts: 1})
	}))
	must(t, st.View(ctx, 1, func(tx store.Tx) error {
		for _, q := range []contacts.Query{{Max: -1}, {Text: "ELIZ", Max: -1}, {ByUpdated: true, Max: 5}} {
			n, err := tx.CountContacts(q)
			must(t, err)
			m := 0
			for d, err := range tx.Contacts(q) {
				must(t, err)
				if d.Name.Full != "Elizabeth Bennet" || d.ID != 1 || d.Rev != 1000 {
					t.Errorf("got %+v", d)
				}
				m++
			}
			if m != 1 || n != 1 {
				t.Errorf("%+v: %d, %d", q, m, n)
			}
		}
		for d, err := range tx.ContactsByEmail("liz@example.com ") {
			must(t, err)
			t.Log("found", d.ID)
		}
		return nil
	}))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
