package csv

import (
	"strings"

	"contacts"
)

// text is a column for a plain field.
func text(field string, of func(*contacts.Contact) *string) single {
	return single{field, func(b *build, v string) { *of(b.c) = v }}
}

// googleSingles are the columns of both of Google's layouts, by folded name.
var googleSingles = map[string]single{
	"name":                    text("name", func(c *contacts.Contact) *string { return &c.Name.Full }),
	"first name":              text("given name", func(c *contacts.Contact) *string { return &c.Name.Given }),
	"given name":              text("given name", func(c *contacts.Contact) *string { return &c.Name.Given }),
	"middle name":             text("additional name", func(c *contacts.Contact) *string { return &c.Name.Additional }),
	"additional name":         text("additional name", func(c *contacts.Contact) *string { return &c.Name.Additional }),
	"last name":               text("family name", func(c *contacts.Contact) *string { return &c.Name.Family }),
	"family name":             text("family name", func(c *contacts.Contact) *string { return &c.Name.Family }),
	"phonetic first name":     text("phonetic given name", func(c *contacts.Contact) *string { return &c.Name.GivenYomi }),
	"given name yomi":         text("phonetic given name", func(c *contacts.Contact) *string { return &c.Name.GivenYomi }),
	"phonetic middle name":    text("phonetic additional name", func(c *contacts.Contact) *string { return &c.Name.AdditionalYomi }),
	"additional name yomi":    text("phonetic additional name", func(c *contacts.Contact) *string { return &c.Name.AdditionalYomi }),
	"phonetic last name":      text("phonetic family name", func(c *contacts.Contact) *string { return &c.Name.FamilyYomi }),
	"family name yomi":        text("phonetic family name", func(c *contacts.Contact) *string { return &c.Name.FamilyYomi }),
	"name prefix":             text("name prefix", func(c *contacts.Contact) *string { return &c.Name.Prefix }),
	"name suffix":             text("name suffix", func(c *contacts.Contact) *string { return &c.Name.Suffix }),
	"yomi name":               text("phonetic name", func(c *contacts.Contact) *string { return &c.YomiName }),
	"initials":                text("initials", func(c *contacts.Contact) *string { return &c.Initials }),
	"nickname":                text("nickname", func(c *contacts.Contact) *string { return &c.Nickname }),
	"short name":              text("short name", func(c *contacts.Contact) *string { return &c.ShortName }),
	"maiden name":             text("maiden name", func(c *contacts.Contact) *string { return &c.MaidenName }),
	"file as":                 text("file as", func(c *contacts.Contact) *string { return &c.FileAs }),
	"location":                text("where", func(c *contacts.Contact) *string { return &c.Where.Value }),
	"billing information":     text("billing information", func(c *contacts.Contact) *string { return &c.BillingInformation }),
	"directory server":        text("directory server", func(c *contacts.Contact) *string { return &c.DirectoryServer }),
	"mileage":                 text("mileage", func(c *contacts.Contact) *string { return &c.Mileage }),
	"occupation":              text("occupation", func(c *contacts.Contact) *string { return &c.Occupation }),
	"subject":                 text("subject", func(c *contacts.Contact) *string { return &c.Subject }),
	"notes":                   text("notes", func(c *contacts.Contact) *string { return &c.Notes }),
	"birthday":                {"birthday", setBirthday},
	"gender":                  {"gender", setGender},
	"sensitivity":             {"sensitivity", setSensitivity},
	"priority":                {"priority", setPriority},
	"hobby":                   {"hobby", func(b *build, v string) { b.c.Hobbies = append(b.c.Hobbies, split(v, between)...) }},
	"labels":                  {"groups", addGroups},
	"group membership":        {"groups", addGroups},
	"organization name":       {"organization", func(b *build, v string) { b.work().Name = v }},
	"organization title":      {"organization", func(b *build, v string) { b.work().Title = v }},
	"organization department": {"organization", func(b *build, v string) { b.work().Department = v }},
	"language": {"language", func(b *build, v string) {
		for _, l := range split(v, between) {
			b.c.Languages = append(b.c.Languages, language(l))
		}
	}},
}

// work is the organization of the columns that have no number. They come
// before those that have one.
func (b *build) work() *contacts.Organization {
	if len(b.c.Organizations) == 0 {
		b.c.Organizations = []contacts.Organization{{Rel: contacts.RelWork}}
	}
	return &b.c.Organizations[0]
}

// addGroups reads "* myContacts ::: Family"; the star marks Google's own groups.
func addGroups(b *build, v string) {
	for _, g := range split(v, strings.TrimSpace(between)) {
		if g = strings.TrimSpace(strings.TrimPrefix(g, "*")); g != "" {
			b.groups = append(b.groups, g)
		}
	}
}

func setGender(b *build, v string) {
	choose(b, &b.c.Gender, "Gender", v, contacts.GenderMale, contacts.GenderFemale)
}

func setSensitivity(b *build, v string) {
	choose(b, &b.c.Sensitivity, "Sensitivity", v, "confidential", "normal", "personal", "private")
}

func setPriority(b *build, v string) {
	choose(b, &b.c.Priority, "Priority", v, "low", "normal", "high")
}

// kind is the use of an item: its column is "Type" in the old layout and
// "Label" in the new one.
func kind(get func(string) string) string {
	if v := get("label"); v != "" {
		return v
	}
	return get("type")
}

// value makes a family of a use and a value.
func value(field string, add func(b *build, use, v string)) numbered {
	return numbered{field, []string{"type", "label", "value"}, func(b *build, get func(string) string) {
		if v := get("value"); v != "" {
			add(b, kind(get), v)
		}
	}}
}

