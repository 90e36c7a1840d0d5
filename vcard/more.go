package vcard

import (
	"strconv"
	"strings"

	"contacts"
)

var anniversaryUses = &family{none: "anniversary", words: []relWord{{"anniversary", nil}}}

// readEvent reads a date. One without a year is kept, because an event needs a
// full date (ELEM-52).
func readEvent(im *importer, p *Property) bool {
	day, ok := date(p.Text())
	if p.Value == "" {
		return true
	}
	if year := p.Param("X-APPLE-OMIT-YEAR"); !ok || day[0] == '-' || year != "" && strings.HasPrefix(day, year+"-") {
		return false
	}
	f := anniversaryUses
	if p.Name == "X-ABDATE" {
		f = eventUses
	}
	e := contacts.Event{Start: day}
	im.use(p, f, use{rel: &e.Rel, label: &e.Label, extra: &e.Extra}, "", func(q *Param) bool {
		switch q.Name {
		case "X-END":
			e.End = q.Value
		case "X-VALUE":
			e.Value = q.Value
		default:
			return false
		}
		return true
	})
	for i := range im.c.Events { // written twice for the sake of other programs
		if have := &im.c.Events[i]; have.Rel == e.Rel && have.Label == e.Label && have.Start == e.Start && f == anniversaryUses {
			return true
		}
	}
	im.c.Events = append(im.c.Events, e)
	return true
}

func writeEvents(w *writer) {
	anniversary := false // version 4.0 allows one
	for i := range w.c.Events {
		e := &w.c.Events[i]
		f, name := eventUses, "X-ABDATE"
		if w.v4 && !anniversary && e.Rel == contacts.RelAnniversary {
			f, name, anniversary = anniversaryUses, "ANNIVERSARY", true
			for j := range i { // reading would take it for the same
				if d := &w.c.Events[j]; d.Rel == e.Rel && d.Start == e.Start {
					f, name = eventUses, "X-ABDATE"
				}
			}
		}
		w.use(f, e.Rel, e.Label, false, e.Extra, "")
		w.param("X-END", e.End)
		w.param("X-VALUE", e.Value)
		w.openWith(name)
		w.date(e.Start)
		w.close()
		w.label(f, e.Rel, e.Label)
	}
}

// relationOf is the rel that a property has by its name.
func relationOf(name string) string {
	for _, rel := range [...]string{"spouse", "manager", "assistant", "child"} {
		if strings.Contains(name, strings.ToUpper(rel)) {
			return rel
		}
	}
	return ""
}

// readRelation reads the names of other people. A link to another card is kept.
func readRelation(im *importer, p *Property) bool {
	person := p.Text()
	if strings.TrimSpace(person) == "" {
		return true
	}
	f := relationUses
	if p.Name == "X-ABRELATEDNAMES" {
		f = relatedNames
	}
	if v := p.Param("VALUE"); p.Name == "RELATED" && !strings.EqualFold(v, "text") {
		if scheme, _ := cutScheme(person); scheme != "" && !strings.Contains(person, " ") || strings.EqualFold(v, "uri") {
			return false
		}
	}
	r := contacts.Relation{Person: person}
	im.use(p, f, use{rel: &r.Rel, label: &r.Label, extra: &r.Extra}, "", nil)
	if rel := relationOf(p.Name); rel != "" {
		r.Rel, r.Label = rel, ""
		for i := range im.c.Relations {
			if have := &im.c.Relations[i]; have.Rel == rel && have.Person == person {
				return true
			}
		}
	}
	if r.Rel == "" && r.Label == "" { // a type of RELATED that is no rel becomes the label
		r.Label = "related"
		if t := p.Param("TYPE"); t != "" && !strings.EqualFold(t, "pref") {
			r.Label = t
			r.Extra = dropKeptType(r.Extra, t)
		}
	}
	im.c.Relations = append(im.c.Relations, r)
	return true
}

// dropKeptType takes a type away from the parameters that an item keeps.
func dropKeptType(ex contacts.Extra, word string) contacts.Extra {
	var left contacts.Extra
	for _, u := range ex {
		params, rest := cutParams(nil, u.XML)
		u.XML = rest
		if u.Attrs+u.XML != "" {
			addExtra(&left, u)
		}
		kept := params[:0]
		for _, q := range params {
			if q != (Param{"TYPE", word}) {
				kept = append(kept, q)
			}
		}
		keepParams(&left, u.In, kept)
	}
	return left
}

