package wire

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"contacts"
)

// views are all views of contacts and groups.
func views() []Options {
	var all []Options
	for version := 1; version <= 3; version++ {
		all = append(all, user(version, ContactKind), shared(version), user(version, GroupKind))
	}
	return all
}

// selected is what a selection makes of a document.
func selected(t testing.TB, o Options, doc, fields string) string {
	t.Helper()
	f, err := ParseFields(fields)
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewEncoder(o).AppendSelected([]byte("x"), []byte(doc), f)
	if err != nil {
		t.Fatalf("AppendSelected: %v\n%s", err, doc)
	}
	return string(b[1:])
}

// randomEntries makes n random entries of o's kind, without the time of their
// insert, which Atom does not have.
func randomEntries(m maker, o Options, n int) (cs []*contacts.Contact, gs []*contacts.Group) {
	for i := range n {
		if o.Kind == GroupKind {
			g := m.group()
			if g.Deleted = i%5 == 4; m.IntN(4) == 0 {
				g.System = "Friends"
			}
			gs = append(gs, g)
			continue
		}
		c := m.contact()
		c.Created, c.Deleted = 0, i%5 == 4
		for i := range c.Addresses {
			c.Addresses[i].Plain = m.IntN(2) == 0
		}
		for i := range c.Memberships {
			c.Memberships[i].Removed = contacts.Rev(m.IntN(2))
		}
		cs = append(cs, c)
	}
	return cs, gs
}

// wholeFeed is a feed with the entries.
func wholeFeed(o Options, cs []*contacts.Contact, gs []*contacts.Group) string {
	e, f := NewEncoder(o), sampleFeed()
	var entries []byte
	for i, c := range cs {
		if i > 0 {
			entries = e.AppendSeparator(entries)
		}
		entries = e.AppendContact(entries, c)
	}
	for i, g := range gs {
		if i > 0 {
			entries = e.AppendSeparator(entries)
		}
		entries = e.AppendGroup(entries, g)
	}
	f.Empty = len(entries) == 0
	return string(e.AppendFeedTail(append(e.AppendFeedHead(nil, &f), entries...), &f))
}

// wholeEntry is the first of the entries in a document of its own.
func wholeEntry(o Options, cs []*contacts.Contact, gs []*contacts.Group) string {
	if o.Kind == GroupKind {
		return string(NewEncoder(o).AppendGroupDocument(nil, gs[0]))
	}
	return string(NewEncoder(o).AppendContactDocument(nil, cs[0]))
}

func TestSelectEverything(t *testing.T) {
	for i, o := range views() {
		for f, name := range map[Format]string{Atom: "Atom", RSS: "RSS", JSON: "JSON", JSONScript: "JSON in script"} {
			o.Format = f
			o.ShowRemoved = i%2 == 0
			o.MinimalTombstones = i%4 == 3
			atom := NewEncoder(o).Atom().o
			t.Run(fmt.Sprintf("QRY-67 JSON-13 RSS-19 all fields of kind %d in version %d, shared %v, give all of %s", o.Kind, o.View.Version, o.View.Shared, name), func(t *testing.T) {
				for seed := range uint64(rounds / 16) {
					cs, gs := randomEntries(maker{rand.New(rand.NewPCG(seed, 10))}, o, int(seed%7))
					equal(t, selected(t, o, wholeFeed(atom, cs, gs), "@*,*"), wholeFeed(o, cs, gs))
					if seed%7 > 0 {
						equal(t, selected(t, o, wholeEntry(atom, cs, gs), "@*,*"), wholeEntry(o, cs, gs))
					}
					if t.Failed() {
						t.Fatalf("seed %d", seed)
					}
				}
			})
		}
	}
}

