package auth_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"contacts/auth"
	"contacts/store"
)

// keeps checks how many records of a type an owner has.
func (w *world) keeps(t testing.TB, owner store.Owner, as store.RecordType, want int) {
	t.Helper()
	n, err := w.Kept(t.Context(), owner, as)
	if must(t, err); n != want {
		t.Errorf("%d records of type %d are kept, want %d", n, as, want)
	}
}

func TestRingOfLogins(t *testing.T) {
	w := longbourn(t, auth.Options{})
	owner := w.number(t, liz)
	restart := func() { w.restart(t, auth.Options{}) }
	tokenIs := func(t *testing.T, token, want string) {
		t.Helper()
		if got := w.whois(t, token); got != want {
			t.Errorf("the token is that of %q, want %q", got, want)
		}
	}
	t.Run("AUTH-131 one login more ends the oldest token, also after a restart", func(t *testing.T) {
		janes, first, second := w.token(t, jane), w.token(t, liz), w.token(t, liz)
		must(t, w.LogInOften(t.Context(), owner, 198))
		tokenIs(t, first, liz)
		restart()
		last := w.token(t, liz)
		tokenIs(t, first, "Token invalid")
		tokenIs(t, second, liz)
		tokenIs(t, last, liz)
		tokenIs(t, janes, jane)
		must(t, w.LogInOften(t.Context(), owner, 450))
		tokenIs(t, second, "Token invalid")
		tokenIs(t, last, "Token invalid")
		w.keeps(t, owner, auth.TokenRecord, 200)
		w.keeps(t, owner, auth.RingRecord, 201)
	})
	t.Run("AUTH-131 programs that a user lets in stay, however many logins there are", func(t *testing.T) {
		token, _ := w.give(t, liz, auth.Gift{Kind: auth.OAuth2Token, App: "p", Scopes: allFeeds})
		must(t, w.LogInOften(t.Context(), owner, 201))
		if who := w.whoBears(t, token); who != liz {
			t.Errorf("the token is that of %s", who)
		}
	})
	t.Run("AUTH-131 a new password leaves room for all", func(t *testing.T) {
		must(t, w.SetPassword(t.Context(), liz, password))
		first := w.token(t, liz)
		must(t, w.LogInOften(t.Context(), owner, 199))
		tokenIs(t, first, liz)
	})
	t.Run("AUTH-131 nothing is left of what is past", func(t *testing.T) {
		w.clock.forward(60 * 24 * time.Hour)
		w.keeps(t, owner, auth.RingRecord, 0)
		tokenIs(t, w.token(t, liz), liz)
	})
}

func TestRingOfSessions(t *testing.T) {
	w := longbourn(t, auth.Options{})
	owner := w.number(t, liz)
	path := w.asks(w.webProgram(t))
	signedIn := func(b *browser) bool {
		p := b.open(t, path)
		return p.says("Pemberley Planner") && !strings.Contains(p.body, `value="sign-in"`)
	}
	t.Run("AUTH-131 one sign-in more ends the oldest session", func(t *testing.T) {
		first, second := w.browser(t), w.browser(t)
		first.signIn(t, first.open(t, path), liz, password)
		second.signIn(t, second.open(t, path), liz, password)
		must(t, w.SignInOften(t.Context(), owner, 198))
		w.keeps(t, owner, auth.SessionRecord, 200)
		if !signedIn(first) {
			t.Error("the first of 200 is signed out")
		}
		third := w.browser(t)
		third.signIn(t, third.open(t, path), liz, password)
		if signedIn(first) || !signedIn(second) || !signedIn(third) {
			t.Error("the oldest of 201 is signed in, or another is not")
		}
		w.keeps(t, owner, auth.SessionRecord, 200)
	})
}

