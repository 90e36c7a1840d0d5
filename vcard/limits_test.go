package vcard

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"contacts"
)

const jane = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Jane\r\nEND:VCARD\r\n"

// stream is head, then n times body, then tail, and never in memory.
func stream(head, body string, n int, tail string) io.Reader {
	return io.MultiReader(strings.NewReader(head), &repeater{body: body, n: n}, strings.NewReader(tail))
}

type repeater struct {
	body, rest string
	n          int
}

func (r *repeater) Read(p []byte) (int, error) {
	if r.rest == "" {
		if r.n == 0 {
			return 0, io.EOF
		}
		r.n--
		r.rest = r.body
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func TestReaderLimits(t *testing.T) {
	for _, tt := range []struct {
		name   string
		r      io.Reader
		reason string
	}{
		{"a million lines", stream("BEGIN:VCARD\r\n", "NOTE:a\r\n", 1e6, "END:VCARD\r\n"), "line 4098: a card may have at most 4096 properties"},
		{"a million members", stream("BEGIN:VCARD\r\n", "MEMBER:a\r\n", 1e6, "END:VCARD\r\n"), "line 100002: a group may have at most 100000 members"},
		{"a million folds", stream("BEGIN:VCARD\r\nNOTE:", strings.Repeat("a", 70)+"\r\n ", 1e6, "\r\nEND:VCARD\r\n"), "line 2: a card may have at most 16 MB"},
		{"a line without end", stream("BEGIN:VCARD\r\nNOTE:", strings.Repeat("a", 1000), 3e4, "\r\nEND:VCARD\r\n"), "line 2: a card may have at most 16 MB"},
		{"soft line breaks", stream("BEGIN:VCARD\r\nNOTE;QUOTED-PRINTABLE:=\r\n", strings.Repeat("a", 70)+"=\r\n", 1e6, "\r\nEND:VCARD\r\n"), "line 2: a card may have at most 16 MB"},
		{"large properties", stream("BEGIN:VCARD\r\n", "NOTE:"+strings.Repeat("a", 30000)+"\r\n", 1e3, "END:VCARD\r\n"), "line 561: a card may have at most 16 MB"},
		{"a nested card", stream("BEGIN:VCARD\r\nAGENT:\r\nBEGIN:VCARD\r\n", "NOTE:a\r\n", 3e6, "END:VCARD\r\nEND:VCARD\r\n"),
			"a card may have at most 16 MB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := NewReader(io.MultiReader(strings.NewReader(jane), tt.r, strings.NewReader(jane)))
			if c, err := r.Next(); err != nil || c.Get("FN") == nil {
				t.Fatalf("the card before: %v", err)
			}
			var damaged *DamagedError
			_, err := r.Next()
			if !errors.As(err, &damaged) {
				t.Fatalf("Next() = %v, want a *DamagedError", err)
			}
			damaged.Line -= 4
			if !strings.Contains(damaged.Error(), tt.reason) {
				t.Errorf("Next() = %v, want %s", damaged, tt.reason)
			}
			c, err := r.Next()
			if err != nil || c.Get("FN").Text() != "Jane" {
				t.Errorf("the card behind: %v, %v", c, err)
			}
			if _, err := r.Next(); err != io.EOF {
				t.Errorf("at the end: %v", err)
			}
			if held := cap(r.text) + cap(r.lines.long) + cap(r.scratch); held > 4*MaxCardBytes {
				t.Errorf("the reader holds %d bytes", held)
			}
		})
	}
}

func TestReaderEncodings(t *testing.T) {
	utf16of := func(s string, big, mark bool) string {
		var b []byte
		units := utf16.Encode([]rune(s))
		if mark {
			units = append([]uint16{0xFEFF}, units...)
		}
		for _, u := range units {
			if big {
				b = append(b, byte(u>>8), byte(u))
			} else {
				b = append(b, byte(u), byte(u>>8))
			}
		}
		return string(b)
	}
	text := strings.Replace(jane, "Jane", "Jáne 😀", 1)
	for name, s := range map[string]string{
		"UTF-8":                        text,
		"UTF-8 with mark":              "\uFEFF" + text,
		"UTF-16, little":               utf16of(text, false, true),
		"UTF-16, big":                  utf16of(text, true, true),
		"UTF-16, little, without mark": utf16of(text, false, false),
		"UTF-16, big, without mark":    utf16of(text, true, false),
	} {
		t.Run(name, func(t *testing.T) {
			if got := one(t, s).Get("FN").Text(); got != "Jáne 😀" {
				t.Errorf("FN = %q", got)
			}
		})
	}
	t.Run("binary junk", func(t *testing.T) {
		for _, junk := range []string{"\x00\x00\x01\x00", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "PK\x03\x04\x14\x00\x06\x00"} {
			r := NewReader(strings.NewReader(junk + jane))
			for range 2 { // the error is final
				if _, err := r.Next(); !errors.Is(err, contacts.Invalid) {
					t.Errorf("Next() = %v, want kind Invalid", err)
				}
			}
		}
	})
	t.Run("a stream that breaks", func(t *testing.T) {
		broken := errors.New("broken")
		r := NewReader(io.MultiReader(strings.NewReader(jane+"BEGIN:VCARD\r\nFN:Mary"), errReader{broken}))
		if _, err := r.Next(); err != nil {
			t.Errorf("the first card: %v", err)
		}
		for range 2 {
			if _, err := r.Next(); err != broken {
				t.Errorf("Next() = %v, want that of the stream", err)
			}
		}
		for _, err := range r.All() {
			if err != broken {
				t.Errorf("All() gives %v, want that of the stream, once", err)
			}
			broken = nil
		}
	})
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

func TestPhoto(t *testing.T) {
	photo := bytes.Repeat([]byte("photo\xff\x00"), 2000)
	b64 := base64.StdEncoding.EncodeToString(photo)
	folded := func(indent string) string {
		var b strings.Builder
		for i := 0; i < len(b64); i += 72 {
			b.WriteString("\r\n" + indent + b64[i:min(i+72, len(b64))])
		}
		return b.String()
	}
	for _, tt := range []struct{ name, version, line, kind string }{
		{"3.0", V3, "PHOTO;ENCODING=b;TYPE=JPEG:" + b64, "image/jpeg"},
		{"3.0 folded", V3, "PHOTO;ENCODING=b;TYPE=png:" + folded(" "), "image/png"},
		{"3.0 as 2.1", V3, "PHOTO;ENCODING=BASE64;JPEG:" + b64, "image/jpeg"},
		{"3.0 without padding", V3, "PHOTO;ENCODING=b:" + strings.TrimRight(b64, "="), ""},
		{"2.1", "2.1", "PHOTO;JPEG;ENCODING=BASE64:" + folded(" ") + "\r\n", "image/jpeg"},
		{"2.1 by TYPE", "2.1", "PHOTO;TYPE=GIF;ENCODING=BASE64:" + folded("  ") + "\r\n", "image/gif"},
		{"2.1 broken without blanks", "2.1", "PHOTO;ENCODING=BASE64;JPEG:" + folded(""), "image/jpeg"},
		{"4.0", V4, "PHOTO:data:image/jpeg;base64," + b64, "image/jpeg"},
		{"4.0 with an escape", V4, `PHOTO:data:image/webp;base64\,` + b64, "image/webp"},
		{"data in 3.0", V3, "PHOTO;VALUE=uri:data:image/png;base64," + folded(" "), "image/png"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			im := card(t, tt.version, "FN:Jane", tt.line).Import()
			if !bytes.Equal(im.Photo, photo) || im.PhotoType != tt.kind {
				t.Errorf("%d bytes of %q, want %d of %q", len(im.Photo), im.PhotoType, len(photo), tt.kind)
			}
			if len(im.Contact.Extra) > 0 || len(im.Lost) > 0 {
				t.Errorf("Extra %v, Lost %v", im.Contact.Extra, im.Lost)
			}
		})
	}
	for _, version := range []string{V3, V4} {
		text := Append(nil, new(contacts.Contact), Options{Version: version, Photo: photo, PhotoType: "image/png"})
		if im := one(t, string(text)).Import(); !bytes.Equal(im.Photo, photo) || im.PhotoType != "image/png" {
			t.Errorf("version %s gives %d bytes of %q", version, len(im.Photo), im.PhotoType)
		}
	}
}

func TestUID(t *testing.T) {
	c := &contacts.Contact{Extra: contacts.Extra{{XML: "<x xmlns='urn:x'/>"}, {In: "title", Attrs: " a='1'"}}}
	if UID(c) != "" {
		t.Errorf("UID() = %q, want none", UID(c))
	}
	for _, uid := range []string{"7", "7", "a,b;c<d>\\n'", "", "urn:uuid:8"} {
		SetUID(c, uid)
		if got := UID(c); got != uid {
			t.Errorf("UID() = %q, want %q", got, uid)
		}
		if err := c.Validate(); err != nil {
			t.Error(err)
		}
	}
	SetUID(c, "")
	same(t, c, &contacts.Contact{Extra: contacts.Extra{{XML: "<x xmlns='urn:x'/>"}, {In: "title", Attrs: " a='1'"}}})

	t.Run("as clients write it", func(t *testing.T) {
		for _, xml := range []string{
			"<v:uid xmlns:v='urn:ietf:params:xml:ns:vcard-4.0'><v:text>7</v:text></v:uid>",
			"<x xmlns='urn:x'>a</x><uid xmlns='urn:ietf:params:xml:ns:vcard-4.0'><uri>7</uri></uid>",
		} {
			c := &contacts.Contact{Extra: contacts.Extra{{XML: xml}}}
			if got := UID(c); got != "7" {
				t.Errorf("UID() = %q of %s", got, xml)
			}
			if got := string(Append(nil, c, Options{})); strings.Count(got, "UID:7\r\n") != 1 {
				t.Errorf("%s gives\n%s", xml, got)
			}
		}
	})
	if got := string(Append(nil, c, Options{UID: "9"})); !strings.Contains(got, "\r\nUID:9\r\n") {
		t.Errorf("Append() = %s", got)
	}
}

// A card cannot spoil the XML that the contact will be part of.
func TestForeignXML(t *testing.T) {
	for _, tt := range []struct {
		name, line string
		kept       bool
	}{
		{"sound", "X-EXTRA:;;<x xmlns='urn:x'>a &amp\\; <b/></x>", true},
		{"attributes", "X-EXTRA:title; plain='1';", true},
		{"no end", "X-EXTRA:;;<x xmlns='urn:x'>", false},
		{"crossed", "X-EXTRA:;;<x xmlns='urn:x'><b></x></b>", false},
		{"no namespace", "X-EXTRA:;;<x/>", false},
		{"unknown prefix", "X-EXTRA:;;<y:x/>", false},
		{"unknown prefix of an attribute", "X-EXTRA:;;<x xmlns='urn:x' y:a='1'/>", false},
		{"entity", "X-EXTRA:;;<x xmlns='urn:x'>&evil\\;</x>", false},
		{"comment", "X-EXTRA:;;<!-- --><x xmlns='urn:x'/>", false},
		{"text at the top", "X-EXTRA:;;a<x xmlns='urn:x'/>", false},
		{"attribute twice", "X-EXTRA:;;<x xmlns='urn:x' a='1' a='2'/>", false},
		{"attribute of the schema", "X-EXTRA:; rel='x';", false},
		{"attribute that ends the tag", "X-EXTRA:; a='1'><script x='1';", false},
		{"attribute with markup", "X-EXTRA:; a='<';", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			im := card(t, V3, tt.line).Import()
			if kept := len(im.Contact.Extra) > 0; kept != tt.kept || kept == (len(im.Lost) > 0) {
				t.Errorf("Extra %q, Lost %q", im.Contact.Extra, im.Lost)
			}
		})
	}
	t.Run("an extended property", func(t *testing.T) {
		im := card(t, V3, "X-EXTENDED-PROPERTY;X-NAME=a;X-FORM=xml:<a").Import()
		if len(im.Contact.Properties) > 0 || len(im.Lost) != 1 {
			t.Errorf("%v, Lost %q", im.Contact.Properties, im.Lost)
		}
	})
}

