package wire

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"contacts"
)

// A parser reads entries from one document.
type parser struct {
	scanner
	ref   func(href string) (contacts.ID, error)
	extra int       // bytes of unknown XML in the entry so far
	blobs int       // bytes of all fragments so far
	scope []binding // prefixes in scope of the fragment being written
	op    *BatchOp  // what the entry belongs to; nil outside a batch
	got   *Received // the entry, if a server sent it

	member membershipInfo // the membership being read
}

// parsers keeps parsers for reuse, because their tables are larger than most
// documents.
var parsers = sync.Pool{New: func() any { return new(parser) }}

// newParser begins to read doc. The caller frees the parser.
func newParser(doc []byte, ref func(string) (contacts.ID, error)) *parser {
	p := parsers.Get().(*parser)
	p.ref = ref
	p.start(doc)
	return p
}

// free forgets the document. What was read stays: its strings are parts of the
// document or copies.
func (p *parser) free() {
	scratch := p.scratch
	if cap(scratch) > 64<<10 {
		scratch = nil
	}
	*p = parser{}
	p.scratch = scratch
	parsers.Put(p)
}

// errEmpty says that an element is completely empty, so that it is dropped.
var errEmpty = errors.New("wire: empty element")

// parse reads the element whose start tag was read last into t, to its end
// tag. Unknown parts go to ex, as those of the element in. Order has no
// meaning (XML-3).
func (s *shape[T]) parse(p *parser, t *T, ex *contacts.Extra, in string) error {
	if s.init != nil {
		s.init(t)
	}
	var seenAttrs uint16
	var attrs []byte
	for i := range p.attrs {
		a := &p.attrs[i]
		k := -1
		if a.ns == nsNone {
			k = s.attr(a.local)
		}
		if k < 0 {
			attrs = p.appendAttr(attrs, a)
			continue
		}
		seenAttrs |= 1 << k
		if err := s.attrs[k].set(t, a.value); err != nil {
			return err
		}
	}

	if err := p.charge(len(attrs)); err != nil {
		return err
	}

	var body runs
	var xml []byte
	var seen uint64
	elements := false // unknown ones
	hint := 0
	for more := true; more; {
		switch p.next() {
		case tokError:
			return p.err
		case tokEnd:
			more = false
		case tokText:
			body.add(p.text)
			if s.blob != nil {
				xml = appendText(xml, p.text) // mixed with elements it is part of the XML
			}
		case tokStart:
			if k := s.elem(p.name, hint); k >= 0 {
				hint = k
				e := &s.elems[k]
				if !e.repeats && seen&(1<<k) != 0 {
					return repeated(e.name.full)
				}
				seen |= 1 << k
				if err := e.parse(p, t, ex); err != nil {
					return err
				}
				continue
			}
			var err error
			if xml, err = p.appendFragment(xml); err != nil {
				return err
			}
			elements = true
		}
	}

	switch {
	case s.text != nil:
		*s.textAt.of(t) = trim(body.String())
	case s.blob != nil && elements:
		*s.xmlAt.of(t), xml = trim(string(xml)), nil
	case s.blob != nil:
		*s.plainAt.of(t), xml = trim(body.String()), nil
	}
	if err := s.complete(t, seenAttrs, seen); err != nil {
		if s.dropEmpty && len(attrs) == 0 && len(xml) == 0 && s.isEmpty(t) {
			return errEmpty // ELEM-77
		}
		return err
	}
	if in != "" && s.isEmpty(t) {
		return nil // an element that is removed takes its unknown parts along (ELEM-60)
	}
	if len(attrs)+len(xml) > 0 {
		*ex = append(*ex, contacts.Unknown{In: in, Attrs: string(attrs), XML: string(xml)}) // XML-7
	}
	return p.charge(len(xml))
}

// attr finds the row of an attribute.
func (s *shape[T]) attr(local string) int {
	for i := range s.attrs {
		if s.attrs[i].name == local {
			return i
		}
	}
	return -1
}

