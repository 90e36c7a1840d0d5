package contacts

import (
	"strings"
	"unicode"
	"unicode/utf8"
	"unsafe"
)

// A Search is a text query taken apart (QRY-18). It matches a contact when
// every one of Words is the beginning of one of its words, or when Digits is
// the beginning of one of its phone numbers.
type Search struct {
	Words  []string
	Digits string // set when the query is a phone number, however it is written
}

// ParseSearch takes a text query apart. A query without a letter or digit has
// no words and matches nothing; see Empty.
func ParseSearch(text string) Search {
	var s Search
	s.Words = appendWords(nil, text)
	if isPhone(text) {
		s.Digits = digits(text)
	}
	return s
}

// Empty reports whether s has nothing to look for.
func (s Search) Empty() bool { return len(s.Words) == 0 && s.Digits == "" }

// SearchWords appends the words by which a search finds c, folded, in no order
// and each once: those of its name, notes, e-mail addresses, organizations,
// nickname and postal addresses, and its phone numbers as digits (QRY-18).
func (c *Contact) SearchWords(words []string) []string {
	from := len(words)
	add := func(s string) { words = appendWords(words, s) }
	for _, s := range [...]string{c.Name.Full, c.Name.Prefix, c.Name.Given, c.Name.Additional,
		c.Name.Family, c.Name.Suffix, c.Name.GivenYomi, c.Name.AdditionalYomi, c.Name.FamilyYomi, c.Notes, c.Nickname} {
		add(s)
	}
	for i := range c.Emails {
		add(c.Emails[i].Address)
		add(c.Emails[i].DisplayName)
	}
	for i := range c.Phones {
		add(c.Phones[i].Number)
		if d := digits(c.Phones[i].Number); d != "" {
			words = append(words, d)
		}
	}
	for i := range c.Organizations {
		o := &c.Organizations[i]
		add(o.Name)
		add(o.NameYomi)
		add(o.Title)
		add(o.Department)
	}
	for i := range c.Addresses {
		a := &c.Addresses[i]
		for _, s := range [...]string{a.Formatted, a.HouseName, a.Street, a.POBox, a.Neighborhood, a.City, a.Subregion, a.Region, a.Postcode, a.Country} {
			add(s)
		}
	}
	return words[:from+dedupe(words[from:])]
}

// SearchWords are the words by which a search finds g: those of its name.
func (g *Group) SearchWords() []string { return appendWords(nil, g.Name) }

// Matches reports whether a contact with these SearchWords matches s.
func (s Search) Matches(words []string) bool {
	has := func(prefix string) bool {
		for _, w := range words {
			if strings.HasPrefix(w, prefix) {
				return true
			}
		}
		return false
	}
	if s.Digits != "" && has(s.Digits) {
		return true
	}
	for _, w := range s.Words {
		if !has(w) {
			return false
		}
	}
	return len(s.Words) > 0
}

// FoldEmail is the form in which e-mail addresses are compared (DUP-2).
func FoldEmail(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

// PrimaryEmail is the primary address of c, or its sole one, or empty (DUP-3).
func (c *Contact) PrimaryEmail() string {
	for i := range c.Emails {
		if c.Emails[i].Primary || len(c.Emails) == 1 {
			return c.Emails[i].Address
		}
	}
	return ""
}

// appendWords appends the words of s, folded: runs of letters, digits and
// marks.
func appendWords(words []string, s string) []string {
	s = fold(s) // which makes no other characters part of a word
	start := -1
	for i, r := range s {
		word := isWord(r)
		switch {
		case word && start < 0:
			start = i
		case !word && start >= 0:
			words = append(words, s[start:i])
			start = -1
		}
	}
	if start >= 0 {
		words = append(words, s[start:])
	}
	return words
}

func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// fold makes two spellings that differ in letter case alone equal. Going
// through upper case also folds letters with two lower-case forms.
func fold(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return foldFrom(s, i)
		}
	}
	return s
}

// foldFrom folds s, which needs it from i on.
func foldFrom(s string, i int) string {
	b := make([]byte, len(s))
	copy(b, s[:i])
	for ; i < len(s); i++ {
		c := s[i]
		if c >= utf8.RuneSelf {
			return strings.Map(func(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }, s)
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b[i] = c
	}
	return unsafe.String(unsafe.SliceData(b), len(b)) // nothing else refers to b
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// isPhone reports whether s has digits, and else only what separates them in
// phone numbers.
func isPhone(s string) bool {
	return strings.ContainsAny(s, "0123456789") && strings.Trim(s, "0123456789 +-()./") == ""
}

// dedupe keeps the first of equal words and returns how many remain.
func dedupe(words []string) int {
	if len(words) <= 100 { // as most contacts have: quicker than a map
		n := 0
	next:
		for _, w := range words {
			for _, seen := range words[:n] {
				if w == seen {
					continue next
				}
			}
			words[n] = w
			n++
		}
		return n
	}
	seen := make(map[string]bool, len(words))
	n := 0
	for _, w := range words {
		if !seen[w] {
			seen[w] = true
			words[n] = w
			n++
		}
	}
	return n
}
