// Command contacts is the address book of a user on a shell: it reads and
// changes the contacts on a contactsd, or on any other server of the Contacts
// Data API.
//
// `contacts login` signs in once; the other commands need no password then.
// Results go to stdout and remarks to stderr. The exit status is 0 when the
// command did what was asked, 1 when it failed, and 2 when it was called
// wrongly. docs/contacts.md is the manual.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"contacts/cmd/line"
	"contacts/packaging/manual"
)

func main() {
	a := &app{
		stdin:     os.Stdin,
		stdout:    os.Stdout,
		stderr:    os.Stderr,
		term:      terminalOf(os.Stdin, os.Stdout, os.Stderr),
		lookupEnv: os.LookupEnv,
		now:       time.Now,
	}
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() { // until the program ends
		for s := range signals {
			if s == os.Interrupt && a.editing.Load() {
				continue // it is meant for the editor
			}
			signal.Stop(signals) // another one ends the program at once
			cancel()
		}
	}()
	os.Exit(a.run(ctx, os.Args[1:]))
}

// An app is one call of the program.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	term           terminal
	lookupEnv      func(string) (string, bool)
	now            func() time.Time

	server, account, domain string // flags that all commands have

	started bool   // the command line was understood
	at      string // server that the command speaks to, for messages
	bar     *bar   // on the terminal now, or nil

	stopped <-chan struct{} // closed when the user interrupts the program
	editing atomic.Bool     // the editor has the terminal
}

// The exit statuses.
const (
	statusDone    = 0
	statusFailed  = 1
	statusMisused = 2 // CMD-20
)

// errInterrupted is the error of a command that the user ended.
var errInterrupted = errors.New("interrupted")

// A usageError says that the program was called wrongly.
type usageError struct{ error }

func usageErrorf(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// run executes one command line and returns the exit status.
func (a *app) run(ctx context.Context, args []string) int {
	a.stopped = ctx.Done()
	root := a.command()
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	a.endBar()
	if err == nil {
		return statusDone
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = errInterrupted
	}
	fmt.Fprintf(a.stderr, "contacts: %s\n", a.describe(err))
	if !a.started {
		fmt.Fprintf(a.stderr, "Run '%s --help' to see how it is called.\n", cmd.CommandPath())
		return statusMisused
	}
	if errors.As(err, new(usageError)) {
		return statusMisused
	}
	return statusFailed
}

// command is the tree of all commands.
func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "contacts",
		Short: "Your address book on the command line",
		Long: "contacts reads and changes the contacts on a contactsd, or on any other server of the Contacts Data API.\n\n" +
			"  contacts login --server https://contacts.example.com elizabeth@example.com\n" +
			"  contacts add --name 'Jane Bennet' --email jane@example.com\n" +
			"  contacts list\n\n" +
			"A contact is named by its id, an e-mail address, its name, or the beginning of words of its name; the\n" +
			"contact must be the only one that fits. --domain NAME works on the shared contacts of a domain.",
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			a.started = true
			return nil
		},
	}
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	f := root.PersistentFlags()
	f.StringVar(&a.server, "server", "", "`URL` of the server ($CONTACTS_SERVER)")
	f.StringVar(&a.account, "account", "", "`EMAIL` that is signed in, if not the one of the last login ($CONTACTS_ACCOUNT)")
	f.StringVar(&a.domain, "domain", "", "work on the shared contacts of the domain `NAME` ($CONTACTS_DOMAIN)")
	root.RegisterFlagCompletionFunc("account", a.completeAccounts)
	root.AddCommand(a.loginCommand(), a.logoutCommand(), a.statusCommand(),
		a.listCommand(), a.showCommand(), a.addCommand(), a.editCommand(), a.rmCommand(),
		a.groupCommand(), a.photoCommand(),
		a.importCommand(), a.exportCommand(), a.syncCommand(),
		line.Version(version, commit), manual.Command(1))
	line.Prepare(root)
	return root
}

// setting is the value of a flag or, if that is empty, of the environment.
func (a *app) setting(flag, variable string) string {
	if flag != "" {
		return flag
	}
	v, _ := a.lookupEnv(variable)
	return v
}
