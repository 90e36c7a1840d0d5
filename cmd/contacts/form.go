package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"contacts"
)

// The form of a contact for people, which show prints and edit opens, is lines
// of a key, words about the value in parentheses, a colon and the value:
//
//	Name: Elizabeth Bennet
//	Email (home, primary): elizabeth@example.com
//	Address (home):
//	  Street: Longbourn House
//	  City: Meryton
//	Note:
//	  Reads much,
//	  walks more.
//
// Indented lines belong to the line before: further lines of a text, or parts
// with keys of their own. Lines that begin with # say nothing. What a form has
// no place for stays with the contact.

// A formLine is one field of a form.
type formLine struct {
	n     int // line of the text
	key   string
	words []formWord
	value string
	parts []formPart
}

// A formPart is an indented line with a key.
type formPart struct{ key, value string }

// A formWord is a word in parentheses. In quotes it is a label, whatever it says.
type formWord struct {
	text   string
	quoted bool
}

// append appends the line, without words and parts that are empty.
func (l *formLine) append(b []byte) []byte {
	b = append(b, l.key...)
	for i, w := range l.words {
		if i == 0 {
			b = append(b, " ("...)
		} else {
			b = append(b, ", "...)
		}
		if w.quoted {
			b = strconv.AppendQuote(b, w.text)
		} else {
			b = append(b, w.text...)
		}
	}
	if len(l.words) > 0 {
		b = append(b, ')')
	}
	b = append(b, ':')
	b = appendText(b, l.value, "  ")
	for _, p := range l.parts {
		b = append(append(append(b, "  "...), p.key...), ':')
		b = appendText(b, p.value, "    ")
	}
	return b
}

// appendText appends a value: behind the colon, or on indented lines if it has
// several or is one that would not be read back from there.
func appendText(b []byte, s, indent string) []byte {
	if s == "" {
		return append(b, '\n')
	}
	if !strings.ContainsAny(s, "\n") && strings.TrimSpace(s) == s {
		return append(append(append(b, ' '), s...), '\n')
	}
	b = append(b, '\n')
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.TrimRight(line, "\r"); line != "" {
			b = append(append(b, indent...), line...)
		}
		b = append(b, '\n')
	}
	return b
}

// parseForm reads the lines of a form.
func parseForm(text string) ([]*formLine, error) {
	var lines []*formLine
	var last *formLine
	n := 0
	for raw := range strings.Lines(strings.TrimPrefix(text, "\uFEFF")) {
		n++
		raw = strings.TrimRight(raw, "\r\n")
		switch {
		case strings.HasPrefix(raw, "#"):
		case strings.TrimSpace(raw) == "" && (last == nil || !last.inText()):
		case raw == "" || raw[0] == ' ' || raw[0] == '\t':
			if last == nil {
				return nil, fmt.Errorf("line %d: an indented line belongs to a line before it, and there is none", n)
			}
			if err := last.more(raw); err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
		default:
			l, err := parseLine(raw)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
			l.n = n
			lines, last = append(lines, l), l
		}
	}
	for _, l := range lines {
		l.value = strings.TrimRight(l.value, " \t\n")
		for i := range l.parts {
			l.parts[i].value = strings.TrimRight(l.parts[i].value, " \t\n")
		}
	}
	return lines, nil
}

// inText reports whether an empty line may be one of the text.
func (l *formLine) inText() bool { return isText(l.key) }

// isText reports whether the value of a key is free text, so that a colon in an
// indented line makes no part of it.
func isText(key string) bool { return strings.EqualFold(key, "Note") }

// more takes up an indented line.
func (l *formLine) more(raw string) error {
	text := strings.TrimPrefix(strings.Replace(raw, "\t", "  ", 1), "  ")
	if isText(l.key) {
		l.value = join(l.value, text)
		return nil
	}
	text = strings.TrimRight(text, " ")
	deeper := strings.HasPrefix(text, "  ")
	if key, value, ok := strings.Cut(text, ":"); ok && !deeper && hasPart(l.key, strings.TrimSpace(key)) {
		l.parts = append(l.parts, formPart{strings.TrimSpace(key), strings.TrimSpace(value)})
		return nil
	}
	switch {
	case len(l.parts) > 0 && deeper:
		p := &l.parts[len(l.parts)-1]
		p.value = join(p.value, strings.TrimSpace(text))
	case len(l.parts) > 0:
		return fmt.Errorf("%q is no part of %s", text, l.key)
	default:
		l.value = join(l.value, strings.TrimSpace(text))
	}
	return nil
}

// join appends a line to a text that has lines.
func join(text, line string) string {
	if text == "" {
		return line
	}
	return text + "\n" + line
}

