package transfer_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"contacts"
	"contacts/transfer"
)

// A folder is a folder that is kept equal to a book.
type folder struct {
	testing.TB
	dir  string
	book transfer.Book
}

func newFolder(t testing.TB, p *place) *folder {
	f := &folder{t, t.TempDir(), p.book()}
	t.Cleanup(func() { p.done(f.book) })
	return f
}

func (f *folder) write(name, text string) {
	f.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600); err != nil {
		f.Fatal(err)
	}
}

func (f *folder) read(name string) string {
	f.Helper()
	text, err := os.ReadFile(filepath.Join(f.dir, name))
	if err != nil {
		f.Fatal(err)
	}
	return string(text)
}

func (f *folder) remove(name string) {
	f.Helper()
	if err := os.Remove(filepath.Join(f.dir, name)); err != nil {
		f.Fatal(err)
	}
}

// files are the names of the cards, sorted.
func (f *folder) files() string {
	f.Helper()
	found, err := filepath.Glob(filepath.Join(f.dir, "*.vcf"))
	if err != nil {
		f.Fatal(err)
	}
	for i := range found {
		found[i] = filepath.Base(found[i])
	}
	slices.Sort(found)
	return strings.Join(found, ", ")
}

func (f *folder) sync(o transfer.SyncOptions) (*transfer.Synced, []transfer.Event) {
	f.Helper()
	s, events, err := f.try(f.book, o)
	if err != nil {
		f.Fatalf("Sync() = %v", err)
	}
	return s, events
}

func (f *folder) try(b transfer.Book, o transfer.SyncOptions) (*transfer.Synced, []transfer.Event, error) {
	var events []transfer.Event
	o.Event = func(e transfer.Event) { events = append(events, e) }
	s, err := transfer.Sync(context.Background(), b, f.dir, o)
	return s, events, err
}

func (f *folder) quiet() {
	f.Helper()
	b := &counting{Book: f.book}
	s, events, err := f.try(b, transfer.SyncOptions{})
	if err != nil || len(events) != 0 || b.calls != 1 {
		f.Errorf("with nothing to do: %+v, %v, %v, %d calls", s, events, err, b.calls)
	}
}

// A counting book counts what is asked of it.
type counting struct {
	transfer.Book
	calls int
}

func (c *counting) Groups(ctx context.Context) ([]contacts.Group, error) {
	c.calls++
	return c.Book.Groups(ctx)
}

func (c *counting) Get(ctx context.Context, ids []string) ([]*transfer.Item, error) {
	c.calls++
	return c.Book.Get(ctx, ids)
}

func (c *counting) Changes(ctx context.Context, mark string) (transfer.Changes, error) {
	c.calls++
	return c.Book.Changes(ctx, mark)
}

func (c *counting) Apply(ctx context.Context, ops []transfer.Op) ([]transfer.Result, error) {
	c.calls++
	return c.Book.Apply(ctx, ops)
}

// note changes the notes of a contact in the book.
func (f *folder) note(name, note string) {
	f.Helper()
	it := find(f, f.book, name)
	if it == nil {
		f.Fatalf("no %s in the book", name)
	}
	c := it.Contact.Clone()
	c.Notes = note
	apply(f, f.book, transfer.Op{Kind: transfer.Update, Item: it, Contact: c})
}

func (f *folder) delete(name string) {
	f.Helper()
	apply(f, f.book, transfer.Op{Kind: transfer.Delete, Item: find(f, f.book, name)})
}

// edit adds a line to a card of the folder.
func (f *folder) edit(name, line string) {
	f.Helper()
	f.write(name, strings.Replace(f.read(name), "END:VCARD", line+"\r\nEND:VCARD", 1))
}

