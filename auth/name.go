package auth

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"contacts"
)

// fold brings the name of an owner, in whatever form it is given, to the one
// form that it is kept and compared in.
func fold(name string) string { return strings.ToLower(strings.TrimSpace(name)) } // RES-7

// parseDomain checks the name of a domain and returns it folded. It fails with
// kind Invalid.
func parseDomain(name string) (string, error) {
	d := fold(name)
	bad := func(reason string) (string, error) {
		return "", contacts.Errorf(contacts.Invalid, "", "%q is not a domain name: %s", name, reason)
	}
	switch {
	case d == "":
		return bad("it is empty")
	case len(d) > 253:
		return bad("it has more than 253 bytes")
	case d == ownSegment:
		return bad("the word is taken")
	}
	for label := range strings.SplitSeq(d, ".") {
		switch {
		case label == "":
			return bad("a part between dots is empty")
		case len(label) > 63:
			return bad("a part has more than 63 bytes")
		case label[0] == '-' || label[len(label)-1] == '-':
			return bad("a part begins or ends with a hyphen")
		}
		for _, c := range label {
			if c != '-' && !isWord(c) {
				return bad("only letters, digits, hyphens and dots may stand in it")
			}
		}
	}
	return d, nil
}

// CheckDomain fails with kind Invalid, saying why, if name cannot be that of a
// domain.
func CheckDomain(name string) error {
	_, err := parseDomain(name)
	return err
}

// parseEmail checks the address of a user and returns it folded, with its two
// halves. It fails with kind Invalid.
func parseEmail(email string) (folded, local, domain string, err error) {
	bad := func(reason string) (string, string, string, error) {
		return "", "", "", contacts.Errorf(contacts.Invalid, "", "%q is not an e-mail address: %s", email, reason)
	}
	folded = fold(email)
	at := strings.LastIndexByte(folded, '@')
	if at < 0 {
		return bad("it has no @")
	}
	local, domain = folded[:at], folded[at+1:]
	switch {
	case local == "":
		return bad("nothing stands before the @")
	case len(local) > 64:
		return bad("more than 64 bytes stand before the @")
	case local[0] == '.' || local[len(local)-1] == '.' || strings.Contains(local, ".."):
		return bad("a dot must stand between other characters")
	}
	for _, c := range local {
		if !isWord(c) && !strings.ContainsRune(".!#$%&'*+-=?^_`{|}~", c) {
			return bad("it contains " + strconv.Quote(string(c)))
		}
	}
	if domain, err = parseDomain(domain); err != nil {
		return "", "", "", err
	}
	return folded, local, domain, nil
}

// isWord accepts letters and digits of every script.
func isWord(c rune) bool {
	if c < utf8.RuneSelf {
		return 'a' <= c && c <= 'z' || '0' <= c && c <= '9'
	}
	return c != utf8.RuneError && (unicode.IsLetter(c) || unicode.IsMark(c) || unicode.IsDigit(c))
}

// userKey is the name of a user in the directory, where the users of a domain
// are a prefix. An address without @ has none.
func userKey(folded string) string {
	at := strings.LastIndexByte(folded, '@')
	if at < 0 {
		return ""
	}
	return folded[at+1:] + "/" + folded[:at]
}

// printable leaves of a name what can be shown: nothing that steers a terminal
// or turns the direction of writing.
func printable(name string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return -1
		}
		return c
	}, strings.ToValidUTF8(name, ""))
}
