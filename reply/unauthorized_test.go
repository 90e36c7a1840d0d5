package reply_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"contacts/reply"
	"contacts/reply/replytest"
)

var discard = slog.New(slog.DiscardHandler)

const page = "<html>\n<head>\n<title>Token expired</title>\n</head>\n<body>\n<h1>Token expired</h1>\n<h2>Error 401</h2>\n</body>\n</html>\n"

func TestUnauthorized(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("GData-Version", "3.0")
		reply.Unauthorized(w, r, `GoogleLogin realm="x"`, "Token expired")
	})
	check := func(t *testing.T, resp *http.Response, status, body string) {
		t.Helper()
		got, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if resp.Status != status {
			t.Errorf("status = %q, want %q", resp.Status, status)
		}
		if string(got) != body {
			t.Errorf("body = %q, want %q", got, body)
		}
		for name, want := range map[string]string{
			"WWW-Authenticate":       `GoogleLogin realm="x"`,
			"Content-Type":           "text/html; charset=UTF-8",
			"Cache-Control":          "private, max-age=0",
			"GData-Version":          "3.0",
			"X-Content-Type-Options": "nosniff",
		} {
			if got := resp.Header.Get(name); got != want {
				t.Errorf("%s = %q, want %q", name, got, want)
			}
		}
		if resp.Header.Get("Date") == "" {
			t.Error("no Date")
		}
	}

	t.Run("AUTH-9 AUTH-10 ERR-6 ERR-9 GET", func(t *testing.T) {
		srv, book := serve(t, &reply.Site{}, handler)
		resp, err := http.Get(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		check(t, resp, "401 Token expired", page)
		if lines, text := book.lines(t); len(lines) != 1 || lines[0]["status"] != 401.0 || lines[0]["bytes"] != float64(len(page)) {
			t.Errorf("log:\n%s", text)
		}
	})
	t.Run("AUTH-10 HEAD", func(t *testing.T) {
		srv, _ := serve(t, &reply.Site{}, handler)
		resp, err := http.Head(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		check(t, resp, "401 Token expired", "")
	})
	for name, size := range map[string]int{"no": 0, "a short": 10, "a long": 200 << 10, "an overlong": 600 << 10} {
		t.Run("AUTH-10 POST with "+name+" body that nobody reads", func(t *testing.T) {
			srv, _ := serve(t, &reply.Site{}, handler)
			resp, err := http.Post(srv.URL, "application/atom+xml", bytes.NewReader(make([]byte, size)))
			if err != nil {
				t.Fatal(err)
			}
			check(t, resp, "401 Token expired", page)
		})
	}
	t.Run("AUTH-10 POST in chunks", func(t *testing.T) {
		srv, _ := serve(t, &reply.Site{}, handler)
		resp, err := http.Post(srv.URL, "application/atom+xml", io.LimitReader(zero{}, 100<<10))
		if err != nil {
			t.Fatal(err)
		}
		check(t, resp, "401 Token expired", page)
	})
	// send writes text over a connection of its own, and gives the answer and
	// what comes after it.
	send := func(t *testing.T, text string) (*http.Response, *bufio.Reader) {
		t.Helper()
		srv, _ := serve(t, &reply.Site{}, handler)
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		io.WriteString(conn, text)
		in := bufio.NewReader(conn)
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		return resp, in
	}
	t.Run("AUTH-10 HTTP/1.0, and a client that waits for leave to send", func(t *testing.T) {
		for _, request := range []string{
			"GET / HTTP/1.0\r\n\r\n",
			"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n",
		} {
			resp, in := send(t, request)
			check(t, resp, "401 Token expired", page)
			if want := strings.Fields(request)[2]; resp.Proto != want {
				t.Errorf("protocol = %s, want %s", resp.Proto, want)
			}
			if rest, err := io.ReadAll(in); len(rest) > 0 || err != nil {
				t.Errorf("after the answer came %q, %v; want the end", rest, err)
			}
		}
	})
	// front is a server to be started, with a Front before the handler.
	front := func(t *testing.T) *replytest.Server {
		return unstarted(t, &reply.Front{Next: handler, Site: &reply.Site{}, Logger: discard}, &logBook{})
	}
	for _, scheme := range []string{"http", "https"} {
		t.Run("AUTH-136 the connection stays, "+scheme, func(t *testing.T) {
			srv := front(t)
			dial := func() (net.Conn, error) { return net.Dial("tcp", srv.Listener.Addr().String()) }
			if scheme == "https" {
				srv.StartTLS()
				dial = func() (net.Conn, error) {
					return tls.Dial("tcp", srv.Listener.Addr().String(), srv.Client().Transport.(*http.Transport).TLSClientConfig)
				}
			} else {
				srv.Start()
			}
			conn, err := dial() // one, by hand: clients may use another when they are slow
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			in := bufio.NewReader(conn)
			for i := range 4 {
				req, err := http.NewRequest("POST", srv.URL, strings.NewReader(strings.Repeat("x", i*1000)))
				if err != nil {
					t.Fatal(err)
				}
				if err := req.Write(conn); err != nil {
					t.Fatal(err)
				}
				resp, err := http.ReadResponse(in, req)
				if err != nil {
					t.Fatalf("request %d: %v", i, err)
				}
				if resp.Close {
					t.Errorf("request %d: the answer ends the connection", i)
				}
				check(t, resp, "401 Token expired", page)
			}
		})
	}
	t.Run("AUTH-136 the connection ends where it must", func(t *testing.T) {
		for name, request := range map[string]string{
			"the client wants that":         "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
			"the next request came already": "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
		} {
			resp, in := send(t, request)
			if !resp.Close {
				t.Errorf("%s: the answer does not say so", name)
			}
			check(t, resp, "401 Token expired", page)
			if rest, err := io.ReadAll(in); len(rest) > 0 || err != nil && !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("%s: after the answer came %q, %v; want the end", name, rest, err)
			}
		}
	})
	t.Run("AUTH-136 a server that is stopping takes no connection back", func(t *testing.T) {
		var srv *replytest.Server
		srv = unstarted(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			stopped, cancel := context.WithCancel(r.Context())
			cancel()
			srv.Config.Shutdown(stopped) // does not wait for this request
			handler(w, r)
		}), &logBook{})
		srv.Start()
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		if answer, err := io.ReadAll(conn); err != nil || !strings.HasSuffix(string(answer), page) {
			t.Errorf("the connection brings %q, %v; want an answer and the end", answer, err)
		}
	})
	t.Run("AUTH-9 HTTP/2, which has no phrase", func(t *testing.T) {
		srv := front(t)
		srv.EnableHTTP2 = true
		srv.StartTLS()
		resp, err := srv.Client().Get(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		if resp.ProtoMajor != 2 {
			t.Fatalf("protocol = %s, want HTTP/2.0", resp.Proto)
		}
		check(t, resp, "401 Unauthorized", page)
	})
	t.Run("AUTH-10 TLS", func(t *testing.T) {
		srv := front(t)
		srv.StartTLS()
		resp, err := srv.Client().Post(srv.URL, "text/plain", bytes.NewReader(make([]byte, 500<<10)))
		if err != nil {
			t.Fatal(err)
		}
		check(t, resp, "401 Token expired", page)
	})
	t.Run("AUTH-9 a writer that gives no connection", func(t *testing.T) {
		w := httptest.NewRecorder()
		reply.Unauthorized(w, httptest.NewRequest(http.MethodGet, "/", nil), "Bearer", "Token <expired>\r\nX: y")
		if w.Code != 401 || w.Header().Get("WWW-Authenticate") != "Bearer" || !strings.Contains(w.Body.String(), "<h1>Token &lt;expired&gt;") {
			t.Errorf("answer = %d %v %q", w.Code, w.Header(), w.Body)
		}
	})
	t.Run("AUTH-10 the phrase stays on its line", func(t *testing.T) {
		srv, _ := serve(t, &reply.Site{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			reply.Unauthorized(w, r, "Bearer", "Token\r\nX-Evil: yes")
		}))
		resp, err := http.Get(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.Status != "401 Token  X-Evil: yes" || resp.Header.Get("X-Evil") != "" {
			t.Errorf("status = %q, X-Evil = %q", resp.Status, resp.Header.Get("X-Evil"))
		}
	})
}
