package wire

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"contacts"
)

func TestParseFields(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"QRY-60 names", "title", "title"},
		{"QRY-60 a list", "id,title,gd:email", "id,title,gd:email"},
		{"QRY-69 blanks", " id , entry ( title ,\t@gd:etag ) , a [ @ b = 1 ] / c\n", "id,entry(title,@gd:etag),a[@b=1]/c"},
		{"QRY-60 paths", "entry/gd:name/gd:givenName/@yomi", "entry/gd:name/gd:givenName/@yomi"},
		{"QRY-60 sub-selections", "entry(id,gd:name(gd:givenName,gd:familyName),gd:email/@address)", "entry(id,gd:name(gd:givenName,gd:familyName),gd:email/@address)"},
		{"QRY-60 a sub-selection of one is a path", "entry(gd:name(gd:givenName))", "entry/gd:name/gd:givenName"},
		{"QRY-60 any element and attribute", "*,@*,entry/*/@*", "*,@*,entry/*/@*"},
		{"QRY-69 any of a prefix", "gd:*,@gd:*,atom:*", "gd:*,@gd:*,atom:*"},
		{"QRY-61 prefixes", "gd:a,gContact:b,batch:c,openSearch:d,app:e", "gd:a,gContact:b,batch:c,openSearch:d,app:e"},
		{"QRY-61 the prefix of Atom is superfluous", "atom:title,@atom:title", "title,@atom:title"},
		{"QRY-60 names with all that XML allows", "_a-b.c1,é", "_a-b.c1,é"},
		{"QRY-63 existence", "entry[gd:email],gd:email[@primary]", "entry[gd:email],gd:email[@primary]"},
		{"QRY-63 comparisons", `a[@a="1"],a[@a!='1'],a[b<1],a[b<=-1.50],a[b>.5],a[b >= 7]`, "a[@a='1'],a[@a!='1'],a[b<1],a[b<=-1.50],a[b>.5],a[b>=7]"},
		{"QRY-63 quotes in quotes", `a[@b='"'],a[@b="'"]`, `a[@b='"'],a[@b="'"]`},
		{"QRY-63 markup in quotes", `a[@b='],)(<']`, `a[@b='],)(<']`},
		{"QRY-63 and binds more strongly than or", "a[b or c and d or e]", "a[b or c and d or e]"},
		{"QRY-63 parentheses", "a[(b or c) and ((d))]", "a[(b or c) and d]"},
		{"QRY-63 superfluous parentheses", "a[(b and c) and (d or (e or f))]", "a[b and c and (d or e or f)]"},
		{"QRY-63 not", "a[not(b) and not ( c or not(d))]", "a[not(b) and not(c or not(d))]"},
		{"QRY-63 words that are names as well", "a[and and or or not],and,or[not='x'],a[order or android]", "a[and and or or not],and,or[not='x'],a[order or android]"},
		{"QRY-63 words without blanks", "a[@b='x'and@c or(d)]", "a[@b='x' and @c or d]"},
		{"QRY-63 dates", `a[b>xs:date("2008-03-05") and c<=xs:dateTime( '2008-03-05T12:36:38.835+02:00' )]`, "a[b>xs:date('2008-03-05') and c<=xs:dateTime('2008-03-05T12:36:38.835+02:00')]"},
		{"QRY-63 paths in conditions", "entry[author/name='Jane'][gd:email[@primary='true']/@address]", "entry[author/name='Jane'][gd:email[@primary='true']/@address]"},
		{"QRY-69 the element itself", "gd:phoneNumber[.='1']", "gd:phoneNumber[.='1']"},
		{"QRY-63 conditions on the way", "link[@rel='edit']/@href", "link[@rel='edit']/@href"},
		{"QRY-69 the limits", "a" + strings.Repeat("/a", maxFieldDepth-1) + "," + strings.Repeat("a", maxFields-2*maxFieldDepth), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, err := ParseFields(test.in)
			if err != nil {
				t.Fatal(err)
			}
			if test.want == "" {
				test.want = test.in
			}
			equal(t, f.String(), test.want)
			again, err := ParseFields(f.String())
			if err != nil || !reflect.DeepEqual(again, f) {
				t.Errorf("read again it is %v, %v", again, err)
			}
		})
	}
}

