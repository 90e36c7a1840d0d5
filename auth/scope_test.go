package auth_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"contacts"
	"contacts/auth"
)

const (
	allFeeds = "https://www.google.com/m8/feeds/"
	onlyRead = "https://www.googleapis.com/auth/contacts.readonly"
)

func TestParseScopes(t *testing.T) {
	for _, tt := range []struct {
		name, text, want string // want is empty for an error
	}{
		{"AUTH-39 AUTH-81 all feeds", "http://www.google.com/m8/feeds/", "http://www.google.com/m8/feeds/"},
		{"AUTH-39 AUTH-81 with https", allFeeds, allFeeds},
		{"AUTH-81 without the final slash", "https://www.google.com/m8/feeds", allFeeds},
		{"AUTH-81 the host in capitals", "HTTPS://WWW.Google.com/m8/feeds", allFeeds},
		{"AUTH-39 AUTH-123 a narrower prefix", "http://www.google.com/m8/feeds/groups/", "http://www.google.com/m8/feeds/groups/"},
		{"AUTH-39 a book", "https://www.google.com/m8/feeds/contacts/liz%40example.com/full", "https://www.google.com/m8/feeds/contacts/liz%40example.com/full"},
		{"AUTH-81 full", "https://www.googleapis.com/auth/contacts", "https://www.googleapis.com/auth/contacts"},
		{"AUTH-81 read-only", onlyRead, onlyRead},
		{"AUTH-123 who the user is", "openid email", "openid email"},
		{"AUTH-39 several, in their order", "  email " + allFeeds + "\t" + onlyRead + "\n", "email " + allFeeds + " " + onlyRead},
		{"one twice", allFeeds + " https://www.google.com/m8/feeds", allFeeds},
		{"AUTH-123 our own host", "http://contacts.example.net:8080/m8/feeds/", "http://contacts.example.net:8080/m8/feeds/"},
		{"AUTH-39 none", " ", ""},
		{"AUTH-39 another service", "https://www.google.com/calendar/feeds/", ""},
		{"AUTH-39 one good and one bad", allFeeds + " https://mail.google.com/", ""},
		{"AUTH-39 another host", "https://rosings.example/m8/feeds/", ""},
		{"AUTH-39 another port", "http://contacts.example.net/m8/feeds/", ""},
		{"AUTH-39 a word", "contacts", ""},
		{"AUTH-39 another scheme", "ftp://www.google.com/m8/feeds/", ""},
		{"AUTH-39 longer word", "https://www.google.com/m8/feedsx", ""},
		{"AUTH-39 dots", "https://www.google.com/m8/feeds/contacts/../../", ""},
		{"AUTH-39 dots, escaped", "https://www.google.com/m8/feeds/%2e%2e/", ""},
		{"AUTH-39 two slashes", "https://www.google.com/m8/feeds//contacts", ""},
		{"AUTH-39 query", "https://www.google.com/m8/feeds/?x=y", ""},
		{"AUTH-39 fragment", "https://www.google.com/m8/feeds/#x", ""},
		{"AUTH-39 user", "https://liz@www.google.com/m8/feeds/", ""},
		{"AUTH-39 bad escape", "https://www.google.com/m8/feeds/%zz", ""},
		{"too much", strings.Repeat(allFeeds+" ", 1000), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sc, err := auth.ParseScopes(tt.text, "contacts.example.net:8080")
			if tt.want == "" {
				wantKind(t, err, contacts.Invalid)
				return
			}
			must(t, err)
			if got := strings.Join(sc, " "); got != tt.want {
				t.Errorf("ParseScopes() = %q, want %q", got, tt.want)
			}
			again, err := auth.ParseScopes(tt.want, "contacts.example.net:8080")
			if err != nil || !slices.Equal(again, sc) {
				t.Errorf("read back: %q, %v", again, err)
			}
		})
	}
	t.Run("AUTH-39 the error names the unknown scope", func(t *testing.T) {
		_, err := auth.ParseScopes(allFeeds + " https://mail.google.com/")
		if err == nil || !strings.Contains(err.Error(), `"https://mail.google.com/"`) {
			t.Errorf("ParseScopes() = %v", err)
		}
	})
}

