package gdata_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"contacts/server"
)

func TestGroupParameter(t *testing.T) {
	own, shared := ownSeason(t), sharedSeason(t)
	selects := func(t *testing.T, s *season, group string) {
		t.Helper()
		for _, v := range []string{"1", "2", "3"} {
			if f := s.ask("group="+url.QueryEscape(group), "GData-Version", v).want(t, 200).feed(t); f.firsts() != "Jane Lydia" || f.Total != 2 {
				t.Errorf("version %s: group=%s selects %q", v, group, f.firsts())
			}
		}
	}
	t.Run("QRY-11 a group is named by its id, a link or its short id", func(t *testing.T) {
		for _, s := range []*season{own, shared} {
			short := s.sisters.shortID()
			for _, group := range []string{
				s.sisters.ID, "https://contacts.example.net" + s.sisters.link("self"), s.sisters.link("edit"),
				strings.Replace(s.sisters.ID, "/base/", "/thin/", 1), " \n" + s.sisters.ID,
				short, strings.ToUpper(short), "000" + short,
			} {
				selects(t, s, group)
			}
		}
		selects(t, own, "http://www.google.com/m8/feeds/groups/default/base/"+own.sisters.shortID())
	})
	t.Run("QRY-11 a system group", func(t *testing.T) {
		own.add(t, contactsFull, "<title>Charlotte Lucas</title>"+member(groupID("d")))
		for _, group := range []string{"d", "D", groupID("d")} {
			if f := own.ask("group="+url.QueryEscape(group)).want(t, 200).feed(t); f.firsts() != "Charlotte" {
				t.Errorf("group=%s selects %q, want Charlotte", group, f.firsts())
			}
		}
		if f := own.ask("group=6").want(t, 200).feed(t); f.Total != 0 {
			t.Errorf("group=6 selects %q, want none", f.firsts())
		}
		shared.ask("group=6").wantReason(t, 404, "Group not found")
	})
	t.Run("QRY-11 an unknown group gives 404", func(t *testing.T) {
		gone := own.add(t, groupsFull, "<title>Militia</title>")
		own.remove(t, gone)
		contact := own.ask("q=darcy").feed(t).Entries[0]
		for _, group := range []string{
			"0", "00", "ffff", "ffffffffffffffff", "10000000000000001", "sisters", "-1", "1.0", "*", gone.ID, gone.shortID(), contact.ID, contact.shortID(),
			"http://contacts.example.net/m8/feeds/groups/liz%40example.com/base/0", strings.TrimSuffix(own.sisters.ID, own.sisters.shortID()),
			strings.Replace(own.sisters.ID, "liz%40example.com", "bennet%40example.com", 1), strings.Replace(own.sisters.ID, "liz%40example.com", "example.com", 1),
			own.sisters.shortID() + "," + own.netherfield.shortID(),
		} {
			own.ask("group="+url.QueryEscape(group)).wantReason(t, 404, "Group not found")
			own.ask("group="+url.QueryEscape(group)+"&showdeleted=true&q=jane", "GData-Version", "3").wantReason(t, 404, "Group not found")
		}
		shared.ask("group="+url.QueryEscape(strings.Replace(shared.sisters.ID, "/example.com/", "/default/", 1))).want(t, 404)
	})
	t.Run("QRY-11 QRY-24 on a groups feed it gives 400", func(t *testing.T) {
		for _, s := range []*season{own, shared} {
			s.do(s.user, "GET", s.groups+"?group="+s.sisters.shortID(), "").wantReason(t, 400, "Invalid value for parameter group")
		}
	})
}

