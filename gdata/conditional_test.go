package gdata_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// everyVersion calls f with the versions 1 to 3.
func everyVersion(f func(v string)) {
	for _, v := range []string{"1", "2", "3"} {
		f(v)
	}
}

const httpDate = http.TimeFormat

// A pair is an entry and the feed that it is in, of one kind.
type pair struct{ feed, entry string }

// addPairs posts a contact and a group.
func (w *world) addPairs(t testing.TB) []pair {
	t.Helper()
	return []pair{
		{contactsFull, w.add(t, contactsFull, "<title>Jane Bennet</title>").link("self")},
		{groupsFull, w.add(t, groupsFull, "<title>Sisters</title>").link("self")},
	}
}

func TestLastModified(t *testing.T) {
	w := newWorld(t)
	pairs := w.addPairs(t)
	added := w.Clock.Now()
	w.Clock.Add(90 * time.Second)
	t.Run("COND-1 Last-Modified is the updated time of an entry, and the time of the response of a feed", func(t *testing.T) {
		everyVersion(func(v string) {
			for _, p := range pairs {
				for path, want := range map[string]time.Time{p.entry: added, p.feed: w.Clock.Now(), p.feed + "?alt=json&q=x": w.Clock.Now()} {
					for _, method := range []string{"GET", "HEAD"} {
						if got := w.as(v, method, path, "").want(t, 200).Header.Get("Last-Modified"); got != want.Format(httpDate) {
							t.Errorf("version %s: Last-Modified of %s is %s, want %s", v, path, got, want.Format(httpDate))
						}
					}
				}
			}
		})
	})
	t.Run("COND-1 a system group was modified in 1970", func(t *testing.T) {
		if got := w.read(t, groupsFull+"/6").Header.Get("Last-Modified"); got != "Thu, 01 Jan 1970 00:00:00 GMT" {
			t.Errorf("Last-Modified is %s", got)
		}
	})
}

func TestIfModifiedSince(t *testing.T) {
	w := newWorld(t, longTokens)
	pairs := w.addPairs(t) // at 12:36:38.835
	since := func(v, path string, at time.Time) *answer {
		return w.as(v, "GET", path, "", "If-Modified-Since", at.UTC().Format(httpDate))
	}
	second := w.Clock.Now().Truncate(time.Second)
	w.Clock.Add(time.Hour)
	t.Run("COND-2 it gives 304 if nothing changed in or after that second", func(t *testing.T) {
		everyVersion(func(v string) {
			for _, p := range pairs {
				for _, path := range []string{p.feed, p.entry, p.feed + "?q=nobody"} {
					since(v, path, second.Add(-time.Second)).want(t, 200)
					since(v, path, second).want(t, 200)
					since(v, path, second.Add(time.Second)).want(t, 304)
					since(v, path, second.Add(1000*time.Hour)).want(t, 304)
				}
			}
		})
	})
	t.Run("COND-2 the three forms of a date", func(t *testing.T) {
		for _, date := range []string{"Wed, 05 Mar 2008 12:36:39 GMT", "Wednesday, 05-Mar-08 12:36:39 GMT", "Wed Mar  5 12:36:39 2008"} {
			w.as("1", "GET", contactsFull, "", "If-Modified-Since", date).want(t, 304)
		}
	})
	t.Run("COND-2 a feed depends on its own kind of entry", func(t *testing.T) {
		at := w.Clock.Now().Truncate(time.Second)
		w.add(t, groupsFull, "<title>Militia</title>")
		since("3", contactsFull, at).want(t, 304)
		since("3", groupsFull, at).want(t, 200)
		w.Clock.Add(time.Hour)
	})
	t.Run("COND-2 a deletion is a change of the feed", func(t *testing.T) {
		for _, feed := range []string{contactsFull, groupsFull} {
			e := w.add(t, feed, "<title>George Wickham</title>")
			w.Clock.Add(time.Hour)
			at := w.Clock.Now().Truncate(time.Second)
			since("3", feed, at).want(t, 304)
			w.remove(t, e)
			since("3", feed, at).want(t, 200)
			since("3", feed, at.Add(time.Second)).want(t, 304)
		}
	})
	t.Run("COND-2 it has no effect on writes", func(t *testing.T) {
		later := w.Clock.Now().Add(time.Hour).Format(httpDate)
		e := w.as("3", "POST", contactsFull, named("Kitty Bennet"), "If-Modified-Since", later).want(t, 201).entry(t)
		w.as("3", "PUT", e.link("edit"), named("Kitty"), "If-Modified-Since", later, "If-Match", "*").want(t, 200)
		w.as("3", "DELETE", e.link("edit"), "", "If-Modified-Since", later).want(t, 200)
	})
	t.Run("COND-2 QRY-40 a deletion that is forgotten still makes older copies outdated", func(t *testing.T) {
		for _, feed := range []string{contactsFull, groupsFull} {
			e := w.add(t, feed, "<title>Mary King</title>")
			w.Clock.Add(time.Minute)
			copied := w.Clock.Now()
			w.Clock.Add(time.Hour)
			w.remove(t, e)
			w.Clock.Add(31 * 24 * time.Hour)
			if err := w.Server.Maintain(t.Context()); err != nil {
				t.Fatal(err)
			}
			if f := since("3", feed, copied).want(t, 200).feed(t); strings.Contains(f.titles(), "Mary King") {
				t.Errorf("the feed has %s", f.titles())
			}
			since("3", feed, copied.Add(2*time.Hour)).want(t, 304)
		}
	})
}

