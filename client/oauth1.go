package client

import (
	"cmp"
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An OAuth1 signs requests in the manner of OAuth 1.0a, for a program that is
// registered with the server.
//
// Three-legged: RequestToken gives the page to which the user goes;
// AccessToken takes what the user brings back. Two-legged: without a token, for
// the user that Requestor names. The fields must not change, and the two
// methods not be called, while requests are under way.
type OAuth1 struct {
	BaseURL        string // of the server; signed requests go nowhere else
	ConsumerKey    string
	ConsumerSecret string
	Key            *rsa.PrivateKey // of the registered certificate: signs with RSA-SHA1 instead of HMAC-SHA1

	Token, TokenSecret string // set by RequestToken, then by AccessToken; programs may keep the latter's
	Requestor          string // e-mail address of the user, two-legged

	Transport http.RoundTripper // http.DefaultTransport if nil
	Now       func() time.Time  // time.Now if nil
}

// An OAuth1Request is what a program asks of a user.
type OAuth1Request struct {
	Callback    string   // where the user comes back to; empty for a program that is told the verifier by the user
	Scopes      []string // Scope if empty
	DisplayName string   // of the program
	Domain      string   // whose account is wanted; empty for any
}

// The endpoints.
const (
	requestTokenPath   = "/accounts/OAuthGetRequestToken"
	authorizeTokenPath = "/accounts/OAuthAuthorizeToken"
	accessTokenPath    = "/accounts/OAuthGetAccessToken"
	revokeTokenPath    = "/accounts/AuthSubRevokeToken"
)

// RequestToken asks for a request token, keeps it, and returns the page to which
// the user goes to grant it. The user comes back with a verifier in the
// parameter oauth_verifier, or reads it off the page if there is no callback.
func (o *OAuth1) RequestToken(ctx context.Context, r OAuth1Request) (authorizeURL string, err error) { // LIB-10
	o.Token, o.TokenSecret = "", ""
	query := url.Values{"scope": {scopes(r.Scopes)}}
	if r.DisplayName != "" {
		query.Set("xoauth_displayname", r.DisplayName)
	}
	if err := o.token(ctx, requestTokenPath, query, param{"oauth_callback", cmp.Or(r.Callback, "oob")}); err != nil {
		return "", err
	}
	at, err := endpoint(o.BaseURL, authorizeTokenPath)
	if err != nil {
		return "", err
	}
	v := url.Values{"oauth_token": {o.Token}}
	if r.Domain != "" {
		v.Set("hd", r.Domain)
	}
	return at + "?" + v.Encode(), nil
}

// AccessToken exchanges the request token, after the user has granted it, for
// one that lasts until it is revoked.
func (o *OAuth1) AccessToken(ctx context.Context, verifier string) error { // LIB-10
	return o.token(ctx, accessTokenPath, nil, param{"oauth_verifier", verifier})
}

// Revoke ends the access token.
func (o *OAuth1) Revoke(ctx context.Context) error {
	_, err := o.ask(ctx, revokeTokenPath, nil)
	return err
}

// token asks an endpoint for a token and keeps it.
func (o *OAuth1) token(ctx context.Context, path string, query url.Values, more param) error {
	r, err := o.ask(ctx, path, query, more)
	if err != nil {
		return err
	}
	v, err := url.ParseQuery(strings.TrimSpace(r.body))
	if err != nil || v.Get("oauth_token") == "" {
		return &LoginError{Status: r.status, Message: "the answer has no token"}
	}
	o.Token, o.TokenSecret = v.Get("oauth_token"), v.Get("oauth_token_secret")
	return nil
}

func (o *OAuth1) ask(ctx context.Context, path string, query url.Values, more ...param) (*reply, error) {
	at, err := endpoint(o.BaseURL, path)
	if err != nil {
		return nil, err
	}
	if len(query) > 0 {
		at += "?" + query.Encode()
	}
	u, err := url.Parse(at)
	if err != nil {
		return nil, err
	}
	auth, err := o.authorization(http.MethodGet, u, more)
	if err != nil {
		return nil, err
	}
	r, err := ask(ctx, o.Transport, at, nil, auth)
	if err == nil && r.status != http.StatusOK {
		err = r.err()
	}
	return r, err
}

// RoundTrip sends a request with a signature.
func (o *OAuth1) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := guard(o.BaseURL, r); err != nil {
		return nil, err
	}
	u := *r.URL
	if o.Requestor != "" && o.Token == "" {
		id := "xoauth_requestor_id=" + percent(o.Requestor) // LIB-10
		if u.RawQuery != "" {
			id = "&" + id
		}
		u.RawQuery += id
	}
	auth, err := o.authorization(r.Method, &u, nil)
	if err != nil {
		return nil, closing(r, err)
	}
	c, err := withAuthorization(r, auth, false)
	if err != nil {
		return nil, closing(r, err)
	}
	c.URL = &u
	return transport(o.Transport).RoundTrip(c)
}

