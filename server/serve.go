package server

import (
	"bytes"
	"context"
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// What the head of a request may take.
const (
	headerTimeout  = 10 * time.Second
	maxHeaderBytes = 64 << 10
)

// Serve answers requests on l, which it closes, and on the listeners of the
// settings TLSListen and ProxyListen, until ctx is done. It then takes no more
// connections, and returns nil when the requests under way are finished, or an
// error when Config.ShutdownTimeout has cut them off. Serve calls ready when it
// answers, and looks after the store while it runs (see Maintain). It is called
// once, and fails with kind Unavailable while another server runs on the same
// data directory.
func (s *Server) Serve(ctx context.Context, l net.Listener, ready func()) error {
	defer l.Close()
	unlock, err := lockData(s.config.Data)
	if err != nil {
		return err
	}
	defer unlock()
	if err := s.config.checkExposed("listen", l.Addr()); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	certs, err := s.certificates(ctx)
	if err != nil {
		return err
	}
	s.presents.Store(&certs)
	if err := s.fixIDBase(ctx, l.Addr()); err != nil {
		return err
	}
	t := &traffic{next: s.Handler()}
	doors, err := s.open(l, certs, t)
	if err != nil {
		return err
	}

	var work sync.WaitGroup
	defer t.underWay.Wait() // also for requests that took over their connection, which Shutdown forgets
	defer work.Wait()
	defer stop()
	work.Go(func() { every(ctx, time.Hour, func() { s.maintain(ctx) }) })
	if s.config.BackupDir != "" {
		work.Go(func() { s.keepBackups(ctx) }) // OPS-30
	}
	defer reserveHeadroom()()
	idle := idleRelease{ended: &t.ended, release: releaseMemory}
	work.Go(func() { every(ctx, quiet, idle.tick) })

	served := make(chan error, len(doors))
	for _, d := range doors {
		work.Go(func() { served <- d.server.Serve(d.listener) })
		if d.name != "" {
			s.log.Info("serving", "address", d.listener.Addr().String(), "speaks", d.name)
		}
	}
	if a, ok := certs.configured.(*acmeCertificate); ok {
		work.Go(func() { a.fetch(ctx) })
	}
	ready()

	select {
	case err := <-served: // a listener failed
		return errors.Join(err, doors.close())
	case <-ctx.Done():
	}
	s.log.Info("stopping: finishing the requests under way")
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.ShutdownTimeout)
	defer cancel()
	if err := doors.shutdown(grace); err != nil { // STAND-28, OPS-96
		return errors.Join(errors.New("requests were cut off after shutdown_timeout"), doors.close())
	}
	if err := s.Auth.KeepLimits(grace); err != nil { // SEC-12
		s.log.Warn("cannot keep the request limits", "error", err)
	}
	s.log.Info("stopped")
	return nil
}

// httpServer is net/http's server with limits for everything that a client can
// draw out.
func (s *Server) httpServer(handler http.Handler) *http.Server {
	h := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: min(headerTimeout, s.config.ReadTimeout),
		ReadTimeout:       s.config.ReadTimeout,
		WriteTimeout:      s.config.WriteTimeout,
		IdleTimeout:       s.config.IdleTimeout, // RES-68
		MaxHeaderBytes:    maxHeaderBytes,       // OPS-70
		ConnState:         s.gate.state,
		ErrorLog:          log.New(complaints{s.log}, "", 0),
	}
	h.RegisterOnShutdown(s.gate.closeIdle)
	return h
}

// complaints takes what net/http says in its log.
type complaints struct{ log *slog.Logger }

func (c complaints) Write(line []byte) (int, error) {
	level := slog.LevelDebug // broken handshakes and the like, which clients make
	if bytes.Contains(line, []byte("Accept error")) {
		level = slog.LevelError // no descriptors, say; it comes once a second at most (OPS-92)
	}
	c.log.Log(context.Background(), level, string(bytes.TrimSpace(line)))
	return len(line), nil
}

// A traffic counts the requests that pass it.
type traffic struct {
	next     http.Handler
	underWay sync.WaitGroup
	ended    atomic.Uint64
}

func (t *traffic) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t.underWay.Add(1)
	defer t.underWay.Done()
	defer t.ended.Add(1)
	t.next.ServeHTTP(w, r)
}
