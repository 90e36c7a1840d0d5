package transfer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"contacts"
	"contacts/csv"
)

// The JSON form is one object:
//
//	{"format": "contacts", "version": 1,
//	 "groups": [{"key": "Family", "name": ..., "system": ..., "properties": [...], "extra": [...]}, ...],
//	 "contacts": [{"name": {"full": ...}, "emails": [...], ..., "groups": ["Family"], "photo": {"type": ..., "data": ...}}, ...]}
//
// A contact has the fields of contacts.Contact, named as there but for the
// case of letters, and without those that are empty. Keys of groups hold within
// the file. The photo's data is base64.
const jsonVersion = 1

// MaxObjectBytes limits one contact in JSON, the photo included.
const MaxObjectBytes = 32 << 20

// A jsonGroup is a group in a file.
type jsonGroup struct {
	Key        string
	Name       string
	System     string
	Properties []contacts.Property
	Extra      contacts.Extra
}

// A jsonContact is a contact in a file or journal.
type jsonContact struct {
	contacts.Contact
	Groups []string
	Photo  *jsonPhoto
}

type jsonPhoto struct {
	Type string
	Data []byte
}

// left out of the JSON form: they belong to one book.
var bookFields = map[string]bool{"ID": true, "Rev": true, "Created": true, "Deleted": true, "Memberships": true}

// appendValue appends v as JSON; see the form above.
func appendValue(b []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.String:
		return appendText(b, v.String())
	case reflect.Bool:
		if v.Bool() {
			return append(b, "true"...)
		}
		return append(b, "false"...)
	case reflect.Pointer:
		return appendValue(b, v.Elem())
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			text, _ := json.Marshal(v.Bytes()) // cannot fail
			return append(b, text...)
		}
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, v.Index(i))
		}
		return append(b, ']')
	}
	b = append(b, '{')
	b = appendFields(b, v)
	if b[len(b)-1] == ',' {
		b = b[:len(b)-1]
	}
	return append(b, '}')
}

// appendFields appends the fields of a struct that are set, each with a comma.
func appendFields(b []byte, v reflect.Value) []byte {
	t := v.Type()
	inBook := t == reflect.TypeFor[contacts.Contact]()
	for i := range t.NumField() {
		f, name := v.Field(i), t.Field(i).Name
		if t.Field(i).Anonymous {
			b = appendFields(b, f)
			continue
		}
		if f.IsZero() || inBook && (bookFields[name] || name == "Photo") || f.Kind() == reflect.Slice && f.Len() == 0 {
			continue
		}
		b = append(append(append(b, '"'), memberName(name)...), '"', ':')
		b = append(appendValue(b, f), ',')
	}
	return b
}

// memberName is the JSON name of a Go field: IMs is ims, POBox is poBox.
func memberName(field string) string {
	switch field {
	case "IMs":
		return "ims"
	case "ExternalIDs":
		return "externalIds"
	}
	upper := 0
	for upper < len(field) && unicode.IsUpper(rune(field[upper])) {
		upper++
	}
	if upper > 1 && upper < len(field) {
		upper-- // the first letter of the next word
	}
	return strings.ToLower(field[:upper]) + field[upper:]
}

// appendText appends a JSON string.
func appendText(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		from = i + 1
	}
	return append(append(b, s[from:]...), '"')
}

// objects are the entries of a JSON file.
type objects struct {
	in     *json.Decoder
	lines  *lineCounter
	groups map[string]groupRef
	waits  []*entry // groups that have not been returned
	done   bool
}

// newObjects reads a file up to its contacts.
func newObjects(r io.Reader) (source, error) {
	buffered := bufio.NewReader(r)
	if mark, _ := buffered.Peek(3); bytes.Equal(mark, []byte("\xEF\xBB\xBF")) {
		buffered.Discard(3)
	}
	s := &objects{lines: &lineCounter{in: buffered}, groups: map[string]groupRef{}}
	s.in = json.NewDecoder(s.lines)
	s.room()
	if err := s.head(); err != nil {
		return nil, s.damage(err)
	}
	return s, nil
}

// room lets one value of MaxObjectBytes be read from here.
func (s *objects) room() { s.lines.most = s.in.InputOffset() + MaxObjectBytes + 1<<20 }

// damage words an error that ends the reading.
func (s *objects) damage(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return contacts.Errorf(contacts.Invalid, "", "the JSON ends too early")
	case errors.As(err, &syntax):
		return contacts.Errorf(contacts.Invalid, "", "line %d: %v", s.lines.at(syntax.Offset), err)
	case errors.As(err, &kind):
		return contacts.Errorf(contacts.Invalid, "", "line %d: a %s is not expected here", s.lines.at(s.in.InputOffset()), kind.Value)
	}
	return err
}

func errForeign() error {
	return contacts.Errorf(contacts.Invalid, "", `the JSON is not an export of contacts: it does not begin with "format": "contacts"; 'contacts add -' reads what 'contacts list --json' prints`)
}

