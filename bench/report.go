package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// cell renders a result for a table.
func cell(r Result) string {
	switch {
	case strings.HasPrefix(r.Note, unsupported):
		return "none"
	case r.Errors > 0 && r.Count == 0:
		return "error"
	}
	mark := ""
	if r.Errors > 0 {
		mark = fmt.Sprintf(" (%d errors)", r.Errors)
	}
	switch {
	case r.Op == "disk_bytes_per_contact":
		return fmt.Sprintf("%.0f B", r.Value)
	case r.Op == "idle_mem":
		return fmt.Sprintf("%.0f MB", float64(r.PSS)/1e6)
	case r.MBps > 0 && (strings.HasPrefix(r.Op, "full_") || r.Op == "list_etags" || r.Op == "body10MB"):
		s := fmt.Sprintf("%s, %.1f MB/s", seconds(r.Seconds), r.MBps)
		if r.PSS > 0 {
			s += fmt.Sprintf(", %.0f MB memory", float64(r.PSS)/1e6)
		}
		return s + mark
	case r.PerSec == 0:
		return seconds(r.Seconds) + mark
	}
	s := figure(r.PerSec) + "/s"
	if r.P99 > 0 {
		s += fmt.Sprintf(", %.2f / %.2f ms", r.P50, r.P99)
	}
	if r.CPUms > 0 {
		s += fmt.Sprintf(", %.2g cpu-ms", r.CPUms)
	}
	return s + mark
}

// figure renders a number with about three digits.
func figure(f float64) string {
	if f >= 100 {
		return fmt.Sprintf("%.0f", f)
	}
	return fmt.Sprintf("%.3g", f)
}

// seconds renders a duration given in seconds.
func seconds(s float64) string {
	switch {
	case s < 0.01:
		return fmt.Sprintf("%.2f ms", s*1000)
	case s < 1:
		return fmt.Sprintf("%.0f ms", s*1000)
	}
	return fmt.Sprintf("%.2f s", s)
}

// table renders runs side by side, an operation in each row.
func table(runs []*Run) string {
	var ops []string
	for _, run := range runs {
		for _, x := range run.Results {
			if !slices.Contains(ops, x.Op) {
				ops = append(ops, x.Op)
			}
		}
	}
	var b strings.Builder
	b.WriteString("| operation |")
	for _, run := range runs {
		b.WriteString(" " + run.Peer + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(runs)) + "\n")
	for _, op := range ops {
		b.WriteString("| " + op + " |")
		for _, run := range runs {
			text := "-"
			if i := slices.IndexFunc(run.Results, func(x Result) bool { return x.Op == op }); i >= 0 {
				text = cell(run.Results[i])
			}
			b.WriteString(" " + text + " |")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// cmdReport prints the tables of runs kept as JSON, one for each number of
// contacts.
func cmdReport(files []string) error {
	byN := map[int][]*Run{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		run := new(Run)
		if err := json.Unmarshal(b, run); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		byN[run.N] = append(byN[run.N], run)
	}
	for _, n := range slices.Sorted(maps.Keys(byN)) {
		fmt.Printf("\n### N = %d\n\n%s\n", n, table(byN[n]))
		for _, run := range byN[n] {
			fmt.Printf("- %s: %s; %s; %s; load %s before, %s after\n", run.Peer, run.Version, run.Note, run.When.Format("2006-01-02 15:04 MST"), run.Load0, run.Load1)
		}
	}
	return nil
}
