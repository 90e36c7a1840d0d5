package transfer

import (
	"encoding/xml"
	"slices"
	"strings"

	"contacts"
	"contacts/vcard"
)

// merge is the contact that a file adds to one that is there already. Of a
// field that can be set once, the file's word counts; lists gain what they do
// not have; nothing is taken away. Merging twice changes nothing more.
func merge(old, file *contacts.Contact) *contacts.Contact {
	c := old.Clone()
	mergeName(&c.Name, &file.Name)
	for _, f := range [...]struct{ to, from *string }{
		{&c.Notes, &file.Notes}, {&c.Nickname, &file.Nickname}, {&c.MaidenName, &file.MaidenName},
		{&c.ShortName, &file.ShortName}, {&c.Initials, &file.Initials}, {&c.YomiName, &file.YomiName},
		{&c.Gender, &file.Gender}, {&c.Birthday, &file.Birthday}, {&c.Occupation, &file.Occupation},
		{&c.Sensitivity, &file.Sensitivity}, {&c.BillingInformation, &file.BillingInformation},
		{&c.Priority, &file.Priority}, {&c.Mileage, &file.Mileage}, {&c.DirectoryServer, &file.DirectoryServer},
		{&c.Subject, &file.Subject}, {&c.FileAs, &file.FileAs},
	} {
		if *f.from != "" {
			*f.to = *f.from
		}
	}
	if file.Where.Value != "" {
		c.Where = file.Where
	}
	add(&c.Organizations, file.Organizations,
		func(o *contacts.Organization) string { return key(o.Name, o.Title, o.Department) },
		func(o *contacts.Organization) *bool { return &o.Primary })
	add(&c.Emails, file.Emails, func(e *contacts.Email) string { return contacts.FoldEmail(e.Address) },
		func(e *contacts.Email) *bool { return &e.Primary })
	add(&c.IMs, file.IMs, func(m *contacts.IM) string { return key(m.Protocol, m.Address) },
		func(m *contacts.IM) *bool { return &m.Primary })
	add(&c.Phones, file.Phones, func(p *contacts.Phone) string { return digits(p.Number) },
		func(p *contacts.Phone) *bool { return &p.Primary })
	add(&c.Addresses, file.Addresses, func(a *contacts.Address) string { return key(a.Formatted) },
		func(a *contacts.Address) *bool { return &a.Primary })
	add(&c.Events, file.Events, func(e *contacts.Event) string { return key(e.Rel, e.Label, e.Start) }, nil)
	add(&c.ExternalIDs, file.ExternalIDs, func(x *contacts.ExternalID) string { return key(x.Rel, x.Label, x.Value) }, nil)
	add(&c.Relations, file.Relations, func(r *contacts.Relation) string { return key(r.Rel, r.Label, r.Person) }, nil)
	add(&c.UserDefined, file.UserDefined, func(u *contacts.UserDefined) string { return key(u.Key, u.Value) }, nil)
	add(&c.Websites, file.Websites, func(w *contacts.Website) string { return key(w.Href) },
		func(w *contacts.Website) *bool { return &w.Primary })
	add(&c.CalendarLinks, file.CalendarLinks, func(l *contacts.CalendarLink) string { return key(l.Href) },
		func(l *contacts.CalendarLink) *bool { return &l.Primary })
	add(&c.Languages, file.Languages, func(l *contacts.Language) string { return key(l.Code, l.Label) }, nil)
	add(&c.Jots, file.Jots, func(j *contacts.Jot) string { return key(j.Rel, j.Text) }, nil)
	add(&c.Hobbies, file.Hobbies, func(h *string) string { return key(*h) }, nil)
	add(&c.Memberships, file.Memberships, func(m *contacts.Membership) string { return m.Group.String() }, nil)
	for _, p := range file.Properties {
		i := slices.IndexFunc(c.Properties, func(o contacts.Property) bool { return o.Name == p.Name && o.Realm == p.Realm })
		if i < 0 {
			c.Properties = append(c.Properties, p)
		} else {
			c.Properties[i] = p
		}
	}
	mergeExtra(c, file)
	return c
}

// mergeName takes the file's name whole, if it has one: parts of two names make
// a third that nobody has. Its phonetic forms are added.
func mergeName(to *contacts.Name, from *contacts.Name) {
	if from.Full != "" {
		old := *to
		*to = *from
		to.Extra = old.Extra
		to.GivenYomi, to.AdditionalYomi, to.FamilyYomi = old.GivenYomi, old.AdditionalYomi, old.FamilyYomi
	}
	for _, f := range [...]struct{ to, from *string }{
		{&to.GivenYomi, &from.GivenYomi}, {&to.AdditionalYomi, &from.AdditionalYomi}, {&to.FamilyYomi, &from.FamilyYomi},
	} {
		if *f.from != "" {
			*f.to = *f.from
		}
	}
}

// mergeExtra adds the unknown XML that is not there yet. A contact keeps the
// UID that it has.
func mergeExtra(c, file *contacts.Contact) {
	uid := vcard.UID(c)
	from := file.Clone()
	if uid != "" {
		vcard.SetUID(from, "")
	}
	for _, u := range from.Extra {
		have := map[string]bool{}
		for _, o := range c.Extra {
			if o.In != u.In {
				continue
			}
			have[o.Attrs] = true
			for _, el := range elements(o.XML) {
				have[el] = true
			}
		}
		gain := contacts.Unknown{In: u.In}
		if !have[u.Attrs] {
			gain.Attrs = u.Attrs
		}
		for _, el := range elements(u.XML) {
			if !have[el] {
				gain.XML += el
			}
		}
		if gain.Attrs+gain.XML != "" {
			c.Extra = append(c.Extra, gain)
		}
	}
}

// elements cuts XML in its canonical form into its outermost elements.
func elements(text string) []string {
	var els []string
	d := xml.NewDecoder(strings.NewReader(text))
	depth, from := 0, int64(0)
	for {
		tok, err := d.Token()
		if err != nil {
			break
		}
		switch tok.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			if depth--; depth == 0 {
				els = append(els, text[from:d.InputOffset()])
				from = d.InputOffset()
			}
		}
	}
	if from < int64(len(text)) {
		els = append(els, text[from:])
	}
	return els
}

// add appends the items of a file whose key no item has. At most one is the
// primary one, and that is the one which was.
func add[T any](to *[]T, from []T, keyOf func(*T) string, primary func(*T) *bool) {
	have := make(map[string]bool, len(*to)+len(from))
	chosen := false
	for i := range *to {
		have[keyOf(&(*to)[i])] = true
		chosen = chosen || primary != nil && *primary(&(*to)[i])
	}
	for i := range from {
		it := from[i]
		k := keyOf(&it)
		if have[k] {
			continue
		}
		have[k] = true
		if primary != nil && *primary(&it) {
			*primary(&it) = !chosen
			chosen = true
		}
		*to = append(*to, it)
	}
}

// key joins what makes an item itself, without regard to case and blanks at
// the ends.
func key(parts ...string) string {
	for i := range parts {
		parts[i] = strings.ToLower(strings.TrimSpace(parts[i]))
	}
	return strings.Join(parts, "\x00")
}

// digits is a telephone number as it is dialled; what has no digits is itself.
func digits(number string) string {
	d := strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' || r == '+' {
			return r
		}
		return -1
	}, number)
	if d == "" {
		return key(number)
	}
	return d
}
