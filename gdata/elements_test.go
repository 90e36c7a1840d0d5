package gdata_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

const gd = "http://schemas.google.com/g/2005#"

// eachRel repeats an element for every rel, with prefix before each and the
// rel in place of REL.
func eachRel(element, prefix, rels string) string {
	var b strings.Builder
	for rel := range strings.FieldsSeq(rels) {
		b.WriteString(strings.ReplaceAll(element, "REL", prefix+rel))
	}
	return b.String()
}

const phoneRels = `assistant callback car company_main fax general home home_fax internal-extension isdn main mobile other
	other_fax pager radio satellite telex tty_tdd voip work work_fax work_mobile work_pager`

// Elements that come back as they were sent, because they are in the form in
// which the server writes them.
var accepted = []struct{ name, xml string }{
	{"ELEM-20 ELEM-40 e-mail with each rel", eachRel(`<gd:email rel='REL' address='lizzy@example.org'/>`, gd, "home work other")},
	{"ELEM-20 ELEM-40 e-mail with everything", `<gd:email label='Letters' address='E.Bennet@Example.org' displayName='Eliza' primary='true'/>`},
	{"ELEM-29 ELEM-40 e-mail with a URI as rel", `<gd:email rel='http://longbourn.example/rels#pigeon' address='lizzy@example.org'/>`},
	{"ELEM-40 no further check of an address", `<gd:email label='Letters' address='not an address'/>`},
	{"ELEM-21 ELEM-41 messaging with each rel", eachRel(`<gd:im address='lizzy' rel='REL'/>`, gd, "home work other netmeeting")},
	{"ELEM-41 messaging with each protocol", eachRel(`<gd:im address='lizzy' protocol='REL' label='Ball'/>`, gd, "AIM MSN YAHOO SKYPE QQ GOOGLE_TALK ICQ JABBER NETMEETING")},
	{"ELEM-41 messaging with any URI as protocol", `<gd:im address='lizzy' protocol='urn:x-pigeon' rel='http://schemas.google.com/g/2005#home' primary='true'/>`},
	{"ELEM-23 ELEM-42 phone with each rel", eachRel(`<gd:phoneNumber rel='REL'>+44 20 7946 0001</gd:phoneNumber>`, gd, phoneRels)},
	{"ELEM-42 phone with everything", `<gd:phoneNumber label='Aunt' uri='tel:+44-20-7946-0001' primary='true'>020 7946 0001</gd:phoneNumber>`},
	{"ELEM-22 ELEM-43 organization with each rel", eachRel(`<gd:organization rel='REL'><gd:orgName>Militia</gd:orgName></gd:organization>`, gd, "work other")},
	{"ELEM-43 organization with everything", `<gd:organization label='Regiment' primary='true'><gd:orgName yomi='m'>Militia</gd:orgName><gd:orgTitle>Colonel</gd:orgTitle><gd:orgDepartment>Horse</gd:orgDepartment><gd:orgJobDescription>Dines</gd:orgJobDescription><gd:orgSymbol>MIL</gd:orgSymbol><gd:where valueString='Brighton'/></gd:organization>`},
	{"ELEM-43 organization without anything", `<gd:organization rel='http://schemas.google.com/g/2005#work'/>`},
	{"ELEM-25 ELEM-46 postal address with each rel", eachRel(`<gd:structuredPostalAddress rel='REL'><gd:formattedAddress>Longbourn</gd:formattedAddress><gd:street>Longbourn</gd:street></gd:structuredPostalAddress>`, gd, "home work other")},
	{"ELEM-46 postal address with each mail class", eachRel(`<gd:structuredPostalAddress label='Seat' mailClass='REL'><gd:formattedAddress>Longbourn</gd:formattedAddress><gd:street>Longbourn</gd:street></gd:structuredPostalAddress>`, "", "both letters parcels neither")},
	{"ELEM-46 postal address with each usage", eachRel(`<gd:structuredPostalAddress label='Seat' usage='REL'><gd:formattedAddress>Longbourn</gd:formattedAddress><gd:street>Longbourn</gd:street></gd:structuredPostalAddress>`, "", "general local")},
	{"ELEM-46 postal address with everything", `<gd:structuredPostalAddress label='Seat' mailClass='both' usage='local' primary='true'><gd:formattedAddress>As written</gd:formattedAddress><gd:agent>Hill</gd:agent><gd:housename>Longbourn House</gd:housename><gd:street>Lane</gd:street><gd:pobox>1813</gd:pobox><gd:neighborhood>Meryton</gd:neighborhood><gd:postcode>SG13</gd:postcode><gd:city>Hertford</gd:city><gd:subregion>Lea</gd:subregion><gd:region>Hertfordshire</gd:region><gd:country code='GB'>United Kingdom</gd:country></gd:structuredPostalAddress>`},
	{"ELEM-47 only a street is the whole address", `<gd:structuredPostalAddress label='Seat'><gd:formattedAddress>Rosings</gd:formattedAddress><gd:street>Rosings</gd:street></gd:structuredPostalAddress>`},
	{"ELEM-49 name with everything", `<gd:name><gd:fullName>Lizzy</gd:fullName><gd:namePrefix>Miss</gd:namePrefix><gd:givenName yomi='g'>Elizabeth</gd:givenName><gd:additionalName yomi='a'>Anne</gd:additionalName><gd:familyName yomi='f'>Bennet</gd:familyName><gd:nameSuffix>II</gd:nameSuffix></gd:name>`},
	{"ELEM-50 extended property with everything", `<gd:extendedProperty name='pet' value='hamster' realm='longbourn.example'/>`},
	{"ELEM-51 where", `<gd:where valueString='Meryton' rel='http://longbourn.example/x' label='Town'/>`},
	{"ELEM-52 ELEM-63 event with each rel", eachRel(`<gContact:event rel='REL'><gd:when startTime='1813-01-28'/></gContact:event>`, "", "anniversary other")},
	{"ELEM-26 ELEM-52 ELEM-63 event with everything", `<gContact:event label='Ball'><gd:when startTime='1811-11-26' endTime='1811-11-27' valueString='all night'/></gContact:event>`},
	{"ELEM-60 the simple texts", `<gContact:nickname>Lizzy</gContact:nickname><gContact:maidenName>Bennet</gContact:maidenName><gContact:shortName>Liz</gContact:shortName><gContact:initials>EB</gContact:initials><gContact:occupation>Reader</gContact:occupation><gContact:billingInformation>1000 a year</gContact:billingInformation><gContact:mileage>3 miles</gContact:mileage><gContact:directoryServer>ldap.example</gContact:directoryServer><gContact:subject>Pride</gContact:subject><gContact:fileAs>Darcy, Mrs</gContact:fileAs>`},
	{"ELEM-61 birthday", `<gContact:birthday when='1791-05-23'/>`},
	{"ELEM-61 birthday without year", `<gContact:birthday when='--02-29'/>`},
	{"ELEM-62 female", `<gContact:gender value='female'/>`},
	{"ELEM-62 male", `<gContact:gender value='male'/>`},
	{"ELEM-26 ELEM-64 external id with each rel", eachRel(`<gContact:externalId value='1813' rel='REL'/>`, "", "account customer network organization")},
	{"ELEM-26 ELEM-64 external id with a label", `<gContact:externalId value='1813' label='Pew'/>`},
	{"ELEM-26 ELEM-65 relation with each rel", eachRel(`<gContact:relation rel='REL'>Jane Bennet</gContact:relation>`, "", "assistant brother child domestic-partner father friend manager mother parent partner referred-by relative sister spouse")},
	{"ELEM-26 ELEM-65 relation with a label", `<gContact:relation label='Aunt'>Mrs Philips</gContact:relation>`},
	{"ELEM-26 ELEM-66 website with each rel", eachRel(`<gContact:website href='http://longbourn.example/' rel='REL'/>`, "", "blog ftp home home-page other profile work")},
	{"ELEM-26 ELEM-66 website with a label", `<gContact:website href='x' label='Estate' primary='true'/>`},
	{"ELEM-67 low priority", `<gContact:priority rel='low'/>`},
	{"ELEM-67 normal priority", `<gContact:priority rel='normal'/>`},
	{"ELEM-67 high priority", `<gContact:priority rel='high'/>`},
	{"ELEM-68 confidential", `<gContact:sensitivity rel='confidential'/>`},
	{"ELEM-68 normal sensitivity", `<gContact:sensitivity rel='normal'/>`},
	{"ELEM-68 personal", `<gContact:sensitivity rel='personal'/>`},
	{"ELEM-68 private", `<gContact:sensitivity rel='private'/>`},
	{"ELEM-26 ELEM-69 calendar link with each rel", eachRel(`<gContact:calendarLink href='http://longbourn.example/cal' rel='REL'/>`, "", "free-busy home work")},
	{"ELEM-26 ELEM-69 calendar link with a label", `<gContact:calendarLink href='x' label='Balls' primary='true'/>`},
	{"ELEM-70 language with a code and one with a label", `<gContact:language code='en-GB'/><gContact:language label='Hertfordshire'/>`},
	{"ELEM-71 jot with each rel", eachRel(`<gContact:jot rel='REL'>Walks</gContact:jot>`, "", "home keywords other user work")},
	{"ELEM-71 jot without text", `<gContact:jot rel='home'></gContact:jot>`},
	{"ELEM-72 hobbies", `<gContact:hobby>Walking</gContact:hobby><gContact:hobby>Reading</gContact:hobby>`},
	{"ELEM-73 user-defined fields with equal and empty keys", `<gContact:userDefinedField key='Hair' value='dark'/><gContact:userDefinedField key='Hair' value='brown'/><gContact:userDefinedField key='' value=''/>`},
	{"ELEM-74 phonetic name", `<gContact:yomiName>Elizabeth</gContact:yomiName>`},
	{"ELEM-75 the status of a profile is unknown XML in a contact", `<gContact:status xmlns:gContact='http://schemas.google.com/contact/2008' indexed='true'/>`},
	{"ELEM-8 notes", `<content>Walks a lot &amp; reads</content>`},
}

