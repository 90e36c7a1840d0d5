package auth

import (
	"context"
	"net/http"
	"net/url"
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
	case strings.ContainsFunc(u.Host, notOfHost):
		return bad("must have a host of letters, digits, hyphens and dots; letters other than a to z as xn--...") // AUTH-58, SEC-6
	case strings.Contains(text, "#"):
		return bad("must not have a fragment") // AUTH-38
	}
	host := strings.ToLower(strings.TrimSuffix(u.Host, ":"))
	return place{text: escapeRest(text), origin: u.Scheme + "://" + host, host: host, query: u.Query()}, nil
}

// notOfHost reports characters that no host has, and those of other alphabets:
// a host of such letters may look like another to whoever is asked about it.
func notOfHost(c rune) bool {
	return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("-._:[]", c))
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
