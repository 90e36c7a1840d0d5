package client

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"contacts"
)

// An AuthSubRequest is what a web application asks of a user.
type AuthSubRequest struct {
	Next    string   // where the user comes back to, with the token
	Scopes  []string // Scope if empty
	Secure  bool     // the application signs its requests; see AuthSub.Key
	Session bool     // the token can be exchanged for one that lasts
	Domain  string   // whose account is wanted; empty for any
}

// AuthSubURL is the page to which an application sends the user.
func AuthSubURL(baseURL string, r AuthSubRequest) (string, error) {
	at, err := endpoint(baseURL, "/accounts/AuthSubRequest")
	if err != nil {
		return "", err
	}
	v := url.Values{"next": {r.Next}, "scope": {scopes(r.Scopes)}, "secure": {bit(r.Secure)}, "session": {bit(r.Session)}} // LIB-5
	if r.Domain != "" {
		v.Set("hd", r.Domain) // LIB-5
	}
	return at + "?" + v.Encode(), nil
}

func scopes(list []string) string {
	if len(list) == 0 {
		return Scope
	}
	return strings.Join(list, " ")
}

func bit(v bool) string {
	if v {
		return "1"
	}
	return "0"
}

// AuthSubToken is the token, good for one request, in the URL to which the user
// has come back, and the scopes if the server names them.
func AuthSubToken(redirect string) (token string, scopes []string, err error) { // LIB-6
	u, err := url.Parse(redirect)
	if err != nil {
		return "", nil, contacts.Errorf(contacts.Invalid, "", "Not a URL") // which may have a token
	}
	v := u.Query()
	if token = v.Get("token"); token == "" {
		return "", nil, contacts.Errorf(contacts.Invalid, "", "The URL has no token")
	}
	return token, strings.Fields(v.Get("auth_sub_scopes")), nil
}

// An AuthSub signs in with a token that a user gave to a web application. It is
// safe for concurrent use; its fields must not change after the first request.
type AuthSub struct {
	BaseURL   string            // of the server; the token goes nowhere else
	Key       *rsa.PrivateKey   // of the registered certificate, for secure tokens; else nil
	Transport http.RoundTripper // http.DefaultTransport if nil
	Now       func() time.Time  // time.Now if nil

	mu    sync.Mutex
	token string
}

// SetToken sets the token: that of AuthSubToken, or one from Token.
func (a *AuthSub) SetToken(token string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.token = token
}

// Token is the token. It is a secret, which programs may keep.
func (a *AuthSub) Token() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.token
}

// Upgrade exchanges the token for one that lasts until it expires, or is
// revoked, and keeps that. The time is zero if the server names none.
func (a *AuthSub) Upgrade(ctx context.Context) (expires time.Time, err error) { // LIB-7
	r, err := a.ask(ctx, "/accounts/AuthSubSessionToken")
	if err != nil {
		return time.Time{}, err
	}
	v := r.lines()
	token := v["Token"]
	if token == "" {
		return time.Time{}, &LoginError{Status: r.status, Message: "the answer has no token"}
	}
	a.SetToken(token)
	if expires, err = time.Parse("20060102T150405Z", v["Expiration"]); err != nil {
		return time.Time{}, nil
	}
	return expires, nil
}

// A TokenInfo is what a server knows of an AuthSub token.
type TokenInfo struct {
	Target string // scheme and host of the application
	Scopes []string
	Secure bool
}

// Info asks what the server knows of the token.
func (a *AuthSub) Info(ctx context.Context) (*TokenInfo, error) { // LIB-8
	r, err := a.ask(ctx, "/accounts/AuthSubTokenInfo")
	if err != nil {
		return nil, err
	}
	v := r.lines()
	return &TokenInfo{Target: v["Target"], Scopes: strings.Fields(v["Scope"]), Secure: v["Secure"] == "true"}, nil
}

// Revoke ends the token.
func (a *AuthSub) Revoke(ctx context.Context) error { // LIB-8
	_, err := a.ask(ctx, "/accounts/AuthSubRevokeToken")
	return err
}

func (a *AuthSub) ask(ctx context.Context, path string) (*reply, error) {
	at, err := endpoint(a.BaseURL, path)
	if err != nil {
		return nil, err
	}
	auth, err := a.authorization(http.MethodGet, at)
	if err != nil {
		return nil, err
	}
	r, err := ask(ctx, a.Transport, at, nil, auth)
	if err == nil && r.status != http.StatusOK {
		err = r.err()
	}
	return r, err
}

// RoundTrip sends a request with the token, signed if there is a key.
func (a *AuthSub) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := guard(a.BaseURL, r); err != nil {
		return nil, err
	}
	auth, err := a.authorization(r.Method, r.URL.Scheme+"://"+r.URL.Host+r.URL.RequestURI())
	if err != nil {
		return nil, closing(r, err)
	}
	c, err := withAuthorization(r, auth, false)
	if err != nil {
		return nil, closing(r, err)
	}
	return transport(a.Transport).RoundTrip(c)
}

// authorization is the header for a request.
func (a *AuthSub) authorization(method, url string) (string, error) {
	token := a.Token()
	header := `AuthSub token="` + token + `"`
	if a.Key == nil {
		return header, nil
	}
	now := time.Now
	if a.Now != nil {
		now = a.Now
	}
	var nonce [8]byte
	rand.Read(nonce[:])
	data := method + " " + url + " " + strconv.FormatInt(now().Unix(), 10) + " " + strconv.FormatUint(binary.BigEndian.Uint64(nonce[:]), 10)
	sum := sha1.Sum([]byte(data))
	sig, err := rsa.SignPKCS1v15(rand.Reader, a.Key, crypto.SHA1, sum[:])
	if err != nil {
		return "", err
	}
	return header + ` data="` + data + `" sig="` + base64.StdEncoding.EncodeToString(sig) + `" sigalg="rsa-sha1"`, nil // LIB-9
}
