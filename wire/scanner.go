package wire

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"

	"contacts"
)

// Limits of one document.
const (
	maxDepth      = 100    // SEC-10
	maxElements   = 100000 // SEC-10
	maxAttributes = 256    // of one element, so that looking for duplicates stays cheap
	maxPrefixes   = 512    // in scope, so that looking one up stays cheap
)

// A token is what a scanner found last.
type token uint8

const (
	tokError token = iota // see scanner.err; every later token is the same
	tokStart              // a start tag: name, attrs, decls
	tokEnd                // an end tag, or the end of an empty element
	tokText               // character data: text
	tokEOF
)

// A scanner is a strict pull parser for XML 1.0 with namespaces. It refuses
// what is not well-formed, and document type declarations. The strings it
// returns are parts of the document wherever nothing had to be replaced.
type scanner struct {
	s    string
	pos  int
	err  *contacts.Error
	cut  *contacts.Error // what follows the part of the document that is text; nil if it is all text
	ours bool            // one of our encoders wrote the document, so that it has no limits

	at    int // where the start tag begins
	name  xmlName
	attrs []xmlAttr // of the start tag, without namespace declarations
	decls []binding // namespace declarations of the start tag
	text  string

	open    []openElement
	binds   []binding // prefixes in scope, the innermost last
	uris    []string  // of namespaces from nsKnown on
	uriIDs  map[string]nsID
	count   int  // of elements
	empty   bool // the start tag just read ends its element
	rooted  bool // the root element has begun
	scratch []byte

	attrSpace [8]xmlAttr
	openSpace [8]openElement
	bindSpace [8]binding
	declSpace [8]binding
}

type xmlName struct {
	ns            nsID
	prefix, local string
}

type xmlAttr struct {
	xmlName
	value string
}

// A binding gives a prefix, or with an empty one the unprefixed elements, a namespace.
type binding struct {
	prefix string
	ns     nsID
}

type openElement struct {
	raw   string // name as written
	binds int    // length of binds outside
}

// start begins to read doc, which start copies (XML-2). On failure the first
// token is tokError.
func (z *scanner) start(doc []byte) {
	z.startPart(doc)
	if z.cut != nil {
		z.err = z.cut
	}
}

// startPart is start for a document that may be read as far as it is text. If
// that is not to its end, then reading fails there.
func (z *scanner) startPart(doc []byte) {
	z.attrs, z.open, z.binds, z.decls = z.attrSpace[:0], z.openSpace[:0], z.bindSpace[:0], z.declSpace[:0]
	s, utf16, problem := decode(doc)
	if i := firstInvalid(s); i >= 0 {
		s, problem = s[:i], "invalid UTF-8 or a character that XML does not allow" // XML-9
	}
	z.s = s
	if problem != "" {
		z.fail(len(s), "%s", problem)
		z.cut, z.err = z.err, nil
	}
	z.declaration(utf16)
}

// fail records an error at a position and is the token for it. In a document
// that is not all text, that is the error.
func (z *scanner) fail(at int, format string, args ...any) token {
	if z.err = cmp.Or(z.err, z.cut); z.err == nil {
		line, column := position(z.s, at)
		z.err = contacts.Errorf(contacts.Invalid, contacts.CodeParse, "Malformed XML at line %d, column %d: %s", line, column, fmt.Sprintf(format, args...)) // XML-5 ERR-23
	}
	return tokError
}

// position is the line and the column, in characters, of a byte; both count from 1.
func position(s string, at int) (line, column int) {
	s = s[:min(at, len(s))]
	line = 1 + strings.Count(s, "\n")
	s = s[strings.LastIndexByte(s, '\n')+1:]
	return line, 1 + utf8.RuneCountInString(s)
}

// next reads the next token.
func (z *scanner) next() token {
	if z.err != nil {
		return tokError
	}
	if z.empty {
		z.empty = false
		z.pop()
		return tokEnd
	}
	for {
		if len(z.open) == 0 {
			for z.pos < len(z.s) && isSpace(z.s[z.pos]) {
				z.pos++
			}
			if z.pos == len(z.s) {
				if !z.rooted || z.cut != nil {
					return z.fail(z.pos, "no root element")
				}
				return tokEOF
			}
			if z.s[z.pos] != '<' {
				return z.fail(z.pos, "text outside the root element")
			}
		}
		if z.pos >= len(z.s) {
			return z.fail(z.pos, "unexpected end in element %s", z.open[len(z.open)-1].raw)
		}
		if z.s[z.pos] != '<' {
			return z.charData()
		}
		if z.pos+1 >= len(z.s) {
			return z.fail(z.pos, "unexpected end")
		}
		switch z.s[z.pos+1] {
		case '/':
			return z.endTag()
		case '?':
			if !z.instruction() {
				return tokError
			}
		case '!':
			switch rest := z.s[z.pos:]; {
			case strings.HasPrefix(rest, "<!--"):
				if !z.comment() {
					return tokError
				}
			case strings.HasPrefix(rest, "<![CDATA["):
				return z.cdata()
			case strings.HasPrefix(rest, "<!DOCTYPE"):
				return z.fail(z.pos, "document type declarations are not accepted") // XML-4 SEC-10
			default:
				return z.fail(z.pos, "unknown markup")
			}
		default:
			return z.startTag()
		}
	}
}

