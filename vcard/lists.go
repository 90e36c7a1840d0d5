package vcard

import (
	"strings"

	"contacts"
)

// A slot says which properties an organization has been given. In cards an
// organization is spread over several properties.
type slot struct {
	group string
	has   [4]bool
}

// The properties of an organization, and where their parameters are kept.
const (
	slotOrg = iota
	slotTitle
	slotRole
	slotYomi
)

var slotPlace = [...]string{"gd:orgName", "gd:orgTitle", "gd:orgJobDescription", ""}

// slot finds the organization that a property belongs to: that of its group,
// or else the first that lacks such a property. isNew says that it was added.
func (im *importer) slot(p *Property, kind int) (o *contacts.Organization, isNew bool) {
	at := -1
	for i := range im.slots {
		if s := &im.slots[i]; s.group == p.Group && !s.has[kind] {
			at = i
			break
		}
	}
	if at < 0 {
		for i := range im.slots {
			if s := &im.slots[i]; (p.Group == "" || s.group == "") && !s.has[kind] {
				at = i
				break
			}
		}
	}
	if at < 0 {
		at, isNew = len(im.slots), true
		im.slots = append(im.slots, slot{group: p.Group})
		im.c.Organizations = append(im.c.Organizations, contacts.Organization{Rel: organizationUses.none})
	}
	im.slots[at].has[kind] = true
	o = &im.c.Organizations[at]
	x := contacts.Organization{}
	pref := im.use(p, organizationUses, use{rel: &x.Rel, label: &x.Label, extra: &o.Extra}, slotPlace[kind], func(q *Param) bool {
		switch q.Name {
		case "X-SYMBOL":
			o.Symbol = q.Value
		case "X-WHERE", "X-WHERE-EXTRA":
		default:
			return false
		}
		return true
	})
	if isNew || o.Rel == organizationUses.none {
		o.Rel, o.Label = x.Rel, x.Label
	}
	im.prefer(organizations, at, pref)
	n := 0
	for i := range p.Params {
		if p.Params[i].Name == "X-WHERE" {
			*[...]*string{&o.Where.Value, &o.Where.Rel, &o.Where.Label}[n%3] = p.Params[i].Value
			n++
		}
	}
	im.readExtra(&o.Where.Extra, p, "X-WHERE-EXTRA")
	return o, isNew
}

// says reports whether a property has parameters of our own, which mean
// something even without a value.
func says(p *Property) bool {
	for i := range p.Params {
		if strings.HasPrefix(p.Params[i].Name, "X-") {
			return true
		}
	}
	return false
}

func readOrg(im *importer, p *Property) bool {
	var name [1]string
	units := components(p.Value, name[:])
	var department strings.Builder
	for more := units != ""; more; {
		var unit string
		unit, units, more = cutValue(units, ';')
		department.WriteString(unescape(unit))
		if more {
			department.WriteByte(';')
		}
	}
	if name[0] == "" && department.Len() == 0 && !says(p) {
		return true
	}
	o, _ := im.slot(p, slotOrg)
	o.Name, o.Department = name[0], department.String()
	return true
}

func readTitle(im *importer, p *Property) bool {
	if v := p.Text(); v != "" {
		o, _ := im.slot(p, slotTitle)
		o.Title = v
	}
	return true
}

func readRole(im *importer, p *Property) bool {
	if v := p.Text(); v != "" {
		o, _ := im.slot(p, slotRole)
		o.JobDescription = v
	}
	return true
}

func readOrgYomi(im *importer, p *Property) bool {
	if v := p.Text(); v != "" {
		o, _ := im.slot(p, slotYomi)
		o.NameYomi = v
	}
	return true
}

