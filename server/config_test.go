package server_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"contacts"
	"contacts/server"
)

func TestOpenRefuses(t *testing.T) {
	for _, tt := range []struct {
		path, want string
		set        func(*server.Config)
	}{
		{"data", "must name a directory", func(c *server.Config) { c.Data = "" }},
		{"public_url", "is not a URL of scheme and host", func(c *server.Config) { c.PublicURL = "contacts.example.com" }},
		{"public_url", "is not a URL of scheme and host", func(c *server.Config) { c.PublicURL = "https://contacts.example.com/base" }},
		{"public_url", "is not a URL of scheme and host", func(c *server.Config) { c.PublicURL = "https://contacts.example.com?x" }},
		{"public_url", "is not a URL of scheme and host", func(c *server.Config) { c.PublicURL = "https://liz@contacts.example.com" }},
		{"public_url", "is not a URL of scheme and host", func(c *server.Config) { c.PublicURL = "ftp://contacts.example.com" }},
		{"id_base", "is not a URL of scheme and host", func(c *server.Config) { c.IDBase = "http://" }},
		{"tls_cert", "needs tls_key", func(c *server.Config) { c.TLSKey = "key.pem" }},
		{"tls_cert", "needs tls_key", func(c *server.Config) { c.TLSCert = "cert.pem" }},
		{"trusted_proxies", `"lan" is neither an address nor a network`, func(c *server.Config) { c.TrustedProxies = []string{"10.0.0.0/8", "lan"} }},
		{"default_domain", `"a@b" is not a domain name: only letters`, func(c *server.Config) { c.DefaultDomain = "a@b" }},
		{"default_domain", "write one such as example.com", func(c *server.Config) { c.DefaultDomain = "example..com" }},
		{"acme_email", `"x" is not an e-mail address: write one such as jane@example.com`, func(c *server.Config) { c.ACMEDomains, c.ACMEEmail = []string{"contacts.example.com"}, "x" }},
		{"acme_email", "is not an e-mail address", func(c *server.Config) {
			c.ACMEDomains, c.ACMEEmail = []string{"contacts.example.com"}, "Jane <jane@example.com>"
		}},
		{"backup_every", "must be at least 1m", func(c *server.Config) { c.BackupEvery = time.Minute - time.Nanosecond }},
		{"client_login_life", "must be longer than 0", func(c *server.Config) { c.ClientLoginLife = 0 }},
		{"login_captcha_after", "must be at least 1", func(c *server.Config) { c.LoginCaptchaAfter = 0 }},
		{"login_refuse_after", "must be at least 1", func(c *server.Config) { c.LoginRefuseAfter = -1 }},
		{"login_window", "must be longer than 0", func(c *server.Config) { c.LoginWindow = -time.Second }},
		{"request_rate", "must not be negative", func(c *server.Config) { c.RequestRate = -1 }},
		{"request_burst", "must be at least 1", func(c *server.Config) { c.RequestBurst = 0 }},
		{"max_contacts", "must be at least 1", func(c *server.Config) { c.MaxContacts = 0 }},
		{"max_shared_contacts", "must be at least 1", func(c *server.Config) { c.MaxSharedContacts = 0 }},
		{"read_timeout", "must be longer than 0", func(c *server.Config) { c.ReadTimeout = 0 }},
		{"write_timeout", "must be longer than 0", func(c *server.Config) { c.WriteTimeout = 0 }},
		{"idle_timeout", "must be longer than 0", func(c *server.Config) { c.IdleTimeout = 0 }},
		{"shutdown_timeout", "must be longer than 0", func(c *server.Config) { c.ShutdownTimeout = 0 }},
	} {
		t.Run(tt.path, func(t *testing.T) {
			c := config(t)
			tt.set(&c)
			s, err := server.Open(t.Context(), c)
			if err == nil {
				s.Close()
			}
			var bad *contacts.Error
			if !errors.As(err, &bad) || bad.Kind != contacts.Invalid || bad.Path != tt.path || !strings.Contains(bad.Reason, tt.want) {
				t.Errorf("Open() = %v, want %s: ... %s", err, tt.path, tt.want)
			}
		})
	}
}

