package client

import (
	"context"
	"iter"

	"contacts"
)

// Contacts yields all contacts that the query selects, from the page that it
// names to the last. It reads a page when the one before is used up, so that
// no more than a page is in memory. It stops at the first error, which it
// yields with a nil contact. Each use of the iterator asks anew.
func (c *Client) Contacts(ctx context.Context, q Query) iter.Seq2[*Contact, error] {
	return contactKind.all(ctx, c, q) // LIB-15
}

// ContactPage reads one page.
func (c *Client) ContactPage(ctx context.Context, q Query) (*Page[*Contact], error) {
	url, err := q.url(c, contactKind.path, 0)
	if err != nil {
		return nil, err
	}
	return contactKind.page(ctx, c, url) // LIB-13 LIB-14
}

// Contact reads a contact by its id, or by its Entry's Self link or IDURL. It
// fails with ErrNotFound if there is none.
func (c *Client) Contact(ctx context.Context, idOrURL string) (*Contact, error) {
	return contactKind.get(ctx, c, idOrURL) // LIB-16
}

// InsertContact stores a new contact and returns it as stored. Of the options
// only At has an effect. It fails with ErrConflict if the server allows no
// second contact with one of the e-mail addresses.
//
// A request whose answer is lost is not repeated, because the contact may have
// been stored.
func (c *Client) InsertContact(ctx context.Context, ct *contacts.Contact, opts ...CallOption) (*Contact, error) {
	return contactKind.insert(ctx, c, &Contact{Contact: *ct}, opts) // LIB-12
}

// UpdateContact replaces a contact that was read before and returns it as
// stored. If someone else has changed it since, then nothing happens and the
// error has the kind Stale; in version 1 it is a *ConflictError with the
// current contact. Force replaces it nonetheless.
func (c *Client) UpdateContact(ctx context.Context, ct *Contact, opts ...CallOption) (*Contact, error) {
	return contactKind.update(ctx, c, ct, opts) // LIB-17
}

// PatchContact changes parts of a contact that was read before, of which only
// the Entry counts, and returns it as stored: what change has is set, or added
// where there may be several. Before that the server deletes what remove
// names, each a selection in the syntax of the parameter fields, such as
// gContact:nickname or gd:email[@primary='true']. It needs version 2 or 3.
func (c *Client) PatchContact(ctx context.Context, ct *Contact, change *contacts.Contact, remove ...string) (*Contact, error) {
	return contactKind.patch(ctx, c, &ct.Entry, &Contact{Contact: *change}, remove) // LIB-29
}

// DeleteContact deletes a contact that was read before, unless it has changed
// since; see UpdateContact.
func (c *Client) DeleteContact(ctx context.Context, ct *Contact, opts ...CallOption) error {
	return contactKind.delete(ctx, c, &ct.Entry, opts) // LIB-18
}

// Profiles yields the profiles of a domain's users, which read like contacts,
// on servers that have them; contactsd answers with kind Unimplemented. They
// cannot be changed.
func (c *Client) Profiles(ctx context.Context, domain string, q Query) iter.Seq2[*Contact, error] {
	if q.Feed == "" {
		q.Feed = c.Domain(domain).feedURL("profiles/domain", "full") // LIB-30
	}
	return contactKind.all(ctx, c, q)
}
