package server_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"contacts"
	"contacts/audit"
	"contacts/server"
)

const sharedPath = "/m8/feeds/contacts/example.com/full"

// auditLog is the whole log, also as JSON.
func auditLog(t *testing.T, s *server.Server, domain string) ([]server.AuditRecord, string) {
	t.Helper()
	all, err := s.Audit(t.Context(), time.Time{}, domain)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return all, string(text)
}

func TestAuditOfSharedContacts(t *testing.T) {
	c := config(t)
	c.TrustedProxies = []string{"127.0.0.1"}
	s, url := start(t, c)
	addUser(t, s, "elizabeth@example.com", true)
	token := login(t, url, "elizabeth@example.com", password)
	made := do(t, "POST", url+sharedPath, token, entry("Charlotte Lucas"))
	if made.status != http.StatusCreated {
		t.Fatalf("POST = %d %s", made.status, made.body)
	}
	edit := hrefPath(t, made.header.Get("Location"))
	id := edit[strings.LastIndexByte(edit, '/')+1:]

	t.Run("OPS-80 an insert names who, the program, the address and the entry", func(t *testing.T) {
		all, text := auditLog(t, s, "")
		if len(all) != 1 {
			t.Fatalf("the log is %s, want one record", text)
		}
		r := all[0]
		if want := (audit.By{User: "elizabeth@example.com", Address: "127.0.0.1", Request: r.Request}); r.By != want || r.Request == "" {
			t.Errorf("by %+v, want %+v and the number of the request", r.By, want)
		}
		if want := []audit.Change{{Op: audit.AddContact, ID: id}}; !slices.Equal(r.Changes, want) || r.Domain != "example.com" {
			t.Errorf("changes %+v of %s, want %+v", r.Changes, r.Domain, want)
		}
		if time.Since(r.Time) > time.Hour || strings.Contains(text, "Charlotte") || strings.Contains(text, token) {
			t.Errorf("the log is %s", text)
		}
	})
	t.Run("OPS-80 private contacts, reads and what failed leave no record", func(t *testing.T) {
		do(t, "POST", url+feedPath, token, entry("Mary King"))
		do(t, "GET", url+sharedPath, token, "")
		do(t, "PUT", url+edit, token, "<broken")
		do(t, "DELETE", url+sharedPath+"/fffff", token, "")
		if all, text := auditLog(t, s, ""); len(all) != 1 {
			t.Errorf("the log is %s, want one record", text)
		}
	})
	t.Run("OPS-80 a batch names what it did, and not what was undone", func(t *testing.T) {
		body := `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:gd="http://schemas.google.com/g/2005" xmlns:batch="http://schemas.google.com/gdata/batch">` +
			`<entry><batch:operation type="insert"/><gd:name><gd:fullName>Maria Lucas</gd:fullName></gd:name></entry>` +
			`<entry><batch:operation type="update"/><id>` + url + sharedPath + `/fffff</id><gd:name><gd:fullName>Nobody</gd:fullName></gd:name></entry>` +
			`<entry gd:etag='` + made.header.Get("ETag") + `'><batch:operation type="delete"/><id>http://` + strings.TrimPrefix(url, "http://") + strings.Replace(edit, "/full/", "/base/", 1) + `</id></entry></feed>`
		got := do(t, "POST", url+sharedPath+"/batch", token, body)
		if got.status != http.StatusOK {
			t.Fatalf("POST = %d %s", got.status, got.body)
		}
		all, text := auditLog(t, s, "example.com")
		if len(all) != 2 {
			t.Fatalf("the log is %s, want two records", text)
		}
		var ops []string
		for _, c := range all[1].Changes {
			ops = append(ops, c.Op)
		}
		if want := []string{audit.AddContact, audit.DeleteContact}; !slices.Equal(ops, want) {
			t.Errorf("changes %s, want %v; the answer was %s", text, want, got.body)
		}
	})
	t.Run("OPS-83 the records outlast the domain", func(t *testing.T) {
		_, before := auditLog(t, s, "example.com")
		if err := s.RemoveUser(t.Context(), "elizabeth@example.com"); err != nil {
			t.Fatal(err)
		}
		if err := s.RemoveDomain(t.Context(), "example.com"); err != nil {
			t.Fatal(err)
		}
		if _, after := auditLog(t, s, "Example.com"); after != before {
			t.Errorf("the log is %s, want %s", after, before)
		}
		if _, err := s.Audit(t.Context(), time.Time{}, "example.org"); contacts.KindOf(err) != contacts.NotFound {
			t.Errorf("Audit() of an unknown domain = %v, want kind NotFound", err)
		}
	})
}

func TestAuditOfCommands(t *testing.T) {
	now := &clock{now: time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)}
	c := config(t)
	c.Now, c.AuditKeep = now.Now, 48*time.Hour
	s := open(t, c)
	during := ""
	run := func(command string, err error) error {
		now.pass(time.Minute)
		return s.Audited(t.Context(), command, []string{"elizabeth@example.com"}, func() error {
			all, _ := auditLog(t, s, "")
			during = all[len(all)-1].Outcome
			return err
		})
	}
	t.Run("OPS-81 a command is recorded before it begins, and then with its outcome", func(t *testing.T) {
		if err := run("user add", nil); err != nil || during != audit.Begun {
			t.Fatalf("Audited() = %v, the outcome meanwhile %q", err, during)
		}
		failure := errors.New("not at home")
		if err := run("user remove", failure); !errors.Is(err, failure) {
			t.Fatalf("Audited() = %v, want %v", err, failure)
		}
		now.pass(time.Minute)
		func() {
			defer func() { recover() }()
			s.Audited(t.Context(), "user passwd", nil, func() error { panic("killed") })
		}()
		all, text := auditLog(t, s, "")
		var got []string
		for _, r := range all {
			got = append(got, fmt.Sprint(r.Command, r.Args, r.Outcome))
			if !strings.HasPrefix(r.User, "local ") || r.Program != "contactsd" {
				t.Errorf("by %+v, want a local user and contactsd", r.By)
			}
		}
		if want := []string{"user add[elizabeth@example.com]done", "user remove[elizabeth@example.com]failed", "user passwd[]begun"}; !slices.Equal(got, want) {
			t.Errorf("the log is %s, want %q", text, want)
		}
	})
	t.Run("OPS-82 since a time", func(t *testing.T) {
		all, err := s.Audit(t.Context(), now.Now().Add(-time.Minute), "")
		if err != nil || len(all) != 2 {
			t.Errorf("Audit() = %+v, %v; want the last two", all, err)
		}
	})
	t.Run("OPS-83 records go after their time", func(t *testing.T) {
		now.pass(47 * time.Hour)
		if err := s.Maintain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if all, text := auditLog(t, s, ""); len(all) != 3 {
			t.Errorf("the log is %s, want three records", text)
		}
		now.pass(2 * time.Hour)
		if err := s.Maintain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if all, text := auditLog(t, s, ""); len(all) != 0 {
			t.Errorf("the log is %s, want none", text)
		}
	})
}
