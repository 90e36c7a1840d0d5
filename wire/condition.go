package wire

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// A condOp is what a condition does.
type condOp uint8

const (
	opExists condOp = iota
	opEqual
	opNotEqual
	opLess
	opLessEqual
	opMore
	opMoreEqual
	opAnd
	opOr
	opNot
)

// comparisons are looked for in the order of comparing: the longer ones first.
var (
	comparisons = map[condOp]string{opEqual: "=", opNotEqual: "!=", opLess: "<", opLessEqual: "<=", opMore: ">", opMoreEqual: ">="}
	comparing   = []condOp{opLessEqual, opMoreEqual, opNotEqual, opLess, opMore, opEqual}
)

// A cond is a condition on an element (QRY-63).
type cond struct {
	op   condOp
	args []*cond // of and, or, not
	path *step   // what is compared or has to exist; nil for the element itself
	with literal
}

// A literal is what a condition compares with.
type literal struct {
	kind   litKind
	text   string // as written, without quotes
	number float64
	time   time.Time
}

type litKind uint8

const (
	litText litKind = iota
	litNumber
	litDate
	litDateTime
)

// compare puts the value of an element or attribute before or behind l, or says
// that it cannot be read as what l is.
func (l *literal) compare(v string) (int, bool) {
	switch l.kind {
	case litNumber:
		n, ok := parseNumber(trim(v))
		return cmp.Compare(n, l.number), ok
	case litDate:
		t, ok := parseMoment(trim(v))
		return t.Truncate(24 * time.Hour).Compare(l.time), ok
	case litDateTime:
		t, ok := parseMoment(trim(v))
		return t.Compare(l.time), ok
	}
	return strings.Compare(v, l.text), true
}

// holds reports whether v compares with l as op demands. A value that is not
// what l is differs from it.
func (l *literal) holds(op condOp, v string) bool {
	c, ok := l.compare(v)
	switch op {
	case opEqual:
		return ok && c == 0
	case opNotEqual:
		return !ok || c != 0
	case opLess:
		return ok && c < 0
	case opLessEqual:
		return ok && c <= 0
	case opMore:
		return ok && c > 0
	default:
		return ok && c >= 0
	}
}

// parseNumber reads a decimal number.
func parseNumber(s string) (float64, bool) {
	digits := strings.TrimPrefix(s, "-")
	if strings.Trim(digits, "0123456789.") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}

// parseMoment reads a date, which means its first moment, or a date with a
// time. Without a zone it is in UTC.
func parseMoment(s string) (time.Time, bool) {
	layout := time.DateOnly
	if len(s) > len(layout) {
		if len(s) < len("2006-01-02T15:04:05") || s[13] != ':' || strings.Contains(s, ",") {
			return time.Time{}, false // package time is less strict
		}
		layout = "2006-01-02T15:04:05"
		if strings.ContainsAny(s[len(layout):], "Z+-") {
			layout = time.RFC3339
		}
	}
	t, err := time.Parse(layout, s)
	return t.UTC(), err == nil
}

// or reads a condition.
func (p *fieldParser) or() *cond {
	p.enter()
	defer p.leave()
	c := p.and()
	for p.keyword("or") {
		c = join(opOr, c, p.and())
	}
	return c
}

func (p *fieldParser) and() *cond {
	c := p.single()
	for p.keyword("and") {
		c = join(opAnd, c, p.single())
	}
	return c
}

// join combines two conditions.
func join(op condOp, a, b *cond) *cond {
	c := &cond{op: op}
	for _, arg := range []*cond{a, b} {
		if arg.op == op {
			c.args = append(c.args, arg.args...)
		} else {
			c.args = append(c.args, arg)
		}
	}
	return c
}

// single reads a comparison, or a condition in parentheses.
func (p *fieldParser) single() *cond {
	if p.take('(') {
		c := p.or()
		p.expect(')')
		return c
	}
	from := p.i
	if p.keyword("not") && p.take('(') {
		c := &cond{op: opNot, args: []*cond{p.or()}}
		p.expect(')')
		return c
	}
	if p.err == nil {
		p.i = from
	}
	c := &cond{}
	self := p.take('.')
	if !self {
		c.path = p.path(true)
	}
	p.blanks()
	for _, op := range comparing {
		if text := comparisons[op]; strings.HasPrefix(p.s[p.i:], text) {
			p.i += len(text)
			c.op, c.with = op, p.literal()
			return c
		}
	}
	if self {
		p.fail("a comparison was expected")
	}
	return c
}

// literal reads what is compared with.
func (p *fieldParser) literal() literal {
	p.blanks()
	for _, f := range []struct {
		name string
		kind litKind
	}{{"xs:dateTime", litDateTime}, {"xs:date", litDate}} {
		if !p.keyword(f.name) {
			continue
		}
		p.expect('(')
		l := literal{kind: f.kind, text: p.quoted()}
		var ok bool
		l.time, ok = parseMoment(l.text)
		if long := len(l.text) > len(time.DateOnly); !ok || long != (f.kind == litDateTime) {
			p.fail("not a value of %s: %.40q", f.name, l.text)
		}
		p.expect(')')
		return l
	}
	if p.i < len(p.s) && (p.s[p.i] == '\'' || p.s[p.i] == '"') {
		return literal{text: p.quoted()}
	}
	from := p.i
	for p.i < len(p.s) && strings.IndexByte("-.0123456789", p.s[p.i]) >= 0 {
		p.i++
	}
	l := literal{kind: litNumber, text: p.s[from:p.i]}
	var ok bool
	if l.number, ok = parseNumber(l.text); !ok {
		p.fail("a number or a text in quotes was expected")
	}
	return l
}

// quoted reads a text in quotes of either kind, which the text itself cannot
// have.
func (p *fieldParser) quoted() string {
	p.blanks()
	if p.i < len(p.s) && (p.s[p.i] == '\'' || p.s[p.i] == '"') {
		if n := strings.IndexByte(p.s[p.i+1:], p.s[p.i]); n >= 0 {
			text := p.s[p.i+1 : p.i+1+n]
			p.i += n + 2
			return text
		}
	}
	p.fail("a text in quotes was expected")
	return ""
}

func (c *cond) append(b []byte) []byte {
	switch c.op {
	case opNot:
		return append(c.args[0].append(append(b, "not("...)), ')')
	case opAnd, opOr:
		for i, arg := range c.args {
			if i > 0 && c.op == opAnd {
				b = append(b, " and "...)
			} else if i > 0 {
				b = append(b, " or "...)
			}
			if arg.op == opOr { // and binds more strongly
				b = append(arg.append(append(b, '(')), ')')
			} else {
				b = arg.append(b)
			}
		}
		return b
	}
	if c.path == nil {
		b = append(b, '.')
	} else {
		b = c.path.append(b)
	}
	if c.op == opExists {
		return b
	}
	return c.with.append(append(b, comparisons[c.op]...))
}

func (l *literal) append(b []byte) []byte {
	quote := byte('\'')
	if strings.IndexByte(l.text, quote) >= 0 {
		quote = '"'
	}
	switch l.kind {
	case litNumber:
		return append(b, l.text...)
	case litDate:
		b = append(b, "xs:date("...)
	case litDateTime:
		b = append(b, "xs:dateTime("...)
	}
	b = append(append(append(b, quote), l.text...), quote)
	if l.kind != litText {
		b = append(b, ')')
	}
	return b
}
