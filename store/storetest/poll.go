package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"contacts"
	"contacts/store"
)

// testPoll has eight writers change one book, and a reader follow it by asking
// for what changed since it last asked.
func testPoll(t *testing.T, open Opener) {
	t.Run("FEED-4 QRY-43 a reader that follows revisions misses no change", func(t *testing.T) {
		const writers, changes = 8, 60
		st := open(t)
		var running atomic.Int32
		running.Store(writers)
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				defer running.Add(-1)
				for i := range changes {
					if err := st.Update(background, liz, func(tx store.Tx) error { return pollChange(tx, w, i) }); err != nil {
						t.Errorf("writer %d, change %d: %v", w, i, err)
						return
					}
				}
			})
		}
		copied := map[contacts.ID]contacts.Rev{} // what the reader believes is in the book
		var mark contacts.Rev
		var polls, seen int
		for last := false; !last; polls++ {
			last = running.Load() == 0 // then one more time, for what came since
			view(t, st, liz, func(tx store.Tx) error {
				b, err := tx.Book()
				if err != nil {
					return err
				}
				q := contacts.Query{ShowDeleted: true, Max: -1}
				if mark != 0 {
					q.UpdatedMin = mark.Time()
				}
				for c, err := range tx.Contacts(q) {
					if err != nil {
						return err
					}
					if c.Rev > b.Rev {
						t.Errorf("contact %v has revision %v in a book of revision %v", c.ID, c.Rev, b.Rev)
					}
					if copied[c.ID] != c.Rev {
						seen++
					}
					if copied[c.ID] = c.Rev; c.Deleted {
						delete(copied, c.ID)
					}
				}
				mark = b.Rev
				return nil
			})
		}
		wg.Wait()
		there := 0
		view(t, st, liz, func(tx store.Tx) error {
			for c, err := range tx.Contacts(contacts.Query{Max: -1}) {
				if err != nil {
					return err
				}
				there++
				if copied[c.ID] != c.Rev {
					t.Errorf("contact %v is at revision %v, the reader has %v", c.ID, c.Rev, copied[c.ID])
				}
			}
			return nil
		})
		if len(copied) != there || there == 0 {
			t.Errorf("the reader has %d contacts, the book %d", len(copied), there)
		}
		t.Logf("%d polls saw %d changes", polls, seen)
	})
}

// pollChange is the change number i of a writer: most insert, some change or
// delete what is there.
func pollChange(tx store.Tx, writer, i int) error {
	b, err := tx.Book()
	if err != nil {
		return err
	}
	b.Rev = b.Rev.Next(time.Now())
	var target *contacts.Contact
	if i%3 != 0 {
		target, err = tx.Contact(contacts.ID(1 + (i*7+writer*13)%int(b.LastID+1)))
	}
	switch {
	case target == nil && (err == nil || errors.Is(err, contacts.NotFound)):
		b.LastID++
		err = tx.InsertContact(named(b.LastID, b.Rev, fmt.Sprintf("Guest %d of %d", i, writer)))
	case err == nil && i%3 == 1:
		changed := target.Clone()
		changed.Rev, changed.Notes = b.Rev, fmt.Sprintf("changed by %d", writer)
		err = tx.UpdateContact(target, changed)
	case err == nil:
		err = tx.DeleteContact(target, &contacts.Contact{ID: target.ID, Rev: b.Rev, Created: target.Created, Deleted: true})
	}
	return errors.Join(err, tx.PutBook(b))
}
