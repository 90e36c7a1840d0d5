package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The time of the traffic is in SOAK: 15s without it, five minutes in `make test`.
func TestSoak(t *testing.T) {
	o := options{dir: t.TempDir(), time: 15 * time.Second, users: 3, seed: uint64(time.Now().UnixNano())}
	if text := os.Getenv("SOAK"); text != "" {
		var err error
		if o.time, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	o.program = program(t)
	t.Run("WRT-8 OPS-1 OPS-96 after mixed traffic, restarts and kills every book is what the model says", func(t *testing.T) {
		var report strings.Builder
		err := run(t.Context(), o, &report)
		t.Logf("report:\n%s", report.String())
		if err != nil {
			if log, err := os.ReadFile(filepath.Join(o.dir, "server.log")); err == nil {
				t.Logf("the server's log ends:\n%s", log[max(0, len(log)-3000):])
			}
			t.Fatal(err)
		}
	})
}

func program(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "contactsd")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", name, "./cmd/contactsd")
	build.Dir, build.Env = "..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return name
}

// A model that nothing can contradict would prove nothing.
func TestModel(t *testing.T) {
	o := options{dir: t.TempDir(), program: program(t), users: 1, seed: 1813}
	m, err := newMachine(o.program, o.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer m.log.Close()
	s := &soak{o: o, m: m}
	if err := s.setUp(); err != nil {
		t.Fatal(err)
	}
	if err := m.start(); err != nil {
		t.Fatal(err)
	}
	defer m.stop(syscall.SIGKILL)
	ctx := t.Context()
	for _, b := range s.books {
		f := &follower{b: b, copy: map[string]string{}}
		for _, step := range []func(context.Context) error{b.insert, b.insert, b.insert, b.update, b.patch, f.round} {
			if err := step(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(b.settle(ctx, doubt{}), f.check(b.read)); err != nil {
			t.Fatal(err)
		}
		name := b.any()
		known := b.people[name]
		for _, tt := range []struct {
			what  string
			spoil func()
		}{
			{"a contact that the model does not know", func() { delete(b.people, name) }},
			{"a contact that is missing", func() { b.people["Guest of nobody"] = state{} }},
			{"other notes", func() { s := known; s.notes += "!"; b.people[name] = s }},
			{"another photo", func() { s := known; s.photo = "x"; b.people[name] = s }},
			{"a group that is missing", func() { b.groups["Ball of nobody"] = 17 }},
		} {
			tt.spoil()
			if err := b.settle(ctx, doubt{}); err == nil {
				t.Errorf("%s: %s goes unnoticed", b.name, tt.what)
			}
			delete(b.people, "Guest of nobody")
			delete(b.groups, "Ball of nobody")
			b.people[name] = known
		}
		both := doubt{people: map[string][]*state{name: {nil, &known}}}
		if delete(b.people, name); b.settle(ctx, both) != nil {
			t.Errorf("%s: what is in doubt must not be there", b.name)
		}
		f.copy["of nobody"] = "x"
		if f.check(b.read) == nil {
			t.Errorf("%s: a copy that differs goes unnoticed", b.name)
		}
	}
	if m.lives[0].samples = nil; m.flat() != nil {
		t.Error("a life without samples is not flat")
	}
	for i := range 300 {
		m.lives[0].samples = append(m.lives[0].samples, sample{m.lives[0].began.Add(time.Duration(i) * time.Second), 100_000 << (i / 100), 30 << (i / 100)})
	}
	if err := m.flat(); err == nil || !strings.Contains(err.Error(), "memory grew") || !strings.Contains(err.Error(), "descriptors grew") {
		t.Errorf("flat() = %v, want that memory and descriptors grew", err)
	}
}
