package main

import (
	"errors"
	"fmt"
	"slices"
)

// fullFeed measures reading a whole book: contactsd page by page, the peers in
// the faster of their ways.
func (r *ratios) fullFeed() error {
	took, speed := map[*server][]float64{}, map[*server][]float64{}
	var limit []float64
	if _, err := r.limits.body(); err != nil { // the first fills buffers on both ends
		return err
	}
	for range r.rounds {
		st, err := r.limits.body()
		if err != nil {
			return err
		}
		limit = append(limit, bulkResult("", st).MBps)
		for _, s := range r.all() {
			var best Result
			for _, mode := range s.fullModes() {
				st, err := s.fullRead(mode)
				if err != nil {
					return fmt.Errorf("%s: %w", s.name, err)
				}
				if res := bulkResult("", st); best.Seconds == 0 || res.Seconds < best.Seconds {
					best = res
				}
			}
			took[s], speed[s] = append(took[s], best.P50), append(speed[s], best.MBps)
		}
	}
	what := "full feed of " + thousands(r.mainN)
	row := r.add(&Row{
		What: what, Unit: "MB/s", Value: median(speed[r.main]), Limit: median(limit),
		Peers: r.peerFigures(func(s *server) float64 { return median(speed[s]) }),
	})
	row.Ratio = row.Value / row.Limit
	row.need(row.Value >= 200, "≥ 200 MB/s")

	row = r.add(&Row{
		What: what + ", time", Unit: "ms", Value: median(took[r.main]),
		Peers: r.peerFigures(func(s *server) float64 { return median(took[s]) }),
	})
	if best := row.best(false); best > 0 {
		row.need(row.Value <= best/4, "≤ 1/4 of best peer")
	} else {
		row.Need = "≤ 1/4 of best peer (none measured)"
	}
	return nil
}

// fullModes returns the ways to read a whole book that count: Atom for
// contactsd, as the need is put in terms of the feed.
func (s *server) fullModes() []string {
	if _, ok := s.t.(*GData); ok {
		return []string{"atom"}
	}
	return s.t.FullModes()
}

// syncRounds is how often a sync is measured for each timed round of a write.
const syncRounds = 6

