package auth_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"contacts/auth"
)

const (
	feedsScope    = "https://www.google.com/m8/feeds/"
	readonlyScope = "https://www.googleapis.com/auth/contacts.readonly"
	webBack       = "https://planner.example.net/back?page=2"
	oob           = "urn:ietf:wg:oauth:2.0:oob"

	verifier  = "it-is-a-truth-universally-acknowledged-that-a"
	challenge = "XdbE9TQ1zmtavYg3MiPZiP30HtJA787i1kyk0YGQRKI" // S256 of verifier
)

// ask opens the page where a program asks for access, and signs in if nobody is.
func (b *browser) ask(t testing.TB, path, email string) *page {
	t.Helper()
	p := b.open(t, path)
	if strings.Contains(p.body, `value="sign-in"`) {
		p = b.signIn(t, p, email, password)
	}
	return p
}

// allow lets the program in, and says where the browser goes then.
func (b *browser) allow(t testing.TB, path, email string) *page {
	t.Helper()
	p := b.ask(t, path, email)
	if p.leave != "" {
		return p
	}
	return b.press(t, p, "allow")
}

// sentTo reads the outcome out of where the browser was sent.
func sentTo(t testing.TB, v *page, uri string) url.Values {
	t.Helper()
	rest, ok := strings.CutPrefix(v.leave, uri)
	if v.status != http.StatusSeeOther || !ok {
		t.Fatalf("the browser is at %s (%d, Location %q), want %s\n%s", v.url, v.status, v.leave, uri, v.body)
	}
	q, err := url.ParseQuery(strings.TrimLeft(rest, "?#&"))
	must(t, err)
	return q
}

// A program is a registered one, with its secret.
type program struct {
	auth.App
	secret string
}

func (w *world) program(t testing.TB, n auth.NewApp) program {
	t.Helper()
	a, secret, err := w.AddApp(t.Context(), n)
	must(t, err)
	return program{a, secret.Text}
}

func (w *world) webProgram(t testing.TB) program {
	return w.program(t, auth.NewApp{Name: "Pemberley Planner", RedirectURIs: []string{webBack}})
}

// query encodes names and values; an empty value leaves its name out, and a
// name that comes again replaces the first.
func query(pairs ...string) string {
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if q.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			q.Del(pairs[i])
		}
	}
	return q.Encode()
}

// asks is the path and query where a program asks for access.
func (w *world) asks(p program, more ...string) string {
	return "/o/oauth2/auth?" + query(append([]string{
		"response_type", "code", "client_id", p.ID, "redirect_uri", webBack, "scope", feedsScope, "state", "a b&c"}, more...)...)
}

// code is a code for a program, which Elizabeth has let in.
func (w *world) code(t testing.TB, p program, more ...string) string {
	t.Helper()
	back := webBack
	for i := 0; i < len(more); i += 2 {
		if more[i] == "redirect_uri" {
			back = more[i+1]
		}
	}
	q := sentTo(t, w.browser(t).allow(t, w.asks(p, more...), liz), back)
	if q.Get("code") == "" {
		t.Fatalf("no code: %v", q)
	}
	return q.Get("code")
}

const tokenPath = "/o/oauth2/token"

// post sends a form to an endpoint for programs.
func (w *world) post(t testing.TB, path string, pairs ...string) answer {
	t.Helper()
	return w.do(t, http.MethodPost, path, query(pairs...), "Content-Type: application/x-www-form-urlencoded")
}

// exchange takes a code for tokens.
func (w *world) exchange(t testing.TB, p program, code string, more ...string) answer {
	t.Helper()
	return w.post(t, tokenPath, append([]string{"grant_type", "authorization_code", "code", code,
		"client_id", p.ID, "client_secret", p.secret, "redirect_uri", webBack}, more...)...)
}

// tokens are what the token endpoint answers.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Type    string `json:"token_type"`
	Expires int    `json:"expires_in"`
	Scope   string `json:"scope"`
	Error   string `json:"error"`
}

func (a answer) tokens(t testing.TB) tokens {
	t.Helper()
	var got tokens
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		t.Fatalf("%v in %q", err, a.body)
	}
	return got
}

// good are tokens that must be there.
func (a answer) good(t testing.TB) tokens {
	t.Helper()
	got := a.tokens(t)
	if a.status != http.StatusOK || got.Access == "" {
		t.Fatalf("the answer is %d %s", a.status, a.body)
	}
	return got
}

