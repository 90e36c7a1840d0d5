package contacts_test

import (
	"reflect"
	"testing"

	"contacts"
)

func TestNormalizeName(t *testing.T) {
	for _, tc := range []struct {
		name       string
		give, want contacts.Name
	}{
		{"NAME-3 two words are the given and the family name",
			contacts.Name{Full: "Elizabeth Bennet"},
			contacts.Name{Full: "Elizabeth Bennet", Given: "Elizabeth", Family: "Bennet"}},
		{"NAME-3 words between are additional names",
			contacts.Name{Full: "Lady  Catherine\tde Bourgh"},
			contacts.Name{Full: "Lady  Catherine\tde Bourgh", Given: "Lady", Additional: "Catherine de", Family: "Bourgh"}},
		{"NAME-3 a single word is the given name",
			contacts.Name{Full: "Kitty"},
			contacts.Name{Full: "Kitty", Given: "Kitty"}},
		{"NAME-3 phonetic forms do not count as parts",
			contacts.Name{Full: "Mary Bennet", GivenYomi: "meəri", Extra: contacts.Extra{{Attrs: " x='1'"}}},
			contacts.Name{Full: "Mary Bennet", Given: "Mary", Family: "Bennet", GivenYomi: "meəri", Extra: contacts.Extra{{Attrs: " x='1'"}}}},
		{"NAME-4 the parts make the full name in the order of speech",
			contacts.Name{Suffix: "Esq.", Family: "Darcy", Additional: "George", Given: "Fitzwilliam", Prefix: "Mr"},
			contacts.Name{Full: "Mr Fitzwilliam George Darcy Esq.", Suffix: "Esq.", Family: "Darcy", Additional: "George", Given: "Fitzwilliam", Prefix: "Mr"}},
		{"NAME-4 missing parts leave no blanks",
			contacts.Name{Prefix: "Mrs", Family: "Bennet"},
			contacts.Name{Full: "Mrs Bennet", Prefix: "Mrs", Family: "Bennet"}},
		{"NAME-5 a full name and a part stay as given",
			contacts.Name{Full: "Lydia Wickham", Family: "Bennet"},
			contacts.Name{Full: "Lydia Wickham", Family: "Bennet"}},
		{"NAME-6 no name stays no name", contacts.Name{}, contacts.Name{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := contacts.Contact{Name: tc.give}
			c.Normalize()
			if !reflect.DeepEqual(c.Name, tc.want) {
				t.Errorf("Normalize() = %+v, want %+v", c.Name, tc.want)
			}
		})
	}
}

func TestNormalizeAddress(t *testing.T) {
	for _, tc := range []struct {
		name       string
		give, want contacts.Address
	}{
		{"ELEM-47 all parts, in lines",
			contacts.Address{Street: "Longbourn House", POBox: "P.O. Box 1813", Neighborhood: "Meryton", City: "Hertford", Region: "Hertfordshire", Postcode: "SG13 7ZZ", Country: "United Kingdom"},
			contacts.Address{Formatted: "Longbourn House\nP.O. Box 1813\nMeryton\nHertford, Hertfordshire SG13 7ZZ\nUnited Kingdom"}},
		{"ELEM-47 a city alone has no comma", contacts.Address{City: "Meryton"}, contacts.Address{Formatted: "Meryton"}},
		{"ELEM-47 a postcode follows the city", contacts.Address{City: "Meryton", Postcode: "SG13"}, contacts.Address{Formatted: "Meryton, SG13"}},
		{"ELEM-47 a region and a postcode without city", contacts.Address{Region: "Kent", Postcode: "TN1"}, contacts.Address{Formatted: "Kent TN1"}},
		{"ELEM-47 only a street", contacts.Address{Street: "Rosings Park\nHunsford"}, contacts.Address{Formatted: "Rosings Park\nHunsford"}},
		{"ELEM-48 only a formatted address is the street", contacts.Address{Formatted: "Pemberley\nDerbyshire"}, contacts.Address{Formatted: "Pemberley\nDerbyshire", Street: "Pemberley\nDerbyshire"}},
		{"ELEM-45 a postal address is the street too", contacts.Address{Formatted: "Netherfield", Plain: true}, contacts.Address{Formatted: "Netherfield", Street: "Netherfield", Plain: true}},
		{"ELEM-47 a formatted address that is given stays", contacts.Address{Formatted: "At home", City: "Meryton"}, contacts.Address{Formatted: "At home", City: "Meryton"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := tc.give
			want.Formatted, want.Street = tc.want.Formatted, max(tc.give.Street, tc.want.Street)
			c := contacts.Contact{Addresses: []contacts.Address{tc.give}}
			c.Normalize()
			if !reflect.DeepEqual(c.Addresses[0], want) {
				t.Errorf("Normalize() = %+v, want %+v", c.Addresses[0], want)
			}
		})
	}
}

