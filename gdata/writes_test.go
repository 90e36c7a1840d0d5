package gdata_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"contacts/server"
)

// add posts an entry to a feed as Elizabeth, in version 3.
func (w *world) add(t testing.TB, path, children string) *entry {
	t.Helper()
	return w.as("3.0", "POST", path, atom(children)).want(t, http.StatusCreated).entry(t)
}

// replace puts an entry over the one at an edit link, whatever its state, in
// version 3.
func (w *world) replace(t testing.TB, path, children string) *answer {
	t.Helper()
	return w.as("3.0", "PUT", path, atom(children), "If-Match", "*").want(t, http.StatusOK)
}

// read gets an entry as Elizabeth, in version 3.
func (w *world) read(t testing.TB, path string) *answer {
	t.Helper()
	return w.as("3.0", "GET", path, "").want(t, http.StatusOK)
}

// total is how many entries a feed says that it has.
func (w *world) total(t testing.TB, path string) int {
	t.Helper()
	return w.read(t, path).feed(t).Total
}

// wantText fails the test unless the body contains the text.
func (a *answer) wantText(t testing.TB, text string) *answer {
	t.Helper()
	if !strings.Contains(a.Body, text) {
		t.Errorf("%s %s lacks %s in\n%s", a.Request.Method, a.Request.URL, text, a.Body)
	}
	return a
}

// wantNoText fails the test if the body contains the text.
func (a *answer) wantNoText(t testing.TB, text string) *answer {
	t.Helper()
	if strings.Contains(a.Body, text) {
		t.Errorf("%s %s has %s in\n%s", a.Request.Method, a.Request.URL, text, a.Body)
	}
	return a
}

// wantReason fails the test unless the answer is an error with the status and
// the text of its reason.
func (a *answer) wantReason(t testing.TB, status int, reason string) *answer {
	t.Helper()
	return a.want(t, status).wantText(t, reason)
}

const jane = `<title>Jane Bennet</title><gd:email rel='http://schemas.google.com/g/2005#home' address='jane@example.org' primary='true'/>`

