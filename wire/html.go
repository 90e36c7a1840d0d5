package wire

import (
	"html"
	"strings"
)

// htmlText is the text of a piece of HTML, with a line break wherever a block
// ends. It is for notes, not for display: it drops what it does not understand.
func htmlText(s string) string {
	var b strings.Builder
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:i])
		s = s[i:]
		if strings.HasPrefix(s, "<!--") {
			s = after(s, "-->")
			continue
		}
		end := strings.IndexByte(s, '>')
		if end < 0 || len(s) < 2 || !isTagStart(s[1]) {
			b.WriteByte('<')
			s = s[1:]
			continue
		}
		name := s[1:end]
		s = s[end+1:]
		if i := strings.IndexAny(name, blanks); i >= 0 {
			name = name[:i]
		}
		switch name = strings.ToLower(strings.TrimSuffix(name, "/")); name {
		case "script", "style":
			s = after(s, "</"+name)
			s = after(s, ">")
		case "br", "/p", "/div", "/li", "/tr", "/h1", "/h2", "/h3", "/h4", "/h5", "/h6", "/blockquote", "/pre":
			b.WriteByte('\n')
		}
	}
	return trim(html.UnescapeString(b.String()))
}

// after is what follows mark in s, or nothing.
func after(s, mark string) string {
	i := strings.Index(s, mark)
	if i < 0 {
		return ""
	}
	return s[i+len(mark):]
}

func isTagStart(c byte) bool { return c == '/' || c == '!' || c == '?' || classes[c]&nameStart != 0 }
