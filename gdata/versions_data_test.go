package gdata_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

// One set of data behind all versions.
func TestVersionsShareData(t *testing.T) {
	w := newWorld(t)

	t.Run("VER-8 a change made in one version is visible in all", func(t *testing.T) {
		e := w.as("3", "POST", contactsFull, atom(full)).want(t, 201).entry(t)
		for v := 1; v <= 3; v++ {
			name := fmt.Sprintf("Elizabeth Darcy %d", v)
			w.as(fmt.Sprint(v), "PUT", e.link("self"), named(name), "If-Match", "*").want(t, 200)
			for other := 1; other <= 3; other++ {
				if got := w.as(fmt.Sprint(other), "GET", e.link("self"), "").want(t, 200).entry(t).Title; got != name {
					t.Errorf("changed in version %d, version %d shows %q, want %q", v, other, got, name)
				}
			}
		}
		w.as("1", "DELETE", e.link("self"), "").want(t, 200)
		w.as("3", "GET", e.link("self"), "").want(t, 404)
	})
	t.Run("VER-9 a body is read alike in all versions", func(t *testing.T) {
		var bodies []string
		for v := 1; v <= 3; v++ {
			e := w.as(fmt.Sprint(v), "POST", contactsFull, atom(strings.ReplaceAll(full, "lizzy@", fmt.Sprintf("lizzy%d@", v)))).want(t, 201).entry(t)
			a := w.as("3", "GET", e.link("self"), "").want(t, 200)
			for _, part := range v3Only {
				if !strings.Contains(a.Body, part) {
					t.Errorf("inserted in version %d, %s was not stored: %s", v, part, a.Body)
				}
			}
			// The children that the client sent, without what the server adds.
			_, children, _ := strings.Cut(a.Body, "<gd:name>")
			bodies = append(bodies, strings.ReplaceAll(children, fmt.Sprintf("lizzy%d@", v), "lizzy@"))
		}
		for v, b := range bodies {
			if b != bodies[0] {
				t.Errorf("inserted in version %d it is\n%s\nwant\n%s", v+1, b, bodies[0])
			}
		}
	})
	t.Run("VER-10 PUT and DELETE of version 1 honour If-Match", func(t *testing.T) {
		a := w.as("1", "POST", contactsFull, named("Mary Bennet")).want(t, 201)
		e, tag := a.entry(t), a.Header.Get("ETag")
		for _, path := range []string{e.link("self"), e.link("edit")} {
			w.as("1", "PUT", path, named("x"), "If-Match", `"stale"`).want(t, 412)
			w.as("1", "DELETE", path, "", "If-Match", `"stale"`).want(t, 412)
		}
		a = w.as("1", "PUT", e.link("self"), named("Mary"), "If-Match", tag).want(t, 200)
		w.as("1", "DELETE", e.link("self"), "", "If-Match", tag).want(t, 412)
		w.as("1", "DELETE", e.link("self"), "", "If-Match", a.Header.Get("ETag")).want(t, 200)
	})
	t.Run("VER-54 an update of version 1 or 2 keeps what that version does not show", func(t *testing.T) {
		for _, v := range []string{"1", "2"} {
			e := w.as("3", "POST", contactsFull, atom(full+"<gContact:userDefinedField key='k' value='v'/><gContact:unheardOf>kept</gContact:unheardOf>")).want(t, 201).entry(t)
			before := w.as("3", "GET", e.link("self"), "").Body
			// As a client does it: what was read is sent back, with one change.
			seen := w.as(v, "GET", e.link("self"), "").want(t, 200).Body
			sent := strings.Replace(seen, "Walks a lot", "Walks to Netherfield", 1)
			w.as(v, "PUT", e.link("self"), sent, "If-Match", "*").want(t, 200)
			after := w.as("3", "GET", e.link("self"), "").Body
			plain := regexp.MustCompile(`gd:etag='[^']*'`)
			want := strings.Replace(plain.ReplaceAllString(before, ""), "Walks a lot", "Walks to Netherfield", 1)
			if got := plain.ReplaceAllString(after, ""); got != want {
				t.Errorf("version %s: after the update it is\n%s\nwant\n%s", v, got, want)
			}
			// An address and a name that are changed lose their old parts.
			sent = strings.NewReplacer("Longbourn House", "Pemberley", "Miss Elizabeth Bennet", "Elizabeth Darcy").Replace(seen)
			w.as(v, "PUT", e.link("self"), sent, "If-Match", "*").want(t, 200)
			after = w.as("3", "GET", e.link("self"), "").Body
			for _, part := range []string{"<gd:street>Pemberley\nMeryton</gd:street>", "<gd:familyName>Darcy</gd:familyName>", "<gContact:nickname>Lizzy<", "<gContact:birthday when='--05-23'/>", ">Jane Bennet</gContact:relation>"} {
				if !strings.Contains(after, part) {
					t.Errorf("version %s: %s is missing after the update: %s", v, part, after)
				}
			}
			for _, part := range []string{"<gd:namePrefix>", "<gd:city>"} {
				if strings.Contains(after, part) {
					t.Errorf("version %s: %s is still there after the update: %s", v, part, after)
				}
			}
		}
	})
	t.Run("VER-54 an update of version 1 or 2 still deletes what that version shows", func(t *testing.T) {
		for _, v := range []string{"1", "2"} {
			e := w.as("3", "POST", contactsFull, atom(full)).want(t, 201).entry(t)
			w.as(v, "PUT", e.link("self"), named("Miss Elizabeth Bennet"), "If-Match", "*").want(t, 200)
			after := w.as("3", "GET", e.link("self"), "").Body
			for _, part := range []string{"<content>", "<gd:email", "<gd:phoneNumber", "PostalAddress"} {
				if strings.Contains(after, part) {
					t.Errorf("version %s: %s is still there after the update: %s", v, part, after)
				}
			}
		}
	})
}

