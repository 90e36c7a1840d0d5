package auth

import (
	"context"
	"time"

	"contacts/store"
)

// A Gift is a token to be given to a user as an endpoint would.
type Gift struct {
	Kind    TokenKind
	App     string
	Scopes  string
	Expires time.Time
	Refresh bool // with a refresh token
	NoGrant bool // without a consent, as a service account has it
}

// Give gives a user a token, and returns its text and the consent.
func (s *Service) Give(ctx context.Context, owner store.Owner, g Gift) (text, grantID string, err error) {
	var scopes Scopes
	if g.Scopes != "" {
		if scopes, err = parseScopes(g.Scopes); err != nil {
			return "", "", err
		}
	}
	text = s.newToken(owner)
	t := token{Kind: g.Kind, Source: "Pemberley", App: g.App, Scopes: scopes, Created: s.now().UTC(), Expires: g.Expires}
	if !g.NoGrant {
		t.Grant = s.newGrant()
	}
	return text, t.Grant, s.store.Update(ctx, owner, func(tx store.Tx) error {
		if !g.NoGrant {
			if err := putGrant(tx, t.Grant, grant{App: g.App, Name: "Pemberley", Kind: g.Kind, Scopes: scopes, Created: t.Created}, forever); err != nil {
				return err
			}
		}
		if g.Refresh {
			if err := s.putRefresh(tx, s.newToken(owner), t); err != nil {
				return err
			}
		}
		return s.putToken(tx, text, t)
	})
}

// ParseScopes reads scopes.
var ParseScopes = parseScopes

// Covers and CoversWrite judge a path.
func (sc Scopes) Covers(path string) bool      { return sc.covers(path) }
func (sc Scopes) CoversWrite(path string) bool { return sc.coversWrite(path) }

// Seal and Unseal encrypt and decrypt.
func (s *Service) Seal(plain, bound string) string { return s.seal([]byte(plain), bound) }
func (s *Service) Unseal(sealed, bound string) (string, error) {
	b, err := s.open(sealed, bound)
	return string(b), err
}

// TokenSecret is the secret of a token.
func (s *Service) TokenSecret(token string) string { return s.tokenSecret(token) }

// SecretOf is the secret of a program, as signatures are checked with it.
func (s *Service) SecretOf(ctx context.Context, id string) (string, error) {
	a, _, err := s.app(ctx, id)
	if err != nil {
		return "", err
	}
	return s.appSecret(&a)
}

// KeyOf is the size of the RSA key of a program.
func (s *Service) KeyOf(ctx context.Context, id string) (bits int, err error) {
	a, _, err := s.app(ctx, id)
	if err != nil {
		return 0, err
	}
	k, err := a.publicKey()
	if err != nil {
		return 0, err
	}
	return k.N.BitLen(), nil
}

// ServiceApp finds a service account by what an assertion calls it.
func (s *Service) ServiceApp(ctx context.Context, name string) (id string, found bool, err error) {
	a, found, err := s.serviceApp(ctx, name)
	return a.ID, found, err
}

// AllowsHost reports whether a program may have callbacks to a host.
func (s *Service) AllowsHost(ctx context.Context, id, host string) (bool, error) {
	a, _, err := s.app(ctx, id)
	return a.allowsHost(host), err
}

// Delegated reports whether a program may act for a domain's users.
func (s *Service) Delegated(ctx context.Context, domain store.Owner, id string) (bool, error) {
	return s.delegated(ctx, domain, id)
}

// ForgetApp does the first half of RemoveApp: what a crash in the middle leaves.
func (s *Service) ForgetApp(ctx context.Context, id string) error {
	return s.store.Update(ctx, store.Directory, func(tx store.Tx) error { return tx.DeleteRecord(recordApp, id) })
}

// KeptLimits is how many request limits are written down.
func (s *Service) KeptLimits(ctx context.Context) (n int, err error) {
	err = s.store.View(ctx, store.Directory, func(tx store.Tx) error {
		all, err := collect(tx.Records(recordRate, ""))
		n = len(all)
		return err
	})
	return n, err
}
