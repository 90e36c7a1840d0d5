package gdata_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"contacts/server"
)

// FuzzRequest looks for a request of a user who is signed in that is our
// fault, or whose answer is not what its type says: any method, target, header
// and body.
func FuzzRequest(f *testing.F) {
	c := server.Defaults()
	c.Data = f.TempDir()
	s, err := server.Open(f.Context(), c)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	if _, err := s.Auth.AddDomain(f.Context(), "example.com"); err != nil {
		f.Fatal(err)
	}
	const email, password = "elizabeth@example.com", "What are men to rocks and mountains?"
	if _, err := s.Auth.AddUser(f.Context(), server.NewUser{Email: email, Password: password, Admin: true}); err != nil {
		f.Fatal(err)
	}
	handler := s.Handler()
	send := func(r *http.Request) *httptest.ResponseRecorder {
		r.RemoteAddr = "127.0.0.1:1813"
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r.WithContext(context.Background()))
		return w
	}
	login := httptest.NewRequest("POST", "/accounts/ClientLogin", strings.NewReader(url.Values{"Email": {email}, "Passwd": {password}, "service": {"cp"}}.Encode()))
	login.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, token, ok := strings.Cut(send(login).Body.String(), "\nAuth=")
	if !ok {
		f.Fatal("ClientLogin gives no token")
	}
	token = strings.TrimSpace(token)

	const entry = `<entry xmlns="http://www.w3.org/2005/Atom" xmlns:gd="http://schemas.google.com/g/2005"><gd:name><gd:fullName>Jane Bennet</gd:fullName></gd:name></entry>`
	for _, x := range [][4]string{
		{"GET", "/m8/feeds/contacts/default/full?q=jane&max-results=5&start-index=2&alt=json&v=3", "", ""},
		{"GET", "/m8/feeds/contacts/elizabeth%40example.com/thin/1?fields=entry(title,gd:email[@primary='true'])", "If-None-Match: *\r\n", ""},
		{"GET", "/m8/feeds/contacts/example.com/property-x?updated-min=2008-01-01T00:00:00Z&orderby=lastmodified&sortorder=descending&alt=rss", "", ""},
		{"POST", "/m8/feeds/contacts/default/full", "Content-Type: application/atom+xml\r\nGData-Version: 3.0\r\n", entry},
		{"PUT", "/m8/feeds/contacts/default/full/1/12", "Content-Type: application/atom+xml\r\nIf-Match: \"x\"\r\n", entry},
		{"PATCH", "/m8/feeds/contacts/default/full/1?v=2", "Content-Type: application/xml\r\nIf-Match: *\r\n", entry},
		{"DELETE", "/m8/feeds/groups/default/base/6", "X-HTTP-Method-Override: PUT\r\n", ""},
		{"PUT", "/m8/feeds/photos/media/default/1", "Content-Type: image/png\r\n", "\x89PNG\r\n\x1a\n"},
		{"POST", "/m8/feeds/contacts/default/full/batch", "Content-Type: application/atom+xml\r\n", `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:batch="http://schemas.google.com/gdata/batch">` + entry + `</feed>`},
		{"GET", "/m8/feeds/profiles/domain/example.com/full?start-key=x&callback=a.b&alt=json-in-script", "Accept-Encoding: gzip;q=0\r\n", ""},
		{"GET", "/m8/feeds/contacts/default/full?alt=%zz&&=&start-index=-1&max-results=99999999999999999999", "GData-Version: 9\r\n", ""},
	} {
		f.Add(x[0], x[1], x[2], x[3])
	}
	f.Fuzz(func(t *testing.T, method, target, header, body string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n" + header + "\r\n")))
		if err != nil {
			return // net/http answers that
		}
		r.Header.Set("Authorization", "GoogleLogin auth="+token)
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		if strings.HasPrefix(r.URL.Path, "/accounts/") || strings.HasPrefix(r.URL.Path, "/account") {
			return // where the fuzzer could end its own token
		}
		w := send(r)
		if w.Code >= 500 && w.Code != http.StatusNotImplemented {
			t.Fatalf("%s %q %q %q = %d %s", method, target, header, body, w.Code, w.Body)
		}
		switch kind, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";"); {
		case w.Body.Len() == 0 || w.Header().Get("Content-Encoding") != "":
		case strings.HasSuffix(kind, "xml"):
			d := xml.NewDecoder(bytes.NewReader(w.Body.Bytes()))
			for {
				if _, err := d.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("%s %q %q %q = %d, no XML: %v\n%s", method, target, header, body, w.Code, err, w.Body)
				}
			}
		case kind == "application/json":
			if !json.Valid(w.Body.Bytes()) {
				t.Fatalf("%s %q %q %q = %d, no JSON: %s", method, target, header, body, w.Code, w.Body)
			}
		}
	})
}