// head reads up to the bracket that begins the contacts.
func (s *objects) head() error {
	if begin, err := s.in.Token(); err != nil {
		return err
	} else if begin != json.Delim('{') {
		return errForeign()
	}
	known := false
	for s.in.More() {
		name, err := s.in.Token()
		if err != nil {
			return err
		}
		switch name {
		case "format":
			var format string
			if err := s.in.Decode(&format); err != nil {
				return err
			}
			if known = format == "contacts"; !known {
				return errForeign()
			}
		case "version":
			var version int
			if err := s.in.Decode(&version); err != nil {
				return err
			}
			if version > jsonVersion { // EXP-5
				return contacts.Errorf(contacts.Invalid, "", "the file has version %d; this program reads version %d", version, jsonVersion)
			}
		case "groups":
			if !known {
				return errForeign()
			}
			if err := s.readGroups(); err != nil {
				return err
			}
		case "contacts":
			if !known {
				return errForeign()
			}
			tok, err := s.in.Token()
			if err == nil && tok != json.Delim('[') {
				err = contacts.Errorf(contacts.Invalid, "", "the contacts are not a list")
			}
			return err
		default:
			if !known {
				return errForeign()
			}
			var skipped json.RawMessage
			if err := s.in.Decode(&skipped); err != nil {
				return err
			}
		}
	}
	s.done = true
	if !known {
		return errForeign()
	}
	return nil
}

func (s *objects) readGroups() error {
	if tok, err := s.in.Token(); err != nil || tok != json.Delim('[') {
		if err == nil {
			err = contacts.Errorf(contacts.Invalid, "", "the groups are not a list")
		}
		return err
	}
	count := map[string]int{}
	for s.in.More() {
		var raw json.RawMessage
		s.room()
		if err := s.in.Decode(&raw); err != nil {
			return err
		}
		line := s.line(raw)
		var g jsonGroup
		if err := json.Unmarshal(raw, &g); err != nil {
			return contacts.Errorf(contacts.Invalid, "", "line %d: %s", line, strings.TrimPrefix(err.Error(), "json: "))
		}
		ref := groupRef{name: g.Name, nth: count[g.Name],
			full: &contacts.Group{Name: g.Name, System: g.System, Properties: g.Properties, Extra: g.Extra}}
		count[g.Name]++
		s.groups[g.Key] = ref
		s.waits = append(s.waits, &entry{line: line, alone: ref.full, groups: []groupRef{ref}})
	}
	_, err := s.in.Token()
	return err
}

// line is the line where the value begins that was read last.
func (s *objects) line(raw json.RawMessage) int {
	return s.lines.at(s.in.InputOffset() - int64(len(raw)) + 1)
}

func (s *objects) format() Format        { return JSON }
func (s *objects) columns() []csv.Column { return nil }

func (s *objects) next() (*entry, error) {
	if len(s.waits) > 0 {
		e := s.waits[0]
		s.waits = s.waits[1:]
		return e, nil
	}
	if s.done || !s.in.More() {
		if !s.done {
			s.done = true
			for range 2 { // the bracket and the brace
				if _, err := s.in.Token(); err != nil {
					return nil, s.damage(err)
				}
			}
		}
		return nil, io.EOF
	}
	var raw json.RawMessage
	s.room()
	if err := s.in.Decode(&raw); err != nil {
		s.done = true
		return nil, s.damage(err)
	}
	line := s.line(raw)
	var c jsonContact
	strict := json.NewDecoder(bytes.NewReader(raw))
	strict.DisallowUnknownFields() // EXP-5
	if err := strict.Decode(&c); err != nil {
		return nil, &badEntry{line, strings.TrimPrefix(err.Error(), "json: ")}
	}
	e := &entry{line: line, contact: fromBook(&c.Contact)}
	if c.Photo != nil && len(c.Photo.Data) > 0 {
		e.photo = &Photo{Type: c.Photo.Type, Data: c.Photo.Data}
	}
	for _, key := range c.Groups {
		ref, ok := s.groups[key]
		if !ok {
			return nil, &badEntry{line, "the file has no group with the key " + key}
		}
		e.groups = append(e.groups, ref)
	}
	return e, nil
}

// fromBook is c without what belongs to one book.
func fromBook(c *contacts.Contact) *contacts.Contact {
	d := *c
	d.ID, d.Rev, d.Created, d.Deleted, d.Memberships, d.Photo = 0, 0, 0, false, nil, contacts.Photo{}
	return &d
}

// cut shortens a text of the file for a message.
func cut(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	end := most
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "..."
}

// appendJSON appends a contact with its groups and photo.
func appendJSON(b []byte, c *jsonContact) []byte { return appendValue(b, reflect.ValueOf(c)) }

// containsVersion reports whether the state of a photo, however a book words
// it, names a version.
func containsVersion(tag, version string) bool { return strings.Contains(tag, version) }

// appendGroup appends a group.
func appendGroup(b []byte, g *jsonGroup) []byte { return appendValue(b, reflect.ValueOf(g)) }
