package transfer_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"contacts"
	"contacts/server"
	"contacts/transfer"
)

// A place is a server's store with books, each empty.
type place struct {
	testing.TB
	server *server.Server
	n      int
	free   []transfer.Book // of users whose contacts nobody needs any more
}

func newPlace(t testing.TB) *place {
	t.Helper()
	c := server.Defaults()
	c.Data = filepath.Join(t.TempDir(), "data")
	s, err := server.Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := s.Auth.AddDomain(context.Background(), "example.com"); err != nil {
		t.Fatal(err)
	}
	return &place{TB: t, server: s}
}

// done gives a book back: to add a user takes longer than to empty a book.
func (p *place) done(b transfer.Book) { p.free = append(p.free, b) }

// empty deletes all that is in a book.
func empty(t testing.TB, b transfer.Book) {
	t.Helper()
	ctx := context.Background()
	var ops []transfer.Op
	for it, err := range b.Contacts(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		ops = append(ops, transfer.Op{Kind: transfer.Delete, Item: &transfer.Item{ID: it.ID, ETag: it.ETag}})
	}
	for len(ops) > 0 {
		n := min(len(ops), transfer.MaxOps)
		if _, err := b.Apply(ctx, ops[:n]); err != nil {
			t.Fatal(err)
		}
		ops = ops[n:]
	}
	groups, err := b.Groups(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range groups {
		if g.System == "" {
			if err := b.DeleteGroup(ctx, g.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// book is the book of a new user, or an empty one.
func (p *place) book() transfer.Book {
	p.Helper()
	if n := len(p.free); n > 0 {
		b := p.free[n-1]
		p.free = p.free[:n-1]
		empty(p, b)
		return b
	}
	p.n++
	email := fmt.Sprintf("elizabeth%d@example.com", p.n)
	if _, err := p.server.Auth.AddUser(context.Background(), server.NewUser{Email: email, Password: "Longbourn House"}); err != nil {
		p.Fatal(err)
	}
	return p.open(email)
}

func (p *place) open(owner string) transfer.Book {
	p.Helper()
	b, err := p.server.Book(context.Background(), owner)
	if err != nil {
		p.Fatal(err)
	}
	return b
}

// imported imports a text, and fails the test on an error.
func imported(t testing.TB, b transfer.Book, text string, o transfer.ImportOptions) (*transfer.Summary, []transfer.Verdict) {
	t.Helper()
	var all []transfer.Verdict
	o.Verdict = func(v transfer.Verdict) { all = append(all, v) }
	s, err := transfer.Import(context.Background(), b, strings.NewReader(text), o)
	if err != nil {
		t.Fatalf("Import() = %v", err)
	}
	return s, all
}

// exported is the export of a book.
func exported(t testing.TB, b transfer.Book, f transfer.Format) string {
	t.Helper()
	return exportedAs(t, b, transfer.ExportOptions{Format: f})
}

func exportedAs(t testing.TB, b transfer.Book, o transfer.ExportOptions) string {
	t.Helper()
	var out bytes.Buffer
	if _, err := transfer.Export(context.Background(), b, &out, o); err != nil {
		t.Fatalf("Export() = %v", err)
	}
	return out.String()
}

// all are the contacts of a book.
func all(t testing.TB, b transfer.Book) []*contacts.Contact {
	t.Helper()
	var cs []*contacts.Contact
	for it, err := range b.Contacts(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		cs = append(cs, it.Contact.Clone())
	}
	return cs
}

// names are the names of a book's contacts, in its order.
func names(t testing.TB, b transfer.Book) string {
	t.Helper()
	var ns []string
	for _, c := range all(t, b) {
		ns = append(ns, c.Name.Full)
	}
	return strings.Join(ns, ", ")
}

// find is the item with a name, or nil.
func find(t testing.TB, b transfer.Book, name string) *transfer.Item {
	t.Helper()
	for it, err := range b.Contacts(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		if it.Contact.Name.Full == name {
			copied := *it
			copied.Contact = it.Contact.Clone()
			return &copied
		}
	}
	return nil
}

// apply makes one change and returns the item after it.
func apply(t testing.TB, b transfer.Book, op transfer.Op) *transfer.Item {
	t.Helper()
	rs, err := b.Apply(context.Background(), []transfer.Op{op})
	if err == nil {
		err = rs[0].Err
	}
	if err == nil {
		err = rs[0].PhotoErr
	}
	if err != nil {
		t.Fatal(err)
	}
	return rs[0].Item
}

// outcomes are the outcomes of all verdicts in a row.
func outcomes(vs []transfer.Verdict) string {
	var s []string
	for _, v := range vs {
		s = append(s, string(v.Outcome))
	}
	return strings.Join(s, " ")
}

func card(lines ...string) string {
	return "BEGIN:VCARD\r\nVERSION:3.0\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCARD\r\n"
}

// gif is an image of one dot, in one of 256 colours.
func gif(colour byte) []byte {
	b, err := base64.StdEncoding.DecodeString("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
	if err != nil {
		panic(err)
	}
	b[13] = colour
	return b
}
