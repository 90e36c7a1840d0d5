package vcard

import (
	"strings"

	"contacts"
)

// The form in which properties without a field stay with the contact is that of
// RFC 6351, one element for each, in the piece of contacts.Extra that belongs to
// the entry itself:
//
//	<x-abuid xmlns='urn:ietf:params:xml:ns:vcard-4.0'><unknown>7E:ABPerson</unknown></x-abuid>
//	<group xmlns='urn:ietf:params:xml:ns:vcard-4.0' name='item1'><tz><unknown>Europe/London</unknown></tz></group>
//
// The value stands in the element unknown as it does in the card, with its
// escapes; in uri if the card says VALUE=uri; and the text of a UID in text.
// Parameters that a field does not hold stand in a parameters element on their
// own, with the element of that field.

const (
	xcardNS    = "urn:ietf:params:xml:ns:vcard-4.0"
	xcardDecl  = " xmlns='" + xcardNS + "'"
	parameters = "<parameters" + xcardDecl + ">"
	noteParams = parameters + "<x-of><text>NOTE</text></x-of>" // of the notes, whose element has no room for XML
)

// appendXCard appends the element of a property.
func appendXCard(b []byte, p *Property) []byte {
	decl := xcardDecl
	if p.Group != "" {
		b = append(append(append(b, "<group"...), decl...), " name='"...)
		b = append(appendXMLAttr(b, p.Group), "'>"...)
		decl = ""
	}
	b = appendElementName(append(b, '<'), p.Name)
	b = append(append(b, decl...), '>')
	kind := "unknown"
	params := p.Params
	value := p.Value
	switch {
	case len(params) == 1 && params[0] == Param{"VALUE", "uri"}:
		kind, params = "uri", nil
	case p.Name == "UID" && len(params) == 0:
		kind, value = "text", p.Text()
	}
	if len(params) > 0 {
		b = appendXParams(append(b, "<parameters>"...), params)
		b = append(b, "</parameters>"...)
	}
	b = append(append(b, '<'), kind...)
	if value == "" {
		b = append(b, "/>"...)
	} else {
		b = appendXMLText(append(b, '>'), value)
		b = append(append(append(b, "</"...), kind...), '>')
	}
	b = appendElementName(append(b, "</"...), p.Name)
	b = append(b, '>')
	if p.Group != "" {
		b = append(b, "</group>"...)
	}
	return b
}

