package server

import (
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"contacts"
	"contacts/auth"
	"contacts/book"
)

// A Config is every setting of a server. Start from Defaults; Open refuses
// values that cannot be meant.
type Config struct {
	// Data is the directory of the embedded database. It is made if missing.
	Data string

	// Listen is where Serve is reached, HOST:PORT. Port 0 takes a free port.
	Listen string

	// TLSListen is where https is reached beside Listen, which then speaks http
	// (see Scheme). It needs TLSCert or StandIn.
	TLSListen string

	// PublicURL is the scheme and authority under which clients reach the
	// server, such as https://contacts.example.com; BASE in the specification.
	// Empty: that of each request.
	PublicURL string

	// IDBase is the scheme and authority inside the ids of entries. Empty: what
	// this store used before, and on first use http:// and the authority of
	// PublicURL or, without one, of the listener. Clients take an entry for a
	// new one when its id changes.
	IDBase string

	// TLSCert and TLSKey are PEM files, both or neither. With them Serve speaks
	// https. The files are read again when they change.
	TLSCert, TLSKey string

	// ACMEDomains are the host names for which Serve gets certificates by ACME,
	// from the authority at ACMEDirectory (empty: that of Let's Encrypt), to
	// which ACMEEmail is told if it is not empty. ACMECA is a PEM file of
	// authorities to trust there instead of those of the system.
	ACMEDomains                      []string
	ACMEEmail, ACMEDirectory, ACMECA string

	// AdminListen is where /healthz, /readyz and /metrics are, over http. Empty:
	// on all listeners, with /metrics for addresses nearby only.
	AdminListen string

	// StandIn answers for the hosts of the original service and StandInHosts,
	// over https with certificates of an authority that lies in Data, on
	// TLSListen and through a proxy on ProxyListen. Both have an address by
	// default, which the value "off" takes away.
	StandIn      bool
	StandInHosts []string
	ProxyListen  string

	// TrustedProxies are the addresses, or networks as ADDRESS/BITS, whose
	// Forwarded and X-Forwarded headers are believed.
	TrustedProxies []string

	// InsecureHTTP lets credentials come over plain http from other machines.
	InsecureHTTP bool

	// DefaultDomain is added to names without @ that sign in. Empty: none.
	DefaultDomain string

	// ClientLogin is whether the sign-in service ClientLogin is open.
	ClientLogin bool

	// ClientLoginLife is how long a token of ClientLogin lasts.
	ClientLoginLife time.Duration

	// AuthSub, OAuth1 and OAuth2 are whether programs may sign in by them.
	AuthSub, OAuth1, OAuth2 bool

	// AuthSubUnregistered lets programs that are not registered ask users for
	// access by AuthSub.
	AuthSubUnregistered bool

	// OAuth2Implicit lets OAuth 2.0 give tokens to browsers
	// (response_type=token).
	OAuth2Implicit bool

	// Within LoginWindow, LoginCaptchaAfter failures to sign in bring a captcha
	// and LoginRefuseAfter a refusal, for the account or the address.
	LoginCaptchaAfter int
	LoginRefuseAfter  int
	LoginWindow       time.Duration

	// RequestRate limits the data requests of one user, in requests a second
	// on average, with RequestBurst at once. 0: no limit.
	RequestRate  float64
	RequestBurst int

	// MaxContacts and MaxSharedContacts limit the contacts of one user and the
	// shared contacts of one domain.
	MaxContacts       int
	MaxSharedContacts int

	// OriginalLimits brings back the limits of the original service that this
	// one lifts: no full-text query on the shared contacts of a domain.
	OriginalLimits bool

	// MinimalTombstones shows deleted entries with nothing but their id.
	MinimalTombstones bool

	// RequirePreconditionOnDelete refuses a DELETE that does not say which
	// state of the entry it means.
	RequirePreconditionOnDelete bool

	// AcceptRedundantOtherRel accepts the rel "other" that an old client
	// library adds to labelled elements when it sends them back.
	AcceptRedundantOtherRel bool

	// ReadTimeout bounds the arrival of a request with its body, WriteTimeout
	// that together with the answer, and IdleTimeout the wait for the next
	// request of a connection. The first two include the slowest client that is
	// still served.
	ReadTimeout, WriteTimeout, IdleTimeout time.Duration

	// StallTimeout is how long a client may send nothing of a body that it has
	// begun, or take nothing of an answer. 0: only as long as the timeouts above.
	StallTimeout time.Duration

	// MaxConnections and MaxConnectionsPerAddress limit the open connections.
	// Trusted proxies may have any number. 0: no limit.
	MaxConnections           int
	MaxConnectionsPerAddress int

	// SlowRequest is how long a request takes that is logged as slow. 0: never.
	SlowRequest time.Duration

	// AuditKeep is how long records of the audit log are kept.
	AuditKeep time.Duration

	// Version is what the program calls itself.
	Version string

	// ShutdownTimeout is how long Serve waits for requests under way when it is
	// told to stop.
	ShutdownTimeout time.Duration

	// BackupDir is where the running server makes a backup every BackupEvery,
	// at least a minute, and keeps the newest BackupKeep of them. Empty: no
	// backups.
	BackupDir   string
	BackupEvery time.Duration
	BackupKeep  int

	// Logger takes the log; nil discards it. Now is the clock, time.Now if nil.
	Logger *slog.Logger
	Now    func() time.Time
}

