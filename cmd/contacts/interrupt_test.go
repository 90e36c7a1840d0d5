package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Ctrl-C ends an import with a word on how to go on.
func TestInterrupt(t *testing.T) {
	w := testWorld(t)
	p := newPerson(t, w, elizabeth)
	p.write("crowd.vcf", crowd(250))
	cmd := p.command("import", "crowd.vcf")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	started := make(chan struct{})
	w.mu.Lock()
	w.before = func(n int) bool {
		if n < 4 {
			return false
		}
		if n == 4 { // once: a second one would kill the program
			<-started
			cmd.Process.Signal(os.Interrupt)
		}
		return true
	}
	w.mu.Unlock()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	close(started)
	err := cmd.Wait()
	w.mu.Lock()
	w.before = nil
	w.mu.Unlock()
	exit, ok := err.(*exec.ExitError)
	if !ok || exit.ExitCode() != statusFailed || !strings.Contains(errs.String(), "contacts: interrupted\n") ||
		!strings.Contains(errs.String(), "Call the import again with the same file") {
		t.Fatalf("%v: %s", err, errs.Bytes())
	}
	if out := p.run("import", "crowd.vcf"); !strings.Contains(out, "0 refused") {
		t.Errorf("the import goes on with %s", out)
	}
}
