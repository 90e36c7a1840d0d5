package client_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strings"
	"testing"

	"contacts/client"
)

func TestExamples(t *testing.T) {
	t.Run("LIB-69 every operation has an example", func(t *testing.T) {
		file := must(parser.ParseFile(token.NewFileSet(), "example_test.go", nil, 0))(t)
		used := map[string]bool{}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok && (strings.HasPrefix(f.Name.Name, "Example") || f.Name.Name == "insert") {
					used[s.Sel.Name] = true
				}
				return true
			})
		}
		for m := range reflect.TypeFor[*client.Client]().Methods() {
			if !used[m.Name] {
				t.Errorf("no example calls %s", m.Name)
			}
		}
		for _, in := range []string{"ClientLogin", "AuthSub", "OAuth1", "OAuth2"} {
			if !used[in] {
				t.Errorf("no example signs in by %s", in)
			}
		}
	})
}
