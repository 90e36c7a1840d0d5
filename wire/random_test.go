package wire

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"contacts"
)

// A maker makes random contacts that a client could have sent.
type maker struct{ *rand.Rand }

var pieces = []string{"Elizabeth", "Jane", "Mr. Collins", "Pemberley", "a", " ", "  ", "\n", "\t", "\r", "&", "<", ">", "'", `"`, "]]>", "&amp;",
	"é", "ß", "\u2028", "\u2029", "“", "中", "😀", "\\", "/", "=", "--", "http://", ":", "%40", "\u0085", "\uFFFD", "{", "}"}

// text is any text, also with blanks at its ends.
func (m maker) text() string {
	var b strings.Builder
	for range m.IntN(5) {
		b.WriteString(pieces[m.IntN(len(pieces))])
	}
	return b.String()
}

// trimmed is the text of an element, perhaps empty.
func (m maker) trimmed() string {
	if m.IntN(3) == 0 {
		return ""
	}
	return strings.Trim(m.text(), blanks)
}

// some is a text that is not empty, and not even blank.
func (m maker) some() string { return "x" + strings.TrimSpace(m.text()) + "y" }

func (m maker) word() string {
	return []string{"home", "work", "other", "GOOGLE_TALK", "http://example.com/rel#x", "urn:x", "tty_tdd"}[m.IntN(7)]
}

// extra is what parsing could have left there; in may be empty.
func (m maker) extra(in ...string) contacts.Extra {
	var ex contacts.Extra
	for _, in := range in {
		u := contacts.Unknown{In: in}
		if m.IntN(8) == 0 {
			u.Attrs = []string{" plain='1'", " xmlns:x='urn:x' x:a='&lt;&quot;&apos;&#10;'", " gd:more='2'", " xml:lang='en'"}[m.IntN(4)]
		}
		if m.IntN(8) == 0 {
			u.XML = []string{"<x:y xmlns:x='urn:x'>a <b xmlns=''/> c</x:y>", "<category xmlns='http://www.w3.org/2005/Atom' term='t'/>",
				"<gd:money xmlns:gd='http://schemas.google.com/g/2005'/><gd:money xmlns:gd='http://schemas.google.com/g/2005' amount='1'/>",
				"<rel xmlns=''><rel rel='1'/></rel>"}[m.IntN(4)]
		}
		if u.Attrs+u.XML != "" {
			ex = append(ex, u)
		}
	}
	return ex
}

// use is a rel or a label.
func (m maker) use(rel, label *string) {
	if m.IntN(2) == 0 {
		*rel = m.word()
	} else {
		*label = m.some()
	}
}

func repeat[T any](m maker, f func(*T)) []T {
	var s []T
	for range max(0, m.IntN(5)-2) {
		var t T
		f(&t)
		s = append(s, t)
	}
	return s
}

func (m maker) where() contacts.Where {
	if m.IntN(2) == 0 {
		return contacts.Where{}
	}
	return contacts.Where{Value: m.text(), Rel: m.text(), Label: m.text(), Extra: m.extra("")}
}

