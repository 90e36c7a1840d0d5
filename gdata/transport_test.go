package gdata_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"contacts/reply/replytest"
	"contacts/server"
)

// The rules of 1.6 that concern every request.
func TestTransport(t *testing.T) {
	w := newWorld(t)
	w.as("3", "POST", contactsFull, named("Jane Bennet")).want(t, 201)

	t.Run("RES-34 the path decides, whatever the Host header says", func(t *testing.T) {
		for _, host := range []string{"www.google.com", "www.google.com:80", "localhost", "x"} {
			c := w.dial(t)
			c.send("GET " + contactsFull + " HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: GoogleLogin auth=" + w.token(elizabeth) + "\r\n\r\n")
			if f := c.answer("GET").want(t, 200).feed(t); f.titles() != "Jane Bennet" {
				t.Errorf("as host %s the feed has %q", host, f.titles())
			}
		}
	})
	t.Run("RES-58 a target in absolute form is routed like its path", func(t *testing.T) {
		c := w.dial(t)
		c.send(w.head(elizabeth, "GET http://www.google.com:80"+contactsFull+"?max-results=1 HTTP/1.1"))
		if f := c.answer("GET").want(t, 200).feed(t); f.titles() != "Jane Bennet" || f.PerPage != 1 {
			t.Errorf("the feed has %q, %d a page", f.titles(), f.PerPage)
		}
		body := named("Mary Bennet")
		c.send(w.head(elizabeth, fmt.Sprintf("POST https://contacts.example.net:443%s HTTP/1.1\nContent-Length: %d", contactsFull, len(body))) + body)
		e := c.answer("POST").want(t, 201).entry(t)
		w.do(elizabeth, "DELETE", e.link("edit"), "").want(t, 200)
	})
	t.Run("RES-66 every answer has the headers that browsers obey", func(t *testing.T) {
		for path, status := range map[string]int{contactsFull: 200, contactsFull + "/fff": 404, sharedFull: 403, "/m8/feeds/profiles/x": 501, contactsFull + "?alt=x": 400} {
			a := w.do(elizabeth, "GET", path, "").want(t, status)
			if a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("X-Frame-Options") != "SAMEORIGIN" {
				t.Errorf("%s: headers are %v", path, a.Header)
			}
		}
		a := w.do("", "GET", contactsFull, "").want(t, 401)
		if a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("X-Frame-Options") != "SAMEORIGIN" {
			t.Errorf("401: headers are %v", a.Header)
		}
	})
	t.Run("RES-67 no data URL is ever redirected", func(t *testing.T) {
		for _, path := range []string{"/m8/feeds", "/m8/feeds/", "//m8/feeds/contacts/default/full", contactsFull + "//", "/m8/feeds/contacts", "/m8/feeds/contacts/default",
			"/m8/feeds/contacts/default/full/../full", "/m8/../m8/feeds/contacts/default/full", "/m8/feeds/contacts/default/./full", "/M8/feeds/contacts/default/full"} {
			for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
				for _, user := range []string{"", elizabeth} {
					a := w.do(user, method, path, named("Kitty Bennet"))
					if a.StatusCode >= 300 && a.StatusCode < 400 || a.Header.Get("Location") != "" && a.StatusCode != 201 {
						t.Errorf("%s %s = %s, Location %q", method, path, a.Status, a.Header.Get("Location"))
					}
				}
			}
		}
	})
	t.Run("RES-69 Accept changes no representation and is never refused", func(t *testing.T) {
		want := w.as("3", "GET", contactsFull, "")
		for _, accept := range []string{"application/json", "text/html", "image/png;q=1", "*/*;q=0", "garbage;;==,/", "\xff\xfe", "application/atom+xml; q=nonsense"} {
			a := w.as("3", "GET", contactsFull, "", "Accept", accept, "Content-Type", "application/atom+xml").want(t, 200)
			if a.Body != want.Body || a.Header.Get("Content-Type") != want.Header.Get("Content-Type") {
				t.Errorf("Accept %q gives %s %s", accept, a.Header.Get("Content-Type"), a.Body)
			}
		}
		w.as("3", "POST", groupsFull, named("Sisters"), "Accept", "text/plain").want(t, 201)
	})
	t.Run("RES-68 connections are kept, and chunked bodies are read", func(t *testing.T) {
		c := w.dial(t)
		for i := range 3 { // on one connection
			body := named(fmt.Sprintf("Gardiner child No%d", i))
			c.send(w.head(elizabeth, "POST "+contactsFull+" HTTP/1.1\nTransfer-Encoding: chunked"))
			for len(body) > 0 {
				n := min(7, len(body))
				c.send(fmt.Sprintf("%x\r\n%s\r\n", n, body[:n]))
				body = body[n:]
			}
			c.send("0\r\n\r\n")
			if e := c.answer("POST").want(t, 201).entry(t); e.Title != fmt.Sprintf("Gardiner child No%d", i) {
				t.Errorf("stored %q", e.Title)
			}
		}
		c.send(w.head(elizabeth, "GET "+contactsFull+" HTTP/1.1"))
		if f := c.answer("GET").want(t, 200).feed(t); len(f.Entries) < 3 {
			t.Errorf("the feed has %q", f.titles())
		}
	})
}

