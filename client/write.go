package client

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"contacts"
	"contacts/wire"
)

// A CallOption changes one call.
type CallOption func(*call)

type call struct {
	force bool
	at    string
}

func callOf(opts []CallOption) call {
	var o call
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// Force writes whatever has happened to the entry since it was read.
func Force() CallOption { return func(o *call) { o.force = true } }

// At makes the call at another URL, of a feed or an entry, which is read as
// Query.Feed.
func At(url string) CallOption { return func(o *call) { o.at = url } }

const atomType = "application/atom+xml; charset=UTF-8"

// read reads the entry that an answer is.
func (k *kind[T]) read(rq *request, a *answer) (T, error) {
	r, err := wire.ReadEntry(a.body, k.wire)
	if err != nil {
		return k.none, unreadable(rq, a, err)
	}
	return k.make(r), nil
}

func (k *kind[T]) get(ctx context.Context, c *Client, idOrURL string) (T, error) {
	url, err := k.entryURL(c, idOrURL)
	if err != nil {
		return k.none, err
	}
	rq := &request{method: http.MethodGet, url: url, repeat: always}
	a, err := c.do(ctx, rq)
	if err != nil {
		return k.none, err
	}
	return k.read(rq, a)
}

// entryURL is the address at which an entry is read. An id as atom:id has it
// names another projection, which is replaced by full.
func (k *kind[T]) entryURL(c *Client, idOrURL string) (string, error) {
	if idOrURL == "" {
		return "", contacts.Errorf(contacts.Invalid, "", "The entry has no id")
	}
	if !strings.Contains(idOrURL, "/") {
		return c.feedURL(k.path, "full") + "/" + url.PathEscape(idOrURL), nil
	}
	u, err := c.resolve(idOrURL)
	if err != nil {
		return "", err
	}
	if i := strings.LastIndex(u, "/base/"); i >= 0 && !strings.Contains(u[i+len("/base/"):], "/") {
		u = u[:i] + "/full/" + u[i+len("/base/"):]
	}
	return u, nil
}

// groups is what the ids of an entry's groups begin with: what its own id
// begins with, as a group, or a guess.
func (c *Client) groups(e *Entry) string {
	const of = "/m8/feeds/contacts/"
	if before, after, ok := strings.Cut(e.IDURL, of); ok {
		if i := strings.LastIndexByte(after, '/'); i >= 0 {
			return before + "/m8/feeds/groups/" + after[:i+1]
		}
	}
	return c.groupsURL()
}

func (c *Client) sender(k wire.Kind, e *Entry) *wire.Sender {
	return wire.NewSender(k, c.version, c.groups(e))
}

func (k *kind[T]) insert(ctx context.Context, c *Client, t T, opts []CallOption) (T, error) {
	projection := "full"
	if c.version == 1 && k.wire == wire.ContactKind {
		projection = "base" // LIB-12
	}
	url := c.feedURL(k.path, projection)
	if o := callOf(opts); o.at != "" {
		var err error
		if url, err = c.resolve(o.at); err != nil { // LIB-68
			return k.none, err
		}
	}
	body, err := k.append(c.sender(k.wire, &Entry{}), nil, t, wire.Sent{})
	if err != nil {
		return k.none, err
	}
	rq := &request{method: http.MethodPost, url: url, body: body, contentType: atomType}
	a, err := c.do(ctx, rq)
	if err != nil {
		return k.none, err
	}
	return k.read(rq, a)
}

func (k *kind[T]) update(ctx context.Context, c *Client, t T, opts []CallOption) (T, error) {
	e := k.entry(t)
	rq, err := k.change(c, http.MethodPut, e, callOf(opts))
	if err != nil {
		return k.none, err
	}
	rq.body, err = k.append(c.sender(k.wire, e), nil, t, wire.Sent{ID: e.IDURL})
	if err != nil {
		return k.none, err
	}
	a, err := c.do(ctx, rq)
	if err != nil {
		return k.none, k.conflict(rq, a, err)
	}
	return k.read(rq, a)
}

func (k *kind[T]) patch(ctx context.Context, c *Client, e *Entry, change T, remove []string) (T, error) {
	rq, err := k.change(c, http.MethodPatch, e, call{})
	if err != nil {
		return k.none, err
	}
	rq.repeat = never // what may be several would be added twice
	rq.body, err = k.append(c.sender(k.wire, e), nil, change, wire.Sent{ID: e.IDURL, Fields: strings.Join(remove, ",")})
	if err != nil {
		return k.none, err
	}
	a, err := c.do(ctx, rq)
	if err != nil {
		return k.none, k.conflict(rq, a, err)
	}
	return k.read(rq, a)
}

func (k *kind[T]) delete(ctx context.Context, c *Client, e *Entry, opts []CallOption) error {
	rq, err := k.change(c, http.MethodDelete, e, callOf(opts))
	if err != nil {
		return err
	}
	rq.repeat = always
	a, err := c.do(ctx, rq)
	if err != nil && a != nil && a.unsure && errors.Is(err, contacts.NotFound) {
		return nil // deleted by the try that looked as if it had failed
	}
	if err != nil {
		return k.conflict(rq, a, err)
	}
	return nil
}

// change is a request to change an entry in the state in which it was read.
func (k *kind[T]) change(c *Client, method string, e *Entry, o call) (*request, error) {
	link := cmp.Or(o.at, e.Edit, e.Self) // LIB-68
	if o.force && c.version == 1 {
		link = cmp.Or(o.at, e.Self) // the edit link names a state
	}
	var url string
	var err error
	if link != "" {
		url, err = c.resolve(link)
	} else {
		url, err = k.entryURL(c, e.IDURL)
	}
	if err != nil {
		return nil, err
	}
	rq := &request{method: method, url: url, header: http.Header{}, repeat: refused}
	switch {
	case o.force:
		rq.header.Set("If-Match", "*") // LIB-19
		rq.repeat = always
	case e.ETag != "":
		rq.header.Set("If-Match", e.ETag) // LIB-17 LIB-18
	}
	if method != http.MethodDelete {
		rq.contentType = atomType
	}
	return rq, nil
}

// conflict is the error of a change. The answer to a change of an old state may
// be the entry as it is now.
func (k *kind[T]) conflict(rq *request, a *answer, err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Status != http.StatusConflict || a == nil {
		return err
	}
	e.Kind = contacts.Stale
	r, readErr := wire.ReadEntry(a.body, k.wire)
	if readErr != nil {
		return e
	}
	e.Message = "the entry has changed"
	return conflictOf(e, k.make(r))
}

func conflictOf(e *Error, current any) error {
	conflict := &ConflictError{Err: e} // LIB-17 LIB-25
	switch t := current.(type) {
	case *Contact:
		conflict.Contact = t
	case *Group:
		conflict.Group = t
	}
	return conflict
}
