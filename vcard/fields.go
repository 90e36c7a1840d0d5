package vcard

import (
	"slices"
	"strings"
	"time"

	"contacts"
)

// readGender reads GENDER:F, the words of other programs, and the numbers of
// Outlook. A gender that a contact cannot have is kept.
func readGender(im *importer, p *Property) bool {
	if im.c.Gender != "" {
		return false
	}
	switch v := strings.ToLower(strings.TrimSpace(p.Text())); {
	case v == "m", v == "male", v == "2" && p.Name == "X-WAB-GENDER":
		im.c.Gender = contacts.GenderMale
	case v == "f", v == "female", v == "1" && p.Name == "X-WAB-GENDER":
		im.c.Gender = contacts.GenderFemale
	case v == "":
		return true
	default:
		return false
	}
	im.keepRest(p, &im.c.Extra, "gContact:gender")
	return true
}

func writeGender(w *writer) {
	name, value := "X-GENDER", w.c.Gender
	switch {
	case w.v4 && value == contacts.GenderMale:
		value = "M"
	case w.v4 && value == contacts.GenderFemale:
		value = "F"
	case value == contacts.GenderMale:
		value = "Male"
	case value == contacts.GenderFemale:
		value = "Female"
	}
	if w.v4 {
		name = "GENDER"
	}
	w.line(name, "gContact:gender", value)
}

// date reads a date in the forms that cards have: with or without hyphens, with
// a time behind it, or without a year. The result is YYYY-MM-DD or --MM-DD.
func date(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if i := strings.IndexAny(s, "T "); i >= 0 {
		s = s[:i]
	}
	digits := func(s string) bool {
		for i := range len(s) {
			if s[i] < '0' || s[i] > '9' {
				return false
			}
		}
		return true
	}
	switch {
	case len(s) == 8 && digits(s):
		s = s[:4] + "-" + s[4:6] + "-" + s[6:]
	case len(s) == 6 && s[:2] == "--" && digits(s[2:]):
		s = s[:4] + "-" + s[4:]
	}
	full := s
	if len(s) == 7 && strings.HasPrefix(s, "--") {
		full = "2000-" + s[2:]
	}
	_, err := time.Parse(time.DateOnly, full)
	return s, err == nil
}

func readBirthday(im *importer, p *Property) bool {
	day, ok := date(p.Text())
	if p.Text() == "" {
		return true
	}
	if !ok || im.c.Birthday != "" {
		return false
	}
	if year := p.Param("X-APPLE-OMIT-YEAR"); year != "" && strings.HasPrefix(day, year+"-") {
		day = "-" + day[4:]
	}
	im.c.Birthday = day
	im.keepRest(p, &im.c.Extra, "gContact:birthday")
	return true
}

// noYear is the year that stands for none in version 3.0, by the habit of
// Apple's programs: the first leap year of their calendar.
const noYear = "1604"

func writeBirthday(w *writer) {
	day := w.c.Birthday
	if day == "" {
		return
	}
	w.with()
	if !w.v4 && strings.HasPrefix(day, "--") {
		w.param("X-APPLE-OMIT-YEAR", noYear)
		day = noYear + day[1:]
	}
	w.keptParams(w.c.Extra, "gContact:birthday")
	w.openWith("BDAY")
	w.date(day)
	w.close()
}

// date appends a date: with hyphens in version 3.0 and without in 4.0.
func (w *writer) date(day string) {
	if !w.v4 || len(day) < 7 {
		w.b = append(w.b, day...)
		return
	}
	at := len(day) - 3
	w.b = append(w.b, strings.TrimSuffix(day[:at-2], "-")...)
	if strings.HasPrefix(day, "--") {
		w.b = append(w.b, '-')
	}
	w.b = append(append(w.b, day[at-2:at]...), day[at+1:]...)
}

// readSensitivity reads CLASS, too, which is public, private or confidential.
func readSensitivity(im *importer, p *Property) bool {
	if im.c.Sensitivity != "" {
		return false
	}
	switch v := strings.ToLower(p.Text()); v {
	case "confidential", "private", "normal", "personal":
		im.c.Sensitivity = v
	case "public":
		im.c.Sensitivity = "normal"
	case "x-personal":
		im.c.Sensitivity = "personal"
	default:
		return false
	}
	im.keepRest(p, &im.c.Extra, "gContact:sensitivity")
	return true
}

func writeSensitivity(w *writer) {
	name, v := "CLASS", w.c.Sensitivity
	switch {
	case w.v4:
		name = "X-SENSITIVITY"
	case v == "normal":
		v = "PUBLIC"
	case v == "personal":
		v = "X-PERSONAL"
	default:
		v = strings.ToUpper(v)
	}
	w.line(name, "gContact:sensitivity", v)
}

func readPriority(im *importer, p *Property) bool {
	switch v := strings.ToLower(p.Text()); v {
	case "low", "normal", "high":
		return im.text(&Property{Value: v, Params: p.Params}, "gContact:priority", &im.c.Priority)
	}
	return false
}

