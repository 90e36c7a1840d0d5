package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	testUser     = "elizabeth@example.com"
	testPassword = "benchpass"
)

// startContactsd builds and starts the program with an empty book for testUser
// and returns a measured server whose full reads take several pages.
func startContactsd(t *testing.T) *server {
	t.Helper()
	dir := t.TempDir()
	program, data := filepath.Join(dir, "contactsd"), filepath.Join(dir, "data")
	run := func(stdin, name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Stdin = strings.NewReader(stdin)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
		}
	}
	run("", "go", "build", "-o", program, "../cmd/contactsd")
	run("", program, "domain", "add", "example.com", "--data", data)
	run(testPassword+"\n", program, "user", "add", testUser, "--password-stdin", "--data", data)

	cmd := exec.Command(program, "serve", "--data", data, "--listen", "127.0.0.1:0")
	var log strings.Builder
	cmd.Stderr = &log
	address, err := startListener(cmd)
	if err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	target, err := newTarget("gdata", address, testUser, testPassword, "clientlogin")
	if err != nil {
		t.Fatal(err)
	}
	target.(*GData).pageSize = 70
	s := &server{name: "contactsd", t: target, seed: 1}
	t.Cleanup(func() {
		for _, c := range s.conns {
			c.Close()
		}
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("contactsd: %v\n%s", err, log.String())
		}
	})
	if err := target.Setup(s.conn()); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRunOnContactsd(t *testing.T) {
	s := startContactsd(t)
	run := &Run{Peer: s.name, N: 300}
	b := &runner{server: s, run: run, n: run.N, dur: 20 * time.Millisecond, limit: time.Second}
	if err := b.all(); err != nil {
		t.Fatal(err)
	}
	done := map[string]Result{}
	for _, r := range run.Results {
		done[r.Op] = r
		if r.Errors > 0 {
			t.Errorf("%s: %d errors, %s", r.Op, r.Errors, r.Note)
		}
	}
	for _, op := range strings.Fields("insert_c1 insert_c8 insert_c1_atN insert_c8_atN delete_c1 list_etags full_atom full_json sync_initial sync_10changed poll get_c1 get_c8 update_c1 update_c8 search_one search_percent") {
		if done[op].Count == 0 {
			t.Errorf("%s: nothing was done", op)
		}
	}
	if _, err := s.list(); err != nil {
		t.Errorf("after all writes: %v", err)
	}
}

// The mark is the time of the last change, which the server repeats; it counts
// as no change.
func TestSyncOnContactsd(t *testing.T) {
	s := startContactsd(t)
	if r := s.insert("insert", 4, 100); r.Errors > 0 {
		t.Fatal(r.Note)
	}
	if _, err := s.sync(nil); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		changed, err := s.change(10)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.sync(changed); err != nil {
			t.Error(err)
		}
		if st, err := s.sync(nil); err != nil || st.Count != 0 {
			t.Errorf("a sync without change reports %d changes, %v", st.Count, err)
		}
	}
	if _, err := s.sync([]Ref{{Path: "/nowhere", ETag: `"x"`}}); err == nil {
		t.Error("sync does not notice that a change is missing")
	}
}
