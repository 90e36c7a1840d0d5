package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"

	"golang.org/x/crypto/acme"
)

// certificates are what the https of a server presents, each nil if it has
// none.
type certificates struct {
	configured presenter
	standIn    *standInCertificate
}

// certificates reads or makes the certificates that the settings ask for.
// Until ctx is done they may be renewed.
func (s *Server) certificates(ctx context.Context) (c certificates, err error) {
	switch {
	case s.config.TLSCert != "": // RES-60
		if c.configured, err = s.certificate(); err != nil {
			return c, err
		}
	case len(s.config.ACMEDomains) > 0: // OPS-63
		if c.configured, err = s.openACME(ctx); err != nil {
			return c, err
		}
	}
	if s.config.StandIn { // STAND-1
		c.standIn, err = s.openStandIn(c.configured)
	}
	return c, err
}

// get is the certificate for a handshake on a listener beside Listen.
func (c certificates) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if c.standIn != nil {
		return c.standIn.get(hello)
	}
	return c.configured.get(hello)
}

// A door is a listener with what answers there.
type door struct {
	listener net.Listener
	server   *http.Server
	name     string // what it speaks, for the log; empty: nobody comes here directly
}

type doors []door

// open opens the listeners that the settings ask for beside l. On an error all
// but l are closed.
func (s *Server) open(l net.Listener, certs certificates, t http.Handler) (ds doors, err error) {
	defer func() {
		if err != nil {
			for _, d := range ds[min(1, len(ds)):] {
				d.listener.Close()
			}
		}
	}()
	h := s.httpServer(t)
	first := door{s.gate.guard(l), h, s.config.Scheme()}
	if first.name == "https" {
		first.listener = s.secure(first.listener, certs.configured.get)
	} else if a, ok := certs.configured.(*acmeCertificate); ok {
		first.server = s.httpServer(a.challenges(t))
	}
	ds = doors{first}
	if at := s.config.tlsListen(); at != "" { // STAND-20
		l, err := listen("tls_listen", at)
		if err != nil {
			return ds, err
		}
		ds = append(ds, door{s.secure(s.gate.guard(l), certs.get), h, "https"})
		if s.standIn != nil {
			s.standIn.TLS = l.Addr()
		}
	}
	if at := s.config.proxyListen(); at != "" { // STAND-23
		l, err := listen("proxy_listen", at)
		if err != nil {
			return ds, err
		}
		inner := newHandover(l.Addr())
		front := s.httpServer(&proxy{hosts: certs.standIn.hosts, log: s.log, plain: t, secure: inner})
		front.DisableGeneralOptionsHandler = true // OPTIONS * is not for a proxy
		ds = append(ds, door{s.gate.guard(l), front, "proxy"}, door{s.secure(inner, certs.get), h, ""})
		s.standIn.Proxy = l.Addr()
	}
	if at := s.config.AdminListen; at != "" { // OPS-54
		l, err := listen("admin_listen", at)
		if err != nil {
			return ds, err
		}
		ds = append(ds, door{l, s.httpServer(s.adminHandler()), "admin"})
	}
	return ds, nil
}

// listen opens the listener of a setting.
func listen(setting, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil { // STAND-29
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	return l, nil
}

// protocols are what https offers to speak.
func (c *Config) protocols() []string {
	if len(c.ACMEDomains) > 0 {
		return []string{"http/1.1", acme.ALPNProto} // OPS-63
	}
	return []string{"http/1.1"}
}

// secure speaks https on l.
func (s *Server) secure(l net.Listener, get func(*tls.ClientHelloInfo) (*tls.Certificate, error)) net.Listener {
	return tls.NewListener(l, &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: get,
		NextProtos:     s.config.protocols(),
	})
}

// servers are the servers of ds, each once.
func (ds doors) servers() []*http.Server {
	var all []*http.Server
	seen := map[*http.Server]bool{}
	for _, d := range ds {
		if !seen[d.server] {
			seen[d.server] = true
			all = append(all, d.server)
		}
	}
	return all
}

// shutdown closes all listeners and waits for the requests under way, until
// ctx is done.
func (ds doors) shutdown(ctx context.Context) error {
	servers := ds.servers()
	failed := make(chan error, len(servers))
	for _, h := range servers {
		go func() { failed <- h.Shutdown(ctx) }()
	}
	var errs []error
	for range servers {
		errs = append(errs, <-failed)
	}
	return errors.Join(errs...)
}

// close ends all connections.
func (ds doors) close() error {
	var errs []error
	for _, h := range ds.servers() {
		errs = append(errs, h.Close())
	}
	return errors.Join(errs...)
}

// checkExposed fails for a listener that other machines reach with neither TLS
// nor a word of the administrator's that this is as it should be. Passwords
// would be refused there, request by request; better to hear that at once.
func (c *Config) checkExposed(setting string, at net.Addr) error {
	a, ok := at.(*net.TCPAddr)
	if !ok || a.IP.IsLoopback() || c.hasTLS() || c.StandIn || len(c.TrustedProxies) > 0 || c.InsecureHTTP {
		return nil
	}
	return invalid(setting, "other machines reach %s, and there is no https: set tls_cert and tls_key, or acme_domains; "+ // OPS-60
		"or trusted_proxies, if a proxy in front speaks https; or insecure_http, in a network that you trust", at)
}

// CheckListen fails with kind Invalid when Serve would refuse the address of
// Listen because other machines reach it without https. An address that cannot
// be resolved passes: to listen there fails.
func (c *Config) CheckListen() error {
	at, err := net.ResolveTCPAddr("tcp", c.Listen)
	if err != nil {
		return nil
	}
	if at.IP == nil {
		at.IP = net.IPv6unspecified
	}
	return c.checkExposed("listen", at)
}
