package gdata_test

import (
	"net/http"
	"strings"
	"testing"
)

// Elements that are refused, with the place and the code that the error names.
var refused = []struct{ name, xml, path, code string }{
	{"ELEM-20 e-mail with rel and label", `<gd:email rel='http://schemas.google.com/g/2005#home' label='Letters' address='a@b'/>`, "gd:email[1]/@rel", attributeValue},
	{"ELEM-20 e-mail with neither", `<gd:email label='x' address='a@b'/><gd:email address='a@b'/>`, "gd:email[2]/@rel", attributeValue},
	{"ELEM-109 e-mail with a rel that only phones have", `<gd:email rel='http://schemas.google.com/g/2005#mobile' address='a@b'/>`, "gd:email[1]/@rel", attributeValue},
	{"ELEM-109 phone with a rel that no element has", `<gd:phoneNumber rel='http://schemas.google.com/g/2005#pigeon'>1</gd:phoneNumber>`, "gd:phoneNumber[1]/@rel", attributeValue},
	{"ELEM-21 messaging with both", `<gd:im rel='http://schemas.google.com/g/2005#home' label='Ball' address='lizzy'/>`, "gd:im[1]/@rel", attributeValue},
	{"ELEM-21 messaging with neither", `<gd:im address='lizzy'/>`, "gd:im[1]/@rel", attributeValue},
	{"ELEM-22 organization with both", `<gd:organization rel='http://schemas.google.com/g/2005#work' label='Regiment'/>`, "gd:organization[1]/@rel", attributeValue},
	{"ELEM-22 organization with neither", `<gd:organization><gd:orgName>Militia</gd:orgName></gd:organization>`, "gd:organization[1]/@rel", attributeValue},
	{"ELEM-23 phone with both", `<gd:phoneNumber rel='http://schemas.google.com/g/2005#home' label='Aunt'>1</gd:phoneNumber>`, "gd:phoneNumber[1]/@rel", attributeValue},
	{"ELEM-23 phone with neither", `<gd:phoneNumber>1</gd:phoneNumber>`, "gd:phoneNumber[1]/@rel", attributeValue},
	{"ELEM-24 plain postal address with both", `<gd:postalAddress rel='http://schemas.google.com/g/2005#home' label='Seat'>x</gd:postalAddress>`, "gd:postalAddress[1]/@rel", attributeValue},
	{"ELEM-24 plain postal address with neither", `<gd:postalAddress>x</gd:postalAddress>`, "gd:postalAddress[1]/@rel", attributeValue},
	{"ELEM-25 postal address with both", `<gd:structuredPostalAddress rel='http://schemas.google.com/g/2005#home' label='Seat'><gd:city>x</gd:city></gd:structuredPostalAddress>`, "gd:structuredPostalAddress[1]/@rel", attributeValue},
	{"ELEM-25 postal address with neither", `<gd:structuredPostalAddress><gd:city>x</gd:city></gd:structuredPostalAddress>`, "gd:structuredPostalAddress[1]/@rel", attributeValue},
	{"ELEM-26 event with both", `<gContact:event rel='anniversary' label='Ball'><gd:when startTime='1813-01-28'/></gContact:event>`, "gContact:event[1]/@rel", attributeValue},
	{"ELEM-26 event with neither", `<gContact:event><gd:when startTime='1813-01-28'/></gContact:event>`, "gContact:event[1]/@rel", attributeValue},
	{"ELEM-26 external id with both", `<gContact:externalId rel='account' label='Pew' value='1'/>`, "gContact:externalId[1]/@rel", attributeValue},
	{"ELEM-26 external id with neither", `<gContact:externalId value='1'/>`, "gContact:externalId[1]/@rel", attributeValue},
	{"ELEM-26 relation with both", `<gContact:relation rel='sister' label='Aunt'>Jane</gContact:relation>`, "gContact:relation[1]/@rel", attributeValue},
	{"ELEM-26 relation with neither", `<gContact:relation>Jane</gContact:relation>`, "gContact:relation[1]/@rel", attributeValue},
	{"ELEM-26 website with both", `<gContact:website rel='blog' label='Estate' href='x'/>`, "gContact:website[1]/@rel", attributeValue},
	{"ELEM-26 website with neither", `<gContact:website href='x'/>`, "gContact:website[1]/@rel", attributeValue},
	{"ELEM-26 calendar link with both", `<gContact:calendarLink rel='home' label='Balls' href='x'/>`, "gContact:calendarLink[1]/@rel", attributeValue},
	{"ELEM-26 calendar link with neither", `<gContact:calendarLink href='x'/>`, "gContact:calendarLink[1]/@rel", attributeValue},
	{"ELEM-28 an empty rel and no label", `<gd:email rel='' address='a@b'/>`, "gd:email[1]/@rel", attributeValue},
	{"ELEM-28 an empty label and no rel", `<gContact:website label='' href='x'/>`, "gContact:website[1]/@rel", attributeValue},

	{"ELEM-29 ELEM-40 e-mail with a rel of another element", `<gd:email rel='mobile' address='a@b'/>`, "gd:email[1]/@rel", attributeValue},
	{"ELEM-29 ELEM-41 messaging with an unknown rel", `<gd:im rel='pigeon' address='lizzy'/>`, "gd:im[1]/@rel", attributeValue},
	{"ELEM-29 ELEM-42 phone with an unknown rel", `<gd:phoneNumber rel='pigeon'>1</gd:phoneNumber>`, "gd:phoneNumber[1]/@rel", attributeValue},
	{"ELEM-29 ELEM-43 organization with an unknown rel", `<gd:organization rel='home'/>`, "gd:organization[1]/@rel", attributeValue},
	{"ELEM-29 ELEM-44 plain postal address with an unknown rel", `<gd:postalAddress rel='seat'>x</gd:postalAddress>`, "gd:postalAddress[1]/@rel", attributeValue},
	{"ELEM-29 ELEM-46 postal address with an unknown rel", `<gd:structuredPostalAddress rel='seat'><gd:city>x</gd:city></gd:structuredPostalAddress>`, "gd:structuredPostalAddress[1]/@rel", attributeValue},
	{"ELEM-29 ELEM-63 event with an unknown rel", `<gContact:event rel='ball'><gd:when startTime='1813-01-28'/></gContact:event>`, "gContact:event[1]/@rel", attributeValue},
	{"ELEM-29 ELEM-64 external id with an unknown rel", `<gContact:externalId rel='pew' value='1'/>`, "gContact:externalId[1]/@rel", attributeValue},
	{"ELEM-29 ELEM-65 relation with an unknown rel", `<gContact:relation rel='aunt'>Mrs Philips</gContact:relation>`, "gContact:relation[1]/@rel", attributeValue},
	{"ELEM-29 ELEM-66 website with a URI as rel", `<gContact:website rel='http://longbourn.example/x' href='x'/>`, "gContact:website[1]/@rel", attributeValue},
	{"ELEM-29 ELEM-69 calendar link with an unknown rel", `<gContact:calendarLink rel='other' href='x'/>`, "gContact:calendarLink[1]/@rel", attributeValue},

	{"ELEM-30 two primary e-mails", `<gd:email label='x' address='a@b' primary='true'/><gd:email label='x' address='c@d' primary='true'/>`, "gd:email[2]/@primary", attributeValue},
	{"ELEM-30 two primary messaging addresses", `<gd:im label='x' address='a' primary='true'/><gd:im label='x' address='b' primary='true'/>`, "gd:im[2]/@primary", attributeValue},
	{"ELEM-30 two primary organizations", `<gd:organization label='x' primary='true'/><gd:organization label='y'/><gd:organization label='z' primary='true'/>`, "gd:organization[3]/@primary", attributeValue},
	{"ELEM-30 two primary phones", `<gd:phoneNumber label='x' primary='1'>1</gd:phoneNumber><gd:phoneNumber label='x' primary='1'>2</gd:phoneNumber>`, "gd:phoneNumber[2]/@primary", attributeValue},
	{"ELEM-30 two primary postal addresses of different form", `<gd:postalAddress label='x' primary='true'>x</gd:postalAddress><gd:structuredPostalAddress label='x' primary='true'><gd:city>x</gd:city></gd:structuredPostalAddress>`, "gd:structuredPostalAddress[2]/@primary", attributeValue},
	{"ELEM-30 two primary websites", `<gContact:website label='x' href='a' primary='true'/><gContact:website label='x' href='b' primary='true'/>`, "gContact:website[2]/@primary", attributeValue},
	{"ELEM-30 two primary calendar links", `<gContact:calendarLink label='x' href='a' primary='true'/><gContact:calendarLink label='x' href='b' primary='true'/>`, "gContact:calendarLink[2]/@primary", attributeValue},

	{"ELEM-40 ELEM-77 e-mail without address", `<gd:email label='x'/>`, "gd:email[1]/@address", missingContent},
	{"ELEM-40 ELEM-77 e-mail with an empty address", `<gd:email label='x' address=''/>`, "gd:email[1]/@address", missingContent},
	{"ELEM-40 e-mail with a blank address", `<gd:email label='x' address='  '/>`, "gd:email[1]/@address", missingContent},
	{"ELEM-41 ELEM-77 messaging without address", `<gd:im label='x'/>`, "gd:im[1]/@address", missingContent},
	{"ELEM-41 messaging with an unknown protocol", `<gd:im label='x' address='lizzy' protocol='PIGEON'/>`, "gd:im[1]/@protocol", attributeValue},
	{"ELEM-42 ELEM-77 phone without number", `<gd:phoneNumber label='x'/>`, "gd:phoneNumber[1]", missingContent},
	{"ELEM-42 phone with a blank number", `<gd:phoneNumber label='x'> </gd:phoneNumber>`, "gd:phoneNumber[1]", missingContent},
	{"ELEM-44 ELEM-77 plain postal address without text", `<gd:postalAddress label='x'/>`, "gd:postalAddress[1]", missingContent},
	{"ELEM-46 an unknown mail class", `<gd:structuredPostalAddress label='x' mailClass='pigeons'/>`, "gd:structuredPostalAddress[1]/@mailClass", attributeValue},
	{"ELEM-46 an unknown usage", `<gd:structuredPostalAddress label='x' usage='global'/>`, "gd:structuredPostalAddress[1]/@usage", attributeValue},
	{"ELEM-50 ELEM-77 extended property without name", `<gd:extendedProperty value='hamster'/>`, "gd:extendedProperty[1]/@name", missingContent},
	{"ELEM-52 event on a day that no calendar has", `<gContact:event label='x'><gd:when startTime='1813-02-30'/></gContact:event>`, "gContact:event[1]/gd:when/@startTime", attributeValue},
	{"ELEM-52 event with a time", `<gContact:event label='x'><gd:when startTime='1813-01-28T20:00:00Z'/></gContact:event>`, "gContact:event[1]/gd:when/@startTime", attributeValue},
	{"ELEM-52 ELEM-77 event without start", `<gContact:event label='x'><gd:when endTime='1813-01-28'/></gContact:event>`, "gContact:event[1]/gd:when/@startTime", missingContent},
	{"ELEM-63 ELEM-77 event without when", `<gContact:event label='x'/>`, "gContact:event[1]/gd:when", "missingExtensionElement"},
	{"ELEM-61 birthday on no day", `<gContact:birthday when='1791-02-29'/>`, "gContact:birthday/@when", attributeValue},
	{"ELEM-61 birthday in another form", `<gContact:birthday when='23.5.1791'/>`, "gContact:birthday/@when", attributeValue},
	{"ELEM-61 birthday without year on no day", `<gContact:birthday when='--13-01'/>`, "gContact:birthday/@when", attributeValue},
	{"ELEM-61 ELEM-77 birthday without date", `<gContact:birthday/>`, "gContact:birthday/@when", missingContent},
	{"ELEM-62 an unknown gender", `<gContact:gender value='Female'/>`, "gContact:gender/@value", attributeValue},
	{"ELEM-62 ELEM-77 gender without value", `<gContact:gender/>`, "gContact:gender/@value", missingContent},
	{"ELEM-64 ELEM-77 external id without value", `<gContact:externalId label='x'/>`, "gContact:externalId[1]/@value", missingContent},
	{"ELEM-66 ELEM-77 website without address", `<gContact:website label='x'/>`, "gContact:website[1]/@href", missingContent},
	{"ELEM-67 an unknown priority", `<gContact:priority rel='highest'/>`, "gContact:priority/@rel", attributeValue},
	{"ELEM-67 ELEM-77 priority without rel", `<gContact:priority/>`, "gContact:priority/@rel", missingContent},
	{"ELEM-68 an unknown sensitivity", `<gContact:sensitivity rel='secret'/>`, "gContact:sensitivity/@rel", attributeValue},
	{"ELEM-68 ELEM-77 sensitivity without rel", `<gContact:sensitivity/>`, "gContact:sensitivity/@rel", missingContent},
	{"ELEM-69 ELEM-77 calendar link without address", `<gContact:calendarLink label='x'/>`, "gContact:calendarLink[1]/@href", missingContent},
	{"ELEM-70 language with both", `<gContact:language code='en' label='x'/>`, "gContact:language[1]/@code", attributeValue},
	{"ELEM-70 language with neither", `<gContact:language/>`, "gContact:language[1]/@code", attributeValue},
	{"ELEM-71 an unknown jot", `<gContact:jot rel='secret'>x</gContact:jot>`, "gContact:jot[1]/@rel", attributeValue},
	{"ELEM-71 ELEM-77 jot without rel", `<gContact:jot>x</gContact:jot>`, "gContact:jot[1]/@rel", missingContent},
	{"ELEM-73 ELEM-77 user-defined field without key", `<gContact:userDefinedField value='dark'/>`, "gContact:userDefinedField[1]/@key", missingContent},
	{"ELEM-73 ELEM-77 user-defined field without value", `<gContact:userDefinedField key='Hair'/>`, "gContact:userDefinedField[1]/@value", missingContent},
	{"ELEM-80 ERR-28 extended property with value and XML", `<gd:extendedProperty name='pet' value='hamster'><x xmlns=''/></gd:extendedProperty>`, "gd:extendedProperty[1]", "valueXmlMutuallyExclusive"},
	{"ELEM-80 extended property with value and text", `<gd:extendedProperty name='pet' value='hamster'>x</gd:extendedProperty>`, "gd:extendedProperty[1]", "valueXmlMutuallyExclusive"},
	{"ELEM-83 ERR-27 eleven extended properties", eachRel(`<gd:extendedProperty name='REL' value='x'/>`, "", "1 2 3 4 5 6 7 8 9 10 11"), "gd:extendedProperty[11]", "invalidEntry"},
	{"ELEM-85 extended property above 8 KiB", `<gd:extendedProperty name='pet' value='` + strings.Repeat("x", 8<<10) + `'/>`, "gd:extendedProperty[1]", "invalidEntry"},
	{"ELEM-93 membership without group", `<gContact:groupMembershipInfo deleted='false'/>`, "gContact:groupMembershipInfo[1]/@href", missingContent},

	{"ELEM-49 ELEM-76 ERR-26 two names", `<gd:name/><gd:name/>`, "gd:name", notRepeatable},
	{"ELEM-49 ELEM-76 two given names", `<gd:name><gd:givenName>Jane</gd:givenName><gd:givenName>Lizzy</gd:givenName></gd:name>`, "gd:name/gd:givenName", notRepeatable},
	{"ELEM-43 ELEM-76 two names of an organization", `<gd:organization label='x'><gd:orgName>a</gd:orgName><gd:orgName>b</gd:orgName></gd:organization>`, "gd:organization[1]/gd:orgName", notRepeatable},
	{"ELEM-46 ELEM-76 two cities", `<gd:structuredPostalAddress label='x'><gd:city>a</gd:city><gd:city>b</gd:city></gd:structuredPostalAddress>`, "gd:structuredPostalAddress[1]/gd:city", notRepeatable},
	{"ELEM-51 ELEM-76 two places", `<gd:where valueString='x'/><gd:where valueString='x'/>`, "gd:where", notRepeatable},
	{"ELEM-52 ELEM-76 two times of an event", `<gContact:event label='x'><gd:when startTime='1813-01-28'/><gd:when startTime='1813-01-28'/></gContact:event>`, "gContact:event[1]/gd:when", notRepeatable},
	{"ELEM-61 ELEM-76 two birthdays", `<gContact:birthday when='--05-23'/><gContact:birthday when='--05-23'/>`, "gContact:birthday", notRepeatable},
}

