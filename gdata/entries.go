package gdata

import (
	"context"
	"mime"
	"net/http"
	"strings"
	"time"

	"contacts"
	"contacts/book"
	"contacts/reply"
	"contacts/wire"
)

// A kind is what contacts and groups do not share. Entries pass through as
// item, the one or the other.
type kind struct {
	wire     wire.Kind
	notFound string // message

	get     func(ctx context.Context, at book.At, id contacts.ID) (item, error)
	list    func(ctx context.Context, at book.At, q contacts.Query, each func(item) bool) (contacts.Page, error)
	changed func(ctx context.Context, at book.At, since time.Time) (bool, error)
	parse   func(doc []byte, groupRef func(string) (contacts.ID, error)) (*wire.Entry, error)
	patch   func(enc *wire.Encoder, stored item, partial []byte, groupRef func(string) (contacts.ID, error)) (*wire.Entry, error)
	read    func(e *book.Edit, id contacts.ID) (item, error)
	insert  func(e *book.Edit, entry *wire.Entry) (item, error)
	update  func(e *book.Edit, id contacts.ID, entry *wire.Entry, m book.Match) (item, error)
	delete  func(e *book.Edit, id contacts.ID, m book.Match) (item, error)
}

// An item is a contact or a group: one of the two is set.
type item struct {
	contact *contacts.Contact
	group   *contacts.Group
}

func (i item) id() contacts.ID {
	if i.group != nil {
		return i.group.ID
	}
	return i.contact.ID
}

func (i item) rev() contacts.Rev {
	if i.group != nil {
		return i.group.Rev
	}
	return i.contact.Rev
}

func (i item) title() string {
	if i.group != nil {
		return i.group.Name
	}
	return i.contact.Name.Full
}

func (i item) isZero() bool { return i.contact == nil && i.group == nil }

// appendTo appends the item to the entries of a feed.
func (i item) appendTo(e *wire.Encoder, b []byte) []byte {
	if i.group != nil {
		return e.AppendGroup(b, i.group)
	}
	return e.AppendContact(b, i.contact)
}

// appendDocument appends the item as a document.
func (i item) appendDocument(e *wire.Encoder, b []byte) []byte {
	if i.group != nil {
		return e.AppendGroupDocument(b, i.group)
	}
	return e.AppendContactDocument(b, i.contact)
}

// getEntry serves GET on an entry.
func (h *handler) getEntry(w http.ResponseWriter, rq *request) error {
	it, err := rq.kind.get(rq.ctx(), rq.at, rq.id)
	if err != nil {
		return err
	}
	w.Header().Set("Last-Modified", it.rev().Time().Format(http.TimeFormat)) // COND-1
	if done, err := h.conditional(w, rq, it.rev().ETag()); done || err != nil {
		return err
	}
	if since, ok := reply.IfModifiedSince(rq.Request); ok && it.rev().Time().Before(since) {
		return h.notModified(w, rq) // COND-2
	}
	return h.writeEntry(w, rq, http.StatusOK, it) // ERR-20
}

// insert serves POST to a feed (WRT-1).
func (h *handler) insert(w http.ResponseWriter, rq *request) error {
	e, err := rq.readEntry()
	if err != nil {
		return err
	}
	it, err := h.edit(rq, func(b *book.Edit) (item, error) { return rq.kind.insert(b, e) }) // WRT-7: If-Match is not looked at
	if err != nil {
		return err
	}
	edit := rq.encoder.EditURL(it.id(), it.rev())
	w.Header().Set("Location", edit) // WRT-3, VER-38
	w.Header().Set("Content-Location", edit)
	return h.writeEntry(w, rq, http.StatusCreated, it) // ERR-21
}

// update serves PUT on an edit URL (WRT-20).
func (h *handler) update(w http.ResponseWriter, rq *request) error {
	e, err := rq.readEntry()
	if err != nil {
		return err
	}
	if err := rq.checkID(e.ID); err != nil {
		return err
	}
	m := rq.match(e.ETag, true)
	it, err := h.edit(rq, func(b *book.Edit) (item, error) { return rq.kind.update(b, rq.id, e, m) })
	if err != nil {
		return h.stale(w, rq, it, err)
	}
	return h.writeEntry(w, rq, http.StatusOK, it) // ERR-20
}

