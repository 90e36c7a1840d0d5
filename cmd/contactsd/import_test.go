package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// newOwner makes a data directory with the user elizabeth@example.com.
func newOwner(t *testing.T) (data string) {
	t.Helper()
	data = filepath.Join(t.TempDir(), "data")
	for _, args := range [][]string{{"domain", "add", "example.com"}, {"user", "add", "elizabeth@example.com", "--password-stdin"}} {
		if status, _, errs := call(t, nil, "Longbourn\n", append(args, "--data", data)...); status != statusDone {
			t.Fatalf("%q: %s", args, errs)
		}
	}
	return data
}

func TestImport(t *testing.T) {
	const owner = "elizabeth@example.com"
	good := "BEGIN:VCARD\nVERSION:3.0\nFN:Jane Bennet\nEMAIL:jane@example.com\nEND:VCARD\n"

	t.Run("IMP-14 the exit status is 1 if anything was refused", func(t *testing.T) {
		data := newOwner(t)
		for _, tt := range []struct {
			text   string
			status int
			want   string
		}{
			{good, statusDone, "1 created"},
			{good, statusDone, "1 the same"},
			{good + "BEGIN:VCARD\nFN\nEND:VCARD\n", statusFailed, "line 7: refused"},
			{good + "BEGIN:VCARD\nFN:Mary\nPHOTO;ENCODING=b:AAAA\nEND:VCARD\n", statusFailed, "photo refused"},
			{"PK\x03\x04", statusFailed, ""},
		} {
			status, out, errs := call(t, nil, tt.text, "import", owner, "-", "--data", data)
			if status != tt.status || !strings.Contains(out, tt.want) {
				t.Errorf("import of %q = %d\n%s%s", tt.text, status, out, errs)
			}
		}
	})

	t.Run("EXP-6 an export to a file that fails leaves what was there", func(t *testing.T) {
		data := newOwner(t)
		dir := t.TempDir()
		name := filepath.Join(dir, "all.vcf")
		if status, _, errs := call(t, nil, good, "import", owner, "-", "--data", data); status != statusDone {
			t.Fatal(errs)
		}
		if status, _, errs := call(t, nil, "", "export", owner, "-o", name, "--data", data); status != statusDone {
			t.Fatal(errs)
		}
		before, err := os.ReadFile(name)
		if err != nil || !strings.Contains(string(before), "Jane") {
			t.Fatalf("the file is %s, %v", before, err)
		}
		if status, _, _ := call(t, nil, "", "export", "nobody@example.com", "-o", name, "--data", data); status != statusFailed {
			t.Errorf("export of nobody = %d", status)
		}
		after, err := os.ReadFile(name)
		left, _ := os.ReadDir(dir)
		if err != nil || !bytes.Equal(before, after) || len(left) != 1 {
			t.Errorf("the file is %s, %v, among %v", after, err, left)
		}
	})

	t.Run("IMP-22 journals are the owner's alone, and go with the account", func(t *testing.T) {
		data := newOwner(t)
		if status, _, errs := call(t, nil, good, "import", owner, "-", "--data", data); status != statusDone {
			t.Fatal(errs)
		}
		n := 0
		count := func() int {
			n = 0
			err := filepath.WalkDir(filepath.Join(data, "imports"), func(name string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				info, err := d.Info()
				if err == nil && info.Mode().Perm()&0o077 != 0 {
					t.Errorf("%s has mode %v", name, info.Mode())
				}
				if strings.HasSuffix(name, ".import") {
					n++
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if count() != 1 {
			t.Errorf("%d journals", n)
		}
		if status, _, errs := call(t, nil, "", "user", "remove", owner, "--data", data); status != statusDone {
			t.Fatal(errs)
		}
		if count() != 0 {
			t.Errorf("%d journals after the account", n)
		}
	})

	t.Run("IMP-11 IMP-20 an import killed by kill -9 goes on, and can be undone", func(t *testing.T) {
		var file strings.Builder
		const n = 5_000 // so that what is printed after the last kill fills the pipe, and the program waits to be killed
		for i := range n {
			fmt.Fprintf(&file, "BEGIN:VCARD\nVERSION:3.0\nFN:Guest No%d\nTEL:%d\nCATEGORIES:Ball\nEND:VCARD\n", i, i)
		}
		name := filepath.Join(t.TempDir(), "guests.vcf")
		if err := os.WriteFile(name, []byte(file.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		data := newOwner(t)
		for _, after := range []int{1, 600, 1200, 1900} { // entries that were told of in all
			cmd := exec.Command(os.Args[0], "import", "-v", owner, name, "--data", data)
			cmd.Env = append(os.Environ(), runAsProgram+"=1")
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for lines := bufio.NewScanner(out); lines.Scan(); {
				var line int
				if _, err := fmt.Sscanf(lines.Text(), "line %d:", &line); err == nil && line/6 >= after {
					break
				}
			}
			cmd.Process.Kill()
			cmd.Wait()
		}
		status, out, errs := call(t, nil, "", "import", owner, name, "--data", data)
		if status != statusDone || !strings.Contains(out, fmt.Sprintf("%d created, 0 changed, 0 the same", n)) || !strings.Contains(errs, "this one went on") {
			t.Errorf("import = %d\n%s%s", status, out, errs)
		}
		_, cards, _ := call(t, nil, "", "export", owner, "--data", data)
		for i := range n {
			if c := strings.Count(cards, fmt.Sprintf("FN:Guest No%d\r\n", i)); c != 1 {
				t.Fatalf("guest %d is there %d times", i, c)
			}
		}
		if status, out, errs = call(t, nil, "", "import", "--undo", owner, "--data", data); status != statusDone || !strings.HasPrefix(out, fmt.Sprintf("%d deleted", n)) {
			t.Errorf("import --undo = %d\n%s%s", status, out, errs)
		}
	})
}
