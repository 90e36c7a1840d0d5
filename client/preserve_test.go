package client_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"contacts"
	"contacts/client"
)

const namespaces = `xmlns='http://www.w3.org/2005/Atom' xmlns:gd='http://schemas.google.com/g/2005' xmlns:gContact='http://schemas.google.com/contact/2008'`

// raw sends a document as a program without this package would, and returns
// the answer.
func (w *world) raw(method, path, body string, header ...string) string {
	w.t.Helper()
	r, err := http.NewRequest(method, w.URL+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/atom+xml")
	r.Header.Set("GData-Version", "3")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := w.login(elizabeth).RoundTrip(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		w.t.Fatalf("%s %s: %s %v\n%s", method, path, resp.Status, err, answer)
	}
	return string(answer)
}

// data is an entry from its elements on, without what changes with each write
// and what only the envelope has.
func data(entry string) string {
	i := strings.LastIndex(entry, "rel='edit'")
	return entry[i+strings.IndexByte(entry[i:], '>'):]
}

const strange = `<entry ` + namespaces + ` xmlns:x='urn:x' x:mark='on the entry'>
<title x:a='1'>Elizabeth Bennet</title><content x:b='2'>Walks.</content>
<gd:name x:c='3'><gd:fullName x:d='4'>Elizabeth Bennet</gd:fullName><gd:givenName yomi='e'>Elizabeth</gd:givenName><x:more>1</x:more></gd:name>
<gContact:nickname x:e='5'>Lizzy</gContact:nickname>
<gd:email rel='http://schemas.google.com/g/2005#home' address='liz@example.com' quota='7'><x:inside/></gd:email>
<gd:phoneNumber label='Longbourn' x:f='6'>01 234</gd:phoneNumber>
<gContact:hobby x:g='7'>walking</gContact:hobby>
<gd:extendedProperty name='blob'><y xmlns='urn:y'><z at='1'>t</z></y></gd:extendedProperty>
<gd:extendedProperty name='text'>words</gd:extendedProperty>
<gd:extendedProperty name='value' value='v' realm='r'/>
<x:free><x:deep n='1'/> text </x:free>
</entry>`

func TestUnknownXML(t *testing.T) {
	eachVersion(t, func(t *testing.T, version int) {
		w := newWorld(t)
		t.Run("LIB-60 an update keeps what nobody knows", func(t *testing.T) {
			c := w.as(elizabeth, client.WithVersion(version))
			w.raw("POST", "/m8/feeds/contacts/default/full", strange)
			page := must(c.ContactPage(t.Context(), client.Query{}))(t)
			ct := page.Items[0]
			path := "/m8/feeds/contacts/default/full/" + ct.Entry.ID()
			before := data(w.raw("GET", path, ""))
			must(c.UpdateContact(t.Context(), ct))(t)
			if after := data(w.raw("GET", path, "")); after != before {
				t.Errorf("the update changes\n%s\nto\n%s", before, after)
			}
		})
		t.Run("LIB-60 groups", func(t *testing.T) {
			c := w.as(elizabeth, client.WithVersion(version))
			w.raw("POST", "/m8/feeds/groups/default/full", `<entry `+namespaces+`><title>Sisters</title><gd:extendedProperty name='a'><b xmlns='urn:b'/></gd:extendedProperty><x:y xmlns:x='urn:x'/></entry>`)
			var g *client.Group
			for any, err := range c.Groups(t.Context(), client.Query{}) {
				if err != nil {
					t.Fatal(err)
				}
				g = any
			}
			path := "/m8/feeds/groups/default/full/" + g.Entry.ID()
			before := data(w.raw("GET", path, ""))
			must(c.UpdateGroup(t.Context(), g))(t)
			if after := data(w.raw("GET", path, "")); after != before {
				t.Errorf("the update changes\n%s\nto\n%s", before, after)
			}
		})
	})
	t.Run("LIB-61 an extended property is a value, XML or a text", func(t *testing.T) {
		w := newWorld(t)
		c := w.as(elizabeth)
		want := []contacts.Property{{Name: "value", Value: "v", Realm: "r"}, {Name: "xml", XML: "<y xmlns='urn:y'><z at='1'>t</z></y>"}, {Name: "text", Text: "words"}}
		ct := must(c.InsertContact(t.Context(), &contacts.Contact{Properties: want}))(t)
		if !reflect.DeepEqual(ct.Properties, want) {
			t.Errorf("the properties are %+v, want %+v", ct.Properties, want)
		}
	})
}

// What another server sends must come back as it came, even if our schema has
// no room for it.
func TestForeignServer(t *testing.T) {
	const odd = `<entry xmlns="http://www.w3.org/2005/Atom" xmlns:gd="http://schemas.google.com/g/2005" xmlns:gContact="http://schemas.google.com/contact/2008" gd:etag='"e"'>` +
		`<id>http://a.example/m8/feeds/contacts/liz%40example.com/base/not-hex</id><updated>2008-03-05T12:36:38.835Z</updated>` +
		`<category scheme="http://schemas.google.com/g/2005#kind" term="http://schemas.google.com/contact/2008#contact"/>` +
		`<title>Elizabeth Bennet</title><link rel="self" href="http://a.example/m8/feeds/contacts/liz%40example.com/full/not-hex"/>` +
		`<link rel="http://www.iana.org/assignments/relation/edit" href="http://a.example/m8/feeds/contacts/liz%40example.com/full/not-hex"/>` +
		`<gd:name><gd:fullName>Elizabeth Bennet</gd:fullName></gd:name>` +
		`<gd:email rel="http://schemas.google.com/g/2005#home"/>` +
		`<gd:email rel="http://schemas.google.com/g/2005#home" address="liz@example.com" primary="sometimes"/>` +
		`<gd:email rel="http://schemas.google.com/g/2005#work" address="lizzy@example.com"/>` +
		`<gContact:birthday when="1791"/><gContact:birthday when="1792"/>` +
		`<gContact:groupMembershipInfo deleted="false" href="http://a.example/m8/feeds/groups/liz%40example.com/base/my-family"/>` +
		`<gContact:groupMembershipInfo deleted="true" href="http://a.example/m8/feeds/groups/liz%40example.com/base/6"/>` +
		`<gContact:groupMembershipInfo deleted="false" href="http://a.example/m8/feeds/groups/liz%40example.com/base/e"/>` +
		`</entry>`
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, _ int) { io.WriteString(w, odd) })
	c := must(client.New(f.URL))(t)
	ct := must(c.Contact(t.Context(), "not-hex"))(t)
	t.Run("reads what fits", func(t *testing.T) {
		if ct.Entry.ID() != "not-hex" || ct.ID != 0 || ct.Birthday != "1791" || len(ct.Emails) != 1 || ct.Emails[0].Address != "lizzy@example.com" || ct.Entry.Edit == "" {
			t.Errorf("Contact() = %+v", ct)
		}
		if !ct.MemberOf(0xe) || ct.MemberOf(6) || len(ct.Memberships) != 2 || ct.Memberships[0].Removed.Time() != ct.Entry.Updated {
			t.Errorf("the memberships are %v", ct.Memberships)
		}
	})
	t.Run("LIB-60 sends the rest back", func(t *testing.T) {
		must(c.UpdateContact(t.Context(), ct))(t)
		sent := f.bodies[len(f.bodies)-1]
		for _, want := range []string{
			"<gd:email xmlns:gd='http://schemas.google.com/g/2005' rel='http://schemas.google.com/g/2005#home'/>",
			"primary='sometimes'/>", "when='1791'", "when='1792'", "base/my-family'/>", "<id>http://a.example/m8/feeds/contacts/liz%40example.com/base/not-hex</id>",
			"href='http://a.example/m8/feeds/groups/liz%40example.com/base/e'",
		} {
			if strings.Count(sent, want) != 1 {
				t.Errorf("the update lacks %s:\n%s", want, sent)
			}
		}
		if strings.Contains(sent, "base/6'") {
			t.Errorf("the update renews a membership:\n%s", sent)
		}
		if got := f.requests[len(f.requests)-1]; got.RequestURI != "/m8/feeds/contacts/liz%40example.com/full/not-hex" || got.Header.Get("If-Match") != `"e"` {
			t.Errorf("the update goes to %s with %v", got.RequestURI, got.Header)
		}
	})
	t.Run("LIB-30 profiles", func(t *testing.T) {
		f := newFake(t, func(w http.ResponseWriter, r *http.Request, _ int) {
			fmt.Fprintf(w, `<feed xmlns="http://www.w3.org/2005/Atom">%s</feed>`, strings.Replace(odd, "2008#contact", "2008#profile", 1))
		})
		c := must(client.New(f.URL))(t)
		if got := names(t, c.Profiles(t.Context(), domain, client.Query{})); got != "Elizabeth Bennet" {
			t.Errorf("Profiles() = %s", got)
		}
		if got := f.requests[0].URL.Path; got != "/m8/feeds/profiles/domain/example.com/full" {
			t.Errorf("Profiles() gets %s", got)
		}
	})
	t.Run("LIB-30 profiles of contactsd", func(t *testing.T) {
		for _, err := range newWorld(t).as(elizabeth).Profiles(t.Context(), domain, client.Query{}) {
			wantKind(t, err, contacts.Unimplemented)
		}
	})
}

