package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A Result is one measured operation. Zero fields do not apply to it.
type Result struct {
	Op      string  `json:"op"`
	Clients int     `json:"clients,omitempty"`
	Count   int     `json:"count,omitempty"` // operations done, or contacts in a bulk answer
	Seconds float64 `json:"seconds,omitempty"`
	PerSec  float64 `json:"per_sec,omitempty"`
	Waited  float64 `json:"waited_seconds,omitempty"` // for answers, all clients together
	P50     float64 `json:"p50_ms,omitempty"`
	P99     float64 `json:"p99_ms,omitempty"`
	Max     float64 `json:"max_ms,omitempty"`
	Bytes   int64   `json:"bytes,omitempty"`
	MBps    float64 `json:"mb_per_sec,omitempty"`
	CPUms   float64 `json:"server_cpu_ms_per_op,omitempty"`
	Other   float64 `json:"other_cpu_cores,omitempty"` // cores kept busy by neither server nor generator
	PSS     int64   `json:"pss_bytes,omitempty"`       // highest seen
	Value   float64 `json:"value,omitempty"`
	Errors  int     `json:"errors,omitempty"`
	Note    string  `json:"note,omitempty"`
}

// maxErrors ends an operation that keeps failing.
const maxErrors = 20

// parallel calls fn from one goroutine for each client until it has been
// called total times or limit has passed, but at least once; zero means no such
// end. fn gets the number of the client and of the call. The processes in pidfile count as the
// server.
func parallel(op string, clients []*Conn, total int, limit time.Duration, pidfile string, fn func(c *Conn, client, call int) error) Result {
	var (
		calls atomic.Int64
		wg    sync.WaitGroup
		mu    sync.Mutex // guards what follows
		took  []time.Duration
		errs  int
		first error
	)
	m := newMeter(pidfile)
	start := time.Now()
	for client, c := range clients {
		wg.Go(func() {
			var mine []time.Duration
			var bad int
			var badErr error
			for n := 0; bad <= maxErrors && (n == 0 || limit == 0 || time.Since(start) < limit); n++ {
				call := int(calls.Add(1)) - 1
				if total > 0 && call >= total {
					break
				}
				if err := fn(c, client, call); err != nil {
					bad++
					badErr = err
					if errors.Is(err, errUnsupported) {
						break
					}
					continue
				}
				mine = append(mine, c.last)
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
			errs += bad
			if first == nil {
				first = badErr
			}
		})
	}
	wg.Wait()
	r := Result{Op: op, Clients: len(clients), Count: len(took), Seconds: time.Since(start).Seconds(), Errors: errs}
	slices.Sort(took)
	r.PerSec = float64(r.Count) / r.Seconds
	for _, d := range took {
		r.Waited += d.Seconds()
	}
	r.P50, r.P99, r.Max = quantile(took, .5), quantile(took, .99), quantile(took, 1)
	m.done(&r, r.Count)
	if first != nil {
		r.Note = noteOf(first)
	}
	return r
}

// unsupported begins the note of an operation that the server does not have.
const unsupported = "unsupported: "

// noteOf tells in a result why an operation failed.
func noteOf(err error) string {
	if errors.Is(err, errUnsupported) {
		return unsupported + err.Error()
	}
	return "error: " + err.Error()
}

// quantile returns the q-th part of sorted durations in milliseconds.
func quantile(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return ms(sorted[min(int(q*float64(len(sorted))), len(sorted)-1)])
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// median returns the middle of some numbers, the upper one of an even count,
// and 0 of none.
func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// repeat runs a timed operation n times and keeps the round of median rate.
func repeat(n int, f func() Result) Result {
	rs := make([]Result, n)
	for i := range rs {
		rs[i] = f()
	}
	slices.SortFunc(rs, func(a, b Result) int { return cmp.Compare(a.PerSec, b.PerSec) })
	r := rs[n/2]
	if r.Note == "" {
		r.Note = fmt.Sprintf("%d rounds %.4g..%.4g/s", n, rs[0].PerSec, rs[n-1].PerSec)
	}
	return r
}

// A meter takes the processor time of server, generator and machine over an
// operation.
type meter struct {
	pidfile         string
	srv, self, busy float64
	start           time.Time
}

func newMeter(pidfile string) meter {
	return meter{pidfile, cpuOf(procTree(pidfile)), selfCPU(), machineBusy(), time.Now()}
}

// done writes the share of each of ops operations into r. Without a pid file
// there is nothing to say.
func (m meter) done(r *Result, ops int) {
	if m.pidfile == "" || ops == 0 {
		return
	}
	elapsed := time.Since(m.start).Seconds()
	srv, self, busy := cpuOf(procTree(m.pidfile))-m.srv, selfCPU()-m.self, machineBusy()-m.busy
	r.CPUms = srv * 1000 / float64(ops)
	r.Other = max(0, (busy-srv-self)/elapsed)
}
