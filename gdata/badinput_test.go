package gdata_test

import (
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
)

// unharmed fails the test if a book is not as it was before f, or the server no
// longer takes an entry.
func (w *world) unharmed(t *testing.T, f func()) {
	t.Helper()
	before := w.state(elizabeth, "default")
	f()
	if after := w.state(elizabeth, "default"); after != before {
		t.Errorf("the book is\n%s\nwant\n%s", after, before)
	}
	e := w.as("3", "POST", contactsFull, named("Charlotte Lucas")).want(t, 201).entry(t)
	w.as("3", "DELETE", e.link("edit"), "").want(t, 200)
}

// refused sends a body as an insert and as an update of e, in versions 1 and 3,
// and wants the status, and in the answer a code and a part of the message.
func (w *world) refused(t *testing.T, e *entry, body string, status int, code, message string, header ...string) {
	t.Helper()
	for _, v := range []string{"1", "3"} {
		for _, r := range [][2]string{{"POST", contactsFull}, {"PUT", e.link("self")}} {
			h := append([]string{"GData-Version", v}, header...)
			if r[0] == "PUT" {
				h = append(h, "If-Match", "*")
			}
			a := w.do(elizabeth, r[0], r[1], body, h...).want(t, status)
			if !strings.Contains(a.Body, message) && v == "1" {
				t.Errorf("%s: %q, want %q", r[0], a.Body, message)
			}
			if v == "3" && code != "" {
				if f := a.fault(t).Errors[0]; f.Code != code || !strings.Contains(f.Reason, message) {
					t.Errorf("%s: %s %q, want %s with %q", r[0], f.Code, f.Reason, code, message)
				}
			}
		}
	}
}

