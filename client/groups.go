package client

import (
	"context"
	"iter"

	"contacts"
)

// Groups yields all groups that the query selects, the system groups among
// them; see Contacts.
func (c *Client) Groups(ctx context.Context, q Query) iter.Seq2[*Group, error] {
	return groupKind.all(ctx, c, q) // LIB-24
}

// GroupPage reads one page.
func (c *Client) GroupPage(ctx context.Context, q Query) (*Page[*Group], error) {
	url, err := q.url(c, groupKind.path, 0)
	if err != nil {
		return nil, err
	}
	return groupKind.page(ctx, c, url) // LIB-24
}

// Group reads a group by its id, or by its Entry's Self link or IDURL.
func (c *Client) Group(ctx context.Context, idOrURL string) (*Group, error) {
	return groupKind.get(ctx, c, idOrURL)
}

// InsertGroup stores a new group and returns it as stored; see InsertContact.
func (c *Client) InsertGroup(ctx context.Context, g *contacts.Group, opts ...CallOption) (*Group, error) {
	return groupKind.insert(ctx, c, &Group{Group: *g}, opts) // LIB-23
}

// UpdateGroup replaces a group that was read before and returns it as stored;
// see UpdateContact. System groups cannot be changed.
func (c *Client) UpdateGroup(ctx context.Context, g *Group, opts ...CallOption) (*Group, error) {
	return groupKind.update(ctx, c, g, opts) // LIB-25
}

// PatchGroup changes parts of a group; see PatchContact.
func (c *Client) PatchGroup(ctx context.Context, g *Group, change *contacts.Group, remove ...string) (*Group, error) {
	return groupKind.patch(ctx, c, &g.Entry, &Group{Group: *change}, remove)
}

// DeleteGroup deletes a group that was read before, unless it has changed
// since. Its members stay.
func (c *Client) DeleteGroup(ctx context.Context, g *Group, opts ...CallOption) error {
	return groupKind.delete(ctx, c, &g.Entry, opts) // LIB-26
}
