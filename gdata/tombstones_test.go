package gdata_test

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"contacts/server"
)

// remove deletes an entry of Elizabeth's.
func (w *world) remove(t testing.TB, e *entry) {
	t.Helper()
	w.as("3.0", "DELETE", e.link("self"), "").want(t, http.StatusOK)
}

// lastEntry is the last entry of a feed, as it stands.
func (a *answer) lastEntry() string {
	i, j := strings.LastIndex(a.Body, "<entry"), strings.LastIndex(a.Body, "</feed>")
	if i < 0 || j < i {
		return ""
	}
	return a.Body[i:j]
}

const lydia = `<title>Lydia Bennet</title><content>Elopes</content><gContact:nickname>Lyddy</gContact:nickname><gd:email label='x' address='lydia@example.org'/>
	<gd:extendedProperty name='bonnet' value='new'/><x xmlns='urn:x'>unknown</x>`

func TestTombstones(t *testing.T) {
	for _, feed := range []string{contactsFull, groupsFull} {
		t.Run(strings.Split(feed, "/")[3], func(t *testing.T) { testTombstones(t, feed) })
	}

	w := newWorld(t)
	t.Run("QRY-41 ELEM-12 the form of a contact's tombstone", func(t *testing.T) {
		e := w.add(t, contactsFull, lydia+member(groupID("6")))
		w.Clock.Add(time.Minute)
		w.remove(t, e)
		short := e.shortID()
		const links = `<link rel='self' type='application/atom+xml' href='https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full/ID'/><link rel='edit' type='application/atom+xml' href='https://contacts.example.net/m8/feeds/contacts/liz%40example.com/full/IDVERSION'/><gd:deleted/><gContact:groupMembershipInfo deleted='true' href='http://contacts.example.net/m8/feeds/groups/liz%40example.com/base/6'/></entry>`
		const id = `<id>http://contacts.example.net/m8/feeds/contacts/liz%40example.com/base/ID</id><updated>2008-03-05T12:37:38.835Z</updated>`
		const category = `<category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/contact/2008#contact'/>`
		for version, want := range map[string]string{
			"1.0": "<entry>" + id + category + "<title type='text'></title>" + strings.ReplaceAll(links, "IDVERSION", "ID/1204720658835000"),
			"3.0": "<entry gd:etag='ETAG'>" + id + `<app:edited xmlns:app='http://www.w3.org/2007/app'>2008-03-05T12:37:38.835Z</app:edited>` + category + "<title></title>" +
				`<link rel='http://schemas.google.com/contacts/2008/rel#photo' type='image/*' href='https://contacts.example.net/m8/feeds/photos/media/liz%40example.com/ID'/>` + strings.ReplaceAll(links, "IDVERSION", "ID"),
		} {
			a := w.as(version, "GET", contactsFull+"?showdeleted=true", "").want(t, http.StatusOK)
			got := strings.ReplaceAll(a.lastEntry(), "/"+short, "/ID")
			if tag := a.feed(t).Entries[0].ETag; tag != "" {
				got = strings.ReplaceAll(got, strings.ReplaceAll(tag, `"`, "&quot;"), "ETAG")
			}
			if got != want {
				t.Errorf("version %s:\n%s\nwant\n%s", version, got, want)
			}
		}
	})

	t.Run("QRY-46 a tombstone matches no text, and the groups that the contact was in at the end", func(t *testing.T) {
		militia, regulars := w.add(t, groupsFull, "<title>Militia</title>"), w.add(t, groupsFull, "<title>Regulars</title>")
		e := w.add(t, contactsFull, "<title>George Wickham</title>"+member(militia.ID))
		w.Clock.Add(time.Minute)
		w.replace(t, e.link("edit"), "<title>George Wickham</title>"+member(regulars.ID))
		w.Clock.Add(time.Minute)
		w.remove(t, e)
		for query, want := range map[string]int{
			"?showdeleted=true&q=wickham": 0,
			"?q=wickham":                  0,
			"?showdeleted=true&group=" + regulars.shortID(): 1,
			"?showdeleted=true&group=" + militia.shortID():  0,
			"?group=" + regulars.shortID():                  0,
		} {
			f := w.read(t, contactsFull+query).feed(t)
			if f.Total != want || len(f.Entries) != want || want == 1 && f.Entries[0].ID != e.ID {
				t.Errorf("%s: %d of %d, want %d", query, len(f.Entries), f.Total, want)
			}
		}
		w.remove(t, regulars)
		if f := w.read(t, groupsFull+"?showdeleted=true&q=regulars").feed(t); f.Total != 0 {
			t.Errorf("a text finds the tombstone of a group: %+v", f.Entries)
		}
	})
}

