package wire

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"contacts"
)

// encoderOf is an encoder as a server has it.
func encoderOf(k Kind, version int) *Encoder {
	return NewEncoder(Options{Kind: k, View: contacts.View{Version: version, Projection: contacts.Full.Projection}, Owner: "liz@example.com",
		Base: "https://contacts.example.net", IDBase: "http://contacts.example.net", ShowRemoved: true})
}

func TestReadFeed(t *testing.T) {
	updated := time.Date(2008, 3, 5, 12, 36, 38, 835e6, time.UTC)
	rev := contacts.RevAt(updated)
	cs := []contacts.Contact{
		{ID: 0xc9012de, Rev: rev, Notes: "Walks.", Photo: contacts.Photo{Version: "v"}, Name: contacts.Name{Full: "Elizabeth Bennet"},
			Memberships: []contacts.Membership{{Group: 6}, {Group: 0xe, Removed: 1}}},
		{ID: 2, Rev: rev, Deleted: true},
	}
	for version := 1; version <= 3; version++ {
		e := encoderOf(ContactKind, version)
		f := Feed{ETag: `W/"x"`, Updated: updated, Title: "Elizabeth's Contacts", Query: "max-results=2", NextQuery: "start-index=3&max-results=2", Total: 7, Start: 1, PerPage: 2}
		doc := e.AppendFeedHead(nil, &f)
		for i := range cs {
			doc = e.AppendContact(doc, &cs[i])
		}
		doc = e.AppendFeedTail(doc, &f)
		got, err := ReadFeed(doc, ContactKind)
		if err != nil {
			t.Fatal(err)
		}
		if got.ID != "liz@example.com" || got.Title != f.Title || got.Updated != updated || got.Total != 7 || got.Start != 1 || got.PerPage != 2 ||
			got.Next != "https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full?start-index=3&max-results=2" || (got.ETag == `W/"x"`) != (version > 1) {
			t.Errorf("version %d: the feed is %+v", version, got)
		}
		if len(got.Entries) != 2 {
			t.Fatalf("version %d: %d entries", version, len(got.Entries))
		}
		first, second := got.Entries[0], got.Entries[1]
		self := "https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full/c9012de"
		edit := self
		if version == 1 {
			edit += "/" + rev.String()
		}
		if first.Self != self || first.Edit != edit || first.Updated != updated || first.Edited.IsZero() != (version == 1) || (first.EditPhoto == "") != (version > 1) ||
			!strings.HasSuffix(first.Photo, "/photos/media/liz%40example.com/c9012de") || (first.PhotoETag == `"v."`) != (version > 1) || (first.ETag == "") != (version == 1) {
			t.Errorf("version %d: the first entry is %+v", version, first)
		}
		c := first.Contact
		if c.ID != 0xc9012de || c.Rev != rev || c.Notes != "Walks." || first.Title != "Elizabeth Bennet" || first.Deleted ||
			!reflect.DeepEqual(c.Memberships, []contacts.Membership{{Group: 6}, {Group: 0xe, Removed: rev}}) {
			t.Errorf("version %d: the first contact is %+v", version, c)
		}
		if !second.Deleted || !second.Contact.Deleted || second.Contact.ID != 2 {
			t.Errorf("version %d: the second entry is %+v", version, second)
		}
	}
	t.Run("groups", func(t *testing.T) {
		got, err := ReadEntry(encoderOf(GroupKind, 3).AppendGroupDocument(nil, &contacts.Group{ID: 6, Rev: rev, System: "Contacts", Name: "My Contacts"}), GroupKind)
		if err != nil || got.Group.System != "Contacts" || got.Group.Name != "My Contacts" || got.Group.ID != 6 || got.Edit != "" {
			t.Errorf("ReadEntry() = %+v, %v", got, err)
		}
	})
	t.Run("more elements than a request may have", func(t *testing.T) {
		entry := "<entry>" + strings.Repeat("<x/>", 1000) + "</entry>"
		got, err := ReadFeed([]byte("<feed xmlns='"+atomNS+"'>"+strings.Repeat(entry, 150)+"</feed>"), ContactKind)
		if err != nil || len(got.Entries) != 150 {
			t.Errorf("ReadFeed() = %v", err)
		}
	})
	t.Run("a page that swells", func(t *testing.T) {
		doc := "<feed xmlns='" + atomNS + "' xmlns:x='urn:" + strings.Repeat("x", 100000) + "'><entry>" + strings.Repeat("<x:y/>", 10000) + "</entry></feed>"
		if _, err := ReadFeed([]byte(doc), ContactKind); contacts.KindOf(err) != contacts.Invalid {
			t.Errorf("ReadFeed() = %v", err)
		}
	})
	t.Run("an entry of oddities alone", func(t *testing.T) {
		doc := "<entry xmlns='" + atomNS + "' xmlns:gd='" + gdNS + "'>" + strings.Repeat("<gd:email/>", 50) + strings.Repeat("<gd:email x='1'/>", maxForeign) + "</entry>"
		got, err := ReadEntry([]byte(doc), ContactKind)
		if err != nil || strings.Count(got.Contact.Extra[0].XML, "<gd:email") != maxForeign {
			t.Errorf("ReadEntry() = %+v, %v", got, err)
		}
		if _, err := ReadEntry([]byte(strings.Replace(doc, "</entry>", "<gd:email x='1'/></entry>", 1)), ContactKind); err == nil {
			t.Error("ReadEntry() takes more than its limit")
		}
	})
}

