// Package look is how the pages look: the one stylesheet, the frame around
// every page, and the headers that pages are sent with. Packages that show
// pages to people parse their templates with Parse and answer with Write.
package look

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
)

//go:embed assets
var assets embed.FS

// An asset is a file that pages refer to. Its path has a hash of what is in
// it, so that browsers may keep it for ever.
type asset struct {
	path        string
	contentType string
	content     []byte
}

func newAsset(file, contentType string) asset {
	content, err := assets.ReadFile("assets/" + file)
	if err != nil {
		panic("look: " + err.Error())
	}
	hash := sha256.Sum256(content)
	name, ext, _ := strings.Cut(file, ".")
	return asset{Prefix + name + "-" + base64.RawURLEncoding.EncodeToString(hash[:9]) + "." + ext, contentType, content}
}

// Prefix is what the paths of the assets begin with; Assets answers there.
const Prefix = "/assets/"

var (
	stylesheet = newAsset("look.css", "text/css; charset=UTF-8")
	icon       = newAsset("icon.svg", "image/svg+xml")
)

// Assets serves what the pages refer to.
func Assets(w http.ResponseWriter, r *http.Request) {
	for _, a := range []asset{stylesheet, icon} {
		if r.URL.Path != a.path {
			continue
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "Method not allowed", http.StatusMethodNotAllowed)
			return
		}
		h := w.Header()
		h.Set("Content-Type", a.contentType)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("Content-Length", strconv.Itoa(len(a.content)))
		w.Write(a.content) // HEAD: net/http leaves the body out
		return
	}
	http.NotFound(w, r)
}

// Pages are the templates of a package.
type Pages struct{ byName map[string]*template.Template }

// Parse reads the templates of a package. Each file NAME.html defines the
// template "content", the part of a page below its head, and is the page NAME;
// those whose names begin with _ are parts that the others may use. It panics
// on a template that is wrong.
func Parse(files fs.FS, dir string) *Pages {
	common := template.Must(template.New("frame.html").Funcs(template.FuncMap{
		"stylesheet": func() string { return stylesheet.path },
		"icon":       func() string { return icon.path },
	}).ParseFS(assets, "assets/frame.html"))
	names, err := fs.Glob(files, dir+"/*.html")
	if err != nil {
		panic("look: " + err.Error())
	}
	p := &Pages{byName: map[string]*template.Template{}}
	var own []string
	for _, name := range names {
		if strings.HasPrefix(name, dir+"/_") {
			template.Must(common.ParseFS(files, name))
		} else {
			own = append(own, name)
		}
	}
	for _, name := range own {
		t := template.Must(template.Must(common.Clone()).ParseFS(files, name))
		p.byName[strings.TrimSuffix(strings.TrimPrefix(name, dir+"/"), ".html")] = t
	}
	return p
}

// A Page is what Write shows.
type Page struct {
	Name  string // of the template
	Title string // of the browser's window, without the name of the product
	Data  any    // for the template

	// User is the address of who is signed in, shown at the top with the way to
	// the account; empty for nobody.
	User string

	// LeaveBy are the URL schemes, such as https, by which the answer to a form
	// of the page may lead to another site. Browsers stop other redirects,
	// however far down the chain they happen, and so sites cannot be named.
	LeaveBy []string

	// Public is a page that is the same for everybody, with no form on it: it
	// needs no more against frames than every answer has.
	Public bool

	// Bare leaves the product's name out of the title: the Title is read by
	// programs.
	Bare bool
}

// Write answers with a page, which no cache keeps, no site can frame, which
// runs no script, and which tells no other site its address.
func (p *Pages) Write(w http.ResponseWriter, status int, page Page) error {
	var b bytes.Buffer
	if err := p.byName[page.Name].ExecuteTemplate(&b, "frame.html", page); err != nil {
		return err
	}
	forms := "'self'"
	for _, scheme := range page.LeaveBy {
		forms += " " + scheme + ":"
	}
	frames := "'none'"
	if page.Public {
		frames = "'self'"
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=UTF-8")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	h.Set("Cache-Control", "no-store") // SEC-15
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; "+
		"form-action "+forms+"; frame-ancestors "+frames+"; base-uri 'none'") // SEC-5, SEC-15
	if !page.Public {
		h.Set("X-Frame-Options", "DENY") // SEC-5
	}
	h.Set("Referrer-Policy", "no-referrer") // SEC-15
	w.WriteHeader(status)
	w.Write(b.Bytes())
	return nil
}
