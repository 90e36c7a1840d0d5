package wire

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"contacts"
)

// documents are the seeds of all fuzzing.
func documents(f *testing.F) [][]byte {
	f.Helper()
	var docs [][]byte
	names, err := filepath.Glob("testdata/examples/*.xml")
	if err != nil || len(names) == 0 {
		f.Fatal("no examples", err)
	}
	for _, name := range names {
		doc, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		docs = append(docs, doc)
	}
	e := NewEncoder(user(3, ContactKind))
	for seed := range uint64(5) {
		docs = append(docs, e.AppendContactDocument(nil, maker{rand.New(rand.NewPCG(seed, 7))}.contact()))
	}
	for _, s := range []string{
		"<entry/>", "\xEF\xBB\xBF<a/>", "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\r\n<a:b xmlns:a='u' a:c='&#x41;\n&amp;'>x<![CDATA[<]]>\r\n<!-- c --><?p i?></a:b>\n",
		"<x xmlns='http://www.w3.org/2005/Atom' xmlns:y='urn:y'><y:z a='1' y:a='2'/>]]></x>", "<entry xmlns='http://www.w3.org/2005/Atom'><content type='html'>&lt;p>a&lt;br/>b</content></entry>",
		"<entry xmlns='http://www.w3.org/2005/Atom' xmlns:c='http://schemas.google.com/contact/2008' xmlns:gd='urn:x' gd:a='1'><c:hobby c:a='1'> whist </c:hobby><title xml:lang='en'>Kitty</title></entry>",
	} {
		docs = append(docs, []byte(s))
	}
	return docs
}

