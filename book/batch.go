package book

import (
	"context"

	"contacts"
)

// Batch runs n operations in order, in one transaction with one commit. An
// operation sees the effect of those before it (BATCH-16). What one changed is
// undone if it fails, and does not touch the others (BATCH-3).
//
// Batch returns the errors of the operations. Its own error means that nothing
// of the whole was kept.
func (s *Service) Batch(ctx context.Context, at At, n int, do func(e *Edit, i int) error) ([]error, error) {
	errs := make([]error, n)
	err := s.Edit(ctx, at, func(e *Edit) error {
		for i := range errs {
			before := e.book
			errs[i] = e.tx.Try(func() error { return do(e, i) })
			if errs[i] == nil {
				continue
			}
			e.book = before
			if k := contacts.KindOf(errs[i]); k == "" || k == contacts.Unavailable {
				return errs[i] // a fault of the store, not of the operation
			}
		}
		return nil
	})
	return errs, err
}
