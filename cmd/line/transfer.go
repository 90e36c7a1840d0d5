package line

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"contacts/transfer"
)

// Export is what the flags of an export say.
type Export struct {
	Output string // the file to write, - for stdout

	cmd             *cobra.Command
	format, version string
	asJSON          *bool
}

// ExportFlags gives cmd the flags of an export.
func ExportFlags(cmd *cobra.Command) *Export {
	e := &Export{cmd: cmd}
	f := cmd.Flags()
	f.StringVar(&e.format, "format", string(transfer.VCard), "`format` to write: vcard, csv or json")
	f.StringVar(&e.version, "vcard-version", "3.0", "`version` of the vCards: 3.0 or 4.0")
	f.StringVarP(&e.Output, "output", "o", "-", "`file` to write, which appears when it is complete; - for stdout")
	e.asJSON = f.Bool("json", false, "short for --format json")
	return e
}

// Options are the choices that the flags mean. An error says that they cannot
// be meant.
func (e *Export) Options() (o transfer.ExportOptions, err error) {
	f := e.cmd.Flags()
	if *e.asJSON {
		if f.Changed("format") && e.format != string(transfer.JSON) {
			return o, fmt.Errorf("--json contradicts --format %s", e.format)
		}
		e.format = string(transfer.JSON)
	}
	if o.Format, err = transfer.ParseFormat(e.format); err != nil {
		return o, fmt.Errorf("--format: %w", err)
	}
	if f.Changed("vcard-version") && o.Format != transfer.VCard {
		return o, fmt.Errorf("--vcard-version goes with --format vcard")
	}
	if o.Version, err = transfer.ParseVersion(e.version); err != nil {
		return o, fmt.Errorf("--vcard-version: %w", err)
	}
	return o, nil
}

// Import is what the flags of an import say.
type Import struct {
	DryRun, Undo, Verbose bool
	JSON                  *bool

	cmd  *cobra.Command
	rule string
}

// ImportFlags gives cmd the flags of an import.
func ImportFlags(cmd *cobra.Command) *Import {
	i := &Import{cmd: cmd}
	f := cmd.Flags()
	f.StringVar(&i.rule, "on-duplicate", string(transfer.Skip), "`rule` for contacts that are there: skip, merge or create")
	f.BoolVar(&i.DryRun, "dry-run", false, "say what would be, and change nothing")
	f.BoolVar(&i.Undo, "undo", false, "undo the last import")
	f.BoolVarP(&i.Verbose, "verbose", "v", false, "say of each entry what became of it")
	i.JSON = JSONFlag(cmd)
	return i
}

// Options are the choices that the flags mean. An error says that they cannot
// be meant.
func (i *Import) Options() (o transfer.ImportOptions, err error) {
	if i.Undo && i.cmd.Flags().Changed("on-duplicate") {
		return o, fmt.Errorf("--on-duplicate is of no use with --undo")
	}
	o.DryRun = i.DryRun
	if o.Rule, err = transfer.ParseRule(i.rule); err != nil {
		return o, fmt.Errorf("--on-duplicate: %w", err)
	}
	return o, nil
}

// PrintUndone says what became of an import that is undone. The error is that
// of what was left alone.
func (i *Import) PrintUndone(w io.Writer, u *transfer.Undone) error {
	if *i.JSON {
		if err := PrintJSON(w, u); err != nil {
			return err
		}
		return u.Err()
	}
	for _, text := range u.Lines(i.DryRun) {
		if _, err := fmt.Fprintln(w, text); err != nil {
			return err
		}
	}
	return u.Err()
}
