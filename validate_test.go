package contacts_test

import (
	"errors"
	"strings"
	"testing"

	"contacts"
)

func TestValidate(t *testing.T) {
	t.Run("NAME-9 ELEM-14 a contact without anything is valid", func(t *testing.T) {
		if err := (&contacts.Contact{}).Validate(); err != nil {
			t.Errorf("Validate() = %v", err)
		}
	})

	const value, missing = contacts.CodeAttributeValue, contacts.CodeMissingContent
	home := func(address string) contacts.Email { return contacts.Email{Rel: "home", Address: address} }
	for _, tc := range []struct {
		name string
		c    contacts.Contact
		path string // of the error; empty if there is none
		code contacts.Code
	}{
		{"ELEM-20 e-mail with a rel", contacts.Contact{Emails: []contacts.Email{home("a@b")}}, "", ""},
		{"ELEM-20 e-mail with a label", contacts.Contact{Emails: []contacts.Email{{Label: "Letters", Address: "a@b"}}}, "", ""},
		{"ELEM-20 e-mail with both", contacts.Contact{Emails: []contacts.Email{home("a@b"), {Rel: "home", Label: "Letters", Address: "a@b"}}}, "gd:email[2]/@rel", value},
		{"ELEM-20 e-mail with neither", contacts.Contact{Emails: []contacts.Email{{Address: "a@b"}}}, "gd:email[1]/@rel", value},
		{"ELEM-40 e-mail without address", contacts.Contact{Emails: []contacts.Email{home("")}}, "gd:email[1]/@address", missing},
		{"ELEM-40 no further syntax of addresses", contacts.Contact{Emails: []contacts.Email{home("not an address")}}, "", ""},
		{"ELEM-29 a rel of another element", contacts.Contact{Emails: []contacts.Email{{Rel: "mobile", Address: "a@b"}}}, "gd:email[1]/@rel", value},
		{"ELEM-29 a URI as rel of a gd element", contacts.Contact{Emails: []contacts.Email{{Rel: "tag:example.org,2008:pigeon", Address: "a@b"}}}, "", ""},
		{"ELEM-29 no URI as rel of a website", contacts.Contact{Websites: []contacts.Website{{Rel: "x:y", Href: "x"}}}, "gContact:website[1]/@rel", value},
		{"ELEM-29 no URI as rel of an event", contacts.Contact{Events: []contacts.Event{{Rel: "x:y", Start: "1813-01-28"}}}, "gContact:event[1]/@rel", value},
		{"ELEM-29 no URI as rel of an external id", contacts.Contact{ExternalIDs: []contacts.ExternalID{{Rel: "x:y", Value: "1"}}}, "gContact:externalId[1]/@rel", value},
		{"ELEM-29 no URI as rel of a relation", contacts.Contact{Relations: []contacts.Relation{{Rel: "x:y", Person: "Jane"}}}, "gContact:relation[1]/@rel", value},
		{"ELEM-29 no URI as rel of a calendar link", contacts.Contact{CalendarLinks: []contacts.CalendarLink{{Rel: "x:y", Href: "x"}}}, "gContact:calendarLink[1]/@rel", value},
		{"ELEM-29 a rel that only looks like a URI", contacts.Contact{Phones: []contacts.Phone{{Rel: "1st:line", Number: "1"}}}, "gd:phoneNumber[1]/@rel", value},
		{"ELEM-29 a colon first is no URI", contacts.Contact{Phones: []contacts.Phone{{Rel: ":line", Number: "1"}}}, "gd:phoneNumber[1]/@rel", value},
		{"ELEM-41 an unknown protocol", contacts.Contact{IMs: []contacts.IM{{Rel: "home", Address: "lizzy", Protocol: "PIGEON"}}}, "gd:im[1]/@protocol", value},
		{"ELEM-41 any URI as protocol", contacts.Contact{IMs: []contacts.IM{{Rel: "netmeeting", Address: "lizzy", Protocol: "http://example.org/pigeon"}}}, "", ""},
		{"ELEM-42 phone without number", contacts.Contact{Phones: []contacts.Phone{{Rel: "tty_tdd"}}}, "gd:phoneNumber[1]", missing},
		{"ELEM-44 postal address without text", contacts.Contact{Addresses: []contacts.Address{{Rel: "home", Plain: true}}}, "gd:postalAddress[1]", missing},
		{"ELEM-46 mail class", contacts.Contact{Addresses: []contacts.Address{{Rel: "home", MailClass: "pigeons"}}}, "gd:structuredPostalAddress[1]/@mailClass", value},
		{"ELEM-46 usage", contacts.Contact{Addresses: []contacts.Address{{Rel: "home", MailClass: "letters", Usage: "global"}}}, "gd:structuredPostalAddress[1]/@usage", value},
		{"ELEM-30 postal addresses of both forms together", contacts.Contact{Addresses: []contacts.Address{
			{Rel: "home", Street: "Longbourn", Primary: true}, {Rel: "work", Formatted: "Meryton", Plain: true, Primary: true}}}, "gd:structuredPostalAddress[2]/@primary", value},
		{"ELEM-61 a day that no year has", contacts.Contact{Birthday: "--02-30"}, "gContact:birthday/@when", value},
		{"ELEM-61 a day that this year lacks", contacts.Contact{Birthday: "1791-02-29"}, "gContact:birthday/@when", value},
		{"ELEM-61 the leap day without year", contacts.Contact{Birthday: "--02-29"}, "", ""},
		{"ELEM-61 a year of two digits", contacts.Contact{Birthday: "91-05-23"}, "gContact:birthday/@when", value},
		{"ELEM-61 a time", contacts.Contact{Birthday: "1791-05-23T00:00:00"}, "gContact:birthday/@when", value},
		{"ELEM-52 an event without year", contacts.Contact{Events: []contacts.Event{{Rel: "anniversary", Start: "--05-23"}}}, "gContact:event[1]/gd:when/@startTime", value},
		{"ELEM-70 a language with neither", contacts.Contact{Languages: []contacts.Language{{}}}, "gContact:language[1]/@code", value},
		{"ELEM-71 a jot without rel", contacts.Contact{Jots: []contacts.Jot{{Text: "pin money"}}}, "gContact:jot[1]/@rel", missing},
		{"ELEM-72 a hobby without text", contacts.Contact{Hobbies: []string{"walking", ""}}, "gContact:hobby[2]", missing},
		{"ELEM-73 a user-defined field may be empty", contacts.Contact{UserDefined: []contacts.UserDefined{{}, {}}}, "", ""},
		{"ELEM-80 a property with value and XML", contacts.Contact{Properties: []contacts.Property{{Name: "pet", Value: "hamster", XML: "<x xmlns=''/>"}}}, "gd:extendedProperty[1]", contacts.CodeExclusive},
		{"ELEM-80 a property with value and text", contacts.Contact{Properties: []contacts.Property{{Name: "pet", Value: "hamster", Text: "x"}}}, "gd:extendedProperty[1]", contacts.CodeExclusive},
		{"ELEM-83 ten properties", contacts.Contact{Properties: properties(10)}, "", ""},
		{"ELEM-83 eleven properties", contacts.Contact{Properties: properties(11)}, "gd:extendedProperty[11]", contacts.CodeInvalidEntry},
		{"ELEM-85 a property of 8 KiB", contacts.Contact{Properties: []contacts.Property{{Name: "pet", Value: strings.Repeat("x", 8<<10-3)}}}, "", ""},
		{"ELEM-85 a property above 8 KiB", contacts.Contact{Properties: []contacts.Property{{Name: "pet", Value: strings.Repeat("x", 8<<10-2)}}}, "gd:extendedProperty[1]", contacts.CodeInvalidEntry},
		{"XML-7 unknown XML of 64 KiB", contacts.Contact{Extra: unknown(32 << 10), Name: contacts.Name{Extra: unknown(32 << 10)}}, "", ""},
		{"XML-7 unknown XML above 64 KiB, all together", contacts.Contact{Extra: unknown(32 << 10), Emails: []contacts.Email{{Rel: "home", Address: "a@b", Extra: unknown(32<<10 + 1)}}}, "", contacts.CodeInvalidEntry},
	} {
		t.Run(tc.name, func(t *testing.T) {
			wantInvalid(t, tc.c.Validate(), tc.path, tc.code)
		})
	}
}

