package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"contacts"
)

// A formField is a row of the table of the form: one key.
type formField interface {
	key() string
	lines(c *contacts.Contact) []*formLine
	// apply makes the field what the lines say. was are those of the contact.
	apply(c *contacts.Contact, was, is []*formLine) error
	partNames() []string
}

// groupsAfter is the field behind which the groups stand.
const groupsAfter = "Field"

// formFields are the fields in the order of the form.
var formFields = []formField{
	nameFields[0], nameFields[1], nameFields[2], nameFields[3], nameFields[4], nameFields[5],
	text("Phonetic given name", func(c *contacts.Contact) *string { return &c.Name.GivenYomi }),
	text("Phonetic middle name", func(c *contacts.Contact) *string { return &c.Name.AdditionalYomi }),
	text("Phonetic family name", func(c *contacts.Contact) *string { return &c.Name.FamilyYomi }),
	text("Phonetic name", func(c *contacts.Contact) *string { return &c.YomiName }),
	text("Nickname", func(c *contacts.Contact) *string { return &c.Nickname }),
	text("Short name", func(c *contacts.Contact) *string { return &c.ShortName }),
	text("Initials", func(c *contacts.Contact) *string { return &c.Initials }),
	text("Maiden name", func(c *contacts.Contact) *string { return &c.MaidenName }),
	text("File as", func(c *contacts.Contact) *string { return &c.FileAs }),
	&many[contacts.Email]{
		name: "Email", list: func(c *contacts.Contact) *[]contacts.Email { return &c.Emails },
		value: func(e *contacts.Email) *string { return &e.Address },
		rel:   func(e *contacts.Email) *string { return &e.Rel }, label: func(e *contacts.Email) *string { return &e.Label },
		primary: func(e *contacts.Email) *bool { return &e.Primary },
		parts:   []part[contacts.Email]{{"Display name", func(e *contacts.Email) *string { return &e.DisplayName }}},
	},
	&many[contacts.Phone]{
		name: "Phone", list: func(c *contacts.Contact) *[]contacts.Phone { return &c.Phones },
		value: func(p *contacts.Phone) *string { return &p.Number },
		rel:   func(p *contacts.Phone) *string { return &p.Rel }, label: func(p *contacts.Phone) *string { return &p.Label },
		primary: func(p *contacts.Phone) *bool { return &p.Primary },
		settle:  func(p *contacts.Phone) { p.URI = "" }, // it is of the number as it was
	},
	&many[contacts.IM]{
		name: "IM", list: func(c *contacts.Contact) *[]contacts.IM { return &c.IMs },
		value: func(m *contacts.IM) *string { return &m.Address },
		rel:   func(m *contacts.IM) *string { return &m.Rel }, label: func(m *contacts.IM) *string { return &m.Label },
		primary: func(m *contacts.IM) *bool { return &m.Primary },
		parts:   []part[contacts.IM]{{"Protocol", func(m *contacts.IM) *string { return &m.Protocol }}},
	},
	addresses,
	&many[contacts.Organization]{
		name: "Organization", list: func(c *contacts.Contact) *[]contacts.Organization { return &c.Organizations },
		value: func(o *contacts.Organization) *string { return &o.Name },
		rel:   func(o *contacts.Organization) *string { return &o.Rel }, label: func(o *contacts.Organization) *string { return &o.Label },
		primary: func(o *contacts.Organization) *bool { return &o.Primary },
		parts: []part[contacts.Organization]{
			{"Title", func(o *contacts.Organization) *string { return &o.Title }},
			{"Department", func(o *contacts.Organization) *string { return &o.Department }},
			{"Job", func(o *contacts.Organization) *string { return &o.JobDescription }},
			{"Symbol", func(o *contacts.Organization) *string { return &o.Symbol }},
			{"Phonetic name", func(o *contacts.Organization) *string { return &o.NameYomi }},
			{"Place", func(o *contacts.Organization) *string { return &o.Where.Value }},
		},
	},
	&many[contacts.Website]{
		name: "Website", list: func(c *contacts.Contact) *[]contacts.Website { return &c.Websites },
		value: func(w *contacts.Website) *string { return &w.Href },
		rel:   func(w *contacts.Website) *string { return &w.Rel }, label: func(w *contacts.Website) *string { return &w.Label },
		primary: func(w *contacts.Website) *bool { return &w.Primary },
	},
	text("Birthday", func(c *contacts.Contact) *string { return &c.Birthday }),
	&many[contacts.Event]{
		name: "Event", list: func(c *contacts.Contact) *[]contacts.Event { return &c.Events },
		value: func(e *contacts.Event) *string { return &e.Start },
		rel:   func(e *contacts.Event) *string { return &e.Rel }, label: func(e *contacts.Event) *string { return &e.Label },
		parts: []part[contacts.Event]{
			{"End", func(e *contacts.Event) *string { return &e.End }},
			{"Words", func(e *contacts.Event) *string { return &e.Value }},
		},
	},
	&many[contacts.Relation]{
		name: "Relation", list: func(c *contacts.Contact) *[]contacts.Relation { return &c.Relations },
		value: func(r *contacts.Relation) *string { return &r.Person },
		rel:   func(r *contacts.Relation) *string { return &r.Rel }, label: func(r *contacts.Relation) *string { return &r.Label },
	},
	text("Gender", func(c *contacts.Contact) *string { return &c.Gender }),
	text("Occupation", func(c *contacts.Contact) *string { return &c.Occupation }),
	&many[string]{
		name: "Hobby", list: func(c *contacts.Contact) *[]string { return &c.Hobbies },
		value: func(h *string) *string { return h },
	},
	&many[contacts.Language]{
		name: "Language", list: func(c *contacts.Contact) *[]contacts.Language { return &c.Languages },
		value: func(l *contacts.Language) *string {
			if l.Code != "" {
				return &l.Code
			}
			return &l.Label
		},
		settle: func(l *contacts.Language) { // what is no code is a word
			text := l.Code + l.Label
			l.Code, l.Label = text, ""
			if !languageTag.MatchString(text) {
				l.Code, l.Label = "", text
			}
		},
	},
	text("Place", func(c *contacts.Contact) *string { return &c.Where.Value }),
	&many[contacts.ExternalID]{
		name: "External ID", list: func(c *contacts.Contact) *[]contacts.ExternalID { return &c.ExternalIDs },
		value: func(x *contacts.ExternalID) *string { return &x.Value },
		rel:   func(x *contacts.ExternalID) *string { return &x.Rel }, label: func(x *contacts.ExternalID) *string { return &x.Label },
	},
	&many[contacts.CalendarLink]{
		name: "Calendar", list: func(c *contacts.Contact) *[]contacts.CalendarLink { return &c.CalendarLinks },
		value: func(l *contacts.CalendarLink) *string { return &l.Href },
		rel:   func(l *contacts.CalendarLink) *string { return &l.Rel }, label: func(l *contacts.CalendarLink) *string { return &l.Label },
		primary: func(l *contacts.CalendarLink) *bool { return &l.Primary },
	},
	&many[contacts.Jot]{
		name: "Jot", list: func(c *contacts.Contact) *[]contacts.Jot { return &c.Jots },
		value: func(j *contacts.Jot) *string { return &j.Text },
		rel:   func(j *contacts.Jot) *string { return &j.Rel },
	},
	text("Subject", func(c *contacts.Contact) *string { return &c.Subject }),
	text("Sensitivity", func(c *contacts.Contact) *string { return &c.Sensitivity }),
	text("Priority", func(c *contacts.Contact) *string { return &c.Priority }),
	text("Billing", func(c *contacts.Contact) *string { return &c.BillingInformation }),
	text("Mileage", func(c *contacts.Contact) *string { return &c.Mileage }),
	text("Directory server", func(c *contacts.Contact) *string { return &c.DirectoryServer }),
	&many[contacts.UserDefined]{
		name: groupsAfter, list: func(c *contacts.Contact) *[]contacts.UserDefined { return &c.UserDefined },
		value: func(u *contacts.UserDefined) *string { return &u.Value },
		label: func(u *contacts.UserDefined) *string { return &u.Key },
	},
	text("Note", func(c *contacts.Contact) *string { return &c.Notes }),
}

