package sqlite

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"runtime"
	"slices"
	"strings"

	"contacts"
)

// A run is a sorted list of postings, cut into blocks of a few kilobytes. A
// block is found by where it begins: the first posting's term, a zero byte and
// the first ID. In a block, a posting is
//
//	how many bytes its term shares with the one before    varint
//	the rest of the term                                  varint length, bytes
//	how many IDs follow                                   varint
//	the first ID, then the distances to the next ones     varints
//
// The list of one term may go on in the next block.

// blockBytes is the most that the beginning and the postings of a block take
// together, so that a row fits on one page of the database.
const blockBytes = 3900

// A runBlock is a piece of a run.
type runBlock struct{ first, data []byte }

// A runWriter cuts postings into blocks.
type runWriter struct {
	blocks []runBlock
	term   string // of the last posting in the current block
	open   bool   // there is a current block, the last one
	ids    []byte
}

// add appends a posting. Terms come in ascending order, a term once, and its
// IDs ascending.
func (w *runWriter) add(term string, ids []contacts.ID) {
	for len(ids) > 0 {
		if !w.open {
			first := binary.BigEndian.AppendUint64(append([]byte(term), 0), uint64(ids[0]))
			w.blocks = append(w.blocks, runBlock{first: first, data: make([]byte, 0, blockBytes-len(first))})
			w.open, w.term = true, ""
		}
		b := &w.blocks[len(w.blocks)-1]
		shared := 0
		for shared < min(len(term), len(w.term)) && term[shared] == w.term[shared] {
			shared++
		}
		// the most that the posting takes beside its IDs
		room := cap(b.data) - len(b.data) - 2*2 - (len(term) - shared) - binary.MaxVarintLen32
		n := w.fit(ids, room)
		if n == 0 {
			w.open = false
			continue
		}
		b.data = binary.AppendUvarint(b.data, uint64(shared))
		b.data = binary.AppendUvarint(b.data, uint64(len(term)-shared))
		b.data = append(b.data, term[shared:]...)
		b.data = binary.AppendUvarint(b.data, uint64(n))
		b.data = append(b.data, w.ids...)
		w.term = term
		if ids = ids[n:]; len(ids) > 0 {
			w.open = false
		}
	}
}

// fit puts as many IDs into w.ids as fit into room bytes, and returns their number.
func (w *runWriter) fit(ids []contacts.ID, room int) int {
	w.ids = w.ids[:0]
	last := contacts.ID(0)
	for i, id := range ids {
		before := len(w.ids)
		w.ids = binary.AppendUvarint(w.ids, uint64(id-last))
		if len(w.ids) > room {
			w.ids = w.ids[:before]
			return i
		}
		last = id
	}
	return len(ids)
}

// A blockReader reads the postings of a block.
type blockReader struct {
	data []byte
	term []byte
	n    int // IDs of the posting that are not read yet
	bad  bool
}

var errBadBlock = errors.New("sqlite: damaged block in the search index")

// next goes to the next posting, and reports whether there is one.
func (r *blockReader) next() bool {
	for ; r.n > 0; r.n-- {
		r.uvarint()
	}
	if len(r.data) == 0 || r.bad {
		return false
	}
	shared, rest := r.uvarint(), r.uvarint()
	if r.bad || shared > uint64(len(r.term)) || rest > uint64(len(r.data)) {
		r.bad = true
		return false
	}
	r.term = append(r.term[:shared], r.data[:rest]...)
	r.data = r.data[rest:]
	r.n = int(r.uvarint())
	return !r.bad
}

// ids appends the IDs of the posting.
func (r *blockReader) ids(ids []contacts.ID) []contacts.ID {
	id := contacts.ID(0)
	for ; r.n > 0 && !r.bad; r.n-- {
		id += contacts.ID(r.uvarint())
		ids = append(ids, id)
	}
	return ids
}

func (r *blockReader) uvarint() uint64 {
	if len(r.data) > 0 && r.data[0] < 0x80 {
		n := r.data[0]
		r.data = r.data[1:]
		return uint64(n)
	}
	n, size := binary.Uvarint(r.data)
	if size <= 0 {
		r.bad, r.data = true, nil
		return 0
	}
	r.data = r.data[size:]
	return n
}

// A document is a contact as the index sees it.
type document struct {
	id    contacts.ID
	gone  bool   // deleted
	terms string // see terms.go
}

// A postingList collects who has which terms, in the order in which they are
// added. Most terms have one or two IDs, which all lie in one list.
type postingList struct {
	terms map[string]int // where in chains each term is
	all   []chain
	ids   []linkedID
}

// A chain is the IDs of one term, from the last one that was added backwards.
type chain struct {
	term string
	last int // in ids
	n    int
}

type linkedID struct {
	id     contacts.ID
	before int // in ids
}

// add notes that id has a term. IDs come in ascending order.
func (l *postingList) add(term string, id contacts.ID) {
	i, ok := l.terms[term]
	if !ok {
		i = len(l.all)
		l.terms[term] = i
		l.all = append(l.all, chain{term: term})
	}
	c := &l.all[i]
	if c.n > 0 && l.ids[c.last].id == id {
		return
	}
	l.ids = append(l.ids, linkedID{id, c.last})
	c.last = len(l.ids) - 1
	c.n++
}

