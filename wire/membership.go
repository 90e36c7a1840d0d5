package wire

import (
	"strings"

	"contacts"
)

// memberRow is the row of memberships, for tombstones have nothing else.
var memberRow = func() elem[contacts.Contact] {
	for _, e := range contactShape.elems {
		if e.name.full == "gContact:groupMembershipInfo" {
			return e
		}
	}
	panic("wire: the schema has no memberships")
}()

// memberships is the row of gContact:groupMembershipInfo. Its href is the id of
// the group, which the model has as a number, and memberships that have ended
// are among them. The In of unknown parts has the group's ID in brackets.
func memberships(tag byte, full string) elem[contacts.Contact] {
	name := nameOf(full)
	get := func(c *contacts.Contact) *[]contacts.Membership { return &c.Memberships }
	place := func(id contacts.ID) string { return full + "[" + id.String() + "]" }

	// shows reports whether the answer has the membership, and whether as one
	// that has ended.
	shows := func(e *Encoder, c *contacts.Contact, m *contacts.Membership) (shown, ended bool) {
		if m.Removed == 0 && !c.Deleted {
			return true, false
		}
		return e.o.ShowRemoved || c.Deleted, true // ELEM-92
	}
	return elem[contacts.Contact]{
		name: name, shown: classAll, repeats: true, inner: membershipShape.outline(),
		xml: func(b []byte, c *contacts.Contact, e *Encoder, ex contacts.Extra) []byte {
			for i := range c.Memberships {
				m := &c.Memberships[i]
				shown, ended := shows(e, c, m)
				if !shown {
					continue
				}
				b = append(append(b, name.open...), " deleted='"...)
				b = appendBool(b, ended) // ELEM-91
				b = append(b, e.xml.member...)
				b = append(appendID(b, m.Group), '\'')
				var u *contacts.Unknown
				if len(ex) != 0 {
					u = find(ex, place(m.Group))
				}
				if u != nil {
					b = append(b, u.Attrs...)
				}
				if u == nil || u.XML == "" {
					b = append(b, "/>"...)
					continue
				}
				b = append(append(b, '>'), u.XML...)
				b = append(b, name.close...)
			}
			return b
		},
		json: func(b []byte, c *contacts.Contact, e *Encoder, ex contacts.Extra) []byte {
			n := len(b)
			for i := range c.Memberships {
				m := &c.Memberships[i]
				shown, ended := shows(e, c, m)
				if !shown {
					continue
				}
				if len(b) == n {
					b = append(append(b, name.json...), '[')
				}
				start := len(b)
				b = append(b, `{"deleted":"`...)
				b = appendBool(b, ended)
				b = append(b, e.json.member...)
				b = append(appendID(b, m.Group), `",`...)
				if len(ex) != 0 {
					u := find(ex, place(m.Group))
					b = unknownXMLJSON(unknownAttrsJSON(b, start, u), start, u)
				}
				b = append(closeObject(b), ',')
			}
			if len(b) == n {
				return b
			}
			b[len(b)-1] = ']'
			return append(b, ',')
		},
		parse: func(p *parser, c *contacts.Contact, ex *contacts.Extra) error {
			in := &p.member
			*in = membershipInfo{}
			if err := membershipShape.parse(p, in, &in.extra, ""); err != nil {
				return inItem(err, full, len(c.Memberships))
			}
			if in.deleted && p.got == nil {
				return nil // ELEM-93
			}
			id, err := p.ref(strings.Trim(in.href, blanks)) // ELEM-93
			if err != nil {
				return err
			}
			m := contacts.Membership{Group: id}
			if in.deleted {
				m.Removed = 1 // the time is that of the entry
			}
			c.Memberships = append(c.Memberships, m)
			if len(in.extra) != 0 {
				adopt(ex, in.extra, place(id))
			}
			return nil
		},
		fields: []field[contacts.Contact]{keepMany(tag, get, membership)},
	}
}

// A membershipInfo is a membership as a client sends it.
type membershipInfo struct {
	deleted bool
	href    string
	extra   contacts.Extra
}

var membershipShape = makeShape(shape[membershipInfo]{
	attrs: []attr[membershipInfo]{
		flag(0, "deleted", func(m *membershipInfo) *bool { return &m.deleted }),
		str(0, "href", func(m *membershipInfo) *string { return &m.href }).mandatory(),
	},
})

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, "true"...)
	}
	return append(b, "false"...)
}
