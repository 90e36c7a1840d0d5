package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const head = "package a\n\nimport \"testing\"\n\n"

// Each case is a module of its own, tested by the real go command.
func TestRun(t *testing.T) {
	for _, tt := range []struct {
		name    string
		files   map[string]string
		args    []string // "./..." when empty
		strict  bool
		ok      bool
		summary string
		prints  []string
		hides   []string
	}{
		{
			name: "passing",
			files: map[string]string{
				"a_test.go": head + `func TestA(t *testing.T) { t.Log("quiet"); t.Run("x", func(t *testing.T) {}) }`,
				"b/b.go":    "package b\n",
			},
			strict:  true,
			ok:      true,
			summary: "2 passed, 0 failed, 0 skipped",
			prints:  []string{"ok  \tsample\t", "?   \tsample/b\t[no test files]\n"},
			hides:   []string{"quiet", "=== RUN", "PASS"},
		},
		{
			name: "failing",
			files: map[string]string{
				"a_test.go": head + `func TestA(t *testing.T) {
					t.Run("x", func(t *testing.T) { t.Error("the bad news") })
					t.Run("y", func(t *testing.T) { t.Log("the good news") })
				}
				func TestB(t *testing.T) {}`,
				"b/b_test.go": head + `func TestC(t *testing.T) {}`,
			},
			summary: "3 passed, 2 failed, 0 skipped",
			prints: []string{"--- FAIL: sample TestA/x (", "the bad news\n", "--- FAIL: sample TestA (",
				"FAIL\tsample\t", "ok  \tsample/b\t"},
			hides: []string{"the good news"},
		},
		{
			name:    "skipped",
			files:   map[string]string{"a_test.go": skips},
			ok:      true,
			summary: "1 passed, 0 failed, 2 skipped",
			prints: []string{"skipped:\n  sample TestA: teapot is not installed\n",
				"  sample TestB/x: no reason given\n"},
			hides: []string{"failure"},
		},
		{
			name:    "skipped where that is a failure",
			files:   map[string]string{"a_test.go": skips},
			strict:  true,
			summary: "1 passed, 0 failed, 2 skipped",
			prints:  []string{"teapot is not installed", "with CI=true a skipped test is a failure\n"},
		},
		{
			name: "not compiling",
			files: map[string]string{
				"a_test.go":   head + `func TestA(t *testing.T) { missing() }`,
				"b/b_test.go": head + `func TestB(t *testing.T) {}`,
			},
			summary: "1 passed, 1 failed, 0 skipped",
			prints:  []string{"undefined: missing\n", "FAIL\tsample [build failed]\n", "ok  \tsample/b\t"},
		},
		{
			name: "an import that does not exist",
			files: map[string]string{
				"a_test.go": "package a\n\nimport (\n\t\"testing\"\n\t_ \"sample/missing\"\n)\n\nfunc TestA(t *testing.T) {}\n",
			},
			summary: "0 passed, 1 failed, 0 skipped",
			prints:  []string{"sample/missing", "FAIL\tsample [setup failed]\n"},
		},
		{
			name: "panicking",
			files: map[string]string{
				"a_test.go": head + `func TestA(t *testing.T) { t.Run("x", func(t *testing.T) { panic("boom") }) }
				func TestB(t *testing.T) {}`,
			},
			summary: "0 passed, 2 failed, 0 skipped",
			prints:  []string{"panic: boom", "goroutine ", "FAIL\tsample\t"},
		},
		{
			name: "leaving in the middle",
			files: map[string]string{
				"a_test.go": "package a\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\n" +
					`func TestA(t *testing.T) { t.Run("x", func(t *testing.T) { println("last words"); os.Exit(3) }) }`,
			},
			summary: "0 passed, 2 failed, 0 skipped",
			prints:  []string{"--- FAIL: sample TestA/x (did not finish)\nlast words\n"},
		},
		{
			name: "failing outside of its tests",
			files: map[string]string{
				"a_test.go": "package a\n\nimport (\n\t\"fmt\"\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestA(t *testing.T) {}\n" +
					`func TestMain(m *testing.M) { m.Run(); fmt.Println("cannot clean up"); os.Exit(1) }`,
			},
			summary: "1 passed, 1 failed, 0 skipped",
			prints:  []string{"cannot clean up\n", "FAIL\tsample\t"},
		},
		{
			name:    "no tests",
			files:   map[string]string{"a.go": "package a\n"},
			summary: "0 passed, 0 failed, 0 skipped",
			prints:  []string{"no test was run\n"},
		},
		{
			name:    "misused",
			files:   map[string]string{"a.go": "package a\n"},
			args:    []string{"-count=many"},
			summary: "0 passed, 1 failed, 0 skipped",
			prints:  []string{"FAIL\tgo test: exit status "},
		},
		{
			name:    "arguments go to go test",
			files:   map[string]string{"a_test.go": head + `func TestA(t *testing.T) {}` + "\n" + `func TestB(t *testing.T) {}`},
			args:    []string{"-run", "TestB", "-count=3", "."},
			ok:      true,
			summary: "3 passed, 0 failed, 0 skipped",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			writeFile(t, filepath.Join(dir, "go.mod"), "module sample\n\ngo 1.26\n")
			for name, text := range tt.files {
				writeFile(t, filepath.Join(dir, name), text)
			}
			args := tt.args
			if args == nil {
				args = []string{"./..."}
			}
			var out, remarks strings.Builder
			ok, err := run(dir, args, tt.strict, &out, &remarks)
			if err != nil {
				t.Fatal(err)
			}
			if ok != tt.ok {
				t.Errorf("run() = %v, want %v", ok, tt.ok)
			}
			if !strings.HasSuffix("\n"+out.String(), "\n"+tt.summary+"\n") {
				t.Errorf("the last line is not %q", tt.summary)
			}
			for _, s := range tt.prints {
				if !strings.Contains(out.String(), s) {
					t.Errorf("does not print %q", s)
				}
			}
			for _, s := range tt.hides {
				if strings.Contains(out.String(), s) {
					t.Errorf("prints %q", s)
				}
			}
			if t.Failed() {
				t.Logf("printed:\n%s%s", out.String(), remarks.String())
			}
		})
	}
}

const skips = head + `func TestA(t *testing.T) { t.Skip("teapot is not installed") }
func TestB(t *testing.T) { t.Run("x", func(t *testing.T) { t.SkipNow() }) }`

func TestRunWithoutGo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	var out, remarks strings.Builder
	if _, err := run(t.TempDir(), nil, false, &out, &remarks); err == nil {
		t.Error("run() = nil error without a go command")
	}
}

func TestReadKeepsForeignLines(t *testing.T) {
	var out strings.Builder
	tl := newTally(&out)
	if err := tl.read(strings.NewReader("not JSON\n" + `{"Action":"start","Package":"p"}` + "\n{\"a\":1}")); err != nil {
		t.Fatal(err)
	}
	if ok := tl.finish(false, nil); ok {
		t.Error("finish() = true for a package that did not finish")
	}
	want := "not JSON\n{\"a\":1}\nFAIL\tp [did not finish]\n0 passed, 1 failed, 0 skipped\n"
	if out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
