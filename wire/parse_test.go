package wire

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"contacts"
)

const entryOpen = "<entry xmlns='http://www.w3.org/2005/Atom' xmlns:gd='http://schemas.google.com/g/2005' " +
	"xmlns:gContact='http://schemas.google.com/contact/2008' xmlns:batch='http://schemas.google.com/gdata/batch' xmlns:x='urn:x'>"

func entry(body string) string { return entryOpen + body + "</entry>" }

// fields is a contact that must be all that body gives.
func fields(t *testing.T, body string, want contacts.Contact) {
	t.Helper()
	if got := parse(t, entry(body)).Contact; !reflect.DeepEqual(got, &want) {
		t.Errorf("%s\ngot  %+v\nwant %+v", body, got, want)
	}
}

func refused(t *testing.T, body string, code contacts.Code, path, reason string) {
	t.Helper()
	_, err := ParseContact([]byte(entry(body)), groupOf)
	var e *contacts.Error
	if !errors.As(err, &e) {
		t.Errorf("%s: %v, want a refusal", body, err)
		return
	}
	if e.Kind != contacts.Invalid || e.Code != code || e.Path != path || !strings.Contains(e.Reason, reason) {
		t.Errorf("%s:\ngot  %v, code %s, path %s, reason %s\nwant code %s, path %s, reason %s", body, e.Kind, e.Code, e.Path, e.Reason, code, path, reason)
	}
}

