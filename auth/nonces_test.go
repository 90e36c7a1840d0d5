package auth_test

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"contacts"
	"contacts/auth"
	"contacts/reply"
)

func TestNonces(t *testing.T) {
	key := make([]byte, auth.SecretKeySize)
	w := longbourn(t, auth.Options{SecretKey: key})
	app, secret := w.pemberley(t)
	must(t, w.SetDomain(t.Context(), "example.com", "delegate", app.ID))
	const target = "/whoami?xoauth_requestor_id=" + liz
	address := w.url
	// ask sends a request with a nonce and a timestamp so far off.
	ask := func(t *testing.T, nonce string, off time.Duration) string {
		t.Helper()
		return visible(w.call(t, call{consumer: app.ID, secret: secret, target: target, address: address, set: map[string]string{
			"oauth_nonce": nonce, "oauth_timestamp": strconv.FormatInt(w.clock.now().Add(off).Unix(), 10),
		}}))
	}
	const refused = "Token invalid"
	restart := func() { w.restart(t, auth.Options{SecretKey: key, Site: &reply.Site{PublicURL: address}}) }
	wants := func(t *testing.T, what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	t.Run("AUTH-55 a server that is new accepts what is four minutes old", func(t *testing.T) {
		wants(t, "old", ask(t, "a", -4*time.Minute), liz)
		wants(t, "again", ask(t, "a", -4*time.Minute), refused)
		wants(t, "new", ask(t, "b", 0), liz)
	})
	t.Run("AUTH-55 after a restart nothing from before it counts", func(t *testing.T) {
		w.clock.forward(10 * time.Second)
		restart()
		wants(t, "the same as before", ask(t, "b", -10*time.Second), refused)
		wants(t, "one that never was", ask(t, "c", -10*time.Second), refused)
		wants(t, "of the second of the start", ask(t, "d", 0), refused)
		w.clock.forward(time.Second)
		wants(t, "after it", ask(t, "e", 0), liz)
		wants(t, "after it again", ask(t, "e", 0), refused)
	})
	t.Run("AUTH-55 a program with a fast clock", func(t *testing.T) {
		wants(t, "ahead", ask(t, "f", 2*time.Minute), liz)
		restart()
		w.clock.forward(time.Minute)
		wants(t, "the same after a restart", ask(t, "f", time.Minute), refused)
		wants(t, "further ahead", ask(t, "g", 2*time.Minute), liz)
	})
	t.Run("AUTH-55 a program of which nothing was heard for long", func(t *testing.T) {
		w.clock.forward(time.Hour)
		restart()
		wants(t, "old", ask(t, "h", -4*time.Minute), liz)
	})
	t.Run("AUTH-71 what is too old is forgotten", func(t *testing.T) {
		const many = 9000
		for i := range many {
			if _, err := w.CheckNonce(t.Context(), app.ID, "", w.clock.now().Unix(), strconv.Itoa(i)); err != nil {
				t.Fatal(err)
			}
		}
		if n, _ := w.Nonces(app.ID); n < many {
			t.Fatalf("%d nonces are remembered", n)
		}
		w.clock.forward(6 * time.Minute)
		if why, err := w.CheckNonce(t.Context(), app.ID, "", w.clock.now().Unix(), "0"); err != nil || why != "" {
			t.Fatal(why, err)
		}
		if own, all := w.Nonces(app.ID); own != 1 || all != 1 {
			t.Errorf("%d nonces are remembered, %d in all", own, all)
		}
	})
	t.Run("AUTH-71 a nonce counts once, however many ask at the same time", func(t *testing.T) {
		var good, bad sync.Map
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				if why, err := w.CheckNonce(context.Background(), "new", "", w.clock.now().Unix(), "x"); err == nil && why == "" {
					good.Store(i, true)
				} else {
					bad.Store(i, why)
				}
			})
		}
		wg.Wait()
		if n := size(&good); n != 1 || size(&bad) != 15 {
			t.Errorf("%d times", n)
		}
	})
	t.Run("AUTH-71 a nonce counts once as long as its timestamp counts", func(t *testing.T) {
		at := w.clock.now().Add(5 * time.Minute).Unix()
		for range 11 { // the clock is taken past the timestamp, minute by minute
			_, err := w.CheckNonce(t.Context(), app.ID, "", at, "z")
			must(t, err)
			if why, err := w.CheckNonce(t.Context(), app.ID, "", at, "z"); err != nil || why != "nonce_used" {
				t.Fatalf("%d s before: %q, %v", at-w.clock.now().Unix(), why, err)
			}
			w.clock.forward(time.Minute)
		}
		if why, err := w.CheckNonce(t.Context(), app.ID, "", at, "z"); err != nil || why != "timestamp_refused" {
			t.Error(why, err)
		}
	})
	t.Run("AUTH-56 rather none than twice", func(t *testing.T) {
		must1 := func(why string, err error) { t.Helper(); wants(t, "let in", why, ""); must(t, err) }
		must1(w.CheckNonce(t.Context(), app.ID, "", w.clock.now().Unix(), "x"))
		wantKind(t, w.FloodNonces(app.ID), contacts.Unavailable)
		_, err := w.CheckNonce(t.Context(), app.ID, "", w.clock.now().Unix(), "y")
		wantKind(t, err, contacts.Unavailable)
		if why, err := w.CheckNonce(t.Context(), app.ID, "", w.clock.now().Unix(), "x"); err != nil || why != "nonce_used" {
			t.Error(why, err)
		}
		w.clock.forward(6 * time.Minute)
		must1(w.CheckNonce(t.Context(), app.ID, "", w.clock.now().Unix(), "y"))
	})
}