func FuzzScopes(f *testing.F) {
	for _, text := range []string{allFeeds, onlyRead + " openid", "http://www.google.com/m8/feeds/contacts/liz%40example.com/full/", "https://www.google.com/m8/feeds//x", "http://[::1]/m8/feeds"} {
		f.Add(text, "/m8/feeds/contacts/default/full")
	}
	f.Fuzz(func(t *testing.T, text, path string) {
		sc, err := auth.ParseScopes(text)
		if err != nil {
			wantKind(t, err, contacts.Invalid)
			return
		}
		if again, err := auth.ParseScopes(strings.Join(sc, " ")); err != nil || !slices.Equal(again, sc) {
			t.Errorf("%q is read back as %q, %v", sc, again, err)
		}
		if len(sc.Words()) == 0 {
			t.Errorf("no words for %q", sc)
		}
		if sc.CoversWrite(path) && (!sc.Covers(path) || sc.ReadOnly()) {
			t.Errorf("%q may write at %q, but not read", sc, path)
		}
		if sc.Covers(path) && !strings.Contains(path, "m8") && !strings.Contains(path, "%") {
			t.Errorf("%q covers %q", sc, path)
		}
	})
}

func TestScopeCovers(t *testing.T) {
	const book = "/m8/feeds/contacts/default/full"
	for _, tt := range []struct {
		scope, path string
		read, write bool
	}{
		{allFeeds, book, true, true},
		{"http://www.google.com/m8/feeds", "/m8/feeds/groups/liz%40example.com/full/6", true, true},
		{allFeeds, "/m8/feeds", true, true},
		{allFeeds, "/m8/feedsx", false, false},
		{allFeeds, "/", false, false},
		{allFeeds, "", false, false},
		{"https://www.googleapis.com/auth/contacts", book, true, true},
		{"https://www.googleapis.com/auth/contacts", "/carddav/", false, false},
		{onlyRead, book, true, false},
		{onlyRead + " https://www.google.com/m8/feeds/groups/", book, true, false},
		{onlyRead + " https://www.google.com/m8/feeds/groups/", "/m8/feeds/groups/default/full", true, true},
		{"https://www.google.com/m8/feeds/contacts", book, true, true},
		{"https://www.google.com/m8/feeds/contacts/", "/m8/feeds/groups/default/full", false, false},
		{"https://www.google.com/m8/feeds/contacts/", "/m8/feeds/contactsx/default/full", false, false},
		{"https://www.google.com/m8/feeds/contacts/default/full", book, true, true},
		{"https://www.google.com/m8/feeds/contacts/default/full", "/m8/feeds/contacts/default", false, false},
		{"https://www.google.com/m8/feeds/contacts/liz%40example.com/", "/m8/feeds/contacts/liz@example.com/full", true, true},
		{"https://www.google.com/m8/feeds/contacts/liz@example.com/", "/m8/feeds/contacts/liz%40example.com/full", true, true},
		{"https://www.google.com/m8/feeds/contacts/liz@example.com/", "/m8/feeds/contacts/jane@example.com/full", false, false},
		{"https://www.google.com/m8/feeds/contacts/liz@example.com/", "/m8/feeds/contacts/liz@example.com%2f/full", false, false},
		{"openid email", book, false, false},
		{allFeeds, "//m8//feeds///contacts/default/full", true, true},
		{allFeeds, "/m8/feeds/contacts/%2e%2e/groups/default/full", false, false},
		{allFeeds, "/m8/feeds/contacts/./default/full", false, false},
		{allFeeds, "/m8/feeds/%zz", false, false},
		{allFeeds, "/m8%2ffeeds/contacts/default/full", false, false},
	} {
		t.Run("RES-53 "+tt.scope+" "+tt.path, func(t *testing.T) {
			sc, err := auth.ParseScopes(tt.scope)
			must(t, err)
			if r, w := sc.Covers(tt.path), sc.CoversWrite(tt.path); r != tt.read || w != tt.write {
				t.Errorf("covers = %v, for writing %v, want %v and %v", r, w, tt.read, tt.write)
			}
		})
	}
}

