package csv

import (
	"slices"
	"strconv"
	"strings"

	"contacts"
)

// A plan is how the rows of one file are read: its columns with their names
// looked up once.
type plan struct {
	columns []Column
	steps   []func(*build, []string)
}

// A build is a row on its way to a contact.
type build struct {
	c      *contacts.Contact
	groups []string
}

// A single is a column that stands for itself.
type single struct {
	field string
	set   func(b *build, v string)
}

// A numbered is a family of columns such as "E-mail 1 - Value": one item for
// each number, of several parts.
type numbered struct {
	field string
	parts []string // as in the headers, folded
	add   func(b *build, get func(part string) string)
}

// foldName is the form in which names of columns are compared.
func foldName(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// splitNumbered takes "e-mail 2 - value" apart.
func splitNumbered(name string) (family string, n int, part string, ok bool) {
	left, part, ok := strings.Cut(name, " - ")
	if !ok {
		return "", 0, "", false
	}
	i := strings.LastIndexByte(left, ' ')
	if i < 0 {
		return "", 0, "", false
	}
	n, err := strconv.Atoi(left[i+1:])
	return left[:i], n, part, err == nil && n > 0
}

// layoutOf guesses whose columns these are, and says how many of them it has a
// home for.
func layoutOf(names []string) (Layout, int) {
	google, old, outlook := 0, 0, 0
	for _, name := range names {
		name = foldName(name)
		if family, _, part, ok := splitNumbered(name); ok {
			if f, ok := googleFamilies[family]; ok && slices.Contains(f.parts, part) {
				google++
				if part == "type" {
					old++
				}
			}
			continue
		}
		if _, ok := googleSingles[name]; ok {
			google++
			if name == "given name" || name == "family name" || name == "group membership" {
				old++
			}
		}
		if outlookKnows(name) {
			outlook++
		}
	}
	switch {
	case outlook > google:
		return Outlook, outlook
	case old > 0:
		return OldGoogle, google
	}
	return Google, google
}

// planOf looks up the columns of a file. Where a name occurs twice, the second
// column has no home.
func planOf(layout Layout, names []string) plan {
	p := plan{columns: make([]Column, len(names))}
	at := map[string]int{}
	for i, name := range names {
		p.columns[i].Name = strings.TrimSpace(name)
		if key := foldName(name); key != "" {
			if _, twice := at[key]; !twice {
				at[key] = i
			}
		}
	}
	if layout == Outlook {
		p.outlook(names, at) // CSV-3
	} else {
		p.google(names, at) // CSV-1
	}
	return p
}

// single adds the step for column i.
func (p *plan) single(i int, s single) {
	p.columns[i].Field = s.field
	p.steps = append(p.steps, func(b *build, values []string) {
		if v := values[i]; v != "" {
			s.set(b, v)
		}
	})
}

func (p *plan) google(names []string, at map[string]int) {
	type item struct {
		family string
		n      int
	}
	parts := map[item]map[string]int{}
	var items []item
	for i, name := range names {
		key := foldName(name)
		if at[key] != i {
			continue
		}
		if s, ok := googleSingles[key]; ok {
			p.single(i, s)
			continue
		}
		family, n, part, ok := splitNumbered(key)
		f, known := googleFamilies[family]
		if !ok || !known || !slices.Contains(f.parts, part) {
			continue
		}
		p.columns[i].Field = f.field
		it := item{family, n}
		if parts[it] == nil {
			parts[it] = map[string]int{}
			items = append(items, it)
		}
		parts[it][part] = i
	}
	slices.SortStableFunc(items, func(a, b item) int { // the order of a family is that of its numbers
		if a.family != b.family {
			return 0
		}
		return a.n - b.n
	})
	for _, it := range items {
		cols, f := parts[it], googleFamilies[it.family]
		p.steps = append(p.steps, func(b *build, values []string) { addItems(b, f, cols, values) })
	}
}

// between separates several items within one set of columns.
const between = " ::: "

// addItems adds the items of one set of columns: usually one, or several whose
// parts are each joined by between.
func addItems(b *build, f numbered, cols map[string]int, values []string) {
	most, some := 1, false
	for part, i := range cols {
		if v := values[i]; v != "" {
			some = some || part != "type" && part != "label" && part != "service"
			if part != "formatted" {
				most = max(most, strings.Count(v, between)+1)
			}
		}
	}
	if !some && f.field != "user defined" { // a use of nothing
		return
	}
	for n := range most {
		f.add(b, func(part string) string {
			i, ok := cols[part]
			if !ok {
				return ""
			}
			if most == 1 {
				return values[i]
			}
			several := strings.Split(values[i], between)
			if n < len(several) {
				return strings.TrimSpace(several[n])
			}
			if len(several) == 1 && (part == "type" || part == "label") {
				return several[0]
			}
			return ""
		})
	}
}

// row makes the contact of a row.
func (p *plan) row(values []string) *Row {
	b := &build{c: &contacts.Contact{}}
	for _, step := range p.steps {
		step(b, values)
	}
	b.c.Normalize()
	return &Row{Contact: b.c, Groups: b.groups}
}

// split takes the values of a list apart.
func split(v, sep string) []string {
	var vs []string
	for _, s := range strings.Split(v, sep) {
		if s = strings.TrimSpace(s); s != "" {
			vs = append(vs, s)
		}
	}
	return vs
}
