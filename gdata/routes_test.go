package gdata_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"contacts/auth"
)

// A route is a row of the table of URLs.
type route struct {
	path    string
	methods []string
}

// dataRoutes are the data URLs of 1.1, as the specification lists them.
func dataRoutes(t testing.TB) []route {
	t.Helper()
	text, err := os.ReadFile("../docs/spec/01-resources.md")
	if err != nil {
		t.Fatal(err)
	}
	var routes []route
	for _, row := range regexp.MustCompile("(?m)^\\| `(/m8/feeds/[^`]*)` \\| ([A-Z, ]+) \\|").FindAllStringSubmatch(string(text), -1) {
		routes = append(routes, route{row[1], strings.Split(row[2], ", ")})
	}
	if len(routes) < 10 {
		t.Fatalf("the table has %d data URLs", len(routes))
	}
	return routes
}

// fill gives the path of a route its segments.
func (r route) fill(segments map[string]string) string {
	path := r.path
	for name, value := range segments {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	return path
}

// state is everything in a book, tombstones included, as its owner sees it.
func (w *world) state(user, owner string) string {
	var b strings.Builder
	for _, kind := range []string{"contacts", "groups"} {
		a := w.do(user, "GET", "/m8/feeds/"+kind+"/"+owner+"/full?showdeleted=true&max-results=1000", "", "GData-Version", "3").want(w.t, 200)
		b.WriteString(a.Body)
	}
	return b.String()
}

// Every route, with the tokens of others and with none.
func TestIsolation(t *testing.T) {
	w := newWorld(t)
	const secret = "Pemberley-secret"
	for _, u := range []auth.NewUser{{Email: "charlotte@example.com", Password: password}, {Email: "jane@netherfield.example", Password: password}} {
		if _, err := w.Server.Auth.AddUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}

	// A book is what must stay closed: whose it is, and an entry of each kind.
	type book struct {
		owner, reader string
		entry         map[string]*entry // by kind
	}
	var books []book
	for _, b := range []struct{ owner, user string }{{"liz%40example.com", elizabeth}, {"example.com", admin}, {"netherfield.example", bingley}, {"bennet%40example.com", admin}} {
		entries := map[string]*entry{}
		for _, kind := range []string{"contacts", "groups"} {
			entries[kind] = w.do(b.user, "POST", "/m8/feeds/"+kind+"/"+b.owner+"/full", named(secret+" of "+b.owner)).want(t, 201).entry(t)
		}
		photo := "/m8/feeds/photos/media/" + b.owner + "/" + entries["contacts"].shortID()
		w.do(b.user, "PUT", photo, portrait(t, "image/png", 3)+secret, "Content-Type", "image/png").want(t, 200)
		entries["contacts"] = w.do(b.user, "GET", entries["contacts"].link("self"), "").want(t, 200).entry(t)
		books = append(books, book{b.owner, b.user, entries})
	}
	before := map[string]string{}
	for _, b := range books {
		before[b.owner] = w.state(b.reader, b.owner)
		if !strings.Contains(before[b.owner], secret) {
			t.Fatalf("the book of %s lacks its entries", b.owner)
		}
	}
	// Who may not touch which book: everybody but its reader, and nobody.
	others := map[string][]string{
		"liz%40example.com":    {"", "charlotte@example.com", admin, bingley, "jane@netherfield.example"},
		"example.com":          {"", elizabeth, "charlotte@example.com", bingley, "jane@netherfield.example"},
		"netherfield.example":  {"", elizabeth, admin, "jane@netherfield.example"},
		"bennet%40example.com": {"", elizabeth, bingley, "charlotte@example.com"},
	}

	walk := func(t *testing.T, b book, user string) {
		status := 403
		if user == "" {
			status = 401
		}
		for _, r := range dataRoutes(t) {
			kind := "contacts"
			if strings.Contains(r.path, "/groups/") {
				kind = "groups"
			}
			e := b.entry[kind]
			for _, projection := range []string{"full", "property-x"} {
				path := r.fill(map[string]string{
					"owner": b.owner, "domain": b.owner, "projection": projection, "id": e.shortID(), "name": "liz",
					"version": e.link("edit")[strings.LastIndexByte(e.link("edit"), '/')+1:], "photoVersion": "1B2M2Y8AsgTpgAmY7PhCfg",
				})
				if strings.Contains(path, "{") {
					t.Fatalf("a segment of %s is not known", path)
				}
				for _, method := range r.methods {
					for _, version := range []string{"1", "3"} {
						var body string
						if method == "POST" || method == "PUT" || method == "PATCH" {
							body = atom("<id>" + e.ID + "</id><title>Mr Wickham was here</title>")
						}
						header := []string{"GData-Version", version, "If-Match", "*"}
						answers := []*answer{w.do(user, method, path, body, header...)}
						if method != "GET" && method != "HEAD" && method != "POST" {
							answers = append(answers, w.do(user, "POST", path, body, append(header, "X-HTTP-Method-Override", method)...))
						}
						for _, a := range answers {
							switch {
							case a.StatusCode == status:
							case a.StatusCode == 501 && !built(r.path):
								// no such thing, which tells nothing either
							default:
								t.Errorf("%s %s of %q = %s, want %d", method, path, user, a.Status, status)
							}
							if strings.Contains(a.Body, secret) {
								t.Errorf("%s %s of %q shows the data: %s", method, path, user, a.Body)
							}
						}
					}
				}
			}
		}
	}
	for _, b := range books {
		for _, user := range others[b.owner] {
			as := user
			if as == "" {
				as = "nobody"
			}
			t.Run(fmt.Sprintf("RES-1 RES-5 RES-6 RES-52 every route of %s, asked by %s", b.owner, as), func(t *testing.T) { walk(t, b, user) })
		}
	}
	t.Run("RES-5 no answer of default shows another's book", func(t *testing.T) {
		for _, user := range []string{"charlotte@example.com", "jane@netherfield.example"} {
			for _, b := range books {
				for _, kind := range slices.Sorted(maps.Keys(b.entry)) {
					feed := "/m8/feeds/" + kind + "/default/full"
					id := b.entry[kind].shortID()
					for _, a := range []*answer{
						w.do(user, "GET", feed+"?showdeleted=true", ""), w.do(user, "GET", feed+"?q="+secret, ""), w.do(user, "GET", feed+"?alt=json", ""),
						w.do(user, "GET", feed+"/"+id, ""), w.do(user, "GET", "/m8/feeds/photos/media/default/"+id, ""), w.do(user, "PUT", feed+"/"+id, named("x"), "If-Match", "*"), w.do(user, "DELETE", feed+"/"+id, "", "If-Match", "*"),
					} {
						// The search is in the self link; what it found is not there.
						if strings.Contains(strings.ReplaceAll(a.Body, "q="+secret, ""), secret) {
							t.Errorf("%s %s of %s shows %s", a.Request.Method, a.Request.URL, user, a.Body)
						}
					}
				}
			}
		}
	})
	t.Run("RES-5 no refused request changed anything", func(t *testing.T) {
		for _, b := range books {
			if got := w.state(b.reader, b.owner); got != before[b.owner] {
				t.Errorf("the book of %s is\n%s\nwant\n%s", b.owner, got, before[b.owner])
			}
		}
	})
}

// built reports whether the server has what the route leads to, so that it must
// refuse it rather than say that there is no such thing.
func built(path string) bool { return !strings.Contains(path, "/profiles/") }

// Every route, by its owner: the walk above proves nothing if nobody gets in.
func TestRoutes(t *testing.T) {
	w := newWorld(t)
	photo := portrait(t, "image/png", 3)
	batch := "<feed " + namespaces + "><entry><title>Jane</title></entry></feed>"
	t.Run("RES-20 RES-22 RES-25 RES-40 RES-50 RES-51 the owner gets in by the same URLs", func(t *testing.T) {
		for owner, user := range map[string]string{"liz%40example.com": elizabeth, "default": bingley, "example.com": admin} {
			for _, r := range dataRoutes(t) {
				if !built(r.path) {
					continue
				}
				kind := strings.Replace(strings.Split(r.path, "/")[3], "photos", "contacts", 1)
				isPhoto, isBatch := strings.Contains(r.path, "/photos/"), strings.HasSuffix(r.path, "/batch")
				for _, projection := range []string{"full", "base", "thin", "property-x"} {
					e := w.do(user, "POST", "/m8/feeds/"+kind+"/"+owner+"/full", named("Jane Bennet")).want(t, 201).entry(t)
					if isPhoto {
						w.do(user, "PUT", "/m8/feeds/photos/media/"+owner+"/"+e.shortID(), photo, "Content-Type", "image/png").want(t, 200)
					}
					path := r.fill(map[string]string{"owner": owner, "domain": owner, "projection": projection, "id": e.shortID(),
						"version": e.link("edit")[strings.LastIndexByte(e.link("edit"), '/')+1:], "photoVersion": version(photo)})
					for _, method := range r.methods {
						if (method == "PATCH" || method == "DELETE") && !isPhoto { // after a change the version is another
							path = strings.Replace(w.do(user, "GET", e.link("self"), "").entry(t).link("edit"), "/full/", "/"+projection+"/", 1)
						}
						var header []string
						if !strings.Contains(r.path, "ersion}") {
							header = []string{"If-Match", "*"}
						}
						body, want := map[string]string{"POST": named("Jane"), "PUT": named("Jane"), "PATCH": named("Jane")}[method], 200
						switch {
						case isPhoto && method == "PUT":
							body, header = photo, append(header, "Content-Type", "image/png")
						case isBatch:
							body = batch
						case method == "POST":
							want = 201
						case method == "PATCH":
							header = append(header, "GData-Version", "2")
						}
						w.do(user, method, path, body, header...).want(t, want)
					}
				}
			}
		}
	})
}
