package gdata_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// query is the query of a link, or - without the link.
func (f *feed) query(rel string) string {
	href := f.link(rel)
	if href == "" {
		return "-"
	}
	_, query, _ := strings.Cut(href, "?")
	return query
}

func TestPages(t *testing.T) {
	s := ownSeason(t)
	const most, many = "max-results=2147483647", "99999999999999999999999"
	for _, tt := range []struct{ name, query, entries, self, next, previous string }{
		{"QRY-2 QRY-30 at most 25 without a word", "", everyone, "max-results=25", "-", "-"},
		{"QRY-2 max-results limits the page", "max-results=2", "Jane Lydia", "max-results=2", "start-index=3&max-results=2", "-"},
		{"QRY-2 exactly all", "max-results=5", everyone, "max-results=5", "-", "-"},
		{"QRY-2 one less than all", "max-results=4", "Jane Lydia Fitzwilliam Charles", "max-results=4", "start-index=5&max-results=4", "-"},
		{"QRY-2 any number of digits", "max-results=" + many, everyone, most, "-", "-"},
		{"QRY-2 the largest number", "max-results=2147483647&start-index=2", "Lydia Fitzwilliam Charles Caroline", "start-index=2&" + most, "-", "start-index=1&" + most},
		{"QRY-2 zeros in front", "max-results=002", "Jane Lydia", "max-results=2", "start-index=3&max-results=2", "-"},
		{"QRY-3 start-index is the first entry", "start-index=4", "Charles Caroline", "start-index=4&max-results=25", "-", "start-index=1&max-results=25"},
		{"QRY-3 start-index=1 is the default", "start-index=1&max-results=3", "Jane Lydia Fitzwilliam", "start-index=1&max-results=3", "start-index=4&max-results=3", "-"},
		{"QRY-3 the last entry", "start-index=5&max-results=1", "Caroline", "start-index=5&max-results=1", "-", "start-index=4&max-results=1"},
		{"QRY-3 beyond the end", "start-index=6&max-results=2", "", "start-index=6&max-results=2", "-", "start-index=4&max-results=2"},
		{"QRY-3 far beyond the end", "start-index=" + many + "&max-results=5", "", "start-index=2147483647&max-results=5", "-", "start-index=2147483642&max-results=5"},
		{"QRY-31 FEED-17 a page in the middle has both links", "start-index=3&max-results=2", "Fitzwilliam Charles", "start-index=3&max-results=2", "start-index=5&max-results=2", "start-index=1&max-results=2"},
		{"QRY-31 FEED-17 previous begins at 1 at least", "start-index=2&max-results=3", "Lydia Fitzwilliam Charles", "start-index=2&max-results=3", "start-index=5&max-results=3", "start-index=1&max-results=3"},
		{"QRY-35 max-results=0 has the total alone", "max-results=0", "", "max-results=0", "-", "-"},
		{"QRY-35 max-results=0 leads nowhere", "max-results=0&start-index=3", "", "start-index=3&max-results=0", "-", "-"},
		{"QRY-30 QRY-31 alt, q, start-index and max-results come first, the others follow, version and what is ignored are left out",
			"strict=true&v=3&hl=en&reqid=7&key=k&sortorder=descending&orderby=lastmodified&max-results=2&showdeleted=true&updated-min=2008-01-01&start-index=1&q=b&alt=atom&author=&xoauth_requestor_id=x",
			"Jane Caroline", "q=b&start-index=1&max-results=2&updated-min=2008-01-01&orderby=lastmodified&sortorder=descending&showdeleted=true&strict=true",
			"q=b&start-index=3&max-results=2&updated-min=2008-01-01&orderby=lastmodified&sortorder=descending&showdeleted=true&strict=true", "-"},
		{"QRY-30 values are escaped", "q=%C3%96LUND%20fr%C3%A4ulein%26", "Jane", "q=%C3%96LUND+fr%C3%A4ulein%26&max-results=25", "-", "-"},
		{"QRY-30 of a repeated parameter the first value", "max-results=1&max-results=2&q=darcy&q=jane", "Fitzwilliam", "q=darcy&max-results=1", "-", "-"},
		{"QRY-30 unknown parameters are left out", "nonsense=1&Q=2", everyone, "max-results=25", "-", "-"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := s.ask(tt.query).want(t, 200)
			f := a.feed(t)
			if f.firsts() != tt.entries {
				t.Errorf("entries %q, want %q", f.firsts(), tt.entries)
			}
			for rel, want := range map[string]string{"self": tt.self, "next": tt.next, "previous": tt.previous} {
				if got := f.query(rel); got != want {
					t.Errorf("the %s link has %s, want %s", rel, got, want)
				}
			}
			self, _ := url.ParseQuery(tt.self)
			start := cmp.Or(self.Get("start-index"), "1")
			if strconv.Itoa(f.Start) != start || strconv.Itoa(f.PerPage) != self.Get("max-results") { // the effective ones: FEED-15, FEED-16, QRY-34
				t.Errorf("startIndex %d, itemsPerPage %d", f.Start, f.PerPage)
			}
			if total := map[string]int{"darcy": 1, "b": 4, "ÖLUND fräulein&": 1}[self.Get("q")]; f.Total != cmp.Or(total, 5) {
				t.Errorf("totalResults %d", f.Total)
			}
		})
	}
	t.Run("QRY-30 QRY-31 alt stands first", func(t *testing.T) {
		s.ask("max-results=2&q=b&alt=rss").want(t, 200).wantText(t, "/full?alt=rss&amp;q=b&amp;max-results=2'").wantText(t, "/full?alt=rss&amp;q=b&amp;start-index=3&amp;max-results=2'")
		s.ask("max-results=2&q=b&alt=json-in-script&callback=f").want(t, 200).wantText(t, `/full?alt\u003djson-in-script\u0026q\u003db\u0026max-results\u003d2\u0026callback\u003df"`)
	})
	t.Run("QRY-36 feed, post and batch links have no query", func(t *testing.T) {
		for _, feed := range []string{contactsFull, groupsFull} {
			f := s.as("3", "GET", feed+"?max-results=1&q=b&start-index=2&showdeleted=true", "").feed(t)
			own := strings.Replace(feed, "default", "liz%40example.com", 1)
			for rel, want := range map[string]string{"feed": own, "post": own, "batch": own + "/batch"} {
				if got := f.link("http://schemas.google.com/g/2005#" + rel); got != want {
					t.Errorf("the %s link is %s, want %s", rel, got, want)
				}
			}
		}
	})
	t.Run("QRY-29 a change between two pages makes no entry come twice or never", func(t *testing.T) {
		first := s.ask("max-results=2").feed(t)
		s.replace(t, first.Entries[0].link("edit"), "<title>Jane Bingley</title>")
		s.add(t, contactsFull, "<title>Kitty Bennet</title>")
		second := s.as("1", "GET", first.link("next"), "").want(t, 200).feed(t)
		third := s.as("1", "GET", second.link("next"), "").want(t, 200).feed(t)
		if got := first.firsts() + " " + second.firsts() + " " + third.firsts(); got != everyone+" Kitty" || third.link("next") != "" {
			t.Errorf("%s, want %s Kitty", got, everyone)
		}
	})
}

