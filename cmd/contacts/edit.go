package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"contacts"
	"contacts/client"
	"contacts/cmd/line"
)

func (a *app) editCommand() *cobra.Command {
	var from string
	cmd := &cobra.Command{
		Use:   "edit CONTACT",
		Short: "Change a contact in an editor",
		Long: "Opens $VISUAL or $EDITOR on a contact, in the form that 'contacts show' prints, and stores what was changed.\n" +
			"A line that is taken away goes away; what the form does not show stays. Groups are made if need be.\n\n" +
			"If somebody else has changed the contact meanwhile, both changes are shown, and nothing is lost: on a\n" +
			"terminal you can bring them together in the editor, and anywhere your text stays in a file, which --from takes.",
		Example: "  contacts edit 'Jane Bennet'\n" +
			"  contacts show 'Jane Bennet' | sed 's/Netherfield/Pemberley/' | contacts edit 'Jane Bennet' --from -",
		Args: line.Args(1, 1),
	}
	cmd.Flags().StringVar(&from, "from", "", "take the form from a `file`, or - for stdin, in place of an editor")
	cmd.ValidArgsFunction = a.completeContacts
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		given, err := a.readForm(from)
		if err != nil {
			return err
		}
		if _, ok := a.editor(); !ok && from == "" {
			return usageErrorf("there is no editor: set EDITOR, or use --from")
		}
		s, groups, err := a.connectWithGroups(ctx)
		if err != nil {
			return err
		}
		c, err := s.find(ctx, args[0])
		if err != nil {
			return err
		}
		e := &edition{app: a, session: s, groups: groups, contact: c}
		e.base = e.form(c)
		if from != "" {
			if base := keptBase(given); base != "" {
				merged, both := mergeForms(base, given, e.base) // CMD-13
				if len(both) > 0 {
					return fmt.Errorf("you and somebody else have both changed this:\n%s\nTo have yours, take the lines that begin with %s out of %s",
						strings.Join(both, "\n"), keptMark, from)
				}
				given = merged
			}
			return e.store(ctx, given)
		}
		text := e.base + "\n# " + oneLine(title(c)) + ", changed " + when(c.Entry.Updated) + ". Lines that begin with # count for nothing.\n" +
			"# Fields are:\n" + comment(fieldNames())
		return e.run(ctx, text)
	}
	return cmd
}

// readForm reads a form from a file; empty without one.
func (a *app) readForm(name string) (string, error) {
	const most = 1 << 20
	var r io.Reader = a.stdin
	switch name {
	case "":
		return "", nil
	case "-":
	default:
		f, err := os.Open(name)
		if err != nil {
			return "", err
		}
		defer f.Close()
		r = f
	}
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && len(b) > most {
		err = errors.New("the form has more than 1 MB")
	}
	return string(b), err
}

// An edition is the editing of one contact.
type edition struct {
	*app
	session *session
	groups  groupList
	contact *client.Contact
	base    string // its form
}

func (e *edition) form(c *client.Contact) string {
	return string(formOf(&c.Contact, e.groups.names(&c.Contact)))
}

// run opens the editor until the contact is stored, or the user gives up.
func (e *edition) run(ctx context.Context, text string) error {
	for {
		edited, err := e.edit(ctx, text)
		if err != nil {
			return err
		}
		if withoutComments(edited) == withoutComments(e.base) {
			e.remark("nothing was changed")
			return nil
		}
		err = e.store(ctx, edited)
		var again *againError
		var bad *formError
		switch {
		case errors.As(err, &again):
			text = again.text
		case errors.As(err, &bad):
			if text, err = e.editAgain(edited, e.base, e.contact.Entry.ID(), bad.error); err != nil {
				return err
			}
		default:
			return err
		}
	}
}

// An againError says that the user wants to go on with a text.
type againError struct{ text string }

func (*againError) Error() string { return "the contact has changed" }

// A formError says that a form cannot be read.
type formError struct{ error }

// withoutComments is what counts of a form.
func withoutComments(text string) string {
	var b strings.Builder
	for l := range strings.Lines(text) {
		if !strings.HasPrefix(l, "#") {
			b.WriteString(strings.TrimRight(l, "\r\n") + "\n")
		}
	}
	return strings.TrimSpace(b.String())
}

// store makes the contact what a form says.
func (e *edition) store(ctx context.Context, text string) error {
	next := *e.contact
	next.Contact = *e.contact.Contact.Clone()
	names, err := applyForm(&next.Contact, e.base, text)
	if err != nil {
		return &formError{err}
	}
	next.Normalize()
	if err := next.Validate(); err != nil {
		return &formError{err}
	}
	if len(formOf(&next.Contact, names)) == 0 {
		return fmt.Errorf("the form is empty, and nothing was stored; to delete the contact: contacts rm %s", clean(e.contact.Entry.ID()))
	}
	if old := e.groups.names(&e.contact.Contact); !slices.Equal(old, names) {
		ms, err := e.session.groupsOf(ctx, e.groups, names, true)
		if err != nil {
			return err
		}
		for _, m := range e.contact.Memberships { // those that have ended, and those of groups that are not known
			if m.Removed == 0 && len(e.groups.names(&contacts.Contact{Memberships: []contacts.Membership{m}})) == 0 {
				ms = append(ms, m)
			}
		}
		next.Memberships = ms
	}
	_, err = e.session.UpdateContact(ctx, &next)
	if err == nil {
		e.remark("changed %s", oneLine(title(&next)))
		return nil
	}
	if errors.Is(err, contacts.Stale) {
		return e.conflict(ctx, text) // CMD-13
	}
	file, keepErr := e.keepText(e.contact.Entry.ID(), text, e.base)
	if keepErr != nil {
		return errors.Join(err, keepErr)
	}
	if errors.Is(err, contacts.NotFound) {
		return fmt.Errorf("somebody has deleted the contact meanwhile\nYour text is kept in %s", file)
	}
	return fmt.Errorf("%w\nYour text is kept: contacts edit %s --from %s", err, e.contact.Entry.ID(), file)
}

