package transfer_test

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"contacts"
	"contacts/transfer"
)

func undone(t *testing.T, b transfer.Book, state string, o transfer.UndoOptions) *transfer.Undone {
	t.Helper()
	u, err := transfer.Undo(context.Background(), b, state, o)
	if err != nil {
		t.Fatalf("Undo() = %v", err)
	}
	return u
}

func TestUndo(t *testing.T) {
	p := newPlace(t)
	photo := "PHOTO;ENCODING=b;TYPE=GIF:" + base64.StdEncoding.EncodeToString(gif(1))
	first := card("UID:1", "FN:Jane Bennet", "EMAIL:jane@example.com", "CATEGORIES:Family") + card("UID:2", "FN:Mary Bennet")
	second := card("UID:1", "FN:Jane Bingley", "TEL:01632 960001", photo, "CATEGORIES:Brides") +
		card("UID:1", "FN:Jane Bingley", "NICKNAME:Jane") + card("UID:3", "FN:Kitty Bennet", photo, "CATEGORIES:Officers") + card("UID:4", "FN:Lydia Bennet")

	t.Run("IMP-20 what an import made is deleted, and what it changed is restored", func(t *testing.T) {
		b, o := p.book(), transfer.ImportOptions{Rule: transfer.Merge, State: t.TempDir()}
		empty := exported(t, b, transfer.JSON)
		imported(t, b, first, o)
		before := exported(t, b, transfer.JSON)
		imported(t, b, second, o)
		after := exported(t, b, transfer.JSON)
		imported(t, b, second, o) // which changes nothing, and so cannot be undone
		if u := undone(t, b, o.State, transfer.UndoOptions{DryRun: true}); u.Deleted != 2 || u.Restored != 1 || u.Groups != 2 {
			t.Errorf("dry run: %+v", u)
		}
		if got := exported(t, b, transfer.JSON); got != after {
			t.Errorf("after a dry run the book is\n%s\nwas\n%s", got, after)
		}
		if u := undone(t, b, o.State, transfer.UndoOptions{}); u.Deleted != 2 || u.Restored != 1 || u.Groups != 2 || len(u.Left) != 0 {
			t.Errorf("Undo() = %+v", u)
		}
		if got := exported(t, b, transfer.JSON); got != before {
			t.Errorf("the book is\n%s\nwas\n%s", got, before)
		}
		undone(t, b, o.State, transfer.UndoOptions{})
		if got := exported(t, b, transfer.JSON); got != empty {
			t.Errorf("the book is\n%s\nwas\n%s", got, empty)
		}
		if _, err := transfer.Undo(context.Background(), b, o.State, transfer.UndoOptions{}); !errors.Is(err, contacts.NotFound) {
			t.Errorf("Undo() without an import = %v", err)
		}
	})

	t.Run("IMP-21 what was changed since stays, and is told of", func(t *testing.T) {
		b, o := p.book(), transfer.ImportOptions{Rule: transfer.Merge, State: t.TempDir()}
		imported(t, b, first, o)
		imported(t, b, second, o)
		for _, name := range []string{"Jane Bingley", "Kitty Bennet"} {
			it := find(t, b, name)
			c := it.Contact.Clone()
			c.Notes = "changed"
			apply(t, b, transfer.Op{Kind: transfer.Update, Item: it, Contact: c})
		}
		apply(t, b, transfer.Op{Kind: transfer.Delete, Item: find(t, b, "Lydia Bennet")})
		u := undone(t, b, o.State, transfer.UndoOptions{})
		if u.Deleted != 0 || u.Restored != 0 || u.Gone != 1 || len(u.Left) != 4 { // two contacts and their groups
			t.Errorf("Undo() = %+v", u)
		}
		for _, l := range u.Left {
			if !l.Group && !strings.Contains(l.Reason, "changed since") || l.Group && !strings.Contains(l.Reason, "has 1 member") {
				t.Errorf("left %+v", l)
			}
		}
		if got := names(t, b); got != "Jane Bingley, Mary Bennet, Kitty Bennet" {
			t.Errorf("the book has %s", got)
		}
	})

	t.Run("IMP-21 a photo that was changed since counts as a change", func(t *testing.T) {
		b, o := p.book(), transfer.ImportOptions{State: t.TempDir()}
		imported(t, b, card("FN:Kitty Bennet", photo), o)
		it := find(t, b, "Kitty Bennet")
		apply(t, b, transfer.Op{Kind: transfer.Update, Item: it, Contact: it.Contact.Clone(), Photo: &transfer.Photo{Data: gif(2)}})
		if u := undone(t, b, o.State, transfer.UndoOptions{}); len(u.Left) != 1 {
			t.Errorf("Undo() = %+v", u)
		}
	})

	t.Run("IMP-20 an undo that was interrupted goes on", func(t *testing.T) {
		b, o := p.book(), transfer.ImportOptions{Rule: transfer.Merge, State: t.TempDir()}
		imported(t, b, first, o)
		before := exported(t, b, transfer.JSON)
		imported(t, b, second, o)
		if _, err := transfer.Undo(context.Background(), &failing{Book: b, after: 1}, o.State, transfer.UndoOptions{}); err == nil {
			t.Fatal("Undo() of a book that fails succeeds")
		}
		if u := undone(t, b, o.State, transfer.UndoOptions{}); u.Gone+u.Deleted+u.Restored != 3 || len(u.Left) != 0 {
			t.Errorf("Undo() = %+v", u)
		}
		if got := exported(t, b, transfer.JSON); got != before {
			t.Errorf("the book is\n%s\nwas\n%s", got, before)
		}
	})
}
