package gdata_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestContentTypes(t *testing.T) {
	w := newWorld(t)
	pairs := w.addPairs(t)
	for _, tt := range []struct{ name, version, query, feed, entry string }{
		{"QRY-50 VER-33 Atom of version 1", "1", "", "application/atom+xml; charset=UTF-8", ""},
		{"QRY-50 QRY-1 Atom of version 1, asked for", "1", "?alt=atom", "application/atom+xml; charset=UTF-8", ""},
		{"QRY-51 Atom of version 2", "2", "", "application/atom+xml; charset=UTF-8; type=feed", "application/atom+xml; charset=UTF-8; type=entry"},
		{"QRY-51 Atom of version 3", "3", "?alt=atom", "application/atom+xml; charset=UTF-8; type=feed", "application/atom+xml; charset=UTF-8; type=entry"},
		{"QRY-52 RSS of version 1", "1", "?alt=rss", "application/rss+xml; charset=UTF-8", ""},
		{"QRY-52 RSS of version 3", "3", "?alt=rss", "application/rss+xml; charset=UTF-8", ""},
		{"QRY-53 JSON of version 1", "1", "?alt=json", "application/json; charset=UTF-8", ""},
		{"QRY-53 JSON of version 3", "3", "?alt=json", "application/json; charset=UTF-8", ""},
		{"QRY-54 JSON in script of version 2", "2", "?alt=json-in-script", "text/javascript; charset=UTF-8", ""},
		{"QRY-1 the first alt counts", "3", "?alt=json&alt=rss", "application/json; charset=UTF-8", ""},
		{"QRY-16 RES-69 lines and Accept do not matter", "3", "?alt=rss&prettyprint=true", "application/rss+xml; charset=UTF-8", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.entry == "" {
				tt.entry = tt.feed
			}
			for _, p := range pairs {
				for path, want := range map[string]string{p.feed: tt.feed, p.entry: tt.entry} {
					for _, method := range []string{"GET", "HEAD"} {
						if got := w.as(tt.version, method, path+tt.query, "", "Accept", "text/html").want(t, 200).Header.Get("Content-Type"); got != want {
							t.Errorf("Content-Type of %s is %q, want %q", path, got, want)
						}
					}
				}
			}
		})
	}
	t.Run("QRY-55 answers to POST and PUT honour alt too", func(t *testing.T) {
		for _, p := range pairs {
			for query, want := range map[string]string{"?alt=json": `{"version":"1.0"`, "?alt=rss": "<rss ", "?alt=json-in-script&callback=f": "// API callback\nf({", "?alt=atom": "<entry ", "?prettyprint=true": "\n  <title"} {
				contentType := w.read(t, p.entry+query).Header.Get("Content-Type")
				added := w.as("3", "POST", p.feed+query, named("Kitty")).want(t, 201)
				location := strings.TrimPrefix(added.Header.Get("Location"), "https://contacts.example.net")
				changed := w.as("3", "PUT", location+query, named("Kitty Bennet"), "If-Match", "*").want(t, 200)
				for _, a := range []*answer{added, changed} {
					a.wantText(t, want).wantText(t, "Kitty")
					if got := a.Header.Get("Content-Type"); got != contentType {
						t.Errorf("%s %s: Content-Type %q, want %q", a.Request.Method, query, got, contentType)
					}
				}
				if got := w.read(t, location+query).Body; got != changed.Body {
					t.Errorf("%s: PUT answers\n%s\nand GET\n%s", query, changed.Body, got)
				}
			}
			w.as("3", "POST", p.feed+"?alt=csv", named("Kitty")).want(t, 400)
		}
		s := w.change(t, contactsFull)
		w.as("1", "PUT", s.oldEdit+"?alt=json", named("x")).want(t, 409).wantText(t, `{"version":"1.0"`).wantText(t, s.title)
	})
	t.Run("QRY-1 ERR-54 any other alt gives 400, before anything is written", func(t *testing.T) {
		for _, alt := range []string{"JSON", "Atom", "xml", "jsonc", "media", "json,rss", "atom+json"} {
			for _, p := range pairs {
				w.as("1", "GET", p.feed+"?alt="+alt, "").wantReason(t, 400, "Invalid alt value")
				w.as("1", "GET", p.entry+"?alt="+alt, "").wantReason(t, 400, "Invalid alt value")
				w.as("3", "DELETE", p.entry+"?alt="+alt, "").want(t, 400).wantText(t, "<code>invalidAltValue</code>")
			}
		}
		w.read(t, pairs[0].entry)
	})
}

