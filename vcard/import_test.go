package vcard

import (
	"reflect"
	"strings"
	"testing"

	"contacts"
)

// card is a card of these lines.
func card(t testing.TB, version string, l ...string) *Card {
	t.Helper()
	return one(t, "BEGIN:VCARD\r\nVERSION:"+version+"\r\n"+lines(l...)+"END:VCARD\r\n")
}

// made is the zero contact with a function applied.
func made(f func(c *contacts.Contact)) *contacts.Contact {
	c := new(contacts.Contact)
	f(c)
	return c
}

func rel(r string) contacts.Phone { return contacts.Phone{Rel: r, Number: "1"} }

// What programs write, and what a contact has of it.
func TestImport(t *testing.T) {
	type contact = contacts.Contact
	for _, tt := range []struct {
		name  string
		lines []string
		want  *contact
	}{
		{"a name", []string{"FN:Miss Elizabeth Bennet", "N:Bennet;Elizabeth;;Miss;"},
			made(func(c *contact) {
				c.Name = contacts.Name{Full: "Miss Elizabeth Bennet", Prefix: "Miss", Given: "Elizabeth", Family: "Bennet"}
			})},
		{"lists in a name", []string{"N:Bennet;Jane;Anne,Mary;;Esq.,M.P."},
			made(func(c *contact) {
				c.Name = contacts.Name{Given: "Jane", Additional: "Anne Mary", Family: "Bennet", Suffix: "Esq., M.P."}
			})},
		{"a comma that lacks its backslash", []string{"N:Bennet, of Longbourn;Jane;;;"},
			made(func(c *contact) { c.Name = contacts.Name{Given: "Jane", Family: "Bennet, of Longbourn"} })},
		{"a company", []string{"N:;;;;", "FN:Longbourn", "ORG:Longbourn;"},
			made(func(c *contact) { c.Organizations = []contacts.Organization{{Rel: "work", Name: "Longbourn"}} })},
		{"pronunciation", []string{"X-PHONETIC-FIRST-NAME:e-liz", "X-PHONETIC-LAST-NAME:ben-net"},
			made(func(c *contact) { c.Name.GivenYomi, c.Name.FamilyYomi = "e-liz", "ben-net" })},
		{"pronunciation by telephones", []string{"SOUND;X-IRMC-N:ben;liz;;;"},
			made(func(c *contact) { c.Name.GivenYomi, c.Name.FamilyYomi = "liz", "ben" })},
		{"nicknames", []string{"NICKNAME:Lizzy,Eliza"}, made(func(c *contact) { c.Nickname = "Lizzy, Eliza" })},
		{"two notes", []string{`NOTE:Walks\, a lot\nReads`, "NOTE:Plays"}, made(func(c *contact) { c.Notes = "Walks, a lot\nReads\nPlays" })},
		{"birthday", []string{"BDAY:1791-05-23"}, made(func(c *contact) { c.Birthday = "1791-05-23" })},
		{"birthday without hyphens", []string{"BDAY:17910523"}, made(func(c *contact) { c.Birthday = "1791-05-23" })},
		{"birthday with a time", []string{"BDAY;VALUE=date-time:1791-05-23T00:00:00Z"}, made(func(c *contact) { c.Birthday = "1791-05-23" })},
		{"birthday without a year", []string{"BDAY:--0523"}, made(func(c *contact) { c.Birthday = "--05-23" })},
		{"birthday without a year, by hyphens", []string{"BDAY:--05-23"}, made(func(c *contact) { c.Birthday = "--05-23" })},
		{"birthday without a year by Apple", []string{"BDAY;X-APPLE-OMIT-YEAR=1604:1604-05-23"}, made(func(c *contact) { c.Birthday = "--05-23" })},
		{"gender", []string{"GENDER:F"}, made(func(c *contact) { c.Gender = "female" })},
		{"gender by Outlook", []string{"X-WAB-GENDER:2"}, made(func(c *contact) { c.Gender = "male" })},
		{"class", []string{"CLASS:CONFIDENTIAL"}, made(func(c *contact) { c.Sensitivity = "confidential" })},

		{"e-mail by iOS", []string{"EMAIL;type=INTERNET;type=HOME;type=pref:liz@example.com"},
			made(func(c *contact) {
				c.Emails = []contacts.Email{{Rel: "home", Address: "liz@example.com", Primary: true}}
			})},
		{"e-mail with a label", []string{"item2.EMAIL;type=INTERNET:liz@example.com", "item2.X-ABLabel:Letters"},
			made(func(c *contact) { c.Emails = []contacts.Email{{Label: "Letters", Address: "liz@example.com"}} })},
		{"e-mail with Apple's label", []string{"item1.EMAIL:liz@example.com", "item1.X-ABLabel:_$!<Work>!$_"},
			made(func(c *contact) { c.Emails = []contacts.Email{{Rel: "work", Address: "liz@example.com"}} })},
		{"preferences", []string{"EMAIL;PREF=2:a@example.com", "EMAIL;PREF=1:b@example.com", "EMAIL:c@example.com"},
			made(func(c *contact) {
				c.Emails = []contacts.Email{
					{Rel: "other", Address: "a@example.com", Extra: params("<pref><integer>2</integer></pref>")},
					{Rel: "other", Address: "b@example.com", Primary: true}, {Rel: "other", Address: "c@example.com"}}
			})},
		{"unknown parameters", []string{"EMAIL;TYPE=home,letters;X-SLOT=3:a@example.com"},
			made(func(c *contact) {
				c.Emails = []contacts.Email{{Rel: "home", Address: "a@example.com",
					Extra: params("<type><text>letters</text></type><x-slot><text>3</text></x-slot>")}}
			})},

		{"telephones", []string{"TEL;TYPE=CELL,VOICE:1", "TEL;TYPE=WORK;TYPE=FAX:1", "TEL;HOME;VOICE:1", "TEL:1", "TEL;TYPE=VOICE:1",
			"TEL;TYPE=\"voice,home\":1", "TEL;type=IPHONE;type=CELL;type=VOICE:1", "TEL;type=MAIN:1", "TEL;TYPE=X-EVOLUTION-CALLBACK:1",
			"TEL;TYPE=PAGER:1", "TEL;TYPE=textphone:1", "TEL;WORK;CELL:1", "TEL;FAX:1"},
			made(func(c *contact) {
				iphone := rel("mobile")
				iphone.Extra = params("<type><text>IPHONE</text></type>")
				c.Phones = []contacts.Phone{rel("mobile"), rel("work_fax"), rel("home"), rel("other"), rel("other"), rel("home"), iphone,
					rel("main"), rel("callback"), rel("pager"), rel("tty_tdd"), rel("work_mobile"), rel("fax")}
			})},
		{"tel URI", []string{"TEL;VALUE=uri;TYPE=work:tel:+44-20-7946-0001"},
			made(func(c *contact) {
				c.Phones = []contacts.Phone{{Rel: "work", Number: "+44-20-7946-0001", URI: "tel:+44-20-7946-0001"}}
			})},
		{"Android's label", []string{"TEL;X-Inn:1"}, made(func(c *contact) { c.Phones = []contacts.Phone{{Label: "Inn", Number: "1"}} })},

		{"address", []string{"ADR;TYPE=HOME:7;East;1 Longbourn Lane;Meryton;Hertfordshire;SG13 7ZZ;United Kingdom"},
			made(func(c *contact) {
				c.Addresses = []contacts.Address{{Rel: "home", POBox: "7", Neighborhood: "East", Street: "1 Longbourn Lane", City: "Meryton",
					Region: "Hertfordshire", Postcode: "SG13 7ZZ", Country: "United Kingdom"}}
			})},
		{"address of Apple", []string{`item1.ADR;type=HOME;type=pref:;;1 Longbourn Lane\nLongbourn;Meryton;;;United Kingdom`, "item1.X-ABADR:gb"},
			made(func(c *contact) {
				c.Addresses = []contacts.Address{{Rel: "home", Primary: true, Street: "1 Longbourn Lane\nLongbourn", City: "Meryton",
					Country: "United Kingdom", CountryCode: "GB"}}
			})},
		{"address with a label", []string{"ADR;TYPE=HOME:;;;Meryton;;;", `LABEL;TYPE=HOME:Longbourn\nMeryton`, "LABEL;TYPE=WORK:Rosings"},
			made(func(c *contact) {
				c.Addresses = []contacts.Address{{Rel: "home", City: "Meryton", Formatted: "Longbourn\nMeryton"}, {Rel: "work", Formatted: "Rosings"}}
			})},
		{"address of version 4.0", []string{`ADR;LABEL="Longbourn\nMeryton";CC=GB:;;;Meryton;;;`},
			made(func(c *contact) {
				c.Addresses = []contacts.Address{{Rel: "other", City: "Meryton", CountryCode: "GB", Formatted: "Longbourn\nMeryton"}}
			})},
		{"empty values", []string{"ADR;HOME:;;;;;;", "TEL;HOME:", "EMAIL:", "ORG:;", "TITLE:", "URL:", "NOTE:", "BDAY:", "NICKNAME:", "PHOTO:", "IMPP:",
			"item1.TEL:", "item1.X-ABLabel:Inn", "item2.ORG:;", "item2.X-ABLabel:Inn"}, &contact{}},

		{"organization", []string{"ORG:Longbourn;House;Kitchen", "TITLE:Cook", "ROLE:Cooks"},
			made(func(c *contact) {
				c.Organizations = []contacts.Organization{{Rel: "work", Name: "Longbourn", Department: "House;Kitchen", Title: "Cook", JobDescription: "Cooks"}}
			})},
		{"organizations in groups", []string{"a.ORG:Longbourn", "b.ORG:Rosings", "b.TITLE:Guest", "a.TITLE:Daughter"},
			made(func(c *contact) {
				c.Organizations = []contacts.Organization{{Rel: "work", Name: "Longbourn", Title: "Daughter"}, {Rel: "work", Name: "Rosings", Title: "Guest"}}
			})},

		{"messaging", []string{"IMPP;X-SERVICE-TYPE=Skype;type=HOME:skype:lizzy", "IMPP:xmpp:liz%20b@example.com", "X-AIM;type=WORK:lizzy", "X-SKYPE:lizzy",
			"IMPP;X-SERVICE-TYPE=WeChat:x-apple:lizzy", "IMPP;X-SERVICE-TYPE=GoogleTalk:xmpp:liz@example.com"},
			made(func(c *contact) {
				c.IMs = []contacts.IM{{Rel: "home", Address: "lizzy", Protocol: "SKYPE"}, {Rel: "other", Address: "liz b@example.com", Protocol: "JABBER"},
					{Rel: "work", Address: "lizzy", Protocol: "AIM"}, {Rel: "other", Address: "lizzy", Protocol: "wechat:"},
					{Rel: "other", Address: "liz@example.com", Protocol: "GOOGLE_TALK"}}
			})},
		{"links", []string{"URL:http://example.com/", "URL;TYPE=WORK:http://example.com/w", "item1.URL:http://example.com/h", "item1.X-ABLabel:_$!<HomePage>!$_",
			"item2.URL:http://example.com/l", "item2.X-ABLabel:Letters", "URL;TYPE=BLOG:http://example.com/b"},
			made(func(c *contact) {
				c.Websites = []contacts.Website{{Rel: "home-page", Href: "http://example.com/"}, {Rel: "work", Href: "http://example.com/w"},
					{Rel: "home-page", Href: "http://example.com/h"}, {Label: "Letters", Href: "http://example.com/l"}, {Rel: "blog", Href: "http://example.com/b"}}
			})},
		{"calendars", []string{"FBURL:http://example.com/f", "CALURI;TYPE=WORK:http://example.com/c"},
			made(func(c *contact) {
				c.CalendarLinks = []contacts.CalendarLink{{Rel: "free-busy", Href: "http://example.com/f"}, {Rel: "work", Href: "http://example.com/c"}}
			})},
		{"dates", []string{"ANNIVERSARY:18130128", "X-ANNIVERSARY:1813-01-28", "item1.X-ABDATE;type=pref:1811-11-26", "item1.X-ABLabel:Ball",
			"item2.X-ABDATE:1812-01-28", "item2.X-ABLabel:_$!<Anniversary>!$_"},
			made(func(c *contact) {
				c.Events = []contacts.Event{{Rel: "anniversary", Start: "1813-01-28"}, {Label: "Ball", Start: "1811-11-26"}, {Rel: "anniversary", Start: "1812-01-28"}}
			})},
		{"relations", []string{"item1.X-ABRELATEDNAMES:Jane Bennet", "item1.X-ABLabel:_$!<Sister>!$_", "X-SPOUSE:Fitzwilliam Darcy", "X-MS-MANAGER:Lady Catherine",
			"RELATED;VALUE=text;TYPE=sibling:Mary Bennet", "RELATED;TYPE=parent,x-father;VALUE=text:Mr. Bennet", "item3.X-ABRELATEDNAMES:Charlotte", "item3.X-ABLabel:Confidante"},
			made(func(c *contact) {
				c.Relations = []contacts.Relation{{Rel: "sister", Person: "Jane Bennet"}, {Rel: "spouse", Person: "Fitzwilliam Darcy"}, {Rel: "manager", Person: "Lady Catherine"},
					{Label: "sibling", Person: "Mary Bennet"}, {Rel: "father", Person: "Mr. Bennet"}, {Label: "Confidante", Person: "Charlotte"}}
			})},
		{"Android", []string{"X-ANDROID-CUSTOM:vnd.android.cursor.item/nickname;Lizzy;1;;;;;;;;;;;;;", "X-ANDROID-CUSTOM:vnd.android.cursor.item/relation;Jane;13;;",
			"X-ANDROID-CUSTOM:vnd.android.cursor.item/contact_event;1811-11-26;0;Ball;"},
			made(func(c *contact) {
				c.Nickname = "Lizzy"
				c.Relations = []contacts.Relation{{Rel: "sister", Person: "Jane"}}
				c.Events = []contacts.Event{{Label: "Ball", Start: "1811-11-26"}}
			})},
		{"languages and hobbies", []string{"LANG:en-GB", "X-LANGUAGE:French", "HOBBY:walking"},
			made(func(c *contact) {
				c.Languages = []contacts.Language{{Code: "en-GB"}, {Label: "French"}}
				c.Hobbies = []string{"walking"}
			})},

		{"what is not known", []string{"TZ:+00:00", "item1.X-THING;A=1:a<b\\,c", "item1.X-ABLabel:Thing", "UID:7", "KEY;VALUE=uri:http://example.com/k", "GENDER:O;other"},
			made(func(c *contact) {
				c.Extra = contacts.Extra{{XML: "<uid xmlns='urn:ietf:params:xml:ns:vcard-4.0'><text>7</text></uid>" +
					"<tz xmlns='urn:ietf:params:xml:ns:vcard-4.0'><unknown>+00:00</unknown></tz>" +
					"<group xmlns='urn:ietf:params:xml:ns:vcard-4.0' name='item1'><x-ablabel><unknown>Thing</unknown></x-ablabel></group>" +
					"<group xmlns='urn:ietf:params:xml:ns:vcard-4.0' name='item1'><x-thing><parameters><a><text>1</text></a></parameters><unknown>a&lt;b\\,c</unknown></x-thing></group>" +
					"<key xmlns='urn:ietf:params:xml:ns:vcard-4.0'><uri>http://example.com/k</uri></key>" +
					"<gender xmlns='urn:ietf:params:xml:ns:vcard-4.0'><unknown>O;other</unknown></gender>"}}
			})},
		{"dates that a contact cannot have", []string{"BDAY:circa 1791", "ANNIVERSARY:--0128", "BDAY;VALUE=text:May"},
			made(func(c *contact) {
				c.Extra = contacts.Extra{{XML: "<bday xmlns='urn:ietf:params:xml:ns:vcard-4.0'><unknown>circa 1791</unknown></bday>" +
					"<anniversary xmlns='urn:ietf:params:xml:ns:vcard-4.0'><unknown>--0128</unknown></anniversary>" +
					"<bday xmlns='urn:ietf:params:xml:ns:vcard-4.0'><parameters><value><text>text</text></value></parameters><unknown>May</unknown></bday>"}}
			})},
		{"a link to a photo", []string{"PHOTO;VALUE=uri:http://example.com/liz.jpg"},
			made(func(c *contact) {
				c.Extra = contacts.Extra{{XML: "<photo xmlns='urn:ietf:params:xml:ns:vcard-4.0'><uri>http://example.com/liz.jpg</uri></photo>"}}
			})},
		{"parameters of a single field", []string{"NICKNAME;LANGUAGE=en:Lizzy"},
			made(func(c *contact) {
				c.Nickname = "Lizzy"
				c.Extra = contacts.Extra{{In: "gContact:nickname",
					XML: "<parameters xmlns='urn:ietf:params:xml:ns:vcard-4.0'><language><language-tag>en</language-tag></language></parameters>"}}
			})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			im := card(t, V3, tt.lines...).Import()
			if len(im.Lost) > 0 {
				t.Errorf("Lost = %q", im.Lost)
			}
			same(t, im.Contact, tt.want)
			if err := im.Contact.Validate(); err != nil {
				t.Errorf("Validate() = %v", err)
			}
			for _, version := range []string{V3, V4} {
				text := string(Append(nil, im.Contact, Options{Version: version}))
				again := one(t, text).Import()
				a, b := again.Contact.Clone(), tt.want.Clone()
				a.Normalize()
				b.Normalize()
				if same(t, a, b); t.Failed() {
					t.Fatalf("from version %s:\n%s", version, text)
				}
			}
		})
	}
}

