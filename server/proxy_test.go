package server_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"contacts/server"
)

// tunnel is a connection through the proxy of st to a host, as CONNECT gives
// it.
func tunnel(t testing.TB, st *server.StandIn, host string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", st.Proxy.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "CONNECT %[1]s:443 HTTP/1.1\r\nHost: %[1]s:443\r\n\r\n", host)
	r := bufio.NewReader(conn)
	res, err := http.ReadResponse(r, &http.Request{Method: "CONNECT"})
	if err != nil || res.StatusCode != http.StatusOK || r.Buffered() > 0 {
		t.Fatalf("CONNECT = %v, %v", res, err)
	}
	secure := tls.Client(conn, &tls.Config{RootCAs: trusting(t, st), ServerName: host})
	return secure, bufio.NewReader(secure)
}

func TestProxy(t *testing.T) {
	var log logBuffer
	c := standInConfig(t)
	c.Logger = logger(&log)
	c.StandInHosts = []string{"contacts.example.net"}
	s := open(t, c)
	addUser(t, s, "elizabeth@example.com", false)
	v := serve(t, s)
	st := s.StandIn()
	token := login(t, v.url, "elizabeth@example.com", password)

	// outside would be reached by a proxy that opens connections.
	outside, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer outside.Close()
	reached := make(chan struct{}, 1)
	go func() {
		if conn, err := outside.Accept(); err == nil {
			conn.Close()
			reached <- struct{}{}
		}
	}()

	for _, tt := range []struct {
		request string // its first line, without version
		status  int
		want    string // in the answer
	}{
		{"CONNECT www.google.com:443", 200, ""},
		{"CONNECT WWW.Google.Com:443", 200, ""},
		{"CONNECT contacts.example.net:443", 200, ""},
		{"CONNECT www.google.com:80", 403, `"www.google.com:80" is not for this proxy`},
		{"CONNECT www.google.com:8443", 403, "www.google.com, accounts.google.com, oauth2.googleapis.com, www.googleapis.com, contacts.example.net"},
		{"CONNECT google.com:443", 403, `"google.com:443" is not for this proxy`},
		{"CONNECT below.www.google.com:443", 403, `"below.www.google.com:443" is not`},
		{"CONNECT localhost:443", 403, `"localhost:443" is not`},
		{"CONNECT 127.0.0.1:443", 403, `"127.0.0.1:443" is not`},
		{"CONNECT " + outside.Addr().String(), 403, " is not for this proxy"},
		{"CONNECT [::1]:443", 403, `"[::1]:443" is not`},
		{"CONNECT " + strings.Repeat("a", 5000) + ":443", 403, " is not for this proxy"},
		{"CONNECT /m8/feeds", 403, " is not for this proxy"},
		{"CONNECT www.google.com:443:443", 400, ""},
		{"GET http://www.google.com/healthz", 200, "ok"},
		{"GET http://www.google.com:80/healthz", 200, "ok"},
		{"GET http://WWW.google.com/healthz", 200, "ok"},
		{"HEAD http://contacts.example.net/healthz", 200, ""},
		{"GET http://www.google.com:8080/healthz", 403, `"http://www.google.com:8080" is not for this proxy`},
		{"GET http://example.org/healthz", 403, `"http://example.org" is not for this proxy`},
		{"GET http://" + outside.Addr().String() + "/", 403, " is not for this proxy"},
		{"GET https://www.google.com/healthz", 403, `"https://www.google.com" is not for this proxy`},
		{"GET ftp://www.google.com/healthz", 403, `"ftp://www.google.com" is not`},
		{"GET /healthz", 400, "This is a proxy"},
		{"GET www.google.com/healthz", 400, ""},
		{"OPTIONS *", 400, ""},
	} {
		t.Run(fmt.Sprintf("STAND-24 STAND-25 STAND-26 %.60s", tt.request), func(t *testing.T) {
			conn, err := net.Dial("tcp", st.Proxy.String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: www.google.com\r\n\r\n", tt.request)
			method, _, _ := strings.Cut(tt.request, " ")
			if method == "CONNECT" {
				method = "GET" // refused, its answer has a body
				if tt.status == http.StatusOK {
					method = "HEAD" // what follows is no body
				}
			}
			got := readAnswer(t, bufio.NewReader(conn), method)
			if got.status != tt.status || !strings.Contains(got.body, tt.want) {
				t.Errorf("%d %q, want %d %q", got.status, got.body, tt.status, tt.want)
			}
			if len(got.body) > 1000 {
				t.Errorf("the answer has %d bytes", len(got.body))
			}
		})
	}
	t.Run("STAND-26 nothing was opened outside", func(t *testing.T) {
		select {
		case <-reached:
			t.Error("the proxy has opened a connection")
		default:
		}
	})

	t.Run("STAND-25 a request of version 1 over http", func(t *testing.T) {
		got := through(t, st, "POST", "http://www.google.com"+feedPath, token, entry("Georgiana Darcy"))
		if got.status != http.StatusCreated {
			t.Fatalf("POST = %d %s", got.status, got.body)
		}
		if got := through(t, st, "GET", "http://www.google.com"+feedPath, token, ""); got.status != http.StatusOK || !strings.Contains(got.body, "Georgiana Darcy") {
			t.Errorf("GET = %d %s", got.status, got.body)
		}
	})

	t.Run("STAND-24 what a client sends before the answer is not lost", func(t *testing.T) {
		conn, err := net.Dial("tcp", st.Proxy.String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		// The first bytes of TLS go out together with CONNECT.
		eager := &eagerConn{Conn: conn, r: bufio.NewReader(conn), first: "CONNECT www.google.com:443 HTTP/1.1\r\nHost: www.google.com:443\r\n\r\n"}
		secure := tls.Client(eager, &tls.Config{RootCAs: trusting(t, st), ServerName: "www.google.com"})
		fmt.Fprint(secure, "GET /healthz HTTP/1.1\r\nHost: www.google.com\r\n\r\n")
		if got := readAnswer(t, bufio.NewReader(secure), "GET"); got.status != http.StatusOK || got.body != "ok\n" {
			t.Errorf("GET = %d %q", got.status, got.body)
		}
	})

	t.Run("STAND-27 the log has the client's address", func(t *testing.T) {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 9)}}
		conn, err := dialer.Dial("tcp", st.Proxy.String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprint(conn, "CONNECT www.google.com:443 HTTP/1.1\r\nHost: www.google.com:443\r\n\r\n")
		r := bufio.NewReader(conn)
		if _, err := http.ReadResponse(r, &http.Request{Method: "CONNECT"}); err != nil {
			t.Fatal(err)
		}
		secure := tls.Client(conn, &tls.Config{RootCAs: trusting(t, st), ServerName: "www.google.com"})
		fmt.Fprint(secure, "GET /nine HTTP/1.1\r\nHost: www.google.com\r\nConnection: close\r\n\r\n")
		if _, err := io.ReadAll(secure); err != nil { // until the server is done with it
			t.Fatal(err)
		}
		if err := v.end(); err != nil { // waits for the last line
			t.Fatal(err)
		}
		for line := range strings.Lines(log.String()) {
			if strings.Contains(line, "path=/nine") && strings.Contains(line, "remote=127.0.0.9 ") {
				return
			}
		}
		t.Errorf("no such line in the log:\n%s", log.String())
	})
}

