package client_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"contacts"
	"contacts/client"
)

func TestChanges(t *testing.T) {
	eachVersion(t, func(t *testing.T, version int) {
		t.Run("LIB-64 changes, deletions and the next mark", func(t *testing.T) {
			w := newWorld(t)
			c := w.as(elizabeth, client.WithVersion(version), client.WithPageSize(2))
			cs := people(t, c, "Jane Bennet", "Mary Bennet", "Kitty Bennet", "Lydia Bennet")
			read := func(since client.Mark) (changed, deleted []string, next client.Mark) {
				t.Helper()
				ch := must(c.Changes(t.Context(), since))(t)
				for ct, err := range ch.All(t.Context()) {
					switch {
					case err != nil:
						t.Fatal(err)
					case ct.Deleted:
						deleted = append(deleted, ct.Entry.ID())
					default:
						changed = append(changed, ct.Name.Full)
					}
				}
				if ch.Any() != (len(changed)+len(deleted) > 0) {
					t.Errorf("Any() = %v", ch.Any())
				}
				return changed, deleted, ch.Mark()
			}
			changed, deleted, mark := read(client.Mark{})
			if got := strings.Join(changed, ","); got != "Jane Bennet,Mary Bennet,Kitty Bennet,Lydia Bennet" || len(deleted) != 0 || mark.IsZero() {
				t.Fatalf("the beginning is %s, %q, %v", got, deleted, mark)
			}

			w.Clock.Add(time.Minute)
			cs[0].Notes = "At Netherfield."
			must(c.UpdateContact(t.Context(), cs[0]))(t)
			if err := c.DeleteContact(t.Context(), cs[3]); err != nil {
				t.Fatal(err)
			}
			people(t, c, "Charles Bingley")
			changed, deleted, next := read(mark)
			for _, want := range []string{"Jane Bennet", "Charles Bingley"} {
				if !slices.Contains(changed, want) {
					t.Errorf("the changes %q lack %s", changed, want)
				}
			}
			if !slices.Equal(deleted, []string{cs[3].Entry.ID()}) {
				t.Errorf("the deletions are %q, want %s", deleted, cs[3].Entry.ID())
			}

			w.Clock.Add(time.Minute)
			changed, _, last := read(next)
			if slices.Contains(changed, "Mary Bennet") || last != next {
				t.Errorf("nothing new is %q and the mark %v after %v", changed, last, next)
			}

			w.Clock.Add(40 * 24 * time.Hour)
			_, err := c.Changes(t.Context(), mark)
			wantKind(t, err, contacts.Gone)
		})
	})
	t.Run("LIB-64 groups", func(t *testing.T) {
		w := newWorld(t)
		c := w.as(elizabeth)
		g := must(c.InsertGroup(t.Context(), &contacts.Group{Name: "Family"}))(t)
		mark := must(c.GroupChanges(t.Context(), client.Mark{}))(t).Mark()
		w.Clock.Add(time.Minute)
		if err := c.DeleteGroup(t.Context(), g); err != nil {
			t.Fatal(err)
		}
		var deleted []string
		for g, err := range must(c.GroupChanges(t.Context(), mark))(t).All(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if g.Deleted {
				deleted = append(deleted, g.Entry.ID())
			}
		}
		if !slices.Equal(deleted, []string{g.Entry.ID()}) {
			t.Errorf("the deletions are %q, want %s", deleted, g.Entry.ID())
		}
	})
	t.Run("LIB-64 nothing new is one request", func(t *testing.T) {
		w := newWorld(t)
		c := w.as(elizabeth)
		people(t, c, "Jane Bennet")
		mark := must(c.Changes(t.Context(), client.Mark{}))(t).Mark()
		w.forget()
		for range must(c.Changes(t.Context(), mark))(t).All(t.Context()) {
		}
		if n := len(w.seen()); n != 1 {
			t.Errorf("%d requests, want 1", n)
		}
	})
	t.Run("LIB-64 All twice reads twice", func(t *testing.T) {
		w := newWorld(t)
		c := w.as(elizabeth)
		people(t, c, "Jane Bennet")
		ch := must(c.Changes(t.Context(), client.Mark{}))(t)
		for range 2 {
			if got := names(t, ch.All(t.Context())); got != "Jane Bennet" {
				t.Errorf("All() = %q", got)
			}
		}
	})
	t.Run("LIB-64 a mark is a text", func(t *testing.T) {
		var m client.Mark
		if err := json.Unmarshal([]byte(`"2008-03-05T12:36:38.835Z"`), &m); err != nil {
			t.Fatal(err)
		}
		b := must(json.Marshal(m))(t)
		if string(b) != `"2008-03-05T12:36:38.835Z"` || m.IsZero() {
			t.Errorf("the mark is %s", b)
		}
		if err := m.UnmarshalText(nil); err != nil || !m.IsZero() || m.String() != "" {
			t.Errorf("no text is %v, %v", m, err)
		}
		wantKind(t, m.UnmarshalText([]byte("yesterday")), contacts.Invalid)
	})
}
