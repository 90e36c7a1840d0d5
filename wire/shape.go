package wire

import (
	"strings"

	"contacts"
)

// A shape is the table of one element: a row for each attribute and child that
// the value T has. Rows give a field by the function that returns its address,
// so that the same row reads and writes it.
type shape[T any] struct {
	attrs []attr[T]
	elems []elem[T]
	text  *content[T] // text content; nil without
	blob  *blob[T]    // content of an extended property; nil without
	kept  []field[T]  // fields that only the stored form has

	extra     func(*T) *contacts.Extra // nil for an element that leaves it to its parent
	extraTag  byte
	init      func(*T) // sets what the element's name says
	dropEmpty bool     // a completely empty element is dropped, not refused (ELEM-77)

	// Made by build.
	textAt         place[T, string]
	xmlAt, plainAt place[T, string] // of the blob
	extraAt        place[T, contacts.Extra]

	stored []field[T] // all fields
	byTag  []int8     // index in stored, or -1
}

// An attr is a row for an attribute.
type attr[T any] struct {
	name string
	tag  byte // in the stored form; never used for anything else
	str  place[T, string]
	flag place[T, bool] // instead of str

	word     bool          // gd elements write words as URIs
	required bool          // not empty (ELEM-77)
	present  bool          // there, but perhaps empty; always written
	force    func(*T) bool // written though it is empty

	xml, json string // what stands before the value
}

// str is an attribute with a text.
func str[T any](tag byte, name string, get func(*T) *string) attr[T] {
	return attr[T]{name: name, tag: tag, str: placeOf(get), xml: " " + name + "='", json: `"` + name + `":"`}
}

// uri is an attribute whose values are words in the model, and URIs of the
// schema on the wire; a value with a colon is any URI and the same in both.
func uri[T any](tag byte, name string, get func(*T) *string) attr[T] {
	a := str(tag, name, get)
	a.word = true
	return a
}

// flag is an attribute that is true or, left out, false (XML-11).
func flag[T any](tag byte, name string, get func(*T) *bool) attr[T] {
	return attr[T]{name: name, tag: tag, flag: placeOf(get), xml: " " + name + "='true'", json: `"` + name + `":"true",`}
}

func (a attr[T]) mandatory() attr[T] { a.required = true; return a }

func (a attr[T]) even() attr[T] { a.present = true; a.force = func(*T) bool { return true }; return a }

func (a attr[T]) when(empty func(*T) bool) attr[T] { a.force = empty; return a }

// A content is the row of an element's text.
type content[T any] struct {
	tag      byte
	str      func(*T) *string
	required bool
}

// A blob is the row of the content of an extended property: XML or text.
type blob[T any] struct {
	xmlTag, textTag byte
	xml, text       func(*T) *string
}

// A field is a row of the stored form.
type field[T any] struct {
	tag  byte
	str  place[T, string]
	flag place[T, bool] // instead of str

	// Of all other fields. write appends nothing for a zero value.
	write func(b []byte, t *T) []byte
	read  func(r *reader, t *T)
	reset func(t *T)
}

// An elem is a row for a child element.
type elem[T any] struct {
	name     elemName
	shown    class // by which views
	repeats  bool  // may occur more than once; an array in JSON (JSON-6)
	required bool
	inner    *outline // of what is in it

	// Of a simple element: its text, or without one its attribute, and the
	// attribute that it has besides a text. With both empty the element is
	// left out; with a text alone, and nothing unknown around, it is the text
	// between two constants and written as such.
	str, attr place[T, string]
	plain     bool // str is a text

	// xml and json append the element or elements, or nothing; ex is the Extra
	// of the element that they are in.
	xml  func(b []byte, t *T, e *Encoder, ex contacts.Extra) []byte
	json func(b []byte, t *T, e *Encoder, ex contacts.Extra) []byte

	// parse reads the element whose start tag was read last.
	parse func(p *parser, t *T, ex *contacts.Extra) error

	fields []field[T]
}

// parts hides the element from the views that show names by their title alone
// (VER-30, VER-32, VER-50, VER-52, VER-53).
func (e elem[T]) parts() elem[T] { e.shown = classParts | classShared; return e }

func (e elem[T]) mandatory() elem[T] { e.required = true; return e }

// An elemName is the qualified name of an element, and the bytes made of it.
type elemName struct {
	ns    nsID
	local string
	full  string // gd:email
	open  string // <gd:email
	text  string // <gd:email>
	close string // </gd:email>
	json  string // "gd$email":
	jtext string // "gd$email":{"$t":"
}

func nameOf(full string) elemName {
	prefix, local, _ := strings.Cut(full, ":")
	ns, ok := prefixes[prefix]
	if !ok {
		panic("wire: no namespace for " + full)
	}
	key := `"` + prefix + "$" + local + `":`
	return elemName{ns: ns, local: local, full: full, open: "<" + full, text: "<" + full + ">", close: "</" + full + ">", json: key, jtext: key + `{"$t":"`}
}

// makeShape completes a table.
func makeShape[T any](s shape[T]) *shape[T] {
	s.build()
	return &s
}

// build derives the stored form from the rows. It panics if two rows of one
// struct have the same tag.
func (s *shape[T]) build() {
	if s.text != nil {
		s.textAt = placeOf(s.text.str)
	}
	if s.blob != nil {
		s.xmlAt, s.plainAt = placeOf(s.blob.xml), placeOf(s.blob.text)
	}
	if s.extra != nil {
		s.extraAt = placeOf(s.extra)
	}
	s.stored = append(s.stored, s.kept...)
	for _, a := range s.attrs {
		if a.tag != 0 {
			s.stored = append(s.stored, field[T]{tag: a.tag, str: a.str, flag: a.flag})
		}
	}
	if s.text != nil && s.text.tag != 0 {
		s.stored = append(s.stored, keep(s.text.tag, s.text.str))
	}
	if s.blob != nil {
		s.stored = append(s.stored, keep(s.blob.xmlTag, s.blob.xml), keep(s.blob.textTag, s.blob.text))
	}
	for _, e := range s.elems {
		s.stored = append(s.stored, e.fields...)
	}
	if s.extraTag != 0 {
		s.stored = append(s.stored, keepExtra(s.extraTag, s.extra))
	}
	for i, f := range s.stored {
		for len(s.byTag) <= int(f.tag) {
			s.byTag = append(s.byTag, -1)
		}
		if s.byTag[f.tag] >= 0 {
			panic("wire: two stored fields have one tag")
		}
		s.byTag[f.tag] = int8(i)
	}
}

// isEmpty reports whether the attributes and the text of a simple element say
// nothing.
func (s *shape[T]) isEmpty(t *T) bool {
	if s.text != nil && *s.textAt.of(t) != "" {
		return false
	}
	for i := range s.attrs {
		if a := &s.attrs[i]; a.str.set {
			if *a.str.of(t) != "" {
				return false
			}
		} else if *a.flag.of(t) {
			return false
		}
	}
	return true
}

// view returns the rows that a class of views shows.
func (s *shape[T]) view(c class) []elem[T] {
	var es []elem[T]
	for _, e := range s.elems {
		if e.shown&c != 0 {
			es = append(es, e)
		}
	}
	return es
}
