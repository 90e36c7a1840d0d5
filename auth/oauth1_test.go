package auth_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dghubble/oauth1"

	"contacts/auth"
	"contacts/store"
)

const (
	feedScope = "http://www.google.com/m8/feeds/"
	ready     = "http://pemberley.example/ready?room=library"
)

// A consumer is a program that speaks OAuth 1.0a through a library.
func (w *world) consumer(a auth.App, secret string) *oauth1.Config {
	return &oauth1.Config{
		ConsumerKey:    a.ID,
		ConsumerSecret: secret,
		CallbackURL:    ready,
		Realm:          "Longbourn",
		Endpoint: oauth1.Endpoint{
			RequestTokenURL: w.url + "/accounts/OAuthGetRequestToken?scope=" + url.QueryEscape(feedScope) + "&xoauth_displayname=The+Library",
			AuthorizeURL:    w.url + "/accounts/OAuthAuthorizeToken?hd=default&hl=en&btmpl=mobile",
			AccessTokenURL:  w.url + "/accounts/OAuthGetAccessToken",
		},
	}
}

// now brings the clock to the time of day, which libraries sign.
func (w *world) now() { w.clock.forward(time.Since(w.clock.now())) }

// The whole way of a program, with somebody else's library.
func TestOAuth1Library(t *testing.T) {
	w := longbourn(t, auth.Options{})
	w.now()
	a, secret := w.pemberley(t)
	for name, signer := range map[string]oauth1.Signer{
		"HMAC-SHA1": &oauth1.HMACSigner{ConsumerSecret: secret},
		"RSA-SHA1":  &oauth1.RSASigner{PrivateKey: rsaKey()},
	} {
		t.Run("AUTH-60 AUTH-62 AUTH-63 AUTH-65 AUTH-66 AUTH-68 AUTH-70 AUTH-4 three-legged by "+name, func(t *testing.T) {
			c := w.consumer(a, secret)
			c.Signer = signer
			token, tokenSecret, err := c.RequestToken()
			must(t, err)
			link, err := c.AuthorizationURL(token)
			must(t, err)
			b := w.browser(t)
			p := b.signIn(t, b.open(t, link.RequestURI()), liz, password)
			if !p.says("Pemberley Letters (The Library)") || !p.says("pemberley.example") || !p.says("see and change your contacts") || !p.says("registered here") {
				t.Errorf("the question says %s", text(p.doc))
			}
			p = b.press(t, p, "allow")
			if !strings.HasPrefix(p.leave, ready+"&oauth_token="+token+"&oauth_verifier=") || p.status != http.StatusFound {
				t.Fatalf("status %d, redirect to %q", p.status, p.leave)
			}
			if got := p.header.Get("Referrer-Policy"); got != "no-referrer" {
				t.Errorf("Referrer-Policy = %q", got)
			}
			requestToken, verifier, err := oauth1.ParseAuthorizationCallback(httptest.NewRequest(http.MethodGet, p.leave, nil))
			must(t, err)
			access, accessSecret, err := c.AccessToken(requestToken, tokenSecret, verifier)
			must(t, err)

			client := c.Client(context.Background(), oauth1.NewToken(access, accessSecret))
			for _, query := range []string{"", "?q=a%40b+c&alt=json", "?q=%C3%A9%2B~*"} {
				resp, err := client.Get(w.url + "/whoami" + query)
				must(t, err)
				body, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				must(t, err)
				if string(body) != liz {
					t.Errorf("who am I %s = %d %q", query, resp.StatusCode, body)
				}
			}
			if _, _, err := c.AccessToken(requestToken, tokenSecret, verifier); err == nil || !strings.Contains(err.Error(), "401: token_rejected") {
				t.Errorf("the same verifier again: %v", err)
			}
		})
	}
	t.Run("SEC-2 SEC-7 AUTH-44 nothing of a secret is stored or logged", func(t *testing.T) {
		log := w.log.String()
		for _, word := range []string{secret, "oauth_verifier", "oauth_signature", "oauth_token", password} {
			if strings.Contains(log, word) {
				t.Errorf("the log has %q", word)
			}
		}
	})
	t.Run("SEC-8 the user sees the program and takes its access back", func(t *testing.T) {
		u, err := w.User(t.Context(), liz)
		must(t, err)
		list, err := w.Programs(t.Context(), u.Owner)
		must(t, err)
		if len(list) != 2 || list[0].Name != "Pemberley Letters (The Library)" || list[0].Kind != auth.OAuth1Token || list[0].App != a.ID {
			t.Errorf("Programs() = %+v", list)
		}
	})
}

