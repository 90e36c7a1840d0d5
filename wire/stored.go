package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"contacts"
)

// The stored form of an entry is a byte for the version of the form, then its
// fields. A field is the tag of its row and a value:
//
//	text       length as a varint, then its bytes
//	mark       nothing; a mark that is not set is absent
//	number     a varint
//	struct     its fields, then a 0
//
// A field that is absent is zero, and one of a list occurs once for each item.
// The entry ends in a 0 as well.
const storedVersion = 1

// AppendStoredContact appends the form in which a store keeps c: everything
// but ID, Rev, Created and Deleted.
func AppendStoredContact(b []byte, c *contacts.Contact) []byte {
	return contactShape.appendStored(append(b, storedVersion), c)
}

// ReadStoredContact sets all stored fields of c from data, whose parts they
// share. It leaves ID, Rev, Created and Deleted alone. It reuses the slices of
// c, so that reading many contacts into one costs no allocation; what is to
// outlive the next reading must be cloned. It fails on data that a newer
// program wrote, and on damage.
func ReadStoredContact(data string, c *contacts.Contact) error {
	contactShape.reset(c)
	return readStored(contactShape, data, c)
}

// AppendStoredGroup appends the form in which a store keeps g: Name, Properties
// and Extra.
func AppendStoredGroup(b []byte, g *contacts.Group) []byte {
	return groupShape.appendStored(append(b, storedVersion), g)
}

// ReadStoredGroup is to groups what ReadStoredContact is to contacts. It leaves
// System alone too.
func ReadStoredGroup(data string, g *contacts.Group) error {
	groupShape.reset(g)
	return readStored(groupShape, data, g)
}

func readStored[T any](s *shape[T], data string, t *T) error {
	if data == "" || data[0] != storedVersion {
		return errors.New("wire: stored entry of an unknown version")
	}
	r := readers.Get().(*reader)
	*r = reader{s: data, i: 1}
	s.readFields(r, t)
	if r.err == nil && r.i != len(data) {
		r.fail("data after its end")
	}
	err := r.err
	*r = reader{}
	readers.Put(r)
	return err
}

// readers keeps readers for reuse: the rows get them by address, so that each
// would be an allocation.
var readers = sync.Pool{New: func() any { return new(reader) }}

// appendStored appends the fields of t and the 0 that ends them.
func (s *shape[T]) appendStored(b []byte, t *T) []byte {
	for i := range s.stored {
		switch f := &s.stored[i]; {
		case f.str.set:
			if v := *f.str.of(t); v != "" {
				b = appendStoredString(append(b, f.tag), v)
			}
		case f.flag.set:
			if *f.flag.of(t) {
				b = append(b, f.tag)
			}
		default:
			b = f.write(b, t)
		}
	}
	return append(b, 0)
}

func appendStoredString(b []byte, s string) []byte {
	return append(appendUvarint(b, uint64(len(s))), s...)
}

func appendUvarint(b []byte, n uint64) []byte { return binary.AppendUvarint(b, n) }

// readFields reads fields up to the 0 that ends them.
func (s *shape[T]) readFields(r *reader, t *T) {
	for r.err == nil {
		tag := r.byte()
		if tag == 0 {
			return
		}
		if int(tag) >= len(s.byTag) || s.byTag[tag] < 0 {
			r.fail(fmt.Sprintf("unknown field %d", tag))
			return
		}
		switch f := &s.stored[s.byTag[tag]]; {
		case f.str.set:
			*f.str.of(t) = r.str()
		case f.flag.set:
			*f.flag.of(t) = true
		default:
			f.read(r, t)
		}
	}
}

// reset makes t zero, keeping what its slices hold for reuse.
func (s *shape[T]) reset(t *T) {
	for i := range s.stored {
		switch f := &s.stored[i]; {
		case f.str.set:
			*f.str.of(t) = ""
		case f.flag.set:
			*f.flag.of(t) = false
		default:
			f.reset(t)
		}
	}
}

// A reader reads stored values. After a failure it returns zeros.
type reader struct {
	s   string
	i   int
	err error
}

func (r *reader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("wire: stored entry: %s", what)
	}
	r.i = len(r.s)
}

// byte fails at the end of the data.
func (r *reader) byte() byte {
	if r.i >= len(r.s) {
		r.fail("unexpected end")
		return 0
	}
	c := r.s[r.i]
	r.i++
	return c
}

func (r *reader) uvarint() uint64 {
	if r.i < len(r.s) && r.s[r.i] < 0x80 {
		r.i++
		return uint64(r.s[r.i-1])
	}
	var n uint64
	for shift := 0; shift < 64; shift += 7 {
		c := r.byte()
		n |= uint64(c&0x7F) << shift
		if c < 0x80 {
			if shift == 63 && c > 1 {
				break
			}
			return n
		}
	}
	r.fail("number too large")
	return 0
}

func (r *reader) str() string {
	n := r.uvarint()
	if n > uint64(len(r.s)-r.i) {
		r.fail("unexpected end")
		return ""
	}
	s := r.s[r.i : r.i+int(n)]
	r.i += int(n)
	return s
}
