package reply_test

import (
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"contacts/reply"
)

// FuzzPeer looks for headers that make trouble, that are believed of somebody
// who is no proxy, or that lead links astray.
func FuzzPeer(f *testing.F) {
	for _, h := range [][5]string{
		{"192.0.2.7", "https", "contacts.example.com", "", "contacts.example.net"},
		{"192.0.2.7, 10.0.0.2", "https, http", "a.example.com, b.example.com:8443", "", "x"},
		{"", "", "", `for=192.0.2.43;proto=https;host="contacts.example.com", for="[2001:db8::1]:4711"`, ""},
		{"unknown, _hidden, [::1]:80, ::ffff:10.0.0.1", "HTTPS", "[::1]:80", "for=;;host=,", "[::1]"},
		{`"`, ",,", "evil/..@x?y#z", `for="\"";host="a b`, "a b"},
	} {
		f.Add(h[0], h[1], h[2], h[3], h[4])
	}
	trusting := &reply.Site{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	f.Fuzz(func(t *testing.T, addrs, protos, hosts, forwarded, host string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = host
		for name, value := range map[string]string{
			"X-Forwarded-For": addrs, "X-Forwarded-Proto": protos, "X-Forwarded-Host": hosts, "Forwarded": forwarded,
		} {
			if value != "" {
				r.Header[name] = []string{value}
			}
		}
		r.RemoteAddr = "192.0.2.1:1234" // no proxy
		plain := httptest.NewRequest("GET", "/", nil)
		plain.Host, plain.RemoteAddr = host, r.RemoteAddr
		if got, want := trusting.Peer(r), trusting.Peer(plain); got != want {
			t.Errorf("the headers of a stranger make %+v of %+v", got, want)
		}
		r.RemoteAddr = "10.0.0.1:1234"
		p := trusting.Peer(r)
		if !p.Addr.IsValid() || p.Local != p.Addr.IsLoopback() {
			t.Errorf("Peer() = %+v", p)
		}
		base := trusting.Base(r)
		u, err := url.Parse(base)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Path != "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			t.Errorf("Base() = %q, %v", base, err)
		}
		if strings.ContainsAny(base, "<>\"'\\ \r\n") {
			t.Errorf("Base() = %q", base)
		}
	})
}
