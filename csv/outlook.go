package csv

import (
	"strings"

	"contacts"
)

// outlookSingles are the columns of Outlook that stand for themselves, by
// folded name.
var outlookSingles = map[string]single{
	"title":                    text("name prefix", func(c *contacts.Contact) *string { return &c.Name.Prefix }),
	"first name":               text("given name", func(c *contacts.Contact) *string { return &c.Name.Given }),
	"middle name":              text("additional name", func(c *contacts.Contact) *string { return &c.Name.Additional }),
	"last name":                text("family name", func(c *contacts.Contact) *string { return &c.Name.Family }),
	"suffix":                   text("name suffix", func(c *contacts.Contact) *string { return &c.Name.Suffix }),
	"given yomi":               text("phonetic given name", func(c *contacts.Contact) *string { return &c.Name.GivenYomi }),
	"surname yomi":             text("phonetic family name", func(c *contacts.Contact) *string { return &c.Name.FamilyYomi }),
	"nickname":                 text("nickname", func(c *contacts.Contact) *string { return &c.Nickname }),
	"initials":                 text("initials", func(c *contacts.Contact) *string { return &c.Initials }),
	"file as":                  text("file as", func(c *contacts.Contact) *string { return &c.FileAs }),
	"profession":               text("occupation", func(c *contacts.Contact) *string { return &c.Occupation }),
	"billing information":      text("billing information", func(c *contacts.Contact) *string { return &c.BillingInformation }),
	"directory server":         text("directory server", func(c *contacts.Contact) *string { return &c.DirectoryServer }),
	"mileage":                  text("mileage", func(c *contacts.Contact) *string { return &c.Mileage }),
	"subject":                  text("subject", func(c *contacts.Contact) *string { return &c.Subject }),
	"location":                 text("where", func(c *contacts.Contact) *string { return &c.Where.Value }),
	"notes":                    text("notes", func(c *contacts.Contact) *string { return &c.Notes }),
	"company":                  {"organization", func(b *build, v string) { b.work().Name = v }},
	"company yomi":             {"organization", func(b *build, v string) { b.work().NameYomi = v }},
	"department":               {"organization", func(b *build, v string) { b.work().Department = v }},
	"job title":                {"organization", func(b *build, v string) { b.work().Title = v }},
	"office location":          {"organization", func(b *build, v string) { b.work().Where.Value = v }},
	"birthday":                 {"birthday", outlookDate(setBirthday)},
	"anniversary":              {"event", outlookDate(func(b *build, v string) { addEvent(b, "anniversary", v) })},
	"gender":                   {"gender", outlookGender},
	"sensitivity":              {"sensitivity", setSensitivity},
	"priority":                 {"priority", setPriority},
	"private":                  {"sensitivity", outlookPrivate},
	"categories":               {"groups", func(b *build, v string) { b.groups = append(b.groups, split(v, ";")...) }},
	"hobby":                    {"hobby", func(b *build, v string) { b.c.Hobbies = append(b.c.Hobbies, v) }},
	"hobbies":                  {"hobby", func(b *build, v string) { b.c.Hobbies = append(b.c.Hobbies, v) }},
	"keywords":                 {"jot", func(b *build, v string) { b.c.Jots = append(b.c.Jots, contacts.Jot{Rel: "keywords", Text: v}) }},
	"language":                 {"language", func(b *build, v string) { b.c.Languages = append(b.c.Languages, language(v)) }},
	"account":                  externalID("account"),
	"customer id":              externalID("customer"),
	"organizational id number": externalID("organization"),
	"government id number": {"external id", func(b *build, v string) {
		b.c.ExternalIDs = append(b.c.ExternalIDs, contacts.ExternalID{Label: "Government ID Number", Value: v})
	}},
	"spouse":            related("spouse"),
	"manager's name":    related("manager"),
	"assistant's name":  related("assistant"),
	"referred by":       related("referred-by"),
	"children":          related("child"),
	"web page":          site("work"),
	"personal web page": site("home-page"),
	"internet free busy": {"calendar link", func(b *build, v string) {
		b.c.CalendarLinks = append(b.c.CalendarLinks, contacts.CalendarLink{Rel: "free-busy", Href: v})
	}},
	"assistant's phone":  number("assistant"),
	"business fax":       number("work_fax"),
	"business phone":     number("work"),
	"business phone 2":   number("work"),
	"callback":           number("callback"),
	"car phone":          number("car"),
	"company main phone": number("company_main"),
	"home fax":           number("home_fax"),
	"home phone":         number("home"),
	"home phone 2":       number("home"),
	"isdn":               number("isdn"),
	"mobile phone":       number("mobile"),
	"other fax":          number("other_fax"),
	"other phone":        number("other"),
	"pager":              number("pager"),
	"primary phone": {"phone", func(b *build, v string) {
		b.c.Phones = append(b.c.Phones, contacts.Phone{Rel: "main", Number: v, Primary: true})
	}},
	"radio phone":   number("radio"),
	"tty/tdd phone": number("tty_tdd"),
	"telex":         number("telex"),
	"user 1":        own("User 1"),
	"user 2":        own("User 2"),
	"user 3":        own("User 3"),
	"user 4":        own("User 4"),
	"im address":    chat, // of Outlook on the web
	"im":            chat,
}