// selections are examples of selections of feeds and entries.
var selections = []string{
	"*", "@*,*", "title", "id,title,gd:email", "@gd:etag,title", "entry", "entry(title,gd:email)", "link,entry(@gd:etag,id,updated,link[@rel='edit'])",
	"entry(@gd:etag, id, link(@rel, @gd:etag))", "entry[gd:email/@primary='true'](id,gd:email[@primary='true']/@address)", "author(name),generator/@version",
	"entry/*", "entry/@*", "entry/gd:*", "entry/*/@*", "entry/gd:name/*", "entry/gd:extendedProperty/*", "entry/title/@*,title/*", "*[not(@rel) or @rel!='self']",
	"entry[updated>xs:dateTime('1980-01-01T00:00:00Z')]/updated", "openSearch:*,entry[gContact:hobby]/gContact:hobby", "gd:email[.!='x' and @address>='a'](@rel,@label)",
	"entry(category/@term,link/@href,content,gd:phoneNumber)", "category,link/@href,gContact:event/gd:when/@startTime,app:edited", "entry[not(gd:deleted)](id,gd:structuredPostalAddress/gd:city)",
}

// sampleDocument is a feed of two contacts, or the first of them, in version 3.
func sampleDocument(t testing.TB, feed bool) string {
	o := user(3, ContactKind)
	c := elizabeth(t)
	c.Photo.Version = "xLQfHGqHt0kUEoeDqM1Fbw"
	c.Name.GivenYomi = "eh liz"
	c.Nickname, c.Birthday = "Lizzy", "--05-23"
	c.Emails = []contacts.Email{{Rel: "work", Address: "lizzy@example.org", Primary: true}, {Label: "Letters", Address: "e.bennet@example.net"}}
	c.Phones = []contacts.Phone{{Rel: "mobile", Number: "100"}, {Rel: "home", Number: "20"}}
	c.Events = []contacts.Event{{Rel: "anniversary", Start: "1813-01-28"}}
	c.Properties = []contacts.Property{{Name: "sports", XML: "<dance xmlns=''><salsa/>often</dance>"}}
	c.Extra = contacts.Extra{{Attrs: " xmlns:x='urn:x' x:a='2' plain='1'", XML: "<x:y xmlns:x='urn:x' n='1'>a</x:y>"}}
	if !feed {
		return document(o, c)
	}
	jane := &contacts.Contact{ID: 2, Rev: 2000, Name: contacts.Name{Full: "Jane Bennet"}, Notes: "Mild"}
	return page(o, sampleFeed(), c, jane)
}

const (
	entryTag = "<?xml version='1.0' encoding='UTF-8'?><entry xmlns='http://www.w3.org/2005/Atom' xmlns:gContact='http://schemas.google.com/contact/2008'" +
		" xmlns:batch='http://schemas.google.com/gdata/batch' xmlns:gd='http://schemas.google.com/g/2005' gd:etag='&quot;bv1d03kym0.&quot;' xmlns:x='urn:x'"
	feedTag = "<?xml version='1.0' encoding='UTF-8'?><feed xmlns='http://www.w3.org/2005/Atom' xmlns:openSearch='http://a9.com/-/spec/opensearch/1.1/'" +
		" xmlns:gd='http://schemas.google.com/g/2005' xmlns:gContact='http://schemas.google.com/contact/2008' xmlns:batch='http://schemas.google.com/gdata/batch' gd:etag='W/&quot;abc.&quot;'>"
	firstEntry  = "<entry gd:etag='&quot;bv1d03kym0.&quot;' xmlns:x='urn:x'>"
	secondEntry = "<entry gd:etag='&quot;1jk.&quot;'>"
	workEmail   = "<gd:email rel='http://schemas.google.com/g/2005#work' address='lizzy@example.org' primary='true'/>"
	otherEmail  = "<gd:email label='Letters' address='e.bennet@example.net'/>"
)

