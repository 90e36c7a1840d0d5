package auth

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"contacts"
	"contacts/reply"
)

// The paths of OAuth 2.0. What has several is built into clients of different
// age; all are equal. The first is the one that the metadata name.
var (
	authorizePaths  = []string{"/o/oauth2/auth", "/o/oauth2/v2/auth"}                                                // AUTH-80
	tokenPaths      = []string{"/o/oauth2/token", "/token", "/oauth2/v3/token", "/oauth2/v4/token"}                  // AUTH-85, AUTH-100
	revokePaths     = []string{"/o/oauth2/revoke", "/revoke"}                                                        // AUTH-89, AUTH-100
	tokenInfoPaths  = []string{"/oauth2/v1/tokeninfo", "/oauth2/v2/tokeninfo", "/oauth2/v3/tokeninfo", "/tokeninfo"} // AUTH-101
	userInfoPaths   = []string{"/oauth2/v1/userinfo", "/oauth2/v2/userinfo", "/oauth2/v3/userinfo"}                  // AUTH-102
	deviceCodePaths = []string{"/o/oauth2/device/code", "/device/code"}                                              // AUTH-105
	devicePaths     = []string{"/o/oauth2/device", "/device"}                                                        // AUTH-106
)

// metadataPath is where RFC 8414 has the description of all this.
const metadataPath = "/.well-known/oauth-authorization-server"

// oauth2Life is how long an access token of OAuth 2.0 lasts.
const oauth2Life = time.Hour // AUTH-86

// oauth2Routes are the endpoints of OAuth 2.0.
func (s *Service) oauth2Routes(handle func(pattern string, f reply.Func)) {
	for _, e := range []struct {
		paths []string
		serve reply.Func
	}{
		{authorizePaths, s.paged(s.oauth2Authorize)},
		{tokenPaths, s.inJSON(s.oauth2Token)},
		{revokePaths, s.inJSON(s.oauth2Revoke)},
		{tokenInfoPaths, s.inJSON(s.tokenInfo)},
		{userInfoPaths, s.inJSON(s.userInfo)},
		{deviceCodePaths, s.inJSON(s.deviceCode)},
		{devicePaths, s.paged(s.devicePage)},
		{[]string{metadataPath}, s.inJSON(s.oauth2Metadata)},
	} {
		for _, path := range e.paths {
			handle(path, e.serve)
		}
	}
}

// An oauth2Error is an answer other than success, in the words of RFC 6749.
type oauth2Error struct {
	code        string
	description string // for whoever writes the program; no secrets; may be empty
}

func (e *oauth2Error) Error() string { return "oauth2: " + e.code + ": " + e.description }

// Unwrap makes it a fault of the client's, which the log need not have.
func (e *oauth2Error) Unwrap() error {
	if e.code == invalidClient {
		return contacts.Unauthorized // AUTH-88
	}
	return contacts.Invalid // AUTH-88
}

// The codes of errors.
const (
	invalidRequest       = "invalid_request"
	invalidClient        = "invalid_client"
	invalidGrant         = "invalid_grant"
	invalidScope         = "invalid_scope"
	invalidToken         = "invalid_token"
	unauthorizedClient   = "unauthorized_client"
	unsupportedGrant     = "unsupported_grant_type"
	unsupportedResponse  = "unsupported_response_type"
	accessDenied         = "access_denied"
	interactionRequired  = "interaction_required"
	loginRequired        = "login_required"
	serverError          = "server_error"
	temporarilyOff       = "temporarily_unavailable"
	authorizationPending = "authorization_pending"
	slowDown             = "slow_down"
	expiredToken         = "expired_token"
)

func oauth2Fault(code, description string) error { return &oauth2Error{code, description} }

// oauth2Off is why everything here is refused when OAuth 2.0 is switched off.
const oauth2Off = "OAuth 2.0 is switched off on this server"

// inJSON makes an endpoint for programs of f: secrets come over safe ways only,
// no cache keeps the answer, and errors are JSON (AUTH-88).
func (s *Service) inJSON(f reply.Func) reply.Func {
	return func(w http.ResponseWriter, r *http.Request) error {
		neverCache(w.Header()) // AUTH-86
		err := s.site.RequireSecure(r)
		switch {
		case err != nil: // RES-61
		case s.o.OAuth2Off:
			err = contacts.Errorf(contacts.Forbidden, "", oauth2Off) // SEC-9
		default:
			err = f(w, r)
		}
		if err != nil {
			s.jsonError(w, r, err)
		}
		return nil
	}
}

