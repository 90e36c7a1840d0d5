package reply_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"contacts"
	"contacts/reply"
)

func TestPeer(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	for _, tt := range []struct {
		name   string
		remote string
		tls    bool
		header http.Header
		site   reply.Site
		addr   string
		base   string
		refuse bool // credentials
	}{
		{name: "RES-61 loopback", remote: "127.0.0.1:99", addr: "127.0.0.1", base: "http://contacts.example.net"},
		{name: "RES-61 loopback, version 6", remote: "[::1]:99", addr: "::1", base: "http://contacts.example.net"},
		{name: "loopback mapped into version 6", remote: "[::ffff:127.0.0.1]:99", addr: "127.0.0.1", base: "http://contacts.example.net"},
		{name: "RES-61 plain http from afar", remote: "192.0.2.1:99", addr: "192.0.2.1", base: "http://contacts.example.net", refuse: true},
		{name: "RES-61 insecure_http", remote: "192.0.2.1:99", site: reply.Site{InsecureHTTP: true},
			addr: "192.0.2.1", base: "http://contacts.example.net"},
		{name: "RES-61 RES-62 https", remote: "192.0.2.1:99", tls: true, addr: "192.0.2.1", base: "https://contacts.example.net"},
		{name: "RES-62 public URL", remote: "192.0.2.1:99", tls: true, site: reply.Site{PublicURL: "https://bennet.example/"},
			addr: "192.0.2.1", base: "https://bennet.example"},
		{name: "unknown address", remote: "@", addr: "invalid IP", base: "http://contacts.example.net", refuse: true},

		{name: "headers of a stranger are not believed", remote: "192.0.2.1:99", site: reply.Site{TrustedProxies: proxies},
			header: http.Header{"X-Forwarded-For": {"127.0.0.1"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"evil.example"},
				"Forwarded": {"for=127.0.0.1;proto=https;host=evil.example"}},
			addr: "192.0.2.1", base: "http://contacts.example.net", refuse: true},
		{name: "RES-61 RES-62 trusted proxy says https", remote: "10.1.2.3:99", site: reply.Site{TrustedProxies: proxies},
			header: http.Header{"X-Forwarded-For": {"198.51.100.7"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"bennet.example"}},
			addr:   "198.51.100.7", base: "https://bennet.example"},
		{name: "trusted proxy says http", remote: "[::1]:99", site: reply.Site{TrustedProxies: proxies},
			header: http.Header{"X-Forwarded-For": {"198.51.100.7"}, "X-Forwarded-Proto": {"http"}},
			addr:   "198.51.100.7", base: "http://contacts.example.net", refuse: true},
		{name: "trusted proxy on this machine does not say for whom", remote: "[::1]:99", site: reply.Site{TrustedProxies: proxies},
			header: http.Header{"X-Forwarded-Host": {"bennet.example"}},
			addr:   "::1", base: "http://bennet.example", refuse: true},
		{name: "trusted proxy on this machine asks for itself", remote: "[::1]:99", site: reply.Site{TrustedProxies: proxies},
			addr: "::1", base: "http://contacts.example.net"},
		{name: "trusted proxy that itself is reached by https", remote: "10.1.2.3:99", tls: true, site: reply.Site{TrustedProxies: proxies},
			header: http.Header{"X-Forwarded-For": {"198.51.100.7"}, "X-Forwarded-Proto": {"http"}},
			addr:   "198.51.100.7", base: "http://contacts.example.net", refuse: true},
		{name: "what the client put in front of the list is not believed", remote: "10.1.2.3:99", site: reply.Site{TrustedProxies: proxies},
			header: http.Header{"X-Forwarded-For": {"127.0.0.1, 198.51.100.7"}, "X-Forwarded-Proto": {"https, http"}},
			addr:   "198.51.100.7", base: "http://contacts.example.net", refuse: true},
		{name: "two proxies that add to the lists", remote: "10.1.2.3:99", site: reply.Site{TrustedProxies: proxies},
			header: http.Header{"X-Forwarded-For": {"127.0.0.1, 198.51.100.7", "10.9.9.9"}, "X-Forwarded-Proto": {"https, http"}},
			addr:   "198.51.100.7", base: "https://contacts.example.net"},
		{name: "two proxies of which the inner one passes the scheme on", remote: "10.1.2.3:99", site: reply.Site{TrustedProxies: proxies},
			header: http.Header{"X-Forwarded-For": {"198.51.100.7, 10.9.9.9"}, "X-Forwarded-Proto": {"https"}},
			addr:   "198.51.100.7", base: "https://contacts.example.net"},
		{name: "nothing but trusted addresses", remote: "10.1.2.3:99", site: reply.Site{TrustedProxies: proxies},
			header: http.Header{"X-Forwarded-For": {"10.0.0.1, 10.0.0.2"}, "X-Forwarded-Proto": {"https"}},
			addr:   "10.0.0.1", base: "https://contacts.example.net"},
		{name: "Forwarded", remote: "10.1.2.3:99", site: reply.Site{TrustedProxies: proxies},
			header: http.Header{"Forwarded": {`For="[2001:db8::7]:4711";Proto=HTTPS;host=bennet.example`}},
			addr:   "2001:db8::7", base: "https://bennet.example"},
		{name: "Forwarded through two proxies", remote: "10.1.2.3:99", site: reply.Site{TrustedProxies: proxies},
			header: http.Header{"Forwarded": {"for=127.0.0.1;proto=http, for=198.51.100.7;proto=https;host=bennet.example, for=10.9.9.9;proto=http"}},
			addr:   "198.51.100.7", base: "https://bennet.example"},
		{name: "Forwarded that hides the address", remote: "[::1]:99", site: reply.Site{TrustedProxies: proxies},
			header: http.Header{"Forwarded": {"for=_hidden"}},
			addr:   "::1", base: "http://contacts.example.net", refuse: true},
		{name: "Forwarded next to X-Forwarded is the client's", remote: "10.1.2.3:99", site: reply.Site{TrustedProxies: proxies},
			header: http.Header{"X-Forwarded-For": {"198.51.100.7"}, "Forwarded": {"for=127.0.0.1;proto=https"}},
			addr:   "198.51.100.7", base: "http://contacts.example.net", refuse: true},
		{name: "host that is none", remote: "10.1.2.3:99", site: reply.Site{TrustedProxies: proxies},
			header: http.Header{"X-Forwarded-For": {"198.51.100.7"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"a/'><b"}},
			addr:   "198.51.100.7", base: "https://contacts.example.net"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Host, r.RemoteAddr = "contacts.example.net", tt.remote
			for name, values := range tt.header {
				r.Header[name] = values
			}
			if tt.tls {
				r.TLS = &tls.ConnectionState{}
			}
			if got := tt.site.Peer(r).Addr.String(); got != tt.addr {
				t.Errorf("Peer().Addr = %s, want %s", got, tt.addr)
			}
			if got := tt.site.Base(r); got != tt.base {
				t.Errorf("Base() = %s, want %s", got, tt.base)
			}
			err := tt.site.RequireSecure(r)
			if refused := contacts.KindOf(err) == contacts.Forbidden; refused != tt.refuse {
				t.Errorf("RequireSecure() = %v, want refused: %v", err, tt.refuse)
			}
		})
	}
}

// The host of a target in absolute form may have signs that net/http refuses
// in the header, and that would end an attribute or a realm.
func TestPeerHost(t *testing.T) {
	at := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}
	for host, want := range map[string]string{
		"":                    "http://127.0.0.1:8080",
		"contacts.example":    "http://contacts.example",
		"contacts.example:80": "http://contacts.example:80",
		"[::1]:8080":          "http://[::1]:8080",
		`a",realm="b`:         "http://127.0.0.1:8080",
		"<b>":                 "http://127.0.0.1:8080",
	} {
		t.Run("AUTH-9 RES-62 "+host, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Host = host
			r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, at))
			if got := (&reply.Site{}).Base(r); got != want {
				t.Errorf("Base() = %s, want %s", got, want)
			}
		})
	}
}
