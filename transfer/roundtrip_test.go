package transfer_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"contacts"
	"contacts/transfer"
	"contacts/wire"
)

// fill adds groups and random contacts to a book, some with photos.
func fill(t testing.TB, b transfer.Book, seed uint64, n int, make func(maker, []contacts.ID) *contacts.Contact) {
	t.Helper()
	ctx := context.Background()
	m := maker{rand.New(rand.NewPCG(seed, 9))}
	var ids []contacts.ID
	for _, name := range []string{"Sisters", "Officers; red, coats", "My Contacts\\"} {
		g, err := b.AddGroup(ctx, &contacts.Group{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, g.ID)
	}
	groups, err := b.Groups(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range groups {
		if g.System != "" {
			ids = append(ids, g.ID)
		}
	}
	first := &contacts.Contact{Name: contacts.Name{Full: "Everybody's friend"}} // gives the groups their order elsewhere
	for _, id := range ids {
		first.Memberships = append(first.Memberships, contacts.Membership{Group: id})
	}
	ops := []transfer.Op{{Kind: transfer.Insert, Contact: first}}
	for i := range n - 1 {
		op := transfer.Op{Kind: transfer.Insert, Contact: make(m, ids)}
		op.Contact.Name.Full += fmt.Sprintf(" No%d", i) // an address and a name are one person
		if m.IntN(4) == 0 {
			op.Photo = &transfer.Photo{Data: gif(byte(i))}
		}
		ops = append(ops, op)
	}
	results, err := b.Apply(ctx, ops)
	for i := range results {
		err = errors.Join(err, results[i].Err, results[i].PhotoErr)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestRoundTrip(t *testing.T) {
	p := newPlace(t)
	for _, tt := range []struct {
		name string
		o    transfer.ExportOptions
		make func(maker, []contacts.ID) *contacts.Contact
	}{
		{"JSON", transfer.ExportOptions{Format: transfer.JSON}, maker.contact},
		{"vCard 3.0", transfer.ExportOptions{Format: transfer.VCard, Version: "3.0"}, maker.contact},
		{"vCard 4.0", transfer.ExportOptions{Format: transfer.VCard, Version: "4.0"}, maker.contact},
		{"CSV", transfer.ExportOptions{Format: transfer.CSV}, maker.csvContact},
	} {
		t.Run("EXP-1 EXP-2 an export imported elsewhere gives an equal book: "+tt.name, func(t *testing.T) {
			for seed := range uint64(3) {
				from, to := p.book(), p.book()
				fill(t, from, seed, 60, tt.make)
				text := exportedAs(t, from, tt.o)
				if again := exportedAs(t, from, tt.o); again != text {
					t.Fatal("two exports of one book differ")
				}
				s, vs := imported(t, to, text, transfer.ImportOptions{})
				for _, v := range vs {
					if v.Outcome != transfer.Created && !v.Group || len(v.Notes) > 0 {
						t.Errorf("seed %d: %+v", seed, v)
					}
				}
				if s.Created != 60 {
					t.Fatalf("seed %d: %d created", seed, s.Created)
				}
				got, want := exported(t, to, transfer.JSON), exported(t, from, transfer.JSON)
				if tt.name == "CSV" {
					want = withoutPhotos(want)
				}
				compareLines(t, seed, got, want)
				p.done(from)
				p.done(to)
			}
		})
	}

	t.Run("EXP-3 a contact as Atom in each version says what the version can", func(t *testing.T) {
		for version := 1; version <= 3; version++ {
			e := wire.NewEncoder(wire.Options{View: contacts.View{Version: version, Projection: contacts.Full.Projection}, Owner: "elizabeth@example.com"})
			for seed := range uint64(200) {
				m := maker{rand.New(rand.NewPCG(seed, uint64(version)))}
				c := m.contact(nil)
				if version < 3 {
					c = &contacts.Contact{Name: contacts.Name{Full: c.Name.Full}, Notes: c.Notes, Emails: c.Emails, Phones: c.Phones, IMs: c.IMs,
						Organizations: c.Organizations, Properties: c.Properties}
				}
				parsed, err := wire.ParseContact(e.AppendContactDocument(nil, c), nil)
				if err != nil {
					t.Fatal(err)
				}
				if version < 3 {
					parsed.Contact.Name.Full = parsed.Title
				}
				got, want := string(wire.AppendStoredContact(nil, parsed.Contact)), string(wire.AppendStoredContact(nil, c))
				if got != want {
					t.Fatalf("version %d, seed %d:\ngot  %+v\nwant %+v", version, seed, parsed.Contact, c)
				}
			}
		}
	})

	t.Run("EXP-4 groups without members, of one name and with properties survive JSON", func(t *testing.T) {
		ctx := context.Background()
		from, to := p.book(), p.book()
		for _, g := range []*contacts.Group{{Name: "Sisters"}, {Name: "Sisters"}, {Name: "Family"},
			{Name: "Officers", Properties: []contacts.Property{{Name: "colour", Value: "red"}}, Extra: contacts.Extra{{XML: "<x:y xmlns:x='urn:x'/>"}}}} {
			made, err := from.AddGroup(ctx, g)
			if err != nil {
				t.Fatal(err)
			}
			apply(t, from, transfer.Op{Kind: transfer.Insert, Contact: &contacts.Contact{Memberships: []contacts.Membership{{Group: made.ID}, {Group: 0xe}}}})
		}
		text := exported(t, from, transfer.JSON)
		imported(t, to, text, transfer.ImportOptions{})
		compareLines(t, 0, exported(t, to, transfer.JSON), text)
		imported(t, to, text, transfer.ImportOptions{})
		compareLines(t, 0, exported(t, to, transfer.JSON), text)
	})

	t.Run("EXP-5 JSON that is damaged, foreign or of a later version", func(t *testing.T) {
		head := `{"format":"contacts","version":1,"groups":[{"key":"a","name":"A"}],"contacts":[` + "\n"
		for _, tt := range []struct{ text, want string }{
			{head + `{"name":{"full":"Jane"}},` + "\n" + `{"nmae":{}},` + "\n" + `{"name":{"full":"Mary"},"groups":["b"]},` + "\n" + `{"emails":[{"address":5}]},` + "\n" + `{"name":{"full":"Kitty"},"id":7,"rev":5}]}`,
				"same created refused@3 refused@4 refused@5 created"},
			{head + `{"name":{"full":"Jane"},"extra":[{"xml":"</entry>"}]},` + "\n" + `{"extra":[{"attrs":" x:y='1'"}]},` + "\n" + `{"name":{"full":"Mary"},"extra":[{"attrs":" xmlns:x='urn:x' x:y='1'"}]}]}`,
				"same refused@2 refused@3 created"},
			{strings.Replace(head, `"name":"A"`, `"name":"A","extra":[{"xml":"</entry>"}]`, 1) + `{"name":{"full":"Jane"},"groups":["a"]}]}`, "refused@1 refused@2"},
			{head + `]}`, "same"},
			{`{"format":"contacts","version":1}`, ""},
			{head + `{"name":{"full":"Jane"}}`, "same created error"},
			{head + `{"name":`, "same error"},
			{strings.Replace(head, `"version":1`, `"version":2`, 1), "error"},
			{`{"format":"other"}`, "error"},
			{`{"format":"contacts","groups":5}`, "error"},
			{`{"format":"contacts","contacts":{}}`, "error"},
		} {
			var got []string
			b := p.book()
			_, err := transfer.Import(context.Background(), b, strings.NewReader(tt.text), transfer.ImportOptions{DryRun: true, Verdict: func(v transfer.Verdict) {
				switch {
				case v.Outcome == transfer.Refused:
					got = append(got, fmt.Sprintf("refused@%d", v.Line))
				case v.Group:
					got = append(got, "same")
				default:
					got = append(got, string(v.Outcome))
				}
			}})
			if err != nil {
				got = append(got, "error")
				if contacts.KindOf(err) != contacts.Invalid {
					t.Errorf("%s: %v", tt.text, err)
				}
			}
			p.done(b)
			if strings.Join(got, " ") != tt.want {
				t.Errorf("%s: %q, %v; want %s", tt.text, got, err, tt.want)
			}
		}
	})
}

// compareLines shows the first line in which two exports differ.
func compareLines(t *testing.T, seed uint64, got, want string) {
	t.Helper()
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			t.Fatalf("seed %d:\ngot  %s\nwant %s", seed, g[i], w[i])
		}
	}
	if len(g) != len(w) {
		t.Fatalf("seed %d: %d lines, want %d", seed, len(g), len(w))
	}
}

// withoutPhotos takes the photos out of a JSON export.
func withoutPhotos(text string) string {
	for {
		before, after, ok := strings.Cut(text, `,"photo":{`)
		if !ok {
			return text
		}
		_, after, _ = strings.Cut(after, "}")
		text = before + after
	}
}
