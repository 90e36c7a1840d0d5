package faults

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

func TestDiskFull(t *testing.T) {
	t.Run("OPS-91 WRT-8 a full disk refuses writes, keeps what was acknowledged, and is written again once there is room", func(t *testing.T) {
		at := disk(t, 20)
		data, ballast := filepath.Join(at, "data"), filepath.Join(at, "ballast")
		if err := os.WriteFile(ballast, make([]byte, 8<<20), 0o600); err != nil {
			t.Fatal(err)
		}
		setUp(t, data)
		s := start(t, data)
		var l load
		var refused atomic.Int64
		l.run(s, 20_000, func(status int, err error) bool {
			switch status {
			case http.StatusCreated:
			case http.StatusServiceUnavailable:
				refused.Add(1)
			default:
				t.Errorf("an insert is answered with %d, %v, want 201 or 503", status, err)
				return false
			}
			return refused.Load() < 50
		})
		t.Logf("answers by status before there was no room: %v", l.statuses)
		s.holds(t, l.acknowledged, int(l.sent.Load()))
		if status, text, err := s.do("GET", "/healthz", ""); err != nil || status != http.StatusOK {
			t.Errorf("/healthz = %d %s, %v", status, text, err)
		}

		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		for range 60 {
			name := fmt.Sprintf("Guest No%d", l.sent.Add(1))
			status, err := s.insert(name, 20_000)
			if l.note(name, status); status != http.StatusCreated {
				t.Fatalf("an insert after there was room again = %d, %v", status, err)
			}
		}
		s.holds(t, l.acknowledged, int(l.sent.Load()))
		s.stop(t)

		again := start(t, data)
		again.holds(t, l.acknowledged, int(l.sent.Load()))
		again.stop(t)
	})

	t.Run("OPS-91 a start without any room fails with the reason, and harms nothing", func(t *testing.T) {
		at := disk(t, 16)
		data, ballast := filepath.Join(at, "data"), filepath.Join(at, "ballast")
		setUp(t, data)
		s := start(t, data)
		if status, err := s.insert("Charlotte Lucas", 100); status != http.StatusCreated {
			t.Fatal(status, err)
		}
		s.stop(t)
		fill(t, ballast)
		full, err := tryStart(t, data)
		if err == nil {
			t.Fatal("the server starts")
		}
		if status := full.wait(); status != 1 || !strings.Contains(full.log.String(), "The store has no room left") {
			t.Errorf("status %d, want 1; it says %s", status, full.log.String())
		}
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		again := start(t, data)
		again.holds(t, []string{"Charlotte Lucas"}, 1)
		again.stop(t)
	})
}

// fill takes all room that a disk has left.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
}
