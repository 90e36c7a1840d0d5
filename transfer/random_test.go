package transfer_test

import (
	"math/rand/v2"
	"strings"

	"contacts"
)

// A maker makes random contacts that a book would take.
type maker struct{ *rand.Rand }

var pieces = []string{"Elizabeth", "Jane", "Mr. Collins", "Pemberley", "a", " ", "&", "<b>", "'", `"`, "]]>", "é", "ß", "“", "中", "😀", "\\", "/", "=",
	"--", "http://", ":", ";", ",", "%40", "{", "}", "\\n", "|", "\t", "\n", ";;", "\\,", "=3D", "^n", "^'", "::", "#"}

// text is not empty, and without blanks at its ends.
func (m maker) text() string {
	var b strings.Builder
	for range m.IntN(4) {
		b.WriteString(pieces[m.IntN(len(pieces))])
	}
	return "x" + b.String() + "y"
}

// line is a text of one line.
func (m maker) line() string {
	return strings.NewReplacer("\n", " ", "\t", " ").Replace(m.text())
}

// maybe is empty half of the time.
func (m maker) maybe() string {
	if m.IntN(2) == 0 {
		return ""
	}
	return m.text()
}

func (m maker) one(words ...string) string { return words[m.IntN(len(words))] }

// use is one of the rels or a label.
func (m maker) use(rel, label *string, rels ...string) {
	if m.IntN(3) > 0 {
		*rel = m.one(rels...)
	} else {
		*label = strings.ReplaceAll(m.line(), "://", ":.") // in CSV it would be a rel
	}
}

func (m maker) date() string { return m.one("1811-11-26", "1796-02-29", "2026-01-01", "0900-12-31") }

// list has up to two items, the first of which may be primary.
func list[T any](m maker, f func(t *T, primary bool)) (items []T) {
	for i := range m.IntN(3) {
		var t T
		f(&t, i == 0 && m.IntN(2) == 0)
		items = append(items, t)
	}
	return items
}

func (m maker) where() (w contacts.Where) {
	if m.IntN(2) == 0 {
		w.Value = m.text()
	}
	return w
}

