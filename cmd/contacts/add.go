package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"contacts"
	"contacts/client"
	"contacts/cmd/line"
	"contacts/transfer"
)

// newContact are the flags of add.
type newContact struct {
	name, nickname, birthday, note string
	title                          string
	emails, phones, addresses      []string
	orgs, websites, groups         []string
}

func (a *app) addCommand() *cobra.Command {
	var n newContact
	cmd := &cobra.Command{
		Use:   "add [-]",
		Short: "Add a contact",
		Long: "Adds a contact and prints its id. E-mail addresses, phones, addresses and websites may have a use before\n" +
			"them, such as work=jane@example.com; any other word is a label of your own. Groups are made if need be.\n\n" +
			"Without flags, $EDITOR opens on an empty form. With -, contacts are read from stdin: vCards, JSON as\n" +
			"'contacts show --json' prints it, or CSV.",
		Example: "  contacts add --name 'Jane Bennet' --email jane@example.com --phone mobile='+44 20 7946 0000' --group Family\n" +
			"  contacts show 'Jane Bennet' --json | contacts --domain example.com add -",
		Args: line.Args(0, 1),
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&n.name, "name", "", "whole `name`")
	f.StringArrayVar(&n.emails, "email", nil, "e-mail `address`, the first is the primary one; may be repeated")
	f.StringArrayVar(&n.phones, "phone", nil, "phone `number`; may be repeated")
	f.StringArrayVar(&n.addresses, "address", nil, "postal `address`; may be repeated")
	f.StringArrayVar(&n.orgs, "org", nil, "`organization`; may be repeated")
	f.StringVar(&n.title, "title", "", "`title` in the first organization")
	f.StringArrayVar(&n.websites, "website", nil, "`URL` of a website; may be repeated")
	f.StringVar(&n.nickname, "nickname", "", "`nickname`")
	f.StringVar(&n.birthday, "birthday", "", "`date` of birth, YYYY-MM-DD or --MM-DD")
	f.StringVar(&n.note, "note", "", "`text` of the note")
	f.StringArrayVar(&n.groups, "group", nil, "`name` of a group; may be repeated")
	cmd.RegisterFlagCompletionFunc("group", a.completeGroups)
	asJSON := line.JSONFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		flags := false
		for _, name := range []string{"name", "email", "phone", "address", "org", "title", "website", "nickname", "birthday", "note", "group"} {
			flags = flags || f.Changed(name)
		}
		switch {
		case len(args) == 1 && args[0] != "-":
			return usageErrorf("add takes flags, or - for stdin; to read a file: contacts import %s", args[0])
		case len(args) == 1 && flags:
			return usageErrorf("add - takes no other flags about the contact")
		}
		s, err := a.connect()
		if err != nil {
			return err
		}
		if len(args) == 1 {
			return a.addInput(cmd.Context(), s, *asJSON)
		}
		groups, err := s.groups(cmd.Context())
		if err != nil {
			return err
		}
		c := &contacts.Contact{}
		names := n.groups
		if flags {
			n.fill(c)
		} else if c, names, err = a.compose(cmd.Context()); err != nil {
			return err
		}
		c.Normalize()
		if len(formOf(c, nil)) == 0 {
			return usageErrorf("all that was given is empty, and nothing is added")
		}
		if err := c.Validate(); err != nil {
			return usageError{flagFault(c, err)}
		}
		if c.Memberships, err = s.groupsOf(cmd.Context(), groups, names, true); err != nil {
			return err
		}
		made, err := s.InsertContact(cmd.Context(), c)
		if err != nil {
			return err
		}
		if *asJSON {
			if groups, err = s.groups(cmd.Context()); err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.stdout, "%s\n", appendJSON(nil, made, groups))
			return err
		}
		a.remark("added %s", oneLine(title(made)))
		fmt.Fprintln(a.stdout, clean(made.Entry.ID()))
		return nil
	}
	return cmd
}

