package auth

import (
	"context"

	"contacts/store"
)

// ReserveUser does the first half of AddUser: what a crash in the middle leaves.
func (s *Service) ReserveUser(ctx context.Context, email string) (store.Owner, error) {
	return s.claim(ctx, recordUserName, userKey(fold(email)), 0)
}

// ParseAuthorization reads a header value.
func ParseAuthorization(h string) (scheme, token string) {
	c := parseAuthorization(h)
	return string(c.scheme), c.token
}

// Where captchas are kept in the directory, and accounts and sessions under
// the number of the account.
const (
	CaptchaRecord = recordCaptcha
	AccountRecord = recordAccount
	SessionRecord = recordSession
	AccountKey    = selfKey
)

// Limiters is how many accounts the request limits remember.
func (s *Service) Limiters() int {
	s.rates.mu.Lock()
	defer s.rates.mu.Unlock()
	return len(s.rates.owners)
}

// FirstSweep is how many they remember before they forget.
const FirstSweep = firstSweep

// AllowRequest counts a request of owner against the limit.
func (s *Service) AllowRequest(owner store.Owner) error {
	return s.allowRequest(context.Background(), owner)
}

// HoldTurns takes all turns at hashing until release is called.
func (s *Service) HoldTurns(ctx context.Context) (release func()) {
	var all []func()
	for range cap(s.hashing.turns) {
		done, err := s.hashing.turn(ctx)
		if err != nil {
			panic(err)
		}
		all = append(all, done)
	}
	return func() {
		for _, done := range all {
			done()
		}
	}
}

// AddressFailures is the key under which failures from an address count.
var AddressFailures = addressFailures
