package auth_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"contacts/auth"
	"contacts/reply"
)

// A secureCall is a request signed as secure AuthSub wants it, or a wrong one.
type secureCall struct {
	token  string
	target string // path and query
	method string // that is signed; GET
	url    string // that is signed; where the request goes
	time   string
	nonce  string
	key    *rsa.PrivateKey
	sigalg string
	format string // of the header, with %t, %d, %s, %a for the four parameters
	data   string // all that is signed, if not made of the above
	bend   func(sig string) string
}

// secureHeader signs a request.
func (w *world) secureHeader(t testing.TB, c secureCall) string {
	t.Helper()
	orDefault := func(s *string, value string) {
		if *s == "" {
			*s = value
		}
	}
	orDefault(&c.method, http.MethodGet)
	orDefault(&c.url, w.url+c.target)
	orDefault(&c.time, strconv.FormatInt(w.clock.now().Unix(), 10))
	orDefault(&c.nonce, strconv.FormatUint(1<<63+uint64(nonces.Add(1)), 10))
	orDefault(&c.sigalg, "rsa-sha1")
	orDefault(&c.format, `AuthSub token="%t" data="%d" sig="%s" sigalg="%a"`)
	orDefault(&c.data, c.method+" "+c.url+" "+c.time+" "+c.nonce)
	if c.key == nil {
		c.key = rsaKey()
	}
	sum := sha1.Sum([]byte(c.data))
	b, err := rsa.SignPKCS1v15(rand.Reader, c.key, crypto.SHA1, sum[:])
	must(t, err)
	sig := base64.StdEncoding.EncodeToString(b)
	if c.bend != nil {
		sig = c.bend(sig)
	}
	return "Authorization: " + strings.NewReplacer("%t", c.token, "%d", c.data, "%s", sig, "%a", c.sigalg).Replace(c.format)
}

// secure sends a signed GET.
func (w *world) secure(t testing.TB, c secureCall, headers ...string) answer {
	t.Helper()
	return w.do(t, http.MethodGet, c.target, "", append(headers, w.secureHeader(t, c))...)
}

// secureSession is a session token that has to be signed.
func (w *world) secureSession(t testing.TB, email string) string {
	t.Helper()
	_, token := w.authSub(t, email, "secure", "1", "next", "https://pemberley.example/letters")
	a := w.secure(t, secureCall{token: token, target: sessionToken})
	if a.status != http.StatusOK {
		t.Fatalf("exchange = %d %q", a.status, a.body)
	}
	return a.line("Token")
}

