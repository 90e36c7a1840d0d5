package auth_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html/atom"

	"contacts/auth"
	"contacts/reply"
	"contacts/store"
)

// signedIn is a browser in which a user has signed in.
func (w *world) signedIn(t testing.TB, email string, headers ...string) *browser {
	t.Helper()
	b := w.browser(t, headers...)
	if p := b.signIn(t, b.open(t, "/account"), email, password); p.heading() != "Your account" {
		t.Fatalf("sign-in of %s leads to %q:\n%s", email, p.heading(), p.body)
	}
	return b
}

// isSignedIn reports whether the account page knows the browser.
func (b *browser) isSignedIn(t testing.TB) bool {
	t.Helper()
	return b.open(t, "/account").heading() == "Your account"
}

func TestSignInPage(t *testing.T) {
	w := longbourn(t, auth.Options{DefaultDomain: "example.com"})

	t.Run("SEC-5 SEC-16 signing in leads back to the page that was asked for", func(t *testing.T) {
		b := w.browser(t)
		p := b.open(t, "/account/programs?done=revoked")
		if p.status != 200 || p.heading() != "Sign in" {
			t.Fatalf("answer = %d %q", p.status, p.heading())
		}
		p = b.signIn(t, p, "LIZ", password)
		if p.url.RequestURI() != "/account/programs?done=revoked" || p.heading() != "Programs with access" || !p.says(liz) {
			t.Errorf("page = %s %q", p.url, p.body)
		}
		if got := strings.Join(p.requests, ", "); got != "POST /account/programs, GET /account/programs" {
			t.Errorf("requests = %s", got)
		}
	})

	t.Run("SEC-5 cookies over http", func(t *testing.T) {
		b := w.browser(t)
		wantCookie(t, b.open(t, "/account").header, "contacts-visit=", "Path=/", "HttpOnly", "SameSite=Lax")
		b2 := w.browser(t)
		p := b2.open(t, "/account")
		_, _, sent := p.form(t, "sign-in")
		sent.Set("email", liz)
		sent.Set("password", password)
		a := w.do(t, http.MethodPost, "/account", sent.Encode(), "Cookie: contacts-visit="+b2.cookies(t)["contacts-visit"])
		if a.status != http.StatusSeeOther || a.header.Get("Location") != "/account" {
			t.Fatalf("sign-in = %d %q", a.status, a.body)
		}
		wantCookie(t, a.header, "contacts-session=", "Path=/", "HttpOnly", "SameSite=Lax")
	})

	t.Run("SEC-5 cookies over https", func(t *testing.T) {
		w := longbourn(t, auth.Options{Site: afar()})
		b := w.browser(t, from("192.0.2.1")...)
		wantCookie(t, b.open(t, "/account").header, "__Host-contacts-visit=", "Path=/", "HttpOnly", "Secure", "SameSite=Lax")
		if p := b.signIn(t, b.open(t, "/account"), liz, password); p.heading() != "Your account" || b.cookies(t)["__Host-contacts-session"] == "" {
			t.Errorf("page = %q, cookies = %v", p.heading(), b.cookies(t))
		}
	})

	t.Run("SEC-5 SEC-14 a session always has a new name", func(t *testing.T) {
		b := w.signedIn(t, liz)
		first := b.cookies(t)["contacts-session"]
		thief := w.browser(t)
		u, err := url.Parse(w.url)
		must(t, err)
		planted := strings.Repeat("A", len(first))
		thief.jar.SetCookies(u, []*http.Cookie{{Name: "contacts-session", Value: planted, Path: "/"}})
		thief.signIn(t, thief.open(t, "/account"), liz, password)
		if got := thief.cookies(t)["contacts-session"]; got == planted || got == first || len(got) < 40 {
			t.Errorf("session = %q, planted was %q", got, planted)
		}
		if !b.isSignedIn(t) || !thief.isSignedIn(t) {
			t.Error("two browsers cannot both be signed in")
		}
	})

	t.Run("SEC-2 the store has no cookie", func(t *testing.T) {
		b := w.signedIn(t, jane)
		cookie := b.cookies(t)["contacts-session"]
		u, err := w.User(t.Context(), jane)
		must(t, err)
		sessions := 0
		must(t, w.store.View(t.Context(), u.Owner, func(tx store.Tx) error {
			for r, err := range tx.Records(auth.SessionRecord, "") {
				must(t, err)
				sessions++
				if strings.Contains(r.Key+string(r.Value), cookie) || r.Expires.IsZero() {
					t.Errorf("record %q = %s until %v", r.Key, r.Value, r.Expires)
				}
			}
			return nil
		}))
		if sessions != 1 {
			t.Errorf("%d sessions, want 1", sessions)
		}
	})

	for _, tt := range []struct {
		name, email, password, want string
		status                      int
	}{
		{"SEC-3 wrong password", liz, "pride", "The e-mail address or the password is wrong.", 403},
		{"SEC-3 unknown user", "collins@example.com", password, "The e-mail address or the password is wrong.", 403},
		{"no e-mail", " ", password, "Type your e-mail address.", 400},
		{"no password", liz, "", "Type your password.", 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := longbourn(t, auth.Options{})
			b := w.browser(t)
			p := b.signIn(t, b.open(t, "/account"), tt.email, tt.password)
			if p.status != tt.status || !p.says(tt.want) || !p.says("There is a problem") || p.heading() != "Sign in" {
				t.Errorf("page = %d\n%s", p.status, p.body)
			}
			if strings.Contains(p.body, password) || b.cookies(t)["contacts-session"] != "" {
				t.Errorf("the password comes back, or a session: %v\n%s", b.cookies(t), p.body)
			}
			if p := b.signIn(t, p, liz, password); p.heading() != "Your account" {
				t.Errorf("the right password then leads to %q", p.heading())
			}
		})
	}

	t.Run("AUTH-28 AUTH-29 AUTH-32 AUTH-33 SEC-9 SEC-14 states of the account", func(t *testing.T) {
		for state, tt := range map[string]struct {
			flags auth.Flags
			want  string
		}{
			"unverified":    {auth.Flags{Unverified: true}, "has not been verified"},
			"terms":         {auth.Flags{TermsPending: true}, "terms of use"},
			"second factor": {auth.Flags{SecondFactor: true}, "second factor"},
			"service":       {auth.Flags{ServiceOff: true}, "may not use contacts"},
		} {
			w := longbourn(t, auth.Options{})
			before := w.signedIn(t, liz)
			must(t, w.SetFlags(t.Context(), liz, tt.flags))
			if before.isSignedIn(t) {
				t.Errorf("%s: the session of before goes on", state)
			}
			b := w.browser(t)
			if p := b.signIn(t, b.open(t, "/account"), liz, password); p.status != 403 || !p.says(tt.want) {
				t.Errorf("%s: %d\n%s", state, p.status, p.body)
			}
		}
		w := longbourn(t, auth.Options{})
		b := w.signedIn(t, liz)
		must(t, w.SetDisabled(t.Context(), liz, true))
		if p := b.signIn(t, b.open(t, "/account"), liz, password); p.status != 403 || !p.says("has been closed") {
			t.Errorf("disabled: %d\n%s", p.status, p.body)
		}
		_, err := w.RemoveUser(t.Context(), jane)
		must(t, err)
		if p := b.signIn(t, b.open(t, "/account"), jane, password); p.status != 403 || !p.says("has been removed") {
			t.Errorf("removed: %d\n%s", p.status, p.body)
		}
	})

	t.Run("SEC-4 a captcha after 5 failures, a refusal after 50", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		b := w.browser(t)
		p := b.open(t, "/account")
		for range 5 {
			p = b.signIn(t, p, liz, "pride")
		}
		if p = b.signIn(t, p, liz, password); p.status != 403 || !p.says("digits of the picture") {
			t.Fatalf("page = %d\n%s", p.status, p.body)
		}
		if p = b.signIn(t, p, liz, password, "captcha", "wickham"); p.status != 403 || !p.says("These were not the digits") {
			t.Fatalf("after a wrong answer: %d\n%s", p.status, p.body)
		}
		_, _, sent := p.form(t, "sign-in")
		picture := ""
		for _, img := range p.all(atom.Img) {
			picture = attr(img, "src")
		}
		if a := w.do(t, http.MethodGet, picture, ""); a.status != 200 || a.header.Get("Content-Type") != "image/png" {
			t.Errorf("picture %q = %d", picture, a.status)
		}
		if sent.Get("captcha_token") == "" || strings.Contains(picture, sent.Get("captcha_token")) {
			t.Errorf("token %q, picture %q", sent.Get("captcha_token"), picture)
		}
		if p = b.signIn(t, p, liz, password, "captcha", w.answers(t)[0]); p.heading() != "Your account" {
			t.Errorf("the right digits lead to %d %q", p.status, p.heading())
		}

		w = longbourn(t, auth.Options{LoginCaptchaAfter: 100})
		w.fail(t, 50, liz)
		b = w.browser(t)
		if p := b.signIn(t, b.open(t, "/account"), liz, password); p.status != 503 || !p.says("Try again in 15 minutes") {
			t.Errorf("after 50 failures: %d\n%s", p.status, p.body)
		}
	})

	t.Run("RES-61 not over plain http from afar", func(t *testing.T) {
		w := longbourn(t, auth.Options{Site: afar()})
		b := w.browser(t, "X-Forwarded-For: 192.0.2.1")
		for _, path := range []string{"/account", "/account/programs", "/account/password", "/account/sign-out"} {
			if p := b.open(t, path); p.status != 403 || !p.says("https only") || len(b.cookies(t)) != 0 {
				t.Errorf("%s = %d, cookies %v", path, p.status, b.cookies(t))
			}
		}
	})

	t.Run("SEC-7 nothing secret in the log", func(t *testing.T) {
		b := w.signedIn(t, liz)
		p := b.open(t, "/account?secret-in-query=pemberley")
		_, _, sent := p.form(t, "sign-out")
		for what, secret := range map[string]string{
			"password": password, "session": b.cookies(t)["contacts-session"], "form token": sent.Get("form_token"), "query": "pemberley",
		} {
			if secret == "" || strings.Contains(w.log.String(), secret) {
				t.Errorf("the %s %q is in the log", what, secret)
			}
		}
	})
}

