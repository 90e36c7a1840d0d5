package auth

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	"contacts"
	"contacts/reply"
	"contacts/store"
)

// nonces remember the signed requests of late, so that none counts twice. They
// are kept in memory, by each process for itself: a write to the store would
// cost more than the request.
//
// What a process forgets when it ends must not count again with the next one.
// So it leaves in the directory, for every program, how far the timestamps that
// it accepted may reach, and the next process refuses them up to there. The
// timestamps that were not in the future when they came end with the start of
// the next process at the latest; this makes one write in five minutes enough.
// Only a program whose clock is fast costs one for each second ahead of us.
//
// Whoever knows the secret of a program can send as many requests of it as the
// line takes, and some secrets are public. So every program has a share, which
// may grow to what is free: one that floods gets half of the memory and finds
// itself refused; another that floods as well gets a quarter more, and so on.
// What is free is never nothing, so a program that sends little is let in.
type nonces struct {
	mu     sync.Mutex
	shares map[string]*share // by program; those without nonces are left out
	apps   map[string]horizon
	len    int   // nonces in all
	minute int64 // in which old ones were last dropped
}

// A share is what is remembered of one program: nonces by the minute of their
// timestamps, so that all of a minute are dropped at once.
type share struct {
	minutes map[int64]map[nonce]struct{}
	len     int
}

// A nonce is the hash of what must not come twice.
type nonce [16]byte

// A horizon is how far the timestamps of a program's accepted requests may
// reach, in seconds since 1970.
type horizon struct {
	Past   int64 `json:"past"`             // those that were not in the future
	Future int64 `json:"future,omitempty"` // those that were

	floor int64 // lower timestamps are refused by this process
}

// knows reports whether a timestamp is within the horizon.
func (h *horizon) knows(timestamp, now int64) bool {
	if timestamp > now {
		return timestamp <= h.Future
	}
	return timestamp <= h.Past
}

const (
	nonceLife = 5 * time.Minute // how far a timestamp may be off
	maxNonces = 1 << 20         // requests that are remembered at most, some 40 MB
)

// A staleness is why a timestamp or nonce is refused.
type staleness string

const (
	fresh     staleness = ""
	staleTime staleness = "timestamp_refused"
	usedNonce staleness = "nonce_used"
)

// checkNonce accepts a timestamp and nonce of a program once. Within the
// program, nonces count by scope: the token of OAuth 1.0a. It must be called
// after the signature was found right, so that nobody else uses them up.
func (s *Service) checkNonce(ctx context.Context, app, scope string, timestamp int64, text string) (staleness, error) {
	now := s.now().Unix()
	if off := timestamp - now; off > int64(nonceLife/time.Second) || -off > int64(nonceLife/time.Second) {
		return staleTime, nil // AUTH-53, AUTH-71
	}
	h, err := s.horizon(ctx, app, timestamp, now)
	if err != nil {
		return "", err
	}
	if timestamp < h.floor {
		return staleTime, nil // AUTH-55
	}
	return s.nonces.add(app, nonceOf(scope, timestamp, text), timestamp, now)
}

func nonceOf(scope string, timestamp int64, text string) nonce {
	var b []byte
	for _, part := range [...]string{scope, text} {
		b = binary.AppendUvarint(b, uint64(len(part)))
		b = append(b, part...)
	}
	sum := sha256.Sum256(binary.AppendVarint(b, timestamp))
	return nonce(sum[:16])
}

// add remembers a nonce of a program, or reports that it is there already. It
// fails with kind Unavailable when the program has its share: to forget one
// would let it count again.
func (n *nonces) add(app string, key nonce, timestamp, now int64) (staleness, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.drop(now)
	minute := timestamp / 60
	sh := n.shares[app]
	if sh == nil {
		sh = &share{minutes: make(map[int64]map[nonce]struct{})}
	}
	if _, used := sh.minutes[minute][key]; used {
		return usedNonce, nil // AUTH-53, AUTH-71
	}
	if sh.len >= maxNonces-n.len { // AUTH-130
		err := contacts.Errorf(contacts.Unavailable, contacts.CodeOverloaded, "Too many signed requests of this program") // AUTH-56
		err.Err = reply.Later(time.Second)
		return "", err
	}
	if sh.minutes[minute] == nil {
		sh.minutes[minute] = make(map[nonce]struct{})
	}
	sh.minutes[minute][key] = struct{}{}
	if n.shares == nil {
		n.shares = make(map[string]*share)
	}
	n.shares[app] = sh
	sh.len++
	n.len++
	return fresh, nil
}

// drop forgets, once a minute, the minutes all of whose timestamps are refused
// from now on.
func (n *nonces) drop(now int64) {
	if now/60 == n.minute {
		return
	}
	n.minute = now / 60
	for app, sh := range n.shares {
		for minute, seen := range sh.minutes {
			if now-(minute*60+59) > int64(nonceLife/time.Second) {
				delete(sh.minutes, minute)
				sh.len -= len(seen)
				n.len -= len(seen)
			}
		}
		if sh.len == 0 {
			delete(n.shares, app)
		}
	}
}

// horizon returns the horizon of a program, which reaches at least as far as
// timestamp, also in the store, unless that is below its floor.
func (s *Service) horizon(ctx context.Context, app string, timestamp, now int64) (horizon, error) {
	n := &s.nonces
	n.mu.Lock()
	h, found := n.apps[app]
	n.mu.Unlock()
	if found && (h.knows(timestamp, now) || timestamp < h.floor) {
		return h, nil
	}
	err := s.store.Update(ctx, store.Directory, func(tx store.Tx) error {
		var kept horizon
		if _, err := read(tx, recordNonces, app, &kept); err != nil {
			return err
		}
		if !found {
			h.floor = max(min(kept.Past, s.started), kept.Future) + 1 // AUTH-55
		}
		h.Past, h.Future = kept.Past, kept.Future
		switch {
		case timestamp < h.floor:
			return nil
		case timestamp > now:
			h.Future = max(h.Future, timestamp)
		default:
			h.Past = max(h.Past, now+int64(nonceLife/time.Second))
		}
		return put(tx, recordNonces, app, h, time.Unix(max(h.Past, h.Future)+1, 0).Add(nonceLife))
	})
	if err != nil {
		return horizon{}, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.apps == nil {
		n.apps = make(map[string]horizon)
	}
	if other, ok := n.apps[app]; ok { // of a request at the same time
		h = horizon{Past: max(h.Past, other.Past), Future: max(h.Future, other.Future), floor: min(h.floor, other.floor)}
	}
	n.apps[app] = h
	return h, nil
}
