package auth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"contacts"
	"contacts/reply"
)

// An oauth2Request is what a program asks of the authorization endpoint, after
// its client_id and redirect_uri were checked (AUTH-80).
type oauth2Request struct {
	app    app
	back   oauth2Return
	token  bool // response_type=token: an access token at once, without a code
	scopes Scopes

	offline         bool // access_type: a refresh token too
	again           bool // ask although the user has agreed before
	silent          bool // prompt=none: show no page
	hint            string
	domain          string // hd; empty for any
	challenge       string // PKCE
	challengeMethod string
}

// An oauth2Return is where the browser goes with the outcome. It is made only
// of a redirect URI that was checked.
type oauth2Return struct {
	uri      string
	state    string
	hasState bool
	fragment bool // the outcome comes after a # instead of a ?
}

// location is the redirect URI with pairs of names and values, and the state
// as it came (AUTH-82).
func (b *oauth2Return) location(pairs ...string) string {
	var q strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.WriteString("&" + pairs[i] + "=" + url.QueryEscape(pairs[i+1]))
		}
	}
	if b.hasState {
		q.WriteString("&state=" + url.QueryEscape(b.state)) // AUTH-82
	}
	switch before, query, found := strings.Cut(b.uri, "?"); {
	case b.fragment:
		return b.uri + "#" + q.String()[1:]
	case !found:
		return b.uri + "?" + q.String()[1:]
	case query == "":
		return before + "?" + q.String()[1:]
	}
	return b.uri + q.String()
}

// send leads the browser there. The answer names the place nowhere but in
// Location, and tells it not where the browser comes from.
func (b *oauth2Return) send(w http.ResponseWriter, pairs ...string) error {
	h := w.Header()
	neverCache(h)
	h.Set("Referrer-Policy", "no-referrer") // SEC-7
	h.Set("Location", b.location(pairs...)) // AUTH-82
	w.WriteHeader(http.StatusSeeOther)      // the form is not sent on
	return nil
}

// oauth2Authorize serves the page where a user lets a program in (AUTH-80).
// Until the program and its redirect URI are known to be right, errors are
// pages, and the browser is sent nowhere.
func (s *Service) oauth2Authorize(w http.ResponseWriter, r *http.Request) error {
	if s.o.OAuth2Off {
		return s.errorPage(w, r, http.StatusForbidden, oauth2Off) // SEC-9
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return s.errorPage(w, r, http.StatusBadRequest, "The program has sent a request that cannot be read.")
	}
	req := oauth2Request{}
	if wrong, err := s.oauth2Target(r.Context(), q, &req); err != nil {
		return err
	} else if wrong != "" {
		return s.errorPage(w, r, http.StatusBadRequest, wrong) // AUTH-109
	}
	if err := s.oauth2Parse(q, s.ownHosts(r), &req); err != nil {
		return s.oauth2Fail(w, r, &req, err)
	}
	if req.silent {
		return s.oauth2Silent(w, r, &req)
	}
	return s.consent(w, r, s.oauth2Ask(req))
}

// oauth2Silent answers prompt=none: nobody is asked anything.
func (s *Service) oauth2Silent(w http.ResponseWriter, r *http.Request, req *oauth2Request) error {
	v, err := s.visitorOf(w, r)
	if err != nil {
		return err
	}
	if v.text == "" {
		return s.oauth2Fail(w, r, req, oauth2Fault(loginRequired, "nobody is signed in")) // AUTH-108
	}
	a := s.oauth2Ask(*req)
	before, err := s.agreedBefore(r, &a, v)
	if err != nil {
		return err
	}
	if !before || r.Method != http.MethodGet {
		return s.oauth2Fail(w, r, req, oauth2Fault(interactionRequired, "the user has not agreed to this yet")) // AUTH-108
	}
	return s.granted(w, r, &a, v)
}

