package gdata

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"contacts"
	"contacts/book"
	"contacts/reply"
	"contacts/wire"
)

// A buffer holds an entry, or an answer laid out or compressed.
type buffer struct{ b []byte }

func (b *buffer) Write(p []byte) (int, error) {
	b.b = append(b.b, p...)
	return len(p), nil
}

var buffers = sync.Pool{New: func() any { return new(buffer) }}

func getBuffer() *buffer { return buffers.Get().(*buffer) }

// putBuffer gives a buffer back. The garbage collector empties the pool when
// nobody takes from it, so that idle memory stays small.
func putBuffer(b *buffer) {
	b.b = b.b[:0]
	buffers.Put(b)
}

// writeEntry writes one entry as a document.
func (h *handler) writeEntry(w http.ResponseWriter, rq *request, status int, it item) error {
	b := getBuffer()
	defer putBuffer(b)
	b.b = it.appendDocument(rq.render, b.b)
	w.Header().Set("ETag", it.rev().ETag()) // VER-23
	return h.write(w, rq, status, rq.encoder.ContentType(false), b.b)
}

// write writes a body that has several parts: of an entry or feed what fields
// select, laid out if the client asks for it, and compressed if it takes that.
func (h *handler) write(w http.ResponseWriter, rq *request, status int, contentType string, parts ...[]byte) error {
	header := w.Header()
	read := rq.Method == http.MethodGet || rq.Method == http.MethodHead
	if read {
		h.readHeaders(w, rq)
	} else {
		h.writeHeaders(w)
	}
	header.Set("Content-Type", contentType)
	if rq.fields != nil && status < http.StatusBadRequest {
		b := getBuffer()
		defer putBuffer(b)
		var err error
		if b.b, err = rq.encoder.AppendSelected(b.b, bytes.Join(parts, nil), rq.fields); err != nil { // QRY-67
			return err
		}
		parts = [][]byte{b.b}
	}
	if rq.pretty {
		b := getBuffer()
		defer putBuffer(b)
		in := wire.NewIndenter(rq.format)
		for _, p := range parts {
			b.b = in.Append(b.b, p) // QRY-16
		}
		parts = [][]byte{b.b}
	}
	if reply.AcceptsGzip(rq.Request) {
		b := getBuffer()
		defer putBuffer(b)
		if err := compress(b, parts); err != nil {
			return err
		}
		header.Set("Content-Encoding", "gzip") // COND-6
		header.Add("Vary", "Accept-Encoding")
		parts = [][]byte{b.b}
	}
	length := 0
	for _, p := range parts {
		length += len(p)
	}
	header.Set("Content-Length", strconv.Itoa(length))
	w.WriteHeader(status)
	if rq.Method == http.MethodHead {
		return nil
	}
	for _, p := range parts {
		if _, err := w.Write(p); err != nil {
			return nil // the client is gone: there is nobody to tell
		}
	}
	return nil
}

// sizer returns a function that counts the bytes of an answer, given piece by
// piece, as it will be before compression.
func (rq *request) sizer() func(piece []byte) int {
	if !rq.pretty {
		return func(piece []byte) int { return len(piece) }
	}
	in, laidOut := wire.NewIndenter(rq.format), []byte(nil)
	return func(piece []byte) int {
		laidOut = in.Append(laidOut[:0], piece)
		return len(laidOut)
	}
}

var compressors = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is valid
	return z
}}

func compress(to *buffer, parts [][]byte) error {
	z := compressors.Get().(*gzip.Writer)
	defer compressors.Put(z)
	z.Reset(to)
	for _, p := range parts {
		if _, err := z.Write(p); err != nil {
			return err
		}
	}
	return z.Close()
}

// Header fields that many answers share, under their names as net/http writes
// them. Nobody changes the values.
var (
	vary       = []string{"Accept, X-GData-Authorization, GData-Version"} // VER-7: what the answer to a GET depends on besides its URL
	revalidate = []string{"private, max-age=0, must-revalidate, no-transform"}
	neverKept  = []string{"no-cache, no-store, max-age=0, must-revalidate"}
)

// readHeaders are those of an answer to GET.
func (h *handler) readHeaders(w http.ResponseWriter, rq *request) {
	date := h.date(rq.now)
	header := w.Header()
	header["Date"] = date
	header["Expires"] = date // COND-5
	header["Cache-Control"] = revalidate
	header["Vary"] = vary
}

// A datedAt is a second as headers have it.
type datedAt struct {
	unix   int64
	values []string
}

// date is a time as headers have it. Many answers are given in one second.
func (h *handler) date(now time.Time) []string {
	unix := now.Unix()
	if d := h.dated.Load(); d != nil && d.unix == unix {
		return d.values
	}
	d := &datedAt{unix, []string{now.UTC().Format(http.TimeFormat)}}
	h.dated.Store(d)
	return d.values
}

// writeHeaders are those of an answer to a write.
func (h *handler) writeHeaders(w http.ResponseWriter) {
	w.Header()["Cache-Control"] = neverKept // COND-5
}

// conditional applies If-Match and If-None-Match to the entity tag of what a
// GET is about to answer, and reports whether it has answered.
func (h *handler) conditional(w http.ResponseWriter, rq *request, etag string) (done bool, err error) {
	w.Header().Set("ETag", etag)
	if match := reply.ETags(rq.Header, "If-Match"); match.Present && !match.MatchesWeakly(etag) { // COND-8
		return false, book.Mismatch(contacts.CodeETags, strings.Join(rq.Header.Values("If-Match"), ", "), etag)
	}
	if none := reply.ETags(rq.Header, "If-None-Match"); none.Present && none.MatchesWeakly(etag) { // COND-3, VER-36
		return true, h.notModified(w, rq)
	}
	return false, nil
}

// notModified answers that the client's copy is current (COND-4).
func (h *handler) notModified(w http.ResponseWriter, rq *request) error {
	h.readHeaders(w, rq)
	w.WriteHeader(http.StatusNotModified) // ERR-22
	return nil
}
