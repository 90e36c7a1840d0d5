package server

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"contacts/reply"
)

// When /readyz warns.
const (
	lowDisk      = 256 << 20           // bytes free on the disk of the data
	endingSoon   = 14 * 24 * time.Hour // before the end of a certificate,
	endingFourth = 4                   // or a fourth of its life, if that is shorter
)

// healthy says that the program runs.
func healthy(w http.ResponseWriter, r *http.Request) { plain(w, r, http.StatusOK, "ok\n") }

// ready says whether requests can be served and, line by line, what an
// administrator should look at before they cannot. A certificate at its end is
// among these: a proxy in front may not mind it, and should not be told to turn
// away.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if err := s.store.Ready(r.Context()); err != nil {
		s.log.Warn("not ready", "error", err)
		w.Header().Set("Retry-After", strconv.Itoa(reply.RetryAfter(err)))
		plain(w, r, http.StatusServiceUnavailable, "the database cannot serve: "+reply.Message(w, err)+"\n") // OPS-57
		return
	}
	text := "ready\n"
	if free, ok := diskFree(s.config.Data); ok && free < lowDisk {
		text += fmt.Sprintf("warning: %d MiB are free on the disk of the data\n", free>>20) // OPS-58
	}
	if from, to := s.validity(); !to.IsZero() {
		now := s.config.Now()
		soon := endingSoon
		if life := to.Sub(from) / endingFourth; !from.IsZero() && life < soon {
			soon = life
		}
		if left := to.Sub(now); left <= 0 {
			text += "warning: the certificate ended at " + to.UTC().Format(time.RFC3339) + "\n" // OPS-58
		} else if left < soon {
			text += "warning: the certificate ends at " + to.UTC().Format(time.RFC3339) + "\n" // OPS-58
		}
	}
	if s.LastBackup().Failed != "" {
		text += "warning: the last backup failed\n" // OPS-32
	}
	plain(w, r, http.StatusOK, text)
}

// validity is the time for which the configured certificate holds, zero
// without one.
func (s *Server) validity() (from, to time.Time) {
	if p := s.presents.Load(); p != nil && p.configured != nil {
		return p.configured.validity()
	}
	return from, to
}

// expiry is when the configured certificate ends, zero without one.
func (s *Server) expiry() time.Time {
	_, to := s.validity()
	return to
}