func writeRelations(w *writer) {
	for i := range w.c.Relations {
		r := &w.c.Relations[i]
		f, name := relatedNames, "X-ABRELATEDNAMES"
		if w.v4 {
			f, name = relationUses, "RELATED"
		}
		w.use(f, r.Rel, r.Label, false, r.Extra, "")
		if w.v4 {
			w.param("VALUE", "text")
		}
		w.openWith(name)
		w.b = appendEscaped(w.b, r.Person)
		w.close()
		w.label(f, r.Rel, r.Label)
	}
}

// socialProfile marks the link to a profile, which has a property of its own,
// among the parameters kept with a website.
const socialProfile = "X-SOCIALPROFILE"

func readWebsite(im *importer, p *Property) bool {
	s := contacts.Website{Href: strings.TrimSpace(p.Text())}
	if s.Href == "" {
		return true
	}
	q := p
	if p.Name == "X-SOCIALPROFILE" || p.Name == "SOCIALPROFILE" {
		q = &Property{Group: p.Group, Params: append([]Param{{socialProfile, p.Name}}, p.Params...)}
		network := ""
		for i := range q.Params {
			if t := &q.Params[i]; t.Name == "TYPE" && !strings.EqualFold(t.Value, "pref") || t.Name == "SERVICE-TYPE" {
				network = t.Value
				if t.Name == "TYPE" {
					q.Params = append(q.Params[:i:i], q.Params[i+1:]...)
				}
				break
			}
		}
		pref := im.use(q, websiteUses, use{rel: &s.Rel, label: &s.Label, extra: &s.Extra}, "", nil)
		if s.Label == "" {
			if s.Rel, s.Label = "", network; network == "" {
				s.Rel = "profile"
			}
		}
		im.prefer(websites, len(im.c.Websites), pref)
		im.c.Websites = append(im.c.Websites, s)
		return true
	}
	pref := im.use(q, websiteUses, use{rel: &s.Rel, label: &s.Label, extra: &s.Extra}, "", nil)
	if p.Name == "X-EVOLUTION-BLOG-URL" {
		s.Rel, s.Label = "blog", ""
	}
	im.prefer(websites, len(im.c.Websites), pref)
	im.c.Websites = append(im.c.Websites, s)
	return true
}

func writeWebsites(w *writer) {
	for i := range w.c.Websites {
		s := &w.c.Websites[i]
		w.with()
		if w.keptParams(s.Extra, ""); len(w.params) > 0 && w.params[0].Name == socialProfile {
			w.writeSocial(s)
			continue
		}
		w.use(websiteUses, s.Rel, s.Label, s.Primary, s.Extra, "")
		w.openWith("URL")
		w.b = appendURI(w.b, s.Href)
		w.close()
		w.label(websiteUses, s.Rel, s.Label)
	}
}

// writeSocial writes a profile in the way that it was read. Its label is the
// network.
func (w *writer) writeSocial(s *contacts.Website) {
	name := w.params[0].Value
	label := s.Label
	w.item = 0
	w.params = append([]Param(nil), w.params[1:]...)
	if label != "" && !(name == "SOCIALPROFILE" && len(w.params) > 0 && w.params[0].Name == "SERVICE-TYPE") {
		w.params = append([]Param{{"TYPE", label}}, w.params...)
	}
	if s.Primary && w.v4 {
		w.param("PREF", "1")
	} else if s.Primary {
		w.param("TYPE", "pref")
	}
	w.types = 0
	w.extra("X-EXTRA", s.Extra, "")
	w.openWith(name)
	w.b = appendURI(w.b, s.Href)
	w.close()
}

func readCalendarLink(im *importer, p *Property) bool {
	l := contacts.CalendarLink{Href: strings.TrimSpace(p.Text())}
	if l.Href == "" {
		return true
	}
	f := calendarUses
	if p.Name == "FBURL" {
		f = freeBusyUses
	}
	pref := im.use(p, f, use{rel: &l.Rel, label: &l.Label, extra: &l.Extra}, "", nil)
	im.prefer(calendars, len(im.c.CalendarLinks), pref)
	im.c.CalendarLinks = append(im.c.CalendarLinks, l)
	return true
}

func writeCalendarLinks(w *writer) {
	for i := range w.c.CalendarLinks {
		l := &w.c.CalendarLinks[i]
		f, name := calendarUses, "CALURI"
		if l.Rel == "free-busy" {
			f, name = freeBusyUses, "FBURL"
		}
		w.use(f, l.Rel, l.Label, l.Primary, l.Extra, "")
		w.openWith(name)
		w.b = appendURI(w.b, l.Href)
		w.close()
		w.label(f, l.Rel, l.Label)
	}
}