// elem finds the row of an element, looking first where the last one was:
// elements mostly come in the order of the table.
func (s *shape[T]) elem(name xmlName, hint int) int {
	for i := hint; i < len(s.elems); i++ {
		if n := &s.elems[i].name; n.local == name.local && n.ns == name.ns {
			return i
		}
	}
	for i := range min(hint, len(s.elems)) {
		if n := &s.elems[i].name; n.local == name.local && n.ns == name.ns {
			return i
		}
	}
	return -1
}

// set gives the attribute's field its value from the wire.
func (a *attr[T]) set(t *T, v string) error {
	if !a.str.set {
		switch v {
		case "true", "1":
			*a.flag.of(t) = true
		case "false", "0", "":
			*a.flag.of(t) = false
		default:
			err := contacts.Errorf(contacts.Invalid, contacts.CodeAttributeValue, "Neither true nor false: %.40q", v) // XML-11
			err.Path = "@" + a.name
			return err
		}
		return nil
	}
	if a.word {
		if w, ok := strings.CutPrefix(v, gdWord); ok && w != "" && strings.IndexByte(w, ':') < 0 {
			v = w
		}
	}
	*a.str.of(t) = v
	return nil
}

// complete refuses an element that lacks something required.
func (s *shape[T]) complete(t *T, attrs uint16, elems uint64) error {
	for i := range s.attrs {
		a := &s.attrs[i]
		if a.required && *a.str.of(t) == "" || a.present && attrs&(1<<i) == 0 { // ELEM-28
			return missing("@"+a.name, contacts.CodeMissingContent)
		}
	}
	for i := range s.elems {
		if s.elems[i].required && elems&(1<<i) == 0 {
			return missing(s.elems[i].name.full, contacts.CodeMissingElement)
		}
	}
	if s.text != nil && s.text.required && *s.textAt.of(t) == "" {
		return missing("", contacts.CodeMissingContent)
	}
	return nil
}

// missing is the error for a required part; the entry's parser words it when
// the whole path is known.
func missing(path string, code contacts.Code) error {
	return &contacts.Error{Kind: contacts.Invalid, Code: code, Path: path}
}

// repeated is the error for a second element where one is allowed.
func repeated(full string) error {
	err := contacts.Errorf(contacts.Invalid, contacts.CodeNotRepeatable, "%s may occur only once", full) // ELEM-76 ERR-26
	err.Path = full
	return err
}

// in adds an element to the path of an error that an element inside it made.
func in(err error, full string) error {
	if err == nil {
		return nil
	}
	if e, ok := err.(*contacts.Error); ok && e.Code != contacts.CodeParse {
		if e.Path != "" {
			full += "/"
		}
		e.Path = full + e.Path
	}
	return err
}

// inItem is in for the element with index n of several.
func inItem(err error, full string, n int) error {
	if err == nil {
		return nil
	}
	return in(err, fmt.Sprintf("%s[%d]", full, n+1))
}

// worded gives an error about something missing its reason.
func worded(err error) error {
	if e, ok := err.(*contacts.Error); ok && e.Reason == "" && e.Path != "" {
		e.Reason = "Missing value of " + e.Path // ERR-25
	}
	return err
}

// runs is the text of an element, in the pieces that markup inside it leaves.
// There is mostly one.
type runs struct {
	first string
	all   []byte // of two pieces or more
}

func (r *runs) add(s string) {
	switch {
	case r.all != nil:
		r.all = append(r.all, s...)
	case r.first == "":
		r.first = s
	default:
		r.all = append(append(r.all, r.first...), s...)
	}
}

func (r *runs) String() string {
	if r.all != nil {
		return string(r.all)
	}
	return r.first
}

// trim removes blanks and line breaks at both ends (XML-6).
func trim(s string) string {
	if s == "" || !isSpace(s[0]) && !isSpace(s[len(s)-1]) {
		return s
	}
	return strings.Trim(s, blanks)
}
