package auth

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// baseString is what a client of OAuth 1.0a signs (RFC 5849, section 3.4.1).
// The address is the scheme and authority of the request, as normalAddress
// makes it; the path is still escaped, as the client sent it. Of the params, realm
// and the signature do not count.
func baseString(method, address, path string, params []param) string {
	encoded := make([]param, 0, len(params))
	for _, p := range params {
		if p.name != "oauth_signature" && p.name != "realm" { // AUTH-61
			encoded = append(encoded, param{percentEncode(p.name), percentEncode(p.value)})
		}
	}
	slices.SortFunc(encoded, func(a, b param) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	var list strings.Builder
	for i, p := range encoded {
		if i > 0 {
			list.WriteByte('&')
		}
		list.WriteString(p.name + "=" + p.value)
	}
	return percentEncode(strings.ToUpper(method)) + "&" + percentEncode(address+path) + "&" + percentEncode(list.String()) // AUTH-69
}

// percentEncode escapes every byte but letters, digits and -._~ (RFC 5849,
// section 3.6).
func percentEncode(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~':
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

// checkHMAC reports whether signature is the HMAC-SHA1 of text, in base64,
// under the secrets of the consumer and the token.
func checkHMAC(text, consumerSecret, tokenSecret, signature string) bool {
	sum, err := base64.StdEncoding.DecodeString(signature)
	mac := hmac.New(sha1.New, []byte(percentEncode(consumerSecret)+"&"+percentEncode(tokenSecret))) // AUTH-70
	mac.Write([]byte(text))
	return hmac.Equal(mac.Sum(nil), sum) && err == nil // SEC-3
}

// checkRSA reports whether signature is the RSA signature of text with SHA-1
// (PKCS #1 v1.5), in base64. The protocols know no better hash. What SHA-1
// lacks, resistance to collisions, matters to whoever signs a text that
// another chose; here the signer writes the text.
func checkRSA(key *rsa.PublicKey, text, signature string) bool {
	sig, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	sum := sha1.Sum([]byte(text))
	return rsa.VerifyPKCS1v15(key, crypto.SHA1, sum[:], sig) == nil // AUTH-52, AUTH-70
}

// A requestTarget is where a request went, as its client wrote it.
type requestTarget struct {
	addresses []string // schemes and authorities, each as normalAddress makes it; one is the client's
	path      string   // still escaped, at least a slash
	query     string   // still escaped
}

// whole is the path and the query.
func (t *requestTarget) whole() string {
	if t.query == "" {
		return t.path
	}
	return t.path + "?" + t.query
}

// addressed finds out how a client has addressed r. Path and query are taken
// from the first line of the request, because whatever decodes them may lose
// how they were escaped. Scheme and host are those of the connection, or what
// a trusted proxy says of it, or those of the public URL, which a proxy that
// says nothing may have hidden; a request whose first line has a whole URL
// names its own. They may be crossed, as a server with a public URL is also
// asked by other names.
func (s *Service) addressed(r *http.Request) requestTarget {
	var t requestTarget
	raw := r.RequestURI
	if raw == "" { // made by no client
		raw = r.URL.RequestURI()
	}
	t.path, t.query, _ = strings.Cut(raw, "?") // a number sign is part of them, as it is to net/http
	add := func(scheme, authority string) {
		if a := normalAddress(scheme, authority); !slices.Contains(t.addresses, a) {
			t.addresses = append(t.addresses, a)
		}
	}
	if scheme, rest, ok := strings.Cut(t.path, "://"); ok && !strings.HasPrefix(t.path, "/") {
		authority, path := rest, ""
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			authority, path = rest[:i], rest[i:]
		}
		if scheme = strings.ToLower(scheme); scheme == "http" || scheme == "https" {
			add(scheme, authority)
		}
		t.path = path
	}
	if t.path == "" {
		t.path = "/"
	}
	peer := s.site.Peer(r)
	scheme := "http"
	if peer.Secure {
		scheme = "https"
	}
	public, authority, _ := strings.Cut(s.site.Base(r), "://")
	for _, scheme := range [...]string{scheme, public} {
		for _, authority := range [...]string{peer.Host, authority} {
			add(scheme, authority) // AUTH-51, AUTH-57, AUTH-69
		}
	}
	return t
}

// normalAddress is a scheme and an authority in lower case, without the
// scheme's usual port.
func normalAddress(scheme, authority string) string {
	scheme, authority = strings.ToLower(scheme), strings.ToLower(authority)
	switch scheme {
	case "http":
		authority = strings.TrimSuffix(authority, ":80")
	case "https":
		authority = strings.TrimSuffix(authority, ":443")
	}
	return scheme + "://" + authority
}

// A signedData is the parameter data of a secure AuthSub request.
type signedData struct {
	method, address, target string // the URL is address and target
	timestamp               int64
	nonce                   string
}

// parseSignedData reads METHOD URL TIMESTAMP NONCE.
func parseSignedData(text string) (d signedData, ok bool) {
	words := strings.Split(text, " ")
	if len(words) != 4 {
		return d, false
	}
	d.method = words[0]
	scheme, rest, ok := strings.Cut(words[1], "://")
	if !ok {
		return d, false
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	d.address, d.target = normalAddress(scheme, rest[:end]), rest[end:]
	if !strings.HasPrefix(d.target, "/") {
		d.target = "/" + d.target
	}
	if d.timestamp, ok = parseTimestamp(words[2]); !ok {
		return d, false
	}
	d.nonce = words[3]
	return d, validNonce(d.nonce)
}

// maxNonce is the length of the largest number of 64 bits. The .NET library of
// the original service makes up to so many digits without regard to their
// value.
const maxNonce = len("18446744073709551615")

func validNonce(s string) bool {
	notDigit := func(c rune) bool { return c < '0' || c > '9' }
	return s != "" && len(s) <= maxNonce && !strings.ContainsFunc(s, notDigit) // AUTH-53, AUTH-59
}

// parseTimestamp reads seconds since 1970.
func parseTimestamp(s string) (int64, bool) {
	n, err := strconv.ParseUint(s, 10, 62)
	return int64(n), err == nil
}

// parseQuery reads a query or a form. It differs from url.ParseQuery in that
// the order stays and a semicolon is nothing special.
func parseQuery(text string) (params []param, ok bool) {
	for word := range strings.SplitSeq(text, "&") {
		if word == "" {
			continue
		}
		name, value, _ := strings.Cut(word, "=")
		n, err := url.QueryUnescape(name)
		v, err2 := url.QueryUnescape(value)
		if err != nil || err2 != nil {
			return nil, false
		}
		params = append(params, param{n, v})
	}
	return params, true
}