func TestAuthor(t *testing.T) {
	own, shared := ownSeason(t), sharedSeason(t)
	t.Run("QRY-13 the owner's name or address, in any letter case, is no restriction", func(t *testing.T) {
		for _, author := range []string{"Elizabeth Bennet", "ELIZABETH bennet", "liz@example.com", "Liz@Example.COM", ""} {
			if f := own.ask("author="+url.QueryEscape(author)).want(t, 200).feed(t); f.firsts() != everyone || f.Total != 5 {
				t.Errorf("author=%s selects %q", author, f.firsts())
			}
		}
		if f := shared.ask("author=Example.com").want(t, 200).feed(t); f.firsts() != everyone {
			t.Errorf("author=Example.com selects %q", f.firsts())
		}
	})
	t.Run("QRY-13 any other author gives an empty feed", func(t *testing.T) {
		for _, author := range []string{"Elizabeth", "liz", "Elizabeth Bennet ", "bennet@example.com", "*"} {
			for _, path := range []string{contactsFull, groupsFull} {
				f := own.do(elizabeth, "GET", path+"?showdeleted=true&start-index=2&author="+url.QueryEscape(author), "").want(t, 200).feed(t)
				if f.Total != 0 || len(f.Entries) != 0 || f.link("next") != "" || f.PerPage != 25 {
					t.Errorf("%s?author=%s selects %q of %d", path, author, f.firsts(), f.Total)
				}
			}
		}
		shared.ask("author=Mr+Bennet").want(t, 200).wantText(t, ">0</openSearch:totalResults>")
	})
}

func TestOriginalLimits(t *testing.T) {
	limited := func(c *server.Config) { c.OriginalLimits = true }
	t.Run("QRY-19 ERR-39 with original_limits q is refused on a domain's feeds", func(t *testing.T) {
		s := sharedSeason(t, limited)
		for _, path := range []string{s.contacts, s.groups} {
			if a := s.do(admin, "GET", path+"?q=bennet", "").want(t, 403); a.Body != "Query parameter is not supported" {
				t.Errorf("the reason is %q", a.Body)
			}
			s.do(admin, "GET", path+"?q=bennet", "", "GData-Version", "3").want(t, 403).wantText(t, "<code>unsupportedQueryParam</code>")
			s.do(admin, "GET", path+"?q=", "").want(t, 200)
		}
		if f := s.ask("group={sisters}").want(t, 200).feed(t); f.firsts() != "Jane Lydia" {
			t.Errorf("the group has %q", f.firsts())
		}
	})
	t.Run("QRY-19 with original_limits q still works on a user's feeds", func(t *testing.T) {
		if f := ownSeason(t, limited).ask("q=darcy").want(t, 200).feed(t); f.firsts() != "Fitzwilliam" {
			t.Errorf("q=darcy selects %q", f.firsts())
		}
	})
}

