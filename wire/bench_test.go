package wire

import (
	"encoding/xml"
	"testing"

	"contacts"
)

// sample is a contact of the usual size: about 800 bytes as a vCard.
func sample() *contacts.Contact {
	return &contacts.Contact{
		ID: 0xc9012de, Rev: 1204720598835000, Created: 1204720598835000,
		Name: contacts.Name{Full: "Elizabeth Bennet", Given: "Elizabeth", Family: "Bennet"},
		Notes: "Walks a lot and reads more than she admits; prefers letters over visits before noon. Her mother's nerves " +
			"are best asked after early. Plays and sings, but will not be drawn out on it. Met at the Meryton assembly in autumn, " +
			"was right about the weather, and won two hands at whist that evening. Lives at Longbourn with four sisters.",
		Organizations: []contacts.Organization{{Rel: "work", Primary: true, Name: "Longbourn Estate", Title: "Second Daughter"}},
		Emails: []contacts.Email{
			{Rel: "work", Address: "elizabeth.bennet.u0000042@mail07.example.com", Primary: true},
			{Rel: "home", Address: "lizzy41230@home33.example.net"}},
		Phones: []contacts.Phone{
			{Rel: "work", Number: "+44-207-555-1234", Primary: true},
			{Rel: "mobile", Number: "+44-7700-900123"}},
		Addresses: []contacts.Address{{Rel: "work", Primary: true, Formatted: "17 Longbourn Lane\nMeryton, Hertfordshire SG13 7ZZ\nUnited Kingdom",
			Street: "17 Longbourn Lane", City: "Meryton", Region: "Hertfordshire", Postcode: "SG13 7ZZ", Country: "United Kingdom"}},
		Memberships: []contacts.Membership{{Group: 6}},
	}
}

func BenchmarkAtom(b *testing.B) {
	c, e := sample(), NewEncoder(user(3, ContactKind))
	buf := e.AppendContact(nil, c)
	b.Run("table", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(buf)))
		for b.Loop() {
			buf = e.AppendContact(buf[:0], c)
		}
	})
	b.Run("straight", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(buf)))
		for b.Loop() {
			buf = e.straightAtom(buf[:0], c)
		}
	})
}

func BenchmarkJSON(b *testing.B) {
	o := user(3, ContactKind)
	o.Format = JSON
	c, e := sample(), NewEncoder(o)
	buf := e.AppendContact(nil, c)
	b.Run("table", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(buf)))
		for b.Loop() {
			buf = e.AppendContact(buf[:0], c)
		}
	})
	b.Run("straight", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(buf)))
		for b.Loop() {
			buf = e.straightJSON(buf[:0], c)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	doc := NewEncoder(user(3, ContactKind)).AppendContactDocument(nil, sample())
	b.Run("table", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(doc)))
		for b.Loop() {
			if _, err := ParseContact(doc, groupOf); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-xml", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(doc)))
		for b.Loop() {
			var c xmlContact
			if err := xml.Unmarshal(doc, &c); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkStored(b *testing.B) {
	c := sample()
	data := string(AppendStoredContact(nil, c))
	b.Run("write", func(b *testing.B) {
		b.ReportAllocs()
		var buf []byte
		for b.Loop() {
			buf = AppendStoredContact(buf[:0], c)
		}
	})
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		var into contacts.Contact
		for b.Loop() {
			if err := ReadStoredContact(data, &into); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read-atom", func(b *testing.B) {
		b.ReportAllocs()
		e := NewEncoder(user(3, ContactKind))
		into := contacts.Contact{ID: c.ID, Rev: c.Rev}
		var buf []byte
		for b.Loop() {
			if err := ReadStoredContact(data, &into); err != nil {
				b.Fatal(err)
			}
			buf = e.AppendContact(buf[:0], &into)
		}
	})
}

func TestBenchmarks(t *testing.T) {
	c := sample()
	e := NewEncoder(user(3, ContactKind))
	equal(t, string(e.straightAtom(nil, c)), string(e.AppendContact(nil, c)))
	o := user(3, ContactKind)
	o.Format = JSON
	e = NewEncoder(o)
	equal(t, string(e.straightJSON(nil, c)), string(e.AppendContact(nil, c)))
}