// A piece of a document, in which ID, ETAG and FEEDTAG stand for what the
// server chose.
type piece struct{ name, text string }

const (
	atomXML   = " type='application/atom+xml' href='https://contacts.example.net/m8/feeds/"
	kindGD    = "http://schemas.google.com/g/2005#kind"
	contactNS = "http://schemas.google.com/contact/2008"
)

// wantPieces wants the body to be the pieces one after the other, and runs a
// test for each that has a name.
func (a *answer) wantPieces(t *testing.T, pieces []piece) {
	t.Helper()
	body := a.Body
	for _, r := range []struct{ pattern, with string }{
		{`(/full/|/base/|/liz%40example\.com/)[0-9a-f]+(['</])`, "${1}ID$2"},
		{`(/ID/)\d+'`, "${1}VERSION'"},
		{`gd:etag='W/&quot;[^']*'`, "gd:etag='FEEDTAG'"},
		{`gd:etag='&quot;[^']*'`, "gd:etag='ETAG'"},
	} {
		body = regexp.MustCompile(r.pattern).ReplaceAllString(body, r.with)
	}
	for _, p := range pieces {
		rest, ok := strings.CutPrefix(body, p.text)
		if p.name == "" {
			if !ok {
				t.Fatalf("got  %s\nwant %s", body, p.text)
			}
		} else if !t.Run(p.name, func(t *testing.T) {
			if !ok {
				t.Errorf("got  %s\nwant %s", body, p.text)
			}
		}) {
			return
		}
		body = rest
	}
	if body != "" {
		t.Errorf("then comes %s", body)
	}
}

