package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"contacts"
	"contacts/server"
)

// dial opens a connection, which ends with the test.
func dial(t testing.TB, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// healthy asks for /healthz over a connection, which stays open, and reports
// whether there was an answer.
func healthy(conn net.Conn) bool {
	fmt.Fprint(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, res.Body)
	return err == nil && res.StatusCode == http.StatusOK
}

// talk sends text over a connection of its own, and gives what comes back until
// the server ends the connection, maybe with a reset.
func talk(t testing.TB, addr, text string) <-chan string {
	t.Helper()
	conn := dial(t, addr)
	go io.WriteString(conn, text) // the server may stop reading
	all := make(chan string, 1)
	go func() {
		got, _ := io.ReadAll(conn)
		all <- string(got)
	}()
	return all
}

// metric waits until a metric has at least a value.
func metric(t testing.TB, s *server.Server, series string, least float64) {
	t.Helper()
	for sample(t, server.Metrics(s), series) < least {
		runtime.Gosched()
	}
}

func TestMaxConnections(t *testing.T) {
	c := config(t)
	c.MaxConnections = 3
	s := open(t, c)
	v := serve(t, s)
	t.Run("OPS-73 the connection that is idle longest makes room", func(t *testing.T) {
		var conns []net.Conn
		for i := range 3 {
			conn := dial(t, v.addr)
			if !healthy(conn) {
				t.Fatal("no answer below the limit")
			}
			server.AwaitIdle(s, i+1) // one after the other, however late the server is
			conns = append(conns, conn)
		}
		if !healthy(conns[0]) { // now it is idle last
			t.Fatal("no answer below the limit")
		}
		server.AwaitIdle(s, 3)
		if !healthy(dial(t, v.addr)) {
			t.Error("no answer for one more")
		}
		if n, err := conns[1].Read(make([]byte, 1)); err == nil {
			t.Errorf("the second connection still gives %d bytes", n)
		}
		if !healthy(conns[0]) || !healthy(conns[2]) {
			t.Error("others were cut off too")
		}
		metric(t, s, `contactsd_connection_limits_total{limit="idle"}`, 1)
	})
	t.Run("OPS-73 one more is refused if none is idle", func(t *testing.T) {
		c := config(t)
		c.MaxConnections = 2
		s := open(t, c)
		v := serve(t, s)
		for range 2 {
			conn := dial(t, v.addr)
			fmt.Fprint(conn, "GET /healthz HTTP/1.1\r\n") // it is not idle: its head does not end
		}
		if _, err := dial(t, v.addr).Read(make([]byte, 1)); err == nil {
			t.Error("a third connection is open")
		}
		if n := sample(t, server.Metrics(s), `contactsd_connection_limits_total{limit="full"}`); n != 1 { // rather than a head that was late
			t.Errorf("%g connections were refused, want 1", n)
		}
	})
}

func TestMaxConnectionsPerAddress(t *testing.T) {
	t.Run("OPS-74 one address has its share", func(t *testing.T) {
		c := config(t)
		c.MaxConnectionsPerAddress = 2
		s := open(t, c)
		v := serve(t, s)
		first, second := dial(t, v.addr), dial(t, v.addr)
		if !healthy(first) || !healthy(second) {
			t.Fatal("no answer below the limit")
		}
		if healthy(dial(t, v.addr)) {
			t.Error("a third connection is answered")
		}
		metric(t, s, `contactsd_connection_limits_total{limit="address"}`, 1)
		first.Close()
		for answered := false; !answered; runtime.Gosched() { // until the server has seen it
			conn := dial(t, v.addr)
			answered = healthy(conn)
			conn.Close()
		}
	})
	t.Run("OPS-74 a trusted proxy has no limit", func(t *testing.T) {
		c := config(t)
		c.MaxConnectionsPerAddress = 2
		c.TrustedProxies = []string{"127.0.0.1"}
		v := serve(t, open(t, c))
		for range 5 {
			if !healthy(dial(t, v.addr)) {
				t.Error("a connection is refused")
			}
		}
	})
}

// Connections that do nothing cost little, and nothing when they have gone.
func TestIdleConnections(t *testing.T) {
	t.Run("OPS-73 two thousand idle connections stay flat", func(t *testing.T) {
		const n = 2000
		c := config(t)
		c.MaxConnectionsPerAddress = 0
		s := open(t, c)
		v := serve(t, s)
		heap := func() uint64 {
			runtime.GC()
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.HeapAlloc + m.StackInuse
		}
		before := heap()
		conns := make([]net.Conn, n)
		for i := range conns {
			if conns[i] = dial(t, v.addr); !healthy(conns[i]) {
				t.Fatalf("no answer on connection %d", i)
			}
		}
		used := (float64(heap()) - float64(before)) / n
		if used > 64<<10 { // both ends of it are here
			t.Errorf("an idle connection takes %.0f bytes", used)
		}
		t.Logf("%.0f bytes for both ends of an idle connection", used)
		for _, conn := range conns {
			conn.Close()
		}
		for sample(t, server.Metrics(s), "contactsd_connections") > 0 {
			runtime.Gosched()
		}
	})
}

// A client that takes nothing of a large page neither holds the database nor
// stays for ever.
func TestSlowReader(t *testing.T) {
	c := config(t)
	c.StallTimeout = 5 * time.Second // also the most that one who reads on may stand still
	token := account(t, c, "elizabeth@example.com")
	s := open(t, c)
	v := serve(t, s)
	fill(t, s, "elizabeth@example.com", 1000, 12<<10)
	const page = feedPath + "?max-results=1000"

	conns := make([]net.Conn, 4)
	for i := range conns {
		conn := dial(t, v.addr)
		if err := conn.(*net.TCPConn).SetReadBuffer(64 << 10); err != nil { // wherever the system would take the whole page for the client
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nGData-Version: 3.0\r\nAuthorization: GoogleLogin auth=%s\r\n\r\n", page, token)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || res.StatusCode != http.StatusOK || res.ContentLength < 9<<20 {
			t.Fatalf("GET = %v, %v; want a page of 10 MB", res, err)
		}
		conns[i] = conn // the rest of the page is for nobody
	}
	t.Run("OPS-72 slow readers hold no transaction", func(t *testing.T) {
		if got := sample(t, server.Metrics(s), "contactsd_store_readers"); got >= float64(len(conns)) {
			t.Errorf("%g transactions are open while clients read", got)
		}
		if got := do(t, "POST", v.url+feedPath, token, entry("Mr. Gardiner")); got.status != http.StatusCreated {
			t.Errorf("POST meanwhile = %d %s", got.status, got.body)
		}
	})
	t.Run("OPS-72 slow readers are cut off", func(t *testing.T) {
		metric(t, s, `contactsd_connection_limits_total{limit="slow_answer"}`, float64(len(conns)))
		for _, conn := range conns {
			if n, _ := io.Copy(io.Discard, conn); n >= 9<<20 {
				t.Errorf("a client got all %d bytes", n)
			}
		}
	})
	t.Run("OPS-72 one that reads on is served", func(t *testing.T) {
		conn := dial(t, v.addr)
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nGData-Version: 3.0\r\nAuthorization: GoogleLogin auth=%s\r\nConnection: close\r\n\r\n", page, token)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, res.Body); err != nil || n != res.ContentLength {
			t.Errorf("the client got %d bytes of %d, %v", n, res.ContentLength, err)
		}
	})
}

