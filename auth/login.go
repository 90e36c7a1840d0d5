package auth

import (
	"context"
	"net/http"
	"net/netip"
	"strings"

	"contacts/reply"
	"contacts/store"
)

// A refusal is why a login failed, in the words of ClientLogin.
type refusal string

// The refusals.
const (
	badAuthentication  refusal = "BadAuthentication"  // AUTH-27
	notVerified        refusal = "NotVerified"        // AUTH-28
	termsNotAgreed     refusal = "TermsNotAgreed"     // AUTH-29
	captchaRequired    refusal = "CaptchaRequired"    // AUTH-30
	unknownError       refusal = "Unknown"            // AUTH-31
	accountDeleted     refusal = "AccountDeleted"     // AUTH-32
	accountDisabled    refusal = "AccountDisabled"    // AUTH-32
	serviceDisabled    refusal = "ServiceDisabled"    // AUTH-33
	serviceUnavailable refusal = "ServiceUnavailable" // AUTH-34
)

// A login is an attempt to sign in with a password.
type login struct {
	by       string // byClientLogin or byPage
	email    string
	password string
	from     netip.Addr

	captchaToken, captchaText string
}

// An outcome is what became of a login: a refusal, or else the account. A
// challenge comes with captchaRequired.
type outcome struct {
	refusal      refusal
	secondFactor bool // the password was right, but is not enough
	challenge    challenge

	owner   store.Owner // 0 if the name is unknown
	account account
}

// login checks a password and the state of the account. An unknown user is
// refused in the same way and as late as a wrong password (SEC-3).
//
// The whole of it happens in a turn at hashing, so that many attempts at once
// cannot all pass before the first failure counts.
func (s *Service) login(ctx context.Context, l login) (o outcome, err error) {
	defer func() { s.countSignIn(l.by, &o, err) }()
	done, err := s.hashing.turn(ctx)
	if err != nil {
		return o, err
	}
	defer done()

	email := fold(l.email) // AUTH-16
	if s.o.DefaultDomain != "" && !strings.Contains(email, "@") {
		email += "@" + fold(s.o.DefaultDomain) // AUTH-16
	}
	var (
		name     nameRecord
		standing standing
	)
	err = s.store.View(ctx, store.Directory, func(tx store.Tx) (err error) {
		if key := userKey(email); key != "" {
			if _, err = read(tx, recordUserName, key, &name); err != nil {
				return err
			}
		}
		standing, err = s.standing(tx, email, l.from)
		return err
	})
	if err != nil {
		return o, err
	}
	o.owner = name.Owner
	switch failed := max(standing.user, standing.address); {
	case failed >= s.o.LoginRefuseAfter:
		o.refusal = serviceUnavailable // SEC-4
		return o, nil
	case failed >= s.o.LoginCaptchaAfter:
		if err := s.checkCaptcha(ctx, l, email, &o); err != nil || o.refusal != "" {
			return o, err // SEC-4
		}
	}
	found := false
	if o.account, found, err = s.account(ctx, o.owner); err != nil {
		return o, err
	}
	if !s.checkPassword(o.account.Password, l.password) || !found {
		o.refusal = badAuthentication // AUTH-27
		return o, s.store.Update(ctx, store.Directory, func(tx store.Tx) error {
			if err := s.addFailure(tx, userFailures(email)); err != nil { // SEC-4
				return err
			}
			return s.addFailure(tx, addressFailures(l.from)) // SEC-4
		})
	}
	o.judge()
	if o.refusal == "" && standing.user > 0 {
		return o, s.forgetFailures(ctx, email)
	}
	return o, nil
}

// checkCaptcha lets a login with the right answer to a captcha pass, and
// refuses another with a new captcha. A wrong answer counts as a failure. Every
// captcha counts against the address, so that nobody gets them without end.
func (s *Service) checkCaptcha(ctx context.Context, l login, email string, o *outcome) error {
	next, question := s.newChallenge()
	return s.store.Update(ctx, store.Directory, func(tx store.Tx) error {
		o.refusal = ""
		ok, err := s.solved(tx, l.captchaToken, l.captchaText) // AUTH-20
		if err != nil || ok {
			return err
		}
		o.refusal, o.challenge = captchaRequired, next // AUTH-30
		if l.captchaToken != "" {
			if err := s.addFailure(tx, userFailures(email)); err != nil {
				return err
			}
		}
		if err := s.addFailure(tx, addressFailures(l.from)); err != nil {
			return err
		}
		return put(tx, recordCaptcha, tokenKey(next.picture), question, question.Until)
	})
}

// judge refuses, now that the password was right, what the state of the account
// does not allow.
func (o *outcome) judge() {
	switch a := &o.account; {
	case a.Deleted:
		o.refusal = accountDeleted // AUTH-32
	case a.Disabled:
		o.refusal = accountDisabled // AUTH-32
	case a.Flags.Unverified:
		o.refusal = notVerified // AUTH-28
	case a.Flags.TermsPending:
		o.refusal = termsNotAgreed // AUTH-29
	case a.Flags.ServiceOff:
		o.refusal = serviceDisabled // AUTH-33
	case a.Flags.SecondFactor:
		o.refusal, o.secondFactor = badAuthentication, true // AUTH-24, SEC-9
	}
}

// logRefusal notes a refused login.
func (s *Service) logRefusal(w http.ResponseWriter, r *http.Request, o *outcome) {
	s.log.Info("login refused", "request", reply.RequestID(w), "account", int64(o.owner), "remote", s.site.Peer(r).Addr, "reason", string(o.refusal))
}

// allow calls fn for the account of a successful login. If the account has
// changed since, it judges again, and may refuse instead.
func (s *Service) allow(ctx context.Context, o *outcome, fn func(store.Tx) error) error {
	return s.store.Update(ctx, o.owner, func(tx store.Tx) error {
		var a account
		found, err := read(tx, recordAccount, selfKey, &a)
		if err != nil {
			return err
		}
		if !found || a.Password != o.account.Password {
			o.refusal = badAuthentication
			return nil
		}
		o.account = a
		if o.judge(); o.refusal != "" {
			return nil
		}
		return fn(tx)
	})
}