func TestIfNoneMatch(t *testing.T) {
	w := newWorld(t)
	pairs := w.addPairs(t)
	w.Clock.Add(time.Hour)
	paths := func(p pair) []string {
		return []string{p.feed, p.entry, p.feed + "?alt=json&max-results=9", p.feed + "?alt=rss"}
	}
	opaque := func(tag string) string { return strings.TrimPrefix(tag, "W/") }

	t.Run("COND-3 COND-4 the current ETag gives 304, without body and with ETag", func(t *testing.T) {
		everyVersion(func(v string) {
			for _, p := range pairs {
				for _, path := range paths(p) {
					tag := w.as(v, "GET", path, "").want(t, 200).Header.Get("ETag")
					for _, sent := range []string{tag, opaque(tag), "W/" + opaque(tag), "*", `"other", ` + tag, `"a,b",W/"c" ,` + tag + `, "d"`} {
						for _, method := range []string{"GET", "HEAD"} {
							a := w.as(v, method, path, "", "If-None-Match", sent).want(t, 304)
							if a.Body != "" || a.Header.Get("ETag") != tag || a.Header.Get("Content-Length") != "" {
								t.Errorf("version %s: %s with If-None-Match: %s has ETag %s, want %s", v, path, sent, a.Header.Get("ETag"), tag)
							}
						}
					}
					for _, sent := range []string{`"other"`, `W/"other"`, `"` + tag + `"`, `"` + strings.Trim(opaque(tag), `"`) + `x"`, "", `"*"`, `"*", "other"`} {
						w.as(v, "GET", path, "", "If-None-Match", sent).want(t, 200)
					}
				}
			}
		})
	})
	t.Run("COND-3 beside it If-Modified-Since is ignored", func(t *testing.T) {
		later, earlier := w.Clock.Now().Add(time.Hour).Format(httpDate), w.Clock.Now().Add(-24*time.Hour).Format(httpDate)
		for _, p := range pairs {
			for _, path := range paths(p) {
				tag := w.read(t, path).Header.Get("ETag")
				w.as("3", "GET", path, "", "If-None-Match", `"other"`, "If-Modified-Since", later).want(t, 200)
				w.as("3", "GET", path, "", "If-None-Match", tag, "If-Modified-Since", earlier).want(t, 304)
				w.as("3", "GET", path, "", "If-None-Match", "", "If-Modified-Since", later).want(t, 304)
			}
		}
	})
	t.Run("COND-3 after a change the old ETag gives the new state", func(t *testing.T) {
		for _, p := range pairs {
			for _, path := range paths(p) {
				tag := w.read(t, path).Header.Get("ETag")
				w.replace(t, p.entry, "<title>Jane Bingley</title>")
				w.as("3", "GET", path, "", "If-None-Match", tag).want(t, 200).wantText(t, "Jane Bingley")
			}
		}
	})
	t.Run("COND-3 the ETag of one query does not stand for another", func(t *testing.T) {
		tag := w.read(t, contactsFull).Header.Get("ETag")
		for _, query := range []string{"?max-results=1", "?q=jane", "?alt=json", "?prettyprint=true", "?showdeleted=true", "?start-index=2", "?updated-min=2008-01-01"} {
			w.as("3", "GET", contactsFull+query, "", "If-None-Match", tag).want(t, 200)
		}
		w.as("3", "GET", strings.Replace(contactsFull, "/full", "/thin", 1), "", "If-None-Match", tag).want(t, 200)
		w.as("2", "GET", contactsFull, "", "If-None-Match", tag).want(t, 200)
		w.as("3", "GET", contactsFull+"?max-results=25&nonsense=1", "", "If-None-Match", tag).want(t, 304)
	})
}

