// Package book holds the rules of an address book: what a write may change,
// what it makes of what a client sent, and what a reader is shown. Every
// protocol calls its one Service; it knows no HTTP and no SQL.
package book

import (
	"context"
	"slices"
	"time"

	"contacts"
	"contacts/audit"
	"contacts/store"
)

// TombstoneLife is how long a deleted entry, or a membership that ended, is
// remembered (QRY-40, ELEM-92).
const TombstoneLife = 30 * 24 * time.Hour

// The default limits of live contacts in one book (WRT-10).
const (
	DefaultMaxContacts       = 25_000
	DefaultMaxSharedContacts = 200_000
)

// MaxGroups limits the live groups of one book (WRT-67).
const MaxGroups = 2_000

// maxRecorded is how many changes one record of the audit log has.
const maxRecorded = 1000

// Options are the settings of a Service.
type Options struct {
	Now func() time.Time // time.Now if nil

	MaxContacts       int // in a user's book; 0 for DefaultMaxContacts
	MaxSharedContacts int // in a domain's book; 0 for DefaultMaxSharedContacts

	// AcceptRedundantOtherRel reads an element with a label and the rel other
	// as labelled only, if its stored counterpart is (ELEM-31).
	AcceptRedundantOtherRel bool

	// AuditKeep is how long it is remembered who changed shared contacts; 0 for
	// not at all.
	AuditKeep time.Duration
}

// A Service applies the rules to the books of one store. Its methods may be
// called concurrently.
type Service struct {
	store  store.Store
	o      Options
	images *imageReader
	seen   seenPhotos
}

// New returns a Service on st.
func New(st store.Store, o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxContacts == 0 {
		o.MaxContacts = DefaultMaxContacts
	}
	if o.MaxSharedContacts == 0 {
		o.MaxSharedContacts = DefaultMaxSharedContacts
	}
	return &Service{store: st, o: o, images: newImageReader()}
}

// An At says whose book a call works on, what its client sees of an entry, and
// who is to be named in the audit log, which is about shared contacts alone.
type At struct {
	Owner store.Owner
	View  contacts.View
	By    audit.By
}

// A Draft is a contact as a client sent it.
type Draft struct {
	Contact *contacts.Contact // the Service may change it

	// Title is the name as versions 1 and 2 send it, beside or instead of
	// Contact.Name. Without HasTitle there was none.
	Title    string
	HasTitle bool
}

// now is the time of a call, in the store's precision.
func (s *Service) now() time.Time { return s.o.Now().UTC() }

// An Edit is a transaction on one book. Its methods are those of a Service that
// change the book or read an entry; each sees the changes of those before it.
type Edit struct {
	s    *Service
	at   At
	tx   store.Tx
	book store.Book   // as it will be
	rev  contacts.Rev // of the change under way
}

// Edit runs fn as one change of at's book. If fn fails, nothing has changed.
func (s *Service) Edit(ctx context.Context, at At, fn func(*Edit) error) error {
	return s.store.Update(ctx, at.Owner, func(tx store.Tx) error {
		b, err := tx.Book()
		if err != nil {
			return err
		}
		noted := &audit.Noting{Tx: tx}
		e := &Edit{s: s, at: at, tx: tx, book: b}
		if at.View.Shared && s.o.AuditKeep > 0 {
			e.tx = noted // OPS-80
		}
		if err := fn(e); err != nil || e.book == b {
			return err
		}
		for changes := range slices.Chunk(noted.Changes, maxRecorded) {
			if _, err := audit.Append(tx, audit.Record{Time: s.now(), By: at.By, Changes: changes}, s.o.AuditKeep); err != nil { // OPS-80
				return err
			}
		}
		return tx.PutBook(e.book)
	})
}

// step takes the next revision, for one change.
func (e *Edit) step() contacts.Rev {
	e.rev = e.book.Rev.Next(e.s.now())
	e.book.Rev = e.rev
	if e.book.Created == 0 {
		e.book.Created = e.rev
	}
	return e.rev
}

// errQuota refuses an entry that a book has no room for.
func errQuota() error {
	return contacts.Errorf(contacts.Forbidden, contacts.CodeQuota, "Insufficient storage quota") // ERR-42
}

// newID gives out the book's next ID: ascending, never reused, and above those
// of the system groups (RES-37).
func (e *Edit) newID() (contacts.ID, error) {
	if e.book.LastID >= store.MaxID {
		return 0, errQuota()
	}
	e.book.LastID = max(e.book.LastID, lastSystemID) + 1
	return e.book.LastID, nil
}

// Purge removes what owner's book remembers of entries deleted more than
// TombstoneLife ago, and returns how many they were.
func (s *Service) Purge(ctx context.Context, owner store.Owner) (n int, err error) {
	err = s.store.Update(ctx, owner, func(tx store.Tx) error {
		n, err = tx.DropTombstones(s.forgotten())
		return err
	})
	return n, err
}

// Drop removes owner's book with all that is in it.
func (s *Service) Drop(ctx context.Context, owner store.Owner) error {
	return s.store.Update(ctx, owner, func(tx store.Tx) error { return tx.DropBook() })
}

// forgotten is the revision below which tombstones and ended memberships are
// no longer shown, whether or not they were purged.
func (s *Service) forgotten() contacts.Rev { return contacts.RevAt(s.now().Add(-TombstoneLife)) }
