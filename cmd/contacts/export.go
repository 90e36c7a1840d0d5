package main

import (
	"io"

	"github.com/spf13/cobra"

	"contacts/cmd/line"
	"contacts/transfer"
)

func (a *app) exportCommand() *cobra.Command {
	var format, version, output string
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
	f := cmd.Flags()
	f.StringVar(&format, "format", string(transfer.VCard), "`format` to write: vcard, csv or json")
	f.StringVar(&version, "vcard-version", "3.0", "`version` of the vCards: 3.0 or 4.0")
	f.StringVarP(&output, "output", "o", "-", "`file` to write, which appears when it is complete; - for stdout")
	asJSON := f.Bool("json", false, "short for --format json")
	cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"vcard", "csv", "json"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *asJSON {
			if f.Changed("format") && format != string(transfer.JSON) {
				return usageErrorf("--json contradicts --format %s", format)
			}
			format = string(transfer.JSON)
		}
		form, err := transfer.ParseFormat(format)
		if err != nil {
			return usageErrorf("--format: %v", err)
		}
		v, err := transfer.ParseVersion(version)
		if err != nil {
			return usageErrorf("--vcard-version: %v", err)
		}
		if f.Changed("vcard-version") && form != transfer.VCard {
			return usageErrorf("--vcard-version goes with --format vcard")
		}
		s, err := a.connect()
		if err != nil {
			return err
		}
		o := transfer.ExportOptions{Format: form, Version: v}
		if output != "-" || !a.term.out {
			o.Progress = a.progress("exporting")
		}
		n := 0
		err = transfer.WriteFile(output, a.stdout, func(w io.Writer) error {
			n, err = transfer.Export(cmd.Context(), a.book(s), w, o)
			return err
		})
		a.endBar()
		if err != nil {
			return err
		}
		a.remark("exported %s", line.Count(n, "contact", "contacts"))
		return nil
	}
	return cmd
}
