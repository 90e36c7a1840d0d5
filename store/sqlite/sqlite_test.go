package sqlite_test

import (
	"context"
	"testing"

	"contacts/store"
	"contacts/store/sqlite"
	"contacts/store/storetest"
)

func openTest(t testing.TB) store.Store {
	st, err := sqlite.Open(context.Background(), t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

func TestStore(t *testing.T) { storetest.Run(t, openTest) }
