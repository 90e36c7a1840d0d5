package transfer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"contacts"
	"contacts/vcard"
)

// SyncOptions are the choices of a Sync.
type SyncOptions struct {
	Version string // of vCards that are written: vcard.V3 if empty, or vcard.V4
	Force   bool   // delete also what would empty one side
	DryRun  bool   // say what would be, and change nothing

	Event    func(Event) // may be nil
	Progress func(Progress)
	Now      func() time.Time // time.Now if nil
}

// A SyncAction is what Sync did to bring both sides together.
type SyncAction string

// The actions. Conflict and Problem are what a person should look at.
const (
	WroteFile   SyncAction = "wrote file"
	DeletedFile SyncAction = "deleted file"
	Added       SyncAction = "added to book"
	Updated     SyncAction = "updated in book"
	Deleted     SyncAction = "deleted from book"
	Conflict    SyncAction = "conflict" // both sides had changed, and both are kept
	Problem     SyncAction = "problem"  // left alone
)

// An Event is one action of a Sync.
type Event struct {
	Action SyncAction `json:"action"`
	File   string     `json:"file,omitempty"`
	ID     string     `json:"id,omitempty"`
	Name   string     `json:"name,omitempty"`
	Reason string     `json:"reason,omitempty"`
}

// A Synced counts what a Sync did.
type Synced struct {
	Contacts     int `json:"contacts"` // that both sides have now
	FilesWritten int `json:"files_written"`
	FilesDeleted int `json:"files_deleted"`
	Added        int `json:"added"`
	Updated      int `json:"updated"`
	Deleted      int `json:"deleted"`
	Conflicts    int `json:"conflicts"`
	Problems     int `json:"problems"`
}

// Sync keeps a folder equal to a book, in both directions: one file with the
// end .vcf for each contact. What changed on one side since the last Sync
// changes on the other; a file that a person removes removes the contact.
//
// If both sides changed, the file becomes what the book says, and what the
// file said becomes a contact and a file of its own. A change wins over a
// deletion. What cannot be read is left alone on both sides. If a side is
// empty, so that all would be deleted on the other, nothing is deleted, and
// the error has kind Forbidden, unless Force is set.
//
// The folder holds the state of the last Sync in a hidden file. Nothing is
// lost if Sync is interrupted: called again, it recognises what it has done.
// With nothing to do it makes one call of Book.Changes and reads no file.
func Sync(ctx context.Context, b Book, dir string, o SyncOptions) (*Synced, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &syncer{ctx: ctx, book: b, dir: dir, o: o, out: &Synced{}, meter: newMeter(o.Now, o.Progress)}
	files, err := listFolder(dir)
	if err != nil {
		return s.out, err
	}
	unlock, err := lockFile(filepath.Join(dir, lockName))
	if err != nil {
		return s.out, err
	}
	defer unlock()
	if s.state, err = readState(dir, b.Name()); err != nil {
		return s.out, err
	}
	s.files, s.empty = files, len(files) == 0
	err = s.run()
	s.out.Contacts = len(s.state.byID)
	if o.DryRun {
		return s.out, err
	}
	return s.out, errors.Join(err, s.state.save(dir, o.Now().UnixNano()))
}

// A syncer is one Sync under way.
type syncer struct {
	ctx   context.Context
	book  Book
	dir   string
	o     SyncOptions
	out   *Synced
	meter *meter
	done  int

	state  *syncState
	files  map[string]*localFile
	empty  bool            // the folder had no cards
	taken  map[string]bool // names of files, in lower case
	groups *groupBook      // nil until it is needed

	// New files, by what finds their contact.
	byUID  map[string]*localFile
	byForm map[string][]*localFile

	// What waits for the book to have been read.
	deleteFiles []*syncEntry
	uploads     []*upload
	deletions   []*syncEntry

	hold bool // something of the book could not be taken, so it has to be read again
}

// An upload is a file on its way into the book.
type upload struct {
	file  *localFile
	entry *syncEntry // nil for a new contact
}

