package conformance

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// nodeSteps are the steps of drivers/node/drive.js, in the order in which they
// run.
var nodeSteps = []string{
	"google-contacts lists, thin",
	"google-contacts reads one by its id",
	"google-contacts pages, two at a time",
	"google-contacts-api lists",
	"google-contacts-oauth lists",
	"google-contacts-with-photos lists",
	"google-contacts-crud adds, lists, updates, deletes",
	"a certificate of another authority is refused",
}

// nodeModules is where tools/install-test-deps.sh puts the packages: a folder
// for this user and for exactly these versions.
func nodeModules(t *testing.T) string {
	t.Helper()
	lock, err := os.ReadFile("drivers/node/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(lock)
	return filepath.Join(os.TempDir(), fmt.Sprintf("contacts-test-%d", os.Getuid()), fmt.Sprintf("node-%.8x", sum), "node_modules")
}

// TestNode works as small web applications do, through packages for Node that
// read JSON.
func TestNode(t *testing.T) {
	modules := nodeModules(t)
	if err := exec.Command("node", "--version").Run(); err != nil {
		missing(t, "nodejs npm", err)
	}
	if _, err := os.Stat(modules); err != nil {
		missing(t, "nodejs npm, and what tools/install-test-deps.sh then installs", err)
	}
	s := startStandIn(t)
	p := s.register(t, "Packages for Node", credentials{})
	token := s.accessToken(t, p, user)
	for i := range 5 {
		entry := fmt.Sprintf(`<entry xmlns="http://www.w3.org/2005/Atom" xmlns:gd="http://schemas.google.com/g/2005"><title>Gardiner child No%[1]d</title>`+
			`<gd:email rel="http://schemas.google.com/g/2005#home" address="gardiner%[1]d@example.com"/></entry>`, i)
		res, err := http.Post(s.url+"/m8/feeds/contacts/default/full?access_token="+url.QueryEscape(token), "application/atom+xml", strings.NewReader(entry))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusCreated {
			t.Fatalf("POST = %s", res.Status)
		}
	}
	cmd := exec.Command("node", "drivers/node/drive.js", token)
	cmd.Env = append(clean(), "NODE_PATH="+modules, "NODE_EXTRA_CA_CERTS="+s.authority, "HTTPS_PROXY=http://"+s.proxy)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	for _, name := range nodeSteps {
		t.Run(name, func(t *testing.T) {
			for line := range strings.Lines(string(out)) {
				if line = strings.TrimSpace(line); line == "PASS "+name {
					return
				} else if strings.HasPrefix(line, "FAIL "+name+": ") {
					t.Fatal(line)
				}
			}
			t.Error("the driver did not come to this step")
		})
	}
	if err != nil || t.Failed() {
		t.Errorf("the driver ended with %v:\n%s%s", err, out, stderr.Bytes())
	}
}