// Documents that are no entries.
func TestBadDocuments(t *testing.T) {
	w := newWorld(t)
	e := w.as("3", "POST", contactsFull, atom(full)).want(t, 201).entry(t)
	const parse = "ParseException"

	t.Run("XML-5 ERR-23 a document cut off at any byte gives 400", func(t *testing.T) {
		w.unharmed(t, func() {
			doc := atom(full)
			for i := range len(doc) {
				w.as("3", "POST", contactsFull, doc[:i], "Content-Type", "application/atom+xml").want(t, 400)
			}
		})
	})
	t.Run("XML-5 ERR-23 a damaged document is refused or read, and nothing else", func(t *testing.T) {
		random := rand.New(rand.NewPCG(1813, 1))
		doc := atom(full)
		const bytes = "<>/&;'\"=! \x00\x01\x80\xff\n[]-?x:"
		var refused int
		for range 300 {
			b := []byte(doc)
			for range 1 + random.IntN(3) {
				b[random.IntN(len(b))] = bytes[random.IntN(len(bytes))]
			}
			a := w.as("3", "POST", contactsFull, string(b))
			switch a.StatusCode {
			case 400:
				refused++
				a.fault(t)
			case 201:
				w.as("3", "DELETE", a.entry(t).link("edit"), "").want(t, 200)
			default:
				t.Errorf("%q = %s %s", b, a.Status, a.Body)
			}
		}
		if refused < 150 {
			t.Errorf("only %d of 300 damaged documents were refused", refused)
		}
	})
	deep := func(n int) string {
		return "<entry " + namespaces + ">" + strings.Repeat("<x>", n-1) + strings.Repeat("</x>", n-1) + "</entry>"
	}
	laughs := "<!DOCTYPE entry [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]>"
	for _, tt := range []struct{ name, body, message string }{
		{"XML-5 no XML at all", "Dear Jane,", "line 1"},
		{"XML-5 JSON", `{"entry":{}}`, "line 1"},
		{"XML-5 blanks", " \n ", "no root"},
		{"XML-5 a second root", named("a") + named("b"), "second root"},
		{"XML-5 text after the root", named("a") + "b", "outside the root"},
		{"XML-5 tags that do not match", atom("<title>a</tilte>"), "not closed"},
		{"XML-5 an attribute twice", atom("<gd:email label='a' label='b' address='c'/>"), "twice"},
		{"XML-5 an undeclared prefix", atom("<g:email/>"), "undeclared prefix"},
		{"XML-5 an entity without declaration", atom("<title>&nbsp;</title>"), "line 1"},
		{"XML-4 a document type", "<!DOCTYPE entry>" + named("a"), "document type"},
		{"XML-4 SEC-10 an entity bomb", laughs + named("&c;"), "document type"},
		{"XML-4 an external entity", "<!DOCTYPE entry [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" + named("&x;"), "document type"},
		{"XML-4 an external subset", "<!DOCTYPE entry SYSTEM 'http://127.0.0.1:1/x.dtd'>" + named("a"), "document type"},
		{"SEC-10 elements nested too deep", deep(101), "nested deeper than 100"},
		{"SEC-10 elements nested far too deep", deep(200_000), "nested deeper than 100"},
		{"SEC-10 too many elements", atom(strings.Repeat("<link/>", 100_000)), "more than 100000 elements"},
		{"XML-9 invalid UTF-8", named("Lizzy \xff\xfe"), "invalid UTF-8"},
		{"XML-9 half a character", named("Lizzy \xe2\x82"), "invalid UTF-8"},
		{"XML-9 a surrogate in UTF-8", named("\xed\xa0\x80"), "invalid UTF-8"},
		{"XML-9 a NUL", named("a\x00b"), "XML does not allow"},
		{"XML-9 a control character", named("a\x0bb"), "XML does not allow"},
		{"XML-9 a NUL as a reference", named("a&#0;b"), "line 1"},
		{"XML-9 a control character as a reference", named("a&#x1F;b"), "line 1"},
		{"XML-9 U+FFFE as a reference", named("a&#xFFFE;b"), "line 1"},
		{"XML-9 a reference beyond Unicode", named("a&#99999999999999999999;b"), "line 1"},
		{"XML-2 an encoding that is not known", "<?xml version='1.0' encoding='EBCDIC'?>" + named("a"), "line 1"},
		{"XML-2 UTF-16 without its second half", "\xfe\xff\x00<\x00e\x00", "line 1"},
	} {
		t.Run(tt.name+" gives 400", func(t *testing.T) {
			w.unharmed(t, func() { w.refused(t, e, tt.body, 400, parse, tt.message) })
		})
	}
	const invalid = "invalidEntry"
	for _, tt := range []struct{ name, body, message string }{
		{"WRT-4 a feed", "<feed " + namespaces + ">" + named("a") + "</feed>", "not an Atom entry"},
		{"WRT-4 an entry without namespace", "<entry><title>a</title></entry>", "not an Atom entry"},
		{"WRT-4 an entry of another namespace", "<entry xmlns='http://purl.org/atom/ns#'><title>a</title></entry>", "not an Atom entry"},
		{"WRT-4 a page", "<html><body>Hello</body></html>", "not an Atom entry"},
		{"ELEM-6 a group among contacts", atom("<category scheme='" + gdRel + "kind' term='http://schemas.google.com/contact/2008#group'/><title>a</title>"), "Not the kind"},
		{"ELEM-6 an event of a calendar", atom("<category scheme='" + gdRel + "kind' term='" + gdRel + "event'/><title>a</title>"), "Not the kind"},
		{"XML-7 too much that is not known", atom("<x:y xmlns:x='http://x.example/'>" + strings.Repeat("y", 64<<10) + "</x:y>"), "outside the schema"},
	} {
		t.Run(tt.name+" gives 400", func(t *testing.T) {
			w.unharmed(t, func() { w.refused(t, e, tt.body, 400, invalid, tt.message) })
		})
	}
}