// Defaults returns the settings of a server that nobody configured.
func Defaults() Config {
	return Config{
		Data:            "./data",
		Listen:          "127.0.0.1:8080",
		ClientLogin:     true,
		ClientLoginLife: 14 * 24 * time.Hour, // AUTH-36
		AuthSub:         true,
		OAuth1:          true,
		OAuth2:          true,

		AuthSubUnregistered: true, // SEC-6

		LoginCaptchaAfter: 5,                // SEC-4
		LoginRefuseAfter:  50,               // SEC-4
		LoginWindow:       15 * time.Minute, // SEC-4
		RequestBurst:      20,
		MaxContacts:       book.DefaultMaxContacts,
		MaxSharedContacts: book.DefaultMaxSharedContacts,
		ReadTimeout:       2 * time.Minute,
		WriteTimeout:      5 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		ShutdownTimeout:   time.Minute,

		BackupEvery:  24 * time.Hour,
		BackupKeep:   7,
		StallTimeout: 30 * time.Second,
		SlowRequest:  time.Second, // OPS-56
		AuditKeep:    365 * 24 * time.Hour,
		Version:      "dev",

		MaxConnections:           4096,
		MaxConnectionsPerAddress: 512,
	}
}

// check fails with kind Invalid on the first setting that cannot be meant. The
// Path of the error is the setting's name in lower case, words joined by _.
// The settings that are URLs lose a final slash.
func (c *Config) check() error {
	for _, u := range []struct {
		name  string
		value *string
	}{{"public_url", &c.PublicURL}, {"id_base", &c.IDBase}} {
		if *u.value == "" {
			continue
		}
		base, ok := parseBase(*u.value)
		if !ok {
			return invalid(u.name, "%q is not a URL of scheme and host, such as https://contacts.example.com", *u.value)
		}
		*u.value = base
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return invalid("tls_cert", "needs tls_key, and tls_key needs tls_cert")
	}
	if c.DefaultDomain != "" {
		if err := auth.CheckDomain(c.DefaultDomain); err != nil {
			return invalid("default_domain", "%v; write one such as example.com", err)
		}
	}
	if err := c.checkACME(); err != nil {
		return err
	}
	if err := c.checkBackups(); err != nil {
		return err
	}
	if err := c.checkStandIn(); err != nil {
		return err
	}
	if _, err := c.proxies(); err != nil {
		return err
	}
	for _, n := range []struct {
		name string
		ok   bool
		want string
	}{
		{"data", c.Data != "", "must name a directory"},
		{"client_login_life", c.ClientLoginLife > 0, "must be longer than 0"},
		{"login_captcha_after", c.LoginCaptchaAfter > 0, "must be at least 1"},
		{"login_refuse_after", c.LoginRefuseAfter > 0, "must be at least 1"},
		{"login_window", c.LoginWindow > 0, "must be longer than 0"},
		{"request_rate", c.RequestRate >= 0, "must not be negative"},
		{"request_burst", c.RequestBurst > 0, "must be at least 1"},
		{"max_contacts", c.MaxContacts > 0, "must be at least 1"},
		{"max_shared_contacts", c.MaxSharedContacts > 0, "must be at least 1"},
		{"read_timeout", c.ReadTimeout > 0, "must be longer than 0"},
		{"write_timeout", c.WriteTimeout > 0, "must be longer than 0"},
		{"idle_timeout", c.IdleTimeout > 0, "must be longer than 0"},
		{"shutdown_timeout", c.ShutdownTimeout > 0, "must be longer than 0"},
		{"stall_timeout", c.StallTimeout >= 0, "must not be negative"},
		{"slow_request", c.SlowRequest >= 0, "must not be negative"},
		{"audit_keep", c.AuditKeep > 0, "must be longer than 0"},
		{"max_connections", c.MaxConnections >= 0, "must not be negative"},
		{"max_connections_per_address", c.MaxConnectionsPerAddress >= 0, "must not be negative"},
	} {
		if !n.ok {
			return invalid(n.name, "%s", n.want)
		}
	}
	return nil
}

// invalid is the error of a setting, whose name is the Path of the error.
func invalid(setting, format string, args ...any) error {
	return &contacts.Error{Kind: contacts.Invalid, Path: setting, Reason: fmt.Sprintf(format, args...)}
}

// parseBase reduces a URL of scheme and authority to the form that links
// begin with.
func parseBase(s string) (string, bool) {
	u, err := url.Parse(strings.TrimSuffix(s, "/"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return "", false
	}
	if u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return "", false
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), true
}

// proxies reads TrustedProxies.
func (c *Config) proxies() ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for _, s := range c.TrustedProxies {
		p, err := netip.ParsePrefix(s)
		if a, err2 := netip.ParseAddr(s); err2 == nil {
			p, err = a.Prefix(a.BitLen())
		}
		if err != nil {
			return nil, invalid("trusted_proxies", "%q is neither an address nor a network such as 10.0.0.0/8", s)
		}
		prefixes = append(prefixes, p.Masked())
	}
	return prefixes, nil
}
