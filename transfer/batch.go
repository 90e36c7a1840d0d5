package transfer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"contacts"
	"contacts/vcard"
)

// A batch is what one line of the journal announces: so many entries, or so
// many bytes of photos. The book gets it in parts of MaxOps.
const (
	maxBatch       = 5 * MaxOps
	maxBatchPhotos = 16 << 20
)

// A work is an entry on its way into the book.
type work struct {
	entry *entry
	n     int // its place in the file, counted from 0
	v     Verdict

	c     *contacts.Contact // as it would be inserted
	print print

	known   *known // the contact it means, or is about to make
	by      string // what it was found by
	item    *Item  // the contact as it is, where that matters
	op      *Op
	step    step
	decided bool // v is final
}

// gather reads entries until a batch is full, or until one means a contact
// that the batch is about to make or change: that one is held for the next
// batch. The error is io.EOF at the end of the file.
func (im *importer) gather(ctx context.Context, held *work) (batch []*work, next *work, err error) {
	photos := 0
	for len(batch) < maxBatch && photos < maxBatchPhotos {
		if err := ctx.Err(); err != nil {
			return batch, nil, err
		}
		w := held
		held = nil
		if w == nil {
			w = &work{n: im.done + len(batch)}
			if w.entry, err = im.ahead.next(); err != nil {
				bad := new(badEntry)
				if !errors.As(err, &bad) {
					return batch, nil, err
				}
				w.v = Verdict{Line: bad.line, Outcome: Refused, Reason: bad.reason}
				w.decided = true
			}
			w.v.Entry = w.n + 1
		}
		if !w.decided {
			wait, err := im.look(ctx, w)
			if err != nil {
				return batch, nil, err
			}
			if wait {
				return batch, w, nil
			}
		}
		if w.entry != nil && w.entry.photo != nil {
			photos += len(w.entry.photo.Data)
		}
		batch = append(batch, w)
	}
	return batch, nil, nil
}

// refuse makes an error about an entry its verdict. It returns errors that are
// not about the entry.
func (w *work) refuse(err error) error {
	switch contacts.KindOf(err) {
	case contacts.Invalid, contacts.Forbidden, contacts.Duplicate, contacts.TooLarge, contacts.Unsupported, contacts.NotFound, contacts.Stale:
		w.v.Outcome, w.v.Reason, w.decided = Refused, err.Error(), true // IMP-1
		return nil
	}
	return err
}

// look finds the contact that an entry means. It reports whether that is one
// which the batch is about to make or change.
func (im *importer) look(ctx context.Context, w *work) (wait bool, err error) {
	e := w.entry
	w.v.Line, w.v.Notes = e.line, e.lost
	if e.contact != nil {
		w.v.Name = nameOf(e.contact) // normalized, so with the whole name
	}
	if e.invalid != nil {
		return false, w.refuse(e.invalid)
	}
	if e.alone != nil {
		w.v.Group, w.v.Name = true, e.alone.Name
		g, made, err := im.groups.need(ctx, e.groups[0]) // IMP-5
		if err != nil {
			return false, w.refuse(err)
		}
		w.v.ID, w.v.Outcome, w.decided = g.ID.String(), Same, true
		if made {
			w.v.Outcome = Created
		}
		return false, nil
	}
	w.c = e.contact
	w.c.Memberships = nil
	for _, ref := range e.groups {
		w.c.Memberships = append(w.c.Memberships, contacts.Membership{Group: im.groups.promised(ref)})
	}
	w.c.Normalize()
	w.print = printOf(w.c)
	uid := vcard.UID(w.c)

	if s, ok := im.recovered[w.n]; ok {
		im.recover(w, &s)
		return false, nil
	}
	k, by := im.index.duplicate(w.c, uid, w.print, im.src.format() == JSON)
	if k != nil && k.pending {
		return true, nil
	}
	if k != nil && im.o.Rule == Make {
		if by == "the same UID" { // two contacts with one UID would be one to other programs
			vcard.SetUID(w.c, "")
			w.print = printOf(w.c)
		}
		k = nil
	}
	if k == nil {
		k = &known{mine: true, pending: true}
		im.index.put(k, w.c, w.print)
	} else {
		k.pending = im.o.Rule == Merge && !im.says(k, w)
	}
	im.index.claim(k, w.c)
	w.known, w.by = k, by
	return false, nil
}

// says reports whether a contact says all that an entry does, as far as that
// can be known without reading it.
func (im *importer) says(k *known, w *work) bool {
	return k.print == w.print && (w.entry.photo == nil || k.photo != "")
}

