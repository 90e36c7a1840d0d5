package gdata_test

import (
	"context"
	"encoding/xml"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"contacts/auth"
	"contacts/reply/replytest"
	"contacts/server"
)

// The accounts of every world. Elizabeth is a user and her father the
// administrator of example.com; Mr Bingley has a domain of his own.
const (
	elizabeth = "liz@example.com"
	admin     = "bennet@example.com"
	bingley   = "bingley@netherfield.example"
	domain    = "example.com"
	password  = "Pemberley 1813"
)

// A world is a server with accounts, spoken to over HTTP.
type world struct {
	t      testing.TB
	URL    string
	Server *server.Server
	Clock  *clock
	tokens map[string]string
}

// A clock stands still unless it is told to move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// newWorld starts a server whose clock stands at a fixed time. Settings may be
// changed before it opens.
func newWorld(t testing.TB, change ...func(*server.Config)) *world {
	t.Helper()
	w := &world{t: t, Clock: &clock{now: time.Date(2008, 3, 5, 12, 36, 38, 835e6, time.UTC)}, tokens: map[string]string{}}
	config := server.Defaults()
	config.Data = t.TempDir()
	config.Now = w.Clock.Now
	config.PublicURL = "https://contacts.example.net"
	config.Logger = slog.New(slog.DiscardHandler)
	for _, f := range change {
		f(&config)
	}
	ctx := context.Background()
	s, err := server.Open(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	w.Server = s
	for _, d := range []string{domain, "netherfield.example"} {
		if _, err := s.Auth.AddDomain(ctx, d); err != nil {
			t.Fatal(err)
		}
	}
	for _, u := range []auth.NewUser{
		{Email: elizabeth, Name: "Elizabeth Bennet", Password: password},
		{Email: admin, Name: "Mr Bennet", Admin: true, Password: password},
		{Email: bingley, Password: password, Admin: true},
	} {
		if _, err := s.Auth.AddUser(ctx, u); err != nil {
			t.Fatal(err)
		}
	}
	front := replytest.NewServer(s.Handler())
	t.Cleanup(func() {
		front.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	w.URL = front.URL
	return w
}

// token signs a user in by ClientLogin, once.
func (w *world) token(email string) string {
	w.t.Helper()
	if w.tokens[email] == "" {
		resp, err := http.PostForm(w.URL+"/accounts/ClientLogin", url.Values{"Email": {email}, "Passwd": {password}, "service": {"cp"}, "source": {"example-tests-1"}})
		if err != nil {
			w.t.Fatal(err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		_, after, ok := strings.Cut(string(body), "Auth=")
		if !ok {
			w.t.Fatalf("ClientLogin of %s: %s %s", email, resp.Status, body)
		}
		w.tokens[email] = strings.TrimSpace(after)
	}
	return w.tokens[email]
}

// An answer is a response, read to its end.
type answer struct {
	*http.Response
	Body string
}

// do sends a request of a user; none for the empty name. Header fields come in
// pairs of name and value. An Atom body has its content type by default.
func (w *world) do(user, method, path, body string, header ...string) *answer {
	w.t.Helper()
	r, err := http.NewRequest(method, w.URL+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/atom+xml")
	}
	if user != "" {
		r.Header.Set("Authorization", "GoogleLogin auth="+w.token(user))
	}
	r.Header.Set("Accept-Encoding", "identity")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(r) // never follows a redirect
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	return read(w.t, resp)
}

// read reads a response to its end.
func read(t testing.TB, resp *http.Response) *answer {
	t.Helper()
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", resp.Request.Method, resp.Request.URL, err)
	}
	return &answer{resp, string(b)}
}

// as does a request of Elizabeth's in a protocol version.
func (w *world) as(version, method, path, body string, header ...string) *answer {
	w.t.Helper()
	return w.do(elizabeth, method, path, body, append([]string{"GData-Version", version}, header...)...)
}

// want fails the test unless the answer has the status.
func (a *answer) want(t testing.TB, status int) *answer {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s %s = %s, want %d\n%s", a.Request.Method, a.Request.URL, a.Status, status, a.Body)
	}
	return a
}

// An entry is what tests look at in an entry.
type entry struct {
	ETag    string `xml:"http://schemas.google.com/g/2005 etag,attr"`
	ID      string `xml:"http://www.w3.org/2005/Atom id"`
	Updated string `xml:"http://www.w3.org/2005/Atom updated"`
	Title   string `xml:"http://www.w3.org/2005/Atom title"`
	Content string `xml:"http://www.w3.org/2005/Atom content"`
	Links   []link `xml:"http://www.w3.org/2005/Atom link"`
	Name    struct {
		Full       string `xml:"fullName"`
		Given      string `xml:"givenName"`
		Additional string `xml:"additionalName"`
		Family     string `xml:"familyName"`
	} `xml:"http://schemas.google.com/g/2005 name"`
	Deleted *struct{} `xml:"http://schemas.google.com/g/2005 deleted"`
	Emails  []struct {
		Address string `xml:"address,attr"`
		Label   string `xml:"label,attr"`
		Rel     string `xml:"rel,attr"`
	} `xml:"http://schemas.google.com/g/2005 email"`
	Groups []struct {
		Href    string `xml:"href,attr"`
		Deleted string `xml:"deleted,attr"`
	} `xml:"http://schemas.google.com/contact/2008 groupMembershipInfo"`
	Properties []struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
		XML   string `xml:",innerxml"`
	} `xml:"http://schemas.google.com/g/2005 extendedProperty"`
}

type link struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
	ETag string `xml:"http://schemas.google.com/g/2005 etag,attr"`
}

// link is the path and query of the entry's link, or empty.
func (e *entry) link(rel string) string { return linkOf(e.Links, rel) }

func linkOf(links []link, rel string) string {
	for _, l := range links {
		if l.Rel == rel {
			return strings.TrimPrefix(l.Href, "https://contacts.example.net")
		}
	}
	return ""
}

// A feed is what tests look at in a feed.
type feed struct {
	ETag    string  `xml:"http://schemas.google.com/g/2005 etag,attr"`
	ID      string  `xml:"http://www.w3.org/2005/Atom id"`
	Updated string  `xml:"http://www.w3.org/2005/Atom updated"`
	Title   string  `xml:"http://www.w3.org/2005/Atom title"`
	Links   []link  `xml:"http://www.w3.org/2005/Atom link"`
	Total   int     `xml:"totalResults"`
	Start   int     `xml:"startIndex"`
	PerPage int     `xml:"itemsPerPage"`
	Entries []entry `xml:"http://www.w3.org/2005/Atom entry"`
}

func (f *feed) link(rel string) string { return linkOf(f.Links, rel) }

// titles are the titles of the entries, joined by commas.
func (f *feed) titles() string {
	var titles []string
	for _, e := range f.Entries {
		titles = append(titles, e.Title)
	}
	return strings.Join(titles, ",")
}

// entry reads the body as an entry.
func (a *answer) entry(t testing.TB) *entry {
	t.Helper()
	var e entry
	if err := xml.Unmarshal([]byte(a.Body), &e); err != nil {
		t.Fatalf("%v in %s", err, a.Body)
	}
	return &e
}

// feed reads the body as a feed.
func (a *answer) feed(t testing.TB) *feed {
	t.Helper()
	var f feed
	if err := xml.Unmarshal([]byte(a.Body), &f); err != nil {
		t.Fatalf("%v in %s", err, a.Body)
	}
	return &f
}

// namespaces are the declarations that bodies of requests need.
const namespaces = `xmlns='http://www.w3.org/2005/Atom' xmlns:gd='http://schemas.google.com/g/2005' xmlns:gContact='http://schemas.google.com/contact/2008'`

// atom is an entry with the given child elements.
func atom(children string) string { return "<entry " + namespaces + ">" + children + "</entry>" }

// named is an entry of a contact or group with a title.
func named(title string) string { return atom("<title>" + title + "</title>") }

const (
	contactsFull = "/m8/feeds/contacts/default/full"
	groupsFull   = "/m8/feeds/groups/default/full"
	sharedFull   = "/m8/feeds/contacts/example.com/full"
)
