package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"

	"contacts/auth"
	"contacts/store"
	"contacts/store/sqlite"
)

// What the program needs to name of the store.
type (
	Fault    = sqlite.Fault
	Verified = sqlite.Verified
	Owner    = store.Owner
)

// Verify looks at everything in the store, while it is used, and calls found
// for each fault. Its error means that it could not look at everything.
func (s *Server) Verify(ctx context.Context, found func(Fault)) (Verified, error) {
	return verifyStore(ctx, s.db, found)
}

// VerifyBackup looks at everything in a backup. It unpacks it into the
// directory for temporary files. It fails if the backup is not whole.
func VerifyBackup(ctx context.Context, c Config, r io.Reader, found func(Fault)) (v Verified, m Manifest, err error) {
	err = openBackup(ctx, c, r, os.TempDir(), func(st *sqlite.Store, manifest Manifest) error {
		m = manifest
		if v, err = verifyStore(ctx, st, found); err != nil {
			return err
		}
		return compareCounts(ctx, st, m, func(f Fault) {
			v.Faults++
			found(f)
		})
	})
	return v, m, err
}

// Repair makes anew what follows from the entries of every account where
// Verify has found it wrong, and calls did with what it has made.
func (s *Server) Repair(ctx context.Context, faults []Fault, did func(owner store.Owner, what string)) error {
	done := map[store.Owner]bool{}
	for _, f := range faults {
		if !f.Derived || done[f.Owner] {
			continue
		}
		done[f.Owner] = true
		if err := s.db.Repair(ctx, f.Owner, func(what string) { did(f.Owner, what) }); err != nil { // OPS-22
			return err
		}
	}
	return nil
}

// OwnerNames are the names of all accounts, by their numbers.
func (s *Server) OwnerNames(ctx context.Context) (map[store.Owner]string, error) {
	return ownerNames(ctx, s.Auth)
}

func ownerNames(ctx context.Context, accounts *auth.Service) (map[store.Owner]string, error) {
	names := map[store.Owner]string{}
	domains, err := accounts.Domains(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range domains {
		names[d.Owner] = d.Name
	}
	users, err := accounts.Users(ctx, "")
	for _, u := range users {
		names[u.Owner] = u.Email
	}
	return names, err
}

// verifyStore looks at everything in a store, and calls found for each fault.
func verifyStore(ctx context.Context, st *sqlite.Store, found func(Fault)) (Verified, error) {
	v, err := st.Verify(ctx, sqlite.VerifyOptions{Fault: found, Record: checkRecord})
	if err != nil {
		return v, err
	}
	accounts := auth.New(st, auth.Options{})
	_, namesErr := ownerNames(ctx, accounts)
	_, appsErr := accounts.Apps(ctx)
	if err := errors.Join(namesErr, appsErr); err != nil {
		v.Faults++
		found(Fault{What: "the accounts and programs cannot be listed: " + err.Error()})
	}
	return v, ctx.Err()
}

// lastAuthRecord is the greatest type of records of package auth, which keeps
// all of them as JSON.
const lastAuthRecord store.RecordType = 19

// checkRecord says whether a record can be read (OPS-20).
func checkRecord(_ store.Owner, t store.RecordType, _ string, value []byte) error {
	if t <= lastAuthRecord && !json.Valid(value) {
		return errors.New("it is no JSON")
	}
	return nil
}
