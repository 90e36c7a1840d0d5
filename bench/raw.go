package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// limits measures what the machine itself can do, with the programs of
// rawlimit/ and the same clients that load the servers.
type limits struct {
	program string // rawlimit, built
	dir     string // for its databases; on the disk where the servers keep theirs
	http    *exec.Cmd
	base    string // of the bare HTTP server
	conns   []*Conn
}

// openLimits builds rawlimit in dir, which must be a folder on a real disk, and
// starts the bare HTTP server.
func openLimits(dir string) (*limits, error) {
	if inMemory(dir) {
		return nil, fmt.Errorf("%s is in memory, so nothing durable can be measured there; set TMPDIR to a folder on a disk", dir)
	}
	src, err := benchDir()
	if err != nil {
		return nil, err
	}
	l := &limits{program: filepath.Join(dir, "rawlimit"), dir: dir, conns: newConns(8)}
	build := exec.Command("go", "build", "-o", l.program, ".")
	build.Dir = filepath.Join(src, "rawlimit")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("rawlimit (which needs a C compiler): %w", err)
	}
	l.http = exec.Command(l.program, "http")
	l.http.Stderr = os.Stderr
	l.base, err = startListener(l.http)
	return l, err
}

// startListener starts a program that prints "listening on URL" as its first
// line when it answers requests, and returns the URL.
func startListener(cmd *exec.Cmd) (string, error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on "); ok {
		return address, nil
	}
	cmd.Process.Kill()
	return "", errors.Join(fmt.Errorf("%s does not say where it listens: %q", cmd.Path, line), err, cmd.Wait())
}

// inMemory tells whether a folder is on a file system without a disk.
func inMemory(dir string) bool {
	const tmpfs, ramfs = 0x01021994, 0x858458f6
	var st syscall.Statfs_t
	err := syscall.Statfs(dir, &st)
	return err == nil && (uint32(st.Type) == tmpfs || uint32(st.Type) == ramfs)
}

// Close ends the bare HTTP server.
func (l *limits) Close() {
	l.http.Process.Kill()
	l.http.Wait()
}

// get reads 1 KB from the bare HTTP server as often as possible.
func (l *limits) get(op string, clients int, d time.Duration) Result {
	return parallel(op, l.conns[:clients], 0, d, "", func(c *Conn, _, _ int) error {
		_, _, err := c.expect(newRequest("GET", l.base+"/1k", nil), http.StatusOK)
		return err
	})
}

// put sends to the bare HTTP server what an insert sends to contactsd.
func (l *limits) put(op string, clients int, d time.Duration) Result {
	return parallel(op, l.conns[:clients], 0, d, "", func(c *Conn, _, call int) error {
		_, _, err := c.expect(newRequest("PUT", l.base+"/sink", NewPerson(1, call, 0).AtomEntry("", "")), http.StatusCreated)
		return err
	})
}

// body reads 10 MB from the bare HTTP server.
func (l *limits) body() (ReadStat, error) {
	c := l.conns[0]
	_, b, err := c.expect(newRequest("GET", l.base+"/10m", nil), http.StatusOK)
	return ReadStat{Count: 1, Bytes: int64(len(b)), Dur: c.last}, err
}

// trip returns the median time of a bare HTTP round trip in milliseconds.
func (l *limits) trip() float64 {
	c := l.conns[0]
	var took []time.Duration
	for range 40 {
		if _, _, err := c.expect(newRequest("GET", l.base+"/1k", nil), http.StatusOK); err == nil {
			took = append(took, c.last)
		}
	}
	slices.Sort(took)
	return quantile(took, .5)
}

// sqlite returns the rows that SQLite commits in a second, durably and in
// transactions of so many.
func (l *limits) sqlite(batch int, d time.Duration) (perSec float64, err error) {
	cmd := exec.Command(l.program, "sqlite", "-dir", l.dir, "-sync", "FULL", "-batch", strconv.Itoa(batch), "-rounds", "1", "-dur", d.String(), "-json")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("rawlimit sqlite: %w", err)
	}
	var r struct {
		PerSec float64 `json:"per_sec"`
	}
	err = json.Unmarshal(out, &r)
	return r.PerSec, err
}

// cmdRaw measures the limits alone.
func cmdRaw(args []string) error {
	fs := flag.NewFlagSet("raw", flag.ExitOnError)
	dur := fs.Duration("dur", 3*time.Second, "length of a round")
	out := fs.String("out", "", "write the results as JSON to this file")
	fs.Parse(args)

	dir, err := os.MkdirTemp("", "contacts-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	l, err := openLimits(dir)
	if err != nil {
		return err
	}
	defer l.Close()
	b := &runner{run: &Run{Peer: "limits", When: time.Now().UTC().Truncate(time.Second), Load0: loadavg()}, server: &server{}, limit: *dur}
	for _, clients := range []int{1, 8} {
		b.run.add(repeat(rounds, func() Result { return l.get(fmt.Sprintf("get1k_c%d", clients), clients, *dur) }))
		b.run.add(repeat(rounds, func() Result { return l.put(fmt.Sprintf("put_discard_c%d", clients), clients, *dur) }))
	}
	b.bulk("body10MB", 15, l.body)
	b.run.add(repeat(rounds, func() Result {
		perSec, sqlErr := l.sqlite(1, *dur)
		err = errors.Join(err, sqlErr)
		return Result{Op: "sqlite_full", Clients: 1, PerSec: perSec}
	}))
	b.run.Load1 = loadavg()
	fmt.Print(table([]*Run{b.run}))
	if *out != "" {
		err = errors.Join(err, writeJSON(*out, b.run))
	}
	return err
}
