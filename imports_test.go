package contacts_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "contacts"

// allowedImports is the table of docs/contributing.md: what each of our
// packages may import of our own. The root package is called "contacts".
// Files of tests may import more.
var allowedImports = map[string][]string{
	"contacts": {},

	"wire":  {"contacts"},
	"vcard": {"contacts"},
	"reply": {"contacts"},
	"look":  {},

	"archive": {},

	"metrics": {},
	"audit":   {"contacts", "store"},

	"store":           {"contacts"},
	"store/sqlstore":  {"contacts", "store", "wire"},
	"store/sqlite":    {"contacts", "store", "store/sqlstore", "wire", "metrics"},
	"store/postgres":  {"contacts", "store", "store/sqlstore", "wire"},
	"store/storetest": {"contacts", "store", "wire"},

	"reply/replytest": {},

	"book": {"contacts", "store", "audit"},
	"auth": {"contacts", "store", "reply", "look", "metrics"},

	"gdata":   {"contacts", "book", "auth", "audit", "reply", "wire"},
	"carddav": {"contacts", "book", "auth", "reply", "vcard"},
	"web":     {"contacts", "book", "auth", "reply", "look", "vcard"},

	"server": {"contacts", "wire", "vcard", "reply", "look", "metrics", "audit", "store", "store/sqlstore", "store/sqlite", "store/postgres",
		"book", "auth", "gdata", "carddav", "web", "transfer", "archive"},

	"client": {"contacts", "wire"},

	"csv":      {"contacts"},
	"transfer": {"contacts", "vcard", "csv", "wire"},

	"cmd/line":      {"transfer"},
	"cmd/contactsd": {"contacts", "server", "transfer", "cmd/line", "packaging/manual"},
	"cmd/contacts":  {"contacts", "client", "vcard", "transfer", "cmd/line", "packaging/manual"},

	"packaging":        {},
	"packaging/manual": {},

	// Programs around the product, with all that lies below them.
	"conformance": {"contacts", "server"},
	"faults":      {"contacts", "server", "client"},
	"soak":        {"contacts", "client"},
	"bench":       {},
	"tools":       {},
	"docs/spec":   {},
}

// outside are the rows that stand for a whole tree of packages.
var outside = []string{"conformance", "faults", "soak", "bench", "tools", "docs/spec"}

// checkImports judges what one of our packages imports of our own, all named
// as in the table. It returns one sentence per offence.
func checkImports(pkg string, imports []string) []string {
	row, tree := pkg, "" // tree is the folder whose packages may import each other
	for _, o := range outside {
		if pkg == o || strings.HasPrefix(pkg, o+"/") {
			row, tree = o, o+"/"
		}
	}
	allowed, ok := allowedImports[row]
	if !ok {
		return []string{fmt.Sprintf("package %s is not in the table of imports", pkg)}
	}
	var wrong []string
	for _, imp := range imports {
		inTree := tree != "" && strings.HasPrefix(imp+"/", tree)
		if !slices.Contains(allowed, imp) && !inTree {
			wrong = append(wrong, fmt.Sprintf("package %s must not import %s", pkg, imp))
		}
	}
	return wrong
}

func TestImportsFollowTheTable(t *testing.T) {
	found, err := ownImports(".")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := found["contacts"]; !ok {
		t.Fatal("ownImports() does not find the root package")
	}
	for pkg, imports := range found {
		for _, offence := range checkImports(pkg, imports) {
			t.Error(offence)
		}
	}
}

func TestCheckImportsRefuses(t *testing.T) {
	for _, tt := range []struct {
		pkg     string
		imports []string
		want    []string
	}{
		{"contacts", nil, nil},
		{"gdata", []string{"contacts", "book", "wire"}, nil},
		{"gdata", []string{"book", "store"}, []string{"package gdata must not import store"}},
		{"contacts", []string{"wire"}, []string{"package contacts must not import wire"}},
		{"client", []string{"server", "book"}, []string{"package client must not import server", "package client must not import book"}},
		{"store", []string{"store/sqlite"}, []string{"package store must not import store/sqlite"}},
		{"util", nil, []string{"package util is not in the table of imports"}},
		{"book/rules", nil, []string{"package book/rules is not in the table of imports"}},
		{"bench", []string{"bench/gen"}, nil},
		{"bench/load", []string{"bench/gen", "book"}, []string{"package bench/load must not import book"}},
	} {
		t.Run(tt.pkg+" imports "+strings.Join(tt.imports, " "), func(t *testing.T) {
			if got := checkImports(tt.pkg, tt.imports); !slices.Equal(got, tt.want) {
				t.Errorf("checkImports() = %q, want %q", got, tt.want)
			}
		})
	}
}

// The table itself has no cycle and names no package that it lacks.
func TestImportTableIsSound(t *testing.T) {
	done := map[string]bool{}
	var visit func(pkg string, above []string)
	visit = func(pkg string, above []string) {
		if slices.Contains(above, pkg) {
			t.Fatalf("the table has a cycle: %s", strings.Join(append(above, pkg), " imports "))
		}
		if done[pkg] {
			return
		}
		row, ok := allowedImports[pkg]
		if !ok {
			t.Errorf("%s allows %s, which has no row", above[len(above)-1], pkg)
		}
		for _, imp := range row {
			visit(imp, append(slices.Clone(above), pkg))
		}
		done[pkg] = true
	}
	for pkg := range allowedImports {
		visit(pkg, nil)
	}
}

func TestOwnImports(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"a.go":               "package contacts\n\nimport _ \"fmt\"\n",
		"a_test.go":          "package contacts_test\n\nimport _ \"contacts/server\"\n",
		"wire/w.go":          "package wire\n\nimport (\n\t\"contacts\"\n\t_ \"contacts/book\"\n\t_ \"contactsx/y\"\n)\n",
		"wire/w_linux.go":    "package wire\n\nimport _ \"contacts/store\"\n",
		"wire/testdata/x.go": "package x\n\nimport _ \"contacts/web\"\n",
		"other/go.mod":       "module other\n",
		"other/x.go":         "package x\n\nimport _ \"contacts/web\"\n",
		".hidden/x.go":       "package x\n\nimport _ \"contacts/web\"\n",
	} {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := ownImports(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || len(got["contacts"]) != 0 || !slices.Equal(got["wire"], []string{"book", "contacts", "store"}) {
		t.Errorf("ownImports() = %v, want contacts: [], wire: [book contacts store]", got)
	}
}

// ownImports finds the packages of the module below root, and what their files
// import of our own, whatever system the files are for. Files of tests do not
// count, and neither does what the go command leaves out.
func ownImports(root string) (map[string][]string, error) {
	found := map[string][]string{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if file == root {
				return nil
			}
			_, err := os.Stat(filepath.Join(file, "go.mod"))
			if err == nil || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" {
				return fs.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		pkg := tableName(path.Join(module, filepath.ToSlash(rel)))
		imports := found[pkg]
		for _, spec := range parsed.Imports {
			imp, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if imp == module || strings.HasPrefix(imp, module+"/") {
				imports = append(imports, tableName(imp))
			}
		}
		slices.Sort(imports)
		found[pkg] = slices.Compact(imports)
		return nil
	})
	return found, err
}

// tableName shortens an import path of ours to its name in the table.
func tableName(importPath string) string {
	if importPath == module {
		return importPath
	}
	return strings.TrimPrefix(importPath, module+"/")
}