// syncs measures incremental syncs on all sizes in turn, after ten changes and
// after none, in bare HTTP round trips.
func (r *ratios) syncs() error {
	servers := slices.Clone(r.ours)
	for _, s := range r.peers {
		if _, err := s.sync(nil); err == nil {
			servers = append(servers, s)
		} else if !errors.Is(err, errUnsupported) {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	ten, none := newTrips(), newTrips()
	for range r.rounds * syncRounds {
		trip := r.limits.trip()
		for _, s := range servers {
			if s.token == "" {
				if _, err := s.sync(nil); err != nil {
					return fmt.Errorf("%s: %w", s.name, err)
				}
			}
			changed, err := s.change(10)
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			for _, m := range []struct {
				trips   *trips
				changed []Ref
			}{{ten, changed}, {none, nil}} {
				st, err := s.sync(m.changed)
				if err != nil {
					return fmt.Errorf("%s: %w", s.name, err)
				}
				m.trips.add(s, ms(st.Dur), trip)
			}
		}
	}
	r.syncRows("sync after 10 changes", ten)
	r.syncRows("sync after no change", none)
	return nil
}

// trips collects times of servers in milliseconds, as they are and in bare
// HTTP round trips.
type trips struct {
	ms, ratio map[*server][]float64
	limit     []float64
}

func newTrips() *trips {
	return &trips{ms: map[*server][]float64{}, ratio: map[*server][]float64{}}
}

func (t *trips) add(s *server, took, trip float64) {
	t.ms[s] = append(t.ms[s], took)
	t.ratio[s] = append(t.ratio[s], took/trip)
	t.limit = append(t.limit, trip)
}

// tripRow adds a row for one server that must answer in fewer round trips.
func (r *ratios) tripRow(what string, t *trips, s *server, below float64) *Row {
	row := r.add(&Row{What: what, Unit: "ms", Value: median(t.ms[s]), Limit: median(t.limit), Ratio: median(t.ratio[s])})
	row.need(row.Ratio < below, "< %g round trips", below)
	return row
}

// syncRows adds a row for each size, and one for how much they differ.
func (r *ratios) syncRows(what string, t *trips) {
	var least, most float64
	for _, s := range r.ours {
		row := r.tripRow(what+", N = "+thousands(s.want), t, s, 6)
		if s == r.main {
			row.Peers = r.peerFigures(func(p *server) float64 { return median(t.ms[p]) })
		}
		if least == 0 || row.Value < least {
			least = row.Value
		}
		most = max(most, row.Value)
	}
	if len(r.ours) > 1 {
		row := r.add(&Row{What: what + ", slowest to fastest size", Unit: times, Value: most / least})
		row.need(row.Value <= 1.3, "≤ 1.3")
	}
}

// searches measures q with one hit and with 1 % of the book.
func (r *ratios) searches() error {
	one, percent := newTrips(), newTrips()
	queries := map[*server][2]query{}
	for _, s := range r.all() {
		a, b := s.queries()
		queries[s] = [2]query{a, b}
	}
	for range r.rounds * 3 {
		trip := r.limits.trip()
		for _, s := range r.all() {
			for i, t := range []*trips{one, percent} {
				st, err := s.search(queries[s][i])
				if err != nil {
					return fmt.Errorf("%s: %w", s.name, err)
				}
				t.add(s, ms(st.Dur), trip)
			}
		}
	}
	for _, x := range []struct {
		what  string
		trips *trips
		below float64
	}{{"q, one hit", one, 25}, {"q, 1 %", percent, 80}} {
		row := r.tripRow(fmt.Sprintf("%s of %s", x.what, thousands(r.mainN)), x.trips, r.main, x.below)
		row.Peers = r.peerFigures(func(s *server) float64 { return median(x.trips.ms[s]) })
	}
	return nil
}

const megabyte = 1e6

// fullFeedMemory reads the whole book again and looks at the memory. It stops
// the other instances of contactsd first, as they share its program text.
func (r *ratios) fullFeedMemory() error {
	for _, s := range r.ours {
		if s != r.main {
			if err := s.stop(); err != nil {
				return err
			}
		}
	}
	peak := map[*server]float64{}
	for _, s := range r.all() {
		pss, err := s.peakOf(func() error {
			for range 3 {
				for _, mode := range s.fullModes() {
					if _, err := s.fullRead(mode); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		peak[s] = float64(pss) / megabyte
	}
	row := r.add(&Row{
		What: "memory of the full feed", Unit: "MB", Value: peak[r.main],
		Peers: r.peerFigures(func(s *server) float64 { return peak[s] }),
	})
	row.need(row.Value < 80, "< 80 MB")
	return nil
}

// coldStarts measures start, idle memory and disk use: contactsd with the
// largest book, the peers with the main one, each alone on the machine.
func (r *ratios) coldStarts() error {
	for _, s := range r.all() {
		if err := s.stop(); err != nil {
			return err
		}
	}
	large := r.ours[len(r.ours)-1]
	start, idle, disk := map[*server]float64{}, map[*server]float64{}, map[*server]float64{}
	for _, s := range append([]*server{large}, r.peers...) {
		if _, err := s.start(); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		took, pss, bytes, err := s.coldStart(r.rounds)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		start[s], idle[s], disk[s] = ms(took), float64(pss)/megabyte, bytes
		if err := s.stop(); err != nil {
			return err
		}
	}
	n := thousands(large.want)
	for _, x := range []struct {
		what, unit string
		figures    map[*server]float64
		most       float64
	}{
		{"cold start with " + n, "ms", start, 50},
		{"idle memory with " + n, "MB", idle, 31},
		{"disk for each contact with " + n, "B", disk, 1095},
	} {
		row := r.add(&Row{
			What: x.what, Unit: x.unit, Value: x.figures[large],
			Peers: r.peerFigures(func(s *server) float64 { return x.figures[s] }),
		})
		row.need(row.Value <= x.most, "≤ %s", quantity(x.most, x.unit))
	}
	return nil
}