// wantCookie looks for a cookie that begins with start and has just these
// attributes.
func wantCookie(t testing.TB, h http.Header, start string, attributes ...string) {
	t.Helper()
	for _, line := range h.Values("Set-Cookie") {
		if !strings.HasPrefix(line, start) || strings.HasPrefix(line, start+";") {
			continue
		}
		_, rest, _ := strings.Cut(line, "; ")
		if rest != strings.Join(attributes, "; ") {
			t.Errorf("cookie %s has %q, want %q", start, rest, strings.Join(attributes, "; "))
		}
		return
	}
	t.Errorf("there is no cookie %s in %q", start, h.Values("Set-Cookie"))
}

func TestSessions(t *testing.T) {
	t.Run("SEC-14 a session ends after 12 hours without use, and after 14 days", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		b := w.signedIn(t, liz)
		for range 3 {
			w.clock.forward(11 * time.Hour)
			if !b.isSignedIn(t) {
				t.Fatal("ended while in use")
			}
		}
		w.clock.forward(12*time.Hour + time.Second)
		if b.isSignedIn(t) {
			t.Error("goes on without use")
		}
		b = w.signedIn(t, liz)
		for range 28 {
			w.clock.forward(12*time.Hour - time.Second)
			b.isSignedIn(t)
		}
		w.clock.forward(time.Minute)
		if b.isSignedIn(t) {
			t.Error("goes on after 14 days")
		}
	})
	t.Run("SEC-14 one that is remembered lasts 14 days", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		b := w.browser(t)
		b.signIn(t, b.open(t, "/account"), liz, password, "remember", "1")
		w.clock.forward(14*24*time.Hour - time.Second)
		if !b.isSignedIn(t) {
			t.Error("ended early")
		}
		w.clock.forward(time.Second)
		if b.isSignedIn(t) {
			t.Error("goes on")
		}
	})
	t.Run("SEC-14 signing out ends the session for every copy of its cookie", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		b, copied := w.signedIn(t, liz), w.browser(t)
		u, err := url.Parse(w.url)
		must(t, err)
		copied.jar.SetCookies(u, b.jar.Cookies(u))
		if !copied.isSignedIn(t) {
			t.Fatal("the copy is not signed in")
		}
		if p := b.press(t, b.open(t, "/account"), "sign-out"); p.heading() != "You are signed out" {
			t.Errorf("page = %q", p.heading())
		}
		if b.isSignedIn(t) || copied.isSignedIn(t) {
			t.Error("the session goes on")
		}
	})
	t.Run("SEC-14 a page to sign out", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		b := w.signedIn(t, liz)
		p := b.open(t, "/account/sign-out")
		if p.heading() != "Sign out" || !b.isSignedIn(t) {
			t.Fatalf("opening the page signs out, or shows %q", p.heading())
		}
		if p = b.press(t, p, "sign-out"); p.heading() != "You are signed out" || b.isSignedIn(t) {
			t.Errorf("page = %q", p.heading())
		}
	})
	t.Run("SEC-8 SEC-14 a password set by the administrator ends all sessions", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		b, other := w.signedIn(t, liz), w.signedIn(t, jane)
		must(t, w.SetPassword(t.Context(), liz, "till this moment I never knew myself"))
		if b.isSignedIn(t) || !other.isSignedIn(t) {
			t.Error("the session goes on, or that of another user has ended")
		}
	})
	t.Run("a session cookie is no token", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		b := w.signedIn(t, liz)
		if got := w.whois(t, b.cookies(t)["contacts-session"]); got != "Token invalid" {
			t.Errorf("the cookie as a token gives %q", got)
		}
	})
	t.Run("a token is no session cookie", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		u, err := url.Parse(w.url)
		must(t, err)
		b := w.browser(t)
		for _, value := range []string{w.token(t, liz), "x", strings.Repeat("A", 10000)} {
			b.jar.SetCookies(u, []*http.Cookie{{Name: "contacts-session", Value: value, Path: "/"}})
			if b.isSignedIn(t) {
				t.Errorf("signed in by %.50q", value)
			}
		}
	})
}