// An eagerConn sends first together with the first bytes of the client, and
// reads past the answer to it.
type eagerConn struct {
	net.Conn
	r     *bufio.Reader
	first string
	read  bool
}

func (c *eagerConn) Write(b []byte) (int, error) {
	n := len(c.first)
	sent, err := c.Conn.Write(append([]byte(c.first), b...))
	c.first = ""
	return max(0, sent-n), err
}

func (c *eagerConn) Read(b []byte) (int, error) {
	if !c.read {
		c.read = true
		if _, err := http.ReadResponse(c.r, &http.Request{Method: "CONNECT"}); err != nil {
			return 0, err
		}
	}
	return c.r.Read(b)
}

func TestProxyLimits(t *testing.T) {
	c := standInConfig(t)
	c.ReadTimeout = 5 * time.Second // also the most that whole requests may take
	s := open(t, c)
	serve(t, s)
	st := s.StandIn()
	tests := []struct {
		name, send string
		want       string // how the answer begins; empty for none
	}{
		{"a head that never ends", "CONNECT www.google.com:443 HTTP/1.1\r\nHost: ", ""},
		{"a head without limit", "CONNECT www.google.com:443 HTTP/1.1\r\nX-Long: " + strings.Repeat("x", 1<<20), "HTTP/1.1 431 "},
		{"a body that never ends", "POST http://www.google.com/accounts/ClientLogin HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nEmail=", "HTTP/1.1 4"},
		{"a tunnel without a word", "CONNECT www.google.com:443 HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 Connection established\r\n\r\n"},
		{"a tunnel with half a handshake", "CONNECT www.google.com:443 HTTP/1.1\r\nHost: x\r\n\r\n\x16\x03\x01", "HTTP/1.1 200 Connection established\r\n\r\n"},
		{"no HTTP", "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", "HTTP/1.1 400 "},
	}
	var answers []<-chan string // so that they wait together
	for _, tt := range tests {
		answers = append(answers, talk(t, st.Proxy.String(), tt.send))
	}
	for i, tt := range tests {
		t.Run("STAND-28 "+tt.name, func(t *testing.T) {
			if got := <-answers[i]; !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" {
				t.Errorf("the server answers %q, want %q", got, tt.want)
			}
		})
	}
	t.Run("STAND-28 http in the tunnel", func(t *testing.T) {
		got := <-talk(t, st.Proxy.String(), "CONNECT www.google.com:443 HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: www.google.com\r\n\r\n")
		if !strings.Contains(got, "HTTP request to an HTTPS server") {
			t.Errorf("the server answers %q", got)
		}
	})
}

func TestProxyStop(t *testing.T) {
	s := open(t, standInConfig(t))
	addUser(t, s, "elizabeth@example.com", false)
	v := serve(t, s)
	st := s.StandIn()
	token := login(t, v.url, "elizabeth@example.com", password)
	t.Run("STAND-28 a stop finishes the request under way in a tunnel", func(t *testing.T) {
		conn, r := tunnel(t, st, "www.google.com")
		body := entry("Anne de Bourgh")
		fmt.Fprint(conn, postHead("www.google.com", token, fmt.Sprintf("Expect: 100-continue\r\nContent-Length: %d", len(body))))
		if line, err := r.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
			t.Fatalf("the server says %q, %v; want 100 Continue", line, err)
		}
		if _, err := r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		v.stop() // the server now waits for the body
		for _, addr := range []string{v.addr, st.Proxy.String(), st.TLS.String()} {
			for { // until it listens no longer
				c, err := net.Dial("tcp", addr)
				if err != nil {
					break
				}
				c.Close()
			}
		}
		io.WriteString(conn, body)
		if got := readAnswer(t, r, "POST"); got.status != http.StatusCreated {
			t.Fatalf("POST = %d %s", got.status, got.body)
		}
		if err := v.end(); err != nil {
			t.Errorf("Serve() = %v", err)
		}
	})
}
