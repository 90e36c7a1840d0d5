package wire

// jsonMembers writes JSON: the members that the encoder of JSON writes for the
// same contact, in the same order, as far as they are selected.
type jsonMembers struct {
	t *tree
	e *Encoder

	// Of a feed: the part of the child before, and whether it is in an array
	// that has not ended.
	part  int
	array bool
}

func (w *jsonMembers) entry(b []byte) []byte {
	b = append(append(b, w.e.json.document...), `"entry":`...)
	b = w.object(b, 0, entryOutlines[w.e.o.Kind], false)
	return append(b, w.e.json.documentEnd...)
}

func (w *jsonMembers) feed(b []byte) []byte {
	b = append(append(b, w.e.json.document...), `"feed":{`...)
	return w.attrs(b, len(b)-1, &w.t.nodes[0], feedOutline, false)
}

// child appends a member, or one more item to the array of the child before:
// what repeats in a feed stands together.
func (w *jsonMembers) child(b []byte, n int32) []byte {
	el := &w.t.nodes[n]
	k := feedOutline.find(&el.name, w.part)
	if el.mark == markNone || k < 0 {
		return b
	}
	part := &feedOutline.parts[k]
	if !w.array || w.part != k {
		b = append(w.endArray(b), part.json...)
		if part.repeats {
			b, w.array = append(b, '['), true // JSON-6
		}
	}
	w.part = k
	inner := part.inner
	if inner == nil {
		inner = entryOutlines[w.e.o.Kind]
	}
	return append(w.object(b, n, inner, el.mark == markAll), ',')
}

// endArray ends the array that the last child is in, if it is in one.
func (w *jsonMembers) endArray(b []byte) []byte {
	if w.array {
		w.array = false
		b[len(b)-1] = ']'
		b = append(b, ',')
	}
	return b
}

func (w *jsonMembers) feedEnd(b []byte) []byte {
	b = closeObject(w.endArray(b))
	return append(b, w.e.json.documentEnd...)
}

// object appends the object for the element n, of which all or what is marked
// is selected.
func (w *jsonMembers) object(b []byte, n int32, o *outline, all bool) []byte {
	el := &w.t.nodes[n]
	from := len(b)
	b = w.attrs(append(b, '{'), from, el, o, all)
	b = w.children(b, from, el, o, all)
	if text := w.t.plainText(el); all && (text != "" || o.text) {
		b = appendTextMember(b, text) // JSON-5 JSON-8
	}
	return closeObject(b)
}

// plainText is the text of an element, without the line breaks between
// children.
func (t *tree) plainText(el *treeNode) string {
	if el.first != 0 && trim(el.text) == "" {
		return ""
	}
	return el.text
}

// attrs appends the members for the attributes of an element, whose object
// begins at from. Those that the tables do not know follow all others, the
// declarations among them first (JSON-12).
func (w *jsonMembers) attrs(b []byte, from int, el *treeNode, o *outline, all bool) []byte {
	attrs := w.t.attributes(el)
	for len(attrs) > 0 && attrs[0].decl {
		b = appendPair(b, attrs[0].jsonName(), attrs[0].value) // JSON-4
		attrs = attrs[1:]
	}
	for len(attrs) > 0 && !attrs[0].decl && o.knows(&attrs[0].xmlName) {
		if a := &attrs[0]; a.on || all {
			b = appendPair(b, a.jsonName(), a.value) // JSON-3
		}
		attrs = attrs[1:]
	}
	if len(attrs) == 0 {
		return b
	}
	taken := keys(b[from:])
	for _, decl := range []bool{true, false} {
		for i := range attrs {
			if a := &attrs[i]; a.decl == decl && (a.on || all) {
				b = taken.appendMember(b, member{a.jsonName(), a.value})
			}
		}
	}
	return b
}

func (a *treeAttr) jsonName() string {
	switch {
	case !a.decl:
		return jsonName(&a.xmlName, nsNone)
	case a.local == "":
		return "xmlns"
	}
	return "xmlns$" + a.local
}

func appendPair(b []byte, name, value string) []byte {
	b = append(append(append(b, '"'), name...), `":"`...)
	return append(appendString(b, value), '"', ',')
}

// children appends the members for the children of an element: first those
// that the tables know, then the others.
func (w *jsonMembers) children(b []byte, from int, el *treeNode, o *outline, all bool) []byte {
	t := w.t
	unknown, categories := w.unknown(el, o, all)
	part := 0
	var done uint64 // the parts that repeat and have been written
	for c := el.first; c != 0; c = t.nodes[c].next {
		child := &t.nodes[c]
		k := o.find(&child.name, part)
		if k < 0 || child.mark == markNone && !all || done&(1<<k) != 0 || isOtherCategory(t, child) {
			continue
		}
		part = k
		p := &o.parts[k]
		b = append(b, p.json...)
		if !p.repeats {
			b = append(w.object(b, c, p.inner, all || child.mark == markAll), ',') // JSON-7
			continue
		}
		done |= 1 << k
		b = append(b, '[') // JSON-6
		for i := c; i != 0; i = t.nodes[i].next {
			item := &t.nodes[i]
			if item.name.local == p.local && item.name.ns == p.ns && (all || item.mark != markNone) && !isOtherCategory(t, item) {
				b = append(w.object(b, i, p.inner, all || item.mark == markAll), ',')
			}
		}
		if p.ns == nsAtom && p.local == "category" {
			for _, x := range categories {
				b = append(x.appendObject(b), ',')
			}
			categories = nil
		}
		b[len(b)-1] = ']'
		b = append(b, ',')
	}
	if len(categories) > 0 {
		b = append(b, `"category":[`...)
		for _, x := range categories {
			b = append(x.appendObject(b), ',')
		}
		b[len(b)-1] = ']'
		b = append(b, ',')
	}
	if len(unknown) == 0 {
		return b
	}
	return (&node{children: unknown}).appendContent(b, keys(b[from:])) // JSON-9
}

// isOtherCategory reports whether an element is a category that says nothing of
// the kind of entry, and so is unknown.
func isOtherCategory(t *tree, el *treeNode) bool {
	return el.name.local == "category" && el.name.ns == nsAtom && t.value(el, "scheme") != kindScheme
}

// unknown are the selected children that the tables do not know; the
// categories of an entry stand apart.
func (w *jsonMembers) unknown(el *treeNode, o *outline, all bool) (others, categories []*node) {
	entry := o == entryOutlines[w.e.o.Kind]
	part := 0
	for c := el.first; c != 0; c = w.t.nodes[c].next {
		child := &w.t.nodes[c]
		if child.mark == markNone && !all {
			continue
		}
		if k := o.find(&child.name, part); k >= 0 && !isOtherCategory(w.t, child) {
			part = k
			continue
		}
		if x := w.t.node(c, all); entry && x.name == "category" {
			categories = append(categories, x)
		} else {
			others = append(others, x)
		}
	}
	return others, categories
}

// node is what is selected of an unknown element.
func (t *tree) node(n int32, all bool) *node {
	el := &t.nodes[n]
	all = all || el.mark == markAll
	x := &node{name: jsonName(&el.name, nsAtom)}
	for _, decl := range []bool{true, false} {
		for _, a := range t.attributes(el) {
			if a.decl == decl && (a.on || all) {
				x.attrs = append(x.attrs, member{a.jsonName(), a.value})
			}
		}
	}
	for c := el.first; c != 0; c = t.nodes[c].next {
		if all || t.nodes[c].mark != markNone {
			x.children = append(x.children, t.node(c, all))
		}
	}
	if all {
		x.text = t.plainText(el)
	}
	return x
}
