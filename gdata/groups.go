package gdata

import (
	"context"
	"time"

	"contacts"
	"contacts/book"
	"contacts/wire"
)

// groupKind serves groups from b.
func groupKind(b *book.Service) kind {
	one := func(g *contacts.Group, err error) (item, error) { return item{group: g}, err }
	return kind{
		wire:     wire.GroupKind,
		notFound: "Group not found",
		patch: func(enc *wire.Encoder, stored item, partial []byte, _ func(string) (contacts.ID, error)) (*wire.Entry, error) {
			return enc.PatchGroup(stored.group, partial)
		},
		get: func(ctx context.Context, at book.At, id contacts.ID) (item, error) {
			return one(b.Group(ctx, at, id))
		},
		list: func(ctx context.Context, at book.At, q contacts.Query, each func(item) bool) (contacts.Page, error) {
			return b.Groups(ctx, at, q, func(g *contacts.Group) bool { return each(item{group: g}) })
		},
		changed: func(ctx context.Context, at book.At, since time.Time) (bool, error) {
			return b.GroupsChanged(ctx, at, since)
		},
		parse: func(doc []byte, _ func(string) (contacts.ID, error)) (*wire.Entry, error) {
			return wire.ParseGroup(doc)
		},
		read: func(e *book.Edit, id contacts.ID) (item, error) { return one(e.Group(id)) },
		insert: func(e *book.Edit, entry *wire.Entry) (item, error) {
			return one(e.InsertGroup(entry.Group))
		},
		update: func(e *book.Edit, id contacts.ID, entry *wire.Entry, m book.Match) (item, error) {
			return one(e.UpdateGroup(id, entry.Group, m))
		},
		delete: func(e *book.Edit, id contacts.ID, m book.Match) (item, error) {
			return one(e.DeleteGroup(id, m))
		},
	}
}
