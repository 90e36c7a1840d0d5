package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"contacts"
	"contacts/client"
	"contacts/reply"
)

// waits is a way to wait that only notes for how long.
type waits struct {
	mu  sync.Mutex
	all []time.Duration
}

func (w *waits) option() client.Option {
	now := func() time.Time { return time.Date(2008, 3, 5, 12, 0, 0, 0, time.UTC) }
	return client.WithClock(now, func(ctx context.Context, d time.Duration) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.all = append(w.all, d)
		return ctx.Err()
	})
}

const oneEntry = `<entry xmlns="http://www.w3.org/2005/Atom" xmlns:gd="http://schemas.google.com/g/2005" gd:etag='"a."'>
<id>http://contacts.example.net/m8/feeds/contacts/liz%40example.com/base/1</id><title>Jane Bennet</title>
<link rel="self" href="https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full/1"/>
<link rel="edit" href="https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full/1"/></entry>`

// drop breaks the connection.
func drop(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	conn.Close()
}

func TestRetries(t *testing.T) {
	known := &client.Contact{Entry: client.Entry{ETag: `"a."`, Edit: "/m8/feeds/contacts/default/full/1"}}
	get := func(c *client.Client) error { _, err := c.Contact(context.Background(), "1"); return err }
	insert := func(c *client.Client) error { _, err := c.InsertContact(context.Background(), jane()); return err }
	update := func(c *client.Client) error { _, err := c.UpdateContact(context.Background(), known); return err }
	force := func(c *client.Client) error {
		_, err := c.UpdateContact(context.Background(), known, client.Force())
		return err
	}
	patch := func(c *client.Client) error {
		_, err := c.PatchContact(context.Background(), known, jane())
		return err
	}
	remove := func(c *client.Client) error { return c.DeleteContact(context.Background(), known) }
	const broken, half = 0, 1
	for _, tt := range []struct {
		name  string
		do    func(*client.Client) error
		first []int // answers before the success
		want  int   // requests
		fails bool
	}{
		{"LIB-66 a read after 500 and 503", get, []int{500, 503}, 3, false},
		{"LIB-66 a read after broken connections", get, []int{broken, broken}, 3, false},
		{"LIB-66 a read after half an answer", get, []int{half}, 2, false},
		{"LIB-66 an insert after half an answer", insert, []int{half}, 1, true},
		{"LIB-66 a read gives up", get, []int{503, 503, 503, 503}, 4, true},
		{"LIB-66 not after 404", get, []int{404}, 1, true},
		{"LIB-66 not after 502", get, []int{502}, 1, true},
		{"LIB-66 an insert is never sent twice", insert, []int{503}, 1, true},
		{"LIB-66 an insert is never sent twice after a broken connection", insert, []int{broken}, 1, true},
		{"LIB-66 an update after 503", update, []int{503, 500}, 3, false},
		{"LIB-66 an update with a condition is unsure after a broken connection", update, []int{broken}, 1, true},
		{"LIB-66 a forced update after a broken connection", force, []int{broken}, 2, false},
		{"LIB-66 a PATCH is never sent twice", patch, []int{503}, 1, true},
		{"LIB-66 a delete after 500", remove, []int{500}, 2, false},
		{"LIB-66 a delete that was carried out, though its answer was lost", remove, []int{broken, 404}, 2, false},
		{"LIB-66 a delete that was carried out, though the server failed", remove, []int{500, 404}, 2, false},
		{"LIB-66 a delete of what is not there after all", remove, []int{503, 404}, 2, true},
		{"LIB-66 a delete of what is not there", remove, []int{404}, 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(t, func(w http.ResponseWriter, _ *http.Request, n int) {
				switch {
				case n >= len(tt.first):
					w.Write([]byte(oneEntry))
				case tt.first[n] == broken:
					drop(w)
				case tt.first[n] == half:
					w.Header().Set("Content-Length", strconv.Itoa(len(oneEntry)))
					w.Write([]byte(oneEntry[:len(oneEntry)/2]))
				default:
					w.WriteHeader(tt.first[n])
				}
			})
			// A connection of its own for each request: that of before is never
			// broken before the request.
			c := must(client.New(f.URL, (&waits{}).option(), client.WithTransport(&http.Transport{DisableKeepAlives: true})))(t)
			if err := tt.do(c); (err != nil) != tt.fails {
				t.Errorf("the error is %v", err)
			}
			if f.count() != tt.want {
				t.Errorf("%d requests, want %d", f.count(), tt.want)
			}
		})
	}
	t.Run("LIB-66 waits longer each time", func(t *testing.T) {
		f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(500) })
		var ws waits
		c := must(client.New(f.URL, ws.option(), client.WithRetries(9)))(t)
		if err := get(c); err == nil {
			t.Fatal("no error")
		}
		if len(ws.all) != 9 {
			t.Fatalf("%d waits, want 9", len(ws.all))
		}
		for i, d := range ws.all {
			most := min(500*time.Millisecond<<i, 30*time.Second)
			if d < most/2 || d > most {
				t.Errorf("wait %d is %v, want %v to %v", i, d, most/2, most)
			}
		}
	})
	for _, tt := range []struct {
		header string
		want   time.Duration
	}{{"7", 7 * time.Second}, {"Wed, 05 Mar 2008 12:00:20 GMT", 20 * time.Second}} {
		t.Run("LIB-66 Retry-After "+tt.header, func(t *testing.T) {
			f := newFake(t, func(w http.ResponseWriter, _ *http.Request, n int) {
				if n > 0 {
					w.Write([]byte(oneEntry))
					return
				}
				w.Header().Set("Retry-After", tt.header)
				w.WriteHeader(503)
			})
			var ws waits
			if err := get(must(client.New(f.URL, ws.option()))(t)); err != nil {
				t.Fatal(err)
			}
			if len(ws.all) != 1 || ws.all[0] != tt.want {
				t.Errorf("waits %v, want %v", ws.all, tt.want)
			}
		})
	}
	t.Run("LIB-66 a Retry-After that is too long is for the caller", func(t *testing.T) {
		f := newFake(t, func(w http.ResponseWriter, _ *http.Request, n int) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(503)
		})
		var e *client.Error
		if err := get(must(client.New(f.URL, (&waits{}).option()))(t)); !errors.As(err, &e) || e.RetryAfter != time.Hour || !errors.Is(err, contacts.Unavailable) {
			t.Errorf("the error is %v", err)
		}
		if f.count() != 1 {
			t.Errorf("%d requests, want 1", f.count())
		}
	})
	t.Run("LIB-66 a context ends the wait", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		f := newFake(t, func(w http.ResponseWriter, _ *http.Request, n int) { cancel(); w.WriteHeader(503) })
		c := must(client.New(f.URL))(t) // with the clock of everyday
		if _, err := c.Contact(ctx, "1"); err == nil {
			t.Error("no error")
		}
		if f.count() != 1 {
			t.Errorf("%d requests, want 1", f.count())
		}
	})
	t.Run("LIB-66 many goroutines", func(t *testing.T) {
		w := newWorld(t)
		c := w.as(elizabeth)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				ct := &contacts.Contact{Notes: fmt.Sprint(i)}
				if _, err := c.InsertContact(context.Background(), ct); err != nil {
					t.Error(err)
				}
				for _, err := range c.Contacts(context.Background(), client.Query{MaxResults: 2}) {
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if p := must(c.ContactPage(t.Context(), client.Query{}))(t); p.Total != 8 {
			t.Errorf("%d contacts, want 8", p.Total)
		}
	})
}

