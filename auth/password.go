package auth

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/argon2"

	"contacts"
)

// Argon2 is the cost of hashing a password with argon2id.
type Argon2 struct {
	Memory  uint32 // KiB
	Time    uint32 // passes
	Threads uint8
}

// DefaultArgon2 is the least that OWASP advises.
var DefaultArgon2 = Argon2{Memory: 19 << 10, Time: 2, Threads: 1}

const (
	saltBytes = 16
	hashBytes = 32

	minPassword = 8 // bytes
	maxPassword = 1024
)

// The hashes that are computed at the same time are few, because each needs
// much memory, and so are the callers that wait for their turn.
type hashing struct {
	turns   chan struct{}
	waiting atomic.Int64
}

const maxWaiting = 100

func newHashing() hashing {
	return hashing{turns: make(chan struct{}, min(4, runtime.GOMAXPROCS(0)))}
}

// turn waits for leave to hash passwords, until done is called. It fails with
// kind Unavailable when too many wait already. When nobody else hashes, done
// gives back the memory at once, which the runtime would keep for minutes.
func (h *hashing) turn(ctx context.Context) (done func(), err error) {
	if h.waiting.Add(1) > maxWaiting {
		h.waiting.Add(-1)
		return nil, contacts.Errorf(contacts.Unavailable, contacts.CodeOverloaded, "Too many people are signing in; try again later")
	}
	defer h.waiting.Add(-1)
	select {
	case h.turns <- struct{}{}:
		return func() {
			<-h.turns
			if len(h.turns) == 0 && h.waiting.Load() == 0 {
				debug.FreeOSMemory()
			}
		}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// hashPassword makes the text that stands for a password: the parameters, a
// new salt and the argon2id hash, $argon2id$v=19$m=KIB,t=PASSES,p=THREADS$salt$hash.
// It fails with kind Invalid for a password that is too short or too long.
func (s *Service) hashPassword(ctx context.Context, password string) (string, error) {
	if err := fitPassword(password); err != nil {
		return "", err
	}
	done, err := s.hashing.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	salt, p := s.random(saltBytes), s.o.Argon2
	hash := argon2.IDKey([]byte(password), salt, p.Time, p.Memory, p.Threads, hashBytes) // SEC-1
	return fmt.Sprintf(hashFormat, argon2.Version, p.Memory, p.Time, p.Threads, b64.EncodeToString(salt), b64.EncodeToString(hash)), nil
}

// fitPassword fails with kind Invalid for a password that is too short or too
// long.
func fitPassword(password string) error {
	switch {
	case len(password) < minPassword:
		return contacts.Errorf(contacts.Invalid, "", "a password must have at least %d characters", minPassword)
	case len(password) > maxPassword:
		return contacts.Errorf(contacts.Invalid, "", "a password may have at most %d bytes", maxPassword)
	}
	return nil
}

const hashFormat = "$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s"

var b64 = base64.RawStdEncoding

// checkPassword reports whether the password is the one that hashed stands
// for. An empty hashed is that of nobody: no password is right, and finding out
// takes as long as for one that is wrong. The caller has a turn at hashing.
func (s *Service) checkPassword(hashed, password string) bool {
	p, salt, want, err := parseHash(hashed)
	known := err == nil
	if !known {
		p, salt, want = s.o.Argon2, make([]byte, saltBytes), make([]byte, hashBytes)
	}
	if len(password) > maxPassword {
		password, known = password[:maxPassword], false
	}
	got := argon2.IDKey([]byte(password), salt, p.Time, p.Memory, p.Threads, uint32(len(want))) // SEC-3
	return subtle.ConstantTimeCompare(got, want) == 1 && known                                  // SEC-3
}

func parseHash(hashed string) (p Argon2, salt, hash []byte, err error) {
	fields := strings.Split(hashed, "$")
	if len(fields) != 6 {
		return p, nil, nil, fmt.Errorf("auth: not a password hash")
	}
	var version int
	_, err = fmt.Sscanf(fields[1]+fields[2]+","+fields[3], "argon2idv=%d,m=%d,t=%d,p=%d", &version, &p.Memory, &p.Time, &p.Threads)
	if err == nil && (version != argon2.Version || p.Time == 0 || p.Threads == 0) {
		err = fmt.Errorf("auth: not a password hash of this version of argon2")
	}
	if err == nil {
		salt, err = b64.DecodeString(fields[4])
	}
	if err == nil {
		hash, err = b64.DecodeString(fields[5])
	}
	return p, salt, hash, err
}

// letters are 32 characters that people do not take for one another.
const letters = "abcdefghijkmnpqrstuvwxyz23456789"

// GeneratePassword makes a password of 80 random bits that can be read out:
// four words of four letters and digits.
func (s *Service) GeneratePassword() string {
	w := s.randomWord(16)
	return w[:4] + "-" + w[4:8] + "-" + w[8:12] + "-" + w[12:]
}
