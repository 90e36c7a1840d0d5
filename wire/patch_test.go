package wire

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"contacts"
)

// partial is a partial entry with attributes and content.
func partial(attrs, body string) []byte {
	return []byte("<entry xmlns='" + atomNS + "' xmlns:gd='" + gdNS + "' xmlns:gContact='" + contactNS + "' " + attrs + ">" + body + "</entry>")
}

// stored is the contact that the examples of PATCH start from.
func stored() *contacts.Contact {
	return &contacts.Contact{
		ID: 0xc9012de, Rev: 1204720598835000, Created: 1204720598835000,
		Name:     contacts.Name{Full: "Elizabeth Bennet", Given: "Elizabeth", GivenYomi: "eh liz", Family: "Bennet"},
		Notes:    "Walks a lot",
		Nickname: "Lizzy", Birthday: "--05-23",
		Where: contacts.Where{Value: "Longbourn", Label: "At home"},
		Emails: []contacts.Email{{Rel: "work", Address: "lizzy@example.org", Primary: true},
			{Label: "Letters", Address: "e.bennet@example.net", DisplayName: "E. B."}},
		Phones:      []contacts.Phone{{Rel: "mobile", Number: "+44 20 7946 0001"}, {Rel: "home", Number: "+44 20 7946 0002"}},
		Addresses:   []contacts.Address{{Rel: "home", Formatted: "Longbourn\nMeryton", Street: "Longbourn", City: "Meryton"}},
		Hobbies:     []string{"walking"},
		Memberships: []contacts.Membership{{Group: 6}, {Group: 0xe}},
		Properties:  []contacts.Property{{Name: "pet", Value: "hamster"}},
		Extra:       contacts.Extra{{Attrs: " xmlns:x='urn:x' x:a='1'", XML: "<x:b xmlns:x='urn:x'/>"}},
	}
}

// patched is the contact that a PATCH in o's view makes.
func patched(t testing.TB, o Options, c *contacts.Contact, doc []byte) *Entry {
	t.Helper()
	before := c.Clone()
	e, err := NewEncoder(o).PatchContact(c, doc, groupOf)
	if err != nil {
		t.Fatalf("PatchContact: %v\n%s", err, doc)
	}
	if !reflect.DeepEqual(c, before) {
		t.Errorf("the stored contact has changed: %+v", c)
	}
	return e
}

