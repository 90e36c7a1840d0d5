package auth

import (
	"context"
	"strings"
	"time"

	"contacts"
	"contacts/store"
)

// An Account is a user, as others may see it.
type Account struct {
	Owner       store.Owner // of the user's own book
	Email       string      // lower case
	Name        string      // for people to read; may be empty
	Domain      string      // the part of Email after the @
	DomainOwner store.Owner // of the domain's shared contacts
	Admin       bool        // of the domain
	Disabled    bool        // may not sign in, and no token of it works
	Flags       Flags
	Created     time.Time
}

// DisplayName is the name for people to read, never empty.
func (a *Account) DisplayName() string {
	if a.Name != "" {
		return a.Name
	}
	return a.Email
}

// Flags are states of an account in which it cannot sign in with a password
// alone. Setting one ends what a password has opened, and ServiceOff ends all
// tokens. The zero value is an account in good order.
type Flags struct {
	Unverified   bool `json:"unverified,omitempty"`   // the address is not known to be the user's
	TermsPending bool `json:"terms,omitempty"`        // the terms of use are not accepted
	SecondFactor bool `json:"secondFactor,omitempty"` // a password alone is not enough
	ServiceOff   bool `json:"serviceOff,omitempty"`   // the user may not use the contacts service
}

// An account is a user as it is kept.
type account struct {
	Email       string      `json:"email"`
	Name        string      `json:"name,omitempty"`
	DomainOwner store.Owner `json:"domainOwner"`
	Admin       bool        `json:"admin,omitempty"`
	Disabled    bool        `json:"disabled,omitempty"`
	Deleted     bool        `json:"deleted,omitempty"` // only Email, Password and this are left
	Flags       Flags       `json:"flags,omitzero"`
	Password    string      `json:"password"` // as hashPassword makes it
	Created     time.Time   `json:"created"`
}

func (a *account) public(owner store.Owner) Account {
	return Account{
		Owner:       owner,
		Email:       a.Email,
		Name:        a.Name,
		Domain:      a.Email[strings.LastIndexByte(a.Email, '@')+1:],
		DomainOwner: a.DomainOwner,
		Admin:       a.Admin,
		Disabled:    a.Disabled,
		Flags:       a.Flags,
		Created:     a.Created,
	}
}

// removedLife is how long a removed account is remembered, so that its owner
// is told of the removal instead of a wrong password (AUTH-32).
const removedLife = 30 * 24 * time.Hour

// A NewUser is what AddUser needs to know.
type NewUser struct {
	Email    string
	Name     string // may be empty
	Admin    bool   // of the domain
	Password string
}

// AddUser makes a user in a domain that exists, with an empty book. It fails
// with kind Invalid for an address or password that cannot be used, NotFound
// without the domain, and Duplicate if the user exists.
func (s *Service) AddUser(ctx context.Context, u NewUser) (Account, error) {
	email, _, domainName, err := parseEmail(u.Email)
	if err != nil {
		return Account{}, err
	}
	d, err := s.Domain(ctx, domainName)
	if err != nil {
		return Account{}, err
	}
	hash, err := s.hashPassword(ctx, u.Password)
	if err != nil {
		return Account{}, err
	}
	a := account{
		Email:       email,
		Name:        strings.TrimSpace(u.Name),
		DomainOwner: d.Owner,
		Admin:       u.Admin,
		Password:    hash,
		Created:     s.now().UTC(),
	}
	owner, err := s.create(ctx, recordUserName, userKey(email), email, func(tx store.Tx, _ store.Owner) error {
		return put(tx, recordAccount, selfKey, a, forever)
	})
	if err != nil {
		return Account{}, err
	}
	return a.public(owner), nil
}

// Users lists the users of a domain by address, or all users if it is empty.
func (s *Service) Users(ctx context.Context, domainName string) ([]Account, error) {
	prefix := ""
	if domainName != "" {
		d, err := s.Domain(ctx, domainName)
		if err != nil {
			return nil, err
		}
		prefix = d.Name + "/"
	}
	owners, err := s.names(ctx, recordUserName, prefix)
	if err != nil {
		return nil, err
	}
	users := make([]Account, 0, len(owners))
	for _, owner := range owners {
		a, found, err := s.account(ctx, owner)
		if err != nil {
			return nil, err
		}
		if found && !a.Deleted {
			users = append(users, a.public(owner))
		}
	}
	return users, nil
}

// User finds a user by address. It fails with kind NotFound.
func (s *Service) User(ctx context.Context, email string) (Account, error) {
	owner, err := s.userNumber(ctx, email)
	if err != nil {
		return Account{}, err
	}
	a, found, err := s.account(ctx, owner)
	if err == nil && (!found || a.Deleted) {
		err = noUser(email)
	}
	if err != nil {
		return Account{}, err
	}
	return a.public(owner), nil
}

