package auth

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"contacts"
	"contacts/reply"
	"contacts/store"
)

// The paths of AuthSub.
const (
	authSubRequestPath = "/accounts/AuthSubRequest"
	authSubSessionPath = "/accounts/AuthSubSessionToken"
	authSubInfoPath    = "/accounts/AuthSubTokenInfo"
	authSubRevokePath  = "/accounts/AuthSubRevokeToken"
)

const (
	authSubOnceLife     = 10 * time.Minute // AUTH-44
	authSubSessionYears = 10               // AUTH-47
)

// authSubRoutes are the endpoints of AuthSub.
func (s *Service) authSubRoutes(handle func(pattern string, f reply.Func)) {
	handle(authSubRequestPath, s.paged(s.authSubRequest))
	for path, f := range map[string]reply.Func{
		authSubSessionPath: s.authSubSession,
		authSubInfoPath:    s.authSubInfo,
		authSubRevokePath:  s.authSubRevoke,
	} {
		handle(path, s.withChallenge(authSub, s.authSubEndpoint(f)))
	}
}

// authSubEndpoint is an endpoint of AuthSub for programs.
func (s *Service) authSubEndpoint(f reply.Func) reply.Func {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := s.onlyMethods(w, r, http.MethodGet); err != nil {
			return err
		}
		if s.o.AuthSubOff && r.URL.Path != authSubRevokePath { // which OAuth 1.0a shares
			return switchedOff("AuthSub") // SEC-9
		}
		if err := s.site.RequireSecure(r); err != nil {
			return err // RES-61
		}
		return f(w, r)
	}
}

// An authSubAsk is what a program asks of the request page, checked.
type authSubAsk struct {
	next       place
	app        app // registered is whether there is one
	registered bool
	scopes     Scopes
	domain     string // hd
	secure     bool
	session    bool
}

// program is what the user is shown as the name of the program.
func (a *authSubAsk) program() string {
	if a.registered {
		return a.app.Name
	}
	return a.next.host
}

// authSubRequest serves the page where a user lets a web application in.
func (s *Service) authSubRequest(w http.ResponseWriter, r *http.Request) error {
	if s.o.AuthSubOff {
		return switchedOff("AuthSub") // SEC-9
	}
	if led, err := s.led(w, r, "next"); led || err != nil {
		return err
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return contacts.Errorf(contacts.Invalid, "", "The program has sent a link that cannot be read")
	}
	a, err := s.parseAuthSub(r, q)
	if err != nil {
		return err
	}
	return s.consent(w, r, ask{
		Program:    a.program(),
		Target:     a.next.host, // AUTH-43, SEC-6
		Registered: a.registered,
		Scopes:     a.scopes,
		Domain:     a.domain, // AUTH-42
		Grant: func(w http.ResponseWriter, r *http.Request, u *Account) error {
			return s.authSubGranted(w, r, a, u)
		},
	})
}

// parseAuthSub reads and checks the parameters. It fails with kind Invalid, or
// Forbidden if the administrator does not let such a program in.
func (s *Service) parseAuthSub(r *http.Request, q url.Values) (*authSubAsk, error) {
	var a authSubAsk
	text, err := once(q, "next")
	if err != nil {
		return nil, err
	}
	if a.next, err = parsePlace("next", text); err != nil {
		return nil, err // AUTH-38
	}
	if text, err = once(q, "scope"); err != nil {
		return nil, err
	}
	if a.scopes, err = parseScopes(text, s.ownHosts(r)...); err != nil {
		return nil, err // AUTH-39
	}
	if a.secure, err = yes(q, "secure"); err != nil {
		return nil, err
	}
	if a.session, err = yes(q, "session"); err != nil {
		return nil, err
	}
	if a.domain, err = once(q, "hd"); err != nil {
		return nil, err
	}
	if a.app, a.registered, err = s.appAt(r.Context(), a.next.host); err != nil {
		return nil, err
	}
	switch {
	case !a.registered && !s.o.AuthSubUnregistered:
		return nil, contacts.Errorf(contacts.Forbidden, "", "No program at %s is registered with this server", a.next.host) // SEC-6
	case a.secure && a.app.Key == nil:
		return nil, contacts.Errorf(contacts.Invalid, "", "secure=1 needs a program that is registered with a certificate") // AUTH-40
	}
	return &a, nil
}

