package wire

// A tree is a document, or one element of it, with the place of every element
// and attribute in its text. It lives as long as its parser.
type tree struct {
	p     *parser
	nodes []treeNode
	attrs []treeAttr
}

// A treeNode is an element. Nodes are numbered in the order of their start
// tags, so that no child has the number 0, which stands for none.
type treeNode struct {
	name xmlName // app and openSearch have one namespace in all versions

	// Its start tag is s[start:open], its content s[open:shut], and it ends at
	// end.
	start, open, shut, end int

	firstAttr, lastAttr int32 // indexes into attrs; lastAttr is past the end
	first, next         int32 // child, and sibling
	text                string
	mark                mark
}

// A mark says how much of an element is selected.
type mark uint8

const (
	markNone mark = iota
	markSome      // the start tag, and the attributes and children that are selected themselves
	markAll
)

// A treeAttr is an attribute, or the declaration of the prefix local, whose
// value is the namespace.
type treeAttr struct {
	xmlName
	value    string
	decl     bool
	on       bool // selected
	from, to int  // its text, with the blanks before it
}

// newTree makes a tree of the document that p is about to read, and reads the
// root's start tag.
func newTree(p *parser) (*tree, error) {
	t := &tree{p: p}
	if p.next() != tokStart {
		return nil, p.err
	}
	t.startTag()
	return t, nil
}

// raw is the element's name as written.
func (t *tree) raw(n *treeNode) string {
	from := n.start + 1
	if n.name.prefix == "" {
		return t.p.s[from : from+len(n.name.local)]
	}
	return t.p.s[from : from+len(n.name.prefix)+1+len(n.name.local)]
}

// element adds the element whose start tag was read last, to its end tag.
func (t *tree) element() (int32, error) {
	n := t.startTag()
	return n, t.content(n)
}

// startTag adds the element whose start tag was read last, without content.
// Namespace declarations are selected with every start tag.
func (t *tree) startTag() int32 {
	p := t.p
	n := treeNode{name: p.name, start: p.at, open: p.pos, firstAttr: int32(len(t.attrs))}
	n.name.ns = n.name.ns.current()
	attrs, decls := p.attrs, p.decls
	for i := n.start + 1 + len(t.raw(&n)); len(attrs)+len(decls) > 0; {
		a := treeAttr{from: i}
		for isSpace(p.s[i]) {
			i++
		}
		if len(decls) > 0 && isDeclaration(p.s[i:], decls[0].prefix) {
			a.local, a.value, a.decl, a.on = decls[0].prefix, p.uri(decls[0].ns), true, true
			decls = decls[1:]
		} else {
			a.xmlName, a.value = attrs[0].xmlName, attrs[0].value
			attrs = attrs[1:]
		}
		for p.s[i] != '\'' && p.s[i] != '"' {
			i++
		}
		quote := p.s[i]
		for i++; p.s[i] != quote; i++ {
		}
		i++
		a.to = i
		t.attrs = append(t.attrs, a)
	}
	n.lastAttr = int32(len(t.attrs))
	t.nodes = append(t.nodes, n)
	return int32(len(t.nodes) - 1)
}

// isDeclaration reports whether an attribute's text declares the prefix.
func isDeclaration(s, prefix string) bool {
	name := "xmlns"
	if prefix != "" {
		name += ":" + prefix
	}
	return len(s) > len(name) && s[:len(name)] == name && (s[len(name)] == '=' || isSpace(s[len(name)]))
}

// content reads the content of the element n, whose start tag was read last.
func (t *tree) content(n int32) error {
	p := t.p
	var text runs
	var last int32
	for {
		shut := p.pos
		switch p.next() {
		case tokStart:
			c, err := t.element()
			if err != nil {
				return err
			}
			if last == 0 {
				t.nodes[n].first = c
			} else {
				t.nodes[last].next = c
			}
			last = c
		case tokText:
			text.add(p.text)
		case tokEnd:
			node := &t.nodes[n]
			node.shut, node.end, node.text = shut, p.pos, text.String()
			return nil
		default:
			return p.err
		}
	}
}

// truncate forgets all elements but the root, whose content is not in the tree.
func (t *tree) truncate() {
	t.attrs = t.attrs[:t.nodes[0].lastAttr]
	t.nodes = t.nodes[:1]
}

// attributes are the attributes and declarations of an element.
func (t *tree) attributes(n *treeNode) []treeAttr { return t.attrs[n.firstAttr:n.lastAttr] }

// value is the value of an attribute without namespace.
func (t *tree) value(n *treeNode, local string) string {
	for _, a := range t.attributes(n) {
		if a.ns == nsNone && !a.decl && a.local == local {
			return a.value
		}
	}
	return ""
}

// current is the number of the namespace that the current version has for one
// of an older version.
func (ns nsID) current() nsID {
	switch ns {
	case nsAppOld, nsAppOldPlain:
		return nsApp
	case nsOpenSearchRSS:
		return nsOpenSearch
	}
	return ns
}
