package auth_test

import (
	"reflect"
	"strings"
	"testing"

	"contacts"
	"contacts/auth"
	"contacts/store"
)

func TestDomains(t *testing.T) {
	ctx := t.Context()
	w := longbourn(t, auth.Options{})

	t.Run("made and listed", func(t *testing.T) {
		d, err := w.AddDomain(ctx, " Longbourn.Example ")
		must(t, err)
		want := auth.Domain{Owner: d.Owner, Name: "longbourn.example", SharedContacts: true, Created: w.clock.now()}
		if !reflect.DeepEqual(d, want) || d.Owner == 0 {
			t.Errorf("AddDomain() = %+v, want %+v", d, want)
		}
		if got, err := w.Domain(ctx, "LONGBOURN.example"); !reflect.DeepEqual(got, d) || err != nil {
			t.Errorf("Domain() = %+v, %v", got, err)
		}
		ds, err := w.Domains(ctx)
		must(t, err)
		var names []string
		for _, d := range ds {
			names = append(names, d.Name)
		}
		if got := strings.Join(names, " "); got != "example.com example.org longbourn.example" {
			t.Errorf("Domains() = %s", got)
		}
		var b store.Book
		must(t, w.store.View(ctx, d.Owner, func(tx store.Tx) (err error) {
			b, err = tx.Book()
			return err
		}))
		if b.Created != contacts.RevAt(w.clock.now()) {
			t.Errorf("book = %+v", b)
		}
		_, err = w.AddDomain(ctx, "longbourn.EXAMPLE")
		wantKind(t, err, contacts.Duplicate)
	})
	for name, ok := range map[string]bool{
		"":                             false,
		"default":                      false, // RES-3 has the word
		"exam ple.com":                 false,
		"example..com":                 false,
		".example.com":                 false,
		"example.com.":                 false,
		"-example.com":                 false,
		"example-.com":                 false,
		"example.com/x":                false,
		"liz@example.com":              false,
		"exam\xffple.com":              false,
		strings.Repeat("a", 64):        false,
		strings.Repeat("aaa.", 64):     false,
		"localhost":                    true,
		"bücher.example":               true,
		"xn--bcher-kva.example":        true,
		"1.2.example":                  true,
		strings.Repeat("a", 63) + ".b": true,
	} {
		t.Run("name "+name, func(t *testing.T) {
			_, err := w.AddDomain(ctx, name)
			if ok {
				must(t, err)
			} else {
				wantKind(t, err, contacts.Invalid)
			}
		})
	}
	t.Run("RES-55 RES-57 settings", func(t *testing.T) {
		for _, tt := range []struct {
			key, value        string
			usersRead, shared bool
		}{
			{"readers", "users", true, true},
			{"shared_contacts", "off", true, false},
			{"readers", "admins", false, false},
			{"shared_contacts", "on", false, true},
		} {
			must(t, w.SetDomain(ctx, "Example.com", tt.key, tt.value))
			d, err := w.Domain(ctx, "example.com")
			must(t, err)
			if d.UsersRead != tt.usersRead || d.SharedContacts != tt.shared {
				t.Errorf("after %s=%s: %+v", tt.key, tt.value, d)
			}
		}
		for _, tt := range []struct {
			domain, key, value string
			kind               contacts.Kind
			text               string
		}{
			{"example.com", "reader", "users", contacts.Invalid, `unknown setting "reader" of a domain: use readers or shared_contacts or delegate`},
			{"example.com", "readers", "everybody", contacts.Invalid, `readers must be admins or users, not "everybody"`},
			{"example.net", "readers", "users", contacts.NotFound, "There is no domain example.net"},
		} {
			err := w.SetDomain(ctx, tt.domain, tt.key, tt.value)
			wantKind(t, err, tt.kind)
			if err != nil && err.Error() != tt.text {
				t.Errorf("error = %q, want %q", err, tt.text)
			}
		}
	})
	t.Run("RES-55 RES-57 all settings of a call are made, or none", func(t *testing.T) {
		for _, tt := range []struct {
			settings          []auth.DomainSetting
			kind              contacts.Kind
			usersRead, shared bool
		}{
			{[]auth.DomainSetting{{"readers", "users"}, {"shared_contacts", "shut"}}, contacts.Invalid, false, true},
			{[]auth.DomainSetting{{"readers", "users"}, {"delegate", "Rosings"}}, contacts.NotFound, false, true},
			{[]auth.DomainSetting{{"readers", "users"}, {"shared_contacts", "off"}}, "", true, false},
			{[]auth.DomainSetting{{"readers", "admins"}, {"shared_contacts", "on"}}, "", false, true},
		} {
			wantKind(t, w.SetDomainAll(ctx, "example.com", tt.settings), tt.kind)
			d, err := w.Domain(ctx, "example.com")
			must(t, err)
			if d.UsersRead != tt.usersRead || d.SharedContacts != tt.shared {
				t.Errorf("after %v: %+v", tt.settings, d)
			}
		}
	})
	t.Run("removed only without users", func(t *testing.T) {
		_, err := w.RemoveDomain(ctx, "Example.com")
		wantKind(t, err, contacts.Forbidden)
		if err == nil || err.Error() != "example.com still has users: bennet@example.com, jane@example.com, liz@example.com" {
			t.Errorf("RemoveDomain() = %v", err)
		}
		d, err := w.Domain(ctx, "example.org")
		must(t, err)
		_, err = w.RemoveUser(ctx, wickham)
		must(t, err)
		owner, err := w.RemoveDomain(ctx, "example.org")
		must(t, err)
		if owner != d.Owner {
			t.Errorf("RemoveDomain() = %d, want %d", owner, d.Owner)
		}
		_, err = w.Domain(ctx, "example.org")
		wantKind(t, err, contacts.NotFound)
		_, err = w.RemoveDomain(ctx, "example.org")
		wantKind(t, err, contacts.NotFound)
		_, err = w.AddUser(ctx, auth.NewUser{Email: wickham, Password: password})
		wantKind(t, err, contacts.NotFound)
		again, err := w.AddDomain(ctx, "example.org")
		must(t, err)
		if again.Owner <= owner {
			t.Errorf("AddDomain() = %d, a number that was removed", again.Owner)
		}
	})
}
