package main

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// citations holds where each ID is named, as "file:line" below the root.
type citations struct {
	code map[string][]string // in a comment of the product's code
	test map[string][]string // in the name of a test, or another text of a test file
	all  []citation          // every mention, comments of tests included
}

type citation struct{ id, pos string }

// technical holds prefixes that look like an ID and are none: UTF-8, SHA-256.
var technical = map[string]bool{
	"AES": true, "CVE": true, "HTTP": true, "ISO": true, "RFC": true, "SHA": true, "UTF": true, "WINDOWS": true,
}

// comments finds the comments of files that are not Go, by file extension.
var comments = map[string]*regexp.Regexp{
	".sql":  regexp.MustCompile(`(?s)--[^\n]*|/\*.*?\*/`),
	".js":   regexp.MustCompile(`(?s)//[^\n]*|/\*.*?\*/`),
	".html": regexp.MustCompile(`(?s)<!--.*?-->|/\*.*?\*/|//[^\n]*`),
}

// sqlComment finds comments of SQL that stands inside a Go string.
var sqlComment = regexp.MustCompile(`(?m)--\s.*$`)

// scanModule finds the citations in every source file below root. It leaves
// out docs/spec itself, testdata, other modules, and hidden folders. known
// holds the prefixes that the specification uses.
func scanModule(root string, known map[string]bool) (citations, error) {
	s := &scanner{root: root, known: known, found: citations{code: map[string][]string{}, test: map[string][]string{}}}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if rel != "." && s.skipDir(path, filepath.ToSlash(rel)) {
				return fs.SkipDir
			}
			return nil
		}
		switch ext := filepath.Ext(path); {
		case ext == ".go":
			return s.goFile(path, filepath.ToSlash(rel))
		case comments[ext] != nil:
			return s.otherFile(path, filepath.ToSlash(rel), comments[ext])
		}
		return nil
	})
	return s.found, err
}

type scanner struct {
	root  string
	known map[string]bool
	found citations
}

// skipDir leaves out what the go command leaves out, the two folders that the
// Makefile fills, and this folder.
func (s *scanner) skipDir(path, rel string) bool {
	name := filepath.Base(path)
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "node_modules" {
		return true
	}
	if rel == "docs/spec" || rel == "bin" || rel == "data" {
		return true
	}
	_, err := os.Stat(filepath.Join(path, "go.mod"))
	return err == nil
}

// isTest tells whether a file proves requirements rather than meeting them:
// besides test files, the suites that other tests call (store/storetest) and
// the drivers of other people's clients.
func isTest(rel string) bool {
	dir := filepath.ToSlash(filepath.Dir(rel))
	return strings.HasSuffix(rel, "_test.go") || strings.HasSuffix(dir, "test") ||
		dir == "conformance" || strings.HasPrefix(dir, "conformance/")
}

func (s *scanner) goFile(path, rel string) error {
	src, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, rel, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	at := func(pos token.Pos) string {
		p := fset.Position(pos)
		return fmt.Sprintf("%s:%d", p.Filename, p.Line)
	}
	test := isTest(rel)
	for _, group := range file.Comments {
		for _, c := range group.List {
			for i, line := range strings.Split(c.Text, "\n") {
				p := fset.Position(c.Pos())
				pos := fmt.Sprintf("%s:%d", rel, p.Line+i)
				for _, id := range findIDs(line) {
					s.mention(id, pos, true)
					if !test && s.known[prefixOf(id)] {
						s.found.code[id] = append(s.found.code[id], pos)
					}
				}
			}
		}
	}
	names := testNames(file)
	ast.Inspect(file, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		text, err := strconv.Unquote(lit.Value)
		if err != nil {
			return true
		}
		if !test && !names[lit] {
			for _, c := range sqlComment.FindAllString(text, -1) {
				for _, id := range findIDs(c) {
					if s.known[prefixOf(id)] {
						s.mention(id, at(lit.Pos()), false)
						s.found.code[id] = append(s.found.code[id], at(lit.Pos()))
					}
				}
			}
			return true
		}
		for _, id := range findIDs(text) {
			s.mention(id, at(lit.Pos()), names[lit])
			if s.known[prefixOf(id)] {
				s.found.test[id] = append(s.found.test[id], at(lit.Pos()))
			}
		}
		return true
	})
	return nil
}

// testNames holds the literals that name a subtest: x.Run("ID ...", func...).
func testNames(file *ast.File) map[*ast.BasicLit]bool {
	names := map[*ast.BasicLit]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 2 {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != "Run" {
			return true
		}
		if lit, ok := call.Args[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
			names[lit] = true
		}
		return true
	})
	return names
}

func (s *scanner) otherFile(path, rel string, comment *regexp.Regexp) error {
	src, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for _, loc := range comment.FindAllIndex(src, -1) {
		pos := fmt.Sprintf("%s:%d", rel, 1+bytes.Count(src[:loc[0]], []byte("\n")))
		for _, id := range findIDs(string(src[loc[0]:loc[1]])) {
			if s.known[prefixOf(id)] {
				s.mention(id, pos, false)
				s.found.code[id] = append(s.found.code[id], pos)
			}
		}
	}
	return nil
}

// mention records an ID to be checked. In a comment or the name of a test a
// strange prefix is a mistake; in other texts it is somebody's data.
func (s *scanner) mention(id, pos string, strict bool) {
	p := prefixOf(id)
	if s.known[p] || strict && !technical[p] {
		s.found.all = append(s.found.all, citation{id, pos})
	}
}

var idPattern = regexp.MustCompile(`[A-Z]{2,8}-[0-9]+`)

// findIDs gives the IDs that text spells out, in order. Part of a longer word
// or number (X-ABC-1, ISO-8859-1) is none. Ranges are not expanded: whoever
// writes "RES-1 to RES-3" cites RES-1 and RES-3.
func findIDs(text string) []string {
	var ids []string
	for _, loc := range idPattern.FindAllStringIndex(text, -1) {
		if loc[0] > 0 && wordByte(text[loc[0]-1]) {
			continue
		}
		if rest := text[loc[1]:]; rest != "" && wordByte(rest[0]) && rest[0] != '_' {
			continue
		}
		ids = append(ids, text[loc[0]:loc[1]])
	}
	return ids
}

func wordByte(b byte) bool {
	return b == '-' || b == '_' || b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z'
}

func prefixOf(id string) string { return requirement{ID: id}.prefix() }

// unknownIDs gives the citations of IDs that no table has, by position.
func unknownIDs(reqs []requirement, cited citations) []citation {
	exists := map[string]bool{}
	for _, r := range reqs {
		exists[r.ID] = true
	}
	var wrong []citation
	for _, c := range cited.all {
		if !exists[c.id] {
			wrong = append(wrong, c)
		}
	}
	slices.SortFunc(wrong, func(a, b citation) int {
		return cmp.Or(cmp.Compare(a.pos, b.pos), cmp.Compare(a.id, b.id))
	})
	return wrong
}
