// Package transfer moves contacts between address books and files: import with
// a verdict on every entry, export of everything, and a folder of vCards kept
// equal to a book.
//
// It works on a Book, of which there are two kinds: contactsd has one on its
// own store, and the command line of a user one on the client library. Formats
// are read and written by packages vcard and csv, and JSON by this one.
package transfer

import (
	"context"
	"iter"

	"contacts"
)

// MaxOps is the most operations of one call of Book.Apply.
const MaxOps = 100

// A Book is an address book as this package needs it. Its errors have the kinds
// of package contacts.
type Book interface {
	// Name names the book for people and in journals, such as
	// "elizabeth@example.com". Two books that are not the same must not share
	// a name.
	Name() string

	// Groups are all live groups, the system groups among them.
	Groups(ctx context.Context) ([]contacts.Group, error)

	// AddGroup adds a group with a name, properties and extra XML.
	AddGroup(ctx context.Context, g *contacts.Group) (*contacts.Group, error)

	// DeleteGroup deletes a group. Its members stay, and leave it.
	DeleteGroup(ctx context.Context, id contacts.ID) error

	// Contacts yields every live contact, always in the same order, without
	// keeping more than a page of them in memory. An item holds until the next
	// step.
	Contacts(ctx context.Context) iter.Seq2[*Item, error]

	// Get returns the contacts with these IDs, at most MaxOps, in their order;
	// nil for one that does not exist. They belong to the caller.
	Get(ctx context.Context, ids []string) ([]*Item, error)

	// Changes asks what has changed since the mark, an empty one for the
	// beginning of time. It fails with kind Gone if the book no longer knows
	// all deletions since then.
	Changes(ctx context.Context, mark string) (Changes, error)

	// Apply makes changes, at most MaxOps, in order, and returns a result for
	// each. Where the book can, they are one commit. An error of its own means
	// that some may have been made, and some not.
	Apply(ctx context.Context, ops []Op) ([]Result, error)

	// Photo returns the photo of an item. It fails with kind NotFound.
	Photo(ctx context.Context, it *Item) (*Photo, error)
}

// An Item is a contact in a book.
type Item struct {
	ID      string // within the book
	ETag    string // of this state
	Deleted bool   // a tombstone: nothing but the ID

	// Contact has the fields; of its memberships those that last are meant.
	// ID, Rev, Created and Photo of it have no meaning here.
	Contact *contacts.Contact

	// Photo names the state of the photo. Empty without one.
	Photo string

	// Ref is for the Book alone.
	Ref any
}

// A Photo is the bytes of an image, and their media type if it is known.
type Photo struct {
	Type string
	Data []byte
}

// An OpKind is what an Op does.
type OpKind int

// The kinds of operations.
const (
	Insert OpKind = iota
	Update
	Delete
)

// An Op is one change of a contact.
type Op struct {
	Kind OpKind

	// Item is the contact as it was read, for Update and Delete, which fail
	// with kind Stale if it is in another state by now.
	Item *Item

	// Contact is what it shall be, for Insert and Update. The Book may change it.
	Contact *contacts.Contact

	Photo       *Photo // to put; nil leaves the photo
	RemovePhoto bool
}

// A Result tells what became of an Op.
type Result struct {
	// Item is the contact as it is now: after Insert and Update its ID, ETag
	// and Photo, and after one that failed as Stale the whole of it.
	Item *Item

	Err      error // nothing was changed
	PhotoErr error // all was done but the photo
}

// Changes are what changed in a book since a mark.
type Changes interface {
	// Items yields changed contacts and tombstones, some perhaps again that
	// were known before the mark.
	Items() iter.Seq2[*Item, error]

	// Mark is where to go on next time. It is known when Items has ended
	// without error.
	Mark() string
}
