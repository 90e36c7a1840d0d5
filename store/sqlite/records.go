package sqlite

import (
	"iter"
	"strings"
	"time"

	"contacts"
	"contacts/store"

	lite "zombiezen.com/go/sqlite"
)

// Record implements store.Tx.
func (t *tx) Record(rt store.RecordType, key string) ([]byte, error) {
	stmt, err := t.conn.bind("SELECT key, value, expires, sum FROM record WHERE owner = ?1 AND type = ?2 AND key = ?3", int64(t.owner), int64(rt))
	if err != nil {
		return nil, fault(err)
	}
	stmt.BindText(3, key)
	row, err := stmt.Step()
	if err != nil {
		return nil, fault(err)
	}
	if !row {
		return nil, notFound("record")
	}
	defer stmt.Reset()
	r, err := t.record(rt, stmt)
	if err != nil {
		return nil, fault(err)
	}
	if t.expired(r.Expires) {
		return nil, notFound("record")
	}
	return r.Value, nil
}

// record reads a row of key, value, expires and sum.
func (t *tx) record(rt store.RecordType, stmt *lite.Stmt) (store.Record, error) {
	r := store.Record{Key: text(stmt, 0), Value: blob(stmt, 1), Expires: instant(stmt.ColumnInt64(2))}
	if !stmt.ColumnIsNull(3) && stmt.ColumnInt64(3) != sumOf(t.owner, rt, &r) { // OPS-95
		return r, errDamaged
	}
	return r, nil
}

// PutRecord implements store.Tx.
func (t *tx) PutRecord(rt store.RecordType, key string, value []byte, expires time.Time) error {
	return t.change(func() error {
		sum := sumOf(t.owner, rt, &store.Record{Key: key, Value: value, Expires: expires})
		stmt, err := t.conn.bind(`INSERT INTO record (owner, type, key, value, expires, sum) VALUES (?1, ?2, ?5, ?6, ?3, ?4)
			ON CONFLICT (owner, type, key) DO UPDATE SET value = excluded.value, expires = excluded.expires, sum = excluded.sum`,
			int64(t.owner), int64(rt), microseconds(expires), sum)
		if err != nil {
			return err
		}
		stmt.BindText(5, key)
		stmt.BindBytes(6, value)
		_, err = stmt.Step()
		return err
	})
}

// DeleteRecord implements store.Tx.
func (t *tx) DeleteRecord(rt store.RecordType, key string) error {
	return t.change(func() error {
		stmt, err := t.conn.bind("DELETE FROM record WHERE owner = ?1 AND type = ?2 AND key = ?3", int64(t.owner), int64(rt))
		if err != nil {
			return err
		}
		stmt.BindText(3, key)
		_, err = stmt.Step()
		return err
	})
}

// Records implements store.Tx. It reads some records ahead, so that no
// statement is open while the caller works.
func (t *tx) Records(rt store.RecordType, prefix string) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		const ahead = 64
		from := prefix
		for {
			batch, err := t.recordsFrom(rt, from, ahead)
			if err != nil {
				yield(store.Record{}, fault(err))
				return
			}
			for _, r := range batch {
				if !strings.HasPrefix(r.Key, prefix) {
					return
				}
				if t.expired(r.Expires) {
					continue
				}
				if !yield(r, nil) {
					return
				}
			}
			if len(batch) < ahead {
				return
			}
			from = batch[len(batch)-1].Key + "\x00" // the least key above the last one
		}
	}
}

func (t *tx) recordsFrom(rt store.RecordType, from string, most int64) ([]store.Record, error) {
	stmt, err := t.conn.bind(`SELECT key, value, expires, sum FROM record
		WHERE owner = ?1 AND type = ?2 AND key >= ?4 ORDER BY key LIMIT ?3`, int64(t.owner), int64(rt), most)
	if err != nil {
		return nil, err
	}
	stmt.BindText(4, from)
	var batch []store.Record
	for {
		row, err := stmt.Step()
		if err != nil || !row {
			return batch, err
		}
		r, err := t.record(rt, stmt)
		if err != nil {
			stmt.Reset()
			return nil, err
		}
		if r.Key < from { // the caller would read it again and again
			stmt.Reset()
			return nil, errDamaged
		}
		batch = append(batch, r)
	}
}

// DropExpired implements store.Tx.
func (t *tx) DropExpired(before time.Time) (n int, err error) {
	err = t.change(func() error {
		err := t.conn.run("DELETE FROM record WHERE owner = ?1 AND expires <> 0 AND expires < ?2", int64(t.owner), before.UnixMicro())
		n = t.conn.Changes()
		return err
	})
	return n, err
}

func (t *tx) expired(expires time.Time) bool {
	return !expires.IsZero() && expires.UnixMicro() <= t.now().UnixMicro()
}

// microseconds is the stored form of a time: microseconds since 1970, or 0 for
// the zero time.
func microseconds(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	if us := at.UnixMicro(); us != 0 {
		return us
	}
	return 1
}

func instant(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

func notFound(what string) error {
	return contacts.Errorf(contacts.NotFound, contacts.CodeNotFound, "No such %s", what)
}
