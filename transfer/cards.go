package transfer

import (
	"bytes"
	"errors"
	"io"

	"contacts"
	"contacts/csv"
	"contacts/vcard"
)

// cards are the entries of a vCard file.
type cards struct {
	r       *vcard.Reader
	members map[string][]groupRef // groups that are cards of their own, by UID of the member
}

// newCards reads vCards from r, which reads file. A file that has groups as
// cards of their own is read once before, because they name their members and
// may come last.
func newCards(file io.ReadSeeker, r io.Reader) (source, error) {
	s := &cards{members: map[string][]groupRef{}}
	has, err := mentionsGroups(file)
	if err != nil {
		return nil, err
	}
	if has {
		if err := s.readMembers(file); err != nil {
			return nil, err
		}
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	s.r = vcard.NewReader(r)
	return s, nil
}

// mentionsGroups reports whether a file may have groups as cards.
func mentionsGroups(file io.ReadSeeker) (bool, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	const mark = "KIND:GROUP"
	buf := make([]byte, 64<<10)
	kept := 0
	for {
		n, err := file.Read(buf[kept:])
		text := buf[:kept+n]
		if bytes.Contains(bytes.ToUpper(bytes.ReplaceAll(text, []byte{0}, nil)), []byte(mark)) {
			return true, nil
		}
		if err == io.EOF {
			_, err = file.Seek(0, io.SeekStart)
			return false, err
		}
		if err != nil {
			return false, err
		}
		kept = copy(buf, text[max(0, len(text)-2*len(mark)):])
	}
}

// readMembers reads which cards are in which groups.
func (s *cards) readMembers(file io.ReadSeeker) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	r := vcard.NewReader(file)
	for {
		card, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if bad := new(vcard.DamagedError); errors.As(err, &bad) {
			continue
		}
		if err != nil {
			return err
		}
		if card.Get("KIND") == nil && card.Get("X-ADDRESSBOOKSERVER-KIND") == nil {
			continue
		}
		if im := card.Import(); im.Group {
			im.Contact.Normalize()
			for _, uid := range im.Members {
				s.members[uid] = append(s.members[uid], groupRef{name: nameOf(im.Contact)})
			}
		}
	}
}

func (s *cards) format() Format        { return VCard }
func (s *cards) columns() []csv.Column { return nil }

func (s *cards) next() (*entry, error) {
	card, err := s.r.Next()
	if bad := new(vcard.DamagedError); errors.As(err, &bad) {
		return nil, &badEntry{bad.Line, bad.Reason}
	}
	if err != nil {
		return nil, err
	}
	im := card.Import()
	im.Contact.Normalize()
	e := &entry{line: card.Line, lost: im.Lost}
	if im.Group {
		e.alone = &contacts.Group{Name: nameOf(im.Contact)}
		e.groups = []groupRef{{name: e.alone.Name}}
		return e, nil
	}
	e.contact, e.uid = im.Contact, im.UID
	for _, name := range im.Categories {
		e.groups = append(e.groups, groupRef{name: name})
	}
	if im.UID != "" {
		e.groups = append(e.groups, s.members[vcard.BareUID(im.UID)]...)
	}
	if len(im.Photo) > 0 {
		e.photo = &Photo{Type: im.PhotoType, Data: im.Photo}
	}
	return e, nil
}
