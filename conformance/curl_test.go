package conformance

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"net/http"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// curl is a curl that talks to one server, signed in or not.
type curl struct {
	*server
	auth string   // the value of the Authorization header; empty: none
	more []string // options for every call
}

// newCurl returns a curl that is not signed in.
func newCurl(t *testing.T, s *server) *curl {
	t.Helper()
	if err := exec.Command("curl", "--version").Run(); err != nil {
		missing(t, "curl", err)
	}
	return &curl{server: s}
}

// as returns a curl that has signed in by ClientLogin.
func (c *curl) as(t *testing.T, email string) *curl {
	t.Helper()
	a := c.do(t, "--data-urlencode", "Email="+email, "--data-urlencode", "Passwd="+password,
		"-d", "service=cp", "-d", "source=exampleCo-exampleApp-1", c.url+"/accounts/ClientLogin")
	a.want(t, http.StatusOK)
	return &curl{server: c.server, more: c.more, auth: "GoogleLogin auth=" + a.line(t, "Auth")}
}

// An answer is what curl printed and stored of a response.
type answer struct {
	status int
	reason string // the phrase after the status
	header http.Header
	body   string
	stdout string // what -w asked for
}

// do runs curl with args and returns the last response it got.
func (c *curl) do(t *testing.T, args ...string) answer {
	t.Helper()
	dir := t.TempDir()
	head, body := filepath.Join(dir, "head"), filepath.Join(dir, "body")
	all := []string{"-q", "-sS", "-D", head, "-o", body}
	if c.auth != "" {
		all = append(all, "-H", "Authorization: "+c.auth)
	}
	cmd := exec.Command("curl", slices.Concat(all, c.more, args)...)
	cmd.Env = clean()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("curl %s: %v: %s", strings.Join(args, " "), err, stderr.Bytes())
	}
	a := readHead(t, head)
	text, err := os.ReadFile(body)
	if err != nil && !os.IsNotExist(err) { // curl makes no file for an empty body
		t.Fatal(err)
	}
	a.body, a.stdout = string(text), stdout.String()
	return a
}

// readHead reads the last response head that curl wrote to a file: before it
// there may be one of status 100.
func readHead(t *testing.T, name string) answer {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	heads := strings.Split(strings.TrimSuffix(string(text), "\r\n\r\n"), "\r\n\r\n")
	r := textproto.NewReader(bufio.NewReader(strings.NewReader(heads[len(heads)-1] + "\r\n\r\n")))
	line, err := r.ReadLine()
	if err != nil {
		t.Fatal(err)
	}
	header, err := r.ReadMIMEHeader()
	if err != nil {
		t.Fatal(err)
	}
	f := strings.SplitN(line, " ", 3) // HTTP/2 has no reason phrase
	status, err := strconv.Atoi(f[1])
	if err != nil {
		t.Fatalf("status line %q: %v", line, err)
	}
	a := answer{status: status, header: http.Header(header)}
	if len(f) == 3 {
		a.reason = f[2]
	}
	return a
}

// want fails the test unless the answer has the status.
func (a answer) want(t *testing.T, status int) {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
}

// wantHeader fails the test unless a header has the value.
func (a answer) wantHeader(t *testing.T, name, value string) {
	t.Helper()
	if got := a.header.Get(name); got != value {
		t.Errorf("%s: %q, want %q", name, got, value)
	}
}

// line returns the value of a line NAME=VALUE of the body.
func (a answer) line(t *testing.T, name string) string {
	t.Helper()
	for l := range strings.Lines(a.body) {
		if v, ok := strings.CutPrefix(l, name+"="); ok {
			return strings.TrimSuffix(v, "\n")
		}
	}
	t.Fatalf("no line %s= in %q", name, a.body)
	return ""
}

// An entry is what the tests look at in an Atom entry.
type entry struct {
	Etag    string    `xml:"http://schemas.google.com/g/2005 etag,attr"`
	ID      string    `xml:"http://www.w3.org/2005/Atom id"`
	Updated string    `xml:"http://www.w3.org/2005/Atom updated"`
	Title   string    `xml:"http://www.w3.org/2005/Atom title"`
	Links   []link    `xml:"http://www.w3.org/2005/Atom link"`
	Deleted *struct{} `xml:"http://schemas.google.com/g/2005 deleted"`
	Emails  []struct {
		Address string `xml:"address,attr"`
	} `xml:"http://schemas.google.com/g/2005 email"`
}

type link struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
}

// A feed is what the tests look at in an Atom feed.
type feed struct {
	Updated string  `xml:"http://www.w3.org/2005/Atom updated"`
	Links   []link  `xml:"http://www.w3.org/2005/Atom link"`
	Entries []entry `xml:"http://www.w3.org/2005/Atom entry"`
}

// href returns the link with the rel, or nothing.
func href(links []link, rel string) string {
	for _, l := range links {
		if l.Rel == rel {
			return l.Href
		}
	}
	return ""
}

// shortID is the last segment of the entry's id.
func (e entry) shortID() string { return e.ID[strings.LastIndex(e.ID, "/")+1:] }

// parseEntry reads an entry: a document, or what entryIn has cut out of one.
func parseEntry(t *testing.T, text string) entry {
	t.Helper()
	var e entry
	if strings.HasPrefix(text, "<entry") {
		text = `<entry xmlns="http://www.w3.org/2005/Atom" xmlns:gd="http://schemas.google.com/g/2005"` + strings.TrimPrefix(text, "<entry")
	}
	if err := xml.Unmarshal([]byte(text), &e); err != nil || e.ID == "" {
		t.Fatalf("not an entry (%v): %s", err, text)
	}
	return e
}

func parseFeed(t *testing.T, text string) feed {
	t.Helper()
	var f feed
	if err := xml.Unmarshal([]byte(text), &f); err != nil || f.Updated == "" {
		t.Fatalf("not a feed (%v): %s", err, text)
	}
	return f
}

// titles returns the names in a feed.
func (f feed) titles() []string {
	var titles []string
	for _, e := range f.Entries {
		titles = append(titles, e.Title)
	}
	return titles
}

// person is a contact as the oldest guides write it, with prefixes.
func person(name, email string) string {
	return `<atom:entry xmlns:atom="http://www.w3.org/2005/Atom" xmlns:gd="http://schemas.google.com/g/2005">
  <atom:category scheme="http://schemas.google.com/g/2005#kind"
    term="http://schemas.google.com/contact/2008#contact"/>
  <atom:title type="text">` + name + `</atom:title>
  <gd:email rel="http://schemas.google.com/g/2005#work" address="` + email + `"/>
  <gd:phoneNumber rel="http://schemas.google.com/g/2005#home">
    456
  </gd:phoneNumber>
</atom:entry>
`
}

const atom = "Content-Type: application/atom+xml"

// post inserts an entry and returns it as stored.
func (c *curl) post(t *testing.T, feed, body string, more ...string) (answer, entry) {
	t.Helper()
	a := c.do(t, append(more, "-H", atom, "--data-binary", body, c.url+feed)...)
	a.want(t, http.StatusCreated)
	return a, parseEntry(t, a.body)
}

// get reads a URL of the server that has to answer with 200.
func (c *curl) get(t *testing.T, path string, more ...string) answer {
	t.Helper()
	a := c.do(t, append(more, c.url+path)...)
	a.want(t, http.StatusOK)
	return a
}

const mine = "/m8/feeds/contacts/default/full"

var tokenForm = regexp.MustCompile(`^[A-Za-z0-9_-]{20,}$`)
