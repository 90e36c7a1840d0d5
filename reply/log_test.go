package reply_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"contacts"
	"contacts/reply"
	"contacts/reply/replytest"
)

// A logBook collects log lines; servers write to it from many goroutines.
type logBook struct {
	server *replytest.Server // which writes; may be nil
	mu     sync.Mutex
	b      bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// lines returns what was logged of the requests so far, decoded and as text.
func (l *logBook) lines(t *testing.T) (lines []map[string]any, text string) {
	t.Helper()
	if l.server != nil {
		l.server.Wait()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	text = l.b.String()
	for line := range strings.Lines(text) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("log line %q: %v", line, err)
		}
		lines = append(lines, m)
	}
	return lines, text
}

// unstarted is a server of h, which writes to book.
func unstarted(t *testing.T, h http.Handler, book *logBook) *replytest.Server {
	book.server = replytest.NewUnstartedServer(h)
	t.Cleanup(book.server.Close)
	return book.server
}

// serve starts a server with a Front before h.
func serve(t *testing.T, site *reply.Site, h http.Handler) (*replytest.Server, *logBook) {
	t.Helper()
	book := &logBook{}
	front := &reply.Front{Next: h, Site: site, Logger: slog.New(slog.NewJSONHandler(book, nil))}
	srv := unstarted(t, front, book)
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	srv.Start()
	return srv, book
}

func plainFail(w http.ResponseWriter, _ *http.Request, err error) {
	http.Error(w, reply.Message(w, err), reply.Status(err))
}

