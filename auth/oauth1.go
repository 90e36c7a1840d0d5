package auth

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"contacts"
	"contacts/reply"
	"contacts/store"
)

// The paths of OAuth 1.0a.
const (
	oauth1RequestPath   = "/accounts/OAuthGetRequestToken"
	oauth1AuthorizePath = "/accounts/OAuthAuthorizeToken"
	oauth1AccessPath    = "/accounts/OAuthGetAccessToken"
)

const (
	requestTokenLife = time.Hour // AUTH-67
	verifierBytes    = 16        // SEC-2
	maxDisplayName   = 60        // characters of the name that a program gives itself
)

// outOfBand is the callback of programs that no browser can be sent to.
const outOfBand = "oob"

// A requestToken is a request for access that a program has made, as it is
// kept in the directory under the hash of its token. Its secret follows from
// the token.
type requestToken struct {
	App      string    `json:"app"`
	Name     string    `json:"name"` // of the program, as the user is shown it
	Scopes   Scopes    `json:"scopes"`
	Callback string    `json:"callback,omitempty"` // a checked URL, or oob; empty in protocol 1.0, where it comes later
	Created  time.Time `json:"created"`
	Expires  time.Time `json:"expires"`

	Owner    store.Owner `json:"owner,omitempty"`    // the user who has agreed, 0 before
	Grant    string      `json:"grant,omitempty"`    // among the user's records, where it can be taken back
	Verifier string      `json:"verifier,omitempty"` // hash
}

// oauth1Routes are the endpoints of OAuth 1.0a.
func (s *Service) oauth1Routes(handle func(pattern string, f reply.Func)) {
	handle(oauth1RequestPath, s.withChallenge(oauth, s.oauth1Endpoint(s.oauth1RequestToken))) // AUTH-60
	handle(oauth1AccessPath, s.withChallenge(oauth, s.oauth1Endpoint(s.oauth1AccessToken)))   // AUTH-60
	handle(oauth1AuthorizePath, s.paged(s.withChallenge(oauth, s.oauth1Authorize)))           // AUTH-60
}

// oauth1Endpoint is an endpoint of OAuth 1.0a for programs.
func (s *Service) oauth1Endpoint(f func(http.ResponseWriter, *http.Request, *oauth1Request, *app) error) reply.Func {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := s.onlyMethods(w, r, http.MethodGet, http.MethodPost); err != nil {
			return err
		}
		if s.o.OAuth1Off {
			return switchedOff("OAuth 1.0a") // SEC-9
		}
		if err := s.site.RequireSecure(r); err != nil {
			return err // RES-61
		}
		q, err := readOAuth1(r, s.addressed(r), true)
		if err != nil {
			return err
		}
		a, err := s.consumer(r.Context(), q)
		if err != nil {
			return err
		}
		return f(w, r, q, a)
	}
}

// oauth1RequestToken begins a request for access (AUTH-62).
func (s *Service) oauth1RequestToken(w http.ResponseWriter, r *http.Request, q *oauth1Request, a *app) error {
	if err := s.checkOAuth1(r.Context(), q, a, "", ""); err != nil {
		return err
	}
	if q.get("scope") == "" {
		return oauthProblem(parameterAbsent) // AUTH-62
	}
	scopes, err := parseScopes(q.get("scope"), s.ownHosts(r)...)
	if err != nil {
		return rejected(err)
	}
	callback := q.get("oauth_callback") // AUTH-64
	if callback != "" && callback != outOfBand {
		p, err := parseCallback(a, callback)
		if err != nil {
			return rejected(err)
		}
		callback = p.text
	}
	now := s.now().UTC()
	t := requestToken{
		App:      a.ID,
		Name:     shownName(a.Name, q.get("xoauth_displayname")),
		Scopes:   scopes,
		Callback: callback,
		Created:  now,
		Expires:  now.Add(requestTokenLife), // AUTH-67
	}
	text := base64.RawURLEncoding.EncodeToString(s.random(secretBytes)) // SEC-2
	err = s.store.Update(r.Context(), store.Directory, func(tx store.Tx) error {
		return putRequest(tx, text, t)
	})
	if err != nil {
		return err
	}
	return s.tokenPair(w, text, "&oauth_callback_confirmed=true") // AUTH-63
}

// putRequest keeps a new request token.
func putRequest(tx store.Tx, text string, t requestToken) error {
	end := func(key string) error { return endRequest(tx, key) }
	if err := requestRing(t.App).add(tx, tokenKey(text), t.Expires, end); err != nil { // AUTH-133
		return err
	}
	return put(tx, recordRequestToken, tokenKey(text), t, t.Expires)
}

