package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A Run is every operation measured on one server.
type Run struct {
	Peer    string    `json:"peer"`
	N       int       `json:"n"`
	Seed    uint64    `json:"seed"`
	When    time.Time `json:"when"`
	Load0   string    `json:"load_before"`
	Load1   string    `json:"load_after"`
	Version string    `json:"server_version,omitempty"`
	Note    string    `json:"settings,omitempty"`
	Results []Result  `json:"results"`
}

func (r *Run) add(x Result) {
	r.Results = append(r.Results, x)
	fmt.Fprintf(os.Stderr, "%s n=%d %s: %s\n", r.Peer, r.N, x.Op, cell(x))
}

// A runner does all operations on one server, one after the other.
type runner struct {
	*server
	run   *Run
	n     int           // contacts
	dur   time.Duration // length of a timed round
	limit time.Duration // no repetition starts after this time
}

// rounds is how often a timed operation is repeated.
const rounds = 3

// all runs every operation. It fails when the book could not be filled; what
// a server cannot do otherwise stands in the results.
func (b *runner) all() error {
	if err := b.fill(); err != nil {
		return err
	}
	// 100 more contacts with the book full, to show how the cost grows with it.
	for _, clients := range []int{1, 8} {
		r := b.insert(fmt.Sprintf("insert_c%d_atN", clients), clients, 100)
		b.run.add(r)
		if r.Errors > 0 {
			return errors.New(r.Note)
		}
	}
	b.run.add(b.remove("delete_c1", 200))

	b.bulk("list_etags", 3, b.list)
	for _, mode := range b.t.FullModes() {
		b.bulk("full_"+mode, 5, func() (ReadStat, error) { return b.fullRead(mode) })
	}
	if err := b.syncs(); err != nil {
		return err
	}
	b.bulk("poll", 15, func() (ReadStat, error) { return b.t.Poll(b.conn()) })
	for _, clients := range []int{1, 8} {
		b.run.add(repeat(rounds, func() Result { return b.get(fmt.Sprintf("get_c%d", clients), clients, b.dur) }))
	}
	for _, clients := range []int{1, 8} {
		b.run.add(repeat(rounds, func() Result { return b.update(fmt.Sprintf("update_c%d", clients), clients, b.dur) }))
	}
	one, percent := b.queries()
	b.bulk("search_one", 5, func() (ReadStat, error) { return b.search(one) })
	b.bulk("search_percent", 5, func() (ReadStat, error) { return b.search(percent) })
	return nil
}

// fill inserts n contacts: half of them in batches where the server has
// batches, up to 500 with one client and the rest with eight.
func (b *runner) fill() error {
	var done []Result
	if half := b.n / 2 / 100 * 100; half > 0 {
		done = append(done, b.insertBatch("insert_batch100", half))
	}
	if len(b.refs) == 0 && len(done) > 0 {
		done[0].Errors = 0 // the book is still empty: no batches here
	}
	single := min(500, (b.n-len(b.refs))/2)
	done = append(done, b.insert("insert_c1", 1, single))
	done = append(done, b.insert("insert_c8", 8, b.n-len(b.refs)))
	for _, r := range done {
		b.run.add(r)
		if r.Errors > 0 {
			return errors.New(r.Note)
		}
	}
	return nil
}

// bulk measures a read a few times, keeps the median and then looks at the
// memory that it takes.
func (b *runner) bulk(op string, times int, f func() (ReadStat, error)) {
	var rs []Result
	begin := time.Now()
	for len(rs) == 0 || len(rs) < times && time.Since(begin) < b.limit {
		m := newMeter(b.pidfile)
		st, err := f()
		r := bulkResult(op, st)
		m.done(&r, 1)
		if err != nil {
			b.run.add(failed(op, st, err))
			return
		}
		rs = append(rs, r)
	}
	slices.SortFunc(rs, func(x, y Result) int { return cmp.Compare(x.Seconds, y.Seconds) })
	r, least, most := rs[len(rs)/2], rs[0].Seconds, rs[len(rs)-1].Seconds
	r.P99 = most * 1000
	r.Note = fmt.Sprintf("%d runs %.4g..%.4g s", len(rs), least, most)
	if b.pidfile != "" && strings.HasPrefix(op, "full_") {
		if pss, err := b.peakOf(func() error { _, err := f(); return err }); err == nil {
			r.PSS = pss
		}
	}
	b.run.add(r)
}

func bulkResult(op string, st ReadStat) Result {
	r := Result{Op: op, Clients: 1, Count: st.Count, Seconds: st.Dur.Seconds(), Bytes: st.Bytes, P50: ms(st.Dur)}
	if st.Dur > 0 {
		r.MBps = float64(st.Bytes) / 1e6 / r.Seconds
	}
	return r
}

