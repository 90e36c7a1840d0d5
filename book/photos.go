package book

import (
	"context"
	"slices"
	"strings"

	"contacts"
	"contacts/store"
)

// A Photo is a photo with its bytes, which are those that were put (PHOTO-16).
type Photo struct {
	contacts.Photo
	Type string // media type, found from the bytes
	Data []byte
}

// A PhotoMatch is what a write expects of the state of a photo. The zero
// PhotoMatch expects nothing (PHOTO-12).
type PhotoMatch struct {
	// Version is the photo version that ended the URL, or empty.
	Version string

	// ETags are entity tags of which one must be the photo's, either of its
	// two; nil for no such condition.
	ETags []string
}

// check fails with kind Stale if the photo is in another state: with code
// CodeConflict for the version and CodeETags for the tags. That there is no
// photo is a state that the first to put one may name.
func (m PhotoMatch) check(p contacts.Photo, put bool) error {
	none := contacts.PhotoVersion(nil)
	now := p.Version
	if now == "" {
		now = none
	}
	if m.Version != "" && m.Version != now && !(put && m.Version == none) { // PHOTO-7
		return Mismatch(contacts.CodeConflict, m.Version, now)
	}
	if m.ETags != nil && (p.Version == "" || !m.lists(p)) {
		return Mismatch(contacts.CodeETags, strings.Join(m.ETags, ", "), now) // PHOTO-10
	}
	return nil
}

// lists reports whether one of the tags is the photo's.
func (m PhotoMatch) lists(p contacts.Photo) bool {
	return slices.Contains(m.ETags, p.ETag()) || slices.Contains(m.ETags, p.MediaETag()) // VER-74
}

func errNoPhoto() error {
	return contacts.Errorf(contacts.NotFound, contacts.CodeNotFound, "Photo not found") // RES-45
}

// Photo returns the photo of a contact, or kind NotFound. Its bytes are not
// read, and not returned, unless wanted says for the photo that they shall be.
// Until the store changes, nothing at all is read for a photo whose bytes were
// not wanted before.
func (s *Service) Photo(ctx context.Context, at At, id contacts.ID, wanted func(contacts.Photo) bool) (p *Photo, err error) {
	key := photoKey{at.Owner, id}
	state, known := s.store.State()
	if known {
		if seen, ok := s.seen.current(key, state); ok && !wanted(seen) {
			return &Photo{Photo: seen}, nil
		}
	}
	err = s.store.View(ctx, at.Owner, func(tx store.Tx) error {
		c, err := contactOf(tx, id)
		if err != nil {
			return err
		}
		if c.Photo.Version == "" {
			return errNoPhoto()
		}
		p = &Photo{Photo: c.Photo}
		if !wanted(c.Photo) {
			if known {
				s.seen.confirm(key, c.Photo, state)
			}
			return nil
		}
		stored, err := tx.Photo(c.Photo.Version)
		if err == nil {
			p.Type, p.Data = stored.Type, stored.Data
		}
		return err
	})
	return p, err
}

// PutPhoto gives a contact a photo, instead of any it had, and returns the
// contact as stored. It fails with kind NotFound, with Stale if the photo is
// not in the state that m expects, with Invalid for bytes that are no image of
// a type that photos may have, and with TooLarge.
func (s *Service) PutPhoto(ctx context.Context, at At, id contacts.ID, data []byte, m PhotoMatch) (c *contacts.Contact, err error) {
	err = s.store.View(ctx, at.Owner, func(tx store.Tx) error {
		c, err := contactOf(tx, id) // PHOTO-18
		if err != nil {
			return err
		}
		return m.check(c.Photo, true)
	})
	if err != nil {
		return nil, err // before the work of looking at an image
	}
	p, err := s.NewPhoto(ctx, data)
	if err != nil {
		return nil, err
	}
	err = s.Edit(ctx, at, func(e *Edit) error {
		c, err = e.PutPhoto(id, p, m)
		return err
	})
	return c, err
}

// NewPhoto makes a photo of the bytes of an image. Its errors are those of
// PutPhoto. It takes a while and should be done before an Edit.
func (s *Service) NewPhoto(ctx context.Context, data []byte) (*Photo, error) {
	media, err := s.images.mediaType(ctx, data)
	if err != nil {
		return nil, err
	}
	return &Photo{Photo: contacts.Photo{Version: contacts.PhotoVersion(data)}, Type: media, Data: data}, nil
}

// DeletePhoto takes the photo from a contact, and returns the contact as
// stored. It fails with kind NotFound, also for a contact without photo, and
// with Stale if the photo is not in the state that m expects.
func (s *Service) DeletePhoto(ctx context.Context, at At, id contacts.ID, m PhotoMatch) (c *contacts.Contact, err error) {
	err = s.Edit(ctx, at, func(e *Edit) error {
		c, err = e.DeletePhoto(id, m)
		return err
	})
	return c, err
}

// PutPhoto is Service.PutPhoto with a photo that NewPhoto made.
func (e *Edit) PutPhoto(id contacts.ID, p *Photo, m PhotoMatch) (*contacts.Contact, error) {
	old, err := e.Contact(id)
	if err != nil {
		return nil, err
	}
	if err := m.check(old.Photo, true); err != nil {
		return nil, err
	}
	if err := e.tx.PutPhoto(p.Version, &store.Photo{Type: p.Type, Data: p.Data}); err != nil { // PHOTO-1
		return nil, err
	}
	return e.setPhoto(old, p.Photo)
}

// DeletePhoto is Service.DeletePhoto.
func (e *Edit) DeletePhoto(id contacts.ID, m PhotoMatch) (*contacts.Contact, error) {
	old, err := e.Contact(id)
	if err != nil {
		return nil, err
	}
	if old.Photo.Version == "" {
		return nil, errNoPhoto()
	}
	if err := m.check(old.Photo, false); err != nil {
		return nil, err
	}
	return e.setPhoto(old, contacts.Photo{})
}

// setPhoto changes which photo a contact has. That is a change of the contact.
func (e *Edit) setPhoto(old *contacts.Contact, p contacts.Photo) (*contacts.Contact, error) {
	c := *old
	c.Photo = p
	c.Rev = e.step() // VER-62, PHOTO-19
	return &c, e.tx.UpdateContact(old, &c)
}
