package client_test

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"contacts"
	"contacts/client"
)

func TestNew(t *testing.T) {
	t.Run("LIB-1 sends nothing and takes options", func(t *testing.T) {
		f := newFake(t, nil)
		must(client.New(f.URL, client.WithVersion(2), client.WithSource("example-tests-1"), client.WithOwner(elizabeth)))(t)
		if f.count() != 0 {
			t.Error("New() sent a request")
		}
	})
	t.Run("LIB-1 an HTTP client of the program's", func(t *testing.T) {
		w := newWorld(t)
		h := &http.Client{Transport: w.login(elizabeth)}
		c := must(client.New(w.URL, client.WithHTTPClient(h)))(t)
		must(c.ContactPage(t.Context(), client.Query{}))(t)
		if h.CheckRedirect != nil {
			t.Error("New() changes the client of the program")
		}
	})
	t.Run("LIB-1 source and version are told", func(t *testing.T) {
		w := newWorld(t)
		must(w.as(elizabeth, client.WithSource("example-tests-1"), client.WithVersion(2)).ContactPage(t.Context(), client.Query{}))(t)
		if h := w.last().Header; h.Get("User-Agent") != "example-tests-1" || h.Get("GData-Version") != "2.0" {
			t.Errorf("the headers are %v", h)
		}
	})
	t.Run("LIB-1 the contacts of another user", func(t *testing.T) {
		w := newWorld(t)
		must(w.as(elizabeth, client.WithOwner(elizabeth)).ContactPage(t.Context(), client.Query{}))(t)
		if got := w.last().RequestURI; got != "/m8/feeds/contacts/liz%40example.com/full" {
			t.Errorf("the request is %s", got)
		}
		_, err := w.as(elizabeth, client.WithOwner("darcy@pemberley.example")).ContactPage(t.Context(), client.Query{})
		wantKind(t, err, contacts.Forbidden)
	})
	for _, base := range []string{"", "contacts.example.net", "ftp://contacts.example.net", "http://", "http://a@contacts.example.net", "http://contacts.example.net?x=1", "http://contacts.example.net#x", ":"} {
		t.Run("refuses "+base, func(t *testing.T) {
			_, err := client.New(base)
			wantKind(t, err, contacts.Invalid)
		})
	}
	for name, opt := range map[string]client.Option{
		"version 0": client.WithVersion(0), "version 4": client.WithVersion(4), "no owner": client.WithOwner(""), "no page": client.WithPageSize(0),
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			_, err := client.New("http://contacts.example.net", opt)
			wantKind(t, err, contacts.Invalid)
		})
	}
}

