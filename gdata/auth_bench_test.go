package gdata_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"contacts/auth"
	"contacts/book"
	"contacts/gdata"
	"contacts/reply"
	"contacts/store/sqlite"
)

// BenchmarkAuthentication compares requests whose credentials are checked with
// requests whose sender is given, one after the other over one connection:
// with/without is the ratio of their times, measured in turn. It is to stay below 1.18, which is 15 % of the requests per
// second.
func BenchmarkAuthentication(b *testing.B) {
	ctx := b.Context()
	st, err := sqlite.Open(ctx, b.TempDir(), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { st.Close() })
	books := book.New(st, book.Options{})
	quiet := slog.New(slog.DiscardHandler)
	site := &reply.Site{PublicURL: "https://contacts.example.net"}
	people := auth.New(st, auth.Options{Site: site})
	if _, err := people.AddDomain(ctx, domain); err != nil {
		b.Fatal(err)
	}
	who, err := people.AddUser(ctx, auth.NewUser{Email: elizabeth, Password: password})
	if err != nil {
		b.Fatal(err)
	}
	login := http.NewServeMux()
	people.Routes(func(pattern string, f reply.Func) { login.Handle(pattern, reply.Handle(f, people.WriteError)) })
	r := httptest.NewRequest(http.MethodPost, "/accounts/ClientLogin", strings.NewReader(url.Values{
		"Email": {elizabeth}, "Passwd": {password}, "service": {"cp"},
	}.Encode()))
	r.RemoteAddr = "127.0.0.1:1"
	rec := httptest.NewRecorder()
	(&reply.Front{Next: login, Site: site, Logger: quiet}).ServeHTTP(rec, r)
	_, token, ok := strings.Cut(strings.TrimSpace(rec.Body.String()), "Auth=")
	if !ok {
		b.Fatal(rec.Body)
	}

	o := gdata.Options{Site: site}
	var servers [2]*httptest.Server
	for i, h := range []http.Handler{
		gdata.NewAs(books, people, o, &auth.Identity{Account: who, Kind: auth.ClientLoginToken}),
		gdata.New(books, people, o),
	} {
		servers[i] = httptest.NewServer(&reply.Front{Next: h, Site: site, Logger: quiet})
		b.Cleanup(servers[i].Close)
	}
	send := func(srv *httptest.Server, method, path, body string, status int) *http.Response {
		r, err := http.NewRequest(method, srv.URL+path, strings.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		r.Header.Set("Authorization", "GoogleLogin auth="+token)
		r.Header.Set("GData-Version", "3.0")
		if body != "" {
			r.Header.Set("Content-Type", "application/atom+xml")
		}
		resp, err := srv.Client().Do(r)
		if err != nil {
			b.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != status {
			b.Fatalf("%s %s = %d %v %s", method, path, resp.StatusCode, err, text)
		}
		return resp
	}
	var entry string
	for i := range 25 {
		entry = send(servers[1], "POST", contactsFull, person(i), 201).Header.Get("Location")
	}
	for name, path := range map[string]string{"entry": strings.TrimPrefix(entry, site.PublicURL), "feed of 25": contactsFull} {
		b.Run(name, func(b *testing.B) {
			var spent [2]time.Duration
			for b.Loop() {
				for i, srv := range servers {
					start := time.Now()
					send(srv, "GET", path, "", 200)
					spent[i] += time.Since(start)
				}
			}
			b.ReportMetric(float64(spent[0].Nanoseconds())/float64(b.N), "ns-without")
			b.ReportMetric(float64(spent[1].Nanoseconds())/float64(b.N), "ns-with")
			b.ReportMetric(float64(spent[1])/float64(spent[0]), "with/without")
		})
	}
}
