package vcard

import (
	"strings"
	"unicode/utf8"
)

// XML that is kept with a contact has the canonical form of package wire:
// attributes in single quotes, empty elements without end tag, no comments, and
// every prefix declared. What is read here is in that form, or is refused: a
// card may bring XML along, and XML that is not well-formed would spoil every
// feed that the contact is in.

// An element is one element in canonical form. Its strings are parts of the source.
type element struct {
	name   string // with its prefix
	attrs  string // each with a leading blank
	body   string // what stands between its tags
	source string
}

// cutElement cuts the first element off s. It fails if s does not begin with
// one; what is in the element is only looked at for its end.
func cutElement(s string) (el element, rest string, ok bool) {
	name, attrs, empty, n := cutTag(s)
	if n == 0 {
		return el, s, false
	}
	el.name, el.attrs = name, attrs
	if empty {
		el.source = s[:n]
		return el, s[n:], true
	}
	from := n
	for depth := 1; ; {
		i := strings.IndexByte(s[n:], '<')
		if i < 0 {
			return el, s, false
		}
		n += i
		if strings.HasPrefix(s[n:], "</") {
			end := strings.IndexByte(s[n:], '>')
			if end < 0 {
				return el, s, false
			}
			if depth--; depth == 0 {
				if s[n+2:n+end] != name {
					return el, s, false
				}
				el.body, el.source = s[from:n], s[:n+end+1]
				return el, s[n+end+1:], true
			}
			n += end + 1
			continue
		}
		_, _, empty, size := cutTag(s[n:])
		if size == 0 {
			return el, s, false
		}
		if !empty {
			depth++
		}
		n += size
	}
}

// cutTag reads a start tag and returns its length, or 0 if there is none.
func cutTag(s string) (name, attrs string, empty bool, n int) {
	if len(s) < 2 || s[0] != '<' || !isNameStart(s[1]) {
		return "", "", false, 0
	}
	n = 1
	for n < len(s) && isNameByte(s[n]) {
		n++
	}
	name = s[1:n]
	from := n
	for n < len(s) && s[n] == ' ' {
		n++
		start := n
		for n < len(s) && isNameByte(s[n]) {
			n++
		}
		if n == start || n+1 >= len(s) || s[n] != '=' || s[n+1] != '\'' {
			return "", "", false, 0
		}
		end := strings.IndexByte(s[n+2:], '\'')
		if end < 0 {
			return "", "", false, 0
		}
		n += end + 3
	}
	attrs = s[from:n]
	if strings.HasPrefix(s[n:], "/>") {
		return name, attrs, true, n + 2
	}
	if n < len(s) && s[n] == '>' {
		return name, attrs, false, n + 1
	}
	return "", "", false, 0
}

func isNameStart(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' || c >= utf8.RuneSelf
}

func isNameByte(c byte) bool {
	return isNameStart(c) || '0' <= c && c <= '9' || c == '-' || c == '.' || c == ':'
}

// attr is the value of an attribute among canonical ones, or empty.
func attr(attrs, name string) string {
	for attrs != "" {
		eq := strings.IndexByte(attrs, '=')
		end := strings.IndexByte(attrs[eq+2:], '\'') + eq + 2
		if attrs[1:eq] == name {
			return xmlText(attrs[eq+2 : end])
		}
		attrs = attrs[end+1:]
	}
	return ""
}

// isFragment reports whether s is a sequence of elements in canonical form,
// well-formed and with every prefix declared. Blanks and other text between the
// elements are allowed if mixed.
func isFragment(s string, mixed bool) bool {
	type level struct {
		name  string
		scope int
	}
	var open []level
	var scope []string // prefixes; the default namespace is ""
	roots := 0
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			i = len(s)
		}
		if text := s[:i]; text != "" && (len(open) == 0 && !mixed || !isXMLText(text)) {
			return false
		}
		if s = s[i:]; s == "" {
			break
		}
		if strings.HasPrefix(s, "</") {
			end := strings.IndexByte(s, '>')
			if end < 0 || len(open) == 0 || s[2:end] != open[len(open)-1].name {
				return false
			}
			scope = scope[:open[len(open)-1].scope]
			open = open[:len(open)-1]
			s = s[end+1:]
			continue
		}
		name, attrs, empty, n := cutTag(s)
		if n == 0 {
			return false
		}
		s = s[n:]
		outer := len(scope)
		names, ok := attrNames(attrs)
		if !ok {
			return false
		}
		for _, a := range names {
			if a == "xmlns" {
				scope = append(scope, "")
			} else if p, ok := strings.CutPrefix(a, "xmlns:"); ok {
				scope = append(scope, p)
			}
		}
		if prefix, _ := cutPrefix(name); !inScope(scope, prefix) {
			return false
		}
		for _, a := range names {
			if prefix, local := cutPrefix(a); prefix != "" && prefix != "xmlns" && !inScope(scope, prefix) || local == "" {
				return false
			}
		}
		if len(open) == 0 {
			roots++
		}
		if empty {
			scope = scope[:outer]
			continue
		}
		open = append(open, level{name, outer})
	}
	return len(open) == 0 && roots > 0
}