// parseLine reads "key (word, word): value".
func parseLine(raw string) (*formLine, error) {
	l := &formLine{}
	end := strings.IndexAny(raw, ":(")
	if end < 0 {
		return nil, fmt.Errorf("there is no colon in %q", raw)
	}
	l.key = strings.TrimSpace(raw[:end])
	rest := raw[end:]
	if rest[0] == '(' {
		rest = rest[1:]
		for {
			var w formWord
			rest = strings.TrimLeft(rest, " ")
			if q, err := strconv.QuotedPrefix(rest); err == nil && rest[0] == '"' {
				w.text, _ = strconv.Unquote(q)
				w.quoted, rest = true, rest[len(q):]
			} else if i := strings.IndexAny(rest, ",)"); i >= 0 {
				w.text, rest = strings.TrimSpace(rest[:i]), rest[i:]
			}
			if w.text != "" {
				l.words = append(l.words, w)
			}
			rest = strings.TrimLeft(rest, " ")
			if strings.HasPrefix(rest, ",") {
				rest = rest[1:]
				continue
			}
			break
		}
		var ok bool
		if rest, ok = strings.CutPrefix(rest, ")"); !ok {
			return nil, fmt.Errorf("the parenthesis behind %s does not end", l.key)
		}
		rest = strings.TrimLeft(rest, " ")
	}
	value, ok := strings.CutPrefix(rest, ":")
	if !ok {
		return nil, fmt.Errorf("there is no colon behind %s", l.key)
	}
	l.value = strings.TrimSpace(value)
	return l, nil
}

// same reports whether two lines say the same.
func (l *formLine) same(m *formLine) bool {
	return l.value == m.value && slices.Equal(l.words, m.words) && slices.Equal(l.parts, m.parts)
}

// formOf is a contact as a form.
func formOf(c *contacts.Contact, groups []string) []byte {
	var b []byte
	for _, f := range formFields {
		for _, l := range f.lines(c) {
			b = l.append(b)
		}
		if f.key() == groupsAfter {
			for _, g := range groups {
				b = (&formLine{key: groupKey, value: g}).append(b)
			}
		}
	}
	return b
}

const groupKey = "Group"

// applyForm changes a contact by a form that a person has edited. base is the
// form that it was: what the person left alone stays as it is, also in what
// the form does not show. It returns the names of the groups that the form has.
func applyForm(c *contacts.Contact, base, text string) (groups []string, err error) {
	old, err := parseForm(base)
	if err != nil {
		return nil, err
	}
	lines, err := parseForm(text)
	if err != nil {
		return nil, err
	}
	was, is := map[string][]*formLine{}, map[string][]*formLine{}
	for _, l := range old {
		k := strings.ToLower(l.key)
		was[k] = append(was[k], l)
	}
	for _, l := range lines {
		if strings.EqualFold(l.key, groupKey) {
			if l.value != "" {
				groups = append(groups, l.value)
			}
			continue
		}
		f := fieldOf(l.key)
		if f == nil {
			return nil, fmt.Errorf("line %d: there is no field %q; there are %s", l.n, l.key, fieldNames())
		}
		k := strings.ToLower(f.key())
		if l.value == "" && len(l.parts) == 0 && !slices.ContainsFunc(was[k], l.same) {
			continue
		}
		for _, p := range l.parts {
			if !hasPart(l.key, p.key) {
				return nil, fmt.Errorf("line %d: %s has no part %q", l.n, l.key, p.key)
			}
		}
		is[k] = append(is[k], l)
	}
	if err := applyName(c, was, is); err != nil {
		return nil, err
	}
	for _, f := range formFields {
		k := strings.ToLower(f.key())
		if _, ok := f.(nameField); ok || sameLines(was[k], is[k]) {
			continue // CMD-12
		}
		if err := f.apply(c, was[k], is[k]); err != nil {
			return nil, err
		}
	}
	return groups, nil
}

func sameLines(a, b []*formLine) bool {
	return slices.EqualFunc(a, b, (*formLine).same)
}

// setWhole gives a name new parts. How it is pronounced has lines of its own.
func setWhole(n *contacts.Name, full string) {
	old := *n
	n.SetFull(full)
	n.GivenYomi, n.AdditionalYomi, n.FamilyYomi, n.Extra = old.GivenYomi, old.AdditionalYomi, old.FamilyYomi, old.Extra // CMD-12
}

// applyName changes the name. The parts follow from the whole name where that
// was changed, but for parts that were changed as well; otherwise the whole name
// follows from the parts. A form that has lost all parts and still the whole
// name means that name.
func applyName(c *contacts.Contact, was, is map[string][]*formLine) error {
	n := &c.Name
	whole, kept := false, ""
	for i, f := range nameFields {
		k := strings.ToLower(f.name)
		v, err := single(f.name, is[k])
		switch {
		case err != nil:
			return err
		case sameLines(was[k], is[k]):
			if i == 0 {
				kept = v
			}
		case i == 0 && v != "":
			setWhole(n, v)
			whole = true
		case !whole:
			*f.of(n) = v
			n.Full = ""
		case v != "":
			*f.of(n) = v
		}
	}
	if n.Full+n.Prefix+n.Given+n.Additional+n.Family+n.Suffix == "" && kept != "" {
		setWhole(n, kept)
	}
	c.Normalize()
	return nil
}
