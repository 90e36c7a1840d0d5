package sqlite

import (
	"slices"
	"strings"

	"contacts"
)

// A mail knows the e-mail addresses of those who wait to be put into a run. An
// update that asks for one address is likely to ask for many, as a batch of
// shared contacts does; to read all that wait each time would cost more than to
// store them.
type mail struct {
	byHash  map[string][]contacts.ID // those who have, or in this update had, an address
	waiting []contacts.ID            // all who wait, ascending
	runs    []run
}

// findEmail returns those who may have an address, ascending: another address
// may have the same hash.
func (t *tx) findEmail(address string) ([]contacts.ID, error) {
	l := emailLookup(address)
	if !t.writing {
		return t.find(l)
	}
	if t.mail == nil {
		m, err := t.readMail()
		if err != nil {
			return nil, err
		}
		t.mail = m
	}
	return t.findFurther(l, slices.Clone(t.mail.byHash[emailHash(address)]), t.mail.waiting, t.mail.runs)
}

func (t *tx) readMail() (*mail, error) {
	m := &mail{byHash: map[string][]contacts.ID{}}
	stmt, err := t.conn.bind("SELECT key, terms FROM waiting WHERE key BETWEEN ?1 AND ?2 ORDER BY key", t.key(0), t.key(maxID))
	for err == nil {
		var more bool
		if more, err = stmt.Step(); !more {
			break
		}
		m.add(idOf(stmt.ColumnInt64(0)), t.scratch(stmt, 1, stmt.ColumnLen(1)))
	}
	if err != nil {
		return nil, err
	}
	m.runs, err = t.runs()
	return m, err
}

// add notes that a contact waits with these terms.
func (m *mail) add(id contacts.ID, terms []byte) {
	if i, found := slices.BinarySearch(m.waiting, id); !found {
		m.waiting = slices.Insert(m.waiting, i, id)
	}
	for term := range eachTerm(string(terms)) {
		if hash, ok := strings.CutPrefix(term, string(rune(emailTerm))); ok && !slices.Contains(m.byHash[hash], id) {
			m.byHash[hash] = append(m.byHash[hash], id)
		}
	}
}
