package client

import (
	"strings"
	"time"

	"contacts"
	"contacts/wire"
)

// An Entry is what the server says of a contact, group or photo, besides its
// data. URLs are as the server wrote them; the client sends no token to another
// server, whatever they say.
type Entry struct {
	IDURL   string // atom:id
	ETag    string // with its quotes; empty in version 1
	Updated time.Time
	Edited  time.Time // zero in version 1

	Self string // to read it
	Edit string // to change it; in version 1 it names the state that it changes

	EditPhoto string // to change the photo; version 1
	PhotoLink string // to read the photo, in versions 2 and 3 also to change it
	PhotoETag string // empty without a photo, and in version 1
}

// ID is the short id: the last segment of the IDURL, which most servers give
// in hexadecimal digits.
func (e *Entry) ID() string { return lastSegment(e.IDURL) }

func lastSegment(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }

// A Contact is a contact with what the server says of it. Contact.ID and
// Contact.Rev are filled where the server's ids are hexadecimal numbers, but
// only Entry is ever used to find a contact again.
//
// A contact that was deleted has Deleted set, and no data. In Memberships,
// those with Removed set have ended.
//
// What the schema has no field for is kept in the fields named Extra. LIB-61
type Contact struct {
	contacts.Contact
	Entry Entry
}

// A Group is a group with what the server says of it; see Contact.
type Group struct {
	contacts.Group
	Entry Entry
}

// ETag is the entity tag that the server gave; empty in version 1.
func (c *Contact) ETag() string { return c.Entry.ETag }

// ETag is the entity tag that the server gave; empty in version 1.
func (g *Group) ETag() string { return g.Entry.ETag }

// HasPhoto reports whether the contact had a photo when it was read.
func (c *Contact) HasPhoto() bool {
	if c.Entry.EditPhoto != "" {
		return c.Entry.PhotoLink != "" // version 1
	}
	return c.Entry.PhotoETag != ""
}

// entryOf is the Entry of what a server sent.
func entryOf(r *wire.Received) Entry {
	return Entry{
		IDURL:     r.ID,
		ETag:      r.ETag,
		Updated:   r.Updated,
		Edited:    r.Edited,
		Self:      r.Self,
		Edit:      r.Edit,
		EditPhoto: r.EditPhoto,
		PhotoLink: r.Photo,
		PhotoETag: r.PhotoETag,
	}
}

// A kind is what operations on contacts and on groups differ in.
type kind[T any] struct {
	wire   wire.Kind
	path   string
	make   func(*wire.Received) T
	entry  func(T) *Entry
	append func(s *wire.Sender, b []byte, t T, a wire.Sent) ([]byte, error) // a nil T has no data
	none   T
}

var contactKind = &kind[*Contact]{
	wire: wire.ContactKind,
	path: "contacts",
	make: func(r *wire.Received) *Contact {
		c := &Contact{Contact: *r.Contact, Entry: entryOf(r)}
		if c.Name.IsZero() {
			c.Name.Full = r.Title
		}
		return c
	},
	entry: func(c *Contact) *Entry { return &c.Entry },
	append: func(s *wire.Sender, b []byte, c *Contact, a wire.Sent) ([]byte, error) {
		if c == nil {
			return s.AppendContact(b, nil, a)
		}
		return s.AppendContact(b, withRels(&c.Contact), a)
	},
}

var groupKind = &kind[*Group]{
	wire:  wire.GroupKind,
	path:  "groups",
	make:  func(r *wire.Received) *Group { return &Group{Group: *r.Group, Entry: entryOf(r)} },
	entry: func(g *Group) *Entry { return &g.Entry },
	append: func(s *wire.Sender, b []byte, g *Group, a wire.Sent) ([]byte, error) {
		if g == nil {
			return s.AppendGroup(b, nil, a)
		}
		return s.AppendGroup(b, &g.Group, a)
	},
}

// withRels is the contact with exactly one of rel and label in each element
// that wants one: the label if both are set, and the rel "other", where there
// is such a rel, if none is. c stays as it is.
func withRels(c *contacts.Contact) *contacts.Contact {
	c = c.Clone()
	for i := range c.Organizations {
		oneOf(&c.Organizations[i].Rel, c.Organizations[i].Label, contacts.RelOther)
	}
	for i := range c.Emails {
		oneOf(&c.Emails[i].Rel, c.Emails[i].Label, contacts.RelOther)
	}
	for i := range c.IMs {
		oneOf(&c.IMs[i].Rel, c.IMs[i].Label, contacts.RelOther)
	}
	for i := range c.Phones {
		oneOf(&c.Phones[i].Rel, c.Phones[i].Label, contacts.RelOther)
	}
	for i := range c.Addresses {
		oneOf(&c.Addresses[i].Rel, c.Addresses[i].Label, contacts.RelOther)
	}
	for i := range c.Events {
		oneOf(&c.Events[i].Rel, c.Events[i].Label, contacts.RelOther)
	}
	for i := range c.ExternalIDs {
		oneOf(&c.ExternalIDs[i].Rel, c.ExternalIDs[i].Label, "")
	}
	for i := range c.Relations {
		oneOf(&c.Relations[i].Rel, c.Relations[i].Label, "")
	}
	for i := range c.Websites {
		oneOf(&c.Websites[i].Rel, c.Websites[i].Label, contacts.RelOther)
	}
	for i := range c.CalendarLinks {
		oneOf(&c.CalendarLinks[i].Rel, c.CalendarLinks[i].Label, "")
	}
	for i := range c.Jots {
		oneOf(&c.Jots[i].Rel, "", contacts.RelOther)
	}
	return c
}

func oneOf(rel *string, label, other string) {
	switch {
	case label != "":
		*rel = "" // LIB-62
	case *rel == "":
		*rel = other // LIB-62
	}
}
