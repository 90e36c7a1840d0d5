package vcard

import (
	"bytes"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	oracle "github.com/emersion/go-vcard"

	"contacts"
)

// Another implementation of vCard reads what this package writes, and this
// package reads what the other one writes. It undoes escapes one kind after the
// other, so that the contacts have no backslashes.
func TestOracle(t *testing.T) {
	for _, version := range []string{V3, V4} {
		t.Run("reads our version "+version, func(t *testing.T) {
			for seed := range uint64(200) {
				c := maker{Rand: rand.New(rand.NewPCG(seed, 7)), modest: true}.contact()
				text := Append(nil, c, Options{Version: version, Categories: []string{"Family"}, Rev: time.Unix(1204720598, 0)})
				theirs, err := oracle.NewDecoder(bytes.NewReader(text)).Decode()
				if err != nil {
					t.Fatalf("seed %d: %v\n%s", seed, err, text)
				}
				if v := theirs.Value("VERSION"); v != version {
					t.Errorf("seed %d: version %q", seed, v)
				}
				ours := map[string][]string{}
				for _, p := range one(t, string(text)).Properties {
					ours[p.Name] = append(ours[p.Name], oracleText(p.Value))
				}
				for name, fields := range theirs {
					if name == "VERSION" {
						continue
					}
					var values []string
					for _, f := range fields {
						values = append(values, f.Value)
					}
					if !slices.Equal(values, ours[name]) {
						t.Errorf("seed %d: %s is %q, the oracle reads %q", seed, name, ours[name], values)
					}
					delete(ours, name)
				}
				if len(ours) > 0 {
					t.Errorf("seed %d: the oracle does not see %v", seed, ours)
				}
				if t.Failed() {
					t.Fatalf("%s", text)
				}
			}
		})
	}
	t.Run("writes what we read", func(t *testing.T) {
		card := oracle.Card{}
		card.SetValue("VERSION", "4.0")
		card.SetValue("FN", "Elizabeth Bennet")
		card.SetName(&oracle.Name{FamilyName: "Bennet", GivenName: "Elizabeth", HonorificPrefix: "Miss"})
		card.AddAddress(&oracle.Address{Field: &oracle.Field{Params: oracle.Params{"TYPE": {"home"}}}, StreetAddress: "1 Longbourn Lane", Locality: "Meryton"})
		card.Add("EMAIL", &oracle.Field{Value: "lizzy@example.com", Params: oracle.Params{"TYPE": {"work"}, "PREF": {"1"}}})
		card.SetValue("NOTE", "one, two\nthree; \\four")
		card.SetGender(oracle.SexFemale, "")
		var b bytes.Buffer
		if err := oracle.NewEncoder(&b).Encode(card); err != nil {
			t.Fatal(err)
		}
		im := one(t, b.String()).Import()
		want := &contacts.Contact{
			Name: contacts.Name{Full: "Elizabeth Bennet", Prefix: "Miss", Given: "Elizabeth", Family: "Bennet"}, Gender: "female",
			Notes:     "one, two\nthree; \\four",
			Emails:    []contacts.Email{{Rel: "work", Address: "lizzy@example.com", Primary: true}},
			Addresses: []contacts.Address{{Rel: "home", Street: "1 Longbourn Lane", City: "Meryton"}},
		}
		same(t, im.Contact, want)
	})
}

// oracleText is a value as the oracle gives it: it leaves a backslash before a
// semicolon.
func oracleText(s string) string {
	return strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\,`, ",").Replace(s)
}

// sample is a stream of cards of about the size that people have.
func sample(n int) []byte {
	var b []byte
	for i := range n {
		c := &contacts.Contact{Notes: "Walks a lot, reads, and plays a little.\nNot handsome enough to tempt some people, but it is a truth universally acknowledged."}
		c.Name.SetFull([]string{"Elizabeth Bennet", "Jane Bennet", "Mary Bennet", "Catherine Bennet", "Lydia Bennet"}[i%5])
		c.Organizations = []contacts.Organization{{Rel: "work", Name: "Longbourn", Title: "Daughter"}}
		c.Emails = []contacts.Email{{Rel: "home", Address: "bennet" + strconv.Itoa(i) + "@example.com", Primary: true}, {Rel: "work", Address: "b" + strconv.Itoa(i) + "@example.org"}}
		c.Phones = []contacts.Phone{{Rel: "mobile", Number: "+44 20 7946 0001"}, {Rel: "work_fax", Number: "+44 20 7946 0002"}}
		c.Addresses = []contacts.Address{{Rel: "home", Street: "1 Longbourn Lane", City: "Meryton", Region: "Hertfordshire", Postcode: "SG13 7ZZ", Country: "United Kingdom"}}
		c.Birthday = "1791-05-23"
		b = Append(b, c, Options{UID: "4fbe8971-0bc3-424c-9c26-" + strconv.Itoa(1000000+i), Rev: time.Unix(1204720598, 0), Categories: []string{"Family", "Friends"}})
	}
	return b
}

// Both read the same cards; ratios are in bench/README.md.
func BenchmarkRead(b *testing.B) {
	const n = 1000
	text := sample(n)
	b.Run("vcard", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			r := NewReader(bytes.NewReader(text))
			got := 0
			for {
				if _, err := r.Next(); err == io.EOF {
					break
				} else if err != nil {
					b.Fatal(err)
				}
				got++
			}
			if got != n {
				b.Fatalf("%d cards", got)
			}
		}
	})
	b.Run("oracle", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			r := oracle.NewDecoder(bytes.NewReader(text))
			got := 0
			for {
				if _, err := r.Decode(); err == io.EOF {
					break
				} else if err != nil {
					b.Fatal(err)
				}
				got++
			}
			if got != n {
				b.Fatalf("%d cards", got)
			}
		}
	})
	b.Run("import", func(b *testing.B) { // and takes them apart
		b.ReportAllocs()
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			r := NewReader(bytes.NewReader(text))
			for {
				c, err := r.Next()
				if err == io.EOF {
					break
				} else if err != nil {
					b.Fatal(err)
				}
				c.Import()
			}
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	var cs []*contacts.Contact
	r := NewReader(bytes.NewReader(sample(1000)))
	for {
		c, err := r.Next()
		if err != nil {
			break
		}
		cs = append(cs, c.Import().Contact)
	}
	for _, version := range []string{V3, V4} {
		b.Run(version, func(b *testing.B) {
			b.ReportAllocs()
			var buf []byte
			for b.Loop() {
				buf = buf[:0]
				for _, c := range cs {
					buf = Append(buf, c, Options{Version: version})
				}
				b.SetBytes(int64(len(buf)))
			}
		})
	}
	b.Run("oracle", func(b *testing.B) {
		text := sample(1000)
		d := oracle.NewDecoder(bytes.NewReader(text))
		var cards []oracle.Card
		for {
			c, err := d.Decode()
			if err != nil {
				break
			}
			cards = append(cards, c)
		}
		b.ReportAllocs()
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			enc := oracle.NewEncoder(io.Discard)
			for _, c := range cards {
				if err := enc.Encode(c); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
