package vcard

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"contacts"
)

// Options say what a card has besides the contact.
type Options struct {
	Version    string    // V3 or V4; V3 if empty
	UID        string    // instead of that of the contact
	Categories []string  // names of the groups that the contact is in
	Photo      []byte    // the photo itself
	PhotoType  string    // such as image/jpeg
	Rev        time.Time // of the last change; left out if zero
}

// Append appends the contact to dst as a card. The same contact with the same
// options always gives the same bytes, and Import gives the contact back; the
// exceptions are listed in docs/formats.md.
//
// The contact's memberships and the version of its photo are not written: the
// caller gives their names and its bytes.
func Append(dst []byte, c *contacts.Contact, o Options) []byte {
	w := writer{b: dst, c: c, o: &o, v4: o.Version == V4}
	w.b = append(w.b, "BEGIN:VCARD\r\nVERSION:"...)
	if w.v4 {
		w.b = append(w.b, V4...)
	} else {
		w.b = append(w.b, V3...)
	}
	w.b = append(w.b, '\r', '\n')
	w.readExtra()
	for i := range rows {
		if rows[i].write != nil {
			rows[i].write(&w)
		}
	}
	w.foreign()
	return append(w.b, "END:VCARD\r\n"...)
}

// A writer writes one card.
type writer struct {
	b  []byte
	c  *contacts.Contact
	o  *Options
	v4 bool

	start  int        // of the line being written
	items  int        // number of the last group
	item   int        // that of the property being written; 0 without
	kept   []Property // without a field
	rest   []contacts.Unknown
	params []Param // scratch
	types  int     // TYPE parameters among params
	few    [8]Param

	scratch []byte
}

// readExtra turns the contact's XML back into properties, and leaves what was
// no property for foreign.
func (w *writer) readExtra() {
	for _, u := range w.c.Extra {
		if u.In == "" {
			var left []byte
			for rest := u.XML; rest != ""; {
				el, after, ok := cutElement(rest)
				if !ok {
					left = append(left, rest...)
					break
				}
				if strings.HasPrefix(el.source, noteParams) && w.c.Notes != "" {
					rest = after
					continue
				}
				if w.kept, ok = readXCard(&el, w.kept); !ok {
					left = append(left, el.source...)
				}
				rest = after
			}
			u.XML = string(left)
		} else if _, ok := rowOf[placeOf(u.In)]; ok {
			_, u.XML = cutParams(nil, u.XML)
		}
		if u.Attrs+u.XML != "" {
			w.rest = append(w.rest, u)
		}
	}
	for i := range w.kept {
		if number, ok := strings.CutPrefix(w.kept[i].Group, "item"); ok {
			if n, err := strconv.Atoi(number); err == nil {
				w.items = max(w.items, min(n, 1<<20))
			}
		}
	}
}

// placeOf is a place without the text that tells one of several elements.
func placeOf(in string) string {
	if i := strings.IndexByte(in, '['); i >= 0 {
		return in[:i]
	}
	return in
}

// foreign writes what is left of the contact's XML.
func (w *writer) foreign() {
	for _, u := range w.rest {
		w.open("X-EXTRA")
		w.b = append(appendEscaped(w.b, u.In), ';')
		w.b = append(appendEscaped(w.b, u.Attrs), ';')
		w.b = appendEscaped(w.b, u.XML)
		w.close()
	}
}

// newItem gives the next property a group.
func (w *writer) newItem() { w.items++; w.item = w.items }

// open begins a line without parameters, up to its colon.
func (w *writer) open(name string) {
	w.begin(name)
	w.b = append(w.b, ':')
}

func (w *writer) begin(name string) {
	w.start = len(w.b)
	if w.item > 0 {
		w.b = strconv.AppendInt(append(w.b, "item"...), int64(w.item), 10)
		w.b = append(w.b, '.')
	}
	w.b = append(w.b, name...)
}

// close ends a line.
func (w *writer) close() { w.b = fold(w.b, w.start) }

// param adds a parameter to the property that openWith begins, unless it is empty.
func (w *writer) param(name, value string) {
	if value != "" {
		w.params = append(w.params, Param{name, value})
	}
}

// with begins to collect parameters.
func (w *writer) with() {
	w.params, w.types = w.few[:0], 0
}

// openWith begins a line with the parameters collected, up to its colon.
func (w *writer) openWith(name string) {
	w.begin(name)
	for i := range w.params {
		q := &w.params[i]
		w.b = appendParamName(w.b, w.params, i)
		if q.Name == "TYPE" && i < w.types && !w.v4 {
			for j := range len(q.Value) {
				c := q.Value[j]
				if 'a' <= c && c <= 'z' {
					c -= 'a' - 'A'
				}
				w.b = append(w.b, c)
			}
			continue
		}
		w.b = appendParam(w.b, q.Value)
	}
	w.b = append(w.b, ':')
}

// line writes a text, unless it is empty, with the parameters that were kept
// for the place in of the contact's Extra.
func (w *writer) line(name, in, value string) {
	if value == "" {
		return
	}
	w.with()
	if in != "" && len(w.c.Extra) > 0 {
		w.keptParams(w.c.Extra, in)
	}
	w.openWith(name)
	w.b = appendEscaped(w.b, value)
	w.close()
}

// keptParams adds the parameters that ex keeps for an element.
func (w *writer) keptParams(ex contacts.Extra, in string) {
	for i := range ex {
		if ex[i].In == in {
			w.params, _ = cutParams(w.params, ex[i].XML)
		}
	}
}

// use collects the parameters of an item: its types, what was kept, and the
// XML around it. A label gives the property a group, for which label writes the
// X-ABLabel after the property.
func (w *writer) use(f *family, rel, label string, primary bool, ex contacts.Extra, in string, places ...string) {
	w.with()
	w.item = 0
	if label != "" || f.labels {
		w.newItem()
	}
	other := ""
	if label == "" {
		if types, ok := f.types(rel); !ok {
			other = rel
		} else if !f.labels {
			for _, t := range types {
				w.params = append(w.params, Param{"TYPE", t})
			}
		}
	}
	if primary && !w.v4 {
		w.params = append(w.params, Param{"TYPE", "pref"})
	}
	w.types = len(w.params)
	if len(ex) > 0 {
		w.keptParams(ex, in)
	}
	if primary && w.v4 {
		w.param("PREF", "1")
	}
	w.param("X-REL", other)
	if len(ex) > 0 {
		w.extra("X-EXTRA", ex, append(places, in)...)
	}
}

// extra collects the XML around an element. The parameters in it that belong to
// the places are written as such.
func (w *writer) extra(name string, ex contacts.Extra, places ...string) {
	for _, u := range ex {
		if slices.Contains(places, u.In) {
			_, u.XML = cutParams(nil, u.XML)
		}
		if u.Attrs+u.XML != "" {
			w.params = append(w.params, Param{name, u.In}, Param{name, u.Attrs}, Param{name, u.XML})
		}
	}
}

// label ends a property with the label of its group, if it has one.
func (w *writer) label(f *family, rel, label string) {
	if w.item == 0 {
		return
	}
	if label != "" {
		w.open("X-ABLabel")
		w.b = appendEscaped(w.b, label)
		w.close()
	} else if _, ok := f.types(rel); ok && f.labels {
		w.open("X-ABLabel")
		w.b = appleWord(w.b, rel)
		w.close()
	}
	w.item = 0
}
