// Package gdata serves the Contacts Data API and the Shared Contacts API,
// versions 1 to 3, under /m8/feeds/.
//
// A request takes one way: gdata.go finds its resource and says who asks,
// params.go and path.go read what the URL says, entries.go does what the
// method asks by one call of package book, and answer.go or errors.go write
// the answer. contacts.go and groups.go say how the two kinds of entry differ.
package gdata

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"contacts"
	"contacts/audit"
	"contacts/auth"
	"contacts/book"
	"contacts/reply"
	"contacts/wire"
)

// MaxBody is the largest request body in bytes, after decompression (RES-65).
const MaxBody = 10 << 20

// Options are the settings of the API.
type Options struct {
	Site *reply.Site

	// IDBase is the scheme and authority of ids. It is fixed at installation,
	// because clients compare ids (RES-63). Empty means http:// and the
	// authority of the site's public URL, or of the request without one.
	IDBase string

	OriginalLimits              bool // q is refused on domain feeds (QRY-19)
	MinimalTombstones           bool // tombstones are an id and gd:deleted (QRY-42)
	RequirePreconditionOnDelete bool // as for PUT (WRT-38)

	Now func() time.Time // time.Now if nil
}

type handler struct {
	o        Options
	book     *book.Service
	auth     *auth.Service
	identify func(*http.Request) (*auth.Identity, error) // that of auth
	contacts kind
	groups   kind
	encoders encoders
	dated    atomic.Pointer[datedAt]
}

// New returns the handler of all URLs under /m8/feeds/.
func New(b *book.Service, a *auth.Service, o Options) http.Handler {
	h := newHandler(b, a, o)
	return reply.Handle(h.serve, h.fail)
}

func newHandler(b *book.Service, a *auth.Service, o Options) *handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	h := &handler{o: o, book: b, auth: a, identify: a.Identify}
	h.contacts, h.groups = contactKind(b), groupKind(b)
	return h
}

// A resource is what a URL names: the methods that it has.
type resource map[string]func(*handler, http.ResponseWriter, *request) error

// The resources.
var (
	photoResource = resource{
		"GET":    (*handler).getPhoto,    // RES-40
		"PUT":    (*handler).putPhoto,    // RES-41
		"DELETE": (*handler).deletePhoto, // RES-41
	}
	feedResource = resource{
		"GET":  (*handler).getFeed, // RES-20
		"POST": (*handler).insert,  // RES-10, RES-21
	}
	batchResource    = resource{"POST": (*handler).batch} // RES-30, BATCH-20, BATCH-21
	categoryResource = resource{"GET": (*handler).categoryQuery}
	entryResource    = resource{
		"GET":    (*handler).getEntry, // RES-22, RES-27
		"PUT":    (*handler).update,   // RES-23
		"PATCH":  (*handler).patch,    // WRT-60
		"DELETE": (*handler).delete,   // RES-24
	}
)

// find is the list of all URLs (1.1). It is given the decoded segments after
// /m8/feeds/.
func (h *handler) find(seg []string) (resource, *kind, error) {
	var k *kind
	switch seg[0] {
	case "contacts":
		k = &h.contacts
	case "groups":
		k = &h.groups // RES-25, RES-26
	case "photos":
		if seg[1] != "media" || len(seg) < 4 || len(seg) > 5 {
			return nil, nil, errNoPath
		}
		return photoResource, &h.contacts, nil // with a photo version in the latter (RES-43)
	case "profiles":
		return nil, nil, contacts.Errorf(contacts.Unimplemented, contacts.CodeNotImplemented, "Profiles are not supported") // RES-70
	default:
		return nil, nil, errNoPath
	}
	switch {
	case len(seg) == 3:
		return feedResource, k, nil
	case len(seg) == 4 && seg[3] == "batch":
		return batchResource, k, nil
	case len(seg) > 3 && seg[3] == "-":
		return categoryResource, k, nil
	case len(seg) == 4 || len(seg) == 5: // with a version number in the latter
		return entryResource, k, nil
	}
	return nil, nil, errNoPath
}

var errRequestURI = contacts.Errorf(contacts.Invalid, contacts.CodeRequestURI, "Invalid request URI") // ERR-30

var errNoPath = contacts.Errorf(contacts.NotFound, contacts.CodeNotFound, "No such resource") // ERR-43

// A request is an HTTP request with what the protocol makes of it.
type request struct {
	*http.Request
	kind    *kind
	params  url.Values // of the query string
	version int        // of the protocol: 1, 2 or 3
	now     time.Time

	identity *auth.Identity
	target   *auth.Target // whose book it is
	at       book.At
	encoder  *wire.Encoder // of the answer
	render   *wire.Encoder // of what fields select from: encoder, or its Atom form
	format   wire.Format
	pretty   bool         // laid out for people
	fields   *wire.Fields // the parts of the answer that are wanted; nil for all

	id      contacts.ID // of the entry that the URL names
	segment string      // version number, or photo version, at the end of the URL, or empty
}