// endRequest forgets a request token, unless a user has agreed to it.
func endRequest(tx store.Tx, key string) error {
	var t requestToken
	if found, err := read(tx, recordRequestToken, key, &t); err != nil || !found || t.Owner != 0 {
		return err // AUTH-133
	}
	return tx.DeleteRecord(recordRequestToken, key)
}

// rejected words what is wrong with a parameter of the request.
func rejected(err error) error {
	if contacts.KindOf(err) != contacts.Invalid {
		return err
	}
	e := oauthProblem(parameterRejected)
	e.Err = err
	return e
}

// parseCallback checks where a program wants the browser. It fails with kind
// Invalid.
func parseCallback(a *app, text string) (place, error) {
	p, err := parsePlace("oauth_callback", text)
	if err == nil && !a.allowsHost(p.host) {
		err = contacts.Errorf(contacts.Invalid, "", "oauth_callback leads to a host that is not registered for %s", a.Name) // AUTH-73, AUTH-78
	}
	return p, err
}

// shownName is the registered name of a program, and what it calls itself.
func shownName(name, own string) string {
	own = strings.TrimSpace(printable(own))
	if runes := []rune(own); len(runes) > maxDisplayName {
		own = string(runes[:maxDisplayName])
	}
	if own == "" || own == name {
		return name
	}
	return name + " (" + own + ")"
}

// tokenPair answers with a token and its secret.
func (s *Service) tokenPair(w http.ResponseWriter, text, more string) error {
	h := w.Header()
	neverCache(h)
	h.Set("Content-Type", "application/x-www-form-urlencoded")
	_, err := io.WriteString(w, "oauth_token="+text+"&oauth_token_secret="+s.tokenSecret(text)+more) // AUTH-63
	return err
}

// requestTokenOf reads a request token that still waits for the next step:
// consent while it has no Owner. It fails with code token_rejected.
func (s *Service) requestTokenOf(tx store.Records, text string) (t requestToken, err error) {
	found, err := read(tx, recordRequestToken, tokenKey(text), &t)
	if err == nil && (!found || !s.now().Before(t.Expires)) {
		err = oauthProblem(tokenRejected) // AUTH-67
	}
	return t, err
}

// errRequestGone tells a user what token_rejected means.
func errRequestGone() error {
	return contacts.Errorf(contacts.Unauthorized, tokenRejected,
		"This request for access is unknown, was used before, or is older than an hour (%s). Go back to the program and start again.", tokenRejected)
}

// oauth1Authorize serves the page where a user lets a program in (AUTH-65).
func (s *Service) oauth1Authorize(w http.ResponseWriter, r *http.Request) error {
	if s.o.OAuth1Off {
		return switchedOff("OAuth 1.0a") // SEC-9
	}
	if led, err := s.led(w, r, "oauth_token"); led || err != nil {
		return err
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return contacts.Errorf(contacts.Invalid, parameterRejected, "The program has sent a link that cannot be read (%s)", parameterRejected)
	}
	text, err := once(q, "oauth_token")
	if err != nil {
		return err
	}
	if text == "" {
		return contacts.Errorf(contacts.Invalid, parameterAbsent, "The program has sent a link without oauth_token (%s)", parameterAbsent)
	}
	var t requestToken
	var a app
	err = s.store.View(r.Context(), store.Directory, func(tx store.Tx) error {
		if t, err = s.requestTokenOf(tx, text); err != nil {
			return err
		}
		a = app{}
		_, err := read(tx, recordApp, t.App, &a)
		return err
	})
	if contacts.CodeOf(err) == tokenRejected || err == nil && (t.Owner != 0 || a.ID == "") {
		return errRequestGone()
	}
	if err != nil {
		return err
	}
	back, err := t.back(&a, q)
	if err != nil {
		return err
	}
	ask := ask{
		Program:    t.Name,
		Registered: true,
		Scopes:     t.Scopes,
		Domain:     q.Get("hd"), // AUTH-65
		Grant: func(w http.ResponseWriter, r *http.Request, u *Account) error {
			return s.oauth1Granted(w, r, text, back, u)
		},
	}
	if back != nil {
		ask.Target = back.host
	}
	return s.consent(w, r, ask)
}

