package gdata

import (
	"net/url"
	"strings"

	"contacts"
	"contacts/auth"
	"contacts/wire"
)

const root = "/m8/feeds/"

// segments are the decoded segments of a path after /m8/feeds/: at least the
// collection, owner and projection. Empty segments are passed over, so that
// doubled slashes and one at the end mean nothing (RES-33). Each segment is
// decoded once, after the split.
func segments(escaped string) ([]string, error) {
	seg := make([]string, 0, 8)
	for s := range strings.SplitSeq(escaped, "/") {
		if s == "" {
			continue
		}
		s, err := url.PathUnescape(s)
		if err != nil {
			return nil, errRequestURI
		}
		seg = append(seg, s)
	}
	if len(seg) >= 3 && seg[0] == "m8" && seg[1] == "feeds" && seg[2] == "profiles" {
		return seg[2:], nil
	}
	if len(seg) < 5 || seg[0] != "m8" || seg[1] != "feeds" {
		return nil, errNoPath
	}
	return seg[2:], nil
}

// A reference is what an id or link says: an entry of a kind in an owner's
// book.
type reference struct {
	collection string // contacts or groups
	owner      string
	id         contacts.ID
	version    string // version number at the end, or empty
}

// parseReference reads an id or link, whatever its scheme, host, projection
// and version number (RES-64).
func parseReference(href string) (reference, bool) {
	i := strings.Index(href, root)
	if i < 0 {
		return reference{}, false
	}
	path, _, _ := strings.Cut(href[i:], "?")
	seg, err := segments(path)
	if err != nil || len(seg) < 4 || len(seg) > 5 {
		return reference{}, false
	}
	id, ok := contacts.ParseID(seg[3])
	ref := reference{collection: seg[0], owner: strings.ToLower(strings.TrimSpace(seg[1])), id: id}
	if len(seg) == 5 {
		ref.version = seg[4]
	}
	return ref, ok
}

// isOf reports whether the reference leads into the target's book. default is
// the book of the one who asks.
func (ref reference) isOf(k wire.Kind, t *auth.Target, id *auth.Identity) bool {
	if ref.collection != collections[k] {
		return false
	}
	return ref.owner == t.Name || ref.owner == "default" && t.Owner == id.Account.Owner
}

var collections = map[wire.Kind]string{wire.ContactKind: "contacts", wire.GroupKind: "groups"}

// groupRef reads the href of a group membership of an entry (ELEM-93).
func (rq *request) groupRef(href string) (contacts.ID, error) {
	ref, ok := parseReference(href)
	if !ok || !ref.isOf(wire.GroupKind, rq.target, rq.identity) {
		return 0, &contacts.Error{Kind: contacts.Invalid, Code: contacts.CodeAttributeValue,
			Reason: "Not the id of a group of this owner", Path: "gContact:groupMembershipInfo/@href"}
	}
	return ref.id, nil
}

// checkID refuses an entry whose id names another one (WRT-22).
func (rq *request) checkID(id string) error {
	if id == "" {
		return nil
	}
	ref, ok := parseReference(id)
	if !ok || ref.id != rq.id || !ref.isOf(rq.kind.wire, rq.target, rq.identity) {
		return contacts.Errorf(contacts.Invalid, contacts.CodeInvalidEntry, "Entry id does not match") // ERR-33
	}
	return nil
}
