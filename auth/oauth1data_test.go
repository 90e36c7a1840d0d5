package auth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dghubble/oauth1"

	"contacts/auth"
	"contacts/reply"
)

func TestOAuth1Data(t *testing.T) {
	key := make([]byte, auth.SecretKeySize)
	w := longbourn(t, auth.Options{SecretKey: key})
	app, secret := w.pemberley(t)
	other, otherSecret, err := w.AddApp(t.Context(), auth.NewApp{Name: "Netherfield"})
	must(t, err)
	c := w.access(t, call{consumer: app.ID, secret: secret}, liz)
	with := func(change func(*call)) call {
		d := c
		change(&d)
		return d
	}
	now := func(d time.Duration) string { return strconv.FormatInt(w.clock.now().Add(d).Unix(), 10) }
	for _, tt := range []struct {
		name string
		call call
		want string // a user, or the reason of a 401
	}{
		{"AUTH-4 in the header", c, liz},
		{"AUTH-4 in the query", with(func(c *call) { c.asQuery = true }), liz},
		{"AUTH-61 with a query", with(func(c *call) { c.target = "/whoami?q=Mr.+Darcy%2C+%C3%A9&q=&x" }), liz},
		{"AUTH-69 a path as it was sent", with(func(c *call) { c.target = "/who%61mi" }), liz},
		{"AUTH-61 the body of a data request does not count", with(func(c *call) { c.method, c.unsigned = http.MethodPost, "" }), liz},
		{"AUTH-76 an unsigned user is nobody", with(func(c *call) { c.unsigned = "xoauth_requestor_id=" + jane }), "Token invalid"},
		{"AUTH-74 with a token the user is that of the token", with(func(c *call) { c.target = "/whoami?xoauth_requestor_id=" + jane }), liz},

		{"AUTH-8 an altered signature", with(func(c *call) { c.altered = true }), "Token invalid"},
		{"AUTH-8 the secret of another program", with(func(c *call) { c.secret = otherSecret.Text }), "Token invalid"},
		{"AUTH-8 another program with the token", with(func(c *call) { c.consumer, c.secret = other.ID, otherSecret.Text }), "Token invalid"},
		{"AUTH-8 without the secret of the token", with(func(c *call) { c.tokenSecret = "" }), "Token invalid"},
		{"AUTH-8 another token", with(func(c *call) { c.token = flip(c.token, 7) }), "Token invalid"},
		{"AUTH-8 another query", with(func(c *call) { c.unsigned = "max-results=10" }), "Token invalid"},
		{"AUTH-8 AUTH-69 another path", with(func(c *call) { c.path = "/m8/feeds/" }), "Token invalid"},
		{"AUTH-8 AUTH-69 a path decoded before it was signed", with(func(c *call) { c.target, c.path = "/who%61mi", "/whoami" }), "Token invalid"},
		{"AUTH-8 AUTH-69 another host", with(func(c *call) { c.address = "http://www.google.com" }), "Token invalid"},
		{"AUTH-8 AUTH-68 PLAINTEXT", with(func(c *call) { c.set = map[string]string{"oauth_signature_method": "PLAINTEXT"} }), "Token invalid"},
		{"AUTH-8 AUTH-71 an old timestamp", with(func(c *call) { c.set = map[string]string{"oauth_timestamp": now(-6 * time.Minute)} }), "Token invalid"},
		{"AUTH-8 a parameter twice", with(func(c *call) { c.target = "/whoami?oauth_nonce=x" }), "Token invalid"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := w.call(t, tt.call)
			if got := visible(a); got != tt.want {
				t.Errorf("answer = %d %q, want %q", a.status, got, tt.want)
			}
			if want := `OAuth realm="` + w.url + `/accounts/OAuthGetRequestToken"`; a.status == http.StatusUnauthorized && a.header.Get("WWW-Authenticate") != want {
				t.Errorf("AUTH-9: WWW-Authenticate = %q", a.header.Get("WWW-Authenticate"))
			}
		})
	}
	t.Run("AUTH-61 a form does not count in a data request", func(t *testing.T) {
		d := with(func(c *call) { c.method = http.MethodPost })
		h := "Authorization: " + w.header(t, d)
		if a := w.do(t, http.MethodPost, "/whoami", "a=b", h, "Content-Type: application/x-www-form-urlencoded"); a.body != liz {
			t.Errorf("answer = %d %q", a.status, a.body)
		}
	})
	t.Run("AUTH-61 AUTH-51 what follows a number sign is signed, too", func(t *testing.T) {
		secure := w.secureSession(t, liz)
		for name, h := range map[string]string{
			"OAuth":   w.header(t, with(func(c *call) { c.target = "/whoami?alt=json" })),
			"AuthSub": w.secureHeader(t, secureCall{token: secure, target: "/whoami?alt=json"})[len("Authorization: "):],
		} {
			r, err := http.NewRequest(http.MethodGet, w.url+"/whoami", nil)
			must(t, err)
			r.URL.RawQuery = "alt=json#&showdeleted=true" // as no client would send it
			r.Header.Set("Authorization", h)
			resp, err := http.DefaultTransport.RoundTrip(r)
			must(t, err)
			resp.Body.Close()
			if resp.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s: status %d", name, resp.StatusCode)
			}
		}
	})
	t.Run("the token is of use in no other scheme", func(t *testing.T) {
		for _, h := range []string{"Bearer " + c.token, "OAuth " + c.token, "GoogleLogin auth=" + c.token, `AuthSub token="` + c.token + `"`, `OAuth oauth_token="` + c.token + `"`} {
			if a := w.do(t, http.MethodGet, "/whoami", "", "Authorization: "+h); visible(a) != "Token invalid" {
				t.Errorf("%s: %d %q", h, a.status, a.body)
			}
		}
		if a := w.do(t, http.MethodGet, "/whoami?oauth_token="+c.token, ""); visible(a) != "Token invalid" {
			t.Errorf("in the query: %d %q", a.status, a.body)
		}
	})
	t.Run("AUTH-71 a request works once", func(t *testing.T) {
		h := "Authorization: " + w.header(t, c)
		for i, want := range []string{liz, "Token invalid"} {
			if a := w.do(t, http.MethodGet, "/whoami", "", h); visible(a) != want {
				t.Errorf("time %d: %q", i+1, visible(a))
			}
		}
	})
	t.Run("AUTH-71 the same nonce is another with another token", func(t *testing.T) {
		d := w.access(t, call{consumer: app.ID, secret: secret}, jane)
		for user, c := range map[string]call{liz: c, jane: d} {
			c.set = map[string]string{"oauth_nonce": "Meryton"}
			if a := w.call(t, c); a.body != user {
				t.Errorf("%s: %d %q", user, a.status, a.body)
			}
		}
	})
	t.Run("RES-53 AUTH-62 the identity has the scopes that were granted", func(t *testing.T) {
		r := httptest.NewRequest(http.MethodGet, w.url+"/m8/feeds/contacts/liz%40example.com/full?alt=json", nil)
		r.RemoteAddr, r.RequestURI = "127.0.0.1:1", "/m8/feeds/contacts/liz%40example.com/full?alt=json"
		d := c
		d.target = r.RequestURI
		r.Header.Set("Authorization", w.header(t, d))
		id, err := w.Identify(r)
		must(t, err)
		if id.Account.Email != liz || id.App != app.ID || id.Kind != auth.OAuth1Token || strings.Join(id.Scopes, " ") != feedScope || id.ReadOnly {
			t.Errorf("Identify() = %+v", id)
		}
	})
	t.Run("a program that is removed loses its access", func(t *testing.T) {
		x, xSecret, err := w.AddApp(t.Context(), auth.NewApp{Name: "Rosings", CallbackHosts: []string{"pemberley.example"}})
		must(t, err)
		d := w.access(t, call{consumer: x.ID, secret: xSecret.Text}, jane)
		f := w.begin(t, call{consumer: x.ID, secret: xSecret.Text}, ready)
		must(t, w.RemoveApp(t.Context(), x.ID))
		if a := w.call(t, d); visible(a) != "Token invalid" {
			t.Errorf("answer = %d %q", a.status, a.body)
		}
		if p := w.browser(t).open(t, "/accounts/OAuthAuthorizeToken?oauth_token="+f.token); p.status != http.StatusUnauthorized {
			t.Errorf("page = %d", p.status)
		}
	})
	t.Run("AUTH-67 SEC-2 a token lasts over a restart, but no request counts again", func(t *testing.T) {
		h := "Authorization: " + w.header(t, c)
		if a := w.do(t, http.MethodGet, "/whoami", "", h); a.body != liz {
			t.Fatalf("before: %d %q", a.status, a.body)
		}
		before := w.url
		w.restart(t, auth.Options{SecretKey: key, Site: &reply.Site{PublicURL: before}})
		if a := w.do(t, http.MethodGet, "/whoami", "", h); visible(a) != "Token invalid" {
			t.Errorf("AUTH-55 the same request after a restart = %d %q", a.status, a.body)
		}
		w.clock.forward(time.Second)
		if a := w.do(t, http.MethodGet, "/whoami", "", h); visible(a) != "Token invalid" {
			t.Errorf("AUTH-55 the same request a second after a restart = %d %q", a.status, a.body)
		}
		if a := w.call(t, c); a.body != liz {
			t.Errorf("another request = %d %q", a.status, a.body)
		}
	})
	t.Run("SEC-9 switched off", func(t *testing.T) {
		w.restart(t, auth.Options{SecretKey: key, OAuth1Off: true})
		if a := w.call(t, c); visible(a) != "Token invalid" {
			t.Errorf("data = %d %q", a.status, a.body)
		}
		for _, path := range []string{"/accounts/OAuthGetRequestToken", "/accounts/OAuthAuthorizeToken", "/accounts/OAuthGetAccessToken"} {
			if a := w.call(t, call{consumer: app.ID, secret: secret, target: path}); a.status != http.StatusForbidden || strings.Contains(a.body, "oauth_token") {
				t.Errorf("%s = %d %q", path, a.status, a.body)
			}
		}
	})
}

