package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The requirements of the project itself.
func projectTables(t *testing.T) []requirement {
	t.Helper()
	reqs, err := readTables(".")
	if err != nil {
		t.Fatal(err)
	}
	return reqs
}

func TestCitationsExist(t *testing.T) {
	reqs := projectTables(t)
	cited, err := scanModule(filepath.Join("..", ".."), prefixes(reqs))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range unknownIDs(reqs, cited) {
		t.Errorf("%s: %s is not in docs/spec", c.pos, c.id)
	}
}

func TestChecklistFollowsTables(t *testing.T) {
	want, err := checklist(projectTables(t))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(checklistFile)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	have, wanted := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range min(len(have), len(wanted)) {
		if !bytes.Equal(have[i], wanted[i]) {
			t.Fatalf("%s:%d is\n%s\nwant\n%s\n(go run ./docs/spec -write)", checklistFile, i+1, have[i], wanted[i])
		}
	}
	t.Fatalf("%s has %d lines, want %d (go run ./docs/spec -write)", checklistFile, len(have), len(wanted))
}

func TestParseTables(t *testing.T) {
	const text = `# 01 Sample

| Letter | Meaning |
|---|---|
| O | no requirement |

| ID | Requirement | Level | Source |
|---|---|---|---|
| FOO-1 | A ` + "`b \\| c`" + ` is kept. | O | PY, SC |

prose

| ID | Element | Card. | Content | Level | Source |
|---|---|:-:|---|---|---|
| FOO-2 | ` + "`gd:x`" + ` | - | text | I | - |
| FOO-3 | withdrawn | - | - | S | - |
` + "```\n| ID | in an example |\n| FOO-4 | x |\n```\n"
	reqs, err := parseTables("01-sample.md", text)
	if err != nil {
		t.Fatal(err)
	}
	want := []requirement{
		{"FOO-1", "01-sample.md", "A b | c is kept.", "MUST from origin documents", "PY, SC"},
		{"FOO-2", "01-sample.md", "gd:x; text", "INFERRED", "-"},
		{"FOO-3", "01-sample.md", "withdrawn", "SHOULD", "-"},
	}
	if !slices.Equal(reqs, want) {
		t.Errorf("parseTables() = %v, want %v", reqs, want)
	}
	if !reqs[2].withdrawn() || reqs[0].withdrawn() {
		t.Error("withdrawn() is wrong for FOO-1 or FOO-3")
	}
}

func TestParseTablesRefuses(t *testing.T) {
	const head = "| ID | Requirement | Level | Source |\n|---|---|---|---|\n"
	for _, tt := range []struct{ name, text, want string }{
		{"too few cells", head + "| FOO-1 | x | O |\n", "01.md:3: 3 cells under 4 columns"},
		{"unknown level", head + "| FOO-1 | x | Q | - |\n", `01.md:3: unknown level "Q"`},
		{"no number", head + "| FOO | x | O | - |\n", `01.md:3: "FOO" is not an ID`},
		{"no level column", "| ID | Requirement |\n", "01.md:1: a table of requirements ends in Level and Source"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseTables("01.md", tt.text)
			if err == nil || err.Error() != tt.want {
				t.Errorf("parseTables() error = %v, want %s", err, tt.want)
			}
		})
	}
}

func TestReadTablesRefusesAnIDGivenTwice(t *testing.T) {
	dir := t.TempDir()
	const table = "| ID | Requirement | Level | Source |\n|---|---|---|---|\n| FOO-1 | x | O | - |\n"
	writeFile(t, filepath.Join(dir, "01.md"), table)
	writeFile(t, filepath.Join(dir, "02.md"), table)
	if _, err := readTables(dir); err == nil || err.Error() != "02.md: FOO-1 is already in 01.md" {
		t.Errorf("readTables() error = %v", err)
	}
}