func properties(n int) []contacts.Property {
	ps := make([]contacts.Property, n)
	for i := range ps {
		ps[i].Name = "pet"
	}
	return ps
}

func unknown(n int) contacts.Extra { return contacts.Extra{{XML: strings.Repeat("x", n)}} }

// wantInvalid wants no error for the empty code, and else one of kind Invalid.
func wantInvalid(t *testing.T, err error, path string, code contacts.Code) {
	t.Helper()
	if code == "" {
		if err != nil {
			t.Errorf("Validate() = %v, want nil", err)
		}
		return
	}
	var e *contacts.Error
	if !errors.As(err, &e) || !errors.Is(err, contacts.Invalid) || e.Path != path || e.Code != code || e.Reason == "" {
		t.Errorf("Validate() = %#v, want code %s at %q", err, code, path)
	}
}

func TestValidateGroup(t *testing.T) {
	for _, tc := range []struct {
		name string
		g    contacts.Group
		path string
		code contacts.Code
	}{
		{"ELEM-102 a name", contacts.Group{Name: "Militia"}, "", ""},
		{"ELEM-102 no name", contacts.Group{}, "atom:title", contacts.CodeMissingContent},
		{"ELEM-102 a name of blanks", contacts.Group{Name: " \t"}, "atom:title", contacts.CodeMissingContent},
		{"ELEM-87 eleven properties", contacts.Group{Name: "Militia", Properties: properties(11)}, "gd:extendedProperty[11]", contacts.CodeInvalidEntry},
		{"XML-9 a name that XML cannot carry", contacts.Group{Name: "Mili\x00tia"}, "atom:title", contacts.CodeAttributeValue},
	} {
		t.Run(tc.name, func(t *testing.T) {
			wantInvalid(t, tc.g.Validate(), tc.path, tc.code)
		})
	}
}

