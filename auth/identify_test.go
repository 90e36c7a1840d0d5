package auth_test

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"contacts"
	"contacts/auth"
	"contacts/reply"
	"contacts/store"
)

func TestIdentify(t *testing.T) {
	w := longbourn(t, auth.Options{})
	token := w.token(t, liz)
	foreign := w.token(t, wickham)
	token2, _ := w.give(t, liz, auth.Gift{Kind: auth.OAuth2Token, Scopes: allFeeds})
	sub, _ := w.give(t, liz, auth.Gift{Kind: auth.AuthSubToken, Scopes: allFeeds})

	for _, tt := range []struct {
		name   string
		header string
		want   string // a user, or the reason of a 401
	}{
		{"AUTH-1", "Authorization: GoogleLogin auth=" + token, liz},
		{"AUTH-1 quoted", `Authorization: GoogleLogin auth="` + token + `"`, liz},
		{"AUTH-1 blanks", "Authorization: GoogleLogin  auth = " + token, liz},
		{"AUTH-1 tab", "Authorization: GoogleLogin\tauth=" + token, liz},
		{"AUTH-1 other parameters", `Authorization: GoogleLogin service="cp", auth=` + token + `, x=y`, liz},
		{"AUTH-6 lower case", "Authorization: googlelogin Auth=" + token, liz},
		{"AUTH-6 upper case", "Authorization: GOOGLELOGIN AUTH=" + token, liz},
		{"AUTH-7 the other header", "X-GData-Authorization: GoogleLogin auth=" + token, liz},
		{"AUTH-2", `Authorization: AuthSub token="` + sub + `"`, liz},
		{"AUTH-2 without quotes", "Authorization: AuthSub token=" + sub, liz},
		{"AUTH-2 AUTH-6 other parameters", `Authorization: authsub  x="token=no" , Token="` + sub + `"`, liz},
		{"AUTH-5", "Authorization: Bearer " + token2, liz},
		{"AUTH-5 AUTH-6 in capitals, blanks", "Authorization: BEARER   " + token2 + " ", liz},
		{"AUTH-5 OAuth with one word", "Authorization: OAuth " + token2, liz},
		{"AUTH-7 the other header with a bearer", "X-GData-Authorization: Bearer " + token2, liz},
		{"another user", "Authorization: GoogleLogin auth=" + foreign, wickham},

		{"AUTH-8 ERR-35 RES-1 none", "X-Nothing: x", "Authorization required"},
		{"AUTH-8 unknown scheme", "Authorization: Digest auth=" + token, "Authorization required"},
		{"AUTH-8 Basic", "Authorization: Basic bGl6Omxpeg==", "Authorization required"},
		{"AUTH-8 no scheme", "Authorization: auth=" + token, "Authorization required"},
		{"AUTH-8 ERR-35 no token", "Authorization: GoogleLogin", "Token invalid"},
		{"AUTH-8 empty token", `Authorization: GoogleLogin auth=""`, "Token invalid"},
		{"AUTH-8 another parameter", "Authorization: GoogleLogin token=" + token, "Token invalid"},
		{"AUTH-8 garbage", "Authorization: GoogleLogin auth=/../etc", "Token invalid"},
		{"AUTH-8 quote without end", `Authorization: GoogleLogin auth="` + token[:20], "Token invalid"},
		{"AUTH-8 shortened", "Authorization: GoogleLogin auth=" + token[:len(token)-1], "Token invalid"},
		{"AUTH-8 lengthened", "Authorization: GoogleLogin auth=" + token + "A", "Token invalid"},
		{"AUTH-8 endless", "Authorization: GoogleLogin auth=" + strings.Repeat("A", 100000), "Token invalid"},
		{"AUTH-8 changed at the end", "Authorization: GoogleLogin auth=" + flip(token, len(token)-2), "Token invalid"},
		{"AUTH-8 another owner's number", "Authorization: GoogleLogin auth=" + flip(token, 1), "Token invalid"},
		{"AUTH-8 token under another scheme", "Authorization: Bearer " + token, "Token invalid"},
		{"AUTH-8 ClientLogin token as one word", "Authorization: OAuth " + token, "Token invalid"},
		{"AUTH-8 AuthSub token as bearer", "Authorization: Bearer " + sub, "Token invalid"},
		{"AUTH-8 bearer as AuthSub", "Authorization: AuthSub token=" + token2, "Token invalid"},
		{"AUTH-8 bearer as ClientLogin", "Authorization: GoogleLogin auth=" + token2, "Token invalid"},
		{"AUTH-8 bearer as an unsigned token of OAuth 1.0a", `Authorization: OAuth oauth_token="` + token2 + `"`, "Token invalid"},
		{"AUTH-8 bearer without token", "Authorization: Bearer", "Token invalid"},
		{"AUTH-8 as AuthSub", `Authorization: AuthSub token="` + token + `"`, "Token invalid"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := w.do(t, http.MethodGet, "/whoami", "", tt.header)
			if got := visible(a); got != tt.want {
				t.Errorf("answer = %d %q, want %q", a.status, got, tt.want)
			}
			if a.status == http.StatusUnauthorized && a.header.Get("WWW-Authenticate") == "" {
				t.Error("AUTH-9: no WWW-Authenticate")
			}
			if a.status != http.StatusOK && a.status != http.StatusUnauthorized {
				t.Errorf("status = %d, want 401", a.status)
			}
		})
	}

	for _, tt := range []struct{ name, query, header, want string }{
		{"AUTH-5 access_token", "access_token=" + token2, "", liz},
		{"AUTH-13 oauth_token", "x=y&oauth_token=" + token2, "", liz},
		{"AUTH-5 the header wins", "access_token=x", "Bearer " + token2, liz},
		{"AUTH-5 a header of another kind does not count", "access_token=" + token2, "Basic bGl6Omxpeg==", liz},
		{"AUTH-8 bad access_token", "access_token=x", "", "Token invalid"},
		{"AUTH-8 empty access_token", "access_token=", "", "Token invalid"},
		{"AUTH-8 ClientLogin token as access_token", "access_token=" + token, "", "Token invalid"},
		{"AUTH-4 AUTH-8 with a signature it is OAuth 1.0a", "oauth_signature=x&oauth_token=" + token2, "", "Token invalid"},
		{"AUTH-76 AUTH-8 a user's name without signature is nothing", "xoauth_requestor_id=" + liz, "", "Authorization required"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var headers []string
			if tt.header != "" {
				headers = []string{"Authorization: " + tt.header}
			}
			a := w.do(t, http.MethodGet, "/whoami?"+tt.query, "", headers...)
			if got := visible(a); got != tt.want {
				t.Errorf("answer = %d %q, want %q", a.status, got, tt.want)
			}
		})
	}
	t.Run("AUTH-8 an expired token of OAuth 2.0 is invalid", func(t *testing.T) {
		short, _ := w.give(t, liz, auth.Gift{Kind: auth.OAuth2Token, Scopes: allFeeds, Expires: w.clock.now().Add(time.Second)})
		if got := w.whoBears(t, short); got != liz {
			t.Errorf("before: %q", got)
		}
		w.clock.forward(time.Second)
		if got := w.whoBears(t, short); got != "Token invalid" {
			t.Errorf("after: %q", got)
		}
	})
	t.Run("SEC-9 each scheme is switched off alone", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		token := w.token(t, liz)
		token2, _ := w.give(t, liz, auth.Gift{Kind: auth.OAuth2Token, Scopes: allFeeds})
		sub, _ := w.give(t, liz, auth.Gift{Kind: auth.AuthSubToken, Scopes: allFeeds})
		present := map[string]string{
			"ClientLogin": "GoogleLogin auth=" + token,
			"AuthSub":     "AuthSub token=" + sub,
			"OAuth 2.0":   "Bearer " + token2,
		}
		for off, o := range map[string]auth.Options{
			"ClientLogin": {ClientLoginOff: true},
			"AuthSub":     {AuthSubOff: true},
			"OAuth 1.0a":  {OAuth1Off: true},
			"OAuth 2.0":   {OAuth2Off: true},
		} {
			w.restart(t, o)
			for scheme, header := range present {
				want := liz
				if scheme == off {
					want = "Token invalid"
				}
				if got := strings.TrimSpace(visible(w.do(t, http.MethodGet, "/whoami", "", "Authorization: "+header))); got != want {
					t.Errorf("without %s, a token of %s gives %q, want %q", off, scheme, got, want)
				}
			}
		}
	})
	t.Run("AUTH-12 a token works any number of times, on any connection", func(t *testing.T) {
		for range 3 {
			http.DefaultTransport.(*http.Transport).CloseIdleConnections()
			if got := w.whois(t, token); got != liz {
				t.Errorf("answer = %q", got)
			}
		}
	})
	t.Run("the identity", func(t *testing.T) {
		r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/", nil)
		r.RemoteAddr = "127.0.0.1:1"
		r.Header.Set("Authorization", "GoogleLogin auth="+token)
		id, err := w.Identify(r)
		must(t, err)
		want := w.identity(t, liz)
		want.Program = "exampleCo-exampleApp-1"
		if !reflect.DeepEqual(id, want) {
			t.Errorf("Identify() = %+v, want %+v", id, want)
		}
	})
	t.Run("AUTH-8 AUTH-36 an expired token is told from an invalid one", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		token := w.token(t, liz)
		w.clock.forward(14*24*time.Hour - time.Second)
		if got := w.whois(t, token); got != liz {
			t.Errorf("before 14 days: %q", got)
		}
		w.clock.forward(time.Second)
		if got := w.whois(t, token); got != "Token expired" {
			t.Errorf("after 14 days: %q", got)
		}
		w.clock.forward(30 * 24 * time.Hour)
		if got := w.whois(t, token); got != "Token invalid" {
			t.Errorf("after 44 days: %q", got)
		}
	})
	t.Run("AUTH-36 the life of tokens can be set", func(t *testing.T) {
		w := longbourn(t, auth.Options{ClientLoginLife: time.Hour})
		token := w.token(t, liz)
		w.clock.forward(time.Hour)
		if got := w.whois(t, token); got != "Token expired" {
			t.Errorf("after an hour: %q", got)
		}
	})
	t.Run("AUTH-8 a disabled account has no tokens, also when it is enabled again", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		token := w.token(t, liz)
		must(t, w.SetDisabled(t.Context(), liz, true))
		if got := w.whois(t, token); got != "Token invalid" {
			t.Errorf("disabled: %q", got)
		}
		must(t, w.SetDisabled(t.Context(), liz, false))
		if got := w.whois(t, token); got != "Token invalid" {
			t.Errorf("enabled again: %q", got)
		}
		if got := w.whois(t, w.token(t, liz)); got != liz {
			t.Errorf("new token: %q", got)
		}
	})
	t.Run("a flag ends tokens", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		token := w.token(t, liz)
		must(t, w.SetFlags(t.Context(), liz, auth.Flags{SecondFactor: true}))
		if got := w.whois(t, token); got != "Token invalid" {
			t.Errorf("answer = %q", got)
		}
	})
	t.Run("SEC-9 ClientLogin switched off", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		token := w.token(t, liz)
		w.restart(t, auth.Options{ClientLoginOff: true})
		if got := w.whois(t, token); got != "Token invalid" {
			t.Errorf("answer = %q", got)
		}
		if a := w.login(t, loginForm(liz, password)); a.status != 403 || a.body != "Error=ServiceDisabled\n" {
			t.Errorf("login = %d %q", a.status, a.body)
		}
	})
	t.Run("RES-61 no token over plain http from afar", func(t *testing.T) {
		site := afar()
		w := longbourn(t, auth.Options{Site: site})
		token := w.token(t, liz)
		ask := func(headers ...string) answer {
			return w.do(t, http.MethodGet, "/whoami", "", append(headers, "X-Forwarded-For: 192.0.2.1")...)
		}
		header := "Authorization: GoogleLogin auth=" + token
		if a := ask(header, "X-Forwarded-Proto: http"); a.status != 403 || !strings.Contains(a.body, "insecure_http") || !strings.Contains(a.body, "https") {
			t.Errorf("over http: %d %q", a.status, a.body)
		}
		if a := ask(header, "X-Forwarded-Proto: https"); a.status != 200 || a.body != liz {
			t.Errorf("over https: %d %q", a.status, a.body)
		}
		if a := ask(); a.status != 401 {
			t.Errorf("without a token: %d %q", a.status, a.body)
		}
		site.InsecureHTTP = true
		if a := ask(header, "X-Forwarded-Proto: http"); a.status != 200 || a.body != liz {
			t.Errorf("with insecure_http: %d %q", a.status, a.body)
		}
	})
	t.Run("SEC-7 no token and no password in the log", func(t *testing.T) {
		log := w.log.String()
		for _, secret := range []string{token, foreign, token[:20], password, "obstinate"} {
			if strings.Contains(log, secret) {
				t.Errorf("the log has %q", secret)
			}
		}
		if !strings.Contains(log, "path=/whoami") {
			t.Error("the log has no request")
		}
	})
}

