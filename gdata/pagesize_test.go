package gdata_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// maxPage is the most bytes that a body has, unless one entry alone has more
// (QRY-33).
const maxPage = 10_000_000

// A page is what a feed says in any representation.
type page struct {
	titles  []string
	next    string // path and query
	perPage string
}

// page reads the body by its Content-Type.
func (a *answer) page(t testing.TB) page {
	t.Helper()
	var p page
	var links []link
	var err error
	body := strings.NewReplacer("&lt;&lt;", "", `\u003c\u003c`, "").Replace(a.Body) // notes take long to parse
	switch media, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";"); media {
	case "application/atom+xml":
		f := (&answer{a.Response, body}).feed(t)
		p.perPage, links = strconv.Itoa(f.PerPage), f.Links
		for _, e := range f.Entries {
			p.titles = append(p.titles, e.Title)
		}
	case "application/rss+xml":
		var doc struct {
			Links []link `xml:"channel>link"`
			Items []struct {
				Title string `xml:"title"`
			} `xml:"channel>item"`
			PerPage string `xml:"channel>itemsPerPage"`
		}
		err = xml.Unmarshal([]byte(body), &doc)
		p.perPage, links = doc.PerPage, doc.Links
		for _, item := range doc.Items {
			p.titles = append(p.titles, item.Title)
		}
	default:
		type text struct {
			T string `json:"$t"`
		}
		var doc struct {
			Feed struct {
				Link    []link
				PerPage text `json:"openSearch$itemsPerPage"`
				Entry   []struct{ Title text }
			}
		}
		body = strings.TrimSuffix(strings.TrimPrefix(body, "// API callback\ngdata.io.handleScriptLoaded("), ");")
		err = json.Unmarshal([]byte(body), &doc)
		p.perPage, links = doc.Feed.PerPage.T, doc.Feed.Link
		for _, e := range doc.Feed.Entry {
			p.titles = append(p.titles, e.Title.T)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	p.next = linkOf(links, "next")
	return p
}

func TestPageSize(t *testing.T) {
	w := newWorld(t)
	// Notes of so many characters, of which each takes four bytes in XML and six in JSON.
	notes := map[string]int{}
	var all []string
	for n, size := range []int{100_000, 700_000, 800_000, 50_000, 850_000, 0, 2_600_000, 10, 900_000, 760_000, 760_000, 2_600_000, 400_000} {
		title := fmt.Sprintf("Miss Bennet %d", n)
		w.as("3", "POST", contactsFull, atom("<title>"+title+"</title><content>"+strings.Repeat("&lt;", size)+"</content>")).want(t, 201)
		notes[title] = size
		all = append(all, title)
	}
	for _, tt := range []struct {
		query   string
		width   int // of a character
		entries int // a page at most
	}{
		{"alt=atom", 4, 2147483647}, {"alt=rss", 4, 1000}, {"alt=json", 6, 1000}, {"alt=json-in-script", 6, 1000}, {"prettyprint=true&q=bennet", 4, 1000}, {"orderby=lastmodified", 4, 5},
	} {
		t.Run("QRY-2 QRY-32 QRY-33 QRY-34 a page ends after the last entry that fits: "+tt.query, func(t *testing.T) {
			var titles []string
			path := fmt.Sprintf("%s?%s&max-results=%d", contactsFull, tt.query, tt.entries)
			for path != "" {
				a := w.as("3", "GET", path, "").want(t, 200)
				p := a.page(t)
				if len(p.titles) == 0 || len(p.titles) > 1 && len(a.Body) > maxPage {
					t.Fatalf("%s has %d entries in %d bytes", path, len(p.titles), len(a.Body))
				}
				if p.perPage != strconv.Itoa(tt.entries) {
					t.Errorf("%s has itemsPerPage %s, want %d", path, p.perPage, tt.entries)
				}
				titles = append(titles, p.titles...)
				if path = p.next; path != "" && len(p.titles) < tt.entries {
					if with := len(a.Body) + notes[all[len(titles)]]*tt.width + 3000; with <= maxPage {
						t.Errorf("%s has %d bytes, though the next entry would make it %d", a.Request.URL, len(a.Body), with)
					}
				}
			}
			if !slices.Equal(titles, all) {
				t.Errorf("the pages have %s, want %s", titles, all)
			}
		})
	}
	t.Run("QRY-33 one entry is returned, however large", func(t *testing.T) {
		a := w.as("3", "GET", contactsFull+"?start-index=7&max-results=3", "").want(t, 200)
		if p := a.page(t); len(a.Body) <= maxPage || !slices.Equal(p.titles, all[6:7]) || !strings.Contains(p.next, "start-index=8") {
			t.Errorf("%d bytes with %s, and then %s", len(a.Body), p.titles, p.next)
		}
	})
}

func TestPageSizeLaidOut(t *testing.T) {
	w := newWorld(t)
	for range 12 {
		w.as("3", "POST", contactsFull, atom(strings.Repeat("<gContact:hobby>x</gContact:hobby>", 24_000))).want(t, 201)
	}
	for query, want := range map[string]int{"alt=rss": 1, "alt=rss&prettyprint=true": 2, "alt=json": 1, "alt=json&prettyprint=true": 2} {
		t.Run("QRY-33 QRY-16 the limit counts lines and blanks: "+query, func(t *testing.T) {
			pages, entries := 0, 0
			for path := contactsFull + "?max-results=100&" + query; path != ""; pages++ {
				a := w.as("3", "GET", path, "").want(t, 200)
				if len(a.Body) > maxPage {
					t.Errorf("%s has %d bytes", path, len(a.Body))
				}
				p := a.page(t)
				entries += len(p.titles)
				path = p.next
			}
			if entries != 12 || pages != want {
				t.Errorf("%d entries on %d pages, want 12 on %d", entries, pages, want)
			}
		})
	}
}
