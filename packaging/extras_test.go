package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What the programs say about themselves is understood by the programs that it
// is for.
func TestExtras(t *testing.T) {
	needs(t, "mandoc", "bash", "zsh", "fish")
	t.Chdir("..")
	s, err := readSource("v1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	x, err := s.askPrograms(configFile)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, p := range x.programs {
		if err := os.WriteFile(filepath.Join(dir, p.name), p.text, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("OPS-124 every command has a page, without a fault", func(t *testing.T) {
		pages := map[string]bool{}
		args := []string{"-T", "lint", "-W", "warning"}
		for _, p := range x.man {
			pages[p.name] = true
			name := filepath.Join(dir, p.name)
			if err := os.WriteFile(name, p.text, 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, name)
		}
		n := 0
		for i, program := range programs {
			section := []string{".8", ".1"}[i]
			var visit func(path []string)
			visit = func(path []string) {
				n++
				if name := strings.Join(append([]string{program}, path...), "-") + section; !pages[name] {
					t.Errorf("there is no %s", name)
				}
				cmd := exec.Command(filepath.Join(dir, program), append(append([]string{"__complete"}, path...), "")...)
				cmd.Env = []string{"HOME=" + dir}
				out, err := cmd.Output()
				if err != nil {
					t.Fatal(err)
				}
				for line := range strings.Lines(string(out)) {
					name, _, described := strings.Cut(line, "\t")
					if described && name != "help" && name != "completion" {
						visit(append(path[:len(path):len(path)], name))
					}
				}
			}
			visit(nil)
		}
		if n != len(x.man) || n < 30 {
			t.Errorf("%d commands and %d pages", n, len(x.man))
		}
		if out, err := exec.Command("mandoc", args...).CombinedOutput(); err != nil {
			t.Errorf("mandoc: %v\n%s", err, out)
		}
		text, err := exec.Command("mandoc", "-T", "ascii", filepath.Join(dir, "contactsd-serve.8")).Output()
		if err != nil || !strings.Contains(string(text), "m\bma\bax\bx-\b-c\bco\bon\bnt\bta\bac\bct\bts\bs") {
			t.Errorf("contactsd-serve.8 shows no --max-contacts: %v\n%s", err, text)
		}
	})
	t.Run("OPS-124 the shells take the completions", func(t *testing.T) {
		for _, shell := range []string{"bash", "zsh", "fish"} {
			for _, program := range programs {
				cmd := exec.Command(shell, "-n")
				cmd.Stdin = bytes.NewReader(x.completions[program][shell])
				if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 || len(x.completions[program][shell]) == 0 {
					t.Errorf("%s -n of %s: %v\n%s", shell, program, err, out)
				}
			}
		}
		// fish tells what it would offer.
		cmd := exec.Command("fish", "--no-config", "-c", `source; complete -C "contactsd user a"`)
		cmd.Stdin = bytes.NewReader(x.completions["contactsd"]["fish"])
		cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "HOME=" + dir}
		if out, err := cmd.CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "add\t") {
			t.Errorf("after contactsd user a, fish offers %q, %v", out, err)
		}
	})
	t.Run("OPS-121 OPS-122 the package's settings are those of the program", func(t *testing.T) {
		name := filepath.Join(dir, "contactsd.toml")
		if err := os.WriteFile(name, x.config, 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(filepath.Join(dir, "contactsd"), "config", "--config", name)
		cmd.Env = []string{}
		out, err := cmd.CombinedOutput()
		if err != nil || !bytes.Equal(out, x.config) || !bytes.Contains(out, []byte("\ndata = \"/var/lib/contactsd\"\n")) {
			t.Errorf("config = %v\n%s\nwant\n%s", err, out, x.config)
		}
	})
	t.Run("OPS-127 version names tag, commit, Go and platform", func(t *testing.T) {
		for _, program := range programs {
			out, err := exec.Command(filepath.Join(dir, program), "version").Output()
			want := program + " v1.2.3 (commit " + s.commit + ", go1."
			if end := ", " + thisMachine.os + "/" + thisMachine.arch + ")\n"; err != nil || !strings.HasPrefix(string(out), want) || !strings.HasSuffix(string(out), end) {
				t.Errorf("version: %v %q, want %s", err, out, want)
			}
		}
	})
}

// Versions in the order of Debian.
func TestNumbers(t *testing.T) {
	for _, tt := range []struct{ described, want string }{
		{"v1.2.0-0-gabc", "1.2.0+0.gabc"},
		{"v1.2.0-5-gabc", "1.2.0+5.gabc"},
		{"v1.2.0-5-gabc-dirty", "1.2.0+5.gabc.dirty"},
		{"v1.2.0-rc1-5-gabc", "1.2.0~rc1+5.gabc"},
	} {
		if got := debianNumber(tt.described); got != tt.want {
			t.Errorf("debianNumber(%s) = %s, want %s", tt.described, got, tt.want)
		}
	}
	needs(t, "dpkg")
	ordered := []string{"0~20261122.210000.gabc", "1.2.0~rc1", "1.2.0~rc1+5.gabc", "1.2.0", "1.2.0+5.gabc", "1.2.1"}
	for i := range ordered[1:] {
		if err := exec.Command("dpkg", "--compare-versions", ordered[i], "lt", ordered[i+1]).Run(); err != nil {
			t.Errorf("dpkg does not take %s to be before %s: %v", ordered[i], ordered[i+1], err)
		}
	}
	for _, bad := range []string{"1.2.0", "v", "latest", "v1/2"} {
		if _, err := readSource(bad); err == nil {
			t.Errorf("%s is a version", bad)
		}
	}
}
