package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"contacts"
	"contacts/store"
)

// change does one change of every sort, to a book with the contacts 1 and 2
// and the group 3.
func change(tx store.Tx) error {
	one, err := tx.Contact(1)
	if err != nil {
		return err
	}
	two, err := tx.Contact(2)
	if err != nil {
		return err
	}
	group, err := tx.Group(3)
	if err != nil {
		return err
	}
	changed := named(1, rev(10), "Caroline Bingley")
	changed.Emails = []contacts.Email{{Address: "caroline@example.com"}}
	changed.Memberships = []contacts.Membership{{Group: 3}}
	return errors.Join(
		tx.UpdateContact(one, changed),
		tx.DeleteContact(two, &contacts.Contact{ID: 2, Rev: rev(11), Created: two.Created, Deleted: true}),
		tx.InsertContact(named(400, rev(12), "George Wickham")),
		tx.DeleteGroup(group, &contacts.Group{ID: 3, Rev: rev(13), Created: group.Created, Deleted: true}),
		tx.InsertGroup(&contacts.Group{ID: 5, Rev: rev(14), Created: rev(14), Name: "Officers"}),
		tx.PutBook(store.Book{Rev: rev(14), Created: rev(1), LastID: 400, Contacts: 2, Groups: 1}),
		tx.PutRecord(tokens, "k", []byte("new"), time.Time{}),
		tx.DeleteRecord(tokens, "old"),
	)
}

// book fills a book as change expects it.
func book(tx store.Tx) error {
	one := named(1, rev(1), "Elizabeth Bennet")
	one.Emails = []contacts.Email{{Address: "elizabeth@example.com"}}
	return errors.Join(
		tx.InsertContact(one),
		tx.InsertContact(named(2, rev(2), "Mary Bennet")),
		tx.InsertGroup(&contacts.Group{ID: 3, Rev: rev(3), Created: rev(3), Name: "Sisters"}),
		tx.PutBook(store.Book{Rev: rev(3), Created: rev(1), LastID: 3, Contacts: 2, Groups: 1}),
		tx.PutRecord(tokens, "old", []byte("old"), time.Time{}),
	)
}

// picture is all that a transaction can see, as text.
func picture(tx store.Tx) (string, error) {
	b, err := tx.Book()
	p := fmt.Sprintf("%+v\n", b)
	for _, q := range []contacts.Query{{Max: -1, ShowDeleted: true}, {Max: -1, Text: "bennet"}, {Max: -1, Text: "c"}, {Max: -1, Group: 3}, {Max: -1, ByUpdated: true}} {
		for c, e := range tx.Contacts(q) {
			if e != nil {
				return p, e
			}
			p += fmt.Sprintln(c.ID, c.Rev, c.Deleted, c.Name.Full, c.Emails, c.Memberships)
		}
		n, e := tx.CountContacts(q)
		err = errors.Join(err, e)
		p += fmt.Sprintln(n)
	}
	for _, address := range []string{"elizabeth@example.com", "caroline@example.com"} {
		found, e := ids(tx.ContactsByEmail(address))
		err = errors.Join(err, e)
		p += fmt.Sprintln(found)
	}
	for g, e := range tx.Groups(contacts.Query{Max: -1, ShowDeleted: true}) {
		if e != nil {
			return p, e
		}
		p += fmt.Sprintln(g.ID, g.Rev, g.Deleted, g.Name)
	}
	for r, e := range tx.Records(tokens, "") {
		if e != nil {
			return p, e
		}
		p += fmt.Sprintln(r.Key, string(r.Value))
	}
	return p, err
}

// pictureOf is the picture of an owner's rows now.
func pictureOf(t testing.TB, st store.Store, owner store.Owner) (p string) {
	t.Helper()
	view(t, st, owner, func(tx store.Tx) (err error) {
		p, err = picture(tx)
		return err
	})
	return p
}

