package gdata

import (
	"hash/fnv"
	"io"
	"net/http"
	"strconv"

	"contacts"
	"contacts/book"
	"contacts/reply"
	"contacts/wire"
)

// maxPage is the largest body of a feed in bytes, before compression (QRY-33).
const maxPage = 10_000_000

// getFeed serves GET on a feed. The entries are rendered while the snapshot is
// open, and sent after it has ended.
func (h *handler) getFeed(w http.ResponseWriter, rq *request) error {
	q, err := h.parseQuery(rq)
	if err != nil {
		return err
	}
	if q.requireAllDeleted && q.ShowDeleted && !q.UpdatedMin.IsZero() && q.UpdatedMin.Before(rq.now.Add(-book.TombstoneLife)) {
		return contacts.Errorf(contacts.Gone, contacts.CodeNoLongerAvailable, "Deleted entries are no longer available; do a full sync") // QRY-9
	}
	w.Header().Set("Last-Modified", rq.now.UTC().Format(http.TimeFormat)) // COND-1
	if done, err := h.unchangedFeed(w, rq, q); done || err != nil {
		return err
	}

	var entries body
	defer entries.release()
	size := rq.sizer()
	longest := h.feed(rq, q, contacts.Page{Start: 1<<31 - 1, Total: 1<<31 - 1, Count: 1, More: true})
	room := maxPage - feedMargin - size(rq.render.AppendFeedHead(nil, longest))
	if q.nothing {
		q.Query.Max, q.Query.Text = 0, ""
	}
	page, err := rq.kind.list(rq.ctx(), rq.at, q.Query, func(it item) bool {
		first := len(entries.pieces) == 0
		p := entries.last()
		before := len(p.b)
		if !first {
			p.b = rq.render.AppendSeparator(p.b)
		}
		p.b = it.appendTo(rq.render, p.b)
		if room -= size(p.b[before:]); room < 0 && !first { // QRY-33
			p.b = p.b[:before]
			return false
		}
		return true
	})
	if err != nil {
		return err
	}
	if q.nothing {
		page.Total = 0
	}
	f := h.feed(rq, q, page)
	w.Header().Set("ETag", f.ETag)
	head := rq.render.AppendFeedHead(nil, f)
	return h.write(w, rq, http.StatusOK, rq.encoder.ContentType(true), entries.parts(head, rq.render.AppendFeedTail(nil, f))...)
}

// feedMargin is room for the end of a feed.
const feedMargin = 1000

// feed is the envelope of a page (3.3).
func (h *handler) feed(rq *request, q *feedQuery, page contacts.Page) *wire.Feed {
	f := &wire.Feed{
		ETag:       feedETag(rq, q, page.Rev),
		Updated:    page.Updated,                                    // FEED-4
		Title:      rq.target.FullName + "'s Contacts",              // FEED-6
		AuthorName: rq.target.FullName, AuthorEmail: rq.target.Name, // FEED-12
		Query: q.self.String(0),
		Total: page.Total, Start: page.Start, PerPage: q.perPage, // FEED-14, FEED-15, FEED-16
		Empty: page.Count == 0,
	}
	if rq.kind.wire == wire.GroupKind && !rq.target.Shared {
		f.Title = rq.target.FullName + "'s Contact Groups" // FEED-6
	}
	if q.perPage == 0 {
		return f // QRY-35: pages without entries lead to no other
	}
	if page.More {
		f.NextQuery = q.self.String(page.Start + page.Count) // QRY-31, QRY-32, FEED-17
	}
	if page.Start > 1 {
		f.PreviousQuery = q.self.String(max(1, page.Start-q.perPage)) // QRY-31, FEED-17
	}
	return f
}

// feedETag is the weak tag of a feed: it depends on the state of the book and
// on everything that shapes the answer, and not on the time (VER-71).
func feedETag(rq *request, q *feedQuery, rev contacts.Rev) string {
	sum := fnv.New64a()
	for _, s := range [...]string{rq.target.Name, collections[rq.kind.wire], rq.at.View.Projection.String(), strconv.Itoa(rq.version), q.self.String(0)} {
		io.WriteString(sum, s)
		sum.Write([]byte{0})
	}
	return `W/"` + strconv.FormatInt(int64(rev), 36) + "." + strconv.FormatUint(sum.Sum64(), 36) + `."`
}

// unchangedFeed answers a conditional request for a feed that has not changed,
// without reading its entries.
func (h *handler) unchangedFeed(w http.ResponseWriter, rq *request, q *feedQuery) (done bool, err error) {
	since, dated := reply.IfModifiedSince(rq.Request)
	tagged := rq.Header.Get("If-None-Match") != "" || rq.Header.Get("If-Match") != ""
	if !dated && !tagged {
		return false, nil
	}
	rev, err := h.book.Rev(rq.ctx(), rq.at)
	if err != nil {
		return false, err
	}
	if done, err := h.conditional(w, rq, feedETag(rq, q, rev)); done || err != nil || !dated {
		return done, err
	}
	changed, err := rq.kind.changed(rq.ctx(), rq.at, since)
	if err != nil || changed {
		return false, err
	}
	return true, h.notModified(w, rq) // COND-2
}
