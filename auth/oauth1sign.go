package auth

import (
	"context"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strings"

	"contacts"
	"contacts/reply"
)

// The problems of OAuth 1.0a, by the names that its clients know (AUTH-72).
const (
	parameterAbsent   contacts.Code = "parameter_absent"
	parameterRejected contacts.Code = "parameter_rejected" // malformed, or given twice
	versionRejected   contacts.Code = "version_rejected"
	methodRejected    contacts.Code = "signature_method_rejected"
	signatureInvalid  contacts.Code = "signature_invalid"
	timestampRefused  contacts.Code = "timestamp_refused"
	nonceUsed         contacts.Code = "nonce_used"
	consumerUnknown   contacts.Code = "consumer_key_unknown"
	tokenRejected     contacts.Code = "token_rejected"
	tokenRevoked      contacts.Code = "token_revoked"
)

// oauthProblem is the error of a problem. Those of requests that could not be
// right have kind Invalid, the others kind Unauthorized.
func oauthProblem(code contacts.Code) *contacts.Error {
	kind := contacts.Unauthorized
	switch code {
	case parameterAbsent, parameterRejected, versionRejected, methodRejected:
		kind = contacts.Invalid
	}
	return contacts.Errorf(kind, code, "%s", code) // AUTH-72
}

// An oauth1Request is a request that its client has signed, or says so.
type oauth1Request struct {
	method string
	to     requestTarget
	params []param // all that count for the signature, decoded
}

// readOAuth1 reads the parameters of a request from its Authorization header,
// its query and, where a form is expected, its body (AUTH-61). Bodies of data
// requests are never forms, and do not count.
func readOAuth1(r *http.Request, to requestTarget, form bool) (*oauth1Request, error) {
	q := &oauth1Request{method: r.Method, to: to}
	if c := credentialsOf(r); c.scheme == oauth {
		q.params = append(q.params, c.params...)
	}
	texts := []string{to.query}
	if form && isForm(r) {
		body, err := reply.ReadBody(r, maxForm)
		if err != nil {
			return nil, err
		}
		texts = append(texts, string(body))
	}
	for _, text := range texts {
		params, ok := parseQuery(text)
		if !ok {
			return nil, oauthProblem(parameterRejected)
		}
		q.params = append(q.params, params...)
	}
	seen := map[string]bool{}
	for _, p := range q.params {
		if !strings.HasPrefix(p.name, "oauth_") {
			continue
		}
		if seen[p.name] { // which of them was checked would be anybody's guess
			return nil, oauthProblem(parameterRejected) // AUTH-77
		}
		seen[p.name] = true
	}
	return q, nil
}

// isForm reports whether the body of r says that it is a form.
func isForm(r *http.Request) bool {
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && t == "application/x-www-form-urlencoded"
}

// get is the value of a parameter, or empty.
func (q *oauth1Request) get(name string) string {
	for _, p := range q.params {
		if p.name == name {
			return p.value
		}
	}
	return ""
}

// has reports whether there is a parameter, be it empty.
func (q *oauth1Request) has(name string) bool {
	return slices.ContainsFunc(q.params, func(p param) bool { return p.name == name })
}

// A signer is what a token keeps of its program to check signatures with, so
// that a request reads nothing but the token. A program never changes, and its
// tokens end with it.
type signer struct {
	Secret string `json:"secret,omitempty"` // sealed
	Key    []byte `json:"key,omitempty"`    // RSA public key, PKIX
}

// signingApp is the program that signs what comes with the token, as far as
// signatures need it.
func (t *token) signingApp() *app {
	a := &app{ID: t.App, Name: t.Source}
	if t.Signer != nil {
		a.Secret, a.Key = t.Signer.Secret, t.Signer.Key
	}
	return a
}

// complete fails unless q has the parameters of every signed request.
func (q *oauth1Request) complete() error {
	for _, name := range [...]string{"oauth_consumer_key", "oauth_signature_method", "oauth_signature", "oauth_timestamp", "oauth_nonce"} {
		if q.get(name) == "" {
			return oauthProblem(parameterAbsent) // AUTH-62
		}
	}
	return nil
}

// consumer finds the program that signed q.
func (s *Service) consumer(ctx context.Context, q *oauth1Request) (*app, error) {
	if err := q.complete(); err != nil {
		return nil, err
	}
	a, found, err := s.app(ctx, q.get("oauth_consumer_key")) // AUTH-73
	if err != nil {
		return nil, err
	}
	if !found || a.ServiceEmail != "" {
		return nil, oauthProblem(consumerUnknown)
	}
	return &a, nil
}

