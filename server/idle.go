package server

import (
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// quiet is how long no request must end before memory is given back.
const quiet = 5 * time.Second

// An idleRelease gives memory back to the system once after every burst of
// requests. Checking a password takes much memory, which the runtime by itself
// keeps for minutes.
type idleRelease struct {
	ended   *atomic.Uint64 // requests so far
	release func()

	seen, released uint64
}

// tick is called at regular intervals. It releases when no request has ended
// since the last call, but some have since the last release.
func (i *idleRelease) tick() {
	n := i.ended.Load()
	if n == i.seen && n != i.released {
		i.release()
		i.released = n
	}
	i.seen = n
}

// releaseMemory gives back what is not in use. Pools lose what they keep only
// in the second collection.
func releaseMemory() {
	runtime.GC()
	debug.FreeOSMemory()
}
