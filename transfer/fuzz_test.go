package transfer

import (
	"bytes"
	"io"
	"testing"

	"contacts"
)

// FuzzEntries holds that no file makes the reading panic, fail in another way
// than by saying that the file is no good, or go on for ever; and that what is
// taken of it says the same after each way that it can go: into a book, into a
// journal and, where a folder takes it, through a card.
func FuzzEntries(f *testing.F) {
	f.Add([]byte("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nFN:Jane Bennet\r\nCATEGORIES:Family\r\nPHOTO;ENCODING=b:AAAA\r\nEND:VCARD\r\n"))
	f.Add([]byte("BEGIN:VCARD\nVERSION:4.0\nKIND:group\nFN:Sisters\nMEMBER:urn:uuid:1\nEND:VCARD\nBEGIN:VCARD\nUID:1\nFN:x\nX-Y;Z=1:2\nEND:VCARD\n"))
	f.Add([]byte("First Name,E-mail 1 - Value\nJane,jane@example.com\n\"Mary,x\n"))
	f.Add([]byte("First Name;Business Phone;E-mail Address\r\nJane;1;jane@example.com\r\n"))
	f.Add([]byte(`{"format":"contacts","version":1,"groups":[{"key":"a","name":"A","extra":[{"xml":"<a/>"}]}],"contacts":[{"name":{"full":"Jane"},"groups":["a"],"extra":[{"attrs":" x='1'"}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		src, _, err := open(bytes.NewReader(data))
		if err != nil {
			if contacts.KindOf(err) != contacts.Invalid {
				t.Fatal(err)
			}
			return
		}
		for range len(data) + 2 {
			e, err := src.next()
			if err == io.EOF {
				return
			}
			if isBad(err) {
				continue
			}
			if err != nil {
				if contacts.KindOf(err) != contacts.Invalid {
					t.Fatal(err)
				}
				return
			}
			if e.alone != nil {
				if g, err := settleGroup(e.alone); err == nil && g.Name == "" {
					t.Fatal("a group without name was taken")
				}
				continue
			}
			c, err := settle(fromBook(e.contact))
			if err != nil {
				if contacts.KindOf(err) != contacts.Invalid {
					t.Fatal(err)
				}
				continue
			}
			want := printOf(c)
			again, err := settle(c.Clone())
			if err != nil || printOf(again) != want {
				t.Fatalf("settled twice: %+v, %v\nonce %+v", again, err, c)
			}
			kept, err := beforeOf(c).contact()
			if err != nil || printOf(kept) != want {
				t.Fatalf("from the journal: %+v, %v\nwant %+v", kept, err, c)
			}
			if merged := merge(c, c); printOf(merged) != want {
				t.Fatalf("merged with itself: %+v\nwant %+v", merged, c)
			}
			first, err := readCard(appendCard(nil, c, nil, nil, ""))
			if err != nil {
				t.Fatalf("%v in the card of %+v", err, c)
			}
			second, err := readCard(appendCard(nil, first.contact, nil, nil, ""))
			if err != nil || second.form != first.form {
				t.Fatalf("through two cards: %+v, %v\nthrough one %+v", second, err, first)
			}
		}
		t.Fatal("more entries than bytes")
	})
}
