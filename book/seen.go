package book

import (
	"sync"

	"contacts"
	"contacts/store"
)

// maxSeen bounds the memory of seenPhotos; when there are so many, all are
// forgotten.
const maxSeen = 10_000

// A photoKey names the contact whose photo it is.
type photoKey struct {
	owner store.Owner
	id    contacts.ID
}

// seenPhotos knows which photos contacts have in one state of the store. A page
// of contacts asks for all their photos whenever it is shown, and mostly none
// has changed.
type seenPhotos struct {
	mu     sync.Mutex
	state  store.State
	photos map[photoKey]contacts.Photo
}

// current returns the photo of a contact, if it is known in that state.
func (s *seenPhotos) current(key photoKey, state store.State) (p contacts.Photo, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == state {
		p, ok = s.photos[key]
	}
	return p, ok
}

// confirm notes the photo that a contact has, as read after the store was in
// that state.
func (s *seenPhotos) confirm(key photoKey, p contacts.Photo, state store.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.photos == nil || s.state != state || len(s.photos) >= maxSeen {
		s.photos = map[photoKey]contacts.Photo{}
	}
	s.state = state
	s.photos[key] = p
}