// patch serves PATCH on an edit URL: it merges a partial entry into the stored
// one, and updates it with the result, in one transaction (WRT-60, WRT-66).
func (h *handler) patch(w http.ResponseWriter, rq *request) error {
	partial, err := rq.readDocument()
	if err != nil {
		return err
	}
	it, err := h.edit(rq, func(b *book.Edit) (item, error) {
		stored, err := rq.kind.read(b, rq.id)
		if err != nil {
			return item{}, err
		}
		e, err := rq.kind.patch(rq.encoder, stored, partial, rq.groupRef)
		if err != nil {
			return item{}, err
		}
		if err := rq.checkID(e.ID); err != nil {
			return item{}, err
		}
		return rq.kind.update(b, rq.id, e, rq.match(e.ETag, true)) // WRT-65
	})
	if err != nil {
		return h.stale(w, rq, it, err)
	}
	return h.writeEntry(w, rq, http.StatusOK, it)
}

// delete serves DELETE on an edit URL (WRT-50).
func (h *handler) delete(w http.ResponseWriter, rq *request) error {
	m := rq.match("", h.o.RequirePreconditionOnDelete) // WRT-37, WRT-38
	it, err := h.edit(rq, func(b *book.Edit) (item, error) { return rq.kind.delete(b, rq.id, m) })
	if err != nil {
		return h.stale(w, rq, it, err)
	}
	h.writeHeaders(w)
	w.Header().Set("Content-Type", "text/html; charset=UTF-8") // WRT-54
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
	return nil
}

// edit makes one change in the book of the request.
func (h *handler) edit(rq *request, change func(*book.Edit) (item, error)) (it item, err error) {
	err = h.book.Edit(rq.ctx(), rq.at, func(b *book.Edit) error {
		it, err = change(b)
		return err
	})
	return it, err
}

// stale answers a write on an outdated edit URL of version 1 with the entry as
// it is now (WRT-30). Other errors pass through.
func (h *handler) stale(w http.ResponseWriter, rq *request, now item, err error) error {
	if rq.version > 1 || now.isZero() || contacts.CodeOf(err) != contacts.CodeConflict {
		return err // VER-26
	}
	return h.writeEntry(w, rq, http.StatusConflict, now) // ERR-45, VER-26
}

// match is the precondition of a write: version number, If-Match, and in
// versions 2 and 3 the ETag of the entry in the body (WRT-30 to WRT-39).
func (rq *request) match(bodyETag string, required bool) book.Match {
	m := book.Match{Version: rq.segment}
	header := reply.ETags(rq.Header, "If-Match") // VER-10
	switch {
	case header.Any: // WRT-33
	case header.Present:
		m.ETags = append([]string{}, header.Strong...) // WRT-34
	case rq.version > 1 && bodyETag != "":
		m.ETags = []string{bodyETag} // WRT-31
	case rq.segment == "" && required:
		m.Missing = rq.missing()
	}
	return m
}

// missing is the error of a write that does not say which state it expects.
func (rq *request) missing() error {
	if rq.version == 1 {
		return contacts.Errorf(contacts.Invalid, "", "Missing resource version ID") // WRT-35, ERR-31
	}
	return contacts.Errorf(contacts.Forbidden, contacts.CodeHeaderRequired,
		"If-Match or If-None-Match header or entry etag attribute required") // WRT-36
}

// readEntry reads the body of an insert or update.
func (rq *request) readEntry() (*wire.Entry, error) {
	doc, err := rq.readDocument()
	if err != nil {
		return nil, err
	}
	return rq.kind.parse(doc, rq.groupRef) // ELEM-5: the kind follows from the URL
}

// readDocument reads the body of a write.
func (rq *request) readDocument() ([]byte, error) {
	if err := checkContentType(rq.Header.Get("Content-Type")); err != nil {
		return nil, err
	}
	doc, err := reply.ReadBody(rq.Request, MaxBody) // RES-65, COND-7
	if err == nil && len(doc) == 0 {
		err = contacts.Errorf(contacts.Invalid, contacts.CodeParse, "The request has no body") // WRT-28
	}
	return doc, err
}

// checkContentType accepts Atom and plain XML; without a word a body is Atom
// (WRT-2).
func checkContentType(header string) error {
	if header == "" {
		return nil
	}
	switch mediaType(header) {
	case "application/atom+xml", "application/xml", "text/xml":
		return nil
	}
	return contacts.Errorf(contacts.Unsupported, contacts.CodeContentType, "Unsupported content type") // RES-36, JSON-14, ERR-50
}

// mediaType is the media type of a Content-Type header without its parameters,
// which need not be well-formed.
func mediaType(header string) string {
	media, _, err := mime.ParseMediaType(header)
	if err != nil {
		media, _, _ = strings.Cut(header, ";")
		media = strings.ToLower(strings.TrimSpace(media))
	}
	return media
}