func TestScopeWords(t *testing.T) {
	for scope, want := range map[string]string{
		"http://www.google.com/m8/feeds/ " + allFeeds: "see and change your contacts, groups and photos",
		"https://www.googleapis.com/auth/contacts":    "see and change your contacts, groups and photos",
		onlyRead + " openid email":                    "see your contacts, groups and photos; see your name and e-mail address",
		allFeeds + "contacts":                         "see and change your contacts",
		allFeeds + "groups/":                          "see and change your groups",
		allFeeds + "photos/media/":                    "see and change what is under /m8/feeds/photos/media/",
	} {
		t.Run("AUTH-43 "+scope, func(t *testing.T) {
			sc, err := auth.ParseScopes(scope)
			must(t, err)
			if got := strings.Join(sc.Words(), "; "); got != want {
				t.Errorf("Words() = %q, want %q", got, want)
			}
			if readOnly := !strings.Contains(want, "change"); sc.ReadOnly() != readOnly {
				t.Errorf("ReadOnly() = %v", !readOnly)
			}
		})
	}
}

// What a token may touch, from the request to the book.
func TestScopesOfRequest(t *testing.T) {
	w := longbourn(t, auth.Options{})
	ctx := t.Context()
	u, err := w.User(ctx, liz)
	must(t, err)
	for _, tt := range []struct {
		name, scopes, path string
		access             auth.Access
		ok                 bool
	}{
		{"RES-53 AUTH-81 all feeds", allFeeds, "/m8/feeds/contacts/default/full", auth.Write, true},
		{"RES-53 slashes", allFeeds + "contacts/", "//m8/feeds//contacts/default/full", auth.Write, true},
		{"RES-53 AUTH-11 another part", allFeeds + "groups/", "/m8/feeds/contacts/default/full", auth.Read, false},
		{"RES-53 dots are not followed", allFeeds + "groups/", "/m8/feeds/groups/../contacts/default/full", auth.Read, false},
		{"AUTH-81 ERR-38 reading, read-only", onlyRead, "/m8/feeds/contacts/default/full", auth.Read, true},
		{"AUTH-81 ERR-38 writing, read-only", onlyRead, "/m8/feeds/contacts/default/full", auth.Write, false},
		{"AUTH-11 who the user is alone", "openid", "/m8/feeds/contacts/default/full", auth.Read, false},
		{"AUTH-11 nothing", "", "/m8/feeds/contacts/default/full", auth.Read, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text, _, err := w.Give(ctx, u.Owner, auth.Gift{Kind: auth.OAuth2Token, App: "pemberley", Scopes: tt.scopes})
			must(t, err)
			r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/", nil)
			r.URL.Path = tt.path
			r.RemoteAddr = "127.0.0.1:1"
			r.Header.Set("Authorization", "Bearer "+text)
			id, err := w.Identify(r)
			must(t, err)
			if id.Kind != auth.OAuth2Token || id.App != "pemberley" || id.Account.Email != liz {
				t.Errorf("Identify() = %+v", id)
			}
			_, err = w.Open(ctx, id, "default", tt.access)
			if tt.ok {
				must(t, err)
				return
			}
			wantKind(t, err, contacts.Forbidden)
			if err != nil && err.Error() != "Token does not cover this resource" {
				t.Errorf("Open() = %v", err)
			}
		})
	}
}
