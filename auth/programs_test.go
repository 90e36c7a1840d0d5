package auth_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"contacts/auth"
)

const (
	newPassword = "till this moment I never knew myself"
	oddSource   = `exampleCo-<i>odd</i>-1`
)

func TestProgramsPage(t *testing.T) {
	w := longbourn(t, auth.Options{AuthSubUnregistered: true})
	// allowed signs a user in and lets a program at next in.
	allowed := func(t *testing.T, b *browser, next string) (token string) {
		t.Helper()
		return b.press(t, b.open(t, authSubPath(next)), "allow").landed(t, next)
	}
	b := w.signedIn(t, liz)
	if p := b.open(t, "/account/programs"); !p.says("No program may use your contacts now") {
		t.Errorf("at first:\n%s", p.body)
	}
	clientLogin := w.login(t, loginForm(liz, password, "source", oddSource)).line("Auth")
	authSub := allowed(t, b, "http://netherfield.example.net/")
	rosings := allowed(t, b, "https://rosings.example.net/")
	janes := w.token(t, jane)
	good := func(t *testing.T, scheme, token string) bool {
		t.Helper()
		header := "Authorization: GoogleLogin auth=" + token
		path := "/whoami"
		if scheme == "AuthSub" {
			header, path = "Authorization: AuthSub token="+token, "/accounts/AuthSubTokenInfo"
		}
		return w.do(t, http.MethodGet, path, "", header).status == http.StatusOK
	}

	t.Run("SEC-8 lists every program that has access", func(t *testing.T) {
		p := b.open(t, "/account/programs")
		for _, want := range []string{"netherfield.example.net", "rosings.example.net", oddSource, "Signed in with your password", "AuthSub", "1 March 2026", "see and change your contacts"} {
			if !p.says(want) {
				t.Errorf("the page does not say %q:\n%s", want, p.body)
			}
		}
		if strings.Contains(p.body, "<i>") || strings.Contains(p.body, clientLogin) || strings.Contains(p.body, authSub) {
			t.Errorf("markup or a token in the page:\n%s", p.body)
		}
		if n := strings.Count(p.body, `value="revoke"`); n != 3 {
			t.Errorf("%d programs, want 3", n)
		}
		if p := b.open(t, "/account"); !p.says("3 programs") {
			t.Errorf("the account page does not count them:\n%s", p.body)
		}
	})

	t.Run("SEC-8 another user's program cannot be revoked", func(t *testing.T) {
		other := w.signedIn(t, wickham)
		_, _, sent := b.open(t, "/account/programs").form(t, "revoke")
		_, _, theirs := other.open(t, "/account").form(t, "sign-out")
		for _, program := range mustPrograms(t, w, liz) {
			forged := url.Values{"do": {"revoke"}, "id": {program.ID}, "form_token": {theirs.Get("form_token")}}
			other.send(t, http.MethodPost, w.url+"/account/programs", forged.Encode())
		}
		forged := url.Values{"do": {"revoke-all"}, "id": sent["id"], "form_token": {theirs.Get("form_token")}}
		other.send(t, http.MethodPost, w.url+"/account/programs", forged.Encode())
		if !good(t, "GoogleLogin", clientLogin) || !good(t, "AuthSub", authSub) || len(mustPrograms(t, w, liz)) != 3 {
			t.Error("a program of another user was revoked")
		}
	})

	t.Run("SEC-8 revokes one", func(t *testing.T) {
		id := ""
		for _, p := range mustPrograms(t, w, liz) {
			if p.Name == "netherfield.example.net" {
				id = p.ID
			}
		}
		p := b.press(t, b.open(t, "/account/programs"), "revoke", "id", id)
		if !p.says("The program has lost access") || p.says("netherfield.example.net") || p.url.RequestURI() != "/account/programs?done=revoked" {
			t.Errorf("page at %s:\n%s", p.url, p.body)
		}
		if good(t, "AuthSub", authSub) || !good(t, "AuthSub", rosings) || !good(t, "GoogleLogin", clientLogin) {
			t.Error("not just the one program lost access")
		}
		if p := b.press(t, b.open(t, "/account/programs"), "revoke", "id", id); p.status != 200 {
			t.Errorf("once more = %d", p.status)
		}
	})

	t.Run("SEC-8 revokes all", func(t *testing.T) {
		p := b.press(t, b.open(t, "/account/programs"), "revoke-all")
		if !p.says("No program has access any more") || len(mustPrograms(t, w, liz)) != 0 {
			t.Errorf("page:\n%s", p.body)
		}
		if good(t, "AuthSub", rosings) || good(t, "GoogleLogin", clientLogin) || !good(t, "GoogleLogin", janes) {
			t.Error("a token is still good, or another user's is not")
		}
		if !b.isSignedIn(t) {
			t.Error("the browser was signed out")
		}
	})
}

func mustPrograms(t *testing.T, w *world, email string) []auth.Program {
	t.Helper()
	list, err := w.Programs(t.Context(), w.identity(t, email).Account.Owner)
	must(t, err)
	return list
}

