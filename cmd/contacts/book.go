package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"net/url"
	"syscall"
	"time"

	"contacts"
	"contacts/client"
	"contacts/transfer"
)

// A remoteBook is the book of a session as import, export and sync need it.
type remoteBook struct {
	*session
	sleep func(context.Context, time.Duration) error
}

func (a *app) book(s *session) *remoteBook { return &remoteBook{s, sleep} }

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *remoteBook) Name() string { return b.name() }

func (b *remoteBook) Groups(ctx context.Context) ([]contacts.Group, error) {
	all, err := b.groups(ctx)
	if err != nil {
		return nil, err
	}
	groups := make([]contacts.Group, len(all))
	for i, g := range all {
		groups[i] = g.Group
	}
	return groups, nil
}

func (b *remoteBook) AddGroup(ctx context.Context, g *contacts.Group) (*contacts.Group, error) {
	made, err := b.InsertGroup(ctx, g)
	if err != nil {
		return nil, err
	}
	return &made.Group, nil
}

func (b *remoteBook) DeleteGroup(ctx context.Context, id contacts.ID) error {
	g, err := b.Group(ctx, id.String())
	if err != nil {
		return err
	}
	return b.Client.DeleteGroup(ctx, g)
}

func itemOf(c *client.Contact) *transfer.Item {
	return &transfer.Item{ID: c.Entry.ID(), ETag: c.Entry.ETag, Deleted: c.Deleted, Contact: &c.Contact, Photo: c.Entry.PhotoETag, Ref: c}
}

// contactOf is the contact of an item of this book.
func contactOf(it *transfer.Item) *client.Contact {
	c, _ := it.Ref.(*client.Contact)
	return c
}

func items(seq iter.Seq2[*client.Contact, error]) iter.Seq2[*transfer.Item, error] {
	return func(yield func(*transfer.Item, error) bool) {
		for c, err := range seq {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(itemOf(c), nil) {
				return
			}
		}
	}
}

func (b *remoteBook) Contacts(ctx context.Context) iter.Seq2[*transfer.Item, error] {
	return items(b.Client.Contacts(ctx, client.Query{}))
}

func (b *remoteBook) Get(ctx context.Context, ids []string) ([]*transfer.Item, error) {
	ops := make([]client.ContactOp, len(ids))
	for i, id := range ids {
		self := b.account.Server + "/m8/feeds/contacts/" + url.PathEscape(b.feedOwner()) + "/full/" + url.PathEscape(id)
		ops[i] = client.ContactOp{Op: client.OpGet, Contact: &client.Contact{Entry: client.Entry{Self: self}}}
	}
	results, err := b.batch(ctx, ops)
	if err != nil {
		return nil, err
	}
	got := make([]*transfer.Item, len(ids))
	for i, r := range results {
		switch {
		case errors.Is(r.Err, contacts.NotFound):
		case r.Err != nil:
			return nil, r.Err
		default:
			got[i] = itemOf(r.Contact)
		}
	}
	return got, nil
}

// remoteChanges is the answer to one question for changes.
type remoteChanges struct {
	ctx context.Context
	*client.Changes
}

func (c remoteChanges) Items() iter.Seq2[*transfer.Item, error] { return items(c.All(c.ctx)) }
func (c remoteChanges) Mark() string                            { return c.Changes.Mark().String() }

func (b *remoteBook) Changes(ctx context.Context, mark string) (transfer.Changes, error) {
	var since client.Mark
	if err := since.UnmarshalText([]byte(mark)); err != nil {
		return nil, err
	}
	ch, err := b.Client.Changes(ctx, since)
	if err != nil {
		return nil, err
	}
	return remoteChanges{ctx, ch}, nil
}

// Waiting for a server that answers 503, which says that it has done nothing.
const (
	busyTries = 9
	busyWait  = 200 * time.Millisecond // the first time; it doubles
	maxBusy   = 2 * time.Minute
)

// batch sends operations, those again that a busy server has not done. The
// error is that of the operations that remain undone.
func (b *remoteBook) batch(ctx context.Context, ops []client.ContactOp) ([]client.ContactResult, error) {
	results, err := b.BatchContacts(ctx, ops)
	for try := 0; isBusy(err) && try < busyTries; try++ { // CMD-25
		if err := b.sleep(ctx, busyFor(err, try)); err != nil {
			return results, err
		}
		var places []int
		var rest []client.ContactOp
		for i := range results {
			if results[i].Status == 0 {
				places, rest = append(places, i), append(rest, ops[i])
			}
		}
		var more []client.ContactResult
		more, err = b.BatchContacts(ctx, rest)
		for i, r := range more {
			results[places[i]] = r
		}
	}
	return results, err
}

