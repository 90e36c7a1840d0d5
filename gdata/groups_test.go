package gdata_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"contacts/server"
)

// groupID is the atom:id that a group of Elizabeth's has.
func groupID(short string) string {
	return "http://contacts.example.net/m8/feeds/groups/liz%40example.com/base/" + short
}

// member is a membership of the group with the href.
func member(href string) string { return "<gContact:groupMembershipInfo href='" + href + "'/>" }

// longTokens lets tokens outlive the tombstones.
func longTokens(c *server.Config) { c.ClientLoginLife = 365 * 24 * time.Hour }

// memberships is the groups of an entry by their short ids, those that ended
// with a minus before them.
func (e *entry) memberships() string {
	var all []string
	for _, g := range e.Groups {
		short := g.Href[strings.LastIndexByte(g.Href, '/')+1:]
		switch g.Deleted {
		case "true":
			short = "-" + short
		case "false":
		default:
			short = "?" + short
		}
		all = append(all, short)
	}
	return strings.Join(all, " ")
}

func TestMemberships(t *testing.T) {
	w := newWorld(t, longTokens)
	militia := w.add(t, groupsFull, "<title>Militia</title>")
	short := militia.shortID()

	t.Run("ELEM-90 ELEM-91 ELEM-94 memberships come back in every version, with the group's id", func(t *testing.T) {
		self := w.add(t, contactsFull, member(groupID("6"))+member(militia.ID)).link("self")
		want := "<gContact:groupMembershipInfo deleted='false' href='" + groupID("6") + "'/><gContact:groupMembershipInfo deleted='false' href='" + groupID(short) + "'/>"
		for _, version := range []string{"1.0", "2.0", "3.0"} {
			for _, projection := range []string{"full", "base", "thin"} {
				w.as(version, "GET", in(projection, self), "").want(t, http.StatusOK).wantText(t, want)
			}
		}
	})

	t.Run("ELEM-93 RES-64 the href is resolved whatever its form", func(t *testing.T) {
		for _, href := range []string{
			"https://www.google.com/m8/feeds/groups/liz%40example.com/full/" + short,
			"http://contacts.example.net/m8/feeds/groups/default/thin/" + strings.ToUpper(short),
			"http://contacts.example.net/m8/feeds/groups/LIZ@Example.com/base/" + short,
			" " + groupID(short) + "\n",
			militia.link("edit"),
			w.as("1.0", "GET", militia.link("self"), "").entry(t).link("edit"),
		} {
			if e := w.add(t, contactsFull, member(href)); e.memberships() != short {
				t.Errorf("href %q: memberships %q", href, e.memberships())
			}
		}
	})

	t.Run("ELEM-93 repeated hrefs are one membership", func(t *testing.T) {
		e := w.add(t, contactsFull, member(groupID(short))+member(groupID("6"))+member("http://www.google.com/m8/feeds/groups/default/full/"+short))
		if e.memberships() != short+" 6" {
			t.Errorf("memberships %q", e.memberships())
		}
	})

	t.Run("ELEM-93 deleted on input means no membership", func(t *testing.T) {
		e := w.add(t, contactsFull, "<gContact:groupMembershipInfo deleted='true' href='"+groupID("6")+"'/>"+member(groupID("d")))
		if e.memberships() != "d" {
			t.Errorf("memberships %q", e.memberships())
		}
	})

	t.Run("ELEM-93 an unknown or deleted group is refused", func(t *testing.T) {
		gone := w.add(t, groupsFull, "<title>Gone</title>")
		w.as("3.0", "DELETE", gone.link("edit"), "").want(t, http.StatusOK)
		kept := w.add(t, contactsFull, jane+member(groupID("6")))
		before := w.total(t, contactsFull)
		shared := w.do(admin, "POST", strings.Replace(groupsFull, "default", domain, 1), named("Parish")).want(t, http.StatusCreated).entry(t)
		for _, href := range []string{
			gone.ID, groupID("fffff"), groupID("7"), groupID("0"), groupID(""), groupID("x"), "6", "x", shared.ID,
			"http://contacts.example.net/m8/feeds/contacts/default/base/" + short,
			"http://contacts.example.net/m8/feeds/groups/bennet%40example.com/base/6",
			kept.ID,
		} {
			a := w.as("3.0", "POST", contactsFull, atom(member(href))).want(t, http.StatusBadRequest)
			a.wantText(t, "<code>invalidAttributeValue</code>")
			w.as("3.0", "PUT", kept.link("edit"), atom(member(href)), "If-Match", "*").want(t, http.StatusBadRequest)
		}
		if e := w.read(t, kept.link("self")).entry(t); e.memberships() != "6" || w.total(t, contactsFull) != before {
			t.Errorf("memberships %q, %d contacts", e.memberships(), w.total(t, contactsFull))
		}
	})

	t.Run("ELEM-92 QRY-26 a membership that ended shows in feeds with showdeleted alone, for 30 days", func(t *testing.T) {
		e := w.add(t, contactsFull, member(groupID("6"))+member(groupID(short)))
		e = w.replace(t, e.link("edit"), member(groupID(short))).entry(t)
		if e.memberships() != short {
			t.Errorf("answer to PUT: %q", e.memberships())
		}
		inFeed := func(query string) string {
			t.Helper()
			return w.read(t, contactsFull+"?max-results=1000"+query).feed(t).byID(e.ID).memberships()
		}
		if got := inFeed(""); got != short {
			t.Errorf("without showdeleted: %q", got)
		}
		if got := inFeed("&showdeleted=true"); got != short+" -6" {
			t.Errorf("with showdeleted: %q", got)
		}
		if got := w.read(t, e.link("self")+"?showdeleted=true").entry(t).memberships(); got != short {
			t.Errorf("the single entry: %q", got)
		}
		if got := w.replace(t, e.link("edit")+"?showdeleted=true", member(groupID(short))).entry(t).memberships(); got != short {
			t.Errorf("the answer to a PUT: %q", got)
		}
		w.Clock.Add(30 * 24 * time.Hour)
		if got := inFeed("&showdeleted=true"); got != short+" -6" {
			t.Errorf("after 30 days: %q", got)
		}
		w.Clock.Add(time.Second)
		if got := inFeed("&showdeleted=true"); got != short {
			t.Errorf("a second later: %q", got)
		}
	})

	t.Run("ELEM-92 a contact that comes back is a member once", func(t *testing.T) {
		e := w.add(t, contactsFull, member(groupID("6")))
		w.replace(t, e.link("edit"), "")
		w.replace(t, e.link("edit"), member(groupID("6")))
		f := w.read(t, contactsFull+"?max-results=1000&showdeleted=true").feed(t)
		if got := f.byID(e.ID).memberships(); got != "6" {
			t.Errorf("memberships %q", got)
		}
	})

	t.Run("ELEM-92 a client that sends back ended memberships changes nothing", func(t *testing.T) {
		e := w.add(t, contactsFull, member(groupID("6"))+member(groupID("d")))
		w.replace(t, e.link("edit"), member(groupID("d")))
		w.replace(t, e.link("edit"), "<gContact:groupMembershipInfo deleted='true' href='"+groupID("6")+"'/><gContact:groupMembershipInfo deleted='false' href='"+groupID("d")+"'/>")
		f := w.read(t, contactsFull+"?max-results=1000&showdeleted=true").feed(t)
		if got := f.byID(e.ID).memberships(); got != "d -6" {
			t.Errorf("memberships %q", got)
		}
	})

	t.Run("ELEM-95 deleting a group ends its memberships and leaves its members' state", func(t *testing.T) {
		g := w.add(t, groupsFull, "<title>Regulars</title>")
		e := w.add(t, contactsFull, member(g.ID)+member(groupID("6")))
		first := w.as("1.0", "GET", e.link("self"), "").want(t, http.StatusOK).entry(t)
		w.Clock.Add(time.Hour)
		w.as("3.0", "DELETE", g.link("edit"), "", "If-Match", g.ETag).want(t, http.StatusOK)
		now := w.read(t, e.link("self")).entry(t)
		if now.memberships() != "6" || now.ETag != e.ETag || now.Updated != e.Updated {
			t.Errorf("%+v, was %+v", now, e)
		}
		if edit := w.as("1.0", "GET", e.link("self"), "").want(t, http.StatusOK).entry(t).link("edit"); edit != first.link("edit") {
			t.Errorf("edit link %s, was %s", edit, first.link("edit"))
		}
		if got := w.read(t, contactsFull+"?max-results=1000&showdeleted=true").feed(t).byID(e.ID).memberships(); got != "-"+g.shortID()+" 6" {
			t.Errorf("with showdeleted: %q", got)
		}
		w.as("3.0", "GET", contactsFull+"?group="+g.shortID(), "").want(t, http.StatusNotFound)
		w.as("3.0", "DELETE", e.link("edit"), "", "If-Match", e.ETag).want(t, http.StatusOK)
	})

	t.Run("ELEM-97 RES-38 shared contacts are members of groups of their domain", func(t *testing.T) {
		sharedGroups := strings.Replace(groupsFull, "default", domain, 1)
		g := w.do(admin, "POST", sharedGroups, named("Neighbours")).want(t, http.StatusCreated).entry(t)
		if want := "http://contacts.example.net/m8/feeds/groups/example.com/base/" + g.shortID(); g.ID != want {
			t.Errorf("id %s, want %s", g.ID, want)
		}
		a := w.do(admin, "POST", sharedFull, atom(member(g.ID))).want(t, http.StatusCreated)
		a.wantText(t, "<gContact:groupMembershipInfo deleted='false' href='"+g.ID+"'/>")
		if f := w.do(admin, "GET", sharedFull+"?group="+g.shortID(), "").want(t, http.StatusOK).feed(t); f.Total != 1 {
			t.Errorf("members %s", f.titles())
		}
		for _, href := range []string{groupID("6"), militia.ID, "http://contacts.example.net/m8/feeds/groups/example.com/base/6"} { // a domain has no system groups
			w.do(admin, "POST", sharedFull, atom(member(href))).want(t, http.StatusBadRequest)
		}
		if f := w.do(admin, "GET", sharedGroups, "").want(t, http.StatusOK).feed(t); f.titles() != "Parish,Neighbours" {
			t.Errorf("groups of the domain: %s", f.titles())
		}
		w.do(admin, "DELETE", g.link("self"), "").want(t, http.StatusOK)
		w.do(admin, "GET", a.entry(t).link("self"), "").want(t, http.StatusOK).wantNoText(t, "groupMembershipInfo")
	})
}

