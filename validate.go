package contacts

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of one entry.
const (
	MaxProperties    = 10       // extended properties (ELEM-83)
	MaxPropertyBytes = 8 << 10  // of one extended property (ELEM-85)
	MaxExtraBytes    = 64 << 10 // of XML without a field, all together (XML-7)
)

// Validate checks the meaning of c, whichever way it came in. The error has
// kind Invalid and the path of the first fault, in the element names of the
// Contacts Data API, such as gd:email[2]/@rel.
func (c *Contact) Validate() error {
	v := validator{}
	v.text("atom:content", c.Notes)
	v.name(&c.Name)
	for _, f := range [...]struct{ path, text string }{
		{"gContact:nickname", c.Nickname}, {"gContact:maidenName", c.MaidenName}, {"gContact:shortName", c.ShortName},
		{"gContact:initials", c.Initials}, {"gContact:yomiName", c.YomiName}, {"gContact:occupation", c.Occupation},
		{"gContact:billingInformation", c.BillingInformation}, {"gContact:mileage", c.Mileage},
		{"gContact:directoryServer", c.DirectoryServer}, {"gContact:subject", c.Subject}, {"gContact:fileAs", c.FileAs},
	} {
		v.text(f.path, f.text)
	}
	v.word("gContact:gender/@value", c.Gender, genders)             // ELEM-62
	v.word("gContact:sensitivity/@rel", c.Sensitivity, sensitivity) // ELEM-68
	v.word("gContact:priority/@rel", c.Priority, priorities)        // ELEM-67
	if c.Birthday != "" && !isDate(c.Birthday) && !isYearlessDate(c.Birthday) {
		v.fail("gContact:birthday/@when", CodeAttributeValue, "Not a date in the form YYYY-MM-DD or --MM-DD: %s", quote(c.Birthday)) // ELEM-61
	}
	v.where("gd:where", &c.Where)

	for i := range c.Organizations {
		o, at := &c.Organizations[i], element{"gd:organization", i}
		v.relOrLabel(at, o.Rel, o.Label, organizationRels, true) // ELEM-22
		v.texts(at, o.Name, o.NameYomi, o.Title, o.Department, o.JobDescription, o.Symbol)
		v.where("gd:organization/gd:where", &o.Where)
		v.extra(o.Extra)
	}
	v.primaries("gd:organization", len(c.Organizations), func(i int) bool { return c.Organizations[i].Primary })
	for i := range c.Emails {
		e, at := &c.Emails[i], element{"gd:email", i}
		v.relOrLabel(at, e.Rel, e.Label, commonRels, true) // ELEM-20
		v.required(at, "@address", CodeMissingContent, e.Address)
		v.texts(at, e.DisplayName)
		v.extra(e.Extra)
	}
	v.primaries("gd:email", len(c.Emails), func(i int) bool { return c.Emails[i].Primary })
	for i := range c.IMs {
		m, at := &c.IMs[i], element{"gd:im", i}
		v.relOrLabel(at, m.Rel, m.Label, imRels, true) // ELEM-21
		v.required(at, "@address", CodeMissingContent, m.Address)
		if m.Protocol != "" && !isURI(m.Protocol) && !imProtocols[m.Protocol] {
			v.fail(at.attr("@protocol"), CodeAttributeValue, "Unknown protocol: %s", quote(m.Protocol)) // ELEM-41
		}
		v.texts(at, m.Protocol)
		v.extra(m.Extra)
	}
	v.primaries("gd:im", len(c.IMs), func(i int) bool { return c.IMs[i].Primary })
	for i := range c.Phones {
		p, at := &c.Phones[i], element{"gd:phoneNumber", i}
		v.relOrLabel(at, p.Rel, p.Label, phoneRels, true) // ELEM-23
		v.required(at, "", CodeMissingContent, p.Number)  // ELEM-42
		v.texts(at, p.URI)
		v.extra(p.Extra)
	}
	v.primaries("gd:phoneNumber", len(c.Phones), func(i int) bool { return c.Phones[i].Primary })
	for i := range c.Addresses {
		v.address(&c.Addresses[i], i)
	}
	v.primaries("gd:structuredPostalAddress", len(c.Addresses), func(i int) bool { return c.Addresses[i].Primary })
	for i := range c.Events {
		e, at := &c.Events[i], element{"gContact:event", i}
		v.relOrLabel(at, e.Rel, e.Label, eventRels, false) // ELEM-26, ELEM-63
		if !isDate(e.Start) {
			v.fail(at.attr("gd:when/@startTime"), CodeAttributeValue, "Not a date in the form YYYY-MM-DD: %s", quote(e.Start)) // ELEM-52
		}
		v.texts(at, e.End, e.Value)
		v.extra(e.Extra)
	}
	for i := range c.ExternalIDs {
		x, at := &c.ExternalIDs[i], element{"gContact:externalId", i}
		v.relOrLabel(at, x.Rel, x.Label, externalIDRels, false) // ELEM-64
		v.required(at, "@value", CodeMissingContent, x.Value)
		v.extra(x.Extra)
	}
	for i := range c.Relations {
		r, at := &c.Relations[i], element{"gContact:relation", i}
		v.relOrLabel(at, r.Rel, r.Label, relationRels, false) // ELEM-65
		v.required(at, "", CodeMissingContent, r.Person)
		v.extra(r.Extra)
	}
	for i := range c.UserDefined {
		u := &c.UserDefined[i]
		v.texts(element{"gContact:userDefinedField", i}, u.Key, u.Value)
		v.extra(u.Extra)
	}
	for i := range c.Websites {
		w, at := &c.Websites[i], element{"gContact:website", i}
		v.relOrLabel(at, w.Rel, w.Label, websiteRels, false) // ELEM-66
		v.required(at, "@href", CodeMissingContent, w.Href)
		v.extra(w.Extra)
	}
	v.primaries("gContact:website", len(c.Websites), func(i int) bool { return c.Websites[i].Primary })
	for i := range c.CalendarLinks {
		l, at := &c.CalendarLinks[i], element{"gContact:calendarLink", i}
		v.relOrLabel(at, l.Rel, l.Label, calendarRels, false) // ELEM-69
		v.required(at, "@href", CodeMissingContent, l.Href)
		v.extra(l.Extra)
	}
	v.primaries("gContact:calendarLink", len(c.CalendarLinks), func(i int) bool { return c.CalendarLinks[i].Primary })
	for i := range c.Languages {
		l, at := &c.Languages[i], element{"gContact:language", i}
		if (l.Code == "") == (l.Label == "") {
			v.fail(at.attr("@code"), CodeAttributeValue, "Exactly one of code and label is required") // ELEM-70
		}
		v.texts(at, l.Code, l.Label)
		v.extra(l.Extra)
	}
	for i := range c.Jots {
		j, at := &c.Jots[i], element{"gContact:jot", i}
		v.required(at, "@rel", CodeMissingContent, j.Rel)
		v.word(at.attr("@rel"), j.Rel, jotRels) // ELEM-71
		v.texts(at, j.Text)
		v.extra(j.Extra)
	}
	for i, h := range c.Hobbies {
		v.required(element{"gContact:hobby", i}, "", CodeMissingContent, h) // ELEM-72
	}
	v.properties(c.Properties)
	v.extra(c.Extra)
	return v.done()
}