func TestLargeGroup(t *testing.T) {
	g := Group{Name: "Everybody", Members: make([]string, 20000)}
	for i := range g.Members {
		g.Members[i] = strconv.Itoa(i)
	}
	if im := one(t, string(AppendGroup(nil, &g, V3))).Import(); !slices.Equal(im.Members, g.Members) {
		t.Errorf("%d members, want %d", len(im.Members), len(g.Members))
	}
}

// What an entry has no room for is named, and the rest is a valid contact.
func TestImportLimits(t *testing.T) {
	big := strings.Repeat("a", 40<<10)
	for _, tt := range []struct {
		name  string
		lines []string
		lost  string
	}{
		{"one property", []string{"LOGO:" + big + big}, "LOGO: no room"},
		{"several", []string{"KEY:" + big, "LOGO:" + big, "TZ:x"}, "LOGO: no room"},
		{"parameters", []string{"EMAIL;X-A=" + big + ":a@example.com", "EMAIL;X-A=" + big + ":b@example.com"}, "At most 65536 bytes"},
		{"extended properties", []string{strings.Repeat("X-EXTENDED-PROPERTY;X-NAME=a:1\r\n", 11) + "UID:7"}, "at most 10 are possible"},
		{"one large extended property", []string{"X-EXTENDED-PROPERTY;X-NAME=a:" + big}, "at most 8192 are possible"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			im := card(t, V3, append(tt.lines, "FN:Jane", "UID:7")...).Import()
			if err := im.Contact.Validate(); err != nil {
				t.Errorf("Validate() = %v", err)
			}
			if len(im.Lost) != 1 || !strings.Contains(im.Lost[0], tt.lost) {
				t.Errorf("Lost = %q, want %s", im.Lost, tt.lost)
			}
			if im.Contact.Name.Full != "Jane" || UID(im.Contact) != "7" {
				t.Errorf("contact %+v", im.Contact)
			}
		})
	}
}

