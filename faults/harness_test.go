// Package faults breaks what contactsd stands on, for real, and checks what is
// promised then: docs/faults.md has the table. Disks are small file systems
// that the tests mount, and limits are those of the system, so most tests need
// Linux and root.
package faults

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const (
	email    = "elizabeth@example.com"
	password = "Till this moment I never knew myself"
	feedPath = "/m8/feeds/contacts/default/full"
)

func TestMain(m *testing.M) {
	ownMounts()
	dir, err := os.MkdirTemp("", "faults-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binDir = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// ownMounts starts this program again where nobody else sees what it mounts.
// Any process that is given a copy of all mounts, as tests of other packages
// do, would keep a disk of ours in use after it is unmounted here. Where this
// may not be done, no disk can be mounted either.
func ownMounts() {
	const done = "FAULTS_OWN_MOUNTS"
	unshare, err := exec.LookPath("unshare")
	if err != nil || os.Getenv(done) != "" || exec.Command(unshare, "--mount", "true").Run() != nil {
		return
	}
	self, err := os.Executable()
	if err == nil {
		args := append([]string{unshare, "--mount", "--propagation=private", self}, os.Args[1:]...)
		err = syscall.Exec(unshare, args, append(os.Environ(), done+"=1"))
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// binDir is where the built program lies while the tests run.
var binDir string

// build returns the built program, made once for all tests.
var build = sync.OnceValues(func() (string, error) {
	bin := filepath.Join(binDir, "contactsd")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", bin, "./cmd/contactsd")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return bin, nil
})

// program returns the built program.
func program(t *testing.T) string {
	t.Helper()
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

// clean is our environment without settings of the server, and without
// proxies that would come between it and us.
func clean() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return strings.HasPrefix(name, "CONTACTSD_") || strings.HasSuffix(strings.ToLower(name), "_proxy")
	})
}

// run runs another command of the program and returns what it prints, and its
// exit status.
func run(t *testing.T, stdin string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	cmd := exec.Command(program(t), args...)
	cmd.Env = clean()
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// setUp makes the account in a data directory.
func setUp(t *testing.T, data string) {
	t.Helper()
	for _, args := range [][]string{{"domain", "add", "example.com"}, {"user", "add", email, "--password-stdin"}} {
		if _, errs, status := run(t, password+"\n", append(args, "--data", data)...); status != 0 {
			t.Fatalf("contactsd %s: %s", strings.Join(args, " "), errs)
		}
	}
}

// A lines takes the log of a running program.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// A process is a running program, and a client of it that is signed in.
type process struct {
	url    string
	cmd    *exec.Cmd
	log    lines
	client *http.Client
	auth   string
	ended  sync.Once
	status int
}

// start runs `contactsd serve` on a data directory that setUp has made.
// before is put before the command, such as a shell that sets a limit.
func start(t *testing.T, data string, before ...string) *process {
	t.Helper()
	s, err := tryStart(t, data, before...)
	if err != nil {
		t.Fatal(err)
	}
	s.signIn(t)
	return s
}

// tryStart is start for a server that may refuse. It does not sign in.
func tryStart(t *testing.T, data string, before ...string) (*process, error) {
	t.Helper()
	args := append(slices.Clone(before), program(t), "serve", "--data", data, "--listen", "127.0.0.1:0")
	s := &process{cmd: exec.Command(args[0], args[1:]...), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	s.cmd.Env = clean()
	s.cmd.Stderr = &s.log
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		s.cmd.Process.Kill()
		s.wait()
		if t.Failed() {
			text := s.log.String()
			t.Logf("the server's log ends:\n%s", text[max(0, len(text)-4000):])
		}
	})
	line := make([]byte, 0, 64)
	for one := make([]byte, 1); len(line) == 0 || line[len(line)-1] != '\n'; {
		if _, err := out.Read(one); err != nil {
			s.wait()
			return s, fmt.Errorf("the server does not say that it listens: %w; its log:\n%s", err, s.log.String())
		}
		line = append(line, one[0])
	}
	go io.Copy(io.Discard, out)
	var ok bool
	if s.url, ok = strings.CutPrefix(strings.TrimSpace(string(line)), "listening on "); !ok {
		return s, fmt.Errorf("the server says %q", line)
	}
	return s, nil
}

func (s *process) signIn(t *testing.T) {
	t.Helper()
	res, err := s.client.PostForm(s.url+"/accounts/ClientLogin", url.Values{"Email": {email}, "Passwd": {password}, "service": {"cp"}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	_, token, ok := strings.Cut(string(text), "\nAuth=")
	if err != nil || !ok {
		t.Fatalf("ClientLogin answers %d %s, %v", res.StatusCode, text, err)
	}
	s.auth = "GoogleLogin auth=" + strings.TrimSpace(token)
}

// wait waits for the end of the program and returns its exit status, -1 if a
// signal ended it.
func (s *process) wait() int {
	s.ended.Do(func() {
		s.cmd.Wait()
		s.status = s.cmd.ProcessState.ExitCode()
	})
	return s.status
}

// stop ends the program as a service manager does, and checks that it agrees.
func (s *process) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status := s.wait(); status != 0 {
		t.Errorf("the server ended with status %d, want 0", status)
	}
}

// do sends a request of version 3.
func (s *process) do(method, path, body string, headers ...string) (status int, answer string, err error) {
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Authorization", s.auth)
	req.Header.Set("GData-Version", "3.0")
	if body != "" {
		req.Header.Set("Content-Type", "application/atom+xml")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := s.client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, string(text), err
}

// person is an entry. The note makes it large, so that little room is soon full.
func person(name string, note int) string {
	return `<entry xmlns="http://www.w3.org/2005/Atom" xmlns:gd="http://schemas.google.com/g/2005"><content>` +
		strings.Repeat("Pemberley ", note/10) + `</content><gd:name><gd:fullName>` + name + `</gd:fullName></gd:name></entry>`
}

// insert adds a contact.
func (s *process) insert(name string, note int) (status int, err error) {
	status, _, err = s.do("POST", feedPath, person(name, note))
	return status, err
}

// reads fails unless the feed can be read.
func (s *process) reads() error {
	status, _, err := s.do("GET", feedPath, "")
	return is(http.StatusOK, status, err)
}

// is fails unless an answer came and has the status.
func is(want, status int, err error) error {
	if err == nil && status != want {
		err = fmt.Errorf("status %d, want %d", status, want)
	}
	return err
}

// holds checks that the book has all the acknowledged contacts, each once, and
// none that was never sent.
func (s *process) holds(t *testing.T, acknowledged []string, sent int) {
	t.Helper()
	status, feed, err := s.do("GET", feedPath+"?max-results=100000", "")
	if err != nil || status != http.StatusOK {
		t.Fatalf("GET the feed = %d, %v: %.300s", status, err, feed)
	}
	for _, name := range acknowledged {
		if n := strings.Count(feed, "<gd:fullName>"+name+"</gd:fullName>"); n != 1 {
			t.Fatalf("%s was acknowledged and is there %d times", name, n)
		}
	}
	if n := strings.Count(feed, "<entry"); n > sent || n < len(acknowledged) {
		t.Fatalf("the feed has %d contacts; %d were sent, %d acknowledged", n, sent, len(acknowledged))
	}
}

// A load is eight clients that insert contacts.
type load struct {
	mu           sync.Mutex
	acknowledged []string
	statuses     map[int]int // how many answers had each status; 0 for no answer
	sent         atomic.Int64
}

func (l *load) note(name string, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.statuses == nil {
		l.statuses = map[int]int{}
	}
	l.statuses[status]++
	if status == http.StatusCreated {
		l.acknowledged = append(l.acknowledged, name)
	}
}

// run inserts until more returns false, which is called after each insert.
func (l *load) run(s *process, note int, more func(status int, err error) bool) {
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			for {
				name := fmt.Sprintf("Guest No%d", l.sent.Add(1))
				status, err := s.insert(name, note)
				if err != nil {
					status = 0
				}
				l.note(name, status)
				if !more(status, err) {
					return
				}
			}
		})
	}
	work.Wait()
}

// eventually tries until it works, for as long as the test may run.
func eventually(t *testing.T, what string, try func() error) {
	t.Helper()
	for wait := time.Millisecond; ; wait = min(2*wait, 200*time.Millisecond) {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("%s: %v", what, err)
		case <-time.After(wait):
		}
	}
}

// needsRoot ends a test that cannot make its fault: as skipped, or as failed
// with CI=true.
func needsRoot(t *testing.T, why error) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("needs root: %v", why)
	}
	t.Skipf("needs root: %v", why)
}

// disk mounts a new file system of so many MiB, and returns where. Like that of
// most machines it turns read-only when it finds itself damaged.
func disk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	image, at := filepath.Join(dir, "image"), filepath.Join(dir, "disk")
	if err := errors.Join(os.WriteFile(image, nil, 0o600), os.Truncate(image, int64(size)<<20), os.Mkdir(at, 0o700)); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"mkfs.ext4", "-q", "-F", "-O", "^has_journal", "-e", "remount-ro", "-m", "0", image},
		{"mount", "-o", "loop", image, at},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			needsRoot(t, fmt.Errorf("%s: %w: %s", args[0], err, out))
		}
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", at).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	return at
}

// copyTree copies the files of a data directory.
func copyTree(t testing.TB, from, to string) {
	t.Helper()
	files, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !f.Type().IsRegular() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(from, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, f.Name()), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// dial opens a connection to the server that says nothing.
func (s *process) dial(t *testing.T) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}
