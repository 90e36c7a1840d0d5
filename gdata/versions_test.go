package gdata_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// full is a contact with something in every version.
const full = `<content>Walks a lot</content>
<gd:name><gd:namePrefix>Miss</gd:namePrefix><gd:givenName>Elizabeth</gd:givenName><gd:familyName>Bennet</gd:familyName></gd:name>
<gContact:nickname>Lizzy</gContact:nickname><gContact:birthday when='--05-23'/><gContact:relation rel='sister'>Jane Bennet</gContact:relation>
<gContact:hobby>Reading</gContact:hobby><gContact:website rel='blog' href='http://longbourn.example/'/>
<gd:email rel='http://schemas.google.com/g/2005#work' address='lizzy@example.org' displayName='E. Bennet' primary='true'/>
<gd:phoneNumber rel='http://schemas.google.com/g/2005#mobile' uri='tel:+442079460001'>+44 20 7946 0001</gd:phoneNumber>
<gd:structuredPostalAddress rel='http://schemas.google.com/g/2005#home'><gd:street>Longbourn House</gd:street><gd:city>Meryton</gd:city></gd:structuredPostalAddress>`

// v3Only are the elements that versions 1 and 2 do not show of a user's contact.
var v3Only = []string{"<gd:name>", "<gd:structuredPostalAddress", "<gContact:nickname>", "<gContact:birthday", "<gContact:relation", "<gContact:hobby>", "<gContact:website"}

func TestVersionSelection(t *testing.T) {
	w := newWorld(t)
	got := func(t *testing.T, header, query string) *answer {
		var fields []string
		if header != "" {
			fields = []string{"GData-Version", header}
		}
		return w.do(elizabeth, "GET", contactsFull+query, "", fields...)
	}
	t.Run("VER-1 VER-2 VER-3 VER-6 the version asked for, 1 without a word", func(t *testing.T) {
		for _, r := range []struct{ header, query, want string }{
			{"", "", "1.0"}, {"1", "", "1.0"}, {"1.0", "", "1.0"}, {"2", "", "2.0"}, {"2.0", "", "2.0"}, {"2.1", "", "2.0"},
			{"3", "", "3.1"}, {"3.0", "", "3.1"}, {"3.1", "", "3.1"}, {" 3.0 ", "", "3.1"},
			{"", "?v=1", "1.0"}, {"", "?v=1.0", "1.0"}, {"", "?v=2", "2.0"}, {"", "?v=2.1", "2.0"}, {"", "?v=3", "3.1"}, {"", "?v=3.1", "3.1"},
		} {
			a := got(t, r.header, r.query).want(t, 200)
			if v := a.Header.Get("GData-Version"); v != r.want {
				t.Errorf("GData-Version: %q with %q gives version %q, want %q", r.header, r.query, v, r.want)
			}
			if strings.Contains(a.Body, " gd:etag=") != (r.want != "1.0") { // the header does not lie
				t.Errorf("GData-Version: %q with %q has another version's form: %s", r.header, r.query, a.Body)
			}
		}
	})
	t.Run("VER-4 the parameter wins over the header", func(t *testing.T) {
		for _, r := range []struct{ header, query, want string }{{"3", "?v=1", "1.0"}, {"1", "?v=3", "3.1"}, {"9", "?v=2", "2.0"}} {
			if v := got(t, r.header, r.query).want(t, 200).Header.Get("GData-Version"); v != r.want {
				t.Errorf("%s and %s give version %q, want %q", r.header, r.query, v, r.want)
			}
		}
	})
	t.Run("VER-5 ERR-32 an unknown or malformed version gives 400", func(t *testing.T) {
		for _, v := range []string{"0", "4", "3.", "3.x", ".3", "03", "-1", "1e0", "three", "3,1", "\x01", "99999999999999999999", "2.0.1"} {
			answers := []*answer{got(t, "", "?v="+url.QueryEscape(v)).want(t, 400)}
			if v != "\x01" {
				answers = append(answers, got(t, v, "").want(t, 400))
			}
			for _, a := range answers {
				if !strings.Contains(a.Body, "<code>versionNotSupported</code>") || !strings.Contains(a.Body, "Version is not supported") {
					t.Errorf("version %q gives %s", v, a.Body)
				}
			}
		}
		got(t, "3", "?v=").want(t, 400)
	})
}