func TestForgedForms(t *testing.T) {
	w := longbourn(t, auth.Options{Site: &reply.Site{}})
	t.Run("SEC-5 the sign-in form", func(t *testing.T) {
		other := w.browser(t)
		_, _, foreign := other.open(t, "/account").form(t, "sign-in")
		for name, change := range map[string]func(b *browser, sent url.Values){
			"no token":      func(_ *browser, sent url.Values) { sent.Del("form_token") },
			"wrong token":   func(_ *browser, sent url.Values) { sent.Set("form_token", "x") },
			"foreign token": func(_ *browser, sent url.Values) { sent.Set("form_token", foreign.Get("form_token")) },
			"another site":  func(b *browser, _ url.Values) { b.headers = []string{"Sec-Fetch-Site: cross-site"} },
			"a subdomain":   func(b *browser, _ url.Values) { b.headers = []string{"Sec-Fetch-Site: same-site"} },
		} {
			b := w.browser(t)
			_, _, sent := b.open(t, "/account").form(t, "sign-in")
			sent.Set("email", liz)
			sent.Set("password", password)
			change(b, sent)
			p := b.send(t, http.MethodPost, w.url+"/account", sent.Encode())
			if p.status != 403 || p.heading() != "Sign in" || b.cookies(t)["contacts-session"] != "" {
				t.Errorf("%s: %d %q, cookies %v", name, p.status, p.heading(), b.cookies(t))
			}
		}
	})
	t.Run("SEC-5 the forms of an account", func(t *testing.T) {
		b, other := w.signedIn(t, liz), w.signedIn(t, wickham)
		_, _, foreign := other.open(t, "/account").form(t, "sign-out")
		for _, path := range []string{"/account", "/account/programs", "/account/password", "/account/sign-out"} {
			for _, token := range []string{"", "x", foreign.Get("form_token")} {
				for _, do := range []string{"sign-out", "revoke-all", "change"} {
					p := b.send(t, http.MethodPost, w.url+path, url.Values{"do": {do}, "form_token": {token}}.Encode())
					if p.status != 403 || !p.says("no longer valid") {
						t.Errorf("%s %s with token %.5q = %d %q", path, do, token, p.status, p.heading())
					}
				}
			}
		}
		_, _, own := b.open(t, "/account").form(t, "sign-out")
		b.headers = []string{"Sec-Fetch-Site: cross-site"}
		if p := b.send(t, http.MethodPost, w.url+"/account/sign-out", own.Encode()); p.status != 403 {
			t.Errorf("from another site = %d", p.status)
		}
		b.headers = []string{"Sec-Fetch-Site: same-origin"}
		if p := b.send(t, http.MethodPost, w.url+"/account", url.Values{"do": {"dance"}, "form_token": own["form_token"]}.Encode()); p.status != 400 {
			t.Errorf("a form that says nothing = %d", p.status)
		}
		if !b.isSignedIn(t) {
			t.Error("signed out by a forged form")
		}
	})
	t.Run("RES-31 methods and bodies", func(t *testing.T) {
		b := w.signedIn(t, liz)
		for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch} {
			if p := b.send(t, method, w.url+"/account", ""); p.status != 405 || p.header.Get("Allow") != "GET, HEAD, POST" {
				t.Errorf("%s = %d, Allow = %q", method, p.status, p.header.Get("Allow"))
			}
		}
		for body, want := range map[string]int{"%zz": 400, strings.Repeat("a", 65<<10): 413} {
			if p := b.send(t, http.MethodPost, w.url+"/account", body); p.status != want {
				t.Errorf("POST of %.10q = %d, want %d", body, p.status, want)
			}
		}
	})
}
