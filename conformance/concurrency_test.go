package conformance

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A program is one of several HTTP clients that are signed in as one user and
// work at the same time. Its methods may be called from any goroutine.
type program struct {
	client *http.Client
	url    string
	auth   string
	wrote  atomic.Int64 // changes that write has made
}

// newProgram signs in to a server.
func newProgram(t *testing.T, s *server) *program {
	t.Helper()
	p := &program{url: s.url, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}}
	t.Cleanup(p.client.CloseIdleConnections)
	res, err := p.client.PostForm(s.url+"/accounts/ClientLogin",
		url.Values{"Email": {user}, "Passwd": {password}, "service": {"cp"}, "source": {"exampleCo-exampleApp-1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	_, token, ok := strings.Cut(string(body), "\nAuth=")
	if err != nil || !ok {
		t.Fatalf("ClientLogin: %v, %s", err, body)
	}
	p.auth = "GoogleLogin auth=" + strings.TrimSpace(token)
	return p
}

// do sends a request to a path or URL. headers are name, value, ...
func (p *program) do(method, target, body string, headers ...string) (int, http.Header, string, error) {
	if strings.HasPrefix(target, "/") {
		target = p.url + target
	}
	req, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		return 0, nil, "", err
	}
	req.Header.Set("Authorization", p.auth)
	if body != "" {
		req.Header.Set("Content-Type", "application/atom+xml")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := p.client.Do(req)
	if err != nil {
		return 0, nil, "", err
	}
	defer res.Body.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(res.Body)
	return res.StatusCode, res.Header, b.String(), err
}

// together runs fn(0) to fn(n-1) at the same moment, and returns when all have.
func together(n int, fn func(i int)) {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			fn(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
}

// TestTwoClients lets two clients want the same thing at the same time, often.
func TestTwoClients(t *testing.T) {
	const rounds = 100
	p := newProgram(t, start(t))

	for _, tt := range []struct {
		name, version string
		loser         int
	}{
		{"WRT-30 WRT-40 one of two updates wins, version 1", "1", http.StatusConflict},
		{"WRT-32 WRT-40 one of two updates wins, version 3", "3", http.StatusPreconditionFailed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, _, body, err := p.do("POST", mine, person("Jane Bennet", "jane"+tt.version+"@example.org"), "GData-Version", tt.version)
			if err != nil || status != http.StatusCreated {
				t.Fatalf("insert: %d, %v: %s", status, err, body)
			}
			for round := range rounds {
				e := parseEntry(t, body)
				var statuses [2]int
				var bodies [2]string
				var errs [2]error
				together(2, func(i int) {
					mine := strings.Replace(body, e.Title, fmt.Sprintf("Jane %d of %d", i, round), -1)
					statuses[i], _, bodies[i], errs[i] = p.do("PUT", href(e.Links, "edit"), mine, "GData-Version", tt.version)
				})
				if errs[0] != nil || errs[1] != nil {
					t.Fatal(errs)
				}
				winner := 0
				if statuses[1] == http.StatusOK {
					winner = 1
				}
				if statuses[winner] != http.StatusOK || statuses[1-winner] != tt.loser {
					t.Fatalf("round %d: statuses %v, want 200 and %d", round, statuses, tt.loser)
				}
				_, _, body, err = p.do("GET", href(e.Links, "self"), "", "GData-Version", tt.version)
				if err != nil {
					t.Fatal(err)
				}
				if got, want := parseEntry(t, body).Title, fmt.Sprintf("Jane %d of %d", winner, round); got != want {
					t.Fatalf("round %d: the contact is %q, want %q", round, got, want)
				}
				if body != bodies[winner] || tt.loser == http.StatusConflict && body != bodies[1-winner] {
					t.Fatalf("round %d: winner and loser were told\n%s\n%s\nwhat is stored is\n%s", round, bodies[winner], bodies[1-winner], body)
				}
			}
		})
	}

	t.Run("DUP-8 one of two inserts of an address wins", func(t *testing.T) {
		for round := range rounds {
			var statuses [2]int
			var errs [2]error
			together(2, func(i int) {
				statuses[i], _, _, errs[i] = p.do("POST", mine, person(fmt.Sprint("Mary ", i), fmt.Sprintf("mary%d@example.org", round)))
			})
			if errs[0] != nil || errs[1] != nil {
				t.Fatal(errs)
			}
			if statuses != [2]int{http.StatusCreated, http.StatusConflict} && statuses != [2]int{http.StatusConflict, http.StatusCreated} {
				t.Fatalf("round %d: statuses %v, want 201 and 409", round, statuses)
			}
		}
	})
}

// A book is what a client knows of an address book: per id the name and the
// ETag of each contact.
type book map[string]string

func (b book) note(e entry) {
	if e.Deleted != nil {
		delete(b, e.ID)
	} else {
		b[e.ID] = e.Title + " " + e.Etag
	}
}

// writes is how many changes each writer of TestPoller makes. With
// CONFORMANCE_MINUTE=1 the writers go on for a minute instead.
const writes = 500

// TestPoller has eight clients write while one follows the changes, as a
// program does that keeps a copy: it asks for what was updated since the
// `updated` of the feed it read last, page by page.
func TestPoller(t *testing.T) {
	p := newProgram(t, start(t))
	var end time.Time
	if os.Getenv("CONFORMANCE_MINUTE") == "1" {
		end = time.Now().Add(time.Minute)
	}
	const writers = 8
	var books [writers]book
	var errs [writers]error
	var writing atomic.Bool
	writing.Store(true)

	// The poller begins with the empty book, and looks once more after the last write.
	copied, mark, polls := book{}, "", 0
	mark, err := p.follow(copied, mark)
	if err != nil {
		t.Fatal(err)
	}
	var poller sync.WaitGroup
	poller.Go(func() {
		for last := false; !last && err == nil; polls++ {
			last = !writing.Load()
			mark, err = p.follow(copied, mark)
		}
	})
	began := time.Now()
	together(writers, func(i int) {
		books[i], errs[i] = p.write(i, end)
	})
	took := time.Since(began)
	writing.Store(false)
	poller.Wait()

	all := book{}
	for i := range writers {
		if errs[i] != nil {
			t.Errorf("writer %d: %v", i, errs[i])
		}
		maps.Copy(all, books[i])
	}
	if err != nil {
		t.Fatalf("poller: %v", err)
	}
	t.Logf("%d writes in %v, %d polls, %d contacts at the end", p.wrote.Load(), took.Round(time.Millisecond), polls, len(all))
	full := book{}
	if _, err := p.follow(full, ""); err != nil {
		t.Fatal(err)
	}
	t.Run("WRT-8 WRT-40 the book is what the writers were told", func(t *testing.T) { wantBook(t, full, all) })
	t.Run("FEED-4 QRY-4 QRY-29 QRY-32 QRY-43 the poller's copy equals the book", func(t *testing.T) { wantBook(t, copied, full) })
	t.Run("FEED-4 nothing is newer than the last feed", func(t *testing.T) {
		again := maps.Clone(copied)
		later, err := p.follow(again, mark)
		if err != nil {
			t.Fatal(err)
		}
		wantBook(t, again, full)
		if later != mark {
			t.Errorf("updated is %s without a change since %s", later, mark)
		}
	})
}

func wantBook(t *testing.T, got, want book) {
	t.Helper()
	for id, v := range want {
		if got[id] != v {
			t.Errorf("%s is %q, want %q", id, got[id], v)
		}
	}
	for id, v := range got {
		if _, ok := want[id]; !ok {
			t.Errorf("%s is %q, want none", id, v)
		}
	}
}

// follow notes in b what was updated since mark, everything when it is empty,
// and returns where to go on the next time. Small pages make sure that the
// book changes between the pages of one round.
func (p *program) follow(b book, mark string) (string, error) {
	next := mine + "?showdeleted=true&max-results=40"
	if mark != "" {
		next += "&updated-min=" + url.QueryEscape(mark)
	}
	first := ""
	for next != "" {
		status, _, body, err := p.do("GET", next, "", "GData-Version", "3.0")
		if err != nil {
			return "", err
		}
		if status != http.StatusOK {
			return "", fmt.Errorf("%s: status %d: %s", next, status, body)
		}
		var f feed
		if err := xml.Unmarshal([]byte(body), &f); err != nil {
			return "", err
		}
		for _, e := range f.Entries {
			b.note(e)
		}
		if first == "" {
			first = f.Updated // later pages may show a later one
		}
		next = href(f.Links, "next")
	}
	return first, nil
}

// write inserts, updates and deletes contacts of its own and returns those
// that the server says it has. It stops at the end, if that is given, or after
// the number of writes.
func (p *program) write(n int, end time.Time) (book, error) {
	random := rand.New(rand.NewPCG(1813, uint64(n)))
	own := book{}
	var alive []entry
	for i := 0; i < writes && end.IsZero() || time.Now().Before(end); i++ {
		name := fmt.Sprintf("Bennet %d %d", n, i)
		at, method, target, status := len(alive), "POST", mine, http.StatusCreated
		var headers []string
		if dice := random.IntN(100); dice < 55 && len(alive) > 0 {
			at = random.IntN(len(alive))
			method, status = "PUT", http.StatusOK
			if dice < 15 || len(alive) > 100 {
				method = "DELETE"
			}
			target = href(alive[at].Links, "edit")
			headers = []string{"If-Match", alive[at].Etag}
		}
		body := person(name, fmt.Sprintf("b%d.%d@example.org", n, i))
		if method == "DELETE" {
			body = ""
		}
		got, _, answer, err := p.do(method, target, body, append(headers, "GData-Version", "3.0")...)
		if err != nil {
			return own, err
		}
		if got != status {
			return own, fmt.Errorf("%s %s: status %d, want %d: %s", method, target, got, status, answer)
		}
		p.wrote.Add(1)
		if method == "DELETE" {
			delete(own, alive[at].ID)
			alive = append(alive[:at], alive[at+1:]...)
			continue
		}
		var e entry
		if err := xml.Unmarshal([]byte(answer), &e); err != nil {
			return own, err
		}
		own.note(e)
		if e.Title != name {
			return own, fmt.Errorf("%s gives %q, want %q", method, e.Title, name)
		}
		if method == "POST" {
			alive = append(alive, e)
		} else {
			alive[at] = e
		}
	}
	return own, nil
}