func TestRingsOfPrograms(t *testing.T) {
	w := longbourn(t, auth.Options{AuthSubUnregistered: true})
	owner := w.number(t, liz)
	p, other := w.webProgram(t), w.program(t, auth.NewApp{Name: "Rosings Clock"})

	t.Run("AUTH-132 codes", func(t *testing.T) {
		first, second := w.code(t, p), w.code(t, p)
		must(t, w.CodeOften(t.Context(), owner, p.ID, 199))
		w.exchange(t, p, first).fails(t, 400, "invalid_grant")
		w.exchange(t, p, second).good(t)
		w.keeps(t, owner, auth.CodeRecord, 200)
	})
	t.Run("AUTH-132 single-use tokens of AuthSub", func(t *testing.T) {
		before, err := w.Kept(t.Context(), owner, auth.TokenRecord)
		must(t, err)
		_, first := w.authSub(t, liz)
		session := w.session(t, first)
		_, second := w.authSub(t, liz)
		must(t, w.AuthSubOften(t.Context(), owner, 199))
		w.keeps(t, owner, auth.TokenRecord, before+1+200)
		if a := w.as(t, "/whoami", second); a.body != liz {
			t.Errorf("one of the last 200: %d %s", a.status, a.body)
		}
		must(t, w.AuthSubOften(t.Context(), owner, 200))
		if a := w.as(t, "/whoami", session); a.body != liz {
			t.Errorf("one that was exchanged: %d %s", a.status, a.body)
		}
	})
	t.Run("AUTH-132 access tokens of a consent", func(t *testing.T) {
		got := w.exchange(t, p, w.code(t, p, "access_type", "offline", "scope", readonlyScope)).good(t)
		of := w.exchange(t, p, w.code(t, p)).good(t) // another consent
		list, err := w.Programs(t.Context(), owner)
		must(t, err)
		grant := ""
		for _, l := range list {
			if l.App == p.ID && len(l.Words) == 1 && l.Words[0] == "see your contacts, groups and photos" {
				grant = l.ID
			}
		}
		must(t, w.IssueOften(t.Context(), owner, p.ID, grant, 199))
		if who := w.whoBears(t, got.Access); who != liz {
			t.Errorf("the first of 200 is that of %s", who)
		}
		next := w.refresh(t, p, got.Refresh).good(t)
		for token, want := range map[string]string{got.Access: "Token invalid", next.Access: liz, of.Access: liz} {
			if who := w.whoBears(t, token); who != want {
				t.Errorf("a token is that of %s, want %s", who, want)
			}
		}
		must(t, w.RevokePrograms(t.Context(), owner))
		w.keeps(t, owner, auth.TokenRecord, 0)
	})
	t.Run("AUTH-133 devices that nobody has answered", func(t *testing.T) {
		mine := w.program(t, auth.NewApp{Name: "Hunsford Clock"})
		in, first, others := w.device(t, other), w.device(t, other), w.device(t, mine)
		b := w.browser(t)
		b.press(t, b.ask(t, in.path(), liz), "allow")
		must(t, w.DeviceOften(t.Context(), other.ID, 0, 999))
		w.poll(t, other, first).fails(t, 400, "authorization_pending")
		must(t, w.DeviceOften(t.Context(), other.ID, 0, 1))
		w.poll(t, other, first).fails(t, 400, "invalid_grant")
		w.poll(t, mine, others).fails(t, 400, "authorization_pending")
		w.keeps(t, store.Directory, auth.DeviceRecord, 2*(1000+1+1))
		w.poll(t, other, in).good(t)
	})
	t.Run("AUTH-133 devices that a user has let in", func(t *testing.T) {
		w.clock.forward(time.Hour)
		must(t, w.DeviceOften(t.Context(), other.ID, owner, 205))
		w.keeps(t, store.Directory, auth.DeviceRecord, 2*200)
	})
}

func TestRingOfRequests(t *testing.T) {
	w := longbourn(t, auth.Options{})
	owner := w.number(t, liz)
	app, secret := w.pemberley(t)
	mine := call{consumer: app.ID, secret: secret}
	gossip, _, err := w.AddApp(t.Context(), auth.NewApp{Name: "Meryton Gossip", ID: "anonymous", Secret: "anonymous", CallbackHosts: []string{"pemberley.example"}})
	must(t, err)
	public := call{consumer: gossip.ID, secret: "anonymous"}
	verifier := func(t *testing.T, p *page) string {
		t.Helper()
		u, err := url.Parse(p.leave)
		must(t, err)
		return u.Query().Get("oauth_verifier")
	}
	t.Run("AUTH-133 request tokens that nobody has agreed to", func(t *testing.T) {
		in, first, second, other := w.begin(t, public, ready), w.begin(t, public, ready), w.begin(t, public, ready), w.begin(t, mine, ready)
		agreed := verifier(t, in.agree(t, liz, ""))
		must(t, w.AskOften(t.Context(), gossip.ID, 0, 999))
		if p := w.browser(t).open(t, "/accounts/OAuthAuthorizeToken?oauth_token="+first.token); p.status != http.StatusUnauthorized || !p.says("token_rejected") {
			t.Errorf("the oldest of 1001: %d %s", p.status, text(p.doc))
		}
		if v := verifier(t, second.agree(t, liz, "")); v == "" {
			t.Error("another of the same program is gone")
		}
		if v := verifier(t, other.agree(t, liz, "")); v == "" {
			t.Error("one of another program is gone")
		}
		must(t, w.AskOften(t.Context(), gossip.ID, 0, 1000))
		w.keeps(t, store.Directory, auth.RequestRecord, 1000+3)
		if a := in.finish(t, agreed); a.status != http.StatusOK {
			t.Errorf("one that the user has agreed to: %d %s", a.status, a.body)
		}
	})
	t.Run("AUTH-133 request tokens that a user has agreed to", func(t *testing.T) {
		w.clock.forward(time.Hour)
		must(t, w.AskOften(t.Context(), gossip.ID, owner, 205))
		w.keeps(t, store.Directory, auth.RequestRecord, 200)
	})
}