func TestTwoLegged(t *testing.T) {
	w := longbourn(t, auth.Options{})
	app, secret := w.pemberley(t)
	asks := func(user string) call {
		return call{consumer: app.ID, secret: secret, target: "/whoami?xoauth_requestor_id=" + url.QueryEscape(user)}
	}
	if a := w.call(t, asks(liz)); a.status != http.StatusForbidden {
		t.Errorf("AUTH-75 before it is approved = %d %q", a.status, a.body)
	}
	must(t, w.SetDomain(t.Context(), "example.com", "delegate", app.ID))
	for _, tt := range []struct {
		name   string
		call   call
		status int
		want   string
	}{
		{"AUTH-74 AUTH-75 as a user of the domain", asks(liz), 200, liz},
		{"AUTH-74 the address in any letter case", asks("Jane@Example.COM"), 200, jane},
		{"AUTH-74 by RSA-SHA1", call{consumer: app.ID, signer: &oauth1.RSASigner{PrivateKey: rsaKey()}, target: asks(liz).target}, 200, liz},
		{"AUTH-74 without oauth_token", call{consumer: app.ID, secret: secret, target: asks(liz).target, set: map[string]string{"oauth_token": ""}}, 200, liz},
		{"AUTH-74 in the query", call{consumer: app.ID, secret: secret, target: asks(liz).target, asQuery: true}, 200, liz},
		{"AUTH-75 as a user of another domain", asks(wickham), 403, ""},
		{"AUTH-75 as nobody", asks("lydia@example.com"), 403, ""},
		{"AUTH-75 as somebody of no domain", asks("lydia@example.net"), 403, ""},
		{"AUTH-75 as a domain", asks("example.com"), 403, ""},
		{"AUTH-74 without a user", call{consumer: app.ID, secret: secret, target: "/whoami"}, 401, "Token invalid"},
		{"AUTH-76 an unsigned user", call{consumer: app.ID, secret: secret, target: "/whoami", unsigned: "xoauth_requestor_id=" + liz}, 401, "Token invalid"},
		{"AUTH-76 another user than was signed", call{consumer: app.ID, secret: secret, target: asks(liz).target, unsigned: "xoauth_requestor_id=" + jane}, 401, "Token invalid"},
		{"a wrong secret", call{consumer: app.ID, secret: "x", target: asks(liz).target}, 401, "Token invalid"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := w.call(t, tt.call)
			if a.status != tt.status || tt.want != "" && visible(a) != tt.want {
				t.Errorf("answer = %d %q, want %d %q", a.status, a.body, tt.status, tt.want)
			}
		})
	}
	t.Run("AUTH-75 a foreign user is refused as one that there is not", func(t *testing.T) {
		if a, b := w.call(t, asks(wickham)), w.call(t, asks("nobody@example.net")); a.body != b.body {
			t.Errorf("answers = %q and %q", a.body, b.body)
		}
	})
	t.Run("AUTH-76 without a signature it is ignored", func(t *testing.T) {
		a := w.do(t, http.MethodGet, "/whoami?xoauth_requestor_id="+liz, "", "Authorization: GoogleLogin auth="+w.token(t, jane))
		if a.body != jane {
			t.Errorf("answer = %d %q", a.status, a.body)
		}
	})
	t.Run("AUTH-75 a closed account", func(t *testing.T) {
		must(t, w.SetDisabled(t.Context(), liz, true))
		if a := w.call(t, asks(liz)); a.status != http.StatusForbidden {
			t.Errorf("answer = %d %q", a.status, a.body)
		}
	})
	t.Run("AUTH-49 there is no token to revoke", func(t *testing.T) {
		c := asks(jane)
		c.target = "/accounts/AuthSubRevokeToken?xoauth_requestor_id=" + jane
		if a := w.call(t, c); a.status != http.StatusForbidden {
			t.Errorf("answer = %d %q", a.status, a.body)
		}
	})
	t.Run("AUTH-75 approval ends", func(t *testing.T) {
		must(t, w.SetDomain(t.Context(), "example.com", "delegate", ""))
		if a := w.call(t, asks(jane)); a.status != http.StatusForbidden {
			t.Errorf("answer = %d %q", a.status, a.body)
		}
	})
}

func BenchmarkOAuth1(b *testing.B) {
	w := longbourn(b, auth.Options{})
	app, secret := w.pemberley(b)
	c := w.access(b, call{consumer: app.ID, secret: secret}, liz)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		r := httptest.NewRequest(http.MethodGet, w.url+"/whoami", nil)
		r.RemoteAddr = "127.0.0.1:1"
		r.Header.Set("Authorization", w.header(b, c))
		b.StartTimer()
		if _, err := w.Identify(r); err != nil {
			b.Fatal(err)
		}
	}
}
