package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"testing"
	"time"

	"contacts"
	"contacts/store"
)

func openQuiet(t *testing.T) *Store {
	t.Helper()
	st, err := Open(context.Background(), t.TempDir(), Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil && !errors.Is(err, errClosed) {
			t.Error(err)
		}
	})
	return st
}

// commits makes n commits of one contact each.
func commits(t *testing.T, st *Store, owner store.Owner, from contacts.ID, n int) {
	t.Helper()
	for i := range n {
		c := &contacts.Contact{ID: from + contacts.ID(i), Rev: contacts.Rev(from) + contacts.Rev(i), Notes: fmt.Sprint("visit ", i)}
		if err := st.Update(context.Background(), owner, func(tx store.Tx) error { return tx.InsertContact(c) }); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCheckpoint(t *testing.T) {
	st := openQuiet(t)
	if err := st.log.stop(); err != nil { // this test does its work
		t.Fatal(err)
	}
	st.index.stop() // it would commit and read beside
	c, err := open(st.path, backgroundCache)
	if err != nil {
		t.Fatal(err)
	}
	st.log.conn = c
	log := func() walState {
		t.Helper()
		l, err := c.checkpoint("NOOP")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	id := contacts.ID(1)
	for ; log().pages < checkpointPages; id += 50 {
		commits(t, st, 1, id, 50)
	}
	st.log.keepUp()
	if l := log(); l.copied != l.pages {
		t.Errorf("after a checkpoint, %d of %d pages of the log are copied", l.copied, l.pages)
	}
	st.log.restart.Store(true)
	commits(t, st, 1, id, 1) // after it, the writer sees to it that the log can begin again
	commits(t, st, 1, id+1, 1)
	if l := log(); l.pages >= checkpointPages {
		t.Errorf("the log has %d pages after it should have begun again", l.pages)
	}
	if _, err := c.checkpoint("TRUNCATE"); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(st.path + "-wal"); err != nil || info.Size() != 0 {
		t.Errorf("the emptied log has %d bytes, %v", info.Size(), err)
	}
	st.log = startCheckpointer(c, st.o.Logger, st.counts) // for Close
}

func TestPurge(t *testing.T) {
	t.Run("QRY-47 nothing of a deleted contact is left in the file", func(t *testing.T) {
		ctx, st := context.Background(), openQuiet(t)
		const owner, secret = 3, "Ramsgate"
		commits(t, st, owner, 100, 20)
		c := &contacts.Contact{ID: 1, Rev: 500, Created: 500, Notes: secret, Nickname: "G" + secret,
			Emails: []contacts.Email{{Rel: contacts.RelHome, Address: secret + "@example.com"}}}
		for _, fn := range []func(store.Tx) error{
			func(tx store.Tx) error { return tx.InsertContact(c) },
			nil, // its words become part of a run
			func(tx store.Tx) error {
				return tx.DeleteContact(c, &contacts.Contact{ID: 1, Rev: 501, Created: 500, Deleted: true})
			},
			nil,
		} {
			if fn == nil {
				if err := st.Purge(owner); err != nil {
					t.Fatal(err)
				}
			} else if err := st.Update(ctx, owner, fn); err != nil {
				t.Fatal(err)
			}
		}
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
		file, err := os.ReadFile(st.path)
		if err != nil {
			t.Fatal(err)
		}
		if len(file) == 0 || bytes.Contains(bytes.ToLower(file), bytes.ToLower([]byte(secret[1:]))) {
			t.Errorf("the file of %d bytes has %q", len(file), secret)
		}
	})

	t.Run("QRY-47 words of the deleted are erased a second after a deletion, and once in ten minutes", func(t *testing.T) {
		now := time.Now()
		x := &indexer{batch: indexBatch, books: map[store.Owner]*indexing{
			1: {buried: now},
			2: {buried: now.Add(-purgeIdle)},
			3: {buried: now.Add(-time.Minute), purged: now.Add(-time.Hour)},
			4: {buried: now.Add(-time.Minute), purged: now.Add(-2 * time.Minute)},
			5: {waiting: indexBatch},
			6: {waiting: indexBatch - 1},
		}}
		next := time.Duration(0)
		due := x.due(now, &next)
		if want := map[store.Owner]bool{2: true, 3: true, 5: false}; !maps.Equal(due, want) {
			t.Errorf("due = %v, want %v", due, want)
		}
		if next <= 0 || next > purgeIdle {
			t.Errorf("the next look is in %v, want one within %v", next, purgeIdle)
		}
		if again := x.due(now, &next); len(again) != 0 {
			t.Errorf("at once after that, due = %v, want none", again)
		}
		x.again(now, 2, true) // it failed
		if again := x.due(now, &next); !maps.Equal(again, map[store.Owner]bool{2: true}) {
			t.Errorf("after a failure, due = %v, want that book", again)
		}
	})
}
