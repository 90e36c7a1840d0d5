package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"contacts/transfer"
)

// printTable prints rows under a head, in columns. Nothing is printed without rows.
func printTable(w io.Writer, head string, rows [][]string) error {
	if len(rows) == 0 {
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.ReplaceAll(head, " ", "\t"))
	for _, row := range rows {
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	return t.Flush()
}

// remark tells the user what was done; programs read the exit status.
func (a *app) remark(format string, args ...any) { fmt.Fprintf(a.stderr, format+"\n", args...) }

func date(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.DateOnly)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// shellQuote makes one word of s for a POSIX shell.
func shellQuote(s string) string {
	plain := func(c rune) bool {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("@%+=:,./_-", c)
	}
	if s != "" && strings.TrimFunc(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// oneLine makes text that others wrote fit to be printed.
func oneLine(s string) string { return transfer.OneLine(s) }
