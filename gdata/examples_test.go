package gdata_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// example is the first block of code after a line of the specification that
// begins with heading.
func example(t testing.TB, file, heading string) string {
	t.Helper()
	text, err := os.ReadFile("../docs/spec/" + file)
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(text), "\n"+heading)
	if !ok {
		t.Fatalf("%s has no line %q", file, heading)
	}
	block := regexp.MustCompile("(?s)```[a-z]*\n(.*?)```").FindStringSubmatch(after)
	if block == nil {
		t.Fatalf("%s has no example after %q", file, heading)
	}
	return block[1]
}

// Which parts of an example the server chooses, or a photo would add.
var chosen = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`>\s+<`), "><"},                                                  // white space between tags
	{regexp.MustCompile(` gd:etag='&quot;[^']*'`), " gd:etag='&quot;'"},                  // entity tags
	{regexp.MustCompile(`(/contacts/[^/]+/(?:base|full)/)[0-9a-f]+(['</])`), "${1}ID$2"}, // short ids
	{regexp.MustCompile(`(/photos/media/[^/]+)/[0-9a-f]+`), "$1/ID"},
	{regexp.MustCompile(`/ID/[0-9]+'`), "/ID/VERSION'"},
	{regexp.MustCompile(`<(updated|app:edited xmlns:app='[^']*')>[^<]*<`), "<$1>TIME<"},
}

// withoutPhoto takes away what a photo adds to an entry.
var withoutPhoto = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`(rel#edit-photo' type='image/\*' href='[^']*/)[A-Za-z0-9_-]{22}'`), "${1}1B2M2Y8AsgTpgAmY7PhCfg'"},
	{regexp.MustCompile(`(rel#photo' type='image/\*' href='[^']*') gd:etag='[^']*'`), "$1"},
}

// generic replaces the parts that the server chooses.
func generic(s string) string {
	for _, c := range withoutPhoto {
		s = c.pattern.ReplaceAllString(s, c.with)
	}
	for _, c := range chosen {
		s = c.pattern.ReplaceAllString(s, c.with)
	}
	return strings.TrimSpace(s)
}

// sameAs fails the test unless two documents are equal but for chosen parts.
func sameAs(t *testing.T, got, want string) {
	t.Helper()
	if got, want = generic(got), generic(want); got != want {
		i := 0
		for i < min(len(got), len(want)) && got[i] == want[i] {
			i++
		}
		t.Errorf("the answer differs at byte %d: %.80q, want %.80q\n%s\nwant\n%s", i, got[i:], want[i:], got, want)
	}
}

// children are the contents of the nth element of a name.
func children(t *testing.T, doc, element string, n int) string {
	t.Helper()
	found := regexp.MustCompile(`(?s)<`+element+`(?: [^>]*)?>(.*?)</`+element+`>`).FindAllStringSubmatch(doc, -1)
	if len(found) <= n {
		t.Fatalf("there is no element %s number %d in %s", element, n, doc)
	}
	return found[n][1]
}

