package auth_test

import (
	"testing"

	"contacts"
	"contacts/auth"
)

func TestOpen(t *testing.T) {
	ctx := t.Context()
	const (
		foreign = "Cannot request contacts belonging to another user or domain"
		off     = "Domain contacts API is not enabled"
		narrow  = "Token does not cover this resource"
	)
	w := longbourn(t, auth.Options{})
	for _, setting := range []struct{ readers, shared string }{{"admins", "on"}, {"users", "on"}, {"admins", "off"}, {"users", "off"}} {
		must(t, w.SetDomain(ctx, "example.com", "readers", setting.readers))
		must(t, w.SetDomain(ctx, "example.com", "shared_contacts", setting.shared))
		own := func(who, reason string) string { // reason where the shared contacts are open to who
			if setting.shared == "off" && reason == "" {
				return off
			}
			return reason
		}
		usersRead := foreign
		if setting.readers == "users" {
			usersRead = ""
		}
		for _, tt := range []struct {
			name     string
			who      string
			segment  string
			access   auth.Access
			readOnly bool
			book     string // a user or domain
			reason   string // of the refusal
		}{
			{"RES-3 RES-8 RES-50 default", liz, "default", auth.Write, false, liz, ""},
			{"RES-3 RES-7 default in any case", liz, " Default", auth.Read, false, liz, ""},
			{"RES-2 RES-50 own address", liz, liz, auth.Write, false, liz, ""},
			{"RES-2 RES-7 RES-8 own address in any case", liz, " LIZ@Example.com ", auth.Read, false, liz, ""},
			{"RES-5 another user of the domain", liz, jane, auth.Read, false, "", foreign},
			{"RES-5 a user of another domain", liz, wickham, auth.Read, false, "", foreign},
			{"RES-52 a user, by the administrator", bennet, liz, auth.Read, false, "", foreign},
			{"RES-9 ERR-37 an unknown user", liz, "collins@example.com", auth.Read, false, "", foreign},
			{"RES-9 ERR-37 an unknown domain", bennet, "example.net", auth.Read, false, "", foreign},
			{"RES-9 nothing", liz, "", auth.Read, false, "", foreign},
			{"RES-4 RES-51 RES-55 shared contacts, by the administrator", bennet, "example.com", auth.Write, false, "example.com", own(bennet, "")},
			{"RES-4 RES-7 RES-8 RES-55 the domain in any case", bennet, " EXAMPLE.Com", auth.Read, false, "example.com", own(bennet, "")},
			{"RES-5 shared contacts, by the administrator of another domain", wickham, "example.com", auth.Read, false, "", foreign},
			{"RES-6 RES-57 RES-55 reading shared contacts, by a user", liz, "example.com", auth.Read, false, "example.com", own(liz, usersRead)},
			{"RES-6 RES-57 writing shared contacts, by a user", liz, "example.com", auth.Write, false, "", foreign},
			{"RES-5 shared contacts, by a user of another domain", liz, "example.org", auth.Read, false, "", foreign},
			{"ERR-38 reading with a token for reading", liz, "default", auth.Read, true, liz, ""},
			{"ERR-38 writing with a token for reading", liz, "default", auth.Write, true, "", narrow},
		} {
			t.Run(tt.name+", readers="+setting.readers+", shared_contacts="+setting.shared, func(t *testing.T) {
				id := w.identity(t, tt.who)
				id.ReadOnly = tt.readOnly
				target, err := w.Open(ctx, id, tt.segment, tt.access)
				if tt.reason != "" {
					wantKind(t, err, contacts.Forbidden)
					if err != nil && (err.Error() != tt.reason || contacts.CodeOf(err) != contacts.CodeForbidden) {
						t.Errorf("Open() = %v, code %s, want %q", err, contacts.CodeOf(err), tt.reason)
					}
					return
				}
				must(t, err)
				var want auth.Target
				if d, err := w.Domain(ctx, tt.book); err == nil {
					want = auth.Target{Owner: d.Owner, Shared: true, Name: tt.book, FullName: tt.book}
				} else {
					want = auth.Target{Owner: id.Account.Owner, Name: tt.book, FullName: "Elizabeth Bennet"}
				}
				if *target != want {
					t.Errorf("Open() = %+v, want %+v", *target, want)
				}
			})
		}
	}
}
