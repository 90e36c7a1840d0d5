package gdata_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"contacts/server"
)

func TestUpdate(t *testing.T) {
	w := newWorld(t)

	t.Run("WRT-20 RES-23 the entry is replaced, and what is left out is deleted", func(t *testing.T) {
		for _, version := range []string{"1.0", "2.0", "3.0"} {
			e := w.as(version, "POST", contactsFull, atom(`<title>Lydia Bennet</title><content>Youngest</content>
				<gd:email label='Letters' address='lydia@example.org'/><gd:phoneNumber label='Brighton'>1813</gd:phoneNumber>`)).want(t, http.StatusCreated).entry(t)
			a := w.as(version, "PUT", e.link("edit"), atom(`<title>Lydia Wickham</title><gd:email label='Letters' address='wickham@example.org'/>`), "If-Match", "*").want(t, http.StatusOK)
			a.wantText(t, "<gd:email label='Letters' address='wickham@example.org'/>").wantNoText(t, "lydia@example.org")
			a.wantNoText(t, "phoneNumber").wantNoText(t, "<content")
			if got := a.entry(t); got.Title != "Lydia Wickham" || got.ID != e.ID {
				t.Errorf("version %s: %+v", version, got)
			}
			if stored := w.as(version, "GET", e.link("self"), "").want(t, http.StatusOK); stored.Body != a.Body {
				t.Errorf("version %s: GET answers\n%s\nafter PUT answered\n%s", version, stored.Body, a.Body)
			}
		}
	})

	t.Run("WRT-20 a title left out is a name deleted", func(t *testing.T) {
		for _, version := range []string{"1.0", "3.0"} {
			e := w.add(t, contactsFull, jane)
			a := w.as(version, "PUT", e.link("self"), atom(`<gd:email label='Letters' address='jane@example.org'/>`), "If-Match", "*").want(t, http.StatusOK)
			if got := a.entry(t); got.Title != "" || w.read(t, e.link("self")).entry(t).Name.Full != "" {
				t.Errorf("version %s: title %q", version, got.Title)
			}
		}
	})

	t.Run("WRT-21 unknown XML is kept when it is sent back, and goes when it is not", func(t *testing.T) {
		const own = `<ball xmlns='http://netherfield.example/ns' at='Netherfield'><dance/></ball>`
		for _, version := range []string{"1.0", "2.0", "3.0"} {
			a := w.as(version, "POST", contactsFull, atom(`<title>Jane</title>`+own)).want(t, http.StatusCreated).wantText(t, own)
			edit := a.entry(t).link("edit")
			a = w.as(version, "PUT", edit, a.Body).want(t, http.StatusOK).wantText(t, own)
			a = w.as(version, "PUT", a.entry(t).link("edit"), strings.ReplaceAll(a.Body, own, "")).want(t, http.StatusOK).wantNoText(t, "ball")
			w.as("3.0", "GET", a.entry(t).link("self"), "").want(t, http.StatusOK).wantNoText(t, "ball")
		}
	})

	t.Run("WRT-22 ERR-33 the id in the body must name the entry of the URL", func(t *testing.T) {
		e := w.add(t, contactsFull, jane)
		other := w.add(t, contactsFull, jane)
		group := w.add(t, groupsFull, "<title>Militia</title>")
		id := e.shortID()
		for _, same := range []string{
			e.ID, " " + e.ID + "\n",
			"https://www.google.com/m8/feeds/contacts/liz%40example.com/full/" + id,
			"http://contacts.example.net/m8/feeds/contacts/LIZ@example.com/base/" + strings.ToUpper(id),
			"http://contacts.example.net/m8/feeds/contacts/default/thin/" + id,
		} {
			w.replace(t, e.link("edit"), jane+"<id>"+same+"</id>")
		}
		for _, different := range []string{
			other.ID, group.ID, "x", id,
			"http://contacts.example.net/m8/feeds/contacts/jane%40example.com/base/" + id,
			"http://contacts.example.net/m8/feeds/contacts/example.com/base/" + id,
			"http://contacts.example.net/m8/feeds/groups/liz%40example.com/base/" + id,
		} {
			a := w.as("3.0", "PUT", e.link("edit"), atom("<id>"+different+"</id><title>Mary</title>"), "If-Match", "*")
			a.wantReason(t, http.StatusBadRequest, "Entry id does not match").wantText(t, "<code>invalidEntry</code>")
		}
		if got := w.read(t, e.link("self")).entry(t); got.Title != "Jane Bennet" {
			t.Errorf("title %q", got.Title)
		}
	})

	t.Run("WRT-23 VER-60 an update that changes nothing gives a new time, number and tag", func(t *testing.T) {
		version := regexp.MustCompile(`/(\d+)$`)
		e := w.as("1.0", "POST", contactsFull, named("Mary Bennet")).want(t, http.StatusCreated).entry(t)
		seen := map[string]bool{version.FindString(e.link("edit")): true}
		tags := map[string]bool{}
		for range 5 { // the clock stands still
			a := w.as("1.0", "PUT", e.link("edit"), named("Mary Bennet")).want(t, http.StatusOK)
			e = a.entry(t)
			number, tag := version.FindString(e.link("edit")), a.Header.Get("ETag")
			if number == "" || seen[number] || tags[tag] {
				t.Fatalf("edit link %s, ETag %s again", e.link("edit"), tag)
			}
			seen[number], tags[tag] = true, true
		}
		w.Clock.Add(1e9)
		if later := w.as("1.0", "PUT", e.link("edit"), named("Mary Bennet")).want(t, http.StatusOK).entry(t); later.Updated <= e.Updated {
			t.Errorf("updated %s after %s", later.Updated, e.Updated)
		}
	})

	t.Run("WRT-24 X-HTTP-Method-Override selects the method of a POST", func(t *testing.T) {
		e := w.add(t, contactsFull, jane)
		w.as("3.0", "POST", e.link("edit"), named("Jane Bingley"), "X-HTTP-Method-Override", "PUT", "If-Match", "*").want(t, http.StatusOK)
		if got := w.read(t, e.link("self")).entry(t).Title; got != "Jane Bingley" {
			t.Errorf("title %q", got)
		}
		for _, other := range []string{"GET", "POST", "put", "TRACE", "PUT, DELETE", "x"} {
			w.as("3.0", "POST", e.link("edit"), named("Mary"), "X-HTTP-Method-Override", other, "If-Match", "*").
				want(t, http.StatusBadRequest).wantText(t, "<code>invalidMethodOverrideHeader</code>")
		}
		w.as("3.0", "GET", e.link("self"), "", "X-HTTP-Method-Override", "DELETE").want(t, http.StatusOK)
		w.as("3.0", "PUT", e.link("edit"), named("Jane Bingley"), "X-HTTP-Method-Override", "DELETE", "If-Match", "*").want(t, http.StatusOK)
		w.as("3.0", "POST", contactsFull, named("Mary"), "X-HTTP-Method-Override", "PUT").want(t, http.StatusMethodNotAllowed)
	})

	t.Run("WRT-25 links in the body have no meaning", func(t *testing.T) {
		e, other := w.add(t, contactsFull, jane), w.add(t, contactsFull, jane)
		links := ""
		for _, rel := range []string{"edit", "self", "http://www.iana.org/assignments/relation/edit", "http://schemas.google.com/contacts/2008/rel#photo"} {
			links += "<link rel='" + rel + "' type='application/atom+xml' href='https://contacts.example.net" + other.link("edit") + "/1'/>"
		}
		a := w.replace(t, e.link("edit"), links+"<title>Jane Bingley</title>").wantNoText(t, other.shortID()).wantNoText(t, "iana.org")
		if got := a.entry(t); got.ID != e.ID || len(got.Links) != len(e.Links) || got.link("edit") != e.link("edit") {
			t.Errorf("links %v", got.Links)
		}
		if got := w.read(t, other.link("self")).entry(t).Title; got != "Jane Bennet" {
			t.Errorf("the other contact is now %q", got)
		}
	})

	t.Run("WRT-26 a group has version numbers and ETags like a contact", func(t *testing.T) {
		e := w.as("1.0", "POST", groupsFull, named("Militia")).want(t, http.StatusCreated).entry(t)
		now := w.as("1.0", "PUT", e.link("edit"), named("Regulars")).want(t, http.StatusOK).entry(t)
		stale := w.as("1.0", "PUT", e.link("edit"), named("Navy")).want(t, http.StatusConflict).entry(t)
		if stale.Title != "Regulars" || stale.link("edit") != now.link("edit") {
			t.Errorf("the 409 shows %+v", stale)
		}
		w.as("1.0", "DELETE", e.link("edit"), "").want(t, http.StatusConflict)
		w.as("3.0", "PUT", e.link("self"), named("Navy"), "If-Match", `"x."`).want(t, http.StatusPreconditionFailed)
		if got := w.read(t, e.link("self")).entry(t).Title; got != "Regulars" {
			t.Errorf("title %q", got)
		}
	})

	t.Run("WRT-27 ELEM-100 a group's content follows its title", func(t *testing.T) {
		e := w.add(t, groupsFull, "<title>Militia</title><content>Red coats</content>")
		if e.Title != "Militia" || e.Content != "Militia" {
			t.Errorf("title %q, content %q", e.Title, e.Content)
		}
		if e = w.replace(t, e.link("edit"), "<title>Regulars</title><content>Militia</content>").entry(t); e.Title != "Regulars" || e.Content != "Regulars" {
			t.Errorf("title %q, content %q", e.Title, e.Content)
		}
	})

	t.Run("WRT-28 an update needs a body", func(t *testing.T) {
		for _, path := range []string{w.add(t, contactsFull, jane).link("edit"), w.add(t, groupsFull, jane).link("edit")} {
			for _, version := range []string{"1.0", "3.0"} {
				for _, body := range []string{"", " \n"} {
					w.as(version, "PUT", path, body, "If-Match", "*", "Content-Type", "application/atom+xml").want(t, http.StatusBadRequest)
				}
			}
			w.read(t, path)
		}
	})

	t.Run("WRT-5 ELEM-27 an invalid update changes nothing", func(t *testing.T) {
		e := w.add(t, contactsFull, jane)
		w.as("3.0", "PUT", e.link("edit"), atom(`<title>Mary</title><gd:email address='mary@example.org'/>`), "If-Match", "*").want(t, http.StatusBadRequest)
		if got := w.read(t, e.link("self")).entry(t); got.Title != "Jane Bennet" || got.ETag != e.ETag {
			t.Errorf("%+v, want %+v", got, e)
		}
	})
}

func TestRedundantOtherRel(t *testing.T) {
	const read = `<gd:phoneNumber label='Aunt'>1813</gd:phoneNumber>`
	const sent = `<gd:phoneNumber label='Aunt' rel='http://schemas.google.com/g/2005#other'>1814</gd:phoneNumber>`
	for setting, status := range map[bool]int{false: http.StatusBadRequest, true: http.StatusOK} {
		t.Run(fmt.Sprintf("ELEM-31 accept_redundant_other_rel is %v", setting), func(t *testing.T) {
			w := newWorld(t, func(c *server.Config) { c.AcceptRedundantOtherRel = setting })
			e := w.add(t, contactsFull, read)
			a := w.as("1.0", "PUT", e.link("self"), atom(sent), "If-Match", "*").want(t, status)
			if setting {
				a.wantText(t, `<gd:phoneNumber label='Aunt'>1814</gd:phoneNumber>`)
			}
			w.as("1.0", "POST", contactsFull, atom(sent)).want(t, http.StatusBadRequest)
		})
	}
}
