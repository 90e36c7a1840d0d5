package auth_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"contacts/auth"
	"contacts/reply"
	"contacts/store"
)

func TestClientLogin(t *testing.T) {
	w := longbourn(t, auth.Options{DefaultDomain: "Example.com"})
	success := regexp.MustCompile(`^SID=[A-Za-z0-9_-]{40,}\nLSID=[A-Za-z0-9_-]{40,}\nAuth=[A-Za-z0-9_-]{40,}\n$`)
	// never checks what every answer of the endpoint has.
	never := func(t *testing.T, a answer, status int) {
		t.Helper()
		if a.status != status {
			t.Errorf("status = %d, want %d", a.status, status)
		}
		for name, want := range map[string]string{
			"Content-Type":  "text/plain",
			"Cache-Control": "no-cache, no-store",
			"Pragma":        "no-cache",
			"Expires":       "Mon, 01-Jan-1990 00:00:00 GMT",
			"Location":      "",
		} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s = %q, want %q", name, got, want)
			}
		}
	}

	for _, tt := range []struct {
		name string
		form url.Values
		who  string
	}{
		{"AUTH-14 AUTH-17 AUTH-18 AUTH-21 AUTH-23 AUTH-25 as documented", loginForm(liz, password), liz},
		{"AUTH-16 e-mail in capitals", loginForm("LIZ@EXAMPLE.COM", password), liz},
		{"AUTH-16 name without domain", loginForm("Liz", password), liz},
		{"AUTH-15 HOSTED", loginForm(liz, password, "accountType", "HOSTED"), liz},
		{"AUTH-15 GOOGLE", loginForm(liz, password, "accountType", "GOOGLE"), liz},
		{"AUTH-15 no account type", loginForm(liz, password, "accountType", ""), liz},
		{"AUTH-19 no source", loginForm(liz, password, "source", ""), liz},
		{"AUTH-19 odd source", loginForm(liz, password, "source", "\xff\x00 "+strings.Repeat("é", 1000)), liz},
		{"unknown parameters", loginForm(liz, password, "hl", "en"), liz},
		{"captcha answers without need", loginForm(liz, password, "logintoken", "x", "logincaptcha", "y"), liz},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := w.login(t, tt.form)
			never(t, a, 200)
			if !success.MatchString(a.body) {
				t.Fatalf("body = %q", a.body)
			}
			if a.line("SID") == a.line("Auth") || a.line("LSID") == a.line("Auth") || a.line("SID") == a.line("LSID") {
				t.Errorf("values repeat: %q", a.body)
			}
			if got := w.whois(t, a.line("Auth")); got != tt.who {
				t.Errorf("the token is that of %q, want %q", got, tt.who)
			}
			for _, useless := range []string{"SID", "LSID"} {
				if got := w.whois(t, a.line(useless)); got != "Token invalid" {
					t.Errorf("%s as a token gives %q", useless, got)
				}
			}
		})
	}

	for _, tt := range []struct {
		name string
		form url.Values
		body string
	}{
		{"AUTH-22 AUTH-23 AUTH-25 AUTH-27 ERR-36 ERR-7 wrong password", loginForm(liz, "pride"), "Error=BadAuthentication\n"},
		{"AUTH-27 unknown user", loginForm("collins@example.com", password), "Error=BadAuthentication\n"},
		{"AUTH-27 unknown domain", loginForm("liz@example.net", password), "Error=BadAuthentication\n"},
		{"AUTH-17 password in another case", loginForm(liz, strings.ToUpper(password)), "Error=BadAuthentication\n"},
		{"AUTH-17 longer password", loginForm(liz, password+" "), "Error=BadAuthentication\n"},
		{"AUTH-17 endless password", loginForm(liz, strings.Repeat(password, 1000)), "Error=BadAuthentication\n"},
		{"AUTH-26 no e-mail", loginForm("", password, "Email", ""), "Error=BadAuthentication\n"},
		{"AUTH-26 empty e-mail", loginForm("", password), "Error=BadAuthentication\n"},
		{"AUTH-26 no password", loginForm(liz, "", "Passwd", ""), "Error=BadAuthentication\n"},
		{"AUTH-26 nothing", url.Values{}, "Error=BadAuthentication\n"},
		{"AUTH-18 AUTH-33 another service", loginForm(liz, password, "service", "cl"), "Error=ServiceDisabled\n"},
		{"AUTH-18 AUTH-33 no service", loginForm(liz, password, "service", ""), "Error=ServiceDisabled\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := longbourn(t, auth.Options{}) // without failures of before
			a := w.login(t, tt.form)
			never(t, a, 403)
			if a.body != tt.body {
				t.Errorf("body = %q, want %q", a.body, tt.body)
			}
		})
	}

	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		t.Run("AUTH-14 RES-31 "+method, func(t *testing.T) {
			a := w.do(t, method, "/accounts/ClientLogin?"+loginForm(liz, password).Encode(), "")
			never(t, a, 405)
			if a.header.Get("Allow") != "POST" || strings.Contains(a.body, "Auth=") {
				t.Errorf("Allow = %q, body = %q", a.header.Get("Allow"), a.body)
			}
		})
	}
	t.Run("parameters in the URL do not count", func(t *testing.T) {
		a := w.do(t, http.MethodPost, "/accounts/ClientLogin?"+loginForm(liz, password).Encode(), "")
		never(t, a, 403)
		if a.body != "Error=BadAuthentication\n" {
			t.Errorf("body = %q", a.body)
		}
	})
	t.Run("a form without its media type", func(t *testing.T) {
		a := w.do(t, http.MethodPost, "/accounts/ClientLogin", loginForm(liz, password).Encode())
		never(t, a, 200)
	})
	t.Run("a packed form", func(t *testing.T) {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write([]byte(loginForm(liz, password).Encode()))
		z.Close()
		a := w.do(t, http.MethodPost, "/accounts/ClientLogin", b.String(), "Content-Encoding: gzip")
		never(t, a, 200)
	})
	t.Run("AUTH-31 bodies that are no form", func(t *testing.T) {
		for body, want := range map[string]string{
			strings.Repeat("a", 1<<20): "Error=Unknown\nInfo=The requested upload is too large\n",
			"%%%&=&;;&Email=%zz":       "Error=BadAuthentication\n",
			"\x00\xff\xfe":             "Error=BadAuthentication\n",
			"<xml/>":                   "Error=BadAuthentication\n",
		} {
			a := w.do(t, http.MethodPost, "/accounts/ClientLogin", body)
			never(t, a, 403)
			if a.body != want {
				t.Errorf("body = %q, want %q", a.body, want)
			}
		}
	})
	t.Run("AUTH-19 the source is kept with the token", func(t *testing.T) {
		tokens, err := w.Tokens(t.Context(), liz)
		must(t, err)
		for _, k := range tokens {
			if k.Source == "exampleCo-exampleApp-1" {
				return
			}
		}
		t.Errorf("Tokens() = %+v", tokens)
	})
	t.Run("AUTH-17 a password of any script", func(t *testing.T) {
		must(t, w.SetPassword(t.Context(), jane, "Стыд и гордость ✿"))
		never(t, w.login(t, loginForm(jane, "Стыд и гордость ✿")), 200)
	})
	t.Run("RES-61 over plain http from afar", func(t *testing.T) {
		w := longbourn(t, auth.Options{Site: afar()})
		a := w.login(t, loginForm(liz, password), "X-Forwarded-For: 192.0.2.1")
		never(t, a, 403)
		if !strings.HasPrefix(a.body, "Error=Unknown\nInfo=Credentials are accepted over https only") {
			t.Errorf("body = %q", a.body)
		}
		a = w.login(t, loginForm(liz, password), "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https")
		never(t, a, 200)
	})
	t.Run("AUTH-31 ERR-51 a fault of our own", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		u, err := w.User(t.Context(), liz)
		must(t, err)
		must(t, w.store.Update(t.Context(), u.Owner, func(tx store.Tx) error {
			return tx.PutRecord(auth.AccountRecord, auth.AccountKey, []byte("not JSON"), time.Time{})
		}))
		a := w.login(t, loginForm(liz, password))
		never(t, a, 403)
		if !regexp.MustCompile(`^Error=Unknown\nInfo=Internal error \(reference [a-z0-9]+-[0-9]+\)\n$`).MatchString(a.body) {
			t.Errorf("body = %q", a.body)
		}
		if !strings.Contains(w.log.String(), "level=ERROR") {
			t.Error("the log has no error")
		}
	})
}

