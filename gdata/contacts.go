package gdata

import (
	"context"
	"time"

	"contacts"
	"contacts/book"
	"contacts/wire"
)

// contactKind serves contacts from b.
func contactKind(b *book.Service) kind {
	one := func(c *contacts.Contact, err error) (item, error) { return item{contact: c}, err }
	draft := func(e *wire.Entry) book.Draft {
		return book.Draft{Contact: e.Contact, Title: e.Title, HasTitle: e.HasTitle}
	}
	return kind{
		wire:     wire.ContactKind,
		notFound: "Contact not found",
		get: func(ctx context.Context, at book.At, id contacts.ID) (item, error) {
			return one(b.Contact(ctx, at, id))
		},
		list: func(ctx context.Context, at book.At, q contacts.Query, each func(item) bool) (contacts.Page, error) {
			return b.Contacts(ctx, at, q, func(c *contacts.Contact) bool { return each(item{contact: c}) })
		},
		changed: func(ctx context.Context, at book.At, since time.Time) (bool, error) {
			return b.ContactsChanged(ctx, at, since)
		},
		parse: wire.ParseContact,
		insert: func(ctx context.Context, at book.At, e *wire.Entry) (item, error) {
			return one(b.InsertContact(ctx, at, draft(e)))
		},
		update: func(ctx context.Context, at book.At, id contacts.ID, e *wire.Entry, m book.Match) (item, error) {
			return one(b.UpdateContact(ctx, at, id, draft(e), m))
		},
		delete: func(ctx context.Context, at book.At, id contacts.ID, m book.Match) (item, error) {
			return one(b.DeleteContact(ctx, at, id, m))
		},
	}
}
