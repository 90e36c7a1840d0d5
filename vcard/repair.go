package vcard

import (
	"strconv"
	"strings"

	"contacts"
)

// remove takes the element that a fault of Validate names out of the contact.
// It fails if it does not know the path.
func (im *importer) remove(path string) bool {
	name, rest, _ := strings.Cut(path, "[")
	number, _, _ := strings.Cut(rest, "]")
	n, err := strconv.Atoi(number)
	c := im.c
	if err != nil {
		return false
	}
	switch n--; name {
	case "gd:organization":
		return cut(&c.Organizations, n)
	case "gd:email":
		return cut(&c.Emails, n)
	case "gd:im":
		return cut(&c.IMs, n)
	case "gd:phoneNumber":
		return cut(&c.Phones, n)
	case "gd:structuredPostalAddress", "gd:postalAddress":
		return cut(&c.Addresses, n)
	case "gContact:event":
		return cut(&c.Events, n)
	case "gContact:externalId":
		return cut(&c.ExternalIDs, n)
	case "gContact:relation":
		return cut(&c.Relations, n)
	case "gContact:userDefinedField":
		return cut(&c.UserDefined, n)
	case "gContact:website":
		return cut(&c.Websites, n)
	case "gContact:calendarLink":
		return cut(&c.CalendarLinks, n)
	case "gContact:language":
		return cut(&c.Languages, n)
	case "gContact:jot":
		return cut(&c.Jots, n)
	case "gContact:hobby":
		return cut(&c.Hobbies, n)
	case "gd:extendedProperty":
		return cut(&c.Properties, n)
	}
	return false
}

// cut takes the element with index i out of a slice.
func cut[T any](s *[]T, i int) bool {
	if i < 0 || i >= len(*s) {
		return false
	}
	*s = append((*s)[:i], (*s)[i+1:]...)
	return true
}

// dropExtras drops XML that an entry has no room for (XML-7): what is around
// single elements first, and all but the UID last.
func dropExtras(c *contacts.Contact) {
	c.Name.Extra, c.Where.Extra = nil, nil
	drop(c.Organizations, func(o *contacts.Organization) { o.Extra, o.Where.Extra = nil, nil })
	drop(c.Emails, func(e *contacts.Email) { e.Extra = nil })
	drop(c.IMs, func(m *contacts.IM) { m.Extra = nil })
	drop(c.Phones, func(p *contacts.Phone) { p.Extra = nil })
	drop(c.Addresses, func(a *contacts.Address) { a.Extra = nil })
	drop(c.Events, func(e *contacts.Event) { e.Extra = nil })
	drop(c.ExternalIDs, func(x *contacts.ExternalID) { x.Extra = nil })
	drop(c.Relations, func(r *contacts.Relation) { r.Extra = nil })
	drop(c.UserDefined, func(u *contacts.UserDefined) { u.Extra = nil })
	drop(c.Websites, func(w *contacts.Website) { w.Extra = nil })
	drop(c.CalendarLinks, func(l *contacts.CalendarLink) { l.Extra = nil })
	drop(c.Languages, func(l *contacts.Language) { l.Extra = nil })
	drop(c.Jots, func(j *contacts.Jot) { j.Extra = nil })
	drop(c.Properties, func(p *contacts.Property) { p.Extra = nil })
	if c.Validate() == nil {
		return
	}
	uid := UID(c)
	c.Extra = nil
	if len(uid) < contacts.MaxExtraBytes/8 {
		SetUID(c, uid)
	}
}

func drop[T any](s []T, f func(*T)) {
	for i := range s {
		f(&s[i])
	}
}