// The shared contacts of a domain show more to versions 1 and 2.
func TestVersionsOfDomainFeeds(t *testing.T) {
	w := newWorld(t)
	plain := "<gd:postalAddress rel='http://schemas.google.com/g/2005#work'>Rosings Park</gd:postalAddress>"
	e := w.do(admin, "POST", sharedFull, atom(full+plain)).want(t, 201).entry(t)
	for v := 1; v <= 3; v++ {
		entry := w.do(admin, "GET", e.link("self"), "", "GData-Version", fmt.Sprint(v)).want(t, 200).Body
		feed := w.do(admin, "GET", sharedFull, "", "GData-Version", fmt.Sprint(v)).want(t, 200).Body
		shows := func(t *testing.T, part string) {
			t.Helper()
			if !strings.Contains(entry, part) || !strings.Contains(feed, part) {
				t.Errorf("version %d: %s is missing in\n%s\nor\n%s", v, part, entry, feed)
			}
		}
		t.Run(fmt.Sprintf("VER-50 VER-52 version %d has gd:name and the gContact elements", v), func(t *testing.T) {
			shows(t, "<gd:name><gd:fullName>Miss Elizabeth Bennet</gd:fullName><gd:namePrefix>Miss</gd:namePrefix><gd:givenName>Elizabeth</gd:givenName><gd:familyName>Bennet</gd:familyName></gd:name>")
			shows(t, ">Miss Elizabeth Bennet</title>")
			for _, part := range v3Only {
				shows(t, part)
			}
		})
		t.Run(fmt.Sprintf("VER-51 version %d has each address in one form", v), func(t *testing.T) {
			shows(t, "<gd:structuredPostalAddress rel='http://schemas.google.com/g/2005#home'><gd:formattedAddress>Longbourn House\nMeryton</gd:formattedAddress><gd:street>Longbourn House</gd:street><gd:city>Meryton</gd:city></gd:structuredPostalAddress>")
			if v < 3 {
				shows(t, plain)
			} else {
				shows(t, "<gd:structuredPostalAddress rel='http://schemas.google.com/g/2005#work'><gd:formattedAddress>Rosings Park</gd:formattedAddress><gd:street>Rosings Park</gd:street></gd:structuredPostalAddress>")
			}
			for _, body := range []string{entry, feed} {
				if n := strings.Count(body, "ostalAddress rel="); n != 2 {
					t.Errorf("there are %d addresses, want 2: %s", n, body)
				}
			}
		})
	}
	t.Run("VER-51 an address keeps its form when a client writes back what it read", func(t *testing.T) {
		for _, v := range []string{"1", "2"} {
			seen := w.do(admin, "GET", e.link("self"), "", "GData-Version", v).want(t, 200).Body
			w.do(admin, "PUT", e.link("self"), seen, "GData-Version", v, "If-Match", "*").want(t, 200)
			address := regexp.MustCompile(`<gd:(structuredP|p)ostalAddress.*</gd:(structuredP|p)ostalAddress>`)
			now := w.do(admin, "GET", e.link("self"), "", "GData-Version", v).want(t, 200).Body
			if got, want := address.FindString(strings.ReplaceAll(now, "\n", " ")), address.FindString(strings.ReplaceAll(seen, "\n", " ")); got != want || want == "" {
				t.Errorf("version %s: the addresses are\n%s\nwant\n%s", v, got, want)
			}
		}
	})
}

var versionNumber = regexp.MustCompile(`/([0-9]+)$`)

