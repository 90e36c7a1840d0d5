package conformance

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// dotnetSteps are the steps of drivers/dotnet.cs.
var dotnetSteps = []string{"ClientLogin", "AuthSub", "secure AuthSub", "OAuth 1.0a, three-legged", "OAuth 1.0a, two-legged"}

// TestDotNet signs in by everything that the .NET library of the original
// service knows, each time writes and reads contacts, and lets the user agree
// in between.
func TestDotNet(t *testing.T) {
	const packages = "libgdata2.1-cil mono-mcs"
	for _, program := range []string{"mcs", "mono"} {
		if _, err := exec.LookPath(program); err != nil {
			missing(t, packages, err)
		}
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "dotnet.exe")
	args := []string{"-nologo", "-out:" + program}
	for _, name := range []string{"Client", "Contacts", "Extensions"} {
		file := "/usr/lib/cli/Google.GData." + name + "-2.2/Google.GData." + name + ".dll"
		if _, err := os.Stat(file); err != nil {
			missing(t, packages, err)
		}
		args = append(args, "-r:"+file)
	}
	if out, err := exec.Command("mcs", append(args, "drivers/dotnet.cs")...).CombinedOutput(); err != nil {
		t.Fatalf("mcs: %v\n%s", err, out)
	}

	s := startStandIn(t, "--log-level", "debug") // which says why a signature is refused
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	cert := writePEM(t, dir, "program.pem", "PUBLIC KEY", public)
	var app struct{ ID, Secret string }
	made := s.contactsd(t, "", "app", "add", "Visiting cards", "--callback-host", "cards.example", "--cert", cert, "--json")
	if err := json.Unmarshal([]byte(made), &app); err != nil {
		t.Fatal(err)
	}
	s.contactsd(t, "", "domain", "set", domain, "delegate="+app.ID)
	keyFile := filepath.Join(dir, "key.xml")
	if err := os.WriteFile(keyFile, []byte(keyXML(key)), 0o600); err != nil {
		t.Fatal(err)
	}

	cmd := exec.Command("mono", program, "http://"+s.proxy, s.authority, keyFile, app.ID, app.Secret, domain, user, password)
	cmd.Env = append(clean(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "LC_ALL=C.UTF-8")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		stdin.Close()
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Errorf("the driver ended with %v:\n%s", err, stderr.Bytes())
		}
	}()
	result := map[string]string{}
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if link, ok := strings.CutPrefix(line, "open "); ok {
			fmt.Fprintln(stdin, s.leave(t, link, user))
			continue
		}
		for _, step := range dotnetSteps {
			if line == "PASS "+step || strings.HasPrefix(line, "FAIL "+step+": ") {
				result[step] = line
			}
		}
	}
	if err := lines.Err(); err != nil {
		t.Error(err)
	}
	for _, step := range dotnetSteps {
		t.Run(step, func(t *testing.T) {
			if got := result[step]; got != "PASS "+step {
				t.Errorf("the driver says %q", got)
			}
		})
	}
}

// keyXML is a key in the form that .NET reads.
func keyXML(key *rsa.PrivateKey) string {
	var b strings.Builder
	b.WriteString("<RSAKeyValue>")
	for _, part := range []struct {
		name string
		n    *big.Int
		size int // in bytes
	}{
		{"Modulus", key.N, key.Size()},
		{"Exponent", big.NewInt(int64(key.E)), 3},
		{"P", key.Primes[0], key.Size() / 2},
		{"Q", key.Primes[1], key.Size() / 2},
		{"DP", key.Precomputed.Dp, key.Size() / 2},
		{"DQ", key.Precomputed.Dq, key.Size() / 2},
		{"InverseQ", key.Precomputed.Qinv, key.Size() / 2},
		{"D", key.D, key.Size()},
	} {
		text := base64.StdEncoding.EncodeToString(part.n.FillBytes(make([]byte, part.size)))
		fmt.Fprintf(&b, "<%[1]s>%[2]s</%[1]s>", part.name, text)
	}
	return b.String() + "</RSAKeyValue>"
}

// leave opens a link to the original host in a browser, lets a user sign in and
// agree, and returns where the browser leaves the server for.
func (s *standIn) leave(t *testing.T, link, email string) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	own, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(link)
	if err != nil || at.Host != "www.google.com" {
		t.Errorf("the driver asks to open %q", link)
		return ""
	}
	at.Scheme, at.Host = own.Scheme, own.Host // the browser knows the server by its own name
	browser := &http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Host != own.Host {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	res, err := browser.Get(at.String())
	for _, answer := range []url.Values{
		{"email": {email}, "password": {password}, "do": {"sign-in"}},
		{"do": {"allow"}},
	} {
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		action, form := formOf(t, string(page))
		for name, values := range answer {
			form[name] = values
		}
		to, err := res.Request.URL.Parse(action)
		if err != nil {
			t.Fatal(err)
		}
		if res, err = browser.PostForm(to.String(), form); err != nil {
			t.Fatal(err)
		}
	}
	res.Body.Close()
	return res.Header.Get("Location")
}
