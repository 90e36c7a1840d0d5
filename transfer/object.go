package transfer

import (
	"reflect"

	"contacts"
)

// AppendContact appends the members of a contact in the JSON form of an export,
// without braces and photo, and with names of groups in place of keys. It ends
// in a comma unless the contact is empty, so that members can stand before it.
func AppendContact(b []byte, c *contacts.Contact, groups []string) []byte {
	return appendFields(b, reflect.ValueOf(&jsonContact{Contact: *fromBook(c), Groups: groups}).Elem())
}
