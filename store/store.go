// Package store is the contract between the rules of the address book and the
// database that keeps it: package book and package auth call it, store/sqlite
// fulfils it, and store/storetest holds every implementation to it.
//
// A store keeps what it is given. It knows no rule about contacts; what it
// derives (the search index, the membership index) it derives from the entry
// alone, within the same transaction.
package store

import (
	"context"
	"iter"
	"time"

	"contacts"
)

// An Owner numbers the account, a user or a domain, whose rows a transaction
// works on. All rows of one owner live together: every table begins its key
// with the owner, and no query names two. Numbers are positive and fit in 23
// bits, so that an entry's owner and ID fit in one integer.
type Owner int64

// Directory is the owner of what belongs to no account: the names by which
// accounts are found, and limits that hold for addresses on the network.
const Directory Owner = 0

// MaxOwner is the largest Owner.
const MaxOwner Owner = 1<<23 - 1

// MaxID is the largest ID of an entry.
const MaxID contacts.ID = 1<<40 - 1

// A Store keeps the books and records of all owners.
type Store interface {
	// View runs fn on a snapshot of owner's rows, which is taken between the
	// call and its first read: it sees all that was committed before the call,
	// and nothing that commits after the first read.
	// Views do not wait for updates. The Tx and all that it hands out
	// die with fn.
	View(ctx context.Context, owner Owner, fn func(Tx) error) error

	// Update runs fn alone on owner's rows and commits if fn returns nil. When
	// Update returns nil, the change has reached the disk and every later View
	// sees it. When fn fails or panics, or ctx is done before fn began, or the
	// commit fails, nothing has changed, and the error is fn's, ctx's or the
	// store's. A panic of fn is passed on to the caller. A change that failed
	// fails the whole update, whatever fn makes of its error. A store without
	// room fails with kind Unavailable, and so does one that is closed.
	//
	// Updates of one owner take effect one after the other: what one View sees
	// is there for all later ones, and no change appears behind it (FEED-4).
	//
	// fn may share its commit with other updates, so it must not wait for
	// anything, and should leave work that needs no Tx to before and after.
	Update(ctx context.Context, owner Owner, fn func(Tx) error) error

	// State names the state of the whole store: as long as it stays the same,
	// nothing has been committed. It is asked before what it shall vouch for is
	// read. ok is false when the store cannot tell at once.
	State() (s State, ok bool)

	// Ready fails when the store cannot serve.
	Ready(ctx context.Context) error

	// Close waits for the transactions under way and closes the store.
	Close() error
}

// A State is an opaque name.
type State [12]uint32

// A Tx is one transaction on the rows of one owner. It is used by one
// goroutine. Methods that change something fail in a View.
type Tx interface {
	Records
	Books

	// Try runs fn as a part of an update. If fn fails, Try undoes what it
	// changed and returns its error, and the update goes on. Parts do not nest.
	Try(fn func() error) error
}

