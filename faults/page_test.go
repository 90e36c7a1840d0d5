package faults

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// testFuncs are the tests and fuzz targets of the tree, as "package Name".
func testFuncs(t *testing.T, tree fs.FS) map[string]bool {
	t.Helper()
	funcs := map[string]bool{}
	re := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // another test's, that has ended
			return nil
		}
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && name != "." || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		pkg := path.Dir(name)
		if pkg == "." {
			pkg = "contacts"
		}
		for _, m := range re.FindAllStringSubmatch(string(text), -1) {
			funcs[pkg+" "+m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return funcs
}

func TestPage(t *testing.T) {
	page, err := os.ReadFile("../docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	there := testFuncs(t, os.DirFS(".."))
	named := map[string]bool{}
	names := regexp.MustCompile("((?:`[a-z/]+`,? (?:and )?)+)((?:(?:Test|Fuzz)\\w+(?:, )?)+)")
	for _, m := range names.FindAllStringSubmatch(string(page), -1) {
		for _, pkg := range regexp.MustCompile("`([a-z/]+)`").FindAllStringSubmatch(m[1], -1) {
			for name := range strings.SplitSeq(strings.TrimSuffix(m[2], ", "), ", ") {
				named[pkg[1]+" "+name] = true
			}
		}
	}
	if len(named) < 30 {
		t.Fatalf("the page names %q", slices.Sorted(maps.Keys(named)))
	}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if !there[name] {
			t.Errorf("docs/faults.md names %s, which is not there", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(there)) {
		if strings.Contains(name, " Fuzz") && !named[name] {
			t.Errorf("docs/faults.md has no %s", name)
		}
	}
}
