package auth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image/png"
	"net/http"
	"net/netip"
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

// answers are what the pictures of all open captchas show. A person reads it; a
// test looks it up.
func (w *world) answers(t *testing.T) (answers []string) {
	t.Helper()
	must(t, w.store.View(context.Background(), store.Directory, func(tx store.Tx) error {
		for r, err := range tx.Records(auth.CaptchaRecord, "") {
			if err != nil {
				return err
			}
			var c struct{ Answer string }
			if err := json.Unmarshal(r.Value, &c); err != nil {
				return err
			}
			answers = append(answers, c.Answer)
		}
		return nil
	}))
	return answers
}

// fail logs in with a wrong password n times.
func (w *world) fail(t *testing.T, n int, email string, headers ...string) {
	t.Helper()
	for i := range n {
		if a := w.login(t, loginForm(email, "pride"), headers...); a.body != "Error=BadAuthentication\n" {
			t.Fatalf("failure %d: %d %q", i+1, a.status, a.body)
		}
	}
}

// from makes a request come from an address, through a proxy.
func from(addr string) []string {
	return []string{"X-Forwarded-For: " + addr, "X-Forwarded-Proto: https"}
}

var captchaAnswer = regexp.MustCompile(`^Url=http://127\.0\.0\.1:\d+/login/captcha\nError=CaptchaRequired\nCaptchaToken=([A-Za-z0-9_-]{20,})\nCaptchaUrl=(Captcha\?ctoken=([A-Za-z0-9_-]{20,}))\n$`)

