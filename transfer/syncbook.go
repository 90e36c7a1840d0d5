package transfer

import (
	"os"
	"path/filepath"

	"contacts"
	"contacts/vcard"
)

// take takes up one change of the book.
func (s *syncer) take(it *Item) error {
	e := s.state.byID[it.ID]
	if it.Deleted {
		if e != nil {
			s.vanished(e)
		}
		return nil
	}
	p := printOf(it.Contact)
	if e != nil && e.Print == p && e.Photo == it.Photo {
		return nil // known
	}
	data, err := s.card(it)
	if err != nil {
		return err
	}
	if err := s.tick(); err != nil {
		return err
	}
	card, err := readCard(data)
	if err != nil {
		s.hold = true
		s.say(Problem, "", it.ID, nameOf(it.Contact), "the contact makes no card: %v", err)
		return nil
	}
	if e == nil {
		return s.arrive(it, p, data, card)
	}
	f := s.files[e.File]
	switch {
	case f == nil:
		s.say(Conflict, e.File, it.ID, nameOf(it.Contact), "the file was removed, but the contact has changed; %s", s.worded("it is back", "it would come back"))
		return s.place(it, p, e, e.File, data, card.form) // SYNC-4
	case f.problem != "":
		s.hold = true
		s.say(Problem, f.name, it.ID, nameOf(it.Contact), "the contact has changed, but the file is left alone: %s", f.problem)
		e.settled = true
		return nil
	case !f.changed:
		return s.place(it, p, e, e.File, data, card.form)
	case f.form == card.form: // SYNC-3: both sides changed to the same
		return s.tie(it, p, e, f)
	}
	return s.conflict(it, p, e, f, data, card.form) // SYNC-3
}

// arrive takes up a contact that the folder did not have. It may be that a
// file has it already: from before the first Sync, or from one that was
// interrupted.
func (s *syncer) arrive(it *Item, p print, data []byte, card *localCard) error {
	for _, f := range s.byForm[card.form] {
		if f.linked == nil { // SYNC-12
			return s.tie(it, p, &syncEntry{ID: it.ID}, f)
		}
	}
	if f := s.byUID[card.uid]; card.uid != "" && f != nil && f.linked == nil {
		return s.conflict(it, p, &syncEntry{ID: it.ID}, f, data, card.form)
	}
	return s.place(it, p, &syncEntry{ID: it.ID}, "", data, card.form)
}

// tie notes that a file and a contact say the same.
func (s *syncer) tie(it *Item, p print, e *syncEntry, f *localFile) error {
	f.linked, f.changed = e, false
	e.Print, e.Photo, e.File, e.fileStamp, e.Hash, e.Form = p, it.Photo, f.name, f.stamp, f.hash, f.form
	s.state.put(e)
	return nil
}

// place writes the file of a contact; an empty name for a new file.
func (s *syncer) place(it *Item, p print, e *syncEntry, name string, data []byte, form string) error {
	fresh := name == ""
	if fresh {
		name = freeName(cardName(it.Contact), s.taken)
	}
	if s.o.DryRun {
		e.settled = true
		s.say(WroteFile, name, it.ID, nameOf(it.Contact), "")
		return nil
	}
	if f := s.files[name]; f != nil && !f.same(s.dir) {
		s.hold = true
		e.settled = true
		s.say(Problem, name, it.ID, nameOf(it.Contact), "the file is being changed; the next sync will look at it")
		return nil
	}
	stamp, err := writeFile(s.dir, name, data, false)
	if err != nil {
		s.hold = true
		e.settled = true
		s.say(Problem, name, it.ID, nameOf(it.Contact), "%s", reasonOfPath(err))
		return nil
	}
	e.Print, e.Photo, e.File, e.fileStamp, e.Hash, e.Form = p, it.Photo, name, stamp, hashOf(data), form
	s.state.put(e)
	s.files[name] = &localFile{name: name, stamp: stamp, hash: e.Hash, linked: e, form: form}
	s.say(WroteFile, name, it.ID, nameOf(it.Contact), "")
	return nil
}

