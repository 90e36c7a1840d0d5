package auth

import (
	"net/url"
	"slices"
	"strings"

	"contacts"
)

// Scopes is what a token may touch: scopes as parseScopes makes them, in the
// order asked. In an Identity, nil is no limit.
type Scopes []string

// The scopes that are no prefix of a feed's URL.
const (
	scopeFull     = "https://www.googleapis.com/auth/contacts"          // all feeds
	scopeReadOnly = "https://www.googleapis.com/auth/contacts.readonly" // the same, for reading
)

// scopeFeeds is the scope of all feeds, in the form of the original service.
const scopeFeeds = "https://www.google.com/m8/feeds/"

// feedsPath is what the path of every feed begins with.
const feedsPath = "/m8/feeds"

// originalHost is the host of the original service. A scope with this host
// stands for any host that this server is asked by.
const originalHost = "www.google.com"

// profileScopes tell who the user is. They touch no contacts; programs ask for
// them together with others.
var profileScopes = []string{
	"openid", "email", "profile",
	"https://www.googleapis.com/auth/userinfo.email",
	"https://www.googleapis.com/auth/userinfo.profile",
}

// maxScopes bounds the length of what is asked, in bytes.
const maxScopes = 4096

// parseScopes reads scopes, which stand between blanks: prefixes of the URL of
// a feed on the original service, or on one of hosts, and the names of
// AUTH-81. It fails with kind Invalid, naming the scope that there is not, and
// without any scope.
func parseScopes(text string, hosts ...string) (Scopes, error) {
	if len(text) > maxScopes {
		return nil, contacts.Errorf(contacts.Invalid, "", "too many scopes")
	}
	var sc Scopes
	for word := range strings.FieldsSeq(text) {
		scope, ok := parseScope(word, hosts)
		if !ok {
			return nil, contacts.Errorf(contacts.Invalid, "", "unknown scope %q", word) // AUTH-39
		}
		if !slices.Contains(sc, scope) {
			sc = append(sc, scope)
		}
	}
	if sc == nil {
		return nil, contacts.Errorf(contacts.Invalid, "", "scope is missing")
	}
	return sc, nil
}

// parseScope brings one scope to the form in which it is kept: scheme and host
// in lower case, and that of all feeds with a slash at its end.
func parseScope(word string, hosts []string) (string, bool) {
	if word == scopeFull || word == scopeReadOnly || slices.Contains(profileScopes, word) {
		return word, true // AUTH-81, AUTH-123
	}
	u, err := url.Parse(word)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Contains(word, "#") {
		return "", false
	}
	host := strings.ToLower(u.Host)
	if host != originalHost && !slices.ContainsFunc(hosts, func(h string) bool { return strings.EqualFold(h, host) }) {
		return "", false
	}
	p := u.EscapedPath()
	if p == feedsPath || p == feedsPath+"/" {
		return u.Scheme + "://" + host + feedsPath + "/", true // AUTH-39, AUTH-81
	}
	if _, ok := pathSegments(p); !ok || !strings.HasPrefix(p, feedsPath+"/") || strings.Contains(p, "//") {
		return "", false
	}
	return u.Scheme + "://" + host + p, true // AUTH-39, AUTH-123
}

// ReadOnly reports whether the scopes allow no change of anything.
func (sc Scopes) ReadOnly() bool {
	return !slices.ContainsFunc(sc, writes) // AUTH-81
}

// writes reports whether a scope allows changes.
func writes(scope string) bool {
	return scope != scopeReadOnly && !slices.Contains(profileScopes, scope)
}

// Words says what the scopes allow, one phrase for each, for people to read.
func (sc Scopes) Words() []string {
	var words []string
	say := func(phrase string) {
		if !slices.Contains(words, phrase) {
			words = append(words, phrase)
		}
	}
	for _, scope := range sc {
		switch {
		case scope == scopeReadOnly:
			say("see your contacts, groups and photos")
		case slices.Contains(profileScopes, scope):
			say("see your name and e-mail address")
		default:
			say(feedWords(scope))
		}
	}
	return words
}

// feedWords is the phrase of a scope that allows changes.
func feedWords(scope string) string {
	rest := scopePath(scope)[len(feedsPath):]
	kind, rest, _ := strings.Cut(strings.Trim(rest, "/"), "/")
	words, ok := map[string]string{
		"":         "see and change your contacts, groups and photos",
		"contacts": "see and change your contacts",
		"groups":   "see and change your groups",
		"photos":   "see and change the photos of your contacts",
	}[kind]
	if !ok || rest != "" {
		words = "see and change what is under " + scopePath(scope)
	}
	return words
}

// scopePath is the path of the URLs that a scope is for, still escaped, or
// empty if there are none.
func scopePath(scope string) string {
	switch {
	case scope == scopeFull || scope == scopeReadOnly:
		return feedsPath + "/"
	case slices.Contains(profileScopes, scope):
		return ""
	}
	_, rest, _ := strings.Cut(scope, "://")
	return rest[strings.IndexByte(rest, '/'):]
}

// covers reports whether the scopes let the holder read at a path, given
// escaped. Whole segments count, whichever way they are escaped and however
// many slashes stand between them. A path with dots for segments is of nothing.
func (sc Scopes) covers(path string) bool {
	seg, ok := pathSegments(path)
	return ok && slices.ContainsFunc(sc, func(scope string) bool { return scopeCovers(scope, seg) })
}

// coversWrite is covers for changes.
func (sc Scopes) coversWrite(path string) bool {
	seg, ok := pathSegments(path)
	return ok && slices.ContainsFunc(sc, func(scope string) bool { return writes(scope) && scopeCovers(scope, seg) })
}

func scopeCovers(scope string, seg []string) bool {
	prefix, ok := pathSegments(scopePath(scope))
	return ok && len(prefix) > 0 && len(seg) >= len(prefix) && slices.Equal(seg[:len(prefix)], prefix) // RES-53
}

// pathSegments are the decoded segments of a path.
func pathSegments(escaped string) (seg []string, ok bool) {
	for s := range strings.SplitSeq(escaped, "/") {
		if s == "" {
			continue
		}
		s, err := url.PathUnescape(s)
		if err != nil || s == "." || s == ".." {
			return nil, false
		}
		seg = append(seg, s)
	}
	return seg, true
}