var chat = single{"instant message", func(b *build, v string) {
	b.c.IMs = append(b.c.IMs, contacts.IM{Rel: contacts.RelOther, Address: v})
}}

func number(rel string) single {
	return single{"phone", func(b *build, v string) { b.c.Phones = append(b.c.Phones, contacts.Phone{Rel: rel, Number: v}) }}
}

func externalID(rel string) single {
	return single{"external id", func(b *build, v string) {
		b.c.ExternalIDs = append(b.c.ExternalIDs, contacts.ExternalID{Rel: rel, Value: v})
	}}
}

func related(rel string) single {
	return single{"relation", func(b *build, v string) {
		for _, person := range split(v, ";") {
			b.c.Relations = append(b.c.Relations, contacts.Relation{Rel: rel, Person: person})
		}
	}}
}

func site(rel string) single {
	return single{"website", func(b *build, v string) { b.c.Websites = append(b.c.Websites, contacts.Website{Rel: rel, Href: v}) }}
}

func own(key string) single {
	return single{"user defined", func(b *build, v string) {
		b.c.UserDefined = append(b.c.UserDefined, contacts.UserDefined{Key: key, Value: v})
	}}
}

// outlookDate passes over 0/0/00, which is how Outlook writes that there is none.
func outlookDate(set func(*build, string)) func(*build, string) {
	return func(b *build, v string) {
		if strings.Trim(v, "0/.-") != "" {
			set(b, v)
		}
	}
}

func outlookGender(b *build, v string) {
	if !strings.EqualFold(v, "unspecified") {
		setGender(b, v)
	}
}

// outlookPrivate reads a mark; Sensitivity says the same in other versions.
func outlookPrivate(b *build, v string) {
	if strings.EqualFold(v, "true") && b.c.Sensitivity == "" {
		b.c.Sensitivity = "private"
	}
}

// Families of Outlook's columns: each number or place is one item.
var (
	outlookEmails = []string{"e-mail", "e-mail 2", "e-mail 3"}
	outlookPlaces = []struct{ name, rel string }{{"business", contacts.RelWork}, {"home", contacts.RelHome}, {"other", contacts.RelOther}}
)

const (
	emailAddress = " address"
	emailName    = " display name"
)

var outlookAddress = [...]struct {
	name string
	of   func(*contacts.Address) *string
}{
	{" street", func(a *contacts.Address) *string { return &a.Street }},
	{" street 2", func(a *contacts.Address) *string { return &a.Street }},
	{" street 3", func(a *contacts.Address) *string { return &a.Street }},
	{" city", func(a *contacts.Address) *string { return &a.City }},
	{" state", func(a *contacts.Address) *string { return &a.Region }},
	{" postal code", func(a *contacts.Address) *string { return &a.Postcode }},
	{" country/region", func(a *contacts.Address) *string { return &a.Country }},
	{" country", func(a *contacts.Address) *string { return &a.Country }},
	{" address po box", func(a *contacts.Address) *string { return &a.POBox }},
}

// outlookKnows reports whether Outlook has a column of the folded name.
func outlookKnows(name string) bool {
	if _, ok := outlookSingles[name]; ok {
		return true
	}
	for _, e := range outlookEmails {
		if rest, ok := strings.CutPrefix(name, e); ok && (rest == emailAddress || rest == emailName) {
			return true
		}
	}
	for _, p := range outlookPlaces {
		rest, ok := strings.CutPrefix(name, p.name)
		for _, part := range outlookAddress {
			if ok && rest == part.name {
				return true
			}
		}
	}
	return false
}

func (p *plan) outlook(names []string, at map[string]int) {
	for i, name := range names {
		key := foldName(name)
		if s, ok := outlookSingles[key]; ok && at[key] == i {
			p.single(i, s)
		}
	}
	column := func(name, field string) int {
		i, ok := at[name]
		if !ok {
			return -1
		}
		p.columns[i].Field = field
		return i
	}
	for _, e := range outlookEmails {
		address, shown := column(e+emailAddress, "e-mail"), column(e+emailName, "e-mail")
		if address < 0 {
			continue
		}
		p.steps = append(p.steps, func(b *build, values []string) {
			v := values[address]
			if v == "" {
				return
			}
			m := contacts.Email{Rel: contacts.RelOther, Address: v, Primary: len(b.c.Emails) == 0}
			if shown >= 0 && values[shown] != v {
				m.DisplayName = values[shown]
			}
			b.c.Emails = append(b.c.Emails, m)
		})
	}
	for _, place := range outlookPlaces {
		var cols [len(outlookAddress)]int
		for i, part := range outlookAddress {
			cols[i] = column(place.name+part.name, "address")
		}
		p.steps = append(p.steps, func(b *build, values []string) {
			var a contacts.Address
			for i, part := range outlookAddress {
				if cols[i] < 0 || values[cols[i]] == "" {
					continue
				}
				to := part.of(&a)
				if *to != "" {
					*to += "\n"
				}
				*to += values[cols[i]]
			}
			if !blank(&a) {
				a.Rel = place.rel
				b.c.Addresses = append(b.c.Addresses, a)
			}
		})
	}
}