// Contacts come from CardDAV and the web too, where no XML parser looked at
// the text first.
func TestValidateText(t *testing.T) {
	bad := []string{"\x00", "a\x1fb", "\xff", "a\xc3", "\uFFFE", "\uFFFF", "\xed\xa0\x80"}
	good := []string{"", "tab\t line\n return\r", "Ελισάβετ", "\U0001F3E1", "\x7f", "\uFFFD", "\u0085"}
	for _, s := range good {
		if !contacts.IsText(s) {
			t.Errorf("IsText(%q) = false", s)
		}
	}

	// every place of a contact that holds a text
	places := map[string]func(c *contacts.Contact, s string){
		"notes":    func(c *contacts.Contact, s string) { c.Notes = s },
		"name":     func(c *contacts.Contact, s string) { c.Name.Full = s },
		"yomi":     func(c *contacts.Contact, s string) { c.Name.FamilyYomi = s },
		"nickname": func(c *contacts.Contact, s string) { c.Nickname = s },
		"fileAs":   func(c *contacts.Contact, s string) { c.FileAs = s },
		"where":    func(c *contacts.Contact, s string) { c.Where.Value = s },
		"gender":   func(c *contacts.Contact, s string) { c.Gender = s + "\x00" },
		"organization": func(c *contacts.Contact, s string) {
			c.Organizations = []contacts.Organization{{Rel: "work", Symbol: s}}
		},
		"post": func(c *contacts.Contact, s string) {
			c.Organizations = []contacts.Organization{{Rel: "work", Where: contacts.Where{Value: s}}}
		},
		"label":   func(c *contacts.Contact, s string) { c.Emails = []contacts.Email{{Label: "x" + s, Address: "a@b"}} },
		"uri":     func(c *contacts.Contact, s string) { c.Emails = []contacts.Email{{Rel: "x:" + s, Address: "a@b"}} },
		"address": func(c *contacts.Contact, s string) { c.Emails = []contacts.Email{{Rel: "home", Address: "x" + s}} },
		"display": func(c *contacts.Contact, s string) {
			c.Emails = []contacts.Email{{Rel: "home", Address: "a@b", DisplayName: s}}
		},
		"protocol": func(c *contacts.Contact, s string) {
			c.IMs = []contacts.IM{{Rel: "home", Address: "a", Protocol: "x:" + s}}
		},
		"phone":   func(c *contacts.Contact, s string) { c.Phones = []contacts.Phone{{Rel: "home", Number: "1" + s}} },
		"tel":     func(c *contacts.Contact, s string) { c.Phones = []contacts.Phone{{Rel: "home", Number: "1", URI: s}} },
		"country": func(c *contacts.Contact, s string) { c.Addresses = []contacts.Address{{Rel: "home", CountryCode: s}} },
		"mailClass": func(c *contacts.Contact, s string) {
			c.Addresses = []contacts.Address{{Rel: "home", MailClass: "x:" + s}}
		},
		"event": func(c *contacts.Contact, s string) {
			c.Events = []contacts.Event{{Label: "x", Start: "1813-01-28", Value: s}}
		},
		"externalId": func(c *contacts.Contact, s string) {
			c.ExternalIDs = []contacts.ExternalID{{Label: "x", Value: "1" + s}}
		},
		"relation": func(c *contacts.Contact, s string) {
			c.Relations = []contacts.Relation{{Label: "x", Person: "Jane" + s}}
		},
		"key":     func(c *contacts.Contact, s string) { c.UserDefined = []contacts.UserDefined{{Key: s}} },
		"website": func(c *contacts.Contact, s string) { c.Websites = []contacts.Website{{Label: "x", Href: "x" + s}} },
		"calendar": func(c *contacts.Contact, s string) {
			c.CalendarLinks = []contacts.CalendarLink{{Label: "x", Href: "x" + s}}
		},
		"language": func(c *contacts.Contact, s string) { c.Languages = []contacts.Language{{Label: "x" + s}} },
		"jot":      func(c *contacts.Contact, s string) { c.Jots = []contacts.Jot{{Rel: "home", Text: s}} },
		"hobby":    func(c *contacts.Contact, s string) { c.Hobbies = []string{"x" + s} },
		"property": func(c *contacts.Contact, s string) { c.Properties = []contacts.Property{{Name: "x" + s}} },
		"value":    func(c *contacts.Contact, s string) { c.Properties = []contacts.Property{{Name: "x", Value: s}} },
		"realm":    func(c *contacts.Contact, s string) { c.Properties = []contacts.Property{{Name: "x", Realm: s}} },
	}
	t.Run("XML-9 text that XML cannot carry is refused wherever it stands", func(t *testing.T) {
		for place, set := range places {
			for _, s := range bad {
				c := &contacts.Contact{}
				set(c, s)
				if err := c.Validate(); !errors.Is(err, contacts.Invalid) {
					t.Errorf("%s with %q: Validate() = %v, want Invalid", place, s, err)
				}
			}
			if place == "gender" {
				continue // takes two words alone
			}
			for _, s := range good {
				c := &contacts.Contact{}
				set(c, s)
				if err := c.Validate(); err != nil {
					t.Errorf("%s with %q: Validate() = %v", place, s, err)
				}
			}
		}
	})
}

func TestError(t *testing.T) {
	err := &contacts.Error{Kind: contacts.Invalid, Code: contacts.CodeAttributeValue, Reason: "unknown rel", Path: "gd:email[1]/@rel", Err: errors.New("cause")}
	if got, want := err.Error(), "gd:email[1]/@rel: unknown rel: cause"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
	if !errors.Is(err, contacts.Invalid) || errors.Is(err, contacts.Stale) || contacts.KindOf(err) != contacts.Invalid {
		t.Errorf("kind of %v = %q", err, contacts.KindOf(err))
	}
	if got := contacts.KindOf(contacts.NotFound); got != contacts.NotFound {
		t.Errorf("KindOf(NotFound) = %q", got)
	}
	if got := contacts.KindOf(errors.New("ours")); got != "" || contacts.CodeOf(errors.New("ours")) != "" {
		t.Errorf("KindOf(an error of ours) = %q", got)
	}
}