// oauth2Target finds the program and checks where it wants the browser to go.
// What is wrong is for the user to read.
func (s *Service) oauth2Target(ctx context.Context, q url.Values, req *oauth2Request) (wrong string, err error) {
	for _, name := range []string{"client_id", "redirect_uri", "response_type", "state"} {
		if len(q[name]) > 1 {
			return "The program has sent " + name + " more than once.", nil
		}
	}
	id, uri := q.Get("client_id"), q.Get("redirect_uri")
	if id == "" {
		return "The program has not said which one it is: client_id is missing.", nil
	}
	a, found, err := s.app(ctx, id)
	if err != nil {
		return "", err
	}
	switch {
	case !found:
		return "No program with this client_id is registered here.", nil
	case uri == "":
		return "The program has not said where to go afterwards: redirect_uri is missing.", nil
	case !a.redirectsTo(uri):
		return "The program wants to go to an address that is not registered for it: redirect_uri does not match.", nil // AUTH-83
	}
	req.app = a
	req.back = oauth2Return{uri: uri, state: q.Get("state"), hasState: q.Has("state")}
	return "", nil
}

// oauth2Parse reads the rest of the request.
func (s *Service) oauth2Parse(q url.Values, hosts []string, req *oauth2Request) error {
	req.token = q.Get("response_type") == "token"
	req.back.fragment = req.token
	if err := oneEach(q); err != nil {
		return err
	}
	switch kind := q.Get("response_type"); {
	case kind == "":
		return oauth2Fault(invalidRequest, "response_type is missing")
	case kind == "code":
	case req.token && s.o.ImplicitGrant && !isOOB(req.back.uri):
	default:
		return oauth2Fault(unsupportedResponse, "this server supports response_type code") // AUTH-91
	}
	scopes, err := parseScopes(q.Get("scope"), hosts...)
	if err != nil {
		return scopeFault(err)
	}
	req.scopes = scopes
	req.hint = q.Get("login_hint")
	if hd := fold(q.Get("hd")); hd != "default" && hd != "*" {
		req.domain = hd
	}
	switch access := q.Get("access_type"); access { // AUTH-80
	case "":
		req.offline = req.app.installed()
	case "offline", "online":
		req.offline = access == "offline"
	default:
		return oauth2Fault(invalidRequest, "access_type is offline or online")
	}
	if err := req.parsePrompt(q); err != nil {
		return err
	}
	return req.parseChallenge(q)
}

func scopeFault(err error) error {
	var e *contacts.Error
	if errors.As(err, &e) {
		return oauth2Fault(invalidScope, e.Reason) // AUTH-88
	}
	return err
}

// parsePrompt reads what the program wants the user to be asked.
func (req *oauth2Request) parsePrompt(q url.Values) error {
	switch q.Get("approval_prompt") { // AUTH-80
	case "", "auto":
	case "force":
		req.again = true
	default:
		return oauth2Fault(invalidRequest, "approval_prompt is auto or force")
	}
	words := strings.Fields(q.Get("prompt"))
	for _, word := range words { // AUTH-80
		switch word {
		case "none":
			req.silent = true
		case "consent", "select_account", "login":
			req.again = true
		default:
			return oauth2Fault(invalidRequest, "prompt is none, consent, select_account or login")
		}
	}
	if req.silent && (len(words) > 1 || req.again) {
		return oauth2Fault(invalidRequest, "prompt none goes with nothing else")
	}
	return nil
}

