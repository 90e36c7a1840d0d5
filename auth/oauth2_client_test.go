package auth_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"contacts/auth"
	"contacts/reply/replytest"
	"contacts/server"
)

const (
	ownFeed    = "/m8/feeds/contacts/default/full"
	sharedFeed = "/m8/feeds/contacts/example.com/full"
)

// A running server has Elizabeth and, as the administrator, Mr. Bennet.
type running struct {
	*server.Server
	world // for its URL alone
}

func run(t testing.TB) *running {
	t.Helper()
	var handler http.Handler
	web := replytest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	c := server.Defaults()
	c.Data, c.PublicURL = t.TempDir(), "http://"+web.Listener.Addr().String()
	s, err := server.Open(t.Context(), c)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	handler = s.Handler()
	web.Start()
	t.Cleanup(web.Close)
	if _, err := s.Auth.AddDomain(t.Context(), "example.com"); err != nil {
		t.Fatal(err)
	}
	for _, u := range []server.NewUser{{Email: liz}, {Email: bennet, Admin: true}} {
		u.Password = password
		if _, err := s.Auth.AddUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	return &running{s, world{url: web.URL}}
}

// config is that of a program for golang.org/x/oauth2.
func (s *running) config(p auth.App, secret auth.Secret, scopes ...string) *oauth2.Config {
	return &oauth2.Config{
		ClientID:     p.ID,
		ClientSecret: secret.Text,
		Scopes:       scopes,
		Endpoint: oauth2.Endpoint{
			AuthURL:       s.url + "/o/oauth2/auth",
			TokenURL:      s.url + "/token",
			DeviceAuthURL: s.url + "/device/code",
		},
	}
}

// fetch sends a request as the library's client does.
func (s *running) fetch(t testing.TB, c *http.Client, method, path, body string) (status int, text string) {
	t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	must(t, err)
	req.Header.Set("Content-Type", "application/atom+xml")
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	must(t, err)
	return resp.StatusCode, string(b)
}

const newContact = `<entry xmlns="http://www.w3.org/2005/Atom"><title>Charlotte Lucas</title></entry>`

// wantError is the code of an error that the library took from an answer.
func wantError(t testing.TB, err error, code string) {
	t.Helper()
	var e *oauth2.RetrieveError
	if !errors.As(err, &e) {
		t.Fatalf("error = %v, want %s", err, code)
	}
	var body struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(e.Body, &body); body.Error != code {
		t.Errorf("error = %v, want %s", err, code)
	}
}

// TestOAuth2Clients drives golang.org/x/oauth2 against a whole server.
func TestOAuth2Clients(t *testing.T) {
	s := run(t)
	ctx := t.Context()
	b := s.browser(t)
	register := func(t *testing.T, n auth.NewApp) (auth.App, auth.Secret) {
		t.Helper()
		a, secret, err := s.Auth.AddApp(ctx, n)
		must(t, err)
		return a, secret
	}
	// code walks through the pages.
	code := func(t *testing.T, c *oauth2.Config, options ...oauth2.AuthCodeOption) string {
		t.Helper()
		url := c.AuthCodeURL("the state", options...)
		q := sentTo(t, b.allow(t, strings.TrimPrefix(url, s.url), liz), c.RedirectURL+"?")
		if q.Get("state") != "the state" {
			t.Errorf("state = %q", q.Get("state"))
		}
		return q.Get("code")
	}

	t.Run("AUTH-5 AUTH-80 AUTH-85 AUTH-86 AUTH-87 a program on the web, from its link to the feed", func(t *testing.T) {
		a, secret := register(t, auth.NewApp{Name: "Pemberley Planner", RedirectURIs: []string{"https://planner.example.net/back"}})
		c := s.config(a, secret, feedsScope)
		c.RedirectURL = a.RedirectURIs[0]
		token, err := c.Exchange(ctx, code(t, c, oauth2.AccessTypeOffline))
		must(t, err)
		if left := time.Until(token.Expiry); token.RefreshToken == "" || left < 59*time.Minute || left > 61*time.Minute {
			t.Errorf("token of %s, refresh %q", left, token.RefreshToken)
		}
		if status, body := s.fetch(t, c.Client(ctx, token), "POST", ownFeed, newContact); status != 201 {
			t.Fatalf("POST = %d %s", status, body)
		}
		token.Expiry = time.Now().Add(-time.Hour) // so the library refreshes it
		if status, body := s.fetch(t, c.Client(ctx, token), "GET", ownFeed, ""); status != 200 || !strings.Contains(body, "Charlotte Lucas") {
			t.Errorf("GET = %d %s", status, body)
		}
		if status, body := s.fetch(t, c.Client(ctx, token), "GET", sharedFeed, ""); status != 403 {
			t.Errorf("GET of the domain's feed by a user = %d %s", status, body)
		}
		resp, err := http.Get(s.url + "/o/oauth2/revoke?token=" + token.RefreshToken)
		must(t, err)
		resp.Body.Close()
		if resp.StatusCode != 200 {
			t.Errorf("revoke = %d", resp.StatusCode)
		}
		_, err = c.TokenSource(ctx, token).Token()
		wantError(t, err, "invalid_grant")
		_, err = c.Exchange(ctx, "collins")
		wantError(t, err, "invalid_grant")
	})
	t.Run("AUTH-83 AUTH-84 a program without secret on the user's machine", func(t *testing.T) {
		a, secret := register(t, auth.NewApp{Name: "Lydia's Notes", Public: true})
		c := s.config(a, secret, feedsScope)
		c.RedirectURL = "http://127.0.0.1:51234/"
		mine := oauth2.GenerateVerifier()
		got := code(t, c, oauth2.S256ChallengeOption(mine))
		_, err := c.Exchange(ctx, got, oauth2.VerifierOption(oauth2.GenerateVerifier()))
		wantError(t, err, "invalid_grant")
		token, err := c.Exchange(ctx, got, oauth2.VerifierOption(mine))
		must(t, err)
		if status, body := s.fetch(t, c.Client(ctx, token), "GET", ownFeed, ""); status != 200 {
			t.Errorf("GET = %d %s", status, body)
		}
		_, err = c.Exchange(ctx, got, oauth2.VerifierOption(mine))
		wantError(t, err, "invalid_grant")
		if status, body := s.fetch(t, oauth2.NewClient(ctx, oauth2.StaticTokenSource(token)), "GET", ownFeed, ""); status != 401 {
			t.Errorf("AUTH-90 GET after the code was used twice = %d %s", status, body)
		}
	})
	t.Run("AUTH-81 RES-53 ERR-38 narrow scopes", func(t *testing.T) {
		a, secret := register(t, auth.NewApp{Name: "Netherfield Reader"})
		for _, tt := range []struct {
			scope         string
			read, write   int
			groups, other int
		}{
			{readonlyScope, 200, 403, 200, 403},
			{"https://www.google.com/m8/feeds/groups/", 403, 403, 200, 403},
			{"http://www.google.com/m8/feeds", 200, 201, 200, 403},
			{"https://www.googleapis.com/auth/contacts", 200, 201, 200, 403},
			{"email", 403, 403, 403, 403},
		} {
			c := s.config(a, secret, tt.scope)
			c.RedirectURL = "http://localhost:51234"
			token, err := c.Exchange(ctx, code(t, c))
			must(t, err)
			client := c.Client(ctx, token)
			for _, check := range []struct {
				method, path, body string
				want               int
			}{
				{"GET", ownFeed, "", tt.read},
				{"POST", ownFeed, newContact, tt.write},
				{"GET", "/m8/feeds/groups/default/full", "", tt.groups},
				{"GET", "/m8/feeds/contacts/" + bennet + "/full", "", tt.other},
			} {
				if status, body := s.fetch(t, client, check.method, check.path, check.body); status != check.want {
					t.Errorf("%s: %s %s = %d, want %d: %s", tt.scope, check.method, check.path, status, check.want, body)
				}
			}
		}
	})
	t.Run("AUTH-105 AUTH-106 AUTH-107 a device", func(t *testing.T) {
		a, secret := register(t, auth.NewApp{Name: "Rosings Clock"})
		c := s.config(a, secret, feedsScope)
		d, err := c.DeviceAuth(ctx)
		must(t, err)
		b.allow(t, strings.TrimPrefix(d.VerificationURIComplete, s.url), liz)
		d.Interval = 1 // the library waits as long before it asks at all
		token, err := c.DeviceAccessToken(ctx, d)
		must(t, err)
		if status, body := s.fetch(t, c.Client(ctx, token), "GET", ownFeed, ""); status != 200 || token.RefreshToken == "" {
			t.Errorf("GET = %d %s", status, body)
		}
	})
	t.Run("AUTH-110 AUTH-111 AUTH-112 a service account with its key file", func(t *testing.T) {
		a, secret := register(t, auth.NewApp{Name: "Housekeeping", ServiceAccount: true})
		key, err := s.KeyFile(a, secret)
		must(t, err)
		c, err := google.JWTConfigFromJSON(key, feedsScope)
		must(t, err)
		_, err = c.TokenSource(ctx).Token()
		wantError(t, err, "invalid_grant")
		c.Subject = bennet
		_, err = c.TokenSource(ctx).Token()
		wantError(t, err, "unauthorized_client")
		must(t, s.Auth.SetDomain(ctx, "example.com", "delegate", a.ID))
		client := c.Client(ctx)
		if status, body := s.fetch(t, client, "POST", sharedFeed, newContact); status != 201 {
			t.Errorf("POST = %d %s", status, body)
		}
		if status, body := s.fetch(t, client, "GET", sharedFeed, ""); status != 200 || !strings.Contains(body, "Charlotte Lucas") {
			t.Errorf("GET = %d %s", status, body)
		}
		c.Expires = 2 * time.Hour
		_, err = c.TokenSource(context.Background()).Token()
		wantError(t, err, "invalid_grant")
		c.Expires, c.Audience = 0, "https://example.net/token"
		_, err = c.TokenSource(ctx).Token()
		wantError(t, err, "invalid_grant")
	})
}
