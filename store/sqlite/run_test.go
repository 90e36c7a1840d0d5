package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"contacts"
)

// input reads a run from memory.
func input(blocks []runBlock, hidden ...contacts.ID) *mergeInput {
	return &mergeInput{hidden: hidden, blocks: func() ([]byte, error) {
		if len(blocks) == 0 {
			return nil, nil
		}
		data := blocks[0].data
		blocks = blocks[1:]
		return data, nil
	}}
}

// lists reads all postings of a run, and checks the form of its blocks.
func lists(t *testing.T, blocks []runBlock) map[string][]contacts.ID {
	t.Helper()
	all := map[string][]contacts.ID{}
	for i, b := range blocks {
		if len(b.first)+len(b.data) > blockBytes {
			t.Errorf("block %d has %d bytes, want at most %d", i, len(b.first)+len(b.data), blockBytes)
		}
		if i > 0 && bytes.Compare(blocks[i-1].first, b.first) >= 0 {
			t.Errorf("block %d begins with %q, the one before it with %q", i, b.first, blocks[i-1].first)
		}
		r := blockReader{data: b.data}
		for r.next() {
			term := string(r.term)
			all[term] = r.ids(all[term])
		}
		if r.bad {
			t.Errorf("block %d is damaged", i)
		}
	}
	return all
}

// want is what the postings of documents should be.
func want(documents []document, gone bool) map[string][]contacts.ID {
	all := map[string][]contacts.ID{}
	for _, d := range documents {
		switch {
		case !d.gone:
			all[liveTerm] = append(all[liveTerm], d.id)
		case gone:
			all[goneTerm] = append(all[goneTerm], d.id)
		}
		for _, term := range strings.Fields(strings.ReplaceAll(d.terms, "\x00", " ")) {
			all[term] = append(all[term], d.id)
		}
	}
	return all
}

func same(a, b map[string][]contacts.ID) bool {
	return maps.EqualFunc(a, b, func(a, b []contacts.ID) bool { return slices.Equal(a, b) })
}

// randomDocuments are documents with terms that many, some and single ones have.
func randomDocuments(r *rand.Rand, n int) (all []document) {
	id := contacts.ID(0)
	for range n {
		id += contacts.ID(1 + r.IntN(3)*r.IntN(2)*r.IntN(1<<20))
		d := document{id: id, gone: r.IntN(10) == 0}
		if !d.gone {
			d.terms = fmt.Sprintf("\x00wexample\x00wmail%d\x00wu%07d\x00w%s\x00", r.IntN(100), r.IntN(1_000_000), strings.Repeat("é", r.IntN(59)))
		}
		all = append(all, d)
	}
	return all
}

func TestRun(t *testing.T) {
	for _, n := range []int{0, 1, 2, 100, 5000} {
		documents := randomDocuments(rand.New(rand.NewPCG(uint64(n), 0)), n)
		if got := lists(t, writeRun(documents)); !same(got, want(documents, true)) {
			t.Errorf("a run of %d documents does not have their terms", n)
		}
	}
}

func TestMergeRuns(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		state := map[contacts.ID]document{} // as the newest run has it
		var inputs []*mergeInput
		var newer []contacts.ID
		for range 1 + r.IntN(5) { // newest first
			documents := randomDocuments(r, r.IntN(400))
			var all, hidden []contacts.ID
			for _, d := range documents {
				all = append(all, d.id)
				if slices.Contains(newer, d.id) {
					hidden = append(hidden, d.id)
				} else {
					state[d.id] = d
				}
			}
			inputs = append(inputs, input(writeRun(documents), hidden...))
			newer = union(newer, all)
		}
		var documents []document
		for _, id := range slices.Sorted(maps.Keys(state)) {
			documents = append(documents, state[id])
		}
		oldest := seed%2 == 0
		blocks, err := mergeRuns(inputs, oldest)
		if err != nil {
			t.Fatal(err)
		}
		if got := lists(t, blocks); !same(got, want(documents, !oldest)) {
			t.Errorf("seed %d: the run merged of %d has not the terms that the newest have", seed, len(inputs))
		}
	}
}

func TestDamagedBlocks(t *testing.T) {
	whole := writeRun(randomDocuments(rand.New(rand.NewPCG(1, 1)), 50))[0].data
	for i := range whole {
		for _, data := range [][]byte{whole[:i], append(bytes.Clone(whole[:i]), bytes.Repeat([]byte{0xff}, len(whole)-i)...)} {
			r := blockReader{data: data}
			var ids []contacts.ID
			for r.next() {
				ids = r.ids(ids[:0])
			}
			if _, err := mergeRuns([]*mergeInput{input([]runBlock{{data: data}})}, true); r.bad && !errors.Is(err, errBadBlock) {
				t.Errorf("a block damaged at byte %d: %v, want %v", i, err, errBadBlock)
			}
		}
	}
}

func TestSetsOfIDs(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 2))
		random := func() map[contacts.ID]bool {
			set := map[contacts.ID]bool{}
			for n, spread := r.IntN(50), []int64{40, 1000, 1 << 39}[r.IntN(3)]; n > 0; n-- {
				set[contacts.ID(r.Int64N(spread))] = true
			}
			return set
		}
		a, b := random(), random()
		both, only, either := []contacts.ID{}, []contacts.ID{}, slices.Collect(maps.Keys(a))
		for id := range b {
			if !a[id] {
				either = append(either, id)
			}
		}
		for id := range a {
			if b[id] {
				both = append(both, id)
			} else {
				only = append(only, id)
			}
		}
		for name, sets := range map[string][2][]contacts.ID{
			"intersect": {intersect(sorted(a), sorted(b)), both},
			"exclude":   {exclude(sorted(a), sorted(b)), only},
			"union":     {union(sorted(a), sorted(b)), either},
			"distinct":  {distinct(append(append(sorted(b), sorted(a)...), sorted(b)...)), either},
		} {
			slices.Sort(sets[1])
			if !slices.Equal(sets[0], sets[1]) {
				t.Errorf("%s of %v and %v = %v, want %v", name, sorted(a), sorted(b), sets[0], sets[1])
			}
		}
	}
}

func sorted(set map[contacts.ID]bool) []contacts.ID { return slices.Sorted(maps.Keys(set)) }
