package auth

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"contacts"
	"contacts/reply"
	"contacts/store"
)

// rates limit how often each account may ask. They are kept in memory, per
// process. The zero value has seen nobody.
type rates struct {
	mu     sync.Mutex
	owners map[store.Owner]*rate.Limiter
	sweep  int // clear out those at rest when there are so many
}

// firstSweep is how many accounts are remembered before those at rest are
// looked for.
const firstSweep = 1024

// allow fails with kind Unavailable if owner asks more than perSecond times a
// second on average, after burst at once. A rate of 0 is no limit.
func (l *rates) allow(owner store.Owner, now time.Time, perSecond float64, burst int) error {
	if perSecond <= 0 {
		return nil
	}
	turn := l.limiter(owner, now, perSecond, burst).ReserveN(now, 1)
	wait := turn.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	turn.CancelAt(now)
	return &contacts.Error{
		Kind:   contacts.Unavailable,
		Code:   contacts.CodeRateLimit,
		Reason: "Too many requests; retry later",
		Err:    reply.Later(wait),
	}
}

func (l *rates) limiter(owner store.Owner, now time.Time, perSecond float64, burst int) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if limiter, ok := l.owners[owner]; ok {
		return limiter
	}
	if l.owners == nil {
		l.owners, l.sweep = map[store.Owner]*rate.Limiter{}, firstSweep
	}
	if len(l.owners) >= l.sweep {
		for o, limiter := range l.owners {
			if limiter.TokensAt(now) >= float64(burst) { // as good as new
				delete(l.owners, o)
			}
		}
		l.sweep = max(firstSweep, 2*len(l.owners))
	}
	limiter := rate.NewLimiter(rate.Limit(perSecond), burst)
	l.owners[owner] = limiter
	return limiter
}
