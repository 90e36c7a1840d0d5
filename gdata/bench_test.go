package gdata_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// person is a contact of about the size of an 800-byte vCard.
func person(n int) string {
	return atom(fmt.Sprintf(`<category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/contact/2008#contact'/>
<gd:name><gd:givenName>Elizabeth</gd:givenName><gd:familyName>Bennet%[1]d</gd:familyName></gd:name>
<content>Walks a lot, reads a lot, and plays a little; has four sisters and no brother. Number %[1]d of the list.</content>
<gd:organization rel='http://schemas.google.com/g/2005#work'><gd:orgName>Longbourn Estate</gd:orgName><gd:orgTitle>Second daughter</gd:orgTitle></gd:organization>
<gd:email rel='http://schemas.google.com/g/2005#work' address='elizabeth.bennet%[1]d@longbourn.example' primary='true'/>
<gd:email rel='http://schemas.google.com/g/2005#home' address='lizzy%[1]d@meryton.example'/>
<gd:phoneNumber rel='http://schemas.google.com/g/2005#mobile'>+44 20 7946 %04[1]d</gd:phoneNumber>
<gd:phoneNumber rel='http://schemas.google.com/g/2005#home'>+44 1632 96%04[1]d</gd:phoneNumber>
<gd:structuredPostalAddress rel='http://schemas.google.com/g/2005#home'><gd:street>%[1]d Longbourn Lane</gd:street><gd:city>Meryton</gd:city><gd:region>Hertfordshire</gd:region><gd:postcode>SG13 7ZZ</gd:postcode><gd:country>United Kingdom</gd:country></gd:structuredPostalAddress>`, n))
}

// serve sends a request to the handler without a network, and fails unless it
// has the status.
func (w *world) serve(h http.Handler, method, path, body string, status int) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, bytes.NewReader([]byte(body)))
	r.RemoteAddr = "127.0.0.1:1"
	r.Header.Set("Authorization", "GoogleLogin auth="+w.tokens[elizabeth])
	r.Header.Set("GData-Version", "3.0")
	if body != "" {
		r.Header.Set("Content-Type", "application/atom+xml")
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	if rec.Code != status {
		w.t.Fatalf("%s %s = %d, want %d\n%s", method, path, rec.Code, status, rec.Body)
	}
	return rec
}

// benchWorld is a world whose first user has n contacts.
func benchWorld(b *testing.B, n int) (*world, http.Handler) {
	w := newWorld(b)
	w.token(elizabeth)
	h := w.Server.Handler()
	for i := range n {
		w.serve(h, "POST", contactsFull, person(i), 201)
	}
	return w, h
}

func BenchmarkGetEntry(b *testing.B) {
	w, h := benchWorld(b, 100)
	self := w.serve(h, "GET", contactsFull+"?max-results=1", "", 200).Body.String()
	var f feed
	if err := xml.Unmarshal([]byte(self), &f); err != nil {
		b.Fatal(err)
	}
	path := f.Entries[0].link("self")
	b.ReportAllocs()
	for b.Loop() {
		w.serve(h, "GET", path, "", 200)
	}
}

func BenchmarkGetFeed(b *testing.B) {
	for _, n := range []int{25, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w, h := benchWorld(b, n)
			size := 0
			b.ReportAllocs()
			for b.Loop() {
				size = w.serve(h, "GET", fmt.Sprintf("%s?max-results=%d", contactsFull, n), "", 200).Body.Len()
			}
			b.SetBytes(int64(size))
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/contact")
		})
	}
}

func BenchmarkInsert(b *testing.B) {
	for _, clients := range []int{1, 8} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			w, h := benchWorld(b, 1)
			var n atomic.Int64
			b.ReportAllocs()
			b.SetParallelism(max(1, clients/2))
			if clients == 1 {
				for b.Loop() {
					w.serve(h, "POST", contactsFull, person(int(n.Add(1))), 201)
				}
				return
			}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					w.serve(h, "POST", contactsFull, person(int(n.Add(1))), 201)
				}
			})
		})
	}
}

func BenchmarkNotModified(b *testing.B) {
	w, h := benchWorld(b, 100)
	etag := w.serve(h, "GET", contactsFull, "", 200).Header().Get("ETag")
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("GET", contactsFull, nil)
		r.RemoteAddr = "127.0.0.1:1"
		r.Header.Set("Authorization", "GoogleLogin auth="+w.tokens[elizabeth])
		r.Header.Set("GData-Version", "3.0")
		r.Header.Set("If-None-Match", etag)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if rec.Code != 304 {
			io.Copy(io.Discard, rec.Body)
			b.Fatal(rec.Code)
		}
	}
}

// BenchmarkBatch inserts 100 contacts in one request. An operation is one
// contact, so that its allocations compare with those of BenchmarkInsert.
func BenchmarkBatch(b *testing.B) {
	w, h := benchWorld(b, 1)
	b.ReportAllocs()
	for n := 0; n < b.N; n += maxBatch {
		var ops []string
		for i := range maxBatch {
			entry := person(n + i)
			ops = append(ops, op(fmt.Sprint(i), "insert")+entry[strings.Index(entry, ">")+1:strings.LastIndex(entry, "</entry>")])
		}
		w.serve(h, "POST", contactsBatch, batchOf(ops...), 200)
	}
}

const maxBatch = 100