// startTag reads a start tag or an empty element.
func (z *scanner) startTag() token {
	at := z.pos
	if len(z.open) == 0 && z.rooted {
		return z.fail(at, "a second root element")
	}
	if z.count++; z.count > maxElements && !z.ours {
		return z.fail(at, "more than %d elements", maxElements) // SEC-10
	}
	if len(z.open) >= maxDepth && !z.ours {
		return z.fail(at, "elements nested deeper than %d", maxDepth) // SEC-10
	}
	z.rooted, z.at = true, at
	prefix, local, i, ok := z.qname(at + 1)
	if !ok {
		return tokError
	}
	raw := z.s[at+1 : i]
	outer := len(z.binds)
	z.attrs, z.decls = z.attrs[:0], z.decls[:0]
	for {
		spaced := i < len(z.s) && isSpace(z.s[i])
		for i < len(z.s) && isSpace(z.s[i]) {
			i++
		}
		if i >= len(z.s) {
			return z.fail(i, "unexpected end in a tag")
		}
		if z.s[i] == '>' {
			i++
			break
		}
		if z.s[i] == '/' {
			if i+1 >= len(z.s) || z.s[i+1] != '>' {
				return z.fail(i, "/ in a tag")
			}
			z.empty = true
			i += 2
			break
		}
		if !spaced {
			return z.fail(i, "no blank before an attribute")
		}
		if i, ok = z.attribute(i); !ok {
			return tokError
		}
	}
	if len(z.binds) > maxPrefixes && !z.ours {
		return z.fail(at, "more than %d namespace prefixes", maxPrefixes)
	}
	z.open = append(z.open, openElement{raw, outer})
	z.pos = i
	ns, ok := z.lookup(prefix)
	if !ok {
		return z.fail(at, "undeclared prefix %s", prefix)
	}
	z.name = xmlName{ns, prefix, local} // XML-1
	return z.resolve(at)
}

// attribute reads one attribute at i into attrs or decls, and returns the
// position after it.
func (z *scanner) attribute(i int) (int, bool) {
	at := i
	prefix, local, i, ok := z.qname(i)
	if !ok {
		return i, false
	}
	for i < len(z.s) && isSpace(z.s[i]) {
		i++
	}
	if i >= len(z.s) || z.s[i] != '=' {
		z.fail(i, "attribute without value")
		return i, false
	}
	i++
	for i < len(z.s) && isSpace(z.s[i]) {
		i++
	}
	value, i, ok := z.attrValue(i)
	if !ok {
		return i, false
	}
	switch {
	case prefix == "" && local == "xmlns":
		return i, z.declare(at, "", value)
	case prefix == "xmlns":
		return i, z.declare(at, local, value)
	}
	if len(z.attrs) >= maxAttributes && !z.ours {
		z.fail(at, "more than %d attributes", maxAttributes)
		return i, false
	}
	z.attrs = append(z.attrs, xmlAttr{xmlName{nsNone, prefix, local}, value})
	return i, true
}

// resolve gives the attributes their namespaces and refuses duplicates.
func (z *scanner) resolve(at int) token {
	for i := range z.attrs {
		a := &z.attrs[i]
		if a.prefix != "" {
			ns, ok := z.lookup(a.prefix)
			if !ok {
				return z.fail(at, "undeclared prefix %s", a.prefix)
			}
			a.ns = ns
		}
		for j := range i {
			if b := &z.attrs[j]; b.local == a.local && b.ns == a.ns {
				return z.fail(at, "attribute %s twice", a.local)
			}
		}
	}
	return tokStart
}