// authorization is the header for a request, with more parameters of the
// protocol.
func (o *OAuth1) authorization(method string, u *url.URL, more []param) (string, error) {
	now := time.Now
	if o.Now != nil {
		now = o.Now
	}
	params := append([]param{
		{"oauth_consumer_key", o.ConsumerKey},
		{"oauth_signature_method", o.method()},
		{"oauth_timestamp", strconv.FormatInt(now().Unix(), 10)},
		{"oauth_nonce", rand.Text()},
		{"oauth_version", "1.0"},
	}, more...)
	if o.Token != "" {
		params = append(params, param{"oauth_token", o.Token})
	}
	signature, err := o.sign(method, u, params)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("OAuth ")
	for _, p := range append(params, param{"oauth_signature", signature}) {
		if p.name != params[0].name {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, `%s="%s"`, percent(p.name), percent(p.value))
	}
	return b.String(), nil
}

func (o *OAuth1) method() string {
	if o.Key != nil {
		return "RSA-SHA1"
	}
	return "HMAC-SHA1"
}

// sign is the signature of a request with these parameters in its header.
func (o *OAuth1) sign(method string, u *url.URL, params []param) (string, error) {
	base, err := baseString(method, u, params)
	if err != nil {
		return "", err
	}
	if o.Key != nil {
		sum := sha1.Sum([]byte(base))
		sig, err := rsa.SignPKCS1v15(rand.Reader, o.Key, crypto.SHA1, sum[:])
		return base64.StdEncoding.EncodeToString(sig), err
	}
	mac := hmac.New(sha1.New, []byte(percent(o.ConsumerSecret)+"&"+percent(o.TokenSecret)))
	mac.Write([]byte(base))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}

// A param is a parameter, decoded.
type param struct{ name, value string }

// baseString is the text that is signed: method, address and all parameters,
// those of the query among them, in order (RFC 5849, 3.4.1).
func baseString(method string, u *url.URL, params []param) (string, error) {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "", fmt.Errorf("client: sign the request: %w", err)
	}
	var all []string
	add := func(name, value string) { all = append(all, percent(name)+"="+percent(value)) }
	for _, p := range params {
		add(p.name, p.value)
	}
	for name, values := range query {
		for _, v := range values {
			add(name, v)
		}
	}
	slices.SortFunc(all, func(a, b string) int {
		an, av, _ := strings.Cut(a, "=")
		bn, bv, _ := strings.Cut(b, "=")
		return cmp.Or(cmp.Compare(an, bn), cmp.Compare(av, bv))
	})
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	host = strings.TrimSuffix(host, map[string]string{"http": ":80", "https": ":443"}[scheme])
	return strings.ToUpper(method) + "&" + percent(scheme+"://"+host+cmp.Or(u.EscapedPath(), "/")) + "&" + percent(strings.Join(all, "&")), nil
}

// percent encodes all but the unreserved characters (RFC 5849, 3.6).
func percent(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~':
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}