// flip changes one letter of a token into another.
func flip(token string, i int) string {
	c := byte('A')
	if token[i] == c {
		c = 'B'
	}
	return token[:i] + string(c) + token[i+1:]
}

func TestChallenge(t *testing.T) {
	w := longbourn(t, auth.Options{Site: &reply.Site{PublicURL: "https://contacts.example.net"}})
	const required = `GoogleLogin realm="https://contacts.example.net/accounts/ClientLogin", service="cp"`
	for header, want := range map[string]string{
		"":                             required,
		"Digest x":                     required,
		"GoogleLogin auth=x":           required,
		"AuthSub token=x":              `AuthSub realm="https://contacts.example.net/accounts/AuthSubRequest"`,
		`OAuth oauth_consumer_key="x"`: `OAuth realm="https://contacts.example.net/accounts/OAuthGetRequestToken"`,
		"OAuth x":                      `Bearer realm="https://contacts.example.net/", error="invalid_token"`,
		"?access_token=x":              `Bearer realm="https://contacts.example.net/", error="invalid_token"`,
		"?oauth_token=x":               `Bearer realm="https://contacts.example.net/", error="invalid_token"`,
		"?oauth_signature=x":           `OAuth realm="https://contacts.example.net/accounts/OAuthGetRequestToken"`,
		"bearer x":                     `Bearer realm="https://contacts.example.net/", error="invalid_token"`,
	} {
		t.Run("AUTH-9 "+header, func(t *testing.T) {
			query, _ := strings.CutPrefix(header, "?")
			if query == header {
				query = ""
			} else {
				header = ""
			}
			a := w.do(t, http.MethodGet, "/whoami?"+query, "", "Authorization: "+header)
			if got := a.header.Get("WWW-Authenticate"); a.status != 401 || got != want {
				t.Errorf("%d, WWW-Authenticate = %s, want %s", a.status, got, want)
			}
		})
	}
}

