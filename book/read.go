package book

import (
	"context"
	"iter"
	"math"
	"slices"
	"time"

	"contacts"
	"contacts/store"
)

// Contacts reads a page of the contacts that q selects from one snapshot. It
// calls each with every contact of the page in turn, which holds for that call
// alone, and ends the page early when each returns false: the contact is then
// not on the page, but the first of the next one.
//
// A query for a group that does not exist fails with kind NotFound (QRY-11).
func (s *Service) Contacts(ctx context.Context, at At, q contacts.Query, each func(*contacts.Contact) bool) (contacts.Page, error) {
	var page contacts.Page
	q = s.remembered(q)
	err := s.store.View(ctx, at.Owner, func(tx store.Tx) error { // RES-56
		if q.Group != 0 && at.systemGroup(q.Group) == nil {
			if _, err := groupOf(tx, q.Group); err != nil {
				return err
			}
		}
		total, err := tx.CountContacts(q)
		if err != nil {
			return err
		}
		page, err = s.page(tx, q, total)
		if err != nil {
			return err
		}
		for c, err := range tx.Contacts(q) {
			if err != nil {
				return err
			}
			c.Memberships = recent(c.Memberships, s.forgotten())
			if !each(c) {
				break
			}
			page.Count++
		}
		page.More = q.Max != 0 && page.Start-1+page.Count < total
		return nil
	})
	return page, err
}

// Groups reads a page of the groups that q selects; see Contacts. The system
// groups of a user come first, except in a query for changes (ELEM-106), and
// last in one for the latest changes, because they never change.
func (s *Service) Groups(ctx context.Context, at At, q contacts.Query, each func(*contacts.Group) bool) (contacts.Page, error) {
	var page contacts.Page
	q = s.remembered(q)
	err := s.store.View(ctx, at.Owner, func(tx store.Tx) error {
		stored, err := storedGroups(tx, q)
		if err != nil {
			return err
		}
		runs := []groupRun{runOf(s.systemGroups(at, q)), stored}
		if q.ByUpdated && q.Descending {
			slices.Reverse(runs) // QRY-6, QRY-7
		}
		total := runs[0].count + runs[1].count
		page, err = s.page(tx, q, total)
		if err != nil {
			return err
		}
		defer func() { page.More = q.Max != 0 && page.Start-1+page.Count < total }()
		skip, left := page.Start-1, q.Max
		if left < 0 {
			left = math.MaxInt32
		}
		for _, run := range runs {
			for g, err := range run.groups(skip, left) {
				if err != nil {
					return err
				}
				if !each(g) {
					return nil
				}
				page.Count++
				left--
			}
			skip = max(0, skip-run.count)
		}
		return nil
	})
	return page, err
}

// A groupRun is a part of the groups that a query selects.
type groupRun struct {
	count  int
	groups func(skip, most int) iter.Seq2[*contacts.Group, error]
}

// runOf is the run of groups that have been read.
func runOf(gs []contacts.Group) groupRun {
	return groupRun{len(gs), func(skip, most int) iter.Seq2[*contacts.Group, error] {
		return func(yield func(*contacts.Group, error) bool) {
			for i := skip; i < len(gs) && i-skip < most; i++ {
				if !yield(&gs[i], nil) {
					return
				}
			}
		}
	}}
}

// storedGroups is the run of the groups that are not system groups.
func storedGroups(tx store.Tx, q contacts.Query) (groupRun, error) {
	if q.Text != "" {
		named, err := groupsNamed(tx, q)
		return runOf(named), err
	}
	count, err := tx.CountGroups(q)
	return groupRun{count, func(skip, most int) iter.Seq2[*contacts.Group, error] {
		q.Start, q.Max = skip+1, most
		return tx.Groups(q)
	}}, err
}

// groupsNamed are the stored groups that a text query selects by their name
// (QRY-24). A book has few groups, so that they have no search index.
func groupsNamed(tx store.Tx, q contacts.Query) ([]contacts.Group, error) {
	search := contacts.ParseSearch(q.Text)
	q.Start, q.Max, q.ShowDeleted = 1, -1, false // QRY-46
	var named []contacts.Group
	for g, err := range tx.Groups(q) {
		if err != nil {
			return nil, err
		}
		if search.Matches(g.SearchWords()) {
			named = append(named, *g.Clone())
		}
	}
	return named, nil
}

// systemGroups are those that belong into the result of q.
func (s *Service) systemGroups(at At, q contacts.Query) []contacts.Group {
	epoch := time.UnixMilli(0)
	if at.View.Shared || !q.UpdatedMin.IsZero() || !q.PublishedMin.IsZero() || // ELEM-106
		!q.UpdatedMax.IsZero() && !q.UpdatedMax.After(epoch) || !q.PublishedMax.IsZero() && !q.PublishedMax.After(epoch) {
		return nil
	}
	var selected []contacts.Group
	search := contacts.ParseSearch(q.Text)
	for i := range systemGroups {
		if q.Text == "" || search.Matches(systemGroups[i].SearchWords()) {
			selected = append(selected, systemGroups[i])
		}
	}
	return selected
}

// page starts the page of a query.
func (s *Service) page(tx store.Tx, q contacts.Query, total int) (contacts.Page, error) {
	b, err := tx.Book()
	return contacts.Page{Updated: b.Rev.Time(), Rev: b.Rev, Total: total, Start: max(q.Start, 1)}, err // FEED-4
}

// remembered keeps a query from tombstones that are due to be forgotten.
func (s *Service) remembered(q contacts.Query) contacts.Query {
	q.DeletedMin = s.forgotten() // QRY-40
	return q
}

// recent leaves out the ended memberships that are due to be forgotten.
func recent(ms []contacts.Membership, forgotten contacts.Rev) []contacts.Membership {
	for i := range ms {
		if m := ms[i]; m.Removed != 0 && m.Removed < forgotten {
			kept := append([]contacts.Membership(nil), ms[:i]...)
			for _, m := range ms[i+1:] {
				if m.Removed == 0 || m.Removed >= forgotten {
					kept = append(kept, m)
				}
			}
			return kept
		}
	}
	return ms
}

// ContactsChanged reports whether any contact of the book, deleted ones
// included, has changed at or after the time (COND-2). It may be wrong about
// times more than TombstoneLife ago, but only in saying that one has.
func (s *Service) ContactsChanged(ctx context.Context, at At, since time.Time) (bool, error) {
	return s.changed(ctx, at, since, store.Tx.ChangedContacts)
}

// GroupsChanged is ContactsChanged for groups.
func (s *Service) GroupsChanged(ctx context.Context, at At, since time.Time) (bool, error) {
	return s.changed(ctx, at, since, store.Tx.ChangedGroups)
}

func (s *Service) changed(ctx context.Context, at At, since time.Time, known func(store.Tx, contacts.Rev) (bool, error)) (changed bool, err error) {
	from := contacts.RevAt(since)
	err = s.store.View(ctx, at.Owner, func(tx store.Tx) error {
		b, err := tx.Book()
		switch {
		case err != nil || b.Rev < from:
			return err
		case from < s.forgotten(): // a deletion may have left nothing
			changed = true
			return nil
		}
		changed, err = known(tx, from)
		return err
	})
	return changed, err
}

// Rev is the revision of the book now.
func (s *Service) Rev(ctx context.Context, at At) (rev contacts.Rev, err error) {
	err = s.store.View(ctx, at.Owner, func(tx store.Tx) error {
		b, err := tx.Book()
		rev = b.Rev
		return err
	})
	return rev, err
}
