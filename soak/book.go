package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/url"
	"slices"
	"strings"

	"contacts"
	"contacts/client"
)

// A state is what the model knows of a contact.
type state struct {
	notes, nick, phone string
	photo              string // its version
	groups             string // IDs, sorted
}

// A book is one address book, the model of it, and the program that writes it.
// One goroutine uses it.
type book struct {
	name   string
	shared bool // of a domain: without groups
	c      *client.Client
	m      *machine
	random *rand.Rand
	stats  *stats

	last   int // number of names given out
	people map[string]state
	read   map[string]*client.Contact // as the server gave them last
	groups map[string]contacts.ID     // by title
}

// A doubt is what a write that got no answer may have left: for each name the
// states that are possible, nil for none.
type doubt struct {
	people map[string][]*state
	group  string // a title that may be there or not
}

// lost reports whether an error leaves open what the server has done.
func lost(err error) bool {
	return errors.As(err, new(*url.Error)) || errors.As(err, new(*net.OpError)) || errors.Is(err, io.ErrUnexpectedEOF)
}

// stateOf is the state of a contact as it was read.
func stateOf(c *client.Contact) state {
	s := state{notes: c.Notes, nick: c.Nickname, photo: strings.Trim(c.Entry.PhotoETag, `".`)}
	if len(c.Phones) > 0 {
		s.phone = c.Phones[0].Number
	}
	var groups []string
	for _, m := range c.Memberships {
		if m.Removed == 0 {
			groups = append(groups, fmt.Sprintf("%x", uint64(m.Group)))
		}
	}
	slices.Sort(groups)
	s.groups = strings.Join(groups, " ")
	return s
}

// write runs a request that changes the book. When its answer is lost, the
// book is read as soon as the server is back, and must be in one of the states
// that d allows; done then stays undone. When the request succeeds, done takes
// it into the model.
func (b *book) write(ctx context.Context, op string, d doubt, request func() error, done func()) error {
	err := b.stats.time(op, request)
	if lost(err) && ctx.Err() == nil {
		return b.settle(ctx, d)
	}
	if err != nil {
		return fmt.Errorf("%s: %s: %w", b.name, op, err)
	}
	done()
	return nil
}

// look runs a request that changes nothing, again if its answer is lost.
func (b *book) look(ctx context.Context, op string, request func() error) error {
	for {
		if err := b.m.wait(ctx); err != nil {
			return err
		}
		err := b.stats.time(op, request)
		if lost(err) && ctx.Err() == nil {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %s: %w", b.name, op, err)
		}
		return nil
	}
}

// settle reads the whole book, checks that it is as the model says but for
// what is in doubt, and takes it as the model from then on.
func (b *book) settle(ctx context.Context, d doubt) error {
	var people map[string]*client.Contact
	var groups map[string]contacts.ID
	err := b.look(ctx, "read all", func() (err error) {
		people, groups, err = b.all(ctx)
		return err
	})
	if err != nil {
		return err
	}
	var wrong []error
	for title := range union(groups, b.groups) {
		_, want := b.groups[title]
		if _, got := groups[title]; got != want && title != d.group {
			wrong = append(wrong, fmt.Errorf("the group %q is there: %v, want %v", title, got, want))
		}
	}
	states := map[string]state{}
	for name, c := range people {
		states[name] = stateOf(c)
	}
	for name := range union(states, b.people) {
		allowed, open := d.people[name]
		if !open {
			allowed = []*state{b.known(name)}
		}
		var got *state
		if s, ok := states[name]; ok {
			got = &s
		}
		if !slices.ContainsFunc(allowed, func(s *state) bool { return s == nil && got == nil || s != nil && got != nil && *s == *got }) {
			wrong = append(wrong, fmt.Errorf("%q is %s, want %s", name, show(got), show(allowed...)))
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%s is not what the model says: %w", b.name, errors.Join(wrong[:min(5, len(wrong))]...))
	}
	b.people, b.read, b.groups = states, people, groups
	return nil
}

// known is the state that the model has of a name, nil for none.
func (b *book) known(name string) *state {
	if s, ok := b.people[name]; ok {
		return &s
	}
	return nil
}

func show(states ...*state) string {
	var all []string
	for _, s := range states {
		if s == nil {
			all = append(all, "absent")
		} else {
			all = append(all, fmt.Sprintf("%.80q", fmt.Sprint(*s)))
		}
	}
	return strings.Join(all, " or ")
}

func union[A, B any](a map[string]A, b map[string]B) map[string]bool {
	all := map[string]bool{}
	for k := range a {
		all[k] = true
	}
	for k := range b {
		all[k] = true
	}
	return all
}

// all reads the contacts by name and the groups of people's own by title.
func (b *book) all(ctx context.Context) (map[string]*client.Contact, map[string]contacts.ID, error) {
	people, groups := map[string]*client.Contact{}, map[string]contacts.ID{}
	for c, err := range b.c.Contacts(ctx, client.Query{}) {
		if err != nil {
			return nil, nil, err
		}
		if people[c.Name.Full] != nil {
			return nil, nil, fmt.Errorf("%s is there twice", c.Name.Full)
		}
		people[c.Name.Full] = c
	}
	if b.shared {
		return people, groups, nil
	}
	for g, err := range b.c.Groups(ctx, client.Query{}) {
		if err != nil {
			return nil, nil, err
		}
		if g.System == "" {
			groups[g.Name] = g.ID
		}
	}
	return people, groups, nil
}

// any is the name of some contact, or empty.
func (b *book) any() string {
	if len(b.people) == 0 {
		return ""
	}
	names := slices.Sorted(maps.Keys(b.people)) // so that a seed means the same again
	return names[b.random.IntN(len(names))]
}

// fresh reads a contact again whose ETag another change has moved, such as the
// end of a group. Its data must be what the model says.
func (b *book) fresh(ctx context.Context, name string) (c *client.Contact, err error) {
	err = b.look(ctx, "get", func() (err error) {
		c, err = b.c.Contact(ctx, b.read[name].Entry.Self)
		return err
	})
	if err != nil {
		return nil, err
	}
	if got := stateOf(c); got != b.people[name] {
		return nil, fmt.Errorf("%s: %q is %s, want %s", b.name, name, show(&got), show(b.known(name)))
	}
	b.read[name] = c
	return c, nil
}

// keep takes a contact as the server has just stored it into the model, and
// checks that it is what was wanted.
func (b *book) keep(name string, c *client.Contact, want state) error {
	if got := stateOf(c); got != want || c.Name.Full != name {
		return fmt.Errorf("%s: %q was stored as %s, want %s", b.name, name, show(&got), show(&want))
	}
	b.people[name], b.read[name] = want, c
	return nil
}
