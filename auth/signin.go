package auth

import (
	"net/http"
	"net/url"
	"strings"

	"contacts/look"
)

// A signIn is the form with which a person signs in.
type signIn struct {
	form
	Program  string // that asked for it; empty for a page of this server
	Domain   string // whose users alone may sign in; empty for any
	Email    string // filled in
	Remember bool
	Problems problems
	challenged
}

// A challenged form asks for the answer to a captcha, if it has one.
type challenged struct {
	Captcha string // its token; empty if there is none
	Picture string // the path of its picture
}

// signIn serves the sign-in form. It reports whether v is signed in now, with
// nothing written yet; otherwise it has answered. what is what the form says
// and asks at first.
func (s *Service) signIn(w http.ResponseWriter, r *http.Request, v *visitor, sent url.Values, what signIn) (done bool, err error) {
	status := http.StatusOK
	if sent.Get(doField) == doSignIn {
		what.Email, what.Remember = sent.Get("email"), sent.Get("remember") != ""
		if !genuine(r, v, sent) { // SEC-5
			status = http.StatusForbidden
			what.Problems = problems{{"", "This form was no longer valid. Please sign in again. Your browser must accept cookies."}}
		} else if status, err = s.trySignIn(w, r, v, sent, &what); err != nil || status == http.StatusOK {
			return err == nil, err
		}
	}
	what.form = s.newForm(w, r, v)
	return false, pages.Write(w, status, look.Page{Name: "signin", Title: errorTitle("Sign in", what.Problems), Data: what})
}

// trySignIn signs in with what was sent. A status other than 200 is that of
// the form, which then says what is wrong.
func (s *Service) trySignIn(w http.ResponseWriter, r *http.Request, v *visitor, sent url.Values, what *signIn) (status int, err error) {
	email, password := strings.TrimSpace(what.Email), sent.Get("password")
	if email == "" {
		what.Problems = append(what.Problems, problem{"email", "Type your e-mail address."})
	}
	if password == "" {
		what.Problems = append(what.Problems, problem{"password", "Type your password."})
	}
	if len(what.Problems) > 0 {
		return http.StatusBadRequest, nil
	}
	if what.Domain != "" {
		if !strings.Contains(email, "@") {
			email += "@" + what.Domain
		}
		if !strings.HasSuffix(fold(email), "@"+what.Domain) {
			what.Problems = problems{{"email", "Only accounts of " + what.Domain + " can be used here."}} // AUTH-42
			return http.StatusForbidden, nil
		}
	}
	o, err := s.login(r.Context(), s.loginOf(r, email, password, sent))
	if err == nil && o.refusal == "" {
		err = s.openSession(w, r, v, &o, what.Remember)
	}
	if err != nil {
		return 0, err
	}
	if o.refusal == "" {
		return http.StatusOK, nil
	}
	s.logRefusal(w, r, &o)
	return s.refuse(&o, sent, &what.Problems, &what.challenged), nil
}

// loginOf is an attempt with a password and with what a form says of a captcha.
func (s *Service) loginOf(r *http.Request, email, password string, sent url.Values) login {
	return login{
		by:           byPage,
		email:        email,
		password:     password,
		from:         s.site.Peer(r).Addr,
		captchaToken: sent.Get("captcha_token"),
		captchaText:  sent.Get("captcha"),
	}
}

// refuse says in a form why a login was refused, and returns the status.
func (s *Service) refuse(o *outcome, sent url.Values, ps *problems, c *challenged) int {
	switch o.refusal {
	case captchaRequired: // SEC-4
		*c = challenged{o.challenge.token, captchaPath + "?ctoken=" + o.challenge.picture}
		text := "There were too many failed attempts. Type your password again, and the digits of the picture."
		if sent.Get("captcha_token") != "" {
			text = "These were not the digits of the picture. Try those of a new one."
		}
		*ps = problems{{"captcha", text}}
		return http.StatusForbidden
	case serviceUnavailable: // SEC-4
		*ps = problems{{"", "There were too many failed attempts. Try again in " + inWords(s.o.LoginWindow) + "."}}
		return http.StatusServiceUnavailable
	case badAuthentication:
		if !o.secondFactor {
			*ps = problems{{"password", refusals[badAuthentication]}}
			return http.StatusForbidden
		}
		*ps = problems{{"", "This account needs a second factor, which cannot be given here. Ask your administrator."}} // SEC-9
		return http.StatusForbidden
	}
	*ps = problems{{"", refusals[o.refusal]}}
	return http.StatusForbidden
}

// refusals are the words for people.
var refusals = map[refusal]string{
	badAuthentication: "The e-mail address or the password is wrong.",
	notVerified:       "The e-mail address of this account has not been verified yet. Ask your administrator.",
	termsNotAgreed:    "The terms of use have not been accepted for this account. Ask your administrator.",
	accountDeleted:    "This account has been removed.",
	accountDisabled:   "This account has been closed. Ask your administrator.",
	serviceDisabled:   "This account may not use contacts. Ask your administrator.",
}
