package vcard

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"contacts"
)

// A maker makes random valid contacts.
type maker struct {
	*rand.Rand
	modest bool // no XML, and no backslashes
}

var pieces = []string{"Elizabeth", "Jane", "Mr. Collins", "Pemberley", "a", " ", "  ", "\n", "\t", "&", "<", ">", "'", `"`, "]]>", "&amp;",
	"é", "ß", "\u2028", "“", "中", "😀", `\`, `\n`, "n", "/", "=", "=3D", "--", "http://", ":", ";", ",", "%40", "\u0085", "\uFFFD", "{", "^", "^n", "_$!<", "item1."}

func (m maker) text() string {
	var b strings.Builder
	for range m.IntN(6) {
		b.WriteString(pieces[m.IntN(len(pieces))])
	}
	if m.modest {
		return strings.TrimSpace(strings.ReplaceAll(b.String(), `\`, ""))
	}
	return strings.TrimSpace(b.String())
}

func (m maker) maybe() string {
	if m.IntN(2) == 0 {
		return ""
	}
	return m.text()
}

// some is a text that is neither empty nor blank at its ends.
func (m maker) some() string {
	s := "x" + m.text() + "y"
	for m.IntN(20) == 0 {
		s += s // long enough to be folded
	}
	return s
}

func (m maker) of(words ...string) string { return words[m.IntN(len(words))] }

func (m maker) day() string {
	return time.Date(1700+m.IntN(300), time.Month(1+m.IntN(12)), 1+m.IntN(28), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// extra is XML that a client could have left in an element.
func (m maker) extra(in ...string) contacts.Extra {
	var ex contacts.Extra
	if m.modest {
		return nil
	}
	for _, in := range in {
		u := contacts.Unknown{In: in}
		if m.IntN(8) == 0 {
			u.XML = m.of("<parameters xmlns='urn:ietf:params:xml:ns:vcard-4.0'><type><text>letters</text></type><x-slot><text>a;&lt;b</text><text/></x-slot></parameters>",
				"<parameters xmlns='urn:ietf:params:xml:ns:vcard-4.0'><language><language-tag>en</language-tag></language></parameters>")
		}
		if m.IntN(8) == 0 {
			u.Attrs = m.of(" plain='1'", " xmlns:x='urn:x' x:a='&lt;&quot;&apos;&#10;'", " gd:more='2'", " xml:lang='en'")
		}
		if m.IntN(8) == 0 {
			u.XML += m.of("<x:y xmlns:x='urn:x'>a <b xmlns=''/> c</x:y>", "<category xmlns='http://www.w3.org/2005/Atom' term='t;,&apos;'/>",
				"<uid xmlns='urn:other'><text>1</text></uid>", "<rel xmlns=''><rel rel='1'/></rel>")
		}
		if u.Attrs+u.XML != "" {
			ex = append(ex, u)
		}
	}
	return ex
}

// use sets a rel of the list, an absolute URI where there may be one, or a label.
func (m maker) use(rel, label *string, uris bool, rels string) {
	words := strings.Fields(rels)
	switch n := m.IntN(3); {
	case n == 0:
		*label = m.some()
	case n == 1 && uris:
		*rel = m.of("http://example.com/rel#x,y", "urn:x")
	default:
		*rel = m.of(words...)
	}
}

// items makes some items, of which one may be the primary one.
func items[T any](m maker, primary func(*T) *bool, f func(*T)) []T {
	var s []T
	for range max(0, m.IntN(6)-2) {
		var t T
		f(&t)
		s = append(s, t)
	}
	if len(s) > 0 && primary != nil && m.IntN(2) == 0 {
		*primary(&s[m.IntN(len(s))]) = true
	}
	return s
}

const (
	someRels  = "home work other"
	phoneRels = `assistant callback car company_main fax general home home_fax internal-extension isdn main mobile other other_fax pager radio
		satellite telex tty_tdd voip work work_fax work_mobile work_pager`
	relationRels = `assistant brother child domestic-partner father friend manager mother parent partner referred-by relative sister spouse`
)

func (m maker) where() contacts.Where {
	if m.IntN(2) == 0 {
		return contacts.Where{}
	}
	return contacts.Where{Value: m.some(), Rel: m.maybe(), Label: m.maybe(), Extra: m.extra("")}
}

func (m maker) contact() *contacts.Contact {
	c := &contacts.Contact{Notes: m.maybe(), Nickname: m.maybe(), MaidenName: m.maybe(), ShortName: m.maybe(), Initials: m.maybe(), YomiName: m.maybe(),
		Gender: m.of("", "male", "female"), Birthday: m.of("", m.day(), "-"+m.day()[4:]), Occupation: m.maybe(),
		Sensitivity: m.of("", "confidential", "normal", "personal", "private"), BillingInformation: m.maybe(), Priority: m.of("", "low", "normal", "high"),
		Mileage: m.maybe(), DirectoryServer: m.maybe(), Subject: m.maybe(), FileAs: m.maybe(), Where: m.where()}
	switch m.IntN(4) {
	case 0:
		c.Name = contacts.Name{GivenYomi: m.maybe()}
	case 1:
		c.Name = contacts.Name{Full: m.some()}
	default:
		c.Name = contacts.Name{Full: m.maybe(), Prefix: m.maybe(), Given: m.some(), GivenYomi: m.maybe(), Additional: m.maybe(), AdditionalYomi: m.maybe(),
			Family: m.some(), FamilyYomi: m.maybe(), Suffix: m.maybe(), Extra: m.extra("", "gd:givenName")}
	}
	c.Organizations = items(m, func(o *contacts.Organization) *bool { return &o.Primary }, func(o *contacts.Organization) {
		*o = contacts.Organization{Name: m.maybe(), NameYomi: m.maybe(), Title: m.maybe(), Department: m.maybe(), JobDescription: m.maybe(),
			Symbol: m.some(), Where: m.where(), Extra: m.extra("", "gd:orgSymbol")}
		m.use(&o.Rel, &o.Label, true, "work other")
	})
	c.Emails = items(m, func(e *contacts.Email) *bool { return &e.Primary }, func(e *contacts.Email) {
		*e = contacts.Email{Address: m.some(), DisplayName: m.maybe(), Extra: m.extra("")}
		m.use(&e.Rel, &e.Label, true, someRels)
	})
	c.IMs = items(m, func(i *contacts.IM) *bool { return &i.Primary }, func(i *contacts.IM) {
		*i = contacts.IM{Address: m.some(), Extra: m.extra(""),
			Protocol: m.of("", "AIM", "MSN", "YAHOO", "SKYPE", "QQ", "GOOGLE_TALK", "ICQ", "JABBER", "NETMEETING", "gg:", "pigeon:", "xmpp:", "http://example.com/im#pigeon")}
		m.use(&i.Rel, &i.Label, true, someRels+" netmeeting")
	})
	c.Phones = items(m, func(p *contacts.Phone) *bool { return &p.Primary }, func(p *contacts.Phone) {
		*p = contacts.Phone{Number: m.some(), URI: m.maybe(), Extra: m.extra("")}
		switch m.IntN(4) {
		case 0:
			p.URI = "tel:" + p.Number
		case 1:
			p.Number, p.URI = "+44-20-7946-0001", "tel:+44-20-7946-0001"
		}
		m.use(&p.Rel, &p.Label, true, phoneRels)
	})
	c.Addresses = items(m, func(a *contacts.Address) *bool { return &a.Primary }, func(a *contacts.Address) {
		*a = contacts.Address{MailClass: m.of("", "both", "letters"), Usage: m.of("", "general", "local"), Extra: m.extra("")}
		switch m.IntN(3) {
		case 0:
			a.Formatted, a.Plain = m.some(), m.IntN(2) == 0
		default:
			a.Agent, a.HouseName, a.Street, a.POBox, a.Neighborhood, a.City = m.maybe(), m.maybe(), m.maybe(), m.maybe(), m.maybe(), m.some()
			a.Subregion, a.Region, a.Postcode, a.Country, a.CountryCode = m.maybe(), m.maybe(), m.maybe(), m.maybe(), m.of("", "GB", "gb", "x;y")
			a.Formatted = m.of("", "", m.some())
		}
		m.use(&a.Rel, &a.Label, true, someRels)
	})
	c.Events = items(m, nil, func(e *contacts.Event) {
		*e = contacts.Event{Start: m.day(), End: m.maybe(), Value: m.maybe(), Extra: m.extra("")}
		m.use(&e.Rel, &e.Label, false, "anniversary other")
	})
	c.ExternalIDs = items(m, nil, func(x *contacts.ExternalID) {
		*x = contacts.ExternalID{Value: m.some(), Extra: m.extra("")}
		m.use(&x.Rel, &x.Label, false, "account customer network organization")
	})
	c.Relations = items(m, nil, func(r *contacts.Relation) {
		*r = contacts.Relation{Person: m.some(), Extra: m.extra("")}
		m.use(&r.Rel, &r.Label, false, relationRels)
	})
	c.UserDefined = items(m, nil, func(u *contacts.UserDefined) {
		*u = contacts.UserDefined{Key: m.maybe(), Value: m.maybe(), Extra: m.extra("")}
	})
	c.Websites = items(m, func(w *contacts.Website) *bool { return &w.Primary }, func(w *contacts.Website) {
		*w = contacts.Website{Href: m.some(), Extra: m.extra("")}
		m.use(&w.Rel, &w.Label, false, "blog ftp home home-page other profile work")
	})
	c.CalendarLinks = items(m, func(l *contacts.CalendarLink) *bool { return &l.Primary }, func(l *contacts.CalendarLink) {
		*l = contacts.CalendarLink{Href: m.some(), Extra: m.extra("")}
		m.use(&l.Rel, &l.Label, false, "free-busy home work")
	})
	c.Languages = items(m, nil, func(l *contacts.Language) {
		*l = contacts.Language{Extra: m.extra("")}
		if m.IntN(2) == 0 {
			l.Code = m.of("en-GB", "fr")
		} else {
			l.Label = m.some()
		}
	})
	c.Jots = items(m, nil, func(j *contacts.Jot) {
		*j = contacts.Jot{Rel: m.of("home", "keywords", "other", "user", "work"), Text: m.maybe(), Extra: m.extra("")}
	})
	c.Hobbies = items(m, nil, func(h *string) { *h = m.some() })
	for i := range c.Hobbies {
		c.Hobbies[i] += fmt.Sprint(i)
	}
	c.Properties = items(m, nil, func(p *contacts.Property) {
		*p = contacts.Property{Name: m.some(), Realm: m.maybe(), Extra: m.extra("")}
		switch m.IntN(4) {
		case 0:
			p.Value = m.maybe()
		case 1:
			p.XML = m.of("<a xmlns=''/>", "<a xmlns=''>1</a> and <b xmlns='urn:b' name='2'> <c/>\n</b>", "<name xmlns=''/><name xmlns=''>&lt;</name>")
		case 2:
			p.Text = m.maybe()
		}
	})

	var own []byte
	if !m.modest && m.IntN(2) == 0 {
		own = appendXCard(own, &Property{Name: "UID", Value: m.of("7", `a\,b<`, "urn:uuid:8")})
	}
	for range m.IntN(3) {
		if m.modest {
			break
		}
		p := Property{Group: m.of("", "", "item3", "a"), Name: m.of("TZ", "X-THING", "1-X"), Value: m.of("", "a;b", `\n\\`, "<&>", m.rawValue())}
		if m.IntN(2) == 0 {
			p.Params = []Param{{m.of("X-A", "TYPE", "PREF", "1A"), m.maybe()}, {"VALUE", m.of("uri", "text")}}
		}
		own = appendXCard(own, &p)
	}
	c.Extra = m.extra("", "title")
	if len(own) > 0 {
		if len(c.Extra) > 0 && c.Extra[0].In == "" {
			c.Extra[0].XML = string(own) + c.Extra[0].XML
		} else {
			c.Extra = append(contacts.Extra{{XML: string(own)}}, c.Extra...)
		}
	}
	return c
}

// rawValue is a raw value: one line.
func (m maker) rawValue() string { return strings.ReplaceAll(m.some(), "\n", "") }

func TestRandomContacts(t *testing.T) {
	for _, version := range []string{V3, V4} {
		t.Run("a contact survives version "+version, func(t *testing.T) {
			for seed := range uint64(400) {
				c := maker{Rand: rand.New(rand.NewPCG(seed, 1))}.contact()
				if err := c.Validate(); err != nil {
					t.Fatalf("seed %d: the maker's contact is not valid: %v", seed, err)
				}
				before := c.Clone()
				text := Append(nil, c, Options{Version: version})
				same(t, c, before)
				im := one(t, string(text)).Import()
				if len(im.Lost) > 0 {
					t.Errorf("seed %d: Lost = %q", seed, im.Lost)
				}
				if im.UID != UID(c) {
					t.Errorf("seed %d: UID %q, want %q", seed, im.UID, UID(c))
				}
				im.Contact.Normalize()
				c.Normalize()
				if same(t, im.Contact, c); t.Failed() {
					t.Fatalf("seed %d:\n%s", seed, text)
				}
				for line := range bytes.Lines(text) {
					if len(line) > maxLine+2 || !bytes.HasSuffix(line, []byte("\r\n")) {
						t.Fatalf("seed %d: a line of %d octets: %q", seed, len(line), line)
					}
				}
				again := one(t, string(Append(nil, c, Options{Version: version}))).Import()
				again.Contact.Normalize()
				if same(t, again.Contact, c); t.Failed() {
					t.Fatalf("seed %d: normalized it becomes another", seed)
				}
			}
		})
	}
}
