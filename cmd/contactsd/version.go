package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

// The build sets these.
var (
	version = "dev"     // the tag that the source has, if it has one
	commit  = "unknown" // the commit it is, with -dirty if it was changed
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of the program",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(a.stdout, "contactsd %s (commit %s, %s, %s/%s)\n", version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH) // OPS-127
			return err
		},
	}
}
