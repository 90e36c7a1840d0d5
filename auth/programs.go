package auth

import (
	"net/http"
	"net/url"

	"contacts"
	"contacts/look"
)

const (
	doRevoke    = "revoke"
	doRevokeAll = "revoke-all"
)

// kindWords say how a program came to its access.
var kindWords = map[TokenKind]string{
	ClientLoginToken: "Signed in with your password",
	AuthSubToken:     "Allowed by you (AuthSub)",
	OAuth1Token:      "Allowed by you (OAuth 1.0a)",
	OAuth2Token:      "Allowed by you (OAuth 2.0)",
}

// programs lists what has access to the account, and takes it back.
func (s *Service) programs(w http.ResponseWriter, r *http.Request, v *visitor, sent url.Values) error {
	owner := v.account.Owner
	if sent != nil {
		done := "revoked"
		var err error
		switch sent.Get(doField) {
		case doRevoke:
			err = s.RevokeProgram(r.Context(), owner, sent.Get("id")) // SEC-8
			if contacts.KindOf(err) == contacts.NotFound {
				err = nil // it has none, as was wanted
			}
		case doRevokeAll:
			done = "revoked-all"
			err = s.RevokePrograms(r.Context(), owner) // SEC-8
		default:
			err = errUnknownForm()
		}
		if err != nil {
			return err
		}
		return seeOther(w, programsPath+"?"+doneField+"="+done)
	}
	list, err := s.Programs(r.Context(), owner) // SEC-8
	if err != nil {
		return err
	}
	type row struct {
		Program
		How  string
		When string
		ISO  string
	}
	rows := make([]row, len(list))
	for i, p := range list {
		rows[i] = row{p, kindWords[p.Kind], p.Created.UTC().Format("2 January 2006"), p.Created.UTC().Format("2006-01-02T15:04:05Z")}
	}
	f := s.newForm(w, r, v)
	f.Action = programsPath
	return pages.Write(w, http.StatusOK, look.Page{Name: "programs", Title: "Programs with access", User: v.account.Email, Data: struct {
		form
		Done string
		Rows []row
	}{f, doneWords[r.URL.Query().Get(doneField)], rows}})
}
