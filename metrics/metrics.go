// Package metrics counts what a server does, and writes it down in the text
// format of Prometheus, version 0.0.4.
//
// All values of all labels are fixed when a family is made, so that nothing a
// client sends can become a label or make memory grow. To count is one or two
// atomic additions, without allocation or lock. Families with labels leave out
// the combinations that nothing was counted under.
package metrics

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// Other is the value of a label for everything that has no value of its own.
const Other = "other"

// A Label is a name with all values that it can have.
type Label struct {
	Name   string
	Values []string
}

// A Family is all series of one name.
type Family interface {
	// Name is the name of the family.
	Name() string

	// AppendText appends the lines of the family.
	AppendText(b []byte) []byte
}

// A Registry is a list of families. The zero value is empty.
type Registry struct {
	mu       sync.Mutex
	families []Family
}

// Add adds families. It panics if there is one of the same name, because that
// is a mistake in the program.
func (r *Registry) Add(families ...Family) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range families {
		if slices.ContainsFunc(r.families, func(g Family) bool { return g.Name() == f.Name() }) {
			panic("metrics: two families are called " + f.Name())
		}
		r.families = append(r.families, f)
	}
	slices.SortFunc(r.families, func(a, b Family) int { return strings.Compare(a.Name(), b.Name()) })
}

// ContentType is the media type of what AppendText appends.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// AppendText appends all families, sorted by name.
func (r *Registry) AppendText(b []byte) []byte {
	r.mu.Lock()
	families := slices.Clone(r.families)
	r.mu.Unlock()
	for _, f := range families {
		b = f.AppendText(b)
	}
	return b
}

// Names are the names of all families, sorted.
func (r *Registry) Names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for _, f := range r.families {
		names = append(names, f.Name())
	}
	return names
}

// desc is what every family has.
type desc struct {
	name, help, kind string
	labels           []Label
}

func (d *desc) Name() string { return d.name }

// cells is how many combinations of values the labels have.
func (d *desc) cells() int {
	n := 1
	for _, l := range d.labels {
		n *= len(l.Values)
	}
	return n
}

// cell is the number of the combination of values. A value that the label does
// not have counts as Other.
func (d *desc) cell(values []string) int {
	if len(values) != len(d.labels) {
		panic(fmt.Sprintf("metrics: %s has %d labels, not %d", d.name, len(d.labels), len(values)))
	}
	n := 0
	for i, l := range d.labels {
		at := slices.Index(l.Values, values[i])
		if at < 0 {
			at = slices.Index(l.Values, Other)
		}
		if at < 0 {
			panic("metrics: " + d.name + " has no " + l.Name + " " + strconv.Quote(values[i]))
		}
		n = n*len(l.Values) + at
	}
	return n
}

// appendHead appends the lines that tell what the family is.
func (d *desc) appendHead(b []byte) []byte {
	b = append(b, "# HELP "+d.name+" "+strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(d.help)+"\n"...)
	return append(b, "# TYPE "+d.name+" "+d.kind+"\n"...)
}

// appendName appends the name of a series: that of the family, the ending, and
// the labels of a cell, with le as the last if it is not empty.
func (d *desc) appendName(b []byte, ending string, cell int, le string) []byte {
	b = append(append(b, d.name...), ending...)
	if len(d.labels) == 0 && le == "" {
		return b
	}
	at := make([]int, len(d.labels))
	for i := len(at) - 1; i >= 0; i-- {
		n := len(d.labels[i].Values)
		at[i], cell = cell%n, cell/n
	}
	b = append(b, '{')
	for i, l := range d.labels {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendLabel(b, l.Name, l.Values[at[i]])
	}
	if le != "" {
		if len(d.labels) > 0 {
			b = append(b, ',')
		}
		b = appendLabel(b, "le", le)
	}
	return append(b, '}')
}

var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func appendLabel(b []byte, name, value string) []byte {
	return append(append(append(b, name...), `="`...), escapes.Replace(value)+`"`...)
}

// A Counter only rises.
type Counter struct{ n atomic.Uint64 }

// Inc adds one.
func (c *Counter) Inc() { c.n.Add(1) }

// Add adds n.
func (c *Counter) Add(n uint64) { c.n.Add(n) }

// Load is the count.
func (c *Counter) Load() uint64 { return c.n.Load() }

// Counters are a family of counters.
type Counters struct {
	desc
	counters []Counter
}

// NewCounters makes a family of counters. By custom, its name ends in _total.
func NewCounters(name, help string, labels ...Label) *Counters {
	f := &Counters{desc: desc{name, help, "counter", labels}}
	f.counters = make([]Counter, f.cells())
	return f
}

// At is the counter of the values of the labels, in their order. It stays the
// same, so who counts often keeps it.
func (f *Counters) At(values ...string) *Counter { return &f.counters[f.cell(values)] }

// AppendText implements Family.
func (f *Counters) AppendText(b []byte) []byte {
	b = f.appendHead(b)
	for i := range f.counters {
		if n := f.counters[i].Load(); n > 0 || len(f.labels) == 0 {
			b = f.appendName(b, "", i, "")
			b = append(strconv.AppendUint(append(b, ' '), n, 10), '\n')
		}
	}
	return b
}

// A Value is a family of one series without labels, whose value is asked for
// when it is written.
type Value struct {
	desc
	value func() float64
}

// NewGauge makes a family whose value may rise and fall. A value that is not a
// number is left out.
func NewGauge(name, help string, value func() float64) *Value {
	return &Value{desc{name, help, "gauge", nil}, value}
}

// NewTotal makes a family whose value only rises, and is counted elsewhere.
func NewTotal(name, help string, value func() float64) *Value {
	return &Value{desc{name, help, "counter", nil}, value}
}

// AppendText implements Family.
func (f *Value) AppendText(b []byte) []byte {
	v := f.value()
	if math.IsNaN(v) {
		return b
	}
	b = f.appendName(f.appendHead(b), "", 0, "")
	return append(appendFloat(append(b, ' '), v), '\n')
}

// NewInfo makes a family of one series with the value 1, whose labels say
// something, each having one value.
func NewInfo(name, help string, labels ...Label) *Value {
	return &Value{desc{name, help, "gauge", labels}, func() float64 { return 1 }}
}

func appendFloat(b []byte, v float64) []byte {
	if math.IsInf(v, 1) {
		return append(b, "+Inf"...)
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}
