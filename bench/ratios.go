package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// ratios measures contactsd against the limits of the machine and against
// peers, all in one run. Whatever is compared is measured in turn, round by
// round, so that a neighbour on the machine disturbs both sides alike; each
// ratio is the median over the rounds.
type ratios struct {
	dir    string // of everything that the run writes, except the results
	limits *limits
	ours   []*server // contactsd, one for each size, smallest first
	main   *server   // the one of ours that is written to and read as a whole
	mainN  int
	peers  []*server // with mainN contacts each
	rounds int
	dur    time.Duration // of a timed round
	rows   []*Row

	batchRate float64 // contacts a second, what the generator does between two batches included
}

// all returns the main server and the peers.
func (r *ratios) all() []*server { return append([]*server{r.main}, r.peers...) }

func (r *ratios) log(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s "+format+"\n", append([]any{time.Now().Format("15:04:05")}, args...)...)
}

// measure does everything in the order in which the books fill up.
func (r *ratios) measure() error {
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"insert batches", r.batches},
		{"import", r.imports},
		{"insert", r.inserts},
		{"load the other sizes", r.load},
		{"update", r.updates},
		{"get", r.gets},
		{"photo", r.photos},
		{"full feed", r.fullFeed},
		{"sync", r.syncs},
		{"search", r.searches},
		{"memory of the full feed", r.fullFeedMemory},
		{"cold start", r.coldStarts},
	} {
		r.log("%s", step.name)
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// A series holds what the rounds of one measurement gave.
type series struct {
	before, after []float64 // the limit, around each round of the main server
	got           map[*server][]Result
}

// inTurn measures in each round the main server between two measurements of
// the limit, and then the peers.
func (r *ratios) inTurn(limit func() (float64, error), measure func(s *server, round int) Result) (series, error) {
	sr := series{got: map[*server][]Result{}}
	take := func(s *server, round int) error {
		res := measure(s, round)
		if res.Errors > 0 {
			return fmt.Errorf("%s: %s", s.name, res.Note)
		}
		sr.got[s] = append(sr.got[s], res)
		return nil
	}
	for round := range r.rounds {
		before, err := limit()
		if err != nil {
			return sr, err
		}
		if err := take(r.main, round); err != nil {
			return sr, err
		}
		after, err := limit()
		if err != nil {
			return sr, err
		}
		sr.before, sr.after = append(sr.before, before), append(sr.after, after)
		for _, s := range r.peers {
			if err := take(s, round); err != nil {
				return sr, err
			}
		}
	}
	return sr, nil
}

// limit returns the median of all measurements of the limit.
func (sr series) limit() float64 { return median(slices.Concat(sr.before, sr.after)) }

// ratio returns the median of the main server's rates, each divided by the mean
// of the limits right before and after it.
func (sr series) ratio(main *server) float64 {
	var v []float64
	for i, res := range sr.got[main] {
		v = append(v, res.PerSec/((sr.before[i]+sr.after[i])/2))
	}
	return median(v)
}

// median returns the median over the rounds of one figure of the results.
func (sr series) median(s *server, figure func(Result) float64) float64 {
	var v []float64
	for _, res := range sr.got[s] {
		v = append(v, figure(res))
	}
	return median(v)
}

func perSec(res Result) float64 { return res.PerSec }
func p99(res Result) float64    { return res.P99 }

// writeLimit is the rate of one client whose every write costs a bare HTTP PUT
// and a durable transaction of SQLite.
func (r *ratios) writeLimit() (float64, error) {
	put := r.limits.put("put", 1, r.dur)
	tx, err := r.limits.sqlite(1, r.dur)
	if err == nil && put.Errors > 0 {
		err = errors.New(put.Note)
	}
	return 1 / (1/put.PerSec + 1/tx), err
}

// httpLimit is the rate of a bare HTTP request.
func httpLimit(f func(op string, clients int, d time.Duration) Result, clients int, d time.Duration) func() (float64, error) {
	return func() (float64, error) {
		res := f("limit", clients, d)
		if res.Errors > 0 {
			return 0, errors.New(res.Note)
		}
		return res.PerSec, nil
	}
}

// batchLimitDur is how long the limit of batches is measured: a new database
// is twice as fast until it must copy its log for the first time.
const batchLimitDur = 3 * time.Second

// batches fills a part of the main server with batches of 100 inserts, one
// after the other. What the generator does between an answer and the next
// request does not count, as the limit does nothing of the kind.
func (r *ratios) batches() error {
	part := r.mainN * 3 / 10 / r.rounds / 100 * 100
	var rate, whole, limit, ratio []float64
	for range r.rounds {
		before, err := r.limits.sqlite(100, batchLimitDur)
		if err != nil {
			return err
		}
		res := r.main.insertBatch("insert_batch100", part)
		if res.Errors > 0 {
			return errors.New(res.Note)
		}
		after, err := r.limits.sqlite(100, batchLimitDur)
		if err != nil {
			return err
		}
		perSec := 100 * float64(res.Count) / res.Waited
		rate, whole = append(rate, perSec), append(whole, 100*res.PerSec)
		limit, ratio = append(limit, before, after), append(ratio, perSec/((before+after)/2))
	}
	for _, s := range r.peers { // which have no batches
		if res := s.insert("fill", 8, part*r.rounds); res.Errors > 0 {
			return fmt.Errorf("%s: %s", s.name, res.Note)
		}
	}
	r.batchRate = median(whole)
	row := r.add(&Row{What: "batches of 100 inserts, 1 client", Unit: "/s", Value: median(rate), Limit: median(limit), Ratio: median(ratio)})
	row.need(row.Ratio >= 0.4, "ratio ≥ 0.4")
	return nil
}

// inserts fills the main server and the peers: in each round a part of the
// book with one client, then a larger part with eight.
func (r *ratios) inserts() error {
	one := r.mainN * 15 / 100 / r.rounds
	c1, err := r.inTurn(r.writeLimit, func(s *server, _ int) Result { return s.insert("insert_c1", 1, one) })
	if err != nil {
		return err
	}
	rest := r.mainN - len(r.main.refs)
	c8, err := r.inTurn(httpLimit(r.limits.put, 8, r.dur), func(s *server, round int) Result {
		return s.insert("insert_c8", 8, rest*(round+1)/r.rounds-rest*round/r.rounds)
	})
	if err != nil {
		return err
	}
	r.writeRows("insert", c1, c8)
	return r.check(r.all())
}

// check compares the contacts listed by servers with those written.
func (r *ratios) check(servers []*server) error {
	for _, s := range servers {
		if _, err := s.list(); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// loaders is the number of clients that fill a book whose filling is not
// measured.
const loaders = 64

// load fills the servers of the other sizes.
func (r *ratios) load() error {
	for i, s := range r.ours {
		if s == r.main {
			continue
		}
		n := s.want
		res := s.insert("load", loaders, n)
		if res.Errors > 0 {
			return errors.New(res.Note)
		}
		r.log("loaded %s contacts with %d clients: %s/s", thousands(n), loaders, figure(res.PerSec))
		if i == len(r.ours)-1 {
			r.add(&Row{What: fmt.Sprintf("load of %s contacts, %d clients", thousands(n), loaders), Unit: "/s", Value: res.PerSec})
		}
	}
	return r.check(r.ours)
}

func (r *ratios) updates() error {
	c1, err := r.inTurn(r.writeLimit, func(s *server, _ int) Result { return s.update("update_c1", 1, r.dur) })
	if err != nil {
		return err
	}
	c8, err := r.inTurn(httpLimit(r.limits.put, 8, r.dur), func(s *server, _ int) Result { return s.update("update_c8", 8, r.dur) })
	if err != nil {
		return err
	}
	r.writeRows("update", c1, c8)
	return r.check(r.all())
}

func (r *ratios) gets() error {
	for _, x := range []struct {
		clients int
		least   float64
	}{{1, 0.7}, {8, 0.5}} {
		sr, err := r.inTurn(httpLimit(r.limits.get, x.clients, r.dur), func(s *server, _ int) Result { return s.get("get", x.clients, r.dur) })
		if err != nil {
			return err
		}
		row := r.rateRow("one entry by id, "+clientsText(x.clients), sr)
		row.need(row.Ratio >= x.least, "ratio ≥ %g", x.least)
	}
	return nil
}

// photos measures how often a client can ask for a photo that it has, against
// an answer of the same server that is always empty.
func (r *ratios) photos() error {
	t, ok := r.main.t.(*GData)
	if !ok {
		return nil
	}
	photo, err := t.PutPhoto(r.main.conn(), r.main.refs[0])
	if err != nil {
		return err
	}
	rate := func(fn func(*Conn) error) (float64, error) {
		res := r.main.parallel("photo", 1, 0, r.dur, func(c *Conn, _, _ int) error { return fn(c) })
		if res.Errors > 0 {
			return 0, errors.New(res.Note)
		}
		return res.PerSec, nil
	}
	var unchanged, empty, ratio []float64
	for range r.rounds {
		before, err := rate(t.Empty)
		if err != nil {
			return err
		}
		got, err := rate(func(c *Conn) error { return t.GetPhoto(c, photo) })
		if err != nil {
			return err
		}
		after, err := rate(t.Empty)
		if err != nil {
			return err
		}
		unchanged, empty, ratio = append(unchanged, got), append(empty, before, after), append(ratio, got/((before+after)/2))
	}
	row := r.add(&Row{What: "unchanged photo, 1 client, against an empty answer", Unit: "/s", Value: median(unchanged), Limit: median(empty), Ratio: median(ratio)})
	row.need(row.Ratio >= 0.9, "ratio ≥ 0.9")
	return nil
}