// Version numbers and entity tags.
func TestVersionNumbers(t *testing.T) {
	w := newWorld(t)
	number := func(t *testing.T, e *entry) string {
		t.Helper()
		m := versionNumber.FindStringSubmatch(e.link("edit"))
		if m == nil {
			t.Fatalf("the edit link %q has no version number", e.link("edit"))
		}
		return m[1]
	}
	t.Run("VER-60 VER-61 the version number is the updated time in microseconds", func(t *testing.T) {
		w.Clock.Add(time.Second) // since the books were made
		for feed, user := range map[string]string{contactsFull: elizabeth, "/m8/feeds/groups/default/base": bingley} {
			e := w.do(user, "POST", feed, named("Jane Bennet")).want(t, 201).entry(t)
			if got := number(t, e); got != "1204720599835000" || e.Updated != "2008-03-05T12:36:39.835Z" {
				t.Errorf("the version number is %s of %s, want 1204720599835000", got, e.Updated)
			}
		}
	})
	t.Run("VER-60 VER-61 every change gives another one, also within a millisecond", func(t *testing.T) {
		e := w.do(elizabeth, "POST", contactsFull, named("Mary Bennet")).want(t, 201).entry(t)
		last := number(t, e)
		for i := range 20 {
			if i == 10 {
				w.Clock.Add(1500 * time.Microsecond)
			}
			e = w.do(elizabeth, "PUT", e.link("edit"), named("Mary Bennet")).want(t, 200).entry(t)
			if n := number(t, e); n <= last || len(n) != len(last) {
				t.Fatalf("version number %s after %s", n, last)
			} else {
				last = n
			}
		}
		if last < "1204720599836000" || e.Updated != "2008-03-05T12:36:39.836Z" {
			t.Errorf("after the clock moved on, the number is %s and updated %s", last, e.Updated)
		}
	})
	t.Run("VER-70 an entry's ETag is a strong, quoted string of URL-safe characters", func(t *testing.T) {
		strong := regexp.MustCompile(`^"[A-Za-z0-9_.~-]+"$`)
		for _, v := range []string{"1", "2", "3"} {
			for _, feed := range []string{contactsFull, groupsFull} {
				if tag := w.as(v, "POST", feed, named("Kitty Bennet")).want(t, 201).Header.Get("ETag"); !strong.MatchString(tag) {
					t.Errorf("version %s: the ETag is %s", v, tag)
				}
			}
		}
	})
	t.Run("VER-71 a feed's ETag is weak, and depends on data and query, not on the time", func(t *testing.T) {
		tag := func(version, query string) string {
			return w.as(version, "GET", contactsFull+query, "").want(t, 200).Header.Get("ETag")
		}
		first := tag("3", "")
		if !regexp.MustCompile(`^W/"[A-Za-z0-9_.~-]+"$`).MatchString(first) {
			t.Errorf("the ETag is %s", first)
		}
		w.Clock.Add(time.Hour)
		if again := tag("3", ""); again != first {
			t.Errorf("an hour later the ETag is %s, want %s", again, first)
		}
		seen := map[string]string{first: "the first"}
		for _, query := range []string{"?max-results=1", "?q=jane", "?alt=json", "?showdeleted=true", "?updated-min=2008-01-01"} {
			if other := seen[tag("3", query)]; other != "" {
				t.Errorf("%s has the ETag of %s", query, other)
			}
			seen[tag("3", query)] = query
		}
		if tag("2", "") == first {
			t.Error("versions 2 and 3 share an ETag, though their bytes differ")
		}
		w.as("3", "POST", contactsFull, named("Lydia Bennet")).want(t, 201)
		if tag("3", "") == first {
			t.Error("after a change the ETag is the same")
		}
	})
	t.Run("VER-72 gd:etag is the ETag header, with its quotes", func(t *testing.T) {
		for _, v := range []string{"2", "3"} {
			for _, path := range []string{contactsFull, groupsFull} {
				a := w.as(v, "GET", path, "").want(t, 200)
				if f := a.feed(t); f.ETag != a.Header.Get("ETag") || !strings.Contains(a.Body, " gd:etag='W/&quot;") {
					t.Errorf("version %s: gd:etag is %s, ETag %s", v, f.ETag, a.Header.Get("ETag"))
				}
				e := a.feed(t).Entries[0]
				one := w.as(v, "GET", e.link("self"), "").want(t, 200)
				if tag := one.Header.Get("ETag"); e.ETag != tag || one.entry(t).ETag != tag || !strings.Contains(one.Body, " gd:etag='&quot;") {
					t.Errorf("version %s: gd:etag is %s in the feed and %s alone, ETag %s", v, e.ETag, one.entry(t).ETag, tag)
				}
			}
		}
	})
	t.Run("VER-73 an ETag of one projection or version is valid in another", func(t *testing.T) {
		e := w.as("1", "POST", contactsFull, named("Georgiana Darcy")).want(t, 201)
		path := func(projection string) string {
			return strings.Replace(e.entry(t).link("self"), "/full/", "/"+projection+"/", 1)
		}
		for _, r := range []struct{ from, projection, to, other string }{{"1", "full", "3", "thin"}, {"2", "property-pet", "1", "base"}, {"3", "thin", "2", "full"}} {
			tag := w.as(r.from, "GET", path(r.projection), "").want(t, 200).Header.Get("ETag")
			w.as(r.to, "PUT", path(r.other), named("Georgiana"), "If-Match", tag).want(t, 200)
			w.as(r.to, "PUT", path(r.other), named("Georgiana"), "If-Match", tag).want(t, 412)
		}
	})
}
