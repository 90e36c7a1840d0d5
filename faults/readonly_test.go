package faults

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// remount changes how the file system at a place is mounted.
func remount(t *testing.T, at, how string) {
	t.Helper()
	if out, err := exec.Command("mount", "-o", "remount,"+how, at).CombinedOutput(); err != nil {
		t.Fatalf("mount -o remount,%s: %v: %s", how, err, out)
	}
}

// failDisk lets a file system find itself damaged: from then on it is read
// only, also for files that are open.
func failDisk(t *testing.T, at string) {
	t.Helper()
	source, err := exec.Command("findmnt", "-n", "-o", "SOURCE", at).Output()
	if err != nil {
		t.Fatal(err)
	}
	trigger := filepath.Join("/sys/fs/ext4", filepath.Base(strings.TrimSpace(string(source))), "trigger_fs_error")
	if err := os.WriteFile(trigger, []byte("an error that a test wants"), 0); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(at, "try"), nil, 0o600); err == nil {
		t.Fatal("the file system can still be written")
	}
}

// mend checks a file system and mounts it anew.
func mend(t *testing.T, at string) {
	t.Helper()
	image := filepath.Join(filepath.Dir(at), "image")
	for _, args := range [][]string{{"umount", at}, {"fsck.ext4", "-f", "-y", image}, {"mount", "-o", "loop", image, at}} {
		out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
		var exit *exec.ExitError
		if args[0] == "fsck.ext4" && errors.As(err, &exit) && exit.ExitCode() == 1 { // what was wrong is mended
			err = nil
		}
		if err != nil {
			t.Fatalf("%s: %v: %s", args[0], err, out)
		}
	}
}

func TestReadOnly(t *testing.T) {
	t.Run("OPS-93 WRT-8 a disk that turns read-only under the server", func(t *testing.T) {
		at := disk(t, 16)
		data := filepath.Join(at, "data")
		setUp(t, data)
		s := start(t, data)
		var acknowledged []string
		insert := func(want int) {
			t.Helper()
			name := fmt.Sprintf("Guest No%d", len(acknowledged)+1)
			status, err := s.insert(name, 2000)
			if status != want {
				t.Fatalf("an insert = %d, %v, want %d", status, err, want)
			}
			if status == http.StatusCreated {
				acknowledged = append(acknowledged, name)
			}
		}
		for range 20 {
			insert(http.StatusCreated)
		}
		failDisk(t, at)
		for range 20 {
			insert(http.StatusServiceUnavailable)
		}
		s.holds(t, acknowledged, len(acknowledged))
		// Only a new mount can be written again, so the server has to go.
		if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		t.Logf("exit status %d", s.wait())
		mend(t, at)
		again := start(t, data)
		again.holds(t, acknowledged, len(acknowledged))
		if status, err := again.insert("Charlotte Lucas", 2000); status != http.StatusCreated {
			t.Errorf("an insert on the mended disk = %d, %v", status, err)
		}
		again.stop(t)
	})

	t.Run("OPS-93 a server does not start on what it cannot write, and says why", func(t *testing.T) {
		at := disk(t, 16)
		data := filepath.Join(at, "data")
		setUp(t, data)
		s := start(t, data)
		if status, err := s.insert("Charlotte Lucas", 100); status != http.StatusCreated {
			t.Fatal(status, err)
		}
		s.stop(t)
		remount(t, at, "ro")
		refused, err := tryStart(t, data)
		if err == nil {
			t.Fatal("the server starts")
		}
		if status, log := refused.wait(), refused.log.String(); status != 1 || !strings.Contains(log, "cannot be") || !strings.Contains(log, data) {
			t.Errorf("status %d, want 1 and a reason with the directory; it says %s", status, log)
		}
		remount(t, at, "rw")
		again := start(t, data)
		again.holds(t, []string{"Charlotte Lucas"}, 1)
		again.stop(t)
	})
}
