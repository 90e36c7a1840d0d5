package gdata

import (
	"html"
	"net/http"
	"strconv"
	"strings"

	"contacts"
	"contacts/book"
	"contacts/reply"
)

// isPhoto reports whether the URL is that of a photo.
func isPhoto(r *http.Request) bool {
	seg, err := segments(r.URL.EscapedPath())
	return err == nil && seg[0] == "photos"
}

// photoHeaders are those of every answer of a photo URL: should a browser take
// the bytes for a document, it can do nothing. That it must not is said in
// every answer of the server.
func photoHeaders(w http.ResponseWriter) {
	w.Header()["Content-Security-Policy"] = onlyBytes // PHOTO-20
}

var onlyBytes = []string{"default-src 'none'"}

// htmlText is a line of text as HTML.
func htmlText(s string) string { return strings.ReplaceAll(html.EscapeString(s), "&#34;", "&quot;") }

// getPhoto serves GET on a photo: the bytes as they are, whatever version of
// the photo the URL names (PHOTO-2, PHOTO-16).
func (h *handler) getPhoto(w http.ResponseWriter, rq *request) error {
	photoHeaders(w)
	none, match := reply.ETags(rq.Header, "If-None-Match"), photoTags(rq.Header)
	stale, known := false, false
	p, err := h.book.Photo(rq.ctx(), rq.at, rq.id, func(p contacts.Photo) bool {
		stale = match.Present && !match.MatchesWeakly(p.ETag()) && !match.MatchesWeakly(p.MediaETag()) // COND-8
		known = none.Present && none.MatchesWeakly(p.MediaETag())                                      // PHOTO-17, VER-74
		return !stale && !known
	})
	if err != nil {
		return err
	}
	if stale {
		return book.Mismatch(contacts.CodeETags, strings.Join(rq.Header.Values("If-Match"), ", "), p.Version)
	}
	header := w.Header()
	header.Set("ETag", p.MediaETag()) // PHOTO-17, VER-23
	if known {
		return h.notModified(w, rq)
	}
	h.readHeaders(w, rq) // PHOTO-17
	header.Set("Content-Type", p.Type)
	header.Set("Content-Length", strconv.Itoa(len(p.Data)))
	w.WriteHeader(http.StatusOK)
	if rq.Method != http.MethodHead {
		w.Write(p.Data) // if that fails the client is gone: there is nobody to tell
	}
	return nil
}

// putPhoto serves PUT on a photo: it adds one or replaces it (PHOTO-1).
func (h *handler) putPhoto(w http.ResponseWriter, rq *request) error {
	photoHeaders(w)
	if err := checkPhotoType(rq.Header.Get("Content-Type")); err != nil {
		return err
	}
	data, err := reply.ReadBody(rq.Request, book.MaxPhotoBytes) // RES-65, PHOTO-15
	if err != nil {
		return err
	}
	c, err := h.book.PutPhoto(rq.ctx(), rq.at, rq.id, data, rq.photoMatch())
	if err != nil {
		return err
	}
	b := getBuffer()
	defer putBuffer(b)
	b.b = rq.render.AppendPhotoDocument(b.b, c)
	w.Header().Set("ETag", c.Photo.ETag())                                   // PHOTO-8, VER-23
	return h.write(w, rq, http.StatusOK, rq.encoder.ContentType(false), b.b) // PHOTO-8
}

// deletePhoto serves DELETE on a photo (PHOTO-2).
func (h *handler) deletePhoto(w http.ResponseWriter, rq *request) error {
	photoHeaders(w)
	if _, err := h.book.DeletePhoto(rq.ctx(), rq.at, rq.id, rq.photoMatch()); err != nil {
		return err
	}
	h.writeHeaders(w)
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK) // PHOTO-9
	return nil
}

// photoMatch is the precondition of a write: the photo version in the URL, and
// If-Match. A write may do without either (PHOTO-12).
func (rq *request) photoMatch() book.PhotoMatch {
	m := book.PhotoMatch{Version: rq.segment}
	if header := photoTags(rq.Header); header.Present && !header.Any { // PHOTO-11
		m.ETags = append([]string{}, header.Strong...)
	}
	return m
}

// photoTags is the header If-Match, unless it is neither * nor a list of
// quoted tags: a library sends the word None for a contact without photo.
func photoTags(h http.Header) reply.ETagList {
	l := reply.ETags(h, "If-Match")
	if !l.Any && len(l.Strong)+len(l.Weak) == 0 {
		return reply.ETagList{}
	}
	for _, tags := range [2][]string{l.Strong, l.Weak} {
		for _, tag := range tags {
			if len(tag) < 2 || tag[0] != '"' || tag[len(tag)-1] != '"' {
				return reply.ETagList{} // PHOTO-13
			}
		}
	}
	return l
}

// checkPhotoType accepts the media types of photos. It is the bytes that
// decide which of them a photo has (PHOTO-14).
func checkPhotoType(header string) error {
	switch mediaType(header) {
	case "image/jpeg", "image/jpg", "image/pjpeg", "image/png", "image/gif", "image/bmp", "image/webp", "image/*":
		return nil
	}
	return contacts.Errorf(contacts.Unsupported, contacts.CodeContentType, "Unsupported content type") // PHOTO-14, ERR-50
}
