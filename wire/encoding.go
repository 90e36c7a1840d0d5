package wire

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// decode makes a UTF-8 string of a document in UTF-8 or UTF-16, with or
// without a byte order mark, and says which it was. problem is empty, or says
// what is wrong with the encoding after s.
func decode(doc []byte) (s string, wide bool, problem string) {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(doc, []byte{0xEF, 0xBB, 0xBF}):
		return string(doc[3:]), false, ""
	case bytes.HasPrefix(doc, []byte{0xFE, 0xFF}):
		doc, order = doc[2:], binary.BigEndian
	case bytes.HasPrefix(doc, []byte{0xFF, 0xFE}):
		doc, order = doc[2:], binary.LittleEndian
	case bytes.HasPrefix(doc, []byte{0, '<'}):
		order = binary.BigEndian
	case bytes.HasPrefix(doc, []byte{'<', 0}):
		order = binary.LittleEndian
	default:
		return string(doc), false, ""
	}
	s, problem = decodeUTF16(doc, order)
	return s, true, problem
}

func decodeUTF16(doc []byte, order binary.ByteOrder) (s, problem string) {
	if len(doc)%2 != 0 {
		problem = "UTF-16 with an odd number of bytes"
	}
	units := make([]uint16, len(doc)/2)
	for i := range units {
		units[i] = order.Uint16(doc[2*i:])
	}
	for i := 0; i < len(units); i++ {
		switch u := units[i]; {
		case u >= 0xDC00 && u <= 0xDFFF:
			return string(utf16.Decode(units[:i])), "invalid UTF-16"
		case u >= 0xD800 && u <= 0xDBFF:
			if i+1 == len(units) || units[i+1] < 0xDC00 || units[i+1] > 0xDFFF {
				return string(utf16.Decode(units[:i])), "invalid UTF-16"
			}
			i++
		}
	}
	return string(utf16.Decode(units)), problem
}

// declaration reads the XML declaration, if there is one, and refuses an
// encoding that is neither UTF-8 nor the UTF-16 of the document (XML-2).
func (z *scanner) declaration(wide bool) {
	const open = "<?xml"
	if !strings.HasPrefix(z.s, open) || len(z.s) == len(open) || !isSpace(z.s[len(open)]) {
		return
	}
	n := strings.Index(z.s, "?>")
	if n < 0 {
		z.fail(0, "XML declaration without end")
		return
	}
	rest := z.s[len(open):n]
	version, rest, ok := pseudoAttribute(rest, "version")
	if !ok || len(version) < 3 || version[:2] != "1." || strings.Trim(version[2:], "0123456789") != "" {
		z.fail(0, "XML declaration without a version that is supported")
		return
	}
	encoding, rest, ok := pseudoAttribute(rest, "encoding")
	if ok {
		switch name := strings.ToUpper(encoding); {
		case !wide && (name == "UTF-8" || name == "UTF8"):
		case wide && (name == "UTF-16" || name == "UTF-16LE" || name == "UTF-16BE"):
		default:
			z.fail(0, "the encoding %.40q is not supported here", encoding)
			return
		}
	}
	standalone, rest, ok := pseudoAttribute(rest, "standalone")
	if ok && standalone != "yes" && standalone != "no" || strings.Trim(rest, blanks) != "" {
		z.fail(0, "malformed XML declaration")
		return
	}
	z.pos = n + 2
}

// pseudoAttribute reads name='value' at the beginning of s, after a blank.
func pseudoAttribute(s, name string) (value, rest string, ok bool) {
	after := strings.TrimLeft(s, blanks)
	t, found := strings.CutPrefix(after, name)
	if !found || len(after) == len(s) {
		return "", s, false
	}
	t, found = strings.CutPrefix(strings.TrimLeft(t, blanks), "=")
	t = strings.TrimLeft(t, blanks)
	if !found || t == "" || t[0] != '\'' && t[0] != '"' {
		return "", s, false
	}
	end := strings.IndexByte(t[1:], t[0])
	if end < 0 {
		return "", s, false
	}
	return t[1 : 1+end], t[2+end:], true
}
