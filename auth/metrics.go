package auth

import (
	"errors"

	"contacts"
	"contacts/metrics"
	"contacts/reply"
)

// counts are what a Service counts: attempts to sign in with a password,
// credentials of requests, and tokens given out.
type counts struct {
	signIns     *metrics.Counters
	credentials *metrics.Counters
	tokens      *metrics.Counters
}

// How an attempt to sign in with a password came.
const (
	byClientLogin = "ClientLogin"
	byPage        = "page"
)

// What becomes of an attempt or of credentials, as metrics name it.
const (
	outcomeAccepted   = "accepted"
	outcomeRefused    = "refused"     // bad or expired
	outcomeCaptcha    = "captcha"     // limit of failures: a captcha has to be solved
	outcomeLimited    = "limited"     // limit of failures or of requests
	outcomeNotAllowed = "not_allowed" // right, but not enough: a disabled account, plain http
	outcomeError      = "error"       // a fault of our own
)

func newCounts() counts {
	label := func(name string, values ...string) metrics.Label { return metrics.Label{Name: name, Values: values} }
	return counts{
		signIns: metrics.NewCounters("contactsd_signins_total", "Attempts to sign in with a password.", label("by", byClientLogin, byPage),
			label("outcome", outcomeAccepted, outcomeRefused, outcomeCaptcha, outcomeLimited, outcomeNotAllowed, outcomeError)),
		credentials: metrics.NewCounters("contactsd_credentials_total", "Credentials of requests for data, by their scheme.",
			label("scheme", string(googleLogin), string(authSub), string(oauth), string(bearer), "none"),
			label("outcome", outcomeAccepted, outcomeRefused, outcomeLimited, outcomeNotAllowed, outcomeError)),
		tokens: metrics.NewCounters("contactsd_tokens_issued_total", "Tokens given out.",
			label("kind", string(ClientLoginToken), string(AuthSubToken), string(OAuth1Token), string(OAuth2Token), string(OAuth2Refresh))),
	}
}

// Metrics are the families of the service.
func (s *Service) Metrics() []metrics.Family {
	return []metrics.Family{s.counts.signIns, s.counts.credentials, s.counts.tokens}
}

// countSignIn counts an attempt with a password.
func (s *Service) countSignIn(by string, o *outcome, err error) {
	s.counts.signIns.At(by, signInOutcome(o, err)).Inc()
}

func signInOutcome(o *outcome, err error) string {
	switch {
	case err != nil:
		return outcomeError
	case o.refusal == "":
		return outcomeAccepted
	case o.refusal == captchaRequired:
		return outcomeCaptcha
	case o.refusal == serviceUnavailable:
		return outcomeLimited
	case o.refusal == badAuthentication && !o.secondFactor:
		return outcomeRefused
	}
	return outcomeNotAllowed
}

// countCredentials counts the credentials of a request.
func (s *Service) countCredentials(sch scheme, err error) {
	name := string(sch)
	if sch == noScheme {
		name = "none"
	}
	s.counts.credentials.At(name, credentialsOutcome(err)).Inc()
}

func credentialsOutcome(err error) string {
	var later reply.Later
	switch contacts.KindOf(err) {
	case "":
		if err == nil {
			return outcomeAccepted
		}
	case contacts.Unauthorized, contacts.Invalid:
		return outcomeRefused
	case contacts.Forbidden:
		return outcomeNotAllowed
	case contacts.Unavailable:
		if errors.As(err, &later) {
			return outcomeLimited
		}
	}
	return outcomeError
}
