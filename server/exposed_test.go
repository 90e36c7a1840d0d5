package server_test

import (
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"contacts"
	"contacts/server"
)

func TestExposed(t *testing.T) {
	tls := func(c *server.Config) {
		dir := t.TempDir()
		c.TLSCert, c.TLSKey = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
		writeCertificate(t, *c, "contacts.example.com")
	}
	for _, tt := range []struct {
		name   string
		listen string
		set    func(*server.Config)
		starts bool
	}{
		{"the loopback address needs nothing", "127.0.0.1:0", nil, true},
		{"its name neither", "localhost:0", nil, true},
		{"all addresses", "0.0.0.0:0", nil, false},
		{"an empty host", ":0", nil, false},
		{"all addresses with a certificate", "0.0.0.0:0", tls, true},
		{"all addresses with ACME", "0.0.0.0:0", func(c *server.Config) { c.ACMEDomains = []string{"contacts.example.com"} }, true},
		{"all addresses behind a proxy", "0.0.0.0:0", func(c *server.Config) { c.TrustedProxies = []string{"10.0.0.1"} }, true},
		{"all addresses of a trusted network", "0.0.0.0:0", func(c *server.Config) { c.InsecureHTTP = true }, true},
		{"a stand-in, which has https of its own", "0.0.0.0:0", func(c *server.Config) { c.StandIn = true }, true},
	} {
		t.Run("OPS-60 "+tt.name, func(t *testing.T) {
			c := config(t)
			c.Listen = tt.listen
			if tt.set != nil {
				tt.set(&c)
			}
			check := func(what string, err error) {
				t.Helper()
				switch {
				case tt.starts && err != nil:
					t.Errorf("%s = %v, want none", what, err)
				case !tt.starts && (contacts.KindOf(err) != contacts.Invalid || !strings.HasPrefix(err.Error(), "listen: ")):
					t.Errorf("%s = %v, want kind Invalid that names listen", what, err)
				case !tt.starts:
					for _, word := range []string{"tls_cert", "acme_domains", "trusted_proxies", "insecure_http"} {
						if !strings.Contains(err.Error(), word) {
							t.Errorf("%s = %v, which does not name %s", what, err, word)
						}
					}
				}
			}
			check("CheckListen()", c.CheckListen())
			if tt.starts {
				return // to serve where other machines come is for no test
			}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			check("Serve()", open(t, c).Serve(t.Context(), elsewhere{l}, func() { t.Error("it serves") }))
		})
	}
}

// A listener elsewhere says that it listens on all addresses.
type elsewhere struct{ net.Listener }

func (elsewhere) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4zero, Port: 80} }

// ask is the answer of a server's handler.
func ask(t *testing.T, s *server.Server, path string) answer {
	t.Helper()
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return answer{w.Code, w.Header(), w.Body.String()}
}

func TestReady(t *testing.T) {
	now := &clock{now: time.Now()}
	c := config(t)
	c.Now = now.Now
	dir := t.TempDir()
	c.TLSCert, c.TLSKey = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writeCertificate(t, c, "contacts.example.com") // for an hour, since an hour
	s := open(t, c)
	serve(t, s)
	ready := func(t *testing.T) answer {
		t.Helper()
		got := ask(t, s, "/readyz")
		if got.status != 200 || !strings.HasPrefix(got.body, "ready\n") {
			t.Errorf("GET /readyz = %d %s, want 200 and ready", got.status, got.body)
		}
		return got
	}
	t.Run("OPS-58 no warning of a certificate that lasts", func(t *testing.T) {
		if got := ready(t); strings.Contains(got.body, "certificate") {
			t.Errorf("GET /readyz = %s", got.body)
		}
	})
	t.Run("OPS-58 a warning in the last fourth of its life", func(t *testing.T) {
		now.pass(31 * time.Minute)
		if got := ready(t); !strings.Contains(got.body, "\nwarning: the certificate ends at 2") {
			t.Errorf("GET /readyz = %s", got.body)
		}
	})
	t.Run("OPS-58 a warning after its end", func(t *testing.T) {
		now.pass(time.Hour)
		if got := ready(t); !strings.Contains(got.body, "\nwarning: the certificate ended at 2") {
			t.Errorf("GET /readyz = %s", got.body)
		}
	})
	t.Run("OPS-61 OPS-58 no warning after its renewal", func(t *testing.T) {
		writeCertificate(t, c, "contacts.example.com")
		later := time.Now().Add(time.Hour)
		if err := os.Chtimes(c.TLSKey, later, later); err != nil { // files of one moment may have one time
			t.Fatal(err)
		}
		now.pass(-90 * time.Minute)
		if got := ready(t); strings.Contains(got.body, "certificate") {
			t.Errorf("GET /readyz = %s", got.body)
		}
	})
	t.Run("OPS-57 without a database", func(t *testing.T) {
		s := open(t, config(t))
		s.Close()
		if got := ask(t, s, "/readyz"); got.status != 503 || !strings.Contains(got.body, "the database cannot serve") || got.header.Get("Retry-After") == "" {
			t.Errorf("GET /readyz = %d %v %s", got.status, got.header, got.body)
		}
	})
}
