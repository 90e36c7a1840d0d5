package auth

import (
	"context"
	"encoding/binary"
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

// MaxNonces is how many nonces are remembered at most.
const MaxNonces = maxNonces

// Nonces is how many nonces are remembered, of a program and in all. It panics
// if they are counted wrong.
func (s *Service) Nonces(app string) (own, all int) {
	n := &s.nonces
	n.mu.Lock()
	defer n.mu.Unlock()
	for id, sh := range n.shares {
		count := 0
		for _, seen := range sh.minutes {
			count += len(seen)
		}
		if all += count; count != sh.len || count == 0 {
			panic("a share is counted wrong")
		}
		if id == app {
			own = count
		}
	}
	if all != n.len {
		panic("the shares are counted wrong")
	}
	return own, all
}

// FloodNonces remembers nonces of a program until no more are let in.
func (s *Service) FloodNonces(app string) error {
	now := s.now().Unix()
	for i := 0; ; i++ {
		var key nonce
		binary.LittleEndian.PutUint64(key[:], uint64(i))
		if _, err := s.nonces.add(app, key, now, now); err != nil {
			return err
		}
	}
}

// CheckNonce is checkNonce. It returns why a nonce is refused.
func (s *Service) CheckNonce(ctx context.Context, app, scope string, timestamp int64, text string) (string, error) {
	why, err := s.checkNonce(ctx, app, scope, timestamp, text)
	return string(why), err
}
