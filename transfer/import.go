package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"contacts"
	"contacts/csv"
)

// A Rule says what becomes of an entry that means a contact of the book.
type Rule string

// The rules.
const (
	Skip  Rule = "skip"  // the contact stays as it is
	Merge Rule = "merge" // the contact gains what the entry says, and loses nothing
	Make  Rule = "create"
)

// ParseRule reads a rule. It fails with kind Invalid.
func ParseRule(s string) (Rule, error) {
	switch r := Rule(s); r {
	case Skip, Merge, Make:
		return r, nil
	}
	return "", contacts.Errorf(contacts.Invalid, "", "%q is none of skip, merge and create", cut(s))
}

// An Outcome is what became of an entry.
type Outcome string

// The outcomes. Refused is the only one that is a failure.
const (
	Created Outcome = "created"
	Changed Outcome = "changed"
	Same    Outcome = "same"    // the contact says all of it already
	Skipped Outcome = "skipped" // the contact says something else, and the rule is Skip
	Refused Outcome = "refused"
)

// A Verdict tells what became of one entry of the file.
type Verdict struct {
	Entry   int      `json:"entry"` // counted from 1
	Line    int      `json:"line"`  // of the file, where the entry begins
	Outcome Outcome  `json:"outcome"`
	Name    string   `json:"name,omitempty"`
	Group   bool     `json:"group,omitempty"` // the entry is a group
	ID      string   `json:"id,omitempty"`    // of the contact
	Reason  string   `json:"reason,omitempty"`
	Notes   []string `json:"notes,omitempty"` // what was not kept of the entry
}

// A Summary tells what became of a file.
type Summary struct {
	Format  Format `json:"format"`
	Created int    `json:"created"`
	Changed int    `json:"changed"`
	Same    int    `json:"same"`
	Skipped int    `json:"skipped"`
	Refused int    `json:"refused"`

	PhotosRefused int      `json:"photos_refused,omitempty"` // of contacts that were taken
	Groups        []string `json:"groups,omitempty"`         // that were made
	Before        int      `json:"done_before,omitempty"`    // entries of these that an earlier, unfinished run had done

	// Columns of a CSV file, with what they became.
	Columns []csv.Column `json:"columns,omitempty"`
}

// Clean reports whether all of the file was taken.
func (s *Summary) Clean() bool { return s.Refused == 0 && s.PhotosRefused == 0 }

// ImportOptions are the choices of an Import.
type ImportOptions struct {
	Rule   Rule // Skip if empty
	DryRun bool // say what would be, and change nothing

	// State is the directory of the journals that a later Import of the same
	// file, and Undo, go by. It is made if it is missing. Without it an import
	// that was interrupted begins anew, and none can be undone.
	State string

	Verdict  func(Verdict) // called for each entry, in order; may be nil
	Progress func(Progress)
	Now      func() time.Time // time.Now if nil
}

