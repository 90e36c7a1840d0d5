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
		insert: func(ctx context.Context, at book.At, e *wire.Entry) (item, error) {
			return one(b.InsertGroup(ctx, at, e.Group))
		},
		update: func(ctx context.Context, at book.At, id contacts.ID, e *wire.Entry, m book.Match) (item, error) {
			return one(b.UpdateGroup(ctx, at, id, e.Group, m))
		},
		delete: func(ctx context.Context, at book.At, id contacts.ID, m book.Match) (item, error) {
			return one(b.DeleteGroup(ctx, at, id, m))
		},
	}
}
