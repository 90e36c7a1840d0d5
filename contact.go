// Package contacts is the vocabulary of the address book: contacts, groups,
// queries and errors, with the rules about their meaning and no I/O.
//
// Everything else speaks it: wire and vcard turn it into bytes and back, book
// keeps it in a store, client carries it over the network. The names are those
// of the Contacts Data API (entry, group membership, extended property).
package contacts

import "slices"

// A Contact is one entry of an address book: a person, a venue or an
// organization, without distinction (ELEM-14). The zero value is a valid,
// empty contact (NAME-9).
//
// Slices keep the order in which the client sent their elements.
type Contact struct {
	ID      ID    // given by the book; 0 before the insert
	Rev     Rev   // of the last change; given by the book
	Created Rev   // of the insert; given by the book
	Deleted bool  // a tombstone: only ID, Rev, Created and Memberships remain
	Photo   Photo // empty without a photo

	Name  Name
	Notes string // plain text, the content of the Atom entry

	Nickname           string
	MaidenName         string
	ShortName          string
	Initials           string
	YomiName           string // phonetic form of the whole name
	Gender             string // GenderMale or GenderFemale
	Birthday           string // YYYY-MM-DD, or --MM-DD without a year
	Occupation         string
	Sensitivity        string // confidential, normal, personal or private
	BillingInformation string
	Priority           string // low, normal or high
	Mileage            string
	DirectoryServer    string
	Subject            string
	FileAs             string
	Where              Where

	Organizations []Organization
	Emails        []Email
	IMs           []IM
	Phones        []Phone
	Addresses     []Address
	Events        []Event
	ExternalIDs   []ExternalID
	Relations     []Relation
	UserDefined   []UserDefined
	Websites      []Website
	CalendarLinks []CalendarLink
	Languages     []Language
	Jots          []Jot
	Hobbies       []string
	Memberships   []Membership
	Properties    []Property

	Extra Extra // XML that this package has no field for
}

// ETag identifies this state of the contact, alike on every protocol.
func (c *Contact) ETag() string { return c.Rev.ETag() }

// Clone returns a copy of c that shares no slice with it.
func (c *Contact) Clone() *Contact {
	d := *c
	d.Name.Extra = slices.Clone(c.Name.Extra)
	d.Where.Extra = slices.Clone(c.Where.Extra)
	d.Organizations = slices.Clone(c.Organizations)
	d.Emails = slices.Clone(c.Emails)
	d.IMs = slices.Clone(c.IMs)
	d.Phones = slices.Clone(c.Phones)
	d.Addresses = slices.Clone(c.Addresses)
	d.Events = slices.Clone(c.Events)
	d.ExternalIDs = slices.Clone(c.ExternalIDs)
	d.Relations = slices.Clone(c.Relations)
	d.UserDefined = slices.Clone(c.UserDefined)
	d.Websites = slices.Clone(c.Websites)
	d.CalendarLinks = slices.Clone(c.CalendarLinks)
	d.Languages = slices.Clone(c.Languages)
	d.Jots = slices.Clone(c.Jots)
	d.Hobbies = slices.Clone(c.Hobbies)
	d.Memberships = slices.Clone(c.Memberships)
	d.Properties = slices.Clone(c.Properties)
	d.Extra = slices.Clone(c.Extra)
	return &d
}

// A Group is a named set of contacts. Contacts list the groups that they are
// in; a group does not list its members.
type Group struct {
	ID      ID
	Rev     Rev
	Created Rev
	Deleted bool   // a tombstone: only ID, Rev and Created remain
	System  string // Contacts, Friends, Family or Coworkers for the four system groups (ELEM-104)

	Name       string
	Properties []Property
	Extra      Extra
}

// ETag identifies this state of the group, alike on every protocol. All system
// groups share one, because they never change (ELEM-105).
func (g *Group) ETag() string { return g.Rev.ETag() }

// Clone returns a copy of g that shares no slice with it.
func (g *Group) Clone() *Group {
	d := *g
	d.Properties = slices.Clone(g.Properties)
	d.Extra = slices.Clone(g.Extra)
	return &d
}

// A Name is the full name of a contact and its parts.
type Name struct {
	Full           string
	Prefix         string
	Given          string
	GivenYomi      string // phonetic forms
	Additional     string
	AdditionalYomi string
	Family         string
	FamilyYomi     string
	Suffix         string
	Extra          Extra
}

