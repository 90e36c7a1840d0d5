package transfer_test

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"contacts"
	"contacts/transfer"
)

// guests is a file of n vCards as phones write them.
func guests(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(card(fmt.Sprintf("UID:guest-%d", i), fmt.Sprintf("FN:Guest No%d", i), fmt.Sprintf("N:No%d;Guest;;;", i),
			fmt.Sprintf("EMAIL;TYPE=INTERNET;TYPE=HOME:guest%d@example.com", i), fmt.Sprintf("TEL;TYPE=CELL:07700 %06d", i),
			"ORG:Netherfield", "ADR;TYPE=HOME:;;3 Meryton Road;Meryton;Hertfordshire;SG99 6FF;United Kingdom", "CATEGORIES:Ball", "NOTE:Danced twice."))
	}
	return b.String()
}

// BenchmarkImport imports 10,000 vCards into an empty book, with a journal.
func BenchmarkImport(b *testing.B) {
	const n = 10_000
	text := guests(n)
	p := newPlace(b)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		book, state := p.book(), b.TempDir()
		b.StartTimer()
		s, err := transfer.Import(context.Background(), book, strings.NewReader(text), transfer.ImportOptions{State: state})
		if err != nil || s.Created != n {
			b.Fatalf("Import() = %+v, %v", s, err)
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "cards/s")
}

// BenchmarkBatch makes the same contacts in batches of 100, and nothing else:
// what BenchmarkImport is measured against.
func BenchmarkBatch(b *testing.B) {
	const n = 10_000
	p := newPlace(b)
	from := p.book()
	imported(b, from, guests(n), transfer.ImportOptions{})
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		book := p.book()
		var ops []transfer.Op
		for it, err := range from.Contacts(context.Background()) {
			if err != nil {
				b.Fatal(err)
			}
			c := it.Contact.Clone()
			c.Memberships = nil
			ops = append(ops, transfer.Op{Kind: transfer.Insert, Contact: c})
		}
		b.StartTimer()
		for len(ops) > 0 {
			if _, err := book.Apply(context.Background(), ops[:transfer.MaxOps]); err != nil {
				b.Fatal(err)
			}
			ops = ops[transfer.MaxOps:]
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "contacts/s")
}

// BenchmarkExport exports 10,000 contacts.
func BenchmarkExport(b *testing.B) {
	const n = 10_000
	book := newPlace(b).book()
	imported(b, book, guests(n), transfer.ImportOptions{})
	for _, f := range []transfer.Format{transfer.VCard, transfer.CSV, transfer.JSON} {
		b.Run(string(f), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var out bytes.Buffer
				if _, err := transfer.Export(context.Background(), book, &out, transfer.ExportOptions{Format: f}); err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(out.Len()))
			}
		})
	}
}

// BenchmarkSyncNothing keeps a folder of 10,000 cards equal when nothing has
// changed.
func BenchmarkSyncNothing(b *testing.B) {
	f := &folder{b, b.TempDir(), newPlace(b).book()}
	imported(b, f.book, guests(10_000), transfer.ImportOptions{})
	f.sync(transfer.SyncOptions{})
	for b.Loop() {
		f.sync(transfer.SyncOptions{})
	}
}

func TestExportMemory(t *testing.T) {
	t.Run("EXP-7 an export keeps a contact at a time, however many there are", exportMemory)
}

func exportMemory(t *testing.T) {
	p := newPlace(t)
	book := p.book()
	var ops []transfer.Op
	for i := range 200 {
		ops = append(ops, transfer.Op{Kind: transfer.Insert, Contact: &contacts.Contact{Name: contacts.Name{Full: fmt.Sprint("Guest No", i)}, Notes: strings.Repeat("x", 100<<10)}})
	}
	for len(ops) > 0 {
		if _, err := book.Apply(context.Background(), ops[:50]); err != nil {
			t.Fatal(err)
		}
		ops = ops[50:]
	}
	for _, f := range []transfer.Format{transfer.VCard, transfer.CSV, transfer.JSON} {
		w := &watching{}
		if _, err := transfer.Export(context.Background(), book, w, transfer.ExportOptions{Format: f}); err != nil {
			t.Fatal(err)
		}
		if w.n < 20_000_000 || w.most > 12<<20 {
			t.Errorf("%s: %d bytes written, with %d bytes in use", f, w.n, w.most)
		}
	}
}

// A watching writer looks from time to time at how much memory is in use more
// than at the beginning.
type watching struct {
	n, next int
	base    uint64
	most    int64
}

func (w *watching) Write(b []byte) (int, error) {
	if w.n += len(b); w.n >= w.next {
		w.next = w.n + 2<<20
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if w.base == 0 {
			w.base = m.HeapAlloc
		}
		w.most = max(w.most, int64(m.HeapAlloc)-int64(w.base))
	}
	return len(b), nil
}
