package auth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"contacts"
	"contacts/store"
)

// A TokenKind is the scheme that a token belongs to; it is of use in no other.
type TokenKind string

// ClientLoginToken is what ClientLogin gives out.
const ClientLoginToken TokenKind = "ClientLogin"

// A Token is what an administrator may know of a token. The token itself is
// known to its holder alone.
type Token struct {
	ID      string // for RevokeToken; no secret
	Kind    TokenKind
	Source  string // the program that it was given to, in its own words
	Created time.Time
	Expires time.Time
}

// A token is a Token as it is kept, under the hash of the token itself.
type token struct {
	Kind    TokenKind `json:"kind"`
	Source  string    `json:"source,omitempty"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
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
func putToken(tx store.Tx, text string, t token) error {
	t.Source = strings.ToValidUTF8(t.Source[:min(len(t.Source), maxSource)], "")
	return put(tx, recordToken, tokenKey(text), t, t.Expires.Add(expiredLife))
}

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
		for r, err := range tx.Records(recordToken, "") {
			if err != nil {
				return err
			}
			var t token
			if err := json.Unmarshal(r.Value, &t); err != nil {
				return err
			}
			if now.Before(t.Expires) {
				tokens = append(tokens, Token{tokenID(user.Owner, r.Key), t.Kind, t.Source, t.Created, t.Expires})
			}
		}
		return nil
	})
	return tokens, err
}

func tokenID(owner store.Owner, key string) string {
	return strconv.FormatInt(int64(owner), 10) + "-" + key[:idDigits]
}

// RevokeToken ends the token with an ID that Tokens gave. It fails with kind
// NotFound if there is none.
func (s *Service) RevokeToken(ctx context.Context, id string) error {
	number, prefix, _ := strings.Cut(id, "-")
	owner, err := strconv.ParseInt(number, 10, 64)
	if err != nil || owner <= 0 || owner > int64(store.MaxOwner) || len(prefix) != idDigits {
		return noToken(id)
	}
	return s.store.Update(ctx, store.Owner(owner), func(tx store.Tx) error {
		n, err := revoke(tx, strings.ToLower(prefix), "")
		if err == nil && n == 0 {
			err = noToken(id)
		}
		return err
	})
}

func noToken(id string) error {
	return contacts.Errorf(contacts.NotFound, contacts.CodeNotFound, "There is no token %q", id)
}

// revokeAll ends all tokens of a kind, or of every kind if it is empty.
func revokeAll(tx store.Tx, kind TokenKind) error {
	_, err := revoke(tx, "", kind)
	return err
}

// revoke ends the tokens of a kind whose keys begin with prefix, and returns
// how many they were.
func revoke(tx store.Tx, prefix string, kind TokenKind) (int, error) {
	var keys []string
	for r, err := range tx.Records(recordToken, prefix) {
		if err != nil {
			return 0, err
		}
		var t token
		if err := json.Unmarshal(r.Value, &t); err != nil {
			return 0, err
		}
		if kind == "" || t.Kind == kind {
			keys = append(keys, r.Key)
		}
	}
	for _, key := range keys {
		if err := tx.DeleteRecord(recordToken, key); err != nil {
			return 0, err
		}
	}
	return len(keys), nil
}
