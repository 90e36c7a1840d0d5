package gdata

import (
	"strings"
	"testing"
	"time"
)

// timeOf reads a date-time by counting: another way to the same result.
func timeOf(s string) (time.Time, bool) {
	bad := time.Time{}
	number := func(from, to int) int { // -1 unless there are digits only
		if len(s) < to || from == to {
			return -1
		}
		n := 0
		for _, c := range []byte(s[from:to]) {
			if c < '0' || c > '9' {
				return -1
			}
			n = n*10 + int(c-'0')
		}
		return n
	}
	marks := func(at map[int]byte) bool {
		for i, c := range at {
			if len(s) <= i || s[i] != c {
				return false
			}
		}
		return true
	}
	y, m, d := number(0, 4), number(5, 7), number(8, 10)
	if !marks(map[int]byte{4: '-', 7: '-'}) || y < 1 || m < 1 || m > 12 || d < 1 {
		return bad, false
	}
	day := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if day.Day() != d {
		return bad, false
	}
	if len(s) == 10 {
		return day, true
	}
	hour, minute, second := number(11, 13), number(14, 16), number(17, 19)
	if !marks(map[int]byte{10: 'T', 13: ':', 16: ':'}) || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return bad, false
	}
	t := day.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second)
	if s = s[19:]; strings.HasPrefix(s, ".") {
		end := 1 + len(s[1:]) - len(strings.TrimLeft(s[1:], "0123456789"))
		if end == 1 {
			return bad, false
		}
		for i, unit := 1, 100*time.Millisecond; i < end && unit > 0; i, unit = i+1, unit/10 {
			t = t.Add(time.Duration(s[i]-'0') * unit)
		}
		s = s[end:]
	}
	if s == "" || s == "Z" {
		return t, true
	}
	hour, minute = number(1, 3), number(4, 6)
	if len(s) != 6 || !strings.Contains("+- ", s[:1]) || s[3] != ':' || hour < 0 || hour > 23 || minute < 0 || minute > 59 {
		return bad, false
	}
	offset := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
	if s[0] == '-' {
		offset = -offset
	}
	return t.Add(-offset), true
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{
		"2007-03-16", "2007-03-16T00:00:00", "2007-03-16T23:59:59.999Z", "2008-02-29T12:00:00.000000001+23:59", "2008-03-05T12:39:38.835 01:30", "2008-03-05T12:39:38-08:00",
		"", "2007", "2007-02-29", "0000-01-01", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-23:59", "2007-03-16T24:00:00Z", "2007-03-16T1:00:00", "2007-03-16T00:00:00,5",
		"2007-03-16t00:00:00z", "2007-03-16T00:00:00+24:00", "2007-03-16T00:00:00.", "2007-03-16T00:00:00Z ", "2007-03-16 00:00:00", "２007-03-16", "2007-03-16\n", "2007-03-16T00:00:00 ",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := parseTime(s)
		want, wantOK := timeOf(s)
		if ok != wantOK || ok && !got.Equal(want) {
			t.Errorf("parseTime(%q) = %v, %v, want %v, %v", s, got, ok, want, wantOK)
		}
		if ok && got.Location() != time.UTC {
			t.Errorf("parseTime(%q) is in %v", s, got.Location())
		}
	})
}
