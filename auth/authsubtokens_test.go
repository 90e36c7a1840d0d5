package auth_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"contacts"
	"contacts/auth"
)

func TestAuthSubTokens(t *testing.T) {
	w := longbourn(t, anyProgram)
	invalid := func(t *testing.T, what string, a answer) {
		t.Helper()
		if visible(a) != "Token invalid" || a.header.Get("WWW-Authenticate") != `AuthSub realm="`+w.url+`/accounts/AuthSubRequest"` {
			t.Errorf("%s = %d %q, %v", what, a.status, visible(a), a.header)
		}
	}
	// refused is an error of an endpoint.
	refused := func(t *testing.T, what string, a answer, status int, text string) {
		t.Helper()
		if a.status != status || a.body != text+"\n" || a.header.Get("Content-Type") != "text/plain" {
			t.Errorf("AUTH-54 %s = %d %q, want %d %q", what, a.status, a.body, status, text)
		}
		if (a.header.Get("WWW-Authenticate") == `AuthSub realm="`+w.url+`/accounts/AuthSubRequest"`) != (status == http.StatusUnauthorized) {
			t.Errorf("AUTH-9 %s: WWW-Authenticate = %q", what, a.header.Get("WWW-Authenticate"))
		}
	}
	t.Run("AUTH-2 AUTH-41 AUTH-44 a token is good for one data request", func(t *testing.T) {
		_, token := w.authSub(t, liz, "session", "0")
		if a := w.as(t, "/whoami", token); a.body != liz {
			t.Errorf("first = %d %q", a.status, a.body)
		}
		invalid(t, "second", w.as(t, "/whoami", token))
		refused(t, "exchange", w.as(t, sessionToken, token), 401, "Token invalid")
	})
	t.Run("AUTH-2 AUTH-6 the forms of the header", func(t *testing.T) {
		for _, form := range []string{`AuthSub token="%"`, `AuthSub token=%`, `authsub  TOKEN = "%"`, "AUTHSUB x=y,token=%"} {
			_, token := w.authSub(t, liz)
			if a := w.do(t, http.MethodGet, "/whoami", "", "Authorization: "+strings.Replace(form, "%", token, 1)); a.body != liz {
				t.Errorf("%s: %d %q", form, a.status, a.body)
			}
		}
	})
	t.Run("AUTH-44 for ten minutes", func(t *testing.T) {
		_, token := w.authSub(t, liz)
		_, late := w.authSub(t, liz)
		w.clock.forward(10*time.Minute - time.Second)
		if a := w.as(t, "/whoami", token); a.body != liz {
			t.Errorf("before = %d %q", a.status, a.body)
		}
		w.clock.forward(time.Second)
		refused(t, "exchange", w.as(t, sessionToken, late), 401, "Token invalid")
		invalid(t, "after", w.as(t, "/whoami", late))
	})
	t.Run("AUTH-44 of many requests at once one succeeds", func(t *testing.T) {
		_, token := w.authSub(t, liz)
		var good sync.Map
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				path := "/whoami"
				if i%2 == 0 {
					path = sessionToken
				}
				if a := w.as(t, path, token); a.status == http.StatusOK {
					good.Store(i, true)
				}
			})
		}
		wg.Wait()
		if n := size(&good); n != 1 {
			t.Errorf("%d requests succeeded", n)
		}
	})
	t.Run("AUTH-41 AUTH-45 no exchange without session=1", func(t *testing.T) {
		_, token := w.authSub(t, liz, "session", "")
		a := w.as(t, sessionToken, token)
		if a.status != http.StatusForbidden || a.header.Get("Token") != "" || strings.Contains(a.body, token) {
			t.Errorf("exchange = %d %q", a.status, a.body)
		}
		if a := w.as(t, "/whoami", token); a.body != liz {
			t.Errorf("the token = %d %q", a.status, a.body)
		}
	})
	t.Run("AUTH-45 AUTH-46 AUTH-47 exchange", func(t *testing.T) {
		_, token := w.authSub(t, liz)
		a := w.as(t, sessionToken, token)
		expires := w.clock.now().AddDate(10, 0, 0).Format("20060102T150405Z")
		session := a.line("Token")
		if a.status != http.StatusOK || a.body != "Token="+session+"\nExpiration="+expires+"\n" || session == token ||
			a.header.Get("Token") != session || a.header.Get("Expiration") != expires || a.header.Get("Content-Type") != "text/plain" {
			t.Errorf("exchange = %d %q, %v", a.status, a.body, a.header)
		}
		if !strings.Contains(a.header.Get("Cache-Control"), "no-store") {
			t.Errorf("Cache-Control = %q", a.header.Get("Cache-Control"))
		}
		refused(t, "exchange again", w.as(t, sessionToken, token), 401, "Token invalid") // AUTH-45
		invalid(t, "the single-use token", w.as(t, "/whoami", token))
		for range 3 {
			if a := w.as(t, "/whoami", session); a.body != liz {
				t.Errorf("session token = %d %q", a.status, a.body)
			}
		}
		if a := w.as(t, sessionToken, session); a.status != http.StatusForbidden {
			t.Errorf("exchange of the session token = %d %q", a.status, a.body)
		}
		w.clock.forward(10*365*24*time.Hour - time.Minute)
		if a := w.as(t, "/whoami", session); a.body != liz {
			t.Errorf("after nearly ten years = %d %q", a.status, a.body)
		}
		w.clock.forward(4 * 24 * time.Hour)
		invalid(t, "after ten years", w.as(t, "/whoami", session))
	})
	t.Run("AUTH-48 information", func(t *testing.T) {
		_, token := w.authSub(t, liz, "next", "https://Letters.example:8443/x", "scope", "http://www.google.com/m8/feeds/groups/ https://www.google.com/m8/feeds/photos/")
		const want = "Target=https://letters.example:8443\nScope=http://www.google.com/m8/feeds/groups/ https://www.google.com/m8/feeds/photos/\nSecure=false\n"
		for range 2 {
			if a := w.as(t, tokenInfo, token); a.status != http.StatusOK || a.body != want || a.header.Get("Content-Type") != "text/plain" {
				t.Errorf("information = %d %q", a.status, a.body)
			}
		}
		if a := w.as(t, tokenInfo, w.session(t, token)); a.body != want {
			t.Errorf("of the session token = %d %q", a.status, a.body)
		}
		refused(t, "of the used token", w.as(t, tokenInfo, token), 401, "Token invalid")
	})
	t.Run("AUTH-49 revocation", func(t *testing.T) {
		_, once := w.authSub(t, jane)
		_, token := w.authSub(t, jane)
		for name, token := range map[string]string{"single-use": once, "session": w.session(t, token)} {
			if a := w.as(t, revokeToken, token); a.status != http.StatusOK {
				t.Errorf("%s = %d %q", name, a.status, a.body)
			}
			invalid(t, name, w.as(t, "/whoami", token))
			refused(t, name+" again", w.as(t, revokeToken, token), 403, "Token invalid")
		}
		u, err := w.User(t.Context(), jane)
		must(t, err)
		if list, err := w.Programs(t.Context(), u.Owner); err != nil || len(list) != 0 {
			t.Errorf("Programs() = %+v, %v", list, err)
		}
	})
	t.Run("SEC-8 the user takes access back", func(t *testing.T) {
		_, token := w.authSub(t, jane)
		_, pending := w.authSub(t, jane, "next", "http://pending.example/")
		session := w.session(t, token)
		u, err := w.User(t.Context(), jane)
		must(t, err)
		list, err := w.Programs(t.Context(), u.Owner)
		must(t, err)
		if len(list) != 2 || list[0].Kind != auth.AuthSubToken || list[0].Name+list[1].Name != "letters.examplepending.example" && list[0].Name+list[1].Name != "pending.exampleletters.example" {
			t.Fatalf("Programs() = %+v", list)
		}
		for _, p := range list {
			must(t, w.RevokeProgram(t.Context(), u.Owner, p.ID))
		}
		invalid(t, "session token", w.as(t, "/whoami", session))
		refused(t, "single-use token", w.as(t, sessionToken, pending), 401, "Token invalid")
	})
	t.Run("AUTH-45 SEC-8 a consent that was taken back is not exchanged", func(t *testing.T) {
		_, token := w.authSub(t, bennet)
		u, err := w.User(t.Context(), bennet)
		must(t, err)
		must(t, w.RevokePrograms(t.Context(), u.Owner))
		refused(t, "exchange", w.as(t, sessionToken, token), 401, "Token invalid")
	})
	t.Run("AUTH-44 a request uses up the consent, too", func(t *testing.T) {
		u, err := w.User(t.Context(), bennet)
		must(t, err)
		_, token := w.authSub(t, bennet)
		w.as(t, "/whoami", token)
		if list, err := w.Programs(t.Context(), u.Owner); err != nil || len(list) != 0 {
			t.Errorf("Programs() = %+v, %v", list, err)
		}
	})
	t.Run("AUTH-54 AUTH-8 without a right token", func(t *testing.T) {
		password := w.token(t, liz)
		_, good := w.authSub(t, liz)
		for _, path := range []string{sessionToken, tokenInfo} {
			refused(t, "a wrong one at "+path, w.as(t, path, flip(good, 9)), 401, "Token invalid")
			refused(t, "none at "+path, w.do(t, http.MethodGet, path, ""), 401, "Authorization required")
			refused(t, "ClientLogin at "+path, w.do(t, http.MethodGet, path, "", "Authorization: GoogleLogin auth="+password), 401, "Token invalid")
			refused(t, "another kind at "+path, w.as(t, path, password), 401, "Token invalid")
			refused(t, "as Bearer at "+path, w.do(t, http.MethodGet, path, "", "Authorization: Bearer "+good), 401, "Token invalid")
		}
		refused(t, "none to revoke", w.do(t, http.MethodGet, revokeToken, ""), 401, "Authorization required")
		refused(t, "a wrong one to revoke", w.as(t, revokeToken, flip(good, 9)), 403, "Token invalid")
		refused(t, "ClientLogin to revoke", w.as(t, revokeToken, password), 403, "Token invalid")
		refused(t, "as Bearer to revoke", w.do(t, http.MethodGet, revokeToken, "", "Authorization: Bearer "+good), 403, "Token invalid")
		for _, path := range []string{sessionToken, tokenInfo, revokeToken} {
			if a := w.do(t, http.MethodPost, path, "", "Authorization: AuthSub token="+good); a.status != http.StatusMethodNotAllowed {
				t.Errorf("POST %s = %d", path, a.status)
			}
		}
		if got := w.whois(t, good); got != "Token invalid" {
			t.Errorf("as ClientLogin = %q", got)
		}
		if a := w.as(t, "/whoami", good); a.body != liz {
			t.Errorf("after all that the right one = %d %q", a.status, a.body)
		}
	})
	t.Run("RES-53 ERR-38 a narrow scope", func(t *testing.T) {
		_, token := w.authSub(t, liz, "scope", "https://www.google.com/m8/feeds/groups/")
		token = w.session(t, token)
		for path, want := range map[string]contacts.Kind{"/m8/feeds/groups/default/full": "", "/m8/feeds/contacts/default/full": contacts.Forbidden} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.RemoteAddr = "127.0.0.1:1"
			r.Header.Set("Authorization", "AuthSub token="+token)
			id, err := w.Identify(r)
			must(t, err)
			_, err = w.Open(t.Context(), id, "default", auth.Read)
			wantKind(t, err, want)
		}
	})
	t.Run("AUTH-8 a closed account", func(t *testing.T) {
		_, token := w.authSub(t, jane)
		_, other := w.authSub(t, jane)
		session := w.session(t, other)
		must(t, w.SetDisabled(t.Context(), jane, true))
		invalid(t, "session token", w.as(t, "/whoami", session))
		must(t, w.SetDisabled(t.Context(), jane, false))
		refused(t, "exchange", w.as(t, sessionToken, token), 401, "Token invalid")
		invalid(t, "session token", w.as(t, "/whoami", session))
	})
	t.Run("RES-61 not over plain http from elsewhere", func(t *testing.T) {
		w := longbourn(t, auth.Options{AuthSubUnregistered: true, Site: afar()})
		_, token := w.authSub(t, liz)
		for _, path := range []string{sessionToken, tokenInfo, revokeToken, "/whoami"} {
			a := w.do(t, http.MethodGet, path, "", "Authorization: AuthSub token="+token, "X-Forwarded-For: 192.0.2.7")
			if a.status != http.StatusForbidden {
				t.Errorf("%s = %d %q", path, a.status, a.body)
			}
		}
		if p := w.browser(t, "X-Forwarded-For: 192.0.2.7").open(t, authSubLink()); p.status != http.StatusForbidden {
			t.Errorf("page = %d", p.status)
		}
	})
	t.Run("SEC-7 no token is logged", func(t *testing.T) {
		location, token := w.authSub(t, liz)
		session := w.session(t, token)
		w.as(t, "/whoami", session)
		w.as(t, "/whoami", flip(session, 3))
		for _, secret := range []string{token, session, location, "letters.example"} {
			if strings.Contains(w.log.String(), secret) {
				t.Errorf("the log has %q", secret)
			}
		}
	})
	t.Run("SEC-9 switched off", func(t *testing.T) {
		_, token := w.authSub(t, liz)
		_, other := w.authSub(t, liz)
		session := w.session(t, other)
		w.restart(t, auth.Options{AuthSubOff: true, AuthSubUnregistered: true})
		for _, path := range []string{sessionToken, tokenInfo, revokeToken} {
			if a := w.as(t, path, token); a.status != http.StatusForbidden || a.line("Token") != "" {
				t.Errorf("%s = %d %q", path, a.status, a.body)
			}
		}
		if p := w.browser(t).open(t, authSubLink()); p.status != http.StatusForbidden || p.leave != "" {
			t.Errorf("page = %d", p.status)
		}
		invalid(t, "session token", w.as(t, "/whoami", session))
	})
}

// A request that is sent away for the limit of requests was none.
func TestAuthSubOnceWithinLimits(t *testing.T) {
	t.Run("AUTH-44 SEC-11 a request that comes too soon does not use up a single-use token", func(t *testing.T) {
		w := longbourn(t, auth.Options{AuthSubUnregistered: true, RequestRate: 1, RequestBurst: 1})
		_, token := w.authSub(t, liz)
		if got := w.whois(t, w.token(t, liz)); got != liz {
			t.Fatalf("the first request = %q", got)
		}
		if a := w.as(t, "/whoami", token); a.status != http.StatusServiceUnavailable {
			t.Fatalf("the second = %d %q", a.status, a.body)
		}
		w.clock.forward(2 * time.Second)
		if a := w.as(t, "/whoami", token); a.body != liz {
			t.Errorf("later = %d %q", a.status, a.body)
		}
		w.clock.forward(2 * time.Second)
		if a := w.as(t, "/whoami", token); visible(a) != "Token invalid" {
			t.Errorf("once more = %d %q", a.status, a.body)
		}
	})
}