// FuzzParseContact holds that what is accepted survives being written and read
// again.
func FuzzParseContact(f *testing.F) {
	for _, doc := range documents(f) {
		f.Add(doc)
	}
	full := NewEncoder(user(3, ContactKind))
	f.Fuzz(func(t *testing.T, doc []byte) {
		e, err := ParseContact(doc, groupOf)
		if err != nil {
			if contacts.KindOf(err) != contacts.Invalid {
				t.Fatalf("not an error of kind Invalid: %v", err)
			}
			return
		}
		c := e.Contact
		if c.Name.IsZero() {
			c.Name.SetFull(e.Title)
		}
		c.Normalize()
		written := full.AppendContactDocument(nil, c)
		again, err := ParseContact(written, groupOf)
		if err != nil {
			if c.Validate() != nil {
				return // such as an e-mail address of blanks, which Normalize empties
			}
			t.Fatalf("what was written cannot be read: %v\n%s", err, written)
		}
		again.Contact.Normalize()
		for i := range c.Addresses {
			c.Addresses[i].Plain = false // version 3 does not tell
		}
		for _, c := range []*contacts.Contact{c, again.Contact} {
			c.Extra = slices.DeleteFunc(c.Extra, func(u contacts.Unknown) bool { return u.In == "title" && c.Name.Full == "" })
			if len(c.Extra) == 0 {
				c.Extra = nil
			}
			sortExtras(c)
		}
		if !reflect.DeepEqual(c, again.Contact) {
			t.Fatalf("first  %+v\nagain  %+v\nas %s", c, again.Contact, written)
		}
		o := user(1, ContactKind)
		o.Format = JSON
		if err := uniqueMembers(NewEncoder(o).AppendContactDocument(nil, c)); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzXML compares the scanner with encoding/xml: where both accept a document,
// they find the same in it.
func FuzzXML(f *testing.F) {
	for _, doc := range documents(f) {
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		got, err := scan(doc)
		if err != nil {
			return
		}
		want, err := oracle(doc)
		if err != nil {
			return
		}
		if got != want {
			t.Fatalf("got  %q\nwant %q", got, want)
		}
	})
}

// scan lists what a scanner finds.
func scan(doc []byte) (string, error) {
	p := newParser(doc, nil)
	defer p.free()
	var l listing
	for {
		switch p.next() {
		case tokError:
			return "", p.err
		case tokEOF:
			return l.String(), nil
		case tokText:
			l.text.WriteString(p.text)
		case tokEnd:
			l.add("</>")
		case tokStart:
			var attrs []xml.Attr
			for _, a := range p.attrs {
				attrs = append(attrs, xml.Attr{Name: xml.Name{Space: p.uri(a.ns), Local: a.local}, Value: a.value})
			}
			l.start(xml.Name{Space: p.uri(p.name.ns), Local: p.name.local}, attrs)
		}
	}
}

// oracle lists what encoding/xml finds.
func oracle(doc []byte) (string, error) {
	d := xml.NewDecoder(bytes.NewReader(doc))
	var l listing
	for {
		tok, err := d.Token()
		switch tok := tok.(type) {
		case nil:
			if err == io.EOF {
				return l.String(), nil
			}
			return "", err
		case xml.CharData:
			if d.InputOffset() > 0 && l.depth > 0 {
				l.text.Write(tok)
			}
		case xml.EndElement:
			l.depth--
			l.add("</>")
		case xml.StartElement:
			l.depth++
			l.start(tok.Name, slices.DeleteFunc(tok.Attr, func(a xml.Attr) bool {
				return a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns"
			}))
		}
	}
}

type listing struct {
	strings.Builder
	text  strings.Builder
	depth int
}

func (l *listing) add(s string) {
	fmt.Fprintf(l, "%q", l.text.String())
	l.text.Reset()
	l.WriteString(s)
}

func (l *listing) start(name xml.Name, attrs []xml.Attr) {
	slices.SortFunc(attrs, func(a, b xml.Attr) int {
		return cmp.Or(strings.Compare(a.Name.Space, b.Name.Space), strings.Compare(a.Name.Local, b.Name.Local))
	})
	blank := strings.NewReplacer("\t", " ", "\n", " ", "\r", " ").Replace // encoding/xml leaves attributes as they are
	l.add(fmt.Sprintf("<%s %s", blank(name.Space), name.Local))
	for _, a := range attrs {
		fmt.Fprintf(l, " %s %s=%q", blank(a.Name.Space), a.Name.Local, blank(a.Value))
	}
	l.WriteString(">")
}

// FuzzReadStored holds that no data makes the reader panic, and that what it
// accepts is written in one form.
func FuzzReadStored(f *testing.F) {
	for seed := range uint64(10) {
		f.Add(AppendStoredContact(nil, maker{rand.New(rand.NewPCG(seed, 8))}.contact()))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var c, again contacts.Contact
		if ReadStoredContact(string(data), &c) != nil {
			return
		}
		written := AppendStoredContact(nil, &c)
		if err := ReadStoredContact(string(written), &again); err != nil {
			t.Fatal(err)
		}
		if twice := AppendStoredContact(nil, &again); !bytes.Equal(twice, written) {
			t.Fatalf("written %q, then %q", written, twice)
		}
	})
}

// FuzzJSON holds that JSON is valid whatever texts a contact has.
func FuzzJSON(f *testing.F) {
	f.Add(uint64(1), "Lizzy", "<>&=\"\\")
	f.Fuzz(func(t *testing.T, seed uint64, name, note string) {
		c := maker{rand.New(rand.NewPCG(seed, 9))}.contact()
		c.Name.Full, c.Notes = name, note
		for _, format := range []Format{JSON, RSS, Atom} {
			o := user(1+int(seed%3), ContactKind)
			o.Format = format
			doc := NewEncoder(o).AppendContactDocument(nil, c)
			if format == JSON {
				if err := uniqueMembers(doc); err != nil {
					t.Fatalf("%v\n%s", err, doc)
				}
			} else if _, err := scan(doc); err != nil && contacts.IsText(name) && contacts.IsText(note) {
				t.Fatalf("%v\n%s", err, doc)
			}
		}
	})
}
