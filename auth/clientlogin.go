package auth

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"contacts"
	"contacts/reply"
	"contacts/store"
)

// The paths of the endpoints.
const (
	clientLoginPath = "/accounts/ClientLogin"
	captchaPath     = "/accounts/Captcha"
	helpPath        = "/login/captcha"
)

// contactsService is the name of this service among those that ClientLogin
// gives access to.
const contactsService = "cp"

// maxForm is the longest body of a login.
const maxForm = 64 << 10

// Routes are the sign-in endpoints. Errors of theirs go to WriteError.
func (s *Service) Routes(handle func(pattern string, f reply.Func)) {
	handle(clientLoginPath, s.clientLogin)
	handle(captchaPath, s.picture)
	handle(helpPath, s.help)
	s.authSubRoutes(handle)
	s.oauth1Routes(handle)
	s.oauth2Routes(handle)
	s.pageRoutes(handle)
}

// clientLogin serves ClientLogin: a name and a password for a token (AUTH-14).
// Every refusal is a *refused, and never a redirect (AUTH-25).
func (s *Service) clientLogin(w http.ResponseWriter, r *http.Request) error {
	if err := s.onlyMethods(w, r, http.MethodPost); err != nil {
		return err // AUTH-14
	}
	if err := s.site.RequireSecure(r); err != nil {
		return &refused{code: unknownError, cause: err} // RES-61
	}
	if s.o.ClientLoginOff {
		return &refused{code: serviceDisabled} // SEC-9
	}
	body, err := reply.ReadBody(r, maxForm)
	if err != nil {
		return &refused{code: unknownError, cause: err}
	}
	// What is not a form lacks Email and Passwd. accountType is not looked at,
	// because every value selects the accounts of this server (AUTH-15).
	form, _ := url.ParseQuery(string(body))
	l := login{
		by:           byClientLogin,
		email:        form.Get("Email"),
		password:     form.Get("Passwd"), // AUTH-17
		from:         s.site.Peer(r).Addr,
		captchaToken: form.Get("logintoken"),   // AUTH-20
		captchaText:  form.Get("logincaptcha"), // AUTH-20
	}
	switch {
	case l.email == "" || l.password == "":
		return &refused{code: badAuthentication} // AUTH-26
	case form.Get("service") != contactsService:
		return &refused{code: serviceDisabled} // AUTH-18
	}
	o, err := s.login(r.Context(), l)
	var text string
	if err == nil && o.refusal == "" {
		text = s.newToken(o.owner)
		now := s.now().UTC()
		err = s.allow(r.Context(), &o, func(tx store.Tx) error {
			return s.putToken(tx, text, token{
				Kind:    ClientLoginToken,
				Source:  form.Get("source"), // AUTH-19
				Created: now,
				Expires: now.Add(s.o.ClientLoginLife), // AUTH-36
			})
		})
	}
	if err != nil {
		return failed(err)
	}
	reply.SetAccount(w, int64(o.owner))
	if o.refusal != "" {
		s.logRefusal(w, r, &o)
		return s.refusedBy(r, &o)
	}
	h := w.Header()
	neverCache(h) // AUTH-23
	h.Set("Content-Type", "text/plain")
	_, err = io.WriteString(w, "SID="+s.newToken(o.owner)+"\nLSID="+s.newToken(o.owner)+"\nAuth="+text+"\n") // AUTH-21
	return err
}

// refused is an answer of ClientLogin other than success.
type refused struct {
	code  refusal
	lines [3]string // before the code, after it
	cause error     // for the log, or to tell the user what to do; may be nil
}

func (e *refused) Error() string { return "login refused: " + string(e.code) }

// Unwrap gives the log the cause. Without one, the fault is the client's.
func (e *refused) Unwrap() error {
	if e.cause != nil {
		return e.cause
	}
	return contacts.Forbidden
}

// failed words an error that says nothing about the login.
func failed(err error) error {
	if contacts.KindOf(err) == contacts.Unavailable {
		return &refused{code: serviceUnavailable, cause: err} // AUTH-34
	}
	return &refused{code: unknownError, cause: err} // AUTH-31
}

// refusedBy words the refusal of a login.
func (s *Service) refusedBy(r *http.Request, o *outcome) error {
	e := &refused{code: o.refusal}
	switch {
	case o.secondFactor:
		e.lines[1] = "Info=InvalidSecondFactor" // AUTH-24
	case o.refusal == captchaRequired:
		e.lines = [3]string{
			"Url=" + s.site.Base(r) + helpPath, // AUTH-24
			"CaptchaToken=" + o.challenge.token,
			"CaptchaUrl=Captcha?ctoken=" + o.challenge.picture, // AUTH-35
		}
	}
	return e
}

// WriteError words the errors of Routes: text, and for ClientLogin the lines
// that its clients read.
func (s *Service) WriteError(w http.ResponseWriter, r *http.Request, err error) {
	h := w.Header()
	neverCache(h) // AUTH-23
	status, text := reply.Status(err), reply.Message(w, err)+"\n"
	var e *refused
	switch {
	case errors.As(err, &e):
		status, text = http.StatusForbidden, e.text(w) // AUTH-22, ERR-36
	case r.URL.Path == clientLoginPath && status >= http.StatusInternalServerError:
		status, text = http.StatusForbidden, "Error="+string(unknownError)+"\n" // AUTH-31
	}
	if status == http.StatusServiceUnavailable {
		h.Set("Retry-After", strconv.Itoa(reply.RetryAfter(err)))
	}
	if status == http.StatusUnauthorized && h.Get("WWW-Authenticate") == "" {
		h.Set("WWW-Authenticate", s.Challenge(r)) // AUTH-9
	}
	h.Set("Content-Type", "text/plain") // ERR-7, AUTH-54
	w.WriteHeader(status)
	io.WriteString(w, text)
}

// text is the body of the answer.
func (e *refused) text(w http.ResponseWriter) string {
	var b strings.Builder
	line := func(s string) {
		if s != "" {
			b.WriteString(s + "\n") // AUTH-22
		}
	}
	line(e.lines[0])
	line("Error=" + string(e.code)) // AUTH-22
	line(e.lines[1])
	line(e.lines[2])
	if e.cause != nil {
		line("Info=" + reply.Message(w, e.cause))
	}
	return b.String()
}

// help tells people what to do whose program shows them the Url of a captcha.
func (s *Service) help(w http.ResponseWriter, r *http.Request) error {
	if err := s.onlyMethods(w, r, http.MethodGet, http.MethodHead); err != nil {
		return err
	}
	return s.notePage(w, http.StatusOK, note{
		Heading: "Too many failed attempts to sign in",
		Texts: []string{"Sign in again in your program and type the digits of the picture that it shows. " +
			"If it shows none, wait " + inWords(s.o.LoginWindow) + " and try again."},
	})
}

// onlyMethods fails with kind NotAllowed for other methods (RES-31).
func (s *Service) onlyMethods(w http.ResponseWriter, r *http.Request, methods ...string) error {
	if slices.Contains(methods, r.Method) {
		return nil
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	return contacts.Errorf(contacts.NotAllowed, "", "Method not allowed")
}

// neverCache keeps an answer out of every cache, in the words that the original
// service used.
func neverCache(h http.Header) {
	h.Set("Cache-Control", "no-cache, no-store") // AUTH-23
	h.Set("Pragma", "no-cache")
	h.Set("Expires", "Mon, 01-Jan-1990 00:00:00 GMT")
}
