package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"contacts/cmd/line"
	"contacts/server"
)

func (a *app) userCommand() *cobra.Command {
	return line.Group("user", "Look after users", a.userAdd(), a.userList(), a.userPasswd(),
		a.userDisable("disable", true, "Keep a user out, with all tokens revoked"),
		a.userDisable("enable", false, "Let a disabled user in again"),
		a.userRemove())
}

// A userView is an account as it is printed.
type userView struct {
	Email    string    `json:"email"`
	Name     string    `json:"name"`
	Admin    bool      `json:"admin"`
	Disabled bool      `json:"disabled"`
	Created  time.Time `json:"created"`
	Password string    `json:"password,omitempty"` // only where it was generated
}

func viewUser(u server.Account) userView {
	return userView{Email: u.Email, Name: u.Name, Admin: u.Admin, Disabled: u.Disabled, Created: u.Created}
}

func (a *app) userAdd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "add EMAIL",
		Short: "Add a user to a domain",
		Long:  "Adds a user to the domain of the address. Without --password-stdin a password is made and printed.",
		Args:  line.Args(1, 1),
	}
	var u server.NewUser
	cmd.Flags().StringVar(&u.Name, "name", "", "`text` of the user's full name")
	cmd.Flags().BoolVar(&u.Admin, "admin", false, "make the user an administrator of the domain")
	fromStdin := passwordFlag(cmd)
	asJSON := line.JSONFlag(cmd)
	cmd.RunE = a.admin(func(ctx context.Context, s *server.Server, args []string) error {
		u.Email = args[0]
		generated, err := a.password(s, &u.Password, *fromStdin)
		if err != nil {
			return err
		}
		added, err := s.Auth.AddUser(ctx, u)
		if err != nil {
			return err
		}
		if *asJSON {
			v := viewUser(added)
			v.Password = generated
			return line.PrintJSON(a.stdout, v)
		}
		a.remark("added %s %s", role(added.Admin), added.Email)
		return a.printPassword(generated)
	})
	return cmd
}

func (a *app) userList() *cobra.Command {
	cmd := &cobra.Command{Use: "list [DOMAIN]", Short: "List the users of all domains, or of one", Args: line.Args(0, 1)}
	asJSON := line.JSONFlag(cmd)
	cmd.RunE = a.reading(func(ctx context.Context, s *server.Server, args []string) error {
		users, err := s.Auth.Users(ctx, strings.Join(args, ""))
		if err != nil {
			return err
		}
		views := make([]userView, 0, len(users))
		var rows [][]string
		for _, u := range users {
			v := viewUser(u)
			views = append(views, v)
			state := "active"
			if v.Disabled {
				state = "disabled"
			}
			rows = append(rows, []string{v.Email, role(v.Admin), state, date(v.Created), orDash(v.Name)})
		}
		if *asJSON {
			return line.PrintJSON(a.stdout, views)
		}
		return printTable(a.stdout, "EMAIL ROLE STATE CREATED NAME", rows)
	})
	return cmd
}

func (a *app) userPasswd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "passwd EMAIL",
		Short: "Set a user's password",
		Long: "Sets a user's password, and revokes the tokens that came from the old one.\n" +
			"Without --password-stdin a password is made and printed.",
		Args: line.Args(1, 1),
	}
	fromStdin := passwordFlag(cmd)
	cmd.RunE = a.admin(func(ctx context.Context, s *server.Server, args []string) error {
		var password string
		generated, err := a.password(s, &password, *fromStdin)
		if err != nil {
			return err
		}
		if err := s.Auth.SetPassword(ctx, args[0], password); err != nil {
			return err
		}
		a.remark("set the password of %s", args[0])
		return a.printPassword(generated)
	})
	return cmd
}

func (a *app) userDisable(use string, disabled bool, short string) *cobra.Command {
	return &cobra.Command{
		Use:   use + " EMAIL",
		Short: short,
		Args:  line.Args(1, 1),
		RunE: a.admin(func(ctx context.Context, s *server.Server, args []string) error {
			if err := s.Auth.SetDisabled(ctx, args[0], disabled); err != nil {
				return err
			}
			a.remark("%sd %s", use, args[0])
			return nil
		}),
	}
}

func (a *app) userRemove() *cobra.Command {
	return &cobra.Command{
		Use:   "remove EMAIL",
		Short: "Remove a user with all contacts",
		Args:  line.Args(1, 1),
		RunE: a.admin(func(ctx context.Context, s *server.Server, args []string) error {
			if err := s.RemoveUser(ctx, args[0]); err != nil {
				return err
			}
			a.remark("removed %s with all contacts", args[0])
			return nil
		}),
	}
}

func passwordFlag(cmd *cobra.Command) *bool {
	return cmd.Flags().Bool("password-stdin", false, "take the password from the first line of stdin")
}

// password sets *p to the first line of stdin or, without fromStdin, to a
// generated password, which it returns.
func (a *app) password(s *server.Server, p *string, fromStdin bool) (generated string, err error) {
	if !fromStdin {
		*p = s.Auth.GeneratePassword()
		return *p, nil
	}
	*p, err = a.firstLine("password-stdin")
	return "", err
}

// firstLine is the first line of stdin, which a flag asks to be read.
func (a *app) firstLine(flag string) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(a.stdin, 64<<10)).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", fmt.Errorf("--%s: read stdin: %w", flag, err)
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", usageErrorf("--%s: the first line of stdin is empty", flag)
	}
	return line, nil
}

// printPassword prints a generated password, alone on its line.
func (a *app) printPassword(generated string) error {
	if generated == "" {
		return nil
	}
	a.remark("the generated password, shown only now:")
	_, err := fmt.Fprintln(a.stdout, generated)
	return err
}