// An item is what a test knows of an entry, to foretell what queries select.
type item struct {
	id              uint64 // 0 to 3 for system groups
	rev             int64  // as in the edit link of version 1
	created         time.Time
	title           string
	member, deleted bool // member of the group, or when it was deleted
	system          bool
}

func (i item) time() time.Time { return time.UnixMilli(i.rev / 1000).UTC() }

// TestPaging follows the links of random queries.
func TestPaging(t *testing.T) {
	for name, tt := range map[string]struct{ user, contacts, groups, feed string }{
		"contacts":        {elizabeth, contactsFull, groupsFull, contactsFull},
		"groups":          {elizabeth, contactsFull, groupsFull, groupsFull},
		"shared contacts": {admin, sharedFull, sharedGroups, sharedFull},
	} {
		t.Run("QRY-29 QRY-31 QRY-32 FEED-17 next and previous lead to every entry once: "+name, func(t *testing.T) {
			w := newWorld(t)
			r := rand.New(rand.NewPCG(4, 7))
			group := w.do(tt.user, "POST", tt.groups, named("Sisters")).want(t, 201).entry(t)
			items := w.populate(t, r, tt.user, tt.feed, group)
			for range 40 {
				query, selects := randomQuery(r, tt.feed != tt.groups, group.shortID(), w.Clock.Now())
				var want []string
				for _, i := range selects(items) {
					want = append(want, i.title)
				}
				path := tt.feed + "?" + query
				if got := w.do(tt.user, "GET", path+"&max-results=1000", "").want(t, 200).feed(t); got.titles() != strings.Join(want, ",") || got.Total != len(want) {
					t.Fatalf("%s selects %s, want %s", path, got.titles(), want)
				}
				for _, size := range []int{1 + r.IntN(4), 1 + r.IntN(len(want)+2)} {
					w.follow(t, tt.user, path+"&max-results="+strconv.Itoa(size), size, want)
				}
			}
		})
	}
}

// follow goes from the first page to the last and back, and wants to find the
// titles.
func (w *world) follow(t *testing.T, user, path string, size int, want []string) {
	t.Helper()
	first := path
	var last string
	var got []string
	for page := 0; path != ""; page++ {
		f := w.do(user, "GET", path, "", "GData-Version", "3").want(t, 200).feed(t)
		if f.Start != 1+page*size || f.PerPage != size || f.Total != len(want) || len(f.Entries) > size || page > len(want) {
			t.Fatalf("%s: page %d begins at %d with %d of %d entries, %d a page", path, page, f.Start, len(f.Entries), f.Total, f.PerPage)
		}
		for _, e := range f.Entries {
			got = append(got, e.Title)
		}
		last, path = path, f.link("next")
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%s: next leads to %s, want %s", first, got, want)
	}
	got = nil
	for path = last; path != ""; {
		f := w.do(user, "GET", path, "", "GData-Version", "3").want(t, 200).feed(t)
		var titles []string
		for _, e := range f.Entries {
			titles = append(titles, e.Title)
		}
		got = append(titles, got...)
		path = f.link("previous")
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%s: previous leads to %s, want %s", first, got, want)
	}
}