// bodyOf is an entry that blanks make size bytes long.
func bodyOf(title string, size int) string {
	entry := named(title)
	return strings.Replace(entry, "<title>", strings.Repeat(" ", size-len(entry))+"<title>", 1)
}

func TestBodySize(t *testing.T) {
	w := newWorld(t)
	const limit = 10 << 20
	t.Run("RES-65 a body of 10 MiB is accepted", func(t *testing.T) {
		body := bodyOf("Sir William Lucas", limit)
		if len(body) != limit {
			t.Fatalf("the body has %d bytes", len(body))
		}
		if e := w.as("3", "POST", contactsFull, body).want(t, 201).entry(t); e.Title != "Sir William Lucas" {
			t.Errorf("stored %q", e.Title)
		}
	})
	t.Run("RES-65 ERR-49 a larger one gives 413, announced or not", func(t *testing.T) {
		body := bodyOf("Lady Lucas", limit+1)
		for _, length := range []string{fmt.Sprintf("Content-Length: %d", len(body)), "Transfer-Encoding: chunked"} {
			c := w.dial(t)
			c.send(w.head(elizabeth, "POST "+contactsFull+" HTTP/1.1\n"+length))
			go func() { // the server may answer and hang up before it has read all
				if strings.HasPrefix(length, "T") {
					fmt.Fprintf(c, "%x\r\n", len(body))
				}
				fmt.Fprint(c, body)
				if strings.HasPrefix(length, "T") {
					fmt.Fprint(c, "\r\n0\r\n\r\n")
				}
			}()
			if a := c.answer("POST").want(t, 413); a.Body != "The requested upload is too large" {
				t.Errorf("%s: %q, want The requested upload is too large", length, a.Body)
			}
		}
		if f := w.as("3", "GET", contactsFull, "").feed(t); f.titles() != "Sir William Lucas" {
			t.Errorf("stored %q", f.titles())
		}
	})
}

