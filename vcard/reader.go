package vcard

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"iter"
	"strings"
)

// A Reader takes cards from a stream. It holds one card at a time.
type Reader struct {
	lines lineReader
	ahead []byte // a line that was read to see whether it continues the one before
	has   bool   // ahead is set
	long  bool   // instead, that line was too long
	err   error  // final

	begun int // line of a BEGIN that was read early; 0 without

	text    []byte // the lines of the card, unfolded, one behind the other
	spans   []span
	scratch []byte
	old     bool // the card says that it has version 2.1
}

// A span is an unfolded line within Reader.text.
type span struct {
	from, to int
	line     int
	nested   bool   // an AGENT whose card is in its value already
	big      string // the line itself, when it is not in the text
}

// bigLine is the length from which a line gets memory of its own, so that a
// name does not keep a photo alive.
const bigLine = 4 << 10

// NewReader returns a Reader of UTF-8 or UTF-16. Text in other encodings is
// read by its CHARSET parameters, or else as Windows-1252.
func NewReader(r io.Reader) *Reader {
	return &Reader{lines: lineReader{r: bufio.NewReaderSize(r, readAhead)}}
}

// Next returns the next card, or io.EOF at the end. After a *DamagedError it
// can be called again. Any other error is final: that of the stream, or kind
// Invalid if the stream is no text at all.
func (r *Reader) Next() (*Card, error) {
	if r.err != nil {
		return nil, r.err
	}
	begin := r.begun
	r.begun = 0
	if begin == 0 {
		var err error
		if begin, err = r.seek(); err != nil {
			return nil, err
		}
	}
	fault, err := r.collect(begin)
	if err != nil {
		r.err = err
		return nil, err
	}
	if fault != nil {
		return nil, fault
	}
	c, fault := r.card(begin)
	if fault != nil {
		return nil, fault
	}
	return c, nil
}

// All iterates over the cards that are left. A *DamagedError comes with a nil
// card and does not end the iteration; any other error is the last.
func (r *Reader) All() iter.Seq2[*Card, error] {
	return func(yield func(*Card, error) bool) {
		for {
			c, err := r.Next()
			if err == io.EOF || !yield(c, err) {
				return
			}
			if _, damaged := err.(*DamagedError); err != nil && !damaged {
				return
			}
		}
	}
}

// seek reads up to the BEGIN of a card and returns its line. Text before it is
// an error of its own.
func (r *Reader) seek() (int, error) {
	stray := 0
	for {
		r.text, r.old = r.text[:0], false
		line, err := r.unfold()
		switch {
		case err == errTooLong:
			if stray == 0 {
				stray = line
			}
			continue
		case err != nil:
			r.err = err
			if stray > 0 && err == io.EOF {
				return 0, &DamagedError{stray, "text that is no vCard"}
			}
			return 0, err
		}
		s := trimBlanks(r.text)
		switch {
		case len(s) == 0:
		case isLine(s, "BEGIN:VCARD"):
			if stray > 0 {
				r.begun = line
				return 0, &DamagedError{stray, "text that is no vCard"}
			}
			return line, nil
		case stray == 0:
			stray = line
		}
	}
}

// collect reads the lines of a card up to its END into text and spans. A fault
// is remembered and the card read to its end.
func (r *Reader) collect(begin int) (fault *DamagedError, err error) {
	r.text, r.spans, r.old = r.text[:0], r.spans[:0], false
	if cap(r.text) > 1<<20 {
		r.text = nil
	}
	spoil := func(line int, format string, args ...any) {
		if fault == nil {
			fault = &DamagedError{line, fmt.Sprintf(format, args...)}
		}
		r.text, r.spans = r.text[:0], r.spans[:0]
	}
	members := 0
	for nested := 0; ; {
		from := len(r.text)
		line, err := r.unfold()
		switch {
		case err == errTooLong:
			spoil(line, "a card may have at most %d MB", MaxCardBytes>>20)
			continue
		case err == io.EOF:
			if fault == nil {
				fault = &DamagedError{begin, "no END:VCARD"}
			}
			return fault, nil
		case err != nil:
			return nil, err
		}
		s := trimBlanks(r.text[from:])
		switch {
		case len(s) == 0:
			r.text = r.text[:from]
			continue
		case isLine(s, "END:VCARD"):
			if nested == 0 {
				r.text = r.text[:from]
				return fault, nil
			}
			nested--
			r.nest(from)
			continue
		case isLine(s, "BEGIN:VCARD"):
			if n := len(r.spans); nested == 0 && (n == 0 || !isAgent(r.text[r.spans[n-1].from:from])) {
				if fault == nil {
					fault = &DamagedError{begin, "no END:VCARD"}
				}
				r.begun = line
				return fault, nil
			}
			nested++
			r.nest(from)
			continue
		}
		if nested > 0 {
			r.nest(from)
			continue
		}
		if fault != nil {
			r.text = r.text[:0]
			continue
		}
		if colon(s) < 0 {
			if n := len(r.spans); n > 0 && isBase64(r.text[r.spans[n-1].from:from]) {
				r.spans[n-1].to = len(r.text) // broken without a blank
				continue
			}
			spoil(line, "neither a property nor the continuation of one")
			continue
		}
		if s[len(s)-1] == '1' && bytes.HasSuffix(s, []byte("2.1")) && isLine(s[:min(len(s), len("VERSION"))], "VERSION") {
			r.old = true
		}
		if isMember(s) {
			if members++; members > MaxMembers {
				spoil(line, "a group may have at most %d members", MaxMembers)
				continue
			}
		} else if len(r.spans)-members == MaxProperties {
			spoil(line, "a card may have at most %d properties", MaxProperties)
			continue
		}
		r.spans = append(r.spans, span{from: from, to: len(r.text), line: line})
	}
}