// parseChallenge reads what PKCE (RFC 7636) adds.
func (req *oauth2Request) parseChallenge(q url.Values) error {
	req.challenge, req.challengeMethod = q.Get("code_challenge"), q.Get("code_challenge_method")
	switch {
	case req.token && !req.app.Public:
		return nil
	case req.challenge == "" && req.challengeMethod != "":
		return oauth2Fault(invalidRequest, "code_challenge is missing")
	case req.challenge == "" && req.app.Public && !req.token:
		return oauth2Fault(invalidRequest, "this client has no secret and must send a code_challenge") // AUTH-84
	case req.challenge == "":
		return nil
	case req.challengeMethod == "":
		req.challengeMethod = pkcePlain // RFC 7636, section 4.3
	case req.challengeMethod != pkcePlain && req.challengeMethod != pkceS256:
		return oauth2Fault(invalidRequest, "code_challenge_method is S256 or plain") // AUTH-84
	}
	if !validVerifier(req.challenge) {
		return oauth2Fault(invalidRequest, "code_challenge has 43 to 128 letters, digits and -._~") // AUTH-84
	}
	return nil
}

// oauth2Fail takes an error back to the program, or shows it, if the program
// does not listen.
func (s *Service) oauth2Fail(w http.ResponseWriter, r *http.Request, req *oauth2Request, err error) error {
	var e *oauth2Error
	if !errors.As(err, &e) {
		return err
	}
	if isOOB(req.back.uri) {
		return s.errorPage(w, r, http.StatusBadRequest, "The program has sent a request that cannot be granted: "+e.description+".")
	}
	return req.back.send(w, "error", e.code, "error_description", describable(e.description))
}

// oauth2Ask is the question to the user.
func (s *Service) oauth2Ask(req oauth2Request) ask {
	a := ask{
		Program:    req.app.Name,
		Target:     targetOf(req.back.uri),
		Registered: true,
		Scopes:     req.scopes,
		Domain:     req.domain,
		LoginHint:  req.hint,
		Again:      req.again,
		Grant: func(w http.ResponseWriter, r *http.Request, u *Account) error {
			return s.oauth2Granted(w, r, &req, u)
		},
	}
	if !isOOB(req.back.uri) {
		a.Deny = func(w http.ResponseWriter, r *http.Request) error {
			return req.back.send(w, "error", accessDenied) // AUTH-82
		}
	}
	if !req.app.Public && !req.app.installed() {
		// Anybody can run a program that says it is this one, unless it can be
		// reached at its own address alone and has to show its secret
		// (RFC 8252, section 8.6).
		a.Remembered = func(ctx context.Context, u *Account) (bool, error) {
			return s.remembered(ctx, u.Owner, req.app.ID, req.scopes) // AUTH-108
		}
	}
	return a
}

// targetOf is the part of a redirect URI that the user is shown.
func targetOf(uri string) string {
	if isOOB(uri) {
		return ""
	}
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	if u.Host == "" {
		return u.Scheme + ":"
	}
	return strings.TrimSuffix(u.Host, ":") // a colon at the end is for schemes
}

// oauth2Granted gives the program what the user has agreed to.
func (s *Service) oauth2Granted(w http.ResponseWriter, r *http.Request, req *oauth2Request, u *Account) error {
	if req.domain != "" && req.domain != u.Domain {
		return s.oauth2Fail(w, r, req, oauth2Fault(accessDenied, "the user is not of the domain that hd names"))
	}
	reply.SetAccount(w, int64(u.Owner))
	if req.token {
		t, err := s.issueImplicit(r.Context(), u.Owner, req)
		if err != nil {
			return err
		}
		return req.back.send(w, "access_token", t.AccessToken, "token_type", t.TokenType, "expires_in", "3600", "scope", t.Scope)
	}
	code, err := s.newCode(r.Context(), u.Owner, req)
	if err != nil {
		return err
	}
	if isOOB(req.back.uri) {
		title := "Success code=" + code // AUTH-83
		if req.back.state != "" {
			title = "Success state=" + url.QueryEscape(req.back.state) + "&code=" + code
		}
		return s.showCode(w, r, title, code)
	}
	return req.back.send(w, "code", code) // AUTH-82
}

// within reports whether each of the scopes is among those of all.
func (sc Scopes) within(all Scopes) bool {
	return !slices.ContainsFunc(sc, func(scope string) bool { return !slices.Contains(all, scope) })
}