// googleFamilies are the numbered columns of both layouts, by folded name.
var googleFamilies = map[string]numbered{
	"e-mail": value("e-mail", func(b *build, word, v string) {
		e := contacts.Email{Address: v}
		e.Rel, e.Label, e.Primary = use(word, placeRels, "other", true)
		e.Primary = e.Primary && !primary(b.c.Emails, func(e *contacts.Email) bool { return e.Primary })
		b.c.Emails = append(b.c.Emails, e)
	}),
	"phone": value("phone", func(b *build, word, v string) {
		p := contacts.Phone{Number: v}
		p.Rel, p.Label, p.Primary = use(word, phoneRels, "other", true)
		p.Primary = p.Primary && !primary(b.c.Phones, func(p *contacts.Phone) bool { return p.Primary })
		b.c.Phones = append(b.c.Phones, p)
	}),
	"im":              instantMessages,
	"instant message": instantMessages,
	"address": {"address", []string{"type", "label", "formatted", "street", "city", "po box", "region", "postal code", "country", "extended address"},
		func(b *build, get func(string) string) {
			a := contacts.Address{Formatted: get("formatted"), Street: get("street"), City: get("city"), POBox: get("po box"),
				Region: get("region"), Postcode: get("postal code"), Country: get("country"), Neighborhood: get("extended address")}
			if blank(&a) {
				return
			}
			a.Rel, a.Label, a.Primary = use(kind(get), placeRels, "other", true)
			a.Primary = a.Primary && !primary(b.c.Addresses, func(a *contacts.Address) bool { return a.Primary })
			b.c.Addresses = append(b.c.Addresses, a)
		}},
	"organization": {"organization", []string{"type", "label", "name", "yomi name", "title", "department", "symbol", "location", "job description"},
		func(b *build, get func(string) string) {
			o := contacts.Organization{Name: get("name"), NameYomi: get("yomi name"), Title: get("title"), Department: get("department"),
				Symbol: get("symbol"), JobDescription: get("job description")}
			o.Where.Value = get("location")
			o.Rel, o.Label, o.Primary = use(kind(get), organizationRels, "work", true)
			o.Primary = o.Primary && !primary(b.c.Organizations, func(o *contacts.Organization) bool { return o.Primary })
			b.c.Organizations = append(b.c.Organizations, o)
		}},
	"relation": value("relation", func(b *build, word, v string) {
		r := contacts.Relation{Person: v}
		r.Rel, r.Label, _ = use(word, relationRels, "relative", false)
		b.c.Relations = append(b.c.Relations, r)
	}),
	"external id": value("external id", func(b *build, word, v string) {
		x := contacts.ExternalID{Value: v}
		x.Rel, x.Label, _ = use(word, externalIDRels, "account", false)
		b.c.ExternalIDs = append(b.c.ExternalIDs, x)
	}),
	"website": value("website", func(b *build, word, v string) {
		w := contacts.Website{Href: v}
		w.Rel, w.Label, w.Primary = use(word, websiteRels, "other", false)
		w.Primary = w.Primary && !primary(b.c.Websites, func(w *contacts.Website) bool { return w.Primary })
		b.c.Websites = append(b.c.Websites, w)
	}),
	"calendar link": value("calendar link", func(b *build, word, v string) {
		l := contacts.CalendarLink{Href: v}
		l.Rel, l.Label, l.Primary = use(word, calendarRels, "home", false)
		l.Primary = l.Primary && !primary(b.c.CalendarLinks, func(l *contacts.CalendarLink) bool { return l.Primary })
		b.c.CalendarLinks = append(b.c.CalendarLinks, l)
	}),
	"event": value("event", addEvent),
	"jot": value("jot", func(b *build, word, v string) {
		rel, label, _ := use(word, jotRels, "other", false)
		if rel == "" {
			rel, v = "other", label+": "+v
		}
		b.c.Jots = append(b.c.Jots, contacts.Jot{Rel: rel, Text: v})
	}),
	"custom field": {"user defined", []string{"type", "label", "value"}, func(b *build, get func(string) string) {
		if u := (contacts.UserDefined{Key: kind(get), Value: get("value")}); u.Key != "" || u.Value != "" {
			b.c.UserDefined = append(b.c.UserDefined, u)
		}
	}},
}

var instantMessages = numbered{"instant message", []string{"type", "label", "service", "value"}, func(b *build, get func(string) string) {
	if get("value") == "" {
		return
	}
	m := contacts.IM{Address: get("value"), Protocol: get("service")}
	m.Rel, m.Label, m.Primary = use(kind(get), imRels, "other", true)
	m.Primary = m.Primary && !primary(b.c.IMs, func(m *contacts.IM) bool { return m.Primary })
	if p, ok := protocols[letters(m.Protocol)]; ok {
		m.Protocol = p
	} else if m.Protocol != "" && !strings.Contains(m.Protocol, ":") { // a service without a word of its own
		m.Rel, m.Label, m.Protocol = "", m.Protocol, ""
	}
	b.c.IMs = append(b.c.IMs, m)
}}

// blank reports whether nothing of an address is set that a column has.
func blank(a *contacts.Address) bool {
	return a.Formatted+a.Street+a.City+a.POBox+a.Region+a.Postcode+a.Country+a.Neighborhood == ""
}

// primary reports whether one of the items is primary already.
func primary[T any](items []T, is func(*T) bool) bool {
	for i := range items {
		if is(&items[i]) {
			return true
		}
	}
	return false
}
