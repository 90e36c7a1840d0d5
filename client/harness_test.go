package client_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"contacts"
	"contacts/auth"
	"contacts/client"
	"contacts/reply/replytest"
	"contacts/server"
)

// The accounts of a world. Elizabeth is a user and her father the
// administrator of example.com.
const (
	elizabeth = "liz@example.com"
	father    = "bennet@example.com"
	domain    = "example.com"
	password  = "Pemberley 1813"
)

// A world is a real server with an account, and the requests that reached it.
type world struct {
	t      testing.TB
	URL    string
	Server *server.Server
	Clock  *clock

	mu       sync.Mutex
	requests []*http.Request
	logins   map[string]*client.ClientLogin
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

// newWorld starts a server whose clock stands still. Its public URL is another
// one than that of the test, so that links have to be moved.
func newWorld(t testing.TB, change ...func(*server.Config)) *world {
	t.Helper()
	w := &world{t: t, Clock: &clock{now: time.Date(2008, 3, 5, 12, 36, 38, 835e6, time.UTC)}, logins: map[string]*client.ClientLogin{}}
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
	if _, err := s.Auth.AddDomain(ctx, domain); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Auth.AddUser(ctx, auth.NewUser{Email: elizabeth, Name: "Elizabeth Bennet", Password: password}); err != nil {
		t.Fatal(err)
	}
	handler := s.Handler()
	front := replytest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.requests = append(w.requests, r)
		w.mu.Unlock()
		handler.ServeHTTP(rw, r)
	}))
	t.Cleanup(func() {
		front.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	w.URL = front.URL
	return w
}

// login is the way in of a user, who signs in once. All but Elizabeth come into
// the world, as administrators, when they are needed.
func (w *world) login(email string) *client.ClientLogin {
	w.t.Helper()
	if w.logins[email] == nil {
		if email != elizabeth {
			must(w.Server.Auth.AddUser(context.Background(), auth.NewUser{Email: email, Admin: true, Password: password}))(w.t)
		}
		w.logins[email] = &client.ClientLogin{BaseURL: w.URL, Email: email, Password: password, Source: "example-tests-1"}
	}
	return w.logins[email]
}

// as is the client of a user.
func (w *world) as(email string, opts ...client.Option) *client.Client {
	w.t.Helper()
	return must(client.New(w.URL, append([]client.Option{client.WithTransport(w.login(email))}, opts...)...))(w.t)
}

// forget forgets the requests that have come so far.
func (w *world) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests = nil
}

// seen are the requests since forget, each as method and path with query.
func (w *world) seen() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var lines []string
	for _, r := range w.requests {
		lines = append(lines, r.Method+" "+r.RequestURI)
	}
	return lines
}

// last is the last request.
func (w *world) last() *http.Request {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.requests) == 0 {
		w.t.Fatal("no request came")
	}
	return w.requests[len(w.requests)-1]
}

// must gives the value of a call that must not fail.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// wantKind fails the test unless err has the kind.
func wantKind(t testing.TB, err error, k contacts.Kind) {
	t.Helper()
	if !errors.Is(err, k) {
		t.Fatalf("error is %v, want kind %q", err, k)
	}
}

// jane is a new contact.
func jane() *contacts.Contact {
	c := &contacts.Contact{Emails: []contacts.Email{{Rel: contacts.RelHome, Address: "jane@example.com", Primary: true}}}
	c.Name.SetFull("Jane Bennet")
	return c
}

// people inserts contacts with these names.
func people(t testing.TB, c *client.Client, names ...string) []*client.Contact {
	t.Helper()
	var cs []*client.Contact
	for _, name := range names {
		ct := &contacts.Contact{}
		ct.Name.SetFull(name)
		cs = append(cs, must(c.InsertContact(t.Context(), ct))(t))
	}
	return cs
}

// names reads an iterator of contacts to its end.
func names(t testing.TB, seq func(func(*client.Contact, error) bool)) string {
	t.Helper()
	var ns []string
	for c, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		ns = append(ns, c.Name.Full)
	}
	return strings.Join(ns, ",")
}

// eachVersion runs a test in each version of the protocol.
func eachVersion(t *testing.T, f func(t *testing.T, version int)) {
	for version := 1; version <= 3; version++ {
		t.Run([]string{1: "version 1", 2: "version 2", 3: "version 3"}[version], func(t *testing.T) { f(t, version) })
	}
}

// A fake is a server that answers what the test says.
type fake struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*http.Request
	bodies   []string
}

// newFake starts a server that answers the n-th request, from 0, by f.
func newFake(t testing.TB, f func(w http.ResponseWriter, r *http.Request, n int)) *fake {
	fk := &fake{}
	fk.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fk.mu.Lock()
		n := len(fk.requests)
		fk.requests = append(fk.requests, r)
		fk.bodies = append(fk.bodies, string(body))
		fk.mu.Unlock()
		f(w, r, n)
	}))
	t.Cleanup(fk.Close)
	return fk
}

func (f *fake) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.requests)
}