func TestRSS(t *testing.T) {
	w := newWorld(t)
	e := w.add(t, contactsFull, "<title>Jane</title>")
	w.Clock.Add(time.Hour)
	const elements = "<gd:name><gd:fullName>Jane Bennet</gd:fullName><gd:givenName>Jane</gd:givenName><gd:familyName>Bennet</gd:familyName></gd:name><gContact:nickname>Janie</gContact:nickname>" +
		"<gd:email rel='http://schemas.google.com/g/2005#home' address='jane@example.org'/><gd:extendedProperty name='p'><x xmlns=''/></gd:extendedProperty>"
	w.replace(t, e.link("edit"), "<title>Jane Bennet</title><content>Eldest &amp; best</content>"+elements)
	own := atomXML + "contacts/liz%40example.com/full"
	const category = "<category domain='" + kindGD + "'>" + contactNS + "#contact</category>"
	const namespaces = "xmlns:gd='http://schemas.google.com/g/2005' xmlns:gContact='" + contactNS + "'>"

	w.read(t, contactsFull+"?alt=rss&start-index=1").wantPieces(t, []piece{
		{"", "<?xml version='1.0' encoding='UTF-8'?><rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom' xmlns:openSearch='http://a9.com/-/spec/opensearch/1.1/' " + namespaces},
		{"RSS-1 the feed is a channel", "<channel gd:etag='FEEDTAG'>"},
		{"RSS-2 the id is atom:id", "<atom:id>liz@example.com</atom:id>"},
		{"RSS-3 updated is lastBuildDate in RFC 822", "<lastBuildDate>Wed, 05 Mar 2008 13:36:38 +0000</lastBuildDate>"},
		{"RSS-4 the category has its scheme as domain", category},
		{"RSS-5 the title", "<title>Elizabeth Bennet's Contacts</title>"},
		{"RSS-6 an empty description", "<description></description>"},
		{"RSS-7 the alternate link is link, the others are atom:link", "<link>https://contacts.example.net/</link>" +
			"<atom:link rel='http://schemas.google.com/g/2005#feed'" + own + "'/><atom:link rel='http://schemas.google.com/g/2005#post'" + own + "'/>" +
			"<atom:link rel='http://schemas.google.com/g/2005#batch'" + own + "/batch'/><atom:link rel='self'" + own + "?alt=rss&amp;start-index=1&amp;max-results=25'/>"},
		{"RSS-8 the author is managingEditor", "<managingEditor>liz@example.com (Elizabeth Bennet)</managingEditor>"},
		{"RSS-9 the generator", "<generator>Contacts</generator>"},
		{"RSS-10 openSearch is unchanged", "<openSearch:totalResults>1</openSearch:totalResults><openSearch:startIndex>1</openSearch:startIndex><openSearch:itemsPerPage>25</openSearch:itemsPerPage>"},
		{"RSS-11 an entry is an item", "<item gd:etag='ETAG'>"},
		{"RSS-12 its id is guid", "<guid isPermaLink='false'>http://contacts.example.net/m8/feeds/contacts/liz%40example.com/base/ID</guid>"},
		{"RSS-14 its creation time is pubDate in RFC 822", "<pubDate>Wed, 05 Mar 2008 12:36:38 +0000</pubDate>"},
		{"RSS-13 its updated is atom:updated", "<atom:updated>2008-03-05T13:36:38.835Z</atom:updated><app:edited xmlns:app='http://www.w3.org/2007/app'>2008-03-05T13:36:38.835Z</app:edited>"},
		{"RSS-15 its category", category},
		{"RSS-16 its title", "<title>Jane Bennet</title>"},
		{"RSS-17 its content is description", "<description>Eldest &amp; best</description>"},
		{"RSS-18 its links are atom:link", "<atom:link rel='http://schemas.google.com/contacts/2008/rel#photo' type='image/*' href='https://contacts.example.net/m8/feeds/photos/media/liz%40example.com/ID'/>" +
			"<atom:link rel='self'" + own + "/ID'/><atom:link rel='edit'" + own + "/ID'/>"},
		{"RSS-19 gd and gContact elements are unchanged", elements},
		{"", "</item></channel></rss>"},
	})
	t.Run("RSS-10 VER-20 openSearch has the namespace of the version", func(t *testing.T) {
		w.as("1", "GET", contactsFull+"?alt=rss", "").want(t, 200).wantText(t, "xmlns:openSearch='http://a9.com/-/spec/opensearchrss/1.0/'").wantNoText(t, "etag")
	})
	t.Run("RSS-19 what a kind's elements say in Atom they say in RSS, in every version", func(t *testing.T) {
		rich := w.add(t, contactsFull, everything+member(groupID("6")))
		after := func(body, last string) string {
			return regexp.MustCompile(`(?s)^.*rel='edit'[^>]*>(.*?)</`+last+`>.*$`).ReplaceAllString(body, "$1")
		}
		everyVersion(func(v string) {
			atom, rss := w.as(v, "GET", rich.link("self"), "").want(t, 200), w.as(v, "GET", rich.link("self")+"?alt=rss", "").want(t, 200)
			if got, want := after(rss.Body, "item"), after(atom.Body, "entry"); got != want || !strings.Contains(got, "<gd:email ") {
				t.Errorf("version %s:\n%s\nwant\n%s", v, got, want)
			}
		})
	})
}

