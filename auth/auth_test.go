package auth_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"contacts"
	"contacts/auth"
	"contacts/reply"
	"contacts/reply/replytest"
	"contacts/store/sqlite"
)

const (
	liz, jane, bennet = "liz@example.com", "jane@example.com", "bennet@example.com" // bennet is the administrator
	wickham           = "wickham@example.org"                                       // of another domain
	password          = "obstinate headstrong girl"
)

// cheap keeps tests fast; the cost changes no behaviour.
var cheap = auth.Argon2{Memory: 64, Time: 1, Threads: 1}

// A clock stands still until it is told to go on.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// A buffer is a log that many goroutines write to.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *buffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *buffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// A world is a service with two domains and their users, behind a server.
type world struct {
	*auth.Service
	store *sqlite.Store
	dir   string
	clock *clock
	log   *buffer
	url   string
}

// open makes a service on an empty store. Its clock, site and cost of hashing
// are chosen for tests unless o has them.
func open(t testing.TB, o auth.Options) *world {
	t.Helper()
	w := &world{dir: t.TempDir(), clock: &clock{t: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}, log: &buffer{}}
	logger := slog.New(slog.NewTextHandler(w.log, nil))
	st, err := sqlite.Open(t.Context(), w.dir, sqlite.Options{Now: w.clock.now, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	o.Logger = logger
	w.store = st
	w.restart(t, o)
	return w
}

// restart replaces the service by a new one on the same store.
func (w *world) restart(t testing.TB, o auth.Options) {
	t.Helper()
	o.Now = w.clock.now
	if o.Argon2 == (auth.Argon2{}) {
		o.Argon2 = cheap
	}
	if o.Site == nil {
		o.Site = &reply.Site{}
	}
	if o.SecretKey == nil {
		o.SecretKey = bytes.Repeat([]byte("netherfield "), 3)[:auth.SecretKeySize]
	}
	w.Service = auth.New(w.store, o)
	mux := http.NewServeMux()
	w.Routes(func(pattern string, f reply.Func) { mux.Handle(pattern, reply.Handle(f, w.WriteError)) })
	mux.Handle("/whoami", reply.Handle(w.whoami, w.failWhoami))
	w.url = serve(t, &reply.Front{Next: mux, Site: o.Site, Logger: slog.New(slog.NewTextHandler(w.log, nil))}).URL
}

func serve(t testing.TB, h http.Handler) *replytest.Server {
	srv := replytest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv
}

func (w *world) whoami(rw http.ResponseWriter, r *http.Request) error {
	id, err := w.Identify(r)
	if err != nil {
		return err
	}
	_, err = io.WriteString(rw, id.Account.Email)
	return err
}

func (w *world) failWhoami(rw http.ResponseWriter, r *http.Request, err error) {
	switch status := reply.Status(err); status {
	case http.StatusUnauthorized:
		reply.Unauthorized(rw, r, w.Challenge(r), reply.Message(rw, err))
	case http.StatusServiceUnavailable:
		rw.Header().Set("Retry-After", strconv.Itoa(reply.RetryAfter(err)))
		fallthrough
	default:
		http.Error(rw, reply.Message(rw, err), status)
	}
}

// longbourn is a world with people in it.
func longbourn(t testing.TB, o auth.Options) *world {
	t.Helper()
	w := open(t, o)
	for _, name := range []string{"example.com", "example.org"} {
		if _, err := w.AddDomain(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	for _, u := range []auth.NewUser{
		{Email: liz, Name: "Elizabeth Bennet"},
		{Email: jane},
		{Email: bennet, Name: "Mr. Bennet", Admin: true},
		{Email: wickham, Name: "George Wickham", Admin: true},
	} {
		u.Password = password
		if _, err := w.AddUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// An answer is a response, read.
type answer struct {
	status int
	phrase string
	header http.Header
	body   string
}

// do sends a request. Header lines are NAME: VALUE.
func (w *world) do(t testing.TB, method, target, body string, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequest(method, w.url+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Add(name, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(req) // follows no redirect
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, strings.TrimPrefix(resp.Status, strconv.Itoa(resp.StatusCode)+" "), resp.Header, string(b)}
}

// loginForm is a complete and right login of a user. Further parameters follow
// as name, value, ...; empty values remove a parameter.
func loginForm(email, password string, more ...string) url.Values {
	form := url.Values{
		"accountType": {"HOSTED_OR_GOOGLE"},
		"Email":       {email},
		"Passwd":      {password},
		"service":     {"cp"},
		"source":      {"exampleCo-exampleApp-1"},
	}
	for i := 0; i < len(more); i += 2 {
		if form.Set(more[i], more[i+1]); more[i+1] == "" {
			form.Del(more[i])
		}
	}
	return form
}

func (w *world) login(t testing.TB, form url.Values, headers ...string) answer {
	t.Helper()
	headers = append([]string{"Content-Type: application/x-www-form-urlencoded"}, headers...)
	return w.do(t, http.MethodPost, "/accounts/ClientLogin", form.Encode(), headers...)
}

// line is the value of the line of a ClientLogin answer that begins with name.
func (a answer) line(name string) string {
	for line := range strings.Lines(a.body) {
		if value, ok := strings.CutPrefix(line, name+"="); ok {
			return strings.TrimSuffix(value, "\n")
		}
	}
	return ""
}

// token logs a user in and returns the token.
func (w *world) token(t testing.TB, email string) string {
	t.Helper()
	a := w.login(t, loginForm(email, password))
	if a.status != http.StatusOK {
		t.Fatalf("login of %s = %d %q", email, a.status, a.body)
	}
	return a.line("Auth")
}

// whois is who the server takes the holder of a token for, or the message of
// the refusal.
func (w *world) whois(t testing.TB, token string) string {
	t.Helper()
	return strings.TrimSpace(visible(w.do(t, http.MethodGet, "/whoami", "", "Authorization: GoogleLogin auth="+token)))
}

func visible(a answer) string {
	if a.status == http.StatusUnauthorized {
		return a.phrase
	}
	return a.body
}

// identity signs a user in without a server.
func (w *world) identity(t testing.TB, email string) *auth.Identity {
	t.Helper()
	a, err := w.User(t.Context(), email)
	if err != nil {
		t.Fatal(err)
	}
	return &auth.Identity{Account: a, Kind: auth.ClientLoginToken}
}

func wantKind(t testing.TB, err error, k contacts.Kind) {
	t.Helper()
	if contacts.KindOf(err) != k || k == "" && err != nil {
		t.Errorf("error = %v, want kind %q", err, k)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestNewDefaults(t *testing.T) {
	st, err := sqlite.Open(context.Background(), t.TempDir(), sqlite.Options{})
	must(t, err)
	defer st.Close()
	s := auth.New(st, auth.Options{})
	if _, err := s.AddDomain(t.Context(), "example.com"); err != nil {
		t.Fatal(err)
	}
	u, err := s.AddUser(t.Context(), auth.NewUser{Email: liz, Password: s.GeneratePassword()})
	if err != nil || u.Created.IsZero() {
		t.Errorf("AddUser() = %+v, %v", u, err)
	}
}

// afar is a site whose requests come through a proxy on this machine, so that a
// test chooses where from.
func afar() *reply.Site {
	return &reply.Site{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
}
