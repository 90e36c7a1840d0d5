package wire

import "contacts"

// appendXML appends the element that t is. ex is t's Extra, and u the piece of
// an Extra that belongs to the element itself, or nil.
func (s *shape[T]) appendXML(b []byte, name *elemName, t *T, e *Encoder, ex contacts.Extra, u *contacts.Unknown) []byte {
	b = append(b, name.open...)
	for i := range s.attrs {
		a := &s.attrs[i]
		if !a.str.set {
			if *a.flag.of(t) {
				b = append(b, a.xml...) // XML-11
			}
			continue
		}
		v := *a.str.of(t)
		if v == "" && (a.force == nil || !a.force(t)) {
			continue
		}
		b = append(b, a.xml...)
		if a.word {
			b = appendWordPrefix(b, v)
		}
		b = append(appendAttr(b, v), '\'')
	}
	if u != nil {
		b = append(b, u.Attrs...) // XML-7
	}
	b = append(b, '>')
	n := len(b)
	if len(s.elems) != 0 {
		b = appendElems(b, s.elems, t, e, ex)
	}
	switch {
	case s.text != nil:
		b = appendText(b, *s.textAt.of(t))
	case s.blob != nil:
		b = append(b, *s.xmlAt.of(t)...) // ELEM-81
		b = appendText(b, *s.plainAt.of(t))
	}
	if u != nil {
		b = append(b, u.XML...)
	}
	if len(b) == n {
		b[n-1] = '/'
		return append(b, '>')
	}
	return append(b, name.close...)
}

// appendWordPrefix appends what makes a URI of a word of the schema.
func appendWordPrefix(b []byte, v string) []byte {
	for i := range len(v) {
		if v[i] == ':' {
			return b
		}
	}
	return append(b, gdWord...)
}

// appendElems appends the children of t that elems lists; ex is its Extra.
func appendElems[T any](b []byte, elems []elem[T], t *T, e *Encoder, ex contacts.Extra) []byte {
	for i := range elems {
		el := &elems[i]
		if el.str.set && (!el.attr.set || *el.attr.of(t) == "") {
			v := *el.str.of(t)
			if v == "" {
				continue
			}
			if el.plain && len(ex) == 0 {
				b = append(b, el.name.text...)
				b = append(appendText(b, v), el.name.close...)
				continue
			}
		}
		b = el.xml(b, t, e, ex)
	}
	return b
}

// find returns what ex holds for the element in, or nil.
func find(ex contacts.Extra, in string) *contacts.Unknown {
	for i := range ex {
		if ex[i].In == in {
			return &ex[i]
		}
	}
	return nil
}

// AppendContactDocument appends the contact as a document of its own.
func (e *Encoder) AppendContactDocument(b []byte, c *contacts.Contact) []byte {
	if e.o.Format >= JSON {
		return e.appendJSONDocument(b, func(b []byte) []byte { return e.appendContactJSON(b, c, true) })
	}
	b = append(b, e.xml.document...)
	b = e.appendContactXML(b, c, true)
	return append(b, e.xml.documentEnd...)
}

// AppendGroupDocument appends the group as a document of its own.
func (e *Encoder) AppendGroupDocument(b []byte, g *contacts.Group) []byte {
	if e.o.Format >= JSON {
		return e.appendJSONDocument(b, func(b []byte) []byte { return e.appendGroupJSON(b, g, true) })
	}
	b = append(b, e.xml.document...)
	b = e.appendGroupXML(b, g, true)
	return append(b, e.xml.documentEnd...)
}

// AppendContact appends the contact as an entry of a feed.
func (e *Encoder) AppendContact(b []byte, c *contacts.Contact) []byte {
	if e.o.Format >= JSON {
		return e.appendContactJSON(b, c, false)
	}
	return e.appendContactXML(b, c, false)
}

// AppendGroup appends the group as an entry of a feed.
func (e *Encoder) AppendGroup(b []byte, g *contacts.Group) []byte {
	if e.o.Format >= JSON {
		return e.appendGroupJSON(b, g, false)
	}
	return e.appendGroupXML(b, g, false)
}

// AppendSeparator appends what stands between two entries of a feed.
func (e *Encoder) AppendSeparator(b []byte) []byte {
	if e.o.Format >= JSON {
		return append(b, ',')
	}
	return b
}

// An envelope has what the envelopes of contacts and groups are made of.
type envelope struct {
	id      contacts.ID
	rev     contacts.Rev
	created contacts.Rev
	title   string
	content string
	photo   string // version of the photo
	deleted bool
	system  string
	extra   contacts.Extra
}