func TestRels(t *testing.T) {
	t.Run("LIB-62 rel or label, and other without either", func(t *testing.T) {
		w := newWorld(t)
		c := w.as(elizabeth)
		ct := &contacts.Contact{
			Emails:        []contacts.Email{{Address: "a@example.com"}, {Address: "b@example.com", Rel: contacts.RelWork, Label: "Longbourn"}},
			Phones:        []contacts.Phone{{Number: "1"}},
			IMs:           []contacts.IM{{Address: "a", Rel: "home", Label: "x"}},
			Addresses:     []contacts.Address{{Street: "Gracechurch Street"}},
			Organizations: []contacts.Organization{{Name: "Militia"}},
			Websites:      []contacts.Website{{Href: "http://example.com/"}},
			Events:        []contacts.Event{{Start: "1812-01-28"}},
			Jots:          []contacts.Jot{{Text: "x"}},
		}
		got := must(c.InsertContact(t.Context(), ct))(t)
		if got.Emails[0].Rel != "other" || got.Emails[1].Rel != "" || got.Emails[1].Label != "Longbourn" || got.Phones[0].Rel != "other" ||
			got.IMs[0].Label != "x" || got.IMs[0].Rel != "" || got.Addresses[0].Rel != "other" || got.Organizations[0].Rel != "other" ||
			got.Websites[0].Rel != "other" || got.Events[0].Rel != "other" || got.Jots[0].Rel != "other" {
			t.Errorf("InsertContact() = %+v", got)
		}
		if ct.Emails[0].Rel != "" || ct.Emails[1].Rel != contacts.RelWork {
			t.Error("InsertContact() changes the contact of the caller")
		}
	})
}