// SetPassword gives the user a new password, ends all ClientLogin tokens and
// the sessions of browsers, and forgets failed logins. It fails with kind
// Invalid for a password that cannot be used.
func (s *Service) SetPassword(ctx context.Context, email, password string) error {
	hash, err := s.hashPassword(ctx, password)
	if err != nil {
		return err
	}
	err = s.change(ctx, email, func(tx store.Tx, a *account) error {
		a.Password = hash
		return endClientLogins(tx) // AUTH-36, SEC-8
	})
	if err != nil {
		return err
	}
	return s.forgetFailures(ctx, fold(email))
}

// changePassword is SetPassword for who has just signed in with the old one. If
// the account has changed since, it judges again, and may refuse instead.
func (s *Service) changePassword(ctx context.Context, o *outcome, password string) error {
	hash, err := s.hashPassword(ctx, password)
	if err != nil {
		return err
	}
	err = s.allow(ctx, o, func(tx store.Tx) error {
		a := o.account
		a.Password = hash
		if err := put(tx, recordAccount, selfKey, a, forever); err != nil {
			return err
		}
		return endClientLogins(tx) // AUTH-36, SEC-8
	})
	if err != nil || o.refusal != "" {
		return err
	}
	o.account.Password = hash
	return s.forgetFailures(ctx, o.account.Email)
}

// SetDisabled closes an account, which ends all its tokens, or opens it again.
func (s *Service) SetDisabled(ctx context.Context, email string, disabled bool) error {
	return s.change(ctx, email, func(tx store.Tx, a *account) error {
		a.Disabled = disabled
		if !disabled {
			return nil
		}
		return endAll(tx)
	})
}

// SetFlags replaces the flags of an account.
func (s *Service) SetFlags(ctx context.Context, email string, f Flags) error {
	return s.change(ctx, email, func(tx store.Tx, a *account) error {
		a.Flags = f
		switch {
		case f.ServiceOff:
			return endAll(tx)
		case f == (Flags{}):
			return nil
		}
		return endClientLogins(tx)
	})
}

// SetAdmin makes the user an administrator of the domain, or ends that.
func (s *Service) SetAdmin(ctx context.Context, email string, admin bool) error {
	return s.change(ctx, email, func(_ store.Tx, a *account) error {
		a.Admin = admin
		return nil
	})
}

// RemoveUser ends all tokens of a user and removes the account, and returns
// its number, whose book the caller drops. The name is free at once; the
// number is not used again. It fails with kind NotFound, but not for an
// account whose removal had begun.
func (s *Service) RemoveUser(ctx context.Context, email string) (store.Owner, error) {
	owner, err := s.userNumber(ctx, email)
	if err != nil {
		return 0, err
	}
	until := s.now().Add(removedLife)
	err = s.store.Update(ctx, owner, func(tx store.Tx) error {
		if err := tx.PutRecord(recordAccount, removedKey, []byte("{}"), forever); err != nil {
			return err
		}
		if err := endAll(tx); err != nil {
			return err
		}
		var a account
		if found, err := read(tx, recordAccount, selfKey, &a); err != nil || !found || a.Deleted {
			return err
		}
		return put(tx, recordAccount, selfKey, account{Email: a.Email, Password: a.Password, Deleted: true}, until)
	})
	if err != nil {
		return 0, err
	}
	err = s.store.Update(ctx, store.Directory, func(tx store.Tx) error {
		key := userKey(fold(email))
		var n nameRecord
		if found, err := read(tx, recordUserName, key, &n); err != nil || !found || n.Owner != owner {
			return err
		}
		return put(tx, recordUserName, key, nameRecord{Owner: owner, Removed: true}, until)
	})
	return owner, err
}

// userNumber finds the number of a user by address. It fails with kind NotFound.
func (s *Service) userNumber(ctx context.Context, email string) (store.Owner, error) {
	n, found, err := s.lookup(ctx, recordUserName, userKey(fold(email)))
	if err == nil && (!found || n.Removed) {
		err = noUser(email)
	}
	return n.Owner, err
}

// account reads the account of a number.
func (s *Service) account(ctx context.Context, owner store.Owner) (a account, found bool, err error) {
	err = s.store.View(ctx, owner, func(tx store.Tx) error {
		found, err = read(tx, recordAccount, selfKey, &a)
		return err
	})
	return a, found, err
}

// change lets fn change the account of a user.
func (s *Service) change(ctx context.Context, email string, fn func(store.Tx, *account) error) error {
	owner, err := s.userNumber(ctx, email)
	if err != nil {
		return err
	}
	return s.store.Update(ctx, owner, func(tx store.Tx) error {
		var a account
		if found, err := read(tx, recordAccount, selfKey, &a); err != nil {
			return err
		} else if !found || a.Deleted {
			return noUser(email)
		}
		if err := fn(tx, &a); err != nil {
			return err
		}
		return put(tx, recordAccount, selfKey, a, forever)
	})
}

func noUser(email string) error {
	return contacts.Errorf(contacts.NotFound, contacts.CodeNotFound, "There is no user %s", fold(email))
}