func TestFindIDs(t *testing.T) {
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"// FOO-1", []string{"FOO-1"}},
		{"FOO-1 FOO-22, (BAR-3).", []string{"FOO-1", "FOO-22", "BAR-3"}},
		{"FOO-1 to FOO-4", []string{"FOO-1", "FOO-4"}},
		{"FOO-1/BAR-2 and FOO-1_page", []string{"FOO-1", "BAR-2", "FOO-1"}},
		{"X-FOO-1 FOO-1x FOO-1-2 aFOO-1 foo-1 FOO- F-1", nil},
	} {
		if got := findIDs(tt.text); !slices.Equal(got, tt.want) {
			t.Errorf("findIDs(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}

// sampleModule writes a module whose files cite FOO-1 to FOO-12 in every
// place that counts and in some that do not.
func sampleModule(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module sample\n",
		"a.go": "package a\n\n// F does it. FOO-1\nfunc F() string {\n\treturn \"FOO-2\" // UTF-8, ODD-3\n}\n" +
			"const q = `select 1 -- FOO-9\n`\n",
		"a_test.go": "package a\n\n// FOO-3\nvar data = \"ABC-1\"\n" +
			"var cases = []struct{ name string }{{\"FOO-4 works\"}}\n" +
			"func f(t *testing.T) { t.Run(\"FOO-5 BAD-6 too\", g) }\n",
		"suitetest/suite.go":       "package suitetest\n\nfunc f(t *testing.T) { t.Run(\"FOO-6 holds\", g) }\n",
		"migrations/1.sql":         "create table t (n int); -- FOO-7\n",
		"web/page.html":            "<p>FOO-3</p>\n<!-- FOO-8 -->\n",
		"web/app.js":               "f(); // FOO-10\n",
		"docs/spec/x.go":           "package main // FOO-11\n",
		"testdata/x.go":            "package main // FOO-11\n",
		"other/go.mod":             "module other\n",
		"other/x.go":               "package other // FOO-11\n",
		"node_modules/p/x.js":      "// FOO-11\n",
		"conformance/helper.go":    "package conformance // FOO-12\n",
		"conformance/sub/drive.go": "package sub\n\nvar name = \"FOO-12\"\n",
	} {
		writeFile(t, filepath.Join(root, filepath.FromSlash(name)), text)
	}
	return root
}

func TestScanModule(t *testing.T) {
	cited, err := scanModule(sampleModule(t), map[string]bool{"FOO": true})
	if err != nil {
		t.Fatal(err)
	}
	wantCode := map[string]string{"FOO-1": "a.go:3", "FOO-7": "migrations/1.sql:1", "FOO-8": "web/page.html:2",
		"FOO-9": "a.go:7", "FOO-10": "web/app.js:1"}
	checkPositions(t, "code", cited.code, wantCode)
	wantTest := map[string]string{"FOO-4": "a_test.go:5", "FOO-5": "a_test.go:6", "FOO-6": "suitetest/suite.go:3",
		"FOO-12": "conformance/sub/drive.go:3"}
	checkPositions(t, "test", cited.test, wantTest)
}

func checkPositions(t *testing.T, what string, got map[string][]string, want map[string]string) {
	t.Helper()
	for id, pos := range want {
		if !slices.Equal(got[id], []string{pos}) {
			t.Errorf("%s citations of %s = %q, want %q", what, id, got[id], pos)
		}
	}
	for id := range got {
		if want[id] == "" {
			t.Errorf("%s citation of %s at %q, want none", what, id, got[id])
		}
	}
}

func TestUnknownIDs(t *testing.T) {
	var reqs []requirement
	for _, id := range []string{"FOO-1", "FOO-4", "FOO-5", "FOO-6", "FOO-7", "FOO-8", "FOO-9", "FOO-12"} {
		reqs = append(reqs, requirement{ID: id})
	}
	cited, err := scanModule(sampleModule(t), prefixes(reqs))
	if err != nil {
		t.Fatal(err)
	}
	// ABC-1 is data of a test, UTF-8 is a technical name, FOO-2 is text of the
	// program; ODD and BAD are no prefixes of the specification.
	want := []citation{{"ODD-3", "a.go:5"}, {"FOO-3", "a_test.go:3"}, {"BAD-6", "a_test.go:6"}, {"FOO-10", "web/app.js:1"}}
	if got := unknownIDs(reqs, cited); !slices.Equal(got, want) {
		t.Errorf("unknownIDs() = %v, want %v", got, want)
	}
	var out strings.Builder
	if err := reportUnknown(&out, reqs, cited); err == nil || !strings.Contains(out.String(), "a.go:5: ODD-3 is not in docs/spec\n") {
		t.Errorf("reportUnknown() = %v, printed %q", err, out.String())
	}
	if err := reportUnknown(&out, reqs, citations{}); err != nil {
		t.Errorf("reportUnknown() = %v without citations, want nil", err)
	}
}

func TestReport(t *testing.T) {
	reqs := []requirement{
		{ID: "FOO-1", File: "01.md", Statement: "one", Level: "SHOULD"},
		{ID: "FOO-2", File: "01.md", Statement: "two", Level: "PRODUCT"},
		{ID: "BAR-1", File: "02.md", Statement: "three", Level: "SHOULD"},
		{ID: "BAR-2", File: "02.md", Statement: "Withdrawn.", Level: "SHOULD"},
	}
	cited := citations{
		code: map[string][]string{"FOO-1": {"a.go:1"}, "BAR-1": {"a.go:2"}},
		test: map[string][]string{"BAR-1": {"a_test.go:2"}},
	}
	for _, tt := range []struct {
		name    string
		files   []string
		only    string
		verbose bool
		want    string
	}{
		{name: "all", want: `01.md: 2 requirements, 1 without code, 2 without test
  without code: FOO-2
  without test: FOO-1 FOO-2
02.md: 1 requirements, 0 without code, 0 without test
total: 3 requirements, 1 without code, 2 without test
`},
		{name: "one file", files: []string{"docs/spec/02.md"}, want: `02.md: 1 requirements, 0 without code, 0 without test
total: 1 requirements, 0 without code, 0 without test
`},
		{name: "one prefix in words", only: "FOO", verbose: true, want: `01.md: 2 requirements, 1 without code, 2 without test
  without code:
    FOO-2     two (PRODUCT)
  without test:
    FOO-1     one (SHOULD)
    FOO-2     two (PRODUCT)
total: 2 requirements, 1 without code, 2 without test
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			chosen, err := choose(reqs, tt.files, tt.only)
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			report(&out, chosen, cited, tt.verbose)
			if out.String() != tt.want {
				t.Errorf("report() printed\n%s\nwant\n%s", out.String(), tt.want)
			}
		})
	}
	if _, err := choose(reqs, []string{"03.md"}, ""); err == nil {
		t.Error("choose() accepts a file without requirements")
	}
	if _, err := choose(reqs, nil, "FOO,BAZ"); err == nil {
		t.Error("choose() accepts a prefix without requirements")
	}
}

func TestWriteChecklist(t *testing.T) {
	file := filepath.Join(t.TempDir(), checklistFile)
	reqs := []requirement{{"FOO-1", "01.md", `a, "b"`, "SHOULD", "PY, SC"}}
	if err := writeChecklist(file, reqs); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := "id,file,statement,level,source\nFOO-1,01.md,\"a, \"\"b\"\"\",SHOULD,\"PY, SC\"\n"
	if string(got) != want {
		t.Errorf("checklist is %q, want %q", got, want)
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
