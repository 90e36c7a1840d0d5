package conformance

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestCurl sends what the guides of the original service show as commands and
// as requests.
func TestCurl(t *testing.T) {
	c := newCurl(t, start(t))
	t.Run("signing in", func(t *testing.T) { testSignIn(t, c) })
	me, boss := c.as(t, user), c.as(t, admin)
	t.Run("version 1", func(t *testing.T) { testVersion1(t, me) })
	t.Run("version 3", func(t *testing.T) { testVersion3(t, me) })
	t.Run("shared contacts", func(t *testing.T) { testShared(t, boss, me) })
	t.Run("request forms", func(t *testing.T) { testForms(t, me) })
	t.Run("representations", func(t *testing.T) { testRepresentations(t, me) })
}

// TestCurlOverTLS asks for the original host by its name and gets the server,
// whose certificate curl checks.
func TestCurlOverTLS(t *testing.T) {
	cert := newCertificate(t)
	c := newCurl(t, start(t, "--tls-cert", cert.cert, "--tls-key", cert.key))
	c.url = "https://www.google.com"
	c.more = []string{"--cacert", cert.authority, "--connect-to", "www.google.com:443:" + c.addr}
	me := c.as(t, user)
	_, e := me.post(t, mine, person("Jane Bennet", "jane@example.org"))
	t.Run("RES-60 RES-62 links lead to the host that was asked", func(t *testing.T) {
		self := href(e.Links, "self")
		if !strings.HasPrefix(self, "https://www.google.com/m8/feeds/contacts/liz%40example.com/full/") {
			t.Errorf("self link %q", self)
		}
		me.do(t, self).want(t, http.StatusOK)
	})
	t.Run("RES-63 ids do not", func(t *testing.T) {
		if want := "http://" + c.addr + "/m8/feeds/contacts/liz%40example.com/base/"; !strings.HasPrefix(e.ID, want) {
			t.Errorf("id %q, want %q and a short id", e.ID, want)
		}
	})
	t.Run("AUTH-9 no token", func(t *testing.T) {
		a := c.do(t, c.url+mine)
		a.want(t, http.StatusUnauthorized)
		a.wantHeader(t, "WWW-Authenticate", `GoogleLogin realm="https://www.google.com/accounts/ClientLogin", service="cp"`)
	})
}

func testSignIn(t *testing.T, c *curl) {
	login := c.url + "/accounts/ClientLogin"
	t.Run("AUTH-14 AUTH-21 AUTH-23 the answer is three lines", func(t *testing.T) {
		a := c.do(t, "-d", "accountType=HOSTED", "-d", "Email="+user, "--data-urlencode", "Passwd="+password,
			"-d", "service=cp", "-d", "source=exampleCo-exampleApp-1", login)
		a.want(t, http.StatusOK)
		var names []string
		for l := range strings.Lines(a.body) {
			name, value, _ := strings.Cut(strings.TrimSuffix(l, "\n"), "=")
			names = append(names, name)
			if !tokenForm.MatchString(value) {
				t.Errorf("%s=%q", name, value)
			}
		}
		if want := []string{"SID", "LSID", "Auth"}; !slices.Equal(names, want) {
			t.Errorf("lines %q, want %q", names, want)
		}
		if got := a.header.Get("Content-Type"); !strings.HasPrefix(got, "text/plain") {
			t.Errorf("Content-Type: %q, want text/plain", got)
		}
		a.wantHeader(t, "Cache-Control", "no-cache, no-store")
		a.wantHeader(t, "Pragma", "no-cache")
		a.wantHeader(t, "Expires", "Mon, 01-Jan-1990 00:00:00 GMT")
	})
	t.Run("AUTH-22 AUTH-27 a wrong password", func(t *testing.T) {
		a := c.do(t, "-d", "Email="+user, "-d", "Passwd=wrong", "-d", "service=cp", login)
		a.want(t, http.StatusForbidden)
		if a.body != "Error=BadAuthentication\n" {
			t.Errorf("body %q, want Error=BadAuthentication", a.body)
		}
	})
	t.Run("AUTH-18 AUTH-33 another service", func(t *testing.T) {
		a := c.do(t, "-d", "Email="+user, "--data-urlencode", "Passwd="+password, "-d", "service=cl", login)
		a.want(t, http.StatusForbidden)
		if got := a.line(t, "Error"); got != "ServiceDisabled" {
			t.Errorf("Error=%s, want ServiceDisabled", got)
		}
	})
	t.Run("RES-1 AUTH-8 AUTH-9 AUTH-10 ERR-6 no token", func(t *testing.T) {
		a := c.do(t, c.url+mine)
		a.want(t, http.StatusUnauthorized)
		a.wantHeader(t, "WWW-Authenticate", `GoogleLogin realm="`+c.url+`/accounts/ClientLogin", service="cp"`)
		if a.reason != "Authorization required" {
			t.Errorf("reason phrase %q, want Authorization required", a.reason)
		}
		if !strings.Contains(a.body, "<h2>Error 401</h2>") && !strings.Contains(a.body, "<H2>Error 401</H2>") {
			t.Errorf("body %q does not have the heading Error 401", a.body)
		}
	})
	t.Run("AUTH-1 AUTH-6 forms of the header", func(t *testing.T) {
		_, token, _ := strings.Cut(c.as(t, user).auth, "auth=")
		for _, form := range []string{"GoogleLogin auth=%s", `GoogleLogin auth="%s"`, "googlelogin auth=%s"} {
			c.get(t, mine, "-H", "Authorization: "+fmt.Sprintf(form, token))
		}
		c.do(t, "-H", "Authorization: GoogleLogin auth="+token+"x", c.url+mine).want(t, http.StatusUnauthorized)
	})
}

