package wire

import "contacts"

// A node is an element of unknown XML on its way to JSON (JSON-9).
type node struct {
	name     string
	attrs    []member // namespace declarations first
	children []*node
	text     string
}

type member struct{ name, value string }

// parseNodes reads canonical XML: a node whose children are its elements. XML
// that cannot be read, which no parser of ours has made, gives an empty node.
func parseNodes(xml string) *node {
	p := newParser([]byte("<x xmlns:gd='"+gdNS+"' xmlns:gContact='"+contactNS+"'>"+xml+"</x>"), nil)
	defer p.free()
	root := &node{}
	if p.next() == tokStart && p.readNode(root) == nil {
		return root
	}
	return &node{}
}

// readNode reads the content of the element whose start tag was read last.
func (p *parser) readNode(n *node) error {
	var text runs
	for {
		switch p.next() {
		case tokStart:
			c := &node{name: jsonName(&p.name, nsAtom)}
			for _, d := range p.decls {
				name := "xmlns"
				if d.prefix != "" {
					name += "$" + d.prefix
				}
				c.attrs = append(c.attrs, member{name, p.uri(d.ns)})
			}
			for i := range p.attrs {
				a := &p.attrs[i]
				c.attrs = append(c.attrs, member{jsonName(&a.xmlName, nsNone), a.value})
			}
			if err := p.readNode(c); err != nil {
				return err
			}
			n.children = append(n.children, c)
		case tokText:
			text.add(p.text)
		case tokEnd:
			if n.text = text.String(); len(n.children) > 0 && trim(n.text) == "" {
				n.text = "" // line breaks between elements
			}
			return nil
		default:
			return p.err
		}
	}
}

// jsonName is the member name of an element or attribute: with the prefix of
// 3.1 for the namespaces of the protocol, with the client's own for others, and
// with none for the namespace bare.
func jsonName(n *xmlName, bare nsID) string {
	prefix := n.prefix
	switch n.ns {
	case bare:
		prefix = ""
	case nsGD:
		prefix = "gd"
	case nsContact:
		prefix = "gContact"
	case nsBatch:
		prefix = "batch"
	case nsAtom:
		prefix = "atom"
	case nsApp, nsAppOld, nsAppOldPlain:
		prefix = "app"
	case nsOpenSearch, nsOpenSearchRSS:
		prefix = "openSearch"
	}
	if prefix == "" {
		return n.local
	}
	return prefix + "$" + n.local
}

// appendAttrsJSON appends members for canonical attributes to the object that
// begins at n.
func appendAttrsJSON(b []byte, n int, attrs string) []byte {
	if attrs == "" {
		return b
	}
	taken := keys(b[n:])
	for _, c := range parseNodes("<x" + attrs + "/>").children {
		for _, a := range c.attrs {
			b = taken.appendMember(b, a)
		}
	}
	return b
}

// appendFragmentJSON appends members for canonical XML to the object that
// begins at n.
func appendFragmentJSON(b []byte, n int, xml string) []byte {
	if xml == "" {
		return b
	}
	return parseNodes(xml).appendContent(b, keys(b[n:]))
}

// appendCategories appends the category elements of canonical XML to the array
// of categories, each after a comma.
func appendCategories(b []byte, xml string) []byte {
	for _, c := range parseNodes(xml).children {
		if c.name == "category" {
			b = c.appendObject(append(b, ','))
		}
	}
	return b
}

// appendOthers is appendFragmentJSON for all but the category elements.
func appendOthers(b []byte, n int, xml string) []byte {
	root := parseNodes(xml)
	kept := root.children[:0]
	for _, c := range root.children {
		if c.name != "category" {
			kept = append(kept, c)
		}
	}
	root.children = kept
	return root.appendContent(b, keys(b[n:]))
}

func (n *node) appendObject(b []byte) []byte {
	taken := names{}
	b = append(b, '{')
	for _, a := range n.attrs {
		b = taken.appendMember(b, a)
	}
	return closeObject(n.appendContent(b, taken))
}

// appendContent appends children and text to an object that has the members
// taken. Children of one name become an array.
func (n *node) appendContent(b []byte, taken names) []byte {
	byName := make(map[string][]*node, len(n.children))
	var order []string
	for _, c := range n.children {
		if byName[c.name] == nil {
			order = append(order, c.name)
		}
		byName[c.name] = append(byName[c.name], c)
	}
	for _, name := range order {
		b = taken.appendKey(b, name)
		if same := byName[name]; len(same) == 1 {
			b = same[0].appendObject(b)
		} else {
			b = append(b, '[')
			for _, c := range same {
				b = append(c.appendObject(b), ',')
			}
			b[len(b)-1] = ']'
		}
		b = append(b, ',')
	}
	if n.text != "" {
		b = appendTextMember(b, n.text)
	}
	return b
}

// names are the members that an object has already.
type names map[string]bool

// appendKey appends a member's name. Where an attribute and a child have one
// name, the later gets x$ before it.
func (taken names) appendKey(b []byte, name string) []byte {
	for taken[name] {
		name = "x$" + name
	}
	taken[name] = true
	b = append(b, '"')
	b = appendString(b, name)
	return append(b, '"', ':')
}

func (taken names) appendMember(b []byte, m member) []byte {
	b = append(taken.appendKey(b, m.name), '"')
	b = appendString(b, m.value)
	return append(b, '"', ',')
}

// keys are the members of an object of ours that is not closed yet.
func keys(object []byte) names {
	taken := names{}
	depth := 0
	for i := 0; i < len(object); i++ {
		switch object[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			from := i + 1
			for i++; object[i] != '"'; i++ {
				if object[i] == '\\' {
					i++
				}
			}
			if before := object[from-2]; depth == 1 && (before == '{' || before == ',') {
				taken[string(object[from:i])] = true
			}
		}
	}
	return taken
}

// unknownAttrsJSON and unknownXMLJSON append what the schema does not know of
// an element; u may be nil.
func unknownAttrsJSON(b []byte, n int, u *contacts.Unknown) []byte {
	if u == nil {
		return b
	}
	return appendAttrsJSON(b, n, u.Attrs)
}

func unknownXMLJSON(b []byte, n int, u *contacts.Unknown) []byte {
	if u == nil {
		return b
	}
	return appendFragmentJSON(b, n, u.XML)
}
