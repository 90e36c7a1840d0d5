package server_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"contacts"
	"contacts/server"
)

var originalHosts = []string{"www.google.com", "accounts.google.com", "oauth2.googleapis.com", "www.googleapis.com"}

// standInConfig is that of a stand-in on free ports, on an empty directory.
func standInConfig(t testing.TB) server.Config {
	t.Helper()
	c := config(t)
	c.StandIn = true
	c.TLSListen, c.ProxyListen = "127.0.0.1:0", "127.0.0.1:0"
	return c
}

// trusting is a pool of the authority of st alone.
func trusting(t testing.TB, st *server.StandIn) *x509.CertPool {
	t.Helper()
	pool := x509.NewCertPool()
	for _, c := range readCertificates(t, st.Authority) {
		pool.AddCert(c)
	}
	return pool
}

// readCertificates gives the certificates of a PEM file.
func readCertificates(t testing.TB, file string) (certs []*x509.Certificate) {
	t.Helper()
	rest, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for block, rest := pem.Decode(rest); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		certs = append(certs, c)
	}
	return certs
}

// through sends a request through the proxy of st, as a program that has the
// URL built in does.
func through(t testing.TB, st *server.StandIn, method, target, token, body string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
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
	transport := &http.Transport{
		Proxy:           http.ProxyURL(&url.URL{Scheme: "http", Host: st.Proxy.String()}),
		TLSClientConfig: &tls.Config{RootCAs: trusting(t, st)},
	}
	defer transport.CloseIdleConnections()
	res, err := transport.RoundTrip(req)
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

// handshake asks for the certificate of a name, without judging it.
func handshake(t testing.TB, addr, name string) []*x509.Certificate {
	t.Helper()
	conn, err := tls.Dial("tcp", addr, &tls.Config{ServerName: name, InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates
}

// serveError is what Serve returns at once for settings that it cannot use.
func serveError(t testing.TB, c server.Config) error {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	return open(t, c).Serve(ctx, l, stop) // a server that starts ends at once, without error
}

func TestStandIn(t *testing.T) {
	c := standInConfig(t)
	s := open(t, c)
	addUser(t, s, "elizabeth@example.com", false)
	v := serve(t, s)
	st := s.StandIn()

	var token string
	t.Run("STAND-1 STAND-24 sign-in and data under the original names", func(t *testing.T) {
		if !slices.Equal(st.Hosts, originalHosts) {
			t.Errorf("hosts = %q, want %q", st.Hosts, originalHosts)
		}
		form := url.Values{"Email": {"elizabeth@example.com"}, "Passwd": {password}, "service": {"cp"}}
		client := &http.Client{Transport: &http.Transport{
			DisableKeepAlives: true,
			Proxy:             http.ProxyURL(&url.URL{Scheme: "http", Host: st.Proxy.String()}),
			TLSClientConfig:   &tls.Config{RootCAs: trusting(t, st)},
		}}
		res, err := client.PostForm("https://www.google.com/accounts/ClientLogin", form)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		_, token, _ = strings.Cut(strings.TrimSpace(string(text)), "\nAuth=")
		got := through(t, st, "POST", "https://www.google.com"+feedPath, token, entry("Charlotte Lucas"))
		if got.status != http.StatusCreated {
			t.Fatalf("POST = %d %s", got.status, got.body)
		}
		for _, host := range originalHosts {
			if got := through(t, st, "GET", "https://"+host+feedPath, token, ""); got.status != http.StatusOK || !strings.Contains(got.body, "Charlotte Lucas") {
				t.Errorf("GET from %s = %d %s", host, got.status, got.body)
			}
		}
	})

	t.Run("STAND-40 STAND-41 links keep the host that was asked, and ids do not", func(t *testing.T) {
		for _, base := range []string{"https://www.google.com", "https://www.googleapis.com", "http://www.google.com"} {
			got := through(t, st, "GET", base+feedPath, token, "")
			if !strings.Contains(got.body, `href='`+base+`/m8/`) && !strings.Contains(got.body, `href="`+base+`/m8/`) {
				t.Errorf("no links to %s: %s", base, got.body)
			}
			if !strings.Contains(got.body, "<id>http://www.google.com/m8/feeds/contacts/elizabeth%40example.com/base/") {
				t.Errorf("ids asked from %s: %s", base, got.body)
			}
		}
	})

	t.Run("STAND-20 http and https answer alike, side by side", func(t *testing.T) {
		client := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: trusting(t, st)}}
		for _, base := range []string{v.url, "https://" + st.TLS.String()} {
			req, err := http.NewRequest("GET", base+feedPath, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "GoogleLogin auth="+token)
			res, err := client.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(res.Body)
			res.Body.Close()
			if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(text), "Charlotte Lucas") {
				t.Errorf("GET from %s = %d, %v %s", base, res.StatusCode, err, text)
			}
		}
	})
}

