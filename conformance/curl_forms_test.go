package conformance

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func testForms(t *testing.T, c *curl) {
	_, e := c.post(t, mine, person("Georgiana Darcy", "georgiana@example.org"))
	has := func(t *testing.T, a answer) {
		t.Helper()
		a.want(t, http.StatusOK)
		if got := parseFeed(t, a.body).titles(); !slices.Equal(got, []string{"Georgiana Darcy"}) {
			t.Errorf("the feed has %q", got)
		}
	}
	t.Run("RES-58 absolute request target", func(t *testing.T) {
		has(t, c.do(t, "--request-target", "http://www.google.com"+mine, c.url))
		has(t, c.do(t, "--request-target", c.url+mine, c.url))
		const name = "Anne de Bourgh"
		got := c.do(t, "--request-target", "http://www.google.com"+mine, "-H", atom, "--data-binary", person(name, "anne@example.org"), c.url)
		got.want(t, http.StatusCreated)
		edit := strings.TrimPrefix(href(parseEntry(t, got.body).Links, "edit"), c.url)
		_, path, _ := strings.Cut(edit, "/m8/")
		c.do(t, "-X", "DELETE", c.url+"/m8/"+path).want(t, http.StatusOK)
	})
	t.Run("RES-34 RES-58 the server as proxy", func(t *testing.T) {
		has(t, c.do(t, "-x", c.url, "http://www.google.com"+mine))
	})
	t.Run("RES-34 RES-62 the host of the original service", func(t *testing.T) {
		a := c.do(t, "-H", "Host: www.google.com", c.url+mine)
		has(t, a)
		if got := href(parseFeed(t, a.body).Links, "http://schemas.google.com/g/2005#post"); !strings.HasPrefix(got, "http://www.google.com/m8/") {
			t.Errorf("post link %q, want one of the host that was asked", got)
		}
	})
	t.Run("RES-33 RES-67 slashes", func(t *testing.T) {
		for _, path := range []string{mine + "/", "/" + mine, "/m8/feeds//contacts/default/full", "//m8//feeds/contacts//default/full/?max-results=10"} {
			has(t, c.do(t, c.url+path))
		}
		_, path, _ := strings.Cut(href(e.Links, "self"), "/m8/")
		c.get(t, "/m8/"+path+"/")
	})
	t.Run("RES-2 RES-3 RES-7 the owner", func(t *testing.T) {
		for _, owner := range []string{"default", "liz%40example.com", "liz@example.com", "LIZ%40Example.COM"} {
			has(t, c.do(t, c.url+"/m8/feeds/contacts/"+owner+"/full"))
		}
	})
	t.Run("RES-69 Accept and Content-Type on GET", func(t *testing.T) {
		has(t, c.do(t, "-H", "Accept: text/html, image/gif, *; q=.2", "-H", atom, c.url+mine))
	})
	t.Run("COND-6 compressed answer", func(t *testing.T) {
		a := c.do(t, "--compressed", c.url+mine)
		has(t, a)
		a.wantHeader(t, "Content-Encoding", "gzip")
		if vary := strings.Join(a.header.Values("Vary"), ", "); !strings.Contains(vary, "Accept-Encoding") {
			t.Errorf("Vary: %q, want Accept-Encoding in it", vary)
		}
		plain := c.do(t, c.url+mine)
		plain.wantHeader(t, "Content-Encoding", "")
		if plain.body != a.body {
			t.Errorf("compressed\n%s\nplain\n%s", a.body, plain.body)
		}
	})
	t.Run("COND-7 RES-68 compressed and chunked request", func(t *testing.T) {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		fmt.Fprint(z, person("Edward Gardiner", "gardiner@example.org"))
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "entry.gz")
		if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		a := c.do(t, "-X", "POST", "-T", file, "-H", "Transfer-Encoding: chunked", "-H", "Content-Encoding: gzip", "-H", atom, c.url+mine)
		a.want(t, http.StatusCreated)
		c.do(t, "-X", "DELETE", href(parseEntry(t, a.body).Links, "edit")).want(t, http.StatusOK)
	})
	t.Run("RES-68 one connection for several requests", func(t *testing.T) {
		a := c.do(t, "-w", "%{num_connects} ", c.url+mine, "-o", filepath.Join(t.TempDir(), "second"), c.url+mine)
		a.want(t, http.StatusOK)
		if a.stdout != "1 0 " {
			t.Errorf("connections made per request: %q, want 1 and then 0", a.stdout)
		}
	})
	t.Run("RES-65 ERR-49 a body over the limit", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "large.xml")
		if err := os.WriteFile(file, []byte(strings.Repeat(" ", 10<<20+1)), 0o600); err != nil {
			t.Fatal(err)
		}
		// curl asks for leave to send so much, and does not send it on its own.
		c.do(t, "--expect100-timeout", "3600", "-X", "POST", "-T", file, "-H", atom, c.url+mine).want(t, http.StatusRequestEntityTooLarge)
	})
	t.Run("RES-31 RES-32 other methods", func(t *testing.T) {
		a := c.do(t, "-I", c.url+mine)
		a.want(t, http.StatusOK)
		a.wantHeader(t, "Content-Type", "application/atom+xml; charset=UTF-8")
		a = c.do(t, "-X", "PUT", "-H", atom, "--data-binary", person("Nobody", "nobody@example.org"), c.url+mine)
		a.want(t, http.StatusMethodNotAllowed)
		for _, m := range []string{"GET", "HEAD", "POST"} {
			if !strings.Contains(a.header.Get("Allow"), m) {
				t.Errorf("Allow: %q, want %s in it", a.header.Get("Allow"), m)
			}
		}
	})
	c.do(t, "-X", "DELETE", href(e.Links, "edit")).want(t, http.StatusOK)
}

