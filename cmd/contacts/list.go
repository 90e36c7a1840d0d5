package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"contacts"
	"contacts/client"
	"contacts/cmd/line"
	"contacts/transfer"
)

func (a *app) listCommand() *cobra.Command {
	var q client.Query
	var groupRef, since string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List contacts",
		Long: "Lists the contacts by name. The conditions combine: --query finds words of names, addresses, notes, e-mail\n" +
			"addresses and phone numbers by their beginnings. With --deleted, contacts that were deleted lately are\n" +
			"listed, too; the server forgets them after a month.\n\n" +
			"TIME is a day (2008-03-05), a time in this zone (2008-03-05T14:30), a time of RFC 3339, or how long ago (90m, 36h, 7d).",
		Example: "  contacts list --query bennet\n  contacts list --group Family --json\n  contacts list --updated-since 7d --deleted",
		Args:    line.Args(0, 0),
	}
	f := cmd.Flags()
	f.StringVar(&q.Text, "query", "", "only contacts that have all words of `TEXT`")
	f.StringVar(&groupRef, "group", "", "only members of the group `NAME`")
	f.StringVar(&since, "updated-since", "", "only contacts that were changed at or after `TIME`")
	f.BoolVar(&q.ShowDeleted, "deleted", false, "deleted contacts, too")
	asJSON := line.JSONFlag(cmd)
	cmd.RegisterFlagCompletionFunc("group", a.completeGroups)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx := cmd.Context()
		if since != "" {
			t, err := parseTime(since, a.now())
			if err != nil {
				return usageErrorf("--updated-since: %v", err)
			}
			q.UpdatedMin = t
		}
		s, err := a.connect()
		if err != nil {
			return err
		}
		var groups groupList
		if groupRef != "" || *asJSON {
			if groups, err = s.groups(ctx); err != nil {
				return err
			}
		}
		if groupRef != "" {
			g, err := groups.find(groupRef)
			if err != nil {
				return err
			}
			q.Group = g.Entry.IDURL
		}
		if *asJSON {
			return a.listJSON(ctx, s, q, groups)
		}
		return a.listTable(ctx, s, q)
	}
	return cmd
}

func (a *app) listTable(ctx context.Context, s *session, q client.Query) error {
	type row struct{ key, name, email, phone, updated, id string }
	var rows []row
	for c, err := range s.Contacts(ctx, q) {
		if err != nil {
			return err
		}
		r := row{name: title(c), updated: when(c.Entry.Updated), id: c.Entry.ID()}
		if c.Deleted {
			r.name = "(deleted)"
		}
		if len(c.Emails) > 0 {
			r.email = c.Emails[0].Address
			if p := c.PrimaryEmail(); p != "" {
				r.email = p
			}
		}
		if len(c.Phones) > 0 {
			r.phone = c.Phones[0].Number
			for _, p := range c.Phones {
				if p.Primary {
					r.phone = p.Number
				}
			}
		}
		r.key = strings.ToLower(r.name)
		rows = append(rows, r)
	}
	slices.SortStableFunc(rows, func(x, y row) int { return strings.Compare(x.key, y.key) })
	t := &table{head: []string{"NAME", "EMAIL", "PHONE", "UPDATED", "ID"}, keep: 2}
	for _, r := range rows {
		t.add(r.name, r.email, r.phone, r.updated, r.id)
	}
	a.printTable(t)
	if len(rows) == 0 {
		a.remark("no contacts")
	}
	return nil
}

// listJSON writes one array, a contact on a line, as they come.
func (a *app) listJSON(ctx context.Context, s *session, q client.Query, groups groupList) error {
	before := "["
	for c, err := range s.Contacts(ctx, q) {
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(a.stdout, "%s\n%s", before, appendJSON(nil, c, groups)); err != nil {
			return err
		}
		before = ","
	}
	if before == "[" {
		_, err := fmt.Fprintln(a.stdout, "[]")
		return err
	}
	_, err := fmt.Fprintln(a.stdout, "\n]")
	return err
}

// appendJSON appends a contact as the commands print it: what the server says
// of it, and then the form of an export, with the names of groups.
func appendJSON(b []byte, c *client.Contact, groups groupList) []byte {
	head, err := json.Marshal(struct { // CMD-21
		ID      string    `json:"id"`
		ETag    string    `json:"etag,omitempty"`
		Updated time.Time `json:"updated"`
		Deleted bool      `json:"deleted,omitempty"`
		Photo   bool      `json:"hasPhoto,omitempty"`
	}{c.Entry.ID(), c.Entry.ETag, c.Entry.Updated.UTC(), c.Deleted, c.HasPhoto()})
	if err != nil {
		panic(err) // a time beyond the year 9999, which no feed can have
	}
	b = append(b, bytes.TrimSuffix(head, []byte("}"))...)
	b = append(b, ',')
	b = transfer.AppendContact(b, &c.Contact, groups.names(&c.Contact))
	return append(bytes.TrimSuffix(b, []byte(",")), '}')
}

