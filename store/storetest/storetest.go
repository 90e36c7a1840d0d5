// Package storetest holds every store to the contract in package store. The
// tests of each store call Run.
package storetest

import (
	"context"
	"errors"
	"iter"
	"testing"

	"contacts"
	"contacts/store"
)

// An Opener opens an empty store for one test, and closes it when the test ends
// if the test has not. The clock of the store is time.Now.
type Opener func(testing.TB) store.Store

// Run runs the whole suite.
func Run(t *testing.T, open Opener) {
	t.Run("Records", func(t *testing.T) { testRecords(t, open) })
	t.Run("Entries", func(t *testing.T) { testEntries(t, open) })
	t.Run("Owners", func(t *testing.T) { testOwners(t, open) })
	t.Run("Updates", func(t *testing.T) { testUpdates(t, open) })
	t.Run("Try", func(t *testing.T) { testTry(t, open) })
	t.Run("Views", func(t *testing.T) { testViews(t, open) })
	t.Run("Queries", func(t *testing.T) { testQueries(t, open) })
	t.Run("Photos", func(t *testing.T) { testPhotos(t, open) })
	t.Run("Random", func(t *testing.T) { Random(t, open) })
	t.Run("Poll", func(t *testing.T) { testPoll(t, open) })
	t.Run("Close", func(t *testing.T) { testClose(t, open) })
}

// liz and jane are the owners of most tests; large is the last one there can be.
const (
	liz   store.Owner = 1
	jane  store.Owner = 2
	large             = store.MaxOwner
)

// rev is a revision as a clock of our days gives it, and n after it.
func rev(n int) contacts.Rev { return 1_750_000_000_000_000 + contacts.Rev(n) }

var background = context.Background()

// update runs an update that must succeed.
func update(t testing.TB, st store.Store, owner store.Owner, fn func(store.Tx) error) {
	t.Helper()
	if err := st.Update(background, owner, fn); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

// view runs a view that must succeed.
func view(t testing.TB, st store.Store, owner store.Owner, fn func(store.Tx) error) {
	t.Helper()
	if err := st.View(background, owner, fn); err != nil {
		t.Fatalf("View: %v", err)
	}
}

// named is a contact with a name and nothing else.
func named(id contacts.ID, r contacts.Rev, name string) *contacts.Contact {
	return &contacts.Contact{ID: id, Rev: r, Created: r, Name: contacts.Name{Full: name}}
}

// person is a Person in a book.
func person(i int, id contacts.ID, r contacts.Rev) *contacts.Contact {
	c := Person(i, 0)
	c.ID, c.Rev, c.Created = id, r, r
	return c
}

// ids lists what an iterator of contacts yields, up to its error.
func ids(entries iter.Seq2[*contacts.Contact, error]) (all []contacts.ID, _ error) {
	for c, err := range entries {
		if err != nil {
			return all, err
		}
		all = append(all, c.ID)
	}
	return all, nil
}

// errGiveUp is what a test's function returns to have its update undone.
var errGiveUp = errors.New("given up")
