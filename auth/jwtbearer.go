package auth

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"contacts"
	"contacts/store"
)

const (
	assertionLife   = time.Hour       // from iat to exp, at most
	assertionLeeway = 5 * time.Minute // for clocks that differ
)

// originalAudiences are the token endpoints of the original service, which
// programs of service accounts have built in.
var originalAudiences = []string{
	"https://oauth2.googleapis.com/token",
	"https://accounts.google.com/o/oauth2/token",
	"https://www.googleapis.com/oauth2/v3/token",
	"https://www.googleapis.com/oauth2/v4/token",
}

// assertionClaims is what a service account signs.
type assertionClaims struct {
	jwt.Claims
	Scope string `json:"scope"`
	Prn   string `json:"prn"` // old name of sub
}

// tokenByAssertion gives a service account a token of the user that it names,
// if the user's domain has delegated to it (RFC 7523). The signature takes the
// place of a client secret.
func (s *Service) tokenByAssertion(w http.ResponseWriter, r *http.Request, form url.Values) (a oauth2Answer, err error) {
	app, claims, err := s.checkAssertion(r, form.Get("assertion"))
	if err != nil {
		return a, err
	}
	user := claims.Subject
	if user == "" {
		user = claims.Prn
	}
	if user == "" || user == app.ServiceEmail || user == app.ID {
		return a, oauth2Fault(invalidGrant, "a service account has no contacts of its own: "+ // AUTH-112
			"name the user to act for in sub, and let the administrator of the user's domain delegate to this client")
	}
	scopes, err := parseScopes(claims.Scope, s.ownHosts(r)...)
	if err != nil {
		return a, scopeFault(err)
	}
	owner, err := s.delegatedUser(r.Context(), app, user)
	if err != nil {
		return a, err
	}
	if err := s.useAssertion(r.Context(), app, claims); err != nil {
		return a, err
	}
	err = s.store.Update(r.Context(), owner, func(tx store.Tx) error {
		if err := goodAccount(tx); err != nil {
			return err
		}
		id, err := s.joinServiceGrant(tx, app, scopes)
		if err != nil {
			return err
		}
		a, err = s.issue(tx, owner, app, scopes, id, false)
		return err
	})
	return a, s.issuedTo(w, owner, err)
}

// checkAssertion makes sure of the signature and of all that the assertion
// says but for whom it acts. The one algorithm is RS256: whatever else the
// header names is refused before a key is looked for.
func (s *Service) checkAssertion(r *http.Request, text string) (*app, *assertionClaims, error) {
	bad := func(description string) (*app, *assertionClaims, error) {
		return nil, nil, oauth2Fault(invalidGrant, description) // AUTH-111
	}
	if text == "" {
		return nil, nil, oauth2Fault(invalidRequest, "assertion is missing")
	}
	signed, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.RS256}) // AUTH-111
	if err != nil {
		return bad("the assertion is not a JWT that is signed with RS256")
	}
	var c assertionClaims
	if err := signed.UnsafeClaimsWithoutVerification(&c); err != nil {
		return bad("the claims of the assertion cannot be read")
	}
	a, found, err := s.serviceApp(r.Context(), c.Issuer)
	if err != nil {
		return nil, nil, err
	}
	if !found {
		return bad("iss is not a service account of this server")
	}
	key, err := a.publicKey()
	if err != nil {
		return nil, nil, err
	}
	if signed.Claims(key, &c) != nil {
		return bad("the signature of the assertion is not that of the service account's key") // AUTH-111
	}
	var audiences jwt.Audience
	for _, path := range tokenPaths {
		audiences = append(audiences, s.site.Base(r)+path)
	}
	audiences = append(audiences, originalAudiences...)
	now := s.now()
	switch err := c.ValidateWithLeeway(jwt.Expected{AnyAudience: audiences, Time: now}, assertionLeeway); err {
	case nil:
	case jwt.ErrInvalidAudience:
		return bad("aud is not a token endpoint of this server: " + audiences[0]) // AUTH-111
	case jwt.ErrExpired:
		return bad("the assertion has expired; is the clock right?") // AUTH-111
	default:
		return bad("the assertion is not valid yet; is the clock right?") // AUTH-111
	}
	begin := now
	if c.IssuedAt != nil {
		begin = c.IssuedAt.Time()
	}
	if c.Expiry == nil || c.Expiry.Time().Sub(begin) > assertionLife+assertionLeeway {
		return bad("exp must be there, and not more than an hour after iat") // AUTH-111
	}
	return &a, &c, nil
}

