package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// envPrefix is what the names of our environment variables begin with.
const envPrefix = "CONTACTSD_"

// warnOfVariables tells of variables with our prefix that no command reads. It
// does not fail: who runs the program may have reasons of their own for them.
func (a *app) warnOfVariables(root *cobra.Command) {
	var known []string
	add := func(f *pflag.Flag) { known = append(known, envName(f.Name)) }
	a.set.flags.VisitAll(add)
	for _, cmd := range root.Commands() {
		if cmd.Name() == "quickstart" { // whose own flags are variables too
			cmd.Flags().VisitAll(add)
		}
	}
	var unknown []string
	for _, pair := range a.environ() {
		name, value, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, envPrefix) && value != "" && !slices.Contains(known, name) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	for _, name := range unknown {
		meant := ""
		if near := nearest(name, known); near != "" {
			meant = "; did you mean " + near + "?"
		}
		a.remark("%s is no setting, and is ignored%s", oneLine(name), meant)
	}
}

// nearest is the known name that is the fewest changes of a letter away from
// name, whose case does not count; empty if all are more than two away.
func nearest(name string, known []string) string {
	best, least := "", 3
	for _, k := range known {
		if d := changes(strings.ToUpper(name), k); d < least {
			best, least = k, d
		}
	}
	return best
}

// changes is how many bytes have to be added, removed or replaced to make b of a.
func changes(a, b string) int {
	row := make([]int, len(b)+1) // for the bytes of a so far
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
