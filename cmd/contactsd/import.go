package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"contacts/server"
	"contacts/transfer"
)

func (a *app) importCommand() *cobra.Command {
	var (
		rule     string
		dry      bool
		undo     bool
		asJSON   *bool
		everyone bool
	)
	cmd := &cobra.Command{
		Use:   "import OWNER FILE",
		Short: "Read contacts from a vCard, CSV or JSON file",
		Long: "Reads contacts from a vCard, CSV (Google's or Outlook's) or JSON file into the contacts of a user,\n" +
			"or into the shared contacts of a domain. FILE may be - for stdin; its format is recognised.\n\n" +
			"Each entry is created, changed, the same, skipped or refused. An entry means a contact that has the\n" +
			"same UID, or else says exactly the same, or else has one of its e-mail addresses. --on-duplicate tells\n" +
			"what becomes of it then:\n\n" +
			"  skip      the contact stays as it is\n" +
			"  merge     the contact gains what the entry says, and loses nothing\n" +
			"  create    there will be two\n\n" +
			"An import that was interrupted goes on when it is called again with the same file. --undo undoes the\n" +
			"last import, but for what was changed since. The exit status is 1 if anything was refused.",
		Example: "  contactsd import elizabeth@example.com contacts.vcf --dry-run\n" +
			"  contactsd import elizabeth@example.com contacts.vcf\n" +
			"  contactsd import --undo elizabeth@example.com",
		Args: cobra.RangeArgs(1, 2),
	}
	cmd.Flags().StringVar(&rule, "on-duplicate", string(transfer.Skip), "`rule` for contacts that are there: skip, merge or create")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "say what would be, and change nothing")
	cmd.Flags().BoolVar(&undo, "undo", false, "undo the last import")
	cmd.Flags().BoolVarP(&everyone, "verbose", "v", false, "say of each entry what became of it")
	asJSON = jsonFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case undo && len(args) != 1:
			return usageErrorf("import --undo takes OWNER alone")
		case !undo && len(args) != 2:
			return usageErrorf("import needs OWNER and FILE")
		}
		r, err := transfer.ParseRule(rule)
		if err != nil {
			return usageErrorf("--on-duplicate: %v", err)
		}
		return a.admin(func(ctx context.Context, s *server.Server, args []string) error {
			b, err := s.Book(ctx, args[0])
			if err != nil {
				return err
			}
			if undo {
				return a.undo(ctx, s, b, dry, *asJSON)
			}
			file, err := a.openInput(args[1])
			if err != nil {
				return err
			}
			defer file.Close()
			o := transfer.ImportOptions{Rule: r, DryRun: dry, State: s.Journals(b)}
			return a.importFile(ctx, b, file, o, *asJSON, everyone)
		})(cmd, args)
	}
	return cmd
}

// openInput opens a file that can be read twice.
func (a *app) openInput(name string) (io.ReadSeekCloser, error) {
	if name == "-" {
		return transfer.Spool(a.stdin)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case info.IsDir():
		err = fmt.Errorf("%s is a directory", name)
	case info.Mode().IsRegular():
		return f, nil
	default:
		defer f.Close()
		return transfer.Spool(f)
	}
	return nil, errors.Join(err, f.Close())
}

// failed makes an error of a kind that stands for misuse elsewhere one of a
// file's content.
func failed(err error) error { return fmt.Errorf("%s", err.Error()) }

// importFile imports and says what became of the file. Without all, only
// entries that need the user's attention are named.
func (a *app) importFile(ctx context.Context, b transfer.Book, file io.ReadSeeker, o transfer.ImportOptions, asJSON, all bool) error {
	lines := json.NewEncoder(a.stdout)
	lines.SetEscapeHTML(false)
	o.Verdict = func(v transfer.Verdict) {
		switch {
		case asJSON:
			lines.Encode(v)
		case all || v.Outcome == transfer.Refused || v.Outcome == transfer.Skipped || len(v.Notes) > 0:
			fmt.Fprintln(a.stdout, describeVerdict(v))
		}
	}
	s, err := transfer.Import(ctx, b, file, o)
	if s != nil {
		if asJSON {
			lines.Encode(map[string]any{"summary": s})
		} else {
			a.printSummary(s, o.DryRun)
		}
	}
	if err != nil {
		return failed(err)
	}
	if !s.Clean() { // IMP-14
		return fmt.Errorf("not all of the file was taken: %s refused", count(s.Refused+s.PhotosRefused, "entry or photo was", "entries or photos were"))
	}
	return nil
}

// describeVerdict is one line about an entry.
func describeVerdict(v transfer.Verdict) string {
	var b strings.Builder
	fmt.Fprintf(&b, "line %d: %s", v.Line, v.Outcome)
	if v.Group {
		b.WriteString(" group")
	}
	if v.Name != "" {
		fmt.Fprintf(&b, " %s", oneLine(v.Name))
	}
	for i, why := range append(nonEmpty(v.Reason), v.Notes...) {
		if i == 0 {
			b.WriteString(": ")
		} else {
			b.WriteString("; ")
		}
		b.WriteString(oneLine(why))
	}
	return b.String()
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// oneLine keeps text of a file from breaking the output, or the terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || 0x80 <= r && r < 0xa0 || 0x202a <= r && r <= 0x202e || 0x2066 <= r && r <= 0x2069 {
			return ' '
		}
		return r
	}, s)
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func (a *app) printSummary(s *transfer.Summary, dry bool) {
	would := ""
	if dry {
		would = "would be: "
	}
	fmt.Fprintf(a.stdout, "%s%d created, %d changed, %d the same, %d skipped, %d refused\n", would, s.Created, s.Changed, s.Same, s.Skipped, s.Refused)
	if len(s.Groups) > 0 {
		names := make([]string, len(s.Groups))
		for i, g := range s.Groups {
			names[i] = oneLine(g)
		}
		a.remark("groups made: %s", strings.Join(names, ", "))
	}
	if s.Before > 0 {
		a.remark("%d entries were done by an earlier run, and this one went on", s.Before)
	}
	if s.PhotosRefused > 0 {
		a.remark("%s refused", count(s.PhotosRefused, "photo was", "photos were"))
	}
	for _, c := range s.Columns {
		if c.Field == "" && c.Values > 0 {
			a.remark("column %q has no home in a contact: %s not taken", oneLine(c.Name), count(c.Values, "value was", "values were"))
		}
	}
}

func (a *app) undo(ctx context.Context, s *server.Server, b transfer.Book, dry, asJSON bool) error {
	u, err := transfer.Undo(ctx, b, s.Journals(b), transfer.UndoOptions{DryRun: dry})
	if err != nil {
		return err
	}
	if asJSON {
		if err := a.printJSON(u); err != nil {
			return err
		}
	} else {
		for _, l := range u.Left {
			what := "contact"
			if l.Group {
				what = "group"
			}
			fmt.Fprintf(a.stdout, "left %s %s %s: %s\n", what, l.ID, oneLine(l.Name), oneLine(l.Reason))
		}
		would := ""
		if dry {
			would = "would be: "
		}
		fmt.Fprintf(a.stdout, "%s%d deleted, %d restored, %d groups deleted, %d left\n", would, u.Deleted, u.Restored, u.Groups, len(u.Left))
	}
	if len(u.Left) > 0 {
		return fmt.Errorf("%s left as they are", count(len(u.Left), "contact or group was", "contacts or groups were"))
	}
	return nil
}
