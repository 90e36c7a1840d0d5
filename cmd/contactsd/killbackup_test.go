package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// killAtWork starts the program and kills it as soon as it works in a folder
// below parent. It reports whether the program had not ended by itself.
func killAtWork(t *testing.T, parent string, args ...string) bool {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), runAsProgram+"=1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case <-ended:
			removeWork(t, parent)
			return false
		default:
		}
		if found, _ := filepath.Glob(filepath.Join(parent, ".contactsd-work-*")); len(found) > 0 {
			break
		}
		runtime.Gosched()
	}
	cmd.Process.Kill()
	err := <-ended
	var exit *exec.ExitError
	return errors.As(err, &exit) && !exit.Exited()
}

// removeWork removes what a killed process left, so that the next one is seen.
// The program itself does so later, when it is sure.
func removeWork(t *testing.T, parent string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(parent, ".contactsd-work-*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range found {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
}

func TestKillBackup(t *testing.T) {
	const rounds = 4 // killed half-way
	const guests = 500
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	for _, args := range [][]string{{"domain", "add", "example.com"}, {"user", "add", "elizabeth@example.com", "--password-stdin"}} {
		if status, _, errs := call(t, nil, "Longbourn\n", append(args, "--data", data)...); status != statusDone {
			t.Fatalf("%q: %s", args, errs)
		}
	}
	var cards strings.Builder
	for range guests {
		cards.WriteString("BEGIN:VCARD\nVERSION:3.0\nFN:Guest of Netherfield\nN:Netherfield;Guest;;;\nNOTE:" + strings.Repeat("dances ", 20) + "\nEND:VCARD\n")
	}
	if status, _, errs := call(t, nil, cards.String(), "import", "--on-duplicate", "create", "elizabeth@example.com", "-", "--data", data); status != statusDone {
		t.Fatal(errs)
	}
	done := func(args ...string) {
		t.Helper()
		if status, out, errs := call(t, nil, "", args...); status != statusDone {
			t.Fatalf("%q: %s%s", args, out, errs)
		}
	}

	t.Run("OPS-3 kill -9 leaves no half of a backup", func(t *testing.T) {
		folder := t.TempDir()
		file := filepath.Join(folder, "contacts.tar.zst")
		for killed := 0; killed < rounds; {
			if killAtWork(t, folder, "backup", file, "--data", data) {
				killed++
			}
			if _, err := os.Stat(file); err == nil {
				done("verify", file)
				if err := os.Remove(file); err != nil {
					t.Fatal(err)
				}
			}
			removeWork(t, folder)
		}
		done("backup", file, "--data", data)
		done("verify", file)
	})

	t.Run("OPS-11 kill -9 leaves no half of a restore", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "contacts.tar.zst")
		done("backup", file, "--data", data)
		parent := t.TempDir()
		target := filepath.Join(parent, "data")
		for killed := 0; killed < rounds; {
			if killAtWork(t, parent, "restore", file, "--data", target) {
				killed++
			}
			if _, err := os.Stat(target); err == nil { // it was quicker
				done("verify", "--data", target)
				if err := os.RemoveAll(target); err != nil {
					t.Fatal(err)
				}
			}
			if killed < rounds {
				removeWork(t, parent)
			}
		}
		done("restore", file, "--data", target) // beside what was left
		done("verify", "--data", target)
	})

	t.Run("OPS-13 kill -9 while one book is restored leaves it whole", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "contacts.tar.zst")
		done("backup", file, "--data", data)
		for killed := 0; killed < rounds; {
			if status, _, errs := call(t, nil, "BEGIN:VCARD\nVERSION:3.0\nFN:Charlotte Lucas\nEND:VCARD\n", "import", "elizabeth@example.com", "-", "--data", data); status != statusDone {
				t.Fatal(errs)
			}
			if killAtWork(t, data, "restore", file, "--owner", "elizabeth@example.com", "--data", data) {
				killed++
			}
			removeWork(t, data)
			done("verify", "--data", data)
		}
		done("restore", file, "--owner", "elizabeth@example.com", "--data", data)
		_, out, _ := call(t, nil, "", "export", "elizabeth@example.com", "--data", data)
		if n := strings.Count(out, "BEGIN:VCARD"); n != guests || strings.Contains(out, "Charlotte") {
			t.Errorf("the book has %d contacts, want the %d of the backup", n, guests)
		}
	})
}
