package wire

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf16"

	"contacts"
)

func TestScanner(t *testing.T) {
	t.Run("XML-5 XML-9 ERR-23 what is not well-formed is refused with its position", func(t *testing.T) {
		for _, test := range []struct{ doc, where, why string }{
			{"", "line 1, column 1", "no root"},
			{" \n", "line 2, column 1", "no root"},
			{"x<a/>", "line 1, column 1", "outside the root"},
			{"<a/>x", "line 1, column 5", "outside the root"},
			{"<a/><![CDATA[]]>", "line 1, column 5", "outside the root"},
			{"<a/><b/>", "line 1, column 5", "second root"},
			{"<a>", "line 1, column 4", "unexpected end"},
			{"<a>\n  <b>\n</a>", "line 3, column 1", "b is not closed"},
			{"<a></ab>", "line 1, column 4", "a is not closed"},
			{"<a></a", "line 1, column 4", "a is not closed"},
			{"</a>", "line 1, column 1", "end tag"},
			{"<", "line 1, column 1", "unexpected end"},
			{"<a", "line 1, column 3", "unexpected end"},
			{"<a b", "line 1, column 5", "without value"},
			{"<a b=", "line 1, column 6", "without quotes"},
			{"<a b=c/>", "line 1, column 6", "without quotes"},
			{"<a b='c/>", "line 1, column 10", "unexpected end"},
			{"<a b='&lt;c/>", "line 1, column 14", "unexpected end"},
			{"<a b='<'/>", "line 1, column 7", "< in"},
			{"<a b='1'c='2'/>", "line 1, column 9", "no blank"},
			{"<a b='1' b='2'/>", "line 1, column 1", "b twice"},
			{"<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>", "line 1, column 1", "b twice"},
			{"<a xmlns:p='u' xmlns:p='v'/>", "line 1, column 16", "declared twice"},
			{"<a xmlns='u' xmlns='v'/>", "line 1, column 14", "declared twice"},
			{"<a / >", "line 1, column 4", "/ in a tag"},
			{"<p:a/>", "line 1, column 1", "undeclared prefix p"},
			{"<a p:b='1'/>", "line 1, column 1", "undeclared prefix p"},
			{"<a xmlns:p=''/>", "line 1, column 4", "without a namespace"},
			{"<a xmlns:xml='u'/>", "line 1, column 4", "prefix xml"},
			{"<a xmlns:p='" + xmlNS + "'/>", "line 1, column 4", "prefix xml"},
			{"<a xmlns='" + xmlNS + "'/>", "line 1, column 4", "prefix xml"},
			{"<a xmlns:xmlns='u'/>", "line 1, column 4", "prefix xmlns"},
			{"<a xmlns:p='" + xmlnsNS + "'/>", "line 1, column 4", "prefix xmlns"},
			{"<1/>", "line 1, column 2", "a name"},
			{"<é×/>", "line 1, column 3", "no blank"},
			{"<:a/>", "line 1, column 2", "qualified name"},
			{"<a:/>", "line 1, column 2", "qualified name"},
			{"<a:1/>", "line 1, column 2", "qualified name"},
			{"<a:b:c/>", "line 1, column 2", "qualified name"},
			{"<a é:é:é='1'/>", "line 1, column 4", "qualified name"},
			{"<a>]]></a>", "line 1, column 4", "]]>"},
			{"<a>&lt;]]></a>", "line 1, column 8", "]]>"},
			{"<a>&</a>", "line 1, column 4", "reference"},
			{"<a>&nbsp;</a>", "line 1, column 4", "&nbsp;"},
			{"<a>&#;</a>", "line 1, column 4", "&#;"},
			{"<a>&#x;</a>", "line 1, column 4", "&#x;"},
			{"<a>&#xG;</a>", "line 1, column 4", "&#xG;"},
			{"<a>&#1;</a>", "line 1, column 4", "&#1;"},
			{"<a>&#xD800;</a>", "line 1, column 4", "&#xD800;"},
			{"<a>&#xFFFE;</a>", "line 1, column 4", "&#xFFFE;"},
			{"<a>&#x110000;</a>", "line 1, column 4", "&#x110000;"},
			{"<a b='&#0;'/>", "line 1, column 7", "&#0;"},
			{"<a>&lt;", "line 1, column 8", "unexpected end"},
			{"<a>é\x01</a>", "line 1, column 5", "character"},
			{"<a>\xC3\x28</a>", "line 1, column 4", "UTF-8"},
			{"<a>\xED\xA0\x80</a>", "line 1, column 4", "UTF-8"},
			{"<a>\uFFFF</a>", "line 1, column 4", "character"},
			{"<a><!-- -- --></a>", "line 1, column 9", "-- in a comment"},
			{"<a><!-- --", "line 1, column 9", "-- in a comment"},
			{"<a><!-- ", "line 1, column 4", "comment without end"},
			{"<a><![CDATA[ ]]</a>", "line 1, column 4", "CDATA"},
			{"<a><!X></a>", "line 1, column 4", "markup"},
			{"<a><?xml version='1.0'?></a>", "line 1, column 4", "XML declaration"},
			{" <?xml version='1.0'?><a/>", "line 1, column 2", "XML declaration"},
			{"<a><?XML?></a>", "line 1, column 4", "XML declaration"},
			{"<a><?p </a>", "line 1, column 4", "without end"},
			{"<a><?p+?></a>", "line 1, column 4", "without end"},
			{"<a><?1?></a>", "line 1, column 6", "a name"},
			{"<?xml encoding='UTF-8'?><a/>", "line 1, column 1", "version"},
			{"<?xml version='2.0'?><a/>", "line 1, column 1", "version"},
			{"<?xml version='1.0' encoding='UTF-8'><a/>", "line 1, column 1", "without end"},
			{"<?xml version='1.0' standalone='maybe'?><a/>", "line 1, column 1", "malformed"},
			{"<?xml version='1.0' coding='UTF-8'?><a/>", "line 1, column 1", "malformed"},
			{"<?xml version='1.0' encoding='ISO-8859-1'?><a/>", "line 1, column 1", "ISO-8859-1"},
			{"<?xml version='1.0' encoding='UTF-16'?><a/>", "line 1, column 1", "UTF-16"},
		} {
			_, err := scan([]byte(test.doc))
			if err == nil {
				t.Errorf("%q is accepted", test.doc)
				continue
			}
			if s := err.Error(); !strings.Contains(s, test.where+": ") || !strings.Contains(s, test.why) {
				t.Errorf("%q: %v, want %s and %q", test.doc, err, test.where, test.why)
			}
			var e *contacts.Error
			if !errors.As(err, &e) || e.Kind != contacts.Invalid || e.Code != contacts.CodeParse {
				t.Errorf("%q: kind %v", test.doc, contacts.KindOf(err))
			}
		}
	})
	t.Run("XML-4 SEC-10 document types and entities are refused", func(t *testing.T) {
		for _, doc := range []string{
			"<!DOCTYPE a><a/>",
			"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
			"<?xml version='1.0'?>\n<!DOCTYPE a [<!ENTITY b '1'><!ENTITY c '&b;&b;'>]><a>&c;</a>",
		} {
			if _, err := scan([]byte(doc)); err == nil || !strings.Contains(err.Error(), "document type") {
				t.Errorf("%s: %v", doc, err)
			}
		}
	})
	t.Run("SEC-10 depth and number of elements are limited", func(t *testing.T) {
		nested := func(n int) string { return strings.Repeat("<a>", n) + strings.Repeat("</a>", n) }
		wide := func(n int) string { return "<a>" + strings.Repeat("<b/>", n-1) + "</a>" }
		attrs := func(n int) string {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, " a%d=''", i)
			}
			return "<a" + b.String() + "/>"
		}
		prefixes := func(n, each int) string {
			var b strings.Builder
			for i := range n {
				b.WriteString("<a")
				for j := range each {
					fmt.Fprintf(&b, " xmlns:p%d='u'", i*each+j)
				}
				b.WriteString(">")
			}
			return b.String() + strings.Repeat("</a>", n)
		}
		for _, test := range []struct {
			name       string
			most, more string
		}{
			{"depth", nested(100), nested(101)},
			{"elements", wide(100000), wide(100001)},
			{"attributes", attrs(maxAttributes), attrs(maxAttributes + 1)},
			{"declarations", prefixes(1, maxAttributes), prefixes(1, maxAttributes+1)},
			{"prefixes", prefixes(8, maxPrefixes/8), prefixes(9, maxPrefixes/8)},
		} {
			if _, err := scan([]byte(test.most)); err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
			if _, err := scan([]byte(test.more)); err == nil {
				t.Errorf("%s: more than the limit is accepted", test.name)
			}
		}
	})
	t.Run("XML-2 UTF-8 and UTF-16 are read", func(t *testing.T) {
		const text = "<a b='ß'>Zoë 😀</a>"
		want, err := scan([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		wide := func(s string, big bool) string {
			var b strings.Builder
			for _, u := range utf16.Encode([]rune(s)) {
				if big {
					b.WriteByte(byte(u >> 8))
				}
				b.WriteByte(byte(u))
				if !big {
					b.WriteByte(byte(u >> 8))
				}
			}
			return b.String()
		}
		for name, doc := range map[string]string{
			"declared":               "<?xml version='1.0' encoding='utf-8'?>\n" + text,
			"declared twice over":    `<?xml version = "1.0" encoding = "UTF-8" standalone = "no" ?>` + text,
			"of a later edition":     `<?xml version="1.1"?>` + text,
			"with a mark":            "\uFEFF" + text,
			"with mark, declared":    "\uFEFF<?xml version='1.0' encoding='UTF-8'?>" + text,
			"UTF-16 LE with a mark":  wide("\uFEFF"+text, false),
			"UTF-16 BE with a mark":  wide("\uFEFF"+text, true),
			"UTF-16 LE mark, named":  wide("\uFEFF<?xml version='1.0' encoding='UTF-16'?>"+text, false),
			"UTF-16 LE without mark": wide("<?xml version='1.0' encoding='UTF-16LE'?>"+text, false),
			"UTF-16 BE without mark": wide("<?xml version='1.0' encoding='utf-16'?>"+text, true),
		} {
			if got, err := scan([]byte(doc)); err != nil || got != want {
				t.Errorf("%s: %v, got %q, want %q", name, err, got, want)
			}
		}
		for name, doc := range map[string]string{
			"odd length":          wide("\uFEFF"+text, false) + "x",
			"half a pair":         "\xFF\xFE<\x00a\x00>\x00\x00\xD8<\x00/\x00a\x00>\x00",
			"half a pair, end":    "\xFF\xFE<\x00a\x00>\x00\x00\xD8",
			"second half alone":   "\xFE\xFF\x00<\x00a\x00>\xDC\x00\x00<\x00/\x00a\x00>",
			"UTF-16 called UTF-8": wide("\uFEFF<?xml version='1.0' encoding='UTF-8'?>"+text, false),
		} {
			if _, err := scan([]byte(doc)); err == nil {
				t.Errorf("%s is accepted", name)
			}
		}
	})
	t.Run("XML-1 the prefix has no meaning", func(t *testing.T) {
		same := []string{
			"<a xmlns='u' xmlns:q='v' q:c='1'><b/></a>",
			"<p:a xmlns:p='u' xmlns:r='v' r:c='1'><p:b></p:b></p:a>",
			"<p:a xmlns:p='u' r:c='1' xmlns:r='v'><x:b xmlns:x='u'/></p:a>",
			"<p:a xmlns:p='u' xmlns:r='v' r:c='1'><b xmlns='u'/></p:a>",
		}
		want, _ := scan([]byte(same[0]))
		for _, doc := range same {
			if got, err := scan([]byte(doc)); err != nil || got != want {
				t.Errorf("%s: %v, got %s, want %s", doc, err, got, want)
			}
		}
	})
	t.Run("text, references, line ends and names are those of encoding/xml", func(t *testing.T) {
		for _, doc := range []string{
			"<a>1\r\n2\r3\n4&#13;&#10;</a>",
			"<a><![CDATA[<&]]]]>\r\n<![CDATA[>\r]]></a>",
			"<a>&amp;&lt;&gt;&quot;&apos;&#65;&#x1F600;&#x1f600;</a>",
			"<a b='&#10;1&quot;' c=\"'\"/>",
			"<a>]] ]></a>", "<a><!-- - --><?p a?>x<?q?></a>", "<é.1-·/>", "<_:a xmlns:_='u'/>", "<a xml:lang='en'/>",
			"<a xmlns:xml='" + xmlNS + "'/>", "<a\n b='1'\t/>", "<a ></a >", "<a>>\"'</a>",
		} {
			got, err := scan([]byte(doc))
			want, wantErr := oracle([]byte(doc))
			if err != nil || wantErr != nil || got != want {
				t.Errorf("%q: %v %v\ngot  %s\nwant %s", doc, err, wantErr, got, want)
			}
		}
	})
	t.Run("blanks in attributes become spaces", func(t *testing.T) {
		got, err := scan([]byte("<a b='1\t2\n3\r\n4\r5&#9;6'/>"))
		if want := `""< a  b="1 2 3 4 5 6">""</>`; err != nil || got != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
		p := newParser([]byte("<a b='1\t2&#9;3'/>"), nil)
		defer p.free()
		p.next()
		equal(t, p.value("b"), "1 2\t3")
	})
	t.Run("what encoding/xml lets pass is refused", func(t *testing.T) {
		for _, doc := range []string{
			"<a/>x", "<a/><b/>", "<p:a/>", "<a b='1' b='2'/>", "<a xmlns:p='u' xmlns:q='u' p:b='' q:b=''/>",
			"<a><!DOCTYPE b></a>", "<a xmlns:xml='u'/>", "<a b='1'c='2'/>", "<a><!-- --></a><?xml?>",
		} {
			if err := lenient(doc); err != nil {
				t.Errorf("%s: encoding/xml refuses it too: %v", doc, err)
			}
			if _, err := scan([]byte(doc)); err == nil {
				t.Errorf("%s is accepted", doc)
			}
		}
	})
}

// lenient reads doc with encoding/xml.
func lenient(doc string) error {
	d := xml.NewDecoder(strings.NewReader(doc))
	for {
		if _, err := d.Token(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}
