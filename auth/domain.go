package auth

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"contacts"
	"contacts/store"
)

// A Domain is a set of users with an address book that they share.
type Domain struct {
	Owner          store.Owner // of the shared contacts
	Name           string      // lower case
	UsersRead      bool        // all its users may read the shared contacts, not only administrators
	SharedContacts bool        // the shared contacts are open at all
	Delegates      []string    // client ids of programs that may act for each of its users
	Created        time.Time
}

// A domain is a Domain as it is kept.
type domain struct {
	Name      string    `json:"name"`
	UsersRead bool      `json:"usersRead,omitempty"`
	SharedOff bool      `json:"sharedOff,omitempty"`
	Delegates []string  `json:"delegates,omitempty"`
	Created   time.Time `json:"created"`
}

func (d *domain) public(owner store.Owner) Domain {
	return Domain{Owner: owner, Name: d.Name, UsersRead: d.UsersRead, SharedContacts: !d.SharedOff, Delegates: d.Delegates, Created: d.Created}
}

// AddDomain makes a domain with an empty book. It fails with kind Invalid for a
// name that cannot be one, and Duplicate if the domain exists.
func (s *Service) AddDomain(ctx context.Context, name string) (Domain, error) {
	name, err := parseDomain(name)
	if err != nil {
		return Domain{}, err
	}
	d := domain{Name: name, Created: s.now().UTC()}
	owner, err := s.create(ctx, recordDomainName, name, name, func(tx store.Tx, _ store.Owner) error {
		return put(tx, recordDomain, selfKey, d, forever)
	})
	if err != nil {
		return Domain{}, err
	}
	return d.public(owner), nil
}

// Domains lists all domains by name.
func (s *Service) Domains(ctx context.Context) ([]Domain, error) {
	owners, err := s.names(ctx, recordDomainName, "")
	if err != nil {
		return nil, err
	}
	domains := make([]Domain, 0, len(owners))
	for _, owner := range owners {
		d, found, err := s.domain(ctx, owner)
		if err != nil {
			return nil, err
		}
		if found {
			domains = append(domains, d.public(owner))
		}
	}
	return domains, nil
}

// Domain finds a domain by name. It fails with kind NotFound.
func (s *Service) Domain(ctx context.Context, name string) (Domain, error) {
	n, found, err := s.lookup(ctx, recordDomainName, fold(name))
	var d domain
	if err == nil && found {
		d, found, err = s.domain(ctx, n.Owner)
	}
	if err == nil && !found {
		err = noDomain(name)
	}
	if err != nil {
		return Domain{}, err
	}
	return d.public(n.Owner), nil
}

// The settings of a domain, by their names: what each value does.
var domainSettings = []struct {
	key    string
	values map[string]func(*domain)
	words  string
}{
	{"readers", map[string]func(*domain){
		"admins": func(d *domain) { d.UsersRead = false }, // RES-57
		"users":  func(d *domain) { d.UsersRead = true },  // RES-57
	}, "admins or users"},
	{"shared_contacts", map[string]func(*domain){
		"on":  func(d *domain) { d.SharedOff = false }, // RES-55
		"off": func(d *domain) { d.SharedOff = true },  // RES-55
	}, "on or off"},
}

// delegateSetting is the setting that takes a list.
const delegateSetting = "delegate"

// A DomainSetting is a setting of a domain with the value it gets.
type DomainSetting struct{ Key, Value string }

// SetDomain is SetDomainAll for one setting.
func (s *Service) SetDomain(ctx context.Context, name, key, value string) error {
	return s.SetDomainAll(ctx, name, []DomainSetting{{key, value}})
}

// SetDomainAll changes settings of a domain, all or none: readers is admins or
// users, shared_contacts is on or off, and delegate is a list of client ids with
// commas between them, which may be empty. It fails with kind Invalid, naming
// what is valid, and NotFound without the domain or a program.
func (s *Service) SetDomainAll(ctx context.Context, name string, settings []DomainSetting) error {
	var sets []func(*domain)
	for _, setting := range settings {
		set, err := s.domainSetting(ctx, setting.Key, setting.Value)
		if err != nil {
			return err
		}
		sets = append(sets, set)
	}
	d, err := s.Domain(ctx, name)
	if err != nil {
		return err
	}
	return s.store.Update(ctx, d.Owner, func(tx store.Tx) error {
		var kept domain
		if found, err := read(tx, recordDomain, selfKey, &kept); err != nil {
			return err
		} else if !found {
			return noDomain(name)
		}
		for _, set := range sets {
			set(&kept)
		}
		return put(tx, recordDomain, selfKey, kept, forever)
	})
}

