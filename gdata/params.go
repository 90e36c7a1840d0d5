package gdata

import (
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"contacts"
	"contacts/wire"
)

// versionHeader is GData-Version as net/http writes it.
const versionHeader = "Gdata-Version"

// versionNames are its values in answers.
var versionNames = [...][]string{1: {"1.0"}, 2: {"2.0"}, 3: {"3.1"}}

// parseVersion is the protocol version that a request asks for: 1 without a
// word (VER-1, VER-2, VER-4).
func parseVersion(header string, params url.Values) (int, error) {
	v := header
	if params.Has("v") {
		v = first(params, "v")
	}
	if v == "" && !params.Has("v") {
		return 1, nil
	}
	major, minor, hasMinor := strings.Cut(strings.TrimSpace(v), ".")
	if len(major) == 1 && '1' <= major[0] && major[0] <= '3' && (!hasMinor || isDigits(minor)) { // VER-3
		return int(major[0] - '0'), nil
	}
	return 0, contacts.Errorf(contacts.Invalid, contacts.CodeVersion, "Version is not supported") // VER-5, ERR-32
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// first is the value of a parameter that counts if it is repeated.
func first(params url.Values, name string) string { return params.Get(name) }

// parseAlt is the representation asked for, which the Accept header never
// changes (QRY-1, RES-69).
func parseAlt(params url.Values) (f wire.Format, callback string, err error) {
	switch first(params, "alt") {
	case "", "atom":
		f = wire.Atom
	case "rss":
		f = wire.RSS
	case "json":
		f = wire.JSON
	case "json-in-script":
		f = wire.JSONScript
		callback, err = parseCallback(params)
	default:
		err = contacts.Errorf(contacts.Invalid, contacts.CodeAlt, "Invalid alt value") // ERR-54
	}
	return f, callback, err
}

// parseCallback is the function that json-in-script calls (QRY-21).
func parseCallback(params url.Values) (string, error) {
	name := first(params, "callback")
	if name == "" {
		return "gdata.io.handleScriptLoaded", nil
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_$."
	if len(name) > 128 || strings.Trim(name, letters) != "" {
		return "", invalidParam("callback", name)
	}
	return name, nil
}

// readPretty reads the parameter prettyprint, on whatever it is asked (QRY-26).
func (rq *request) readPretty() error {
	p := params{values: rq.params}
	rq.pretty = p.flag("prettyprint") // QRY-16
	return p.err
}

// readFields reads which parts of the answer are wanted (QRY-20, QRY-67).
func (rq *request) readFields() (err error) {
	if !rq.params.Has("fields") {
		return nil
	}
	if rq.version == 1 {
		return contacts.Errorf(contacts.Forbidden, contacts.CodeUnsupportedParam, "Fields query parameter is not supported") // VER-37, ERR-55
	}
	rq.fields, err = wire.ParseFields(first(rq.params, "fields"))
	return err
}

// A feedQuery is a query as the URL has it.
type feedQuery struct {
	contacts.Query
	perPage           int  // the effective max-results (QRY-34)
	nothing           bool // no entry can match (QRY-13)
	requireAllDeleted bool // QRY-9
	self              selfQuery
}

// paramNames are the parameters of a feed, in the order in which links repeat
// them (QRY-30). Those without link are not repeated.
var paramNames = []struct {
	name string
	link bool
}{
	{"alt", true}, {"q", true}, {"start-index", true}, {"max-results", true},
	{"callback", true}, {"updated-min", true}, {"updated-max", true}, {"published-min", true}, {"published-max", true},
	{"orderby", true}, {"sortorder", true}, {"showdeleted", true}, {"requirealldeleted", true}, {"group", true},
	{"author", true}, {"prettyprint", true}, {"strict", true}, {"fields", true},
	{"v", false}, {"access_token", false}, {"oauth_token", false}, {"xoauth_requestor_id", false}, // QRY-15, QRY-22
	{"hl", false}, {"reqid", false}, {"context", false}, {"key", false}, {"gsessionid", false}, {"ck", false}, {"prettyPrint", false}, // QRY-23
}

// standardParams belong to the GData standard but not to this service (ERR-10).
var standardParams = []string{"category", "entryID", "recurrence-expansion-start", "recurrence-expansion-end"}

// parseQuery reads the parameters of a feed (4.1).
func (h *handler) parseQuery(rq *request) (*feedQuery, error) {
	p := params{values: rq.params}
	q := &feedQuery{}
	if err := p.known(); err != nil {
		return nil, err
	}
	q.perPage = p.number("max-results", 25, 0)                                    // QRY-2
	q.Start = p.number("start-index", 1, 1)                                       // QRY-3
	q.UpdatedMin = p.time("updated-min")                                          // QRY-4
	q.UpdatedMax = p.time("updated-max")                                          // QRY-5
	q.ByUpdated = p.word("orderby", "lastmodified", "edited") != ""               // QRY-6
	q.Descending = p.word("sortorder", "descending", "ascending") == "descending" // QRY-7
	q.ShowDeleted = p.flag("showdeleted")                                         // QRY-8
	q.requireAllDeleted = p.flag("requirealldeleted")                             // QRY-9
	q.PublishedMin = p.time("published-min")                                      // QRY-14
	q.PublishedMax = p.time("published-max")
	p.flag("strict") // QRY-17
	if p.err != nil {
		return nil, p.err
	}
	if q.Max = q.perPage; q.perPage == math.MaxInt32 {
		q.Max = -1
	}
	if author := first(p.values, "author"); author != "" { // QRY-13
		q.nothing = !strings.EqualFold(author, rq.target.Name) && !strings.EqualFold(author, rq.target.FullName)
	}
	if err := h.selectEntries(rq, q); err != nil {
		return nil, err
	}
	q.self = newSelfQuery(rq.params, p.effective)
	return q, nil
}

// selectEntries reads the text query and the group.
func (h *handler) selectEntries(rq *request, q *feedQuery) error {
	text, group := first(rq.params, "q"), first(rq.params, "group")
	if rq.kind.wire == wire.GroupKind && group != "" {
		return invalidParam("group", group) // QRY-11, QRY-24
	}
	if text != "" { // QRY-12, QRY-18, QRY-27
		if h.o.OriginalLimits && rq.target.Shared {
			return errUnsupportedParam // QRY-19
		}
		q.Text = text
		q.nothing = q.nothing || contacts.ParseSearch(text).Empty()
	}
	if group == "" {
		return nil
	}
	id, ok := contacts.ParseID(group) // a bare short id
	if !ok {
		var ref reference
		if ref, ok = parseReference(group); ok {
			id, ok = ref.id, ref.isOf(wire.GroupKind, rq.target, rq.identity)
		}
	}
	if !ok || id == 0 {
		return contacts.Errorf(contacts.NotFound, contacts.CodeNotFound, "Group not found") // QRY-11
	}
	q.Group = id
	return nil
}

var errUnsupportedParam = contacts.Errorf(contacts.Forbidden, contacts.CodeUnsupportedParam, "Query parameter is not supported") // ERR-39

func invalidParam(name, value string) error {
	if len(value) > 60 {
		value = strings.ToValidUTF8(value[:60], "") + "..."
	}
	return contacts.Errorf(contacts.Invalid, contacts.CodeParameterValue, "Invalid value for parameter %s: %s", name, value) // ERR-29
}

// printable replaces what cannot be part of a line of text, in XML or without.
func printable(r rune) rune {
	switch {
	case r < 0x20 || r == 0x7F:
		return ' '
	case r == 0xFFFE || r == 0xFFFF:
		return utf8.RuneError
	}
	return r
}

// params reads typed parameters and keeps the first error.
type params struct {
	values    url.Values
	effective map[string]string // values that differ from those sent
	err       error
}

// known refuses parameters that this service does not have: always those of
// the standard, and with strict=true all others too (QRY-17, ERR-10).
func (p *params) known() error {
	for _, name := range standardParams {
		if p.values.Has(name) {
			return errUnsupportedParam
		}
	}
	if first(p.values, "strict") != "true" {
		return nil
	}
next:
	for name := range p.values {
		for _, known := range paramNames {
			if name == known.name {
				continue next
			}
		}
		if !strings.HasPrefix(name, "oauth_") {
			return contacts.Errorf(contacts.Invalid, contacts.CodeUnknownParam, "Unknown parameter: %s", name[:min(len(name), 60)])
		}
	}
	return nil
}

func (p *params) fail(name string) {
	if p.err == nil {
		p.err = invalidParam(name, first(p.values, name))
	}
}

// number is a decimal of any length, cut to 2147483647.
func (p *params) number(name string, without, least int) int {
	n := without
	if p.values.Has(name) {
		s := first(p.values, name)
		if !isDigits(s) {
			p.fail(name)
			return without
		}
		u, err := strconv.ParseUint(s, 10, 64)
		n = int(min(u, math.MaxInt32)) // err means out of range: then u is the greatest
		if err != nil {
			n = math.MaxInt32
		}
		if n < least {
			p.fail(name)
		}
	}
	if p.effective == nil {
		p.effective = map[string]string{}
	}
	p.effective[name] = strconv.Itoa(n)
	return n
}

// flag is true or false; false if missing.
func (p *params) flag(name string) bool { return p.word(name, "true", "false") == "true" }

// word is one of the allowed values, or empty if missing.
func (p *params) word(name string, allowed ...string) string {
	if !p.values.Has(name) {
		return ""
	}
	s := first(p.values, name)
	for _, a := range allowed {
		if s == a {
			return s
		}
	}
	p.fail(name)
	return ""
}

// time is a date-time; the zero time if missing or empty (QRY-27).
func (p *params) time(name string) time.Time {
	s := first(p.values, name)
	if s == "" {
		return time.Time{}
	}
	t, ok := parseTime(s)
	if !ok {
		p.fail(name)
	}
	return t
}

// parseTime reads a date with or without time, fraction and offset. Without an
// offset it is UTC; a blank stands for the + that form decoding took (QRY-10).
func parseTime(s string) (time.Time, bool) {
	if i := strings.LastIndexByte(s, ' '); i > len("2006-01-02T15:04") {
		s = s[:i] + "+" + s[i+1:]
	}
	if !dateTime.MatchString(s) { // package time takes more
		return time.Time{}, false
	}
	for _, layout := range [...]string{time.RFC3339, "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), t.Year() > 0
		}
	}
	return time.Time{}, false
}

var dateTime = regexp.MustCompile(`^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)?)?$`)

// A selfQuery is the query of a feed's self link, which its other pages change.
type selfQuery []struct{ name, value string }

// newSelfQuery repeats the effective query (QRY-30): max-results always, and
// authentication and version never.
func newSelfQuery(sent url.Values, effective map[string]string) selfQuery {
	var s selfQuery
	for _, p := range paramNames {
		value, given := first(sent, p.name), sent.Has(p.name)
		if e, ok := effective[p.name]; ok && (given || p.name == "max-results") {
			value, given = e, true
		}
		if p.name == "alt" && value == "atom" || !p.link || !given || value == "" {
			continue
		}
		s = append(s, struct{ name, value string }{p.name, value})
	}
	return s
}

// String is the query string, with another start-index if start is not 0.
func (s selfQuery) String(start int) string {
	var b strings.Builder
	add := func(name, value string) {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(name)
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(value))
	}
	for _, p := range s {
		if p.name == "start-index" && start > 0 {
			continue
		}
		if p.name == "max-results" && start > 0 {
			add("start-index", strconv.Itoa(start))
		}
		add(p.name, p.value)
	}
	return b.String()
}