// conflict shows what both sides have changed, and lets the user go on.
func (e *edition) conflict(ctx context.Context, text string) error {
	id := e.contact.Entry.ID()
	file, err := e.keepText(id, text, e.base) // CMD-13
	if err != nil {
		return err
	}
	kept := fmt.Sprintf("Your text is kept: contacts edit %s --from %s", id, file)
	now, err := e.session.Contact(ctx, id)
	if errors.Is(err, contacts.NotFound) {
		return fmt.Errorf("somebody has deleted the contact meanwhile\nYour text is kept in %s", file)
	}
	if err != nil {
		return fmt.Errorf("%w\n%s", err, kept)
	}
	if e.groups, err = e.session.groups(ctx); err != nil {
		return fmt.Errorf("%w\n%s", err, kept)
	}
	theirs := e.form(now)
	e.remark("%s was changed by somebody else meanwhile (%s).", oneLine(title(now)), when(now.Entry.Updated))
	e.remark("What they changed:\n%s", clean(changes(e.base, theirs)))
	e.remark("What you changed:\n%s", clean(changes(e.base, text)))
	if !e.term.in {
		return fmt.Errorf("nothing was stored\n%s", kept)
	}
	for {
		answer, err := e.ask("Bring both [t]ogether in the editor, [o]verwrite with yours, or [q]uit? ")
		if err != nil {
			return fmt.Errorf("%w\n%s", err, kept)
		}
		switch strings.ToLower(answer) {
		case "t":
			merged, both := mergeForms(e.base, text, theirs)
			merged += "\n# These are your changes and theirs together. Save the file to store them.\n"
			if len(both) > 0 {
				merged += "# You have both changed this, and it is what you want:\n" + comment(strings.Join(both, "\n"))
			}
			e.contact, e.base = now, theirs
			os.Remove(file)
			return &againError{merged}
		case "o":
			e.contact, e.base = now, theirs
			os.Remove(file)
			return e.store(ctx, text)
		case "q":
			return fmt.Errorf("nothing was stored\n%s", kept)
		}
	}
}

// keptMark begins the lines of a kept text that say what it was before it was
// edited.
const keptMark = "#|"

// keptBase is what a kept text was before it was edited, or empty.
func keptBase(text string) string {
	var b strings.Builder
	for l := range strings.Lines(text) {
		if line, ok := strings.CutPrefix(l, keptMark); ok {
			b.WriteString(line)
		}
	}
	return b.String()
}

// keepText stores what a user has written, so that it is not lost, and what it
// was before.
func (a *app) keepText(id, text, base string) (string, error) {
	dir, err := a.configDir()
	if err != nil {
		return "", err
	}
	dir = filepath.Join(dir, "edits")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	file := filepath.Join(dir, strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, id)+".txt")
	text = strings.TrimRight(text, "\n") + "\n"
	if keptBase(text) == "" {
		for l := range strings.Lines(base) {
			text += keptMark + l
		}
	}
	return file, writeFile(file, []byte(text))
}

// editAgain asks whether the user wants to repair a text, and returns it with
// the fault written at its beginning.
func (a *app) editAgain(text, base, id string, fault error) (string, error) {
	if a.term.in {
		a.remark("%s", a.describe(fault))
		if yes, err := a.confirm("Edit it again?"); err == nil && yes {
			return "# " + oneLine(fault.Error()) + "\n" + strings.TrimPrefix(text, "# "+oneLine(fault.Error())+"\n"), nil
		}
	}
	file, err := a.keepText(id, text, base)
	if err != nil {
		return "", errors.Join(fault, err)
	}
	return "", fmt.Errorf("%w\nNothing was stored. Your text is kept in %s", fault, file)
}

// comment makes lines of a text that a form does not count, of bounded width.
func comment(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		width := 0
		for word := range strings.SplitAfterSeq(strings.TrimRight(line, "\n"), ", ") {
			if width > 0 && width+len(word) > 90 {
				b.WriteByte('\n')
				width = 0
			}
			if width == 0 {
				b.WriteString("#   ")
			}
			b.WriteString(word)
			width += len(word)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// editor is the user's editor.
func (a *app) editor() (string, bool) {
	for _, v := range []string{"VISUAL", "EDITOR"} {
		if e := a.setting("", v); e != "" {
			return e, true
		}
	}
	if !a.term.in || !a.term.out {
		return "", false
	}
	for _, e := range []string{"editor", "nano", "vi", "notepad"} {
		if path, err := exec.LookPath(e); err == nil {
			return path, true
		}
	}
	return "", false
}

// edit lets the user edit a text, and returns what became of it.
func (a *app) edit(ctx context.Context, text string) (string, error) {
	editor, ok := a.editor()
	if !ok {
		return "", usageErrorf("there is no editor: set EDITOR")
	}
	f, err := os.CreateTemp("", "contact-*.txt") // mode 0600
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", editor+` "$@"`, editor, f.Name())
	if runtime.GOOS == "windows" {
		words := append(strings.Fields(editor), f.Name())
		cmd = exec.CommandContext(ctx, words[0], words[1:]...)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.stdin, a.stdout, a.stderr
	a.editing.Store(true)
	defer a.editing.Store(false)
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("the editor %s failed, and nothing was stored: %w", editor, err)
	}
	edited, err := os.ReadFile(f.Name())
	return string(edited), err
}