// populate makes 40 entries, changes and deletes some, and tells what they are.
// The title of a tombstone is empty.
func (w *world) populate(t *testing.T, r *rand.Rand, user, feed string, group *entry) []item {
	t.Helper()
	var items []item
	isGroups := strings.Contains(feed, "/groups/")
	if isGroups {
		for _, e := range w.do(user, "GET", feed, "").feed(t).Entries {
			items = append(items, item{title: e.Title, created: w.Clock.Now(), system: e.Title != "Sisters"})
		}
		for n := range items {
			items[n].id = uint64(n)
		}
		sisters := &items[len(items)-1]
		sisters.set(t, group)
	}
	edit := map[uint64]string{}
	for n := range 40 {
		i := item{created: w.Clock.Now(), member: !isGroups && r.IntN(3) == 0, title: fmt.Sprintf("%s %s %d", guests[r.IntN(6)].name, "of Meryton", n)}
		children := "<title>" + i.title + "</title>"
		if i.member {
			children += member(group.ID)
		}
		e := w.do(user, "POST", feed, atom(children)).want(t, 201).entry(t)
		i.set(t, e)
		edit[i.id] = e.link("edit")
		items = append(items, i)
		w.Clock.Add(time.Duration(r.IntN(3)) * 700 * time.Millisecond)
	}
	for range 25 {
		i := &items[len(items)-40+r.IntN(40)]
		if i.deleted {
			continue
		}
		if i.deleted = r.IntN(3) == 0; i.deleted {
			w.do(user, "DELETE", edit[i.id], "", "If-Match", "*").want(t, 200)
			i.title = ""
			for _, e := range w.do(user, "GET", feed+"?showdeleted=true&max-results=100", "").feed(t).Entries {
				if e.ID != "" && e.shortID() == strconv.FormatUint(i.id, 16) {
					i.set(t, &e)
				}
			}
		} else {
			i.title += " (changed)"
			children := "<title>" + i.title + "</title>"
			if i.member {
				children += member(group.ID)
			}
			e := w.do(user, "PUT", strings.TrimSuffix(edit[i.id], "/"+lastSegment(edit[i.id])), atom(children), "If-Match", "*").want(t, 200).entry(t)
			i.set(t, e)
			edit[i.id] = e.link("edit")
		}
		w.Clock.Add(time.Duration(r.IntN(3)) * 700 * time.Millisecond)
	}
	return items
}

func lastSegment(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// set reads the id and the revision of an entry of version 1.
func (i *item) set(t *testing.T, e *entry) {
	t.Helper()
	var err error
	if i.id, err = strconv.ParseUint(e.shortID(), 16, 64); err != nil {
		t.Fatal(err)
	}
	if i.rev, err = strconv.ParseInt(lastSegment(e.link("edit")), 10, 64); err != nil {
		t.Fatal(err)
	}
}

// randomQuery makes a query, and a function that tells what it selects.
func randomQuery(r *rand.Rand, groups bool, group string, now time.Time) (string, func([]item) []item) {
	p := url.Values{}
	some := func(name string, values ...string) string {
		if r.IntN(4) == 0 {
			p.Set(name, values[r.IntN(len(values))])
		}
		return p.Get(name)
	}
	instant := func(name string) time.Time {
		if r.IntN(6) > 0 {
			return time.Time{}
		}
		t := now.Add(-time.Duration(r.IntN(60)) * 700 * time.Millisecond)
		p.Set(name, t.Format(time.RFC3339Nano))
		return t
	}
	text := some("q", "bennet", "BEN mer", "d", "jane changed")
	member := ""
	if groups {
		member = some("group", group)
	}
	order, direction, deleted := some("orderby", "lastmodified", "edited"), some("sortorder", "ascending", "descending"), some("showdeleted", "true", "false")
	min, max, from, to := instant("updated-min"), instant("updated-max"), instant("published-min"), instant("published-max")
	return p.Encode(), func(items []item) []item {
		var selected []item
		for _, i := range items {
			created := i.created
			if i.system {
				created = i.time()
			}
			words := " " + strings.NewReplacer("(", "", ")", "").Replace(strings.ToLower(i.title))
			fits := deleted == "true" || !i.deleted
			for _, word := range strings.Fields(strings.ToLower(text)) {
				fits = fits && strings.Contains(words, " "+word)
			}
			if fits && (text == "" || !i.deleted) && (member == "" || i.member) && !i.time().Before(min) && (max.IsZero() || i.time().Before(max)) &&
				!created.Before(from) && (to.IsZero() || created.Before(to)) {
				selected = append(selected, i)
			}
		}
		slices.SortStableFunc(selected, func(a, b item) int {
			switch {
			case order != "" && direction == "descending":
				return cmp.Compare(b.rev, a.rev)
			case order != "":
				return cmp.Compare(a.rev, b.rev)
			}
			return cmp.Compare(a.id, b.id)
		})
		return selected
	}
}
