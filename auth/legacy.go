package auth

import (
	"net/http"

	"contacts"
	"contacts/store"
)

// identifyAuthSub lets a request with an AuthSub token in. A single-use token
// is used up.
func (s *Service) identifyAuthSub(r *http.Request, c credentials) (*held, error) {
	h, err := s.present(r.Context(), c.token, AuthSubToken)
	if err != nil {
		return nil, err
	}
	if h.token.Secure {
		return nil, unauthorized(reasonInvalid) // AUTH-50
	}
	if !h.token.Once {
		return h, nil
	}
	err = s.store.Update(r.Context(), h.owner, func(tx store.Tx) error {
		if _, err := tx.Record(recordToken, h.key); err != nil {
			return err
		}
		return tx.DeleteRecord(recordToken, h.key) // AUTH-44
	})
	if contacts.KindOf(err) == contacts.NotFound {
		err = unauthorized(reasonInvalid)
	}
	return h, err
}

// identifyOAuth1 lets no request in whose signature was not checked.
func (s *Service) identifyOAuth1(*http.Request, credentials) (*held, error) {
	return nil, unauthorized(reasonInvalid) // AUTH-8
}
