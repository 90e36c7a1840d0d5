package auth_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"contacts"
	"contacts/auth"
)

func TestCode(t *testing.T) {
	w := longbourn(t, auth.Options{})
	p := w.webProgram(t)
	other := w.program(t, auth.NewApp{Name: "Wickham's Debts", RedirectURIs: []string{webBack}})

	t.Run("AUTH-85 AUTH-86 tokens for a code", func(t *testing.T) {
		a := w.exchange(t, p, w.code(t, p, "access_type", "offline"), "scope", "whatever")
		got := a.good(t)
		if who := w.whoBears(t, got.Access); who != liz {
			t.Errorf("the token is that of %s", who)
		}
		if got.Type != "Bearer" || got.Expires != 3600 || got.Refresh == "" || got.Scope != feedsScope {
			t.Errorf("answer = %s", a.body)
		}
		for name, want := range map[string]string{
			"Content-Type":  "application/json; charset=utf-8",
			"Cache-Control": "no-cache, no-store",
			"Pragma":        "no-cache",
		} {
			if a.header.Get(name) != want {
				t.Errorf("%s = %q, want %q", name, a.header.Get(name), want)
			}
		}
		if who := w.whoBears(t, got.Refresh); who != "Token invalid" {
			t.Errorf("the refresh token lets %s in", who)
		}
		w.clock.forward(time.Hour)
		if who := w.whoBears(t, got.Access); who != "Token invalid" {
			t.Errorf("after an hour the token lets %s in", who)
		}
	})
	t.Run("AUTH-80 AUTH-86 no refresh token for a program on the web that does not ask for one", func(t *testing.T) {
		for _, more := range [][]string{nil, {"access_type", "online"}} {
			if got := w.exchange(t, p, w.code(t, p, more...)).good(t); got.Refresh != "" {
				t.Errorf("a refresh token after %v", more)
			}
		}
	})
	t.Run("AUTH-85 the secret in the header", func(t *testing.T) {
		form := query("grant_type", "authorization_code", "code", w.code(t, p), "redirect_uri", webBack)
		w.do(t, http.MethodPost, "/token", form, basic(p.ID, p.secret)).good(t)
	})
	for _, path := range []string{"/token", "/oauth2/v3/token", "/oauth2/v4/token"} {
		t.Run("AUTH-85 AUTH-100 the endpoint at "+path, func(t *testing.T) {
			w.post(t, path, "grant_type", "authorization_code", "code", w.code(t, p), "client_id", p.ID,
				"client_secret", p.secret, "redirect_uri", webBack).good(t)
		})
	}

	t.Run("AUTH-88 AUTH-90 used twice ends what the first use gave", func(t *testing.T) {
		code := w.code(t, p, "access_type", "offline")
		got := w.exchange(t, p, code).good(t)
		// Whoever cannot use the code cannot end anything with it either.
		w.exchange(t, other, code).fails(t, 400, "invalid_grant")
		w.exchange(t, p, code, "client_secret", "wrong").fails(t, 401, "invalid_client")
		w.exchange(t, p, code, "redirect_uri", "https://example.net/").fails(t, 400, "invalid_grant")
		if who := w.whoBears(t, got.Access); who != liz {
			t.Fatalf("the token is that of %s", who)
		}
		w.exchange(t, p, code).fails(t, 400, "invalid_grant")
		if who := w.whoBears(t, got.Access); who != "Token invalid" {
			t.Errorf("the token lets %s in", who)
		}
		w.refresh(t, p, got.Refresh).fails(t, 400, "invalid_grant")
		w.exchange(t, p, code).fails(t, 400, "invalid_grant")
	})
	t.Run("AUTH-90 used many times at the same moment", func(t *testing.T) {
		code := w.code(t, p)
		answers := make(chan answer)
		for range 8 {
			go func() { answers <- w.exchange(t, p, code) }()
		}
		var given []tokens
		for range 8 {
			if a := <-answers; a.status == http.StatusOK {
				given = append(given, a.good(t))
			} else {
				a.fails(t, 400, "invalid_grant")
			}
		}
		if len(given) != 1 {
			t.Fatalf("%d got tokens, want 1", len(given))
		}
		if who := w.whoBears(t, given[0].Access); who != "Token invalid" {
			t.Errorf("the token lets %s in", who)
		}
	})
	t.Run("AUTH-90 an old code", func(t *testing.T) {
		code := w.code(t, p)
		w.clock.forward(10 * time.Minute)
		w.exchange(t, p, code).fails(t, 400, "invalid_grant")
	})
	t.Run("AUTH-90 a code in time", func(t *testing.T) {
		code := w.code(t, p)
		w.clock.forward(10*time.Minute - time.Second)
		w.exchange(t, p, code).good(t)
	})
	t.Run("AUTH-88 a foreign code", func(t *testing.T) {
		code := w.code(t, p)
		w.exchange(t, other, code).fails(t, 400, "invalid_grant")
		w.exchange(t, p, code).good(t)
	})
	t.Run("a code of a closed account", func(t *testing.T) {
		code := w.code(t, p)
		must(t, w.SetDisabled(t.Context(), liz, true))
		w.exchange(t, p, code).fails(t, 400, "invalid_grant")
		must(t, w.SetDisabled(t.Context(), liz, false))
	})
	t.Run("SEC-8 a code whose consent was taken back", func(t *testing.T) {
		code := w.code(t, p)
		u, err := w.User(t.Context(), liz)
		must(t, err)
		must(t, w.RevokePrograms(t.Context(), u.Owner))
		w.exchange(t, p, code).fails(t, 400, "invalid_grant")
	})
	t.Run("SEC-7 codes and tokens are in no log", func(t *testing.T) {
		code := w.code(t, p, "access_type", "offline")
		got := w.exchange(t, p, code).good(t)
		w.exchange(t, p, code+"x")
		w.post(t, "/o/oauth2/revoke?token="+got.Refresh)
		for _, secret := range []string{code, got.Access, got.Refresh, p.secret, password} {
			if strings.Contains(w.log.String(), secret) {
				t.Errorf("the log has %s", secret)
			}
		}
	})

	// The answers word for word.
	code := w.code(t, p)
	form := []string{"grant_type", "authorization_code", "code", code, "client_id", p.ID, "client_secret", p.secret, "redirect_uri", webBack}
	for _, tt := range []struct {
		name   string
		more   []string
		status int
		body   string
	}{
		{"AUTH-88 no grant_type", []string{"grant_type", ""}, 400, `{"error":"invalid_request","error_description":"grant_type is missing"}`},
		{"AUTH-88 unknown grant_type", []string{"grant_type", "password"}, 400, `{"error":"unsupported_grant_type","error_description":"grant_type is authorization_code, refresh_token, ` +
			`urn:ietf:params:oauth:grant-type:jwt-bearer, urn:ietf:params:oauth:grant-type:device_code"}`},
		{"AUTH-88 no client", []string{"client_id", ""}, 401, `{"error":"invalid_client","error_description":"client_id is missing"}`},
		{"AUTH-88 unknown client", []string{"client_id", "wickham"}, 401, `{"error":"invalid_client","error_description":"there is no such client, or the client_secret is wrong"}`},
		{"AUTH-88 wrong secret", []string{"client_secret", other.secret}, 401, `{"error":"invalid_client","error_description":"there is no such client, or the client_secret is wrong"}`},
		{"AUTH-88 no secret", []string{"client_secret", ""}, 401, `{"error":"invalid_client","error_description":"there is no such client, or the client_secret is wrong"}`},
		{"AUTH-88 no code", []string{"code", ""}, 400, `{"error":"invalid_request","error_description":"code is missing"}`},
		{"AUTH-88 no such code", []string{"code", "4/collins"}, 400, `{"error":"invalid_grant","error_description":"the code is unknown, used or too old, or of another client"}`},
		{"AUTH-88 another redirect_uri", []string{"redirect_uri", "https://planner.example.net/"}, 400, `{"error":"invalid_grant","error_description":"redirect_uri is not the one that the code was asked for with"}`},
		{"AUTH-88 no redirect_uri", []string{"redirect_uri", ""}, 400, `{"error":"invalid_grant","error_description":"redirect_uri is not the one that the code was asked for with"}`},
		{"AUTH-84 a verifier without challenge", []string{"code_verifier", verifier}, 400, `{"error":"invalid_grant","error_description":"the code was asked for without a code_challenge"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := w.post(t, tokenPath, append(form, tt.more...)...)
			if a.status != tt.status || a.body != tt.body+"\n" {
				t.Errorf("answer = %d %s, want %d %s", a.status, a.body, tt.status, tt.body)
			}
		})
	}
	t.Run("AUTH-88 AUTH-109 a parameter twice", func(t *testing.T) {
		a := w.do(t, http.MethodPost, tokenPath, query(form...)+"&code="+code)
		a.fails(t, 400, "invalid_request")
	})
	t.Run("AUTH-85 parameters in the URL do not count", func(t *testing.T) {
		w.do(t, http.MethodPost, tokenPath+"?"+query(form...), "").fails(t, 400, "invalid_request")
	})
	t.Run("AUTH-85 GET", func(t *testing.T) {
		a := w.do(t, http.MethodGet, tokenPath+"?"+query(form...), "")
		if a.fails(t, 405, "invalid_request"); a.header.Get("Allow") != "POST" {
			t.Errorf("Allow = %q", a.header.Get("Allow"))
		}
	})
	t.Run("AUTH-88 what is no form", func(t *testing.T) {
		w.do(t, http.MethodPost, tokenPath, "%zz").fails(t, 400, "invalid_request")
		w.do(t, http.MethodPost, tokenPath, strings.Repeat("x", 1<<20)).fails(t, 413, "invalid_request")
	})
	t.Run("AUTH-85 two ways to show a secret", func(t *testing.T) {
		w.do(t, http.MethodPost, tokenPath, query(form...), basic(p.ID, p.secret)).fails(t, 400, "invalid_request")
		w.do(t, http.MethodPost, tokenPath, query(append(form, "client_secret", "")...), basic(other.ID, other.secret)).fails(t, 400, "invalid_request")
	})
	t.Run("AUTH-9 AUTH-88 a wrong secret in the header", func(t *testing.T) {
		a := w.do(t, http.MethodPost, tokenPath, query(append(form, "client_secret", "")...), basic(p.ID, "wrong"))
		a.fails(t, 401, "invalid_client")
		if got, want := a.header.Get("WWW-Authenticate"), `Basic realm="`+w.url+`/"`; got != want {
			t.Errorf("WWW-Authenticate = %q, want %q", got, want)
		}
	})
	t.Run("the code is still good after all this", func(t *testing.T) { w.post(t, tokenPath, form...).good(t) })
	t.Run("a program that was removed", func(t *testing.T) {
		code := w.code(t, other)
		must(t, w.RemoveApp(t.Context(), other.ID))
		w.exchange(t, other, code).fails(t, 401, "invalid_client")
	})
	t.Run("RES-61 over plain http from afar", func(t *testing.T) {
		w.restart(t, auth.Options{Site: afar()})
		a := w.do(t, http.MethodPost, tokenPath, query(form...), "X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: http")
		a.fails(t, 403, "access_denied")
	})
}

func basic(id, secret string) string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(id, secret)
	return "Authorization: " + r.Header.Get("Authorization")
}

// refresh takes a refresh token for an access token.
func (w *world) refresh(t testing.TB, p program, token string, more ...string) answer {
	t.Helper()
	return w.post(t, tokenPath, append([]string{"grant_type", "refresh_token", "refresh_token", token,
		"client_id", p.ID, "client_secret", p.secret}, more...)...)
}

func TestPKCE(t *testing.T) {
	w := longbourn(t, auth.Options{})
	p := w.program(t, auth.NewApp{Name: "Lydia's Notes", Public: true, RedirectURIs: []string{webBack}})
	s256 := []string{"code_challenge", challenge, "code_challenge_method", "S256"}
	plain := []string{"code_challenge", verifier, "code_challenge_method", "plain"}
	for _, tt := range []struct {
		name     string
		with     []string
		verifier string
		good     bool
	}{
		{"S256", s256, verifier, true},
		{"plain", plain, verifier, true},
		{"plain by default", []string{"code_challenge", verifier}, verifier, true},
		{"S256 without verifier", s256, "", false},
		{"S256 with another verifier", s256, verifier + "x", false},
		{"S256 with the challenge", s256, challenge, false},
		{"plain with another verifier", plain, challenge, false},
		{"plain without verifier", plain, "", false},
		{"plain with a part of the verifier", plain, verifier[:43], false},
	} {
		t.Run("AUTH-84 "+tt.name, func(t *testing.T) {
			a := w.exchange(t, p, w.code(t, p, tt.with...), "code_verifier", tt.verifier)
			if tt.good {
				a.good(t)
			} else {
				a.fails(t, 400, "invalid_grant")
			}
		})
	}
	t.Run("AUTH-84 AUTH-90 a stolen code ends nothing", func(t *testing.T) {
		code := w.code(t, p, s256...)
		got := w.exchange(t, p, code, "code_verifier", verifier).good(t)
		w.exchange(t, p, code, "code_verifier", challenge).fails(t, 400, "invalid_grant")
		if who := w.whoBears(t, got.Access); who != liz {
			t.Errorf("the token is that of %s", who)
		}
	})
}

func TestRefresh(t *testing.T) {
	w := longbourn(t, auth.Options{})
	p := w.webProgram(t)
	other := w.program(t, auth.NewApp{Name: "Wickham's Debts"})
	offline := func(t *testing.T, more ...string) tokens {
		t.Helper()
		return w.exchange(t, p, w.code(t, p, append([]string{"access_type", "offline"}, more...)...)).good(t)
	}
	got := offline(t)

	t.Run("AUTH-87 a new access token, many times", func(t *testing.T) {
		for range 3 {
			w.clock.forward(100 * 24 * time.Hour)
			a := w.refresh(t, p, got.Refresh)
			next := a.good(t)
			if who := w.whoBears(t, next.Access); who != liz || next.Refresh != "" || next.Expires != 3600 || next.Scope != feedsScope {
				t.Errorf("answer = %s, of %s", a.body, who)
			}
		}
	})
	t.Run("AUTH-88 bad refresh tokens", func(t *testing.T) {
		w.refresh(t, p, "").fails(t, 400, "invalid_request")
		w.refresh(t, p, "collins").fails(t, 400, "invalid_grant")
		w.refresh(t, p, got.Access).fails(t, 400, "invalid_grant")
		w.refresh(t, p, w.token(t, liz)).fails(t, 400, "invalid_grant")
		w.refresh(t, other, got.Refresh).fails(t, 400, "invalid_grant")
		w.refresh(t, p, got.Refresh, "client_secret", "wrong").fails(t, 401, "invalid_client")
	})
	t.Run("AUTH-88 AUTH-104 fewer scopes, not more", func(t *testing.T) {
		both := offline(t, "scope", feedsScope+" "+readonlyScope)
		next := w.refresh(t, p, both.Refresh, "scope", readonlyScope).good(t)
		if next.Scope != readonlyScope {
			t.Errorf("scope = %q", next.Scope)
		}
		if next = w.refresh(t, p, both.Refresh).good(t); next.Scope != feedsScope+" "+readonlyScope {
			t.Errorf("scope = %q", next.Scope)
		}
		w.refresh(t, p, both.Refresh, "scope", feedsScope+" email").fails(t, 400, "invalid_scope")
		w.refresh(t, p, both.Refresh, "scope", "ball").fails(t, 400, "invalid_scope")
	})
	t.Run("AUTH-104 a program that loses its refresh tokens", func(t *testing.T) {
		first := offline(t, "scope", "email")
		var last tokens
		for range 50 {
			w.clock.forward(time.Second)
			last = offline(t, "scope", "email")
		}
		w.refresh(t, p, first.Refresh).fails(t, 400, "invalid_grant")
		w.refresh(t, p, last.Refresh).good(t)
		w.refresh(t, p, got.Refresh).good(t) // of another consent
	})
	t.Run("a closed account", func(t *testing.T) {
		must(t, w.SetDisabled(t.Context(), liz, true))
		w.refresh(t, p, got.Refresh).fails(t, 400, "invalid_grant")
		must(t, w.SetDisabled(t.Context(), liz, false))
		w.refresh(t, p, got.Refresh).fails(t, 400, "invalid_grant")
	})
}

func TestRevoke(t *testing.T) {
	w := longbourn(t, auth.Options{})
	p := w.webProgram(t)
	offline := func(t *testing.T) tokens {
		t.Helper()
		return w.exchange(t, p, w.code(t, p, "access_type", "offline")).good(t)
	}
	ended := func(t *testing.T, got tokens) {
		t.Helper()
		if who := w.whoBears(t, got.Access); who != "Token invalid" {
			t.Errorf("the access token lets %s in", who)
		}
		w.refresh(t, p, got.Refresh).fails(t, 400, "invalid_grant")
	}
	t.Run("AUTH-89 a refresh token and its access tokens", func(t *testing.T) {
		got := offline(t)
		more := w.refresh(t, p, got.Refresh).good(t)
		if a := w.post(t, "/o/oauth2/revoke", "token", got.Refresh); a.status != 200 || a.body != "{}\n" {
			t.Errorf("answer = %d %s", a.status, a.body)
		}
		ended(t, got)
		if who := w.whoBears(t, more.Access); who != "Token invalid" {
			t.Errorf("the second access token lets %s in", who)
		}
	})
	t.Run("AUTH-89 an access token, by GET", func(t *testing.T) {
		got := offline(t)
		if a := w.do(t, http.MethodGet, "/revoke?token="+got.Access, ""); a.status != 200 {
			t.Errorf("answer = %d %s", a.status, a.body)
		}
		ended(t, got)
	})
	t.Run("AUTH-89 by POST with the token in the URL", func(t *testing.T) {
		got := offline(t)
		if a := w.do(t, http.MethodPost, "/o/oauth2/revoke?token="+got.Access, ""); a.status != 200 {
			t.Errorf("answer = %d %s", a.status, a.body)
		}
		ended(t, got)
	})
	t.Run("AUTH-89 unknown tokens", func(t *testing.T) {
		login := w.token(t, liz)
		gone := offline(t)
		w.post(t, "/revoke", "token", gone.Access)
		for _, text := range []string{"collins", gone.Access, gone.Refresh, login, w.code(t, p)} {
			w.post(t, "/o/oauth2/revoke", "token", text).fails(t, 400, "invalid_token")
		}
		if who := w.whois(t, login); who != liz {
			t.Errorf("the ClientLogin token is that of %s", who)
		}
		w.post(t, "/o/oauth2/revoke").fails(t, 400, "invalid_request")
		w.do(t, http.MethodPut, "/o/oauth2/revoke", "").fails(t, 405, "invalid_request")
	})
	t.Run("AUTH-89 consent is needed again", func(t *testing.T) {
		b := w.browser(t)
		got := w.exchange(t, p, sentTo(t, b.allow(t, w.asks(p), liz), webBack).Get("code")).good(t)
		w.post(t, "/revoke", "token", got.Access)
		if v := b.open(t, w.asks(p)); v.leave != "" {
			t.Errorf("sent to %q", v.leave)
		}
	})
	t.Run("the administrator revokes it", func(t *testing.T) {
		got := offline(t)
		list, err := w.Tokens(t.Context(), liz)
		must(t, err)
		for _, tk := range list {
			if err := w.RevokeToken(t.Context(), tk.ID); err != nil && !errors.Is(err, contacts.NotFound) {
				t.Error(err)
			}
		}
		ended(t, got)
	})
}

func TestTokenInfo(t *testing.T) {
	w := longbourn(t, auth.Options{})
	p := w.webProgram(t)
	decode := func(t *testing.T, a answer) map[string]any {
		t.Helper()
		got := map[string]any{}
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.status != 200 {
			t.Fatalf("answer = %d %s", a.status, a.body)
		}
		return got
	}
	full := w.exchange(t, p, w.code(t, p, "scope", feedsScope+" email profile")).good(t)
	narrow := w.exchange(t, p, w.code(t, p)).good(t)
	for _, path := range []string{"/oauth2/v1/tokeninfo", "/oauth2/v2/tokeninfo", "/oauth2/v3/tokeninfo", "/tokeninfo"} {
		t.Run("AUTH-101 "+path, func(t *testing.T) {
			got := decode(t, w.do(t, http.MethodGet, path+"?access_token="+full.Access, ""))
			if got["audience"] != p.ID || got["aud"] != p.ID || got["scope"] != feedsScope+" email profile" ||
				got["expires_in"] != 3600.0 || got["email"] != liz {
				t.Errorf("tokeninfo = %v", got)
			}
			if got := decode(t, w.post(t, path, "access_token", narrow.Access)); got["email"] != nil {
				t.Errorf("tokeninfo without the scope = %v", got)
			}
			w.do(t, http.MethodGet, path+"?access_token=collins", "").fails(t, 400, "invalid_token")
			w.do(t, http.MethodGet, path, "").fails(t, 400, "invalid_token")
		})
	}
	for _, path := range []string{"/oauth2/v1/userinfo", "/oauth2/v2/userinfo", "/oauth2/v3/userinfo"} {
		t.Run("AUTH-102 "+path, func(t *testing.T) {
			got := decode(t, w.do(t, http.MethodGet, path+"?alt=json", "", "Authorization: Bearer "+full.Access))
			if got["email"] != liz || got["name"] != "Elizabeth Bennet" || got["hd"] != "example.com" || got["id"] == "" || got["id"] != got["sub"] {
				t.Errorf("userinfo = %v", got)
			}
			w.do(t, http.MethodGet, path, "", "Authorization: Bearer "+narrow.Access).fails(t, 403, "access_denied")
			a := w.do(t, http.MethodGet, path, "", "Authorization: Bearer collins")
			a.fails(t, 401, "invalid_token")
			if want := `Bearer realm="` + w.url + `/", error="invalid_token"`; a.header.Get("WWW-Authenticate") != want {
				t.Errorf("WWW-Authenticate = %q, want %q", a.header.Get("WWW-Authenticate"), want)
			}
		})
	}
	t.Run("AUTH-102 AUTH-28 an address that is not verified is not said to be", func(t *testing.T) {
		for _, unverified := range []bool{true, false} {
			must(t, w.SetFlags(t.Context(), liz, auth.Flags{Unverified: unverified}))
			got := decode(t, w.do(t, http.MethodGet, "/oauth2/v3/userinfo", "", "Authorization: Bearer "+full.Access))
			if got["email"] != liz || got["email_verified"] != !unverified || got["verified_email"] != !unverified {
				t.Errorf("userinfo = %v", got)
			}
		}
	})
	t.Run("AUTH-103 the metadata", func(t *testing.T) {
		got := decode(t, w.do(t, http.MethodGet, "/.well-known/oauth-authorization-server", ""))
		if got["issuer"] != w.url || got["token_endpoint"] != w.url+tokenPath {
			t.Errorf("metadata = %v", got)
		}
		for _, name := range []string{"authorization_endpoint", "token_endpoint", "revocation_endpoint", "device_authorization_endpoint"} {
			path, ok := strings.CutPrefix(got[name].(string), w.url)
			if a := w.do(t, http.MethodPost, path, ""); !ok || a.status == http.StatusNotFound {
				t.Errorf("%s is %v: %d", name, got[name], a.status)
			}
		}
		if a := w.do(t, http.MethodPost, "/.well-known/oauth-authorization-server", ""); a.status != 405 {
			t.Errorf("POST = %d", a.status)
		}
	})
}
