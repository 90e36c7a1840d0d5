package wire

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"contacts"
)

// indented is a document laid out in one piece.
func indented(f Format, doc []byte) []byte { return NewIndenter(f).Append(nil, doc) }

func TestIndent(t *testing.T) {
	t.Run("QRY-16 elements get lines, and what holds text keeps its own", func(t *testing.T) {
		c := elizabeth(t)
		c.Name = contacts.Name{Full: "Elizabeth Bennet"}
		c.Emails = []contacts.Email{{Rel: "work", Address: "lizzy@example.org", Primary: true}}
		c.Addresses = []contacts.Address{{Label: "Home", Formatted: "Longbourn House\n  Meryton"}}
		c.Properties = []contacts.Property{{Name: "sports", XML: "<dance xmlns=''><salsa/> and <waltz/></dance>"}}
		c.Notes = "Walks\n\na lot "
		c.Extra = contacts.Extra{{XML: "<gd:name xmlns:gd='http://schemas.google.com/g/2005'>a<b xmlns=''/></gd:name>"}}
		_, got, _ := strings.Cut(string(indented(Atom, NewEncoder(user(3, ContactKind)).AppendContactDocument(nil, c))), "\n")
		got = tag(got, c.Rev, exampleTag)
		equal(t, got, `<entry xmlns='http://www.w3.org/2005/Atom' xmlns:gContact='http://schemas.google.com/contact/2008' xmlns:batch='http://schemas.google.com/gdata/batch' xmlns:gd='http://schemas.google.com/g/2005' gd:etag='&quot;Qn04eTVSLyp7ImA9WxRbGEUORAQ.&quot;'>
  <id>http://contacts.example.net/m8/feeds/contacts/liz%40example.com/base/c9012de</id>
  <updated>2008-03-05T12:36:38.835Z</updated>
  <app:edited xmlns:app='http://www.w3.org/2007/app'>2008-03-05T12:36:38.835Z</app:edited>
  <category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/contact/2008#contact'/>
  <title>Elizabeth Bennet</title>
  <content>Walks

a lot </content>
  <link rel='http://schemas.google.com/contacts/2008/rel#photo' type='image/*' href='https://contacts.example.net/m8/feeds/photos/media/liz%40example.com/c9012de'/>
  <link rel='self' type='application/atom+xml' href='https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full/c9012de'/>
  <link rel='edit' type='application/atom+xml' href='https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full/c9012de'/>
  <gd:name>
    <gd:fullName>Elizabeth Bennet</gd:fullName>
  </gd:name>
  <gd:email rel='http://schemas.google.com/g/2005#work' address='lizzy@example.org' primary='true'/>
  <gd:structuredPostalAddress label='Home'>
    <gd:formattedAddress>Longbourn House
  Meryton</gd:formattedAddress>
  </gd:structuredPostalAddress>
  <gContact:groupMembershipInfo deleted='false' href='http://contacts.example.net/m8/feeds/groups/liz%40example.com/base/6'/>
  <gd:extendedProperty name='sports'><dance xmlns=''><salsa/> and <waltz/></dance></gd:extendedProperty>
  <gd:name xmlns:gd='http://schemas.google.com/g/2005'>a<b xmlns=''/></gd:name>
</entry>`)
	})
	t.Run("QRY-16 a document laid out says what it said", func(t *testing.T) {
		for seed := range uint64(rounds) {
			m := maker{rand.New(rand.NewPCG(seed, 16))}
			o := user(1+m.IntN(3), ContactKind)
			o.Format, o.View.Shared = Format(m.IntN(4)), m.IntN(2) == 0
			pieces := m.pieces(o)
			doc := bytes.Join(pieces, nil)
			got := indented(o.Format, doc)
			switch o.Format {
			case Atom, RSS:
				sameTokens(t, seed, got, doc)
			case JSON:
				var want bytes.Buffer
				if err := json.Indent(&want, doc, "", "  "); err != nil || want.String() != string(got) {
					t.Fatalf("seed %d: %v\ngot  %s\nwant %s", seed, err, got, want.Bytes())
				}
			case JSONScript:
				const head, tail = scriptHead + DefaultCallback + "(", ");"
				bare, ok := strings.CutPrefix(string(got), head)
				var want bytes.Buffer
				json.Indent(&want, doc[len(head):len(doc)-len(tail)], "", "  ")
				if !ok || bare != want.String()+tail {
					t.Fatalf("seed %d:\ngot  %s\nwant %s%s%s", seed, got, head, want.Bytes(), tail)
				}
			}
			in, whole := NewIndenter(o.Format), []byte(nil)
			for _, piece := range pieces {
				whole = in.Append(whole, piece)
			}
			if string(whole) != string(got) {
				t.Fatalf("seed %d: in pieces it is\n%s\nwant\n%s", seed, whole, got)
			}
		}
	})
	t.Run("QRY-16 an entry laid out is read as the same entry", func(t *testing.T) {
		e := NewEncoder(user(3, ContactKind))
		for seed := range uint64(rounds) {
			c := maker{rand.New(rand.NewPCG(seed, 17))}.contact()
			want := parse(t, string(e.AppendContactDocument(nil, c))).Contact
			got := parse(t, string(indented(Atom, e.AppendContactDocument(nil, c)))).Contact
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d:\ngot  %+v\nwant %+v", seed, got, want)
			}
		}
	})
}

// pieces is a document with one entry, or a feed with some, as an encoder
// writes it.
func (m maker) pieces(o Options) [][]byte {
	e := NewEncoder(o)
	if m.IntN(3) == 0 {
		return [][]byte{e.AppendContactDocument(nil, m.contact())}
	}
	n := m.IntN(4)
	f := &Feed{Title: m.text(), AuthorName: m.text(), AuthorEmail: "liz@example.com", Query: "max-results=25", Empty: n == 0}
	pieces := [][]byte{e.AppendFeedHead(nil, f)}
	var entries []byte
	for range n {
		before := len(entries)
		if len(entries) > 0 {
			entries = e.AppendSeparator(entries)
		}
		entries = e.AppendContact(entries, m.contact())
		pieces = append(pieces, entries[before:])
	}
	return append(pieces, e.AppendFeedTail(nil, f))
}

// sameTokens fails unless got differs from want by white space alone, between
// tags in elements that hold elements only.
func sameTokens(t *testing.T, seed uint64, got, want []byte) {
	t.Helper()
	g, w := xml.NewDecoder(bytes.NewReader(got)), xml.NewDecoder(bytes.NewReader(want))
	var path []string
	inserted := func(tok xml.Token) bool {
		text, ok := tok.(xml.CharData)
		return ok && len(bytes.Trim(text, " \n")) == 0 && len(path) > 0 && inner[path[len(path)-1]]
	}
	for {
		a, errA := g.RawToken()
		for errA == nil && inserted(a) {
			a, errA = g.RawToken()
		}
		b, errB := w.RawToken()
		if text, ok := a.(xml.CharData); ok && len(path) == 0 && string(text) == "\n" {
			a, errA = g.RawToken() // after the declaration
		}
		if errors.Is(errA, io.EOF) && errors.Is(errB, io.EOF) {
			return
		}
		if errA != nil || errB != nil || !reflect.DeepEqual(a, b) {
			t.Fatalf("seed %d: %v and %v, %v and %v in\n%s", seed, a, b, errA, errB, got)
		}
		switch tok := a.(type) {
		case xml.StartElement:
			path = append(path, strings.TrimPrefix(tok.Name.Space+":"+tok.Name.Local, ":"))
		case xml.EndElement:
			path = path[:len(path)-1]
		}
	}
}
