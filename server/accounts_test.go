package server_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"contacts"
)

func TestRemoveUser(t *testing.T) {
	s, base := start(t, config(t))
	addUser(t, s, "kitty@example.com", false)
	token := login(t, base, "kitty@example.com", password)
	do(t, "POST", base+feedPath, token, entry("Captain Carter"))
	if err := s.RemoveUser(t.Context(), "Kitty@example.com"); err != nil {
		t.Fatal(err)
	}
	if got := do(t, "GET", base+feedPath, token, ""); got.status != 401 {
		t.Errorf("GET with the token of a removed user = %d", got.status)
	}
	if err := s.RemoveUser(t.Context(), "kitty@example.com"); !errors.Is(err, contacts.NotFound) {
		t.Errorf("RemoveUser() again = %v, want %v", err, contacts.NotFound)
	}
	addUser(t, s, "kitty@example.com", false)
	token = login(t, base, "kitty@example.com", password)
	if got := do(t, "GET", base+feedPath, token, ""); got.status != 200 || strings.Contains(got.body, "Carter") {
		t.Errorf("GET by a new user of the same name = %d %s", got.status, got.body)
	}
}

func TestRemoveDomain(t *testing.T) {
	s, base := start(t, config(t))
	addUser(t, s, "jane@example.com", true)
	token := login(t, base, "jane@example.com", password)
	const shared = "/m8/feeds/contacts/example.com/full"
	do(t, "POST", base+shared, token, entry("Mr. Jones"))
	if err := s.RemoveDomain(t.Context(), "example.com"); err == nil {
		t.Fatal("RemoveDomain() of a domain with users = nil")
	}
	if got := do(t, "GET", base+shared, token, ""); !strings.Contains(got.body, "Mr. Jones") {
		t.Errorf("GET after a refused removal = %d %s", got.status, got.body)
	}
	if err := s.RemoveUser(t.Context(), "jane@example.com"); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveDomain(t.Context(), "example.com"); err != nil {
		t.Fatal(err)
	}
	addUser(t, s, "jane@example.com", true)
	token = login(t, base, "jane@example.com", password)
	if got := do(t, "GET", base+shared, token, ""); got.status != 200 || strings.Contains(got.body, "Mr. Jones") {
		t.Errorf("GET of a new domain of the same name = %d %s", got.status, got.body)
	}
}

// A clock is set by the test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func TestMaintain(t *testing.T) {
	var log logBuffer
	time0 := &clock{now: time.Date(2013, 7, 1, 12, 0, 0, 0, time.UTC)}
	c := config(t)
	c.Now = time0.Now
	c.Logger = logger(&log)
	c.ClientLoginLife = 100 * 24 * time.Hour
	s, base := start(t, c)
	addUser(t, s, "jane@example.com", true)
	token := login(t, base, "jane@example.com", password)
	for _, feed := range []string{feedPath, "/m8/feeds/contacts/example.com/full"} {
		made := do(t, "POST", base+feed, token, entry("Mrs. Hill"))
		if got := do(t, "DELETE", base+hrefPath(t, made.header.Get("Location")), token, ""); got.status != 200 {
			t.Fatalf("DELETE = %d %s", got.status, got.body)
		}
	}
	if err := s.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log.String(), "past its time") {
		t.Errorf("something was removed at once:\n%s", log.String())
	}
	if got := do(t, "GET", base+feedPath+"?showdeleted=true", token, ""); !strings.Contains(got.body, "deleted") {
		t.Fatalf("GET with showdeleted = %d %s", got.status, got.body)
	}

	t.Run("QRY-40 QRY-47 tombstones of all books go after 30 days", func(t *testing.T) {
		time0.pass(30*24*time.Hour + time.Minute)
		if err := s.Maintain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(log.String(), "tombstones=2") {
			t.Errorf("the log does not name 2 tombstones:\n%s", log.String())
		}
	})

	t.Run("expired tokens go in the end", func(t *testing.T) {
		time0.pass(200 * 24 * time.Hour)
		if err := s.Maintain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(log.String(), "tombstones=0 records=3") { // the token, its slot, and the counter of slots: AUTH-131
			t.Errorf("the log does not name 3 records:\n%s", log.String())
		}
		if got := do(t, "GET", base+feedPath, token, ""); got.status != 401 {
			t.Errorf("GET with an expired token = %d", got.status)
		}
	})
}

func TestDemo(t *testing.T) {
	s, base := start(t, config(t))
	d, err := s.Demo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !d.Created || len(d.Accounts) != 2 || !d.Accounts[0].Admin || d.Accounts[1].Admin {
		t.Fatalf("Demo() = %+v", d)
	}
	admin := login(t, base, d.Accounts[0].Email, d.Accounts[0].Password)
	user := login(t, base, d.Accounts[1].Email, d.Accounts[1].Password)
	for _, tt := range []struct {
		token, path, want string
	}{
		{user, feedPath, "<openSearch:totalResults>12<"},
		{user, feedPath, "Georgiana Darcy"},
		{user, "/m8/feeds/groups/default/full", "Whist evenings"},
		{admin, "/m8/feeds/contacts/" + d.Domain + "/full", "<openSearch:totalResults>10<"},
		{admin, "/m8/feeds/contacts/" + d.Domain + "/full", "Lady Catherine de Bourgh"},
	} {
		if got := do(t, "GET", base+tt.path, tt.token, ""); !strings.Contains(got.body, tt.want) {
			t.Errorf("GET %s lacks %s: %d %s", tt.path, tt.want, got.status, got.body)
		}
	}

	again, err := s.Demo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if again.Created || len(again.Accounts) != 2 || again.Accounts[0].Password+again.Accounts[1].Password != "" {
		t.Errorf("Demo() again = %+v", again)
	}
	if got := do(t, "GET", base+feedPath, user, ""); !strings.Contains(got.body, "<openSearch:totalResults>12<") {
		t.Errorf("Demo() again changed something: %d %s", got.status, got.body)
	}
}