func TestParse(t *testing.T) {
	t.Run("XML-1 prefixes of the client's choice", func(t *testing.T) {
		doc := "<a:entry xmlns:a='http://www.w3.org/2005/Atom'><a:title>Jane</a:title><a:content>Kind</a:content>" +
			"<email xmlns='http://schemas.google.com/g/2005' address='jane@example.com' rel='http://schemas.google.com/g/2005#home'/></a:entry>"
		e := parse(t, doc)
		equal(t, e.Title, "Jane")
		equalContacts(t, e.Contact, &contacts.Contact{Notes: "Kind", Emails: []contacts.Email{{Rel: "home", Address: "jane@example.com"}}})
	})
	t.Run("XML-3 order has no meaning", func(t *testing.T) {
		fields(t, "<gContact:jot rel='home'>2</gContact:jot><gd:email address='a' label='b'/><gd:name><gd:familyName>Bennet</gd:familyName><gd:fullName>Kitty</gd:fullName></gd:name>"+
			"<gContact:nickname>Cat</gContact:nickname><gContact:jot rel='work'>1</gContact:jot><content>Coughs</content>",
			contacts.Contact{Notes: "Coughs", Nickname: "Cat", Name: contacts.Name{Full: "Kitty", Family: "Bennet"},
				Emails: []contacts.Email{{Label: "b", Address: "a"}},
				Jots:   []contacts.Jot{{Rel: "home", Text: "2"}, {Rel: "work", Text: "1"}}})
	})
	t.Run("XML-6 texts are trimmed, blanks inside and in attributes are not", func(t *testing.T) {
		e := parse(t, entry("<id>\n  http://example.com/1\n</id><title> Mary\n</title><content>\n a  b\n\n c \n</content>"+
			"<gd:phoneNumber rel='http://schemas.google.com/g/2005#work'>\n\t+1 2\n</gd:phoneNumber><gContact:userDefinedField key=' k ' value=' v '/>"+
			"<gd:postalAddress label='x'>\n1 Lane\n  Town\n</gd:postalAddress>"))
		equal(t, e.ID, "http://example.com/1")
		equal(t, e.Title, "Mary")
		equalContacts(t, e.Contact, &contacts.Contact{Notes: "a  b\n\n c",
			Phones:      []contacts.Phone{{Rel: "work", Number: "+1 2"}},
			Addresses:   []contacts.Address{{Label: "x", Formatted: "1 Lane\n  Town", Plain: true}},
			UserDefined: []contacts.UserDefined{{Key: " k ", Value: " v "}}})
	})
	t.Run("XML-8 ELEM-13 ELEM-108 VER-21 what a client cannot set is ignored", func(t *testing.T) {
		fields(t, "<id>x</id><updated>now</updated><published>then</published><link rel='edit' href='x'/><author><name>x</name></author>"+
			"<rights>x</rights><summary>x</summary><gd:deleted/><batch:id>1</batch:id><batch:status code='200'/><gContact:systemGroup id='Contacts'/>"+
			"<app:edited xmlns:app='http://www.w3.org/2007/app'>x</app:edited><app:edited xmlns:app='http://purl.org/atom/app#'>x</app:edited>"+
			"<app:edited xmlns:app='http://purl.org/atom/app'>x</app:edited>", contacts.Contact{})
		e := parse(t, strings.Replace(entry(""), "<entry ", "<entry gd:etag='&quot;1&quot;' gd:fields='gd:email' ", 1))
		equal(t, e.ETag, `"1"`)
		equal(t, e.Fields, "gd:email")
		equalContacts(t, e.Contact, &contacts.Contact{})
	})
	t.Run("XML-11 booleans", func(t *testing.T) {
		for value, want := range map[string]bool{"true": true, "1": true, "false": false, "0": false} {
			fields(t, "<gd:email address='a' label='b' primary='"+value+"'/>", contacts.Contact{Emails: []contacts.Email{{Label: "b", Address: "a", Primary: want}}})
		}
		refused(t, "<gd:email address='a'/><gd:email address='a' primary='yes'/>", contacts.CodeAttributeValue, "gd:email[2]/@primary", `"yes"`)
		refused(t, "<gContact:groupMembershipInfo href='6' deleted='TRUE'/>", contacts.CodeAttributeValue, "gContact:groupMembershipInfo[1]/@deleted", "TRUE")
	})
	t.Run("ELEM-4 ELEM-5 ELEM-6 categories", func(t *testing.T) {
		const scheme = "<category scheme='http://schemas.google.com/g/2005#kind' term='%s'/>"
		fields(t, "", contacts.Contact{})
		for _, term := range []string{"http://schemas.google.com/contact/2008#contact", "http://schemas.google.com/g/2008#contact", "http://schemas.google.com/g/2005#contact"} {
			fields(t, fmt.Sprintf(scheme, term), contacts.Contact{})
		}
		refused(t, fmt.Sprintf(scheme, "http://schemas.google.com/contact/2008#group"), contacts.CodeInvalidEntry, "atom:category/@term", "#group")
		for _, term := range []string{"http://schemas.google.com/contact/2008#group", "http://schemas.google.com/g/2005#group"} {
			if _, err := ParseGroup([]byte(entry(fmt.Sprintf(scheme, term)))); err != nil {
				t.Errorf("%s: %v", term, err)
			}
		}
		if _, err := ParseGroup([]byte(entry(fmt.Sprintf(scheme, "http://schemas.google.com/contact/2008#contact")))); contacts.KindOf(err) != contacts.Invalid {
			t.Errorf("a contact as group: %v", err)
		}
		other := "<category xmlns='http://www.w3.org/2005/Atom' scheme='urn:s' term='sister'/>"
		fields(t, other, contacts.Contact{Extra: contacts.Extra{{XML: other}}})
	})
	t.Run("ELEM-8 content and title in three types", func(t *testing.T) {
		for _, test := range []struct{ in, want string }{
			{"<content>1 &lt; 2</content>", "1 < 2"},
			{"<content type='text'> a\n b </content>", "a\n b"},
			{"<content type='html'>&lt;p&gt;Walks a lot.&lt;/p&gt;&lt;p&gt;Reads &amp;amp; plays&lt;br/&gt;too&lt;/p&gt;</content>", "Walks a lot.\nReads & plays\ntoo"},
			{"<content type='HTML'>&lt;!-- x --&gt;2 &lt; 3 &lt;script&gt;x&lt;/script&gt;&lt;b class='>'&gt;bold&lt;/b&gt;</content>", "2 < 3 '>bold"},
			{"<content type='html'>a &lt;style&gt;b</content>", "a"},
			{"<content type='html'>a &lt;!-- b</content>", "a"},
			{"<content type='html'>a &lt;b</content>", "a <b"},
			{"<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>one<br/>two &amp; <b>three</b></div></content>", "one\ntwo & three"},
			{"<content type='xhtml'>plain &lt; text</content>", "plain < text"},
		} {
			if got := parse(t, entry(test.in)).Contact; got.Notes != test.want || got.Extra != nil {
				t.Errorf("%s: %q, %v, want %q", test.in, got.Notes, got.Extra, test.want)
			}
		}
		equal(t, parse(t, entry("<title type='html'>&lt;i&gt;Lydia&lt;/i&gt;</title>")).Title, "Lydia")
	})
	t.Run("ELEM-28 an empty attribute counts as missing", func(t *testing.T) {
		fields(t, "<gd:email rel='' label='b' address='a' displayName='' primary=''/>", contacts.Contact{Emails: []contacts.Email{{Label: "b", Address: "a"}}})
		refused(t, "<gd:im rel='' address=''/>", contacts.CodeMissingContent, "gd:im[1]/@address", "gd:im[1]/@address")
	})
	t.Run("ELEM-29 ELEM-41 words and URIs", func(t *testing.T) {
		for wire, want := range map[string]string{
			"http://schemas.google.com/g/2005#home": "home",
			"http://example.com/rel#x":              "http://example.com/rel#x",
			"http://schemas.google.com/g/2005#":     "http://schemas.google.com/g/2005#",
			"http://schemas.google.com/g/2005#a:b":  "http://schemas.google.com/g/2005#a:b",
		} {
			body := "<gd:im address='a' rel='" + wire + "' protocol='" + wire + "'/>"
			c := contacts.Contact{IMs: []contacts.IM{{Address: "a", Rel: want, Protocol: want}}}
			fields(t, body, c)
			if got := string(NewEncoder(user(3, ContactKind)).AppendContact(nil, &c)); !strings.Contains(got, "protocol='"+wire+"' rel='"+wire+"'") {
				t.Errorf("%s is written as %s", wire, got)
			}
		}
		fields(t, "<gContact:website href='h' rel='home-page'/>", contacts.Contact{Websites: []contacts.Website{{Href: "h", Rel: "home-page"}}})
	})
	t.Run("ELEM-76 ERR-26 repeated elements", func(t *testing.T) {
		for body, path := range map[string]string{
			"<gd:name/><gd:name/>": "gd:name",
			"<title/><title/>":     "atom:title",
			"<content/><content/>": "atom:content",
			"<gContact:nickname>a</gContact:nickname><gContact:nickname/>":                                               "gContact:nickname",
			"<gContact:birthday when='1813-01-28'/><gd:email address='a'/><gContact:birthday when='x'/>":                 "gContact:birthday",
			"<gd:name><gd:givenName>a</gd:givenName><gd:givenName>b</gd:givenName></gd:name>":                            "gd:name/gd:givenName",
			"<gd:organization/><gd:organization><gd:where/><gd:where/></gd:organization>":                                "gd:organization[2]/gd:where",
			"<gContact:event><gd:when startTime='1'/><gd:when startTime='2'/></gContact:event>":                          "gContact:event[1]/gd:when",
			"<gd:structuredPostalAddress><gd:city>a</gd:city><gd:street/><gd:city/></gd:structuredPostalAddress>":        "gd:structuredPostalAddress[1]/gd:city",
			"<gd:postalAddress>a</gd:postalAddress><gd:where/><gd:postalAddress>b</gd:postalAddress><gd:where rel='x'/>": "gd:where",
		} {
			refused(t, body, contacts.CodeNotRepeatable, path, path[strings.LastIndexByte(path, '/')+1:])
		}
	})
	t.Run("ELEM-40 ELEM-41 ELEM-42 ELEM-44 ELEM-50 ELEM-52 ELEM-61 ELEM-62 ELEM-63 ELEM-64 ELEM-65 ELEM-66 ELEM-67 ELEM-68 ELEM-69 ELEM-71 ELEM-73 ELEM-77 ELEM-90 ERR-25 missing parts are named", func(t *testing.T) {
		for body, path := range map[string]string{
			"<gd:email label='a'/>":                                   "gd:email[1]/@address",
			"<gd:email address='a'/><gd:email rel='x:y' address=''/>": "gd:email[2]/@address",
			"<gd:email x:a='1'/>":                                     "gd:email[1]/@address",
			"<gd:im protocol='x:y'/>":                                 "gd:im[1]/@address",
			"<gd:im/>":                                                "gd:im[1]/@address",
			"<gd:phoneNumber label='a'/>":                             "gd:phoneNumber[1]",
			"<gd:phoneNumber uri='tel:1'> \n</gd:phoneNumber>":        "gd:phoneNumber[1]",
			"<gd:postalAddress label='a'/>":                           "gd:postalAddress[1]",
			"<gd:extendedProperty value='a'/>":                        "gd:extendedProperty[1]/@name",
			"<gContact:birthday/>":                                    "gContact:birthday/@when",
			"<gContact:gender value=''/>":                             "gContact:gender/@value",
			"<gContact:priority/>":                                    "gContact:priority/@rel",
			"<gContact:sensitivity/>":                                 "gContact:sensitivity/@rel",
			"<gContact:event rel='other'><gd:when endTime='1'/></gContact:event>":               "gContact:event[1]/gd:when/@startTime",
			"<gContact:externalId rel='account'/>":                                              "gContact:externalId[1]/@value",
			"<gContact:relation rel='sister'/>":                                                 "gContact:relation[1]",
			"<gContact:website rel='home'/>":                                                    "gContact:website[1]/@href",
			"<gContact:calendarLink rel='home'/>":                                               "gContact:calendarLink[1]/@href",
			"<gContact:jot>a</gContact:jot>":                                                    "gContact:jot[1]/@rel",
			"<gContact:userDefinedField key='a'/>":                                              "gContact:userDefinedField[1]/@value",
			"<gContact:userDefinedField key='' value=''/><gContact:userDefinedField value=''/>": "gContact:userDefinedField[2]/@key",
			"<gContact:groupMembershipInfo deleted='false'/>":                                   "gContact:groupMembershipInfo[1]/@href",
		} {
			refused(t, body, contacts.CodeMissingContent, path, path)
		}
		refused(t, "<gContact:event rel='other'/>", contacts.CodeMissingElement, "gContact:event[1]/gd:when", "gContact:event[1]/gd:when")
	})
	t.Run("ELEM-60 ELEM-72 ELEM-77 NAME-6 empty elements are dropped", func(t *testing.T) {
		fields(t, "<gd:email/><gd:email address='' rel='' primary='false'> </gd:email><gd:phoneNumber/><gContact:nickname> </gContact:nickname>"+
			"<gContact:hobby/><gContact:hobby>\n</gContact:hobby><gContact:fileAs x:a='1'/><gd:name><gd:givenName yomi=''/></gd:name><gd:where/>"+
			"<gd:email address='a' label='b'/><title/><content/>", contacts.Contact{Emails: []contacts.Email{{Label: "b", Address: "a"}}})
	})
	t.Run("ELEM-80 ELEM-81 ELEM-82 ELEM-86 extended properties", func(t *testing.T) {
		fields(t, "<gd:extendedProperty name='a' value='1' realm='r'/><gd:extendedProperty name='b'>\n <x:b x:c='&lt;'> <d/></x:b>\n</gd:extendedProperty>"+
			"<gd:extendedProperty name='c'> some\ntext </gd:extendedProperty><gd:extendedProperty name='d'/><gd:extendedProperty name='e'><![CDATA[<f/>]]></gd:extendedProperty>"+
			"<gd:extendedProperty name='g'>1 &lt; <h xmlns=''/></gd:extendedProperty><gd:extendedProperty name='i' value='j'><k xmlns=''/></gd:extendedProperty>",
			contacts.Contact{Properties: []contacts.Property{{Name: "a", Value: "1", Realm: "r"},
				{Name: "b", XML: "<x:b xmlns:x='urn:x' x:c='&lt;'> <d xmlns='http://www.w3.org/2005/Atom'/></x:b>"},
				{Name: "c", Text: "some\ntext"}, {Name: "d"}, {Name: "e", Text: "<f/>"}, {Name: "g", XML: "1 &lt; <h xmlns=''/>"},
				{Name: "i", Value: "j", XML: "<k xmlns=''/>"}}})
	})
	t.Run("ELEM-93 memberships", func(t *testing.T) {
		fields(t, "<gContact:groupMembershipInfo href='\n http://example.com/6 '/><gContact:groupMembershipInfo href='gone' deleted='true'/>"+
			"<gContact:groupMembershipInfo href='1f' deleted='false' x:a='1'/>",
			contacts.Contact{Memberships: []contacts.Membership{{Group: 6}, {Group: 0x1f}},
				Extra: contacts.Extra{{In: "gContact:groupMembershipInfo[1f]", Attrs: " xmlns:x='urn:x' x:a='1'"}}})
		wanted := errors.New("no such group")
		_, err := ParseContact([]byte(entry("<gContact:groupMembershipInfo href='6'/>")), func(string) (contacts.ID, error) { return 0, wanted })
		if err != wanted {
			t.Errorf("the error of the resolver became %v", err)
		}
	})
	t.Run("ELEM-100 ELEM-102 a group is its title", func(t *testing.T) {
		e, err := ParseGroup([]byte(entry("<title type='text'> Sisters </title><content>Others</content><gd:extendedProperty name='a' value='1'/><gContact:systemGroup id='X'/><gd:name/>")))
		if err != nil {
			t.Fatal(err)
		}
		want := &contacts.Group{Name: "Sisters", Properties: []contacts.Property{{Name: "a", Value: "1"}},
			Extra: contacts.Extra{{XML: "<gd:name xmlns:gd='http://schemas.google.com/g/2005'/>"}}}
		if !reflect.DeepEqual(e.Group, want) {
			t.Errorf("got %+v, want %+v", e.Group, want)
		}
		if e.Contact != nil {
			t.Error("a group is a contact as well")
		}
	})
	t.Run("WRT-4 the root must be an entry", func(t *testing.T) {
		for _, doc := range []string{"<entry/>", "<feed xmlns='http://www.w3.org/2005/Atom'/>", "<x:entry xmlns:x='urn:x'/>"} {
			if _, err := ParseContact([]byte(doc), groupOf); contacts.KindOf(err) != contacts.Invalid {
				t.Errorf("%s: %v", doc, err)
			}
		}
	})
	t.Run("XML-5 an error after the entry counts", func(t *testing.T) {
		if _, err := ParseContact([]byte(entry("")+"<x/>"), groupOf); err == nil {
			t.Error("a second root is accepted")
		}
	})
	t.Run("ELEM-45 ELEM-46 VER-9 both forms of addresses in one list", func(t *testing.T) {
		fields(t, "<gd:postalAddress rel='http://schemas.google.com/g/2005#home' primary='true'>1\n2</gd:postalAddress>"+
			"<gd:structuredPostalAddress label='a' mailClass='http://schemas.google.com/g/2005#both' usage='local'><gd:country code='GB'>United Kingdom</gd:country></gd:structuredPostalAddress>",
			contacts.Contact{Addresses: []contacts.Address{{Rel: "home", Primary: true, Formatted: "1\n2", Plain: true},
				{Label: "a", MailClass: "http://schemas.google.com/g/2005#both", Usage: "local", Country: "United Kingdom", CountryCode: "GB"}}})
	})
}

