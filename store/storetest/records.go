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

const (
	tokens   store.RecordType = 7
	accounts store.RecordType = 8
)

// keys lists the keys of records with a prefix.
func keys(t testing.TB, tx store.Tx, rt store.RecordType, prefix string) []string {
	t.Helper()
	all := []string{}
	for r, err := range tx.Records(rt, prefix) {
		if err != nil {
			t.Fatalf("Records(%d, %q): %v", rt, prefix, err)
		}
		if value, err := tx.Record(rt, r.Key); err != nil || string(value) != string(r.Value) {
			t.Errorf("Record(%d, %q) = %q, %v, want %q as Records has it", rt, r.Key, value, err, r.Value)
		}
		all = append(all, r.Key)
	}
	return all
}

func testRecords(t *testing.T, open Opener) {
	t.Run("a value is read back, replaced and deleted", func(t *testing.T) {
		st := open(t)
		want := func(value string, kind contacts.Kind) {
			t.Helper()
			view(t, st, liz, func(tx store.Tx) error {
				got, err := tx.Record(tokens, "k")
				if string(got) != value || contacts.KindOf(err) != kind {
					t.Errorf("Record = %q, %v, want %q and kind %q", got, err, value, kind)
				}
				return nil
			})
		}
		put := func(value string) {
			t.Helper()
			update(t, st, liz, func(tx store.Tx) error { return tx.PutRecord(tokens, "k", []byte(value), time.Time{}) })
		}
		want("", contacts.NotFound)
		put("one")
		want("one", "")
		put("two\x00\xff")
		want("two\x00\xff", "")
		put("")
		want("", "")
		remove := func(tx store.Tx) error { return tx.DeleteRecord(tokens, "k") }
		update(t, st, liz, remove)
		want("", contacts.NotFound)
		update(t, st, liz, remove) // not there: no error
	})

	t.Run("types, owners and keys are apart", func(t *testing.T) {
		st := open(t)
		for _, owner := range []store.Owner{store.Directory, liz, jane, large} {
			update(t, st, owner, func(tx store.Tx) error {
				for _, rt := range []store.RecordType{tokens, accounts} {
					for _, key := range []string{"", "a", "A", "é"} {
						if err := tx.PutRecord(rt, key, fmt.Append(nil, owner, rt, key), time.Time{}); err != nil {
							return err
						}
					}
				}
				return nil
			})
		}
		update(t, st, jane, func(tx store.Tx) error { return tx.DeleteRecord(tokens, "a") })
		for _, owner := range []store.Owner{store.Directory, liz, jane, large} {
			view(t, st, owner, func(tx store.Tx) error {
				for _, rt := range []store.RecordType{tokens, accounts} {
					for _, key := range []string{"", "a", "A", "é"} {
						want := fmt.Sprint(owner, rt, key)
						if owner == jane && rt == tokens && key == "a" {
							want = ""
						}
						if got, _ := tx.Record(rt, key); string(got) != want {
							t.Errorf("owner %d: Record(%d, %q) = %q, want %q", owner, rt, key, got, want)
						}
					}
				}
				return nil
			})
		}
	})

	t.Run("records come by ascending key, byte by byte", func(t *testing.T) {
		st := open(t)
		all := []string{"", "\x00", "A", "B", "a", "a ", "a/", "a/1", "a/2", "a/é", "a0", "b", "é", "\U0010FFFF"}
		for i := range 200 { // more than a store reads at once
			all = append(all, fmt.Sprintf("m/%03d", i))
		}
		update(t, st, liz, func(tx store.Tx) error {
			for i := range all {
				key := all[(i*77)%len(all)]
				if err := tx.PutRecord(tokens, key, []byte("v"+key), time.Time{}); err != nil {
					return err
				}
			}
			return nil
		})
		slices.Sort(all)
		view(t, st, liz, func(tx store.Tx) error {
			for _, prefix := range []string{"", "a", "a/", "m/", "m/1", "m/19", "\U0010FFFF", "x", "\x00"} {
				want := []string{}
				for _, key := range all {
					if strings.HasPrefix(key, prefix) {
						want = append(want, key)
					}
				}
				if got := keys(t, tx, tokens, prefix); !slices.Equal(got, want) {
					t.Errorf("Records(%q) = %q, want %q", prefix, got, want)
				}
			}
			for range tx.Records(tokens, "") {
				break // stopping early is fine
			}
			return nil
		})
	})

	t.Run("an expired value does not exist", func(t *testing.T) {
		st := open(t)
		now := time.Now()
		for key, expires := range map[string]time.Time{
			"ever": {}, "hour": now.Add(time.Hour), "far": now.AddDate(400, 0, 0),
			"past": now.Add(-time.Second), "old": now.Add(-time.Hour), "1970": time.UnixMicro(0),
		} {
			update(t, st, liz, func(tx store.Tx) error { return tx.PutRecord(tokens, key, []byte(key), expires) })
		}
		update(t, st, jane, func(tx store.Tx) error { return tx.PutRecord(tokens, "old", nil, now.Add(-time.Hour)) })
		view(t, st, liz, func(tx store.Tx) error {
			if got, want := keys(t, tx, tokens, ""), []string{"ever", "far", "hour"}; !slices.Equal(got, want) {
				t.Errorf("Records = %q, want %q", got, want)
			}
			for _, key := range []string{"past", "old", "1970"} {
				if _, err := tx.Record(tokens, key); !errors.Is(err, contacts.NotFound) {
					t.Errorf("Record(%q) = %v, want kind not found", key, err)
				}
			}
			for r, err := range tx.Records(tokens, "") {
				want := map[string]time.Time{"hour": now.Add(time.Hour), "far": now.AddDate(400, 0, 0)}[r.Key]
				if err != nil || !r.Expires.Equal(want.Truncate(time.Microsecond)) || want.IsZero() != r.Expires.IsZero() {
					t.Errorf("record %q expires at %v, want %v (%v)", r.Key, r.Expires, want, err)
				}
			}
			return nil
		})
		drop := func(owner store.Owner, before time.Time, want int) {
			t.Helper()
			update(t, st, owner, func(tx store.Tx) error {
				n, err := tx.DropExpired(before)
				if n != want {
					t.Errorf("owner %d: DropExpired = %d, want %d", owner, n, want)
				}
				return err
			})
		}
		drop(liz, now.Add(-time.Minute), 2) // 1970 and old
		drop(liz, now, 1)
		drop(liz, now, 0)
		drop(jane, now, 1) // another owner's was left alone
		view(t, st, liz, func(tx store.Tx) error {
			if got, want := keys(t, tx, tokens, ""), []string{"ever", "far", "hour"}; !slices.Equal(got, want) {
				t.Errorf("after DropExpired, Records = %q, want %q", got, want)
			}
			return nil
		})
		update(t, st, liz, func(tx store.Tx) error { return tx.PutRecord(tokens, "hour", []byte("x"), now.Add(-time.Second)) })
		view(t, st, liz, func(tx store.Tx) error {
			if _, err := tx.Record(tokens, "hour"); !errors.Is(err, contacts.NotFound) {
				t.Errorf("a value put again with a time in the past: %v, want kind not found", err)
			}
			return nil
		})
	})

	t.Run("a large value survives", func(t *testing.T) {
		st := open(t)
		value := []byte(strings.Repeat("Longbourn", 200_000))
		update(t, st, liz, func(tx store.Tx) error { return tx.PutRecord(tokens, "k", value, time.Time{}) })
		view(t, st, liz, func(tx store.Tx) error {
			got, err := tx.Record(tokens, "k")
			if err != nil || string(got) != string(value) {
				t.Errorf("Record returned %d bytes, %v, want the %d put", len(got), err, len(value))
			}
			return nil
		})
	})
}
