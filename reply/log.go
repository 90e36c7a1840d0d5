package reply

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// A Front is the outermost handler of a server. It numbers requests, sets the
// headers that every answer has, writes one line of log for each, and survives
// panics. Next, Site and Logger must be set.
type Front struct {
	Next   http.Handler
	Site   *Site
	Logger *slog.Logger

	requests atomic.Uint64
}

func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	rec := &recorder{ResponseWriter: w, id: requestID(f.requests.Add(1))}
	h := w.Header()
	h["X-Content-Type-Options"] = nosniff // RES-66
	h["X-Frame-Options"] = sameOrigin     // RES-66
	defer f.end(rec, r, start)
	f.Next.ServeHTTP(rec, r)
}

var (
	nosniff    = []string{"nosniff"}
	sameOrigin = []string{"SAMEORIGIN"}
)

// end answers a request whose handler panicked, and writes the line of log.
func (f *Front) end(rec *recorder, r *http.Request, start time.Time) {
	p := recover()
	aborted := p == http.ErrAbortHandler
	if p != nil && !aborted {
		rec.err = newPanicked(p)
		if aborted = rec.status != 0; !aborted {
			http.Error(rec, Message(rec, rec.err), http.StatusInternalServerError)
		}
	}
	f.log(rec, r, time.Since(start), aborted)
	if aborted {
		panic(http.ErrAbortHandler)
	}
}

// log writes the line of a request: never its headers, and of its query only
// parameters that tell nothing about people (SEC-7).
func (f *Front) log(rec *recorder, r *http.Request, took time.Duration, aborted bool) {
	level, status := slog.LevelInfo, rec.status
	if status == 0 && !aborted {
		status = http.StatusOK // net/http writes the header after the handler
	}
	if rec.err != nil {
		level = slog.LevelError
	}
	if !f.Logger.Enabled(r.Context(), level) {
		return
	}
	attrs := make([]slog.Attr, 0, 12)
	attrs = append(attrs,
		slog.String("id", rec.id),
		slog.String("remote", f.Site.Peer(r).Addr.String()),
		slog.String("method", r.Method),
		slog.String("path", r.URL.Path)) // SEC-7
	if q := loggedQuery(r.URL.RawQuery); q != "" {
		attrs = append(attrs, slog.String("query", q)) // SEC-7
	}
	attrs = append(attrs,
		slog.Int("status", status),
		slog.Int64("bytes", rec.bytes),
		slog.Duration("took", took))
	if rec.account != 0 {
		attrs = append(attrs, slog.Int64("account", rec.account))
	}
	if aborted {
		attrs = append(attrs, slog.Bool("aborted", true))
	}
	if rec.err != nil {
		attrs = append(attrs, slog.String("error", rec.err.Error()))
		if p, ok := rec.err.(*panicked); ok {
			attrs = append(attrs, slog.String("stack", string(p.stack)))
		}
	}
	f.Logger.LogAttrs(r.Context(), level, "request", attrs...)
}

// loggable are the query parameters that say how something was asked for, and
// not about whom.
var loggable = map[string]bool{
	"alt": true, "v": true, "max-results": true, "start-index": true, "updated-min": true, "showdeleted": true,
	"requirealldeleted": true, "orderby": true, "sortorder": true, "strict": true, "prettyprint": true,
}

func loggedQuery(raw string) string {
	var b strings.Builder
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		name, _, _ := strings.Cut(pair, "=")
		if !loggable[name] {
			continue // SEC-7
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(pair)
	}
	return b.String()
}

// process tells the requests of one run of the program from those of others.
var process = strings.ToLower(rand.Text()[:6])

func requestID(n uint64) string {
	b := make([]byte, 0, 24)
	b = append(b, process...)
	b = append(b, '-')
	return string(strconv.AppendUint(b, n, 10))
}

// A panicked is a panic as an error.
type panicked struct {
	value any
	stack []byte
}

func newPanicked(value any) *panicked { return &panicked{value, debug.Stack()} }

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// A recorder remembers what the line of log says.
type recorder struct {
	http.ResponseWriter
	id      string
	account int64
	status  int // 0 before the header is written
	bytes   int64
	err     error
}

func (rec *recorder) WriteHeader(status int) {
	if rec.status == 0 && status >= 200 { // others are announcements before the answer
		rec.status = status
	}
	rec.ResponseWriter.WriteHeader(status)
}

func (rec *recorder) Write(b []byte) (int, error) {
	if rec.status == 0 {
		rec.status = http.StatusOK
	}
	n, err := rec.ResponseWriter.Write(b)
	rec.bytes += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController.
func (rec *recorder) Unwrap() http.ResponseWriter { return rec.ResponseWriter }

// recorderOf finds the recorder that w wraps, however deep, or nil.
func recorderOf(w http.ResponseWriter) *recorder {
	for {
		switch v := w.(type) {
		case *recorder:
			return v
		case interface{ Unwrap() http.ResponseWriter }:
			w = v.Unwrap()
		default:
			return nil
		}
	}
}

// RequestID is the number of the request that w answers, as the log has it, or
// empty outside a Front.
func RequestID(w http.ResponseWriter) string {
	if rec := recorderOf(w); rec != nil {
		return rec.id
	}
	return ""
}

// SetAccount notes for the log who asked: the number of an account.
func SetAccount(w http.ResponseWriter, number int64) {
	if rec := recorderOf(w); rec != nil {
		rec.account = number
	}
}

// Note keeps err for the log if it tells of a fault here rather than in the
// request. Handle does that with every error; a handler that words an error
// itself does it here.
func Note(w http.ResponseWriter, err error) {
	var limit Later
	switch status := Status(err); {
	case status == http.StatusInternalServerError:
	case status == http.StatusServiceUnavailable && !errors.As(err, &limit):
	default:
		return
	}
	if rec := recorderOf(w); rec != nil {
		rec.err = err
	}
}