// conflict keeps both: the file becomes what the book says, and what it said
// becomes another file, and so another contact.
func (s *syncer) conflict(it *Item, p print, e *syncEntry, f *localFile, data []byte, form string) error {
	e.settled = true
	if s.o.DryRun {
		f.linked = e
		s.say(Conflict, f.name, it.ID, nameOf(it.Contact), "the file and the contact have both changed; both would be kept")
		return nil
	}
	local := f.read(s.dir)
	if local == nil {
		s.hold = true
		s.say(Problem, f.name, it.ID, nameOf(it.Contact), "%s", f.problem)
		return nil
	}
	vcard.SetUID(local.contact, "") // another contact, to every program
	version := s.o.Version
	if version == "" {
		version = vcard.V3
	}
	copied := appendCard(nil, local.contact, local.groups, local.photo, version)
	card, err := readCard(copied)
	if err != nil {
		s.hold = true
		s.say(Problem, f.name, it.ID, nameOf(it.Contact), "%v", err)
		return nil
	}
	name := ""
	for _, other := range s.byForm[card.form] { // of a sync that was interrupted
		if other.linked == nil && other != f {
			name = other.name
		}
	}
	if name == "" {
		name = freeName(cardName(local.contact)+" (conflict)", s.taken)
		stamp, err := writeFile(s.dir, name, copied, true)
		if err != nil {
			s.hold = true
			s.say(Problem, f.name, it.ID, nameOf(it.Contact), "keep what the file says: %s", reasonOfPath(err))
			return nil
		}
		other := &localFile{name: name, stamp: stamp, hash: hashOf(copied), form: card.form}
		s.files[name] = other
		s.byForm[card.form] = append(s.byForm[card.form], other)
	}
	s.say(Conflict, f.name, it.ID, nameOf(it.Contact), "the file and the contact had both changed; what the file said is now %s", name)
	f.linked, f.changed = e, false
	return s.place(it, p, e, f.name, data, form)
}

// vanished takes up that a contact is no longer in the book.
func (s *syncer) vanished(e *syncEntry) {
	e.settled = true
	f := s.files[e.File]
	switch {
	case f == nil:
		s.state.drop(e)
	case f.problem != "":
		s.hold = true
		s.say(Problem, f.name, e.ID, "", "the contact was deleted, but the file is left alone: %s", f.problem)
	case f.changed:
		s.say(Conflict, f.name, e.ID, "", "the contact was deleted, but the file has changed; %s", s.worded("it becomes a new contact", "it would become a new contact"))
		s.state.drop(e)
		f.linked, f.changed = nil, false // SYNC-4
	default:
		s.deleteFiles = append(s.deleteFiles, e)
	}
}

// removeFiles deletes the files of contacts that are gone.
func (s *syncer) removeFiles() error {
	for _, e := range s.deleteFiles {
		f := s.files[e.File]
		if !f.same(s.dir) {
			s.hold = true
			s.say(Problem, f.name, e.ID, "", "the file is being changed; the next sync will look at it")
			continue
		}
		if err := os.Remove(filepath.Join(s.dir, e.File)); err != nil && !isMissing(err) {
			s.hold = true
			s.say(Problem, f.name, e.ID, "", "%s", reasonOfPath(err))
			continue
		}
		s.state.drop(e)
		s.say(DeletedFile, e.File, e.ID, "", "")
		if err := s.tick(); err != nil {
			return err
		}
	}
	return nil
}

// removeContacts deletes the contacts whose files are gone.
func (s *syncer) removeContacts() error {
	for len(s.deletions) > 0 {
		n := min(len(s.deletions), MaxOps)
		batch := s.deletions[:n]
		items, err := s.get(batch)
		if err != nil {
			return err
		}
		var ops []Op
		var of []*syncEntry
		for i, it := range items {
			e := batch[i]
			switch {
			case it == nil:
				s.state.drop(e)
			case printOf(it.Contact) != e.Print || it.Photo != e.Photo:
				s.hold = true // changed this moment: the next sync brings it back
			default:
				ops, of = append(ops, Op{Kind: Delete, Item: it}), append(of, e)
			}
		}
		results, err := s.apply(ops)
		if err != nil {
			return err
		}
		for i, r := range results {
			e := of[i]
			switch contacts.KindOf(r.Err) {
			case "", contacts.NotFound, contacts.Gone:
				s.state.drop(e)
				s.say(Deleted, e.File, e.ID, nameOf(ops[i].Item.Contact), "")
			case contacts.Stale:
				s.hold = true
			default:
				s.say(Problem, e.File, e.ID, nameOf(ops[i].Item.Contact), "%v", r.Err)
			}
			if err := s.tick(); err != nil {
				return err
			}
		}
		s.deletions = s.deletions[n:]
	}
	return nil
}

// get reads the contacts of entries.
func (s *syncer) get(entries []*syncEntry) ([]*Item, error) {
	ids := make([]string, len(entries))
	for i, e := range entries {
		ids[i] = e.ID
	}
	return s.book.Get(s.ctx, ids)
}

// apply makes changes; errors without a kind, or that are not about one
// contact, are errors of the whole.
func (s *syncer) apply(ops []Op) ([]Result, error) {
	if len(ops) == 0 {
		return nil, nil
	}
	results, err := s.book.Apply(s.ctx, ops)
	if err != nil {
		return nil, err
	}
	for _, r := range results {
		switch k := contacts.KindOf(r.Err); {
		case r.Err != nil && k == "", k == contacts.Unavailable, k == contacts.Unauthorized:
			return nil, r.Err
		}
	}
	return results, nil
}