// recover takes up an entry of which an interrupted run made a contact, or
// merged it into one. What may be missing is the photo.
func (im *importer) recover(w *work, s *step) {
	w.v.Outcome, w.v.ID = Changed, s.ID
	if s.New {
		w.v.Outcome = Created
	}
	w.known = im.index.byID[s.ID]
	if w.known == nil { // deleted since
		w.decided = true
		return
	}
	im.index.claim(w.known, w.c)
	if !s.Photo || w.entry.photo == nil || w.known.photo != "" {
		w.decided = true
	}
}

// apply decides on the entries of a batch, makes the changes, and gives the
// verdicts.
func (im *importer) apply(ctx context.Context, batch []*work) error {
	if len(batch) == 0 {
		return nil
	}
	if err := im.fetch(ctx, batch); err != nil {
		return err
	}
	var ops []Op
	var steps []step
	for _, w := range batch {
		if err := im.decide(ctx, w); err != nil {
			return err
		}
		if w.op != nil {
			ops = append(ops, *w.op)
			steps = append(steps, w.step)
		}
	}
	if im.o.DryRun {
		im.pretend(batch)
		return im.conclude(batch, nil)
	}
	if len(ops) == 0 {
		return im.conclude(batch, nil)
	}
	if im.journal != nil {
		if err := im.journal.write(journalLine{Begin: steps}, true); err != nil { // IMP-11
			return err
		}
	}
	var results []Result
	for part := range slices.Chunk(ops, MaxOps) { // IMP-10
		rs, err := im.book.Apply(ctx, part)
		if err == nil && len(rs) != len(part) {
			err = fmt.Errorf("%d results for %d changes", len(rs), len(part))
		}
		if err != nil {
			return err
		}
		results = append(results, rs...)
		im.meter.show(im.done+len(batch)*len(results)/len(ops), im.ahead.read, im.size)
	}
	made, i := steps[:0], 0
	for _, w := range batch {
		if w.op == nil {
			continue
		}
		ok, err := im.result(w, &results[i])
		if err != nil {
			return err
		}
		if ok {
			made = append(made, step{Entry: w.n, ID: w.known.id, New: w.step.New, PhotoTag: w.known.photo})
		}
		i++
	}
	return im.conclude(batch, made)
}

// fetch reads the contacts that entries mean and that may have to change.
func (im *importer) fetch(ctx context.Context, batch []*work) error {
	var ids []string
	var wanted []*work
	for _, w := range batch {
		if w.decided || w.known == nil {
			continue
		}
		if c := im.drafts[w.known]; c != nil {
			w.item = &Item{ID: w.known.id, Contact: c.Clone(), Photo: w.known.photo}
			continue
		}
		if w.known.id == "" || w.v.Outcome == "" && im.says(w.known, w) {
			continue
		}
		ids = append(ids, w.known.id)
		wanted = append(wanted, w)
	}
	var items []*Item
	for part := range slices.Chunk(ids, MaxOps) {
		some, err := im.book.Get(ctx, part)
		if err != nil {
			return err
		}
		items = append(items, some...)
	}
	if len(items) != len(ids) {
		return fmt.Errorf("%d contacts for %d IDs", len(items), len(ids))
	}
	for i, w := range wanted {
		w.item = items[i]
		if w.item == nil {
			if err := w.refuse(contacts.Errorf(contacts.Stale, "", "the contact that it means is gone; import the file once more")); err != nil {
				return err
			}
		}
	}
	return nil
}