// Books are the methods of a Tx for the address book of its owner.
//
// Entries that an iterator yields belong to the store: they hold until the
// next step of the iterator, and what is to be kept longer must be copied with
// Clone. Entries that a method returns belong to the caller. While an iterator
// runs, other methods may be called; whether it shows a change that is made
// meanwhile is open.
type Books interface {
	// Book returns the state of the book, or the zero Book before the first PutBook.
	Book() (Book, error)
	PutBook(Book) error

	// Contact returns a live contact. It fails with kind NotFound.
	Contact(contacts.ID) (*contacts.Contact, error)

	// Contacts yields the contacts that q selects, from q.Start on, at most
	// q.Max of them, in the order that q asks for. Tombstones are among them
	// if q.ShowDeleted, except those with a revision below q.DeletedMin. A
	// tombstone matches no Text. It matches a Group if one of its memberships
	// of it lasted until the deletion: Removed is 0 or the tombstone's Rev.
	Contacts(q contacts.Query) iter.Seq2[*contacts.Contact, error]

	// CountContacts counts what Contacts would yield without Start and Max,
	// without reading any contact.
	CountContacts(q contacts.Query) (int, error)

	// ContactsByEmail yields the live contacts that have the address, compared
	// by contacts.FoldEmail.
	ContactsByEmail(address string) iter.Seq2[*contacts.Contact, error]

	// InsertContact adds c under an ID that was never used in this book.
	InsertContact(c *contacts.Contact) error

	// UpdateContact replaces the contact old, as it was read in this
	// transaction, by c, which has the same ID and the same Rev or a greater one.
	UpdateContact(old, c *contacts.Contact) error

	// DeleteContact replaces the live contact old by the tombstone, of which
	// ID, Rev, Created and Memberships are kept and nothing else; old.Photo
	// and all other data are erased (QRY-47).
	DeleteContact(old, tombstone *contacts.Contact) error

	// The same for groups. Query.Text and Query.Group are not looked at.
	Group(contacts.ID) (*contacts.Group, error)
	Groups(q contacts.Query) iter.Seq2[*contacts.Group, error]
	CountGroups(q contacts.Query) (int, error)
	InsertGroup(g *contacts.Group) error
	UpdateGroup(old, g *contacts.Group) error

	// DeleteGroup replaces the live group old by the tombstone. What its
	// members say of it is the caller's to change.
	DeleteGroup(old, tombstone *contacts.Group) error

	// Photo returns the photo of the version, which Contact.Photo names. It
	// fails with kind NotFound.
	Photo(version string) (*Photo, error)

	// PutPhoto keeps a photo for the contacts that this update makes name its
	// version; a contact must not name one that was never put. Photos are kept
	// once, however many contacts of the book have them: putting one again does
	// nothing, and other bytes under its version fail with kind Invalid. At the
	// end of an update, a photo that no contact names any more is erased
	// (QRY-47).
	PutPhoto(version string, p *Photo) error

	// ChangedContacts and ChangedGroups report whether any entry, or
	// tombstone, of the kind has a revision of at least min.
	ChangedContacts(min contacts.Rev) (bool, error)
	ChangedGroups(min contacts.Rev) (bool, error)

	// DropTombstones removes the tombstones of both kinds with a revision
	// below before, and returns how many they were.
	DropTombstones(before contacts.Rev) (int, error)

	// DropBook removes the book with all that is in it.
	DropBook() error
}

// A Photo is the bytes of a photo, and their media type.
type Photo struct {
	Type string
	Data []byte
}

// A Book is the state of one address book. The rules keep it true.
type Book struct {
	Rev      contacts.Rev // of the last change, or of the book's creation
	Created  contacts.Rev
	LastID   contacts.ID // given out to an entry of either kind
	Contacts int         // live
	Groups   int         // live, without the system groups
}

// Records are the methods of a Tx for everything else: small named values of a
// type, such as accounts and tokens. The caller chooses the encoding.
type Records interface {
	// Record returns the value, or kind NotFound. A value that has expired at
	// the time of the call does not exist.
	Record(t RecordType, key string) ([]byte, error)

	// PutRecord sets a value, which lasts until expires, or for ever if that
	// is zero. Of expires, microseconds are kept.
	PutRecord(t RecordType, key string, value []byte, expires time.Time) error

	// DeleteRecord removes a value, if it exists.
	DeleteRecord(t RecordType, key string) error

	// Records yields the values whose key begins with prefix, by ascending key.
	Records(t RecordType, prefix string) iter.Seq2[Record, error]

	// DropExpired removes the values that expired before the time, and returns
	// how many they were.
	DropExpired(before time.Time) (int, error)
}

// A RecordType keeps records of different meaning apart. The numbers are
// stored: never change or reuse one.
type RecordType int

// A Record is one named value.
type Record struct {
	Key     string
	Value   []byte
	Expires time.Time // zero if it lasts for ever
}
