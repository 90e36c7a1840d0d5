package auth

import (
	"context"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"contacts"
	"contacts/reply"
	"contacts/store"
)

// rates limit how often each account may ask. They count in memory, each
// process for itself, and are written down now and then, so that a restart
// gives nobody a new burst. The zero value has seen nobody.
type rates struct {
	mu     sync.Mutex
	owners map[store.Owner]*limit
	sweep  int // clear out those at rest when there are so many
}

// A limit is what one account may still ask for.
type limit struct {
	*rate.Limiter
	kept time.Time // when it was last written down; guarded by rates.mu
}

// A rest is a limit as it is kept in the directory.
type rest struct {
	Left float64   `json:"left"` // requests that could be made at once
	At   time.Time `json:"at"`
}

// firstSweep is how many accounts are remembered before those at rest are
// looked for.
const firstSweep = 1024

// allowRequest fails with kind Unavailable if owner asks more than RequestRate
// times a second on average, after RequestBurst at once.
func (s *Service) allowRequest(ctx context.Context, owner store.Owner) error {
	if s.o.RequestRate <= 0 {
		return nil
	}
	now := s.now()
	l := s.rates.find(owner)
	if l == nil {
		last, err := s.lastRest(ctx, owner)
		if err != nil {
			return err
		}
		l = s.rates.add(owner, s.limitFrom(last), now)
	}
	turn := l.ReserveN(now, 1)
	wait := turn.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	turn.CancelAt(now)
	if s.rates.due(l, now, s.refill()/4) {
		if err := s.keepLimits(ctx, map[store.Owner]*limit{owner: l}, now); err != nil {
			s.log.Warn("cannot keep a request limit", "account", int64(owner), "error", err)
		}
	}
	return &contacts.Error{
		Kind:   contacts.Unavailable,
		Code:   contacts.CodeRateLimit,
		Reason: "Too many requests; retry later",
		Err:    reply.Later(wait),
	}
}

// KeepLimits writes down the request limits of the accounts that have asked of
// late. It is called when the process ends; each limit that somebody runs into
// is written at once.
func (s *Service) KeepLimits(ctx context.Context) error {
	now := s.now()
	return s.keepLimits(ctx, s.rates.busy(now, s.o.RequestBurst), now)
}

func (s *Service) keepLimits(ctx context.Context, limits map[store.Owner]*limit, now time.Time) error {
	if len(limits) == 0 {
		return nil
	}
	return s.store.Update(ctx, store.Directory, func(tx store.Tx) error {
		for owner, l := range limits {
			r := rest{Left: max(0, l.TokensAt(now)), At: now.UTC()}
			if err := put(tx, recordRate, restKey(owner), r, now.Add(s.refill())); err != nil { // SEC-12
				return err
			}
		}
		return nil
	})
}

// lastRest is what a process of before has written down, or the zero rest.
func (s *Service) lastRest(ctx context.Context, owner store.Owner) (r rest, err error) {
	err = s.store.View(ctx, store.Directory, func(tx store.Tx) error {
		_, err := read(tx, recordRate, restKey(owner), &r)
		return err
	})
	return r, err
}

func restKey(owner store.Owner) string { return strconv.FormatInt(int64(owner), 10) }

// limitFrom is a limit that goes on where another has ended. Without one, the
// whole burst is there.
func (s *Service) limitFrom(last rest) *limit {
	l := &limit{Limiter: rate.NewLimiter(rate.Limit(s.o.RequestRate), s.o.RequestBurst)}
	if spent := s.o.RequestBurst - int(last.Left); !last.At.IsZero() && spent > 0 {
		l.ReserveN(last.At, spent) // SEC-12
	}
	return l
}

// refill is how long a limit takes to come to rest.
func (s *Service) refill() time.Duration {
	return max(time.Second, time.Duration(float64(s.o.RequestBurst)/s.o.RequestRate*float64(time.Second)))
}

// find returns the limit of an account, or nil.
func (rs *rates) find(owner store.Owner) *limit {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	return rs.owners[owner]
}

// add remembers a limit unless there is one, and returns that which counts.
func (rs *rates) add(owner store.Owner, l *limit, now time.Time) *limit {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if first, ok := rs.owners[owner]; ok {
		return first
	}
	if rs.owners == nil {
		rs.owners, rs.sweep = map[store.Owner]*limit{}, firstSweep
	}
	if len(rs.owners) >= rs.sweep {
		for o, l := range rs.owners {
			if l.TokensAt(now) >= float64(l.Burst()) { // as good as new
				delete(rs.owners, o)
			}
		}
		rs.sweep = max(firstSweep, 2*len(rs.owners))
	}
	rs.owners[owner] = l
	return l
}

// busy are the limits that are not at rest.
func (rs *rates) busy(now time.Time, burst int) map[store.Owner]*limit {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	m := map[store.Owner]*limit{}
	for o, l := range rs.owners {
		if l.TokensAt(now) < float64(burst) {
			m[o], l.kept = l, now
		}
	}
	return m
}

// due reports, to one caller, that a limit was not written down for a while.
func (rs *rates) due(l *limit, now time.Time, while time.Duration) bool {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if !l.kept.IsZero() && now.Sub(l.kept) < max(while, time.Second) {
		return false
	}
	l.kept = now
	return true
}
