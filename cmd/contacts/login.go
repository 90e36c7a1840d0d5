package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"contacts"
	"contacts/client"
	"contacts/cmd/line"
)

func (a *app) loginCommand() *cobra.Command {
	var passwordStdin, device bool
	var clientID, caCert string
	cmd := &cobra.Command{
		Use:   "login --server URL EMAIL",
		Short: "Sign in to a server",
		Long: "Signs in and keeps a token, so that other commands need no password. The password itself is not kept.\n" +
			"Several accounts can be signed in at once: the last one counts, and --account EMAIL names another.\n\n" +
			"With --device the password is given to the server's own page in a browser, on this machine or another,\n" +
			"and access lasts until it is revoked. For that the administrator has registered this program once:\n" +
			"contactsd app add --public 'Command line', which prints the client id.\n\n" +
			"Scripts need no login: they set CONTACTS_SERVER, CONTACTS_ACCOUNT and CONTACTS_PASSWORD, or instead\n" +
			"of the latter two CONTACTS_TOKEN.",
		Example: "  contacts login --server https://contacts.example.com elizabeth@example.com\n" +
			"  contacts login --server https://contacts.example.com elizabeth@example.com --password-stdin <secret\n" +
			"  contacts login --server https://contacts.example.com elizabeth@example.com --device --client-id ID",
		Args: line.Args(0, 1),
	}
	f := cmd.Flags()
	f.BoolVar(&passwordStdin, "password-stdin", false, "take the password from the first line of stdin")
	f.BoolVar(&device, "device", false, "sign in by a code that is typed in a browser")
	f.StringVar(&clientID, "client-id", "", "`id` under which the server knows this program, for --device")
	f.StringVar(&caCert, "ca-cert", "", "certificate `file` (PEM) of the authority of the server's certificate, if the system does not know it")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		server, err := a.serverURL()
		if err != nil {
			return err
		}
		acc := &account{Server: server, Email: a.setting(a.account, "CONTACTS_ACCOUNT"), Way: clientLogin}
		if len(args) == 1 {
			acc.Email = args[0]
		}
		if acc.Server == "" {
			list, err := a.readAccounts()
			if err != nil {
				return err
			}
			known, err := list.find("", acc.Email)
			if err != nil {
				return err
			}
			if known == nil {
				return usageErrorf("say which server: contacts login --server URL %s", cmp.Or(acc.Email, "EMAIL"))
			}
			acc.Server, acc.CACert = known.Server, known.CACert
			acc.Email = cmp.Or(acc.Email, known.Email)
		}
		switch {
		case acc.Email == "":
			return usageErrorf("say who signs in: contacts login --server %s EMAIL", acc.Server)
		case device && clientID == "":
			return usageErrorf("--device needs --client-id: the administrator makes one by: contactsd app add --public 'Command line'")
		case device && passwordStdin:
			return usageErrorf("--device needs no password")
		case clientID != "" && !device:
			return usageErrorf("--client-id goes with --device")
		}
		if _, err := client.New(acc.Server); err != nil {
			return usageError{err}
		}
		if caCert != "" {
			abs, err := filepath.Abs(caCert)
			if err != nil {
				return err
			}
			acc.CACert = abs
		}
		if plainHTTP(acc.Server) {
			a.remark("warning: %s is not https, so that others on the way can read the password and the contacts", acc.Server)
		}
		if device {
			acc.Way, acc.ClientID = oauth2Way, clientID
			err = a.loginByDevice(cmd.Context(), acc)
		} else {
			err = a.loginByPassword(cmd.Context(), acc, passwordStdin)
		}
		if err != nil {
			return err
		}
		s, err := a.open(acc, "")
		if err != nil {
			return err
		}
		if err := s.identify(cmd.Context()); err != nil {
			return err
		}
		list, err := a.readAccounts()
		if err != nil {
			return err
		}
		list.put(acc)
		if err := a.writeAccounts(list); err != nil {
			return err
		}
		a.remark("signed in as %s at %s", clean(acc.Email), acc.Server)
		return nil
	}
	return cmd
}

