// Package replytest serves handlers that answer by package reply to the clients
// of tests.
package replytest

import (
	"net/http"
	"net/http/httptest"
	"sync"
)

// A Server is an httptest.Server that ends its requests before it closes. After
// a 401 the client has its answer before the server has the connection back
// (AUTH-136), for which a server that is closing is not prepared.
type Server struct {
	*httptest.Server
	underWay sync.WaitGroup
}

// NewServer starts a server of h.
func NewServer(h http.Handler) *Server {
	s := NewUnstartedServer(h)
	s.Start()
	return s
}

// NewUnstartedServer returns a server of h that the caller starts.
func NewUnstartedServer(h http.Handler) *Server {
	s := &Server{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.underWay.Add(1)
		defer s.underWay.Done()
		h.ServeHTTP(w, r)
	}))
	return s
}

// Wait waits for the requests under way. Nobody may send another one meanwhile.
func (s *Server) Wait() { s.underWay.Wait() }

// Close waits for the requests under way and closes the server.
func (s *Server) Close() {
	s.Wait()
	s.Server.Close()
}
