package auth

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"contacts"
	"contacts/store"
)

// An Identity is who asks, and what the credentials allow.
type Identity struct {
	Account  Account
	Kind     TokenKind // of the token presented
	ReadOnly bool      // the credentials allow no change
	Scopes   Scopes    // what the credentials may touch; nil: not limited
	App      string    // client id of the registered program that asks, else empty
	Program  string    // that asks: its registered name, or its own words

	path string // of the request, escaped, which Scopes must cover
}

// The reasons of errors of kind Unauthorized.
const (
	reasonRequired = "Authorization required"
	reasonInvalid  = "Token invalid"
	reasonExpired  = "Token expired"
)

func unauthorized(reason string) error {
	return contacts.Errorf(contacts.Unauthorized, "", "%s", reason)
}

// Identify tells who sent r. It fails with kind Unauthorized without
// credentials or with bad ones, with kind Forbidden if they came by an unsafe
// way or a program may not act for the user, and with kind Unavailable, with a
// reply.Later as its cause, for an account that asks too often.
func (s *Service) Identify(r *http.Request) (*Identity, error) {
	c := credentialsOf(r)
	id, err := s.identify(r, c)
	s.countCredentials(c.scheme, err)
	return id, err
}

func (s *Service) identify(r *http.Request, c credentials) (*Identity, error) {
	if c.scheme == noScheme {
		return nil, unauthorized(reasonRequired) // AUTH-8
	}
	if err := s.site.RequireSecure(r); err != nil {
		return nil, err // RES-61
	}
	h, err := s.holderOf(r, c)
	if err != nil {
		return nil, err
	}
	if err := s.allowRequest(r.Context(), h.owner); err != nil {
		return nil, err // SEC-11
	}
	if h.token.Once {
		if err := s.spend(r.Context(), h); err != nil {
			return nil, err
		}
	}
	id := &Identity{
		Account: h.account.public(h.owner),
		Kind:    h.token.Kind,
		App:     h.token.App,
		Program: h.token.Source,
	}
	if id.Kind != ClientLoginToken { // which are for the whole service
		id.Scopes = slices.Clip(h.token.Scopes)
		if id.Scopes == nil {
			id.Scopes = Scopes{}
		}
		id.ReadOnly = id.Scopes.ReadOnly()
		id.path = r.URL.EscapedPath()
	}
	return id, nil
}

// holderOf dispatches on the scheme.
func (s *Service) holderOf(r *http.Request, c credentials) (*held, error) {
	switch c.scheme {
	case googleLogin:
		return s.present(r.Context(), c.token, ClientLoginToken) // AUTH-1
	case authSub:
		return s.presentAuthSub(r) // AUTH-2, AUTH-47
	case oauth:
		return s.identifyOAuth1(r) // AUTH-4
	default:
		return s.present(r.Context(), c.token, OAuth2Token) // AUTH-5, AUTH-13
	}
}

// A held is a token that is good now, with its account.
type held struct {
	owner   store.Owner
	key     string // of the token's record; empty if there is no token
	token   token
	account account
}

// present finds a token of one of the kinds, and its account. It fails with
// kind Unauthorized for a token that lets nobody in (AUTH-8).
func (s *Service) present(ctx context.Context, text string, kinds ...TokenKind) (*held, error) {
	owner, ok := tokenOwner(text)
	if !ok {
		return nil, unauthorized(reasonInvalid) // AUTH-8
	}
	key := tokenKey(text)
	h, err := s.holder(ctx, owner, key)
	switch {
	case contacts.KindOf(err) == contacts.NotFound:
		return nil, unauthorized(reasonInvalid) // AUTH-8
	case err != nil:
		return nil, err
	case !slices.Contains(kinds, h.token.Kind) || s.off(h.token.Kind) || h.account.shut():
		return nil, unauthorized(reasonInvalid) // AUTH-8
	case h.token.expired(s.now()):
		if h.token.Kind == ClientLoginToken && s.now().Before(h.token.Expires.Add(expiredLife)) {
			return nil, unauthorized(reasonExpired) // AUTH-8
		}
		return nil, unauthorized(reasonInvalid) // AUTH-8
	}
	return &held{owner: owner, key: key, token: h.token, account: h.account}, nil
}

// holder reads the token under key, and its account. It fails with kind
// NotFound without one of them. One View reads both, nothing else is read for a
// request, and nothing at all while the store does not change.
func (s *Service) holder(ctx context.Context, owner store.Owner, key string) (*holder, error) {
	state, known := s.store.State()
	if known {
		if h := s.holders.current(key, state); h != nil {
			return h, nil
		}
	}
	var h *holder
	err := s.store.View(ctx, owner, func(tx store.Tx) error { // the token alone counts, wherever it comes from: AUTH-12
		token, err := tx.Record(recordToken, key)
		if err != nil {
			return err
		}
		account, err := tx.Record(recordAccount, selfKey)
		if err != nil {
			return err
		}
		h, err = s.holders.decode(key, token, account)
		return err
	})
	if err == nil && known {
		s.holders.confirm(h, state)
	}
	return h, err
}

// off reports whether tokens of a kind are switched off.
func (s *Service) off(kind TokenKind) bool {
	switch kind { // SEC-9
	case ClientLoginToken:
		return s.o.ClientLoginOff
	case AuthSubToken:
		return s.o.AuthSubOff
	case OAuth1Token:
		return s.o.OAuth1Off
	default:
		return s.o.OAuth2Off
	}
}

// shut reports whether nobody may act for the account.
func (a *account) shut() bool { return a.Disabled || a.Deleted || a.Flags.ServiceOff }

// ownHosts are the hosts that a scope may name, beside the original one.
func (s *Service) ownHosts(r *http.Request) []string {
	hosts := []string{s.site.Peer(r).Host}
	if u, err := url.Parse(s.site.Base(r)); err == nil {
		hosts = append(hosts, u.Host)
	}
	return hosts
}

// Challenge is the value of WWW-Authenticate in a 401 to r, in the scheme that
// r used.
func (s *Service) Challenge(r *http.Request) string {
	return s.challengeIn(r, credentialsOf(r).scheme)
}

// challengeIn is the challenge of a scheme.
func (s *Service) challengeIn(r *http.Request, sch scheme) string {
	base := s.site.Base(r)
	switch sch { // AUTH-9
	case authSub:
		return `AuthSub realm="` + base + `/accounts/AuthSubRequest"`
	case oauth:
		return `OAuth realm="` + base + `/accounts/OAuthGetRequestToken"`
	case bearer:
		return `Bearer realm="` + base + `/", error="invalid_token"`
	default:
		return `GoogleLogin realm="` + base + `/accounts/ClientLogin", service="cp"`
	}
}
