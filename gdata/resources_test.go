package gdata_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
)

// The owners of 1.2 and who may name them.
func TestOwners(t *testing.T) {
	w := newWorld(t)
	w.as("3", "POST", contactsFull, named("Jane Bennet")).want(t, 201)
	w.do(admin, "POST", sharedFull, named("Fitzwilliam Darcy")).want(t, 201)

	t.Run("RES-1 without valid credentials there is no data", func(t *testing.T) {
		for name, header := range map[string]string{"none": "", "garbage": "GoogleLogin auth=garbage", "another scheme": "Basic bGl6OnB3"} {
			a := w.do("", "GET", contactsFull, "", "Authorization", header).want(t, 401)
			if strings.Contains(a.Body, "Bennet") {
				t.Errorf("%s: the answer shows data: %s", name, a.Body)
			}
		}
	})
	t.Run("RES-1 RES-50 a user reads and writes his own contacts", func(t *testing.T) {
		e := w.as("3", "POST", contactsFull, named("Mary Bennet")).want(t, 201).entry(t)
		w.as("3", "GET", e.link("self"), "").want(t, 200)
		w.as("3", "PUT", e.link("edit"), named("Mary"), "If-Match", e.ETag).want(t, 200)
		w.as("3", "DELETE", e.link("edit"), "").want(t, 200)
		g := w.as("3", "POST", groupsFull, named("Sisters")).want(t, 201).entry(t)
		w.as("3", "PUT", g.link("edit"), named("Family"), "If-Match", g.ETag).want(t, 200)
		w.as("3", "DELETE", g.link("edit"), "").want(t, 200)
	})
	t.Run("RES-2 the owner is an e-mail address, with %40 or @", func(t *testing.T) {
		for _, owner := range []string{"liz%40example.com", "liz@example.com"} {
			f := w.do(elizabeth, "GET", "/m8/feeds/contacts/"+owner+"/base", "").want(t, 200).feed(t)
			if f.titles() != "Jane Bennet" {
				t.Errorf("feed of %s has %q, want Jane Bennet", owner, f.titles())
			}
		}
	})
	t.Run("RES-3 default is the one who asks, for contacts and groups", func(t *testing.T) {
		for user, want := range map[string]string{elizabeth: "Jane Bennet", admin: ""} {
			if f := w.do(user, "GET", contactsFull, "").want(t, 200).feed(t); f.titles() != want || f.ID != user {
				t.Errorf("default of %s is %s with %q, want %q", user, f.ID, f.titles(), want)
			}
			if f := w.do(user, "GET", groupsFull, "").want(t, 200).feed(t); f.ID != user {
				t.Errorf("groups of default of %s are those of %s", user, f.ID)
			}
		}
	})
	t.Run("RES-4 RES-51 the owner is a domain: its shared contacts, for its administrator", func(t *testing.T) {
		f := w.do(admin, "GET", sharedFull, "").want(t, 200).feed(t)
		if f.titles() != "Fitzwilliam Darcy" || !strings.HasSuffix(f.ID, "/m8/feeds/contacts/example.com/base") {
			t.Errorf("feed %s has %q, want the shared contacts", f.ID, f.titles())
		}
		e := w.do(admin, "POST", sharedFull, named("Georgiana Darcy")).want(t, 201).entry(t)
		w.do(admin, "GET", e.link("self"), "").want(t, 200)
		e = w.do(admin, "PUT", e.link("edit"), named("Georgiana")).want(t, 200).entry(t)
		w.do(admin, "DELETE", e.link("edit"), "").want(t, 200)
	})
	t.Run("RES-5 RES-9 another user or domain gives 403, alike whether it exists or not", func(t *testing.T) {
		var bodies []string
		for _, owner := range []string{admin, "charlotte@example.com", "netherfield.example", "rosings.example", bingley, "default@", "x"} {
			a := w.do(elizabeth, "GET", "/m8/feeds/contacts/"+owner+"/full", "").want(t, 403)
			bodies = append(bodies, a.Body+a.Header.Get("Content-Type"))
		}
		for _, b := range bodies {
			if b != bodies[0] {
				t.Errorf("answers differ: %q and %q", bodies[0], b)
			}
		}
	})
	t.Run("RES-6 a domain's contacts are closed to its ordinary users, for every method", func(t *testing.T) {
		entry := w.do(admin, "GET", sharedFull, "").feed(t).Entries[0].link("edit")
		for _, r := range []struct{ method, path, body string }{
			{"GET", sharedFull, ""}, {"HEAD", sharedFull, ""}, {"POST", sharedFull, named("Lydia")},
			{"GET", entry, ""}, {"HEAD", entry, ""}, {"PUT", entry, named("Lydia")}, {"DELETE", entry, ""},
			{"GET", "/m8/feeds/groups/example.com/full", ""}, {"POST", "/m8/feeds/groups/example.com/full", named("Militia")},
		} {
			w.do(elizabeth, r.method, r.path, r.body).want(t, 403)
		}
	})
	t.Run("RES-7 letter case and blanks around an owner do not count", func(t *testing.T) {
		for user, owner := range map[string]string{elizabeth: "%20LIZ%40Example.COM%20", admin: "%20EXAMPLE.com", bingley: "DEFAULT"} {
			w.do(user, "GET", "/m8/feeds/contacts/"+owner+"/full", "").want(t, 200)
		}
	})
	t.Run("RES-8 links and ids name the full address or the domain, in lower case", func(t *testing.T) {
		for _, r := range []struct{ user, owner, want string }{
			{elizabeth, "default", "/liz%40example.com/"},
			{elizabeth, "LIZ@example.com", "/liz%40example.com/"},
			{admin, "EXAMPLE.COM", "/example.com/"},
		} {
			a := w.do(r.user, "GET", "/m8/feeds/contacts/"+r.owner+"/full", "").want(t, 200)
			f := a.feed(t)
			urls := []string{f.Entries[0].ID, f.link("self") + "/"}
			for _, l := range append(f.Links[1:], f.Entries[0].Links...) {
				urls = append(urls, l.Href+"/")
			}
			for _, u := range urls {
				if !strings.Contains(u, r.want) {
					t.Errorf("as %s: %s lacks %s", r.owner, u, r.want)
				}
			}
			if strings.Contains(a.Body, "/default/") {
				t.Errorf("as %s: default in %s", r.owner, a.Body)
			}
		}
	})
	t.Run("RES-52 an administrator has no way into a user's own contacts", func(t *testing.T) {
		entry := w.as("1", "GET", contactsFull, "").feed(t).Entries[0].link("edit")
		for _, r := range []struct{ method, path string }{
			{"GET", "/m8/feeds/contacts/liz%40example.com/full"}, {"POST", "/m8/feeds/contacts/liz%40example.com/full"},
			{"GET", entry}, {"PUT", entry}, {"DELETE", entry}, {"GET", "/m8/feeds/groups/liz%40example.com/full"},
		} {
			w.do(admin, r.method, r.path, named("x")).want(t, 403)
		}
	})
}