// A flow is a request token on its way.
type flow struct {
	w             *world
	call          call // without target, with the secrets of the consumer
	token, secret string
}

// begin gets a request token.
func (w *world) begin(t testing.TB, c call, callback string) *flow {
	t.Helper()
	c.target = "/accounts/OAuthGetRequestToken?scope=" + url.QueryEscape(feedScope)
	c.set = map[string]string{"oauth_callback": callback, "oauth_token": ""}
	a := w.call(t, c)
	v, err := url.ParseQuery(a.body)
	if a.status != http.StatusOK || err != nil || len(v) != 3 {
		t.Fatalf("request token = %d %q", a.status, a.body)
	}
	return &flow{w, call{consumer: c.consumer, secret: c.secret, signer: c.signer}, v.Get("oauth_token"), v.Get("oauth_token_secret")}
}

// agree lets a user agree, and returns the page or redirect after that.
func (f *flow) agree(t testing.TB, email, more string) *page {
	t.Helper()
	b := f.w.browser(t)
	return b.press(t, b.signIn(t, b.open(t, "/accounts/OAuthAuthorizeToken?oauth_token="+f.token+more), email, password), "allow")
}

// finish asks for the access token.
func (f *flow) finish(t testing.TB, verifier string) answer {
	t.Helper()
	c := f.call
	c.target, c.method = "/accounts/OAuthGetAccessToken", http.MethodPost
	c.token, c.tokenSecret = f.token, f.secret
	c.set = map[string]string{"oauth_verifier": verifier}
	return f.w.call(t, c)
}

// access does the whole, and returns what signs data requests.
func (w *world) access(t testing.TB, c call, email string) call {
	t.Helper()
	f := w.begin(t, c, ready)
	p := f.agree(t, email, "")
	u, err := url.Parse(p.leave)
	must(t, err)
	a := f.finish(t, u.Query().Get("oauth_verifier"))
	v, err := url.ParseQuery(a.body)
	if a.status != http.StatusOK || err != nil || v.Get("oauth_token") == "" {
		t.Fatalf("access token = %d %q", a.status, a.body)
	}
	c = f.call
	c.target, c.token, c.tokenSecret = "/whoami", v.Get("oauth_token"), v.Get("oauth_token_secret")
	return c
}