// params is an Extra with parameters of a property.
func params(xml string) contacts.Extra {
	return contacts.Extra{{XML: "<parameters xmlns='urn:ietf:params:xml:ns:vcard-4.0'>" + xml + "</parameters>"}}
}

// same compares contacts field by field.
func same(t testing.TB, got, want *contacts.Contact) {
	t.Helper()
	if reflect.DeepEqual(got, want) {
		return
	}
	g, w := reflect.ValueOf(*got), reflect.ValueOf(*want)
	for i := range g.NumField() {
		a, b := g.Field(i), w.Field(i)
		if (a.Kind() != reflect.Slice || a.Len()+b.Len() > 0) && !reflect.DeepEqual(a.Interface(), b.Interface()) {
			t.Errorf("%s\ngot  %+v\nwant %+v", g.Type().Field(i).Name, a, b)
		}
	}
}

func TestImportBeside(t *testing.T) {
	im := card(t, V3, "FN:Jane", "UID:urn:uuid:7", "REV:2008-03-05T12:36:38Z", "CATEGORIES:Family,Friends", `CATEGORIES:Family,a\,b`).Import()
	if im.UID != "urn:uuid:7" || UID(im.Contact) != im.UID || BareUID(im.UID) != "7" {
		t.Errorf("UID %q, of the contact %q", im.UID, UID(im.Contact))
	}
	if got := im.Rev.Format("2006-01-02 15:04:05"); got != "2008-03-05 12:36:38" {
		t.Errorf("Rev = %s", got)
	}
	if got := strings.Join(im.Categories, "|"); got != "Family|Friends|a,b" {
		t.Errorf("Categories = %q", got)
	}
	group := card(t, V3, "FN:Sisters", "X-ADDRESSBOOKSERVER-KIND:group", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:7", "MEMBER:8").Import()
	if !group.Group || !reflect.DeepEqual(group.Members, []string{"7", "8"}) || group.Contact.Name.Full != "Sisters" {
		t.Errorf("group = %+v", group)
	}
	for _, version := range []string{V3, V4} {
		g := Group{Name: "Sisters", UID: "9", Members: []string{"7", "urn:uuid:8"}, Rev: im.Rev}
		again := one(t, string(AppendGroup(nil, &g, version))).Import()
		if !again.Group || !reflect.DeepEqual(again.Members, []string{"7", "8"}) || again.UID != "9" || !again.Rev.Equal(im.Rev) || again.Contact.Name.Full != "Sisters" {
			t.Errorf("AppendGroup(%s) gives %+v", version, again)
		}
	}
}
