package main

import (
	"encoding/xml"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Person is one made-up contact. NewPerson is a pure function of its
// arguments, so that every server is fed exactly the same people.
type Person struct {
	I                                  int
	UID                                string
	Given, Family, Full                string
	EmailWork, EmailHome               string
	PhoneWork, PhoneCell               string
	Street, City, Region, Zip, Country string
	Org, Title                         string
	Note                               string
}

// rng is the splitmix64 generator: small, fast and the same on every machine.
type rng uint64

func (r *rng) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

func (r *rng) n(n int) int            { return int(r.next() % uint64(n)) }
func (r *rng) pick(s []string) string { return s[r.n(len(s))] }

// Names, places and phrases of "Pride and Prejudice". The notes hold letters
// beyond ASCII, as real address books do.
var (
	givens    = strings.Fields("Elizabeth Jane Mary Catherine Lydia Fitzwilliam Charles Caroline Louisa George Charlotte William Maria Georgiana Anne Edward Philip Harriet Sarah Penelope Pen Kitty Lizzy Lewis Thomas Frances Gardiner Eliza")
	families  = strings.Fields("Bennet Darcy Bingley Wickham Collins Lucas Gardiner Philips Hurst Forster Denny Fitzwilliam Bourgh Jenkinson Reynolds Younge Hill Long King Harrington Carter Pratt Chamberlayne Morris Goulding Metcalfe Watson Robinson Webb Grantley Jones Stone Haggerston Annesley Dawson Nicholls")
	streets   = strings.Fields("Oakham Gracechurch Church High Mill Park River Lane Hill Bridge Castle Garden King Queen Market Grosvenor Edward Longbourn")
	cities    = strings.Fields("Meryton Longbourn Lambton Hunsford Brighton London Bath Derby Ramsgate Epsom Newcastle Westerham Bromley Oxford Matlock Bakewell Chatsworth Hertford")
	countries = []string{"England", "Ireland", "Scotland", "Wales", "France", "United Kingdom"}
	orgs      = strings.Fields("Netherfield Pemberley Rosings Longbourn Lucas Purvis Haye Stoke Clapham Oakham Ashworth Meryton Hunsford Lambton Matlock")
	orgForms  = []string{"Estate", "Park", "Lodge", "Ltd."}
	titles    = []string{"Clergyman", "Colonel", "Housekeeper", "Attorney", "Governess", "Steward", "Merchant"}
	words     = strings.Fields("met at the assembly in autumn likes coffee and long walks prefers calls after breakfast knows our family from the previous ball asked for a dance send the letter before Friday travels often between houses speaks French and Italian an old friend of the family plays the pianoforte at every soirée remember the fiancée invite to the annual dinner needs the new list of tenants responsible for the whole estate a naïve but amiable partner at whist reports to her ladyship")
)

// NewPerson returns contact number i. A revision above 0 gives a later edit of
// the same person: another telephone number and note, the same name and
// addresses.
func NewPerson(seed uint64, i, rev int) Person {
	r := rng(seed*0x51_7c_c1_b7_27_22_0a_95 + uint64(i)*0x2545F4914F6CDD1D)
	r.next()
	p := Person{I: i}
	p.UID = fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", uint32(r.next()), r.next()&0xffff, r.next()&0xfff, r.next()&0xfff, r.next()&0xffffffffffff)
	p.Given, p.Family = r.pick(givens), r.pick(families)
	p.Full = p.Given + " " + p.Family
	given, family := strings.ToLower(p.Given), strings.ToLower(p.Family)
	p.EmailWork = fmt.Sprintf("%s.%s.u%07d@mail%02d.example.com", given, family, i, r.n(100))
	p.EmailHome = fmt.Sprintf("%s%s%d@home%02d.example.net", given[:1], family, r.n(100000), r.n(100))
	p.PhoneWork = fmt.Sprintf("+44-1%03d-555-%04d", 100+r.n(900), r.n(10000))
	p.PhoneCell = fmt.Sprintf("+44-77%02d-%06d", r.n(100), r.n(1000000))
	p.Street = fmt.Sprintf("%d %s Street", 1+r.n(9999), r.pick(streets))
	p.City, p.Region, p.Zip, p.Country = r.pick(cities), fmt.Sprintf("R%02d", r.n(50)), fmt.Sprintf("%05d", r.n(100000)), r.pick(countries)
	p.Org, p.Title = r.pick(orgs)+" "+r.pick(orgForms), r.pick(titles)
	var note strings.Builder
	want := 220 + r.n(200)
	note.Grow(want + 16)
	for note.Len() < want {
		if note.Len() > 0 {
			note.WriteByte(' ')
		}
		note.WriteString(r.pick(words))
	}
	p.Note = note.String()
	if rev > 0 {
		p.PhoneWork = fmt.Sprintf("+44-1%03d-555-%04d", 100+(rev*7)%900, (rev*131)%10000)
		p.Note = fmt.Sprintf("rev %d; %s", rev, p.Note)
	}
	return p
}

var vcardEscape = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`)

// VCard renders the person as vCard 3.0, about 810 bytes.
func (p Person) VCard() []byte {
	esc := vcardEscape.Replace
	b := make([]byte, 0, 1200)
	for _, l := range []string{
		"BEGIN:VCARD", "VERSION:3.0", "PRODID:-//contacts//bench//EN",
		"UID:" + p.UID,
		"FN:" + esc(p.Full),
		"N:" + esc(p.Family) + ";" + esc(p.Given) + ";;;",
		"ORG:" + esc(p.Org),
		"TITLE:" + esc(p.Title),
		"EMAIL;TYPE=INTERNET,WORK,PREF:" + p.EmailWork,
		"EMAIL;TYPE=INTERNET,HOME:" + p.EmailHome,
		"TEL;TYPE=WORK,VOICE:" + p.PhoneWork,
		"TEL;TYPE=CELL:" + p.PhoneCell,
		"ADR;TYPE=WORK:;;" + esc(p.Street) + ";" + esc(p.City) + ";" + p.Region + ";" + p.Zip + ";" + esc(p.Country),
		"NOTE:" + esc(p.Note),
		"REV:2026-01-01T00:00:00Z",
		"END:VCARD",
	} {
		b = appendFolded(b, l)
	}
	return b
}

// appendFolded appends a line of at most 75 octets and its continuations,
// without cutting a character.
func appendFolded(b []byte, s string) []byte {
	for limit := 75; len(s) > limit; limit = 74 { // the blank of a continuation counts
		cut := limit
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		b = append(b, s[:cut]...)
		b = append(b, "\r\n "...)
		s = s[cut:]
	}
	b = append(b, s...)
	return append(b, "\r\n"...)
}

// escapeXML escapes text for an element or an attribute.
func escapeXML(s string) string {
	if !strings.ContainsAny(s, `<>&'"`) {
		return s
	}
	var b strings.Builder
	xml.EscapeText(&b, []byte(s)) // a strings.Builder does not fail
	return b.String()
}

