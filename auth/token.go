package auth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"iter"
	"strconv"
	"strings"
	"time"

	"contacts"
	"contacts/store"
)

// A TokenKind is the scheme that a token belongs to; it is of use in no other.
type TokenKind string

// The kinds of tokens. All but OAuth2Refresh let a request in.
const (
	ClientLoginToken TokenKind = "ClientLogin"
	AuthSubToken     TokenKind = "AuthSub"
	OAuth1Token      TokenKind = "OAuth 1.0a"
	OAuth2Token      TokenKind = "OAuth 2.0"
	OAuth2Refresh    TokenKind = "OAuth 2.0 refresh"
)

// A Token is what an administrator may know of a token. The token itself is
// known to its holder alone.
type Token struct {
	ID      string // for RevokeToken; no secret
	Kind    TokenKind
	Source  string   // the program that it was given to: its registered name, or its own words
	App     string   // client id of a registered program, else empty
	Scopes  []string // nil: not limited
	Created time.Time
	Expires time.Time // zero: never
}

// A token is a Token as it is kept, under the hash of the token itself. All
// records of an owner that a consent leads to have the member "grant".
type token struct {
	Kind    TokenKind `json:"kind"`
	Source  string    `json:"source,omitempty"`
	App     string    `json:"app,omitempty"`
	Scopes  Scopes    `json:"scopes,omitempty"`
	Grant   string    `json:"grant,omitempty"`   // what endGrant ends it by
	Next    string    `json:"next,omitempty"`    // AuthSub: scheme and host of next
	Secure  bool      `json:"secure,omitempty"`  // AuthSub: requests must be signed
	Once    bool      `json:"once,omitempty"`    // AuthSub: good for one request
	Session bool      `json:"session,omitempty"` // AuthSub: may be exchanged for one that lasts
	Signer  *signer   `json:"signer,omitempty"`  // OAuth 1.0a, secure AuthSub: who signs
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"` // zero: never
}

// expired reports whether the token was good once.
func (t *token) expired(now time.Time) bool {
	return !t.Expires.IsZero() && !now.Before(t.Expires)
}

// keptUntil is how long the token is remembered.
func (t *token) keptUntil() time.Time {
	if t.Expires.IsZero() {
		return forever
	}
	return t.Expires.Add(expiredLife)
}

const (
	secretBytes = 32
	maxSource   = 200 // bytes of a program's name that are kept
	idDigits    = 16  // of the hash that are part of a token's ID

	// expiredLife is how long an expired token is told from one that never was.
	expiredLife = 30 * 24 * time.Hour
)

// newToken makes a token of an owner: the owner's number and random bytes, in
// letters, digits, hyphens and underscores. The number leads to the rows among
// which the token is found.
func (s *Service) newToken(owner store.Owner) string {
	b := binary.AppendUvarint(nil, uint64(owner))
	b = append(b, s.random(secretBytes)...) // SEC-2
	return base64.RawURLEncoding.EncodeToString(b)
}

// tokenOwner reads the owner out of a token, which need not be genuine.
func tokenOwner(text string) (store.Owner, bool) {
	const most = binary.MaxVarintLen32 + secretBytes
	var buf [most]byte
	if len(text) > base64.RawURLEncoding.EncodedLen(most) {
		return 0, false
	}
	n, err := base64.RawURLEncoding.Decode(buf[:], []byte(text))
	if err != nil {
		return 0, false
	}
	owner, size := binary.Uvarint(buf[:n])
	if size <= 0 || n-size != secretBytes || owner == 0 || owner > uint64(store.MaxOwner) {
		return 0, false
	}
	return store.Owner(owner), true
}

// tokenKey is the hash under which a token is kept. Whoever reads the store
// cannot find the token from it, nor whoever measures how long a search takes.
func tokenKey(text string) string {
	hash := sha256.Sum256([]byte(text)) // SEC-2
	return hex.EncodeToString(hash[:])
}

// putToken keeps a new token among its owner's records.
func (s *Service) putToken(tx store.Tx, text string, t token) error {
	s.counts.tokens.At(string(t.Kind)).Inc()
	if r, ok := t.ring(); ok {
		if err := r.add(tx, tokenKey(text), t.keptUntil(), nil); err != nil {
			return err
		}
	}
	return putTokenAs(tx, recordToken, text, t, t.keptUntil())
}

// putRefresh is putToken for refresh tokens, which let no request in.
func (s *Service) putRefresh(tx store.Tx, text string, t token) error {
	s.counts.tokens.At(string(OAuth2Refresh)).Inc()
	t.Kind = OAuth2Refresh
	if err := refreshRing(t.Grant).add(tx, tokenKey(text), t.keptUntil(), nil); err != nil { // AUTH-104
		return err
	}
	return putTokenAs(tx, recordRefresh, text, t, t.keptUntil())
}

func putTokenAs(tx store.Tx, as store.RecordType, text string, t token, until time.Time) error {
	t.Source = printable(t.Source[:min(len(t.Source), maxSource)])
	return put(tx, as, tokenKey(text), t, until)
}

