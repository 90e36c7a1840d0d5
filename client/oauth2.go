package client

import (
	"context"
	"net/http"
	"sync"

	"golang.org/x/oauth2"
)

// OAuth2Endpoint is where a contactsd gives out OAuth 2.0 tokens, for
// oauth2.Config.
func OAuth2Endpoint(baseURL string) (oauth2.Endpoint, error) {
	at, err := endpoint(baseURL, "/o/oauth2/")
	return oauth2.Endpoint{AuthURL: at + "auth", TokenURL: at + "token"}, err
}

// An OAuth2 signs in with the tokens of any source. If the server refuses a
// token before its time, it is refreshed and the request sent once more. It is
// safe for concurrent use; its fields must not change after the first request.
type OAuth2 struct {
	BaseURL string // of the server; access tokens go nowhere else
	Source  oauth2.TokenSource

	// Config refreshes a token that was refused and has a refresh token. Without
	// it the source is asked again, which has to know by itself that the old
	// token is of no use: the sources of package oauth2 do not.
	Config *oauth2.Config

	Transport http.RoundTripper // http.DefaultTransport if nil; also of a refresh

	mu    sync.Mutex
	fresh oauth2.TokenSource // instead of Source, after a refresh
}

// RoundTrip sends a request with a token.
func (o *OAuth2) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := guard(o.BaseURL, r); err != nil {
		return nil, err
	}
	token, err := o.current()
	if err != nil {
		return nil, closing(r, err)
	}
	resp, err := o.send(r, token, false)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || !canRepeat(r) {
		return resp, err
	}
	next, err := o.renew(r.Context(), token)
	if err != nil || next.AccessToken == token.AccessToken {
		return resp, nil // whose 401 says why
	}
	resp.Body.Close()
	return o.send(r, next, true) // LIB-11
}

func (o *OAuth2) send(r *http.Request, t *oauth2.Token, again bool) (*http.Response, error) {
	r, err := withAuthorization(r, "Bearer "+t.AccessToken, again) // LIB-11
	if err != nil {
		return nil, err
	}
	return transport(o.Transport).RoundTrip(r)
}

// current is a token that should be good.
func (o *OAuth2) current() (*oauth2.Token, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fresh != nil {
		return o.fresh.Token()
	}
	return o.Source.Token()
}

// renew is a token after one was refused. Of many requests that were refused
// together, the first refreshes for all.
func (o *OAuth2) renew(ctx context.Context, refused *oauth2.Token) (*oauth2.Token, error) {
	now, err := o.current()
	if err != nil || now.AccessToken != refused.AccessToken || o.Config == nil || now.RefreshToken == "" {
		return now, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fresh != nil {
		if now, err = o.fresh.Token(); err != nil || now.AccessToken != refused.AccessToken {
			return now, err
		}
	}
	// The source outlives the request, and so must its context.
	ctx = context.WithValue(context.WithoutCancel(ctx), oauth2.HTTPClient, &http.Client{Transport: transport(o.Transport)})
	source := o.Config.TokenSource(ctx, &oauth2.Token{RefreshToken: now.RefreshToken})
	token, err := source.Token() // LIB-11
	if err == nil {
		o.fresh = source
	}
	return token, err
}
