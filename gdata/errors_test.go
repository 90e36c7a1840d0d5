package gdata_test

import (
	"encoding/xml"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"contacts/server"
)

// A fault is what an error document says.
type fault struct {
	XMLName xml.Name `xml:"http://schemas.google.com/g/2005 errors"`
	Errors  []struct {
		Domain   string `xml:"domain"`
		Code     string `xml:"code"`
		Location *struct {
			Type string `xml:"type,attr"`
			Path string `xml:",chardata"`
		} `xml:"location"`
		Reason string `xml:"internalReason"`
	} `xml:"error"`
}

// fault reads the body as an error document with one error.
func (a *answer) fault(t testing.TB) fault {
	t.Helper()
	var f fault
	if err := xml.Unmarshal([]byte(a.Body), &f); err != nil || len(f.Errors) != 1 {
		t.Fatalf("%s %s: %v in %s", a.Request.Method, a.Request.URL, err, a.Body)
	}
	return f
}

const gdRel = "http://schemas.google.com/g/2005#"

// Conditions of 7.2 that a single request brings about.
func TestErrorTable(t *testing.T) {
	w := newWorld(t)
	c := w.as("3", "POST", contactsFull, atom("<title>Jane Bennet</title><gd:email label='x' address='jane@example.com'/>")).want(t, 201).entry(t)
	w.do(admin, "POST", sharedFull, atom("<title>Mr Darcy</title><gd:email label='x' address='darcy@example.com'/>")).want(t, 201)
	self := c.link("self")
	post := func(children string) [3]string { return [3]string{"POST", contactsFull, atom(children)} }
	get := func(path string) [3]string { return [3]string{"GET", path, ""} }
	email := "<gd:email rel='" + gdRel + "home' address='a@example.com'/>"
	property := "<gd:extendedProperty name='p' value='v'/>"

	for _, tt := range []struct {
		name     string
		versions string // all if empty
		request  [3]string
		header   []string
		user     string // Elizabeth if empty
		status   int
		code     string
		message  string // the text, or a part of it
		path     string // of the location
	}{
		{name: "ERR-23 malformed XML, with line and column", request: [3]string{"POST", contactsFull, "<entry " + namespaces + ">\n<title>x</tilte></entry>"},
			status: 400, code: "ParseException", message: "at line 2, column 9"},
		{name: "ERR-24 neither rel nor label", request: post(email + "<gd:email address='b@example.com'/>"),
			status: 400, code: "invalidAttributeValue", message: "Exactly one of rel and label is required", path: "/entry/gd:email[2]/@rel"},
		{name: "ERR-24 both rel and label", request: post("<gd:phoneNumber label='x' rel='" + gdRel + "home'>1</gd:phoneNumber>"),
			status: 400, code: "invalidAttributeValue", message: "Exactly one of rel and label is required", path: "/entry/gd:phoneNumber[1]/@rel"},
		{name: "ERR-25 a required attribute is missing", request: post(email + "<gd:email label='x' displayName='B'/>"),
			status: 400, code: "missingRequiredContent", message: "gd:email[2]/@address", path: "/entry/gd:email[2]/@address"},
		{name: "ERR-25 a required element is missing", request: post("<gContact:event rel='anniversary'/>"),
			status: 400, code: "missingExtensionElement", message: "gContact:event[1]/gd:when", path: "/entry/gContact:event[1]/gd:when"},
		{name: "ERR-25 a required text is missing", request: post("<gContact:relation rel='sister'/>"),
			status: 400, code: "missingRequiredContent", message: "gContact:relation[1]", path: "/entry/gContact:relation[1]"},
		{name: "ERR-26 an element is repeated that may not", request: post("<gContact:nickname>Lizzy</gContact:nickname><gContact:nickname>Eliza</gContact:nickname>"),
			status: 400, code: "elementNotRepeatable", message: "gContact:nickname", path: "/entry/gContact:nickname"},
		{name: "ERR-27 more than ten extended properties", request: post(strings.Repeat(property, 11)),
			status: 400, code: "invalidEntry", message: "At most 10 extended properties", path: "/entry/gd:extendedProperty[11]"},
		{name: "ERR-28 an extended property with value and content", request: post("<gd:extendedProperty name='p' value='v'><x xmlns=''/></gd:extendedProperty>"),
			status: 400, code: "valueXmlMutuallyExclusive", message: "value and XML are mutually exclusive", path: "/entry/gd:extendedProperty[1]"},
		{name: "ERR-10 ERR-29 an invalid parameter value", request: get(contactsFull + "?max-results=-1"),
			status: 400, code: "invalidParameterValue", message: "Invalid value for parameter max-results: -1"},
		{name: "ERR-30 an unknown projection", request: get("/m8/feeds/contacts/default/fat"), status: 400, code: "invalidRequestUri", message: "Invalid request URI"},
		{name: "ERR-30 a query that cannot be decoded", request: get(contactsFull + "?q=100%"), status: 400, code: "invalidRequestUri", message: "Invalid request URI"},
		{name: "ERR-31 a write of version 1 without version", versions: "1", request: [3]string{"PUT", self, named("x")}, status: 400, message: "Missing resource version ID"},
		{name: "ERR-33 the id in the body differs", request: [3]string{"PUT", self, atom("<id>http://contacts.example.net/m8/feeds/contacts/default/base/fff</id>")}, header: []string{"If-Match", "*"},
			status: 400, code: "invalidEntry", message: "Entry id does not match"},
		{name: "ERR-37 a foreign owner", request: get("/m8/feeds/contacts/" + admin + "/full"), status: 403, code: "ServiceForbiddenException", message: "Cannot request contacts belonging to another user or domain"},
		{name: "ERR-37 an unknown owner", request: get("/m8/feeds/groups/rosings.example/full"), status: 403, code: "ServiceForbiddenException", message: "Cannot request contacts belonging to another user or domain"},
		{name: "ERR-37 a domain that the user does not administer", request: get(sharedFull), status: 403, code: "ServiceForbiddenException", message: "Cannot request contacts belonging to another user or domain"},
		{name: "ERR-10 ERR-39 a parameter of the standard that is not of this service", request: get(contactsFull + "?category=family"), status: 403, code: "unsupportedQueryParam", message: "Query parameter is not supported"},
		{name: "ERR-40 a write of version 2 or 3 without entity tag", versions: "23", request: [3]string{"PUT", self, named("x")}, status: 403, code: "headerRequired",
			message: "If-Match or If-None-Match header or entry etag attribute required"},
		{name: "ERR-41 a change of a system group", request: [3]string{"PUT", groupsFull + "/6", named("x")}, header: []string{"If-Match", "*"}, status: 403, code: "cannotEditResource", message: "Cannot modify system group"},
		{name: "ERR-43 an unknown contact", request: get(contactsFull + "/fff"), status: 404, code: "ResourceNotFoundException", message: "Contact not found"},
		{name: "ERR-43 an unknown group", request: get(groupsFull + "/fff"), status: 404, code: "ResourceNotFoundException", message: "Group not found"},
		{name: "ERR-43 an unknown path", request: get("/m8/feeds/contacts"), status: 404, code: "ResourceNotFoundException", message: "No such resource"},
		{name: "ERR-46 a duplicate e-mail address", versions: "1", request: post("<gd:email label='x' address='jane@example.com'/>"), status: 409, message: "Duplicate e-mail address"},
		{name: "ERR-46 a duplicate e-mail address of a domain", user: admin, request: [3]string{"POST", sharedFull, atom("<gd:email label='x' address='darcy@example.com'/>")},
			status: 409, code: "VersionConflictException", message: "Duplicate e-mail address"},
		{name: "ERR-47 tombstones that are lost", request: get(contactsFull + "?showdeleted=true&requirealldeleted=true&updated-min=2008-01-01"),
			status: 410, code: "NoLongerAvailableException", message: "Deleted entries are no longer available; do a full sync"},
		{name: "ERR-48 a stale ETag", request: [3]string{"PUT", self, named("x")}, header: []string{"If-Match", `"stale"`},
			status: 412, code: "etagsMismatch", message: `Mismatch: etags = ["stale"], version = [` + c.ETag + `]`},
		{name: "ERR-48 If-Match on a GET", request: get(self), header: []string{"If-Match", `"stale"`},
			status: 412, code: "etagsMismatch", message: `Mismatch: etags = ["stale"], version = [` + c.ETag + `]`},
		{name: "ERR-54 an invalid alt value", request: get(self + "?alt=yaml"), status: 400, code: "invalidAltValue", message: "Invalid alt value"},
		{name: "ERR-55 fields in version 1", versions: "1", request: get(contactsFull + "?fields=entry"), status: 403, message: "Fields query parameter is not supported"},

		// Statuses without an error document, in any version.
		{name: "ERR-44 a method that the URL does not have", request: [3]string{"DELETE", contactsFull, ""}, status: 405, message: "Method not allowed"},
		{name: "ERR-50 a media type that is not accepted", request: post(""), header: []string{"Content-Type", "application/json"}, status: 415, message: "Unsupported content type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, v := range "123" {
				if tt.versions != "" && !strings.ContainsRune(tt.versions, v) {
					continue
				}
				user := tt.user
				if user == "" {
					user = elizabeth
				}
				a := w.do(user, tt.request[0], tt.request[1], tt.request[2], append([]string{"GData-Version", string(v)}, tt.header...)...).want(t, tt.status)
				if v == '1' || tt.code == "" {
					if got := a.Header.Get("Content-Type"); got != "text/plain; charset=UTF-8" {
						t.Errorf("version %c: Content-Type is %q", v, got)
					}
					if !strings.Contains(a.Body, tt.message) || strings.ContainsAny(a.Body, "\r\n") {
						t.Errorf("version %c: the body is %q, want one line with %q", v, a.Body, tt.message)
					}
					continue
				}
				if got := a.Header.Get("Content-Type"); got != "application/vnd.google.gdata.error+xml; charset=UTF-8" {
					t.Errorf("version %c: Content-Type is %q", v, got)
				}
				e := a.fault(t).Errors[0]
				if e.Domain != "GData" || e.Code != tt.code || !strings.Contains(e.Reason, tt.message) {
					t.Errorf("version %c: the error is %s %s %q, want %s with %q", v, e.Domain, e.Code, e.Reason, tt.code, tt.message)
				}
				switch {
				case tt.path == "" && e.Location != nil, tt.path != "" && (e.Location == nil || e.Location.Type != "xpath" || e.Location.Path != tt.path):
					t.Errorf("version %c: the location is %+v, want xpath %q", v, e.Location, tt.path)
				}
			}
		})
	}
	t.Run("ERR-8 no refused request stored anything", func(t *testing.T) {
		if f := w.as("3", "GET", contactsFull, "").feed(t); f.Total != 1 || f.Entries[0].ETag != c.ETag {
			t.Errorf("there are %d contacts, want Jane Bennet as she was: %+v", f.Total, f.Entries)
		}
		if f := w.as("3", "GET", groupsFull, "").feed(t); f.Total != 4 {
			t.Errorf("there are %d groups, want the 4 system groups", f.Total)
		}
	})
}

