package csv

import (
	"bufio"
	"bytes"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"contacts"
)

// lines cuts a file into rows, so that one damaged row, or a quotation mark
// that is never closed, does not take what follows along.
type lines struct {
	in      *bufio.Reader
	latin   bool     // bytes that are not UTF-8 were seen: Windows-1252
	line    int      // number of the next line of the file
	start   int      // number of the line where the last row begins
	last    []string // the lines of that row
	pending []string // lines that were read and given back
}

// newLines finds out how the text is encoded. It fails with kind Invalid on
// what is no text.
func newLines(r io.Reader) (*lines, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	begin, err := in.Peek(4096)
	if err != nil && err != io.EOF {
		return nil, err
	}
	order, wide := utf16Order(begin) // CSV-4
	switch {
	case wide:
		in = bufio.NewReaderSize(transform.NewReader(in, unicode.UTF16(order, unicode.UseBOM).NewDecoder()), 64<<10)
	case bytes.HasPrefix(begin, []byte("\xEF\xBB\xBF")):
		in.Discard(3)
	case bytes.IndexByte(begin, 0) >= 0:
		return nil, contacts.Errorf(contacts.Invalid, "", "the file is not text; is it compressed, or a spreadsheet?")
	}
	return &lines{in: in, line: 1}, nil
}

// utf16Order recognises UTF-16 by its byte order mark or, without one, by the
// zeros that every other byte of Latin text has.
func utf16Order(b []byte) (order unicode.Endianness, wide bool) {
	switch {
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		return unicode.LittleEndian, true
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		return unicode.BigEndian, true
	case len(b) < 4:
		return order, false
	}
	var zeros [2]int
	for i, c := range b {
		if c == 0 {
			zeros[i&1]++
		}
	}
	half := len(b) / 2
	switch {
	case zeros[1] > half*3/4 && zeros[0] == 0:
		return unicode.LittleEndian, true
	case zeros[0] > half*3/4 && zeros[1] == 0:
		return unicode.BigEndian, true
	}
	return order, false
}

// Why a row cannot be cut out.
const (
	tooLong  = "more than 1 MiB in one row; a quotation mark may be missing"
	unclosed = "a quotation mark is not closed"
)

// next returns the next line of the file with its line feed.
func (l *lines) next() (string, error) {
	if len(l.pending) > 0 {
		s := l.pending[0]
		l.pending = l.pending[1:]
		l.line++
		return s, nil
	}
	var b []byte
	for {
		part, err := l.in.ReadSlice('\n')
		if len(b)+len(part) <= MaxRowBytes {
			b = append(b, part...)
		} else if len(b) <= MaxRowBytes {
			b = append(b, make([]byte, MaxRowBytes+1-len(b))...) // longer than allowed, whatever is in it
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil && (err != io.EOF || len(b) == 0) {
			return "", err
		}
		break
	}
	l.line++
	return l.text(b), nil
}

// text decodes a line.
func (l *lines) text(b []byte) string {
	if !l.latin && utf8.Valid(b) {
		return string(b)
	}
	l.latin = true // CSV-4
	s, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return string(b)
	}
	return string(s)
}

// record returns the next row: up to the line that closes the last quotation
// mark. If none does, it fails with a *RowError, and the lines after the first
// count as rows again.
func (l *lines) record() (string, error) {
	l.start, l.last = l.line, l.last[:0]
	quotes, size := 0, 0
	for {
		s, err := l.next()
		switch {
		case err == io.EOF && len(l.last) > 0:
			l.retry() // CSV-6
			return "", &RowError{l.start, unclosed}
		case err != nil:
			return "", err
		}
		l.last = append(l.last, s)
		quotes += strings.Count(s, `"`)
		if size += len(s); size > MaxRowBytes {
			l.retry()
			return "", &RowError{l.start, tooLong}
		}
		if quotes%2 == 0 {
			return strings.Join(l.last, ""), nil
		}
	}
}

// retry gives back all lines of the last row but the first.
func (l *lines) retry() {
	if len(l.last) > 1 {
		l.pending = append(slices.Clone(l.last[1:]), l.pending...)
		l.line -= len(l.last) - 1
	}
}
