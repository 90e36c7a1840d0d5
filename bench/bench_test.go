package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestPersonIsStable(t *testing.T) {
	a, b := NewPerson(1, 42, 0), NewPerson(1, 42, 0)
	if a != b || !bytes.Equal(a.VCard(), b.VCard()) {
		t.Error("two calls of NewPerson with the same arguments differ")
	}
	later := NewPerson(1, 42, 7)
	if later.EmailWork != a.EmailWork || later.Full != a.Full {
		t.Error("a later revision has another name or address")
	}
	if later.Note == a.Note {
		t.Error("a later revision has the same note")
	}
}

// The needs put in terms of bytes are about a card of 810 bytes.
func TestPersonSize(t *testing.T) {
	const people = 2000
	total := 0
	for i := range people {
		card := NewPerson(1, i, 0).VCard()
		total += len(card)
		for line := range strings.SplitSeq(string(card), "\r\n") {
			if len(line) > 75 {
				t.Fatalf("person %d has a line of %d octets, want at most 75", i, len(line))
			}
		}
	}
	if mean := total / people; mean < 800 || mean > 820 {
		t.Errorf("a card has %d bytes on average, want about 810", mean)
	}
}

func TestAtomEntryIsWellFormed(t *testing.T) {
	p := NewPerson(1, 3, 0)
	p.Note = `<&"'>`
	var e struct {
		ID      string `xml:"id"`
		ETag    string `xml:"http://schemas.google.com/g/2005 etag,attr"`
		Content string `xml:"content"`
	}
	if err := xml.Unmarshal(p.AtomEntry("http://localhost/a?b&c", `"x'"`), &e); err != nil {
		t.Fatal(err)
	}
	if e.Content != p.Note || e.ID != "http://localhost/a?b&c" || e.ETag != `"x'"` {
		t.Errorf("the entry reads back as %q, %q, %q", e.Content, e.ID, e.ETag)
	}
}

func TestNextLink(t *testing.T) {
	for _, tc := range []struct{ name, page, want string }{
		{"Atom", `<feed xmlns='http://www.w3.org/2005/Atom'><link rel='self' href='http://h/f'/><link rel='next' href='http://h/f?start-index=3&amp;max-results=2'/><entry/></feed>`, "/f?start-index=3&max-results=2"},
		{"Atom, last page", `<feed><link rel='self' href='http://h/f'/><entry><link rel='next' href='http://h/other'/></entry></feed>`, ""},
		{"Atom, empty", `<feed></feed>`, ""},
		{"JSON", `{"feed":{"link":[{"rel":"next","href":"http://h/f?start-index=3"}],"entry":[]}}`, "/f?start-index=3"},
		{"JSON, last page", `{"feed":{"link":[{"rel":"self","href":"http://h/f"}]}}`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := nextLink([]byte(tc.page))
			if err != nil || got != tc.want {
				t.Errorf("nextLink() = %q, %v, want %q", got, err, tc.want)
			}
		})
	}
}

func TestParallel(t *testing.T) {
	t.Run("a number of calls", func(t *testing.T) {
		seen := make([]int, 100)
		r := parallel("op", newConns(4), len(seen), 0, "", func(c *Conn, _, call int) error {
			seen[call]++
			c.last = time.Millisecond
			return nil
		})
		for call, n := range seen {
			if n != 1 {
				t.Fatalf("call %d was made %d times", call, n)
			}
		}
		if r.Count != 100 || r.Clients != 4 || r.P50 != 1 || r.P99 != 1 || r.Errors != 0 {
			t.Errorf("result = %+v", r)
		}
	})
	t.Run("a time, but each client once", func(t *testing.T) {
		r := parallel("op", newConns(3), 0, time.Nanosecond, "", func(*Conn, int, int) error { return nil })
		if r.Count < 3 {
			t.Errorf("%d calls by 3 clients", r.Count)
		}
	})
	t.Run("failures end it", func(t *testing.T) {
		r := parallel("op", newConns(1), 0, 0, "", func(*Conn, int, int) error { return errors.New("no") })
		if r.Errors != maxErrors+1 || r.Note != "error: no" {
			t.Errorf("%d errors, note %q", r.Errors, r.Note)
		}
	})
}

