package auth

import (
	"context"
	"strings"
	"time"

	"contacts/store"
)

const (
	codeLife = 10 * time.Minute // AUTH-90

	// usedCodeLife is how long a used code is remembered, so that its second
	// use ends what the first one gave.
	usedCodeLife = 24 * time.Hour

	// maxRefresh is how many refresh tokens one consent may lead to. The
	// oldest goes when there are more: programs that lose theirs come again
	// and again.
	maxRefresh = 50
)

// An oauth2Code is a code as it is kept, under its hash, among its owner's
// records.
type oauth2Code struct {
	App             string `json:"app"`
	RedirectURI     string `json:"redirectURI"`
	Scopes          Scopes `json:"scopes"`
	Offline         bool   `json:"offline,omitempty"`
	Challenge       string `json:"challenge,omitempty"`
	ChallengeMethod string `json:"challengeMethod,omitempty"`
	Grant           string `json:"grant"`
	Used            bool   `json:"used,omitempty"`
}

// goodAccount fails if nobody may act for the owner of tx.
func goodAccount(tx store.Tx) error {
	var a account
	found, err := read(tx, recordAccount, selfKey, &a)
	if err != nil {
		return err
	}
	if !found || a.shut() {
		return oauth2Fault(invalidGrant, "the account is closed to programs")
	}
	return nil
}

// remembered reports whether the user has agreed before to what a program asks
// for, and has not taken it back.
func (s *Service) remembered(ctx context.Context, owner store.Owner, app string, scopes Scopes) (yes bool, err error) {
	err = s.store.View(ctx, owner, func(tx store.Tx) error {
		id, err := agreed(tx, app, scopes)
		yes = id != ""
		return err
	})
	return yes, err
}

// agreed finds a consent of the owner of tx that has all of the scopes.
func agreed(tx store.Tx, app string, scopes Scopes) (id string, err error) {
	all, err := grants(tx)
	for _, k := range all {
		if g := k.value; g.Kind == OAuth2Token && g.App == app && scopes.within(g.Scopes) {
			return k.key, err
		}
	}
	return "", err
}

// joinGrant is the consent that new tokens belong to: the one that the user
// gave before, if it is as wide, or else a new one. So the list of programs
// has one line for a program, however often it asks.
func (s *Service) joinGrant(tx store.Tx, a *app, scopes Scopes) (id string, err error) {
	if id, err = agreed(tx, a.ID, scopes); err != nil || id != "" {
		return id, err
	}
	id = s.newGrant()
	g := grant{App: a.ID, Name: a.Name, Kind: OAuth2Token, Scopes: scopes, Created: s.now().UTC()}
	return id, s.addGrant(tx, id, g, forever)
}

// newCode makes a code for what a user has agreed to.
func (s *Service) newCode(ctx context.Context, owner store.Owner, req *oauth2Request) (string, error) {
	text := s.newToken(owner)
	err := s.store.Update(ctx, owner, func(tx store.Tx) error {
		if err := goodAccount(tx); err != nil {
			return err
		}
		id, err := s.joinGrant(tx, &req.app, req.scopes)
		if err != nil {
			return err
		}
		c := oauth2Code{
			App:             req.app.ID,
			RedirectURI:     req.back.uri,
			Scopes:          req.scopes,
			Offline:         req.offline,
			Challenge:       req.challenge,
			ChallengeMethod: req.challengeMethod,
			Grant:           id,
		}
		if err := codeRing.add(tx, tokenKey(text), s.now().Add(codeLife+usedCodeLife), nil); err != nil { // AUTH-132
			return err
		}
		return put(tx, recordCode, tokenKey(text), c, s.now().Add(codeLife)) // AUTH-90, SEC-2
	})
	return text, err
}

// issueImplicit gives an access token for what a user has agreed to (AUTH-91).
func (s *Service) issueImplicit(ctx context.Context, owner store.Owner, req *oauth2Request) (a oauth2Answer, err error) {
	err = s.store.Update(ctx, owner, func(tx store.Tx) error {
		if err := goodAccount(tx); err != nil {
			return err
		}
		id, err := s.joinGrant(tx, &req.app, req.scopes)
		if err != nil {
			return err
		}
		a, err = s.issue(tx, owner, &req.app, req.scopes, id, false)
		return err
	})
	return a, err
}

// issue makes an access token, and a refresh token if offline.
func (s *Service) issue(tx store.Tx, owner store.Owner, a *app, scopes Scopes, grant string, offline bool) (oauth2Answer, error) {
	now := s.now().UTC()
	t := token{
		Kind:    OAuth2Token,
		Source:  a.Name,
		App:     a.ID,
		Scopes:  scopes,
		Grant:   grant,
		Created: now,
		Expires: now.Add(oauth2Life), // AUTH-86
	}
	answer := oauth2Answer{
		AccessToken: s.newToken(owner),
		TokenType:   "Bearer",
		ExpiresIn:   int(oauth2Life / time.Second), // AUTH-86
		Scope:       strings.Join(scopes, " "),
	}
	// One that has expired is told what one that never was is told, so it is
	// not remembered: tools of service accounts take one after the other.
	s.counts.tokens.At(string(OAuth2Token)).Inc()
	if err := accessRing(grant).add(tx, tokenKey(answer.AccessToken), t.Expires, nil); err != nil { // AUTH-132
		return answer, err
	}
	if err := putTokenAs(tx, recordToken, answer.AccessToken, t, t.Expires); err != nil || !offline {
		return answer, err
	}
	answer.RefreshToken = s.newToken(owner) // AUTH-86
	t.Expires = forever
	return answer, s.putRefresh(tx, answer.RefreshToken, t)
}