func get(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

func TestFront(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/hello", func(w http.ResponseWriter, r *http.Request) {
		reply.SetAccount(w, 7)
		io.WriteString(w, "Elizabeth")
	})
	mux.HandleFunc("/empty", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("the entail") })
	mux.HandleFunc("/half", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "half")
		http.NewResponseController(w).Flush()
		panic("the rest")
	})
	for path, err := range map[string]error{
		"/broken":  errors.New("disk on fire"),
		"/refused": contacts.Errorf(contacts.Invalid, "", "no such Bennet"),
		"/full":    &contacts.Error{Kind: contacts.Unavailable, Reason: "Storage is full", Err: errors.New("no room")},
		"/limited": &contacts.Error{Kind: contacts.Unavailable, Reason: "Too many requests", Err: reply.Later(1)},
	} {
		mux.Handle(path, reply.Handle(func(http.ResponseWriter, *http.Request) error { return err }, plainFail))
	}
	mux.Handle("/panicking", reply.Handle(func(http.ResponseWriter, *http.Request) error { panic("the entail") }, plainFail))
	mux.Handle("/late", reply.Handle(func(w http.ResponseWriter, _ *http.Request) error {
		io.WriteString(w, "half")
		return errors.New("the rest is lost")
	}, plainFail))
	front := func(t *testing.T) (*replytest.Server, *logBook) { return serve(t, &reply.Site{}, mux) }

	t.Run("RES-66 every answer has the headers", func(t *testing.T) {
		srv, _ := front(t)
		for _, path := range []string{"/hello", "/empty", "/panic", "/broken", "/missing"} {
			resp, _ := get(t, srv.URL+path)
			if got := resp.Header.Get("X-Content-Type-Options"); got != "nosniff" {
				t.Errorf("%s: X-Content-Type-Options = %q", path, got)
			}
			if got := resp.Header.Get("X-Frame-Options"); got != "SAMEORIGIN" {
				t.Errorf("%s: X-Frame-Options = %q", path, got)
			}
		}
	})

	t.Run("one line a request", func(t *testing.T) {
		srv, book := front(t)
		get(t, srv.URL+"/hello?alt=json&max-results=5")
		get(t, srv.URL+"/empty")
		lines, text := book.lines(t)
		if len(lines) != 2 {
			t.Fatalf("log has %d lines, want 2:\n%s", len(lines), text)
		}
		for key, want := range map[string]any{"level": "INFO", "method": "GET", "path": "/hello", "query": "alt=json&max-results=5",
			"status": 200.0, "bytes": 9.0, "account": 7.0, "remote": "127.0.0.1"} {
			if lines[0][key] != want {
				t.Errorf("%s = %v, want %v", key, lines[0][key], want)
			}
		}
		if lines[0]["took"] == nil || lines[0]["id"] == nil || lines[0]["id"] == lines[1]["id"] {
			t.Errorf("no time, or no number of its own: %v", lines)
		}
		if lines[1]["status"] != 200.0 || lines[1]["account"] != nil {
			t.Errorf("line of an empty answer: %v", lines[1])
		}
	})

	t.Run("SEC-7 secrets and people stay out of the log", func(t *testing.T) {
		srv, book := front(t)
		req, err := http.NewRequest(http.MethodPost, srv.URL+"/hello?access_token=s3cret1&oauth_token=s3cret2&oauth_signature=s3cret3"+
			"&q=s3cret4&xoauth_requestor_id=s3cret5&ctoken=s3cret6&token=s3cret7&alt=rss&Access_Token=s3cret8&%61lt=s3cret9",
			strings.NewReader("Passwd=s3cret10"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "GoogleLogin auth=s3cret11")
		req.Header.Set("Cookie", "session=s3cret12")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		lines, text := book.lines(t)
		if strings.Contains(text, "s3cret") {
			t.Errorf("a secret is in the log:\n%s", text)
		}
		if lines[0]["query"] != "alt=rss" {
			t.Errorf("query = %v, want alt=rss", lines[0]["query"])
		}
	})

	t.Run("ERR-51 ERR-8 a fault is told by its number and logged in full", func(t *testing.T) {
		for path, cause := range map[string]string{"/broken": "disk on fire", "/panic": "panic: the entail", "/panicking": "panic: the entail"} {
			srv, book := front(t)
			resp, body := get(t, srv.URL+path)
			if resp.StatusCode != 500 || strings.Contains(body, "fire") || strings.Contains(body, "entail") || strings.Contains(body, ".go") {
				t.Errorf("%s: %s %q", path, resp.Status, body)
			}
			get(t, srv.URL+"/hello") // the server goes on
			lines, text := book.lines(t)
			line := lines[0]
			id, _ := line["id"].(string)
			if want := "Internal error (reference " + id + ")"; id == "" || strings.TrimSpace(body) != want {
				t.Errorf("%s: body = %q, want %q", path, body, want)
			}
			if line["level"] != "ERROR" || line["error"] != cause || len(lines) != 2 {
				t.Errorf("%s: log:\n%s", path, text)
			}
			stack, _ := line["stack"].(string)
			if path != "/broken" && !strings.Contains(stack, "log_test.go") {
				t.Errorf("%s: stack = %q, want one that names the handler", path, stack)
			}
		}
	})

	t.Run("an answer that breaks off does not look whole", func(t *testing.T) {
		for _, path := range []string{"/half", "/late"} {
			srv, book := front(t)
			resp, err := http.Get(srv.URL + path)
			if err == nil {
				_, err = io.ReadAll(resp.Body)
				resp.Body.Close()
			}
			if err == nil {
				t.Errorf("%s: the answer looks whole", path)
			}
			lines, text := book.lines(t)
			if len(lines) != 1 || lines[0]["level"] != "ERROR" || lines[0]["aborted"] != true {
				t.Errorf("%s: log:\n%s", path, text)
			}
		}
	})

	t.Run("what an administrator must know is an error in the log", func(t *testing.T) {
		for path, want := range map[string]string{"/refused": "INFO", "/limited": "INFO", "/full": "ERROR"} {
			srv, book := front(t)
			get(t, srv.URL+path)
			lines, text := book.lines(t)
			if lines[0]["level"] != want || strings.Contains(text, "Bennet") {
				t.Errorf("%s: want level %s, log:\n%s", path, want, text)
			}
		}
	})
}

func TestFrontDisabledLog(t *testing.T) {
	book := &logBook{}
	front := &reply.Front{
		Next:   http.NotFoundHandler(),
		Site:   &reply.Site{},
		Logger: slog.New(slog.NewJSONHandler(book, &slog.HandlerOptions{Level: slog.LevelError})),
	}
	front.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	if _, text := book.lines(t); text != "" {
		t.Errorf("log = %q, want nothing", text)
	}
}

func BenchmarkFront(b *testing.B) {
	front := &reply.Front{
		Next:   http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) }),
		Site:   &reply.Site{},
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	r := httptest.NewRequest(http.MethodGet, "/m8/feeds/contacts/default/full", nil)
	b.ReportAllocs()
	for b.Loop() {
		front.ServeHTTP(httptest.NewRecorder(), r)
	}
}