func contactEnvelope(c *contacts.Contact) envelope {
	v := envelope{id: c.ID, rev: c.Rev, created: c.Created, deleted: c.Deleted}
	if !c.Deleted { // QRY-41
		v.title, v.content, v.photo, v.extra = c.Name.Full, c.Notes, c.Photo.Version, c.Extra // ELEM-7 NAME-1
	}
	return v
}

func groupEnvelope(g *contacts.Group) envelope {
	v := envelope{id: g.ID, rev: g.Rev, created: g.Created, deleted: g.Deleted, system: g.System}
	if !g.Deleted {
		v.title, v.content, v.extra = g.Name, g.Name, g.Extra // ELEM-100 WRT-27
	}
	return v
}

// xmlParts are the constant parts of entries in Atom and RSS, in the order in
// which they are written.
type xmlParts struct {
	document, documentEnd string // around the entry of a document of its own

	root string // <entry> of a document of its own, before its last attributes
	item string // <entry> in a feed
	etag string // attribute up to the tag; empty in version 1

	id      string // up to the ID
	updated string // between the ID and the time
	edited  string // between the time and its repetition; empty in version 1
	title   string // between the time and the last attributes of the title
	system  string // the same for system groups

	noTitle, titleEnd, content, contentEnd string

	editPhoto, photo, photoETag, self, edit string // links, up to the ID
	member                                  string // membership, between deleted and the ID

	itemEnd string
}

const (
	xmlDeclaration = "<?xml version='1.0' encoding='UTF-8'?>" // XML-2
	atomType       = " type='application/atom+xml' href='"
	photoType      = " type='image/*' href='"
)

func (e *Encoder) atomParts() xmlParts {
	v1 := e.o.View.Version < 2
	p := xmlParts{
		document: xmlDeclaration,
		root:     "<entry xmlns='" + atomNS + "' xmlns:gContact='" + contactNS + "' xmlns:batch='" + batchNS + "' xmlns:gd='" + gdNS + "'", // VER-40
		item:     "<entry",                                                                                                                 // FEED-18
		id:       "><id>" + string(appendText(nil, e.id)),
		updated:  "</id><updated>",
		noTitle:  "/>", // NAME-6
		titleEnd: "</title>",
		content:  "<content", contentEnd: "</content>",
		itemEnd: "</entry>",
	}
	category := "<category scheme='" + kindScheme + "' term='" + e.o.Kind.term() + "'/><title" // ELEM-4
	p.title = "</updated>" + category
	p.system = p.title
	if v1 {
		p.title += " type='text'" // VER-29
		p.system = p.title
		p.noTitle = "></title>"     // NAME-6
		p.content += " type='text'" // ELEM-8 VER-29
	} else {
		p.etag = " gd:etag='&quot;"                                   // VER-22
		p.edited = "</updated><app:edited xmlns:app='" + appNS + "'>" // VER-24
		p.title = "</app:edited>" + category
	}
	e.linkParts(&p, "<link")
	return p
}

// linkParts sets the links of an entry, which differ in the element's name.
func (e *Encoder) linkParts(p *xmlParts, link string) {
	photo := string(appendAttr(nil, e.photo))
	self := string(appendAttr(nil, e.self))
	p.editPhoto = link + " rel='" + photoRel + "edit-photo'" + photoType + photo // ELEM-11
	p.photo = link + " rel='" + photoRel + "photo'" + photoType + photo          // ELEM-11
	p.photoETag = "' gd:etag='&quot;"
	p.self = link + " rel='self'" + atomType + self
	p.edit = link + " rel='edit'" + atomType + self // ELEM-10
	p.member = "' href='" + string(appendAttr(nil, e.group))
}

func (e *Encoder) appendContactXML(b []byte, c *contacts.Contact, root bool) []byte {
	v := contactEnvelope(c)
	b = e.appendEnvelope(b, &v, root)
	switch {
	case !c.Deleted:
		b = appendElems(b, contactViews[e.class], c, e, c.Extra)
	case !e.o.MinimalTombstones:
		b = memberRow.xml(b, c, e, nil) // QRY-41
	}
	return e.appendItemEnd(b, &v)
}

func (e *Encoder) appendGroupXML(b []byte, g *contacts.Group, root bool) []byte {
	v := groupEnvelope(g)
	b = e.appendEnvelope(b, &v, root)
	if g.System != "" {
		b = append(b, "<gContact:systemGroup id='"...) // ELEM-104
		b = append(appendAttr(b, g.System), "'/>"...)
	}
	if !g.Deleted {
		b = appendElems(b, groupShape.elems, g, e, g.Extra)
	}
	return e.appendItemEnd(b, &v)
}

