package main

import (
	"io"

	"contacts/client"
	"contacts/vcard"
)

func vcardOptions(c *client.Contact, groups groupList) vcard.Options {
	return vcard.Options{Version: vcard.V3, Categories: groups.names(&c.Contact)}
}

func writeCard(w io.Writer, c *client.Contact, o vcard.Options) error {
	_, err := w.Write(vcard.Append(nil, &c.Contact, o))
	return err
}
