package metrics

import (
	"bytes"
	"math"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"time"
)

// Process are families about this process and the Go runtime, under the names
// that Prometheus' own libraries gave them. What the system does not tell is
// left out.
func Process() []Family {
	return []Family{
		NewInfo("go_info", "The version of Go that the program was built with.", Label{"version", []string{runtime.Version()}}),
		NewGauge("go_goroutines", "Goroutines that exist.", func() float64 { return float64(runtime.NumGoroutine()) }),
		NewGauge("go_sched_gomaxprocs_threads", "Threads that run Go code at once (GOMAXPROCS).", func() float64 { return float64(runtime.GOMAXPROCS(0)) }),
		runtimeValue(NewGauge, "go_memstats_heap_alloc_bytes", "Memory of objects on the heap.", "/memory/classes/heap/objects:bytes"),
		runtimeValue(NewGauge, "go_memstats_sys_bytes", "Memory that the Go runtime has from the system.", "/memory/classes/total:bytes"),
		runtimeValue(NewGauge, "go_memstats_heap_released_bytes", "Memory of the heap that was given back to the system.", "/memory/classes/heap/released:bytes"),
		runtimeValue(NewTotal, "go_memstats_alloc_bytes_total", "Memory that was given out to objects.", "/gc/heap/allocs:bytes"),
		runtimeValue(NewTotal, "go_gc_cycles_total", "Collections of garbage.", "/gc/cycles/total:gc-cycles"),
		runtimeValue(NewTotal, "go_gc_cpu_seconds_total", "Processor time that the collection of garbage took, as the runtime estimates it.", "/cpu/classes/gc/total:cpu-seconds"),
		NewGauge("process_open_fds", "Open file descriptors.", openFiles),
		NewGauge("process_max_fds", "Most file descriptors that may be open.", maxFiles),
		NewGauge("process_resident_memory_bytes", "Memory of the process that is in RAM.", resident),
		NewTotal("process_cpu_seconds_total", "Processor time that the process took.", cpuTime),
		NewGauge("process_start_time_seconds", "When the process began to count, in seconds since 1970.", func() float64 { return float64(started.UnixMilli()) / 1e3 }),
	}
}

var started = time.Now()

func runtimeValue(family func(name, help string, value func() float64) *Value, name, help, source string) *Value {
	return family(name, help, func() float64 {
		s := []metrics.Sample{{Name: source}}
		metrics.Read(s)
		switch s[0].Value.Kind() {
		case metrics.KindUint64:
			return float64(s[0].Value.Uint64())
		case metrics.KindFloat64:
			return s[0].Value.Float64()
		}
		return math.NaN()
	})
}

// openFiles counts the entries of the process' directory of descriptors, less
// that by which it is read.
func openFiles() float64 {
	d, err := os.Open("/proc/self/fd")
	if err != nil {
		return math.NaN()
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return math.NaN()
	}
	return float64(len(names) - 1)
}

// resident reads the second number of statm, which counts pages.
func resident() float64 {
	text, err := os.ReadFile("/proc/self/statm")
	fields := bytes.Fields(text)
	if err != nil || len(fields) < 2 {
		return math.NaN()
	}
	n, err := strconv.ParseFloat(string(fields[1]), 64)
	if err != nil {
		return math.NaN()
	}
	return n * float64(os.Getpagesize())
}
