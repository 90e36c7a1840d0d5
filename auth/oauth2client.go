package auth

import (
	"context"
	"crypto/subtle"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// installed reports whether a program runs on the user's own machine, rather
// than on a web server: one of its redirect URIs leads there, or it has none.
func (a *app) installed() bool {
	return a.ServiceEmail == "" && (len(a.RedirectURIs) == 0 || slices.ContainsFunc(a.RedirectURIs, staysHere))
}

// staysHere reports whether a redirect URI leads to nothing but a program on
// the machine of the browser, or to the user's eyes.
func staysHere(uri string) bool {
	if isOOB(uri) || isLoopback(uri) {
		return true
	}
	scheme, _, _ := strings.Cut(uri, ":")
	return strings.Contains(scheme, ".")
}

// oobAuto is the other word for showing the code: the original service left out
// the advice to copy it.
const oobAuto = oobRedirect + ":auto"

func isOOB(uri string) bool { return uri == oobRedirect || uri == oobAuto } // AUTH-83

// isLoopback reports whether uri is of a program that listens on the machine
// of the browser (RFC 8252, section 7.3).
func isLoopback(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" || u.User != nil || strings.Contains(uri, "#") {
		return false
	}
	if u.Hostname() == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(u.Hostname())
	return err == nil && a.IsLoopback() // AUTH-83
}

// redirectsTo reports whether the browser may be sent to uri with a code for
// the program.
func (a *app) redirectsTo(uri string) bool {
	if a.ServiceEmail != "" || checkRedirectURI(uri) != nil && uri != oobAuto {
		return false
	}
	return slices.Contains(a.RedirectURIs, uri) || // AUTH-83
		a.installed() && (isOOB(uri) || isLoopback(uri)) // AUTH-83
}

// oauth2Client finds the program that a request for tokens comes from, and
// makes sure of it: by its secret, in the form or as the password of Basic, if
// it has one.
func (s *Service) oauth2Client(r *http.Request, form url.Values) (*app, error) {
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok { // AUTH-85
		user, err1 := url.QueryUnescape(user)
		password, err2 := url.QueryUnescape(password)
		if err1 != nil || err2 != nil || secret != "" || id != "" && id != user {
			return nil, oauth2Fault(invalidRequest, "the client is named in the header and, differently, in the form")
		}
		id, secret = user, password
	}
	return s.checkClient(r.Context(), id, secret)
}

// checkClient fails alike for an unknown program and for a wrong secret.
func (s *Service) checkClient(ctx context.Context, id, secret string) (*app, error) {
	if id == "" {
		return nil, oauth2Fault(invalidClient, "client_id is missing")
	}
	a, found, err := s.app(ctx, id)
	if err != nil {
		return nil, err
	}
	want, err := s.appSecret(&a)
	if err != nil {
		return nil, err
	}
	same := subtle.ConstantTimeCompare([]byte(tokenKey(want)), []byte(tokenKey(secret))) == 1 // SEC-3
	switch {
	case !found || a.ServiceEmail != "" || !a.Public && (want == "" || !same):
		return nil, oauth2Fault(invalidClient, "there is no such client, or the client_secret is wrong") // AUTH-88
	}
	return &a, nil
}
