package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"contacts"
	"contacts/client"
)

func TestBatch(t *testing.T) {
	eachVersion(t, func(t *testing.T, version int) {
		w := newWorld(t)
		c := w.as(elizabeth, client.WithVersion(version))
		ctx := t.Context()
		t.Run("LIB-27 one result for each operation, in its place", func(t *testing.T) {
			cs := people(t, c, "Jane Bennet", "Mary Bennet", "Kitty Bennet", "Lydia Bennet")
			must(c.UpdateContact(ctx, cs[3]))(t) // so that ours is old
			changed := *cs[1]
			changed.Notes = "Reads."
			results, err := c.BatchContacts(ctx, []client.ContactOp{
				{Op: client.OpInsert, Contact: &client.Contact{Contact: contacts.Contact{Name: contacts.Name{Full: "Charles Bingley"}}}},
				{Op: client.OpGet, Contact: cs[0]},
				{Op: client.OpUpdate, Contact: &changed},
				{Op: client.OpDelete, Contact: cs[2]},
				{Op: client.OpUpdate, Contact: cs[3]},
				{Op: client.OpGet, Contact: &client.Contact{Entry: client.Entry{IDURL: strings.Replace(cs[0].Entry.IDURL, cs[0].Entry.ID(), "abcdef", 1)}}},
				{Op: client.OpInsert, Contact: &client.Contact{Contact: contacts.Contact{Notes: "\x01"}}},
				{Op: client.OpInsert},
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(results) != 8 {
				t.Fatalf("%d results, want 8", len(results))
			}
			if r := results[0]; r.Err != nil || r.Status != 201 || r.Contact.Name.Full != "Charles Bingley" || r.Contact.Entry.Edit == "" {
				t.Errorf("the insert = %+v", r)
			}
			if r := results[1]; r.Err != nil || r.Status != 200 || r.Contact.Name.Full != "Jane Bennet" {
				t.Errorf("the get = %+v", r)
			}
			if r := results[2]; r.Err != nil || r.Contact.Notes != "Reads." {
				t.Errorf("the update = %+v", r)
			}
			if r := results[3]; r.Err != nil || r.Contact != nil || r.Status != 200 {
				t.Errorf("the delete = %+v", r)
			}
			wantKind(t, results[4].Err, contacts.Stale)
			var conflict *client.ConflictError
			if errors.As(results[4].Err, &conflict) != (version == 1) {
				t.Errorf("the update of an old state = %+v", results[4])
			}
			wantKind(t, results[5].Err, contacts.NotFound)
			wantKind(t, results[6].Err, contacts.Invalid)
			wantKind(t, results[7].Err, contacts.Invalid)
			if results[6].Status != 0 {
				t.Errorf("what was not sent = %+v", results[6])
			}
		})
		t.Run("LIB-27 groups", func(t *testing.T) {
			results := must(c.BatchGroups(ctx, []client.GroupOp{
				{Op: client.OpInsert, Group: &client.Group{Group: contacts.Group{Name: "Family"}}},
				{Op: client.OpInsert, Group: &client.Group{Group: contacts.Group{Name: "Neighbours"}}},
			}))(t)
			if len(results) != 2 || results[1].Err != nil || results[1].Group.Name != "Neighbours" {
				t.Fatalf("BatchGroups() = %+v", results)
			}
			results = must(c.BatchGroups(ctx, []client.GroupOp{{Op: client.OpDelete, Group: results[0].Group}}))(t)
			if results[0].Err != nil {
				t.Errorf("the delete = %+v", results[0])
			}
		})
	})
	t.Run("LIB-27 requests of 100", func(t *testing.T) {
		w := newWorld(t)
		c := w.as(elizabeth)
		var ops []client.ContactOp
		for i := range 230 {
			ops = append(ops, client.ContactOp{Op: client.OpInsert, Contact: &client.Contact{Contact: contacts.Contact{Notes: fmt.Sprint(i)}}})
		}
		w.forget()
		for i, r := range must(c.BatchContacts(t.Context(), ops))(t) {
			if r.Err != nil || r.Contact.Notes != fmt.Sprint(i) {
				t.Fatalf("result %d = %+v", i, r)
			}
		}
		if got := strings.Join(w.seen(), " "); strings.Count(got, "POST /m8/feeds/contacts/default/full/batch") != 3 {
			t.Errorf("the requests are %s", got)
		}
	})
	t.Run("LIB-19 Force", func(t *testing.T) {
		w := newWorld(t)
		c := w.as(elizabeth)
		old := people(t, c, "Jane Bennet")[0]
		must(c.UpdateContact(t.Context(), old))(t)
		results := must(c.BatchContacts(t.Context(), []client.ContactOp{{Op: client.OpUpdate, Contact: old}}, client.Force()))(t)
		if results[0].Err != nil {
			t.Error(results[0].Err)
		}
	})
	t.Run("an unknown operation", func(t *testing.T) {
		c := newWorld(t).as(elizabeth)
		_, err := c.BatchContacts(t.Context(), []client.ContactOp{{Op: "rename", Contact: &client.Contact{}}})
		wantKind(t, err, contacts.Invalid)
	})

	const answer = `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:batch="http://schemas.google.com/gdata/batch">%s</feed>`
	done := func(ids ...int) string {
		s := ""
		for _, id := range ids {
			s += fmt.Sprintf(`<entry><batch:id>%d</batch:id><batch:status code="200"/></entry>`, id)
		}
		return s
	}
	for name, tt := range map[string]struct {
		answer string
		want   string // the error of the whole
		second bool   // whether the second operation has succeeded
	}{
		"answers in another order":  {done(1, 0), "", true},
		"an answer less":            {done(0), "", false},
		"an answer too many":        {done(0, 1, 2), "does not fit", true},
		"an answer twice":           {done(0, 0), "does not fit", false},
		"an answer without id":      {`<entry><batch:status code="200"/></entry>`, "does not fit", false},
		"an answer without status":  {`<entry><batch:id>0</batch:id></entry>`, "does not fit", false},
		"a batch that is broken up": {done(0) + `<entry><batch:interrupted reason="Tired"/></entry>`, "Tired", false},
	} {
		t.Run("LIB-27 "+name, func(t *testing.T) {
			f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ int) { fmt.Fprintf(w, answer, tt.answer) })
			c := must(client.New(f.URL))(t)
			op := client.ContactOp{Op: client.OpDelete, Contact: &client.Contact{}}
			results, err := c.BatchContacts(context.Background(), []client.ContactOp{op, op})
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the error is %v, want %q", err, tt.want)
			}
			if len(results) != 2 || (results[1].Err == nil) != tt.second {
				t.Errorf("the results are %+v", results)
			}
		})
	}
	t.Run("LIB-27 what was answered before a request failed stays", func(t *testing.T) {
		f := newFake(t, func(w http.ResponseWriter, _ *http.Request, n int) {
			if n > 0 {
				w.WriteHeader(503)
				return
			}
			io.WriteString(w, strings.Replace(answer, "%s", done(func() (ids []int) {
				for i := range 100 {
					ids = append(ids, i)
				}
				return
			}()...), 1))
		})
		c := must(client.New(f.URL))(t)
		ops := make([]client.ContactOp, 250)
		for i := range ops {
			ops[i] = client.ContactOp{Op: client.OpDelete, Contact: &client.Contact{}}
		}
		results, err := c.BatchContacts(t.Context(), ops)
		wantKind(t, err, contacts.Unavailable)
		if len(results) != 250 || results[99].Err != nil || !errors.Is(results[100].Err, contacts.Unavailable) || !errors.Is(results[249].Err, contacts.Unavailable) {
			t.Errorf("the results are %+v", results)
		}
		if f.count() != 2 {
			t.Errorf("%d requests, want 2", f.count())
		}
	})
}
