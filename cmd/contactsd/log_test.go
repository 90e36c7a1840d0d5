package main

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// writes remembers each write.
type writes struct {
	mu  sync.Mutex
	got []string
}

func (w *writes) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.got = append(w.got, string(b))
	return len(b), nil
}

func (w *writes) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.got)
}

func TestLinesOfTheLog(t *testing.T) {
	logged := func(t *testing.T, to *lines, level string) func(string) {
		a := &app{set: newSettings(), stderr: &bytes.Buffer{}}
		a.set.logLevel = level
		log, err := a.logger(to)
		if err != nil {
			t.Fatal(err)
		}
		return func(msg string) {
			if strings.HasPrefix(msg, "!") {
				log.With("who", "test").Warn(msg)
			} else {
				log.Info(msg)
			}
		}
	}
	t.Run("lines that come together are written together", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var to writes
			log := logged(t, &lines{to: &to}, "info")
			log("one")
			log("two")
			time.Sleep(linesDelay - 1)
			synctest.Wait()
			if got := to.all(); len(got) != 0 {
				t.Fatalf("written before their time: %q", got)
			}
			time.Sleep(time.Nanosecond)
			synctest.Wait()
			if got := to.all(); len(got) != 1 || !strings.Contains(got[0], "msg=one\n") || !strings.HasSuffix(got[0], "msg=two\n") {
				t.Fatalf("after %v: %q", linesDelay, got)
			}
			log("three")
			time.Sleep(linesDelay)
			synctest.Wait()
			if got := to.all(); len(got) != 2 || !strings.HasSuffix(got[1], "msg=three\n") {
				t.Fatalf("a later line: %q", got)
			}
		})
	})
	t.Run("a warning is written at once, after what came before", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var to writes
			log := logged(t, &lines{to: &to}, "info")
			log("one")
			log("!two")
			if all := strings.Join(to.all(), ""); strings.Count(all, "\n") != 2 || strings.Index(all, "one") > strings.Index(all, "two") {
				t.Fatalf("%q", all)
			}
		})
	})
	t.Run("so many lines do not wait", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var to writes
			gathered := &lines{to: &to}
			log := logged(t, gathered, "info")
			long := strings.Repeat("x", linesSize/4)
			for range 9 {
				log(long)
			}
			if got := to.all(); len(got) != 2 {
				t.Fatalf("%d writes, want 2", len(got))
			}
			gathered.flush()
			if n := strings.Count(strings.Join(to.all(), ""), "\n"); n != 9 {
				t.Fatalf("%d lines, want 9", n)
			}
		})
	})
}
