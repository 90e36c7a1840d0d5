package wire

import (
	"strings"

	"contacts"
)

// An Entry is an entry as a client sent it: its contact or group, and what its
// envelope says about the request.
type Entry struct {
	Contact *contacts.Contact // or
	Group   *contacts.Group

	// Title is the text of atom:title. A group has it as its name as well; a
	// contact's name is gd:name alone, and what the title means for it depends
	// on the version (NAME-2, NAME-7, NAME-8).
	Title    string
	HasTitle bool

	ID     string // atom:id as sent, trimmed
	ETag   string // gd:etag as sent
	Fields string // gd:fields as sent: what a PATCH deletes (WRT-63)
}

// ParseContact reads one contact entry. ref resolves the href of a group
// membership (RES-64); its error is passed through. All other errors have kind
// Invalid, a code and, where there is one, a path.
//
// What a client cannot set is ignored (XML-8). The contact is as the client
// sent it: not normalized, and not validated.
func ParseContact(doc []byte, ref func(href string) (contacts.ID, error)) (*Entry, error) {
	p := newParser(doc, ref)
	defer p.free()
	return p.document(ContactKind)
}

// ParseGroup reads one group entry; see ParseContact.
func ParseGroup(doc []byte) (*Entry, error) {
	p := newParser(doc, nil)
	defer p.free()
	return p.document(GroupKind)
}

// document reads a document whose root is an entry.
func (p *parser) document(kind Kind) (*Entry, error) {
	e := newEntry(kind)
	if err := p.documentInto(e); err != nil {
		return nil, err
	}
	return e, nil
}

// documentInto reads a document whose root is an entry into e; see entryInto.
func (p *parser) documentInto(e *Entry) error {
	if p.next() != tokStart {
		return p.err
	}
	if p.name.ns != nsAtom || p.name.local != "entry" {
		return contacts.Errorf(contacts.Invalid, contacts.CodeInvalidEntry, "The document is not an Atom entry") // WRT-4
	}
	if err := p.entryInto(e); err != nil {
		return err
	}
	if p.next() == tokError {
		return p.err
	}
	return nil
}

func newEntry(kind Kind) *Entry {
	if kind == GroupKind {
		return &Entry{Group: &contacts.Group{}}
	}
	return &Entry{Contact: &contacts.Contact{}}
}

// entryInto reads the entry whose start tag was read last into e. What e has
// from a document before stays, unless this one has it too: what may repeat is
// added, and all else must not be in both.
func (p *parser) entryInto(e *Entry) error {
	var err error
	if g := e.Group; g != nil {
		err = parseEntry(p, groupShape, g, &g.Extra, e, GroupKind, nil)
		g.Name = e.Title
	} else {
		c := e.Contact
		err = parseEntry(p, contactShape, c, &c.Extra, e, ContactKind, &c.Notes)
	}
	return worded(err)
}

// parseEntry reads an entry: its envelope into e and content, all else by the
// rows of s into t.
func parseEntry[T any](p *parser, s *shape[T], t *T, ex *contacts.Extra, e *Entry, kind Kind, content *string) error {
	var attrs, xml []byte
	for i := range p.attrs {
		switch a := &p.attrs[i]; {
		case a.ns == nsGD && a.local == "etag":
			e.ETag = a.value // WRT-31
		case a.ns == nsGD && a.local == "fields":
			e.Fields = a.value // WRT-63
		default:
			attrs = p.appendAttr(attrs, a)
		}
	}
	if err := p.charge(len(attrs)); err != nil {
		return err
	}
	var seen uint64
	hint := 0
	hasContent := false
	for {
		switch p.next() {
		case tokError:
			return p.err
		case tokEnd:
			if len(attrs)+len(xml) > 0 {
				*ex = append(*ex, contacts.Unknown{Attrs: string(attrs), XML: string(xml)}) // XML-7
			}
			return p.charge(len(xml))
		case tokText:
			continue
		}
		if p.got != nil {
			p.got.at = p.at
		}
		var err error
		switch k := s.elem(p.name, hint); {
		case p.got != nil && p.got.isForeign(p.at):
			xml, err = p.appendFragment(xml)
		case k >= 0:
			hint = k
			row := &s.elems[k]
			if !row.repeats && seen&(1<<k) != 0 {
				return repeated(row.name.full)
			}
			seen |= 1 << k
			err = row.parse(p, t, ex)
		case p.name.ns == nsAtom && p.name.local == "title":
			if e.HasTitle {
				return repeated("atom:title")
			}
			e.HasTitle = true
			e.Title, err = p.textConstruct(ex, "title")
		case p.name.ns == nsAtom && p.name.local == "content":
			if hasContent {
				return repeated("atom:content")
			}
			hasContent = true
			if content == nil {
				err = p.skip()
			} else {
				*content, err = p.textConstruct(ex, "content")
			}
		case p.name.ns == nsAtom && p.name.local == "id":
			e.ID, err = p.simpleText()
		case p.name.ns == nsAtom && p.name.local == "category" && p.value("scheme") == kindScheme:
			if err = p.checkKind(kind); err == nil {
				err = p.skip()
			}
		case p.name.isIgnored() && p.op != nil:
			err = p.op.read(p)
		case p.name.isIgnored() && p.got != nil:
			err = p.got.read(p)
		case p.name.isIgnored():
			err = p.skip() // XML-8 WRT-25
		default:
			xml, err = p.appendFragment(xml)
		}
		if err != nil {
			return err
		}
	}
}