// fails checks an error of an endpoint for programs.
func (a answer) fails(t testing.TB, status int, code string) {
	t.Helper()
	if got := a.tokens(t); a.status != status || got.Error != code || got.Access != "" || got.Refresh != "" {
		t.Errorf("the answer is %d %s, want %d %s", a.status, a.body, status, code)
	}
	if a.header.Get("Cache-Control") != "no-cache, no-store" || a.header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("headers = %v", a.header)
	}
	if (a.status == http.StatusUnauthorized) != (a.header.Get("WWW-Authenticate") != "") {
		t.Errorf("%d with WWW-Authenticate %q", a.status, a.header.Get("WWW-Authenticate"))
	}
}

func TestAuthorize(t *testing.T) {
	w := longbourn(t, auth.Options{})
	p := w.webProgram(t)
	b := w.browser(t)

	t.Run("AUTH-80 AUTH-82 a code, the state, and the query of the redirect URI", func(t *testing.T) {
		v := b.ask(t, w.asks(p, "login_hint", liz), liz)
		for _, want := range []string{"Pemberley Planner", "planner.example.net", "see and change your contacts"} {
			if !strings.Contains(v.body, want) {
				t.Errorf("the page lacks %q", want)
			}
		}
		v = b.press(t, v, "allow")
		if !regexp.MustCompile(`^https://planner\.example\.net/back\?page=2&code=[A-Za-z0-9_-]{40,}&state=a\+b%26c$`).MatchString(v.leave) {
			t.Errorf("Location = %q", v.leave)
		}
		if v.body != "" || v.header.Get("Referrer-Policy") != "no-referrer" || v.header.Get("Cache-Control") != "no-cache, no-store" {
			t.Errorf("the redirect has %v, body %q", v.header, v.body)
		}
	})
	t.Run("AUTH-80 the newer path", func(t *testing.T) {
		v := b.open(t, strings.Replace(w.asks(p), "/o/oauth2/auth", "/o/oauth2/v2/auth", 1))
		if sentTo(t, v, webBack).Get("code") == "" {
			t.Errorf("Location = %q", v.leave)
		}
	})
	t.Run("AUTH-82 denial", func(t *testing.T) {
		v := b.press(t, b.ask(t, w.asks(p, "approval_prompt", "force"), liz), "deny")
		if v.leave != webBack+"&error=access_denied&state=a+b%26c" {
			t.Errorf("Location = %q", v.leave)
		}
	})
	t.Run("no state, none back", func(t *testing.T) {
		if q := sentTo(t, b.open(t, w.asks(p, "state", "")), webBack); q.Has("state") || !q.Has("code") {
			t.Errorf("sent %v", q)
		}
	})

	// Neither the program nor the place is believed.
	for _, tt := range []struct{ name, path string }{
		{"AUTH-83 AUTH-109 no client_id", w.asks(p, "client_id", "")},
		{"AUTH-83 AUTH-109 unknown client_id", w.asks(p, "client_id", "wickham")},
		{"AUTH-83 AUTH-109 no redirect_uri", w.asks(p, "redirect_uri", "")},
		{"AUTH-83 AUTH-109 another redirect_uri", w.asks(p, "redirect_uri", "https://wickham.example.net/")},
		{"AUTH-83 another query", w.asks(p, "redirect_uri", "https://planner.example.net/back?page=3")},
		{"AUTH-83 a longer path", w.asks(p, "redirect_uri", webBack+"/more")},
		{"AUTH-83 another port", w.asks(p, "redirect_uri", "https://planner.example.net:8443/back?page=2")},
		{"AUTH-83 another user", w.asks(p, "redirect_uri", "https://planner.example.net@wickham.example.net/")},
		{"AUTH-83 another scheme", w.asks(p, "redirect_uri", "http://planner.example.net/back?page=2")},
		{"AUTH-83 AUTH-109 a script", w.asks(p, "redirect_uri", "javascript:alert(1)")},
		{"AUTH-83 a fragment", w.asks(p, "redirect_uri", webBack+"#x")},
		{"AUTH-83 loopback for a program on the web", w.asks(p, "redirect_uri", "http://127.0.0.1:8080/")},
		{"AUTH-83 oob for a program on the web", w.asks(p, "redirect_uri", oob)},
		{"AUTH-83 AUTH-109 two redirect URIs", w.asks(p) + "&redirect_uri=https://wickham.example.net/"},
		{"AUTH-83 AUTH-109 two clients", w.asks(p) + "&client_id=wickham"},
		{"a query that cannot be read", w.asks(p) + "&%zz"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := b.open(t, tt.path)
			if v.status != http.StatusBadRequest || v.leave != "" || strings.Contains(v.body, "wickham") {
				t.Errorf("the answer is %d to %q\n%s", v.status, v.leave, v.body)
			}
		})
	}

	public := w.program(t, auth.NewApp{Name: "Lydia's Notes", Public: true, RedirectURIs: []string{webBack}})
	for _, tt := range []struct {
		name string
		p    program
		more []string
		code string
	}{
		{"AUTH-91 response_type=token is off", p, []string{"response_type", "token"}, "unsupported_response_type"},
		{"AUTH-109 no response_type", p, []string{"response_type", ""}, "invalid_request"},
		{"unknown response_type", p, []string{"response_type", "code id_token"}, "unsupported_response_type"},
		{"AUTH-88 no scope", p, []string{"scope", ""}, "invalid_scope"},
		{"AUTH-88 unknown scope", p, []string{"scope", feedsScope + " https://mail.google.com/"}, "invalid_scope"},
		{"access_type", p, []string{"access_type", "none"}, "invalid_request"},
		{"approval_prompt", p, []string{"approval_prompt", "never"}, "invalid_request"},
		{"prompt", p, []string{"prompt", "please"}, "invalid_request"},
		{"prompt none with another", p, []string{"prompt", "none consent"}, "invalid_request"},
		{"AUTH-84 unknown method", p, []string{"code_challenge", challenge, "code_challenge_method", "S512"}, "invalid_request"},
		{"AUTH-84 a method alone", p, []string{"code_challenge_method", "S256"}, "invalid_request"},
		{"AUTH-84 a short challenge", p, []string{"code_challenge", "short", "code_challenge_method", "plain"}, "invalid_request"},
		{"AUTH-84 a public program without challenge", public, nil, "invalid_request"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := b.open(t, w.asks(tt.p, tt.more...))
			uri := webBack
			if slices.Contains(tt.more, "token") {
				uri += "#"
			}
			if q := sentTo(t, v, uri); q.Get("error") != tt.code || q.Get("state") != "a b&c" || q.Has("code") {
				t.Errorf("sent %v, want error %s", q, tt.code)
			}
		})
	}

	t.Run("AUTH-80 hd of another domain", func(t *testing.T) {
		v := b.open(t, w.asks(p, "hd", "example.org"))
		if v.leave != "" || !strings.Contains(v.body, "example.org") {
			t.Fatalf("sent to %q", v.leave)
		}
		if v = b.press(t, v, "switch", "do", "allow"); v.leave != "" { // a forged answer
			t.Errorf("sent to %q", v.leave)
		}
		if v := w.browser(t).ask(t, w.asks(p, "hd", "example.org"), liz); v.leave != "" || !strings.Contains(v.body, `value="sign-in"`) {
			t.Errorf("%s could sign in: %d %q", liz, v.status, v.leave)
		}
		if q := sentTo(t, w.browser(t).allow(t, w.asks(p, "hd", "Example.org"), wickham), webBack); q.Get("code") == "" {
			t.Errorf("sent %v", q)
		}
	})
	t.Run("a refusal shows no address of the program", func(t *testing.T) {
		got := w.do(t, http.MethodDelete, "/o/oauth2/auth?client_id="+p.ID, "")
		if got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "GET, HEAD, POST" {
			t.Errorf("DELETE = %d %v", got.status, got.header)
		}
	})
}