func (s *syncer) say(a SyncAction, file, id, name, format string, args ...any) {
	switch a {
	case WroteFile:
		s.out.FilesWritten++
	case DeletedFile:
		s.out.FilesDeleted++
	case Added:
		s.out.Added++
	case Updated:
		s.out.Updated++
	case Deleted:
		s.out.Deleted++
	case Conflict:
		s.out.Conflicts++
	case Problem:
		s.out.Problems++
	}
	if s.o.Event != nil {
		s.o.Event(Event{a, file, id, cut(name), fmt.Sprintf(format, args...)})
	}
}

// worded is what is said of what was done, or would be in a dry run.
func (s *syncer) worded(done, would string) string {
	if s.o.DryRun {
		return would
	}
	return done
}

func (s *syncer) run() error {
	if err := s.readFolder(); err != nil {
		return err
	}
	mark, all, err := s.readBook()
	if err != nil {
		return err
	}
	if all != nil {
		s.forget(all)
	}
	for _, e := range s.state.Entries {
		if e.settled || e.gone {
			continue
		}
		switch f := s.files[e.File]; {
		case f == nil && s.renamed(e): // SYNC-8
		case f == nil:
			s.deletions = append(s.deletions, e)
		case f.changed:
			s.uploads = append(s.uploads, &upload{f, e})
		}
	}
	for _, f := range s.files {
		if f.linked == nil && f.problem == "" {
			s.uploads = append(s.uploads, &upload{file: f})
		}
	}
	refused := s.guard()
	if s.o.DryRun { // SYNC-9
		s.pretend()
		return refused
	}
	if err := s.removeFiles(); err != nil {
		return err
	}
	if err := s.removeContacts(); err != nil {
		return err
	}
	sent, err := s.send()
	if err != nil {
		return err
	}
	if !s.hold && refused == nil {
		if mark, err = s.pastOwn(mark, sent || len(s.deletions) > 0); err != nil {
			return err
		}
		if s.state.Mark != mark {
			s.state.Mark, s.state.dirty = mark, true
		}
	}
	return refused
}

// readFolder finds the files that are new or have changed.
func (s *syncer) readFolder() error {
	s.taken = map[string]bool{}
	s.byUID, s.byForm = map[string]*localFile{}, map[string][]*localFile{}
	for name, f := range s.files {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		s.taken[strings.ToLower(name)] = true
		e := s.state.byFile[name]
		f.linked = e
		if f.problem == "" && e != nil && e.fileStamp == f.stamp && f.stamp.MTime < s.state.Saved-int64(fresh) {
			continue
		}
		if f.problem == "" {
			f.read(s.dir)
		}
		switch {
		case e != nil && f.hash == e.Hash && f.hash != "": // touched; what it says is known
			f.problem = ""
			if e.fileStamp != f.stamp {
				e.fileStamp, s.state.dirty = f.stamp, true
			}
		case f.problem != "":
			s.say(Problem, name, "", "", "%s", f.problem) // SYNC-6
		case e != nil && f.form == e.Form: // written in another way
			e.fileStamp, e.Hash, s.state.dirty = f.stamp, f.hash, true
		case e != nil:
			f.changed = true
		default:
			s.byForm[f.form] = append(s.byForm[f.form], f)
			if f.uid != "" && s.byUID[f.uid] == nil {
				s.byUID[f.uid] = f
			}
		}
	}
	return nil
}

// renamed finds the file of a contact under another name.
func (s *syncer) renamed(e *syncEntry) bool {
	for _, f := range s.byForm[e.Form] {
		if f.linked == nil {
			delete(s.state.byFile, e.File)
			e.File, e.fileStamp, e.Hash = f.name, f.stamp, f.hash
			f.linked = e
			s.state.put(e)
			return true
		}
	}
	return false
}

