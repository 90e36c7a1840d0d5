package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
	"github.com/spf13/pflag"
)

// loadFile sets what neither the command line nor the environment has set from
// a TOML file of KEY = VALUE lines. Errors name the file and the line.
func (s *settings) loadFile(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return usageErrorf("configuration file: %v", err)
	}
	lines := map[string]int{}
	var p unstable.Parser
	p.Reset(text)
	for p.NextExpression() {
		e := p.Expression()
		var parts []string
		line := 0
		for it := e.Key(); it.Next(); {
			if line == 0 {
				line = p.Shape(it.Node().Raw).Start.Line
			}
			parts = append(parts, string(it.Node().Data))
		}
		key := strings.Join(parts, ".")
		at := fmt.Sprintf("%s:%d", name, line)
		if e.Kind != unstable.KeyValue {
			return usageErrorf("%s: there are no sections, so [%s] is not known", at, key)
		}
		f := s.flags.Lookup(strings.ReplaceAll(key, "_", "-"))
		if f == nil || key != keyName(f.Name) || key == "config" {
			return usageErrorf("%s: unknown key %q", at, key)
		}
		if lines[key] != 0 {
			return usageErrorf("%s: %s was set in line %d already", at, key, lines[key])
		}
		lines[key] = line
		value, ok := textOf(e.Value(), f)
		if ok && s.origin[f.Name] != "" {
			continue
		}
		if ok {
			ok = s.flags.Set(f.Name, value) == nil
		}
		if !ok {
			return usageErrorf("%s: %s needs %s", at, key, wantedToml(f))
		}
		s.origin[f.Name] = at
	}
	var bad *unstable.ParserError
	if err := p.Error(); errors.As(err, &bad) {
		return usageErrorf("%s:%d: %s", name, p.Shape(p.Range(bad.Highlight)).Start.Line, bad.Message)
	} else if err != nil {
		return usageErrorf("%s: %v", name, err)
	}
	return nil
}

// textOf is the value of a key as its flag would be given it, if it is of the
// flag's type.
func textOf(v *unstable.Node, f *pflag.Flag) (string, bool) {
	switch f.Value.Type() {
	case "bool":
		return string(v.Data), v.Kind == unstable.Bool
	case "int":
		return string(v.Data), v.Kind == unstable.Integer
	case "float64":
		return strings.ReplaceAll(string(v.Data), "_", ""), v.Kind == unstable.Integer || v.Kind == unstable.Float
	case "stringSlice":
		if v.Kind != unstable.Array {
			return "", false
		}
		var items []string
		for it := v.Children(); it.Next(); {
			if it.Node().Kind != unstable.String {
				return "", false
			}
			items = append(items, string(it.Node().Data))
		}
		return strings.Join(items, ","), true
	default:
		return string(v.Data), v.Kind == unstable.String
	}
}

// wantedToml says in words what a key accepts.
func wantedToml(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "bool":
		return "true or false, without quotes"
	case "int", "float64":
		return "a number, without quotes"
	case "duration":
		return `a duration in quotes, such as "15m" or "336h"`
	case "stringSlice":
		return `a list of texts, such as ["10.0.0.0/8"]`
	default:
		return "a text in quotes"
	}
}
