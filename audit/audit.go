// Package audit is the form of the audit log: who changed the shared contacts
// of a domain, and which commands an administrator gave.
//
// The log is kept as records of the store, so that a change and what is said of
// it are committed together. Changes of shared contacts are under the number of
// their domain, all else is in the directory. A record names entries by their
// ids, and never holds anything of a contact, a password or a secret.
package audit

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"

	"contacts"
	"contacts/store"
)

// RecordType is the type of the log's records. The number is stored.
const RecordType store.RecordType = 101

// A By is who makes a change.
type By struct {
	User    string `json:"user,omitempty"`    // e-mail address of the account, or "local NAME" for one of the system
	Program string `json:"program,omitempty"` // by its registered name, or in its own words
	App     string `json:"app,omitempty"`     // client id of a registered program
	Address string `json:"address,omitempty"` // on the network
	Request string `json:"request,omitempty"` // number of the request
}

// A Change is what was done to one entry.
type Change struct {
	Op string `json:"op"` // such as AddContact
	ID string `json:"id"` // short id of the entry
}

// What is done to contacts and groups.
const (
	AddContact    = "add contact"
	UpdateContact = "update contact"
	DeleteContact = "delete contact"
	AddGroup      = "add group"
	UpdateGroup   = "update group"
	DeleteGroup   = "delete group"
)

// What becomes of a command.
const (
	Begun  = "begun" // it is under way, or was interrupted
	Done   = "done"
	Failed = "failed"
)

// A Record is one entry of the log: a change of a domain's shared contacts,
// with Changes, or a command, with Command and Outcome.
type Record struct {
	Time time.Time `json:"time"`
	By
	Domain  string   `json:"domain,omitempty"` // whose shared contacts were changed
	Changes []Change `json:"changes,omitempty"`
	Command string   `json:"command,omitempty"` // such as "user add"
	Args    []string `json:"args,omitempty"`
	Outcome string   `json:"outcome,omitempty"`

	Key string `json:"-"` // under which it is kept
}

// Append adds a record, of the time r.Time, which lasts until keep later, and
// returns its key.
func Append(tx store.Records, r Record, keep time.Duration) (string, error) {
	r.Time = r.Time.UTC().Truncate(time.Microsecond)
	key := keyAt(r.Time) + "-" + strings.ToLower(rand.Text()[:8])
	return key, Put(tx, key, r, keep)
}

// Put replaces the record of a key.
func Put(tx store.Records, key string, r Record, keep time.Duration) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return tx.PutRecord(RecordType, key, b, r.Time.Add(keep)) // OPS-83
}

// keyAt is what the keys of the records of a time begin with; they sort as
// their times do.
func keyAt(t time.Time) string { return fmt.Sprintf("%016x", max(0, t.UnixMicro())) }

// Records yields the records since a time, oldest first.
func Records(tx store.Records, since time.Time) iter.Seq2[Record, error] {
	first := keyAt(since)
	return func(yield func(Record, error) bool) {
		for kept, err := range tx.Records(RecordType, "") {
			if err == nil && kept.Key < first {
				continue
			}
			r := Record{Key: kept.Key}
			if err == nil {
				err = json.Unmarshal(kept.Value, &r)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// A Noting transaction remembers which entries are changed in it.
type Noting struct {
	store.Tx
	Changes []Change
}

func (n *Noting) note(op string, id contacts.ID, err error) error {
	if err == nil {
		n.Changes = append(n.Changes, Change{op, id.String()})
	}
	return err
}

// Try implements store.Tx: what it undoes is forgotten.
func (n *Noting) Try(fn func() error) error {
	before := len(n.Changes)
	err := n.Tx.Try(fn)
	if err != nil {
		n.Changes = n.Changes[:before]
	}
	return err
}

// InsertContact implements store.Tx.
func (n *Noting) InsertContact(c *contacts.Contact) error {
	return n.note(AddContact, c.ID, n.Tx.InsertContact(c))
}

// UpdateContact implements store.Tx.
func (n *Noting) UpdateContact(old, c *contacts.Contact) error {
	return n.note(UpdateContact, c.ID, n.Tx.UpdateContact(old, c))
}

// DeleteContact implements store.Tx.
func (n *Noting) DeleteContact(old, tombstone *contacts.Contact) error {
	return n.note(DeleteContact, old.ID, n.Tx.DeleteContact(old, tombstone))
}

// InsertGroup implements store.Tx.
func (n *Noting) InsertGroup(g *contacts.Group) error {
	return n.note(AddGroup, g.ID, n.Tx.InsertGroup(g))
}

// UpdateGroup implements store.Tx.
func (n *Noting) UpdateGroup(old, g *contacts.Group) error {
	return n.note(UpdateGroup, g.ID, n.Tx.UpdateGroup(old, g))
}

// DeleteGroup implements store.Tx.
func (n *Noting) DeleteGroup(old, tombstone *contacts.Group) error {
	return n.note(DeleteGroup, old.ID, n.Tx.DeleteGroup(old, tombstone))
}
