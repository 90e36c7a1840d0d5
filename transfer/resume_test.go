package transfer_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"contacts"
	"contacts/transfer"
)

var errKilled = errors.New("killed")

// A failing book makes the real changes of a book up to a point, and then fails
// as a book does whose program is killed: before or after the change, or, where
// changes are not one commit, amid them.
type failing struct {
	transfer.Book
	after int // writes that go well
	how   int // 0 before, 1 after, 2 amid
	calls int
}

func (f *failing) write(do func(part bool) error) error {
	f.calls++
	if f.calls <= f.after {
		return do(false)
	}
	switch f.how {
	case 1:
		if err := do(false); err != nil {
			return err
		}
	case 2:
		if err := do(true); err != nil {
			return err
		}
	}
	return errKilled
}

func (f *failing) Apply(ctx context.Context, ops []transfer.Op) (rs []transfer.Result, err error) {
	err = f.write(func(part bool) error {
		if part {
			ops = ops[:len(ops)/2]
		}
		rs, err = f.Book.Apply(ctx, ops)
		return err
	})
	return rs, err
}

func (f *failing) AddGroup(ctx context.Context, g *contacts.Group) (made *contacts.Group, err error) {
	err = f.write(func(bool) error {
		made, err = f.Book.AddGroup(ctx, g)
		return err
	})
	return made, err
}

func (f *failing) DeleteGroup(ctx context.Context, id contacts.ID) error {
	return f.write(func(bool) error { return f.Book.DeleteGroup(ctx, id) })
}

// crowd is a file of n cards, of which some have UIDs, some are twice in it,
// some mean people who are there, and some are damaged.
func crowd(n int) string {
	var b strings.Builder
	for i := range n {
		lines := []string{fmt.Sprintf("FN:Guest No%d", i)}
		if i%3 == 0 {
			lines = append(lines, fmt.Sprintf("UID:guest-%d", i))
		}
		if i%4 == 0 {
			lines = append(lines, fmt.Sprintf("EMAIL:guest%d@example.com", i))
		}
		if i%5 == 0 {
			lines = append(lines, fmt.Sprintf("CATEGORIES:Ball %d", i%15))
		}
		if i%40 == 0 {
			lines = append(lines, "PHOTO;ENCODING=b;TYPE=GIF:"+base64.StdEncoding.EncodeToString(gif(byte(i))))
		}
		if i%50 == 7 {
			lines = append(lines, "TEL")
		}
		text := card(lines...)
		b.WriteString(text)
		if i%60 == 5 { // again, without anything to tell it by
			b.WriteString(text)
		}
	}
	return b.String()
}

func TestResume(t *testing.T) {
	ctx := context.Background()
	p := newPlace(t)
	there := card("UID:guest-3", "FN:Guest No3", "NOTE:came before") + card("FN:Somebody", "EMAIL:guest8@example.com") + card("FN:Guest No10") + card("FN:Guest No11")
	text := crowd(560)

	// What an import that nobody disturbs makes of the file, by rule.
	want := map[transfer.Rule]string{}
	clean := map[transfer.Rule]*transfer.Summary{}
	rules := []transfer.Rule{transfer.Skip, transfer.Merge, transfer.Make}
	for _, rule := range rules {
		b := p.book()
		imported(t, b, there, transfer.ImportOptions{})
		clean[rule], _ = imported(t, b, text, transfer.ImportOptions{Rule: rule, State: t.TempDir()})
		want[rule] = exported(t, b, transfer.JSON)
		p.done(b)
	}

	t.Run("IMP-11 an import killed at any point goes on and makes nothing twice", func(t *testing.T) {
		random := rand.New(rand.NewPCG(1813, 1))
		points := 0
		for round := range 9 {
			rule := rules[round%len(rules)]
			b, state := p.book(), t.TempDir()
			imported(t, b, there, transfer.ImportOptions{})
			before := exported(t, b, transfer.JSON)
			o := transfer.ImportOptions{Rule: rule, State: state}
			kills := 0
			var s *transfer.Summary
			for {
				f := &failing{Book: b, after: random.IntN(4), how: random.IntN(3)}
				var err error
				s, err = transfer.Import(ctx, f, strings.NewReader(text), o)
				if err == nil {
					break
				}
				if !errors.Is(err, errKilled) {
					t.Fatal(err)
				}
				kills++
				if random.IntN(3) == 0 {
					tear(t, state)
				}
			}
			if got := exported(t, b, transfer.JSON); got != want[rule] {
				t.Fatalf("round %d, rule %s, after %d kills the book is\n%s\nwant\n%s", round, rule, kills, got, want[rule])
			}
			if c := clean[rule]; s.Created != c.Created || s.Changed != c.Changed || s.Refused != c.Refused || s.Same+s.Skipped != c.Same+c.Skipped {
				t.Fatalf("round %d, rule %s, after %d kills: %+v, want %+v", round, rule, kills, s, c)
			}
			if round%4 == 0 {
				if u := undone(t, b, state, transfer.UndoOptions{}); len(u.Left) != 0 {
					t.Fatalf("round %d: Undo() = %+v", round, u)
				}
				if got := exported(t, b, transfer.JSON); got != before {
					t.Fatalf("round %d: undone, the book is\n%s\nwas\n%s", round, got, before)
				}
			}
			p.done(b)
			points += kills
		}
		if points < 20 {
			t.Errorf("only %d points", points)
		}
	})

	t.Run("IMP-20 an import that was killed can be undone", func(t *testing.T) {
		for how := range 3 {
			for _, after := range []int{0, 5} {
				b, state := p.book(), t.TempDir()
				imported(t, b, there, transfer.ImportOptions{})
				before := exported(t, b, transfer.JSON)
				f := &failing{Book: b, after: after, how: how}
				if _, err := transfer.Import(ctx, f, strings.NewReader(text), transfer.ImportOptions{Rule: transfer.Merge, State: state}); !errors.Is(err, errKilled) {
					t.Fatal(err)
				}
				undone(t, b, state, transfer.UndoOptions{})
				if got := exported(t, b, transfer.JSON); got != before {
					t.Fatalf("killed after %d (%d): undone, the book is\n%s\nwas\n%s", after, how, got, before)
				}
				p.done(b)
			}
		}
	})

	t.Run("IMP-12 two imports do not share a journal at once", func(t *testing.T) {
		b, state := p.book(), t.TempDir()
		var inner error
		_, err := transfer.Import(ctx, b, strings.NewReader(text), transfer.ImportOptions{State: state, Verdict: func(v transfer.Verdict) {
			if v.Entry == 1 {
				_, inner = transfer.Import(ctx, b, strings.NewReader(text), transfer.ImportOptions{State: state})
			}
		}})
		if err != nil || !errors.Is(inner, contacts.Unavailable) {
			t.Errorf("Import() = %v, and within it %v", err, inner)
		}
	})
}

// tear cuts the last line of a journal in half, as a write does that was
// interrupted, if what it says was not acted upon yet: that it was done.
func tear(t *testing.T, state string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(state, "*.import"))
	if err != nil || len(found) != 1 {
		t.Fatalf("journals %q, %v", found, err)
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	last := len(lines) - 2
	if last < 1 || !strings.HasPrefix(lines[last], `{"done"`) {
		return
	}
	if err := os.WriteFile(found[0], text[:len(text)-len(lines[last])/2-1], 0o600); err != nil {
		t.Fatal(err)
	}
}