func TestInsert(t *testing.T) {
	w := newWorld(t)

	t.Run("WRT-1 the answer has what was sent and what the server added", func(t *testing.T) {
		for _, version := range []string{"1.0", "2.0", "3.0"} {
			a := w.as(version, "POST", contactsFull, atom(`<title>Kitty Bennet</title><content>Coughs</content><gd:phoneNumber label='Aunt'>1813</gd:phoneNumber>`)).want(t, http.StatusCreated)
			e := a.entry(t)
			if e.Title != "Kitty Bennet" || e.Content != "Coughs" || e.Updated != "2008-03-05T12:36:38.835Z" || e.ID == "" {
				t.Errorf("version %s: %+v", version, e)
			}
			a.wantText(t, `<gd:phoneNumber label='Aunt'>1813</gd:phoneNumber>`)
			stored := w.as(version, "GET", e.link("self"), "").want(t, http.StatusOK)
			if stored.Body != a.Body {
				t.Errorf("version %s: GET answers\n%s\nafter POST answered\n%s", version, stored.Body, a.Body)
			}
		}
	})

	t.Run("WRT-2 media types", func(t *testing.T) {
		for media, status := range map[string]int{
			"application/atom+xml":                            201,
			"application/atom+xml; charset=UTF-8; type=entry": 201,
			"Application/Atom+XML;type=entry":                 201,
			"application/xml":                                 201,
			"text/xml; charset=utf-8":                         201,
			"application/atom+xml; =":                         201,
			"application/json":                                415,
			"text/plain":                                      415,
			"image/jpeg":                                      415,
			"application/x-www-form-urlencoded":               415,
			"multipart/related; boundary=x":                   415,
			"atom":                                            415,
		} {
			a := w.as("3.0", "POST", contactsFull, named("Mary"), "Content-Type", media)
			if a.StatusCode != status {
				t.Errorf("Content-Type %q = %s, want %d\n%s", media, a.Status, status, a.Body)
			}
		}
		r, _ := http.NewRequest("POST", w.URL+contactsFull, strings.NewReader(named("Mary")))
		r.Header.Set("Authorization", "GoogleLogin auth="+w.token(elizabeth))
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if body, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusCreated {
			t.Errorf("without Content-Type: %s\n%s", resp.Status, body)
		}
	})

	t.Run("WRT-3 VER-38 Location and Content-Location are the edit URL, ETag is the entry's", func(t *testing.T) {
		for _, version := range []string{"1.0", "2.0", "3.0"} {
			a := w.as(version, "POST", contactsFull, named("Lydia")).want(t, http.StatusCreated)
			e := a.entry(t)
			edit := "https://contacts.example.net" + e.link("edit")
			if a.Header.Get("Location") != edit || a.Header.Get("Content-Location") != edit {
				t.Errorf("version %s: Location %q, Content-Location %q, edit link %q", version, a.Header.Get("Location"), a.Header.Get("Content-Location"), edit)
			}
			if tag := a.Header.Get("ETag"); tag == "" || version != "1.0" && tag != e.ETag {
				t.Errorf("version %s: ETag %q, in the entry %q", version, tag, e.ETag)
			}
		}
	})

	t.Run("WRT-4 the root must be an Atom entry, or nothing is stored", func(t *testing.T) {
		before := w.total(t, contactsFull)
		for _, body := range []string{
			"<feed " + namespaces + "><entry><title>Jane</title></entry></feed>",
			"<entry><title>Jane</title></entry>",
			"<entry xmlns='http://schemas.google.com/g/2005'><title>Jane</title></entry>",
			"<contact " + namespaces + "><title>Jane</title></contact>",
			"<atom:Entry xmlns:atom='http://www.w3.org/2005/Atom'/>",
		} {
			w.as("3.0", "POST", contactsFull, body).want(t, http.StatusBadRequest)
			w.as("3.0", "POST", groupsFull, body).want(t, http.StatusBadRequest)
		}
		if after := w.total(t, contactsFull); after != before {
			t.Errorf("%d contacts, want %d", after, before)
		}
	})

	t.Run("WRT-5 an invalid entry is not stored", func(t *testing.T) {
		before := w.total(t, contactsFull)
		for _, version := range []string{"1.0", "2.0", "3.0"} {
			w.as(version, "POST", contactsFull, atom(`<title>Jane</title><gd:email address='jane@example.org'/>`)).want(t, http.StatusBadRequest)
		}
		if after := w.total(t, contactsFull); after != before {
			t.Errorf("%d contacts, want %d", after, before)
		}
	})

	t.Run("WRT-6 a group comes back with its id and edit link", func(t *testing.T) {
		a := w.as("1.0", "POST", groupsFull, named("Militia")).want(t, http.StatusCreated)
		e := a.entry(t)
		if !strings.HasPrefix(e.ID, "http://contacts.example.net/m8/feeds/groups/liz%40example.com/base/") || a.Header.Get("Location") != "https://contacts.example.net"+e.link("edit") {
			t.Errorf("id %s, Location %s, edit link %s", e.ID, a.Header.Get("Location"), e.link("edit"))
		}
		if got := w.as("1.0", "GET", e.link("self"), "").want(t, http.StatusOK).entry(t); got.Title != "Militia" {
			t.Errorf("title %q", got.Title)
		}
	})

	t.Run("WRT-7 If-Match does not matter to an insert", func(t *testing.T) {
		for _, tag := range []string{`"nonsense."`, "*", `W/"x"`} {
			w.as("3.0", "POST", contactsFull, named("Maria Lucas"), "If-Match", tag).want(t, http.StatusCreated)
			w.as("1.0", "POST", groupsFull, named("Lucases"), "If-Match", tag).want(t, http.StatusCreated)
		}
	})

	t.Run("ELEM-96 an insert puts the contact into no group", func(t *testing.T) {
		for _, version := range []string{"1.0", "3.0"} {
			w.as(version, "POST", contactsFull, named("Maria Lucas")).want(t, http.StatusCreated).wantNoText(t, "groupMembershipInfo")
		}
	})
}

func TestQuota(t *testing.T) {
	w := newWorld(t, func(c *server.Config) { c.MaxContacts, c.MaxSharedContacts = 2, 1 })

	t.Run("WRT-10 ERR-42 a user's book takes so many contacts and no more", func(t *testing.T) {
		first := w.add(t, contactsFull, jane)
		w.add(t, contactsFull, jane)
		a := w.as("3.0", "POST", contactsFull, named("Lydia")).wantReason(t, http.StatusForbidden, "Insufficient storage quota")
		a.wantText(t, "<code>quotaExceeded</code>")
		w.as("1.0", "POST", contactsFull, named("Lydia")).wantReason(t, http.StatusForbidden, "Insufficient storage quota")
		w.add(t, groupsFull, "<title>Militia</title>") // groups have a limit of their own
		w.replace(t, first.link("edit"), "<title>Jane Bingley</title>")
		w.as("3.0", "DELETE", first.link("edit"), "").want(t, http.StatusOK)
		w.add(t, contactsFull, "<title>Lydia</title>")
	})

	t.Run("WRT-10 a domain's book has its own limit", func(t *testing.T) {
		w.do(admin, "POST", sharedFull, named("Netherfield")).want(t, http.StatusCreated)
		w.do(admin, "POST", sharedFull, named("Rosings")).wantReason(t, http.StatusForbidden, "Insufficient storage quota")
	})
}