// appendElementName appends a name in small letters. One that XML does not
// allow gets an underscore before it.
func appendElementName(b []byte, name string) []byte {
	if !isNameStart(name[0]) {
		b = append(b, '_')
	}
	for i := range len(name) {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return b
}

// propertyName is the name that an element stands for, or empty.
func propertyName(local string) string {
	if len(local) > 1 && local[0] == '_' && !isNameStart(local[1]) {
		local = local[1:]
	}
	for i := range len(local) {
		if !nameChar[local[i]] {
			return ""
		}
	}
	return upper(local)
}

func appendXParams(b []byte, params []Param) []byte {
	for i := 0; i < len(params); {
		name := params[i].Name
		kind := "text"
		switch name {
		case "PREF":
			kind = "integer"
		case "LANGUAGE":
			kind = "language-tag"
		}
		b = append(appendElementName(append(b, '<'), name), '>')
		for ; i < len(params) && params[i].Name == name; i++ {
			if params[i].Value == "" {
				b = append(append(append(b, '<'), kind...), "/>"...)
				continue
			}
			b = append(append(append(b, '<'), kind...), '>')
			b = appendXMLText(b, params[i].Value)
			b = append(append(append(b, "</"...), kind...), '>')
		}
		b = append(appendElementName(append(b, "</"...), name), '>')
	}
	return b
}

// readXCard adds the property that an element of the namespace stands for. It
// fails for an element that says more than a property can.
func readXCard(el *element, ps []Property) ([]Property, bool) {
	prefix, local := cutPrefix(el.name)
	if prefix != "" {
		prefix += ":"
	}
	if !isXCard(el) || local == "parameters" {
		return ps, false
	}
	if local != "group" {
		p, ok := readProperty(el, prefix, local)
		if !ok {
			return ps, false
		}
		return append(ps, p), true
	}
	group := attr(el.attrs, "name")
	for i := range len(group) {
		if !nameChar[group[i]] {
			return ps, false
		}
	}
	n := len(ps)
	for body := el.body; body != ""; {
		inner, rest, ok := cutElement(body)
		if !ok || !strings.HasPrefix(inner.name, prefix) {
			return ps[:n], false
		}
		p, ok := readProperty(&inner, prefix, inner.name[len(prefix):])
		if !ok {
			return ps[:n], false
		}
		p.Group = group
		ps = append(ps, p)
		body = rest
	}
	return ps, len(ps) > n
}

// isXCard reports whether an element at the top is of the namespace.
func isXCard(el *element) bool {
	prefix, _ := cutPrefix(el.name)
	if prefix == "" {
		return strings.HasPrefix(el.attrs, xcardDecl) || attr(el.attrs, "xmlns") == xcardNS
	}
	return attr(el.attrs, "xmlns:"+prefix) == xcardNS
}

func readProperty(el *element, prefix, local string) (p Property, ok bool) {
	if p.Name = propertyName(local); p.Name == "" {
		return p, false
	}
	values := 0
	for body := el.body; body != ""; {
		inner, rest, ok := cutElement(body)
		if !ok || !strings.HasPrefix(inner.name, prefix) {
			return p, false
		}
		body = rest
		kind := inner.name[len(prefix):]
		if kind == "parameters" {
			if p.Params, ok = readXParams(p.Params, inner.body); !ok {
				return p, false
			}
			continue
		}
		if strings.IndexByte(inner.body, '<') >= 0 {
			return p, false
		}
		value := xmlText(inner.body)
		if kind == "text" {
			value = string(appendEscaped(nil, value))
		} else {
			value = strings.NewReplacer("\r\n", `\n`, "\n", `\n`, "\r", `\n`).Replace(value)
		}
		if kind == "uri" && values == 0 && p.Name != "UID" {
			p.Params = append(p.Params, Param{"VALUE", "uri"})
		}
		if values++; values > 1 {
			value = p.Value + "," + value
		}
		p.Value = value
	}
	return p, values > 0
}

// readXParams adds the parameters of a parameters element.
func readXParams(params []Param, body string) ([]Param, bool) {
	for body != "" {
		el, rest, ok := cutElement(body)
		if !ok {
			return params, false
		}
		_, local := cutPrefix(el.name)
		name := propertyName(local)
		if name == "" {
			return params, false
		}
		for inner := el.body; inner != ""; {
			v, after, ok := cutElement(inner)
			if !ok || strings.IndexByte(v.body, '<') >= 0 {
				return params, false
			}
			params = append(params, Param{name, xmlText(v.body)})
			inner = after
		}
		body = rest
	}
	return params, true
}

// keepParams keeps parameters with the element in of an Extra.
func keepParams(ex *contacts.Extra, in string, params []Param) {
	if len(params) == 0 {
		return
	}
	b := appendXParams(append(make([]byte, 0, 256), parameters...), params)
	addExtra(ex, contacts.Unknown{In: in, XML: string(append(b, "</parameters>"...))})
}

// addExtra adds a piece to an Extra, which has at most one for each place.
func addExtra(ex *contacts.Extra, u contacts.Unknown) {
	for i := range *ex {
		if old := &(*ex)[i]; old.In == u.In {
			if old.Attrs == "" {
				old.Attrs = u.Attrs
			}
			old.XML += u.XML
			return
		}
	}
	*ex = append(*ex, u)
}

// cutParams takes the parameters out of a piece of XML, and returns what is left.
func cutParams(params []Param, xml string) ([]Param, string) {
	if !strings.Contains(xml, xcardNS) {
		return params, xml
	}
	var left []byte
	for rest := xml; rest != ""; {
		el, after, ok := cutElement(rest)
		if !ok {
			return params, string(left) + rest
		}
		rest = after
		if _, local := cutPrefix(el.name); local == "parameters" && isXCard(&el) {
			n := len(params)
			if params, ok = readXParams(params, el.body); ok {
				continue
			}
			params = params[:n]
		}
		left = append(left, el.source...)
	}
	return params, string(left)
}

const uidOpen = "<uid" + xcardDecl + "><text>"

// UID is the unique id that a contact was imported with, or that SetUID gave
// it; empty without one.
func UID(c *contacts.Contact) string {
	for i := range c.Extra {
		u := &c.Extra[i]
		if u.In != "" || !strings.Contains(u.XML, xcardNS) {
			continue
		}
		if rest, ok := strings.CutPrefix(u.XML, uidOpen); ok {
			if end := strings.IndexByte(rest, '<'); end >= 0 {
				return xmlText(rest[:end])
			}
		}
		for rest := u.XML; rest != ""; {
			el, after, ok := cutElement(rest)
			if !ok {
				return ""
			}
			if isUID(&el) {
				if ps, ok := readXCard(&el, nil); ok {
					return ps[0].Text()
				}
			}
			rest = after
		}
	}
	return ""
}

func isUID(el *element) bool {
	_, local := cutPrefix(el.name)
	return local == "uid" && isXCard(el)
}

// SetUID gives a contact a unique id, or takes it away if it is empty.
func SetUID(c *contacts.Contact, uid string) {
	if UID(c) == uid {
		return
	}
	var ex contacts.Extra
	if uid != "" {
		p := Property{Name: "UID", Value: string(appendEscaped(nil, clean(uid)))}
		ex = append(ex, contacts.Unknown{XML: string(appendXCard(nil, &p))})
	}
	for _, u := range c.Extra {
		if u.In == "" {
			u.XML = withoutUID(u.XML)
		}
		if u.Attrs+u.XML != "" {
			addExtra(&ex, u)
		}
	}
	c.Extra = ex
}

// withoutUID is xml without its uid elements.
func withoutUID(xml string) string {
	var left []byte
	for rest := xml; rest != ""; {
		el, after, ok := cutElement(rest)
		if !ok {
			return string(left) + rest
		}
		if !isUID(&el) {
			left = append(left, el.source...)
		}
		rest = after
	}
	return string(left)
}

// BareUID is a unique id without the urn:uuid: that some programs write before
// it and others do not. Members of groups are compared by it.
func BareUID(uid string) string {
	if len(uid) > len("urn:uuid:") && strings.EqualFold(uid[:len("urn:uuid:")], "urn:uuid:") {
		return uid[len("urn:uuid:"):]
	}
	return uid
}