func TestParseFieldsRefuses(t *testing.T) {
	for _, test := range []struct{ name, in, says string }{
		{"nothing", "", "character 1: a name"},
		{"only blanks", "  ", "character 3: a name"},
		{"an empty item", "a,,b", "character 3: a name"},
		{"a comma at the end", "a,", "character 3: a name"},
		{"a path without end", "a/", "character 3: a name"},
		{"a path without beginning", "/a", "character 1: a name"},
		{"an attribute without name", "@", "character 2: a name"},
		{"a digit", "é,1", "character 3: a name"},
		{"a child of an attribute", "@a/b", "character 3: '/' was not"},
		{"a condition on an attribute", "@a[b]", "'[' was not"},
		{"a sub-selection without end", "a(b", "character 4: ')' was"},
		{"an empty sub-selection", "a()", "a name"},
		{"a path after a sub-selection", "a(b)/c", "'/' was not"},
		{"a condition after a sub-selection", "a(b)[c]", "'[' was not"},
		{"too many parentheses", "a(b))", "')' was not"},
		{"a condition without end", "a[b", "']' was"},
		{"an empty condition", "a[]", "a name"},
		{"a condition without element", "[a]", "a name"},
		{"an unknown prefix", "entry/media:group", `character 7: unknown prefix "media"`},
		{"an unknown prefix in a condition", "a[@x:y]", `unknown prefix "x"`},
		{"the prefix of XML", "@xml:lang", "unknown prefix"},
		{"a prefix without name", "gd:", "a name"},
		{"a prefix that is any", "*:a", "':' was not"},
		{"two colons", "gd:a:b", "':' was not"},
		{"and without end", "a[b and]", "a name"},
		{"or without beginning", "a[ or b]", "']' was"},
		{"not without parentheses", "a[not b]", "']' was"},
		{"parentheses without end", "a[(b]", "')' was"},
		{"a sub-selection in a condition", "a[b(c,d)]", "']' was"},
		{"a list in a condition", "a[b,c]", "']' was"},
		{"the element itself alone", "a[.]", "a comparison"},
		{"an unknown comparison", "a[b==1]", "a number or"},
		{"a comparison of paths", "a[b=c]", "a number or"},
		{"a comparison with nothing", "a[b=]", "a number or"},
		{"a text without end", "a[b='c]", "a text"},
		{"a number that is none", "a[b=1.2.3]", "a number or"},
		{"a number too large", "a[b=" + strings.Repeat("9", 400) + "]", "a number or"},
		{"infinity", "a[b=-Inf]", "a number or"},
		{"a date without quotes", "a[b=xs:date(2008-03-05)]", "a text"},
		{"a day that does not exist", "a[b=xs:date('2008-02-30')]", "not a value of xs:date"},
		{"a time in a date", "a[b=xs:date('2008-03-05T00:00:00Z')]", "not a value of xs:date"},
		{"a date in a time", "a[b=xs:dateTime('2008-03-05')]", "not a value of xs:dateTime"},
		{"a time with a comma", "a[b=xs:dateTime('2008-03-05T00:00:00,5Z')]", "not a value of xs:dateTime"},
		{"an hour of one digit", "a[b=xs:dateTime('2008-03-05T1:00:00.0Z')]", "not a value of xs:dateTime"},
		{"another function", "a[b=xs:time('00:00:00')]", "a number or"},
		{"a comparison twice", "a[b=1=2]", "']' was"},
		{"invalid UTF-8", "a\xFF", "was not"},
		{"control characters", "a\x00b", "was not"},
		{"QRY-69 too long", strings.Repeat("a", maxFields+1), "more than 4096"},
		{"QRY-69 too many steps", strings.Repeat("a/", maxFieldDepth) + "a", "deeper than 30"},
		{"QRY-69 too many sub-selections", strings.Repeat("a(", 1000), "deeper than 30"},
		{"QRY-69 too many conditions", strings.Repeat("a[", 1000), "deeper than 30"},
		{"QRY-69 too many parentheses", "a[" + strings.Repeat("(", 1000), "deeper than 30"},
		{"QRY-69 too many negations", "a[" + strings.Repeat("not(", 1000), "deeper than 30"},
	} {
		t.Run("QRY-61 QRY-63 QRY-65 "+test.name, func(t *testing.T) {
			f, err := ParseFields(test.in)
			if contacts.KindOf(err) != contacts.Invalid || contacts.CodeOf(err) != contacts.CodeFieldSelection || f != nil {
				t.Fatalf("got %v, %v", f, err)
			}
			if got := err.Error(); !strings.Contains(got, test.says) || !utf8.ValidString(got) || len(got) > 200 {
				t.Errorf("got %q, want %q in it", got, test.says)
			}
		})
	}
}

func FuzzParseFields(f *testing.F) {
	for _, s := range selections {
		f.Add(s)
	}
	for _, s := range []string{"a[(b or c) and not(d)][e]", `a[.="'"]`, "atom:a,atom:*", "a[b=xs:date('2008-03-05')]", "a[b=xs:dateTime('2008-03-05T12:36:38.835+02:00')]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		fields, err := ParseFields(s)
		if err != nil {
			if contacts.CodeOf(err) != contacts.CodeFieldSelection || !utf8.ValidString(err.Error()) && utf8.ValidString(s) {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		canonical := fields.String()
		if len(canonical) > maxFields {
			return // blanks around words
		}
		again, err := ParseFields(canonical)
		if err != nil || !reflect.DeepEqual(again, fields) || again.String() != canonical {
			t.Fatalf("%q becomes %q and then %v, %v", s, canonical, again, err)
		}
	})
}
