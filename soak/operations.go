package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"maps"
	"slices"
	"strings"

	"contacts"
	"contacts/client"
)

// size is how many contacts a book has about.
const size = 150

// step does one operation, chosen at random.
func (b *book) step(ctx context.Context) error {
	if err := b.m.wait(ctx); err != nil {
		return err
	}
	dice := b.random.IntN(100)
	switch {
	case len(b.people) < size/3 || dice < 20 && len(b.people) < size:
		return b.insert(ctx)
	case dice < 32:
		return b.update(ctx)
	case dice < 38:
		return b.stale(ctx)
	case dice < 48:
		return b.patch(ctx)
	case dice < 56:
		return b.photo(ctx)
	case dice < 66:
		return b.batch(ctx)
	case dice < 70 && !b.shared:
		return b.group(ctx)
	case dice < 76:
		return b.search(ctx)
	case dice < 90:
		_, err := b.fresh(ctx, b.any())
		return err
	default:
		return b.delete(ctx)
	}
}

func (b *book) newName() string {
	b.last++
	return fmt.Sprintf("Guest tag%dx", b.last)
}

// draft is a contact of the model with other notes and telephone number, and
// in one group or none.
func (b *book) draft(name string, s state) (contacts.Contact, state) {
	words := strings.Fields("the ball at Netherfield was a truth universally acknowledged by every person in the neighbourhood")
	b.random.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
	s.notes = strings.Join(words[:b.random.IntN(len(words))], " ")
	s.phone = fmt.Sprintf("+44 1%03d 5550%03d", b.random.IntN(1000), b.random.IntN(1000))
	s.groups = ""
	var c contacts.Contact
	if titles := slices.Sorted(maps.Keys(b.groups)); len(titles) > 0 && b.random.IntN(2) == 0 {
		id := b.groups[titles[b.random.IntN(len(titles))]]
		s.groups = fmt.Sprintf("%x", uint64(id))
		c.Memberships = []contacts.Membership{{Group: id}}
	}
	c.Name.SetFull(name)
	c.Notes, c.Nickname = s.notes, s.nick
	c.Phones = []contacts.Phone{{Rel: "mobile", Number: s.phone}}
	return c, s
}

func (b *book) insert(ctx context.Context) error {
	name := b.newName()
	c, want := b.draft(name, state{})
	var stored *client.Contact
	var failed error
	err := b.write(ctx, "insert", doubt{people: map[string][]*state{name: {nil, &want}}}, func() (err error) {
		stored, err = b.c.InsertContact(ctx, &c)
		return err
	}, func() { failed = b.keep(name, stored, want) })
	return errors.Join(err, failed)
}

// changed puts a draft's data into a contact that was read.
func changed(old *client.Contact, c contacts.Contact) *client.Contact {
	n := *old
	n.Notes, n.Phones, n.Memberships = c.Notes, c.Phones, c.Memberships
	return &n
}

func (b *book) update(ctx context.Context) error {
	name := b.any()
	old, err := b.fresh(ctx, name)
	if err != nil {
		return err
	}
	c, want := b.draft(name, b.people[name])
	var opts []client.CallOption
	op := "update"
	if b.random.IntN(3) == 0 {
		opts, op = []client.CallOption{client.Force()}, "update without condition"
	}
	var stored *client.Contact
	var failed error
	err = b.write(ctx, op, doubt{people: map[string][]*state{name: {b.known(name), &want}}}, func() (err error) {
		stored, err = b.c.UpdateContact(ctx, changed(old, c), opts...)
		return err
	}, func() { failed = b.keep(name, stored, want) })
	return errors.Join(err, failed)
}

