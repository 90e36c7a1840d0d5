package transfer

import (
	"bufio"
	"context"
	"io"
	"strconv"
	"time"

	"contacts"
	"contacts/csv"
	"contacts/vcard"
)

// ExportOptions are the choices of an Export.
type ExportOptions struct {
	Format   Format // VCard if empty
	Version  string // of vCards: vcard.V3 if empty, or vcard.V4
	Progress func(Progress)
	Now      func() time.Time // time.Now if nil
}

// ParseFormat reads a format. It fails with kind Invalid.
func ParseFormat(s string) (Format, error) {
	switch f := Format(s); f {
	case VCard, CSV, JSON:
		return f, nil
	}
	return "", contacts.Errorf(contacts.Invalid, "", "%q is none of vcard, csv and json", cut(s))
}

// ParseVersion reads a version of vCards. It fails with kind Invalid.
func ParseVersion(s string) (string, error) {
	switch s {
	case "3", vcard.V3:
		return vcard.V3, nil
	case "4", vcard.V4:
		return vcard.V4, nil
	}
	return "", contacts.Errorf(contacts.Invalid, "", "%q is none of 3.0 and 4.0", cut(s))
}

// Export writes all contacts of a book, with their groups and, but for CSV,
// photos. The same book always gives the same bytes. It keeps a contact at a
// time in memory, and returns how many there were.
//
// CSV takes a second reading of the book, because the number of columns has to
// be known before the first row.
func Export(ctx context.Context, b Book, w io.Writer, o ExportOptions) (n int, err error) {
	g, err := readGroups(ctx, b)
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriterSize(w, 64<<10)
	e := &exporter{book: b, o: o, groups: g, out: out, meter: newMeter(o.Now, o.Progress)}
	switch o.Format {
	case CSV:
		err = e.csv(ctx)
	case JSON:
		err = e.json(ctx)
	default:
		err = e.vcard(ctx)
	}
	if err == nil {
		err = out.Flush()
	}
	return e.n, err
}

type exporter struct {
	book   Book
	o      ExportOptions
	groups *groupBook
	out    *bufio.Writer
	meter  *meter
	n      int
	buf    []byte
}

// each calls fn with every contact.
func (e *exporter) each(ctx context.Context, fn func(*Item) error) error {
	for it, err := range e.book.Contacts(ctx) { // EXP-7
		if err != nil {
			return err
		}
		if err := fn(it); err != nil {
			return err
		}
	}
	return nil
}

// wrote counts a contact and writes its bytes.
func (e *exporter) wrote(b []byte) error {
	e.n++
	if e.n%MaxOps == 0 {
		e.meter.show(e.n, 0, 0)
	}
	if e.buf = b; cap(b) > 1<<20 { // a photo; the next contact may have none
		e.buf = nil
	}
	_, err := e.out.Write(b)
	return err
}

// photo is the photo of an item, or nil.
func (e *exporter) photo(ctx context.Context, it *Item) (*Photo, error) {
	if it.Photo == "" {
		return nil, nil
	}
	p, err := e.book.Photo(ctx, it)
	if contacts.KindOf(err) == contacts.NotFound { // removed meanwhile
		return nil, nil
	}
	return p, err
}

func (e *exporter) vcard(ctx context.Context) error {
	return e.each(ctx, func(it *Item) error {
		p, err := e.photo(ctx, it)
		if err != nil {
			return err
		}
		return e.wrote(appendCard(e.buf[:0], it.Contact, e.groups.names(it.Contact), p, e.o.Version)) // EXP-1
	})
}

// appendCard appends a contact as a vCard.
func appendCard(b []byte, c *contacts.Contact, groups []string, p *Photo, version string) []byte {
	o := vcard.Options{Version: version, Categories: groups}
	if p != nil {
		o.Photo, o.PhotoType = p.Data, p.Type
	}
	return vcard.Append(b, c, o)
}

func (e *exporter) csv(ctx context.Context) error {
	var s csv.Shape
	if err := e.each(ctx, func(it *Item) error { s.Add(it.Contact); return nil }); err != nil {
		return err
	}
	w := csv.NewWriter(e.out, &s)
	err := e.each(ctx, func(it *Item) error {
		if err := w.Write(it.Contact, googleNames(e.groups.names(it.Contact))); err != nil {
			return err
		}
		return e.wrote(nil)
	})
	if err != nil {
		return err
	}
	return w.Flush()
}

// googleNames are the names of groups as Google's CSV has them.
func googleNames(names []string) []string {
	for i, name := range names {
		if name == systemNames[0].names[0] {
			names[i] = "* myContacts"
		}
	}
	return names
}

func (e *exporter) json(ctx context.Context) error {
	b := append(e.buf[:0], `{"format":"contacts","version":`...)
	b = strconv.AppendInt(b, jsonVersion, 10)
	b = append(b, ",\n\"groups\":["...)
	keys := map[contacts.ID]string{}
	taken := map[string]bool{}
	for i := range e.groups.all {
		g := &e.groups.all[i]
		name := e.groups.name(g)
		key := name
		for n := 2; taken[key]; n++ {
			key = name + " (" + strconv.Itoa(n) + ")"
		}
		keys[g.ID], taken[key] = key, true // EXP-4
		if i > 0 {
			b = append(b, ',')
		}
		b = appendGroup(append(b, '\n'), &jsonGroup{Key: key, Name: g.Name, System: g.System, Properties: g.Properties, Extra: tidy(g.Extra)})
	}
	b = append(b, "],\n\"contacts\":["...)
	if _, err := e.out.Write(b); err != nil {
		return err
	}
	err := e.each(ctx, func(it *Item) error {
		p, err := e.photo(ctx, it)
		if err != nil {
			return err
		}
		j := jsonContact{Contact: *it.Contact}
		j.Extra = tidy(j.Extra) // EXP-2
		if p != nil {
			j.Photo = &jsonPhoto{p.Type, p.Data}
		}
		for _, m := range it.Contact.Memberships {
			if key := keys[m.Group]; key != "" && m.Removed == 0 {
				j.Groups = append(j.Groups, key)
			}
		}
		b := e.buf[:0]
		if e.n > 0 {
			b = append(b, ',')
		}
		return e.wrote(appendJSON(append(b, '\n'), &j))
	})
	if err != nil {
		return err
	}
	_, err = e.out.WriteString("]}\n")
	return err
}
