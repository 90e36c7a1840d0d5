package vcard

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

// modernize turns what version 2.1 says in another way into the form of
// version 3.0: characters, quoted-printable, and, if the whole value is of that
// version, its escapes. Quoted-printable is undone in every version, because
// there are programs that write it in every version.
func (p *Property) modernize(old bool) {
	encoding, charset := -1, -1
	for i := range p.Params {
		switch p.Params[i].Name {
		case "ENCODING":
			encoding = i
		case "CHARSET":
			charset = i
		}
		p.Params[i].Value = clean(fromCharset(p.Params[i].Value, ""))
	}
	label := ""
	if charset >= 0 {
		label = p.Params[charset].Value
	}
	base64 := false
	if encoding >= 0 {
		switch upper(p.Params[encoding].Value) {
		case "QUOTED-PRINTABLE":
			p.Value = fromCharset(quotedPrintable(p.Value), label)
			p.Value = clean(p.Value)
			p.escapes(old)
			p.dropParam("ENCODING")
			p.dropParam("CHARSET")
			return
		case "BASE64", "B":
			base64 = true
			if old {
				p.Params[encoding].Value = "b"
			}
		case "7BIT", "8BIT":
			p.dropParam("ENCODING")
		}
	}
	if base64 {
		p.Value = clean(p.Value)
		if strings.ContainsAny(p.Value, " \t\n") {
			p.Value = strings.Join(strings.Fields(p.Value), "")
		}
		return
	}
	p.Value = clean(fromCharset(p.Value, label))
	p.dropParam("CHARSET")
	p.escapes(old)
}

// escapes gives a decoded value the escapes that it needs.
func (p *Property) escapes(old bool) {
	switch {
	case !old: // line breaks come from quoted-printable and vertical tabs
		p.Value = strings.ReplaceAll(p.Value, "\n", `\n`)
	case p.Name == "CATEGORIES" || p.Name == "NICKNAME" || strings.Contains(p.Value, "://"): // lists, and addresses
		p.Value = reescape(p.Value, false)
	default:
		p.Value = reescape(p.Value, true)
	}
}

func (p *Property) dropParam(name string) {
	kept := p.Params[:0]
	for _, q := range p.Params {
		if q.Name != name {
			kept = append(kept, q)
		}
	}
	p.Params = kept
	if len(kept) == 0 {
		p.Params = nil
	}
}

// quotedPrintable decodes s. What is no code stays as it is.
func quotedPrintable(s string) string {
	if strings.IndexByte(s, '=') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '=' && i+2 < len(s) {
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi >= 0 && lo >= 0 {
				b = append(b, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'A' <= c && c <= 'F':
		return int(c - 'A' + 10)
	case 'a' <= c && c <= 'f':
		return int(c - 'a' + 10)
	}
	return -1
}

// fromCharset turns text into UTF-8. Without a charset, or with one that
// nobody knows, what is no UTF-8 is Windows-1252.
func fromCharset(s, label string) string {
	ascii := true
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || s[i] == 0x1B { // the escape of ISO-2022-JP
			ascii = false
			break
		}
	}
	if ascii {
		return s
	}
	if label != "" && !strings.EqualFold(label, "UTF-8") {
		if enc, err := htmlindex.Get(strings.TrimSpace(label)); err == nil {
			if t, err := enc.NewDecoder().String(s); err == nil {
				return t
			}
		}
	}
	if utf8.ValidString(s) {
		return s
	}
	t, err := charmap.Windows1252.NewDecoder().String(s)
	if err != nil {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	return t
}

// isClean reports whether a line has nothing that clean or fromCharset change.
func isClean(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x20 && c != '\t' || c >= 0xEF && !utf8Clean(s) {
			return false
		} else if c >= utf8.RuneSelf {
			return utf8Clean(s)
		}
	}
	return true
}

func utf8Clean(s string) bool {
	for i, r := range s {
		if r < 0x20 && r != '\t' || r == 0xFFFE || r == 0xFFFF || r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			return false
		}
	}
	return true
}

// clean makes line feeds of all ends of lines and drops what XML cannot carry,
// so that any value can be part of a contact.
func clean(s string) string {
	if isClean(s) {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r', r == '\v', r == '\f': // Outlook's line breaks
			return '\n'
		case r < 0x20 && r != '\t' && r != '\n', r == 0xFFFE, r == 0xFFFF:
			return -1
		}
		return r
	}, s)
}

// reescape turns the escapes of version 2.1 into those of 3.0. There a comma
// may stand without a backslash, and backslash n is no line break: line breaks are in
// quoted-printable.
func reescape(s string, commas bool) string {
	if !strings.ContainsAny(s, "\\,\n") {
		return s
	}
	b := make([]byte, 0, len(s)+8)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\n':
			b = append(b, '\\', 'n')
		case ',':
			if commas {
				b = append(b, '\\')
			}
			b = append(b, ',')
		case '\\':
			if i+1 < len(s) && strings.IndexByte(`;,:\`, s[i+1]) >= 0 {
				i++
				if s[i] != ':' {
					b = append(b, '\\')
				}
				b = append(b, s[i])
				continue
			}
			b = append(b, '\\', '\\')
		default:
			b = append(b, c)
		}
	}
	return string(b)
}
