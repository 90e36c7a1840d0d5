package vcard

import "contacts"

// repair takes away what an entry has no room for: extended properties, and
// XML around fields. Everything else was looked at when it was read.
func (im *importer) repair() {
	c := im.c
	kept := c.Properties[:0]
	for _, x := range c.Properties {
		size := len(x.Name) + len(x.Realm) + len(x.Value) + len(x.XML) + len(x.Text)
		switch {
		case size > contacts.MaxPropertyBytes: // ELEM-85
			im.lose("X-EXTENDED-PROPERTY %s: %d bytes, and at most %d are possible", x.Name, size, contacts.MaxPropertyBytes)
		case len(kept) == contacts.MaxProperties: // ELEM-83
			im.lose("X-EXTENDED-PROPERTY %s: at most %d are possible", x.Name, contacts.MaxProperties)
		default:
			kept = append(kept, x)
		}
	}
	c.Properties = kept
	if err := c.Validate(); err != nil {
		im.lose("%v", err)
		dropExtras(c)
	}
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
