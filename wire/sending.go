package wire

import (
	"bytes"
	"reflect"

	"contacts"
)

// A Sender writes entries as a client sends them: without what only the server
// can say, and with everything that the contact has. It does not change after
// NewSender, so goroutines may share it.
type Sender struct{ e Encoder }

// NewSender makes a Sender for a version of the protocol. The href of a
// membership is groups and the ID of the group.
//
// In versions 1 and 2 an address that is Plain becomes gd:postalAddress, and a
// name that is a whole alone is the title alone: so nothing is sent that the
// version cannot show, unless the caller set it (VER-9).
func NewSender(k Kind, version int, groups string) *Sender {
	s := &Sender{}
	s.e.o = Options{Kind: k, View: contacts.View{Version: version, Shared: true, Projection: contacts.Full.Projection}}
	s.e.class, s.e.group = classOf(s.e.o.View), groups
	s.e.xml = s.e.atomParts()
	return s
}

// A Sent is what a client says of an entry besides the contact or group. Empty
// fields are left out.
type Sent struct {
	ID     string // atom:id
	ETag   string // gd:etag
	Fields string // gd:fields
	Edit   string // href of the edit link

	BatchID   string
	Operation string // type of batch:operation
}

// AppendContact appends the contact as a document of its own, without XML
// declaration, so that it may stand in a feed as well. A nil contact has the
// envelope alone. It fails with kind Invalid, and appends nothing, if the
// contact has text that XML cannot carry, or XML that is not well-formed.
func (s *Sender) AppendContact(b []byte, c *contacts.Contact, a Sent) ([]byte, error) {
	if c == nil {
		return s.finish(s.begin(b, a, nil), len(b), nil)
	}
	from := len(b)
	b = s.begin(b, a, find(c.Extra, ""))
	title := c.Name.Full
	if title == "" && s.e.o.View.Version < 3 {
		whole := contacts.Contact{Name: c.Name}
		whole.Normalize()
		title = whole.Name.Full // NAME-1
	}
	b = s.appendText(b, "<title", find(c.Extra, "title"), title, "</title>")
	b = s.appendText(b, "<content", find(c.Extra, "content"), c.Notes, "</content>")
	elems := contactViews[s.e.class]
	if s.e.o.View.Version < 3 && isWhole(&c.Name) {
		elems = elems[1:] // without gd:name, which comes first: the title says it
	}
	b = appendElems(b, elems, c, &s.e, c.Extra)
	if u := find(c.Extra, ""); u != nil {
		b = append(b, u.XML...) // XML-7 LIB-60
	}
	return s.finish(b, from, c)
}

// isWhole reports whether the name is a full name at most.
func isWhole(n *contacts.Name) bool {
	rest := *n
	rest.Full = ""
	return rest.IsZero()
}

// AppendGroup is to groups what AppendContact is to contacts.
func (s *Sender) AppendGroup(b []byte, g *contacts.Group, a Sent) ([]byte, error) {
	if g == nil {
		return s.finish(s.begin(b, a, nil), len(b), nil)
	}
	from := len(b)
	b = s.begin(b, a, find(g.Extra, ""))
	b = s.appendText(b, "<title", find(g.Extra, "title"), g.Name, "</title>")
	b = appendElems(b, groupShape.elems, g, &s.e, g.Extra)
	if u := find(g.Extra, ""); u != nil {
		b = append(b, u.XML...) // XML-7 LIB-60
	}
	return s.finish(b, from, g)
}

// begin appends the envelope.
func (s *Sender) begin(b []byte, a Sent, u *contacts.Unknown) []byte {
	b = append(b, "<entry xmlns='"+atomNS+"' xmlns:gd='"+gdNS+"' xmlns:gContact='"+contactNS+"' xmlns:batch='"+batchNS+"'"...)
	for _, attr := range [...]struct{ open, value string }{{" gd:etag='", a.ETag}, {" gd:fields='", a.Fields}} {
		if attr.value != "" {
			b = append(appendAttr(append(b, attr.open...), attr.value), '\'')
		}
	}
	if u != nil {
		b = append(b, u.Attrs...) // XML-7
	}
	b = append(b, '>')
	if a.BatchID != "" {
		b = append(appendText(append(b, "<batch:id>"...), a.BatchID), "</batch:id>"...)
	}
	if a.Operation != "" {
		b = append(appendAttr(append(b, "<batch:operation type='"...), a.Operation), "'/>"...)
	}
	if a.ID != "" {
		b = append(appendText(append(b, "<id>"...), a.ID), "</id>"...)
	}
	b = append(b, "<category scheme='"+kindScheme+"' term='"...)
	b = append(append(b, s.e.o.Kind.term()...), "'/>"...)
	if a.Edit != "" {
		b = appendLinkXML(b, "<link", link{"edit", feedType, a.Edit})
	}
	return b
}

// appendText appends an element with a text, or nothing without one.
func (s *Sender) appendText(b []byte, open string, u *contacts.Unknown, text, end string) []byte {
	if text == "" {
		return b
	}
	return s.e.appendTextXML(append(b, open...), u, text, end)
}

// finish ends the entry that begins at from, and checks it. v is what it was
// made of.
func (s *Sender) finish(b []byte, from int, v any) ([]byte, error) {
	b = append(b, "</entry>"...)
	if bytes.Contains(b[from:], []byte("\uFFFD")) && !hasText(v) { // the encoder put it there
		return b[:from], contacts.Errorf(contacts.Invalid, contacts.CodeParse, "The entry cannot be sent: it has a character that XML does not allow")
	}
	p := newParser(b[from:], nil)
	defer p.free()
	for {
		switch p.next() {
		case tokError:
			return b[:from], contacts.Errorf(contacts.Invalid, contacts.CodeParse, "The entry cannot be sent: %s", p.err.Reason)
		case tokEOF:
			return b, nil
		}
	}
}

// hasText reports whether all texts of a contact or group are such.
func hasText(v any) bool {
	ok := true
	eachText(reflect.ValueOf(v), func(s *string) { ok = ok && contacts.IsText(*s) })
	return ok
}

// AppendBatch appends a feed of entries that a Sender wrote.
func AppendBatch(b, entries []byte) []byte {
	b = append(b, xmlDeclaration+"<feed xmlns='"+atomNS+"'>"...)
	return append(append(b, entries...), "</feed>"...)
}
