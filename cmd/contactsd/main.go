// Command contactsd is a contacts server: administrators feed it through the
// Contacts Data API, and people read it from anything.
//
// `contactsd quickstart` sets one up, `contactsd serve` runs it, and the other
// commands look after its accounts, also while it runs. Results go to stdout
// and remarks to stderr. The exit status is 0 when the command did what was
// asked, 1 when it failed, and 2 when it was called wrongly or its settings
// cannot be meant.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"contacts"
	"contacts/cmd/line"
	"contacts/packaging/manual"
	"contacts/server"
)

func main() {
	a := &app{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, lookupEnv: os.LookupEnv, environ: os.Environ}
	os.Exit(a.run(context.Background(), os.Args[1:]))
}

// An app is one call of the program.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	lookupEnv      func(string) (string, bool)
	environ        func() []string // all of them, NAME=VALUE

	set     *settings
	started bool // the command line was understood
}

// The exit statuses.
const (
	statusDone    = 0
	statusFailed  = 1
	statusMisused = 2
)

// A usageError says that the program was called wrongly.
type usageError struct{ error }

func usageErrorf(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// run executes one command line and returns the exit status.
func (a *app) run(ctx context.Context, args []string) int {
	a.set = newSettings()
	root := a.command()
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return statusDone
	}
	fmt.Fprintf(a.stderr, "contactsd: %s\n", a.describe(err))
	if !a.started {
		fmt.Fprintf(a.stderr, "Run '%s --help' to see how it is called.\n", cmd.CommandPath())
		return statusMisused
	}
	if errors.As(err, new(usageError)) || contacts.KindOf(err) == contacts.Invalid {
		return statusMisused
	}
	return statusFailed
}

// describe is the text of an error. The error of a setting names the place
// where the setting was made.
func (a *app) describe(err error) string {
	var bad *contacts.Error
	if !errors.As(err, &bad) || bad.Path == "" {
		return err.Error()
	}
	if from := a.set.origin[strings.ReplaceAll(bad.Path, "_", "-")]; from != "" {
		if strings.HasPrefix(from, a.set.configFile+":") {
			return from + ": " + err.Error()
		}
		return from + ": " + strings.TrimPrefix(err.Error(), bad.Path+": ") // the flag or variable has said which
	}
	return err.Error()
}

// command is the tree of all commands.
func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "contactsd",
		Short: "A contacts server: feed it like Google, read it like anything",
		Long: "contactsd is a self-hosted contacts server that speaks the Contacts Data API, versions 1 to 3.\n\n" +
			"A setting may be given as a flag (--max-contacts), as an environment variable\n" +
			"(CONTACTSD_MAX_CONTACTS) or as a key of the configuration file (max_contacts); flags win\n" +
			"over the environment, and the environment over the file. 'contactsd serve --help' lists them.",
		Args:          cobra.NoArgs,
		RunE:          showHelp,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			a.started = true
			return a.loadSettings(cmd)
		},
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	for _, name := range []string{"data", "config"} {
		root.PersistentFlags().AddFlag(a.set.flags.Lookup(name))
	}
	root.AddCommand(a.serveCommand(), a.quickstartCommand(), a.domainCommand(), a.userCommand(), a.appCommand(), a.tokenCommand(),
		a.importCommand(), a.exportCommand(), a.backupCommand(), a.restoreCommand(), a.verifyCommand(),
		a.auditCommand(), a.healthcheckCommand(), a.configCommand(), line.Version(version, commit), manual.Command(8))
	line.Prepare(root)
	return root
}

func showHelp(cmd *cobra.Command, _ []string) error { return cmd.Help() }

// addFlags gives cmd the flags of the settings that are not persistent: all, or
// those named.
func (a *app) addFlags(cmd *cobra.Command, only ...string) {
	a.set.flags.VisitAll(func(f *pflag.Flag) {
		if f.Name == "data" || f.Name == "config" {
			return
		}
		if len(only) == 0 || slices.Contains(only, f.Name) {
			cmd.Flags().AddFlag(f)
		}
	})
	cmd.Flags().SortFlags = false
}

// withStore is withServer for commands that have no use for an empty store: a
// mistyped --data must not make one.
func (a *app) withStore(ctx context.Context, fn func(*server.Server) error) error {
	if !server.HasStore(a.set.Data) {
		return fmt.Errorf("there is no database in %s; name its directory with --data, or make one with 'contactsd quickstart'", a.set.Data)
	}
	return a.withServer(ctx, fn)
}

// withServer calls fn with the parts of a server on the data directory, which
// is made if missing and may be in use by a running server.
func (a *app) withServer(ctx context.Context, fn func(*server.Server) error) error {
	return a.withLog(func() error {
		s, err := server.Open(ctx, a.set.Config)
		if err != nil {
			return err
		}
		err = fn(s)
		return errors.Join(err, s.Close())
	})
}

// withLog calls fn when the configuration is complete with what the program
// knows.
func (a *app) withLog(fn func() error) (err error) {
	a.set.Version = version
	log := server.NewLog(a.stderr)
	defer log.Flush()
	if a.set.Logger, err = a.logger(log); err != nil {
		return err
	}
	return fn()
}