func TestAcceptedElements(t *testing.T) {
	w := newWorld(t)
	for _, tc := range accepted {
		t.Run(tc.name, func(t *testing.T) {
			a := w.as("3.0", "POST", contactsFull, atom(tc.xml)).want(t, http.StatusCreated)
			wantElements(t, a, tc.xml)
			self := a.entry(t).link("self")
			wantElements(t, w.read(t, self), tc.xml)
			w.replace(t, self, "")
			wantElements(t, w.replace(t, self, tc.xml), tc.xml)
			wantElements(t, w.read(t, self), tc.xml)
		})
	}
}

// wantElements wants the elements in the answer, where an empty one may have
// either form.
func wantElements(t testing.TB, a *answer, xml string) {
	t.Helper()
	short := func(s string) string { return strings.ReplaceAll(s, "></gContact:jot>", "/>") }
	if !strings.Contains(short(a.Body), short(xml)) {
		t.Errorf("%s %s lacks\n%s\nin\n%s", a.Request.Method, a.Request.URL, xml, a.Body)
	}
}

// Elements that come back in another form than they were sent.
func TestChangedElements(t *testing.T) {
	w := newWorld(t)
	for _, tc := range []struct{ name, sent, want, not string }{
		{"ELEM-40 an address is trimmed and keeps its letter case", `<gd:email label='x' address=' Lizzy@Example.org&#10;'/>`, `address='Lizzy@Example.org'`, ""},
		{"ELEM-28 an empty rel beside a label is none", `<gd:email rel='' label='Letters' address='a@b'/>`, `<gd:email label='Letters' address='a@b'/>`, ""},
		{"ELEM-28 an empty label beside a rel is none", `<gContact:website rel='blog' label='' href='x'/>`, `<gContact:website href='x' rel='blog'/>`, ""},
		{"ELEM-44 ELEM-45 a postal address is structured", `<gd:postalAddress label='x' primary='true'>Longbourn` + "\n" + `Meryton</gd:postalAddress>`,
			"<gd:structuredPostalAddress label='x' primary='true'><gd:formattedAddress>Longbourn\nMeryton</gd:formattedAddress><gd:street>Longbourn\nMeryton</gd:street></gd:structuredPostalAddress>", "gd:postalAddress"},
		{"ELEM-47 the parts make the formatted address", `<gd:structuredPostalAddress label='x'><gd:street>Longbourn House</gd:street><gd:postcode>SG13 7ZZ</gd:postcode><gd:city>Meryton</gd:city><gd:region>Hertfordshire</gd:region><gd:country>United Kingdom</gd:country></gd:structuredPostalAddress>`,
			"<gd:formattedAddress>Longbourn House\nMeryton, Hertfordshire SG13 7ZZ\nUnited Kingdom</gd:formattedAddress>", ""},
		{"ELEM-47 a box and a neighbourhood have lines of their own", `<gd:structuredPostalAddress label='x'><gd:street>Lane</gd:street><gd:pobox>Box 2</gd:pobox><gd:neighborhood>Green</gd:neighborhood></gd:structuredPostalAddress>`,
			"<gd:formattedAddress>Lane\nBox 2\nGreen</gd:formattedAddress>", ""},
		{"ELEM-48 a formatted address is the street", `<gd:structuredPostalAddress label='x'><gd:formattedAddress>Rosings, Kent</gd:formattedAddress></gd:structuredPostalAddress>`,
			"<gd:formattedAddress>Rosings, Kent</gd:formattedAddress><gd:street>Rosings, Kent</gd:street>", "<gd:city"},
		{"ELEM-60 an empty text removes the element", `<gContact:nickname></gContact:nickname><gContact:fileAs> </gContact:fileAs>`, "<title/>", "<gContact:nickname"},
		{"ELEM-77 an empty e-mail is dropped", `<gd:email/><gd:email label='x' address='a@b'/>`, `<gd:email label='x' address='a@b'/>`, "<gd:email/>"},
		{"ELEM-77 an empty phone is dropped", `<gd:phoneNumber/><gd:phoneNumber> </gd:phoneNumber>`, "<title/>", "phoneNumber"},
		{"ELEM-77 an empty hobby is dropped", `<gContact:hobby/><gContact:hobby>Walking</gContact:hobby>`, "<gContact:hobby>Walking</gContact:hobby>", "<gContact:hobby></"},
		{"ELEM-30 a primary that is false does not count", `<gd:email label='x' address='a@b' primary='false'/><gd:email label='x' address='c@d' primary='1'/>`, `address='c@d' primary='true'`, "false"},
		{"ELEM-5 no category", `<title>Jane</title>`, `<category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/contact/2008#contact'/>`, ""},
		{"ELEM-6 a category of another scheme is unknown XML", `<category scheme='http://longbourn.example/' term='sister' label='S'/>`, `<category xmlns='http://www.w3.org/2005/Atom' scheme='http://longbourn.example/' term='sister' label='S'/>`, ""},
		{"ELEM-8 notes in HTML are their text", `<content type='html'>Walks &lt;b&gt;a lot&lt;/b&gt;</content>`, "<content>Walks a lot</content>", ""},
		{"ELEM-8 notes in XHTML are their text", `<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>Walks <b>a lot</b></div></content>`, "<content>Walks a lot</content>", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := w.as("3.0", "POST", contactsFull, atom(tc.sent)).want(t, http.StatusCreated)
			for _, a := range []*answer{a, w.read(t, a.entry(t).link("self"))} {
				a.wantText(t, tc.want)
				if tc.not != "" {
					a.wantNoText(t, tc.not)
				}
			}
		})
	}

	t.Run("ELEM-6 the wrong terms of the documents are the right one", func(t *testing.T) {
		for _, term := range []string{"http://schemas.google.com/g/2008#contact", "http://schemas.google.com/g/2005#contact", "http://schemas.google.com/contact/2008#contact"} {
			a := w.as("3.0", "POST", contactsFull, atom(`<category scheme='http://schemas.google.com/g/2005#kind' term='`+term+`'/>`)).want(t, http.StatusCreated)
			if n := strings.Count(a.Body, "<category"); n != 1 {
				t.Errorf("%d categories in %s", n, a.Body)
			}
			a.wantText(t, "term='http://schemas.google.com/contact/2008#contact'")
		}
		for _, term := range []string{"http://schemas.google.com/g/2005#group", "http://schemas.google.com/contact/2008#group"} {
			w.as("3.0", "POST", groupsFull, atom(`<title>Militia</title><category scheme='http://schemas.google.com/g/2005#kind' term='`+term+`'/>`)).
				want(t, http.StatusCreated).wantText(t, "term='http://schemas.google.com/contact/2008#group'")
		}
	})

	t.Run("ELEM-6 any other term of the kind scheme is refused", func(t *testing.T) {
		for _, term := range []string{"http://schemas.google.com/g/2005#event", "contact", "", "http://schemas.google.com/contact/2008#group"} {
			w.as("3.0", "POST", contactsFull, atom(`<category scheme='http://schemas.google.com/g/2005#kind' term='`+term+`'/>`)).want(t, http.StatusBadRequest)
		}
		w.as("3.0", "POST", groupsFull, atom(`<title>Militia</title><category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/contact/2008#contact'/>`)).want(t, http.StatusBadRequest)
	})

	t.Run("ELEM-45 an update of versions 1 and 2 keeps the parts of an address whose text and use are equal", func(t *testing.T) {
		const parts = `<gd:formattedAddress>Longbourn House&#10;Meryton</gd:formattedAddress><gd:street>Longbourn House</gd:street><gd:city>Meryton</gd:city>`
		for _, version := range []string{"1.0", "2.0"} {
			self := w.add(t, contactsFull, `<gd:structuredPostalAddress label='Seat'>`+parts+`</gd:structuredPostalAddress>`).link("self")
			for _, put := range []struct{ sent, want string }{
				{"<gd:postalAddress label='Seat' primary='true'>\nLongbourn House\nMeryton</gd:postalAddress>", "<gd:structuredPostalAddress label='Seat' primary='true'>" + parts},
				{"<gd:postalAddress label='House'>Longbourn House\nMeryton</gd:postalAddress>", "<gd:street>Longbourn House\nMeryton</gd:street></gd:struct"},
			} {
				w.as(version, "PUT", self, atom(put.sent), "If-Match", "*").want(t, http.StatusOK).wantText(t, "<gd:postalAddress label=")
				w.read(t, self).wantText(t, strings.ReplaceAll(put.want, "&#10;", "\n"))
			}
		}
	})
}

