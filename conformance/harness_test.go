// Package conformance drives other people's clients, unmodified, against the
// built server program: what they were written for has to work as it did. The
// README beside it says what each client needs and sends.
//
// The tests start the program as an administrator would, through its command
// line, each on a data directory of its own.
package conformance

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// The accounts of every server that a test starts. Both belong to domain.
const (
	domain   = "example.com"
	user     = "liz@example.com"
	admin    = "bennet@example.com"
	userName = "Elizabeth Bennet"
	password = "truth+universally&acknowledged=1813"
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "conformance-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binDir = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// binDir is where the built program lies while the tests run.
var binDir string

// build returns the built server program, made once for all tests.
var build = sync.OnceValues(func() (string, error) {
	if err := noteSource(".."); err != nil {
		return "", err
	}
	bin := filepath.Join(binDir, "contactsd")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", bin, "./cmd/contactsd")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return bin, nil
})

// noteSource looks at every file of the module. go test remembers what a test
// has looked at: without this it would take its result from the cache after
// the server has changed.
func noteSource(root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // what another test has left and removed
			return nil
		}
		if err != nil {
			return err
		}
		if name, err := filepath.Rel(root, path); err != nil || slices.Contains([]string{".git", "bin", "data"}, name) {
			return filepath.SkipDir
		}
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}

// A server is a running program.
type server struct {
	url    string        // such as http://127.0.0.1:41234
	addr   string        // its host and port
	data   string        // its data directory
	stdout *bufio.Reader // what it prints after where it listens
}

// contactsd runs another command of the program on the server's data, and
// returns what it prints.
func (s *server) contactsd(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, append(args, "--data", s.data)...)
	cmd.Env = clean()
	cmd.Stdin = strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("contactsd %s: %v\n%s%s", strings.Join(args, " "), err, out, stderr.Bytes())
	}
	return string(out)
}

// start runs the server program with further flags of serve, on a new data
// directory that has the domain and the accounts. It is stopped when the test
// ends; its log is shown when the test failed.
func start(t *testing.T, flags ...string) *server {
	t.Helper()
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	s := &server{data: data}
	s.contactsd(t, "", "domain", "add", domain)
	s.contactsd(t, password+"\n", "user", "add", user, "--name", userName, "--password-stdin")
	s.contactsd(t, password+"\n", "user", "add", admin, "--name", "Mr Bennet", "--admin", "--password-stdin")

	logFile, err := os.Create(filepath.Join(data, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, append([]string{"serve", "--data", data, "--listen", "127.0.0.1:0"}, flags...)...)
	cmd.Env = clean()
	cmd.Stderr = logFile
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		defer logFile.Close()
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("stopping the server: %v", err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("the server ended with %v, want status 0", err)
		}
		if t.Failed() {
			showLog(t, logFile.Name())
		}
	})
	s.stdout = bufio.NewReader(stdout)
	line, err := s.stdout.ReadString('\n')
	if err != nil {
		t.Fatalf("the server does not say that it listens: %v", err)
	}
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if !ok {
		t.Fatalf("the server says %q, want listening on ...", line)
	}
	s.url = url
	_, s.addr, _ = strings.Cut(url, "://")
	return s
}

// showLog prints what the server's log has of trouble, and its last lines.
func showLog(t *testing.T, name string) {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Logf("no log: %v", err)
		return
	}
	lines := strings.SplitAfter(strings.TrimSpace(string(text)), "\n")
	last := lines[max(0, len(lines)-20):]
	trouble := slices.DeleteFunc(lines[:len(lines)-len(last)], func(l string) bool { return strings.Contains(l, " level=INFO ") })
	t.Logf("from the server's log:\n%s...\n%s", strings.Join(trouble[:min(20, len(trouble))], ""), strings.Join(last, ""))
}

// clean is the environment for other programs: ours without settings of the
// server, and without proxies that would come between client and server.
func clean() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return strings.HasPrefix(name, "CONTACTSD_") || strings.HasSuffix(strings.ToLower(name), "_proxy")
	})
}

// missing ends a test for which the packages of Debian named in packages have
// to be installed: as skipped, or as failed with CI=true.
func missing(t *testing.T, packages string, err error) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("Debian packages %s: %v", packages, err)
	}
	t.Skipf("needs the Debian packages %s: %v", packages, err)
}
