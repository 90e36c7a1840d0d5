package gdata_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// patchable inserts the contact that the tests of this file change, and returns
// its edit URL and ETag.
func patchable(w *world) (path, etag string) {
	w.t.Helper()
	e := w.as("3", "POST", contactsFull, atom(`<content>Walks a lot</content>
<gd:name><gd:givenName>Elizabeth</gd:givenName><gd:familyName>Bennet</gd:familyName></gd:name>
<gd:email rel='http://schemas.google.com/g/2005#home' address='lizzy@example.org' primary='true'/>
<gd:email rel='http://schemas.google.com/g/2005#work' address='e.bennet@example.net'/>
<gd:extendedProperty name='pet' value='hamster'/>`)).want(w.t, 201).entry(w.t)
	return e.link("edit"), e.ETag
}

func TestPatch(t *testing.T) {
	w := newWorld(t)
	patch := func(path, body string, status int, header ...string) *answer {
		t.Helper()
		return w.as("3", "PATCH", path, body, header...).want(t, status)
	}

	t.Run("WRT-60 WRT-61 WRT-62 a partial entry is merged into the stored one", func(t *testing.T) {
		path, etag := patchable(w)
		e := patch(path, atom(`<gd:name><gd:familyName>Darcy</gd:familyName></gd:name>
<gd:email rel='http://schemas.google.com/g/2005#other' address='mrs.darcy@example.org'/>`), 200, "If-Match", etag, "Content-Type", "application/xml").entry(t)
		if e.Name.Given != "Elizabeth" || e.Name.Family != "Darcy" || e.Name.Full != "Elizabeth Darcy" {
			t.Errorf("name = %+v, want the given name kept and the family name replaced", e.Name)
		}
		if len(e.Emails) != 3 || e.Emails[2].Address != "mrs.darcy@example.org" {
			t.Errorf("emails = %+v, want the new one after the two old ones", e.Emails)
		}
		if e.Content != "Walks a lot" || len(e.Properties) != 1 || e.ETag == etag {
			t.Errorf("entry = %+v, want the rest kept and a new ETag", e)
		}
	})

	t.Run("WRT-63 WRT-64 gd:fields deletes before the merge, and nothing where it matches nothing", func(t *testing.T) {
		path, _ := patchable(w)
		body := strings.Replace(atom(`<gd:email rel='http://schemas.google.com/g/2005#home' address='new@example.org'/>`),
			"<entry", "<entry gd:fields='gd:email,gd:im,content'", 1)
		e := patch(path, body, 200, "If-Match", "*").entry(t)
		if len(e.Emails) != 1 || e.Emails[0].Address != "new@example.org" || e.Content != "" || e.Name.Full != "Elizabeth Bennet" {
			t.Errorf("entry = %+v, want the new address alone, no content, and the name kept", e)
		}
		patch(path, strings.Replace(body, "gd:email,gd:im", "gd:email(", 1), 400, "If-Match", "*")
	})

	t.Run("WRT-65 preconditions are those of PUT", func(t *testing.T) {
		path, etag := patchable(w)
		body := atom(`<content>Reads a lot</content>`)
		patch(path, body, 403)
		w.Clock.Add(1e9)
		patch(path, strings.Replace(body, "<entry", "<entry gd:etag='"+strings.ReplaceAll(etag, `"`, "&quot;")+"'", 1), 200)
		patch(path, body, 412, "If-Match", etag)
		patch(contactsFull+"/fffff", body, 404, "If-Match", "*")
		if got := w.as("3", "GET", path, "").entry(t).Content; got != "Reads a lot" {
			t.Errorf("content = %q, want that of the one PATCH that could succeed", got)
		}
	})

	t.Run("WRT-66 a result that is invalid changes nothing", func(t *testing.T) {
		path, etag := patchable(w)
		a := patch(path, atom(`<gd:email rel='http://schemas.google.com/g/2005#home' address='second@example.org' primary='true'/>`), 400, "If-Match", "*")
		if !strings.Contains(a.Body, "At most one gd:email may be primary") {
			t.Errorf("body = %s", a.Body)
		}
		if e := w.as("3", "GET", path, "").entry(t); e.ETag != etag {
			t.Errorf("ETag = %s, want %s still", e.ETag, etag)
		}
	})

	t.Run("WRT-60 a group is patched too, by method override", func(t *testing.T) {
		g := w.as("3", "POST", groupsFull, atom(`<title>Sisters</title><gd:extendedProperty name='colour' value='blue'/>`)).want(t, 201).entry(t)
		e := w.as("3", "POST", g.link("edit"), named("All sisters"), "X-HTTP-Method-Override", "PATCH", "If-Match", g.ETag).want(t, 200).entry(t)
		if e.Title != "All sisters" || len(e.Properties) != 1 {
			t.Errorf("group = %+v", e)
		}
	})
}

