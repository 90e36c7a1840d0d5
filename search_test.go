package contacts_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"contacts"
)

// mrsGardiner has a word of her own in every field that a search looks at.
var mrsGardiner = &contacts.Contact{
	Name:     contacts.Name{Full: "Mrs Madeleine Gardiner", Prefix: "Mrs", Given: "Madeleine", GivenYomi: "Madlin", Family: "Gardiner"},
	Notes:    "Grew up near Pemberley; fond of the Lakes",
	Nickname: "Aunt",
	Emails:   []contacts.Email{{Rel: "home", Address: "m.gardiner@cheapside.example", DisplayName: "Édouard's wife"}},
	Phones:   []contacts.Phone{{Rel: "home", Number: "+44 (20) 7946-0001"}},
	Organizations: []contacts.Organization{
		{Rel: "work", Name: "Gracechurch Warehouse", Title: "Hostess", Department: "Drapery"},
	},
	Addresses: []contacts.Address{{Rel: "home", Formatted: "Gracechurch Street\nLONDON EC3V", City: "London"}},
	Hobbies:   []string{"embroidery"},
}

func TestSearch(t *testing.T) {
	for _, tc := range []struct {
		name, query string
		want        bool
	}{
		{"QRY-18 a word of the name", "madeleine", true},
		{"QRY-18 letter case means nothing", "GARDiner", true},
		{"QRY-18 the beginning of a word", "gard", true},
		{"QRY-18 not the middle of a word", "ardiner", false},
		{"QRY-18 every word must occur", "madeleine bennet", false},
		{"QRY-18 words in any order and field", "london aunt made", true},
		{"QRY-18 the same word twice", "aunt aunt", true},
		{"QRY-18 a name's prefix", "mrs", true},
		{"QRY-18 a phonetic form", "madlin", true},
		{"QRY-18 the notes", "pemberley", true},
		{"QRY-18 the nickname", "aunt", true},
		{"QRY-18 an organization", "warehouse", true},
		{"QRY-18 a title in an organization", "hostess", true},
		{"QRY-18 a department", "drapery", true},
		{"QRY-18 a postal address", "street", true},
		{"QRY-18 a postcode", "ec3v", true},
		{"QRY-18 an e-mail address", "m.gardiner@cheapside.example", true},
		{"QRY-18 the domain of an e-mail address", "@cheapside", true},
		{"QRY-18 another e-mail address", "gardiner@cheapside.example.org", false},
		{"QRY-18 the display name of an e-mail address, accents folded by case", "éDOUARD", true},
		{"QRY-18 an accent is not its letter", "edouard", false},
		{"QRY-18 a phone number in the same writing", "+44 (20) 7946-0001", true},
		{"QRY-18 a phone number in another writing", "+442079460001", true},
		{"QRY-18 the beginning of a phone number", "44 207", true},
		{"QRY-18 the middle of a phone number", "7946 0001", true},
		{"QRY-18 the end of a number that is not there", "0001 7946 44 20 1", false},
		{"QRY-18 a phone number without its country", "0207946", false},
		{"QRY-18 a name and a part of the number", "aunt 7946", true},
		{"QRY-18 a field that is not searched", "embroidery", false},
		{"QRY-18 nothing to look for", " -!. ", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := contacts.ParseSearch(tc.query).Matches(mrsGardiner.SearchWords()); got != tc.want {
				t.Errorf("search for %q = %v, want %v in %q", tc.query, got, tc.want, mrsGardiner.SearchWords())
			}
		})
	}

	t.Run("QRY-18 letters with several lower-case forms are one", func(t *testing.T) {
		c := &contacts.Contact{Name: contacts.Name{Full: "ΘΕΌΔΩΡΟΣ Σίσυφος"}}
		for _, query := range []string{"θεόδωρος", "θεόδωροσ", "ΣΊΣΥΦΟς"} {
			if !contacts.ParseSearch(query).Matches(c.SearchWords()) {
				t.Errorf("search for %q misses %q", query, c.SearchWords())
			}
		}
	})

	t.Run("QRY-24 a group is found by its name", func(t *testing.T) {
		g := &contacts.Group{Name: "Meryton Assembly"}
		if !contacts.ParseSearch("assem").Matches(g.SearchWords()) || contacts.ParseSearch("ball").Matches(g.SearchWords()) {
			t.Errorf("SearchWords() = %q", g.SearchWords())
		}
	})

	t.Run("a query without words is empty, and so matches nothing", func(t *testing.T) {
		for query, want := range map[string]bool{"": true, "  ": true, "+-()": true, "a": false, "7": false, "ü": false} {
			if got := contacts.ParseSearch(query).Empty(); got != want {
				t.Errorf("ParseSearch(%q).Empty() = %v, want %v", query, got, want)
			}
		}
	})

	t.Run("each word comes once, and none of a field that has none", func(t *testing.T) {
		many := &contacts.Contact{Notes: strings.Repeat("Netherfield ball of the Bingleys ", 20) + "a b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3 4 5 6 7 8 9 Élan élan"}
		for _, tc := range []struct {
			c *contacts.Contact
			n int
		}{{mrsGardiner, 31}, {many, 5 + 36 + 1}, {&contacts.Contact{Notes: "-", Phones: []contacts.Phone{{Number: "()"}}}, 0}} {
			words := tc.c.SearchWords()
			slices.Sort(words)
			if len(words) != tc.n || len(slices.Compact(words)) != tc.n {
				t.Errorf("%d SearchWords, want %d: %q", len(words), tc.n, words)
			}
		}
	})

	t.Run("QRY-18 a very long text has all its words", func(t *testing.T) {
		var notes strings.Builder
		for i := range 2000 {
			fmt.Fprintf(&notes, "word%d ", i%1000)
		}
		words := (&contacts.Contact{Notes: notes.String()}).SearchWords()
		for i := range 1000 {
			if !slices.Contains(words, fmt.Sprintf("word%d", i)) {
				t.Fatalf("no word%d", i)
			}
		}
	})

	t.Run("words are appended with what leads them", func(t *testing.T) {
		if got := string(mrsGardiner.AppendSearchWords([]byte("before"), "\x00w")); !strings.HasPrefix(got, "before\x00wmrs\x00wmadeleine\x00wgardiner\x00wmadlin\x00wgrew") {
			t.Errorf("AppendSearchWords = %q", got)
		}
	})
}

