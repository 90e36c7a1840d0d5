// Package auth knows who may do what: domains and their users, passwords,
// tokens, and whose address book a request may touch. It serves the endpoints
// where programs sign in, and the pages where people do. Protocol packages call
// Identify and Open; the server's commands call the rest.
//
// All it knows is kept as records of a store.Store, with those of an account
// under the account's own number. Every request reads it there, so that a change
// made by one process holds at once for all that share the store.
package auth

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"time"

	"contacts"
	"contacts/reply"
	"contacts/store"
)

// The record types of this package, which has the numbers 1 to 19. Those of
// the directory say so.
const (
	recordDomainName store.RecordType = 1 // directory: domain -> nameRecord
	recordUserName   store.RecordType = 2 // directory: domain/local part -> nameRecord
	recordCounter    store.RecordType = 3 // directory: numberKey -> the last number given out
	recordFailures   store.RecordType = 4 // directory: user/... or address/... -> failures
	recordCaptcha    store.RecordType = 5 // directory: hash of the picture's token -> captcha
	recordAccount    store.RecordType = 6 // selfKey -> account; removedKey marks a number that must not be used again
	recordDomain     store.RecordType = 7 // selfKey -> domain
	recordToken      store.RecordType = 8 // hash of the token -> token

	recordApp          store.RecordType = 9  // directory: ID -> app
	recordRefresh      store.RecordType = 10 // hash of a refresh token of OAuth 2.0 -> token
	recordCode         store.RecordType = 11 // hash of a code of OAuth 2.0 -> what it stands for
	recordRequestToken store.RecordType = 12 // directory: hash of a request token of OAuth 1.0a -> what it stands for
	recordDevice       store.RecordType = 13 // directory: hash of a device code or user code -> the device's request
	recordSession      store.RecordType = 14 // hash of the cookie -> session of a browser
	recordGrant        store.RecordType = 15 // id of the consent -> grant
	recordRate         store.RecordType = 16 // directory: number of the account -> rest
	recordNonces       store.RecordType = 17 // directory: client id -> horizon
	recordAssertion    store.RecordType = 18 // directory: hash of a client id and the jti of an assertion -> nothing
	recordRing         store.RecordType = 19 // also in the directory: ring/ -> the next slot; ring/slot -> key of the record in it
)

const (
	numberKey  = "owner"
	selfKey    = "self"
	removedKey = "removed"
)

// Options are the settings of a Service. The zero value of each is its default.
type Options struct {
	Now    func() time.Time // time.Now
	Rand   io.Reader        // crypto/rand; must be safe for concurrent use
	Logger *slog.Logger     // slog.DiscardHandler
	Site   *reply.Site      // a site without settings

	DefaultDomain string // of user names without @; none

	ClientLoginLife time.Duration // of a ClientLogin token; 14 days
	ClientLoginOff  bool          // refuse to issue and accept ClientLogin tokens

	AuthSubOff          bool // refuse to issue and accept AuthSub tokens
	AuthSubUnregistered bool // let programs that are not registered ask for AuthSub tokens
	OAuth1Off           bool // refuse OAuth 1.0a
	OAuth2Off           bool // refuse OAuth 2.0
	ImplicitGrant       bool // let OAuth 2.0 give tokens to browsers (response_type=token)

	// SecretKey has SecretKeySize random bytes. It encrypts the secrets of
	// programs, so it must stay the same, and be the same for all that share
	// the store. Without one, a random key is used, and what it encrypts is
	// lost with the Service.
	SecretKey []byte

	// So many failed logins within LoginWindow (15 minutes), of one account or
	// from one address, bring a captcha (5) and a refusal (50).
	LoginCaptchaAfter int
	LoginRefuseAfter  int
	LoginWindow       time.Duration

	// RequestRate limits the data requests of each account, per second on
	// average; 0 is no limit. RequestBurst (RequestRate, at least 1) may come
	// at once.
	RequestRate  float64
	RequestBurst int

	Argon2 Argon2 // cost of new passwords
}

// A Service answers all questions about accounts. It is safe for concurrent use.
type Service struct {
	store store.Store
	o     Options
	log   *slog.Logger
	site  *reply.Site

	hashing hashing
	rates   rates
	holders holders
	nonces  nonces
	counts  counts
	started int64 // seconds since 1970
}

// New makes a Service on st. It reads nothing yet.
func New(st store.Store, o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Site == nil {
		o.Site = &reply.Site{}
	}
	o.ClientLoginLife = orDefault(o.ClientLoginLife, 14*24*time.Hour)
	o.LoginCaptchaAfter = orDefault(o.LoginCaptchaAfter, 5)
	o.LoginRefuseAfter = orDefault(o.LoginRefuseAfter, 50)
	o.LoginWindow = orDefault(o.LoginWindow, 15*time.Minute)
	o.RequestBurst = orDefault(o.RequestBurst, max(1, int(o.RequestRate)))
	o.Argon2.Memory = orDefault(o.Argon2.Memory, DefaultArgon2.Memory)
	o.Argon2.Time = orDefault(o.Argon2.Time, DefaultArgon2.Time)
	o.Argon2.Threads = orDefault(o.Argon2.Threads, DefaultArgon2.Threads)
	if o.SecretKey == nil {
		o.SecretKey = make([]byte, SecretKeySize)
		if _, err := io.ReadFull(o.Rand, o.SecretKey); err != nil {
			panic("auth: no randomness: " + err.Error())
		}
	}
	return &Service{store: st, o: o, log: o.Logger, site: o.Site, hashing: newHashing(), counts: newCounts(), started: o.Now().Unix()}
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

func (s *Service) now() time.Time { return s.o.Now() }

// random returns n random bytes. A source of randomness that fails leaves
// nothing sensible to do.
func (s *Service) random(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(s.o.Rand, b); err != nil {
		panic("auth: no randomness: " + err.Error())
	}
	return b
}

// read decodes the record into v and reports whether it exists.
func read(tx store.Records, t store.RecordType, key string, v any) (bool, error) {
	b, err := tx.Record(t, key)
	if contacts.KindOf(err) == contacts.NotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, json.Unmarshal(b, v)
}

// put encodes v as the value of a record that lasts until expires, or for ever
// if that is zero.
func put(tx store.Records, t store.RecordType, key string, v any, expires time.Time) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return tx.PutRecord(t, key, b, expires)
}

var forever time.Time