func TestSelect(t *testing.T) {
	o := user(3, ContactKind)
	for _, test := range []struct{ name, fields, want string }{
		{"QRY-62 QRY-64 children of an entry", "title,gd:email", ">" + "<title>Elizabeth Bennet</title>" + workEmail + otherEmail},
		{"QRY-64 attributes of ancestors are left out", "gd:name/gd:familyName", "><gd:name><gd:familyName>Bennet</gd:familyName></gd:name>"},
		{"QRY-64 an attribute comes with the start tags around it", "gd:name/gd:givenName/@yomi", "><gd:name><gd:givenName yomi='eh liz'/></gd:name>"},
		{"QRY-64 attributes of an element alone", "gd:email(@label,@address)", "><gd:email address='lizzy@example.org'/>" + otherEmail},
		{"QRY-64 the whole and a part of it is the whole", "gd:email/@label,gd:email", ">" + workEmail + otherEmail},
		{"QRY-64 two parts are both there", "gd:email/@label,gd:email/@rel", "><gd:email rel='http://schemas.google.com/g/2005#work'/><gd:email label='Letters'/>"},
		{"QRY-64 nothing selected leaves the start tag", "summary", "/>"},
		{"QRY-66 elements in which nothing is selected are left out", "gd:name/gd:nameSuffix,gd:email/@x,gd:phoneNumber/*", "/>"},
		{"QRY-60 attributes of the root", "@plain", " plain='1'/>"},
		{"QRY-60 any attribute of the root", "@*", " x:a='2' plain='1'/>"},
		{"QRY-69 any attribute of a prefix", "@gd:*,link[@rel='self']/@gd:*", "/>"},
		{"QRY-60 any element at a level", "*/gd:when", "><gContact:event><gd:when startTime='1813-01-28'/></gContact:event>"},
		{"QRY-69 any element of a prefix", "gContact:*[not(@href)]", "><gContact:nickname>Lizzy</gContact:nickname><gContact:birthday when='--05-23'/><gContact:event rel='anniversary'><gd:when startTime='1813-01-28'/></gContact:event>"},
		{"QRY-61 names without prefix are of Atom", "name,email,nickname", "/>"},
		{"QRY-64 namespaces of unknown elements", "gd:extendedProperty/*/*,*[@n]/@n", "><gd:extendedProperty><dance xmlns=''><salsa/></dance></gd:extendedProperty><x:y xmlns:x='urn:x' n='1'/>"},
		{"QRY-63 existence of an attribute", "gd:email[@primary]", ">" + workEmail},
		{"QRY-63 an attribute", "gd:email[@label='Letters']", ">" + otherEmail},
		{"QRY-63 not", "gd:email[not(@rel)]", ">" + otherEmail},
		{"QRY-63 and, or", "gd:email[@rel and @address='e.bennet@example.net' or @label]", ">" + otherEmail},
		{"QRY-63 and with a false half", "gd:email[@label and @rel]", "/>"},
		{"QRY-63 QRY-69 different means that one is", "gd:email[@label!='x'],gd:name[*!='Bennet']/gd:familyName", "><gd:name><gd:familyName>Bennet</gd:familyName></gd:name>" + otherEmail},
		{"QRY-63 the text of a child", "gd:name[gd:familyName='Bennet']/gd:familyName", "><gd:name><gd:familyName>Bennet</gd:familyName></gd:name>"},
		{"QRY-69 the text of the element itself", "gd:phoneNumber[.='20']/@rel", "><gd:phoneNumber rel='http://schemas.google.com/g/2005#home'/>"},
		{"QRY-63 numbers", "gd:phoneNumber[.>30]/@rel", "><gd:phoneNumber rel='http://schemas.google.com/g/2005#mobile'/>"},
		{"QRY-69 texts are no numbers", "gd:phoneNumber[.>'3']/@rel", "/>"},
		{"QRY-69 what is no number", "gd:email[@address<1 or @address>=1],gd:phoneNumber[@rel!=1 and .<=20.0]/@rel", "><gd:phoneNumber rel='http://schemas.google.com/g/2005#home'/>"},
		{"QRY-63 dates", "updated[.=xs:date('2008-03-05')]", "><updated>2008-03-05T12:36:38.835Z</updated>"},
		{"QRY-63 later dates", "updated[.>xs:date('2008-03-05') or .<xs:date('2008-03-05')]", "/>"},
		{"QRY-63 times in another zone", "updated[.<=xs:dateTime('2008-03-05T13:36:38.835+01:00') and .>=xs:dateTime('2008-03-05T12:36:38.835')]", "><updated>2008-03-05T12:36:38.835Z</updated>"},
		{"QRY-63 a date as a time", "gContact:event[gd:when/@startTime=xs:dateTime('1813-01-28T00:00:00Z')]/@rel", "><gContact:event rel='anniversary'/>"},
		{"QRY-69 what is no date", "gContact:birthday[@when<xs:date('2000-01-01')],title[.!=xs:date('2000-01-01')]", "><title>Elizabeth Bennet</title>"},
		{"QRY-63 a condition in a condition", "gContact:event[gd:when[@startTime]/@startTime='1813-01-28']/@rel", "><gContact:event rel='anniversary'/>"},
		{"QRY-63 two conditions", "gd:email[@rel][@label],gd:email[@rel][@primary]", ">" + workEmail},
		{"QRY-63 the entity tag of a link", "link[@gd:etag](@gd:etag,@rel)", "><link rel='http://schemas.google.com/contacts/2008/rel#photo' gd:etag='&quot;xLQfHGqHt0kUEoeDqM1Fbw.&quot;'/>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := entryTag + test.want
			if !strings.HasSuffix(want, "><") && !(strings.HasSuffix(test.want, "/>") && strings.Count(test.want, ">") == 1) {
				want += "</entry>"
			}
			equal(t, selected(t, o, sampleDocument(t, false), test.fields), want)
		})
	}
	for _, test := range []struct{ name, fields, want string }{
		{"QRY-62 QRY-64 paths of a feed begin in it", "title,entry(title)", "<title>Elizabeth &lt;Bennet&gt;'s Contacts</title>" + firstEntry + "<title>Elizabeth Bennet</title></entry>" + secondEntry + "<title>Jane Bennet</title></entry>"},
		{"QRY-66 entries without anything selected are left out", "entry/gd:email[@rel]", firstEntry + workEmail + "</entry>"},
		{"QRY-66 totals are those of the full response", "openSearch:totalResults,link[@rel='next']/@rel,entry[title='x']", "<link rel='next'/><openSearch:totalResults>7</openSearch:totalResults>"},
		{"QRY-63 a condition on entries", "entry[gd:email/@primary='true']/id,entry[content='Mild']/content", firstEntry +
			"<id>http://contacts.example.net/m8/feeds/contacts/liz%40example.com/base/c9012de</id></entry>" + secondEntry + "<content>Mild</content></entry>"},
		{"QRY-64 the entity tag of an entry may be selected", "entry/@gd:etag", strings.TrimSuffix(firstEntry, ">") + "/>" + strings.TrimSuffix(secondEntry, ">") + "/>"},
		{"QRY-62 title is not the title of an entry", "content,gd:email", ""},
		{"QRY-60 parts of the author", "author/name", "<author><name>Elizabeth &amp; co</name></author>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			equal(t, selected(t, o, sampleDocument(t, true), test.fields), feedTag+test.want+"</feed>")
		})
	}
	t.Run("QRY-68 a part of an entry reads as a whole one", func(t *testing.T) {
		e := parse(t, selected(t, o, sampleDocument(t, false), "@gd:etag,gd:email[@primary]"))
		want := &contacts.Contact{Emails: []contacts.Email{{Rel: "work", Address: "lizzy@example.org", Primary: true}}}
		equalContacts(t, e.Contact, want)
		equal(t, e.ETag, `"bv1d03kym0."`)
	})
	t.Run("QRY-64 a whole entry of a feed has all its attributes", func(t *testing.T) {
		got := selected(t, o, sampleDocument(t, true), "entry[gd:name/gd:givenName]")
		_, doc, _ := strings.Cut(sampleDocument(t, true), "<entry")
		doc, _, _ = strings.Cut(doc, "</entry>")
		equal(t, got, feedTag+"<entry"+doc+"</entry></feed>")
	})
}

