package gdata_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"contacts/server"
)

// together runs n calls at once and returns what they returned.
func together[T any](n int, call func(i int) T) []T {
	results := make([]T, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			results[i] = call(i)
		})
	}
	close(start)
	wg.Wait()
	return results
}

// statuses counts the answers by status.
func statuses(answers []*answer) map[int]int {
	n := map[int]int{}
	for _, a := range answers {
		n[a.StatusCode]++
	}
	return n
}

func TestConcurrentWrites(t *testing.T) {
	w := newWorld(t)
	w.token(elizabeth)
	w.token(admin)
	const writers, rounds = 4, 8

	t.Run("WRT-40 of updates with the same precondition exactly one succeeds", func(t *testing.T) {
		e := w.as("1.0", "POST", contactsFull, named("Round 0")).want(t, http.StatusCreated).entry(t)
		for round := range rounds {
			version, path, status := "1.0", e.link("edit"), http.StatusConflict
			header := []string{}
			if round%2 == 1 {
				tag := w.as("1.0", "GET", e.link("self"), "").Header.Get("ETag")
				version, path, status, header = "3.0", e.link("self"), http.StatusPreconditionFailed, []string{"If-Match", tag}
			}
			answers := together(writers, func(i int) *answer {
				return w.as(version, "PUT", path, named(fmt.Sprintf("Round %d writer %d", round, i)), header...)
			})
			if n := statuses(answers); n[http.StatusOK] != 1 || n[status] != writers-1 {
				t.Fatalf("round %d: answers by status %v", round, n)
			}
			e = w.as("1.0", "GET", e.link("self"), "").want(t, http.StatusOK).entry(t)
			for i, a := range answers {
				if want := fmt.Sprintf("Round %d writer %d", round, i); (a.StatusCode == http.StatusOK) != (e.Title == want) {
					t.Errorf("round %d: writer %d got %s, the title is %q", round, i, a.Status, e.Title)
				}
			}
		}
	})

	t.Run("WRT-40 WRT-53 of an update and deletions exactly one succeeds", func(t *testing.T) {
		for range rounds {
			e := w.add(t, contactsFull, jane)
			answers := together(writers, func(i int) *answer {
				if i == 0 {
					return w.as("3.0", "PUT", e.link("edit"), named("Jane Bingley"), "If-Match", e.ETag)
				}
				return w.as("3.0", "DELETE", e.link("edit"), "", "If-Match", e.ETag)
			})
			n := statuses(answers)
			if n[http.StatusOK] != 1 || n[http.StatusOK]+n[http.StatusNotFound]+n[http.StatusPreconditionFailed] != writers {
				t.Errorf("answers by status %v", n)
			}
		}
	})

	t.Run("DUP-8 of inserts with one address exactly one succeeds", func(t *testing.T) {
		for round := range rounds {
			address := fmt.Sprintf("lydia%d@example.org", round)
			answers := together(writers, func(i int) *answer {
				if round%2 == 0 {
					return w.do(admin, "POST", sharedFull, atom(emails(address)), "GData-Version", "3.0")
				}
				return w.as("1.0", "POST", contactsFull, atom(emails(address)))
			})
			if n := statuses(answers); n[http.StatusCreated] != 1 || n[http.StatusConflict] != writers-1 {
				t.Errorf("round %d: answers by status %v", round, n)
			}
		}
		if n := w.do(admin, "GET", sharedFull, "").want(t, http.StatusOK).feed(t).Total; n != rounds/2 {
			t.Errorf("%d shared contacts, want %d", n, rounds/2)
		}
	})

	t.Run("WRT-10 concurrent inserts do not pass the limit", func(t *testing.T) {
		w := newWorld(t, func(c *server.Config) { c.MaxContacts = 3 })
		w.token(elizabeth)
		answers := together(2*writers, func(i int) *answer { return w.as("3.0", "POST", contactsFull, named("Mary")) })
		if n := statuses(answers); n[http.StatusCreated] != 3 || n[http.StatusForbidden] != 2*writers-3 {
			t.Errorf("answers by status %v", n)
		}
	})

	t.Run("RES-37 WRT-23 concurrent inserts get ids and tags of their own", func(t *testing.T) {
		ids, tags := map[string]bool{}, map[string]bool{}
		for _, a := range together(4*writers, func(i int) *answer {
			return w.as("3.0", "POST", []string{contactsFull, groupsFull}[i%2], named("Mary"))
		}) {
			e := a.want(t, http.StatusCreated).entry(t)
			ids[e.ID], tags[e.ETag] = true, true
		}
		if len(ids) != 4*writers || len(tags) != 4*writers {
			t.Errorf("%d ids and %d tags, want %d", len(ids), len(tags), 4*writers)
		}
	})
}