func TestNormalize(t *testing.T) {
	t.Run("ELEM-40 an e-mail address is trimmed and keeps its letter case", func(t *testing.T) {
		c := contacts.Contact{Emails: []contacts.Email{{Rel: "home", Address: " \tLizzy@Example.ORG\n"}}}
		c.Normalize()
		if got := c.Emails[0].Address; got != "Lizzy@Example.ORG" {
			t.Errorf("Address = %q", got)
		}
	})

	t.Run("ELEM-93 repeated memberships are one, and a live one wins", func(t *testing.T) {
		c := contacts.Contact{Memberships: []contacts.Membership{{Group: 6}, {Group: 16, Removed: 9}, {Group: 6}, {Group: 17, Removed: 3}, {Group: 16}}}
		c.Normalize()
		want := []contacts.Membership{{Group: 6}, {Group: 16}, {Group: 17, Removed: 3}}
		if !reflect.DeepEqual(c.Memberships, want) {
			t.Errorf("Memberships = %v, want %v", c.Memberships, want)
		}
	})

	t.Run("a second time changes nothing", func(t *testing.T) {
		c := contacts.Contact{
			Name:        contacts.Name{Full: " Charlotte  Lucas "},
			Emails:      []contacts.Email{{Label: "Letters", Address: " charlotte@example.org "}},
			Addresses:   []contacts.Address{{Rel: "home", City: "Hunsford"}, {Rel: "work", Formatted: "Lucas Lodge"}, {Rel: "other"}},
			Memberships: []contacts.Membership{{Group: 6}, {Group: 6}},
		}
		c.Normalize()
		once := c.Clone()
		c.Normalize()
		if !reflect.DeepEqual(&c, once) {
			t.Errorf("Normalize() twice = %+v, once %+v", &c, once)
		}
	})
}

// A clone that shared a slice would let a reader's contact change under it.
func TestClone(t *testing.T) {
	c := &contacts.Contact{}
	fillSlices(reflect.ValueOf(c).Elem())
	d := c.Clone()
	if !reflect.DeepEqual(c, d) {
		t.Fatalf("Clone() = %+v, want %+v", d, c)
	}
	checkUnshared(t, "Contact", reflect.ValueOf(c).Elem(), reflect.ValueOf(d).Elem())

	g := &contacts.Group{}
	fillSlices(reflect.ValueOf(g).Elem())
	h := g.Clone()
	if !reflect.DeepEqual(g, h) {
		t.Fatalf("Clone() = %+v, want %+v", h, g)
	}
	checkUnshared(t, "Group", reflect.ValueOf(g).Elem(), reflect.ValueOf(h).Elem())
}

// fillSlices gives one element to every slice that v has itself.
func fillSlices(v reflect.Value) {
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		case reflect.Struct:
			fillSlices(f)
		}
	}
}

func checkUnshared(t *testing.T, path string, a, b reflect.Value) {
	t.Helper()
	for i := range a.NumField() {
		name := path + "." + a.Type().Field(i).Name
		switch f := a.Field(i); f.Kind() {
		case reflect.Slice:
			if f.Pointer() == b.Field(i).Pointer() {
				t.Errorf("%s is shared", name)
			}
		case reflect.Struct:
			checkUnshared(t, name, f, b.Field(i))
		}
	}
}
