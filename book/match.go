package book

import (
	"slices"
	"strings"

	"contacts"
)

// A Match is what a write expects of the state of the entry that it changes.
// The zero Match expects nothing.
type Match struct {
	// Version is the version number that ended the edit URL, or empty.
	Version string

	// ETags are entity tags of which one must be the entry's; nil for no such
	// condition. A weak tag never matches, and one without quotes is compared
	// without them (WRT-34).
	ETags []string

	// Missing is the error for a write that should have said which state it
	// expects. It is for an entry that could be written otherwise.
	Missing error
}

// check fails with kind Stale if the entry, whose revision is rev, is in
// another state: with code CodeConflict for the version number and CodeETags
// for the tags. It fails with m.Missing if that is set.
func (m Match) check(rev contacts.Rev) error {
	if m.Missing != nil {
		return m.Missing
	}
	if m.Version != "" && m.Version != rev.String() { // WRT-30, WRT-39
		return Mismatch(contacts.CodeConflict, m.Version, rev.ETag())
	}
	if m.ETags != nil && !slices.ContainsFunc(m.ETags, func(tag string) bool {
		return tag == rev.ETag() || tag == strings.Trim(rev.ETag(), `"`)
	}) {
		return Mismatch(contacts.CodeETags, strings.Join(m.ETags, ", "), rev.ETag()) // WRT-32
	}
	return nil
}

// Mismatch is the error of kind Stale for a client that expects the state sent
// of what is in the state now.
func Mismatch(code contacts.Code, sent, now string) error {
	const most = 200 // bytes of what the client sent
	if len(sent) > most {
		sent = strings.ToValidUTF8(sent[:most], "") + "..."
	}
	return contacts.Errorf(contacts.Stale, code, "Mismatch: etags = [%s], version = [%s]", sent, now) // ERR-48
}
