package conformance

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/dghubble/oauth1"
	"golang.org/x/oauth2"
)

// addContact gives the user a contact.
func addContact(t *testing.T, srv *server, name string) {
	t.Helper()
	login, err := http.PostForm(srv.url+"/accounts/ClientLogin", url.Values{"Email": {user}, "Passwd": {password}, "service": {"cp"}})
	if err != nil {
		t.Fatal(err)
	}
	defer login.Body.Close()
	text, err := io.ReadAll(login.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, token, _ := strings.Cut(strings.TrimSpace(string(text)), "Auth=")
	entry := `<entry xmlns="http://www.w3.org/2005/Atom"><category scheme="http://schemas.google.com/g/2005#kind" ` +
		`term="http://schemas.google.com/contact/2008#contact"/><title>` + name + `</title></entry>`
	req, err := http.NewRequest(http.MethodPost, srv.url+"/m8/feeds/contacts/default/full", strings.NewReader(entry))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "GoogleLogin auth="+token)
	req.Header.Set("Content-Type", "application/atom+xml")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("adding a contact: %s", resp.Status)
	}
}

// An application is a web application that wants to read contacts, by each of
// the services where a user allows that.
type application struct {
	url        string
	server     *server
	id, secret string

	mu     sync.Mutex
	client *http.Client // with the access of OAuth 2.0
}

// newApplication registers an application and starts it.
func newApplication(t *testing.T, srv *server) *application {
	t.Helper()
	app := &application{server: srv}
	mux := http.NewServeMux()
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	app.url = web.URL
	out := srv.contactsd(t, "", "app", "add", "Netherfield Balls", "--callback-host", "127.0.0.1",
		"--redirect-uri", app.url+"/oauth2/back", "--redirect-uri", "urn:ietf:wg:oauth:2.0:oob")
	registered := regexp.MustCompile(`client id: (\S+)\n(?:.*\n)*?client secret: (\S+)`).FindStringSubmatch(out)
	if registered == nil {
		t.Fatalf("app add prints %q", out)
	}
	app.id, app.secret = registered[1], registered[2]

	page := func(w http.ResponseWriter, heading string) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<!DOCTYPE html><title>Application</title><h1>%s</h1>", html.EscapeString(heading))
	}
	authSub := srv.url + "/accounts/AuthSubRequest?" + url.Values{"next": {app.elsewhere("/authsub/back")}, "scope": {contactsScope}, "session": {"1"}}.Encode()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!DOCTYPE html><title>Application</title><h1>Application</h1>
