package auth_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"contacts"
	"contacts/auth"
	"contacts/store"
)

// programs are the names, kinds and permissions of the programs of a user.
func (w *world) programs(t testing.TB, owner store.Owner) string {
	t.Helper()
	list, err := w.Programs(t.Context(), owner)
	must(t, err)
	var all []string
	for _, p := range list {
		all = append(all, p.Name+" ("+string(p.Kind)+") may "+strings.Join(p.Words, ", "))
	}
	return strings.Join(all, "\n")
}

func (w *world) number(t testing.TB, email string) store.Owner {
	t.Helper()
	u, err := w.User(t.Context(), email)
	must(t, err)
	return u.Owner
}

func (w *world) give(t testing.TB, email string, g auth.Gift) (token, grant string) {
	t.Helper()
	token, grant, err := w.Give(t.Context(), w.number(t, email), g)
	must(t, err)
	return token, grant
}

// whoBears is who the server takes the holder of a token of OAuth 2.0 for, or the
// message of the refusal.
func (w *world) whoBears(t testing.TB, token string) string {
	t.Helper()
	return strings.TrimSpace(visible(w.do(t, http.MethodGet, "/whoami", "", "Authorization: Bearer "+token)))
}

func TestPrograms(t *testing.T) {
	ctx := t.Context()
	t.Run("SEC-8 listed, the latest first, and revoked one by one", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		owner := w.number(t, liz)
		login := w.token(t, liz)
		w.clock.forward(time.Minute)
		token, grant := w.give(t, liz, auth.Gift{Kind: auth.OAuth2Token, App: "p", Scopes: onlyRead, Refresh: true})
		janes, _ := w.give(t, jane, auth.Gift{Kind: auth.OAuth2Token, App: "p", Scopes: allFeeds, Refresh: true})
		want := "Pemberley (OAuth 2.0) may see your contacts, groups and photos\n" +
			"exampleCo-exampleApp-1 (ClientLogin) may see and change your contacts, groups and photos"
		if got := w.programs(t, owner); got != want {
			t.Errorf("Programs() =\n%s\nwant\n%s", got, want)
		}
		list, err := w.Programs(ctx, owner)
		must(t, err)
		if list[0].ID != grant || list[0].App != "p" || !list[0].Created.Equal(w.clock.now()) {
			t.Errorf("Programs() has %+v", list[0])
		}
		for _, id := range []string{"", "-", grant + "0", grant[:8], strings.Repeat("0", 32)} {
			wantKind(t, w.RevokeProgram(ctx, owner, id), contacts.NotFound)
		}
		other, err := w.Programs(ctx, w.number(t, jane))
		must(t, err)
		wantKind(t, w.RevokeProgram(ctx, owner, other[0].ID), contacts.NotFound) // somebody else's
		wantKind(t, w.RevokeProgram(ctx, w.number(t, jane), list[1].ID), contacts.NotFound)
		if w.whoBears(t, token) != liz || w.whoBears(t, janes) != jane || w.whois(t, login) != liz {
			t.Error("a token ended that was not revoked")
		}
		must(t, w.RevokeProgram(ctx, owner, grant))
		if got := w.whoBears(t, token); got != "Token invalid" {
			t.Errorf("the revoked token gives %q", got)
		}
		if tokens, err := w.Tokens(ctx, liz); err != nil || len(tokens) != 1 || tokens[0].Kind != auth.ClientLoginToken {
			t.Errorf("Tokens() = %+v, %v; the refresh token must be gone", tokens, err)
		}
		must(t, w.RevokeProgram(ctx, owner, list[1].ID))
		if got := w.whois(t, login); got != "Token invalid" {
			t.Errorf("the revoked login gives %q", got)
		}
		if got := w.programs(t, owner); got != "" {
			t.Errorf("left: %s", got)
		}
		if w.whoBears(t, janes) != jane {
			t.Error("another user's token ended")
		}
	})
	t.Run("SEC-8 all at once", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		login := w.token(t, liz)
		token, _ := w.give(t, liz, auth.Gift{Kind: auth.OAuth2Token, Scopes: allFeeds, Refresh: true})
		must(t, w.RevokePrograms(ctx, w.number(t, liz)))
		if a, b := w.whoBears(t, token), w.whois(t, login); a != "Token invalid" || b != a {
			t.Errorf("answers = %q, %q", a, b)
		}
		if got := w.programs(t, w.number(t, liz)); got != "" {
			t.Errorf("left: %s", got)
		}
	})
	t.Run("SEC-8 AUTH-36 a new password ends ClientLogin tokens alone", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		login := w.token(t, liz)
		token, _ := w.give(t, liz, auth.Gift{Kind: auth.OAuth2Token, Scopes: allFeeds})
		must(t, w.SetPassword(ctx, liz, "till this moment I never knew myself"))
		if got := w.whois(t, login); got != "Token invalid" {
			t.Errorf("ClientLogin: %q", got)
		}
		if got := w.whoBears(t, token); got != liz {
			t.Errorf("OAuth 2.0: %q", got)
		}
	})
	t.Run("AUTH-8 a closed account", func(t *testing.T) {
		for name, shut := range map[string]func(*world) error{
			"disabled":    func(w *world) error { return w.SetDisabled(ctx, liz, true) },
			"service off": func(w *world) error { return w.SetFlags(ctx, liz, auth.Flags{ServiceOff: true}) },
			"removed":     func(w *world) error { _, err := w.RemoveUser(ctx, liz); return err },
		} {
			w := longbourn(t, auth.Options{})
			owner := w.number(t, liz)
			token, _ := w.give(t, liz, auth.Gift{Kind: auth.OAuth2Token, Scopes: allFeeds, Refresh: true})
			must(t, shut(w))
			if got := w.whoBears(t, token); got != "Token invalid" {
				t.Errorf("%s: %q", name, got)
			}
			if got := w.programs(t, owner); got != "" {
				t.Errorf("%s leaves %s", name, got)
			}
		}
	})
	t.Run("AUTH-89 revoking a refresh token by its ID ends what came of it", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		token, _ := w.give(t, liz, auth.Gift{Kind: auth.OAuth2Token, App: "p", Scopes: allFeeds, Refresh: true})
		kept, _ := w.give(t, liz, auth.Gift{Kind: auth.OAuth2Token, App: "p", Scopes: allFeeds})
		tokens, err := w.Tokens(ctx, liz)
		must(t, err)
		i := slices.IndexFunc(tokens, func(k auth.Token) bool { return k.Kind == auth.OAuth2Refresh })
		if i < 0 || len(tokens) != 3 || tokens[i].App != "p" || !slices.Equal(tokens[i].Scopes, []string{allFeeds}) {
			t.Fatalf("Tokens() = %+v", tokens)
		}
		must(t, w.RevokeToken(ctx, tokens[i].ID))
		if a, b := w.whoBears(t, token), w.whoBears(t, kept); a != "Token invalid" || b != liz {
			t.Errorf("answers = %q, %q", a, b)
		}
	})
}

