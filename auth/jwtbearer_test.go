package auth_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"contacts/auth"
)

// A serviceAccount is one with its key.
type serviceAccount struct {
	auth.App
	key *rsa.PrivateKey
}

func (w *world) serviceAccount(t testing.TB, name string) serviceAccount {
	t.Helper()
	a, secret, err := w.AddApp(t.Context(), auth.NewApp{Name: name, ServiceAccount: true})
	must(t, err)
	block, _ := pem.Decode(secret.PrivateKey)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	must(t, err)
	return serviceAccount{a, key.(*rsa.PrivateKey)}
}

// claims are those of an assertion.
type claims map[string]any

// with replaces claims; nil leaves one out.
func (c claims) with(pairs ...any) claims {
	c = maps.Clone(c)
	for i := 0; i < len(pairs); i += 2 {
		if c[pairs[i].(string)] = pairs[i+1]; pairs[i+1] == nil {
			delete(c, pairs[i].(string))
		}
	}
	return c
}

// sign makes an assertion.
func sign(t testing.TB, alg jose.SignatureAlgorithm, key any, c claims) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	must(t, err)
	payload, err := json.Marshal(c)
	must(t, err)
	signed, err := signer.Sign(payload)
	must(t, err)
	text, err := signed.CompactSerialize()
	must(t, err)
	return text
}

func (w *world) assert(t testing.TB, assertion string) answer {
	t.Helper()
	return w.post(t, tokenPath, "grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion", assertion)
}

