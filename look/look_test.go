package look_test

import (
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"contacts/look"
)

func write(t *testing.T, page look.Page) (*httptest.ResponseRecorder, string) {
	t.Helper()
	pages := look.Parse(fstest.MapFS{
		"pages/_parts.html": {Data: []byte(`{{define "who"}}<b>{{.}}</b>{{end}}`)},
		"pages/sister.html": {Data: []byte(`{{define "content"}}<h1>{{template "who" .}}</h1>{{end}}`)},
		"pages/cousin.html": {Data: []byte(`{{define "content"}}<h1>Mr. Collins</h1>{{end}}`)},
	}, "pages")
	w := httptest.NewRecorder()
	if err := pages.Write(w, http.StatusForbidden, page); err != nil {
		t.Fatal(err)
	}
	return w, w.Body.String()
}

func TestWrite(t *testing.T) {
	w, body := write(t, look.Page{Name: "sister", Title: "Jane <3", User: "jane@example.com", Data: "Jane & Elizabeth"})
	for _, want := range []string{"<!DOCTYPE html>", "<title>Jane &lt;3 – Contacts</title>", "<h1><b>Jane &amp; Elizabeth</b></h1>", "jane@example.com"} {
		if !strings.Contains(body, want) {
			t.Errorf("page lacks %q:\n%s", want, body)
		}
	}
	if w.Code != http.StatusForbidden || w.Header().Get("Content-Length") != strconv.Itoa(len(body)) {
		t.Errorf("status = %d, Content-Length = %q of %d", w.Code, w.Header().Get("Content-Length"), len(body))
	}
	t.Run("SEC-5 SEC-15 headers", func(t *testing.T) {
		for _, tt := range []struct {
			page           look.Page
			policy, framed string
		}{
			{look.Page{Name: "cousin"}, "form-action 'self'; frame-ancestors 'none'", "DENY"},
			{look.Page{Name: "cousin", LeaveBy: []string{"https", "com.example.app"}}, "form-action 'self' https: com.example.app:; frame-ancestors 'none'", "DENY"},
			{look.Page{Name: "cousin", Public: true}, "form-action 'self'; frame-ancestors 'self'", ""},
		} {
			w, _ := write(t, tt.page)
			policy := w.Header().Get("Content-Security-Policy")
			if !strings.HasPrefix(policy, "default-src 'none'; style-src 'self'; img-src 'self'; ") || !strings.Contains(policy, tt.policy) {
				t.Errorf("%+v: policy = %q, want %q", tt.page, policy, tt.policy)
			}
			if got := w.Header().Get("X-Frame-Options"); got != tt.framed {
				t.Errorf("%+v: X-Frame-Options = %q, want %q", tt.page, got, tt.framed)
			}
			if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Referrer-Policy") != "no-referrer" {
				t.Errorf("%+v: headers = %v", tt.page, w.Header())
			}
		}
	})
	t.Run("a bare title", func(t *testing.T) {
		if _, body := write(t, look.Page{Name: "cousin", Title: "Success code=1", Bare: true}); !strings.Contains(body, "<title>Success code=1</title>") {
			t.Errorf("page:\n%s", body)
		}
	})
}

func TestAssets(t *testing.T) {
	_, body := write(t, look.Page{Name: "cousin"})
	paths := regexp.MustCompile(`"(/assets/[^"]+)"`).FindAllStringSubmatch(body, -1)
	if len(paths) != 2 {
		t.Fatalf("the page refers to %q, want a stylesheet and an icon", paths)
	}
	srv := httptest.NewServer(http.HandlerFunc(look.Assets))
	defer srv.Close()
	for _, p := range paths {
		resp, err := http.Get(srv.URL + p[1])
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != 200 || len(content) < 100 || resp.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s = %d, %d bytes, %v, %v", p[1], resp.StatusCode, len(content), resp.Header, err)
		}
		resp, err = http.Post(srv.URL+p[1], "text/plain", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("POST = %d", resp.StatusCode)
		}
	}
	for _, path := range []string{"/assets/", "/assets/look.css", "/assets/look-.css", "/assets/../look.go"} {
		resp, err := http.Get(srv.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s = %d", path, resp.StatusCode)
		}
	}
}

// The colours that text is shown in, on those that lie below, reach the
// contrast that WCAG 2.2 asks of level AA: 4.5 for text, 3 for the edges of
// fields.
func TestContrast(t *testing.T) {
	css, err := os.ReadFile("assets/look.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, ok := strings.Cut(string(css), "prefers-color-scheme: dark")
	if !ok {
		t.Fatal("there are no dark colours")
	}
	for name, part := range map[string]string{"light": light, "dark": dark} {
		t.Run("SEC-16 contrast by "+name, func(t *testing.T) { checkContrast(t, part) })
	}
}

func checkContrast(t *testing.T, part string) {
	colors := map[string][3]float64{}
	for _, m := range regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2});`).FindAllStringSubmatch(part, -1) {
		var c [3]float64
		for i := range c {
			n, err := strconv.ParseUint(m[2+i], 16, 8)
			if err != nil {
				t.Fatal(err)
			}
			c[i] = float64(n) / 255
		}
		colors[m[1]] = c
	}
	for _, pair := range []struct {
		text, below string
		least       float64
	}{
		{"text", "page", 4.5}, {"text", "card", 4.5}, {"text", "soft", 4.5},
		{"text", "danger-soft", 4.5}, {"text", "good-soft", 4.5}, {"text", "warn-soft", 4.5},
		{"muted", "page", 4.5}, {"muted", "card", 4.5},
		{"accent", "card", 4.5}, {"accent", "danger-soft", 4.5}, {"accent", "page", 4.5}, {"accent", "soft", 4.5},
		{"accent-strong", "card", 4.5}, {"accent-strong", "soft", 4.5},
		{"on-accent", "accent", 4.5}, {"on-accent", "accent-strong", 4.5},
		{"danger", "card", 4.5}, {"danger", "danger-soft", 4.5}, {"warn", "warn-soft", 4.5},
		{"field", "card", 3},
	} {
		text, ok1 := colors[pair.text]
		below, ok2 := colors[pair.below]
		if !ok1 || !ok2 {
			t.Fatalf("no colour %s or %s", pair.text, pair.below)
		}
		if got := contrast(text, below); got < pair.least {
			t.Errorf("contrast of %s on %s is %.2f, want %.1f", pair.text, pair.below, got, pair.least)
		}
	}
}

// contrast is the ratio that WCAG defines.
func contrast(a, b [3]float64) float64 {
	luminance := func(c [3]float64) float64 {
		for i, v := range c {
			if v <= 0.04045 {
				c[i] = v / 12.92
			} else {
				c[i] = math.Pow((v+0.055)/1.055, 2.4)
			}
		}
		return 0.2126*c[0] + 0.7152*c[1] + 0.0722*c[2]
	}
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}
