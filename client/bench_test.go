package client_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"testing"
	"time"

	"contacts"
	"contacts/client"
	"contacts/server"
	"contacts/wire"
)

// bigFeed is a server with a feed of many contacts, whose pages are made
// before.
func bigFeed(t testing.TB, total, perPage int) (server *httptest.Server, size int64) {
	t.Helper()
	r := rand.New(rand.NewPCG(1813, 10000))
	var pages [][]byte
	url := ""
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start, err := strconv.Atoi(r.FormValue("start-index"))
		if err != nil {
			start = 1
		}
		w.Write(pages[(start-1)/perPage])
	}))
	t.Cleanup(front.Close)
	url = front.URL
	e := wire.NewEncoder(wire.Options{Kind: wire.ContactKind, View: contacts.Full, Owner: elizabeth, Base: url, IDBase: url})
	var people [20]*contacts.Contact
	for i := range people {
		people[i] = everything(r)
		people[i].Properties, people[i].UserDefined, people[i].Jots = nil, nil, nil
	}
	for start := 1; start <= total; start += perPage {
		f := wire.Feed{ETag: `W/"x"`, Updated: time.Unix(1204720598, 0), Total: total, Start: start, PerPage: perPage}
		if start+perPage <= total {
			f.NextQuery = fmt.Sprintf("start-index=%d&max-results=%d", start+perPage, perPage)
		}
		page := e.AppendFeedHead(nil, &f)
		for i := range perPage {
			c := people[i%len(people)]
			c.ID = contacts.ID(start + i)
			page = e.AppendContact(page, c)
		}
		pages = append(pages, e.AppendFeedTail(page, &f))
	}
	for _, p := range pages {
		size += int64(len(p))
	}
	return front, size
}

// live is how much memory is in use.
func live() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestMemory(t *testing.T) {
	const total, perPage = 10000, 250
	front, size := bigFeed(t, total, perPage)
	c := must(client.New(front.URL))(t)
	kept := make(map[string]string, total)
	var first, most int64
	n := 0
	for ct, err := range c.Contacts(t.Context(), client.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		kept[ct.Entry.ID()] = ct.Entry.ETag
		if n++; n == perPage/2 {
			first = live()
		} else if n%1000 == perPage/2 {
			most = max(most, live())
		}
	}
	t.Run("LIB-15 memory stays at a page, also if something of each contact is kept", func(t *testing.T) {
		if len(kept) != total {
			t.Errorf("%d contacts, want %d", len(kept), total)
		}
		const words = 100 * total // an id and an ETag each
		if page := size * perPage / total; most > first+3*page+words {
			t.Errorf("the heap grows from %d to %d bytes, with pages of %d", first, most, page)
		}
	})
}

func BenchmarkContacts(b *testing.B) {
	front, size := bigFeed(b, 10000, 500)
	c := must(client.New(front.URL))(b)
	b.ReportAllocs()
	b.SetBytes(size)
	for b.Loop() {
		n := 0
		for _, err := range c.Contacts(b.Context(), client.Query{}) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != 10000 {
			b.Fatalf("%d contacts", n)
		}
	}
}

func BenchmarkBatch(b *testing.B) {
	w := newWorld(b, func(c *server.Config) { c.MaxContacts = 1 << 30 })
	c := w.as(elizabeth)
	ops := make([]client.ContactOp, 100)
	for i := range ops {
		ops[i] = client.ContactOp{Op: client.OpInsert, Contact: &client.Contact{Contact: *jane()}}
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, r := range must(c.BatchContacts(b.Context(), ops))(b) {
			if r.Err != nil {
				b.Fatal(r.Err)
			}
		}
	}
}