// isIgnored reports whether the name is that of a child of an entry that a
// client cannot set.
func (n *xmlName) isIgnored() bool {
	switch n.ns {
	case nsAtom:
		switch n.local {
		case "updated", "published", "link", "author", "rights", "summary": // ELEM-13
			return true
		}
	case nsApp, nsAppOld, nsAppOldPlain:
		return n.local == "edited" // VER-21
	case nsGD:
		return n.local == "deleted"
	case nsContact:
		return n.local == "systemGroup" // ELEM-108
	case nsBatch:
		return true
	}
	return false
}

// checkKind refuses the category whose start tag was read last if it is that of
// another kind.
func (p *parser) checkKind(k Kind) error {
	term := p.value("term")
	if p.got != nil {
		p.got.at = -1
		if k == ContactKind && term == profileTerm {
			return nil
		}
	}
	return k.check(term)
}

// check refuses the term of another kind. Some wrong terms of the documents are
// accepted.
func (k Kind) check(term string) error {
	switch term {
	case k.term():
		return nil
	case "http://schemas.google.com/g/2008#contact", gdNS + "#contact": // ELEM-6
		if k == ContactKind {
			return nil
		}
	case gdNS + "#group": // ELEM-6
		if k == GroupKind {
			return nil
		}
	}
	err := contacts.Errorf(contacts.Invalid, contacts.CodeInvalidEntry, "Not the kind of entry that belongs here: %.100q", term)
	err.Path = "atom:category/@term"
	return err
}

// value is the value of an attribute without namespace of the start tag read last.
func (p *parser) value(local string) string {
	for i := range p.attrs {
		if a := &p.attrs[i]; a.ns == nsNone && a.local == local {
			return a.value
		}
	}
	return ""
}

// skip reads to the end of the element whose start tag was read last.
func (p *parser) skip() error {
	for depth := 1; depth > 0; {
		switch p.next() {
		case tokStart:
			depth++
		case tokEnd:
			depth--
		case tokError:
			return p.err
		}
	}
	return nil
}

// simpleText reads the text of the element whose start tag was read last.
func (p *parser) simpleText() (string, error) {
	s, err := p.rawText()
	return trim(s), err
}

// rawText is simpleText with the blanks at both ends.
func (p *parser) rawText() (string, error) {
	var body runs
	for depth := 1; depth > 0; {
		switch p.next() {
		case tokStart:
			depth++
		case tokEnd:
			depth--
		case tokText:
			body.add(p.text)
		case tokError:
			return "", p.err
		}
	}
	return body.String(), nil
}

// textConstruct reads a title or content as plain text. HTML becomes its text
// (ELEM-8); unknown parts go to ex.
func (p *parser) textConstruct(ex *contacts.Extra, in string) (string, error) {
	var kind string
	var attrs, xml, markup []byte
	var body runs
	for i := range p.attrs {
		if a := &p.attrs[i]; a.ns == nsNone && a.local == "type" {
			kind = strings.ToLower(a.value)
		} else {
			attrs = p.appendAttr(attrs, a)
		}
	}
	xhtml := kind == "xhtml" || kind == "application/xhtml+xml"
	for more := true; more; {
		var err error
		switch tok := p.next(); {
		case tok == tokError:
			return "", p.err
		case tok == tokEnd:
			more = false
		case tok == tokStart && xhtml:
			markup, err = p.appendFragment(markup)
		case tok == tokStart:
			xml, err = p.appendFragment(xml)
		case xhtml:
			markup = appendText(markup, p.text)
		default:
			body.add(p.text)
		}
		if err != nil {
			return "", err
		}
	}
	text := trim(body.String())
	switch {
	case xhtml:
		text = htmlText(string(markup)) // ELEM-8
	case kind == "html" || kind == "text/html":
		text = htmlText(text) // ELEM-8
	}
	if text != "" && len(attrs)+len(xml) > 0 {
		*ex = append(*ex, contacts.Unknown{In: in, Attrs: string(attrs), XML: string(xml)}) // XML-7
	}
	return text, p.charge(len(attrs) + len(xml))
}