// Programs with a secret that everybody knows, and one without.
func TestNonceShares(t *testing.T) {
	w := longbourn(t, auth.Options{})
	app, secret := w.pemberley(t)
	must(t, w.SetDomain(t.Context(), "example.com", "delegate", app.ID))
	anonymous, _, err := w.AddApp(t.Context(), auth.NewApp{Name: "Meryton Gossip", ID: "anonymous", Secret: "anonymous", CallbackHosts: []string{"meryton.example"}})
	must(t, err)
	gossip := func() answer {
		return w.call(t, call{consumer: anonymous.ID, secret: "anonymous", target: "/accounts/OAuthGetRequestToken?scope=" + encoded(feedScope)})
	}
	letters := func() answer {
		return w.call(t, call{consumer: app.ID, secret: secret, target: "/whoami?xoauth_requestor_id=" + liz})
	}
	wantKind(t, w.FloodNonces(anonymous.ID), contacts.Unavailable)

	t.Run("AUTH-130 AUTH-56 one that floods is refused alone", func(t *testing.T) {
		if a := gossip(); a.status != 503 || a.header.Get("Retry-After") == "" || !strings.Contains(a.body, "Too many signed requests of this program") {
			t.Errorf("the one that floods: %d %q, Retry-After %q", a.status, a.body, a.header.Get("Retry-After"))
		}
		if a := letters(); a.status != 200 || a.body != liz {
			t.Errorf("another: %d %q", a.status, a.body)
		}
		if own, _ := w.Nonces(anonymous.ID); own != auth.MaxNonces/2 {
			t.Errorf("%d nonces are its share", own)
		}
	})
	t.Run("AUTH-130 many that flood leave room for another, in bounded memory", func(t *testing.T) {
		for i := range 9 {
			wantKind(t, w.FloodNonces("gossip "+strconv.Itoa(i)), contacts.Unavailable)
		}
		if a := letters(); a.status != 200 || a.body != liz {
			t.Errorf("another: %d %q", a.status, a.body)
		}
		if _, all := w.Nonces(""); all >= auth.MaxNonces || all < auth.MaxNonces*9/10 {
			t.Errorf("%d nonces are remembered", all)
		}
	})
	t.Run("AUTH-130 it is let in again when the flood is over", func(t *testing.T) {
		w.clock.forward(6 * time.Minute)
		if a := gossip(); a.status != 200 {
			t.Errorf("the one that flooded: %d %q", a.status, a.body)
		}
		if _, all := w.Nonces(""); all != 1 {
			t.Errorf("%d nonces are remembered", all)
		}
	})
}
