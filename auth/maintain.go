package auth

import (
	"context"
	"errors"
	"fmt"

	"contacts/store"
)

// Maintain ends what programs still hold that are registered no longer, and
// keeps the request limits. Nothing depends on when it runs.
func (s *Service) Maintain(ctx context.Context) error {
	owners, err := s.Owners(ctx)
	if err != nil {
		return err
	}
	failed := []error{s.KeepLimits(ctx)}
	for _, owner := range owners {
		err := s.endApps(ctx, owner, func(id string) (bool, error) {
			_, found, err := s.app(ctx, id)
			return !found, err // AUTH-121
		})
		if err != nil {
			failed = append(failed, fmt.Errorf("end the access of programs to account %d: %w", owner, err))
		}
	}
	return errors.Join(failed...)
}

// endApps ends what programs hold of an owner, be it a user or a domain, whose
// client id gone reports.
func (s *Service) endApps(ctx context.Context, owner store.Owner, gone func(app string) (bool, error)) error {
	held := map[string]bool{}
	err := s.store.View(ctx, owner, func(tx store.Tx) error {
		clear(held)
		return eachApp(tx, func(app, _ string) { held[app] = true })
	})
	if err != nil {
		return err
	}
	// Only now, so that a program that was registered meanwhile keeps its tokens.
	for app := range held {
		ended, err := gone(app)
		if err != nil {
			return err
		}
		if !ended {
			delete(held, app)
		}
	}
	if len(held) == 0 {
		return nil
	}
	return s.store.Update(ctx, owner, func(tx store.Tx) error { return s.endAppsOf(tx, held) })
}

// eachApp calls fn with the client ids of programs that hold something of the
// owner of tx, and the consent that they hold it by, if there was one.
func eachApp(tx store.Tx, fn func(app, grant string)) error {
	all, err := grants(tx)
	if err != nil {
		return err
	}
	for _, k := range all {
		if k.value.App != "" {
			fn(k.value.App, k.key)
		}
	}
	for _, as := range tokenTypes {
		for k, err := range tokensOf(tx, as, "") {
			if err != nil {
				return err
			}
			if k.value.App != "" {
				fn(k.value.App, k.value.Grant)
			}
		}
	}
	var d domain
	if _, err := read(tx, recordDomain, selfKey, &d); err != nil {
		return err
	}
	for _, app := range d.Delegates {
		fn(app, "")
	}
	return nil
}

// endAppsOf ends what programs hold of the owner of tx.
func (s *Service) endAppsOf(tx store.Tx, gone map[string]bool) error {
	ids := map[string]bool{}
	if err := eachApp(tx, func(app, grant string) { ids[grant] = ids[grant] || gone[app] }); err != nil {
		return err
	}
	for id, ended := range ids {
		if !ended {
			continue
		}
		if _, err := s.endGrant(tx, id); err != nil {
			return err
		}
	}
	for _, as := range tokenTypes { // those without a consent, as service accounts have
		tokens, err := collect(tokensOf(tx, as, ""))
		if err != nil {
			return err
		}
		for _, k := range tokens {
			if !gone[k.value.App] {
				continue
			}
			if err := tx.DeleteRecord(as, k.key); err != nil {
				return err
			}
		}
	}
	return dropDelegates(tx, gone) // AUTH-121
}

// dropDelegates takes programs off the list of those that may act for the
// users of a domain.
func dropDelegates(tx store.Tx, gone map[string]bool) error {
	var d domain
	found, err := read(tx, recordDomain, selfKey, &d)
	if err != nil || !found {
		return err
	}
	var left []string
	for _, app := range d.Delegates {
		if !gone[app] {
			left = append(left, app)
		}
	}
	if len(left) == len(d.Delegates) {
		return nil
	}
	d.Delegates = left
	return put(tx, recordDomain, selfKey, d, forever)
}
