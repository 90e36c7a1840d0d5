package auth

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"contacts"
	"contacts/store"
)

const (
	deviceLife     = 15 * time.Minute
	deviceInterval = 5 * time.Second // between two questions of a device, at least

	// userCodeLetters are those of the codes that people type: none that look
	// alike, and no vowels, so that no code is a word (RFC 8628, section 6.1).
	userCodeLetters = "BCDFGHJKLMNPQRSTVWXZ"
	userCodeLength  = 8
)

// A device is the request of a program on a machine without a browser, as it
// is kept in the directory under the hash of its device code.
type device struct {
	App      string        `json:"app"`
	Scopes   Scopes        `json:"scopes"`
	Until    time.Time     `json:"until"`
	UserCode string        `json:"userCode"` // key under which the user finds it
	Interval time.Duration `json:"interval"`
	Asked    time.Time     `json:"asked,omitzero"` // when the device last asked

	Denied bool        `json:"denied,omitempty"`
	Owner  store.Owner `json:"owner,omitempty"` // who has agreed
	Grant  string      `json:"grant,omitempty"`
}

// userCodeKey is where a user code leads to its device. What people type in
// another case, or without the hyphen, is the same.
func userCodeKey(code string) string { return "user/" + tokenKey(userCodeOf(code)) }

// userCodeOf is what counts of a user code that somebody typed.
func userCodeOf(code string) string {
	return strings.Map(func(c rune) rune {
		if strings.ContainsRune(userCodeLetters, c) {
			return c
		}
		return -1
	}, strings.ToUpper(code))
}

// newUserCode makes a code for people to type, XXXX-XXXX.
func (s *Service) newUserCode() string {
	b := make([]byte, 0, userCodeLength+1)
	for len(b) < cap(b) {
		if len(b) == userCodeLength/2 {
			b = append(b, '-')
		}
		const most = 256 - 256%len(userCodeLetters)
		if c := int(s.random(1)[0]); c < most { // the rest would favour some letters
			b = append(b, userCodeLetters[c%len(userCodeLetters)])
		}
	}
	return string(b)
}

// deviceCode serves the endpoint where a device asks for its codes (RFC 8628).
func (s *Service) deviceCode(w http.ResponseWriter, r *http.Request) error {
	form, err := s.oauth2Form(w, r)
	if err != nil {
		return err
	}
	a, found, err := s.app(r.Context(), form.Get("client_id"))
	switch {
	case err != nil:
		return err
	case !found:
		return oauth2Fault(invalidClient, "there is no such client") // AUTH-88
	case !a.installed():
		return oauth2Fault(unauthorizedClient, "this client is registered for the web, not for devices") // AUTH-105
	}
	scopes, err := parseScopes(form.Get("scope"), s.ownHosts(r)...)
	if err != nil {
		return scopeFault(err)
	}
	asked := "codes/" + addressFailures(s.site.Peer(r).Addr)
	if n, err := s.failuresOf(r.Context(), asked); err != nil {
		return err
	} else if n >= s.o.LoginRefuseAfter { // no secret is needed to ask
		return contacts.Errorf(contacts.Unavailable, "", "Too many devices have asked for a code; try again later") // AUTH-114
	}
	text := base64.RawURLEncoding.EncodeToString(s.random(secretBytes)) // SEC-2
	code := s.newUserCode()
	until := s.now().Add(deviceLife)
	d := device{App: a.ID, Scopes: scopes, Until: until, UserCode: userCodeKey(code), Interval: deviceInterval}
	err = s.store.Update(r.Context(), store.Directory, func(tx store.Tx) error {
		var other string
		if taken, err := read(tx, recordDevice, d.UserCode, &other); err != nil {
			return err
		} else if taken {
			return contacts.Errorf(contacts.Unavailable, "", "Try again")
		}
		if err := s.addFailure(tx, asked); err != nil { // AUTH-114
			return err
		}
		return s.addDevice(tx, tokenKey(text), d)
	})
	if err != nil {
		return err
	}
	page := s.site.Base(r) + devicePaths[1]
	writeJSON(w, http.StatusOK, struct {
		DeviceCode string `json:"device_code"`
		UserCode   string `json:"user_code"`
		Page       string `json:"verification_uri"`
		OldPage    string `json:"verification_url"` // the same, for clients of the original service
		FullPage   string `json:"verification_uri_complete"`
		ExpiresIn  int    `json:"expires_in"`
		Interval   int    `json:"interval"`
	}{text, code, page, page, page + "?user_code=" + code, int(deviceLife / time.Second), int(deviceInterval / time.Second)}) // AUTH-105
	return nil
}

