package wire

import "contacts"

// AppendPhotoDocument appends what answers a write of the contact's photo: an
// entry of the photo, as a document of its own (PHOTO-8).
func (e *Encoder) AppendPhotoDocument(b []byte, c *contacts.Contact) []byte {
	switch e.o.Format {
	case Atom:
		return e.appendPhotoAtom(b, c)
	case RSS:
		return e.appendPhotoRSS(b, c)
	}
	return e.appendJSONDocument(b, func(b []byte) []byte { return e.appendPhotoJSON(b, c) })
}

func (e *Encoder) appendPhotoAtom(b []byte, c *contacts.Contact) []byte {
	b = append(b, xmlDeclaration+"<entry xmlns='"+atomNS+"' xmlns:gd='"+gdNS+"'"...)
	b = append(e.appendPhotoETag(b, c), "><id>"...)
	b = appendID(appendText(b, e.photoID), c.ID) // RES-63
	b = e.appendPhotoTimes(append(b, "</id><updated>"...), c, "</updated>")
	b = e.appendPhotoLinks(b, c, "<link")
	return append(b, "</entry>"...)
}

func (e *Encoder) appendPhotoRSS(b []byte, c *contacts.Contact) []byte {
	b = append(b, e.xml.document...)
	b = append(e.appendPhotoETag(append(b, "<item"...), c), "><guid isPermaLink='false'>"...)
	b = appendID(appendText(b, e.photoID), c.ID)
	b = e.appendPhotoTimes(append(b, "</guid><atom:updated>"...), c, "</atom:updated>")
	b = append(b, "<title></title>"...) // an item must have a title or a description
	b = e.appendPhotoLinks(b, c, "<atom:link")
	return append(append(b, "</item>"...), e.xml.documentEnd...)
}

// appendPhotoETag appends the attribute gd:etag, where the version has one.
func (e *Encoder) appendPhotoETag(b []byte, c *contacts.Contact) []byte {
	if e.xml.etag == "" {
		return b
	}
	return append(appendAttr(append(b, " gd:etag='"...), c.Photo.ETag()), '\'')
}

// appendPhotoTimes appends the time of the last change, which updated ends,
// and its repetition, where the version has one.
func (e *Encoder) appendPhotoTimes(b []byte, c *contacts.Contact, updated string) []byte {
	b = append(appendTime(b, c.Rev), updated...)
	if e.o.View.Version < 2 {
		return b
	}
	b = append(b, "<app:edited xmlns:app='"+appNS+"'>"...) // VER-24
	return append(appendTime(b, c.Rev), "</app:edited>"...)
}

func (e *Encoder) appendPhotoLinks(b []byte, c *contacts.Contact, element string) []byte {
	for _, rel := range [...]string{"self", "edit"} {
		b = append(append(append(append(b, element...), " rel='"...), rel...), '\'')
		b = append(b, atomType...)
		b = appendID(appendAttr(b, e.photo), c.ID)
		b = append(b, "'/>"...)
	}
	return b
}

// appendPhotoJSON is appendPhotoAtom in JSON.
func (e *Encoder) appendPhotoJSON(b []byte, c *contacts.Contact) []byte {
	b = append(b, `{"xmlns":"`+atomNS+`","xmlns$gd":"`+gdNS+`",`...)
	if e.json.etag != "" {
		b = appendString(append(b, `"gd$etag":"`...), c.Photo.ETag())
		b = append(b, `",`...)
	}
	b = appendString(append(b, `"id":{"$t":"`...), e.photoID)
	b = append(appendID(b, c.ID), `"},"updated":{"$t":"`...)
	b = appendTime(b, c.Rev)
	if e.json.edited != "" {
		b = appendTime(append(b, e.json.edited...), c.Rev)
	}
	b = append(b, `"},"link":[`...)
	for i, rel := range [...]string{"self", "edit"} {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, `{"rel":"`...), rel...), `",`+jsonAtomType...)
		b = append(appendID(appendString(b, e.photo), c.ID), `"}`...)
	}
	return append(b, `]}`...)
}
