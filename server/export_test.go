package server

import (
	"context"
	"log/slog"
	"net/http"
	"runtime"

	"contacts"
	"contacts/book"
	"contacts/reply"
)

// LogDelay, LogMany and LogMost are those of a Log.
const (
	LogDelay = logDelay
	LogMany  = logMany
	LogMost  = logMost
)

// Unwatched is Handler without anything counted, timed or logged.
func Unwatched(s *Server) http.Handler {
	next, _ := s.routes()
	return &reply.Front{Next: next, Site: s.site, Logger: slog.New(slog.DiscardHandler)}
}

// Metrics is what /metrics answers.
func Metrics(s *Server) string { return string(s.watch.registry.AppendText(nil)) }

// AwaitIdle waits until so many connections are idle.
func AwaitIdle(s *Server, n int) {
	for {
		s.gate.mu.Lock()
		idle := s.gate.idle.Len()
		s.gate.mu.Unlock()
		if idle == n {
			return
		}
		runtime.Gosched()
	}
}

// Insert adds a contact to a user's book.
func Insert(s *Server, email string, c *contacts.Contact) error {
	u, err := s.Auth.User(context.Background(), email)
	if err != nil {
		return err
	}
	_, err = s.book.InsertContact(context.Background(), book.At{Owner: u.Owner, View: contacts.Full}, book.Draft{Contact: c})
	return err
}

// MetricNames are the names of all families.
func MetricNames(s *Server) []string { return s.watch.registry.Names() }
