package main

import (
	"io"

	"github.com/spf13/cobra"

	"contacts/cmd/line"
	"contacts/transfer"
)

func (a *app) exportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write all contacts to a vCard, CSV or JSON file",
		Long: "Writes all contacts to stdout or a file.\n\n" +
			"  vcard    with groups as categories, and photos\n" +
			"  csv      in the columns of Google Contacts, without photos\n" +
			"  json     everything, also what programs keep with contacts and groups\n\n" +
			"The same contacts always give the same bytes. 'contacts import' reads all three.",
		Example: "  contacts export -o contacts.vcf\n  contacts --domain example.com export --format csv >shared.csv",
		Args:    line.Args(0, 0),
	}
	flags := line.ExportFlags(cmd)
	cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"vcard", "csv", "json"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o, err := flags.Options()
		if err != nil {
			return usageError{err}
		}
		s, err := a.connect()
		if err != nil {
			return err
		}
		if flags.Output != "-" || !a.term.out {
			o.Progress = a.progress("exporting")
		}
		n := 0
		err = transfer.WriteFile(flags.Output, a.stdout, func(w io.Writer) error {
			n, err = transfer.Export(cmd.Context(), a.book(s), w, o)
			return err
		})
		a.endBar()
		if err != nil {
			return err
		}
		a.remark("exported %s", transfer.Count(n, "contact", "contacts"))
		return nil
	}
	return cmd
}
