package client_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"contacts/client"
)

const emptyFeed = `<feed xmlns="http://www.w3.org/2005/Atom"/>`

func TestQuery(t *testing.T) {
	zone := time.FixedZone("", 3600)
	for _, tt := range []struct {
		name  string
		query client.Query
		want  string // of the request
	}{
		{"the zero value", client.Query{}, "contacts/default/full"},
		{"LIB-40 max-results", client.Query{MaxResults: 10}, "contacts/default/full?max-results=10"},
		{"LIB-41 start-index", client.Query{StartIndex: 11}, "contacts/default/full?start-index=11"},
		{"LIB-42 updated-min", client.Query{UpdatedMin: time.Date(2008, 3, 5, 13, 36, 38, 835999999, zone)}, "contacts/default/full?updated-min=2008-03-05T12:36:38.835Z"},
		{"LIB-43 showdeleted", client.Query{ShowDeleted: true}, "contacts/default/full?showdeleted=true"},
		{"LIB-44 LIB-45 orderby and sortorder", client.Query{OrderBy: "lastmodified", SortOrder: "descending"}, "contacts/default/full?orderby=lastmodified&sortorder=descending"},
		{"LIB-46 another feed", client.Query{Feed: "/m8/feeds/contacts/example.com/thin", MaxResults: 1}, "contacts/example.com/thin?max-results=1"},
		{"LIB-46 another feed with parameters", client.Query{Feed: "contacts/default/full?q=jane&max-results=5", MaxResults: 2}, "contacts/default/full?max-results=2&q=jane"},
		{"LIB-47 group, a URL", client.Query{Group: "http://contacts.example.net/m8/feeds/groups/default/base/6"}, "contacts/default/full?group=http://contacts.example.net/m8/feeds/groups/default/base/6"},
		{"LIB-47 group, an id", client.Query{Group: "6"}, "contacts/default/full?group=BASE/m8/feeds/groups/default/base/6"},
		{"LIB-48 any other parameter", client.Query{Extra: url.Values{"prettyprint": {"true"}}}, "contacts/default/full?prettyprint=true"},
		{"LIB-49 q", client.Query{Text: "mr bennet & co"}, "contacts/default/full?q=mr bennet %26 co"},
		{"LIB-49 updated-max", client.Query{UpdatedMax: time.Date(2008, 3, 5, 0, 0, 0, 0, time.UTC)}, "contacts/default/full?updated-max=2008-03-05T00:00:00.000Z"},
		{"LIB-49 author and requirealldeleted", client.Query{Author: elizabeth, RequireAllDeleted: true}, "contacts/default/full?author=liz@example.com&requirealldeleted=true"},
		{"LIB-49 alt is always atom", client.Query{Extra: url.Values{"alt": {"json"}}}, "contacts/default/full"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ int) { w.Write([]byte(emptyFeed)) })
			c := must(client.New(f.URL))(t)
			must(c.ContactPage(t.Context(), tt.query))(t)
			got := f.requests[0]
			want := must(url.Parse("/m8/feeds/" + tt.want))(t)
			wantQuery := want.Query()
			if g := wantQuery.Get("group"); len(g) > 4 && g[:4] == "BASE" {
				wantQuery.Set("group", f.URL+g[4:])
			}
			if got.URL.Path != want.Path || got.URL.Query().Encode() != wantQuery.Encode() {
				t.Errorf("the query asks %s, want %s?%s", got.RequestURI, want.Path, wantQuery.Encode())
			}
		})
	}
}

func TestQueryOfServer(t *testing.T) {
	w := newWorld(t)
	c := w.as(elizabeth)
	people(t, c, "Jane Bennet", "Mary Bennet")
	w.Clock.Add(time.Hour)
	later := w.Clock.Now()
	people(t, c, "Charles Bingley")
	for _, tt := range []struct {
		name  string
		query client.Query
		want  string
	}{
		{"LIB-42", client.Query{UpdatedMin: later}, "Charles Bingley"},
		{"LIB-49", client.Query{UpdatedMax: later}, "Jane Bennet,Mary Bennet"},
		{"LIB-44 LIB-45", client.Query{OrderBy: "lastmodified", SortOrder: "descending"}, "Charles Bingley,Mary Bennet,Jane Bennet"},
		{"LIB-49 text", client.Query{Text: "benn mar"}, "Mary Bennet"},
		{"LIB-49 author", client.Query{Author: "Lady Catherine"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := namesOf(t, c, tt.query); got != tt.want {
				t.Errorf("Contacts() = %q, want %q", got, tt.want)
			}
		})
	}
}