func (m maker) contact() *contacts.Contact {
	c := &contacts.Contact{ID: contacts.ID(m.Uint64()), Rev: contacts.Rev(m.Int64N(1 << 52)), Created: contacts.Rev(m.Int64N(1 << 52)),
		Notes: m.trimmed(), Nickname: m.trimmed(), MaidenName: m.trimmed(), ShortName: m.trimmed(), Initials: m.trimmed(), YomiName: m.trimmed(),
		Gender: m.text(), Birthday: m.text(), Occupation: m.trimmed(), Sensitivity: m.text(), BillingInformation: m.trimmed(),
		Priority: m.text(), Mileage: m.trimmed(), DirectoryServer: m.trimmed(), Subject: m.trimmed(), FileAs: m.trimmed(), Where: m.where(),
		Name: contacts.Name{Full: m.some(), Prefix: m.trimmed(), Given: m.some(), GivenYomi: m.text(), Additional: m.trimmed(),
			Family: m.some(), FamilyYomi: m.text(), Suffix: m.trimmed(), Extra: m.extra("", "gd:givenName", "gd:fullName")},
		Extra: m.extra("", "title"),
	}
	if m.IntN(2) == 0 {
		c.Photo.Version = "xLQfHGqHt0kUEoeDqM1Fbw"
	}
	c.Organizations = repeat(m, func(o *contacts.Organization) {
		*o = contacts.Organization{Primary: m.IntN(2) == 0, Name: m.some(), NameYomi: m.text(), Title: m.trimmed(), Department: m.trimmed(),
			JobDescription: m.trimmed(), Symbol: m.trimmed(), Where: m.where(), Extra: m.extra("", "gd:orgName")}
		m.use(&o.Rel, &o.Label)
	})
	c.Emails = repeat(m, func(e *contacts.Email) {
		*e = contacts.Email{Address: m.some(), DisplayName: m.text(), Primary: m.IntN(2) == 0, Extra: m.extra("")}
		m.use(&e.Rel, &e.Label)
	})
	c.IMs = repeat(m, func(i *contacts.IM) {
		*i = contacts.IM{Address: m.some(), Protocol: m.word(), Primary: m.IntN(2) == 0, Extra: m.extra("")}
		m.use(&i.Rel, &i.Label)
	})
	c.Phones = repeat(m, func(p *contacts.Phone) {
		*p = contacts.Phone{Number: m.some(), URI: m.text(), Primary: m.IntN(2) == 0, Extra: m.extra("")}
		m.use(&p.Rel, &p.Label)
	})
	c.Addresses = repeat(m, func(a *contacts.Address) {
		*a = contacts.Address{Primary: m.IntN(2) == 0, MailClass: m.text(), Usage: m.text(), Agent: m.trimmed(), HouseName: m.trimmed(),
			Street: m.some(), POBox: m.trimmed(), Neighborhood: m.trimmed(), City: m.trimmed(), Subregion: m.trimmed(), Region: m.trimmed(),
			Postcode: m.trimmed(), Country: m.some(), CountryCode: m.text(), Formatted: m.some(), Extra: m.extra("", "gd:country")}
		m.use(&a.Rel, &a.Label)
	})
	c.Events = repeat(m, func(e *contacts.Event) {
		*e = contacts.Event{Start: m.some(), End: m.text(), Value: m.text(), Extra: m.extra("", "gd:when")}
		m.use(&e.Rel, &e.Label)
	})
	c.ExternalIDs = repeat(m, func(x *contacts.ExternalID) {
		*x = contacts.ExternalID{Value: m.some(), Extra: m.extra("")}
		m.use(&x.Rel, &x.Label)
	})
	c.Relations = repeat(m, func(r *contacts.Relation) {
		*r = contacts.Relation{Person: m.some(), Extra: m.extra("")}
		m.use(&r.Rel, &r.Label)
	})
	c.UserDefined = repeat(m, func(u *contacts.UserDefined) {
		*u = contacts.UserDefined{Key: m.text(), Value: m.text(), Extra: m.extra("")}
	})
	c.Websites = repeat(m, func(w *contacts.Website) {
		*w = contacts.Website{Href: m.some(), Primary: m.IntN(2) == 0, Extra: m.extra("")}
		m.use(&w.Rel, &w.Label)
	})
	c.CalendarLinks = repeat(m, func(l *contacts.CalendarLink) {
		*l = contacts.CalendarLink{Href: m.some(), Primary: m.IntN(2) == 0, Extra: m.extra("")}
		m.use(&l.Rel, &l.Label)
	})
	c.Languages = repeat(m, func(l *contacts.Language) {
		*l = contacts.Language{Extra: m.extra("")}
		m.use(&l.Code, &l.Label)
	})
	c.Jots = repeat(m, func(j *contacts.Jot) {
		*j = contacts.Jot{Rel: m.word(), Text: m.trimmed(), Extra: m.extra("")}
	})
	c.Hobbies = repeat(m, func(h *string) { *h = m.some() })
	seen := map[string]bool{}
	for _, h := range c.Hobbies {
		if !seen[h] {
			c.Extra = append(c.Extra, m.extra("gContact:hobby["+h+"]")...)
		}
		seen[h] = true
	}
	for i := range m.IntN(4) {
		id := contacts.ID(m.Uint32())<<8 | contacts.ID(i)
		c.Memberships = append(c.Memberships, contacts.Membership{Group: id})
		c.Extra = append(c.Extra, m.extra(fmt.Sprintf("gContact:groupMembershipInfo[%x]", uint64(id)))...)
	}
	c.Properties = repeat(m, m.property)
	return c
}