// serve does what a request asks for.
func (h *handler) serve(w http.ResponseWriter, r *http.Request) error {
	rq := &request{Request: r, now: h.o.Now()}
	var err error
	if rq.params, err = url.ParseQuery(r.URL.RawQuery); err != nil {
		return errRequestURI
	}
	if rq.version, err = parseVersion(r.Header.Get(versionHeader), rq.params); err != nil {
		return err
	}
	w.Header()[versionHeader] = versionNames[rq.version] // VER-6

	seg, err := segments(rq.URL.EscapedPath())
	if err != nil {
		return err
	}
	methods, k, err := h.find(seg)
	if err != nil {
		return err
	}
	method, err := overridden(rq.Request)
	if err != nil {
		return err
	}
	if rq.identity, err = h.identify(rq.Request); err != nil { // RES-1
		return err
	}
	reply.SetAccount(w, int64(rq.identity.Account.Owner))
	do, err := methods.method(w, method, rq.version)
	if err != nil {
		return err
	}
	access := auth.Write
	if method == http.MethodGet || method == http.MethodHead {
		access = auth.Read
	}
	if err := h.open(rq, k, seg, access); err != nil { // BATCH-20
		return err
	}
	if rq.target.Shared && access == auth.Write {
		rq.at.By = audit.By{ // OPS-80
			User:    rq.identity.Account.Email,
			Program: rq.identity.Program,
			App:     rq.identity.App,
			Address: h.o.Site.Peer(r).Addr.String(),
			Request: reply.RequestID(w),
		}
	}
	return do(h, w, rq)
}

// method finds what a method does, or says what the resource allows.
func (res resource) method(w http.ResponseWriter, method string, version int) (func(*handler, http.ResponseWriter, *request) error, error) {
	if method == http.MethodHead {
		method = http.MethodGet // RES-32
	}
	if do := res[method]; do != nil {
		if method == http.MethodPatch && version == 1 {
			return nil, contacts.Errorf(contacts.Forbidden, "", "PATCH is not supported in version 1") // VER-37
		}
		return do, nil
	}
	var allow []string
	for _, m := range [...]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
		if res[m] != nil || m == http.MethodHead && res[http.MethodGet] != nil {
			allow = append(allow, m)
		}
	}
	w.Header().Set("Allow", strings.Join(allow, ", ")) // RES-31
	return nil, contacts.Errorf(contacts.NotAllowed, "", "Method not allowed")
}

// overridden is the method that a client means: some can send GET and POST
// only (WRT-24, WRT-52, PHOTO-21).
func overridden(r *http.Request) (string, error) {
	name := r.Header.Get("X-Http-Method-Override") // as net/http writes it
	if name == "" || r.Method != http.MethodPost {
		return r.Method, nil
	}
	switch name {
	case http.MethodPut, http.MethodDelete, http.MethodPatch:
		return name, nil
	}
	return "", contacts.Errorf(contacts.Invalid, contacts.CodeMethodOverride, "Invalid X-HTTP-Method-Override header: %.40q", name)
}

// open reads the owner, projection and entry of the path, and opens the
// owner's book for the one who asks.
func (h *handler) open(rq *request, k *kind, seg []string, access auth.Access) error {
	owner, name, photo := seg[1], seg[2], seg[0] == "photos"
	if photo {
		owner, name = seg[2], contacts.ProjectionFull // RES-44
	}
	projection, ok := contacts.ParseProjection(name)
	if !ok {
		return errRequestURI // RES-16
	}
	var err error
	if rq.target, err = h.auth.Open(rq.Context(), rq.identity, owner, access); err != nil { // RES-42
		return err
	}
	rq.kind = k
	rq.at = book.At{Owner: rq.target.Owner, View: contacts.View{Version: rq.version, Shared: rq.target.Shared, Projection: projection}} // VER-8
	if len(seg) > 3 && seg[3] != "-" && seg[3] != "batch" {
		if rq.id, ok = contacts.ParseID(seg[3]); !ok {
			return contacts.Errorf(contacts.NotFound, contacts.CodeNotFound, "%s", k.notFound) // RES-29
		}
		if len(seg) > 4 {
			rq.segment = seg[4]
		}
	}
	if photo && access == auth.Read {
		return nil // QRY-26: bytes have no other representation
	}
	format, callback, err := parseAlt(rq.params) // QRY-55
	if err != nil {
		return err
	}
	rq.format = format
	if err := rq.readPretty(); err != nil {
		return err
	}
	if err := rq.readFields(); err != nil {
		return err
	}
	base := h.o.Site.Base(rq.Request) // RES-62
	rq.encoder = h.encoders.get(wire.Options{
		Format: format, Kind: k.wire, View: rq.at.View, Owner: rq.target.Name,
		Base: base, IDBase: h.idBase(base), Callback: callback,
		ShowRemoved:       len(seg) == 3 && first(rq.params, "showdeleted") == "true", // QRY-26
		MinimalTombstones: h.o.MinimalTombstones,
	})
	if rq.render = rq.encoder; rq.fields != nil {
		rq.render = rq.encoder.Atom()
	}
	return nil
}

// idBase is the scheme and authority of ids: http, even where links are https
// (RES-63).
func (h *handler) idBase(base string) string {
	if h.o.IDBase != "" {
		return h.o.IDBase
	}
	if _, authority, ok := strings.Cut(base, "://"); ok {
		return "http://" + authority
	}
	return base
}

// categoryQuery refuses what this service never had.
func (h *handler) categoryQuery(http.ResponseWriter, *request) error {
	return contacts.Errorf(contacts.Forbidden, contacts.CodeUnsupportedParam, "Category queries are not supported") // RES-35
}

// ctx is the context of the calls that the request makes.
func (rq *request) ctx() context.Context { return rq.Context() }
