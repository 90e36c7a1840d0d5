package manual

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// sample is a program with everything that a page can have.
func sample() *cobra.Command {
	run := func(*cobra.Command, []string) {}
	root := &cobra.Command{Use: "longbourn", Short: "Keep a house", Long: "Keeps a house.\n\n  longbourn dine --at 5\n\n'Twas so.\n.An end", Run: run}
	root.PersistentFlags().String("data", "./data", "`directory` of the house")
	dine := &cobra.Command{Use: "dine GUEST...", Short: "Give a dinner", Run: run}
	dine.Flags().IntP("at", "a", 5, "`hour` of the day")
	dine.Flags().Bool("quiet", false, `without "music" \o/`)
	dine.Flags().Bool("secret", false, "not to be seen")
	dine.Flags().MarkHidden("secret")
	root.AddCommand(dine, &cobra.Command{Use: "plot", Short: "Not to be seen", Hidden: true, Run: run}, Command(1))
	return root
}

func TestPages(t *testing.T) {
	pages := Pages(sample(), 1, "2026-11-22")
	want := map[string]string{
		"longbourn.1": `.TH "LONGBOURN" 1 "2026-11-22" "longbourn"
.SH "NAME"
longbourn \- Keep a house
.SH "SYNOPSIS"
\fBlongbourn\fR [flags]
.SH "DESCRIPTION"
Keeps a house.
.PP
.nf
  longbourn dine \-\-at 5
.fi
.PP
\(aqTwas so.
\&.An end
.SH "COMMANDS"
.TP
\fBdine GUEST...\fR
Give a dinner
.SH "OPTIONS"
.TP
\fB\-\-data\fR=\fIdirectory\fR
directory of the house (default ./data)
.TP
\fB\-h\fR, \fB\-\-help\fR
help for longbourn
.SH "EXIT STATUS"
0 when done, 1 when failed, 2 when called wrongly or with settings that cannot be meant.
.SH "SEE ALSO"
.BR longbourn\-dine (1)
`,
		"longbourn-dine.1": `.TH "LONGBOURN\-DINE" 1 "2026-11-22" "longbourn"
.SH "NAME"
longbourn\-dine \- Give a dinner
.SH "SYNOPSIS"
\fBlongbourn dine\fR GUEST... [flags]
.SH "DESCRIPTION"
Give a dinner.
.SH "OPTIONS"
.TP
\fB\-a\fR, \fB\-\-at\fR=\fIhour\fR
hour of the day (default 5)
.TP
\fB\-h\fR, \fB\-\-help\fR
help for dine
.TP
\fB\-\-quiet\fR
without "music" \eo/
.SH "OPTIONS OF ALL COMMANDS"
.TP
\fB\-\-data\fR=\fIdirectory\fR
directory of the house (default ./data)
.SH "EXIT STATUS"
0 when done, 1 when failed, 2 when called wrongly or with settings that cannot be meant.
.SH "SEE ALSO"
.BR longbourn (1)
`,
	}
	for name, text := range pages {
		if want[name] == "" {
			t.Errorf("there is a page %s", name)
		} else if text != want[name] {
			t.Errorf("%s is\n%s\nwant\n%s", name, text, want[name])
		}
	}
	if len(pages) != len(want) {
		t.Errorf("%d pages, want %d", len(pages), len(want))
	}
}

func TestCommand(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "86400")
	root := sample()
	root.SetArgs([]string{"man", t.TempDir() + "/none"})
	root.SilenceErrors, root.SilenceUsage = true, true
	if err := root.Execute(); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("man in a folder that is not there: %v", err)
	}
}