// appendIDs appends the IDs of a chain, ascending.
func (l *postingList) appendIDs(ids []contacts.ID, c chain) []contacts.ID {
	from := len(ids)
	ids = slices.Grow(ids, c.n)[:from+c.n]
	for i, at := len(ids)-1, c.last; i >= from; i-- {
		ids[i] = l.ids[at].id
		at = l.ids[at].before
	}
	return ids
}

// writeRun makes the blocks of a run of documents, which come by ascending ID.
func writeRun(documents []document) []runBlock {
	l := postingList{terms: map[string]int{}}
	for i := range documents {
		runtime.Gosched() // nobody waits for this
		d := &documents[i]
		if d.gone {
			l.add(goneTerm, d.id)
			continue
		}
		l.add(liveTerm, d.id)
		for term := range eachTerm(d.terms) {
			l.add(term, d.id)
		}
	}
	slices.SortFunc(l.all, func(a, b chain) int { return strings.Compare(a.term, b.term) })
	w := runWriter{}
	var ids []contacts.ID
	for _, c := range l.all {
		ids = l.appendIDs(ids[:0], c)
		w.add(c.term, ids)
	}
	return w.blocks
}

// A mergeInput is one of the runs that mergeRuns reads.
type mergeInput struct {
	blocks func() ([]byte, error) // returns the postings of the next block, nil at the end
	hidden []contacts.ID          // whom a newer input speaks for

	reader blockReader
	done   bool
}

// next goes to the next posting.
func (in *mergeInput) next() error {
	for !in.reader.next() {
		if in.reader.bad {
			return errBadBlock
		}
		data, err := in.blocks()
		if err != nil {
			return err
		}
		if data == nil {
			in.done = true
			return nil
		}
		in.reader = blockReader{data: data, term: in.reader.term[:0]}
	}
	return nil
}

// mergeRuns makes one run of several. Unless there is an older run, those who
// are gone are forgotten.
func mergeRuns(inputs []*mergeInput, oldest bool) ([]runBlock, error) {
	for _, in := range inputs {
		if err := in.next(); err != nil {
			return nil, err
		}
	}
	var w runWriter
	var ids, some []contacts.ID
	for n := 0; ; n++ {
		if n%32 == 0 {
			runtime.Gosched() // nobody waits for this
		}
		term, more := "", false
		for _, in := range inputs {
			if !in.done && (!more || string(in.reader.term) < term) {
				term, more = string(in.reader.term), true
			}
		}
		if !more {
			return w.blocks, nil
		}
		ids = ids[:0]
		for _, in := range inputs {
			for !in.done && string(in.reader.term) == term {
				some = in.reader.ids(some[:0])
				ids = append(ids, exclude(some, in.hidden)...)
				if err := in.next(); err != nil {
					return nil, err
				}
			}
		}
		if term == goneTerm && oldest {
			continue
		}
		w.add(term, distinct(ids))
	}
}

// exclude removes from ids those among others; both are ascending. It changes ids.
func exclude(ids, others []contacts.ID) []contacts.ID {
	if len(others) == 0 || len(ids) == 0 || others[0] > ids[len(ids)-1] || others[len(others)-1] < ids[0] {
		return ids
	}
	return slices.DeleteFunc(ids, func(id contacts.ID) bool {
		i, found := slices.BinarySearch(others, id)
		others = others[i:]
		return found
	})
}

// intersect returns those IDs that are in both lists; all are ascending. It
// changes one of the lists.
func intersect(ids, others []contacts.ID) []contacts.ID {
	if len(ids) > len(others) {
		ids, others = others, ids
	}
	return slices.DeleteFunc(ids, func(id contacts.ID) bool {
		i, found := slices.BinarySearch(others, id)
		others = others[i:]
		return !found
	})
}

// union returns the IDs of both lists, ascending and each once.
func union(ids, others []contacts.ID) []contacts.ID { return distinct(append(ids, others...)) }

// distinct sorts IDs and leaves out repeated ones. It changes ids.
func distinct(ids []contacts.ID) []contacts.ID {
	if len(ids) == 0 {
		return ids
	}
	least, greatest := slices.Min(ids), slices.Max(ids)
	words := int(greatest-least)/64 + 1
	if words > len(ids) { // far apart
		slices.Sort(ids)
		return slices.Compact(ids)
	}
	set := make([]uint64, words)
	for _, id := range ids {
		set[(id-least)/64] |= 1 << ((id - least) % 64)
	}
	ids = ids[:0]
	for i, word := range set {
		for ; word != 0; word &= word - 1 {
			ids = append(ids, least+contacts.ID(64*i+bits.TrailingZeros64(word)))
		}
	}
	return ids
}

// hasTerm reports whether pattern is the beginning of term, or all of it if
// pattern ends in a zero byte.
func hasTerm(term []byte, pattern string) bool {
	if whole, exact := strings.CutSuffix(pattern, "\x00"); exact {
		return string(term) == whole
	}
	return len(term) >= len(pattern) && string(term[:len(pattern)]) == pattern
}
