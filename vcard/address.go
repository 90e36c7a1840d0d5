package vcard

import (
	"slices"
	"strings"

	"contacts"
)

// addressParam takes the parts of an address that ADR has no component for.
func addressParam(a *contacts.Address) func(*Param) bool {
	return func(q *Param) bool {
		switch q.Name {
		case "LABEL":
			a.Formatted = unescape(q.Value) // RFC 6350 writes line breaks with a backslash, RFC 6868 otherwise
		case "CC":
			a.CountryCode = q.Value
		case "X-AGENT":
			a.Agent = q.Value
		case "X-HOUSE-NAME":
			a.HouseName = q.Value
		case "X-SUBREGION":
			a.Subregion = q.Value
		case "X-MAIL-CLASS":
			return setWord(&a.MailClass, q.Value, "both", "letters", "parcels", "neither")
		case "X-USAGE":
			return setWord(&a.Usage, q.Value, "general", "local")
		case "X-PLAIN":
			a.Plain = true
		default:
			return false
		}
		return true
	}
}

// setWord sets a field that has one of the words, or a URI (ELEM-46).
func setWord(field *string, value string, words ...string) bool {
	if scheme, _ := cutScheme(value); scheme == "" && !slices.Contains(words, value) {
		return false
	}
	*field = value
	return true
}

// readAddress reads ADR. Its second component, which has many meanings, is the
// neighborhood, as in Android's cards.
func readAddress(im *importer, p *Property) bool {
	var parts [7]string
	components(p.Value, parts[:])
	a := contacts.Address{POBox: parts[0], Neighborhood: parts[1], Street: parts[2], City: parts[3], Region: parts[4], Postcode: parts[5], Country: parts[6]}
	if parts == [7]string{} && !says(p) && p.Param("LABEL") == "" {
		return true
	}
	pref := im.use(p, addressUses, use{rel: &a.Rel, label: &a.Label, extra: &a.Extra}, "", addressParam(&a))
	if a.Plain && a.Formatted == "" {
		a.Formatted = string(appendFormatted(nil, &a))
	}
	im.prefer(addresses, len(im.c.Addresses), pref)
	im.c.Addresses = append(im.c.Addresses, a)
	im.adrs = append(im.adrs, p)
	return true
}

// readLabel sets an address label of version 3.0 aside.
func readLabel(im *importer, p *Property) bool {
	if strings.TrimSpace(p.Value) != "" {
		im.labeled = append(im.labeled, p)
	}
	return true
}

// finishAddresses gives each label to the address of its group or of its types.
// A label without an address is one.
func (im *importer) finishAddresses() {
	for _, p := range im.labeled {
		text := p.Text()
		at := -1
		for i, adr := range im.adrs {
			if im.c.Addresses[i].Formatted == "" && (p.Group != "" && adr.Group == p.Group || p.Group == "" && sameTypes(adr, p)) {
				at = i
				break
			}
		}
		if at >= 0 {
			im.c.Addresses[at].Formatted = text
			continue
		}
		a := contacts.Address{Formatted: text}
		im.use(p, addressUses, use{rel: &a.Rel, label: &a.Label, extra: &a.Extra}, "", addressParam(&a))
		im.c.Addresses = append(im.c.Addresses, a)
		im.adrs = append(im.adrs, p)
	}
}

// sameTypes reports whether two properties are at home, or at work, alike.
func sameTypes(p, q *Property) bool {
	return p.HasType("HOME") == q.HasType("HOME") && p.HasType("WORK") == q.HasType("WORK")
}

// readCountryCode reads the country by which Apple's programs choose the form
// of an address.
func readCountryCode(im *importer, p *Property) bool {
	for i, adr := range im.adrs {
		if p.Group == "" || adr.Group != p.Group || len(p.Value) != 2 {
			continue
		}
		if a := &im.c.Addresses[i]; a.CountryCode == "" {
			a.CountryCode = strings.ToUpper(p.Value)
		}
		return true
	}
	return false
}

func writeAddresses(w *writer) {
	for i := range w.c.Addresses {
		a := &w.c.Addresses[i]
		street, label := a.Street, ""
		if !hasParts(a) {
			street = a.Formatted
		} else if w.scratch = appendFormatted(w.scratch[:0], a); a.Formatted != string(w.scratch) {
			label = a.Formatted
		}
		w.use(addressUses, a.Rel, a.Label, a.Primary, a.Extra, "")
		apple := !w.v4 && isCountryCode(a.CountryCode)
		if w.item == 0 && !w.v4 && (label != "" || apple) {
			w.newItem()
		}
		if w.v4 {
			w.param("LABEL", strings.ReplaceAll(label, `\`, `\\`))
		}
		w.param("CC", a.CountryCode)
		w.param("X-AGENT", a.Agent)
		w.param("X-HOUSE-NAME", a.HouseName)
		w.param("X-SUBREGION", a.Subregion)
		w.param("X-MAIL-CLASS", a.MailClass)
		w.param("X-USAGE", a.Usage)
		if a.Plain {
			w.param("X-PLAIN", "1")
		}
		w.openWith("ADR")
		w.structured(a.POBox, a.Neighborhood, street, a.City, a.Region, a.Postcode, a.Country)
		w.close()
		if label != "" && !w.v4 {
			w.open("LABEL")
			w.b = appendEscaped(w.b, label)
			w.close()
		}
		if apple {
			w.open("X-ABADR")
			w.b = append(w.b, a.CountryCode[0]|0x20, a.CountryCode[1]|0x20)
			w.close()
		}
		w.label(addressUses, a.Rel, a.Label)
	}
}

func isCountryCode(s string) bool {
	return len(s) == 2 && 'A' <= s[0] && s[0] <= 'Z' && 'A' <= s[1] && s[1] <= 'Z'
}

func hasParts(a *contacts.Address) bool {
	return a.Agent != "" || a.HouseName != "" || a.Street != "" || a.POBox != "" || a.Neighborhood != "" || a.City != "" ||
		a.Subregion != "" || a.Region != "" || a.Postcode != "" || a.Country != ""
}

// appendFormatted appends the whole address as a book writes it from the parts.
// A card with another one has to say so.
func appendFormatted(b []byte, a *contacts.Address) []byte {
	start := len(b)
	add := func(sep, s string) {
		if s != "" {
			if len(b) > start {
				b = append(b, sep...)
			}
			b = append(b, s...)
		}
	}
	add("", a.Street)
	add("\n", a.POBox)
	add("\n", a.Neighborhood)
	add("\n", a.City)
	sep := ", "
	if a.City == "" {
		sep = "\n"
	}
	add(sep, a.Region)
	if a.Region != "" {
		sep = " "
	}
	add(sep, a.Postcode)
	add("\n", a.Country)
	return b
}