// back is where the browser goes after consent; nil if nowhere. In protocol 1.0
// the link says it.
func (t *requestToken) back(a *app, q url.Values) (*place, error) {
	callback := t.Callback
	if callback == "" {
		var err error
		if callback, err = once(q, "oauth_callback"); err != nil { // AUTH-64
			return nil, err
		}
	}
	if callback == "" || callback == outOfBand {
		return nil, nil
	}
	p, err := parseCallback(a, callback) // also of a callback that was checked before: the program may have changed
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// agreeToRequest notes in a request token who has agreed to it, once.
func (s *Service) agreeToRequest(ctx context.Context, text string, owner store.Owner, grant, verifier string) (t requestToken, err error) {
	err = s.store.Update(ctx, store.Directory, func(tx store.Tx) (err error) {
		if t, err = s.requestTokenOf(tx, text); err != nil {
			return err
		}
		if t.Owner != 0 {
			return oauthProblem(tokenRejected) // AUTH-78
		}
		t.Owner, t.Grant, t.Verifier = owner, grant, tokenKey(verifier)                                       // SEC-2
		if err := agreedRing(recordRequestToken, owner).add(tx, tokenKey(text), t.Expires, nil); err != nil { // AUTH-133
			return err
		}
		return put(tx, recordRequestToken, tokenKey(text), t, t.Expires)
	})
	return t, err
}

// oauth1Granted notes that the user has agreed, and takes the verifier to the
// program.
func (s *Service) oauth1Granted(w http.ResponseWriter, r *http.Request, text string, back *place, u *Account) error {
	verifier := base64.RawURLEncoding.EncodeToString(s.random(verifierBytes))
	id := s.newGrant()
	t, err := s.agreeToRequest(r.Context(), text, u.Owner, id, verifier)
	if contacts.CodeOf(err) == tokenRejected {
		return errRequestGone()
	}
	if err != nil {
		return err
	}
	err = s.store.Update(r.Context(), u.Owner, func(tx store.Tx) error {
		if err := usable(tx); err != nil {
			return err
		}
		g := grant{App: t.App, Name: t.Name, Kind: OAuth1Token, Scopes: t.Scopes, Created: s.now().UTC()}
		return s.addGrant(tx, id, g, t.Expires) // until the program comes for its token
	})
	if err != nil {
		return err
	}
	if back == nil {
		return s.showCode(w, r, "Success code="+verifier, verifier) // AUTH-65
	}
	return back.send(w, "oauth_token", text, "oauth_verifier", verifier) // AUTH-65
}

// oauth1AccessToken exchanges a request token, to which a user has agreed, for
// an access token (AUTH-66).
func (s *Service) oauth1AccessToken(w http.ResponseWriter, r *http.Request, q *oauth1Request, a *app) error {
	text := q.get("oauth_token")
	if text == "" {
		return oauthProblem(parameterAbsent)
	}
	if err := s.checkOAuth1(r.Context(), q, a, text, s.tokenSecret(text)); err != nil {
		return err // AUTH-66
	}
	var t requestToken
	err := s.store.Update(r.Context(), store.Directory, func(tx store.Tx) (err error) {
		if t, err = s.requestTokenOf(tx, text); err != nil {
			return err
		}
		if t.App != a.ID || t.Owner == 0 {
			return oauthProblem(tokenRejected)
		}
		switch verifier := q.get("oauth_verifier"); {
		case verifier == "" && t.Callback != "":
			return oauthProblem(parameterAbsent) // AUTH-66
		case verifier != "" && subtle.ConstantTimeCompare([]byte(tokenKey(verifier)), []byte(t.Verifier)) != 1: // SEC-3
			return oauthProblem(tokenRejected) // AUTH-66
		}
		return tx.DeleteRecord(recordRequestToken, tokenKey(text)) // AUTH-67
	})
	if err != nil {
		return err
	}
	access, err := s.oauth1Access(r.Context(), &t, a)
	if err != nil {
		return err
	}
	reply.SetAccount(w, int64(t.Owner))
	return s.tokenPair(w, access, "") // AUTH-66
}

// oauth1Access makes the access token of a consent.
func (s *Service) oauth1Access(ctx context.Context, t *requestToken, a *app) (string, error) {
	text := s.newToken(t.Owner)
	err := s.store.Update(ctx, t.Owner, func(tx store.Tx) error {
		if err := usable(tx); contacts.KindOf(err) == contacts.Unauthorized {
			return oauthProblem(tokenRevoked) // AUTH-77
		} else if err != nil {
			return err
		}
		g, found, err := grantOf(tx, t.Grant)
		if err != nil {
			return err
		}
		if !found { // the user has taken it back
			return oauthProblem(tokenRevoked) // AUTH-77
		}
		if err := putGrant(tx, t.Grant, g, forever); err != nil {
			return err
		}
		return s.putToken(tx, text, token{ // AUTH-67
			Kind:    OAuth1Token,
			Source:  t.Name,
			App:     t.App,
			Scopes:  t.Scopes,
			Grant:   t.Grant,
			Signer:  &signer{Secret: a.Secret, Key: a.Key},
			Created: s.now().UTC(),
		})
	})
	return text, err
}