func TestReadErrors(t *testing.T) {
	want := []*contacts.Error{
		{Code: contacts.CodeAttributeValue, Reason: "Unknown rel: <x>", Path: "gd:email[1]/@rel"},
		{Code: contacts.CodeQuota, Reason: "Full"},
	}
	got, err := ReadErrors(AppendErrors(nil, want...))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("ReadErrors() = %+v, %v", got, err)
	}
	for _, doc := range []string{"", "Not found", "<errors/>", "<errors xmlns='" + gdNS + "'/>", "<errors xmlns='" + gdNS + "'><error><code>", "<entry xmlns='" + atomNS + "'/>"} {
		if got, err := ReadErrors([]byte(doc)); err == nil {
			t.Errorf("ReadErrors(%s) = %+v", doc, got)
		}
	}
}

// What a client sends is what a server reads, whatever the version.
func TestSenderAndParser(t *testing.T) {
	r := maker{rand.New(rand.NewPCG(1813, 28))}
	for version := 1; version <= 3; version++ {
		s := NewSender(ContactKind, version, "http://contacts.example.net/m8/feeds/groups/liz%40example.com/base/")
		for range 300 {
			want := r.contact()
			want.Deleted, want.Photo = false, contacts.Photo{}
			for i := range want.Memberships {
				want.Memberships[i].Removed = 0
			}
			doc, err := s.AppendContact(nil, want, Sent{ID: "http://a/b", ETag: `"<&>"`, Fields: "gd:name"})
			if err != nil {
				t.Fatalf("AppendContact() = %v of %+v", err, want)
			}
			got, err := ParseContact(doc, lastSegmentID)
			if err != nil {
				t.Fatalf("ParseContact() = %v of\n%s", err, doc)
			}
			if got.ID != "http://a/b" || got.ETag != `"<&>"` || got.Fields != "gd:name" || got.Title != want.Name.Full {
				t.Fatalf("the envelope is %+v of\n%s", got, doc)
			}
			expect := canonical(t, want, version)
			if have := canonical(t, got.Contact, version); have != expect {
				t.Fatalf("version %d reads\n%s\nwant\n%s", version, have, expect)
			}
		}
	}
	t.Run("groups", func(t *testing.T) {
		want := &contacts.Group{Name: "A & B", Properties: []contacts.Property{{Name: "a", Value: "<1>"}, {Name: "b", XML: "<x xmlns='urn:x'/>"}}}
		doc, err := NewSender(GroupKind, 3, "").AppendGroup(nil, want, Sent{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseGroup(doc)
		if err != nil || !reflect.DeepEqual(got.Group, want) {
			t.Errorf("ParseGroup() = %+v, %v of\n%s", got, err, doc)
		}
	})
	t.Run("a batch", func(t *testing.T) {
		s := NewSender(ContactKind, 3, "")
		entries, err := s.AppendContact(nil, nil, Sent{ID: "http://a/b", Edit: "http://a/b/1", BatchID: "7", Operation: OpDelete})
		if err != nil {
			t.Fatal(err)
		}
		if entries, err = s.AppendContact(entries, &contacts.Contact{Notes: "x"}, Sent{BatchID: "8", Operation: OpInsert}); err != nil {
			t.Fatal(err)
		}
		b, err := ParseBatch(AppendBatch(nil, entries), ContactKind, 10, lastSegmentID)
		if err != nil || b.Broken != nil || len(b.Ops) != 2 || b.Ops[0].Operation != OpDelete || b.Ops[0].ID != "7" || b.Ops[0].EditLink != "http://a/b/1" ||
			b.Ops[0].Entry.ID != "http://a/b" || b.Ops[1].Entry.Contact.Notes != "x" {
			t.Errorf("ParseBatch() = %+v, %v", b, err)
		}
	})
}

// canonical is a contact as a server of the newest version shows it, without
// what the version of the client leaves to the title.
func canonical(t testing.TB, c *contacts.Contact, version int) string {
	t.Helper()
	d := *c
	d.ID, d.Rev, d.Created = 0, 0, 0
	if version < 3 && isWhole(&d.Name) {
		d.Name.Full = ""
	}
	for i := range d.Addresses {
		d.Addresses[i].Plain = false
	}
	return string(encoderOf(ContactKind, 3).AppendContactDocument(nil, &d))
}

// Whatever a server sends, reading it ends, and what was read can be sent back.
func FuzzReadEntry(f *testing.F) {
	r := maker{rand.New(rand.NewPCG(1813, 29))}
	for version := 1; version <= 3; version++ {
		f.Add(encoderOf(ContactKind, version).AppendContactDocument(nil, r.contact()))
	}
	f.Add([]byte("<entry xmlns='" + atomNS + "' xmlns:gd='" + gdNS + "'><gd:email/><gd:email x='1'/><title/><title/><gd:name><gd:name/></gd:name></entry>"))
	s := NewSender(ContactKind, 3, "http://contacts.example.net/m8/feeds/groups/default/base/")
	f.Fuzz(func(t *testing.T, doc []byte) {
		if feed, err := ReadFeed(doc, ContactKind); err == nil {
			for i := range feed.Entries {
				if feed.Entries[i].Contact == nil {
					t.Error("an entry has no contact")
				}
			}
		}
		ReadErrors(doc)
		got, err := ReadEntry(doc, ContactKind)
		if err != nil {
			return
		}
		sent, err := s.AppendContact(nil, got.Contact, Sent{ID: got.ID, ETag: got.ETag})
		if err != nil {
			return // such as an ID with characters that XML forbids
		}
		again, err := ReadEntry(sent, ContactKind)
		if err != nil {
			t.Fatalf("ReadEntry() = %v of\n%s\nwhich came of\n%s", err, sent, doc)
		}
		if len(again.Contact.Emails) != len(got.Contact.Emails) || len(again.Contact.Properties) != len(got.Contact.Properties) {
			t.Errorf("%s\nbecomes\n%s", doc, sent)
		}
	})
}
