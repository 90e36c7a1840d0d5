package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"contacts/cmd/line"
	"contacts/transfer"
)

func (a *app) syncCommand() *cobra.Command {
	var version string
	var force, dry, verbose bool
	cmd := &cobra.Command{
		Use:   "sync DIR",
		Short: "Keep a folder of vCards equal to the server, both ways",
		Long: "Makes a folder and the contacts on the server equal: one file that ends in .vcf for each contact. What\n" +
			"changed on one side since the last sync changes on the other; a file that you remove removes the contact.\n\n" +
			"If both sides changed, both are kept: the file becomes what the server says, and what the file said becomes\n" +
			"a contact of its own. A change wins over a deletion. If one side is empty, nothing is deleted on the other\n" +
			"unless --force says so. An interrupted sync is simply called again.\n\n" +
			"The exit status is 1 if there was a conflict, or anything was left alone.",
		Example: "  contacts sync ~/contacts\n  contacts sync ~/contacts --dry-run --verbose",
		Args:    line.Args(1, 1),
	}
	f := cmd.Flags()
	f.StringVar(&version, "vcard-version", "3.0", "`version` of the vCards that are written: 3.0 or 4.0")
	f.BoolVar(&force, "force", false, "delete also what would empty one side")
	f.BoolVar(&dry, "dry-run", false, "say what would be, and change nothing")
	f.BoolVarP(&verbose, "verbose", "v", false, "say of each contact what was done")
	asJSON := line.JSONFlag(cmd)
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		v, err := transfer.ParseVersion(version)
		if err != nil {
			return usageErrorf("--vcard-version: %v", err)
		}
		s, err := a.connect()
		if err != nil {
			return err
		}
		if !dry {
			switch err := os.Mkdir(args[0], 0o700); {
			case err == nil:
				a.remark("made the folder %s", args[0])
			case !errors.Is(err, fs.ErrExist):
				return err
			}
		}
		b := a.book(s)
		lines := json.NewEncoder(a.stdout)
		lines.SetEscapeHTML(false)
		events := 0
		o := transfer.SyncOptions{Version: v, Force: force, DryRun: dry, Progress: a.progress("syncing")}
		o.Event = func(e transfer.Event) {
			events++
			switch {
			case *asJSON:
				lines.Encode(e)
			case verbose || dry || e.Action == transfer.Conflict || e.Action == transfer.Problem:
				a.endBar()
				fmt.Fprintln(a.stdout, e.Line(dry))
			}
		}
		var sum transfer.Synced
		err = a.persist(cmd.Context(), b, &events, func() error {
			part, err := transfer.Sync(cmd.Context(), b, args[0], o)
			if part != nil {
				addUp(&sum, part)
			}
			return err
		})
		a.endBar()
		if *asJSON {
			lines.Encode(map[string]any{"summary": sum})
		} else if err == nil || events > 0 {
			a.printSynced(&sum, dry)
		}
		switch {
		case cmd.Context().Err() != nil:
			return fmt.Errorf("%w; call the sync again: it goes on", errInterrupted)
		case err != nil:
			return err
		case sum.Conflicts+sum.Problems > 0:
			return fmt.Errorf("%s, %s: see above", transfer.Count(sum.Conflicts, "conflict", "conflicts"), transfer.Count(sum.Problems, "problem", "problems"))
		}
		return nil
	}
	return cmd
}

// addUp adds what a further run has done.
func addUp(sum, part *transfer.Synced) {
	sum.Contacts = part.Contacts
	sum.FilesWritten += part.FilesWritten
	sum.FilesDeleted += part.FilesDeleted
	sum.Added += part.Added
	sum.Updated += part.Updated
	sum.Deleted += part.Deleted
	sum.Conflicts += part.Conflicts
	sum.Problems += part.Problems
}

func (a *app) printSynced(s *transfer.Synced, dry bool) {
	would := ""
	if dry {
		would = "would be: "
	}
	if s.FilesWritten+s.FilesDeleted+s.Added+s.Updated+s.Deleted+s.Conflicts+s.Problems == 0 {
		fmt.Fprintf(a.stdout, "nothing to do: %s on both sides\n", transfer.Count(s.Contacts, "contact", "contacts"))
		return
	}
	fmt.Fprintf(a.stdout, "%sin the folder %d written, %d deleted; on the server %d added, %d updated, %d deleted; %s on both sides\n",
		would, s.FilesWritten, s.FilesDeleted, s.Added, s.Updated, s.Deleted, transfer.Count(s.Contacts, "contact", "contacts"))
}
