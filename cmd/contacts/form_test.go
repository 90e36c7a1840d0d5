package main

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"contacts"
)

// everything has each field of the form, and what the form does not show.
func everything() *contacts.Contact {
	c := &contacts.Contact{
		Notes:    "Second daughter.\n\nEmail: none\n  of the others",
		Nickname: "Lizzy", MaidenName: "Bennet", ShortName: "E.", Initials: "E. B.", YomiName: "erizabesu",
		Gender: contacts.GenderFemale, Birthday: "--03-05", Occupation: "Reader", Sensitivity: "private", BillingInformation: "Mr Bennet",
		Priority: "high", Mileage: "3 miles to Netherfield", DirectoryServer: "ldap.example.com", Subject: "Letters", FileAs: "Bennet, Elizabeth",
		Where: contacts.Where{Value: "Hertfordshire", Label: "county"},
		Organizations: []contacts.Organization{{Rel: "work", Primary: true, Name: "Longbourn", Title: "Daughter", Department: "Second", JobDescription: "Wit", Symbol: "LB", NameYomi: "rongubon", Where: contacts.Where{Value: "Meryton"}}, {
			Label: "Pemberley, later", Title: "Mistress"}},
		Emails: []contacts.Email{{Rel: "home", Address: "elizabeth@example.com", Primary: true, DisplayName: "Elizabeth Bennet"}, {Label: `her "own" (old): one`, Address: "lizzy@example.com"},
			{Rel: "http://example.com/rel#secret", Address: "eb@example.com"}, {Label: "primary", Address: "p@example.com"}, {Label: "home", Address: "h@example.com"}},
		IMs:           []contacts.IM{{Rel: "home", Address: "lizzy", Protocol: "JABBER"}},
		Phones:        []contacts.Phone{{Rel: "mobile", Number: "+44 20 7946 0001", URI: "tel:+44-20-7946-0001"}, {Rel: "home_fax", Number: "0002"}},
		Addresses:     []contacts.Address{{Rel: "home", Street: "Longbourn House", City: "Meryton", Country: "England", HouseName: "Longbourn", Usage: "general"}, {Label: "aunt", Formatted: "Gracechurch Street\nLondon"}, {Rel: "work", Formatted: "Hunsford: Parsonage"}},
		Events:        []contacts.Event{{Rel: "anniversary", Start: "1813-01-28", End: "1813-01-29", Value: "wedding"}},
		ExternalIDs:   []contacts.ExternalID{{Rel: "customer", Value: "2"}},
		Relations:     []contacts.Relation{{Rel: "sister", Person: "Jane"}, {Label: "suitor", Person: "Mr Collins"}},
		UserDefined:   []contacts.UserDefined{{Key: "Fine eyes", Value: "yes"}, {Key: "", Value: "no key"}},
		Websites:      []contacts.Website{{Rel: "blog", Href: "http://elizabeth.example/?a=b:c"}},
		CalendarLinks: []contacts.CalendarLink{{Rel: "home", Href: "http://elizabeth.example/cal"}},
		Languages:     []contacts.Language{{Code: "en-GB"}, {Label: "a little French"}},
		Jots:          []contacts.Jot{{Rel: "home", Text: "Ball on Tuesday"}},
		Hobbies:       []string{"walking", "reading"},
		Properties:    []contacts.Property{{Name: "horse", Value: "none"}},
		Extra:         contacts.Extra{{XML: `<x xmlns="http://example.com/"></x>`}},
	}
	c.Name.SetFull("Elizabeth Bennet")
	c.Name.GivenYomi = "erizabesu"
	c.Normalize()
	return c
}

