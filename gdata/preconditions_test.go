package gdata_test

import (
	"net/http"
	"strings"
	"testing"

	"contacts/server"
)

// A state is an entry that has been changed once, with what named its state
// before and what names it now.
type state struct {
	self          string // path, without version number
	oldTag, tag   string
	oldEdit, edit string // of version 1, with version number
	title         string
}

// change adds an entry to a feed and changes it once.
func (w *world) change(t testing.TB, path string) state {
	t.Helper()
	a := w.as("1.0", "POST", path, named("Miss Lucas")).want(t, http.StatusCreated)
	b := w.as("1.0", "PUT", a.entry(t).link("edit"), named("Mrs Collins")).want(t, http.StatusOK)
	return state{
		self: a.entry(t).link("self"), title: "Mrs Collins",
		oldTag: a.Header.Get("ETag"), tag: b.Header.Get("ETag"),
		oldEdit: a.entry(t).link("edit"), edit: b.entry(t).link("edit"),
	}
}

// tagged is an entry with an entity tag and a title.
func tagged(tag, title string) string {
	attr := " gd:etag='" + strings.ReplaceAll(tag, `"`, "&quot;") + "'"
	return strings.Replace(named(title), "<entry", "<entry"+attr, 1)
}

// TestPreconditions walks the table of 5.3, for contacts and for groups.
func TestPreconditions(t *testing.T) {
	w := newWorld(t)
	const (
		ok       = http.StatusOK
		bad      = http.StatusBadRequest
		conflict = http.StatusConflict
		failed   = http.StatusPreconditionFailed
		denied   = http.StatusForbidden
	)
	none := func(state) []string { return nil }
	header := func(tag func(state) string) func(state) []string {
		return func(s state) []string { return []string{"If-Match", tag(s)} }
	}
	current := func(s state) string { return s.tag }
	old := func(s state) string { return s.oldTag }
	fixed := func(value string) func(state) string { return func(state) string { return value } }
	self := func(s state) string { return s.self }
	edit := func(s state) string { return s.edit }
	oldEdit := func(s state) string { return s.oldEdit }

	for _, tc := range []struct {
		name     string
		path     func(state) string
		header   func(state) []string
		bodyETag func(state) string // nil for none
		put      [4]int             // by version
		delete   [4]int
	}{
		{"WRT-30 WRT-39 the current version number", edit, none, nil, [4]int{1: ok, 2: ok, 3: ok}, [4]int{1: ok, 2: ok, 3: ok}},
		{"WRT-30 WRT-39 a stale version number", oldEdit, none, nil, [4]int{1: conflict, 2: failed, 3: failed}, [4]int{1: conflict, 2: failed, 3: failed}},
		{"WRT-30 a version number that is none", func(s state) string { return s.self + "/x" }, none, nil, [4]int{1: conflict, 2: failed, 3: failed}, [4]int{1: conflict, 2: failed, 3: failed}},
		{"WRT-31 VER-10 the current If-Match", self, header(current), nil, [4]int{1: ok, 2: ok, 3: ok}, [4]int{1: ok, 2: ok, 3: ok}},
		{"WRT-32 WRT-51 a stale If-Match", self, header(old), nil, [4]int{1: failed, 2: failed, 3: failed}, [4]int{1: failed, 2: failed, 3: failed}},
		{"WRT-33 If-Match: *", self, header(fixed("*")), nil, [4]int{1: ok, 2: ok, 3: ok}, [4]int{1: ok, 2: ok, 3: ok}},
		{"WRT-34 one of several tags is current", self, header(func(s state) string { return `"x.", ` + s.oldTag + ",W/\"y\" , " + s.tag }), nil, [4]int{1: ok, 2: ok, 3: ok}, [4]int{1: ok, 2: ok, 3: ok}},
		{"WRT-34 none of several tags is current", self, header(func(s state) string { return `"x.", ` + s.oldTag }), nil, [4]int{1: failed, 2: failed, 3: failed}, [4]int{1: failed, 2: failed, 3: failed}},
		{"WRT-34 a weak tag never matches", self, header(func(s state) string { return "W/" + s.tag }), nil, [4]int{1: failed, 2: failed, 3: failed}, [4]int{1: failed, 2: failed, 3: failed}},
		{"WRT-34 a tag without quotes", self, header(func(s state) string { return strings.Trim(s.tag, `"`) }), nil, [4]int{1: ok, 2: ok, 3: ok}, [4]int{1: ok, 2: ok, 3: ok}},
		{"WRT-34 a stale tag without quotes", self, header(func(s state) string { return strings.Trim(s.oldTag, `"`) }), nil, [4]int{1: failed, 2: failed, 3: failed}, [4]int{1: failed, 2: failed, 3: failed}},
		{"WRT-34 the word of a library without a tag", self, header(fixed("None")), nil, [4]int{1: failed, 2: failed, 3: failed}, [4]int{1: failed, 2: failed, 3: failed}},
		{"WRT-34 a request header named ETag is nothing", self, func(s state) []string { return []string{"ETag", s.oldTag} }, nil, [4]int{1: bad, 2: denied, 3: denied}, [4]int{1: ok, 2: ok, 3: ok}},
		{"WRT-35 WRT-36 WRT-37 no condition", self, none, nil, [4]int{1: bad, 2: denied, 3: denied}, [4]int{1: ok, 2: ok, 3: ok}},
		{"WRT-35 WRT-36 an empty If-Match is none", self, header(fixed("")), nil, [4]int{1: bad, 2: denied, 3: denied}, [4]int{1: ok, 2: ok, 3: ok}},
		{"WRT-31 WRT-35 the current tag in the body", self, none, current, [4]int{1: bad, 2: ok, 3: ok}, [4]int{}},
		{"WRT-31 WRT-32 a stale tag in the body", self, none, old, [4]int{1: bad, 2: failed, 3: failed}, [4]int{}},
		{"WRT-31 the header wins over a stale tag in the body", self, header(current), old, [4]int{1: ok, 2: ok, 3: ok}, [4]int{}},
		{"WRT-31 the header wins over the current tag in the body", self, header(old), current, [4]int{1: failed, 2: failed, 3: failed}, [4]int{}},
		{"WRT-33 If-Match: * wins over a stale tag in the body", self, header(fixed("*")), old, [4]int{1: ok, 2: ok, 3: ok}, [4]int{}},
		{"WRT-39 number and tag are both current", edit, header(current), nil, [4]int{1: ok, 2: ok, 3: ok}, [4]int{1: ok, 2: ok, 3: ok}},
		{"WRT-39 a stale number beside the current tag", oldEdit, header(current), nil, [4]int{1: conflict, 2: failed, 3: failed}, [4]int{1: conflict, 2: failed, 3: failed}},
		{"WRT-39 a stale tag beside the current number", edit, header(old), nil, [4]int{1: failed, 2: failed, 3: failed}, [4]int{1: failed, 2: failed, 3: failed}},
		{"WRT-39 a stale number beside If-Match: *", oldEdit, header(fixed("*")), nil, [4]int{1: conflict, 2: failed, 3: failed}, [4]int{1: conflict, 2: failed, 3: failed}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, feed := range []string{contactsFull, groupsFull} {
				for version := 1; version <= 3; version++ {
					name := string(rune('0' + version))
					s := w.change(t, feed)
					body := named("Charlotte")
					if tc.bodyETag != nil {
						body = tagged(tc.bodyETag(s), "Charlotte")
					}
					a := w.as(name, "PUT", tc.path(s), body, tc.header(s)...)
					w.wantOutcome(t, s, a, tc.put[version], "Charlotte")
					if tc.delete[version] == 0 {
						continue
					}
					s = w.change(t, feed)
					a = w.as(name, "DELETE", tc.path(s), "", tc.header(s)...)
					w.wantOutcome(t, s, a, tc.delete[version], "")
				}
			}
		})
	}

	t.Run("WRT-30 ERR-1 ERR-45 the 409 is the entry as it is now, in the form of version 1", func(t *testing.T) {
		s := w.change(t, contactsFull)
		for _, a := range []*answer{
			w.as("1.0", "PUT", s.oldEdit, named("Charlotte")),
			w.as("1.0", "DELETE", s.oldEdit, ""),
		} {
			a.want(t, conflict).wantText(t, "<title type='text'>Mrs Collins</title>")
			if got := a.Header.Get("Content-Type"); got != "application/atom+xml; charset=UTF-8" {
				t.Errorf("Content-Type %q", got)
			}
			if got := a.entry(t).link("edit"); got != s.edit {
				t.Errorf("edit link %q, want %q", got, s.edit)
			}
		}
	})

	t.Run("WRT-35 WRT-36 ERR-31 ERR-40 what is missing is said", func(t *testing.T) {
		s := w.change(t, contactsFull)
		w.as("1.0", "PUT", s.self, named("Charlotte")).wantReason(t, bad, "Missing resource version ID")
		for _, version := range []string{"2.0", "3.0"} {
			w.as(version, "PUT", s.self, named("Charlotte")).
				wantReason(t, denied, "If-Match or If-None-Match header or entry etag attribute required").wantText(t, "<code>headerRequired</code>")
		}
	})

	t.Run("WRT-32 ERR-48 a mismatch names both tags", func(t *testing.T) {
		s := w.change(t, contactsFull)
		want := "Mismatch: etags = [" + s.oldTag + "], version = [" + s.tag + "]"
		if a := w.as("1.0", "DELETE", s.self, "", "If-Match", s.oldTag).want(t, failed); a.Body != want {
			t.Errorf("body %q, want %q", a.Body, want)
		}
		a := w.as("3.0", "DELETE", s.self, "", "If-Match", s.oldTag).want(t, failed).wantText(t, "<code>etagsMismatch</code>")
		a.wantText(t, want)
	})

	t.Run("WRT-32 VER-73 a tag of one version and projection counts in all", func(t *testing.T) {
		s := w.change(t, contactsFull)
		thin := strings.Replace(s.self, "/full/", "/thin/", 1)
		tag := w.as("2.0", "GET", thin, "").want(t, ok).entry(t).ETag
		w.as("3.0", "PUT", s.self, tagged(tag, "Charlotte")).want(t, ok)
	})
}