// isMember reports whether a line names a member of a group.
func isMember(s []byte) bool {
	for _, name := range [...]string{"MEMBER", "X-ADDRESSBOOKSERVER-MEMBER"} {
		if len(s) > len(name) && (s[len(name)] == ':' || s[len(name)] == ';') && isLine(s[:len(name)], name) {
			return true
		}
	}
	return false
}

// nest makes the line at the end of text a part of the AGENT before it.
func (r *Reader) nest(from int) {
	if len(r.spans) == 0 { // of a card that is damaged
		r.text = r.text[:0]
		return
	}
	r.scratch = append(append(r.scratch[:0], r.text[from:]...), '\n')
	r.text = appendEscaped(r.text[:from], string(r.scratch))
	last := &r.spans[len(r.spans)-1]
	last.to, last.nested = len(r.text), true
}

// unfold appends the next line and its continuations to text and returns its
// number. With errTooLong, text is as before and the line is skipped.
func (r *Reader) unfold() (int, error) {
	line, err := r.physical()
	if err != nil {
		return r.lines.n, err
	}
	n, from := r.lines.n, len(r.text)
	r.text = append(r.text, line...)
	soft := isSoft(r.text[from:])
	tooLong := false
	for {
		line, err := r.physical()
		if err == errTooLong && (soft || r.lines.folded) {
			tooLong, soft = true, false
			continue
		}
		if err == errTooLong {
			r.long = true
			break
		}
		if err != nil {
			if err != io.EOF {
				return n, err
			}
			break // said again by the next call
		}
		switch {
		case soft && !isLine(trimBlanks(line), "END:VCARD"): // the rest of quoted-printable text
			r.text = append(r.text[:len(r.text)-1], line...)
			soft = len(line) > 0 && line[len(line)-1] == '='
		case len(line) > 0 && (line[0] == ' ' || line[0] == '\t'):
			if !r.old || isBase64(r.text[from:]) {
				line = line[1:]
			}
			r.text = append(r.text, line...)
		default:
			r.ahead, r.has = line, true
		}
		if len(r.text) > MaxCardBytes {
			tooLong = true
			r.text = r.text[:from]
			soft = false
		}
		if r.has {
			break
		}
	}
	if tooLong || len(r.text) > MaxCardBytes {
		r.text = r.text[:from]
		return n, errTooLong
	}
	return n, nil
}

// physical is the next line as it stands in the file.
func (r *Reader) physical() ([]byte, error) {
	if r.has {
		r.has = false
		return r.ahead, nil
	}
	if r.long {
		r.long = false
		return nil, errTooLong
	}
	return r.lines.next()
}

// card makes a card of the lines collected.
func (r *Reader) card(begin int) (*Card, *DamagedError) {
	small := r.text[:0]
	for i := range r.spans {
		s := &r.spans[i]
		if s.to-s.from >= bigLine {
			s.big = string(r.text[s.from:s.to])
			continue
		}
		from := len(small)
		small = append(small, r.text[s.from:s.to]...)
		s.from, s.to = from, len(small)
	}
	text := string(small)

	c := &Card{Version: V3, Line: begin, Properties: make([]Property, 0, len(r.spans))}
	params := make([]Param, 0, len(r.spans))
	for i := range r.spans {
		s := &r.spans[i]
		line := s.big
		if line == "" {
			line = text[s.from:s.to]
		}
		var p Property
		p.Line = s.line
		var reason string
		if params, reason = p.parse(line, params); reason != "" {
			return nil, &DamagedError{s.line, reason}
		}
		if len(p.Params) > 0 || r.old || !isClean(line) {
			p.modernize(r.old && !s.nested)
		}
		switch p.Name {
		case "VERSION":
			if v := strings.TrimSpace(p.Value); v != "" {
				c.Version = v
			}
		case "BEGIN", "END":
			return nil, &DamagedError{s.line, "another object within the card"}
		default:
			c.Properties = append(c.Properties, p)
		}
	}
	return c, nil
}