func TestFeedEnvelope(t *testing.T) {
	w := newWorld(t)
	w.add(t, contactsFull, "<title>Jane Bennet</title>")
	w.add(t, contactsFull, "<title>Mary Bennet</title>")
	w.Clock.Add(time.Hour)
	w.add(t, contactsFull, "<title>Lydia Bennet</title>")
	w.Clock.Add(time.Hour)
	own := atomXML + "contacts/liz%40example.com/full"
	w.as("1", "GET", contactsFull+"?q=bennet&start-index=2&max-results=1", "").want(t, 200).wantPieces(t, []piece{
		{"FEED-1 XML-2 the root is feed", "<?xml version='1.0' encoding='UTF-8'?><feed xmlns='http://www.w3.org/2005/Atom' xmlns:openSearch='http://a9.com/-/spec/opensearchrss/1.0/' " +
			"xmlns:gd='http://schemas.google.com/g/2005' xmlns:gContact='" + contactNS + "' xmlns:batch='http://schemas.google.com/gdata/batch'>"},
		{"FEED-2 the id of a user's feed is the address", "<id>liz@example.com</id>"},
		{"FEED-4 updated is the last change, and not the time of the read", "<updated>2008-03-05T13:36:38.835Z</updated>"},
		{"FEED-5 the category is the kind", "<category scheme='" + kindGD + "' term='" + contactNS + "#contact'/>"},
		{"FEED-6 the title has the owner's name", "<title type='text'>Elizabeth Bennet's Contacts</title>"},
		{"FEED-7 the alternate link", "<link rel='alternate' type='text/html' href='https://contacts.example.net/'/>"},
		{"FEED-8 QRY-36 the feed link has no query", "<link rel='http://schemas.google.com/g/2005#feed'" + own + "'/>"},
		{"FEED-9 QRY-36 the post link", "<link rel='http://schemas.google.com/g/2005#post'" + own + "'/>"},
		{"FEED-10 QRY-36 the batch link", "<link rel='http://schemas.google.com/g/2005#batch'" + own + "/batch'/>"},
		{"FEED-11 the self link has the query", "<link rel='self'" + own + "?q=bennet&amp;start-index=2&amp;max-results=1'/>"},
		{"FEED-17 QRY-31 the next and previous links", "<link rel='next'" + own + "?q=bennet&amp;start-index=3&amp;max-results=1'/><link rel='previous'" + own + "?q=bennet&amp;start-index=1&amp;max-results=1'/>"},
		{"FEED-12 the author is the owner", "<author><name>Elizabeth Bennet</name><email>liz@example.com</email></author>"},
		{"FEED-13 the generator", "<generator version='1.0' uri='http://contacts.example.net/m8/feeds'>Contacts</generator>"},
		{"FEED-14 totalResults counts all pages", "<openSearch:totalResults>3</openSearch:totalResults>"},
		{"FEED-15 startIndex", "<openSearch:startIndex>2</openSearch:startIndex>"},
		{"FEED-16 itemsPerPage", "<openSearch:itemsPerPage>1</openSearch:itemsPerPage>"},
		{"FEED-18 entries without declarations", "<entry><id>http://contacts.example.net/m8/feeds/contacts/liz%40example.com/base/ID</id><updated>2008-03-05T12:36:38.835Z</updated>" +
			"<category scheme='" + kindGD + "' term='" + contactNS + "#contact'/><title type='text'>Mary Bennet</title>" +
			"<link rel='http://schemas.google.com/contacts/2008/rel#edit-photo' type='image/*' href='https://contacts.example.net/m8/feeds/photos/media/liz%40example.com/ID/1B2M2Y8AsgTpgAmY7PhCfg'/>" +
			"<link rel='self'" + own + "/ID'/><link rel='edit'" + own + "/ID/VERSION'/></entry>"},
		{"", "</feed>"},
	})
	t.Run("FEED-2 FEED-3 FEED-5 FEED-6 FEED-12 FEED-13 what differs by owner and kind", func(t *testing.T) {
		const base, id = "https://contacts.example.net/m8/feeds/", "http://contacts.example.net/m8/feeds/"
		for _, tt := range []struct{ user, path, id, term, title, name, email, generator string }{
			{elizabeth, "contacts/default/full", elizabeth, "#contact", "Elizabeth Bennet's Contacts", "Elizabeth Bennet", elizabeth, id[:len(id)-1]},
			{elizabeth, "groups/default/thin", elizabeth, "#group", "Elizabeth Bennet's Contact Groups", "Elizabeth Bennet", elizabeth, id[:len(id)-1]},
			{bingley, "contacts/default/base", bingley, "#contact", bingley + "'s Contacts", bingley, bingley, id[:len(id)-1]},
			{bingley, "groups/default/full", bingley, "#group", bingley + "'s Contact Groups", bingley, bingley, id[:len(id)-1]},
			{admin, "contacts/example.com/full", id + "contacts/example.com/base", "#contact", "example.com's Contacts", domain, domain, base + "contacts"},
			{admin, "groups/example.com/full", id + "groups/example.com/base", "#group", "example.com's Contacts", domain, domain, base + "contacts"},
		} {
			everyVersion(func(v string) {
				a := w.do(tt.user, "GET", "/m8/feeds/"+tt.path, "", "GData-Version", v).want(t, 200)
				for _, want := range []string{"><id>" + tt.id + "</id><updated>", "</updated><category scheme='" + kindGD + "' term='" + contactNS + tt.term + "'/><title", ">" + tt.title + "</title><link",
					"<author><name>" + tt.name + "</name><email>" + tt.email + "</email></author><generator version='1.0' uri='" + tt.generator + "'>Contacts</generator>"} {
					a.wantText(t, want)
				}
			})
		}
	})
	t.Run("FEED-4 QRY-43 who resumes from updated sees every later change", func(t *testing.T) {
		w.replace(t, w.read(t, contactsFull).feed(t).Entries[2].link("edit"), "<title>Lydia Wickham</title>")
		seen := w.read(t, contactsFull).feed(t)
		w.add(t, contactsFull, "<title>Kitty Bennet</title>") // within the same millisecond
		w.Clock.Add(time.Hour)
		w.remove(t, &seen.Entries[0])
		now := w.read(t, contactsFull+"?showdeleted=true&updated-min="+seen.Updated).feed(t)
		if now.firsts() != "(deleted) Lydia Kitty" {
			t.Errorf("since %s there are %q", seen.Updated, now.firsts())
		}
	})
}

