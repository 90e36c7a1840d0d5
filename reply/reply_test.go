package reply_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"contacts"
	"contacts/reply"
)

// kinds reads the kinds of error out of the source of package contacts, so that
// none is forgotten here.
func kinds(t *testing.T) []contacts.Kind {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../error.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ks []contacts.Kind
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typ, ok := spec.Type.(*ast.Ident); ok && typ.Name == "Kind" && len(spec.Values) == 1 {
			s, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			ks = append(ks, contacts.Kind(s))
		}
		return true
	})
	if len(ks) < 12 {
		t.Fatalf("found %d kinds in error.go, want at least 12", len(ks))
	}
	return ks
}

func TestStatus(t *testing.T) {
	t.Run("every kind has a status of its own", func(t *testing.T) {
		seen := map[int]contacts.Kind{}
		for _, k := range kinds(t) {
			status := reply.Status(k)
			if status == http.StatusInternalServerError {
				t.Errorf("Status(%q) = 500: the kind has no status", k)
			}
			if other, ok := seen[status]; ok {
				t.Errorf("Status(%q) = %d, as for %q", k, status, other)
			}
			seen[status] = k
		}
	})
	for _, tt := range []struct {
		name string
		err  error
		want int
	}{
		{"ERR-23 bad input", contacts.Errorf(contacts.Invalid, contacts.CodeParse, "x"), 400},
		{"ERR-35 bad credentials", contacts.Unauthorized, 401},
		{"ERR-37 AUTH-11 foreign owner", contacts.Forbidden, 403},
		{"ERR-43 missing", contacts.NotFound, 404},
		{"ERR-44 method", contacts.NotAllowed, 405},
		{"ERR-46 duplicate", contacts.Duplicate, 409},
		{"ERR-47 tombstones lost", contacts.Gone, 410},
		{"ERR-48 stale", contacts.Stale, 412},
		{"ERR-49 too large", contacts.TooLarge, 413},
		{"ERR-50 media type", contacts.Unsupported, 415},
		{"ERR-52 not built", contacts.Unimplemented, 501},
		{"ERR-53 overload", contacts.Unavailable, 503},
		{"ERR-51 no kind", errors.New("x"), 500},
		{"wrapped", fmt.Errorf("reading: %w", contacts.Errorf(contacts.Stale, "", "x")), 412},
		{"kind with a canceled cause", &contacts.Error{Kind: contacts.Invalid, Err: context.Canceled}, 400},
		{"client went away", fmt.Errorf("reading: %w", context.Canceled), reply.StatusCanceled},
		{"too slow", context.DeadlineExceeded, 503},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := reply.Status(tt.err); got != tt.want {
				t.Errorf("Status(%v) = %d, want %d", tt.err, got, tt.want)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want int
	}{
		{"SEC-11 a fraction rounds up", &contacts.Error{Kind: contacts.Unavailable, Err: reply.Later(1200 * time.Millisecond)}, 2},
		{"at least one second", reply.Later(time.Microsecond), 1},
		{"ERR-53 when nothing is known", contacts.Unavailable, 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := reply.RetryAfter(tt.err); got != tt.want {
				t.Errorf("RetryAfter(%v) = %d, want %d", tt.err, got, tt.want)
			}
		})
	}
}

func TestMessage(t *testing.T) {
	w := httptest.NewRecorder()
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"ERR-8 the reason without the cause", &contacts.Error{Kind: contacts.Invalid, Reason: "Bad", Err: errors.New("/secret/file.go:12")}, "Bad"},
		{"a kind alone", fmt.Errorf("deep: %w", contacts.NotFound), "not found"},
		{"ERR-8 a fault of our own", errors.New("/secret/file.go:12"), "Internal error"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := reply.Message(w, tt.err); got != tt.want {
				t.Errorf("Message(%v) = %q, want %q", tt.err, got, tt.want)
			}
		})
	}
}
