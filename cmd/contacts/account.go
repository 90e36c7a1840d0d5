package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// The ways to be signed in.
const (
	clientLogin = "ClientLogin"
	oauth2Way   = "OAuth 2.0"
)

// An account is somebody who is signed in at a server. Its tokens are secrets.
type account struct {
	Server string `json:"server"`
	Email  string `json:"email"`
	Way    string `json:"way"`
	Token  string `json:"token"`

	Refresh  string    `json:"refresh_token,omitempty"` // the rest of OAuth 2.0
	Expires  time.Time `json:"expires,omitzero"`
	ClientID string    `json:"client_id,omitempty"`

	CACert string `json:"ca_cert,omitempty"` // file of the authority of the server's certificate
}

// accounts is the file of all accounts. The first is that of the last login.
type accounts struct {
	Version  int        `json:"version"`
	Accounts []*account `json:"accounts"`
}

const accountsVersion = 1

// configDir is the directory for what the program keeps.
func (a *app) configDir() (string, error) {
	if dir := a.setting("", "CONTACTS_CONFIG"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("%w; name a directory in CONTACTS_CONFIG", err)
	}
	return filepath.Join(dir, "contacts"), nil
}

func (a *app) accountsFile() (string, error) {
	dir, err := a.configDir()
	return filepath.Join(dir, "accounts.json"), err
}

// readAccounts reads the accounts; none without a file.
func (a *app) readAccounts() (*accounts, error) {
	name, err := a.accountsFile()
	if err != nil {
		return nil, err
	}
	list := &accounts{Version: accountsVersion}
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return list, nil
	}
	if err == nil {
		err = json.Unmarshal(text, list)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if list.Version != accountsVersion {
		return nil, fmt.Errorf("%s has version %d; this program reads version %d", name, list.Version, accountsVersion)
	}
	return list, nil
}

// writeAccounts replaces the file in one step. Nobody else may read it.
func (a *app) writeAccounts(list *accounts) error {
	name, err := a.accountsFile()
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	return writeFile(name, append(text, '\n')) // CMD-1
}

// writeFile writes a file that only its owner may read. It has its name only
// when it is complete.
func writeFile(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".contacts-*") // mode 0600, CMD-1
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // in vain, if it has got its name
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return os.Rename(f.Name(), name)
}

// put makes acc the first account, in place of what there was of it.
func (l *accounts) put(acc *account) {
	l.remove(acc)
	l.Accounts = slices.Insert(l.Accounts, 0, acc) // CMD-2
}

func (l *accounts) remove(acc *account) {
	l.Accounts = slices.DeleteFunc(l.Accounts, acc.is)
}

// is reports whether two are of the same user at the same server.
func (acc *account) is(other *account) bool {
	return acc.Server == other.Server && strings.EqualFold(acc.Email, other.Email)
}

// find is the account that is meant; empty texts mean any. It is nil if there
// is none.
func (l *accounts) find(server, email string) (*account, error) {
	var found []*account
	for _, acc := range l.Accounts {
		if (server == "" || acc.Server == server) && (email == "" || strings.EqualFold(acc.Email, email)) {
			found = append(found, acc)
		}
	}
	switch {
	case len(found) == 0:
		return nil, nil
	case len(found) > 1 && email != "":
		var servers []string
		for _, acc := range found {
			servers = append(servers, "\n  "+acc.Server)
		}
		return nil, usageErrorf("%s is signed in at several servers; say which by --server:%s", email, strings.Join(servers, ""))
	}
	return found[0], nil
}

// serverURL is the server that the flag or the environment names, or empty.
func (a *app) serverURL() (string, error) {
	server := strings.TrimRight(strings.TrimSpace(a.setting(a.server, "CONTACTS_SERVER")), "/")
	if server != "" && !strings.HasPrefix(server, "https://") && !strings.HasPrefix(server, "http://") {
		return "", usageErrorf("the server %q must be a URL such as https://contacts.example.com or http://127.0.0.1:8080", server)
	}
	return server, nil
}

// signedIn is the account that the flags and the environment mean.
func (a *app) signedIn() (*account, error) {
	server, err := a.serverURL()
	if err != nil {
		return nil, err
	}
	email := a.setting(a.account, "CONTACTS_ACCOUNT")
	if token := a.setting("", "CONTACTS_TOKEN"); token != "" {
		if server == "" {
			return nil, usageErrorf("CONTACTS_TOKEN is set, but no server: set CONTACTS_SERVER or give --server URL")
		}
		acc := &account{Server: server, Email: cmp.Or(email, "default"), Way: clientLogin, Token: token}
		if bearer, ok := strings.CutPrefix(token, "Bearer "); ok {
			acc.Way, acc.Token = oauth2Way, bearer
		}
		return acc, nil
	}
	list, err := a.readAccounts()
	if err != nil {
		return nil, err
	}
	acc, err := list.find(server, email)
	switch {
	case acc != nil || err != nil:
		return acc, err
	case a.setting("", "CONTACTS_PASSWORD") != "" && server != "" && email != "": // CMD-2
		return &account{Server: server, Email: email, Way: clientLogin}, nil
	case email != "" || server != "":
		who := cmp.Or(email, "nobody")
		if email == "" {
			return nil, fmt.Errorf("%s is signed in at %s; run: contacts login --server %s EMAIL", who, server, server)
		}
		return nil, fmt.Errorf("%s is not signed in; run: contacts login --server %s %s", who, cmp.Or(server, "URL"), who)
	}
	return nil, errors.New("you are not signed in; run: contacts login --server URL EMAIL")
}

// keep writes down what has changed of an account that is in the file.
func (a *app) keep(acc *account) error {
	list, err := a.readAccounts()
	if err != nil {
		return err
	}
	for i, other := range list.Accounts {
		if other.is(acc) {
			list.Accounts[i] = acc
			return a.writeAccounts(list)
		}
	}
	return nil
}

// completeAccounts completes --account.
func (a *app) completeAccounts(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var emails []string
	if list, err := a.readAccounts(); err == nil {
		for _, acc := range list.Accounts {
			emails = append(emails, acc.Email)
		}
	}
	return emails, cobra.ShellCompDirectiveNoFileComp
}
