package wire

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"contacts"
)

func has(t testing.TB, got string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(got, want) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func hasNot(t testing.TB, got string, unwanted ...string) {
	t.Helper()
	for _, s := range unwanted {
		if strings.Contains(got, s) {
			t.Errorf("got %s\nwith %s", got, s)
		}
	}
}

func inFormat(o Options, f Format) Options { o.Format = f; return o }

// document is the contact in a document of its own.
func document(o Options, c *contacts.Contact) string {
	return string(NewEncoder(o).AppendContactDocument(nil, c))
}

// page is a whole feed with the contacts.
func page(o Options, f Feed, cs ...*contacts.Contact) string {
	e := NewEncoder(o)
	var entries []byte
	for i, c := range cs {
		if i > 0 {
			entries = e.AppendSeparator(entries)
		}
		entries = e.AppendContact(entries, c)
	}
	f.Empty = len(cs) == 0
	return string(e.AppendFeedTail(append(e.AppendFeedHead(nil, &f), entries...), &f))
}

func sampleFeed() Feed {
	return Feed{ETag: `W/"abc."`, Updated: time.UnixMilli(1204720598835).Add(999 * time.Microsecond), Title: "Elizabeth <Bennet>'s Contacts",
		AuthorName: "Elizabeth & co", AuthorEmail: "liz@example.com", Query: "alt=x&max-results=2", NextQuery: "start-index=3&max-results=2",
		PreviousQuery: "start-index=1&max-results=2", Total: 7, Start: 2, PerPage: 2}
}

func TestFeed(t *testing.T) {
	a, b := &contacts.Contact{ID: 1, Rev: 1000}, &contacts.Contact{ID: 2, Rev: 2000}
	t.Run("FEED-1 FEED-2 FEED-4 FEED-6 FEED-11 FEED-12 FEED-13 FEED-17 VER-20 VER-22 VER-29 VER-40 QRY-36 Atom of a user", func(t *testing.T) {
		got := page(user(3, ContactKind), sampleFeed(), a, b)
		equal(t, got[:strings.Index(got, "<entry")], strings.Join([]string{
			"<?xml version='1.0' encoding='UTF-8'?><feed xmlns='http://www.w3.org/2005/Atom' xmlns:openSearch='http://a9.com/-/spec/opensearch/1.1/'",
			" xmlns:gd='http://schemas.google.com/g/2005' xmlns:gContact='http://schemas.google.com/contact/2008' xmlns:batch='http://schemas.google.com/gdata/batch'",
			" gd:etag='W/&quot;abc.&quot;'><id>liz@example.com</id><updated>2008-03-05T12:36:38.835Z</updated>",
			"<category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/contact/2008#contact'/>",
			"<title>Elizabeth &lt;Bennet&gt;'s Contacts</title>",
			"<link rel='alternate' type='text/html' href='https://contacts.example.net/'/>",
			"<link rel='http://schemas.google.com/g/2005#feed' type='application/atom+xml' href='https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full'/>",
			"<link rel='http://schemas.google.com/g/2005#post' type='application/atom+xml' href='https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full'/>",
			"<link rel='http://schemas.google.com/g/2005#batch' type='application/atom+xml' href='https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full/batch'/>",
			"<link rel='self' type='application/atom+xml' href='https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full?alt=x&amp;max-results=2'/>",
			"<link rel='next' type='application/atom+xml' href='https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full?start-index=3&amp;max-results=2'/>",
			"<link rel='previous' type='application/atom+xml' href='https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full?start-index=1&amp;max-results=2'/>",
			"<author><name>Elizabeth &amp; co</name><email>liz@example.com</email></author>",
			"<generator version='1.0' uri='http://contacts.example.net/m8/feeds'>Contacts</generator>",
			"<openSearch:totalResults>7</openSearch:totalResults><openSearch:startIndex>2</openSearch:startIndex><openSearch:itemsPerPage>2</openSearch:itemsPerPage>",
		}, ""))
		has(t, got, "</entry><entry gd:etag=", "</entry></feed>")
	})
	t.Run("FEED-3 FEED-5 FEED-8 RES-15 ELEM-100 Atom of groups", func(t *testing.T) {
		o := user(2, GroupKind)
		o.View.Projection = contacts.Projection{Name: contacts.ProjectionProperty, Key: "a/b c"}
		e := NewEncoder(o)
		f := sampleFeed()
		got := string(e.AppendFeedHead(nil, &f))
		has(t, got, "term='http://schemas.google.com/contact/2008#group'/>", "#feed' type='application/atom+xml' href='https://contacts.example.net/m8/feeds/groups/liz%40example.com/property-a%2Fb%20c'/>")
		got = string(e.AppendGroup(nil, &contacts.Group{ID: 0x1f, Rev: 5000, Name: "Sisters & cousins"}))
		equal(t, got, "<entry gd:etag='&quot;3uw.&quot;'><id>http://contacts.example.net/m8/feeds/groups/liz%40example.com/base/1f</id><updated>1970-01-01T00:00:00.005Z</updated>"+
			"<app:edited xmlns:app='http://www.w3.org/2007/app'>1970-01-01T00:00:00.005Z</app:edited>"+
			"<category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/contact/2008#group'/><title>Sisters &amp; cousins</title><content>Sisters &amp; cousins</content>"+
			"<link rel='self' type='application/atom+xml' href='https://contacts.example.net/m8/feeds/groups/liz%40example.com/property-a%2Fb%20c/1f'/>"+
			"<link rel='edit' type='application/atom+xml' href='https://contacts.example.net/m8/feeds/groups/liz%40example.com/property-a%2Fb%20c/1f'/></entry>")
		o = shared(3)
		o.Kind = GroupKind
		has(t, string(NewEncoder(o).AppendFeedHead(nil, &f)), "<id>http://contacts.example.net/m8/feeds/groups/example.com/base</id>")
	})
	t.Run("JSON-1 JSON-4 JSON-5 JSON-6 JSON-8 JSON-10 JSON-12 JSON", func(t *testing.T) {
		got := page(inFormat(user(1, ContactKind), JSON), sampleFeed(), a, b)
		equal(t, got[:strings.Index(got, `"entry"`)], strings.Join([]string{
			`{"version":"1.0","encoding":"UTF-8","feed":{"xmlns":"http://www.w3.org/2005/Atom","xmlns$openSearch":"http://a9.com/-/spec/opensearchrss/1.0/",`,
			`"xmlns$gd":"http://schemas.google.com/g/2005","xmlns$gContact":"http://schemas.google.com/contact/2008","xmlns$batch":"http://schemas.google.com/gdata/batch",`,
			`"id":{"$t":"liz@example.com"},"updated":{"$t":"2008-03-05T12:36:38.835Z"},`,
			`"category":[{"scheme":"http://schemas.google.com/g/2005#kind","term":"http://schemas.google.com/contact/2008#contact"}],`,
			`"title":{"type":"text","$t":"Elizabeth \u003cBennet\u003e's Contacts"},"link":[{"rel":"alternate","type":"text/html","href":"https://contacts.example.net/"},`,
			`{"rel":"http://schemas.google.com/g/2005#feed","type":"application/atom+xml","href":"https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full"},`,
			`{"rel":"http://schemas.google.com/g/2005#post","type":"application/atom+xml","href":"https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full"},`,
			`{"rel":"http://schemas.google.com/g/2005#batch","type":"application/atom+xml","href":"https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full/batch"},`,
			`{"rel":"self","type":"application/atom+xml","href":"https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full?alt\u003dx\u0026max-results\u003d2"},`,
			`{"rel":"next","type":"application/atom+xml","href":"https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full?start-index\u003d3\u0026max-results\u003d2"},`,
			`{"rel":"previous","type":"application/atom+xml","href":"https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full?start-index\u003d1\u0026max-results\u003d2"}],`,
			`"author":[{"name":{"$t":"Elizabeth \u0026 co"},"email":{"$t":"liz@example.com"}}],`,
			`"generator":{"version":"1.0","uri":"http://contacts.example.net/m8/feeds","$t":"Contacts"},`,
			`"openSearch$totalResults":{"$t":"7"},"openSearch$startIndex":{"$t":"2"},"openSearch$itemsPerPage":{"$t":"2"},`,
		}, ""))
		var v struct {
			Feed struct {
				Entry []struct {
					ID struct {
						T string `json:"$t"`
					} `json:"id"`
				} `json:"entry"`
			} `json:"feed"`
		}
		if err := json.Unmarshal([]byte(got), &v); err != nil || len(v.Feed.Entry) != 2 || !strings.HasSuffix(v.Feed.Entry[1].ID.T, "/2") {
			t.Errorf("%v: %+v in %s", err, v, got)
		}
		if err := uniqueMembers([]byte(got)); err != nil {
			t.Error(err)
		}
		has(t, page(inFormat(user(2, ContactKind), JSON), sampleFeed()), `"gd$etag":"W/\"abc.\"",`, `"openSearch$itemsPerPage":{"$t":"2"}}}`)
	})
	t.Run("JSON-6 JSON-11 QRY-21 JSON in script", func(t *testing.T) {
		o := inFormat(user(3, ContactKind), JSONScript)
		plain := page(inFormat(user(3, ContactKind), JSON), sampleFeed(), a)
		equal(t, page(o, sampleFeed(), a), "// API callback\ngdata.io.handleScriptLoaded("+plain+");")
		o.Callback = "my.call$back"
		equal(t, document(o, a), "// API callback\nmy.call$back("+document(inFormat(user(3, ContactKind), JSON), a)+");")
	})
	t.Run("RSS-1 RSS-2 RSS-3 RSS-4 RSS-5 RSS-6 RSS-7 RSS-8 RSS-9 RSS-10 RSS-11 RSS-12 RSS-13 RSS-14 RSS-15 RSS-16 RSS-17 RSS-18 RSS", func(t *testing.T) {
		c := &contacts.Contact{ID: 2, Rev: 1204720598835000, Created: 1172000000000000, Name: contacts.Name{Full: "Jane <Bennet>"}, Notes: "Kind & mild"}
		equal(t, page(inFormat(user(1, ContactKind), RSS), sampleFeed(), c), strings.Join([]string{
			"<?xml version='1.0' encoding='UTF-8'?><rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom' xmlns:openSearch='http://a9.com/-/spec/opensearchrss/1.0/'",
			" xmlns:gd='http://schemas.google.com/g/2005' xmlns:gContact='http://schemas.google.com/contact/2008'><channel><atom:id>liz@example.com</atom:id>",
			"<lastBuildDate>Wed, 05 Mar 2008 12:36:38 +0000</lastBuildDate><category domain='http://schemas.google.com/g/2005#kind'>http://schemas.google.com/contact/2008#contact</category>",
			"<title>Elizabeth &lt;Bennet&gt;'s Contacts</title><description></description><link>https://contacts.example.net/</link>",
			"<atom:link rel='http://schemas.google.com/g/2005#feed' type='application/atom+xml' href='https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full'/>",
			"<atom:link rel='http://schemas.google.com/g/2005#post' type='application/atom+xml' href='https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full'/>",
			"<atom:link rel='http://schemas.google.com/g/2005#batch' type='application/atom+xml' href='https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full/batch'/>",
			"<atom:link rel='self' type='application/atom+xml' href='https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full?alt=x&amp;max-results=2'/>",
			"<atom:link rel='next' type='application/atom+xml' href='https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full?start-index=3&amp;max-results=2'/>",
			"<atom:link rel='previous' type='application/atom+xml' href='https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full?start-index=1&amp;max-results=2'/>",
			"<managingEditor>liz@example.com (Elizabeth &amp; co)</managingEditor><generator>Contacts</generator>",
			"<openSearch:totalResults>7</openSearch:totalResults><openSearch:startIndex>2</openSearch:startIndex><openSearch:itemsPerPage>2</openSearch:itemsPerPage>",
			"<item><guid isPermaLink='false'>http://contacts.example.net/m8/feeds/contacts/liz%40example.com/base/2</guid><pubDate>Tue, 20 Feb 2007 19:33:20 +0000</pubDate>",
			"<atom:updated>2008-03-05T12:36:38.835Z</atom:updated><category domain='http://schemas.google.com/g/2005#kind'>http://schemas.google.com/contact/2008#contact</category>",
			"<title>Jane &lt;Bennet&gt;</title><description>Kind &amp; mild</description>",
			"<atom:link rel='http://schemas.google.com/contacts/2008/rel#edit-photo' type='image/*' href='https://contacts.example.net/m8/feeds/photos/media/liz%40example.com/2/1B2M2Y8AsgTpgAmY7PhCfg'/>",
			"<atom:link rel='self' type='application/atom+xml' href='https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full/2'/>",
			"<atom:link rel='edit' type='application/atom+xml' href='https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full/2/1204720598835000'/></item></channel></rss>",
		}, ""))
		has(t, page(inFormat(user(3, ContactKind), RSS), sampleFeed()), "<channel gd:etag='W/&quot;abc.&quot;'>", "</openSearch:itemsPerPage></channel></rss>")
	})
	t.Run("every feed is well-formed and self-contained", func(t *testing.T) {
		for seed := range uint64(300) {
			m := maker{rand.New(rand.NewPCG(seed, 10))}
			o := user(1+m.IntN(3), ContactKind)
			o.View.Shared = m.IntN(2) == 0
			var cs []*contacts.Contact
			for range m.IntN(4) {
				cs = append(cs, m.contact())
			}
			for _, format := range []Format{Atom, RSS} {
				got := page(inFormat(o, format), sampleFeed(), cs...)
				if _, err := scan([]byte(got)); err != nil {
					t.Fatalf("seed %d: %v\n%s", seed, err, got)
				}
			}
			if err := uniqueMembers([]byte(page(inFormat(o, JSON), sampleFeed(), cs...))); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
	})
}

func TestEntry(t *testing.T) {
	t.Run("QRY-50 QRY-51 QRY-52 QRY-53 QRY-54 VER-33 content types", func(t *testing.T) {
		for _, test := range []struct {
			o           Options
			feed, entry string
		}{
			{user(1, ContactKind), "application/atom+xml; charset=UTF-8", "application/atom+xml; charset=UTF-8"},
			{user(2, ContactKind), "application/atom+xml; charset=UTF-8; type=feed", "application/atom+xml; charset=UTF-8; type=entry"},
			{user(3, ContactKind), "application/atom+xml; charset=UTF-8; type=feed", "application/atom+xml; charset=UTF-8; type=entry"},
			{inFormat(user(3, ContactKind), RSS), "application/rss+xml; charset=UTF-8", "application/rss+xml; charset=UTF-8"},
			{inFormat(user(3, ContactKind), JSON), "application/json; charset=UTF-8", "application/json; charset=UTF-8"},
			{inFormat(user(1, ContactKind), JSONScript), "text/javascript; charset=UTF-8", "text/javascript; charset=UTF-8"},
		} {
			e := NewEncoder(test.o)
			equal(t, e.ContentType(true), test.feed)
			equal(t, e.ContentType(false), test.entry)
		}
	})
	t.Run("RES-8 RES-14 RES-15 RES-62 RES-63 VER-25 VER-38 VER-39 ELEM-1 ELEM-9 URLs", func(t *testing.T) {
		o := user(1, ContactKind)
		o.Owner = "o'brien+x@example.com"
		o.View.Projection.Name = contacts.ProjectionBase
		e := NewEncoder(o)
		equal(t, e.SelfURL(0xabc), "https://contacts.example.net/m8/feeds/contacts/o%27brien%2Bx%40example.com/base/abc")
		equal(t, e.EditURL(0xabc, 77), e.SelfURL(0xabc)+"/77")
		has(t, document(o, &contacts.Contact{ID: 0xabc, Rev: 77}), "<id>http://contacts.example.net/m8/feeds/contacts/o%27brien%2Bx%40example.com/base/abc</id>",
			"href='"+e.SelfURL(0xabc)+"'/>", "href='"+e.EditURL(0xabc, 77)+"'/>")
		o.View.Version = 2
		o.Kind = GroupKind
		e = NewEncoder(o)
		equal(t, e.EditURL(0xabc, 77), e.SelfURL(0xabc))
		has(t, e.SelfURL(1), "/m8/feeds/groups/")
	})
	t.Run("RES-8 RES-62 names that need escaping", func(t *testing.T) {
		o := user(3, ContactKind)
		o.Base, o.IDBase = "https://a&'b", "http://c<d"
		for _, format := range []Format{Atom, RSS} {
			if _, err := scan([]byte(page(inFormat(o, format), sampleFeed(), &contacts.Contact{Memberships: []contacts.Membership{{Group: 1}}}))); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("RES-14 ELEM-50 projections show their extended properties", func(t *testing.T) {
		c := &contacts.Contact{Properties: []contacts.Property{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}}}
		for projection, want := range map[contacts.Projection][2]bool{
			{Name: contacts.ProjectionThin}:               {false, false},
			{Name: contacts.ProjectionBase}:               {true, true},
			{Name: contacts.ProjectionFull}:               {true, true},
			{Name: contacts.ProjectionProperty, Key: "b"}: {false, true},
		} {
			o := user(3, ContactKind)
			o.View.Projection = projection
			for _, format := range []Format{Atom, JSON} {
				got := document(inFormat(o, format), c)
				for i, name := range []string{"a", "b"} {
					shown := strings.Contains(got, "name='"+name+"'") || strings.Contains(got, `"name":"`+name+`"`)
					if shown != want[i] {
						t.Errorf("projection %s shows property %s: %v, want %v", projection, name, shown, want[i])
					}
				}
			}
		}
	})
	t.Run("ELEM-91 ELEM-92 memberships that ended", func(t *testing.T) {
		c := &contacts.Contact{Memberships: []contacts.Membership{{Group: 6}, {Group: 7, Removed: 5}}}
		o := user(3, ContactKind)
		hasNot(t, document(o, c), "deleted='true'")
		hasNot(t, document(inFormat(o, JSON), c), `"deleted":"true"`)
		o.ShowRemoved = true
		has(t, document(o, c), "<gContact:groupMembershipInfo deleted='false' href='http://contacts.example.net/m8/feeds/groups/liz%40example.com/base/6'/>"+
			"<gContact:groupMembershipInfo deleted='true' href='http://contacts.example.net/m8/feeds/groups/liz%40example.com/base/7'/>")
		has(t, document(inFormat(o, JSON), c), `"gContact$groupMembershipInfo":[{"deleted":"false","href":"http://contacts.example.net/m8/feeds/groups/liz%40example.com/base/6"},{"deleted":"true",`)
	})
	t.Run("QRY-41 QRY-42 QRY-45 ELEM-12 ELEM-101 JSON-7 tombstones in every format", func(t *testing.T) {
		c := &contacts.Contact{ID: 2, Rev: 1206836951271000, Deleted: true, Name: contacts.Name{Full: "Wickham"}, Notes: "x", Nickname: "x",
			Memberships: []contacts.Membership{{Group: 6, Removed: 1206836951271000}}}
		for _, format := range []Format{Atom, RSS} {
			got := document(inFormat(user(2, ContactKind), format), c)
			has(t, got, "2008-03-30T00:29:11.271Z", "<title></title>", "rel='self'", "<gd:deleted/><gContact:groupMembershipInfo deleted='true'")
			hasNot(t, got, "Wickham", ">x<", "nickname", "description>x")
		}
		got := document(inFormat(user(2, ContactKind), JSON), c)
		has(t, got, `"title":{"$t":""}`, `"gd$deleted":{},"gContact$groupMembershipInfo":[{"deleted":"true"`)
		hasNot(t, got, "content", "nickname", "Wickham")

		o := user(3, ContactKind)
		o.MinimalTombstones = true
		equal(t, string(NewEncoder(o).AppendContact(nil, c)), "<entry gd:etag='&quot;bvsd8p6hco.&quot;'><id>http://contacts.example.net/m8/feeds/contacts/liz%40example.com/base/2</id><gd:deleted/></entry>")
		equal(t, string(NewEncoder(inFormat(o, RSS)).AppendContact(nil, c)), "<item gd:etag='&quot;bvsd8p6hco.&quot;'><guid isPermaLink='false'>http://contacts.example.net/m8/feeds/contacts/liz%40example.com/base/2</guid><gd:deleted/></item>")
		equal(t, string(NewEncoder(inFormat(o, JSON)).AppendContact(nil, c)), `{"gd$etag":"\"bvsd8p6hco.\"","id":{"$t":"http://contacts.example.net/m8/feeds/contacts/liz%40example.com/base/2"},"gd$deleted":{}}`)

		g := &contacts.Group{ID: 0x1f, Rev: 1206836951271000, Deleted: true}
		has(t, string(NewEncoder(user(3, GroupKind)).AppendGroup(nil, g)), "<title></title><link rel='self'", "<gd:deleted/></entry>")
		has(t, string(NewEncoder(inFormat(user(1, GroupKind), JSON)).AppendGroup(nil, g)), `"title":{"type":"text","$t":""},"link":[{"rel":"self"`, `"gd$deleted":{}}`)
	})
	t.Run("ELEM-104 ELEM-105 system groups in every version and format", func(t *testing.T) {
		g := &contacts.Group{ID: 6, System: "Contacts", Name: "System Group: My Contacts"}
		for version := 1; version <= 3; version++ {
			for _, format := range []Format{Atom, RSS} {
				got := string(NewEncoder(inFormat(user(version, GroupKind), format)).AppendGroupDocument(nil, g))
				has(t, got, "<gContact:systemGroup id='Contacts'/>", "1970-01-01T00:00:00.000Z")
				hasNot(t, got, "rel='edit'", "app:edited", "pubDate")
			}
			got := string(NewEncoder(inFormat(user(version, GroupKind), JSON)).AppendGroupDocument(nil, g))
			has(t, got, `"gContact$systemGroup":{"id":"Contacts"}`)
			hasNot(t, got, `"rel":"edit"`, "app$edited")
			if err := uniqueMembers([]byte(got)); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("VER-51 VER-52 VER-53 addresses and version 3 elements by view", func(t *testing.T) {
		c := &contacts.Contact{Nickname: "Lizzy", Addresses: []contacts.Address{{Rel: "home", Formatted: "1", Plain: true}, {Rel: "work", Formatted: "2", City: "Meryton"}, {Rel: "other", Formatted: "3", Plain: true}}}
		got := document(shared(1), c)
		has(t, got, "#work'><gd:formattedAddress>2</gd:formattedAddress><gd:city>Meryton</gd:city></gd:structuredPostalAddress>", "#home'>1</gd:postalAddress>", "#other'>3</gd:postalAddress>", "<gContact:nickname>")
		if n := strings.Count(got, "ostalAddress rel"); n != 3 {
			t.Errorf("%d addresses: %s", n, got)
		}
		has(t, document(inFormat(shared(2), JSON), c), `"gd$structuredPostalAddress":[{"rel":"http://schemas.google.com/g/2005#work",`, `"gd$postalAddress":[{"rel":"http://schemas.google.com/g/2005#home","$t":"1"},{`)
		for _, version := range []int{1, 2} {
			hasNot(t, document(user(version, ContactKind), c), "structured", "nickname")
		}
		hasNot(t, document(shared(3), c), "gd:postalAddress")
	})
	t.Run("JSON-9 unknown XML in JSON", func(t *testing.T) {
		c := parse(t, entry("<category term='a'/><category term='b'/><gd:money amount='1'/><gd:money amount='2'/><x:one>1<x:two/> 2 <x:two three='3'>4</x:two></x:one>"+
			"<gd:email address='a' label='b' x:c='1'><address xmlns=''>2</address></gd:email><contributor><name>Mary</name></contributor>"+
			"<gd:extendedProperty name='p'><name xmlns=''/><q xmlns='urn:q' name='1'><name>2</name></q></gd:extendedProperty>")).Contact
		got := document(inFormat(user(1, ContactKind), JSON), c)
		has(t, got, `"category":[{"scheme":"http://schemas.google.com/g/2005#kind","term":"http://schemas.google.com/contact/2008#contact"},`+
			`{"xmlns":"http://www.w3.org/2005/Atom","term":"a"},{"xmlns":"http://www.w3.org/2005/Atom","term":"b"}]`,
			`"gd$money":[{"xmlns$gd":"http://schemas.google.com/g/2005","amount":"1"},{"xmlns$gd":"http://schemas.google.com/g/2005","amount":"2"}]`,
			`"x$one":{"xmlns$x":"urn:x","x$two":[{},{"three":"3","$t":"4"}],"$t":"1 2 "}`,
			`"gd$email":[{"label":"b","address":"a","xmlns$x":"urn:x","x$c":"1","x$address":{"xmlns":"","$t":"2"}}]`,
			`"contributor":{"xmlns":"http://www.w3.org/2005/Atom","name":{"$t":"Mary"}}`,
			`"gd$extendedProperty":[{"name":"p","x$name":{"xmlns":""},"q":{"xmlns":"urn:q","name":"1","x$name":{"$t":"2"}}}]`)
	})
	t.Run("XML-9 what XML does not allow cannot appear", func(t *testing.T) {
		c := &contacts.Contact{Notes: "a\x00b\x1fc", Emails: []contacts.Email{{Label: "\x01", Address: "\x0b"}}}
		got := document(user(3, ContactKind), c)
		has(t, got, "a\uFFFDb\uFFFDc", "label='\uFFFD' address='\uFFFD'")
		if _, err := scan([]byte(got)); err != nil {
			t.Error(err)
		}
	})
	t.Run("XML-10 times", func(t *testing.T) {
		for _, ms := range []int64{0, 1, 999, 1204720598835, 951782399999, 951782400000, 951868800000, 4107542399999, 68169600000, 253402300799999, 1709164800000} {
			want := time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
			equal(t, string(appendTime(nil, contacts.Rev(ms*1000+123))), want)
		}
		for day := int64(-800000); day < 2900000; day += 37 {
			y, m, d := civil(day)
			if want := time.Unix(day*86400, 0).UTC(); int(y) != want.Year() || int(m) != int(want.Month()) || int(d) != want.Day() {
				t.Fatalf("day %d is %d-%d-%d, want %s", day, y, m, d, want)
			}
		}
	})
	t.Run("writing and reading the stored form cost no allocation", func(t *testing.T) {
		c := sample()
		buf := make([]byte, 0, 64<<10)
		for _, format := range []Format{Atom, RSS, JSON, JSONScript} {
			for version := 1; version <= 3; version++ {
				e := NewEncoder(inFormat(user(version, ContactKind), format))
				if n := testing.AllocsPerRun(20, func() { buf = e.AppendContact(buf[:0], c) }); n != 0 {
					t.Errorf("format %d, version %d: %v allocations", format, version, n)
				}
				if n := testing.AllocsPerRun(20, func() { buf = e.AppendContactDocument(buf[:0], c) }); n != 0 {
					t.Errorf("format %d, version %d: %v allocations for a document", format, version, n)
				}
			}
		}
		data := string(AppendStoredContact(nil, c))
		var into contacts.Contact
		if n := testing.AllocsPerRun(20, func() {
			if err := ReadStoredContact(data, &into); err != nil {
				t.Fatal(err)
			}
		}); n >= 1 {
			t.Errorf("reading: %v allocations", n)
		}
	})
}

func TestStored(t *testing.T) {
	t.Run("what is not stored stays", func(t *testing.T) {
		c := contacts.Contact{ID: 1, Rev: 2, Created: 3, Deleted: true, Nickname: "old", Photo: contacts.Photo{Version: "old"}, Memberships: []contacts.Membership{{Group: 1}}}
		if err := ReadStoredContact(string(AppendStoredContact(nil, &contacts.Contact{ID: 9, Rev: 9, Created: 9, FileAs: "new"})), &c); err != nil {
			t.Fatal(err)
		}
		if c.ID != 1 || c.Rev != 2 || c.Created != 3 || !c.Deleted || c.Nickname != "" || c.Photo.Version != "" || len(c.Memberships) != 0 || c.FileAs != "new" {
			t.Errorf("%+v", c)
		}
		g := contacts.Group{ID: 1, Rev: 2, System: "Friends", Name: "old"}
		if err := ReadStoredGroup(string(AppendStoredGroup(nil, &contacts.Group{Name: "new"})), &g); err != nil || g.System != "Friends" || g.ID != 1 || g.Name != "new" {
			t.Errorf("%v, %+v", err, g)
		}
	})
	t.Run("damage and newer forms are refused", func(t *testing.T) {
		good := string(AppendStoredContact(nil, sample()))
		var c contacts.Contact
		for i := range len(good) {
			if err := ReadStoredContact(good[:i], &c); err == nil {
				t.Fatalf("the first %d of %d bytes are accepted", i, len(good))
			}
		}
		for name, data := range map[string]string{
			"another version":    "\x02" + good[1:],
			"an unknown field":   "\x01\x7f\x00",
			"a field beyond all": "\x01\xff\x00",
			"more after the end": good + "\x00",
			"a long text":        "\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x",
			"a large number":     "\x01\x23\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x00\x00",
			"an endless number":  "\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00",
		} {
			if err := ReadStoredContact(data, &c); err == nil {
				t.Errorf("%s is accepted", name)
			}
		}
		if err := ReadStoredGroup("", &contacts.Group{}); err == nil {
			t.Error("nothing is accepted")
		}
	})
	t.Run("tags never change", func(t *testing.T) {
		c := &contacts.Contact{Notes: "n", Photo: contacts.Photo{Version: "p"}, Emails: []contacts.Email{{Rel: "home", Label: "l", Address: "a", DisplayName: "d", Primary: true,
			Extra: contacts.Extra{{In: "i", Attrs: "t", XML: "x"}}}}, Hobbies: []string{"h", ""}, Memberships: []contacts.Membership{{Group: 300, Removed: 1}, {}},
			Addresses: []contacts.Address{{Country: "c", CountryCode: "GB", Plain: true}}}
		equal(t, string(AppendStoredContact(nil, c)), "\x01"+"\x01\x01n"+"\x02\x01p"+
			"\x14"+"\x01\x04home"+"\x02\x01l"+"\x04\x01a"+"\x05\x01d"+"\x03"+"\x1f"+"\x01\x01i"+"\x02\x01t"+"\x03\x01x"+"\x00"+"\x00"+
			"\x17"+"\x12"+"\x11\x02GB"+"\x10\x01c"+"\x00"+
			"\x22\x01h"+"\x22\x00"+"\x23"+"\x01\xac\x02"+"\x02\x01"+"\x00"+"\x23"+"\x00"+"\x00")
	})
}
