package gdata_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

// everything has every element of the contact kind, and texts that need escapes.
const everything = `<title>Elizabeth Bennet</title><content>Said: "I &lt;3 him" &amp; a=b \ it's
a&#9;new&#8232;line é😀</content>
	<gd:name><gd:fullName>Miss Elizabeth Jane Bennet II</gd:fullName><gd:namePrefix>Miss</gd:namePrefix><gd:givenName yomi='erizabesu'>Elizabeth</gd:givenName>
	<gd:additionalName yomi='jein'>Jane</gd:additionalName><gd:familyName yomi='benetto'>Bennet</gd:familyName><gd:nameSuffix>II</gd:nameSuffix></gd:name>
	<gContact:nickname>Lizzy</gContact:nickname><gContact:maidenName>Gardiner</gContact:maidenName><gContact:shortName>Eliza</gContact:shortName>
	<gContact:initials>E.B.</gContact:initials><gContact:yomiName>erizabesu</gContact:yomiName><gContact:gender value='female'/><gContact:birthday when='--05-23'/>
	<gContact:occupation>Reader</gContact:occupation><gContact:sensitivity rel='personal'/><gContact:billingInformation>none</gContact:billingInformation>
	<gContact:priority rel='high'/><gContact:mileage>3 miles</gContact:mileage><gContact:directoryServer>Meryton</gContact:directoryServer>
	<gContact:subject>Balls</gContact:subject><gContact:fileAs>Bennet, E.</gContact:fileAs>
	<gd:organization rel='http://schemas.google.com/g/2005#work' primary='true'><gd:orgName yomi='rongubon'>Longbourn</gd:orgName><gd:orgTitle>Daughter</gd:orgTitle>
	<gd:orgDepartment>Second floor</gd:orgDepartment><gd:orgJobDescription>Piano</gd:orgJobDescription><gd:orgSymbol>LB</gd:orgSymbol><gd:where valueString='Hertfordshire'/></gd:organization>
	<gd:email rel='http://schemas.google.com/g/2005#home' address='lizzy@example.org' displayName='L=B &amp; "co"'/><gd:email label='Letters' address='e@example.net' primary='true'/>
	<gd:im address='lizzy' protocol='http://schemas.google.com/g/2005#JABBER' rel='http://schemas.google.com/g/2005#home'/><gd:phoneNumber label='a &lt; b' uri='tel:+442079460001'>+44 20 7946 0001</gd:phoneNumber>
	<gd:structuredPostalAddress rel='http://schemas.google.com/g/2005#home' mailClass='http://schemas.google.com/g/2005#letters' usage='http://schemas.google.com/g/2005#general'>
	<gd:street>Longbourn Lane</gd:street><gd:city>Meryton</gd:city><gd:country code='GB'>England</gd:country></gd:structuredPostalAddress>
	<gd:where valueString='Longbourn'/><gContact:event rel='anniversary'><gd:when startTime='1813-01-28'/></gContact:event><gContact:event label='Ball'><gd:when startTime='1811-11-26'/></gContact:event>
	<gContact:externalId rel='account' value='7'/><gContact:relation rel='sister'>Jane</gContact:relation><gContact:relation label='Enemy'>Wickham</gContact:relation>
	<gContact:userDefinedField key='k' value=''/><gContact:website rel='home-page' href='http://example.org/?a=b&amp;c'/><gContact:calendarLink rel='free-busy' href='http://example.org/cal'/>
	<gContact:language code='en'/><gContact:jot rel='home'>tea</gContact:jot><gContact:hobby>walking</gContact:hobby><gContact:hobby>reading</gContact:hobby>
	<gd:extendedProperty name='flower' value='daisy'/><gd:extendedProperty name='empty' value=''/><gd:extendedProperty name='sports'>swimming</gd:extendedProperty>`

// arrays are the elements that are arrays even if there is one (JSON-6).
var arrays = func() map[string]bool {
	is := map[string]bool{}
	for _, name := range strings.Fields(`category link author entry gd$email gd$im gd$phoneNumber gd$postalAddress gd$structuredPostalAddress gd$organization gd$extendedProperty
		gContact$event gContact$externalId gContact$relation gContact$userDefinedField gContact$website gContact$calendarLink gContact$language gContact$jot gContact$hobby gContact$groupMembershipInfo`) {
		is[name] = true
	}
	return is
}()