func TestServiceAccount(t *testing.T) {
	w := longbourn(t, auth.Options{})
	sa := w.serviceAccount(t, "Housekeeping")
	stranger := w.serviceAccount(t, "Wickham's Debts")
	must(t, w.SetDomain(t.Context(), "example.com", "delegate", sa.ID))
	now := w.clock.now().Unix()
	good := claims{"iss": sa.ServiceEmail, "scope": feedsScope, "aud": w.url + tokenPath, "iat": now, "exp": now + 3600, "sub": liz}
	tryWith := func(t *testing.T, pairs ...any) answer {
		t.Helper()
		return w.assert(t, sign(t, jose.RS256, sa.key, good.with(pairs...)))
	}

	for _, tt := range []struct {
		name  string
		pairs []any
	}{
		{"as documented", nil},
		{"the client id as iss", []any{"iss", sa.ID}},
		{"the user in prn", []any{"sub", nil, "prn", liz}},
		{"the user in another case", []any{"sub", "Liz@Example.COM"}},
		{"aud of another path", []any{"aud", w.url + "/oauth2/v4/token"}},
		{"aud of the original service", []any{"aud", "https://oauth2.googleapis.com/token"}},
		{"aud of the older original service", []any{"aud", "https://accounts.google.com/o/oauth2/token"}},
		{"aud of the middle original service", []any{"aud", "https://www.googleapis.com/oauth2/v4/token"}},
		{"several aud", []any{"aud", []string{"https://example.net/", w.url + "/token"}}},
		{"no iat", []any{"iat", nil}},
		{"a clock that is late", []any{"iat", now - 3600 - 299, "exp", now - 299}},
		{"a clock that is early", []any{"iat", now + 299, "exp", now + 3600 + 299}},
		{"other claims", []any{"target_audience", "x", "n", 1}},
	} {
		t.Run("AUTH-110 AUTH-111 "+tt.name, func(t *testing.T) {
			a := tryWith(t, tt.pairs...)
			got := a.good(t)
			if who := w.whoBears(t, got.Access); who != liz || got.Refresh != "" || got.Expires != 3600 || got.Scope != feedsScope {
				t.Errorf("answer = %s, of %s", a.body, who)
			}
		})
	}
	for _, tt := range []struct {
		name  string
		pairs []any
		code  string
	}{
		{"AUTH-111 no iss", []any{"iss", nil}, "invalid_grant"},
		{"AUTH-111 unknown iss", []any{"iss", "wickham@service.contactsd.invalid"}, "invalid_grant"},
		{"AUTH-111 iss of another account", []any{"iss", stranger.ServiceEmail}, "invalid_grant"},
		{"AUTH-111 another name in iss", []any{"iss", "x-" + sa.ID + "@service.contactsd.invalid"}, "invalid_grant"},
		{"AUTH-111 no aud", []any{"aud", nil}, "invalid_grant"},
		{"AUTH-111 wrong aud", []any{"aud", "https://example.net/token"}, "invalid_grant"},
		{"AUTH-111 aud without path", []any{"aud", w.url}, "invalid_grant"},
		{"AUTH-111 expired", []any{"iat", now - 3600 - 301, "exp", now - 301}, "invalid_grant"},
		{"AUTH-111 no exp", []any{"exp", nil}, "invalid_grant"},
		{"AUTH-111 issued in the future", []any{"iat", now + 301, "exp", now + 3600}, "invalid_grant"},
		{"AUTH-111 not valid yet", []any{"nbf", now + 301}, "invalid_grant"},
		{"AUTH-111 too long a life", []any{"exp", now + 3600 + 301}, "invalid_grant"},
		{"AUTH-111 too long a life without iat", []any{"iat", nil, "exp", now + 3600 + 301}, "invalid_grant"},
		{"AUTH-111 exp of another type", []any{"exp", "soon"}, "invalid_grant"},
		{"AUTH-112 no sub", []any{"sub", nil}, "invalid_grant"},
		{"AUTH-112 sub is the account itself", []any{"sub", sa.ServiceEmail}, "invalid_grant"},
		{"AUTH-112 no such user", []any{"sub", "collins@example.com"}, "invalid_grant"},
		{"AUTH-112 a user of a domain that does not delegate", []any{"sub", wickham}, "unauthorized_client"},
		{"AUTH-112 a user of no domain here", []any{"sub", "collins@example.net"}, "unauthorized_client"},
		{"AUTH-112 a user without domain", []any{"sub", "liz"}, "unauthorized_client"},
		{"AUTH-88 no scope", []any{"scope", nil}, "invalid_scope"},
		{"AUTH-88 unknown scope", []any{"scope", "https://www.googleapis.com/auth/admin"}, "invalid_scope"},
	} {
		t.Run(tt.name, func(t *testing.T) { tryWith(t, tt.pairs...).fails(t, 400, tt.code) })
	}

	t.Run("AUTH-112 what to do is said", func(t *testing.T) {
		if a := tryWith(t, "sub", nil); !strings.Contains(a.body, "in sub") || !strings.Contains(a.body, "delegate") {
			t.Errorf("answer = %s", a.body)
		}
		if a := tryWith(t, "sub", wickham); !strings.Contains(a.body, "delegate="+sa.ID) {
			t.Errorf("answer = %s", a.body)
		}
	})
	t.Run("AUTH-111 AUTH-112 delegation is to one account, not to each", func(t *testing.T) {
		w.assert(t, sign(t, jose.RS256, stranger.key, good.with("iss", stranger.ServiceEmail))).fails(t, 400, "unauthorized_client")
	})
	t.Run("AUTH-111 the key of another", func(t *testing.T) {
		w.assert(t, sign(t, jose.RS256, stranger.key, good)).fails(t, 400, "invalid_grant")
	})
	t.Run("AUTH-111 other algorithms", func(t *testing.T) {
		parts := strings.Split(sign(t, jose.RS256, sa.key, good), ".")
		header := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
		public, err := x509.MarshalPKIXPublicKey(&sa.key.PublicKey)
		must(t, err)
		for name, assertion := range map[string]string{
			"none":           header(`{"alg":"none","typ":"JWT"}`) + "." + parts[1] + ".",
			"None":           header(`{"alg":"None"}`) + "." + parts[1] + "." + parts[2],
			"no alg":         header(`{"typ":"JWT"}`) + "." + parts[1] + "." + parts[2],
			"PS256":          sign(t, jose.PS256, sa.key, good),
			"RS384":          sign(t, jose.RS384, sa.key, good),
			"HS256 with key": sign(t, jose.HS256, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), good),
			"no signature":   parts[0] + "." + parts[1] + ".",
			"two parts":      parts[0] + "." + parts[1],
			"another claim":  parts[0] + "." + header(`{"iss":"`+sa.ServiceEmail+`","sub":"`+jane+`"}`) + "." + parts[2],
			"critical":       header(`{"alg":"RS256","crit":["x"],"x":1}`) + "." + parts[1] + "." + parts[2],
			"nothing":        "..",
			"a JSON form":    `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		} {
			if a := w.assert(t, assertion); a.status != 400 || a.tokens(t).Error != "invalid_grant" || a.tokens(t).Access != "" {
				t.Errorf("%s: answer = %d %s", name, a.status, a.body)
			}
		}
		w.assert(t, "").fails(t, 400, "invalid_request")
	})
	t.Run("AUTH-113 a jti is good once, and no jti as long as the assertion", func(t *testing.T) {
		once := sign(t, jose.RS256, sa.key, good.with("jti", "a"))
		w.assert(t, once).good(t)
		w.assert(t, once).fails(t, 400, "invalid_grant")
		tryWith(t, "jti", "b").good(t)
		raced := sign(t, jose.RS256, sa.key, good.with("jti", "c"))
		var won sync.Map
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				if a := w.assert(t, raced); a.status == http.StatusOK {
					won.Store(i, true)
				}
			})
		}
		wg.Wait()
		if n := size(&won); n != 1 {
			t.Errorf("%d tokens for one jti", n)
		}
		often := sign(t, jose.RS256, sa.key, good)
		w.assert(t, often).good(t)
		w.assert(t, often).good(t)
	})
	t.Run("AUTH-112 SEC-8 one line in the list of programs, as long as there is a token", func(t *testing.T) {
		u, err := w.User(t.Context(), jane)
		must(t, err)
		first := tryWith(t, "sub", jane).good(t)
		second := tryWith(t, "sub", jane, "scope", readonlyScope).good(t)
		list, err := w.Programs(t.Context(), u.Owner)
		must(t, err)
		if len(list) != 1 || list[0].Name != "Housekeeping" || len(list[0].Words) != 2 {
			t.Fatalf("Programs() = %+v", list)
		}
		if a := w.post(t, "/revoke", "token", first.Access); a.status != 200 || w.whoBears(t, first.Access) == jane || w.whoBears(t, second.Access) != jane {
			t.Errorf("revoked %d: the tokens are those of %s and %s", a.status, w.whoBears(t, first.Access), w.whoBears(t, second.Access))
		}
		must(t, w.RevokeProgram(t.Context(), u.Owner, list[0].ID))
		if who := w.whoBears(t, second.Access); who != "Token invalid" {
			t.Errorf("the token is that of %s", who)
		}
		tryWith(t, "sub", jane).good(t)
		w.clock.forward(time.Hour)
		if list, err = w.Programs(t.Context(), u.Owner); err != nil || len(list) != 0 {
			t.Errorf("Programs() after an hour = %+v, %v", list, err)
		}
		w.clock.forward(-time.Hour)
	})
	t.Run("a closed account", func(t *testing.T) {
		must(t, w.SetDisabled(t.Context(), jane, true))
		tryWith(t, "sub", jane).fails(t, 400, "invalid_grant")
	})
	t.Run("AUTH-112 the delegation is taken back", func(t *testing.T) {
		must(t, w.SetDomain(t.Context(), "example.com", "delegate", ""))
		tryWith(t).fails(t, 400, "unauthorized_client")
	})
	t.Run("a service account takes no codes", func(t *testing.T) {
		w.post(t, tokenPath, "grant_type", "refresh_token", "client_id", sa.ID, "refresh_token", "x").fails(t, 401, "invalid_client")
	})
}
