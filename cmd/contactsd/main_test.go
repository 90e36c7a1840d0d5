package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The test binary is the program when it is called contactsd, as in scripts,
// or with this variable.
const runAsProgram = "CONTACTSD_TEST_RUN"

func TestMain(m *testing.M) {
	if os.Getenv(runAsProgram) != "" {
		os.Unsetenv(runAsProgram) // it is no setting
		main()
	}
	testscript.Main(m, map[string]func(){"contactsd": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": status,
			"serve":  serve,
			"end":    end,
			"save":   save,
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Values[runningKey{}] = new(*program)
			return nil
		},
	})
}

// status is a script's command "status N contactsd ARG...": it runs contactsd
// and checks the exit status. Its output is compared like that of exec.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N PROGRAM ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// save is a script's command "save VAR": it keeps the last stdout, without its
// final line feed, in a variable.
func save(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: save VAR")
	}
	ts.Setenv(args[0], strings.TrimSuffix(ts.ReadFile("stdout"), "\n"))
}

// serve is a script's command "serve ARG...": it starts contactsd serve on a
// free port, waits until it answers, and sets $URL. What it prints later goes
// to the files serve.out and serve.log when it ends.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: serve ARG...")
	}
	cmd := exec.Command(os.Args[0], append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), runAsProgram+"=1")
	p := startProgram(ts.Check, cmd)
	ts.Setenv("URL", p.url)
	*ts.Value(runningKey{}).(**program) = p
	ts.Defer(func() {
		p.cmd.Process.Kill()
		p.cmd.Wait()
	})
}

// runningKey is where a script keeps the server that it started last.
type runningKey struct{}

// end is a script's command: it ends the server as a service manager does. (A
// command stop exists already, and ends the script.)
func end(ts *testscript.TestScript, neg bool, args []string) {
	p := *ts.Value(runningKey{}).(**program)
	if neg || len(args) > 0 || p == nil {
		ts.Fatalf("usage: end, after serve")
	}
	ts.Check(p.cmd.Process.Signal(syscall.SIGTERM))
	rest, err := io.ReadAll(p.stdout)
	ts.Check(err)
	if err := p.cmd.Wait(); err != nil {
		ts.Fatalf("serve: %v\n%s", err, p.log.Bytes())
	}
	ts.Check(os.WriteFile(ts.MkAbs("serve.out"), rest, 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("serve.log"), p.log.Bytes(), 0o600))
}

// A program is a running contactsd serve.
type program struct {
	cmd    *exec.Cmd
	url    string
	stdout *bufio.Reader // after the line with the URL
	log    bytes.Buffer  // complete after Wait
}

// startProgram starts cmd and reads where it answers.
func startProgram(check func(error), cmd *exec.Cmd) *program {
	p := &program{cmd: cmd}
	out, err := cmd.StdoutPipe()
	check(err)
	cmd.Stderr = &p.log
	check(cmd.Start())
	p.stdout = bufio.NewReader(out)
	line, err := p.stdout.ReadString('\n')
	var ok bool
	if p.url, ok = strings.CutPrefix(strings.TrimSpace(line), "listening on "); !ok || err != nil {
		cmd.Wait()
		check(errors.New("serve says " + strconv.Quote(line) + ": " + p.log.String()))
	}
	return p
}

// call runs the program inside the test.
func call(t *testing.T, env map[string]string, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	a := &app{
		stdin:  strings.NewReader(stdin),
		stdout: &out,
		stderr: &errs,
		lookupEnv: func(name string) (string, bool) {
			v, ok := env[name]
			return v, ok
		},
		environ: func() (pairs []string) {
			for name, v := range env {
				pairs = append(pairs, name+"="+v)
			}
			return pairs
		},
	}
	status = a.run(context.Background(), args)
	return status, out.String(), errs.String()
}