// decide makes the operation for an entry, or its verdict. It makes the groups
// that the operation needs.
func (im *importer) decide(ctx context.Context, w *work) error {
	if w.decided {
		return nil
	}
	k := w.known
	fresh := w.item == nil && k.pending && k.mine && k.id == ""
	if fresh || k.pending {
		changed, err := im.groups.keep(ctx, w.c) // IMP-5
		if err != nil {
			k.gone, k.pending = fresh, false
			return w.refuse(err)
		}
		if changed {
			w.print = printOf(w.c)
		}
		if fresh && changed {
			im.index.put(k, w.c, w.print)
		}
	}
	if fresh {
		for _, o := range im.index.byPrint[w.print] {
			if o.id != "" {
				w.step.Had = append(w.step.Had, o.id)
			}
		}
		w.op = &Op{Kind: Insert, Contact: w.c, Photo: w.entry.photo}
		w.step.Entry, w.step.New, w.step.After, w.step.Photo = w.n, true, w.print, w.entry.photo != nil
		w.v.Outcome = Created
		return nil
	}
	w.v.ID, w.decided = k.id, true
	if w.item == nil { // it says the same
		w.v.Outcome = Same
		w.keepPhoto(k.photo)
		return nil
	}
	name := nameOf(w.item.Contact)
	merged := w.item.Contact
	if w.v.Outcome == "" { // else only the photo is missing
		merged = merge(w.item.Contact, w.c) // IMP-13
	}
	photo := w.entry.photo
	if w.item.Photo != "" {
		photo = nil // IMP-6
	}
	before := printOf(w.item.Contact)
	after := printOf(merged)
	switch {
	case before == after && photo == nil: // IMP-2
		w.v.Outcome = Same
		w.keepPhoto(w.item.Photo)
		k.pending = false
		return nil
	case im.o.Rule == Skip && w.v.Outcome == "": // IMP-3
		w.v.Outcome, w.v.Reason = Skipped, fmt.Sprintf("%s has %s", quoteName(name), w.by)
		return nil
	}
	if err := merged.Validate(); err != nil {
		k.pending = false
		w.v.Outcome, w.v.Reason = Refused, fmt.Sprintf("with what %s says already: %v", quoteName(name), err)
		return nil
	}
	w.keepPhoto(w.item.Photo)
	w.decided = false
	if w.v.Outcome == "" {
		w.v.Outcome, w.v.Reason = Changed, fmt.Sprintf("%s has %s", quoteName(name), w.by)
	}
	w.step = step{Entry: w.n, ID: k.id, After: after, Before: beforeOf(w.item.Contact), Photo: photo != nil, PhotoLeft: w.item.Photo == ""}
	w.c, w.print = merged, after
	w.op = &Op{Kind: Update, Item: w.item, Contact: merged.Clone(), Photo: photo}
	return nil
}

// keepPhoto tells that a contact keeps its photo although the entry has another.
func (w *work) keepPhoto(tag string) {
	if tag != "" && w.entry.photo != nil && !w.entry.photo.is(tag) {
		w.v.Notes = append(w.v.Notes, "the contact keeps the photo that it has") // IMP-6
	}
}

func quoteName(name string) string {
	if name == "" {
		return "a contact without name"
	}
	return cut(name)
}

// is reports whether the state of a photo is known to be that of p.
func (p *Photo) is(tag string) bool {
	return len(tag) < 22 || containsVersion(tag, contacts.PhotoVersion(p.Data))
}

// result takes up what the book says of an operation. It reports whether the
// contact is changed now.
func (im *importer) result(w *work, r *Result) (bool, error) {
	k := w.known
	k.pending = false
	if r.Err != nil {
		if w.op.Kind == Insert {
			k.gone = true
		}
		err := r.Err
		if contacts.KindOf(err) == contacts.Stale {
			err = contacts.Errorf(contacts.Stale, "", "the contact was changed meanwhile; import the file once more")
		}
		return false, w.refuse(err)
	}
	if k.id = r.Item.ID; w.op.Kind == Insert {
		im.index.byID[k.id] = k
	} else {
		im.index.put(k, w.c, w.print)
	}
	k.photo = r.Item.Photo
	w.v.ID = k.id
	if r.PhotoErr != nil {
		if kind := contacts.KindOf(r.PhotoErr); kind == "" || kind == contacts.Unavailable || kind == contacts.Unauthorized {
			return false, r.PhotoErr // to be put when the import goes on
		}
		w.v.Notes = append(w.v.Notes, "photo refused: "+r.PhotoErr.Error()) // IMP-6
		im.counts.NoPhoto++
	}
	return true, nil
}

// pretend does in a dry run what result does else.
func (im *importer) pretend(batch []*work) {
	for _, w := range batch {
		if w.op == nil {
			continue
		}
		w.known.pending = false
		if w.op.Photo != nil {
			w.known.photo = "photo"
		}
		if w.op.Kind == Update {
			im.index.put(w.known, w.c, w.print)
		}
		im.drafts[w.known] = w.c
	}
}

// conclude gives the verdicts on a batch and notes it as done.
func (im *importer) conclude(batch []*work, made []step) error {
	var claimed []string
	for _, w := range batch {
		im.say(w.v)
		if k := w.known; k != nil && k.claimed && !k.mine && k.id != "" {
			claimed = append(claimed, k.id)
		}
	}
	im.done += len(batch)
	if im.journal == nil {
		return nil
	}
	return im.journal.write(journalLine{Done: &journalDone{Next: im.done, Counts: im.counts, Steps: made, Claimed: claimed}}, false)
}
