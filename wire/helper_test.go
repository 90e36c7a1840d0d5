package wire

import (
	"slices"
	"strings"

	"contacts"
)

// sortExtra brings the pieces of an Extra, whose order has no meaning, into one
// order.
func sortExtra(ex contacts.Extra) {
	slices.SortStableFunc(ex, func(a, b contacts.Unknown) int { return strings.Compare(a.In, b.In) })
}

func sortExtras(c *contacts.Contact) {
	sortExtra(c.Extra)
	sortExtra(c.Name.Extra)
	for i := range c.Organizations {
		sortExtra(c.Organizations[i].Extra)
	}
	for i := range c.Addresses {
		sortExtra(c.Addresses[i].Extra)
	}
	for i := range c.Events {
		sortExtra(c.Events[i].Extra)
	}
}
