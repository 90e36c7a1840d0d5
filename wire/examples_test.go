package wire

import (
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"contacts"
)

// example reads one example of the specification, without the white space
// between tags.
func example(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/examples/" + name)
	if err != nil {
		t.Fatal(err)
	}
	s := regexp.MustCompile(`>\s+<`).ReplaceAllString(strings.TrimSpace(string(data)), "><")
	return strings.Replace(s, "?>\n<", "?><", 1)
}

func user(version int, kind Kind) Options {
	return Options{
		Kind:   kind,
		View:   contacts.View{Version: version, Projection: contacts.Projection{Name: contacts.ProjectionFull}},
		Owner:  "liz@example.com",
		Base:   "https://contacts.example.net",
		IDBase: "http://contacts.example.net",
	}
}

func shared(version int) Options {
	o := user(version, ContactKind)
	o.View.Shared = true
	o.Owner = "example.com"
	return o
}

func at(t testing.TB, s string) contacts.Rev {
	t.Helper()
	tm, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return contacts.RevAt(tm)
}

// tag puts the entity tag of an example, which no revision of ours has, in
// place of that of rev.
func tag(s string, rev contacts.Rev, tag string) string {
	return strings.Replace(s, strings.Trim(rev.ETag(), `"`), tag, 1)
}

const exampleTag = "Qn04eTVSLyp7ImA9WxRbGEUORAQ."

func elizabeth(t testing.TB) *contacts.Contact {
	return &contacts.Contact{
		ID: 0xc9012de, Rev: at(t, "2008-03-05T12:36:38.835Z"),
		Name:        contacts.Name{Full: "Elizabeth Bennet", Given: "Elizabeth", Family: "Bennet"},
		Notes:       "Walks a lot",
		Memberships: []contacts.Membership{{Group: 6}},
	}
}

