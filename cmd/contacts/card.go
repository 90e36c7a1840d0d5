package main

import (
	"context"
	"errors"

	"contacts/client"
	"contacts/vcard"
)

// showCard prints a contact as a vCard, with its photo.
func (a *app) showCard(ctx context.Context, s *session, c *client.Contact, groups groupList) error {
	o := vcard.Options{Version: vcard.V3, Categories: groups.names(&c.Contact)}
	if c.HasPhoto() {
		p, err := s.Photo(ctx, c)
		if err != nil && !errors.Is(err, client.ErrNoPhoto) {
			return err
		}
		if err == nil {
			o.Photo, o.PhotoType = p.Data, p.ContentType
		}
	}
	_, err := a.stdout.Write(vcard.Append(nil, &c.Contact, o))
	return err
}
