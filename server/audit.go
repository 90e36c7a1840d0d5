package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"time"

	"contacts/audit"
	"contacts/store"
)

// An AuditRecord is one entry of the audit log.
type AuditRecord = audit.Record

// localUser is who runs the program on this machine. Behind sudo it is also who
// called that, as far as the environment tells.
func localUser() audit.By {
	name := strconv.Itoa(os.Getuid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if by := os.Getenv("SUDO_USER"); by != "" && len(by) <= 64 {
		name += " by sudo of " + by
	}
	return audit.By{User: "local " + name, Program: "contactsd"}
}

// Audited runs a command that changes something, and records it: before, and
// then with its outcome (OPS-81). The arguments must hold no secret. What
// cannot be recorded does not begin.
func (s *Server) Audited(ctx context.Context, command string, args []string, fn func() error) error {
	r := audit.Record{Time: s.config.Now(), By: localUser(), Command: command, Args: args, Outcome: audit.Begun}
	err := s.store.Update(ctx, store.Directory, func(tx store.Tx) (err error) {
		r.Key, err = audit.Append(tx, r, s.config.AuditKeep) // OPS-81
		return err
	})
	if err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	err = fn()
	if r.Outcome = audit.Done; err != nil {
		r.Outcome = audit.Failed
	}
	return errors.Join(err, s.store.Update(context.WithoutCancel(ctx), store.Directory, func(tx store.Tx) error {
		return audit.Put(tx, r.Key, r, s.config.AuditKeep) // OPS-81
	}))
}

// Audit returns the records of the audit log since a time, oldest first; those
// about the shared contacts of one domain, if domain is not empty. It fails
// with kind NotFound for a domain that there never was.
func (s *Server) Audit(ctx context.Context, since time.Time, domain string) ([]AuditRecord, error) {
	domains, err := s.Auth.Domains(ctx)
	if err != nil {
		return nil, err
	}
	domain = strings.ToLower(domain)
	all, err := s.auditOf(ctx, store.Directory, since, "")
	if err != nil {
		return nil, err
	}
	if domain != "" {
		all = slices.DeleteFunc(all, func(r AuditRecord) bool { return r.Domain != domain })
	}
	known := len(all) > 0
	for _, d := range domains {
		if domain != "" && d.Name != domain {
			continue
		}
		known = true
		of, err := s.auditOf(ctx, d.Owner, since, d.Name)
		if err != nil {
			return nil, err
		}
		all = append(all, of...)
	}
	if domain != "" && !known {
		_, err := s.Auth.Domain(ctx, domain)
		return nil, err
	}
	slices.SortFunc(all, func(a, b AuditRecord) int { return strings.Compare(a.Key, b.Key) })
	return all, nil
}

// auditOf reads the records of one owner.
func (s *Server) auditOf(ctx context.Context, owner store.Owner, since time.Time, domain string) (all []AuditRecord, err error) {
	err = s.store.View(ctx, owner, func(tx store.Tx) error {
		for r, err := range audit.Records(tx, since) {
			if err != nil {
				return fmt.Errorf("read the audit log: %w", err)
			}
			if r.Domain == "" {
				r.Domain = domain
			}
			all = append(all, r)
		}
		return nil
	})
	return all, err
}

// keepAudit moves the records about a domain that is removed to the directory,
// where they last as long as they would have (OPS-83).
func (s *Server) keepAudit(ctx context.Context, owner store.Owner, name string) error {
	all, err := s.auditOf(ctx, owner, time.Time{}, name)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(all, 500) {
		err := s.store.Update(ctx, store.Directory, func(tx store.Tx) error {
			for _, r := range part {
				if err := audit.Put(tx, r.Key, r, s.config.AuditKeep); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		err = s.store.Update(ctx, owner, func(tx store.Tx) error {
			for _, r := range part {
				if err := tx.DeleteRecord(audit.RecordType, r.Key); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