type noRandomness struct{}

func (noRandomness) Read([]byte) (int, error) { return 0, errors.New("no randomness") }

func TestClientLoginPanic(t *testing.T) {
	t.Run("AUTH-31 AUTH-22 a handler that panics", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		w.restart(t, auth.Options{Rand: noRandomness{}})
		for range 3 { // a turn at hashing that was not given back would be missed
			a := w.login(t, loginForm(liz, password))
			if a.status != 403 || a.body != "Error=Unknown\n" {
				t.Errorf("login = %d %q", a.status, a.body)
			}
		}
		if !strings.Contains(w.log.String(), "no randomness") {
			t.Error("the log does not tell")
		}
	})
}

func TestClientLoginStates(t *testing.T) {
	ctx := context.Background()
	for _, tt := range []struct {
		name  string
		state func(*testing.T, *world)
		body  string
	}{
		{"AUTH-28 not verified", func(t *testing.T, w *world) { must(t, w.SetFlags(ctx, liz, auth.Flags{Unverified: true})) }, "Error=NotVerified\n"},
		{"AUTH-29 terms", func(t *testing.T, w *world) { must(t, w.SetFlags(ctx, liz, auth.Flags{TermsPending: true})) }, "Error=TermsNotAgreed\n"},
		{"AUTH-33 service", func(t *testing.T, w *world) { must(t, w.SetFlags(ctx, liz, auth.Flags{ServiceOff: true})) }, "Error=ServiceDisabled\n"},
		{"AUTH-24 SEC-9 second factor", func(t *testing.T, w *world) { must(t, w.SetFlags(ctx, liz, auth.Flags{SecondFactor: true})) },
			"Error=BadAuthentication\nInfo=InvalidSecondFactor\n"},
		{"AUTH-32 disabled", func(t *testing.T, w *world) { must(t, w.SetDisabled(ctx, liz, true)) }, "Error=AccountDisabled\n"},
		{"AUTH-32 deleted", func(t *testing.T, w *world) {
			if _, err := w.RemoveUser(ctx, liz); err != nil {
				t.Fatal(err)
			}
		}, "Error=AccountDeleted\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := longbourn(t, auth.Options{})
			tt.state(t, w)
			if a := w.login(t, loginForm(liz, "pride")); a.status != 403 || a.body != "Error=BadAuthentication\n" {
				t.Errorf("with a wrong password: %d %q", a.status, a.body)
			}
			if a := w.login(t, loginForm(liz, password)); a.status != 403 || a.body != tt.body {
				t.Errorf("with the right password: %d %q, want %q", a.status, a.body, tt.body)
			}
		})
	}
}

