package line

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

func TestWrongCalls(t *testing.T) {
	tests := []struct{ call, want string }{
		{"list", ""},
		{"list extra", `book list does not take "extra"`},
		{"show", "book show needs CONTACT..."},
		{"show one two three", ""},
		{"rename one two three", `book rename does not take "three"`},
		{"list --most many", `--most: "many" is not a valid number`},
		{"list --for 5", `--for: "5" is not a valid duration such as 15m or 336h`},
		{"list --all=perhaps", `--all: "perhaps" is not a valid true or false`},
		{"group", "book group: say which command"},
		{"group frob", `unknown command "frob" for "book group"`},
		{"group make", ""},
		{"completion", "book completion: say which command"},
		{"completion sh", `unknown command "sh" for "book completion"`},
		{"completion bash", ""},
		{"help", ""},
		{"help group make", ""},
		{"help group frob", `there is no command "group frob"`},
		{"help frob", `there is no command "frob"`},
		{"version", ""},
		{"version please", `book version does not take "please"`},
	}
	for _, test := range tests {
		t.Run("CMD-20 "+test.call, func(t *testing.T) {
			done := func(*cobra.Command, []string) error { return nil }
			root := &cobra.Command{Use: "book", SilenceErrors: true, SilenceUsage: true}
			list := &cobra.Command{Use: "list", Args: Args(0, 0), RunE: done}
			list.Flags().Int("most", 0, "")
			list.Flags().Duration("for", 0, "")
			list.Flags().Bool("all", false, "")
			root.AddCommand(list,
				&cobra.Command{Use: "show CONTACT...", Args: Args(1, -1), RunE: done},
				&cobra.Command{Use: "rename OLD NEW", Args: Args(2, 2), RunE: done},
				Group("group", "groups", &cobra.Command{Use: "make", RunE: done}),
				Version("v1", "c1"))
			root.SetOut(io.Discard)
			root.SetErr(io.Discard)
			Prepare(root)
			root.SetArgs(strings.Fields(test.call))
			got := ""
			if err := root.Execute(); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("%s: %q, want %q", test.call, got, test.want)
			}
		})
	}
}

func TestAgo(t *testing.T) {
	now := time.Date(2008, 3, 5, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		text string
		want time.Time // zero if it is none
	}{
		{"90m", now.Add(-90 * time.Minute)},
		{"36h", now.Add(-36 * time.Hour)},
		{"7d", time.Date(2008, 2, 27, 12, 0, 0, 0, time.UTC)},
		{"0d", now},
		{"-7d", time.Time{}},
		{"-1h", time.Time{}},
		{"d", time.Time{}},
		{"7", time.Time{}},
		{"yesterday", time.Time{}},
	}
	for _, test := range tests {
		got, ok := Ago(test.text, now)
		if ok != !test.want.IsZero() || ok && !got.Equal(test.want) {
			t.Errorf("Ago(%q) = %v, %v; want %v", test.text, got, ok, test.want)
		}
	}
}
