package book_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"contacts"
	"contacts/book"
	"contacts/store"
	"contacts/store/sqlite"
)

// A library is a service on a store of its own.
type library struct {
	*book.Service
	t     testing.TB
	Store store.Store
	now   time.Time // what the service takes for the time
}

var start = time.Date(2008, 3, 5, 12, 36, 38, 835e6, time.UTC)

// newLibrary opens an empty store. The clock stands still unless a test moves
// it.
func newLibrary(t testing.TB, o book.Options) *library {
	t.Helper()
	st, err := sqlite.Open(context.Background(), t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	l := &library{t: t, Store: st, now: start}
	o.Now = func() time.Time { return l.now }
	l.Service = book.New(st, o)
	return l
}

// The books of the tests: of a user, in full and in version 3, and of a domain.
var (
	mine   = book.At{Owner: 1, View: contacts.Full}
	shared = book.At{Owner: 2, View: contacts.View{Version: 3, Shared: true, Projection: contacts.Full.Projection}}
)

// named is a draft with a full name.
func named(name string) book.Draft {
	return book.Draft{Contact: &contacts.Contact{Name: contacts.Name{Full: name}}}
}

// anyState expects nothing of the state of an entry.
var anyState = book.Match{}

func (l *library) insert(at book.At, d book.Draft) *contacts.Contact {
	l.t.Helper()
	c, err := l.InsertContact(context.Background(), at, d)
	if err != nil {
		l.t.Fatal(err)
	}
	return c
}

func (l *library) update(at book.At, id contacts.ID, d book.Draft) *contacts.Contact {
	l.t.Helper()
	c, err := l.UpdateContact(context.Background(), at, id, d, anyState)
	if err != nil {
		l.t.Fatal(err)
	}
	return c
}

func (l *library) delete(at book.At, id contacts.ID) {
	l.t.Helper()
	if _, err := l.DeleteContact(context.Background(), at, id, anyState); err != nil {
		l.t.Fatal(err)
	}
}

func (l *library) insertGroup(at book.At, name string) *contacts.Group {
	l.t.Helper()
	g, err := l.InsertGroup(context.Background(), at, &contacts.Group{Name: name})
	if err != nil {
		l.t.Fatal(err)
	}
	return g
}

func (l *library) deleteGroup(at book.At, id contacts.ID) {
	l.t.Helper()
	if _, err := l.DeleteGroup(context.Background(), at, id, anyState); err != nil {
		l.t.Fatal(err)
	}
}

// all is every contact of a book, tombstones included.
func (l *library) all(at book.At) (all []*contacts.Contact) {
	l.t.Helper()
	_, err := l.Contacts(context.Background(), at, contacts.Query{ShowDeleted: true, Max: -1}, func(c *contacts.Contact) bool {
		all = append(all, c.Clone())
		return true
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return all
}

// allGroups is every group of a book but system groups, tombstones included.
func (l *library) allGroups(at book.At) (all []*contacts.Group) {
	l.t.Helper()
	_, err := l.Groups(context.Background(), at, contacts.Query{ShowDeleted: true, Max: -1}, func(g *contacts.Group) bool {
		if g.System == "" {
			all = append(all, g.Clone())
		}
		return true
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return all
}

// state is what the store has as the state of a book.
func (l *library) state(at book.At) (b store.Book) {
	l.t.Helper()
	err := l.Store.View(context.Background(), at.Owner, func(tx store.Tx) (err error) {
		b, err = tx.Book()
		return err
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return b
}

// setState makes the store believe in another state of a book.
func (l *library) setState(at book.At, b store.Book) {
	l.t.Helper()
	err := l.Store.Update(context.Background(), at.Owner, func(tx store.Tx) error { return tx.PutBook(b) })
	if err != nil {
		l.t.Fatal(err)
	}
}

// wantKind fails the test unless err has the kind and the code.
func wantKind(t testing.TB, err error, kind contacts.Kind, code contacts.Code) {
	t.Helper()
	if !errors.Is(err, kind) || contacts.CodeOf(err) != code {
		t.Errorf("error %v, want kind %q, code %q", err, kind, code)
	}
}
