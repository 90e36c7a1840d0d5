package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"contacts/cmd/line"
	"contacts/server"
	"contacts/transfer"
)

func (a *app) restoreCommand() *cobra.Command {
	var owner string
	var keep, list, accept bool
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Restore a backup, or one book of it",
		Long: "Restores a backup into the data directory, which must be missing or empty. Nothing takes its place there\n" +
			"before all of the backup is verified. FILE may be - for stdin.\n\n" +
			"With --owner, one user or domain of a store that is in use, also by a running server, gets the contacts\n" +
			"and groups that it has in the backup: what was changed since gets the earlier state, what was deleted\n" +
			"comes back under a new id, and what came later is deleted or, with --keep, stays. Clients notice each as\n" +
			"an ordinary change. The account, its password and tokens stay as they are.",
		Example: "  contactsd restore --list /srv/backup/contacts.tar.zst\n" +
			"  contactsd restore /srv/backup/contacts.tar.zst --data /var/lib/contactsd\n" +
			"  contactsd restore /srv/backup/contacts.tar.zst --owner elizabeth@example.com",
		Args: line.Args(1, 1),
	}
	cmd.Flags().StringVar(&owner, "owner", "", "restore only the contacts and groups of this `user or domain`")
	cmd.Flags().BoolVar(&keep, "keep", false, "with --owner: keep what came later than the backup")
	cmd.Flags().BoolVar(&list, "list", false, "only say what is in the backup")
	cmd.Flags().BoolVar(&accept, "accept-faults", false, "restore also what 'contactsd verify' finds fault with")
	asJSON := line.JSONFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if keep && owner == "" {
			return usageErrorf("--keep needs --owner")
		}
		if list && owner != "" || accept && (list || owner != "") {
			return usageErrorf("--list, --owner and --accept-faults do not go together")
		}
		in, err := a.openBackup(args[0])
		if err != nil {
			return err
		}
		defer in.Close()
		switch {
		case list:
			return a.listBackup(in, *asJSON)
		case owner != "":
			return a.restoreBook(cmd.Context(), in, owner, keep, *asJSON)
		}
		return a.restore(cmd.Context(), in, accept, *asJSON)
	}
	return cmd
}

// openBackup opens a file, or stdin.
func (a *app) openBackup(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(a.stdin), nil
	}
	return os.Open(name)
}

func (a *app) listBackup(in io.Reader, asJSON bool) error {
	m, err := server.ReadManifest(in)
	if err != nil {
		return err
	}
	if asJSON {
		return line.PrintJSON(a.stdout, m)
	}
	return a.printManifest(m) // OPS-4
}

func (a *app) restore(ctx context.Context, in io.Reader, accept, asJSON bool) error {
	return a.withLog(func() error {
		m, err := server.Restore(ctx, a.set.Config, in, server.RestoreOptions{AcceptFault: accept, Fault: func(f server.Fault) {
			a.remark("%s", describeFault(f, ""))
		}})
		if err != nil {
			return failed(err)
		}
		if asJSON {
			return line.PrintJSON(a.stdout, m)
		}
		a.remark("restored into %s:", a.set.Data)
		return a.printManifest(m)
	})
}

func (a *app) restoreBook(ctx context.Context, in io.Reader, owner string, keep, asJSON bool) error {
	return a.withStore(ctx, func(s *server.Server) error {
		var done server.BookReplaced
		err := s.Audited(ctx, "restore", []string{"--owner=" + owner}, func() (err error) { // OPS-81
			done, err = s.RestoreBook(ctx, in, owner, keep)
			return err
		})
		if err != nil {
			return failed(err)
		}
		if asJSON {
			return line.PrintJSON(a.stdout, map[string]int{"same": done.Same, "changed": done.Changed, "back": done.Back, "deleted": done.Deleted,
				"kept": done.Kept, "refused": done.Refused})
		}
		fmt.Fprintf(a.stdout, "%d changed back, %d brought back, %d deleted, %d kept, %d the same\n",
			done.Changed, done.Back, done.Deleted, done.Kept, done.Same)
		if done.Refused > 0 {
			a.remark("%s not brought back: the e-mail address belongs to a contact that was kept", transfer.Count(done.Refused, "contact was", "contacts were"))
		}
		return nil
	})
}
