package auth

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"contacts"
	"contacts/store"
)

// A grant is one consent of a user, as it is kept. All tokens that come of it
// name it, and end with it.
type grant struct {
	App     string    `json:"app,omitempty"` // client id, empty for programs that are not registered
	Name    string    `json:"name"`          // of the program, as the user was shown it
	Kind    TokenKind `json:"kind"`
	Scopes  Scopes    `json:"scopes,omitempty"`
	Created time.Time `json:"created"`
}

// grantBytes is the randomness in the id of a grant.
const grantBytes = 16

// newGrant makes the id of a grant.
func (s *Service) newGrant() string { return hex.EncodeToString(s.random(grantBytes)) }

// putGrant keeps a grant among its owner's records, until expires or, if that
// is zero, until it is ended.
func putGrant(tx store.Tx, id string, g grant, expires time.Time) error {
	return put(tx, recordGrant, id, g, expires)
}

const (
	maxGrants    = 200 // consents of one account
	maxAppGrants = 50  // of these, to one program
)

// addGrant keeps a new consent. The oldest to the same program ends with all
// that came of it when there are too many of these, or else the oldest of all:
// a program that asks again and again costs the user none of another.
func (s *Service) addGrant(tx store.Tx, id string, g grant, expires time.Time) error {
	all, err := grants(tx)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(k keyed[grant]) bool { return k.key == serviceGrant(k.value.App) }) // one for each program
	slices.SortStableFunc(all, func(a, b keyed[grant]) int { return a.value.Created.Compare(b.value.Created) })
	ends := map[string]bool{}
	mark := func(most int, counts func(keyed[grant]) bool) {
		list := slices.DeleteFunc(slices.Clone(all), func(k keyed[grant]) bool { return ends[k.key] || !counts(k) })
		for _, k := range list[:max(0, len(list)-most+1)] {
			ends[k.key] = true
		}
	}
	mark(maxAppGrants, func(k keyed[grant]) bool { return k.value.sameProgram(&g) }) // AUTH-134
	mark(maxGrants, func(keyed[grant]) bool { return true })                         // AUTH-134
	for old := range ends {
		if _, err := s.endGrant(tx, old); err != nil {
			return err
		}
	}
	return putGrant(tx, id, g, expires)
}

// sameProgram reports whether two consents are to one program. What is not
// registered goes by its name, which is that of its host.
func (g *grant) sameProgram(other *grant) bool {
	return g.App == other.App && (g.App != "" || g.Name == other.Name)
}

// grantOf finds a grant, which may have ended.
func grantOf(tx store.Tx, id string) (g grant, found bool, err error) {
	if id == "" {
		return g, false, nil
	}
	found, err = read(tx, recordGrant, id, &g)
	return g, found, err
}

// grants lists the grants of the owner of tx.
func grants(tx store.Records) ([]keyed[grant], error) {
	var all []keyed[grant]
	for r, err := range tx.Records(recordGrant, "") {
		if err != nil {
			return nil, err
		}
		k := keyed[grant]{key: r.Key}
		if err := json.Unmarshal(r.Value, &k.value); err != nil {
			return nil, err
		}
		all = append(all, k)
	}
	return all, nil
}

// endGrant ends a grant of the owner of tx with all tokens and codes of it, and
// returns how many they were.
func (s *Service) endGrant(tx store.Tx, id string) (int, error) {
	if id == "" {
		return 0, nil
	}
	n := 0
	for _, t := range [...]store.RecordType{recordToken, recordRefresh, recordCode} {
		var keys []string
		for r, err := range tx.Records(t, "") {
			if err != nil {
				return n, err
			}
			var member struct {
				Grant string `json:"grant"`
			}
			if err := json.Unmarshal(r.Value, &member); err != nil {
				return n, err
			}
			if member.Grant == id {
				keys = append(keys, r.Key)
			}
		}
		for _, key := range keys {
			if err := tx.DeleteRecord(t, key); err != nil {
				return n, err
			}
		}
		n += len(keys)
	}
	for _, r := range [...]ring{accessRing(id), refreshRing(id)} {
		if err := r.drop(tx); err != nil {
			return n, err
		}
	}
	return n, tx.DeleteRecord(recordGrant, id)
}

// A Program is one that a user has given access to.
type Program struct {
	ID      string // for RevokeProgram
	Name    string
	Kind    TokenKind
	App     string   // client id of a registered program, else empty
	Words   []string // what it may do, for people to read
	Created time.Time
}

// Programs lists the programs that hold access to the account of a user, the
// latest first: one for each consent, and one for each ClientLogin token.
func (s *Service) Programs(ctx context.Context, owner store.Owner) ([]Program, error) {
	now := s.now()
	var list []Program
	err := s.store.View(ctx, owner, func(tx store.Tx) error {
		list = nil
		all, err := grants(tx)
		if err != nil {
			return err
		}
		known := map[string]bool{}
		for _, k := range all {
			g := k.value
			known[k.key] = true
			list = append(list, Program{ID: k.key, Name: g.Name, Kind: g.Kind, App: g.App, Words: g.Scopes.Words(), Created: g.Created})
		}
		for k, err := range tokensOf(tx, recordToken, "") {
			if err != nil {
				return err
			}
			t := k.value
			if t.expired(now) || known[t.Grant] {
				continue
			}
			p := Program{ID: tokenID(owner, k.key), Name: t.Source, Kind: t.Kind, App: t.App, Words: t.Scopes.Words(), Created: t.Created}
			if p.Name == "" {
				p.Name = "A program without a name"
			}
			if t.Kind == ClientLoginToken {
				p.Words = Scopes{scopeFeeds}.Words()
			}
			list = append(list, p)
		}
		return nil
	})
	slices.SortStableFunc(list, func(a, b Program) int { return b.Created.Compare(a.Created) })
	return list, err // SEC-8
}

// RevokeProgram ends the access of a program with an ID that Programs gave for
// the same owner. It fails with kind NotFound.
func (s *Service) RevokeProgram(ctx context.Context, owner store.Owner, id string) error {
	return s.store.Update(ctx, owner, func(tx store.Tx) error {
		if _, found, err := grantOf(tx, id); err != nil {
			return err
		} else if found {
			_, err := s.endGrant(tx, id) // SEC-8
			return err
		}
		prefix, ok := strings.CutPrefix(id, tokenID(owner, "")) // of this owner alone
		if !ok || len(prefix) != idDigits {
			return noProgram()
		}
		n, err := s.revokeTokens(tx, prefix) // SEC-8
		if err == nil && n == 0 {
			err = noProgram()
		}
		return err
	})
}

// RevokePrograms ends the access of all programs. Sessions of browsers stay.
func (s *Service) RevokePrograms(ctx context.Context, owner store.Owner) error {
	return s.store.Update(ctx, owner, func(tx store.Tx) error {
		for _, t := range [...]store.RecordType{recordToken, recordRefresh, recordCode, recordGrant} {
			if err := deleteAll(tx, t, ""); err != nil { // SEC-8
				return err
			}
		}
		for _, of := range [...]ring{accessRing(""), refreshRing("")} { // of all consents
			if err := deleteAll(tx, recordRing, of.name); err != nil {
				return err
			}
		}
		return nil
	})
}

func noProgram() error {
	return contacts.Errorf(contacts.NotFound, contacts.CodeNotFound, "This program has no access")
}
