package auth_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/dghubble/oauth1"

	"contacts/auth"
)

// rsaKey is a key of a program, made once, because that takes long.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey { return newRSAKey() })

func newRSAKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 1024) // as the programs of the time had
	if err != nil {
		panic(err)
	}
	return key
}

func publicPEM(t testing.TB, key *rsa.PrivateKey) []byte {
	t.Helper()
	b, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	must(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: b})
}

// pemberley registers a program at pemberley.example with a secret and a key.
func (w *world) pemberley(t testing.TB) (auth.App, string) {
	t.Helper()
	a, secret, err := w.AddApp(t.Context(), auth.NewApp{
		Name: "Pemberley Letters", CallbackHosts: []string{"pemberley.example"}, CertificatePEM: publicPEM(t, rsaKey()),
	})
	must(t, err)
	return a, secret.Text
}

func encoded(s string) string { return oauth1.PercentEncode(s) }

// A call is a request signed by OAuth 1.0a, or a wrong one. Its signature is
// made here, and not with the code under test.
type call struct {
	method             string // GET
	target             string // path and query
	form               string // the body
	consumer, secret   string
	token, tokenSecret string
	signer             oauth1.Signer // HMAC-SHA1 with secret

	set      map[string]string // parameters of the header; an empty value removes one
	address  string            // that is signed; that of the server
	path     string            // that is signed; that of target
	altered  bool              // the signature is changed at one place
	unsigned string            // added to the query after signing
	asQuery  bool              // the parameters are sent in the query
	asForm   bool              // the parameters are sent in the body
}

var nonces atomic.Int64

// header is the header that signs a call.
func (w *world) header(t testing.TB, c call) string {
	t.Helper()
	list, signature := w.sign(t, c)
	pairs := []string{`OAuth realm="Longbourn"`}
	for _, p := range append(list, [2]string{"oauth_signature", signature}) {
		pairs = append(pairs, encoded(p[0])+`="`+encoded(p[1])+`"`)
	}
	return strings.Join(pairs, ", ")
}

// sign returns the parameters of the header, and the signature over all.
func (w *world) sign(t testing.TB, c call) (own [][2]string, signature string) {
	t.Helper()
	if c.signer == nil {
		c.signer = &oauth1.HMACSigner{ConsumerSecret: c.secret}
	}
	if c.method == "" {
		c.method = http.MethodGet
	}
	values := map[string]string{
		"oauth_consumer_key":     c.consumer,
		"oauth_token":            c.token,
		"oauth_signature_method": c.signer.Name(),
		"oauth_timestamp":        strconv.FormatInt(w.clock.now().Unix(), 10),
		"oauth_nonce":            "n" + strconv.FormatInt(nonces.Add(1), 10),
		"oauth_version":          "1.0",
	}
	for name, value := range c.set {
		if values[name] = value; value == "" {
			delete(values, name)
		}
	}
	for name, value := range values {
		own = append(own, [2]string{name, value})
	}
	slices.SortFunc(own, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	path, query, _ := strings.Cut(c.target, "?")
	var pairs []string
	for _, p := range own {
		pairs = append(pairs, encoded(p[0])+"="+encoded(p[1]))
	}
	for _, text := range []string{query, c.form} {
		for word := range strings.SplitSeq(text, "&") {
			if name, value, _ := strings.Cut(word, "="); word != "" {
				n, err := url.QueryUnescape(name)
				must(t, err)
				v, err := url.QueryUnescape(value)
				must(t, err)
				pairs = append(pairs, encoded(n)+"="+encoded(v))
			}
		}
	}
	slices.Sort(pairs)
	address := w.url
	if c.address != "" {
		address = c.address
	}
	if c.path != "" {
		path = c.path
	}
	signature, err := c.signer.Sign(c.tokenSecret, c.method+"&"+encoded(address+path)+"&"+encoded(strings.Join(pairs, "&")))
	must(t, err)
	if c.altered {
		signature = flip(signature, 3)
	}
	return own, signature
}

// call sends a call.
func (w *world) call(t testing.TB, c call, headers ...string) answer {
	t.Helper()
	body, target := c.form, c.target
	if c.asQuery || c.asForm {
		own, signature := w.sign(t, c)
		v := url.Values{"oauth_signature": {signature}}
		for _, p := range own {
			v.Set(p[0], p[1])
		}
		if c.asForm {
			body = strings.Trim(body+"&"+v.Encode(), "&")
		} else {
			target = joined(target, v.Encode())
		}
	} else {
		headers = append(headers, "Authorization: "+w.header(t, c))
	}
	if body != "" {
		headers = append(headers, "Content-Type: application/x-www-form-urlencoded")
	}
	if c.method == "" {
		c.method = http.MethodGet
	}
	if c.unsigned != "" {
		target = joined(target, c.unsigned)
	}
	return w.do(t, c.method, target, body, headers...)
}

func joined(target, query string) string {
	if strings.Contains(target, "?") {
		return target + "&" + query
	}
	return target + "?" + query
}