// languageTag is the form of BCP 47 tags.
var languageTag = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$`)

// fieldOf is the field with a key, in any case, or nil.
func fieldOf(key string) formField {
	for _, f := range formFields {
		if strings.EqualFold(f.key(), key) {
			return f
		}
	}
	return nil
}

func fieldNames() string {
	var names []string
	for _, f := range formFields {
		names = append(names, f.key())
		if f.key() == groupsAfter {
			names = append(names, groupKey)
		}
	}
	return strings.Join(names, ", ")
}

// hasPart reports whether a field has a part.
func hasPart(key, part string) bool {
	f := fieldOf(key)
	return f != nil && slices.ContainsFunc(f.partNames(), func(p string) bool { return strings.EqualFold(p, part) })
}

// A textField is a field of which there is one.
type textField struct {
	name string
	of   func(*contacts.Contact) *string
}

func text(name string, of func(*contacts.Contact) *string) textField { return textField{name, of} }

func (f textField) key() string         { return f.name }
func (f textField) partNames() []string { return nil }

func (f textField) lines(c *contacts.Contact) []*formLine {
	if v := *f.of(c); v != "" {
		return []*formLine{{key: f.name, value: v}}
	}
	return nil
}

func (f textField) apply(c *contacts.Contact, _, is []*formLine) error {
	v, err := single(f.name, is)
	if err != nil {
		return err
	}
	*f.of(c) = v
	var alone contacts.Contact
	*f.of(&alone) = v
	if fault := faultOf(&alone); fault != nil {
		return fmt.Errorf("line %d: %s: %w", is[0].n, f.name, fault)
	}
	return nil
}

// faultOf is why no book would take a contact, without the name that the
// fault's place has in XML, or nil.
func faultOf(c *contacts.Contact) error {
	c = c.Clone()
	c.Normalize()
	var fault *contacts.Error
	switch err := c.Validate(); {
	case !errors.As(err, &fault):
		return err
	case fault.Code == contacts.CodeMissingContent:
		return errors.New("there is no value")
	}
	return errors.New(fault.Reason)
}

// single is the value of a field that may stand once.
func single(key string, is []*formLine) (string, error) {
	if len(is) > 1 {
		return "", fmt.Errorf("line %d: there is %s already", is[1].n, key)
	}
	if len(is) == 0 {
		return "", nil
	}
	return is[0].value, nil
}

// A nameField is the whole name, or a part of it. They change together, see
// applyName.
type nameField struct {
	name string
	of   func(*contacts.Name) *string
}

var nameFields = [...]nameField{
	{"Name", func(n *contacts.Name) *string { return &n.Full }},
	{"Prefix", func(n *contacts.Name) *string { return &n.Prefix }},
	{"Given name", func(n *contacts.Name) *string { return &n.Given }},
	{"Middle name", func(n *contacts.Name) *string { return &n.Additional }},
	{"Family name", func(n *contacts.Name) *string { return &n.Family }},
	{"Suffix", func(n *contacts.Name) *string { return &n.Suffix }},
}

func (f nameField) key() string         { return f.name }
func (f nameField) partNames() []string { return nil }

func (f nameField) lines(c *contacts.Contact) []*formLine {
	if v := *f.of(&c.Name); v != "" {
		return []*formLine{{key: f.name, value: v}}
	}
	return nil
}

func (f nameField) apply(*contacts.Contact, []*formLine, []*formLine) error { return nil }

// A part is an indented line of an element.
type part[T any] struct {
	name string
	of   func(*T) *string
}

// many is a field of which there may be several.
type many[T any] struct {
	name       string
	list       func(*contacts.Contact) *[]T
	value      func(*T) *string
	rel, label func(*T) *string // nil if there is none
	primary    func(*T) *bool   // nil if there is none
	parts      []part[T]
	settle     func(*T) // makes what else depends on what was edited
	show       func(*T) *formLine
	edit       func(*T, *formLine)
}

func (f *many[T]) key() string { return f.name }

func (f *many[T]) partNames() []string {
	var names []string
	for _, p := range f.parts {
		names = append(names, p.name)
	}
	return names
}

func (f *many[T]) lines(c *contacts.Contact) []*formLine {
	var lines []*formLine
	for i := range *f.list(c) {
		lines = append(lines, f.line(&(*f.list(c))[i]))
	}
	return lines
}

func (f *many[T]) line(t *T) *formLine {
	l := &formLine{key: f.name, value: *f.value(t)}
	if f.rel != nil && *f.rel(t) != "" {
		l.words = append(l.words, formWord{text: *f.rel(t)})
	}
	if f.label != nil && *f.label(t) != "" {
		w := formWord{text: *f.label(t)}
		w.quoted = strings.ContainsAny(w.text, `"(),:`) || strings.TrimSpace(w.text) != w.text || w.text == "primary" || f.isRel(w.text) || clean(w.text) != w.text
		l.words = append(l.words, w)
	}
	if f.primary != nil && *f.primary(t) {
		l.words = append(l.words, formWord{text: "primary"})
	}
	for _, p := range f.parts {
		if v := *p.of(t); v != "" {
			l.parts = append(l.parts, formPart{p.name, v})
		}
	}
	if f.show != nil {
		l.value, l.parts = f.show(t).value, f.show(t).parts
	}
	return l
}