func testUpdates(t *testing.T, open Opener) {
	t.Run("an update finds addresses as it has left them", func(t *testing.T) {
		st := open(t)
		update(t, st, liz, book)
		with := func(id contacts.ID, n int, address string) *contacts.Contact {
			c := named(id, rev(n), "Kitty Bennet")
			c.Emails = []contacts.Email{{Rel: contacts.RelHome, Address: address}}
			return c
		}
		update(t, st, liz, func(tx store.Tx) error {
			want := func(address string, all ...contacts.ID) {
				t.Helper()
				if got, err := ids(tx.ContactsByEmail(address)); err != nil || !slices.Equal(got, all) {
					t.Errorf("ContactsByEmail(%q) = %v, %v, want %v", address, got, err, all)
				}
			}
			want("kitty@example.com")
			kitty, other := with(4, 4, "kitty@example.com"), with(4, 5, "catherine@example.com")
			if err := tx.InsertContact(kitty); err != nil {
				return err
			}
			want("kitty@example.com", 4)
			undone := errors.New("undone")
			err := tx.Try(func() error {
				err := errors.Join(tx.UpdateContact(kitty, other), tx.InsertContact(with(5, 5, "kitty@example.com")))
				want("kitty@example.com", 5)
				want("catherine@example.com", 4)
				return errors.Join(err, undone)
			})
			if !errors.Is(err, undone) {
				t.Errorf("Try() = %v", err)
			}
			want("kitty@example.com", 4)
			want("catherine@example.com")
			if err := tx.DeleteContact(kitty, &contacts.Contact{ID: 4, Rev: rev(6), Created: kitty.Created, Deleted: true}); err != nil {
				return err
			}
			want("kitty@example.com")
			want("elizabeth@example.com", 1)
			return nil
		})
	})
	t.Run("an update sees its own changes, others see them after it", func(t *testing.T) {
		st := open(t)
		update(t, st, liz, book)
		before := pictureOf(t, st, liz)
		var within, beside string
		update(t, st, liz, func(tx store.Tx) error {
			if err := change(tx); err != nil {
				return err
			}
			beside = pictureOf(t, st, liz)
			var err error
			within, err = picture(tx)
			return err
		})
		after := pictureOf(t, st, liz)
		if beside != before {
			t.Errorf("during the update others see\n%swant\n%s", beside, before)
		}
		if within != after || after == before {
			t.Errorf("the update sees\n%safter it there is\n%s", within, after)
		}
	})

	undone := func(name string, fn func(t *testing.T, st store.Store)) {
		t.Run(name, func(t *testing.T) {
			st := open(t)
			update(t, st, liz, book)
			before := pictureOf(t, st, liz)
			fn(t, st)
			if after := pictureOf(t, st, liz); after != before {
				t.Errorf("there is\n%swant\n%s", after, before)
			}
			update(t, st, liz, change) // the store goes on
			if after := pictureOf(t, st, liz); after == before {
				t.Error("the next update changed nothing")
			}
		})
	}

	undone("WRT-8 nothing of an update that fails is kept", func(t *testing.T, st store.Store) {
		err := st.Update(background, liz, func(tx store.Tx) error { return errors.Join(change(tx), errGiveUp) })
		if !errors.Is(err, errGiveUp) {
			t.Errorf("Update = %v, want the error of the function", err)
		}
	})

	undone("nothing of an update that panics is kept, and its caller has the panic", func(t *testing.T, st store.Store) {
		defer func() {
			if v := recover(); v != errGiveUp {
				t.Errorf("recovered %v, want what the function panicked with", v)
			}
		}()
		st.Update(background, liz, func(tx store.Tx) error {
			if err := change(tx); err != nil {
				return err
			}
			panic(errGiveUp)
		})
		t.Error("Update returned after a panic")
	})

	undone("nothing of an update that ends its goroutine is kept", func(t *testing.T, st store.Store) {
		ended := make(chan error, 1)
		go func() {
			defer close(ended)
			ended <- st.Update(background, liz, func(tx store.Tx) error {
				if err := change(tx); err != nil {
					return err
				}
				runtime.Goexit()
				return nil
			})
		}()
		if err, returned := <-ended; returned && err == nil {
			t.Error("Update returned no error")
		}
	})

	undone("a failed change fails the update, even if its error is dropped", func(t *testing.T, st store.Store) {
		err := st.Update(background, liz, func(tx store.Tx) error {
			if err := change(tx); err != nil {
				return err
			}
			if tx.InsertContact(named(1, rev(20), "William Collins")) == nil {
				t.Error("InsertContact under a taken ID succeeded")
			}
			return nil
		})
		if err == nil {
			t.Error("Update returned no error")
		}
	})

	undone("an update that is no longer wanted does not begin", func(t *testing.T, st store.Store) {
		ctx, cancel := context.WithCancel(background)
		cancel()
		err := st.Update(ctx, liz, func(store.Tx) error {
			t.Error("the function ran")
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Update = %v, want context.Canceled", err)
		}
	})

	undone("an update that is no longer wanted while it waits does not begin", func(t *testing.T, st store.Store) {
		begun, release := make(chan struct{}), make(chan struct{})
		var blocking sync.WaitGroup
		blocking.Go(func() {
			st.Update(background, liz, func(store.Tx) error {
				close(begun)
				<-release
				return nil
			})
		})
		<-begun
		ctx, cancel := context.WithCancel(background)
		cancelled := make(chan error)
		go func() { cancelled <- st.Update(ctx, liz, change) }()
		go cancel()
		if err := <-cancelled; !errors.Is(err, context.Canceled) {
			t.Errorf("Update = %v, want context.Canceled", err)
		}
		close(release)
		blocking.Wait()
	})

	t.Run("updates that fail leave those beside them alone", func(t *testing.T) {
		st := open(t)
		const n = 120
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				defer func() { recover() }()
				id := contacts.ID(i + 1)
				err := st.Update(background, liz, func(tx store.Tx) error {
					c := named(id, rev(i), fmt.Sprintf("Guest%d Lucas", i))
					c.Memberships = []contacts.Membership{{Group: 3}}
					if err := tx.InsertContact(c); err != nil {
						return err
					}
					if err := tx.PutRecord(tokens, fmt.Sprint("guest", i), nil, time.Time{}); err != nil {
						return err
					}
					switch i % 4 {
					case 1:
						return errGiveUp
					case 2:
						panic("gives up")
					}
					return nil
				})
				if i%4 == 1 != errors.Is(err, errGiveUp) || i%2 == 0 && err != nil {
					t.Errorf("update %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		view(t, st, liz, func(tx store.Tx) error {
			for i := range n {
				kept := i%4 == 0 || i%4 == 3
				_, err := tx.Contact(contacts.ID(i + 1))
				_, recordErr := tx.Record(tokens, fmt.Sprint("guest", i))
				found, findErr := ids(tx.Contacts(contacts.Query{Text: fmt.Sprintf("guest%d lucas", i), Group: 3, Start: 1, Max: -1}))
				exact := 0
				for _, id := range found {
					if id == contacts.ID(i+1) {
						exact++
					}
				}
				if (err == nil) != kept || (recordErr == nil) != kept || (exact == 1) != kept || findErr != nil {
					t.Errorf("update %d, to be kept %v: contact %v, record %v, found %v %v", i, kept, err, recordErr, found, findErr)
				}
			}
			for _, q := range []contacts.Query{{}, {Group: 3}, {Text: "lucas"}, {UpdatedMin: rev(0).Time()}} {
				if got, err := tx.CountContacts(q); got != n/2 || err != nil {
					t.Errorf("CountContacts(%+v) = %d, %v, want %d", q, got, err, n/2)
				}
			}
			return nil
		})
	})

	t.Run("WRT-40 of concurrent updates that expect the same state one succeeds", func(t *testing.T) {
		st := open(t)
		update(t, st, liz, book)
		var wg sync.WaitGroup
		for round := range 30 {
			won := make(chan int, 8)
			for i := range 8 {
				wg.Go(func() {
					err := st.Update(background, liz, func(tx store.Tx) error {
						old, err := tx.Contact(1)
						if err != nil {
							return err
						}
						if old.Rev != rev(1+round) {
							return errGiveUp
						}
						return tx.UpdateContact(old, named(1, old.Rev+1, fmt.Sprint("state ", round, i)))
					})
					if err == nil {
						won <- i
					} else if !errors.Is(err, errGiveUp) {
						t.Errorf("Update: %v", err)
					}
				})
			}
			wg.Wait()
			close(won)
			var winners []int
			for i := range won {
				winners = append(winners, i)
			}
			if len(winners) != 1 {
				t.Fatalf("round %d: updates %v succeeded, want one", round, winners)
			}
			view(t, st, liz, func(tx store.Tx) error {
				c, err := tx.Contact(1)
				if err == nil && c.Name.Full != fmt.Sprint("state ", round, winners[0]) {
					t.Errorf("round %d: update %d won, but there is %q", round, winners[0], c.Name.Full)
				}
				return err
			})
		}
	})
}
