package client_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"contacts"
	"contacts/auth"
	"contacts/client"
	"contacts/server"
)

// publicKey is an RSA key as an administrator registers it.
func publicKey(t testing.TB, key *rsa.PrivateKey) []byte {
	t.Helper()
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: must(x509.MarshalPKIXPublicKey(&key.PublicKey))(t)})
}

// today is a server for programs that sign with the time of day.
func today(c *server.Config) { c.PublicURL, c.Now = "", time.Now }

// reads is the number of contacts that a way to sign in leads to.
func reads(t testing.TB, base string, in http.RoundTripper) (int, error) {
	t.Helper()
	p, err := must(client.New(base, client.WithTransport(in)))(t).ContactPage(t.Context(), client.Query{Text: "Jane"})
	if err != nil {
		return 0, err
	}
	return len(p.Items), nil
}

// lets fails the test unless the way to sign in leads to Elizabeth's contacts.
func (w *world) lets(t testing.TB, in http.RoundTripper) {
	t.Helper()
	if n, err := reads(t, w.URL, in); n != 1 || err != nil {
		t.Fatalf("ContactPage() = %d contacts, %v", n, err)
	}
}

func TestClientLogin(t *testing.T) {
	t.Run("LIB-2 LIB-3 signs in at the first request and keeps the token", func(t *testing.T) {
		w := newWorld(t)
		people(t, w.as(elizabeth), "Jane Bennet")
		in := &client.ClientLogin{BaseURL: w.URL, Email: elizabeth, Password: password, Source: "example-tests-1"}
		w.forget()
		w.lets(t, in)
		w.lets(t, in)
		if got := strings.Join(w.seen(), " "); strings.Count(got, "ClientLogin") != 1 {
			t.Errorf("the requests are %s", got)
		}
		kept := &client.ClientLogin{BaseURL: w.URL}
		kept.SetToken(in.Token())
		w.lets(t, kept)
	})
	t.Run("LIB-2 ErrBadAuthentication", func(t *testing.T) {
		w := newWorld(t)
		in := &client.ClientLogin{BaseURL: w.URL, Email: elizabeth, Password: "wrong"}
		if err := in.Login(t.Context()); !errors.Is(err, client.ErrBadAuthentication) || !errors.Is(err, contacts.Unauthorized) {
			t.Errorf("Login() = %v", err)
		}
		if _, err := reads(t, w.URL, in); !errors.Is(err, client.ErrBadAuthentication) {
			t.Errorf("ContactPage() = %v, want the error of the login", err)
		}
	})
	t.Run("LIB-2 a captcha", func(t *testing.T) {
		w := newWorld(t)
		in := &client.ClientLogin{BaseURL: w.URL, Email: elizabeth, Password: "wrong"}
		for range 5 {
			if err := in.Login(t.Context()); !errors.Is(err, client.ErrBadAuthentication) {
				t.Fatalf("Login() = %v", err)
			}
		}
		var captcha *client.CaptchaError
		if err := in.Login(t.Context()); !errors.As(err, &captcha) || captcha.Token == "" {
			t.Fatalf("Login() = %v, want a captcha", err)
		}
		resp := must(http.Get(captcha.ImageURL))(t)
		defer resp.Body.Close()
		if !strings.HasPrefix(resp.Header.Get("Content-Type"), "image/") {
			t.Errorf("%s is %s %s", captcha.ImageURL, resp.Status, resp.Header)
		}
		if err := in.Login(t.Context(), client.WithCaptcha(captcha.Token, "no digits")); err == nil {
			t.Error("Login() takes the wrong text")
		}
	})
	t.Run("LIB-4 the answer to a captcha", func(t *testing.T) {
		f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ int) { io.WriteString(w, "SID=s\nLSID=l\nAuth=token\n") })
		in := &client.ClientLogin{BaseURL: f.URL + "/below", Email: elizabeth, Password: password, Source: "example-tests-1"}
		if err := in.Login(t.Context(), client.WithCaptcha("DQAAAGgA", "brinmar")); err != nil || in.Token() != "token" {
			t.Fatalf("Login() = %v, token %q", err, in.Token())
		}
		want := url.Values{"accountType": {"HOSTED_OR_GOOGLE"}, "Email": {elizabeth}, "Passwd": {password}, "service": {"cp"}, "source": {"example-tests-1"},
			"logintoken": {"DQAAAGgA"}, "logincaptcha": {"brinmar"}}
		if f.requests[0].URL.Path != "/below/accounts/ClientLogin" || f.bodies[0] != want.Encode() {
			t.Errorf("the request is %s %s", f.requests[0].URL, f.bodies[0])
		}
	})
	t.Run("LIB-2 any other refusal", func(t *testing.T) {
		w := newWorld(t)
		if err := w.Server.Auth.SetDisabled(t.Context(), elizabeth, true); err != nil {
			t.Fatal(err)
		}
		in := &client.ClientLogin{BaseURL: w.URL, Email: elizabeth, Password: password}
		var refusal *client.LoginError
		if err := in.Login(t.Context()); !errors.As(err, &refusal) || refusal.Code != "AccountDisabled" || !errors.Is(err, contacts.Forbidden) {
			t.Errorf("Login() = %v", err)
		}
	})
	t.Run("LIB-2 what is no GData server", func(t *testing.T) {
		f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ int) { io.WriteString(w, "<html>Welcome</html>") })
		err := (&client.ClientLogin{BaseURL: f.URL, Email: elizabeth, Password: password}).Login(t.Context())
		if err == nil || !strings.Contains(err.Error(), "web page") {
			t.Errorf("Login() = %v", err)
		}
	})
	t.Run("LIB-2 signs in again when the token has expired, once for all", func(t *testing.T) {
		w := newWorld(t)
		people(t, w.as(elizabeth), "Jane Bennet")
		in := w.login(elizabeth)
		w.Clock.Add(15 * 24 * time.Hour)
		w.forget()
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				c := must(client.New(w.URL, client.WithTransport(in)))(t)
				if _, err := c.InsertContact(t.Context(), &contacts.Contact{Notes: "with a body"}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := strings.Join(w.seen(), " "); strings.Count(got, "ClientLogin") != 1 {
			t.Errorf("the requests are %s", got)
		}
	})
	t.Run("LIB-2 a token that is no good for another reason", func(t *testing.T) {
		w := newWorld(t)
		in := &client.ClientLogin{BaseURL: w.URL, Email: elizabeth, Password: password}
		in.SetToken("no-token")
		_, err := reads(t, w.URL, in)
		wantKind(t, err, contacts.Unauthorized)
		if got := strings.Join(w.seen(), " "); strings.Contains(got, "ClientLogin") {
			t.Errorf("the requests are %s", got)
		}
		var e *client.Error
		if !errors.As(err, &e) || e.Message != "Token invalid" {
			t.Errorf("ContactPage() = %v", err)
		}
	})
}

