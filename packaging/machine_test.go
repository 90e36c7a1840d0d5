package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// missing ends a test that needs what the machine lacks: as skipped, or as
// failed with CI=true.
func missing(t *testing.T, format string, args ...any) {
	t.Helper()
	text := "needs " + fmt.Sprintf(format, args...)
	if os.Getenv("CI") == "true" {
		t.Fatal(text)
	}
	t.Skip(text)
}

// needs ends a test without these programs, which are in Debian's packages.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			missing(t, "%s: %v", p, err)
		}
	}
}

// A machine is this Debian with a layer above its file system that takes all
// writes and goes with the test, so that packages can be installed for real.
type machine struct {
	pid   string   // of its first process
	dir   string   // has root, its file system, and layer, what was written to that; for those within
	tools string   // where the go command is
	env   []string // what the go command has to know
}

// newMachine ends the test where there is no Debian to put a layer upon.
func newMachine(t *testing.T) *machine {
	t.Helper()
	needs(t, "dpkg", "unshare", "nsenter", "setpriv", "adduser", "systemd-analyze")
	if os.Getuid() != 0 {
		missing(t, "root, to mount a layer upon the file system")
	}
	dir := t.TempDir()
	// The first process waits for the end of its input, which comes with the
	// end of the test however that ends, and takes all others with it.
	cmd := exec.Command("unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation=private", "sh", "-ec", `
		read -r pid rest </proc/self/stat
		mount -t tmpfs tmpfs "$0"
		mkdir "$0/layer" "$0/work" "$0/root"
		mount -t overlay overlay -o "lowerdir=/,upperdir=$0/layer,workdir=$0/work" "$0/root"
		mount --bind /dev "$0/root/dev"
		mount -t proc proc "$0/root/proc"
		echo "$pid"
		exec cat`, dir)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	pid, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		in.Close()
		cmd.Wait()
		missing(t, "an overlay file system: %s", errs.Bytes())
	}
	goCommand, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{pid: strings.TrimSpace(pid), dir: dir, tools: filepath.Dir(goCommand)}
	for _, name := range []string{"GOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GOMODCACHE", "GOCACHE", "GOTOOLCHAIN"} {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		m.env = append(m.env, name+"="+strings.TrimSpace(string(value)))
	}
	return m
}

// command is a command on the machine, as root.
func (m *machine) command(args ...string) *exec.Cmd {
	cmd := exec.Command("nsenter", append([]string{"--target", m.pid, "--mount", "--pid", "chroot", filepath.Join(m.dir, "root")}, args...)...)
	cmd.Env = append([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:" + m.tools, "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", "HOME=/root"}, m.env...)
	return cmd
}

// try runs a command and gives what it says and its error.
func (m *machine) try(args ...string) (string, error) {
	out, err := m.command(args...).CombinedOutput()
	return string(out), err
}

// run runs a command that must succeed, and gives what it says on stdout.
func (m *machine) run(t *testing.T, args ...string) string {
	t.Helper()
	cmd := m.command(args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%q: %v\n%s%s", args, err, out, errs.Bytes())
	}
	return string(out)
}

// written gives the files below folders that were made or changed on the
// machine, by a pattern of their names.
func (m *machine) written(t *testing.T, pattern string, folders ...string) string {
	t.Helper()
	args := []string{"--target", m.pid, "--mount", "find"}
	for _, folder := range folders {
		args = append(args, filepath.Join(m.dir, "layer", folder))
	}
	// A character device stands for what was removed.
	out, err := exec.Command("nsenter", append(args, "-name", pattern, "!", "-type", "c")...).CombinedOutput()
	if err != nil {
		t.Fatalf("find: %v\n%s", err, out)
	}
	return string(out)
}

// put copies a file to the machine.
func (m *machine) put(t *testing.T, from, to string) {
	t.Helper()
	f, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd := m.command("sh", "-c", `cat >"$0"`, to)
	cmd.Stdin = f
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// readUnit gives the settings of a unit file, by key; a key may be there twice.
func readUnit(text string) map[string][]string {
	unit := map[string][]string{}
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok && !strings.HasPrefix(key, "#") {
			unit[key] = append(unit[key], value)
		}
	}
	return unit
}

// A service is a server that runs on the machine as its unit has it.
type service struct {
	cmd *exec.Cmd
	url string
	out io.Reader
	log *serviceLog
	m   *machine
}

// A serviceLog is what a service has written to stderr until now.
type serviceLog struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{} // has one if there is something new, and is closed at the end
}

// follow reads a log until its end.
func follow(r io.ReadCloser) *serviceLog {
	l := &serviceLog{more: make(chan struct{}, 1)}
	go func() {
		defer close(l.more)
		defer r.Close()
		for lines := bufio.NewReader(r); ; {
			line, err := lines.ReadString('\n')
			l.mu.Lock()
			l.text.WriteString(line)
			l.mu.Unlock()
			if err != nil {
				return
			}
			select {
			case l.more <- struct{}{}:
			default:
			}
		}
	}()
	return l
}

func (l *serviceLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// await waits for a text in the log.
func (l *serviceLog) await(t *testing.T, text string) {
	t.Helper()
	for !strings.Contains(l.String(), text) {
		if _, ok := <-l.more; !ok && !strings.Contains(l.String(), text) {
			t.Fatalf("the log ends without %q:\n%s", text, l)
		}
	}
}

// start does by hand what systemd does with the unit: the user, the
// directories, the mask, the privileges, and then ExecStart.
func (m *machine) start(t *testing.T) *service {
	t.Helper()
	unit := readUnit(m.run(t, "cat", "/usr/lib/systemd/system/contactsd.service"))
	one := func(key string) string {
		t.Helper()
		if len(unit[key]) != 1 {
			t.Fatalf("the unit has %q for %s", unit[key], key)
		}
		return unit[key][0]
	}
	user, group := one("User"), one("Group")
	m.run(t, "install", "-d", "-o", user, "-g", group, "-m", one("StateDirectoryMode"), "/var/lib/"+one("StateDirectory"))
	caps := "-all,+" + strings.ToLower(strings.TrimPrefix(one("CapabilityBoundingSet"), "CAP_"))
	args := []string{"setpriv", "--reuid", user, "--regid", group, "--init-groups", "--no-new-privs", "--bounding-set", caps,
		"--inh-caps", caps, "--ambient-caps", caps, "sh", "-c", `umask "$0" && cd "$1" && shift && exec "$@"`, one("UMask"), one("WorkingDirectory")}
	return m.serve(t, append(args, strings.Fields(one("ExecStart"))...)...)
}

// serve starts a server by a command, and waits until it answers.
func (m *machine) serve(t *testing.T, args ...string) *service {
	t.Helper()
	s := &service{cmd: m.command(args...), m: m}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	log, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stderr = w
	err = s.cmd.Start()
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	s.log = follow(log)
	r := bufio.NewReader(out)
	line, _ := r.ReadString('\n')
	var ok bool
	if s.url, ok = strings.CutPrefix(strings.TrimSpace(line), "listening on "); !ok {
		s.cmd.Wait()
		t.Fatalf("the service says %q\n%s", line, s.log)
	}
	s.out = r
	return s
}

// stop ends the service as systemd does.
func (s *service) stop(t *testing.T) {
	t.Helper()
	s.m.run(t, "sh", "-c", `for p in /proc/[0-9]*; do [ "$(readlink "$p/exe")" != /usr/bin/contactsd ] || kill "${p#/proc/}"; done`)
	io.Copy(io.Discard, s.out)
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("SIGTERM ends the service with %v\n%s", err, s.log)
	}
}
