package auth

import (
	"strconv"
	"time"

	"contacts/store"
)

// A ring bounds how many records of one sort are kept: those made last, one in
// each slot. What takes a slot ends what was there before, which is the oldest.
// Nobody loses by that who signs in each time and forgets the token, and nobody
// can fill the store. However many there are, it costs two reads and three
// writes of some bytes.
//
// Slots name records, and do not follow them: one whose record has ended in
// another way is as good as empty. Whatever becomes of the counter, no more
// records than slots are left.
type ring struct {
	as    store.RecordType // of the records
	name  string           // among the rings of the owner
	slots int
}

const (
	keptByAccount = 200  // of each sort that one account has
	keptByGrant   = 200  // access tokens of one consent
	askedByApp    = 1000 // questions of one program that no user has answered

	assertionsOfApp = 20_000 // of one service account that must not come twice
)

// The rings of an account.
var (
	loginRing   = ring{recordToken, string(ClientLoginToken), keptByAccount} // AUTH-131
	sessionRing = ring{recordSession, "session", keptByAccount}              // AUTH-131
	codeRing    = ring{recordCode, "code", keptByAccount}                    // AUTH-132
	onceRing    = ring{recordToken, string(AuthSubToken), keptByAccount}     // AUTH-132
)

// ring is the ring of a token, if it has one. The others are bounded by their
// consents, each of which leads to one token.
func (t *token) ring() (ring, bool) {
	switch {
	case t.Kind == ClientLoginToken:
		return loginRing, true
	case t.Once:
		return onceRing, true
	}
	return ring{}, false
}

// accessRing and refreshRing are those of a consent, and end with it.
func accessRing(grant string) ring { return ring{recordToken, "access/" + grant, keptByGrant} } // AUTH-132

func refreshRing(grant string) ring { return ring{recordRefresh, "refresh/" + grant, maxRefresh} } // AUTH-104

// Those of the directory: what programs have asked for, and what users have
// agreed to, as long as the program has not come for it.
func requestRing(app string) ring { return ring{recordRequestToken, "request/" + app, askedByApp} } // AUTH-133

func deviceRing(app string) ring { return ring{recordDevice, "device/" + app, askedByApp} } // AUTH-133

func agreedRing(as store.RecordType, owner store.Owner) ring {
	return ring{as, "agreed/" + strconv.Itoa(int(as)) + "/" + strconv.FormatInt(int64(owner), 10), keptByAccount} // AUTH-133
}

func assertionRing(app string) ring {
	return ring{recordAssertion, "assertion/" + app, assertionsOfApp}
} // AUTH-135

// add gives a new record, which lasts until a time, the next slot. It calls end,
// or deletes the record if that is nil, for the one that was there; end may fail
// instead.
func (r ring) add(tx store.Records, key string, until time.Time, end func(key string) error) error {
	var next int
	if _, err := read(tx, recordRing, r.prefix(), &next); err != nil {
		return err
	}
	slot := r.prefix() + strconv.Itoa(next%r.slots)
	var oldest string
	found, err := read(tx, recordRing, slot, &oldest)
	if err != nil {
		return err
	}
	if found && end == nil {
		err = tx.DeleteRecord(r.as, oldest)
	} else if found {
		err = end(oldest)
	}
	if err != nil {
		return err
	}
	if err := put(tx, recordRing, slot, key, until); err != nil {
		return err
	}
	return put(tx, recordRing, r.prefix(), (next+1)%r.slots, until)
}

// prefix is what the keys of the ring begin with. It is that of no other ring,
// whatever a name contains, since slots are numbers.
func (r ring) prefix() string { return r.name + "/" }

// drop removes the ring, whose records have ended.
func (r ring) drop(tx store.Records) error { return deleteAll(tx, recordRing, r.prefix()) }