// Whatever the order in which a login and a change of the account come about,
// no token is left that the change should have ended.
func TestClientLoginDuringChange(t *testing.T) {
	t.Run("AUTH-36 a login beside a change of the password", func(t *testing.T) {
		w := longbourn(t, auth.Options{LoginCaptchaAfter: 1000, LoginRefuseAfter: 1000})
		ctx := t.Context()
		passwords := [2]string{password, "a new password"}
		for i := range 20 {
			old, next := passwords[i%2], passwords[(i+1)%2]
			var wg sync.WaitGroup
			tokens := make(chan string, 4)
			for range cap(tokens) {
				wg.Go(func() { tokens <- w.login(t, loginForm(liz, old)).line("Auth") })
			}
			if err := w.SetPassword(ctx, liz, next); err != nil {
				t.Error(err)
			}
			wg.Wait()
			close(tokens)
			for token := range tokens {
				if token == "" {
					continue
				}
				if got := w.whois(t, token); got != "Token invalid" {
					t.Errorf("a token for the old password gives %q", got)
				}
			}
			left, err := w.Tokens(ctx, liz)
			must(t, err)
			if len(left) > 0 {
				t.Errorf("tokens are left: %v", left)
			}
		}
	})
}

// TestUnknownUserCosts checks that the work of hashing is done for nobody too,
// by the memory that it takes: time is not to be measured reliably.
func TestUnknownUserCosts(t *testing.T) {
	const memory = 8 << 10 // KiB
	w := open(t, auth.Options{Argon2: auth.Argon2{Memory: memory, Time: 1, Threads: 1}})
	if _, err := w.AddDomain(t.Context(), "example.com"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.AddUser(t.Context(), auth.NewUser{Email: liz, Password: password}); err != nil {
		t.Fatal(err)
	}
	for _, email := range []string{liz, "collins@example.com", "collins@example.net", "collins"} {
		t.Run("SEC-3 AUTH-27 a login of "+email+" takes the memory of one hash", func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			a := w.login(t, loginForm(email, "first impressions"))
			runtime.ReadMemStats(&after)
			if a.body != "Error=BadAuthentication\n" {
				t.Fatalf("body = %q", a.body)
			}
			if used := (after.TotalAlloc - before.TotalAlloc) >> 10; used < memory || used > memory+memory/2 {
				t.Errorf("took %d KiB, want a little more than %d", used, memory)
			}
		})
	}
}

func TestAuthPages(t *testing.T) {
	w := longbourn(t, auth.Options{Site: &reply.Site{}})
	t.Run("AUTH-24 the page for people", func(t *testing.T) {
		a := w.do(t, http.MethodGet, "/login/captcha", "")
		if a.status != 200 || a.header.Get("Content-Type") != "text/html; charset=UTF-8" || !strings.Contains(a.body, "wait 15 minutes") {
			t.Errorf("answer = %d %q", a.status, a.body)
		}
	})
	t.Run("RES-31 methods", func(t *testing.T) {
		for _, path := range []string{"/login/captcha", "/accounts/Captcha"} {
			if a := w.do(t, http.MethodPost, path, ""); a.status != 405 || a.header.Get("Allow") != "GET, HEAD" || a.body != "Method not allowed\n" {
				t.Errorf("POST %s = %d %q, Allow = %q", path, a.status, a.body, a.header.Get("Allow"))
			}
		}
	})
}
