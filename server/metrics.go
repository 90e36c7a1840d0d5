package server

import (
	"maps"
	"math"
	"net/http"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"contacts/metrics"
	"contacts/reply"
)

// What a request can be counted under. Methods and statuses beside these are
// metrics.Other.
var (
	countedMethods  = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "REPORT", metrics.Other}
	countedStatuses = []string{"1xx", "2xx", "3xx", "4xx", "5xx", metrics.Other}
	countedTimes    = []time.Duration{
		500 * time.Microsecond, time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond,
		25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
		time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second,
	}
)

// A watch counts what the server does, for /metrics. No label of its families
// says anything about a person or an address (OPS-52).
type watch struct {
	registry metrics.Registry
	routes   map[string]*watchedRoute
	other    *watchedRoute
	inFlight atomic.Int64
	stalled  *metrics.Counter // clients that left the server waiting for a body
	unsaved  *metrics.Counter // scheduled backups that failed
}

// A watchedRoute counts the requests for one template of URLs.
type watchedRoute struct {
	requests [][]*metrics.Counter // by the place in countedMethods and countedStatuses
	took     *metrics.Histogram
	received *metrics.Counter
	sent     *metrics.Counter
}

// newWatch makes the families of all requests, and takes those of the parts.
// The rules and the dashboard in contrib/ name them (OPS-59).
func newWatch(s *Server, templates []string) *watch {
	templates = append(slices.Clone(templates), metrics.Other)
	route := metrics.Label{Name: "route", Values: templates} // OPS-52
	requests := metrics.NewCounters("contactsd_http_requests_total", "Requests answered, by template of the URL, method and class of the status.",
		route, metrics.Label{Name: "method", Values: countedMethods}, metrics.Label{Name: "status", Values: countedStatuses})
	took := metrics.NewTimes("contactsd_http_request_duration_seconds", "Time from the head of a request to the end of its answer.", countedTimes, route)
	received := metrics.NewCounters("contactsd_http_received_bytes_total", "Bytes of the bodies of requests.", route)
	sent := metrics.NewCounters("contactsd_http_sent_bytes_total", "Bytes of the bodies of answers.", route)
	limits := metrics.NewCounters("contactsd_connection_limits_total", "Connections that were refused or cut off, by the limit that they ran into.",
		metrics.Label{Name: "limit", Values: gateLimits})

	w := &watch{routes: map[string]*watchedRoute{}, stalled: limits.At(limitBody)}
	unsaved := metrics.NewCounters("contactsd_backup_failures_total", "Scheduled backups that failed.") // OPS-33
	w.unsaved = unsaved.At()
	for _, t := range templates {
		r := &watchedRoute{took: took.At(t), received: received.At(t), sent: sent.At(t)}
		for _, m := range countedMethods {
			var row []*metrics.Counter
			for _, status := range countedStatuses {
				row = append(row, requests.At(t, m, status))
			}
			r.requests = append(r.requests, row)
		}
		w.routes[t] = r
	}
	w.other = w.routes[metrics.Other]
	w.registry.Add(requests, took, received, sent, limits,
		metrics.NewGauge("contactsd_http_requests_in_flight", "Requests that are being answered.", func() float64 { return float64(w.inFlight.Load()) }),
		metrics.NewGauge("contactsd_disk_free_bytes", "Room for this program on the disk of the data directory.", func() float64 {
			if free, ok := diskFree(s.config.Data); ok {
				return float64(free)
			}
			return math.NaN()
		}),
		metrics.NewGauge("contactsd_certificate_expiry_timestamp_seconds", "When the certificate that expires first does so, in seconds since 1970.", func() float64 {
			if at := s.expiry(); !at.IsZero() {
				return float64(at.Unix())
			}
			return math.NaN()
		}),
		metrics.NewGauge("contactsd_backup_timestamp_seconds", "When the newest scheduled backup was begun, in seconds since 1970.", func() float64 { // OPS-33
			if at := s.LastBackup().Time; !at.IsZero() {
				return float64(at.Unix())
			}
			return math.NaN()
		}),
		metrics.NewGauge("contactsd_backup_interval_seconds", "The time from one scheduled backup to the next.", func() float64 { // OPS-33
			if s.config.BackupDir != "" {
				return s.config.BackupEvery.Seconds()
			}
			return math.NaN()
		}),
		unsaved,
		metrics.NewInfo("contactsd_build_info", "The program.", metrics.Label{Name: "version", Values: []string{s.config.Version}},
			metrics.Label{Name: "goversion", Values: []string{runtime.Version()}}))
	w.registry.Add(metrics.Process()...)
	for _, part := range []any{s.store, s.Auth} {
		if c, ok := part.(interface{ Metrics() []metrics.Family }); ok {
			w.registry.Add(c.Metrics()...)
		}
	}
	s.gate = newGate(s.config.MaxConnections, s.config.MaxConnectionsPerAddress, s.config.StallTimeout, s.site.Trusts, limits)
	w.registry.Add(metrics.NewGauge("contactsd_connections", "Connections of clients that are open.", func() float64 { return float64(s.gate.open()) }))
	return w
}