// contact has values in all fields that a book keeps.
func (m maker) contact(groups []contacts.ID) *contacts.Contact {
	c := &contacts.Contact{
		Name: contacts.Name{Full: m.text(), Prefix: m.maybe(), Given: m.maybe(), GivenYomi: m.maybe(), Additional: m.maybe(),
			AdditionalYomi: m.maybe(), Family: m.maybe(), FamilyYomi: m.maybe(), Suffix: m.maybe()},
		Notes: m.maybe(), Nickname: m.maybe(), MaidenName: m.maybe(), ShortName: m.maybe(), Initials: m.maybe(), YomiName: m.maybe(),
		Gender: m.one("", "male", "female"), Birthday: m.one("", "1796-06-14", "--02-29"), Occupation: m.maybe(),
		Sensitivity: m.one("", "confidential", "normal", "personal", "private"), BillingInformation: m.maybe(),
		Priority: m.one("", "low", "normal", "high"), Mileage: m.maybe(), DirectoryServer: m.maybe(), Subject: m.maybe(), FileAs: m.maybe(),
		Where: m.where(),
	}
	c.Organizations = list(m, func(o *contacts.Organization, primary bool) {
		*o = contacts.Organization{Primary: primary, Name: m.text(), NameYomi: m.maybe(), Title: m.maybe(), Department: m.maybe(),
			JobDescription: m.maybe(), Symbol: m.maybe(), Where: m.where()}
		m.use(&o.Rel, &o.Label, "work", "other")
	})
	c.Emails = list(m, func(e *contacts.Email, primary bool) {
		*e = contacts.Email{Address: m.line(), DisplayName: m.maybe(), Primary: primary}
		m.use(&e.Rel, &e.Label, "home", "work", "other", "http://example.com/rel#x")
	})
	c.IMs = list(m, func(i *contacts.IM, primary bool) {
		*i = contacts.IM{Address: m.line(), Protocol: m.one("", "JABBER", "AIM", "GOOGLE_TALK", "http://example.com/im#x"), Primary: primary}
		m.use(&i.Rel, &i.Label, "home", "work", "other", "netmeeting")
	})
	c.Phones = list(m, func(p *contacts.Phone, primary bool) {
		*p = contacts.Phone{Number: m.line(), URI: m.one("", "tel:+441632960001"), Primary: primary}
		m.use(&p.Rel, &p.Label, "home", "work", "mobile", "home_fax", "tty_tdd", "company_main", "pager", "internal-extension")
	})
	c.Addresses = list(m, func(a *contacts.Address, primary bool) {
		*a = contacts.Address{Primary: primary, MailClass: m.one("", "letters"), Usage: m.one("", "local"), Agent: m.maybe(), HouseName: m.maybe(),
			Street: m.text(), POBox: m.maybe(), Neighborhood: m.maybe(), City: m.maybe(), Subregion: m.maybe(), Region: m.maybe(),
			Postcode: m.maybe(), Country: m.maybe(), CountryCode: m.one("", "GB"), Formatted: m.text()}
		m.use(&a.Rel, &a.Label, "home", "work", "other")
	})
	c.Events = list(m, func(e *contacts.Event, _ bool) {
		*e = contacts.Event{Start: m.date(), End: m.one("", "1812-01-01"), Value: m.maybe()}
		m.use(&e.Rel, &e.Label, "anniversary", "other")
	})
	c.ExternalIDs = list(m, func(x *contacts.ExternalID, _ bool) {
		x.Value = m.text()
		m.use(&x.Rel, &x.Label, "account", "customer", "network", "organization")
	})
	c.Relations = list(m, func(r *contacts.Relation, _ bool) {
		r.Person = m.text()
		m.use(&r.Rel, &r.Label, "sister", "domestic-partner", "referred-by", "manager", "spouse", "child")
	})
	c.UserDefined = list(m, func(u *contacts.UserDefined, _ bool) { *u = contacts.UserDefined{Key: m.maybe(), Value: m.text()} })
	c.Websites = list(m, func(w *contacts.Website, primary bool) {
		*w = contacts.Website{Href: m.line(), Primary: primary}
		m.use(&w.Rel, &w.Label, "home-page", "blog", "work", "ftp", "profile")
	})
	c.CalendarLinks = list(m, func(l *contacts.CalendarLink, primary bool) {
		*l = contacts.CalendarLink{Href: m.line(), Primary: primary}
		m.use(&l.Rel, &l.Label, "free-busy", "home", "work")
	})
	c.Languages = list(m, func(l *contacts.Language, _ bool) {
		if m.IntN(2) == 0 {
			l.Code = m.one("en", "en-GB", "de")
		} else {
			l.Label = m.text()
		}
	})
	c.Jots = list(m, func(j *contacts.Jot, _ bool) {
		*j = contacts.Jot{Rel: m.one("home", "keywords", "user"), Text: m.text()}
	})
	for range m.IntN(3) {
		c.Hobbies = append(c.Hobbies, m.text())
	}
	for _, g := range groups {
		if m.IntN(3) == 0 {
			c.Memberships = append(c.Memberships, contacts.Membership{Group: g})
		}
	}
	c.Properties = list(m, func(p *contacts.Property, _ bool) {
		p.Name, p.Realm = m.line(), m.maybe()
		switch m.IntN(3) {
		case 0:
			p.Value = m.text()
		case 1:
			p.XML = "<a xmlns=''>1<b xmlns='urn:b' name='2'/></a>"
		case 2:
			p.Text = m.text()
		}
	})
	if m.IntN(2) == 0 {
		c.Extra = contacts.Extra{{Attrs: " xmlns:x='urn:x' x:a='1'", XML: "<x:y xmlns:x='urn:x'>a <b xmlns=''/> c</x:y>"}}
	}
	c.Normalize()
	return c
}

// csvContact is a contact of what CSV can say; docs/formats.md lists what it
// cannot.
func (m maker) csvContact(groups []contacts.ID) *contacts.Contact {
	c := m.contact(groups)
	c.Extra, c.Properties = nil, nil
	c.Where = contacts.Where{Value: c.Where.Value}
	for i := range c.Emails {
		c.Emails[i].DisplayName = ""
	}
	for i := range c.Languages {
		if l := &c.Languages[i]; l.Label != "" {
			l.Label = "tongue " + l.Label
		}
	}
	for i := range c.Phones {
		c.Phones[i].URI = ""
	}
	for i := range c.Events {
		c.Events[i].End, c.Events[i].Value = "", ""
	}
	for i := range c.Addresses {
		a := &c.Addresses[i]
		a.MailClass, a.Usage, a.Agent, a.HouseName, a.Subregion, a.CountryCode = "", "", "", "", "", ""
	}
	return c
}
