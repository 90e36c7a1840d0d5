//go:build exp

package sqlite

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"contacts"
	"contacts/store"
	"contacts/store/storetest"
)

func TestExp(t *testing.T) {
	st, err := Open(context.Background(), t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range strings.Split(os.Getenv("PRAGMAS"), ";") {
		if p != "" {
			if err := st.w.conn.script(p); err != nil {
				t.Fatal(p, err)
			}
		}
	}
	rev := contacts.Rev(1_750_000_000_000_000)
	id := contacts.ID(0)
	ins := func(n int) {
		var people []*contacts.Contact
		for range n {
			people = append(people, storetest.Person(int(id)+len(people), 0))
		}
		err := st.Update(context.Background(), 7, func(tx store.Tx) error {
			for _, c := range people {
				rev++
				id++
				c.ID, c.Rev, c.Created = id, rev, rev
				if err := tx.InsertContact(c); err != nil {
					return err
				}
			}
			return tx.PutBook(store.Book{Rev: rev, Created: rev, LastID: id})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	wal := func() int64 { fi, _ := os.Stat(st.path + "-wal"); return fi.Size() }
	for range 20 {
		ins(500)
	}
	for _, n := range []int{-1, 1, 8, 100} {
		w0, t0, c0 := wal(), time.Now(), cpu()
		if n < 0 {
			n = 1
		}
		for range 200 {
			ins(n)
		}
		fmt.Println(n, "frames per commit", float64(wal()-w0)/4120/200, "time per commit", time.Since(t0)/200, "cpu", (cpu()-c0)/200)
	}
	w := st.w.conn
	if false {
		w = nil
	}
	fmt.Println(w.number("SELECT count(*) FROM words_idx"))
	w.script("PRAGMA wal_checkpoint(TRUNCATE)")
	fi, _ := os.Stat(st.path)
	fmt.Println("size per contact", fi.Size()/int64(id))
	for _, tb := range []string{"contact", "contact_rev", "words_data", "words_idx", "block", "book"} {
		n, err := w.number("SELECT sum(pgsize) FROM dbstat WHERE name = '" + tb + "'")
		fmt.Println(tb, n/int64(id), err)
	}
	st.Close()
}

func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(0, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestExpWal(t *testing.T) {
	st, err := Open(context.Background(), t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t0 := time.Now()
	var max, sum time.Duration
	var ds []time.Duration
	rev := contacts.Rev(1_750_000_000_000_000)
	for i := range 6000 {
		rev++
		c := storetest.Person(i, 0)
		c.ID, c.Rev, c.Created = contacts.ID(i+1), rev, rev
		t1 := time.Now()
		if err := st.Update(context.Background(), 7, func(tx store.Tx) error { return tx.InsertContact(c) }); err != nil {
			t.Fatal(err)
		}
		d := time.Since(t1)
		ds = append(ds, d)
		sum += d
		if d > max {
			max = d
		}
		if i%1000 == 0 {
			fi, _ := os.Stat(st.path + "-wal")
			l, err := st.w.conn.checkpoint("NOOP")
			fmt.Println(i, fi.Size()/4120, l, err, time.Since(t0))
		}
	}
	slices.Sort(ds)
	fmt.Println("mean", sum/6000, "max", max, "p50", ds[3000], "p99", ds[5940], "p999", ds[5994])
	time.Sleep(1500 * time.Millisecond)
	fi, _ := os.Stat(st.path + "-wal")
	fmt.Println(fi.Size())
	t0 = time.Now()
	for range 1000 {
		st.log.conn.checkpoint("NOOP")
	}
	fmt.Println("noop", time.Since(t0)/1000)
	st.Close()
}
