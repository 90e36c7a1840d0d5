package auth

import (
	"bytes"
	"encoding/json"
	"sync"
)

// A holder is a token and the account that it stands for, decoded.
type holder struct {
	rawToken, rawAccount []byte // from which it was decoded

	token   token
	account account
}

// holders remember what was decoded, because the same token comes again and
// again. Only what is read from the store counts: a holder is of use as long as
// the very bytes that it was decoded from are what the store has. The zero
// value remembers nothing.
type holders struct {
	mu sync.RWMutex
	m  map[string]*holder // by the key of the token
}

// maxHolders bounds the memory; when there are so many, all are forgotten.
const maxHolders = 4096

// decode decodes the two records. It keeps no hold on their bytes.
func (hs *holders) decode(key string, rawToken, rawAccount []byte) (*holder, error) {
	hs.mu.RLock()
	h, ok := hs.m[key]
	hs.mu.RUnlock()
	if ok && bytes.Equal(h.rawToken, rawToken) && bytes.Equal(h.rawAccount, rawAccount) {
		return h, nil
	}
	h = &holder{rawToken: bytes.Clone(rawToken), rawAccount: bytes.Clone(rawAccount)}
	if err := json.Unmarshal(rawToken, &h.token); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(rawAccount, &h.account); err != nil {
		return nil, err
	}
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if hs.m == nil || len(hs.m) >= maxHolders {
		hs.m = make(map[string]*holder)
	}
	hs.m[key] = h
	return h, nil
}