func TestOAuth1Tokens(t *testing.T) {
	w := longbourn(t, auth.Options{})
	app, secret := w.pemberley(t)
	base := call{consumer: app.ID, secret: secret}

	t.Run("AUTH-63 AUTH-66 the answers", func(t *testing.T) {
		c := base
		c.target = "/accounts/OAuthGetRequestToken?scope=" + url.QueryEscape(feedScope)
		c.set = map[string]string{"oauth_callback": "oob", "oauth_token": ""}
		a := w.call(t, c)
		if ok, _ := regexp.MatchString(`^oauth_token=[\w-]{43}&oauth_token_secret=[\w-]{43}&oauth_callback_confirmed=true$`, a.body); !ok || a.status != http.StatusOK {
			t.Errorf("answer = %d %q", a.status, a.body)
		}
		if got := a.header.Get("Content-Type"); got != "application/x-www-form-urlencoded" {
			t.Errorf("Content-Type = %q", got)
		}
		if got := a.header.Get("Cache-Control"); !strings.Contains(got, "no-store") {
			t.Errorf("Cache-Control = %q", got)
		}
	})
	t.Run("AUTH-60 AUTH-61 by GET and POST, in the header, the query and a form", func(t *testing.T) {
		scope := "scope=" + url.QueryEscape(feedScope)
		for name, c := range map[string]call{
			"GET, header":         {target: "?" + scope},
			"GET, query":          {target: "?" + scope, asQuery: true},
			"POST, header":        {method: http.MethodPost, target: "?" + scope},
			"POST, header, form":  {method: http.MethodPost, form: scope},
			"POST, query":         {method: http.MethodPost, target: "?" + scope, asQuery: true},
			"POST, form":          {method: http.MethodPost, form: scope, asForm: true},
			"POST, form and more": {method: http.MethodPost, target: "?" + scope, form: "a=1&a=0", asForm: true},
		} {
			c.consumer, c.secret = base.consumer, base.secret
			c.target = "/accounts/OAuthGetRequestToken" + c.target
			if a := w.call(t, c); a.status != http.StatusOK || !strings.HasPrefix(a.body, "oauth_token=") {
				t.Errorf("%s: %d %q", name, a.status, a.body)
			}
		}
		a := w.call(t, call{consumer: base.consumer, secret: base.secret, method: http.MethodPut, target: "/accounts/OAuthGetRequestToken?" + scope})
		if a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != "GET, POST" {
			t.Errorf("PUT: %d %q", a.status, a.body)
		}
	})
	t.Run("AUTH-65 AUTH-66 out of band the verifier is shown", func(t *testing.T) {
		f := w.begin(t, base, "oob")
		p := f.agree(t, liz, "&oauth_callback="+url.QueryEscape("http://evil.example/"))
		title := regexp.MustCompile(`<title>Success code=([\w-]{22})</title>`).FindStringSubmatch(p.body)
		if p.leave != "" || title == nil || !p.says(title[1]) {
			t.Fatalf("redirect to %q, page %s", p.leave, p.body)
		}
		if a := f.finish(t, title[1]); a.status != http.StatusOK {
			t.Errorf("access token = %d %q", a.status, a.body)
		}
	})
	t.Run("AUTH-64 AUTH-65 AUTH-66 protocol 1.0: the callback comes later, and no verifier", func(t *testing.T) {
		f := w.begin(t, base, "")
		p := f.agree(t, liz, "&oauth_callback="+url.QueryEscape("http://pemberley.example/back"))
		if !strings.HasPrefix(p.leave, "http://pemberley.example/back?oauth_token="+f.token) {
			t.Fatalf("redirect to %q", p.leave)
		}
		if a := f.finish(t, ""); a.status != http.StatusOK {
			t.Errorf("access token = %d %q", a.status, a.body)
		}
		f = w.begin(t, base, "")
		if p := f.agree(t, liz, ""); p.leave != "" || p.status != http.StatusOK {
			t.Errorf("without any callback: %d, redirect to %q", p.status, p.leave)
		}
		if a := f.finish(t, "wrong"); a.status != http.StatusUnauthorized || a.body != "token_rejected\n" {
			t.Errorf("a wrong verifier = %d %q", a.status, a.body)
		}
		if a := f.finish(t, ""); a.status != http.StatusOK {
			t.Errorf("access token = %d %q", a.status, a.body)
		}
	})
	t.Run("AUTH-62 SEC-6 a program may call itself what it likes, beside its registered name", func(t *testing.T) {
		for own, want := range map[string]string{
			"":                       "Allow Pemberley Letters to use",
			"Pemberley Letters":      "Allow Pemberley Letters to use",
			"<b>The</b> Library":     "Allow Pemberley Letters (<b>The</b> Library) to use",
			" \x00\u202eyrarbiL\n ":  "Allow Pemberley Letters (yrarbiL) to use",
			strings.Repeat("é", 100): "Allow Pemberley Letters (" + strings.Repeat("é", 60) + ") to use",
		} {
			c := base
			c.target = "/accounts/OAuthGetRequestToken?scope=" + url.QueryEscape(feedScope) + "&xoauth_displayname=" + url.QueryEscape(own)
			c.set = map[string]string{"oauth_callback": "oob", "oauth_token": ""}
			v, err := url.ParseQuery(w.call(t, c).body)
			must(t, err)
			b := w.browser(t)
			p := b.signIn(t, b.open(t, "/accounts/OAuthAuthorizeToken?oauth_token="+v.Get("oauth_token")), liz, password)
			if !p.says(want) {
				t.Errorf("%q: %s", own, text(p.doc))
			}
		}
	})
	t.Run("AUTH-60 AUTH-65 the link may be a form, too", func(t *testing.T) {
		f := w.begin(t, base, ready)
		b := w.browser(t)
		p := b.send(t, http.MethodPost, w.url+"/accounts/OAuthAuthorizeToken", "oauth_token="+f.token)
		if p = b.press(t, b.signIn(t, p, liz, password), "allow"); !strings.HasPrefix(p.leave, ready) {
			t.Errorf("redirect to %q", p.leave)
		}
	})
	t.Run("AUTH-65 a user of another domain cannot agree", func(t *testing.T) {
		f := w.begin(t, base, ready)
		b := w.browser(t)
		link := "/accounts/OAuthAuthorizeToken?hd=example.com&oauth_token=" + f.token
		if p := b.signIn(t, b.open(t, link), wickham, password); p.status != http.StatusForbidden || p.leave != "" {
			t.Errorf("status %d, redirect to %q", p.status, p.leave)
		}
		if a := f.finish(t, "x"); a.status != http.StatusUnauthorized {
			t.Errorf("access token = %d %q", a.status, a.body)
		}
	})
	t.Run("AUTH-67 a request token lasts an hour", func(t *testing.T) {
		f, late := w.begin(t, base, ready), w.begin(t, base, ready)
		p := late.agree(t, liz, "")
		u, err := url.Parse(p.leave)
		must(t, err)
		w.clock.forward(time.Hour)
		if p := w.browser(t).open(t, "/accounts/OAuthAuthorizeToken?oauth_token="+f.token); p.status != http.StatusUnauthorized || !p.says("token_rejected") {
			t.Errorf("page = %d %s", p.status, p.body)
		}
		if a := late.finish(t, u.Query().Get("oauth_verifier")); a.body != "token_rejected\n" {
			t.Errorf("access token = %d %q", a.status, a.body)
		}
	})
	t.Run("AUTH-67 an access token does not expire, but can be revoked", func(t *testing.T) {
		c := w.access(t, base, jane)
		w.clock.forward(20 * 365 * 24 * time.Hour)
		if a := w.call(t, c); a.body != jane {
			t.Errorf("after 20 years = %d %q", a.status, a.body)
		}
		r := c
		r.target = "/accounts/AuthSubRevokeToken"
		if a := w.call(t, r); a.status != http.StatusOK { // AUTH-49
			t.Errorf("revocation = %d %q", a.status, a.body)
		}
		if a := w.call(t, c); visible(a) != "Token invalid" {
			t.Errorf("revoked = %d %q", a.status, a.body)
		}
		if a := w.call(t, r); a.status != http.StatusForbidden {
			t.Errorf("revoked again = %d %q", a.status, a.body)
		}
	})
	t.Run("AUTH-67 of many requests at once for an access token one succeeds", func(t *testing.T) {
		f := w.begin(t, base, ready)
		u, err := url.Parse(f.agree(t, liz, "").leave)
		must(t, err)
		var good, bad sync.Map
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				if a := f.finish(t, u.Query().Get("oauth_verifier")); a.status == http.StatusOK {
					good.Store(i, a.body)
				} else {
					bad.Store(i, a.body)
				}
			})
		}
		wg.Wait()
		if n := size(&good); n != 1 || size(&bad) != 7 {
			t.Errorf("%d access tokens", n)
		}
	})
	t.Run("AUTH-78 a user agrees once", func(t *testing.T) {
		f := w.begin(t, base, ready)
		one, two := w.browser(t), w.browser(t)
		link := "/accounts/OAuthAuthorizeToken?oauth_token=" + f.token
		p, q := one.signIn(t, one.open(t, link), liz, password), two.signIn(t, two.open(t, link), jane, password)
		if p = one.press(t, p, "allow"); p.leave == "" {
			t.Fatalf("page = %d %s", p.status, p.body)
		}
		if q = two.press(t, q, "allow"); q.leave != "" || q.status != http.StatusUnauthorized {
			t.Errorf("the second: %d, redirect to %q", q.status, q.leave)
		}
		if p = one.open(t, link); p.status != http.StatusUnauthorized {
			t.Errorf("the page again = %d", p.status)
		}
	})
	t.Run("AUTH-65 a user denies", func(t *testing.T) {
		f := w.begin(t, base, ready)
		b := w.browser(t)
		p := b.press(t, b.signIn(t, b.open(t, "/accounts/OAuthAuthorizeToken?oauth_token="+f.token), liz, password), "deny")
		if p.leave != "" || !p.says("You denied access") {
			t.Errorf("redirect to %q, page %s", p.leave, p.body)
		}
		if a := f.finish(t, "x"); a.status != http.StatusUnauthorized || a.body != "token_rejected\n" {
			t.Errorf("access token = %d %q", a.status, a.body)
		}
	})
	t.Run("AUTH-72 AUTH-77 an account that is closed after the user has agreed", func(t *testing.T) {
		f := w.begin(t, base, ready)
		u, err := url.Parse(f.agree(t, jane, "").leave)
		must(t, err)
		must(t, w.SetDisabled(t.Context(), jane, true))
		if a := f.finish(t, u.Query().Get("oauth_verifier")); a.status != http.StatusUnauthorized || a.body != "token_revoked\n" {
			t.Errorf("access token = %d %q", a.status, a.body)
		}
		must(t, w.SetDisabled(t.Context(), jane, false))
	})
	t.Run("SEC-8 AUTH-77 a consent that is taken back before the program comes for its token", func(t *testing.T) {
		for name, takeBack := range map[string]func(owner store.Owner){
			"all": func(owner store.Owner) { must(t, w.RevokePrograms(t.Context(), owner)) },
			"one": func(owner store.Owner) {
				list, err := w.Programs(t.Context(), owner)
				must(t, err)
				for _, p := range list {
					must(t, w.RevokeProgram(t.Context(), owner, p.ID))
				}
			},
			"with the account, which is opened again": func(store.Owner) {
				must(t, w.SetDisabled(t.Context(), bennet, true))
				must(t, w.SetDisabled(t.Context(), bennet, false))
			},
		} {
			f := w.begin(t, base, ready)
			u, err := url.Parse(f.agree(t, bennet, "").leave)
			must(t, err)
			takeBack(w.number(t, bennet))
			if a := f.finish(t, u.Query().Get("oauth_verifier")); a.status != http.StatusUnauthorized || a.body != "token_revoked\n" {
				t.Errorf("%s: access token = %d %q", name, a.status, a.body)
			}
		}
	})
	t.Run("SEC-8 a consent that no program comes for ends with the request", func(t *testing.T) {
		w.begin(t, base, ready).agree(t, bennet, "")
		if got := w.programs(t, w.number(t, bennet)); !strings.Contains(got, "Pemberley Letters") {
			t.Errorf("programs = %q", got)
		}
		w.clock.forward(time.Hour)
		if got := w.programs(t, w.number(t, bennet)); got != "" {
			t.Errorf("after an hour: %q", got)
		}
	})
}

func size(m *sync.Map) (n int) {
	m.Range(func(any, any) bool { n++; return true })
	return n
}