func TestConsentLimits(t *testing.T) {
	w := longbourn(t, auth.Options{AuthSubUnregistered: true})
	owner := w.number(t, liz)
	sa := w.serviceAccount(t, "Housekeeping")
	must(t, w.SetDomain(t.Context(), "example.com", "delegate", sa.ID))
	p := w.webProgram(t)
	planner := w.exchange(t, p, w.code(t, p, "access_type", "offline")).good(t)
	_, once := w.authSub(t, liz)
	first := w.session(t, once)
	allowed := func(t *testing.T, token, want string) {
		t.Helper()
		if got := visible(w.as(t, "/whoami", token)); got != want {
			t.Errorf("the token is that of %q, want %q", got, want)
		}
	}
	var second string
	t.Run("AUTH-134 one consent more to a program ends its oldest", func(t *testing.T) {
		w.clock.forward(time.Second)
		must(t, w.AgreeOften(t.Context(), owner, "letters.example", 49))
		allowed(t, first, liz)
		w.clock.forward(time.Second)
		_, once := w.authSub(t, liz)
		second = w.session(t, once)
		allowed(t, first, "Token invalid")
		allowed(t, second, liz)
		must(t, w.AgreeOften(t.Context(), owner, "letters.example", 49))
		allowed(t, second, liz)
		w.refresh(t, p, planner.Refresh).good(t)
		w.keeps(t, owner, auth.GrantRecord, 50+1)
	})
	t.Run("AUTH-134 one consent more than an account has ends the oldest of all", func(t *testing.T) {
		a := w.assert(t, sign(t, "RS256", sa.key, claims{"iss": sa.ServiceEmail, "scope": feedsScope, "aud": w.url + tokenPath,
			"exp": w.clock.now().Unix() + 3600, "sub": liz})).good(t)
		w.clock.forward(time.Second)
		must(t, w.AgreeOften(t.Context(), owner, "", 149))
		w.refresh(t, p, planner.Refresh).good(t)
		must(t, w.AgreeOften(t.Context(), owner, "one more", 1))
		w.refresh(t, p, planner.Refresh).fails(t, 400, "invalid_grant")
		allowed(t, second, liz)
		w.clock.forward(time.Second)
		must(t, w.AgreeOften(t.Context(), owner, "", 200))
		allowed(t, second, "Token invalid")
		if who := w.whoBears(t, a.Access); who != liz {
			t.Errorf("the service account acts for %s", who)
		}
		w.keeps(t, owner, auth.GrantRecord, 200+1)
	})
	t.Run("AUTH-134 a consent ends with all that came of it", func(t *testing.T) {
		n, err := w.Kept(t.Context(), owner, auth.TokenRecord)
		if must(t, err); n != 1 {
			t.Errorf("%d tokens are left, want that of the service account", n)
		}
	})
}

func TestRingOfAssertions(t *testing.T) {
	w := longbourn(t, auth.Options{})
	busy, other := w.serviceAccount(t, "Housekeeping"), w.serviceAccount(t, "Stables")
	must(t, w.SetDomain(t.Context(), "example.com", "delegate", busy.ID+","+other.ID))
	ask := func(t *testing.T, sa serviceAccount, jti any) answer {
		t.Helper()
		c := claims{"iss": sa.ServiceEmail, "scope": feedsScope, "aud": w.url + tokenPath, "exp": w.clock.now().Unix() + 3600, "sub": liz}
		return w.assert(t, sign(t, "RS256", sa.key, c.with("jti", jti)))
	}
	ask(t, busy, "first").good(t)
	must(t, w.SkipAssertions(t.Context(), busy.ID, 19_998))
	ask(t, busy, "last").good(t)
	t.Run("AUTH-135 too many assertions are refused, and none is forgotten", func(t *testing.T) {
		a := ask(t, busy, "one more")
		if a.fails(t, 503, "temporarily_unavailable"); a.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		ask(t, busy, "first").fails(t, 400, "invalid_grant")
		ask(t, busy, "last").fails(t, 400, "invalid_grant")
	})
	t.Run("AUTH-135 what is not remembered is let in, and so are others", func(t *testing.T) {
		ask(t, busy, nil).good(t)
		ask(t, other, "first").good(t)
	})
	t.Run("AUTH-135 after a while there is room", func(t *testing.T) {
		w.clock.forward(75 * time.Minute)
		ask(t, busy, "one more").good(t)
		w.keeps(t, store.Directory, auth.RingRecord, 2)
	})
}