// The forms of 7.1.
func TestErrorBodies(t *testing.T) {
	w := newWorld(t)

	t.Run("ERR-1 ERR-2 ERR-9 versions have their form, their number and no cache", func(t *testing.T) {
		for v, media := range map[string]string{"1.0": "text/plain; charset=UTF-8", "2.0": "application/vnd.google.gdata.error+xml; charset=UTF-8", "3.1": "application/vnd.google.gdata.error+xml; charset=UTF-8"} {
			for path, status := range map[string]int{contactsFull + "/fff": 404, sharedFull: 403, contactsFull + "?alt=x": 400} {
				a := w.as(v, "GET", path, "").want(t, status)
				if a.Header.Get("Content-Type") != media || a.Header.Get("GData-Version") != v || a.Header.Get("Cache-Control") != "private, max-age=0" {
					t.Errorf("version %s, %d: headers are %v", v, status, a.Header)
				}
				if a.Header.Get("ETag") != "" || a.Header.Get("Last-Modified") != "" {
					t.Errorf("version %s, %d: an error has a validator: %v", v, status, a.Header)
				}
			}
			for method, status := range map[string]int{"GET": 401, "POST": 401} {
				a := w.do("", method, contactsFull, "", "GData-Version", v).want(t, status)
				if a.Header.Get("GData-Version") != v || a.Header.Get("Cache-Control") != "private, max-age=0" {
					t.Errorf("version %s, 401: headers are %v", v, a.Header)
				}
			}
		}
	})
	t.Run("ERR-4 an Accept header that excludes XML gets plain text", func(t *testing.T) {
		for accept, isXML := range map[string]bool{
			"text/plain": false, "application/json, image/*": false, "application/xml;q=0": false, "*/*;q=0.0, text/plain": false,
			"*/*": true, "text/*": true, "text/plain, application/atom+xml;q=0.1": true, "text/xml": true, "text/plain;q=1, */*;q=0.1": true,
			"garbage": true, "": true, "/": true, "a/b/c": true,
		} {
			a := w.as("3", "GET", contactsFull+"/fff", "", "Accept", accept).want(t, 404)
			if got := strings.HasPrefix(a.Header.Get("Content-Type"), "application/vnd.google.gdata.error+xml"); got != isXML {
				t.Errorf("Accept %q gets %s", accept, a.Header.Get("Content-Type"))
			}
			if !isXML && a.Body != "Contact not found" {
				t.Errorf("Accept %q gets %q", accept, a.Body)
			}
		}
	})
	t.Run("ERR-6 ERR-35 a 401 is a small page with the message, in every version", func(t *testing.T) {
		token := w.token(elizabeth)
		for _, v := range []string{"1", "2", "3"} {
			for header, message := range map[string]string{"": "Authorization required", "GoogleLogin auth=" + token[:len(token)-2] + "xx": "Token invalid", "GoogleLogin auth=": "Token invalid", "AuthSub token=\"x\"": "Token invalid"} {
				a := w.do("", "GET", contactsFull, "", "Authorization", header, "GData-Version", v).want(t, 401)
				if got := a.Header.Get("Content-Type"); got != "text/html; charset=UTF-8" {
					t.Errorf("Content-Type is %q", got)
				}
				form := regexp.MustCompile(`(?s)<title>([^<]*)</title>.*<h1>([^<]*)</h1>\s*<h2>([^<]*)</h2>`).FindStringSubmatch(a.Body)
				if form == nil || form[1] != message || form[2] != message || form[3] != "Error 401" {
					t.Errorf("%q: the page is %s", header, a.Body)
				}
			}
		}
	})
	t.Run("ERR-45 a stale edit URL of version 1 answers with the entry as it is now", func(t *testing.T) {
		for _, feed := range []string{contactsFull, groupsFull} {
			old := w.as("1", "POST", feed, named("Mary Bennet")).want(t, 201).entry(t)
			now := w.as("1", "PUT", old.link("edit"), named("Mary")).want(t, 200)
			for _, a := range []*answer{w.as("1", "PUT", old.link("edit"), named("x")).want(t, 409), w.as("1", "DELETE", old.link("edit"), "").want(t, 409)} {
				if a.Body != now.Body || a.Header.Get("Content-Type") != "application/atom+xml; charset=UTF-8" {
					t.Errorf("the answer is %s %s, want %s", a.Header.Get("Content-Type"), a.Body, now.Body)
				}
			}
		}
	})
	t.Run("ERR-22 an unchanged conditional GET gives 304", func(t *testing.T) {
		for _, v := range []string{"1", "2", "3"} {
			a := w.as(v, "GET", contactsFull, "").want(t, 200)
			if b := w.as(v, "GET", contactsFull, "", "If-None-Match", a.Header.Get("ETag")).want(t, 304); b.Body != "" {
				t.Errorf("a 304 has the body %q", b.Body)
			}
		}
	})
	t.Run("ERR-10 an unknown parameter is ignored", func(t *testing.T) {
		if got, want := w.as("3", "GET", contactsFull+"?unheard-of=1&max-Results=1", "").want(t, 200).Body, w.as("3", "GET", contactsFull, "").Body; got != want {
			t.Errorf("the answer is %s, want %s", got, want)
		}
	})
	t.Run("ERR-36 a refused ClientLogin says Error=", func(t *testing.T) {
		a := w.do("", "POST", "/accounts/ClientLogin", "Email=liz@example.com&Passwd=wrong&service=cp", "Content-Type", "application/x-www-form-urlencoded").want(t, 403)
		if !strings.HasPrefix(a.Body, "Error=BadAuthentication") {
			t.Errorf("the body is %q", a.Body)
		}
	})
}