// The settings of a domain.
func TestDomainSettings(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	e := w.do(admin, "POST", sharedFull, named("Fitzwilliam Darcy")).want(t, 201).entry(t)
	set := func(t *testing.T, key, value string) {
		if err := w.Server.Auth.SetDomain(ctx, domain, key, value); err != nil {
			t.Fatal(err)
		}
	}

	t.Run("RES-57 readers=users lets the users of the domain read, and only read", func(t *testing.T) {
		w.do(elizabeth, "GET", sharedFull, "").want(t, 403)
		set(t, "readers", "users")
		if f := w.do(elizabeth, "GET", sharedFull, "").want(t, 200).feed(t); f.titles() != "Fitzwilliam Darcy" {
			t.Errorf("a user reads %q, want Fitzwilliam Darcy", f.titles())
		}
		w.do(elizabeth, "GET", e.link("self"), "").want(t, 200)
		w.do(elizabeth, "POST", sharedFull, named("Lydia")).want(t, 403)
		w.do(elizabeth, "PUT", e.link("edit"), named("Lydia")).want(t, 403)
		w.do(elizabeth, "DELETE", e.link("edit"), "").want(t, 403)
		w.do(elizabeth, "POST", e.link("edit"), "", "X-HTTP-Method-Override", "DELETE").want(t, 403)
		w.do(bingley, "GET", sharedFull, "").want(t, 403) // of another domain
		set(t, "readers", "admins")
		w.do(elizabeth, "GET", sharedFull, "").want(t, 403)
	})
	t.Run("RES-55 shared_contacts=off closes the domain's feed", func(t *testing.T) {
		set(t, "shared_contacts", "off")
		for _, r := range []struct{ method, path string }{{"GET", sharedFull}, {"POST", sharedFull}, {"DELETE", e.link("edit")}} {
			a := w.do(admin, r.method, r.path, named("x")).want(t, 403)
			if a.Body != "Domain contacts API is not enabled" {
				t.Errorf("%s: %q, want Domain contacts API is not enabled", r.method, a.Body)
			}
		}
		set(t, "shared_contacts", "on")
		w.do(admin, "GET", sharedFull, "").want(t, 200)
	})
	t.Run("RES-56 a change of a shared contact shows at once", func(t *testing.T) {
		e := w.do(admin, "POST", sharedFull, named("Charles Bingley")).want(t, 201).entry(t)
		has := func(title string) bool {
			return strings.Contains(w.do(admin, "GET", sharedFull, "").feed(t).titles(), title)
		}
		if !has("Charles Bingley") {
			t.Error("the feed lacks the contact just added")
		}
		e = w.do(admin, "PUT", e.link("edit"), named("Caroline Bingley")).want(t, 200).entry(t)
		if !has("Caroline Bingley") || has("Charles Bingley") {
			t.Error("the feed does not show the change just made")
		}
		w.do(admin, "DELETE", e.link("edit"), "").want(t, 200)
		if has("Caroline Bingley") {
			t.Error("the feed shows the contact just deleted")
		}
	})
}

