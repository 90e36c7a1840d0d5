package contacts

import (
	"strings"
	"unicode"
	"unicode/utf8"
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
	s.Words = words(text)
	if isPhone(text) {
		s.Digits = digits(text)
	}
	return s
}

// Empty reports whether s has nothing to look for.
func (s Search) Empty() bool { return len(s.Words) == 0 && s.Digits == "" }

// SearchWords are the words by which a search finds c, folded: those of its
// name, notes, e-mail addresses, organizations, nickname and postal addresses,
// and its phone numbers as digits (QRY-18).
func (c *Contact) SearchWords() []string {
	l := wordList{lead: "\x00"}
	l.addContact(c)
	return l.words()
}

// AppendSearchWords appends the SearchWords to b, in no order, each with lead
// before it. Only those of a very long text may occur twice. Lead begins with
// a character that no word has.
func (c *Contact) AppendSearchWords(b []byte, lead string) []byte {
	l := wordList{b: b, lead: lead}
	l.addContact(c)
	return l.b
}

// addContact appends the words by which a search finds c.
func (l *wordList) addContact(c *Contact) {
	for _, s := range [...]string{c.Name.Full, c.Name.Prefix, c.Name.Given, c.Name.Additional,
		c.Name.Family, c.Name.Suffix, c.Name.GivenYomi, c.Name.AdditionalYomi, c.Name.FamilyYomi, c.Notes, c.Nickname} {
		l.add(s)
	}
	for i := range c.Emails {
		l.add(c.Emails[i].Address)
		l.add(c.Emails[i].DisplayName)
	}
	for i := range c.Phones {
		l.add(c.Phones[i].Number)
		l.addDigits(c.Phones[i].Number)
	}
	for i := range c.Organizations {
		o := &c.Organizations[i]
		l.add(o.Name)
		l.add(o.NameYomi)
		l.add(o.Title)
		l.add(o.Department)
	}
	for i := range c.Addresses {
		a := &c.Addresses[i]
		for _, s := range [...]string{a.Formatted, a.HouseName, a.Street, a.POBox, a.Neighborhood, a.City, a.Subregion, a.Region, a.Postcode, a.Country} {
			l.add(s)
		}
	}
}

// SearchWords are the words by which a search finds g, folded: those of its name.
func (g *Group) SearchWords() []string { return words(g.Name) }

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

// words are the words of s, folded, each once.
func words(s string) []string {
	l := wordList{lead: "\x00"}
	l.add(s)
	return l.words()
}

// isWord reports whether a character is part of words: letters, digits and
// marks are.
func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// fold makes two spellings that differ in letter case alone equal. Going
// through upper case also folds letters with two lower-case forms.
func fold(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }

// asciiWord has each ASCII character that is part of words, folded.
var asciiWord = func() (table [utf8.RuneSelf]byte) {
	for c := range rune(len(table)) {
		if isWord(c) {
			table[c] = byte(fold(c))
		}
	}
	return table
}()

// A wordList collects words. It does so for every contact that is written, and
// so takes no memory but for the list itself.
type wordList struct {
	b    []byte // the words, each with lead before it
	lead string
	seen [256]wordAt // by their hash, each at the first free place from there
	n    int         // how many are seen
}

// wordAt is where a word begins and ends in the list.
type wordAt struct{ start, end uint32 }

// add appends the words of s, folded.
func (l *wordList) add(s string) {
	b, start := l.b, 0 // where the word begins in b, if there is one
	for i, size := 0, 1; i < len(s); i += size {
		var r rune
		if c := s[i]; c < utf8.RuneSelf {
			r, size = rune(asciiWord[c]), 1
		} else {
			r, size = utf8.DecodeRuneInString(s[i:])
			if r = fold(r); !isWord(r) {
				r = 0
			}
		}
		switch {
		case r == 0 && start != 0:
			b, start = l.distinct(b, start), 0
		case r != 0 && start == 0:
			b = append(b, l.lead...)
			start = len(b)
			fallthrough
		case r != 0:
			b = utf8.AppendRune(b, r)
		}
	}
	if start != 0 {
		b = l.distinct(b, start)
	}
	l.b = b
}

// words are the words of a list that has nothing else and whose lead is one
// byte.
func (l *wordList) words() []string {
	if len(l.b) == 0 {
		return nil
	}
	return strings.Split(string(l.b[1:]), l.lead)
}

// addDigits appends a phone number.
func (l *wordList) addDigits(number string) {
	b := append(l.b, l.lead...)
	start := len(b)
	for i := range len(number) {
		if c := number[i]; '0' <= c && c <= '9' {
			b = append(b, c)
		}
	}
	l.b = l.distinct(b, start)
}

// distinct takes the word that begins at start, and ends b, away again if it is
// empty or in the list before.
func (l *wordList) distinct(b []byte, start int) []byte {
	word := b[start:]
	if len(word) == 0 {
		return b[:start-len(l.lead)]
	}
	hash := uint32(2166136261) // FNV-1a
	for _, c := range word {
		hash = (hash ^ uint32(c)) * 16777619
	}
	for i := hash; ; i++ {
		switch at := &l.seen[i%uint32(len(l.seen))]; {
		case at.end == 0:
			if l.n < len(l.seen)/2 {
				*at = wordAt{uint32(start), uint32(len(b))}
				l.n++
			}
			return b
		case string(b[at.start:at.end]) == string(word):
			return b[:start-len(l.lead)]
		}
	}
}

// digits are the digits of a phone number.
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