// isRel reports whether a word is a known use of such an element.
func (f *many[T]) isRel(word string) bool {
	if f.rel == nil {
		return false
	}
	var t T
	*f.value(&t) = "x"
	*f.rel(&t) = word
	with := contacts.Contact{}
	*f.list(&with) = []T{t}
	var without contacts.Contact
	*f.rel(&t) = "" // other faults are those of the sample, and of every word
	if f.label != nil {
		*f.label(&t) = "x"
	}
	*f.list(&without) = []T{t}
	fault, other := with.Validate(), without.Validate()
	return fault == nil || other != nil && fault.Error() == other.Error()
}

// apply pairs the lines with the elements that there are: those that say the
// same, then the others in their order. So an element that was edited keeps
// what its line does not show.
func (f *many[T]) apply(c *contacts.Contact, was, is []*formLine) error {
	old := *f.list(c)
	if len(was) != len(old) {
		return fmt.Errorf("the form has %d lines of %s for %d elements", len(was), f.name, len(old))
	}
	from := make([]int, len(is)) // place in old, plus 1
	used := make([]bool, len(old))
	for i, l := range is {
		for j, w := range was {
			if !used[j] && l.same(w) {
				from[i], used[j] = j+1, true
				break
			}
		}
	}
	next := 0
	list := make([]T, 0, len(is))
	for i, l := range is {
		if from[i] > 0 {
			list = append(list, old[from[i]-1])
			continue
		}
		for next < len(old) && used[next] {
			next++
		}
		var t T
		if next < len(old) {
			t, used[next] = old[next], true // CMD-12
		}
		if err := f.set(&t, l); err != nil {
			return err
		}
		list = append(list, t)
	}
	*f.list(c) = list
	return nil
}

