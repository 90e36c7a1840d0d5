package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestHealth(t *testing.T) {
	s, base := start(t, config(t))
	for _, path := range []string{"/healthz", "/readyz"} {
		if got := do(t, "GET", base+path, "", ""); got.status != http.StatusOK {
			t.Errorf("GET %s = %d %s", path, got.status, got.body)
		}
		if got := do(t, "HEAD", base+path, "", ""); got.status != http.StatusOK || got.body != "" {
			t.Errorf("HEAD %s = %d %q", path, got.status, got.body)
		}
		if got := do(t, "POST", base+path, "", "x"); got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "GET, HEAD" {
			t.Errorf("POST %s = %d, Allow: %s", path, got.status, got.header.Get("Allow"))
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	got := do(t, "GET", base+"/readyz", "", "")
	if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" || !strings.HasPrefix(got.body, "the database cannot serve: ") {
		t.Errorf("GET /readyz without a database = %d %s", got.status, got.body)
	}
	if got := do(t, "GET", base+"/healthz", "", ""); got.status != http.StatusOK {
		t.Errorf("GET /healthz without a database = %d", got.status)
	}
}

func TestRoutes(t *testing.T) {
	s, base := start(t, config(t))
	addUser(t, s, "elizabeth@example.com", false)
	token := login(t, base, "elizabeth@example.com", password)
	addr := strings.TrimPrefix(base, "http://")

	t.Run("FEED-7 the alternate link leads to a page", func(t *testing.T) {
		got := do(t, "GET", base+"/", "", "")
		if got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") || !strings.Contains(got.body, "contacts server") {
			t.Errorf("GET / = %d %s\n%s", got.status, got.header.Get("Content-Type"), got.body)
		}
	})

	t.Run("SEC-15 pages find their stylesheet here", func(t *testing.T) {
		for _, path := range []string{"/", "/account", "/account/programs", "/account/password", "/accounts/AuthSubRequest", "/device"} {
			got := do(t, "GET", base+path, "", "")
			link := regexp.MustCompile(`<link rel="stylesheet" href="(/assets/[^"]+)">`).FindStringSubmatch(got.body)
			if link == nil {
				t.Errorf("GET %s = %d without a stylesheet:\n%s", path, got.status, got.body)
				continue
			}
			if css := do(t, "GET", base+link[1], "", ""); css.status != http.StatusOK || !strings.HasPrefix(css.header.Get("Content-Type"), "text/css") {
				t.Errorf("GET %s = %d %s", link[1], css.status, css.header.Get("Content-Type"))
			}
		}
	})

	t.Run("RES-33 RES-67 slashes are ignored and nothing redirects", func(t *testing.T) {
		for path, want := range map[string]int{
			"//m8//feeds//contacts//default//full": http.StatusOK,
			feedPath + "/":                         http.StatusOK,
			"//m8/feeds/groups/default/full//":     http.StatusOK,
			"/m8/feeds/nothing/":                   http.StatusNotFound,
			"/m8/feeds":                            http.StatusNotFound,
			"/m8/feeds/":                           http.StatusNotFound,
			"/m8/":                                 http.StatusNotFound,
			"/m8":                                  http.StatusNotFound,
			"/m8/feedsx/contacts/default/full":     http.StatusNotFound,
			"//accounts//ClientLogin":              http.StatusMethodNotAllowed,
			"/accounts/ClientLogin/":               http.StatusMethodNotAllowed,
			"/accounts/./ClientLogin":              http.StatusMethodNotAllowed,
			"/x/%2e%2e/accounts/ClientLogin":       http.StatusNotFound,
			"/x/../healthz":                        http.StatusOK,
			"/accounts":                            http.StatusNotFound,
			"/accounts/":                           http.StatusNotFound,
			"/accounts/nothing":                    http.StatusNotFound,
			"/nothing":                             http.StatusNotFound,
			"//":                                   http.StatusOK,
		} {
			if got := target(t, addr, "GET", path, addr, token); got.status != want {
				t.Errorf("GET %s = %d %s, want %d", path, got.status, got.body, want)
			}
		}
	})

	t.Run("RES-34 RES-58 host and form of the target do not matter", func(t *testing.T) {
		for _, host := range []string{addr, "www.google.com", "www.google.com:443", "localhost"} {
			if got := target(t, addr, "GET", feedPath, host, token); got.status != http.StatusOK {
				t.Errorf("GET %s with Host: %s = %d", feedPath, host, got.status)
			}
		}
		for _, prefix := range []string{"http://" + addr, "http://www.google.com:80", "https://www.google.com"} {
			if got := target(t, addr, "GET", prefix+feedPath, addr, token); got.status != http.StatusOK {
				t.Errorf("GET %s = %d %s", prefix+feedPath, got.status, got.body)
			}
		}
		if got := target(t, addr, "GET", "http://"+addr+"/healthz", addr, ""); got.status != http.StatusOK {
			t.Errorf("GET of an absolute /healthz = %d", got.status)
		}
	})

	t.Run("RES-66 every answer has the headers that browsers obey", func(t *testing.T) {
		for _, path := range []string{"/", "/healthz", "/nothing", feedPath, "/accounts/ClientLogin"} {
			got := do(t, "GET", base+path, "", "")
			if got.header.Get("X-Content-Type-Options") != "nosniff" || got.header.Get("X-Frame-Options") != "SAMEORIGIN" {
				t.Errorf("GET %s: headers %v", path, got.header)
			}
		}
	})

	t.Run("SEC-17 no browser runs what an answer holds", func(t *testing.T) {
		const script = `<entry xmlns='http://www.w3.org/2005/Atom' xmlns:gd='http://schemas.google.com/g/2005'>` +
			`<category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/contact/2008#contact'/><title>Lydia Bennet</title>` +
			`<gd:extendedProperty name='x'><script xmlns='http://www.w3.org/1999/xhtml'>alert(1)</script></gd:extendedProperty></entry>`
		resp := do(t, "POST", base+feedPath, token, script)
		if resp.status != http.StatusCreated || !strings.Contains(resp.body, "<script") {
			t.Fatalf("POST = %d %s", resp.status, resp.body)
		}
		for _, path := range []string{feedPath, feedPath + "?alt=rss", "/healthz", "/nothing", "/accounts/ClientLogin", "/m8/feeds/nothing"} {
			got := do(t, "GET", base+path, token, "")
			if policy := got.header.Get("Content-Security-Policy"); policy != "default-src 'none'; sandbox" {
				t.Errorf("GET %s = %d, policy %q", path, got.status, policy)
			}
		}
		for _, path := range []string{"/", "/account"} { // whose forms work
			if policy := do(t, "GET", base+path, "", "").header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self'") || strings.Contains(policy, "sandbox") {
				t.Errorf("GET %s: policy %q", path, policy)
			}
		}
	})
}

// target sends a request with exactly this target and Host.
func target(t *testing.T, addr, method, target, host, token string) answer {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nGData-Version: 3.0\r\nConnection: close\r\n", method, target, host)
	if token != "" {
		head += "Authorization: GoogleLogin auth=" + token + "\r\n"
	}
	if _, err := io.WriteString(conn, head+"\r\n"); err != nil {
		t.Fatal(err)
	}
	return readAnswer(t, bufio.NewReader(conn), method)
}

// readAnswer reads one answer from a connection.
func readAnswer(t *testing.T, r *bufio.Reader, method string) answer {
	t.Helper()
	res, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(text)}
}
