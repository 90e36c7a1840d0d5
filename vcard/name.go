package vcard

import (
	"strings"

	"contacts"
)

func readFN(im *importer, p *Property) bool {
	v := strings.TrimSpace(p.Text())
	switch {
	case v == "":
		return true
	case im.c.Name.Full != "":
		return false
	}
	im.c.Name.Full = v
	im.keepRest(p, &im.c.Name.Extra, "gd:fullName")
	return true
}

func readN(im *importer, p *Property) bool {
	n := &im.c.Name
	if im.hasN {
		return false
	}
	im.hasN = true
	var parts [5]string
	components(p.Value, parts[:])
	n.Family, n.Given, n.Additional, n.Prefix, n.Suffix = parts[0], parts[1], nameList(p.Value, 2, parts[2], " "), parts[3], nameList(p.Value, 4, parts[4], ", ")
	im.noName = parts == [5]string{}
	im.keepRest(p, &n.Extra, "")
	im.readExtra(&n.Extra, p, "X-EXTRA")
	return true
}

// nameList joins the names of a component that is a list. A comma before a
// blank is one that should have had a backslash.
func nameList(value string, n int, text, sep string) string {
	if strings.IndexByte(text, ',') < 0 {
		return text
	}
	for range n {
		_, value, _ = cutValue(value, ';')
	}
	value, _, _ = cutValue(value, ';')
	var b strings.Builder
	for more := true; more; {
		var part string
		part, value, more = cutValue(value, ',')
		b.WriteString(unescape(part))
		if more {
			if strings.HasPrefix(value, " ") {
				b.WriteString(",")
			} else {
				b.WriteString(sep)
			}
		}
	}
	return b.String()
}

// finishName takes away a full name that only stands in for one: cards need it
// even when a contact has no name.
func (im *importer) finishName() {
	if n := &im.c.Name; im.noName && n.Full != "" && n.Full == standIn(im.c) {
		n.Full = ""
	}
}

// standIn is what a card calls a contact without a name.
func standIn(c *contacts.Contact) string {
	for i := range c.Organizations {
		if n := c.Organizations[i].Name; n != "" {
			return n
		}
	}
	switch {
	case c.Nickname != "":
		return c.Nickname
	case len(c.Emails) > 0:
		return c.Emails[0].Address
	case len(c.Phones) > 0:
		return c.Phones[0].Number
	}
	return ""
}

// fullName is the name as a book would have completed it.
func fullName(c *contacts.Contact) contacts.Name {
	n := c.Name
	if n.Prefix != "" || n.Given != "" || n.Additional != "" || n.Family != "" || n.Suffix != "" {
		if n.Full == "" {
			for _, part := range [...]string{n.Prefix, n.Given, n.Additional, n.Family, n.Suffix} {
				if n.Full != "" && part != "" {
					n.Full += " "
				}
				n.Full += part
			}
		}
		return n
	}
	if n.Full != "" {
		n.SetFull(n.Full)
	}
	return n
}

func writeFN(w *writer) {
	full := fullName(w.c).Full
	if full == "" {
		full = standIn(w.c)
	}
	w.with()
	w.keptParams(w.c.Name.Extra, "gd:fullName")
	w.openWith("FN")
	w.b = appendEscaped(w.b, full)
	w.close()
}

func writeN(w *writer) {
	n := fullName(w.c)
	w.with()
	w.keptParams(w.c.Name.Extra, "")
	w.extra("X-EXTRA", w.c.Name.Extra, "", "gd:fullName")
	w.openWith("N")
	w.structured(n.Family, n.Given, n.Additional, n.Prefix, n.Suffix)
	w.close()
}

// structured appends components.
func (w *writer) structured(parts ...string) {
	for i, part := range parts {
		if i > 0 {
			w.b = append(w.b, ';')
		}
		w.b = appendEscaped(w.b, part)
	}
}

// readSound reads how Japanese telephones write the pronunciation of a name.
func readSound(im *importer, p *Property) bool {
	n := &im.c.Name
	if !p.HasType("X-IRMC-N") || n.FamilyYomi != "" || n.GivenYomi != "" {
		return false
	}
	var parts [3]string
	components(p.Value, parts[:])
	n.FamilyYomi, n.GivenYomi, n.AdditionalYomi = parts[0], parts[1], parts[2]
	return true
}

func readNickname(im *importer, p *Property) bool {
	if im.c.Nickname != "" {
		return false
	}
	if strings.IndexByte(p.Value, ',') < 0 {
		return im.text(p, "gContact:nickname", &im.c.Nickname)
	}
	var all []string
	for rest, more := p.Value, true; more; {
		var part string
		part, rest, more = cutValue(rest, ',')
		all = append(all, unescape(part))
	}
	for i := range all {
		if len(all) > 1 {
			all[i] = strings.TrimSpace(all[i])
		}
	}
	im.c.Nickname = strings.Join(all, ", ")
	if strings.TrimSpace(im.c.Nickname) == "" {
		im.c.Nickname = ""
		return true
	}
	im.keepRest(p, &im.c.Extra, "gContact:nickname")
	return true
}

func writeNickname(w *writer) { w.line("NICKNAME", "gContact:nickname", w.c.Nickname) }