// addDevice keeps a new device, and leads its user code there.
func (s *Service) addDevice(tx store.Tx, key string, d device) error {
	end := func(oldest string) error { return dropDevice(tx, oldest, false) }
	if err := deviceRing(d.App).add(tx, key, d.Until.Add(deviceLife), end); err != nil { // AUTH-133
		return err
	}
	if err := put(tx, recordDevice, d.UserCode, key, d.Until); err != nil {
		return err
	}
	return s.putDevice(tx, key, d)
}

// putDevice keeps a device a little longer than it is good, so that it is told
// that it has waited too long.
func (s *Service) putDevice(tx store.Tx, key string, d device) error {
	return put(tx, recordDevice, key, d, d.Until.Add(deviceLife))
}

// devicePage is where the user types the code of a device, and answers.
func (s *Service) devicePage(w http.ResponseWriter, r *http.Request) error {
	if s.o.OAuth2Off {
		return s.errorPage(w, r, http.StatusForbidden, oauth2Off) // SEC-9
	}
	code := r.URL.Query().Get("user_code")
	if strings.TrimSpace(code) == "" {
		return s.askUserCode(w, r, "")
	}
	key, d, err := s.deviceOf(r.Context(), code, s.site.Peer(r).Addr)
	if err != nil {
		return err
	}
	if key == "" {
		return s.askUserCode(w, r, "This code is wrong, too old or was used before. Look at the device again.") // AUTH-106
	}
	shown := userCodeOf(code)
	shown = shown[:userCodeLength/2] + "-" + shown[userCodeLength/2:]
	a, found, err := s.app(r.Context(), d.App)
	if err != nil {
		return err
	}
	if !found {
		return s.errorPage(w, r, http.StatusBadRequest, "The program on the device is not registered here any more.")
	}
	return s.consent(w, r, ask{
		Program:    a.Name,
		Registered: true,
		Scopes:     d.Scopes,
		Caution: "Go on only if you have just begun this on a device of your own, and it shows the code " + shown + ". " +
			"Whoever sent you a link to this page may be after your contacts.",
		Again: true, // whoever sends somebody a link must not get in unasked
		Grant: func(w http.ResponseWriter, r *http.Request, u *Account) error {
			return s.deviceGranted(w, r, key, &a, u)
		},
		Deny: func(w http.ResponseWriter, r *http.Request) error {
			return s.deviceDenied(w, r, key, &a)
		},
	})
}

// deviceOf finds the device that shows a code and waits for an answer. Codes
// that people type are short, so wrong ones are counted against the address
// they come from, and in the end no more are looked at.
func (s *Service) deviceOf(ctx context.Context, code string, from netip.Addr) (key string, d device, err error) {
	tries := "device/" + addressFailures(from)
	failed := 0
	err = s.store.View(ctx, store.Directory, func(tx store.Tx) (err error) {
		if failed, err = s.failures(tx, tries); err != nil || failed >= s.o.LoginRefuseAfter {
			return err
		}
		key, d, err = s.waiting(tx, code)
		return err
	})
	switch {
	case err != nil:
		return "", d, err
	case failed >= s.o.LoginRefuseAfter:
		return "", d, contacts.Errorf(contacts.Unavailable, "", "Too many wrong codes; try again later") // AUTH-106
	case key != "":
		return key, d, nil
	}
	return "", d, s.store.Update(ctx, store.Directory, func(tx store.Tx) error {
		return s.addFailure(tx, tries) // AUTH-106
	})
}

// waiting finds the device of a user code, or nothing.
func (s *Service) waiting(tx store.Tx, code string) (key string, d device, err error) {
	found, err := read(tx, recordDevice, userCodeKey(code), &key)
	if err != nil || !found {
		return "", d, err
	}
	found, err = read(tx, recordDevice, key, &d)
	if err != nil || !found || !d.waits(s.now()) {
		return "", d, err
	}
	return key, d, nil
}

// waits reports whether nobody has answered yet, and still may.
func (d *device) waits(now time.Time) bool {
	return !d.Denied && d.Owner == 0 && now.Before(d.Until) // AUTH-106
}