const twoProperties = `<title>Jane Bennet</title><gd:extendedProperty name='pet' value='hamster'/><gd:extendedProperty name='a b/c' value='odd'/>`

// propertyNames lists the names of an entry's extended properties.
func propertyNames(e *entry) string {
	var names []string
	for _, p := range e.Properties {
		names = append(names, p.Name)
	}
	return strings.Join(names, ",")
}

// The projections of 1.2.
func TestProjections(t *testing.T) {
	w := newWorld(t)
	stored := w.as("3", "POST", contactsFull, atom(twoProperties)).want(t, 201).entry(t)
	id := stored.ID[strings.LastIndexByte(stored.ID, '/')+1:]
	url := func(kind, projection, id string) string {
		return strings.TrimSuffix("/m8/feeds/"+kind+"/default/"+projection+"/"+id, "/")
	}
	// both reads an entry alone and from its feed.
	both := func(t *testing.T, kind, projection, id string) []*entry {
		entries := []*entry{w.as("3", "GET", url(kind, projection, id), "").want(t, 200).entry(t)}
		for _, e := range w.as("3", "GET", url(kind, projection, "")+"?max-results=99", "").want(t, 200).feed(t).Entries {
			if strings.HasSuffix(e.ID, "/"+id) {
				return append(entries, &e)
			}
		}
		t.Fatalf("entry %s is not in the feed", id)
		return nil
	}
	shows := func(t *testing.T, kind, id string) {
		for projection, want := range map[string]string{
			"thin": "", "full": "pet,a b/c", "base": "pet,a b/c", "property-pet": "pet", "property-a%20b%2Fc": "a b/c", "property-PET": "",
		} {
			for _, e := range both(t, kind, projection, id) {
				if got := propertyNames(e); got != want {
					t.Errorf("%s in %s shows %q, want %q", kind, projection, got, want)
				}
			}
		}
	}
	restore := func(t *testing.T) {
		w.as("3", "PUT", url("contacts", "full", id), atom(twoProperties), "If-Match", "*").want(t, 200)
	}
	// after is what full shows after a PUT of one property in a projection.
	after := func(t *testing.T, projection, property string) string {
		restore(t)
		w.as("3", "PUT", url("contacts", projection, id), atom("<title>Jane</title>"+property), "If-Match", "*").want(t, 200)
		return propertyNames(w.as("3", "GET", url("contacts", "full", id), "").want(t, 200).entry(t))
	}

	t.Run("RES-10 base answers GET and POST, and a POST creates a contact", func(t *testing.T) {
		e := w.do(elizabeth, "POST", "/m8/feeds/contacts/default/base", named("Mary Bennet")).want(t, 201).entry(t)
		f := w.do(elizabeth, "GET", "/m8/feeds/contacts/default/base", "").want(t, 200).feed(t)
		if !strings.Contains(f.titles(), "Mary Bennet") {
			t.Errorf("base has %q, want Mary Bennet too", f.titles())
		}
		w.do(elizabeth, "DELETE", e.link("edit"), "").want(t, 200)
	})
	t.Run("RES-11 RES-12 RES-13 RES-14 which extended properties a projection shows", func(t *testing.T) {
		shows(t, "contacts", id)
	})
	t.Run("RES-11 thin updates no extended property", func(t *testing.T) {
		if got := after(t, "thin", "<gd:extendedProperty name='pet' value='cat'/><gd:extendedProperty name='new' value='1'/>"); got != "pet,a b/c" {
			t.Errorf("after a PUT in thin there are %q, want those from before", got)
		}
	})
	t.Run("RES-12 an update in full carries all extended properties", func(t *testing.T) {
		for _, projection := range []string{"full", "base"} {
			if got := after(t, projection, "<gd:extendedProperty name='new' value='1'/>"); got != "new" {
				t.Errorf("after a PUT in %s there are %q, want new alone", projection, got)
			}
		}
	})
	t.Run("RES-13 property-KEY updates the property KEY alone", func(t *testing.T) {
		if got := after(t, "property-a%20b%2Fc", "<gd:extendedProperty name='pet' value='cat'/>"); got != "pet" {
			t.Errorf("after a PUT without KEY there are %q, want pet alone", got)
		}
		if e := w.as("3", "GET", url("contacts", "full", id), "").entry(t); e.Properties[0].Value != "hamster" {
			t.Errorf("pet is %q, want hamster still", e.Properties[0].Value)
		}
	})
	t.Run("RES-14 base shows what full shows", func(t *testing.T) {
		restore(t)
		full := w.as("3", "GET", url("contacts", "full", id), "").Body
		base := w.as("3", "GET", url("contacts", "base", id), "").Body
		if want := strings.ReplaceAll(full, "/full/", "/base/"); base != want {
			t.Errorf("base is\n%s\nwant\n%s", base, want)
		}
	})
	t.Run("RES-14 RES-15 the projection stands in all links, and base in ids", func(t *testing.T) {
		for _, projection := range []string{"base", "thin", "full", "property-pet", "property-a%20b%2Fc"} {
			f := w.as("1", "GET", url("contacts", projection, ""), "").want(t, 200).feed(t)
			e := w.as("1", "GET", url("contacts", projection, id), "").want(t, 200).entry(t)
			g := "http://schemas.google.com/g/2005#"
			for _, link := range []string{f.link("self"), f.link(g + "feed"), f.link(g + "post"), f.link(g + "batch"), e.link("self"), e.link("edit"), f.Entries[0].link("edit")} {
				if !strings.HasPrefix(strings.ReplaceAll(link, "?", "/")+"/", "/m8/feeds/contacts/liz%40example.com/"+projection+"/") {
					t.Errorf("in %s there is the link %q", projection, link)
				}
			}
			for _, got := range []string{e.ID, f.Entries[0].ID} {
				if want := "http://contacts.example.net/m8/feeds/contacts/liz%40example.com/base/" + id; got != want {
					t.Errorf("in %s the id is %s, want %s", projection, got, want)
				}
			}
		}
	})
	t.Run("RES-16 an unknown projection gives 400", func(t *testing.T) {
		for _, projection := range []string{"fat", "FULL", "property-", "property", "full%20"} {
			for _, r := range []struct{ method, path string }{{"GET", url("contacts", projection, "")}, {"GET", url("groups", projection, "6")}, {"POST", url("contacts", projection, "")}} {
				if a := w.do(elizabeth, r.method, r.path, named("x")).want(t, 400); a.Body != "Invalid request URI" {
					t.Errorf("%s %s: %q, want Invalid request URI", r.method, r.path, a.Body)
				}
			}
		}
	})
	t.Run("RES-17 projections mean the same for groups", func(t *testing.T) {
		g := w.as("3", "POST", groupsFull, atom(twoProperties)).want(t, 201).entry(t)
		shows(t, "groups", g.ID[strings.LastIndexByte(g.ID, '/')+1:])
		thin := strings.Replace(g.link("edit"), "/full/", "/thin/", 1)
		w.as("3", "PUT", thin, named("Sisters"), "If-Match", "*").want(t, 200)
		if got := propertyNames(w.as("3", "GET", g.link("self"), "").entry(t)); got != "pet,a b/c" {
			t.Errorf("after a PUT in thin there are %q", got)
		}
		if e := w.as("3", "POST", "/m8/feeds/groups/default/property-pet", atom(twoProperties)).want(t, 201).entry(t); propertyNames(e) != "pet" {
			t.Errorf("POST in property-pet stored %q", propertyNames(e))
		}
	})
}

func TestProfiles(t *testing.T) {
	w := newWorld(t)
	t.Run("RES-70 ERR-52 profiles are answered with 501", func(t *testing.T) {
		for _, version := range []string{"1", "3"} {
			for _, path := range []string{"/m8/feeds/profiles", "/m8/feeds/profiles/", "/m8/feeds/profiles/domain/example.com/full", "/m8/feeds/profiles/domain/example.com/full/liz", "/m8/feeds/profiles/domain/example.com/full/batch"} {
				for _, method := range []string{"GET", "POST", "PUT"} {
					if a := w.do(admin, method, path, "", "GData-Version", version).want(t, http.StatusNotImplemented); a.Body != "Profiles are not supported" {
						t.Errorf("%s %s: %q, want Profiles are not supported", method, path, a.Body)
					}
				}
			}
		}
	})
}