func testRepresentations(t *testing.T, c *curl) {
	_, e := c.post(t, mine, person("William Collins", "collins@example.org"))
	t.Run("QRY-1 QRY-53 JSON-1 JSON-2 JSON-5 JSON-6 JSON", func(t *testing.T) {
		a := c.get(t, mine+"?alt=json")
		a.wantHeader(t, "Content-Type", "application/json; charset=UTF-8")
		var doc struct {
			Version, Encoding string
			Feed              struct {
				Entry []struct {
					Title struct {
						T string `json:"$t"`
					}
					Email []struct{ Address string } `json:"gd$email"`
				}
				Total struct {
					T string `json:"$t"`
				} `json:"openSearch$totalResults"`
			}
		}
		if err := json.Unmarshal([]byte(a.body), &doc); err != nil {
			t.Fatalf("%v: %s", err, a.body)
		}
		f := doc.Feed
		if len(f.Entry) != 1 || len(f.Entry[0].Email) != 1 {
			t.Fatalf("feed %s", a.body)
		}
		got := fmt.Sprint(doc.Version, doc.Encoding, f.Total.T, f.Entry[0].Title.T, f.Entry[0].Email[0].Address)
		if want := fmt.Sprint("1.0", "UTF-8", "1", "William Collins", "collins@example.org"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	t.Run("QRY-21 QRY-54 JSON-11 JSON in script", func(t *testing.T) {
		a := c.get(t, mine+"?alt=json-in-script&callback=show")
		a.wantHeader(t, "Content-Type", "text/javascript; charset=UTF-8")
		if !strings.HasPrefix(a.body, "// API callback\nshow({") || !strings.HasSuffix(strings.TrimSpace(a.body), "});") {
			t.Errorf("body %s", a.body)
		}
	})
	t.Run("QRY-52 RSS-1 RSS-11 RSS-16 RSS", func(t *testing.T) {
		a := c.get(t, mine+"?alt=rss")
		a.wantHeader(t, "Content-Type", "application/rss+xml; charset=UTF-8")
		if !strings.Contains(a.body, "<channel>") || !strings.Contains(a.body, "<title>William Collins</title>") {
			t.Errorf("body %s", a.body)
		}
	})
	t.Run("QRY-16 pretty print", func(t *testing.T) {
		a := c.get(t, mine+"?prettyprint=true")
		if strings.Count(a.body, "\n") < 10 || len(parseFeed(t, a.body).Entries) != 1 {
			t.Errorf("body %s", a.body)
		}
	})
	t.Run("QRY-1 QRY-2 ERR-29 bad values", func(t *testing.T) {
		for _, query := range []string{"alt=xml", "max-results=-1", "max-results=many", "start-index=0", "orderby=name", "updated-min=yesterday"} {
			c.do(t, c.url+mine+"?"+query).want(t, http.StatusBadRequest)
		}
	})
	t.Run("QRY-2 QRY-31 QRY-32 paging", func(t *testing.T) {
		for _, name := range []string{"Maria Lucas", "William Lucas", "George Wickham"} {
			c.post(t, mine, person(name, strings.ReplaceAll(name, " ", ".")+"@example.org"))
		}
		var got []string
		for next := c.url + mine + "?max-results=3"; next != ""; {
			a := c.do(t, next)
			a.want(t, http.StatusOK)
			f := parseFeed(t, a.body)
			got = append(got, f.titles()...)
			next = href(f.Links, "next")
		}
		if want := []string{"William Collins", "Maria Lucas", "William Lucas", "George Wickham"}; !slices.Equal(got, want) {
			t.Errorf("pages have %q, want %q", got, want)
		}
	})
	c.do(t, "-X", "DELETE", href(e.Links, "edit")).want(t, http.StatusOK)
}
