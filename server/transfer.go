package server

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"contacts"
	"contacts/book"
	"contacts/store"
	"contacts/transfer"
)

// Book is the address book of a user or, for a name without @, the shared
// contacts of a domain, as import and export need it. It fails with kind
// NotFound.
func (s *Server) Book(ctx context.Context, owner string) (transfer.Book, error) {
	if strings.Contains(owner, "@") {
		u, err := s.Auth.User(ctx, owner)
		if err != nil {
			return nil, err
		}
		return &localBook{s.book, book.At{Owner: u.Owner, View: contacts.Full}, u.Email, s.config.Now}, nil
	}
	d, err := s.Auth.Domain(ctx, owner)
	if err != nil {
		return nil, err
	}
	view := contacts.Full
	view.Shared = true // IMP-9
	return &localBook{s.book, book.At{Owner: d.Owner, View: view, By: localUser()}, d.Name, s.config.Now}, nil
}

// Journals is the directory of the journals of imports into a book that Book
// returned, for who is about to write there. It fails with kind Forbidden for
// root in the directory of another user.
func (s *Server) Journals(b transfer.Book) (string, error) {
	if err := foreign(s.config.Data); err != nil { // OPS-15
		return "", err
	}
	return filepath.Join(s.config.Data, "imports", ownerName(b.(*localBook).at.Owner)), nil
}

// ownerName names an owner in the file system. Owners are never used again, so
// that the journals of a removed account are not taken for those of a new one.
func ownerName(o store.Owner) string { return strconv.FormatInt(int64(o), 10) }

// dropJournals removes what imports into an owner's book left behind.
func (s *Server) dropJournals(o store.Owner) error {
	return os.RemoveAll(filepath.Join(s.config.Data, "imports", ownerName(o))) // IMP-22
}

// A localBook is a book of the server's own store.
type localBook struct {
	book *book.Service
	at   book.At
	name string
	now  func() time.Time
}

func (b *localBook) Name() string { return b.name }

func (b *localBook) Groups(ctx context.Context) ([]contacts.Group, error) {
	var all []contacts.Group
	_, err := b.book.Groups(ctx, b.at, contacts.Query{Max: -1}, func(g *contacts.Group) bool {
		all = append(all, *g.Clone())
		return true
	})
	return all, err
}

func (b *localBook) AddGroup(ctx context.Context, g *contacts.Group) (*contacts.Group, error) {
	return b.book.InsertGroup(ctx, b.at, g.Clone())
}

func (b *localBook) DeleteGroup(ctx context.Context, id contacts.ID) error {
	_, err := b.book.DeleteGroup(ctx, b.at, id, book.Match{})
	return err
}

func itemOf(c *contacts.Contact) *transfer.Item {
	return &transfer.Item{ID: c.ID.String(), ETag: c.ETag(), Deleted: c.Deleted, Contact: c, Photo: c.Photo.Version}
}

// Contacts yields the contacts from one snapshot, in the order of their IDs.
func (b *localBook) Contacts(ctx context.Context) iter.Seq2[*transfer.Item, error] {
	return b.read(ctx, contacts.Query{Max: -1}, nil)
}

// read yields the contacts that q selects. page, if not nil, is where it says
// of which page they were.
func (b *localBook) read(ctx context.Context, q contacts.Query, page *contacts.Page) iter.Seq2[*transfer.Item, error] {
	return func(yield func(*transfer.Item, error) bool) {
		enough := false
		p, err := b.book.Contacts(ctx, b.at, q, func(c *contacts.Contact) bool {
			enough = !yield(itemOf(c), nil)
			return !enough
		})
		if page != nil {
			*page = p
		}
		if err != nil && !enough {
			yield(nil, err)
		}
	}
}

