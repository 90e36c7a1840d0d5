package main

import (
	"io"

	"github.com/spf13/cobra"

	"contacts/cmd/line"
	"contacts/server"
	"contacts/transfer"
)

func (a *app) exportCommand() *cobra.Command {
	var format, version, output string
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
	cmd.Flags().StringVar(&format, "format", string(transfer.VCard), "`format` to write: vcard, csv or json")
	cmd.Flags().StringVar(&version, "vcard-version", "3.0", "`version` of the vCards: 3.0 or 4.0")
	cmd.Flags().StringVarP(&output, "output", "o", "-", "`file` to write, which appears when it is complete; - for stdout")
	asJSON := cmd.Flags().Bool("json", false, "short for --format json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *asJSON {
			if cmd.Flags().Changed("format") && format != string(transfer.JSON) {
				return usageErrorf("--json contradicts --format %s", format)
			}
			format = string(transfer.JSON)
		}
		f, err := transfer.ParseFormat(format)
		if err != nil {
			return usageErrorf("--format: %v", err)
		}
		v, err := transfer.ParseVersion(version)
		if err != nil {
			return usageErrorf("--vcard-version: %v", err)
		}
		if cmd.Flags().Changed("vcard-version") && f != transfer.VCard {
			return usageErrorf("--vcard-version goes with --format vcard")
		}
		return a.withStore(cmd.Context(), func(s *server.Server) error {
			b, err := s.Book(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			var n int
			err = transfer.WriteFile(output, a.stdout, func(w io.Writer) error {
				n, err = transfer.Export(cmd.Context(), b, w, transfer.ExportOptions{Format: f, Version: v})
				return err
			})
			if err != nil {
				return err
			}
			a.remark("exported %s", line.Count(n, "contact", "contacts"))
			return nil
		})
	}
	return cmd
}