func (m maker) property(p *contacts.Property) {
	*p = contacts.Property{Name: m.some(), Realm: m.text()}
	switch m.IntN(4) {
	case 0:
		p.Value = m.text()
	case 1:
		p.XML = []string{"<a xmlns=''/>", "<a xmlns=''>1</a> and <b xmlns='urn:b' name='2'> <c/> </b>", "<name xmlns=''/><name xmlns=''>&lt;</name>"}[m.IntN(3)]
	case 2:
		p.Text = m.trimmed()
	}
	if p.XML == "" { // the children of a property are its content, not unknown
		p.Extra = m.extra("")
		for i := range p.Extra {
			p.Extra[i].XML = ""
		}
		if len(p.Extra) > 0 && p.Extra[0].Attrs == "" {
			p.Extra = nil
		}
	}
}

func (m maker) group() *contacts.Group {
	return &contacts.Group{ID: contacts.ID(m.Uint64()), Rev: contacts.Rev(m.Int64N(1 << 52)), Name: m.some(),
		Properties: repeat(m, m.property), Extra: m.extra("", "title")}
}

const rounds = 400

func TestRandom(t *testing.T) {
	atom := NewEncoder(user(3, ContactKind))
	t.Run("XML-2 XML-3 XML-6 XML-7 XML-9 a contact survives Atom", func(t *testing.T) {
		for seed := range uint64(rounds) {
			c := maker{rand.New(rand.NewPCG(seed, 1))}.contact()
			doc := atom.AppendContactDocument(nil, c)
			e, err := ParseContact(doc, groupOf)
			if err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, doc)
			}
			want := c.Clone()
			want.Photo = contacts.Photo{}
			sameContact(t, seed, e.Contact, want)
		}
	})
	t.Run("a group survives Atom", func(t *testing.T) {
		atom := NewEncoder(user(3, GroupKind))
		for seed := range uint64(rounds) {
			g := maker{rand.New(rand.NewPCG(seed, 2))}.group()
			doc := atom.AppendGroupDocument(nil, g)
			e, err := ParseGroup(doc)
			if err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, doc)
			}
			e.Group.ID, e.Group.Rev = g.ID, g.Rev
			if sortExtra(e.Group.Extra); !reflect.DeepEqual(e.Group, g) {
				sortExtra(g.Extra)
				if !reflect.DeepEqual(e.Group, g) {
					t.Fatalf("seed %d:\ngot  %+v\nwant %+v", seed, e.Group, g)
				}
			}
		}
	})
	t.Run("a contact survives the store", func(t *testing.T) {
		var reused contacts.Contact
		for seed := range uint64(rounds) {
			m := maker{rand.New(rand.NewPCG(seed, 3))}
			c := m.contact()
			for i := range c.Memberships {
				c.Memberships[i].Removed = contacts.Rev(m.IntN(3))
			}
			for i := range c.Addresses {
				c.Addresses[i].Plain = m.IntN(2) == 0
			}
			data := string(AppendStoredContact(nil, c))
			var got contacts.Contact
			for _, into := range []*contacts.Contact{&got, &reused} {
				if err := ReadStoredContact(data, into); err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
			sameContact(t, seed, &got, c)
			if again := string(AppendStoredContact(nil, &reused)); again != data {
				t.Fatalf("seed %d: read into a used contact it becomes %q, want %q", seed, again, data)
			}
		}
	})
	t.Run("a group survives the store", func(t *testing.T) {
		for seed := range uint64(rounds) {
			g := maker{rand.New(rand.NewPCG(seed, 4))}.group()
			got := contacts.Group{ID: g.ID, Rev: g.Rev}
			if err := ReadStoredGroup(string(AppendStoredGroup(nil, g)), &got); err != nil || !reflect.DeepEqual(&got, g) {
				t.Fatalf("seed %d: %v\ngot  %+v\nwant %+v", seed, err, got, g)
			}
		}
	})
	t.Run("JSON-5 JSON-9 JSON-10 JSON is valid and names no member twice", func(t *testing.T) {
		for seed := range uint64(rounds) {
			m := maker{rand.New(rand.NewPCG(seed, 5))}
			o := user(1+m.IntN(3), ContactKind)
			o.Format = JSON
			o.View.Shared = m.IntN(2) == 0
			doc := NewEncoder(o).AppendContactDocument(nil, m.contact())
			if strings.ContainsAny(string(doc), "<>&=\u2028\u2029") {
				t.Fatalf("seed %d: not escaped:\n%s", seed, doc)
			}
			if err := uniqueMembers(doc); err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, doc)
			}
		}
	})
	t.Run("RSS-19 RSS is well-formed", func(t *testing.T) {
		for seed := range uint64(rounds) {
			m := maker{rand.New(rand.NewPCG(seed, 6))}
			o := user(1+m.IntN(3), ContactKind)
			o.Format = RSS
			doc := NewEncoder(o).AppendContactDocument(nil, m.contact())
			p := newParser(doc, nil)
			if p.next() != tokStart || p.skip() != nil || p.next() != tokEOF {
				t.Fatalf("seed %d: %v\n%s", seed, p.err, doc)
			}
			p.free()
		}
	})
}

