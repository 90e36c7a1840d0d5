package vcard

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"contacts"
)

// An Imported is what a card says, taken apart.
type Imported struct {
	// Contact has everything but what the fields below hold. It is valid, if the
	// card is one that a Reader read, and not yet normalized. Its UID is among its Extra, where UID finds it.
	Contact *contacts.Contact

	UID        string
	Rev        time.Time // of the last change; zero if the card does not say
	Categories []string  // names of groups, in order and each once

	Photo     []byte // nil without a photo in the card itself; a link to one stays with the contact
	PhotoType string // what the card says the photo is, such as image/jpeg; empty if it does not

	Group   bool     // the card is a group of other cards
	Members []string // of such a group: their BareUID

	// Lost says what the contact could not keep, a line for each: damaged
	// photos, and properties beyond what an entry may hold.
	Lost []string
}

// An importer takes a card apart.
type importer struct {
	card *Card
	out  *Imported
	c    *contacts.Contact

	labels  []groupLabel
	slots   []slot // of c.Organizations
	prefs   []pref
	kept    []Param // scratch
	xml     []byte  // elements of properties without a field
	uid     Property
	hasN    bool
	noName  bool        // N is there, and empty
	labeled []*Property // LABEL properties that wait for their ADR
	adrs    []*Property // those of c.Addresses
}

// A groupLabel is the X-ABLabel of a group of properties.
type groupLabel struct {
	at    int // in card.Properties
	group string
	text  string
	used  bool
}

// A pref is the preference that a card gives one of several items.
type pref struct {
	list  *list
	index int
	value int
}

// Import takes the card apart. It never fails: what has no field is kept as
// XML, and what cannot be kept is named in Lost.
func (c *Card) Import() *Imported {
	im := &importer{card: c, c: new(contacts.Contact)}
	im.out = &Imported{Contact: im.c}
	for i := range c.Properties {
		if p := &c.Properties[i]; p.Group != "" && p.Name == "X-ABLABEL" {
			im.labels = append(im.labels, groupLabel{at: i, group: p.Group, text: p.Text()})
		}
	}
	for i := range c.Properties {
		p := &c.Properties[i]
		if p.Group != "" && p.Name == "X-ABLABEL" {
			continue
		}
		if read, ok := readers[p.Name]; !ok || !read(im, p) {
			im.keep(p)
		} else if p.Group != "" {
			im.label(p.Group) // says nothing more, even if p said nothing
		}
	}
	im.finish()
	return im.out
}

// finish does what needs the whole card.
func (im *importer) finish() {
	im.finishName()
	im.finishAddresses()
	im.finishPrefs()
	for i := range im.labels {
		if l := &im.labels[i]; !l.used {
			im.keep(&im.card.Properties[l.at])
		}
	}
	if im.uid.Name != "" {
		im.xml = append(appendXCard(nil, &im.uid), im.xml...)
	}
	if len(im.xml) > 0 {
		u := contacts.Unknown{XML: string(im.xml)}
		for i := range im.c.Extra {
			if old := &im.c.Extra[i]; old.In == "" {
				old.XML = u.XML + old.XML
				u.XML = ""
			}
		}
		if u.XML != "" {
			im.c.Extra = append(contacts.Extra{u}, im.c.Extra...)
		}
	}
	if im.c.Validate() != nil {
		im.repair()
	}
}

// keep keeps a property without a field, as long as the entry has room.
func (im *importer) keep(p *Property) {
	if p.Group != "" && p.Name != "X-ABLABEL" {
		for i := range im.labels {
			if l := &im.labels[i]; !l.used && l.group == p.Group {
				l.used = true
				im.keep(&im.card.Properties[l.at])
			}
		}
	}
	n := len(im.xml)
	if len(p.Value) <= contacts.MaxExtraBytes {
		im.xml = appendXCard(im.xml, p)
	}
	if len(im.xml) == n || len(im.xml) > contacts.MaxExtraBytes {
		im.xml = im.xml[:n]
		im.lose("%s: no room for %d bytes beside the fields of a contact", p.Name, len(p.Value))
	}
}

func (im *importer) lose(format string, args ...any) {
	im.out.Lost = append(im.out.Lost, fmt.Sprintf(format, args...))
}

// label is the X-ABLabel of a group, or empty.
func (im *importer) label(group string) string {
	if group == "" {
		return ""
	}
	for i := range im.labels {
		if l := &im.labels[i]; l.group == group {
			l.used = true
			return l.text
		}
	}
	return ""
}

// prefer notes the preference of the item that a list will have next.
func (im *importer) prefer(l *list, index, value int) {
	if value > 0 {
		im.prefs = append(im.prefs, pref{l, index, value})
	}
}

// finishPrefs makes the most preferred item of each list its primary one
// (ELEM-30). The preferences of the others are kept.
func (im *importer) finishPrefs() {
	for i, p := range im.prefs {
		if p.list == nil {
			continue
		}
		best := i
		for j := i + 1; j < len(im.prefs); j++ {
			if im.prefs[j].list == p.list && im.prefs[j].value < im.prefs[best].value {
				best = j
			}
		}
		for j := i; j < len(im.prefs); j++ {
			q := &im.prefs[j]
			if q.list != p.list {
				continue
			}
			primary, extra := q.list.item(im.c, q.index)
			if j == best {
				*primary = true
			} else {
				keepParams(extra, q.list.in, []Param{{"PREF", strconv.Itoa(q.value)}})
			}
			if j > i {
				q.list = nil
			}
		}
	}
}

// splitList cuts a value at its commas into texts, without blanks around them.
func splitList(s string, f func(string)) {
	for more := true; more; {
		var part string
		part, s, more = cutValue(s, ',')
		if t := strings.TrimSpace(unescape(part)); t != "" {
			f(t)
		}
	}
}
