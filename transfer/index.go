package transfer

import (
	"context"
	"slices"

	"contacts"
	"contacts/vcard"
)

// An index finds contacts of a book by what makes a duplicate. It keeps no
// contacts, only their names, addresses and prints.
//
// The entries of one file are different people unless they say otherwise. So
// an entry is compared with what was in the book before, each contact of which
// one entry can mean by its address, and with other entries by UID, or by
// address and name.
type index struct {
	byID    map[string]*known
	byUID   map[string]*known
	byEmail map[string][]*known // what was there before
	byPrint map[print][]*known

	within map[string]*known // by address and name of an entry of this file
}

// A known is what the index knows of a contact.
type known struct {
	id      string // empty while it is about to be made
	print   print
	photo   string
	name    string
	mine    bool // made by this import
	claimed bool // meant by an entry of this file
	pending bool // about to be made or changed
	gone    bool // was not made
}

func newIndex() *index {
	return &index{byID: map[string]*known{}, byUID: map[string]*known{}, byEmail: map[string][]*known{},
		byPrint: map[print][]*known{}, within: map[string]*known{}}
}

// readIndex reads the whole book once. mine are the contacts that the import
// has made before, and claimed those that its entries mean.
func readIndex(ctx context.Context, b Book, mine, claimed map[string]bool) (*index, error) {
	x := newIndex()
	for it, err := range b.Contacts(ctx) {
		if err != nil {
			return nil, err
		}
		k := &known{id: it.ID, photo: it.Photo, mine: mine[it.ID]}
		x.byID[it.ID] = k
		x.put(k, it.Contact, printOf(it.Contact))
		if k.mine || claimed[it.ID] {
			x.claim(k, it.Contact)
		}
	}
	return x, nil
}

// put notes what a contact says from now on, with its print. What it was known by before
// stays: an entry that means it by an old address means it still.
func (x *index) put(k *known, c *contacts.Contact, p print) {
	if k.print != (print{}) {
		x.byPrint[k.print] = slices.DeleteFunc(x.byPrint[k.print], func(o *known) bool { return o == k })
	}
	k.print, k.name = p, key(c.Name.Full)
	x.byPrint[p] = append(x.byPrint[p], k)
	if uid := vcard.BareUID(vcard.UID(c)); uid != "" {
		if old := x.byUID[uid]; old == nil || old.gone {
			x.byUID[uid] = k
		}
	}
	if k.mine {
		return
	}
	for i := range c.Emails {
		if a := contacts.FoldEmail(c.Emails[i].Address); a != "" && !slices.Contains(x.byEmail[a], k) {
			x.byEmail[a] = append(x.byEmail[a], k)
		}
	}
}

// claim notes that an entry, which says c, means a contact.
func (x *index) claim(k *known, c *contacts.Contact) {
	k.claimed = true
	for i := range c.Emails {
		at := key(c.Emails[i].Address, c.Name.Full)
		if old := x.within[at]; old == nil || old.gone {
			x.within[at] = k
		}
	}
}

// duplicate is the contact that an entry means, and by what it was found. An
// entry of a file whose entries are known to differ means no other of it.
func (x *index) duplicate(c *contacts.Contact, uid string, p print, differ bool) (k *known, by string) {
	if uid = vcard.BareUID(uid); uid != "" {
		if k := x.byUID[uid]; k != nil && !k.gone { // IMP-3
			return k, "the same UID"
		}
	}
	for _, k := range x.byPrint[p] {
		if !k.mine && !k.claimed {
			return k, "all it says"
		}
	}
	name := key(c.Name.Full)
	var some *known
	var address string
	for i := range c.Emails {
		for _, k := range x.byEmail[contacts.FoldEmail(c.Emails[i].Address)] {
			if k.claimed { // IMP-3
				continue
			}
			if k.name == name {
				return k, "the address " + cut(c.Emails[i].Address)
			}
			if some == nil {
				some, address = k, c.Emails[i].Address
			}
		}
	}
	if some != nil {
		return some, "the address " + cut(address)
	}
	if differ {
		return nil, ""
	}
	for i := range c.Emails {
		if k := x.within[key(c.Emails[i].Address, c.Name.Full)]; k != nil && !k.gone {
			return k, "the address " + cut(c.Emails[i].Address) + " and the name"
		}
	}
	return nil, ""
}