func testVersion1(t *testing.T, c *curl) {
	a, e := c.post(t, "/m8/feeds/contacts/default/base", person("Jane Bennet", "jane@example.org"))
	edit := href(e.Links, "edit")
	t.Run("RES-10 RES-21 WRT-1 WRT-3 VER-2 insert", func(t *testing.T) {
		a.wantHeader(t, "Location", edit)
		a.wantHeader(t, "Content-Location", edit)
		a.wantHeader(t, "GData-Version", "1.0")
		a.wantHeader(t, "Content-Type", "application/atom+xml; charset=UTF-8")
		if e.Title != "Jane Bennet" || !strings.Contains(a.body, ">456</gd:phoneNumber>") {
			t.Errorf("stored entry: %s", a.body)
		}
		if e.Etag != "" || strings.Contains(a.body, "gd:name") {
			t.Errorf("version 1 shows an ETag or gd:name: %s", a.body)
		}
	})
	t.Run("VER-25 the edit link ends with the version number", func(t *testing.T) {
		self := href(e.Links, "self")
		if _, err := fmt.Sscanf(strings.TrimPrefix(edit, self+"/"), "%d", new(uint64)); err != nil {
			t.Errorf("edit link %q of %q: %v", edit, self, err)
		}
	})
	t.Run("RES-22 RES-27 get", func(t *testing.T) {
		for _, u := range []string{href(e.Links, "self"), edit} {
			got := c.do(t, u)
			got.want(t, http.StatusOK)
			if got.body != a.body {
				t.Errorf("GET gives\n%s\nwant what the insert gave\n%s", got.body, a.body)
			}
		}
	})
	t.Run("DUP-3 DUP-6 the same address again", func(t *testing.T) {
		got := c.do(t, "-H", atom, "--data-binary", person("Jane Bingley", " JANE@example.org "), c.url+mine)
		got.want(t, http.StatusConflict)
		if strings.TrimSpace(got.body) != "Duplicate e-mail address" {
			t.Errorf("body %q, want Duplicate e-mail address", got.body)
		}
	})
	t.Run("RES-23 WRT-20 WRT-23 WRT-30 WRT-45 update and stale update", func(t *testing.T) {
		changed := strings.Replace(a.body, "Jane Bennet", "Jane Bingley", 1)
		put := c.do(t, "-X", "PUT", "-H", atom, "--data-binary", changed, edit)
		put.want(t, http.StatusOK)
		now := parseEntry(t, put.body)
		if now.Title != "Jane Bingley" || href(now.Links, "edit") == edit {
			t.Fatalf("after the update: %s", put.body)
		}
		stale := c.do(t, "-X", "PUT", "-H", atom, "--data-binary", strings.Replace(a.body, "Jane Bennet", "Lydia Bennet", 1), edit)
		stale.want(t, http.StatusConflict)
		stale.wantHeader(t, "Content-Type", "application/atom+xml; charset=UTF-8")
		if stale.body != put.body {
			t.Errorf("409 has\n%s\nwant the current entry\n%s", stale.body, put.body)
		}
		// With the new edit link the client may try again.
		again := c.do(t, "-X", "PUT", "-H", atom, "--data-binary", a.body, href(parseEntry(t, stale.body).Links, "edit"))
		again.want(t, http.StatusOK)
		edit = href(parseEntry(t, again.body).Links, "edit")
	})
	t.Run("WRT-35 ERR-31 update without version", func(t *testing.T) {
		got := c.do(t, "-X", "PUT", "-H", atom, "--data-binary", a.body, href(e.Links, "self"))
		got.want(t, http.StatusBadRequest)
		if strings.TrimSpace(got.body) != "Missing resource version ID" {
			t.Errorf("body %q, want Missing resource version ID", got.body)
		}
	})
	t.Run("WRT-24 update by POST", func(t *testing.T) {
		got := c.do(t, "-H", "X-HTTP-Method-Override: PUT", "-H", atom, "--data-binary", a.body, edit)
		got.want(t, http.StatusOK)
		stale := c.do(t, "-X", "POST", "-H", "X-HTTP-Method-Override: DELETE", edit)
		stale.want(t, http.StatusConflict)
		edit = href(parseEntry(t, stale.body).Links, "edit")
	})
	t.Run("WRT-50 WRT-52 WRT-54 QRY-40 QRY-41 delete by POST", func(t *testing.T) {
		got := c.do(t, "-X", "POST", "-H", "X-HTTP-Method-Override: DELETE", "-H", "Content-Length: 0", edit)
		got.want(t, http.StatusOK)
		got.wantHeader(t, "Content-Length", "0")
		got.wantHeader(t, "Content-Type", "text/html; charset=UTF-8")
		c.do(t, "-X", "DELETE", edit).want(t, http.StatusNotFound)
		if f := parseFeed(t, c.get(t, mine).body); len(f.Entries) != 0 {
			t.Errorf("feed after the delete has %q", f.titles())
		}
		f := parseFeed(t, c.get(t, mine+"?showdeleted=true").body)
		if len(f.Entries) != 1 || f.Entries[0].Deleted == nil || f.Entries[0].ID != e.ID || len(f.Entries[0].Emails) != 0 {
			t.Errorf("tombstones: %+v", f.Entries)
		}
	})
	t.Run("VER-10 WRT-51 DELETE with If-Match and no version", func(t *testing.T) {
		// As the guide for shared contacts shows it: the ETag is in the header.
		a, e := c.post(t, mine, person("Mary Bennet", "mary@example.org"))
		self := href(e.Links, "self")
		c.do(t, "-X", "DELETE", "-H", `If-Match: "stale"`, self).want(t, http.StatusPreconditionFailed)
		c.do(t, "-X", "DELETE", "-H", "If-Match: "+a.header.Get("ETag"), self).want(t, http.StatusOK)
	})
}