func TestContacts(t *testing.T) {
	eachVersion(t, func(t *testing.T, version int) {
		w := newWorld(t)
		c := w.as(elizabeth, client.WithVersion(version))
		ctx := t.Context()

		t.Run("LIB-12 LIB-16 inserts and reads a contact", func(t *testing.T) {
			stored := must(c.InsertContact(ctx, jane()))(t)
			want := "/m8/feeds/contacts/default/full"
			if version == 1 {
				want = "/m8/feeds/contacts/default/base"
			}
			if got := w.last().URL.Path; got != want {
				t.Errorf("InsertContact() posts to %s, want %s", got, want)
			}
			if stored.Name.Full != "Jane Bennet" || len(stored.Emails) != 1 || stored.Emails[0].Address != "jane@example.com" {
				t.Errorf("InsertContact() = %+v", stored)
			}
			if stored.Entry.ID() == "" || stored.Entry.ID() != stored.ID.String() || stored.Entry.Updated.IsZero() || (stored.ETag() == "") != (version == 1) {
				t.Errorf("InsertContact() has the entry %+v", stored.Entry)
			}
			for _, ref := range []string{stored.Entry.ID(), stored.Entry.Self, stored.Entry.IDURL} {
				got := must(c.Contact(ctx, ref))(t)
				if !reflect.DeepEqual(got.Contact, stored.Contact) {
					t.Errorf("Contact(%s) = %+v, want %+v", ref, got, stored)
				}
			}
		})
		t.Run("LIB-16 a contact that is not there", func(t *testing.T) {
			_, err := c.Contact(ctx, "77f272e18a99d7b0")
			if !errors.Is(err, client.ErrNotFound) {
				t.Errorf("Contact() = %v, want ErrNotFound", err)
			}
			_, err = c.Contact(ctx, "")
			wantKind(t, err, contacts.Invalid)
		})
		t.Run("LIB-17 updates a contact", func(t *testing.T) {
			ct := people(t, c, "Mary Bennet")[0]
			ct.Notes = "Plays the pianoforte."
			updated := must(c.UpdateContact(ctx, ct))(t)
			if updated.Notes != ct.Notes || updated.Entry.Edit == ct.Entry.Edit && version == 1 || updated.ETag() == ct.ETag() && version > 1 {
				t.Errorf("UpdateContact() = %+v", updated)
			}
		})
		t.Run("LIB-17 LIB-65 an update of an old state fails", func(t *testing.T) {
			old := people(t, c, "Catherine Bennet")[0]
			now := *old
			now.Notes = "Coughs."
			current := must(c.UpdateContact(ctx, &now))(t)
			_, err := c.UpdateContact(ctx, old)
			if !errors.Is(err, client.ErrPreconditionFailed) {
				t.Fatalf("UpdateContact() = %v, want ErrPreconditionFailed", err)
			}
			var conflict *client.ConflictError
			if errors.As(err, &conflict) != (version == 1) {
				t.Fatalf("UpdateContact() = %T, want a conflict in version 1 only", err)
			}
			if version == 1 && (conflict.Contact.Notes != "Coughs." || conflict.Contact.Entry.Edit != current.Entry.Edit) {
				t.Errorf("the conflict has %+v, want %+v", conflict.Contact, current)
			}
			var e *client.Error
			if !errors.As(err, &e) || e.Status != map[bool]int{true: 409, false: 412}[version == 1] {
				t.Errorf("UpdateContact() = %v", err)
			}
		})
		t.Run("LIB-19 Force writes over another state", func(t *testing.T) {
			old := people(t, c, "Kitty Bennet")[0]
			must(c.UpdateContact(ctx, old))(t)
			if _, err := c.UpdateContact(ctx, old); !errors.Is(err, contacts.Stale) {
				t.Fatalf("UpdateContact() = %v, want kind Stale", err)
			}
			must(c.UpdateContact(ctx, old, client.Force()))(t)
			if err := c.DeleteContact(ctx, old, client.Force()); err != nil {
				t.Errorf("DeleteContact() = %v", err)
			}
		})
		t.Run("LIB-18 deletes a contact", func(t *testing.T) {
			old := people(t, c, "George Wickham")[0]
			now := must(c.UpdateContact(ctx, old))(t)
			wantKind(t, c.DeleteContact(ctx, old), contacts.Stale)
			if err := c.DeleteContact(ctx, now); err != nil {
				t.Fatal(err)
			}
			wantKind(t, c.DeleteContact(ctx, now), contacts.NotFound)
			_, err := c.Contact(ctx, now.Entry.Self)
			wantKind(t, err, contacts.NotFound)
		})
	})
	t.Run("LIB-12 a second contact with an address", func(t *testing.T) {
		w := newWorld(t)
		c := w.as(elizabeth, client.WithVersion(1))
		must(c.InsertContact(t.Context(), jane()))(t)
		if _, err := c.InsertContact(t.Context(), jane()); !errors.Is(err, client.ErrConflict) {
			t.Errorf("InsertContact() = %v, want ErrConflict", err)
		}
	})
	t.Run("LIB-28 the shared contacts of a domain", func(t *testing.T) {
		w := newWorld(t)
		mine := w.as(father)
		shared := mine.Domain(domain)
		people(t, mine, "Sir William Lucas")
		ct := people(t, shared, "Charlotte Lucas")[0]
		if got := names(t, shared.Contacts(t.Context(), client.Query{})); got != "Charlotte Lucas" {
			t.Errorf("Contacts() of the domain = %s", got)
		}
		if got := names(t, w.as(father, client.WithDomain(domain)).Contacts(t.Context(), client.Query{})); got != "Charlotte Lucas" {
			t.Errorf("Contacts() of the domain = %s", got)
		}
		if got := names(t, mine.Contacts(t.Context(), client.Query{})); got != "Sir William Lucas" {
			t.Errorf("Contacts() of the user = %s", got)
		}
		ct.Notes = "Friend of Elizabeth."
		ct = must(shared.UpdateContact(t.Context(), ct))(t)
		if err := shared.DeleteContact(t.Context(), ct); err != nil {
			t.Error(err)
		}
	})
	t.Run("LIB-68 the URL of one call", func(t *testing.T) {
		w := newWorld(t)
		c := w.as(elizabeth)
		ct := must(c.InsertContact(t.Context(), jane(), client.At("contacts/default/thin")))(t)
		if got := w.last().RequestURI; got != "/m8/feeds/contacts/default/thin" {
			t.Errorf("InsertContact() posts to %s", got)
		}
		must(c.UpdateContact(t.Context(), ct, client.At("/m8/feeds/contacts/default/full/"+ct.Entry.ID())))(t)
		if got := w.last().RequestURI; got != "/m8/feeds/contacts/default/full/"+ct.Entry.ID() {
			t.Errorf("UpdateContact() puts to %s", got)
		}
		must(c.ContactPage(t.Context(), client.Query{Feed: "contacts/default/thin"}))(t)
		if got := w.last().RequestURI; got != "/m8/feeds/contacts/default/thin" {
			t.Errorf("ContactPage() gets %s", got)
		}
	})
}