// declare binds a prefix in the start tag being read.
func (z *scanner) declare(at int, prefix, uri string) bool {
	ns := z.id(uri)
	switch {
	case prefix == "xmlns" || ns == nsXMLNS:
		z.fail(at, "the prefix xmlns cannot be declared")
	case (prefix == "xml") != (ns == nsXML):
		z.fail(at, "the prefix xml belongs to its own namespace")
	case prefix != "" && ns == nsNone:
		z.fail(at, "prefix %s without a namespace", prefix)
	case len(z.decls) >= maxAttributes && !z.ours:
		z.fail(at, "more than %d namespace declarations", maxAttributes)
	}
	for _, d := range z.decls {
		if d.prefix == prefix {
			z.fail(at, "prefix %s declared twice", prefix)
		}
	}
	if z.err != nil {
		return false
	}
	z.decls = append(z.decls, binding{prefix, ns})
	z.binds = append(z.binds, binding{prefix, ns})
	return true
}

// lookup finds the namespace of a prefix.
func (z *scanner) lookup(prefix string) (nsID, bool) {
	for i := len(z.binds) - 1; i >= 0; i-- {
		if z.binds[i].prefix == prefix {
			return z.binds[i].ns, true
		}
	}
	switch prefix {
	case "":
		return nsNone, true
	case "xml":
		return nsXML, true
	}
	return nsNone, false
}

// id numbers a namespace.
func (z *scanner) id(uri string) nsID {
	for i := range knownNS {
		if knownNS[i] == uri {
			return nsID(i)
		}
	}
	if id, ok := z.uriIDs[uri]; ok {
		return id
	}
	if z.uriIDs == nil {
		z.uriIDs = map[string]nsID{}
	}
	id := nsKnown + nsID(len(z.uris))
	z.uris = append(z.uris, uri)
	z.uriIDs[uri] = id
	return id
}

// uri is the name of a namespace.
func (z *scanner) uri(ns nsID) string {
	if ns < nsKnown {
		return knownNS[ns]
	}
	return z.uris[ns-nsKnown]
}

func (z *scanner) endTag() token {
	i := z.pos + 2
	if len(z.open) == 0 {
		return z.fail(z.pos, "end tag without start tag")
	}
	raw := z.open[len(z.open)-1].raw
	if !strings.HasPrefix(z.s[i:], raw) {
		return z.fail(z.pos, "element %s is not closed", raw)
	}
	i += len(raw)
	for i < len(z.s) && isSpace(z.s[i]) {
		i++
	}
	if i >= len(z.s) || z.s[i] != '>' {
		return z.fail(z.pos, "element %s is not closed", raw)
	}
	z.pos = i + 1
	z.pop()
	return tokEnd
}

// A bookmark is the place of a start tag.
type bookmark struct{ at, depth, binds, count int }

// bookmark is the place of the start tag read last.
func (z *scanner) bookmark() bookmark {
	depth := len(z.open) - 1
	return bookmark{z.at, depth, z.open[depth].binds, z.count - 1}
}

// back makes the start tag at m, in which or at the end of which everything
// after it was, the next token.
func (z *scanner) back(m bookmark) {
	z.pos, z.open, z.binds, z.count, z.empty = m.at, z.open[:m.depth], z.binds[:m.binds], m.count, false
}

// pop leaves the innermost element.
func (z *scanner) pop() {
	n := len(z.open) - 1
	z.binds = z.binds[:z.open[n].binds]
	z.open = z.open[:n]
}

// instruction skips a processing instruction.
func (z *scanner) instruction() bool {
	at := z.pos
	i, ok := z.anyName(at + 2)
	if !ok {
		return false
	}
	if strings.EqualFold(z.s[at+2:i], "xml") {
		z.fail(at, "XML declaration inside the document")
		return false
	}
	n := strings.Index(z.s[i:], "?>")
	if n < 0 || n > 0 && !isSpace(z.s[i]) {
		z.fail(at, "processing instruction without end")
		return false
	}
	z.pos = i + n + 2
	return true
}

// comment skips a comment.
func (z *scanner) comment() bool {
	from := z.pos + len("<!--")
	n := strings.Index(z.s[from:], "--")
	if n < 0 {
		z.fail(z.pos, "comment without end")
		return false
	}
	if end := from + n + 2; end >= len(z.s) || z.s[end] != '>' {
		z.fail(from+n, "-- in a comment")
		return false
	}
	z.pos = from + n + 3
	return true
}

// cdata reads a CDATA section as text.
func (z *scanner) cdata() token {
	if len(z.open) == 0 {
		return z.fail(z.pos, "text outside the root element")
	}
	from := z.pos + len("<![CDATA[")
	n := strings.Index(z.s[from:], "]]>")
	if n < 0 {
		return z.fail(z.pos, "CDATA section without end")
	}
	z.text = z.s[from : from+n]
	if strings.IndexByte(z.text, '\r') >= 0 {
		z.text = strings.ReplaceAll(strings.ReplaceAll(z.text, "\r\n", "\n"), "\r", "\n")
	}
	z.pos = from + n + 3
	return tokText
}
