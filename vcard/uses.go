package vcard

import (
	"strconv"
	"strings"

	"contacts"
)

// A use is how contacts say what an address, number or link is for. In cards
// this is the TYPE parameter and the X-ABLabel of the property's group.
type use struct {
	rel, label *string
	extra      *contacts.Extra
}

// A family is the set of uses that one kind of property has.
type family struct {
	none    string // the rel of a property without a type
	ignored string // a type that every property of the kind may have
	words   []relWord
	uris    bool // rels may be URIs
	labels  bool // rels are written as X-ABLabel, because there is no TYPE
}

// A relWord is a rel and its types, in small letters; x- marks those that no
// standard has. They are read with and without it.
type relWord struct {
	rel   string
	types []string
}

var (
	emailUses = &family{uris: true, none: "other", ignored: "internet", words: []relWord{{"home", []string{"home"}}, {"work", []string{"work"}},
		{"other", nil}}}
	addressUses = &family{uris: true, none: "other", words: []relWord{{"home", []string{"home"}}, {"work", []string{"work"}}, {"other", nil}}}
	imUses      = &family{uris: true, none: "other", words: []relWord{{"home", []string{"home"}}, {"work", []string{"work"}},
		{"netmeeting", []string{"x-netmeeting"}}, {"other", nil}}}
	organizationUses = &family{uris: true, none: "work", words: []relWord{{"work", nil}, {"other", []string{"other"}}}}
	phoneUses        = &family{uris: true, none: "other", ignored: "voice", words: []relWord{
		{"work_mobile", []string{"work", "cell"}},
		{"work_fax", []string{"work", "fax"}},
		{"work_pager", []string{"work", "pager"}},
		{"home_fax", []string{"home", "fax"}},
		{"other_fax", []string{"other", "fax"}},
		{"company_main", []string{"work", "main"}},
		{"mobile", []string{"cell"}},
		{"fax", []string{"fax"}},
		{"pager", []string{"pager"}},
		{"car", []string{"car"}},
		{"isdn", []string{"isdn"}},
		{"tty_tdd", []string{"textphone"}},
		{"tty_tdd", []string{"x-ttytdd"}},
		{"main", []string{"main"}},
		{"assistant", []string{"x-assistant"}},
		{"callback", []string{"x-callback"}},
		{"internal-extension", []string{"x-internal-extension"}},
		{"radio", []string{"x-radio"}},
		{"satellite", []string{"x-satellite"}},
		{"telex", []string{"x-telex"}},
		{"voip", []string{"x-voip"}},
		{"general", []string{"x-general"}},
		{"home", []string{"home"}},
		{"work", []string{"work"}},
		{"other", nil},
	}}
	websiteUses = &family{none: "home-page", words: []relWord{{"home-page", nil}, {"home", []string{"home"}}, {"work", []string{"work"}},
		{"blog", []string{"x-blog"}}, {"ftp", []string{"x-ftp"}}, {"profile", []string{"x-profile"}}, {"other", []string{"other"}}}}
	calendarUses = &family{none: "home", words: []relWord{{"home", nil}, {"work", []string{"work"}}}}
	freeBusyUses = &family{none: "free-busy", words: []relWord{{"free-busy", nil}}}
	jotUses      = &family{none: "other", words: []relWord{{"home", []string{"home"}}, {"work", []string{"work"}}, {"other", nil},
		{"keywords", []string{"x-keywords"}}, {"user", []string{"x-user"}}}}
	externalUses = &family{none: "account", words: []relWord{{"account", nil}, {"customer", []string{"x-customer"}},
		{"network", []string{"x-network"}}, {"organization", []string{"x-organization"}}}}
	eventUses = &family{none: "other", labels: true, words: []relWord{{"anniversary", nil}, {"other", nil}}}

	// Types of RELATED, and labels of X-ABRELATEDNAMES.
	relationUses = &family{none: "", words: []relWord{
		{"sister", []string{"sibling", "x-sister"}},
		{"brother", []string{"sibling", "x-brother"}},
		{"mother", []string{"parent", "x-mother"}},
		{"father", []string{"parent", "x-father"}},
		{"sister", []string{"x-sister"}},
		{"brother", []string{"x-brother"}},
		{"mother", []string{"x-mother"}},
		{"father", []string{"x-father"}},
		{"domestic-partner", []string{"x-domestic-partner"}},
		{"partner", []string{"x-partner"}},
		{"manager", []string{"x-manager"}},
		{"assistant", []string{"x-assistant"}},
		{"referred-by", []string{"x-referred-by"}},
		{"child", []string{"child"}},
		{"parent", []string{"parent"}},
		{"spouse", []string{"spouse"}},
		{"friend", []string{"friend"}},
		{"relative", []string{"kin"}},
	}}
	relatedNames = &family{none: "", labels: true, words: relationUses.words}
)

