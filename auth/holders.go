package auth

import (
	"bytes"
	"encoding/json"
	"sync"

	"contacts/store"
)

// A holder is a token and the account that it stands for, decoded.
type holder struct {
	rawToken, rawAccount []byte // from which it was decoded

	token   token
	account account

	state store.State // of the store, when it was last seen to have these bytes
}

// holders remember what was decoded, because the same token comes again and
// again. Only what the store has counts: a holder is of use as long as the very
// bytes that it was decoded from are there, which need not be read again while
// nothing at all was committed. The zero value remembers nothing.
type holders struct {
	mu sync.RWMutex
	m  map[string]*holder // by the key of the token
}

// maxHolders bounds the memory; when there are so many, all are forgotten.
const maxHolders = 4096

// current is what is remembered of a token, if it is known to be true in a
// state of the store, or else nil.
func (hs *holders) current(key string, state store.State) *holder {
	hs.mu.RLock()
	defer hs.mu.RUnlock()
	if h := hs.m[key]; h != nil && h.state == state {
		return h
	}
	return nil
}

// confirm notes that h, which was read after the store was in the state, is
// true in it.
func (hs *holders) confirm(h *holder, state store.State) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	h.state = state
}

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
