package book_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"contacts"
	"contacts/book"
	"contacts/store"
)

func (l *library) putPhoto(at book.At, id contacts.ID, data []byte) *contacts.Contact {
	l.t.Helper()
	c, err := l.PutPhoto(context.Background(), at, id, data, book.PhotoMatch{})
	if err != nil {
		l.t.Fatal(err)
	}
	return c
}

// photo is what a contact has for a photo, or nil.
func (l *library) photo(at book.At, id contacts.ID) *book.Photo {
	l.t.Helper()
	p, err := l.Photo(context.Background(), at, id, func(contacts.Photo) bool { return true })
	if err != nil && contacts.KindOf(err) != contacts.NotFound {
		l.t.Fatal(err)
	}
	return p
}

// kept reports whether the store has the photo of these bytes.
func (l *library) kept(at book.At, data []byte) bool {
	l.t.Helper()
	err := l.Store.View(context.Background(), at.Owner, func(tx store.Tx) error {
		_, err := tx.Photo(contacts.PhotoVersion(data))
		return err
	})
	if err != nil && contacts.KindOf(err) != contacts.NotFound {
		l.t.Fatal(err)
	}
	return err == nil
}

func TestPhotos(t *testing.T) {
	ctx := context.Background()
	files := encoded(t, 4, 4)
	png, gif := files["image/png"], files["image/gif"]

	t.Run("VER-62 PHOTO-1 PHOTO-19 a photo is put, replaced and removed, each a change of the contact", func(t *testing.T) {
		l := newLibrary(t, book.Options{})
		c := l.insert(mine, named("Elizabeth Bennet"))
		last := c.Rev
		changed := func(c *contacts.Contact, version string) {
			t.Helper()
			l.now = l.now.Add(time.Second)
			stored, err := l.Contact(ctx, mine, c.ID)
			if err != nil || c.Rev <= last || stored.Rev != c.Rev || l.state(mine).Rev != c.Rev || stored.Photo.Version != version || stored.Name.Full != "Elizabeth Bennet" {
				t.Errorf("the contact is %+v, %v, after revision %d, want one with photo %q", stored, err, last, version)
			}
			last = c.Rev
		}
		changed(l.putPhoto(mine, c.ID, png), contacts.PhotoVersion(png))
		if p := l.photo(mine, c.ID); p == nil || p.Type != "image/png" || !bytes.Equal(p.Data, png) {
			t.Errorf("Photo() = %+v, want what was put", p)
		}
		changed(l.putPhoto(mine, c.ID, gif), contacts.PhotoVersion(gif))
		changed(l.putPhoto(mine, c.ID, gif), contacts.PhotoVersion(gif))
		changed(l.update(mine, c.ID, named("Elizabeth Bennet")), contacts.PhotoVersion(gif)) // which has no say
		if p := l.photo(mine, c.ID); p == nil || p.Type != "image/gif" {
			t.Errorf("Photo() = %+v, want the second one", p)
		}
		gone, err := l.DeletePhoto(ctx, mine, c.ID, book.PhotoMatch{})
		if err != nil {
			t.Fatal(err)
		}
		changed(gone, "")
		if p := l.photo(mine, c.ID); p != nil {
			t.Errorf("Photo() after DeletePhoto = %+v", p)
		}
	})

	t.Run("WRT-50 QRY-47 the bytes go with the last contact that has them", func(t *testing.T) {
		l := newLibrary(t, book.Options{})
		one, two := l.insert(mine, named("Jane Bennet")), l.insert(mine, named("Mary Bennet"))
		l.putPhoto(mine, one.ID, png)
		l.putPhoto(mine, two.ID, png)
		l.delete(mine, one.ID)
		if !l.kept(mine, png) || l.photo(mine, two.ID) == nil {
			t.Error("the photo went with the first contact")
		}
		l.delete(mine, two.ID)
		if l.kept(mine, png) {
			t.Error("the photo outlived its contacts")
		}
	})

	t.Run("the bytes are read only if they are wanted", func(t *testing.T) {
		l := newLibrary(t, book.Options{})
		c := l.putPhoto(mine, l.insert(mine, named("Jane Bennet")).ID, png)
		p, err := l.Photo(ctx, mine, c.ID, func(p contacts.Photo) bool { return p.Version != contacts.PhotoVersion(png) })
		if err != nil || p.Version != contacts.PhotoVersion(png) || p.Data != nil || p.Type != "" {
			t.Errorf("Photo() = %+v, %v, want the version alone", p, err)
		}
	})

	t.Run("RES-45 PHOTO-18 what does not exist", func(t *testing.T) {
		l := newLibrary(t, book.Options{})
		c := l.insert(mine, named("Jane Bennet"))
		_, get := l.Photo(ctx, mine, c.ID, func(contacts.Photo) bool { return true })
		_, remove := l.DeletePhoto(ctx, mine, c.ID, book.PhotoMatch{})
		for _, err := range []error{get, remove} {
			if wantKind(t, err, contacts.NotFound, contacts.CodeNotFound); err == nil || err.Error() != "Photo not found" {
				t.Errorf("of a contact without photo: %v, want Photo not found", err)
			}
		}
		_, get = l.Photo(ctx, mine, 999, func(contacts.Photo) bool { return true })
		_, put := l.PutPhoto(ctx, mine, 999, png, book.PhotoMatch{})
		_, empty := l.PutPhoto(ctx, mine, 999, nil, book.PhotoMatch{})
		_, remove = l.DeletePhoto(ctx, mine, 999, book.PhotoMatch{})
		for _, err := range []error{get, put, empty, remove} {
			if wantKind(t, err, contacts.NotFound, contacts.CodeNotFound); err == nil || err.Error() != "Contact not found" {
				t.Errorf("of no contact: %v, want Contact not found", err)
			}
		}
		_, empty = l.PutPhoto(ctx, mine, c.ID, nil, book.PhotoMatch{})
		wantKind(t, empty, contacts.Invalid, contacts.CodeInvalidEntry)
		if after, err := l.Contact(ctx, mine, c.ID); err != nil || after.Rev != c.Rev || l.state(mine).Rev != c.Rev {
			t.Errorf("the contact is %+v, %v after writes that failed", after, err)
		}
	})

	none := contacts.PhotoVersion(nil)
	has := contacts.Photo{Version: contacts.PhotoVersion(png)}
	for _, tt := range []struct {
		name        string
		m           book.PhotoMatch
		put, remove contacts.Code // of the error with a photo; empty for none
		add         contacts.Code // the same for the first photo
	}{
		{"PHOTO-12 nothing is expected", book.PhotoMatch{}, "", "", ""},
		{"PHOTO-7 the current version", book.PhotoMatch{Version: has.Version}, "", "", contacts.CodeConflict},
		{"PHOTO-7 the version of no photo", book.PhotoMatch{Version: none}, "", contacts.CodeConflict, ""},
		{"PHOTO-7 another version", book.PhotoMatch{Version: "stale"}, contacts.CodeConflict, contacts.CodeConflict, contacts.CodeConflict},
		{"PHOTO-10 VER-74 the tag of the link", book.PhotoMatch{ETags: []string{`"x"`, has.ETag()}}, "", "", contacts.CodeETags},
		{"PHOTO-10 VER-74 the tag of the bytes", book.PhotoMatch{ETags: []string{has.MediaETag()}}, "", "", contacts.CodeETags},
		{"PHOTO-10 another tag", book.PhotoMatch{ETags: []string{`"stale"`}}, contacts.CodeETags, contacts.CodeETags, contacts.CodeETags},
		{"PHOTO-10 weak tags alone", book.PhotoMatch{ETags: []string{}}, contacts.CodeETags, contacts.CodeETags, contacts.CodeETags},
		{"PHOTO-10 the tag of no photo", book.PhotoMatch{ETags: []string{contacts.Photo{}.ETag()}}, contacts.CodeETags, contacts.CodeETags, contacts.CodeETags},
		{"PHOTO-7 PHOTO-10 the current version and another tag", book.PhotoMatch{Version: has.Version, ETags: []string{`"stale"`}}, contacts.CodeETags, contacts.CodeETags, contacts.CodeConflict},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLibrary(t, book.Options{})
			with := l.putPhoto(mine, l.insert(mine, named("Jane Bennet")).ID, png)
			other := l.putPhoto(mine, l.insert(mine, named("Kitty Bennet")).ID, png)
			without := l.insert(mine, named("Mary Bennet"))
			check := func(what string, err error, code contacts.Code) {
				t.Helper()
				if code == "" && err != nil || code != "" && (!errors.Is(err, contacts.Stale) || contacts.CodeOf(err) != code) {
					t.Errorf("%s: %v, want code %q", what, err, code)
				}
			}
			_, err := l.PutPhoto(ctx, mine, with.ID, gif, tt.m)
			check("replace", err, tt.put)
			_, err = l.DeletePhoto(ctx, mine, other.ID, tt.m)
			check("delete", err, tt.remove)
			_, err = l.PutPhoto(ctx, mine, without.ID, gif, tt.m)
			check("add", err, tt.add)
			err = l.Edit(ctx, mine, func(e *book.Edit) error { // where nothing is looked at before
				p, err := l.NewPhoto(ctx, png)
				if err != nil {
					return err
				}
				_, err = e.PutPhoto(l.insertedIn(e), p, tt.m)
				return err
			})
			check("add in an Edit", err, tt.add)
		})
	}
}

// insertedIn is a contact without photo that e inserts.
func (l *library) insertedIn(e *book.Edit) contacts.ID {
	l.t.Helper()
	c, err := e.InsertContact(named("Lydia Bennet"))
	if err != nil {
		l.t.Fatal(err)
	}
	return c.ID
}