// domainSetting is what a value of a setting does.
func (s *Service) domainSetting(ctx context.Context, key, value string) (func(*domain), error) {
	if key == delegateSetting {
		ids, err := s.delegates(ctx, value)
		return func(d *domain) { d.Delegates = ids }, err
	}
	var keys []string
	for _, setting := range domainSettings {
		keys = append(keys, setting.key)
		if setting.key != key {
			continue
		}
		set, ok := setting.values[value]
		if !ok {
			return nil, contacts.Errorf(contacts.Invalid, "", "%s must be %s, not %q", key, setting.words, value)
		}
		return set, nil
	}
	keys = append(keys, delegateSetting)
	return nil, contacts.Errorf(contacts.Invalid, "", "unknown setting %q of a domain: use %s", key, strings.Join(keys, " or "))
}

// delegates reads a list of programs, each given by client id or name.
func (s *Service) delegates(ctx context.Context, list string) (ids []string, err error) {
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		a, err := s.App(ctx, name)
		if err != nil {
			return nil, err
		}
		if a.Public {
			return nil, contacts.Errorf(contacts.Invalid, "", "%s has no secret, so anybody could act in its name", a.Name) // AUTH-124
		}
		if !slices.Contains(ids, a.ID) {
			ids = append(ids, a.ID)
		}
	}
	return ids, nil
}

// delegated reports whether a program may act for the users of a domain, as
// the domain's administrator has decided (AUTH-75).
func (s *Service) delegated(ctx context.Context, domainOwner store.Owner, clientID string) (bool, error) {
	d, found, err := s.domain(ctx, domainOwner)
	return found && clientID != "" && slices.Contains(d.Delegates, clientID), err // AUTH-75
}

// RemoveDomain removes a domain without users and returns its number, whose
// book the caller drops. It fails with kind NotFound, and with kind Forbidden,
// naming users, as long as there are some.
func (s *Service) RemoveDomain(ctx context.Context, name string) (store.Owner, error) {
	name = fold(name)
	var owner store.Owner
	err := s.store.Update(ctx, store.Directory, func(tx store.Tx) error {
		var n nameRecord
		if found, err := read(tx, recordDomainName, name, &n); err != nil {
			return err
		} else if !found {
			return noDomain(name)
		}
		owner = n.Owner
		var users []string
		err := eachName(tx, recordUserName, name+"/", func(key string, _ nameRecord) {
			users = append(users, strings.TrimPrefix(key, name+"/")+"@"+name)
		})
		if err != nil {
			return err
		}
		if len(users) > 0 {
			const shown = 3
			list := strings.Join(users[:min(shown, len(users))], ", ")
			if len(users) > shown {
				list += ", ..."
			}
			return contacts.Errorf(contacts.Forbidden, "", "%s still has users: %s", name, list)
		}
		return tx.DeleteRecord(recordDomainName, name)
	})
	if err != nil {
		return 0, err
	}
	return owner, s.store.Update(ctx, owner, func(tx store.Tx) error {
		return tx.DeleteRecord(recordDomain, selfKey)
	})
}

// eachName calls fn with the names of a type that begin with prefix, without
// those removed.
func eachName(tx store.Tx, t store.RecordType, prefix string, fn func(string, nameRecord)) error {
	for r, err := range tx.Records(t, prefix) {
		if err != nil {
			return err
		}
		var n nameRecord
		if err := json.Unmarshal(r.Value, &n); err != nil {
			return err
		}
		if !n.Removed {
			fn(r.Key, n)
		}
	}
	return nil
}

func (s *Service) domain(ctx context.Context, owner store.Owner) (d domain, found bool, err error) {
	err = s.store.View(ctx, owner, func(tx store.Tx) error {
		found, err = read(tx, recordDomain, selfKey, &d)
		return err
	})
	return d, found, err
}

func noDomain(name string) error {
	return contacts.Errorf(contacts.NotFound, contacts.CodeNotFound, "There is no domain %s", fold(name))
}
