package auth_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A browser keeps cookies, reads pages and fills in forms. It follows
// redirects within the server only. Every page that it sees is checked.
type browser struct {
	w       *world
	jar     *cookiejar.Jar
	headers []string // NAME: VALUE, of every request
}

func (w *world) browser(t testing.TB, headers ...string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &browser{w: w, jar: jar, headers: headers}
}

// A page is what a browser shows.
type page struct {
	status   int
	header   http.Header
	body     string
	url      *url.URL // where it is from
	leave    string   // where a redirect would have led away from the server
	doc      *html.Node
	requests []string // methods and paths that led here
}

// open goes to a path.
func (b *browser) open(t testing.TB, path string) *page {
	t.Helper()
	return b.send(t, http.MethodGet, b.w.url+path, "")
}

// send sends a request and follows redirects.
func (b *browser) send(t testing.TB, method, target, body string) *page {
	t.Helper()
	var requests []string
	for range 10 {
		u, err := url.Parse(target)
		must(t, err)
		req, err := http.NewRequest(method, target, strings.NewReader(body))
		must(t, err)
		for _, h := range b.headers {
			name, value, _ := strings.Cut(h, ": ")
			req.Header.Add(name, value)
		}
		for _, c := range b.jar.Cookies(b.cookieURL(u)) {
			req.AddCookie(c)
		}
		if method == http.MethodPost {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		resp, err := http.DefaultTransport.RoundTrip(req)
		must(t, err)
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		must(t, err)
		b.jar.SetCookies(b.cookieURL(u), resp.Cookies())
		requests = append(requests, method+" "+u.Path)
		p := &page{status: resp.StatusCode, header: resp.Header, body: string(text), url: u, requests: requests}
		if resp.StatusCode >= 300 && resp.StatusCode < 400 {
			to, err := u.Parse(resp.Header.Get("Location"))
			must(t, err)
			if to.Host != u.Host {
				p.leave = to.String()
				return p
			}
			method, body, target = http.MethodGet, "", to.String()
			continue
		}
		if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") && method != http.MethodHead {
			p.doc, err = html.Parse(strings.NewReader(p.body))
			must(t, err)
			p.check(t)
		}
		return p
	}
	t.Fatalf("too many redirects: %v", requests)
	return nil
}

// cookieURL is the URL as the jar has to see it, which a proxy may make https.
func (b *browser) cookieURL(u *url.URL) *url.URL {
	c := *u
	if slices.Contains(b.headers, "X-Forwarded-Proto: https") {
		c.Scheme = "https"
	}
	return &c
}

// cookies are the names and values that the browser has.
func (b *browser) cookies(t testing.TB) map[string]string {
	t.Helper()
	u, err := url.Parse(b.w.url)
	must(t, err)
	m := map[string]string{}
	for _, c := range b.jar.Cookies(b.cookieURL(u)) {
		m[c.Name] = c.Value
	}
	return m
}

// all yields the elements of a kind.
func (p *page) all(a atom.Atom) []*html.Node {
	var found []*html.Node
	if p.doc == nil {
		return nil
	}
	for n := range p.doc.Descendants() {
		if n.Type == html.ElementNode && n.DataAtom == a {
			found = append(found, n)
		}
	}
	return found
}

func attr(n *html.Node, name string) string {
	value, _ := attrOf(n, name)
	return value
}

