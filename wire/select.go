package wire

import "fmt"

// A partial response is made of the Atom document that the full response
// would be, whatever its format (QRY-67). What the document has decides, so
// that encoders know nothing of selections.

// Atom is the encoder of the same answer in Atom.
func (e *Encoder) Atom() *Encoder {
	if e.o.Format == Atom {
		return e
	}
	o := e.o
	o.Format = Atom
	return NewEncoder(o)
}

// AppendSelected appends the parts of a feed or entry that f selects, in e's
// format. doc is the whole document as e.Atom() has written it, and the paths
// of f begin in its root (QRY-62). An error is a fault of ours: doc is no such
// document.
//
// Links to other pages and the number of results stay those of doc (QRY-66).
// Nothing in the answer says that it is a part (QRY-68).
func (e *Encoder) AppendSelected(b, doc []byte, f *Fields) ([]byte, error) {
	p := newParser(doc, nil)
	defer p.free()
	p.ours = true
	t, err := newTree(p)
	if err != nil {
		return b, notOurs(err)
	}
	var w partWriter
	switch e.o.Format {
	case Atom:
		w = &atomParts{t}
	case RSS:
		w = &rssItems{t, e}
	default:
		w = &jsonMembers{t: t, e: e}
	}
	if root := &t.nodes[0].name; root.ns == nsAtom && root.local == "feed" {
		return t.selectFeed(b, w, f)
	}
	if err := t.content(0); err != nil {
		return b, notOurs(err)
	}
	t.mark(0, f.steps)
	t.keepTag(0)
	return w.entry(b), nil
}

// A partWriter writes the selected parts of a document in one format.
type partWriter interface {
	// entry appends a document whose root is an entry.
	entry(b []byte) []byte

	// feed begins a feed, of which only the start tag is in the tree; child
	// appends its child n if that is selected; feedEnd ends it.
	feed(b []byte) []byte
	child(b []byte, n int32) []byte
	feedEnd(b []byte) []byte
}

// selectFeed appends a feed. Paths lead downwards only, so that one child is
// selected and written before the next is read.
func (t *tree) selectFeed(b []byte, w partWriter, f *Fields) ([]byte, error) {
	t.mark(0, f.steps)
	t.keepTag(0)
	b = w.feed(b)
	for {
		switch t.p.next() {
		case tokStart:
			n, err := t.element()
			if err != nil {
				return b, notOurs(err)
			}
			t.markChild(n, f.steps)
			if name := &t.nodes[n].name; name.ns == nsAtom && name.local == "entry" {
				t.keepTag(n)
			}
			b = w.child(b, n)
			t.truncate()
		case tokText:
		case tokEnd:
			return w.feedEnd(b), nil
		default:
			return b, notOurs(t.p.err)
		}
	}
}

// notOurs keeps the kind of a parser's error from the caller: the client is
// not at fault.
func notOurs(err error) error { return fmt.Errorf("wire: not a document of this package: %v", err) }

// mark marks what the steps select in the element n, and reports whether that
// is anything.
func (t *tree) mark(n int32, steps []*step) bool {
	node := &t.nodes[n]
	any := t.markAttrs(node, steps)
	for c := node.first; c != 0; c = t.nodes[c].next {
		if t.markChild(c, steps) {
			any = true
		}
	}
	return any
}

// markAttrs marks the attributes of an element that the steps select.
func (t *tree) markAttrs(node *treeNode, steps []*step) bool {
	any := false
	attrs := t.attributes(node)
	for i := range attrs {
		for _, s := range steps {
			if a := &attrs[i]; s.attr && !a.decl && s.matches(&a.xmlName) {
				a.on, any = true, true
			}
		}
	}
	return any
}

// markChild marks the element n, whose parent the steps begin in.
func (t *tree) markChild(n int32, steps []*step) bool {
	node := &t.nodes[n]
	for _, s := range steps {
		if s.attr || node.mark == markAll || !s.matches(&node.name) || !t.meets(n, s.conds) {
			continue
		}
		if s.sub == nil {
			node.mark = markAll // QRY-64
		} else if t.mark(n, s.sub) {
			node.mark = markSome // QRY-66: without anything selected in it, it is left out
		}
	}
	return node.mark != markNone
}

