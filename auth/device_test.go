package auth_test

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"contacts/auth"
	"contacts/reply"
)

// A deviceAnswer is what a device is told at first.
type deviceAnswer struct {
	DeviceCode string `json:"device_code"`
	UserCode   string `json:"user_code"`
	Page       string `json:"verification_uri"`
	OldPage    string `json:"verification_url"`
	FullPage   string `json:"verification_uri_complete"`
	ExpiresIn  int    `json:"expires_in"`
	Interval   int    `json:"interval"`
}

// path is the page that a user opens for the device.
func (d deviceAnswer) path() string { return "/device?user_code=" + d.UserCode }

func (w *world) device(t testing.TB, p program) deviceAnswer {
	t.Helper()
	a := w.post(t, "/device/code", "client_id", p.ID, "scope", feedsScope)
	var d deviceAnswer
	if err := json.Unmarshal([]byte(a.body), &d); err != nil || a.status != http.StatusOK {
		t.Fatalf("answer = %d %s", a.status, a.body)
	}
	return d
}

// poll asks for the tokens of a device.
func (w *world) poll(t testing.TB, p program, d deviceAnswer, more ...string) answer {
	t.Helper()
	return w.post(t, tokenPath, append([]string{"grant_type", "urn:ietf:params:oauth:grant-type:device_code",
		"device_code", d.DeviceCode, "client_id", p.ID, "client_secret", p.secret}, more...)...)
}