func TestErrors(t *testing.T) {
	answers := func(status int, contentType, body string) *client.Client {
		f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			w.Write([]byte(body))
		})
		return must(client.New(f.URL, client.WithRetries(0)))(t)
	}
	t.Run("LIB-65 status, code, message and body", func(t *testing.T) {
		const body = `<errors xmlns='http://schemas.google.com/g/2005'><error><domain>GData</domain><code>invalidAttributeValue</code>` +
			`<location type='xpath'>/entry/gd:email[2]/@rel</location><internalReason>Unknown rel: x</internalReason></error></errors>`
		_, err := answers(400, "application/vnd.google.gdata.error+xml", body).Contact(t.Context(), "1")
		var e *client.Error
		if !errors.As(err, &e) || e.Status != 400 || e.Code != contacts.CodeAttributeValue || e.Message != "Unknown rel: x" || e.Path != "gd:email[2]/@rel" || e.Body != body {
			t.Fatalf("the error is %#v", err)
		}
		wantKind(t, err, contacts.Invalid)
		if !strings.HasSuffix(err.Error(), "/m8/feeds/contacts/default/full/1: 400: Unknown rel: x: gd:email[2]/@rel") {
			t.Errorf("Error() = %s", err)
		}
	})
	t.Run("LIB-65 a text", func(t *testing.T) {
		_, err := answers(403, "text/plain", "  Not \n yours ").Contact(t.Context(), "1")
		var e *client.Error
		if !errors.As(err, &e) || e.Message != "Not yours" || e.Kind != contacts.Forbidden {
			t.Errorf("the error is %#v", err)
		}
	})
	t.Run("LIB-65 kinds are those of the server", func(t *testing.T) {
		for _, k := range []contacts.Kind{contacts.Invalid, contacts.Unauthorized, contacts.Forbidden, contacts.NotFound, contacts.NotAllowed, contacts.Duplicate,
			contacts.Gone, contacts.Stale, contacts.TooLarge, contacts.Unsupported, contacts.Unimplemented, contacts.Unavailable} {
			_, err := answers(reply.Status(k), "text/plain", "x").Contact(t.Context(), "1")
			wantKind(t, err, k)
		}
		_, err := answers(500, "text/plain", "Internal error").Contact(t.Context(), "1")
		if k := contacts.KindOf(err); k != "" {
			t.Errorf("a fault of the server has kind %q", k)
		}
	})
	const page = "<!DOCTYPE html><html><title>Welcome to Netherfield</title></html>"
	for name, tt := range map[string]struct {
		status            int
		contentType, body string
		want              string
	}{
		"a web page instead of a feed":      {200, "text/html; charset=UTF-8", page, "is a web page and no feed"},
		"a web page of a lying server":      {200, "application/atom+xml", page, "is a web page and no feed"},
		"a web page with an error":          {502, "text/html", page, "502: Welcome to Netherfield"},
		"a page with an error and no title": {502, "text/html", "<html></html>", "502: bad gateway"},
		"a redirect":                        {302, "text/html", "", "302: the server is elsewhere"},
		"no XML":                            {200, "application/atom+xml", "\x00\x01", "cannot be read"},
		"XML that breaks off":               {200, "application/atom+xml", oneEntry[:len(oneEntry)-9], "cannot be read"},
		"another document":                  {200, "application/atom+xml", emptyFeed, "cannot be read"},
		"a group":                           {200, "application/atom+xml", strings.Replace(oneEntry, "<title", "<category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/contact/2008#group'/><title", 1), "cannot be read"},
		"nothing":                           {200, "application/atom+xml", "", "cannot be read"},
		"an error without a body":           {410, "text/plain", "", "410: gone"},
		"an error with an endless message":  {400, "text/plain", strings.Repeat("é", 1000), "..."},
		"an error document without errors":  {400, "application/xml", "<errors xmlns='http://schemas.google.com/g/2005'/>", "400: <errors"},
		"an error document that breaks off": {400, "application/xml", "<errors xmlns='http://schemas.google.com/g/2005'><error>", "400: <errors"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := answers(tt.status, tt.contentType, tt.body).Contact(t.Context(), "1")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the error is %v, want one with %q", err, tt.want)
			}
			if tt.status == 200 && contacts.KindOf(err) != "" {
				t.Errorf("the error has kind %q", contacts.KindOf(err))
			}
		})
	}
	t.Run("more than a client reads", func(t *testing.T) {
		f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
			chunk := []byte(strings.Repeat(" ", 1<<20))
			for range 65 {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		})
		_, err := must(client.New(f.URL))(t).Contact(t.Context(), "1")
		if err == nil || !strings.Contains(err.Error(), "more than") {
			t.Errorf("the error is %v", err)
		}
	})
	t.Run("text that XML cannot carry is not sent", func(t *testing.T) {
		f := newFake(t, nil)
		c := must(client.New(f.URL))(t)
		for _, ct := range []contacts.Contact{
			{Notes: "\x01"}, {Notes: "\xff"},
			{Properties: []contacts.Property{{Name: "a", XML: "<b>"}}},
			{Properties: []contacts.Property{{Name: "a", XML: "</gd:extendedProperty></entry><entry>"}}},
		} {
			_, err := c.InsertContact(t.Context(), &ct)
			wantKind(t, err, contacts.Invalid)
		}
		if f.count() != 0 {
			t.Errorf("%d requests, want 0", f.count())
		}
	})
}

