package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"contacts/cmd/line"
	"contacts/server"
	"contacts/transfer"
)

func (a *app) importCommand() *cobra.Command {
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
		Args: line.Args(1, 2),
	}
	flags := line.ImportFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case flags.Undo && len(args) != 1:
			return usageErrorf("import --undo takes OWNER alone")
		case !flags.Undo && len(args) != 2:
			return usageErrorf("import needs OWNER and FILE")
		}
		if !flags.Undo && !strings.Contains(args[0], "@") && strings.Contains(args[1], "@") {
			if _, err := os.Stat(args[0]); err == nil {
				return usageErrorf("OWNER comes before FILE: contactsd import %s %s", shellQuote(args[1]), shellQuote(args[0]))
			}
		}
		o, err := flags.Options()
		if err != nil {
			return usageError{err}
		}
		return a.admin(func(ctx context.Context, s *server.Server, args []string) error {
			b, err := s.Book(ctx, args[0])
			if err != nil {
				return err
			}
			if flags.Undo || !flags.DryRun { // the dry run of an import needs no journal
				if o.State, err = s.Journals(b); err != nil {
					return err
				}
			}
			if flags.Undo {
				u, err := transfer.Undo(ctx, b, o.State, transfer.UndoOptions{DryRun: flags.DryRun})
				if err != nil {
					return err
				}
				return flags.PrintUndone(a.stdout, u)
			}
			file, err := transfer.OpenFile(args[1], a.stdin)
			if err != nil {
				return err
			}
			defer file.Close()
			return a.importFile(ctx, b, file, o, *flags.JSON, flags.Verbose)
		})(cmd, args)
	}
	return cmd
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
		case all || v.Notable():
			fmt.Fprintln(a.stdout, v)
		}
	}
	s, err := transfer.Import(ctx, b, file, o)
	if s != nil {
		if asJSON {
			lines.Encode(map[string]any{"summary": s})
		} else {
			fmt.Fprintln(a.stdout, s.Result(o.DryRun))
			for _, remark := range s.Remarks(o.DryRun) {
				a.remark("%s", remark)
			}
		}
	}
	if err != nil {
		return failed(err)
	}
	return s.Err() // IMP-14
}