func TestPatch(t *testing.T) {
	for _, test := range []struct {
		name, attrs, body string
		want              func(c *contacts.Contact)
	}{
		{"WRT-60 nothing changes nothing", "", "", func(c *contacts.Contact) {}},
		{"WRT-61 what cannot repeat replaces", "", "<gContact:birthday when='1791-05-23'/><content>Reads</content><gd:where rel='x'/>", func(c *contacts.Contact) {
			c.Birthday, c.Notes, c.Where = "1791-05-23", "Reads", contacts.Where{Rel: "x"}
		}},
		{"WRT-61 ELEM-60 an empty element removes", "", "<gContact:nickname/><content/>", func(c *contacts.Contact) { c.Nickname, c.Notes = "", "" }},
		{"WRT-62 what can repeat is added", "", "<gd:email rel='http://schemas.google.com/g/2005#home' address='lizzy@example.com'/><gContact:hobby>reading</gContact:hobby>" +
			"<gContact:groupMembershipInfo href='http://example.com/d'/>", func(c *contacts.Contact) {
			c.Emails = append(c.Emails, contacts.Email{Rel: "home", Address: "lizzy@example.com"})
			c.Hobbies = append(c.Hobbies, "reading")
			c.Memberships = append(c.Memberships, contacts.Membership{Group: 0xd})
		}},
		{"WRT-61 WRT-68 children of the name are merged", "", "<gd:name><gd:givenName>Eliza</gd:givenName><gd:nameSuffix>Esq.</gd:nameSuffix></gd:name>", func(c *contacts.Contact) {
			c.Name = contacts.Name{Given: "Eliza", Family: "Bennet", Suffix: "Esq."}
		}},
		{"WRT-68 NAME-5 parts and the whole are kept as sent", "", "<gd:name><gd:givenName>Eliza</gd:givenName><gd:fullName>Lizzy</gd:fullName></gd:name>", func(c *contacts.Contact) {
			c.Name = contacts.Name{Full: "Lizzy", Given: "Eliza", Family: "Bennet"}
		}},
		{"WRT-68 a new whole name makes new parts", "", "<gd:name><gd:fullName>Jane Bennet</gd:fullName></gd:name>", func(c *contacts.Contact) { c.Name = contacts.Name{Full: "Jane Bennet"} }},
		{"WRT-68 the same whole name changes no parts", "", "<gd:name><gd:fullName>Elizabeth Bennet</gd:fullName></gd:name>", func(c *contacts.Contact) {}},
		{"WRT-68 the same parts change no whole name", "", "<gd:name><gd:familyName>Bennet</gd:familyName></gd:name>", func(c *contacts.Contact) {}},
		{"WRT-63 WRT-68 a part is deleted", "gd:fields='gd:name/gd:familyName'", "", func(c *contacts.Contact) { c.Name.Full, c.Name.Family = "", "" }},
		{"WRT-63 an attribute is deleted", "gd:fields='gd:name/gd:givenName/@yomi,gd:email/@displayName'", "", func(c *contacts.Contact) { c.Name.GivenYomi, c.Emails[1].DisplayName = "", "" }},
		{"WRT-63 all of what repeats is replaced", "gd:fields='gd:email'", "<gd:email label='New' address='liz@example.com'/>", func(c *contacts.Contact) {
			c.Emails = []contacts.Email{{Label: "New", Address: "liz@example.com"}}
		}},
		{"WRT-63 QRY-63 a condition chooses", `gd:fields='gd:email[@address="lizzy@example.org"],gContact:groupMembershipInfo[not(@href="http://contacts.example.net/m8/feeds/groups/liz%40example.com/base/6")]'`, "",
			func(c *contacts.Contact) { c.Emails, c.Memberships = c.Emails[1:], c.Memberships[:1] }},
		{"WRT-63 QRY-69 a text chooses", `gd:fields='gd:phoneNumber[.="+44 20 7946 0001"]'`, "", func(c *contacts.Contact) { c.Phones = c.Phones[1:] }},
		{"WRT-63 everything but the envelope is deleted", "gd:fields='*,@*'", "", func(c *contacts.Contact) { *c = contacts.Contact{} }},
		{"WRT-63 the whole name is replaced", "gd:fields='gd:name'", "<gd:name><gd:givenName>Eliza</gd:givenName></gd:name>", func(c *contacts.Contact) { c.Name = contacts.Name{Given: "Eliza"} }},
		{"WRT-63 the whole name is deleted", "gd:fields='gd:name'", "", func(c *contacts.Contact) { c.Name = contacts.Name{} }},
		{"WRT-64 a selection that matches nothing", "gd:fields='gd:money,gd:email[@rel=\"x\"],author/name'", "", func(c *contacts.Contact) {}},
		{"WRT-64 an empty selection", "gd:fields=' '", "", func(c *contacts.Contact) {}},
		{"XML-8 WRT-70 what input ignores", "gd:fields='id,updated,link,app:edited,title,category'", "<link rel='edit' href='http://example.com/x'/><updated>x</updated><author><name>Mary</name></author><gd:deleted/>" +
			"<b:id xmlns:b='http://schemas.google.com/gdata/batch'>1</b:id><e:edited xmlns:e='http://www.w3.org/2007/app'>x</e:edited>", func(c *contacts.Contact) {}},
		{"WRT-70 unknown elements and attributes replace those of their name", "xmlns:z='urn:x' z:a='2' plain='1'", "<z:b n='1'/><z:b n='2'/><z:c/>", func(c *contacts.Contact) {
			c.Extra = contacts.Extra{{Attrs: " xmlns:z='urn:x' z:a='2' plain='1'", XML: "<z:b xmlns:z='urn:x' n='1'/><z:b xmlns:z='urn:x' n='2'/><z:c xmlns:z='urn:x'/>"}}
		}},
		{"WRT-70 unknown elements and attributes of other names stay", "xmlns:x='urn:x' x:c='2'", "<x:c/>", func(c *contacts.Contact) {
			c.Extra = contacts.Extra{{Attrs: " xmlns:x='urn:x' x:a='1' x:c='2'", XML: "<x:b xmlns:x='urn:x'/><x:c xmlns:x='urn:x'/>"}}
		}},
		{"WRT-70 a prefix of two namespaces", "xmlns:x='urn:y' x:a='2'", "", func(c *contacts.Contact) { c.Extra[0].Attrs = " xmlns:x='urn:y' x:a='2'" }},
		{"WRT-70 ELEM-93 a membership ends", "", "<gContact:groupMembershipInfo deleted='true' href='http://contacts.example.net/m8/feeds/groups/liz%40example.com/base/6'/>" +
			"<gContact:groupMembershipInfo deleted='1' href='http://example.com/nowhere'/>", func(c *contacts.Contact) { c.Memberships = c.Memberships[1:] }},
		{"WRT-70 a membership begins again", "", "<gContact:groupMembershipInfo deleted='true' href='http://example.com/6'/><gContact:groupMembershipInfo href='http://example.com/6'/>",
			func(c *contacts.Contact) { c.Memberships[0], c.Memberships[1] = c.Memberships[1], c.Memberships[0] }},
		{"WRT-62 ELEM-6 categories and prefixes of all sorts", "xmlns:a='" + gdNS + "'", "<category term='t' scheme='urn:s'/><category scheme='" + kindScheme + "' term='" + contactNS + "#contact'/>" +
			`<a:im address="x" label="'"/>`, func(c *contacts.Contact) {
			c.IMs = []contacts.IM{{Address: "x", Label: "'"}}
			c.Extra[0].XML += "<category xmlns='http://www.w3.org/2005/Atom' term='t' scheme='urn:s'/>"
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := stored()
			test.want(want)
			e := patched(t, user(3, ContactKind), stored(), partial(test.attrs, test.body))
			want.Photo = contacts.Photo{}
			equalContacts(t, e.Contact, want)
			if e.HasTitle {
				t.Errorf("title %q in version 3, which nobody sent", e.Title)
			}
		})
	}
	t.Run("WRT-22 WRT-31 WRT-65 ID and ETag are those of the request", func(t *testing.T) {
		e := patched(t, user(3, ContactKind), stored(), partial(`gd:etag='"x"' gd:fields='gd:email'`, "<id> urn:1 </id>"))
		if e.ID != "urn:1" || e.ETag != `"x"` || e.Fields != "gd:email" {
			t.Errorf("got %+v", e)
		}
		if e = patched(t, user(3, ContactKind), stored(), partial("", "")); e.ID != "" || e.ETag != "" {
			t.Errorf("got %+v", e)
		}
	})
	t.Run("WRT-60 the format of the answer does not matter", func(t *testing.T) {
		e := patched(t, inFormat(user(3, ContactKind), JSON), stored(), partial("gd:fields='gd:email'", ""))
		if len(e.Contact.Emails) != 0 || len(e.Contact.Phones) != 2 {
			t.Errorf("got %+v", e.Contact)
		}
	})
	for _, test := range []struct {
		name, attrs, body string
		code              contacts.Code
		path              string
	}{
		{"QRY-65 WRT-64 a malformed selection", "gd:fields='gd:email['", "", contacts.CodeFieldSelection, "@gd:fields"},
		{"QRY-61 WRT-64 an unknown prefix", "gd:fields='x:y'", "", contacts.CodeFieldSelection, "@gd:fields"},
		{"WRT-66 a required attribute is deleted", "gd:fields='gd:email/@address'", "", contacts.CodeMissingContent, "gd:email[1]/@address"},
		{"ELEM-77 WRT-66 a required attribute lacks", "", "<gd:email label='x'/>", contacts.CodeMissingContent, "gd:email[3]/@address"},
		{"ELEM-76 WRT-66 an element twice", "", "<gContact:birthday when='1'/><gContact:birthday when='2'/>", contacts.CodeNotRepeatable, "gContact:birthday"},
		{"ELEM-76 WRT-66 a name twice", "", "<gd:name/><gd:name/>", contacts.CodeNotRepeatable, "gd:name"},
		{"ELEM-6 another kind", "", "<category scheme='" + kindScheme + "' term='" + contactNS + "#group'/>", contacts.CodeInvalidEntry, "atom:category/@term"},
		{"XML-5 malformed XML", "", "<gd:name>", contacts.CodeParse, ""},
		{"XML-7 too much unknown XML", "a='" + strings.Repeat("x", contacts.MaxExtraBytes-20) + "'", "", contacts.CodeInvalidEntry, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := NewEncoder(user(3, ContactKind)).PatchContact(stored(), partial(test.attrs, test.body), groupOf)
			e, ok := err.(*contacts.Error)
			if !ok || e.Kind != contacts.Invalid || e.Code != test.code || e.Path != test.path || e.Reason == "" {
				t.Errorf("got %+v", err)
			}
		})
	}
	t.Run("WRT-4 another root", func(t *testing.T) {
		for _, doc := range []string{"<feed xmlns='" + atomNS + "'/>", "<entry/>"} {
			if _, err := NewEncoder(user(3, ContactKind)).PatchContact(stored(), []byte(doc), groupOf); contacts.CodeOf(err) != contacts.CodeInvalidEntry {
				t.Errorf("%s: %v", doc, err)
			}
		}
		if _, err := NewEncoder(user(3, ContactKind)).PatchContact(stored(), append(partial("", ""), 'x'), groupOf); contacts.CodeOf(err) != contacts.CodeParse {
			t.Errorf("text after the root: %v", err)
		}
	})
}

