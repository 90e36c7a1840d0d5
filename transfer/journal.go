package transfer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"contacts"
)

// A journal is the memory of one import: a file of JSON lines. What is about to
// be done is on the disk before it is done, so that after a crash between the
// two the contacts themselves tell what has happened. It also has what Undo
// needs.
//
// It is personal data and readable by its owner alone.
type journal struct {
	path string
	file *os.File
	head journalHead

	// What was read from it.
	next    int               // entries that are done
	counts  counts            // of these
	steps   []step            // changes that were made, in their order
	doubt   []step            // changes of which it is not known whether they were made
	claimed map[string]bool   // contacts that entries mean
	groups  map[string]string // groups that were made: ID by name; empty if it is not known
	ended   bool
}

type journalHead struct {
	Journal int       `json:"journal"` // version of the form
	Book    string    `json:"book"`
	File    string    `json:"file"` // SHA-256
	Rule    Rule      `json:"rule"`
	Started time.Time `json:"started"`
}

const journalVersion = 1

// counts are how many entries had which verdict.
type counts struct {
	Created   int `json:"created,omitempty"`
	Changed   int `json:"changed,omitempty"`
	Same      int `json:"same,omitempty"`
	Skipped   int `json:"skipped,omitempty"`
	Refused   int `json:"refused,omitempty"`
	NoPhoto   int `json:"no_photo,omitempty"`   // photos that were refused
	SameGroup int `json:"same_group,omitempty"` // groups that were there
}

// A step is one change of the book.
type step struct {
	Entry int      `json:"entry"` // its place in the file
	ID    string   `json:"id,omitempty"`
	New   bool     `json:"new,omitempty"`
	After print    `json:"after"`         // what the contact is then
	Had   []string `json:"had,omitempty"` // New: contacts that were equal before

	// Of a contact that was there: what it was. Groups are IDs of the book.
	Before *jsonBefore `json:"before,omitempty"`

	Photo     bool   `json:"photo,omitempty"`      // a photo was to be put
	PhotoTag  string `json:"photo_tag,omitempty"`  // its state, when it is known
	PhotoLeft bool   `json:"photo_left,omitempty"` // there was none before
}

// A jsonBefore is a contact of the book, with its groups.
type jsonBefore struct {
	raw json.RawMessage
}

func beforeOf(c *contacts.Contact) *jsonBefore {
	j := jsonContact{Contact: *c}
	for _, m := range c.Memberships {
		if m.Removed == 0 {
			j.Groups = append(j.Groups, m.Group.String())
		}
	}
	return &jsonBefore{appendJSON(nil, &j)}
}

func (b *jsonBefore) MarshalJSON() ([]byte, error)    { return b.raw, nil }
func (b *jsonBefore) UnmarshalJSON(text []byte) error { b.raw = bytes.Clone(text); return nil }
func (b *jsonBefore) contact() (*contacts.Contact, error) {
	var j jsonContact
	if err := json.Unmarshal(b.raw, &j); err != nil {
		return nil, err
	}
	c := fromBook(&j.Contact)
	for _, g := range j.Groups {
		id, ok := contacts.ParseID(g)
		if !ok {
			return nil, fmt.Errorf("no group %q", g)
		}
		c.Memberships = append(c.Memberships, contacts.Membership{Group: id})
	}
	return c, nil
}

// A journalLine is one line after the first: exactly one of its fields is set.
type journalLine struct {
	Group *journalGroup `json:"group,omitempty"`
	Begin []step        `json:"begin,omitempty"` // about to be done
	Done  *journalDone  `json:"done,omitempty"`
	End   bool          `json:"end,omitempty"`
}

// A journalGroup is a group that is about to be made or, with an ID, was made.
type journalGroup struct {
	Name string `json:"name"`
	ID   string `json:"id,omitempty"`
}

type journalDone struct {
	Next    int      `json:"next"`
	Counts  counts   `json:"counts"`
	Steps   []step   `json:"steps,omitempty"` // those that were made, without what Begin says of them
	Claimed []string `json:"claimed,omitempty"`
}

// lockDir makes sure that one import at a time uses a directory of journals,
// which is made if it is missing.
func lockDir(dir string) (unlock func(), err error) {
	if err = os.MkdirAll(dir, 0o700); err == nil {
		unlock, err = lockFile(filepath.Join(dir, "lock"))
	}
	if err != nil && contacts.KindOf(err) == "" {
		err = fmt.Errorf("keep a journal: %w", err)
	}
	return unlock, err
}