// A mirror is the copy of a book that a client keeps by asking what changed:
// titles by id.
type mirror struct {
	titles  map[string]string
	updated string // of the last feed
}

// follow asks for the changes since the last feed, page by page, and applies
// them.
func (m *mirror) follow(t testing.TB, w *world, path string) {
	t.Helper()
	query := "?showdeleted=true&max-results=7" // in the order of ids, which no write changes
	if m.updated != "" {
		query += "&updated-min=" + m.updated
	}
	first := ""
	for next := path + query; next != ""; {
		f := w.read(t, next).feed(t)
		if first == "" {
			first = f.Updated // what later pages show may be newer
		}
		for _, e := range f.Entries {
			if delete(m.titles, e.ID); e.Deleted == nil {
				m.titles[e.ID] = e.Title
			}
		}
		next = f.link("next")
	}
	m.updated = first
}

func TestFollowUpdated(t *testing.T) {
	for name, advance := range map[string]time.Duration{
		"the clock stands still": 0, "the clock runs": time.Millisecond, "the clock runs backwards": -time.Second,
	} {
		t.Run("FEED-4 QRY-43 who follows updated misses nothing that eight writers do, while "+name, func(t *testing.T) {
			w := newWorld(t)
			w.token(elizabeth)
			const writers, writes = 8, 20

			var wg sync.WaitGroup
			finished := make(chan struct{})
			failed := make(chan string, writers)
			for i := range writers {
				wg.Go(func() {
					if err := w.scribble(i, writes, advance); err != "" {
						failed <- err
					}
				})
			}
			go func() {
				wg.Wait()
				close(finished)
			}()

			m := &mirror{titles: map[string]string{}}
			for done := false; !done; {
				select {
				case <-finished:
					done = true // and once more, after the last write
				default:
				}
				m.follow(t, w, contactsFull)
			}
			close(failed)
			for err := range failed {
				t.Error(err)
			}

			book := map[string]string{}
			for _, e := range w.read(t, contactsFull+"?max-results=10000").feed(t).Entries {
				book[e.ID] = e.Title
			}
			if len(book) == 0 || !maps.Equal(m.titles, book) {
				t.Errorf("the copy has %v,\nthe book %v", m.titles, book)
			}
		})
	}
}

// scribble does a number of inserts, updates and deletions at random, of which
// each writer does others but the same in every run, and returns what went
// wrong.
func (w *world) scribble(writer, writes int, advance time.Duration) string {
	random := rand.New(rand.NewPCG(1813, uint64(writer)))
	var own []string // self links
	for n := range writes {
		w.Clock.Add(advance)
		title := named(fmt.Sprintf("Writer %d, %d", writer, n))
		var a *answer
		switch k := random.IntN(4); {
		case len(own) == 0 || k == 0:
			a = w.as("3.0", "POST", contactsFull, title)
			if a.StatusCode == http.StatusCreated {
				own = append(own, a.Header.Get("Location")[len("https://contacts.example.net"):])
			}
		case k == 1:
			last := len(own) - 1
			a = w.as("3.0", "DELETE", own[last], "")
			own = own[:last]
		default:
			a = w.as("3.0", "PUT", own[random.IntN(len(own))], title, "If-Match", "*")
		}
		if a.StatusCode/100 != 2 {
			return fmt.Sprintf("%s %s: %s %s", a.Request.Method, a.Request.URL, a.Status, a.Body)
		}
	}
	return ""
}