func TestForm(t *testing.T) {
	if err := everything().Validate(); err != nil {
		t.Fatal(err)
	}
	form := func(c *contacts.Contact) string { return string(formOf(c, []string{"Family"})) }

	t.Run("a form that was not edited changes nothing", func(t *testing.T) {
		c := everything()
		groups, err := applyForm(c, form(c), form(c))
		if err != nil || !reflect.DeepEqual(c, everything()) || !slices.Equal(groups, []string{"Family"}) {
			t.Errorf("groups %q, %v\n%+v\nwant\n%+v", groups, err, c, everything())
		}
	})
	t.Run("every field can be written from nothing", func(t *testing.T) {
		c := &contacts.Contact{}
		if _, err := applyForm(c, "", form(everything())); err != nil {
			t.Fatal(err)
		}
		c.Normalize()
		want := everything() // but for what the form does not show
		want.Properties, want.Extra, want.Phones[0].URI, want.Addresses[0].Usage, want.Where.Label = nil, nil, "", "", ""
		if !reflect.DeepEqual(c, want) {
			t.Errorf("%+v\nwant\n%+v", c, want)
		}
	})

	tests := []struct {
		name, old, new string // replaced in the form
		check          func(*contacts.Contact) bool
	}{
		{"CMD-12 a line that was edited keeps what it does not show", "Longbourn House", "Longbourn", func(c *contacts.Contact) bool {
			return c.Addresses[0].Usage == "general" && c.Addresses[0].Street == "Longbourn" && strings.HasPrefix(c.Addresses[0].Formatted, "Longbourn\n")
		}},
		{"a line that goes takes its element along", "Phone (mobile): +44 20 7946 0001\n", "", func(c *contacts.Contact) bool {
			return len(c.Phones) == 1 && c.Phones[0].Number == "0002"
		}},
		{"a new line in front leaves the others alone", "Phone (mobile)", "Phone (work): 0003\nPhone (mobile)", func(c *contacts.Contact) bool {
			return len(c.Phones) == 3 && c.Phones[0].Number == "0003" && c.Phones[0].URI == "" && c.Phones[1].URI != ""
		}},
		{"a number that was edited has no URI any more", "0001", "0009", func(c *contacts.Contact) bool { return c.Phones[0].URI == "" }},
		{"CMD-12 the parts follow from the name, but for how it is pronounced", "Name: Elizabeth Bennet", "Name: Elizabeth Darcy", func(c *contacts.Contact) bool {
			return c.Name.Full == "Elizabeth Darcy" && c.Name.GivenYomi == "erizabesu" && c.Name.Given == "Elizabeth" && c.Name.Family == "Darcy"
		}},
		{"the name follows from the parts", "Family name: Bennet", "Family name: Darcy", func(c *contacts.Contact) bool {
			return c.Name.Full == "Elizabeth Darcy"
		}},
		{"name and part can both be said", "Name: Elizabeth Bennet\nGiven name: Elizabeth\nFamily name: Bennet", "Name: Mrs Darcy\nGiven name: Elizabeth\nFamily name: Darcy", func(c *contacts.Contact) bool {
			return c.Name.Full == "Mrs Darcy" && c.Name.Family == "Darcy"
		}},
		{"a name without its parts stays", "Given name: Elizabeth\nFamily name: Bennet\n", "", func(c *contacts.Contact) bool {
			return c.Name.Full == "Elizabeth Bennet" && c.Name.Family == "Bennet" && c.Name.GivenYomi == "erizabesu"
		}},
		{"a name that goes is gone", "Name: Elizabeth Bennet\nGiven name: Elizabeth\nFamily name: Bennet\n", "", func(c *contacts.Contact) bool {
			return c.Name.Full == "" && c.Name.Family == ""
		}},
		{"a label in quotes is one, whatever it says", "Phone (mobile)", `Phone ("mobile")`, func(c *contacts.Contact) bool {
			return c.Phones[0].Rel == "" && c.Phones[0].Label == "mobile"
		}},
		{"a word that is no use is a label", "Phone (mobile)", "Phone (parsonage, primary)", func(c *contacts.Contact) bool {
			return c.Phones[0].Label == "parsonage" && c.Phones[0].Primary
		}},
		{"keys may be in any case", "Nickname: Lizzy", "NICKNAME: Eliza", func(c *contacts.Contact) bool { return c.Nickname == "Eliza" }},
		{"empty lines are none", "Nickname: Lizzy", "Nickname:", func(c *contacts.Contact) bool { return c.Nickname == "" }},
		{"a language is a code or a word", "Language: en-GB", "Language: perfect English", func(c *contacts.Contact) bool {
			return c.Languages[0].Label == "perfect English" && c.Languages[0].Code == ""
		}},
		{"lines may end as on Windows", "Nickname: Lizzy\n", "Nickname: Eliza\r\n", func(c *contacts.Contact) bool { return c.Nickname == "Eliza" }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := everything()
			text := form(c)
			if !strings.Contains(text, test.old) {
				t.Fatalf("the form has no %q:\n%s", test.old, text)
			}
			_, err := applyForm(c, text, strings.Replace(text, test.old, test.new, 1))
			c.Normalize()
			if err != nil || !test.check(c) {
				t.Errorf("%v\n%s", err, form(c))
			}
		})
	}

	for text, want := range map[string]string{
		"Frobnicate: yes":                "line 1: there is no field \"Frobnicate\"",
		"Name Jane":                      "line 1: there is no colon",
		"Name: Jane\nName: Mary":         "line 2: there is Name already",
		"\n  Jane":                       "line 2: an indented line belongs to a line before it",
		"Email (home: jane@example.com":  "line 1: the parenthesis behind Email does not end",
		"Email (home) jane@example.com":  "line 1: there is no colon behind Email",
		"Email (home, work): j@x":        "line 1: Email can be either \"home\" or \"work\"",
		"Hobby (home): walking":          "line 1: Hobby cannot be \"home\"",
		"Address:\n  City: M\n  Moon: x": "line 3: \"Moon: x\" is no part of Address",
	} {
		t.Run(want, func(t *testing.T) {
			_, err := applyForm(&contacts.Contact{}, "", text)
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("applyForm(%q) = %v", text, err)
			}
		})
	}
}