func TestRemembered(t *testing.T) {
	w := longbourn(t, auth.Options{})
	p := w.webProgram(t)
	b := w.browser(t)
	asked := func(t *testing.T, want bool, url string) {
		t.Helper()
		v := b.open(t, url)
		if got := strings.Contains(v.body, `value="allow"`); got != want || v.leave == "" != want {
			t.Errorf("asked = %v, want %v (%d %q)", got, want, v.status, v.leave)
		}
	}
	silent := func(t *testing.T, want string) {
		t.Helper()
		q := sentTo(t, b.open(t, w.asks(p, "prompt", "none")), webBack)
		if q.Get("error") != want || q.Has("code") != (want == "") || q.Get("state") != "a b&c" {
			t.Errorf("prompt=none: %v, want error %q", q, want)
		}
	}
	t.Run("AUTH-80 AUTH-108 prompt=none shows nothing", func(t *testing.T) { silent(t, "login_required") })
	asked(t, false, w.asks(p, "scope", "")) // an error
	v := b.ask(t, w.asks(p), liz)
	t.Run("AUTH-80 prompt=none before the consent", func(t *testing.T) { silent(t, "interaction_required") })
	b.press(t, v, "allow")
	t.Run("AUTH-80 prompt=none after it", func(t *testing.T) { silent(t, "") })
	t.Run("AUTH-80 AUTH-108 agreed before", func(t *testing.T) { asked(t, false, w.asks(p)) })
	t.Run("AUTH-80 approval_prompt=auto", func(t *testing.T) { asked(t, false, w.asks(p, "approval_prompt", "auto")) })
	t.Run("AUTH-80 AUTH-108 approval_prompt=force", func(t *testing.T) { asked(t, true, w.asks(p, "approval_prompt", "force")) })
	t.Run("AUTH-80 prompt=consent", func(t *testing.T) { asked(t, true, w.asks(p, "prompt", "consent")) })
	t.Run("AUTH-80 prompt=select_account", func(t *testing.T) { asked(t, true, w.asks(p, "prompt", "select_account")) })
	t.Run("more scopes", func(t *testing.T) { asked(t, true, w.asks(p, "scope", feedsScope+" email")) })
	t.Run("one program, one line in the list", func(t *testing.T) {
		u, err := w.User(t.Context(), liz)
		must(t, err)
		list, err := w.Programs(t.Context(), u.Owner)
		must(t, err)
		if len(list) != 1 || list[0].Name != "Pemberley Planner" || list[0].App != p.ID {
			t.Errorf("Programs() = %+v", list)
		}
		must(t, w.RevokeProgram(t.Context(), u.Owner, list[0].ID))
	})
	t.Run("taken back", func(t *testing.T) { asked(t, true, w.asks(p)) })
	t.Run("AUTH-108 a program that anybody can run is asked for each time", func(t *testing.T) {
		p := w.program(t, auth.NewApp{Name: "Lydia's Notes", Public: true})
		url := w.asks(p, "redirect_uri", "http://localhost:1234/", "code_challenge", challenge, "code_challenge_method", "S256")
		asked(t, true, url)
		b.allow(t, url, liz)
		asked(t, true, url)
	})
}