func TestTimes(t *testing.T) {
	s := ownSeason(t)
	// Charles was changed at 12:39:38.835 UTC, and then Caroline and Jane.
	const with, without = "Jane Charles Caroline", "Jane Caroline"
	t.Run("QRY-10 the forms of a time", func(t *testing.T) {
		for text, want := range map[string]string{
			"2008-03-05T12:39:38Z": with, "2008-03-05T12:39:39Z": without, "2008-03-05T12:39:38": with, "2008-03-05T12:39:39": without,
			"2008-03-05T12:39:38.8Z": with, "2008-03-05T12:39:38.835": with, "2008-03-05T12:39:38.836": without, "2008-03-05T12:39:38.84Z": without,
			"2008-03-05T12:39:38.8350000": with, "2008-03-05T12:39:38.835000001Z": without, "2008-03-05T12:39:38.835999999999999999": without,
			"2008-03-05T14:39:38.835+02:00": with, "2008-03-05T14:39:38.836+02:00": without, "2008-03-05T04:09:38.835-08:30": with, "2008-03-05T04:09:38.836-08:30": without,
			"2008-03-05T12:39:38.836+00:00": without, "2008-03-06T12:38:38+23:59": with, "2008-03-06T12:38:39+23:59": without,
			"2008-03-05": everyone, "2008-03-05T00:00:00": everyone, "2008-03-06": "", "2008-03-06T00:00:00": "", "2008-02-29": everyone,
			"0001-01-01": everyone, "9999-12-31T23:59:59.999Z": "", "9999-12-31T23:59:59-23:59": "", "0001-01-01T00:00:00+23:59": everyone,
		} {
			if f := s.ask("updated-min="+url.QueryEscape(text)).want(t, 200).feed(t); f.firsts() != want {
				t.Errorf("updated-min=%s selects %q, want %q", text, f.firsts(), want)
			}
		}
	})
	t.Run("QRY-10 a blank where a + was is read as +", func(t *testing.T) {
		for text, want := range map[string]string{
			"2008-03-05T14:39:38.835+02:00": with, "2008-03-05T14:39:38.836%2002:00": without, "2008-03-05T14:39:38+02:00": with, "2008-03-05T14:39:39%2B02:00": without,
		} {
			if f := s.do(elizabeth, "GET", contactsFull+"?updated-min="+text, "").want(t, 200).feed(t); f.firsts() != want {
				t.Errorf("updated-min=%s selects %q, want %q", text, f.firsts(), want)
			}
		}
	})
	t.Run("QRY-10 anything else gives 400", func(t *testing.T) {
		for _, text := range []string{
			"2008", "2008-03", "2008-3-5", "20080305", "2008-03-05T", "2008-03-05T12", "2008-03-05T12:39", "2008-03-05T12:39Z", "2008-03-05T1:39:38", "2008-03-05T12:39:38.",
			"2008-03-05T12:39:38.Z", "2008-03-05T12:39:38,835Z", "2008-03-05 12:39:38", "2008-03-05t12:39:38z", "2008-03-05T12:39:38z", "2008-03-05T12:39:38ZZ",
			"2008-03-05T12:39:38+2:00", "2008-03-05T12:39:38+0200", "2008-03-05T12:39:38+02", "2008-03-05T12:39:38+24:00", "2008-03-05T12:39:38+02:60", "2008-03-05T12:39:38  02:00",
			"2008-03-05T12:39:38 ", " 2008-03-05", "2008-03-05Z", "2008-03-05+02:00", "2008-02-30", "2007-02-29", "2008-00-01", "2008-03-05T24:00:00", "2008-03-05T23:60:00", "2008-03-05T23:59:60",
			"0000-01-01", "-2008-03-05", "+2008-03-05", "12008-03-05", "1204720598", "2008-W10-3", "Wed, 05 Mar 2008 12:39:38 GMT", "now",
		} {
			for _, name := range []string{"updated-min", "updated-max", "published-min", "published-max"} {
				s.ask(name+"="+url.QueryEscape(text)).want(t, 400)
			}
		}
	})
}

func TestStrict(t *testing.T) {
	s := ownSeason(t)
	all := "alt=atom&max-results=9&start-index=1&updated-min=2008-01-01&updated-max=2009-01-01&orderby=edited&sortorder=ascending&showdeleted=true&requirealldeleted=false" +
		"&q=b&author=liz%40example.com&published-min=2008-01-01&published-max=2009-01-01&v=1&prettyprint=false&callback=f"
	const ignored = "&hl=en&reqid=17&context=x&key=AIza&gsessionid=g&ck=0&prettyPrint=maybe"
	const credentials = "&xoauth_requestor_id=liz%40example.com&oauth_version=1.0&oauth_nonce=7"
	t.Run("QRY-17 QRY-22 QRY-23 strict=true takes every parameter of the protocol", func(t *testing.T) {
		s.ask(all+"&group={sisters}&strict=true").want(t, 200)
		s.do(elizabeth, "GET", groupsFull+"?"+all+"&strict=true", "").want(t, 200)
		if f := s.ask("strict=true"+ignored+credentials).want(t, 200).feed(t); f.firsts() != everyone {
			t.Errorf("parameters without meaning select %q", f.firsts())
		}
	})
	t.Run("QRY-17 strict=true refuses an unknown parameter", func(t *testing.T) {
		for _, param := range []string{"nonsense=1", "Q=jane", "max_results=1", "oauth=1", "=x", "x", "Strict=true", "start-key=1"} {
			for _, path := range []string{contactsFull, groupsFull} {
				s.do(elizabeth, "GET", path+"?strict=true&"+param, "").wantReason(t, 400, "Unknown parameter:")
				s.do(elizabeth, "GET", path+"?strict=false&"+param, "").want(t, 200)
				s.do(elizabeth, "GET", path+"?"+param, "").want(t, 200)
			}
		}
		s.ask("strict=false&strict=true&nonsense=1").want(t, 200)
	})
	t.Run("QRY-15 VER-4 v is the version, and no part of links", func(t *testing.T) {
		a := s.ask("v=3&max-results=1", "GData-Version", "1").want(t, 200)
		if a.Header.Get("GData-Version") != "3.1" || strings.Contains(a.Body, "v=3") {
			t.Errorf("version %s:\n%s", a.Header.Get("GData-Version"), a.Body)
		}
	})
}