func TestCaptcha(t *testing.T) {
	// required has a world in which a captcha is required, and the captcha.
	required := func(t *testing.T) (w *world, token, picture, digits string) {
		t.Helper()
		w = longbourn(t, auth.Options{})
		w.fail(t, 5, liz)
		a := w.login(t, loginForm(liz, password))
		m := captchaAnswer.FindStringSubmatch(a.body)
		if a.status != 403 || m == nil {
			t.Fatalf("after 5 failures: %d %q", a.status, a.body)
		}
		return w, m[1], m[2], w.answers(t)[0]
	}

	t.Run("AUTH-20 AUTH-30 AUTH-35 SEC-4 the right answer lets the login proceed", func(t *testing.T) {
		w, token, _, digits := required(t)
		a := w.login(t, loginForm(liz, password, "logintoken", token, "logincaptcha", " "+digits+" "))
		if a.status != 200 {
			t.Fatalf("login = %d %q", a.status, a.body)
		}
		if got := w.whois(t, a.line("Auth")); got != liz {
			t.Errorf("the token is that of %q", got)
		}
	})
	t.Run("AUTH-27 AUTH-35 a right answer to the captcha and a wrong password", func(t *testing.T) {
		w, token, _, digits := required(t)
		a := w.login(t, loginForm(liz, "pride", "logintoken", token, "logincaptcha", digits))
		if a.body != "Error=BadAuthentication\n" {
			t.Errorf("login = %q", a.body)
		}
		a = w.login(t, loginForm(liz, password, "logintoken", token, "logincaptcha", digits))
		if a.line("Error") != "CaptchaRequired" {
			t.Errorf("the same answer again: %q", a.body)
		}
	})
	t.Run("AUTH-35 a captcha is good for one try", func(t *testing.T) {
		w, token, picture, digits := required(t)
		for _, wrong := range []string{"", digits[1:], "bennet"} {
			if a := w.login(t, loginForm(liz, password, "logintoken", token, "logincaptcha", wrong)); a.line("Error") != "CaptchaRequired" {
				t.Errorf("answer %q: %q", wrong, a.body)
			} else if a.line("CaptchaToken") == token {
				t.Error("the captcha is the same again")
			}
		}
		if a := w.login(t, loginForm(liz, password, "logintoken", token, "logincaptcha", digits)); a.line("Error") != "CaptchaRequired" {
			t.Errorf("the right answer after a wrong one: %q", a.body)
		}
		if a := w.do(t, http.MethodGet, "/accounts/"+picture, ""); a.status != 404 {
			t.Errorf("the picture afterwards: %d", a.status)
		}
	})
	t.Run("AUTH-35 a captcha is good for five minutes", func(t *testing.T) {
		w, token, picture, digits := required(t)
		w.clock.forward(5*time.Minute - time.Second)
		if a := w.do(t, http.MethodGet, "/accounts/"+picture, ""); a.status != 200 {
			t.Errorf("the picture after 4:59: %d", a.status)
		}
		w.clock.forward(time.Second)
		if a := w.do(t, http.MethodGet, "/accounts/"+picture, ""); a.status != 404 {
			t.Errorf("the picture after 5:00: %d", a.status)
		}
		if a := w.login(t, loginForm(liz, password, "logintoken", token, "logincaptcha", digits)); a.line("Error") != "CaptchaRequired" {
			t.Errorf("the right answer after 5:00: %q", a.body)
		}
	})
	t.Run("AUTH-35 the picture", func(t *testing.T) {
		w, token, picture, digits := required(t)
		a := w.do(t, http.MethodGet, "/accounts/"+picture, "")
		if a.status != 200 || a.header.Get("Content-Type") != "image/png" || !strings.Contains(a.header.Get("Cache-Control"), "no-store") {
			t.Errorf("answer = %d %v", a.status, a.header)
		}
		img, err := png.Decode(strings.NewReader(a.body))
		must(t, err)
		colors := map[any]bool{}
		for x := range img.Bounds().Dx() {
			for y := range img.Bounds().Dy() {
				colors[img.At(x, y)] = true
			}
		}
		if img.Bounds().Dx() < 100 || img.Bounds().Dy() < 40 || len(colors) < 3 {
			t.Errorf("picture of %v with %d colours", img.Bounds(), len(colors))
		}
		if a := w.do(t, http.MethodHead, "/accounts/"+picture, ""); a.status != 200 || a.body != "" {
			t.Errorf("HEAD = %d %q", a.status, a.body)
		}
		if strings.Contains(token+picture, digits) || !regexp.MustCompile(`^[0-9]{6}$`).MatchString(digits) {
			t.Errorf("answer %q, token %q, picture %q", digits, token, picture)
		}
		if strings.Contains(picture, token) {
			t.Error("the picture's address gives the token away")
		}
		for _, unknown := range []string{"", "?ctoken=", "?ctoken=" + token, "?ctoken=%00", "?ctoken=" + strings.Repeat("A", 10000)} {
			if a := w.do(t, http.MethodGet, "/accounts/Captcha"+unknown, ""); a.status != 404 || a.body != "Captcha not found\n" {
				t.Errorf("GET Captcha%.20s = %d %q", unknown, a.status, a.body)
			}
		}
	})
	t.Run("RES-61 the picture over plain http from afar", func(t *testing.T) {
		w := longbourn(t, auth.Options{Site: afar()})
		if a := w.do(t, http.MethodGet, "/accounts/Captcha?ctoken=x", "", "X-Forwarded-For: 192.0.2.1"); a.status != 403 || !strings.Contains(a.body, "https only") {
			t.Errorf("answer = %d %q", a.status, a.body)
		}
	})
	t.Run("RES-62 the page's address", func(t *testing.T) {
		w := longbourn(t, auth.Options{LoginCaptchaAfter: 1, Site: &reply.Site{PublicURL: "https://contacts.example.net"}})
		w.fail(t, 1, liz)
		if got := w.login(t, loginForm(liz, password)).line("Url"); got != "https://contacts.example.net/login/captcha" {
			t.Errorf("Url = %q", got)
		}
	})
}

