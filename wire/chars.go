package wire

import (
	"strings"
	"unicode/utf8"
)

// What a byte is in a document.
const (
	nameStart = 1 << iota
	nameRest
	textStop // ends or interrupts a run of text
	attrStop // ends or interrupts an attribute value
)

var classes = func() (t [256]uint8) {
	for c := 'a'; c <= 'z'; c++ {
		t[c] |= nameStart | nameRest
		t[c-'a'+'A'] |= nameStart | nameRest
	}
	t['_'] |= nameStart | nameRest
	for _, c := range "0123456789-." {
		t[c] |= nameRest
	}
	for _, c := range "<&\r]" {
		t[c] |= textStop
	}
	for _, c := range "<&\r\n\t'\"" {
		t[c] |= attrStop
	}
	return t
}()

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// blanks are what texts are trimmed of (XML-6).
const blanks = " \t\n\r"

// charData reads text up to the next tag.
func (z *scanner) charData() token {
	s, i := z.s, z.pos
	for i < len(s) {
		if classes[s[i]]&textStop != 0 {
			if s[i] == '<' {
				z.text, z.pos = s[z.pos:i], i
				return tokText
			}
			if s[i] != ']' || strings.HasPrefix(s[i:], "]]>") {
				return z.charDataEscaped(i)
			}
		}
		i++
	}
	return z.fail(i, "unexpected end in element %s", z.open[len(z.open)-1].raw)
}

// charDataEscaped reads text of which something has to be replaced at i.
func (z *scanner) charDataEscaped(i int) token {
	s, b, from := z.s, z.scratch[:0], z.pos
	for i < len(s) && s[i] != '<' {
		switch {
		case s[i] == '&':
			b = append(b, s[from:i]...)
			var ok bool
			if b, i, ok = z.reference(b, i); !ok {
				return tokError
			}
			from = i
			continue
		case s[i] == '\r':
			b = append(append(b, s[from:i]...), '\n')
			if i++; i < len(s) && s[i] == '\n' {
				i++
			}
			from = i
			continue
		case s[i] == ']' && strings.HasPrefix(s[i:], "]]>"):
			return z.fail(i, "]]> in text")
		}
		i++
	}
	if i == len(s) {
		return z.fail(i, "unexpected end in element %s", z.open[len(z.open)-1].raw)
	}
	b = append(b, s[from:i]...)
	z.scratch, z.text, z.pos = b, string(b), i
	return tokText
}

// attrValue reads a quoted value at i, and returns the position after it.
func (z *scanner) attrValue(i int) (string, int, bool) {
	s := z.s
	if i >= len(s) || s[i] != '\'' && s[i] != '"' {
		z.fail(i, "attribute value without quotes")
		return "", i, false
	}
	quote := s[i]
	i++
	from := i
	for i < len(s) {
		if c := s[i]; classes[c]&attrStop != 0 {
			if c == quote {
				return s[from:i], i + 1, true
			}
			if c != '\'' && c != '"' {
				return z.attrValueEscaped(quote, from, i)
			}
		}
		i++
	}
	z.fail(i, "unexpected end in an attribute")
	return "", i, false
}

// attrValueEscaped reads a value of which something has to be replaced at i.
func (z *scanner) attrValueEscaped(quote byte, from, i int) (string, int, bool) {
	s, b := z.s, z.scratch[:0]
	for i < len(s) {
		switch c := s[i]; c {
		case quote:
			b = append(b, s[from:i]...)
			z.scratch = b
			return string(b), i + 1, true
		case '<':
			z.fail(i, "< in an attribute")
			return "", i, false
		case '&':
			b = append(b, s[from:i]...)
			var ok bool
			if b, i, ok = z.reference(b, i); !ok {
				return "", i, false
			}
			from = i
			continue
		case '\r', '\n', '\t':
			b = append(append(b, s[from:i]...), ' ')
			if c == '\r' && i+1 < len(s) && s[i+1] == '\n' {
				i++
			}
			from = i + 1
		}
		i++
	}
	z.fail(i, "unexpected end in an attribute")
	return "", i, false
}

// reference appends the character that the reference at i stands for, and
// returns the position after it.
func (z *scanner) reference(b []byte, i int) ([]byte, int, bool) {
	rest := z.s[i+1:]
	n := strings.IndexByte(rest[:min(len(rest), 16)], ';')
	if n < 0 {
		z.fail(i, "& without a reference")
		return b, i, false
	}
	name, end := rest[:n], i+n+2
	switch name {
	case "amp":
		return append(b, '&'), end, true
	case "lt":
		return append(b, '<'), end, true
	case "gt":
		return append(b, '>'), end, true
	case "quot":
		return append(b, '"'), end, true
	case "apos":
		return append(b, '\''), end, true
	}
	r, ok := numericReference(name)
	if !ok {
		z.fail(i, "unknown reference &%s;", name)
		return b, i, false
	}
	return utf8.AppendRune(b, r), end, true
}