// readLanguage reads the tag of LANG, and the word of X-LANGUAGE.
func readLanguage(im *importer, p *Property) bool {
	v := strings.TrimSpace(p.Text())
	if v == "" {
		return true
	}
	l := contacts.Language{Code: v}
	if p.Name == "X-LANGUAGE" {
		l = contacts.Language{Label: v}
	}
	im.keepRest(p, &l.Extra, "")
	im.readExtra(&l.Extra, p, "X-EXTRA")
	im.c.Languages = append(im.c.Languages, l)
	return true
}

func writeLanguages(w *writer) {
	for i := range w.c.Languages {
		l := &w.c.Languages[i]
		name, v := "X-LANG", l.Code
		switch {
		case l.Label != "":
			name, v = "X-LANGUAGE", l.Label
		case w.v4:
			name = "LANG"
		}
		w.with()
		w.keptParams(l.Extra, "")
		w.extra("X-EXTRA", l.Extra, "")
		w.openWith(name)
		w.b = appendEscaped(w.b, v)
		w.close()
	}
}

func readJot(im *importer, p *Property) bool {
	j := contacts.Jot{Text: p.Text()}
	label := ""
	im.use(p, jotUses, use{rel: &j.Rel, label: &label, extra: &j.Extra}, "", nil)
	if j.Rel == "" { // a jot has no labels
		j.Rel = jotUses.none
	}
	im.c.Jots = append(im.c.Jots, j)
	return true
}

func writeJots(w *writer) {
	for i := range w.c.Jots {
		j := &w.c.Jots[i]
		w.use(jotUses, j.Rel, "", false, j.Extra, "")
		w.openWith("X-JOT")
		w.b = appendEscaped(w.b, j.Text)
		w.close()
	}
}

func readExternalID(im *importer, p *Property) bool {
	x := contacts.ExternalID{Value: p.Text()}
	if x.Value != "" {
		im.use(p, externalUses, use{rel: &x.Rel, label: &x.Label, extra: &x.Extra}, "", nil)
		im.c.ExternalIDs = append(im.c.ExternalIDs, x)
	}
	return true
}

func writeExternalIDs(w *writer) {
	for i := range w.c.ExternalIDs {
		x := &w.c.ExternalIDs[i]
		w.use(externalUses, x.Rel, x.Label, false, x.Extra, "")
		w.openWith("X-EXTERNAL-ID")
		w.b = appendEscaped(w.b, x.Value)
		w.close()
		w.label(externalUses, x.Rel, x.Label)
	}
}

func readUserDefined(im *importer, p *Property) bool {
	u := contacts.UserDefined{Key: p.Param("X-KEY"), Value: p.Text()}
	im.readExtra(&u.Extra, p, "X-EXTRA")
	im.c.UserDefined = append(im.c.UserDefined, u)
	return true
}

func writeUserDefined(w *writer) {
	for i := range w.c.UserDefined {
		u := &w.c.UserDefined[i]
		w.with()
		w.param("X-KEY", u.Key)
		w.extra("X-EXTRA", u.Extra)
		w.openWith("X-USER-DEFINED")
		w.b = appendEscaped(w.b, u.Value)
		w.close()
	}
}

// readAndroid reads the property in which Android puts its own fields: a type
// and up to fifteen columns.
func readAndroid(im *importer, p *Property) bool {
	var col [4]string
	components(p.Value, col[:])
	kind, ok := strings.CutPrefix(col[0], "vnd.android.cursor.item/")
	if !ok || col[1] == "" {
		return false
	}
	switch kind {
	case "nickname":
		if im.c.Nickname != "" {
			return false
		}
		im.c.Nickname = col[1]
	case "contact_event":
		day, ok := date(col[1])
		if !ok || day[0] == '-' {
			return false
		}
		e := contacts.Event{Start: day}
		switch {
		case col[2] == "3" && im.c.Birthday == "":
			im.c.Birthday = day
			return true
		case col[2] == "1":
			e.Rel = contacts.RelAnniversary
		case col[2] == "0" && col[3] != "":
			e.Label = col[3]
		default:
			e.Rel = contacts.RelOther
		}
		im.c.Events = append(im.c.Events, e)
	case "relation":
		r := contacts.Relation{Person: col[1]}
		rels := [...]string{1: "assistant", "brother", "child", "domestic-partner", "father", "friend", "manager", "mother", "parent",
			"partner", "referred-by", "relative", "sister", "spouse"}
		for i, rel := range rels {
			if rel != "" && col[2] == strconv.Itoa(i) {
				r.Rel = rel
			}
		}
		if r.Rel == "" {
			if r.Label = col[3]; r.Label == "" {
				return false
			}
		}
		im.c.Relations = append(im.c.Relations, r)
	default:
		return false
	}
	return true
}
