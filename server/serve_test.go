package server_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"contacts"
	"contacts/reply/replytest"
	"contacts/server"
)

func TestServe(t *testing.T) {
	s := open(t, config(t))
	addUser(t, s, "elizabeth@example.com", false)
	v := serve(t, s)
	token := login(t, v.url, "elizabeth@example.com", password)

	t.Run("RES-68 one connection carries several requests with chunked bodies", func(t *testing.T) {
		conn, err := net.Dial("tcp", v.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		r := bufio.NewReader(conn)
		for i := range 3 {
			fmt.Fprint(conn, postHead(v.addr, token, "Transfer-Encoding: chunked"))
			body := entry(fmt.Sprintf("Gardiner child No%d", i))
			fmt.Fprintf(conn, "%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", 20, body[:20], len(body)-20, body[20:])
			if got := readAnswer(t, r, "POST"); got.status != http.StatusCreated {
				t.Fatalf("POST = %d %s", got.status, got.body)
			}
		}
	})

	t.Run("a stop finishes the request under way", func(t *testing.T) {
		conn, err := net.Dial("tcp", v.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		r := bufio.NewReader(conn)
		body := entry("Anne de Bourgh")
		fmt.Fprint(conn, postHead(v.addr, token, fmt.Sprintf("Expect: 100-continue\r\nContent-Length: %d", len(body))))
		if line, err := r.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
			t.Fatalf("the server says %q, %v; want 100 Continue", line, err)
		}
		if _, err := r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		v.stop() // the server now waits for the body
		for {    // until it listens no longer
			c, err := net.Dial("tcp", v.addr)
			if err != nil {
				break
			}
			c.Close()
		}
		io.WriteString(conn, body)
		if got := readAnswer(t, r, "POST"); got.status != http.StatusCreated {
			t.Fatalf("POST = %d %s", got.status, got.body)
		}
		if err := v.end(); err != nil {
			t.Errorf("Serve() = %v", err)
		}
	})

	t.Run("what was answered is there after the next start", func(t *testing.T) {
		v := serve(t, s)
		got := do(t, "GET", v.url+feedPath, token, "")
		if !strings.Contains(got.body, "Anne de Bourgh") {
			t.Errorf("GET = %d %s", got.status, got.body)
		}
	})
}

func postHead(addr, token, more string) string {
	return "POST " + feedPath + " HTTP/1.1\r\nHost: " + addr + "\r\nGData-Version: 3.0\r\nAuthorization: GoogleLogin auth=" + token +
		"\r\nContent-Type: application/atom+xml\r\n" + more + "\r\n\r\n"
}

// What does not end, or is no request at all, costs its own connection only.
func TestServeBadInput(t *testing.T) {
	c := config(t)
	c.ReadTimeout = 5 * time.Second // also the most that whole requests may take
	token := account(t, c, "elizabeth@example.com")
	v := serve(t, open(t, c))
	tests := []struct {
		name, send string
		want       string // how the answer begins; empty for none
	}{
		{"a body that never ends", postHead(v.addr, token, "Content-Length: 1000") + "<entry", "HTTP/1.1 4"},
		{"a chunk that never ends", postHead(v.addr, token, "Transfer-Encoding: chunked") + "ff\r\n<entry", "HTTP/1.1 4"},
		{"a head that never ends", "GET " + feedPath + " HTTP/1.1\r\nHost: ", ""},
		{"a head without limit", "GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat("x", 1<<20), "HTTP/1.1 431 "},
		{"a path without limit", "GET /" + strings.Repeat("x", 1<<20) + " HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 431 "},
		{"no HTTP", "Till this moment I never knew myself.\r\n\r\n", "HTTP/1.1 400 "},
		{"a wrong version", "GET / HTTP/9.9\r\nHost: x\r\n\r\n", "HTTP/1.1 505 "},
		{"garbage in the path", "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 "},
	}
	var answers []<-chan string // so that they wait together
	for _, tt := range tests {
		answers = append(answers, talk(t, v.addr, tt.send))
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := <-answers[i]; !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" {
				t.Errorf("the server answers %q, want %q", got, tt.want)
			}
		})
	}
	if got := do(t, "GET", v.url+feedPath, token, ""); got.status != http.StatusOK || !strings.Contains(got.body, "<openSearch:totalResults>0<") {
		t.Errorf("afterwards GET = %d %s", got.status, got.body)
	}
}

func TestShutdownTimeout(t *testing.T) {
	c := config(t)
	c.ShutdownTimeout = time.Millisecond
	s := open(t, c)
	addUser(t, s, "elizabeth@example.com", false)
	v := serve(t, s)
	token := login(t, v.url, "elizabeth@example.com", password)
	conn, err := net.Dial("tcp", v.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, postHead(v.addr, token, "Expect: 100-continue\r\nContent-Length: 1000"))
	if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := v.end(); err == nil || !strings.Contains(err.Error(), "shutdown_timeout") {
		t.Errorf("Serve() = %v, want an error that names shutdown_timeout", err)
	}
}

