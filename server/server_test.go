package server_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"contacts/reply/replytest"
	"contacts/server"
)

// A logBuffer takes the log of a server that still runs.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// config is that of a new server on an empty directory.
func config(t testing.TB) server.Config {
	t.Helper()
	c := server.Defaults()
	c.Data = t.TempDir()
	return c
}

func open(t testing.TB, c server.Config) *server.Server {
	t.Helper()
	s, err := server.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// start serves the handler of a new server.
func start(t testing.TB, c server.Config) (*server.Server, string) {
	t.Helper()
	s := open(t, c)
	web := replytest.NewServer(s.Handler())
	t.Cleanup(web.Close)
	return s, web.URL
}

const password = "In vain have I struggled"

// addUser makes example.com and a user of it.
func addUser(t testing.TB, s *server.Server, email string, admin bool) {
	t.Helper()
	_, domain, _ := strings.Cut(email, "@")
	if _, err := s.Auth.Domain(t.Context(), domain); err != nil {
		if _, err := s.Auth.AddDomain(t.Context(), domain); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Auth.AddUser(t.Context(), server.NewUser{Email: email, Admin: admin, Password: password}); err != nil {
		t.Fatal(err)
	}
}

// login is a token of ClientLogin.
func login(t testing.TB, base, email, password string) string {
	t.Helper()
	res, err := http.PostForm(base+"/accounts/ClientLogin", url.Values{"Email": {email}, "Passwd": {password}, "service": {"cp"}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, token, ok := strings.Cut(string(text), "\nAuth=")
	if !ok {
		t.Fatalf("ClientLogin answers %s", text)
	}
	return strings.TrimSpace(token)
}

// account adds a user to the data of c, and gives a token of hers. It comes from
// another server, which has time: where requests must be short, a login on a
// slow machine is too long.
func account(t testing.TB, c server.Config, email string) string {
	t.Helper()
	d := server.Defaults()
	c.ReadTimeout, c.StallTimeout = d.ReadTimeout, d.StallTimeout
	s, url := start(t, c)
	addUser(t, s, email, false)
	return login(t, url, email, password)
}

// An answer is what a request brought.
type answer struct {
	status int
	header http.Header
	body   string
}

// do sends a request of version 3, without following redirects. The token may
// be empty.
func do(t testing.TB, method, url, token, body string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("GData-Version", "3.0")
	if token != "" {
		req.Header.Set("Authorization", "GoogleLogin auth="+token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/atom+xml")
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(text)}
}

const feedPath = "/m8/feeds/contacts/default/full"

func entry(name string) string {
	return `<entry xmlns="http://www.w3.org/2005/Atom" xmlns:gd="http://schemas.google.com/g/2005"><gd:name><gd:fullName>` + name +
		`</gd:fullName></gd:name></entry>`
}

// A service is a Serve under way.
type service struct {
	url   string
	addr  string
	stop  context.CancelFunc
	ended chan error
}

// serve runs Serve on a free port of this machine.
func serve(t testing.TB, s *server.Server) *service {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, s, l)
}

// serveOn runs Serve on a listener.
func serveOn(t testing.TB, s *server.Server, l net.Listener) *service {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	v := &service{url: "http://" + l.Addr().String(), addr: l.Addr().String(), stop: stop, ended: make(chan error, 1)}
	ready := make(chan struct{})
	go func() { v.ended <- s.Serve(ctx, l, func() { close(ready) }) }()
	t.Cleanup(func() {
		stop()
		<-v.ended
	})
	select {
	case <-ready:
	case err := <-v.ended:
		t.Fatal(err)
	}
	return v
}

// end stops the service and returns what Serve returned.
func (v *service) end() error {
	v.stop()
	err := <-v.ended
	v.ended <- err // for the cleanup
	return err
}

// listening is the address where a server that is ready has logged that it
// speaks something.
func listening(t testing.TB, log fmt.Stringer, speaks string) string {
	t.Helper()
	for line := range strings.Lines(log.String()) {
		if rest, ok := strings.CutSuffix(strings.TrimSpace(line), " speaks="+speaks); ok {
			_, address, _ := strings.Cut(rest, " address=")
			return address
		}
	}
	t.Fatalf("nothing speaks %s:\n%s", speaks, log)
	return ""
}

func logger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