// readNote joins notes, and keeps one apart that has parameters and is not the
// first.
func readNote(im *importer, p *Property) bool {
	v := strings.TrimSpace(p.Text())
	switch {
	case v == "":
		return true
	case im.c.Notes == "":
		im.c.Notes = v
		if len(p.Params) > 0 { // the element of notes has no room for more
			im.keepRest(&Property{Params: append([]Param{{"X-OF", "NOTE"}}, p.Params...)}, &im.c.Extra, "")
		}
	case len(p.Params) > 0:
		return false
	default:
		im.c.Notes += "\n" + v
	}
	return true
}

func writeNote(w *writer) {
	if w.c.Notes == "" {
		return
	}
	w.with()
	for i := range w.c.Extra {
		if u := &w.c.Extra[i]; u.In == "" && strings.Contains(u.XML, noteParams) {
			el, _, _ := cutElement(u.XML[strings.Index(u.XML, noteParams):])
			params, _ := readXParams(nil, el.body)
			w.params = append(w.params, params[1:]...)
		}
	}
	w.openWith("NOTE")
	w.b = appendEscaped(w.b, w.c.Notes)
	w.close()
}

func readWhere(im *importer, p *Property) bool {
	x := &im.c.Where
	if x.Value != "" || x.Rel != "" || x.Label != "" {
		return false
	}
	*x = contacts.Where{Value: p.Text(), Rel: p.Param("X-REL"), Label: p.Param("X-LABEL")}
	im.readExtra(&x.Extra, p, "X-EXTRA")
	return true
}

func writeWhere(w *writer) {
	x := &w.c.Where
	if x.Value == "" && x.Rel == "" && x.Label == "" && len(x.Extra) == 0 {
		return
	}
	w.with()
	w.param("X-REL", x.Rel)
	w.param("X-LABEL", x.Label)
	w.extra("X-EXTRA", x.Extra)
	w.openWith("X-WHERE")
	w.b = appendEscaped(w.b, x.Value)
	w.close()
}

// readHobby reads a hobby. One that is there already cannot have parameters of
// its own and, if it has, is left alone.
func readHobby(im *importer, p *Property) bool {
	v := p.Text()
	if strings.TrimSpace(v) == "" {
		return true
	}
	again := slices.Contains(im.c.Hobbies, v)
	if again && len(p.Params) > 0 {
		return false
	}
	im.c.Hobbies = append(im.c.Hobbies, v)
	if !again {
		im.keepRest(p, &im.c.Extra, "gContact:hobby["+v+"]")
	}
	return true
}

func writeHobbies(w *writer) {
	name := "X-HOBBY"
	if w.v4 {
		name = "HOBBY"
	}
	written := map[string]bool{}
	for _, h := range w.c.Hobbies {
		in := ""
		if len(w.c.Extra) > 0 && !written[h] {
			in, written[h] = "gContact:hobby["+h+"]", true
		}
		w.line(name, in, h)
	}
}

func readCategories(im *importer, p *Property) bool {
	splitList(p.Value, func(name string) {
		for _, have := range im.out.Categories {
			if have == name {
				return
			}
		}
		im.out.Categories = append(im.out.Categories, name)
	})
	return true
}

func writeCategories(w *writer) {
	if len(w.o.Categories) == 0 {
		return
	}
	w.open("CATEGORIES")
	for i, name := range w.o.Categories {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = appendEscaped(w.b, name)
	}
	w.close()
}

// readExtended reads an extended property of the Contacts Data API.
func readExtended(im *importer, p *Property) bool {
	x := contacts.Property{Name: p.Param("X-NAME"), Realm: p.Param("X-REALM")}
	v := p.Text()
	switch form := p.Param("X-FORM"); {
	case x.Name == "":
		return false
	case form == "xml":
		if len(v) > contacts.MaxPropertyBytes || !isFragment(v, true) {
			im.lose("X-EXTENDED-PROPERTY: XML that is too large or not well-formed")
			return true
		}
		x.XML = v
	case form == "text":
		x.Text = v
	default:
		x.Value = v
	}
	im.readExtra(&x.Extra, p, "X-EXTRA")
	im.c.Properties = append(im.c.Properties, x)
	return true
}

func writeExtended(w *writer) {
	for i := range w.c.Properties {
		x := &w.c.Properties[i]
		form, v := "", x.Value
		switch {
		case x.XML != "":
			form, v = "xml", x.XML
		case x.Text != "":
			form, v = "text", x.Text
		}
		w.with()
		w.param("X-NAME", x.Name)
		w.param("X-REALM", x.Realm)
		w.param("X-FORM", form)
		w.extra("X-EXTRA", x.Extra)
		w.openWith("X-EXTENDED-PROPERTY")
		w.b = appendEscaped(w.b, v)
		w.close()
	}
}

// readForeign reads XML that has no field, nor the form of RFC 6351.
func readForeign(im *importer, p *Property) bool {
	var parts [3]string
	components(p.Value, parts[:])
	im.addForeign(&im.c.Extra, contacts.Unknown{In: parts[0], Attrs: parts[1], XML: parts[2]})
	return true
}

func writeKept(w *writer) {
	for i := range w.kept {
		if w.kept[i].Name != "UID" {
			w.b = appendLine(w.b, &w.kept[i])
		}
	}
}