func TestDelete(t *testing.T) {
	w := newWorld(t)

	t.Run("WRT-50 WRT-54 RES-24 the answer is empty", func(t *testing.T) {
		for _, version := range []string{"1.0", "2.0", "3.0"} {
			for _, path := range []string{contactsFull, groupsFull} {
				e := w.as(version, "POST", path, named("Lydia")).want(t, http.StatusCreated).entry(t)
				a := w.as(version, "DELETE", e.link("edit"), "").want(t, http.StatusOK)
				if a.Body != "" || a.Header.Get("Content-Length") != "0" || a.Header.Get("Content-Type") != "text/html; charset=UTF-8" {
					t.Errorf("version %s: body %q, Content-Length %q, Content-Type %q", version, a.Body, a.Header.Get("Content-Length"), a.Header.Get("Content-Type"))
				}
				w.as(version, "GET", e.link("self"), "").want(t, http.StatusNotFound)
			}
		}
	})

	t.Run("WRT-50 a tombstone is left, without memberships but those that ended", func(t *testing.T) {
		e := w.add(t, contactsFull, jane+`<gContact:groupMembershipInfo href='http://www.google.com/m8/feeds/groups/default/base/6'/>`)
		w.as("3.0", "DELETE", e.link("edit"), "").want(t, http.StatusOK)
		f := w.read(t, contactsFull+"?showdeleted=true&max-results=1000").feed(t)
		dead := f.byID(e.ID)
		if dead == nil || dead.Deleted == nil || len(dead.Groups) != 1 || dead.Groups[0].Deleted != "true" {
			t.Errorf("tombstone %+v", dead)
		}
		if f := w.read(t, contactsFull+"?group=6").feed(t); f.Total != 0 {
			t.Errorf("group 6 still has %s", f.titles())
		}
	})

	t.Run("WRT-51 an outdated ETag deletes nothing", func(t *testing.T) {
		e := w.add(t, contactsFull, jane)
		w.replace(t, e.link("edit"), jane)
		for _, version := range []string{"1.0", "2.0", "3.0"} {
			w.as(version, "DELETE", e.link("self"), "", "If-Match", e.ETag).want(t, http.StatusPreconditionFailed)
		}
		w.read(t, e.link("self"))
	})

	t.Run("WRT-52 WRT-24 DELETE inside a POST, with a body or without", func(t *testing.T) {
		for _, body := range []string{"", named("Jane"), "not XML"} {
			for _, version := range []string{"1.0", "3.0"} {
				e := w.as(version, "POST", contactsFull, named("Jane")).want(t, http.StatusCreated).entry(t)
				a := w.as(version, "POST", e.link("edit"), body, "X-HTTP-Method-Override", "DELETE").want(t, http.StatusOK)
				if a.Body != "" {
					t.Errorf("body %q", a.Body)
				}
				w.as(version, "GET", e.link("self"), "").want(t, http.StatusNotFound)
			}
		}
	})

	t.Run("WRT-53 RES-28 a second DELETE finds nothing", func(t *testing.T) {
		for _, path := range []string{contactsFull, groupsFull} {
			e := w.add(t, path, "<title>Lydia</title>")
			w.as("3.0", "DELETE", e.link("edit"), "").want(t, http.StatusOK)
			w.as("3.0", "DELETE", e.link("edit"), "").want(t, http.StatusNotFound)
			w.as("1.0", "DELETE", e.link("edit"), "", "If-Match", "*").want(t, http.StatusNotFound)
			w.as("2.0", "DELETE", path+"/fffff", "").want(t, http.StatusNotFound)
		}
	})

	t.Run("WRT-23 a deletion is a change of its own time", func(t *testing.T) {
		e := w.add(t, contactsFull, jane)
		w.Clock.Add(time.Minute)
		w.as("3.0", "DELETE", e.link("edit"), "").want(t, http.StatusOK)
		dead := w.read(t, contactsFull+"?showdeleted=true&max-results=1000").feed(t).byID(e.ID)
		if dead == nil || dead.Updated != "2008-03-05T12:37:38.835Z" || dead.ETag == e.ETag {
			t.Errorf("tombstone %+v of %+v", dead, e)
		}
	})
}

// byID is the entry with the id, or nil.
func (f *feed) byID(id string) *entry {
	for i := range f.Entries {
		if f.Entries[i].ID == id {
			return &f.Entries[i]
		}
	}
	return nil
}
