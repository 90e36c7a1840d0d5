package auth

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"contacts"
)

// tokenInfo says what a token is good for, to whoever holds it (AUTH-101).
// Versions 1 and 2 of the original service name things otherwise than version
// 3; the answer has both names.
func (s *Service) tokenInfo(w http.ResponseWriter, r *http.Request) error {
	h, err := s.bearerOf(w, r)
	if contacts.KindOf(err) == contacts.Unauthorized {
		err = oauth2Fault(invalidToken, "there is no such token, or it has expired") // AUTH-101
	}
	if err != nil {
		return err
	}
	t := h.token
	left := int(t.Expires.Sub(s.now()).Seconds())
	writeJSON(w, http.StatusOK, struct {
		Audience  string `json:"audience"`
		IssuedTo  string `json:"issued_to"`
		Aud       string `json:"aud"`
		Azp       string `json:"azp"`
		UserID    string `json:"user_id"`
		Sub       string `json:"sub"`
		Scope     string `json:"scope"`
		ExpiresIn int    `json:"expires_in"`
		Exp       int64  `json:"exp"`
		Email     string `json:"email,omitempty"`
	}{t.App, t.App, t.App, t.App, userID(h), userID(h), strings.Join(t.Scopes, " "), left, t.Expires.Unix(), emailFor(h)})
	return nil
}

// userInfo says who the user is, to a program with a scope for that (AUTH-102).
func (s *Service) userInfo(w http.ResponseWriter, r *http.Request) error {
	h, err := s.bearerOf(w, r)
	if err != nil {
		return err
	}
	a := h.account.public(h.owner)
	if !slices.ContainsFunc(h.token.Scopes, func(scope string) bool { return slices.Contains(profileScopes, scope) }) {
		return contacts.Errorf(contacts.Forbidden, "", "The token does not cover who the user is; ask for the scope email or profile") // AUTH-102
	}
	info := map[string]any{"id": userID(h), "sub": userID(h)}
	if email := emailFor(h); email != "" {
		verified := !a.Flags.Unverified
		info["email"], info["email_verified"], info["verified_email"], info["hd"] = email, verified, verified, a.Domain
	}
	if has(h, "profile", "https://www.googleapis.com/auth/userinfo.profile") {
		info["name"] = a.DisplayName()
	}
	writeJSON(w, http.StatusOK, info)
	return nil
}

// bearerOf finds the token that a request holds, in one of the ways of AUTH-5
// or in the body.
func (s *Service) bearerOf(w http.ResponseWriter, r *http.Request) (*held, error) {
	if err := s.onlyMethods(w, r, http.MethodGet, http.MethodHead, http.MethodPost); err != nil {
		return nil, err
	}
	c := credentialsOf(r)
	if c.scheme == noScheme && r.Method == http.MethodPost {
		form, err := s.oauth2Form(w, r)
		if err != nil {
			return nil, err
		}
		c = credentials{scheme: bearer, token: form.Get("access_token")}
	}
	if c.scheme != bearer {
		return nil, unauthorized(reasonRequired)
	}
	return s.present(r.Context(), c.token, OAuth2Token)
}

// userID names the user of a token in answers to programs.
func userID(h *held) string { return strconv.FormatInt(int64(h.owner), 10) }

// emailFor is the address of the user, if the token covers it.
func emailFor(h *held) string {
	if has(h, "email", "https://www.googleapis.com/auth/userinfo.email") {
		return h.account.Email
	}
	return ""
}

func has(h *held, scopes ...string) bool {
	return slices.ContainsFunc(scopes, func(s string) bool { return slices.Contains(h.token.Scopes, s) })
}
