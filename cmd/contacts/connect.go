package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"contacts/client"
)

// A session is a connection to the book that a command is about.
type session struct {
	*client.Client
	account *account
	domain  string // whose shared contacts are meant; else those of the account
}

// name names the book in messages and journals.
func (s *session) name() string {
	if s.domain != "" {
		return s.domain + " at " + s.account.Server
	}
	return s.account.Email + " at " + s.account.Server
}

// feedOwner is what stands for the owner in the URLs of the book.
func (s *session) feedOwner() string {
	if s.domain != "" {
		return s.domain
	}
	return "default"
}

// source names the program to servers.
func source() string { return "contactsd-contacts-" + version }

// connect prepares the connection to the book that the flags mean. It sends
// nothing.
func (a *app) connect() (*session, error) {
	acc, err := a.signedIn()
	if err != nil {
		return nil, err
	}
	return a.open(acc, a.setting(a.domain, "CONTACTS_DOMAIN"))
}

// connectWithGroups is connect, and reads the groups of the book.
func (a *app) connectWithGroups(ctx context.Context) (*session, groupList, error) {
	s, err := a.connect()
	if err != nil {
		return nil, nil, err
	}
	groups, err := s.groups(ctx)
	return s, groups, err
}

func (a *app) open(acc *account, domain string) (*session, error) {
	base, err := a.transport(acc)
	if err != nil {
		return nil, err
	}
	var t http.RoundTripper
	if acc.Way == oauth2Way {
		t = a.bearer(acc, base)
	} else {
		t = a.byPassword(acc, base)
	}
	opts := []client.Option{client.WithTransport(t), client.WithSource(source())}
	if domain != "" {
		opts = append(opts, client.WithDomain(domain)) // CMD-14
	}
	c, err := client.New(acc.Server, opts...)
	if err != nil {
		return nil, usageError{err}
	}
	return &session{c, acc, domain}, nil
}

// transport is the way to the server of an account.
func (a *app) transport(acc *account) (http.RoundTripper, error) {
	a.at = acc.Server
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = 5 * time.Minute // a server that hangs is not waited for for ever
	file := acc.CACert
	if file == "" {
		file = a.setting("", "CONTACTS_CA_CERT")
	}
	if file == "" {
		return t, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the certificate of the server's authority: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s has no certificate in the form PEM", file)
	}
	t.TLSClientConfig = &tls.Config{RootCAs: pool}
	return t, nil
}

// bearer signs in by the OAuth 2.0 tokens of an account, and keeps new ones.
func (a *app) bearer(acc *account, base http.RoundTripper) http.RoundTripper {
	token := &oauth2.Token{AccessToken: acc.Token, RefreshToken: acc.Refresh, Expiry: acc.Expires}
	if acc.Refresh == "" {
		return &client.OAuth2{BaseURL: acc.Server, Source: oauth2.StaticTokenSource(token), Transport: base}
	}
	config := oauth2Config(acc.Server, acc.ClientID)
	ctx := withHTTP(context.Background(), base)
	return &client.OAuth2{
		BaseURL:   acc.Server,
		Source:    &keptSource{a: a, acc: acc, source: config.TokenSource(ctx, token)},
		Config:    config, // CMD-5
		Transport: base,
	}
}

// withHTTP makes package oauth2 use a transport.
func withHTTP(ctx context.Context, t http.RoundTripper) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: t})
}

// A keptSource writes down the tokens that it gives out.
type keptSource struct {
	a      *app
	acc    *account
	source oauth2.TokenSource
}

func (k *keptSource) Token() (*oauth2.Token, error) {
	t, err := k.source.Token()
	if err != nil || t.AccessToken == k.acc.Token {
		return t, err
	}
	k.acc.Token, k.acc.Expires = t.AccessToken, t.Expiry
	if t.RefreshToken != "" {
		k.acc.Refresh = t.RefreshToken
	}
	return t, k.a.keep(k.acc)
}

// oauth2Config is how a program that is registered at a contactsd signs in.
func oauth2Config(server, clientID string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: clientID,
		Scopes:   []string{client.Scope},
		Endpoint: oauth2.Endpoint{
			TokenURL:      server + "/o/oauth2/token",
			DeviceAuthURL: server + "/o/oauth2/device/code",
			AuthStyle:     oauth2.AuthStyleInParams,
		},
	}
}

// byPassword signs in by the ClientLogin token of an account.
func (a *app) byPassword(acc *account, base http.RoundTripper) http.RoundTripper {
	l := &client.ClientLogin{
		BaseURL:   acc.Server,
		Email:     acc.Email,
		Password:  a.setting("", "CONTACTS_PASSWORD"), // CMD-5
		Source:    source(),
		Transport: base,
	}
	l.SetToken(acc.Token)
	return &passwordLogin{a: a, acc: acc, login: l, base: base}
}

// A passwordLogin asks for the password again when the token has expired, in
// the midst of work if need be, and keeps new tokens.
type passwordLogin struct {
	a    *app
	acc  *account
	base http.RoundTripper

	mu    sync.Mutex
	login *client.ClientLogin
}

func (p *passwordLogin) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	login := p.login
	p.mu.Unlock()
	if login.Token() == "" && login.Password == "" {
		return nil, errSignedOut
	}
	resp, err := login.RoundTrip(r)
	if err == nil && resp.StatusCode == http.StatusUnauthorized && p.a.canAskPassword(p.acc) && (r.GetBody != nil || r.Body == nil) {
		resp.Body.Close()
		if login, err = p.again(r.Context(), login); err != nil { // CMD-5
			return nil, err
		}
		next := r.Clone(r.Context())
		if r.GetBody != nil {
			if next.Body, err = r.GetBody(); err != nil {
				return nil, err
			}
		}
		resp, err = login.RoundTrip(next)
	}
	if err != nil {
		return nil, err
	}
	return resp, p.keep(login)
}

// again signs in with a password that the user types. Of many requests that
// were refused, the first asks for all.
func (p *passwordLogin) again(ctx context.Context, refused *client.ClientLogin) (*client.ClientLogin, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.login != refused {
		return p.login, nil
	}
	password, err := p.a.askPassword(fmt.Sprintf("The login has expired. Password of %s: ", p.acc.Email))
	if err != nil {
		return nil, err
	}
	l := &client.ClientLogin{BaseURL: p.acc.Server, Email: p.acc.Email, Password: password, Source: source(), Transport: p.base}
	if err := p.a.signIn(ctx, l); err != nil {
		return nil, err
	}
	p.login = l
	return l, nil
}

// keep writes down a new token.
func (p *passwordLogin) keep(l *client.ClientLogin) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := l.Token(); t != p.acc.Token {
		p.acc.Token = t
		return p.a.keep(p.acc)
	}
	return nil
}

// canAskPassword reports whether somebody can be asked for the password.
func (a *app) canAskPassword(acc *account) bool {
	return a.term.in && acc.Email != "default" && a.setting("", "CONTACTS_PASSWORD") == ""
}