func TestPrettyPrint(t *testing.T) {
	w := newWorld(t)
	e := w.add(t, contactsFull, everything+"<gd:extendedProperty name='x'><a xmlns=''> <b/> </a></gd:extendedProperty><u:known xmlns:u='urn:u'><u:part/> text</u:known>")
	w.add(t, contactsFull, "<title>Jane Bennet</title>")
	w.remove(t, w.add(t, contactsFull, "<title>George Wickham</title>"))
	paths := []string{e.link("self") + "?", contactsFull + "?showdeleted=true&", groupsFull + "?", groupsFull + "/6?", contactsFull + "?q=nobody&"}
	t.Run("QRY-16 prettyprint=true breaks XML into lines, and changes nothing else", func(t *testing.T) {
		for _, path := range paths {
			for _, alt := range []string{"alt=atom", "alt=rss"} {
				plain := w.read(t, path+alt)
				a := w.read(t, path+alt+"&prettyprint=true")
				lines := strings.Split(a.Body, "\n")
				if len(lines) < 10 || !strings.HasPrefix(lines[2], "  <") {
					t.Errorf("%s is not laid out:\n%s", path, a.Body)
				}
				joined := regexp.MustCompile(`([>])\n *(<)`).ReplaceAllString(a.Body, "$1$2")
				joined = strings.NewReplacer("&amp;prettyprint=true", "", strings.ReplaceAll(a.Header.Get("ETag"), `"`, "&quot;"), strings.ReplaceAll(plain.Header.Get("ETag"), `"`, "&quot;")).Replace(joined)
				if joined != plain.Body {
					t.Errorf("%s on one line is\n%s\nwant\n%s", path, joined, plain.Body)
				}
			}
		}
	})
	t.Run("QRY-16 prettyprint=true breaks JSON into lines", func(t *testing.T) {
		for _, path := range paths {
			plain := w.read(t, path+"alt=json").Body
			a := w.read(t, path+"alt=json&prettyprint=true").Body
			var want, got bytes.Buffer
			json.Indent(&want, []byte(a), "", "  ")
			if a != want.String() || json.Compact(&got, []byte(a)) != nil || len(got.String()) < len(plain) {
				t.Errorf("%s is not laid out:\n%s", path, a)
			}
			if script := w.read(t, path+"alt=json-in-script&prettyprint=true").Body; !strings.HasPrefix(script, "// API callback\ngdata.io.handleScriptLoaded({\n  \"version\": \"1.0\",\n") || !strings.HasSuffix(script, "\n});") {
				t.Errorf("%s is not laid out:\n%s", path, script)
			}
		}
		plain, pretty := w.read(t, paths[0]+"alt=json").Body, w.read(t, paths[0]+"alt=json&prettyprint=true").Body
		var got bytes.Buffer
		if json.Compact(&got, []byte(pretty)); got.String() != plain {
			t.Errorf("on one line it is\n%s\nwant\n%s", got.String(), plain)
		}
	})
	t.Run("QRY-16 an entry laid out can be sent back as it is", func(t *testing.T) {
		before := w.read(t, e.link("self")).Body
		doc := w.read(t, e.link("self")+"?prettyprint=true").Body
		after := w.as("3", "PUT", e.link("edit"), doc, "If-Match", "*").want(t, 200).Body
		tag := regexp.MustCompile(`gd:etag='&quot;[^&]*|<(updated|app:edited[^>]*)>[^<]*`)
		if tag.ReplaceAllString(after, "") != tag.ReplaceAllString(before, "") {
			t.Errorf("got  %s\nwant %s", after, before)
		}
	})
	t.Run("QRY-16 without it, and with false, there is one line", func(t *testing.T) {
		for _, path := range []string{contactsFull + "?q=nobody", groupsFull + "?prettyprint=false", groupsFull + "?prettyPrint=true"} {
			if a := w.read(t, path); strings.Contains(a.Body, "\n") {
				t.Errorf("%s:\n%s", path, a.Body)
			}
		}
	})
}
