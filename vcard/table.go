package vcard

import (
	"strings"

	"contacts"
)

// A row maps properties to fields of a contact, both ways.
type row struct {
	names []string // of the properties that are read, separated where aliases of other programs begin
	in    string   // the place of what c.Extra keeps with the field; empty without

	// read takes what the property says; false leaves it to be kept as XML.
	read func(im *importer, p *Property) bool

	write func(w *writer) // nil if another row writes it
}

// rows is the table of properties and fields, in the order in which they are
// written. docs/formats.md shows it to people.
var rows = []row{
	{names: names("UID"), read: readUID, write: writeUID},
	{names: names("KIND X-ADDRESSBOOKSERVER-KIND"), read: readKind},
	{names: names("MEMBER X-ADDRESSBOOKSERVER-MEMBER"), read: readMember},
	{names: names("PRODID"), read: func(*importer, *Property) bool { return true }},
	{names: names("FN"), read: readFN, write: writeFN},
	{names: names("N"), read: readN, write: writeN},
	plain("X-PHONETIC-FIRST-NAME", func(c *contacts.Contact) *string { return &c.Name.GivenYomi }),
	plain("X-PHONETIC-MIDDLE-NAME", func(c *contacts.Contact) *string { return &c.Name.AdditionalYomi }),
	plain("X-PHONETIC-LAST-NAME", func(c *contacts.Contact) *string { return &c.Name.FamilyYomi }),
	text("gContact:yomiName", "X-PHONETIC-NAME", func(c *contacts.Contact) *string { return &c.YomiName }),
	{names: names("SOUND"), read: readSound},
	{names: names("NICKNAME"), in: "gContact:nickname", read: readNickname, write: writeNickname},
	text("gContact:maidenName", "X-MAIDENNAME", func(c *contacts.Contact) *string { return &c.MaidenName }, "X-MAIDEN-NAME"),
	text("gContact:shortName", "X-SHORT-NAME", func(c *contacts.Contact) *string { return &c.ShortName }),
	text("gContact:initials", "X-INITIALS", func(c *contacts.Contact) *string { return &c.Initials }, "X-MS-INITIALS"),
	text("gContact:fileAs", "X-EVOLUTION-FILE-AS", func(c *contacts.Contact) *string { return &c.FileAs }, "X-FILE-AS"),
	{names: names("GENDER X-GENDER X-WAB-GENDER"), in: "gContact:gender", read: readGender, write: writeGender},
	{names: names("BDAY"), in: "gContact:birthday", read: readBirthday, write: writeBirthday},
	text("gContact:occupation", "X-OCCUPATION", func(c *contacts.Contact) *string { return &c.Occupation }, "X-KADDRESSBOOK-X-PROFESSION"),
	{names: names("CLASS X-SENSITIVITY"), in: "gContact:sensitivity", read: readSensitivity, write: writeSensitivity},
	text("gContact:billingInformation", "X-BILLING-INFORMATION", func(c *contacts.Contact) *string { return &c.BillingInformation }),
	{names: names("X-PRIORITY"), in: "gContact:priority", read: readPriority, write: func(w *writer) { w.line("X-PRIORITY", "gContact:priority", w.c.Priority) }},
	text("gContact:mileage", "X-MILEAGE", func(c *contacts.Contact) *string { return &c.Mileage }),
	text("gContact:directoryServer", "X-DIRECTORY-SERVER", func(c *contacts.Contact) *string { return &c.DirectoryServer }),
	text("gContact:subject", "X-SUBJECT", func(c *contacts.Contact) *string { return &c.Subject }),
	{names: names("ORG"), read: readOrg, write: writeOrgs},
	{names: names("TITLE"), read: readTitle},
	{names: names("ROLE"), read: readRole},
	{names: names("X-PHONETIC-ORG"), read: readOrgYomi},
	{names: names("EMAIL"), read: readEmail, write: writeEmails},
	{names: names("IMPP X-AIM X-ICQ X-JABBER X-MSN X-YAHOO X-YAHOO-ID X-SKYPE X-SKYPE-USERNAME X-QQ X-GOOGLE-TALK X-GTALK X-GADUGADU X-MS-IMADDRESS"),
		read: readIM, write: writeIMs},
	{names: names("TEL"), read: readPhone, write: writePhones},
	{names: names("ADR"), read: readAddress, write: writeAddresses},
	{names: names("LABEL"), read: readLabel},
	{names: names("X-ABADR"), read: readCountryCode},
	{names: names("X-WHERE"), read: readWhere, write: writeWhere},
	{names: names("ANNIVERSARY X-ABDATE X-ANNIVERSARY X-EVOLUTION-ANNIVERSARY X-MS-ANNIVERSARY X-KADDRESSBOOK-X-ANNIVERSARY"),
		read: readEvent, write: writeEvents},
	{names: names("X-EXTERNAL-ID"), read: readExternalID, write: writeExternalIDs},
	{names: names(`RELATED X-ABRELATEDNAMES X-SPOUSE X-MANAGER X-ASSISTANT X-EVOLUTION-SPOUSE X-EVOLUTION-MANAGER X-EVOLUTION-ASSISTANT
		X-MS-SPOUSE X-MS-MANAGER X-MS-ASSISTANT X-MS-CHILD X-KADDRESSBOOK-X-SPOUSESNAME X-KADDRESSBOOK-X-SPOUSENAME
		X-KADDRESSBOOK-X-MANAGERSNAME X-KADDRESSBOOK-X-ASSISTANTSNAME`), read: readRelation, write: writeRelations},
	{names: names("X-USER-DEFINED"), read: readUserDefined, write: writeUserDefined},
	{names: names("URL X-SOCIALPROFILE SOCIALPROFILE X-EVOLUTION-BLOG-URL"), read: readWebsite, write: writeWebsites},
	{names: names("CALURI FBURL"), read: readCalendarLink, write: writeCalendarLinks},
	{names: names("LANG X-LANG X-LANGUAGE"), read: readLanguage, write: writeLanguages},
	{names: names("X-JOT"), read: readJot, write: writeJots},
	{names: names("HOBBY X-HOBBY"), in: "gContact:hobby", read: readHobby, write: writeHobbies},
	{names: names("CATEGORIES"), read: readCategories, write: writeCategories},
	{names: names("NOTE"), read: readNote, write: writeNote},
	{names: names("X-EXTENDED-PROPERTY"), read: readExtended, write: writeExtended},
	{names: names("X-ANDROID-CUSTOM"), read: readAndroid},
	{names: names("X-EXTRA"), read: readForeign},
	{names: names("PHOTO"), read: readPhoto, write: writePhoto},
	{write: writeKept},
	{names: names("REV"), read: readRev, write: writeRev},
}

