package transfer

import (
	"errors"
	"slices"
	"strings"

	"contacts"
)

// send brings new and changed files into the book, and reports whether there
// was anything to bring.
func (s *syncer) send() (sent bool, err error) {
	slices.SortFunc(s.uploads, func(a, b *upload) int { return strings.Compare(a.file.name, b.file.name) })
	for len(s.uploads) > 0 {
		n, photos := 0, 0
		var ops []Op
		var of []*upload
		var cards []*localCard
		var entries []*syncEntry
		for n < len(s.uploads) && n < MaxOps {
			if e := s.uploads[n].entry; e != nil {
				entries = append(entries, e)
			}
			n++
		}
		var items []*Item
		if len(entries) > 0 {
			if items, err = s.get(entries); err != nil {
				return sent, err
			}
		}
		used := 0
		for _, u := range s.uploads[:n] {
			if photos > maxBatchPhotos {
				break
			}
			used++
			var it *Item
			if u.entry != nil {
				it, items = items[0], items[1:]
			}
			op, card, err := s.operation(u, it)
			if err != nil {
				return sent, err
			}
			if op == nil {
				continue
			}
			if op.Photo != nil {
				photos += len(op.Photo.Data)
			}
			ops, of, cards = append(ops, *op), append(of, u), append(cards, card)
		}
		prints := make([]print, len(ops))
		for i := range ops {
			prints[i] = printOf(ops[i].Contact) // before the book may change it
		}
		results, err := s.apply(ops)
		if err != nil {
			return sent, err
		}
		for i := range results {
			if err := s.sent(of[i], cards[i], prints[i], &ops[i], &results[i]); err != nil {
				return true, err
			}
		}
		sent = sent || len(ops) > 0
		s.uploads = s.uploads[used:]
	}
	return sent, nil
}

// operation is the change that brings a file into the book, or nil if there is
// none to make now. it is the contact of the file, if it has one.
func (s *syncer) operation(u *upload, it *Item) (*Op, *localCard, error) {
	f := u.file
	if u.entry != nil && (it == nil || printOf(it.Contact) != u.entry.Print || it.Photo != u.entry.Photo) {
		s.hold = true // changed this moment: the next sync sees both
		return nil, nil, nil
	}
	form := f.form
	card := f.read(s.dir)
	if card == nil || card.form != form {
		s.hold = true
		s.say(Problem, f.name, "", "", "the file is being changed; the next sync will look at it")
		return nil, nil, nil
	}
	groups, err := s.known()
	if err != nil {
		return nil, nil, err
	}
	for _, name := range card.groups {
		g, _, err := groups.need(s.ctx, groupRef{name: name})
		switch k := contacts.KindOf(err); {
		case k == contacts.Invalid || k == contacts.Forbidden:
			s.say(Problem, f.name, "", nameOf(card.contact), "group %q: %v", cut(name), err)
			return nil, nil, nil
		case err != nil:
			return nil, nil, err
		}
		if !card.contact.MemberOf(g.ID) { // SYNC-2
			card.contact.Memberships = append(card.contact.Memberships, contacts.Membership{Group: g.ID})
		}
	}
	op := &Op{Kind: Insert, Contact: card.contact, Photo: card.photo}
	if u.entry != nil {
		op.Kind, op.Item = Update, it
		switch {
		case card.photo == nil:
			op.RemovePhoto = it.Photo != ""
		case it.Photo != "" && card.photo.is(it.Photo):
			op.Photo = nil
		}
	}
	return op, card, nil
}

// sent takes up what the book made of a file.
func (s *syncer) sent(u *upload, card *localCard, p print, op *Op, r *Result) error {
	f := u.file
	name := nameOf(op.Contact)
	if err := s.tick(); err != nil {
		return err
	}
	if r.Err != nil {
		if errors.Is(r.Err, contacts.Stale) {
			s.hold = true
			return nil
		}
		s.say(Problem, f.name, "", name, "refused: %v", r.Err)
		return nil
	}
	e := u.entry
	if e == nil {
		e = &syncEntry{ID: r.Item.ID}
	}
	f.linked, f.changed = e, false
	e.Print, e.Photo, e.File, e.fileStamp, e.Hash, e.Form = p, r.Item.Photo, f.name, f.stamp, f.hash, card.form
	s.state.put(e)
	if u.entry == nil {
		s.say(Added, f.name, e.ID, name, "")
	} else {
		s.say(Updated, f.name, e.ID, name, "")
	}
	switch contacts.KindOf(r.PhotoErr) {
	case "", contacts.Unavailable, contacts.Unauthorized:
		if r.PhotoErr != nil {
			e.fileStamp, e.Hash, e.Form = fileStamp{}, "", "" // the next sync puts the photo
			return r.PhotoErr
		}
	default:
		s.say(Problem, f.name, e.ID, name, "photo refused: %v", r.PhotoErr)
	}
	return nil
}