func TestStandInLinks(t *testing.T) {
	c := standInConfig(t)
	c.PublicURL = "https://contacts.example.com"
	c.StandInHosts = []string{"Www.Example.NET"}
	s := open(t, c)
	addUser(t, s, "elizabeth@example.com", false)
	v := serve(t, s)
	token := login(t, v.url, "elizabeth@example.com", password)
	for host, base := range map[string]string{
		"www.google.com":      "http://www.google.com",
		"www.google.com:8443": "http://www.google.com:8443",
		"WWW.EXAMPLE.NET":     "http://WWW.EXAMPLE.NET",
		"127.0.0.1":           c.PublicURL,
		"evil.example.org":    c.PublicURL,
		"google.com":          c.PublicURL,
	} {
		t.Run("STAND-40 STAND-41 with public_url, asked as "+host, func(t *testing.T) {
			got := target(t, v.addr, "GET", feedPath, host, token)
			if got.status != http.StatusOK || !strings.Contains(got.body, base+"/m8/feeds/contacts/elizabeth%40example.com/full") {
				t.Errorf("GET = %d %s, want links to %s", got.status, got.body, base)
			}
			if strings.Contains(got.body, "<id>http://www.google.com/") {
				t.Errorf("ids of another host: %s", got.body)
			}
		})
	}
}