// keepTag selects the entity tag of a feed or entry, which is always there if
// the element is (QRY-64).
func (t *tree) keepTag(n int32) {
	attrs := t.attributes(&t.nodes[n])
	for i := range attrs {
		if a := &attrs[i]; a.ns == nsGD && a.local == "etag" {
			a.on = true
		}
	}
}

// meets reports whether the element n meets all conditions (QRY-63).
func (t *tree) meets(n int32, conds []*cond) bool {
	for _, c := range conds {
		if !t.holds(n, c) {
			return false
		}
	}
	return true
}

func (t *tree) holds(n int32, c *cond) bool {
	switch c.op {
	case opAnd:
		return t.meets(n, c.args)
	case opOr:
		for _, arg := range c.args {
			if t.holds(n, arg) {
				return true
			}
		}
		return false
	case opNot:
		return !t.holds(n, c.args[0])
	}
	if c.path == nil {
		return c.with.holds(c.op, trim(t.nodes[n].text))
	}
	return t.any(n, c.path, c)
}

// any reports whether c holds for anything that the path leads to from the
// element n.
func (t *tree) any(n int32, s *step, c *cond) bool {
	node := &t.nodes[n]
	if s.attr {
		for _, a := range t.attributes(node) {
			if !a.decl && s.matches(&a.xmlName) && (c.op == opExists || c.with.holds(c.op, a.value)) {
				return true
			}
		}
		return false
	}
	for i := node.first; i != 0; i = t.nodes[i].next {
		child := &t.nodes[i]
		if !s.matches(&child.name) || !t.meets(i, s.conds) {
			continue
		}
		switch {
		case s.sub != nil:
			if t.any(i, s.sub[0], c) {
				return true
			}
		case c.op == opExists || c.with.holds(c.op, trim(child.text)):
			return true
		}
	}
	return false
}

// appendXML appends what is selected of the element n, or nothing.
func (t *tree) appendXML(b []byte, n int32) []byte {
	node := &t.nodes[n]
	switch node.mark {
	case markNone:
		return b
	case markAll:
		return append(b, t.p.s[node.start:node.end]...)
	}
	b = append(append(b, '<'), t.raw(node)...)
	return t.appendRest(b, node)
}

// appendRest appends an element from the end of its name on, with the parts
// that are selected.
func (t *tree) appendRest(b []byte, node *treeNode) []byte {
	b = append(t.appendAttrs(b, node), '>')
	open := len(b)
	for c := node.first; c != 0; c = t.nodes[c].next {
		b = t.appendXML(b, c)
	}
	if len(b) == open {
		b[open-1] = '/'
		return append(b, '>')
	}
	b = append(append(b, "</"...), t.raw(node)...)
	return append(b, '>')
}

// appendAttrs appends the selected attributes of an element, and its namespace
// declarations.
func (t *tree) appendAttrs(b []byte, node *treeNode) []byte {
	for _, a := range t.attributes(node) {
		if a.on || node.mark == markAll {
			b = append(b, t.p.s[a.from:a.to]...)
		}
	}
	return b
}

// atomParts writes Atom: pieces of the document as they are.
type atomParts struct{ t *tree }

func (w *atomParts) entry(b []byte) []byte {
	return w.t.appendRest(append(b, xmlDeclaration+"<entry"...), &w.t.nodes[0])
}

func (w *atomParts) feed(b []byte) []byte {
	b = w.t.appendAttrs(append(b, xmlDeclaration+"<feed"...), &w.t.nodes[0])
	return append(b, '>')
}

func (w *atomParts) child(b []byte, n int32) []byte { return w.t.appendXML(b, n) }

func (w *atomParts) feedEnd(b []byte) []byte { return append(b, "</feed>"...) }
