package main

import (
	"slices"
	"strings"
)

// mergeForms brings two edited forms of one base together. Of a field that one
// side has changed its word counts; of a field that may stand several times the
// lines of both. both tells of fields where that is not possible: the merged
// form has mine, and the text says what theirs is.
func mergeForms(base, mine, theirs string) (merged string, both []string) {
	b, m, t := fieldLines(base), fieldLines(mine), fieldLines(theirs)
	var out []byte
	keys := []string{}
	for _, f := range formFields {
		keys = append(keys, f.key())
		if f.key() == groupsAfter {
			keys = append(keys, groupKey)
		}
	}
	for _, key := range keys {
		k := strings.ToLower(key)
		lines := m[k]
		switch {
		case sameLines(b[k], m[k]):
			lines = t[k]
		case sameLines(b[k], t[k]) || sameLines(m[k], t[k]):
		case isMany(key):
			lines = nil
			for _, l := range t[k] { // but for those that went on my side
				if !has(b[k], l) || has(m[k], l) {
					lines = append(lines, l)
				}
			}
			for _, l := range m[k] { // and those that came there
				if !has(b[k], l) && !has(t[k], l) {
					lines = append(lines, l)
				}
			}
		default:
			both = append(both, "  yours:  "+side(key, m[k]), "  theirs: "+side(key, t[k]))
		}
		for _, l := range lines {
			out = l.append(out)
		}
	}
	return string(out), both
}

// fieldLines are the lines of a form by their key. A form that cannot be read
// has none: it was read before it came here.
func fieldLines(text string) map[string][]*formLine {
	by := map[string][]*formLine{}
	lines, _ := parseForm(text)
	for _, l := range lines {
		if l.value == "" && len(l.parts) == 0 {
			continue
		}
		if f := fieldOf(l.key); f != nil {
			l.key = f.key()
		}
		by[strings.ToLower(l.key)] = append(by[strings.ToLower(l.key)], l)
	}
	return by
}

func has(lines []*formLine, l *formLine) bool { return slices.ContainsFunc(lines, l.same) }

// isMany reports whether a field may stand several times.
func isMany(key string) bool {
	switch fieldOf(key).(type) {
	case textField, nameField:
		return false
	}
	return true
}

// side is a field that may stand once, for people.
func side(key string, lines []*formLine) string {
	if len(lines) == 0 {
		return "no " + key
	}
	return strings.TrimSpace(string(lines[0].append(nil)))
}

// changes are the lines that differ between two forms: those that went with a
// minus, those that came with a plus.
func changes(from, to string) string {
	a, b := strings.Split(withoutComments(from), "\n"), strings.Split(withoutComments(to), "\n")
	// Longest common subsequence; forms are short.
	n := make([][]int, len(a)+1)
	for i := range n {
		n[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				n[i][j] = n[i+1][j+1] + 1
			} else {
				n[i][j] = max(n[i+1][j], n[i][j+1])
			}
		}
	}
	var out []string
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && n[i+1][j] >= n[i][j+1]:
			out = append(out, "  - "+a[i])
			i++
		default:
			out = append(out, "  + "+b[j])
			j++
		}
	}
	return strings.Join(out, "\n")
}
