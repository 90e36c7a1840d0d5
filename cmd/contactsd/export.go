package main

import (
	"io"

	"github.com/spf13/cobra"

	"contacts/cmd/line"
	"contacts/server"
	"contacts/transfer"
)

func (a *app) exportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export OWNER",
		Short: "Write all contacts to a vCard, CSV or JSON file",
		Long: "Writes all contacts of a user, or the shared contacts of a domain, to stdout or a file.\n\n" +
			"  vcard    with groups as categories, and photos\n" +
			"  csv      in the columns of Google Contacts, without photos\n" +
			"  json     everything, also what programs keep with contacts and groups\n\n" +
			"The same contacts always give the same bytes. 'contactsd import' reads all three.",
		Args: line.Args(1, 1),
	}
	flags := line.ExportFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o, err := flags.Options()
		if err != nil {
			return usageError{err}
		}
		return a.withStore(cmd.Context(), func(s *server.Server) error {
			b, err := s.Book(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			var n int
			err = transfer.WriteFile(flags.Output, a.stdout, func(w io.Writer) error {
				n, err = transfer.Export(cmd.Context(), b, w, o)
				return err
			})
			if err != nil {
				return err
			}
			a.remark("exported %s", transfer.Count(n, "contact", "contacts"))
			return nil
		})
	}
	return cmd
}