func TestRedirectURIs(t *testing.T) {
	w := longbourn(t, auth.Options{})
	installed := w.program(t, auth.NewApp{Name: "Meryton Mail"})
	native := w.program(t, auth.NewApp{Name: "Longbourn Ledger", RedirectURIs: []string{"com.example.ledger:/back", "https://ledger.example.net/"}})
	single := w.program(t, auth.NewApp{Name: "Netherfield", Public: true, RedirectURIs: []string{"https://netherfield.example.net/"}})
	service := w.program(t, auth.NewApp{Name: "Housekeeping", ServiceAccount: true})
	b := w.browser(t)
	for _, tt := range []struct {
		p    program
		uri  string
		good bool
	}{
		{installed, "http://localhost:51234/", true},
		{installed, "http://localhost", true},
		{installed, "http://127.0.0.1:1/path?q=1", true},
		{installed, "http://[::1]:51234/Callback", true},
		{installed, "http://127.9.9.9:80/", true},
		{installed, "https://localhost/", false},
		{installed, "http://localhost.example.net/", false},
		{installed, "http://127.0.0.1.example.net/", false},
		{installed, "http://127.0.0.1@example.net/", false},
		{installed, "http://liz@127.0.0.1/", false},
		{installed, "http://127.0.0.1/#x", false},
		{installed, "http://128.0.0.1/", false},
		{installed, "http:/127.0.0.1/", false},
		{installed, "http://127.0.0.1\r\nX: y/", false},
		{installed, "com.example.ledger:/back", false},
		{native, "com.example.ledger:/back", true},
		{native, "com.example.ledger:/back2", false},
		{native, "https://ledger.example.net/", true},
		{native, "http://127.0.0.1:9/", true},
		{single, "https://netherfield.example.net/", true},
		{single, "http://127.0.0.1:9/", false},
		{single, oob, false},
		{service, "http://127.0.0.1:9/", false},
		{service, oob, false},
	} {
		t.Run("AUTH-83 "+tt.p.Name+" to "+tt.uri, func(t *testing.T) {
			url := w.asks(tt.p, "redirect_uri", tt.uri, "code_challenge", challenge, "code_challenge_method", "S256")
			if !tt.good {
				if v := b.open(t, url); v.status != http.StatusBadRequest || v.leave != "" {
					t.Errorf("the answer is %d to %q", v.status, v.leave)
				}
				return
			}
			code := sentTo(t, b.allow(t, url, liz), tt.uri).Get("code")
			w.exchange(t, tt.p, code, "redirect_uri", tt.uri, "code_verifier", verifier).good(t)
		})
	}

	title := regexp.MustCompile(`<title>Success code=([A-Za-z0-9_-]+)</title>`)
	t.Run("AUTH-83 oob shows the code, and in the title", func(t *testing.T) {
		v := b.allow(t, w.asks(installed, "redirect_uri", oob, "state", ""), liz)
		m := title.FindStringSubmatch(v.body)
		if v.status != http.StatusOK || m == nil || strings.Count(v.body, m[1]) < 2 {
			t.Fatalf("the page is %d\n%s", v.status, v.body)
		}
		got := w.exchange(t, installed, m[1], "redirect_uri", oob).good(t)
		if who := w.whoBears(t, got.Access); who != liz || got.Refresh == "" {
			t.Errorf("the token is that of %s, refresh %q", who, got.Refresh)
		}
	})
	t.Run("AUTH-83 oob with state", func(t *testing.T) {
		v := b.allow(t, w.asks(installed, "redirect_uri", oob+":auto", "state", "<x>"), liz)
		if !strings.Contains(v.body, "<title>Success state=%3Cx%3E&amp;code=") {
			t.Errorf("the page is %d\n%s", v.status, v.body)
		}
	})
	t.Run("oob errors are pages", func(t *testing.T) {
		v := b.open(t, w.asks(installed, "redirect_uri", oob, "scope", "x"))
		if v.status != http.StatusBadRequest || v.leave != "" || !strings.Contains(v.body, "unknown scope") {
			t.Errorf("the page is %d to %q\n%s", v.status, v.leave, v.body)
		}
	})
	t.Run("oob denial is a page", func(t *testing.T) {
		v := b.press(t, b.ask(t, w.asks(installed, "redirect_uri", oob), liz), "deny")
		if v.status != http.StatusOK || v.leave != "" || strings.Contains(v.body, "code=") {
			t.Errorf("the page is %d to %q\n%s", v.status, v.leave, v.body)
		}
	})
}

