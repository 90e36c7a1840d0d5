package reply_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"contacts"
	"contacts/reply"
)

func zip(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// zeros is n zero bytes without the memory for them.
func zeros(n int64) io.Reader { return io.LimitReader(zero{}, n) }

type zero struct{}

func (zero) Read(b []byte) (int, error) { clear(b); return len(b), nil }

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection lost") }

func TestReadBody(t *testing.T) {
	const limit = 1 << 20
	text := []byte(strings.Repeat("Elizabeth Bennet\n", 10000))
	for _, tt := range []struct {
		name     string
		body     io.Reader
		encoding string
		size     int64 // announced; -1 for chunked
		want     []byte
		kind     contacts.Kind
	}{
		{name: "empty", body: http.NoBody, want: []byte{}},
		{name: "of known size", body: bytes.NewReader(text), size: int64(len(text)), want: text},
		{name: "RES-68 chunked", body: bytes.NewReader(text), size: -1, want: text},
		{name: "COND-7 gzip", body: bytes.NewReader(zip(t, text)), encoding: "gzip", size: -1, want: text},
		{name: "COND-7 gzip by its other name", body: bytes.NewReader(zip(t, text)), encoding: "X-GZip", size: -1, want: text},
		{name: "identity", body: bytes.NewReader(text), encoding: "identity", size: -1, want: text},
		{name: "as long as may be", body: zeros(limit), size: limit, want: make([]byte, limit)},
		{name: "RES-65 ERR-49 announced too large", body: broken{}, size: limit + 1, kind: contacts.TooLarge},
		{name: "RES-65 ERR-49 too large as it comes", body: zeros(limit + 1), size: -1, kind: contacts.TooLarge},
		{name: "endless", body: zero{}, size: -1, kind: contacts.TooLarge},
		{name: "longer than announced", body: zero{}, size: 10, kind: contacts.TooLarge},
		{name: "COND-7 too large when unpacked", body: bytes.NewReader(zip(t, make([]byte, limit+1))), encoding: "gzip", size: -1, kind: contacts.TooLarge},
		{name: "gzip of nothing without end", body: io.MultiReader(bytes.NewReader(bytes.Repeat(zip(t, nil), limit/20))), encoding: "gzip", size: -1, kind: contacts.TooLarge},
		{name: "not gzip", body: bytes.NewReader(text), encoding: "gzip", size: -1, kind: contacts.Invalid},
		{name: "gzip that breaks off", body: bytes.NewReader(zip(t, text)[:100]), encoding: "gzip", size: -1, kind: contacts.Invalid},
		{name: "another encoding", body: bytes.NewReader(text), encoding: "br", size: -1, kind: contacts.Unsupported},
		{name: "a lost connection", body: io.MultiReader(bytes.NewReader(text), broken{}), size: -1, kind: contacts.Invalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/", tt.body)
			r.ContentLength = tt.size
			if tt.encoding != "" {
				r.Header.Set("Content-Encoding", tt.encoding)
			}
			got, err := reply.ReadBody(r, limit)
			if contacts.KindOf(err) != tt.kind || err != nil && tt.kind == "" {
				t.Fatalf("ReadBody() = %v, want kind %q", err, tt.kind)
			}
			if !bytes.Equal(got, tt.want) {
				t.Errorf("ReadBody() = %d bytes, want %d and those sent", len(got), len(tt.want))
			}
		})
	}
	t.Run("memory follows what arrives, not what is announced", func(t *testing.T) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("short"))
		r.ContentLength = 1 << 40
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := reply.ReadBody(r, 1<<41)
		runtime.ReadMemStats(&after)
		if err != nil || string(got) != "short" {
			t.Fatalf("ReadBody() = %q, %v", got, err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
			t.Errorf("5 bytes took %d bytes of memory", used)
		}
	})
}