func TestDevice(t *testing.T) {
	w := longbourn(t, auth.Options{LoginRefuseAfter: 20})
	p := w.program(t, auth.NewApp{Name: "Rosings Clock"})
	other := w.program(t, auth.NewApp{Name: "Hunsford Clock", Public: true})
	b := w.browser(t)

	t.Run("AUTH-105 the codes", func(t *testing.T) {
		d := w.device(t, p)
		if !regexp.MustCompile(`^[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}$`).MatchString(d.UserCode) || len(d.DeviceCode) < 40 ||
			d.Page != w.url+"/device" || d.OldPage != d.Page || d.FullPage != d.Page+"?user_code="+d.UserCode ||
			d.ExpiresIn != 900 || d.Interval != 5 {
			t.Errorf("answer = %+v", d)
		}
	})
	t.Run("AUTH-105 AUTH-88 who asks, and for what", func(t *testing.T) {
		w.post(t, "/o/oauth2/device/code", "scope", feedsScope).fails(t, 401, "invalid_client")
		w.post(t, "/o/oauth2/device/code", "client_id", "wickham", "scope", feedsScope).fails(t, 401, "invalid_client")
		w.post(t, "/o/oauth2/device/code", "client_id", p.ID).fails(t, 400, "invalid_scope")
		w.post(t, "/o/oauth2/device/code", "client_id", w.webProgram(t).ID, "scope", feedsScope).fails(t, 400, "unauthorized_client")
	})
	t.Run("AUTH-106 AUTH-107 the user types the code and agrees", func(t *testing.T) {
		d := w.device(t, p)
		w.poll(t, p, d).fails(t, 400, "authorization_pending")
		if v := b.open(t, "/device"); !strings.Contains(v.body, `name="user_code"`) {
			t.Fatalf("the page is %s", v.body)
		}
		typed := " " + strings.ToLower(strings.Replace(d.UserCode, "-", "", 1)) + " "
		v := b.ask(t, "/device?"+query("user_code", typed), liz)
		if !strings.Contains(v.body, "Rosings Clock") {
			t.Fatalf("the page is %s", v.body)
		}
		w.clock.forward(5 * time.Second)
		w.poll(t, p, d).fails(t, 400, "authorization_pending")
		if v = b.press(t, v, "allow"); v.status != http.StatusOK || !strings.Contains(v.body, "is connected") {
			t.Fatalf("the page is %d %s", v.status, v.body)
		}
		w.poll(t, other, d).fails(t, 400, "invalid_grant")
		w.poll(t, p, d, "client_secret", "wrong").fails(t, 401, "invalid_client")
		got := w.poll(t, p, d).good(t)
		if who := w.whoBears(t, got.Access); who != liz || got.Refresh == "" || got.Scope != feedsScope {
			t.Errorf("tokens = %+v of %s", got, who)
		}
		w.refresh(t, p, got.Refresh).good(t)
		w.poll(t, p, d).fails(t, 400, "invalid_grant")
		if v := b.open(t, d.path()); v.status != http.StatusBadRequest {
			t.Errorf("the code is good for a second device: %d", v.status)
		}
	})
	t.Run("AUTH-107 the way of the original service", func(t *testing.T) {
		d := w.device(t, other)
		b.allow(t, d.path(), liz)
		got := w.post(t, "/o/oauth2/token", "grant_type", "http://oauth.net/grant_type/device/1.0", "code", d.DeviceCode, "client_id", other.ID).good(t)
		if who := w.whoBears(t, got.Access); who != liz {
			t.Errorf("the token is that of %s", who)
		}
	})
	t.Run("AUTH-106 the user is asked each time", func(t *testing.T) {
		d := w.device(t, p)
		if v := b.open(t, d.path()); !strings.Contains(v.body, `value="allow"`) {
			t.Errorf("the page is %s", v.body)
		}
		w.poll(t, p, d).fails(t, 400, "authorization_pending")
	})
	t.Run("AUTH-107 denial", func(t *testing.T) {
		d := w.device(t, p)
		if v := b.press(t, b.ask(t, d.path(), liz), "deny"); v.status != http.StatusOK || !strings.Contains(v.body, "denied") {
			t.Errorf("the page is %d %s", v.status, v.body)
		}
		w.poll(t, p, d).fails(t, 400, "access_denied")
		w.poll(t, p, d).fails(t, 400, "invalid_grant")
	})
	t.Run("AUTH-107 of many questions at once after the answer one gets tokens", func(t *testing.T) {
		d := w.device(t, p)
		b.allow(t, d.path(), liz)
		var good sync.Map
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				if a := w.poll(t, p, d); a.status == http.StatusOK {
					good.Store(i, true)
				}
			})
		}
		wg.Wait()
		if n := size(&good); n != 1 {
			t.Errorf("%d answers with tokens", n)
		}
	})
	t.Run("AUTH-106 one answer only", func(t *testing.T) {
		d := w.device(t, p)
		question := b.ask(t, d.path(), liz)
		b.press(t, question, "deny")
		if v := b.press(t, question, "allow"); v.status != http.StatusBadRequest {
			t.Errorf("the page is %d %s", v.status, v.body)
		}
		w.poll(t, p, d).fails(t, 400, "access_denied")
	})
	t.Run("AUTH-107 slow down", func(t *testing.T) {
		d := w.device(t, p)
		w.poll(t, p, d).fails(t, 400, "authorization_pending")
		w.clock.forward(4 * time.Second)
		w.poll(t, p, d).fails(t, 400, "slow_down")
		w.clock.forward(9 * time.Second) // of 10 now
		w.poll(t, p, d).fails(t, 400, "slow_down")
		w.clock.forward(15 * time.Second)
		w.poll(t, p, d).fails(t, 400, "authorization_pending")
	})
	t.Run("AUTH-105 AUTH-107 too late", func(t *testing.T) {
		d := w.device(t, p)
		question := b.ask(t, d.path(), liz)
		w.clock.forward(15 * time.Minute)
		if v := b.press(t, question, "allow"); v.status != http.StatusBadRequest {
			t.Errorf("the page is %d %s", v.status, v.body)
		}
		w.poll(t, p, d).fails(t, 400, "expired_token")
	})
	t.Run("AUTH-107 codes that there are not", func(t *testing.T) {
		w.poll(t, p, deviceAnswer{}).fails(t, 400, "invalid_request")
		w.poll(t, p, deviceAnswer{DeviceCode: "collins"}).fails(t, 400, "invalid_grant")
	})
	t.Run("the consent is taken back before the device asks", func(t *testing.T) {
		d := w.device(t, p)
		b.allow(t, d.path(), liz)
		u, err := w.User(t.Context(), liz)
		must(t, err)
		must(t, w.RevokePrograms(t.Context(), u.Owner))
		w.poll(t, p, d).fails(t, 400, "access_denied")
	})
	t.Run("a program that was removed meanwhile", func(t *testing.T) {
		gone := w.program(t, auth.NewApp{Name: "Meryton Clock"})
		d := w.device(t, gone)
		must(t, w.RemoveApp(t.Context(), gone.ID))
		if v := b.open(t, d.path()); v.status != http.StatusBadRequest {
			t.Errorf("the page is %d %s", v.status, v.body)
		}
	})
	t.Run("AUTH-106 codes cannot be tried out", func(t *testing.T) {
		w.clock.forward(time.Hour) // since the wrong codes above
		d := w.device(t, p)
		for range 20 {
			if v := b.open(t, "/device?user_code=BBBB-BBBB"); v.status != http.StatusBadRequest {
				t.Fatalf("the page is %d %s", v.status, v.body)
			}
		}
		if v := b.open(t, d.path()); v.status != http.StatusServiceUnavailable {
			t.Errorf("the page is %d %s", v.status, v.body)
		}
		w.clock.forward(16 * time.Minute)
		d = w.device(t, p)
		if v := b.open(t, d.path()); v.status != http.StatusOK {
			t.Errorf("after a while the page is %d %s", v.status, v.body)
		}
	})
	t.Run("AUTH-114 one address gets only so many codes, each of which is kept", func(t *testing.T) {
		w := longbourn(t, auth.Options{LoginRefuseAfter: 3, Site: &reply.Site{InsecureHTTP: true, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}})
		p := w.program(t, auth.NewApp{Name: "Rosings Clock", Public: true})
		ask := func(from string) answer {
			form := url.Values{"client_id": {p.ID}, "scope": {feedsScope}}.Encode()
			return w.do(t, http.MethodPost, "/device/code", form, "Content-Type: application/x-www-form-urlencoded", "X-Forwarded-For: "+from)
		}
		for range 3 {
			if a := ask("203.0.113.7"); a.status != http.StatusOK {
				t.Fatalf("answer = %d %s", a.status, a.body)
			}
		}
		a := ask("203.0.113.7")
		a.fails(t, http.StatusServiceUnavailable, "temporarily_unavailable")
		if a.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		if a := ask("203.0.113.8"); a.status != http.StatusOK {
			t.Errorf("another address = %d %s", a.status, a.body)
		}
		w.clock.forward(16 * time.Minute)
		if a := ask("203.0.113.7"); a.status != http.StatusOK {
			t.Errorf("after a while = %d %s", a.status, a.body)
		}
	})
}