// BASE, IDBASE, and credentials over plain http.
func TestBase(t *testing.T) {
	w := newWorld(t, func(c *server.Config) {
		c.PublicURL = ""
		c.IDBase = "http://ids.example.net"
		c.TrustedProxies = []string{"127.0.0.0/8"}
	})
	w.as("3", "POST", contactsFull, named("Jane Bennet")).want(t, 201)
	// proxied is a GET that a trusted proxy passed on.
	proxied := func(header ...string) *answer { return w.as("3", "GET", contactsFull, "", header...) }

	t.Run("RES-62 without public_url links have the scheme and host of the request", func(t *testing.T) {
		for _, r := range []struct {
			header []string
			want   string
		}{
			{nil, w.URL},
			{[]string{"X-Forwarded-For", "127.0.0.1", "X-Forwarded-Host", "proxied.example.net"}, "http://proxied.example.net"},
			{[]string{"X-Forwarded-For", "198.51.100.7", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "proxied.example.net"}, "https://proxied.example.net"},
		} {
			f := proxied(r.header...).want(t, 200).feed(t)
			for _, link := range append(f.Links, f.Entries[0].Links...) {
				if !strings.HasPrefix(link.Href, r.want+"/") {
					t.Errorf("the %s link is %s, want it to begin with %s", link.Rel, link.Href, r.want)
				}
			}
		}
	})
	t.Run("RES-63 ids have the authority of the installation, whatever the request", func(t *testing.T) {
		for _, host := range []string{"one.example.net", "two.example.net"} {
			f := proxied("X-Forwarded-For", "198.51.100.7", "X-Forwarded-Proto", "https", "X-Forwarded-Host", host).want(t, 200).feed(t)
			if want := "http://ids.example.net/m8/feeds/contacts/liz%40example.com/base/" + f.Entries[0].shortID(); f.Entries[0].ID != want {
				t.Errorf("as %s the id is %s, want %s", host, f.Entries[0].ID, want)
			}
		}
	})
	t.Run("RES-61 a token over plain http from afar gives 403, and over https is taken", func(t *testing.T) {
		a := proxied("X-Forwarded-For", "198.51.100.7", "X-Forwarded-Proto", "http").want(t, 403)
		if !strings.Contains(a.Body, "https") || !strings.Contains(a.Body, "insecure_http") {
			t.Errorf("the answer does not say what to do: %s", a.Body)
		}
		proxied("X-Forwarded-For", "198.51.100.7", "X-Forwarded-Proto", "https").want(t, 200)
		proxied("X-Forwarded-For", "127.0.0.1").want(t, 200)
	})
	t.Run("RES-61 the setting insecure_http takes it over plain http too", func(t *testing.T) {
		open := newWorld(t, func(c *server.Config) { c.TrustedProxies, c.InsecureHTTP = []string{"127.0.0.0/8"}, true })
		open.as("3", "GET", contactsFull, "", "X-Forwarded-For", "198.51.100.7", "X-Forwarded-Proto", "http").want(t, 200)
	})
	t.Run("RES-60 RES-62 data URLs are answered over http and over https", func(t *testing.T) {
		secure := replytest.NewUnstartedServer(w.Server.Handler())
		secure.StartTLS()
		defer secure.Close()
		r, _ := http.NewRequest("GET", secure.URL+contactsFull, nil)
		r.Header.Set("Authorization", "GoogleLogin auth="+w.token(elizabeth))
		resp, err := secure.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		a := read(t, resp).want(t, 200)
		if self := a.feed(t).link("self"); !strings.HasPrefix(self, secure.URL+"/") {
			t.Errorf("the self link is %s, want it to begin with %s", self, secure.URL)
		}
		w.do(elizabeth, "GET", contactsFull, "").want(t, 200)
	})
}

// ids and references that a client may send for an entry.
func TestReferences(t *testing.T) {
	w := newWorld(t)
	c := w.as("3", "POST", contactsFull, named("Jane Bennet")).want(t, 201).entry(t)
	g := w.as("3", "POST", groupsFull, named("Sisters")).want(t, 201).entry(t)
	forms := func(kind, id string) []string {
		return []string{
			"http://contacts.example.net/m8/feeds/" + kind + "/liz%40example.com/base/" + id,
			"https://www.google.com:443/m8/feeds/" + kind + "/liz%40example.com/full/" + id,
			"http://www.google.com/m8/feeds/" + kind + "/default/thin/" + id,
			"http://contacts.example.net/m8/feeds/" + kind + "/LIZ@Example.COM/property-pet/" + strings.ToUpper(id),
			"/m8/feeds/" + kind + "/DEFAULT/base/" + id,
			"\n  http://contacts.example.net//m8/feeds//" + kind + "/liz%40example.com/base/" + id + "/1204720598835000\n",
		}
	}
	t.Run("RES-64 an id in a body is recognised in every form", func(t *testing.T) {
		for _, form := range forms("contacts", c.shortID()) {
			w.as("3", "PUT", c.link("edit"), atom("<id>"+form+"</id><title>Jane</title>"), "If-Match", "*").want(t, 200)
		}
		for _, form := range forms("groups", g.shortID()) {
			w.as("3", "PUT", g.link("edit"), atom("<id>"+form+"</id><title>Family</title>"), "If-Match", "*").want(t, 200)
		}
	})
	t.Run("RES-64 a group is recognised in every form, in memberships and queries", func(t *testing.T) {
		for _, form := range forms("groups", g.shortID()) {
			e := w.as("3", "PUT", c.link("edit"), atom("<title>Jane</title><gContact:groupMembershipInfo href='"+form+"'/>"), "If-Match", "*").want(t, 200).entry(t)
			if len(e.Groups) != 1 || e.Groups[0].Href != g.ID {
				t.Errorf("%q became %v, want %s", form, e.Groups, g.ID)
			}
			query := strings.NewReplacer(" ", "%20", "\n", "%0A", "%", "%25", "/", "%2F").Replace(form)
			if f := w.as("3", "GET", contactsFull+"?group="+query, "").want(t, 200).feed(t); f.Total != 1 {
				t.Errorf("group=%q selects %d, want 1", form, f.Total)
			}
		}
	})
}
