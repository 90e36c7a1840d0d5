package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"contacts"
	"contacts/store"
	"contacts/store/sqlite"
)

// The tests of this file run this test program again as another process, with
// what it is to do in the environment.
const (
	roleEnv = "STORE_TEST_ROLE"
	dirEnv  = "STORE_TEST_DIR"
)

func TestMain(m *testing.M) {
	role, dir := os.Getenv(roleEnv), os.Getenv(dirEnv)
	if role == "" {
		os.Exit(m.Run())
	}
	if err := roles[role](dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var roles = map[string]func(dir string) error{
	"insert for ever": func(dir string) error { return insertMany(dir, 1<<30) },
	"insert 300":      func(dir string) error { return insertMany(dir, 300) },
	"full":            insertUntilFull,
}

// process starts this program in a role, on the store in dir.
func process(role, dir string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleEnv+"="+role, dirEnv+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

func openDir(dir string) (*sqlite.Store, error) {
	return sqlite.Open(context.Background(), dir, sqlite.Options{Logger: slog.New(slog.DiscardHandler)})
}

// insertOne adds a contact to the book of benchOwner and returns its ID.
func insertOne(st *sqlite.Store) (id contacts.ID, err error) {
	err = st.Update(context.Background(), benchOwner, func(tx store.Tx) error {
		b, err := tx.Book()
		if err != nil {
			return err
		}
		b.Rev, b.LastID, b.Contacts = max(b.Rev, firstRev)+1, b.LastID+1, b.Contacts+1
		id = b.LastID
		c := &contacts.Contact{ID: id, Rev: b.Rev, Created: b.Rev, Name: contacts.Name{Full: fmt.Sprintf("Guest%d Lucas", id)}}
		return errors.Join(tx.InsertContact(c), tx.PutBook(b))
	})
	return id, err
}

// insertMany inserts n contacts with eight writers, and writes the ID of each
// to the standard output once it is acknowledged.
func insertMany(dir string, n int64) error {
	st, err := openDir(dir)
	if err != nil {
		return err
	}
	var begun atomic.Int64
	var wg sync.WaitGroup
	var failed atomic.Pointer[error]
	for range 8 {
		wg.Go(func() {
			for begun.Add(1) <= n {
				id, err := insertOne(st)
				if err != nil {
					failed.Store(&err)
					return
				}
				fmt.Println(uint64(id)) // one write
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return st.Close()
}

// checkBook checks that the book is whole, and has the acknowledged contacts.
func checkBook(st *sqlite.Store, acknowledged []contacts.ID) error {
	var faults []error
	err := st.View(context.Background(), benchOwner, func(tx store.Tx) error {
		b, err := tx.Book()
		if err != nil {
			return err
		}
		n, err := tx.CountContacts(contacts.Query{})
		if err != nil {
			return err
		}
		found, err := tx.CountContacts(contacts.Query{Text: "lucas"})
		if err != nil {
			return err
		}
		if n != b.Contacts || n != int(b.LastID) || n != found {
			faults = append(faults, fmt.Errorf("the book counts %d contacts and gave out %d IDs, there are %d, and a search finds %d",
				b.Contacts, b.LastID, n, found))
		}
		for _, id := range acknowledged {
			c, err := tx.Contact(id)
			if err != nil || c.Name.Full != fmt.Sprintf("Guest%d Lucas", id) {
				faults = append(faults, fmt.Errorf("the acknowledged contact %v is %v, %v", id, c, err))
			}
		}
		return nil
	})
	return errors.Join(append(faults, err, st.Check())...)
}

func TestKill(t *testing.T) {
	t.Run("WRT-8 what was acknowledged before a kill is there after it", func(t *testing.T) {
		dir := t.TempDir()
		var acknowledged []contacts.ID
		for round := range 20 {
			cmd := process("insert for ever", dir)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(out)
			for n := 0; lines.Scan(); n++ {
				var id uint64
				if _, err := fmt.Sscan(lines.Text(), &id); err == nil {
					acknowledged = append(acknowledged, contacts.ID(id))
				}
				if n == 20+round*13 {
					if err := cmd.Process.Kill(); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
				t.Fatalf("the process ended by itself: %v", err)
			}
			st, err := openDir(dir)
			if err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
			if err := checkBook(st, acknowledged); err != nil {
				t.Errorf("round %d: %v", round, err)
			}
			if err := st.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestSecondProcess(t *testing.T) {
	dir := t.TempDir()
	st := openIn(t, dir)
	cmd := process("insert 300", dir)
	var out strings.Builder
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var acknowledged []contacts.ID
	for range 300 {
		id, err := insertOne(st)
		if err != nil {
			t.Fatal(err)
		}
		acknowledged = append(acknowledged, id)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Fields(out.String()) {
		var id uint64
		if _, err := fmt.Sscan(line, &id); err != nil {
			t.Fatal(err)
		}
		acknowledged = append(acknowledged, contacts.ID(id))
	}
	if len(acknowledged) != 600 {
		t.Errorf("%d inserts were acknowledged, want 600", len(acknowledged))
	}
	if err := checkBook(st, acknowledged); err != nil {
		t.Error(err)
	}
}