// Well-formed entries whose content cannot be meant.
func TestBadValues(t *testing.T) {
	w := newWorld(t)
	e := w.as("3", "POST", contactsFull, atom(full)).want(t, 201).entry(t)
	theirs := w.do(bingley, "POST", groupsFull, named("Sisters")).want(t, 201).entry(t)
	shared := w.do(admin, "POST", "/m8/feeds/groups/example.com/full", named("Suppliers")).want(t, 201).entry(t)
	mine := w.as("3", "POST", groupsFull, named("Sisters")).want(t, 201).entry(t)
	gone := w.as("3", "POST", groupsFull, named("Cousins")).want(t, 201).entry(t)
	w.as("3", "DELETE", gone.link("edit"), "").want(t, 200)
	member := func(href string) string { return "<gContact:groupMembershipInfo href='" + href + "'/>" }
	const value, missing = "invalidAttributeValue", "missingRequiredContent"

	for _, tt := range []struct{ name, body, code, message string }{
		{"ELEM-20 ERR-24 an e-mail address with rel and label", "<gd:email rel='" + gdRel + "home' label='x' address='a'/>", value, "Exactly one of rel and label"},
		{"ELEM-20 ERR-24 an e-mail address without rel and label", "<gd:email address='a'/>", value, "Exactly one of rel and label"},
		{"ELEM-28 ERR-24 an e-mail address with empty rel and label", "<gd:email rel='' label='' address='a'/>", value, "Exactly one of rel and label"},
		{"ELEM-21 ERR-24 an IM address with both", "<gd:im rel='" + gdRel + "home' label='x' address='a'/>", value, "Exactly one of rel and label"},
		{"ELEM-22 ERR-24 an organization with neither", "<gd:organization><gd:orgName>x</gd:orgName></gd:organization>", value, "Exactly one of rel and label"},
		{"ELEM-24 ERR-24 a postal address with both", "<gd:postalAddress rel='" + gdRel + "home' label='x'>a</gd:postalAddress>", value, "Exactly one of rel and label"},
		{"ELEM-29 an unknown rel", "<gd:email rel='hoome' address='a'/>", value, "Unknown rel"},
		{"ELEM-30 two primary addresses", "<gd:email label='x' address='a' primary='true'/><gd:email label='x' address='b' primary='1'/>", value, "may be primary"},
		{"XML-11 a truth value that is none", "<gd:email label='x' address='a' primary='yes'/>", value, "Neither true nor false"},
		{"ELEM-83 ERR-27 eleven extended properties", strings.Repeat("<gd:extendedProperty name='p' value='v'/>", 11), "invalidEntry", "At most 10 extended properties"},
		{"ELEM-85 an extended property of more than 8 KiB", "<gd:extendedProperty name='p' value='" + strings.Repeat("v", 8<<10) + "'/>", "invalidEntry", "at most 8192 bytes"},
		{"ELEM-61 the 30th of February", "<gContact:birthday when='1813-02-30'/>", value, "Not a date"},
		{"ELEM-61 the 29th of February in a common year", "<gContact:birthday when='1813-02-29'/>", value, "Not a date"},
		{"ELEM-61 a 13th month", "<gContact:birthday when='1813-13-01'/>", value, "Not a date"},
		{"ELEM-61 the 30th of February without year", "<gContact:birthday when='--02-30'/>", value, "Not a date"},
		{"ELEM-61 a month without day", "<gContact:birthday when='1813-01'/>", value, "Not a date"},
		{"ELEM-61 words for a date", "<gContact:birthday when='yesterday'/>", value, "Not a date"},
		{"ELEM-52 an event on no day", "<gContact:event rel='other'><gd:when startTime='1813-00-00'/></gContact:event>", value, "Not a date"},
		{"ELEM-93 a group of another user", member(theirs.ID), value, "Not the id of a group of this owner"},
		{"ELEM-93 a group of the domain", member(shared.ID), value, "Not the id of a group of this owner"},
		{"ELEM-93 a contact for a group", member(e.ID), value, "Not the id of a group of this owner"},
		{"ELEM-93 a group that is deleted", member(gone.ID), value, "Group not found"},
		{"ELEM-93 a group that never was", member(strings.TrimSuffix(mine.ID, mine.shortID()) + "fff"), value, "Group not found"},
		{"ELEM-93 no URL at all", member("Sisters"), value, "Not the id of a group of this owner"},
		{"ELEM-93 a membership without group", "<gContact:groupMembershipInfo deleted='false'/>", missing, "gContact:groupMembershipInfo"},
	} {
		t.Run(tt.name+" gives 400", func(t *testing.T) {
			w.unharmed(t, func() { w.refused(t, e, atom(tt.body), 400, tt.code, tt.message) })
		})
	}
	t.Run("ERR-33 RES-64 an id of another book, kind or entry gives 400", func(t *testing.T) {
		w.unharmed(t, func() {
			for _, id := range []string{
				strings.Replace(e.ID, "liz%40example.com", "bingley%40netherfield.example", 1), strings.Replace(e.ID, "liz%40example.com", "example.com", 1),
				strings.Replace(e.ID, "/contacts/", "/groups/", 1), e.ID + "0", e.ID + "/1/2", "http://contacts.example.net/", "garbage", "/m8/feeds/", e.shortID(), "\u00e9",
			} {
				for _, v := range []string{"1", "3"} {
					a := w.as(v, "PUT", e.link("self"), atom("<id>"+id+"</id><title>x</title>"), "If-Match", "*").want(t, 400)
					if !strings.Contains(a.Body, "Entry id does not match") {
						t.Errorf("id %s: %s", id, a.Body)
					}
				}
			}
		})
	})
	t.Run("QRY-11 a group of another book in a query gives 404", func(t *testing.T) {
		for _, group := range []string{theirs.ID, shared.ID, gone.ID, gone.shortID(), "fff", "garbage", e.ID, "http://", "\xff"} {
			w.as("3", "GET", contactsFull+"?group="+url.QueryEscape(group), "").want(t, 404)
		}
	})
	t.Run("RES-28 an id of another book gives 404", func(t *testing.T) {
		w.unharmed(t, func() {
			for range 8 { // ids that Elizabeth's book has not given out
				theirs = w.do(bingley, "POST", contactsFull, named("Caroline Bingley")).want(t, 201).entry(t)
			}
			for range 8 {
				theirs = w.do(bingley, "POST", contactsFull, named("Louisa Hurst")).want(t, 201).entry(t)
			}
			path := contactsFull + "/" + theirs.shortID()
			w.do(bingley, "GET", path, "").want(t, 200)
			for _, method := range []string{"GET", "PUT", "DELETE"} {
				w.as("3", method, path, named("x"), "If-Match", "*").want(t, 404)
			}
		})
	})
}

