package sqlite

import (
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"slices"
	"strconv"
	"strings"

	"contacts"
)

// The search index holds terms: a letter for the kind and a word. In the
// database, the owner's number stands before the letter, so that a search for
// the beginning of a word meets words of its owner alone.
const (
	wordTerm  = 'w' // a word of contacts.SearchWords
	emailTerm = 'e' // the hash of an e-mail address
)

// maxTerm cuts terms to a length that the index takes, in bytes. What a cut
// term finds must be compared in full.
const maxTerm = 120

// An index is the search index of a group's transaction. Changes wait until
// all updates of the group have run, because writing them one by one costs
// several times more; searches look at what waits as well.
type index struct {
	changes []indexChange
}

type indexChange struct {
	key      int64
	old, now []string // terms; nil without the contact
}

// mark is where discard returns to.
func (x *index) mark() int { return len(x.changes) }

// discard forgets the changes since mark.
func (x *index) discard(mark int) {
	clear(x.changes[mark:])
	x.changes = x.changes[:mark]
}

// change notes the terms that a contact had and has.
func (x *index) change(key int64, old, now []string) {
	if slices.Equal(old, now) {
		return
	}
	x.changes = append(x.changes, indexChange{key, old, now})
}

// flush writes all changes.
func (x *index) flush(c *conn) error {
	slices.SortStableFunc(x.changes, func(a, b indexChange) int {
		switch {
		case a.key < b.key:
			return -1
		case a.key > b.key:
			return 1
		}
		return 0
	})
	for i := 0; i < len(x.changes); {
		first := x.changes[i]
		last := first
		for ; i < len(x.changes) && x.changes[i].key == first.key; i++ {
			last = x.changes[i]
		}
		if err := c.reindex(first.key, first.old, last.now); err != nil {
			return err
		}
	}
	return nil
}

// reindex replaces the terms of a contact. The index counts a row less for
// each deletion of terms, and fails when that is one too many: as long as the
// contact has terms, an insertion follows, if only of nothing.
func (c *conn) reindex(key int64, old, now []string) error {
	gone := owned(key, without(old, now))
	if gone != "" {
		stmt, err := c.bind("INSERT INTO words (rowid, words, word) VALUES (?1, 'delete', ?2)", key)
		if err != nil {
			return err
		}
		stmt.BindText(2, gone)
		if _, err := stmt.Step(); err != nil {
			return err
		}
	}
	if added := owned(key, without(now, old)); added != "" || gone != "" && len(now) > 0 {
		stmt, err := c.bind("INSERT INTO words (rowid, word) VALUES (?1, ?2)", key)
		if err != nil {
			return err
		}
		stmt.BindText(2, added)
		if _, err := stmt.Step(); err != nil {
			return err
		}
	}
	return nil
}

// owned is the text that the index takes for the terms of a contact.
func owned(key int64, terms []string) string {
	var b strings.Builder
	owner := strconv.FormatInt(key>>40, 10)
	for _, term := range terms {
		b.WriteString(owner)
		b.WriteString(term)
		b.WriteByte(' ')
	}
	return b.String()
}

// without returns the terms that are not among others.
func without(terms, others []string) []string {
	if len(others) == 0 {
		return terms
	}
	known := make(map[string]bool, len(others))
	for _, term := range others {
		known[term] = true
	}
	var rest []string
	for _, term := range terms {
		if !known[term] {
			rest = append(rest, term)
		}
	}
	return rest
}

// terms are the terms by which c is found, each once.
func terms(c *contacts.Contact) []string {
	ts := c.SearchWords(nil)
	cut := false
	for i, word := range ts {
		ts[i] = term(wordTerm, word)
		cut = cut || len(ts[i]) == maxTerm
	}
	if cut { // different words may have become one
		slices.Sort(ts)
		ts = slices.Compact(ts)
	}
	for i := range c.Emails {
		if t := emailTermOf(c.Emails[i].Address); !slices.Contains(ts, t) {
			ts = append(ts, t)
		}
	}
	return ts
}