const (
	atomHead = "<?xml version='1.0' encoding='UTF-8'?>"
	atomNS   = `xmlns='http://www.w3.org/2005/Atom' xmlns:gd='http://schemas.google.com/g/2005' xmlns:gContact='http://schemas.google.com/contact/2008' xmlns:batch='http://schemas.google.com/gdata/batch'`
	gdRel    = "http://schemas.google.com/g/2005#"
)

// appendAtom appends the children of the person's Atom entry, about 1,500
// bytes. It does without fmt: at 10,000 writes a second the generator must
// leave the processor to the server.
func (p Person) appendAtom(b []byte) []byte {
	for _, s := range [...]string{
		"<category scheme='" + gdRel + "kind' term='http://schemas.google.com/contact/2008#contact'/>",
		"<title type='text'>", escapeXML(p.Full), "</title>",
		"<content type='text'>", escapeXML(p.Note), "</content>",
		"<gd:name><gd:givenName>", escapeXML(p.Given), "</gd:givenName><gd:familyName>", escapeXML(p.Family),
		"</gd:familyName><gd:fullName>", escapeXML(p.Full), "</gd:fullName></gd:name>",
		"<gd:email rel='" + gdRel + "work' primary='true' address='", p.EmailWork, "'/>",
		"<gd:email rel='" + gdRel + "home' address='", p.EmailHome, "'/>",
		"<gd:phoneNumber rel='" + gdRel + "work' primary='true'>", p.PhoneWork, "</gd:phoneNumber>",
		"<gd:phoneNumber rel='" + gdRel + "mobile'>", p.PhoneCell, "</gd:phoneNumber>",
		"<gd:structuredPostalAddress rel='" + gdRel + "work' primary='true'><gd:street>", escapeXML(p.Street),
		"</gd:street><gd:city>", escapeXML(p.City), "</gd:city><gd:region>", p.Region, "</gd:region><gd:postcode>", p.Zip,
		"</gd:postcode><gd:country>", escapeXML(p.Country), "</gd:country></gd:structuredPostalAddress>",
		"<gd:organization rel='" + gdRel + "work' primary='true'><gd:orgName>", escapeXML(p.Org),
		"</gd:orgName><gd:orgTitle>", escapeXML(p.Title), "</gd:orgTitle></gd:organization>",
	} {
		b = append(b, s...)
	}
	return b
}

// AtomEntry renders an entry document. A client that updates sends back id and
// ETag; both are empty for a new contact.
func (p Person) AtomEntry(id, etag string) []byte {
	b := make([]byte, 0, 2800)
	b = append(b, atomHead+"<entry "+atomNS...)
	if etag != "" {
		b = append(append(append(b, " gd:etag='"...), escapeXML(etag)...), '\'')
	}
	b = append(b, '>')
	if id != "" {
		b = append(append(append(b, "<id>"...), escapeXML(id)...), "</id>"...)
	}
	b = p.appendAtom(b)
	return append(b, "</entry>"...)
}
