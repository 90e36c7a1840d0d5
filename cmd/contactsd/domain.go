package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"contacts/cmd/line"
	"contacts/server"
)

func (a *app) domainCommand() *cobra.Command {
	return line.Group("domain", "Look after domains", a.domainAdd(), a.domainList(), a.domainSet(), a.domainRemove())
}

// A domainView is a domain as it is printed.
type domainView struct {
	Name           string    `json:"name"`
	Readers        string    `json:"readers"`
	SharedContacts bool      `json:"shared_contacts"`
	Delegates      []string  `json:"delegates"`
	Created        time.Time `json:"created"`
}

func viewDomain(d server.Domain) domainView {
	v := domainView{Name: d.Name, Readers: "admins", SharedContacts: d.SharedContacts, Delegates: append([]string{}, d.Delegates...), Created: d.Created}
	if d.UsersRead {
		v.Readers = "users"
	}
	return v
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func (a *app) domainAdd() *cobra.Command {
	cmd := &cobra.Command{Use: "add NAME", Short: "Add a domain", Args: line.Args(1, 1)}
	asJSON := line.JSONFlag(cmd)
	cmd.RunE = a.making(func(ctx context.Context, s *server.Server, args []string) error {
		d, err := s.Auth.AddDomain(ctx, args[0])
		if err != nil {
			return err
		}
		if *asJSON {
			return line.PrintJSON(a.stdout, viewDomain(d))
		}
		a.remark("added domain %s", d.Name)
		return nil
	})
	return cmd
}

func (a *app) domainList() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the domains", Args: line.Args(0, 0)}
	asJSON := line.JSONFlag(cmd)
	cmd.RunE = a.reading(func(ctx context.Context, s *server.Server, _ []string) error {
		domains, err := s.Auth.Domains(ctx)
		if err != nil {
			return err
		}
		views := make([]domainView, 0, len(domains))
		var rows [][]string
		for _, d := range domains {
			v := viewDomain(d)
			views = append(views, v)
			rows = append(rows, []string{v.Name, v.Readers, onOff(v.SharedContacts), orDash(strings.Join(v.Delegates, ",")), date(v.Created)})
		}
		if *asJSON {
			return line.PrintJSON(a.stdout, views)
		}
		return printTable(a.stdout, "NAME READERS SHARED_CONTACTS DELEGATES CREATED", rows)
	})
	return cmd
}

func (a *app) domainSet() *cobra.Command {
	return &cobra.Command{
		Use:   "set NAME KEY=VALUE...",
		Short: "Change settings of a domain",
		Long: "Changes settings of a domain:\n\n" +
			"  readers=admins|users      who may read the shared contacts (admins)\n" +
			"  shared_contacts=on|off    whether the domain has shared contacts at all (on)\n" +
			"  delegate=PROGRAM,...      programs that may act for every user of the domain; empty for none",
		Args: line.Args(2, -1),
		RunE: a.admin(func(ctx context.Context, s *server.Server, args []string) error {
			var settings []server.DomainSetting
			for _, pair := range args[1:] {
				key, value, ok := strings.Cut(pair, "=")
				if !ok {
					return usageErrorf("%q is not of the form KEY=VALUE", pair)
				}
				settings = append(settings, server.DomainSetting{Key: key, Value: value})
			}
			if err := s.Auth.SetDomainAll(ctx, args[0], settings); err != nil {
				return err
			}
			for _, set := range settings {
				a.remark("set %s of domain %s to %s", set.Key, args[0], orNothing(set.Value))
			}
			return nil
		}),
	}
}

func (a *app) domainRemove() *cobra.Command {
	return &cobra.Command{
		Use:   "remove NAME",
		Short: "Remove a domain without users, with its shared contacts",
		Args:  line.Args(1, 1),
		RunE: a.admin(func(ctx context.Context, s *server.Server, args []string) error {
			if err := s.RemoveDomain(ctx, args[0]); err != nil {
				return err
			}
			a.remark("removed domain %s with its shared contacts", args[0])
			return nil
		}),
	}
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}