func TestRemoveApp(t *testing.T) {
	ctx := t.Context()
	// setUp registers two programs that hold tokens of Elizabeth and may act for
	// the domain.
	setUp := func(t *testing.T) (w *world, gone, kept auth.App, tokens []string, other string) {
		w = longbourn(t, auth.Options{})
		gone, _, err := w.AddApp(ctx, auth.NewApp{Name: "Wickham's"})
		must(t, err)
		kept, _, err = w.AddApp(ctx, auth.NewApp{Name: "Pemberley"})
		must(t, err)
		for _, g := range []auth.Gift{{Refresh: true}, {NoGrant: true}} {
			g.Kind, g.App, g.Scopes = auth.OAuth2Token, gone.ID, allFeeds
			token, _ := w.give(t, liz, g)
			tokens = append(tokens, token)
		}
		other, _ = w.give(t, liz, auth.Gift{Kind: auth.OAuth2Token, App: kept.ID, Scopes: allFeeds, Refresh: true})
		must(t, w.SetDomain(ctx, "example.com", "delegate", "wickham's, "+kept.ID+","))
		return w, gone, kept, tokens, other
	}
	check := func(t *testing.T, w *world, gone, kept auth.App, tokens []string, other string) {
		t.Helper()
		for _, token := range tokens {
			if got := w.whoBears(t, token); got != "Token invalid" {
				t.Errorf("a token of it gives %q", got)
			}
		}
		if got := w.whoBears(t, other); got != liz {
			t.Errorf("a token of another program gives %q", got)
		}
		if list, err := w.Tokens(ctx, liz); err != nil || len(list) != 2 {
			t.Errorf("Tokens() = %+v, %v, want 2 of the other program", list, err)
		}
		d, err := w.Domain(ctx, "example.com")
		if err != nil || !slices.Equal(d.Delegates, []string{kept.ID}) {
			t.Errorf("the domain has %v, %v", d.Delegates, err)
		}
	}
	t.Run("AUTH-121 its tokens and its powers end", func(t *testing.T) {
		w, gone, kept, tokens, other := setUp(t)
		must(t, w.RemoveApp(ctx, gone.ID))
		check(t, w, gone, kept, tokens, other)
		wantKind(t, w.RemoveApp(ctx, gone.ID), contacts.NotFound)
		must(t, w.Maintain(ctx))
		check(t, w, gone, kept, tokens, other)
	})
	t.Run("AUTH-121 what a crash leaves is ended later", func(t *testing.T) {
		w, gone, kept, tokens, other := setUp(t)
		must(t, w.ForgetApp(ctx, gone.ID))
		must(t, w.Maintain(ctx))
		check(t, w, gone, kept, tokens, other)
	})
	t.Run("AUTH-75 AUTH-124 programs that may act for a domain", func(t *testing.T) {
		w, gone, kept, _, _ := setUp(t)
		_, _, err := w.AddApp(ctx, auth.NewApp{Name: "Lambton", Public: true})
		must(t, err)
		d, err := w.Domain(ctx, "example.com")
		must(t, err)
		other, err := w.Domain(ctx, "example.org")
		must(t, err)
		may := func(owner store.Owner, id string) bool {
			t.Helper()
			ok, err := w.Delegated(ctx, owner, id)
			must(t, err)
			return ok
		}
		if !may(d.Owner, gone.ID) || !may(d.Owner, kept.ID) || may(other.Owner, kept.ID) || may(d.Owner, "") || may(w.number(t, liz), kept.ID) {
			t.Error("Delegated() is wrong")
		}
		wantKind(t, w.SetDomain(ctx, "example.com", "delegate", "Lambton"), contacts.Invalid)
		wantKind(t, w.SetDomain(ctx, "example.com", "delegate", kept.ID+",Rosings"), contacts.NotFound)
		wantKind(t, w.SetDomain(ctx, "example.net", "delegate", kept.ID), contacts.NotFound)
		if !may(d.Owner, gone.ID) {
			t.Error("a refused setting changed something")
		}
		must(t, w.SetDomain(ctx, "example.com", "delegate", " "))
		if may(d.Owner, kept.ID) {
			t.Error("it may still act after the list was emptied")
		}
	})
}