// tokensOf yields the tokens of a type whose keys begin with prefix.
func tokensOf(tx store.Records, as store.RecordType, prefix string) iter.Seq2[keyed[token], error] {
	return func(yield func(keyed[token], error) bool) {
		for r, err := range tx.Records(as, prefix) {
			k := keyed[token]{key: r.Key}
			if err == nil {
				err = json.Unmarshal(r.Value, &k.value)
			}
			if !yield(k, err) || err != nil {
				return
			}
		}
	}
}

// A keyed is a record, decoded, with its key.
type keyed[T any] struct {
	key   string
	value T
}

// tokenTypes are the record types of tokens.
var tokenTypes = [...]store.RecordType{recordToken, recordRefresh}

// Tokens lists the tokens of a user that are good now. It fails with kind
// NotFound without the user.
func (s *Service) Tokens(ctx context.Context, email string) ([]Token, error) {
	user, err := s.User(ctx, email)
	if err != nil {
		return nil, err
	}
	now := s.now()
	var tokens []Token
	err = s.store.View(ctx, user.Owner, func(tx store.Tx) error {
		tokens = nil
		for _, as := range tokenTypes {
			for k, err := range tokensOf(tx, as, "") {
				if err != nil {
					return err
				}
				if t := k.value; !t.expired(now) {
					tokens = append(tokens, Token{
						ID:      tokenID(user.Owner, k.key),
						Kind:    t.Kind,
						Source:  t.Source,
						App:     t.App,
						Scopes:  t.Scopes,
						Created: t.Created,
						Expires: t.Expires,
					})
				}
			}
		}
		return nil
	})
	return tokens, err
}

func tokenID(owner store.Owner, key string) string {
	return strconv.FormatInt(int64(owner), 10) + "-" + key[:min(len(key), idDigits)]
}

// RevokeToken ends the token with an ID that Tokens gave; with a refresh token
// go all tokens of its consent. It fails with kind NotFound if there is none.
func (s *Service) RevokeToken(ctx context.Context, id string) error {
	number, prefix, _ := strings.Cut(id, "-")
	owner, err := strconv.ParseInt(number, 10, 64)
	if err != nil || owner <= 0 || owner > int64(store.MaxOwner) || len(prefix) != idDigits {
		return noToken(id)
	}
	return s.store.Update(ctx, store.Owner(owner), func(tx store.Tx) error {
		n, err := s.revokeTokens(tx, strings.ToLower(prefix))
		if err == nil && n == 0 {
			err = noToken(id)
		}
		return err
	})
}

func noToken(id string) error {
	return contacts.Errorf(contacts.NotFound, contacts.CodeNotFound, "There is no token %q", id)
}

// revokeTokens ends the tokens whose keys begin with prefix, and returns how
// many they were.
func (s *Service) revokeTokens(tx store.Tx, prefix string) (int, error) {
	refresh, err := collect(tokensOf(tx, recordRefresh, prefix))
	if err != nil {
		return 0, err
	}
	for _, k := range refresh {
		if err := tx.DeleteRecord(recordRefresh, k.key); err != nil {
			return 0, err
		}
		if _, err := s.endGrant(tx, k.value.Grant); err != nil {
			return 0, err
		}
	}
	access, err := collect(tokensOf(tx, recordToken, prefix))
	if err != nil {
		return 0, err
	}
	for _, k := range access {
		if err := tx.DeleteRecord(recordToken, k.key); err != nil {
			return 0, err
		}
	}
	return len(refresh) + len(access), nil
}

// collect reads a sequence to its end, so that its records can be changed.
func collect[T any](seq iter.Seq2[T, error]) ([]T, error) {
	var all []T
	for v, err := range seq {
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// endClientLogins ends what a password alone has opened: ClientLogin tokens
// and the sessions of browsers.
func endClientLogins(tx store.Tx) error {
	tokens, err := collect(tokensOf(tx, recordToken, ""))
	if err != nil {
		return err
	}
	for _, k := range tokens {
		if k.value.Kind != ClientLoginToken {
			continue
		}
		if err := tx.DeleteRecord(recordToken, k.key); err != nil {
			return err
		}
	}
	return deleteAll(tx, recordSession, "")
}

// endAll ends everything that lets anybody act for the owner.
func endAll(tx store.Tx) error {
	for _, t := range [...]store.RecordType{recordToken, recordRefresh, recordCode, recordSession, recordGrant, recordRing} {
		if err := deleteAll(tx, t, ""); err != nil {
			return err
		}
	}
	return nil
}

// deleteAll removes the owner's records of a type whose keys begin with prefix.
func deleteAll(tx store.Records, t store.RecordType, prefix string) error {
	records, err := collect(tx.Records(t, prefix))
	if err != nil {
		return err
	}
	for _, r := range records {
		if err := tx.DeleteRecord(t, r.Key); err != nil {
			return err
		}
	}
	return nil
}
