package storetest

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"contacts"
	"contacts/store"
)

// photoOf is the photo whose bytes are those of the text.
func photoOf(text string) contacts.Photo {
	return contacts.Photo{Version: contacts.PhotoVersion([]byte(text))}
}

func putPhoto(tx store.Tx, text string) error {
	return tx.PutPhoto(photoOf(text).Version, &store.Photo{Type: "image/png", Data: []byte(text)})
}

// pictured is a contact with a photo.
func pictured(id contacts.ID, r contacts.Rev, text string) *contacts.Contact {
	c := named(id, r, "Elizabeth Bennet")
	c.Photo = photoOf(text)
	return c
}

// wantPhotos fails the test unless of the photos in all exactly those in want
// are there.
func wantPhotos(t testing.TB, tx store.Tx, all []string, want map[string]bool) {
	t.Helper()
	for _, text := range all {
		p, err := tx.Photo(photoOf(text).Version)
		switch {
		case want[text] && (err != nil || p.Type != "image/png" || string(p.Data) != text):
			t.Errorf("Photo of %.20q = %+v, %v, want it as it was put", text, p, err)
		case !want[text] && !errors.Is(err, contacts.NotFound):
			t.Errorf("Photo of %.20q = %+v, %v, want kind not found", text, p, err)
		}
	}
}

func testPhotos(t *testing.T, open Opener) {
	large := strings.Repeat("a portrait of Mr Darcy, larger than any page ", 20_000)
	all := []string{"Lizzy", "Jane", "", large}

	t.Run("a photo is read as it was put, by its owner alone", func(t *testing.T) {
		st := open(t)
		update(t, st, liz, func(tx store.Tx) error {
			var errs []error
			for i, text := range all {
				errs = append(errs, putPhoto(tx, text), tx.InsertContact(pictured(contacts.ID(i+1), rev(i), text)))
			}
			wantPhotos(t, tx, all, map[string]bool{"Lizzy": true, "Jane": true, "": true, large: true})
			return errors.Join(errs...)
		})
		view(t, st, liz, func(tx store.Tx) error {
			wantPhotos(t, tx, all, map[string]bool{"Lizzy": true, "Jane": true, "": true, large: true})
			wantPhotos(t, tx, []string{"Mary"}, nil)
			return nil
		})
		view(t, st, jane, func(tx store.Tx) error {
			wantPhotos(t, tx, all, nil)
			return nil
		})
	})

	t.Run("a photo that is put again stays as it is", func(t *testing.T) {
		st := open(t)
		update(t, st, liz, func(tx store.Tx) error {
			return errors.Join(putPhoto(tx, "Lizzy"), tx.InsertContact(pictured(1, rev(1), "Lizzy")))
		})
		update(t, st, liz, func(tx store.Tx) error { return putPhoto(tx, "Lizzy") })
		update(t, st, liz, func(tx store.Tx) error {
			err := tx.Try(func() error {
				return tx.PutPhoto(photoOf("Lizzy").Version, &store.Photo{Type: "image/gif", Data: []byte("Jane")})
			})
			if !errors.Is(err, contacts.Invalid) {
				t.Errorf("PutPhoto of other bytes under the same version = %v, want kind invalid", err)
			}
			return putPhoto(tx, "Lizzy")
		})
		view(t, st, liz, func(tx store.Tx) error {
			wantPhotos(t, tx, all, map[string]bool{"Lizzy": true})
			return nil
		})
	})

	t.Run("a contact names no photo that was not put", func(t *testing.T) {
		st := open(t)
		err := st.Update(background, liz, func(tx store.Tx) error { return tx.InsertContact(pictured(1, rev(1), "Lizzy")) })
		if err == nil {
			t.Error("an update left a contact with a photo that does not exist")
		}
		view(t, st, liz, func(tx store.Tx) error {
			if c, err := tx.Contact(1); !errors.Is(err, contacts.NotFound) {
				t.Errorf("Contact after the update = %+v, %v, want kind not found", c, err)
			}
			return nil
		})
	})

	t.Run("QRY-47 a photo that no contact has any more is erased", func(t *testing.T) {
		for name, end := range map[string]func(store.Tx, *contacts.Contact) error{
			"it was replaced": func(tx store.Tx, c *contacts.Contact) error {
				return errors.Join(putPhoto(tx, "Jane"), tx.UpdateContact(c, pictured(c.ID, rev(50), "Jane")))
			},
			"it was removed": func(tx store.Tx, c *contacts.Contact) error {
				return tx.UpdateContact(c, named(c.ID, rev(50), "Elizabeth Bennet"))
			},
			"the contact was deleted": func(tx store.Tx, c *contacts.Contact) error {
				return tx.DeleteContact(c, &contacts.Contact{ID: c.ID, Rev: rev(50), Deleted: true, Photo: c.Photo})
			},
			"the book was dropped": func(tx store.Tx, c *contacts.Contact) error { return tx.DropBook() },
			"the book was dropped and filled": func(tx store.Tx, c *contacts.Contact) error {
				return errors.Join(tx.DropBook(), putPhoto(tx, "Jane"), tx.InsertContact(pictured(c.ID, rev(50), "Jane")))
			},
		} {
			st := open(t)
			update(t, st, liz, func(tx store.Tx) error {
				return errors.Join(putPhoto(tx, "Lizzy"), putPhoto(tx, large), tx.InsertContact(pictured(1, rev(1), "Lizzy")))
			})
			update(t, st, liz, func(tx store.Tx) error {
				wantPhotos(t, tx, all, map[string]bool{"Lizzy": true}) // the other was put for nobody
				c, err := tx.Contact(1)
				if err != nil {
					return err
				}
				return end(tx, c)
			})
			view(t, st, liz, func(tx store.Tx) error {
				if p, err := tx.Photo(photoOf("Lizzy").Version); !errors.Is(err, contacts.NotFound) {
					t.Errorf("Photo after %s = %+v, %v, want kind not found", name, p, err)
				}
				return nil
			})
		}
	})

	t.Run("a photo moves between contacts within one update", func(t *testing.T) {
		st := open(t)
		update(t, st, liz, func(tx store.Tx) error {
			return errors.Join(putPhoto(tx, large), tx.InsertContact(pictured(1, rev(1), large)), tx.InsertContact(named(2, rev(2), "Jane Bennet")))
		})
		update(t, st, liz, func(tx store.Tx) error {
			one, err := tx.Contact(1)
			two, err2 := tx.Contact(2)
			return errors.Join(err, err2, tx.UpdateContact(one, named(1, rev(3), "Elizabeth Bennet")), tx.UpdateContact(two, pictured(2, rev(4), large)))
		})
		view(t, st, liz, func(tx store.Tx) error {
			wantPhotos(t, tx, all, map[string]bool{large: true})
			return nil
		})
	})

	for seed := range uint64(3) {
		t.Run(fmt.Sprint("QRY-47 photos are those that contacts have, after any changes, seed ", seed), func(t *testing.T) {
			g := &gallery{Rand: rand.New(rand.NewPCG(seed, 1)), has: map[contacts.ID]string{}, now: rev(0)}
			st := open(t)
			for range 150 {
				next := maps.Clone(g.has)
				fails := g.IntN(5) == 0
				err := st.Update(background, liz, func(tx store.Tx) error {
					for range 1 + g.IntN(6) {
						part := maps.Clone(next)
						partFails := g.IntN(5) == 0
						err := tx.Try(func() error {
							if err := g.change(tx, part); err != nil {
								return err
							}
							if partFails {
								return errGiveUp
							}
							return nil
						})
						switch {
						case partFails && errors.Is(err, errGiveUp):
						case err != nil:
							return err
						default:
							next = part
						}
					}
					if fails {
						return errGiveUp
					}
					return nil
				})
				switch {
				case fails && errors.Is(err, errGiveUp):
				case err != nil:
					t.Fatalf("Update: %v", err)
				default:
					g.has = next
				}
				view(t, st, liz, func(tx store.Tx) error {
					want := map[string]bool{}
					for _, text := range g.has {
						want[text] = text != ""
					}
					wantPhotos(t, tx, portraits, want)
					return nil
				})
				if t.Failed() {
					return
				}
			}
		})
	}
}

