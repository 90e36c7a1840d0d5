package auth

import (
	"context"
	"strconv"
	"time"

	"contacts/store"
)

// The record types that rings bound.
const (
	TokenRecord   = recordToken
	CodeRecord    = recordCode
	RequestRecord = recordRequestToken
	DeviceRecord  = recordDevice
	GrantRecord   = recordGrant
	RingRecord    = recordRing
)

// Kept is how many records of a type an owner has.
func (s *Service) Kept(ctx context.Context, owner store.Owner, as store.RecordType) (n int, err error) {
	err = s.store.View(ctx, owner, func(tx store.Tx) error {
		all, err := collect(tx.Records(as, ""))
		n = len(all)
		return err
	})
	return n, err
}

// often calls fn n times in one update.
func (s *Service) often(ctx context.Context, owner store.Owner, n int, fn func(tx store.Tx, i int) error) error {
	return s.store.Update(ctx, owner, func(tx store.Tx) error {
		for i := range n {
			if err := fn(tx, i); err != nil {
				return err
			}
		}
		return nil
	})
}

// LogInOften makes n ClientLogin tokens.
func (s *Service) LogInOften(ctx context.Context, owner store.Owner, n int) error {
	return s.often(ctx, owner, n, func(tx store.Tx, _ int) error {
		return s.putToken(tx, s.newToken(owner), token{Kind: ClientLoginToken, Created: s.now(), Expires: s.now().Add(s.o.ClientLoginLife)})
	})
}

// AuthSubOften makes n single-use tokens of AuthSub, to no consent.
func (s *Service) AuthSubOften(ctx context.Context, owner store.Owner, n int) error {
	return s.often(ctx, owner, n, func(tx store.Tx, _ int) error {
		return s.putToken(tx, s.newToken(owner), token{Kind: AuthSubToken, Once: true, Created: s.now(), Expires: s.now().Add(authSubOnceLife)})
	})
}

// SignInOften makes n sessions.
func (s *Service) SignInOften(ctx context.Context, owner store.Owner, n int) error {
	return s.often(ctx, owner, n, func(tx store.Tx, _ int) error {
		sess := session{Created: s.now()}
		sess.extend(s.now())
		return putSession(tx, tokenKey(s.newToken(owner)), sess)
	})
}

// AgreeOften makes n consents to a program, or to n programs if it has no name.
func (s *Service) AgreeOften(ctx context.Context, owner store.Owner, name string, n int) error {
	return s.often(ctx, owner, n, func(tx store.Tx, i int) error {
		g := grant{Name: name, Kind: AuthSubToken, Created: s.now().Add(time.Duration(i))}
		if name == "" {
			g.Name = strconv.Itoa(i) + ".example"
		}
		return s.addGrant(tx, s.newGrant(), g, forever)
	})
}

// CodeOften makes n codes for a program.
func (s *Service) CodeOften(ctx context.Context, owner store.Owner, id string, n int) error {
	a, _, err := s.app(ctx, id)
	for range n {
		if err == nil {
			_, err = s.newCode(ctx, owner, &oauth2Request{app: a, scopes: Scopes{scopeFeeds}})
		}
	}
	return err
}

// IssueOften gives a program n access tokens of a consent.
func (s *Service) IssueOften(ctx context.Context, owner store.Owner, id, grant string, n int) error {
	return s.often(ctx, owner, n, func(tx store.Tx, _ int) error {
		_, err := s.issue(tx, owner, &app{ID: id}, nil, grant, false)
		return err
	})
}

// AskOften makes n request tokens of a program, to which a user agrees unless
// owner is 0.
func (s *Service) AskOften(ctx context.Context, id string, owner store.Owner, n int) error {
	var texts []string
	err := s.often(ctx, store.Directory, n, func(tx store.Tx, _ int) error {
		text := s.newToken(1)
		texts = append(texts, text)
		return putRequest(tx, text, requestToken{App: id, Expires: s.now().Add(requestTokenLife)})
	})
	for _, text := range texts {
		if err == nil && owner != 0 {
			_, err = s.agreeToRequest(ctx, text, owner, "", "")
		}
	}
	return err
}

// SkipAssertions does to the ring of a service account what n assertions do,
// but takes no slots.
func (s *Service) SkipAssertions(ctx context.Context, id string, n int) error {
	return s.store.Update(ctx, store.Directory, func(tx store.Tx) error {
		var next int
		if _, err := read(tx, recordRing, assertionRing(id).prefix(), &next); err != nil {
			return err
		}
		return put(tx, recordRing, assertionRing(id).prefix(), next+n, s.now().Add(time.Hour))
	})
}

// DeviceOften makes n devices of a program, which a user lets in unless owner
// is 0.
func (s *Service) DeviceOften(ctx context.Context, id string, owner store.Owner, n int) error {
	var keys []string
	err := s.often(ctx, store.Directory, n, func(tx store.Tx, _ int) error {
		key := tokenKey(s.newToken(1))
		keys = append(keys, key)
		return s.addDevice(tx, key, device{App: id, UserCode: userCodeKey(key), Until: s.now().Add(deviceLife)})
	})
	for _, key := range keys {
		if err == nil && owner != 0 {
			err = s.answerDevice(ctx, key, func(d *device) { d.Owner = owner })
		}
	}
	return err
}
