package auth_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"contacts/auth"
)

// open to every program, as servers are by default.
var anyProgram = auth.Options{AuthSubUnregistered: true}

const letters = "http://letters.example/inbox?from=Jane"

// authSubLink is a link of a program, with NAME, VALUE and so on. Empty values
// remove a parameter.
func authSubLink(more ...string) string {
	q := url.Values{"next": {letters}, "scope": {feedScope}, "session": {"1"}}
	for i := 0; i < len(more); i += 2 {
		if q.Set(more[i], more[i+1]); more[i+1] == "" {
			q.Del(more[i])
		}
	}
	return "/accounts/AuthSubRequest?" + q.Encode()
}

// authSub lets a user agree to a link, and returns where the browser goes and
// the token that it takes there.
func (w *world) authSub(t testing.TB, email string, more ...string) (location, token string) {
	t.Helper()
	b := w.browser(t)
	p := b.press(t, b.signIn(t, b.open(t, authSubLink(more...)), email, password), "allow")
	token = regexp.MustCompile(`[?&]token=([\w-]+)$`).FindString(p.leave)
	if p.status != http.StatusFound || token == "" {
		t.Fatalf("status %d, redirect to %q", p.status, p.leave)
	}
	return p.leave, token[len("?token="):]
}

// as sends a GET with an AuthSub token.
func (w *world) as(t testing.TB, path, token string) answer {
	t.Helper()
	return w.do(t, http.MethodGet, path, "", `Authorization: AuthSub token="`+token+`"`)
}

const (
	sessionToken = "/accounts/AuthSubSessionToken"
	tokenInfo    = "/accounts/AuthSubTokenInfo"
	revokeToken  = "/accounts/AuthSubRevokeToken"
)

// session exchanges a token.
func (w *world) session(t testing.TB, token string) string {
	t.Helper()
	a := w.as(t, sessionToken, token)
	if a.status != http.StatusOK {
		t.Fatalf("exchange = %d %q", a.status, a.body)
	}
	return a.line("Token")
}

func TestAuthSubRequest(t *testing.T) {
	w := longbourn(t, anyProgram)
	w.pemberley(t)
	for _, tt := range []struct {
		name string
		more []string
		want string // of the redirect, up to the token
	}{
		{"AUTH-37 the token is added", nil, letters + "&token="},
		{"AUTH-37 to an address without parameters", []string{"next", "https://letters.example:8443/in%20box"}, "https://letters.example:8443/in%20box?token="},
		{"AUTH-37 to an address that ends in a question mark", []string{"next", "http://letters.example?"}, "http://letters.example?token="},
		{"AUTH-37 what is there stays as it is", []string{"next", "http://letters.example/a;b?x=%7e&&y=+'%27é ü"}, "http://letters.example/a;b?x=%7e&&y=+'%27%C3%A9%20%C3%BC&token="},
		{"AUTH-37 hd brings the scopes", []string{"hd", "example.com"}, letters + "&auth_sub_scopes=http%3A%2F%2Fwww.google.com%2Fm8%2Ffeeds%2F&token="},
		{"AUTH-37 several scopes", []string{"hd", "default", "scope", "http://www.google.com/m8/feeds/groups/ https://www.google.com/m8/feeds/photos/"},
			letters + "&auth_sub_scopes=http%3A%2F%2Fwww.google.com%2Fm8%2Ffeeds%2Fgroups%2F%20https%3A%2F%2Fwww.google.com%2Fm8%2Ffeeds%2Fphotos%2F&token="},
		{"AUTH-37 scopes that the program has put there stay alone", []string{"hd", "example.com", "next", "http://letters.example/?auth_sub_scopes=x"},
			"http://letters.example/?auth_sub_scopes=x&token="},
	} {
		t.Run(tt.name, func(t *testing.T) {
			location, token := w.authSub(t, liz, tt.more...)
			if got := strings.TrimSuffix(location, token); got != tt.want {
				t.Errorf("redirect to %q\nwant %q", got, tt.want)
			}
			if ok, _ := regexp.MatchString(`^[A-Za-z0-9_-]{40,}$`, token); !ok {
				t.Errorf("AUTH-44: token %q", token)
			}
		})
	}
	t.Run("AUTH-43 SEC-6 the page says who asks for what, and that nobody knows him", func(t *testing.T) {
		b := w.browser(t)
		p := b.open(t, authSubLink("scope", "https://www.google.com/m8/feeds/groups/"))
		if !p.says("letters.example") {
			t.Errorf("the form to sign in does not say who asks: %s", text(p.doc))
		}
		p = b.signIn(t, p, liz, password)
		for _, words := range []string{"letters.example", "not registered", "see and change your groups"} {
			if !p.says(words) {
				t.Errorf("the question does not say %q: %s", words, text(p.doc))
			}
		}
		p = b.press(t, p, "deny")
		if p.leave != "" || !p.says("You denied access") { // AUTH-43
			t.Errorf("after denial: redirect to %q, %s", p.leave, p.body)
		}
		tokens, err := w.Tokens(t.Context(), jane)
		must(t, err)
		if len(tokens) != 0 {
			t.Errorf("Tokens() = %+v", tokens)
		}
	})
	t.Run("AUTH-43 a registered program is named", func(t *testing.T) {
		b := w.browser(t)
		p := b.signIn(t, b.open(t, authSubLink("next", "https://pemberley.example/letters")), liz, password)
		for _, words := range []string{"Pemberley Letters", "registered here", "pemberley.example"} {
			if !p.says(words) {
				t.Errorf("the question does not say %q: %s", words, text(p.doc))
			}
		}
	})
	t.Run("AUTH-37 the answer tells nobody else where the browser was", func(t *testing.T) {
		b := w.browser(t)
		p := b.press(t, b.signIn(t, b.open(t, authSubLink()), liz, password), "allow")
		if p.header.Get("Referrer-Policy") != "no-referrer" || !strings.Contains(p.header.Get("Cache-Control"), "no-store") || p.body != "" {
			t.Errorf("headers %v, body %q", p.header, p.body)
		}
	})
	t.Run("a program may send a form", func(t *testing.T) {
		b := w.browser(t)
		_, query, _ := strings.Cut(authSubLink(), "?")
		p := b.send(t, http.MethodPost, w.url+"/accounts/AuthSubRequest", query)
		if p = b.press(t, b.signIn(t, p, liz, password), "allow"); !strings.HasPrefix(p.leave, letters) {
			t.Errorf("redirect to %q", p.leave)
		}
	})
}