func TestExamples(t *testing.T) {
	t.Run("ELEM-1 ELEM-2 ELEM-4 ELEM-7 ELEM-8 ELEM-9 ELEM-10 ELEM-11 VER-25 VER-27 VER-28 VER-29 VER-30 VER-31 VER-32 VER-40 PHOTO-3 PHOTO-4 ELEM-81 ELEM-91 ELEM-94 contact of a user in version 1", func(t *testing.T) {
		c := elizabeth(t)
		c.Photo.Version = "xLQfHGqHt0kUEoeDqM1Fbw"
		c.Organizations = []contacts.Organization{{Rel: "work", Primary: true, Name: "Longbourn", Title: "Daughter"}}
		c.Emails = []contacts.Email{{Rel: "work", Address: "lizzy@example.org", Primary: true}, {Label: "Letters", Address: "e.bennet@example.net"}}
		c.IMs = []contacts.IM{{Rel: "home", Address: "lizzy@example.org", Protocol: "JABBER"}}
		c.Phones = []contacts.Phone{{Rel: "mobile", Number: "+44 20 7946 0001", Primary: true}}
		c.Addresses = []contacts.Address{{Rel: "home", Formatted: "Longbourn House\nMeryton", Plain: true}}
		c.Properties = []contacts.Property{{Name: "favourite flower", Value: "daisy"},
			{Name: "sports", XML: "<dance xmlns=''><salsa/><ballroom_dancing/></dance>"}}
		want := example(t, "contact-v1.xml")
		equal(t, string(NewEncoder(user(1, ContactKind)).AppendContactDocument(nil, c)), want)

		c.Name, c.Photo = contacts.Name{}, contacts.Photo{}
		e := parse(t, want)
		equal(t, e.Title, "Elizabeth Bennet")
		equalContacts(t, e.Contact, c)
	})
	t.Run("VER-22 VER-24 VER-27 VER-28 VER-29 VER-72 ELEM-3 PHOTO-5 contact of a user in version 2", func(t *testing.T) {
		c := elizabeth(t)
		c.Emails = []contacts.Email{{Rel: "work", Address: "lizzy@example.org", Primary: true}}
		c.Addresses = []contacts.Address{{Rel: "home", Formatted: "Longbourn House\nMeryton", Street: "Longbourn House", City: "Meryton"}}
		got := string(NewEncoder(user(2, ContactKind)).AppendContactDocument(nil, c))
		equal(t, tag(got, c.Rev, exampleTag), example(t, "contact-v2.xml"))
	})
	t.Run("VER-30 VER-31 VER-32 ELEM-49 contact of a user in version 3", func(t *testing.T) {
		c := elizabeth(t)
		c.Photo.Version = "Ug8gAXAjSit7I2BBEEQJSjFPBQwfNDlxbxc"
		c.Nickname = "Lizzy"
		c.Birthday = "--05-23"
		c.Emails = []contacts.Email{{Rel: "work", Address: "lizzy@example.org", DisplayName: "E. Bennet", Primary: true}}
		c.Addresses = []contacts.Address{{Rel: "home", Formatted: "Longbourn House\nMeryton, Hertfordshire SG13 7ZZ\nUnited Kingdom",
			Street: "Longbourn House", Postcode: "SG13 7ZZ", City: "Meryton", Region: "Hertfordshire", Country: "United Kingdom"}}
		c.Events = []contacts.Event{{Rel: contacts.RelAnniversary, Start: "1813-01-28"}}
		c.Relations = []contacts.Relation{{Rel: "sister", Person: "Jane Bennet"}}
		c.Properties = []contacts.Property{{Name: "pet", Value: "hamster"}}
		want := example(t, "contact-v3.xml")
		got := string(NewEncoder(user(3, ContactKind)).AppendContactDocument(nil, c))
		equal(t, tag(got, c.Rev, exampleTag), want)

		e := parse(t, want)
		c.Photo = contacts.Photo{}
		equalContacts(t, e.Contact, c)
		equal(t, e.ETag, `"`+exampleTag+`"`)
		equal(t, e.ID, "http://contacts.example.net/m8/feeds/contacts/liz%40example.com/base/c9012de")
	})
	t.Run("FEED-1 FEED-3 FEED-4 FEED-5 FEED-6 FEED-7 FEED-8 FEED-9 FEED-10 FEED-11 FEED-12 FEED-13 FEED-14 FEED-15 FEED-16 FEED-18 VER-20 VER-50 RES-8 feed of a domain", func(t *testing.T) {
		e := NewEncoder(shared(1))
		f := &Feed{Updated: at(t, "2008-03-05T12:36:38.836Z").Time(), Title: "example.com's Contacts",
			AuthorName: "example.com", AuthorEmail: "example.com", Query: "max-results=25", Total: 1, Start: 1, PerPage: 25}
		c := &contacts.Contact{ID: 0x8411573, Rev: 1204224422303000,
			Name:   contacts.Name{Full: "Fitzwilliam Darcy", Given: "Fitzwilliam", Family: "Darcy"},
			Phones: []contacts.Phone{{Rel: "home", Number: "456", Primary: true}}}
		got := string(e.AppendFeedTail(append(e.AppendFeedHead(nil, f), e.AppendContact(nil, c)...), f))
		equal(t, got, example(t, "feed-v1.xml"))
	})
	t.Run("QRY-41 ELEM-12 ELEM-92 NAME-6 tombstones", func(t *testing.T) {
		_, want, _ := strings.Cut(example(t, "tombstones.xml"), ">")
		want = strings.TrimSuffix(want, "</feed>")
		first := &contacts.Contact{ID: 2, Rev: 1206836951271000, Deleted: true}
		second := &contacts.Contact{ID: 0x3eab44ab0b9b9db9, Rev: at(t, "2014-09-26T09:49:08.574Z"), Deleted: true,
			Memberships: []contacts.Membership{{Group: 6, Removed: 1}}}
		got := string(NewEncoder(user(1, ContactKind)).AppendContact(nil, first))
		got += tag(string(NewEncoder(user(3, ContactKind)).AppendContact(nil, second)), second.Rev, "SXs8fDVSLit7I2A9XRdSF08OTgA.")
		equal(t, got, want)
	})
	t.Run("ELEM-100 ELEM-103 ELEM-104 ELEM-105 system group", func(t *testing.T) {
		_, want, _ := strings.Cut(example(t, "group-v3.xml"), "><")
		g := &contacts.Group{ID: 6, System: "Contacts", Name: "System Group: My Contacts"}
		_, got, _ := strings.Cut(strings.TrimPrefix(string(NewEncoder(user(3, GroupKind)).AppendGroupDocument(nil, g)), xmlDeclaration), "><")
		equal(t, got, want)
	})
	t.Run("JSON-1 JSON-2 JSON-3 JSON-4 JSON-5 JSON-6 JSON-7 JSON-12 JSON-13 contact in JSON", func(t *testing.T) {
		c := elizabeth(t)
		c.Notes, c.Memberships = "", nil
		c.Emails = []contacts.Email{{Rel: "work", Address: "lizzy@example.org", Primary: true}}
		o := user(3, ContactKind)
		o.Format = JSON
		got := tag(string(NewEncoder(o).AppendContactDocument(nil, c)), c.Rev, exampleTag)
		var gotValue, wantValue map[string]any
		if err := json.Unmarshal([]byte(got), &gotValue); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(example(t, "contact-v3.json")), &wantValue); err != nil {
			t.Fatal(err)
		}
		// The example is shortened by two namespaces and a link.
		entry := gotValue["entry"].(map[string]any)
		delete(entry, "xmlns$gContact")
		delete(entry, "xmlns$batch")
		links := entry["link"].([]any)
		entry["link"] = links[1:2]
		if !reflect.DeepEqual(gotValue, wantValue) {
			t.Errorf("got  %s\nwant %s", got, example(t, "contact-v3.json"))
		}
	})
	t.Run("ERR-2 ERR-3 error document", func(t *testing.T) {
		err := contacts.Errorf(contacts.Invalid, contacts.CodeAttributeValue, "Exactly one of rel and label is required")
		err.Path = "gd:email[2]/@rel"
		equal(t, strings.TrimPrefix(string(AppendErrors(nil, err)), xmlDeclaration), example(t, "errors.xml"))
	})
}

// equal fails with both texts and where they part.
func equal(t testing.TB, got, want string) {
	t.Helper()
	if got != want {
		i := 0
		for i < len(got) && i < len(want) && got[i] == want[i] {
			i++
		}
		t.Errorf("differs at byte %d\ngot  %s\nwant %s", i, got, want)
	}
}

func equalContacts(t testing.TB, got, want *contacts.Contact) {
	t.Helper()
	g, w := got.Clone(), want.Clone()
	g.ID, g.Rev, g.Created, w.ID, w.Rev, w.Created = 0, 0, 0, 0, 0, 0
	if !reflect.DeepEqual(g, w) {
		t.Errorf("got  %+v\nwant %+v", g, w)
	}
}

// groupOf resolves hrefs of groups by their last segment.
func groupOf(href string) (contacts.ID, error) {
	id, ok := contacts.ParseID(href[strings.LastIndexByte(href, '/')+1:])
	if !ok {
		return 0, contacts.Errorf(contacts.Invalid, "", "No group %s", href)
	}
	return id, nil
}

func parse(t testing.TB, doc string) *Entry {
	t.Helper()
	e, err := ParseContact([]byte(doc), groupOf)
	if err != nil {
		t.Fatalf("ParseContact: %v\n%s", err, doc)
	}
	return e
}