// failed is the result of an operation that a server does not have or gets wrong.
func failed(op string, st ReadStat, err error) Result {
	r := bulkResult(op, st)
	r.Errors, r.Note = 1, noteOf(err)
	return r
}

// syncs measures the first sync, then syncs after ten changes and after none.
func (b *runner) syncs() error {
	b.bulk("sync_initial", 1, func() (ReadStat, error) { return b.sync(nil) })
	if b.token == "" {
		return nil
	}
	var changed []Ref
	var changeErr error
	var got []Result
	for begin := time.Now(); len(got) == 0 || len(got) < 7 && time.Since(begin) < b.limit; {
		if changed, changeErr = b.change(10); changeErr != nil {
			return changeErr
		}
		m := newMeter(b.pidfile)
		st, err := b.sync(changed)
		if err != nil {
			b.run.add(failed("sync_10changed", st, err))
			return nil
		}
		r := bulkResult("sync_10changed", st)
		m.done(&r, 1)
		got = append(got, r)
	}
	slices.SortFunc(got, func(x, y Result) int { return cmp.Compare(x.Seconds, y.Seconds) })
	r := got[len(got)/2]
	r.P99 = got[len(got)-1].P50
	if r.Count != 10 {
		r.Note = fmt.Sprintf("%d changes reported", r.Count)
	}
	b.run.add(r)
	b.bulk("sync_0changed", 7, func() (ReadStat, error) { return b.sync(nil) })
	return nil
}

// restarts measures what needs the server stopped.
func (b *runner) restarts() error {
	took, pss, disk, err := b.coldStart(rounds)
	if err != nil {
		return err
	}
	b.run.add(Result{Op: "disk_bytes_per_contact", Value: disk, Note: "allocated, after a clean stop, all updates included"})
	b.run.add(Result{Op: "cold_start", Seconds: took.Seconds(), P50: ms(took), Note: "script and process start to the first answer, page cache warm"})
	b.run.add(Result{Op: "idle_mem", PSS: pss})
	return nil
}

func cmdRun(args []string) error {
	fs := flag.NewFlagSet("run", flag.ExitOnError)
	name := fs.String("peer", "", "a script of peers/ by its name; it gives the flags up to -data")
	target := fs.String("target", "gdata", "protocol: gdata or carddav")
	address := fs.String("url", "", "gdata: scheme://host; carddav: URL of the address book")
	user := fs.String("user", "", "user name")
	pass := fs.String("pass", "", "password")
	auth := fs.String("auth", "clientlogin", "gdata: clientlogin or basic")
	pidfile := fs.String("pidfile", "", "file with the server's process ids, for memory and processor time")
	data := fs.String("data", "", "server data directories, comma separated, for disk use")
	n := fs.Int("n", 1000, "contacts, at least 100")
	seed := fs.Uint64("seed", 1, "seed of the made-up people")
	dur := fs.Duration("dur", 3*time.Second, "length of a timed round")
	limit := fs.Duration("max", time.Minute, "most time for the repetitions of a bulk read")
	out := fs.String("out", "", "write the results as JSON to this file")
	fs.Parse(args)
	if *n < 100 || (*name == "") == (*address == "") {
		fmt.Fprintln(os.Stderr, "usage: bench run -peer NAME | -url URL [flags], -n at least 100")
		fs.PrintDefaults()
		os.Exit(2)
	}

	run := &Run{N: *n, Seed: *seed, When: time.Now().UTC().Truncate(time.Second), Load0: loadavg()}
	var s *server
	if *name != "" {
		script, err := peerScript(*name)
		if err != nil {
			return err
		}
		if s, err = (&peer{script: script}).open(*seed); err != nil {
			return err
		}
		defer s.peer.do("remove")
	} else {
		t, err := newTarget(*target, *address, *user, *pass, *auth)
		if err != nil {
			return err
		}
		s = &server{name: *target, t: t, pidfile: *pidfile, seed: *seed}
		if *data != "" {
			s.data = strings.Split(*data, ",")
		}
		if err := t.Setup(s.conn()); err != nil {
			return err
		}
	}
	run.Peer, run.Version, run.Note = s.name, s.version, s.note
	b := &runner{server: s, run: run, n: *n, dur: *dur, limit: *limit}
	err := b.all()
	if err == nil && s.peer != nil {
		err = b.restarts()
	}
	run.Load1 = loadavg()
	if *out != "" {
		err = errors.Join(err, writeJSON(*out, run))
	}
	fmt.Print(table([]*Run{run}))
	return err
}

// writeJSON writes results to a file, whose folder it makes.
func writeJSON(file string, v any) error {
	j, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, append(j, '\n'), 0o644)
}
