package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"contacts"
	"contacts/store"
)

func testViews(t *testing.T, open Opener) {
	t.Run("a view sees nothing that commits after its first read", func(t *testing.T) {
		st := open(t)
		update(t, st, liz, book)
		before := pictureOf(t, st, liz)
		view(t, st, liz, func(tx store.Tx) error {
			if _, err := tx.Book(); err != nil {
				return err
			}
			update(t, st, liz, change)
			for range 2 {
				now, err := picture(tx)
				if err != nil {
					return err
				}
				if now != before {
					t.Errorf("the view sees\n%swant\n%s", now, before)
				}
				update(t, st, liz, func(tx store.Tx) error { return tx.DropBook() })
			}
			return nil
		})
		if after := pictureOf(t, st, liz); after == before {
			t.Error("a view after the updates sees the state before them")
		}
	})

	t.Run("a view changes nothing", func(t *testing.T) {
		st := open(t)
		update(t, st, liz, book)
		before := pictureOf(t, st, liz)
		view(t, st, liz, func(tx store.Tx) error {
			one, err := tx.Contact(1)
			if err != nil {
				return err
			}
			group, err := tx.Group(3)
			if err != nil {
				return err
			}
			_, dropped := tx.DropTombstones(rev(100))
			_, expired := tx.DropExpired(time.Now())
			for name, err := range map[string]error{
				"PutBook":        tx.PutBook(store.Book{Rev: rev(100)}),
				"InsertContact":  tx.InsertContact(named(9, rev(100), "Charles Bingley")),
				"UpdateContact":  tx.UpdateContact(one, named(1, rev(100), "Charles Bingley")),
				"DeleteContact":  tx.DeleteContact(one, &contacts.Contact{ID: 1, Rev: rev(100), Deleted: true}),
				"PutPhoto":       putPhoto(tx, "Charles Bingley"),
				"InsertGroup":    tx.InsertGroup(&contacts.Group{ID: 9, Rev: rev(100), Name: "Guests"}),
				"UpdateGroup":    tx.UpdateGroup(group, &contacts.Group{ID: 3, Rev: rev(100), Name: "Guests"}),
				"DeleteGroup":    tx.DeleteGroup(group, &contacts.Group{ID: 3, Rev: rev(100), Deleted: true}),
				"DropTombstones": dropped,
				"DropBook":       tx.DropBook(),
				"PutRecord":      tx.PutRecord(tokens, "old", nil, time.Time{}),
				"DeleteRecord":   tx.DeleteRecord(tokens, "old"),
				"DropExpired":    expired,
			} {
				if err == nil {
					t.Errorf("%s succeeded in a view", name)
				}
			}
			return nil
		})
		if after := pictureOf(t, st, liz); after != before {
			t.Errorf("after the view there is\n%swant\n%s", after, before)
		}
	})

	t.Run("a view ends, however its function does", func(t *testing.T) {
		st := open(t)
		update(t, st, liz, book)
		for range 20 { // more than a store may keep open
			if err := st.View(background, liz, func(store.Tx) error { return errGiveUp }); !errors.Is(err, errGiveUp) {
				t.Errorf("View = %v, want the error of the function", err)
			}
			func() {
				defer func() {
					if v := recover(); v != errGiveUp {
						t.Errorf("recovered %v, want what the function panicked with", v)
					}
				}()
				st.View(background, liz, func(tx store.Tx) error {
					for range tx.Contacts(contacts.Query{Max: -1}) {
						panic(errGiveUp)
					}
					return nil
				})
			}()
		}
		update(t, st, liz, change)
		view(t, st, liz, func(tx store.Tx) error {
			_, err := tx.Contact(400)
			return err
		})
	})

	t.Run("a view that is not wanted does not begin", func(t *testing.T) {
		st := open(t)
		ctx, cancel := context.WithCancel(background)
		cancel()
		err := st.View(ctx, liz, func(store.Tx) error {
			t.Error("the function ran")
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("View = %v, want context.Canceled", err)
		}
	})

	t.Run("many views run beside updates", func(t *testing.T) {
		st := open(t)
		update(t, st, liz, book)
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				for range 20 {
					err := st.View(background, liz, func(tx store.Tx) error {
						b, err := tx.Book()
						if err != nil {
							return err
						}
						one, err := tx.Contact(1)
						if err == nil && one.Rev != b.Rev && b.Rev != rev(3) {
							t.Errorf("the book has %v, its contact %v", b.Rev, one.Rev)
						}
						return err
					})
					if err != nil {
						t.Errorf("View: %v", err)
					}
				}
			})
		}
		for i := range 40 {
			update(t, st, liz, func(tx store.Tx) error {
				old, err := tx.Contact(1)
				if err != nil {
					return err
				}
				return errors.Join(tx.UpdateContact(old, named(1, rev(100+i), "Jane Bennet")), tx.PutBook(store.Book{Rev: rev(100 + i)}))
			})
		}
		wg.Wait()
	})
}

func testClose(t *testing.T, open Opener) {
	t.Run("what comes after Close is refused, what came before is done", func(t *testing.T) {
		st := open(t)
		begun, release := make(chan struct{}), make(chan struct{})
		viewed := make(chan error)
		go func() {
			viewed <- st.View(background, liz, func(tx store.Tx) error {
				close(begun)
				<-release
				_, err := tx.Book()
				return err
			})
		}()
		<-begun
		closed := make(chan error)
		go func() { closed <- st.Close() }()
		for { // until Close has begun
			if err := st.Ready(background); err != nil {
				break
			}
		}
		for name, err := range map[string]error{
			"View":   st.View(background, liz, func(store.Tx) error { return nil }),
			"Update": st.Update(background, liz, func(store.Tx) error { return nil }),
			"Ready":  st.Ready(background),
		} {
			if !errors.Is(err, contacts.Unavailable) {
				t.Errorf("%s after Close = %v, want kind unavailable", name, err)
			}
		}
		select {
		case err := <-closed:
			t.Errorf("Close = %v while a view runs", err)
		default:
		}
		close(release)
		if err := <-viewed; err != nil {
			t.Errorf("the view under way: %v", err)
		}
		if err := <-closed; err != nil {
			t.Errorf("Close = %v", err)
		}
	})
	t.Run("an open store is ready", func(t *testing.T) {
		if err := open(t).Ready(background); err != nil {
			t.Errorf("Ready = %v", err)
		}
	})
}