func TestIfMatchOnGet(t *testing.T) {
	w := newWorld(t)
	t.Run("COND-8 ERR-48 If-Match on GET wants the current ETag, or gives 412", func(t *testing.T) {
		for _, p := range w.addPairs(t) {
			for _, path := range []string{p.feed, p.entry} {
				everyVersion(func(v string) {
					tag := w.as(v, "GET", path, "").Header.Get("ETag")
					for _, sent := range []string{tag, "*", `"other", ` + tag} {
						w.as(v, "GET", path, "", "If-Match", sent).want(t, 200)
						w.as(v, "HEAD", path, "", "If-Match", sent).want(t, 200)
						w.as(v, "GET", path, "", "If-Match", sent, "If-None-Match", tag).want(t, 304)
					}
					for _, sent := range []string{`"other"`, `"a", W/"b"`} {
						w.as(v, "GET", path, "", "If-Match", sent).wantReason(t, 412, "Mismatch: etags = ["+sent+"], version = ["+tag+"]")
						w.as(v, "HEAD", path, "", "If-Match", sent).want(t, 412)
						w.as(v, "GET", path, "", "If-Match", sent, "If-None-Match", tag).want(t, 412)
					}
				})
			}
		}
	})
}

func TestCacheHeaders(t *testing.T) {
	w := newWorld(t)
	t.Run("COND-5 an answer to GET may be kept, and must be asked for each time", func(t *testing.T) {
		everyVersion(func(v string) {
			for _, p := range w.addPairs(t) {
				for _, path := range []string{p.feed, p.entry, p.feed + "?alt=rss"} {
					for _, a := range []*answer{w.as(v, "GET", path, "").want(t, 200), w.as(v, "HEAD", path, "").want(t, 200), w.as(v, "GET", path, "", "If-None-Match", "*").want(t, 304)} {
						h := a.Header
						if got := h.Get("Cache-Control"); got != "private, max-age=0, must-revalidate, no-transform" {
							t.Errorf("%s %s: Cache-Control is %q", a.Status, path, got)
						}
						if h.Get("Date") == "" || h.Get("Expires") != h.Get("Date") {
							t.Errorf("%s %s: Date is %q, Expires %q", a.Status, path, h.Get("Date"), h.Get("Expires"))
						}
					}
				}
			}
		})
	})
	t.Run("COND-5 an answer to a write is not kept", func(t *testing.T) {
		for _, feed := range []string{contactsFull, groupsFull} {
			added := w.as("3", "POST", feed, named("Jane")).want(t, 201)
			edit := added.entry(t).link("edit")
			changed := w.as("3", "PUT", edit, named("Jane"), "If-Match", "*").want(t, 200)
			for _, a := range []*answer{added, changed, w.as("3", "DELETE", edit, "").want(t, 200)} {
				if got := a.Header.Get("Cache-Control"); got != "no-cache, no-store, max-age=0, must-revalidate" {
					t.Errorf("%s: Cache-Control is %q", a.Request.Method, got)
				}
			}
		}
	})
}