// No page of these leads anywhere, signed in or not.
func TestAuthSubBadRequests(t *testing.T) {
	w := longbourn(t, anyProgram)
	w.pemberley(t)
	if _, _, err := w.AddApp(t.Context(), auth.NewApp{Name: "Netherfield", CallbackHosts: []string{"netherfield.example"}}); err != nil {
		t.Fatal(err)
	}
	b := w.browser(t)
	b.signIn(t, b.open(t, authSubLink()), liz, password)
	for name, link := range map[string]string{
		"AUTH-38 no next":                            authSubLink("next", ""),
		"AUTH-38 a relative next":                    authSubLink("next", "/inbox"),
		"AUTH-38 a next without scheme":              authSubLink("next", "//letters.example/"),
		"AUTH-38 a next without host":                authSubLink("next", "http:///inbox"),
		"AUTH-38 only a port":                        authSubLink("next", "http://:80/inbox"),
		"AUTH-38 an opaque next":                     authSubLink("next", "http:letters.example"),
		"AUTH-38 a fragment":                         authSubLink("next", letters+"#top"),
		"AUTH-38 an empty fragment":                  authSubLink("next", letters+"#"),
		"AUTH-38 SEC-6 javascript":                   authSubLink("next", "javascript:alert(document.cookie)"),
		"AUTH-38 SEC-6 javascript with a host":       authSubLink("next", "JavaScript://letters.example/%0aalert(1)"),
		"AUTH-38 SEC-6 data":                         authSubLink("next", "data:text/html,x"),
		"AUTH-38 SEC-6 ftp":                          authSubLink("next", "ftp://letters.example/"),
		"AUTH-38 SEC-6 a scheme of its own":          authSubLink("next", "com.example.app://letters.example/"),
		"AUTH-38 SEC-6 a host hidden behind a user":  authSubLink("next", "http://pemberley.example@evil.example/"),
		"AUTH-38 AUTH-58 SEC-6 a backslash":          authSubLink("next", `http://evil.example\@pemberley.example/`),
		"AUTH-58 SEC-6 a host like another":          authSubLink("next", "http://l\u0435tters.example/"), // a Cyrillic letter
		"AUTH-58 SEC-6 a host like another, escaped": authSubLink("next", "http://l%D0%B5tters.example/"),
		"AUTH-58 SEC-15 a host with signs":           authSubLink("next", "http://letters;sandbox;.example/"),
		"AUTH-38 SEC-6 a line end":                   authSubLink("next", "http://letters.example/\r\nSet-Cookie: x=y"),
		"AUTH-38 a blank before":                     authSubLink("next", " http://letters.example/"),
		"AUTH-38 no URL":                             authSubLink("next", "http://%zz/"),
		"AUTH-38 endless":                            authSubLink("next", "http://letters.example/"+strings.Repeat("x", 5000)),
		"AUTH-38 two":                                authSubLink() + "&next=http://evil.example/",
		"AUTH-39 no scope":                           authSubLink("scope", ""),
		"AUTH-39 blanks":                             authSubLink("scope", " "),
		"AUTH-39 another service":                    authSubLink("scope", "http://www.google.com/calendar/feeds/"),
		"AUTH-39 one of two unknown":                 authSubLink("scope", feedScope+" http://www.google.com/calendar/feeds/"),
		"AUTH-39 another host":                       authSubLink("scope", "http://evil.example/m8/feeds/"),
		"AUTH-40 secure without registration":        authSubLink("secure", "1"),
		"AUTH-40 secure without certificate":         authSubLink("secure", "1", "next", "http://netherfield.example/"),
		"AUTH-40 AUTH-58 secure that is neither":     authSubLink("secure", "2"),
		"AUTH-40 secure twice":                       authSubLink("secure", "0") + "&secure=1",
		"AUTH-41 session that is neither":            authSubLink("session", "yes"),
		"a query that cannot be read":                "/accounts/AuthSubRequest?next=%zz",
		"nothing":                                    "/accounts/AuthSubRequest",
	} {
		t.Run(name, func(t *testing.T) {
			for who, b := range map[string]*browser{"signed in": b, "not signed in": w.browser(t)} {
				p := b.open(t, link)
				if p.status != http.StatusBadRequest || p.leave != "" || p.header.Get("Location") != "" {
					t.Errorf("%s: status %d, redirect to %q", who, p.status, p.leave)
				}
				if p.says("Allow") {
					t.Errorf("%s: %s", who, text(p.doc))
				}
			}
		})
	}
	t.Run("AUTH-42 a user of another domain with hd", func(t *testing.T) {
		link := authSubLink("hd", "Example.com")
		b := w.browser(t)
		if p := b.signIn(t, b.open(t, link), wickham, password); p.status != http.StatusForbidden || p.leave != "" {
			t.Errorf("not signed in: status %d, redirect to %q", p.status, p.leave)
		}
		p := b.signIn(t, b.open(t, "/account"), wickham, password)
		_, _, sent := p.form(t, "sign-out")
		sent.Set("do", "allow")
		for _, p := range []*page{b.open(t, link), b.send(t, http.MethodPost, w.url+link, sent.Encode())} {
			if p.leave != "" || !p.says("Another account is needed") {
				t.Errorf("signed in: status %d, redirect to %q, %s", p.status, p.leave, text(p.doc))
			}
		}
		tokens, err := w.Tokens(t.Context(), wickham)
		must(t, err)
		if len(tokens) != 0 {
			t.Errorf("Tokens() = %+v", tokens)
		}
	})
	t.Run("SEC-5 a form of another site gives nothing", func(t *testing.T) {
		p := b.send(t, http.MethodPost, w.url+authSubLink(), "do=allow")
		if p.leave != "" || p.status != http.StatusForbidden {
			t.Errorf("status %d, redirect to %q", p.status, p.leave)
		}
	})
	t.Run("SEC-6 an administrator lets only registered programs in", func(t *testing.T) {
		w.restart(t, auth.Options{})
		if p := w.browser(t).open(t, authSubLink()); p.status != http.StatusForbidden || p.leave != "" {
			t.Errorf("status %d, redirect to %q", p.status, p.leave)
		}
		if location, _ := w.authSub(t, liz, "next", "http://pemberley.example:8080/"); !strings.HasPrefix(location, "http://pemberley.example:8080/?token=") {
			t.Errorf("redirect to %q", location)
		}
	})
}
