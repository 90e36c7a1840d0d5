package wire

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"contacts"
)

// Limits of a selection, which keep selecting cheap (QRY-69).
const (
	maxFields     = 4096 // bytes
	maxFieldDepth = 30   // steps, sub-selections and conditions inside one another
)

// Fields is a selection of parts of a feed or an entry: the value of the
// parameter fields, and of the attribute gd:fields of a partial entry. It does
// not change, so goroutines may share it.
type Fields struct{ steps []*step }

// A step selects children or attributes of an element, and parts of them.
type step struct {
	attr          bool
	prefix, local string // as String writes them; local may be *
	ns            nsID   // or nsAny

	conds []*cond // that an element has to meet, all of them
	sub   []*step // what is selected in it; nil for all of it (QRY-64)
}

// nsAny is the namespace of a step that takes any.
const nsAny nsID = -1

func (s *step) matches(n *xmlName) bool {
	return (s.local == n.local || s.local == "*") && (s.ns == n.ns || s.ns == nsAny)
}

// ParseFields reads a selection. It fails with kind Invalid and
// CodeFieldSelection.
func ParseFields(s string) (*Fields, error) {
	p := &fieldParser{s: s}
	if len(s) > maxFields {
		p.fail("more than %d bytes", maxFields) // QRY-69
		return nil, p.err
	}
	f := &Fields{steps: p.list()}
	p.end()
	if p.err != nil {
		return nil, p.err
	}
	return f, nil
}

// A fieldParser reads a selection. After an error it is at the end of its text.
type fieldParser struct {
	s     string
	i     int
	depth int
	err   error
}

// fail records what is wrong at the current place.
func (p *fieldParser) fail(format string, args ...any) {
	if p.err == nil {
		at := contacts.Errorf(contacts.Invalid, contacts.CodeFieldSelection, format, args...)
		at.Reason = "Invalid fields at character " + strconv.Itoa(1+utf8.RuneCountInString(p.s[:p.i])) + ": " + at.Reason // QRY-65
		p.err = at
	}
	p.i = len(p.s)
}

// enter counts a level; leave ends it.
func (p *fieldParser) enter() {
	if p.depth++; p.depth > maxFieldDepth {
		p.fail("nested deeper than %d", maxFieldDepth) // QRY-69
	}
}

func (p *fieldParser) leave() { p.depth-- }

// take reads c, and blanks before it, if it is there.
func (p *fieldParser) take(c byte) bool {
	p.blanks()
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *fieldParser) blanks() {
	for p.i < len(p.s) && isSpace(p.s[p.i]) {
		p.i++
	}
}

func (p *fieldParser) expect(c byte) {
	if !p.take(c) {
		p.fail("%q was expected", c)
	}
}

func (p *fieldParser) end() {
	if p.blanks(); p.i < len(p.s) {
		r, _ := utf8.DecodeRuneInString(p.s[p.i:])
		p.fail("%q was not expected", r)
	}
}

// list reads paths with commas between them (QRY-60).
func (p *fieldParser) list() []*step {
	steps := []*step{p.path(false)}
	for p.take(',') {
		steps = append(steps, p.path(false))
	}
	return steps
}

// path reads a path; one in a condition has no sub-selections (QRY-60).
func (p *fieldParser) path(condition bool) *step {
	p.enter()
	defer p.leave()
	s := &step{attr: p.take('@')}
	p.name(s)
	if s.attr {
		return s
	}
	for p.take('[') {
		s.conds = append(s.conds, p.or())
		p.expect(']')
	}
	switch {
	case p.take('/'):
		s.sub = []*step{p.path(condition)}
	case !condition && p.take('('):
		s.sub = p.list()
		p.expect(')')
	}
	return s
}

// name reads the name of an element or attribute.
func (p *fieldParser) name(s *step) {
	p.blanks()
	s.local = p.word()
	if s.local != "*" && p.i < len(p.s) && p.s[p.i] == ':' {
		at := p.i - len(s.local)
		p.i++
		s.prefix, s.local = s.local, p.word()
		ns, ok := reserved[s.prefix]
		if !ok && p.err == nil {
			p.i = at
			p.fail("unknown prefix %.40q", s.prefix) // QRY-61
		}
		s.ns = ns
	}
	switch {
	case s.prefix == "atom" && !s.attr && s.local != "*":
		s.prefix = ""
	case s.prefix != "":
	case s.local == "*":
		s.ns = nsAny
	case !s.attr:
		s.ns = nsAtom // QRY-61
	}
}

// word reads a name without prefix, or a *.
func (p *fieldParser) word() string {
	if p.i < len(p.s) && p.s[p.i] == '*' {
		p.i++
		return "*"
	}
	from := p.i
	for p.i < len(p.s) {
		r, n := utf8.DecodeRuneInString(p.s[p.i:])
		if !isNameStart(r) && (p.i == from || !isNameRest(r)) || r == utf8.RuneError && n == 1 {
			break
		}
		p.i += n
	}
	word := p.s[from:p.i]
	if word == "" {
		p.fail("a name was expected")
	}
	return word
}

// keyword reads the word if it is there, not merely the beginning of a longer
// one.
func (p *fieldParser) keyword(word string) bool {
	p.blanks()
	rest, ok := strings.CutPrefix(p.s[p.i:], word)
	if r, _ := utf8.DecodeRuneInString(rest); !ok || isNameStart(r) || isNameRest(r) || r == ':' {
		return false
	}
	p.i += len(word)
	return true
}

// String is the selection as ParseFields reads it, in one form for all ways of
// writing the same.
func (f *Fields) String() string { return string(appendSteps(nil, f.steps)) }

func appendSteps(b []byte, steps []*step) []byte {
	for i, s := range steps {
		if i > 0 {
			b = append(b, ',')
		}
		b = s.append(b)
	}
	return b
}

func (s *step) append(b []byte) []byte {
	if s.attr {
		b = append(b, '@')
	}
	if s.prefix != "" {
		b = append(append(b, s.prefix...), ':')
	}
	b = append(b, s.local...)
	for _, c := range s.conds {
		b = append(c.append(append(b, '[')), ']')
	}
	switch len(s.sub) {
	case 0:
		return b
	case 1:
		return s.sub[0].append(append(b, '/'))
	}
	return append(appendSteps(append(b, '('), s.sub), ')')
}