// stale updates twice from one state; the second one must be refused.
func (b *book) stale(ctx context.Context) error {
	name := b.any()
	old, err := b.fresh(ctx, name)
	if err != nil {
		return err
	}
	c, want := b.draft(name, b.people[name])
	var stored *client.Contact
	var failed error
	err = b.write(ctx, "update", doubt{people: map[string][]*state{name: {b.known(name), &want}}}, func() (err error) {
		stored, err = b.c.UpdateContact(ctx, changed(old, c))
		return err
	}, func() { failed = b.keep(name, stored, want) })
	if err != nil || failed != nil || stored == nil {
		return errors.Join(err, failed)
	}
	c.Notes = "a change that must not be"
	return b.look(ctx, "update of an old state", func() error {
		_, err := b.c.UpdateContact(ctx, changed(old, c))
		if err == nil {
			return errors.New("an update of an old state succeeded")
		}
		if errors.Is(err, contacts.Stale) {
			return nil
		}
		return err
	})
}

func (b *book) patch(ctx context.Context) error {
	name := b.any()
	old, err := b.fresh(ctx, name)
	if err != nil {
		return err
	}
	want := b.people[name]
	want.nick = fmt.Sprintf("Lizzy %d", b.random.IntN(1000))
	var stored *client.Contact
	var failed error
	err = b.write(ctx, "patch", doubt{people: map[string][]*state{name: {b.known(name), &want}}}, func() (err error) {
		stored, err = b.c.PatchContact(ctx, old, &contacts.Contact{Nickname: want.nick})
		return err
	}, func() { failed = b.keep(name, stored, want) })
	return errors.Join(err, failed)
}

// photo gives a contact a photo or takes it away, or reads it.
func (b *book) photo(ctx context.Context) error {
	name := b.any()
	old, err := b.fresh(ctx, name)
	if err != nil {
		return err
	}
	want := b.people[name]
	if want.photo != "" && b.random.IntN(2) == 0 {
		return b.samePhoto(ctx, name, old)
	}
	var data []byte
	op := "delete photo"
	if want.photo == "" || b.random.IntN(2) == 0 {
		op, data = "put photo", b.picture()
		want.photo = contacts.PhotoVersion(data)
	} else {
		want.photo = ""
	}
	before := b.known(name)
	return b.write(ctx, op, doubt{people: map[string][]*state{name: {before, &want}}}, func() (err error) {
		if data == nil {
			return b.c.DeletePhoto(ctx, old)
		}
		_, err = b.c.PutPhoto(ctx, old, bytes.NewReader(data), "image/png")
		return err
	}, func() { b.people[name] = want })
}

// samePhoto reads a photo, which must be that of the model.
func (b *book) samePhoto(ctx context.Context, name string, c *client.Contact) error {
	return b.look(ctx, "read photo", func() error {
		p, err := b.c.Photo(ctx, c)
		if err == nil && contacts.PhotoVersion(p.Data) != b.people[name].photo {
			return fmt.Errorf("the photo of %s is another one", name)
		}
		return err
	})
}

// picture is a small photo; few of them are alike.
func (b *book) picture() []byte {
	m := image.NewGray(image.Rect(0, 0, 40, 40))
	for i := range m.Pix {
		m.Pix[i] = byte(b.random.Uint32())
	}
	var out bytes.Buffer
	if err := png.Encode(&out, m); err != nil {
		panic(err) // a buffer takes everything
	}
	return out.Bytes()
}

