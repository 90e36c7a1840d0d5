package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"contacts/cmd/line"
	"contacts/server"
	"contacts/transfer"
)

func (a *app) verifyCommand() *cobra.Command {
	var repair bool
	cmd := &cobra.Command{
		Use:   "verify [FILE]",
		Short: "Check the whole store, or a backup",
		Long: "Checks the whole store, also while the server runs, or the backup FILE, which may be - for stdin: the\n" +
			"structure of the database, that all that belongs together is there, counts, revisions, photos, the search\n" +
			"index, and that every contact can be read, is valid and can be written as Atom. Each fault is a line on\n" +
			"stdout, and the exit status is 1 if there is any.\n\n" +
			"--repair makes anew what follows from the rest, which is the search index, counts and lists of members,\n" +
			"and says what it has made. It changes no contact. The exit status is then that of what is left.",
		Args: line.Args(0, 1),
	}
	cmd.Flags().BoolVar(&repair, "repair", false, "make anew what follows from the rest")
	asJSON := line.JSONFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			if repair {
				return usageErrorf("a backup is not repaired: restore it, and repair the store")
			}
			return a.verifyBackup(cmd.Context(), args[0], *asJSON)
		}
		return a.withStore(cmd.Context(), func(s *server.Server) error { return a.verifyStore(cmd.Context(), s, repair, *asJSON) })
	}
	return cmd
}

// A faultLine is a fault as JSON has it.
type faultLine struct {
	Owner   int64  `json:"owner"`
	Name    string `json:"name,omitempty"`
	Entry   string `json:"entry,omitempty"`
	Fault   string `json:"fault"`
	Derived bool   `json:"derived"`
}

// describeFault is one line about a fault.
func describeFault(f server.Fault, name string) string {
	where := "database"
	if f.Owner != 0 {
		where = "account " + strconv.FormatInt(int64(f.Owner), 10)
	}
	if name != "" {
		where = name
	}
	if f.Entry != "" {
		where += ": " + f.Entry
	}
	return oneLine(where + ": " + f.What)
}

// printFault prints one fault. Names may be nil.
func (a *app) printFault(f server.Fault, name string, asJSON bool) {
	if !asJSON {
		fmt.Fprintln(a.stdout, describeFault(f, name)) // OPS-21
		return
	}
	lines := json.NewEncoder(a.stdout)
	lines.SetEscapeHTML(false)
	lines.Encode(faultLine{int64(f.Owner), name, f.Entry, f.What, f.Derived})
}

func (a *app) verifyStore(ctx context.Context, s *server.Server, repair, asJSON bool) error {
	names, err := s.OwnerNames(ctx)
	if err != nil {
		a.remark("the accounts cannot be named: %v", err)
	}
	var faults []server.Fault
	look := func() (server.Verified, error) {
		faults = nil
		return s.Verify(ctx, func(f server.Fault) {
			faults = append(faults, f)
			a.printFault(f, names[f.Owner], asJSON)
		})
	}
	v, err := look()
	if err != nil {
		return err
	}
	if repair && v.Faults > 0 {
		err := s.Repair(ctx, faults, func(owner server.Owner, what string) {
			a.remark("repaired %s: %s", orDash(names[owner]), what) // OPS-22
		})
		if err != nil {
			return err
		}
		a.remark("what is left:")
		if v, err = look(); err != nil {
			return err
		}
	}
	return a.verdict(v)
}

func (a *app) verifyBackup(ctx context.Context, name string, asJSON bool) error {
	in, err := a.openBackup(name)
	if err != nil {
		return err
	}
	defer in.Close()
	return a.withLog(func() error {
		v, m, err := server.VerifyBackup(ctx, a.set.Config, in, func(f server.Fault) { a.printFault(f, "", asJSON) }) // OPS-23
		if err != nil {
			return failed(err)
		}
		a.remark("written by %s at %s", m.Program, m.Time.Format(time.RFC3339))
		return a.verdict(v)
	})
}

// verdict says what was looked at, and fails if there were faults.
func (a *app) verdict(v server.Verified) error {
	a.remark("looked at %s: %s, %s, %s, %s, %s", transfer.Count(v.Owners, "account", "accounts"), transfer.Count(v.Contacts, "contact", "contacts"),
		transfer.Count(v.Groups, "group", "groups"), transfer.Count(v.Photos, "photo", "photos"), transfer.Count(v.Tombstones, "deleted entry", "deleted entries"),
		transfer.Count(v.Records, "record", "records"))
	if v.Faults > 0 {
		return fmt.Errorf("%s", transfer.Count(v.Faults, "fault", "faults")) // OPS-21
	}
	return nil
}
