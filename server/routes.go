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
// target (RES-34, RES-58), and no path is ever answered by a redirect.
func (s *Server) routes() http.Handler {
	feeds := gdata.New(s.book, s.Auth, gdata.Options{
		Site:                        s.site,
		IDBase:                      s.idBase,
		OriginalLimits:              s.config.OriginalLimits,
		MinimalTombstones:           s.config.MinimalTombstones,
		RequirePreconditionOnDelete: s.config.RequirePreconditionOnDelete,
		Now:                         s.config.Now,
	})
	other := http.NewServeMux()
	s.Auth.Routes(func(pattern string, f reply.Func) {
		other.Handle(pattern, reply.Handle(f, s.Auth.WriteError))
	})
	other.HandleFunc("/healthz", healthy)
	other.HandleFunc("/readyz", s.ready)
	other.Handle("/{$}", reply.Handle(landing, s.Auth.WriteError))
	other.HandleFunc(look.Prefix, look.Assets)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		clean := path.Clean("/" + r.URL.EscapedPath())
		if clean == "/m8/feeds" || strings.HasPrefix(clean, "/m8/feeds/") {
			feeds.ServeHTTP(w, r) // RES-34, RES-58, RES-67
			return
		}
		other.ServeHTTP(w, withPath(r, clean))
	})
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

// healthy says that the program runs.
func healthy(w http.ResponseWriter, r *http.Request) { plain(w, r, http.StatusOK, "ok\n") }

// ready says whether requests can be served.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if err := s.store.Ready(r.Context()); err != nil {
		s.log.Warn("not ready", "error", err)
		w.Header().Set("Retry-After", strconv.Itoa(reply.RetryAfter(err)))
		plain(w, r, http.StatusServiceUnavailable, "the database cannot serve: "+reply.Message(w, err)+"\n")
		return
	}
	plain(w, r, http.StatusOK, "ready\n")
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
