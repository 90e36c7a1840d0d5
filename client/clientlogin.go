package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// A ClientLogin signs in with the password of a user, at the first request, and
// again when the token has expired. It is safe for concurrent use; its fields
// must not change after the first.
type ClientLogin struct {
	BaseURL     string // of the server; the token goes nowhere else
	Email       string
	Password    string            // may be empty with a token from before; see SetToken
	Source      string            // names the program, by custom company-application-version
	AccountType string            // HOSTED_OR_GOOGLE if empty
	Transport   http.RoundTripper // http.DefaultTransport if nil

	mu    sync.Mutex
	token string
}

// A LoginOption changes one login.
type LoginOption func(url.Values)

// WithCaptcha answers a CaptchaError.
func WithCaptcha(token, text string) LoginOption {
	return func(v url.Values) { v.Set("logintoken", token); v.Set("logincaptcha", text) } // LIB-4
}

// Login signs in and keeps the token. It fails with ErrBadAuthentication, a
// *CaptchaError or, on any other refusal, a *LoginError. Programs that can show
// a captcha call it before the first request; the others may leave it out.
func (l *ClientLogin) Login(ctx context.Context, opts ...LoginOption) error { // LIB-2 LIB-3
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.login(ctx, opts)
}

func (l *ClientLogin) login(ctx context.Context, opts []LoginOption) error {
	at, err := endpoint(l.BaseURL, "/accounts/ClientLogin")
	if err != nil {
		return err
	}
	form := url.Values{
		"accountType": {l.AccountType},
		"Email":       {l.Email},
		"Passwd":      {l.Password},
		"service":     {"cp"},
		"source":      {l.Source},
	}
	if l.AccountType == "" {
		form.Set("accountType", "HOSTED_OR_GOOGLE")
	}
	for _, opt := range opts {
		opt(form)
	}
	r, err := ask(ctx, l.Transport, at, form, "")
	if err != nil {
		return err
	}
	v := r.lines()
	if token := v["Auth"]; r.status == http.StatusOK && token != "" {
		l.token = token
		return nil
	}
	switch code := v["Error"]; code {
	case "":
		return r.err()
	case "CaptchaRequired":
		image, err := captchaURL(at, v["CaptchaUrl"])
		if err != nil {
			return err
		}
		return &CaptchaError{Token: v["CaptchaToken"], ImageURL: image} // LIB-2
	case badAuthentication:
		return &LoginError{Status: r.status, Code: code, Message: "unknown user or wrong password", URL: v["Url"]} // LIB-2
	default:
		return &LoginError{Status: r.status, Code: code, Message: code, URL: v["Url"]} // LIB-2
	}
}

// captchaURL is the address of a picture, which is relative to the endpoint's
// folder.
func captchaURL(at, ref string) (string, error) {
	base, err := url.Parse(at)
	if err != nil {
		return "", err
	}
	u, err := base.Parse(ref)
	if err != nil {
		return "", errors.New("client: the server wants the text of a picture, but its address cannot be read")
	}
	return u.String(), nil
}

// Token is the token, empty before the first login. It is a secret, which
// programs may keep instead of the password.
func (l *ClientLogin) Token() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.token
}

// SetToken sets a token that Token gave before.
func (l *ClientLogin) SetToken(token string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.token = token
}

// RoundTrip sends a request with the token.
func (l *ClientLogin) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := guard(l.BaseURL, r); err != nil {
		return nil, err
	}
	token, err := l.renew(r.Context(), "")
	if err != nil {
		return nil, closing(r, err)
	}
	resp, err := l.send(r, token, false)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || l.Password == "" || !canRepeat(r) || !hasExpired(resp) {
		return resp, err
	}
	resp.Body.Close()
	if token, err = l.renew(r.Context(), token); err != nil {
		return nil, err
	}
	return l.send(r, token, true)
}

func (l *ClientLogin) send(r *http.Request, token string, again bool) (*http.Response, error) {
	r, err := withAuthorization(r, "GoogleLogin auth="+token, again)
	if err != nil {
		return nil, err
	}
	return transport(l.Transport).RoundTrip(r)
}

// renew returns the token, after a login if it is the one that was refused.
// Of many requests that were refused together, the first logs in for all.
func (l *ClientLogin) renew(ctx context.Context, refused string) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.token == refused {
		if err := l.login(ctx, nil); err != nil {
			return "", err
		}
	}
	return l.token, nil
}

// hasExpired reports whether a 401 says that the token was good once. Any
// other token would be refused again, and logins that fail lead to captchas.
func hasExpired(resp *http.Response) bool {
	const expired = "Token expired" // AUTH-8
	start, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(start), &failing{resp.Body, err}), resp.Body}
	return strings.Contains(resp.Status, expired) || bytes.Contains(start, []byte(expired))
}

// A failing reader fails at once if err is set.
type failing struct {
	r   io.Reader
	err error
}

func (f *failing) Read(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return f.r.Read(p)
}
