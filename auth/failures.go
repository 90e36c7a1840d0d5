package auth

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"contacts/store"
)

// failures are the times of failed logins, oldest first. They are counted by
// user name, whether or not there is such a user, and by address, and kept in
// the directory. What else is to be done only so often from one address is
// counted in the same way.
type failures struct {
	Times []int64 `json:"times"` // milliseconds since 1970
}

// userFailures is the key of the failures of a user name. It is hashed, because
// people type passwords where names belong.
func userFailures(email string) string { return "user/" + tokenKey(email) }

// addressFailures is the key of the failures from an address. IPv6 addresses
// count by the network that one customer gets.
func addressFailures(a netip.Addr) string {
	if a.Is6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			return "address/" + p.String()
		}
	}
	return "address/" + a.String()
}

// A standing is how many failures of late count against a login.
type standing struct{ user, address int }

// standing counts the failures of a user name and an address.
func (s *Service) standing(tx store.Tx, email string, from netip.Addr) (c standing, err error) {
	if c.user, err = s.failures(tx, userFailures(email)); err != nil {
		return c, err
	}
	c.address, err = s.failures(tx, addressFailures(from))
	return c, err
}

func (s *Service) failures(tx store.Tx, key string) (int, error) {
	var f failures
	if _, err := read(tx, recordFailures, key, &f); err != nil {
		return 0, err
	}
	return len(s.recent(f.Times)), nil
}

// failuresOf is failures in a View of its own.
func (s *Service) failuresOf(ctx context.Context, key string) (n int, err error) {
	err = s.store.View(ctx, store.Directory, func(tx store.Tx) (err error) {
		n, err = s.failures(tx, key)
		return err
	})
	return n, err
}

// recent cuts off the times before the window.
func (s *Service) recent(times []int64) []int64 {
	start := s.now().Add(-s.o.LoginWindow).UnixMilli()
	i, _ := slices.BinarySearch(times, start+1)
	return times[i:]
}

// addFailure counts one more failure of key.
func (s *Service) addFailure(tx store.Tx, key string) error {
	var f failures
	if _, err := read(tx, recordFailures, key, &f); err != nil {
		return err
	}
	f.Times = append(s.recent(f.Times), s.now().UnixMilli())
	if extra := len(f.Times) - s.o.LoginRefuseAfter; extra > 0 {
		f.Times = f.Times[extra:] // more would make no difference
	}
	return put(tx, recordFailures, key, f, s.now().Add(s.o.LoginWindow+time.Minute))
}

// forgetFailures makes a user name as good as new.
func (s *Service) forgetFailures(ctx context.Context, email string) error {
	return s.store.Update(ctx, store.Directory, func(tx store.Tx) error {
		return tx.DeleteRecord(recordFailures, userFailures(email))
	})
}