func TestSync(t *testing.T) {
	p := newPlace(t)
	start := func(t *testing.T) *folder {
		f := newFolder(t, p)
		imported(t, f.book, card("UID:1", "FN:Jane Bennet", "CATEGORIES:Sisters,Family")+card("FN:Mary Bennet")+card("FN:Kitty Bennet"), transfer.ImportOptions{})
		f.write("lydia.vcf", card("UID:4", "FN:Lydia Bennet", "CATEGORIES:Sisters,Flirts"))
		s, _ := f.sync(transfer.SyncOptions{})
		if s.FilesWritten != 3 || s.Added != 1 || s.Contacts != 4 || s.Conflicts+s.Problems != 0 {
			t.Fatalf("first Sync() = %+v", s)
		}
		return f
	}

	t.Run("SYNC-1 what is on one side comes to the other, and then one request finds nothing", func(t *testing.T) {
		f := start(t)
		if got := f.files(); got != "Jane Bennet.vcf, Kitty Bennet.vcf, Mary Bennet.vcf, lydia.vcf" {
			t.Errorf("the folder has %s", got)
		}
		f.quiet()
		f.note("Jane Bennet", "engaged")
		f.delete("Kitty Bennet")
		f.edit("Mary Bennet.vcf", "NOTE:plays")
		f.write("Anne.vcf", card("FN:Anne de Bourgh"))
		f.remove("lydia.vcf")
		s, _ := f.sync(transfer.SyncOptions{})
		if s.FilesWritten != 1 || s.FilesDeleted != 1 || s.Updated != 1 || s.Added != 1 || s.Deleted != 1 || s.Conflicts+s.Problems != 0 {
			t.Errorf("Sync() = %+v", s)
		}
		if got := names(t, f.book); got != "Jane Bennet, Mary Bennet, Anne de Bourgh" {
			t.Errorf("the book has %s", got)
		}
		if !strings.Contains(f.read("Jane Bennet.vcf"), "NOTE:engaged") || find(t, f.book, "Mary Bennet").Contact.Notes != "plays" {
			t.Error("a change did not arrive")
		}
		f.quiet()
	})

	t.Run("SYNC-2 photos and groups come along", func(t *testing.T) {
		f := start(t)
		it := find(t, f.book, "Mary Bennet")
		apply(t, f.book, transfer.Op{Kind: transfer.Update, Item: it, Contact: it.Contact.Clone(), Photo: &transfer.Photo{Data: gif(3)}})
		f.sync(transfer.SyncOptions{})
		text := f.read("Mary Bennet.vcf")
		if !strings.Contains(text, "PHOTO") {
			t.Fatalf("the file is\n%s", text)
		}
		f.write("Mary Bennet.vcf", card("FN:Mary Bennet", "NOTE:plain"))
		f.write("Kitty Bennet.vcf", strings.Replace(text, "Mary", "Kitty", -1))
		f.sync(transfer.SyncOptions{})
		if mary, kitty := find(t, f.book, "Mary Bennet"), find(t, f.book, "Kitty Bennet"); mary.Photo != "" || kitty.Photo == "" {
			t.Errorf("photos %q and %q", mary.Photo, kitty.Photo)
		}
		lydia := find(t, f.book, "Lydia Bennet")
		if len(lydia.Contact.Memberships) != 2 {
			t.Errorf("Lydia is in %v", lydia.Contact.Memberships)
		}
		f.quiet()
	})

	t.Run("SYNC-3 when both sides have changed, both are kept", func(t *testing.T) {
		f := start(t)
		f.note("Jane Bennet", "in London")
		f.edit("Jane Bennet.vcf", "NOTE:at Netherfield")
		s, events := f.sync(transfer.SyncOptions{})
		if s.Conflicts != 1 || !strings.Contains(fmt.Sprint(events), "Jane Bennet (conflict).vcf") {
			t.Errorf("Sync() = %+v, %v", s, events)
		}
		if got := names(t, f.book); got != "Jane Bennet, Mary Bennet, Kitty Bennet, Lydia Bennet, Jane Bennet" {
			t.Errorf("the book has %s", got)
		}
		if !strings.Contains(f.read("Jane Bennet.vcf"), "in London") || !strings.Contains(f.read("Jane Bennet (conflict).vcf"), "at Netherfield") ||
			strings.Contains(f.read("Jane Bennet (conflict).vcf"), "UID") {
			t.Errorf("%s\n%s", f.read("Jane Bennet.vcf"), f.read("Jane Bennet (conflict).vcf"))
		}
		f.quiet()
	})

	t.Run("SYNC-3 the same change on both sides is no conflict", func(t *testing.T) {
		f := start(t)
		f.note("Mary Bennet", "plays")
		f.edit("Mary Bennet.vcf", "NOTE:plays")
		if s, _ := f.sync(transfer.SyncOptions{}); s.Conflicts != 0 || s.Updated != 0 || s.FilesWritten != 0 {
			t.Errorf("Sync() = %+v", s)
		}
		f.quiet()
	})

	t.Run("SYNC-4 a change wins over a deletion", func(t *testing.T) {
		f := start(t)
		f.note("Jane Bennet", "alive")
		f.remove("Jane Bennet.vcf")
		f.edit("Mary Bennet.vcf", "NOTE:alive")
		f.delete("Mary Bennet")
		s, _ := f.sync(transfer.SyncOptions{})
		if s.Conflicts != 2 || s.Deleted+s.FilesDeleted != 0 {
			t.Errorf("Sync() = %+v", s)
		}
		if find(t, f.book, "Mary Bennet").Contact.Notes != "alive" || !strings.Contains(f.read("Jane Bennet.vcf"), "alive") {
			t.Error("a change is lost")
		}
		f.quiet()
	})

	t.Run("SYNC-5 an empty side deletes nothing on the other, unless it is forced", func(t *testing.T) {
		f := start(t)
		for _, name := range strings.Split(f.files(), ", ") {
			f.remove(name)
		}
		if _, _, err := f.try(f.book, transfer.SyncOptions{}); !errors.Is(err, contacts.Forbidden) {
			t.Errorf("Sync() of an empty folder = %v", err)
		}
		if n := len(all(t, f.book)); n != 4 {
			t.Errorf("the book has %d contacts", n)
		}
		if s, _ := f.sync(transfer.SyncOptions{Force: true}); s.Deleted != 4 || len(all(t, f.book)) != 0 {
			t.Errorf("forced: %+v", s)
		}
		f = start(t)
		for _, c := range all(t, f.book) {
			f.delete(c.Name.Full)
		}
		for range 2 {
			if _, _, err := f.try(f.book, transfer.SyncOptions{}); !errors.Is(err, contacts.Forbidden) {
				t.Errorf("Sync() of an empty book = %v", err)
			}
		}
		if got := f.files(); strings.Count(got, ".vcf") != 4 {
			t.Errorf("the folder has %s", got)
		}
		if s, _ := f.sync(transfer.SyncOptions{Force: true}); s.FilesDeleted != 4 || f.files() != "" {
			t.Errorf("forced: %+v, the folder has %s", s, f.files())
		}
	})

	t.Run("SYNC-5 a folder that cannot be read changes nothing", func(t *testing.T) {
		f := start(t)
		lost := *f
		lost.dir = filepath.Join(f.dir, "missing")
		if _, _, err := lost.try(f.book, transfer.SyncOptions{Force: true}); err == nil || len(all(t, f.book)) != 4 {
			t.Errorf("Sync() of no folder = %v", err)
		}
		lost = *f
		lost.dir = t.TempDir() // where nothing is known to have been
		if _, _, err := lost.try(f.book, transfer.SyncOptions{}); err != nil || len(all(t, f.book)) != 4 {
			t.Errorf("Sync() of another folder = %v", err)
		}
	})

	t.Run("SYNC-6 a file that is no card is left alone on both sides, and named", func(t *testing.T) {
		f := start(t)
		f.write("Mary Bennet.vcf", "BEGIN:VCARD\r\nFN:Mar")
		f.write("two.vcf", card("FN:A")+card("FN:B"))
		f.write("junk.vcf", "\x00\xff\x01")
		if err := os.Mkdir(filepath.Join(f.dir, "folder.vcf"), 0o700); err != nil {
			t.Fatal(err)
		}
		f.note("Mary Bennet", "changed")
		s, events := f.sync(transfer.SyncOptions{})
		if s.Problems != 5 || s.Added+s.Updated+s.Deleted+s.FilesWritten+s.FilesDeleted != 0 {
			t.Errorf("Sync() = %+v %v", s, events)
		}
		f.write("Mary Bennet.vcf", card("FN:Mary Bennet"))
		for _, name := range []string{"two.vcf", "junk.vcf", "folder.vcf"} {
			f.remove(name)
		}
		if s, _ := f.sync(transfer.SyncOptions{}); s.FilesWritten != 1 || s.Problems != 0 {
			t.Errorf("mended: %+v", s)
		}
		f.quiet()
	})

	t.Run("SYNC-7 files have the names of their contacts, made safe", func(t *testing.T) {
		f := newFolder(t, p)
		for _, name := range []string{"../../etc/passwd", "a/b\\c:d", "con", "Jane", "jane", "...", "x\x01y", strings.Repeat("é", 200), ".hidden"} {
			apply(t, f.book, transfer.Op{Kind: transfer.Insert, Contact: &contacts.Contact{Name: contacts.Name{Full: strings.ReplaceAll(name, "\x01", "\u200b")}}})
		}
		apply(t, f.book, transfer.Op{Kind: transfer.Insert, Contact: &contacts.Contact{Phones: []contacts.Phone{{Rel: "home", Number: "01632 960001"}}}})
		f.sync(transfer.SyncOptions{})
		for _, want := range []string{"_.._etc_passwd.vcf", "a_b_c_d.vcf", "_con.vcf", "Jane.vcf", "jane (2).vcf", "contact.vcf", "x_y.vcf", "hidden.vcf", "01632 960001.vcf"} {
			if !strings.Contains(f.files(), want) {
				t.Errorf("no %s among %s", want, f.files())
			}
		}
		f.quiet()
	})

	t.Run("SYNC-8 a file that a person renames keeps its contact", func(t *testing.T) {
		f := start(t)
		before := find(t, f.book, "Mary Bennet")
		if err := os.Rename(filepath.Join(f.dir, "Mary Bennet.vcf"), filepath.Join(f.dir, "m.vcf")); err != nil {
			t.Fatal(err)
		}
		if s, _ := f.sync(transfer.SyncOptions{}); s.Added+s.Deleted != 0 {
			t.Errorf("Sync() = %+v", s)
		}
		f.note("Mary Bennet", "changed")
		f.sync(transfer.SyncOptions{})
		if !strings.Contains(f.read("m.vcf"), "changed") || find(t, f.book, "Mary Bennet").ID != before.ID {
			t.Errorf("the folder has %s", f.files())
		}
	})

	t.Run("SYNC-9 a dry run changes nothing", func(t *testing.T) {
		f := start(t)
		f.note("Jane Bennet", "engaged")
		f.delete("Kitty Bennet")
		f.edit("Mary Bennet.vcf", "NOTE:plays")
		f.remove("lydia.vcf")
		files, book := f.read("Jane Bennet.vcf")+f.files(), exported(t, f.book, transfer.JSON)
		s, _ := f.sync(transfer.SyncOptions{DryRun: true})
		if s.FilesWritten != 1 || s.FilesDeleted != 1 || s.Updated != 1 || s.Deleted != 1 {
			t.Errorf("Sync() = %+v", s)
		}
		if f.read("Jane Bennet.vcf")+f.files() != files || exported(t, f.book, transfer.JSON) != book {
			t.Error("a dry run changes something")
		}
		if again, _ := f.sync(transfer.SyncOptions{}); again.FilesWritten != 1 || again.FilesDeleted != 1 || again.Updated != 1 || again.Deleted != 1 {
			t.Errorf("done: %+v", again)
		}
	})

	t.Run("SYNC-4 SYNC-9 a dry run says of no change that it was done", func(t *testing.T) {
		f := start(t)
		f.note("Jane Bennet", "engaged")
		f.remove("Jane Bennet.vcf")
		f.delete("Mary Bennet")
		f.edit("Mary Bennet.vcf", "NOTE:plays")
		reasons := func(o transfer.SyncOptions) (found []string) {
			_, events := f.sync(o)
			for _, e := range events {
				if e.Action == transfer.Conflict {
					found = append(found, e.Reason)
				}
			}
			slices.Sort(found)
			return found
		}
		for _, tt := range []struct {
			dry  bool
			want []string
		}{
			{true, []string{
				"the contact was deleted, but the file has changed; it would become a new contact",
				"the file was removed, but the contact has changed; it would come back",
			}},
			{false, []string{
				"the contact was deleted, but the file has changed; it becomes a new contact",
				"the file was removed, but the contact has changed; it is back",
			}},
		} {
			if got := reasons(transfer.SyncOptions{DryRun: tt.dry}); !slices.Equal(got, tt.want) {
				t.Errorf("dry run %v: %q, want %q", tt.dry, got, tt.want)
			}
		}
	})

	t.Run("SYNC-10 a folder belongs to one book, and a damaged state deletes nothing", func(t *testing.T) {
		f := start(t)
		if _, _, err := f.try(p.book(), transfer.SyncOptions{}); !errors.Is(err, contacts.Invalid) {
			t.Errorf("Sync() with another book = %v", err)
		}
		for _, text := range []string{"{", `{"sync":1,"book":"` + f.book.Name() + `","entries":[{"id":"1","file":"../x.vcf"}]}`} {
			f.write(".contacts-sync.json", text)
			if _, _, err := f.try(f.book, transfer.SyncOptions{}); !errors.Is(err, contacts.Invalid) {
				t.Errorf("Sync() with the state %s = %v", text, err)
			}
		}
		f.remove(".contacts-sync.json")
		if s, _ := f.sync(transfer.SyncOptions{}); s.FilesWritten+s.FilesDeleted+s.Added+s.Updated+s.Deleted+s.Conflicts+s.Problems != 0 || s.Contacts != 4 {
			t.Errorf("anew: %+v", s)
		}
		f.quiet()
	})

	t.Run("SYNC-11 a book that has forgotten deletions is read again", func(t *testing.T) {
		f := start(t)
		f.delete("Kitty Bennet")
		b := &forgetful{f.book}
		if s, _, err := f.try(b, transfer.SyncOptions{}); err != nil || s.FilesDeleted != 1 || s.FilesWritten != 0 {
			t.Errorf("Sync() = %+v, %v", s, err)
		}
		f.quiet()
	})

	t.Run("SYNC-12 a sync that is interrupted at any point goes on", func(t *testing.T) {
		random := rand.New(rand.NewPCG(1813, 2))
		for round := range 8 {
			f := newFolder(t, p)
			imported(t, f.book, crowd(40), transfer.ImportOptions{})
			f.sync(transfer.SyncOptions{})
			for i := range 6 {
				f.write(fmt.Sprintf("new%d.vcf", i), card(fmt.Sprintf("FN:New No%d", i), "CATEGORIES:New"))
				f.note(fmt.Sprintf("Guest No%d", i+10), "changed in the book")
				f.edit(fmt.Sprintf("Guest No%d.vcf", i+14), "NOTE:changed in the folder") // two of them on both sides
				f.delete(fmt.Sprintf("Guest No%d", i+20))
				f.remove(fmt.Sprintf("Guest No%d.vcf", i+28))
			}
			for {
				state := f.read(".contacts-sync.json")
				b := &failing{Book: f.book, after: random.IntN(3), how: random.IntN(3)}
				_, _, err := f.try(b, transfer.SyncOptions{})
				if err == nil {
					break
				}
				if !errors.Is(err, errKilled) {
					t.Fatal(err)
				}
				if random.IntN(2) == 0 { // killed before it could keep its state
					f.write(".contacts-sync.json", state)
				}
			}
			f.sync(transfer.SyncOptions{})
			f.quiet()
			counts := map[string]int{}
			for _, c := range all(t, f.book) {
				counts[c.Name.Full+" "+c.Notes]++
			}
			for said, n := range counts {
				if n > 1 && !strings.HasPrefix(said, "Guest No5 ") { // which the file had twice
					t.Errorf("round %d: %s is there %d times", round, said, n)
				}
			}
			for i := range 6 {
				for _, want := range []string{fmt.Sprintf("New No%d ", i), fmt.Sprintf("Guest No%d changed in the book", i+10), fmt.Sprintf("Guest No%d changed in the folder", i+14)} {
					if counts[want] == 0 {
						t.Errorf("round %d: %s is lost", round, want)
					}
				}
				for _, gone := range []string{fmt.Sprintf("Guest No%d ", i+20), fmt.Sprintf("Guest No%d ", i+28)} {
					if counts[gone] != 0 {
						t.Errorf("round %d: %s is back", round, gone)
					}
				}
			}
		}
	})
}

// A forgetful book no longer knows any deletion.
type forgetful struct{ transfer.Book }

func (f *forgetful) Changes(ctx context.Context, mark string) (transfer.Changes, error) {
	if mark != "" {
		return nil, contacts.Errorf(contacts.Gone, "", "forgotten")
	}
	return f.Book.Changes(ctx, mark)
}
