// Package csv reads contacts from the CSV that Google Contacts and Outlook
// write, and writes Google's.
//
// A file is recognised by the names of its columns, in any order: Google's of
// today ("First Name", "E-mail 1 - Label"), Google's of before 2024 ("Given
// Name", "E-mail 1 - Type") and Outlook's ("E-mail Address", "Business City").
// Values are separated by comma, semicolon or tab. The text is UTF-8, UTF-16 or
// Windows-1252. Package transfer calls it; photos are not its matter.
package csv

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"contacts"
)

// The limits of a file.
const (
	MaxRowBytes = 1 << 20 // of one row, which may have many lines
	MaxColumns  = 4_000
)

// A Layout is a set of columns.
type Layout string

// The layouts that are read. What is written is Google.
const (
	Google    Layout = "Google"
	OldGoogle Layout = "Google (old)"
	Outlook   Layout = "Outlook"
)

// A Row is the contact of one row.
type Row struct {
	Line    int // of the file, counted from 1, where the row begins
	Contact *contacts.Contact
	Groups  []string // names of groups, as they stand in the file
}

// A RowError says why a row cannot be read. Reading goes on after it.
type RowError struct {
	Line   int // where the row begins
	Reason string
}

func (e *RowError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

// Is makes a RowError an error of kind Invalid.
func (e *RowError) Is(target error) bool { return target == contacts.Invalid }

// A Column tells what becomes of a column.
type Column struct {
	Name   string
	Field  string // of a contact, in words; empty if the column has no home
	Values int    // rows, of those read so far, that have a value there
}

// A Reader reads the contacts of one file.
type Reader struct {
	lines   *lines
	buffer  *bufio.Reader
	comma   rune
	layout  Layout
	columns []Column
	plan    plan
}

// NewReader reads the line of column names. It fails with kind Invalid on what
// is no such file, and says what it is instead.
func NewReader(r io.Reader) (*Reader, error) {
	l, err := newLines(r)
	if err != nil {
		return nil, err
	}
	rd := &Reader{lines: l}
	var head string
	for strings.TrimSpace(head) == "" {
		var damaged *RowError
		switch head, err = l.record(); {
		case err == io.EOF:
			return nil, contacts.Errorf(contacts.Invalid, "", "the file is empty")
		case errors.As(err, &damaged):
			return nil, contacts.Errorf(contacts.Invalid, "", "%v", err)
		case err != nil:
			return nil, err
		}
	}
	names, err := rd.recognise(head)
	if err != nil {
		return nil, err
	}
	rd.plan = planOf(rd.layout, names)
	rd.columns = rd.plan.columns
	return rd, nil
}

// recognise finds out what separates the names of the columns, and whose they are.
func (r *Reader) recognise(head string) (best []string, err error) {
	most, found := 0, ','
	for _, comma := range []rune{',', ';', '\t'} {
		r.comma = comma
		names, err := r.fields(head)
		if err != nil || len(names) > MaxColumns {
			continue
		}
		if layout, n := layoutOf(names); n > most { // CSV-5
			most, best, found, r.layout = n, names, comma, layout
		}
	}
	r.comma = found
	if most >= 2 || most == 1 && len(best) == 1 {
		return best, nil
	}
	shown := strings.TrimSpace(head)
	if len(shown) > 80 {
		shown = strings.ToValidUTF8(shown[:80], "") + "..."
	}
	for _, other := range []string{"|", ":", "~", "^", " "} {
		if _, n := layoutOf(strings.Split(head, other)); n >= 2 {
			return nil, contacts.Errorf(contacts.Invalid, "", "the columns are separated by %q; save the file with commas, semicolons or tabs", other)
		}
	}
	return nil, contacts.Errorf(contacts.Invalid, "",
		"no columns of Google Contacts or Outlook in the first line: %q", shown) // CSV-7
}

// Layout is whose columns the file has.
func (r *Reader) Layout() Layout { return r.layout }

// Columns tells of each column, in the order of the file, where its values go.
func (r *Reader) Columns() []Column { return r.columns }

// fields takes a row apart.
func (r *Reader) fields(record string) ([]string, error) {
	if r.buffer == nil {
		r.buffer = bufio.NewReader(nil)
	}
	r.buffer.Reset(strings.NewReader(record))
	c := csv.NewReader(r.buffer) // takes the buffer as it is
	c.Comma, c.FieldsPerRecord = r.comma, -1
	return c.Read()
}

// Next returns the next row, io.EOF after the last, and a *RowError for a row
// that is damaged. Empty rows are passed over.
func (r *Reader) Next() (*Row, error) {
	for {
		record, err := r.lines.record()
		if err != nil {
			return nil, err
		}
		line := r.lines.start
		values, err := r.fields(record)
		var wrong *csv.ParseError
		switch {
		case err == io.EOF:
			continue // blank
		case errors.As(err, &wrong):
			r.lines.retry() // what follows may be whole: CSV-6
			return nil, &RowError{line, wrong.Err.Error()}
		case err != nil:
			return nil, err
		case isEmpty(values):
			continue
		case len(values) != len(r.columns):
			return nil, &RowError{line, r.miscounted(values)} // CSV-6
		}
		for i, v := range values {
			if !contacts.IsText(v) {
				return nil, &RowError{line, fmt.Sprintf("column %q has characters that are no text", r.columns[i].Name)}
			}
		}
		for i, v := range values {
			if values[i] = strings.TrimSpace(v); values[i] != "" {
				r.columns[i].Values++
			}
		}
		row := r.plan.row(values)
		row.Line = line
		return row, nil
	}
}

func isEmpty(values []string) bool {
	for _, v := range values {
		if strings.TrimSpace(v) != "" {
			return false
		}
	}
	return true
}

// miscounted says what is wrong with a row that has another number of values
// than there are columns.
func (r *Reader) miscounted(values []string) string {
	if len(values) == 1 {
		for _, other := range []rune{',', ';', '\t'} {
			if other != r.comma && strings.ContainsRune(values[0], other) {
				return fmt.Sprintf("the row is separated by %q and the first line by %q", string(other), string(r.comma))
			}
		}
	}
	return fmt.Sprintf("%d values for %d columns; a quotation mark may be missing", len(values), len(r.columns))
}