// A client that was refused keeps its connection, and nobody waits for it: not
// who needs its place, and not a stop.
func TestConnectionOfARefused(t *testing.T) {
	c := config(t)
	c.MaxConnections = 1
	c.ShutdownTimeout = 3 * time.Second // net/http waits 5 for a request on a new connection
	s := open(t, c)
	v := serve(t, s)
	refused := func(t *testing.T, conn net.Conn) {
		t.Helper()
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", feedPath, v.addr)
		if got := readAnswer(t, bufio.NewReader(conn), "GET"); got.status != http.StatusUnauthorized {
			t.Fatalf("GET = %d %s", got.status, got.body)
		}
		server.AwaitIdle(s, 1)
	}
	t.Run("AUTH-136 it carries further requests", func(t *testing.T) {
		conn := dial(t, v.addr)
		for range 3 {
			refused(t, conn)
		}
		if !healthy(conn) {
			t.Error("no answer after the refusals")
		}
		server.AwaitIdle(s, 1)
	})
	t.Run("AUTH-136 OPS-73 it makes room", func(t *testing.T) {
		for range 2 {
			refused(t, dial(t, v.addr))
		}
	})
	t.Run("AUTH-136 a stop ends it", func(t *testing.T) {
		for try := 1; ; try++ { // a machine that pauses may spoil some, but not all
			conn := dial(t, v.addr)
			refused(t, conn)
			err := v.end()
			if err != nil && try < 10 {
				t.Logf("try %d: Serve() = %v", try, err)
				v = serve(t, s)
				continue
			}
			if err != nil {
				t.Errorf("Serve() = %v", err)
			}
			if n, err := conn.Read(make([]byte, 1)); n > 0 || err != io.EOF {
				t.Errorf("Read = %d, %v; want the end", n, err)
			}
			return
		}
	})
}

func TestIDBase(t *testing.T) {
	t.Run("RES-63 ids keep the authority of the first start", func(t *testing.T) {
		c := config(t)
		c.PublicURL = "https://contacts.example.com/"
		s := open(t, c)
		addUser(t, s, "elizabeth@example.com", false)
		v := serve(t, s)
		token := login(t, v.url, "elizabeth@example.com", password)
		const id = "<id>http://contacts.example.com/m8/feeds/contacts/elizabeth%40example.com/base/"
		if got := do(t, "POST", v.url+feedPath, token, entry("Mrs. Hill")); !strings.Contains(got.body, id) {
			t.Fatalf("POST = %d %s, want %s", got.status, got.body, id)
		}
		v.end()
		s.Close()

		c.PublicURL = "https://elsewhere.example.org"
		s = open(t, c)
		v = serve(t, s)
		got := do(t, "GET", v.url+feedPath, token, "")
		if !strings.Contains(got.body, id) || !strings.Contains(got.body, `href='https://elsewhere.example.org/m8/feeds/`) &&
			!strings.Contains(got.body, `href="https://elsewhere.example.org/m8/feeds/`) {
			t.Errorf("after a move GET = %d %s, want %s and links to elsewhere", got.status, got.body, id)
		}
		v.end()
		s.Close()

		c.IDBase = "http://www.google.com"
		s = open(t, c)
		v = serve(t, s)
		if got := do(t, "GET", v.url+feedPath, token, ""); !strings.Contains(got.body, "<id>http://www.google.com/m8/") {
			t.Errorf("with id_base GET = %d %s", got.status, got.body)
		}
	})

	t.Run("RES-63 without a public URL ids name the listener", func(t *testing.T) {
		s := open(t, config(t))
		addUser(t, s, "elizabeth@example.com", false)
		v := serve(t, s)
		token := login(t, v.url, "elizabeth@example.com", password)
		got := target(t, v.addr, "GET", feedPath, "www.google.com", token)
		if got.status != http.StatusOK || strings.Contains(got.body, "<id>http://www.google.com/") {
			t.Errorf("ids follow the Host: %d %s", got.status, got.body)
		}
		if got := do(t, "POST", v.url+feedPath, token, entry("Mrs. Hill")); !strings.Contains(got.body, "<id>"+v.url+"/m8/feeds/contacts/") {
			t.Errorf("POST = %d %s", got.status, got.body)
		}
	})
}

