// Command rawlimit shows what a machine itself can do, as a limit to hold
// servers against: net/http without an application, the disk, and databases
// without a server in front. It is a module of its own, as it needs cgo and
// drivers that the servers do without.
//
//	rawlimit http   -addr 127.0.0.1:0      minimal HTTP server, for "bench raw"
//	rawlimit fsync  -dir DIR               small durable writes to files
//	rawlimit sqlite -dir DIR               rows of 1 KB with two indexes, WAL
//	rawlimit pg     -dsn DSN               the same with PostgreSQL
//
// Results are rows of a Markdown table, or a JSON object each with -json.
package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"time"
)

// limits holds the flags that all measurements share.
type limits struct {
	dur    time.Duration
	rounds int
	json   bool
}

// measure calls f, which works until the given time and returns the rows it
// wrote, a few times and prints the median rate.
func (l limits) measure(name string, f func(until time.Time) (int, error)) error {
	rates := make([]float64, l.rounds)
	for i := range rates {
		begin := time.Now()
		n, err := f(begin.Add(l.dur))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		rates[i] = float64(n) / time.Since(begin).Seconds()
	}
	slices.Sort(rates)
	median, least, most := rates[l.rounds/2], rates[0], rates[l.rounds-1]
	if l.json {
		return json.NewEncoder(os.Stdout).Encode(map[string]any{"name": name, "per_sec": median})
	}
	fmt.Printf("| %s | %.0f/s | %.0f..%.0f |\n", name, median, least, most)
	return nil
}

// text returns n bytes that do not compress well.
func text(n int) []byte {
	b := make([]byte, n/2)
	rand.Read(b) // never fails
	return []byte(hex.EncodeToString(b))
}

// rowID is a key in random order, made from a number.
func rowID(k int64) string { return fmt.Sprintf("%x", uint64(k)*0x9e3779b97f4a7c15) }

func run(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("usage: rawlimit http|fsync|sqlite|pg [flags]")
	}
	fs := flag.NewFlagSet("rawlimit", flag.ExitOnError)
	addr := fs.String("addr", "127.0.0.1:0", "http: address to listen on")
	dir := fs.String("dir", os.TempDir(), "fsync, sqlite: folder for the files, on the disk to be measured")
	level := fs.String("sync", "", "sqlite: only this synchronous level, NORMAL or FULL; pg: only this synchronous_commit, on or off")
	batch := fs.Int("batch", 0, "sqlite, pg: only so many rows a transaction; default 1 and 100")
	dsn := fs.String("dsn", "", "pg: connection string")
	var l limits
	fs.DurationVar(&l.dur, "dur", 2*time.Second, "length of a round")
	fs.IntVar(&l.rounds, "rounds", 3, "rounds, of which the median counts")
	fs.BoolVar(&l.json, "json", false, "print JSON")
	fs.Parse(args[1:])

	batches := []int{1, 100}
	if *batch > 0 {
		batches = []int{*batch}
	}
	levels := func(all ...string) []string {
		if *level != "" {
			return []string{*level}
		}
		return all
	}
	switch args[0] {
	case "http":
		return serve(*addr)
	case "fsync":
		return l.files(*dir)
	case "sqlite":
		return l.sqlite(*dir, levels("NORMAL", "FULL"), batches)
	case "pg":
		return l.postgres(*dsn, levels("off", "on"), batches)
	}
	return fmt.Errorf("rawlimit: no measurement %q", args[0])
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "rawlimit:", err)
		os.Exit(1)
	}
}