// A client that sends nothing more is cut off long before read_timeout.
func TestSlowWriter(t *testing.T) {
	c := config(t)
	c.StallTimeout = 2 * time.Second
	token := account(t, c, "elizabeth@example.com")
	s := open(t, c)
	v := serve(t, s)
	t.Run("OPS-71 a body that stops", func(t *testing.T) {
		conn := dial(t, v.addr)
		fmt.Fprint(conn, postHead(v.addr, token, "Content-Length: 1000")+"<entry")
		got, _ := io.ReadAll(conn) // until the server ends the connection
		if !strings.HasPrefix(string(got), "HTTP/1.1 400 ") {
			t.Errorf("the server answers %q, want 400", got)
		}
		metric(t, s, `contactsd_connection_limits_total{limit="slow_body"}`, 1)
	})
	t.Run("OPS-70 a head that is too long", func(t *testing.T) {
		if got := <-talk(t, v.addr, "GET / HTTP/1.1\r\nHost: x\r\nX-Long: "+strings.Repeat("x", 80<<10)+"\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 431 ") {
			t.Errorf("the server answers %.40q, want 431", got)
		}
	})
	t.Run("OPS-70 a head that stops", func(t *testing.T) {
		c := config(t)
		c.ReadTimeout = 100 * time.Millisecond
		if got := <-talk(t, serve(t, open(t, c)).addr, "GET / HTTP/1.1\r\nHost: "); got != "" {
			t.Errorf("the server answers %q, want nothing", got)
		}
	})
}

// fill gives a user contacts with long notes.
func fill(t testing.TB, s *server.Server, email string, n, size int) {
	t.Helper()
	notes := strings.Repeat("x", size)
	for i := range n {
		if err := server.Insert(s, email, &contacts.Contact{Name: contacts.Name{Full: fmt.Sprintf("Gardiner child %d", i)}, Notes: notes}); err != nil {
			t.Fatal(err)
		}
	}
}
