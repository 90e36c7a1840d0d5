package auth_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"contacts"
	"contacts/auth"
)

// certificate is that of a key, in PEM.
func certificate(t testing.TB, public, private any) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	must(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func TestApps(t *testing.T) {
	w := longbourn(t, auth.Options{})
	ctx := t.Context()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	cert := certificate(t, &key.PublicKey, key)
	add := func(t *testing.T, n auth.NewApp) (auth.App, auth.Secret) {
		t.Helper()
		a, secret, err := w.AddApp(ctx, n)
		must(t, err)
		return a, secret
	}

	t.Run("AUTH-73 AUTH-120 registered with secret, certificate, name and hosts", func(t *testing.T) {
		a, secret := add(t, auth.NewApp{
			Name:           " Pemberley ",
			RedirectURIs:   []string{"https://pemberley.example/back?x=y", "com.example.pemberley:/back", "urn:ietf:wg:oauth:2.0:oob", "http://127.0.0.1/"},
			CallbackHosts:  []string{"Pemberley.Example", "127.0.0.1", "[::1]", "localhost"},
			CertificatePEM: cert,
		})
		want := auth.App{
			ID: a.ID, Name: "Pemberley", RedirectURIs: a.RedirectURIs, Certificate: true, Created: w.clock.now(),
			CallbackHosts: []string{"pemberley.example", "127.0.0.1", "::1", "localhost"},
		}
		if !reflect.DeepEqual(a, want) || !regexp.MustCompile(`^[a-z0-9]{24}$`).MatchString(a.ID) {
			t.Errorf("AddApp() = %+v, want %+v", a, want)
		}
		if !regexp.MustCompile(`^[a-z0-9]{40}$`).MatchString(secret.Text) || secret.PrivateKey != nil {
			t.Errorf("secret = %+v", secret)
		}
		if got, err := w.SecretOf(ctx, a.ID); err != nil || got != secret.Text {
			t.Errorf("the secret that is checked against is %q, %v", got, err)
		}
		if bits, err := w.KeyOf(ctx, a.ID); err != nil || bits != 2048 {
			t.Errorf("the key has %d bits, %v", bits, err)
		}
		for host, want := range map[string]bool{
			"pemberley.example": true, "PEMBERLEY.example:8443": true, "[::1]:80": true, "::1": true, "localhost:1": true,
			"www.pemberley.example": false, "pemberley.example.org": false, "": false,
		} {
			if ok, err := w.AllowsHost(ctx, a.ID, host); err != nil || ok != want {
				t.Errorf("callback to %q: %v, %v", host, ok, err)
			}
		}
		for _, name := range []string{a.ID, "pemberley"} {
			if got, err := w.App(ctx, name); err != nil || !reflect.DeepEqual(got, a) {
				t.Errorf("App(%q) = %+v, %v", name, got, err)
			}
		}
	})
	t.Run("AUTH-84 a public program has no secret", func(t *testing.T) {
		a, secret := add(t, auth.NewApp{Name: "Lambton", Public: true})
		if !a.Public || !reflect.DeepEqual(secret, auth.Secret{}) {
			t.Errorf("AddApp() = %+v, %+v", a, secret)
		}
		if got, err := w.SecretOf(ctx, a.ID); err != nil || got != "" {
			t.Errorf("its secret is %q, %v", got, err)
		}
		_, err := w.KeyOf(ctx, a.ID)
		wantKind(t, err, contacts.Invalid)
	})
	t.Run("AUTH-122 a service account has a key pair", func(t *testing.T) {
		a, secret := add(t, auth.NewApp{Name: "Longbourn: the estate", ServiceAccount: true})
		if !regexp.MustCompile(`^[1-9]\d{20}$`).MatchString(a.ID) || a.ServiceEmail != "longbourn-the-estate-"+a.ID+"@service.contactsd.invalid" || secret.Text != "" || len(secret.KeyID) != 40 {
			t.Errorf("AddApp() = %+v", a)
		}
		block, rest := pem.Decode(secret.PrivateKey)
		if block == nil || block.Type != "PRIVATE KEY" || len(rest) > 0 {
			t.Fatal("the key is not in PEM")
		}
		private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		must(t, err)
		if n := private.(*rsa.PrivateKey).N.BitLen(); n != 2048 {
			t.Errorf("the key has %d bits", n)
		}
		if bits, err := w.KeyOf(ctx, a.ID); err != nil || bits != 2048 {
			t.Errorf("its public key has %d bits, %v", bits, err)
		}
		for name, want := range map[string]bool{
			a.ID: true, a.ServiceEmail: true,
			"rosings-" + a.ID + "@service.contactsd.invalid":    false,
			"longbourn-the-estate-" + a.ID + "@rosings.example": false,
			"longbourn-the-estate-1@service.contactsd.invalid":  false,
			"-@": false, "@": false, "": false, "Lambton": false,
		} {
			id, found, err := w.ServiceApp(ctx, name)
			if err != nil || found != want || found && id != a.ID {
				t.Errorf("ServiceApp(%q) = %q, %v, %v", name, id, found, err)
			}
		}
	})
	t.Run("listed by name", func(t *testing.T) {
		list, err := w.Apps(ctx)
		must(t, err)
		var names []string
		for _, a := range list {
			names = append(names, a.Name)
		}
		if got := strings.Join(names, ", "); got != "Lambton, Longbourn: the estate, Pemberley" {
			t.Errorf("Apps() = %s", got)
		}
	})
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	for name, tt := range map[string]struct {
		app  auth.NewApp
		kind contacts.Kind
		text string
	}{
		"no name":                 {auth.NewApp{Name: " "}, contacts.Invalid, "needs a name"},
		"long name":               {auth.NewApp{Name: strings.Repeat("a", 101)}, contacts.Invalid, "at most 100 bytes"},
		"name with a line feed":   {auth.NewApp{Name: "Rosings\nPark"}, contacts.Invalid, "cannot be shown"},
		"name turned around":      {auth.NewApp{Name: "Rosings\u202e"}, contacts.Invalid, "cannot be shown"},
		"broken UTF-8":            {auth.NewApp{Name: "Rosings\xff"}, contacts.Invalid, "cannot be shown"},
		"name of another":         {auth.NewApp{Name: "PEMBERLEY"}, contacts.Duplicate, "The program Pemberley exists already"},
		"SEC-6 script":            {auth.NewApp{Name: "Rosings", RedirectURIs: []string{"javascript:alert(1)"}}, contacts.Invalid, "scheme with a dot"},
		"SEC-6 data":              {auth.NewApp{Name: "Rosings", RedirectURIs: []string{"data:text/html,x"}}, contacts.Invalid, "scheme with a dot"},
		"relative redirect":       {auth.NewApp{Name: "Rosings", RedirectURIs: []string{"/back"}}, contacts.Invalid, "not an absolute URL"},
		"redirect to nowhere":     {auth.NewApp{Name: "Rosings", RedirectURIs: []string{"https:///back"}}, contacts.Invalid, "must have a host"},
		"redirect with a user":    {auth.NewApp{Name: "Rosings", RedirectURIs: []string{"https://liz@rosings.example/"}}, contacts.Invalid, "no user"},
		"redirect with fragment":  {auth.NewApp{Name: "Rosings", RedirectURIs: []string{"https://rosings.example/#"}}, contacts.Invalid, "must not have a fragment"},
		"redirect with a blank":   {auth.NewApp{Name: "Rosings", RedirectURIs: []string{"https://rosings.example/a b"}}, contacts.Invalid, "cannot have"},
		"host with scheme":        {auth.NewApp{Name: "Rosings", CallbackHosts: []string{"https://rosings.example"}}, contacts.Invalid, "leave out scheme"},
		"host in other letters":   {auth.NewApp{Name: "Rosings", CallbackHosts: []string{"rösings.example"}}, contacts.Invalid, "xn--"},
		"host with port":          {auth.NewApp{Name: "Rosings", CallbackHosts: []string{"rosings.example:443"}}, contacts.Invalid, "leave out scheme"},
		"no certificate":          {auth.NewApp{Name: "Rosings", CertificatePEM: []byte("x")}, contacts.Invalid, "not in PEM form"},
		"a private key":           {auth.NewApp{Name: "Rosings", CertificatePEM: pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})}, contacts.Invalid, "holds a RSA PRIVATE KEY"},
		"another kind of key":     {auth.NewApp{Name: "Rosings", CertificatePEM: certificate(t, &ec.PublicKey, ec)}, contacts.Invalid, "no RSA key"},
		"a damaged certificate":   {auth.NewApp{Name: "Rosings", CertificatePEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})}, contacts.Invalid, "cannot be read"},
		"public service account":  {auth.NewApp{Name: "Rosings", ServiceAccount: true, Public: true}, contacts.Invalid, "A service account has neither"},
		"service account and URI": {auth.NewApp{Name: "Rosings", ServiceAccount: true, RedirectURIs: []string{"https://rosings.example/"}}, contacts.Invalid, "A service account has neither"},
	} {
		t.Run("AUTH-120 AddApp: "+name, func(t *testing.T) {
			_, _, err := w.AddApp(ctx, tt.app)
			wantKind(t, err, tt.kind)
			if err != nil && !strings.Contains(err.Error(), tt.text) {
				t.Errorf("AddApp() = %v, want %q", err, tt.text)
			}
		})
	}
	t.Run("keys instead of a certificate", func(t *testing.T) {
		der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
		must(t, err)
		a, _ := add(t, auth.NewApp{Name: "Netherfield", CertificatePEM: pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})})
		if bits, err := w.KeyOf(ctx, a.ID); err != nil || bits != 2048 {
			t.Errorf("the key has %d bits, %v", bits, err)
		}
	})
	t.Run("unknown programs", func(t *testing.T) {
		_, err := w.App(ctx, "Rosings")
		wantKind(t, err, contacts.NotFound)
		wantKind(t, w.RemoveApp(ctx, "Pemberley"), contacts.NotFound) // by ID alone
	})
}

