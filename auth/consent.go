package auth

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"contacts/look"
)

// An ask is what a program wants of whoever sits before the browser.
type ask struct {
	Program    string // name to show; the host of the target for unregistered ones
	Target     string // host where the browser goes afterwards, or the scheme and a colon of a program on the same device; empty if it goes nowhere
	Registered bool
	Scopes     Scopes
	Domain     string // whose users alone may agree; empty, or "default", for any
	LoginHint  string // e-mail address to fill in
	Caution    string // what the user should make sure of first; may be empty
	Again      bool   // ask even if the user has agreed before

	// Remembered reports whether the user has agreed to exactly this before.
	// It may be nil.
	Remembered func(ctx context.Context, u *Account) (bool, error)

	// Grant issues what was asked for, and answers. It may rely on a user whose
	// account is in good order and of Domain.
	Grant func(w http.ResponseWriter, r *http.Request, u *Account) error

	// Deny answers when the user refuses. If it is nil, a page says so.
	Deny func(w http.ResponseWriter, r *http.Request) error
}

// consent serves GET and POST of one URL: the sign-in form while nobody is
// signed in, then the question, then Grant or Deny. Its forms are sent to the
// very URL asked, path and query, and nothing is kept in between: the endpoint
// checks its parameters each time, before it calls consent, and reads them from
// the query of the URL only. A POST that is none of these forms, such as one of
// a program, is led to GET with the parameters in the query. All errors, those
// of Grant and Deny included, are shown as pages.
func (s *Service) consent(w http.ResponseWriter, r *http.Request, a ask) error {
	if a.Domain = fold(a.Domain); a.Domain == "default" { // AUTH-42
		a.Domain = ""
	}
	return s.paged(func(w http.ResponseWriter, r *http.Request) error { return s.decide(w, r, &a) })(w, r)
}

func (s *Service) decide(w http.ResponseWriter, r *http.Request, a *ask) error {
	sent, err := readForm(r)
	if err != nil {
		return err
	}
	do := sent.Get(doField)
	if r.Method == http.MethodPost && do == "" {
		return seeOther(w, withParameters(r, sent))
	}
	v, err := s.visitorOf(w, r)
	if err != nil {
		return err
	}
	if v.text == "" { // AUTH-43
		done, err := s.signIn(w, r, v, sent, signIn{Program: a.Program, Domain: a.Domain, Email: a.LoginHint})
		if !done || err != nil {
			return err
		}
		// A redirect from the sign-in form may not leave this server, as Grant's
		// does: whoever has agreed before is asked once more.
		if before, err := s.agreedBefore(r, a, v); err != nil || !before {
			if err != nil {
				return err
			}
			return seeOther(w, ownURL(r))
		}
		return s.question(w, r, v, a, false) // SEC-15
	}
	stale := false
	switch {
	case do == "" || do == doSignIn: // signed in meanwhile
		if r.Method == http.MethodPost {
			return seeOther(w, ownURL(r))
		}
		if before, err := s.agreedBefore(r, a, v); err != nil {
			return err
		} else if before && r.Method == http.MethodGet {
			return s.granted(w, r, a, v)
		}
	case !genuine(r, v, sent): // SEC-5
		stale = true
	case do == doSwitch:
		if err := s.signOut(w, r, v); err != nil {
			return err
		}
		return seeOther(w, ownURL(r))
	case do == doAllow && a.accepts(v):
		return s.granted(w, r, a, v)
	case do == doDeny:
		return s.denied(w, r, a)
	}
	return s.question(w, r, v, a, stale)
}

// withParameters is the URL of r with the parameters of its body in the query.
func withParameters(r *http.Request, sent url.Values) string {
	u := ownURL(r)
	if len(sent) == 0 {
		return u
	}
	if r.URL.RawQuery == "" {
		return u + "?" + sent.Encode()
	}
	return u + "&" + sent.Encode()
}

// schemes are those by which the browser may leave after an answer.
func (a *ask) schemes() []string {
	if a.Target == "" {
		return nil
	}
	schemes := []string{"http", "https"} // also of where the target leads to
	if own, ok := strings.CutSuffix(a.Target, ":"); ok {
		schemes = append(schemes, own)
	}
	return schemes
}

// accepts reports whether the user of v is of the domain that was asked for.
func (a *ask) accepts(v *visitor) bool { return a.Domain == "" || v.account.Domain == a.Domain } // AUTH-42

func (s *Service) agreedBefore(r *http.Request, a *ask, v *visitor) (bool, error) {
	if a.Remembered == nil || a.Again || !a.accepts(v) {
		return false, nil
	}
	return a.Remembered(r.Context(), &v.account)
}

// granted lets the program have what it asked for. Wherever Grant leads the
// browser, nothing tells that site this address.
func (s *Service) granted(w http.ResponseWriter, r *http.Request, a *ask, v *visitor) error {
	h := w.Header()
	neverCache(h)
	h.Set("Referrer-Policy", "no-referrer")
	return a.Grant(w, r, &v.account)
}

// denied ends the matter.
func (s *Service) denied(w http.ResponseWriter, r *http.Request, a *ask) error {
	if a.Deny != nil {
		h := w.Header()
		neverCache(h)
		h.Set("Referrer-Policy", "no-referrer")
		return a.Deny(w, r)
	}
	return s.notePage(w, http.StatusOK, note{ // AUTH-43
		Heading: "You denied access",
		Texts:   []string{a.Program + " was given nothing. You can close this page, or go back to the program."},
	})
}

// question asks the user.
func (s *Service) question(w http.ResponseWriter, r *http.Request, v *visitor, a *ask, stale bool) error {
	status := http.StatusOK
	data := struct {
		form
		Ask   *ask
		User  person
		Words []string
		Wrong bool // the account is not of the domain asked for
		Stale bool
	}{s.newForm(w, r, v), a, personOf(&v.account), a.Scopes.Words(), !a.accepts(v), stale}
	if stale {
		status = http.StatusForbidden
	}
	return pages.Write(w, status, look.Page{
		Name: "consent", Title: "Allow access", User: v.account.Email, Data: data,
		LeaveBy: a.schemes(),
	})
}
