package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"contacts/client"
	"contacts/transfer"
)

// testApp is a call of the program on a terminal with a width, or in a pipe.
func testApp(t *testing.T, width int, env map[string]string) (a *app, out, errs *bytes.Buffer) {
	t.Helper()
	out, errs = new(bytes.Buffer), new(bytes.Buffer)
	on := width > 0
	a = &app{
		stdin: strings.NewReader(""), stdout: out, stderr: errs,
		term: terminal{out: on, err: on, width: func() int { return width }},
		lookupEnv: func(name string) (string, bool) {
			if name == "CONTACTS_CONFIG" {
				return t.TempDir(), true
			}
			v, ok := env[name]
			return v, ok
		},
		now: time.Now,
	}
	return a, out, errs
}

func TestTable(t *testing.T) {
	fill := func() *table {
		tab := &table{head: []string{"NAME", "EMAIL", "ID"}, keep: 1}
		tab.add("Elizabeth Bennet of Longbourn", "elizabeth@example.com", "1a")
		tab.add("伊丽莎白", "e\u0301lise@example.com", "2b")
		tab.add("two\nlines \x1b[31m\u202e", "", "3c")
		return tab
	}
	t.Run("CMD-22 CMD-23 columns are as wide as what is seen", func(t *testing.T) {
		a, out, _ := testApp(t, 0, nil)
		a.printTable(fill())
		want := "NAME                           EMAIL                  ID\n" +
			"Elizabeth Bennet of Longbourn  elizabeth@example.com  1a\n" +
			"伊丽莎白                       e\u0301lise@example.com      2b\n" +
			"two lines  [31m                                       3c\n"
		if out.String() != want {
			t.Errorf("got\n%swant\n%s", out, want)
		}
	})
	t.Run("CMD-23 a narrow terminal cuts the widest, and never the id", func(t *testing.T) {
		a, out, _ := testApp(t, 32, map[string]string{"NO_COLOR": "1"})
		a.printTable(fill())
		want := "NAME           EMAIL          ID\n" +
			"Elizabeth Be…  elizabeth@ex…  1a\n" +
			"伊丽莎白       e\u0301lise@exampl…  2b\n" +
			"two lines  […                 3c\n"
		if out.String() != want {
			t.Errorf("got\n%swant\n%s", out, want)
		}
	})
	t.Run("CMD-23 the head stands out on a terminal", func(t *testing.T) {
		a, out, _ := testApp(t, 80, nil)
		a.printTable(fill())
		if !strings.HasPrefix(out.String(), "\x1b[1mNAME") || strings.Count(out.String(), "\x1b") != 2 {
			t.Errorf("got %q", out)
		}
	})
	t.Run("nothing without rows", func(t *testing.T) {
		a, out, _ := testApp(t, 80, nil)
		a.printTable(&table{head: []string{"NAME"}})
		if out.Len() > 0 {
			t.Errorf("got %q", out)
		}
	})
}

func TestProgress(t *testing.T) {
	a, _, errs := testApp(t, 60, nil)
	now := time.Date(1813, 1, 28, 12, 0, 0, 0, time.UTC)
	a.now = func() time.Time { return now }
	show := a.progress("importing")
	show(transfer.Progress{Done: 100, Read: 50, Size: 200, Rate: 250.4})
	if want := "\r\x1b[Kimporting [#######.......................]  25% 100, 250/s"; errs.String() != want {
		t.Errorf("got %q, want %q", errs, want)
	}
	show(transfer.Progress{Done: 200, Read: 100, Size: 200}) // too soon to be drawn
	if strings.Contains(errs.String(), "200") {
		t.Errorf("drawn twice within %v: %q", barEvery, errs)
	}
	now = now.Add(barEvery)
	show(transfer.Progress{Done: 300})
	a.remark("done")
	if want := "\r\x1b[Kimporting 300, 0/s\r\x1b[Kdone\n"; !strings.HasSuffix(errs.String(), want) {
		t.Errorf("got %q, want the end %q", errs, want)
	}
	if a, _, _ := testApp(t, 0, nil); a.progress("importing") != nil {
		t.Error("progress is shown in a pipe")
	}
}

func TestParseTime(t *testing.T) {
	now := time.Date(2008, 3, 5, 12, 36, 38, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"7d":                   now.AddDate(0, 0, -7),
		"90m":                  now.Add(-90 * time.Minute),
		"2008-03-01":           time.Date(2008, 3, 1, 0, 0, 0, 0, time.Local),
		"2008-03-01T14:30":     time.Date(2008, 3, 1, 14, 30, 0, 0, time.Local),
		"2008-03-01 14:30:05":  time.Date(2008, 3, 1, 14, 30, 5, 0, time.Local),
		"2008-03-01T14:30:05Z": time.Date(2008, 3, 1, 14, 30, 5, 0, time.UTC),
	} {
		if got, err := parseTime(text, now); err != nil || !got.Equal(want) {
			t.Errorf("parseTime(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "d", "-1d", "-5m", "1d1d", "yesterday", "2008-13-01"} {
		if got, err := parseTime(text, now); err == nil {
			t.Errorf("parseTime(%q) = %v, want an error", text, got)
		}
	}
}

// Work is repeated after a broken connection as long as it comes further, and
// not for ever.
func TestPersist(t *testing.T) {
	a, _, _ := testApp(t, 0, nil)
	waits := 0
	b := &remoteBook{sleep: func(context.Context, time.Duration) error { waits++; return nil }}
	for _, broken := range []error{io.ErrUnexpectedEOF, &client.Error{Status: http.StatusServiceUnavailable}} {
		waits = 0
		done, calls := 0, 0
		err := a.persist(t.Context(), b, &done, func() error {
			if calls++; calls <= 3*resumeTries && calls%resumeTries == 0 {
				done++
			}
			return broken
		})
		if !errors.Is(err, broken) || calls != 4*resumeTries || waits != calls-1 {
			t.Errorf("%v: gave up with %v after %d calls and %d waits", broken, err, calls, waits)
		}
	}
	other, calls := os.ErrPermission, 0
	if err := a.persist(t.Context(), b, new(int), func() error { calls++; return other }); !errors.Is(err, other) || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
}

func TestBusyFor(t *testing.T) {
	e := &client.Error{Status: http.StatusServiceUnavailable, RetryAfter: 20 * time.Second}
	if got := busyFor(e, 0); got != 20*time.Second {
		t.Errorf("a server that asks for 20s is left alone for %v", got)
	}
	e.RetryAfter = time.Hour
	if got := busyFor(e, 0); got != maxBusy {
		t.Errorf("a server that asks for an hour is left alone for %v", got)
	}
	if a, b := busyFor(io.EOF, 1), busyFor(io.EOF, 2); b != 2*a {
		t.Errorf("waits are %v and %v, want twice as long each time", a, b)
	}
}
