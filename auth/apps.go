package auth

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"slices"
	"strconv"
	"strings"
	"time"

	"contacts"
	"contacts/store"
)

// An App is a program that the administrator has registered (AUTH-73).
type App struct {
	ID            string   // client id of OAuth 2.0 and consumer key of OAuth 1.0a: 21 digits for service accounts, otherwise letters and digits
	Name          string   // for people to read; no two are alike
	Public        bool     // has no secret, so PKCE is required
	RedirectURIs  []string // of OAuth 2.0
	CallbackHosts []string // of callbacks of OAuth 1.0a and next of AuthSub, without ports
	Certificate   bool     // has an RSA key for secure AuthSub and RSA-SHA1
	ServiceEmail  string   // of a service account, else empty
	Created       time.Time
}

// A NewApp is what AddApp needs to know.
type NewApp struct {
	Name           string
	ID             string // that the program has built in; empty: a new one
	Secret         string // likewise
	Public         bool
	RedirectURIs   []string
	CallbackHosts  []string
	CertificatePEM []byte // an X.509 certificate, or an RSA public key; may be empty
	ServiceAccount bool   // with none of the above but Name
}

// A Secret is what only the program may know. It cannot be had again.
type Secret struct {
	Text       string // client secret and consumer secret; empty for service accounts, and for programs that have none or a built-in one
	PrivateKey []byte // of a service account: PKCS #8, in PEM
	KeyID      string // of the private key, to name it
}

// An app is an App as it is kept, in the directory.
type app struct {
	ID            string    `json:"id"`
	Name          string    `json:"name"`
	Public        bool      `json:"public,omitempty"`
	RedirectURIs  []string  `json:"redirectURIs,omitempty"`
	CallbackHosts []string  `json:"callbackHosts,omitempty"`
	Secret        string    `json:"secret,omitempty"` // sealed
	Key           []byte    `json:"key,omitempty"`    // RSA public key, PKIX
	KeyID         string    `json:"keyID,omitempty"`
	ServiceEmail  string    `json:"serviceEmail,omitempty"`
	Created       time.Time `json:"created"`
}

func (a *app) public() App {
	return App{
		ID:            a.ID,
		Name:          a.Name,
		Public:        a.Public,
		RedirectURIs:  a.RedirectURIs,
		CallbackHosts: a.CallbackHosts,
		Certificate:   a.Key != nil && a.ServiceEmail == "",
		ServiceEmail:  a.ServiceEmail,
		Created:       a.Created,
	}
}

const (
	serviceDigits  = 21
	serviceKeyBits = 2048

	// serviceHost is the host of the addresses of service accounts, which get
	// no mail.
	serviceHost = "service.contactsd.invalid"
)

// AddApp registers a program. It fails with kind Invalid for what cannot be
// meant, and Duplicate if the name is taken.
func (s *Service) AddApp(ctx context.Context, n NewApp) (App, Secret, error) {
	a, secret, err := s.newApp(n)
	if err != nil {
		return App{}, Secret{}, err
	}
	err = s.store.Update(ctx, store.Directory, func(tx store.Tx) error {
		for other, err := range apps(tx) {
			if err != nil {
				return err
			}
			if fold(other.Name) == fold(a.Name) {
				return contacts.Errorf(contacts.Duplicate, contacts.CodeConflict, "The program %s exists already", other.Name) // AUTH-120
			}
		}
		var other app
		if taken, err := read(tx, recordApp, a.ID, &other); err != nil {
			return err
		} else if taken {
			return contacts.Errorf(contacts.Duplicate, contacts.CodeConflict, "The program %s has this client id already", other.Name)
		}
		return put(tx, recordApp, a.ID, a, forever)
	})
	if err != nil {
		return App{}, Secret{}, err
	}
	return a.public(), secret, nil
}

// newApp checks what is asked and makes the keys.
func (s *Service) newApp(n NewApp) (a app, secret Secret, err error) {
	a = app{Public: n.Public, RedirectURIs: n.RedirectURIs, Created: s.now().UTC()}
	if a.Name, err = parseAppName(n.Name); err != nil {
		return a, secret, err
	}
	for _, uri := range n.RedirectURIs {
		if err := checkRedirectURI(uri); err != nil {
			return a, secret, err
		}
	}
	for _, host := range n.CallbackHosts {
		host, err := parseHost(host)
		if err != nil {
			return a, secret, err
		}
		a.CallbackHosts = append(a.CallbackHosts, host)
	}
	if len(n.CertificatePEM) > 0 {
		if a.Key, err = parseRSA(n.CertificatePEM); err != nil {
			return a, secret, err
		}
	}
	if err := checkBuiltIn(n); err != nil {
		return a, secret, err
	}
	if !n.ServiceAccount {
		if a.ID = n.ID; a.ID == "" { // STAND-50
			a.ID = s.randomWord(24)
		}
		kept := n.Secret // STAND-50
		if !n.Public && kept == "" {
			secret.Text = s.randomWord(40) // SEC-2
			kept = secret.Text
		}
		if kept != "" {
			a.Secret = s.seal([]byte(kept), appBound(a.ID))
		}
		return a, secret, nil
	}
	if n.Public || a.RedirectURIs != nil || a.CallbackHosts != nil || a.Key != nil {
		return a, secret, contacts.Errorf(contacts.Invalid, "", "A service account has neither redirect URIs nor callback hosts nor a certificate, and is not public")
	}
	a.ID = s.number(serviceDigits)
	a.ServiceEmail = slug(a.Name) + "-" + a.ID + "@" + serviceHost
	key, err := rsa.GenerateKey(rand.Reader, serviceKeyBits)
	if err != nil {
		return a, secret, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return a, secret, err
	}
	if a.Key, err = x509.MarshalPKIXPublicKey(&key.PublicKey); err != nil { // AUTH-122
		return a, secret, err
	}
	a.KeyID = hex.EncodeToString(s.random(20))
	secret.PrivateKey = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	secret.KeyID = a.KeyID
	return a, secret, nil
}

