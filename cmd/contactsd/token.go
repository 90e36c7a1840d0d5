package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"contacts/cmd/line"
	"contacts/server"
)

func (a *app) tokenCommand() *cobra.Command {
	return line.Group("token", "Look after the tokens that programs hold", a.tokenList(), a.tokenRevoke())
}

// A tokenView is a token as it is printed, without its secret.
type tokenView struct {
	ID      string    `json:"id"`
	Kind    string    `json:"kind"`
	Source  string    `json:"source"`
	App     string    `json:"app,omitempty"`
	Scopes  []string  `json:"scopes,omitempty"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"`
}

func (a *app) tokenList() *cobra.Command {
	cmd := &cobra.Command{Use: "list EMAIL", Short: "List the tokens of a user", Args: line.Args(1, 1)}
	asJSON := line.JSONFlag(cmd)
	cmd.RunE = a.reading(func(ctx context.Context, s *server.Server, args []string) error {
		tokens, err := s.Auth.Tokens(ctx, args[0])
		if err != nil {
			return err
		}
		views := make([]tokenView, 0, len(tokens))
		var rows [][]string
		for _, t := range tokens {
			v := tokenView{ID: t.ID, Kind: string(t.Kind), Source: t.Source, App: t.App, Scopes: t.Scopes, Created: t.Created, Expires: t.Expires}
			views = append(views, v)
			rows = append(rows, []string{v.ID, v.Kind, date(v.Created), date(v.Expires), orDash(v.Source), orDash(strings.Join(v.Scopes, " "))})
		}
		if *asJSON {
			return line.PrintJSON(a.stdout, views)
		}
		return printTable(a.stdout, "ID KIND CREATED EXPIRES SOURCE SCOPES", rows)
	})
	return cmd
}

func (a *app) tokenRevoke() *cobra.Command {
	return &cobra.Command{
		Use:   "revoke ID",
		Short: "Revoke a token; with a refresh token go all tokens of the same consent",
		Args:  line.Args(1, 1),
		RunE: a.admin(func(ctx context.Context, s *server.Server, args []string) error {
			if err := s.Auth.RevokeToken(ctx, args[0]); err != nil {
				return err
			}
			a.remark("revoked token %s", args[0])
			return nil
		}),
	}
}
