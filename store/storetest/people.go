package storetest

import (
	"fmt"
	"strings"

	"contacts"
)

// The words that people are made of.
var (
	givenNames  = strings.Fields("Elizabeth Jane Mary Catherine Lydia Frances Thomas Zoë Édouard Łucja")
	familyNames = strings.Fields("Bennet Gardiner Phillips Collins Müller Bénnet")
	towns       = strings.Fields("Meryton Longbourn Hunsford Lambton Brighton Ramsgate Westerham")
	companies   = strings.Fields("Longbourn Gracechurch Militia Circulating Haberdashery")
	noteWords   = strings.Fields(`likes long walks and dancing at the assembly prefers letters to visits plays the pianoforte
		on wet days reads novels aloud after dinner met in the library asked for a carriage on Tuesday knows everybody between
		here and London keeps bees speaks a little French remembers every ball of the season buys ribbons whenever there is
		money left returns borrowed books late writes a neat hand sends game in autumn owes a reply since Michaelmas`)
)

// A dice is a small random number generator, the same everywhere.
type dice uint64

func (d *dice) roll(n int) int {
	*d = *d*6364136223846793005 + 1442695040888963407
	return int(uint64(*d) >> 33 % uint64(n))
}

// Person returns the contact number i of an endless family: a typical contact
// with about 60 different words, whose stored form has some 600 bytes. It is
// the same whenever it is asked for. Edits of one person differ in the note
// and in a telephone number.
func Person(i, edit int) *contacts.Contact {
	d := dice(i*2654435761 + 1)
	d.roll(1)
	given, family := givenNames[d.roll(len(givenNames))], familyNames[d.roll(len(familyNames))]
	c := &contacts.Contact{
		Name: contacts.Name{Full: given + " " + family, Given: given, Family: family},
		Organizations: []contacts.Organization{{Rel: contacts.RelWork, Primary: true,
			Name: companies[d.roll(len(companies))] + " House", Title: "Correspondent"}},
		Emails: []contacts.Email{
			{Rel: contacts.RelWork, Primary: true, Address: fmt.Sprintf("%s.%s.u%07d@mail%02d.example.com", ascii(given), ascii(family), i, d.roll(100))},
			{Rel: contacts.RelHome, Address: fmt.Sprintf("%s%d@home%02d.example.net", ascii(family), d.roll(100000), d.roll(100))},
		},
		Phones: []contacts.Phone{
			{Rel: contacts.RelWork, Primary: true, Number: fmt.Sprintf("+44-%03d-555-%04d", 200+d.roll(700), (d.roll(10000)+edit*131)%10000)},
			{Rel: contacts.RelMobile, Number: fmt.Sprintf("+44-77%d-%07d", d.roll(10), d.roll(10000000))},
		},
		Addresses: []contacts.Address{{Rel: contacts.RelWork, Primary: true, Street: fmt.Sprintf("%d Church Street", 1+d.roll(9999)),
			City: towns[d.roll(len(towns))], Region: fmt.Sprintf("R%02d", d.roll(50)), Postcode: fmt.Sprintf("%05d", d.roll(100000)), Country: "England"}},
	}
	var note strings.Builder
	for length := 220 + d.roll(200); note.Len() < length; {
		note.WriteString(noteWords[d.roll(len(noteWords))])
		note.WriteByte(' ')
	}
	if edit > 0 {
		fmt.Fprintf(&note, "changed %d times", edit)
	}
	c.Notes = note.String()
	c.Normalize()
	return c
}

// ascii keeps the ASCII letters of a name, in lower case.
func ascii(name string) string {
	return strings.Map(func(r rune) rune {
		if r > 'z' {
			return -1
		}
		return r
	}, strings.ToLower(name))
}
