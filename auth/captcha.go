package auth

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"contacts"
	"contacts/store"
)

const (
	captchaLife   = 5 * time.Minute // AUTH-35
	captchaDigits = 6
)

// A captcha is a question that people read better than programs do.
type captcha struct {
	Answer string    `json:"answer"`
	Until  time.Time `json:"until"`
}

// A challenge names a captcha: one token to answer it, another to see the
// picture. The picture's follows from the answer's token and not the other way
// round, and the answer from neither.
type challenge struct{ token, picture string }

func challengeOf(token string) challenge {
	hash := sha256.Sum256([]byte("picture " + token))
	return challenge{token, base64.RawURLEncoding.EncodeToString(hash[:18])}
}

// newChallenge makes a captcha.
func (s *Service) newChallenge() (challenge, captcha) {
	c := challengeOf(base64.RawURLEncoding.EncodeToString(s.random(secretBytes)))
	return c, captcha{Answer: s.digits(captchaDigits), Until: s.now().Add(captchaLife)}
}

// digits returns n random digits.
func (s *Service) digits(n int) string {
	b := make([]byte, 0, n)
	for len(b) < n {
		if c := s.random(1)[0]; c < 250 { // the rest would favour 0 to 5
			b = append(b, '0'+c%10)
		}
	}
	return string(b)
}

// solved reports whether text answers the captcha of the token. Right or wrong,
// the captcha is used up.
func (s *Service) solved(tx store.Tx, token, text string) (bool, error) {
	if token == "" {
		return false, nil
	}
	key := tokenKey(challengeOf(token).picture)
	var c captcha
	if found, err := read(tx, recordCaptcha, key, &c); err != nil || !found {
		return false, err
	}
	if err := tx.DeleteRecord(recordCaptcha, key); err != nil { // AUTH-35
		return false, err
	}
	right := subtle.ConstantTimeCompare([]byte(c.Answer), []byte(strings.TrimSpace(text))) == 1
	return right && s.now().Before(c.Until), nil // AUTH-35
}

// picture serves the picture of a captcha.
func (s *Service) picture(w http.ResponseWriter, r *http.Request) error {
	if err := s.onlyMethods(w, r, http.MethodGet, http.MethodHead); err != nil {
		return err
	}
	if err := s.site.RequireSecure(r); err != nil {
		return err // RES-61
	}
	var c captcha
	var found bool
	key := tokenKey(r.URL.Query().Get("ctoken"))
	err := s.store.View(r.Context(), store.Directory, func(tx store.Tx) (err error) {
		found, err = read(tx, recordCaptcha, key, &c)
		return err
	})
	if err != nil {
		return err
	}
	if !found || !s.now().Before(c.Until) {
		return contacts.Errorf(contacts.NotFound, contacts.CodeNotFound, "Captcha not found")
	}
	var png bytes.Buffer
	if err := drawDigits(&png, c.Answer); err != nil {
		return err
	}
	h := w.Header()
	neverCache(h)
	h.Set("Content-Type", "image/png") // AUTH-35
	_, err = w.Write(png.Bytes())
	return err
}
