package auth_test

import (
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dghubble/oauth1"

	"contacts/auth"
)

// Whatever is wrong, there is no token.
func TestOAuth1Refusals(t *testing.T) {
	key := make([]byte, auth.SecretKeySize)
	w := longbourn(t, auth.Options{SecretKey: key})
	app, secret := w.pemberley(t)
	public, _, err := w.AddApp(t.Context(), auth.NewApp{Name: "Public", Public: true, CallbackHosts: []string{"pemberley.example"}})
	must(t, err)
	service, _, err := w.AddApp(t.Context(), auth.NewApp{Name: "Service", ServiceAccount: true})
	must(t, err)
	scope := "?scope=" + url.QueryEscape(feedScope)
	const path = "/accounts/OAuthGetRequestToken"
	now := func(d time.Duration) string { return strconv.FormatInt(w.clock.now().Add(d).Unix(), 10) }
	for _, tt := range []struct {
		name   string
		call   call
		status int
		want   string
	}{
		{"no consumer key", call{set: map[string]string{"oauth_consumer_key": ""}}, 400, "parameter_absent"},
		{"no method", call{set: map[string]string{"oauth_signature_method": ""}}, 400, "parameter_absent"},
		{"no timestamp", call{set: map[string]string{"oauth_timestamp": ""}}, 400, "parameter_absent"},
		{"no nonce", call{set: map[string]string{"oauth_nonce": ""}}, 400, "parameter_absent"},
		{"AUTH-62 no scope", call{target: path}, 400, "parameter_absent"},
		{"AUTH-62 an empty scope", call{target: path + "?scope="}, 400, "parameter_absent"},
		{"AUTH-62 a scope of another service", call{target: path + "?scope=http://www.google.com/calendar/feeds/"}, 400, "parameter_rejected"},
		{"AUTH-62 an unknown version", call{set: map[string]string{"oauth_version": "2.0"}}, 400, "version_rejected"},
		{"AUTH-68 PLAINTEXT", call{set: map[string]string{"oauth_signature_method": "PLAINTEXT"}}, 400, "signature_method_rejected"},
		{"AUTH-68 HMAC-SHA256", call{signer: &oauth1.HMAC256Signer{ConsumerSecret: secret}}, 400, "signature_method_rejected"},
		{"AUTH-68 HMAC without a secret", call{consumer: public.ID, signer: &oauth1.HMACSigner{}}, 400, "signature_method_rejected"},
		{"AUTH-68 RSA without a certificate", call{consumer: public.ID, signer: &oauth1.RSASigner{PrivateKey: rsaKey()}}, 400, "signature_method_rejected"},
		{"a parameter in two places", call{unsigned: "oauth_nonce=x"}, 400, "parameter_rejected"},
		{"a query that cannot be read", call{unsigned: "x=%zz"}, 400, "parameter_rejected"},
		{"AUTH-73 an unknown consumer", call{consumer: "anonymous", secret: "anonymous"}, 401, "consumer_key_unknown"},
		{"AUTH-73 a service account", call{consumer: service.ID}, 401, "consumer_key_unknown"},
		{"AUTH-72 another secret", call{secret: secret + "x"}, 401, "signature_invalid"},
		{"AUTH-72 no secret", call{signer: &oauth1.HMACSigner{}}, 401, "signature_invalid"},
		{"AUTH-72 another key", call{signer: &oauth1.RSASigner{PrivateKey: newRSAKey()}}, 401, "signature_invalid"},
		{"AUTH-72 an altered signature", call{altered: true}, 401, "signature_invalid"},
		{"AUTH-61 a parameter that is not signed", call{unsigned: "xoauth_displayname=x"}, 401, "signature_invalid"},
		{"AUTH-69 another host", call{address: "http://www.google.com"}, 401, "signature_invalid"},
		{"AUTH-69 another scheme", call{address: strings.Replace(w.url, "http:", "https:", 1)}, 401, "signature_invalid"},
		{"AUTH-69 another path", call{path: "/accounts/OAuthGetAccessToken"}, 401, "signature_invalid"},
		{"AUTH-70 the secret of a token where there is none", call{tokenSecret: "x"}, 401, "signature_invalid"},
		{"AUTH-71 a timestamp of long ago", call{set: map[string]string{"oauth_timestamp": now(-5*time.Minute - time.Second)}}, 401, "timestamp_refused"},
		{"AUTH-71 a timestamp far in the future", call{set: map[string]string{"oauth_timestamp": now(5*time.Minute + time.Second)}}, 401, "timestamp_refused"},
		{"AUTH-71 a timestamp that is no number", call{set: map[string]string{"oauth_timestamp": "now"}}, 400, "parameter_rejected"},
		{"AUTH-71 a negative timestamp", call{set: map[string]string{"oauth_timestamp": "-1"}}, 400, "parameter_rejected"},
		{"AUTH-71 a huge timestamp", call{set: map[string]string{"oauth_timestamp": "9223372036854775807"}}, 400, "parameter_rejected"},
		{"AUTH-73 AUTH-78 SEC-6 a callback to another host", call{set: map[string]string{"oauth_callback": "http://evil.example/"}}, 400, "parameter_rejected"},
		{"AUTH-73 a callback to a host with a similar name", call{set: map[string]string{"oauth_callback": "http://pemberley.example.evil.example/"}}, 400, "parameter_rejected"},
		{"SEC-6 a javascript callback", call{set: map[string]string{"oauth_callback": "javascript:alert(1)//pemberley.example"}}, 400, "parameter_rejected"},
		{"SEC-6 a callback with a fragment", call{set: map[string]string{"oauth_callback": "http://pemberley.example/#x"}}, 400, "parameter_rejected"},
		{"SEC-6 a callback with a user", call{set: map[string]string{"oauth_callback": "http://pemberley.example@evil.example/"}}, 400, "parameter_rejected"},
		{"SEC-6 a relative callback", call{set: map[string]string{"oauth_callback": "//pemberley.example/"}}, 400, "parameter_rejected"},
	} {
		t.Run("AUTH-72 AUTH-77 "+tt.name, func(t *testing.T) {
			c := tt.call
			if c.consumer == "" {
				c.consumer = app.ID
			}
			if c.secret == "" {
				c.secret = secret
			}
			if c.target == "" {
				c.target = path + scope
			}
			a := w.call(t, c)
			if a.status != tt.status || a.body != tt.want+"\n" || a.header.Get("Content-Type") != "text/plain" {
				t.Errorf("answer = %d %q, want %d %q", a.status, a.body, tt.status, tt.want)
			}
			want := ""
			if tt.status == http.StatusUnauthorized {
				want = `OAuth realm="` + w.url + `/accounts/OAuthGetRequestToken"` // AUTH-9
			}
			if got := a.header.Get("WWW-Authenticate"); got != want {
				t.Errorf("WWW-Authenticate = %q, want %q", got, want)
			}
		})
	}
	t.Run("RES-61 not over plain http from elsewhere", func(t *testing.T) {
		w := longbourn(t, auth.Options{Site: afar()})
		app, secret := w.pemberley(t)
		for _, path := range []string{path, "/accounts/OAuthGetAccessToken", "/accounts/OAuthAuthorizeToken"} {
			a := w.call(t, call{consumer: app.ID, secret: secret, target: path + scope}, "X-Forwarded-For: 192.0.2.7")
			if a.status != http.StatusForbidden || strings.Contains(a.body, "oauth_token=") {
				t.Errorf("%s = %d %q", path, a.status, a.body)
			}
		}
	})
	t.Run("AUTH-71 timestamps within five minutes are right", func(t *testing.T) {
		for _, d := range []time.Duration{-5 * time.Minute, 0, 5 * time.Minute} {
			a := w.call(t, call{consumer: app.ID, secret: secret, target: path + scope, set: map[string]string{"oauth_timestamp": now(d)}})
			if a.status != http.StatusOK {
				t.Errorf("%v off: %d %q", d, a.status, a.body)
			}
		}
	})
	t.Run("AUTH-71 AUTH-72 a nonce works once", func(t *testing.T) {
		h := "Authorization: " + w.header(t, call{consumer: app.ID, secret: secret, target: path + scope})
		for i, want := range []string{"", "nonce_used\n", "nonce_used\n"} {
			if a := w.do(t, http.MethodGet, path+scope, "", h); (a.status == http.StatusOK) != (i == 0) || i > 0 && a.body != want {
				t.Errorf("time %d: %d %q", i+1, a.status, a.body)
			}
		}
		w.clock.forward(5*time.Minute + time.Second)
		if a := w.do(t, http.MethodGet, path+scope, "", h); a.body != "timestamp_refused\n" {
			t.Errorf("later: %d %q", a.status, a.body)
		}
	})
	t.Run("a wrong signature does not use up a nonce", func(t *testing.T) {
		set := map[string]string{"oauth_nonce": "Netherfield"}
		w.call(t, call{consumer: app.ID, secret: "x", target: path + scope, set: set})
		if a := w.call(t, call{consumer: app.ID, secret: secret, target: path + scope, set: set}); a.status != http.StatusOK {
			t.Errorf("answer = %d %q", a.status, a.body)
		}
	})

	f := w.begin(t, call{consumer: app.ID, secret: secret}, ready)
	other, otherSecret, err := w.AddApp(t.Context(), auth.NewApp{Name: "Netherfield", CallbackHosts: []string{"netherfield.example"}})
	must(t, err)
	if a := f.finish(t, "x"); a.status != http.StatusUnauthorized || a.body != "token_rejected\n" {
		t.Errorf("AUTH-66 before the user has agreed: %d %q", a.status, a.body)
	}
	u, err := url.Parse(f.agree(t, liz, "").leave)
	must(t, err)
	verifier := u.Query().Get("oauth_verifier")
	for _, tt := range []struct {
		name   string
		change func(*call)
		status int
		want   string
	}{
		{"no token", func(c *call) { c.token = ""; c.set["oauth_token"] = "" }, 400, "parameter_absent"},
		{"AUTH-66 no verifier", func(c *call) { c.set["oauth_verifier"] = "" }, 400, "parameter_absent"},
		{"AUTH-66 a wrong verifier", func(c *call) { c.set["oauth_verifier"] = flip(verifier, 5) }, 401, "token_rejected"},
		{"AUTH-66 the wrong secret of the token", func(c *call) { c.tokenSecret = flip(c.tokenSecret, 5) }, 401, "signature_invalid"},
		{"AUTH-66 no secret of the token", func(c *call) { c.tokenSecret = "" }, 401, "signature_invalid"},
		{"AUTH-66 the token of another program", func(c *call) { c.consumer, c.secret = other.ID, otherSecret.Text }, 401, "token_rejected"},
		{"AUTH-66 a token that never was", func(c *call) { c.token = flip(c.token, 5) }, 401, "signature_invalid"},
	} {
		t.Run("AUTH-72 "+tt.name, func(t *testing.T) {
			c := call{consumer: app.ID, secret: secret, target: "/accounts/OAuthGetAccessToken", token: f.token, tokenSecret: f.secret,
				set: map[string]string{"oauth_verifier": verifier}}
			tt.change(&c)
			if a := w.call(t, c); a.status != tt.status || a.body != tt.want+"\n" {
				t.Errorf("answer = %d %q, want %d %q", a.status, a.body, tt.status, tt.want)
			}
		})
	}
	if a := f.finish(t, verifier); a.status != http.StatusOK {
		t.Errorf("after all that the right request = %d %q", a.status, a.body)
	}

	b := w.browser(t)
	pending := w.begin(t, call{consumer: app.ID, secret: secret}, "")
	for name, tt := range map[string]struct {
		link   string
		status int
		says   string
	}{
		"AUTH-65 without a token":                    {"", 400, "parameter_absent"},
		"AUTH-65 an unknown token":                   {"?oauth_token=x", 401, "token_rejected"},
		"AUTH-65 two tokens":                         {"?oauth_token=x&oauth_token=y", 400, "more than once"},
		"AUTH-64 AUTH-73 a callback to another host": {"?oauth_token=" + pending.token + "&oauth_callback=http://evil.example/", 400, "not registered"},
		"SEC-6 a javascript callback":                {"?oauth_token=" + pending.token + "&oauth_callback=javascript:alert(1)", 400, "absolute http or https URL"},
		"a link that cannot be read":                 {"?oauth_token=%zz", 400, "cannot be read"},
	} {
		t.Run("AUTH-72 "+name, func(t *testing.T) {
			p := b.open(t, "/accounts/OAuthAuthorizeToken"+tt.link)
			if p.status != tt.status || p.leave != "" || !p.says(tt.says) {
				t.Errorf("page = %d, redirect to %q, %s", p.status, p.leave, p.body)
			}
			if (p.header.Get("WWW-Authenticate") != "") != (tt.status == 401) {
				t.Errorf("WWW-Authenticate = %q", p.header.Get("WWW-Authenticate"))
			}
		})
	}
	t.Run("AUTH-72 the base string follows for whoever looks for the fault", func(t *testing.T) {
		w.restart(t, auth.Options{SecretKey: key, Logger: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
		a := w.call(t, call{consumer: app.ID, secret: "x", target: path + scope})
		name, base, _ := strings.Cut(a.body, "\n")
		want := "GET&" + encoded(w.url+path) + "&oauth_consumer_key%3D" + app.ID + "%26"
		if a.status != http.StatusUnauthorized || name != "signature_invalid" || !strings.HasPrefix(base, want) {
			t.Errorf("answer = %d %q, want the base string %s", a.status, a.body, want)
		}
	})
}
