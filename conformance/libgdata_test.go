package conformance

import (
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"testing"
)

// libgdataSteps are the steps of drivers/drive_libgdata.py that the server has
// to pass, in the order in which they run.
var libgdataSteps = []string{
	"login refused with a wrong password",
	"ClientLogin",
	"query without authorizer refused",
	"create contact",
	"server-made parts of the entry",
	"get contact by its id",
	"list feed",
	"query parameters",
	"update contact",
	"conflict on a stale etag",
	"photo add, get, replace",
	"photo delete",
	"groups: list, create, update, stale",
	"join and leave a group",
	"delete group",
	"batch",
	"paging",
	"incremental sync",
	"delete contact",
	"clean up",
}

// TestLibgdata signs in and works as GNOME does, through the C library for
// version 3. The library has the original host built in: it gets a stand-in,
// whose certificate it checks.
func TestLibgdata(t *testing.T) {
	const python = "/usr/bin/python3" // Debian's, which has the bindings
	probe := exec.Command(python, "-c", "import gi; gi.require_version('GData', '0.0'); from gi.repository import GData")
	if err := probe.Run(); err != nil {
		missing(t, "libgdata22 gir1.2-gdata-0.0 python3-gi", err)
	}
	s := startStandIn(t)

	args := []string{"drivers/drive_libgdata.py", s.authority, s.proxy, user, password}
	cmd := exec.Command(python, append(args, libgdataSteps...)...)
	cmd.Env = append(clean(), "PYTHONDONTWRITEBYTECODE=1", "PYTHONIOENCODING=utf-8", "HOME="+t.TempDir())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	result := map[string]string{} // step to the driver's line
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		for _, step := range libgdataSteps {
			if line == "PASS "+step || strings.HasPrefix(line, "FAIL "+step+": ") {
				result[step] = line
			}
		}
	}
	for _, step := range libgdataSteps {
		t.Run(step, func(t *testing.T) {
			if got := result[step]; got == "" {
				t.Error("the driver did not come to this step")
			} else if !strings.HasPrefix(got, "PASS ") {
				t.Error(got)
			}
		})
	}
	if err != nil || t.Failed() {
		t.Errorf("the driver ended with %v:\n%s%s", err, out, stderr.Bytes())
	}
}