func writeOrgs(w *writer) {
	several := len(w.c.Organizations) > 1
	for i := range w.c.Organizations {
		o := &w.c.Organizations[i]
		org := o.Name != "" || o.Department != "" || o.Title == "" && o.JobDescription == ""
		place := slotPlace[slotOrg]
		switch {
		case org:
		case o.Title != "":
			place = slotPlace[slotTitle]
		default:
			place = slotPlace[slotRole]
		}
		w.use(organizationUses, o.Rel, o.Label, o.Primary, o.Extra, place, slotPlace[:slotYomi]...)
		if several && w.item == 0 {
			w.newItem()
		}
		w.param("X-SYMBOL", o.Symbol)
		if x := &o.Where; x.Value != "" || x.Rel != "" || x.Label != "" {
			w.params = append(w.params, Param{"X-WHERE", x.Value}, Param{"X-WHERE", x.Rel}, Param{"X-WHERE", x.Label})
		}
		w.extra("X-WHERE-EXTRA", o.Where.Extra)
		if org {
			w.openWith("ORG")
			w.b = appendEscaped(w.b, o.Name)
			if o.Department != "" {
				for rest, more := o.Department, true; more; {
					var unit string
					unit, rest, more = strings.Cut(rest, ";")
					w.b = appendEscaped(append(w.b, ';'), unit)
				}
			}
			w.close()
			w.with()
			w.keptParams(o.Extra, slotPlace[slotTitle])
		}
		if o.Title != "" {
			w.openWith("TITLE")
			w.b = appendEscaped(w.b, o.Title)
			w.close()
		}
		if o.JobDescription != "" {
			if org || o.Title != "" {
				w.with()
				w.keptParams(o.Extra, slotPlace[slotRole])
			}
			w.openWith("ROLE")
			w.b = appendEscaped(w.b, o.JobDescription)
			w.close()
		}
		if o.NameYomi != "" {
			w.open("X-PHONETIC-ORG")
			w.b = appendEscaped(w.b, o.NameYomi)
			w.close()
		}
		w.label(organizationUses, o.Rel, o.Label)
	}
}

func readEmail(im *importer, p *Property) bool {
	address := strings.TrimSpace(p.Text())
	if address == "" {
		return true
	}
	if len(address) > len("mailto:") && strings.EqualFold(address[:len("mailto:")], "mailto:") {
		address = address[len("mailto:"):]
	}
	e := contacts.Email{Address: address}
	pref := im.use(p, emailUses, use{rel: &e.Rel, label: &e.Label, extra: &e.Extra}, "", func(q *Param) bool {
		if q.Name != "X-DISPLAY-NAME" {
			return false
		}
		e.DisplayName = q.Value
		return true
	})
	im.prefer(emails, len(im.c.Emails), pref)
	im.c.Emails = append(im.c.Emails, e)
	return true
}

func writeEmails(w *writer) {
	for i := range w.c.Emails {
		e := &w.c.Emails[i]
		w.use(emailUses, e.Rel, e.Label, e.Primary, e.Extra, "")
		w.param("X-DISPLAY-NAME", e.DisplayName)
		w.openWith("EMAIL")
		if strings.HasPrefix(e.Address, "mailto:") {
			w.b = append(w.b, "mailto:"...)
		}
		w.b = appendEscaped(w.b, e.Address)
		w.close()
		w.label(emailUses, e.Rel, e.Label)
	}
}

// readPhone reads a number as people write it, or a tel: URI.
func readPhone(im *importer, p *Property) bool {
	number := strings.TrimSpace(p.Text())
	if number == "" {
		return true
	}
	t := contacts.Phone{Number: number}
	if strings.HasPrefix(number, "tel:") && len(number) > len("tel:") {
		t.Number, t.URI = number[len("tel:"):], number
	}
	pref := im.use(p, phoneUses, use{rel: &t.Rel, label: &t.Label, extra: &t.Extra}, "", func(q *Param) bool {
		if q.Name != "X-URI" {
			return false
		}
		t.URI = q.Value
		return true
	})
	im.prefer(phones, len(im.c.Phones), pref)
	im.c.Phones = append(im.c.Phones, t)
	return true
}

func writePhones(w *writer) {
	for i := range w.c.Phones {
		t := &w.c.Phones[i]
		w.use(phoneUses, t.Rel, t.Label, t.Primary, t.Extra, "")
		// In version 3.0 a number is text, and programs show it as it stands.
		uri := strings.HasPrefix(t.URI, "tel:") && t.URI[len("tel:"):] == t.Number && isTelURI(t.Number)
		switch {
		case uri && w.v4:
			w.param("VALUE", "uri")
		case t.URI != "" || strings.HasPrefix(t.Number, "tel:"):
			w.params = append(w.params, Param{"X-URI", t.URI})
		}
		w.openWith("TEL")
		if uri && w.v4 || strings.HasPrefix(t.Number, "tel:") {
			w.b = append(w.b, "tel:"...)
		}
		w.b = appendEscaped(w.b, t.Number)
		w.close()
		w.label(phoneUses, t.Rel, t.Label)
	}
}

// isTelURI reports whether a number can stand in a URI as it is.
func isTelURI(s string) bool {
	for i := range len(s) {
		if c := s[i]; !nameChar[c] && strings.IndexByte("+.()*#=%", c) < 0 {
			return false
		}
	}
	return s != ""
}