func TestTokensStayHome(t *testing.T) {
	other := newFake(t, func(http.ResponseWriter, *http.Request, int) {})
	home := newFake(t, func(http.ResponseWriter, *http.Request, int) {})
	login := &client.ClientLogin{BaseURL: home.URL}
	login.SetToken("token")
	sub := &client.AuthSub{BaseURL: home.URL}
	sub.SetToken("token")
	secure := strings.Replace(home.URL, "http:", "https:", 1)
	for name, in := range map[string]http.RoundTripper{
		"ClientLogin": login,
		"AuthSub":     sub,
		"OAuth 1.0a":  &client.OAuth1{BaseURL: home.URL, ConsumerKey: "k", Token: "token"},
		"OAuth 2.0":   &client.OAuth2{BaseURL: home.URL, Source: oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "token"})},
	} {
		t.Run("LIB-67 "+name, func(t *testing.T) {
			for _, to := range []string{other.URL + "/m8/feeds/", secure} {
				r := must(http.NewRequest("POST", to, strings.NewReader("x")))(t)
				if resp, err := in.RoundTrip(r); err == nil || !strings.Contains(err.Error(), "another server") {
					t.Errorf("RoundTrip() to %s = %v, %v", to, resp, err)
				}
			}
			r := must(http.NewRequest("GET", home.URL+"/m8/feeds/", nil))(t)
			resp := must(in.RoundTrip(r))(t)
			resp.Body.Close()
			if r.Header.Get("Authorization") != "" {
				t.Error("RoundTrip() changes the request")
			}
		})
	}
	if other.count() != 0 {
		t.Errorf("%d requests came to the other server", other.count())
	}
}

