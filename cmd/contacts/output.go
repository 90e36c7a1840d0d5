package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/clipperhouse/displaywidth"

	"contacts/transfer"
)

// remark tells the user what was done; programs read the exit status.
func (a *app) remark(format string, args ...any) {
	a.endBar()
	fmt.Fprintf(a.stderr, format+"\n", args...)
}

// clean and oneLine make text that others wrote fit to be printed.
func clean(s string) string   { return transfer.Printable(s) } // CMD-22
func oneLine(s string) string { return transfer.OneLine(s) }   // CMD-22

// A table is rows under a head.
type table struct {
	head []string
	rows [][]string
	keep int // columns from the right that are never cut
}

func (t *table) add(row ...string) {
	for i := range row {
		row[i] = oneLine(row[i])
	}
	t.rows = append(t.rows, row)
}

// leastColumn is the width below which no column is cut.
const leastColumn = 8

// widths are the widths of the columns. If all is more than most, which is 0
// for no limit, the widest columns give way.
func (t *table) widths(most int) []int {
	w := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, cell := range row {
			w[i] = max(w[i], displaywidth.String(cell))
		}
	}
	if most <= 0 {
		return w
	}
	sum := 2 * (len(w) - 1)
	for _, n := range w {
		sum += n
	}
	for ; sum > most; sum-- {
		widest := -1
		for i := range len(w) - t.keep { // CMD-23
			if w[i] > leastColumn && (widest < 0 || w[i] > w[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		w[widest]--
	}
	return w
}

// write writes the table. bold is what the head is put between.
func (t *table) write(w io.Writer, most int, bold, plain string) {
	if len(t.rows) == 0 {
		return
	}
	widths := t.widths(most)
	var b strings.Builder
	line := func(row []string) {
		var l strings.Builder
		for i, cell := range row {
			if displaywidth.String(cell) > widths[i] {
				cell = displaywidth.TruncateString(cell, widths[i], "…")
			}
			l.WriteString(cell)
			if i < len(row)-1 {
				l.WriteString(strings.Repeat(" ", widths[i]-displaywidth.String(cell)+2))
			}
		}
		b.WriteString(strings.TrimRight(l.String(), " "))
	}
	b.WriteString(bold)
	line(t.head)
	b.WriteString(plain + "\n")
	for _, row := range t.rows {
		line(row)
		b.WriteByte('\n')
	}
	io.WriteString(w, b.String())
}

// printTable prints a table on stdout: on a terminal as wide as that, and in
// colour unless NO_COLOR is set.
func (a *app) printTable(t *table) {
	a.endBar()
	most := 0
	if a.term.out {
		most = a.term.width()
	}
	bold, plain := a.bold()
	t.write(a.stdout, most, bold, plain)
}

// bold are the texts that begin and end what stands out on stdout.
func (a *app) bold() (begin, end string) {
	if !a.term.out || a.setting("", "NO_COLOR") != "" || a.setting("", "TERM") == "dumb" {
		return "", "" // CMD-23
	}
	return "\x1b[1m", "\x1b[0m"
}

// when is a time for people, in their zone.
func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04")
}