// Validate checks the meaning of g; see Contact.Validate.
func (g *Group) Validate() error {
	v := validator{}
	v.text("atom:title", g.Name)
	if strings.TrimSpace(g.Name) == "" {
		v.fail("atom:title", CodeMissingContent, "A group needs a name in its title") // ELEM-102
	}
	v.properties(g.Properties) // ELEM-87
	v.extra(g.Extra)
	return v.done()
}

// A validator keeps the first fault, so that the rules read as a list.
type validator struct {
	err        *Error
	extraBytes int
}

// An element names one of several elements of the same name, counted from 0.
type element struct {
	name string
	i    int
}

// attr is the path of an attribute or child of the element, or of the element
// itself when name is empty.
func (e element) attr(name string) string {
	path := fmt.Sprintf("%s[%d]", e.name, e.i+1)
	if name != "" {
		path += "/" + name
	}
	return path
}

func (v *validator) fail(path string, code Code, format string, args ...any) {
	if v.err == nil {
		v.err = Errorf(Invalid, code, format, args...)
		v.err.Path = path
	}
}

func (v *validator) done() error {
	if v.extraBytes > MaxExtraBytes {
		v.fail("", CodeInvalidEntry, "At most %d bytes of elements and attributes outside the schema", MaxExtraBytes) // XML-7
	}
	if v.err == nil {
		return nil
	}
	return v.err
}

// text refuses what XML cannot carry (XML-9).
func (v *validator) text(path, s string) {
	if !IsText(s) {
		v.fail(path, CodeAttributeValue, "Text with a character that XML does not allow")
	}
}

func (v *validator) texts(at element, ss ...string) {
	for _, s := range ss {
		if !IsText(s) {
			v.text(at.attr(""), s)
		}
	}
}

func (v *validator) required(at element, attr string, code Code, s string) {
	if s == "" {
		v.fail(at.attr(attr), code, "Missing value of %s", at.attr(attr)) // ELEM-77
	} else if !IsText(s) {
		v.text(at.attr(attr), s)
	}
}

func (v *validator) word(path, s string, allowed set) {
	if s != "" && !allowed[s] {
		v.fail(path, CodeAttributeValue, "Unknown value: %s", quote(s))
	}
}

