// Package line is what the command lines of both programs have in common: how
// they refuse a wrong call, the flags of import and export, and small results
// in words and in JSON.
//
// What is wrong with a call is said by errors of flags and arguments, which
// cobra returns before it runs anything; so both programs know them from
// errors of the work, and end with status 2.
package line

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Prepare completes the tree of all commands: it words what is wrong with
// flags, and makes help and completion refuse what they do not know.
func Prepare(root *cobra.Command) {
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		var bad *pflag.InvalidValueError
		if errors.As(err, &bad) {
			return fmt.Errorf("--%s: %q is not a valid %s", bad.GetFlag().Name, bad.GetValue(), TypeName(bad.GetFlag()))
		}
		return err
	})
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			c.Args = func(_ *cobra.Command, args []string) error {
				if _, rest, err := root.Find(args); err != nil || len(rest) > 0 {
					return fmt.Errorf("there is no command %q", strings.Join(args, " "))
				}
				return nil
			}
		case "completion":
			needsCommand(c)
		}
	}
}

// Group is a command that only has commands below it.
func Group(use, short string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short}
	needsCommand(c)
	c.AddCommand(commands...)
	return c
}

// needsCommand makes c refuse every call that reaches it.
func needsCommand(c *cobra.Command) {
	c.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("%s: say which command", cmd.CommandPath())
		}
		return cobra.NoArgs(cmd, args)
	}
	c.RunE = func(*cobra.Command, []string) error { return nil } // never: but without it, arguments are not looked at
}

// Args wants so many arguments, with most below 0 for any number.
func Args(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			_, operands, _ := strings.Cut(cmd.Use, " ")
			return fmt.Errorf("%s needs %s", cmd.CommandPath(), operands)
		case most >= 0 && len(args) > most:
			return fmt.Errorf("%s does not take %q", cmd.CommandPath(), args[most])
		}
		return nil
	}
}

// TypeName says in words what a flag accepts.
func TypeName(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "bool":
		return "true or false"
	case "int", "float64":
		return "number"
	case "duration":
		return "duration such as 15m or 336h"
	default:
		return "value"
	}
}

// Version is the command that prints the version of a program, and the commit
// that it was built from.
func Version(version, commit string) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of the program",
		Args:  Args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s %s (commit %s, %s, %s/%s)\n",
				cmd.Root().Name(), version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH) // OPS-127
			return err
		},
	}
}

// JSONFlag gives cmd the flag --json.
func JSONFlag(cmd *cobra.Command) *bool {
	return cmd.Flags().Bool("json", false, "print JSON, for programs")
}

// PrintJSON prints one JSON value, indented. Times in it are RFC 3339.
func PrintJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// Ago reads how long before now a time is, such as 90m, 36h or 7d.
func Ago(text string, now time.Time) (time.Time, bool) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n int
		if _, err := fmt.Sscanf(days+"\n", "%d\n", &n); err == nil && n >= 0 {
			return now.AddDate(0, 0, -n), true
		}
	}
	d, err := time.ParseDuration(text)
	return now.Add(-d), err == nil && d >= 0
}