func TestEntryParameters(t *testing.T) {
	s := ownSeason(t)
	entry := s.ask("q=darcy").feed(t).Entries[0].link("self")
	t.Run("QRY-26 on an entry the parameters of feeds have no effect", func(t *testing.T) {
		for _, path := range []string{entry, groupsFull + "/" + s.sisters.shortID()} {
			want := s.read(t, path)
			for _, query := range []string{
				"max-results=-1", "start-index=0", "updated-min=never", "updated-max=1970-01-01", "published-min=x", "published-max=1970-01-01", "orderby=x", "sortorder=x",
				"showdeleted=perhaps", "showdeleted=true", "requirealldeleted=x", "group=ffff", "q=wickham", "author=darcy", "strict=true&nonsense=1", "strict=x", "nonsense=1", "category=x",
			} {
				if got := s.read(t, path+"?"+query); got.Body != want.Body || got.Header.Get("ETag") != want.Header.Get("ETag") {
					t.Errorf("%s changes the entry:\n%s\nwant\n%s", query, got.Body, want.Body)
				}
			}
		}
	})
	t.Run("QRY-26 alt, callback, prettyprint and v have", func(t *testing.T) {
		for query, want := range map[string]string{
			"alt=json": `{"version":"1.0"`, "alt=json-in-script&callback=f": "f({", "alt=rss": "<rss ", "prettyprint=true": "\n  <title>", "v=1": "<title type='text'>",
		} {
			s.read(t, entry+"?"+query).wantText(t, want)
		}
		for _, query := range []string{"alt=csv", "alt=json-in-script&callback=f()", "prettyprint=yes", "v=4"} {
			s.as("3", "GET", entry+"?"+query, "").want(t, 400)
		}
	})
}

func TestRequireAllDeleted(t *testing.T) {
	s := ownSeason(t, longTokens)
	const month = 30 * 24 * time.Hour
	ask := func(query string) *answer { return s.ask(query, "GData-Version", "3") }
	query := func(at time.Time) string { return "showdeleted=true&updated-min=" + at.UTC().Format(time.RFC3339Nano) }
	s.Clock.Add(month + time.Hour)
	past := s.Clock.Now().Add(-month)

	t.Run("QRY-9 ERR-47 tombstones that may be lost give 410", func(t *testing.T) {
		for _, path := range []string{contactsFull, groupsFull} {
			a := s.as("3", "GET", path+"?requirealldeleted=true&"+query(past.Add(-time.Millisecond)), "").want(t, 410)
			a.wantText(t, "<code>NoLongerAvailableException</code>").wantText(t, "Deleted entries are no longer available; do a full sync")
		}
	})
	t.Run("QRY-9 tombstones of the last 30 days are complete", func(t *testing.T) {
		ask("requirealldeleted=true&"+query(past)).want(t, 200)
	})
	t.Run("QRY-9 QRY-40 without it those that survive are returned", func(t *testing.T) {
		for _, q := range []string{"", "requirealldeleted=false&"} {
			if f := ask(q+query(past.Add(-2*time.Hour))).want(t, 200).feed(t); f.firsts() != everyone {
				t.Errorf("%q, want %q", f.firsts(), everyone)
			}
		}
		s.remove(t, &ask("q=darcy").feed(t).Entries[0])
		if f := ask(query(past.Add(-2*time.Hour))).want(t, 200).feed(t); f.firsts() != "Jane Lydia (deleted) Charles Caroline" {
			t.Errorf("%q, want Darcy's tombstone in his place", f.firsts())
		}
	})
	t.Run("QRY-9 it counts only with showdeleted=true and updated-min", func(t *testing.T) {
		for _, q := range []string{"", "&showdeleted=true", "&showdeleted=true&updated-min=", "&updated-min=2000-01-01", "&showdeleted=false&updated-min=2000-01-01"} {
			ask("requirealldeleted=true"+q).want(t, 200)
		}
	})
}