func term(letter byte, word string) string {
	return string(letter) + word[:min(len(word), maxTerm-1)]
}

func emailTermOf(address string) string {
	sum := sha256.Sum256([]byte(contacts.FoldEmail(address)))
	return string(rune(emailTerm)) + hex.EncodeToString(sum[:6])
}

// search returns the contacts that match s, ascending.
func (t *tx) search(s contacts.Search) ([]contacts.ID, error) {
	if s.Empty() {
		return nil, nil
	}
	cut, long := s, false
	cut.Words = make([]string, len(s.Words))
	for i, word := range s.Words {
		cut.Words[i] = term(wordTerm, word)[1:]
		long = long || cut.Words[i] != word
	}
	ids, err := t.found(searchExpression(int64(t.owner), cut), func(terms []string) bool {
		words := make([]string, 0, len(terms))
		for _, term := range terms {
			if term[0] == wordTerm {
				words = append(words, term[1:])
			}
		}
		return cut.Matches(words)
	})
	if err != nil || !long {
		return ids, err
	}
	matching := ids[:0]
	for _, id := range ids {
		c, err := t.Contact(id)
		if err != nil {
			return nil, err
		}
		if s.Matches(c.SearchWords(nil)) {
			matching = append(matching, id)
		}
	}
	return matching, nil
}

// searchExpression is s in the language of the index.
func searchExpression(owner int64, s contacts.Search) string {
	prefix := func(word string) string {
		return `"` + strconv.FormatInt(owner, 10) + term(wordTerm, word) + `"*`
	}
	var all []string
	for _, word := range s.Words {
		all = append(all, prefix(word))
	}
	expression := strings.Join(all, " AND ")
	if s.Digits == "" || len(all) == 1 && s.Digits == s.Words[0] {
		return expression
	}
	if expression == "" {
		return prefix(s.Digits)
	}
	return "(" + expression + ") OR " + prefix(s.Digits)
}

// ContactsByEmail implements store.Tx.
func (t *tx) ContactsByEmail(address string) iter.Seq2[*contacts.Contact, error] {
	return func(yield func(*contacts.Contact, error) bool) {
		folded, term := contacts.FoldEmail(address), emailTermOf(address)
		expression := `"` + strconv.FormatInt(int64(t.owner), 10) + term + `"`
		ids, err := t.found(expression, func(terms []string) bool { return slices.Contains(terms, term) })
		if err != nil {
			yield(nil, fault(err))
			return
		}
		for _, id := range ids {
			c, err := t.Contact(id)
			if err != nil {
				yield(nil, err)
				return
			}
			if !slices.ContainsFunc(c.Emails, func(e contacts.Email) bool {
				return contacts.FoldEmail(e.Address) == folded // DUP-2
			}) {
				continue // another address with the same hash
			}
			if !yield(c, nil) {
				return
			}
		}
	}
}

// found returns the contacts whose terms match an expression, ascending. Those
// whose terms still wait to be written are judged by match.
func (t *tx) found(expression string, match func(terms []string) bool) ([]contacts.ID, error) {
	stmt, err := t.conn.bind("SELECT rowid FROM words WHERE words MATCH ?1 ORDER BY rowid")
	if err != nil {
		return nil, err
	}
	stmt.BindText(1, expression)
	ids, err := collectIDs(stmt, nil)
	if err != nil || t.index == nil {
		return ids, err
	}
	waiting := map[contacts.ID][]string{}
	for _, ch := range t.index.changes {
		if ch.key>>40 == int64(t.owner) {
			waiting[idOf(ch.key)] = ch.now
		}
	}
	if len(waiting) == 0 {
		return ids, nil
	}
	ids = slices.DeleteFunc(ids, func(id contacts.ID) bool { _, w := waiting[id]; return w })
	for id, terms := range waiting {
		if terms != nil && match(terms) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}
