package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"contacts/reply/replytest"
	"contacts/server"
)

// The test binary is the program when it is called contacts, as in scripts, or
// with this variable.
const runAsProgram = "CONTACTS_TEST_RUN"

func TestMain(m *testing.M) {
	if os.Getenv(runAsProgram) != "" {
		main()
	}
	testscript.Main(m, map[string]func(){"contacts": main})
}

// topics are the scripts in testdata/script, and what they prove.
var topics = []struct{ name, script string }{
	{"CMD-1 CMD-2 CMD-3 CMD-20 signing in, out, and as several", "login"},
	{"CMD-4 CMD-5 signing in by a device", "device"},
	{"CMD-10 CMD-11 CMD-20 CMD-21 CMD-22 listing, showing, adding and deleting", "list"},
	{"CMD-12 CMD-20 editing", "edit"},
	{"CMD-13 editing what others edit", "conflict"},
	{"groups", "groups"},
	{"photos", "photos"},
	{"IMP-1 IMP-2 IMP-4 IMP-8 IMP-14 IMP-20 IMP-21 importing and undoing", "import"},
	{"EXP-1 EXP-2 EXP-6 exporting", "export"},
	{"SYNC-1 SYNC-3 SYNC-5 SYNC-9 SYNC-10 a folder of cards", "sync"},
	{"CMD-14 the shared contacts of a domain", "domain"},
	{"CMD-5 CMD-24 CMD-25 what goes wrong, and going on", "errors"},
	{"CMD-20 CMD-24 mistakes that change nothing", "mistakes"},
}

func TestScripts(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "script", "*.txtar"))
	if err != nil || len(files) != len(topics) {
		t.Errorf("there are %d scripts for %d topics (%v)", len(files), len(topics), err)
	}
	for _, topic := range topics {
		t.Run(topic.name, func(t *testing.T) {
			t.Parallel()
			runScript(t, topic.script)
		})
	}
}

// runScript runs a script, which has a server of its own, with the domain
// example.com, its administrator jane@example.com and its user
// elizabeth@example.com.
func runScript(t *testing.T, name string) {
	testscript.Run(t, testscript.Params{
		Files:               []string{filepath.Join("testdata", "script", name+".txtar")},
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":   status,
			"save":     save,
			"expire":   expire,
			"fail":     fail,
			"requests": requests,
			"signin":   signin,
			"tls":      useTLS,
			"device":   device,
			"readers":  readers,
			"captcha":  captcha,
			"answer":   answer,
		},
		Setup: func(e *testscript.Env) error {
			w, err := newWorld(e.WorkDir)
			if err != nil {
				return err
			}
			e.Defer(func() { w.close() })
			e.Values[worldKey{}] = w
			e.Setenv("URL", w.front.URL)
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("XDG_CONFIG_HOME", filepath.Join(e.WorkDir, "config"))
			e.Setenv("TZ", "UTC")
			e.Setenv("TERM", "dumb")
			e.Setenv("GORACE", atOnce)
			return os.WriteFile(filepath.Join(e.WorkDir, "password"), []byte(password+"\n"), 0o600)
		},
	})
}

// atOnce keeps a program that was built with -race from waiting a second before
// it ends.
const atOnce = "atexit_sleep_ms=0"

const (
	password  = "Pemberley 1813"
	elizabeth = "elizabeth@example.com"
	jane      = "jane@example.com"
)

// A world is a server with accounts, behind a front that can fail.
type world struct {
	server *server.Server
	front  *replytest.Server

	mu    sync.Mutex
	ahead time.Duration // of the server's clock
	count int           // requests to the API
	mode  string        // how the next requests fail
	fails int           // how many do
	skip  int           // how many go well before

	// For each request, by its number: before the server has it, which it
	// never does if the answer is true, and when it is done.
	before func(n int) (swallow bool)
	after  func(n int)

	// wrap, if not nil, answers in place of the server, which next is.
	wrap func(rw http.ResponseWriter, r *http.Request, next http.Handler)
}

type worldKey struct{}

