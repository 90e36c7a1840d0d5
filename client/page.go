package client

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"time"

	"contacts/wire"
)

// A Page is one answer to a query.
type Page[T any] struct {
	Items   []T
	ETag    string    // of the page, weak; empty in version 1
	Title   string    // of the feed
	Updated time.Time // a time to resume from with UpdatedMin; see Changes

	Total   int // entries that match, all pages together
	Start   int // 1-based index of the first item
	PerPage int // most items that the server puts on such a page

	// Next is the URL of the next page, empty on the last: a Query with it as
	// Feed reads that.
	Next string
}

// page reads one page of a feed.
func (k *kind[T]) page(ctx context.Context, c *Client, url string) (*Page[T], error) {
	rq := &request{method: http.MethodGet, url: url, repeat: always}
	a, err := c.do(ctx, rq)
	if err != nil {
		return nil, err
	}
	f, err := wire.ReadFeed(a.body, k.wire)
	if err != nil {
		return nil, unreadable(rq, a, err)
	}
	p := &Page[T]{
		Items:   make([]T, len(f.Entries)),
		ETag:    f.ETag,
		Title:   f.Title,
		Updated: f.Updated,
		Total:   f.Total,
		Start:   f.Start,
		PerPage: f.PerPage,
		Next:    f.Next,
	}
	for i := range f.Entries {
		p.Items[i] = k.make(&f.Entries[i])
	}
	return p, nil
}

// all reads the pages of a query, one at a time.
func (k *kind[T]) all(ctx context.Context, c *Client, q Query) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		url, err := q.url(c, k.path, c.pageSize)
		if err != nil {
			yield(k.none, err)
			return
		}
		k.follow(ctx, c, nil, url, yield)
	}
}

// follow yields the items of a page, or of the page at url if it is nil, and of
// all that follow.
func (k *kind[T]) follow(ctx context.Context, c *Client, p *Page[T], url string, yield func(T, error) bool) {
	read := map[string]bool{}
	for {
		if read[url] {
			yield(k.none, fmt.Errorf("client: the pages of the feed lead in a circle: %s", url))
			return
		}
		read[url] = true
		if p == nil {
			var err error
			if p, err = k.page(ctx, c, url); err != nil {
				yield(k.none, err)
				return
			}
		}
		for i, item := range p.Items {
			p.Items[i] = k.none // the caller decides how long an item lives
			if !yield(item, nil) {
				return
			}
		}
		if p.Next == "" {
			return
		}
		var err error
		if url, err = c.resolve(p.Next); err != nil { // LIB-15
			yield(k.none, err)
			return
		}
		p = nil
	}
}
