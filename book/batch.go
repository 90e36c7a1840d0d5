package book

import (
	"context"
	"errors"

	"contacts"
	"contacts/store"
)

// Batch runs n operations in order, in one transaction with one commit. An
// operation sees the effect of those before it (BATCH-16). What one changed is
// undone if it fails, and does not touch the others (BATCH-3).
//
// Batch returns the errors of the operations. Its own error means that nothing
// of the whole was kept.
func (s *Service) Batch(ctx context.Context, at At, n int, do func(e *Edit, i int) error) ([]error, error) {
	errs := make([]error, n)
	err := s.store.Update(ctx, at.Owner, func(tx store.Tx) error {
		b, err := tx.Book()
		if err != nil {
			return err
		}
		e := &Edit{s: s, at: at, tx: tx, book: b}
		for i := range errs {
			before := e.book
			errs[i] = tx.Try(func() error { return do(e, i) })
			if errs[i] == nil {
				continue
			}
			e.book = before
			if k := contacts.KindOf(errs[i]); k == "" || errors.Is(k, contacts.Unavailable) {
				return errs[i] // a fault of the store, not of the operation
			}
		}
		if e.book == b {
			return nil
		}
		return tx.PutBook(e.book)
	})
	return errs, err
}
