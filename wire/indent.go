package wire

import "bytes"

// An Indenter lays a document out for people to read (QRY-16): line breaks and
// two blanks a level between its parts, and not a byte of its text changed. The
// document may come in pieces, as an Encoder makes them; the zero value is not
// usable.
type Indenter struct {
	indent func(*Indenter, []byte, []byte) []byte

	depth  int
	began  bool // something has been written
	opened bool // nothing has been written since the element, object or array began
	kept   int  // XML: elements open in one that is copied as it is
	quoted bool // JSON: in a string
	escape bool // JSON: after a backslash in a string
}

// NewIndenter returns an Indenter for a document in a format.
func NewIndenter(f Format) *Indenter {
	if f == Atom || f == RSS {
		return &Indenter{indent: (*Indenter).appendXML}
	}
	return &Indenter{indent: (*Indenter).appendJSON}
}

// Append appends the next piece of the document, which ends where one of the
// Encoder's does.
func (in *Indenter) Append(b, piece []byte) []byte { return in.indent(in, b, piece) }

// inner are the elements whose children get lines of their own. All others are
// copied as they are: they hold text, or something of the client's, in which a
// line break would mean something.
var inner = map[string]bool{
	"feed": true, "entry": true, "rss": true, "channel": true, "item": true, "author": true,
	"gd:name": true, "gd:organization": true, "gd:structuredPostalAddress": true, "gContact:event": true,
}

// appendXML relies on the form of XML that this package writes: no comments, no
// CDATA, and neither < nor > but around tags.
func (in *Indenter) appendXML(b, xml []byte) []byte {
	for len(xml) > 0 {
		end := bytes.IndexByte(xml, '>') + 1
		if end == 0 {
			end = len(xml)
		}
		tag := xml[:end] // with the text before it
		xml = xml[end:]
		i := bytes.IndexByte(tag, '<')
		if i < 0 || tag[i+1] == '?' {
			b = append(b, tag...)
			in.began = true
			continue
		}
		closes, empty := tag[i+1] == '/', tag[end-2] == '/'
		switch {
		case in.kept > 0 && closes:
			in.kept--
		case in.kept > 0 && !empty:
			in.kept++
		case in.kept > 0:
		case closes:
			in.depth--
			if !in.opened {
				b = in.line(b)
			}
			in.opened = false
		default:
			b = in.line(b)
			if empty {
				break
			}
			if in.isInner(tag[i+1 : end-1]) {
				in.depth++
				in.opened = true
			} else {
				in.kept = 1
			}
		}
		b = append(b, tag...)
	}
	return b
}

// isInner reports whether a start tag, without its brackets, begins an element
// of inner. An element of the client's, which may have any name, declares its
// namespace itself, and among ours only the root has declarations.
func (in *Indenter) isInner(tag []byte) bool {
	name, rest, _ := bytes.Cut(tag, []byte(" "))
	return inner[string(name)] && (in.depth == 0 || !bytes.Contains(rest, []byte("xmlns")))
}

// appendJSON also lays out JSON inside a script.
func (in *Indenter) appendJSON(b, json []byte) []byte {
	for _, c := range json {
		switch {
		case in.quoted:
			in.quoted = c != '"' || in.escape
			in.escape = c == '\\' && !in.escape
			b = append(b, c)
			continue
		case c == '}' || c == ']':
			in.depth--
			if !in.opened {
				b = in.line(b)
			}
			in.opened = false
			b = append(b, c)
			continue
		case in.opened && in.depth > 0:
			b = in.line(b)
		}
		b = append(b, c)
		switch c {
		case '"':
			in.quoted = true
		case '{', '[':
			in.depth++
			in.opened = true
		case ',':
			b = in.line(b)
		case ':':
			if in.depth > 0 {
				b = append(b, ' ')
			}
		}
		in.began = true
	}
	return b
}

// line begins a line, unless the document begins.
func (in *Indenter) line(b []byte) []byte {
	in.opened = false
	if !in.began {
		in.began = true
		return b
	}
	b = append(b, '\n')
	for range in.depth {
		b = append(b, "  "...)
	}
	return b
}