// portraits are the photos of a gallery.
var portraits = []string{"Lizzy", "Jane", "Mary", "Kitty", strings.Repeat("Lydia ", 3000)}

// A gallery changes photos at random.
type gallery struct {
	*rand.Rand
	has    map[contacts.ID]string // which contacts there are and have which photo; empty for none
	now    contacts.Rev
	lastID contacts.ID
}

// change makes one change, to the store and to has.
func (g *gallery) change(tx store.Tx, has map[contacts.ID]string) error {
	g.now++
	text := append([]string{""}, portraits...)[g.IntN(1+len(portraits))]
	state := func(id contacts.ID) *contacts.Contact {
		if text == "" {
			return named(id, g.now, "Elizabeth Bennet")
		}
		return pictured(id, g.now, text)
	}
	if text != "" {
		if err := putPhoto(tx, text); err != nil {
			return err
		}
	}
	if len(has) == 0 || g.IntN(3) == 0 {
		g.lastID++
		has[g.lastID] = text
		return tx.InsertContact(state(g.lastID))
	}
	id := g.lastID
	for had := range has {
		id = min(id, had)
	}
	for n := g.IntN(len(has)); n > 0; { // to one of the contacts, whatever the order of the map
		id++
		if _, ok := has[id]; ok {
			n--
		}
	}
	old, err := tx.Contact(id)
	if err != nil {
		return err
	}
	if g.IntN(3) == 0 {
		delete(has, id)
		return tx.DeleteContact(old, &contacts.Contact{ID: id, Rev: g.now, Created: old.Created, Deleted: true})
	}
	has[id] = text
	return tx.UpdateContact(old, state(id))
}
