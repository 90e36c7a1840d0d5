package metrics

import (
	"strconv"
	"sync/atomic"
	"time"
)

// A Histogram counts values by size.
type Histogram struct {
	bounds []int64         // upper ends of the buckets, ascending; of one array for the family
	counts []atomic.Uint64 // one more than bounds
	sum    atomic.Int64
}

// Observe counts a value, in the unit of the bounds.
func (h *Histogram) Observe(v int64) {
	i := 0
	for i < len(h.bounds) && v > h.bounds[i] {
		i++
	}
	h.counts[i].Add(1)
	h.sum.Add(v)
}

// ObserveTime counts a duration in a family that NewTimes made.
func (h *Histogram) ObserveTime(d time.Duration) { h.Observe(int64(d)) }

// Count is how many values were counted.
func (h *Histogram) Count() (n uint64) {
	for i := range h.counts {
		n += h.counts[i].Load()
	}
	return n
}

// Histograms are a family of histograms.
type Histograms struct {
	desc
	scale      float64 // what one is written as
	bounds     []int64
	histograms []Histogram
}

// NewTimes makes a family of histograms of durations, which are written in
// seconds. Its name ends in _seconds.
func NewTimes(name, help string, bounds []time.Duration, labels ...Label) *Histograms {
	ends := make([]int64, len(bounds))
	for i, d := range bounds {
		ends[i] = int64(d)
	}
	return newHistograms(name, help, 1e9, ends, labels)
}

// NewSizes makes a family of histograms of numbers.
func NewSizes(name, help string, bounds []int64, labels ...Label) *Histograms {
	return newHistograms(name, help, 1, bounds, labels)
}

func newHistograms(name, help string, scale float64, bounds []int64, labels []Label) *Histograms {
	f := &Histograms{desc: desc{name, help, "histogram", labels}, scale: scale, bounds: bounds}
	f.histograms = make([]Histogram, f.cells())
	for i := range f.histograms {
		f.histograms[i] = Histogram{bounds: bounds, counts: make([]atomic.Uint64, len(bounds)+1)}
	}
	return f
}

// At is the histogram of the values of the labels, in their order.
func (f *Histograms) At(values ...string) *Histogram { return &f.histograms[f.cell(values)] }

// AppendText implements Family. A histogram that is counted in meanwhile shows
// each bucket at a slightly different moment, but its count is that of its
// buckets.
func (f *Histograms) AppendText(b []byte) []byte {
	b = f.appendHead(b)
	for i := range f.histograms {
		h := &f.histograms[i]
		if len(f.labels) > 0 && h.Count() == 0 {
			continue
		}
		n := uint64(0)
		for j := range h.counts {
			n += h.counts[j].Load()
			le := "+Inf"
			if j < len(f.bounds) {
				le = string(appendFloat(nil, float64(f.bounds[j])/f.scale))
			}
			b = f.appendName(b, "_bucket", i, le)
			b = append(strconv.AppendUint(append(b, ' '), n, 10), '\n')
		}
		b = f.appendName(b, "_sum", i, "")
		b = append(appendFloat(append(b, ' '), float64(h.sum.Load())/f.scale), '\n')
		b = f.appendName(b, "_count", i, "")
		b = append(strconv.AppendUint(append(b, ' '), n, 10), '\n')
	}
	return b
}
