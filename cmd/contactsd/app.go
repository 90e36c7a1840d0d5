package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"contacts/cmd/line"
	"contacts/server"
)

func (a *app) appCommand() *cobra.Command {
	return line.Group("app", "Look after the programs that may ask users for access", a.appAdd(), a.appList(), a.appRemove())
}

// An appView is a program as it is printed.
type appView struct {
	ID            string    `json:"id"`
	Name          string    `json:"name"`
	Kind          string    `json:"kind"` // public, confidential or service account
	RedirectURIs  []string  `json:"redirect_uris"`
	CallbackHosts []string  `json:"callback_hosts"`
	Certificate   bool      `json:"certificate"`
	Email         string    `json:"email,omitempty"` // of a service account
	Created       time.Time `json:"created"`
	Secret        string    `json:"secret,omitempty"` // only where it was made
}

func viewApp(p server.App) appView {
	v := appView{
		ID:            p.ID,
		Name:          p.Name,
		Kind:          "confidential",
		RedirectURIs:  append([]string{}, p.RedirectURIs...),
		CallbackHosts: append([]string{}, p.CallbackHosts...),
		Certificate:   p.Certificate,
		Email:         p.ServiceEmail,
		Created:       p.Created,
	}
	switch {
	case p.ServiceEmail != "":
		v.Kind = "service account"
	case p.Public:
		v.Kind = "public"
	}
	return v
}

func (a *app) appAdd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Register a program",
		Long: "Registers a program for AuthSub, OAuth 1.0a and OAuth 2.0, and prints its client id and secret, which are\n" +
			"the consumer key and secret of OAuth 1.0a. The secret is not shown again. A program that has id and secret\n" +
			"built in is registered with --client-id and --client-secret-stdin.\n\n" +
			"With --service-account the program is an account of its own: the key is written to FILE, in the form that\n" +
			"Google's client libraries read, and nothing else is kept of it. The file leads to --public-url or, without\n" +
			"one, to oauth2.googleapis.com, for which the stand-in answers. Then let it act for the users of a domain:\n" +
			"contactsd domain set NAME delegate=CLIENT_ID.",
		Args: line.Args(1, 1),
	}
	var n server.NewApp
	var cert, keyFile string
	var secretStdin bool
	f := cmd.Flags()
	f.StringVar(&n.ID, "client-id", "", "client `id` that the program has built in")
	f.BoolVar(&secretStdin, "client-secret-stdin", false, "take the secret that the program has built in from the first line of stdin")
	f.StringArrayVar(&n.RedirectURIs, "redirect-uri", nil, "`URL` that users may be sent to by OAuth 2.0; may be repeated")
	f.StringArrayVar(&n.CallbackHosts, "callback-host", nil, "`host` that users may be sent to by AuthSub and OAuth 1.0a; may be repeated")
	f.StringVar(&cert, "cert", "", "certificate `file` (PEM) for secure AuthSub tokens and RSA-SHA1")
	f.BoolVar(&n.Public, "public", false, "make no secret, for programs that cannot keep one")
	f.StringVar(&keyFile, "service-account", "", "make a service account and write its key to this `file`")
	a.addFlags(cmd, "public-url")
	asJSON := line.JSONFlag(cmd)
	cmd.RunE = a.making(func(ctx context.Context, s *server.Server, args []string) (err error) {
		n.Name, n.ServiceAccount = args[0], keyFile != ""
		if secretStdin {
			if n.Secret, err = a.firstLine("client-secret-stdin"); err != nil {
				return err
			}
		}
		if cert != "" {
			if n.CertificatePEM, err = readSmall(cert); err != nil {
				return err
			}
		}
		var added server.App
		var secret server.Secret
		if n.ServiceAccount {
			added, err = addServiceAccount(ctx, s, n, keyFile)
		} else {
			added, secret, err = s.Auth.AddApp(ctx, n)
		}
		if err != nil {
			return err
		}
		a.remark("registered program %s", added.Name)
		if *asJSON {
			v := viewApp(added)
			v.Secret = secret.Text
			return line.PrintJSON(a.stdout, v)
		}
		fmt.Fprintf(a.stdout, "client id: %s\n", added.ID)
		if secret.Text != "" {
			fmt.Fprintf(a.stdout, "client secret: %s\n", secret.Text)
		}
		if n.ServiceAccount {
			fmt.Fprintf(a.stdout, "client email: %s\n", added.ServiceEmail)
			a.remark("wrote its key to %s; let it act for the users of a domain with:\n  contactsd domain set DOMAIN delegate=%s", keyFile, added.ID)
		}
		return nil
	})
	return cmd
}

// addServiceAccount registers a service account and writes its key to a file
// that does not exist yet. It leaves both or neither.
func addServiceAccount(ctx context.Context, s *server.Server, n server.NewApp, name string) (added server.App, err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // AUTH-122
	if err != nil {
		return added, err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(name)
		}
	}()
	added, secret, err := s.Auth.AddApp(ctx, n)
	if err != nil {
		return added, err
	}
	text, err := s.KeyFile(added, secret)
	if err == nil {
		_, err = f.Write(text)
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		err = errors.Join(err, s.Auth.RemoveApp(ctx, added.ID))
	}
	return added, err
}

// readSmall reads a file that cannot be large, such as a certificate.
func readSmall(name string) ([]byte, error) {
	const most = 1 << 20
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && len(b) > most {
		err = fmt.Errorf("%s is too large", name)
	}
	return b, err
}

func (a *app) appList() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the registered programs", Args: line.Args(0, 0)}
	asJSON := line.JSONFlag(cmd)
	cmd.RunE = a.reading(func(ctx context.Context, s *server.Server, _ []string) error {
		apps, err := s.Auth.Apps(ctx)
		if err != nil {
			return err
		}
		views := make([]appView, 0, len(apps))
		var rows [][]string
		for _, p := range apps {
			v := viewApp(p)
			views = append(views, v)
			rows = append(rows, []string{v.ID, v.Kind, date(v.Created), v.Name})
		}
		if *asJSON {
			return line.PrintJSON(a.stdout, views)
		}
		return printTable(a.stdout, "ID KIND CREATED NAME", rows)
	})
	return cmd
}

func (a *app) appRemove() *cobra.Command {
	return &cobra.Command{
		Use:   "remove NAME",
		Short: "Remove a program, given by name or client id, with all its access",
		Args:  line.Args(1, 1),
		RunE: a.admin(func(ctx context.Context, s *server.Server, args []string) error {
			p, err := s.Auth.App(ctx, args[0])
			if err != nil {
				return err
			}
			if err := s.Auth.RemoveApp(ctx, p.ID); err != nil {
				return err
			}
			a.remark("removed program %s and ended its access", p.Name)
			return nil
		}),
	}
}