func TestEmails(t *testing.T) {
	t.Run("DUP-2 addresses compare in lower case, without blanks around them", func(t *testing.T) {
		if got := contacts.FoldEmail("  Lizzy@Example.ORG\t"); got != "lizzy@example.org" {
			t.Errorf("FoldEmail = %q", got)
		}
	})

	t.Run("DUP-3 the primary address, or a sole one", func(t *testing.T) {
		one, two := contacts.Email{Address: "jane@example.org"}, contacts.Email{Address: "jane@example.net"}
		primary := contacts.Email{Address: "bingley@example.net", Primary: true}
		for _, tc := range []struct {
			emails []contacts.Email
			want   string
		}{
			{nil, ""},
			{[]contacts.Email{one}, one.Address},
			{[]contacts.Email{one, two}, ""},
			{[]contacts.Email{one, primary}, primary.Address},
		} {
			if got := (&contacts.Contact{Emails: tc.emails}).PrimaryEmail(); got != tc.want {
				t.Errorf("PrimaryEmail of %v = %q, want %q", tc.emails, got, tc.want)
			}
		}
	})
}

// FuzzSearch compares searches with the words of QRY-18, taken literally.
func FuzzSearch(f *testing.F) {
	f.Add("gard +44", "Mrs Gardiner", "+44 20 7946")
	f.Add("ΣΊΣΥΦΟΣ", "σίσυφος", "")
	f.Add("k", "K and ſ", "K")
	f.Add("020-7946", "20 7946", "0 2 0 7 9 4 6")
	f.Add("e\u0301", "E\u0301douard \xff x", "١٢٣")
	f.Fuzz(func(t *testing.T, query, name, phone string) {
		c := &contacts.Contact{Name: contacts.Name{Full: name}, Phones: []contacts.Phone{{Number: phone}}}
		s := contacts.ParseSearch(query)
		if got, want := s.Matches(c.SearchWords()), literally(query, name, phone); got != want {
			t.Errorf("search for %q in %q, %q = %v, want %v (%q in %q)", query, name, phone, got, want, s, c.SearchWords())
		}
	})
}

// literally reports whether every word of the query begins a word of the name
// or phone number, or the query as a phone number begins a number.
func literally(query, name, phone string) bool {
	words := append(wordsOf(name), wordsOf(phone)...)
	words = append(words, digitsOf(phone))
	begins := func(prefix []rune) bool {
		return slices.ContainsFunc(words, func(word []rune) bool {
			return len(word) >= len(prefix) && slices.EqualFunc(word[:len(prefix)], prefix, sameLetter)
		})
	}
	asked := wordsOf(query)
	all := len(asked) > 0
	for _, word := range asked {
		all = all && begins(word)
	}
	number := digitsOf(query)
	isNumber := len(number) > 0 && !strings.ContainsFunc(query, func(r rune) bool { return !strings.ContainsRune("0123456789 +-()./", r) })
	return all || isNumber && begins(number)
}

func wordsOf(s string) (words [][]rune) {
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.Nd, unicode.M) }) {
		words = append(words, []rune(word))
	}
	return words
}

func digitsOf(s string) (digits []rune) {
	for _, r := range s {
		if strings.ContainsRune("0123456789", r) {
			digits = append(digits, r)
		}
	}
	return digits
}

// sameLetter compares ignoring case. The Turkish letters i count as one.
func sameLetter(a, b rune) bool {
	const turkish = "iIıİ"
	return strings.EqualFold(string(a), string(b)) || strings.ContainsRune(turkish, a) && strings.ContainsRune(turkish, b)
}