// plainHTTP reports whether a server is reached over a network without TLS.
func plainHTTP(server string) bool {
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "http" || u.Hostname() == "localhost" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return ip == nil || !ip.IsLoopback()
}

// identify makes sure that a server has the API, and takes over the e-mail
// address that the server knows the user by.
func (s *session) identify(ctx context.Context) error {
	p, err := s.GroupPage(ctx, client.Query{MaxResults: 1})
	if err != nil {
		return err
	}
	for _, g := range p.Items {
		_, after, ok := strings.Cut(g.Entry.IDURL, "/m8/feeds/groups/")
		if owner, err := url.PathUnescape(strings.SplitN(after, "/", 2)[0]); ok && err == nil && strings.Contains(owner, "@") {
			s.account.Email = owner
		}
	}
	return nil
}

// loginByPassword gets a token for a password.
func (a *app) loginByPassword(ctx context.Context, acc *account, stdin bool) error {
	password := a.setting("", "CONTACTS_PASSWORD")
	var err error
	switch {
	case stdin:
		password, err = a.firstLine("password")
	case password != "":
	case a.term.in:
		password, err = a.askPassword("Password of " + acc.Email + ": ") // CMD-3
	default:
		err = usageErrorf("there is no terminal to ask for the password; use --password-stdin")
	}
	if err != nil {
		return err
	}
	base, err := a.transport(acc)
	if err != nil {
		return err
	}
	l := &client.ClientLogin{BaseURL: acc.Server, Email: acc.Email, Password: password, Source: source(), Transport: base}
	if err := a.signIn(ctx, l); err != nil {
		return err
	}
	acc.Token = l.Token() // CMD-1
	return nil
}

// signIn signs in, and lets the user answer captchas.
func (a *app) signIn(ctx context.Context, l *client.ClientLogin) error {
	var opts []client.LoginOption
	for {
		err := l.Login(ctx, opts...)
		var captcha *client.CaptchaError
		if !errors.As(err, &captcha) {
			return err
		}
		file, err := a.fetchCaptcha(ctx, l.Transport, captcha.ImageURL)
		if err != nil {
			return fmt.Errorf("the server wants the text of a picture, which cannot be had: %w", err)
		}
		if !a.term.in {
			os.Remove(file)
			return errors.New("the server wants the text of a picture, after too many failed logins; call 'contacts login' on a terminal, or wait")
		}
		text, err := a.ask(fmt.Sprintf("The server wants to know that you are a person. Open the picture %s\nand type its text: ", file)) // CMD-3
		os.Remove(file)
		if err != nil {
			return err
		}
		opts = []client.LoginOption{client.WithCaptcha(captcha.Token, text)}
	}
}

// fetchCaptcha stores the picture of a captcha in a file.
func (a *app) fetchCaptcha(ctx context.Context, t http.RoundTripper, url string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := t.RoundTrip(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s answers %s", url, resp.Status)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		return "", err
	}
	end := ".jpg"
	switch http.DetectContentType(data) {
	case "image/png":
		end = ".png"
	case "image/gif":
		end = ".gif"
	}
	f, err := os.CreateTemp("", "captcha-*"+end)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	return f.Name(), errors.Join(err, f.Close())
}

// loginByDevice gets tokens by a code that the user types in a browser.
func (a *app) loginByDevice(ctx context.Context, acc *account) error {
	base, err := a.transport(acc)
	if err != nil {
		return err
	}
	ctx = withHTTP(ctx, base)
	config := oauth2Config(acc.Server, acc.ClientID)
	d, err := config.DeviceAuth(ctx)
	if err != nil {
		return deviceError(err)
	}
	fmt.Fprintf(a.stderr, "Open  %s\nand type the code  %s\n", clean(d.VerificationURI), clean(d.UserCode))
	if d.VerificationURIComplete != "" {
		fmt.Fprintf(a.stderr, "or open  %s\n", clean(d.VerificationURIComplete))
	}
	t, err := config.DeviceAccessToken(ctx, d) // CMD-4
	if err != nil {
		return deviceError(err)
	}
	acc.Token, acc.Refresh, acc.Expires = t.AccessToken, t.RefreshToken, t.Expiry
	return nil
}

