package conformance

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// libgdataTests is where Debian puts libgdata's own test programs.
const libgdataTests = "/usr/libexec/installed-tests/libgdata"

// libgdataProgram is what these programs are registered as: it is built in.
var libgdataProgram = credentials{"352818697630-nqu2cmt5quqd6lr17ouoqmb684u84l1f.apps.googleusercontent.com", "-fA4pHQJxR3zJ-FyAMPQsikg"}

// libgdataCases is how many cases the test program for contacts has.
const libgdataCases = 41

// libgdataAtOnce is how many of its processes run at once: most of them wait.
const libgdataAtOnce = 16

// TestLibgdataTests runs libgdata's own test program for contacts, made to
// work online: it signs in by OAuth 2.0 with the code that a user has copied,
// and asks https://www.google.com through the proxy of the stand-in. A case
// that fails ends its process, so there are many, each with a user of its own.
func TestLibgdataTests(t *testing.T) {
	program := filepath.Join(libgdataTests, "contacts")
	list, err := exec.Command(program, "-l").Output()
	if err != nil {
		missing(t, "libgdata-tests", err)
	}
	var cases []string
	for _, m := range regexp.MustCompile(`(?m)^(/\S+)$`).FindAllStringSubmatch(string(list), -1) {
		cases = append(cases, m[1])
	}
	if len(cases) != libgdataCases {
		t.Fatalf("the program has %d cases, want %d: %q", len(cases), libgdataCases, cases)
	}
	s := startStandIn(t)
	s.register(t, "libgdata's tests", libgdataProgram)

	var runs []*libgdataRun
	by := map[string]*libgdataRun{} // a case to the run that it is part of
	slices.Sort(cases)              // what is above comes first
	for _, c := range cases {
		// A run of one case also runs those right below it, and no further.
		if above := by[path.Dir(c)]; above != nil && above.path == path.Dir(c) {
			by[c] = above
			continue
		}
		email := fmt.Sprintf("kitty%d@%s", len(runs), domain)
		s.contactsd(t, password+"\n", "user", "add", email, "--password-stdin")
		by[c] = &libgdataRun{path: c, dir: t.TempDir(), code: s.code(t, libgdataProgram, email)}
		runs = append(runs, by[c])
	}
	var work sync.WaitGroup
	next := make(chan *libgdataRun)
	for range libgdataAtOnce {
		work.Go(func() {
			for r := range next {
				r.run(program, s.proxy)
			}
		})
	}
	for _, r := range runs {
		next <- r
	}
	close(next)
	work.Wait()

	for _, c := range cases {
		t.Run(strings.TrimPrefix(c, "/"), func(t *testing.T) {
			r := by[c]
			if !regexp.MustCompile(`(?m)^ok \d+ `+regexp.QuoteMeta(c)+`$`).MatchString(r.out) || r.err != nil {
				t.Errorf("it does not end with ok, and the program with %v:\n%s", r.err, r.out)
			}
		})
	}
}

// A libgdataRun is a process of the test program.
type libgdataRun struct {
	path string // of the case
	dir  string // a folder of its own
	code string // for signing in, by a user of its own

	// What it prints and how it ends. It prints all that it sends and receives,
	// tokens included, which are worth nothing once the server has ended.
	out string
	err error
}

// run runs the process.
func (r *libgdataRun) run(program, proxy string) {
	traces := filepath.Join(r.dir, "traces", "contacts")
	if r.err = os.MkdirAll(traces, 0o700); r.err != nil {
		return
	}
	for _, name := range []string{"cert.pem", "key.pem", "photo.jpg"} {
		var data []byte
		if data, r.err = os.ReadFile(filepath.Join(libgdataTests, name)); r.err != nil {
			return
		}
		if r.err = os.WriteFile(filepath.Join(r.dir, name), data, 0o600); r.err != nil {
			return
		}
	}
	cmd := exec.Command(program, "-w", "-t", traces, "-p", r.path)
	cmd.Dir = r.dir
	cmd.Env = append(clean(), "G_TEST_SRCDIR="+r.dir, "G_TEST_BUILDDIR="+r.dir, "HOME="+r.dir, "LC_ALL=C.UTF-8",
		"no_proxy=", "http_proxy=http://"+proxy, "https_proxy=http://"+proxy)
	cmd.Stdin = strings.NewReader(r.code + "\n")
	out, err := cmd.CombinedOutput()
	r.out, r.err = string(out), err
}