func (b *localBook) Get(ctx context.Context, ids []string) ([]*transfer.Item, error) {
	items := make([]*transfer.Item, len(ids))
	for i, id := range ids {
		n, ok := contacts.ParseID(id)
		if !ok {
			continue
		}
		c, err := b.book.Contact(ctx, b.at, n)
		if errors.Is(err, contacts.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		items[i] = itemOf(c)
	}
	return items, nil
}

// A localChanges is the answer to one question for changes.
type localChanges struct {
	b    *localBook
	ctx  context.Context
	q    contacts.Query
	mark string
}

// Changes takes the revision of the book as the mark.
func (b *localBook) Changes(ctx context.Context, mark string) (transfer.Changes, error) {
	q := contacts.Query{Max: -1}
	if mark != "" {
		n, err := strconv.ParseInt(mark, 10, 64)
		if err != nil {
			return nil, contacts.Errorf(contacts.Invalid, "", "%q is no mark of this book", mark)
		}
		q.UpdatedMin, q.ShowDeleted = contacts.Rev(n).Time(), true
		if q.UpdatedMin.Before(b.now().Add(-book.TombstoneLife)) {
			return nil, contacts.Errorf(contacts.Gone, "", "deletions of so long ago are forgotten")
		}
	}
	return &localChanges{b: b, ctx: ctx, q: q, mark: mark}, nil
}

func (c *localChanges) Items() iter.Seq2[*transfer.Item, error] {
	return func(yield func(*transfer.Item, error) bool) {
		var page contacts.Page
		for it, err := range c.b.read(c.ctx, c.q, &page) {
			if !yield(it, err) || err != nil {
				return
			}
		}
		c.mark = page.Rev.String()
	}
}

func (c *localChanges) Mark() string { return c.mark }

// Apply makes the changes in one commit.
func (b *localBook) Apply(ctx context.Context, ops []transfer.Op) ([]transfer.Result, error) {
	results := make([]transfer.Result, len(ops))
	photos := make([]*book.Photo, len(ops))
	for i, op := range ops {
		if op.Photo == nil {
			continue
		}
		p, err := b.book.NewPhoto(ctx, op.Photo.Data) // takes a while, so not within the commit
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		photos[i], results[i].PhotoErr = p, err
	}
	errs, err := b.book.Batch(ctx, b.at, len(ops), func(e *book.Edit, i int) error {
		c, err := b.change(e, &ops[i], photos[i])
		if c != nil {
			results[i].Item = itemOf(c)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range results {
		results[i].Err = errs[i]
	}
	return results, nil
}

// change makes one change, and returns the contact as it is then.
func (b *localBook) change(e *book.Edit, op *transfer.Op, p *book.Photo) (c *contacts.Contact, err error) {
	var id contacts.ID
	var m book.Match
	if op.Kind != transfer.Insert {
		var ok bool
		if id, ok = contacts.ParseID(op.Item.ID); !ok {
			return nil, contacts.Errorf(contacts.NotFound, contacts.CodeNotFound, "Contact not found")
		}
		m.ETags = []string{op.Item.ETag}
	}
	switch op.Kind {
	case transfer.Delete:
		return e.DeleteContact(id, m)
	case transfer.Insert:
		c, err = e.InsertContact(book.Draft{Contact: op.Contact})
	case transfer.Update:
		c, err = e.UpdateContact(id, book.Draft{Contact: op.Contact}, m)
	default:
		return nil, fmt.Errorf("no change of kind %d", op.Kind)
	}
	if err != nil {
		return c, err
	}
	switch {
	case p != nil:
		return e.PutPhoto(c.ID, p, book.PhotoMatch{})
	case op.RemovePhoto && c.Photo.Version != "":
		return e.DeletePhoto(c.ID, book.PhotoMatch{})
	}
	return c, nil
}

func (b *localBook) Photo(ctx context.Context, it *transfer.Item) (*transfer.Photo, error) {
	id, ok := contacts.ParseID(it.ID)
	if !ok {
		return nil, contacts.Errorf(contacts.NotFound, contacts.CodeNotFound, "Contact not found")
	}
	p, err := b.book.Photo(ctx, b.at, id, func(contacts.Photo) bool { return true })
	if err != nil {
		return nil, err
	}
	return &transfer.Photo{Type: p.Type, Data: p.Data}, nil
}
