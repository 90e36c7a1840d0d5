package storetest

import (
	"errors"
	"testing"

	"contacts"
	"contacts/store"
)

func testTry(t *testing.T, open Opener) {
	add := func(id contacts.ID) func(store.Tx) error {
		return func(tx store.Tx) error { return tx.InsertContact(named(id, rev(int(id)), "Kitty Bennet")) }
	}
	failing := func(tx store.Tx) error { return errors.Join(change(tx), errGiveUp) }

	t.Run("a part that fails is undone, and those around it stay", func(t *testing.T) {
		with, without := open(t), open(t)
		for _, st := range []store.Store{with, without} {
			update(t, st, liz, book)
		}
		update(t, with, liz, func(tx store.Tx) error {
			before := tx.Try(func() error { return add(10)(tx) })
			failed := tx.Try(func() error { return failing(tx) })
			after := tx.Try(func() error { return add(11)(tx) })
			if before != nil || !errors.Is(failed, errGiveUp) || after != nil {
				t.Errorf("Try = %v, %v, %v, want the error of the second part alone", before, failed, after)
			}
			return nil
		})
		update(t, without, liz, func(tx store.Tx) error { return errors.Join(add(10)(tx), add(11)(tx)) })
		if got, want := pictureOf(t, with, liz), pictureOf(t, without, liz); got != want {
			t.Errorf("there is\n%swant\n%s", got, want)
		}
	})

	t.Run("a change that failed in a part fails that part alone", func(t *testing.T) {
		st := open(t)
		update(t, st, liz, book)
		update(t, st, liz, func(tx store.Tx) error {
			if tx.Try(func() error { add(1)(tx); return nil }) == nil { // the ID is taken
				t.Error("Try of a failed change returned no error")
			}
			return add(12)(tx)
		})
		view(t, st, liz, func(tx store.Tx) error {
			_, err := tx.Contact(12)
			return err
		})
	})

	t.Run("an update that fails undoes its parts too", func(t *testing.T) {
		st := open(t)
		update(t, st, liz, book)
		before := pictureOf(t, st, liz)
		err := st.Update(background, liz, func(tx store.Tx) error {
			return errors.Join(tx.Try(func() error { return change(tx) }), errGiveUp)
		})
		if after := pictureOf(t, st, liz); !errors.Is(err, errGiveUp) || after != before {
			t.Errorf("Update = %v, and there is\n%swant\n%s", err, after, before)
		}
	})

	t.Run("a View has no parts", func(t *testing.T) {
		view(t, open(t), liz, func(tx store.Tx) error {
			if tx.Try(func() error { return nil }) == nil {
				t.Error("Try in a View returned no error")
			}
			return nil
		})
	})
}