func TestCompression(t *testing.T) {
	w := newWorld(t)
	pairs := w.addPairs(t)
	for n := range 30 {
		w.add(t, contactsFull, "<title>Guest "+strconv.Itoa(n)+"</title>")
	}
	t.Run("COND-6 gzip is used where the client takes it", func(t *testing.T) {
		for _, p := range pairs {
			for _, path := range []string{p.feed, p.entry, p.feed + "?alt=rss", p.entry + "?alt=rss", p.feed + "?alt=json", p.entry + "?alt=json", p.feed + "?alt=json-in-script", p.feed + "?prettyprint=true"} {
				plain := w.read(t, path)
				for _, accept := range []string{"gzip", "deflate, gzip;q=0.5, *;q=0", "GZip", "x-gzip", "br,gzip"} {
					a := w.as("3", "GET", path, "", "Accept-Encoding", accept).want(t, 200)
					if a.Header.Get("Content-Encoding") != "gzip" {
						t.Errorf("%s, Accept-Encoding: %s: %v", path, accept, a.Header)
					}
					if got := unzip(t, a.Body); got != plain.Body {
						t.Errorf("%s unpacked is\n%s\nwant\n%s", path, got, plain.Body)
					}
					if a.Header.Get("Content-Length") != strconv.Itoa(len(a.Body)) || a.Header.Get("Content-Type") != plain.Header.Get("Content-Type") || a.Header.Get("ETag") != plain.Header.Get("ETag") {
						t.Errorf("%s: %v", path, a.Header)
					}
					head := w.as("3", "HEAD", path, "", "Accept-Encoding", accept).want(t, 200)
					if head.Header.Get("Content-Length") != a.Header.Get("Content-Length") || head.Header.Get("Content-Encoding") != "gzip" {
						t.Errorf("HEAD %s: %v", path, head.Header)
					}
				}
			}
		}
	})
	t.Run("COND-6 Vary then names Accept-Encoding too", func(t *testing.T) {
		a := w.as("3", "GET", contactsFull, "", "Accept-Encoding", "gzip")
		if got := strings.Join(a.Header.Values("Vary"), ", "); got != "Accept, X-GData-Authorization, GData-Version, Accept-Encoding" {
			t.Errorf("Vary is %s", got)
		}
	})
	t.Run("COND-6 and not where it does not", func(t *testing.T) {
		for _, accept := range []string{"identity", "gzip;q=0", "gzip; q=0.000", "deflate", "br", "notgzip"} {
			if a := w.as("3", "GET", contactsFull, "", "Accept-Encoding", accept).want(t, 200); a.Header.Get("Content-Encoding") != "" || a.feed(t).Total != 31 {
				t.Errorf("Accept-Encoding: %s: %v", accept, a.Header)
			}
		}
	})
	t.Run("COND-6 answers to writes too", func(t *testing.T) {
		a := w.as("3", "POST", contactsFull, named("Maria Lucas"), "Accept-Encoding", "gzip").want(t, 201)
		if !strings.Contains(unzip(t, a.Body), "Maria Lucas") {
			t.Error("the answer is not the entry")
		}
	})
	t.Run("COND-7 a compressed body is read", func(t *testing.T) {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		io.WriteString(z, named("Anne de Bourgh"))
		z.Close()
		e := w.as("3", "POST", contactsFull, b.String(), "Content-Encoding", "gzip").want(t, 201).entry(t)
		if e.Title != "Anne de Bourgh" {
			t.Errorf("the title is %q", e.Title)
		}
		w.as("3", "PUT", e.link("edit"), b.String(), "Content-Encoding", "gzip", "If-Match", "*").want(t, 200)
	})
}

// unzip unpacks a body.
func unzip(t testing.TB, body string) string {
	t.Helper()
	z, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
