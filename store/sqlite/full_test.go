//go:build unix

package sqlite_test

import (
	"errors"
	"fmt"
	"os/signal"
	"sync"
	"syscall"
	"testing"

	"contacts"
	"contacts/store/sqlite"
)

// fillUp inserts with eight writers until each has failed three times, and
// returns the acknowledged IDs. Every failure must be Unavailable.
func fillUp(st *sqlite.Store) (acknowledged []contacts.ID, err error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for failures := 0; failures < 3; {
				id, e := insertOne(st)
				mu.Lock()
				if e == nil {
					acknowledged = append(acknowledged, id)
				} else if failures++; !errors.Is(e, contacts.Unavailable) {
					err = fmt.Errorf("insert without room: %w, want kind unavailable", e)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return acknowledged, err
}

func TestFull(t *testing.T) {
	t.Run("WRT-8 a database at its limit keeps what it acknowledged and goes on", func(t *testing.T) {
		dir := t.TempDir()
		st, err := sqlite.OpenLimited(dir, 100)
		if err != nil {
			t.Fatal(err)
		}
		acknowledged, err := fillUp(st)
		if err != nil || len(acknowledged) == 0 {
			t.Fatalf("%d inserts before there was no room, %v", len(acknowledged), err)
		}
		if err := checkBook(st, acknowledged); err != nil {
			t.Error(err)
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
		more := openIn(t, dir)
		id, err := insertOne(more)
		if err != nil {
			t.Fatalf("insert after there was room again: %v", err)
		}
		if err := checkBook(more, append(acknowledged, id)); err != nil {
			t.Error(err)
		}
	})

	t.Run("WRT-8 a write that the system refuses is not acknowledged and the store goes on", func(t *testing.T) {
		cmd := process("full", t.TempDir())
		if out, err := cmd.Output(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
}

// insertUntilFull lets the system refuse files over a size, as a full disk
// would, until inserts fail, and then again not.
func insertUntilFull(dir string) error {
	signal.Ignore(syscall.SIGXFSZ)
	st, err := openDir(dir)
	if err != nil {
		return err
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	small := limit
	small.Cur = 600_000
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		return err
	}
	acknowledged, err := fillUp(st)
	if err != nil {
		return err
	}
	if len(acknowledged) == 0 {
		return errors.New("no insert succeeded before there was no room")
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	for range 300 {
		id, err := insertOne(st)
		if err != nil {
			return fmt.Errorf("insert after there was room again: %w", err)
		}
		acknowledged = append(acknowledged, id)
	}
	return errors.Join(checkBook(st, acknowledged), st.Close())
}