// jsonOf makes JSON of an Atom document by the rules of 4.5.
func jsonOf(t testing.TB, atom string) string {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(atom))
	for {
		tok, err := d.RawToken()
		if err != nil {
			t.Fatalf("%v in %s", err, atom)
		}
		if start, ok := tok.(xml.StartElement); ok {
			return `{"version":"1.0","encoding":"UTF-8",` + quote(t, memberName(start.Name)) + ":" + object(t, d, start.Copy(), false) + "}" // JSON-1
		}
	}
}

// memberName is the name of the member for an element or attribute (JSON-2, JSON-3, JSON-4).
func memberName(name xml.Name) string { return strings.TrimPrefix(name.Space+"$"+name.Local, "$") }

// object is the element whose start tag has been read, to its end. A foreign
// one is inside an extended property (JSON-9).
func object(t testing.TB, d *xml.Decoder, start xml.StartElement, foreign bool) string {
	t.Helper()
	var declarations, attributes, order []string
	children := map[string][]string{}
	var text strings.Builder
	for _, a := range start.Attr {
		m := quote(t, memberName(a.Name)) + ":" + quote(t, a.Value)
		if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" {
			declarations = append(declarations, m)
		} else {
			attributes = append(attributes, m)
		}
	}
	name := memberName(start.Name)
	for {
		tok, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			t.Fatal("no end of " + name)
		} else if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case xml.CharData:
			text.Write(tok)
		case xml.StartElement:
			child := memberName(tok.Name)
			if children[child] == nil {
				order = append(order, child)
			}
			children[child] = append(children[child], object(t, d, tok.Copy(), foreign || name == "gd$extendedProperty"))
		case xml.EndElement:
			members := append(declarations, attributes...) // JSON-12
			for _, child := range order {
				value := children[child][0]
				if !foreign && arrays[child] || len(children[child]) > 1 { // JSON-6, JSON-7, JSON-9
					value = "[" + strings.Join(children[child], ",") + "]"
				}
				members = append(members, quote(t, child)+":"+value)
			}
			if text.Len() > 0 || name == "title" || name == "content" { // JSON-5, JSON-8
				members = append(members, `"$t":`+quote(t, text.String()))
			}
			return "{" + strings.Join(members, ",") + "}"
		}
	}
}

// quote is a JSON string (JSON-10).
func quote(t testing.TB, s string) string {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(b), "=", `\u003d`)
}

