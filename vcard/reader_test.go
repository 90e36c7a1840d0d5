package vcard

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
)

// readAll reads every card and every fault of a stream.
func readAll(t testing.TB, text string) (cards []*Card, faults []string) {
	t.Helper()
	r := NewReader(strings.NewReader(text))
	for {
		c, err := r.Next()
		var d *DamagedError
		switch {
		case err == io.EOF:
			return cards, faults
		case errors.As(err, &d):
			faults = append(faults, d.Error())
		case err != nil:
			t.Fatalf("Next() = %v", err)
		default:
			cards = append(cards, c)
		}
	}
}

// lines joins lines as a file has them.
func lines(s ...string) string { return strings.Join(s, "\r\n") + "\r\n" }

// one reads the only card of a stream.
func one(t testing.TB, text string) *Card {
	t.Helper()
	cards, faults := readAll(t, text)
	if len(cards) != 1 || len(faults) != 0 {
		t.Fatalf("%d cards, faults %q, want one card:\n%s", len(cards), faults, text)
	}
	return cards[0]
}

func TestReaderProperties(t *testing.T) {
	for _, tt := range []struct {
		name    string
		version string
		line    string
		want    Property
	}{
		{"plain", V3, "FN:Elizabeth Bennet", Property{Name: "FN", Value: "Elizabeth Bennet"}},
		{"empty value", V3, "NOTE:", Property{Name: "NOTE"}},
		{"names in small letters", V3, "fn;type=x:a", Property{Name: "FN", Params: []Param{{"TYPE", "x"}}, Value: "a"}},
		{"group", V3, "item1.X-ABLabel:_$!<Home>!$_", Property{Group: "item1", Name: "X-ABLABEL", Value: "_$!<Home>!$_"}},
		{"list of types", V3, "TEL;TYPE=HOME,voice;TYPE=pref:1", Property{Name: "TEL", Params: []Param{{"TYPE", "HOME"}, {"TYPE", "voice"}, {"TYPE", "pref"}}, Value: "1"}},
		{"quoted parameter", V4, `ADR;LABEL="a;b:c,d":;;x`, Property{Name: "ADR", Params: []Param{{"LABEL", "a;b:c,d"}}, Value: ";;x"}},
		{"RFC 6868", V4, `X-A;B="a^nb^'c^^d^e^":1`, Property{Name: "X-A", Params: []Param{{"B", "a\nb\"c^d^e^"}}, Value: "1"}},
		{"escapes stay", V3, `N:Bennet\;x;Elizabeth\,y\n`, Property{Name: "N", Value: `Bennet\;x;Elizabeth\,y\n`}},
		{"folded", V3, "NOTE:one\r\n  two\r\n\tthree", Property{Name: "NOTE", Value: "one twothree"}},
		{"folded within a character", V3, "NOTE:caf\xc3\r\n \xa9", Property{Name: "NOTE", Value: "café"}},
		{"a colon in the value", V3, "URL:http://example.com/", Property{Name: "URL", Value: "http://example.com/"}},
		{"a semicolon too many", V3, "TEL;;TYPE=HOME;:1", Property{Name: "TEL", Params: []Param{{"TYPE", "HOME"}}, Value: "1"}},
		{"control characters", V3, "NOTE:a\x01b\x0bc", Property{Name: "NOTE", Value: `ab\nc`}},
		{"Windows-1252 without a word", V3, "FN:caf\xe9 \x80", Property{Name: "FN", Value: "café €"}},
		{"quoted-printable in 3.0", V3, "NOTE;ENCODING=QUOTED-PRINTABLE:a=0D=0Ab=C3=A9=\r\n tail", Property{Name: "NOTE", Value: `a\nbé tail`}},

		{"bare types", "2.1", "TEL;HOME;VOICE:1", Property{Name: "TEL", Params: []Param{{"TYPE", "HOME"}, {"TYPE", "VOICE"}}, Value: "1"}},
		{"quoted-printable", "2.1", "NOTE;QUOTED-PRINTABLE:one=\r\n two=3Bthree,=0D=0Afour=\r\n", Property{Name: "NOTE", Value: `one two;three\,\nfour`}},
		{"structured quoted-printable", "2.1", "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:B=C3=A9nnet;Jane", Property{Name: "N", Value: "Bénnet;Jane"}},
		{"charset", "2.1", "FN;CHARSET=ISO-8859-2;ENCODING=QUOTED-PRINTABLE:Luk=E1=B9", Property{Name: "FN", Value: "Lukáš"}},
		{"Japanese", "2.1", "FN;CHARSET=Shift_JIS:\x83\x47\x83\x8a", Property{Name: "FN", Value: "エリ"}},
		{"unknown charset", "2.1", "FN;CHARSET=X-NONE:\xe9", Property{Name: "FN", Value: "é"}},
		{"folding keeps the blank", "2.1", "NOTE:one\r\n two", Property{Name: "NOTE", Value: "one two"}},
		{"backslash n is itself", "2.1", `NOTE:C:\new, \;x`, Property{Name: "NOTE", Value: `C:\\new\, \;x`}},
		{"base64", "2.1", "PHOTO;JPEG;ENCODING=BASE64:\r\n AAAA\r\n BBBB\r\n\r\n", Property{Name: "PHOTO", Params: []Param{{"TYPE", "JPEG"}, {"ENCODING", "b"}}, Value: "AAAABBBB"}},
		{"base64 without blanks", "2.1", "PHOTO;JPEG;BASE64:AAAA\r\nBBBB\r\nCC==", Property{Name: "PHOTO", Params: []Param{{"TYPE", "JPEG"}, {"ENCODING", "b"}}, Value: "AAAABBBBCC=="}},
		{"agent", "2.1", "AGENT:\r\nBEGIN:VCARD\r\nVERSION:2.1\r\nFN:Hill, Mrs.\r\nEND:VCARD", Property{Name: "AGENT", Value: `BEGIN:VCARD\nVERSION:2.1\nFN:Hill\, Mrs.\nEND:VCARD\n`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := lines("BEGIN:VCARD", "VERSION:"+tt.version, tt.line, "X-LAST:1", "END:VCARD")
			c := one(t, text)
			if len(c.Properties) != 2 || c.Version != tt.version || c.Line != 1 {
				t.Fatalf("card %+v, want version %s from line 1 with 2 properties", c, tt.version)
			}
			got := c.Properties[0]
			if got.Line != 3 {
				t.Errorf("Line = %d, want 3", got.Line)
			}
			got.Line = 0
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("Next() = %#v\nwant %#v", got, tt.want)
			}
			again := one(t, string(c.Append(nil)))
			again.Properties[0].Line = 0
			if !reflect.DeepEqual(again.Properties[0], tt.want) {
				t.Errorf("written and read again: %#v\nwant %#v\n%s", again.Properties[0], tt.want, c.Append(nil))
			}
		})
	}
}

