package sqlite

import (
	"math"
	"os"
	"time"

	"contacts/metrics"
)

// counts are what a store counts of its work.
type counts struct {
	groups      *metrics.Histograms // updates of each commit
	commits     *metrics.Histograms // time from the begin to the end of a group's transaction
	failures    *metrics.Counters   // of commits
	waits       *metrics.Histograms // for a connection to read with
	checkpoints *metrics.Counters
	runs        *metrics.Counters // tidied indexes of books
}

func newCounts() *counts {
	return &counts{
		groups: metrics.NewSizes("contactsd_store_commit_updates", "Updates that shared a commit.", []int64{1, 2, 4, 8, 16, 32, 64, maxGroup}),
		commits: metrics.NewTimes("contactsd_store_commit_duration_seconds", "Time that a commit took with all its updates.", []time.Duration{
			100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond, time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
			10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 500 * time.Millisecond, time.Second}),
		failures: metrics.NewCounters("contactsd_store_commit_failures_total", "Commits that failed, with all their updates."),
		waits: metrics.NewTimes("contactsd_store_reader_wait_seconds", "Time that readers waited for a connection, of those that had to.", []time.Duration{
			100 * time.Microsecond, time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond, time.Second, 10 * time.Second}),
		checkpoints: metrics.NewCounters("contactsd_store_checkpoints_total", "Copies of the log into the database.", metrics.Label{Name: "outcome", Values: []string{"done", "failed"}}),
		runs:        metrics.NewCounters("contactsd_store_index_runs_total", "Times that the index of a book was tidied.", metrics.Label{Name: "outcome", Values: []string{"done", "later"}}),
	}
}

// Metrics are the families of the store.
func (s *Store) Metrics() []metrics.Family {
	c := s.counts
	return []metrics.Family{c.groups, c.commits, c.failures, c.waits, c.checkpoints, c.runs,
		metrics.NewGauge("contactsd_store_readers", "Connections for reading that are in use.", func() float64 { return float64(len(s.pool.slots)) }),
		metrics.NewGauge("contactsd_store_readers_limit", "Connections for reading that can be in use.", func() float64 { return float64(cap(s.pool.slots)) }),
		metrics.NewGauge("contactsd_store_write_queue", "Updates that wait for the next commit.", func() float64 {
			s.w.mu.Lock()
			defer s.w.mu.Unlock()
			return float64(len(s.w.queue))
		}),
		metrics.NewGauge("contactsd_store_index_queue", "Changes that wait to be sorted into the index.", func() float64 {
			s.index.mu.Lock()
			defer s.index.mu.Unlock()
			n := 0
			for _, b := range s.index.books {
				n += b.waiting
			}
			return float64(n)
		}),
		metrics.NewGauge("contactsd_store_size_bytes", "Size of the database, without its log.", func() float64 { return sizeOf(s.path) }),
		metrics.NewGauge("contactsd_store_log_bytes", "Size of the write-ahead log.", func() float64 { return sizeOf(s.path + "-wal") }),
	}
}

// sizeOf is not a number for a file that cannot be looked at.
func sizeOf(name string) float64 {
	info, err := os.Stat(name)
	if err != nil {
		return math.NaN()
	}
	return float64(info.Size())
}