// rel is the family's word for a label that Apple's programs know and show in
// the language of the user, or empty.
func (f *family) rel(word string) string {
	w := plainWord(word)
	if w == "iphone" {
		w = "mobile"
	}
	for i := range f.words {
		if plainWord(f.words[i].rel) == w {
			return f.words[i].rel
		}
	}
	return ""
}

// plainWord is a word in small letters without hyphens and underscores.
func plainWord(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '-' || r == '_' || r == ' ':
			return -1
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// appleWord is the label by which Apple's programs know a rel.
func appleWord(b []byte, rel string) []byte {
	b = append(b, "_$!<"...)
	up := true
	for i := range len(rel) {
		c := rel[i]
		if c == '-' || c == '_' {
			up = true
			continue
		}
		if up && 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		up = false
		b = append(b, c)
	}
	return append(b, ">!$_"...)
}

// types are those of a rel, or false if it has none because it is a URI.
func (f *family) types(rel string) ([]string, bool) {
	for i := range f.words {
		if f.words[i].rel == rel {
			return f.words[i].types, true
		}
	}
	return nil, false
}

// A typeSet is the types of one property as they are in it, and without x-.
type typeSet struct {
	raw, word [12]string
	used      [12]bool
	n         int
}

func (s *typeSet) add(raw string) bool {
	if s.n == len(s.raw) {
		return false
	}
	w := raw
	for _, prefix := range [...]string{"x-evolution-", "x-"} {
		if len(w) > len(prefix) && strings.EqualFold(w[:len(prefix)], prefix) {
			w = w[len(prefix):]
			break
		}
	}
	s.raw[s.n], s.word[s.n] = raw, w
	s.n++
	return true
}

// index is where a type is in the set, or -1.
func (s *typeSet) index(word string) int {
	for i := range s.n {
		if strings.EqualFold(s.word[i], word) || word == "cell" && strings.EqualFold(s.word[i], "mobile") {
			return i
		}
	}
	return -1
}

// match finds the row that says most of what the types say, and marks these as
// used.
func (f *family) match(s *typeSet) (rel string, ok bool) {
	best := -1
	for i := range f.words {
		types := f.words[i].types
		if len(types) == 0 || best >= 0 && len(types) <= len(f.words[best].types) {
			continue
		}
		all := true
		for _, t := range types {
			if s.index(strings.TrimPrefix(t, "x-")) < 0 {
				all = false
				break
			}
		}
		if all {
			best = i
		}
	}
	if best < 0 {
		return "", false
	}
	for _, t := range f.words[best].types {
		s.used[s.index(strings.TrimPrefix(t, "x-"))] = true
	}
	return f.words[best].rel, true
}

// use takes the use out of a property: its parameters and the label of its
// group. What it does not know is kept in the Extra, for the element in. own
// takes parameters that the property's kind has; nil if it has none.
func (im *importer) use(p *Property, f *family, u use, in string, own func(q *Param) bool) (pref int) {
	var set typeSet
	kept := im.kept[:0]
	rel := ""
	for i := range p.Params {
		q := &p.Params[i]
		switch q.Name {
		case "TYPE":
			for rest, more := q.Value, true; more; {
				var word string
				word, rest, more = strings.Cut(rest, ",")
				switch {
				case strings.EqualFold(word, "pref"):
					pref = 1
				case word == "" || f.ignored != "" && strings.EqualFold(word, f.ignored):
				case !set.add(word):
					kept = append(kept, Param{"TYPE", word})
				}
			}
		case "PREF":
			if n, err := strconv.Atoi(q.Value); err == nil && n >= 1 && n <= 100 {
				pref = n
			} else {
				kept = append(kept, *q)
			}
		case "X-REL":
			if scheme, _ := cutScheme(q.Value); scheme != "" && f.uris { // ELEM-29
				rel = q.Value
			} else {
				kept = append(kept, *q)
			}
		case "X-EXTRA":
		case "VALUE", "ENCODING", "CHARSET":
		default:
			if own == nil || !own(q) {
				kept = append(kept, *q)
			}
		}
	}
	label := im.label(p.Group)
	if word, ok := appleLabel(label); ok {
		label = word
		if r := f.rel(word); r != "" {
			rel, label = r, ""
			if !f.labels { // the same word as a type says nothing more
				f.match(&set)
			}
		}
	}
	switch {
	case label != "":
		*u.label = label
	case rel != "":
		*u.rel = rel
	default:
		var ok bool
		if rel, ok = f.match(&set); !ok {
			if set.n == 1 && len(set.raw[0]) > 2 && strings.EqualFold(set.raw[0][:2], "x-") { // Android's way of a label
				*u.label = set.raw[0][2:]
				set.used[0] = true
				break
			}
			rel = f.none
		}
		*u.rel = rel
	}
	types := len(kept)
	for i := range set.n {
		if !set.used[i] {
			kept = append(kept, Param{"TYPE", set.raw[i]})
		}
	}
	if types > 0 && len(kept) > types { // types first
		kept = append(append([]Param(nil), kept[types:]...), kept[:types]...)
	}
	keepParams(u.extra, in, kept)
	im.kept = kept[:0]
	im.readExtra(u.extra, p, "X-EXTRA")
	return pref
}

// appleLabel is the word within the marks of Apple's own labels.
func appleLabel(s string) (word string, ok bool) {
	if word, ok = strings.CutPrefix(s, "_$!<"); ok {
		word, ok = strings.CutSuffix(word, ">!$_")
	}
	if !ok {
		return s, false
	}
	return word, true
}

// readExtra adds to ex what the parameter name has of foreign XML: for each
// piece its place, attributes and elements.
func (im *importer) readExtra(ex *contacts.Extra, p *Property, name string) {
	var u contacts.Unknown
	n := 0
	for i := range p.Params {
		if p.Params[i].Name != name {
			continue
		}
		v := p.Params[i].Value
		switch n % 3 {
		case 0:
			u = contacts.Unknown{In: v}
		case 1:
			u.Attrs = v
		case 2:
			u.XML = v
			im.addForeign(ex, u)
		}
		n++
	}
}

// addForeign adds a piece of XML that a card brought along, if it is sound.
func (im *importer) addForeign(ex *contacts.Extra, u contacts.Unknown) {
	if len(u.In)+len(u.Attrs)+len(u.XML) > contacts.MaxExtraBytes {
		im.lose("X-EXTRA: no room for %d bytes beside the fields of a contact", len(u.Attrs)+len(u.XML))
		return
	}
	if u.Attrs != "" && !isAttrs(u.Attrs) || u.XML != "" && !isFragment(u.XML, false) || !isCleanText(u.In) {
		im.lose("X-EXTRA: XML that is not well-formed")
		return
	}
	if u.Attrs+u.XML != "" {
		addExtra(ex, u)
	}
}
