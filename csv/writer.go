package csv

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"

	"contacts"
)

// A Shape says which columns a file needs. Give it all contacts before the
// first is written: a row has as many columns as the fullest contact needs.
type Shape struct {
	extra [nExtras]bool // the columns of the old layout that the new one lacks
	count [nFamilies]int
}

// The families of numbered columns, in the order of the file.
const (
	famEmail = iota
	famPhone
	famAddress
	famRelation
	famWebsite
	famEvent
	famCustom
	famIM // the new layout has none below here
	famOrganization
	famExternalID
	famCalendar
	famJot
	nFamilies
)

// families has the columns of each family after its number.
var families = [nFamilies]struct {
	name  string
	parts []string
}{
	famEmail:        {"E-mail", []string{"Label", "Value"}},
	famPhone:        {"Phone", []string{"Label", "Value"}},
	famAddress:      {"Address", []string{"Label", "Formatted", "Street", "City", "PO Box", "Region", "Postal Code", "Country", "Extended Address"}},
	famRelation:     {"Relation", []string{"Label", "Value"}},
	famWebsite:      {"Website", []string{"Label", "Value"}},
	famEvent:        {"Event", []string{"Label", "Value"}},
	famCustom:       {"Custom Field", []string{"Label", "Value"}},
	famIM:           {"IM", []string{"Type", "Service", "Value"}},
	famOrganization: {"Organization", []string{"Type", "Name", "Yomi Name", "Title", "Department", "Symbol", "Location", "Job Description"}},
	famExternalID:   {"External ID", []string{"Type", "Value"}},
	famCalendar:     {"Calendar Link", []string{"Type", "Value"}},
	famJot:          {"Jot", []string{"Type", "Value"}},
}

// singles are the columns of the new layout that stand for themselves.
var singles = []struct {
	name string
	of   func(c *contacts.Contact) string
}{
	{"First Name", func(c *contacts.Contact) string { return c.Name.Given }},
	{"Middle Name", func(c *contacts.Contact) string { return c.Name.Additional }},
	{"Last Name", func(c *contacts.Contact) string { return c.Name.Family }},
	{"Phonetic First Name", func(c *contacts.Contact) string { return c.Name.GivenYomi }},
	{"Phonetic Middle Name", func(c *contacts.Contact) string { return c.Name.AdditionalYomi }},
	{"Phonetic Last Name", func(c *contacts.Contact) string { return c.Name.FamilyYomi }},
	{"Name Prefix", func(c *contacts.Contact) string { return c.Name.Prefix }},
	{"Name Suffix", func(c *contacts.Contact) string { return c.Name.Suffix }},
	{"Nickname", func(c *contacts.Contact) string { return c.Nickname }},
	{"File As", func(c *contacts.Contact) string { return c.FileAs }},
	{"Organization Name", func(c *contacts.Contact) string { return plainWork(c).Name }},
	{"Organization Title", func(c *contacts.Contact) string { return plainWork(c).Title }},
	{"Organization Department", func(c *contacts.Contact) string { return plainWork(c).Department }},
	{"Birthday", func(c *contacts.Contact) string { return c.Birthday }},
	{"Notes", func(c *contacts.Contact) string { return c.Notes }},
}

const nExtras = 16

// extras are the columns of the old layout that the new one lacks. They are
// written if some contact has a value for them.
var extras = [nExtras]struct {
	name string
	of   func(c *contacts.Contact) string
}{
	{"Name", fullName},
	{"Yomi Name", func(c *contacts.Contact) string { return c.YomiName }},
	{"Initials", func(c *contacts.Contact) string { return c.Initials }},
	{"Short Name", func(c *contacts.Contact) string { return c.ShortName }},
	{"Maiden Name", func(c *contacts.Contact) string { return c.MaidenName }},
	{"Gender", func(c *contacts.Contact) string { return c.Gender }},
	{"Location", func(c *contacts.Contact) string { return c.Where.Value }},
	{"Billing Information", func(c *contacts.Contact) string { return c.BillingInformation }},
	{"Directory Server", func(c *contacts.Contact) string { return c.DirectoryServer }},
	{"Mileage", func(c *contacts.Contact) string { return c.Mileage }},
	{"Occupation", func(c *contacts.Contact) string { return c.Occupation }},
	{"Hobby", func(c *contacts.Contact) string { return strings.Join(c.Hobbies, between) }},
	{"Sensitivity", func(c *contacts.Contact) string { return c.Sensitivity }},
	{"Priority", func(c *contacts.Contact) string { return c.Priority }},
	{"Subject", func(c *contacts.Contact) string { return c.Subject }},
	{"Language", languages},
}

func languages(c *contacts.Contact) string {
	var words []string
	for i := range c.Languages {
		words = append(words, c.Languages[i].Code+c.Languages[i].Label)
	}
	return strings.Join(words, between)
}

// fullName is the whole name where it does not follow from the parts.
func fullName(c *contacts.Contact) string {
	n := c.Name
	n.Full = ""
	d := contacts.Contact{Name: n}
	d.Normalize()
	if d.Name.Full == c.Name.Full {
		return ""
	}
	return c.Name.Full
}

