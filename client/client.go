package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"contacts"
)

// A Client speaks to one server about the contacts of one owner. It is safe
// for concurrent use and does not change after New.
type Client struct {
	base   string // scheme, host and path, without a slash at its end
	origin origin
	http   http.Client

	version  int
	owner    string // unescaped segment of URLs
	source   string
	override bool
	retries  int
	pageSize int

	now   func() time.Time
	sleep func(context.Context, time.Duration) error
}

// An Option changes what New makes.
type Option func(*Client) error

// New makes a client of the server at an http or https URL, which may have a
// path: requests go to the path with /m8/feeds/ after it. It sends nothing.
//
// By default the client speaks version 3 about the contacts of the user who is
// signed in, and does not sign in at all: see WithTransport.
func New(baseURL string, opts ...Option) (*Client, error) { // LIB-1
	base, err := parseBase(baseURL)
	if err != nil {
		return nil, err
	}
	c := &Client{
		base:     strings.TrimSuffix(base.String(), "/"),
		origin:   originOf(base),
		version:  3,
		owner:    "default",
		source:   "contacts-go",
		retries:  3,
		pageSize: 500,
		now:      time.Now,
		sleep:    sleep,
	}
	for _, opt := range opts {
		if err := opt(c); err != nil {
			return nil, err
		}
	}
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c, nil
}

// parseBase reads the URL of a server.
func parseBase(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return nil, contacts.Errorf(contacts.Invalid, "", "Not the URL of a server: %.100q", s)
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, contacts.Errorf(contacts.Invalid, "", "The URL of a server begins with http:// or https:// and a host: %.100q", s)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, contacts.Errorf(contacts.Invalid, "", "The URL of a server has no user, query or fragment: %.100q", u.Redacted())
	}
	return u, nil
}

// WithTransport makes all requests go through t, which is mostly one of the
// ways to sign in: ClientLogin, AuthSub, OAuth1 or OAuth2.
func WithTransport(t http.RoundTripper) Option {
	return func(c *Client) error { c.http.Transport = t; return nil }
}

// WithHTTPClient takes transport, time limit and cookies of h; a WithTransport
// comes after it. Redirects are never followed: GData servers send none, and tokens must not follow them.
func WithHTTPClient(h *http.Client) Option {
	return func(c *Client) error { c.http = *h; return nil }
}

// WithVersion selects version 1, 2 or 3 of the protocol.
func WithVersion(version int) Option {
	return func(c *Client) error {
		if version < 1 || version > 3 {
			return contacts.Errorf(contacts.Invalid, contacts.CodeVersion, "There is no version %d of the protocol", version)
		}
		c.version = version
		return nil
	}
}

// WithOwner names the user whose contacts are meant, by e-mail address, instead
// of the one who is signed in.
func WithOwner(email string) Option {
	return func(c *Client) error {
		if email == "" {
			return contacts.Errorf(contacts.Invalid, "", "The owner of the contacts has no name")
		}
		c.owner = email
		return nil
	}
}

// WithDomain selects the shared contacts of a domain; see Client.Domain.
func WithDomain(name string) Option { return WithOwner(name) } // LIB-28

// WithSource names the program to the server, by custom in the form
// company-application-version.
func WithSource(text string) Option {
	return func(c *Client) error { c.source = text; return nil }
}

// WithMethodOverride sends PUT, PATCH and DELETE as POST with the header
// X-HTTP-Method-Override, for networks that let nothing else through.
func WithMethodOverride() Option {
	return func(c *Client) error { c.override = true; return nil }
}

// WithRetries sets how often a request is repeated that may be, 3 times unless
// set; 0 turns repetition off.
func WithRetries(n int) Option {
	return func(c *Client) error { c.retries = max(n, 0); return nil }
}

// WithPageSize sets how many entries an iterator asks for at once, 500 unless
// set, where the query does not say.
func WithPageSize(n int) Option {
	return func(c *Client) error {
		if n < 1 {
			return contacts.Errorf(contacts.Invalid, "", "A page has at least one entry")
		}
		c.pageSize = n
		return nil
	}
}

// WithClock replaces the clock, and the way to wait before a request is
// repeated. sleep returns early, with the error of the context, when that ends.
func WithClock(now func() time.Time, sleep func(context.Context, time.Duration) error) Option {
	return func(c *Client) error { c.now, c.sleep = now, sleep; return nil }
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Domain is the client for the shared contacts of a domain, which every user
// of the domain may read and its administrators change.
func (c *Client) Domain(name string) *Client { // LIB-28
	d := *c
	d.owner = name
	return &d
}

// feedURL is the feed of a kind in a projection.
func (c *Client) feedURL(path, projection string) string {
	return c.base + "/m8/feeds/" + path + "/" + url.QueryEscape(c.owner) + "/" + projection
}

// groupsURL is what the ids of groups begin with where the server has not said
// it yet.
func (c *Client) groupsURL() string { return c.feedURL("groups", "base") + "/" }

// resolve makes a URL for a request of what the server or the caller named: a
// whole URL, a path on the server that begins with a slash, or what follows
// /m8/feeds/. A URL of another host is moved to the base URL, or refused if it
// is none of the protocol (LIB-67).
func (c *Client) resolve(ref string) (string, error) {
	if !strings.Contains(ref, "://") {
		if strings.HasPrefix(ref, "/") {
			return c.base + ref, nil
		}
		return c.base + "/m8/feeds/" + ref, nil
	}
	u, err := url.Parse(ref)
	if err != nil {
		return "", fmt.Errorf("client: not a URL: %.200q", ref)
	}
	path := u.EscapedPath()
	if originOf(u) == c.origin && strings.HasPrefix(u.Scheme+"://"+u.Host+path, c.base+"/") && u.User == nil {
		u.Fragment = ""
		return u.String(), nil
	}
	_, rest, ok := strings.Cut(path, "/m8/feeds/")
	if !ok {
		return "", fmt.Errorf("%w: %s://%s", errElsewhere, u.Scheme, u.Host) // LIB-67
	}
	moved := c.base + "/m8/feeds/" + rest // LIB-67
	if u.RawQuery != "" {
		moved += "?" + u.RawQuery
	}
	return moved, nil
}

// errElsewhere says that a request would leave the server.
var errElsewhere = errors.New("client: the link leads to another server")

// An origin is the scheme, host and port that tokens may be sent to.
type origin struct{ scheme, host, port string }

func originOf(u *url.URL) origin {
	o := origin{strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), u.Port()}
	if o.port == "" {
		o.port = map[string]string{"http": "80", "https": "443"}[o.scheme]
	}
	return o
}