func TestImplicitGrant(t *testing.T) {
	w := longbourn(t, auth.Options{ImplicitGrant: true})
	p := w.webProgram(t)
	t.Run("AUTH-91 a token in the fragment, if the administrator wants it", func(t *testing.T) {
		q := sentTo(t, w.browser(t).allow(t, w.asks(p, "response_type", "token"), liz), webBack+"#")
		if who := w.whoBears(t, q.Get("access_token")); who != liz {
			t.Errorf("the token is that of %s", who)
		}
		q.Del("access_token")
		if got, want := q.Encode(), query("token_type", "Bearer", "expires_in", "3600", "scope", feedsScope, "state", "a b&c"); got != want {
			t.Errorf("sent %s, want %s", got, want)
		}
	})
	t.Run("AUTH-91 denial is in the fragment too", func(t *testing.T) {
		b := w.browser(t)
		v := b.press(t, b.ask(t, w.asks(p, "response_type", "token", "prompt", "consent"), liz), "deny")
		if v.leave != webBack+"#error=access_denied&state=a+b%26c" {
			t.Errorf("Location = %q", v.leave)
		}
	})
	w.restart(t, auth.Options{OAuth2Off: true})
	t.Run("SEC-9 switched off", func(t *testing.T) {
		if v := w.browser(t).open(t, w.asks(p)); v.status != http.StatusForbidden || v.leave != "" {
			t.Errorf("the page is %d to %q", v.status, v.leave)
		}
		w.exchange(t, p, "x").fails(t, http.StatusForbidden, "access_denied")
		if v := w.browser(t).open(t, "/device"); v.status != http.StatusForbidden {
			t.Errorf("the device page is %d", v.status)
		}
	})
}