// appendEnvelope appends the entry up to the elements of its kind.
func (e *Encoder) appendEnvelope(b []byte, v *envelope, root bool) []byte {
	p := &e.xml
	if root {
		b = append(b, p.root...)
	} else {
		b = append(b, p.item...)
	}
	b = e.appendETag(b, v.rev)
	u := find(v.extra, "")
	if u != nil {
		b = append(b, u.Attrs...) // XML-7
	}
	b = appendID(append(b, p.id...), v.id)
	if e.o.Format == RSS {
		return e.appendItemXML(b, v)
	}
	if v.deleted && e.o.MinimalTombstones {
		return append(b, "</id><gd:deleted/>"...) // QRY-42
	}
	b = append(b, p.updated...)
	n := len(b)
	b = appendTime(b, v.rev) // ELEM-2
	if p.edited != "" && v.system == "" {
		b = append(b, p.edited...)
		b = append(b, b[n:n+len("2006-01-02T15:04:05.000Z")]...) // ELEM-3
		b = append(b, p.title...)
	} else {
		b = append(b, p.system...) // ELEM-105
	}
	return e.appendTitleXML(b, v)
}

// appendTitleXML appends the rest of the envelope, from the attributes of the
// title on.
func (e *Encoder) appendTitleXML(b []byte, v *envelope) []byte {
	p := &e.xml
	switch {
	case v.title != "":
		b = e.appendTextXML(b, find(v.extra, "title"), v.title, p.titleEnd)
	case v.deleted:
		b = append(append(b, '>'), p.titleEnd...) // QRY-41
	default:
		b = append(b, p.noTitle...)
	}
	if v.content != "" {
		b = append(b, p.content...)
		b = e.appendTextXML(b, find(v.extra, "content"), v.content, p.contentEnd)
	}
	b = e.appendLinks(b, v)
	if v.deleted {
		b = append(b, "<gd:deleted/>"...) // ELEM-12
	}
	return b
}

// appendTextXML appends the text of an element after its fixed attributes.
func (e *Encoder) appendTextXML(b []byte, u *contacts.Unknown, s, end string) []byte {
	if u == nil {
		b = appendText(append(b, '>'), s)
		return append(b, end...)
	}
	b = append(append(b, u.Attrs...), '>')
	b = append(appendText(b, s), u.XML...)
	return append(b, end...)
}

// appendLinks appends the links of an entry. Their order is edit-photo, photo,
// self, edit.
func (e *Encoder) appendLinks(b []byte, v *envelope) []byte {
	p := &e.xml
	v1 := e.o.View.Version < 2
	if e.photos {
		if v1 && !v.deleted {
			version := v.photo
			if version == "" {
				version = noPhoto
			}
			b = append(appendID(append(b, p.editPhoto...), v.id), '/')
			b = append(appendAttr(b, version), "'/>"...) // VER-28 PHOTO-4
		}
		if v1 && v.photo != "" {
			b = append(appendID(append(b, p.photo...), v.id), "'/>"...) // VER-27 PHOTO-3
		}
		if !v1 {
			b = appendID(append(b, p.photo...), v.id) // VER-27 PHOTO-5
			if v.photo != "" {
				b = append(appendAttr(append(b, p.photoETag...), v.photo), ".&quot;"...)
			}
			b = append(b, "'/>"...)
		}
	}
	b = append(appendID(append(b, p.self...), v.id), "'/>"...)
	if v.system != "" {
		return b // ELEM-105
	}
	b = appendID(append(b, p.edit...), v.id)
	if v1 {
		b = appendVersion(append(b, '/'), v.rev) // VER-25
	}
	return append(b, "'/>"...)
}

// appendETag appends the attribute gd:etag of an entry, where the version has one.
func (e *Encoder) appendETag(b []byte, rev contacts.Rev) []byte {
	if e.xml.etag == "" {
		return b
	}
	b = append(b, e.xml.etag...)
	b = appendBareETag(b, rev)
	return append(b, "&quot;'"...) // VER-72
}

func (e *Encoder) appendItemEnd(b []byte, v *envelope) []byte {
	if u := find(v.extra, ""); u != nil {
		b = append(b, u.XML...) // XML-7
	}
	return append(b, e.xml.itemEnd...)
}

// appendBareETag appends the entity tag of a revision without its quotes.
func appendBareETag(b []byte, rev contacts.Rev) []byte {
	n := len(b)
	b = rev.AppendETag(b)
	copy(b[n:], b[n+1:])
	return b[:len(b)-2]
}