func TestMedian(t *testing.T) {
	for _, tc := range []struct {
		in   []float64
		want float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 3, 2}, 3}} {
		if got := median(tc.in); got != tc.want {
			t.Errorf("median(%v) = %v, want %v", tc.in, got, tc.want)
		}
	}
}

// A round is held against the limits right before and after it, so that a
// machine which slows down half-way does not change the ratio.
func TestSeriesRatio(t *testing.T) {
	s := &server{}
	sr := series{
		before: []float64{1000, 1000, 500}, after: []float64{1000, 500, 500},
		got: map[*server][]Result{s: {{PerSec: 600}, {PerSec: 450}, {PerSec: 300}}},
	}
	if got := sr.ratio(s); math.Abs(got-0.6) > 1e-9 {
		t.Errorf("ratio = %v, want 0.6", got)
	}
}

func TestWriteRows(t *testing.T) {
	ours, other := &server{name: "contactsd"}, &server{name: "sabredav"}
	rates := func(limit, our, peer, p99 float64) series {
		return series{before: []float64{limit}, after: []float64{limit}, got: map[*server][]Result{ours: {{PerSec: our, P99: p99}}, other: {{PerSec: peer, P99: 40}}}}
	}
	results := func(c1, c8 series) string {
		r := &ratios{main: ours, peers: []*server{other}}
		r.writeRows("insert", c1, c8)
		var out []string
		for _, row := range r.rows {
			out = append(out, row.Result)
		}
		return strings.Join(out, " ")
	}
	for _, tc := range []struct {
		name   string
		c1, c8 series
		want   string
	}{
		{"all met", rates(4000, 2000, 700, 1), rates(40000, 10000, 3000, 7.9), "pass pass pass"},
		{"four times the peer is enough", rates(4000, 2000, 700, 1), rates(40000, 6000, 1500, 2), "pass pass pass"},
		{"none met", rates(4000, 1900, 700, 1), rates(40000, 6000, 1501, 8), "fail fail fail"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := results(tc.c1, tc.c8); got != tc.want {
				t.Errorf("results = %s, want %s", got, tc.want)
			}
		})
	}
}

func TestRowTable(t *testing.T) {
	row := &Row{What: "one entry by id, 1 client", Unit: "/s", Value: 7512.4, Limit: 10000, Ratio: 0.75, Peers: map[string]float64{"cyrus": 980}}
	row.need(true, "ratio ≥ %g", 0.7)
	got := rowTable([]*Row{row}, []*server{{name: "cyrus"}, {name: "sogo"}})
	want := `| what | contactsd | limit | ratio | needed | result | cyrus | sogo |
|---|---|---|---|---|---|---|---|
| one entry by id, 1 client | 7,512/s | 10,000/s | 0.75 | ratio ≥ 0.7 | pass | 980/s | - |
`
	if got != want {
		t.Errorf("rowTable() =\n%swant\n%s", got, want)
	}
}

func TestQuantity(t *testing.T) {
	for _, tc := range []struct {
		v          float64
		unit, want string
	}{
		{0, "ms", "-"}, {0.1234, "ms", "0.123 ms"}, {12.5, "/s", "12.5/s"}, {1234567, "/s", "1,234,567/s"},
		{1095.4, "B", "1,095 B"}, {205.6, "MB/s", "206 MB/s"}, {1.234, times, "1.23"},
	} {
		if got := quantity(tc.v, tc.unit); got != tc.want {
			t.Errorf("quantity(%v, %q) = %q, want %q", tc.v, tc.unit, got, tc.want)
		}
	}
}

func TestParseSizes(t *testing.T) {
	got, err := parseSizes("100000,1000, 10000,1000")
	if err != nil || len(got) != 3 || got[0] != 1000 || got[2] != 100000 {
		t.Errorf("parseSizes() = %v, %v", got, err)
	}
	for _, bad := range []string{"", "0", "999", "x"} {
		if got, err := parseSizes(bad); err == nil {
			t.Errorf("parseSizes(%q) = %v, want an error", bad, got)
		}
	}
}
