package sqlite_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"contacts"
	"contacts/store"
	"contacts/store/sqlite"
	"contacts/store/storetest"
)

// openTest opens an empty store for one test.
func openTest(tb testing.TB) store.Store { return openIn(tb, tb.TempDir()) }

// openIn opens the store in a directory until the test ends.
func openIn(tb testing.TB, dir string) *sqlite.Store {
	tb.Helper()
	st, err := sqlite.Open(context.Background(), dir, sqlite.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := st.Close(); err != nil && !errors.Is(err, contacts.Unavailable) { // not closed by the test
			tb.Error(err)
		}
	})
	return st
}

func TestStore(t *testing.T) { storetest.Run(t, openTest) }

// The index of a book in the tests is one run, as a rule. Here it is many, and
// they are merged all the time. Whatever was done, in the end there is nothing
// to repair.
func TestSmallRuns(t *testing.T) {
	storetest.Random(t, func(tb testing.TB) store.Store {
		st, err := sqlite.OpenSmallRuns(tb.TempDir())
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() {
			faults, _ := verify(tb, st)
			for _, f := range faults {
				if strings.HasSuffix(f, "(derived)") && !strings.Contains(f, ": book: ") { // the others break rules that the suite does not know
					tb.Error(f)
				}
			}
			if err := st.Close(); err != nil {
				tb.Error(err)
			}
		})
		return st
	})
}