// The examples of 3.13, sent as they stand, come back as they are shown.
func TestExamples(t *testing.T) {
	w := newWorld(t)
	const spec = "03-elements.md"

	t.Run("ELEM-9 ELEM-10 ELEM-11 VER-27 VER-28 VER-29 an entry of version 1", func(t *testing.T) {
		doc := example(t, spec, "Version 1, entry of a user feed")
		want := regexp.MustCompile(`\s*<link rel='[^']*rel#photo'[^>]*/>`).ReplaceAllString(doc, "") // it has no photo here
		a := w.as("1", "POST", contactsFull, doc).want(t, 201)
		sameAs(t, a.Body, want)
		sameAs(t, w.as("1", "GET", a.entry(t).link("self"), "").Body, want)
		sameAs(t, w.as("1", "PUT", a.entry(t).link("edit"), strings.ReplaceAll(doc, "c9012de", a.entry(t).shortID())).want(t, 200).Body, want)
		if id := a.entry(t).ID; !strings.HasPrefix(id, "http://contacts.example.net/m8/feeds/contacts/liz%40example.com/base/") {
			t.Errorf("the id is %s", id)
		}
		if got := a.entry(t).Updated; got != "2008-03-05T12:36:38.835Z" {
			t.Errorf("updated is %s, want 2008-03-05T12:36:38.835Z", got)
		}
	})
	t.Run("VER-22 VER-24 VER-25 VER-31 an entry of version 2", func(t *testing.T) {
		doc := example(t, spec, "Version 2, the same contact without photo")
		a := w.as("2", "POST", contactsFull, doc).want(t, 201)
		sameAs(t, a.Body, doc)
		sameAs(t, w.as("2", "GET", a.entry(t).link("self"), "").Body, doc)
	})
	t.Run("VER-30 VER-31 VER-32 an entry of version 3", func(t *testing.T) {
		doc := example(t, spec, "Version 3, with photo")
		a := w.as("3", "POST", contactsFull, doc).want(t, 201)
		sameAs(t, a.Body, doc)
		sameAs(t, w.as("3", "GET", a.entry(t).link("self"), "").Body, doc)
	})
	t.Run("FEED-3 FEED-6 FEED-12 FEED-13 VER-50 a version 1 feed of a domain", func(t *testing.T) {
		doc := example(t, spec, "Version 1 feed of a domain, one entry")
		entry := "<entry " + namespaces + ">" + children(t, doc, "entry", 0) + "</entry>"
		w.do(admin, "POST", sharedFull, entry).want(t, 201)
		sameAs(t, w.do(admin, "GET", sharedFull, "").want(t, 200).Body, doc)
	})
	t.Run("QRY-41 QRY-43 tombstones of version 1 and version 3", func(t *testing.T) {
		doc := example(t, spec, "Tombstones, version 1 and version 3")
		member := "<gContact:groupMembershipInfo href='http://contacts.example.net/m8/feeds/groups/liz%40example.com/base/6'/>"
		for i, v := range []string{"1", "3"} {
			body := named("Mary Bennet")
			if v == "3" {
				body = atom("<title>Mary Bennet</title>" + member)
			}
			e := w.as(v, "POST", contactsFull, body).want(t, 201).entry(t)
			since := w.Clock.Now()
			w.Clock.Add(time.Minute)
			w.as(v, "DELETE", e.link("edit"), "").want(t, 200)
			got := w.as(v, "GET", contactsFull+"?showdeleted=true&updated-min="+since.Add(time.Second).Format("2006-01-02T15:04:05"), "").want(t, 200)
			sameAs(t, children(t, got.Body, "entry", 0), children(t, doc, "entry", i))
		}
	})
	t.Run("ELEM-103 ELEM-104 ELEM-105 a system group of version 3", func(t *testing.T) {
		doc := example(t, spec, "Group, version 3 (system group)")
		got := w.as("3", "GET", groupsFull+"/6", "").want(t, 200).Body
		sameAs(t, children(t, got, "entry", 0), children(t, doc, "entry", 0))
		if want := "<updated>1970-01-01T00:00:00.000Z</updated>"; !strings.Contains(got, want) {
			t.Errorf("the group lacks %s: %s", want, got)
		}
	})
	t.Run("ERR-3 ERR-24 the error document of 7.1", func(t *testing.T) {
		doc := example(t, "07-errors.md", "| ERR-10 |")
		a := w.as("3", "POST", contactsFull, atom("<gd:email label='Letters' address='e.bennet@example.net'/><gd:email address='lizzy@example.org'/>")).want(t, 400)
		sameAs(t, a.Body, "<?xml version='1.0' encoding='UTF-8'?>"+doc)
	})
	t.Run("JSON-1 JSON-2 JSON-3 JSON-5 the JSON of 4.5", func(t *testing.T) {
		doc := example(t, "04-queries.md", "Example, version 3 entry (shortened)")
		e := w.as("3", "POST", contactsFull, atom("<title>Elizabeth Bennet</title><gd:email rel='"+gdRel+"work' address='lizzy@example.org' primary='true'/>")).want(t, 201).entry(t)
		got := w.as("3", "GET", e.link("self")+"?alt=json", "").want(t, 200).Body
		want := strings.NewReplacer("c9012de", e.shortID(), `\"Qn04eTVSLyp7ImA9WxRbGEUORAQ.\"`, strings.ReplaceAll(e.ETag, `"`, `\"`),
			"2008-03-05T12:36:38.835Z", e.Updated).Replace(doc)
		// The example leaves out namespaces and links: each member that it has
		// is a member of the answer, byte for byte.
		var shown struct {
			Entry map[string]json.RawMessage
		}
		if err := json.Unmarshal([]byte(want), &shown); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(got, want[:strings.Index(want, `"xmlns"`)]) {
			t.Errorf("the answer begins otherwise: %s", got)
		}
		for name, value := range shown.Entry {
			member := `"` + name + `":` + string(value)
			if name == "link" { // of several
				member = strings.Trim(string(value), "[]")
			}
			if !strings.Contains(got, member) {
				t.Errorf("the answer lacks %s: %s", member, got)
			}
		}
		if len(shown.Entry) < 10 {
			t.Errorf("the example has %d members only", len(shown.Entry))
		}
	})
}