// createJournal begins a journal in dir, which is made if it is missing.
func createJournal(dir string, head journalHead) (*journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("keep a journal: %w", err)
	}
	base := head.Started.UTC().Format("20060102T150405.000000000") + "-" + head.File[:8]
	j := &journal{head: head, path: filepath.Join(dir, base+journalSuffix), claimed: map[string]bool{}, groups: map[string]string{}}
	f, err := os.OpenFile(j.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // IMP-22
	if err != nil {
		return nil, fmt.Errorf("keep a journal: %w", err)
	}
	j.file = f
	if err := j.write(head, true); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return j, nil
}

const journalSuffix = ".import"

// write appends a line, and with sync waits until the disk has it.
func (j *journal) write(v any, sync bool) error {
	line, err := json.Marshal(v)
	if err == nil {
		_, err = j.file.Write(append(line, '\n'))
	}
	if err == nil && sync {
		err = j.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("keep the journal: %w", err)
	}
	return nil
}

func (j *journal) close() error {
	if j == nil || j.file == nil {
		return nil
	}
	return j.file.Close()
}

// readJournal reads a journal. A last line that is not whole was never acted
// upon.
func readJournal(path string) (*journal, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	j := &journal{path: path, claimed: map[string]bool{}, groups: map[string]string{}}
	in := bufio.NewReader(f)
	for n := 0; ; n++ {
		text, err := in.ReadBytes('\n')
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if n == 0 {
			if err := json.Unmarshal(text, &j.head); err != nil || j.head.Journal != journalVersion {
				return nil, fmt.Errorf("%s is no journal of an import that this program knows", filepath.Base(path))
			}
			continue
		}
		var l journalLine
		if err := json.Unmarshal(text, &l); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", filepath.Base(path), n+1, err)
		}
		j.apply(&l)
	}
	if j.head.Journal == 0 {
		return nil, fs.ErrNotExist // killed while it was made
	}
	return j, nil
}

func (j *journal) apply(l *journalLine) {
	switch {
	case l.Group != nil:
		j.groups[l.Group.Name] = l.Group.ID
	case l.Begin != nil:
		j.doubt = l.Begin
	case l.Done != nil:
		for _, s := range l.Done.Steps {
			for _, b := range j.doubt {
				if b.Entry == s.Entry && b.New == s.New {
					tag := s.PhotoTag
					b.ID, b.PhotoTag = s.ID, tag
					j.steps = append(j.steps, b)
				}
			}
		}
		j.doubt, j.next, j.counts = nil, l.Done.Next, l.Done.Counts
		for _, id := range l.Done.Claimed {
			j.claimed[id] = true
		}
	case l.End:
		j.ended = true
	}
}

// reopen makes a journal that was read ready for further lines, and cuts off a
// line that is not whole.
func (j *journal) reopen() error {
	text, err := os.ReadFile(j.path)
	if err != nil {
		return err
	}
	whole := int64(bytes.LastIndexByte(text, '\n') + 1)
	f, err := os.OpenFile(j.path, os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err = f.Truncate(whole); err == nil {
		_, err = f.Seek(whole, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return err
	}
	j.file = f
	return nil
}

// mine are the contacts that the import has made.
func (j *journal) mine() map[string]bool {
	ids := map[string]bool{}
	for _, s := range j.steps {
		if s.New {
			ids[s.ID] = true
		}
	}
	return ids
}

// journals are the journals of a book in dir, the newest first.
func journals(dir, book string) ([]*journal, error) {
	names, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []*journal
	for _, n := range slices.Backward(names) {
		if !strings.HasSuffix(n.Name(), journalSuffix) {
			continue
		}
		j, err := readJournal(filepath.Join(dir, n.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if j.head.Book == book {
			all = append(all, j)
		}
	}
	return all, nil
}

// keepJournals is how many finished imports of one book can be undone.
const keepJournals = 10

// prune removes the oldest journals of a book.
func prune(dir, book string) error {
	all, err := journals(dir, book)
	if err != nil {
		return err
	}
	for _, j := range all[min(len(all), keepJournals):] {
		if err := os.Remove(j.path); err != nil {
			return err
		}
	}
	return nil
}

// print is the print of the contact, or zero if it cannot be read.
func (b *jsonBefore) print() print {
	c, err := b.contact()
	if err != nil {
		return print{}
	}
	return printOf(c)
}

// findJournal is the journal of an interrupted import of the same file into
// the same book, ready for further lines, or nil.
func findJournal(dir string, head journalHead) (*journal, error) {
	all, err := journals(dir, head.Book)
	if err != nil {
		return nil, err
	}
	for _, j := range all {
		if !j.ended && j.head.File == head.File && j.head.Rule == head.Rule {
			return j, nil
		}
	}
	return nil, nil
}