// readBook takes up what has changed in the book. Where it does not know that
// any more, it reads all of it and returns the IDs.
func (s *syncer) readBook() (mark string, all map[string]bool, err error) {
	changes, err := s.book.Changes(s.ctx, s.state.Mark) // SYNC-1
	if s.state.Mark == "" || errors.Is(err, contacts.Gone) {
		all = map[string]bool{}
	}
	if errors.Is(err, contacts.Gone) { // SYNC-11
		changes, err = s.book.Changes(s.ctx, "")
	}
	if err != nil {
		return "", nil, err
	}
	for it, err := range changes.Items() {
		if err == nil {
			if !it.Deleted && all != nil {
				all[it.ID] = true
			}
			err = s.take(it)
		}
		if err != nil {
			return "", nil, err
		}
	}
	return changes.Mark(), all, nil
}

// forget takes up the deletions that a book no longer knows: contacts that are
// not among all of it.
func (s *syncer) forget(all map[string]bool) {
	for _, e := range s.state.Entries {
		if !all[e.ID] && !e.gone && !e.settled {
			s.vanished(e)
		}
	}
}

// pastOwn moves the mark past the changes that this Sync has made itself, if
// nobody else has made any meanwhile, so that the next one finds nothing new.
func (s *syncer) pastOwn(mark string, wrote bool) (string, error) {
	if !wrote {
		return mark, nil
	}
	changes, err := s.book.Changes(s.ctx, mark)
	if err != nil {
		return mark, err
	}
	for it, err := range changes.Items() {
		if err != nil {
			return mark, err
		}
		e := s.state.byID[it.ID]
		if it.Deleted && e == nil {
			continue
		}
		if it.Deleted || e == nil || e.Photo != it.Photo || e.Print != printOf(it.Contact) {
			return mark, nil
		}
	}
	return changes.Mark(), nil
}

// guard keeps Sync from emptying one side because the other is empty.
func (s *syncer) guard() error {
	if s.o.Force {
		return nil
	}
	switch {
	case s.empty && len(s.deletions) > 0: // SYNC-5
		n := len(s.deletions)
		s.deletions = nil
		return contacts.Errorf(contacts.Forbidden, "", "the folder has no cards any more; the book keeps its %d contacts unless you force it", n)
	case len(s.deleteFiles) > 0 && len(s.deleteFiles) == len(s.state.byID)-len(s.deletions): // SYNC-5
		n := len(s.deleteFiles)
		s.deleteFiles, s.hold = nil, true
		return contacts.Errorf(contacts.Forbidden, "", "the book has no contacts any more; the folder keeps its %d cards unless you force it", n)
	}
	return nil
}

// pretend tells what a Sync would do after reading the book.
func (s *syncer) pretend() {
	for _, e := range s.deleteFiles {
		s.say(DeletedFile, e.File, e.ID, "", "")
	}
	for _, e := range s.deletions {
		s.say(Deleted, e.File, e.ID, "", "")
	}
	for _, u := range s.uploads {
		if u.entry == nil {
			s.say(Added, u.file.name, "", "", "")
		} else {
			s.say(Updated, u.file.name, u.entry.ID, "", "")
		}
	}
}

// known is the groups of the book, read when they are first needed.
func (s *syncer) known() (*groupBook, error) {
	var err error
	if s.groups == nil {
		s.groups, err = readGroups(s.ctx, s.book)
	}
	return s.groups, err
}

// card is an item as a file has it.
func (s *syncer) card(it *Item) (data []byte, err error) {
	var names []string
	if len(it.Contact.Memberships) > 0 {
		g, err := s.known()
		if err != nil {
			return nil, err
		}
		names = g.names(it.Contact)
	}
	var p *Photo
	if it.Photo != "" {
		p, err = s.book.Photo(s.ctx, it)
		if err != nil && !errors.Is(err, contacts.NotFound) {
			return nil, err
		}
	}
	d := it.Contact.Clone()
	d.Extra = tidy(d.Extra)
	version := s.o.Version
	if version == "" {
		version = vcard.V3
	}
	return appendCard(nil, d, names, p, version), nil
}

// tick counts an entry for the progress, and keeps the state from time to time.
func (s *syncer) tick() error {
	if s.done++; s.done%MaxOps == 0 {
		s.meter.show(s.done, 0, 0)
	}
	if s.done%2_000 == 0 && !s.o.DryRun {
		return s.state.save(s.dir, s.o.Now().UnixNano())
	}
	return nil
}

func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
