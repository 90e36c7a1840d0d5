package main

import (
	"cmp"
	"net"
	"strings"

	"github.com/spf13/pflag"

	"contacts/cmd/line"
	"contacts/server"
)

// settings are what a user can choose about a server. A flag is the one place
// where a setting is defined: its name gives the environment variable and the
// key in the configuration file, its type says what is accepted in all three.
type settings struct {
	server.Config
	configFile string
	demo       bool
	logFormat  string
	logLevel   string

	flags  *pflag.FlagSet
	origin map[string]string // where the value of a flag came from, if it did not stay the default
}

func newSettings() *settings {
	s := &settings{
		Config: server.Defaults(),
		flags:  pflag.NewFlagSet("settings", pflag.ContinueOnError),
		origin: map[string]string{},
	}
	f, c := s.flags, &s.Config
	f.SortFlags = false

	f.StringVar(&c.Data, "data", c.Data, "`directory` of the embedded database")
	f.StringVar(&s.configFile, "config", "", "configuration `file` (TOML)")

	f.StringVar(&c.Listen, "listen", c.Listen, "`address` to answer on, HOST:PORT; port 0 takes a free one")
	f.StringVar(&c.PublicURL, "public-url", c.PublicURL, "`URL` under which clients reach the server, without path")
	f.StringVar(&c.IDBase, "id-base", c.IDBase, "`URL` that the ids of entries begin with; never change it without need")
	f.StringVar(&c.TLSCert, "tls-cert", c.TLSCert, "certificate `file` (PEM) to speak https with")
	f.StringVar(&c.TLSKey, "tls-key", c.TLSKey, "key `file` (PEM) of the certificate")
	f.StringVar(&c.TLSListen, "tls-listen", c.TLSListen, "`address` to answer https on beside listen, with a certificate or as a stand-in")
	f.StringSliceVar(&c.ACMEDomains, "acme-domains", c.ACMEDomains, "`hosts` to get certificates for by ACME")
	f.StringVar(&c.ACMEEmail, "acme-email", c.ACMEEmail, "e-mail `address` for the authority that ACME asks")
	f.StringVar(&c.ACMEDirectory, "acme-directory", c.ACMEDirectory, "`URL` of the directory of that authority; Let's Encrypt if not set")
	f.StringVar(&c.ACMECA, "acme-ca", c.ACMECA, "`file` (PEM) of the authorities to trust there")
	f.StringVar(&c.AdminListen, "admin-listen", c.AdminListen, "`address` to answer /healthz, /readyz and /metrics on, instead of /metrics beside the rest")
	f.BoolVar(&c.StandIn, "stand-in", c.StandIn, "answer for the hosts of the original service, with certificates and a proxy for its clients")
	f.StringSliceVar(&c.StandInHosts, "stand-in-host", c.StandInHosts, "further `host` to stand in for")
	f.StringVar(&c.ProxyListen, "proxy-listen", c.ProxyListen, "`address` of the stand-in's proxy, or off")
	f.StringSliceVar(&c.TrustedProxies, "trusted-proxies", c.TrustedProxies, "`networks` whose Forwarded and X-Forwarded headers are believed")
	f.BoolVar(&c.InsecureHTTP, "insecure-http", c.InsecureHTTP, "accept passwords and tokens over plain http from other machines")
	f.BoolVar(&s.demo, "demo", false, "give an empty database a domain, two accounts and sample contacts")

	f.StringVar(&c.DefaultDomain, "default-domain", c.DefaultDomain, "`domain` of names without @ that sign in")
	f.BoolVar(&c.ClientLogin, "client-login", c.ClientLogin, "offer the sign-in service ClientLogin")
	f.DurationVar(&c.ClientLoginLife, "client-login-life", c.ClientLoginLife, "how long a token of ClientLogin lasts")
	f.BoolVar(&c.AuthSub, "authsub", c.AuthSub, "let programs sign in by AuthSub")
	f.BoolVar(&c.AuthSubUnregistered, "authsub-unregistered", c.AuthSubUnregistered, "let unregistered programs ask for access by AuthSub")
	f.BoolVar(&c.OAuth1, "oauth1", c.OAuth1, "let programs sign in by OAuth 1.0a")
	f.BoolVar(&c.OAuth2, "oauth2", c.OAuth2, "let programs sign in by OAuth 2.0")
	f.BoolVar(&c.OAuth2Implicit, "oauth2-implicit", c.OAuth2Implicit, "let OAuth 2.0 give tokens to browsers (response_type=token)")
	f.IntVar(&c.LoginCaptchaAfter, "login-captcha-after", c.LoginCaptchaAfter, "failures within the login window that bring a captcha")
	f.IntVar(&c.LoginRefuseAfter, "login-refuse-after", c.LoginRefuseAfter, "failures within the login window that bring a refusal")
	f.DurationVar(&c.LoginWindow, "login-window", c.LoginWindow, "how long a failure to sign in counts")
	f.Float64Var(&c.RequestRate, "request-rate", c.RequestRate, "data requests per second that a user may make on average; 0 for any")
	f.IntVar(&c.RequestBurst, "request-burst", c.RequestBurst, "data requests that a user may make at once, with a request rate")

	f.IntVar(&c.MaxContacts, "max-contacts", c.MaxContacts, "contacts that a user may have")
	f.IntVar(&c.MaxSharedContacts, "max-shared-contacts", c.MaxSharedContacts, "shared contacts that a domain may have")
	f.BoolVar(&c.OriginalLimits, "original-limits", c.OriginalLimits, "keep the limits of the original service that this one lifts")
	f.BoolVar(&c.MinimalTombstones, "minimal-tombstones", c.MinimalTombstones, "show deleted entries with nothing but their id")
	f.BoolVar(&c.RequirePreconditionOnDelete, "require-precondition-on-delete", c.RequirePreconditionOnDelete,
		"refuse a DELETE that does not name the state it deletes")
	f.BoolVar(&c.AcceptRedundantOtherRel, "accept-redundant-other-rel", c.AcceptRedundantOtherRel,
		"accept the rel \"other\" that an old library adds to labelled elements")

	f.DurationVar(&c.ReadTimeout, "read-timeout", c.ReadTimeout, "how long a request with its body may take to arrive")
	f.DurationVar(&c.WriteTimeout, "write-timeout", c.WriteTimeout, "how long a request and its answer may take together")
	f.DurationVar(&c.IdleTimeout, "idle-timeout", c.IdleTimeout, "how long a connection waits for its next request")
	f.DurationVar(&c.StallTimeout, "stall-timeout", c.StallTimeout, "how long a client may send or take nothing amid a request; 0 for the timeouts above alone")
	f.IntVar(&c.MaxConnections, "max-connections", c.MaxConnections, "open connections; 0 for any number")
	f.IntVar(&c.MaxConnectionsPerAddress, "max-connections-per-address", c.MaxConnectionsPerAddress, "open connections from one address; 0 for any number")
	f.DurationVar(&c.SlowRequest, "slow-request", c.SlowRequest, "how long a request takes that is logged as slow; 0 for none")
	f.DurationVar(&c.AuditKeep, "audit-keep", c.AuditKeep, "how long the audit log goes back")
	f.DurationVar(&c.ShutdownTimeout, "shutdown-timeout", c.ShutdownTimeout, "how long requests under way may take when the server stops")
	f.StringVar(&c.BackupDir, "backup-dir", c.BackupDir, "`directory` to write backups to while the server runs")
	f.DurationVar(&c.BackupEvery, "backup-every", c.BackupEvery, "how often a backup is written")
	f.IntVar(&c.BackupKeep, "backup-keep", c.BackupKeep, "backups that are kept")
	f.StringVar(&s.logFormat, "log-format", "text", "`form` of the log: text or json")
	f.StringVar(&s.logLevel, "log-level", "info", "least `level` to log: debug, info, warn or error")
	return s
}

