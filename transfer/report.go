package transfer

import (
	"fmt"
	"path/filepath"
	"strings"
	"unicode"
)

// This file words for people what became of an import or its undoing, for both
// programs alike.

// String is one line about an entry.
func (v Verdict) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "line %d: %s", v.Line, v.Outcome)
	if v.Group {
		b.WriteString(" group")
	}
	if v.Name != "" {
		fmt.Fprintf(&b, " %s", OneLine(v.Name))
	}
	between := ": "
	for _, why := range append([]string{v.Reason}, v.Notes...) {
		if why != "" {
			b.WriteString(between + OneLine(why))
			between = "; "
		}
	}
	return b.String()
}

// Notable reports whether an entry needs the attention of who imports it.
func (v Verdict) Notable() bool {
	return v.Outcome == Refused || v.Outcome == Skipped || len(v.Notes) > 0
}

// wouldBe begins a line about what was not done.
func wouldBe(dry bool) string {
	if dry {
		return "would be: "
	}
	return ""
}

// wouldDo are the actions of a Sync as a dry run says them.
var wouldDo = map[SyncAction]string{
	WroteFile:   "would write file",
	DeletedFile: "would delete file",
	Added:       "would add to book",
	Updated:     "would update in book",
	Deleted:     "would delete from book",
	Conflict:    "would be a conflict",
	Problem:     "would leave alone",
}

// Line is one line about an action.
func (e Event) Line(dry bool) string {
	line := string(e.Action)
	if dry {
		line = wouldDo[e.Action] // SYNC-9
	}
	line += ":"
	if e.Name != "" {
		line += " " + OneLine(e.Name)
	}
	if e.File != "" {
		line += " (" + OneLine(filepath.ToSlash(e.File)) + ")"
	}
	if e.Reason != "" {
		line += ": " + OneLine(e.Reason)
	}
	return line
}

// Result is the line with the numbers.
func (s *Summary) Result(dry bool) string {
	return fmt.Sprintf("%s%d created, %d changed, %d the same, %d skipped, %d refused", wouldBe(dry), s.Created, s.Changed, s.Same, s.Skipped, s.Refused)
}

// Remarks are what else there is to say, a line each.
func (s *Summary) Remarks(dry bool) (remarks []string) {
	remark := func(format string, args ...any) { remarks = append(remarks, fmt.Sprintf(format, args...)) }
	if len(s.Groups) > 0 {
		names, made := make([]string, len(s.Groups)), "made"
		for i, g := range s.Groups {
			names[i] = OneLine(g)
		}
		if dry {
			made = "to be made"
		}
		remark("groups %s: %s", made, strings.Join(names, ", "))
	}
	if s.Before > 0 {
		remark("%s done by an earlier run, and this one went on", Count(s.Before, "entry was", "entries were"))
	}
	if s.PhotosRefused > 0 {
		remark("%s refused", Count(s.PhotosRefused, "photo was", "photos were"))
	}
	for _, c := range s.Columns {
		if c.Field == "" && c.Values > 0 {
			remark("column %q has no home in a contact: %s not taken", OneLine(c.Name), Count(c.Values, "value was", "values were"))
		}
	}
	return remarks
}

// Err is nil if all of the file was taken, or else says what was not (IMP-14).
func (s *Summary) Err() error {
	if s.Clean() {
		return nil
	}
	return fmt.Errorf("not all of the file was taken: %s refused", Count(s.Refused+s.PhotosRefused, "entry or photo was", "entries or photos were")) // IMP-14
}

// Lines are what an undoing did: a line for each that it left alone, and one
// with the numbers.
func (u *Undone) Lines(dry bool) (lines []string) {
	for _, l := range u.Left {
		what := "contact"
		if l.Group {
			what = "group"
		}
		lines = append(lines, fmt.Sprintf("left %s %s %s: %s", what, OneLine(l.ID), OneLine(l.Name), OneLine(l.Reason)))
	}
	return append(lines, fmt.Sprintf("%s%d deleted, %d restored, %s deleted, %d left", wouldBe(dry), u.Deleted, u.Restored, Count(u.Groups, "group", "groups"), len(u.Left)))
}

// Err is nil if all was undone, or else says what was left alone.
func (u *Undone) Err() error {
	if len(u.Left) == 0 {
		return nil
	}
	return fmt.Errorf("%s left as they are", Count(len(u.Left), "contact or group was", "contacts or groups were"))
}

// Printable keeps text that others wrote from doing anything to a terminal:
// control characters and those that turn the direction of writing become
// blanks, but for line feeds and tabs (CMD-22).
func Printable(s string) string { // CMD-22
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r), r == '\u2028', r == '\u2029', 0x202a <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069:
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// OneLine is Printable, in one line.
func OneLine(s string) string {
	return strings.TrimSpace(strings.NewReplacer("\n", " ", "\t", " ").Replace(Printable(s)))
}

// Count is a number with its noun.
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
