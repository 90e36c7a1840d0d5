package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"contacts/cmd/line"
	"contacts/transfer"
)

func (a *app) importCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Read contacts from a vCard, CSV or JSON file",
		Long: "Reads contacts from a vCard, CSV (Google's or Outlook's) or JSON file. FILE may be - for stdin; its format\n" +
			"is recognised.\n\n" +
			"Each entry is created, changed, the same, skipped or refused. An entry means a contact that has the\n" +
			"same UID, or else says exactly the same, or else has one of its e-mail addresses. --on-duplicate tells\n" +
			"what becomes of it then:\n\n" +
			"  skip      the contact stays as it is\n" +
			"  merge     the contact gains what the entry says, and loses nothing\n" +
			"  create    there will be two\n\n" +
			"An import that was interrupted goes on when it is called again with the same file, and makes nothing\n" +
			"twice. --undo undoes the last import, but for what was changed since. The exit status is 1 if anything\n" +
			"was refused.",
		Example: "  contacts import contacts.vcf --dry-run\n" +
			"  contacts import contacts.vcf --on-duplicate merge\n" +
			"  contacts import --undo",
		Args: line.Args(0, 1),
	}
	flags := line.ImportFlags(cmd)
	cmd.RegisterFlagCompletionFunc("on-duplicate", cobra.FixedCompletions([]string{"skip", "merge", "create"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case flags.Undo && len(args) > 0:
			return usageErrorf("import --undo takes no FILE: it undoes the last import")
		case !flags.Undo && len(args) == 0:
			return usageErrorf("import needs a FILE, or - for stdin")
		}
		o, err := flags.Options()
		if err != nil {
			return usageError{err}
		}
		s, err := a.connect()
		if err != nil {
			return err
		}
		b := a.book(s)
		if o.State, err = a.journals(b); err != nil {
			return err
		}
		if flags.Undo {
			return a.undo(cmd.Context(), b, o.State, flags)
		}
		file, err := transfer.OpenFile(args[0], a.stdin)
		if err != nil {
			return err
		}
		defer file.Close()
		return a.importFile(cmd.Context(), b, file, o, *flags.JSON, flags.Verbose)
	}
	return cmd
}

// journals is the directory for the journals of imports into a book.
func (a *app) journals(b transfer.Book) (string, error) {
	dir, err := a.configDir()
	sum := sha256.Sum256([]byte(b.Name()))
	return filepath.Join(dir, "imports", hex.EncodeToString(sum[:8])), err
}

// resumeTries is how often work goes on by itself after the connection broke
// without having come further.
const resumeTries = 5

// persist repeats work that goes on where it was, after a broken connection or
// a busy server, as long as it comes further. done is how far it has come.
func (a *app) persist(ctx context.Context, b *remoteBook, done *int, work func() error) error {
	for try, last := 0, 0; ; {
		err := work()
		if err == nil || ctx.Err() != nil || !isBroken(err) && !isBusy(err) {
			return err
		}
		if *done > last { // CMD-25
			try, last = 0, *done
		}
		if try == resumeTries {
			return err
		}
		a.remark("%s Going on.", firstLineOf(a.describe(err)))
		if err := b.sleep(ctx, busyFor(err, try)); err != nil {
			return err
		}
		try++
	}
}

func firstLineOf(s string) string {
	first, _, _ := strings.Cut(s, "\n")
	return strings.TrimSuffix(first, ".") + "."
}

// importFile imports and says what became of the file. Without all, only
// entries that need the user's attention are named.
func (a *app) importFile(ctx context.Context, b *remoteBook, file io.ReadSeeker, o transfer.ImportOptions, asJSON, all bool) error {
	lines := json.NewEncoder(a.stdout)
	lines.SetEscapeHTML(false)
	done := 0
	o.Verdict = func(v transfer.Verdict) {
		done = max(done, v.Entry)
		switch {
		case asJSON:
			lines.Encode(v)
		case all || v.Notable():
			a.endBar()
			fmt.Fprintln(a.stdout, v)
		}
	}
	o.Progress = a.progress("importing")
	runs := 0
	var s *transfer.Summary
	err := a.persist(ctx, b, &done, func() (err error) {
		runs++
		s, err = transfer.Import(ctx, b, file, o)
		return err
	})
	a.endBar()
	if s != nil {
		if asJSON {
			lines.Encode(map[string]any{"summary": s})
		} else {
			if runs > 1 {
				s.Before = 0 // they were this call's
			}
			fmt.Fprintln(a.stdout, s.Result(o.DryRun))
			for _, remark := range s.Remarks(o.DryRun) {
				a.remark("%s", remark)
			}
		}
	}
	if err != nil {
		if ctx.Err() != nil {
			err = errInterrupted
		}
		if !o.DryRun && (done > 0 || errors.Is(err, errInterrupted)) {
			so := ""
			if done > 0 {
				so = transfer.Count(done, "entry is done. ", "entries are done. ")
			}
			return fmt.Errorf("%w\n%sCall the import again with the same file: it goes on, and makes nothing twice", err, so)
		}
		return err
	}
	return s.Err()
}

func (a *app) undo(ctx context.Context, b *remoteBook, state string, flags *line.Import) error {
	u, err := transfer.Undo(ctx, b, state, transfer.UndoOptions{DryRun: flags.DryRun, Progress: a.progress("undoing")})
	a.endBar()
	if err != nil {
		return err
	}
	return flags.PrintUndone(a.stdout, u)
}
