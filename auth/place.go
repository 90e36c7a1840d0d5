package auth

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"contacts"
	"contacts/store"
)

// maxPlace is the longest address that a browser is sent back to, in bytes.
const maxPlace = 4096

// A place is where a program wants the browser back: next of AuthSub, or the
// callback of OAuth 1.0a. It is an absolute http or https URL.
type place struct {
	text   string // ready for Location
	origin string // scheme and authority
	host   string // authority, with the port if it names one
	query  url.Values
}

// parsePlace reads the parameter of a name. It fails with kind Invalid.
func parsePlace(name, text string) (place, error) {
	bad := func(why string) (place, error) {
		return place{}, contacts.Errorf(contacts.Invalid, "", "%s %s", name, why)
	}
	u, err := url.Parse(text)
	switch {
	case text == "":
		return bad("is missing") // AUTH-38
	case len(text) > maxPlace:
		return bad("is too long")
	case err != nil || strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f || c == '\\' }):
		return bad("is not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return bad("must be an absolute http or https URL") // AUTH-38, SEC-6
	case u.Hostname() == "" || u.User != nil || u.Opaque != "":
		return bad("must have a host, and no user") // AUTH-58
	case strings.Contains(text, "#"):
		return bad("must not have a fragment") // AUTH-38
	}
	host := strings.ToLower(u.Host)
	return place{text: escapeRest(text), origin: u.Scheme + "://" + host, host: host, query: u.Query()}, nil
}

// escapeRest escapes what cannot stand in a header and leaves all else as it is.
func escapeRest(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// send leads the browser to p with further parameters, NAME, VALUE and so on.
// What p has already stays.
func (p *place) send(w http.ResponseWriter, more ...string) error {
	to := p.text
	for i := 0; i < len(more); i += 2 {
		switch {
		case !strings.Contains(to, "?"):
			to += "?"
		case !strings.HasSuffix(to, "?") && !strings.HasSuffix(to, "&"):
			to += "&"
		}
		to += more[i] + "=" + percentEncode(more[i+1])
	}
	h := w.Header()
	neverCache(h)
	h.Set("Referrer-Policy", "no-referrer") // SEC-7
	h.Set("Location", to)
	w.WriteHeader(http.StatusFound) // AUTH-37
	return nil
}

// appAt finds the registered program that has a host among its callback hosts,
// one with a certificate if there are several.
func (s *Service) appAt(ctx context.Context, host string) (found app, ok bool, err error) {
	err = s.store.View(ctx, store.Directory, func(tx store.Tx) error {
		found, ok = app{}, false
		for a, err := range apps(tx) {
			if err != nil {
				return err
			}
			if a.allowsHost(host) && (!ok || found.Key == nil && a.Key != nil) {
				found, ok = a, true
			}
		}
		return nil
	})
	return found, ok, err
}

// led leads a form that a program has sent instead of a link to the same page
// by GET. It reports whether it did; the parameter tells that it is needed.
func (s *Service) led(w http.ResponseWriter, r *http.Request, parameter string) (bool, error) {
	if r.Method != http.MethodPost || r.URL.Query().Has(parameter) {
		return false, nil
	}
	sent, err := readForm(r)
	if err != nil || !sent.Has(parameter) {
		return false, err
	}
	return true, seeOther(w, withParameters(r, sent))
}

// usable fails with kind Unauthorized unless the owner of tx may still be
// acted for. An account that is closed has no tokens, so it must get none.
func usable(tx store.Tx) error {
	var a account
	found, err := read(tx, recordAccount, selfKey, &a)
	if err == nil && (!found || a.shut()) {
		err = unauthorized(reasonInvalid)
	}
	return err
}

// withChallenge gives the errors of f the status 401 with the challenge of a
// scheme, whichever scheme the request used (AUTH-9).
func (s *Service) withChallenge(sch scheme, f func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		err := f(w, r)
		if contacts.KindOf(err) == contacts.Unauthorized {
			w.Header().Set("WWW-Authenticate", s.challengeIn(r, sch)) // AUTH-9
		}
		return err
	}
}

// switchedOff answers for a scheme that the administrator does not offer.
func switchedOff(sch string) error {
	return contacts.Errorf(contacts.Forbidden, contacts.CodeForbidden, "%s is switched off on this server", sch) // SEC-9
}

// once is the only value of a parameter of a query, or empty. It fails with
// kind Invalid for more.
func once(q url.Values, name string) (string, error) {
	values := slices.Compact(slices.Clone(q[name]))
	if len(values) > 1 {
		return "", contacts.Errorf(contacts.Invalid, "", "%s is given more than once", name)
	}
	return q.Get(name), nil
}

// yes reads a parameter that is 0 or 1, or missing.
func yes(q url.Values, name string) (bool, error) {
	v, err := once(q, name)
	if err == nil && v != "" && v != "0" && v != "1" {
		err = contacts.Errorf(contacts.Invalid, "", "%s must be 0 or 1", name) // AUTH-58
	}
	return v == "1", err
}
