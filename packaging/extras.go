package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// extras are what the programs say about themselves: manual pages in man/, and
// completions in completions/. With a configuration file to be found by itself,
// contactsd.toml is a sample of it, for data in /var/lib/contactsd.
type extras struct {
	man         []file
	completions map[string]map[string][]byte // of program and shell
	config      []byte
	programs    []file // for this machine
}

var thisMachine = platform{runtime.GOOS, runtime.GOARCH}

// programsFor are the programs for a platform; config is that of askPrograms.
func (s source) programsFor(p platform, x extras, config string) ([]file, error) {
	if p == thisMachine {
		return slices.Clone(x.programs), nil
	}
	dir, err := os.MkdirTemp("", "packaging-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	return s.build(dir, p, config)
}

// askPrograms builds the programs for this machine and asks them.
func (s source) askPrograms(config string) (extras, error) {
	x := extras{completions: map[string]map[string][]byte{}}
	dir, err := os.MkdirTemp("", "packaging-")
	if err != nil {
		return x, err
	}
	defer os.RemoveAll(dir)
	if x.programs, err = s.build(dir, thisMachine, config); err != nil {
		return x, err
	}
	ask := func(program string, args ...string) ([]byte, error) {
		cmd := exec.Command(filepath.Join(dir, thisMachine.exe(program)), args...)
		cmd.Dir = dir
		cmd.Env = []string{"SOURCE_DATE_EPOCH=" + strconv.FormatInt(s.date.Unix(), 10), "HOME=" + dir}
		var errs bytes.Buffer
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil {
			err = fmt.Errorf("%s %s: %w\n%s", program, strings.Join(args, " "), err, errs.Bytes())
		}
		return out, err
	}
	man := filepath.Join(dir, "man")
	if err := os.Mkdir(man, 0o755); err != nil {
		return x, err
	}
	for _, program := range programs {
		if _, err := ask(program, "man", man); err != nil {
			return x, err
		}
		x.completions[program] = map[string][]byte{}
		for _, shell := range []string{"bash", "zsh", "fish"} {
			if x.completions[program][shell], err = ask(program, "completion", shell); err != nil {
				return x, err
			}
		}
	}
	pages, err := os.ReadDir(man)
	if err != nil {
		return x, err
	}
	for _, page := range pages {
		text, err := os.ReadFile(filepath.Join(man, page.Name()))
		if err != nil {
			return x, err
		}
		x.man = append(x.man, file{name: page.Name(), mode: 0o644, text: text})
	}
	x.config, err = ask("contactsd", "config", "--config=", "--data=/var/lib/contactsd")
	return x, err
}
