package main

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// An event is one line of go test -json; see go doc test2json.
type event struct {
	Action      string
	Package     string
	Test        string // empty when the event is about the package
	Elapsed     float64
	Output      string
	ImportPath  string // of a build event
	FailedBuild string // ImportPath of the build that made the package fail
}

// A tally counts results and prints what a reader wants to see of them.
type tally struct {
	out                     io.Writer
	passed, failed, skipped int
	skips                   []string            // "package test: reason"
	packages                map[string]*results // those under way
	builds                  map[string]string   // output of each build so far
}

// results holds what one running package has said.
type results struct {
	output string            // of the package itself
	tests  map[string]string // output of each test that has not ended
	failed int
}

func newTally(out io.Writer) *tally {
	return &tally{out: out, packages: map[string]*results{}, builds: map[string]string{}}
}

func (t *tally) add(e event) {
	switch {
	case e.Action == "build-output":
		t.builds[e.ImportPath] += e.Output
	case e.Action == "build-fail":
		fmt.Fprint(t.out, t.builds[e.ImportPath])
		delete(t.builds, e.ImportPath)
	case e.Test != "":
		t.addTest(t.results(e.Package), e)
	case e.Package != "":
		t.addPackage(t.results(e.Package), e)
	}
}

func (t *tally) results(pkg string) *results {
	r := t.packages[pkg]
	if r == nil {
		r = &results{tests: map[string]string{}}
		t.packages[pkg] = r
	}
	return r
}

func (t *tally) addTest(r *results, e event) {
	switch e.Action {
	case "run":
		r.tests[e.Test] = ""
	case "output":
		if !frame(e.Output) {
			r.tests[e.Test] += e.Output
		}
	case "pass":
		t.passed++
	case "fail":
		t.fail(r, e.Package, e.Test, fmt.Sprintf("(%.2fs)", e.Elapsed))
	case "skip":
		t.skipped++
		t.skips = append(t.skips, e.Package+" "+e.Test+": "+reason(r.tests[e.Test]))
	}
	if e.Action == "pass" || e.Action == "fail" || e.Action == "skip" {
		delete(r.tests, e.Test)
	}
}

// fail counts a failed test and prints all that it said.
func (t *tally) fail(r *results, pkg, test, remark string) {
	t.failed++
	r.failed++
	fmt.Fprintf(t.out, "--- FAIL: %s %s %s\n%s", pkg, test, remark, r.tests[test])
}

func (t *tally) addPackage(r *results, e event) {
	switch e.Action {
	case "output":
		r.output += e.Output
		return
	case "pass", "skip":
		t.printResult(r.output)
	case "fail":
		for _, test := range slices.Sorted(maps.Keys(r.tests)) {
			t.fail(r, e.Package, test, "(did not finish)")
		}
		if r.failed == 0 {
			t.failed++
		}
		fmt.Fprint(t.out, r.output)
	default:
		return
	}
	delete(t.packages, e.Package)
}

// printResult prints the line of a package that is well; what it logged on
// the way is left out.
func (t *tally) printResult(output string) {
	for line := range strings.Lines(output) {
		if strings.HasPrefix(line, "ok  \t") || strings.HasPrefix(line, "?   \t") {
			fmt.Fprint(t.out, line)
		}
	}
}

// finish prints the skipped tests and the summary, and reports whether all is
// well. goErr is how go test itself ended.
func (t *tally) finish(strict bool, goErr error) bool {
	for _, pkg := range slices.Sorted(maps.Keys(t.packages)) {
		t.failed++
		fmt.Fprintf(t.out, "%s\nFAIL\t%s [did not finish]\n", t.packages[pkg].output, pkg)
	}
	if goErr != nil && t.failed == 0 {
		t.failed++
		fmt.Fprintf(t.out, "FAIL\tgo test: %v\n", goErr)
	}
	if t.skipped > 0 {
		fmt.Fprintln(t.out, "skipped:")
		for _, s := range t.skips {
			fmt.Fprintln(t.out, "  "+s)
		}
	}
	ok := t.failed == 0
	if strict && t.skipped > 0 {
		ok = false
		fmt.Fprintln(t.out, "with CI=true a skipped test is a failure")
	}
	if t.passed+t.failed+t.skipped == 0 {
		ok = false
		fmt.Fprintln(t.out, "no test was run")
	}
	fmt.Fprintf(t.out, "%d passed, %d failed, %d skipped\n", t.passed, t.failed, t.skipped)
	return ok
}

// frame tells whether a line of output only marks where a test starts, goes
// on or ends; the events say that already.
func frame(line string) bool {
	line = strings.TrimLeft(line, " ")
	for _, mark := range []string{"=== RUN", "=== PAUSE", "=== CONT", "=== NAME", "--- PASS: ", "--- FAIL: ", "--- SKIP: "} {
		if strings.HasPrefix(line, mark) {
			return true
		}
	}
	return false
}

var logPosition = regexp.MustCompile(`^\S+\.go:[0-9]+: `)

// reason makes one line of what a test logged before it was skipped.
func reason(output string) string {
	var said []string
	for line := range strings.Lines(output) {
		if line = logPosition.ReplaceAllString(strings.TrimSpace(line), ""); line != "" {
			said = append(said, line)
		}
	}
	if len(said) == 0 {
		return "no reason given"
	}
	return strings.Join(said, " ")
}