func testVersion3(t *testing.T, c *curl) {
	const v3 = "GData-Version: 3.0"
	a, e := c.post(t, mine, person("Kitty Bennet", "kitty@example.org"), "-H", v3)
	self := href(e.Links, "self")
	t.Run("VER-1 VER-22 VER-24 VER-30 VER-33 insert", func(t *testing.T) {
		a.wantHeader(t, "GData-Version", "3.1")
		a.wantHeader(t, "ETag", e.Etag)
		a.wantHeader(t, "Content-Type", "application/atom+xml; charset=UTF-8; type=entry")
		for _, part := range []string{"<gd:givenName>Kitty</gd:givenName>", "app:edited", "rel#photo"} {
			if !strings.Contains(a.body, part) {
				t.Errorf("no %s in %s", part, a.body)
			}
		}
		if href(e.Links, "edit") != self {
			t.Errorf("edit link %q, want the self link %q", href(e.Links, "edit"), self)
		}
	})
	t.Run("VER-1 VER-4 VER-8 one entry in every version", func(t *testing.T) {
		for _, tt := range []struct{ header, query, want string }{
			{"", "", "1.0"}, {"", "?v=1", "1.0"}, {"2", "", "2.0"}, {"2.1", "", "2.0"},
			{"3.1", "", "3.1"}, {"", "?v=3.0", "3.1"}, {"1", "?v=3", "3.1"},
		} {
			args := []string{self + tt.query}
			if tt.header != "" {
				args = append(args, "-H", "GData-Version: "+tt.header)
			}
			got := c.do(t, args...)
			got.want(t, http.StatusOK)
			got.wantHeader(t, "GData-Version", tt.want)
			if title := parseEntry(t, got.body).Title; title != "Kitty Bennet" {
				t.Errorf("title %q in version %s", title, tt.want)
			}
		}
		c.do(t, "-H", "GData-Version: 9", self).want(t, http.StatusBadRequest)
	})
	t.Run("WRT-31 WRT-32 WRT-33 WRT-36 ERR-2 ERR-48 preconditions", func(t *testing.T) {
		put := func(body string, more ...string) answer {
			return c.do(t, append(more, "-X", "PUT", "-H", v3, "-H", atom, "--data-binary", body, self)...)
		}
		bare := strings.Replace(a.body, " gd:etag='"+strings.ReplaceAll(e.Etag, `"`, "&quot;")+"'", "", 1)
		if bare == a.body {
			t.Fatalf("no gd:etag attribute to take out of %s", a.body)
		}
		put(bare).want(t, http.StatusForbidden)
		first := put(bare, "-H", "If-Match: "+e.Etag)
		first.want(t, http.StatusOK)
		for name, stale := range map[string]answer{
			"header": put(bare, "-H", "If-Match: "+e.Etag),
			"body":   put(a.body),
		} {
			stale.want(t, http.StatusPreconditionFailed)
			stale.wantHeader(t, "Content-Type", "application/vnd.google.gdata.error+xml; charset=UTF-8")
			if !strings.Contains(stale.body, "<code>etagsMismatch</code>") {
				t.Errorf("stale ETag in the %s: %s", name, stale.body)
			}
		}
		put(bare, "-H", "If-Match: *").want(t, http.StatusOK)
	})
	t.Run("COND-3 COND-4 conditional get", func(t *testing.T) {
		now := c.do(t, "-H", v3, self)
		now.want(t, http.StatusOK)
		same := c.do(t, "-H", v3, "-H", "If-None-Match: "+now.header.Get("ETag"), self)
		same.want(t, http.StatusNotModified)
		same.wantHeader(t, "ETag", now.header.Get("ETag"))
		c.do(t, "-H", v3, "-H", "If-None-Match: "+e.Etag, self).want(t, http.StatusOK)
		all := c.get(t, mine, "-H", v3)
		c.do(t, "-H", v3, "-H", "If-None-Match: "+all.header.Get("ETag"), c.url+mine).want(t, http.StatusNotModified)
	})
	t.Run("WRT-37 WRT-53 delete", func(t *testing.T) {
		c.do(t, "-X", "DELETE", "-H", v3, "-H", "If-Match: "+e.Etag, self).want(t, http.StatusPreconditionFailed)
		c.do(t, "-X", "DELETE", "-H", v3, self).want(t, http.StatusOK)
		c.do(t, "-X", "DELETE", "-H", v3, self).want(t, http.StatusNotFound)
		c.do(t, "-H", v3, self).want(t, http.StatusNotFound)
	})
	t.Run("RES-25 WRT-6 QRY-11 ELEM-95 groups", func(t *testing.T) {
		const groups = "/m8/feeds/groups/default/full"
		_, g := c.post(t, groups, `<entry xmlns="http://www.w3.org/2005/Atom" xmlns:gd="http://schemas.google.com/g/2005">
			<category scheme="http://schemas.google.com/g/2005#kind" term="http://schemas.google.com/contact/2008#group"/>
			<title>Book club</title></entry>`, "-H", v3)
		want := []string{"System Group: My Contacts", "System Group: Friends", "System Group: Family", "System Group: Coworkers", "Book club"}
		if got := parseFeed(t, c.get(t, groups, "-H", v3).body).titles(); !slices.Equal(got, want) {
			t.Errorf("groups %q, want %q", got, want)
		}
		member := strings.Replace(person("Charlotte Lucas", "charlotte@example.org"), "<gd:phoneNumber",
			`<m:groupMembershipInfo xmlns:m="http://schemas.google.com/contact/2008" href="`+g.ID+`"/><gd:phoneNumber`, 1)
		_, e := c.post(t, mine, member, "-H", v3)
		if got := parseFeed(t, c.get(t, mine+"?group="+g.ID, "-H", v3).body).titles(); !slices.Equal(got, []string{"Charlotte Lucas"}) {
			t.Errorf("members %q, want Charlotte Lucas", got)
		}
		c.do(t, "-X", "DELETE", "-H", v3, "-H", "If-Match: *", href(g.Links, "edit")).want(t, http.StatusOK)
		c.do(t, "-X", "DELETE", "-H", v3, "-H", "If-Match: "+e.Etag, href(e.Links, "edit")).want(t, http.StatusOK)
	})
}

