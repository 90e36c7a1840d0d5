package wire

import (
	"strconv"

	"contacts"
)

// JSON is written without looking ahead: every member ends in a comma, and
// closeObject turns the last one into the brace.

// appendJSON appends the object that stands for the element t (JSON-2); ex and
// u are as in appendXML.
func (s *shape[T]) appendJSON(b []byte, t *T, e *Encoder, ex contacts.Extra, u *contacts.Unknown) []byte {
	n := len(b)
	b = append(b, '{')
	for i := range s.attrs { // JSON-3 JSON-12
		a := &s.attrs[i]
		if !a.str.set {
			if *a.flag.of(t) {
				b = append(b, a.json...)
			}
			continue
		}
		v := *a.str.of(t)
		if v == "" && (a.force == nil || !a.force(t)) {
			continue
		}
		b = append(b, a.json...)
		if a.word {
			b = appendWordPrefix(b, v)
		}
		b = append(appendString(b, v), '"', ',')
	}
	b = unknownAttrsJSON(b, n, u)
	if len(s.elems) != 0 {
		b = appendMembers(b, s.elems, t, e, ex)
	}
	b = unknownXMLJSON(b, n, u)
	switch {
	case s.text != nil:
		if v := *s.textAt.of(t); v != "" {
			b = appendTextMember(b, v) // JSON-5
		}
	case s.blob != nil:
		if x := *s.xmlAt.of(t); x != "" {
			b = appendFragmentJSON(b, n, x) // JSON-9
		}
		if v := *s.plainAt.of(t); v != "" {
			b = appendTextMember(b, v)
		}
	}
	return closeObject(b)
}

func appendMembers[T any](b []byte, elems []elem[T], t *T, e *Encoder, ex contacts.Extra) []byte {
	for i := range elems {
		el := &elems[i]
		if el.str.set && (!el.attr.set || *el.attr.of(t) == "") {
			v := *el.str.of(t)
			if v == "" {
				continue
			}
			if el.plain && len(ex) == 0 {
				b = append(b, el.name.jtext...)
				b = append(appendString(b, v), `"},`...)
				continue
			}
		}
		b = el.json(b, t, e, ex)
	}
	return b
}

// appendTextMember appends the member for the text of an element, the last one
// of its object.
func appendTextMember(b []byte, s string) []byte {
	b = append(b, `"$t":"`...)
	b = appendString(b, s)
	return append(b, '"', ',')
}

// closeObject ends the object whose members, if any, each end in a comma.
func closeObject(b []byte) []byte {
	if n := len(b) - 1; b[n] == ',' {
		b[n] = '}'
		return b
	}
	return append(b, '}')
}

// jsonParts are the constant parts of entries in JSON, in the order in which
// they are written.
type jsonParts struct {
	document, documentEnd string // around the entry of a document of its own

	namespaces string // members of the entry of a document of its own
	etag       string // up to the tag; empty in version 1
	id         string // up to the ID
	updated    string // between the ID and the time
	edited     string // between the time and its repetition; empty in version 1
	category   string // between the time and the end of the categories
	system     string // the same for system groups
	text       string // begins a title or content

	editPhoto, photo, photoETag, self, edit string // links, up to the ID
	member                                  string // membership, between deleted and the ID
}

const (
	jsonHead      = `{"version":"1.0","encoding":"UTF-8",` // JSON-1
	scriptHead    = "// API callback\n"                    // JSON-11
	jsonAtomType  = `"type":"application/atom+xml","href":"`
	jsonPhotoType = `"type":"image/*","href":"`
)

func (e *Encoder) jsonParts() jsonParts {
	quoted := func(s string) string { return string(appendString(nil, s)) }
	p := jsonParts{
		document: jsonHead, documentEnd: "}",
		namespaces: `"xmlns":"` + quoted(atomNS) + `","xmlns$gContact":"` + quoted(contactNS) + `","xmlns$batch":"` + quoted(batchNS) + // JSON-4
			`","xmlns$gd":"` + quoted(gdNS) + `",`,
		id:        `"id":{"$t":"` + quoted(e.id),
		updated:   `"},"updated":{"$t":"`,
		text:      "{",
		editPhoto: `{"rel":"` + quoted(photoRel+"edit-photo") + `",` + jsonPhotoType + quoted(e.photo),
		photo:     `{"rel":"` + quoted(photoRel+"photo") + `",` + jsonPhotoType + quoted(e.photo),
		photoETag: `","gd$etag":"\"`,
		self:      `{"rel":"self",` + jsonAtomType + quoted(e.self),
		edit:      `{"rel":"edit",` + jsonAtomType + quoted(e.self),
		member:    `","href":"` + quoted(e.group),
	}
	if e.o.Format == JSONScript {
		callback := e.o.Callback
		if callback == "" {
			callback = DefaultCallback // QRY-21
		}
		p.document, p.documentEnd = scriptHead+callback+"("+jsonHead, "});" // JSON-11
	}
	p.category = `"},"category":[{"scheme":"` + quoted(kindScheme) + `","term":"` + quoted(e.o.Kind.term()) + `"}` // JSON-6
	p.system = p.category
	if e.o.View.Version < 2 {
		p.text = `{"type":"text",` // JSON-13
	} else {
		p.etag = `"gd$etag":"\"`
		p.edited = `"},"app$edited":{"xmlns$app":"` + quoted(appNS) + `","$t":"`
	}
	return p
}

