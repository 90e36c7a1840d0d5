package server

import (
	"sync/atomic"
	"testing"
)

func TestReleaseWhenIdle(t *testing.T) {
	var ended atomic.Uint64
	releases := 0
	idle := idleRelease{ended: &ended, release: func() { releases++ }}
	for i, step := range []struct {
		requests uint64 // that end before the tick
		want     int    // releases after it, all together
	}{{0, 0}, {0, 0}, {3, 0}, {1, 0}, {0, 1}, {0, 1}, {2, 1}, {0, 2}, {0, 2}} {
		ended.Add(step.requests)
		idle.tick()
		if releases != step.want {
			t.Errorf("%d releases after tick %d, want %d", releases, i+1, step.want)
		}
	}
}