// batch updates one contact in one request and deletes another, and inserts
// three; if the book is large enough, it deletes three more instead.
func (b *book) batch(ctx context.Context) error {
	d := doubt{people: map[string][]*state{}}
	var ops []client.ContactOp
	var names []string
	var wants []*state // nil for a delete
	add := func(op client.Op, name string, c *client.Contact, want *state) {
		d.people[name] = []*state{b.known(name), want}
		ops, names, wants = append(ops, client.ContactOp{Op: op, Contact: c}), append(names, name), append(wants, want)
	}
	inserts, deletes := 3, 1
	if len(b.people) >= size {
		inserts, deletes = 0, 4
	}
	for range inserts {
		name := b.newName()
		c, want := b.draft(name, state{})
		add(client.OpInsert, name, &client.Contact{Contact: c}, &want)
	}
	name := b.any()
	old, err := b.fresh(ctx, name)
	if err != nil {
		return err
	}
	c, want := b.draft(name, b.people[name])
	add(client.OpUpdate, name, changed(old, c), &want)
	for range deletes {
		gone := b.any()
		if slices.Contains(names, gone) {
			continue
		}
		if old, err = b.fresh(ctx, gone); err != nil {
			return err
		}
		add(client.OpDelete, gone, old, nil)
	}
	var results []client.ContactResult
	var failed []error
	err = b.write(ctx, "batch", d, func() (err error) {
		results, err = b.c.BatchContacts(ctx, ops)
		return err
	}, func() {
		for i, r := range results {
			switch {
			case r.Err != nil:
				failed = append(failed, fmt.Errorf("%s: batch: %q: %w", b.name, names[i], r.Err))
			case wants[i] == nil:
				b.forget(names[i])
			default:
				failed = append(failed, b.keep(names[i], r.Contact, *wants[i]))
			}
		}
	})
	return errors.Join(append(failed, err)...)
}

func (b *book) forget(name string) {
	delete(b.people, name)
	delete(b.read, name)
}

func (b *book) delete(ctx context.Context) error {
	name := b.any()
	old, err := b.fresh(ctx, name)
	if err != nil {
		return err
	}
	return b.write(ctx, "delete", doubt{people: map[string][]*state{name: {b.known(name), nil}}}, func() error {
		return b.c.DeleteContact(ctx, old)
	}, func() { b.forget(name) })
}

// group makes a group or deletes one, which ends its memberships.
func (b *book) group(ctx context.Context) error {
	titles := slices.Sorted(maps.Keys(b.groups))
	if len(titles) < 2 || len(titles) < 8 && b.random.IntN(2) == 0 {
		b.last++
		title := fmt.Sprintf("Ball No%d", b.last)
		var g *client.Group
		return b.write(ctx, "insert group", doubt{group: title}, func() (err error) {
			g, err = b.c.InsertGroup(ctx, &contacts.Group{Name: title})
			return err
		}, func() { b.groups[title] = g.ID })
	}
	title := titles[b.random.IntN(len(titles))]
	id := fmt.Sprintf("%x", uint64(b.groups[title]))
	var g *client.Group
	err := b.look(ctx, "get group", func() (err error) {
		g, err = b.c.Group(ctx, id)
		return err
	})
	if err != nil {
		return err
	}
	d := doubt{group: title, people: map[string][]*state{}}
	members := map[string]state{}
	for name, s := range b.people {
		if s.groups == id {
			before := s
			s.groups = ""
			members[name] = s
			d.people[name] = []*state{&before, &s}
		}
	}
	return b.write(ctx, "delete group", d, func() error { return b.c.DeleteGroup(ctx, g) }, func() {
		delete(b.groups, title)
		maps.Copy(b.people, members)
	})
}

// search finds a contact by a word that only it has, and the members of a
// group.
func (b *book) search(ctx context.Context) error {
	name := b.any()
	q, want := client.Query{Text: strings.Fields(name)[1]}, 1
	if titles := slices.Sorted(maps.Keys(b.groups)); len(titles) > 0 && b.random.IntN(2) == 0 {
		id := fmt.Sprintf("%x", uint64(b.groups[titles[0]]))
		q, want = client.Query{Group: id}, 0
		for _, s := range b.people {
			if s.groups == id {
				want++
			}
		}
	}
	return b.look(ctx, "query", func() error {
		n := 0
		for c, err := range b.c.Contacts(ctx, q) {
			if err != nil {
				return err
			}
			if s, ok := b.people[c.Name.Full]; !ok || s != stateOf(c) {
				return fmt.Errorf("the query %+v gives %s", q, c.Name.Full)
			}
			n++
		}
		if n != want {
			return fmt.Errorf("the query %+v gives %d contacts, want %d", q, n, want)
		}
		return nil
	})
}
