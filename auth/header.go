package auth

import (
	"net/http"
	"strings"
)

// A scheme is a way to present credentials.
type scheme string

const (
	noScheme    scheme = ""
	googleLogin scheme = "GoogleLogin"
	authSub     scheme = "AuthSub"
	oauth       scheme = "OAuth"
	bearer      scheme = "Bearer"
)

// credentials are what a request presents.
type credentials struct {
	scheme scheme // noScheme if there is none, or none known here
	token  string // may be empty
}

// credentialsOf reads the credentials of a request.
func credentialsOf(r *http.Request) credentials {
	h := r.Header.Get("Authorization")
	if h == "" {
		h = r.Header.Get("X-GData-Authorization") // AUTH-7
	}
	return parseAuthorization(h)
}

// parseAuthorization reads the value of an Authorization header.
func parseAuthorization(h string) credentials {
	name, rest := strings.TrimSpace(h), ""
	if i := strings.IndexAny(name, " \t"); i >= 0 {
		name, rest = name[:i], name[i:]
	}
	for _, known := range [...]scheme{googleLogin, authSub, oauth, bearer} {
		if !strings.EqualFold(name, string(known)) { // AUTH-6
			continue
		}
		c := credentials{scheme: known}
		if known == googleLogin {
			c.token, _ = param(rest, "auth") // AUTH-1
		}
		return c
	}
	return credentials{}
}

// param finds the first parameter of a name, in any letter case, in a list of
// NAME=VALUE or NAME="VALUE" with commas or blanks between them.
func param(list, name string) (value string, found bool) {
	const blanks = " \t,"
	for {
		list = strings.TrimLeft(list, blanks)
		eq := strings.IndexByte(list, '=')
		if eq < 0 {
			return "", false
		}
		key := list[strings.LastIndexAny(strings.TrimRight(list[:eq], blanks), blanks)+1 : eq]
		list = strings.TrimLeft(list[eq+1:], " \t")
		if quoted, ok := strings.CutPrefix(list, `"`); ok {
			value, list, _ = strings.Cut(quoted, `"`)
		} else {
			end := strings.IndexAny(list, blanks)
			if end < 0 {
				end = len(list)
			}
			value, list = list[:end], list[end:]
		}
		if strings.EqualFold(strings.TrimRight(key, blanks), name) {
			return value, true
		}
	}
}
