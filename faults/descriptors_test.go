package faults

import (
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

func TestFileDescriptors(t *testing.T) {
	t.Run("OPS-92 WRT-8 out of file descriptors, and back again", func(t *testing.T) {
		data := t.TempDir()
		setUp(t, data)
		s := start(t, data, "sh", "-c", `ulimit -n 40 && exec "$0" "$@"`)
		if status, err := s.insert("Charlotte Lucas", 100); status != http.StatusCreated {
			t.Fatal(status, err)
		}
		// The system accepts connections for the server, which has no descriptors
		// for them all.
		var idle []net.Conn
		for range 100 {
			idle = append(idle, s.dial(t))
		}
		eventually(t, "the server never ran out of file descriptors", func() error {
			return inLog(s, "too many open files")
		})
		var l load
		var answers atomic.Int64
		s.client.Timeout = 300 * time.Millisecond // those beyond the limit get no answer
		l.run(s, 100, func(status int, err error) bool {
			if status != 0 && status != http.StatusCreated && status != http.StatusServiceUnavailable {
				t.Errorf("an insert = %d, %v, want 201, 503 or no answer", status, err)
			}
			return answers.Add(1) < 40
		})
		t.Logf("answers by status while there were none left: %v", l.statuses)
		for _, c := range idle {
			c.Close()
		}
		s.client.Timeout = 0
		s.client.CloseIdleConnections()
		// The server finds out by and by which connections are gone.
		tries := 0
		eventually(t, "an insert once there are descriptors", func() error {
			tries++
			status, err := s.insert("Maria Lucas", 100)
			return is(http.StatusCreated, status, err)
		})
		eventually(t, "a feed once there are descriptors", s.reads)
		// An insert whose client went away may have been kept.
		s.holds(t, append(l.acknowledged, "Charlotte Lucas", "Maria Lucas"), int(l.sent.Load())+1+tries)
		s.stop(t)
	})

	t.Run("OPS-92 with fewer file descriptors than it needs to read, the server answers 503 and stays up", func(t *testing.T) {
		data := t.TempDir()
		setUp(t, data)
		s := start(t, data, "sh", "-c", `ulimit -n 24 && exec "$0" "$@"`)
		s.client.Timeout = 300 * time.Millisecond
		var l load
		var answers atomic.Int64
		l.run(s, 100, func(status int, err error) bool {
			if status, text, err := s.do("GET", feedPath, ""); err == nil && status != http.StatusOK && status != http.StatusServiceUnavailable {
				t.Errorf("a feed = %d %.200s, want 200 or 503", status, text)
			}
			return answers.Add(1) < 100
		})
		t.Logf("answers by status: %v", l.statuses)
		s.client.Timeout = 0
		s.client.CloseIdleConnections()
		eventually(t, "a feed once there are descriptors", s.reads)
		s.holds(t, l.acknowledged, int(l.sent.Load()))
		s.stop(t)
	})
}
