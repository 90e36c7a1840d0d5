package server

import (
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// headroom is memory that a server asks for and never touches, so that it costs
// address space alone. The garbage collector starts when the heap has doubled:
// without it, that is every few megabytes, which one batch takes.
const headroom = 4 << 20

// reserveHeadroom has the collector wait for headroom bytes more until release
// is called.
func reserveHeadroom() (release func()) {
	untouched := make([]byte, headroom)
	return func() { runtime.KeepAlive(untouched) }
}

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