func TestPatch(t *testing.T) {
	w := newWorld(t)
	c := w.as(elizabeth)
	ctx := t.Context()
	full := jane()
	full.Nickname = "Jenny"
	full.Notes = "At Longbourn."
	ct := must(c.InsertContact(ctx, full))(t)
	t.Run("LIB-29 sets, adds and removes", func(t *testing.T) {
		change := &contacts.Contact{Notes: "At Netherfield.", Emails: []contacts.Email{{Rel: contacts.RelWork, Address: "jane@netherfield.example"}}}
		got := must(c.PatchContact(ctx, ct, change, "gContact:nickname", "gd:email[@address='nobody@example.com']"))(t)
		if got.Notes != "At Netherfield." || len(got.Emails) != 2 || got.Nickname != "" || got.Name.Full != "Jane Bennet" {
			t.Errorf("PatchContact() = %+v", got)
		}
		_, err := c.PatchContact(ctx, ct, change)
		wantKind(t, err, contacts.Stale)
		_, err = c.PatchContact(ctx, got, change, "gd:email[")
		wantKind(t, err, contacts.Invalid)
	})
	t.Run("LIB-29 not in version 1", func(t *testing.T) {
		old := w.as(elizabeth, client.WithVersion(1))
		ct := must(old.Contact(ctx, ct.Entry.ID()))(t)
		_, err := old.PatchContact(ctx, ct, &contacts.Contact{Notes: "x"})
		wantKind(t, err, contacts.Forbidden)
	})
	t.Run("LIB-29 groups", func(t *testing.T) {
		g := must(c.InsertGroup(ctx, &contacts.Group{Name: "Sisters", Properties: []contacts.Property{{Name: "a", Value: "1"}}}))(t)
		got := must(c.PatchGroup(ctx, g, &contacts.Group{Name: "The Bennet sisters"}))(t)
		if got.Name != "The Bennet sisters" || len(got.Properties) != 1 {
			t.Errorf("PatchGroup() = %+v", got)
		}
	})
}

func TestPages(t *testing.T) {
	w := newWorld(t)
	c := w.as(elizabeth)
	var want []string
	for i := range 7 {
		want = append(want, fmt.Sprintf("Officer %d", i+1))
	}
	people(t, c, want...)
	ctx := t.Context()

	t.Run("LIB-13 one page without a query", func(t *testing.T) {
		p := must(c.ContactPage(ctx, client.Query{}))(t)
		if len(p.Items) != 7 || p.Total != 7 || p.Start != 1 || p.PerPage != 25 || p.Next != "" || p.ETag == "" || p.Updated.IsZero() {
			t.Errorf("ContactPage() = %+v", p)
		}
		if got := w.last().RequestURI; got != "/m8/feeds/contacts/default/full" {
			t.Errorf("ContactPage() gets %s", got)
		}
	})
	t.Run("LIB-14 LIB-40 LIB-41 one page of a query", func(t *testing.T) {
		p := must(c.ContactPage(ctx, client.Query{MaxResults: 2, StartIndex: 3}))(t)
		if len(p.Items) != 2 || p.Items[0].Name.Full != want[2] || p.Start != 3 || p.PerPage != 2 || p.Next == "" {
			t.Errorf("ContactPage() = %+v", p)
		}
		p = must(c.ContactPage(ctx, client.Query{Feed: p.Next}))(t)
		if len(p.Items) != 2 || p.Items[0].Name.Full != want[4] {
			t.Errorf("ContactPage() of the next page = %+v", p)
		}
	})
	t.Run("LIB-15 follows the next links", func(t *testing.T) {
		w.forget()
		if got := names(t, c.Contacts(ctx, client.Query{MaxResults: 3})); got != strings.Join(want, ",") {
			t.Errorf("Contacts() = %s", got)
		}
		if n := len(w.seen()); n != 3 {
			t.Errorf("Contacts() sends %d requests, want 3: %q", n, w.seen())
		}
		for _, r := range w.seen() {
			if !strings.Contains(r, "max-results=3") {
				t.Errorf("Contacts() sends %s", r)
			}
		}
	})
	t.Run("LIB-15 stops when the caller does", func(t *testing.T) {
		w.forget()
		for c, err := range c.Contacts(ctx, client.Query{MaxResults: 2}) {
			if err != nil || c.Name.Full != want[0] {
				t.Errorf("Contacts() yields %v, %v", c, err)
			}
			break
		}
		if n := len(w.seen()); n != 1 {
			t.Errorf("Contacts() sends %d requests, want 1", n)
		}
	})
	t.Run("LIB-15 yields the error", func(t *testing.T) {
		n := 0
		for c, err := range c.Contacts(ctx, client.Query{OrderBy: "age"}) {
			n++
			wantKind(t, err, contacts.Invalid)
			if c != nil {
				t.Errorf("Contacts() yields %v with an error", c)
			}
		}
		if n != 1 {
			t.Errorf("Contacts() yields %d times, want once", n)
		}
	})
}

