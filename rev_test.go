package contacts_test

import (
	"strings"
	"testing"
	"testing/quick"
	"time"

	"contacts"
)

var christmas = time.Date(2008, 12, 25, 10, 0, 0, 7e6, time.UTC)

func TestRev(t *testing.T) {
	t.Run("VER-61 a revision is the updated time in microseconds", func(t *testing.T) {
		updated := time.Date(2008, 3, 5, 12, 36, 38, 835e6, time.UTC)
		rev := contacts.Rev(0).Next(updated)
		if rev.String() != "1204720598835000" || !rev.Time().Equal(updated) {
			t.Errorf("Next(%v) = %v at %v, want 1204720598835000", updated, rev, rev.Time())
		}
	})

	t.Run("WRT-23 VER-60 every write raises the revision, whatever the clock does", func(t *testing.T) {
		rev := contacts.Rev(0)
		for _, step := range []time.Duration{0, 0, time.Microsecond, -time.Hour, time.Millisecond, -24 * time.Hour, 0, time.Hour} {
			next := rev.Next(christmas.Add(step))
			if next <= rev || next.String() == rev.String() || next.ETag() == rev.ETag() {
				t.Errorf("Next(%v after) = %v after %v, want a greater one", step, next, rev)
			}
			rev = next
		}
	})

	t.Run("VER-61 the tie-breaker leaves the millisecond alone", func(t *testing.T) {
		first := contacts.Rev(0).Next(christmas)
		rev := first
		for range 999 {
			rev = rev.Next(christmas)
		}
		if !rev.Time().Equal(first.Time()) || rev != first+999 {
			t.Errorf("after 999 more writes at %v: %v", first.Time(), rev.Time())
		}
	})

	t.Run("VER-70 an ETag is a quoted string of URL-safe characters", func(t *testing.T) {
		const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
		seen := map[string]contacts.Rev{}
		for _, rev := range []contacts.Rev{0, 1, 35, 36, 1204720598835000, 1204720598835001, 1<<63 - 1} {
			tag := rev.ETag()
			if inner := strings.TrimSuffix(strings.TrimPrefix(tag, `"`), `"`); len(inner) != len(tag)-2 || inner == "" || strings.Trim(inner, safe) != "" {
				t.Errorf("ETag of %d = %s", rev, tag)
			}
			if other, ok := seen[tag]; ok {
				t.Errorf("%d and %d have the ETag %s", rev, other, tag)
			}
			seen[tag] = rev
		}
	})
}

// An entry updated at or after a time is one whose revision is at least that
// time's: feeds with updated-min rely on it in both directions.
func TestRevAt(t *testing.T) {
	t.Run("QRY-4 QRY-5 RevAt divides the revisions at the time", func(t *testing.T) {
		divides := func(micros, nanos int64) bool {
			rev := contacts.Rev(micros & (1<<52 - 1))
			at := rev.Time().Add(time.Duration(nanos % int64(3*time.Millisecond)))
			return !rev.Time().Before(at) == (rev >= contacts.RevAt(at))
		}
		if err := quick.Check(divides, &quick.Config{MaxCount: 10_000}); err != nil {
			t.Error(err)
		}
	})
}

func TestID(t *testing.T) {
	t.Run("RES-37 an ID is lower-case hexadecimal without leading zeros", func(t *testing.T) {
		for id, want := range map[contacts.ID]string{0x6: "6", 0xc9012de: "c9012de", 0x77f272e18a99d7b0: "77f272e18a99d7b0", 1<<64 - 1: "ffffffffffffffff"} {
			if got := id.String(); got != want {
				t.Errorf("ID(%#x).String() = %q, want %q", uint64(id), got, want)
			}
			if back, ok := contacts.ParseID(want); !ok || back != id {
				t.Errorf("ParseID(%q) = %v, %v", want, back, ok)
			}
		}
	})

	t.Run("RES-29 an ID has 1 to 16 hexadecimal digits", func(t *testing.T) {
		for s, want := range map[string]contacts.ID{"C9012DE": 0xc9012de, "000d": 0xd, "0000000000000006": 6} {
			if got, ok := contacts.ParseID(s); !ok || got != want {
				t.Errorf("ParseID(%q) = %v, %v, want %v", s, got, ok, want)
			}
		}
		for _, s := range []string{"", "g", "0x6", "-1", "+1", " 6", "6 ", "1_0", "00000000000000006", "ffffffffffffffff0", "６"} {
			if got, ok := contacts.ParseID(s); ok {
				t.Errorf("ParseID(%q) = %v, want none", s, got)
			}
		}
	})
}
