package vcard

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// FuzzReader checks that nothing makes the package panic, that what it reads
// survives being written and read again, and that what it makes of it is valid.
func FuzzReader(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		ar, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(ar.Files[0].Data)
	}
	f.Add([]byte("BEGIN:VCARD\nVERSION:2.1\nN;ENCODING=QUOTED-PRINTABLE:=C3=A9=\n;x\nAGENT:\nBEGIN:VCARD\nEND:VCARD\nEND:VCARD"))
	f.Add([]byte("BEGIN:VCARD\na.X;A=\"^n\",b;HOME:\\\\\\;\n \xff\nEND:VCARD\n"))
	f.Add([]byte("BEGIN:VCARD\nORG;X-EXTRA=,\" a='1'\",\"<a xmlns=''/>\":a\nX-EXTRA:;;<tz xmlns='urn:ietf:params:xml:ns:vcard-4.0'><text>1</text></tz>\nEND:VCARD\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewReader(bytes.NewReader(data))
		for {
			c, err := r.Next()
			var damaged *DamagedError
			if errors.As(err, &damaged) {
				continue
			}
			if err != nil {
				if err != io.EOF && r.lines.n > 0 {
					t.Fatalf("Next() = %v", err)
				}
				return
			}
			survives(t, c)
		}
	})
}

func survives(t *testing.T, c *Card) {
	text := c.Append(nil)
	again := one(t, string(text))
	for i := range c.Properties {
		c.Properties[i].Line = 0
	}
	for i := range again.Properties {
		again.Properties[i].Line = 0
	}
	if !reflect.DeepEqual(again.Properties, c.Properties) && len(c.Properties) > 0 {
		t.Fatalf("read again:\ngot  %+v\nwant %+v\n%q", again.Properties, c.Properties, text)
	}

	first := c.Import().Contact
	if err := first.Validate(); err != nil {
		t.Fatalf("Validate() = %v", err)
	}
	for _, version := range []string{V3, V4} {
		// What a card means can change once, where it contradicts itself or does
		// as only other programs do, and not again.
		second := one(t, string(Append(nil, first, Options{Version: version}))).Import().Contact
		text := Append(nil, second, Options{Version: version})
		third := one(t, string(text)).Import()
		if again := Append(nil, third.Contact, Options{Version: version}); !bytes.Equal(again, text) && len(third.Lost) == 0 {
			t.Fatalf("written again in version %s:\n%s\nwas\n%s", version, again, text)
		}
	}
}
