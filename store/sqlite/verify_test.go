package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"contacts"
	"contacts/store"
	"contacts/store/sqlite"
	"contacts/store/storetest"
)

// verify returns the faults of a store.
func verify(t testing.TB, st *sqlite.Store) (faults []string, v sqlite.Verified) {
	t.Helper()
	v, err := st.Verify(context.Background(), sqlite.VerifyOptions{Fault: func(f sqlite.Fault) {
		s := fmt.Sprintf("owner %d: %s: %s", f.Owner, f.Entry, f.What)
		if f.Derived {
			s += " (derived)"
		}
		faults = append(faults, s)
	}})
	if err != nil {
		t.Fatal(err)
	}
	if v.Faults != len(faults) {
		t.Errorf("Verify counts %d faults and names %d", v.Faults, len(faults))
	}
	return faults, v
}

var pixel = &store.Photo{Type: "image/png", Data: []byte("a likeness of Elizabeth")}

// household copies a closed store with a book of everything: 300 contacts,
// groups, a photo, tombstones of both kinds, and an index of a few runs.
func household(t testing.TB) (dir string) {
	t.Helper()
	dir = t.TempDir()
	housed.Do(func() { housed.file = makeHousehold(t) })
	if err := os.WriteFile(filepath.Join(dir, sqlite.FileName), housed.file, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

var housed struct {
	sync.Once
	file []byte
}

func makeHousehold(t testing.TB) []byte {
	t.Helper()
	dir := t.TempDir()
	st, err := sqlite.OpenSmallRuns(dir)
	if err != nil {
		t.Fatal(err)
	}
	err = st.Update(t.Context(), benchOwner, func(tx store.Tx) error {
		b := store.Book{Rev: firstRev, Created: firstRev, LastID: 15}
		for i := range 3 {
			b.Rev, b.LastID, b.Groups = b.Rev+1, b.LastID+1, b.Groups+1
			if err := tx.InsertGroup(&contacts.Group{ID: b.LastID, Rev: b.Rev, Created: b.Rev, Name: fmt.Sprint("Ball ", i)}); err != nil {
				return err
			}
		}
		version := contacts.PhotoVersion(pixel.Data)
		if err := tx.PutPhoto(version, pixel); err != nil {
			return err
		}
		for i := range 300 {
			c := storetest.Person(i, 0)
			b.Rev, b.LastID, b.Contacts = b.Rev+1, b.LastID+1, b.Contacts+1
			c.ID, c.Rev, c.Created = b.LastID, b.Rev, b.Rev
			c.Memberships = []contacts.Membership{{Group: 16 + contacts.ID(i%2)}}
			if i%50 == 0 {
				c.Photo.Version = version
			}
			if err := tx.InsertContact(c); err != nil {
				return err
			}
		}
		for _, id := range []contacts.ID{30, 200} {
			old, err := tx.Contact(id)
			if err != nil {
				return err
			}
			b.Rev, b.Contacts = b.Rev+1, b.Contacts-1
			if err := tx.DeleteContact(old, &contacts.Contact{ID: id, Rev: b.Rev, Created: old.Created, Deleted: true}); err != nil {
				return err
			}
		}
		old, err := tx.Group(18)
		if err != nil {
			return err
		}
		b.Rev, b.Groups = b.Rev+1, b.Groups-1
		return errors.Join(tx.DeleteGroup(old, &contacts.Group{ID: 18, Rev: b.Rev, Created: old.Created, Deleted: true}), tx.PutBook(b),
			tx.PutRecord(6, "self", []byte(`{"email":"elizabeth@example.com"}`), time.Time{}))
	})
	if err := errors.Join(err, st.Settle(benchOwner), st.Close()); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(dir, sqlite.FileName))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestVerify(t *testing.T) {
	t.Run("OPS-20 a store in order", func(t *testing.T) {
		st := openIn(t, household(t))
		faults, v := verify(t, st)
		if len(faults) > 0 {
			t.Errorf("faults: %q", faults)
		}
		if want := (sqlite.Verified{Owners: 1, Contacts: 298, Groups: 2, Photos: 1, Tombstones: 3, Records: 1}); v != want {
			t.Errorf("Verify = %+v, want %+v", v, want)
		}
	})

	key := func(id int) string { return fmt.Sprint(int64(benchOwner)<<40 | int64(id)) }
	for _, tt := range []struct {
		name     string
		sql      string
		want     string // a fault that is named
		repaired bool
	}{
		{"a contact that cannot be read", "UPDATE contact SET data = x'0102' WHERE key = " + key(20), "contact 14: cannot be read", false},
		{"a contact of a form of the future", "UPDATE contact SET data = x'09' WHERE key = " + key(20), "contact 14: cannot be read", false},
		{"a contact that is gone", "DELETE FROM contact WHERE key = " + key(20), "contact 14: is in the search index, and nowhere else", true},
		{"a contact that belongs to two", "UPDATE contact SET owner = 9 WHERE key = " + key(20), "contact 14: its row says", false},
		{"a contact from the future", "UPDATE contact SET rev = 3e18 WHERE key = " + key(20), "contact 14: cannot be read", false},
		{"a contact changed before it was made", "UPDATE contact SET created = rev + 1 WHERE key = " + key(20), "contact 14: was created at revision", false},
		{"a group that is gone", "DELETE FROM team WHERE key = " + key(16), "is a member of the group 10, which does not exist", false},
		{"a group that cannot be read", "UPDATE team SET data = x'' WHERE key = " + key(16), "group 10: cannot be read", false},
		{"a tombstone of a live contact", "UPDATE tombstone SET id = 20 WHERE id = 30", "deleted contact 14: is there as well", false},
		{"a tombstone that cannot be read", "UPDATE tombstone SET data = x'' WHERE id = 30", "deleted contact 1e: cannot be read", false},
		{"a book that counts wrongly", "UPDATE book SET contacts = 7", "book: counts 7 contacts and has 298", true},
		{"a book that counts groups wrongly", "UPDATE book SET groups = 7", "book: counts 7 groups and has 2", true},
		{"a book that gives out IDs again", "UPDATE book SET last_id = 20", "book: gave out IDs up to 14", true},
		{"a book that runs backwards", "UPDATE book SET rev = created + 5", "book: has the revision", true},
		{"a book that is missing", "DELETE FROM book", "book: is missing", true},
		{"a page count that is wrong", "UPDATE block SET live = live + 1 WHERE block = 1", "counts for paging: 1 of them are wrong", true},
		{"a page count that is missing", "DELETE FROM block WHERE block = 1", "counts for paging: 1 of them are wrong", true},
		{"a member that is missing", "DELETE FROM member WHERE contact = 20", "contact 14: is missing among the members", true},
		{"a member too many", "INSERT INTO member VALUES (7, 17, 21), (7, 16, 21)  ON CONFLICT DO NOTHING", "contact 15: is listed as a member", true},
		{"a photo that is missing", "DELETE FROM photo", "is missing; 6 contacts name it", false},
		{"a photo with other bytes", "UPDATE photo SET data = x'00'", "has another checksum than its name says", false},
		{"a photo that counts wrongly", "UPDATE photo SET uses = 2", "counts 2 contacts and has 6", true},
		{"a photo that nobody has", "INSERT INTO photo VALUES (7, 'k', 'image/png', 1, x'00')", "photo k: belongs to no contact", false},
		{"an index without its newest run", "DELETE FROM run WHERE place = (SELECT max(place) FROM run); DELETE FROM posting WHERE run NOT IN (SELECT run FROM run)", "is not in the search index", true},
		{"an index that is lost", "DELETE FROM run; DELETE FROM posting; DELETE FROM waiting", "contact 13: is not in the search index", true},
		{"an index without a block", "DELETE FROM posting WHERE first > x'77' AND rowid = (SELECT min(rowid) FROM posting WHERE first > x'77')", "is found by other words than it has", true},
		{"an index with a damaged block", "UPDATE posting SET data = x'ffffffffffffffffffffff' WHERE first > x'77'", "search index: cannot be read", true},
		{"words that wait for another contact", "INSERT INTO waiting VALUES (" + key(21) + ", 1, x'0077636f6c6c696e7300')", "contact 15: is found by other words than it has", true},
		{"a record with another value", "UPDATE record SET value = value || x'20'", "record of type 6: cannot be read: sqlite: a row is damaged", false},
		{"a record with another time to expire", "UPDATE record SET expires = 3e15", "record of type 6: cannot be read: sqlite: a row is damaged", false},
		{"a record of another name", "UPDATE record SET key = key || 'x'", "record of type 6: cannot be read: sqlite: a row is damaged", false},
		{"a record of another type", "UPDATE record SET type = type + 1", "record of type 7: cannot be read: sqlite: a row is damaged", false},
		{"rows that belong to no number", "UPDATE record SET owner = 'Wickham'", "the table record has rows that are not in order", false},
		{"an index of the schema that is missing", "DROP INDEX contact_rev; CREATE INDEX contact_rev ON contact (owner, rev)", "the schema lacks index contact_rev", false},
		{"a table of somebody else", "CREATE TABLE carriage (horses INTEGER)", "the schema has the unknown table carriage", false},
	} {
		t.Run("OPS-20 OPS-21 OPS-22 "+tt.name, func(t *testing.T) {
			dir := household(t)
			script(t, dir, tt.sql)
			st := openIn(t, dir)
			faults, _ := verify(t, st)
			if !strings.Contains(strings.Join(faults, "\n"), tt.want) {
				t.Fatalf("faults: %q, want %q", faults[:min(len(faults), 5)], tt.want)
			}
			var did []string
			if err := st.Repair(t.Context(), benchOwner, func(what string) { did = append(did, what) }); err != nil {
				t.Fatal(err)
			}
			left, _ := verify(t, st)
			if tt.repaired && (len(did) == 0 || len(left) > 0) {
				t.Errorf("Repair says %q, and leaves %q", did, left[:min(len(left), 5)])
			}
			if !tt.repaired && !strings.Contains(strings.Join(left, "\n"), tt.want) {
				t.Errorf("Repair says %q, and %q is gone", did, tt.want)
			}
		})
	}

	t.Run("OPS-22 what a damaged row says is not taken over", func(t *testing.T) {
		dir := household(t)
		script(t, dir, "UPDATE contact SET rev = 3e18 WHERE key = "+key(20))
		script(t, dir, "UPDATE tombstone SET rev = 3e18 WHERE id = 30")
		st := openIn(t, dir)
		if err := st.Repair(t.Context(), benchOwner, func(string) {}); err != nil {
			t.Fatal(err)
		}
		err := st.View(t.Context(), benchOwner, func(tx store.Tx) error {
			b, err := tx.Book()
			if b.Rev >= 3e18 {
				t.Errorf("the book has the revision %d", b.Rev)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})

	t.Run("OPS-22 nothing is repaired in a store in order", func(t *testing.T) {
		st := openIn(t, household(t))
		before, _ := st.State()
		if err := st.Repair(t.Context(), benchOwner, func(what string) { t.Errorf("Repair says %q", what) }); err != nil {
			t.Fatal(err)
		}
		if after, _ := st.State(); after != before {
			t.Error("Repair changed the store")
		}
	})

	t.Run("OPS-21 a damaged page is named", func(t *testing.T) {
		dir := household(t)
		damage(t, dir)
		st := openIn(t, dir)
		if faults, _ := verify(t, st); len(faults) == 0 {
			t.Error("Verify finds no fault")
		}
	})
}

// damage writes over a page in the middle of the table of contacts.
func damage(t testing.TB, dir string) {
	t.Helper()
	name := filepath.Join(dir, sqlite.FileName)
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(string(data), "Church Street") / 4096 * 4096
	copy(data[at:at+4096], strings.Repeat("\xff", 4096))
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDamagedRecord(t *testing.T) {
	const owner, accounts, settings = 7, 6, 8
	for _, tt := range []struct{ name, sql string }{
		{"another value", "UPDATE record SET value = replace(value, 'false', 'true') WHERE type = 6"},
		{"another time to expire", "UPDATE record SET expires = expires + 3600000000 WHERE type = 6"},
		{"no time to expire", "UPDATE record SET expires = 0 WHERE type = 6"},
		{"the value of another one", "UPDATE record SET value = (SELECT value FROM record WHERE type = 8) WHERE type = 6"},
		{"another checksum", "UPDATE record SET sum = sum + 1 WHERE type = 6"},
		{"another owner", "UPDATE record SET owner = 7 WHERE owner = 9"},
	} {
		t.Run("OPS-95 a record with "+tt.name+" is an error", func(t *testing.T) {
			dir := t.TempDir()
			st := openIn(t, dir)
			put := func(owner store.Owner, rt store.RecordType, value string) {
				t.Helper()
				err := st.Update(t.Context(), owner, func(tx store.Tx) error {
					return tx.PutRecord(rt, "elizabeth", []byte(value), time.Now().Add(time.Hour))
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			put(owner, settings, "everybody")
			if tt.name == "another owner" {
				put(9, accounts, `{"admin":false}`)
			} else {
				put(owner, accounts, `{"admin":false}`)
			}
			if err := st.Close(); err != nil {
				t.Fatal(err)
			}
			script(t, dir, tt.sql)
			err := openIn(t, dir).View(t.Context(), owner, func(tx store.Tx) error {
				if value, err := tx.Record(accounts, "elizabeth"); err == nil || errors.Is(err, contacts.NotFound) {
					t.Errorf("Record = %q, %v; want that it is damaged", value, err)
				}
				for r, err := range tx.Records(accounts, "") {
					if err == nil {
						t.Errorf("Records has %q", r.Value)
					}
				}
				value, err := tx.Record(settings, "elizabeth")
				if string(value) != "everybody" {
					t.Errorf("the other record is %q", value)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}
