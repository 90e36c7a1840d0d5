package wire

import (
	"strconv"
	"strings"

	"contacts"
)

// What the schema does not know is kept as XML in canonical form: attributes in
// single quotes, namespace declarations first, empty elements without end tag,
// no comments. Elements declare every prefix that they use, so that they mean
// the same wherever they stand. The prefixes are the client's.

// charge counts bytes of unknown attributes and children towards the limit of
// the entry.
func (p *parser) charge(n int) error {
	if p.extra += n; p.extra > p.maxExtra() {
		return contacts.Errorf(contacts.Invalid, contacts.CodeInvalidEntry,
			"At most %d bytes of elements and attributes outside the schema", p.maxExtra()) // XML-7
	}
	return nil
}

// maxExtra is the limit of an entry.
func (p *parser) maxExtra() int {
	if p.got != nil {
		return maxReceivedExtra
	}
	return contacts.MaxExtraBytes
}

// adopt puts the unknown parts of one of several simple elements into ex. Only
// the first of two that have the same place keeps them.
func adopt(ex *contacts.Extra, own contacts.Extra, place string) {
	if len(own) == 0 || find(*ex, place) != nil {
		return
	}
	own[0].In = place
	*ex = append(*ex, own[0])
}

// appendAttr appends an unknown attribute of an element of the schema, with the
// declaration of its prefix. The prefixes gd and gContact are in scope already.
func (p *parser) appendAttr(b []byte, a *xmlAttr) []byte {
	prefix := a.prefix
	switch {
	case a.ns == nsNone || a.ns == nsXML:
	case a.ns == nsGD:
		prefix = "gd"
	case a.ns == nsContact:
		prefix = "gContact"
	default:
		if p.clashes(prefix) {
			for n := 1; ; n++ {
				if prefix = "ns" + strconv.Itoa(n); !p.uses(prefix) && !declares(b, prefix) {
					break
				}
			}
		}
		if !declares(b, prefix) {
			b = append(append(b, " xmlns:"...), prefix...)
			b = appendAttr(append(b, "='"...), p.uri(a.ns))
			b = append(b, '\'')
		}
	}
	b = append(b, ' ')
	if prefix != "" {
		b = append(append(b, prefix...), ':')
	}
	b = append(append(b, a.local...), "='"...)
	return append(appendAttr(b, a.value), '\'')
}

// clashes reports whether our output gives the prefix another meaning.
func (p *parser) clashes(prefix string) bool {
	_, ok := reserved[prefix]
	return ok
}

// uses reports whether an attribute of the current start tag has the prefix.
func (p *parser) uses(prefix string) bool {
	for i := range p.attrs {
		if p.attrs[i].prefix == prefix {
			return true
		}
	}
	return false
}

// declares reports whether canonical attributes have the declaration of a prefix.
func declares(attrs []byte, prefix string) bool {
	return strings.Contains(string(attrs), " xmlns:"+prefix+"='")
}

// appendFragment appends the element whose start tag was read last, to its end
// tag, in canonical form.
func (p *parser) appendFragment(b []byte) ([]byte, error) {
	type level struct {
		raw   string
		scope int // length of p.scope outside
	}
	p.scope = p.scope[:0]
	p.blobs -= len(b)
	budget := 2*len(p.s) + p.maxExtra() // repeated declarations must not swell a document
	var levels []level
	open := false // the last start tag lacks its end
	for tok := tokStart; ; tok = p.next() {
		switch tok {
		case tokError:
			return b, p.err
		case tokStart:
			if open {
				b = append(b, '>')
			}
			open = true
			raw := p.open[len(p.open)-1].raw
			levels = append(levels, level{raw, len(p.scope)})
			b = p.appendStartTag(b, raw)
			if p.blobs+len(b) > budget {
				p.blobs += len(b)
				return b, p.charge(p.maxExtra() + 1)
			}
		case tokText:
			if open && p.text != "" {
				b, open = append(b, '>'), false
			}
			b = appendText(b, p.text)
		case tokEnd:
			last := levels[len(levels)-1]
			if open {
				b, open = append(b, "/>"...), false
			} else {
				b = append(append(append(b, "</"...), last.raw...), '>')
			}
			p.scope = p.scope[:last.scope]
			if levels = levels[:len(levels)-1]; len(levels) == 0 {
				p.blobs += len(b)
				return b, nil
			}
		}
	}
}

// appendStartTag appends the start tag read last without its end: first the
// namespaces that the client declared there, then those that the tag needs,
// then the attributes.
func (p *parser) appendStartTag(b []byte, raw string) []byte {
	b = append(append(b, '<'), raw...)
	for _, d := range p.decls {
		b = p.appendDeclaration(b, d)
	}
	b = p.appendDeclaration(b, binding{p.name.prefix, p.name.ns})
	for i := range p.attrs {
		if a := &p.attrs[i]; a.prefix != "" {
			b = p.appendDeclaration(b, binding{a.prefix, a.ns})
		}
	}
	for i := range p.attrs {
		a := &p.attrs[i]
		b = append(b, ' ')
		if a.prefix != "" {
			b = append(append(b, a.prefix...), ':')
		}
		b = append(append(b, a.local...), "='"...)
		b = append(appendAttr(b, a.value), '\'')
	}
	return b
}

// appendDeclaration declares a prefix unless it has the namespace already.
func (p *parser) appendDeclaration(b []byte, d binding) []byte {
	if d.ns == nsXML {
		return b
	}
	for i := len(p.scope) - 1; i >= 0; i-- {
		if p.scope[i].prefix == d.prefix {
			if p.scope[i].ns == d.ns {
				return b
			}
			break
		}
	}
	p.scope = append(p.scope, d)
	b = append(b, " xmlns"...)
	if d.prefix != "" {
		b = append(append(b, ':'), d.prefix...)
	}
	b = appendAttr(append(b, "='"...), p.uri(d.ns))
	return append(b, '\'')
}