// The table of 2.2, on a user's feeds.
func TestVersionDifferences(t *testing.T) {
	w := newWorld(t)
	c := w.as("3", "POST", contactsFull, atom(full)).want(t, 201).entry(t)
	g := w.as("3", "POST", groupsFull, named("Sisters")).want(t, 201).entry(t)
	number := strings.TrimPrefix(w.as("1", "GET", c.link("self"), "").entry(t).link("edit"), c.link("self")) // VER-61 says which
	if len(number) != len("/1204720598835000") {
		t.Fatalf("the version number is %q", number)
	}
	each := func(t *testing.T, f func(v int, contact, contacts, group, groups *answer)) {
		for v := 1; v <= 3; v++ {
			get := func(path string) *answer { return w.as(fmt.Sprint(v), "GET", path, "").want(t, 200) }
			f(v, get(c.link("self")), get(contactsFull), get(g.link("self")), get(groupsFull))
		}
	}
	// holds fails the test unless a part stands in the body if it should.
	holds := func(t *testing.T, v int, a *answer, part string, want bool) {
		t.Helper()
		if strings.Contains(a.Body, part) != want {
			t.Errorf("version %d: %s in %s: want %v\n%s", v, part, a.Request.URL.Path, want, a.Body)
		}
	}

	t.Run("VER-7 what a GET answers varies by Accept, X-GData-Authorization and GData-Version", func(t *testing.T) {
		const want = "Accept, X-GData-Authorization, GData-Version"
		each(t, func(v int, contact, contacts, group, groups *answer) {
			unchanged := w.as(fmt.Sprint(v), "GET", c.link("self"), "", "If-None-Match", "*").want(t, 304)
			missing := w.as(fmt.Sprint(v), "GET", contactsFull+"/fff", "").want(t, 404)
			for _, a := range []*answer{contact, contacts, group, groups, unchanged, missing} {
				if got := a.Header.Get("Vary"); got != want {
					t.Errorf("version %d: Vary of %s, %s, is %q, want %q", v, a.Request.URL.Path, a.Status, got, want)
				}
			}
		})
	})
	t.Run("VER-20 VER-40 namespaces on the root", func(t *testing.T) {
		each(t, func(v int, contact, contacts, group, groups *answer) {
			for _, a := range []*answer{contact, contacts, group, groups} {
				root, _, _ := strings.Cut(strings.SplitAfterN(a.Body, "<", 3)[2], ">")
				for _, ns := range []string{"xmlns='http://www.w3.org/2005/Atom'", "xmlns:gd='http://schemas.google.com/g/2005'",
					"xmlns:gContact='http://schemas.google.com/contact/2008'", "xmlns:batch='http://schemas.google.com/gdata/batch'"} {
					if !strings.Contains(root, ns) {
						t.Errorf("version %d: %s is not declared on %s", v, ns, root)
					}
				}
				rss, os := strings.Contains(root, "xmlns:openSearch='http://a9.com/-/spec/opensearchrss/1.0/'"), strings.Contains(root, "xmlns:openSearch='http://a9.com/-/spec/opensearch/1.1/'")
				if feed := strings.HasPrefix(root, "feed"); rss != (feed && v == 1) || os != (feed && v > 1) {
					t.Errorf("version %d: openSearch is not that of the version on %s", v, root)
				}
			}
		})
	})
	t.Run("VER-21 VER-24 app:edited is that of updated, and absent in version 1", func(t *testing.T) {
		each(t, func(v int, contact, contacts, group, groups *answer) {
			edited := "<updated>2008-03-05T12:36:38.835Z</updated><app:edited xmlns:app='http://www.w3.org/2007/app'>2008-03-05T12:36:38.835Z</app:edited>"
			for _, a := range []*answer{contact, contacts, group, groups} {
				holds(t, v, a, edited, v > 1)
				holds(t, v, a, "purl.org/atom/app", false)
				holds(t, v, a, "app:", v > 1)
			}
		})
	})
	t.Run("VER-21 app:edited is ignored in both namespaces, with and without #", func(t *testing.T) {
		for _, ns := range []string{"http://purl.org/atom/app#", "http://purl.org/atom/app", "http://www.w3.org/2007/app"} {
			a := w.as("1", "POST", contactsFull, atom("<title>Mary</title><a:edited xmlns:a='"+ns+"'>1813-01-28T00:00:00Z</a:edited>")).want(t, 201)
			holds(t, 1, a, "1813", false)
			w.as("1", "DELETE", a.entry(t).link("edit"), "").want(t, 200)
		}
	})
	t.Run("VER-22 gd:etag on feed and entry, and absent in version 1", func(t *testing.T) {
		each(t, func(v int, contact, contacts, group, groups *answer) {
			for _, a := range []*answer{contact, contacts, group, groups} {
				holds(t, v, a, " gd:etag=", v > 1)
			}
			if v > 1 && (contacts.feed(t).ETag == "" || contacts.feed(t).Entries[0].ETag == "" || contact.entry(t).ETag == "") {
				t.Errorf("version %d: an entity tag is missing in %s", v, contacts.Body)
			}
		})
	})
	t.Run("VER-23 the ETag header is there in every version", func(t *testing.T) {
		each(t, func(v int, contact, contacts, group, groups *answer) {
			insert := w.as(fmt.Sprint(v), "POST", contactsFull, named("Mary")).want(t, 201)
			update := w.as(fmt.Sprint(v), "PUT", insert.entry(t).link("edit"), named("Kitty"), "If-Match", insert.Header.Get("ETag")).want(t, 200)
			for _, a := range []*answer{contact, contacts, group, groups, insert, update} {
				if a.Header.Get("ETag") == "" {
					t.Errorf("version %d: %s %s has no ETag", v, a.Request.Method, a.Request.URL.Path)
				}
			}
			w.as(fmt.Sprint(v), "DELETE", update.entry(t).link("edit"), "", "If-Match", update.Header.Get("ETag")).want(t, 200)
		})
	})
	t.Run("VER-25 the edit link has the version number in version 1, and equals the self link after", func(t *testing.T) {
		each(t, func(v int, contact, contacts, group, groups *answer) {
			entries := []*entry{contact.entry(t), &contacts.feed(t).Entries[0]}
			for _, e := range entries {
				want := e.link("self")
				if v == 1 {
					want += number
				}
				if e.link("edit") != want {
					t.Errorf("version %d: the edit link is %s, want %s", v, e.link("edit"), want)
				}
			}
			if e := group.entry(t); (e.link("edit") == e.link("self")) != (v > 1) {
				t.Errorf("version %d: the group's edit link is %s, its self link %s", v, e.link("edit"), e.link("self"))
			}
		})
	})
	t.Run("VER-26 a stale write gives 409 in version 1 and 412 after", func(t *testing.T) {
		for v, status := range map[string]int{"1": 409, "2": 412, "3": 412} {
			for _, feed := range []string{contactsFull, groupsFull} {
				old := w.as(v, "POST", feed, named("Mary")).want(t, 201)
				now := w.as(v, "PUT", old.entry(t).link("edit"), named("Kitty"), "If-Match", old.Header.Get("ETag")).want(t, 200).entry(t)
				header := []string{"If-Match", old.Header.Get("ETag")}
				if v == "1" {
					header = nil
				}
				w.as(v, "PUT", old.entry(t).link("edit"), named("Lydia"), header...).want(t, status)
				w.as(v, "DELETE", old.entry(t).link("edit"), "", header...).want(t, status)
				w.as(v, "PUT", now.link("self")+"/1", named("Lydia")).want(t, status)
				if e := w.as(v, "GET", now.link("self"), "").want(t, 200).entry(t); e.Title != "Kitty" {
					t.Errorf("version %s: a stale write was done: the title is %q", v, e.Title)
				}
				w.as(v, "DELETE", now.link("edit"), "").want(t, 200)
			}
		}
	})
	t.Run("VER-27 VER-28 photo links of a contact without photo", func(t *testing.T) {
		each(t, func(v int, contact, contacts, group, groups *answer) {
			const rel = "http://schemas.google.com/contacts/2008/rel#"
			for _, e := range []*entry{contact.entry(t), &contacts.feed(t).Entries[0]} {
				photo := "/m8/feeds/photos/media/liz%40example.com/" + e.shortID()
				wantPhoto, wantEdit := photo, ""
				if v == 1 {
					wantPhoto, wantEdit = "", photo+"/1B2M2Y8AsgTpgAmY7PhCfg"
				}
				if e.link(rel+"photo") != wantPhoto || e.link(rel+"edit-photo") != wantEdit {
					t.Errorf("version %d: the photo links are %q and %q, want %q and %q", v, e.link(rel+"photo"), e.link(rel+"edit-photo"), wantPhoto, wantEdit)
				}
				if i := slices.IndexFunc(e.Links, func(l link) bool { return l.ETag != "" }); i >= 0 {
					t.Errorf("version %d: the %s link has gd:etag", v, e.Links[i].Rel)
				}
			}
			holds(t, v, group, "photo", false)
		})
	})
	t.Run("VER-29 title and content have a type in version 1 only", func(t *testing.T) {
		each(t, func(v int, contact, contacts, group, groups *answer) {
			title, content := "<title>", "<content>"
			if v == 1 {
				title, content = "<title type='text'>", "<content type='text'>"
			}
			for a, name := range map[*answer]string{contact: "Miss Elizabeth Bennet", contacts: "Miss Elizabeth Bennet", group: "Sisters", groups: "Sisters"} {
				holds(t, v, a, title+name+"</title>", true)
			}
			holds(t, v, contact, content+"Walks a lot</content>", true)
			holds(t, v, group, content+"Sisters</content>", true)
			holds(t, v, contacts, title+"Elizabeth Bennet&apos;s Contacts", false)
			holds(t, v, contacts, title+"Elizabeth Bennet's Contacts</title>", true)
		})
	})
	t.Run("VER-30 VER-31 VER-32 VER-53 names, addresses and gContact elements show in version 3 only", func(t *testing.T) {
		each(t, func(v int, contact, contacts, group, groups *answer) {
			for _, a := range []*answer{contact, contacts} {
				for _, part := range v3Only {
					holds(t, v, a, part, v == 3)
				}
				holds(t, v, a, "<gd:postalAddress rel='http://schemas.google.com/g/2005#home'>Longbourn House\nMeryton</gd:postalAddress>", v < 3)
				holds(t, v, a, ">Miss Elizabeth Bennet</title>", true)
			}
		})
	})
	t.Run("VER-55 displayName and uri show in every version", func(t *testing.T) {
		each(t, func(v int, contact, contacts, group, groups *answer) {
			holds(t, v, contact, " displayName='E. Bennet'", true)
			holds(t, v, contact, " uri='tel:+442079460001'", true)
		})
	})
	t.Run("VER-33 the media type names feed or entry from version 2 on", func(t *testing.T) {
		each(t, func(v int, contact, contacts, group, groups *answer) {
			for a, kind := range map[*answer]string{contact: "entry", contacts: "feed", group: "entry", groups: "feed"} {
				want := "application/atom+xml; charset=UTF-8"
				if v > 1 {
					want += "; type=" + kind
				}
				if got := a.Header.Get("Content-Type"); got != want {
					t.Errorf("version %d: Content-Type of %s is %q, want %q", v, a.Request.URL.Path, got, want)
				}
			}
		})
	})
	t.Run("VER-34 a second contact of an address gives 409 in version 1, and is allowed after", func(t *testing.T) {
		for v, status := range map[string]int{"1": 409, "2": 201, "3": 201} {
			a := w.as(v, "POST", contactsFull, atom("<title>Other</title><gd:email label='x' address='LIZZY@example.org'/>")).want(t, status)
			if status == 201 {
				w.as(v, "DELETE", a.entry(t).link("edit"), "", "If-Match", "*").want(t, 200)
			}
		}
	})
	t.Run("VER-35 errors are text in version 1, and have a document after", func(t *testing.T) {
		for v, want := range map[string]string{"1": "text/plain; charset=UTF-8", "2": "application/vnd.google.gdata.error+xml; charset=UTF-8", "3": "application/vnd.google.gdata.error+xml; charset=UTF-8"} {
			if got := w.as(v, "GET", contactsFull+"/fff", "").want(t, 404).Header.Get("Content-Type"); got != want {
				t.Errorf("version %s: %q, want %q", v, got, want)
			}
		}
	})
	t.Run("VER-36 conditional GET by date and by entity tag, in every version", func(t *testing.T) {
		each(t, func(v int, contact, contacts, group, groups *answer) {
			for _, a := range []*answer{contact, contacts, group, groups} {
				get := func(header, value string, status int) {
					t.Helper()
					w.as(fmt.Sprint(v), "GET", a.Request.URL.Path, "", header, value).want(t, status)
				}
				later, earlier := "Wed, 05 Mar 2008 12:36:39 GMT", "Wed, 05 Mar 2008 12:36:38 GMT"
				get("If-Modified-Since", later, 304)
				get("If-Modified-Since", earlier, 200)
				get("If-None-Match", a.Header.Get("ETag"), 304)
				get("If-None-Match", `"other"`, 200)
			}
		})
	})
	t.Run("VER-37 ERR-55 PATCH and fields give 403 in version 1", func(t *testing.T) {
		w.as("1", "PATCH", c.link("self"), named("x"), "If-Match", "*").want(t, 403)
		w.as("1", "POST", c.link("self"), named("x"), "X-HTTP-Method-Override", "PATCH", "If-Match", "*").want(t, 403)
		for _, r := range []struct{ method, path, body string }{
			{"GET", contactsFull, ""}, {"GET", groupsFull, ""}, {"GET", c.link("self"), ""}, {"POST", contactsFull, named("x")}, {"PUT", c.link("self") + number, named("x")},
		} {
			a := w.as("1", r.method, r.path+"?fields=entry(title)", r.body).want(t, 403)
			if a.Body != "Fields query parameter is not supported" {
				t.Errorf("%s %s: %q, want Fields query parameter is not supported", r.method, r.path, a.Body)
			}
		}
		if e := w.as("3", "GET", c.link("self"), "").entry(t); e.Title != "Miss Elizabeth Bennet" {
			t.Errorf("the title is %q: a refused write was done", e.Title)
		}
	})
	t.Run("VER-38 VER-39 after an insert Location is the edit URL, under BASE", func(t *testing.T) {
		for v := 1; v <= 3; v++ {
			for _, feed := range []string{contactsFull, groupsFull} {
				a := w.as(fmt.Sprint(v), "POST", feed, named("Mary")).want(t, 201)
				want := "https://contacts.example.net" + a.entry(t).link("edit")
				if got := a.Header.Get("Location"); got != want || a.Header.Get("Content-Location") != want {
					t.Errorf("version %d: Location %q, Content-Location %q, want %q", v, got, a.Header.Get("Content-Location"), want)
				}
				for _, l := range a.entry(t).Links {
					if !strings.HasPrefix(l.Href, "https://contacts.example.net/") {
						t.Errorf("version %d: the %s link is %s", v, l.Rel, l.Href)
					}
				}
			}
		}
	})
}