func names(s string) []string { return strings.Fields(s) }

// plain is a field that is one text and has no element of its own.
func plain(name string, get func(*contacts.Contact) *string, also ...string) row {
	return text("", name, get, also...)
}

// text is a field that is one text. in is its element.
func text(in, name string, get func(*contacts.Contact) *string, also ...string) row {
	return row{names: append([]string{name}, also...), in: in,
		read: func(im *importer, p *Property) bool { return im.text(p, in, get(im.c)) },
		write: func(w *writer) {
			if v := *get(w.c); v != "" {
				w.line(name, in, v)
			}
		},
	}
}

// text reads a field that is one text. A second one is left alone.
func (im *importer) text(p *Property, in string, field *string) bool {
	v := strings.TrimSpace(p.Text())
	switch {
	case v == "":
		return true
	case *field != "", in == "" && len(p.Params) > 0:
		return false
	}
	*field = v
	im.keepRest(p, &im.c.Extra, in)
	return true
}

// keepRest keeps the parameters of a property that has none of its own.
func (im *importer) keepRest(p *Property, ex *contacts.Extra, in string) {
	if len(p.Params) == 0 {
		return
	}
	kept := im.kept[:0]
	for _, q := range p.Params {
		switch q.Name {
		case "VALUE", "ENCODING", "CHARSET", "X-EXTRA", "X-APPLE-OMIT-YEAR":
		default:
			kept = append(kept, q)
		}
	}
	keepParams(ex, in, kept)
	im.kept = kept[:0]
}

// readers finds the row of a property, and rowOf those whose parameters are
// kept in c.Extra. They are made of rows.
var (
	readers map[string]func(*importer, *Property) bool
	rowOf   map[string]bool
)

func init() {
	readers, rowOf = map[string]func(*importer, *Property) bool{}, map[string]bool{}
	for _, r := range rows {
		for _, name := range r.names {
			readers[name] = r.read
		}
		if r.in != "" {
			rowOf[r.in] = true
		}
	}
}

// A list is what the items of a repeated field have in common.
type list struct {
	in   string // where the parameters of an item are kept
	item func(c *contacts.Contact, i int) (*bool, *contacts.Extra)
}

var (
	organizations = &list{"gd:orgName", func(c *contacts.Contact, i int) (*bool, *contacts.Extra) {
		return &c.Organizations[i].Primary, &c.Organizations[i].Extra
	}}
	emails = &list{"", func(c *contacts.Contact, i int) (*bool, *contacts.Extra) {
		return &c.Emails[i].Primary, &c.Emails[i].Extra
	}}
	ims    = &list{"", func(c *contacts.Contact, i int) (*bool, *contacts.Extra) { return &c.IMs[i].Primary, &c.IMs[i].Extra }}
	phones = &list{"", func(c *contacts.Contact, i int) (*bool, *contacts.Extra) {
		return &c.Phones[i].Primary, &c.Phones[i].Extra
	}}
	addresses = &list{"", func(c *contacts.Contact, i int) (*bool, *contacts.Extra) {
		return &c.Addresses[i].Primary, &c.Addresses[i].Extra
	}}
	websites = &list{"", func(c *contacts.Contact, i int) (*bool, *contacts.Extra) {
		return &c.Websites[i].Primary, &c.Websites[i].Extra
	}}
	calendars = &list{"", func(c *contacts.Contact, i int) (*bool, *contacts.Extra) {
		return &c.CalendarLinks[i].Primary, &c.CalendarLinks[i].Extra
	}}
)
