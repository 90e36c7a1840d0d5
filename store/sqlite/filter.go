package sqlite

import (
	"math/bits"
	"strconv"
	"sync"

	"contacts/store"
)

// An address that is looked for is mostly in no run, or in one of many. A
// mailFilter tells without reading that a run does not have it: it is a Bloom
// filter over the hashes of the addresses in the run, which never changes.
type mailFilter []uint64

const (
	filterBits   = 12      // for each address, or more: about 1 in 100 others look as if they were there
	filterProbes = 4       // bits that are set for an address
	maxFilters   = 8 << 20 // bytes of all filters; when there are so many, all are forgotten
)

func newMailFilter(hashes []uint64) mailFilter {
	f := make(mailFilter, 1<<bits.Len(uint(len(hashes)*filterBits/64)))
	for _, h := range hashes {
		for i := range filterProbes {
			word, bit := f.probe(h, i)
			f[word] |= bit
		}
	}
	return f
}

// probe is the place of a bit. Hashes are even, so that parts of one serve as
// several.
func (f mailFilter) probe(hash uint64, i int) (word int, bit uint64) {
	n := uint(hash) + uint(i)*uint(hash>>24|1)
	return int(n / 64 % uint(len(f))), 1 << (n % 64)
}

// lacks reports whether the hash is certainly not of an address in the run.
func (f mailFilter) lacks(hash uint64) bool {
	for i := range filterProbes {
		if word, bit := f.probe(hash, i); f[word]&bit == 0 {
			return true
		}
	}
	return false
}

// mailOf is the hash of an address in a term that stands for one.
func mailOf(term []byte) (hash uint64, ok bool) {
	if len(term) == 0 || term[0] != emailTerm {
		return 0, false
	}
	hash, err := strconv.ParseUint(string(term[1:]), 16, 64)
	return hash, err == nil
}

// appendMails appends the hashes of all addresses in a block.
func appendMails(hashes []uint64, b *blockReader) []uint64 {
	for b.next() {
		if hash, ok := mailOf(b.term); ok {
			hashes = append(hashes, hash)
		}
	}
	return hashes
}

// filterOf makes the filter of a run that has these blocks.
func filterOf(blocks []runBlock) mailFilter {
	var hashes []uint64
	for _, b := range blocks {
		hashes = appendMails(hashes, &blockReader{data: b.data})
	}
	return newMailFilter(hashes)
}

// mailFilters has the filters of runs by their numbers, which no two runs of
// all time share.
type mailFilters struct {
	asked chan<- struct{} // gets a value when there is something in missing

	mu      sync.Mutex
	byRun   map[int64]mailFilter
	size    int                   // in bytes
	missing map[int64]store.Owner // runs that were asked for
}

// lacks reports whether a run certainly has no contact with an address of that
// hash.
func (m *mailFilters) lacks(owner store.Owner, run int64, hash uint64) bool {
	if m == nil {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if f, ok := m.byRun[run]; ok {
		return f.lacks(hash)
	}
	if len(m.missing) < 100 { // runs are few; the others are asked for again
		m.missing[run] = owner
		select {
		case m.asked <- struct{}{}:
		default:
		}
	}
	return false
}

// put adds the filter of a run, and forgets those that it was made of.
func (m *mailFilters) put(number int64, f mailFilter, instead []run) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, old := range instead {
		m.size -= 8 * len(m.byRun[old.number])
		delete(m.byRun, old.number)
	}
	if m.size += 8 * len(f); m.size > maxFilters {
		clear(m.byRun)
		m.size = 8 * len(f)
	}
	m.byRun[number] = f
	delete(m.missing, number)
}

// takeMissing returns the runs that were asked for, and forgets that.
func (m *mailFilters) takeMissing() map[int64]store.Owner {
	m.mu.Lock()
	defer m.mu.Unlock()
	missing := m.missing
	m.missing = map[int64]store.Owner{}
	return missing
}
