package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// acmeDir is the folder of the data directory with the account, the keys and
// the certificates that came by ACME.
const acmeDir = "acme"

// hasTLS reports whether there is a certificate other than that of a stand-in.
func (c *Config) hasTLS() bool { return c.TLSCert != "" || len(c.ACMEDomains) > 0 }

// checkACME is check for the settings of ACME.
func (c *Config) checkACME() error {
	for _, d := range c.ACMEDomains {
		if !isHost(d) { // OPS-63
			return invalid("acme_domains", "%q is not a DNS name such as contacts.example.com", d)
		}
	}
	switch {
	case len(c.ACMEDomains) > 0 && c.TLSCert != "":
		return invalid("acme_domains", "cannot go together with tls_cert")
	case len(c.ACMEDomains) == 0 && c.ACMEEmail != "":
		return invalid("acme_email", "needs acme_domains")
	case len(c.ACMEDomains) == 0 && c.ACMEDirectory != "":
		return invalid("acme_directory", "needs acme_domains")
	case len(c.ACMEDomains) == 0 && c.ACMECA != "":
		return invalid("acme_ca", "needs acme_domains")
	case c.ACMEDirectory != "" && !strings.HasPrefix(c.ACMEDirectory, "https://"):
		return invalid("acme_directory", "%q is not an https URL", c.ACMEDirectory)
	}
	if c.ACMEEmail != "" {
		if a, err := mail.ParseAddress(c.ACMEEmail); err != nil || a.Address != c.ACMEEmail {
			return invalid("acme_email", "%q is not an e-mail address: write one such as jane@example.com", c.ACMEEmail)
		}
	}
	return nil
}

// An acmeCertificate presents certificates that it gets by ACME, and renews
// them. They outlast the program in acmeDir.
type acmeCertificate struct {
	manager *autocert.Manager
	domains []string
	log     *slog.Logger

	mu   sync.Mutex
	ends map[string]time.Time // when the certificate of a domain does, for those that have one
}

// openACME makes ready to get certificates. Until ctx is done it may ask the
// authority.
func (s *Server) openACME(ctx context.Context) (*acmeCertificate, error) {
	roots, err := rootsIn(s.config.ACMECA)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	c := &acmeCertificate{log: s.log, ends: map[string]time.Time{}}
	for _, d := range s.config.ACMEDomains {
		c.domains = append(c.domains, strings.ToLower(d))
	}
	c.manager = &autocert.Manager{
		Prompt:     autocert.AcceptTOS,
		Cache:      autocert.DirCache(filepath.Join(s.config.Data, acmeDir)), // OPS-64
		HostPolicy: autocert.HostWhitelist(c.domains...),                     // OPS-63
		Email:      s.config.ACMEEmail,
		Client: &acme.Client{
			DirectoryURL: s.config.ACMEDirectory,
			HTTPClient:   &http.Client{Transport: &untilDone{ctx, transport}, Timeout: time.Minute},
			UserAgent:    "contactsd/" + s.config.Version,
		},
	}
	if c.manager.Client.DirectoryURL == "" {
		c.manager.Client.DirectoryURL = autocert.DefaultACMEDirectory
	}
	return c, nil
}

// rootsIn reads authorities from a PEM file; without a name, they are those of
// the system.
func rootsIn(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, invalid("acme_ca", "%v", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, invalid("acme_ca", "there is no certificate in %s", file)
	}
	return roots, nil
}

// untilDone sends no request, and ends those under way, when the server stops.
type untilDone struct {
	stopped context.Context
	next    http.RoundTripper
}

func (u *untilDone) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := u.stopped.Err(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(r.Context())
	stop := context.AfterFunc(u.stopped, cancel)
	res, err := u.next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		stop()
		cancel()
		return nil, err
	}
	res.Body = &endingBody{res.Body, func() { stop(); cancel() }}
	return res, nil
}

// fetch gets the certificates that are not there, so that the first visitor
// need not wait, and the log tells at once what is wrong.
func (c *acmeCertificate) fetch(ctx context.Context) {
	for _, d := range c.domains {
		_, err := c.get(&tls.ClientHelloInfo{
			ServerName:       d,
			SignatureSchemes: []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256},
			CipherSuites:     []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
		})
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			c.log.Error("no certificate by ACME; it is tried again when somebody comes", "domain", d, "error", err)
		} else {
			c.log.Info("have a certificate by ACME", "domain", d, "ends", c.end(d))
		}
	}
}

// get is the certificate for a handshake, or for a challenge of the authority.
// A client that names no host means the first.
func (c *acmeCertificate) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if hello.ServerName == "" || hello.ServerName == localName {
		named := *hello
		named.ServerName = c.domains[0]
		hello = &named
	}
	cert, err := c.manager.GetCertificate(hello) // OPS-63
	if err == nil && cert.Leaf != nil && !slices.Equal(hello.SupportedProtos, []string{acme.ALPNProto}) {
		c.mu.Lock()
		c.ends[strings.ToLower(hello.ServerName)] = cert.Leaf.NotAfter
		c.mu.Unlock()
	}
	return cert, err
}

func (c *acmeCertificate) end(domain string) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ends[domain]
}

// validity is that of the certificate that ends first; its beginning is not
// known.
func (c *acmeCertificate) validity() (from, to time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, end := range c.ends {
		if to.IsZero() || end.Before(to) {
			to = end
		}
	}
	return time.Time{}, to
}

// challengePath is what the URLs begin with that the authority asks for.
const challengePath = "/.well-known/acme-challenge/"

// challenges answers the authority's requests over http, and leaves all others
// to next. The port that it names is that of whoever passes the request on.
func (c *acmeCertificate) challenges(next http.Handler) http.Handler {
	answers := c.manager.HTTPHandler(next) // OPS-63
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host, _, err := net.SplitHostPort(r.Host); err == nil && strings.HasPrefix(r.URL.Path, challengePath) {
			named := *r
			named.Host = host
			r = &named
		}
		answers.ServeHTTP(w, r)
	})
}

// An endingBody calls end when it is closed.
type endingBody struct {
	io.ReadCloser
	end func()
}

func (b *endingBody) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}