// deviceGranted notes that the user lets the device in.
func (s *Service) deviceGranted(w http.ResponseWriter, r *http.Request, key string, a *app, u *Account) error {
	var scopes Scopes
	if err := s.answerDevice(r.Context(), key, func(d *device) { scopes = d.Scopes }); err != nil {
		return err
	}
	var id string
	err := s.store.Update(r.Context(), u.Owner, func(tx store.Tx) (err error) {
		if err = goodAccount(tx); err != nil {
			return err
		}
		id, err = s.joinGrant(tx, a, scopes)
		return err
	})
	if err != nil {
		return err
	}
	err = s.answerDevice(r.Context(), key, func(d *device) { d.Owner, d.Grant = u.Owner, id })
	if err != nil {
		return err
	}
	return s.notePage(w, http.StatusOK, note{
		Heading: "The device is connected",
		Texts:   []string{a.Name + " has access now. Go back to the device; it goes on by itself. You can close this page."},
	})
}

// deviceDenied notes that the user does not let the device in.
func (s *Service) deviceDenied(w http.ResponseWriter, r *http.Request, key string, a *app) error {
	if err := s.answerDevice(r.Context(), key, func(d *device) { d.Denied = true }); err != nil {
		return err
	}
	return s.notePage(w, http.StatusOK, note{
		Heading: "You denied access",
		Texts:   []string{a.Name + " was given nothing. You can close this page."},
	})
}

// answerDevice changes a device that waits for an answer.
func (s *Service) answerDevice(ctx context.Context, key string, change func(*device)) error {
	return s.store.Update(ctx, store.Directory, func(tx store.Tx) error {
		var d device
		found, err := read(tx, recordDevice, key, &d)
		if err != nil {
			return err
		}
		if !found || !d.waits(s.now()) {
			return contacts.Errorf(contacts.Invalid, "", "The code was used meanwhile, or is too old. Start again on the device.")
		}
		change(&d)
		if d.Owner != 0 {
			end := func(oldest string) error { return dropDevice(tx, oldest, true) }
			if err := agreedRing(recordDevice, d.Owner).add(tx, key, d.Until.Add(deviceLife), end); err != nil { // AUTH-133
				return err
			}
		}
		return s.putDevice(tx, key, d)
	})
}

// tokenByDevice tells a device how things stand: its tokens, once, when the
// user has agreed, and until then an error that says whether to go on asking.
func (s *Service) tokenByDevice(w http.ResponseWriter, r *http.Request, form url.Values, text string) (a oauth2Answer, err error) {
	app, err := s.oauth2Client(r, form)
	if err != nil {
		return a, err
	}
	if text == "" {
		return a, oauth2Fault(invalidRequest, "device_code is missing")
	}
	var d device
	var refused error // of a change that is kept
	err = s.store.Update(r.Context(), store.Directory, func(tx store.Tx) error {
		d, refused = device{}, nil
		key := tokenKey(text)
		found, err := read(tx, recordDevice, key, &d)
		if err != nil {
			return err
		}
		now := s.now()
		switch {
		case !found || d.App != app.ID:
			return oauth2Fault(invalidGrant, "the device code is unknown or used, or of another client") // AUTH-107
		case d.Denied:
			refused = oauth2Fault(accessDenied, "the user has denied access") // AUTH-107
			return endDevice(tx, key, d)
		case !now.Before(d.Until):
			return oauth2Fault(expiredToken, "nobody has typed the code in time") // AUTH-107
		case d.Owner != 0:
			return endDevice(tx, key, d)
		case now.Sub(d.Asked) < d.Interval:
			d.Interval += deviceInterval
			refused = oauth2Fault(slowDown, "ask less often") // AUTH-107
		default:
			refused = oauth2Fault(authorizationPending, "nobody has answered yet") // AUTH-107
		}
		d.Asked = now
		return s.putDevice(tx, key, d)
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return a, err
	}
	err = s.store.Update(r.Context(), d.Owner, func(tx store.Tx) error {
		if err := goodAccount(tx); err != nil {
			return err
		}
		if _, found, err := grantOf(tx, d.Grant); err != nil {
			return err
		} else if !found {
			return oauth2Fault(accessDenied, "the user has taken the consent back")
		}
		a, err = s.issue(tx, d.Owner, app, d.Scopes, d.Grant, true)
		return err
	})
	return a, s.issuedTo(w, d.Owner, err)
}

// dropDevice forgets a device that a user has let in, or else one that none has.
func dropDevice(tx store.Tx, key string, agreed bool) error {
	var d device
	if found, err := read(tx, recordDevice, key, &d); err != nil || !found || (d.Owner != 0) != agreed {
		return err // AUTH-133
	}
	return endDevice(tx, key, d)
}

// endDevice forgets a device that has had its answer.
func endDevice(tx store.Tx, key string, d device) error {
	if err := tx.DeleteRecord(recordDevice, key); err != nil {
		return err
	}
	return tx.DeleteRecord(recordDevice, d.UserCode)
}
