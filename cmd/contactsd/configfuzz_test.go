package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// FuzzConfigFile looks for a configuration file that makes trouble, or that is
// refused without its name, or that means something else when read again.
func FuzzConfigFile(f *testing.F) {
	for _, text := range []string{
		"listen = \"127.0.0.1:8080\"\nmax_contacts = 5\n", "trusted_proxies = [\"10.0.0.0/8\", '::1']\ninsecure_http = true", "read_timeout = \"2m\"",
		"[server]\nlisten = 1", "listen", "= 5", "listen = \"\"\"\n\"\"\"", "request_rate = 1_000.5e3", "request_rate = nan", "max_contacts = 0x7fffffffffffffffff",
		"config = \"x\"", "a.b.c = {}", "\"listen\" = 'x'\nlisten = 'y'", "max-contacts = 1", "\xff = 1", "# only a remark", "trusted_proxies = [1, [2]]",
	} {
		f.Add(text)
	}
	file := filepath.Join(f.TempDir(), "contactsd.toml")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		values := func() (string, error) {
			s := newSettings()
			s.origin = map[string]string{}
			err := s.loadFile(file)
			var b strings.Builder
			s.flags.VisitAll(func(f *pflag.Flag) { b.WriteString(f.Name + "=" + f.Value.String() + "\n") })
			return b.String(), err
		}
		first, err := values()
		if err != nil {
			if !errors.As(err, new(usageError)) || !strings.HasPrefix(err.Error(), file+":") {
				t.Errorf("%q: the error is %v, want one that names the file and the line", text, err)
			}
			return
		}
		if again, err := values(); err != nil || again != first {
			t.Errorf("%q read again gives %v\n%s\nafter\n%s", text, err, again, first)
		}
	})
}
