package main

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// A stats counts operations and how long they took.
type stats struct {
	mu  sync.Mutex
	ops map[string]*opStats
}

type opStats struct {
	done, lost int
	total, max time.Duration
}

// time runs an operation and counts it.
func (s *stats) time(op string, request func() error) error {
	start := time.Now()
	err := request()
	took := time.Since(start)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ops == nil {
		s.ops = map[string]*opStats{}
	}
	o := s.ops[op]
	if o == nil {
		o = new(opStats)
		s.ops[op] = o
	}
	if lost(err) {
		o.lost++
		return err
	}
	o.done++
	o.total += took
	o.max = max(o.max, took)
	return err
}

// total is how many operations were answered.
func (s *stats) total() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.ops {
		n += o.done
	}
	return n
}

// report prints a line for each kind of operation.
func (s *stats) report(w io.Writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for name := range s.ops {
		names = append(names, name)
	}
	slices.Sort(names)
	fmt.Fprintf(w, "%-26s %9s %14s %12s %12s\n", "operation", "answered", "without answer", "mean", "longest")
	for _, name := range names {
		o := s.ops[name]
		fmt.Fprintf(w, "%-26s %9d %14d %12v %12v\n", name, o.done, o.lost,
			(o.total / time.Duration(max(o.done, 1))).Round(time.Microsecond), o.max.Round(time.Microsecond))
	}
}
