package auth_test

import (
	"context"
	"strconv"
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
		if n := w.Nonces(); n < many {
			t.Fatalf("%d nonces are remembered", n)
		}
		w.clock.forward(6 * time.Minute)
		for i := range many {
			if why, err := w.CheckNonce(t.Context(), app.ID, "", w.clock.now().Unix(), strconv.Itoa(i)); err != nil || why != "" {
				t.Fatal(why, err)
			}
		}
		if n := w.Nonces(); n > 2*many {
			t.Errorf("%d nonces are remembered", n)
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
	t.Run("AUTH-56 rather none than twice", func(t *testing.T) {
		w.FillNonces()
		_, err := w.CheckNonce(t.Context(), app.ID, "", w.clock.now().Unix(), "y")
		wantKind(t, err, contacts.Unavailable)
		w.clock.forward(6 * time.Minute)
		if why, err := w.CheckNonce(t.Context(), app.ID, "", w.clock.now().Unix(), "y"); err != nil || why != "" {
			t.Error(why, err)
		}
	})
}