func TestPasswordPage(t *testing.T) {
	change := func(t *testing.T, b *browser, old, wanted, again string, more ...string) *page {
		t.Helper()
		return b.press(t, b.open(t, "/account/password"), "change", append([]string{"password", old, "new", wanted, "again", again}, more...)...)
	}

	t.Run("SEC-8 a change ends other sessions and ClientLogin tokens, nothing else", func(t *testing.T) {
		w := longbourn(t, auth.Options{AuthSubUnregistered: true})
		b, elsewhere := w.signedIn(t, liz), w.signedIn(t, liz)
		before := b.cookies(t)["contacts-session"]
		clientLogin := w.token(t, liz)
		authSub := b.press(t, b.open(t, authSubPath(netherby)), "allow").landed(t, netherby)
		if p := b.open(t, "/account/password"); !p.says("Take back the access of all other programs too") {
			t.Errorf("nothing is offered:\n%s", p.body)
		}
		p := change(t, b, password, newPassword, newPassword)
		if p.heading() != "Your account" || !p.says("Your password has been changed") {
			t.Fatalf("page = %d\n%s", p.status, p.body)
		}
		if !b.isSignedIn(t) || elsewhere.isSignedIn(t) || b.cookies(t)["contacts-session"] == before {
			t.Error("this browser is signed out, another is not, or the session kept its name")
		}
		if got := w.whois(t, clientLogin); got != "Token invalid" {
			t.Errorf("the ClientLogin token gives %q", got)
		}
		if a := w.do(t, http.MethodGet, "/accounts/AuthSubTokenInfo", "", "Authorization: AuthSub token="+authSub); a.status != 200 {
			t.Errorf("the AuthSub token gives %d", a.status)
		}
		c := w.browser(t)
		if p := c.signIn(t, c.open(t, "/account"), liz, password); p.status != 403 {
			t.Errorf("the old password still lets in: %d", p.status)
		}
		if p := c.signIn(t, c.open(t, "/account"), liz, newPassword); p.heading() != "Your account" {
			t.Errorf("the new one does not: %d", p.status)
		}
		if strings.Contains(w.log.String(), newPassword) {
			t.Error("the password is in the log")
		}
	})

	t.Run("SEC-8 of many changes at once with the old password one succeeds", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		var browsers []*browser
		var shown []*page
		for i := range 4 {
			browsers = append(browsers, w.signedIn(t, liz))
			shown = append(shown, browsers[i].open(t, "/account/password"))
		}
		var changed sync.Map
		var wg sync.WaitGroup
		for i, b := range browsers {
			wg.Go(func() {
				wanted := newPassword + strconv.Itoa(i)
				if p := b.press(t, shown[i], "change", "password", password, "new", wanted, "again", wanted); p.says("Your password has been changed") {
					changed.Store(i, true)
				}
			})
		}
		wg.Wait()
		if n := size(&changed); n != 1 {
			t.Errorf("%d changes", n)
		}
	})

	t.Run("SEC-8 and all programs, if wanted", func(t *testing.T) {
		w := longbourn(t, auth.Options{AuthSubUnregistered: true})
		b := w.signedIn(t, liz)
		authSub := b.press(t, b.open(t, authSubPath(netherby)), "allow").landed(t, netherby)
		if p := change(t, b, password, newPassword, newPassword, "revoke", "1"); !p.says("no program has access any more") {
			t.Errorf("page = %d\n%s", p.status, p.body)
		}
		if a := w.do(t, http.MethodGet, "/accounts/AuthSubTokenInfo", "", "Authorization: AuthSub token="+authSub); a.status == 200 || len(mustPrograms(t, w, liz)) != 0 {
			t.Errorf("the token still gives %d", a.status)
		}
	})

	t.Run("what cannot be changed", func(t *testing.T) {
		for name, tt := range map[string]struct {
			old, wanted, again, want string
			status                   int
		}{
			"SEC-8 the old password is wrong": {"pride", newPassword, newPassword, "This is not your present password", 403},
			"no old password":                 {"", newPassword, newPassword, "Type your present password", 400},
			"two new ones":                    {password, newPassword, password, "The new passwords differ", 400},
			"too short":                       {password, "short", "short", "at least 8 characters", 400},
			"too long":                        {password, strings.Repeat("x", 1025), strings.Repeat("x", 1025), "at most 1024", 400},
		} {
			w := longbourn(t, auth.Options{})
			b := w.signedIn(t, liz)
			p := change(t, b, tt.old, tt.wanted, tt.again)
			if p.status != tt.status || !p.says(tt.want) || strings.Contains(p.body, newPassword) {
				t.Errorf("%s: %d\n%s", name, p.status, p.body)
			}
			if got := w.token(t, liz); got == "" || !b.isSignedIn(t) {
				t.Errorf("%s: the password has changed, or the session has ended", name)
			}
		}
	})

	t.Run("SEC-4 guesses at the old password count as failed logins", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		b := w.signedIn(t, liz)
		for range 5 {
			change(t, b, "pride", newPassword, newPassword)
		}
		p := change(t, b, password, newPassword, newPassword)
		if p.status != 403 || !p.says("digits of the picture") {
			t.Fatalf("page = %d\n%s", p.status, p.body)
		}
		p = b.press(t, p, "change", "password", password, "new", newPassword, "again", newPassword, "captcha", w.answers(t)[0])
		if p.heading() != "Your account" || !p.says("Your password has been changed") {
			t.Errorf("with the digits: %d\n%s", p.status, p.body)
		}
	})

	t.Run("SEC-9 an account that needs more than a password cannot change it here", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		b := w.signedIn(t, liz)
		p := b.open(t, "/account/password")
		must(t, w.SetFlags(t.Context(), liz, auth.Flags{SecondFactor: true}))
		if p = b.press(t, p, "change", "password", password, "new", newPassword, "again", newPassword); p.heading() != "Sign in" {
			t.Errorf("page = %d %q", p.status, p.heading())
		}
	})
}
