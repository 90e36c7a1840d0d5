package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"contacts/cmd/line"
	"contacts/server"
)

func (a *app) serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the server",
		Long: "Runs the server until SIGINT or SIGTERM, then finishes the requests under way; a second signal\n" +
			"ends it at once. Each flag is also an environment variable and a key of the configuration file:\n" +
			"--max-contacts, CONTACTSD_MAX_CONTACTS, max_contacts.",
		Args: line.Args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.set.checkAddresses(); err != nil {
				return err
			}
			if err := a.set.CheckListen(); err != nil {
				return err
			}
			return a.withServer(cmd.Context(), func(s *server.Server) error { return a.serve(cmd.Context(), s) })
		},
	}
	a.addFlags(cmd)
	return cmd
}

func (a *app) serve(ctx context.Context, s *server.Server) error {
	// SIGPIPE must not end a server whose log or output nobody reads any more.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal has its usual effect

	l, err := net.Listen("tcp", a.set.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("listen: another program has the address %s; name another with --listen", a.set.Listen)
	}
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	var demo *server.Demo
	if a.set.demo { // not before the address is ours: passwords are shown once
		if demo, err = s.Demo(ctx); err != nil {
			return errors.Join(err, l.Close())
		}
	}
	scheme := a.set.Scheme()
	return s.Serve(ctx, l, func() {
		fmt.Fprintf(a.stdout, "listening on %s://%s\n", scheme, l.Addr())
		if demo != nil {
			a.printDemo(demo, scheme+"://"+reachable(l.Addr().(*net.TCPAddr)))
		}
		if st := s.StandIn(); st != nil {
			a.printStandIn(st)
		}
	})
}

// reachable is an address of this machine on which a listener answers.
func reachable(addr *net.TCPAddr) string {
	at := addr.AddrPort()
	if !at.Addr().IsUnspecified() {
		return at.String()
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port()).String()
}

// mostShown is how many accounts --demo lists of a database that it did not fill.
const mostShown = 10

// printDemo says where to look. The passwords are known only right after the
// accounts were made.
func (a *app) printDemo(d *server.Demo, url string) {
	if !d.Created {
		fmt.Fprintf(a.stdout, "\nThe database has accounts already, and --demo changed nothing:\n")
		for i, acct := range d.Accounts {
			if i == mostShown {
				fmt.Fprintf(a.stdout, "  and %d more\n", len(d.Accounts)-i)
				break
			}
			fmt.Fprintf(a.stdout, "  %-13s  %s\n", role(acct.Admin), acct.Email)
		}
		fmt.Fprintf(a.stdout, "Look at %s/. Set a new password with: contactsd user passwd EMAIL%s\n", url, a.dataFlag())
		return
	}
	fmt.Fprintf(a.stdout, "\nMade the domain %s with sample contacts and these accounts:\n", d.Domain)
	for _, acct := range d.Accounts {
		fmt.Fprintf(a.stdout, "  %-13s  %-21s  password %s\n", role(acct.Admin), acct.Email, acct.Password)
	}
	fmt.Fprintf(a.stdout, "The passwords are not shown again. The contacts of %s:\n\n", d.Accounts[len(d.Accounts)-1].Email)
	fmt.Fprintf(a.stdout, "%s\n\nMore at %s/\n", curlLine(url, d.Accounts[len(d.Accounts)-1]), url)
}

func role(admin bool) string {
	if admin {
		return "administrator"
	}
	return "user"
}

// dataFlag is what the user has to add to other commands to reach the same data.
func (a *app) dataFlag() string {
	if a.set.origin["data"] == "" {
		return ""
	}
	return " --data " + shellQuote(a.set.Data)
}

// curlLine signs in and reads the account's contacts.
func curlLine(url string, acct server.DemoAccount) string {
	login := fmt.Sprintf("curl -sS -d Email=%s -d Passwd=%s -d service=cp %s/accounts/ClientLogin | sed -n s/^Auth=//p",
		acct.Email, acct.Password, url)
	return fmt.Sprintf(`curl -sS -H 'GData-Version: 3.0' -H "Authorization: GoogleLogin auth=$(%s)" %s/m8/feeds/contacts/default/full`,
		login, url)
}

func (a *app) badSetting(flag, want, got string) error {
	return usageErrorf("%s: %s must be %s, not %q", a.set.origin[flag], keyName(flag), want, got)
}
