package auth_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/dghubble/oauth1"

	"contacts/auth"
	"contacts/server"
)

// wholeServer is a world behind the handler that the program serves.
func wholeServer(t *testing.T) *world {
	t.Helper()
	c := server.Defaults()
	c.Data = t.TempDir()
	s, err := server.Open(t.Context(), c)
	must(t, err)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	srv := serve(t, s.Handler())
	w := &world{Service: s.Auth, clock: &clock{t: time.Now()}, log: &buffer{}, url: srv.URL}
	if _, err := w.AddDomain(t.Context(), "example.com"); err != nil {
		t.Fatal(err)
	}
	for _, u := range []auth.NewUser{{Email: liz}, {Email: bennet, Admin: true}} {
		u.Password = password
		if _, err := w.AddUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// ask is the status and the body of a request by a client.
func ask(t *testing.T, client *http.Client, method, target, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, target, strings.NewReader(body))
	must(t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/atom+xml")
	}
	resp, err := client.Do(req)
	must(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	must(t, err)
	return resp.StatusCode, string(b)
}

const janesEntry = `<entry xmlns="http://www.w3.org/2005/Atom" xmlns:gd="http://schemas.google.com/g/2005"><title>Jane Bennet</title>` +
	`<gd:email rel="http://schemas.google.com/g/2005#home" address="jane@example.com"/></entry>`

// Programs reach feeds in all the ways, through the whole of the server.
func TestSignedRequestsToFeeds(t *testing.T) {
	w := wholeServer(t)
	a, secret := w.pemberley(t)
	own := w.url + "/m8/feeds/contacts/liz%40example.com/full"
	shared := w.url + "/m8/feeds/contacts/example.com/full"

	t.Run("AUTH-4 AUTH-69 three-legged, by somebody else's library", func(t *testing.T) {
		c := w.consumer(a, secret)
		token, tokenSecret, err := c.RequestToken()
		must(t, err)
		link, err := c.AuthorizationURL(token)
		must(t, err)
		b := w.browser(t)
		p := b.press(t, b.signIn(t, b.open(t, link.RequestURI()), liz, password), "allow")
		u, err := url.Parse(p.leave)
		must(t, err)
		access, accessSecret, err := c.AccessToken(token, tokenSecret, u.Query().Get("oauth_verifier"))
		must(t, err)
		client := c.Client(context.Background(), oauth1.NewToken(access, accessSecret))
		if status, body := ask(t, client, http.MethodPost, own, janesEntry); status != http.StatusCreated {
			t.Errorf("insert = %d %s", status, body)
		}
		if status, body := ask(t, client, http.MethodGet, own+"?q=Jane&max-results=5", ""); status != http.StatusOK || !strings.Contains(body, "Jane Bennet") {
			t.Errorf("feed = %d %s", status, body)
		}
		if status, body := ask(t, client, http.MethodGet, shared, ""); status != http.StatusForbidden {
			t.Errorf("shared contacts = %d %s", status, body)
		}
	})
	t.Run("AUTH-74 two-legged", func(t *testing.T) {
		must(t, w.SetDomain(t.Context(), "example.com", "delegate", a.ID))
		client := w.consumer(a, secret).Client(context.Background(), oauth1.NewToken("", ""))
		for user, want := range map[string]int{bennet: http.StatusOK, liz: http.StatusForbidden, wickham: http.StatusForbidden} {
			if status, body := ask(t, client, http.MethodGet, shared+"?xoauth_requestor_id="+url.QueryEscape(user), ""); status != want {
				t.Errorf("%s = %d %s", user, status, body)
			}
		}
		if status, body := ask(t, client, http.MethodGet, own+"?xoauth_requestor_id=liz%40example.com", ""); status != http.StatusOK || !strings.Contains(body, "Jane Bennet") {
			t.Errorf("own contacts = %d %s", status, body)
		}
	})
	t.Run("AUTH-3 AUTH-51 AUTH-53 secure AuthSub", func(t *testing.T) {
		token := w.secureSession(t, liz)
		target := strings.TrimPrefix(own, w.url) + "?alt=json"
		h := w.secureHeader(t, secureCall{token: token, target: target})
		for i, want := range []int{http.StatusOK, http.StatusUnauthorized} {
			if a := w.do(t, http.MethodGet, target, "", h); a.status != want {
				t.Errorf("time %d = %d %s", i+1, a.status, a.body)
			}
		}
	})
	t.Run("AUTH-44 RES-53 AuthSub, of a narrow scope", func(t *testing.T) {
		_, token := w.authSub(t, liz, "scope", "https://www.google.com/m8/feeds/groups/")
		token = w.session(t, token)
		for path, want := range map[string]int{
			"/m8/feeds/groups/default/full":    http.StatusOK,
			"/m8/feeds/contacts/default/full":  http.StatusForbidden,
			"//m8/feeds/contacts/default/full": http.StatusForbidden,
		} {
			if a := w.as(t, path, token); a.status != want {
				t.Errorf("%s = %d %s", path, a.status, a.body)
			}
		}
	})
}
