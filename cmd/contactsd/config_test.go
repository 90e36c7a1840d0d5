package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestConfig(t *testing.T) {
	status, text, errs := call(t, map[string]string{"CONTACTSD_MAX_CONTACTS": "7"}, "", "config",
		"--trusted-proxies", "10.0.0.0/8,::1", "--default-domain", "exam\"ple\\\x01.com", "--read-timeout", "90s")
	if status != statusDone || errs != "" {
		t.Fatalf("config = %d, %s", status, errs)
	}
	t.Run("OPS-121 what is set is a line of the file, the rest is commented out", func(t *testing.T) {
		var set []string
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "#") && line != "\n" {
				set = append(set, strings.TrimSpace(line))
			}
		}
		want := []string{`trusted_proxies = ["10.0.0.0/8", "::1"]`, `default_domain = "exam\"ple\\\u0001.com"`, `max_contacts = 7`, `read_timeout = "1m30s"`}
		if strings.Join(set, "\n") != strings.Join(want, "\n") {
			t.Errorf("config sets\n%s\nwant\n%s", strings.Join(set, "\n"), strings.Join(want, "\n"))
		}
	})
	t.Run("OPS-121 every setting is there, and the file means what was printed", func(t *testing.T) {
		all := regexp.MustCompile(`(?m)^#(\w+ = )`).ReplaceAllString(text, "$1")
		s, _, err := load(t, nil, nil, all)
		if err != nil {
			t.Fatalf("%v in\n%s", err, all)
		}
		s.flags.VisitAll(func(f *pflag.Flag) {
			if f.Name != "config" && s.origin[f.Name] == "" {
				t.Errorf("%s is not in the file", f.Name)
			}
		})
		defaults := newSettings()
		defaults.flags.Set("trusted-proxies", "10.0.0.0/8,::1")
		defaults.flags.Set("default-domain", "exam\"ple\\\x01.com")
		defaults.flags.Set("read-timeout", "90s")
		defaults.flags.Set("max-contacts", "7")
		defaults.flags.VisitAll(func(f *pflag.Flag) {
			if f.Name == "config" {
				return
			}
			if got := s.flags.Lookup(f.Name).Value.String(); got != f.Value.String() {
				t.Errorf("%s = %s, want %s", f.Name, got, f.Value)
			}
		})
	})
}

// The file that packages bring is found without being named.
func TestDefaultConfig(t *testing.T) {
	name := filepath.Join(t.TempDir(), "contactsd.toml")
	defaultConfig = name
	t.Cleanup(func() { defaultConfig = "" })
	if status, _, errs := call(t, nil, "", "config"); status != statusDone {
		t.Errorf("without the file: %d, %s", status, errs)
	}
	if err := os.WriteFile(name, []byte("max_contacts = 12\nlissten = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, errs := call(t, nil, "", "config"); status != statusMisused || !strings.Contains(errs, name+":2: unknown key") {
		t.Errorf("with a bad file: %d, %s", status, errs)
	}
	for _, args := range [][]string{{"version"}, {"completion", "bash"}, {"__complete", "us"}} {
		if status, _, errs := call(t, nil, "", args...); status != statusDone {
			t.Errorf("%q needs the file: %s", args, errs)
		}
	}
	if err := os.WriteFile(name, []byte("max_contacts = 12\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		env  map[string]string
		args []string
		want bool
	}{
		{nil, nil, true},
		{nil, []string{"--config", ""}, false},
		{map[string]string{"CONTACTSD_CONFIG": os.DevNull}, nil, false},
	} {
		_, out, errs := call(t, tt.env, "", append([]string{"config"}, tt.args...)...)
		if got := strings.Contains(out, "\nmax_contacts = 12\n"); got != tt.want {
			t.Errorf("config %q with %q reads the file: %v, want %v\n%s", tt.args, tt.env, got, tt.want, errs)
		}
	}
}