// plainWork is the first organization, if the columns without number say all
// of it.
func plainWork(c *contacts.Contact) contacts.Organization {
	if len(c.Organizations) == 0 || !isPlainWork(&c.Organizations[0]) {
		return contacts.Organization{}
	}
	return c.Organizations[0]
}

func isPlainWork(o *contacts.Organization) bool {
	return o.Rel == contacts.RelWork && !o.Primary && o.NameYomi+o.Symbol+o.JobDescription+o.Where.Value == "" && o.Name+o.Title+o.Department != ""
}

// items are the values of a contact's numbered columns.
func items(c *contacts.Contact, family int) (rows [][]string) {
	switch family {
	case famEmail:
		for _, e := range c.Emails {
			rows = append(rows, []string{wordOf(e.Rel, e.Label, e.Primary), e.Address})
		}
	case famPhone:
		for _, p := range c.Phones {
			rows = append(rows, []string{wordOf(p.Rel, p.Label, p.Primary), p.Number})
		}
	case famAddress:
		for _, a := range c.Addresses {
			rows = append(rows, []string{wordOf(a.Rel, a.Label, a.Primary), a.Formatted, a.Street, a.City, a.POBox, a.Region, a.Postcode, a.Country, a.Neighborhood})
		}
	case famRelation:
		for _, r := range c.Relations {
			rows = append(rows, []string{wordOf(r.Rel, r.Label, false), r.Person})
		}
	case famWebsite:
		for _, w := range c.Websites {
			rows = append(rows, []string{wordOf(w.Rel, w.Label, w.Primary), w.Href})
		}
	case famEvent:
		for _, e := range c.Events {
			rows = append(rows, []string{wordOf(e.Rel, e.Label, false), e.Start})
		}
	case famCustom:
		for _, u := range c.UserDefined {
			rows = append(rows, []string{u.Key, u.Value})
		}
	case famIM:
		for _, m := range c.IMs {
			rows = append(rows, []string{wordOf(m.Rel, m.Label, m.Primary), m.Protocol, m.Address})
		}
	case famOrganization:
		for i, o := range c.Organizations {
			if i == 0 && isPlainWork(&o) {
				continue
			}
			rows = append(rows, []string{wordOf(o.Rel, o.Label, o.Primary), o.Name, o.NameYomi, o.Title, o.Department, o.Symbol, o.Where.Value, o.JobDescription})
		}
	case famExternalID:
		for _, x := range c.ExternalIDs {
			rows = append(rows, []string{wordOf(x.Rel, x.Label, false), x.Value})
		}
	case famCalendar:
		for _, l := range c.CalendarLinks {
			rows = append(rows, []string{wordOf(l.Rel, l.Label, l.Primary), l.Href})
		}
	case famJot:
		for _, j := range c.Jots {
			rows = append(rows, []string{wordOf(j.Rel, "", false), j.Text})
		}
	}
	return rows
}

// Add makes room for c.
func (s *Shape) Add(c *contacts.Contact) {
	for i := range extras {
		s.extra[i] = s.extra[i] || extras[i].of(c) != "" // CSV-8
	}
	for i := range s.count {
		s.count[i] = max(s.count[i], len(items(c, i)))
	}
}

// A Writer writes contacts as Google CSV, in UTF-8 with commas: the columns of
// the present layout, and after them those of the old one that the present one
// lacks and the contacts need.
type Writer struct {
	out   *csv.Writer
	shape Shape
	begun bool
	row   []string
}

// NewWriter returns a Writer. Flush must be called at the end.
func NewWriter(w io.Writer, s *Shape) *Writer { return &Writer{out: csv.NewWriter(w), shape: *s} }

// Write writes the row of c, whose groups have these names. A contact that was
// not given to the Shape loses what there is no column for.
func (w *Writer) Write(c *contacts.Contact, groups []string) error {
	if err := w.head(); err != nil {
		return err
	}
	row := w.row[:0]
	for i := range singles {
		row = append(row, singles[i].of(c))
	}
	row = append(row, strings.Join(groups, between))
	for family := range families {
		if family == famIM {
			for i := range extras {
				if w.shape.extra[i] {
					row = append(row, extras[i].of(c))
				}
			}
		}
		have := items(c, family)
		for n := range w.shape.count[family] {
			if n < len(have) {
				row = append(row, have[n]...)
			} else {
				row = append(row, slices.Repeat([]string{""}, len(families[family].parts))...)
			}
		}
	}
	w.row = row
	return w.out.Write(row)
}

// Flush writes what is left, at least the names of the columns.
func (w *Writer) Flush() error {
	if err := w.head(); err != nil {
		return err
	}
	w.out.Flush()
	return w.out.Error()
}

// head writes the names of the columns, once.
func (w *Writer) head() error {
	if w.begun {
		return nil
	}
	w.begun = true
	var names []string
	for i := range singles {
		names = append(names, singles[i].name)
	}
	names = append(names, "Labels")
	for family := range families {
		if family == famIM {
			for i := range extras {
				if w.shape.extra[i] {
					names = append(names, extras[i].name)
				}
			}
		}
		for n := range w.shape.count[family] {
			for _, part := range families[family].parts {
				names = append(names, families[family].name+" "+strconv.Itoa(n+1)+" - "+part)
			}
		}
	}
	return w.out.Write(names)
}
