package sqlite

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"slices"
	"strings"

	"contacts"
)

// The search index holds terms: a letter for the kind, and a word.
const (
	emailTerm = 'e' // the hash of an e-mail address, see emailHash
	wordTerm  = 'w' // a word of contacts.SearchWords

	goneTerm = "g" // has the deleted contacts that a run speaks for
	liveTerm = "l" // has the live contacts that a run speaks for
)

// maxTerm cuts terms to a length in bytes. What a cut term finds must be
// compared in full.
const maxTerm = 120

// appendTerms appends the terms by which c is found, each with a zero byte
// before it, and one more at the end. A term may occur twice.
func appendTerms(b []byte, c *contacts.Contact) []byte {
	from := len(b)
	b = c.AppendSearchWords(b, "\x00"+string(rune(wordTerm)))
	b = append(b[:from], cutTerms(b[from:])...)
	for i := range c.Emails {
		b = append(b, 0, emailTerm)
		b = append(b, emailHash(c.Emails[i].Address)...)
	}
	return append(b, 0)
}

// cutTerms cuts those terms that are too long. It changes b.
func cutTerms(b []byte) []byte {
	kept := b[:0]
	for len(b) > 0 {
		n := 1 + bytes.IndexByte(b[1:], 0)
		if n == 0 {
			n = len(b)
		}
		kept = append(kept, b[:min(n, 1+maxTerm)]...)
		b = b[n:]
	}
	return kept
}

// cut is a word as terms have it.
func cut(word string) string { return word[:min(len(word), maxTerm-1)] }

// emailHash is an address as terms have it: short, and without those letters
// that would make a search by words find it.
func emailHash(address string) string {
	sum := sha256.Sum256([]byte(contacts.FoldEmail(address)))
	return hex.EncodeToString(sum[:6])
}

// eachTerm yields the terms of a contact in no order. It may yield one twice.
func eachTerm(terms string) iter.Seq[string] {
	return strings.SplitSeq(strings.Trim(terms, "\x00"), "\x00")
}

// A lookup is a question to the index: who has, for every pattern of all, a
// term that begins with it, or one that begins with any? A pattern that ends
// in a zero byte is a whole term.
type lookup struct {
	all []string
	any string // empty for none
}

// searchLookup is the lookup of a text search. Unless exact, what it finds
// must be compared in full.
func searchLookup(s contacts.Search) (l lookup, exact bool) {
	exact = true
	for _, word := range s.Words {
		l.all = append(l.all, string(rune(wordTerm))+cut(word))
		exact = exact && cut(word) == word
	}
	if s.Digits != "" && !(len(s.Words) == 1 && s.Words[0] == s.Digits) {
		l.any = string(rune(wordTerm)) + cut(s.Digits)
		exact = exact && cut(s.Digits) == s.Digits
	}
	// the longest word is likely the rarest; without it nothing else matters
	slices.SortStableFunc(l.all, func(a, b string) int { return len(b) - len(a) })
	return l, exact
}

// emailLookup is the lookup of an address, or of others with the same hash.
func emailLookup(address string) lookup {
	return lookup{all: []string{string(rune(emailTerm)) + emailHash(address) + "\x00"}}
}

// mail is the hash of the address that is looked for, if that is all.
func (l lookup) mail() (hash uint64, ok bool) {
	if len(l.all) != 1 || l.any != "" {
		return 0, false
	}
	term, whole := strings.CutSuffix(l.all[0], "\x00")
	if !whole {
		return 0, false
	}
	return mailOf([]byte(term))
}

// matcher returns a function that answers the lookup for the terms of one
// contact.
func (l lookup) matcher() func(terms []byte) bool {
	var all [][]byte
	for _, pattern := range l.all {
		all = append(all, []byte("\x00"+pattern))
	}
	any := []byte("\x00" + l.any)
	return func(terms []byte) bool {
		if l.any != "" && bytes.Contains(terms, any) {
			return true
		}
		for _, pattern := range all {
			if !bytes.Contains(terms, pattern) {
				return false
			}
		}
		return len(all) > 0
	}
}
