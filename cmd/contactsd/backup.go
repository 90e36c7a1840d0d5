package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"contacts/cmd/line"
	"contacts/server"
	"contacts/transfer"
)

func (a *app) backupCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write everything to one file, also while the server runs",
		Long: "Writes the state of one moment to a file: accounts, programs, tokens, contacts, groups, photos, what is\n" +
			"remembered of deleted entries, the secret key and the authority of the stand-in. The file takes its name\n" +
			"when it is complete and on the disk. FILE may be - for stdout.\n\n" +
			"Whoever has the file has the data and the keys: keep it as safe as the data directory.\n" +
			"'contactsd verify FILE' checks a backup, and 'contactsd restore FILE' restores it.",
		Example: "  contactsd backup /srv/backup/contacts.tar.zst\n" +
			"  contactsd backup - | ssh backup.example.com 'cat > contacts.tar.zst'",
		Args: line.Args(1, 1),
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace FILE if it exists")
	asJSON := line.JSONFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *asJSON && args[0] == "-" {
			return usageErrorf("--json needs a FILE: stdout is taken by the backup")
		}
		if info, err := os.Stat(args[0]); args[0] == "" || err == nil && info.IsDir() {
			return usageErrorf("%q is not the name of a file to write", args[0])
		}
		return a.withStore(cmd.Context(), func(s *server.Server) error {
			done, err := a.backup(cmd.Context(), s, args[0], force)
			if err != nil {
				return err
			}
			if *asJSON {
				return line.PrintJSON(a.stdout, map[string]any{"file": done.File, "bytes": done.Size, "seconds": done.Took.Seconds(), "manifest": done.Manifest})
			}
			contacts := 0
			for _, o := range done.Manifest.Owners {
				contacts += o.Contacts
			}
			a.remark("wrote %s of %s, %s, in %s", transfer.Count(contacts, "contact", "contacts"), transfer.Count(len(done.Manifest.Owners), "account", "accounts"),
				bytesText(done.Size), done.Took.Round(time.Millisecond))
			return nil
		})
	}
	return cmd
}

func (a *app) backup(ctx context.Context, s *server.Server, file string, force bool) (server.BackupDone, error) {
	if file == "-" {
		return s.BackupTo(ctx, a.stdout)
	}
	return s.BackupFile(ctx, file, force)
}

// bytesText is a size for people.
func bytesText(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
}

// printManifest says what is in a backup.
func (a *app) printManifest(m server.Manifest) error {
	a.remark("written by %s at %s, schema %d", m.Program, m.Time.Format(time.RFC3339), m.Schema)
	rows := make([][]string, 0, len(m.Owners))
	for _, o := range m.Owners {
		rows = append(rows, []string{orDash(o.Name), strconv.Itoa(o.Contacts), strconv.Itoa(o.Groups), strconv.Itoa(o.Photos), strconv.Itoa(o.Tombstones)})
	}
	return printTable(a.stdout, "OWNER CONTACTS GROUPS PHOTOS TOMBSTONES", rows)
}
