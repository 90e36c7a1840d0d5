package metrics_test

import (
	"bytes"
	"math"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"contacts/metrics"
)

// sample has a family of every form.
func sample() *metrics.Registry {
	requests := metrics.NewCounters("sample_requests_total", "Requests.\nBy path.",
		metrics.Label{Name: "path", Values: []string{"/", `/a"\`, metrics.Other}}, metrics.Label{Name: "status", Values: []string{"2xx", "5xx"}})
	requests.At("/", "2xx").Add(3)
	requests.At(`/a"\`, "5xx").Inc()
	requests.At("/longbourn?token=secret", "2xx").Inc()
	times := metrics.NewTimes("sample_seconds", "Times.", []time.Duration{time.Millisecond, time.Second}, metrics.Label{Name: "path", Values: []string{"/", metrics.Other}})
	times.At("/").ObserveTime(time.Millisecond)
	times.At("/").ObserveTime(20 * time.Millisecond)
	times.At("/").ObserveTime(time.Minute)
	sizes := metrics.NewSizes("sample_group_updates", "Sizes.", []int64{1, 8})
	sizes.At().Observe(5)
	r := &metrics.Registry{}
	r.Add(requests, times, sizes,
		metrics.NewCounters("sample_none_total", "Nothing yet."),
		metrics.NewGauge("sample_temperature", "A gauge.", func() float64 { return -1.5 }),
		metrics.NewGauge("sample_unknown", "Left out.", math.NaN),
		metrics.NewGauge("sample_limit", "Without end.", func() float64 { return math.Inf(1) }),
		metrics.NewTotal("sample_pages_total", "A total.", func() float64 { return 1e12 }),
		metrics.NewInfo("sample_build_info", "The build.", metrics.Label{Name: "version", Values: []string{"1.2"}}))
	return r
}

const sampleText = `# HELP sample_build_info The build.
# TYPE sample_build_info gauge
sample_build_info{version="1.2"} 1
# HELP sample_group_updates Sizes.
# TYPE sample_group_updates histogram
sample_group_updates_bucket{le="1"} 0
sample_group_updates_bucket{le="8"} 1
sample_group_updates_bucket{le="+Inf"} 1
sample_group_updates_sum 5
sample_group_updates_count 1
# HELP sample_limit Without end.
# TYPE sample_limit gauge
sample_limit +Inf
# HELP sample_none_total Nothing yet.
# TYPE sample_none_total counter
sample_none_total 0
# HELP sample_pages_total A total.
# TYPE sample_pages_total counter
sample_pages_total 1e+12
# HELP sample_requests_total Requests.\nBy path.
# TYPE sample_requests_total counter
sample_requests_total{path="/",status="2xx"} 3
sample_requests_total{path="/a\"\\",status="5xx"} 1
sample_requests_total{path="other",status="2xx"} 1
# HELP sample_seconds Times.
# TYPE sample_seconds histogram
sample_seconds_bucket{path="/",le="0.001"} 1
sample_seconds_bucket{path="/",le="1"} 2
sample_seconds_bucket{path="/",le="+Inf"} 3
sample_seconds_sum{path="/"} 60.021
sample_seconds_count{path="/"} 3
# HELP sample_temperature A gauge.
# TYPE sample_temperature gauge
sample_temperature -1.5
`

func TestAppendText(t *testing.T) {
	t.Run("OPS-50 OPS-52 the text format, with values of labels from a fixed set", func(t *testing.T) {
		if got := string(sample().AppendText(nil)); got != sampleText {
			t.Errorf("AppendText() =\n%s\nwant\n%s", got, sampleText)
		}
	})
	t.Run("OPS-50 Prometheus' own tool accepts it", func(t *testing.T) {
		promtool, err := exec.LookPath("promtool")
		if err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skip("promtool is not installed (Debian package prometheus)")
		}
		r := sample()
		r.Add(metrics.Process()...)
		cmd := exec.Command(promtool, "check", "metrics")
		cmd.Stdin = bytes.NewReader(r.AppendText(nil))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v:\n%s", err, out)
		}
	})
}

func TestProcess(t *testing.T) {
	r := &metrics.Registry{}
	r.Add(metrics.Process()...)
	text := string(r.AppendText(nil))
	for _, name := range r.Names() {
		if _, rest, ok := strings.Cut(text, "\n"+name); !ok {
			t.Errorf("%s has no value", name)
		} else if strings.HasPrefix(rest, " 0\n") && name != "go_memstats_heap_released_bytes" && name != "go_gc_cycles_total" && name != "go_gc_cpu_seconds_total" {
			t.Errorf("%s is 0", name)
		}
	}
}

func TestMistakes(t *testing.T) {
	panics := func(what string, fn func()) {
		t.Helper()
		defer func() {
			if recover() == nil {
				t.Errorf("%s: no panic", what)
			}
		}()
		fn()
	}
	status := metrics.Label{Name: "status", Values: []string{"2xx"}}
	panics("an unknown value without other", func() { metrics.NewCounters("a_total", "", status).At("5xx") })
	panics("too few values", func() { metrics.NewCounters("a_total", "", status).At() })
	panics("a name twice", func() {
		r := &metrics.Registry{}
		r.Add(metrics.NewCounters("a_total", ""), metrics.NewCounters("a_total", ""))
	})
}

func TestConcurrently(t *testing.T) {
	c := metrics.NewCounters("a_total", "")
	h := metrics.NewSizes("b", "", []int64{10, 20})
	r := &metrics.Registry{}
	r.Add(c, h)
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			for i := range int64(1000) {
				c.At().Inc()
				h.At().Observe(i)
				if i%100 == 0 {
					r.AppendText(nil)
				}
			}
		})
	}
	work.Wait()
	if c.At().Load() != 4000 || h.At().Count() != 4000 {
		t.Errorf("counted %d and %d, want 4000", c.At().Load(), h.At().Count())
	}
}

func BenchmarkObserve(b *testing.B) {
	h := metrics.NewTimes("b_seconds", "", []time.Duration{time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 50 * time.Millisecond}).At()
	b.ReportAllocs()
	for b.Loop() {
		h.ObserveTime(7 * time.Millisecond)
	}
}
