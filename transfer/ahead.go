package transfer

import "sync"

// An ahead reads the entries of a file beside the work on a book, and brings
// their contacts into the form that a book takes. It is a few runs of entries
// ahead, each of at most MaxOps entries and maxAheadBytes of photos, or one
// larger photo.
type ahead struct {
	runs chan []readEntry
	run  []readEntry // what is left of the last one
	quit chan struct{}
	work sync.WaitGroup
	read int64 // bytes of the file up to the last entry that next returned
}

const maxAheadBytes = 4 << 20

type readEntry struct {
	entry *entry
	err   error
	read  int64
}

// readAhead begins to read. stop must be called.
func readAhead(src source, counted *countingReader) *ahead {
	a := &ahead{runs: make(chan []readEntry, 1), quit: make(chan struct{})}
	a.work.Go(func() {
		for more := true; more; {
			var run []readEntry
			for size := 0; more && len(run) < MaxOps && size < maxAheadBytes; {
				e, err := src.next()
				if err == nil && e.contact != nil {
					c := fromBook(e.contact)
					if e.contact, e.invalid = settle(c); e.invalid != nil {
						e.contact = c // for its name
					}
				}
				if err == nil && e.photo != nil {
					size += len(e.photo.Data)
				}
				run = append(run, readEntry{e, err, counted.n})
				more = err == nil || isBad(err)
			}
			select {
			case a.runs <- run:
			case <-a.quit:
				return
			}
		}
	})
	return a
}

// next is source.next. After the end, or an error that ends the file, it must
// not be called again.
func (a *ahead) next() (*entry, error) {
	if len(a.run) == 0 {
		a.run = <-a.runs
	}
	r := a.run[0]
	a.run = a.run[1:]
	a.read = r.read
	return r.entry, r.err
}

// stop ends the reading and waits for that.
func (a *ahead) stop() {
	close(a.quit)
	a.work.Wait()
}
