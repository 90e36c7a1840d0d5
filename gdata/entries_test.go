package gdata_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"contacts/auth"
)

// shortID is the last segment of an entry's id.
func (e *entry) shortID() string { return e.ID[strings.LastIndexByte(e.ID, '/')+1:] }

// The feeds and entries of 1.3.
func TestResources(t *testing.T) {
	w := newWorld(t)

	t.Run("RES-20 GET on a feed gives 200 and an Atom feed of entries", func(t *testing.T) {
		w.do(elizabeth, "POST", contactsFull, named("Jane Bennet")).want(t, 201)
		a := w.do(elizabeth, "GET", contactsFull, "").want(t, 200)
		if got := a.Header.Get("Content-Type"); !strings.HasPrefix(got, "application/atom+xml") {
			t.Errorf("Content-Type is %q", got)
		}
		if f := a.feed(t); f.titles() != "Jane Bennet" || !strings.Contains(a.Body, "<feed xmlns='http://www.w3.org/2005/Atom'") {
			t.Errorf("feed has %q in %s", f.titles(), a.Body)
		}
	})
	t.Run("RES-21 ERR-21 POST of an Atom entry gives 201 with the stored entry", func(t *testing.T) {
		a := w.do(elizabeth, "POST", contactsFull, named("Mary Bennet"), "Content-Type", "application/atom+xml").want(t, 201)
		e := a.entry(t)
		if e.Title != "Mary Bennet" || e.ID == "" || e.Updated == "" || e.link("edit") == "" {
			t.Errorf("the answer is not the stored entry: %s", a.Body)
		}
		if got := w.do(elizabeth, "GET", e.link("self"), "").want(t, 200).Body; got != a.Body {
			t.Errorf("GET answers\n%s\nand POST\n%s", got, a.Body)
		}
	})
	t.Run("RES-22 RES-23 RES-24 ERR-20 GET, PUT and DELETE of an entry", func(t *testing.T) {
		for _, version := range []string{"1", "2", "3"} {
			e := w.as(version, "POST", contactsFull, named("Kitty Bennet")).want(t, 201).entry(t)
			got := w.as(version, "GET", e.link("self"), "").want(t, 200)
			if !strings.Contains(got.Body, "<entry xmlns='http://www.w3.org/2005/Atom'") || got.entry(t).ID != e.ID {
				t.Errorf("version %s: GET gives %s", version, got.Body)
			}
			put := w.as(version, "PUT", e.link("edit"), named("Catherine Bennet"), "If-Match", got.Header.Get("ETag")).want(t, 200)
			if put.entry(t).Title != "Catherine Bennet" || w.as(version, "GET", e.link("self"), "").Body != put.Body {
				t.Errorf("version %s: PUT answers %s", version, put.Body)
			}
			gone := w.as(version, "DELETE", put.entry(t).link("edit"), "").want(t, 200)
			if gone.Body != "" || gone.Header.Get("Content-Length") != "0" {
				t.Errorf("version %s: DELETE answers %q, Content-Length %q, want no body and 0", version, gone.Body, gone.Header.Get("Content-Length"))
			}
			w.as(version, "GET", e.link("self"), "").want(t, 404)
		}
	})
	t.Run("RES-25 RES-26 GET, POST, PUT and DELETE work for groups", func(t *testing.T) {
		for _, version := range []string{"1", "2", "3"} {
			e := w.as(version, "POST", "/m8/feeds/groups/default/full", named("Sisters")).want(t, 201).entry(t)
			f := w.as(version, "GET", "/m8/feeds/groups/default/full", "").want(t, 200).feed(t)
			if i := slices.IndexFunc(f.Entries, func(o entry) bool { return o.ID == e.ID }); i < 0 || f.Entries[i].Title != "Sisters" {
				t.Errorf("version %s: the feed has %q, want Sisters too", version, f.titles())
			}
			got := w.as(version, "GET", e.link("self"), "").want(t, 200)
			put := w.as(version, "PUT", e.link("edit"), named("Family"), "If-Match", got.Header.Get("ETag")).want(t, 200).entry(t)
			if put.Title != "Family" {
				t.Errorf("version %s: after PUT the title is %q, want Family", version, put.Title)
			}
			w.as(version, "DELETE", put.link("edit"), "").want(t, 200)
			w.as(version, "GET", e.link("self"), "").want(t, 404)
		}
	})
	t.Run("RES-38 a domain has groups of its own, without system groups, for administrators", func(t *testing.T) {
		const groups = "/m8/feeds/groups/example.com/full"
		e := w.do(admin, "POST", groups, named("Suppliers")).want(t, 201).entry(t)
		if f := w.do(admin, "GET", groups, "").want(t, 200).feed(t); f.titles() != "Suppliers" || f.Total != 1 {
			t.Errorf("the groups are %q, %d in all, want Suppliers alone", f.titles(), f.Total)
		}
		w.do(admin, "GET", "/m8/feeds/groups/example.com/full/6", "").want(t, 404)
		member := "<gContact:groupMembershipInfo href='" + e.ID + "'/>"
		c := w.do(admin, "POST", sharedFull, atom("<title>Mr Hill</title>"+member)).want(t, 201).entry(t)
		if len(c.Groups) != 1 || c.Groups[0].Href != e.ID {
			t.Errorf("the shared contact is in %v, want %s", c.Groups, e.ID)
		}
		for _, user := range []string{elizabeth, bingley} {
			w.do(user, "GET", groups, "").want(t, 403)
			w.do(user, "GET", e.link("self"), "").want(t, 403)
		}
	})
	t.Run("RES-27 GET with a version segment gives the entry as it is now", func(t *testing.T) {
		e := w.do(elizabeth, "POST", contactsFull, named("Lydia Bennet")).want(t, 201).entry(t)
		now := w.do(elizabeth, "PUT", e.link("edit"), named("Lydia Wickham")).want(t, 200)
		for _, segment := range []string{"/1204720598835000", "/1", "/" + now.entry(t).link("edit")[len(now.entry(t).link("self"))+1:]} {
			if got := w.do(elizabeth, "GET", now.entry(t).link("self")+segment, "").want(t, 200); got.Body != now.Body {
				t.Errorf("GET with %s gives %s", segment, got.Body)
			}
		}
		w.do(elizabeth, "GET", e.link("edit"), "").want(t, 200)
	})
	t.Run("RES-28 ERR-43 GET, PUT and DELETE of what is deleted or never was give 404", func(t *testing.T) {
		for feed, message := range map[string]string{contactsFull: "Contact not found", groupsFull: "Group not found"} {
			e := w.do(elizabeth, "POST", feed, named("Mr Collins")).want(t, 201).entry(t)
			w.do(elizabeth, "DELETE", e.link("edit"), "").want(t, 200)
			for _, path := range []string{e.link("edit"), e.link("self"), feed + "/fffffffffffffffe", feed + "/fffffffffffffffe/1", feed + "/0"} {
				for _, method := range []string{"GET", "PUT", "DELETE"} {
					for _, version := range []string{"1", "3"} {
						a := w.as(version, method, path, map[string]string{"PUT": named("x")}[method], "If-Match", "*").want(t, 404)
						if version == "1" && a.Body != message {
							t.Errorf("%s %s: %q, want %q", method, path, a.Body, message)
						}
					}
				}
			}
		}
	})
	t.Run("RES-29 an id that is not 1 to 16 hexadecimal digits gives 404", func(t *testing.T) {
		for _, id := range []string{"x", "g1", "-1", "+1", "0x10", "10000000000000000", "1%20", "%31%30z", "..", "%2e%2e", "batch1"} {
			for _, feed := range []string{contactsFull, groupsFull} {
				w.do(elizabeth, "GET", feed+"/"+id, "").want(t, 404)
				w.do(elizabeth, "PUT", feed+"/"+id+"/1", named("x")).want(t, 404)
				w.do(elizabeth, "DELETE", feed+"/"+id, "").want(t, 404)
			}
		}
	})
	t.Run("RES-31 ERR-44 another method gives 405 and Allow", func(t *testing.T) {
		e := w.as("3", "GET", contactsFull, "").feed(t).Entries[0].link("self")
		for _, r := range []struct{ path, methods, allow string }{
			{contactsFull, "PUT DELETE PATCH OPTIONS BREW", "GET, HEAD, POST"},
			{groupsFull, "PUT DELETE PATCH", "GET, HEAD, POST"},
			{e, "POST OPTIONS", "GET, HEAD, PUT, DELETE"},
			{groupsFull + "/6", "POST", "GET, HEAD, PUT, DELETE"},
		} {
			for method := range strings.FieldsSeq(r.methods) {
				a := w.as("3", method, r.path, "").want(t, 405)
				if got := strings.Replace(a.Header.Get("Allow"), "PATCH, ", "", 1); got != r.allow {
					t.Errorf("%s %s: Allow is %q, want %q", method, r.path, got, r.allow)
				}
				if a.Body != "Method not allowed" {
					t.Errorf("%s %s: %q, want Method not allowed", method, r.path, a.Body)
				}
			}
		}
	})
	t.Run("RES-32 HEAD is GET without body", func(t *testing.T) {
		e := w.as("3", "GET", contactsFull, "").feed(t).Entries[0].link("self")
		for _, path := range []string{contactsFull, contactsFull + "?alt=json", groupsFull, groupsFull + "/6", e, contactsFull + "/fff", "/m8/feeds/contacts/default/fat"} {
			get, head := w.as("3", "GET", path, ""), w.as("3", "HEAD", path, "")
			if head.StatusCode != get.StatusCode || head.Body != "" {
				t.Errorf("HEAD %s = %s with %d bytes, want %s with none", path, head.Status, len(head.Body), get.Status)
			}
			for name := range get.Header {
				if (name == "Date" || name == "X-Request-Id") && get.StatusCode >= 400 {
					continue // of the machine's clock, which does not stand still, and of each request
				}
				if got, want := head.Header.Get(name), get.Header.Get(name); got != want {
					t.Errorf("HEAD %s: %s is %q, want %q", path, name, got, want)
				}
			}
		}
	})
	t.Run("RES-33 doubled slashes and one at the end mean nothing", func(t *testing.T) {
		want := w.do(elizabeth, "GET", contactsFull, "").Body
		for _, path := range []string{"/m8/feeds//contacts/default/full", "//m8//feeds/contacts//default///full", contactsFull + "/", "/m8/feeds/contacts/default/full//"} {
			if got := w.do(elizabeth, "GET", path, "").want(t, 200).Body; got != want {
				t.Errorf("GET %s gives %s", path, got)
			}
		}
		e := w.do(elizabeth, "POST", "/m8//feeds/contacts/default/full/", named("Maria Lucas")).want(t, 201).entry(t)
		w.do(elizabeth, "DELETE", strings.Replace(e.link("edit"), "/full/", "//full//", 1)+"/", "").want(t, 200)
	})
	t.Run("RES-35 a category query gives 403", func(t *testing.T) {
		for _, path := range []string{contactsFull + "/-/family", contactsFull + "/-/", contactsFull + "/-/a/b/c", groupsFull + "/-/%7Bhttp:%2F%2Fx%7Dy"} {
			if a := w.do(elizabeth, "GET", path, "").want(t, 403); a.Body != "Category queries are not supported" {
				t.Errorf("GET %s: %q", path, a.Body)
			}
		}
	})
	t.Run("RES-36 ERR-50 a photo or multipart body is not a contact: 415", func(t *testing.T) {
		before := w.do(elizabeth, "GET", contactsFull, "").feed(t).Total
		for _, media := range []string{"image/jpeg", "image/*", "multipart/related; boundary=b", "multipart/form-data; boundary=b", "application/json", "text/plain", "garbage", "application/atom+xml garbage/x"} {
			if a := w.do(elizabeth, "POST", contactsFull, named("x"), "Content-Type", media).want(t, 415); a.Body != "Unsupported content type" {
				t.Errorf("%s: %q, want Unsupported content type", media, a.Body)
			}
		}
		if after := w.do(elizabeth, "GET", contactsFull, "").feed(t).Total; after != before {
			t.Errorf("there are %d contacts, want %d as before", after, before)
		}
	})
}

