package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"contacts/cmd/line"
	"contacts/server"
)

// auditCommand shows the audit log (OPS-82).
func (a *app) auditCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Show who changed shared contacts, and which commands were given",
		Long: "Shows the audit log, oldest first: changes of the shared contacts of domains, with the entries'\n" +
			"ids, and commands that changed something. An outcome \"begun\" is that of a command which is under\n" +
			"way or was interrupted.",
		Args: line.Args(0, 0),
	}
	cmd.Flags().SortFlags = false
	since := cmd.Flags().String("since", "", "`time` to begin at: 2026-11-22, 2026-11-22T20:00:00Z, or how long ago, such as 36h or 7d")
	domain := cmd.Flags().String("domain", "", "only changes of the shared contacts of the domain of this `name`")
	asJSON := cmd.Flags().Bool("json", false, "print one JSON value a line, for programs")
	cmd.RunE = a.reading(func(ctx context.Context, s *server.Server, _ []string) error {
		from, err := parseSince(*since, time.Now())
		if err != nil {
			return err
		}
		records, err := s.Audit(ctx, from, *domain)
		if err != nil {
			return err
		}
		if *asJSON {
			e := json.NewEncoder(a.stdout)
			e.SetEscapeHTML(false)
			for _, r := range records {
				if err := e.Encode(r); err != nil {
					return err
				}
			}
			return nil
		}
		var rows [][]string
		for _, r := range records {
			rows = append(rows, []string{r.Time.UTC().Format("2006-01-02T15:04:05Z"), orDash(r.User), orDash(programOf(r)), orDash(r.Address), whatOf(r)})
		}
		return printTable(a.stdout, "TIME USER PROGRAM FROM WHAT", rows)
	})
	return cmd
}

// parseSince reads a point in time, or how long before now it is. An empty text
// is the beginning of all time.
func parseSince(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	if t, ok := line.Ago(text, now); ok {
		return t, nil
	}
	return time.Time{}, usageErrorf("--since: %q is neither a time such as 2026-11-22 nor a duration such as 36h or 7d", text)
}

func programOf(r server.AuditRecord) string {
	if r.App != "" {
		return strings.TrimSpace(r.Program + " " + r.App)
	}
	return r.Program
}

// mostIDs is how many entries a line names; --json names all.
const mostIDs = 10

// whatOf says in one line what a record is about.
func whatOf(r server.AuditRecord) string {
	if r.Command != "" {
		words := []string{r.Command}
		for _, arg := range r.Args {
			words = append(words, shellQuote(arg))
		}
		return strings.Join(words, " ") + ": " + r.Outcome
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s:", r.Domain)
	last := ""
	for i, c := range r.Changes {
		if i == mostIDs {
			fmt.Fprintf(&b, " and %d more", len(r.Changes)-i)
			break
		}
		if c.Op != last {
			if last != "" {
				b.WriteByte(',')
			}
			b.WriteString(" " + c.Op)
			last = c.Op
		}
		b.WriteString(" " + c.ID)
	}
	return b.String()
}

// reading is RunE of a command that changes nothing.
func (a *app) reading(fn func(context.Context, *server.Server, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		return a.withStore(cmd.Context(), func(s *server.Server) error { return fn(cmd.Context(), s, args) })
	}
}

// admin is RunE of a command that changes something, which the audit log tells.
func (a *app) admin(fn func(context.Context, *server.Server, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		return a.withStore(cmd.Context(), func(s *server.Server) error { return a.audited(cmd, s, args, fn) })
	}
}

// making is admin for a command that also makes the store.
func (a *app) making(fn func(context.Context, *server.Server, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		return a.withServer(cmd.Context(), func(s *server.Server) error { return a.audited(cmd, s, args, fn) })
	}
}

// audited calls fn, and has it recorded.
func (a *app) audited(cmd *cobra.Command, s *server.Server, args []string, fn func(context.Context, *server.Server, []string) error) error {
	name := strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
	return s.Audited(cmd.Context(), name, append(auditedFlags(cmd, a.set.flags), args...), func() error {
		return fn(cmd.Context(), s, args)
	})
}

// namedValues are the flags whose values say what a command is about. Of
// others, such as a user's name, only the flag is recorded.
var namedValues = map[string]bool{"domain": true, "admin": true, "client-id": true, "owner": true}

// auditedFlags are the flags that a command was given, but for settings.
func auditedFlags(cmd *cobra.Command, settings *pflag.FlagSet) (flags []string) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch {
		case settings.Lookup(f.Name) != nil || f.Name == "json":
		case namedValues[f.Name] || f.Value.Type() == "bool":
			flags = append(flags, "--"+f.Name+"="+f.Value.String())
		default:
			flags = append(flags, "--"+f.Name)
		}
	})
	return flags
}