func TestSecureAuthSub(t *testing.T) {
	w := longbourn(t, auth.Options{})
	w.pemberley(t)

	t.Run("AUTH-40 AUTH-50 each step is signed", func(t *testing.T) {
		_, token := w.authSub(t, liz, "secure", "1", "next", "https://pemberley.example/letters")
		for _, path := range []string{"/whoami", sessionToken, tokenInfo, revokeToken} {
			if a := w.as(t, path, token); a.status != http.StatusUnauthorized {
				t.Errorf("%s without a signature = %d %q", path, a.status, a.body)
			}
			if a := w.secure(t, secureCall{token: token, target: path, key: newRSAKey()}); a.status != http.StatusUnauthorized {
				t.Errorf("%s with the signature of another = %d %q", path, a.status, a.body)
			}
		}
		const want = "Target=https://pemberley.example\nScope=http://www.google.com/m8/feeds/\nSecure=true\n" // AUTH-48
		if a := w.secure(t, secureCall{token: token, target: tokenInfo}); a.body != want {
			t.Errorf("information = %d %q", a.status, a.body)
		}
		a := w.secure(t, secureCall{token: token, target: sessionToken})
		session := a.line("Token")
		if a.status != http.StatusOK || session == "" {
			t.Fatalf("exchange = %d %q", a.status, a.body)
		}
		if a := w.as(t, "/whoami", session); visible(a) != "Token invalid" {
			t.Errorf("the session token without a signature = %d %q", a.status, visible(a))
		}
		if a := w.secure(t, secureCall{token: session, target: "/whoami"}); a.body != liz {
			t.Errorf("the session token = %d %q", a.status, a.body)
		}
		if a := w.secure(t, secureCall{token: session, target: revokeToken}); a.status != http.StatusOK {
			t.Errorf("revocation = %d %q", a.status, a.body)
		}
		if a := w.secure(t, secureCall{token: session, target: "/whoami"}); visible(a) != "Token invalid" {
			t.Errorf("revoked = %d %q", a.status, visible(a))
		}
	})
	t.Run("AUTH-50 AUTH-44 a wrong signature does not use up a single-use token", func(t *testing.T) {
		_, token := w.authSub(t, liz, "secure", "1", "next", "https://pemberley.example/letters")
		w.secure(t, secureCall{token: token, target: "/whoami", key: newRSAKey()})
		if a := w.secure(t, secureCall{token: token, target: "/whoami"}); a.body != liz {
			t.Errorf("first = %d %q", a.status, a.body)
		}
		if a := w.secure(t, secureCall{token: token, target: "/whoami"}); visible(a) != "Token invalid" {
			t.Errorf("second = %d %q", a.status, visible(a))
		}
	})

	token := w.secureSession(t, liz)
	insecure := w.url[len("http://"):]
	now := func(d time.Duration) string { return strconv.FormatInt(w.clock.now().Add(d).Unix(), 10) }
	const good, bad = liz, "Token invalid"
	for _, tt := range []struct {
		name string
		call secureCall
		want string
	}{
		{"AUTH-3 AUTH-52", secureCall{}, good},
		{"AUTH-51 with a query", secureCall{target: "/whoami?q=%C3%A9+%40&alt=json"}, good},
		{"AUTH-51 scheme and host in upper case", secureCall{url: "HTTP://" + strings.ToUpper(insecure) + "/whoami"}, good},
		{"AUTH-3 in another order, with commas", secureCall{format: `AuthSub sigalg="%a",sig="%s", data="%d",token=%t`}, good},
		{"AUTH-3 AUTH-6 in another letter case", secureCall{format: `authsub Token="%t" Data="%d" Sig="%s" SigAlg="%a"`, sigalg: "RSA-SHA1"}, good},
		{"AUTH-53 five minutes behind", secureCall{time: now(-5 * time.Minute)}, good},
		{"AUTH-53 five minutes ahead", secureCall{time: now(5 * time.Minute)}, good},
		{"AUTH-53 the nonces at both ends", secureCall{nonce: "0"}, good},
		{"AUTH-53 the largest nonce", secureCall{nonce: "18446744073709551615"}, good},
		{"AUTH-59 20 digits of more than 64 bits", secureCall{nonce: "81109222162211951719"}, good},

		{"AUTH-50 no signature", secureCall{format: `AuthSub token="%t" data="%d" sigalg="%a"`}, bad},
		{"AUTH-50 no data", secureCall{format: `AuthSub token="%t" sig="%s" sigalg="%a"`}, bad},
		{"AUTH-50 nothing signed", secureCall{format: `AuthSub token="%t"`}, bad},
		{"AUTH-50 an empty signature", secureCall{bend: func(string) string { return "" }}, bad},
		{"AUTH-50 an altered signature", secureCall{bend: func(s string) string { return flip(s, 10) }}, bad},
		{"AUTH-50 half a signature", secureCall{bend: func(s string) string { return s[:len(s)/2] }}, bad},
		{"AUTH-52 a signature in another encoding", secureCall{bend: func(s string) string { return "!" + s[1:] }}, bad},
		{"AUTH-50 another key", secureCall{key: newRSAKey()}, bad},
		{"AUTH-50 other data than were signed", secureCall{format: `AuthSub token="%t" data="%d0" sig="%s" sigalg="%a"`}, bad},
		{"AUTH-52 no sigalg", secureCall{format: `AuthSub token="%t" data="%d" sig="%s"`}, bad},
		{"AUTH-52 dsa-sha1", secureCall{sigalg: "dsa-sha1"}, bad},
		{"AUTH-52 none", secureCall{sigalg: "none"}, bad},
		{"AUTH-51 another method", secureCall{method: http.MethodPost}, bad},
		{"AUTH-51 the method in lower case", secureCall{method: "get"}, bad},
		{"AUTH-51 another host", secureCall{url: "http://www.google.com/whoami"}, bad},
		{"AUTH-51 another port", secureCall{url: "http://127.0.0.1/whoami"}, bad},
		{"AUTH-51 another scheme", secureCall{url: "https://" + insecure + "/whoami"}, bad},
		{"AUTH-51 another path", secureCall{url: w.url + "/whoamI"}, bad},
		{"AUTH-51 a part of the path", secureCall{url: w.url + "/who"}, bad},
		{"AUTH-51 no query", secureCall{target: "/whoami?q=x", url: w.url + "/whoami"}, bad},
		{"AUTH-51 another query", secureCall{target: "/whoami?q=x", url: w.url + "/whoami?q=y"}, bad},
		{"AUTH-51 the query written another way", secureCall{target: "/whoami?q=%20", url: w.url + "/whoami?q=+"}, bad},
		{"AUTH-51 no URL", secureCall{url: "/whoami"}, bad},
		{"AUTH-51 two blanks", secureCall{data: "GET  " + w.url + "/whoami " + now(0) + " 77"}, bad},
		{"AUTH-51 more than four words", secureCall{data: "GET " + w.url + "/whoami " + now(0) + " 77 78"}, bad},
		{"AUTH-51 fewer than four words", secureCall{data: "GET " + w.url + "/whoami " + now(0)}, bad},
		{"AUTH-53 older than five minutes", secureCall{time: now(-5*time.Minute - time.Second)}, bad},
		{"AUTH-53 more than five minutes ahead", secureCall{time: now(5*time.Minute + time.Second)}, bad},
		{"AUTH-53 no timestamp", secureCall{time: "now"}, bad},
		{"AUTH-53 a timestamp in milliseconds", secureCall{time: now(0) + "000"}, bad},
		{"AUTH-53 AUTH-59 a nonce of more than 20 digits", secureCall{nonce: "100000000000000000000"}, bad},
		{"AUTH-53 a negative nonce", secureCall{nonce: "-1"}, bad},
		{"AUTH-53 a nonce of letters", secureCall{nonce: "Darcy"}, bad},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := tt.call
			c.token = token
			if c.target == "" {
				c.target = "/whoami"
			}
			if a := w.secure(t, c); visible(a) != tt.want {
				t.Errorf("answer = %d %q, want %q", a.status, visible(a), tt.want)
			}
		})
	}
	t.Run("AUTH-53 a request counts once", func(t *testing.T) {
		h := w.secureHeader(t, secureCall{token: token, target: "/whoami"})
		for i, want := range []string{liz, bad, bad} {
			if a := w.do(t, http.MethodGet, "/whoami", "", h); visible(a) != want {
				t.Errorf("time %d = %d %q", i+1, a.status, visible(a))
			}
		}
		other := w.secureSession(t, jane)
		c := secureCall{token: token, target: "/whoami", nonce: "4711"}
		for i, token := range []string{token, other} { // of the application, whatever the token
			c.token = token
			if a := w.secure(t, c); visible(a) != []string{liz, bad}[i] {
				t.Errorf("token %d = %d %q", i+1, a.status, visible(a))
			}
		}
		w.clock.forward(time.Second)
		c.token = other
		if a := w.secure(t, c); a.body != jane {
			t.Errorf("the nonce with another timestamp = %d %q", a.status, visible(a))
		}
	})
	t.Run("AUTH-51 AUTH-57 a request target in absolute form", func(t *testing.T) {
		proxy, err := url.Parse(w.url)
		must(t, err)
		transport := &http.Transport{Proxy: http.ProxyURL(proxy)}
		defer transport.CloseIdleConnections()
		const target = "http://www.google.com:80/whoami?alt=json"
		req, err := http.NewRequest(http.MethodGet, target, nil)
		must(t, err)
		_, header, _ := strings.Cut(w.secureHeader(t, secureCall{token: token, url: "http://www.google.com/whoami?alt=json"}), ": ")
		req.Header.Set("Authorization", header)
		resp, err := transport.RoundTrip(req)
		must(t, err)
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("status = %d", resp.StatusCode)
		}
	})
	t.Run("a program that is removed loses its access", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		a, _ := w.pemberley(t)
		token := w.secureSession(t, liz)
		must(t, w.RemoveApp(t.Context(), a.ID))
		if a := w.secure(t, secureCall{token: token, target: "/whoami"}); visible(a) != bad {
			t.Errorf("answer = %d %q", a.status, visible(a))
		}
	})
	t.Run("AUTH-55 after a restart no request counts again", func(t *testing.T) {
		address := w.url
		h := w.secureHeader(t, secureCall{token: token, target: "/whoami"})
		if a := w.do(t, http.MethodGet, "/whoami", "", h); a.body != liz {
			t.Fatalf("before = %d %q", a.status, a.body)
		}
		w.restart(t, auth.Options{Site: &reply.Site{PublicURL: address}})
		if a := w.do(t, http.MethodGet, "/whoami", "", h); visible(a) != bad {
			t.Errorf("after = %d %q", a.status, visible(a))
		}
	})
}

