package vcard

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"contacts"
	"contacts/wire"
)

// What is kept as XML has the form that package wire gives it, so that a
// contact goes through the Contacts Data API and the store unchanged.
func TestXMLIsCanonical(t *testing.T) {
	atom := wire.NewEncoder(wire.Options{Kind: wire.ContactKind, Owner: "liz@example.com", Base: "https://contacts.example.net", IDBase: "http://contacts.example.net",
		View: contacts.View{Version: 3, Projection: contacts.Projection{Name: contacts.ProjectionFull}}})
	check := func(t *testing.T, c *contacts.Contact) {
		t.Helper()
		c.Normalize()
		for i := range c.Addresses {
			c.Addresses[i].Plain = false
		}
		doc := atom.AppendContactDocument(nil, c)
		e, err := wire.ParseContact(doc, nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, doc)
		}
		for _, version := range []string{V3, V4} {
			want := string(Append(nil, c, Options{Version: version}))
			if got := string(Append(nil, e.Contact, Options{Version: version})); got != want {
				t.Fatalf("version %s:\n%s\nwant\n%s\n%s", version, got, want, doc)
			}
		}
		var kept contacts.Contact
		if err := wire.ReadStoredContact(string(wire.AppendStoredContact(nil, c)), &kept); err != nil {
			t.Fatal(err)
		}
		if same(t, &kept, c); UID(e.Contact) != UID(c) {
			t.Errorf("UID %q, want %q", UID(e.Contact), UID(c))
		}
	}
	t.Run("XML-7 what programs write survives Atom", func(t *testing.T) {
		files, err := filepath.Glob("testdata/*.txtar")
		if err != nil || len(files) == 0 {
			t.Fatal(len(files), err)
		}
		for _, name := range files {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			cards, _ := readAll(t, string(txtar.Parse(data).Files[0].Data))
			for _, c := range cards {
				check(t, c.Import().Contact)
			}
		}
	})
	t.Run("XML-7 parameters and values of any kind survive Atom", func(t *testing.T) {
		for seed := range uint64(300) {
			m := maker{Rand: rand.New(rand.NewPCG(seed, 9))}
			c := &Card{Version: V3}
			for range 5 {
				p := Property{Group: m.of("", "a", "item2"), Name: m.of("X-A", "TZ", "1-X", "EMAIL", "NICKNAME", "TEL", "ORG", "N", "BDAY", "URL"),
					Value: string(appendEscaped(nil, "1811-11-26"+m.text()))}
				for range m.IntN(3) {
					p.Params = append(p.Params, Param{m.of("X-B", "TYPE", "LANGUAGE", "2"), m.text()})
				}
				c.Properties = append(c.Properties, p)
			}
			check(t, c.Import().Contact)
		}
	})
}