// The settings reach the parts that they are for.
func TestSettings(t *testing.T) {
	entryOf := func(email string) string {
		return `<entry xmlns="http://www.w3.org/2005/Atom" xmlns:gd="http://schemas.google.com/g/2005"><gd:email rel="http://schemas.google.com/g/2005#home" address="` +
			email + `"/></entry>`
	}
	// serving starts a server with one setting changed, and signs in.
	serving := func(t *testing.T, email string, set func(*server.Config)) (base, token string) {
		c := config(t)
		set(&c)
		s, base := start(t, c)
		addUser(t, s, email, true)
		return base, login(t, base, email, password)
	}

	t.Run("WRT-10 max_contacts", func(t *testing.T) {
		base, token := serving(t, "jane@example.com", func(c *server.Config) { c.MaxContacts = 1 })
		do(t, "POST", base+feedPath, token, entry("Mrs. Hill"))
		if got := do(t, "POST", base+feedPath, token, entry("Sarah")); got.status != 403 || !strings.Contains(got.body, "quotaExceeded") {
			t.Errorf("POST of a second contact = %d %s", got.status, got.body)
		}
	})
	t.Run("WRT-10 max_shared_contacts", func(t *testing.T) {
		base, token := serving(t, "jane@example.com", func(c *server.Config) { c.MaxSharedContacts = 1 })
		shared := base + "/m8/feeds/contacts/example.com/full"
		do(t, "POST", shared, token, entry("Mrs. Hill"))
		if got := do(t, "POST", shared, token, entry("Sarah")); got.status != 403 || !strings.Contains(got.body, "quotaExceeded") {
			t.Errorf("POST of a second shared contact = %d %s", got.status, got.body)
		}
	})
	t.Run("QRY-19 original_limits", func(t *testing.T) {
		base, token := serving(t, "jane@example.com", func(c *server.Config) { c.OriginalLimits = true })
		if got := do(t, "GET", base+"/m8/feeds/contacts/example.com/full?q=hill", token, ""); got.status != 403 {
			t.Errorf("GET with q = %d %s", got.status, got.body)
		}
	})
	t.Run("QRY-42 minimal_tombstones", func(t *testing.T) {
		base, token := serving(t, "jane@example.com", func(c *server.Config) { c.MinimalTombstones = true })
		made := do(t, "POST", base+feedPath, token, entry("Mrs. Hill"))
		do(t, "DELETE", base+hrefPath(t, made.header.Get("Location")), token, "")
		got := do(t, "GET", base+feedPath+"?showdeleted=true", token, "")
		_, tombstone, _ := strings.Cut(got.body, "<entry")
		if !strings.Contains(tombstone, "deleted") || strings.Contains(tombstone, "<updated") {
			t.Errorf("GET with showdeleted = %d %s", got.status, got.body)
		}
	})
	t.Run("WRT-38 require_precondition_on_delete", func(t *testing.T) {
		base, token := serving(t, "jane@example.com", func(c *server.Config) { c.RequirePreconditionOnDelete = true })
		made := do(t, "POST", base+feedPath, token, entry("Mrs. Hill"))
		if got := do(t, "DELETE", base+hrefPath(t, made.header.Get("Location")), token, ""); got.status != 403 {
			t.Errorf("DELETE without If-Match = %d %s", got.status, got.body)
		}
	})
	t.Run("ELEM-31 accept_redundant_other_rel", func(t *testing.T) {
		base, token := serving(t, "jane@example.com", func(c *server.Config) { c.AcceptRedundantOtherRel = true })
		labelled := strings.Replace(entryOf("hill@example.com"), `rel="http://schemas.google.com/g/2005#home"`, `label="Kitchen"`, 1)
		made := do(t, "POST", base+feedPath, token, labelled)
		both := strings.Replace(labelled, `label=`, `rel="http://schemas.google.com/g/2005#other" label=`, 1)
		both = strings.Replace(both, "<entry ", "<entry gd:etag='"+made.header.Get("ETag")+"' ", 1)
		if got := do(t, "PUT", base+hrefPath(t, made.header.Get("Location")), token, both); got.status != 200 {
			t.Errorf("PUT with rel and label = %d %s", got.status, got.body)
		}
	})
	t.Run("AUTH-16 default_domain", func(t *testing.T) {
		c := config(t)
		c.DefaultDomain = "example.com"
		s, base := start(t, c)
		addUser(t, s, "jane@example.com", false)
		login(t, base, "jane", password)
	})
	t.Run("SEC-11 request_rate", func(t *testing.T) {
		base, token := serving(t, "jane@example.com", func(c *server.Config) { c.RequestRate, c.RequestBurst = 0.0001, 2 })
		for i, want := range []int{200, 200, 503} {
			if got := do(t, "GET", base+feedPath, token, ""); got.status != want {
				t.Errorf("GET number %d = %d %s, want %d", i+1, got.status, got.body, want)
			}
		}
	})
	t.Run("SEC-12 request_rate over a restart", func(t *testing.T) {
		c := config(t)
		c.RequestRate, c.RequestBurst = 0.0001, 3
		var token string
		for i, want := range [][]int{{200, 200}, {200, 503}} {
			s, err := server.Open(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			v := serve(t, s)
			if i == 0 {
				addUser(t, s, "jane@example.com", false)
				token = login(t, v.url, "jane@example.com", password)
			}
			for j, status := range want {
				if got := do(t, "GET", v.url+feedPath, token, ""); got.status != status {
					t.Errorf("run %d, GET number %d = %d %s, want %d", i+1, j+1, got.status, got.body, status)
				}
			}
			if err := v.end(); err != nil {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("SEC-9 client_login", func(t *testing.T) {
		c := config(t)
		c.ClientLogin = false
		s, base := start(t, c)
		addUser(t, s, "jane@example.com", false)
		got := do(t, "POST", base+"/accounts/ClientLogin", "", "Email=jane@example.com&Passwd="+password+"&service=cp")
		if got.status != 403 || strings.Contains(got.body, "Auth=") {
			t.Errorf("ClientLogin = %d %s", got.status, got.body)
		}
	})
	t.Run("SEC-9 SEC-6 AUTH-91 the sign-in services", func(t *testing.T) {
		ask := func(t *testing.T, set func(*server.Config), redirect, method, path, body string) answer {
			t.Helper()
			c := config(t)
			set(&c)
			s, base := start(t, c)
			app, _, err := s.Auth.AddApp(t.Context(), server.NewApp{Name: "Pemberley", Public: true, RedirectURIs: []string{redirect}})
			if err != nil {
				t.Fatal(err)
			}
			return do(t, method, base+strings.ReplaceAll(path, "CLIENT", app.ID), "", body)
		}
		const (
			back     = "https://pemberley.example/"
			form     = "grant_type=refresh_token&refresh_token=x"
			scope    = "scope=https://www.google.com/m8/feeds/"
			subAsk   = "/accounts/AuthSubRequest?next=https://rosings.example/&" + scope
			implicit = "/o/oauth2/auth?response_type=token&client_id=CLIENT&redirect_uri=" + back + "&" + scope
		)
		for _, tt := range []struct {
			name               string
			method, path, body string
			off, on            func(*server.Config)
			closed, open       int
			text               string // of the answer when it is off
		}{
			{"authsub", "GET", "/accounts/AuthSubTokenInfo", "", func(c *server.Config) { c.AuthSub = false }, nil, 403, 401, "switched off"},
			{"oauth1", "GET", "/accounts/OAuthGetRequestToken", "", func(c *server.Config) { c.OAuth1 = false }, nil, 403, 400, "switched off"},
			{"oauth2", "POST", "/token", form, func(c *server.Config) { c.OAuth2 = false }, nil, 403, 401, "switched off"},
			{"authsub_unregistered", "GET", subAsk, "", func(c *server.Config) { c.AuthSubUnregistered = false }, nil, 403, 200, "rosings.example"},
			{"oauth2_implicit", "GET", implicit, "", nil, func(c *server.Config) { c.OAuth2Implicit = true }, 303, 200, ""},
		} {
			for name, set := range map[string]func(*server.Config){"off": tt.off, "on": tt.on} {
				if set == nil {
					set = func(*server.Config) {} // the default
				}
				want := tt.open
				if name == "off" {
					want = tt.closed
				}
				got := ask(t, set, back, tt.method, tt.path, tt.body)
				if got.status != want || name == "off" && !strings.Contains(got.body, tt.text) {
					t.Errorf("%s %s: %s %s = %d %s, want %d", tt.name, name, tt.method, tt.path, got.status, got.body, want)
				}
			}
		}
	})
	t.Run("RES-62 public_url", func(t *testing.T) {
		base, token := serving(t, "jane@example.com", func(c *server.Config) { c.PublicURL = "https://Contacts.example.com/" })
		if got := do(t, "GET", base+feedPath, token, ""); !strings.Contains(got.body, "https://contacts.example.com/m8/feeds/contacts/") {
			t.Errorf("GET = %d %s", got.status, got.body)
		}
	})
}

// hrefPath is the path of a link.
func hrefPath(t *testing.T, link string) string {
	t.Helper()
	i := strings.Index(link, "/m8/feeds/")
	if i < 0 {
		t.Fatalf("%q does not lead to a feed", link)
	}
	return link[i:]
}
