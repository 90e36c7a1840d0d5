package vcard

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"contacts"
)

// errTooLong says that a line did not fit; what is left of it was skipped.
var errTooLong = errors.New("vcard: line too long")

// A lineReader cuts a stream into lines that end in LF, CR LF, or CR alone.
type lineReader struct {
	r       *bufio.Reader
	started bool
	n       int    // number of the line read last, counted from 1
	rest    []byte // of what was read, behind a CR
	long    []byte // a line that did not fit into the reader's buffer
	folded  bool   // the line that was too long continues the one before
}

const readAhead = 64 << 10

// start finds out the encoding of the stream by its beginning: a byte order
// mark, or the zero bytes of UTF-16. Zero bytes elsewhere are no text.
func (l *lineReader) start() error {
	l.started = true
	head, err := l.r.Peek(512)
	if err != nil && err != io.EOF && len(head) == 0 {
		return err
	}
	utf16 := func(e unicode.Endianness) {
		l.r = bufio.NewReaderSize(transform.NewReader(l.r, unicode.UTF16(e, unicode.UseBOM).NewDecoder()), readAhead)
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xEF\xBB\xBF")):
		l.r.Discard(3)
	case bytes.HasPrefix(head, []byte("\xFF\xFE")), len(head) > 1 && head[0] != 0 && head[1] == 0:
		utf16(unicode.LittleEndian)
	case bytes.HasPrefix(head, []byte("\xFE\xFF")), len(head) > 1 && head[0] == 0 && head[1] != 0:
		utf16(unicode.BigEndian)
	default:
		if bytes.IndexByte(head, 0) < 0 {
			return nil
		}
	}
	if head, _ = l.r.Peek(512); bytes.IndexByte(head, 0) >= 0 {
		return contacts.Errorf(contacts.Invalid, contacts.CodeInvalidEntry, "This is no vCard file: it holds binary data")
	}
	return nil
}

// next is the next line without its end. It is valid until the next call. A
// line of more than MaxCardBytes is skipped and gives errTooLong.
func (l *lineReader) next() ([]byte, error) {
	if !l.started {
		if err := l.start(); err != nil {
			return nil, err
		}
	}
	if len(l.rest) > 0 {
		line := l.rest
		l.rest = nil
		return l.cut(line), nil
	}
	line, err := l.r.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		line, err = l.readLong(line)
		if err == errTooLong {
			l.n++
			return nil, err
		}
	}
	if err != nil && (err != io.EOF || len(line) == 0) {
		return nil, err
	}
	if n := len(line) - 1; line[n] == '\n' {
		line = line[:n]
	}
	for n := len(line); n > 0 && line[n-1] == '\r'; n-- {
		line = line[:n-1]
	}
	return l.cut(line), nil
}

// cut ends the line at a CR within.
func (l *lineReader) cut(line []byte) []byte {
	l.n++
	if i := bytes.IndexByte(line, '\r'); i >= 0 {
		l.rest = line[i+1:]
		line = line[:i]
	}
	return line
}

// readLong reads the rest of a line that begins with head.
func (l *lineReader) readLong(head []byte) ([]byte, error) {
	l.long = append(l.long[:0], head...)
	for {
		more, err := l.r.ReadSlice('\n')
		if len(l.long)+len(more) > MaxCardBytes {
			l.folded = l.long[0] == ' ' || l.long[0] == '\t'
			l.long = nil
			for err == bufio.ErrBufferFull {
				_, err = l.r.ReadSlice('\n')
			}
			if err == nil || err == io.EOF {
				err = errTooLong
			}
			return nil, err
		}
		l.long = append(l.long, more...)
		if err != bufio.ErrBufferFull {
			return l.long, err
		}
	}
}
