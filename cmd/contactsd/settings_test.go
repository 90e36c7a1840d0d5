package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

// load gives settings as a command line, an environment and a file make them.
func load(t *testing.T, args []string, env map[string]string, file string) (*settings, string, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "contactsd.toml")
	if err := os.WriteFile(name, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newSettings()
	if err := s.flags.Parse(append([]string{"--config", name}, args...)); err != nil {
		t.Fatal(err)
	}
	return s, name, s.load(func(name string) (string, bool) {
		v, ok := env[name]
		return v, ok
	})
}

func TestSettingsPrecedence(t *testing.T) {
	file := "max_contacts = 10\nlisten = '127.0.0.1:1'\nlog_level = \"debug\"\n"
	env := map[string]string{"CONTACTSD_MAX_CONTACTS": "20", "CONTACTSD_LISTEN": "127.0.0.1:2"}
	s, _, err := load(t, []string{"--max-contacts", "30"}, env, file)
	if err != nil {
		t.Fatal(err)
	}
	if s.MaxContacts != 30 {
		t.Errorf("max_contacts = %d, want 30, as the flag has it", s.MaxContacts)
	}
	if s.Listen != "127.0.0.1:2" {
		t.Errorf("listen = %s, want 127.0.0.1:2, as the environment has it", s.Listen)
	}
	if s.logLevel != "debug" {
		t.Errorf("log_level = %s, want debug, as the file has it", s.logLevel)
	}
	if want := newSettings().MaxSharedContacts; s.MaxSharedContacts != want {
		t.Errorf("max_shared_contacts = %d, want the default %d", s.MaxSharedContacts, want)
	}
}

func TestSettingsFileFromEnvironment(t *testing.T) {
	_, name, err := load(t, nil, nil, "original_limits = true\n")
	if err != nil {
		t.Fatal(err)
	}
	s := newSettings()
	err = s.load(func(v string) (string, bool) {
		if v == "CONTACTSD_CONFIG" {
			return name, true
		}
		return "", false
	})
	if err != nil || !s.OriginalLimits {
		t.Errorf("load() = %v and original_limits %v, want none and true", err, s.OriginalLimits)
	}
}

// Every flag has the same effect from all three places.
func TestSettingsEverywhere(t *testing.T) {
	samples := map[string]struct{ text, toml string }{
		"bool":        {"true", "true"},
		"int":         {"7", "7"},
		"float64":     {"2.5", "2.5"},
		"duration":    {"90m", `"90m"`},
		"string":      {"x", `"x"`},
		"stringSlice": {"10.0.0.0/8,::1", `["10.0.0.0/8", "::1"]`},
	}
	newSettings().flags.VisitAll(func(f *pflag.Flag) {
		if f.Name == "config" {
			return
		}
		t.Run(f.Name, func(t *testing.T) {
			sample, ok := samples[f.Value.Type()]
			if !ok {
				t.Fatalf("no sample of type %s", f.Value.Type())
			}
			flagged, _, err := load(t, []string{"--" + f.Name + "=" + sample.text}, nil, "")
			if err != nil {
				t.Fatal(err)
			}
			want := flagged.flags.Lookup(f.Name).Value.String()
			env, _, err := load(t, nil, map[string]string{envName(f.Name): sample.text}, "")
			if err != nil {
				t.Fatal(err)
			}
			if got := env.flags.Lookup(f.Name).Value.String(); got != want {
				t.Errorf("%s=%s gives %s, want %s", envName(f.Name), sample.text, got, want)
			}
			file, _, err := load(t, nil, nil, keyName(f.Name)+" = "+sample.toml+"\n")
			if err != nil {
				t.Fatal(err)
			}
			if got := file.flags.Lookup(f.Name).Value.String(); got != want {
				t.Errorf("%s = %s gives %s, want %s", keyName(f.Name), sample.toml, got, want)
			}
		})
	})
}

func TestSettingsNumbersOfTOML(t *testing.T) {
	s, _, err := load(t, nil, nil, "max_contacts = 25_500\nrequest_rate = 1_000\nclient_login_life = \"36h\"\n")
	if err != nil {
		t.Fatal(err)
	}
	if s.MaxContacts != 25500 || s.RequestRate != 1000 || s.ClientLoginLife != 36*time.Hour {
		t.Errorf("max_contacts, request_rate, client_login_life = %d, %g, %s", s.MaxContacts, s.RequestRate, s.ClientLoginLife)
	}
}

