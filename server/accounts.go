package server

import (
	"context"
	"errors"
	"strings"

	"contacts/auth"
)

// What the program needs to name of package auth.
type (
	Account       = auth.Account
	App           = auth.App
	Domain        = auth.Domain
	DomainSetting = auth.DomainSetting
	NewApp        = auth.NewApp
	NewUser       = auth.NewUser
	Secret        = auth.Secret
	Token         = auth.Token
)

// RemoveUser removes an account with its contacts. It fails with kind NotFound.
//
// The contacts go first, while the account can still be named: what fails
// half-way can be called again. They go once more at the end, with what a
// request under way has written meanwhile.
func (s *Server) RemoveUser(ctx context.Context, email string) error {
	if u, err := s.Auth.User(ctx, email); err == nil {
		if err := s.Auth.SetDisabled(ctx, email, true); err != nil {
			return err
		}
		if err := s.book.Drop(ctx, u.Owner); err != nil {
			return err
		}
	}
	owner, err := s.Auth.RemoveUser(ctx, email)
	if err != nil {
		return err
	}
	return errors.Join(s.book.Drop(ctx, owner), s.dropJournals(owner)) // IMP-22
}

// RemoveDomain removes a domain with its shared contacts. It fails while the
// domain has users.
func (s *Server) RemoveDomain(ctx context.Context, name string) error {
	owner, err := s.Auth.RemoveDomain(ctx, name)
	if err != nil {
		return err
	}
	return errors.Join(s.book.Drop(ctx, owner), s.dropJournals(owner), s.keepAudit(ctx, owner, strings.ToLower(name))) // IMP-22, OPS-83
}