func sameContact(t *testing.T, seed uint64, got, want *contacts.Contact) {
	t.Helper()
	g, w := got.Clone(), want.Clone()
	w.ID, w.Rev, w.Created, g.ID, g.Rev, g.Created = 0, 0, 0, 0, 0, 0
	for _, c := range []*contacts.Contact{g, w} {
		sortExtras(c)
	}
	if !reflect.DeepEqual(g, w) {
		gv, wv := reflect.ValueOf(*g), reflect.ValueOf(*w)
		for i := range gv.NumField() {
			if !reflect.DeepEqual(gv.Field(i).Interface(), wv.Field(i).Interface()) {
				t.Errorf("seed %d: %s\ngot  %+v\nwant %+v", seed, gv.Type().Field(i).Name, gv.Field(i), wv.Field(i))
			}
		}
		t.FailNow()
	}
}

// uniqueMembers fails on what is not JSON, and on objects with two members of
// one name.
func uniqueMembers(doc []byte) error {
	d := json.NewDecoder(strings.NewReader(string(doc)))
	var walk func() error
	walk = func() error {
		tok, err := d.Token()
		if err != nil {
			return err
		}
		switch tok {
		case json.Delim('{'):
			seen := map[string]bool{}
			for d.More() {
				name, err := d.Token()
				if err != nil {
					return err
				}
				if seen[name.(string)] {
					return fmt.Errorf("member %q twice", name)
				}
				seen[name.(string)] = true
				if err := walk(); err != nil {
					return err
				}
			}
			_, err = d.Token()
		case json.Delim('['):
			for d.More() {
				if err := walk(); err != nil {
					return err
				}
			}
			_, err = d.Token()
		}
		return err
	}
	return walk()
}