// A contact with every element of the schema.
func everything(r *rand.Rand) *contacts.Contact {
	some := func() string {
		return []string{"Elizabeth", "a & b", "<x> 'y' \"z\"", "two\nlines", "é ß 中 😀", "]]>", "x  y"}[r.IntN(7)]
	}
	date := func() string { return fmt.Sprintf("18%02d-%02d-%02d", r.IntN(100), 1+r.IntN(12), 1+r.IntN(28)) }
	use := func(rels ...string) (rel, label string) {
		if r.IntN(2) == 0 {
			return "", some()
		}
		return rels[r.IntN(len(rels))], ""
	}
	where := contacts.Where{Value: some(), Rel: "x", Label: "y"}
	c := &contacts.Contact{
		Notes: some(), Nickname: some(), MaidenName: some(), ShortName: some(), Initials: some(), YomiName: some(), Gender: contacts.GenderFemale,
		Birthday: date(), Occupation: some(), Sensitivity: "private", BillingInformation: some(), Priority: "high", Mileage: some(),
		DirectoryServer: some(), Subject: some(), FileAs: some(), Where: where, Hobbies: []string{some(), "b"},
		Name: contacts.Name{Full: some(), Prefix: "Miss", Given: some(), GivenYomi: some(), Additional: some(), AdditionalYomi: some(),
			Family: some(), FamilyYomi: some(), Suffix: some()},
		UserDefined: []contacts.UserDefined{{Key: some(), Value: some()}, {}},
		Jots:        []contacts.Jot{{Rel: "keywords", Text: some()}},
		Languages:   []contacts.Language{{Code: "en-GB"}, {Label: some()}},
		Properties:  []contacts.Property{{Name: "a", Value: some()}, {Name: "b", XML: "<y xmlns='urn:y'/>"}, {Name: "c", Text: some(), Realm: some()}},
	}
	for i := range 1 + r.IntN(3) {
		primary := i == 0
		rel, label := use("home", "work", "other", "http://example.com/rel#x")
		c.Emails = append(c.Emails, contacts.Email{Rel: rel, Label: label, Address: fmt.Sprintf("e%d@example.com", r.Uint32()), DisplayName: some(), Primary: primary})
		c.IMs = append(c.IMs, contacts.IM{Rel: rel, Label: label, Address: some(), Protocol: "JABBER", Primary: primary})
		c.Phones = append(c.Phones, contacts.Phone{Rel: rel, Label: label, Number: some(), URI: "tel:+44123", Primary: primary})
		c.Addresses = append(c.Addresses, contacts.Address{Rel: rel, Label: label, Primary: primary, MailClass: "letters", Usage: "local", Agent: some(), HouseName: some(),
			Street: some(), POBox: some(), Neighborhood: some(), City: some(), Subregion: some(), Region: some(), Postcode: some(), Country: some(), CountryCode: "GB", Formatted: some()})
		rel, label = use("work", "other")
		c.Organizations = append(c.Organizations, contacts.Organization{Rel: rel, Label: label, Primary: primary, Name: some(), NameYomi: some(), Title: some(),
			Department: some(), JobDescription: some(), Symbol: some(), Where: where})
		rel, label = use("anniversary", "other")
		c.Events = append(c.Events, contacts.Event{Rel: rel, Label: label, Start: date(), End: date(), Value: some()})
		rel, label = use("account", "customer")
		c.ExternalIDs = append(c.ExternalIDs, contacts.ExternalID{Rel: rel, Label: label, Value: some()})
		rel, label = use("sister", "domestic-partner")
		c.Relations = append(c.Relations, contacts.Relation{Rel: rel, Label: label, Person: some()})
		rel, label = use("blog", "home-page")
		c.Websites = append(c.Websites, contacts.Website{Rel: rel, Label: label, Href: "http://example.com/?a=1&b=2", Primary: primary})
		rel, label = use("free-busy", "work")
		c.CalendarLinks = append(c.CalendarLinks, contacts.CalendarLink{Rel: rel, Label: label, Href: "http://example.com/", Primary: primary})
	}
	return c
}

