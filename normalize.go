package contacts

import "strings"

// SetFull makes full the whole name, with the parts that follow from it: the
// last word is the family name, the first the given name, those between are
// additional; a single word is the given name (NAME-3).
func (n *Name) SetFull(full string) {
	full = strings.TrimSpace(full)
	*n = Name{Full: full}
	words := strings.Fields(full)
	if len(words) == 0 {
		return
	}
	n.Given = words[0]
	if last := len(words) - 1; last > 0 {
		n.Family = words[last]
		n.Additional = strings.Join(words[1:last], " ")
	}
}

// hasParts reports whether any part of the name that a full name is made of is set.
func (n *Name) hasParts() bool {
	return n.Prefix != "" || n.Given != "" || n.Additional != "" || n.Family != "" || n.Suffix != ""
}

// IsZero reports whether nothing of the name is set.
func (n *Name) IsZero() bool {
	return n.Full == "" && !n.hasParts() && n.GivenYomi == "" && n.AdditionalYomi == "" && n.FamilyYomi == "" && len(n.Extra) == 0
}

// fill completes a name that has only the whole or only the parts. One that
// has both stays as given, even where they contradict (NAME-5).
func (n *Name) fill() {
	switch {
	case n.Full != "" && !n.hasParts():
		whole := *n
		n.SetFull(n.Full) // NAME-3
		n.GivenYomi, n.AdditionalYomi, n.FamilyYomi, n.Extra = whole.GivenYomi, whole.AdditionalYomi, whole.FamilyYomi, whole.Extra
	case n.Full == "" && n.hasParts():
		n.Full = joinNonEmpty(" ", n.Prefix, n.Given, n.Additional, n.Family, n.Suffix) // NAME-4
	}
}

// fill completes an address that has only the whole or only the parts.
func (a *Address) fill() {
	parts := joinNonEmpty("", a.Agent, a.HouseName, a.Street, a.POBox, a.Neighborhood, a.City, a.Subregion, a.Region, a.Postcode, a.Country)
	switch {
	case a.Formatted == "":
		town := joinNonEmpty(" ", a.Region, a.Postcode)
		a.Formatted = joinNonEmpty("\n", a.Street, a.POBox, a.Neighborhood, joinNonEmpty(", ", a.City, town), a.Country) // ELEM-47
	case parts == "":
		a.Street = a.Formatted // ELEM-45, ELEM-48
	}
}

// Normalize brings c into the form in which a book keeps it: names and
// addresses completed, e-mail addresses trimmed, memberships merged and
// elements without content dropped.
func (c *Contact) Normalize() {
	c.Name.fill()
	for i := range c.Emails {
		c.Emails[i].Address = strings.TrimSpace(c.Emails[i].Address) // ELEM-40
	}
	for i := range c.Addresses {
		c.Addresses[i].fill()
	}
	c.Memberships = mergeMemberships(c.Memberships)
}

// mergeMemberships keeps the first of repeated memberships (ELEM-93), and a
// live one before a removed one.
func mergeMemberships(ms []Membership) []Membership {
	out := ms[:0]
next:
	for _, m := range ms {
		for i := range out {
			if out[i].Group == m.Group {
				if m.Removed == 0 {
					out[i].Removed = 0
				}
				continue next
			}
		}
		out = append(out, m)
	}
	return out
}

// MemberOf reports whether c is in the group now.
func (c *Contact) MemberOf(group ID) bool {
	for _, m := range c.Memberships {
		if m.Group == group && m.Removed == 0 {
			return true
		}
	}
	return false
}

func joinNonEmpty(sep string, parts ...string) string {
	n := 0
	for _, p := range parts {
		if p != "" {
			parts[n] = p
			n++
		}
	}
	return strings.Join(parts[:n], sep)
}