func TestSelectFormats(t *testing.T) {
	const (
		jsonEntry = `{"version":"1.0","encoding":"UTF-8","entry":{"xmlns":"http://www.w3.org/2005/Atom","xmlns$gContact":"http://schemas.google.com/contact/2008",` +
			`"xmlns$batch":"http://schemas.google.com/gdata/batch","xmlns$gd":"http://schemas.google.com/g/2005","gd$etag":"\"bv1d03kym0.\"","xmlns$x":"urn:x"`
		jsonFeed = `{"version":"1.0","encoding":"UTF-8","feed":{"xmlns":"http://www.w3.org/2005/Atom","xmlns$openSearch":"http://a9.com/-/spec/opensearch/1.1/",` +
			`"xmlns$gd":"http://schemas.google.com/g/2005","xmlns$gContact":"http://schemas.google.com/contact/2008","xmlns$batch":"http://schemas.google.com/gdata/batch","gd$etag":"W/\"abc.\""`
		first   = `{"gd$etag":"\"bv1d03kym0.\"","xmlns$x":"urn:x"`
		second  = `{"gd$etag":"\"1jk.\""`
		rssDecl = "<?xml version='1.0' encoding='UTF-8'?><rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom' xmlns:openSearch='http://a9.com/-/spec/opensearch/1.1/'" +
			" xmlns:gd='http://schemas.google.com/g/2005' xmlns:gContact='http://schemas.google.com/contact/2008'>"
		rssItem = "<item gd:etag='&quot;bv1d03kym0.&quot;' xmlns:x='urn:x'>"
		rssFeed = rssDecl + "<channel gd:etag='W/&quot;abc.&quot;'>"
	)
	for _, test := range []struct {
		name   string
		format Format
		feed   bool
		fields string
		want   string
	}{
		{"JSON-5 text and attributes", JSON, false, "title,gd:name/gd:givenName/@yomi", jsonEntry + `,"title":{"$t":"Elizabeth Bennet"},"gd$name":{"gd$givenName":{"yomi":"eh liz"}}}}`},
		{"JSON-6 arrays stay arrays", JSON, false, "gd:email[@label]/@label,link[@rel='self']/@rel,category/@term", jsonEntry +
			`,"category":[{"term":"http://schemas.google.com/contact/2008#contact"}],"link":[{"rel":"self"}],"gd$email":[{"label":"Letters"}]}}`},
		{"JSON-7 nothing", JSON, false, "summary", jsonEntry + "}}"},
		{"JSON-9 unknown elements", JSON, false, "@x,*[@n]/@n,gd:extendedProperty/*", jsonEntry + `,"gd$extendedProperty":[{"dance":{"xmlns":"","salsa":{},"$t":"often"}}],"x$y":{"xmlns$x":"urn:x","n":"1"}}}`},
		{"JSON-9 a part of an unknown element has no text", JSON, false, "gd:extendedProperty/*/*", jsonEntry + `,"gd$extendedProperty":[{"dance":{"xmlns":"","salsa":{}}}]}}`},
		{"JSON-6 a feed", JSON, true, "link[@rel='next']/@rel,author/name,generator/@version,openSearch:startIndex,entry/title", jsonFeed +
			`,"link":[{"rel":"next"}],"author":[{"name":{"$t":"Elizabeth \u0026 co"}}],"generator":{"version":"1.0"},"openSearch$startIndex":{"$t":"2"},"entry":[` +
			first + `,"title":{"$t":"Elizabeth Bennet"}},` + second + `,"title":{"$t":"Jane Bennet"}}]}}`},
		{"JSON-6 a feed without entries", JSON, true, "entry/gd:im,link/@title", jsonFeed + "}}"},
		{"JSON-11 JSON in script", JSONScript, false, "content", "// API callback\nf(" + jsonEntry + `,"content":{"$t":"Walks a lot"}}});`},
		{"RSS-2 RSS-3 RSS-4 RSS-5 RSS-6 RSS-10 a channel", RSS, true, "id,updated,category,title,openSearch:totalResults", rssFeed + "<atom:id>liz@example.com</atom:id><lastBuildDate>Wed, 05 Mar 2008 12:36:38 +0000</lastBuildDate>" +
			"<category domain='http://schemas.google.com/g/2005#kind'>http://schemas.google.com/contact/2008#contact</category><title>Elizabeth &lt;Bennet&gt;'s Contacts</title><description></description>" +
			"<openSearch:totalResults>7</openSearch:totalResults></channel></rss>"},
		{"RSS-7 RSS-8 parts of links, categories and the author", RSS, true, "category/@term,link[@rel='alternate']/@href,link[@rel='alternate']/@type,link[@rel='next']/@rel,author/name,generator/@uri", rssFeed +
			"<category>http://schemas.google.com/contact/2008#contact</category><description></description><link>https://contacts.example.net/</link><atom:link rel='next'/><managingEditor>(Elizabeth &amp; co)</managingEditor></channel></rss>"},
		{"RSS-7 RSS-8 RSS-9 other parts", RSS, true, "category/@scheme,link[@rel='alternate']/@rel,author/email,generator", rssFeed +
			"<category domain='http://schemas.google.com/g/2005#kind'></category><description></description><managingEditor>liz@example.com</managingEditor><generator>Contacts</generator></channel></rss>"},
		{"RSS-11 RSS-12 RSS-13 RSS-16 RSS-17 RSS-18 RSS-19 items", RSS, true, "entry[gd:email](id,updated,title,content,link[@rel='self'],gd:email/@address,gContact:nickname)", rssFeed + "<description></description>" + rssItem +
			"<guid isPermaLink='false'>http://contacts.example.net/m8/feeds/contacts/liz%40example.com/base/c9012de</guid><atom:updated>2008-03-05T12:36:38.835Z</atom:updated><title>Elizabeth Bennet</title>" +
			"<description>Walks a lot</description><atom:link rel='self' type='application/atom+xml' href='https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full/c9012de'/><gContact:nickname>Lizzy</gContact:nickname>" +
			"<gd:email address='lizzy@example.org'/><gd:email address='e.bennet@example.net'/></item></channel></rss>"},
		{"RSS-15 an entry", RSS, false, "@plain,category,app:edited", rssDecl + "<channel><title>liz@example.com</title><link>https://contacts.example.net/</link><description></description>" +
			"<item gd:etag='&quot;bv1d03kym0.&quot;' xmlns:x='urn:x' plain='1'><app:edited xmlns:app='http://www.w3.org/2007/app'>2008-03-05T12:36:38.835Z</app:edited>" +
			"<category domain='http://schemas.google.com/g/2005#kind'>http://schemas.google.com/contact/2008#contact</category></item></channel></rss>"},
	} {
		t.Run("QRY-67 "+test.name, func(t *testing.T) {
			o := inFormat(user(3, ContactKind), test.format)
			o.Callback = "f"
			equal(t, selected(t, o, sampleDocument(t, test.feed), test.fields), test.want)
		})
	}
	t.Run("QRY-67 JSON-6 JSON-9 RSS-15 RSS-16 what the schema does not know of a category and a title", func(t *testing.T) {
		o := user(3, ContactKind)
		doc := document(o, &contacts.Contact{ID: 1, Rev: 1000, Name: contacts.Name{Full: "Mary"}, Extra: contacts.Extra{
			{XML: "<category xmlns='http://www.w3.org/2005/Atom' term='t'/><category xmlns='http://www.w3.org/2005/Atom' term='u'/>"},
			{In: "title", Attrs: " plain='1'", XML: "<x:y xmlns:x='urn:x'/>"}}})
		const fields = "category[@term='t' or @term='u'],title/*"
		_, got, _ := strings.Cut(selected(t, inFormat(o, JSON), doc, fields), `"gd$etag":"\"rs.\"",`)
		equal(t, got, `"title":{"x$y":{"xmlns$x":"urn:x"}},"category":[{"xmlns":"http://www.w3.org/2005/Atom","term":"t"},{"xmlns":"http://www.w3.org/2005/Atom","term":"u"}]}}`)
		_, got, _ = strings.Cut(selected(t, inFormat(o, RSS), doc, fields+",title/@plain"), "<item")
		equal(t, got, " gd:etag='&quot;rs.&quot;'><title plain='1'><x:y xmlns:x='urn:x'/></title>"+
			"<category xmlns='http://www.w3.org/2005/Atom' term='t'/><category xmlns='http://www.w3.org/2005/Atom' term='u'/></item></channel></rss>")
	})
	t.Run("QRY-67 the answer to a batch", func(t *testing.T) {
		doc := strings.TrimSuffix(feedTag, " gd:etag='W/&quot;abc.&quot;'>") + "><title>x</title><entry><id>1</id><batch:id>a</batch:id><batch:status code='200' reason='Success'/></entry></feed>"
		equal(t, selected(t, user(3, ContactKind), doc, "entry(batch:id,batch:status/@code)"), strings.TrimSuffix(feedTag, " gd:etag='W/&quot;abc.&quot;'>")+
			"><entry><batch:id>a</batch:id><batch:status code='200'/></entry></feed>")
		_, got, _ := strings.Cut(selected(t, inFormat(user(3, ContactKind), JSON), doc, "entry(batch:id,batch:status/@code)"), `"entry"`)
		equal(t, got, `:[{"batch$id":{"$t":"a"},"batch$status":{"code":"200"}}]}}`)
		_, got, _ = strings.Cut(selected(t, inFormat(user(3, ContactKind), RSS), doc, "entry(batch:id,batch:status/@code)"), "<item")
		equal(t, got, " xmlns:batch='http://schemas.google.com/gdata/batch'><batch:id>a</batch:id><batch:status code='200'/></item></channel></rss>")
	})
	t.Run("QRY-67 no limits for documents of our own", func(t *testing.T) {
		c := &contacts.Contact{ID: 1, Hobbies: make([]string, maxElements+1)}
		for i := range c.Hobbies {
			c.Hobbies[i] = "x"
		}
		deep := strings.Repeat("<a xmlns=''>", maxDepth) + strings.Repeat("</a>", maxDepth)
		c.Properties = []contacts.Property{{Name: "deep", XML: deep}}
		o := user(3, ContactKind)
		got := selected(t, o, page(o, sampleFeed(), c), "entry(gContact:hobby,gd:extendedProperty/@name)")
		if n := strings.Count(got, "<gContact:hobby>x<"); n != len(c.Hobbies) || !strings.Contains(got, "<gd:extendedProperty name='deep'/>") {
			t.Errorf("%d hobbies", n)
		}
	})
	t.Run("a document that is not ours is no fault of the client", func(t *testing.T) {
		f, err := ParseFields("title")
		if err != nil {
			t.Fatal(err)
		}
		whole := sampleDocument(t, true)
		for _, doc := range []string{"", "x", "<entry", whole[:len(whole)-3], whole[:strings.Index(whole, "</entry>")], strings.TrimSuffix(sampleDocument(t, false), "</entry>")} {
			if _, err := NewEncoder(user(3, ContactKind)).AppendSelected(nil, []byte(doc), f); err == nil || contacts.KindOf(err) != "" {
				t.Errorf("%.40q: %v", doc, err)
			}
		}
	})
}

