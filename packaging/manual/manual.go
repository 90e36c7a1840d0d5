// Package manual writes the manual pages of a program from its help, so the
// two cannot differ. Both programs call it through a hidden command, which the
// packages are built with.
package manual

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Command is the hidden command "man DIR", which writes a page for the program
// and one for each of its commands: NAME.SECTION, NAME-COMMAND.SECTION. The
// directory must exist. Pages have the date of SOURCE_DATE_EPOCH (seconds since
// 1970) or none, so that equal sources give equal pages.
func Command(section int) *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Short:  "Write the manual pages",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			date := ""
			if s, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
				date = time.Unix(s, 0).UTC().Format(time.DateOnly)
			}
			for name, text := range Pages(cmd.Root(), section, date) {
				if err := os.WriteFile(filepath.Join(args[0], name), []byte(text), 0o644); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// Pages holds the manual pages of a program, by file name.
func Pages(root *cobra.Command, section int, date string) map[string]string {
	pages := map[string]string{}
	var add func(*cobra.Command)
	add = func(cmd *cobra.Command) {
		pages[fmt.Sprintf("%s.%d", pageName(cmd), section)] = page(cmd, section, date)
		for _, c := range cmd.Commands() {
			if shown(c) {
				add(c) // OPS-124
			}
		}
	}
	add(root)
	return pages
}

// shown tells whether a command has a page: hidden ones have none, nor those
// that every program with completions has.
func shown(c *cobra.Command) bool {
	return c.IsAvailableCommand() && c.Name() != "help" && c.Name() != "completion"
}

func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

func page(cmd *cobra.Command, section int, date string) string {
	cmd.InitDefaultHelpFlag()
	p := &roff{}
	name := pageName(cmd)
	fmt.Fprintf(p, ".TH %s %d \"%s\" %s\n", quote(strings.ToUpper(name)), section, date, quote(cmd.Root().Name()))
	p.head("NAME")
	fmt.Fprintf(p, "%s \\- %s\n", escape(name), escape(cmd.Short))
	p.head("SYNOPSIS")
	use := cmd.UseLine()
	path := cmd.CommandPath()
	fmt.Fprintf(p, "\\fB%s\\fR%s\n", escape(path), escape(strings.TrimPrefix(use, path)))
	p.head("DESCRIPTION")
	if cmd.Long != "" {
		p.text(cmd.Long)
	} else {
		p.text(cmd.Short + ".")
	}
	if cmd.Example != "" {
		p.head("EXAMPLES")
		p.text(cmd.Example)
	}
	var below []string
	for _, c := range cmd.Commands() {
		if !shown(c) {
			continue
		}
		if len(below) == 0 {
			p.head("COMMANDS")
		}
		below = append(below, pageName(c))
		fmt.Fprintf(p, ".TP\n\\fB%s\\fR\n%s\n", escape(c.Use), lines(c.Short))
	}
	p.flags("OPTIONS", cmd.NonInheritedFlags())
	p.flags("OPTIONS OF ALL COMMANDS", cmd.InheritedFlags())
	p.head("EXIT STATUS")
	p.WriteString("0 when done, 1 when failed, 2 when called wrongly or with settings that cannot be meant.\n")
	if cmd.HasParent() {
		below = append([]string{pageName(cmd.Parent())}, below...)
	}
	if len(below) > 0 {
		p.head("SEE ALSO")
		for i, name := range below {
			comma := ","
			if i == len(below)-1 {
				comma = ""
			}
			fmt.Fprintf(p, ".BR %s (%d)%s\n", escape(name), section, comma)
		}
	}
	return p.String()
}

// A roff collects a page in the language of man(7).
type roff struct{ strings.Builder }

func (p *roff) head(title string) { fmt.Fprintf(p, ".SH %s\n", quote(title)) }

// text writes paragraphs, which have an empty line between them. Paragraphs
// whose lines are indented keep their lines: they are commands or tables.
func (p *roff) text(s string) {
	for i, para := range strings.Split(strings.Trim(s, "\n"), "\n\n") {
		if i > 0 {
			p.WriteString(".PP\n")
		}
		if strings.HasPrefix(para, " ") {
			fmt.Fprintf(p, ".nf\n%s\n.fi\n", lines(para))
			continue
		}
		fmt.Fprintf(p, "%s\n", lines(para))
	}
}

func (p *roff) flags(title string, set *pflag.FlagSet) {
	if !set.HasAvailableFlags() {
		return
	}
	p.head(title)
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		arg, usage := pflag.UnquoteUsage(f)
		p.WriteString(".TP\n")
		if f.Shorthand != "" {
			fmt.Fprintf(p, "\\fB\\-%s\\fR, ", escape(f.Shorthand))
		}
		fmt.Fprintf(p, "\\fB\\-\\-%s\\fR", escape(f.Name))
		if arg != "" {
			fmt.Fprintf(p, "=\\fI%s\\fR", escape(arg))
		}
		if d := f.DefValue; d != "" && d != "false" && d != "[]" && d != "0s" {
			usage += " (default " + d + ")"
		}
		fmt.Fprintf(p, "\n%s\n", lines(usage))
	})
}

// lines makes each line of s safe: a period or an apostrophe at its beginning
// would make it a request.
func lines(s string) string {
	all := strings.Split(escape(s), "\n")
	for i, line := range all {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			all[i] = `\&` + line
		}
	}
	return strings.Join(all, "\n")
}

// escape keeps text what it is: a hyphen that can be pasted, a backslash, an
// apostrophe that stays straight.
var escape = strings.NewReplacer(`\`, `\e`, `-`, `\-`, `'`, `\(aq`, "`", "\\`", `^`, `\(ha`, `~`, `\(ti`).Replace

// quote makes one argument of a request.
func quote(s string) string { return `"` + strings.ReplaceAll(escape(s), `"`, `\(dq`) + `"` }
