// Package wire turns contacts and groups into the bytes of the Contacts Data
// API and back: Atom, RSS and JSON towards clients, and the compact form in
// which a store keeps an entry.
//
// schema.go is the table of all elements and attributes; parsing and every
// format walk it. The package checks the form of what it reads (well-formed
// XML, required attributes, elements that may not repeat); contacts.Validate
// checks the meaning. It is made for this server and its client library.
package wire

import (
	"strconv"

	"contacts"
)

// A Format is a representation of entries and feeds.
type Format int

// The formats, as the parameter alt selects them.
const (
	Atom Format = iota
	RSS
	JSON
	JSONScript // JSON as the argument of a JavaScript function
)

// A Kind is the kind of entry that an encoder writes.
type Kind int

// The kinds of entries.
const (
	ContactKind Kind = iota
	GroupKind
)

// DefaultCallback is the function that JSON in script calls when the client
// names none (QRY-21).
const DefaultCallback = "gdata.io.handleScriptLoaded"

// noPhoto is the photo version of a contact without photo: the MD5 of no bytes (PHOTO-6).
const noPhoto = "1B2M2Y8AsgTpgAmY7PhCfg"

// Options fixes everything that shapes the bytes of one answer.
type Options struct {
	Format Format
	Kind   Kind
	View   contacts.View
	Owner  string // full e-mail address in lower case, or domain name; unescaped
	Base   string // scheme and authority of links (RES-62)
	IDBase string // scheme and authority of ids (RES-63)

	ShowRemoved       bool   // removed memberships too (ELEM-92)
	MinimalTombstones bool   // only the id and the mark of a deleted entry (QRY-42)
	Callback          string // of JSONScript; empty means DefaultCallback
}

// An Encoder writes the entries and the envelope of one answer. It cannot
// fail, because text that XML cannot carry is refused on the way in, and it
// allocates nothing per entry beyond what the buffer needs. It does not change
// after NewEncoder, so goroutines may share it.
type Encoder struct {
	o      Options
	class  class
	photos bool // entries have photo links

	// Unescaped URLs without the ID at their end.
	id, self, photo, photoID, group string

	// The same between the bytes that surround them in Format.
	xml  xmlParts
	json jsonParts
}

// NewEncoder makes an encoder, with all constant parts of its output.
func NewEncoder(o Options) *Encoder {
	e := &Encoder{o: o, class: classOf(o.View), photos: o.Kind == ContactKind}
	owner := escapeSegment(o.Owner) // RES-8
	kind := o.Kind.path()
	e.id = o.IDBase + "/m8/feeds/" + kind + owner + "/base/"                                              // ELEM-1 RES-63
	e.self = o.Base + "/m8/feeds/" + kind + owner + "/" + escapeSegment(o.View.Projection.String()) + "/" // ELEM-9 RES-15 RES-62 VER-39
	e.photo = o.Base + "/m8/feeds/photos/media/" + owner + "/"                                            // RES-44
	e.photoID = o.IDBase + e.photo[len(o.Base):]                                                          // PHOTO-8
	e.group = o.IDBase + "/m8/feeds/groups/" + owner + "/base/"                                           // ELEM-94
	switch o.Format {
	case Atom:
		e.xml = e.atomParts()
	case RSS:
		e.xml = e.rssParts()
	default:
		e.json = e.jsonParts()
	}
	return e
}

// ContentType is the media type of a feed, or of a single entry.
func (e *Encoder) ContentType(feed bool) string {
	switch {
	case e.o.Format == RSS:
		return "application/rss+xml; charset=UTF-8" // QRY-52
	case e.o.Format == JSON:
		return "application/json; charset=UTF-8" // QRY-53
	case e.o.Format == JSONScript:
		return "text/javascript; charset=UTF-8" // QRY-54
	case e.o.View.Version < 2:
		return "application/atom+xml; charset=UTF-8" // QRY-50 VER-33
	case feed:
		return "application/atom+xml; charset=UTF-8; type=feed" // QRY-51
	}
	return "application/atom+xml; charset=UTF-8; type=entry" // QRY-51
}

// SelfURL is the address of an entry.
func (e *Encoder) SelfURL(id contacts.ID) string { return e.self + id.String() }

// EditURL is the address at which an entry in this state may be changed, with
// its version number in version 1 (VER-25). It is also the Location of an
// entry after its insert (VER-38).
func (e *Encoder) EditURL(id contacts.ID, rev contacts.Rev) string {
	if e.o.View.Version < 2 {
		return e.SelfURL(id) + "/" + rev.String() // VER-25
	}
	return e.SelfURL(id)
}

// feedURL is the address of the feed, without query (QRY-36).
func (e *Encoder) feedURL() string { return e.self[:len(e.self)-1] }

// feedID is the content of the feed's id.
func (e *Encoder) feedID() string {
	if e.o.View.Shared {
		return e.id[:len(e.id)-1] // FEED-3
	}
	return e.o.Owner // FEED-2
}

// generator is the address of the generator element.
func (e *Encoder) generator() string {
	if e.o.View.Shared {
		return e.o.Base + "/m8/feeds/contacts" // FEED-13
	}
	return e.o.IDBase + "/m8/feeds" // FEED-13
}

// path is the first segment of the kind's URLs.
func (k Kind) path() string {
	if k == GroupKind {
		return "groups/"
	}
	return "contacts/"
}

// term is the kind category's term.
func (k Kind) term() string {
	if k == GroupKind {
		return contactNS + "#group"
	}
	return contactNS + "#contact"
}

// escapeSegment percent-encodes all but the unreserved characters, the @ of an
// address included (RES-8).
func escapeSegment(s string) string {
	const hex = "0123456789ABCDEF"
	b := make([]byte, 0, len(s)+8)
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~':
			b = append(b, c)
		default:
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}

func appendID(b []byte, id contacts.ID) []byte { return strconv.AppendUint(b, uint64(id), 16) }
