package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"contacts/reply"
	"contacts/store"
)

// The types of grants that the token endpoint takes.
const (
	grantCode      = "authorization_code"
	grantRefresh   = "refresh_token"
	grantJWT       = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	grantDevice    = "urn:ietf:params:oauth:grant-type:device_code"
	grantOldDevice = "http://oauth.net/grant_type/device/1.0" // the same, with the device code in the parameter code
)

// An oauth2Answer is the success of the token endpoint (AUTH-86).
type oauth2Answer struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"` // seconds
	RefreshToken string `json:"refresh_token,omitempty"`
	Scope        string `json:"scope"` // separated by blanks
}

// oauth2Token serves the endpoint where programs get their tokens (AUTH-85).
func (s *Service) oauth2Token(w http.ResponseWriter, r *http.Request) error {
	form, err := s.oauth2Form(w, r)
	if err != nil {
		return err
	}
	var a oauth2Answer
	switch form.Get("grant_type") {
	case grantCode:
		a, err = s.tokenByCode(w, r, form)
	case grantRefresh:
		a, err = s.tokenByRefresh(w, r, form)
	case grantJWT:
		a, err = s.tokenByAssertion(w, r, form) // AUTH-110
	case grantDevice:
		a, err = s.tokenByDevice(w, r, form, form.Get("device_code"))
	case grantOldDevice:
		a, err = s.tokenByDevice(w, r, form, form.Get("code"))
	case "":
		err = oauth2Fault(invalidRequest, "grant_type is missing")
	default:
		err = oauth2Fault(unsupportedGrant, "grant_type is "+strings.Join([]string{grantCode, grantRefresh, grantJWT, grantDevice}, ", ")) // AUTH-88
	}
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, a)
	return nil
}

// tokenByCode takes a code for tokens.
func (s *Service) tokenByCode(w http.ResponseWriter, r *http.Request, form url.Values) (a oauth2Answer, err error) {
	app, err := s.oauth2Client(r, form)
	if err != nil {
		return a, err
	}
	text := form.Get("code")
	if text == "" {
		return a, oauth2Fault(invalidRequest, "code is missing")
	}
	owner, ok := tokenOwner(text)
	if !ok {
		return a, badCode()
	}
	var refused error // of a change that is kept
	err = s.store.Update(r.Context(), owner, func(tx store.Tx) error {
		var c oauth2Code
		found, err := read(tx, recordCode, tokenKey(text), &c)
		switch {
		case err != nil:
			return err
		case !found || c.App != app.ID:
			return badCode() // AUTH-88
		case c.RedirectURI != form.Get("redirect_uri"):
			return oauth2Fault(invalidGrant, "redirect_uri is not the one that the code was asked for with") // AUTH-88
		}
		if err := c.verify(form.Get("code_verifier")); err != nil {
			return err
		}
		if c.Used {
			refused = badCode()
			_, err := s.endGrant(tx, c.Grant) // AUTH-90
			return err
		}
		if err := goodAccount(tx); err != nil {
			return err
		}
		c.Used = true // AUTH-90
		if err := put(tx, recordCode, tokenKey(text), c, s.now().Add(usedCodeLife)); err != nil {
			return err
		}
		a, err = s.issue(tx, owner, app, c.Scopes, c.Grant, c.Offline)
		return err
	})
	if err == nil && refused != nil {
		s.log.Warn("code used twice, access ended", "request", reply.RequestID(w), "account", int64(owner), "client", app.ID)
		err = refused
	}
	return a, s.issuedTo(w, owner, err)
}

// issuedTo notes for the log whose token was issued, if there was no error.
func (s *Service) issuedTo(w http.ResponseWriter, owner store.Owner, err error) error {
	if err == nil {
		reply.SetAccount(w, int64(owner))
	}
	return err
}

func badCode() error {
	return oauth2Fault(invalidGrant, "the code is unknown, used or too old, or of another client")
}

// The methods of PKCE (RFC 7636).
const (
	pkceS256  = "S256"
	pkcePlain = "plain"
)

// validVerifier checks the form of a code verifier, which is that of a
// challenge as well.
func validVerifier(v string) bool {
	return len(v) >= 43 && len(v) <= 128 && !strings.ContainsFunc(v, func(c rune) bool {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
			return false
		}
		return !strings.ContainsRune("-._~", c)
	})
}

