package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"time"

	"contacts"
	"contacts/reply"
	"contacts/store"
)

const (
	// sessionIdle is how long a session lasts without use, and sessionLife how
	// long at most; one that is to be remembered lasts sessionLife.
	sessionIdle = 12 * time.Hour      // SEC-14
	sessionLife = 14 * 24 * time.Hour // SEC-14

	// sessionStep is how old the end of a session may be before a request moves
	// it, so that few requests write.
	sessionStep = time.Hour
)

// A session is a browser in which somebody has signed in, as it is kept under
// the hash of the cookie's value. It ends with the password.
type session struct {
	Password string    `json:"password"` // hash of the account's, as kept, at the time
	Remember bool      `json:"remember,omitempty"`
	Created  time.Time `json:"created"`
	Expires  time.Time `json:"expires"`
}

// A visitor is whoever sits before the browser. Nobody is signed in if text is
// empty.
type visitor struct {
	text    string // of the session's cookie
	key     string // of the session
	account Account
	session session

	visit string // of the cookie that forms are bound to while nobody is signed in
}

// The cookies: one for a session, one for the forms of visitors without.
const (
	sessionCookie = "contacts-session"
	visitCookie   = "contacts-visit"
)

// cookieName gives cookies that came by https a name under which no other host
// and no plain http can set one.
func (s *Service) cookieName(r *http.Request, name string) string {
	if s.site.Peer(r).Secure {
		return "__Host-" + name // SEC-5
	}
	return name
}

func (s *Service) cookie(r *http.Request, name string) string {
	c, err := r.Cookie(s.cookieName(r, name))
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie sets a cookie for as long as the browser runs, or for life. An
// empty value removes it.
func (s *Service) setCookie(w http.ResponseWriter, r *http.Request, name, value string, life time.Duration) {
	c := &http.Cookie{
		Name:     s.cookieName(r, name),
		Value:    value,
		Path:     "/",
		MaxAge:   int(life / time.Second),
		Secure:   s.site.Peer(r).Secure, // SEC-5
		HttpOnly: true,                  // SEC-5
		SameSite: http.SameSiteLaxMode,  // SEC-5: the links of programs lead here from other sites
	}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// visitorOf finds out who sits before the browser, and lets the session last.
// A session of an account that may not sign in any more is none.
func (s *Service) visitorOf(w http.ResponseWriter, r *http.Request) (*visitor, error) {
	v := &visitor{visit: s.cookie(r, visitCookie)}
	text := s.cookie(r, sessionCookie)
	owner, ok := tokenOwner(text)
	if !ok {
		return v, nil
	}
	key := tokenKey(text)
	var sess session
	var o outcome
	found := false
	err := s.store.View(r.Context(), owner, func(tx store.Tx) (err error) {
		if found, err = read(tx, recordSession, key, &sess); err != nil || !found {
			return err
		}
		found, err = read(tx, recordAccount, selfKey, &o.account)
		return err
	})
	if err != nil || !found {
		return v, err
	}
	now := s.now()
	if o.judge(); o.refusal != "" || sess.Password != passwordMark(&o.account) || !now.Before(sess.Expires) { // SEC-14
		return v, nil
	}
	v.text, v.key, v.session, v.account = text, key, sess, o.account.public(owner)
	reply.SetAccount(w, int64(owner))
	next := sess
	if next.extend(now); next.Expires.Sub(sess.Expires) < sessionStep {
		return v, nil
	}
	v.session = next
	return v, s.store.Update(r.Context(), owner, func(tx store.Tx) error {
		if _, err := tx.Record(recordSession, key); contacts.KindOf(err) == contacts.NotFound {
			return nil // ended meanwhile
		} else if err != nil {
			return err
		}
		return put(tx, recordSession, key, next, next.Expires)
	})
}

// extend moves the end of a session that is in use.
func (s *session) extend(now time.Time) {
	s.Expires = s.Created.Add(sessionLife)
	if idle := now.Add(sessionIdle); !s.Remember && idle.Before(s.Expires) {
		s.Expires = idle
	}
}

// passwordMark tells the password of an account, as it is kept, from another.
func passwordMark(a *account) string { return tokenKey(a.Password) }

// openSession starts a session for the account of a successful login, always
// under a new name, and ends the one that v had in this browser; v is then the
// one signed in. If the account has
// changed since the login, it judges again.
func (s *Service) openSession(w http.ResponseWriter, r *http.Request, v *visitor, o *outcome, remember bool) error {
	text := s.newToken(o.owner) // SEC-14
	sess := session{Password: passwordMark(&o.account), Remember: remember, Created: s.now().UTC()}
	sess.extend(s.now().UTC())
	err := s.allow(r.Context(), o, func(tx store.Tx) error {
		return putSession(tx, tokenKey(text), sess)
	})
	if err != nil || o.refusal != "" {
		return err
	}
	if err := s.closeSession(r.Context(), v); err != nil {
		return err
	}
	var life time.Duration
	if remember {
		life = sessionLife
	}
	s.setCookie(w, r, sessionCookie, text, life)
	s.setCookie(w, r, visitCookie, "", 0)
	*v = visitor{text: text, key: tokenKey(text), session: sess, account: o.account.public(o.owner)}
	return nil
}

// putSession keeps a new session.
func putSession(tx store.Tx, key string, sess session) error {
	if err := sessionRing.add(tx, key, sess.Created.Add(sessionLife), nil); err != nil { // AUTH-131
		return err
	}
	return put(tx, recordSession, key, sess, sess.Expires)
}

// signOut ends the session of v in the store and in the browser.
func (s *Service) signOut(w http.ResponseWriter, r *http.Request, v *visitor) error {
	if err := s.closeSession(r.Context(), v); err != nil {
		return err
	}
	s.setCookie(w, r, sessionCookie, "", 0)
	*v = visitor{}
	return nil
}

// closeSession ends the session of v, if it has one.
func (s *Service) closeSession(ctx context.Context, v *visitor) error {
	if v.text == "" {
		return nil
	}
	return s.store.Update(ctx, v.account.Owner, func(tx store.Tx) error {
		return tx.DeleteRecord(recordSession, v.key) // SEC-14
	})
}

// formToken is what the forms of a page have to bring back: it follows from the
// cookie, which other sites can neither read nor set. Without a cookie to bind
// the form to, it sets one.
func (s *Service) formToken(w http.ResponseWriter, r *http.Request, v *visitor) string {
	if v.text == "" && len(v.visit) != base64.RawURLEncoding.EncodedLen(secretBytes) {
		v.visit = base64.RawURLEncoding.EncodeToString(s.random(secretBytes))
		s.setCookie(w, r, visitCookie, v.visit, 0)
	}
	return formTokenOf(v)
}

func formTokenOf(v *visitor) string {
	secret := v.text
	if secret == "" {
		secret = v.visit
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("form"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// genuine reports whether a form that was sent is one of ours, shown to v.
func genuine(r *http.Request, v *visitor, form url.Values) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		return false // SEC-5
	}
	if v.text == "" && v.visit == "" {
		return false // SEC-5
	}
	return subtle.ConstantTimeCompare([]byte(formTokenOf(v)), []byte(form.Get(formTokenField))) == 1 // SEC-5
}