// wantOutcome wants an answer with the status, and an entry that has the new
// title, or is gone if that is empty, when the write was done, and else as it
// was.
func (w *world) wantOutcome(t testing.TB, s state, a *answer, status int, title string) {
	t.Helper()
	if a.StatusCode != status {
		t.Errorf("version %s: %s %s If-Match %q = %s, want %d\n%s", a.Header.Get("GData-Version"), a.Request.Method, a.Request.URL.Path,
			a.Request.Header.Get("If-Match"), a.Status, status, a.Body)
		return
	}
	now := w.as("3.0", "GET", s.self, "")
	switch {
	case status == http.StatusOK && title == "":
		now.want(t, http.StatusNotFound)
	case status == http.StatusOK:
		if e := now.want(t, http.StatusOK).entry(t); e.Title != title || e.ETag == s.tag {
			t.Errorf("after %s: %+v", a.Request.Method, e)
		}
	default:
		if e := now.want(t, http.StatusOK).entry(t); e.Title != s.title || e.ETag != s.tag {
			t.Errorf("after a refused %s: %+v", a.Request.Method, e)
		}
	}
}

// What cannot be written is said before what the request lacks.
func TestWriteNothing(t *testing.T) {
	w := newWorld(t)

	t.Run("RES-28 an entry that is deleted or unknown is not found, whatever the condition", func(t *testing.T) {
		for _, feed := range []string{contactsFull, groupsFull} {
			s := w.change(t, feed)
			w.as("3.0", "DELETE", s.self, "").want(t, http.StatusOK)
			for _, path := range []string{s.self, s.edit, feed + "/abcdef"} {
				for _, version := range []string{"1.0", "2.0", "3.0"} {
					for _, tag := range []string{"", "*", s.tag, s.oldTag} {
						w.as(version, "PUT", path, named("Charlotte"), "If-Match", tag).want(t, http.StatusNotFound)
						w.as(version, "DELETE", path, "", "If-Match", tag).want(t, http.StatusNotFound)
					}
				}
			}
		}
	})

	t.Run("ELEM-107 ERR-41 a system group cannot be written, whatever the condition", func(t *testing.T) {
		for _, id := range []string{"6", "d", "e", "f"} {
			path := groupsFull + "/" + id
			tag := w.read(t, path).entry(t).ETag
			for _, version := range []string{"1.0", "2.0", "3.0"} {
				for _, tag := range []string{"", "*", tag, `"x."`} {
					w.as(version, "PUT", path, named("Charlotte"), "If-Match", tag).wantReason(t, http.StatusForbidden, "Cannot modify system group")
					w.as(version, "DELETE", path, "", "If-Match", tag).wantReason(t, http.StatusForbidden, "Cannot modify system group")
				}
			}
			w.as("3.0", "PUT", path, named("Charlotte")).want(t, http.StatusForbidden).wantText(t, "<code>cannotEditResource</code>")
			w.as("1.0", "PUT", path+"/0", named("Charlotte")).want(t, http.StatusForbidden)
		}
		if f := w.read(t, groupsFull).feed(t); f.titles() != "System Group: My Contacts,System Group: Friends,System Group: Family,System Group: Coworkers" {
			t.Errorf("groups %s", f.titles())
		}
	})
}

func TestPreconditionOnDelete(t *testing.T) {
	w := newWorld(t, func(c *server.Config) { c.RequirePreconditionOnDelete = true })
	t.Run("WRT-38 with require_precondition_on_delete, DELETE is as strict as PUT", func(t *testing.T) {
		for _, feed := range []string{contactsFull, groupsFull} {
			s := w.change(t, feed)
			w.as("1.0", "DELETE", s.self, "").wantReason(t, http.StatusBadRequest, "Missing resource version ID")
			w.as("2.0", "DELETE", s.self, "").wantReason(t, http.StatusForbidden, "If-Match or If-None-Match header or entry etag attribute required")
			w.as("3.0", "DELETE", s.self, "").want(t, http.StatusForbidden)
			w.read(t, s.self)
			w.as("3.0", "DELETE", s.self, "", "If-Match", s.tag).want(t, http.StatusOK)
			s = w.change(t, feed)
			w.as("1.0", "DELETE", s.edit, "").want(t, http.StatusOK)
			s = w.change(t, feed)
			w.as("1.0", "DELETE", s.self, "", "If-Match", "*").want(t, http.StatusOK)
			w.as("3.0", "DELETE", s.self, "").want(t, http.StatusNotFound)
		}
	})
}