// stored are the bytes of the database.
func (w *world) stored(t testing.TB) []byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(w.dir, "*"))
	must(t, err)
	var all []byte
	for _, f := range files {
		b, err := os.ReadFile(f)
		must(t, err)
		all = append(all, b...)
	}
	return all
}

func TestSecretsAtRest(t *testing.T) {
	w := longbourn(t, auth.Options{})
	ctx := t.Context()
	a, secret, err := w.AddApp(ctx, auth.NewApp{Name: "Pemberley"})
	must(t, err)
	service, key, err := w.AddApp(ctx, auth.NewApp{Name: "Longbourn", ServiceAccount: true})
	must(t, err)
	u, err := w.User(ctx, liz)
	must(t, err)
	text, _, err := w.Give(ctx, u.Owner, auth.Gift{Kind: auth.OAuth1Token, App: a.ID, Scopes: allFeeds})
	must(t, err)
	t.Run("SEC-2 the database has no secret in clear", func(t *testing.T) {
		db := w.stored(t)
		for name, secret := range map[string]string{
			"client secret":   secret.Text,
			"private key":     string(key.PrivateKey[100:150]),
			"token":           text,
			"token secret":    w.TokenSecret(text),
			"login token":     w.token(t, jane),
			"a part of token": text[8:24],
		} {
			if bytes.Contains(db, []byte(secret)) {
				t.Errorf("the database has the %s", name)
			}
		}
		if !bytes.Contains(db, []byte(a.ID)) || !bytes.Contains(db, []byte(service.ID)) {
			t.Error("the database has not even the programs")
		}
	})
	t.Run("SEC-2 sealed text is different each time, opens in its place, and nowhere else", func(t *testing.T) {
		one, two := w.Seal("pride", "a"), w.Seal("pride", "a")
		if one == two || strings.Contains(one, "pride") {
			t.Errorf("sealed: %q and %q", one, two)
		}
		for _, sealed := range []string{one, two} {
			if got, err := w.Unseal(sealed, "a"); err != nil || got != "pride" {
				t.Errorf("Unseal() = %q, %v", got, err)
			}
		}
		for name, sealed := range map[string]string{"changed": flip(one, 20), "short": "abc", "empty": "", "no base64": "???"} {
			if got, err := w.Unseal(sealed, "a"); err == nil {
				t.Errorf("%s: Unseal() = %q", name, got)
			}
		}
		if got, err := w.Unseal(one, "b"); err == nil {
			t.Errorf("in another place: %q", got)
		}
	})
	t.Run("SEC-2 token secrets differ by token, and follow from the key", func(t *testing.T) {
		before := w.TokenSecret(text)
		if len(before) < 40 || before == w.TokenSecret(text+"A") {
			t.Errorf("TokenSecret() = %q", before)
		}
		w.restart(t, auth.Options{})
		if got := w.TokenSecret(text); got != before {
			t.Errorf("after a restart: %q, want %q", got, before)
		}
		w.restart(t, auth.Options{SecretKey: bytes.Repeat([]byte{1}, auth.SecretKeySize)})
		if got := w.TokenSecret(text); got == before {
			t.Error("with another key it is the same")
		}
		if _, err := w.SecretOf(ctx, a.ID); err == nil || contacts.KindOf(err) != "" {
			t.Errorf("a secret sealed with another key: %v, want an error without kind", err)
		}
	})
}
