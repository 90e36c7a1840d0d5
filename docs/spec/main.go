// Command spec compares the specification in this folder with the code.
//
// A requirement is a row of a table in docs/spec/*.md whose first column is
// ID. A comment in the code that names the ID says "this line makes it true",
// the name of a test that names it says "this proves it". The command lists
// the requirements that lack the one or the other.
//
//	go run ./docs/spec                      every file
//	go run ./docs/spec 04-queries.md        one file
//	go run ./docs/spec -only RES,VER        some prefixes
//	go run ./docs/spec -v -only RES         with the text of each requirement
//	go run ./docs/spec -unknown             fail on IDs that no table has
//	go run ./docs/spec -write               write checklist.csv from the tables
//
// It exits 0 when it could read everything, whatever is missing, because a
// requirement may be ahead of its code. With -unknown it exits 1 if the code
// names an ID that does not exist; the test of this package does the same.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	err := run(os.Args[1:], os.Stdout)
	switch {
	case err == nil:
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "spec:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("spec", flag.ContinueOnError)
	only := flags.String("only", "", "comma-separated `prefixes` of the IDs to report, such as RES,VER")
	verbose := flags.Bool("v", false, "one line per missing requirement, with its text")
	unknown := flags.Bool("unknown", false, "list cited IDs that no table has, and fail if there are any")
	write := flags.Bool("write", false, "write checklist.csv from the tables")
	if err := flags.Parse(args); err != nil {
		return flag.ErrHelp
	}

	root, err := moduleRoot()
	if err != nil {
		return err
	}
	dir := filepath.Join(root, "docs", "spec")
	reqs, err := readTables(dir)
	if err != nil {
		return err
	}
	if *write {
		return writeChecklist(filepath.Join(dir, checklistFile), reqs)
	}
	cited, err := scanModule(root, prefixes(reqs))
	if err != nil {
		return err
	}
	if *unknown {
		return reportUnknown(out, reqs, cited)
	}
	chosen, err := choose(reqs, flags.Args(), *only)
	if err != nil {
		return err
	}
	report(out, chosen, cited, *verbose)
	return nil
}

// moduleRoot is the nearest folder at or above the working directory that
// holds a go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod here or above")
		}
		dir = parent
	}
}

// choose keeps the requirements of the named files and prefixes; an empty
// choice keeps all. A name that chooses nothing is an error, so that a typing
// mistake does not read like a finished chapter.
func choose(reqs []requirement, files []string, only string) ([]requirement, error) {
	var wanted []string
	for p := range strings.SplitSeq(only, ",") {
		if p = strings.TrimSuffix(strings.TrimSpace(p), "-"); p != "" {
			wanted = append(wanted, p)
		}
	}
	for _, p := range wanted {
		if !prefixes(reqs)[p] {
			return nil, fmt.Errorf("no requirement has the prefix %s", p)
		}
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = filepath.Base(f)
		if !slices.ContainsFunc(reqs, func(r requirement) bool { return r.File == names[i] }) {
			return nil, fmt.Errorf("%s has no requirements", names[i])
		}
	}
	var chosen []requirement
	for _, r := range reqs {
		if len(names) > 0 && !slices.Contains(names, r.File) {
			continue
		}
		if len(wanted) > 0 && !slices.Contains(wanted, r.prefix()) {
			continue
		}
		chosen = append(chosen, r)
	}
	return chosen, nil
}

// report writes the gaps file by file, and the sums last.
func report(out io.Writer, reqs []requirement, cited citations, verbose bool) {
	var total, totalNoCode, totalNoTest int
	for i := 0; i < len(reqs); {
		file := reqs[i].File
		var n int
		var noCode, noTest []requirement
		for ; i < len(reqs) && reqs[i].File == file; i++ {
			r := reqs[i]
			if r.withdrawn() {
				continue
			}
			n++
			if len(cited.code[r.ID]) == 0 {
				noCode = append(noCode, r)
			}
			if len(cited.test[r.ID]) == 0 {
				noTest = append(noTest, r)
			}
		}
		fmt.Fprintf(out, "%s: %d requirements, %d without code, %d without test\n", file, n, len(noCode), len(noTest))
		list(out, "without code", noCode, verbose)
		list(out, "without test", noTest, verbose)
		total += n
		totalNoCode += len(noCode)
		totalNoTest += len(noTest)
	}
	fmt.Fprintf(out, "total: %d requirements, %d without code, %d without test\n", total, totalNoCode, totalNoTest)
}

func list(out io.Writer, title string, reqs []requirement, verbose bool) {
	if len(reqs) == 0 {
		return
	}
	if verbose {
		fmt.Fprintf(out, "  %s:\n", title)
		for _, r := range reqs {
			fmt.Fprintf(out, "    %-9s %s (%s)\n", r.ID, r.Statement, r.Level)
		}
		return
	}
	const width = 100
	line := "  " + title + ":"
	for _, r := range reqs {
		if len(line)+1+len(r.ID) > width {
			fmt.Fprintln(out, line)
			line = "   "
		}
		line += " " + r.ID
	}
	fmt.Fprintln(out, line)
}

// reportUnknown lists the citations of IDs that do not exist and fails if
// there is one.
func reportUnknown(out io.Writer, reqs []requirement, cited citations) error {
	wrong := unknownIDs(reqs, cited)
	for _, c := range wrong {
		fmt.Fprintf(out, "%s: %s is not in docs/spec\n", c.pos, c.id)
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%d citations of unknown requirements", len(wrong))
	}
	return nil
}