// randomWord is n random letters and digits, each with 5 bits of randomness.
func (s *Service) randomWord(n int) string {
	b := s.random(n)
	for i := range b {
		b[i] = letters[b[i]%byte(len(letters))]
	}
	return string(b)
}

// number is n random digits, of which the first is not 0.
func (s *Service) number(n int) string {
	for {
		if d := s.digits(n); d[0] != '0' {
			return d
		}
	}
}

// slug is what the address of a service account begins with.
func slug(name string) string {
	b := make([]byte, 0, 30)
	for _, c := range []byte(fold(name)) {
		switch {
		case len(b) == cap(b):
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
			b = append(b, c)
		case len(b) > 0 && b[len(b)-1] != '-':
			b = append(b, '-')
		}
	}
	if t := strings.Trim(string(b), "-"); t != "" {
		return t
	}
	return "service"
}

// Apps lists the registered programs by name.
func (s *Service) Apps(ctx context.Context) ([]App, error) {
	var list []App
	err := s.store.View(ctx, store.Directory, func(tx store.Tx) error {
		list = nil
		for a, err := range apps(tx) {
			if err != nil {
				return err
			}
			list = append(list, a.public())
		}
		return nil
	})
	slices.SortFunc(list, func(a, b App) int { return strings.Compare(fold(a.Name), fold(b.Name)) })
	return list, err
}

// App finds a program by its ID or its name, in any letter case. It fails with
// kind NotFound.
func (s *Service) App(ctx context.Context, idOrName string) (App, error) {
	list, err := s.Apps(ctx)
	if err != nil {
		return App{}, err
	}
	i := slices.IndexFunc(list, func(a App) bool { return a.ID == idOrName })
	if i < 0 {
		i = slices.IndexFunc(list, func(a App) bool { return fold(a.Name) == fold(idOrName) })
	}
	if i < 0 {
		return App{}, noApp(idOrName)
	}
	return list[i], nil
}

// RemoveApp removes a program and ends all tokens that it was given. It fails
// with kind NotFound.
//
// What a crash, or a token given out at the very moment, leaves of it is
// ended by the next Maintain.
func (s *Service) RemoveApp(ctx context.Context, id string) error {
	err := s.store.Update(ctx, store.Directory, func(tx store.Tx) error {
		var a app
		if found, err := read(tx, recordApp, id, &a); err != nil {
			return err
		} else if !found {
			return noApp(id)
		}
		return tx.DeleteRecord(recordApp, id)
	})
	if err != nil {
		return err
	}
	owners, err := s.Owners(ctx)
	if err != nil {
		return err
	}
	for _, owner := range owners {
		if err := s.endApps(ctx, owner, func(app string) (bool, error) { return app == id, nil }); err != nil { // AUTH-121
			return err
		}
	}
	return nil
}

// apps yields the registered programs.
func apps(tx store.Records) func(func(app, error) bool) {
	return func(yield func(app, error) bool) {
		for r, err := range tx.Records(recordApp, "") {
			var a app
			if err == nil {
				err = json.Unmarshal(r.Value, &a)
			}
			if !yield(a, err) || err != nil {
				return
			}
		}
	}
}

// app reads a program by its ID.
func (s *Service) app(ctx context.Context, id string) (a app, found bool, err error) {
	if id == "" {
		return a, false, nil
	}
	err = s.store.View(ctx, store.Directory, func(tx store.Tx) error {
		found, err = read(tx, recordApp, id, &a)
		return err
	})
	return a, found, err
}

// serviceApp reads a service account by its address or its ID.
func (s *Service) serviceApp(ctx context.Context, name string) (a app, found bool, err error) {
	id := name
	if local, _, ok := strings.Cut(name, "@"); ok {
		id = local[strings.LastIndexByte(local, '-')+1:]
	}
	if a, found, err = s.app(ctx, id); err != nil || !found {
		return app{}, false, err
	}
	if a.ServiceEmail == "" || name != a.ID && name != a.ServiceEmail {
		return app{}, false, nil
	}
	return a, true, nil
}

func appBound(id string) string { return "secret of app " + id }

// appSecret is the secret of a program, or empty if it has none.
func (s *Service) appSecret(a *app) (string, error) {
	if a.Secret == "" {
		return "", nil
	}
	b, err := s.open(a.Secret, appBound(a.ID))
	return string(b), err
}

// publicKey is the key of the certificate or of the service account. It fails
// with kind Invalid if the program has none.
func (a *app) publicKey() (*rsa.PublicKey, error) {
	if a.Key == nil {
		return nil, contacts.Errorf(contacts.Invalid, "", "The program %s has no certificate", a.Name)
	}
	k, err := x509.ParsePKIXPublicKey(a.Key)
	if err != nil {
		return nil, err
	}
	return k.(*rsa.PublicKey), nil
}

// allowsHost reports whether a browser may be sent to a host, given with or
// without a port, as a callback of the program.
func (a *app) allowsHost(host string) bool {
	return slices.Contains(a.CallbackHosts, hostOnly(host)) // AUTH-73
}

func noApp(id string) error {
	return contacts.Errorf(contacts.NotFound, contacts.CodeNotFound, "There is no program %s", strconv.Quote(id))
}
