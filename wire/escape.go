package wire

import (
	"time"
	"unicode/utf8"

	"contacts"
)

// What a byte needs in the three kinds of text.
const (
	inText = 1 << iota // of an XML element
	inAttr             // of an XML attribute
	inJSON             // of a JSON string
)

var special = func() (t [256]uint8) {
	for c := range 0x20 {
		t[c] = inText | inAttr | inJSON
	}
	t['\t'] &^= inText
	t['\n'] &^= inText
	for _, c := range "&<>" {
		t[c] = inText | inAttr | inJSON
	}
	t['"'] |= inAttr | inJSON
	t['\''] |= inAttr
	t['\\'] |= inJSON
	t['='] |= inJSON  // JSON-10
	t[0xE2] |= inJSON // may begin U+2028 or U+2029, which end a line of JavaScript
	return t
}()

// appendText appends s as content of an XML element.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if special[s[i]]&inText != 0 {
			return appendEscaped(b, s, i, inText)
		}
	}
	return append(b, s...)
}

// appendAttr appends s as value of an XML attribute, without the quotes.
func appendAttr(b []byte, s string) []byte {
	for i := range len(s) {
		if special[s[i]]&inAttr != 0 {
			return appendEscaped(b, s, i, inAttr)
		}
	}
	return append(b, s...)
}

// appendEscaped escapes s for XML; its first i bytes need none.
func appendEscaped(b []byte, s string, i int, where uint8) []byte {
	from := 0
	for ; i < len(s); i++ {
		c := s[i]
		if special[c]&where == 0 {
			continue
		}
		b = append(b, s[from:i]...)
		from = i + 1
		switch c {
		case '&':
			b = append(b, "&amp;"...)
		case '<':
			b = append(b, "&lt;"...)
		case '>':
			b = append(b, "&gt;"...)
		case '"':
			b = append(b, "&quot;"...)
		case '\'':
			b = append(b, "&apos;"...)
		case '\t':
			b = append(b, "&#9;"...)
		case '\n':
			b = append(b, "&#10;"...)
		case '\r':
			b = append(b, "&#13;"...)
		default:
			b = append(b, "\uFFFD"...) // XML-9: it was refused on input, and never leaves here either
		}
	}
	return append(b, s[from:]...)
}

// appendString appends s as content of a JSON string, without the quotes.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if special[s[i]]&inJSON != 0 {
			return appendStringEscaped(b, s, i)
		}
	}
	return append(b, s...)
}

// appendStringEscaped escapes s for JSON; its first i bytes need none.
func appendStringEscaped(b []byte, s string, i int) []byte {
	const hex = "0123456789abcdef"
	from := 0
	for ; i < len(s); i++ {
		c := s[i]
		if special[c]&inJSON == 0 {
			continue
		}
		if c >= utf8.RuneSelf {
			r, _ := utf8.DecodeRuneInString(s[i:])
			if r == '\u2028' || r == '\u2029' {
				b = append(b, s[from:i]...)
				b = append(b, `\u202`...)
				b = append(b, hex[r&15])
				i += 2
				from = i + 1
			}
			continue
		}
		b = append(b, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15]) // JSON-10
		}
	}
	return append(b, s[from:]...)
}

// appendTime appends the updated time of a revision in RFC 3339 with
// milliseconds (XML-10).
func appendTime(b []byte, r contacts.Rev) []byte {
	ms := int64(r) / 1000
	days, ms := ms/86400000, ms%86400000
	if ms < 0 {
		days, ms = days-1, ms+86400000
	}
	y, m, d := civil(days)
	s := ms / 1000
	return append(b,
		byte('0'+y/1000%10), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10), '-',
		byte('0'+m/10), byte('0'+m%10), '-', byte('0'+d/10), byte('0'+d%10), 'T',
		byte('0'+s/36000), byte('0'+s/3600%10), ':', byte('0'+s/600%6), byte('0'+s/60%10), ':',
		byte('0'+s/10%6), byte('0'+s%10), '.', byte('0'+ms/100%10), byte('0'+ms/10%10), byte('0'+ms%10), 'Z')
}

// civil is the date that lies days after 1970-01-01. It counts in eras of 400
// years that begin on the first of March, so that the leap day comes last.
func civil(days int64) (y, m, d int64) {
	days += 719468
	era := days / 146097
	if days < 0 {
		era = (days - 146096) / 146097
	}
	doe := days - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	y = yoe + era*400
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d = doy - (153*mp+2)/5 + 1
	m = mp + 3
	if m > 12 {
		m -= 12
	}
	if m <= 2 {
		y++
	}
	return y, m, d
}

// appendMailTime appends a revision's time in RFC 822 form, in UTC.
func appendMailTime(b []byte, r contacts.Rev) []byte {
	return r.Time().AppendFormat(b, time.RFC1123Z)
}
