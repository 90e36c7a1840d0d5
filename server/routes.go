package server

import (
	"embed"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"contacts"
	"contacts/gdata"
	"contacts/look"
	"contacts/reply"
)

// routes is the one place that says which part of the server answers which
// URL. Only the path decides, whatever the host and the form of the request
// target (RES-34, RES-58), and no path is ever answered by a redirect. The
// templates are those of all URLs, for reply.SetRoute.
func (s *Server) routes() (handler http.Handler, templates []string) {
	feeds := gdata.New(s.book, s.Auth, gdata.Options{
		Site:                        s.site,
		IDBase:                      s.idBase,
		OriginalLimits:              s.config.OriginalLimits,
		MinimalTombstones:           s.config.MinimalTombstones,
		RequirePreconditionOnDelete: s.config.RequirePreconditionOnDelete,
		Now:                         s.config.Now,
	})
	other := http.NewServeMux()
	patterns := map[string]string{} // to their templates
	handle := func(pattern string, h http.Handler) {
		other.Handle(pattern, h)
		patterns[pattern] = templateOf(pattern)
	}
	s.Auth.Routes(func(pattern string, f reply.Func) { handle(pattern, reply.Handle(f, s.Auth.WriteError)) })
	handle("/healthz", http.HandlerFunc(healthy))
	handle("/readyz", http.HandlerFunc(s.ready))
	metrics := s.nearby(s.serveMetrics)
	if s.config.AdminListen != "" {
		metrics = http.NotFound // OPS-54
	}
	handle("/metrics", metrics)
	handle("/{$}", reply.Handle(landing, s.Auth.WriteError))
	handle(look.Prefix, http.HandlerFunc(look.Assets))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		clean := path.Clean("/" + r.URL.EscapedPath())
		if clean == "/m8/feeds" || strings.HasPrefix(clean, "/m8/feeds/") {
			reply.SetRoute(w, feedTemplate(clean))
			feeds.ServeHTTP(w, r) // RES-34, RES-58, RES-67
			return
		}
		r = withPath(r, clean)
		other.ServeHTTP(w, r)
		reply.SetRoute(w, patterns[r.Pattern])
	}), templatesOf(patterns)
}

// withPath is r with a clean, still escaped path, which http.ServeMux matches
// without redirecting.
func withPath(r *http.Request, clean string) *http.Request {
	decoded, err := url.PathUnescape(clean)
	if err != nil || r.URL.RawPath == "" && r.URL.Path == clean {
		return r
	}
	u := *r.URL
	u.Path, u.RawPath = decoded, clean
	c := *r
	c.URL = &u
	return &c
}

func plain(w http.ResponseWriter, r *http.Request, status int, text string) {
	page(w, r, status, "text/plain; charset=UTF-8", text)
}

//go:embed pages/*.html
var pageFiles embed.FS

var pages = look.Parse(pageFiles, "pages")

// landing is where the alternate link of every feed leads (FEED-7).
func landing(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		return contacts.Errorf(contacts.NotAllowed, "", "Method not allowed")
	}
	return pages.Write(w, http.StatusOK, look.Page{Name: "landing", Title: "Welcome", Public: true})
}

// page answers GET and HEAD with a text that is not to be kept.
func page(w http.ResponseWriter, r *http.Request, status int, contentType, text string) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Method not allowed", http.StatusMethodNotAllowed)
		return
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	io.WriteString(w, text) // HEAD: net/http leaves the body out
}