// authSubGranted makes a single-use token and takes it to the program.
func (s *Service) authSubGranted(w http.ResponseWriter, r *http.Request, a *authSubAsk, u *Account) error {
	text, id, now := s.newToken(u.Owner), s.newGrant(), s.now().UTC() // AUTH-44
	expires := now.Add(authSubOnceLife)
	t := token{
		Kind:    AuthSubToken,
		Source:  a.program(),
		App:     a.app.ID,
		Scopes:  a.scopes,
		Grant:   id,
		Next:    a.next.origin,
		Secure:  a.secure, // AUTH-40
		Once:    true,
		Session: a.session, // AUTH-41
		Created: now,
		Expires: expires,
	}
	if a.secure {
		t.Signer = &signer{Key: a.app.Key}
	}
	err := s.store.Update(r.Context(), u.Owner, func(tx store.Tx) error {
		if err := usable(tx); err != nil {
			return err
		}
		if err := s.addGrant(tx, id, grant{App: t.App, Name: t.Source, Kind: t.Kind, Scopes: t.Scopes, Created: now}, expires); err != nil {
			return err
		}
		return s.putToken(tx, text, t)
	})
	if err != nil {
		return err
	}
	var more []string
	if a.domain != "" && !a.next.query.Has("auth_sub_scopes") {
		more = append(more, "auth_sub_scopes", strings.Join(a.scopes, " ")) // AUTH-37
	}
	return a.next.send(w, append(more, "token", text)...) // AUTH-37
}

// authSubSession exchanges a single-use token for one that lasts (AUTH-45).
func (s *Service) authSubSession(w http.ResponseWriter, r *http.Request) error {
	h, err := s.presentAuthSub(r)
	if err != nil {
		return err // AUTH-45
	}
	if !h.token.Once || !h.token.Session {
		return contacts.Errorf(contacts.Forbidden, "", "This token cannot be exchanged: it was not asked for with session=1") // AUTH-45
	}
	text, now := s.newToken(h.owner), s.now().UTC()
	t := h.token
	t.Once, t.Session = false, false
	t.Created, t.Expires = now, now.AddDate(authSubSessionYears, 0, 0) // AUTH-47
	err = s.store.Update(r.Context(), h.owner, func(tx store.Tx) error {
		if err := useUp(tx, h.key); err != nil {
			return err
		}
		if err := usable(tx); err != nil {
			return err
		}
		g, found, err := grantOf(tx, t.Grant)
		if err != nil {
			return err
		}
		if !found { // the user has taken it back
			return unauthorized(reasonInvalid)
		}
		if err := putGrant(tx, t.Grant, g, t.Expires); err != nil {
			return err
		}
		return s.putToken(tx, text, t)
	})
	if err != nil {
		return err
	}
	reply.SetAccount(w, int64(h.owner))
	expiration := t.Expires.Format("20060102T150405Z")
	hd := w.Header()
	hd.Set("Token", text) // AUTH-46
	hd.Set("Expiration", expiration)
	return plain(w, "Token="+text, "Expiration="+expiration) // AUTH-46
}

// authSubInfo tells a program about its token. It does not use it up.
func (s *Service) authSubInfo(w http.ResponseWriter, r *http.Request) error {
	h, err := s.presentAuthSub(r)
	if err != nil {
		return err
	}
	reply.SetAccount(w, int64(h.owner))
	secure := "false"
	if h.token.Secure {
		secure = "true"
	}
	return plain(w, "Target="+h.token.Next, "Scope="+strings.Join(h.token.Scopes, " "), "Secure="+secure) // AUTH-48
}

// authSubRevoke ends a token of AuthSub or OAuth 1.0a, with all that came of
// the same consent (AUTH-49).
func (s *Service) authSubRevoke(w http.ResponseWriter, r *http.Request) error {
	h, err := s.revocable(r)
	if err != nil {
		return err
	}
	err = s.store.Update(r.Context(), h.owner, func(tx store.Tx) error {
		if _, err := s.endGrant(tx, h.token.Grant); err != nil {
			return err
		}
		return tx.DeleteRecord(recordToken, h.key) // AUTH-49
	})
	if err != nil {
		return err
	}
	reply.SetAccount(w, int64(h.owner))
	return plain(w)
}