// parseTime reads a time that a person gives.
func parseTime(s string, now time.Time) (time.Time, error) {
	if t, ok := line.Ago(s, now); ok {
		return t, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02T15:04:05", time.DateTime} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time; write 2008-03-05, 2008-03-05T14:30, or 7d for seven days ago", s)
}

func (a *app) showCommand() *cobra.Command {
	var asVCard bool
	cmd := &cobra.Command{
		Use:     "show CONTACT...",
		Short:   "Show all of a contact",
		Example: "  contacts show jane@example.com\n  contacts show 'Jane Bennet' --json",
		Args:    line.Args(1, -1),
	}
	asJSON := line.JSONFlag(cmd)
	cmd.Flags().BoolVar(&asVCard, "vcard", false, "print a vCard, with the photo")
	cmd.ValidArgsFunction = a.completeContacts
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		if *asJSON && asVCard {
			return usageErrorf("--json and --vcard do not go together")
		}
		s, groups, err := a.connectWithGroups(ctx)
		if err != nil {
			return err
		}
		for i, ref := range args {
			c, err := s.find(ctx, ref)
			if err != nil {
				return err
			}
			switch {
			case *asJSON:
				_, err = fmt.Fprintf(a.stdout, "%s\n", appendJSON(nil, c, groups))
			case asVCard:
				err = a.showCard(ctx, s, c, groups)
			default:
				if i > 0 {
					fmt.Fprintln(a.stdout)
				}
				a.showForm(c, groups)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	return cmd
}

// showForm prints a contact in the form that edit opens.
func (a *app) showForm(c *client.Contact, groups groupList) {
	bold, plain := a.bold()
	var b strings.Builder
	for line := range strings.Lines(clean(string(formOf(&c.Contact, groups.names(&c.Contact))))) {
		key, rest, ok := strings.Cut(line, ":")
		if bold != "" && ok && !strings.HasPrefix(line, " ") {
			line = bold + key + ":" + plain + rest
		}
		b.WriteString(line)
	}
	if b.Len() == 0 {
		b.WriteString("(no name)\n")
	}
	var facts []string
	if c.HasPhoto() {
		facts = append(facts, "has a photo")
	}
	if n := len(c.Properties); n > 0 {
		facts = append(facts, "extended "+transfer.Count(n, "property", "properties")+" of programs")
	}
	facts = append(facts, "changed "+when(c.Entry.Updated), "id "+clean(c.Entry.ID()))
	fmt.Fprintf(&b, "# %s\n", strings.Join(facts, ", "))
	io.WriteString(a.stdout, b.String())
}

// completeGroups completes names of groups.
func (a *app) completeGroups(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	_, all, err := a.connectWithGroups(cmd.Context())
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	for _, g := range all {
		names = append(names, oneLine(groupName(g)))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeContacts completes names of contacts.
func (a *app) completeContacts(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	s, err := a.connect()
	if err != nil || typed == "" {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	const most = 50
	p, err := s.ContactPage(cmd.Context(), client.Query{Text: typed, MaxResults: most})
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	for _, c := range p.Items {
		for _, e := range c.Emails {
			if strings.HasPrefix(strings.ToLower(e.Address), strings.ToLower(typed)) {
				names = append(names, oneLine(e.Address))
			}
		}
		if strings.HasPrefix(strings.ToLower(c.Name.Full), strings.ToLower(typed)) {
			names = append(names, oneLine(c.Name.Full))
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// groupsOf are the groups that names mean, made if there are none and make is
// set.
func (s *session) groupsOf(ctx context.Context, groups groupList, names []string, make bool) ([]contacts.Membership, error) {
	var ms []contacts.Membership
	for _, name := range names {
		g, err := groups.find(name)
		if make && contacts.KindOf(err) == contacts.NotFound && !groups.has(name) {
			g, err = s.InsertGroup(ctx, &contacts.Group{Name: name})
			groups = append(groups, g)
		}
		if err != nil {
			return nil, err
		}
		ms = append(ms, contacts.Membership{Group: g.ID})
	}
	return ms, nil
}

// has reports whether any group has a name.
func (l groupList) has(name string) bool {
	return slices.ContainsFunc(l, func(g *client.Group) bool { return strings.EqualFold(groupName(g), name) })
}