// TestWrittenBack reads and writes back every element as it is, in every
// version, from a user's book and from that of a domain.
func TestWrittenBack(t *testing.T) {
	w := newWorld(t)
	stamps := regexp.MustCompile(`gd:etag='[^']*'|<updated>[^<]*</updated>|<app:edited[^>]*>[^<]*</app:edited>`)
	more := []struct{ name, xml string }{
		{"an address without anything", `<gd:structuredPostalAddress label='Seat'/>`},
		{"an address with parts that have no line of their own", `<gd:structuredPostalAddress label='Seat'><gd:agent>Hill</gd:agent><gd:housename>Longbourn House</gd:housename><gd:subregion>Lea</gd:subregion></gd:structuredPostalAddress>`},
		{"two addresses with one text", `<gd:structuredPostalAddress label='Seat'><gd:formattedAddress>Longbourn</gd:formattedAddress><gd:city>Longbourn</gd:city></gd:structuredPostalAddress><gd:structuredPostalAddress label='Seat'><gd:formattedAddress>Longbourn</gd:formattedAddress><gd:street>Longbourn</gd:street></gd:structuredPostalAddress>`},
		{"a name of phonetic forms", `<gd:name><gd:givenName yomi='g'/></gd:name>`},
		{"a name with unknown XML", `<gd:name x='1'><gd:fullName>Jane Bennet</gd:fullName><y xmlns='urn:y'/></gd:name>`},
		{"unknown XML everywhere", `<gContact:nickname x='1'>Liz</gContact:nickname><gContact:hobby x='2'>Walks</gContact:hobby><gd:email label='x' address='a@b' y='3'><z xmlns='urn:z'/></gd:email><gContact:event label='x'><gd:when startTime='1813-01-28' u='4'/></gContact:event><gd:structuredPostalAddress label='x' v='5'><gd:city w='6'>Meryton</gd:city></gd:structuredPostalAddress>`},
		{"notes with line breaks", "<content>Walks\n a lot</content>"},
		{"a name with blanks and markup", fullName("Lady  Catherine &amp; &lt;Anne&gt;")},
		{"ended memberships", member(groupID("6")) + member(groupID("d"))},
	}
	for _, tc := range append(more, accepted...) {
		t.Run("WRT-20 VER-54 "+tc.name, func(t *testing.T) {
			for _, user := range []string{elizabeth, admin} {
				feed := contactsFull
				if user == admin {
					feed = sharedFull
				}
				if user == admin && strings.Contains(tc.xml, "groupMembershipInfo") {
					continue // of groups that a domain does not have
				}
				first := w.do(user, "POST", feed, atom(tc.xml), "GData-Version", "3.0").want(t, http.StatusCreated)
				self := first.entry(t).link("self")
				for _, version := range []string{"1.0", "2.0", "3.0"} {
					read := w.do(user, "GET", self, "", "GData-Version", version).want(t, http.StatusOK)
					w.do(user, "PUT", read.entry(t).link("edit"), read.Body, "GData-Version", version).want(t, http.StatusOK)
					now := w.do(user, "GET", self, "", "GData-Version", "3.0").want(t, http.StatusOK)
					if got, want := stamps.ReplaceAllString(now.Body, ""), stamps.ReplaceAllString(first.Body, ""); got != want {
						t.Errorf("%s, version %s:\n%s\nwas\n%s", user, version, got, want)
					}
				}
				w.do(user, "DELETE", self, "").want(t, http.StatusOK)
			}
		})
	}
}
