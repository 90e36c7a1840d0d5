package faults

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A clock is set by a test.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time        { return time.UnixMicro(c.at.Load()) }
func (c *clock) jump(by time.Duration) { c.at.Add(by.Microseconds()) }

var (
	updatedOf = regexp.MustCompile(`<updated>([^<]*)</updated>`)
	etagOf    = regexp.MustCompile(`gd:etag=['"]([^'"]*)['"]`)
)

func TestClock(t *testing.T) {
	const day = 24 * time.Hour
	c := new(clock)
	c.at.Store(time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC).UnixMicro())
	v := openNew(t, t.TempDir(), c.now)
	defer v.close()

	t.Run("OPS-94 FEED-4 a client that asks what is new misses nothing while the clock jumps", func(t *testing.T) {
		mark, tags := "", map[string]bool{}
		for i, jump := range []time.Duration{0, time.Hour, -2 * time.Hour, 0, -10 * day, 9 * day, time.Second, -time.Second, -5 * day, 13 * day} {
			c.jump(jump)
			name := fmt.Sprintf("Guest No%d", i)
			status, made := v.do(t, "POST", feedPath, person(name, 10))
			if status != http.StatusCreated {
				t.Fatalf("after a jump of %v POST = %d %s", jump, status, made)
			}
			if at := updatedOf.FindStringSubmatch(made)[1]; at < mark {
				t.Errorf("after a jump of %v a new contact is of %s, and the feed before of %s", jump, at, mark)
			}
			if tag := etagOf.FindStringSubmatch(made)[1]; tags[tag] {
				t.Errorf("after a jump of %v the ETag %s is given out again", jump, tag)
			} else {
				tags[tag] = true
			}
			query := "?showdeleted=true&max-results=100"
			if mark != "" {
				query += "&updated-min=" + url.QueryEscape(mark)
			}
			status, feed := v.do(t, "GET", feedPath+query, "")
			if status != http.StatusOK || !strings.Contains(feed, ">"+name+"<") {
				t.Errorf("after a jump of %v, what is new since %s = %d without %s", jump, mark, status, name)
			}
			later := updatedOf.FindStringSubmatch(feed)[1]
			if later < mark {
				t.Errorf("after a jump of %v the feed is of %s, and was of %s before", jump, later, mark)
			}
			mark = later
		}
		if status, feed := v.do(t, "GET", feedPath+"?max-results=100", ""); status != http.StatusOK || strings.Count(feed, "<entry") != len(tags) {
			t.Errorf("the book has %d contacts, want %d", strings.Count(feed, "<entry"), len(tags))
		}
	})

	t.Run("OPS-94 a token ends by the clock as it is", func(t *testing.T) {
		for _, tt := range []struct {
			jump time.Duration
			want int
		}{{0, http.StatusOK}, {30 * day, http.StatusUnauthorized}, {-30 * day, http.StatusOK}, {-365 * day, http.StatusOK}} {
			c.jump(tt.jump)
			if status, answer := v.do(t, "GET", feedPath, ""); status != tt.want {
				t.Errorf("after a jump of %v GET = %d %.200s, want %d", tt.jump, status, answer, tt.want)
			}
		}
		v.auth = v.signIn(t) // in the past
		if status, answer := v.do(t, "GET", feedPath, ""); status != http.StatusOK {
			t.Errorf("with a token of the past GET = %d %.200s", status, answer)
		}
	})
}

// The clock of this server is a part that a test can make panic, wherever it
// is asked: while a token is looked up, in a View, or in an update that shares
// its commit with others.
func TestPanics(t *testing.T) {
	var armed atomic.Int64
	v := openNew(t, t.TempDir(), func() time.Time {
		if n := armed.Load(); n > 0 && armed.Add(-1)%7 == 3 {
			panic("the clock has stopped")
		}
		return time.Now()
	})
	defer v.close()
	t.Run("OPS-97 WRT-8 a panic costs its own request alone", func(t *testing.T) {
		armed.Store(2000)
		var mu sync.Mutex
		var work sync.WaitGroup
		statuses, acknowledged := map[int]int{}, map[string]bool{}
		for w := range 8 {
			work.Go(func() {
				for i := range 40 {
					name := fmt.Sprintf("Guest No%d.%d", w, i)
					status, answer := v.do(t, "POST", feedPath, person(name, 100))
					mu.Lock()
					statuses[status]++
					if status == http.StatusCreated {
						acknowledged[name] = true
					} else if status != http.StatusInternalServerError || strings.Contains(answer, "clock") {
						t.Errorf("POST = %d %s, want 201, or 500 without the cause", status, answer)
					}
					mu.Unlock()
				}
			})
		}
		work.Wait()
		armed.Store(0)
		t.Logf("answers by status: %v", statuses)
		if statuses[http.StatusInternalServerError] == 0 || len(acknowledged) == 0 {
			t.Errorf("answers by status: %v, want some of 201 and some of 500", statuses)
		}
		status, feed := v.do(t, "GET", feedPath+"?max-results=1000", "")
		if n := strings.Count(feed, "<entry"); status != http.StatusOK || n != len(acknowledged) {
			t.Errorf("GET = %d with %d contacts, want the %d that were acknowledged", status, n, len(acknowledged))
		}
		for name := range acknowledged {
			if !strings.Contains(feed, ">"+name+"<") {
				t.Errorf("%s was acknowledged and is lost", name)
			}
		}
	})
}