func (e *Encoder) appendJSONDocument(b []byte, entry func([]byte) []byte) []byte {
	b = append(b, e.json.document...)
	b = append(b, `"entry":`...)
	b = entry(b)
	return append(b, e.json.documentEnd...)
}

func (e *Encoder) appendContactJSON(b []byte, c *contacts.Contact, root bool) []byte {
	v := contactEnvelope(c)
	n := len(b)
	b = e.appendEnvelopeJSON(b, &v, root)
	switch {
	case !c.Deleted:
		b = appendMembers(b, contactViews[e.class], c, e, c.Extra)
	case !e.o.MinimalTombstones:
		b = memberRow.json(b, c, e, nil) // QRY-41
	}
	return closeObject(e.appendExtraJSON(b, n, &v))
}

func (e *Encoder) appendGroupJSON(b []byte, g *contacts.Group, root bool) []byte {
	v := groupEnvelope(g)
	n := len(b)
	b = e.appendEnvelopeJSON(b, &v, root)
	if g.System != "" {
		b = append(b, `"gContact$systemGroup":{"id":"`...)
		b = append(appendString(b, g.System), `"},`...)
	}
	if !g.Deleted {
		b = appendMembers(b, groupShape.elems, g, e, g.Extra)
	}
	return closeObject(e.appendExtraJSON(b, n, &v))
}

// appendExtraJSON appends the unknown children of an entry whose object begins
// at n.
func (e *Encoder) appendExtraJSON(b []byte, n int, v *envelope) []byte {
	if u := find(v.extra, ""); u != nil && u.XML != "" {
		return appendOthers(b, n, u.XML)
	}
	return b
}

// appendEnvelopeJSON appends the entry's object up to the members of its kind.
func (e *Encoder) appendEnvelopeJSON(b []byte, v *envelope, root bool) []byte {
	p := &e.json
	n := len(b)
	b = append(b, '{')
	if root {
		b = append(b, p.namespaces...)
	}
	if p.etag != "" {
		b = append(b, p.etag...)
		b = append(appendBareETag(b, v.rev), `\"",`...)
	}
	u := find(v.extra, "")
	b = unknownAttrsJSON(b, n, u)
	b = appendID(append(b, p.id...), v.id)
	if v.deleted && e.o.MinimalTombstones {
		return append(b, `"},"gd$deleted":{},`...)
	}
	b = append(b, p.updated...)
	t := len(b)
	b = appendTime(b, v.rev)
	if p.edited != "" && v.system == "" {
		b = append(b, p.edited...)
		b = append(b, b[t:t+len("2006-01-02T15:04:05.000Z")]...)
	}
	b = append(b, p.category...)
	if u != nil && u.XML != "" {
		b = appendCategories(b, u.XML)
	}
	b = append(b, `],"title":`...)
	b = e.appendTextJSON(b, find(v.extra, "title"), v.title)
	if v.content != "" {
		b = append(b, `"content":`...)
		b = e.appendTextJSON(b, find(v.extra, "content"), v.content)
	}
	b = append(b, `"link":[`...)
	b = e.appendLinksJSON(b, v)
	if v.deleted {
		b = append(b, `"gd$deleted":{},`...) // JSON-7
	}
	return b
}

// appendTextJSON appends a title or content, which is there even when it is
// empty (JSON-8).
func (e *Encoder) appendTextJSON(b []byte, u *contacts.Unknown, s string) []byte {
	n := len(b)
	b = append(b, e.json.text...)
	b = unknownAttrsJSON(b, n, u)
	b = unknownXMLJSON(b, n, u)
	return append(closeObject(appendTextMember(b, s)), ',') // JSON-8
}

// appendLinksJSON appends the links, in the order of appendLinks, and ends
// their array.
func (e *Encoder) appendLinksJSON(b []byte, v *envelope) []byte {
	p := &e.json
	v1 := e.o.View.Version < 2
	if e.photos {
		if v1 && !v.deleted {
			version := v.photo
			if version == "" {
				version = noPhoto
			}
			b = append(appendID(append(b, p.editPhoto...), v.id), '/')
			b = append(appendString(b, version), `"},`...)
		}
		if v1 && v.photo != "" {
			b = append(appendID(append(b, p.photo...), v.id), `"},`...)
		}
		if !v1 {
			b = appendID(append(b, p.photo...), v.id)
			if v.photo != "" {
				b = append(appendString(append(b, p.photoETag...), v.photo), `.\"`...)
			}
			b = append(b, `"},`...)
		}
	}
	b = append(appendID(append(b, p.self...), v.id), `"}`...)
	if v.system == "" {
		b = appendID(append(append(b, ','), p.edit...), v.id)
		if v1 {
			b = appendVersion(append(b, '/'), v.rev)
		}
		b = append(b, `"}`...)
	}
	return append(b, `],`...)
}

func appendVersion(b []byte, rev contacts.Rev) []byte { return strconv.AppendInt(b, int64(rev), 10) }