// FuzzSelect holds that whatever is selected of a document is well-formed in
// every format.
func FuzzSelect(f *testing.F) {
	for i, s := range selections {
		f.Add(s, uint64(i), byte(i))
	}
	all := views()
	f.Fuzz(func(t *testing.T, s string, seed uint64, view byte) {
		fields, err := ParseFields(s)
		if err != nil {
			return
		}
		o := all[int(view)%len(all)]
		cs, gs := randomEntries(maker{rand.New(rand.NewPCG(seed, 14))}, o, 3)
		for _, doc := range []string{wholeEntry(o, cs, gs), wholeFeed(o, cs, gs)} {
			for _, format := range []Format{Atom, RSS, JSON} {
				e := NewEncoder(inFormat(o, format))
				got, err := e.AppendSelected(nil, []byte(doc), fields)
				if err != nil {
					t.Fatalf("%v\n%s", err, doc)
				}
				if format == JSON {
					err = uniqueMembers(got)
				} else {
					_, err = scan(got)
				}
				if err != nil {
					t.Fatalf("%q: %v\n%s", s, err, got)
				}
			}
		}
	})
}

// BenchmarkSelect selects of a feed of 25 contacts of the usual size.
func BenchmarkSelect(b *testing.B) {
	o := user(3, ContactKind)
	doc := []byte(page(o, sampleFeed(), slices.Repeat([]*contacts.Contact{sample()}, 25)...))
	for name, format := range map[string]Format{"atom": Atom, "rss": RSS, "json": JSON} {
		for _, s := range []string{"entry(@gd:etag,id,gd:email)", "entry[gd:email/@primary='true']/gd:name", "entry"} {
			b.Run(name+"/"+s, func(b *testing.B) {
				f, err := ParseFields(s)
				if err != nil {
					b.Fatal(err)
				}
				e := NewEncoder(inFormat(o, format))
				var buf []byte
				b.ReportAllocs()
				b.SetBytes(int64(len(doc)))
				for b.Loop() {
					if buf, err = e.AppendSelected(buf[:0], doc, f); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkParseFields(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseFields("link,entry(@gd:etag,id,updated,link[@rel='edit'])"); err != nil {
			b.Fatal(err)
		}
	}
}