const (
	attributeValue = "invalidAttributeValue"
	missingContent = "missingRequiredContent"
	notRepeatable  = "elementNotRepeatable"
)

func TestRefusedElements(t *testing.T) {
	w := newWorld(t)
	kept := w.add(t, contactsFull, jane)
	for _, tc := range refused {
		t.Run(tc.name+", ELEM-27 on update as on insert", func(t *testing.T) {
			for _, a := range []*answer{
				w.as("3.0", "POST", contactsFull, atom(tc.xml)),
				w.as("3.0", "PUT", kept.link("edit"), atom(tc.xml), "If-Match", "*"),
				w.do(admin, "POST", sharedFull, atom(tc.xml), "GData-Version", "3.0"),
			} {
				a.want(t, http.StatusBadRequest)
				a.wantText(t, "<code>"+tc.code+"</code><location type='xpath'>/entry/"+tc.path+"</location><internalReason>")
			}
			w.as("1.0", "POST", contactsFull, atom(tc.xml)).want(t, http.StatusBadRequest).wantText(t, tc.path)
		})
	}

	t.Run("ELEM-20 ERR-24 the reason is said", func(t *testing.T) {
		const reason = "Exactly one of rel and label is required"
		a := w.as("1.0", "POST", contactsFull, atom(`<gd:email address='a@b'/>`)).wantReason(t, http.StatusBadRequest, reason)
		if strings.Contains(a.Body, "\n") {
			t.Errorf("body %q has several lines", a.Body)
		}
		w.as("3.0", "POST", contactsFull, atom(`<gd:email address='a@b'/>`)).wantText(t, "<internalReason>"+reason+"</internalReason>")
	})

	for _, name := range strings.Fields("nickname maidenName shortName initials yomiName occupation billingInformation mileage directoryServer subject fileAs") {
		t.Run("ELEM-60 ELEM-74 ELEM-76 two of gContact:"+name, func(t *testing.T) {
			one := "<gContact:" + name + ">x</gContact:" + name + ">"
			a := w.as("3.0", "POST", contactsFull, atom(one+one)).want(t, http.StatusBadRequest)
			a.wantText(t, "<code>elementNotRepeatable</code><location type='xpath'>/entry/gContact:"+name+"</location>")
		})
	}

	for _, f := range []*feed{w.read(t, contactsFull).feed(t), w.do(admin, "GET", sharedFull, "").want(t, http.StatusOK).feed(t)} {
		for _, e := range f.Entries {
			if e.ID != kept.ID || e.ETag != kept.ETag {
				t.Errorf("WRT-5: %+v was stored", e)
			}
		}
	}
}
