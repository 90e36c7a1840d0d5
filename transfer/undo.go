package transfer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"contacts"
)

// An Undone tells what became of the contacts of an import that is undone.
type Undone struct {
	Started  time.Time `json:"started"` // the import
	Deleted  int       `json:"deleted"`
	Restored int       `json:"restored"`
	Groups   int       `json:"groups"` // deleted
	Gone     int       `json:"gone"`   // deleted or restored before

	// Left are those that stay as they are, with the reason.
	Left []Leftover `json:"left,omitempty"`
}

// A Leftover is a contact or group that Undo left alone.
type Leftover struct {
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	Group  bool   `json:"group,omitempty"`
	Reason string `json:"reason"`
}

// UndoOptions are the choices of an Undo.
type UndoOptions struct {
	DryRun   bool
	Progress func(Progress)
	Now      func() time.Time // time.Now if nil
}

// Undo undoes the last import into a book, going by the journals in state: it
// deletes the contacts that the import made, brings those that it changed back
// to what they were, and deletes the groups that it made and that are empty.
// What was changed since stays as it is, and is told of. It fails with kind
// NotFound if no import is known. Undone again, the import before that one is.
func Undo(ctx context.Context, b Book, state string, o UndoOptions) (*Undone, error) {
	unlock, err := lockDir(state)
	if err != nil {
		return nil, err
	}
	defer unlock()
	all, err := journals(state, b.Name())
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, contacts.Errorf(contacts.NotFound, "", "no import into %s is known here", b.Name())
	}
	u := &undoer{book: b, o: o, j: all[0], out: &Undone{Started: all[0].head.Started}, meter: newMeter(o.Now, o.Progress)}
	if err := u.run(ctx); err != nil {
		return u.out, err
	}
	if o.DryRun {
		return u.out, nil
	}
	return u.out, os.Remove(u.j.path)
}

// An undoer is one Undo under way. It can be interrupted and called again: the
// contacts tell how far it came.
type undoer struct {
	book  Book
	o     UndoOptions
	j     *journal
	out   *Undone
	meter *meter
	gone  map[string]bool              // contacts that were deleted
	back  map[string]*contacts.Contact // contacts that were restored
	done  int
}

// A chain is what an import did to one contact, in order.
type chain struct {
	id    string
	steps []step
}

func (u *undoer) run(ctx context.Context) error {
	x, err := readIndex(ctx, u.book, nil, nil)
	if err != nil {
		return err
	}
	u.j.steps = append(u.j.steps, settleDoubt(u.j, x)...)
	at := map[string]int{}
	var chains []chain
	for _, s := range u.j.steps {
		i, ok := at[s.ID]
		if !ok {
			i = len(chains)
			at[s.ID] = i
			chains = append(chains, chain{id: s.ID})
		}
		chains[i].steps = append(chains[i].steps, s)
	}
	slices.Reverse(chains)
	u.gone, u.back = map[string]bool{}, map[string]*contacts.Contact{}
	for batch := range slices.Chunk(chains, MaxOps) {
		if err := u.undo(ctx, batch, x); err != nil {
			return err
		}
		u.done += len(batch)
		u.meter.show(u.done, 0, 0)
	}
	return u.groups(ctx)
}

// leave notes that a contact stays as it is.
func (u *undoer) leave(it *Item, format string, args ...any) {
	u.out.Left = append(u.out.Left, Leftover{ID: it.ID, Name: cut(nameOf(it.Contact)), Reason: fmt.Sprintf(format, args...)})
}

