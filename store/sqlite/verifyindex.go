package sqlite

import (
	"hash/maphash"
	"slices"

	"contacts"
)

// A sum of terms stands for a set of them: two sets with one sum are the same,
// but for an accident of one in 2^64.

// sum is that of the terms of a contact, as appendTerms has them.
func (b *bookCheck) sum(terms string) (sum uint64) {
	b.words = b.words[:0]
	for term := range eachTerm(terms) {
		b.words = append(b.words, term)
	}
	slices.Sort(b.words)
	for _, term := range slices.Compact(b.words) {
		sum += maphash.String(b.seed, term)
	}
	return sum
}

// index compares the search index with the contacts: that each is found by
// each of its terms, and by no other.
func (b *bookCheck) index() error {
	sums, err := b.indexed()
	if err != nil {
		b.derived("search index", "cannot be read: %v", err)
		return nil
	}
	ids := make([]contacts.ID, 0, len(b.terms))
	for id := range b.terms {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		sum, found := sums[id]
		switch {
		case !found:
			b.derived(entryName(contactKind, id), "is not in the search index")
		case sum != b.terms[id]:
			b.derived(entryName(contactKind, id), "is found by other words than it has")
		}
	}
	for id := range sums {
		if !b.live[ref{id: id}] {
			b.derived(entryName(contactKind, id), "is in the search index, and nowhere else")
		}
	}
	return nil
}

// indexed returns the sums of the terms by which contacts are found.
func (b *bookCheck) indexed() (map[contacts.ID]uint64, error) {
	sums := map[contacts.ID]uint64{}
	spoken := map[contacts.ID]int{} // 1 and the place of the run that speaks for a contact; -1 for what waits
	stmt, err := b.t.conn.bind("SELECT key, terms FROM waiting WHERE key BETWEEN ?1 AND ?2", b.t.key(0), b.t.key(maxID))
	for err == nil {
		var more bool
		if more, err = stmt.Step(); !more {
			break
		}
		id := idOf(stmt.ColumnInt64(0))
		spoken[id] = -1
		if terms := text(stmt, 1); terms != "" {
			sums[id] = b.sum(terms)
		}
	}
	if err != nil {
		return nil, err
	}
	runs, err := b.t.runs()
	if err != nil {
		return nil, err
	}
	for i, r := range runs { // newest first
		if err := b.claim(runs, i, spoken, sums); err != nil {
			return nil, err
		}
		err := b.t.scanRun(r, "", func(block *blockReader) bool {
			for block.next() {
				if t := string(block.term); t == liveTerm || t == goneTerm {
					continue
				}
				hash := maphash.Bytes(b.seed, block.term)
				for _, id := range block.ids(nil) {
					if _, live := sums[id]; live && spoken[id] == i+1 {
						sums[id] += hash
					}
				}
			}
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	return sums, nil
}

// claim notes for whom a run speaks, unless a newer one does, and begins the
// sums of those who live.
func (b *bookCheck) claim(runs []run, place int, spoken map[contacts.ID]int, sums map[contacts.ID]uint64) error {
	r := runs[place]
	live, err := b.t.postings(r, liveTerm+"\x00")
	if err != nil {
		return err
	}
	gone, err := b.t.postings(r, goneTerm+"\x00")
	if err != nil {
		return err
	}
	for _, id := range append(slices.Clone(live), gone...) {
		if id < r.least || id > r.greatest {
			b.derived(entryName(contactKind, id), "is outside of the bounds of its run in the search index")
		}
		if newer := spoken[id]; newer > 0 && runs[newer-1].known == 0 {
			b.derived(entryName(contactKind, id), "is in two runs of the search index, of which the newer does not tell")
		}
	}
	for _, id := range live {
		if spoken[id] == 0 {
			spoken[id], sums[id] = place+1, 0
		}
	}
	for _, id := range gone {
		if spoken[id] == 0 {
			spoken[id] = place + 1
		}
	}
	return nil
}
