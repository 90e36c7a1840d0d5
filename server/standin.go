package server

import (
	"crypto/tls"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// originalHosts are the names that programs of the original service have built
// in. The first is where data and the older sign-ins are.
var originalHosts = []string{"www.google.com", "accounts.google.com", "oauth2.googleapis.com", "www.googleapis.com"}

// Where the listeners of a stand-in are unless a setting says otherwise.
const (
	standInTLSListen   = "127.0.0.1:8443"
	standInProxyListen = "127.0.0.1:8081"
	listenOff          = "off" // the value of a setting that closes one of them
)

// standInIDBase is what ids begin with in a store whose first server stood in.
const standInIDBase = "http://www.google.com"

// hosts are the names that the server stands in for; none without StandIn.
func (c *Config) hosts() []string {
	if !c.StandIn {
		return nil
	}
	hosts := slices.Clone(originalHosts)
	for _, h := range c.StandInHosts {
		if h = strings.ToLower(h); !slices.Contains(hosts, h) {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

// Scheme is what Listen speaks, http or https. With TLSListen, https is there
// and http here.
func (c *Config) Scheme() string {
	if c.hasTLS() && (c.TLSListen == "" || c.TLSListen == listenOff) { // STAND-21
		return "https"
	}
	return "http"
}

// tlsListen and proxyListen are the addresses of the further listeners; empty
// for none.
func (c *Config) tlsListen() string   { return c.further(c.TLSListen, standInTLSListen) }     // STAND-20
func (c *Config) proxyListen() string { return c.further(c.ProxyListen, standInProxyListen) } // STAND-23

func (c *Config) further(value, standIn string) string {
	switch {
	case value == listenOff:
		return ""
	case value == "" && c.StandIn:
		return standIn
	}
	return value
}

// checkStandIn is check for the settings of this file.
func (c *Config) checkStandIn() error {
	for _, h := range c.StandInHosts {
		if !isHost(h) { // STAND-8
			return invalid("stand_in_host", "%q is not a DNS name such as contacts.example.com", h)
		}
	}
	switch {
	case c.StandIn && c.tlsListen() == "" && c.proxyListen() == "":
		return invalid("stand_in", "needs tls_listen or proxy_listen")
	case c.StandIn:
		return nil
	case len(c.StandInHosts) > 0: // STAND-1
		return invalid("stand_in_host", "needs stand_in")
	case c.proxyListen() != "": // STAND-1
		return invalid("proxy_listen", "needs stand_in")
	case c.tlsListen() != "" && !c.hasTLS(): // STAND-21
		return invalid("tls_listen", "needs tls_cert and tls_key, or acme_domains, or stand_in")
	}
	return nil
}

// isHost reports whether s is a DNS name that certificates can name and whose
// names below are not those of strangers, as they would be with one label.
func isHost(s string) bool {
	labels := strings.Split(s, ".")
	if len(s) > 253 || len(labels) < 2 || net.ParseIP(s) != nil {
		return false
	}
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		for _, c := range []byte(label) {
			if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-') {
				return false
			}
		}
	}
	last := labels[len(labels)-1]
	return strings.Trim(last, "0123456789") != "" // 127.1 is an address to some
}

// A StandIn is what somebody needs to know who points programs at a server
// that stands in for other hosts.
type StandIn struct {
	Hosts     []string
	Authority string   // the file that programs have to trust, as absolute path
	TLS       net.Addr // where https is; nil if that is off
	Proxy     net.Addr // where the proxy is; nil if that is off
}

// StandIn returns nil if the server does not stand in for others. It is
// complete when Serve calls ready.
func (s *Server) StandIn() *StandIn { return s.standIn }

// A standInCertificate presents certificates for the hosts, and renews them.
type standInCertificate struct {
	authority *authority
	hosts     []string
	other     presenter // for names that are not ours; nil: none
	now       func() time.Time

	mu   sync.Mutex
	leaf *tls.Certificate
}

// openStandIn makes ready to stand in: the authority, which is made if there
// is none, and the certificate. other may be nil.
func (s *Server) openStandIn(other presenter) (*standInCertificate, error) {
	hosts := s.config.hosts()
	now := s.config.Now()
	a, made, err := openAuthority(s.config.Data, hosts, now)
	if err != nil {
		return nil, err
	}
	if made {
		s.log.Info("made an authority for the stand-in: clients have to trust its certificate", "file", a.file(), "hosts", hosts)
	}
	if left := a.signer.NotAfter.Sub(now); left < leafLife {
		s.log.Warn("the authority of the stand-in ends soon: remove its folder for a new one, which all clients then need",
			"folder", a.dir, "ends", a.signer.NotAfter)
	}
	file, err := filepath.Abs(a.file())
	if err != nil {
		return nil, err
	}
	c := &standInCertificate{authority: a, hosts: hosts, other: other, now: s.config.Now}
	if c.leaf, err = a.leaf(hosts, now); err != nil {
		return nil, err
	}
	s.standIn = &StandIn{Hosts: hosts, Authority: file}
	return c, nil
}

// get is the certificate for a handshake. A client that names no host means
// one of ours.
func (c *standInCertificate) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := strings.ToLower(hello.ServerName)
	if c.other != nil && name != "" && name != localName && !slices.Contains(c.hosts, name) { // STAND-22
		return c.other.get(hello)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if end := c.leaf.Leaf.NotAfter; end.Sub(now) < leafRenewal && end.Before(c.authority.signer.NotAfter) { // STAND-5
		leaf, err := c.authority.leaf(c.hosts, now)
		if err != nil {
			return nil, err
		}
		c.leaf = leaf
	}
	return c.leaf, nil
}