// envName is the environment variable of a flag.
func envName(flag string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// keyName is the key of a flag in the configuration file.
func keyName(flag string) string { return strings.ReplaceAll(flag, "-", "_") }

// load completes the flags of the command line from the environment and the
// configuration file, in this order of precedence. Every key of the file must
// be a setting, whichever command reads it.
func (s *settings) load(lookupEnv func(string) (string, bool)) error {
	s.flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed {
			s.origin[f.Name] = "--" + f.Name
		}
	})
	if err := applyEnv(s.flags, s.origin, lookupEnv); err != nil {
		return err
	}
	if s.configFile == "" {
		return nil
	}
	return s.loadFile(s.configFile)
}

// checkAddresses makes sure that all addresses to listen on are ones.
func (s *settings) checkAddresses() error {
	for _, name := range []string{"listen", "tls-listen", "admin-listen", "proxy-listen"} {
		address := s.flags.Lookup(name).Value.String()
		if address == "" || address == "off" && (name == "tls-listen" || name == "proxy-listen") {
			continue
		}
		_, port, err := net.SplitHostPort(address)
		if err == nil {
			_, err = net.LookupPort("tcp", port)
		}
		if err != nil {
			return usageErrorf("%s: %q is not HOST:PORT, such as 127.0.0.1:8080", cmp.Or(s.origin[name], keyName(name)), address)
		}
	}
	return nil
}

// applyEnv sets the flags that have no origin yet from their environment
// variables. An empty variable counts as unset.
func applyEnv(flags *pflag.FlagSet, origin map[string]string, lookupEnv func(string) (string, bool)) error {
	var failed error
	flags.VisitAll(func(f *pflag.Flag) {
		value, _ := lookupEnv(envName(f.Name))
		if value == "" || origin[f.Name] != "" || f.Changed || failed != nil {
			return
		}
		origin[f.Name] = envName(f.Name)
		if err := flags.Set(f.Name, value); err != nil {
			failed = usageErrorf("%s: %q is not a valid %s", envName(f.Name), value, line.TypeName(f))
		}
	})
	return failed
}
