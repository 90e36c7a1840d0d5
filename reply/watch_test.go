package reply_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"contacts/reply"
	"contacts/reply/replytest"
)

// A tally remembers what a Watcher is told.
type tally struct {
	mu    sync.Mutex
	begun int
	ended []reply.Exchange
	told  chan struct{} // receives a value at each End
}

func newTally() *tally { return &tally{told: make(chan struct{}, 100)} }

func (t *tally) Begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begun++
}

func (t *tally) End(e *reply.Exchange) {
	t.mu.Lock()
	t.ended = append(t.ended, *e)
	t.mu.Unlock()
	t.told <- struct{}{}
}

// serveFront starts a server with exactly this Front.
func serveFront(t *testing.T, front *reply.Front) (*replytest.Server, *logBook) {
	t.Helper()
	book := &logBook{}
	if front.Site == nil {
		front.Site = &reply.Site{}
	}
	front.Logger = slog.New(slog.NewJSONHandler(book, nil))
	srv := unstarted(t, front, book)
	srv.Start()
	return srv, book
}

func TestWatcher(t *testing.T) {
	told := newTally()
	srv, _ := serveFront(t, &reply.Front{Watcher: told, Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reply.SetRoute(w, "/longbourn/{daughter}")
		switch r.URL.Path {
		case "/longbourn/lydia":
			panic("Brighton")
		case "/longbourn/kitty":
			reply.Unauthorized(w, r, "Bearer", "No")
			return
		}
		io.Copy(w, r.Body)
	})})
	for _, tt := range []struct {
		method, path, body string
		want               reply.Exchange
	}{
		{"POST", "/longbourn/jane", "Bingley", reply.Exchange{Status: 200, Received: 7, Sent: 7}},
		{"PUT", "/longbourn/lydia", "", reply.Exchange{Status: 500, Sent: -1}},
		{"GET", "/longbourn/kitty", "", reply.Exchange{Status: 401, Sent: -1}},
	} {
		t.Run("OPS-51 "+tt.method+" "+tt.path, func(t *testing.T) {
			req, err := http.NewRequest(tt.method, srv.URL+tt.path, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			<-told.told
			got := told.ended[len(told.ended)-1]
			if got.Took <= 0 {
				t.Errorf("took %s", got.Took)
			}
			if tt.want.Sent < 0 && got.Sent > 0 {
				tt.want.Sent = got.Sent
			}
			got.Took, tt.want.Method, tt.want.Route = 0, tt.method, "/longbourn/{daughter}"
			if got != tt.want {
				t.Errorf("End(%+v), want %+v", got, tt.want)
			}
			if told.begun != len(told.ended) {
				t.Errorf("%d begun, %d ended", told.begun, len(told.ended))
			}
		})
	}
}

func TestRequestID(t *testing.T) {
	site := &reply.Site{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/fine":
			io.WriteString(w, reply.RequestID(w))
		case "/denied":
			reply.Unauthorized(w, r, "Bearer", "No")
		default:
			http.Error(w, reply.Message(w, errors.New("the entail")), http.StatusInternalServerError)
		}
	})
	ask := func(t *testing.T, site *reply.Site, path string, ids ...string) (header, body, logged string) {
		t.Helper()
		srv, book := serveFront(t, &reply.Front{Next: next, Site: site})
		req, err := http.NewRequest("GET", srv.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header["X-Request-Id"] = ids
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		lines, all := book.lines(t)
		if len(lines) != 1 {
			t.Fatalf("log:\n%s", all)
		}
		return res.Header.Get("X-Request-Id"), string(text), lines[0]["id"].(string)
	}
	t.Run("OPS-55 a trusted proxy's number is taken over", func(t *testing.T) {
		header, body, logged := ask(t, site, "/broken", "netherfield-1:a.b_c")
		if header != "netherfield-1:a.b_c" || logged != header || !strings.Contains(body, "reference "+header) {
			t.Errorf("header %q, body %q, log %q", header, body, logged)
		}
	})
	t.Run("OPS-55 that of anybody else is not", func(t *testing.T) {
		header, body, logged := ask(t, &reply.Site{}, "/broken", "netherfield-1")
		if header == "" || header == "netherfield-1" || logged != header || !strings.Contains(body, "reference "+header) {
			t.Errorf("header %q, body %q, log %q", header, body, logged)
		}
	})
	t.Run("OPS-55 a failed sign-in has a number too", func(t *testing.T) {
		if header, _, logged := ask(t, site, "/denied", "netherfield-2"); header != "netherfield-2" || logged != header {
			t.Errorf("header %q, log %q", header, logged)
		}
	})
	t.Run("OPS-55 what worked has none in the answer", func(t *testing.T) {
		if header, body, logged := ask(t, site, "/fine", "netherfield-3"); header != "" || body != "netherfield-3" || logged != body {
			t.Errorf("header %q, body %q, log %q", header, body, logged)
		}
	})
	for name, ids := range map[string][]string{"long": {strings.Repeat("x", 65)}, "with a blank": {"a b"}, "with quotes": {`a"b`}, "given twice": {"a", "b"}, "empty": {""}} {
		t.Run("OPS-55 a number that is "+name+" is not taken over", func(t *testing.T) {
			if header, _, logged := ask(t, site, "/broken", ids...); header == "" || header == ids[0] || logged != header {
				t.Errorf("header %q, log %q", header, logged)
			}
		})
	}
}

