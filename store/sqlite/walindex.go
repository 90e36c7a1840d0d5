package sqlite

import (
	"sync/atomic"

	"contacts/store"
)

// headerWords is the length of the header of SQLite's index of the write-ahead
// log, in words of 32 bits. The index lies in the file with the ending -shm,
// which all processes share in memory, and begins with two copies of the
// header (https://sqlite.org/walformat.html). Each commit changes it: it counts
// them, and has the length and the checksum of the log.
const headerWords = len(store.State{})

// A walIndex looks at the index of the log, so that one who has read the
// database before can tell whether it has changed, without asking SQLite.
type walIndex struct {
	words *[2 * headerWords]uint32 // shared memory; nil where it cannot be had
	close func() error
}

// state names the state of the database. It is unknown while a commit is being
// noted down.
func (w *walIndex) state() (s store.State, ok bool) {
	if w.words == nil {
		return s, false
	}
	for i := range s {
		s[i] = atomic.LoadUint32(&w.words[i])
	}
	for i := range s { // SQLite writes the second copy first
		if atomic.LoadUint32(&w.words[headerWords+i]) != s[i] {
			return s, false
		}
	}
	return s, s != store.State{}
}
