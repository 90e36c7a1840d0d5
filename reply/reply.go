// Package reply holds the HTTP manners that all protocols share: handlers that
// return errors, the one table of statuses, the access log, who the peer is,
// bodies with a limit, and conditional requests.
//
// Each protocol words its own error bodies; here is only what must be alike.
package reply

import (
	"context"
	"errors"
	"net/http"
	"time"

	"contacts"
)

// A Func is a handler that returns what went wrong instead of writing it. A
// Func that returns an error has written nothing.
type Func func(http.ResponseWriter, *http.Request) error

// statuses has every kind; a test checks that.
var statuses = map[contacts.Kind]int{
	contacts.Invalid:       http.StatusBadRequest,            // ERR-23, ERR-24, ERR-25, ERR-26, ERR-29
	contacts.Unauthorized:  http.StatusUnauthorized,          // ERR-35
	contacts.Forbidden:     http.StatusForbidden,             // ERR-37, AUTH-11
	contacts.NotFound:      http.StatusNotFound,              // ERR-43
	contacts.NotAllowed:    http.StatusMethodNotAllowed,      // ERR-44
	contacts.Duplicate:     http.StatusConflict,              // ERR-46
	contacts.Gone:          http.StatusGone,                  // ERR-47
	contacts.Stale:         http.StatusPreconditionFailed,    // ERR-48
	contacts.TooLarge:      http.StatusRequestEntityTooLarge, // ERR-49
	contacts.Unsupported:   http.StatusUnsupportedMediaType,  // ERR-50
	contacts.Unimplemented: http.StatusNotImplemented,        // ERR-52
	contacts.Unavailable:   http.StatusServiceUnavailable,    // ERR-53
}

// StatusCanceled is what the log shows for a request whose client went away
// before the answer. No client ever sees it.
const StatusCanceled = 499

// Status is the one place where an error becomes an HTTP status. An error
// without a kind is a fault of our own: 500.
func Status(err error) int {
	if k := contacts.KindOf(err); k != "" {
		if status, ok := statuses[k]; ok {
			return status
		}
	}
	switch {
	case errors.Is(err, context.Canceled):
		return StatusCanceled
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError // ERR-51
}

// Message is the text of err that may be shown: its reason, or, where that is
// for the log alone, "Internal error" with the number under which the log has
// it (ERR-51).
func Message(w http.ResponseWriter, err error) string {
	var e *contacts.Error
	if errors.As(err, &e) && e.Reason != "" {
		return e.Reason // ERR-8
	}
	if k := contacts.KindOf(err); k != "" {
		return string(k)
	}
	if id := RequestID(w); id != "" {
		return "Internal error (reference " + id + ")" // ERR-51
	}
	return "Internal error"
}

// Later is the cause of an error of kind Unavailable that knows when the
// request may come again.
type Later time.Duration

func (l Later) Error() string { return "retry after " + time.Duration(l).String() }

// retryAfter is the advice when nothing better is known.
const retryAfter = 5

// RetryAfter is the value of the Retry-After header of an answer with status
// 503 to err, in whole seconds, at least 1 (ERR-53).
func RetryAfter(err error) int {
	var l Later
	if !errors.As(err, &l) {
		return retryAfter
	}
	return max(1, int((time.Duration(l)+time.Second-1)/time.Second))
}

// Handle makes an http.Handler of f. Errors, and panics turned into errors, go
// to fail, which words them in the manner of its protocol. Faults of our own
// are noted for the access log. Handle writes nothing itself.
func Handle(f Func, fail func(http.ResponseWriter, *http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := protect(f, w, r)
		if err == nil {
			return
		}
		Note(w, err)
		if rec := recorderOf(w); rec != nil && rec.status != 0 {
			panic(http.ErrAbortHandler) // half an answer went out: end the connection, so that it does not look whole
		}
		fail(w, r, err)
	})
}

// protect calls f and returns a panic of its as an error without a kind.
func protect(f Func, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			err = newPanicked(p)
		}
	}()
	return f(w, r)
}
