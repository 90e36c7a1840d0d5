package transfer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"contacts"
	"contacts/csv"
)

// A Format is a form in which contacts are written to a file.
type Format string

// The formats.
const (
	VCard Format = "vcard"
	CSV   Format = "csv"
	JSON  Format = "json"
)

// An entry is one card, row or object of a file.
type entry struct {
	line    int // where it begins, counted from 1
	contact *contacts.Contact
	uid     string
	groups  []groupRef
	photo   *Photo
	lost    []string // what could not be kept, in words
	invalid error    // why no book would take the contact

	// alone is a group that the file has as an entry of its own; then the
	// entry has no contact.
	alone *contacts.Group
}

// A groupRef is how a file names a group.
type groupRef struct {
	name string
	nth  int             // among groups of this name, counted from 0
	full *contacts.Group // with all that the file says of it; nil for no more than the name
}

// A badEntry says why an entry cannot be read. Reading goes on after it.
type badEntry struct {
	line   int
	reason string
}

func (e *badEntry) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.reason) }

// A source reads the entries of a file in order.
type source interface {
	// next returns io.EOF after the last entry, and a *badEntry for one that
	// is damaged.
	next() (*entry, error)
	format() Format
	columns() []csv.Column // of a file that has columns
}

// A countingReader knows how much was read.
type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// open recognises the format of a file by how it begins.
func open(file io.ReadSeeker) (source, *countingReader, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, nil, err
	}
	begin := make([]byte, 8<<10)
	n, err := io.ReadFull(file, begin)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, nil, err
	}
	f, err := recognise(begin[:n]) // IMP-7
	if err != nil {
		return nil, nil, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, nil, err
	}
	counted := &countingReader{r: file}
	var s source
	switch f {
	case VCard:
		s, err = newCards(file, counted)
	case JSON:
		s, err = newObjects(counted)
	default:
		s, err = newRows(counted)
	}
	return s, counted, err
}

// recognise tells the format from the beginning of a file. It fails with kind
// Invalid on what is certainly none of the formats.
func recognise(begin []byte) (Format, error) {
	for _, known := range []struct{ magic, what string }{
		{"PK\x03\x04", "a ZIP archive or a spreadsheet"}, {"\x1f\x8b", "compressed"}, {"%PDF", "a PDF document"},
		{"\xd0\xcf\x11\xe0", "an old spreadsheet"}, {"!BDN", "an Outlook data file"}, {"\xff\xd8\xff", "an image"},
		{"\x89PNG", "an image"}, {"SQLite format 3", "a database"},
	} {
		if bytes.HasPrefix(begin, []byte(known.magic)) {
			return "", contacts.Errorf(contacts.Invalid, "", "the file is %s; a vCard, CSV or JSON file is needed", known.what)
		}
	}
	// Byte order marks and the zeros of UTF-16 do not hide how the text begins.
	plain := bytes.ReplaceAll(begin, []byte{0}, nil)
	for _, mark := range []string{"\xEF\xBB\xBF", "\xFF\xFE", "\xFE\xFF"} {
		plain = bytes.TrimPrefix(plain, []byte(mark))
	}
	plain = bytes.TrimSpace(plain)
	switch {
	case len(plain) == 0:
		return "", contacts.Errorf(contacts.Invalid, "", "the file is empty")
	case plain[0] == '{', plain[0] == '[':
		return JSON, nil
	case plain[0] == '<':
		return "", contacts.Errorf(contacts.Invalid, "", "the file is HTML or XML; a vCard, CSV or JSON file is needed")
	case bytes.Contains(bytes.ToUpper(plain), []byte("BEGIN:VCARD")):
		return VCard, nil
	}
	return CSV, nil
}

// rows are the entries of a CSV file.
type rows struct{ r *csv.Reader }

func newRows(r io.Reader) (source, error) {
	in, err := csv.NewReader(r)
	if err != nil {
		return nil, err
	}
	return &rows{in}, nil
}

func (s *rows) format() Format        { return CSV }
func (s *rows) columns() []csv.Column { return s.r.Columns() }

func (s *rows) next() (*entry, error) {
	row, err := s.r.Next()
	if bad := new(csv.RowError); errors.As(err, &bad) {
		return nil, &badEntry{bad.Line, bad.Reason}
	}
	if err != nil {
		return nil, err
	}
	e := &entry{line: row.Line, contact: row.Contact}
	for _, name := range row.Groups {
		e.groups = append(e.groups, groupRef{name: name})
	}
	return e, nil
}

// nameOf is what people call a contact: its name, or else what it has.
func nameOf(c *contacts.Contact) string {
	for _, s := range []string{c.Name.Full, c.Nickname, c.FileAs} {
		if s = strings.TrimSpace(s); s != "" {
			return s
		}
	}
	switch {
	case len(c.Organizations) > 0 && c.Organizations[0].Name != "":
		return c.Organizations[0].Name
	case len(c.Emails) > 0:
		return c.Emails[0].Address
	case len(c.Phones) > 0:
		return c.Phones[0].Number
	}
	return ""
}

// lineCounter finds the lines at offsets that only grow, of a stream that is
// read through it.
type lineCounter struct {
	in    *bufio.Reader
	read  int64
	most  int64   // it fails when more than this is read
	feeds []int64 // offsets of line feeds that were read and not passed
	line  int     // line feeds passed
}

func (l *lineCounter) Read(p []byte) (int, error) {
	if l.read >= l.most {
		return 0, contacts.Errorf(contacts.Invalid, "", "one value of more than %d MB", MaxObjectBytes>>20)
	}
	n, err := l.in.Read(p)
	for i, c := range p[:n] {
		if c == '\n' {
			l.feeds = append(l.feeds, l.read+int64(i))
		}
	}
	l.read += int64(n)
	return n, err
}

// at is the line, counted from 1, of an offset.
func (l *lineCounter) at(offset int64) int {
	i := 0
	for i < len(l.feeds) && l.feeds[i] < offset {
		i++
	}
	l.feeds = append(l.feeds[:0], l.feeds[i:]...)
	l.line += i
	return l.line + 1
}

// isBad reports whether an error is about one entry.
func isBad(err error) bool {
	bad := new(badEntry)
	return errors.As(err, &bad)
}