func (a *app) logoutCommand() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "logout [EMAIL]",
		Short: "Forget an account, and end its access where the server can",
		Long: "Forgets the account of the last login, or the one that is named. Access by --device is revoked on the\n" +
			"server. A token of a password cannot be: it ends by itself, after 14 days unless the server says otherwise,\n" +
			"or when the password is changed.",
		Args: line.Args(0, 1),
	}
	cmd.Flags().BoolVar(&all, "all", false, "forget all accounts")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if all && len(args) > 0 {
			return usageErrorf("logout --all takes no EMAIL: it forgets all accounts")
		}
		server, err := a.serverURL()
		if err != nil {
			return err
		}
		list, err := a.readAccounts()
		if err != nil {
			return err
		}
		email := a.setting(a.account, "CONTACTS_ACCOUNT")
		if len(args) == 1 {
			email = args[0]
		}
		gone := append([]*account(nil), list.Accounts...)
		if !all {
			acc, err := list.find(server, email)
			if err != nil {
				return err
			}
			if acc == nil {
				if email == "" {
					return errors.New("nobody is signed in")
				}
				return fmt.Errorf("%s is not signed in", email)
			}
			gone = []*account{acc}
		}
		for _, acc := range gone {
			err := a.revoke(cmd.Context(), acc)
			list.remove(acc)
			if err := a.writeAccounts(list); err != nil {
				return err
			}
			if err != nil {
				return fmt.Errorf("%s is forgotten here, but may still have access, because the server did not end it: %w", acc.Email, err)
			}
			a.remark("signed out %s at %s", acc.Email, acc.Server)
		}
		return nil
	}
	return cmd
}

// revoke ends the access of an account on the server, if that is possible. A
// server that does not know the token any more is content.
func (a *app) revoke(ctx context.Context, acc *account) error {
	if acc.Way != oauth2Way {
		return nil
	}
	base, err := a.transport(acc)
	if err != nil {
		return err
	}
	form := url.Values{"token": {cmp.Or(acc.Refresh, acc.Token)}}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, acc.Server+"/o/oauth2/revoke", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := base.RoundTrip(r) // CMD-4
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusBadRequest {
		return fmt.Errorf("the server answers %s", resp.Status)
	}
	return nil
}

// A statusView is an account in JSON.
type statusView struct {
	Server  string `json:"server"`
	Email   string `json:"email"`
	Way     string `json:"way"`
	Current bool   `json:"current"` // what commands use unless told otherwise
}

func (a *app) statusCommand() *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use:     "status",
		Aliases: []string{"whoami"},
		Short:   "Show who is signed in, and where",
		Args:    line.Args(0, 0),
	}
	cmd.Flags().BoolVar(&check, "check", false, "ask the server whether the current account still has access")
	asJSON := line.JSONFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		list, err := a.readAccounts()
		if err != nil {
			return err
		}
		all := list.Accounts
		current, err := a.signedIn()
		if err == nil && (len(all) == 0 || !containsAccount(all, current)) {
			all = append([]*account{current}, all...) // of the environment
		}
		views := make([]statusView, 0, len(all))
		t := &table{head: []string{"", "ACCOUNT", "SERVER", "BY"}}
		for _, acc := range all {
			v := statusView{acc.Server, acc.Email, acc.Way, err == nil && acc.is(current)}
			views = append(views, v)
			mark := ""
			if v.Current {
				mark = "*"
			}
			t.add(mark, v.Email, v.Server, v.Way)
		}
		if *asJSON {
			if err := line.PrintJSON(a.stdout, views); err != nil {
				return err
			}
		} else {
			a.printTable(t)
		}
		if err != nil {
			return err
		}
		if !check {
			return nil
		}
		s, err := a.open(current, "")
		if err != nil {
			return err
		}
		if err := s.identify(cmd.Context()); err != nil {
			return err
		}
		a.remark("%s has access", s.account.Email)
		return nil
	}
	return cmd
}

func containsAccount(all []*account, acc *account) bool {
	for _, other := range all {
		if other.is(acc) {
			return true
		}
	}
	return false
}

// errSignedOut is the error of an account without a token.
var errSignedOut error = contacts.Errorf(contacts.Unauthorized, "", "not signed in")
