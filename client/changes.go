package client

import (
	"context"
	"iter"
	"time"

	"contacts"
)

// A Mark is a point in the history of a feed, from which Changes goes on. It
// is a text that programs keep between their runs. The zero Mark, with an
// empty text, is the beginning.
type Mark struct{ updated time.Time }

// IsZero reports whether the mark is the beginning.
func (m Mark) IsZero() bool { return m.updated.IsZero() }

// String is the text of the mark.
func (m Mark) String() string { return timeParam(m.updated) }

// MarshalText is String.
func (m Mark) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (m *Mark) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*m = Mark{}
		return nil
	}
	t, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return contacts.Errorf(contacts.Invalid, "", "Not a mark of Changes: %.60q", text)
	}
	*m = Mark{t.UTC()}
	return nil
}

// Changes is what has happened to contacts since a mark.
type Changes = ChangesOf[*Contact]

// GroupChanges is what has happened to groups since a mark.
type GroupChanges = ChangesOf[*Group]

// ChangesOf is what has happened to the entries of a feed since a mark.
type ChangesOf[T any] struct {
	kind  *kind[T]
	c     *Client
	first *Page[T]
	url   string
	mark  Mark
	more  bool
}

// Changes asks for all contacts that were inserted, changed or deleted since
// the mark, and for all there are if it is zero. It reads the first page, so
// that a mark is known; the iterator of All reads the others.
//
// It fails with kind Gone if the mark is so old that the server has forgotten
// deletions since (30 days on contactsd): begin anew with a zero mark then, and
// take what is not among the contacts as deleted.
func (c *Client) Changes(ctx context.Context, since Mark) (*Changes, error) {
	return contactKind.changes(ctx, c, since) // LIB-64
}

// GroupChanges is to groups what Changes is to contacts.
func (c *Client) GroupChanges(ctx context.Context, since Mark) (*GroupChanges, error) {
	return groupKind.changes(ctx, c, since) // LIB-64
}

func (k *kind[T]) changes(ctx context.Context, c *Client, since Mark) (*ChangesOf[T], error) {
	q := Query{UpdatedMin: since.updated, ShowDeleted: !since.IsZero(), RequireAllDeleted: !since.IsZero()} // LIB-64
	url, err := q.url(c, k.path, c.pageSize)
	if err != nil {
		return nil, err
	}
	ch := &ChangesOf[T]{kind: k, c: c, url: url}
	if ch.first, err = k.page(ctx, c, url); err != nil {
		return nil, err
	}
	ch.mark = Mark{ch.first.Updated} // LIB-64
	ch.more = len(ch.first.Items) > 0
	if ch.mark.updated.Before(since.updated) {
		ch.mark = since
	}
	return ch, nil
}

// Any reports whether All yields anything.
func (ch *ChangesOf[T]) Any() bool { return ch.more }

// All yields what has changed; what was deleted has Deleted set. An entry may
// come twice if it changes meanwhile, and those of the instant of the mark come
// again with the next Changes: apply them by id. It stops at the first error.
func (ch *ChangesOf[T]) All(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		first := ch.first
		ch.first = nil // a second use asks anew
		ch.kind.follow(ctx, ch.c, first, ch.url, yield)
	}
}

// Mark is where the next Changes goes on. Keep it only after All has ended
// without error.
func (ch *ChangesOf[T]) Mark() Mark { return ch.mark }