// set makes an element what a line says.
func (f *many[T]) set(t *T, l *formLine) error {
	rel, label, primary := "", "", false
	for _, w := range l.words {
		switch {
		case f.primary != nil && !w.quoted && strings.EqualFold(w.text, "primary"):
			primary = true
		case rel != "" || label != "":
			return fmt.Errorf("line %d: %s can be either %q or %q", l.n, f.name, rel+label, w.text)
		case !w.quoted && f.isRel(w.text):
			rel = w.text
		case f.label != nil:
			label = w.text
		default:
			return fmt.Errorf("line %d: %s cannot be %q", l.n, f.name, w.text)
		}
	}
	if f.rel != nil && rel+label == "" && !f.isRel("") {
		if !f.isRel(contacts.RelOther) {
			return fmt.Errorf("line %d: say in parentheses which, as in \"%s (...): %s\"", l.n, f.name, l.value)
		}
		rel = contacts.RelOther // as add takes an address without a use
	}
	if f.rel != nil {
		*f.rel(t) = rel
	}
	if f.label != nil {
		*f.label(t) = label
	}
	if f.primary != nil {
		*f.primary(t) = primary
	}
	if f.edit != nil {
		f.edit(t, l)
	} else {
		*f.value(t) = l.value
		for _, p := range f.parts {
			*p.of(t) = l.part(p.name)
		}
	}
	if f.settle != nil {
		f.settle(t)
	}
	var alone contacts.Contact
	*f.list(&alone) = []T{*t}
	if fault := faultOf(&alone); fault != nil {
		return fmt.Errorf("line %d: %s: %w", l.n, f.name, fault)
	}
	return nil
}

// part is the value of a part, or empty.
func (l *formLine) part(name string) string {
	for _, p := range l.parts {
		if strings.EqualFold(p.key, name) {
			return p.value
		}
	}
	return ""
}

var addressParts = []part[contacts.Address]{
	{"Agent", func(a *contacts.Address) *string { return &a.Agent }},
	{"House", func(a *contacts.Address) *string { return &a.HouseName }},
	{"Street", func(a *contacts.Address) *string { return &a.Street }},
	{"PO box", func(a *contacts.Address) *string { return &a.POBox }},
	{"Neighborhood", func(a *contacts.Address) *string { return &a.Neighborhood }},
	{"City", func(a *contacts.Address) *string { return &a.City }},
	{"County", func(a *contacts.Address) *string { return &a.Subregion }},
	{"Region", func(a *contacts.Address) *string { return &a.Region }},
	{"Postcode", func(a *contacts.Address) *string { return &a.Postcode }},
	{"Country", func(a *contacts.Address) *string { return &a.Country }},
	{"Country code", func(a *contacts.Address) *string { return &a.CountryCode }},
}

// addresses have either parts, from which the whole text follows, or the whole
// text alone.
var addresses = &many[contacts.Address]{
	name: "Address", list: func(c *contacts.Contact) *[]contacts.Address { return &c.Addresses },
	value: func(a *contacts.Address) *string { return &a.Formatted },
	rel:   func(a *contacts.Address) *string { return &a.Rel }, label: func(a *contacts.Address) *string { return &a.Label },
	primary: func(a *contacts.Address) *bool { return &a.Primary },
	parts:   addressParts,
	show: func(a *contacts.Address) *formLine {
		l := &formLine{}
		for _, p := range addressParts {
			if v := *p.of(a); v != "" {
				l.parts = append(l.parts, formPart{p.name, v})
			}
		}
		if len(l.parts) == 0 || len(l.parts) == 1 && a.Street == a.Formatted {
			return &formLine{value: a.Formatted}
		}
		return l
	},
	edit: func(a *contacts.Address, l *formLine) {
		a.Formatted = l.value
		a.Plain = a.Plain && len(l.parts) == 0
		for _, p := range addressParts {
			*p.of(a) = l.part(p.name)
		}
	},
}