func TestLoginLimits(t *testing.T) {
	t.Run("SEC-4 per account, from wherever", func(t *testing.T) {
		for _, email := range []string{liz, "collins@example.com", "someone"} { // whether or not there is such an account
			w := longbourn(t, auth.Options{Site: afar()})
			for i := range 5 {
				w.fail(t, 1, email, from(fmt.Sprintf("192.0.2.%d", i))...)
			}
			if a := w.login(t, loginForm(email, password), from("198.51.100.7")...); a.line("Error") != "CaptchaRequired" {
				t.Errorf("%s after 5 failures: %q", email, a.body)
			}
			if a := w.login(t, loginForm(jane, password), from("198.51.100.7")...); a.status != 200 {
				t.Errorf("another account: %q", a.body)
			}
		}
	})
	t.Run("SEC-4 per address, for whatever account", func(t *testing.T) {
		w := longbourn(t, auth.Options{Site: afar()})
		for _, email := range []string{liz, jane, bennet, "collins@example.com", "lydia@example.com"} {
			w.fail(t, 1, email, from("192.0.2.1")...)
		}
		if a := w.login(t, loginForm(wickham, password), from("192.0.2.1")...); a.line("Error") != "CaptchaRequired" {
			t.Errorf("from there: %q", a.body)
		}
		if a := w.login(t, loginForm(wickham, password), from("192.0.2.2")...); a.status != 200 {
			t.Errorf("from elsewhere: %q", a.body)
		}
	})
	t.Run("SEC-4 IPv6 addresses count by their network", func(t *testing.T) {
		w := longbourn(t, auth.Options{Site: afar()})
		for i, email := range []string{liz, jane, bennet, "collins@example.com", "lydia@example.com"} {
			w.fail(t, 1, email, from(fmt.Sprintf("2001:db8::%d", i))...)
		}
		if a := w.login(t, loginForm(wickham, password), from("2001:db8::ffff:7")...); a.line("Error") != "CaptchaRequired" {
			t.Errorf("from the same network: %q", a.body)
		}
		if a := w.login(t, loginForm(wickham, password), from("2001:db8:0:1::1")...); a.status != 200 {
			t.Errorf("from another network: %q", a.body)
		}
	})
	t.Run("SEC-4 a window of 15 minutes", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		w.fail(t, 3, liz)
		w.clock.forward(10 * time.Minute)
		w.fail(t, 2, liz)
		if a := w.login(t, loginForm(liz, password)); a.line("Error") != "CaptchaRequired" {
			t.Errorf("5 failures in 10 minutes: %q", a.body)
		}
		w.clock.forward(5*time.Minute + time.Second)
		if a := w.login(t, loginForm(liz, password)); a.status != 200 {
			t.Errorf("2 failures and a captcha in 15 minutes: %q", a.body)
		}
	})
	t.Run("SEC-4 success forgives the account", func(t *testing.T) {
		w := longbourn(t, auth.Options{Site: afar()})
		for i := range 3 {
			w.fail(t, 4, liz, from(fmt.Sprintf("192.0.2.%d", i))...)
			if a := w.login(t, loginForm(liz, password), from("198.51.100.7")...); a.status != 200 {
				t.Errorf("after 4 failures: %q", a.body)
			}
		}
	})
	t.Run("SEC-4 a new password forgives the account", func(t *testing.T) {
		w := longbourn(t, auth.Options{Site: afar()})
		w.fail(t, 5, liz, from("192.0.2.1")...)
		must(t, w.SetPassword(t.Context(), liz, password))
		if a := w.login(t, loginForm(liz, password), from("192.0.2.2")...); a.status != 200 {
			t.Errorf("login = %q", a.body)
		}
	})
	t.Run("SEC-4 AUTH-34 a refusal after 50, also with a captcha", func(t *testing.T) {
		w := longbourn(t, auth.Options{Site: afar()})
		attempt := func(pass, token, digits, addr string) answer {
			return w.login(t, loginForm(liz, pass, "logintoken", token, "logincaptcha", digits), from(addr)...)
		}
		for i := range 50 {
			addr := fmt.Sprintf("192.0.2.%d", i)
			a := attempt("pride", "", "", addr)
			if i >= 5 { // each guess now takes a captcha
				if a.line("Error") != "CaptchaRequired" {
					t.Fatalf("attempt %d: %q", i+1, a.body)
				}
				a = attempt("pride", a.line("CaptchaToken"), w.answers(t)[0], addr)
			}
			if a.body != "Error=BadAuthentication\n" {
				t.Fatalf("attempt %d: %q", i+1, a.body)
			}
		}
		if a := attempt(password, "", "", "198.51.100.7"); a.status != 403 || a.body != "Error=ServiceUnavailable\n" {
			t.Errorf("after 50: %d %q", a.status, a.body)
		}
		w.clock.forward(15 * time.Minute)
		if a := attempt(password, "", "", "198.51.100.7"); a.status != 200 {
			t.Errorf("after 15 minutes: %q", a.body)
		}
	})
	t.Run("SEC-4 captchas nobody answers come to an end, and lock nobody else out", func(t *testing.T) {
		w := longbourn(t, auth.Options{Site: afar()})
		w.fail(t, 5, liz, from("192.0.2.1")...)
		for i := range 45 {
			if a := w.login(t, loginForm(liz, "pride"), from("192.0.2.1")...); a.line("Error") != "CaptchaRequired" {
				t.Fatalf("attempt %d: %q", 6+i, a.body)
			}
		}
		if a := w.login(t, loginForm(liz, "pride"), from("192.0.2.1")...); a.body != "Error=ServiceUnavailable\n" {
			t.Errorf("attempt 51: %q", a.body)
		}
		if a := w.login(t, loginForm(liz, password), from("192.0.2.2")...); a.line("Error") != "CaptchaRequired" {
			t.Errorf("from elsewhere: %q", a.body)
		}
	})
	t.Run("SEC-4 limits survive a restart, and are configuration", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		w.fail(t, 2, liz)
		w.restart(t, auth.Options{LoginCaptchaAfter: 2, LoginRefuseAfter: 4, LoginWindow: time.Minute})
		for i, want := range []string{"CaptchaRequired", "CaptchaRequired", "ServiceUnavailable"} {
			if a := w.login(t, loginForm(liz, password)); a.line("Error") != want {
				t.Errorf("attempt %d: %q, want %s", i+3, a.body, want)
			}
		}
		w.clock.forward(time.Minute)
		if a := w.login(t, loginForm(liz, password)); a.status != 200 {
			t.Errorf("after a minute: %q", a.body)
		}
	})
	t.Run("SEC-4 attempts at once do not slip through", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		const attempts = 60
		var wg sync.WaitGroup
		var mu sync.Mutex
		codes := map[string]int{}
		for range attempts {
			wg.Go(func() {
				code := w.login(t, loginForm(liz, "pride")).line("Error")
				mu.Lock()
				defer mu.Unlock()
				codes[code]++
			})
		}
		wg.Wait()
		// As many as hash at the same time may have begun before the fifth failure.
		if tried := codes["BadAuthentication"]; tried < 5 || tried > 5+runtime.GOMAXPROCS(0) {
			t.Errorf("%d attempts were tried: %v", tried, codes)
		}
	})
	t.Run("SEC-4 too many at once are sent away", func(t *testing.T) {
		w := longbourn(t, auth.Options{LoginCaptchaAfter: 1000, LoginRefuseAfter: 1000})
		release := w.HoldTurns(t.Context())
		const attempts = 130
		codes := make(chan string, attempts)
		var wg sync.WaitGroup
		for range attempts {
			wg.Go(func() { codes <- w.login(t, loginForm(liz, password)).line("Error") })
		}
		for range attempts - 100 { // those that found 100 waiting
			if code := <-codes; code != "ServiceUnavailable" {
				t.Errorf("code = %q", code)
			}
		}
		release()
		wg.Wait()
		close(codes)
		for code := range codes {
			if code != "" {
				t.Errorf("code = %q of one that waited", code)
			}
		}
	})
	t.Run("SEC-7 names that fail are not kept as they are", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		w.fail(t, 1, "obstinate headstrong")
		var all bytes.Buffer
		must(t, w.store.View(t.Context(), store.Directory, func(tx store.Tx) error {
			for rt := range store.RecordType(20) {
				for r, err := range tx.Records(rt, "") {
					if err != nil {
						return err
					}
					fmt.Fprintf(&all, "%s %s\n", r.Key, r.Value)
				}
			}
			return nil
		}))
		if s := all.String() + w.log.String(); strings.Contains(s, "obstinate") || !strings.Contains(s, "user/") {
			t.Errorf("directory and log:\n%s", s)
		}
	})
}

// A limit that addresses share must not mix up those that differ.
func TestAddressesApart(t *testing.T) {
	for _, pair := range [][2]string{{"192.0.2.1", "192.0.2.2"}, {"2001:db8::1", "2001:db8:0:1::1"}, {"::1", "127.0.0.1"}} {
		a, b := auth.AddressFailures(netip.MustParseAddr(pair[0])), auth.AddressFailures(netip.MustParseAddr(pair[1]))
		if a == b {
			t.Errorf("%s and %s count as %s", pair[0], pair[1], a)
		}
	}
}