func TestTLS(t *testing.T) {
	now := &clock{now: time.Now()}
	var log logBuffer
	c := config(t)
	c.Logger = logger(&log)
	c.Now = now.Now
	dir := t.TempDir()
	c.TLSCert, c.TLSKey = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	cert := writeCertificate(t, c, "contacts.example.com")
	s := open(t, c)
	addUser(t, s, "elizabeth@example.com", false)
	v := serve(t, s)

	// get reads over a new connection from a server that has exactly this certificate.
	get := func(path string, cert *x509.Certificate, token string) (int, error) {
		pool := x509.NewCertPool()
		pool.AddCert(cert)
		client := &http.Client{Transport: &http.Transport{
			DisableKeepAlives: true,
			TLSClientConfig:   &tls.Config{RootCAs: pool, ServerName: "contacts.example.com"},
		}}
		req, err := http.NewRequest("GET", "https://"+v.addr+path, nil)
		if err != nil {
			return 0, err
		}
		req.Header.Set("Authorization", "GoogleLogin auth="+token)
		res, err := client.Do(req)
		if err != nil {
			return 0, err
		}
		return res.StatusCode, res.Body.Close()
	}

	t.Run("RES-60 http and https answer side by side", func(t *testing.T) {
		d := c
		d.TLSCert, d.TLSKey = "", ""
		plain := replytest.NewServer(open(t, d).Handler()) // on the same data
		defer plain.Close()
		token := login(t, plain.URL, "elizabeth@example.com", password)
		made := do(t, "POST", plain.URL+feedPath, token, entry("Maria Lucas"))
		if made.status != http.StatusCreated {
			t.Fatalf("POST over http = %d %s", made.status, made.body)
		}
		if status, err := get(hrefPath(t, made.header.Get("Location")), cert, token); status != http.StatusOK || err != nil {
			t.Errorf("GET over https = %d, %v", status, err)
		}
	})

	t.Run("OPS-61 a renewed certificate is taken up", func(t *testing.T) {
		renewed := writeCertificate(t, c, "contacts.example.com")
		later := time.Now().Add(time.Hour)
		if err := os.Chtimes(c.TLSCert, later, later); err != nil { // files of one moment may have one time
			t.Fatal(err)
		}
		now.pass(time.Hour)
		if status, err := get("/readyz", renewed, ""); status != http.StatusOK || err != nil {
			t.Errorf("GET with the new certificate = %d, %v", status, err)
		}
		cert = renewed
	})

	t.Run("OPS-62 one that has ended, or that the key does not belong to, keeps the old one in use", func(t *testing.T) {
		key, err := os.ReadFile(c.TLSKey)
		if err != nil {
			t.Fatal(err)
		}
		writeCertificateUntil(t, c, "contacts.example.com", now.Now().Add(-time.Minute))
		now.pass(2 * time.Minute)
		if status, err := get("/readyz", cert, ""); status != http.StatusOK || err != nil {
			t.Errorf("GET with a certificate that has ended = %d, %v", status, err)
		}
		writeCertificate(t, c, "contacts.example.com")
		if err := os.WriteFile(c.TLSKey, key, 0o600); err != nil {
			t.Fatal(err)
		}
		now.pass(2 * time.Minute)
		if status, err := get("/readyz", cert, ""); status != http.StatusOK || err != nil {
			t.Errorf("GET with another key = %d, %v", status, err)
		}
		if n := strings.Count(log.String(), "keeping the old certificate"); n != 2 {
			t.Errorf("the log has %d warnings, want 2:\n%s", n, log.String())
		}
	})

	t.Run("OPS-62 a broken certificate keeps the old one in use, but stops a start", func(t *testing.T) {
		if err := os.WriteFile(c.TLSCert, []byte("nothing"), 0o600); err != nil {
			t.Fatal(err)
		}
		now.pass(time.Hour)
		if status, err := get("/readyz", cert, ""); status != http.StatusOK || err != nil {
			t.Errorf("GET = %d, %v", status, err)
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		d := config(t)
		d.TLSCert, d.TLSKey = c.TLSCert, c.TLSKey
		err = open(t, d).Serve(t.Context(), l, func() {})
		if contacts.KindOf(err) != contacts.Invalid || !strings.Contains(err.Error(), "tls_cert") {
			t.Errorf("Serve() = %v, want kind Invalid and tls_cert", err)
		}
	})
}

// writeCertificate writes the files of c for a new self-signed certificate.
func writeCertificate(t *testing.T, c server.Config, name string) *x509.Certificate {
	t.Helper()
	return writeCertificateUntil(t, c, name, time.Now().Add(time.Hour))
}

func writeCertificateUntil(t *testing.T, c server.Config, name string, end time.Time) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(1),
		DNSNames:     []string{name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     end,
	}, &x509.Certificate{SerialNumber: big.NewInt(1)}, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{
		c.TLSCert: {Type: "CERTIFICATE", Bytes: der},
		c.TLSKey:  {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}
