package main

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"contacts/client"
)

// A follower keeps a copy of a book by what the server says is new, as
// programs do that synchronise.
type follower struct {
	b    *book // only what does not change
	mark client.Mark
	copy map[string]string // by id: name and ETag
}

// round takes in what has changed. An answer that is lost is asked for again.
func (f *follower) round(ctx context.Context) error {
	return f.b.look(ctx, "what is new", func() error {
		ch, err := f.b.c.Changes(ctx, f.mark)
		if err != nil {
			return err
		}
		for c, err := range ch.All(ctx) {
			if err != nil {
				return err
			}
			if c.Deleted {
				delete(f.copy, c.Entry.IDURL)
			} else {
				f.copy[c.Entry.IDURL] = c.Name.Full + " " + c.Entry.ETag
			}
		}
		f.mark = ch.Mark()
		return nil
	})
}

// check compares the copy with the book.
func (f *follower) check(people map[string]*client.Contact) error {
	want := map[string]string{}
	for name, c := range people {
		want[c.Entry.IDURL] = name + " " + c.Entry.ETag
	}
	if maps.Equal(f.copy, want) {
		return nil
	}
	var wrong []error
	for id := range union(f.copy, want) {
		if f.copy[id] != want[id] && len(wrong) < 5 {
			wrong = append(wrong, fmt.Errorf("%s is %q, want %q", id, f.copy[id], want[id]))
		}
	}
	return fmt.Errorf("%s: the copy that follows the changes differs: %w", f.b.name, errors.Join(wrong...))
}