// relOrLabel checks that exactly one of the two is set, and that rel is one of
// the list or, where uris says so, an absolute URI (ELEM-29).
func (v *validator) relOrLabel(at element, rel, label string, rels set, uris bool) {
	if (rel == "") == (label == "") {
		v.fail(at.attr("@rel"), CodeAttributeValue, "Exactly one of rel and label is required") // ERR-24
		return
	}
	if rel != "" && !rels[rel] && !(uris && isURI(rel)) {
		v.fail(at.attr("@rel"), CodeAttributeValue, "Unknown rel: %s", quote(rel)) // ELEM-29, ELEM-109
	}
	v.texts(at, rel, label)
}

// primaries allows one primary element of a type (ELEM-30).
func (v *validator) primaries(name string, n int, primary func(int) bool) {
	seen := false
	for i := range n {
		if primary(i) {
			if seen {
				v.fail(element{name, i}.attr("@primary"), CodeAttributeValue, "At most one %s may be primary", name)
			}
			seen = true
		}
	}
}

func (v *validator) name(n *Name) {
	for _, s := range [...]string{n.Full, n.Prefix, n.Given, n.GivenYomi, n.Additional, n.AdditionalYomi, n.Family, n.FamilyYomi, n.Suffix} {
		v.text("gd:name", s)
	}
	v.extra(n.Extra)
}

func (v *validator) where(path string, w *Where) {
	v.text(path, w.Value)
	v.text(path, w.Rel)
	v.text(path, w.Label)
	v.extra(w.Extra)
}

func (v *validator) address(a *Address, i int) {
	at := element{"gd:structuredPostalAddress", i}
	if a.Plain {
		at.name = "gd:postalAddress"
	}
	v.relOrLabel(at, a.Rel, a.Label, commonRels, true) // ELEM-24, ELEM-25
	if a.Plain {
		v.required(at, "", CodeMissingContent, a.Formatted) // ELEM-44
	}
	if a.MailClass != "" && !isURI(a.MailClass) {
		v.word(at.attr("@mailClass"), a.MailClass, mailClasses) // ELEM-46
	}
	if a.Usage != "" && !isURI(a.Usage) {
		v.word(at.attr("@usage"), a.Usage, usages) // ELEM-46
	}
	v.texts(at, a.MailClass, a.Usage, a.Agent, a.HouseName, a.Street, a.POBox, a.Neighborhood, a.City, a.Subregion,
		a.Region, a.Postcode, a.Country, a.CountryCode, a.Formatted)
	v.extra(a.Extra)
}

func (v *validator) properties(ps []Property) {
	if len(ps) > MaxProperties {
		v.fail(element{"gd:extendedProperty", MaxProperties}.attr(""), CodeInvalidEntry, "At most %d extended properties", MaxProperties) // ELEM-83
	}
	for i := range ps {
		p, at := &ps[i], element{"gd:extendedProperty", i}
		v.required(at, "@name", CodeMissingContent, p.Name) // ELEM-50
		if (p.Value != "" && p.XML+p.Text != "") || (p.XML != "" && p.Text != "") {
			v.fail(at.attr(""), CodeExclusive, "value and XML are mutually exclusive") // ELEM-80
		}
		if len(p.Name)+len(p.Realm)+len(p.Value)+len(p.XML)+len(p.Text) > MaxPropertyBytes {
			v.fail(at.attr(""), CodeInvalidEntry, "An extended property may have at most %d bytes", MaxPropertyBytes) // ELEM-85
		}
		v.texts(at, p.Realm, p.Value, p.Text)
		v.extra(p.Extra)
	}
}

func (v *validator) extra(x Extra) {
	for i := range x {
		v.extraBytes += len(x[i].Attrs) + len(x[i].XML)
	}
}

// IsText reports whether XML 1.0 can carry s: valid UTF-8 without control
// characters other than tab, line feed and carriage return, and without
// U+FFFE and U+FFFF (XML-9).
func IsText(s string) bool {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c < 0x20 && c != '\t' && c != '\n' && c != '\r' {
				return false
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || r == 0xFFFE || r == 0xFFFF {
			return false
		}
		i += n
	}
	return true
}

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil && len(s) == len(time.DateOnly)
}

// isYearlessDate accepts --MM-DD; the 29th of February is a date in some years.
func isYearlessDate(s string) bool {
	return len(s) == len("--MM-DD") && strings.HasPrefix(s, "--") && isDate("2000-"+s[2:])
}

// isURI reports whether s begins with a scheme and a colon.
func isURI(s string) bool {
	i := strings.IndexByte(s, ':')
	if i <= 0 {
		return false
	}
	for j := range i {
		c := s[j] | 0x20
		alpha := 'a' <= c && c <= 'z'
		if !alpha && (j == 0 || !('0' <= s[j] && s[j] <= '9' || s[j] == '+' || s[j] == '-' || s[j] == '.')) {
			return false
		}
	}
	return true
}

// quote shows a value of the client's in a message, cut to a sane length.
func quote(s string) string {
	const most = 60
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return fmt.Sprintf("%q", s)
}
