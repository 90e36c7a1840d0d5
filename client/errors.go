package client

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"contacts"
	"contacts/wire"
)

// Errors of the server are of the type *Error and have a kind of package
// contacts, which errors.Is finds. These are the kinds under the names that
// the operations promise.
var (
	ErrNotFound           error = contacts.NotFound  // no such entry, or no longer
	ErrConflict           error = contacts.Duplicate // an insert of what exists already
	ErrPreconditionFailed error = contacts.Stale     // the entry has changed since it was read
)

// ErrNoPhoto says that a contact has no photo.
var ErrNoPhoto = errors.New("client: the contact has no photo")

// An Error is an answer of the server that is no success.
type Error struct {
	Method, URL string
	Status      int           // of HTTP; in a batch, of the operation
	Kind        contacts.Kind // what the status means for the caller; empty for a fault of the server
	Code        contacts.Code // of the error document; empty without one
	Path        string        // where in the entry, such as gd:email[2]/@rel; empty if the server does not say
	Message     string        // one line for people
	Body        string        // of the answer, at most 64 KiB of it
	RetryAfter  time.Duration // how long the server asks to wait; 0 if it does not
}

func (e *Error) Error() string {
	s := e.Message
	if e.Path != "" && !strings.Contains(s, e.Path) {
		s += ": " + e.Path
	}
	return fmt.Sprintf("%s %s: %d: %s", e.Method, e.URL, e.Status, s)
}

// Is reports whether target is e's kind.
func (e *Error) Is(target error) bool {
	k, ok := target.(contacts.Kind)
	return ok && k == e.Kind // LIB-65
}

// A ConflictError is an update or delete of an entry that has changed, to
// which the server answered with the entry as it is now. Its kind is Stale, as
// that of the same failure without the entry.
type ConflictError struct {
	Err     *Error
	Contact *Contact // the current entry, or
	Group   *Group
}

func (e *ConflictError) Error() string { return e.Err.Error() }
func (e *ConflictError) Unwrap() error { return e.Err }

// kinds turns the server's table of statuses around.
var kinds = map[int]contacts.Kind{
	http.StatusBadRequest:            contacts.Invalid,
	http.StatusUnauthorized:          contacts.Unauthorized,
	http.StatusForbidden:             contacts.Forbidden,
	http.StatusNotFound:              contacts.NotFound,
	http.StatusMethodNotAllowed:      contacts.NotAllowed,
	http.StatusConflict:              contacts.Duplicate,
	http.StatusGone:                  contacts.Gone,
	http.StatusPreconditionFailed:    contacts.Stale,
	http.StatusRequestEntityTooLarge: contacts.TooLarge,
	http.StatusUnsupportedMediaType:  contacts.Unsupported,
	http.StatusNotImplemented:        contacts.Unimplemented,
	http.StatusServiceUnavailable:    contacts.Unavailable,

	// Of servers in between.
	http.StatusRequestTimeout:  contacts.Unavailable,
	http.StatusTooManyRequests: contacts.Unavailable,
	http.StatusBadGateway:      contacts.Unavailable,
	http.StatusGatewayTimeout:  contacts.Unavailable,
}

// maxErrorBody is how much of an error's body is kept, maxMessage how much of
// it is a message.
const (
	maxErrorBody = 64 << 10
	maxMessage   = 300
)

// errorOf is the error that an answer is.
func (c *Client) errorOf(rq *request, a *answer) *Error {
	e := &Error{
		Method:     rq.method,
		URL:        rq.url,
		Status:     a.status,
		Kind:       kinds[a.status], // LIB-65
		Body:       string(a.body[:min(len(a.body), maxErrorBody)]),
		RetryAfter: c.retryAfter(a.header),
	}
	errs, err := wire.ReadErrors(a.body)
	switch {
	case err == nil:
		e.Code, e.Path, e.Message = errs[0].Code, errs[0].Path, errs[0].Reason // LIB-65
	case a.status >= 300 && a.status < 400:
		e.Message = "the server is elsewhere: " + a.header.Get("Location")
	case isHTML(a):
		e.Message = title(a.body)
	default:
		e.Message = line(e.Body)
	}
	if e.Message == "" {
		e.Message = strings.ToLower(http.StatusText(a.status))
	}
	return e
}

// title is the title of a web page, or empty.
func title(page []byte) string {
	lower := bytes.ToLower(page) // as long as page, up to the title of any real one
	from := bytes.Index(lower, []byte("<title>"))
	if from < 0 || len(lower) != len(page) {
		return ""
	}
	from += len("<title>")
	to := bytes.IndexByte(page[from:], '<')
	if to < 0 {
		return ""
	}
	return line(html.UnescapeString(string(page[from : from+to])))
}

// line is a text as one line of bounded length.
func line(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
	if len(s) > maxMessage {
		s = s[:maxMessage]
		for !utf8.ValidString(s) {
			s = s[:len(s)-1]
		}
		s += "..."
	}
	return s
}

// isHTML reports whether an answer is a web page rather than data.
func isHTML(a *answer) bool {
	start := bytes.ToLower(bytes.TrimSpace(a.body[:min(len(a.body), 200)]))
	if bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html")) {
		return true
	}
	return strings.HasPrefix(a.header.Get("Content-Type"), "text/html") && a.status < 300
}

// unreadable is the error for a success whose body cannot be read.
func unreadable(rq *request, a *answer, err error) error {
	if isHTML(a) {
		return fmt.Errorf("client: %s %s: the answer is a web page and no feed; is the URL of the server right?", rq.method, rq.url)
	}
	return fmt.Errorf("client: %s %s: the answer cannot be read: %v", rq.method, rq.url, err) // without its kind, which speaks of input
}
