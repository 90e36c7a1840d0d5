package vcard

import "strings"

// unescape is the text that an escaped value stands for. Before other letters
// a backslash is itself.
func unescape(s string) string {
	i := strings.IndexByte(s, '\\')
	if i < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for {
		b = append(b, s[:i]...)
		if i+1 == len(s) {
			return string(append(b, '\\'))
		}
		switch c := s[i+1]; c {
		case 'n', 'N':
			b = append(b, '\n')
		case '\\', ',', ';', ':':
			b = append(b, c)
		default:
			b = append(b, '\\', c)
		}
		s = s[i+2:]
		if i = strings.IndexByte(s, '\\'); i < 0 {
			return string(append(b, s...))
		}
	}
}

// appendEscaped appends text as a value, or as one component of a value.
func appendEscaped(b []byte, s string) []byte {
	from := 0
	for i := range len(s) {
		switch c := s[i]; c {
		case '\\', ',', ';':
			b = append(append(b, s[from:i]...), '\\', c)
		case '\n':
			b = append(append(b, s[from:i]...), '\\', 'n')
		case '\r': // part of a line break, or one itself
			b = append(b, s[from:i]...)
			if i+1 == len(s) || s[i+1] != '\n' {
				b = append(b, '\\', 'n')
			}
		default:
			continue
		}
		from = i + 1
	}
	return append(b, s[from:]...)
}

// appendURI appends an address, in which commas and semicolons stay.
func appendURI(b []byte, s string) []byte {
	from := 0
	for i := range len(s) {
		switch s[i] {
		case '\\':
			b = append(append(b, s[from:i]...), '\\', '\\')
		case '\n', '\r':
			b = append(append(b, s[from:i]...), '\\', 'n')
		default:
			continue
		}
		from = i + 1
	}
	return append(b, s[from:]...)
}

// cutValue cuts an escaped value at the first sep without a backslash before it.
func cutValue(s string, sep byte) (before, after string, found bool) {
	if i := strings.IndexByte(s, sep); i < 0 {
		return s, "", false
	} else if strings.IndexByte(s[:i], '\\') < 0 {
		return s[:i], s[i+1:], true
	}
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case sep:
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// components cuts a structured value into the texts of its components. What is
// beyond the last one wanted is returned as it stands.
func components(s string, into []string) (rest string) {
	for i := range into {
		part, after, found := cutValue(s, ';')
		into[i] = unescape(part)
		if !found {
			return ""
		}
		s = after
	}
	return s
}

// decodeParam undoes RFC 6868.
func decodeParam(s string) string {
	i := strings.IndexByte(s, '^')
	if i < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for {
		b = append(b, s[:i]...)
		c := byte(0)
		if i+1 < len(s) {
			c = s[i+1]
		}
		switch c {
		case 'n':
			b = append(b, '\n')
		case '\'':
			b = append(b, '"')
		case '^':
			b = append(b, '^')
		default:
			b = append(b, '^')
			i--
		}
		s = s[i+2:]
		if i = strings.IndexByte(s, '^'); i < 0 {
			return string(append(b, s...))
		}
	}
}

// appendParam appends the value of a parameter by RFC 6868, in quotes where it
// needs them.
func appendParam(b []byte, s string) []byte {
	if isPlain(s) {
		return append(b, s...)
	}
	b = append(b, '"')
	from := 0
	for i := range len(s) {
		var code byte
		switch s[i] {
		case '^':
			code = '^'
		case '"':
			code = '\''
		case '\n', '\r':
			code = 'n'
		default:
			continue
		}
		b = append(append(b, s[from:i]...), '^', code)
		from = i + 1
	}
	return append(append(b, s[from:]...), '"')
}

// isPlain reports whether the value of a parameter needs no quotes.
func isPlain(s string) bool {
	for i := range len(s) {
		if !nameChar[s[i]] && s[i] != '.' && s[i] != '/' && s[i] != '+' {
			return false
		}
	}
	return s != ""
}