func testShared(t *testing.T, c, other *curl) {
	const shared = "/m8/feeds/contacts/" + domain + "/full"
	a, e := c.post(t, shared, person("Charles Bingley", "bingley@example.net"))
	t.Run("RES-4 RES-15 ELEM-1 insert and list", func(t *testing.T) {
		if want := "/m8/feeds/contacts/example.com/base/" + e.shortID(); !strings.HasSuffix(e.ID, want) {
			t.Errorf("id %q, want one that ends in %q", e.ID, want)
		}
		got := c.get(t, shared+"?max-results=100")
		if f := parseFeed(t, got.body); !slices.Equal(f.titles(), []string{"Charles Bingley"}) {
			t.Errorf("feed has %q", f.titles())
		}
	})
	t.Run("VER-50 version 1 shows gd:name", func(t *testing.T) {
		if !strings.Contains(a.body, "<gd:fullName>Charles Bingley</gd:fullName>") {
			t.Errorf("no gd:name: %s", a.body)
		}
	})
	t.Run("RES-5 RES-6 RES-9 RES-52 ERR-37 not for others", func(t *testing.T) {
		for _, path := range []string{shared, "/m8/feeds/contacts/example.net/full", "/m8/feeds/contacts/" + admin + "/full"} {
			got := other.do(t, other.url+path)
			got.want(t, http.StatusForbidden)
			if want := "Cannot request contacts belonging to another user or domain"; strings.TrimSpace(got.body) != want {
				t.Errorf("%s: %q, want %q", path, got.body, want)
			}
		}
		c.do(t, c.url+"/m8/feeds/contacts/"+user+"/full").want(t, http.StatusForbidden)
	})
	t.Run("DUP-1 DUP-6 the same address again, in version 3", func(t *testing.T) {
		got := c.do(t, "-H", "GData-Version: 3.0", "-H", atom, "--data-binary", person("Caroline Bingley", "BINGLEY@example.net"), c.url+shared)
		got.want(t, http.StatusConflict)
		if !strings.Contains(got.body, "<code>VersionConflictException</code>") {
			t.Errorf("body %s", got.body)
		}
	})
	t.Run("QRY-19 full-text search", func(t *testing.T) {
		if f := parseFeed(t, c.get(t, shared+"?q=bing").body); !slices.Equal(f.titles(), []string{"Charles Bingley"}) {
			t.Errorf("q=bing finds %q", f.titles())
		}
		if f := parseFeed(t, c.get(t, shared+"?q=darcy").body); len(f.Entries) != 0 {
			t.Errorf("q=darcy finds %q", f.titles())
		}
	})
	c.do(t, "-X", "DELETE", href(e.Links, "edit")).want(t, http.StatusOK)
}