// delegatedUser finds the user that a service account wants to act for. A
// domain that does not delegate to it is not told from one that there is not.
func (s *Service) delegatedUser(ctx context.Context, a *app, email string) (store.Owner, error) {
	_, name, _ := strings.Cut(fold(email), "@")
	d, err := s.Domain(ctx, name)
	ok := false
	if err == nil {
		ok, err = s.delegated(ctx, d.Owner, a.ID)
	}
	if err != nil && !noSuchAccount(err) {
		return 0, err
	}
	if !ok {
		return 0, oauth2Fault(unauthorizedClient, "the domain of "+fold(email)+" does not delegate to this client: "+ // AUTH-112
			"its administrator sets delegate="+a.ID)
	}
	owner, err := s.userNumber(ctx, email)
	if noSuchAccount(err) {
		return 0, oauth2Fault(invalidGrant, "there is no user "+fold(email)) // AUTH-112
	}
	return owner, err
}

// useAssertion lets an assertion with a jti be used once. Without one it is
// good until it expires, as its holder could sign another at any time.
func (s *Service) useAssertion(ctx context.Context, a *app, c *assertionClaims) error {
	if c.ID == "" {
		return nil
	}
	key := tokenKey(a.ID + " " + c.ID)
	until := s.now().Add(assertionLife + 3*assertionLeeway) // that of no assertion is later
	full := func(string) error {                            // to forget one would let it count again
		return contacts.Errorf(contacts.Unavailable, contacts.CodeOverloaded, "Too many assertions with a jti of this service account; try again later") // AUTH-135
	}
	return s.store.Update(ctx, store.Directory, func(tx store.Tx) error {
		var used struct{}
		if found, err := read(tx, recordAssertion, key, &used); err != nil {
			return err
		} else if found {
			return oauth2Fault(invalidGrant, "an assertion with this jti was used before") // AUTH-113
		}
		if err := assertionRing(a.ID).add(tx, key, until, full); err != nil {
			return err
		}
		return put(tx, recordAssertion, key, used, c.Expiry.Time().Add(assertionLeeway+time.Second)) // AUTH-113
	})
}

// serviceGrant is the id under which an account has all that a service account
// was given. There is no consent behind it, so one is enough.
func serviceGrant(app string) string { return "service-" + app }

// joinServiceGrant notes, for as long as the token lasts, what a service
// account may do, so that users see it among the programs.
func (s *Service) joinServiceGrant(tx store.Tx, a *app, scopes Scopes) (string, error) {
	id := serviceGrant(a.ID)
	g, found, err := grantOf(tx, id)
	if err != nil {
		return id, err
	}
	if !found {
		g = grant{App: a.ID, Name: a.Name, Kind: OAuth2Token, Created: s.now().UTC()}
	}
	for _, scope := range scopes {
		if !(Scopes{scope}).within(g.Scopes) {
			g.Scopes = append(g.Scopes, scope)
		}
	}
	return id, putGrant(tx, id, g, s.now().Add(oauth2Life)) // AUTH-112
}

// noSuchAccount reports whether err says that there is nobody of that name.
func noSuchAccount(err error) bool {
	k := contacts.KindOf(err)
	return k == contacts.NotFound || k == contacts.Invalid
}
