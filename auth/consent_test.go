package auth_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html/atom"

	"contacts/auth"
	"contacts/store"
)

const (
	everything = "https://www.google.com/m8/feeds/"
	netherby   = "http://netherfield.example.net/back?page=2" // a program's page
)

// authSubPath is a link of a program to the request page of AuthSub. More
// parameters follow as name, value, ...
func authSubPath(next string, more ...string) string {
	q := url.Values{"next": {next}, "scope": {everything}, "session": {"1"}}
	for i := 0; i < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return "/accounts/AuthSubRequest?" + q.Encode()
}

// landed checks that a program got a token by a redirect, and returns it.
func (p *page) landed(t testing.TB, next string) string {
	t.Helper()
	u, err := url.Parse(p.leave)
	must(t, err)
	token := u.Query().Get("token")
	if p.status != http.StatusFound || !strings.HasPrefix(p.leave, next) || token == "" {
		t.Fatalf("answer = %d to %q %q, want a redirect to %s with a token", p.status, p.leave, p.heading(), next)
	}
	if p.header.Get("Referrer-Policy") != "no-referrer" || !strings.Contains(p.header.Get("Cache-Control"), "no-store") {
		t.Errorf("headers of the redirect: %v", p.header)
	}
	return token
}

func TestConsent(t *testing.T) {
	w := longbourn(t, auth.Options{AuthSubUnregistered: true})

	t.Run("AUTH-43 SEC-6 SEC-15 SEC-16 sign in, see who asks for what, allow", func(t *testing.T) {
		b := w.browser(t)
		p := b.open(t, authSubPath(netherby))
		if p.status != 200 || p.heading() != "Sign in" || !p.says("netherfield.example.net") {
			t.Fatalf("first page = %d\n%s", p.status, p.body)
		}
		p = b.signIn(t, p, liz, password)
		for _, want := range []string{
			"Allow netherfield.example.net to use your contacts?", "see and change your contacts", "Elizabeth Bennet", liz,
			"This program is not registered here", "Use another account",
		} {
			if !p.says(want) {
				t.Errorf("the page does not say %q:\n%s", want, p.body)
			}
		}
		if p.url.RequestURI() != authSubPath(netherby) {
			t.Errorf("the page is at %s", p.url.RequestURI())
		}
		if !strings.Contains(p.header.Get("Content-Security-Policy"), "form-action 'self' http: https:;") {
			t.Errorf("the redirect would be stopped: %s", p.header.Get("Content-Security-Policy"))
		}
		p.form(t, "deny")
		b.press(t, p, "allow").landed(t, netherby+"&")
	})

	t.Run("AUTH-43 denial redirects nowhere", func(t *testing.T) {
		b := w.signedIn(t, liz)
		p := b.press(t, b.open(t, authSubPath(netherby)), "deny")
		if p.status != 200 || p.heading() != "You denied access" || p.leave != "" || p.header.Get("Location") != "" {
			t.Errorf("answer = %d %q %q", p.status, p.heading(), p.leave)
		}
		for _, a := range p.all(atom.A) {
			if strings.Contains(attr(a, "href"), "netherfield") {
				t.Error("the page links to the program")
			}
		}
	})

	t.Run("SEC-5 nothing is granted without the form of this very session", func(t *testing.T) {
		b, other := w.signedIn(t, liz), w.signedIn(t, liz)
		_, _, foreign := other.open(t, authSubPath(netherby)).form(t, "allow")
		p := b.open(t, authSubPath(netherby))
		_, _, own := p.form(t, "allow")
		for name, tt := range map[string]struct {
			sent    url.Values
			headers []string
		}{
			"no token":      {url.Values{"do": {"allow"}}, nil},
			"wrong token":   {url.Values{"do": {"allow"}, "form_token": {"x"}}, nil},
			"foreign token": {foreign, nil},
			"another site":  {own, []string{"Sec-Fetch-Site: cross-site"}},
		} {
			b.headers = tt.headers
			q := b.send(t, http.MethodPost, w.url+authSubPath(netherby), tt.sent.Encode())
			if q.status != 403 || q.leave != "" || !q.says("nothing has happened") {
				t.Errorf("%s: %d %q", name, q.status, q.leave)
			}
		}
		b.headers = nil
		if q := b.open(t, authSubPath(netherby, "do", "allow", "form_token", own.Get("form_token"))); q.leave != "" || q.status != 200 {
			t.Errorf("by GET: %d %q", q.status, q.leave)
		}
		nobody := w.browser(t)
		if q := nobody.send(t, http.MethodPost, w.url+authSubPath(netherby), own.Encode()); q.heading() != "Sign in" || q.leave != "" {
			t.Errorf("without a session: %d %q", q.status, q.heading())
		}
		if list, err := w.Programs(t.Context(), w.identity(t, liz).Account.Owner); err != nil || len(list) != 1 {
			t.Errorf("Programs() = %v, %v, want only what was allowed before", list, err)
		}
		b.press(t, p, "allow").landed(t, netherby)
	})

	t.Run("SEC-5 a session that ended meanwhile grants nothing", func(t *testing.T) {
		w := longbourn(t, auth.Options{AuthSubUnregistered: true})
		b := w.signedIn(t, liz)
		p := b.open(t, authSubPath(netherby))
		w.clock.forward(13 * time.Hour)
		q := b.press(t, p, "allow")
		if q.heading() != "Sign in" || q.leave != "" {
			t.Fatalf("answer = %q %q", q.heading(), q.leave)
		}
		if q = b.signIn(t, q, liz, password); !strings.HasPrefix(q.heading(), "Allow ") {
			t.Errorf("then = %q", q.heading())
		}
	})

	t.Run("AUTH-43 another account", func(t *testing.T) {
		b := w.signedIn(t, liz)
		p := b.press(t, b.open(t, authSubPath(netherby)), "switch")
		if p.heading() != "Sign in" || p.url.RequestURI() != authSubPath(netherby) {
			t.Fatalf("page = %q at %s", p.heading(), p.url)
		}
		p = b.signIn(t, p, jane, password)
		if !p.says(jane) || p.says(liz) {
			t.Errorf("page:\n%s", p.body)
		}
	})

	t.Run("AUTH-42 only users of the domain asked for", func(t *testing.T) {
		b := w.signedIn(t, wickham)
		path := authSubPath(netherby, "hd", "Example.com")
		p := b.open(t, path)
		if p.heading() != "Another account is needed" || !p.says("example.com") {
			t.Fatalf("page = %q", p.heading())
		}
		_, _, sent := p.form(t, "switch")
		sent.Set("do", "allow")
		if q := b.send(t, http.MethodPost, w.url+path, sent.Encode()); q.leave != "" {
			t.Fatalf("a user of another domain is let in: %s", q.leave)
		}
		p = b.press(t, p, "switch")
		if p = b.signIn(t, p, wickham, password); p.status != 403 || !p.says("Only accounts of example.com") {
			t.Errorf("sign-in of another domain = %d\n%s", p.status, p.body)
		}
		if p = b.signIn(t, p, "liz", password); !strings.HasPrefix(p.heading(), "Allow ") {
			t.Fatalf("page = %d %q", p.status, p.heading())
		}
		b.press(t, p, "allow").landed(t, netherby)
		if p := w.signedIn(t, wickham).open(t, authSubPath(netherby, "hd", "default")); !strings.HasPrefix(p.heading(), "Allow ") {
			t.Errorf("hd=default = %q", p.heading())
		}
	})

	t.Run("SEC-6 no open redirect", func(t *testing.T) {
		for _, next := range []string{
			"", "javascript:alert(1)", "data:text/html,x", "//evil.example.net/", "/accounts", "ftp://evil.example.net/", "http://evil.example.net/#x", "http:evil", "http://",
		} {
			b := w.signedIn(t, liz)
			p := b.open(t, authSubPath(next))
			if p.status != 400 || p.leave != "" {
				t.Errorf("next=%q: %d to %q", next, p.status, p.leave)
			}
			for _, do := range []string{"allow", "deny", "switch", "sign-in"} {
				q := b.send(t, http.MethodPost, w.url+authSubPath(next), url.Values{"do": {do}}.Encode())
				if q.leave != "" || q.status != 400 {
					t.Errorf("next=%q, %s: %d to %q", next, do, q.status, q.leave)
				}
			}
		}
		b := w.browser(t)
		for _, path := range []string{"/account?next=http://evil.example.net/", "/account?continue=//evil.example.net"} {
			if p := b.signIn(t, b.open(t, path), liz, password); p.leave != "" || p.heading() != "Your account" {
				t.Errorf("%s leads to %q %q", path, p.leave, p.heading())
			}
			b = w.browser(t)
		}
	})

	t.Run("SEC-6 names and addresses are text", func(t *testing.T) {
		const script = `<script>alert("Lydia")</script>`
		w := longbourn(t, auth.Options{AuthSubUnregistered: true})
		app, _, err := w.AddApp(t.Context(), auth.NewApp{Name: `Mr. Collins' "Sermons" <b onclick=x>`, RedirectURIs: []string{"https://hunsford.example.net/back"}})
		must(t, err)
		b := w.browser(t)
		q := url.Values{"client_id": {app.ID}, "redirect_uri": {"https://hunsford.example.net/back"}, "response_type": {"code"},
			"scope": {everything}, "state": {script}, "login_hint": {`"><img src=x onerror=alert(1)>`}}
		p := b.open(t, "/o/oauth2/auth?"+q.Encode())
		if _, _, sent := p.form(t, "sign-in"); sent.Get("email") != q.Get("login_hint") {
			t.Errorf("filled in: %q", sent.Get("email"))
		}
		p = b.signIn(t, p, liz, password)
		if !p.says(app.Name) || strings.Contains(p.body, "<b onclick") {
			t.Errorf("page:\n%s", p.body)
		}
		p = b.press(t, p, "allow")
		if u, err := url.Parse(p.leave); err != nil || u.Host != "hunsford.example.net" || u.Query().Get("state") != script || u.Query().Get("code") == "" {
			t.Errorf("redirect to %q", p.leave)
		}
		for _, path := range []string{
			authSubPath("http://netherfield.example.net/" + script), authSubPath(netherby, "scope", script), authSubPath(script),
			authSubPath(netherby, "hd", script), "/o/oauth2/auth?client_id=" + url.QueryEscape(script), "/accounts/OAuthAuthorizeToken?oauth_token=" + url.QueryEscape(script),
		} {
			if p := b.open(t, path); strings.Contains(p.body, "<script") {
				t.Errorf("%s:\n%s", path, p.body)
			}
		}
	})

	t.Run("AUTH-108 SEC-15 who has agreed is not asked again, except after a sign-in or if the program wants it", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		app, _, err := w.AddApp(t.Context(), auth.NewApp{Name: "Netherfield Balls", RedirectURIs: []string{"https://netherfield.example.net/back"}})
		must(t, err)
		path := "/o/oauth2/auth?" + url.Values{"client_id": {app.ID}, "redirect_uri": {app.RedirectURIs[0]}, "response_type": {"code"}, "scope": {everything}, "access_type": {"online"}}.Encode()
		b := w.signedIn(t, liz)
		b.press(t, b.open(t, path), "allow")
		if p := b.open(t, path); !strings.HasPrefix(p.leave, app.RedirectURIs[0]+"?code=") {
			t.Errorf("the second time: %d %q", p.status, p.heading())
		}
		if p := b.open(t, path+"&approval_prompt=force"); !strings.HasPrefix(p.heading(), "Allow ") {
			t.Errorf("with approval_prompt=force: %q to %q", p.heading(), p.leave)
		}
		if p := b.send(t, http.MethodHead, w.url+path, ""); p.leave != "" {
			t.Errorf("HEAD leads to %q", p.leave)
		}
		b = w.browser(t)
		p := b.signIn(t, b.open(t, path), liz, password)
		if !strings.HasPrefix(p.heading(), "Allow ") || p.leave != "" {
			t.Fatalf("after signing in: %q to %q", p.heading(), p.leave)
		}
		if p = b.press(t, p, "allow"); !strings.HasPrefix(p.leave, app.RedirectURIs[0]+"?code=") {
			t.Errorf("then: %d to %q", p.status, p.leave)
		}
	})

	t.Run("SEC-15 a program on the same device, behind a scheme of its own", func(t *testing.T) {
		app, _, err := w.AddApp(t.Context(), auth.NewApp{Name: "Rosings", RedirectURIs: []string{"com.example.rosings:/back"}})
		must(t, err)
		b := w.signedIn(t, liz)
		p := b.open(t, "/o/oauth2/auth?"+url.Values{"client_id": {app.ID}, "redirect_uri": {app.RedirectURIs[0]}, "response_type": {"code"}, "scope": {everything}}.Encode())
		if policy := p.header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' http: https: com.example.rosings:;") || !p.says("com.example.rosings:") {
			t.Errorf("policy = %s, page:\n%s", policy, p.body)
		}
		if p = b.press(t, p, "allow"); !strings.HasPrefix(p.leave, "com.example.rosings:/back?code=") {
			t.Errorf("redirect to %q", p.leave)
		}
	})

	t.Run("SEC-15 a host that is written like a scheme is none", func(t *testing.T) {
		p := w.signedIn(t, liz).open(t, authSubPath("http://javascript:/back"))
		if policy := p.header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' http: https:;") || !p.says("your browser goes to javascript.") {
			t.Errorf("policy = %s, page:\n%s", policy, p.body)
		}
	})

	t.Run("AUTH-106 a link to a device's code is met with caution", func(t *testing.T) {
		app, _, err := w.AddApp(t.Context(), auth.NewApp{Name: "Pemberley Television", Public: true})
		must(t, err)
		form := url.Values{"client_id": {app.ID}, "scope": {everything}}
		a := w.do(t, http.MethodPost, "/device/code", form.Encode(), "Content-Type: application/x-www-form-urlencoded")
		var device struct {
			UserCode string `json:"user_code"`
		}
		must(t, json.Unmarshal([]byte(a.body), &device))
		b := w.signedIn(t, liz)
		p := b.open(t, "/device?user_code="+url.QueryEscape(strings.ToLower(device.UserCode)+" привет"))
		if !p.says("shows the code "+device.UserCode+".") || p.says("привет") || strings.Contains(p.header.Get("Content-Security-Policy"), "http:") {
			t.Errorf("page = %d %s\n%s", p.status, p.header.Get("Content-Security-Policy"), p.body)
		}
		if p = b.press(t, p, "deny"); p.leave != "" || p.status != 200 {
			t.Errorf("denial = %d %q", p.status, p.heading())
		}
	})

	t.Run("a program's own POST is led to the page", func(t *testing.T) {
		b := w.signedIn(t, liz)
		b.headers = []string{"Sec-Fetch-Site: cross-site"}
		p := b.send(t, http.MethodPost, w.url+authSubPath(netherby), "hl=en&btmpl=mobile")
		if !strings.HasPrefix(p.heading(), "Allow ") || !strings.HasSuffix(p.url.RawQuery, "&btmpl=mobile&hl=en") {
			t.Errorf("page = %d %q at %s", p.status, p.heading(), p.url)
		}
	})

	t.Run("RES-61 not over plain http from afar", func(t *testing.T) {
		w := longbourn(t, auth.Options{Site: afar(), AuthSubUnregistered: true})
		b := w.browser(t, "X-Forwarded-For: 192.0.2.1")
		if p := b.open(t, authSubPath(netherby)); p.status != 403 || len(b.cookies(t)) != 0 {
			t.Errorf("page = %d %q", p.status, p.heading())
		}
	})

	t.Run("ERR-51 a fault is a page with its number", func(t *testing.T) {
		w := longbourn(t, auth.Options{AuthSubUnregistered: true})
		b := w.signedIn(t, liz)
		must(t, w.store.Update(t.Context(), w.identity(t, liz).Account.Owner, func(tx store.Tx) error {
			return tx.PutRecord(auth.AccountRecord, auth.AccountKey, []byte("{damaged"), time.Time{})
		}))
		for _, path := range []string{"/account", authSubPath(netherby)} {
			if p := b.open(t, path); p.status != 500 || p.heading() != "Something is wrong" || !p.says("Internal error (reference ") || p.says("damaged") {
				t.Errorf("%s = %d\n%s", path, p.status, p.body)
			}
		}
		if !strings.Contains(w.log.String(), "error=") {
			t.Error("the fault is not in the log")
		}
	})
}