func TestSlowRequests(t *testing.T) {
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reply.SetAccount(w, 7)
		io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/known" {
			reply.SetRoute(w, "/known")
		}
		io.WriteString(w, "done")
	})
	t.Run("OPS-56 a slow request is a warning with its stages", func(t *testing.T) {
		srv, book := serveFront(t, &reply.Front{Next: next, Slow: 1})
		res, err := http.Post(srv.URL+"/known?token=secret", "text/plain", strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		get(t, srv.URL+"/pemberley")
		lines, text := book.lines(t)
		if len(lines) != 2 {
			t.Fatalf("log:\n%s", text)
		}
		for i, route := range []string{"/known", "other"} {
			line := lines[i]
			if line["level"] != "WARN" || line["slow"] != true || line["route"] != route {
				t.Errorf("line %v, want a warning with route %s", line, route)
			}
			sum := 0.0
			for _, stage := range []string{"signin", "receive", "send", "work"} {
				took, ok := line[stage].(float64)
				if !ok || took < 0 {
					t.Errorf("%s = %v in %v", stage, line[stage], line)
				}
				sum += took
			}
			if sum != line["took"] {
				t.Errorf("the stages add up to %g, not to %v", sum, line["took"])
			}
		}
		if lines[0]["receive"] == 0.0 || lines[1]["receive"] != 0.0 {
			t.Errorf("receive = %v with a body, %v without", lines[0]["receive"], lines[1]["receive"])
		}
	})
	t.Run("OPS-56 others are not", func(t *testing.T) {
		for _, slow := range []time.Duration{0, time.Hour} {
			srv, book := serveFront(t, &reply.Front{Next: next, Slow: slow})
			get(t, srv.URL+"/known")
			if lines, text := book.lines(t); lines[0]["level"] != "INFO" || lines[0]["slow"] != nil {
				t.Errorf("with %s, log:\n%s", slow, text)
			}
		}
	})
}

// A client that stops in the middle of a body is cut off; one that goes on is
// not, however long it takes in all.
func TestStalledBody(t *testing.T) {
	// send sends a part of a body to a server with the given limits and, when that
	// part was read, the rest.
	send := func(t *testing.T, stall, all time.Duration, rest string) (*http.Response, string, reply.Exchange) {
		t.Helper()
		told, begun := newTally(), make(chan struct{})
		begin := sync.OnceFunc(func() { close(begun) })
		srv, _ := serveFront(t, &reply.Front{
			Watcher: told, Stall: stall, ReadTimeout: all,
			Next: reply.Handle(func(w http.ResponseWriter, r *http.Request) error {
				defer begin()
				first := make([]byte, 5)
				if _, err := io.ReadFull(r.Body, first); err != nil {
					return err
				}
				begin()
				b, err := reply.ReadBody(r, 1<<20)
				if err == nil {
					_, err = w.Write(append(first, b...))
				}
				return err
			}, plainFail),
		})
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nEliza")
		<-begun
		io.WriteString(conn, rest)
		in := bufio.NewReader(conn)
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if rest == "" {
			if _, err := io.Copy(io.Discard, in); err != nil { // the connection ends
				t.Fatal(err)
			}
		}
		<-told.told
		return res, string(text), told.ended[0]
	}
	t.Run("OPS-71 a body that stalls", func(t *testing.T) {
		res, _, end := send(t, 100*time.Millisecond, time.Hour, "")
		if res.StatusCode != http.StatusBadRequest {
			t.Errorf("status = %d, want 400", res.StatusCode)
		}
		if !end.Stalled || end.Received != 5 {
			t.Errorf("End(%+v), want a stall after 5 bytes", end)
		}
	})
	t.Run("OPS-71 a body that goes on", func(t *testing.T) {
		res, text, end := send(t, time.Hour, 2*time.Hour, "beth")
		if text != "Elizabeth" || res.StatusCode != http.StatusOK {
			t.Errorf("answer = %s %q", res.Status, text)
		}
		if end.Stalled || end.Received != 9 {
			t.Errorf("End(%+v), want no stall", end)
		}
	})
}
