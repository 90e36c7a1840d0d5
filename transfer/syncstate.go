package transfer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"contacts"
)

// The files that Sync keeps in the folder, besides the cards.
const (
	stateName = ".contacts-sync.json"
	lockName  = ".contacts-sync.lock"
)

const stateVersion = 1

// A syncState is what book and folder agreed on last.
type syncState struct {
	Sync    int          `json:"sync"` // version of the form
	Book    string       `json:"book"`
	Mark    string       `json:"mark"`  // of the book's changes
	Saved   int64        `json:"saved"` // nanoseconds since 1970
	Entries []*syncEntry `json:"entries"`

	byID   map[string]*syncEntry
	byFile map[string]*syncEntry
	dirty  bool
}

// A syncEntry ties a contact to a file.
type syncEntry struct {
	ID    string `json:"id"`
	Print print  `json:"print"` // of the contact
	Photo string `json:"photo,omitempty"`

	File string `json:"file"`
	fileStamp
	Hash string `json:"hash"` // of the file's bytes
	Form string `json:"form"` // of what the file says

	settled bool // this run is done with it
	gone    bool
}

// readState reads the state of a folder; a new one if there is none.
func readState(dir, book string) (*syncState, error) {
	s := &syncState{Sync: stateVersion, Book: book, byID: map[string]*syncEntry{}, byFile: map[string]*syncEntry{}}
	text, err := os.ReadFile(filepath.Join(dir, stateName))
	if errors.Is(err, fs.ErrNotExist) {
		s.dirty = true
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, s); err != nil || s.Sync != stateVersion {
		return nil, contacts.Errorf(contacts.Invalid, "", "%s cannot be read; remove it to begin anew, which deletes nothing", stateName)
	}
	if s.Book != book { // SYNC-10
		return nil, contacts.Errorf(contacts.Invalid, "", "the folder is kept equal to %s, not to %s", cut(s.Book), cut(book))
	}
	for _, e := range s.Entries {
		if e.File != filepath.Base(e.File) || strings.HasPrefix(e.File, ".") {
			return nil, contacts.Errorf(contacts.Invalid, "", "%s names a file outside the folder; remove it to begin anew, which deletes nothing", stateName)
		}
		s.byID[e.ID], s.byFile[e.File] = e, e
	}
	return s, nil
}

func (s *syncState) put(e *syncEntry) {
	e.settled, s.dirty = true, true
	if s.byID[e.ID] == nil {
		s.Entries = append(s.Entries, e)
	}
	s.byID[e.ID], s.byFile[e.File] = e, e
}

func (s *syncState) drop(e *syncEntry) {
	s.dirty = true
	delete(s.byID, e.ID)
	delete(s.byFile, e.File)
	e.gone = true
}

// save writes the state, if it has changed.
func (s *syncState) save(dir string, now int64) error {
	if !s.dirty {
		return nil
	}
	s.Saved = now
	s.Entries = slices.DeleteFunc(s.Entries, func(e *syncEntry) bool { return e.gone })
	text, err := json.Marshal(s)
	if err == nil {
		_, err = writeFile(dir, stateName, append(text, '\n'), true)
	}
	if err != nil {
		return fmt.Errorf("keep %s: %w", stateName, err)
	}
	s.dirty = false
	return nil
}