func newWorld(dir string) (*world, error) {
	w := &world{}
	config := server.Defaults()
	config.Data = filepath.Join(dir, "data")
	config.Now = func() time.Time {
		w.mu.Lock()
		defer w.mu.Unlock()
		return time.Now().Add(w.ahead)
	}
	config.Logger = slog.New(slog.DiscardHandler)
	ctx := context.Background()
	s, err := server.Open(ctx, config)
	if err != nil {
		return nil, err
	}
	w.server = s
	if _, err := s.Auth.AddDomain(ctx, "example.com"); err != nil {
		return nil, err
	}
	for _, u := range []server.NewUser{
		{Email: elizabeth, Name: "Elizabeth Bennet", Password: password},
		{Email: jane, Name: "Jane Bennet", Admin: true, Password: password},
	} {
		if _, err := s.Auth.AddUser(ctx, u); err != nil {
			return nil, err
		}
	}
	w.front = replytest.NewServer(w.handler())
	return w, nil
}

func (w *world) close() error {
	w.front.CloseClientConnections()
	w.front.Close()
	return w.server.Close()
}

// handler is the server, or what a script has put in front of it.
func (w *world) handler() http.Handler {
	h := w.api()
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		wrap := w.wrap
		w.mu.Unlock()
		if wrap == nil {
			h.ServeHTTP(rw, r)
			return
		}
		wrap(rw, r, h)
	})
}

func (w *world) put(wrap func(rw http.ResponseWriter, r *http.Request, next http.Handler)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrap = wrap
}

// api is the server, whose answers to the API can be made to fail.
func (w *world) api() http.Handler {
	h := w.server.Handler()
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/m8/") {
			h.ServeHTTP(rw, r)
			return
		}
		w.mu.Lock()
		w.count++
		n, mode := w.count, ""
		switch {
		case w.fails > 0 && w.skip > 0:
			w.skip--
		case w.fails > 0:
			mode = w.mode
			w.fails--
		}
		before, after := w.before, w.after
		w.mu.Unlock()
		if before != nil && before(n) {
			mode = "drop"
		}
		switch mode {
		case "busy":
			rw.Header().Set("Retry-After", "0")
			http.Error(rw, "come back later", http.StatusServiceUnavailable)
		case "html":
			rw.Header().Set("Content-Type", "text/html")
			io.WriteString(rw, "<!DOCTYPE html><title>Meryton Hotel</title><p>Please accept our terms.")
		case "drop": // before the server has done anything
			hangUp(rw)
		case "lose": // when it is done
			h.ServeHTTP(httptest.NewRecorder(), r)
			hangUp(rw)
		default:
			answer := httptest.NewRecorder()
			h.ServeHTTP(answer, r)
			if after != nil {
				after(n)
			}
			for name, values := range answer.Header() {
				rw.Header()[name] = values
			}
			rw.WriteHeader(answer.Code)
			rw.Write(answer.Body.Bytes())
		}
	})
}

// hangUp ends a connection without an answer.
func hangUp(rw http.ResponseWriter) {
	if c, _, err := rw.(http.Hijacker).Hijack(); err == nil {
		c.Close()
	}
}

func worldOf(ts *testscript.TestScript) *world { return ts.Value(worldKey{}).(*world) }

// expire is a script's command: the server's clock goes forward by 15 days, so
// that tokens of passwords expire. "expire N" lets N more requests go well.
func expire(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	w.mu.Lock()
	defer w.mu.Unlock()
	const more = 15 * 24 * time.Hour
	switch {
	case neg || len(args) > 1:
		ts.Fatalf("usage: expire [N]")
	case len(args) == 0:
		w.ahead += more
	default:
		n, err := strconv.Atoi(args[0])
		ts.Check(err)
		at := w.count + n
		w.after = func(n int) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if n == at {
				w.ahead += more
			}
		}
	}
}

// fail is a script's command "fail MODE N [AFTER]": the next N requests to the
// API fail, once AFTER have gone well. The modes are busy, html, drop and lose.
func fail(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: fail MODE N [AFTER]")
	}
	w := worldOf(ts)
	w.mu.Lock()
	defer w.mu.Unlock()
	var err error
	w.mode, w.skip = args[0], 0
	w.fails, err = strconv.Atoi(args[1])
	ts.Check(err)
	if len(args) == 3 {
		w.skip, err = strconv.Atoi(args[2])
		ts.Check(err)
	}
}

