package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"contacts"
	"contacts/wire"
)

// A Photo is the picture of a contact.
type Photo struct {
	Data        []byte
	ContentType string // such as image/jpeg
	ETag        string // of the bytes; servers may give another one in Entry.PhotoETag
}

// Photo reads the photo of a contact that was read before. It fails with
// ErrNoPhoto, without a request, if the contact had none then, and with
// ErrNoPhoto as well if it has none now.
func (c *Client) Photo(ctx context.Context, ct *Contact) (*Photo, error) {
	if !ct.HasPhoto() || ct.Entry.PhotoLink == "" {
		return nil, ErrNoPhoto // LIB-21
	}
	url, err := c.resolve(ct.Entry.PhotoLink)
	if err != nil {
		return nil, err
	}
	rq := &request{method: http.MethodGet, url: url, repeat: always, max: maxPhoto}
	a, err := c.do(ctx, rq) // LIB-21
	if errors.Is(err, contacts.NotFound) {
		return nil, fmt.Errorf("%w: %w", ErrNoPhoto, err)
	}
	if err != nil {
		return nil, err
	}
	if isHTML(a) {
		return nil, unreadable(rq, a, nil)
	}
	return &Photo{Data: a.body, ContentType: a.header.Get("Content-Type"), ETag: a.header.Get("ETag")}, nil
}

// PutPhoto gives a contact that was read before the photo that r reads, and
// returns what the server says of it. It fails with kind Stale if the photo
// has changed since the contact was read, unless Force is given.
//
// A new photo is a change of the contact: read it again before the next write.
func (c *Client) PutPhoto(ctx context.Context, ct *Contact, r io.Reader, contentType string, opts ...CallOption) (*Entry, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxPhoto+1))
	if err != nil {
		return nil, fmt.Errorf("client: read the photo: %w", err)
	}
	if len(data) > maxPhoto {
		return nil, contacts.Errorf(contacts.TooLarge, contacts.CodeTooLarge, "A photo has at most %d bytes", maxPhoto)
	}
	rq, err := c.changePhoto(http.MethodPut, ct, callOf(opts)) // LIB-20
	if err != nil {
		return nil, err
	}
	rq.body, rq.contentType = data, contentType
	a, err := c.do(ctx, rq)
	if err != nil {
		return nil, photoError(err)
	}
	entry, err := wire.ReadEntry(a.body, wire.ContactKind)
	if err != nil {
		return nil, unreadable(rq, a, err)
	}
	e := entryOf(entry)
	return &e, nil
}

// DeletePhoto removes the photo of a contact that was read before. If it had
// none then, that is a success without a request.
func (c *Client) DeletePhoto(ctx context.Context, ct *Contact, opts ...CallOption) error {
	if !ct.HasPhoto() {
		return nil // LIB-22
	}
	rq, err := c.changePhoto(http.MethodDelete, ct, callOf(opts)) // LIB-22
	if err != nil {
		return err
	}
	_, err = c.do(ctx, rq)
	return photoError(err)
}

// changePhoto is a request to change the photo of a contact.
func (c *Client) changePhoto(method string, ct *Contact, o call) (*request, error) {
	e := &ct.Entry
	link := cmp.Or(o.at, e.EditPhoto, e.PhotoLink) // LIB-20
	rq := &request{method: method, header: http.Header{}, repeat: refused}
	switch {
	case link == "":
		return nil, contacts.Errorf(contacts.Invalid, "", "The contact has no link to its photo; read it first")
	case o.force && link == e.EditPhoto:
		link = link[:strings.LastIndexByte(link, '/')] // its end names a state
	}
	switch {
	case o.force:
		rq.repeat = always
		rq.header.Set("If-Match", "*")
	case e.PhotoETag != "":
		rq.header.Set("If-Match", e.PhotoETag)
	case e.EditPhoto == "":
		rq.header.Set("If-Match", "*") // there was none
	}
	var err error
	rq.url, err = c.resolve(link)
	return rq, err
}

// photoError gives a conflict the kind that it has for entries.
func photoError(err error) error {
	var e *Error
	if errors.As(err, &e) && e.Status == http.StatusConflict {
		e.Kind = contacts.Stale
	}
	return err
}
