package auth

import (
	"context"

	"contacts"
	"contacts/store"
)

// An Access is what a request wants to do with a book.
type Access int

// The accesses.
const (
	Read Access = iota
	Write
)

// ownSegment is the owner segment that stands for whoever asks (RES-3).
const ownSegment = "default"

// A Target is an address book that a request may touch.
type Target struct {
	Owner    store.Owner
	Shared   bool   // the shared contacts of a domain, rather than a user's own
	Name     string // for links: the user's address or the domain, in lower case (RES-8)
	FullName string // for people to read, never empty
}

// Open finds the book that segment, the decoded owner segment of a path, means
// to id. It fails with kind Forbidden where id may not have that access,
// without telling whether such a book exists.
func (s *Service) Open(ctx context.Context, id *Identity, segment string, a Access) (*Target, error) {
	if a == Write && id.ReadOnly || !id.covers(a) {
		return nil, contacts.Errorf(contacts.Forbidden, contacts.CodeForbidden, "Token does not cover this resource") // RES-53, ERR-38
	}
	me := &id.Account
	switch owner := fold(segment); owner { // RES-7
	case ownSegment, me.Email: // RES-2, RES-3
		return &Target{Owner: me.Owner, Name: me.Email, FullName: me.DisplayName()}, nil // RES-50
	case me.Domain: // RES-4
		return s.openDomain(ctx, me, a)
	default:
		// Whether it exists is not even looked up.
		return nil, foreign() // RES-5, RES-9, RES-52
	}
}

// covers reports whether the scopes of the credentials allow an access to the
// URL that was asked.
func (id *Identity) covers(a Access) bool {
	switch {
	case id.Scopes == nil:
		return true
	case a == Write:
		return id.Scopes.coversWrite(id.path) // RES-53
	default:
		return id.Scopes.covers(id.path) // RES-53
	}
}

// openDomain opens the shared contacts of the domain of me.
func (s *Service) openDomain(ctx context.Context, me *Account, a Access) (*Target, error) {
	d, found, err := s.domain(ctx, me.DomainOwner)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, foreign()
	case !me.Admin && !(a == Read && d.UsersRead):
		return nil, foreign() // RES-6, RES-51, RES-57
	case d.SharedOff:
		return nil, contacts.Errorf(contacts.Forbidden, contacts.CodeForbidden, "Domain contacts API is not enabled") // RES-55
	}
	return &Target{Owner: me.DomainOwner, Shared: true, Name: d.Name, FullName: d.Name}, nil // RES-51
}

func foreign() error {
	return contacts.Errorf(contacts.Forbidden, contacts.CodeForbidden,
		"Cannot request contacts belonging to another user or domain") // ERR-37
}