// Two edits of one form that touch different lines come together, in whichever
// order.
func TestMergeForms(t *testing.T) {
	base := string(formOf(everything(), []string{"Family"}))
	lines := strings.SplitAfter(base, "\n")
	random := rand.New(rand.NewPCG(18, 13))
	single := func(i int) bool { // lines that stand alone and can go
		return i+1 < len(lines) && !strings.HasPrefix(lines[i], " ") && !strings.HasPrefix(lines[i+1], " ") &&
			!strings.HasPrefix(lines[i], "Note") && !strings.Contains(lines[i], "ame:") && lines[i] != "\n"
	}
	edit := func(text string, i int, how int) string {
		switch how {
		case 0:
			return strings.Replace(text, lines[i], "", 1)
		default:
			return strings.Replace(text, lines[i], fmt.Sprintf("%s changed\n", strings.TrimSuffix(lines[i], "\n")), 1)
		}
	}
	for range 300 {
		i, j := random.IntN(len(lines)), random.IntN(len(lines))
		if i == j || !single(i) || !single(j) {
			continue
		}
		how, other := random.IntN(2), random.IntN(2)
		merged, both := mergeForms(base, edit(base, i, how), edit(base, j, other))
		want := fieldLines(edit(edit(base, i, how), j, other))
		got := fieldLines(merged)
		for k := range want {
			for _, l := range want[k] {
				if !has(got[k], l) {
					t.Errorf("edits of %q and %q: %q is missing in\n%s", lines[i], lines[j], l.append(nil), merged)
				}
			}
		}
		if len(both) > 0 || len(parsed(t, merged)) != len(parsed(t, edit(edit(base, i, how), j, other))) {
			t.Errorf("edits of %q and %q: %q\n%s", lines[i], lines[j], both, merged)
		}
	}
	if _, both := mergeForms("Nickname: A\n", "Nickname: B\n", ""); !slices.Equal(both, []string{"  yours:  Nickname: B", "  theirs: no Nickname"}) {
		t.Errorf("both = %q", both)
	}
	if merged, both := mergeForms("Nickname: A\n", "Nickname: B\n", "Nickname: B\n"); len(both) > 0 || merged != "Nickname: B\n" {
		t.Errorf("the same on both sides: %q %q", merged, both)
	}
}

func parsed(t *testing.T, text string) []*formLine {
	t.Helper()
	lines, err := parseForm(text)
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func FuzzForm(f *testing.F) {
	f.Add(string(formOf(everything(), []string{"Family"})))
	f.Add("Email (\"a, b\", primary): x\n  Display name: y\n#|base\n\tz")
	f.Fuzz(func(t *testing.T, text string) {
		c := &contacts.Contact{}
		if _, err := applyForm(c, "", text); err != nil {
			return
		}
		c.Normalize()
		if c.Validate() != nil {
			return
		}
		form := string(formOf(c, nil))
		d := c.Clone()
		if _, err := applyForm(d, form, form); err != nil || !reflect.DeepEqual(c, d) {
			t.Errorf("%v: a form that was not edited changes the contact:\n%s", err, form)
		}
	})
}