func TestBadSettings(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		env        map[string]string
		want       string // FILE stands for the file's name
	}{
		{"unknown key", "\n# fine\nlisten = \":1\"\nlissten = \":2\"\n", nil, `FILE:4: unknown key "lissten"`},
		{"key as the flag has it", "max-contacts = 1\n", nil, `FILE:1: unknown key "max-contacts"`},
		{"dotted key", "log.level = \"info\"\n", nil, `FILE:1: unknown key "log.level"`},
		{"section", "demo = true\n[log]\nlevel = \"info\"\n", nil, `FILE:2: there are no sections, so [log] is not known`},
		{"file in the file", "config = \"other.toml\"\n", nil, `FILE:1: unknown key "config"`},
		{"twice", "demo = true\ndemo = false\n", nil, `FILE:2: demo was set in line 1 already`},
		{"number in quotes", "max_contacts = \"10\"\n", nil, `FILE:1: max_contacts needs a number, without quotes`},
		{"fraction", "max_contacts = 1.5\n", nil, `FILE:1: max_contacts needs a number, without quotes`},
		{"word for a bool", "demo = \"yes\"\n", nil, `FILE:1: demo needs true or false, without quotes`},
		{"duration without unit", "login_window = \"15\"\n", nil, `FILE:1: login_window needs a duration in quotes, such as "15m" or "336h"`},
		{"text for a list", "trusted_proxies = \"::1\"\n", nil, `FILE:1: trusted_proxies needs a list of texts, such as ["10.0.0.0/8"]`},
		{"list of numbers", "trusted_proxies = [1]\n", nil, `FILE:1: trusted_proxies needs a list of texts, such as ["10.0.0.0/8"]`},
		{"wrong type under a flag of the environment", "max_contacts = true\n", map[string]string{"CONTACTSD_MAX_CONTACTS": "5"},
			`FILE:1: max_contacts needs a number, without quotes`},
		{"not TOML", "demo = true\nlisten: 8080\n", nil, `FILE:2: `},
		{"open quote", "listen = \"x\n", nil, `FILE:1: `},
		{"bad environment", "", map[string]string{"CONTACTSD_DEMO": "perhaps"}, `CONTACTSD_DEMO: "perhaps" is not a valid true or false`},
		{"bad duration in the environment", "", map[string]string{"CONTACTSD_LOGIN_WINDOW": "soon"},
			`CONTACTSD_LOGIN_WINDOW: "soon" is not a valid duration such as 15m or 336h`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, name, err := load(t, nil, tt.env, tt.file)
			want := strings.ReplaceAll(tt.want, "FILE", name)
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("load() = %v, want %s", err, want)
			}
		})
	}
}

// A value that only the server can judge is blamed on the place it came from.
func TestBadSettingNamesItsPlace(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "site.toml")
	if err := os.WriteFile(name, []byte("\npublic_url = \"contacts.example.com\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	for _, tt := range []struct {
		args []string
		env  map[string]string
		want string
	}{
		{[]string{"serve", "--config", name}, nil, name + ":2: public_url: "},
		{[]string{"serve", "--max-contacts", "0"}, nil, "--max-contacts: must be at least 1"},
		{[]string{"serve"}, map[string]string{"CONTACTSD_TRUSTED_PROXIES": "lan"}, `CONTACTSD_TRUSTED_PROXIES: "lan" is neither`},
		{[]string{"serve", "--log-format", "xml"}, nil, `--log-format: log_format must be text or json, not "xml"`},
		{[]string{"serve", "--tls-cert", "x.pem"}, nil, "--tls-cert: needs tls_key"},
		{[]string{"serve", "--config", filepath.Join(dir, "none.toml")}, nil, "configuration file: "},
	} {
		status, out, errs := call(t, tt.env, "", append(tt.args, "--data", data)...)
		if status != statusMisused || out != "" || !strings.HasPrefix(errs, "contactsd: "+tt.want) {
			t.Errorf("%q: status %d, stdout %q, stderr %q; want status 2 and %q", tt.args, status, out, errs, tt.want)
		}
	}
	if _, err := os.Stat(data); !os.IsNotExist(err) {
		t.Errorf("the data directory exists after bad settings: %v", err)
	}
}

// A variable that is none of ours is told, and changes nothing else.
func TestUnknownVariables(t *testing.T) {
	for name, want := range map[string]string{
		"CONTACTSD_MAX_CONTACT":  "CONTACTSD_MAX_CONTACT is no setting, and is ignored; did you mean CONTACTSD_MAX_CONTACTS?\n",
		"CONTACTSD_LISSTEN":      "CONTACTSD_LISSTEN is no setting, and is ignored; did you mean CONTACTSD_LISTEN?\n",
		"CONTACTSD_Listen":       "CONTACTSD_Listen is no setting, and is ignored; did you mean CONTACTSD_LISTEN?\n",
		"CONTACTSD_PEMBERLEY":    "CONTACTSD_PEMBERLEY is no setting, and is ignored\n",
		"CONTACTSD_MAX_CONTACTS": "",
		"CONTACTSD_CONFIG":       "",
		"CONTACTSD_DATA":         "",
		"CONTACTSD_DOMAIN":       "", // of quickstart
		"CONTACTS_SERVER":        "", // of the other program
	} {
		value := "7"
		if name == "CONTACTSD_CONFIG" {
			value = os.DevNull
		}
		status, out, errs := call(t, map[string]string{name: value}, "", "config")
		if status != statusDone || !strings.Contains(out, "listen = ") || errs != want {
			t.Errorf("with %s: status %d, stderr %q, want %q", name, status, errs, want)
		}
	}
	if _, _, errs := call(t, map[string]string{"CONTACTSD_LISSTEN": ""}, "", "config"); errs != "" {
		t.Errorf("with an empty variable: stderr %q", errs)
	}
}

// The documentation lists every setting, and no other.
func TestSettingsAreDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "configuration.md"))
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "| `"); ok {
			key, _, _ := strings.Cut(rest, "`")
			documented = append(documented, key)
		}
	}
	var want []string
	newSettings().flags.VisitAll(func(f *pflag.Flag) { want = append(want, keyName(f.Name)) })
	slices.Sort(documented)
	slices.Sort(want)
	if !slices.Equal(documented, want) {
		t.Errorf("docs/configuration.md lists\n%q, want\n%q", documented, want)
	}
}