func TestGroups(t *testing.T) {
	eachVersion(t, func(t *testing.T, version int) {
		w := newWorld(t)
		c := w.as(elizabeth, client.WithVersion(version))
		ctx := t.Context()
		t.Run("LIB-23 LIB-24 LIB-25 LIB-26 a group's life", func(t *testing.T) {
			g := must(c.InsertGroup(ctx, &contacts.Group{Name: "Family"}))(t)
			if got := w.last().RequestURI; got != "/m8/feeds/groups/default/full" {
				t.Errorf("InsertGroup() posts to %s", got)
			}
			old := *g
			g.Name = "The Bennets"
			g = must(c.UpdateGroup(ctx, g))(t)
			if g.Name != "The Bennets" {
				t.Errorf("UpdateGroup() = %+v", g)
			}
			_, err := c.UpdateGroup(ctx, &old)
			wantKind(t, err, contacts.Stale)
			var conflict *client.ConflictError
			if errors.As(err, &conflict) != (version == 1) || version == 1 && conflict.Group.Name != "The Bennets" {
				t.Errorf("UpdateGroup() = %v, want a conflict in version 1 only", err)
			}
			if got := must(c.Group(ctx, g.Entry.ID()))(t); got.Name != "The Bennets" {
				t.Errorf("Group() = %+v", got)
			}
			var names, systems []string
			for g, err := range c.Groups(ctx, client.Query{MaxResults: 2}) {
				if err != nil {
					t.Fatal(err)
				}
				if g.System != "" {
					systems = append(systems, g.System)
				} else {
					names = append(names, g.Name)
				}
			}
			if !slices.Equal(names, []string{"The Bennets"}) || !slices.Equal(systems, []string{"Contacts", "Friends", "Family", "Coworkers"}) {
				t.Errorf("Groups() = %q and the system groups %q", names, systems)
			}
			if p := must(c.GroupPage(ctx, client.Query{MaxResults: 1}))(t); len(p.Items) != 1 || p.Total != 5 {
				t.Errorf("GroupPage() = %+v", p)
			}

			member := jane()
			member.Memberships = []contacts.Membership{{Group: g.ID}}
			ct := must(c.InsertContact(ctx, member))(t)
			people(t, c, "Mr Collins")
			for _, ref := range []string{g.Entry.ID(), g.Entry.IDURL} {
				if got := namesOf(t, c, client.Query{Group: ref}); got != "Jane Bennet" {
					t.Errorf("Contacts() of the group %s = %s", ref, got)
				}
			}
			if ct = must(c.UpdateContact(ctx, ct))(t); !ct.MemberOf(g.ID) {
				t.Error("UpdateContact() loses a membership")
			}
			if err := c.DeleteGroup(ctx, g); err != nil {
				t.Fatal(err)
			}
			_, err = c.Group(ctx, g.Entry.Self)
			wantKind(t, err, contacts.NotFound)
		})
	})
}

func namesOf(t testing.TB, c *client.Client, q client.Query) string {
	t.Helper()
	return names(t, c.Contacts(t.Context(), q))
}