// isAttrs reports whether s is a sequence of attributes in canonical form that
// may stand on any element of the schema.
func isAttrs(s string) bool {
	names, ok := attrNames(s)
	if !ok {
		return false
	}
	scope := []string{"gd", "gContact"}
	for _, a := range names {
		if p, ok := strings.CutPrefix(a, "xmlns:"); ok && p != "gd" && p != "gContact" {
			scope = append(scope, p)
		}
	}
	for _, a := range names {
		prefix, local := cutPrefix(a)
		switch {
		case local == "" || a == "xmlns":
			return false
		case prefix == "":
			if schemaAttrs[a] {
				return false
			}
		case prefix != "xmlns" && !inScope(scope, prefix):
			return false
		}
	}
	return true
}

// schemaAttrs are the attributes that elements of the schema have themselves.
var schemaAttrs = func() map[string]bool {
	m := map[string]bool{}
	for _, s := range strings.Fields(`rel label address displayName primary protocol uri yomi mailClass usage code when value valueString
		startTime endTime key href name realm deleted type src id indexed`) {
		m[s] = true
	}
	return m
}()

// attrNames are the names of canonical attributes, or false if one is twice or
// something else stands there.
func attrNames(s string) ([]string, bool) {
	if s == "" {
		return nil, true
	}
	_, attrs, _, n := cutTag("<x" + s + "/>")
	if n != len(s)+4 || attrs != s {
		return nil, false
	}
	var names []string
	for s != "" {
		eq := strings.IndexByte(s, '=')
		end := strings.IndexByte(s[eq+2:], '\'') + eq + 2
		name := s[1:eq]
		if v := s[eq+2 : end]; !isNameStart(name[0]) || strings.IndexByte(v, '<') >= 0 || !isXMLText(v) {
			return nil, false
		}
		for _, other := range names {
			if other == name {
				return nil, false
			}
		}
		names = append(names, name)
		s = s[end+1:]
	}
	return names, true
}

func cutPrefix(name string) (prefix, local string) {
	if i := strings.IndexByte(name, ':'); i >= 0 {
		if strings.IndexByte(name[i+1:], ':') >= 0 || i == 0 || i+1 < len(name) && !isNameStart(name[i+1]) {
			return name, ""
		}
		return name[:i], name[i+1:]
	}
	return "", name
}

func inScope(scope []string, prefix string) bool {
	for _, p := range scope {
		if p == prefix {
			return true
		}
	}
	return prefix == "xml"
}

// isXMLText reports whether every < and & of s is escaped.
func isXMLText(s string) bool {
	if strings.IndexByte(s, '>') >= 0 || !isCleanText(s) {
		return false
	}
	for {
		i := strings.IndexByte(s, '&')
		if i < 0 {
			return true
		}
		if _, n := entity(s[i:]); n == 0 {
			return false
		} else {
			s = s[i+n:]
		}
	}
}

// isCleanText reports whether s has nothing that XML cannot carry.
func isCleanText(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool {
		return r < 0x20 && r != '\t' && r != '\n' || r == 0xFFFE || r == 0xFFFF
	}) < 0
}

// entity is the character that s begins with an escape for, and the length of
// the escape, or 0.
func entity(s string) (string, int) {
	for _, e := range [...]struct{ code, text string }{
		{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", `"`}, {"&apos;", "'"}, {"&#9;", "\t"}, {"&#10;", "\n"}, {"&#13;", "\r"},
	} {
		if strings.HasPrefix(s, e.code) {
			return e.text, len(e.code)
		}
	}
	return "", 0
}

// xmlText undoes the escapes of XML.
func xmlText(s string) string {
	i := strings.IndexByte(s, '&')
	if i < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i >= 0 {
		b = append(b, s[:i]...)
		text, n := entity(s[i:])
		if n == 0 {
			text, n = "&", 1
		}
		b = append(b, text...)
		s = s[i+n:]
		i = strings.IndexByte(s, '&')
	}
	return string(append(b, s...))
}

// appendXMLText appends text as the content of an element.
func appendXMLText(b []byte, s string) []byte {
	from := 0
	for i := range len(s) {
		var code string
		switch s[i] {
		case '&':
			code = "&amp;"
		case '<':
			code = "&lt;"
		case '>':
			code = "&gt;"
		case '\r':
			code = "&#13;"
		default:
			continue
		}
		b = append(append(b, s[from:i]...), code...)
		from = i + 1
	}
	return append(b, s[from:]...)
}

// appendXMLAttr appends text as the value of an attribute, without the quotes.
func appendXMLAttr(b []byte, s string) []byte {
	from := 0
	for i := range len(s) {
		var code string
		switch s[i] {
		case '&':
			code = "&amp;"
		case '<':
			code = "&lt;"
		case '>':
			code = "&gt;"
		case '"':
			code = "&quot;"
		case '\'':
			code = "&apos;"
		case '\t':
			code = "&#9;"
		case '\n':
			code = "&#10;"
		case '\r':
			code = "&#13;"
		default:
			continue
		}
		b = append(append(b, s[from:i]...), code...)
		from = i + 1
	}
	return append(b, s[from:]...)
}