// fill makes a contact of the flags.
func (n *newContact) fill(c *contacts.Contact) {
	if name := strings.TrimSpace(n.name); name != "" {
		c.Name.SetFull(name)
	}
	c.Nickname, c.Birthday, c.Notes = n.nickname, n.birthday, n.note
	for i, s := range n.emails {
		rel, label, value := use("Email", s)
		c.Emails = append(c.Emails, contacts.Email{Rel: rel, Label: label, Address: value, Primary: i == 0})
	}
	for _, s := range n.phones {
		rel, label, value := use("Phone", s)
		c.Phones = append(c.Phones, contacts.Phone{Rel: rel, Label: label, Number: value})
	}
	for _, s := range n.addresses {
		rel, label, value := use("Address", s)
		c.Addresses = append(c.Addresses, contacts.Address{Rel: rel, Label: label, Formatted: value})
	}
	for _, s := range n.orgs {
		c.Organizations = append(c.Organizations, contacts.Organization{Rel: contacts.RelWork, Name: s})
	}
	if n.title != "" {
		if len(c.Organizations) == 0 {
			c.Organizations = []contacts.Organization{{Rel: contacts.RelWork}}
		}
		c.Organizations[0].Title = n.title
	}
	for _, s := range n.websites {
		rel, label, value := use("Website", s)
		c.Websites = append(c.Websites, contacts.Website{Rel: rel, Label: label, Href: value})
	}
}

// flagOf is the flag that an element of a contact comes from.
var flagOf = map[string]string{
	"atom:content": "note", "gd:name": "name", "gd:email": "email", "gd:phoneNumber": "phone",
	"gd:structuredPostalAddress": "address", "gd:organization": "org", "gContact:website": "website",
	"gContact:nickname": "nickname", "gContact:birthday": "birthday",
}

// flagFault names the flag that the fault of a contact comes from.
func flagFault(c *contacts.Contact, err error) error {
	var fault *contacts.Error
	if errors.As(err, &fault) {
		element, _, _ := strings.Cut(fault.Path, "/")
		element, _, _ = strings.Cut(element, "[")
		if flag := flagOf[element]; flag != "" {
			return fmt.Errorf("--%s: %w", flag, faultOf(c)) // CMD-24
		}
	}
	return err
}

// use takes "work=jane@example.com" apart. What stands before the sign counts
// as a use only if it is a word, so that a URL stays whole.
func use(key, s string) (rel, label, value string) {
	before, after, ok := strings.Cut(s, "=")
	if !ok || before == "" || strings.ContainsAny(before, ":/?@+") {
		return contacts.RelOther, "", strings.TrimSpace(s)
	}
	before = strings.TrimSpace(before)
	if f, ok := fieldOf(key).(interface{ isRel(string) bool }); ok && f.isRel(before) {
		return before, "", strings.TrimSpace(after)
	}
	return "", before, strings.TrimSpace(after)
}

const emptyForm = "Name: \nNickname: \nEmail (home): \nPhone (mobile): \nAddress (home):\n  Street: \n  City: \n  Postcode: \n  Country: \n" +
	"Organization (work): \n  Title: \nBirthday: \nGroup: \nNote: \n\n" +
	"# Save the file to add the contact. Empty lines count for nothing, and further ones may be added:\n"

// compose lets the user write a contact.
func (a *app) compose(ctx context.Context) (*contacts.Contact, []string, error) {
	if _, ok := a.editor(); !ok {
		return nil, nil, usageErrorf("add needs flags, or - for stdin; see 'contacts add --help'")
	}
	text := emptyForm + comment(fieldNames())
	for {
		edited, err := a.edit(ctx, text)
		if err != nil {
			return nil, nil, err
		}
		if edited == text {
			return nil, nil, errors.New("nothing was written, and nothing is added")
		}
		c := &contacts.Contact{}
		groups, err := applyForm(c, "", edited)
		if err == nil {
			c.Normalize()
			err = c.Validate()
		}
		if err == nil {
			return c, groups, nil
		}
		if text, err = a.editAgain(edited, "", "new", err); err != nil {
			return nil, nil, err
		}
	}
}