<a id="authsub" href="%s">AuthSub</a> <a id="oauth1" href="/oauth1">OAuth 1.0a</a> <a id="oauth2" href="/oauth2">OAuth 2.0</a>`, html.EscapeString(authSub))
	})
	mux.HandleFunc("/favicon.ico", http.NotFound)

	mux.HandleFunc("/authsub/back", func(w http.ResponseWriter, r *http.Request) {
		once := authorized(r.URL.Query().Get("token"))
		_, answer := fetch(once, srv.url+"/accounts/AuthSubSessionToken")
		token := regexp.MustCompile(`Token=(\S+)`).FindStringSubmatch(answer)
		if token == nil {
			page(w, "AuthSub: no session token")
			return
		}
		page(w, "AuthSub: "+app.names(authorized(token[1])))
	})

	config1 := &oauth1.Config{ConsumerKey: app.id, ConsumerSecret: app.secret, CallbackURL: app.url + "/oauth1/back", Endpoint: oauth1.Endpoint{
		RequestTokenURL: srv.url + "/accounts/OAuthGetRequestToken?scope=" + url.QueryEscape(contactsScope),
		AuthorizeURL:    srv.url + "/accounts/OAuthAuthorizeToken",
		AccessTokenURL:  srv.url + "/accounts/OAuthGetAccessToken",
	}}
	secrets := map[string]string{} // of request tokens
	mux.HandleFunc("/oauth1", func(w http.ResponseWriter, r *http.Request) {
		token, secret, err := config1.RequestToken()
		if err != nil {
			page(w, "OAuth 1.0a: "+err.Error())
			return
		}
		app.mu.Lock()
		secrets[token] = secret
		app.mu.Unlock()
		to, err := config1.AuthorizationURL(token)
		if err != nil {
			page(w, "OAuth 1.0a: "+err.Error())
			return
		}
		http.Redirect(w, r, to.String(), http.StatusFound)
	})
	mux.HandleFunc("/oauth1/back", func(w http.ResponseWriter, r *http.Request) {
		token, verifier, err := oauth1.ParseAuthorizationCallback(r)
		if err == nil {
			app.mu.Lock()
			secret := secrets[token]
			app.mu.Unlock()
			token, secret, err = config1.AccessToken(token, secret, verifier)
			if err == nil {
				page(w, "OAuth 1.0a: "+app.names(config1.Client(context.Background(), oauth1.NewToken(token, secret))))
				return
			}
		}
		page(w, "OAuth 1.0a: "+err.Error())
	})

	config2 := app.oauth2(app.url + "/oauth2/back")
	verifier := oauth2.GenerateVerifier()
	mux.HandleFunc("/oauth2", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, config2.AuthCodeURL("longbourn", oauth2.S256ChallengeOption(verifier)), http.StatusFound)
	})
	mux.HandleFunc("/oauth2/back", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("state") != "longbourn" {
			page(w, "OAuth 2.0: another state")
			return
		}
		token, err := config2.Exchange(context.Background(), r.URL.Query().Get("code"), oauth2.VerifierOption(verifier))
		if err != nil {
			page(w, "OAuth 2.0: "+err.Error())
			return
		}
		app.mu.Lock()
		app.client = config2.Client(context.Background(), token)
		app.mu.Unlock()
		http.Redirect(w, r, app.elsewhere("/oauth2/done"), http.StatusFound)
	})
	mux.HandleFunc("/oauth2/done", func(w http.ResponseWriter, r *http.Request) {
		page(w, "OAuth 2.0: "+app.names(app.allowed()))
	})
	return app
}

// device begins to sign in as a program on a device without a browser does, and
// returns the code that it shows.
func (app *application) device(t *testing.T) (userCode string) {
	t.Helper()
	config := app.oauth2("")
	config.Endpoint.DeviceAuthURL = app.server.url + "/o/oauth2/device/code"
	d, err := config.DeviceAuth(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d.UserCode
}

// oauth2 is the configuration of OAuth 2.0 for a redirect URI.
func (app *application) oauth2(redirect string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: app.id, ClientSecret: app.secret, RedirectURL: redirect, Scopes: []string{contactsScope},
		Endpoint: oauth2.Endpoint{AuthURL: app.server.url + "/o/oauth2/auth", TokenURL: app.server.url + "/o/oauth2/token"},
	}
}

// elsewhere is a path of the application under another name of its host, under
// which it is not registered.
func (app *application) elsewhere(path string) string {
	return strings.Replace(app.url, "127.0.0.1", "localhost", 1) + path
}

func (app *application) allowed() *http.Client {
	app.mu.Lock()
	defer app.mu.Unlock()
	return app.client
}

// read is what the application reads with the access that OAuth 2.0 gave it.
func (app *application) read(t *testing.T) string {
	t.Helper()
	return app.names(app.allowed())
}

// names are the names of the contacts, or why they are not to be had.
func (app *application) names(client *http.Client) string {
	status, feed := fetch(client, app.server.url+"/m8/feeds/contacts/default/full?v=3.0")
	if status != "200 OK" {
		return status
	}
	var names []string
	for _, m := range regexp.MustCompile(`<gd:fullName>([^<]*)</gd:fullName>`).FindAllStringSubmatch(feed, -1) {
		names = append(names, m[1])
	}
	return strings.Join(names, ", ")
}

// fetch is the status and body of a GET, or why there is none.
func fetch(client *http.Client, target string) (status, body string) {
	resp, err := client.Get(target)
	if err != nil {
		return err.Error(), ""
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error(), ""
	}
	return resp.Status, string(b)
}

// authorized presents an AuthSub token with each request.
func authorized(token string) *http.Client { return &http.Client{Transport: authSubToken(token)} }

type authSubToken string

func (token authSubToken) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", `AuthSub token="`+string(token)+`"`)
	return http.DefaultTransport.RoundTrip(r)
}
