package faults

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// inLog fails unless the server's log has the text.
func inLog(s *process, text string) error {
	if !strings.Contains(s.log.String(), text) {
		return fmt.Errorf("the log does not have %q", text)
	}
	return nil
}

func TestTerminate(t *testing.T) {
	t.Run("OPS-96 WRT-8 SIGTERM under load", func(t *testing.T) {
		data := t.TempDir()
		setUp(t, data)
		var l load
		for round := range 5 {
			s := start(t, data)
			var answers atomic.Int64
			var once sync.Once
			l.run(s, 1000, func(status int, err error) bool {
				if answers.Add(1) > 200 {
					once.Do(func() {
						if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
							t.Error(err)
						}
					})
				}
				switch {
				case err == nil && status == http.StatusCreated:
					return true
				case err == nil:
					t.Errorf("round %d: an insert = %d, want 201", round, status)
				}
				return false // the server is gone, or has closed the connection before it read the request
			})
			if status := s.wait(); status != 0 {
				t.Errorf("round %d: exit status %d, want 0", round, status)
			}
			again := start(t, data)
			again.holds(t, l.acknowledged, len(l.acknowledged)) // and nothing that was not answered
			again.stop(t)
		}
		t.Logf("%d inserts were acknowledged; answers by status: %v", len(l.acknowledged), l.statuses)
	})
}

func TestSecondServer(t *testing.T) {
	data := t.TempDir()
	setUp(t, data)
	s := start(t, data)
	t.Run("OPS-90 a second server on the data directory exits with 1 and says why", func(t *testing.T) {
		_, errs, status := run(t, "", "serve", "--data", data, "--listen", "127.0.0.1:0")
		want := fmt.Sprintf("another server (process %d) runs on the data directory %s;", s.cmd.Process.Pid, data)
		if status != 1 || !strings.Contains(errs, want) {
			t.Errorf("status %d, want 1 and %q; it says %s", status, want, errs)
		}
	})
	t.Run("OPS-90 commands work beside the server", func(t *testing.T) {
		if out, errs, status := run(t, "", "user", "list", "--data", data); status != 0 || !strings.Contains(out, email) {
			t.Errorf("user list: status %d, %s%s", status, out, errs)
		}
	})
	t.Run("OPS-90 after kill -9 the next server starts", func(t *testing.T) {
		if err := s.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		s.wait()
		start(t, data).stop(t)
	})
}