// Begin implements reply.Watcher.
func (w *watch) Begin() { w.inFlight.Add(1) }

// End implements reply.Watcher.
func (w *watch) End(e *reply.Exchange) { // OPS-51
	defer w.inFlight.Add(-1)
	r := w.routes[e.Route]
	if r == nil {
		r = w.other // OPS-52
	}
	method := slices.Index(countedMethods, e.Method)
	if method < 0 {
		method = len(countedMethods) - 1
	}
	class := e.Status/100 - 1
	if class < 0 || class >= len(countedStatuses) {
		class = len(countedStatuses) - 1
	}
	r.requests[method][class].Inc()
	r.took.ObserveTime(e.Took)
	r.received.Add(uint64(e.Received))
	r.sent.Add(uint64(e.Sent))
	if e.Stalled {
		w.stalled.Inc()
	}
}

// serveMetrics serves /metrics.
func (s *Server) serveMetrics(w http.ResponseWriter, r *http.Request) {
	page(w, r, http.StatusOK, metrics.ContentType, string(s.watch.registry.AppendText(nil))) // OPS-50
}

// nearby lets requests from this machine and from private networks pass, and
// answers others as if there were nothing.
func (s *Server) nearby(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !isNear(s.site.Peer(r).Addr) {
			http.NotFound(w, r) // OPS-53
			return
		}
		next(w, r)
	}
}

// isNear reports whether an address belongs to this machine or to a network
// that is not the Internet.
func isNear(a netip.Addr) bool { return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() }

// feedTemplates are the templates of the URLs of feeds.
var feedTemplates = [...]string{
	"/m8/feeds/contacts/{owner}/{projection}",
	"/m8/feeds/contacts/{owner}/{projection}/{id}",
	"/m8/feeds/contacts/{owner}/{projection}/batch",
	"/m8/feeds/groups/{owner}/{projection}",
	"/m8/feeds/groups/{owner}/{projection}/{id}",
	"/m8/feeds/groups/{owner}/{projection}/batch",
	"/m8/feeds/photos/media/{owner}/{id}",
}

// feedTemplate is the template of a URL below /m8/feeds/, given its clean path,
// or empty. It says what the URL looks like, not that there is anything.
func feedTemplate(path string) string {
	rest, _ := strings.CutPrefix(path, "/m8/feeds/")
	name, rest, _ := strings.Cut(rest, "/")
	first := 0
	switch name {
	case "contacts":
	case "groups":
		first = 3
	case "photos":
		return feedTemplates[6]
	default:
		return ""
	}
	switch n := strings.Count(rest, "/"); {
	case n == 1:
		return feedTemplates[first]
	case n == 2 && strings.HasSuffix(rest, "/batch"):
		return feedTemplates[first+2]
	case n == 2 || n == 3:
		return feedTemplates[first+1]
	}
	return ""
}

// templateOf is the path of a pattern of http.ServeMux.
func templateOf(pattern string) string {
	if _, path, ok := strings.Cut(pattern, " "); ok {
		pattern = path
	}
	return strings.TrimSuffix(pattern, "{$}")
}

// templatesOf are the templates of patterns and of feeds, each once.
func templatesOf(patterns map[string]string) []string {
	all := append(slices.Collect(maps.Values(patterns)), feedTemplates[:]...)
	slices.Sort(all)
	return slices.Compact(all)
}
