package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// site is the server's name for clients, which the machine's transports find.
const site = "http://contacts.example.com"

// A machine runs the server program on one data directory, and restarts it.
type machine struct {
	program, data string
	log           *os.File

	mu    sync.Mutex
	addr  string // where the server listens, on another port each time, as others may take the last; or empty
	cmd   *exec.Cmd
	up    chan struct{} // closed while the server answers
	lives []life
}

// A life is the time from one start of the server to the next.
type life struct {
	began, ended time.Time
	samples      []sample
}

// A sample is what the server's process takes at a time.
type sample struct {
	at          time.Time
	memory      int // resident, KiB
	descriptors int
}

// newMachine makes a machine whose server is down. Its log goes to a file
// beside the data.
func newMachine(program, dir string) (*machine, error) {
	log, err := os.Create(filepath.Join(dir, "server.log"))
	if err != nil {
		return nil, err
	}
	return &machine{program: program, data: filepath.Join(dir, "data"), log: log, up: make(chan struct{})}, nil
}

// transport leads to the server, wherever it listens.
func (m *machine) transport() *http.Transport {
	return &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		m.mu.Lock()
		addr := m.addr
		m.mu.Unlock()
		return new(net.Dialer).DialContext(ctx, network, addr)
	}}
}

// run runs another command of the program on the data.
func (m *machine) run(stdin string, args ...string) (string, error) {
	cmd := exec.Command(m.program, append(args, "--data", m.data)...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("contactsd %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

// start starts the server and waits until it answers.
func (m *machine) start() error {
	cmd := exec.Command(m.program, "serve", "--data", m.data, "--listen", "127.0.0.1:0", "--public-url", site, "--log-level", "warn", "--slow-request", "0s")
	cmd.Stderr = m.log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	in := bufio.NewReader(out)
	line, err := in.ReadString('\n')
	addr, ok := strings.CutPrefix(line, "listening on http://")
	if !ok {
		cmd.Process.Kill()
		return fmt.Errorf("the server does not start: %w; see %s", errors.Join(err, cmd.Wait()), m.log.Name())
	}
	go io.Copy(io.Discard, in)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cmd, m.addr = cmd, strings.TrimSpace(addr)
	m.lives = append(m.lives, life{began: time.Now()})
	close(m.up)
	return nil
}

// stop ends the server by a signal. SIGTERM must bring status 0.
func (m *machine) stop(sig syscall.Signal) error {
	m.mu.Lock()
	m.up, m.addr = make(chan struct{}), ""
	cmd := m.cmd
	m.lives[len(m.lives)-1].ended = time.Now()
	m.mu.Unlock()
	if err := cmd.Process.Signal(sig); err != nil {
		return err
	}
	if err := cmd.Wait(); err != nil && sig == syscall.SIGTERM {
		return fmt.Errorf("after SIGTERM: %w", err)
	}
	return nil
}

// wait waits until the server is meant to answer.
func (m *machine) wait(ctx context.Context) error {
	m.mu.Lock()
	up := m.up
	m.mu.Unlock()
	select {
	case <-up:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// watch takes a sample of the process.
func (m *machine) watch() {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := &m.lives[len(m.lives)-1]
	if !l.ended.IsZero() {
		return
	}
	proc := fmt.Sprintf("/proc/%d/", m.cmd.Process.Pid)
	text, err := os.ReadFile(proc + "status")
	fds, err2 := os.ReadDir(proc + "fd")
	if err != nil || err2 != nil { // not Linux, or just gone
		return
	}
	s := sample{at: time.Now(), descriptors: len(fds)}
	if _, rss, ok := strings.Cut(string(text), "VmRSS:"); ok {
		fmt.Sscan(rss, &s.memory)
	}
	l.samples = append(l.samples, s)
}

// flat fails if a life of the server took ever more memory or descriptors: if
// the last third of a life of over two minutes needed half as much again as the
// second, and more than noise.
func (m *machine) flat() error {
	var errs []error
	for i, l := range m.lives {
		if n := len(l.samples) / 3; n > 0 && l.samples[len(l.samples)-1].at.Sub(l.began) > 2*time.Minute {
			before, after := most(l.samples[n:2*n]), most(l.samples[2*n:])
			if after.memory > before.memory*3/2 && after.memory > before.memory+64<<10 {
				errs = append(errs, fmt.Errorf("life %d: memory grew from %d to %d MiB", i+1, before.memory>>10, after.memory>>10))
			}
			if after.descriptors > before.descriptors*3/2 && after.descriptors > before.descriptors+20 {
				errs = append(errs, fmt.Errorf("life %d: file descriptors grew from %d to %d", i+1, before.descriptors, after.descriptors))
			}
		}
	}
	return errors.Join(errs...)
}

// most is the most of each that the samples have.
func most(samples []sample) (s sample) {
	for _, x := range samples {
		s.memory, s.descriptors = max(s.memory, x.memory), max(s.descriptors, x.descriptors)
	}
	return s
}

// ready reports what /readyz says.
func (m *machine) ready() error {
	t := m.transport()
	defer t.CloseIdleConnections()
	res, err := (&http.Client{Transport: t}).Get(site + "/readyz")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if text, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusOK {
		return fmt.Errorf("/readyz = %d %s", res.StatusCode, text)
	}
	return nil
}
