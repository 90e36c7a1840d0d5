package server

import (
	"net/http"

	"contacts/reply"
)

// Unwatched is Handler without anything counted or timed.
func Unwatched(s *Server) http.Handler {
	next, _ := s.routes()
	return &reply.Front{Next: next, Site: s.site, Logger: s.log}
}
