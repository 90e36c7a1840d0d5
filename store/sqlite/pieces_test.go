package sqlite

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"contacts"
	"contacts/store"
)

// written counts the blocks of a book, and the runs of them that are not
// listed.
func written(t *testing.T, st *Store, owner store.Owner) (blocks, unlisted int64) {
	t.Helper()
	c, err := st.pool.get(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer st.pool.put(c)
	if blocks, err = c.number(fmt.Sprint("SELECT count(*) FROM posting WHERE owner = ", owner)); err != nil {
		t.Fatal(err)
	}
	unlisted, err = c.number(fmt.Sprintf("SELECT count(DISTINCT run) FROM posting WHERE owner = %d AND run NOT IN (SELECT run FROM run WHERE owner = %[1]d)", owner))
	if err != nil {
		t.Fatal(err)
	}
	return blocks, unlisted
}

// alone ends the indexer of a store, whose work a test does.
func alone(st *Store) *indexer {
	st.index.stop()
	st.index.ctx = context.Background()
	return st.index
}

func TestPieces(t *testing.T) {
	const owner, number = 3, 77
	t.Run("blocks come and go a few in each update", func(t *testing.T) {
		st := openQuiet(t)
		x := alone(st)
		x.piece = 2
		var blocks []runBlock
		for i := range byte(7) {
			blocks = append(blocks, runBlock{first: []byte{i}, data: []byte("Meryton")})
		}
		updates := func() uint64 { return st.counts.groups.At().Count() }
		before := updates()
		last, err := x.putAhead(owner, number, blocks)
		if err != nil || last != 6 {
			t.Fatalf("putAhead = %d, %v; want 6", last, err)
		}
		if n := updates() - before; n != 3 {
			t.Errorf("six blocks came in %d updates, want 3", n)
		}
		if n, unlisted := written(t, st, owner); n != 6 || unlisted != 1 {
			t.Errorf("there are %d blocks of %d runs, want 6 of one", n, unlisted)
		}
		before = updates()
		if err := x.sweep(owner); err != nil {
			t.Fatal(err)
		}
		if n := updates() - before; n != 4 {
			t.Errorf("six blocks went in %d updates, want 3 and one that finds no more", n)
		}
		if n, _ := written(t, st, owner); n != 0 {
			t.Errorf("%d blocks are left", n)
		}
	})

	t.Run("what a kill leaves says nothing, and goes with the next merge", func(t *testing.T) {
		st := openQuiet(t)
		x := alone(st)
		x.piece, x.batch = 1, 3
		commits(t, st, owner, 1, 3)
		if err := x.tidy(owner, false); err != nil {
			t.Fatal(err)
		}
		left := writeRun([]document{{id: 2, terms: string(appendTerms(nil, &contacts.Contact{Notes: "Brighton"}))}})
		if _, err := x.putAhead(owner, number, append(left, runBlock{first: []byte("\xff")})); err != nil {
			t.Fatal(err)
		}
		if _, unlisted := written(t, st, owner); unlisted != 1 {
			t.Fatal("nothing is left of the run that was not finished")
		}
		err := st.View(context.Background(), owner, func(st store.Tx) error {
			ids, err := st.(*tx).search(contacts.ParseSearch("brighton"))
			if len(ids) != 0 {
				t.Errorf("a search finds %v", ids)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for from := contacts.ID(10); from < 100; from += 3 { // until runs are merged
			commits(t, st, owner, from, 3)
			if err := x.tidy(owner, false); err != nil {
				t.Fatal(err)
			}
		}
		if n, unlisted := written(t, st, owner); n == 0 || unlisted != 0 {
			t.Errorf("of %d blocks, those of %d runs are left over", n, unlisted)
		}
	})

	t.Run("QRY-47 what a kill leaves goes when words of the deleted are erased", func(t *testing.T) {
		st := openQuiet(t)
		x := alone(st)
		x.piece = 1
		if _, err := x.putAhead(owner, number, []runBlock{{first: []byte{1}}, {first: []byte{2}}}); err != nil {
			t.Fatal(err)
		}
		if err := x.tidy(owner, true); err != nil {
			t.Fatal(err)
		}
		if n, _ := written(t, st, owner); n != 0 {
			t.Errorf("%d blocks are left", n)
		}
	})

	t.Run("who writes finds out that another process has swept up", func(t *testing.T) {
		st := openQuiet(t)
		x := alone(st)
		blocks := []runBlock{{first: []byte{1}}, {first: []byte{2}}, {first: []byte{3}}}
		piece := func(from int) error {
			return st.Update(x.ctx, owner, func(st store.Tx) error { return st.(*tx).putPiece(number, blocks, from, from+1) })
		}
		for from := range 2 {
			if err := piece(from); err != nil {
				t.Fatal(err)
			}
		}
		x.piece = 1
		err := st.Update(x.ctx, owner, func(st store.Tx) error { // the first piece of a sweep
			return st.(*tx).change(func() error { return st.(*tx).eraseBlocks(number, 1) })
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := piece(2); !errors.Is(err, errOvertaken) {
			t.Errorf("the third piece: %v, want errOvertaken", err)
		}
		if n, _ := written(t, st, owner); n != 1 {
			t.Errorf("there are %d blocks, want what the sweep has left of two", n)
		}
	})

	t.Run("nothing is left of a run that was overtaken", func(t *testing.T) {
		st := openQuiet(t)
		x := alone(st)
		x.piece = 2
		blocks := []runBlock{{first: []byte{1}}, {first: []byte{2}}, {first: []byte{3}}}
		if err := x.put(owner, &run{number: number}, blocks, func(*tx) error { return errOvertaken }); !errors.Is(err, errOvertaken) {
			t.Errorf("put: %v, want errOvertaken", err)
		}
		if n, _ := written(t, st, owner); n != 0 {
			t.Errorf("%d blocks are left", n)
		}
	})
}
