package vcard

import (
	"bytes"
	"strings"
)

// nameChar are the bytes of names of properties, parameters and groups. The
// underscore is no part of the standard, but of some files.
var nameChar = func() (t [256]bool) {
	for c := '0'; c <= '9'; c++ {
		t[c] = true
	}
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = true, true
	}
	t['-'], t['_'] = true, true
	return t
}()

// parse reads an unfolded line. Its parameters are put behind those of other
// properties into one slice, which is returned. The reason says what is wrong
// with the line, or nothing.
func (p *Property) parse(s string, all []Param) (_ []Param, reason string) {
	i, from := 0, 0
	for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
		i, from = i+1, i+1
	}
	for i < len(s) && (nameChar[s[i]] || s[i] == '.' && p.Group == "" && i > from) {
		if s[i] == '.' {
			p.Group, from = s[from:i], i+1
		}
		i++
	}
	if i == from || i == len(s) {
		return all, "not a property"
	}
	p.Name = upper(s[from:i])

	first := len(all)
	for i < len(s) && s[i] == ';' {
		i++
		from = i
		for i < len(s) && nameChar[s[i]] {
			i++
		}
		name := s[from:i]
		switch {
		case i == len(s):
			return all[:first], "a property without a value"
		case s[i] == '=' && name != "":
			i++
		case s[i] != ';' && s[i] != ':' || s[i] == '=':
			return all[:first], "a parameter that cannot be read"
		case name == "": // a semicolon too many
			continue
		default: // version 2.1 leaves names out
			all = append(all, bareParam(name))
			continue
		}
		name = upper(name)
		for {
			var v string
			from = i
			if i < len(s) && s[i] == '"' {
				end := strings.IndexByte(s[i+1:], '"')
				if end < 0 {
					return all[:first], "a quote that does not end"
				}
				v = s[i+1 : i+1+end]
				i += end + 2
			} else {
				for i < len(s) && s[i] != ',' && s[i] != ';' && s[i] != ':' {
					i++
				}
				v = s[from:i]
			}
			if i == len(s) {
				return all[:first], "a property without a value"
			}
			all = append(all, Param{name, decodeParam(v)})
			if s[i] != ',' {
				break
			}
			i++
		}
	}
	if i == len(s) || s[i] != ':' {
		return all[:first], "not a property"
	}
	p.Value = s[i+1:]
	if len(all) > first {
		p.Params = all[first:len(all):len(all)]
	}
	return all, ""
}

// bareParam gives a value of version 2.1 the name that it was written without.
func bareParam(v string) Param {
	u := upper(v)
	switch u {
	case "QUOTED-PRINTABLE", "BASE64", "7BIT", "8BIT":
		return Param{"ENCODING", u}
	case "INLINE", "URL", "CONTENT-ID", "CID":
		return Param{"VALUE", u}
	}
	return Param{"TYPE", v}
}

// common are the names that files write in small letters, too.
var common = func() map[string]string {
	m := map[string]string{}
	for _, s := range strings.Fields(`TYPE VALUE ENCODING CHARSET PREF LABEL LANGUAGE ALTID PID MEDIATYPE CC X-ABLABEL X-ABADR X-ABDATE
		X-ABRELATEDNAMES X-ABSHOWAS X-ABUID X-SERVICE-TYPE X-SOCIALPROFILE X-USER X-USERID X-DISPLAYNAME X-APPLE-OMIT-YEAR X-EVOLUTION-UI-SLOT
		BEGIN END VERSION FN N NICKNAME PHOTO BDAY ADR TEL EMAIL ORG TITLE ROLE NOTE URL UID REV CATEGORIES IMPP PRODID GEO TZ LANG KIND MEMBER RELATED`) {
		m[s] = s
	}
	return m
}()

// upper is a name in upper case.
func upper(s string) string {
	lower := false
	for i := range len(s) {
		if 'a' <= s[i] && s[i] <= 'z' {
			lower = true
			break
		}
	}
	if !lower {
		return s
	}
	var buf [24]byte
	if len(s) <= len(buf) {
		for i := range len(s) {
			c := s[i]
			if 'a' <= c && c <= 'z' {
				c -= 'a' - 'A'
			}
			buf[i] = c
		}
		if u, ok := common[string(buf[:len(s)])]; ok {
			return u
		}
	}
	return strings.ToUpper(s)
}

// isLine reports whether s is the line in upper case, in any case of letters.
func isLine(s []byte, line string) bool {
	if len(s) != len(line) {
		return false
	}
	for i := range s {
		c := s[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != line[i] {
			return false
		}
	}
	return true
}

func trimBlanks(s []byte) []byte {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for len(s) > 0 && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// colon is where the value of a line begins, less one, or -1.
func colon(s []byte) int {
	i := bytes.IndexByte(s, ':')
	if i < 0 || bytes.IndexByte(s[:i], '"') < 0 {
		return i
	}
	quoted := false
	for i, c := range s {
		switch c {
		case '"':
			quoted = !quoted
		case ':':
			if !quoted {
				return i
			}
		}
	}
	return -1
}

// head is what stands before the value of a line.
func head(s []byte) []byte { return s[:max(colon(s), 0)] }

// isSoft reports whether a line goes on behind its last =.
func isSoft(s []byte) bool {
	if len(s) == 0 || s[len(s)-1] != '=' {
		return false
	}
	h := head(s)
	return hasParam(h, "QUOTED-PRINTABLE") || hasParam(h, "ENCODING=QUOTED-PRINTABLE")
}

// isBase64 reports whether the value of a line is in base64.
func isBase64(s []byte) bool {
	h := head(s)
	return hasParam(h, "ENCODING=B") || hasParam(h, "ENCODING=BASE64") || hasParam(h, "BASE64")
}

// isAgent reports whether a line announces a card within the card.
func isAgent(s []byte) bool {
	i := colon(s)
	if i < 0 || len(trimBlanks(s[i+1:])) > 0 && !bytes.Contains(s, []byte(`BEGIN:VCARD\n`)) {
		return false
	}
	name, _, _ := bytes.Cut(s[:i], []byte{';'})
	if dot := bytes.IndexByte(name, '.'); dot >= 0 {
		name = name[dot+1:]
	}
	return isLine(name, "AGENT")
}

// hasParam reports whether the head of a line has a parameter, all in upper
// case, in any case of letters.
func hasParam(h []byte, param string) bool {
	for {
		i := bytes.IndexByte(h, ';')
		if i < 0 {
			return false
		}
		h = h[i+1:]
		if len(h) >= len(param) && (len(h) == len(param) || h[len(param)] == ';') && isLine(h[:len(param)], param) {
			return true
		}
	}
}