func TestAuthSub(t *testing.T) {
	const next = "http://pemberley.example/ready?room=library"
	t.Run("LIB-5 the page", func(t *testing.T) {
		got := must(url.Parse(must(client.AuthSubURL("https://contacts.example.net/below/", client.AuthSubRequest{Next: next, Secure: true, Session: true, Domain: domain}))(t)))(t)
		want := url.Values{"next": {next}, "scope": {client.Scope}, "secure": {"1"}, "session": {"1"}, "hd": {domain}}
		if got.Host != "contacts.example.net" || got.Path != "/below/accounts/AuthSubRequest" || got.Query().Encode() != want.Encode() {
			t.Errorf("AuthSubURL() = %s", got)
		}
	})
	t.Run("LIB-6 the token in the URL", func(t *testing.T) {
		token, scopes, err := client.AuthSubToken(next + "&auth_sub_scopes=http%3A%2F%2Fa%2F+http%3A%2F%2Fb%2F&token=DQAA_-")
		if err != nil || token != "DQAA_-" || !slices.Equal(scopes, []string{"http://a/", "http://b/"}) {
			t.Errorf("AuthSubToken() = %q, %q, %v", token, scopes, err)
		}
		for _, u := range []string{next, ":"} {
			_, _, err := client.AuthSubToken(u)
			wantKind(t, err, contacts.Invalid)
		}
	})
	key := must(rsa.GenerateKey(rand.Reader, 2048))(t)
	for name, secure := range map[string]bool{"LIB-5 LIB-6 LIB-7 LIB-8 the whole way": false, "LIB-9 with a key": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, today)
			people(t, w.as(elizabeth), "Jane Bennet")
			app := auth.NewApp{Name: "Letters", CallbackHosts: []string{"pemberley.example"}, CertificatePEM: publicKey(t, key)}
			if _, _, err := w.Server.Auth.AddApp(t.Context(), app); err != nil {
				t.Fatal(err)
			}
			page := must(client.AuthSubURL(w.URL, client.AuthSubRequest{Next: next, Secure: secure, Session: true, Domain: domain}))(t)
			token, scopes, err := client.AuthSubToken(w.grant(t, page).String())
			if err != nil || len(scopes) != 1 {
				t.Fatalf("AuthSubToken() = %q, %q, %v", token, scopes, err)
			}
			in := &client.AuthSub{BaseURL: w.URL}
			in.SetToken(token)
			if secure {
				if _, err := in.Info(t.Context()); !errors.Is(err, contacts.Unauthorized) {
					t.Errorf("Info() without a signature = %v", err)
				}
				in.Key = key
			}
			info := must(in.Info(t.Context()))(t)
			if info.Target != "http://pemberley.example" || len(info.Scopes) != 1 || info.Secure != secure {
				t.Errorf("Info() = %+v", info)
			}
			if expires := must(in.Upgrade(t.Context()))(t); expires.Before(time.Now().AddDate(9, 0, 0)) || in.Token() == token {
				t.Errorf("Upgrade() until %v", expires)
			}
			w.lets(t, in)
			w.lets(t, in)
			if err := in.Revoke(t.Context()); err != nil {
				t.Fatal(err)
			}
			_, err = reads(t, w.URL, in)
			wantKind(t, err, contacts.Unauthorized)
			wantKind(t, in.Revoke(t.Context()), contacts.Forbidden)
		})
	}
	t.Run("LIB-7 an answer without a token", func(t *testing.T) {
		f := newFake(t, func(http.ResponseWriter, *http.Request, int) {})
		_, err := (&client.AuthSub{BaseURL: f.URL}).Upgrade(t.Context())
		var refusal *client.LoginError
		if !errors.As(err, &refusal) {
			t.Errorf("Upgrade() = %v", err)
		}
	})
}

func TestOAuth1(t *testing.T) {
	key := must(rsa.GenerateKey(rand.Reader, 2048))(t)
	setUp := func(t *testing.T) (*world, auth.App, auth.Secret) {
		w := newWorld(t, today)
		people(t, w.as(elizabeth), "Jane Bennet")
		app, secret, err := w.Server.Auth.AddApp(t.Context(), auth.NewApp{Name: "Letters", CallbackHosts: []string{"pemberley.example"}, CertificatePEM: publicKey(t, key)})
		if err != nil {
			t.Fatal(err)
		}
		return w, app, secret
	}
	for name, key := range map[string]*rsa.PrivateKey{"HMAC-SHA1": nil, "RSA-SHA1": key} {
		t.Run("LIB-10 three-legged by "+name, func(t *testing.T) {
			w, app, secret := setUp(t)
			in := &client.OAuth1{BaseURL: w.URL, ConsumerKey: app.ID, ConsumerSecret: secret.Text, Key: key}
			page := must(in.RequestToken(t.Context(), client.OAuth1Request{Callback: "http://pemberley.example/ready?a=b c", DisplayName: "Mr Darcy's letters", Domain: domain}))(t)
			back := w.grant(t, page).Query()
			if back.Get("oauth_token") != in.Token {
				t.Errorf("the browser comes back with %v", back)
			}
			if err := in.AccessToken(t.Context(), back.Get("oauth_verifier")); err != nil {
				t.Fatal(err)
			}
			w.lets(t, in)
			c := must(client.New(w.URL, client.WithTransport(in)))(t)
			must(c.InsertContact(t.Context(), jane()))(t)
			must(c.ContactPage(t.Context(), client.Query{Text: "ärger & co=~*'()", MaxResults: 3}))(t)
			if err := in.Revoke(t.Context()); err != nil {
				t.Fatal(err)
			}
			_, err := reads(t, w.URL, in)
			wantKind(t, err, contacts.Unauthorized)
		})
		t.Run("LIB-10 two-legged by "+name, func(t *testing.T) {
			w, app, secret := setUp(t)
			in := &client.OAuth1{BaseURL: w.URL, ConsumerKey: app.ID, ConsumerSecret: secret.Text, Key: key, Requestor: elizabeth}
			_, err := reads(t, w.URL, in)
			wantKind(t, err, contacts.Forbidden)
			if err := w.Server.Auth.SetDomain(t.Context(), domain, "delegate", app.ID); err != nil {
				t.Fatal(err)
			}
			w.lets(t, in)
			must(must(client.New(w.URL, client.WithTransport(in)))(t).InsertContact(t.Context(), jane()))(t)
		})
	}
	t.Run("LIB-10 a wrong secret", func(t *testing.T) {
		w, app, _ := setUp(t)
		_, err := (&client.OAuth1{BaseURL: w.URL, ConsumerKey: app.ID, ConsumerSecret: "wrong"}).RequestToken(t.Context(), client.OAuth1Request{})
		var refusal *client.LoginError
		if !errors.As(err, &refusal) || !strings.HasPrefix(refusal.Message, "signature_invalid") || !errors.Is(err, contacts.Unauthorized) {
			t.Errorf("RequestToken() = %v", err)
		}
	})
}

