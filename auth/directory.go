package auth

import (
	"context"
	"strings"

	"contacts"
	"contacts/store"
)

// A nameRecord gives a name its number. The number is the owner of all that
// belongs to the account.
type nameRecord struct {
	Owner   store.Owner `json:"owner"`
	Removed bool        `json:"removed,omitempty"` // the name is free again
}

// lookup finds the number of a name, which may be removed.
func (s *Service) lookup(ctx context.Context, t store.RecordType, key string) (n nameRecord, found bool, err error) {
	if key == "" {
		return n, false, nil
	}
	err = s.store.View(ctx, store.Directory, func(tx store.Tx) error {
		found, err = read(tx, t, key, &n)
		return err
	})
	return n, found, err
}

// create makes the account of a name: it gives the name a number and calls fn
// in a transaction on that number, whose book is made with it. It fails with
// kind Duplicate if the name has an account.
//
// The name comes first, so a crash leaves at worst a name whose number has no
// account; the next create of that name goes on with it.
func (s *Service) create(ctx context.Context, t store.RecordType, key, shown string, fn func(store.Tx, store.Owner) error) (store.Owner, error) {
	var used store.Owner // a number that is the name's, but not fit for a new account
	for {
		owner, err := s.claim(ctx, t, key, used)
		if err != nil {
			return 0, err
		}
		used = 0
		err = s.store.Update(ctx, owner, func(tx store.Tx) error {
			exists, spent, err := state(tx)
			switch {
			case err != nil:
				return err
			case exists:
				return contacts.Errorf(contacts.Duplicate, contacts.CodeConflict, "%s exists already", shown)
			case spent:
				used = owner
				return nil
			}
			if err := fn(tx, owner); err != nil {
				return err
			}
			now := contacts.RevAt(s.now())
			return tx.PutBook(store.Book{Rev: now, Created: now})
		})
		if err != nil {
			return 0, err
		}
		if used == 0 {
			return owner, nil
		}
	}
}

// state tells whether the owner of tx has an account or a domain, and if not,
// whether it once had one.
func state(tx store.Tx) (exists, spent bool, err error) {
	var a account
	if exists, err = read(tx, recordAccount, selfKey, &a); err != nil || exists && !a.Deleted {
		return exists, false, err
	}
	var d domain
	if exists, err = read(tx, recordDomain, selfKey, &d); err != nil || exists {
		return exists, false, err
	}
	var mark struct{}
	if spent, err = read(tx, recordAccount, removedKey, &mark); err != nil || spent {
		return false, spent, err
	}
	b, err := tx.Book()
	return false, b != store.Book{}, err
}

// claim returns the number of a name. A name without a number, or with the
// number used, gets a new one. A user's name needs its domain.
func (s *Service) claim(ctx context.Context, t store.RecordType, key string, used store.Owner) (owner store.Owner, err error) {
	err = s.store.Update(ctx, store.Directory, func(tx store.Tx) error {
		var n nameRecord
		if t == recordUserName {
			d, _, _ := strings.Cut(key, "/")
			if found, err := read(tx, recordDomainName, d, &n); err != nil {
				return err
			} else if !found {
				return noDomain(d)
			}
		}
		found, err := read(tx, t, key, &n)
		if err != nil {
			return err
		}
		if found && !n.Removed && n.Owner != used {
			owner = n.Owner
			return nil
		}
		var last store.Owner
		if _, err := read(tx, recordCounter, numberKey, &last); err != nil {
			return err
		}
		if last >= store.MaxOwner {
			return contacts.Errorf(contacts.Unavailable, "", "all account numbers are used up")
		}
		owner = last + 1
		if err := put(tx, recordCounter, numberKey, owner, forever); err != nil {
			return err
		}
		return put(tx, t, key, nameRecord{Owner: owner}, forever)
	})
	return owner, err
}

// names lists the names of a type that begin with prefix, without those removed.
func (s *Service) names(ctx context.Context, t store.RecordType, prefix string) (owners []store.Owner, err error) {
	err = s.store.View(ctx, store.Directory, func(tx store.Tx) error {
		owners = nil
		return eachName(tx, t, prefix, func(_ string, n nameRecord) {
			owners = append(owners, n.Owner)
		})
	})
	return owners, err
}

// Owners lists the numbers of all accounts and domains, for work that goes
// through every book.
func (s *Service) Owners(ctx context.Context) ([]store.Owner, error) {
	domains, err := s.names(ctx, recordDomainName, "")
	if err != nil {
		return nil, err
	}
	users, err := s.names(ctx, recordUserName, "")
	return append(domains, users...), err
}
