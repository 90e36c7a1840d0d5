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
		patch: func(enc *wire.Encoder, stored item, partial []byte, groupRef func(string) (contacts.ID, error)) (*wire.Entry, error) {
			return enc.PatchContact(stored.contact, partial, groupRef)
		},
		read: func(e *book.Edit, id contacts.ID) (item, error) { return one(e.Contact(id)) },
		insert: func(e *book.Edit, entry *wire.Entry) (item, error) {
			return one(e.InsertContact(draft(entry)))
		},
		update: func(e *book.Edit, id contacts.ID, entry *wire.Entry, m book.Match) (item, error) {
			return one(e.UpdateContact(id, draft(entry), m))
		},
		delete: func(e *book.Edit, id contacts.ID, m book.Match) (item, error) {
			return one(e.DeleteContact(id, m))
		},
	}
}