// tokens is a source that gives one token after the other.
type tokens struct {
	mu    sync.Mutex
	given int
}

func (s *tokens) Token() (*oauth2.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.given++
	return &oauth2.Token{AccessToken: fmt.Sprint("token", s.given)}, nil
}

func TestOAuth2(t *testing.T) {
	t.Run("LIB-11 the whole way", func(t *testing.T) {
		w := newWorld(t, today)
		people(t, w.as(elizabeth), "Jane Bennet")
		const back = "http://pemberley.example/ready"
		app, secret, err := w.Server.Auth.AddApp(t.Context(), auth.NewApp{Name: "Letters", RedirectURIs: []string{back}})
		if err != nil {
			t.Fatal(err)
		}
		config := &oauth2.Config{ClientID: app.ID, ClientSecret: secret.Text, Endpoint: must(client.OAuth2Endpoint(w.URL))(t), RedirectURL: back, Scopes: []string{client.Scope}}
		code := w.grant(t, config.AuthCodeURL("state", oauth2.AccessTypeOffline)).Query().Get("code")
		token := must(config.Exchange(t.Context(), code))(t)
		in := &client.OAuth2{BaseURL: w.URL, Source: config.TokenSource(t.Context(), token), Config: config}
		w.lets(t, in)

		// The server forgets the access token before its time.
		stale := *token
		stale.AccessToken = "forgotten"
		in = &client.OAuth2{BaseURL: w.URL, Source: config.TokenSource(t.Context(), &stale), Config: config}
		w.forget()
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				c := must(client.New(w.URL, client.WithTransport(in)))(t)
				if _, err := c.InsertContact(t.Context(), &contacts.Contact{Notes: "with a body"}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := strings.Join(w.seen(), " "); strings.Count(got, "POST /o/oauth2/token") != 1 {
			t.Errorf("the requests are %s", got)
		}
		in = &client.OAuth2{BaseURL: w.URL, Source: config.TokenSource(t.Context(), &stale)}
		_, err = reads(t, w.URL, in)
		wantKind(t, err, contacts.Unauthorized)
	})
	t.Run("LIB-11 one retry", func(t *testing.T) {
		var got bytes.Buffer
		f := newFake(t, func(w http.ResponseWriter, r *http.Request, n int) {
			fmt.Fprintln(&got, r.Header.Get("Authorization"))
			w.WriteHeader(401)
		})
		_, err := reads(t, f.URL, &client.OAuth2{BaseURL: f.URL, Source: &tokens{}})
		wantKind(t, err, contacts.Unauthorized)
		first, rest, _ := strings.Cut(got.String(), "\n")
		if f.count() != 2 || !strings.HasPrefix(first, "Bearer token") || !strings.HasPrefix(rest, "Bearer token") || strings.HasPrefix(rest, first) {
			t.Errorf("the tokens are %s", &got)
		}
	})
	t.Run("LIB-11 no retry with the same token", func(t *testing.T) {
		f := newFake(t, func(w http.ResponseWriter, r *http.Request, n int) { w.WriteHeader(401) })
		_, err := reads(t, f.URL, &client.OAuth2{BaseURL: f.URL, Source: oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "x"})})
		wantKind(t, err, contacts.Unauthorized)
		if f.count() != 1 {
			t.Errorf("%d requests, want 1", f.count())
		}
	})
}
