package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A peer is a script in peers/ that installs, starts and stops one server; see
// README.md for its commands.
type peer struct {
	script string
	env    []string // added to the environment, for several instances of one server
}

// do runs a command of the script. What it prints is for the reader of stderr.
func (p *peer) do(command string) error {
	cmd := exec.Command(p.script, command)
	cmd.Env = append(os.Environ(), p.env...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", filepath.Base(p.script), command, err)
	}
	return nil
}

// vars returns what the script's command env prints.
func (p *peer) vars() (map[string]string, error) {
	cmd := exec.Command(p.script, "env")
	cmd.Env = append(os.Environ(), p.env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s env: %w", filepath.Base(p.script), err)
	}
	vars := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			vars[k] = v
		}
	}
	return vars, nil
}

// open makes a fresh store, starts the server and signs in. The server runs
// when open succeeds, and does not when it fails.
func (p *peer) open(seed uint64) (s *server, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, p.do("remove"))
		}
	}()
	for _, command := range []string{"install", "reset", "start"} {
		if err := p.do(command); err != nil {
			return nil, err
		}
	}
	v, err := p.vars()
	if err != nil {
		return nil, err
	}
	t, err := newTarget(v["TARGET"], v["URL"], v["USER"], v["PASS"], v["AUTH"])
	if err != nil {
		return nil, err
	}
	s = &server{
		name: strings.TrimSuffix(filepath.Base(p.script), ".sh"), t: t, peer: p,
		pidfile: v["PIDFILE"], data: strings.Split(v["DATA"], ","),
		version: v["VERSION"], note: v["SETTINGS"], seed: seed,
	}
	if err := waitReady(t); err != nil {
		return nil, err
	}
	if err := t.Setup(s.conn()); err != nil {
		return nil, err
	}
	s.disk0 = diskUse(s.data)
	return s, nil
}

// pageSize asks for everything: the server cuts its pages where it must.
const pageSize = 1000000

// newTarget returns the client for a protocol; the empty name is CardDAV.
func newTarget(protocol, address, user, pass, auth string) (Target, error) {
	base, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	switch protocol {
	case "gdata":
		return &GData{base: base, feed: "/m8/feeds/contacts/default/full", user: user, pass: pass, auth: auth, pageSize: pageSize}, nil
	case "carddav", "":
		return &CardDAV{base: base, user: user, pass: pass}, nil
	}
	return nil, fmt.Errorf("unknown target %q", protocol)
}

// benchDir finds this folder from the current directory, be that the folder
// itself or the root of the module.
func benchDir() (string, error) {
	for _, dir := range []string{"bench", "."} {
		if _, err := os.Stat(filepath.Join(dir, "peers", "common.sh")); err == nil {
			return filepath.Abs(dir)
		}
	}
	return "", errors.New("run this from the root of the module or from bench/")
}

// peerScript returns the path of a peer's script.
func peerScript(name string) (string, error) {
	dir, err := benchDir()
	if err != nil {
		return "", err
	}
	script := filepath.Join(dir, "peers", name+".sh")
	if _, err := os.Stat(script); err != nil {
		return "", fmt.Errorf("no peer %q: %w", name, err)
	}
	return script, nil
}