func TestPartialResponse(t *testing.T) {
	w := newWorld(t)
	path, _ := patchable(w)

	t.Run("QRY-20 QRY-62 paths start at the root of the response", func(t *testing.T) {
		f := w.as("3", "GET", contactsFull+"?fields=entry(title,gd:email)", "").want(t, 200)
		if strings.Contains(f.Body, "<updated>") || strings.Contains(f.Body, "hamster") {
			t.Errorf("more than was selected: %s", f.Body)
		}
		if got := f.feed(t); got.titles() != "Elizabeth Bennet" || len(got.Entries[0].Emails) != 2 || got.ETag == "" {
			t.Errorf("feed = %s", f.Body)
		}
		e := w.as("3", "GET", path+"?fields=title,gd:email", "").want(t, 200).entry(t)
		if e.Title != "Elizabeth Bennet" || len(e.Emails) != 2 || e.ID != "" || e.ETag == "" {
			t.Errorf("entry = %+v", e)
		}
	})

	t.Run("QRY-63 conditions filter elements", func(t *testing.T) {
		f := w.as("3", "GET", contactsFull+"?fields=entry/gd:email%5B@primary='true'%5D", "").want(t, 200).feed(t)
		if len(f.Entries) != 1 || len(f.Entries[0].Emails) != 1 || f.Entries[0].Emails[0].Address != "lizzy@example.org" {
			t.Errorf("entries = %+v", f.Entries)
		}
	})

	t.Run("QRY-65 a selection that cannot be read is refused", func(t *testing.T) {
		a := w.as("3", "GET", contactsFull+"?fields=entry(title", "").want(t, 400)
		if !strings.Contains(a.Body, "<code>invalidFieldSelection</code>") {
			t.Errorf("body = %s", a.Body)
		}
	})

	t.Run("QRY-66 paging is that of the full response", func(t *testing.T) {
		w.as("3", "POST", contactsFull, named("Jane Bennet")).want(t, 201)
		f := w.as("3", "GET", contactsFull+"?max-results=1&fields=openSearch:totalResults,link,entry%5Btitle='Jane%20Bennet'%5D", "").want(t, 200).feed(t)
		if f.Total != 2 || f.link("next") == "" || len(f.Entries) != 0 {
			t.Errorf("feed = %+v, want 2 in all, a next page, and no entry of this one", f)
		}
	})

	t.Run("QRY-67 answers to writes, JSON and RSS are shaped too", func(t *testing.T) {
		e := w.as("3", "POST", contactsFull+"?fields=gd:name/gd:fullName", atom(`<gd:name><gd:fullName>Mary Bennet</gd:fullName></gd:name>`)).want(t, 201).entry(t)
		if e.Name.Full != "Mary Bennet" || e.Name.Given != "" || e.ID != "" {
			t.Errorf("entry = %+v", e)
		}
		body := w.as("3", "GET", path+"?alt=json&fields=title", "").want(t, 200).Body
		if err := json.Unmarshal([]byte(body), &map[string]any{}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(body, `"title":{"$t":"Elizabeth Bennet"}`) || strings.Contains(body, "gd$email") {
			t.Errorf("JSON = %s", body)
		}
		rss := w.as("3", "GET", contactsFull+"?alt=rss&fields=entry/title", "").want(t, 200).Body
		if !strings.Contains(rss, "<title>Elizabeth Bennet</title>") || strings.Contains(rss, "<guid") {
			t.Errorf("RSS = %s", rss)
		}
	})

	t.Run("VER-37 versions 1 has no partial response, 2 has", func(t *testing.T) {
		w.as("1", "GET", contactsFull+"?fields=entry(title)", "").want(t, 403)
		w.as("2", "GET", contactsFull+"?fields=entry(title)", "").want(t, 200)
		w.as("1", "PATCH", path, named("x")).want(t, 403)
		w.as("2", "PATCH", path, named("Eliza Bennet"), "If-Match", "*").want(t, 200)
	})
}