func TestStandInCertificate(t *testing.T) {
	now := &clock{now: time.Now()}
	c := standInConfig(t)
	c.Now = now.Now
	c.StandInHosts = []string{"contacts.example.net"}
	s := open(t, c)
	serve(t, s)
	st := s.StandIn()
	verify := func(t *testing.T, chain []*x509.Certificate, name string) error {
		t.Helper()
		inter := x509.NewCertPool()
		for _, c := range chain[1:] {
			inter.AddCert(c)
		}
		_, err := chain[0].Verify(x509.VerifyOptions{DNSName: name, Roots: trusting(t, st), Intermediates: inter, CurrentTime: now.Now()})
		return err
	}

	first := handshake(t, st.TLS.String(), "www.google.com")
	t.Run("STAND-5 the chain holds for every host and this machine", func(t *testing.T) {
		for _, name := range append(slices.Clone(originalHosts), "contacts.example.net", "localhost", "127.0.0.1", "::1") {
			if err := verify(t, handshake(t, st.TLS.String(), name), name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if life := first[0].NotAfter.Sub(now.Now()); life > 90*24*time.Hour {
			t.Errorf("it lasts %s, want 90 days at most", life)
		}
		if again := handshake(t, st.TLS.String(), "localhost"); !again[0].Equal(first[0]) {
			t.Error("another handshake brings another certificate")
		}
	})
	t.Run("STAND-5 it is replaced 30 days before its end", func(t *testing.T) {
		now.pass(59 * 24 * time.Hour)
		if !handshake(t, st.TLS.String(), "www.google.com")[0].Equal(first[0]) {
			t.Error("replaced after 59 days")
		}
		now.pass(2 * 24 * time.Hour)
		chain := handshake(t, st.TLS.String(), "www.google.com")
		if chain[0].Equal(first[0]) {
			t.Error("not replaced after 61 days")
		}
		if err := verify(t, chain, "www.google.com"); err != nil {
			t.Error(err)
		}
	})
	t.Run("STAND-5 it never outlasts the authority", func(t *testing.T) {
		root := readCertificates(t, st.Authority)[0]
		now.pass(root.NotAfter.Sub(now.Now()) - 10*24*time.Hour)
		chain := handshake(t, st.TLS.String(), "www.google.com")
		if err := verify(t, chain, "www.google.com"); err != nil || chain[0].NotAfter.After(root.NotAfter) {
			t.Errorf("ends %s, the authority %s: %v", chain[0].NotAfter, root.NotAfter, err)
		}
	})
}

func TestStandInWithCertificate(t *testing.T) {
	c := standInConfig(t)
	dir := t.TempDir()
	c.TLSCert, c.TLSKey = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	own := writeCertificate(t, c, "contacts.example.com")
	s := open(t, c)
	v := serve(t, s)
	st := s.StandIn()
	for _, tt := range []struct {
		name string
		own  bool
	}{
		{"contacts.example.com", true}, {"www.google.com", false}, {"Accounts.Google.com", false}, {"localhost", false},
		{"127.0.0.1", false}, // a client sends no address as name
	} {
		t.Run("STAND-22 the certificate for "+tt.name, func(t *testing.T) {
			if got := handshake(t, st.TLS.String(), tt.name)[0].Equal(own); got != tt.own {
				t.Errorf("the configured one: %v, want %v", got, tt.own)
			}
		})
	}
	t.Run("STAND-21 listen speaks http", func(t *testing.T) {
		if got := do(t, "GET", v.url+"/healthz", "", ""); got.status != http.StatusOK {
			t.Errorf("GET = %d", got.status)
		}
	})
}

// Without standing in, https can stand beside http as well.
func TestTLSListen(t *testing.T) {
	dir := t.TempDir()
	c := config(t)
	c.TLSCert, c.TLSKey = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	own := writeCertificate(t, c, "contacts.example.com")
	var log logBuffer
	c.TLSListen, c.Logger = "127.0.0.1:0", logger(&log)
	if c.Scheme() != "http" {
		t.Errorf("Scheme() = %s with tls_listen, want http", c.Scheme())
	}
	v := serve(t, open(t, c))
	t.Run("STAND-20 STAND-21 RES-60 http on listen, https on tls_listen", func(t *testing.T) {
		if got := do(t, "GET", v.url+"/healthz", "", ""); got.status != http.StatusOK {
			t.Errorf("GET = %d", got.status)
		}
		if !handshake(t, listening(t, &log, "https"), "contacts.example.com")[0].Equal(own) {
			t.Error("another certificate than the configured one")
		}
	})
}

func TestStandInSettings(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, tt := range []struct {
		name string
		set  func(*server.Config)
		want string // in the error
		kind contacts.Kind
	}{
		{"STAND-1 a host without stand_in", func(c *server.Config) { *c = server.Config{StandInHosts: []string{"a.example.com"}} }, "stand_in_host: needs stand_in", contacts.Invalid},
		{"STAND-1 a proxy without stand_in", func(c *server.Config) { *c = server.Config{ProxyListen: "127.0.0.1:0"} }, "proxy_listen: needs stand_in", contacts.Invalid},
		{"STAND-21 https without certificate", func(c *server.Config) { *c = server.Config{TLSListen: "127.0.0.1:0"} }, "tls_listen: needs tls_cert", contacts.Invalid},
		{"STAND-20 STAND-23 nothing but off", func(c *server.Config) { c.TLSListen, c.ProxyListen = "off", "off" }, "stand_in: needs tls_listen or proxy_listen", contacts.Invalid},
		{"STAND-29 the port of https is taken", func(c *server.Config) { c.TLSListen = taken.Addr().String() }, "tls_listen: listen tcp " + taken.Addr().String(), ""},
		{"STAND-29 the port of the proxy is taken", func(c *server.Config) { c.ProxyListen = taken.Addr().String() }, "proxy_listen: listen tcp " + taken.Addr().String(), ""},
		{"STAND-29 no address", func(c *server.Config) { c.ProxyListen = "8081" }, "proxy_listen: listen tcp", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := standInConfig(t)
			base := c
			tt.set(&c)
			if !c.StandIn { // only the settings at hand, on defaults
				d := config(t)
				d.StandInHosts, d.ProxyListen, d.TLSListen = c.StandInHosts, c.ProxyListen, c.TLSListen
				c = d
			}
			_, err := server.Open(t.Context(), c)
			if tt.kind == "" {
				err = serveError(t, c)
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || contacts.KindOf(err) != tt.kind {
				t.Errorf("error = %v of kind %q, want %q of kind %q", err, contacts.KindOf(err), tt.want, tt.kind)
			}
			if err := serveError(t, base); err != nil { // what was opened is closed again
				t.Errorf("afterwards: %v", err)
			}
		})
	}
	t.Run("STAND-20 STAND-23 off closes one of the two", func(t *testing.T) {
		c := standInConfig(t)
		c.TLSListen = "off"
		s := open(t, c)
		v := serve(t, s)
		if st := s.StandIn(); st.TLS != nil || st.Proxy == nil {
			t.Errorf("listeners %v and %v, want none and the proxy", st.TLS, st.Proxy)
		}
		if got := through(t, s.StandIn(), "GET", "https://www.google.com/healthz", "", ""); got.status != http.StatusOK {
			t.Errorf("GET = %d", got.status)
		}
		if err := v.end(); err != nil {
			t.Fatal(err)
		}
		c.TLSListen, c.ProxyListen = "127.0.0.1:0", "off"
		s = open(t, c)
		serve(t, s)
		if st := s.StandIn(); st.TLS == nil || st.Proxy != nil {
			t.Errorf("listeners %v and %v, want https and none", st.TLS, st.Proxy)
		}
	})
	for _, host := range []string{"", "google", "localhost", "127.0.0.1", "1.2.3", "::1", "*.example.com", "a.example.com:443", "a.example.com.",
		".example.com", "a..example.com", "-a.example.com", "a-.example.com", "longbourn house.example.com", "héloïse.example.com",
		"https://a.example.com", strings.Repeat("a", 64) + ".example.com", strings.Repeat("a.", 127) + "com", "a_b.example.com"} {
		t.Run(fmt.Sprintf("STAND-8 %.30q is no host", host), func(t *testing.T) {
			c := standInConfig(t)
			c.StandInHosts = []string{host}
			_, err := server.Open(t.Context(), c)
			if contacts.KindOf(err) != contacts.Invalid || !strings.Contains(err.Error(), fmt.Sprintf("stand_in_host: %q is not a DNS name", host)) {
				t.Errorf("Open() = %v", err)
			}
		})
	}
	t.Run("STAND-8 letter case and repetition do not matter", func(t *testing.T) {
		c := standInConfig(t)
		c.StandInHosts = []string{"Contacts.Example.COM", "contacts.example.com", "WWW.google.com", "xn--hlose-lsa9b.example.com", "3com.example.com"}
		s := open(t, c)
		serve(t, s)
		if got, want := s.StandIn().Hosts, append(slices.Clone(originalHosts), "contacts.example.com", "xn--hlose-lsa9b.example.com", "3com.example.com"); !slices.Equal(got, want) {
			t.Errorf("hosts = %q, want %q", got, want)
		}
		if got := through(t, s.StandIn(), "GET", "https://CONTACTS.example.com/healthz", "", ""); got.status != http.StatusOK {
			t.Errorf("GET = %d", got.status)
		}
	})
}