func attrOf(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// text is what an element shows.
func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// heading is the first heading, and says the whole of a page.
func (p *page) heading() string {
	if h := p.all(atom.H1); len(h) > 0 {
		return text(h[0])
	}
	return ""
}

func (p *page) says(words string) bool {
	return p.doc != nil && strings.Contains(text(p.doc), words)
}

// form finds the form that has a button which does something, and what the form
// would send if that button were pressed now.
func (p *page) form(t testing.TB, do string) (action, method string, sent url.Values) {
	t.Helper()
	for _, button := range p.all(atom.Button) {
		if attr(button, "value") != do {
			continue
		}
		form := button.Parent
		for form != nil && form.DataAtom != atom.Form {
			form = form.Parent
		}
		sent = url.Values{attr(button, "name"): {do}}
		for n := range form.Descendants() {
			_, checked := attrOf(n, "checked")
			if n.DataAtom == atom.Input && attr(n, "name") != "" && (attr(n, "type") != "checkbox" || checked) {
				sent.Set(attr(n, "name"), attr(n, "value"))
			}
		}
		return attr(form, "action"), attr(form, "method"), sent
	}
	t.Fatalf("no button %q on the page %q:\n%s", do, p.heading(), p.body)
	return "", "", nil
}

// press fills in fields, given as name, value, ..., and presses a button.
func (b *browser) press(t testing.TB, p *page, do string, fields ...string) *page {
	t.Helper()
	action, method, sent := p.form(t, do)
	if method != "post" {
		t.Fatalf("method of the form = %q, want post", method)
	}
	for i := 0; i < len(fields); i += 2 {
		sent.Set(fields[i], fields[i+1])
	}
	to, err := p.url.Parse(action)
	must(t, err)
	return b.send(t, http.MethodPost, to.String(), sent.Encode())
}

// signIn signs in on a page with the form for that.
func (b *browser) signIn(t testing.TB, p *page, email, password string, more ...string) *page {
	t.Helper()
	return b.press(t, p, "sign-in", append([]string{"email", email, "password", password}, more...)...)
}

// check judges what every page must have: SEC-5, labels, structure, no script.
func (p *page) check(t testing.TB) {
	t.Helper()
	where := p.url.Path + " " + p.heading() + ": "
	for name, want := range map[string]string{
		"Content-Type":           "text/html; charset=UTF-8",
		"Cache-Control":          "no-store",
		"X-Frame-Options":        "DENY",
		"Referrer-Policy":        "no-referrer",
		"X-Content-Type-Options": "nosniff",
	} {
		if got := p.header.Get(name); got != want {
			t.Errorf("%s%s = %q, want %q", where, name, got, want)
		}
	}
	policy := p.header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none';", "style-src 'self';", "img-src 'self';", "form-action 'self'", "frame-ancestors 'none';", "base-uri 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("%sContent-Security-Policy = %q, lacks %s", where, policy, want)
		}
	}
	if strings.Contains(policy, "form-action 'self' ") && len(p.all(atom.Input)) > 0 && strings.Contains(p.body, `type="password"`) {
		t.Errorf("%sa form with a password may be sent elsewhere: %s", where, policy)
	}
	if !strings.HasPrefix(p.body, "<!DOCTYPE html>") || attr(p.all(atom.Html)[0], "lang") != "en" {
		t.Errorf("%sno doctype or language", where)
	}
	if titles := p.all(atom.Title); len(titles) != 1 || text(titles[0]) == "" {
		t.Errorf("%stitles: %d", where, len(titles))
	}
	if len(p.all(atom.H1)) != 1 || len(p.all(atom.Main)) != 1 {
		t.Errorf("%s%d first headings, %d main parts", where, len(p.all(atom.H1)), len(p.all(atom.Main)))
	}
	ids, labels := map[string]bool{}, map[string]bool{}
	for n := range p.doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.DataAtom == atom.Script || n.DataAtom == atom.Style || n.DataAtom == atom.Iframe {
			t.Errorf("%sthere is a <%s>", where, n.Data)
		}
		if n.DataAtom == atom.Label && attr(n, "for") != "" {
			labels[attr(n, "for")] = true
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
				t.Errorf("%sattribute %s=%q", where, a.Key, a.Val)
			}
			if a.Key == "id" && ids[a.Val] {
				t.Errorf("%sid %q twice", where, a.Val)
			} else if a.Key == "id" {
				ids[a.Val] = true
			}
		}
	}
	for n := range p.doc.Descendants() {
		for _, id := range append(strings.Fields(attr(n, "aria-describedby")), strings.TrimPrefix(attr(n, "href"), "#")) {
			if id != "" && !strings.ContainsAny(id, "/:") && !ids[id] {
				t.Errorf("%sthere is no id %q", where, id)
			}
		}
		switch {
		case n.DataAtom == atom.Input && attr(n, "type") != "hidden":
			if !labels[attr(n, "id")] && (n.Parent.DataAtom != atom.Label || text(n.Parent) == "") {
				t.Errorf("%sinput %q has no label", where, attr(n, "name"))
			}
			if attr(n, "type") != "checkbox" && attr(n, "autocomplete") == "" {
				t.Errorf("%sinput %q does not say what to fill in", where, attr(n, "name"))
			}
		case n.DataAtom == atom.Button && text(n) == "":
			t.Errorf("%sa button says nothing", where)
		case n.DataAtom == atom.Img && attr(n, "alt") == "":
			t.Errorf("%sa picture says nothing", where)
		case n.DataAtom == atom.Form && attr(n, "method") == "post" && !strings.HasPrefix(attr(n, "action"), "/"):
			t.Errorf("%sa form is sent to %q", where, attr(n, "action"))
		}
	}
}
