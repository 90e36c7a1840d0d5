package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// What the server has acknowledged survives the hardest end of the program,
// and the next start needs no repair.
func TestKill(t *testing.T) {
	t.Run("WRT-8 kill -9 during inserts loses nothing that was acknowledged", func(t *testing.T) {
		const (
			rounds  = 20
			writers = 4
			atLeast = 10 // inserts acknowledged in each round
		)
		data := filepath.Join(t.TempDir(), "data")
		for _, args := range [][]string{{"domain", "add", "example.com"}, {"user", "add", "elizabeth@example.com", "--password-stdin"}} {
			if status, _, errs := call(t, nil, "Longbourn\n", append(args, "--data", data)...); status != statusDone {
				t.Fatalf("%q: %s", args, errs)
			}
		}
		var (
			mu    sync.Mutex
			acked []string
			sent  atomic.Int64
		)
		p := serveData(t, data)
		token := login(t, p.url, "elizabeth@example.com", "Longbourn")
		for range rounds {
			enough := make(chan struct{})
			target := len(acked) + atLeast
			var work sync.WaitGroup
			for range writers {
				work.Go(func() {
					for {
						name := fmt.Sprintf("Guest No%d", sent.Add(1))
						if !insert(p.url, token, name) {
							return // the server is gone
						}
						mu.Lock()
						if acked = append(acked, name); len(acked) == target {
							close(enough)
						}
						mu.Unlock()
					}
				})
			}
			done := make(chan struct{})
			go func() { work.Wait(); close(done) }()
			select {
			case <-enough:
			case <-done:
				t.Fatalf("the server ended by itself:\n%s", p.log.Bytes())
			}
			if err := p.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			p.cmd.Wait()
			<-done

			p = serveData(t, data)
			feed := read(t, p.url, token)
			for _, name := range acked {
				if !strings.Contains(feed, "<gd:fullName>"+name+"</gd:fullName>") {
					t.Fatalf("%s was acknowledged and is lost", name)
				}
			}
			if n := int64(strings.Count(feed, "<entry")); n > sent.Load() {
				t.Fatalf("the feed has %d contacts, but only %d were sent", n, sent.Load())
			}
		}
		t.Logf("%d inserts were acknowledged in %d rounds", len(acked), rounds)
	})
}

// serveData starts the program on a data directory.
func serveData(t *testing.T, data string) *program {
	t.Helper()
	cmd := exec.Command(os.Args[0], "serve", "--listen", "127.0.0.1:0", "--data", data)
	cmd.Env = append(os.Environ(), runAsProgram+"=1")
	p := startProgram(func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}, cmd)
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		p.cmd.Wait()
	})
	return p
}

func login(t *testing.T, base, email, password string) string {
	t.Helper()
	res, err := http.PostForm(base+"/accounts/ClientLogin", url.Values{"Email": {email}, "Passwd": {password}, "service": {"cp"}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, token, ok := strings.Cut(string(text), "\nAuth=")
	if !ok {
		t.Fatalf("ClientLogin answers %s", text)
	}
	return strings.TrimSpace(token)
}

func request(method, url, token, body string) (int, string, error) {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Authorization", "GoogleLogin auth="+token)
	req.Header.Set("GData-Version", "3.0")
	req.Header.Set("Content-Type", "application/atom+xml")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, string(text), err
}

// insert reports whether the server acknowledged a new contact.
func insert(base, token, name string) bool {
	status, _, err := request(http.MethodPost, base+"/m8/feeds/contacts/default/full", token,
		`<entry xmlns="http://www.w3.org/2005/Atom" xmlns:gd="http://schemas.google.com/g/2005"><gd:name><gd:fullName>`+name+
			`</gd:fullName></gd:name></entry>`)
	return err == nil && status == http.StatusCreated
}

func read(t *testing.T, base, token string) string {
	t.Helper()
	status, text, err := request(http.MethodGet, base+"/m8/feeds/contacts/default/full?max-results=100000", token, "")
	if err != nil || status != http.StatusOK {
		t.Fatalf("GET the feed = %d, %v: %s", status, err, text)
	}
	return text
}