// What a server stores must be what was sent, and what is read and written back
// must not change.
func TestRoundTrip(t *testing.T) {
	w := newWorld(t)
	group := must(w.as(elizabeth).InsertGroup(t.Context(), &contacts.Group{Name: "Family"}))(t)
	r := rand.New(rand.NewPCG(1813, 1))
	for range 20 {
		want := everything(r)
		want.Memberships = []contacts.Membership{{Group: group.ID}}
		full := w.as(elizabeth)
		stored := must(full.InsertContact(t.Context(), want))(t)
		got := stored.Contact
		got.ID, got.Rev = 0, 0
		if !reflect.DeepEqual(&got, want) {
			t.Fatalf("LIB-61 stored\n%+v, want\n%+v", &got, want)
		}
		for version := 1; version <= 3; version++ {
			c := w.as(elizabeth, client.WithVersion(version))
			must(c.UpdateContact(t.Context(), must(c.Contact(t.Context(), stored.Entry.ID()))(t)))(t)
			got := must(full.Contact(t.Context(), stored.Entry.ID()))(t).Contact
			got.ID, got.Rev = 0, 0
			if !reflect.DeepEqual(&got, want) {
				t.Fatalf("LIB-60 an unchanged update in version %d makes\n%+v of\n%+v", version, &got, want)
			}
		}
	}
}
