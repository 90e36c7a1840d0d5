package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"contacts"
	"contacts/store"
	"contacts/store/sqlite"
)

// copyOf opens a copy of the store as it is now. meanwhile, if not nil, is
// called when the copy has begun.
func copyOf(t testing.TB, st *sqlite.Store, meanwhile func()) *sqlite.Store {
	t.Helper()
	dir := t.TempDir()
	f, err := os.OpenFile(filepath.Join(dir, sqlite.FileName), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	err = st.Snapshot(t.Context(), true, func(n *sqlite.Snapshot) error {
		if meanwhile != nil {
			meanwhile()
		}
		return n.WriteTo(t.Context(), w)
	})
	if err := errors.Join(err, w.Flush(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return openIn(t, dir)
}

func TestSnapshot(t *testing.T) {
	t.Run("OPS-1 OPS-7 a copy among writers is the state of one moment", func(t *testing.T) {
		st := openIn(t, t.TempDir())
		stop := make(chan struct{})
		var mu sync.Mutex
		var acknowledged []contacts.ID
		var writers sync.WaitGroup
		some := make(chan struct{}, 1)
		for range 4 {
			writers.Go(func() {
				for {
					id, err := insertOne(st)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					acknowledged = append(acknowledged, id)
					mu.Unlock()
					select {
					case some <- struct{}{}:
					case <-stop:
						return
					default:
					}
				}
			})
		}
		progress := func(n int) { // waits for that many further inserts
			mu.Lock()
			target := len(acknowledged) + n
			mu.Unlock()
			for enough := false; !enough; {
				<-some
				mu.Lock()
				enough = len(acknowledged) >= target
				mu.Unlock()
			}
		}
		for range 3 {
			progress(20)
			mu.Lock()
			before := append([]contacts.ID(nil), acknowledged...)
			mu.Unlock()
			most := 0
			copied := copyOf(t, st, func() {
				mu.Lock()
				most = len(acknowledged) + 4 // and one that each writer was about to be told of
				mu.Unlock()
				progress(40)
			})
			if err := checkBook(copied, before); err != nil {
				t.Error(err)
			}
			if faults, v := verify(t, copied); len(faults) > 0 || v.Contacts > most {
				t.Errorf("the copy has %d contacts, of at most %d, and the faults %q", v.Contacts, most, faults)
			}
		}
		close(stop)
		writers.Wait()
	})

	t.Run("OPS-1 OPS-2 a copy has all that the store has", func(t *testing.T) {
		st := openIn(t, household(t))
		copied := copyOf(t, st, nil)
		for _, owner := range []store.Owner{store.Directory, benchOwner} {
			if got, want := everything(t, copied, owner), everything(t, st, owner); got != want {
				t.Errorf("owner %d has\n%s\nwant\n%s", owner, got, want)
			}
		}
		got, err := copied.Counts(t.Context())
		want := []sqlite.Count{{Owner: benchOwner, Contacts: 298, Groups: 2, Photos: 1, Tombstones: 3}}
		if len(got) == 1 {
			want[0].Book = got[0].Book
		}
		if err != nil || !reflect.DeepEqual(got, want) || got[0].Book.Contacts != 298 {
			t.Errorf("Counts = %+v, %v, want %+v", got, err, want)
		}
	})

	t.Run("OPS-1 a copy is made beside another process", func(t *testing.T) {
		dir := t.TempDir()
		st := openIn(t, dir)
		cmd := process("insert for ever", dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		var acknowledged []contacts.ID
		for len(acknowledged) < 100 && lines.Scan() {
			var id uint64
			if _, err := fmt.Sscan(lines.Text(), &id); err != nil {
				t.Fatal(err)
			}
			acknowledged = append(acknowledged, contacts.ID(id))
		}
		go io.Copy(io.Discard, out) // the process goes on
		copied := copyOf(t, st, nil)
		if err := checkBook(copied, acknowledged); err != nil {
			t.Error(err)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
	})

	t.Run("OPS-6 a store with a damaged page is not copied", func(t *testing.T) {
		dir := household(t)
		damage(t, dir)
		st := openIn(t, dir)
		err := st.Snapshot(t.Context(), false, func(*sqlite.Snapshot) error {
			t.Error("Snapshot gives out a damaged store")
			return nil
		})
		var bad *sqlite.DamagedError
		if !errors.As(err, &bad) {
			t.Errorf("Snapshot = %v, want a DamagedError", err)
		}
	})

	t.Run("a copy that is not wanted any more ends", func(t *testing.T) {
		st := openIn(t, household(t))
		ctx, cancel := context.WithCancel(t.Context())
		err := st.Snapshot(ctx, false, func(n *sqlite.Snapshot) error {
			cancel()
			return n.WriteTo(ctx, io.Discard)
		})
		if err == nil {
			t.Error("the copy was made all the same")
		}
	})

	t.Run("a snapshot cannot be changed", func(t *testing.T) {
		st := openIn(t, household(t))
		err := st.Snapshot(t.Context(), false, func(n *sqlite.Snapshot) error {
			return n.Update(t.Context(), benchOwner, func(tx store.Tx) error { return tx.DropBook() })
		})
		if err == nil {
			t.Error("Update succeeded")
		}
	})
}

// everything writes down all that an owner has, for comparison.
func everything(t testing.TB, st store.Store, owner store.Owner) string {
	t.Helper()
	var b strings.Builder
	err := st.View(context.Background(), owner, func(tx store.Tx) error {
		book, err := tx.Book()
		fmt.Fprintf(&b, "%+v %v\n", book, err)
		all := contacts.Query{Max: -1, ShowDeleted: true}
		for c, err := range tx.Contacts(all) {
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, "%+v\n", c)
			if c.Photo.Version != "" {
				p, err := tx.Photo(c.Photo.Version)
				if err != nil {
					return err
				}
				fmt.Fprintf(&b, "%s %q\n", p.Type, p.Data)
			}
		}
		for g, err := range tx.Groups(all) {
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, "%+v\n", g)
		}
		for rt := range store.RecordType(200) {
			for r, err := range tx.Records(rt, "") {
				if err != nil {
					return err
				}
				fmt.Fprintf(&b, "%d %q %q %v\n", rt, r.Key, r.Value, r.Expires)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestUpgrade(t *testing.T) {
	const newer = "ALTER TABLE book ADD COLUMN colour TEXT"
	quiet := sqlite.Options{Logger: slog.New(slog.DiscardHandler)}

	t.Run("OPS-40 the state of before is handed over before the schema changes", func(t *testing.T) {
		dir := household(t)
		before := everything(t, openIn(t, household(t)), benchOwner)
		o := quiet
		copied := filepath.Join(t.TempDir(), sqlite.FileName)
		calls := 0
		o.BeforeUpgrade = func(ctx context.Context, n *sqlite.Snapshot, to int) error {
			calls++
			if n.Schema+1 != to {
				t.Errorf("from schema %d to %d", n.Schema, to)
			}
			f, err := os.Create(copied)
			if err != nil {
				return err
			}
			return errors.Join(n.WriteTo(ctx, f), f.Close())
		}
		st, err := sqlite.OpenWithMigration(dir, o, newer)
		if err != nil {
			t.Fatal(err)
		}
		if got := everything(t, st, benchOwner); got != before {
			t.Error("the upgraded store has something else than before")
		}
		if faults, _ := verify(t, st); len(faults) > 0 {
			t.Errorf("the upgraded store has the faults %q", faults)
		}
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
		if st, err = sqlite.OpenWithMigration(dir, o, newer); err != nil { // nothing to do
			t.Fatal(err)
		}
		if err := st.Close(); err != nil || calls != 1 {
			t.Errorf("%d calls, %v, want 1", calls, err)
		}
		if got := everything(t, openIn(t, filepath.Dir(copied)), benchOwner); got != before { // the program of before
			t.Error("the copy has something else than the store before the upgrade")
		}
	})

	t.Run("OPS-40 without the backup nothing is changed", func(t *testing.T) {
		dir := household(t)
		o := quiet
		full := errors.New("no room")
		o.BeforeUpgrade = func(context.Context, *sqlite.Snapshot, int) error { return full }
		if _, err := sqlite.OpenWithMigration(dir, o, newer); !errors.Is(err, full) {
			t.Fatalf("Open = %v, want %v", err, full)
		}
		if faults, _ := verify(t, openIn(t, dir)); len(faults) > 0 {
			t.Errorf("the store has changed: %q", faults)
		}
	})

	t.Run("OPS-40 an empty store is upgraded without", func(t *testing.T) {
		dir := t.TempDir()
		if err := openIn(t, dir).Close(); err != nil {
			t.Fatal(err)
		}
		o := quiet
		o.BeforeUpgrade = func(context.Context, *sqlite.Snapshot, int) error {
			t.Error("a backup of nothing")
			return nil
		}
		st, err := sqlite.OpenWithMigration(dir, o, newer)
		if err != nil {
			t.Fatal(err)
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})

	t.Run("OPS-41 the older program refuses the upgraded store", func(t *testing.T) {
		dir := household(t)
		st, err := sqlite.OpenWithMigration(dir, quiet, newer)
		if err := errors.Join(err, st.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := openDir(dir); err == nil || !strings.Contains(err.Error(), "use the newer program") {
			t.Errorf("Open = %v, want a sentence that helps", err)
		}
	})
}

func BenchmarkSnapshot(b *testing.B) {
	st := openBook(b, 20_000)
	var size int64
	for b.Loop() {
		err := st.Snapshot(b.Context(), false, func(n *sqlite.Snapshot) error {
			size = n.Size
			return n.WriteTo(b.Context(), io.Discard)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(size)
}

func BenchmarkVerify(b *testing.B) {
	st := openBook(b, 20_000)
	for b.Loop() {
		if faults, _ := verify(b, st); len(faults) > 0 {
			b.Fatal(faults)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/20_000, "µs/contact")
}
