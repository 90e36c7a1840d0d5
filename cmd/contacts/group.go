package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"contacts"
	"contacts/client"
	"contacts/cmd/line"
)

func (a *app) groupCommand() *cobra.Command {
	return line.Group("group", "List and change groups of contacts", a.groupList(), a.groupAdd(), a.groupRename(), a.groupRm())
}

// A groupView is a group in JSON.
type groupView struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	System  bool      `json:"system"` // one that every user has, and that cannot be changed
	Updated time.Time `json:"updated"`
}

func viewGroup(g *client.Group) groupView {
	return groupView{g.Entry.ID(), groupName(g), g.System != "", g.Entry.Updated.UTC()}
}

func (a *app) groupList() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the groups", Args: line.Args(0, 0)}
	asJSON := line.JSONFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		_, groups, err := a.connectWithGroups(cmd.Context())
		if err != nil {
			return err
		}
		slices.SortStableFunc(groups, func(x, y *client.Group) int {
			return strings.Compare(strings.ToLower(groupName(x)), strings.ToLower(groupName(y)))
		})
		views := make([]groupView, 0, len(groups))
		t := &table{head: []string{"NAME", "KIND", "ID"}, keep: 1}
		for _, g := range groups {
			v := viewGroup(g)
			views = append(views, v)
			kind := "own"
			if v.System {
				kind = "system"
			}
			t.add(v.Name, kind, v.ID)
		}
		if *asJSON {
			return line.PrintJSON(a.stdout, views)
		}
		a.printTable(t)
		return nil
	}
	return cmd
}

func (a *app) groupAdd() *cobra.Command {
	cmd := &cobra.Command{Use: "add NAME", Short: "Make a group and print its id", Args: line.Args(1, 1)}
	asJSON := line.JSONFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s, groups, err := a.connectWithGroups(cmd.Context())
		if err != nil {
			return err
		}
		if err := groups.free(args[0]); err != nil {
			return err
		}
		g, err := s.InsertGroup(cmd.Context(), &contacts.Group{Name: args[0]})
		if err != nil {
			return err
		}
		if *asJSON {
			return line.PrintJSON(a.stdout, viewGroup(g))
		}
		a.remark("added group %s", oneLine(g.Name))
		_, err = fmt.Fprintln(a.stdout, clean(g.Entry.ID()))
		return err
	}
	return cmd
}

// free fails if a group of the list could not be told from a new one of this name.
func (l groupList) free(name string) error {
	if strings.TrimSpace(name) == "" {
		return usageErrorf("a group needs a name")
	}
	if l.has(name) {
		return contacts.Errorf(contacts.Duplicate, "", "there is a group %q already", name)
	}
	return nil
}

func (a *app) groupRename() *cobra.Command {
	cmd := &cobra.Command{Use: "rename GROUP NAME", Short: "Give a group another name", Args: line.Args(2, 2), ValidArgsFunction: a.completeGroups}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s, groups, err := a.connectWithGroups(cmd.Context())
		if err != nil {
			return err
		}
		g, err := groups.find(args[0])
		if err != nil {
			return err
		}
		if g.System != "" {
			return fmt.Errorf("%s is one of the system groups, which keep their names", groupName(g))
		}
		others := slices.DeleteFunc(slices.Clone(groups), func(other *client.Group) bool { return other == g })
		if err := others.free(args[1]); err != nil {
			return err
		}
		old := g.Name
		g.Name = args[1]
		if _, err := s.UpdateGroup(cmd.Context(), g); err != nil {
			return err
		}
		a.remark("group %s is called %s now", oneLine(old), oneLine(args[1]))
		return nil
	}
	return cmd
}

func (a *app) groupRm() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:               "rm GROUP...",
		Short:             "Delete groups; their members stay",
		Args:              line.Args(1, -1),
		ValidArgsFunction: a.completeGroups,
	}
	cmd.Flags().BoolVarP(&force, "force", "f", false, "do not ask")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !force && !a.term.in { // CMD-11
			return usageErrorf("there is no terminal to ask whether you mean it; use --force")
		}
		s, groups, err := a.connectWithGroups(cmd.Context())
		if err != nil {
			return err
		}
		var found groupList
		for _, ref := range args {
			g, err := groups.find(ref)
			if err != nil {
				return err
			}
			if g.System != "" {
				return fmt.Errorf("%s is one of the system groups, which stay", groupName(g))
			}
			found = append(found, g)
		}
		for _, g := range found {
			name := oneLine(g.Name)
			err := a.deleteOne(force, "group "+name, fmt.Sprintf("Delete the group %s (%s)? Its members stay.", name, clean(g.Entry.ID())), func() error {
				return s.DeleteGroup(cmd.Context(), g)
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
	return cmd
}
