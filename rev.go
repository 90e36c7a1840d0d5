package contacts

import (
	"strconv"
	"time"
)

// A Rev is a revision of an address book: the one number that drives change.
// Every write raises it, so that no two states of entries in one book share
// one. It is a time, in microseconds since 1970, that never runs backwards:
// its millisecond part is the entry's updated time, and the rest tells writes
// within one millisecond apart (VER-60, VER-61). ETags, version numbers,
// updated-min and sync tokens all derive from it.
type Rev int64

// RevAt is the first revision that can belong to t's millisecond, so that
// every entry updated at or after t has a revision of RevAt(t) or more.
func RevAt(t time.Time) Rev {
	ms := t.UnixMilli()
	if t.After(time.UnixMilli(ms)) { // a finer t excludes what came earlier in its millisecond
		ms++
	}
	return Rev(ms * 1000)
}

// Next is the revision of a write at time now in a book whose revision is r.
// It is greater than r even when the clock stands still or runs backwards.
func (r Rev) Next(now time.Time) Rev {
	return max(r+1, Rev(now.UnixMilli()*1000)) // WRT-23, OPS-94
}

// Time is the updated time, with a precision of one millisecond.
func (r Rev) Time() time.Time { return time.UnixMilli(int64(r) / 1000).UTC() }

// String is the decimal version number that ends an edit link of version 1.
func (r Rev) String() string { return strconv.FormatInt(int64(r), 10) }

// ETag is the strong entity tag of the entry state with this revision, with
// its quotes. It is the same in every version and projection (VER-70, VER-73).
func (r Rev) ETag() string { return string(r.AppendETag(nil)) }

// AppendETag appends ETag to b.
func (r Rev) AppendETag(b []byte) []byte {
	b = append(b, '"')
	b = strconv.AppendInt(b, int64(r), 36)
	return append(b, '.', '"')
}

// An ID is the short id of an entry: unique among the entries of its kind in
// one book, and never given out again (RES-37).
type ID uint64

// String is the ID in lower-case hexadecimal without leading zeros.
func (id ID) String() string { return strconv.FormatUint(uint64(id), 16) }

// ParseID reads 1 to 16 hexadecimal digits, in either case (RES-29).
func ParseID(s string) (ID, bool) {
	if len(s) > 16 {
		return 0, false
	}
	for i := range len(s) {
		switch c := s[i] | 0x20; {
		case '0' <= s[i] && s[i] <= '9', 'a' <= c && c <= 'f':
		default:
			return 0, false
		}
	}
	n, err := strconv.ParseUint(s, 16, 64)
	return ID(n), err == nil
}
