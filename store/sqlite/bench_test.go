package sqlite_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"contacts"
	"contacts/store"
	"contacts/store/sqlite"
	"contacts/store/storetest"
)

const benchOwner store.Owner = 7

// insert adds n people to the book of an owner in one update, as package book
// does it.
func insert(tx store.Tx, people []*contacts.Contact) error {
	b, err := tx.Book()
	if err != nil {
		return err
	}
	for _, c := range people {
		b.Rev++
		b.LastID++
		b.Contacts++
		c.ID, c.Rev, c.Created = b.LastID, b.Rev, b.Rev
		if err := tx.InsertContact(c); err != nil {
			return err
		}
		if err := tx.PutBook(b); err != nil {
			return err
		}
	}
	return nil
}

// fill makes a book of n people.
func fill(tb testing.TB, st store.Store, n int) {
	tb.Helper()
	for i := 0; i < n; {
		var people []*contacts.Contact
		for ; i < n && len(people) < 500; i++ {
			people = append(people, storetest.Person(i, 0))
		}
		err := st.Update(context.Background(), benchOwner, func(tx store.Tx) error {
			if b, err := tx.Book(); err != nil {
				return err
			} else if b.Rev == 0 {
				if err := tx.PutBook(store.Book{Rev: firstRev, Created: firstRev}); err != nil {
					return err
				}
			}
			return insert(tx, people)
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
}

// firstRev is a revision as today's clocks give it.
const firstRev contacts.Rev = 1_750_000_000_000_000

// openBook opens a store with a book of n people in it.
func openBook(tb testing.TB, n int) *sqlite.Store {
	tb.Helper()
	st, err := sqlite.Open(context.Background(), tb.TempDir(), sqlite.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := st.Close(); err != nil {
			tb.Error(err)
		}
	})
	fill(tb, st, n)
	if err := st.Settle(benchOwner); err != nil {
		tb.Fatal(err)
	}
	return st
}

// cpuTime is the processor time that this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// reportCPU adds the processor time for each operation to the results of a
// benchmark, which neighbours on the machine disturb less than its duration.
func reportCPU(b *testing.B) func() {
	before := cpuTime()
	return func() { b.ReportMetric(float64((cpuTime()-before).Nanoseconds())/float64(b.N), "cpu-ns/op") }
}

// clients runs fn n times in all, by so many goroutines, and reports the 99th
// percentile of its duration.
func clients(b *testing.B, goroutines, n int, fn func(i int) error) {
	var next atomic.Int64
	var wg sync.WaitGroup
	took := make([]time.Duration, n)
	for range goroutines {
		wg.Go(func() {
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				start := time.Now()
				if err := fn(i); err != nil {
					b.Error(err)
				}
				took[i-1] = time.Since(start)
			}
		})
	}
	wg.Wait()
	if n > 0 {
		slices.Sort(took)
		b.ReportMetric(float64(took[n*99/100].Nanoseconds()), "p99-ns")
	}
}

func BenchmarkInsert(b *testing.B) {
	for _, bm := range []struct{ clients, each int }{{1, 1}, {8, 1}, {32, 1}, {1, 100}} {
		b.Run(fmt.Sprintf("clients=%d/each=%d", bm.clients, bm.each), func(b *testing.B) {
			st := openBook(b, 10000)
			var people []*contacts.Contact
			for i := range 1000 {
				people = append(people, storetest.Person(20000+i, 0))
			}
			b.ReportAllocs()
			b.ResetTimer()
			defer reportCPU(b)()
			clients(b, bm.clients, b.N/bm.each, func(i int) error {
				some := make([]*contacts.Contact, bm.each)
				for j := range some {
					c := *people[(i*bm.each+j)%len(people)]
					some[j] = &c
				}
				return st.Update(context.Background(), benchOwner, func(tx store.Tx) error { return insert(tx, some) })
			})
		})
	}
}

func BenchmarkUpdate(b *testing.B) {
	for _, bm := range []struct{ clients, each int }{{1, 1}, {8, 1}, {1, 100}} {
		b.Run(fmt.Sprintf("clients=%d/each=%d", bm.clients, bm.each), func(b *testing.B) {
			st := openBook(b, 10000)
			b.ReportAllocs()
			b.ResetTimer()
			defer reportCPU(b)()
			clients(b, bm.clients, b.N/bm.each, func(i int) error {
				return st.Update(context.Background(), benchOwner, func(tx store.Tx) error {
					book, err := tx.Book()
					if err != nil {
						return err
					}
					for j := range bm.each {
						n := (i*bm.each + j) * 7919 % 10000
						old, err := tx.Contact(contacts.ID(n + 1))
						if err != nil {
							return err
						}
						c := old.Clone()
						c.Notes += " twice"
						c.Phones[0].Number = fmt.Sprint("+44-020-555-", 1000+i%9000)
						book.Rev++
						c.Rev = book.Rev
						if err := tx.UpdateContact(old, c); err != nil {
							return err
						}
					}
					return tx.PutBook(book)
				})
			})
		})
	}
}

func BenchmarkSearch(b *testing.B) {
	for _, n := range []int{10000, 100000} {
		st := openBook(b, n)
		for _, text := range []string{"u0004711", "mail37 example", "u0004711 example", "e", "likes"} {
			b.Run(fmt.Sprintf("n=%d/q=%s", n, text), func(b *testing.B) {
				b.ReportAllocs()
				found := 0
				defer reportCPU(b)()
				for b.Loop() {
					st.View(context.Background(), benchOwner, func(tx store.Tx) (err error) {
						found, err = tx.CountContacts(contacts.Query{Text: text})
						return err
					})
				}
				b.ReportMetric(float64(found), "found")
			})
		}
	}
}

func BenchmarkView(b *testing.B) {
	st := openBook(b, 10000)
	ctx := context.Background()
	err := st.Update(ctx, store.Directory, func(tx store.Tx) error {
		for i := range 1000 {
			if err := tx.PutRecord(1, fmt.Sprintf("%032d", i), make([]byte, 150), time.Now().Add(time.Hour)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, bm := range []struct {
		name  string
		owner store.Owner
		fn    func(tx store.Tx, i int) error
	}{
		{"nothing", benchOwner, func(store.Tx, int) error { return nil }},
		{"record", store.Directory, func(tx store.Tx, i int) error {
			_, err := tx.Record(1, fmt.Sprintf("%032d", i%1000))
			return err
		}},
		{"contact", benchOwner, func(tx store.Tx, i int) error {
			_, err := tx.Contact(contacts.ID(i*7919%10000 + 1))
			return err
		}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			defer reportCPU(b)()
			for i := 0; b.Loop(); i++ {
				if err := st.View(ctx, bm.owner, func(tx store.Tx) error { return bm.fn(tx, i) }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkQuery(b *testing.B) {
	for _, n := range []int{1000, 10000, 100000} {
		st := openBook(b, n)
		// the last changes of the book
		mark := firstRev + contacts.Rev(n) + 1_000_000
		err := st.Update(context.Background(), benchOwner, func(tx store.Tx) error {
			for i := range 10 {
				old, err := tx.Contact(contacts.ID(1 + i*n/10))
				if err != nil {
					return err
				}
				c := old.Clone()
				c.Rev = mark + contacts.Rev(i)
				if err := tx.UpdateContact(old, c); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		for _, bm := range []struct {
			name string
			q    contacts.Query
		}{
			{"all", contacts.Query{Max: -1}},
			{"first 25", contacts.Query{Max: 25}},
			{"last 25", contacts.Query{Start: n - 24, Max: 25}},
			{"all by updated", contacts.Query{Max: -1, ByUpdated: true}},
			{"last 25 by updated", contacts.Query{Start: n - 24, Max: 25, ByUpdated: true}},
			{"10 changed", contacts.Query{UpdatedMin: mark.Time(), Max: -1, ShowDeleted: true}},
			{"0 changed", contacts.Query{UpdatedMin: (mark + 2000).Time(), Max: -1, ShowDeleted: true}},
			{"all since", contacts.Query{UpdatedMin: firstRev.Time(), Max: -1, ShowDeleted: true}},
		} {
			b.Run(fmt.Sprintf("n=%d/%s", n, bm.name), func(b *testing.B) {
				b.ReportAllocs()
				defer reportCPU(b)()
				read := 0
				for b.Loop() {
					read = 0
					err := st.View(context.Background(), benchOwner, func(tx store.Tx) error {
						if _, err := tx.CountContacts(bm.q); err != nil {
							return err
						}
						for _, err := range tx.Contacts(bm.q) {
							if err != nil {
								return err
							}
							read++
						}
						return nil
					})
					if err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(read), "read")
			})
		}
	}
}