// checkOAuth1 checks the signature of q by program a, which was made with the
// token and its secret, empty if there is none.
func (s *Service) checkOAuth1(ctx context.Context, q *oauth1Request, a *app, token, secret string) error {
	if v := q.get("oauth_version"); v != "1.0" && q.has("oauth_version") {
		return oauthProblem(versionRejected) // AUTH-62, AUTH-77
	}
	timestamp, ok := parseTimestamp(q.get("oauth_timestamp"))
	if !ok {
		return oauthProblem(parameterRejected)
	}
	right, err := s.signatureCheck(a, q.get("oauth_signature_method"), secret)
	if err != nil {
		return err
	}
	base := func(address string) string { return baseString(q.method, address, q.to.path, q.params) }
	signature := q.get("oauth_signature")
	if !slices.ContainsFunc(q.to.addresses, func(address string) bool { return right(base(address), signature) }) {
		e := oauthProblem(signatureInvalid)
		if s.log.Enabled(ctx, slog.LevelDebug) {
			e.Reason += "\n" + base(q.to.addresses[0]) // AUTH-72
		}
		return e
	}
	stale, err := s.checkNonce(ctx, a.ID, token, timestamp, q.get("oauth_nonce"))
	if err != nil || stale == fresh {
		return err
	}
	return oauthProblem(contacts.Code(stale)) // AUTH-71
}

// signatureCheck is how a program's signatures of a method are checked.
func (s *Service) signatureCheck(a *app, method, tokenSecret string) (func(text, signature string) bool, error) {
	switch {
	case method == "HMAC-SHA1" && a.Secret != "": // AUTH-68
		secret, err := s.appSecret(a)
		return func(text, signature string) bool { return checkHMAC(text, secret, tokenSecret, signature) }, err
	case method == "RSA-SHA1" && a.Key != nil: // AUTH-68
		key, err := a.publicKey()
		return func(text, signature string) bool { return checkRSA(key, text, signature) }, err
	}
	return nil, oauthProblem(methodRejected) // AUTH-68
}

// identifyOAuth1 lets a data request in that is signed by OAuth 1.0a. What is
// wrong with a signature is told at the endpoints, and in the log for
// debugging; here clients know one answer.
func (s *Service) identifyOAuth1(r *http.Request) (*held, error) {
	h, err := s.oauth1Holder(r)
	switch contacts.KindOf(err) {
	case contacts.Invalid, contacts.Unauthorized:
		s.log.Debug("signature refused", "scheme", string(oauth), "reason", string(contacts.CodeOf(err)))
		return nil, unauthorized(reasonInvalid) // AUTH-8
	}
	return h, err
}

// oauth1Holder finds the access token that r is signed with or, for a
// two-legged request, the user for whom a program asks.
func (s *Service) oauth1Holder(r *http.Request) (*held, error) {
	if s.o.OAuth1Off {
		return nil, oauthProblem(tokenRejected) // SEC-9
	}
	q, err := readOAuth1(r, s.addressed(r), false)
	if err != nil {
		return nil, err
	}
	text := q.get("oauth_token")
	if text == "" {
		return s.twoLegged(r.Context(), q)
	}
	if err := q.complete(); err != nil {
		return nil, err
	}
	h, err := s.present(r.Context(), text, OAuth1Token)
	if contacts.KindOf(err) == contacts.Unauthorized || err == nil && h.token.App != q.get("oauth_consumer_key") {
		return nil, oauthProblem(tokenRejected)
	}
	if err != nil {
		return nil, err
	}
	return h, s.checkOAuth1(r.Context(), q, h.token.signingApp(), text, s.tokenSecret(text))
}

// twoLegged lets a program act for a user of a domain that has approved it, with
// no token (AUTH-74). It fails with kind Forbidden for any other user, alike
// whether there is one.
func (s *Service) twoLegged(ctx context.Context, q *oauth1Request) (*held, error) {
	a, err := s.consumer(ctx, q)
	if err != nil {
		return nil, err
	}
	if err := s.checkOAuth1(ctx, q, a, "", ""); err != nil {
		return nil, err // AUTH-76
	}
	email := fold(q.get("xoauth_requestor_id"))
	if email == "" {
		return nil, oauthProblem(parameterAbsent)
	}
	refused := contacts.Errorf(contacts.Forbidden, contacts.CodeForbidden,
		"The program %s is not approved for this user by the administrator of the domain", a.Name)
	owner, err := s.userNumber(ctx, email)
	if contacts.KindOf(err) == contacts.NotFound {
		return nil, refused
	}
	if err != nil {
		return nil, err
	}
	user, found, err := s.account(ctx, owner)
	if err != nil {
		return nil, err
	}
	if !found || user.shut() {
		return nil, refused
	}
	if allowed, err := s.delegated(ctx, user.DomainOwner, a.ID); err != nil {
		return nil, err
	} else if !allowed {
		return nil, refused // AUTH-75
	}
	return &held{
		owner:   owner,
		token:   token{Kind: OAuth1Token, Source: a.Name, App: a.ID, Scopes: Scopes{scopeFeeds}},
		account: user, // AUTH-74
	}, nil
}
