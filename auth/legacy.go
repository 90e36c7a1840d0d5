package auth

import (
	"net/http"
	"net/url"
	"slices"

	"contacts"
	"contacts/reply"
	"contacts/store"
)

// What AuthSub and OAuth 1.0a share.

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
func (s *Service) withChallenge(sch scheme, f reply.Func) reply.Func {
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