// An address is written without its whole if a book would write the same.
func TestFormatted(t *testing.T) {
	words := [...]string{"", "a", "b"}
	for n := range 2187 {
		pick := func() string { w := words[n%3]; n /= 3; return w }
		a := contacts.Address{Rel: "home", Street: pick(), POBox: pick(), Neighborhood: pick(), City: pick(), Region: pick(), Postcode: pick(), Country: pick()}
		c := contacts.Contact{Addresses: []contacts.Address{a}}
		c.Normalize()
		if got := string(appendFormatted(nil, &a)); got != c.Addresses[0].Formatted {
			t.Errorf("%+v: %q, want %q", a, got, c.Addresses[0].Formatted)
		}
	}
}

// A card costs few allocations, however many properties it has.
func TestReaderAllocations(t *testing.T) {
	const n = 200
	text := sample(n)
	allocs := testing.AllocsPerRun(10, func() {
		r := NewReader(bytes.NewReader(text))
		for {
			if _, err := r.Next(); err != nil {
				return
			}
		}
	})
	if allocs > 6*n {
		t.Errorf("%.1f allocations for each card, want at most 6", allocs/n)
	}
}

// What our own parameters say is not believed.
func TestImportOwnParameters(t *testing.T) {
	text := lines("FN:Jane", "EMAIL;X-REL=none:a@example.com", "TEL;X-REL=none:1", "ADR;X-REL=none;X-MAIL-CLASS=none;X-USAGE=none:;;a;;;;", "IMPP;X-REL=1:a:a",
		"IMPP;X-SERVICE-TYPE=\"a b:c\":a", "ORG;X-REL=none:a", "URL;X-REL=\"urn:a\":a", "CALURI;X-REL=\"urn:a\":a", "X-JOT;X-REL=a:a", "X-JOT;TYPE=cell:a",
		"X-EXTERNAL-ID;X-REL=\"urn:a\":a", "X-ABDATE;X-REL=\"urn:a\":1811-11-26", "RELATED;X-REL=\"urn:a\";VALUE=text:Mary", "X-LANG;X-REL=a:en", "HOBBY;X-REL=a:a",
		"X-PRIORITY:none", "CLASS:none", "X-WHERE;X-REL=a:a", "X-EXTENDED-PROPERTY:a", "X-USER-DEFINED:", "BDAY:0000-00-00", "GENDER:none")
	im := card(t, V3, strings.TrimSpace(text)).Import()
	if err := im.Contact.Validate(); err != nil {
		t.Errorf("Validate() = %v", err)
	}
	if len(im.Lost) > 0 {
		t.Errorf("Lost = %q", im.Lost)
	}
	c := im.Contact
	if len(c.Emails) != 1 || len(c.Phones) != 1 || len(c.Addresses) != 1 || len(c.IMs) != 1 || len(c.Organizations) != 1 || len(c.Websites) != 1 ||
		len(c.CalendarLinks) != 1 || len(c.Jots) != 2 || len(c.ExternalIDs) != 1 || len(c.Events) != 1 || len(c.Relations) != 1 {
		t.Errorf("contact %+v", c)
	}
	for _, version := range []string{V3, V4} {
		again := one(t, string(Append(nil, c, Options{Version: version}))).Import().Contact
		again.Normalize()
		want := c.Clone()
		want.Normalize()
		same(t, again, want)
	}
}
