package conformance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The examples of the specification are sent as they stand, by curl, to a
// server with the name that they use. The answers are compared byte for byte.
// Two things differ by nature: what the server chooses (ids, times, ETags) is
// put into the example before the comparison, and the indentation, which the
// examples have for their readers, is taken out.

// example returns the first block of code below the line in a file of the
// specification.
func example(t *testing.T, file, line string) string {
	t.Helper()
	text, err := os.ReadFile("../docs/spec/" + file)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "\n"+line+"\n")
	if ok {
		_, rest, ok = strings.Cut(rest, "\n```")
	}
	if ok {
		_, rest, ok = strings.Cut(rest, "\n")
	}
	if ok {
		rest, _, ok = strings.Cut(rest, "\n```\n")
	}
	if !ok {
		t.Fatalf("%s has no example below %q", file, line)
	}
	return rest
}

var (
	between  = regexp.MustCompile(`>\s+<`)
	timeForm = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`)
	etagAttr = regexp.MustCompile(` gd:etag='&quot;([^&]*)&quot;'`)
)

// flat takes the indentation out of XML.
func flat(text string) string {
	return between.ReplaceAllString(strings.TrimSpace(text), "><")
}

// wantXML fails the test unless got is want, apart from indentation.
func wantXML(t *testing.T, got, want string) {
	t.Helper()
	if flat(got) != flat(want) {
		t.Errorf("got\n%s\nwant\n%s", breakLines(flat(got)), breakLines(flat(want)))
	}
}

// breakLines shows each element on a line of its own.
func breakLines(text string) string { return strings.ReplaceAll(text, "><", ">\n<") }

// filled is an example with what the server chose for one entry put into it:
// the short id, the time, the version number and the ETag.
func filled(t *testing.T, text, oldID string, a answer) string {
	t.Helper()
	e := parseEntry(t, a.body)
	oldTime := timeForm.FindString(text[strings.Index(text, "/base/"+oldID+"<"):])
	pairs := []string{oldTime, e.Updated}
	for _, end := range []string{"<", "'", "/"} {
		pairs = append(pairs, "/"+oldID+end, "/"+e.shortID()+end)
	}
	if edit := href(e.Links, "edit"); !strings.HasSuffix(edit, "/"+e.shortID()) {
		pairs = append(pairs, versionOf(t, oldTime), checkedVersion(t, edit, e.Updated))
	}
	if old := etagAttr.FindStringSubmatch(text); old != nil && e.Etag != "" {
		pairs = append(pairs, old[1], strings.Trim(e.Etag, `"`))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// entryIn cuts the entry with an id out of the text of a feed.
func entryIn(t *testing.T, feed, id string) string {
	t.Helper()
	for _, part := range strings.SplitAfter(feed, "</entry>") {
		if strings.Contains(part, "<id>"+id+"</id>") {
			return part[strings.LastIndex(part, "<entry"):]
		}
	}
	t.Fatalf("no entry %s in %s", id, feed)
	return ""
}

// versionOf is the version number that goes with a time, tie-breaker 0.
func versionOf(t *testing.T, updated string) string {
	t.Helper()
	at, err := time.Parse(time.RFC3339, updated)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(at.UnixMicro())
}

// checkedVersion returns the version number at the end of an edit link, which
// has to be the time of the entry but for the tie-breaker (VER-61).
func checkedVersion(t *testing.T, edit, updated string) string {
	t.Helper()
	v := edit[strings.LastIndex(edit, "/")+1:]
	if want := versionOf(t, updated); len(v) != len(want) || v[:len(v)-3] != want[:len(want)-3] {
		t.Errorf("version number %s of an entry updated at %s, want %s with any last three digits", v, updated, want)
	}
	return v
}

func TestExamples(t *testing.T) {
	c := newCurl(t, start(t, "--public-url", "https://contacts.example.net"))
	me, boss := c.as(t, user), c.as(t, admin)
	const elements = "03-elements.md"
	// Links lead to the public name. The requests go to where the server listens.
	local := func(href string) string { return strings.TrimPrefix(href, "https://contacts.example.net") }
	remove := func(t *testing.T, c *curl, a answer) {
		t.Helper()
		c.do(t, "-X", "DELETE", "-H", "If-Match: *", c.url+local(href(parseEntry(t, a.body).Links, "self"))).want(t, http.StatusOK)
	}

	// A photo is no part of an entry: what is stored has none, and shows it.
	noPhoto1 := func(s string) string {
		from := strings.Index(s, "<link rel='http://schemas.google.com/contacts/2008/rel#photo'")
		to := from + strings.Index(s[from:], "/>") + 2
		return strings.Replace(s[:from]+s[to:], "xLQfHGqHt0kUEoeDqM1Fbw", "1B2M2Y8AsgTpgAmY7PhCfg", 1)
	}
	noPhoto3 := func(s string) string {
		return strings.Replace(s, " gd:etag='&quot;Ug8gAXAjSit7I2BBEEQJSjFPBQwfNDlxbxc.&quot;'", "", 1)
	}
	for _, tt := range []struct {
		name, line string
		version    string
		stored     func(string) string
	}{
		{"VER-2 VER-25 VER-28 VER-29 VER-31 VER-61 version 1", "Version 1, entry of a user feed with photo (projection full).", "1", noPhoto1},
		{"VER-22 VER-24 VER-27 version 2", "Version 2, the same contact without photo.", "2", func(s string) string { return s }},
		{"VER-30 VER-31 VER-32 version 3", "Version 3, with photo.", "3", noPhoto3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := example(t, elements, tt.line)
			a, e := me.post(t, mine, body, "-H", "GData-Version: "+tt.version)
			want := filled(t, tt.stored(body), "c9012de", a)
			wantXML(t, a.body, want)
			wantXML(t, me.get(t, local(href(e.Links, "self")), "-H", "GData-Version: "+tt.version).body, want)
			remove(t, me, a)
		})
	}

	t.Run("FEED-1 FEED-3 FEED-5 FEED-6 FEED-11 FEED-12 FEED-13 VER-50 QRY-30 feed of a domain", func(t *testing.T) {
		const shared = "/m8/feeds/contacts/" + domain + "/full"
		text := example(t, elements, "Version 1 feed of a domain, one entry.")
		root := text[strings.Index(text, "<feed"):]
		root = root[len("<feed"):strings.Index(root, ">")]
		from, to := strings.Index(text, "<entry"), strings.Index(text, "</feed>")
		a, _ := boss.post(t, shared, "<entry"+root+strings.TrimPrefix(text[from:to], "<entry"))
		got := boss.get(t, shared)
		want := filled(t, text, "8411573", a)
		want = strings.Replace(want, timeForm.FindString(want), parseFeed(t, got.body).Updated, 1)
		wantXML(t, got.body, want)
		remove(t, boss, a)
	})

	tombstones := example(t, elements, "Tombstones, version 1 and version 3.")
	entries := strings.SplitAfter(tombstones[strings.Index(tombstones, "<entry"):strings.Index(tombstones, "</feed>")], "</entry>")
	group := `<m:groupMembershipInfo xmlns:m="http://schemas.google.com/contact/2008" href="http://contacts.example.net/m8/feeds/groups/liz%40example.com/base/6"/><gd:email`
	for _, tt := range []struct{ name, version, id, example, body string }{
		{"QRY-40 QRY-41 QRY-43 tombstone of version 1", "1", "2", entries[0], person("Jane Bennet", "jane@example.org")},
		{"QRY-41 ELEM-92 tombstone of version 3", "3", "3eab44ab0b9b9db9", entries[1],
			strings.Replace(person("Jane Bennet", "jane@example.org"), "<gd:email", group, 1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := parseFeed(t, me.get(t, mine).body).Updated
			a, e := me.post(t, mine, tt.body, "-H", "GData-Version: "+tt.version)
			remove(t, me, a)
			got := me.get(t, mine+"?showdeleted=true&updated-min="+before, "-H", "GData-Version: "+tt.version).body
			a.body = entryIn(t, got, e.ID)
			wantXML(t, a.body, filled(t, tt.example, tt.id, a))
		})
	}

	t.Run("ELEM-100 ELEM-103 ELEM-104 ELEM-105 system group", func(t *testing.T) {
		text := example(t, elements, "Group, version 3 (system group).")
		got := me.get(t, "/m8/feeds/groups/default/full/6", "-H", "GData-Version: 3.0").body
		etag := etagAttr.FindStringSubmatch(got)
		if etag == nil {
			t.Fatalf("no gd:etag: %s", got)
		}
		// The example leaves out the declaration and a namespace (VER-40).
		want := strings.NewReplacer("<entry xmlns='http://www.w3.org/2005/Atom' xmlns:gContact='http://schemas.google.com/contact/2008'",
			"<?xml version='1.0' encoding='UTF-8'?><entry xmlns='http://www.w3.org/2005/Atom' xmlns:gContact='http://schemas.google.com/contact/2008'"+
				" xmlns:batch='http://schemas.google.com/gdata/batch'", "YDwreyM.", etag[1]).Replace(text)
		wantXML(t, got, want)
	})

	t.Run("JSON-1 JSON-3 JSON-4 JSON-5 JSON-6 JSON-7 JSON-12 entry as JSON", func(t *testing.T) {
		text := example(t, "04-queries.md", "Example, version 3 entry (shortened).")
		a, e := me.post(t, mine, example(t, elements, "Version 3, with photo."), "-H", "GData-Version: 3.0")
		got := me.get(t, local(href(e.Links, "self"))+"?alt=json&v=3").body
		want := strings.NewReplacer("/c9012de", "/"+e.shortID(), "2008-03-05T12:36:38.835Z", e.Updated,
			"Qn04eTVSLyp7ImA9WxRbGEUORAQ.", strings.Trim(e.Etag, `"`)).Replace(text)
		var g, w any
		if err := json.Unmarshal([]byte(got), &g); err != nil {
			t.Fatalf("%v: %s", err, got)
		}
		if err := json.Unmarshal([]byte(want), &w); err != nil {
			t.Fatal(err)
		}
		if lack := lacking(g, w, ""); lack != "" {
			t.Errorf("%s in\n%s\nwant all of\n%s", lack, got, want)
		}
		remove(t, me, a)
	})

	t.Run("ERR-2 ERR-3 ERR-24 ELEM-20 error document", func(t *testing.T) {
		body := strings.Replace(person("Jane Bennet", "jane@example.org"), "<gd:phoneNumber",
			`<gd:email rel="http://schemas.google.com/g/2005#home" label="Letters" address="jane@example.net"/><gd:phoneNumber`, 1)
		a := me.do(t, "-H", "GData-Version: 3.0", "-H", atom, "--data-binary", body, me.url+mine)
		a.want(t, http.StatusBadRequest)
		a.wantHeader(t, "Content-Type", "application/vnd.google.gdata.error+xml; charset=UTF-8")
		text := example(t, "07-errors.md", "| ERR-10 | Unsupported query parameters: a parameter that belongs to the standard but not to this service gives 403; an invalid value gives 400; an unknown parameter is ignored. | L | GD1 |")
		_, got, _ := strings.Cut(a.body, "?>")
		wantXML(t, got, text)
	})

	t.Run("AUTH-30 AUTH-35 captcha", func(t *testing.T) {
		login := func() answer {
			return c.do(t, "-d", "Email="+admin, "-d", "Passwd=wrong", "-d", "service=cp", c.url+"/accounts/ClientLogin")
		}
		a := login()
		for n := 1; a.line(t, "Error") == "BadAuthentication"; n++ {
			if n > 5 {
				t.Fatalf("%d failures and no captcha", n)
			}
			a = login()
		}
		a.want(t, http.StatusForbidden)
		token, picture := a.line(t, "CaptchaToken"), a.line(t, "CaptchaUrl")
		want := strings.NewReplacer("DQAAAGgAdkI1LK9", token, "Captcha?ctoken=HiteT4b0Bk5Xg18", picture,
			"https://contacts.example.net/login/captcha", a.line(t, "Url")).Replace(example(t, "06-auth.md", "Captcha answer (403):"))
		if strings.TrimSpace(a.body) != want {
			t.Errorf("got\n%s\nwant\n%s", a.body, want)
		}
		if !strings.HasPrefix(a.line(t, "Url"), "https://contacts.example.net/") || !strings.HasPrefix(picture, "Captcha?ctoken=") {
			t.Errorf("got %s", a.body)
		}
		image := c.get(t, "/accounts/"+picture)
		if got := http.DetectContentType([]byte(image.body)); got != image.header.Get("Content-Type") || !strings.HasPrefix(got, "image/") {
			t.Errorf("the captcha is %q, said to be %q", got, image.header.Get("Content-Type"))
		}
	})
}

// lacking says what of want is not in got: a member of an object, an element
// of a list, or another value. Objects and lists of got may have more.
func lacking(got, want any, path string) string {
	switch want := want.(type) {
	case map[string]any:
		m, ok := got.(map[string]any)
		if !ok {
			return path + " is no object"
		}
		for k, v := range want {
			if _, ok := m[k]; !ok {
				return "no " + path + "/" + k
			}
			if lack := lacking(m[k], v, path+"/"+k); lack != "" {
				return lack
			}
		}
	case []any:
		list, ok := got.([]any)
		if !ok {
			return path + " is no list"
		}
		for i, v := range want {
			found := false
			for _, g := range list {
				found = found || lacking(g, v, "") == ""
			}
			if !found {
				return fmt.Sprintf("no %s/%d", path, i)
			}
		}
	default:
		if !reflect.DeepEqual(got, want) {
			return fmt.Sprintf("%s is %v, not %v,", path, got, want)
		}
	}
	return ""
}
