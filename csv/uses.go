package csv

import (
	"strings"
	"time"
	"unicode"

	"contacts"
)

// The rels that have words of their own, by kind of item. What is no such word
// is a label.
var (
	placeRels        = rels("home", "work", "other")
	organizationRels = rels("work", "other")
	imRels           = rels("home", "work", "other", "netmeeting")
	phoneRels        = rels("assistant", "callback", "car", "company_main", "fax", "general", "home", "home_fax", "internal-extension",
		"isdn", "main", "mobile", "other", "other_fax", "pager", "radio", "satellite", "telex", "tty_tdd", "voip", "work", "work_fax",
		"work_mobile", "work_pager")
	eventRels      = rels("anniversary", "other")
	externalIDRels = rels("account", "customer", "network", "organization")
	relationRels   = rels("assistant", "brother", "child", "domestic-partner", "father", "friend", "manager", "mother", "parent",
		"partner", "referred-by", "relative", "sister", "spouse")
	websiteRels  = rels("blog", "ftp", "home", "home-page", "other", "profile", "work")
	calendarRels = rels("free-busy", "home", "work")
	jotRels      = rels("home", "keywords", "other", "user", "work")
	protocols    = rels("AIM", "MSN", "YAHOO", "SKYPE", "QQ", "GOOGLE_TALK", "ICQ", "JABBER", "NETMEETING")
)

// rels maps words without blanks and signs to the rels that they stand for.
func rels(words ...string) map[string]string {
	m := make(map[string]string, len(words))
	for _, w := range words {
		m[letters(w)] = w
	}
	return m
}

// letters is s without anything but letters and digits, in lower case.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// use reads a type or label such as "* Home": the rel, or the label, and
// whether it is the primary item. Without a word it is fallback.
func use(word string, known map[string]string, fallback string, uris bool) (rel, label string, primary bool) {
	if rest, ok := strings.CutPrefix(word, "*"); ok {
		word, primary = strings.TrimSpace(rest), true
	}
	if word == "" {
		return fallback, "", primary
	}
	if rel, ok := known[letters(word)]; ok {
		return rel, "", primary
	}
	if uris && isURI(word) {
		return word, "", primary
	}
	return "", word, primary
}

// isURI reports whether s begins with a scheme and ://.
func isURI(s string) bool {
	scheme, _, ok := strings.Cut(s, "://")
	return ok && scheme != "" && strings.Trim(strings.ToLower(scheme), "abcdefghijklmnopqrstuvwxyz") == ""
}

// wordOf is what use reads as rel or label.
func wordOf(rel, label string, primary bool) string {
	w := label
	if rel != "" {
		w = rel
		if !isURI(rel) {
			parts := strings.FieldsFunc(rel, func(r rune) bool { return r == '_' || r == '-' })
			for i, p := range parts {
				parts[i] = strings.ToUpper(p[:1]) + p[1:]
			}
			w = strings.Join(parts, " ")
		}
	}
	if primary {
		return "* " + w
	}
	return w
}

// date reads a day in one of the forms that programs write: 1811-11-26,
// --11-26, 11/26/1811, 26.11.1811. It returns YYYY-MM-DD or --MM-DD.
func date(v string) (string, bool) {
	v = strings.TrimSpace(v)
	for _, form := range []string{"2006-01-02", "1/2/2006", "2/1/2006", "2.1.2006", "2006/1/2", "20060102", "2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(form, v); err == nil && t.Year() > 0 {
			return t.Format(time.DateOnly), true
		}
	}
	if rest, ok := strings.CutPrefix(v, "--"); ok {
		for _, form := range []string{"2006-01-02", "2006-0102"} {
			if t, err := time.Parse(form, "2000-"+rest); err == nil {
				return t.Format("--01-02"), true
			}
		}
	}
	return "", false
}

// setBirthday keeps what is no date as a field of the owner's own.
func setBirthday(b *build, v string) {
	if d, ok := date(v); ok {
		b.c.Birthday = d
		return
	}
	b.c.UserDefined = append(b.c.UserDefined, contacts.UserDefined{Key: "Birthday", Value: v}) // CSV-2
}

// addEvent adds a date, or a field of the owner's own if it is no whole date.
func addEvent(b *build, word, v string) {
	rel, label, _ := use(word, eventRels, "other", false)
	if d, ok := date(v); ok && !strings.HasPrefix(d, "--") {
		b.c.Events = append(b.c.Events, contacts.Event{Rel: rel, Label: label, Start: d})
		return
	}
	b.c.UserDefined = append(b.c.UserDefined, contacts.UserDefined{Key: wordOf(rel, label, false), Value: v})
}

// choose sets *to to one of the words that a field may have, or keeps the value
// as a field of the owner's own.
func choose(b *build, to *string, name, v string, words ...string) {
	for _, w := range words {
		if strings.EqualFold(w, v) {
			*to = w
			return
		}
	}
	b.c.UserDefined = append(b.c.UserDefined, contacts.UserDefined{Key: name, Value: v})
}

// language is a BCP 47 tag or a word.
func language(v string) contacts.Language {
	first, _, _ := strings.Cut(v, "-")
	if n := len(first); n >= 2 && n <= 3 && first == strings.ToLower(letters(first)) {
		return contacts.Language{Code: v}
	}
	return contacts.Language{Label: v}
}