// revocable is the token that r asks to revoke. A token that is none fails
// with kind Forbidden; what was not even signed right with kind Unauthorized.
func (s *Service) revocable(r *http.Request) (*held, error) {
	c := credentialsOf(r)
	if c.scheme == noScheme {
		return nil, unauthorized(reasonRequired)
	}
	if c.scheme == oauth {
		h, err := s.oauth1Holder(r)
		if err == nil && h.key == "" || contacts.CodeOf(err) == tokenRejected {
			err = contacts.Errorf(contacts.Forbidden, "", "%s", reasonInvalid) // AUTH-49
		}
		return h, err
	}
	h, err := s.present(r.Context(), c.token, AuthSubToken)
	switch {
	case contacts.KindOf(err) == contacts.Unauthorized:
		return nil, contacts.Errorf(contacts.Forbidden, "", "%s", reasonInvalid) // AUTH-49
	case err != nil:
		return nil, err
	case c.scheme != authSub:
		return nil, contacts.Errorf(contacts.Forbidden, "", "%s", reasonInvalid) // AUTH-49
	}
	return h, s.checkAuthSub(r, &c, h)
}

// spend uses up the single-use token that a data request came with.
func (s *Service) spend(ctx context.Context, h *held) error {
	return s.store.Update(ctx, h.owner, func(tx store.Tx) error {
		if err := useUp(tx, h.key); err != nil { // AUTH-44
			return err
		}
		_, err := s.endGrant(tx, h.token.Grant) // nothing else comes of it
		return err
	})
}

// useUp ends a single-use token. It fails with kind Unauthorized if that has
// happened meanwhile.
func useUp(tx store.Tx, key string) error {
	_, err := tx.Record(recordToken, key)
	if contacts.KindOf(err) == contacts.NotFound {
		return unauthorized(reasonInvalid)
	}
	if err != nil {
		return err
	}
	return tx.DeleteRecord(recordToken, key)
}

// presentAuthSub is the AuthSub token that r presents, signed if it has to be.
// It fails with kind Unauthorized. The token is not used up.
func (s *Service) presentAuthSub(r *http.Request) (*held, error) {
	c := credentialsOf(r)
	switch c.scheme {
	case noScheme:
		return nil, unauthorized(reasonRequired)
	case authSub:
	default:
		return nil, unauthorized(reasonInvalid)
	}
	h, err := s.present(r.Context(), c.token, AuthSubToken)
	if err != nil {
		return nil, err
	}
	return h, s.checkAuthSub(r, &c, h)
}

// checkAuthSub checks the signature of a request with a secure token. It fails
// with kind Unauthorized.
func (s *Service) checkAuthSub(r *http.Request, c *credentials, h *held) error {
	if !h.token.Secure {
		return nil
	}
	why, err := s.authSubFlaw(r.Context(), r, c, h)
	if err != nil || why == "" {
		return err
	}
	s.log.Debug("signature refused", "scheme", string(authSub), "account", int64(h.owner), "reason", why)
	return unauthorized(reasonInvalid) // AUTH-50
}

// authSubFlaw says what is wrong with a signature, or nothing.
func (s *Service) authSubFlaw(ctx context.Context, r *http.Request, c *credentials, h *held) (why string, err error) {
	text, _ := c.get("data")
	sig, _ := c.get("sig")
	alg, _ := c.get("sigalg")
	if text == "" || sig == "" || alg == "" {
		return "not signed", nil // AUTH-50
	}
	if !strings.EqualFold(alg, "rsa-sha1") {
		return "unknown sigalg", nil // AUTH-52
	}
	d, ok := parseSignedData(text)
	if !ok {
		return "data cannot be read", nil
	}
	if to := s.addressed(r); d.method != r.Method || d.target != to.whole() || !slices.Contains(to.addresses, d.address) { // AUTH-51
		return "data are of another request", nil
	}
	key, err := h.token.signingApp().publicKey()
	if err != nil {
		return "", err
	}
	if !checkRSA(key, text, sig) {
		return "wrong signature", nil // AUTH-50
	}
	stale, err := s.checkNonce(ctx, h.token.App, string(authSub), d.timestamp, d.nonce) // AUTH-53
	return string(stale), err
}

// plain answers with lines of text.
func plain(w http.ResponseWriter, lines ...string) error {
	h := w.Header()
	neverCache(h)
	h.Set("Content-Type", "text/plain")
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(line + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
