package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
)

// certificates are what the https of a server presents, each nil if it has
// none.
type certificates struct {
	configured *certificate
	standIn    *standInCertificate
}

// certificates reads or makes the certificates that the settings ask for.
func (s *Server) certificates() (c certificates, err error) {
	if s.config.TLSCert != "" { // RES-60
		if c.configured, err = s.certificate(); err != nil {
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
	first := door{l, h, s.config.Scheme()}
	if first.name == "https" {
		first.listener = secure(l, certs.configured.get)
	}
	ds = doors{first}
	if at := s.config.tlsListen(); at != "" { // STAND-20
		l, err := listen("tls_listen", at)
		if err != nil {
			return ds, err
		}
		ds = append(ds, door{secure(l, certs.get), h, "https"})
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
		ds = append(ds, door{l, front, "proxy"}, door{secure(inner, certs.get), h, ""})
		s.standIn.Proxy = l.Addr()
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

// secure speaks https on l.
func secure(l net.Listener, get func(*tls.ClientHelloInfo) (*tls.Certificate, error)) net.Listener {
	return tls.NewListener(l, &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: get,
		NextProtos:     []string{"http/1.1"},
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