// verify fails unless the program that brings the code is the very one that
// asked for it. One that asked without a challenge has no verifier to send: if
// it sends one, somebody has taken its challenge away on the way.
func (c *oauth2Code) verify(verifier string) error {
	switch {
	case c.Challenge == "" && verifier == "":
		return nil
	case c.Challenge == "":
		return oauth2Fault(invalidGrant, "the code was asked for without a code_challenge")
	case !validVerifier(verifier):
		return oauth2Fault(invalidGrant, "code_verifier is missing or malformed") // AUTH-84
	}
	if c.ChallengeMethod == pkceS256 {
		hash := sha256.Sum256([]byte(verifier))
		verifier = base64.RawURLEncoding.EncodeToString(hash[:]) // AUTH-84
	}
	if subtle.ConstantTimeCompare([]byte(verifier), []byte(c.Challenge)) != 1 { // AUTH-84, SEC-3
		return oauth2Fault(invalidGrant, "code_verifier does not match the code_challenge")
	}
	return nil
}

// tokenByRefresh gives a new access token for a refresh token, which stays
// good (AUTH-87). The program may ask for fewer scopes than it was granted.
func (s *Service) tokenByRefresh(w http.ResponseWriter, r *http.Request, form url.Values) (a oauth2Answer, err error) {
	app, err := s.oauth2Client(r, form)
	if err != nil {
		return a, err
	}
	text := form.Get("refresh_token")
	if text == "" {
		return a, oauth2Fault(invalidRequest, "refresh_token is missing")
	}
	var fewer Scopes
	if form.Get("scope") != "" {
		if fewer, err = parseScopes(form.Get("scope"), s.ownHosts(r)...); err != nil {
			return a, scopeFault(err)
		}
	}
	owner, ok := tokenOwner(text)
	if !ok {
		return a, badRefresh()
	}
	err = s.store.Update(r.Context(), owner, func(tx store.Tx) error {
		var t token
		found, err := read(tx, recordRefresh, tokenKey(text), &t)
		switch {
		case err != nil:
			return err
		case !found || t.App != app.ID || t.expired(s.now()):
			return badRefresh() // AUTH-88
		case !fewer.within(t.Scopes):
			return oauth2Fault(invalidScope, "the refresh token was not granted these scopes") // AUTH-88, AUTH-104
		}
		if err := goodAccount(tx); err != nil {
			return err
		}
		if fewer == nil {
			fewer = t.Scopes
		}
		a, err = s.issue(tx, owner, app, fewer, t.Grant, false) // AUTH-87
		return err
	})
	return a, s.issuedTo(w, owner, err)
}

func badRefresh() error {
	return oauth2Fault(invalidGrant, "the refresh token is unknown or revoked, or of another client")
}

// oauth2Revoke ends a token with all that came of the same consent (AUTH-89).
// Whoever holds a token may end it, so no client is asked for its secret.
func (s *Service) oauth2Revoke(w http.ResponseWriter, r *http.Request) error {
	text := r.URL.Query().Get("token")
	if r.Method != http.MethodGet {
		form, err := s.oauth2Form(w, r)
		if err != nil {
			return err
		}
		if form.Has("token") {
			text = form.Get("token")
		}
	}
	if text == "" {
		return oauth2Fault(invalidRequest, "token is missing")
	}
	unknown := oauth2Fault(invalidToken, "there is no such token") // AUTH-89
	owner, ok := tokenOwner(text)
	if !ok {
		return unknown
	}
	err := s.store.Update(r.Context(), owner, func(tx store.Tx) error {
		for _, as := range tokenTypes {
			var t token
			found, err := read(tx, as, tokenKey(text), &t)
			if err != nil {
				return err
			}
			if !found || t.Kind != OAuth2Token && t.Kind != OAuth2Refresh || t.expired(s.now()) {
				continue
			}
			if t.Grant == "" || t.Grant == serviceGrant(t.App) {
				return tx.DeleteRecord(as, tokenKey(text)) // AUTH-89
			}
			_, err = s.endGrant(tx, t.Grant) // AUTH-89
			return err
		}
		return unknown
	})
	if err != nil {
		return err
	}
	reply.SetAccount(w, int64(owner))
	writeJSON(w, http.StatusOK, struct{}{})
	return nil
}