// testTombstones holds for both kinds (QRY-45).
func testTombstones(t *testing.T, feed string) {
	w := newWorld(t, longTokens)
	live := w.add(t, feed, "<title>Mary Bennet</title>")

	t.Run("QRY-44 QRY-45 deleted entries show with showdeleted alone, and count then", func(t *testing.T) {
		before := w.total(t, feed)
		e := w.add(t, feed, lydia)
		w.remove(t, e)
		for query, shown := range map[string]int{"": 0, "?showdeleted=false": 0, "?showdeleted=true": 1, "?updated-min=2008-01-01": 0, "?orderby=lastmodified": 0} {
			f := w.read(t, feed+query).feed(t)
			if got := f.byID(e.ID); (got != nil) != (shown == 1) {
				t.Errorf("%s: %+v", query, got)
			}
			if !strings.Contains(query, "updated") && f.Total != before+shown {
				t.Errorf("%s: total %d, want %d", query, f.Total, before+shown)
			}
		}
		w.as("3.0", "GET", e.link("self")+"?showdeleted=true", "").want(t, http.StatusNotFound)
	})

	t.Run("QRY-41 QRY-47 a tombstone has no data", func(t *testing.T) {
		e := w.add(t, feed, lydia)
		w.remove(t, e)
		for _, version := range []string{"1.0", "3.0"} {
			for _, alt := range []string{"atom", "json", "rss"} {
				a := w.as(version, "GET", feed+"?showdeleted=true&alt="+alt, "").want(t, http.StatusOK).wantText(t, e.shortID())
				for _, data := range []string{"Lydia", "lydia", "Elopes", "Lyddy", "bonnet", "unknown"} {
					a.wantNoText(t, data)
				}
			}
		}
	})

	t.Run("QRY-43 the time of a tombstone is that of the deletion", func(t *testing.T) {
		e := w.add(t, feed, lydia)
		since := w.read(t, feed).feed(t).Updated
		w.Clock.Add(time.Second)
		later := "?showdeleted=true&updated-min=" + w.Clock.Now().Format(time.RFC3339Nano)
		if got := w.read(t, feed+later).feed(t); len(got.Entries) != 0 {
			t.Errorf("before: %+v", got.Entries)
		}
		w.remove(t, e)
		for _, query := range []string{later, "?showdeleted=true&updated-min=" + since} {
			dead := w.read(t, feed+query).feed(t).byID(e.ID)
			if dead == nil || dead.Deleted == nil || dead.Updated <= e.Updated {
				t.Errorf("%s: %+v", query, dead)
			}
		}
	})

	t.Run("QRY-40 WRT-50 a tombstone shows for 30 days, purged or not", func(t *testing.T) {
		e := w.add(t, feed, lydia)
		w.remove(t, e)
		shows := func() bool {
			t.Helper()
			return w.read(t, feed+"?showdeleted=true&max-results=1000").feed(t).byID(e.ID) != nil
		}
		if !shows() {
			t.Error("no tombstone")
		}
		w.Clock.Add(30 * 24 * time.Hour)
		if err := w.Server.Maintain(context.Background()); err != nil {
			t.Fatal(err)
		}
		if !shows() {
			t.Error("no tombstone after 30 days")
		}
		w.Clock.Add(time.Millisecond)
		if shows() {
			t.Error("a tombstone after more than 30 days")
		}
		if err := w.Server.Maintain(context.Background()); err != nil {
			t.Fatal(err)
		}
		if shows() || w.read(t, live.link("self")).entry(t).Title != "Mary Bennet" {
			t.Error("the purge took the wrong entry")
		}
	})
}

func TestMinimalTombstones(t *testing.T) {
	w := newWorld(t, func(c *server.Config) { c.MinimalTombstones = true })
	t.Run("QRY-42 with minimal_tombstones, a tombstone is its id and gd:deleted", func(t *testing.T) {
		for _, feed := range []string{contactsFull, groupsFull} {
			e := w.add(t, feed, lydia)
			w.remove(t, e)
			for _, version := range []string{"1.0", "2.0", "3.0"} {
				a := w.as(version, "GET", feed+"?showdeleted=true", "").want(t, http.StatusOK)
				got := a.lastEntry()
				if tag := a.feed(t).byID(e.ID).ETag; tag != "" {
					got = strings.Replace(got, " gd:etag='"+strings.ReplaceAll(tag, `"`, "&quot;")+"'", "", 1)
				}
				if want := "<entry><id>" + e.ID + "</id><gd:deleted/></entry>"; got != want {
					t.Errorf("version %s: %s, want %s", version, got, want)
				}
			}
		}
	})
}

func TestErasure(t *testing.T) {
	dir := t.TempDir()
	t.Run("contacts are deleted", func(t *testing.T) {
		w := newWorld(t, func(c *server.Config) { c.Data = dir })
		w.add(t, contactsFull, "<title>Charlotte Lucas</title><content>Hunsfordparsonage</content><gd:email label='x' address='charlotte@hunsford.example'/>")
		e := w.add(t, contactsFull, "<title>Georgiana Darcy</title><content>Ramsgateaffair</content><gd:email label='x' address='georgiana@ramsgate.example'/>")
		w.replace(t, e.link("edit"), "<title>Georgiana Darcy</title><content>Ramsgatesecret</content><gd:email label='x' address='georgiana@ramsgate.example'/>")
		w.remove(t, e)
	}) // the server is closed now
	t.Run("QRY-47 the data of a deleted contact is no longer on the disk", func(t *testing.T) {
		disk := ""
		err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			disk += string(bytes.ToLower(b))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, kept := range []string{"charlotte", "hunsfordparsonage", "hunsford.example"} {
			if !strings.Contains(disk, kept) {
				t.Errorf("the disk lacks %q, so this test looks in the wrong place", kept)
			}
		}
		for _, erased := range []string{"georgiana", "ramsgateaffair", "ramsgatesecret", "ramsgate"} {
			if i := strings.Index(disk, erased); i >= 0 {
				t.Errorf("the disk has %q", disk[max(0, i-40):min(len(disk), i+40)])
			}
		}
	})
}