func TestRequestLimit(t *testing.T) {
	t.Run("SEC-11 beyond the rate each user waits", func(t *testing.T) {
		w := longbourn(t, auth.Options{RequestRate: 0.5, RequestBurst: 3})
		hers, janes := w.token(t, liz), w.token(t, jane)
		ask := func(token string) answer {
			return w.do(t, http.MethodGet, "/whoami", "", "Authorization: GoogleLogin auth="+token)
		}
		for i := range 3 {
			if a := ask(hers); a.status != 200 {
				t.Errorf("request %d of the burst: %d %q", i, a.status, a.body)
			}
		}
		for range 3 { // being refused does not make the wait longer
			if a := ask(hers); a.status != 503 || a.header.Get("Retry-After") != "2" {
				t.Errorf("after the burst: %d, Retry-After = %q, want 503 and 2", a.status, a.header.Get("Retry-After"))
			}
		}
		if a := ask(janes); a.status != 200 {
			t.Errorf("another user: %d %q", a.status, a.body)
		}
		w.clock.forward(2 * time.Second)
		if a := ask(hers); a.status != 200 {
			t.Errorf("after the wait: %d %q", a.status, a.body)
		}
		if a := ask(hers); a.status != 503 {
			t.Errorf("right after that: %d %q", a.status, a.body)
		}
	})
	t.Run("SEC-11 SEC-12 a restart gives no new burst", func(t *testing.T) {
		limits := auth.Options{RequestRate: 0.5, RequestBurst: 4}
		ctx := t.Context()
		w := open(t, limits)
		ask := func(owner store.Owner, times int, kind contacts.Kind) {
			t.Helper()
			for range times {
				wantKind(t, w.AllowRequest(owner), kind)
			}
		}
		kept := func(want int) {
			t.Helper()
			if n, err := w.KeptLimits(ctx); err != nil || n != want {
				t.Errorf("%d limits are written down, %v, want %d", n, err, want)
			}
		}
		ask(1, 4, "")
		ask(2, 3, "")
		kept(0) // nobody ran into a limit
		ask(1, 3, contacts.Unavailable)
		kept(1)
		w.restart(t, limits) // as after a kill: the other has a burst again
		ask(1, 1, contacts.Unavailable)
		ask(2, 3, "")
		must(t, w.KeepLimits(ctx))
		kept(2)
		w.restart(t, limits) // as after a proper end
		ask(1, 1, contacts.Unavailable)
		ask(2, 1, "")
		ask(2, 1, contacts.Unavailable)
		ask(3, 4, "")
		w.clock.forward(2 * time.Second)
		ask(1, 1, "")
		ask(1, 1, contacts.Unavailable)
		must(t, w.KeepLimits(ctx))
		w.restart(t, auth.Options{RequestRate: 0.5, RequestBurst: 2}) // less is allowed now
		ask(2, 1, "")
		ask(2, 1, contacts.Unavailable)
		w.clock.forward(time.Hour)
		w.restart(t, limits) // what is written down has had its time
		ask(1, 4, "")
		ask(1, 1, contacts.Unavailable)
	})
	t.Run("SEC-11 ERR-53 the error", func(t *testing.T) {
		w := open(t, auth.Options{RequestRate: 1})
		must(t, w.AllowRequest(1))
		err := w.AllowRequest(1)
		wantKind(t, err, contacts.Unavailable)
		if contacts.CodeOf(err) != contacts.CodeRateLimit || reply.RetryAfter(err) != 1 {
			t.Errorf("code %s, retry after %d", contacts.CodeOf(err), reply.RetryAfter(err))
		}
	})
	t.Run("SEC-11 off by default", func(t *testing.T) {
		w := open(t, auth.Options{})
		for range 1000 {
			must(t, w.AllowRequest(1))
		}
	})
	t.Run("those at rest are forgotten", func(t *testing.T) {
		w := open(t, auth.Options{RequestRate: 1})
		for owner := range store.Owner(auth.FirstSweep) {
			must(t, w.AllowRequest(1+owner))
		}
		w.clock.forward(time.Second)
		must(t, w.AllowRequest(auth.FirstSweep+1))
		if n := w.Limiters(); n != 1 {
			t.Errorf("%d accounts are remembered, want 1", n)
		}
		wantKind(t, w.AllowRequest(auth.FirstSweep+1), contacts.Unavailable)
	})
}

