package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"contacts/store"
)

// every calls fn at regular intervals until ctx is done.
func every(ctx context.Context, interval time.Duration, fn func()) {
	t := time.NewTicker(interval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			fn()
		}
	}
}

func (s *Server) maintain(ctx context.Context) {
	if err := s.Maintain(ctx); err != nil && ctx.Err() == nil {
		s.log.Error("maintenance failed", "error", err)
	}
}

// Maintain removes what is past its time in all accounts: what books remember
// of entries deleted 30 days ago, expired records such as tokens, and what
// programs hold that are registered no longer. Nobody can see these any more, so
// nothing depends on when it runs.
func (s *Server) Maintain(ctx context.Context) error {
	owners, err := s.Auth.Owners(ctx)
	if err != nil {
		return fmt.Errorf("list accounts: %w", err)
	}
	var failed []error
	var tombstones, records int
	failed = append(failed, s.Auth.Maintain(ctx))
	sweepWork(s.config.Data, time.Now().Add(-youngWork))
	for _, owner := range append(owners, store.Directory) {
		t, err := s.book.Purge(ctx, owner) // QRY-40
		failed = append(failed, err)
		r, err := s.dropExpired(ctx, owner)
		failed = append(failed, err)
		tombstones, records = tombstones+t, records+r
	}
	if tombstones+records > 0 {
		s.log.Info("removed what is past its time", "tombstones", tombstones, "records", records)
	}
	return errors.Join(failed...)
}

func (s *Server) dropExpired(ctx context.Context, owner store.Owner) (n int, err error) {
	err = s.store.Update(ctx, owner, func(tx store.Tx) error {
		n, err = tx.DropExpired(s.config.Now())
		return err
	})
	return n, err
}