// A server behind a proxy, or asked by other names, knows what its clients
// have written.
func TestSecureAuthSubBehindProxy(t *testing.T) {
	site := afar()
	w := longbourn(t, auth.Options{Site: site})
	w.pemberley(t)
	token := w.secureSession(t, liz)
	for _, tt := range []struct {
		name, public, url string
		headers           []string
		want              string
	}{
		{"AUTH-51 AUTH-57 what the proxy says", "", "https://contacts.example.com/whoami", []string{"X-Forwarded-Proto: https", "X-Forwarded-Host: contacts.example.com"}, liz},
		{"AUTH-51 the usual port of https", "", "https://contacts.example.com:443/whoami", []string{"X-Forwarded-Proto: https", "X-Forwarded-Host: contacts.example.com"}, liz},
		{"AUTH-51 AUTH-57 the public URL", "https://contacts.example.com", "https://contacts.example.com/whoami", nil, liz},
		{"AUTH-51 another name beside the public URL", "https://contacts.example.com", "https://www.google.com/whoami", []string{"X-Forwarded-Host: www.google.com", "X-Forwarded-Proto: http", "X-Forwarded-For: 127.0.0.1"}, liz},
		{"AUTH-51 a name by which nobody asked", "https://contacts.example.com", "https://www.google.com/whoami", nil, "Token invalid"},
		{"AUTH-51 plain http at the proxy", "", "https://contacts.example.com/whoami", []string{"X-Forwarded-Proto: http", "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: contacts.example.com"}, "Token invalid"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			site.PublicURL = tt.public
			defer func() { site.PublicURL = "" }()
			a := w.secure(t, secureCall{token: token, target: "/whoami", url: tt.url}, tt.headers...)
			if visible(a) != tt.want {
				t.Errorf("answer = %d %q, want %q", a.status, visible(a), tt.want)
			}
		})
	}
}