func TestTokens(t *testing.T) {
	ctx := t.Context()
	w := longbourn(t, auth.Options{})
	first, second := w.token(t, liz), w.token(t, liz)
	other := w.token(t, jane)

	t.Run("SEC-2 are random, and told apart by an ID that gives nothing away", func(t *testing.T) {
		if first == second || len(first) < 40 {
			t.Errorf("tokens %s and %s", first, second)
		}
		tokens, err := w.Tokens(ctx, "LIZ@example.com")
		must(t, err)
		if len(tokens) != 2 || tokens[0].ID == tokens[1].ID {
			t.Fatalf("Tokens() = %+v, want 2", tokens)
		}
		for _, k := range tokens {
			if k.Kind != auth.ClientLoginToken || k.Source != "exampleCo-exampleApp-1" || !k.Created.Equal(w.clock.now()) ||
				!k.Expires.Equal(w.clock.now().Add(14*24*time.Hour)) || strings.Contains(first+second, k.ID) {
				t.Errorf("Tokens() has %+v", k)
			}
		}
	})
	t.Run("AUTH-19 the source is of characters that can be shown", func(t *testing.T) {
		if a := w.login(t, loginForm(jane, password, "source", "Nether\x1b[2Jfield\t\u202e-1\n")); a.status != http.StatusOK {
			t.Fatalf("login = %d %q", a.status, a.body)
		}
		tokens, err := w.Tokens(t.Context(), jane)
		must(t, err)
		i := slices.IndexFunc(tokens, func(t auth.Token) bool { return t.Source == "Nether[2Jfield-1" })
		if i < 0 {
			t.Fatalf("Tokens() = %+v", tokens)
		}
		must(t, w.RevokeToken(t.Context(), tokens[i].ID))
	})
	t.Run("are revoked one by one", func(t *testing.T) {
		tokens, err := w.Tokens(ctx, liz)
		must(t, err)
		must(t, w.RevokeToken(ctx, tokens[0].ID))
		left, err := w.Tokens(ctx, liz)
		must(t, err)
		if len(left) != 1 || !reflect.DeepEqual(left[0], tokens[1]) {
			t.Errorf("Tokens() = %+v, want %+v", left, tokens[1])
		}
		if a, b := w.whois(t, first), w.whois(t, second); (a == liz) == (b == liz) {
			t.Errorf("tokens give %q and %q, want one of them good", a, b)
		}
		if got := w.whois(t, other); got != jane {
			t.Errorf("another user's token gives %q", got)
		}
		for _, id := range []string{tokens[0].ID, "", "-", "1-", "x-0123456789abcdef", "-1-0123456789abcdef", "99999999999-0123456789abcdef",
			"0-0123456789abcdef", "1-0123456789abcdef0", tokens[1].ID[:len(tokens[1].ID)-1], "1-%%%%%%%%%%%%%%%%"} {
			wantKind(t, w.RevokeToken(ctx, id), contacts.NotFound)
		}
	})
	t.Run("that have expired are not listed", func(t *testing.T) {
		w.clock.forward(14 * 24 * time.Hour)
		tokens, err := w.Tokens(ctx, jane)
		must(t, err)
		if len(tokens) != 0 {
			t.Errorf("Tokens() = %+v, want none", tokens)
		}
	})
}

