package sqlite

import (
	"errors"

	"contacts/store"
)

// Settle waits until the index of a book is tidy.
func (s *Store) Settle(owner store.Owner) error {
	for {
		if err := s.index.tidy(owner, false); !errors.Is(err, errOvertaken) {
			return err
		}
	}
}