// numericReference reads #65 or #x41.
func numericReference(s string) (rune, bool) {
	s, ok := strings.CutPrefix(s, "#")
	if !ok {
		return 0, false
	}
	base := rune(10)
	if hex, ok := strings.CutPrefix(s, "x"); ok {
		s, base = hex, 16
	}
	if s == "" {
		return 0, false
	}
	var r rune
	for i := range len(s) {
		d := rune(99)
		switch c := rune(s[i]); {
		case '0' <= c && c <= '9':
			d = c - '0'
		case 'a' <= c && c <= 'f':
			d = c - 'a' + 10
		case 'A' <= c && c <= 'F':
			d = c - 'A' + 10
		}
		if d >= base {
			return 0, false
		}
		if r = r*base + d; r > utf8.MaxRune {
			return 0, false
		}
	}
	return r, isChar(r)
}

// isChar reports whether XML 1.0 allows the character.
func isChar(r rune) bool {
	return r >= 0x20 && r < 0xD800 || r == '\t' || r == '\n' || r == '\r' ||
		r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= utf8.MaxRune
}

// firstInvalid is the position of the first byte that cannot be in a document,
// or -1.
func firstInvalid(s string) int {
	for i := 0; i < len(s); {
		// Eight plain ASCII bytes at a time: none below 0x20, none above 0x7F.
		for i+8 <= len(s) {
			t := s[i : i+8]
			w := uint64(t[0]) | uint64(t[1])<<8 | uint64(t[2])<<16 | uint64(t[3])<<24 |
				uint64(t[4])<<32 | uint64(t[5])<<40 | uint64(t[6])<<48 | uint64(t[7])<<56
			if (w|(w-0x2020202020202020))&0x8080808080808080 != 0 {
				break
			}
			i += 8
		}
		if i == len(s) {
			break
		}
		if c := s[i]; c < utf8.RuneSelf {
			if c < 0x20 && !isSpace(c) {
				return i
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || !isChar(r) {
			return i
		}
		i += n
	}
	return -1
}

// qname reads a qualified name at i, and returns the position after it.
func (z *scanner) qname(i int) (prefix, local string, end int, ok bool) {
	s, from := z.s, i
	if i < len(s) && classes[s[i]]&nameStart != 0 {
		for i++; i < len(s) && classes[s[i]]&nameRest != 0; i++ {
		}
		if i < len(s) && s[i] == ':' {
			prefix = s[from:i]
			i++
			from = i
			if i < len(s) && classes[s[i]]&nameStart != 0 {
				for i++; i < len(s) && classes[s[i]]&nameRest != 0; i++ {
				}
			}
		}
		if i > from && (i == len(s) || s[i] != ':' && s[i] < utf8.RuneSelf) {
			return prefix, s[from:i], i, true
		}
		from -= len(prefix)
		if prefix != "" {
			from--
		}
	}
	end, ok = z.anyName(from)
	if !ok {
		return "", "", end, false
	}
	prefix, local, colon := strings.Cut(s[from:end], ":")
	if !colon {
		prefix, local = "", prefix
	}
	if r, _ := utf8.DecodeRuneInString(local); colon && prefix == "" || local == "" || strings.Contains(local, ":") || !isNameStart(r) {
		z.fail(from, "not a qualified name: %s", s[from:end])
		return "", "", end, false
	}
	return prefix, local, end, true
}

// anyName reads a name at i, and returns the position after it.
func (z *scanner) anyName(i int) (end int, ok bool) {
	from := i
	for i < len(z.s) {
		r, n := utf8.DecodeRuneInString(z.s[i:])
		if r != ':' && !isNameStart(r) && (i == from || !isNameRest(r)) {
			break
		}
		i += n
	}
	if i == from {
		z.fail(i, "a name was expected")
		return i, false
	}
	return i, true
}

// isNameStart reports whether a name without colon may begin with r.
func isNameStart(r rune) bool {
	if r < utf8.RuneSelf {
		return classes[r]&nameStart != 0
	}
	return r >= 0xC0 && r <= 0x2FF && r != 0xD7 && r != 0xF7 || r >= 0x370 && r <= 0x1FFF && r != 0x37E ||
		r == 0x200C || r == 0x200D || r >= 0x2070 && r <= 0x218F || r >= 0x2C00 && r <= 0x2FEF ||
		r >= 0x3001 && r <= 0xD7FF || r >= 0xF900 && r <= 0xFDCF || r >= 0xFDF0 && r <= 0xFFFD || r >= 0x10000 && r <= 0xEFFFF
}

// isNameRest reports whether a name may have r after its first character,
// besides those that it may begin with.
func isNameRest(r rune) bool {
	if r < utf8.RuneSelf {
		return classes[r]&nameRest != 0
	}
	return r == 0xB7 || r >= 0x300 && r <= 0x36F || r == 0x203F || r == 0x2040
}
