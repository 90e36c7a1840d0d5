package server

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"contacts"
	"contacts/auth"
	"contacts/book"
)

// A Demo is what a visitor of a demonstration needs to know.
type Demo struct {
	Created  bool   // just now; otherwise the store had accounts before, and nothing was changed
	Domain   string // empty unless Created
	Accounts []DemoAccount
}

// A DemoAccount is one account. Its password is known only if it was created.
type DemoAccount struct {
	Email    string
	Admin    bool
	Password string
}

const (
	demoDomain = "example.com"
	demoAdmin  = "jane@example.com"
	demoUser   = "elizabeth@example.com"
)

// Demo fills a store that has no domain yet with one, an administrator, an
// ordinary user, shared contacts of the domain and contacts of the user. In
// any other store it changes nothing and lists the accounts.
func (s *Server) Demo(ctx context.Context) (*Demo, error) {
	domains, err := s.Auth.Domains(ctx)
	if err != nil {
		return nil, err
	}
	if len(domains) > 0 {
		return s.existing(ctx)
	}
	d := &Demo{Created: true, Domain: demoDomain}
	domain, err := s.Auth.AddDomain(ctx, demoDomain)
	if err != nil {
		return nil, err
	}
	if err := s.fill(ctx, book.At{Owner: domain.Owner, By: localUser(), View: contacts.View{Version: 3, Shared: true, Projection: contacts.Full.Projection}},
		nil, sharedSamples()); err != nil {
		return nil, err
	}
	for _, u := range []auth.NewUser{
		{Email: demoAdmin, Name: "Jane Bennet", Admin: true},
		{Email: demoUser, Name: "Elizabeth Bennet"},
	} {
		u.Password = s.Auth.GeneratePassword()
		a, err := s.Auth.AddUser(ctx, u)
		if err != nil {
			return nil, err
		}
		if u.Email == demoUser {
			if err := s.fill(ctx, book.At{Owner: a.Owner, View: contacts.Full}, sampleGroups, privateSamples()); err != nil {
				return nil, err
			}
		}
		d.Accounts = append(d.Accounts, DemoAccount{Email: u.Email, Admin: u.Admin, Password: u.Password})
	}
	return d, nil
}

// existing lists the accounts of a store.
func (s *Server) existing(ctx context.Context) (*Demo, error) {
	users, err := s.Auth.Users(ctx, "")
	if err != nil {
		return nil, err
	}
	d := &Demo{}
	for _, u := range users {
		d.Accounts = append(d.Accounts, DemoAccount{Email: u.Email, Admin: u.Admin})
	}
	return d, nil
}

// A sample is a contact and the names of its groups.
type sample struct {
	contacts.Contact
	groups []string
}

// fill adds groups and contacts to a book.
func (s *Server) fill(ctx context.Context, at book.At, groups []string, samples []sample) error {
	ids := map[string]contacts.ID{}
	for _, name := range groups {
		if _, err := s.book.InsertGroup(ctx, at, &contacts.Group{Name: name}); err != nil {
			return fmt.Errorf("sample group %s: %w", name, err)
		}
	}
	_, err := s.book.Groups(ctx, at, contacts.Query{Max: -1}, func(g *contacts.Group) bool {
		if g.System != "" {
			ids[g.System] = g.ID
		} else {
			ids[g.Name] = g.ID
		}
		return true
	})
	if err != nil {
		return err
	}
	for i := range samples {
		c := &samples[i].Contact
		for _, name := range samples[i].groups {
			id, ok := ids[name]
			if !ok {
				return fmt.Errorf("sample contact %s: no group %s among %q", c.Name.Full, name, slices.Sorted(maps.Keys(ids)))
			}
			c.Memberships = append(c.Memberships, contacts.Membership{Group: id})
		}
		if _, err := s.book.InsertContact(ctx, at, book.Draft{Contact: c}); err != nil {
			return fmt.Errorf("sample contact %s: %w", c.Name.Full, err)
		}
	}
	return nil
}