func isBusy(err error) bool {
	var e *client.Error
	return errors.As(err, &e) && e.Status == 503
}

// busyFor is how long a busy server wants to be left alone.
func busyFor(err error, try int) time.Duration {
	var e *client.Error
	wait := busyWait << try
	if errors.As(err, &e) {
		wait = max(wait, e.RetryAfter)
	}
	return min(wait, maxBusy)
}

// isBroken reports whether a connection ended before the answer.
func isBroken(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// Apply sends the operations as one batch, and the photos one by one after it.
func (b *remoteBook) Apply(ctx context.Context, ops []transfer.Op) ([]transfer.Result, error) {
	sent := make([]client.ContactOp, len(ops))
	for i, op := range ops {
		c := &client.Contact{}
		if op.Kind != transfer.Insert {
			if known := contactOf(op.Item); known != nil {
				c.Entry = known.Entry
			}
			c.Entry.ETag = op.Item.ETag
		}
		if op.Contact != nil {
			c.Contact = *op.Contact
		}
		kind := map[transfer.OpKind]client.Op{transfer.Insert: client.OpInsert, transfer.Update: client.OpUpdate, transfer.Delete: client.OpDelete}[op.Kind]
		sent[i] = client.ContactOp{Op: kind, Contact: c}
	}
	answers, err := b.batch(ctx, sent)
	if err != nil {
		return nil, err
	}
	results := make([]transfer.Result, len(ops))
	var changed []int // places where a photo has changed, and with it the contact
	for i, r := range answers {
		switch {
		case r.Err != nil && r.Status == 0:
			if err := contacts.KindOf(r.Err); err == "" { // no word of the server about it
				return nil, r.Err
			}
			results[i].Err = r.Err
		case errors.Is(r.Err, contacts.Stale):
			results[i].Err = r.Err
			if results[i].Item, err = b.current(ctx, r.Err, ops[i].Item.ID); err != nil {
				return nil, err
			}
		case r.Err != nil:
			results[i].Err = r.Err
		case r.Contact != nil:
			results[i].Item = itemOf(r.Contact)
			touched, err := b.photo(ctx, r.Contact, &ops[i])
			results[i].PhotoErr = err
			if touched && err == nil {
				changed = append(changed, i)
			}
		default:
			results[i].Item = &transfer.Item{ID: ops[i].Item.ID, Deleted: true, Contact: &contacts.Contact{Deleted: true}}
		}
	}
	return results, b.refresh(ctx, results, changed)
}

// current is the state of a contact that has changed; nil if it is gone.
func (b *remoteBook) current(ctx context.Context, stale error, id string) (*transfer.Item, error) {
	var conflict *client.ConflictError
	if errors.As(stale, &conflict) && conflict.Contact != nil {
		return itemOf(conflict.Contact), nil
	}
	c, err := b.Contact(ctx, id)
	if errors.Is(err, contacts.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return itemOf(c), nil
}

// photo does what an operation says of the photo of a contact. It reports
// whether there was anything to do.
func (b *remoteBook) photo(ctx context.Context, c *client.Contact, op *transfer.Op) (touched bool, err error) {
	switch {
	case op.Photo != nil:
		_, err = b.PutPhoto(ctx, c, bytes.NewReader(op.Photo.Data), photoType(op.Photo), client.Force())
		return true, err
	case op.RemovePhoto && c.HasPhoto():
		return true, b.DeletePhoto(ctx, c, client.Force())
	}
	return false, nil
}

// photoType is the media type that a photo is sent under. The server looks at
// the bytes.
func photoType(p *transfer.Photo) string {
	if p.Type == "" {
		return "image/*"
	}
	return p.Type
}

// refresh reads the contacts again whose photo has changed.
func (b *remoteBook) refresh(ctx context.Context, results []transfer.Result, places []int) error {
	if len(places) == 0 {
		return nil
	}
	ids := make([]string, len(places))
	for i, at := range places {
		ids[i] = results[at].Item.ID
	}
	now, err := b.Get(ctx, ids)
	if err != nil {
		return err
	}
	for i, at := range places {
		if now[i] != nil {
			results[at].Item = now[i]
		}
	}
	return nil
}

func (b *remoteBook) Photo(ctx context.Context, it *transfer.Item) (*transfer.Photo, error) {
	c := contactOf(it)
	if c == nil {
		var err error
		if c, err = b.Contact(ctx, it.ID); err != nil {
			return nil, err
		}
	}
	p, err := b.Client.Photo(ctx, c)
	if errors.Is(err, client.ErrNoPhoto) {
		return nil, contacts.Errorf(contacts.NotFound, contacts.CodeNotFound, "the contact has no photo")
	}
	if err != nil {
		return nil, err
	}
	return &transfer.Photo{Type: p.ContentType, Data: p.Data}, nil
}
