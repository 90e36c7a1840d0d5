package conformance

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A standIn is a server that stands in for the original hosts.
type standIn struct {
	*server
	authority string            // the file that clients trust
	proxy     string            // such as 127.0.0.1:41235
	tls       string            // likewise, where https is
	settings  map[string]string // what the server prints for kinds of clients, as lines for a shell
}

// startStandIn runs a server with --stand-in on free ports.
func startStandIn(t *testing.T, flags ...string) *standIn {
	t.Helper()
	s := &standIn{
		server:   start(t, append([]string{"--stand-in", "--tls-listen", "127.0.0.1:0", "--proxy-listen", "127.0.0.1:0"}, flags...)...),
		settings: map[string]string{},
	}
	client := ""
	for client != "Go" || s.settings[client] == "" {
		line, err := s.stdout.ReadString('\n')
		if err != nil {
			t.Fatalf("the server's settings for clients end with %q: %v", line, err)
		}
		if title, ok := strings.CutPrefix(line, "# "); ok {
			client, _, _ = strings.Cut(strings.TrimSpace(title), ":")
			client, _, _ = strings.Cut(client, " ")
			if at, ok := strings.CutPrefix(title, "on https://"); ok {
				s.tls = strings.TrimSpace(at)
			}
			continue
		}
		s.settings[client] += line
	}
	m := regexp.MustCompile(`https_proxy=http://(\S+) .*CURL_CA_BUNDLE=(\S+)`).FindStringSubmatch(s.settings["curl"])
	if m == nil || s.tls == "" {
		t.Fatalf("the settings for curl are %q, https is on %q", s.settings["curl"], s.tls)
	}
	s.proxy, s.authority = m[1], m[2]
	return s
}

// shell runs a script after the lines that the server prints for a kind of
// clients.
func (s *standIn) shell(t *testing.T, client, script string) string {
	t.Helper()
	if s.settings[client] == "" {
		t.Fatalf("the server prints nothing for %s", client)
	}
	cmd := exec.Command("sh", "-e", "-c", s.settings[client]+script)
	cmd.Env = clean()
	cmd.Dir = t.TempDir()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s%s: %v\n%s", s.settings[client], script, err, out)
	}
	return string(out)
}

// TestStandIn reads contacts from https://www.google.com with nothing but the
// settings that the server prints.
func TestStandIn(t *testing.T) {
	s := startStandIn(t)

	t.Run("STAND-24 STAND-42 curl signs in and reads", func(t *testing.T) {
		newCurl(t, s.server) // whether there is one
		out := s.shell(t, "curl", fmt.Sprintf(`
			token=$(curl -q -sS -d Email=%s --data-urlencode 'Passwd=%s' -d service=cp https://www.google.com/accounts/ClientLogin | sed -n s/^Auth=//p)
			curl -q -sS -w '%%{http_code}\n' -H "Authorization: GoogleLogin auth=$token" https://www.google.com/m8/feeds/contacts/default/full
			curl -q -sS -o links -H "Authorization: GoogleLogin auth=$token" http://www.google.com/m8/feeds/contacts/default/full
			grep -o "href='http://www.google.com/m8/[^']*'" links`, user, password))
		for _, want := range []string{"https://www.google.com/m8/feeds/contacts/liz%40example.com/full", ">" + user + "</id>", "\n200\n",
			"href='http://www.google.com/m8/feeds/contacts/liz%40example.com/full"} {
			if !strings.Contains(strings.ReplaceAll(out, "</feed>", "</feed>\n"), want) {
				t.Errorf("no %q in %s", want, out)
			}
		}
	})

	t.Run("STAND-24 STAND-26 curl with HTTPS_PROXY and the authority's file, and for no other host", func(t *testing.T) {
		c := newCurl(t, s.server)
		c.more = []string{"--proxy", "http://" + s.proxy, "--cacert", s.authority}
		c.do(t, "https://accounts.google.com/healthz").want(t, http.StatusOK)
		cmd := exec.Command("curl", "-q", "-sS", "--proxy", "http://"+s.proxy, "https://example.org/")
		cmd.Env = clean()
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "403") {
			t.Errorf("curl of another host: %v, %s", err, out)
		}
	})

	t.Run("STAND-42 Go reads", func(t *testing.T) {
		bin := filepath.Join(t.TempDir(), "fetch")
		build := exec.Command("go", "build", "-buildvcs=false", "-o", bin, "./drivers/fetch")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
		if out := s.shell(t, "Go", bin+" https://www.googleapis.com/healthz http://www.google.com/healthz"); out != "200 OK\n200 OK\n" {
			t.Errorf("it prints %q", out)
		}
	})

	t.Run("STAND-42 Python reads", func(t *testing.T) {
		const python = "/usr/bin/python3"
		if err := exec.Command(python, "--version").Run(); err != nil {
			missing(t, "python3", err)
		}
		out := s.shell(t, "Python", python+` -c '
import urllib.request
for url in ("https://www.google.com/healthz", "http://www.google.com/healthz"):
    print(urllib.request.urlopen(url).status)'`)
		if out != "200\n200\n" {
			t.Errorf("it prints %q", out)
		}
	})

	t.Run("STAND-3 STAND-5 OpenSSL accepts the chain by its strictest rules, and for no other host", func(t *testing.T) {
		if err := exec.Command("openssl", "version").Run(); err != nil {
			missing(t, "openssl", err)
		}
		for host, want := range map[string]string{"oauth2.googleapis.com": "Verification: OK", "www.google.org": "Verification error: hostname mismatch"} {
			cmd := exec.Command("openssl", "s_client", "-connect", s.tls, "-servername", host, "-verify_hostname", host,
				"-CAfile", s.authority, "-x509_strict")
			if out, err := cmd.CombinedOutput(); !strings.Contains(string(out), want) {
				t.Errorf("%s: %v\n%s", host, err, out)
			}
		}
		// What somebody could sign who has stolen the folder.
		dir, signer := t.TempDir(), filepath.Join(filepath.Dir(s.authority), "signer.pem")
		if err := os.WriteFile(filepath.Join(dir, "names"), []byte("subjectAltName=DNS:www.google.org\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{
			{"req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-subj", "/CN=www.google.org", "-out", "request.pem"},
			{"x509", "-req", "-in", "request.pem", "-CA", signer, "-CAkey", signer, "-set_serial", "1", "-extfile", "names", "-out", "cert.pem"},
			{"verify", "-CAfile", s.authority, "-untrusted", signer, "cert.pem"},
		} {
			cmd := exec.Command("openssl", args...)
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			if exit := (*exec.ExitError)(nil); args[0] == "verify" {
				if !errors.As(err, &exit) || !strings.Contains(string(out), "permitted subtree violation") {
					t.Errorf("openssl verify: %v\n%s", err, out)
				}
			} else if err != nil {
				t.Fatalf("openssl %s: %v\n%s", args[0], err, out)
			}
		}
	})

	t.Run("STAND-50 a program signs in with its built-in id and secret", func(t *testing.T) {
		p := s.register(t, "Netherfield", credentials{"352818697630-netherfield.apps.example.com", "-Built_in"})
		c := newCurl(t, s.server)
		c.auth = "Bearer " + s.accessToken(t, p, user)
		c.more = []string{"--proxy", "http://" + s.proxy, "--cacert", s.authority}
		c.do(t, "https://www.google.com/m8/feeds/contacts/default/full").want(t, http.StatusOK)
	})
}
