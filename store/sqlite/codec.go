package sqlite

import (
	"encoding/json"

	"contacts"
)

func encodeContact(b []byte, c *contacts.Contact) []byte {
	d := *c
	d.ID, d.Rev, d.Created, d.Deleted = 0, 0, 0, false
	j, _ := json.Marshal(&d)
	return append(b, j...)
}

func decodeContact(data string, c *contacts.Contact) error {
	d := contacts.Contact{ID: c.ID, Rev: c.Rev, Created: c.Created, Deleted: c.Deleted}
	*c = d
	if err := json.Unmarshal([]byte(data), c); err != nil {
		return err
	}
	c.ID, c.Rev, c.Created, c.Deleted = d.ID, d.Rev, d.Created, d.Deleted
	return nil
}

func encodeGroup(b []byte, c *contacts.Group) []byte {
	d := *c
	d.ID, d.Rev, d.Created, d.Deleted = 0, 0, 0, false
	j, _ := json.Marshal(&d)
	return append(b, j...)
}

func decodeGroup(data string, c *contacts.Group) error {
	d := contacts.Group{ID: c.ID, Rev: c.Rev, Created: c.Created, Deleted: c.Deleted}
	*c = d
	if err := json.Unmarshal([]byte(data), c); err != nil {
		return err
	}
	c.ID, c.Rev, c.Created, c.Deleted = d.ID, d.Rev, d.Created, d.Deleted
	return nil
}