func TestUnknown(t *testing.T) {
	// given is a document's body, and the same as it comes back.
	given := func(t *testing.T, body, want string) {
		t.Helper()
		c := parse(t, entry(body)).Contact
		c.Name.Full = "Lydia"
		for _, o := range []Options{user(3, ContactKind), user(2, ContactKind), user(1, ContactKind), shared(1)} {
			got := string(NewEncoder(o).AppendContact(nil, c))
			if !strings.Contains(got, want) {
				t.Errorf("%+v\ngot  %s\nwant %s", o.View, got, want)
			}
			if e := parse(t, strings.Replace(entry(""), "</entry>", got[strings.Index(got, "><")+1:], 1)); strings.HasPrefix(want, "<gd:email") && !reflect.DeepEqual(e.Contact.Emails, c.Emails) {
				t.Errorf("the second time it is %+v, not %+v", e.Contact.Emails, c.Emails)
			}
		}
	}
	const rel = "rel='http://schemas.google.com/g/2005#home' address='a'"
	t.Run("XML-7 attributes come back in their place", func(t *testing.T) {
		given(t, "<gd:email "+rel+" since='1813' x:b='&lt;&apos;'/>", "<gd:email "+rel+" since='1813' xmlns:x='urn:x' x:b='&lt;&apos;'/>")
		given(t, "<title x:b='1' xml:lang='en'>Lydia</title>", " xmlns:x='urn:x' x:b='1' xml:lang='en'>Lydia</title>")
		given(t, "<content xml:lang='en'>Lively</content>", " xml:lang='en'>Lively</content>")
		given(t, "<gContact:groupMembershipInfo href='6' x:b='1'/>", "/base/6' xmlns:x='urn:x' x:b='1'/>")
	})
	t.Run("XML-7 elements come back in their place", func(t *testing.T) {
		given(t, "<gd:email "+rel+"> <x:b>1<!-- no --> <c/></x:b><x:b/> </gd:email>",
			"<gd:email "+rel+"><x:b xmlns:x='urn:x'>1 <c xmlns='http://www.w3.org/2005/Atom'/></x:b><x:b xmlns:x='urn:x'/></gd:email>")
		given(t, "<x:b/><gd:email "+rel+"/><c xmlns=''>2</c>", "<x:b xmlns:x='urn:x'/><c xmlns=''>2</c></entry>")
		given(t, "<gd:phoneNumber label='a'>1<x:b/></gd:phoneNumber>", "<gd:phoneNumber label='a'>1<x:b xmlns:x='urn:x'/></gd:phoneNumber>")
		given(t, "<content>a<x:b/></content>", ">a<x:b xmlns:x='urn:x'/></content>")
		given(t, "<gContact:groupMembershipInfo href='6'><x:b/></gContact:groupMembershipInfo>", "/base/6'><x:b xmlns:x='urn:x'/></gContact:groupMembershipInfo>")
		given(t, "<gd:organization label='a'><gd:orgName x:b='1'>Longbourn</gd:orgName></gd:organization>",
			"<gd:organization label='a'><gd:orgName xmlns:x='urn:x' x:b='1'>Longbourn</gd:orgName></gd:organization>")
	})
	t.Run("XML-7 parts of simple elements come back where these are shown", func(t *testing.T) {
		c := parse(t, entry("<gContact:nickname x:b='1'>Lizzy<x:c/></gContact:nickname><gContact:hobby x:b='1'>whist</gContact:hobby><gContact:hobby x:b='2'>reading</gContact:hobby>"+
			"<gContact:hobby>whist</gContact:hobby><gd:name><gd:givenName yomi='y' x:b='1'>a</gd:givenName></gd:name><gContact:event rel='other'><gd:when startTime='1813-01-28' x:b='1'/></gContact:event>")).Contact
		got := string(NewEncoder(user(3, ContactKind)).AppendContact(nil, c))
		for _, want := range []string{
			"<gContact:nickname xmlns:x='urn:x' x:b='1'>Lizzy<x:c xmlns:x='urn:x'/></gContact:nickname>",
			"<gContact:hobby xmlns:x='urn:x' x:b='1'>whist</gContact:hobby><gContact:hobby xmlns:x='urn:x' x:b='2'>reading</gContact:hobby>",
			"<gd:givenName yomi='y' xmlns:x='urn:x' x:b='1'>a</gd:givenName>",
			"<gContact:event rel='other'><gd:when startTime='1813-01-28' xmlns:x='urn:x' x:b='1'/></gContact:event>",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	})
	t.Run("XML-7 attributes of the entry", func(t *testing.T) {
		c := parse(t, strings.Replace(entry(""), "<entry ", "<entry x:b='1' gd:kind='contacts#contact' xml:lang='en' ", 1)).Contact
		for _, format := range []Format{Atom, RSS} {
			o := user(3, ContactKind)
			o.Format = format
			got := string(NewEncoder(o).AppendContactDocument(nil, c))
			if !strings.Contains(got, "&quot;' xmlns:x='urn:x' x:b='1' gd:kind='contacts#contact' xml:lang='en'><") {
				t.Errorf("got %s", got)
			}
			if _, err := scan([]byte(got)); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("XML-7 prefixes of ours with another meaning are renamed in attributes", func(t *testing.T) {
		doc := "<entry xmlns='http://www.w3.org/2005/Atom' xmlns:g='http://schemas.google.com/g/2005' xmlns:gd='urn:gd' xmlns:batch='urn:batch' xmlns:ns1='urn:1' xmlns:k='http://schemas.google.com/contact/2008'>" +
			"<g:email label='a' address='b' gd:c='1' ns1:d='2' batch:e='3' g:f='4' k:g='5'/><gd:email/></entry>"
		c := parse(t, doc).Contact
		got := string(NewEncoder(user(3, ContactKind)).AppendContactDocument(nil, c))
		want := "<gd:email label='a' address='b' xmlns:ns2='urn:gd' ns2:c='1' xmlns:ns1='urn:1' ns1:d='2' xmlns:ns3='urn:batch' ns3:e='3' gd:f='4' gContact:g='5'/>"
		if !strings.Contains(got, want) || !strings.Contains(got, "<gd:email xmlns:gd='urn:gd'/></entry>") {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		equalContacts(t, parse(t, got).Contact, c)
	})
	t.Run("XML-7 declarations inside a fragment stay, and those that it needs are added", func(t *testing.T) {
		c := parse(t, entry("<x:a xmlns:p='urn:p' xmlns:q='urn:q' p:b='1'><x:c xmlns:p='urn:p' xmlns:x='urn:y' x:d='2'/><p:e xmlns=''><f/></p:e></x:a>")).Contact
		want := "<x:a xmlns:p='urn:p' xmlns:q='urn:q' xmlns:x='urn:x' p:b='1'><x:c xmlns:x='urn:y' x:d='2'/><p:e xmlns=''><f/></p:e></x:a>"
		equal(t, c.Extra[0].XML, want)
		equal(t, parse(t, entry(want)).Contact.Extra[0].XML, want)
	})
	t.Run("XML-7 at most 64 KiB of it", func(t *testing.T) {
		big := strings.Repeat("x", contacts.MaxExtraBytes)
		for _, body := range []string{
			"<x:a>" + big + "</x:a>",
			"<gd:email label='a' address='b' c='" + big + "'/>",
			"<gd:email label='a' address='b'><x:a>" + big + "</x:a></gd:email>",
			"<title c='" + big + "'>a</title>",
			strings.Repeat("<gd:email label='a' address='b' c='"+big[:10000]+"'/>", 7),
			strings.Repeat("<gContact:hobby c='"+big[:10000]+"'/>", 7),
		} {
			if _, err := ParseContact([]byte(entry(body)), groupOf); contacts.KindOf(err) != contacts.Invalid || !strings.Contains(err.Error(), "65536 bytes") {
				t.Errorf("%.40s: %v", body, err)
			}
		}
		half := big[:contacts.MaxExtraBytes/2]
		if _, err := ParseContact([]byte(entry("<gd:email label='a' address='b' c='"+half+"'/><title>"+big+"</title>")), groupOf); err != nil {
			t.Error(err)
		}
	})
	t.Run("SEC-10 declarations that repeat do not swell a document", func(t *testing.T) {
		doc := "<entry xmlns='http://www.w3.org/2005/Atom' xmlns:gd='http://schemas.google.com/g/2005' xmlns:x='urn:" + strings.Repeat("x", 10000) + "'>" +
			strings.Repeat("<gd:extendedProperty name='a'>"+strings.Repeat("<x:a/>", 50)+"</gd:extendedProperty>", 10) + "</entry>"
		if _, err := ParseContact([]byte(doc), groupOf); contacts.KindOf(err) != contacts.Invalid {
			t.Errorf("5 MB made of 14 KB: %v", err)
		}
	})
}
