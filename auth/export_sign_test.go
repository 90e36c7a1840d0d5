package auth

import (
	"context"
	"net/http"
)

// BaseString is what a client signs. The parameters are names and values in
// turn.
func BaseString(method, address, path string, params ...string) string {
	var list []param
	for i := 0; i < len(params); i += 2 {
		list = append(list, param{params[i], params[i+1]})
	}
	return baseString(method, address, path, list)
}

// RequestBase is the base string of a request, with its parameters from all
// places, or the error of reading them.
func (s *Service) RequestBase(r *http.Request) (string, error) {
	q, err := readOAuth1(r, s.addressed(r), true)
	if err != nil {
		return "", err
	}
	return baseString(q.method, q.to.addresses[0], q.to.path, q.params), nil
}

// Addresses are the URLs, without query, that a request may have been sent to.
func (s *Service) Addresses(r *http.Request) (all []string) {
	to := s.addressed(r)
	for _, a := range to.addresses {
		all = append(all, a+to.path)
	}
	return all
}

// CheckHMAC checks a signature.
var CheckHMAC = checkHMAC

// AuthorizationParams are the parameters of a header, names and values in turn.
func AuthorizationParams(h string) (params []string) {
	for _, p := range parseAuthorization(h).params {
		params = append(params, p.name, p.value)
	}
	return params
}

// FillNonces makes the memory of nonces full.
func (s *Service) FillNonces() {
	now := s.now().Unix()
	s.nonces.seen = make(map[nonce]int64, maxNonces)
	for i := range maxNonces {
		s.nonces.seen[nonce{byte(i), byte(i >> 8), byte(i >> 16)}] = now
	}
}

// Nonces is how many nonces are remembered.
func (s *Service) Nonces() int {
	s.nonces.mu.Lock()
	defer s.nonces.mu.Unlock()
	return len(s.nonces.seen)
}

// CheckNonce is checkNonce. It returns why a nonce is refused.
func (s *Service) CheckNonce(ctx context.Context, app, scope string, timestamp int64, text string) (string, error) {
	why, err := s.checkNonce(ctx, app, scope, timestamp, text)
	return string(why), err
}