// requests is a script's command "requests N": as many requests have come to
// the API since the command before.
func requests(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(args) == 1 {
		want, err := strconv.Atoi(args[0])
		ts.Check(err)
		if (w.count == want) == neg {
			ts.Fatalf("%d requests came, want %d", w.count, want)
		}
	}
	w.count = 0
}

// signin is a script's command "signin EMAIL": it logs in with the password.
func signin(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: signin EMAIL")
	}
	ts.Check(ts.Exec("sh", "-c", "contacts login --server $URL "+args[0]+" --password-stdin <password"))
}

// status is a script's command "status N contacts ARG...": it runs contacts
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

// useTLS is a script's command: the server answers by https from now on, with a
// certificate whose authority is in the file ca.pem.
func useTLS(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: tls")
	}
	w := worldOf(ts)
	w.front.Close()
	w.front = replytest.NewUnstartedServer(w.handler())
	w.front.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	w.front.StartTLS()
	ts.Setenv("URL", w.front.URL)
	ts.Check(os.WriteFile(ts.MkAbs("ca.pem"), certificate(w.front.Server), 0o600))
}

// captcha is a script's command: the next login has to answer a captcha, whose
// text is 1813.
func captcha(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: captcha")
	}
	var answered atomic.Bool
	worldOf(ts).put(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		switch {
		case r.URL.Path == "/accounts/Captcha":
			rw.Write([]byte("GIF89a"))
		case r.URL.Path == "/accounts/ClientLogin" && !answered.Load() && !bytes.Contains(body, []byte("logincaptcha=1813")):
			rw.WriteHeader(http.StatusForbidden)
			io.WriteString(rw, "Error=CaptchaRequired\nCaptchaToken=t1\nCaptchaUrl=Captcha?ctoken=t1\n")
		default:
			if r.URL.Path == "/accounts/ClientLogin" {
				answered.Store(true)
			}
			next.ServeHTTP(rw, r)
		}
	})
}

// readers is a script's command "readers admins|users": they may read the
// shared contacts of example.com.
func readers(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: readers admins|users")
	}
	ts.Check(worldOf(ts).server.Auth.SetDomain(context.Background(), "example.com", "readers", args[0]))
}

// device is a script's command: it registers this program for sign-in by
// device, and sets $CLIENT. The user whose browser answers is elizabeth.
func device(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: device")
	}
	app, _, err := worldOf(ts).server.Auth.AddApp(context.Background(), server.NewApp{Name: "Command line", Public: true})
	ts.Check(err)
	ts.Setenv("CLIENT", app.ID)

	// Devices ask every second, rather than every five, and the server's clock
	// goes on as if it had been five.
	w := worldOf(ts)
	w.put(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		switch r.URL.Path {
		case "/o/oauth2/token":
			w.mu.Lock()
			w.ahead += 5 * time.Second
			w.mu.Unlock()
		case "/o/oauth2/device/code":
			answer := httptest.NewRecorder()
			next.ServeHTTP(answer, r)
			rw.Header().Set("Content-Type", "application/json")
			rw.WriteHeader(answer.Code)
			io.WriteString(rw, strings.Replace(answer.Body.String(), `"interval":5`, `"interval":1`, 1))
			return
		}
		next.ServeHTTP(rw, r)
	})
}

// answer is a script's command "answer allow|deny ARG...": it runs contacts
// ARG..., and meanwhile answers in a browser as its user.
func answer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: answer allow|deny ARG...")
	}
	cmd := exec.Command(os.Args[0], args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), runAsProgram+"=1", "GORACE="+atOnce, "HOME="+ts.Getenv("HOME"), "XDG_CONFIG_HOME="+ts.Getenv("XDG_CONFIG_HOME"))
	errs, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	defer cmd.Process.Kill()
	var text strings.Builder
	lines := bufio.NewScanner(errs)
	for lines.Scan() {
		fmt.Fprintln(&text, lines.Text())
		if page, ok := strings.CutPrefix(lines.Text(), "or open  "); ok {
			ts.Check(browse(page, args[0] == "allow"))
		}
	}
	err = cmd.Wait()
	ts.Check(os.WriteFile(ts.MkAbs("answered"), []byte(text.String()), 0o600))
	if (err == nil) != (args[0] == "allow") {
		ts.Fatalf("contacts ends with %v: %s", err, text.String())
	}
}