// Short ids, in the book of a user without other contacts.
func TestShortIDs(t *testing.T) {
	w := newWorld(t)
	if _, err := w.Server.Auth.AddUser(t.Context(), auth.NewUser{Email: "jane@example.com", Password: password}); err != nil {
		t.Fatal(err)
	}
	t.Run("RES-37 short ids are unique, ascending, in lower-case hexadecimal, and never given out again", func(t *testing.T) {
		form := regexp.MustCompile(`^[1-9a-f][0-9a-f]{0,15}$`)
		for _, feed := range []string{contactsFull, groupsFull} {
			var last uint64
			for i := range 40 { // enough for letters among the digits
				e := w.do("jane@example.com", "POST", feed, named("Guest")).want(t, 201).entry(t)
				id, err := strconv.ParseUint(e.shortID(), 16, 64)
				if err != nil || !form.MatchString(e.shortID()) {
					t.Fatalf("short id %q", e.shortID())
				}
				if id <= last || id <= 0xf {
					t.Fatalf("short id %x after %x: not new, or one of a system group", id, last)
				}
				last = id
				if i%2 == 0 { // the next one must not take its place
					w.do("jane@example.com", "DELETE", e.link("edit"), "").want(t, 200)
				} else if got := w.do("jane@example.com", "GET", strings.Replace(e.link("self"), e.shortID(), strings.ToUpper(e.shortID()), 1), "").want(t, 200); got.entry(t).ID != e.ID {
					t.Errorf("an upper-case id finds %s, want %s", got.entry(t).ID, e.ID)
				}
			}
		}
	})
}
