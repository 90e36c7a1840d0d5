package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"contacts/cmd/line"
	"github.com/spf13/pflag"
)

// defaultConfig is the configuration file that is read when neither --config
// nor CONTACTSD_CONFIG is there, if it exists. Packages set it when they build
// the program; otherwise there is none.
var defaultConfig string

// loadSettings completes the settings for a command that has use for them.
func (a *app) loadSettings(cmd *cobra.Command) error {
	top := cmd
	for top.HasParent() && top.Parent().HasParent() {
		top = top.Parent()
	}
	switch top.Name() {
	case "version", "help", "man", "completion", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd:
		return nil // also for who may not read the file
	}
	a.warnOfVariables(cmd.Root())
	named := a.set.flags.Changed("config")
	if v, _ := a.lookupEnv(envName("config")); v != "" {
		named = true
	}
	if !named && defaultConfig != "" {
		if _, err := os.Stat(defaultConfig); !errors.Is(err, fs.ErrNotExist) {
			a.set.configFile = defaultConfig
		}
	}
	return a.set.load(a.lookupEnv)
}

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Print a configuration file with every setting",
		Long: "Prints a configuration file with every setting and its meaning: those that are set now, by flag, environment\n" +
			"or file, with their values, and the others commented out with their defaults. Secrets in settings are printed\n" +
			"as they are.",
		Args: line.Args(0, 0),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(a.stdout, a.set.toml())
			return err
		},
	}
	a.addFlags(cmd)
	return cmd
}

// toml is a configuration file that means these settings.
func (s *settings) toml() string {
	var b strings.Builder
	b.WriteString("# The settings of contactsd, as KEY = VALUE. A line that begins with # says what holds without it.\n" +
		"# Flags (--max-contacts) and the environment (CONTACTSD_MAX_CONTACTS) win over this file.\n")
	s.flags.VisitAll(func(f *pflag.Flag) {
		if f.Name == "config" {
			return
		}
		_, usage := pflag.UnquoteUsage(f)
		off := "#"
		if s.origin[f.Name] != "" {
			off = ""
		}
		fmt.Fprintf(&b, "\n# %s\n%s%s = %s\n", usage, off, keyName(f.Name), tomlValue(f)) // OPS-121
	})
	return b.String()
}

// tomlValue is the value of a flag as the file has it.
func tomlValue(f *pflag.Flag) string {
	switch v := f.Value.(type) {
	case pflag.SliceValue:
		var items []string
		for _, item := range v.GetSlice() {
			items = append(items, tomlText(item))
		}
		return "[" + strings.Join(items, ", ") + "]"
	default:
		switch text := v.String(); v.Type() {
		case "bool", "int", "float64":
			return text
		default:
			return tomlText(text)
		}
	}
}

// tomlText is a basic string of TOML.
func tomlText(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