// Parameters and headers that cannot be meant.
func TestBadParameters(t *testing.T) {
	w := newWorld(t)
	w.as("3", "POST", contactsFull, atom(full)).want(t, 201)
	hostile := []string{"-1", "1.5", "1e3", "0x10", "", " ", "\x00", "\xff\xfe", "\ufffe", "<script>", "' OR 1=1 --", strings.Repeat("9", 3000) + "x", "٣", "+1"}

	t.Run("QRY-2 QRY-3 ERR-29 a number that is none gives 400", func(t *testing.T) {
		w.unharmed(t, func() {
			for _, name := range []string{"max-results", "start-index"} {
				for _, value := range append(hostile, map[string]string{"start-index": "0", "max-results": "-0"}[name]) {
					w.invalidParameter(t, name, value)
				}
			}
		})
	})
	t.Run("QRY-4 QRY-5 QRY-10 QRY-14 ERR-29 a time that is none gives 400", func(t *testing.T) {
		w.unharmed(t, func() {
			for _, name := range []string{"updated-min", "updated-max", "published-min", "published-max"} {
				for _, value := range append(hostile, "yesterday", "2008-02-30", "2008-13-01T00:00:00Z", "2008-03-05T25:00:00Z", "0000-01-01", "99999-01-01", "1204720598835") {
					if value != "" { // as if it were missing (QRY-27)
						w.invalidParameter(t, name, value)
					}
				}
			}
		})
	})
	t.Run("QRY-6 QRY-7 QRY-8 QRY-9 QRY-16 QRY-17 ERR-29 a word that is none gives 400", func(t *testing.T) {
		w.unharmed(t, func() {
			for _, name := range []string{"orderby", "sortorder", "showdeleted", "requirealldeleted", "prettyprint", "strict"} {
				for _, value := range append(hostile, "TRUE", "1", "updated") {
					w.invalidParameter(t, name, value)
				}
			}
		})
	})
	t.Run("QRY-1 QRY-21 ERR-54 a representation that is none gives 400", func(t *testing.T) {
		for _, value := range hostile {
			if value == "" {
				continue
			}
			if a := w.as("3", "GET", contactsFull+"?alt="+url.QueryEscape(value), "").want(t, 400); a.fault(t).Errors[0].Code != "invalidAltValue" {
				t.Errorf("alt=%q gives %s", value, a.Body)
			}
		}
		for _, value := range []string{"a b", "a;alert(1)", "</script>", "a\nb", "\u2028", strings.Repeat("a", 129), "f()", "\xff"} {
			a := w.as("3", "GET", contactsFull+"?alt=json-in-script&callback="+url.QueryEscape(value), "").want(t, 400)
			if a.fault(t).Errors[0].Code != "invalidParameterValue" {
				t.Errorf("callback=%q gives %s", value, a.Body)
			}
		}
	})
	t.Run("QRY-18 any text may be searched for", func(t *testing.T) {
		for _, value := range hostile {
			for _, alt := range []string{"atom", "rss", "json", "json-in-script"} {
				w.as("3", "GET", contactsFull+"?q="+url.QueryEscape(value)+"&alt="+alt, "").want(t, 200)
			}
			w.as("3", "GET", contactsFull+"?q="+url.QueryEscape(value), "").feed(t)
			w.as("3", "GET", contactsFull+"?author="+url.QueryEscape(value), "").want(t, 200).feed(t)
		}
		for _, value := range []string{`"`, "*", "a*", "NEAR(a b)", "AND", "word:a", "^a", "a OR b", "(", "-", "{a}", strings.Repeat("a ", 200)} {
			w.as("3", "GET", contactsFull+"?q="+url.QueryEscape(value), "").want(t, 200).feed(t)
		}
	})
	t.Run("ERR-30 a query that cannot be decoded gives 400", func(t *testing.T) {
		w.unharmed(t, func() {
			for _, query := range []string{"%", "%zz=1", "q=%f", "max-results=1;q=x", "q=%u0041"} {
				if a := w.as("3", "GET", contactsFull+"?"+query, "").want(t, 400); a.fault(t).Errors[0].Code != "invalidRequestUri" {
					t.Errorf("?%s gives %s", query, a.Body)
				}
				w.as("3", "POST", contactsFull+"?"+query, named("x")).want(t, 400)
			}
		})
	})
	t.Run("RES-16 RES-29 RES-9 garbage in the path is refused", func(t *testing.T) {
		w.unharmed(t, func() {
			for _, garbage := range []string{"%00", "%ff", "%2F", "%2e%2e%2f", "%25", "'", "%3Cscript%3E", strings.Repeat("a", 3000), "%E2%80%A8", "*", "%0d%0aX-Injected:%201"} {
				for path, status := range map[string]int{
					"/m8/feeds/" + garbage + "/default/full": 404, "/m8/feeds/contacts/" + garbage + "/full": 403, "/m8/feeds/contacts/default/" + garbage: 400,
					contactsFull + "/" + garbage: 404, groupsFull + "/" + garbage + "/1": 404, "/m8/feeds/contacts/default/full/10/1/" + garbage: 404,
				} {
					for _, method := range []string{"GET", "PUT", "DELETE"} {
						a := w.as("3", method, path, map[string]string{"PUT": named("x")}[method], "If-Match", "*")
						want := status
						if method != "GET" && a.StatusCode == 405 {
							want = 405 // a feed's URL
						}
						a.want(t, want)
						if a.Header.Get("X-Injected") != "" {
							t.Errorf("%s %s: the client wrote a header of the answer", method, path)
						}
						if want != 405 {
							a.fault(t)
						}
					}
				}
			}
		})
	})
}

// invalidParameter wants a parameter value to be refused, in versions 1 and 3.
func (w *world) invalidParameter(t *testing.T, name, value string) {
	t.Helper()
	for _, feed := range []string{contactsFull, groupsFull} {
		path := feed + "?" + name + "=" + url.QueryEscape(value)
		if a := w.as("1", "GET", path, "").want(t, 400); !strings.HasPrefix(a.Body, "Invalid value for parameter "+name) || len(a.Body) > 200 {
			t.Errorf("%s=%.80q gives %q", name, value, a.Body)
		}
		if f := w.as("3", "GET", path, "").want(t, 400).fault(t).Errors[0]; f.Code != "invalidParameterValue" {
			t.Errorf("%s=%.80q gives %s", name, value, f.Code)
		}
	}
}