// An Organization is a post that the contact holds somewhere.
type Organization struct {
	Rel, Label     string // exactly one; Rel is RelWork or RelOther, or a URI
	Primary        bool
	Name           string
	NameYomi       string
	Title          string
	Department     string
	JobDescription string
	Symbol         string
	Where          Where
	Extra          Extra
}

// An Email is an address with either a Rel (a well-known use, such as RelHome,
// or a URI) or a Label (the owner's own word for it), never both.
type Email struct {
	Rel, Label  string
	Address     string // trimmed, letter case kept, not empty
	DisplayName string
	Primary     bool // at most one per contact
	Extra       Extra
}

// An IM is an instant messaging address.
type IM struct {
	Rel, Label string
	Address    string
	Protocol   string // a word of Google's list, such as JABBER, or a URI
	Primary    bool
	Extra      Extra
}

// A Phone is a telephone number in the form in which people write it.
type Phone struct {
	Rel, Label string
	Number     string
	URI        string // tel: URI
	Primary    bool
	Extra      Extra
}

// An Address is a postal address. Clients of versions 1 and 2 see Formatted
// alone.
type Address struct {
	Rel, Label   string
	Primary      bool
	MailClass    string // both, letters, parcels or neither
	Usage        string // general or local
	Agent        string
	HouseName    string
	Street       string
	POBox        string
	Neighborhood string
	City         string
	Subregion    string
	Region       string
	Postcode     string
	Country      string
	CountryCode  string // ISO 3166
	Formatted    string // the whole address, lines separated by \n
	Plain        bool   // written as gd:postalAddress, without parts (VER-51)
	Extra        Extra
}

// A Where names a place.
type Where struct {
	Value      string
	Rel, Label string
	Extra      Extra
}

// An Event is a date that matters to the contact.
type Event struct {
	Rel, Label string // Rel is RelAnniversary or RelOther
	Start      string // YYYY-MM-DD, as given
	End        string
	Value      string // words for the time
	Extra      Extra
}

// An ExternalID is the contact's number in another system.
type ExternalID struct {
	Rel, Label string // Rel is account, customer, network or organization
	Value      string
	Extra      Extra
}

// A Relation names a person and what that person is to the contact.
type Relation struct {
	Rel, Label string // Rel is sister, manager, ...
	Person     string
	Extra      Extra
}

// A UserDefined is a field with a name of the owner's own. Keys may repeat,
// and both may be empty.
type UserDefined struct {
	Key, Value string
	Extra      Extra
}

// A Website is an address on the web.
type Website struct {
	Rel, Label string // Rel is blog, ftp, home, home-page, other, profile or work
	Href       string
	Primary    bool
	Extra      Extra
}

// A CalendarLink leads to a calendar of the contact.
type CalendarLink struct {
	Rel, Label string // Rel is free-busy, home or work
	Href       string
	Primary    bool
	Extra      Extra
}

// A Language is a tongue of the contact: exactly one of a BCP 47 tag and a word.
type Language struct {
	Code, Label string
	Extra       Extra
}

// A Jot is a short note of a certain kind.
type Jot struct {
	Rel   string // home, keywords, other, user or work
	Text  string
	Extra Extra
}

// A Membership says that a contact is, or lately was, in a group.
type Membership struct {
	Group   ID
	Removed Rev // when it left the group; 0 while it is a member (ELEM-92)
}

// A Property is an extended property: a name that an application chose, with a
// value, an XML blob or a text, of which at most one is set (ELEM-80). With
// none it has an empty value (ELEM-86).
type Property struct {
	Name  string
	Realm string
	Value string
	XML   string // one or more elements, self-contained: they declare their namespaces
	Text  string // text content instead of a value
	Extra Extra
}

// Extra keeps what the schema does not know, so that it can be given back in
// the same place (XML-7). It belongs to one element.
type Extra []Unknown

// An Unknown is a piece of XML without a field of its own.
type Unknown struct {
	// In names the simple child element that the piece was found on, in its
	// output form such as "gContact:nickname"; empty for the element itself.
	In string

	Attrs string // attributes in canonical form, each with a leading blank
	XML   string // child elements in canonical, self-contained form
}

// The uses that several elements share.
const (
	RelHome        = "home"
	RelWork        = "work"
	RelOther       = "other"
	RelMobile      = "mobile"
	RelAnniversary = "anniversary"
)

// The values of Contact.Gender.
const (
	GenderMale   = "male"
	GenderFemale = "female"
)
