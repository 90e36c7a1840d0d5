package wire

import (
	"strconv"
	"time"

	"contacts"
)

// A Feed has what the envelope around entries says.
type Feed struct {
	ETag    string // with its quotes; versions 2 and 3
	Updated time.Time
	Title   string

	AuthorName, AuthorEmail string

	// The raw queries of the self, next and previous links; next and previous
	// are empty if there is no such page.
	Query, NextQuery, PreviousQuery string

	Total, Start, PerPage int

	Empty bool // no entries follow
}

// A link of a feed. Its href is a raw URL.
type link struct{ rel, kind, href string }

const feedType = "application/atom+xml"

// links of the feed in output order.
func (e *Encoder) links(f *Feed) []link {
	url := e.feedURL()
	ls := make([]link, 0, 7)
	ls = append(ls,
		link{"alternate", "text/html", e.o.Base + "/"},  // FEED-7
		link{gdNS + "#feed", feedType, url},             // FEED-8 QRY-36
		link{gdNS + "#post", feedType, url},             // FEED-9
		link{gdNS + "#batch", feedType, url + "/batch"}, // FEED-10
		link{"self", feedType, withQuery(url, f.Query)}) // FEED-11
	if f.NextQuery != "" {
		ls = append(ls, link{"next", feedType, withQuery(url, f.NextQuery)}) // FEED-17
	}
	if f.PreviousQuery != "" {
		ls = append(ls, link{"previous", feedType, withQuery(url, f.PreviousQuery)}) // FEED-17
	}
	return ls
}

func withQuery(url, query string) string {
	if query == "" {
		return url
	}
	return url + "?" + query
}

func (e *Encoder) openSearchNS() string {
	if e.o.View.Version < 2 {
		return openSearchRSSNS // VER-20
	}
	return openSearchNS
}

// AppendFeedHead appends the feed up to its entries.
func (e *Encoder) AppendFeedHead(b []byte, f *Feed) []byte {
	switch e.o.Format {
	case Atom:
		return e.appendAtomHead(b, f)
	case RSS:
		return e.appendRSSHead(b, f)
	}
	return e.appendJSONHead(b, f)
}

// AppendFeedTail appends what follows the entries.
func (e *Encoder) AppendFeedTail(b []byte, f *Feed) []byte {
	switch e.o.Format {
	case Atom:
		return append(b, "</feed>"...)
	case RSS:
		return append(b, "</channel></rss>"...)
	}
	if !f.Empty {
		b = append(b, ']')
	}
	b = append(b, '}')
	return append(b, e.json.documentEnd...)
}

func (e *Encoder) appendAtomHead(b []byte, f *Feed) []byte {
	v1 := e.o.View.Version < 2
	b = append(b, xmlDeclaration+"<feed xmlns='"+atomNS+"' xmlns:openSearch='"...) // FEED-1 VER-40
	b = append(b, e.openSearchNS()...)
	b = append(b, "' xmlns:gd='"+gdNS+"' xmlns:gContact='"+contactNS+"' xmlns:batch='"+batchNS+"'"...)
	if !v1 {
		b = append(b, " gd:etag='"...)
		b = append(appendAttr(b, f.ETag), '\'') // VER-22
	}
	b = append(b, "><id>"...)
	b = appendText(b, e.feedID())
	b = append(b, "</id><updated>"...)
	b = appendTime(b, revOf(f.Updated)) // FEED-4
	b = append(b, "</updated><category scheme='"+kindScheme+"' term='"...)
	b = append(b, e.o.Kind.term()...) // FEED-5
	b = append(b, "'/><title"...)
	if v1 {
		b = append(b, " type='text'"...) // VER-29
	}
	b = append(appendText(append(b, '>'), f.Title), "</title>"...) // FEED-6
	for _, l := range e.links(f) {
		b = appendLinkXML(b, "<link", l)
	}
	b = append(b, "<author><name>"...)
	b = append(appendText(b, f.AuthorName), "</name><email>"...) // FEED-12
	b = append(appendText(b, f.AuthorEmail), "</email></author><generator version='1.0' uri='"...)
	b = append(appendAttr(b, e.generator()), "'>Contacts</generator>"...) // FEED-13
	return appendOpenSearch(b, f)
}

// appendLinkXML appends a link whose element begins with open.
func appendLinkXML(b []byte, open string, l link) []byte {
	b = append(append(b, open...), " rel='"...)
	b = append(append(b, l.rel...), "' type='"...)
	b = append(append(b, l.kind...), "' href='"...)
	return append(appendAttr(b, l.href), "'/>"...)
}

func appendOpenSearch(b []byte, f *Feed) []byte {
	b = append(b, "<openSearch:totalResults>"...)
	b = strconv.AppendInt(b, int64(f.Total), 10) // FEED-14
	b = append(b, "</openSearch:totalResults><openSearch:startIndex>"...)
	b = strconv.AppendInt(b, int64(f.Start), 10) // FEED-15
	b = append(b, "</openSearch:startIndex><openSearch:itemsPerPage>"...)
	b = strconv.AppendInt(b, int64(f.PerPage), 10) // FEED-16
	return append(b, "</openSearch:itemsPerPage>"...)
}

func (e *Encoder) appendJSONHead(b []byte, f *Feed) []byte {
	member := func(name, value string) {
		b = append(append(append(b, '"'), name...), `":"`...)
		b = append(appendString(b, value), '"', ',')
	}
	object := func(name string) {
		b = append(append(append(b, '"'), name...), `":{`...)
	}
	end := func() { b = append(closeObject(b), ',') }

	b = append(append(b, e.json.document...), `"feed":{`...)
	member("xmlns", atomNS)
	member("xmlns$openSearch", e.openSearchNS())
	member("xmlns$gd", gdNS)
	member("xmlns$gContact", contactNS)
	member("xmlns$batch", batchNS)
	if e.o.View.Version >= 2 {
		member("gd$etag", f.ETag)
	}
	simple := func(name, value string) {
		object(name)
		member("$t", value)
		end()
	}
	simple("id", e.feedID())
	simple("updated", string(appendTime(nil, revOf(f.Updated))))
	b = append(b, `"category":[{`...)
	member("scheme", kindScheme)
	member("term", e.o.Kind.term())
	b = append(closeObject(b), `],"title":`...)
	b = e.appendTextJSON(b, nil, f.Title)
	b = append(b, `"link":[`...)
	for _, l := range e.links(f) {
		b = append(b, '{')
		member("rel", l.rel)
		member("type", l.kind)
		member("href", l.href)
		end()
	}
	b[len(b)-1] = ']'
	b = append(b, `,"author":[{`...)
	simple("name", f.AuthorName)
	simple("email", f.AuthorEmail)
	b = append(closeObject(b), `],`...)
	object("generator")
	member("version", "1.0")
	member("uri", e.generator())
	member("$t", "Contacts")
	end()
	simple("openSearch$totalResults", strconv.Itoa(f.Total)) // JSON-5
	simple("openSearch$startIndex", strconv.Itoa(f.Start))
	simple("openSearch$itemsPerPage", strconv.Itoa(f.PerPage))
	if f.Empty {
		return b[:len(b)-1] // JSON-6
	}
	return append(b, `"entry":[`...)
}

// revOf is the first revision of t's millisecond.
func revOf(t time.Time) contacts.Rev { return contacts.Rev(t.UnixMilli() * 1000) }
