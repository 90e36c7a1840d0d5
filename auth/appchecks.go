package auth

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"contacts"
)

// maxAppName is the longest name of a program, in bytes.
const maxAppName = 100

// oobRedirect is the redirect URI that shows the code to the user instead.
const oobRedirect = "urn:ietf:wg:oauth:2.0:oob"

// minKeyBits is the shortest RSA key that is accepted: what the original
// service asked its programs to make.
const minKeyBits = 1024

func badApp(format string, args ...any) error {
	return contacts.Errorf(contacts.Invalid, "", format, args...)
}

// parseAppName checks the name of a program.
func parseAppName(name string) (string, error) {
	name = strings.TrimSpace(name)
	switch {
	case name == "":
		return "", badApp("A program needs a name")
	case len(name) > maxAppName:
		return "", badApp("The name of a program has at most %d bytes", maxAppName)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(c rune) bool { return !unicode.IsPrint(c) }):
		return "", badApp("The name of a program %q has characters that cannot be shown", name)
	}
	return name, nil
}

// maxBuiltIn is the longest client id or secret that a program brings along.
const maxBuiltIn = 255

// checkBuiltIn checks the client id and secret that a program brings along.
func checkBuiltIn(n NewApp) error {
	// Lists of client ids are separated by commas (AUTH-75).
	strange := func(c rune) bool { return c <= ' ' || c >= 0x7f || c == ',' }
	switch {
	case n.ID == "" && n.Secret == "":
		return nil
	case n.ServiceAccount:
		return badApp("A service account gets a client id and a key of its own")
	case n.Public && n.Secret != "":
		return badApp("A public program has no secret")
	case len(n.ID) > maxBuiltIn || strings.ContainsFunc(n.ID, strange):
		return badApp("The client id must be at most %d letters, digits and signs of ASCII, without blanks and commas", maxBuiltIn) // STAND-50
	case len(n.Secret) > maxBuiltIn || strings.ContainsFunc(n.Secret, func(c rune) bool { return c < ' ' || c >= 0x7f }):
		return badApp("The client secret must be at most %d letters, digits and signs of ASCII", maxBuiltIn) // STAND-50
	}
	return nil
}

// checkRedirectURI accepts what a browser may be sent to after consent: http
// and https URLs, schemes of installed programs, which have a dot (RFC 8252),
// and the word for showing the code.
func checkRedirectURI(uri string) error {
	if isOOB(uri) {
		return nil
	}
	u, err := url.Parse(uri)
	switch {
	case err != nil || u.Scheme == "":
		return badApp("The redirect URI %q is not an absolute URL", uri)
	case strings.Contains(uri, "#"):
		return badApp("The redirect URI %q must not have a fragment", uri)
	case strings.ContainsFunc(uri, func(c rune) bool { return c <= ' ' || c == 0x7f }):
		return badApp("The redirect URI %q has characters that a URL cannot have", uri)
	case u.Scheme == "http" || u.Scheme == "https":
		if u.Hostname() == "" || u.User != nil {
			return badApp("The redirect URI %q must have a host, and no user", uri)
		}
		return nil
	case strings.Contains(u.Scheme, "."):
		return nil
	}
	return badApp("The redirect URI %q must begin with https, http, or a scheme with a dot such as com.example.app", uri) // AUTH-120, SEC-6
}

// parseHost checks the host of callbacks: a name or an address, without port.
func parseHost(host string) (string, error) {
	h := strings.TrimSuffix(strings.TrimPrefix(fold(host), "["), "]")
	if _, err := netip.ParseAddr(h); err == nil {
		return h, nil
	}
	if _, err := parseDomain(h); err != nil || strings.ContainsFunc(h, notOfHost) {
		return "", badApp("The callback host %q is not the name of a host; leave out scheme, port and path, and write letters other than a to z as xn--...", host) // AUTH-120
	}
	return h, nil
}

// hostOnly is the host of an authority, without port, in the form of parseHost.
func hostOnly(authority string) string {
	h := fold(authority)
	if host, _, err := net.SplitHostPort(h); err == nil {
		return host
	}
	return strings.TrimSuffix(strings.TrimPrefix(h, "["), "]")
}

// parseRSA reads the key out of a certificate, or a public key, in PEM. Whether
// the certificate has expired does not matter: only its key is used, which the
// administrator has chosen to trust.
func parseRSA(text []byte) ([]byte, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, badApp("The certificate is not in PEM form")
	}
	var key any
	var err error
	switch block.Type {
	case "CERTIFICATE":
		var c *x509.Certificate
		if c, err = x509.ParseCertificate(block.Bytes); err == nil {
			key = c.PublicKey
		}
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	default:
		return nil, badApp("The file holds a %s, not a certificate", block.Type)
	}
	if err != nil {
		return nil, badApp("The certificate cannot be read: %v", err)
	}
	k, ok := key.(*rsa.PublicKey)
	if !ok {
		return nil, badApp("The certificate has no RSA key")
	}
	if bits := k.N.BitLen(); bits < minKeyBits {
		return nil, badApp("The RSA key of the certificate has %d bits; at least %d are needed", bits, minKeyBits) // AUTH-120
	}
	return x509.MarshalPKIXPublicKey(k)
}
