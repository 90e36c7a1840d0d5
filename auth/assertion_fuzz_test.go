package auth_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"contacts/auth"
)

// FuzzAssertion looks for an assertion that makes trouble, or that brings a
// token although nobody has signed it: those of the corpus are past their time.
func FuzzAssertion(f *testing.F) {
	w := longbourn(f, auth.Options{})
	sa := w.serviceAccount(f, "Housekeeping")
	past := w.clock.now().Add(-24 * time.Hour).Unix()
	c := claims{"iss": sa.ID, "scope": "https://www.google.com/m8/feeds/", "aud": "http://example.com/o/oauth2/token", "iat": past, "exp": past + 3600}
	f.Add(sign(f, jose.RS256, sa.key, c))
	f.Add(sign(f, jose.HS256, []byte("a secret that is long enough for it"), c.with("exp", past*2)))
	f.Add(sign(f, jose.RS256, sa.key, c.with("iss", 5, "aud", []string{"x"}, "exp", "soon")))
	// {"alg":"none"}.{}. and parts that are missing, empty or no base64
	for _, text := range []string{"eyJhbGciOiJub25lIn0.e30.", "", ".", "..", "a.b.c", "....", "eyJhbGciOiJSUzI1NiJ9.bnVsbA.AA", "e30.e30.AA", "eyJhbGciOiJSUzI1NiIsImtpZCI6e319.W10.AA"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := w.assert(t, text)
		if got.status != http.StatusBadRequest && got.status != http.StatusUnauthorized || !strings.Contains(got.body, `"error"`) {
			t.Errorf("%q is answered with %d %s", text, got.status, got.body)
		}
	})
}
