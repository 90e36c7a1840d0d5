package auth

import (
	"embed"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"contacts"
	"contacts/look"
	"contacts/reply"
)

//go:embed pages/*.html
var pageFiles embed.FS

var pages = look.Parse(pageFiles, "pages")

// The fields that every form of ours has, and what the first may say. A form is
// sent to the URL of the page that it is on unless it says otherwise.
const (
	doField        = "do"
	formTokenField = "form_token"

	doSignIn = "sign-in"
	doSwitch = "switch" // sign out, to sign in as somebody else
	doAllow  = "allow"
	doDeny   = "deny"
)

// A form is what every template with a form needs.
type form struct {
	Action string // path and query
	Token  string
}

func (s *Service) newForm(w http.ResponseWriter, r *http.Request, v *visitor) form {
	return form{Action: ownURL(r), Token: s.formToken(w, r, v)}
}

// A problem is something to correct in a form.
type problem struct {
	Field string // id of the input; empty if it concerns the whole form
	Text  string
}

// problems are what is wrong with a form.
type problems []problem

// On is the problem of a field, or nil.
func (ps problems) On(field string) *problem {
	for i := range ps {
		if ps[i].Field == field {
			return &ps[i]
		}
	}
	return nil
}

// A person is an account as the pages show it.
type person struct {
	*Account
	Initial string
}

func personOf(a *Account) person {
	first, _ := utf8.DecodeRuneInString(a.DisplayName())
	return person{a, strings.ToUpper(string(first))}
}

// ownURL is the path and query of r, which never leads to another host.
func ownURL(r *http.Request) string {
	u := "/" + strings.TrimLeft(r.URL.EscapedPath(), "/")
	if r.URL.RawQuery != "" {
		u += "?" + r.URL.RawQuery
	}
	return u
}

// seeOther sends the browser to a path of this server by GET.
func seeOther(w http.ResponseWriter, path string) error {
	h := w.Header()
	neverCache(h)
	h.Set("Location", path)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// readForm reads the form that r brings, from its body alone.
func readForm(r *http.Request) (url.Values, error) {
	if r.Method != http.MethodPost {
		return nil, nil
	}
	body, err := reply.ReadBody(r, maxForm)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, contacts.Errorf(contacts.Invalid, "", "The form could not be read")
	}
	return form, nil
}

// paged is a page for people: its errors are pages too.
func (s *Service) paged(f reply.Func) reply.Func {
	return func(w http.ResponseWriter, r *http.Request) error {
		err := s.onlyMethods(w, r, http.MethodGet, http.MethodHead, http.MethodPost)
		if err == nil {
			err = s.site.RequireSecure(r) // RES-61
		}
		if err == nil {
			err = f(w, r)
		}
		if err != nil {
			reply.Note(w, err)
			if reply.Status(err) == http.StatusServiceUnavailable {
				w.Header().Set("Retry-After", strconv.Itoa(reply.RetryAfter(err)))
			}
			return s.errorPage(w, r, reply.Status(err), reply.Message(w, err))
		}
		return nil
	}
}

// A note is a page that only says something.
type note struct {
	Heading string
	Texts   []string
	Bad     bool
	Link    string // where to go on; may be empty
	Go      string // what the link says
}

// notePage says something.
func (s *Service) notePage(w http.ResponseWriter, status int, n note) error {
	return pages.Write(w, status, look.Page{Name: "note", Title: n.Heading, Data: n})
}

// errorPage says what went wrong. The text is for people; it must have no
// secret.
func (s *Service) errorPage(w http.ResponseWriter, _ *http.Request, status int, text string) error {
	heading := "Something is wrong"
	switch status {
	case http.StatusBadRequest:
		heading = "This request cannot be used"
	case http.StatusForbidden:
		heading = "This is not allowed"
	case http.StatusNotFound:
		heading = "There is nothing here"
	case http.StatusServiceUnavailable:
		heading = "Please try again later"
	}
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return s.notePage(w, status, note{Heading: heading, Texts: []string{text}, Bad: true})
}

// showCode shows a code that the user takes to the program by hand. The title
// is that of the window, word for word: some programs watch it for the code.
func (s *Service) showCode(w http.ResponseWriter, _ *http.Request, title, code string) error {
	return pages.Write(w, http.StatusOK, look.Page{Name: "code", Title: title, Bare: true, Data: struct{ Code string }{code}}) // AUTH-65, AUTH-83
}

// askUserCode asks for the code that a device shows, which comes back as the
// query parameter user_code of the same path. What was wrong with the last one
// may be empty.
func (s *Service) askUserCode(w http.ResponseWriter, r *http.Request, wrong string) error {
	status := http.StatusOK
	data := struct {
		Action, Code string
		Problems     problems
	}{Action: "/" + strings.TrimLeft(r.URL.EscapedPath(), "/"), Code: r.URL.Query().Get("user_code")}
	if wrong != "" {
		status = http.StatusBadRequest
		data.Problems = problems{{"user_code", wrong}}
	}
	return pages.Write(w, status, look.Page{Name: "device", Title: errorTitle("Connect a device", data.Problems), Data: data})
}

// errorTitle says in the window's title that a form came back.
func errorTitle(title string, ps problems) string {
	if len(ps) > 0 {
		return "Error: " + title
	}
	return title
}

// inWords is a length of time for people to read, in minutes or hours.
func inWords(d time.Duration) string {
	n, unit := int((d+time.Minute-1)/time.Minute), "minute"
	if n%60 == 0 {
		n, unit = n/60, "hour"
	}
	if n == 1 {
		return "1 " + unit
	}
	return strconv.Itoa(n) + " " + unit + "s"
}
