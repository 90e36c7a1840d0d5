package server

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// What the head of a request may take.
const (
	headerTimeout  = 10 * time.Second
	maxHeaderBytes = 64 << 10
)

// Serve answers requests on l, which it closes, until ctx is done. It then
// takes no more connections, and returns nil when the requests under way are
// finished, or an error when Config.ShutdownTimeout has cut them off. Serve
// calls ready when it answers, and looks after the store while it runs (see
// Maintain). It is called once.
func (s *Server) Serve(ctx context.Context, l net.Listener, ready func()) error {
	defer l.Close()
	if err := s.fixIDBase(ctx, l.Addr()); err != nil {
		return err
	}
	handler, requests := s.Handler(), sync.WaitGroup{}
	h := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			defer requests.Done()
			handler.ServeHTTP(w, r)
		}),
		ReadHeaderTimeout: min(headerTimeout, s.config.ReadTimeout),
		ReadTimeout:       s.config.ReadTimeout,
		WriteTimeout:      s.config.WriteTimeout,
		IdleTimeout:       s.config.IdleTimeout, // RES-68
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), // broken handshakes and the like
		// A request outlives the order to stop.
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	if s.config.TLSCert != "" { // RES-60
		cert, err := s.certificate()
		if err != nil {
			return err
		}
		l = tls.NewListener(l, &tls.Config{
			MinVersion:     tls.VersionTLS12,
			GetCertificate: cert.get,
			NextProtos:     []string{"http/1.1"},
		})
	}

	ctx, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	defer requests.Wait() // also for those that took over their connection, which Shutdown forgets
	defer work.Wait()
	defer stop()
	work.Go(func() { s.maintainHourly(ctx) })

	served := make(chan error, 1)
	work.Go(func() { served <- h.Serve(l) })
	s.log.Info("serving", "address", l.Addr().String(), "tls", s.config.TLSCert != "")
	ready()

	select {
	case err := <-served: // the listener failed
		return errors.Join(err, h.Close())
	case <-ctx.Done():
	}
	s.log.Info("stopping: finishing the requests under way")
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.ShutdownTimeout)
	defer cancel()
	if err := h.Shutdown(grace); err != nil {
		return errors.Join(errors.New("requests were cut off after shutdown_timeout"), h.Close())
	}
	s.log.Info("stopped")
	return nil
}
