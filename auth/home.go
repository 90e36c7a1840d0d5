package auth

import (
	"net/http"
	"net/url"

	"contacts"
	"contacts/look"
	"contacts/reply"
)

// The pages of who is signed in.
const (
	homePath     = "/account"
	programsPath = "/account/programs"
	passwordPath = "/account/password"
	signOutPath  = "/account/sign-out"
)

// pageRoutes are the pages for people that no program leads to.
func (s *Service) pageRoutes(handle func(pattern string, f reply.Func)) {
	handle(homePath, s.forUser(s.home))
	handle(programsPath, s.forUser(s.programs))
	handle(passwordPath, s.forUser(s.passwordPage))
	handle(signOutPath, s.paged(s.signOutPage))
}

// A userPage serves a page to v, who is signed in. sent is the form of a POST,
// known to be one of ours, and nil otherwise.
type userPage func(w http.ResponseWriter, r *http.Request, v *visitor, sent url.Values) error

// forUser shows the sign-in form until somebody is signed in.
func (s *Service) forUser(f userPage) reply.Func {
	return s.paged(func(w http.ResponseWriter, r *http.Request) error {
		sent, err := readForm(r)
		if err != nil {
			return err
		}
		v, err := s.visitorOf(w, r)
		if err != nil {
			return err
		}
		if v.text == "" {
			done, err := s.signIn(w, r, v, sent, signIn{})
			if err != nil || !done {
				return err
			}
			return seeOther(w, ownURL(r))
		}
		switch {
		case r.Method != http.MethodPost:
			sent = nil
		case sent.Get(doField) == doSignIn: // signed in meanwhile
			return seeOther(w, ownURL(r))
		case !genuine(r, v, sent):
			return errStaleForm()
		}
		return f(w, r, v, sent)
	})
}

// errStaleForm answers a form that was not ours, or not of this session.
func errStaleForm() error {
	return contacts.Errorf(contacts.Forbidden, "", "This form is no longer valid. Open the page again and repeat what you did.") // SEC-5
}

// errUnknownForm answers a form of ours that says nothing we know.
func errUnknownForm() error {
	return contacts.Errorf(contacts.Invalid, "", "The form does not say what to do.")
}

// doneField is the query parameter in which a page tells the next what was
// done.
const doneField = "done"

// doneWords are what the pages say then.
var doneWords = map[string]string{
	"password":     "Your password has been changed. Other browsers are signed out, and programs that signed in with the old password have lost access.",
	"password-all": "Your password has been changed. Other browsers are signed out, and no program has access any more.",
	"revoked":      "The program has lost access.",
	"revoked-all":  "No program has access any more.",
}

// home is where an account begins.
func (s *Service) home(w http.ResponseWriter, r *http.Request, v *visitor, sent url.Values) error {
	if sent != nil {
		return errUnknownForm()
	}
	list, err := s.Programs(r.Context(), v.account.Owner)
	if err != nil {
		return err
	}
	f := s.newForm(w, r, v)
	f.Action = signOutPath
	return pages.Write(w, http.StatusOK, look.Page{Name: "account", Title: "Your account", User: v.account.Email, Data: struct {
		form
		Done     string
		User     person
		Programs int
	}{f, doneWords[r.URL.Query().Get(doneField)], personOf(&v.account), len(list)}})
}

const doSignOut = "sign-out"

// signOutPage ends the session of this browser.
func (s *Service) signOutPage(w http.ResponseWriter, r *http.Request) error {
	sent, err := readForm(r)
	if err != nil {
		return err
	}
	v, err := s.visitorOf(w, r)
	if err != nil {
		return err
	}
	switch {
	case v.text == "":
		return s.notePage(w, http.StatusOK, note{
			Heading: "You are signed out",
			Texts:   []string{"Programs to which you gave access keep it."},
			Link:    homePath, Go: "Sign in",
		})
	case r.Method != http.MethodPost:
		return pages.Write(w, http.StatusOK, look.Page{
			Name: "signout", Title: "Sign out", User: v.account.Email, Data: struct {
				form
				User person
			}{s.newForm(w, r, v), personOf(&v.account)},
		})
	case !genuine(r, v, sent):
		return errStaleForm()
	case sent.Get(doField) != doSignOut:
		return errUnknownForm()
	}
	if err := s.signOut(w, r, v); err != nil {
		return err
	}
	return seeOther(w, signOutPath)
}
