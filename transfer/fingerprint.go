package transfer

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"sync"

	"contacts"
	"contacts/wire"
)

// A print tells whether two contacts say the same, whichever book they are in:
// the beginning of a hash of all their fields. It leaves out what a book adds
// and the photo, and counts the groups that a contact is in now.
type print [16]byte

func (p print) String() string { return hex.EncodeToString(p[:]) }

func (p print) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

func (p *print) UnmarshalText(text []byte) error {
	_, err := hex.Decode(p[:], text)
	return err
}

// scratch has buffers for reuse.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// printOf is the print of c, which is normalized.
func printOf(c *contacts.Contact) print {
	d := *fromBook(c)
	for _, m := range c.Memberships {
		if m.Removed == 0 {
			d.Memberships = append(d.Memberships, contacts.Membership{Group: m.Group})
		}
	}
	slices.SortFunc(d.Memberships, func(a, b contacts.Membership) int { return cmp.Compare(a.Group, b.Group) })
	d.Extra = tidy(d.Extra)
	d.Name.Extra = tidy(d.Name.Extra)
	if slices.ContainsFunc(d.Addresses, func(a contacts.Address) bool { return a.Plain }) {
		d.Addresses = slices.Clone(d.Addresses)
		for i := range d.Addresses {
			d.Addresses[i].Plain = false
		}
	}
	buf := scratch.Get().(*[]byte)
	defer scratch.Put(buf)
	*buf = wire.AppendStoredContact((*buf)[:0], &d)
	sum := sha256.Sum256(*buf)
	return print(sum[:16])
}

// tidy puts what is unknown into one order: all of one place together, places
// by name, and at each place the attributes and elements as they came.
func tidy(x contacts.Extra) contacts.Extra {
	if len(x) < 2 {
		return x
	}
	var out contacts.Extra
	for _, u := range x {
		i := slices.IndexFunc(out, func(o contacts.Unknown) bool { return o.In == u.In })
		if i < 0 {
			out = append(out, u)
			continue
		}
		out[i].Attrs += u.Attrs
		out[i].XML += u.XML
	}
	slices.SortFunc(out, func(a, b contacts.Unknown) int { return strings.Compare(a.In, b.In) })
	return out
}

// settleGroup is settle for a group.
func settleGroup(g *contacts.Group) (*contacts.Group, error) {
	if err := g.Validate(); err != nil {
		return nil, err
	}
	e, err := wire.ParseGroup(atomGroup.AppendGroupDocument(nil, g))
	if err != nil {
		return nil, err
	}
	return e.Group, e.Group.Validate()
}

// How the Contacts Data API shows entries.
var (
	atom      = wire.NewEncoder(wire.Options{View: contacts.Full, Owner: "default"})
	atomGroup = wire.NewEncoder(wire.Options{Kind: wire.GroupKind, View: contacts.Full, Owner: "default"})
)

// settle brings the contact of a file into the form in which every book gives
// it back, whatever way it goes there, and checks it.
func settle(c *contacts.Contact) (*contacts.Contact, error) {
	c.Normalize()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	buf := scratch.Get().(*[]byte)
	defer scratch.Put(buf)
	*buf = atom.AppendContactDocument((*buf)[:0], c)
	e, err := wire.ParseContact(*buf, groupOf) // EXP-3; what it returns has copies
	if err != nil {
		return nil, err
	}
	e.Contact.Normalize()
	return e.Contact, e.Contact.Validate()
}

// groupOf reads the ID at the end of an href of our own.
func groupOf(href string) (contacts.ID, error) {
	id, ok := contacts.ParseID(href[strings.LastIndexByte(href, '/')+1:])
	if !ok {
		return 0, contacts.Errorf(contacts.Invalid, contacts.CodeAttributeValue, "no group: %s", href)
	}
	return id, nil
}
