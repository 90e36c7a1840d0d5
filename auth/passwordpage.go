package auth

import (
	"net/http"
	"net/url"

	"contacts"
	"contacts/look"
	"contacts/reply"
)

const doChange = "change"

// A passwordForm is the form with which a person changes the password.
type passwordForm struct {
	form
	Email     string
	Programs  int  // that have access
	RevokeAll bool // take it back
	Least     int  // length of a password
	Problems  problems
	challenged
}

// passwordPage changes the password of v. The old one is asked for, within the
// limits of signing in.
func (s *Service) passwordPage(w http.ResponseWriter, r *http.Request, v *visitor, sent url.Values) error {
	f := passwordForm{Email: v.account.Email, Least: minPassword}
	status := http.StatusOK
	if sent != nil {
		if sent.Get(doField) != doChange {
			return errUnknownForm()
		}
		f.RevokeAll = sent.Get("revoke") != ""
		var err error
		if status, err = s.tryPassword(w, r, v, sent, &f); err != nil {
			return err
		}
		if status == http.StatusOK {
			done := "password"
			if f.RevokeAll {
				done = "password-all"
			}
			return seeOther(w, homePath+"?"+doneField+"="+done)
		}
	}
	list, err := s.Programs(r.Context(), v.account.Owner)
	if err != nil {
		return err
	}
	f.Programs, f.form = len(list), s.newForm(w, r, v)
	return pages.Write(w, status, look.Page{
		Name: "password", Title: errorTitle("Change your password", f.Problems), User: v.account.Email, Data: f,
	})
}

// tryPassword changes the password as sent says. A status other than 200 is
// that of the form, which then says what is wrong.
func (s *Service) tryPassword(w http.ResponseWriter, r *http.Request, v *visitor, sent url.Values, f *passwordForm) (status int, err error) {
	old, wanted, again := sent.Get("password"), sent.Get("new"), sent.Get("again")
	wrong := func(field, text string) { f.Problems = append(f.Problems, problem{field, text}) }
	if old == "" {
		wrong("password", "Type your present password.")
	}
	switch err := fitPassword(wanted); {
	case err != nil:
		wrong("new", "The new password cannot be used: "+reply.Message(w, err)+".")
	case wanted != again:
		wrong("again", "The new passwords differ. Type the same twice.")
	}
	if len(f.Problems) > 0 {
		return http.StatusBadRequest, nil
	}
	ctx := r.Context()
	o, err := s.login(ctx, s.loginOf(r, v.account.Email, old, sent)) // SEC-4
	if err != nil {
		return 0, err
	}
	if o.refusal == "" {
		if err := s.changePassword(ctx, &o, wanted); err != nil {
			return 0, err
		}
	}
	if o.refusal != "" {
		s.logRefusal(w, r, &o)
		status := s.refuse(&o, sent, &f.Problems, &f.challenged)
		if p := f.Problems.On("password"); p != nil {
			p.Text = "This is not your present password."
		}
		return status, nil
	}
	if f.RevokeAll {
		if err := s.RevokePrograms(ctx, v.account.Owner); err != nil { // SEC-8
			return 0, err
		}
	}
	err = s.openSession(w, r, v, &o, v.session.Remember)
	if err == nil && o.refusal != "" {
		err = contacts.Errorf(contacts.Forbidden, "", "%s", refusals[o.refusal])
	}
	return http.StatusOK, err
}
