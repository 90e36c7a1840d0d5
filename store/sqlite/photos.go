package sqlite

import (
	"errors"
	"fmt"

	"contacts"
	"contacts/store"
)

// Photo implements store.Tx.
func (t *tx) Photo(version string) (*store.Photo, error) {
	stmt, err := t.conn.bind("SELECT type, data FROM photo WHERE owner = ?1 AND version = ?2", int64(t.owner))
	if err != nil {
		return nil, fault(err)
	}
	stmt.BindText(2, version)
	found, err := stmt.Step()
	if err != nil {
		return nil, fault(err)
	}
	defer stmt.Reset()
	if !found {
		return nil, notFound("photo")
	}
	p := &store.Photo{Type: text(stmt, 0), Data: blob(stmt, 1)}
	if contacts.PhotoVersion(p.Data) != version { // OPS-95
		return nil, errors.New("sqlite: a photo is damaged: its bytes are not those of its version")
	}
	return p, nil
}

// PutPhoto implements store.Tx.
func (t *tx) PutPhoto(version string, p *store.Photo) error {
	if !t.writing {
		return errReadOnly
	}
	known, same, err := t.knowsPhoto(version, p.Data)
	switch {
	case err != nil:
		return fault(err)
	case known && !same:
		return contacts.Errorf(contacts.Invalid, "", "Another photo has the same MD5 sum")
	case known:
		return nil
	}
	return t.change(func() error {
		t.countPhoto(version, 0)
		stmt, err := t.conn.bind("INSERT INTO photo (owner, version, type, uses, data) VALUES (?1, ?3, ?4, ?2, ?5)", int64(t.owner), 0)
		if err != nil {
			return err
		}
		stmt.BindText(3, version)
		stmt.BindText(4, p.Type)
		stmt.BindBytes(5, p.Data)
		_, err = stmt.Step()
		return err
	})
}

// knowsPhoto reports whether there is a photo of the version, and whether it
// is the same.
func (t *tx) knowsPhoto(version string, data []byte) (known, same bool, err error) {
	stmt, err := t.conn.bind("SELECT data = ?3 FROM photo WHERE owner = ?1 AND version = ?2", int64(t.owner))
	if err != nil {
		return false, false, err
	}
	stmt.BindText(2, version)
	stmt.BindBytes(3, data)
	known, err = stmt.Step()
	if err != nil || !known {
		return false, false, err
	}
	same = stmt.ColumnInt64(0) != 0
	return true, same, stmt.Reset()
}

// usePhoto notes that a contact names another photo than before; both may be
// none.
func (t *tx) usePhoto(old, now string) {
	if old == now {
		return
	}
	if old != "" {
		t.countPhoto(old, -1)
	}
	if now != "" {
		t.countPhoto(now, +1)
	}
}

// countPhoto notes that n contacts more name a photo. The counts are written
// at the end of the update, so that a large row is written once.
func (t *tx) countPhoto(version string, n int) {
	if t.photos == nil {
		t.photos = map[string]int{}
	}
	t.photos[version] += n
}

// writePhotos writes the counts, and erases photos that nobody names.
func (t *tx) writePhotos() error {
	for version, n := range t.photos {
		if n != 0 {
			stmt, err := t.conn.bind("UPDATE photo SET uses = uses + ?2 WHERE owner = ?1 AND version = ?3", int64(t.owner), int64(n))
			if err != nil {
				return err
			}
			stmt.BindText(3, version)
			if _, err := stmt.Step(); err != nil {
				return err
			}
			if t.conn.Changes() == 0 {
				return fmt.Errorf("sqlite: a contact names the photo %q, which does not exist", version)
			}
		}
		if n <= 0 {
			stmt, err := t.conn.bind("DELETE FROM photo WHERE owner = ?1 AND uses <= ?2 AND version = ?3", int64(t.owner), 0)
			if err != nil {
				return err
			}
			stmt.BindText(3, version)
			if _, err := stmt.Step(); err != nil { // QRY-47
				return err
			}
		}
	}
	clear(t.photos)
	return nil
}