func TestPatchName(t *testing.T) {
	for _, test := range []struct {
		name              string
		o                 Options
		attrs, body       string
		title, full, last string // of the result
		hasTitle          bool
	}{
		{"a title in version 3 is a new name", user(3, ContactKind), "", "<title> Lizzy </title>", "Lizzy", "", "", true},
		{"the old title in version 3 changes nothing", user(3, ContactKind), "", "<title>Elizabeth Bennet</title>", "Elizabeth Bennet", "Elizabeth Bennet", "Bennet", true},
		{"an empty title in version 3 changes nothing", user(3, ContactKind), "", "<title/>", "", "Elizabeth Bennet", "Bennet", true},
		{"gd:name wins over a title in version 3", user(3, ContactKind), "", "<title>Jane</title><gd:name><gd:familyName>Darcy</gd:familyName></gd:name>", "Jane", "", "Darcy", true},
		{"an empty gd:name does not", user(3, ContactKind), "", "<title>Jane</title><gd:name> <gd:familyName/></gd:name>", "Jane", "", "", true},
		{"a deleted title in version 3 is nothing", user(3, ContactKind), "gd:fields='title'", "", "", "Elizabeth Bennet", "Bennet", false},
		{"a deleted title in version 2 is a deleted name", user(2, ContactKind), "gd:fields='title'", "", "", "", "", false},
		{"a deleted gd:name of a shared contact in version 2 is a deleted title", shared(2), "gd:fields='gd:name'", "", "", "", "", false},
		{"a name that version 2 hides is not deleted", user(2, ContactKind), "gd:fields='gd:name,gContact:*,gd:structuredPostalAddress'", "", "Elizabeth Bennet", "Elizabeth Bennet", "Bennet", true},
		{"a title in version 2", user(2, ContactKind), "", "<title>Lizzy</title>", "Lizzy", "Elizabeth Bennet", "Bennet", true},
		{"a part of a name that version 2 hides", user(2, ContactKind), "", "<gd:name><gd:familyName>Darcy</gd:familyName></gd:name>", "Elizabeth Bennet", "", "Darcy", true},
	} {
		t.Run("WRT-68 WRT-69 WRT-70 "+test.name, func(t *testing.T) {
			e := patched(t, test.o, stored(), partial(test.attrs, test.body))
			n := e.Contact.Name
			if e.Title != test.title || e.HasTitle != test.hasTitle || n.Full != test.full || n.Family != test.last {
				t.Errorf("got title %q (%v) and name %+v", e.Title, e.HasTitle, n)
			}
			if !n.IsZero() && (n.Given != "Elizabeth" || n.GivenYomi != "eh liz") {
				t.Errorf("the given name has changed: %+v", n)
			}
		})
	}
	t.Run("WRT-70 what version 2 hides is added to, not replaced", func(t *testing.T) {
		e := patched(t, user(2, ContactKind), stored(), partial("gd:fields='*'", "<gContact:hobby>reading</gContact:hobby>"))
		if got := e.Contact; !reflect.DeepEqual(got.Hobbies, []string{"walking", "reading"}) || got.Nickname != "Lizzy" || got.Emails != nil {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("WRT-63 an address in the words of version 2", func(t *testing.T) {
		e := patched(t, user(2, ContactKind), stored(), partial("", "<gd:postalAddress label='x'>Rosings</gd:postalAddress>"))
		want := []contacts.Address{{Rel: "home", Formatted: "Longbourn\nMeryton", Plain: true}, {Label: "x", Formatted: "Rosings", Plain: true}}
		if !reflect.DeepEqual(e.Contact.Addresses, want) {
			t.Errorf("got %+v", e.Contact.Addresses)
		}
		if e = patched(t, user(2, ContactKind), stored(), partial("gd:fields='gd:postalAddress'", "")); e.Contact.Addresses != nil {
			t.Errorf("got %+v", e.Contact.Addresses)
		}
	})
}

func TestPatchGroup(t *testing.T) {
	g := &contacts.Group{ID: 7, Rev: 1, Name: "Sisters", Properties: []contacts.Property{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}},
		Extra: contacts.Extra{{XML: "<gd:name xmlns:gd='" + gdNS + "'/>"}}}
	patch := func(attrs, body string) *contacts.Group {
		e, err := NewEncoder(user(3, GroupKind)).PatchGroup(g, partial(attrs, body))
		if err != nil {
			t.Fatal(err)
		}
		return e.Group
	}
	t.Run("WRT-60 WRT-61 WRT-62 a group", func(t *testing.T) {
		got := patch("", "<title>Family</title><content>x</content><gd:extendedProperty name='c' value='3'/><gd:name>y</gd:name>")
		want := contacts.Group{Name: "Family", Properties: append(g.Properties, contacts.Property{Name: "c", Value: "3"}),
			Extra: contacts.Extra{{XML: "<gd:name xmlns:gd='" + gdNS + "'>y</gd:name>"}}}
		if !reflect.DeepEqual(*got, want) {
			t.Errorf("got  %+v\nwant %+v", *got, want)
		}
	})
	t.Run("WRT-63 a property of a group", func(t *testing.T) {
		if got := patch("gd:fields='gd:extendedProperty[@name=\"a\"]'", ""); got.Name != "Sisters" || !reflect.DeepEqual(got.Properties, g.Properties[1:]) {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("WRT-66 the name of a group is deleted", func(t *testing.T) {
		if got := patch("gd:fields='title'", ""); got.Name != "" {
			t.Errorf("got %+v", got)
		}
	})
}

// dropExtras forgets the unknown parts of everything in v.
func dropExtras(v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[contacts.Extra]():
		v.SetZero()
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			dropExtras(v.Field(i))
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			dropExtras(v.Index(i))
		}
	}
}

func TestPatchRandom(t *testing.T) {
	o := user(3, ContactKind)
	e := NewEncoder(o)
	t.Run("WRT-60 nothing changes nothing", func(t *testing.T) {
		for seed := range uint64(rounds / 4) {
			c := maker{rand.New(rand.NewPCG(seed, 11))}.contact()
			want := c.Clone()
			want.Photo = contacts.Photo{}
			sameContact(t, seed, patched(t, o, c, partial("", "")).Contact, want)
		}
	})
	t.Run("WRT-61 WRT-62 a whole contact onto another", func(t *testing.T) {
		for seed := range uint64(rounds / 4) {
			m := maker{rand.New(rand.NewPCG(seed, 12))}
			c, d := m.contact(), m.contact()
			dropExtras(reflect.ValueOf(c).Elem())
			dropExtras(reflect.ValueOf(d).Elem())
			want := *c.Clone()
			to, from := reflect.ValueOf(&want).Elem(), reflect.ValueOf(*d)
			for i := range to.NumField() {
				switch f := from.Field(i); {
				case f.Kind() == reflect.Slice:
					to.Field(i).Set(reflect.AppendSlice(to.Field(i), f))
				case f.Kind() == reflect.String && f.String() != "", f.Type() == reflect.TypeFor[contacts.Where]() && !f.IsZero():
					to.Field(i).Set(f)
				}
			}
			n := d.Name
			for _, kept := range []struct{ to, from *string }{{&n.Prefix, &c.Name.Prefix}, {&n.Additional, &c.Name.Additional}, {&n.Suffix, &c.Name.Suffix}} {
				if *kept.to == "" {
					*kept.to = *kept.from
				}
			}
			want.Name, want.Photo = n, contacts.Photo{}
			sameContact(t, seed, patched(t, o, c, e.AppendContactDocument(nil, d)).Contact, &want)
		}
	})
	t.Run("WRT-63 WRT-70 what is deleted and sent again is the same", func(t *testing.T) {
		for i, o := range views() {
			if o.Kind != ContactKind {
				continue
			}
			for seed := range uint64(rounds / 8) {
				c := maker{rand.New(rand.NewPCG(seed, uint64(13+i)))}.contact()
				doc := NewEncoder(o).AppendContactDocument(nil, c)
				want := patched(t, o, c, partial("", "")).Contact
				got := patched(t, o, c, []byte(strings.Replace(string(doc), "<entry ", "<entry gd:fields='*,@*' ", 1))).Contact
				if !o.View.Parts() { // the title says that the name has not changed
					got.Name = want.Name
				}
				sameContact(t, seed, got, want)
			}
		}
	})
}

// FuzzPatch holds that a PATCH of an empty contact reads what a PUT reads, and
// that what it makes of a contact with everything can be written.
func FuzzPatch(f *testing.F) {
	for _, doc := range documents(f) {
		f.Add(doc)
	}
	f.Add(partial("gd:fields='gd:name,@*'", "<gd:name><gd:familyName>Darcy</gd:familyName></gd:name><!-- --><x:y xmlns:x='urn:x'><![CDATA[<]]></x:y>"))
	f.Add(partial("gd:fields=\"*[not(@rel='work')]\" a = \"'\"", "<gContact:groupMembershipInfo deleted='true' href='http://example.com/6'/><title/>"))
	e := NewEncoder(user(3, ContactKind))
	f.Fuzz(func(t *testing.T, doc []byte) {
		put, putErr := ParseContact(doc, groupOf)
		patch, err := e.PatchContact(&contacts.Contact{}, doc, groupOf)
		switch {
		case contacts.CodeOf(err) == contacts.CodeFieldSelection:
			return
		case contacts.KindOf(err) != contacts.KindOf(putErr): // of two faults they may name another one
			t.Fatalf("PATCH: %v, PUT: %v", err, putErr)
		case err != nil:
			return
		case !reflect.DeepEqual(patch, put):
			t.Fatalf("PATCH: %+v %+v\nPUT:   %+v %+v", patch, patch.Contact, put, put.Contact)
		}
		onto, err := e.PatchContact(stored(), doc, groupOf)
		if err != nil {
			if contacts.KindOf(err) != contacts.Invalid {
				t.Fatal(err)
			}
			return
		}
		c := onto.Contact
		c.Normalize()
		if written := e.AppendContactDocument(nil, c); c.Validate() == nil {
			if _, err := ParseContact(written, groupOf); err != nil {
				t.Fatalf("%v\n%s", err, written)
			}
		}
	})
}

func BenchmarkPatch(b *testing.B) {
	e, c := NewEncoder(user(3, ContactKind)), sample()
	doc := partial("gd:fields='gd:email'", "<gd:email label='New' address='liz@example.com'/>")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.PatchContact(c, doc, groupOf); err != nil {
			b.Fatal(err)
		}
	}
}