func TestGroups(t *testing.T) {
	w := newWorld(t)

	t.Run("ELEM-100 ELEM-101 a group has title, equal content, category and properties", func(t *testing.T) {
		self := w.add(t, groupsFull, "<title> Militia\n</title><gd:extendedProperty name='coat' value='red'/>").link("self")
		for version, text := range map[string]string{
			"1.0": "<category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/contact/2008#group'/><title type='text'>Militia</title><content type='text'>Militia</content>",
			"2.0": "<title>Militia</title><content>Militia</content>",
			"3.0": "<title>Militia</title><content>Militia</content>",
		} {
			a := w.as(version, "GET", self, "").want(t, http.StatusOK).wantText(t, text).wantText(t, "<gd:extendedProperty name='coat' value='red'/>")
			a.wantText(t, "term='http://schemas.google.com/contact/2008#group'").wantNoText(t, "photo")
		}
	})

	t.Run("ELEM-102 a group needs a name, which others may have", func(t *testing.T) {
		before := w.total(t, groupsFull)
		e := w.add(t, groupsFull, "<title>Twins</title>")
		if twin := w.add(t, groupsFull, "<title>Twins</title>"); twin.ID == e.ID {
			t.Errorf("one id for two groups: %s", e.ID)
		}
		for _, title := range []string{"", "<title/>", "<title> \n</title>", "<content>Militia</content>"} {
			a := w.as("3.0", "POST", groupsFull, atom(title)).want(t, http.StatusBadRequest)
			a.wantText(t, "<location type='xpath'>/entry/atom:title</location>")
			w.as("3.0", "PUT", e.link("edit"), atom(title), "If-Match", "*").want(t, http.StatusBadRequest)
			w.as("1.0", "POST", groupsFull, atom(title)).want(t, http.StatusBadRequest)
		}
		if got := w.read(t, e.link("self")).entry(t).Title; got != "Twins" || w.total(t, groupsFull) != before+2 {
			t.Errorf("title %q, %d groups", got, w.total(t, groupsFull))
		}
	})

	t.Run("ELEM-103 ELEM-104 ELEM-105 the four system groups", func(t *testing.T) {
		tag := ""
		for i, g := range []struct{ id, system, title string }{
			{"6", "Contacts", "System Group: My Contacts"}, {"d", "Friends", "System Group: Friends"},
			{"e", "Family", "System Group: Family"}, {"f", "Coworkers", "System Group: Coworkers"},
		} {
			for _, version := range []string{"1.0", "2.0", "3.0"} {
				a := w.as(version, "GET", groupsFull+"/"+g.id, "").want(t, http.StatusOK)
				a.wantText(t, "<gContact:systemGroup id='"+g.system+"'/>").wantNoText(t, "app:edited")
				e := a.entry(t)
				if e.ID != groupID(g.id) || e.Title != g.title || e.Content != g.title || e.Updated != "1970-01-01T00:00:00.000Z" || e.link("edit") != "" || e.link("self") == "" {
					t.Errorf("version %s: %+v", version, e)
				}
				if tag == "" {
					tag = a.Header.Get("ETag")
				}
				if a.Header.Get("ETag") != tag || version != "1.0" && e.ETag != tag {
					t.Errorf("version %s: ETag %s, want %s", version, a.Header.Get("ETag"), tag)
				}
			}
			if got := w.read(t, groupsFull).feed(t).Entries[i]; got.ID != groupID(g.id) || got.Title != g.title {
				t.Errorf("%d. group of the feed: %+v", i+1, got)
			}
		}
	})

	t.Run("ELEM-106 system groups come first, count, and are no changes", func(t *testing.T) {
		w := newWorld(t)
		w.add(t, groupsFull, "<title>Militia</title>")
		w.add(t, groupsFull, "<title>Assembly</title>")
		f := w.read(t, groupsFull).feed(t)
		if f.Total != 6 || !strings.HasPrefix(f.titles(), "System Group: My Contacts,System Group: Friends,System Group: Family,System Group: Coworkers,") {
			t.Errorf("%d groups: %s", f.Total, f.titles())
		}
		if f := w.read(t, groupsFull+"?start-index=4&max-results=2").feed(t); f.titles() != "System Group: Coworkers,Militia" || f.Total != 6 {
			t.Errorf("second page: %s of %d", f.titles(), f.Total)
		}
		for _, since := range []string{"1970-01-01T00:00:00Z", "2008-03-05T00:00:00Z"} {
			if f := w.read(t, groupsFull+"?updated-min="+since).feed(t); f.titles() != "Militia,Assembly" || f.Total != 2 {
				t.Errorf("since %s: %s of %d", since, f.titles(), f.Total)
			}
		}
	})

	t.Run("ELEM-108 systemGroup in input is ignored", func(t *testing.T) {
		a := w.as("3.0", "POST", groupsFull, atom("<title>Mine</title><gContact:systemGroup id='Friends'/>")).want(t, http.StatusCreated).wantNoText(t, "systemGroup")
		a = w.replace(t, a.entry(t).link("edit"), "<title>Mine</title><gContact:systemGroup id='Friends'/>").wantNoText(t, "systemGroup")
		if e := a.entry(t); e.link("edit") == "" {
			t.Errorf("no edit link in %s", a.Body)
		}
	})

	t.Run("QRY-45 ELEM-101 the tombstone of a group", func(t *testing.T) {
		g := w.add(t, groupsFull, "<title>Short-lived</title><gd:extendedProperty name='a' value='b'/>")
		total := w.total(t, groupsFull)
		w.Clock.Add(time.Minute)
		w.as("3.0", "DELETE", g.link("edit"), "").want(t, http.StatusOK)
		if got := w.read(t, groupsFull).wantNoText(t, g.ID).feed(t); got.Total != total-1 {
			t.Errorf("%d groups, want %d", got.Total, total-1)
		}
		a := w.read(t, groupsFull+"?showdeleted=true&updated-min=2008-03-05T12:37:00Z")
		dead := a.feed(t).byID(g.ID)
		if dead == nil || dead.Deleted == nil || dead.Title != "" || dead.Content != "" || len(dead.Properties) != 0 || dead.Updated != "2008-03-05T12:37:38.835Z" {
			t.Errorf("tombstone %+v", dead)
		}
		a.wantNoText(t, "Short-lived").wantNoText(t, "photo")
	})
}
