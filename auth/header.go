package auth

import (
	"net/http"
	"net/url"
	"strings"
)

// A scheme is a way to present credentials.
type scheme string

const (
	noScheme    scheme = ""
	googleLogin scheme = "GoogleLogin"
	authSub     scheme = "AuthSub"
	oauth       scheme = "OAuth" // 1.0a; the form with one word is of bearer
	bearer      scheme = "Bearer"
)

// credentials are what a request presents.
type credentials struct {
	scheme scheme // noScheme if there is none, or none known here
	token  string // may be empty

	// params are the parameters of the Authorization header, in their order:
	// those of authSub as they stand there, those of oauth decoded, without
	// realm. OAuth 1.0a parameters that stand in the query are not among them.
	params []param
}

// A param is one parameter of an Authorization header.
type param struct{ name, value string }

// get is the value of the first parameter of a name, in any letter case.
func (c *credentials) get(name string) (value string, found bool) {
	for _, p := range c.params {
		if strings.EqualFold(p.name, name) {
			return p.value, true
		}
	}
	return "", false
}

// credentialsOf reads the credentials of a request. A header wins over the
// query.
func credentialsOf(r *http.Request) credentials {
	h := r.Header.Get("Authorization")
	if h == "" {
		h = r.Header.Get("X-GData-Authorization") // AUTH-7
	}
	if c := parseAuthorization(h); c.scheme != noScheme {
		return c
	}
	return queryCredentials(r.URL.RawQuery)
}

// queryCredentials reads the credentials of a query.
func queryCredentials(raw string) credentials {
	if !strings.Contains(raw, "_") { // most have none
		return credentials{}
	}
	q, _ := url.ParseQuery(raw)
	switch {
	case q.Has("oauth_signature"):
		return credentials{scheme: oauth, token: q.Get("oauth_token")} // AUTH-4
	case q.Has("access_token"):
		return credentials{scheme: bearer, token: q.Get("access_token")} // AUTH-5
	case q.Has("oauth_token"):
		return credentials{scheme: bearer, token: q.Get("oauth_token")} // AUTH-13
	}
	return credentials{}
}

// parseAuthorization reads the value of an Authorization header.
func parseAuthorization(h string) credentials {
	name, rest := strings.TrimSpace(h), ""
	if i := strings.IndexAny(name, " \t"); i >= 0 {
		name, rest = name[:i], strings.TrimSpace(name[i:])
	}
	for _, known := range [...]scheme{googleLogin, authSub, oauth, bearer} {
		if strings.EqualFold(name, string(known)) { // AUTH-6
			return known.read(rest)
		}
	}
	return credentials{}
}

// read reads what follows the name of a scheme.
func (sch scheme) read(rest string) credentials {
	c := credentials{scheme: sch}
	switch sch {
	case googleLogin:
		c.params = parseParams(rest)
		c.token, _ = c.get("auth") // AUTH-1
	case authSub:
		c.params = parseParams(rest) // AUTH-3
		c.token, _ = c.get("token")  // AUTH-2
	case bearer:
		c.token = rest // AUTH-5
	case oauth:
		if !strings.Contains(rest, "=") {
			return credentials{scheme: bearer, token: rest} // AUTH-5
		}
		for _, p := range parseParams(rest) { // AUTH-4
			if strings.EqualFold(p.name, "realm") {
				continue // AUTH-4
			}
			c.params = append(c.params, param{unescape(p.name), unescape(p.value)})
		}
		c.token, _ = c.get("oauth_token")
	}
	return c
}

// unescape decodes a name or value of OAuth 1.0a. One that was not encoded
// stays as it is.
func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil { // a plus sign stands for itself
		return u
	}
	return s
}

// maxParams bounds how many parameters of a header are read.
const maxParams = 100

// parseParams reads a list of NAME=VALUE or NAME="VALUE" with commas or blanks
// between them (AUTH-3). What has no value is passed over.
func parseParams(list string) []param {
	const blanks = " \t,"
	var params []param
	for len(params) < maxParams {
		list = strings.TrimLeft(list, blanks)
		eq := strings.IndexByte(list, '=')
		if eq < 0 {
			break
		}
		name := strings.TrimRight(list[:eq], blanks)
		name = name[strings.LastIndexAny(name, blanks)+1:]
		list = strings.TrimLeft(list[eq+1:], " \t")
		var value string
		if quoted, ok := strings.CutPrefix(list, `"`); ok {
			value, list, _ = strings.Cut(quoted, `"`)
		} else {
			end := strings.IndexAny(list, blanks)
			if end < 0 {
				end = len(list)
			}
			value, list = list[:end], list[end:]
		}
		params = append(params, param{name, value})
	}
	return params
}
