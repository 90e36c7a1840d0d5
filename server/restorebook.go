package server

import (
	"context"
	"io"
	"strings"

	"contacts"
	"contacts/auth"
	"contacts/book"
	"contacts/store"
	"contacts/store/sqlite"
)

// BookReplaced is what RestoreBook has changed.
type BookReplaced = book.Replaced

// RestoreBook gives the book of a user or, for a name without @, of a domain
// the contacts and groups that it has in a backup, in one change; see
// book.Service.Replace. The account itself, its password and tokens stay as
// they are. It fails with kind NotFound if the account does not exist, here or
// in the backup.
func (s *Server) RestoreBook(ctx context.Context, r io.Reader, owner string, keep bool) (done BookReplaced, err error) {
	to, err := s.Book(ctx, owner)
	if err != nil {
		return done, err
	}
	at := to.(*localBook).at
	err = openBackup(ctx, s.config, r, s.config.Data, func(st *sqlite.Store, _ Manifest) error {
		from, err := ownerIn(ctx, st, owner)
		if err != nil {
			return err
		}
		return st.View(ctx, from, func(old store.Tx) error {
			done, err = s.book.Replace(ctx, at, old, keep) // OPS-13
			return err
		})
	})
	return done, err
}

// ownerIn is the number that a name has in the store of a backup.
func ownerIn(ctx context.Context, st store.Store, name string) (owner store.Owner, err error) {
	accounts := auth.New(st, auth.Options{})
	if strings.Contains(name, "@") {
		var u Account
		u, err = accounts.User(ctx, name)
		owner = u.Owner
	} else {
		var d Domain
		d, err = accounts.Domain(ctx, name)
		owner = d.Owner
	}
	if contacts.KindOf(err) == contacts.NotFound {
		err = contacts.Errorf(contacts.NotFound, "", "%s is not in the backup", name)
	}
	return owner, err
}
