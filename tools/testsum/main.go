// Command testsum runs go test and ends with one line that says how it went:
//
//	N passed, N failed, N skipped
//
// Its arguments are those of go test. While the tests run it prints a line per
// package and the whole output of each test that fails; skipped tests are
// named with their reasons before the last line. Tests and subtests count
// alike, as they do for go test -v. A package that fails outside of its tests
// (it does not compile, TestMain fails) counts as one failure.
//
// It exits 0 when at least one test ran and none failed. With CI=true in the
// environment a skipped test is a failure too.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

func main() {
	ok, err := run(".", os.Args[1:], os.Getenv("CI") == "true", os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// run runs go test in dir and reports whether all is well. With strict, a
// skipped test is not. The error is about running go, not about the tests.
func run(dir string, args []string, strict bool, stdout, stderr io.Writer) (ok bool, err error) {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Dir = dir
	cmd.Stderr = stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return false, err
	}
	if err := cmd.Start(); err != nil {
		return false, err
	}
	t := newTally(stdout)
	readErr := t.read(pipe)
	err = cmd.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return false, err
	}
	if readErr != nil {
		return false, readErr
	}
	return t.finish(strict, err), nil
}

// read consumes the output of go test -json up to its end.
func (t *tally) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) == nil && e.Action != "" {
				t.add(e)
			} else {
				t.out.Write(line) // from a tool that go test called
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
