package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// This file reads /proc, so memory and processor time are known on Linux only;
// elsewhere they come out as zero.

// ticks is the number of clock ticks a second that /proc counts in (USER_HZ,
// the same on every Linux architecture that Go supports).
const ticks = 100

// procTree lists the processes in a pid file and all their descendants.
func procTree(pidfile string) []int {
	b, err := os.ReadFile(pidfile)
	if err != nil {
		return nil
	}
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range stats {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(f)))
		if fields := statFields(pid); len(fields) > 1 {
			parent, _ := strconv.Atoi(fields[1])
			children[parent] = append(children[parent], pid)
		}
	}
	seen := map[int]bool{}
	var pids []int
	var walk func(int)
	walk = func(pid int) {
		if seen[pid] {
			return
		}
		seen[pid] = true
		pids = append(pids, pid)
		for _, child := range children[pid] {
			walk(child)
		}
	}
	for _, f := range strings.Fields(string(b)) {
		if pid, err := strconv.Atoi(f); err == nil && pid > 1 {
			walk(pid)
		}
	}
	return pids
}

// statFields returns the fields of /proc/PID/stat from the state on, the third
// one of proc(5); none if the process is gone.
func statFields(pid int) []string {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return nil
	}
	return strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
}

// pssOf sums the proportional set size in bytes: memory that processes share
// is counted once.
func pssOf(pids []int) (pss int64) {
	for _, pid := range pids {
		b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/smaps_rollup")
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(b)) {
			if f := strings.Fields(line); len(f) > 1 && f[0] == "Pss:" {
				kb, _ := strconv.ParseInt(f[1], 10, 64)
				pss += kb << 10
			}
		}
	}
	return pss
}

// cpuOf sums user and system time, that of ended children included, in seconds.
func cpuOf(pids []int) (seconds float64) {
	for _, pid := range pids {
		if f := statFields(pid); len(f) > 14 {
			for _, field := range f[11:15] {
				n, _ := strconv.ParseFloat(field, 64)
				seconds += n / ticks
			}
		}
	}
	return seconds
}

// machineBusy returns the busy seconds of all processors since boot.
func machineBusy() (seconds float64) {
	b, _ := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(b), "\n")
	for i, s := range strings.Fields(line) {
		if i == 0 || i == 4 || i == 5 || i > 8 { // name, idle, waiting for disks, guests (counted in user)
			continue
		}
		n, _ := strconv.ParseFloat(s, 64)
		seconds += n / ticks
	}
	return seconds
}

// selfCPU returns the processor time of the generator in seconds.
func selfCPU() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// loadavg returns the three load averages of the machine.
func loadavg() string {
	b, _ := os.ReadFile("/proc/loadavg")
	f := strings.Fields(string(b))
	return strings.Join(f[:min(3, len(f))], " ")
}

// pssPeak samples the memory of a server until stop is called, which returns
// the highest value seen. Sampling takes processor time: it has no place in an
// operation that is timed.
func pssPeak(pidfile string) (stop func() int64) {
	done, peak := make(chan struct{}), make(chan int64)
	go func() {
		pids := procTree(pidfile)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		highest := pssOf(pids)
		for n := 1; ; n++ {
			select {
			case <-done:
				peak <- max(highest, pssOf(pids))
				return
			case <-tick.C:
				if n%16 == 0 { // some peers start processes as they are needed
					pids = procTree(pidfile)
				}
				highest = max(highest, pssOf(pids))
			}
		}
	}()
	return func() int64 { close(done); return <-peak }
}

// diskUse returns the allocated bytes under some directories, a file with
// several names counted once.
func diskUse(dirs []string) (bytes int64) {
	seen := map[uint64]bool{}
	for _, dir := range dirs {
		filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil // gone since it was listed
			}
			info, err := d.Info()
			if err != nil {
				return nil
			}
			if st, ok := info.Sys().(*syscall.Stat_t); ok && !seen[st.Ino] {
				seen[st.Ino] = true
				bytes += st.Blocks * 512
			}
			return nil
		})
	}
	return bytes
}
