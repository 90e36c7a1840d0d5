package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"contacts"
	"contacts/store"
)

// testQueries asks single questions whose answers are plain; Random asks
// them in all combinations.
func testQueries(t *testing.T, open Opener) {
	st := open(t)
	const n = 3000
	id := func(i int) contacts.ID { return contacts.ID(i*3 + 1) } // of the contact number i, from 0
	at := func(i int) contacts.Rev { return rev(i * 10_000) }     // ten milliseconds apart
	for from := 0; from < n; from += 500 {
		update(t, st, liz, func(tx store.Tx) error {
			var errs []error
			for i := from; i < from+500; i++ {
				c := named(id(i), at(i), fmt.Sprintf("Guest%04d of Netherfield", i))
				if i%100 == 7 {
					c.Memberships = []contacts.Membership{{Group: 1}, {Group: 2, Removed: at(i)}}
				}
				errs = append(errs, tx.InsertContact(c))
			}
			return errors.Join(errs...)
		})
	}
	for _, i := range []int{50, 51, 2007} { // deleted later, the last of them a member of group 1
		update(t, st, liz, func(tx store.Tx) error {
			old, err := tx.Contact(id(i))
			if err != nil {
				return err
			}
			dead := &contacts.Contact{ID: id(i), Rev: at(n + i), Created: at(i), Deleted: true}
			if i == 2007 {
				dead.Memberships = []contacts.Membership{{Group: 1, Removed: dead.Rev}, {Group: 2, Removed: at(i)}}
			}
			return tx.DeleteContact(old, dead)
		})
	}
	for _, i := range []int{60, 2060} { // changed later
		update(t, st, liz, func(tx store.Tx) error {
			old, err := tx.Contact(id(i))
			if err != nil {
				return err
			}
			c := old.Clone()
			c.Rev, c.Nickname = at(n+i), "Chatsworth"
			return tx.UpdateContact(old, c)
		})
	}
	live := func(from, to int) (all []contacts.ID) {
		for i := from; i < to; i++ {
			if i != 50 && i != 51 && i != 2007 {
				all = append(all, id(i))
			}
		}
		return all
	}
	members := func() (all []contacts.ID) {
		for i := 7; i < n; i += 100 {
			if i != 2007 {
				all = append(all, id(i))
			}
		}
		return all
	}
	tests := []struct {
		name  string
		q     contacts.Query
		want  []contacts.ID
		total int
	}{
		{"QRY-29 QRY-44 live contacts by ID", contacts.Query{Max: -1}, live(0, n), n - 3},
		{"a page", contacts.Query{Start: 11, Max: 5}, live(10, 15), n - 3},
		{"a page behind deleted ones", contacts.Query{Start: 51, Max: 5}, live(52, 57), n - 3},
		{"a page deep in the book", contacts.Query{Start: 2501, Max: 5}, live(2503, 2508), n - 3},
		{"the last page", contacts.Query{Start: n - 4, Max: 5}, live(n-2, n), n - 3},
		{"a page behind the end", contacts.Query{Start: n, Max: 5}, nil, n - 3},
		{"a page far behind the end", contacts.Query{Start: 1 << 62, Max: 5}, nil, n - 3},
		{"no page", contacts.Query{}, nil, n - 3},
		{"an enormous page", contacts.Query{Start: n - 3, Max: 1 << 62}, live(n-1, n), n - 3},
		{"QRY-43 tombstones among live contacts", contacts.Query{Start: 50, Max: 4, ShowDeleted: true}, []contacts.ID{id(49), id(50), id(51), id(52)}, n},
		{"QRY-40 tombstones that are forgotten", contacts.Query{Start: 50, Max: 3, ShowDeleted: true, DeletedMin: at(n + 51)}, []contacts.ID{id(49), id(51), id(52)}, n - 1},
		{"changed at or after a time", contacts.Query{UpdatedMin: at(n + 50).Time(), Max: -1}, []contacts.ID{id(60), id(2060)}, 2},
		{"QRY-43 changed or deleted", contacts.Query{UpdatedMin: at(n + 51).Time(), Max: -1, ShowDeleted: true}, []contacts.ID{id(51), id(60), id(2007), id(2060)}, 4},
		{"changed or deleted, latest first", contacts.Query{UpdatedMin: at(n + 51).Time(), Max: 2, Start: 2, ShowDeleted: true, ByUpdated: true, Descending: true}, []contacts.ID{id(2007), id(60)}, 4},
		{"changed before a time", contacts.Query{UpdatedMax: at(3).Time(), Max: -1}, live(0, 3), 3},
		{"inserted within times", contacts.Query{PublishedMin: at(58).Time(), PublishedMax: at(62).Time(), Max: -1}, live(58, 62), 4},
		{"inserted within times, without those changed since", contacts.Query{PublishedMin: at(58).Time(), PublishedMax: at(62).Time(), UpdatedMax: at(62).Time(), Max: -1}, []contacts.ID{id(58), id(59), id(61)}, 3},
		{"last changed first", contacts.Query{ByUpdated: true, Descending: true, Max: 4}, []contacts.ID{id(2060), id(60), id(n - 1), id(n - 2)}, n - 3},
		{"first changed first, deep in the book", contacts.Query{ByUpdated: true, Start: n - 5, Max: 4}, []contacts.ID{id(n - 1), id(60), id(2060)}, n - 3},
		{"QRY-18 one hit", contacts.Query{Text: "guest1234", Max: -1}, live(1234, 1235), 1},
		{"QRY-18 the beginnings of words, in any case and order", contacts.Query{Text: "NETHER guest12", Max: -1}, live(1200, 1300), 100},
		{"QRY-18 a page of many hits", contacts.Query{Text: "netherfield", Start: 2101, Max: 2}, live(2103, 2105), n - 3},
		{"QRY-18 the middle of a word is no hit", contacts.Query{Text: "field", Max: -1}, nil, 0},
		{"QRY-18 a word that came later", contacts.Query{Text: "chatsworth", Max: -1}, []contacts.ID{id(60), id(2060)}, 2},
		{"QRY-46 a tombstone has no words", contacts.Query{Text: "guest0050", ShowDeleted: true, Max: -1}, nil, 0},
		{"a text without words", contacts.Query{Text: " .,- ", ShowDeleted: true, Max: -1}, nil, 0},
		{"QRY-11 members of a group", contacts.Query{Group: 1, Max: -1}, members(), 29},
		{"QRY-46 a tombstone of a member", contacts.Query{Group: 1, Start: 20, Max: 3, ShowDeleted: true}, []contacts.ID{id(1907), id(2007), id(2107)}, 30},
		{"QRY-46 former members are none", contacts.Query{Group: 2, ShowDeleted: true, Max: -1}, nil, 0},
		{"QRY-25 conditions together", contacts.Query{Group: 1, Text: "guest01", UpdatedMin: at(107).Time(), UpdatedMax: at(108).Time(), Max: -1}, live(107, 108), 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			view(t, st, liz, func(tx store.Tx) error {
				got, err := ids(tx.Contacts(tt.q))
				if err != nil || !slices.Equal(got, tt.want) {
					t.Errorf("Contacts(%+v) = %v, %v, want %v", tt.q, short(got), err, short(tt.want))
				}
				total, err := tx.CountContacts(tt.q)
				if err != nil || total != tt.total {
					t.Errorf("CountContacts(%+v) = %d, %v, want %d", tt.q, total, err, tt.total)
				}
				return nil
			})
		})
	}

	t.Run("entries of one iterator may be read by others", func(t *testing.T) {
		view(t, st, liz, func(tx store.Tx) error {
			q := contacts.Query{Max: 200}
			i := 0
			for c, err := range tx.Contacts(q) {
				if err != nil {
					return err
				}
				j := 0
				for d, err := range tx.Contacts(q) {
					if j++; err != nil || j > i {
						break
					} else if d.ID == c.ID {
						t.Errorf("contact %v comes as number %d and %d", c.ID, i, j-1)
					}
				}
				if want := live(0, 300)[i]; c.ID != want {
					t.Errorf("contact number %d has the ID %v, want %v", i, c.ID, want)
				}
				i++
			}
			return nil
		})
	})

	t.Run("QRY-18 words that are found", func(t *testing.T) {
		st := open(t)
		c := named(1, rev(1), "Élisabeth  O'Bennet-Darcy")
		c.Notes = "second thoughts\nand " + strings.Repeat("long", 500) + "end"
		c.Phones = []contacts.Phone{{Rel: contacts.RelHome, Number: "+44 (0)20-7946 0123"}}
		c.Emails = []contacts.Email{{Rel: contacts.RelHome, Address: "lizzy.b@mail.example.com"}}
		update(t, st, liz, func(tx store.Tx) error { return tx.InsertContact(c) })
		for text, want := range map[string]int{
			"élis": 1, "ÉLISABETH o'bennet": 1, "darcy bennet": 1, "beth": 0, "élisabeth wickham": 0,
			"4402079460123": 1, "+44 (0)20 79": 1, "0207946": 0, "7946": 1,
			"lizzy.b@mail.example.com": 1, "lizzy.b@mail.example.org": 0,
			strings.Repeat("long", 400): 1, strings.Repeat("long", 500) + "end": 1, strings.Repeat("long", 500) + "ens": 0,
		} {
			view(t, st, liz, func(tx store.Tx) error {
				if n, err := tx.CountContacts(contacts.Query{Text: text}); n != want || err != nil {
					t.Errorf("%.40q finds %d, %v, want %d", text, n, err, want)
				}
				return nil
			})
		}
	})

	t.Run("times before 1970 and far away are bounds like others", func(t *testing.T) {
		view(t, st, liz, func(tx store.Tx) error {
			for q, want := range map[contacts.Query]int{
				{UpdatedMin: time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC)}:      n - 3,
				{UpdatedMax: time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)}:   0,
				{UpdatedMax: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)}: n - 3,
				{PublishedMin: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}: 0,
			} {
				if got, err := tx.CountContacts(q); got != want || err != nil {
					t.Errorf("CountContacts(%+v) = %d, %v, want %d", q, got, err, want)
				}
			}
			return nil
		})
	})
}

// short shows the beginning of a long list.
func short(all []contacts.ID) string {
	if len(all) > 20 {
		return fmt.Sprint(all[:20], " and so on, ", len(all))
	}
	return fmt.Sprint(all)
}
