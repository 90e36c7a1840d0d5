package sqlite

import (
	"math/rand/v2"
	"testing"
)

func TestMailFilter(t *testing.T) {
	for _, n := range []int{0, 1, 2, 5, 6, 100, 5000} {
		r := rand.New(rand.NewPCG(1, uint64(n)))
		hash := func() uint64 { return r.Uint64() >> 16 } // as long as those of terms
		in := make([]uint64, n)
		for i := range in {
			in[i] = hash()
		}
		f := newMailFilter(in)
		for _, h := range in {
			if f.lacks(h) {
				t.Fatalf("a filter of %d lacks %x, which it was made of", n, h)
			}
		}
		const others = 10_000
		wrong := 0
		for range others {
			if !f.lacks(hash()) {
				wrong++
			}
		}
		if wrong > others/50 {
			t.Errorf("a filter of %d may have %d of %d others", n, wrong, others)
		}
		if size := 64 * len(f); n >= 100 && size > 2*filterBits*n {
			t.Errorf("a filter of %d takes %d bits", n, size)
		}
	}
	if maxFilters < 1<<20 {
		t.Errorf("there is no room for the addresses of a large book")
	}
}

func TestMailFiltersAreBounded(t *testing.T) {
	m := mailFilters{byRun: map[int64]mailFilter{}, asked: make(chan struct{}, 1)}
	for i := range int64(20) {
		m.put(i, make(mailFilter, maxFilters/64), nil)
		size := 0
		for _, f := range m.byRun {
			size += 8 * len(f)
		}
		if size != m.size || size > maxFilters {
			t.Fatalf("after %d: %d bytes, counted as %d, want at most %d", i+1, size, m.size, maxFilters)
		}
		if _, ok := m.byRun[i]; !ok {
			t.Fatalf("the last filter is not kept")
		}
	}
}