func TestMethodOverride(t *testing.T) {
	t.Run("LIB-63 everything is a POST", func(t *testing.T) {
		w := newWorld(t)
		c := w.as(elizabeth, client.WithMethodOverride())
		ct := must(c.InsertContact(t.Context(), jane()))(t)
		ct = must(c.UpdateContact(t.Context(), ct))(t)
		if r := w.last(); r.Method != "POST" || r.Header.Get("X-HTTP-Method-Override") != "PUT" {
			t.Errorf("UpdateContact() sends %s %v", r.Method, r.Header)
		}
		ct = must(c.PatchContact(t.Context(), ct, &contacts.Contact{Notes: "x"}))(t)
		if r := w.last(); r.Method != "POST" || r.Header.Get("X-HTTP-Method-Override") != "PATCH" {
			t.Errorf("PatchContact() sends %s %v", r.Method, r.Header)
		}
		if err := c.DeleteContact(t.Context(), ct); err != nil {
			t.Fatal(err)
		}
		if r := w.last(); r.Method != "POST" || r.Header.Get("X-HTTP-Method-Override") != "DELETE" {
			t.Errorf("DeleteContact() sends %s %v", r.Method, r.Header)
		}
	})
}

func TestLinks(t *testing.T) {
	// The other server must never be asked.
	other := newFake(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		t.Errorf("a request of another server: %s", r.URL)
	})
	next := ""
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, n int) {
		if n == 0 {
			fmt.Fprintf(w, `<feed xmlns="http://www.w3.org/2005/Atom"><link rel="next" href="%s"/>%s</feed>`, next, oneEntry)
			return
		}
		w.Write([]byte(`<feed xmlns="http://www.w3.org/2005/Atom"/>`))
	})
	read := func(base string) error {
		c := must(client.New(base))(t)
		for _, err := range c.Contacts(t.Context(), client.Query{}) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	for _, tt := range []struct{ name, path, next, want string }{
		{"LIB-67 a link to the server", "", f.URL + "/x?start-index=26", "/x?start-index=26"},
		{"LIB-67 a link to another server is moved", "", other.URL + "/m8/feeds/contacts/a%40b/full?start-index=26", "/m8/feeds/contacts/a%40b/full?start-index=26"},
		{"LIB-67 a link with a user", "", strings.Replace(f.URL, "://", "://a:b@", 1) + "/m8/feeds/x", "/m8/feeds/x"},
		{"LIB-67 a server below a path", "/gdata", f.URL + "/gdata/m8/feeds/x", "/gdata/m8/feeds/x"},
		{"LIB-67 a server below a path that does not know it", "/gdata", f.URL + "/m8/feeds/x", "/gdata/m8/feeds/x"},
		{"LIB-67 a path alone", "", "/m8/feeds/x", "/m8/feeds/x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f.requests, next = nil, tt.next
			if err := read(f.URL + tt.path); err != nil {
				t.Fatal(err)
			}
			if got := f.requests[len(f.requests)-1].RequestURI; got != tt.want {
				t.Errorf("the client follows to %s, want %s", got, tt.want)
			}
		})
	}
	t.Run("LIB-15 pages that lead in a circle", func(t *testing.T) {
		f := newFake(t, func(w http.ResponseWriter, r *http.Request, n int) {
			fmt.Fprintf(w, `<feed xmlns="http://www.w3.org/2005/Atom"><link rel="next" href="/m8/feeds/x?page=%d"/>%s</feed>`, n%2, oneEntry)
		})
		n := 0
		var last error
		for _, last = range must(client.New(f.URL))(t).Contacts(t.Context(), client.Query{}) {
			n++
		}
		if last == nil || !strings.Contains(last.Error(), "circle") || n != 4 {
			t.Errorf("the error after %d contacts is %v", n, last)
		}
	})
	t.Run("LIB-15 a page without entries is not the last", func(t *testing.T) {
		f := newFake(t, func(w http.ResponseWriter, r *http.Request, n int) {
			io.WriteString(w, []string{`<feed xmlns="http://www.w3.org/2005/Atom"><link rel="next" href="/m8/feeds/x"/></feed>`,
				`<feed xmlns="http://www.w3.org/2005/Atom">` + oneEntry + `</feed>`}[n])
		})
		if got := names(t, must(client.New(f.URL))(t).Contacts(t.Context(), client.Query{})); got != "Jane Bennet" {
			t.Errorf("Contacts() = %q", got)
		}
	})
	t.Run("LIB-16 an id of any characters", func(t *testing.T) {
		f := newFake(t, func(w http.ResponseWriter, r *http.Request, n int) { io.WriteString(w, oneEntry) })
		must(must(client.New(f.URL))(t).Contact(t.Context(), "a?b#c d"))(t)
		if got := f.requests[0].RequestURI; got != "/m8/feeds/contacts/default/full/a%3Fb%23c%20d" {
			t.Errorf("Contact() gets %s", got)
		}
	})
	t.Run("LIB-67 a link that cannot be moved is refused", func(t *testing.T) {
		f.requests, next = nil, other.URL+"/elsewhere"
		if err := read(f.URL); err == nil || !strings.Contains(err.Error(), "another server") {
			t.Errorf("the error is %v", err)
		}
	})
	t.Run("LIB-67 a redirect is not followed", func(t *testing.T) {
		away := httptest.NewServer(http.RedirectHandler(other.URL+"/m8/feeds/x", http.StatusFound))
		defer away.Close()
		if err := read(away.URL); err == nil || !strings.Contains(err.Error(), "elsewhere") {
			t.Errorf("the error is %v", err)
		}
	})
}