// undo undoes what an import did to at most MaxOps contacts.
func (u *undoer) undo(ctx context.Context, batch []chain, x *index) error {
	ids := make([]string, len(batch))
	for i := range batch {
		ids[i] = batch[i].id
	}
	items, err := u.book.Get(ctx, ids)
	if err != nil {
		return err
	}
	var ops []Op
	for i, it := range items {
		if it == nil {
			u.gone[ids[i]] = true
			u.out.Gone++
			continue
		}
		op, err := u.reverse(&batch[i], it)
		if err != nil {
			return err
		}
		if op != nil {
			ops = append(ops, *op)
		}
	}
	if u.o.DryRun {
		for i := range ops {
			u.count(&ops[i])
		}
		return nil
	}
	if len(ops) == 0 {
		return nil
	}
	results, err := u.book.Apply(ctx, ops)
	if err != nil {
		return err
	}
	for i := range results {
		err := results[i].Err
		if err == nil {
			err = results[i].PhotoErr
		}
		switch contacts.KindOf(err) {
		case "":
			if err != nil {
				return err
			}
			u.count(&ops[i])
		case contacts.Unavailable, contacts.Unauthorized:
			return err
		default:
			u.leave(ops[i].Item, "%v", err)
		}
	}
	return nil
}

func (u *undoer) count(op *Op) {
	if op.Kind == Delete {
		u.gone[op.Item.ID] = true
		u.out.Deleted++
		return
	}
	u.back[op.Item.ID] = op.Contact
	u.out.Restored++
}

// reverse is the operation that brings a contact back to before the import, or nil
// if there is none to make.
func (u *undoer) reverse(c *chain, it *Item) (*Op, error) {
	now := printOf(it.Contact)
	last := c.steps[len(c.steps)-1]
	first := c.steps[0]
	if !first.New && now == first.Before.print() && !(photoPut(c) && it.Photo != "") {
		u.out.Gone++ // by an undo that was interrupted
		return nil, nil
	}
	if now != last.After {
		u.leave(it, "it was changed since") // IMP-21
		return nil, nil
	}
	if tag := lastTag(c); tag != "" && tag != it.Photo {
		u.leave(it, "its photo was changed since")
		return nil, nil
	}
	for i := len(c.steps) - 1; i > 0; i-- {
		if c.steps[i].Before != nil && c.steps[i].Before.print() != c.steps[i-1].After {
			u.leave(it, "it was changed while the import ran")
			return nil, nil
		}
	}
	if first.New {
		return &Op{Kind: Delete, Item: it}, nil // IMP-20
	}
	before, err := first.Before.contact()
	if err != nil {
		return nil, err
	}
	return &Op{Kind: Update, Item: it, Contact: before, RemovePhoto: photoPut(c) && it.Photo != ""}, nil
}

// photoPut reports whether the import gave a contact its first photo.
func photoPut(c *chain) bool {
	return slices.ContainsFunc(c.steps, func(s step) bool { return s.Photo && s.PhotoLeft })
}

// lastTag is the state of the photo that the import put, if it is known.
func lastTag(c *chain) string {
	for _, s := range slices.Backward(c.steps) {
		if s.Photo {
			return s.PhotoTag
		}
	}
	return ""
}

// groups deletes the groups that the import made, unless they have members.
func (u *undoer) groups(ctx context.Context) error {
	if len(u.j.groups) == 0 {
		return nil
	}
	g, err := readGroups(ctx, u.book)
	if err != nil {
		return err
	}
	members := map[contacts.ID]int{}
	for it, err := range u.book.Contacts(ctx) {
		if err != nil {
			return err
		}
		if u.gone[it.ID] {
			continue
		}
		c := it.Contact
		if restored := u.back[it.ID]; u.o.DryRun && restored != nil {
			c = restored
		}
		for _, m := range c.Memberships {
			if m.Removed == 0 {
				members[m.Group]++
			}
		}
	}
	for i := range g.all {
		group := &g.all[i]
		id, ours := u.j.groups[group.Name]
		if !ours || group.System != "" || id != "" && id != group.ID.String() {
			continue
		}
		if n := members[group.ID]; n > 0 {
			u.out.Left = append(u.out.Left, Leftover{ID: group.ID.String(), Name: group.Name, Group: true, Reason: "it has " + Count(n, "member", "members")})
			continue
		}
		if !u.o.DryRun {
			if err := u.book.DeleteGroup(ctx, group.ID); err != nil && !errors.Is(err, contacts.NotFound) {
				return err
			}
		}
		u.out.Groups++
	}
	return nil
}
