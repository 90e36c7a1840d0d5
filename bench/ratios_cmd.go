package main

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// open builds contactsd and starts one server for each size, and the peers.
func (r *ratios) open(sizes []int, peers []string, seed uint64) error {
	script, err := peerScript("contactsd")
	if err != nil {
		return err
	}
	program := os.Getenv("CONTACTSD")
	for _, n := range sizes {
		port, err := freePort()
		if err != nil {
			return err
		}
		state := filepath.Join(r.dir, fmt.Sprintf("contactsd-%d", n))
		env := []string{"TMPDIR=" + r.dir, "BENCH_STATE=" + state, "PORT=" + port}
		if program != "" {
			env = append(env, "CONTACTSD="+program)
		}
		s, err := (&peer{script: script, env: env}).open(seed)
		if err != nil {
			return err
		}
		if program == "" {
			program = filepath.Join(state, "contactsd") // built by the first
		}
		s.want = n
		r.ours = append(r.ours, s)
		if n == r.mainN {
			r.main = s
		}
	}
	for _, name := range peers {
		script, err := peerScript(name)
		if err != nil {
			return err
		}
		s, err := (&peer{script: script, env: []string{"TMPDIR=" + r.dir}}).open(seed)
		if err != nil {
			return err
		}
		r.peers = append(r.peers, s)
	}
	return nil
}

// freePort returns a port of the loopback interface that was free a moment ago.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

// close stops every server and removes what the run wrote.
func (r *ratios) close() error {
	var err error
	for _, s := range slices.Concat(r.ours, r.peers) {
		err = errors.Join(err, s.peer.do("remove"))
	}
	if r.limits != nil {
		r.limits.Close()
	}
	return errors.Join(err, os.RemoveAll(r.dir))
}

// A Report is the outcome of one run, as kept in results/.
type Report struct {
	When     time.Time         `json:"when"`
	System   string            `json:"system"`
	Load0    string            `json:"load_before"`
	Load1    string            `json:"load_after"`
	Settings string            `json:"settings"`
	Versions map[string]string `json:"versions"`
	Rows     []*Row            `json:"rows"`
}

func cmdRatios(args []string) error {
	fs := flag.NewFlagSet("ratios", flag.ExitOnError)
	quick := fs.Bool("quick", false, "under a minute: few and short rounds, no book of 100,000 contacts; a first impression")
	sizesFlag := fs.String("n", "1000,10000,100000", "sizes of the address books; most is measured on the largest up to 10,000")
	peersFlag := fs.String("peer", "", "scripts of peers/ to measure in the same run, comma separated: sabredav,cyrus")
	nRounds := fs.Int("rounds", 5, "rounds of each measurement")
	dur := fs.Duration("dur", time.Second, "length of a timed round")
	seed := fs.Uint64("seed", 1, "seed of the made-up people")
	out := fs.String("out", "", "JSON file for the results; default bench/results/ratios-TIME.json")
	fs.Parse(args)
	if *quick {
		given := map[string]bool{}
		fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
		for name, value := range map[string]string{"n": "1000,10000", "rounds": "3", "dur": "300ms"} {
			if !given[name] {
				fs.Set(name, value)
			}
		}
	}
	sizes, err := parseSizes(*sizesFlag)
	if err != nil || *nRounds < 1 {
		fmt.Fprintln(os.Stderr, "usage: bench ratios [flags]; -n takes numbers of at least 1000, -rounds at least 1")
		os.Exit(2)
	}
	src, err := benchDir()
	if err != nil {
		return err
	}
	report := Report{When: time.Now().UTC().Truncate(time.Second), Load0: loadavg(), Versions: map[string]string{}}
	if *out == "" {
		*out = filepath.Join(src, "results", "ratios-"+report.When.Format("20060102-150405")+".json")
	}

	r := &ratios{rounds: *nRounds, dur: *dur, mainN: sizes[0]}
	for _, n := range sizes {
		if n <= 10000 {
			r.mainN = n
		}
	}
	if r.dir, err = os.MkdirTemp("", "contacts-bench"); err != nil {
		return err
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	failed := make(chan error, 1)
	go func() { failed <- r.run(sizes, splitList(*peersFlag), *seed) }()
	select {
	case err = <-failed:
	case <-interrupted:
		err = errors.New("interrupted")
	}
	if err = errors.Join(err, r.close()); err != nil {
		return err
	}

	report.Load1, report.Rows = loadavg(), r.rows
	report.System = fmt.Sprintf("%s/%s, %d processors, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	report.Settings = fmt.Sprintf("N = %s, main N = %d, %d rounds of %s, seed %d", *sizesFlag, r.mainN, *nRounds, *dur, *seed)
	for _, s := range r.all() {
		report.Versions[s.name] = s.version + "; " + s.note
	}
	fmt.Print(report.markdown(r.peers))
	return writeJSON(*out, report)
}

// run does the whole measurement; close must follow.
func (r *ratios) run(sizes []int, peers []string, seed uint64) (err error) {
	if err := os.Chmod(r.dir, 0o755); err != nil { // peers run as users of their own
		return err
	}
	if r.limits, err = openLimits(r.dir); err != nil {
		return err
	}
	if err := r.open(sizes, peers, seed); err != nil {
		return err
	}
	return r.measure()
}

// parseSizes reads a list of numbers and returns it in order.
func parseSizes(list string) ([]int, error) {
	var sizes []int
	for _, s := range splitList(list) {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1000 {
			return nil, fmt.Errorf("size %q", s)
		}
		sizes = append(sizes, n)
	}
	if len(sizes) == 0 {
		return nil, errors.New("no size")
	}
	slices.Sort(sizes)
	return slices.Compact(sizes), nil
}

// splitList cuts a comma separated list; the empty text is the empty list.
func splitList(list string) []string {
	return strings.FieldsFunc(list, func(c rune) bool { return c == ',' || c == ' ' })
}

// markdown renders the report for README.md.
func (rep *Report) markdown(peers []*server) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s, load %s before and %s after.\n%s.\n\n", rep.When.Format("2006-01-02 15:04 MST"), rep.System, rep.Load0, rep.Load1, rep.Settings)
	b.WriteString(rowTable(rep.Rows, peers))
	b.WriteString("\n")
	for _, name := range slices.Sorted(maps.Keys(rep.Versions)) {
		fmt.Fprintf(&b, "- %s: %s\n", name, rep.Versions[name])
	}
	return b.String()
}