// Import reads contacts from a file, whose format it recognises, into a book.
//
// Entries that cannot be taken do not stop it; each has its Verdict. An error
// means that it stopped: the file cannot be read at all (kind Invalid), or the
// book failed. Calling it again with the same file goes on where it stopped,
// also after the program was killed, and makes nothing twice.
func Import(ctx context.Context, b Book, file io.ReadSeeker, o ImportOptions) (*Summary, error) {
	if o.Rule == "" {
		o.Rule = Skip
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	hash := sha256.New()
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	size, err := io.Copy(hash, file)
	if err != nil {
		return nil, err
	}
	src, read, err := open(file)
	if err != nil {
		return nil, err
	}
	im := &importer{book: b, o: o, src: src, size: size, meter: newMeter(o.Now, o.Progress)}
	if o.State != "" && !o.DryRun {
		unlock, err := lockDir(o.State) // IMP-12
		if err != nil {
			return nil, err
		}
		defer unlock()
	}
	if err := im.prepare(ctx, hex.EncodeToString(hash.Sum(nil))); err != nil {
		return nil, errors.Join(err, im.journal.close())
	}
	im.ahead = readAhead(src, read)
	err = im.run(ctx)
	im.ahead.stop()
	s := im.summary()
	if err == nil {
		err = im.finish()
	} else {
		err = fmt.Errorf("stopped after %s: %w", Count(im.done, "entry", "entries"), err)
	}
	return s, errors.Join(err, im.journal.close())
}

// An importer is one Import under way.
type importer struct {
	book    Book
	o       ImportOptions
	src     source // until ahead reads it
	ahead   *ahead
	size    int64
	meter   *meter
	groups  *groupBook
	index   *index
	journal *journal // nil without State and in a dry run

	done   int // entries with a verdict
	before int // of these, in an earlier run
	counts counts

	// Of entries that are to come, what an interrupted run did.
	recovered map[int]step

	drafts map[*known]*contacts.Contact // in a dry run: what would have been made
}

// prepare reads the book, and what an interrupted import of the file has done.
func (im *importer) prepare(ctx context.Context, file string) (err error) {
	im.drafts = map[*known]*contacts.Contact{}
	im.recovered = map[int]step{}
	head := journalHead{Journal: journalVersion, Book: im.book.Name(), File: file, Rule: im.o.Rule, Started: im.o.Now()}
	resume := false
	if im.o.State != "" && !im.o.DryRun {
		if im.journal, err = findJournal(im.o.State, head); err != nil {
			return err
		}
		if resume = im.journal != nil; resume {
			err = im.journal.reopen()
		} else {
			im.journal, err = createJournal(im.o.State, head)
		}
		if err != nil {
			return err
		}
	}
	if im.groups, err = readGroups(ctx, im.book); err != nil {
		return err
	}
	im.groups.dry = im.o.DryRun // IMP-4
	var mine, claimed map[string]bool
	if j := im.journal; j != nil {
		mine, claimed = j.mine(), j.claimed
		im.groups.adding = func(name string) error { return j.write(journalLine{Group: &journalGroup{Name: name}}, true) }
		im.groups.added = func(g *contacts.Group) error {
			return j.write(journalLine{Group: &journalGroup{Name: g.Name, ID: g.ID.String()}}, false)
		}
	}
	if im.index, err = readIndex(ctx, im.book, mine, claimed); err != nil {
		return err
	}
	if resume {
		return im.resume()
	}
	return nil
}

// resume takes up the work of an interrupted run: what its journal says, and,
// for what it was about to do when it ended, what the book says.
func (im *importer) resume() error {
	j := im.journal
	found := settleDoubt(j, im.index) // IMP-11
	if len(j.doubt) > 0 {
		if err := j.write(journalLine{Done: &journalDone{Next: j.next, Counts: j.counts, Steps: found}}, true); err != nil {
			return err
		}
		j.apply(&journalLine{Done: &journalDone{Next: j.next, Counts: j.counts, Steps: found}})
	}
	for name, id := range j.groups {
		im.groups.made = append(im.groups.made, name)
		if id == "" {
			if g := im.groups.find(groupRef{name: name}); g != nil {
				if err := im.groups.added(g); err != nil {
					return err
				}
			}
		}
	}
	im.counts, im.before = j.counts, j.next
	for _, s := range j.steps {
		if k := im.index.byID[s.ID]; k != nil && s.New {
			k.mine, k.claimed = true, true
		}
		if s.Entry >= j.next {
			im.recovered[s.Entry] = s
		}
	}
	for range j.next { // past what is done
		_, err := im.src.next()
		if bad := new(badEntry); err != nil && !errors.As(err, &bad) {
			return err
		}
		im.done++
	}
	im.meter.from = im.done
	return nil
}

// settleDoubt finds out which of the changes in doubt were made, by what the
// book says.
func settleDoubt(j *journal, x *index) []step {
	var found []step
	taken := map[*known]bool{}
	for _, s := range j.doubt {
		if !s.New {
			k := x.byID[s.ID]
			if k != nil && k.print == s.After && (s.Before == nil || s.Before.print() != s.After || s.Photo && k.photo != "") {
				s.PhotoTag = k.photo
				found = append(found, s)
			}
			continue
		}
		had := map[string]bool{}
		for _, id := range s.Had {
			had[id] = true
		}
		for _, k := range x.byPrint[s.After] {
			if !had[k.id] && !taken[k] {
				taken[k] = true
				s.ID, s.PhotoTag = k.id, k.photo
				found = append(found, s)
				break
			}
		}
	}
	return found
}

// run reads the file to its end.
func (im *importer) run(ctx context.Context) error {
	var held *work
	for {
		b, next, err := im.gather(ctx, held)
		if err != nil && err != io.EOF {
			return errors.Join(err, im.apply(ctx, b))
		}
		held = next
		if aerr := im.apply(ctx, b); aerr != nil {
			return aerr
		}
		im.meter.show(im.done, im.ahead.read, im.size) // IMP-10
		if err == io.EOF && held == nil {
			return nil
		}
	}
}

// finish marks the journal as complete. That of an import which has changed
// nothing goes: there is nothing to undo.
func (im *importer) finish() error {
	if im.journal == nil {
		return nil
	}
	if im.counts.Created+im.counts.Changed+len(im.groups.made) == 0 {
		return os.Remove(im.journal.path)
	}
	if err := im.journal.write(journalLine{End: true}, true); err != nil {
		return err
	}
	return prune(im.o.State, im.book.Name()) // IMP-20
}

func (im *importer) summary() *Summary {
	return &Summary{Format: im.src.format(), Created: im.counts.Created, Changed: im.counts.Changed, Same: im.counts.Same,
		Skipped: im.counts.Skipped, Refused: im.counts.Refused, PhotosRefused: im.counts.NoPhoto, Groups: im.groups.made,
		Before: im.before, Columns: im.src.columns()} // IMP-8
}

// say gives the verdict on an entry and counts it.
func (im *importer) say(v Verdict) {
	v.Name, v.Reason = cut(v.Name), strings.ToValidUTF8(v.Reason, "\uFFFD")
	switch {
	case v.Outcome == Refused:
		im.counts.Refused++
	case v.Group:
	case v.Outcome == Created:
		im.counts.Created++
	case v.Outcome == Changed:
		im.counts.Changed++
	case v.Outcome == Same:
		im.counts.Same++
	case v.Outcome == Skipped:
		im.counts.Skipped++
	}
	if im.o.Verdict != nil {
		im.o.Verdict(v) // IMP-1
	}
}
