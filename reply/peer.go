package reply

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"contacts"
)

// A Site says where the server stands on the network.
type Site struct {
	// PublicURL is the scheme and authority that links have, such as
	// https://contacts.example.net; empty for those of each request.
	PublicURL string

	// Hosts are names, in lower case, that links keep in the answers to requests
	// that were addressed to them, whatever PublicURL is.
	Hosts []string

	// InsecureHTTP accepts credentials over plain http from anywhere.
	InsecureHTTP bool

	// TrustedProxies are believed when they say for whom they ask, in
	// X-Forwarded-For, -Proto and -Host or, if none of these is there, in
	// Forwarded. A proxy must set or remove each of them, because what it
	// passes on unseen is the client's word.
	TrustedProxies []netip.Prefix
}

// A Peer is the client at the far end of a request.
type Peer struct {
	Addr   netip.Addr // invalid if unknown
	Local  bool       // it is on this machine, as far as Addr can tell
	Secure bool       // it speaks https, as far as the server or a trusted proxy can tell
	Host   string     // as the client addressed the server, with the port unless default
}

// Peer tells who sent r.
func (s *Site) Peer(r *http.Request) Peer {
	p := Peer{Secure: r.TLS != nil, Host: r.Host}
	if ap, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		p.Addr = ap.Addr().Unmap()
		p.Local = p.Addr.IsLoopback()
	}
	if p.Host == "" || !validHost(p.Host) { // HTTP/1.0; a target in absolute form, of which net/http lets more pass
		p.Host = ""
		if a, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
			p.Host = a.String()
		}
	}
	if !s.trusts(p.Addr) {
		return p
	}
	f := forwardedOf(r.Header)
	if f.empty() {
		return p
	}
	// Every proxy adds the address it was asked from at the right end: go left
	// as long as trusted proxies stand there.
	hops := 0
	p.Local = false // unless the proxy names the address
	for i := len(f.addrs) - 1; i >= 0; i-- {
		addr, ok := parseHop(f.addrs[i])
		if !ok {
			break
		}
		p.Addr, p.Local = addr, addr.IsLoopback()
		if !s.trusts(addr) {
			break
		}
		if i > 0 {
			hops++
		}
	}
	// Further to the left than a trusted proxy wrote, nothing is believed.
	p.Secure = strings.EqualFold(fromRight(f.protos, hops), "https") // OPS-125
	if host := fromRight(f.hosts, hops); host != "" && validHost(host) {
		p.Host = host
	}
	return p
}

// requestIDHeader carries the number that a trusted proxy gave a request, and
// goes with the answer to one that failed.
const requestIDHeader = "X-Request-Id"

// maxRequestID is the longest number of a proxy that is taken over.
const maxRequestID = 64

// requestID is the number that a trusted proxy gave r, or empty. One that could
// be mistaken for something else in a log is not taken over.
func (s *Site) requestID(r *http.Request) string {
	id := r.Header[requestIDHeader]
	if len(id) != 1 || id[0] == "" || len(id[0]) > maxRequestID || strings.ContainsFunc(id[0], func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("-_.:", c))
	}) {
		return ""
	}
	if ap, err := netip.ParseAddrPort(r.RemoteAddr); err != nil || !s.trusts(ap.Addr().Unmap()) {
		return ""
	}
	return id[0] // OPS-55
}

// Trusts reports whether the headers of a proxy at the address are believed.
func (s *Site) Trusts(a netip.Addr) bool { return s.trusts(a.Unmap()) }

func (s *Site) trusts(a netip.Addr) bool {
	for _, p := range s.TrustedProxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// Base is BASE: scheme and authority for the links of the answer to r, without
// a slash at the end.
func (s *Site) Base(r *http.Request) string {
	if s.PublicURL != "" && len(s.Hosts) == 0 {
		return strings.TrimRight(s.PublicURL, "/") // RES-62
	}
	p := s.Peer(r)
	if s.PublicURL != "" && !s.keeps(p.Host) {
		return strings.TrimRight(s.PublicURL, "/") // RES-62
	}
	if p.Secure {
		return "https://" + p.Host // RES-62
	}
	return "http://" + p.Host // RES-62
}

// keeps reports whether links keep the authority that a request named.
func (s *Site) keeps(authority string) bool {
	host, _, err := net.SplitHostPort(authority)
	if err != nil {
		host = authority // it has no port
	}
	return slices.Contains(s.Hosts, strings.ToLower(host)) // STAND-40
}

// Secure reports whether credentials in r travelled safely: over https, or
// without leaving the machine.
func (s *Site) Secure(r *http.Request) bool {
	p := s.Peer(r)
	return p.Secure || p.Local // RES-61
}

// RequireSecure fails with kind Forbidden if r must not carry credentials.
func (s *Site) RequireSecure(r *http.Request) error {
	if s.InsecureHTTP || s.Secure(r) {
		return nil
	}
	return contacts.Errorf(contacts.Forbidden, contacts.CodeForbidden, "Credentials are accepted over https only: "+
		"use an https address, or let the administrator allow plain http with the setting insecure_http") // RES-61
}

// A forwarded is what proxies say, each list in the order of the path that the
// request took.
type forwarded struct{ addrs, protos, hosts []string }

func (f *forwarded) empty() bool { return len(f.addrs)+len(f.protos)+len(f.hosts) == 0 }

func forwardedOf(h http.Header) forwarded {
	f := forwarded{
		addrs:  list(h["X-Forwarded-For"]),
		protos: list(h["X-Forwarded-Proto"]),
		hosts:  list(h["X-Forwarded-Host"]),
	}
	if !f.empty() {
		return f
	}
	for _, hop := range list(h["Forwarded"]) {
		// One entry per hop in each list keeps them aligned (RFC 7239).
		var addr, proto, host string
		for pair := range strings.SplitSeq(hop, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			value = strings.Trim(value, `"`)
			switch strings.ToLower(name) {
			case "for":
				addr = value
			case "proto":
				proto = value
			case "host":
				host = value
			}
		}
		f.addrs, f.protos, f.hosts = append(f.addrs, addr), append(f.protos, proto), append(f.hosts, host)
	}
	return f
}

// list splits header lines at commas.
func list(lines []string) []string {
	var items []string
	for _, line := range lines {
		for item := range strings.SplitSeq(line, ",") {
			if item = strings.TrimSpace(item); item != "" {
				items = append(items, item)
			}
		}
	}
	return items
}

// fromRight is the n-th item from the right end, or the leftmost if there are
// fewer, or empty if there is none.
func fromRight(items []string, n int) string {
	if len(items) == 0 {
		return ""
	}
	return items[max(0, len(items)-1-n)]
}

// parseHop reads an address with or without a port and brackets.
func parseHop(s string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap(), true
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	return a.Unmap(), err == nil
}

// validHost reports whether s can be the authority of a link: a name or an
// address, and maybe a port.
func validHost(s string) bool {
	name, port, hasPort := strings.Cut(s, ":")
	if strings.HasPrefix(s, "[") {
		var rest string
		if name, rest, _ = strings.Cut(s[1:], "]"); len(s) == len(name)+1 {
			return false
		}
		if a, err := netip.ParseAddr(name); err != nil || !a.Is6() || a.Zone() != "" {
			return false
		}
		port, hasPort = strings.CutPrefix(rest, ":")
		if rest != "" && !hasPort {
			return false
		}
	} else if name == "" || strings.ContainsFunc(name, func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_')
	}) {
		return false
	}
	return !hasPort || len(port) <= 5 && strings.Trim(port, "0123456789") == ""
}
