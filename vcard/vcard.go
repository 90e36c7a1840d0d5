// Package vcard reads vCard 2.1, 3.0 and 4.0, writes 3.0 and 4.0, and turns
// cards into contacts and back.
//
// It has two layers. A Card is what a file says: properties in order, nothing
// lost. A Reader takes cards from a stream one by one and survives damaged
// ones; Card.Append writes one.
//
//	for card, err := range vcard.NewReader(file).All() {
//		var damaged *vcard.DamagedError
//		if errors.As(err, &damaged) {
//			log.Print(damaged) // and read on
//			continue
//		}
//		if err != nil {
//			return err
//		}
//		im := card.Import()
//		...
//	}
//
// Card.Import and Append are the second layer: one table maps properties to the
// fields of contacts.Contact, both ways. What the table does not know is kept
// with the contact as XML in the form of RFC 6351, so that every protocol
// carries it and it comes back in the next card (XML-7).
//
// Groups of contacts, photos and storage are left to the caller: Import returns
// the names of groups and the bytes of the photo, and Append takes them.
package vcard

import (
	"fmt"
	"strings"
)

// The versions that are written.
const (
	V3 = "3.0" // RFC 2426: what most programs read
	V4 = "4.0" // RFC 6350
)

// Limits of one card. A card beyond them is damaged; the next one is read.
const (
	MaxCardBytes  = 16 << 20 // all its lines together, the photo included
	MaxProperties = 4096     // without those that name a member of a group
	MaxMembers    = 100_000  // of a group
)

// A Card is one vCard. Values are in the escaped form of versions 3.0 and 4.0,
// whichever version was read: charsets, quoted-printable and the habits of
// version 2.1 end in the Reader.
type Card struct {
	// Version is what the card says: "2.1", "3.0", "4.0" or something else.
	// It is "3.0" if the card says nothing.
	Version string

	// Properties in the order of the file, without BEGIN, VERSION and END.
	Properties []Property

	Line int // of its BEGIN, counted from 1; 0 if it was not read
}

// A Property is one content line.
type Property struct {
	Group  string // ties properties together, such as item1; mostly empty
	Name   string // in upper case
	Params []Param
	Value  string // escaped
	Line   int    // counted from 1; 0 if it was not read
}

// A Param is one value of a parameter. TYPE=home,work is two of them.
type Param struct {
	Name  string // in upper case
	Value string // without quotes and escapes
}

// Param is the first value of a parameter, or empty.
func (p *Property) Param(name string) string {
	for i := range p.Params {
		if p.Params[i].Name == name {
			return p.Params[i].Value
		}
	}
	return ""
}

// HasType reports whether word is among the TYPE parameters, in any case.
func (p *Property) HasType(word string) bool {
	for i := range p.Params {
		if p.Params[i].Name == "TYPE" && strings.EqualFold(p.Params[i].Value, word) {
			return true
		}
	}
	return false
}

// Text is the value without escapes.
func (p *Property) Text() string { return unescape(p.Value) }

// Get is the first property with a name in upper case, or nil.
func (c *Card) Get(name string) *Property {
	for i := range c.Properties {
		if c.Properties[i].Name == name {
			return &c.Properties[i]
		}
	}
	return nil
}

// A DamagedError is about one card, or about text between cards. It does not
// end the reading: what follows can still be had.
type DamagedError struct {
	Line   int    // where the fault is, counted from 1
	Reason string // fit to show
}

func (e *DamagedError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }
