package auth_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"contacts"
	"contacts/auth"
	"contacts/store"
)

func emails(users []auth.Account) string {
	var s []string
	for _, u := range users {
		s = append(s, u.Email)
	}
	return strings.Join(s, " ")
}

func TestUsers(t *testing.T) {
	w := longbourn(t, auth.Options{})
	ctx := t.Context()

	t.Run("found by address in any case", func(t *testing.T) {
		u, err := w.User(ctx, " LIZ@Example.COM ")
		must(t, err)
		d, err := w.Domain(ctx, "EXAMPLE.com")
		must(t, err)
		want := auth.Account{Owner: u.Owner, Email: liz, Name: "Elizabeth Bennet", Domain: "example.com", DomainOwner: d.Owner, Created: w.clock.now()}
		if u != want || u.Owner == 0 || u.Owner == d.Owner {
			t.Errorf("User() = %+v, want %+v", u, want)
		}
	})
	t.Run("a new user has an empty book", func(t *testing.T) {
		u, err := w.User(ctx, jane)
		must(t, err)
		var b store.Book
		must(t, w.store.View(ctx, u.Owner, func(tx store.Tx) (err error) {
			b, err = tx.Book()
			return err
		}))
		rev := contacts.RevAt(w.clock.now())
		if b != (store.Book{Rev: rev, Created: rev}) {
			t.Errorf("book = %+v, want revision %v", b, rev)
		}
	})
	t.Run("listed by domain", func(t *testing.T) {
		for domain, want := range map[string]string{
			"example.com": strings.Join([]string{bennet, jane, liz}, " "),
			"Example.Org": wickham,
			"":            strings.Join([]string{bennet, jane, liz, wickham}, " "),
		} {
			users, err := w.Users(ctx, domain)
			must(t, err)
			if got := emails(users); got != want {
				t.Errorf("Users(%q) = %s, want %s", domain, got, want)
			}
		}
		_, err := w.Users(ctx, "example.net")
		wantKind(t, err, contacts.NotFound)
	})
	t.Run("a domain is no prefix of another", func(t *testing.T) {
		_, err := w.AddDomain(ctx, "example.co")
		must(t, err)
		users, err := w.Users(ctx, "example.co")
		must(t, err)
		if len(users) != 0 {
			t.Errorf("Users(example.co) = %s, want none", emails(users))
		}
	})
	for name, tt := range map[string]struct {
		user auth.NewUser
		kind contacts.Kind
		text string
	}{
		"exists":             {auth.NewUser{Email: "Liz@example.com", Password: password}, contacts.Duplicate, "liz@example.com exists already"},
		"no domain":          {auth.NewUser{Email: "liz@example.net", Password: password}, contacts.NotFound, "There is no domain example.net"},
		"no @":               {auth.NewUser{Email: "liz", Password: password}, contacts.Invalid, `"liz" is not an e-mail address: it has no @`},
		"nothing before":     {auth.NewUser{Email: "@example.com", Password: password}, contacts.Invalid, "nothing stands before the @"},
		"dots":               {auth.NewUser{Email: "a..b@example.com", Password: password}, contacts.Invalid, "a dot must stand"},
		"blank":              {auth.NewUser{Email: "a b@example.com", Password: password}, contacts.Invalid, `it contains " "`},
		"slash":              {auth.NewUser{Email: "a/b@example.com", Password: password}, contacts.Invalid, `it contains "/"`},
		"two @":              {auth.NewUser{Email: "a@b@example.com", Password: password}, contacts.Invalid, `it contains "@"`},
		"broken UTF-8":       {auth.NewUser{Email: "a\xff@example.com", Password: password}, contacts.Invalid, "it contains \"\ufffd\""},
		"long":               {auth.NewUser{Email: strings.Repeat("a", 65) + "@example.com", Password: password}, contacts.Invalid, "64 bytes"},
		"bad domain":         {auth.NewUser{Email: "a@exa_mple.com", Password: password}, contacts.Invalid, "is not a domain name"},
		"short password":     {auth.NewUser{Email: "kitty@example.com", Password: "cough"}, contacts.Invalid, "at least 8"},
		"too long password":  {auth.NewUser{Email: "kitty@example.com", Password: strings.Repeat("a", 1025)}, contacts.Invalid, "at most 1024"},
		"letters of a kind":  {auth.NewUser{Email: "élise@example.com", Password: password}, "", ""},
		"signs that may be":  {auth.NewUser{Email: "k.i-t_t+y'@example.com", Password: password}, "", ""},
		"not the same as it": {auth.NewUser{Email: "lizzy@example.com", Password: password}, "", ""},
	} {
		t.Run("AddUser: "+name, func(t *testing.T) {
			_, err := w.AddUser(ctx, tt.user)
			wantKind(t, err, tt.kind)
			if err != nil && !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error = %q, want %q in it", err, tt.text)
			}
		})
	}
	t.Run("unknown users", func(t *testing.T) {
		const nobody = "collins@example.com"
		_, err := w.User(ctx, nobody)
		wantKind(t, err, contacts.NotFound)
		_, err = w.User(ctx, "collins")
		wantKind(t, err, contacts.NotFound)
		wantKind(t, w.SetPassword(ctx, nobody, password), contacts.NotFound)
		wantKind(t, w.SetDisabled(ctx, nobody, true), contacts.NotFound)
		wantKind(t, w.SetFlags(ctx, nobody, auth.Flags{}), contacts.NotFound)
		wantKind(t, w.SetAdmin(ctx, nobody, true), contacts.NotFound)
		_, err = w.RemoveUser(ctx, nobody)
		wantKind(t, err, contacts.NotFound)
		_, err = w.Tokens(ctx, nobody)
		wantKind(t, err, contacts.NotFound)
	})
	t.Run("changes", func(t *testing.T) {
		flags := auth.Flags{Unverified: true, TermsPending: true, SecondFactor: true, ServiceOff: true}
		must(t, w.SetFlags(ctx, jane, flags))
		must(t, w.SetDisabled(ctx, jane, true))
		must(t, w.SetAdmin(ctx, jane, true))
		u, err := w.User(ctx, jane)
		must(t, err)
		if u.Flags != flags || !u.Disabled || !u.Admin || u.DisplayName() != jane {
			t.Errorf("User() = %+v", u)
		}
		must(t, w.SetFlags(ctx, jane, auth.Flags{}))
		must(t, w.SetDisabled(ctx, jane, false))
		must(t, w.SetAdmin(ctx, jane, false))
		if u, err = w.User(ctx, jane); err != nil || u.Flags != (auth.Flags{}) || u.Disabled || u.Admin {
			t.Errorf("User() = %+v, %v", u, err)
		}
	})
	t.Run("the owners of all books", func(t *testing.T) {
		owners, err := w.Owners(ctx)
		must(t, err)
		slices.Sort(owners)
		if n := len(slices.Compact(owners)); n != 3+7 {
			t.Errorf("Owners() = %d numbers, want those of 3 domains and 7 users", n)
		}
	})
}

func TestRemoveUser(t *testing.T) {
	ctx := t.Context()
	again := auth.NewUser{Email: liz, Password: password}

	t.Run("the account and its tokens end, and the number is not used again", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		before, err := w.User(ctx, liz)
		must(t, err)
		token := w.token(t, liz)
		owner, err := w.RemoveUser(ctx, liz)
		must(t, err)
		if owner != before.Owner {
			t.Errorf("RemoveUser() = %d, want %d", owner, before.Owner)
		}
		if got := w.whois(t, token); got != "Token invalid" {
			t.Errorf("the token gives %q", got)
		}
		_, err = w.User(ctx, liz)
		wantKind(t, err, contacts.NotFound)
		users, err := w.Users(ctx, "example.com")
		must(t, err)
		if got := emails(users); strings.Contains(got, liz) {
			t.Errorf("Users() = %s", got)
		}
		owners, err := w.Owners(ctx)
		must(t, err)
		if slices.Contains(owners, owner) {
			t.Errorf("Owners() has the removed %d", owner)
		}
		after, err := w.AddUser(ctx, again)
		must(t, err)
		if after.Owner <= before.Owner || after.Name != "" {
			t.Errorf("AddUser() after the removal of %d = %+v", before.Owner, after)
		}
		if got := w.whois(t, token); got != "Token invalid" {
			t.Errorf("the old token gives %q", got)
		}
		if got := w.whois(t, w.token(t, liz)); got != liz {
			t.Errorf("the new token gives %q", got)
		}
	})
	t.Run("nothing is left after 30 days, but for the number", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		before, err := w.RemoveUser(ctx, liz)
		must(t, err)
		w.clock.forward(30*24*time.Hour + time.Second)
		if a := w.login(t, loginForm(liz, password)); a.line("Error") != "BadAuthentication" {
			t.Errorf("login = %q", a.body)
		}
		after, err := w.AddUser(ctx, again)
		must(t, err)
		if after.Owner <= before {
			t.Errorf("AddUser() = %+v after the removal of %d", after, before)
		}
	})
	t.Run("a user that is there by name only", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		n, err := w.ReserveUser(ctx, "lydia@example.com")
		must(t, err)
		_, err = w.User(ctx, "lydia@example.com")
		wantKind(t, err, contacts.NotFound)
		u, err := w.AddUser(ctx, auth.NewUser{Email: "lydia@example.com", Password: password})
		must(t, err)
		if u.Owner != n {
			t.Errorf("AddUser() = %d, want it to go on with %d", u.Owner, n)
		}
		m, err := w.ReserveUser(ctx, "mary@example.com")
		must(t, err)
		if owner, err := w.RemoveUser(ctx, "mary@example.com"); owner != m || err != nil {
			t.Errorf("RemoveUser() = %d, %v, want %d", owner, err, m)
		}
		u, err = w.AddUser(ctx, auth.NewUser{Email: "mary@example.com", Password: password})
		must(t, err)
		if u.Owner <= m {
			t.Errorf("AddUser() = %d, a number that was removed", u.Owner)
		}
	})
	t.Run("a book without an account is nobody's", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		n, err := w.ReserveUser(ctx, "lydia@example.com")
		must(t, err)
		must(t, w.store.Update(ctx, n, func(tx store.Tx) error {
			return tx.PutBook(store.Book{Rev: 1, Created: 1, Contacts: 1})
		}))
		u, err := w.AddUser(ctx, auth.NewUser{Email: "lydia@example.com", Password: password})
		must(t, err)
		if u.Owner == n {
			t.Errorf("AddUser() took over book %d", n)
		}
	})
}

func TestPasswords(t *testing.T) {
	ctx := t.Context()
	t.Run("SEC-1 SEC-2 the store has hashes, with a salt each, and no secret", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		secrets := []string{password, w.token(t, liz), w.token(t, jane)}
		var all []byte
		files, err := filepath.Glob(filepath.Join(w.dir, "*"))
		must(t, err)
		for _, name := range files {
			b, err := os.ReadFile(name)
			must(t, err)
			all = append(all, b...)
		}
		for _, secret := range secrets {
			if bytes.Contains(all, []byte(secret)) {
				t.Errorf("the store has %q", secret)
			}
		}
		hashes := map[string]bool{}
		for _, h := range regexp.MustCompile(`\$argon2id\$v=19\$m=64,t=1,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}`).FindAll(all, -1) {
			hashes[string(h)] = true
		}
		if len(hashes) != 4 {
			t.Errorf("the store has %d different hashes of one password, want 4", len(hashes))
		}
	})
	t.Run("AUTH-36 a new password ends tokens", func(t *testing.T) {
		w := longbourn(t, auth.Options{})
		hers, his := w.token(t, liz), w.token(t, bennet)
		must(t, w.SetPassword(ctx, liz, "a new password"))
		if got := w.whois(t, hers); got != "Token invalid" {
			t.Errorf("her token gives %q", got)
		}
		if got := w.whois(t, his); got != bennet {
			t.Errorf("his token gives %q", got)
		}
		if a := w.login(t, loginForm(liz, password)); a.line("Error") != "BadAuthentication" {
			t.Errorf("login with the old password = %q", a.body)
		}
		if a := w.login(t, loginForm(liz, "a new password")); a.status != 200 {
			t.Errorf("login with the new password = %q", a.body)
		}
		wantKind(t, w.SetPassword(ctx, liz, "short"), contacts.Invalid)
	})
	t.Run("generated", func(t *testing.T) {
		w := open(t, auth.Options{})
		form := regexp.MustCompile(`^[a-km-z2-9]{4}(-[a-km-z2-9]{4}){3}$`)
		a, b := w.GeneratePassword(), w.GeneratePassword()
		if !form.MatchString(a) || !form.MatchString(b) || a == b {
			t.Errorf("GeneratePassword() = %q, then %q", a, b)
		}
	})
}
