package auth

import (
	"net/http"

	"contacts"
	"contacts/store"
)

// An Identity is who asks, and what the credentials allow.
type Identity struct {
	Account  Account
	Kind     TokenKind // of the token presented
	ReadOnly bool      // the credentials allow no change
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
// way, and with kind Unavailable, with a reply.Later as its cause, for an
// account that asks too often.
func (s *Service) Identify(r *http.Request) (*Identity, error) {
	c := credentialsOf(r)
	if c.scheme == noScheme {
		return nil, unauthorized(reasonRequired) // AUTH-8
	}
	if err := s.site.RequireSecure(r); err != nil {
		return nil, err // RES-61
	}
	kind, ok := s.kindOf(c.scheme)
	if !ok {
		return nil, unauthorized(reasonInvalid) // AUTH-8
	}
	owner, ok := tokenOwner(c.token)
	if !ok {
		return nil, unauthorized(reasonInvalid) // AUTH-8
	}
	key := tokenKey(c.token)
	var h *holder
	err := s.store.View(r.Context(), owner, func(tx store.Tx) error { // the token alone counts, wherever it comes from: AUTH-12
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
	switch {
	case contacts.KindOf(err) == contacts.NotFound:
		return nil, unauthorized(reasonInvalid) // AUTH-8
	case err != nil:
		return nil, err
	case h.token.Kind != kind || h.account.Disabled || h.account.Deleted:
		return nil, unauthorized(reasonInvalid) // AUTH-8
	case !s.now().Before(h.token.Expires):
		return nil, unauthorized(reasonExpired) // AUTH-8
	}
	if err := s.rates.allow(owner, s.now(), s.o.RequestRate, s.o.RequestBurst); err != nil {
		return nil, err // SEC-11
	}
	return &Identity{Account: h.account.public(owner), Kind: kind}, nil
}

// kindOf is the kind of token that a scheme presents. Schemes that are switched
// off present none.
func (s *Service) kindOf(sch scheme) (TokenKind, bool) {
	if sch == googleLogin && !s.o.ClientLoginOff {
		return ClientLoginToken, true
	}
	return "", false
}

// Challenge is the value of WWW-Authenticate in a 401 to r, in the scheme that
// r used.
func (s *Service) Challenge(r *http.Request) string {
	base := s.site.Base(r)
	switch credentialsOf(r).scheme { // AUTH-9
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
