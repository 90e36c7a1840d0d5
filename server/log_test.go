package server_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"contacts/server"
)

func TestLog(t *testing.T) {
	t.Run("SEC-7 the log has no secrets", func(t *testing.T) {
		var log logBuffer
		c := config(t)
		c.Logger = logger(&log)
		s := open(t, c)
		v := serve(t, s)
		base := v.url
		addUser(t, s, "elizabeth@example.com", false)
		generated := s.Auth.GeneratePassword()
		if err := s.Auth.SetPassword(t.Context(), "elizabeth@example.com", generated); err != nil {
			t.Fatal(err)
		}
		token := login(t, base, "elizabeth@example.com", generated)
		wrong := "Wrong-Pemberley-Password"
		if _, err := http.PostForm(base+"/accounts/ClientLogin?Passwd="+wrong, url.Values{"Email": {"elizabeth@example.com"}, "Passwd": {wrong}, "service": {"cp"}}); err != nil {
			t.Fatal(err)
		}
		const stray = "Stray-Token-Of-Longbourn"
		do(t, "GET", base+feedPath+"?q=Netherfield&alt=json&access_token="+stray+"&oauth_token="+stray+"&xoauth_requestor_id="+stray, token, "")
		do(t, "GET", base+feedPath, stray, "")
		do(t, "POST", base+feedPath, token, entry("Lady Catherine de Bourgh"))
		do(t, "POST", base+feedPath, token, "<entry><broken>Lady Catherine")
		do(t, "GET", base+"/nothing?token="+stray, "", "")
		if err := s.Auth.SetDisabled(t.Context(), "elizabeth@example.com", true); err != nil {
			t.Fatal(err)
		}
		do(t, "GET", base+feedPath, token, "")

		if err := v.end(); err != nil { // waits for the last line
			t.Fatal(err)
		}
		text := log.String()
		if n := strings.Count(text, "msg=request"); n != 8 {
			t.Errorf("the log has %d requests, want 8:\n%s", n, text)
		}
		for _, secret := range []string{generated, token, wrong, stray, "Authorization", "GoogleLogin", "Netherfield", "Catherine", "argon2"} {
			if strings.Contains(text, secret) {
				t.Errorf("the log has %q:\n%s", secret, text)
			}
		}
		for _, shown := range []string{"method=POST", "path=" + feedPath, "status=201", "status=401", "alt=json"} {
			if !strings.Contains(text, shown) {
				t.Errorf("the log lacks %q:\n%s", shown, text)
			}
		}
	})
}

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
	open := func() (*writes, *server.Log, func(string)) {
		to := &writes{}
		l := server.NewLog(to)
		log := l.Text(slog.LevelInfo)
		return to, l, func(msg string) {
			if strings.HasPrefix(msg, "!") {
				log.With("who", "test").Warn(msg)
			} else {
				log.Info(msg)
			}
		}
	}
	t.Run("lines that come together are written together", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			to, _, log := open()
			log("one")
			log("two")
			time.Sleep(server.LogDelay - 1)
			synctest.Wait()
			if got := to.all(); len(got) != 0 {
				t.Fatalf("written before their time: %q", got)
			}
			time.Sleep(time.Nanosecond)
			synctest.Wait()
			if got := to.all(); len(got) != 1 || !strings.Contains(got[0], "msg=one\n") || !strings.HasSuffix(got[0], "msg=two\n") {
				t.Fatalf("after %v: %q", server.LogDelay, got)
			}
			log("three")
			time.Sleep(server.LogDelay)
			synctest.Wait()
			if got := to.all(); len(got) != 2 || !strings.HasSuffix(got[1], "msg=three\n") {
				t.Fatalf("a later line: %q", got)
			}
		})
	})
	t.Run("a warning is written at once, after what came before", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			to, _, log := open()
			log("one")
			log("!two")
			if all := strings.Join(to.all(), ""); strings.Count(all, "\n") != 2 || strings.Index(all, "one") > strings.Index(all, "two") {
				t.Fatalf("%q", all)
			}
		})
	})
	t.Run("so many lines do not wait", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			to, l, log := open()
			for range server.LogMany {
				log("many")
			}
			time.Sleep(time.Nanosecond)
			synctest.Wait()
			if got := to.all(); len(got) != 1 || strings.Count(got[0], "\n") != server.LogMany {
				t.Fatalf("%d writes, want 1", len(got))
			}
			log("one more")
			l.Flush()
			if n := strings.Count(strings.Join(to.all(), ""), "\n"); n != server.LogMany+1 {
				t.Fatalf("%d lines, want %d", n, server.LogMany+1)
			}
		})
	})
	t.Run("nothing is lost or exchanged when many log at once, and waits without end for a slow reader", func(t *testing.T) {
		to, l, _ := open()
		log := l.JSON(slog.LevelInfo)
		var wg sync.WaitGroup
		const each = 3 * server.LogMost
		for w := range 4 {
			wg.Go(func() {
				for i := range each {
					log.Info("", "w", w, "i", i)
				}
			})
		}
		wg.Wait()
		l.Flush()
		var next [4]int
		for line := range strings.Lines(strings.Join(to.all(), "")) {
			var r struct{ W, I int }
			if err := json.Unmarshal([]byte(line), &r); err != nil || next[r.W] != r.I {
				t.Fatalf("%s: %v, want line %d of %d", line, err, next[r.W], r.W)
			}
			next[r.W]++
		}
		if next != [4]int{each, each, each, each} {
			t.Errorf("lines %v, want %d each", next, each)
		}
	})
}