// Limits of the server, and its own faults.
func TestErrorLimits(t *testing.T) {
	t.Run("ERR-42 a full book gives 403", func(t *testing.T) {
		w := newWorld(t, func(c *server.Config) { c.MaxContacts, c.MaxSharedContacts = 1, 2 })
		for user, feed := range map[string]string{elizabeth: contactsFull, admin: sharedFull} {
			w.do(user, "POST", feed, named("Jane")).want(t, 201)
		}
		w.do(admin, "POST", sharedFull, named("Jane")).want(t, 201)
		for user, feed := range map[string]string{elizabeth: contactsFull, admin: sharedFull} {
			if a := w.do(user, "POST", feed, named("Mary")).want(t, 403); a.Body != "Insufficient storage quota" {
				t.Errorf("the body is %q", a.Body)
			}
			if e := w.do(user, "POST", feed, named("Mary"), "GData-Version", "3").want(t, 403).fault(t).Errors[0]; e.Code != "quotaExceeded" {
				t.Errorf("the code is %s, want quotaExceeded", e.Code)
			}
		}
	})
	t.Run("ERR-53 too many requests give 503 and Retry-After, and pass", func(t *testing.T) {
		w := newWorld(t, func(c *server.Config) { c.RequestRate, c.RequestBurst = 0.5, 2 })
		w.as("3", "GET", contactsFull, "").want(t, 200)
		w.as("3", "GET", contactsFull, "").want(t, 200)
		a := w.as("3", "POST", contactsFull, named("Jane")).want(t, 503)
		if a.Header.Get("Retry-After") != "2" || a.Body == "" || a.Header.Get("GData-Version") != "3.1" {
			t.Errorf("Retry-After is %q, the body %q", a.Header.Get("Retry-After"), a.Body)
		}
		w.do(admin, "GET", contactsFull, "").want(t, 200) // others are served
		w.Clock.Add(2 * time.Second)
		if f := w.as("3", "GET", contactsFull, "").want(t, 200).feed(t); f.Total != 0 {
			t.Errorf("a refused request stored %d contacts", f.Total)
		}
	})
	t.Run("ERR-8 ERR-51 damage in the store gives 500 with a number, and no more", func(t *testing.T) {
		var dir string
		w := newWorld(t, func(c *server.Config) { dir = c.Data })
		e := w.as("3", "POST", contactsFull, named("Jane Bennet")).want(t, 201).entry(t)
		db, err := sqlite.OpenConn(filepath.Join(dir, "contacts.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := sqlitex.Execute(db, "UPDATE contact SET data = x'FF00'", nil); err != nil || db.Changes() != 1 {
			t.Fatalf("UPDATE = %v, %d rows", err, db.Changes())
		}
		for _, path := range []string{e.link("self"), contactsFull} {
			for _, v := range []string{"1", "2", "3"} {
				a := w.as(v, "GET", path, "").want(t, 500)
				if !regexp.MustCompile(`^Internal error \(reference [a-z0-9-]+\)$`).MatchString(a.Body) {
					t.Errorf("the body is %q", a.Body)
				}
				if got := a.Header.Get("Content-Type"); got != "text/plain; charset=UTF-8" {
					t.Errorf("Content-Type is %q", got)
				}
			}
		}
		w.as("3", "GET", groupsFull, "").want(t, 200)
	})
}
