package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
)

// SecretKeySize is the length of Options.SecretKey in bytes.
const SecretKeySize = 32

// derive is a key of its own for each purpose, made of the secret key.
func (s *Service) derive(purpose string) []byte {
	mac := hmac.New(sha256.New, s.o.SecretKey)
	mac.Write([]byte(purpose))
	return mac.Sum(nil)
}

// sealer encrypts what the store may hold but not tell.
func (s *Service) sealer() cipher.AEAD {
	block, err := aes.NewCipher(s.derive("seal"))
	if err != nil {
		panic(err) // a key of 32 bytes is always good
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return gcm
}

// seal encrypts plain. It opens again only with the same bound, which says
// what it belongs to, so that nobody who can write to the store moves it to
// another place.
func (s *Service) seal(plain []byte, bound string) string {
	aead := s.sealer()
	nonce := s.random(aead.NonceSize())
	return base64.RawURLEncoding.EncodeToString(aead.Seal(nonce, nonce, plain, []byte(bound))) // SEC-2
}

// errSealed is our own fault, or that of whoever lost the key.
var errSealed = errors.New("auth: a secret was not sealed with the present secret key")

// open decrypts what seal made with the same bound.
func (s *Service) open(sealed, bound string) ([]byte, error) {
	aead := s.sealer()
	b, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || len(b) < aead.NonceSize() {
		return nil, errSealed
	}
	plain, err := aead.Open(nil, b[:aead.NonceSize()], b[aead.NonceSize():], []byte(bound))
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}

// tokenSecret is the secret that goes with a token of OAuth 1.0a. It follows
// from the token and the secret key, so nothing of it is stored (SEC-2).
func (s *Service) tokenSecret(token string) string {
	return base64.RawURLEncoding.EncodeToString(s.derive("token secret" + token)) // SEC-2
}
