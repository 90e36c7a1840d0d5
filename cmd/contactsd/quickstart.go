package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"contacts"
	"contacts/cmd/line"
	"contacts/server"
)

func (a *app) quickstartCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "quickstart --domain NAME --admin EMAIL",
		Short: "Set up a domain and its administrator, and say what comes next",
		Long: "Sets up a domain and its administrator in the data directory, which is made if missing.\n" +
			"A domain that exists already is kept. A password is made and printed.",
		Args: line.Args(0, 0),
	}
	domain := cmd.Flags().String("domain", "", "`name` of the domain, such as example.com")
	email := cmd.Flags().String("admin", "", "e-mail `address` of the administrator, in that domain")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := applyEnv(cmd.Flags(), a.set.origin, a.lookupEnv); err != nil {
			return err
		}
		if *domain == "" || *email == "" {
			return usageErrorf("quickstart needs --domain and --admin")
		}
		if _, at, _ := strings.Cut(*email, "@"); !strings.EqualFold(at, *domain) {
			return usageErrorf("the administrator %s is not in the domain %s", *email, *domain)
		}
		return a.making(func(ctx context.Context, s *server.Server, _ []string) error {
			return a.quickstart(ctx, s, *domain, *email)
		})(cmd, args)
	}
	return cmd
}

func (a *app) quickstart(ctx context.Context, s *server.Server, domain, email string) error {
	switch _, err := s.Auth.AddDomain(ctx, domain); {
	case err == nil:
		a.remark("added domain %s", domain)
	case errors.Is(err, contacts.Duplicate):
		a.remark("domain %s exists already", domain)
	default:
		return err
	}
	password := s.Auth.GeneratePassword()
	if _, err := s.Auth.AddUser(ctx, server.NewUser{Email: email, Admin: true, Password: password}); err != nil {
		return err
	}
	a.remark("added administrator %s", email)

	at := "http://" + a.set.Listen
	if a.set.PublicURL != "" {
		at = a.set.PublicURL
	}
	data := a.dataFlag()
	start := "contactsd serve" + data
	if a.ofPackage() {
		start = "systemctl start contactsd"
	}
	_, err := fmt.Fprintf(a.stdout, `administrator: %s
password: %s

The password is not shown again. What comes next:
  %-35s  runs the server on %s
  contactsd user add NAME@%s%s    adds a user
  contactsd user passwd %s%s      sets another password
The shared contacts of the domain are at %s/m8/feeds/contacts/%s/full.
`, email, password, start, at, domain, data, email, data, at, domain)
	return err
}

// ofPackage reports whether the data directory is that of the Debian package,
// whose unit is here.
func (a *app) ofPackage() bool {
	for _, dir := range []string{"/usr/lib", "/lib"} {
		if _, err := os.Stat(dir + "/systemd/system/contactsd.service"); err == nil {
			return filepath.Clean(a.set.Data) == "/var/lib/contactsd"
		}
	}
	return false
}
