package auth_test

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"contacts/auth"
)

// FuzzRedirect looks for a redirect URI that leads off the user's machine
// although none was registered, or that loses what it is to carry.
func FuzzRedirect(f *testing.F) {
	for _, uri := range []string{
		"http://127.0.0.1:8080/back?x=1", "http://[::1]/", "http://localhost", "http://localhost?", "http://localhost/?a=b&",
		"http://localhost.example.net/", "http://127.0.0.1@example.net/", `http://127.0.0.1\@example.net/`, "http://127.0.0.1#@example.net/",
		"http://[::1%25lo]/", "http://127.1/", "http:127.0.0.1", "//127.0.0.1/", "javascript://127.0.0.1/%0aalert(1)", "http://127.0.0.1/%0d%0aX: y",
	} {
		f.Add(uri, "a b&c")
	}
	f.Fuzz(func(t *testing.T, uri, state string) {
		to, ok := auth.RedirectOf(nil, uri, state)
		if !ok {
			return
		}
		if strings.ContainsAny(to, "\r\n\t #\\") && !strings.Contains(uri, `\`) {
			t.Errorf("%q leads to %q", uri, to)
		}
		if uri == oob || uri == oob+":auto" {
			return
		}
		u, err := url.Parse(to)
		if err != nil {
			t.Fatalf("%q leads to %q: %v", uri, to, err)
		}
		a, err := netip.ParseAddr(u.Hostname())
		if u.Scheme != "http" || u.User != nil || u.Hostname() != "localhost" && (err != nil || !a.IsLoopback()) {
			t.Errorf("%q leads to %q", uri, to)
		}
		q := u.RawQuery
		if i := strings.LastIndex(q, "code="); i < 0 || q[i:] != "code=the+code&state="+url.QueryEscape(state) {
			t.Errorf("%q leads to %q", uri, to)
		}
	})
}