func TestJSON(t *testing.T) {
	w := newWorld(t)
	own := w.add(t, contactsFull, everything+member(groupID("6"))+`<gd:extendedProperty name='dances'><dance xmlns=''><salsa/><step n='1'/><step n='a=b'>two</step></dance> and <x:more xmlns:x='urn:x' x:a='1'/></gd:extendedProperty>`)
	w.remove(t, w.add(t, contactsFull, "<title>George Wickham</title>"+member(groupID("e"))))
	w.add(t, contactsFull, "")
	w.add(t, groupsFull, "<title>Sisters &amp; co</title><gd:extendedProperty name='p' value='v'/>")
	shared := w.do(admin, "POST", sharedFull, atom(everything)).want(t, 201).entry(t)

	for name, tt := range map[string]struct{ user, path string }{
		"contact":        {elizabeth, own.link("self") + "?"},
		"shared contact": {admin, shared.link("self") + "?"},
		"contacts":       {elizabeth, contactsFull + "?showdeleted=true&"},
		"no contacts":    {elizabeth, contactsFull + "?q=nobody&"},
		"pages":          {elizabeth, contactsFull + "?start-index=2&max-results=1&"},
		"groups":         {elizabeth, groupsFull + "?"},
		"group":          {elizabeth, groupsFull + "/d?"},
		"shared":         {admin, sharedFull + "?"},
	} {
		for _, v := range []string{"1", "2", "3"} {
			t.Run("JSON-1 JSON-2 JSON-3 JSON-4 JSON-5 JSON-6 JSON-7 JSON-8 JSON-9 JSON-10 JSON-12 JSON-13 JSON says what Atom says: "+name+" in version "+v, func(t *testing.T) {
				plain := w.do(tt.user, "GET", tt.path, "", "GData-Version", v).want(t, 200)
				a := w.do(tt.user, "GET", tt.path+"alt=json", "", "GData-Version", v).want(t, 200)
				attr := strings.NewReplacer(`"`, "&quot;")
				asJSON := strings.NewReplacer("/full?", "/full?alt=json&amp;", attr.Replace(plain.Header.Get("ETag")), attr.Replace(a.Header.Get("ETag"))).Replace(plain.Body)
				if want := jsonOf(t, asJSON); a.Body != want {
					t.Errorf("got  %s\nwant %s", a.Body, want)
				}
				script := w.do(tt.user, "GET", tt.path+"alt=json-in-script&callback=$my.f_1", "", "GData-Version", v).want(t, 200)
				body, ok := strings.CutPrefix(script.Body, "// API callback\n$my.f_1({")
				if !ok || !strings.HasSuffix(body, "});") { // JSON-11
					t.Errorf("JSON in script is %s", script.Body)
				}
			})
		}
	}

	entry := own.link("self")
	t.Run("JSON-11 QRY-21 JSON in script is a line and a call, by default of gdata.io.handleScriptLoaded", func(t *testing.T) {
		want := w.read(t, entry+"?alt=json").Body
		for query, callback := range map[string]string{"": "gdata.io.handleScriptLoaded", "&callback=f": "f", "&callback=a.b$_9": "a.b$_9", "&callback=" + strings.Repeat("x", 128): strings.Repeat("x", 128)} {
			if got := w.read(t, entry+"?alt=json-in-script"+query).Body; got != "// API callback\n"+callback+"("+want+");" {
				t.Errorf("%s: %s", query, got)
			}
		}
		if got := w.read(t, entry+"?alt=json&callback=f()").Body; got != want {
			t.Errorf("with a callback JSON is %s", got)
		}
	})
	t.Run("JSON-8 an empty title or content has a text all the same", func(t *testing.T) {
		nobody := w.add(t, contactsFull, "").link("self")
		for v, want := range map[string]string{"1": `"title":{"type":"text","$t":""}`, "2": `"title":{"$t":""}`, "3": `"title":{"$t":""}`} {
			w.as(v, "GET", nobody+"?alt=json", "").want(t, 200).wantText(t, want)
		}
	})
	t.Run("JSON-9 XML of the client's follows the same rules", func(t *testing.T) {
		w.read(t, entry+"?alt=json").wantText(t, `{"name":"dances","dance":{"xmlns":"","salsa":{},"step":[{"n":"1"},{"n":"a\u003db","$t":"two"}]},"x$more":{"xmlns$x":"urn:x","x$a":"1"},"$t":" and "}`)
	})
	t.Run("JSON-10 <, >, & and = are escaped, the apostrophe is not", func(t *testing.T) {
		a := w.read(t, entry+"?alt=json")
		a.wantText(t, `Said: \"I \u003c3 him\" \u0026 a\u003db \\ it's\na\tnew\u2028line é😀`)
		if strings.ContainsAny(a.Body, "<>&=") {
			t.Error("some are left in", a.Body)
		}
	})
	t.Run("JSON-14 ERR-50 a JSON body gives 415", func(t *testing.T) {
		doc := w.read(t, entry+"?alt=json").Body
		for _, media := range []string{"application/json", "application/json; charset=UTF-8", "text/javascript"} {
			w.as("3", "POST", contactsFull, doc, "Content-Type", media).wantReason(t, 415, "Unsupported content type")
			w.as("3", "POST", contactsFull+"?alt=json", doc, "Content-Type", media).want(t, 415)
			w.as("3", "PUT", entry, doc, "Content-Type", media, "If-Match", "*").want(t, 415)
		}
		w.as("3", "POST", contactsFull, doc).want(t, 400)
	})
}