func FuzzAuthorization(f *testing.F) {
	for _, h := range []string{
		"GoogleLogin auth=AB_-09", `googlelogin auth="AB"`, "GoogleLogin", "GoogleLogin auth", "GoogleLogin ,= =\"", "AuthSub token=\"x\"",
		`OAuth realm="", oauth_token="a%20b"`, "Bearer x", " \t", "GoogleLogin a b auth = x y", "GoogleLogin x=\"auth=y\" auth=z",
	} {
		f.Add(h)
	}
	f.Fuzz(func(t *testing.T, h string) {
		scheme, token := auth.ParseAuthorization(h)
		if token != "" && scheme == "" {
			t.Errorf("%q gives a token %q of no scheme", h, token)
		}
		if scheme == "OAuth" || token == "" {
			return // its values are decoded
		}
		if !strings.Contains(h, token) {
			t.Errorf("%q gives token %q", h, token)
		}
		again := map[string]string{
			"GoogleLogin": `GOOGLELOGIN  x="auth=no", Auth = "` + token + `"`,
			"AuthSub":     `authsub data="token=no a b" ToKen="` + token + `" sig=x==`,
			"Bearer":      "BEARER\t" + token + " ",
		}[scheme]
		if strings.Contains(token, `"`) {
			return
		}
		if s, got := auth.ParseAuthorization(again); s != scheme || got != token {
			t.Errorf("token %q read back as %q of %s", token, got, s)
		}
	})
}

func BenchmarkIdentify(b *testing.B) {
	w := longbourn(b, auth.Options{})
	r := httptest.NewRequest(http.MethodGet, "/m8/feeds/contacts/default/full", nil)
	r.RemoteAddr = "127.0.0.1:1"
	r.Header.Set("Authorization", "GoogleLogin auth="+w.token(b, liz))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Identify(r); err != nil {
			b.Fatal(err)
		}
	}
}
