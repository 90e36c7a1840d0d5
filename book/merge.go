package book

import (
	"slices"
	"strings"

	"contacts"
)

// merge is the contact that a PUT makes of old and the draft: the draft where
// the view shows something, old where it does not (WRT-20, VER-54).
func (s *Service) merge(view contacts.View, old *contacts.Contact, d Draft) *contacts.Contact {
	c := d.Contact
	if s.o.AcceptRedundantOtherRel {
		dropRedundantRels(old, c)
	}
	c.Name = mergeName(view, old, d)
	c.Addresses = mergeAddresses(view, old.Addresses, c.Addresses)
	c.Properties = mergeProperties(view.Projection, old.Properties, c.Properties) // WRT-47: and nothing else
	if !view.Parts() {
		keepHidden(old, c)
	}
	return c
}

// mergeName applies the name of a draft.
func mergeName(view contacts.View, old *contacts.Contact, d Draft) contacts.Name {
	name := d.Contact.Name
	if view.Version >= 3 {
		if name.IsZero() && d.HasTitle {
			name.SetFull(d.Title) // NAME-2
		}
		return name
	}
	switch title := strings.TrimSpace(d.Title); {
	case !d.HasTitle && !name.IsZero():
		return name
	case title != old.Name.Full: // NAME-7
		name.SetFull(title)
		return name
	case !name.IsZero():
		return name
	}
	return old.Name
}

// mergeAddresses gives an address that the client knows as text alone the
// parts that are stored for that text, each once (ELEM-45). Addresses without
// text, which versions 1 and 2 do not show of a user's contact, stay (VER-54).
func mergeAddresses(view contacts.View, old, sent []contacts.Address) []contacts.Address {
	taken := make([]bool, len(old))
	for i := range sent {
		if !sent[i].Plain {
			continue
		}
		for j, o := range old {
			if taken[j] || o.Rel != sent[i].Rel || o.Label != sent[i].Label || strings.TrimSpace(o.Formatted) != strings.TrimSpace(sent[i].Formatted) {
				continue
			}
			taken[j] = true
			o.Primary = sent[i].Primary
			o.Extra = sent[i].Extra // WRT-21
			for _, x := range old[j].Extra {
				if x.In != "" { // on a part
					o.Extra = append(o.Extra, x)
				}
			}
			sent[i] = o
			break
		}
	}
	if view.Parts() {
		return sent
	}
	for j, o := range old {
		if o.Formatted != "" {
			continue
		}
		o.Primary = o.Primary && !slices.ContainsFunc(sent, func(a contacts.Address) bool { return a.Primary })
		sent = slices.Insert(sent, min(j, len(sent)), o)
	}
	return sent
}

// mergeProperties is the extended properties after a PUT in a projection.
func mergeProperties(p contacts.Projection, old, sent []contacts.Property) []contacts.Property {
	switch p.Name {
	case contacts.ProjectionThin:
		return old // WRT-43
	case contacts.ProjectionProperty: // WRT-45
		var merged []contacts.Property
		for _, o := range old {
			if !p.Shows(o.Name) {
				merged = append(merged, o)
			}
		}
		return append(merged, shown(p, sent)...)
	}
	return sent // WRT-41, WRT-42, ELEM-84
}

// shown is the extended properties that a projection shows, and so may set.
func shown(p contacts.Projection, all []contacts.Property) []contacts.Property {
	var some []contacts.Property
	for _, one := range all {
		if p.Shows(one.Name) {
			some = append(some, one)
		}
	}
	return some
}

// keepHidden keeps what versions 1 and 2 do not show of a user's contact,
// unless the client sent it all the same (VER-9, VER-54).
func keepHidden(old, c *contacts.Contact) {
	for _, f := range [...]struct {
		to   *string
		from string
	}{
		{&c.Nickname, old.Nickname}, {&c.MaidenName, old.MaidenName}, {&c.ShortName, old.ShortName},
		{&c.Initials, old.Initials}, {&c.YomiName, old.YomiName}, {&c.Gender, old.Gender}, {&c.Birthday, old.Birthday},
		{&c.Occupation, old.Occupation}, {&c.Sensitivity, old.Sensitivity}, {&c.BillingInformation, old.BillingInformation},
		{&c.Priority, old.Priority}, {&c.Mileage, old.Mileage}, {&c.DirectoryServer, old.DirectoryServer},
		{&c.Subject, old.Subject}, {&c.FileAs, old.FileAs},
	} {
		if *f.to == "" {
			*f.to = f.from
		}
	}
	keep(&c.Events, old.Events)
	keep(&c.ExternalIDs, old.ExternalIDs)
	keep(&c.Relations, old.Relations)
	keep(&c.UserDefined, old.UserDefined)
	keep(&c.Websites, old.Websites)
	keep(&c.CalendarLinks, old.CalendarLinks)
	keep(&c.Languages, old.Languages)
	keep(&c.Jots, old.Jots)
	keep(&c.Hobbies, old.Hobbies)
	for _, x := range old.Extra {
		if strings.HasPrefix(x.In, "gContact:") && !slices.ContainsFunc(c.Extra, func(y contacts.Unknown) bool { return y.In == x.In }) {
			c.Extra = append(c.Extra, x)
		}
	}
}

func keep[T any](to *[]T, from []T) {
	if len(*to) == 0 {
		*to = from
	}
}

// dropRedundantRels reads an element that has a label and the rel other as
// labelled only, where the stored element of its kind with that label has no
// rel (ELEM-31).
func dropRedundantRels(old, c *contacts.Contact) {
	dropRels(old.Emails, c.Emails, func(e *contacts.Email) (*string, string) { return &e.Rel, e.Label })
	dropRels(old.IMs, c.IMs, func(e *contacts.IM) (*string, string) { return &e.Rel, e.Label })
	dropRels(old.Organizations, c.Organizations, func(e *contacts.Organization) (*string, string) { return &e.Rel, e.Label })
	dropRels(old.Phones, c.Phones, func(e *contacts.Phone) (*string, string) { return &e.Rel, e.Label })
	dropRels(old.Addresses, c.Addresses, func(e *contacts.Address) (*string, string) { return &e.Rel, e.Label })
}

func dropRels[T any](old, sent []T, use func(*T) (rel *string, label string)) {
	for i := range sent {
		rel, label := use(&sent[i])
		if *rel != contacts.RelOther || label == "" {
			continue
		}
		for j := range old {
			if oldRel, oldLabel := use(&old[j]); *oldRel == "" && oldLabel == label {
				*rel = ""
				break
			}
		}
	}
}
