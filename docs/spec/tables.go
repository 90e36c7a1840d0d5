package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const checklistFile = "checklist.csv"

// A requirement is one row of a table whose first column is ID.
type requirement struct {
	ID        string // PREFIX-NUMBER, unique over all files
	File      string // base name of the Markdown file
	Statement string // the cells between ID and Level, without Markdown quoting, joined by "; "
	Level     string // as worded in checklist.csv
	Source    string
}

func (r requirement) prefix() string {
	p, _, _ := strings.Cut(r.ID, "-")
	return p
}

// withdrawn tells whether the row only keeps a number from being used again.
func (r requirement) withdrawn() bool {
	return strings.HasPrefix(strings.ToLower(r.Statement), "withdrawn")
}

// levels spells out the letters of the column Level (README section 3).
var levels = map[string]string{
	"O": "MUST from origin documents",
	"L": "MUST from later API docs",
	"S": "SHOULD",
	"P": "PRODUCT",
	"I": "INFERRED",
}

var validID = regexp.MustCompile(`^[A-Z]{2,8}-[0-9]+$`)

// readTables reads the requirements of every Markdown file in dir, in the
// order of the file names and of the rows. A malformed row, an unknown level
// and an ID given twice are errors that name the line.
func readTables(dir string) ([]requirement, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	var reqs []requirement
	seen := map[string]string{} // ID to its position
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		rows, err := parseTables(filepath.Base(file), string(text))
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if first, ok := seen[r.ID]; ok {
				return nil, fmt.Errorf("%s: %s is already in %s", r.File, r.ID, first)
			}
			seen[r.ID] = r.File
		}
		reqs = append(reqs, rows...)
	}
	return reqs, nil
}

// parseTables reads the requirements of one Markdown text. Tables differ in
// their columns; Level and Source are always the last two.
func parseTables(file, text string) ([]requirement, error) {
	var reqs []requirement
	var header []string // nil outside of a table
	var fenced bool
	for i, line := range strings.Split(text, "\n") {
		fail := func(format string, args ...any) ([]requirement, error) {
			return nil, fmt.Errorf("%s:%d: %s", file, i+1, fmt.Sprintf(format, args...))
		}
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		if fenced || !strings.HasPrefix(line, "|") {
			header = nil
			continue
		}
		cells := splitRow(line)
		switch {
		case header == nil:
			header = cells
			if header[0] != "ID" {
				continue
			}
			n := len(header)
			if n < 4 || header[n-2] != "Level" || header[n-1] != "Source" {
				return fail("a table of requirements ends in Level and Source")
			}
			continue
		case header[0] != "ID", strings.Trim(cells[0], ":-") == "":
			continue
		}
		if len(cells) != len(header) {
			return fail("%d cells under %d columns", len(cells), len(header))
		}
		if !validID.MatchString(cells[0]) {
			return fail("%q is not an ID", cells[0])
		}
		n := len(cells)
		level, ok := levels[cells[n-2]]
		if !ok {
			return fail("unknown level %q", cells[n-2])
		}
		reqs = append(reqs, requirement{
			ID:        cells[0],
			File:      file,
			Statement: statement(cells[1 : n-2]),
			Level:     level,
			Source:    cells[n-1],
		})
	}
	return reqs, nil
}

// splitRow gives the trimmed cells of a table row; "\|" is a bar in a cell.
func splitRow(line string) []string {
	const bar = "\x00"
	line = strings.ReplaceAll(line, `\|`, bar)
	line = strings.TrimSuffix(strings.TrimPrefix(line, "|"), "|")
	cells := strings.Split(line, "|")
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(strings.TrimSpace(c), bar, "|")
	}
	return cells
}

// statement joins the cells that say something; "-" marks an empty one.
func statement(cells []string) string {
	var said []string
	for _, c := range cells {
		if c != "-" && c != "" {
			said = append(said, strings.ReplaceAll(c, "`", ""))
		}
	}
	return strings.Join(said, "; ")
}

// prefixes is the set of the ID prefixes in use.
func prefixes(reqs []requirement) map[string]bool {
	set := map[string]bool{}
	for _, r := range reqs {
		set[r.prefix()] = true
	}
	return set
}

// checklist is the content of checklist.csv: one line per requirement, for
// spreadsheets and scripts.
func checklist(reqs []requirement) ([]byte, error) {
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	rows := [][]string{{"id", "file", "statement", "level", "source"}}
	for _, r := range reqs {
		rows = append(rows, []string{r.ID, r.File, r.Statement, r.Level, r.Source})
	}
	if err := w.WriteAll(rows); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

func writeChecklist(file string, reqs []requirement) error {
	text, err := checklist(reqs)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}
