package vcard_test

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"contacts"
	"contacts/vcard"
)

func ExampleReader() {
	file := strings.NewReader(`BEGIN:VCARD
VERSION:3.0
N:Bennet;Elizabeth;;Miss;
EMAIL;TYPE=HOME,PREF:lizzy@example.com
item1.TEL:+44 20 7946 0001
item1.X-ABLabel:Inn
END:VCARD
BEGIN:VCARD
this is no property
END:VCARD
BEGIN:VCARD
VERSION:2.1
N;QUOTED-PRINTABLE:Bennet;J=C3=A1ne
END:VCARD
`)
	for card, err := range vcard.NewReader(file).All() {
		var damaged *vcard.DamagedError
		if errors.As(err, &damaged) {
			fmt.Println(damaged)
			continue
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		c := card.Import().Contact
		c.Normalize()
		fmt.Println(c.Name.Full)
		for _, p := range c.Phones {
			fmt.Println(p.Label, p.Number)
		}
	}
	// Output:
	// Miss Elizabeth Bennet
	// Inn +44 20 7946 0001
	// line 9: neither a property nor the continuation of one
	// Jáne Bennet
}

func ExampleAppend() {
	c := &contacts.Contact{
		Birthday: "--05-23",
		Emails:   []contacts.Email{{Rel: contacts.RelHome, Address: "lizzy@example.com"}},
	}
	c.Name.SetFull("Elizabeth Bennet")
	vcard.SetUID(c, "7")
	os.Stdout.WriteString(strings.ReplaceAll(string(vcard.Append(nil, c, vcard.Options{Version: vcard.V4, Categories: []string{"Family"}})), "\r", ""))
	// Output:
	// BEGIN:VCARD
	// VERSION:4.0
	// UID:7
	// FN:Elizabeth Bennet
	// N:Bennet;Elizabeth;;;
	// BDAY:--0523
	// EMAIL;TYPE=home:lizzy@example.com
	// CATEGORIES:Family
	// END:VCARD
}