// jsonError words an error for programs.
func (s *Service) jsonError(w http.ResponseWriter, r *http.Request, err error) {
	reply.Note(w, err)
	status := reply.Status(err)
	body := struct {
		Error       string `json:"error"`
		Description string `json:"error_description,omitempty"`
	}{serverError, reply.Message(w, err)}
	var e *oauth2Error
	switch {
	case errors.As(err, &e):
		body.Error, body.Description = e.code, e.description
		if e.code != authorizationPending && e.code != slowDown {
			s.log.Info("token refused", "request", reply.RequestID(w), "reason", e.code)
		}
	case status == http.StatusUnauthorized:
		body.Error = invalidToken
	case status == http.StatusForbidden:
		body.Error = accessDenied
	case status < http.StatusInternalServerError:
		body.Error = invalidRequest
	case status == http.StatusServiceUnavailable:
		body.Error = temporarilyOff
	}
	body.Description = describable(body.Description)
	if status == http.StatusUnauthorized {
		realm := `realm="` + s.site.Base(r) + `/"`
		if body.Error == invalidToken {
			w.Header().Set("WWW-Authenticate", "Bearer "+realm+`, error="invalid_token"`) // AUTH-9
		} else {
			w.Header().Set("WWW-Authenticate", "Basic "+realm) // AUTH-9
		}
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", strconv.Itoa(reply.RetryAfter(err)))
	}
	writeJSON(w, status, body)
}

// describable keeps to the characters that RFC 6749 allows in a description.
func describable(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == '"' || c == '\\':
			return '\''
		case c < ' ' || c > '~':
			return '?'
		}
		return c
	}, s)
}

// writeJSON answers with v.
func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // v is one of our own structs of strings and numbers
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8") // AUTH-86
	w.WriteHeader(status)
	w.Write(append(b, '\n'))
}

// oauth2Form reads the parameters of a POST, which stand in the body. They
// are not looked for in the URL, because URLs end up in logs. It fails if one
// is there twice.
func (s *Service) oauth2Form(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if err := s.onlyMethods(w, r, http.MethodPost); err != nil {
		return nil, err // AUTH-85
	}
	body, err := reply.ReadBody(r, maxForm)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, oauth2Fault(invalidRequest, "the body is not a form")
	}
	return form, oneEach(form)
}

// oneEach fails if a parameter that means something here comes more than once
// (RFC 6749, section 3).
func oneEach(form url.Values) error {
	for name, values := range form {
		if len(values) > 1 && name != "scope" && oauth2Params[name] {
			return oauth2Fault(invalidRequest, name+" comes more than once") // AUTH-109
		}
	}
	if scopes := form["scope"]; len(scopes) > 1 {
		form.Set("scope", strings.Join(scopes, " ")) // some clients send each on its own
	}
	return nil
}

// oauth2Params are the parameters that mean something.
var oauth2Params = map[string]bool{
	"access_type": true, "approval_prompt": true, "assertion": true, "client_id": true, "client_secret": true,
	"code": true, "code_challenge": true, "code_challenge_method": true, "code_verifier": true, "device_code": true,
	"grant_type": true, "hd": true, "login_hint": true, "prompt": true, "redirect_uri": true, "refresh_token": true,
	"response_type": true, "state": true, "token": true, "user_code": true,
}

// oauth2Metadata describes the endpoints (RFC 8414), for clients that ask for
// nothing but the address of the server.
func (s *Service) oauth2Metadata(w http.ResponseWriter, r *http.Request) error {
	if err := s.onlyMethods(w, r, http.MethodGet, http.MethodHead); err != nil {
		return err
	}
	base := s.site.Base(r)
	responses := []string{"code"}
	if s.o.ImplicitGrant {
		responses = append(responses, "token") // AUTH-91
	}
	secrets := []string{"client_secret_post", "client_secret_basic", "none"}
	writeJSON(w, http.StatusOK, map[string]any{ // AUTH-103
		"issuer":                                base,
		"authorization_endpoint":                base + authorizePaths[0],
		"token_endpoint":                        base + tokenPaths[0],
		"revocation_endpoint":                   base + revokePaths[0],
		"device_authorization_endpoint":         base + deviceCodePaths[0],
		"scopes_supported":                      append([]string{scopeFeeds, scopeFull, scopeReadOnly}, profileScopes...),
		"response_types_supported":              responses,
		"response_modes_supported":              []string{"query", "fragment"},
		"grant_types_supported":                 []string{grantCode, grantRefresh, grantJWT, grantDevice},
		"token_endpoint_auth_methods_supported": secrets,
		"code_challenge_methods_supported":      []string{"S256", "plain"}, // AUTH-84
	})
	return nil
}