func TestReaderGoesOn(t *testing.T) {
	jane := lines("BEGIN:VCARD", "VERSION:3.0", "FN:Jane", "END:VCARD")
	mary := lines("begin:vcard", "VERSION:4.0", "FN:Mary", "end:vcard ")
	for _, tt := range []struct {
		name   string
		text   string
		names  string
		faults []string
	}{
		{"nothing", "", "", nil},
		{"empty lines", "\r\n\n" + jane + "\n\n" + mary + "\n", "Jane Mary", nil},
		{"no line end at the end", jane + "BEGIN:VCARD\nFN:Kitty\nEND:VCARD", "Jane Kitty", nil},
		{"CR alone", strings.ReplaceAll(jane+mary, "\r\n", "\r"), "Jane Mary", nil},
		{"LF alone", strings.ReplaceAll(jane+mary, "\r\n", "\n"), "Jane Mary", nil},
		{"CR CR LF", strings.ReplaceAll(jane+mary, "\r\n", "\r\r\n"), "Jane Mary", nil},
		{"byte order mark", "\xEF\xBB\xBF" + jane, "Jane", nil},
		{"text between", jane + "hello\n\nthere\n" + mary, "Jane Mary", []string{"line 5: text that is no vCard"}},
		{"no vCard", "Name,E-mail\nJane,jane@example.com\n", "", []string{"line 1: text that is no vCard"}},
		{"no END", "BEGIN:VCARD\nFN:Lydia\n" + jane, "Jane", []string{"line 1: no END:VCARD"}},
		{"no END at the end", jane + "BEGIN:VCARD\nFN:Lydia\n", "Jane", []string{"line 5: no END:VCARD"}},
		{"a line without colon", "BEGIN:VCARD\nFN:Lydia\nNOTE\nEMAIL:l@example.com\nEND:VCARD\n" + jane, "Jane", []string{"line 3: neither a property nor the continuation of one"}},
		{"a quote that does not end", "BEGIN:VCARD\nTEL;TYPE=\"x:1\nEND:VCARD\n" + jane, "Jane", []string{"line 2: neither a property nor the continuation of one"}},
		{"a name that is none", "BEGIN:VCARD\nFN:Lydia\nTEL*:1\nEND:VCARD\n" + jane, "Jane", []string{"line 3: not a property"}},
		{"a soft line break before END", "BEGIN:VCARD\nFN;QUOTED-PRINTABLE:Lydia=\nEND:VCARD\n" + jane, "Lydia= Jane", nil},
		{"another object", "BEGIN:VCARD\nBEGIN:VCALENDAR\nEND:VCALENDAR\nEND:VCARD\n" + jane, "Jane", []string{"line 2: another object within the card"}},
		{"END alone", "END:VCARD\n" + jane, "Jane", []string{"line 1: text that is no vCard"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cards, faults := readAll(t, tt.text)
			var names []string
			for _, c := range cards {
				names = append(names, c.Get("FN").Text())
			}
			if got := strings.Join(names, " "); got != tt.names {
				t.Errorf("cards of %q, want %q", got, tt.names)
			}
			if !reflect.DeepEqual(faults, tt.faults) {
				t.Errorf("faults %q, want %q", faults, tt.faults)
			}
		})
	}
}
