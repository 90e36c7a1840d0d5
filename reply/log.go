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

	// Slow is the time from which on a request is logged as a warning, with
	// its stages. 0: never.
	Slow time.Duration

	// Stall is how long a client may leave the server waiting for the next
	// bytes of a body that takes ReadTimeout in all at most. 0: no limit but
	// that of the http.Server.
	Stall, ReadTimeout time.Duration

	// Watcher, if not nil, is told of every request.
	Watcher Watcher

	requests atomic.Uint64
}

// A Watcher counts requests. Begin comes before the handler and End after it,
// once for each.
type Watcher interface {
	Begin()
	End(*Exchange)
}

// An Exchange is what a Watcher may know of a request and its answer.
type Exchange struct {
	Route    string // see SetRoute; empty for what has no route
	Method   string // as the client sent it
	Status   int    // 0 if the connection ended before an answer
	Received int64  // bytes of the body that were read
	Sent     int64  // bytes of the answer's body
	Took     time.Duration
	Stalled  bool // the client was cut off because of Front.Stall
}

func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	rec := &recorder{ResponseWriter: w, id: f.Site.requestID(r), start: start}
	if rec.id == "" {
		rec.id = newID(f.requests.Add(1))
	}
	if f.Watcher != nil {
		f.Watcher.Begin()
	}
	if body := r.Body; body != nil && body != http.NoBody {
		rec.body = &receiver{ReadCloser: body, front: f, w: w, start: start}
		r.Body = rec.body
		// By its own type of body net/http knows that there is no rest to wait for
		// before it answers: one that the client has no leave to send, or a large one.
		defer func() { r.Body = body }() // RES-65
	}
	h := w.Header()
	h["X-Content-Type-Options"] = nosniff // RES-66
	h["X-Frame-Options"] = sameOrigin     // RES-66
	h["Content-Security-Policy"] = inert  // SEC-17; pages for people set their own
	defer f.end(rec, r, start)
	f.Next.ServeHTTP(rec, r)
}

var (
	nosniff    = []string{"nosniff"}
	sameOrigin = []string{"SAMEORIGIN"}
	inert      = []string{"default-src 'none'; sandbox"}
)

// end answers a request whose handler panicked, and writes the line of log.
func (f *Front) end(rec *recorder, r *http.Request, start time.Time) {
	p := recover()
	aborted := p == http.ErrAbortHandler
	if p != nil && !aborted { // OPS-97
		rec.err = newPanicked(p)
		if aborted = rec.status != 0; !aborted {
			http.Error(rec, Message(rec, rec.err), http.StatusInternalServerError)
		}
	}
	took := time.Since(start)
	status := rec.status
	if status == 0 && !aborted {
		status = http.StatusOK // net/http writes the header after the handler
	}
	f.log(rec, r, took, status, aborted)
	if f.Watcher != nil {
		e := Exchange{Route: rec.route, Method: r.Method, Status: status, Sent: rec.bytes, Took: took}
		if rec.body != nil {
			e.Received, e.Stalled = rec.body.bytes, rec.body.stalled
		}
		f.Watcher.End(&e)
	}
	if aborted {
		panic(http.ErrAbortHandler)
	}
}

// log writes the line of a request: never its headers, and of its query only
// parameters that tell nothing about people (SEC-7).
func (f *Front) log(rec *recorder, r *http.Request, took time.Duration, status int, aborted bool) {
	level, slow := slog.LevelInfo, f.Slow > 0 && took >= f.Slow // OPS-56
	switch {
	case rec.err != nil:
		level = slog.LevelError
	case slow:
		level = slog.LevelWarn
	}
	if !f.Logger.Enabled(r.Context(), level) {
		return
	}
	attrs := make([]slog.Attr, 0, 18)
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
	if slow {
		attrs = rec.appendStages(attrs, took)
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

// appendStages says where the time of a slow request went: until it was known
// who asks, waiting for the client's body, waiting for the client to take the
// answer, and the rest, which is work and waiting for the store.
func (rec *recorder) appendStages(attrs []slog.Attr, took time.Duration) []slog.Attr {
	received := time.Duration(0)
	if rec.body != nil {
		received = rec.body.took
	}
	route := rec.route
	if route == "" {
		route = "other"
	}
	return append(attrs, // OPS-56
		slog.Bool("slow", true),
		slog.String("route", route),
		slog.Duration("signin", rec.known),
		slog.Duration("receive", received),
		slog.Duration("send", rec.sending),
		slog.Duration("work", max(0, took-rec.known-received-rec.sending)))
}

// process tells the requests of one run of the program from those of others.
var process = strings.ToLower(rand.Text()[:6])

func newID(n uint64) string {
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
	route   string
	account int64
	status  int // 0 before the header is written
	bytes   int64
	err     error
	body    *receiver // nil without a body

	start   time.Time
	known   time.Duration // until it was known who asks; 0 if it never was
	sending time.Duration // in Write
}

func (rec *recorder) WriteHeader(status int) {
	if rec.status == 0 && status >= 200 { // others are announcements before the answer
		rec.status = status
		if status >= 400 {
			rec.Header()[requestIDHeader] = []string{rec.id} // OPS-55
		}
	}
	rec.ResponseWriter.WriteHeader(status)
}

func (rec *recorder) Write(b []byte) (int, error) {
	if rec.status == 0 {
		rec.status = http.StatusOK
	}
	start := time.Now()
	n, err := rec.ResponseWriter.Write(b)
	rec.sending += time.Since(start)
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
		if rec.known == 0 {
			rec.known = time.Since(rec.start)
		}
	}
}

// SetRoute notes the template of the URL that was asked for, such as
// /m8/feeds/contacts/{owner}/{projection}. It must come from a fixed list.
func SetRoute(w http.ResponseWriter, template string) {
	if rec := recorderOf(w); rec != nil {
		rec.route = template
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