// addInput adds the contacts on stdin.
func (a *app) addInput(ctx context.Context, s *session, asJSON bool) error {
	const most = 64 << 20
	text, err := io.ReadAll(io.LimitReader(a.stdin, most+1))
	if err != nil {
		return err
	}
	if len(text) > most {
		return errors.New("stdin has more than 64 MB; store it in a file, and use 'contacts import'")
	}
	if text, err = wrapJSON(text); err != nil { // CMD-21
		return err
	}
	lines := json.NewEncoder(a.stdout)
	var refused []string
	made := 0
	o := transfer.ImportOptions{Rule: transfer.Make, Verdict: func(v transfer.Verdict) {
		switch {
		case v.Outcome == transfer.Refused:
			refused = append(refused, cmp.Or(oneLine(v.Name), fmt.Sprintf("line %d", v.Line))+": "+oneLine(v.Reason))
		case v.Group:
		default:
			made++
			if asJSON {
				lines.Encode(map[string]string{"id": v.ID})
			} else {
				fmt.Fprintln(a.stdout, clean(v.ID))
			}
		}
	}}
	if _, err := transfer.Import(ctx, a.book(s), bytes.NewReader(text), o); err != nil {
		return err
	}
	a.remark("added %s", transfer.Count(made, "contact", "contacts"))
	if len(refused) > 0 {
		return fmt.Errorf("refused: %s", strings.Join(refused, "\n  "))
	}
	return nil
}

// wrapJSON makes an export of contacts as show and list print them. Anything
// else stays as it is.
func wrapJSON(text []byte) ([]byte, error) {
	trimmed := bytes.TrimSpace(text)
	var list []map[string]json.RawMessage
	switch {
	case bytes.HasPrefix(trimmed, []byte("[")):
		if err := json.Unmarshal(trimmed, &list); err != nil {
			return nil, fmt.Errorf("the JSON on stdin: %w", err)
		}
	case bytes.HasPrefix(trimmed, []byte("{")):
		d := json.NewDecoder(bytes.NewReader(trimmed))
		for d.More() {
			var one map[string]json.RawMessage
			if err := d.Decode(&one); err != nil {
				return nil, fmt.Errorf("the JSON on stdin: %w", err)
			}
			if one["format"] != nil {
				return text, nil
			}
			list = append(list, one)
		}
	default:
		return text, nil
	}
	type key struct {
		Key    string `json:"key"`
		Name   string `json:"name"`
		System string `json:"system,omitempty"`
	}
	groups := []key{}
	known := map[string]bool{}
	for _, c := range list {
		for _, member := range []string{"id", "etag", "updated", "deleted", "hasPhoto"} {
			delete(c, member)
		}
		var names []string
		if c["groups"] != nil {
			if err := json.Unmarshal(c["groups"], &names); err != nil {
				return nil, fmt.Errorf("the groups in the JSON on stdin: %w", err)
			}
		}
		for _, name := range names {
			if known[name] {
				continue
			}
			known[name] = true
			k := key{Key: name, Name: name}
			switch name {
			case "Contacts", "Friends", "Family", "Coworkers":
				k.System = name
			}
			groups = append(groups, k)
		}
	}
	return json.Marshal(struct {
		Format   string                       `json:"format"`
		Version  int                          `json:"version"`
		Groups   []key                        `json:"groups"`
		Contacts []map[string]json.RawMessage `json:"contacts"`
	}{"contacts", 1, groups, list})
}

func (a *app) rmCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "rm CONTACT...",
		Short: "Delete contacts",
		Long: "Deletes contacts. On a terminal it asks before each; elsewhere it needs --force. A contact that changes\n" +
			"between the question and the answer stays.",
		Args: line.Args(1, -1),
	}
	cmd.Flags().BoolVarP(&force, "force", "f", false, "do not ask")
	cmd.ValidArgsFunction = a.completeContacts
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !force && !a.term.in { // CMD-11
			return usageErrorf("there is no terminal to ask whether you mean it; use --force")
		}
		s, err := a.connect()
		if err != nil {
			return err
		}
		var found []*client.Contact
		for _, ref := range args { // all of them, before the first goes
			c, err := s.find(cmd.Context(), ref)
			if err != nil {
				return err
			}
			found = append(found, c)
		}
		for _, c := range found {
			name := oneLine(title(c))
			err := a.deleteOne(force, name, fmt.Sprintf("Delete %s (%s)?", name, clean(c.Entry.ID())), func() error {
				return s.DeleteContact(cmd.Context(), c)
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
	return cmd
}

// deleteOne deletes what the user has named, after a question unless forced.
func (a *app) deleteOne(force bool, name, question string, del func() error) error {
	if !force {
		yes, err := a.confirm(question) // CMD-11
		if err != nil {
			return err
		}
		if !yes {
			a.remark("%s stays", name)
			return nil
		}
	}
	if err := del(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	a.remark("deleted %s", name)
	return nil
}
